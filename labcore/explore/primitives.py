"""Explorers of lab 03: strips of a vector machine, a unit by table, Newton's iteration from any start."""

from __future__ import annotations

from labcore.explore import iterates, strips, tables
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.sfu.newton import STEPS
from labcore.sfu.tables import FUNCTIONS


def strips_explorer(**start: object) -> Explorer:
    """Lanes and instructions of a strip-mined program over its length.

    >>> strips_explorer(n=20).sentence.split("; ")[0]
    'relu of 20 elements, VLEN 256, 32 bits: 3 strips of 8 lanes, the last with 4'
    """
    return Explorer(
        question="At which lengths does a register twice as wide save nothing?",
        shows="Two plots over the number of elements: the share of lanes at work, a sawtooth, and below it the "
        "instructions of the vector machine, of one with registers twice as wide and of the scalar machine.",
        controls=[
            Choice("program", "Program", strips.CHOICES, "relu"),
            Whole("n", "Elements n", 1, strips.N_MAX, 20),
            Choice("vlen", "VLEN (bits)", strips.WIDTHS, "256"),
            Choice("sew", "Element (bits)", strips.ELEMENTS, "32"),
        ],
        build=strips.build,
        update=strips.update,
        describe=strips.describe,
        size=(6.4, 4.6),
        start=start,
    )


def sfu_explorer(**start: object) -> Explorer:
    """A function by table: its error over the argument, its size and its cycles.

    >>> sfu_explorer(bits=6, order="quadratic").sentence.split("; ")[0]
    'rsqrt in fp16, 64 entries, quadratic: table of 4,608 bit, 3 cycles'
    """
    return Explorer(
        question="Which is the smallest table that rounds every fp16 number as it should be?",
        shows="Error of a table unit before rounding, in ulp on a logarithmic axis, over the argument, with a dashed "
        "line at half an ulp.",
        controls=[
            Choice("function", "Function", tuple(FUNCTIONS), "rsqrt"),
            Choice("fmt", "Format", ("fp16", "bf16"), "fp16"),
            Choice("order", "Between entries", tables.ORDERS, "linear"),
            Whole("bits", "Table (address bits)", 1, 12, 5),
        ],
        build=tables.build,
        update=tables.update,
        describe=tables.describe,
        start=start,
    )


def newton_explorer(**start: object) -> Explorer:
    """Newton's iterates from a start that is a multiple of the wanted value.

    >>> newton_explorer(percent=250, function="reciprocal").sentence.split("; ")[0]
    'reciprocal from 2.5 times the wanted value: outside the basin'
    """
    return Explorer(
        question="How far from the wanted value may the first guess lie?",
        shows="Newton iterates over the wanted value, step by step, with the basin of starts that converge "
        "as a grey bar at step 0.",
        controls=[
            Choice("function", "Function", tuple(STEPS), "rsqrt"),
            Whole("percent", "Start (% of the wanted)", 5, 260, 60),
        ],
        build=iterates.build,
        update=iterates.update,
        describe=iterates.describe,
        start=start,
    )


EXPLORERS = (strips_explorer, sfu_explorer, newton_explorer)
