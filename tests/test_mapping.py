"""Mappings: the vectorized count against the nest's, the search against brute force, the bounds under it."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.loopnest import matmul_traffic
from labcore.mapping import Mapping, compulsory, least_words, mappings, min_traffic
from labcore.mapping.space import loop_orders, matmul_space, parallel_choices, placements, search_space
from labcore.units import divisors

SMALL = st.integers(1, 24)


@given(SMALL, SMALL, SMALL, st.integers(3, 600))
@settings(max_examples=60)
def test_every_mapping_is_counted_like_its_nest(M, K, N, buffer):
    for one in itertools.islice(mappings(M, K, N, buffer), 0, None, 17):
        assert one.traffic == matmul_traffic(M, K, N, one.tile, one.order).words


@given(SMALL, SMALL, SMALL, st.integers(3, 600))
@settings(max_examples=40)
def test_the_search_is_exhaustive(M, K, N, buffer):
    """By brute force over nests, none of the package's own enumeration."""
    tiles = itertools.product(*map(divisors, (M, K, N)))
    fitting = [(m, k, n) for m, k, n in tiles if m * k + k * n + m * n <= buffer]
    taken = {tile: sum(a * b for a, b in itertools.combinations(tile, 2)) for tile in fitting}
    orders = ["".join(order) for order in itertools.permutations("MKN")]
    least, *tie = min(
        (matmul_traffic(M, K, N, tile, order).words, taken[tile], orders.index(order))
        for tile in fitting
        for order in orders
    )
    found = min_traffic(M, K, N, buffer)
    assert found.traffic == least
    assert [taken[found.tile], orders.index(found.order)] == tie
    assert found.counts(M, K, N).words == least
    assert found.tile in fitting


@given(SMALL, SMALL, SMALL, st.integers(3, 600))
def test_nothing_undercuts_the_bounds(M, K, N, buffer):
    found = min_traffic(M, K, N, buffer).traffic
    assert found >= least_words(M, K, N, buffer) >= compulsory(M, K, N)


def test_a_large_buffer_moves_each_word_once():
    assert min_traffic(8, 9, 10, buffer_words=72 + 90 + 80).traffic == 72 + 90 + 80


def test_the_least_buffer_by_hand():
    """One word each: C stays while K runs, A and B come for each of 64 products; C is written once: 64 + 64 + 16."""
    found = min_traffic(4, 4, 4, buffer_words=3)
    assert found.tile == (1, 1, 1)
    assert found.traffic == 64 + 64 + 16


def test_a_tie_goes_to_the_smaller_tile_before_the_earlier_order():
    """1 x 6 x 3: single words under MNK move 18 + 18 + 3; with k = 2 under MKN, 6 of A, 18 of B, 9 of C out, 6 back."""
    assert matmul_traffic(1, 6, 3, (1, 2, 1), "MKN").words == 6 + 18 + 9 + 6 == 18 + 18 + 3
    assert min_traffic(1, 6, 3, buffer_words=5) == Mapping((1, 1, 1), "MNK", 39)


def test_four_times_the_buffer_halves_the_traffic():
    """The leading term is 2 M K N / sqrt(S)."""
    words = [min_traffic(1024, 1024, 1024, buffer).traffic for buffer in (4**4 * 3, 4**5 * 3, 4**6 * 3)]
    assert 1.8 < words[0] / words[1] < 2.2
    assert 1.8 < words[1] / words[2] < 2.2


def test_large_products_do_not_overflow():
    for power in (20, 21, 22):  # 2^61, 2^64 and 2^67 words: what int64 holds, and what it does not
        found = min_traffic(2**power, 2**power, 2**power, buffer_words=3)
        assert found.traffic == 2 * 2 ** (3 * power) + 2 ** (2 * power)
        assert isinstance(found.traffic, int)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: min_traffic(4, 4, 4, 2),
         "a buffer of 2 words holds no tile of A, B and C together; 3 words are the least"),
        (lambda: min_traffic(4, 4.0, 4, 9), "K must be a whole number of at least 1, got 4.0"),
        (lambda: least_words("4", 4, 4, 9), "M must be a whole number of at least 1, got '4'"),
        (lambda: least_words(4, 4, 4, 0), "buffer_words must be a whole number of at least 1, got 0"),
    ],
)  # fmt: skip
def test_errors_name_the_way_out(wrong, words):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the whole text is compared below
        wrong()
    assert str(raised.value) == words


def test_the_bound_is_the_published_one():
    assert least_words(1024, 1024, 1024, 65536) == pytest.approx(2 * 1024**3 / math.sqrt(65536) - 2 * 65536)


def test_the_formulas_count_what_enumeration_finds():
    assert loop_orders(4) == len(list(itertools.permutations(range(4))))
    assert loop_orders(3, memories=2) == len(list(itertools.product(itertools.permutations(range(3)), repeat=2)))
    assert parallel_choices(6, spread=3) == len(list(itertools.permutations(range(6), 3)))
    assert placements(3, operands=2, memories=2) == len(list(itertools.product(range(3), repeat=2 * 2)))
    assert search_space(2, operands=2, loops=3, spread=2, memories=2) == (2**2 * 6 * 6) ** 2
    with pytest.raises(ValueError, match=r"^4 loops cannot be spread where there are 3; spread 3 or fewer$"):
        parallel_choices(3, spread=4)


def test_a_space_is_bounded_by_its_best_and_by_moving_every_operand_for_every_product():
    found = matmul_space(8, 12, 6, buffer_words=100)
    assert found.legal <= found.choices == 4 * 6 * 4 * 6  # divisors of 8, 12 and 6, and the orders
    assert found.distinct <= found.legal
    assert found.least == min_traffic(8, 12, 6, 100).traffic
    assert found.most <= 4 * 8 * 12 * 6  # A and B in, C in and out
