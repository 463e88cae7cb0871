"""What lab 23 rests on besides its claims: the case by hand, explorers, and the felt prediction of trainings."""

import itertools
import math
import re

import pytest

from labcore.codesign.compare import Score, true_front
from labcore.codesign.cycles import accelerator_cycles
from labcore.codesign.integer import random_network
from labcore.codesign.networks import Layer, Network
from labcore.codesign.predict import cycles
from labcore.codesign.problem import CAP, tabled, true_errors
from labcore.codesign.template import Template
from labcore.codesign.training import CHEAP, FULL
from labcore.explore import codesign_budget, codesign_pair
from labcore.explore.codesign import budget_explorer, pair_explorer
from labcore.plots import training_felt

# ---- by hand


def test_the_network_by_hand_takes_the_cycles_counted_on_paper():
    """os: K + m + n - 2 and two rows out a fold; ws: two rows in, then M + 2 + n - 2, for each 2 x 2 of weights."""
    tiny = random_network([Layer((1, 3, 3), (2, 2), 1, N=2), Layer((2, 2, 2), (2, 2), 1, N=3)], bits=4, seed=23)
    os = 2 * (4 + 2 + 2 - 2 + 2) + (8 + 1 + 2 - 2 + 2) + (8 + 1 + 1 - 2 + 2) + 3
    ws = 2 * (2 + 4 + 2 + 2 - 2) + 4 * ((2 + 1 + 2 + 2 - 2) + (2 + 1 + 2 + 1 - 2)) + 3
    assert accelerator_cycles(tiny, Template(2, 2, "os", 4, 4, 16)) == os == 40
    assert accelerator_cycles(tiny, Template(2, 2, "ws", 4, 4, 16)) == ws == 55


def test_rows_beyond_the_first_only_lengthen_the_way_out_of_one_row_of_sums():
    """16 units and 10 logits on four columns are 4 + 3 folds; a row more costs each of them a cycle."""
    units = Network(("fc",), 16, 4)
    taken = [cycles(units, Template(rows, 4, "os")) for rows in (1, 2, 4, 8, 16)]
    assert [b - a for a, b in itertools.pairwise(taken)] == [7, 14, 28, 56]


# ---- the pair explorer


def test_every_pair_of_the_front_is_said_to_lie_on_it_and_others_are_beaten():
    cap = f"{CAP:,.0f}"
    front = true_front(tabled(), true_errors())
    assert {(one.error, one.cycles) for one in front} == {
        (one.error, one.cycles) for one in codesign_pair.front_under(cap)
    }
    for one in front:
        assert codesign_pair.beaten(one.error, one.cycles, cap) == "it lies on the front under the cap"
        said = codesign_pair.beaten(one.error, one.cycles + 1, cap)
        assert "errs no more" in said
        assert (
            said.endswith(f"in {one.cycles:,.0f} cycles")
            or float(re.findall(r"in ([\d,]+) cycles", said)[0].replace(",", "")) <= one.cycles
        )
    assert codesign_pair.beaten(0.0, 1.0, cap) == "no pair under the cap is as good in both"


def test_a_front_under_a_wider_cap_is_nowhere_worse():
    narrow, middle, wide = (codesign_pair.front_under(cap) for cap in codesign_pair.CAPS)
    for small, large in ((narrow, middle), (middle, wide)):
        assert all(any(b.error <= a.error and b.cycles <= a.cycles for b in large) for a in small)


def test_a_pair_above_its_cap_is_a_cross_and_one_below_a_dot():
    explorer = pair_explorer(rows="2", cols="2", bits="2", cap=codesign_pair.CAPS[-1])
    shown = explorer.artists
    assert "cells fits the cap" in explorer.sentence
    assert math.isnan(shown.large.get_ydata()[0])
    explorer.set(rows="16", cols="16", bits="8", cap=codesign_pair.CAPS[0])
    assert "cells is above the cap" in explorer.sentence
    assert math.isnan(shown.fits.get_ydata()[0])
    assert shown.bar.get_width() <= 2.5 * CAP


def test_every_pair_stays_inside_the_axes():
    low, high = codesign_pair.CYCLES
    for stack, side, way in itertools.product(codesign_pair.STACKS, ("2", "16"), ("os", "ws")):
        for width in ("4", "32"):
            assert low < codesign_pair.pair(stack, width, "8", side, side, way)[1].cycles < high
    errors = true_errors().values()
    assert codesign_pair.ERRORS[0] < min(errors)
    assert max(errors) <= codesign_pair.ERRORS[1]


# ---- the budget explorer


def settings():
    return itertools.product(*codesign_budget.CHOICES.values())


def test_the_stored_runs_are_whole_and_their_shares_are_shares():
    for setting in settings():
        found = codesign_budget.scores(*setting)
        assert set(found) == set(codesign_budget.NAMES)
        assert all(len(score.shares) == 10 and all(0 <= x <= 1 for x in score.shares) for score in found.values())


def test_more_trainings_find_more_of_the_front():
    """On the mean over caps, samplers and seeds, for every strategy that hands over more than one network."""
    for name in codesign_budget.NAMES[1:]:
        means = {budget: [] for budget in codesign_budget.CHOICES["budget"]}
        for cap, budget, sampler in settings():
            means[budget].append(codesign_budget.scores(cap, budget, sampler)[name].mean)
        assert sum(means["6"]) < sum(means["48"])


def test_a_margin_is_said_with_its_winner_whichever_comes_first():
    a, b = Score("a", "", (0.9, 0.8, 0.7), ()), Score("b", "", (0.5, 0.5, 0.5), ())
    assert codesign_budget.between(a, b) == codesign_budget.between(b, a) == "a leads b by 0.300, 5.2 standard errors"
    near = Score("c", "", (0.51, 0.49, 0.51), ())
    assert "cannot be told apart" in codesign_budget.between(near, b)
    assert codesign_budget.between(a, a) == "a is compared with itself"


def test_dots_of_the_budget_explorer_are_the_seeds():
    explorer = budget_explorer()
    found = codesign_budget.scores(*(explorer.values[name] for name in ("cap", "budget", "sampler")))
    for dots, name in zip(explorer.artists.dots, codesign_budget.NAMES, strict=True):
        assert tuple(dots.get_xdata()) == found[name].shares


# ---- trainings, predicted


def test_a_recipe_has_its_steps_and_a_pass_its_macs():
    """CHEAP: 7 epochs of 400 images in batches of 32 are 7 x 13 steps of two layers; FULL is 28 epochs of 1,077."""
    net = Network(("fc",), 4)
    assert training_felt.work(net, CHEAP) == (7 * 13 * 2, 2800 * (64 * 4 + 4 * 10))
    assert training_felt.work(net, FULL)[1] == 28 * 1077 * net.macs


def test_what_two_trainings_took_predicts_a_third_of_the_same_law():
    T = {net: 2e-3 * steps + 1e-9 * macs for net in (training_felt.FEW, training_felt.MANY, Network(("conv2x2",), 8))
         for steps, macs in [training_felt.work(net, CHEAP)]}  # fmt: skip
    few, many, third = T
    table = training_felt.felt_data([(net, CHEAP, T[net]) for net in (few, many)], [(third, CHEAP, T[third])])
    assert table["predicted"] == [pytest.approx(table["T"][0])]
    assert repr(training_felt.felt([(net, CHEAP, T[net]) for net in (few, many)], [(third, CHEAP, 2 * T[third])])
                ).endswith("2.00 times that.")  # fmt: skip
    with pytest.raises(ValueError, match=r"^two coefficients take two trainings or more, got 1; time another network$"):
        training_felt.fitted([(few, CHEAP, 1.0)])
