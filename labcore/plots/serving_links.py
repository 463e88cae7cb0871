"""One model on several chips: how soon a token comes, and what each chip still delivers, by link."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from matplotlib.axes import Axes

from labcore.catalogue import H200
from labcore.interconnect.collectives import chip_link
from labcore.interconnect.link import Link
from labcore.plots.memory_wall import halves
from labcore.plots.registry import Figure, Table, register
from labcore.plots.serving import ITEM, LAB
from labcore.plots.style import GREY, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.serving.closed_forms import saturated
from labcore.serving.engine import Engine, engine

CHIPS, BATCH, CONTEXT = (1, 2, 4, 8), 32, 2048
FREE = "a link that costs nothing"
LINKS = (FREE, "NVLink 4", "PCIe Gen5 x16")
UNITS = {"link": "", "chips": "", "T_step": "s", "most": "", "rate_chip": "1/s"}


def joined(chips: int, name: str) -> Engine:
    """Llama 3 70B in FP8 on so many H200, joined by a link of the catalogue or by one that costs nothing.

    >>> joined(8, "NVLink 4").step(32, 2048) > joined(8, FREE).step(32, 2048)
    True
    """
    one = engine("llama3-70b", H200, chips, "fp8")
    if chips == 1:
        return one
    return replace(one, link=Link(FREE, BW_one_way=1e30) if name == FREE else chip_link(name))


@cache
def by_chips() -> Table:
    """Time of a step of 32 sequences, and tokens a second and chip with as many as the cache holds."""
    drawn = []
    for name in LINKS:
        for chips in CHIPS:
            one = joined(chips, name)
            most = one.most(CONTEXT)
            drawn.append((name, chips, one.step(BATCH, CONTEXT), most, saturated(one, most, CONTEXT) / chips))
    return as_table(UNITS, drawn)


def draw_by_chips(ax: Axes, table: Table) -> Axes:
    """Left the time of a step, right tokens a second and chip, over the chips."""
    left, right = halves(ax)
    for k, name in enumerate(LINKS):
        its = [r for r in rows(table) if r["link"] == name]
        left.plot(*columns(its, "chips", "T_step"), **look(k), label=name)
        right.plot(*columns(its, "chips", "rate_chip"), **look(k), label=name)
    alone = its[0]["T_step"]
    left.plot(CHIPS, [alone / n for n in CHIPS], color=GREY, linestyle=":", linewidth=1.2, label="one chip's, divided")
    log_axes(left)
    log_axes(right, "x")
    for one in (left, right):
        one.set_xticks(CHIPS, CHIPS)
        one.set_xlabel("chips")
    left.set_yticks([0.003, 0.005, 0.01, 0.02, 0.03])
    left.set_ylim(0.0028, 0.034)
    scaled(left.yaxis, f"a token for each of {BATCH} sequences", "ms")
    right.set_ylim(0, 4600)
    right.set_ylabel("tokens a second and chip, cache full")
    left.legend(loc="lower left")
    return ax


def by_chips_in_words(table: Table) -> str:
    """Step and throughput a chip on one chip, and on eight by link."""
    at = {(r["link"], r["chips"]): r for r in rows(table)}
    one = at[FREE, 1]
    said = [f"8 with {name} {1e3 * at[name, 8]['T_step']:.1f} ms and {at[name, 8]['rate_chip']:.0f}" for name in LINKS]
    return (f"One chip: {1e3 * one['T_step']:.1f} ms a step, {one['rate_chip']:.0f} tokens/s with a full cache; "
            f"{'; '.join(said)} a chip.")  # fmt: skip


register(Figure(
    id="tensor-parallel-serving", item=ITEM, title="One model on several chips: sooner, and dearer",
    caption=f"Llama 3 70B in FP8, split over H200 by tensor parallelism, {CONTEXT} tokens of context, computed layer "
    "by layer on the roofline; an all-reduce after each row-split matmul, none of it hidden. Left, a step of "
    f"{BATCH} sequences: the free link departs from the dotted line because small kernels last as long as "
    "their launch, the others because messages take time. Right, with as many sequences as the cache holds "
    "(167 on one chip, 2815 on eight), what each chip is worth: more chips answer sooner, and with a slow "
    "link each delivers less than half.",
    alt="Two panels over 1, 2, 4 and 8 chips. On the left the time of a step falls from 26 milliseconds along "
    "three lines above a dotted one, to 6, 7 and 11. On the right tokens a second and chip stay near 3900 "
    "with a free link, fall to about 3200 with NVLink and to 1700 with PCIe.",
    units=UNITS, data=by_chips, draw=draw_by_chips, says=by_chips_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
