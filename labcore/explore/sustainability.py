"""Explorers of lab 19: what useful work costs on which chip, and when a new chip has repaid its making."""

from __future__ import annotations

from labcore.explore import procurement, replacing
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def procurement_explorer(**start: object) -> Explorer:
    """Five chips for the same useful work: machine and energy, by intensity, use, years and prices.

    >>> procurement_explorer().sentence.split("price: ")[1].split(",")[0]
    'Gaudi 2 1.19 USD'
    """
    return Explorer(
        question="From which intensity on is the H100 cheaper than the A100, and than all others, at each end of its "
        "price? What does the use change? Which price of electricity makes energy 40 % of the cheapest?",
        shows="A row for each chip of Table 8 at 16 bits: what an EFLOP of useful work costs, its share of the machine "
        "and of the energy, as a percentage of the dearest.",
        controls=[
            Whole("intensity", "FLOP/B", 1, 1024, 64, log2=True),
            Whole("use", "Busy, %", 5, 100, 60, step=5),
            Whole("years", "Years", 1, 8, 4),
            Whole("cents", "Cents a kWh", 2, 60, 8),
            Choice("end", "Prices", procurement.ENDS, "lower end"),
        ],
        build=procurement.build,
        update=procurement.update,
        describe=procurement.describe,
        start=start,
    )


def replacing_explorer(**start: object) -> Explorer:
    """Old machines or a new chip for the same work: carbon over the years, and when the making is repaid.

    >>> replacing_explorer().sentence.split("; ")[-1]
    'the making is repaid after 63 days'
    """
    return Explorer(
        question="In Norway: whose work repays the making of an A100 within a month, and whose takes years? Below "
        "which use does it never? How long does an H100 take for the work of A100s, there and in India? What does a "
        "PUE change?",
        shows="Two lines of CO2 over eight years: keeping old machines starts at nothing, a new chip starts at what "
        "its making emitted. A dashed vertical marks the end of its life. The making of the A100 counts its share of "
        "a server, that of the H100 only its board.",
        controls=[
            Choice("old", "Old", tuple(replacing.OLD), "V100, fp16"),
            Choice("new", "New", replacing.NEW, "A100"),
            Choice("grid", "Grid", replacing.GRIDS, "world"),
            Real("pue", "PUE", 1.0, 2.0, 1.56, step=0.02),
            Whole("use", "New busy, %", 5, 100, 60, step=5),
            Whole("old_use", "Old busy, %", 5, 100, 60, step=5),
            Whole("years", "Life, years", 1, 8, 4),
        ],
        build=replacing.build,
        update=replacing.update,
        describe=replacing.describe,
        start=start,
    )


EXPLORERS = (procurement_explorer, replacing_explorer)
