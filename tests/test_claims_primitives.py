"""The claims of the compute primitives: all there, verdicts as derived by hand, and open to other inputs."""

import numpy as np
import pytest

from labcore.claims import ledger
from labcore.claims.ledger import claim

ledger.load()

# The section's entries, by the line of the chapter on which each stands.
IDS_BY_LINE = {
    350: "cpu-to-accelerator-gflops macs-billions-per-inference",
    352: "three-compute-primitives",
    356: "listing-1-dense-macs",
    362: "listing-2-op-expansion",
    374: "listing-3-loop-macs listing-3-complexity",
    390: "vector-section-macs",
    392: "listing-4-stages",
    394: "footnote-15-riscv-wait",
    398: "listing-4-lanes",
    400: "listing-4-fma-doubling",
    402: "listing-4-vector-loop",
    411: "listing-4-pointer-step",
    415: "vector-lanes-eight vector-chunk-count",
    419: "table-2-caption",
    421: "table-2-row-reduction",
    422: "table-2-row-gather",
    423: "table-2-row-scatter",
    424: "table-2-row-masked",
    425: "table-2-row-broadcast",
    427: "cray-1-year elementwise-billions-per-pass",
    429: "footnote-16-cray-1-mflops footnote-16-cray-1-speedup footnote-16-cray-1-vector-length "
    "footnote-16-cray-1-price",
    443: "listing-5-linear-layer",
    456: "listing-5-weight-count",
    460: "footnote-17-im2col-factor",
    462: "listing-6-matrix-patterns",
    483: "matrix-unit-16x16-block",
    485: "listing-7-matrix-unit",
    493: "matrix-unit-256-macs matrix-vs-vector-width",
    495: "matrix-acceleration-1980s-1990s",
    503: "table-3-caption",
    505: "table-3-row-matrix",
    506: "table-3-row-vector",
    520: "listing-8-sequential",
    528: "listing-9-math-expansion",
    541: "listing-10-relu-batchnorm",
    572: "batchnorm-three-passes",
    578: "sfu-newton-raphson",
    580: "listing-11-sfu-ops",
    586: "table-4-caption",
    588: "table-4-row-activation",
    589: "table-4-row-statistics",
    590: "table-4-row-exponential",
    591: "table-4-row-root",
    593: "execution-model-10-vs-90",
    596: "selfcheck-2-q1",
}
IDS = [id for ids in IDS_BY_LINE.values() for id in ids.split()]
ERRATA = {
    "listing-4-vector-loop", "footnote-16-cray-1-speedup", "footnote-16-cray-1-vector-length",
    "footnote-16-cray-1-price", "listing-6-matrix-patterns", "matrix-unit-256-macs", "table-3-row-vector",
    "listing-9-math-expansion", "batchnorm-three-passes", "listing-11-sfu-ops",
}  # fmt: skip


def test_every_entry_is_there_in_the_order_of_the_book():
    here = [id for id, one in ledger.LEDGER.items() if one.where.startswith("03_compute_primitives#")]
    assert sorted(here) == sorted(IDS)
    lines = {id: line for line, ids in IDS_BY_LINE.items() for id in ids.split()}
    assert [lines[id] for id in here] == sorted(lines.values())


def test_only_these_do_not_reproduce():
    verdicts = {id: claim(id).verdict for id in IDS}
    assert {id for id, verdict in verdicts.items() if verdict in ("erratum", "rounding")} == ERRATA
    assert verdicts["cray-1-year"] == "cited"


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("listing-1-dense-macs", 256 * 512),
        ("listing-2-op-expansion", 256),  # one activation for each sum of 256 products
        ("vector-chunk-count", 32 * 512 * 256 // 8),
        ("listing-4-fma-doubling", 2),
        ("listing-5-weight-count", 256 * 512),
        ("footnote-17-im2col-factor", 3 * 3),
        ("matrix-unit-256-macs", 16 * 16 * 16),
        ("matrix-vs-vector-width", [16 * 16, 8]),
        ("listing-8-sequential", 256 * 512 + 512 + 2 * 512),
        ("listing-10-relu-batchnorm", 32 * 512),
        ("batchnorm-three-passes", 2),  # one loop for both sums, one for the output
        ("table-4-row-root", [1 + 3, 1 + 3 + 1, 1 + 6, 1 + 6 + 1]),
        ("footnote-16-cray-1-vector-length", 160 / 80),
    ],
)
def test_values_by_hand(id, value):
    assert claim(id).computed == value


@pytest.mark.parametrize(
    ("id", "inputs", "value"),
    [
        ("vector-chunk-count", {"lanes": 16}, 262144),
        ("listing-4-pointer-step", {"lanes": 16}, 64),
        ("footnote-17-im2col-factor", {"stride": 2}, 2.25),
        ("footnote-17-im2col-factor", {"padding": 0}, 9 * 54 * 54 / 56**2),
        ("listing-6-matrix-patterns", {"query_dim": 64, "tokens": 64}, True),
        ("footnote-16-cray-1-price", {"price": 8.8e6 * 40 / 48.514}, pytest.approx(40, rel=1e-4)),
        ("execution-model-10-vs-90", {"lanes": 1024}, [100 * 13 / 1024, 100 * 115 / 1024]),
    ],
)
def test_inputs_of_ones_own(id, inputs, value):
    assert claim(id, **inputs).computed == value


def test_an_erratum_shows_its_numbers():
    assert "1 of 6 outputs" in claim("listing-4-vector-loop").reason
    assert "(512, 32)" in claim("listing-9-math-expansion").reason
    assert "768 outputs of a layer normalization" in claim("table-3-row-vector").reason
    assert "48.5 million" in claim("footnote-16-cray-1-price").reason


def test_layer_normalization_is_many_to_many_and_relu_is_not():
    """The Jacobian of a normalization is full, that of ReLU diagonal."""
    x, step = np.array([1.0, 2.0, 4.0]), 1e-6
    for function, full in ((lambda r: (r - r.mean()) / r.std(), True), (lambda r: np.maximum(r, 0), False)):
        jacobian = np.array([(function(x + step * unit) - function(x)) / step for unit in np.eye(3)])
        off = np.abs(jacobian[~np.eye(3, dtype=bool)])
        assert (off > 1e-3).all() if full else (off == 0).all()
