"""The whole grid of tiles at once: every entry is its nest's own count, and the best is the least of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.loopnest import Level, Nest, conv_problem, matmul_problem, traffic
from labcore.loopnest.nest import tile_elements
from labcore.mapping import min_traffic
from labcore.mapping.grid import Tiled, best_tile, tiles_of, words_held, words_moved


@st.composite
def problems(draw):
    if draw(st.booleans()):
        return matmul_problem(*(draw(st.integers(1, 12)) for _ in range(3)))
    R, S, dilation = (draw(st.integers(1, 3)) for _ in range(3))
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(2))  # a side may have none
    H, W = (draw(st.integers(1, 6)) + dilation * (r - 1) + 1 for r in (R, S))
    N, C, K, stride = (draw(st.integers(1, 4)) for _ in range(4))
    return conv_problem(N, C, H, W, K, R, S, stride, padding, dilation)


@given(problems(), st.data())
@settings(max_examples=60)
def test_every_entry_is_its_nests_own_count(problem, data):
    order = "".join(data.draw(st.permutations(list(problem.sizes))))
    moved, held = words_moved(problem, order), words_held(problem)
    for _ in range(5):
        place = tuple(data.draw(st.integers(0, len(tiles_of(problem, dim)) - 1)) for dim in problem.sizes)
        tile = {dim: tiles_of(problem, dim)[k] for dim, k in zip(problem.sizes, place, strict=True)}
        one = Tiled(tile, order, int(np.broadcast_to(moved, held.shape)[place]), int(held[place]))
        assert traffic(one.nest(problem))[0].words == one.traffic
        assert sum(tile_elements(problem, operand, tile) for operand in "ABC") == one.held


def test_padding_behind_the_last_row_is_never_read():
    """One filter of 1 x 1 on 2 rows with a third of padding: 2 inputs, 1 weight and 3 results, whatever the tile."""
    problem = conv_problem(1, 1, 2, 1, 1, 1, 1, padding=((0, 1), (0, 0)))
    assert set(words_moved(problem, "NKCPQRS").ravel().tolist()) == {2 + 1 + 3}


def test_padding_before_the_first_element_only_is_never_read():
    """Windows of one at stride 2 from -1 on: each tile of the first row or column holds less than its size."""
    problem = conv_problem(1, 1, 4, 4, 1, 1, 1, stride=2, padding=1)
    moved = words_moved(problem, "NKPQCRS")
    assert (moved == 2 * 2 + 1 + 3 * 3).all()  # rows and columns 1 and 3, one weight, each output once


@given(st.integers(1, 16), st.integers(1, 16), st.integers(1, 16), st.integers(3, 300))
@settings(max_examples=40)
def test_a_product_has_the_same_best_as_its_own_search(M, K, N, buffer):
    orders = map("".join, itertools.permutations("MKN"))
    assert best_tile(matmul_problem(M, K, N), buffer, orders).traffic == min_traffic(M, K, N, buffer).traffic


@pytest.mark.parametrize("buffer", [3, 7, 12, 30])
def test_ties_go_to_the_tile_that_holds_less_then_to_the_earlier_order(buffer):
    problem, orders = matmul_problem(4, 2, 4), ["NMK", "MNK", "KNM", "KMN"]
    every = []
    for tile in itertools.product((1, 2, 4), (1, 2), (1, 2, 4)):
        held = sum(a * b for a, b in itertools.combinations(tile, 2))
        if held <= buffer:
            nests = [Nest(problem, [Level(dict(zip("MKN", tile, strict=True)), order)]) for order in orders]
            every += [(traffic(nest)[0].words, held, at) for at, nest in enumerate(nests)]
    found = best_tile(problem, buffer, orders)
    assert (found.traffic, found.held, orders.index(found.order)) == min(every)


def test_more_buffer_never_moves_more():
    problem = conv_problem(1, 8, 10, 10, 8, 3, 3)
    words = [best_tile(problem, buffer, ["NKPQCRS", "KCRSNPQ"]).traffic for buffer in (3, 30, 300, 3000)]
    assert words == sorted(words, reverse=True)
    assert words[-1] == 8 * 100 + 8 * 8 * 9 + 8 * 64  # all of it fits: each word once


def test_errors_name_the_way_out():
    problem = conv_problem(1, 1, 4, 4, 1, 3, 3)
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the whole text is compared below
        best_tile(problem, 2, ["NKPQCRS"])
    assert str(raised.value) == "a buffer of 2 words holds no tile of A, B and C together; 3 words are the least"
    with pytest.raises(ValueError, match=r"accumulates might not fit int64; take smaller sizes$"):
        best_tile(matmul_problem(2**21, 2**21, 2**21), 3, ["MNK"])
    with pytest.raises(ValueError, match="order 'NKPQ' must name each of NKCPQRS once"):
        words_moved(problem, "NKPQ")
