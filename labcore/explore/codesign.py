"""Explorers of lab 23: a network and an accelerator among all pairs, and ways to spend trainings."""

from __future__ import annotations

from labcore.codesign.template import DATAFLOWS
from labcore.explore import codesign_budget, codesign_pair
from labcore.explore.controls import Choice
from labcore.explore.explorer import Explorer


def pair_explorer(**start: object) -> Explorer:
    """One network on one accelerator: cycles, area and energy, and its place beside the true front.

    >>> pair_explorer().sentence.split(",")[0]
    'conv2x2-w8-b4 on 4 x 4 os: 525 cycles'
    """
    return Explorer(
        question="(1) Under 20,000 cells, which pair has an error below 5 % in the fewest cycles? (2) Which network "
        "takes more cycles when the rows double? (3) What does doubling the columns save conv2x2 of width 8? (4) Which "
        "pair of 8 bits does not fit, and fits with 4?",
        shows="Error on the test images over cycles, both on log axes: a staircase of the best pairs under the cap, "
        "and one pair, a dot where it fits and a cross where it is too large. Below, its area beside the cap.",
        controls=[
            Choice("stack", "Bundles", codesign_pair.CHOICES["stack"], "conv2x2"),
            Choice("width", "Width", codesign_pair.CHOICES["width"], "8"),
            Choice("bits", "Bits of both", codesign_pair.CHOICES["bits"], "4"),
            Choice("rows", "Rows", codesign_pair.CHOICES["rows"], "4"),
            Choice("cols", "Columns", codesign_pair.CHOICES["cols"], "4"),
            Choice("dataflow", "Dataflow", DATAFLOWS, "os"),
            Choice("cap", "Cap, cells", codesign_pair.CAPS, codesign_pair.CAPS[1]),
        ],
        build=codesign_pair.build,
        update=codesign_pair.update,
        describe=codesign_pair.describe,
        start=start,
    )


def budget_explorer(**start: object) -> Explorer:
    """Five ways to spend trainings: the share of the true front each reaches, with its spread.

    >>> "standard errors" in budget_explorer().sentence
    True
    """
    return Explorer(
        question="(1) Under 20,000 cells, with how few trainings can nested joint search not be told from "
        "proxy-guided? (2) Under which cap does hardware-first find nothing? (3) Where is flat joint search not "
        "clearly ahead of deciding one half first?",
        shows="Left, five lines: the mean share of the true front over the trainings on a log axis. "
        "Right, a row for each way, with the shares of ten seeds at one number of trainings.",
        controls=[
            Choice("cap", "Cap, cells", codesign_budget.CHOICES["cap"], "20,000"),
            Choice("budget", "Trainings", codesign_budget.CHOICES["budget"], "24"),
            Choice("sampler", "Sampler", codesign_budget.CHOICES["sampler"], "tpe"),
            Choice("first", "Compare", codesign_budget.NAMES, "nested joint"),
            Choice("second", "with", codesign_budget.NAMES, "flat joint"),
        ],
        build=codesign_budget.build,
        update=codesign_budget.update,
        describe=codesign_budget.describe,
        start=start,
    )


EXPLORERS = (pair_explorer, budget_explorer)
