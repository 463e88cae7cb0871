"""Lab 04: its self-check items, what its explorers and figures show, and the facts behind its claims."""

import numpy as np
import pytest

from labcore.catalogue import execution
from labcore.catalogue.facts import Fact
from labcore.claims.ledger import claim
from labcore.explore import coalescing, divergence, tiles
from labcore.explore.execution import coalescing_explorer, divergence_explorer, tile_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.matrix.unit import tile_cost
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.simt.memory import warp_access

# --- self-check --------------------------------------------------------------------------------------------

RIGHT = {
    "execution-1": (32, 24),  # 31 full warps hold 992; the last has 8
    "execution-2": 40,
    "execution-3": 16,  # 32 lanes x 16 B = 512 B
    "execution-4": 0.5,  # 65536 / 64 = 1024 threads of 2048
    "execution-5": 7**3,
    "execution-6": "c",
}
SLIPS = [
    ("execution-1", (31, 8), "need a warp too"),
    ("execution-1", (32, 8), "the others idle"),
    ("execution-1", (30, 1), "round up"),
    ("execution-2", 30, "one instruction stream"),
    ("execution-2", 20, "Not the average"),
    ("execution-3", 8, "stride 1"),
    ("execution-3", 32, "still share"),
    ("execution-4", 50, "not in per cent"),
    ("execution-4", 32, "share"),
    ("execution-5", 216, "round up"),
    ("execution-5", 49, "along K"),
    ("execution-5", 245, "by itself"),
    ("execution-6", "b", "once they run"),
]


@pytest.mark.parametrize("id", RIGHT)
def test_right_answers_pass(id):
    assert selfcheck(id, RIGHT[id]).right


@pytest.mark.parametrize(("id", "answer", "words"), SLIPS)
def test_slips_are_named(id, answer, words):
    feedback = selfcheck(id, answer)
    assert not feedback.right
    assert words in feedback.words


@pytest.mark.parametrize("id", RIGHT)
@pytest.mark.parametrize("answer", [None, "no idea", [], 0.123])
def test_other_answers_get_an_answer(id, answer):
    assert not selfcheck(id, answer).right


# --- explorers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", coalescing.SIZES)
@pytest.mark.parametrize(("stride", "offset"), [(0, 0), (1, 4), (32, 64)])
def test_the_grid_shades_the_sectors_that_are_counted(size, stride, offset):
    shares = coalescing.used_shares(stride, int(size), offset)
    access = warp_access(stride, int(size), offset)
    assert (shares > 0).sum() == access.transactions
    assert shares.sum() * 32 == access.bytes_used


@pytest.mark.parametrize("pattern", divergence.PATTERNS)
@pytest.mark.parametrize("taking", [0, 1, 100, 128, 256])
def test_every_pattern_sends_as_many_threads(pattern, taking):
    takes = divergence.takers(taking, pattern)
    assert takes.sum() == taking
    run = divergence.run_of(taking, pattern, 16, 8)
    warps = takes.reshape(8, 32)
    assert run.counts["fma"] == 16 * warps.any(axis=1).sum() + 8 * (~warps.all(axis=1)).sum()
    # the work of all threads over the slots of the warps
    assert divergence.busy(run) == pytest.approx((16 * taking + 8 * (256 - taking)) / (32 * run.counts["fma"]))


def test_bars_are_what_the_warps_issue():
    explorer = divergence_explorer(taking=40, pattern="in a row", first=10, second=3)
    widths = [
        (a.get_width(), b.get_width()) for a, b in zip(explorer.artists.first, explorer.artists.second, strict=True)
    ]
    assert widths == [(10, 0), (10, 3)] + 6 * [(0, 3)]


@pytest.mark.parametrize("tile", tiles.TILES)
def test_the_curve_of_the_tiles_is_their_cost(tile):
    explorer = tile_explorer(tile=tile, M=77, N=130, K=50)
    M, share = explorer.artists.curve.get_data()
    costs = [tile_cost(int(m), 130, 50, tiles.TILES[tile]).utilization for m in M]
    assert share == pytest.approx(costs)
    assert explorer.artists.dot.get_ydata() == [costs[76]]


def test_sentences_carry_the_numbers():
    assert "12 sectors, 384 B moved for 128 B used, 33.3 %" in coalescing_explorer(stride=3).sentence
    assert "8 of 8 warps diverge; 192 instructions issued" in divergence_explorer().sentence
    assert "27 block operations" in tile_explorer(tile="wmma, fp16", M=33, N=33, K=33).sentence


# --- figures -----------------------------------------------------------------------------------------------


def test_the_film_is_half_idle_inside_the_branch_only():
    slots = {}
    for r in rows(find("divergence-film").table()):
        slots.setdefault(r["slot"], []).append(r["active"])
    works = [active.count("yes") for active in slots.values()]
    assert works == [8, 8, 8, 4, 4, 4, 4, 4, 8]


def test_sectors_of_the_figure_are_those_of_the_machine():
    for r in rows(find("coalescing-strides").table()):
        assert r["sectors"] == min(32, max(1, r["size"] * r["stride"]))  # sizes divide 32, so nothing straddles


def test_the_saw_falls_behind_every_multiple():
    table = [r for r in rows(find("tile-efficiency").table()) if r["tile"].startswith("thread")]
    share = {r["size"]: r["useful"] for r in table}
    for n in (128, 256, 384, 512):
        assert share[n] == 1 > share[n + 1]
    assert share[500] == pytest.approx(500**3 / 512**3)
    assert 0.59 < share[513] < 0.61 < 3 / 5 + 0.02  # three fifths, as the alternative text says
    fine = [r for r in rows(find("tile-efficiency").table()) if r["tile"].startswith("mma") and r["size"] > 256]
    assert min(r["useful"] for r in fine) > 0.85


def test_table_7_by_hand():
    rate = {(r["processor"], r["format"], r["series"]): r["rate"] / 1e12 for r in rows(find("table-7-rates").table())}
    assert rate["A100", "fp16", "implied by the table"] == pytest.approx(2 * 64 * 4 * 108 * 1.41e9 / 1e12)
    assert rate["TPU v4", "bf16", "implied by the table"] == pytest.approx(2 * 128**2 * 2 * 1.05e9 / 1e12)
    assert rate["Sapphire Rapids", "int8", "implied by the table"] == pytest.approx(2 * 1024 * 56 * 2e9 / 1e12)


# --- facts and claims --------------------------------------------------------------------------------------


def test_every_fact_says_who_and_when():
    held = [value for value in vars(execution).values() if isinstance(value, Fact)]
    for sm in execution.MULTIPROCESSORS.values():
        held += [value for value in vars(sm).values() if isinstance(value, Fact)]
    assert len(held) > 40
    for fact in held:
        assert fact.source.url.startswith("http")
        assert 2009 < fact.source.year <= 2026
        assert fact.confirmed or fact.note


BY_HAND = {
    "relu-512-simd": [512 / 16, 512 / 8],
    "relu-512-simt": 512 / 32,
    "footnote-20-divergence": [50, 100 * (1 - 1 / 32)],
    "tensor-core-qk-macs": 2048**2 * 64 / 1e6,
    "tensor-core-scalar-time": 2 * 2048**2 * 64 / 2e9 * 1e3,
    "tensor-core-tiled-time": 2 * (2 * 2048 * 64 + 2048**2) / 2.04e12 * 1e3,  # memory binds
    "tensor-core-speedup-536-9": 2 * 2048**2 * 64 / 2e9 / 0.5e-3,
    "footnote-22-512-vs-500": [0, 0, 4, 4],
    "footnote-23-tensor-core": [16**3 / 32, 16 * 8 * 16 / 32, 16 * 8 * 8 / 32],
    "table-7-row-a100": 312e12 / (2 * 432 * 1.41e9),
    "table-7-row-tpuv4": [128, np.sqrt(275e12 / (2 * 8 * 1.05e9)), 2],
    "table-7-row-sapphire-rapids": [16, 64, 16, 64 / 2],
    "figure-6-thousandfold": 3958 / 3.95,
}


@pytest.mark.parametrize("id", BY_HAND)
def test_claims_by_hand(id):
    assert claim(id).computed == pytest.approx(BY_HAND[id])


def test_errata_show_their_numbers():
    assert "397 cycles" in claim("footnote-19-sm-occupancy").reason  # 99 waits of 4 cycles, and the last issue
    assert "78.0 TFLOP/s" in claim("table-7-row-a100").reason
    assert "m8n8k4, m16n8k8, m16n8k16, and no m16n16k16" in claim("listing-14-mma").reason
    assert "2 instructions of m16n8k16, with 4, 2 and 2" in claim("listing-14-mma").reason
    assert {claim(id).verdict for id in ("footnote-19-sm-occupancy", "table-7-row-a100", "listing-14-mma",
                                         "table-7-row-sapphire-rapids")} == {"erratum"}  # fmt: skip
