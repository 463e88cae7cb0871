"""The roofline against Williams, Waterman and Patterson's definition, by hand and by its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue import A100, H100
from labcore.models.network import Layer
from labcore.ops import embedding_bag, layernorm, matmul
from labcore.roofline import (
    attainable,
    bound,
    intensity,
    least_time,
    place,
    required_bandwidth,
    ridge,
    utilization,
)  # fmt: skip

rate = st.floats(1e-3, 1e18)


def test_the_chapters_three_ridges_by_hand():
    assert ridge(125e12, 0.9e12) == pytest.approx(1250 / 9)
    assert ridge(312e12, 2.04e12) == pytest.approx(312 / 2.04)
    assert ridge(989e12, 3.35e12) == pytest.approx(98900 / 335)


@given(R=rate, BW=rate, I=rate)
def test_attainable_lies_under_both_roofs_and_on_one(R, BW, I):
    R_attain = attainable(R, BW, I)
    assert R_attain <= R
    assert R_attain <= BW * I
    assert R_attain in (R, BW * I)
    assert 0 < utilization(R, BW, I) <= 1


@given(R=st.floats(1e6, 1e16), BW=st.floats(1e3, 1e14))
def test_the_roofs_meet_at_the_ridge(R, BW):
    I = ridge(R, BW)
    assert attainable(R, BW, I) == pytest.approx(R)
    assert attainable(R, BW, I / 2) == pytest.approx(R / 2)
    assert attainable(R, BW, I * 2) == R
    assert (bound(I * 0.99, I), bound(I, I)) == ("memory", "compute")


@given(flop=st.integers(1, 10**15), D_vol=st.integers(1, 10**12))
def test_time_and_rate_are_two_views_of_one_law(flop, D_vol):
    T = least_time(flop, D_vol, 312e12, 2.039e12)
    assert flop / T == pytest.approx(attainable(312e12, 2.039e12, intensity(flop, D_vol)))


def test_arrays_broadcast():
    I = np.array([1.0, 10.0, 100.0])
    R_peak = np.array([[50.0], [500.0]])
    assert attainable(R_peak, 10.0, I).tolist() == [[10, 50, 50], [10, 100, 500]]


def test_lists_are_numbers_and_not_repeated():
    assert attainable(100, 10, [1, 2, 50]).tolist() == [10, 20, 100]


def test_required_bandwidth_is_what_makes_an_intensity_the_ridge():
    assert ridge(312e12, required_bandwidth(312e12, 31.0)) == pytest.approx(31)


def test_a_gather_without_flop_takes_the_time_of_its_bytes():
    op = embedding_bag(bags=1000, lookups=1, dim=64)
    assert op.flop == 0
    assert least_time(op.flop, op.D_vol, 1e12, 1e9) == op.D_vol / 1e9


def test_place_counts_repeats_in_time_only():
    once = place(Layer("dense", matmul(32, 2048, 2048)), A100, "fp16")
    thrice = place(Layer("dense", matmul(32, 2048, 2048), count=3), A100, "fp16")
    assert pytest.approx(3 * once.T) == thrice.T
    assert (thrice.I, thrice.R_attain, thrice.bound) == (once.I, once.R_attain, "memory")
    assert once.R_attain == pytest.approx(63.3e12, rel=1e-3)  # 2.039 TB/s at 31.03 FLOP/B


def test_the_same_kernel_changes_sides_between_chips():
    layer = Layer("product", matmul(600, 600, 600))
    assert pytest.approx(200) == layer.op.I  # 2 n^3 / 6 n^2
    assert place(layer, A100, "fp16").bound == "compute"
    assert place(layer, H100, "fp16").bound == "memory"


def test_layernorm_is_memory_bound_whatever_the_batch():
    for batch in (1, 32, 4096):
        assert place(Layer("norm", layernorm(batch * 512, 768)), A100, "fp16").bound == "memory"


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_bad_input_names_the_quantity(bad):
    with pytest.raises(ValueError, match=r"^BW must be a finite number above 0, got "):
        ridge(1.0, bad)
    with pytest.raises(ValueError, match=r"^I must be a finite number above 0, got "):
        attainable(1.0, 1.0, np.array([1.0, bad]))
    with pytest.raises(ValueError, match=r"^D_vol must be a finite number above 0, got "):
        intensity(1, bad)


def test_a_precision_the_chip_lacks_is_an_error():
    with pytest.raises(ValueError, match=r"^A100 has no fp8 peak; it has "):
        place(Layer("dense", matmul(1, 1, 1)), A100, "fp8")
