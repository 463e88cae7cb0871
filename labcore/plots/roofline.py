"""Rooflines: any chips, with any operations placed on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from labcore.catalogue.facts import Accelerator
from labcore.models.network import Network
from labcore.models.zoo import build
from labcore.ops import Operation, conv2d, layernorm, matmul, softmax
from labcore.plots.labels import BELOW_FIRST, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import (
    as_chip,
    chip_sources,
    draw_chip,
    draw_points,
    height,
    label_chips,
    roof_rows,
    roofline_axes,
    span,
)
from labcore.plots.words import as_table, columns, rate_unit, rows, three
from labcore.precision import bytes_per_element
from labcore.units import format_si

Work = Operation | Network  # anything with flop, D_vol and I
UNITS = {"chip": "", "precision": "", "series": "", "name": "", "I": "FLOP/B", "R_attain": "FLOP/s"}


def chapter_operations(precision: str = "fp16") -> dict[str, Operation]:
    """The operations that the chapter places by hand (Napkin Math 1.4 to 1.7), lowest intensity first.

    >>> [round(op.I, 1) for op in chapter_operations().values()]
    [0.8, 1.5, 31.0, 556.4, 762.2]
    """
    b = bytes_per_element(precision)
    return {
        "softmax": softmax(32 * 12 * 512, 512, bytes_per_element=b),
        "LayerNorm": layernorm(32 * 512, 768, bytes_per_element=b),
        "dense b=32": matmul(32, 2048, 2048, bytes_per_element=b),
        "QKV projection": matmul(32 * 512, 768, 3 * 768, bytes_per_element=b),
        "conv 3x3": conv2d(32, 128, 56, 56, 256, 3, 3, padding=1, bytes_per_element=b),
    }


def roofline_data(
    chips: Sequence[str | Accelerator] = ("A100", "H100"),
    ops: Mapping[str, Work] | None = None,
    precision: str = "fp16",
) -> Table:
    """The corners of each chip's roof, and each operation where it lands on it; by default the chapter's five."""
    ops = chapter_operations(precision) if ops is None else ops
    for name, op in ops.items():
        if not op.flop:
            raise ValueError(f"{name} does no FLOP and has no place on a roofline; leave it out")
    machines = [as_chip(one) for one in chips]
    I_low, I_high = span([op.I for op in ops.values()], [one.ridge(precision) for one in machines])
    drawn = []
    for one in machines:
        drawn += [(one.name, precision, "roof", *corner) for corner in roof_rows(one, precision, I_low, I_high)]
        landed = [(name, op.I, height(one, precision, op.I)) for name, op in ops.items()]
        drawn += [(one.name, precision, "operation", *point) for point in landed]
    return as_table(UNITS, drawn)


def decode_data(network: str = "gpt2-xl", chip: str | Accelerator = "A100", precision: str = "fp16") -> Table:
    """One chip's roof, and a whole network generating one token at batch 1."""
    net = build(network, batch=1, precision=precision, phase="decode")
    return roofline_data([chip], {f"{net.name} decode": net}, precision)


def draw_rooflines(ax: Axes, table: Table) -> Axes:
    """Roofs, ridges and operations of every chip in the table."""
    roofline_axes(ax, table["precision"])
    chips = list(dict.fromkeys(table["chip"]))
    for i, chip in enumerate(chips):
        draw_chip(ax, of_chip(table, chip, "roof"), i)
        draw_points(ax, *columns(of_chip(table, chip, "operation"), "I", "R_attain"), i)
    label_chips(ax, [of_chip(table, chip, "roof") for chip in chips])
    place_labels(ax, lowest_points(table), order=BELOW_FIRST)
    return ax


def of_chip(table: Table, chip: str, series: str) -> list[dict[str, object]]:
    """The rows of one chip and one series."""
    return [r for r in rows(table) if (r["chip"], r["series"]) == (chip, series)]


def lowest_points(table: Table) -> list[tuple[float, float, str]]:
    """One label an operation, with its intensity, at the lowest of its points; the rightmost first."""
    points: dict[str, tuple[float, float, str]] = {}
    for r in rows(table):
        if r["series"] == "operation" and r["R_attain"] < points.get(r["name"], (0, math.inf))[1]:
            points[r["name"]] = (r["I"], r["R_attain"], f"{r['name']}\n{three(r['I'])}")
    return sorted(points.values(), reverse=True)


def rooflines_in_words(table: Table) -> str:
    """Each chip's ridge, and where each operation lands on it."""
    sentences = []
    for chip in dict.fromkeys(table["chip"]):
        ridge = of_chip(table, chip, "roof")[1]
        landed = [f"; {landing(r, ridge['R_attain'])}" for r in of_chip(table, chip, "operation")]
        sentences.append(f"{chip} {ridge['precision']}: ridge {three(ridge['I'])} FLOP/B{''.join(landed)}")
    return ". ".join(sentences) + "."


def landing(row: Mapping[str, object], R_peak: float) -> str:
    """Where an operation lands: 'dense b=32 at 31.0 -> 63.3 TFLOP/s, 20.3 % of peak'."""
    R = row["R_attain"]
    rate = format_si(R, rate_unit(row["precision"]), 3)
    return f"{row['name']} at {three(row['I'])} -> {rate}, {100 * R / R_peak:.1f} % of peak"


def gain(what: str) -> float:
    """How much more the H100 has than the A100, of 'peak' or 'BW'."""
    old, new = as_chip("A100"), as_chip("H100")
    return new.BW / old.BW if what == "BW" else new.peak("fp16") / old.peak("fp16")


register(Figure(
    id="roofline",
    item="Equation 2; Napkin Math 1.4; Napkin Math 1.5; Napkin Math 1.6; Napkin Math 1.7",
    title="Five operations under the rooflines of A100 and H100",
    caption="The attainable throughput min(R_peak, BW x I) of two chips at dense fp16, and the five operations that "
    "the chapter works out by hand, each at its compulsory traffic. The number under a name is its intensity in "
    "FLOP/B. Softmax, LayerNorm and the dense layer sit on the slopes: there the H100 gains "
    f"{gain('BW'):.1f}x, its ratio of bandwidths, and not {gain('peak'):.1f}x, its ratio of peaks. The convolution "
    "and the projection reach both flat roofs. All operations are held against the peak of the matrix units, as in "
    f"the chapter, though softmax and LayerNorm run on slower ones. Sources: {chip_sources('A100', 'H100')}.",
    alt="Log-log plot of attainable throughput over arithmetic intensity. The roofs of A100 and H100 rise side by "
    "side and turn flat at dashed verticals, the H100's higher up and farther right. Softmax, LayerNorm and a dense "
    "layer at batch 32 lie on the slopes; a QKV projection and a 3x3 convolution lie on the flat parts.",
    units=UNITS, data=roofline_data, draw=draw_rooflines, says=rooflines_in_words, lab="09_roofline",
))  # fmt: skip

register(Figure(
    id="roofline-elbow",
    item="Figure (margin, unnumbered: roofline elbow)",
    title="The elbow of the A100, and one token of GPT-2 XL far down its slope",
    caption="The roof of the A100 at dense fp16, and GPT-2 XL generating one token at batch 1: every weight crosses "
    "the memory bus for one multiply-accumulate, 2 FLOP for 2 bytes, so less than one per cent of the peak can be "
    "reached. The chapter's drawing carries no numbers; its bend at 60 and its dot at 6 FLOP/B fit no chip of the "
    f"chapter. Here both are computed, and the dot lies farther below the bend than drawn there. Source: "
    f"{chip_sources('A100')}.",
    alt="Log-log plot with one roof: a slope rises from lower left, bends at a dashed vertical and runs flat. A "
    "single dot, GPT-2 XL decoding at batch 1, lies on the memory-bound slope, more than two decades below the "
    "flat roof.",
    units=UNITS, data=decode_data, draw=draw_rooflines, says=rooflines_in_words, lab="09_roofline", size=(4.8, 3.0),
))  # fmt: skip
