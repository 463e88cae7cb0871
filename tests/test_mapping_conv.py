"""The mapping of a convolution: as good as every order there is, and never worse than chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.loopnest import conv_problem, traffic
from labcore.mapping import min_conv_traffic, random_nests, touched
from labcore.mapping.conv import KEEPS, conv_orders
from labcore.mapping.grid import words_held, words_moved

# From ResNet-50: 1x1, 3x3, 3x3 with stride 2, and 7x7 with stride 2 and three channels.
LAYERS = [
    conv_problem(1, 64, 56, 56, 256, 1, 1),
    conv_problem(1, 128, 28, 28, 128, 3, 3, padding=1),
    conv_problem(1, 256, 28, 28, 256, 3, 3, stride=2, padding=1),
    conv_problem(1, 3, 224, 224, 64, 7, 7, stride=2, padding=3),
]


@st.composite
def small_convolutions(draw):
    """Up to five loops that turn, halo, stride, dilation and padding included."""
    sizes = [draw(st.sampled_from(choices)) for choices in ((1, 2), (1, 2, 3), (1, 2, 4), (1, 2, 3), (1, 2, 3))]
    N, C, K, R, S = sizes
    stride, dilation, padding = (draw(st.sampled_from(choices)) for choices in ((1, 2), (1, 2), (0, 1)))
    H, W = (draw(st.integers(dilation * (taps - 1) + 1, 8)) for taps in (R, S))
    problem = conv_problem(N, C, H, W, K, R, S, stride, padding, dilation)
    return problem if sum(size > 1 for size in problem.sizes.values()) <= 5 else conv_problem(1, 1, H, W, K, R, S)


def every_order(problem):
    """All orders of the loops that turn; those that do not stand outside, where they change nothing."""
    still = "".join(dim for dim, size in problem.sizes.items() if size == 1)
    turning = [dim for dim, size in problem.sizes.items() if size > 1]
    return [still + "".join(order) for order in itertools.permutations(turning)]


@settings(max_examples=25, deadline=None)
@given(small_convolutions(), st.floats(0, 1))
def test_no_order_beats_those_that_are_searched(problem, fill):
    held = words_held(problem)
    buffer_words = int(held.min() + fill * (held.max() - held.min()))
    fits = held <= buffer_words
    least = min(words_moved(problem, order)[fits].min() for order in every_order(problem))
    assert min_conv_traffic(problem, buffer_words).traffic == least


@pytest.mark.parametrize(
    ("kept", "problem", "buffer_words"),
    [
        ("A", conv_problem(1, 2, 2, 8, 8, 2, 2, stride=2), 24),
        ("B", conv_problem(1, 2, 2, 7, 4, 2, 1, stride=2), 8),
        ("B", conv_problem(2, 1, 2, 1, 2, 1, 1), 3),  # K outside N: 2 weights, 4 inputs twice, 8 out
        ("C", conv_problem(1, 1, 6, 4, 4, 3, 3), 6),
    ],
)
def test_each_operand_is_the_one_to_keep_somewhere(kept, problem, buffer_words):
    fits = words_held(problem) <= buffer_words
    least = {name: min(words_moved(problem, o)[fits].min() for o in orders) for name, orders in KEEPS.items()}
    assert [name for name in least if least[name] == min(least.values())] == [kept]
    best = min_conv_traffic(problem, buffer_words)
    assert best.traffic == min(words_moved(problem, order)[fits].min() for order in every_order(problem))


@pytest.mark.parametrize("problem", LAYERS)
@pytest.mark.parametrize("buffer_words", [512, 65536])
def test_what_is_found_is_what_it_says_and_no_random_mapping_beats_it(problem, buffer_words):
    best = min_conv_traffic(problem, buffer_words)
    assert traffic(best.nest(problem))[0].words == best.traffic >= touched(problem)
    assert best.held <= buffer_words
    drawn = itertools.islice(random_nests(problem, buffer_words, seed=1), 25)
    assert min(traffic(nest)[0].words for nest in drawn) >= best.traffic


def test_a_buffer_that_holds_everything_moves_everything_once():
    for problem in LAYERS:
        assert min_conv_traffic(problem, int(words_held(problem).max())).traffic == touched(problem)


def test_more_buffer_never_moves_more():
    found = [min_conv_traffic(LAYERS[1], 2**power).traffic for power in range(5, 19)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 10 * found[-1]


def test_random_mappings_cover_the_space_and_repeat_by_seed():
    problem = conv_problem(1, 2, 4, 4, 2, 3, 3)
    drawn = [next(random_nests(problem, 40, seed)) for seed in range(300)]
    assert len({nest.levels[0].order for nest in drawn}) > 250  # of 5040
    held = words_held(problem)
    tiles = {tuple(nest.levels[0].tile.values()) for nest in drawn}
    assert len(tiles) > 0.6 * np.count_nonzero(held <= 40)
    assert drawn[7] == next(random_nests(problem, 40, seed=7))


def test_every_searched_order_is_an_order():
    for order in itertools.chain(*KEEPS.values()):
        assert sorted(order) == sorted("NKCPQRS")
    assert set(conv_orders(LAYERS[1])) <= set(itertools.chain(*KEEPS.values()))


@pytest.mark.parametrize("search", [min_conv_traffic, lambda *of: next(random_nests(*of))])
def test_a_buffer_that_holds_nothing_says_the_least_that_would_do(search):
    with pytest.raises(ValueError, match=r"^a buffer of 2 words holds no tile.*; 3 words are the least$"):
        search(LAYERS[0], 2)
