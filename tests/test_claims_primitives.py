"""The claims of the compute primitives: values by hand, and open to other inputs."""

import numpy as np
import pytest

from labcore.claims import ledger
from labcore.claims.ledger import claim

ledger.load()


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
