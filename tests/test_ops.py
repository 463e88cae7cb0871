"""Operations: FLOP and bytes counted by hand, by brute force, and by laws that any count obeys."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.ops import conv2d, elementwise, embedding_bag, layernorm, matmul, pool2d, softmax
from labcore.windows import output_size

size = st.integers(1, 6)


def test_matmul_by_hand():
    op = matmul(2, 3, 4, bytes_per_element=2)
    assert op.macs == 2 * 3 * 4
    assert op.flop == 2 * 24
    assert (op.reads, op.writes) == ({"A": 6 * 2, "B": 12 * 2}, {"C": 8 * 2})
    assert pytest.approx(48 / 52) == op.I


@given(M=size, K=size, N=size, batch=size)
def test_a_batched_matmul_is_that_many_matmuls(M, K, N, batch):
    one, many = matmul(M, K, N), matmul(M, K, N, batch=batch)
    assert (many.flop, many.D_vol, many.I) == (batch * one.flop, batch * one.D_vol, one.I)


@given(M=size, K=size, N=size, b=st.sampled_from([0.5, 1, 2, 4, 8]))
def test_intensity_falls_as_elements_grow(M, K, N, b):
    assert pytest.approx(matmul(M, K, N, 1).I / b) == matmul(M, K, N, b).I


def windows(H, W, R, S, stride, padding, dilation):
    """Every window position by brute force: those whose last tap still lies inside the padded input."""
    rows = [y for y in range(0, H + 2 * padding, stride) if y + dilation * (R - 1) < H + 2 * padding]
    cols = [x for x in range(0, W + 2 * padding, stride) if x + dilation * (S - 1) < W + 2 * padding]
    return len(rows), len(cols)


@pytest.mark.parametrize(
    ("H", "R", "stride", "padding", "dilation"), list(itertools.product((5, 8), (1, 3), (1, 2, 3), (0, 1), (1, 2)))
)
def test_conv2d_against_brute_force(H, R, stride, padding, dilation):
    W = H + 1
    op = conv2d(2, 4, H, W, 6, R, R, stride, padding, groups=2, dilation=dilation)
    P, Q = windows(H, W, R, R, stride, padding, dilation)
    assert (op.shape["P"], op.shape["Q"]) == (P, Q)
    assert op.macs == sum(4 // 2 * R * R for _ in range(2 * 6 * P * Q))
    assert op.reads == {"x": 2 * 4 * H * W * 2, "w": 6 * 2 * R * R * 2}


@given(N=size, M=size, K=size)
def test_a_one_by_one_convolution_is_a_matmul(N, M, K):
    """With one position an image: rows are images, columns filters."""
    conv, gemm = conv2d(N, K, 1, 1, M, 1, 1), matmul(N, K, M)
    assert (conv.flop, conv.macs, conv.D_vol) == (gemm.flop, gemm.macs, gemm.D_vol)


def test_a_depthwise_convolution_divides_the_work_by_the_channels():
    dense = conv2d(1, 32, 8, 8, 32, 3, 3, padding=1)
    depthwise = conv2d(1, 32, 8, 8, 32, 3, 3, padding=1, groups=32)
    assert dense.macs == 32 * depthwise.macs
    assert depthwise.writes == dense.writes


def test_operations_without_macs():
    assert elementwise(10, inputs=2).D_vol == (2 + 1) * 10 * 2
    assert softmax(4, 8).flop == 3 * 4 * 8
    assert softmax(4, 8).I == 3 / 4  # three FLOP for two bytes in and two out
    assert layernorm(4, 8).D_vol == 2 * 4 * 8 * 2 + 2 * 8 * 2
    assert pool2d(1, 2, 4, 4, 2, 2, stride=2).flop == 2 * (2 * 2) * (2 * 2)
    bag = embedding_bag(bags=3, lookups=5, dim=7, bytes_per_element=4, index_bytes=8)
    assert (bag.flop, bag.macs) == (3 * 4 * 7, 0)  # five rows need four additions
    assert bag.D_vol == 3 * 5 * 7 * 4 + 3 * 5 * 8 + 3 * 7 * 4


def test_counts_are_exact_ints():
    op = conv2d(64, 2048, 112, 112, 2048, 7, 7, padding=3)
    assert isinstance(op.flop, int)
    assert op.flop == 2 * 64 * 2048 * 112 * 112 * 2048 * 49  # above 2**53, where a float would round


@pytest.mark.parametrize("bad", [0, -3, 2.0, None])
def test_sizes_that_are_not_positive_ints_are_refused(bad):
    for call in (
        lambda: matmul(bad, 2, 2),
        lambda: conv2d(1, 1, bad, 4, 1, 1, 1),
        lambda: softmax(bad, 1),
        lambda: layernorm(1, bad),
        lambda: elementwise(bad),
    ):
        with pytest.raises(ValueError, match=r" must be a whole number of at least 1, got "):
            call()


def test_errors_name_the_way_out():
    with pytest.raises(ValueError, match=r"^a window of 5 does not fit 4 elements with 0 of padding; pad 1 or more$"):
        output_size(4, kernel=3, dilation=2)
    with pytest.raises(ValueError, match=r"^groups must divide C=6 and K=4, got 3"):
        conv2d(1, 6, 4, 4, 4, 1, 1, groups=3)
    with pytest.raises(ValueError, match=r"^padding must be 0 or more, got -1$"):
        conv2d(1, 1, 4, 4, 1, 1, 1, padding=-1)
    with pytest.raises(ValueError, match=r"^padding must be 0 or more, got np.int64\(1\); write int\(padding\)$"):
        conv2d(1, 1, 4, 4, 1, 1, 1, padding=np.int64(1))
    with pytest.raises(ValueError, match=r"^bytes_per_element must be a finite number above 0, got nan$"):
        matmul(1, 1, 1, bytes_per_element=float("nan"))
