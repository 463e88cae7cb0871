"""The life of a tensor: what each level of a GPU's memory takes to hand it on, in time and in energy.

The machine is the V100 whose levels were measured (labcore.catalogue.memory). A level's time is its latency once and
then its bandwidth. HBM and L2 serve all multiprocessors at once, and a small tensor does not reach that bandwidth, so
a time is a floor; the L1 is that of one multiprocessor, in room and in bandwidth. A level hands on what it holds: a
larger tensor streams through it from the level below and has no time of its own there. Energies are those of a 7 nm
process, an interface or an SRAM of the level's kind.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import memory
from labcore.energy import access_energy
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.explore.operation import fix_ticks
from labcore.interconnect.link import transfer_time
from labcore.plots.style import BLACK, BLUE, GREEN, VERMILLION, log_axes
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Joules, Seconds, format_si

LEVELS = {level.name: level for level in memory.V100_LEVELS}
LOOKS = dict(zip(LEVELS, ((VERMILLION, "////"), (BLUE, ".."), (GREEN, "xxxx")), strict=True))
PROCESS = "7 nm"
PRECISIONS = ("fp32", "fp16", "int8")


def build(fig: Canvas) -> SimpleNamespace:
    """Left the time at each level, its latency hatched; right the energy."""
    left = fig.add_axes((0.1, 0.16, 0.385, 0.66), xlim=(1e-9, 1e-1), ylim=(-0.6, 2.6))
    right = fig.add_axes((0.585, 0.16, 0.385, 0.66), xlim=(1e-10, 1e1), ylim=(-0.6, 2.6))
    for ax, unit, decades in ((left, "s", range(-9, 0, 2)), (right, "J", range(-9, 1, 3))):
        log_axes(ax, "x")
        ax.xaxis.set_major_formatter(lambda value, _, unit=unit: format_si(value, unit, 3))
        fix_ticks(ax.xaxis, 10.0 ** np.array(decades))
        fix_ticks(ax.yaxis, range(3))
        ax.yaxis.set_ticklabels(list(LEVELS))
        ax.grid(axis="y", visible=False)
        ax.invert_yaxis()
    left.set_xlabel("time to hand it on; hatched: latency")
    right.set_xlabel(f"energy to read it, {PROCESS}")
    spots = [(list(LEVELS).index(name), *LOOKS[name]) for name in LEVELS]
    return SimpleNamespace(
        times=[left.barh(y, 1, 0.55, color="white", edgecolor=c, linewidth=1.6)[0] for y, c, _ in spots],
        waits=[left.barh(y, 1, 0.55, color="white", edgecolor=c, hatch=h, linewidth=0.8)[0] for y, c, h in spots],
        energies=[right.barh(y, 1, 0.55, color="white", edgecolor=c, hatch=h, linewidth=1.6)[0] for y, c, h in spots],
        words=[ax.text(1, y - 0.4, "", fontsize=8.5, color=BLACK) for ax in (left, right) for y, *_ in spots],
        title=left.text(0, 1.1, "", transform=left.transAxes, weight="bold"),
    )  # fmt: skip


def tensor_bytes(elements: int, batch: int, precision: str) -> Bytes:
    """Bytes of a batch of tensors.

    >>> tensor_bytes(16_000, 1, "fp16")
    32000
    """
    return elements * batch * bytes_per_element(precision)


def stop(level: str, D_vol: Bytes) -> tuple[Seconds, Seconds, Joules]:
    """Latency, whole time and energy of a tensor at one level.

    >>> [format_si(quantity, unit, 3) for quantity, unit in zip(stop("HBM", 32_000), "ssJ")]
    ['316 ns', '352 ns', '1 uJ']
    >>> format_si(stop("L1", 32_000)[1], "s", 3)  # 22 ns, and 32 kB at 13.7 TB/s over 80
    '209 ns'
    """
    here = LEVELS[level]
    T = transfer_time(D_vol, here.BW_of_one, here.latency.value)
    return here.latency.value, T, access_energy(here.energy, D_vol, PROCESS)


def holds(level: str, D_vol: Bytes) -> bool:
    """Whether the tensor fits the level, L1 being that of one multiprocessor.

    >>> [name for name in LEVELS if holds(name, 10**6)]
    ['HBM', 'L2']
    """
    return D_vol <= LEVELS[level].capacity.value


def update(artists: SimpleNamespace, elements: int, batch: int, precision: str) -> None:
    """Resize the bars to the tensor; a level that it does not fit has none."""
    D_vol = tensor_bytes(elements, batch, precision)
    for k, name in enumerate(LEVELS):
        fits, (L_lat, T, E) = holds(name, D_vol), stop(name, D_vol)
        for bars, width in ((artists.times, T), (artists.waits, L_lat), (artists.energies, E)):
            bars[k].set_width(width)
            bars[k].set_visible(fits)
        for words, width, unit in ((artists.words[k], T, "s"), (artists.words[3 + k], E, "J")):
            words.set_text(format_si(width, unit, 3) if fits else "too small, it streams through")
            words.set_x(1.5 * words.axes.get_xlim()[0])
    artists.title.set_text(f"{format_si(D_vol, 'B', 3)} through the memories of a V100")


def describe(elements: int, batch: int, precision: str) -> str:
    """Time and energy at each level that holds the tensor, and how much of the time at HBM is waiting."""
    D_vol = tensor_bytes(elements, batch, precision)
    fits = {name: stop(name, D_vol) for name in LEVELS if holds(name, D_vol)}
    said = ", ".join(f"{name} {format_si(T, 's', 3)} and {format_si(E, 'J', 3)}" for name, (_, T, E) in fits.items())
    L_lat, T, _ = stop("HBM", D_vol)
    whose = " of one multiprocessor" if "L1" in fits else ""
    return (
        f"{elements:,} elements x {batch} in {precision}, {format_si(D_vol, 'B', 3)}: {said}; of the time at HBM "
        f"{L_lat / T:.0%} is latency; it fits {list(fits)[-1] if fits else 'no level'}{whose}"
    )


def tensor_life_explorer(**start: object) -> Explorer:
    """A tensor on its way through HBM, L2 and L1.

    >>> tensor_life_explorer().sentence.split("; ")[1]
    'of the time at HBM 90% is latency'
    """
    return Explorer(
        question="From which size on does bandwidth decide how long the tensor takes, and no longer latency?",
        shows="Two bar charts with one bar a level, HBM and L2 for the whole chip and L1 for one multiprocessor: left "
        "the time to hand a tensor on with the part of the latency hatched, right the energy to read it, both on "
        "logarithmic axes. A level that the tensor does not fit has no bar.",
        controls=[
            Whole("elements", "Elements", 1, 2**20, 16_000, log2=True),
            Whole("batch", "Batch", 1, 4096, 1, log2=True),
            Choice("precision", "Precision", PRECISIONS, "fp16"),
        ],
        build=build,
        update=update,
        describe=describe,
        size=(6.4, 3.2),
        start=start,
    )


EXPLORERS = (tensor_life_explorer,)
