"""Compiled matrix products equal numpy's, and what is predicted for them follows from caches and loop nests."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.cache import Cache, count
from labcore.cache.traces import matmul as matmul_trace
from labcore.kernels import blocked, matmul, orders
from labcore.kernels.fetched import fits, knee, order_bytes, order_trace, tile_bytes
from labcore.kernels.orders import LOOPS, order_race
from labcore.kernels.predict import Fill, own_clock, predicted_times, race_and_warm
from labcore.kernels.race import Race, race
from labcore.kernels.raced import Raced, as_text, from_text, recorded
from labcore.loopnest import traffic
from labcore.measure.timing import relative_spread
from labcore.plots.registry import find, show

sides = st.integers(1, 21)


def whole_numbers(*shape):
    """Small whole numbers: their sums are exact in float32 in any order."""
    return np.random.default_rng(sum(shape)).integers(-8, 9, shape)


# ---- products


@pytest.mark.parametrize("order", LOOPS)
@settings(max_examples=25)
@given(M=sides, K=sides, N=sides)
def test_every_order_is_numpys_product(order, M, K, N):
    A, B = whole_numbers(M, K), whole_numbers(K, N)
    assert (orders.product(order, A, B) == A @ B).all()


@given(M=sides, K=sides, N=sides, tile=st.integers(1, 25))
def test_tiles_need_not_divide_the_sizes(M, K, N, tile):
    A, B = whole_numbers(M, K), whole_numbers(K, N)
    assert (blocked.product(A, B, tile) == A @ B).all()
    assert (matmul.product(A, B) == A @ B).all()


@pytest.mark.parametrize("shape", [(1, 256, 512), (4, 257, 513), (7, 511, 1030), (9, 3, 1025), (513, 258, 2)])
def test_tiles_in_tiles_at_their_edges(shape):
    """Sizes at, above and below the depth 256 and the width 512 of a panel, and off the block of 4."""
    M, K, N = shape
    A, B = whole_numbers(M, K), whole_numbers(K, N)
    assert (matmul.product(A, B) == A @ B).all()


def test_kernels_add_to_what_is_there():
    A, C = np.ones((5, 5), np.float32), np.full((5, 5), 2, np.float32)
    matmul.compiled()(A, A, C)
    blocked.compiled()(A, A, C, 2, 3)
    assert (C == 2 + 5 + 3 * 5).all()


def test_what_is_no_product_is_refused():
    with pytest.raises(ValueError, match=r"^a product needs \(M, K\) and \(K, N\), got \(2, 3\) and \(2, 3\)$"):
        matmul.product(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^loop order must be one of ikj, kij, ijk, jik, jki, kji; got 'MNK'$"):
        orders.product("MNK", np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(ValueError, match=r"^tile must be a whole number of at least 1, got 0$"):
        blocked.product(np.ones((1, 1)), np.ones((1, 1)), 0)
    with pytest.raises(ValueError, match=r"^order 'MNK' must name each of i, j, k once; write 'ikj', outermost first$"):
        order_trace("MNK", 2, 8, 1)


def test_numba_comes_with_the_first_kernel():
    modules = "matmul, orders, blocked, predict, fetched, raced, record"
    code = f"import sys; from labcore.kernels import {modules}; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# ---- bytes


@pytest.mark.parametrize(("order", "bytes_each"), [("ikj", 8 + 8), ("kij", 8 + 8), ("ijk", 8 + 64), ("jik", 8 + 64),
                                                   ("jki", 64 + 64), ("kji", 64 + 64)])  # fmt: skip
def test_bytes_a_multiply_accumulate_without_reuse(order, bytes_each):
    """In a cache of 16 lines nothing stays: a step along a row fetches 8 B, a step down a column a line of 64 B."""
    n = 96
    fetched = order_bytes(order, n, 8, [Fill("L1", 16 * 64, "L2", 1.0)], ways=None)[0]
    assert fetched / n**3 == pytest.approx(bytes_each + 64 / n, rel=0.02)  # and once a row the operand that rests


@pytest.mark.parametrize("order", LOOPS)
def test_an_endless_cache_fetches_each_line_once(order):
    trace = order_trace(order, 24, 8, steps=24)
    assert count(trace, Cache(2**20)).bytes_fetched == 3 * 24 * 24 * 8
    assert len(trace) == 24 * 24 * (1 + 2 * 24)


@given(n=st.sampled_from([8, 12, 20]), lines=st.integers(3, 40))
@settings(max_examples=15)
def test_rows_fetch_what_the_other_trace_of_them_does(n, lines):
    """`labcore.cache.traces` writes ikj down access by access; a read and a write of C are one access here."""
    cache = Cache(64 * lines)
    assert (
        count(order_trace("ikj", n, 8, n), cache).fetches == count(matmul_trace(n, n, n, "ikj", size=8), cache).fetches
    )


def test_a_power_of_two_meets_in_few_sets():
    """4096 B lie between elements of a column of 512: all in one set of L1 with 64; at 500 they spread."""
    levels = [Fill("L1", 32768, "L2", 1.0), Fill("L2", 2**20, "L3", 1.0)]
    (near, far), (_, at_512) = (order_bytes("jki", n, 8, levels) for n in (500, 512))
    assert near / 500**3 == pytest.approx(128, rel=0.01)
    assert far / 500**3 < 10
    assert at_512 / 512**3 > 100


@pytest.mark.parametrize("tile", [8, 16, 32])
def test_words_of_the_nest_are_near_the_lines_of_a_cache(tile):
    """n = 64 in a cache of 1024 words: it keeps tiles of 8 and 16, not of 32; a tile's row of 8 takes half a line."""
    n, cache = 64, Cache(4096)
    predicted = tile_bytes(n, tile, 4, [Fill("L1", cache.capacity, "L2", 1.0)])[0]
    simulated = count(matmul_trace(n, n, n, "ikj", tile=tile), cache).bytes_fetched
    assert simulated / predicted == pytest.approx(1, abs=0.25)


def test_a_tile_that_stays_and_one_that_does_not():
    """Words of 960 x 960 with tiles of 48 and 96 in L1: A once, B and C 20 times; A once, B 960 times, C 10 times."""
    L1 = Fill("L1", 32768, "L2", 1.0)
    words = [tile_bytes(960, tile, 4, [L1])[0] / 4 / 960**2 for tile in (48, 96, 960)]
    assert words == [1 + 20 + 20, 1 + 960 + 10, 1 + 960 + 1]


@given(word=st.sampled_from([4, 8]), capacity=st.integers(32, 2**22))
def test_the_knee_is_the_largest_tile_that_fits(word, capacity):
    tile = knee(word, capacity)
    assert tile == 0 or fits(tile, word, capacity)
    assert not fits(tile + 1, word, capacity)


def test_tiles_in_tiles_as_a_nest():
    """1024^3: A twice (two panels side by side), B once, C written 4 times (4 panels deep) and read back 3 times."""
    panel, registers = traffic(matmul.nest(1024, 1024, 1024))
    assert (panel.A_reads, panel.B_reads, panel.C_writes, panel.C_reads) == tuple(k * 1024**2 for k in (2, 1, 4, 3))
    assert registers.B_reads == 1024**3 // 4
    assert registers.A_reads == panel.A_reads  # a block, once in registers, serves its whole strip


# ---- races


def test_parts_are_bytes_over_bandwidth():
    levels = [Fill("L1", 1, "L2", 100.0), Fill("L2", 2, "DRAM", 10.0)]
    assert predicted_times({"x": 1.0}, {"x": [50, 50]}, levels) == {"x": {"L1": 1.0, "L2": 0.5, "DRAM": 5.0}}


def test_a_tenth_from_L1_counts_ten_times(monkeypatch):
    monkeypatch.setattr("labcore.kernels.predict.race", lambda ways, *_: Race(dict.fromkeys(ways, (2.0,))))
    _, hot = race_and_warm({"x": int}, {"x": (lambda passes: None, 100.0)}, repeats=1)
    assert hot == {"x": 2.0 * 100 / 10}


@pytest.fixture
def raced():
    times = {"ikj": (0.02, 0.03, 0.04), "jki": (0.2, 0.1, 0.3)}
    predicted = {"ikj": {"L1": 0.01, "L2": 0.02}, "jki": {"L1": 0.05, "L2": 0.15}}
    return Raced("orders", {"n": 500}, {"cpu": "P", "date": "2026-11-21"}, Race(times), predicted)


def test_a_race_is_read_back_as_it_was(raced):
    assert from_text(as_text({"orders": raced}))["orders"] == raced
    assert repr(raced).splitlines()[2].split() == ["ikj", "30.0", "20.0", "to", "30.0"]


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": "labcore races", "version": 2}'])
def test_what_is_no_file_of_races_says_what_writes_one(text):
    with pytest.raises(
        ValueError, match=r"^it is no file of races of version 1; `record` in labcore/kernels/record.py"
    ):
        from_text(text)


def test_a_race_that_is_not_recorded_is_named():
    with pytest.raises(ValueError, match=r"^no race 'tile' is recorded; there are orders, tiles$"):
        recorded("tile")


def test_a_race_times_every_order_and_predicts_it():
    one = order_race(16, repeats=1, orders=["ikj", "kji"], levels=(Fill("L1", 32768, "L2", 1e11),))
    assert list(one.race.times) == list(one.predicted) == ["ikj", "kji"]
    assert one.predicted["kji"]["L2"] < 1e-6  # three matrices of 2 KiB stay in L1


def test_tiles_that_do_not_divide_are_refused_before_anything_runs():
    with pytest.raises(ValueError, match="tile"):
        blocked.tile_race(10, [4], repeats=1, levels=(Fill("L1", 32768, "L2", 1e11),))


def test_the_recorded_machine_has_no_name_and_no_path():
    for name in ("orders", "tiles"):
        assert set(recorded(name).machine) >= {"cpu", "caches", "date", "command"}
        assert "/" not in str(recorded(name).machine)


def test_figures_draw_what_ran(raced):
    table = find("order-race").table(raced=raced)
    kinds = zip(table["series"], table["way"], table["T"], table["T_low"], table["T_high"], strict=True)
    assert ("measured", "jki", 0.2, 0.15000000000000002, 0.25) in kinds
    said = (
        "P, 1 thread, 2026-11-21: measured, and in brackets predicted, in ms: ikj 30 (20 to 30), jki 200 (150 to 200)."
    )
    assert show("order-race", raced=raced).sentence == said


def test_columns_take_longer_than_rows_on_this_machine():
    """Ten times where this was written; twice is asked for. Skipped where the thread's own time is unsteady too."""
    n = 400
    A, C = np.ones((n, n)), np.zeros((n, n))
    ways = {order: partial(orders.compiled(order), A, A, C, 1) for order in ("ikj", "jki")}
    one = race(ways, 5, own_clock())
    if max(relative_spread(one.median(way), *one.quartiles(way)) for way in ways) > 0.5:
        pytest.skip("the machine is disturbed: quartiles lie more than half of the median apart")
    assert one.slower("jki", than="ikj") > 2
