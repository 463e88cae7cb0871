"""What lab 14 rests on besides its machines: reasons, figures, explorers, and the numbers its prose speaks of."""

import re

import matplotlib as mpl
import numpy as np
import pytest

from labcore.cache import Cache, count
from labcore.cache.traces import matmul
from labcore.catalogue import A100
from labcore.catalogue.execution import SM_A100
from labcore.claims.ledger import claim
from labcore.explore import tile_map, tile_room
from labcore.loopnest import Traffic, matmul_traffic
from labcore.mapping import compulsory, min_traffic
from labcore.plots.registry import find
from labcore.plots.style import RC, canvas
from labcore.plots.words import rows
from labcore.precision import bytes_per_element
from labcore.tiling.choice import widest_output
from labcore.tiling.intensity import ridge_side
from labcore.tiling.levels import edge_times
from labcore.tiling.product import sliced, staged


def test_reasons_carry_the_numbers_of_the_page_and_of_a_chip():
    slower = claim("dram-100-1000x-slower").reason
    assert "Table 10 gives 10 to 100" in slower
    assert "14.5 times as long for HBM as for an L1" in slower  # 436 / 30 cycles
    assert "130 times as much" in slower  # 1300 pJ over 10 pJ
    assert "HBM takes 200 times as long" in slower  # 100 ns over 0.5 ns
    assert "300 ns it is 600, on a V100 436" in slower
    assert "75 for an L2, though 300 for an L1" in slower  # 300 ns over 4 ns and 1 ns


def test_slices_of_listing_22_stage_nothing_and_copies_do():
    assert claim("listing-22-explicit-staging", T=16).computed == 16
    A, B = np.arange(64).reshape(8, 8), np.eye(8, dtype=int)
    assert [run(A, B, (4, 4, 4)).traffic[0].A_reads for run in (sliced, staged)] == [8**3, 8**3 / 4]


def test_claims_take_other_inputs():
    assert claim("fn37-tiling-on-fetches", T=64).computed == [1024, 16]
    assert claim("fig-14-matrix-tiling", M=48, N=72, K=60, T=12).computed == [24, 5, 3 * 144 * 4]
    assert claim("tile-size-tradeoff", large=128).computed[1] == pytest.approx((2 + 2 + 4) * 128**2 / (164 * 1024))


# ---- the caches of the lab


def test_tiles_that_fit_conflict_at_a_power_of_two_and_padding_cures_them():
    """16 rows of 256 B fall into two of eight sets; three tiles of 16 are 3 KiB of 4."""
    cache = Cache(4096, line=64, ways=8)
    assert len({int(cache.set_of(256 * row)) for row in range(16)}) == 2
    plain, padded = (count(matmul(64, 64, 64, tile=16, pad=pad), cache) for pad in (0, 16))
    lines = matmul_traffic(64, 64, 64, (16, 16, 16)).words // 16
    assert plain.misses > 60 * lines
    assert lines <= padded.misses < 1.05 * lines
    assert plain.accesses == padded.accesses


# ---- figures


def test_figure_14_counts_what_the_nest_counts():
    table = list(rows(find("matrix-tiling").table(step=60)))
    loaded = {name: sum(r["count"] * r["height"] * r["width"] for r in table if r["operand"] == name) for name in "AB"}
    counted = matmul_traffic(48, 60, 72, (16, 12, 18))
    assert loaded == {"A": counted.A_reads, "B": counted.B_reads}
    assert {r["count"] for r in table if r["operand"] == "C"} == {5}  # 60 / 12


def test_the_live_tiles_of_figure_14_belong_together():
    live = {r["operand"]: r for r in rows(find("matrix-tiling").table()) if r["live"] == "yes"}
    assert live["A"]["row"] == live["C"]["row"]
    assert live["B"]["col"] == live["C"]["col"]
    assert live["A"]["col"] == live["B"]["row"]


def test_the_framed_tile_is_what_the_search_finds():
    best = [r for r in rows(find("tile-landscape").table()) if r["best"] == "yes"]
    assert [r["words"] for r in best] == [min_traffic(1024, 1024, 1024, 16384).traffic]
    assert all(r["times"] >= 1 for r in rows(find("tile-landscape").table()) if r["words"] > 0)


def test_no_tile_that_fits_lies_right_of_the_ridge():
    points = [r for r in rows(find("tile-roofline").table()) if r["part"] == "tile"]
    assert max(r["I"] for r in points if r["fits"] == "yes") < A100.ridge("fp16")
    assert [r["fits"] for r in points] == ["yes"] * 8 + ["no"] * 5  # up to 128 of 1 to 4096


def test_overlapped_steps_never_wait_for_two_things():
    table = list(rows(find("tile-overlap").table()))
    ends = {n: max(r["end"] for r in table if r["buffers"] == n) for n in (1, 2)}
    load, multiply = (r["end"] - r["start"] for r in table[:2])
    assert ends[1] == pytest.approx(6 * (load + multiply))
    assert ends[2] == pytest.approx(load + multiply + 5 * max(load, multiply))
    assert {r["fits"] for r in table} == {"yes"}


# ---- explorers


def drawn(module, **values):
    with mpl.rc_context(RC):
        artists = module.build(canvas((6.4, 4.4)))
    module.update(artists, **values)
    return artists


def test_the_map_frames_the_best_tile_and_crosses_the_cube():
    artists = drawn(tile_map, M="1024", K="1024", N="1024", buffer=16384, order="MNK")
    assert [artists.best.get_xdata()[0], artists.best.get_ydata()[0]] == [7.5, 6.5]  # tn = 2^7, tm = 2^6
    assert artists.square.get_xdata()[0] == 6.5  # sqrt(16384 / 3) = 73.9, down to 64
    colours = artists.cells.get_facecolor().reshape(13, 13, 4)
    assert np.allclose(colours[11:, :, :3], 1)  # no tile of more than 1024 rows
    assert "1.32 times the best" in tile_map.describe("1024", "1024", "1024", 16384, "MNK")


def test_a_thin_product_moves_each_word_once_from_this_buffer_on():
    """All of C, 16 x 1024, with a column of A and a row of B."""
    enough = 16 * 1024 + 16 + 1024
    assert min_traffic(16, 1024, 1024, enough).traffic == compulsory(16, 1024, 1024)
    assert min_traffic(16, 1024, 1024, enough - 1).traffic > compulsory(16, 1024, 1024)
    assert "1.00 times the bound" in tile_map.describe("16", "1024", "1024", enough, "MNK")


def test_the_room_of_a_tile_and_its_pace():
    values = {"chip": "A100", "precision": "fp16", "KiB": 164, "t": 128, "depth": 16, "operands": "twice"}
    artists = drawn(tile_room, **values)
    share, room = (dot.get_ydata()[0] for dot in artists.dots)
    assert share == pytest.approx(100 * 64 / (312 / 2.039))
    assert room == pytest.approx((4 * 128**2 + 2 * 2 * 2 * 16 * 128) / (164 * 1024))
    assert "fits (at most t = 189)" in tile_room.describe(**values)
    assert "does not fit" in tile_room.describe(**values | {"depth": 128})


def test_the_sentence_names_the_widest_tile_of_every_capacity():
    """4 B a sum, 2 * 2 * 2 B an element of depth, held twice. With 1025 B in a KiB some t would come in too early."""
    for KiB in range(1, 2049, 16):
        said = tile_room.describe(chip="A100", precision="fp16", KiB=KiB, t=16, depth=1, operands="twice")
        t = int(re.search(r"at most t = (\d+)", said)[1])
        assert 4 * t**2 + 8 * t <= KiB * 1024 < 4 * (t + 1) ** 2 + 8 * (t + 1), KiB


@pytest.mark.parametrize("b", [0.5, 1, 2, 4, 8])
@pytest.mark.parametrize(("capacity", "depth", "buffers"), [(12288, 32, 1), (167936, 32, 2), (4000, 7, 2), (40, 9, 1)])
def test_the_widest_tile_is_the_last_that_fits_with_sums_in_their_own_width(capacity, depth, buffers, b):
    t, wide = widest_output(capacity, b, depth, buffers), 8 if b == 8 else 4
    need, more = (wide * side**2 + 2 * buffers * depth * b * side for side in (t, t + 1))
    assert need <= capacity < more


@pytest.mark.parametrize(("precision", "reaches"), [("fp64", True), ("fp32", True), ("fp16", False), ("int8", False)])
def test_only_off_the_tensor_cores_does_a_tile_that_fits_reach_the_ridge(precision, reaches):
    b = bytes_per_element(precision)
    assert (widest_output(SM_A100.shared.value, b) >= ridge_side(A100.ridge(precision), b)) == reaches


def test_sums_that_come_back_cross_in_their_own_width():
    """10 A, 20 B, 5 sums back and 12 out, of which 7 are results: 2 * 37 + 4 * 10 bytes."""
    assert edge_times([Traffic(10, 20, 5, 12)], [1.0], 2, 4) == [2 * (10 + 20 + 7) + 4 * (5 + 5)]
