"""Explorers of specialization: the gap that grows, what "100x" rests on, and when a chip of one's own pays."""

from __future__ import annotations

from labcore.catalogue.energy import PROCESSES
from labcore.explore import gap, moving_energy, payback
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def growth_explorer(**start: object) -> Explorer:
    """Demand and supply that grow by a factor a year, and when the gap between them reaches a size.

    >>> growth_explorer(demand=6, supply=2, gap="1,000x").sentence.split(": ")[1]
    'the gap grows 3.00x a year, doubles every 7.57 months and reaches 1,000x after 6.29 years'
    """
    return Explorer(
        question="How fast does the gap grow, and when is it a thousandfold?",
        shows="Two straight lines on a log axis from one point, demand solid and supply dashed; a vertical between "
        "them where their ratio reaches the chosen size.",
        controls=[
            Real("demand", "Demand, x a year", 1.0, 12.0, 6.1, 0.1),
            Real("supply", "Supply, x a year", 1.0, 4.0, 2.0, 0.1),
            Choice("gap", "Gap", tuple(gap.GAPS), "1,000x"),
        ],
        build=gap.build,
        update=gap.update,
        describe=gap.describe,
        start=start,
    )


def hundredfold_explorer(**start: object) -> Explorer:
    """What moving some bits costs against one operation: which memory, which format, which process.

    >>> hundredfold_explorer(operation="multiply").sentence.split(", ")[-1]
    '176 times as much'
    """
    return Explorer(
        question="What does moving cost against computing, and which pair gives 100x?",
        shows="Two bars on a log axis, the energy of one operation and that of moving some bits; a dashed line stands "
        "at a hundred times the first.",
        controls=[
            Choice("process", "Process", PROCESSES, "45 nm"),
            Choice("operation", "Operation", moving_energy.OPERATIONS, "multiply-accumulate"),
            Choice("fmt", "Format", moving_energy.FORMATS, "fp32"),
            Choice("level", "Memory", moving_energy.levels, "DRAM", follows="process"),
            Whole("bits", "Bits moved", 1, 512, 32, log2=True),
        ],
        build=moving_energy.build,
        update=moving_energy.update,
        describe=moving_energy.describe,
        size=(6.4, 2.6),
        start=start,
    )


def payback_explorer(**start: object) -> Explorer:
    """When the one-time cost of a chip of one's own comes back, over the amount of work.

    >>> "pays from the work of" in payback_explorer(one_time=64).sentence
    True
    """
    return Explorer(
        question="From how much work on does an own chip pay?",
        shows="Two cost curves over the amount of work on log axes, bought machines dashed and own chips solid; a "
        "vertical where they cross, a marker on each at the chosen amount.",
        controls=[
            Whole("one_time", "One-time cost, million USD", 1, 1024, 100, log2=True),
            Real("gain", "Work of an own machine, x", 1.0, 30.0, 15.0, 0.5),
            Whole("price", "Price of an own machine, USD", 1000, 200_000, 10_000, step=1000),
            Whole("fleet", "Machines to replace", 1, payback.MOST, 32768, log2=True),
        ],
        build=payback.build,
        update=payback.update,
        describe=payback.describe,
        start=start,
    )


EXPLORERS = (growth_explorer, hundredfold_explorer, payback_explorer)
