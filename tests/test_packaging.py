"""Yield, dies of a wafer, chiplets, spare cores: models against drawn defects, counts against a count of corners."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from labcore.catalogue import memory, multichip
from labcore.interconnect.packaging import (
    YIELDS,
    crossing_power,
    die_yield,
    dies_formula,
    dies_of_wafer,
    edge_bandwidth,
    package,
    spared_yield,
)

MM2 = 1e-6
D0 = multichip.DEFECTS["N5"].value
PRICE = multichip.WAFER_PRICE["N5"].value
H100 = memory.H100_DIE.value * MM2

# ---- yield


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 3.0])
def test_yield_models_are_means_of_poisson_over_a_varying_density(x):
    """Murphy: a triangle from 0 to 2 x. Negative binomial: a gamma of mean x and shape alpha; seeds is alpha = 1."""

    def mean(density):
        return integrate.quad(lambda t: math.exp(-t) * density(t), 0, 2 * x)[0]

    assert die_yield(x, 1.0, "murphy") == pytest.approx(mean(lambda t: (x - abs(t - x)) / x**2), rel=1e-9)
    for alpha in (1.0, 3.0):
        gamma = stats.gamma(alpha, scale=x / alpha)
        by_hand = integrate.quad(lambda t, gamma=gamma: math.exp(-t) * gamma.pdf(t), 0, math.inf)[0]
        assert die_yield(x, 1.0, clustering=alpha) == pytest.approx(by_hand, rel=1e-6)
    assert die_yield(x, 1.0, "seeds") == die_yield(x, 1.0, clustering=1.0)
    assert die_yield(x, 1.0, clustering=1e9) == pytest.approx(die_yield(x, 1.0, "poisson"), rel=1e-6)


def test_drawn_defects_leave_as_many_good_dies():
    """100,000 dies with gamma-distributed densities: the share without a defect, within 4 standard errors."""
    draw = np.random.default_rng(2)
    x, alpha, dies = 0.814, 3.0, 100_000
    good = (draw.poisson(draw.gamma(alpha, x / alpha, dies)) == 0).mean()
    truth = die_yield(H100, D0, clustering=alpha)
    assert abs(good - truth) < 4 * math.sqrt(truth * (1 - truth) / dies)


@given(st.floats(0.001, 20), st.floats(0.1, 100))
def test_clustered_defects_spoil_fewer_dies(x, alpha):
    yields = [die_yield(x, 1.0, model, alpha) for model in ("poisson", "negative binomial")]
    assert 0 < yields[0] <= yields[1] * (1 + 1e-12) < 1 + 1e-9


def test_two_dies_of_half_the_area_are_as_often_both_good_by_poisson():
    """Splitting gains because one bad half no longer spoils the other, not because more defects miss."""
    assert die_yield(H100 / 2, D0, "poisson") ** 2 == pytest.approx(die_yield(H100, D0, "poisson"))


# ---- dies of a wafer


def corners_within(width, height, radius, dx, dy):
    """A plain count: cells of a grid whose four corners all lie within the circle."""
    reach = range(-60, 61)
    edges = [((i * width + dx) ** 2, ((i + 1) * width + dx) ** 2) for i in reach]
    sides = [((j * height + dy) ** 2, ((j + 1) * height + dy) ** 2) for j in reach]
    return sum(max(a) + max(b) <= radius**2 * (1 + 1e-9) for a, b in itertools.product(edges, sides))


@pytest.mark.parametrize(("width", "height"), [(0.0285, 0.0285), (0.026, 0.033), (0.01, 0.02), (0.05, 0.012)])
def test_dies_are_those_whose_corners_lie_on_the_wafer(width, height):
    steps = [k / 32 for k in range(0, 17, 2)]
    by_corners = max(corners_within(width, height, 0.15, a * width, b * height) for a in steps for b in steps)
    found = dies_of_wafer(width, height, edge=0, scribe=0)
    assert by_corners <= found <= math.pi * 0.15**2 / (width * height)
    assert found <= by_corners * 1.05 + 1


def test_a_wafer_does_not_know_which_way_a_die_lies():
    assert dies_of_wafer(0.026, 0.033) == dies_of_wafer(0.033, 0.026)


def test_the_rule_of_thumb_is_near_the_count_for_small_dies():
    for side in (5e-3, 10e-3, 15e-3):
        count = dies_of_wafer(side, side, edge=0, scribe=0)
        assert count == pytest.approx(dies_formula(side**2), rel=0.04)


def test_edge_and_scribe_lines_cost_dies():
    assert dies_of_wafer(0.01, 0.01) < dies_of_wafer(0.01, 0.01, scribe=0) < dies_of_wafer(0.01, 0.01, edge=0, scribe=0)


# ---- chiplets


def test_a_package_by_hand():
    """Four dies with 10 % for links: 4 wafers' prices over good dies, over four bonds that all must hold."""
    four = package(800 * MM2, 4, D0, PRICE, link_area=0.1, bond_yield=0.99, assembly=50.0)
    side = math.sqrt(220 * MM2)
    silicon = 4 * PRICE / (dies_of_wafer(side, side) * die_yield(220 * MM2, D0))
    assert four.area == pytest.approx(220 * MM2)
    assert four.silicon == pytest.approx(silicon)
    assert four.cost == pytest.approx((silicon + 50) / 0.99**4)


def test_several_dies_pay_where_a_large_one_is_often_bad():
    """At 800 mm2 four dies are the cheaper silicon, also with links; at 50 mm2 links and assembly are not earned."""
    overhead = {"link_area": 0.1, "bond_yield": 0.99, "assembly": 20.0}
    large, small = ([package(area * MM2, dies, D0, PRICE, **overhead).cost for dies in (1, 4)] for area in (800, 50))
    assert large[1] < 0.8 * large[0]
    assert small[1] > small[0]


def test_the_cleaner_the_process_the_less_it_pays_to_split():
    gains = [package(H100, 1, d, PRICE).silicon / package(H100, 4, d, PRICE, link_area=0.1).silicon for d in (10, D0)]
    assert gains[0] < 1.15 < gains[1]


def test_an_untested_half_would_spoil_the_other():
    """Dies are tested before bonding; without that, dies would yield together as one die of their area does."""
    two = package(H100, 2, D0, PRICE, model="poisson")
    assert two.die_yield**2 == pytest.approx(package(H100, 1, D0, PRICE, model="poisson").die_yield)
    assert two.silicon < 2 * PRICE / (two.dies_of_wafer * two.die_yield**2)


def test_a_link_between_dies():
    """Lanes of 32 GT/s: 0.6 pJ a bit is 4.8 pJ a byte; 1 TB/s of it is 4.8 W."""
    E_byte = multichip.EDGE_ENERGY["organic substrate"].value
    assert E_byte == pytest.approx(4.8e-12)
    assert crossing_power(1e12, E_byte) == pytest.approx(4.8)
    assert edge_bandwidth(1e-3, multichip.EDGE_BW["silicon bridge"].value) == pytest.approx(1.3e12)


# ---- spare cores


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(0, 40), st.floats(1e-4, 3.0))
def test_spare_cores_are_a_binomial_tail(cores, spare, x):
    needed = max(1, cores - spare)
    bad = -math.expm1(-x)
    assert spared_yield(cores, needed, x, 1.0) == pytest.approx(stats.binom.cdf(cores - needed, cores, bad), abs=1e-9)


def test_a_wafer_without_spare_cores_is_never_good_and_with_them_always():
    """Some 46 of a wafer's 970,000 cores have a defect: e^-48 of no spare, and 70,000 spare are far more than that."""
    made, sold = (int(multichip.WSE3_CORES[which].value) for which in ("made", "sold"))
    core = multichip.WSE3_CORE.value
    assert 40 < made * core * D0 < 50
    assert spared_yield(made, made, core, D0) < 1e-20
    assert spared_yield(made, sold, core, D0) == pytest.approx(1.0)
    assert spared_yield(made, made - 100, core, D0) > 0.999999


def test_a_gpu_that_may_lose_twelve_of_its_144_cores_is_almost_always_good():
    """e^-0.81 of all dies have 144 good cores; with 12 spare it is all but one in a million."""
    made = int(multichip.H100_SMS_MADE.value)
    assert spared_yield(made, made, H100 / made, D0) == pytest.approx(math.exp(-0.814), abs=1e-6)
    assert spared_yield(made, 132, H100 / made, D0) > 0.999999


def test_the_wafer_s_square_has_corners_that_no_wafer_has():
    """46,225 mm2 are 215 mm squared, whose diagonal is 304 mm on a wafer of 300 mm."""
    side = math.sqrt(multichip.WSE_AREA.value)
    assert side == pytest.approx(0.215)
    assert side * math.sqrt(2) > multichip.WAFER.value


def test_facts_are_in_base_units():
    """Defects of 0.05 to 0.5 a cm2, wafers of thousands of dollars, energy of a bit below a picojoule."""
    assert all(500 <= fact.value <= 5000 for fact in multichip.DEFECTS.values())
    assert all(5000 <= fact.value <= 20_000 for fact in multichip.WAFER_PRICE.values())
    assert all(0.1e-12 < fact.value / 8 < 1e-12 for fact in multichip.EDGE_ENERGY.values())
    assert multichip.LLAMA3_TIME.value == 54 * 24 * 3600


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: die_yield(1e-4, 1e3, "bose"), f"one of {', '.join(YIELDS)}; got 'bose'"),
        (lambda: die_yield(0.0, 1e3), "area must be a finite number above 0, got 0.0"),
        (lambda: dies_of_wafer(0.4, 0.4), "does not fit a wafer of 0.3 m; make it smaller"),
        (lambda: package(H100, 0, D0, PRICE), "dies must be a whole number of at least 1, got 0"),
        (
            lambda: package(H100, 2, D0, PRICE, bond_yield=1.5),
            "bond_yield is at most 1 and link_area 0 or more; got 1.5",
        ),
        (lambda: spared_yield(4, 5, 1e-6, 1e3), "5 cores cannot be needed of 4; make more or sell fewer"),
        (lambda: spared_yield(4, 0, 1e-6, 1e3), "needed must be a whole number of at least 1, got 0"),
    ],
)
def test_errors_say_the_way_out(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()
