"""Convolution by loops, by a strided view and as one product agree with each other and with onnx's evaluator."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.im2col import amplification, conv2d, conv2d_loops, conv2d_view, im2col, patches

RNG = np.random.default_rng(5)
small = st.integers(1, 3)
pad = st.integers(0, 2)


@st.composite
def convolutions(draw):
    """Operands of whole numbers, so that every order of summation gives the same, and options that fit them."""
    groups, N, C_group, K_group, R, S = (draw(small) for _ in range(6))
    dilation, stride = draw(st.tuples(small, small)), draw(st.tuples(small, small))
    padding = draw(st.tuples(st.tuples(pad, pad), st.tuples(pad, pad)))
    H, W = (d * (k - 1) + 1 + draw(st.integers(0, 3)) for d, k in zip(dilation, (R, S), strict=True))
    values = np.random.default_rng(draw(st.integers(0, 99)))
    x = values.integers(-9, 10, (N, groups * C_group, H, W))
    w = values.integers(-9, 10, (groups * K_group, C_group, R, S))
    return x, w, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


@settings(deadline=None, max_examples=60)
@given(convolutions(), st.sampled_from(["int8", "int64", "float32", "float64"]))
def test_three_versions_are_one_function(case, dtype):
    x, w, options = case
    x, w = x.astype(dtype), w.astype(dtype)
    want = conv2d_loops(x, w, **options)
    for version in (conv2d, conv2d_view):
        got = version(x, w, **options)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


def test_by_hand():
    """1*10 + 2*20 + 4*30 + 5*40 = 370, and the filter moves one to the right."""
    x, w = np.array([[[[1, 2, 3], [4, 5, 6]]]]), np.array([[[[10, 20], [30, 40]]]])
    assert conv2d(x, w).tolist() == [[[[370, 10 * 2 + 20 * 3 + 30 * 5 + 40 * 6]]]]


OPTIONS = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)},
    {"padding": ((2, 0), (1, 3)), "dilation": 2},
    {"padding": 1, "groups": 2},
    {"padding": ((0, 1), (1, 0)), "groups": 4, "stride": 2, "dilation": (2, 1)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_onnx_evaluator_agrees(options):
    onnx_conv = onnx_of(options)
    x = RNG.standard_normal((2, 4, 9, 11)).astype(np.float32)
    w = RNG.standard_normal((8, 4 // options.get("groups", 1), 3, 3)).astype(np.float32)
    np.testing.assert_allclose(conv2d(x, w, **options), onnx_conv(x, w), rtol=1e-4, atol=1e-5)


def onnx_of(options):
    """The same convolution as onnx's reference evaluator does it, with its own words for the options."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    padding = options.get("padding", 0)
    (top, bottom), (left, right) = {int: lambda: ((padding,) * 2,) * 2}.get(type(padding), lambda: [
        (one, one) if isinstance(one, int) else one for one in padding])()  # fmt: skip

    def pair(value):
        return [value, value] if isinstance(value, int) else list(value)

    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], pads=[top, left, bottom, right], strides=pair(options.get("stride", 1)),
        dilations=pair(options.get("dilation", 1)), group=options.get("groups", 1),
    )  # fmt: skip
    names = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in "xwy"]
    run = ReferenceEvaluator(helper.make_model(helper.make_graph([node], "conv", names[:2], names[2:])))
    return lambda x, w: run.run(None, {"x": x, "w": w})[0]


def test_the_rows_of_im2col_times_the_filters_are_the_convolution():
    x, w = RNG.integers(-5, 6, (2, 3, 6, 7)), RNG.integers(-5, 6, (4, 3, 3, 2))
    rows = im2col(x, 3, 2, stride=2, padding=1)
    P, Q = (6 + 2 - 3) // 2 + 1, (7 + 2 - 2) // 2 + 1
    assert rows.shape == (2 * P * Q, 3 * 3 * 2)
    y = (rows @ w.reshape(4, -1).T).reshape(2, P, Q, 4).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(y, conv2d(x, w, stride=2, padding=1))


def test_the_view_costs_nothing_and_its_copy_nine_times_the_image():
    """Footnote 17: a 3 x 3 filter at stride 1 puts every pixel into nine patches; measured in bytes."""
    x = np.zeros((1, 64, 56, 56), np.float32)
    assert np.shares_memory(patches(x, 3, 3), x)
    rows = im2col(x, 3, 3, padding=1)
    assert rows.nbytes / x.nbytes == amplification(56, 56, 3, 3, padding=1) == 9


@given(st.integers(4, 20), st.integers(4, 20), small, small, small, pad)
def test_amplification_is_what_the_copy_takes(H, W, R, S, stride, padding):
    x = np.zeros((2, 3, H, W), np.int8)
    rows = im2col(x, R, S, stride, padding)
    assert rows.nbytes / x.nbytes == pytest.approx(amplification(H, W, R, S, stride, padding))


@pytest.mark.parametrize(
    ("x_type", "w_type", "wide"),
    [
        ("int8", "int8", "int32"), ("uint8", "int8", "int32"), ("int16", "int16", "int32"), ("int8", "int32", "int64"),
        ("float16", "float16", "float32"), (ml_dtypes.bfloat16, ml_dtypes.bfloat16, "float32"),
        ("float32", "float32", "float32"), ("int8", "float32", "float32"), ("float64", "float32", "float64"),
    ],
)  # fmt: skip
def test_narrow_numbers_are_summed_in_wide_ones(x_type, w_type, wide):
    x, w = np.ones((1, 4, 3, 3)).astype(x_type), np.ones((2, 4, 3, 3)).astype(w_type)
    for version in (conv2d, conv2d_view, conv2d_loops):
        y = version(x, w)
        assert y.dtype == wide
        assert y.ravel().tolist() == [36, 36]  # 4 * 3 * 3 ones


def test_int8_does_not_wrap():
    """Nine products of -128 and -128 are 147,456, far beyond an int8 and an int16."""
    x = np.full((1, 1, 3, 3), -128, np.int8)
    assert conv2d(x, x).item() == 9 * 128 * 128


def test_int32_is_left_where_it_might_not_hold():
    """2^17 products of 2^14 are 2^31, one more than the largest int32."""
    x = np.full((1, 2**17, 1, 1), -128, np.int8)
    assert conv2d(x, x).dtype == np.int64
    assert conv2d(x, x).item() == 2**31


def test_whole_numbers_beyond_float64_stay_exact():
    x, w = np.full((1, 1, 1, 2), 2**31 + 1), np.full((1, 1, 1, 2), 2**29 + 1)
    assert conv2d(x, w).item() == 2 * (2**31 + 1) * (2**29 + 1)


@pytest.mark.parametrize(
    ("x", "w", "options", "words"),
    [
        ((1, 4, 5, 5), (2, 3, 3, 3), {}, "filters see 3 channels in 1 group.* images have 4; w needs 4"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "groups must divide C=4 and K=3, got 2"),
        ((4, 5, 5), (2, 4, 3, 3), {}, r"images are \(N, C, H, W\)"),
        ((1, 1, 2, 2), (1, 1, 3, 3), {}, "a window of 3 does not fit 2 elements .* pad 1 or more"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"stride": 0}, "stride must be a whole number of at least 1"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": -1}, "padding must be 0 or more"),
        ((0, 1, 5, 5), (1, 1, 3, 3), {}, "N must be a whole number of at least 1, got 0"),
        ((1, 1, 5, 5), (1, 1, 3, 3), {"groups": 1.0}, "groups must be a whole number"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_what_would(x, w, options, words):
    for version in (conv2d, conv2d_view, conv2d_loops):
        with pytest.raises(ValueError, match=words):
            version(np.zeros(x), np.zeros(w), **options)


def test_lists_are_images_too():
    x, w = [[[[1, 2], [3, 4]]]], [[[[1, 1]]]]
    for version in (conv2d, conv2d_view, conv2d_loops):
        assert version(x, w).tolist() == [[[[3], [7]]]]
    assert im2col(x, 1, 2).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("window", [1, 3])
def test_im2col_copies_even_where_the_patches_lie_in_order(window):
    x = np.ones((1, 1, 3, 3))
    rows = im2col(x, window, window)
    assert not np.shares_memory(rows, x)
    rows[:] = 0  # and the copy may be written
    assert x.all()


def test_types_that_have_no_sums():
    x = np.ones((1, 1, 2, 2), bool)
    with pytest.raises(ValueError, match="numbers of a fixed width, got bool"):
        conv2d(x, x)
    huge = np.full((1, 1, 2, 2), 2**40)
    with pytest.raises(ValueError, match="do not fit int64; scale the operands or cast them to float64"):
        conv2d(huge, huge)
    with pytest.raises(ValueError, match=r"images are \(N, C, H, W\), got shape \(3, 3\)"):
        im2col(np.ones((3, 3)), 2, 2)
