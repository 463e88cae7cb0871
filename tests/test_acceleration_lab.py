"""Lab 01 beside its law: reasons of its claims, self-check items, figures and explorers."""

from itertools import pairwise

import pytest

from labcore.catalogue.acceleration import TRANSISTORS
from labcore.claims.amdahl_law import matmul_share, matmul_shares
from labcore.claims.ledger import claim
from labcore.explore import jobs, wall
from labcore.explore.amdahl import amdahl_explorer, iron_law_explorer
from labcore.ironlaw import ceiling, speedup
from labcore.models.network import Layer, Network
from labcore.ops import elementwise, matmul
from labcore.plots.registry import find
from labcore.plots.words import rows

# ---- claims


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("intro-thousand-flops-per-fetch", "A trip of 100 ns is worth 31.2 million FLOP"),
        ("intro-thousand-flops-per-fetch", "an A100 does 612 FLOP"),  # 4 B x 312 / 2.039
        ("def-1-1-a100-cpu-gap-with-matrix-units", "peaks at 115 TFLOP/s there, 2.7 times below"),
        ("def-1-1-a100-cpu-gap-with-matrix-units", "7.2 TFLOP/s, gives 44x"),  # 56 x 64 x 2 GHz; 312 / 7.168
        ("def-1-1-transistor-count", "The A100 has 54.2 billion transistors; 80 billion are those of the H100"),
        ("text-int8-speedup-of-vector-fp32", "2 times the rate of FP16 and 4 times that of TF32"),
        ("footnote-1-data-term-untouched", "3.26 ms"),  # 1 GB over 307.2 GB/s
        ("amdahl-h100-gpt2-gain-of-its-bytes", "the whole gains 3.7x, not 4.9x"),  # 1 / (0.2 + 0.8 / 10.9)
        ("footnote-2-attention-intensity-of-a-prompt", "have 51 to 271 FLOP/B"),
    ],
)
def test_reasons_carry_numbers_known_by_hand(id, words):
    assert words in claim(id).reason


def test_decoding_passes_no_flop_for_a_byte():
    """A product reads two bytes for each weight and does two FLOP with it; reading the vector brings it below one."""
    values = claim("footnote-2-attention-intensity").computed
    assert len(values) == 7
    assert max(values) < 1


def test_the_typical_parallel_fraction_is_the_one_in_the_middle():
    """As many networks have a larger share as have a smaller one; keyword spotting is far below the printed range."""
    middle, shares = claim("theorem-1-1-parallel-fraction-range").computed / 100, matmul_shares()
    assert len(shares) == 4 + 2 * 6  # six language models in two phases each
    assert sum(share > middle for share in shares.values()) == sum(share < middle for share in shares.values())
    assert 0 < min(shares.values()) == shares["kws"] < 0.9
    assert max(shares.values()) < 1


def test_a_share_of_time_by_hand():
    """On 1 TFLOP/s and 50 GB/s: three matrices of 40 kB take 2.4 us, longer than their 2 MFLOP; 12 kB take 0.24 us."""
    layers = (
        Layer("product", matmul(100, 100, 100, 4)),
        Layer("sum", elementwise(1000, inputs=2, bytes_per_element=4)),
    )
    two = Network("two", layers, source=None)
    assert matmul_share(two) == pytest.approx(2.4 / (2.4 + 0.24))


def test_few_knees_lie_below_the_printed_fraction():
    """A gain of 99 has its knee at p = 0.99; those of the chapter are larger."""
    assert claim("text-p-above-0-99-needed", G_low=99).computed[0] == pytest.approx(0.99)
    assert min(claim("text-p-above-0-99-needed").computed) > 0.99


def test_claims_take_other_inputs():
    assert claim("amdahl-h100-resnet50-speedup", p=0.5).computed == pytest.approx(1 / (0.5 + 0.5 / 247))
    assert claim("def-1-1-transistor-count", accelerator="H100").computed == TRANSISTORS["H100"].value / 1e9
    with pytest.raises(ValueError, match="no memory 'DRAM' at 7 nm"):
        claim("text-data-movement-over-100x", process="7 nm")


# ---- figures


def test_every_point_of_the_map_lies_on_amdahls_law():
    table = list(rows(find("iron-law-heatmap").table()))
    for r in table:
        assert r["speedup"] == pytest.approx(1 / ((1 - r["p"]) + r["p"] / r["G_accel"]), rel=1e-9)
    levels = {r["speedup"] for r in table if r["series"] == "equal speed-up"}
    assert levels == {2, 5, 10, 20, 50, 100, 200, 500}  # those of the chapter, above 1
    for r in table:
        if r["series"] == "knee":
            assert r["speedup"] == pytest.approx(ceiling(r["p"]) / 2)


def test_lines_of_the_map_go_right_and_down():
    table = list(rows(find("iron-law-heatmap").table()))
    for S in (2, 20, 200):
        line = [(r["G_accel"], r["p"]) for r in table if r["speedup"] == S and r["series"] == "equal speed-up"]
        assert line == sorted(line)
        assert all(b <= a for (_, a), (_, b) in pairwise(line))


def test_terms_of_two_chips_shrink_by_what_the_chips_differ_in():
    table = list(rows(find("faster-chip-terms").table()))
    by = {(r["job"], r["chip"], r["term"]): r["T"] for r in table}
    for job in {r["job"] for r in table}:
        ratio = {term: by[job, "V100", term] / by[job, "H100", term] for term in ("data", "compute", "latency")}
        assert ratio == pytest.approx({"data": 3.35 / 0.9, "compute": 989 / 125, "latency": 1})
        assert sum(r["share"] for r in table if (r["job"], r["chip"]) == (job, "V100")) == pytest.approx(1)
    assert by["ResNet-50, 1 image", "H100", "latency"] == pytest.approx(121 * 5e-6)


# ---- explorers


def test_the_amdahl_explorer_advises_by_the_knee():
    assert amdahl_explorer(p=0.9, G=8).sentence.endswith("improve the accelerator")
    for p, G in ((0.75, 3), (0.9, 9), (0.996, 250)):  # at the knee p / (1 - p), the last one to three digits
        assert amdahl_explorer(p=p, G=G).sentence.endswith("both are worth the same")
    assert amdahl_explorer(p=0.9, G=10).sentence.endswith("improve the serial part")
    assert "no ceiling" in amdahl_explorer(p=1.0).sentence


def test_markers_stand_on_the_law():
    artists = amdahl_explorer(p=0.9, G=9).artists
    assert artists.now.get_ydata() == [pytest.approx(5)]
    assert artists.doubled.get_xydata().tolist() == [[18, pytest.approx(1 / (0.1 + 0.05))]]
    assert artists.halved.get_xydata().tolist() == [[9, pytest.approx(1 / (0.05 + 0.1))]]
    assert artists.serial.get_width() == pytest.approx(0.5)
    assert artists.curve.get_ydata()[-1] == pytest.approx(speedup(0.9, 2 * wall.G_MAX))


def test_a_job_by_hand():
    """32 images of 3 x 224 x 224 two-byte numbers over 10 GB/s; 121 launches of 1 us."""
    one = jobs.job("resnet50", "one pass", "A100", 32, 1e-6, 10e9)
    assert one.link == pytest.approx(32 * 3 * 224 * 224 * 2 / 10e9)
    assert one.latency == pytest.approx(121e-6)
    assert pytest.approx(one.link + one.data + one.compute + one.latency) == one.T
    assert one.T_overlapped == pytest.approx(max(one.link, one.data, one.compute) + one.latency)
    assert one.gain(one.binds) == max(one.gain(part) for part in ("link", "data", "compute", "latency"))
    assert jobs.input_bytes(jobs.network("gpt2", "decode", jobs.HALF, 4)) == 4 * 8  # token numbers of 8 B
    assert jobs.input_bytes(jobs.network("dlrm", "one pass", jobs.HALF, 1)) == 13 * 2 + 26 * 8  # features, rows


def test_the_iron_law_explorer_has_the_answers_that_the_lab_asks_for():
    def longest(**values):
        return iron_law_explorer(**values).sentence.split("the longest is ")[1].split(";")[0]

    assert (longest(batch=10), longest(batch=11)) == ("latency", "data")
    assert longest(name="llama3-8b", phase="prefill", batch=1) == "compute"
    assert longest(link=1) == "link"
    token = {"name": "gpt2-xl", "phase": "decode", "chip": "H100", "batch": 1}
    assert (longest(launch=2.0, **token), longest(launch=1.5, **token)) == ("latency", "data")


def test_bars_begin_where_the_one_before_ends():
    artists = iron_law_explorer(batch=8).artists
    boxes = [path.get_path().vertices.reshape(-1, 5, 2) for path in (artists.parts, artists.longest)]
    spans = sorted((bar[0, 0], bar[1, 0]) for group in boxes for bar in group)
    assert spans[0][0] == 0
    assert spans[-1][1] == pytest.approx(1)
    assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(spans))
