"""Blocked products: every way gives the product, its counts are the closed forms, and tiles obey their memories."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100
from labcore.counting import CountingArray
from labcore.interconnect.schedule import makespan, pipelined, sequential
from labcore.loopnest import conv_problem, execute, matmul_problem, matmul_traffic, traffic
from labcore.mapping import compulsory, least_words, min_traffic
from labcore.tiling.choice import best_square, check_fits, output_tile, square_tile, words_held
from labcore.tiling.intensity import crossing_side, load_intensity, product_intensity, product_words, ridge_side
from labcore.tiling.landscape import NOT_HELD, landscape
from labcore.tiling.levels import edge_times, hierarchy
from labcore.tiling.overlap import CUBES, one_step, overlap_gain, product_time, steps
from labcore.tiling.product import WAYS, blocked, counts, naive, staged
from labcore.tiling.strategies import hybrid, orders, spatial, stationary_order, temporal
from labcore.tiling.walk import standing, words_loaded

side, tile_side = st.integers(1, 3), st.integers(1, 3)
ORDERS = ("MKN", "MNK", "KMN", "KNM", "NMK", "NKM")
TILED = st.tuples(side, tile_side, side, tile_side, side, tile_side)  # tiles and their sizes, M, K, N


def sized(six):
    """Sizes (M, K, N) and the tile that divides them."""
    m, tm, k, tk, n, tn = six
    return (m * tm, k * tk, n * tn), (tm, tk, tn)


def operands(M, K, N):
    rng = np.random.default_rng(M + 10 * K + 100 * N)
    return rng.integers(-9, 9, (M, K)), rng.integers(-9, 9, (K, N))


@pytest.mark.parametrize("way", WAYS)
@given(six=TILED)
@settings(max_examples=25, deadline=None)
def test_every_way_gives_the_product_and_its_closed_counts(way, six):
    (M, K, N), tile = sized(six)
    A, B = operands(M, K, N)
    run = naive(A, B) if way == "naive" else WAYS[way](A, B, tile)
    assert np.array_equal(run.C, A @ B)
    assert run.traffic == counts(way, M, K, N, tile)


def test_a_loop_that_forgets_the_last_step_is_caught():
    """The closed count of a product one step shallower is another one."""
    A, B = operands(4, 4, 4)
    assert staged(A, B, (2, 2, 2)).traffic != counts("staged", 4, 2, 4, (2, 2, 2))


def test_staging_counts_like_the_nest_where_tiles_change_at_every_step():
    """With two tiles along k none stays for the next step; with one the nest keeps it and the listing copies again."""
    assert counts("staged", 8, 8, 8, (2, 4, 4))[0] == matmul_traffic(8, 8, 8, (2, 4, 4))
    assert counts("staged", 8, 8, 8, (2, 8, 4))[0].A_reads == 2 * matmul_traffic(8, 8, 8, (2, 8, 4)).A_reads


def test_staging_reads_each_operand_once_for_each_tile_of_the_other():
    A, B = operands(8, 8, 8)
    slow, fast = staged(A, B, (4, 2, 8)).traffic
    assert (slow.A_reads, slow.B_reads, slow.C_writes) == (64 * 8 // 8, 64 * 8 // 4, 64)
    assert fast.A_reads == fast.B_reads == fast.C_writes == 8**3
    assert fast.C_reads == 8**3 + 64  # each sum is read once more to be stored


def test_words_per_step_of_a_slice_count_where_the_array_counts():
    array = CountingArray(np.arange(4).reshape(2, 2))
    assert array[:1, :1][0, 0] == 0
    assert array.reads == 1


def test_shapes_and_tiles_that_do_not_fit_each_other():
    with pytest.raises(ValueError, match=r"A \(M, K\) and B \(K, N\) must share K, got \(2, 3\) and \(2, 3\)"):
        naive(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"a tile of 3 does not divide M = 4; take 2 or 4"):
        blocked(np.ones((4, 4)), np.ones((4, 4)), (3, 2, 2))
    with pytest.raises(ValueError, match=r"way must be one of naive, .*; got 'fast'"):
        counts("fast", 2, 2, 2, (1, 1, 1))


def test_counts_of_tiles_that_do_not_divide_are_no_counts():
    with pytest.raises(ValueError, match=r"^a tile of 3 does not divide M = 8; take 2 or 4$"):
        counts("staged", 8, 8, 8, (3, 2, 2))
    assert counts("register_blocked", 8, 8, 8, (2, 3, 4)) == counts("register_blocked", 8, 8, 8, (2, 1, 4))


def test_huge_products_are_exact_and_sizes_and_orders_are_checked():
    """2^63 words of A and as many of B pass int64; C stays, and is written once."""
    n = 2**21
    assert product_words(n, n, n, (1, 1, 1)) == 2 * n**3 + n**2
    with pytest.raises(ValueError, match=r"might not fit int64; take smaller sizes$"):
        landscape(n, n, n, 12)
    for call in (product_words, landscape):
        with pytest.raises(ValueError, match=r"^order 'MKK' must name each of MKN once"):
            call(4, 4, 4, (1, 1, 1) if call is product_words else 12, "MKK")
    with pytest.raises(ValueError, match=r"^K must be a whole number of at least 1, got 0$"):
        product_words(4, 0, 4, (1, 1, 1))


# ---- the tile that fits


@given(st.integers(5, 10**6), st.integers(1, 3))
def test_the_square_and_the_output_tile_are_the_largest_that_fit(S, buffers):
    if 1 + 2 * buffers > S:
        return
    t = square_tile(S, buffers)
    assert words_held((t, t, t), buffers) <= S
    assert words_held((t + 1,) * 3, buffers) > S
    t = output_tile(S, buffers)
    assert words_held((t, 1, t), buffers) <= S
    assert words_held((t + 1, 1, t + 1), buffers) > S


def test_squares_by_hand():
    assert square_tile(32 * 1024 // 4) == 52  # sqrt(8192 / 3) = 52.3
    assert output_tile(32 * 1024 // 4) == 89  # 89^2 + 178 = 8099, 90^2 + 180 = 8280
    assert best_square(1024, 1024, 1024, 8192) == (32, 2 * 1024**3 // 32 + 1024**2)
    # a square need not divide K where the depth is 1: 8^2 + 2 * 8 words fit, and each word moves once
    assert best_square(8, 3, 8, 100, depth=1) == (8, 2 * 8 * 3 + 8 * 8)
    with pytest.raises(ValueError, match=r"^a buffer of 4 words holds no tile; 5 words are the least$"):
        square_tile(4, buffers=2)
    with pytest.raises(ValueError, match=r"^a buffer of 2 words holds no tile; 3 would do$"):
        best_square(4, 4, 4, 2)
    with pytest.raises(ValueError, match=r"needs 12288 words but the buffer holds 3072; a cube of 32 fits$"):
        check_fits((64, 64, 64), 3072)
    with pytest.raises(ValueError, match=r"^buffer_words must be a whole number"):
        output_tile(0)


@given(TILED, st.sampled_from(ORDERS))
@settings(max_examples=60, deadline=None)
def test_words_in_closed_form_are_those_of_the_nest(six, order):
    sizes, tile = sized(six)
    assert product_words(*sizes, tile, order) == matmul_traffic(*sizes, tile, order).words


def test_intensity_by_hand():
    assert load_intensity(128, 128) == 2 * 128 * 128 / (2 * 256)
    assert product_intensity(64, 64, 64, (64, 64, 64)) == 2 * 64**3 / (2 * 3 * 64**2)
    I_ridge = 312e12 / 2.039e12
    assert ridge_side(A100.ridge("fp16")) == math.ceil(2 * I_ridge) == 307
    t = crossing_side(4096, 4096, 4096, I_ridge)
    below, above = (product_intensity(4096, 4096, 4096, (one,) * 3) for one in (t // 2, t))
    assert I_ridge > below
    assert above >= I_ridge


@given(st.sampled_from([4, 6, 8, 12]), st.sampled_from([4, 6, 8]), st.sampled_from([4, 6, 16]), st.integers(3, 300))
@settings(max_examples=40, deadline=None)
def test_the_landscape_ends_where_the_search_ends(M, K, N, S):
    least = min(land.words[land.words != NOT_HELD].min() for land in (landscape(M, K, N, S, o) for o in ORDERS))
    assert least == min_traffic(M, K, N, S).traffic >= max(compulsory(M, K, N), least_words(M, K, N, S))
    land = landscape(M, K, N, S)
    i, j = land.tm.index(land.best[0]), land.tn.index(land.best[2])
    assert land.words[i, j] == matmul_traffic(M, K, N, land.best).words
    assert words_held(land.best) <= S


def test_of_depths_that_move_the_same_the_landscape_takes_the_smallest():
    """Where the tile is all of C every depth moves each word once."""
    assert landscape(4, 4, 4, 1000).tk[-1, -1] == 1


# ---- a step in the middle


@given(TILED, st.data())
@settings(max_examples=40, deadline=None)
def test_loads_so_far_end_at_the_traffic_of_the_nest(six, data):
    (M, K, N), tile = sized(six)
    last = steps(M, K, N, tile)
    whole, counted = standing(M, K, N, tile, last), matmul_traffic(M, K, N, tile)
    assert words_loaded(tile, whole) == counted.A_reads + counted.B_reads
    assert (whole.terms == K // tile[1]).all()
    part = standing(M, K, N, tile, data.draw(st.integers(1, last)))
    assert words_loaded(tile, part) <= words_loaded(tile, whole)
    assert all(part.loads[name][part.live[name]] >= 1 for name in "AB")


def test_there_is_no_step_after_the_last():
    with pytest.raises(ValueError, match=r"^step must be from 1 to 8, got 9$"):
        standing(4, 4, 4, (2, 2, 2), 9)
    with pytest.raises(ValueError, match=r"^step must be a whole number of at least 1, got 0$"):
        standing(4, 4, 4, (2, 2, 2), 0)


# ---- levels, overlap, strategies


def test_tiles_in_tiles_run_as_they_count():
    nest = hierarchy(8, 8, 8, [(8, 4, 8), (4, 4, 4), (2, 2, 2)])
    A, B = operands(8, 8, 8)
    run = execute(nest, A, B)
    assert np.array_equal(run.C, A @ B)
    assert run.traffic == traffic(nest)
    assert [one.words for one in run.traffic] == sorted(one.words for one in run.traffic)  # nearer memories move more
    with pytest.raises(ValueError, match="3 memories need as many bandwidths, got 1"):
        edge_times(run.traffic, [1.0])


def test_two_buffers_take_the_longer_of_loading_and_multiplying():
    one = one_step(8, 8, 8, (4, 4, 4), R_peak=64.0, BW=32.0)  # 2 * 4^3 / 64 = 2 s; 40 words of 2 B over 32 = 2.5 s
    assert (one.copy_in, one.compute) == (2 * (2 * 8 * 8 * 2 + 64) / 8 / 32, 2.0)
    assert product_time(8, 8, 8, (4, 4, 4), 64.0, 32.0, 1) == makespan(sequential(one, 8)) == 8 * 4.5
    assert product_time(8, 8, 8, (4, 4, 4), 64.0, 32.0, 2) == makespan(pipelined(one, 8)) == 2.5 * 8 + 2


def test_a_smaller_tile_costs_more_than_the_overlap_gives_from_here_on():
    """(L + c) / (L sqrt(5/3)) = 1 where c = (sqrt(5/3) - 1) L."""
    load = 1 / (math.sqrt(5 / 3) - 1)
    assert overlap_gain(load, 1.0) == pytest.approx(1)
    assert overlap_gain(1.1 * load, 1.0) < 1 < overlap_gain(0.9 * load, 1.0)
    assert square_tile(5 * 10**6, 2) / square_tile(5 * 10**6) == pytest.approx(CUBES, abs=1e-3)


@given(st.sampled_from([4, 8, 12]), st.sampled_from([4, 8]), st.sampled_from([4, 8, 16]), st.integers(20, 400))
@settings(max_examples=25, deadline=None)
def test_hybrid_moves_no_more_than_either(M, K, N, S):
    problem = matmul_problem(M, K, N)
    both = hybrid(problem, S).traffic
    assert all(both <= spatial(problem, S, order).traffic for order in orders(problem))
    given_tile = {"M": 2, "K": 2, "N": 2}
    one = temporal(problem, given_tile)
    assert one.held == 12
    assert both <= one.traffic == min(matmul_traffic(M, K, N, (2, 2, 2), order).words for order in orders(problem))


def test_given_tiles_name_dimensions_of_the_problem():
    assert temporal(matmul_problem(4, 2, 4), {"M": 2}).tile == {"M": 2, "K": 2, "N": 4}
    with pytest.raises(ValueError, match=r"^tile names P; the problem has M, K, N$"):
        temporal(matmul_problem(4, 4, 4), {"P": 2})


def test_an_operand_stays_where_its_own_loops_are_outermost():
    conv = conv_problem(1, 2, 4, 4, 2, 3, 3)
    assert stationary_order(conv, "B") == "KCRSNPQ"
    whole = traffic(hierarchy(4, 4, 4, [(2, 2, 2)], "KNM"))[0]
    assert whole.B_reads == 16  # each tile of B comes once
    with pytest.raises(ValueError, match=r"^operand must be one of A, B, C; got 'D'$"):
        stationary_order(conv, "D")
