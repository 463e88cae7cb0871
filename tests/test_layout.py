"""Layouts: addresses agree with numpy, conversions lose nothing, loads cost what their addresses say."""

import re
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.cache import Cache
from labcore.kernels.layout import LAYOUTS, ORDERS, expected, kernels, lines, pixels, predicted, slower, view
from labcore.kernels.race import Race
from labcore.layout import (
    break_even,
    conversion_bytes,
    convert,
    lane_access,
    lane_addresses,
    layout,
    least_gain,
    plan,
    tensor_access,
    together,
    walk,
)  # fmt: skip
from labcore.layout.order import all_addresses
from labcore.simt.memory import warp_access

ORDERS_OF_NCHW = ["".join(order) for order in permutations("NCHW")]
NAMES = [*ORDERS_OF_NCHW, "NCHW4c", "NHWC3c", "NCHW16c", "CNHW2h"]
extents = st.integers(1, 6)
shapes = st.fixed_dictionaries(dict.fromkeys("NCHW", extents))

# ---- addresses


@settings(max_examples=60, deadline=None)
@given(shapes, st.sampled_from(ORDERS_OF_NCHW))
def test_strides_are_those_of_numpy(sizes, name):
    """numpy lays an array out with its last axis innermost."""
    of = layout(name, **sizes)
    stored = np.empty([sizes[axis] for axis in name], np.int8)
    assert of.shape == stored.shape
    assert tuple(of.strides[axis] for axis in name) == stored.strides
    index = tuple(sizes[axis] // 2 for axis in name)
    assert of.address(**dict(zip(name.lower(), index, strict=True))) == np.ravel_multi_index(index, stored.shape)


@settings(max_examples=60, deadline=None)
@given(shapes, st.sampled_from(NAMES))
def test_every_element_has_a_place_of_its_own(sizes, name):
    of = layout(name, **sizes)
    places = all_addresses(of, "NCHW").ravel()
    assert len(set(places.tolist())) == of.elements
    assert 0 <= places.min() <= places.max() < of.words
    assert of.words == np.prod(of.shape)


@settings(max_examples=60, deadline=None)
@given(shapes, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_conversion_and_back_loses_nothing(sizes, first, second):
    start = layout("NCHW", **sizes)
    x = np.arange(1, start.elements + 1).reshape(start.shape)
    one = convert(x, start, first)
    two = convert(one, layout(first, **sizes), second)
    assert np.array_equal(convert(two, layout(second, **sizes), "NCHW"), x)
    assert two.sum() == x.sum()  # what fills up blocks is zero
    assert np.count_nonzero(two) == x.size


def test_a_plain_conversion_is_a_transpose():
    x = np.random.default_rng(0).integers(0, 99, (2, 3, 4, 5))
    assert np.array_equal(convert(x, layout("NCHW", N=2, C=3, H=4, W=5), "NHWC"), x.transpose(0, 2, 3, 1))
    flipped = convert(x[0, 0], layout("RC", R=4, C=5), "CR")
    assert np.array_equal(flipped, x[0, 0].T)
    assert np.array_equal(flipped.ravel(), np.asfortranarray(x[0, 0]).ravel(order="K"))  # column-major


def test_blocks_by_hand():
    """20 channels in blocks of 16: channel 17 is the second of the second block, behind 7 x 7 x 16 words."""
    of = layout("NCHW16c", N=2, C=20, H=7, W=7)
    assert of.address(c=17) == 7 * 7 * 16 + 1
    assert of.address(n=1, c=3, h=2, w=5) == 2 * 7 * 7 * 16 + (2 * 7 + 5) * 16 + 3
    assert of.words == 2 * 32 * 49
    assert of.padding == 1 - 20 / 32
    assert layout("NCHW16c", N=1, C=16, H=2, W=2).padding == 0


def test_a_blocked_layout_is_a_reshape_and_a_transpose():
    x = np.random.default_rng(0).random((2, 8, 3, 5))
    by_hand = x.reshape(2, 2, 4, 3, 5).transpose(0, 1, 3, 4, 2)  # (N, C / 4, H, W, 4)
    assert np.array_equal(convert(x, layout("NCHW", N=2, C=8, H=3, W=5), "NCHW4c"), by_hand)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: layout("NHCC", N=1, C=2, H=2, W=2), "'NHCC' is no order of N, C, H, W; write 'NCHW' or 'NCHW16c'"),
        (lambda: layout("NCHW0c", N=1, C=2, H=2, W=2), "'NCHW0c' is no order"),
        (lambda: layout("NCHW4k", N=1, C=2, H=2, W=2), "'NCHW4k' is no order"),
        (lambda: layout("nchw", N=1, C=2, H=2, W=2), "'nchw' is no order"),
        (lambda: layout("RC", R=0, C=2), "R must be a whole number of at least 1, got 0"),
        (lambda: layout("RC", R=2, C=2).address(k=1), "RC has no index 'k'; it has r, c"),
        (lambda: layout("RC", R=2, C=2).address(c=2), "c = 2 lies outside; the last one is 1"),
        (lambda: layout("RC", R=2, C=2).address(r=-1), "r = -1 lies outside"),
        (lambda: layout("RC", R=2, C=2).address(r=0.5), "r = 0.5 is no index; give whole numbers from 0 to 1"),
        (lambda: walk(layout("RC", R=2, C=2), "RR"), "'RR' must name each of R, C once, such as 'RC'"),
        (lambda: convert(np.zeros(4), layout("RC", R=2, C=2), "CR"), "has the shape (2, 2), the array (4,)"),
        (lambda: lane_addresses(layout("RC", R=2, C=2), "X"), "lanes lie along some of R, C, each once"),
        (lambda: lane_addresses(layout("RC", R=2, C=2), "C", start=2), "start must be from 0 to 1 over C, got 2"),
        (lambda: tensor_access(layout("RC", R=2, C=2), "C", size=3), "must hold whole elements of 3 B"),
        (lambda: break_even(0, 1, 1), "T_convert must be a finite number above 0, got 0"),
        (lambda: least_gain(0, 1.0), "uses must be a whole number of at least 1, got 0"),
        (lambda: plan([{"NCHW": 1.0}, {}], [1, 1, 1]), "layer 1 has no layout; give each a time in one at least"),
        (lambda: slower("by_row", 4), "loop must be one of by_pixel, by_channel; got 'by_row'"),
        (lambda: plan([], [1]), "0 layers need one time to convert more than that, got 1"),
    ],
)  # fmt: skip
def test_what_is_refused_says_the_way_out(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_narrow_indices_do_not_wrap():
    of = layout("NHWC", N=1, C=64, H=56, W=56)
    for w in (np.uint8(5), np.array([5], np.uint8), np.array([5], np.int8)):
        assert of.address(w=w) == 5 * 64


# ---- loads


@pytest.mark.parametrize(("C", "size", "granule"), [*product((1, 3, 8, 64), (1, 2, 4), (32, 64, 128))])
def test_lanes_along_a_row_of_nhwc_are_a_strided_access(C, size, granule):
    """Lane i reads C elements behind lane i - 1: the same count as a warp's access with that stride."""
    of = layout("NHWC", N=1, C=C, H=4, W=40)
    assert lane_access(of, "W", size, granule=granule) == warp_access(C, size, granule=granule)


def test_idle_lanes_ask_for_nothing():
    three = lane_access(layout("NHWC", N=1, C=3, H=8, W=8), "C", size=4)
    assert (three.bytes_used, three.transactions) == (12, 1)
    last = lane_access(layout("NCHW", N=1, C=3, H=8, W=8), "HW", start=48)
    assert last.bytes_used == 16 * 4


@settings(max_examples=40, deadline=None)
@given(shapes, st.sampled_from(NAMES), st.sampled_from(["C", "W", "HW", "CHW"]), st.sampled_from([1, 2, 4]))
def test_a_whole_tensor_is_the_sum_of_its_loads(sizes, name, over, size):
    of = layout(name, **sizes)
    whole = tensor_access(of, over, size, lanes=4)
    assert whole.bytes_used == of.elements * size
    others = [axis for axis in "NCHW" if axis not in over]
    count, most = 0, int(np.prod([sizes[axis] for axis in over]))
    for index in product(*(range(sizes[axis]) for axis in others)):
        base = of.address(**dict(zip("".join(others).lower(), index, strict=True)))
        for start in range(0, most, 4):
            addresses = base + lane_addresses(of, over, 4, start)
            count += len(set((addresses * size // 32).tolist()))
    assert whole.transactions == count
    assert whole.bytes_moved >= count * 32
    assert whole.efficiency <= 1


def test_what_lies_together():
    image = layout("NCHW", N=1, C=3, H=4, W=5)
    assert together(image, "C")
    assert not together(image, "H")
    assert not together(layout("NCHW", N=2, C=3, H=4, W=5), "C")
    assert together(layout("CNHW", N=2, C=3, H=4, W=5), "C")  # whatever batch


def test_a_walk_reads_everything_once_in_its_order():
    of = layout("NHWC", N=2, C=3, H=4, W=5)
    assert walk(of).addresses.tolist() == list(range(0, 4 * of.words, 4))
    assert walk(of, "NHWC").addresses.tolist() == walk(of).addresses.tolist()
    by_channel = walk(of, "NCHW").addresses
    assert sorted(by_channel.tolist()) == walk(of).addresses.tolist()
    assert by_channel[:2].tolist() == [0, 12]


# ---- conversions


def test_conversion_bytes_count_the_padding_once():
    source = layout("NCHW", N=1, C=3, H=2, W=2)
    assert conversion_bytes(source, "NHWC", 2) == 2 * (12 + 12)
    assert conversion_bytes(source, "NCHW16c", 2) == 2 * (12 + 64)
    assert conversion_bytes(layout("NCHW16c", **source.sizes), "NCHW", 2) == 2 * (12 + 12)  # zeros are not read


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 60))
def test_the_break_even_is_the_first_number_that_pays(convert_time, kept, changed):
    uses = break_even(convert_time * 1e-6, kept * 1e-6, changed * 1e-6)
    if kept <= changed:
        assert uses is None
    else:
        assert convert_time + uses * changed <= uses * kept
        assert uses == 1 or convert_time + (uses - 1) * changed > (uses - 1) * kept
        assert kept / changed >= least_gain(uses, convert_time / changed) - 1e-9


@pytest.mark.parametrize(("uses", "share"), [(1, 0.5), (4, 2.0), (100, 3.0)])
def test_the_least_gain_breaks_even_at_its_uses(uses, share):
    assert break_even(share, least_gain(uses, share), 1.0) == uses


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6), st.integers(0, 9))
def test_a_plan_is_the_best_of_all_paths(times, change):
    layers = [{"NCHW": a, "NHWC": b} for a, b in times]
    total, path = plan(layers, [change] * (len(layers) + 1))

    def cost(names):
        ends = ("NCHW", *names, "NCHW")
        turns = sum(change for one, two in pairwise(ends) if one != two)
        return turns + sum(layer[name] for layer, name in zip(layers, names, strict=True))

    assert total == cost(path) == min(map(cost, product(("NCHW", "NHWC"), repeat=len(layers))))


# ---- kernels


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("loop", ORDERS)
def test_kernels_compute_what_numpy_does(name, loop):
    x, y = view(name, 5, 3, 4), view(name, 5, 3, 4)
    a, b = np.arange(5, dtype=np.float32), np.full(5, 2, np.float32)
    getattr(kernels(), loop)(x, a, b, y)
    np.testing.assert_allclose(y, a[:, None, None] * x + b[:, None, None], rtol=1e-6)


def test_packed_kernels_compute_the_same():
    a, b = np.arange(5, dtype=np.float32), np.full(5, 2, np.float32)
    x = np.random.default_rng(0).random((12, 5), np.float32)
    for loop, array, want in (
        ("packed_pixels", x, a * x + b), ("packed_channels", x.T.copy(), (a * x + b).T),
    ):  # fmt: skip
        getattr(kernels(), loop)(array, a, b, y := np.zeros_like(array))
        np.testing.assert_allclose(y, want, rtol=1e-6)


def test_views_hold_equal_values():
    assert np.array_equal(view("NHWC", 4, 3, 5), view("NCHW", 4, 3, 5))
    assert view("NHWC", 4, 3, 5).strides == (4, 4 * 5 * 4, 4 * 4)


def test_the_penalty_begins_where_the_lines_of_a_pixel_no_longer_fit():
    """512 lines for x and y: 256 channels fit, 512 do not; a line holds 16 floats."""
    assert [expected("by_pixel", C) for C in (256, 512)] == [1, 16]
    assert [expected("by_channel", C) for C in (4, 16)] == [4, 16]
    whole = Cache(2**20, line=64)
    assert predicted("NHWC", C=64, H=1, W=pixels(64, 2**14), cache=whole) == 1  # all fits, only first fetches are left


def test_lines_are_fetched_once_where_all_fits():
    of = layout("NHWC", N=1, C=16, H=4, W=4)
    assert lines(of, "NCHW", Cache(2**16, line=64)) == 2 * of.words * 4 // 64


def test_a_race_gives_a_ratio(monkeypatch):
    assert slower("by_channel", 16, repeats=2) > 0
    monkeypatch.setattr("labcore.kernels.layout.race", lambda ways, repeats: Race({"NHWC": (1.0,), "NCHW": (4.0,)}))
    assert (slower("by_pixel", 16), slower("by_channel", 16)) == (
        4,
        1 / 4,
    )  # the layout that does not suit, over the other
