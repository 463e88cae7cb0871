"""The iron law against the roofline, Amdahl against its limits and its inverse, and against Gustafson."""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labcore.catalogue import A100, H100, V100
from labcore.ironlaw import (
    Terms,
    ceiling,
    fraction_after,
    iron_law,
    knee,
    needed_fraction,
    needed_gain,
    network_terms,
    scaled_speedup,
    speedup,
    speedup_of_parts,
    terms,
)
from labcore.models.zoo import build
from labcore.roofline import least_time

work = st.floats(1e3, 1e15)
times = st.floats(1e-9, 1e3)
fractions = st.floats(0, 1)
inner = st.floats(0.01, 0.999)


@given(flop=work, D_vol=work)
def test_overlap_saves_at_most_half(flop, D_vol):
    roof, iron = least_time(flop, D_vol, 312e12, 2e12), iron_law(flop, D_vol, 312e12, 2e12)
    assert roof <= iron * (1 + 1e-12)
    assert iron <= 2 * roof * (1 + 1e-12)
    assert terms(flop, D_vol, 312e12, 2e12).T_overlapped == roof


def test_each_term_by_hand():
    assert iron_law(flop=100, D_vol=0, R_peak=100.0, BW=1.0, eta=0.5) == 2.0
    assert iron_law(flop=0, D_vol=30, R_peak=1.0, BW=10.0) == 3.0
    assert iron_law(flop=0, D_vol=0, R_peak=1.0, BW=1.0, L_lat=5e-6) == 5e-6


def test_terms_by_hand():
    job = terms(flop=800, D_vol=30, R_peak=100.0, BW=10.0, eta=0.5, L_lat=1.0)
    assert job == Terms(data=3.0, compute=16.0, latency=1.0)
    assert (job.T, job.T_overlapped, job.binds) == (20.0, 17.0, "compute")
    assert job.share("compute") == 0.8
    assert job.gain("compute", 4) == 20 / 8  # 16 s become 4 s
    assert job.faster("data", 3) == Terms(1.0, 16.0, 1.0)


@given(data=times, compute=times, latency=times)
def test_real_pipelines_have_room_between_both_times(data, compute, latency):
    job = Terms(data, compute, latency)
    assert job.T_overlapped <= job.T <= 2 * job.T_overlapped * (1 + 1e-12)
    assert sum(job.share(term) for term in ("data", "compute", "latency")) == pytest.approx(1)


@given(data=times, compute=times, latency=times, factor=st.floats(1.5, 1e6))
def test_improving_the_longest_term_gains_most_and_as_amdahl_says(data, compute, latency, factor):
    job = Terms(data, compute, latency)
    gains = {term: job.gain(term, factor) for term in ("data", "compute", "latency")}
    assert gains[job.binds] >= max(gains.values()) * (1 - 1e-12)
    assert gains == pytest.approx({term: speedup(min(job.share(term), 1), factor) for term in gains}, rel=1e-9)


def test_a_network_launches_every_operation():
    """ResNet-50: 53 convolutions, 49 ReLUs, 16 additions, 2 pools, a dense layer; 8.2 GFLOP over 312 TFLOP/s."""
    network = build("resnet50")
    job = network_terms(network, A100, "fp16", L_launch=1.0)
    assert job.latency == 53 + 49 + 16 + 2 + 1
    assert job.compute == network.flop / 312e12
    assert job.data == network.D_vol / 2.039e12
    assert network_terms(network, A100, "fp16", eta=0.5).compute == 2 * job.compute


def test_no_network_gains_more_than_the_better_of_peak_and_bandwidth():
    for name, options in (("resnet50", {}), ("gpt2-xl", {"phase": "decode"}), ("llama3-8b", {"phase": "prefill"})):
        network = build(name, **options)
        gain = network_terms(network, V100, "fp16").T / network_terms(network, H100, "fp16").T
        assert H100.BW / V100.BW <= gain <= H100.peak("fp16") / V100.peak("fp16")


@given(p=fractions, G=st.floats(1, 1e9))
def test_speedup_stays_between_one_and_both_limits(p, G):
    S = speedup(p, G)
    assert 1 - 1e-12 <= S <= G * (1 + 1e-12)
    assert ceiling(p) * (1 + 1e-9) >= S  # the serial part alone


def test_speedup_at_the_ends():
    assert speedup(0, 1000) == 1
    assert speedup(1, 1000) == pytest.approx(1000)
    assert speedup(0.95, 1e12) == pytest.approx(20)  # 1 / 0.05
    assert ceiling(0) == 1
    assert ceiling(1) == knee(1) == math.inf


@given(p=inner)
def test_the_knee_is_half_way_and_the_turning_point(p):
    """There both parts take the same time, so that halving either saves the same."""
    G = knee(p)
    assert speedup(p, G) == pytest.approx(ceiling(p) / 2)
    assert speedup(p, 2 * G) == pytest.approx(speedup_of_parts([1 - p, p], [2, G]))
    assert speedup(p, 2.2 * G) < speedup_of_parts([1 - p, p], [2, 1.1 * G])
    assert speedup(p, 1.8 * G) > speedup_of_parts([1 - p, p], [2, 0.9 * G])


@given(p=inner, G=st.floats(1.5, 1e4))
def test_both_inverses_undo_the_law(p, G):
    S = speedup(p, G)
    assume(S > 1 + 1e-6 and ceiling(p) / S > 1 + 1e-6)  # where rounding does not decide
    assert needed_gain(S, p) == pytest.approx(G, rel=1e-4)
    assert needed_fraction(S, G) == pytest.approx(p, rel=1e-6)


@given(p=fractions, G=st.floats(1, 1e6))
def test_amdahl_and_gustafson_say_the_same_of_one_run(p, G):
    """They differ in the machine on which the fraction is taken."""
    assert scaled_speedup(min(fraction_after(p, G), 1), G) == pytest.approx(speedup(p, G), rel=1e-6)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 300)), min_size=1, max_size=6))
def test_parts_add_their_times(parts):
    before = sum(T for T, _ in parts)
    after = sum(T / gain for T, gain in parts)
    assert speedup_of_parts([T / before for T, _ in parts], [gain for _, gain in parts]) == pytest.approx(
        before / after
    )


def test_two_parts_are_amdahls_law():
    assert speedup_of_parts([0.05, 0.95], [1, 247]) == pytest.approx(speedup(0.95, 247))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: iron_law(1, 1, 1, 1, eta=1.2), "eta is the share of the peak that is reached, at most 1; got 1.2"),
        (lambda: speedup(95, 2), "p is a fraction of the time, from 0 to 1; got 95"),
        (lambda: speedup(0.5, 0), "G_accel must be a finite number above 0, got 0"),
        (lambda: ceiling(1.1), "p is a fraction of the time, from 0 to 1; got 1.1"),
        (lambda: knee(-0.1), "p is a fraction of the time, from 0 to 1; got -0.1"),
        (lambda: scaled_speedup(7, 2), "p is a fraction of the time, from 0 to 1; got 7"),
        (
            lambda: needed_gain(4, 0.75),
            "p = 0.75 allows less than 4x, whatever the accelerator; 4x needs a larger p",
        ),
        (lambda: needed_fraction(5, 4), "an accelerator of 4x makes a whole 1 to 4 times as fast; got S = 5"),
        (lambda: needed_fraction(1, 1), "an accelerator of 1x makes a whole 1 to 1 times as fast; got S = 1"),
        (
            lambda: speedup_of_parts([0.5, 0.4], [1, 2]),
            "shares of one time add up to 1, each with its gain; got [0.5, 0.4] and [1, 2]",
        ),
        (
            lambda: speedup_of_parts([1.0], [1, 2]),
            "shares of one time add up to 1, each with its gain; got [1.0] and [1, 2]",
        ),
        (
            lambda: Terms(1.0, 1.0, 1.0).share("network"),
            "the iron law has the terms data, compute, latency; got 'network'",
        ),
        (lambda: Terms(1.0, 1.0, 1.0).gain("data", 0), "factor must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_is_wanted(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call()
