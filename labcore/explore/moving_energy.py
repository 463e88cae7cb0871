"""What a move costs against an operation: the pure functions of the explorer of "100x"."""

from __future__ import annotations

from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.catalogue.energy import ACCESS
from labcore.energy import BITS_PER_BYTE, access_energy
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, HATCHES, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.precision.cost import mac_energy, operation_energy
from labcore.units import Joules, format_si

FORMATS = ("fp32", "fp16", "int8")
OPERATIONS = ("multiply", "multiply-accumulate")
SUMS = {"fp32": "fp32", "fp16": "fp16", "int8": "int32"}
SHOWN = (1e-14, 1e-7)


def levels(process: str) -> tuple[str, ...]:
    """The memories that a process has an energy for, the dearest first: where DRAM is not listed, DDR takes its place.

    >>> levels("45 nm")[0], levels("7 nm")[0]
    ('DRAM', 'DDR')
    """
    return tuple(sorted(ACCESS[process], key=lambda level: ACCESS[process][level].value, reverse=True))


def energies(process: str, operation: str, fmt: str, level: str, bits: int) -> tuple[Joules, Joules]:
    """Energy of the operation, and of moving so many bits."""
    one = operation == "multiply"
    computing = operation_energy("multiply", fmt, process) if one else mac_energy(fmt, SUMS[fmt], process)
    return computing, access_energy(level, bits / BITS_PER_BYTE, process)


def build(fig: Canvas) -> SimpleNamespace:
    """Two bars on a log axis, a dashed line a hundred times right of the first."""
    ax = fig.add_axes((0.15, 0.19, 0.81, 0.66), xlim=SHOWN, ylim=(1.6, -0.6))
    log_axes(ax, "x")
    ax.xaxis.set_major_formatter(lambda value, _: format_si(value, "J"))
    fix_ticks(ax.xaxis, [10.0**k for k in range(-14, -6)])
    ax.yaxis.set_major_formatter(lambda value, _: ("compute", "move")[round(value)])
    fix_ticks(ax.yaxis, [0, 1])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("energy")
    look = {"height": 0.55, "facecolor": "white", "left": SHOWN[0]}
    return SimpleNamespace(
        bars=[ax.barh(y, 1e-12, edgecolor=colour, hatch=hatch, **look)[0]
              for y, colour, hatch in ((0, BLUE, HATCHES[1]), (1, VERMILLION, HATCHES[2]))],
        hundred=ax.axvline(1e-12, **THIN_DASH),
        notes=[ax.annotate("", (1e-12, y), (5, 0), textcoords="offset points", va="center") for y in (0, 1)],
        mark=ax.annotate("100x", (1e-12, -0.6), (0, 3), textcoords="offset points", ha="center", fontsize=8),
        title=ax.text(0, 1.13, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, process: str, operation: str, fmt: str, level: str, bits: int) -> None:
    """Stretch the bars and move the line."""
    both = energies(process, operation, fmt, level, bits)
    for bar, note, E in zip(artists.bars, artists.notes, both, strict=True):
        bar.set_width(E - SHOWN[0])
        note.xy = (E, note.xy[1])
        note.set_text(format_si(E, "J", 3))
    artists.hundred.set_xdata([100 * both[0]] * 2)
    artists.mark.xy = (100 * both[0], -0.6)
    artists.title.set_text(
        f"{bits} bits from {level}: {three(both[1] / both[0])} times one {operation} in {fmt}, {process}"
    )


def describe(process: str, operation: str, fmt: str, level: str, bits: int) -> str:
    """Both energies with what they are of, and their ratio."""
    computing, moving = energies(process, operation, fmt, level, bits)
    return (
        f"{process}: one {operation} in {fmt} costs {format_si(computing, 'J', 3)}, {bits} bits from {level} "
        f"{format_si(moving, 'J', 3)}, {three(moving / computing)} times as much"
    )
