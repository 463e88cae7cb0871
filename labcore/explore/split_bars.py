"""What a step takes beside computing in each split of a model over chips: the pure functions of the split explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import H100
from labcore.explore.operation import fix_ticks
from labcore.explore.replica_step import ETA
from labcore.interconnect.collectives import chip_link
from labcore.interconnect.splits import Job, Split, chip_memory, splits
from labcore.interconnect.training import Step, step_time
from labcore.plots.style import BLACK, GREEN, HATCHES, PURPLE, VERMILLION
from labcore.units import Bytes

MODELS = {"Llama 3 8B": "llama3-8b", "Llama 3 70B": "llama3-70b"}
CHIPS, NODES = ("16", "32", "64", "128", "256"), ("2", "4", "8", "16")
STAGES, MICRO = ("0", "1", "2"), ("1", "2", "4")  # of ZeRO; sequences of a microbatch
BATCH, SEQ, SHOWN, WIDEST = 1024, 4096, 6, 0.53
PARTS = {
    "tensor": {"facecolor": VERMILLION, "edgecolor": VERMILLION},
    "sending": {"facecolor": BLACK, "edgecolor": BLACK},
    "bubble": {"facecolor": "white", "edgecolor": PURPLE, "hatch": HATCHES[1]},
    "gradients": {"facecolor": "#CFE8CF", "edgecolor": GREEN},
}
Row = tuple[Split, Bytes, Step]


@lru_cache(maxsize=128)
def table(model: str, chips: str, zero: str, microbatch: str, node: str) -> tuple[Row, ...]:
    """Every split with the bytes of its fullest chip and its step: those that fit first, the soonest of them ahead.

    >>> split, held, step = table("Llama 3 70B", "64", "1", "1", "8")[0]
    >>> split, round(held / 1e9), round(step.total, 1)
    (Split(data=2, tensor=2, pipeline=16), 76, 79.0)
    """
    job = Job(MODELS[model], BATCH, SEQ, int(microbatch), zero=int(zero))
    links = chip_link("NVLink 4"), chip_link("InfiniBand NDR")
    found = [(one, chip_memory(job, one).total, step_time(job, one, H100, *links, int(node), ETA))
             for one in splits(job, int(chips))]  # fmt: skip
    return tuple(sorted(found, key=lambda row: (not fits(row), row[2].total)))


def fits(row: Row) -> bool:
    """Whether the fullest chip of a split holds what it must."""
    return row[1] <= H100.capacity.value


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each of some splits: what its step takes beside computing, by parts."""
    ax = fig.add_axes((0.27, 0.115, 0.7, 0.77), xlim=(0, WIDEST), ylim=(SHOWN - 0.4, -0.6))
    ax.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(ax.xaxis, [k / 10 for k in range(6)])
    fix_ticks(ax.yaxis, [])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("time beside computing, over that of computing (longer bars are cut off)", x=0.4)
    looks = PARTS | {"does not fit": {"facecolor": "white", "edgecolor": BLACK, "linestyle": "--"}}
    moving = SimpleNamespace(
        bars=[ax.add_collection(PolyCollection([], label=part, linewidth=0.8, zorder=2, **how))
              for part, how in looks.items()],
        names=[ax.text(-0.008, k, "", ha="right", va="center", fontsize=8.5) for k in range(SHOWN)],
        title=ax.text(-0.35, 1.09, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="lower right", bbox_to_anchor=(1.03, 0.985), ncols=5, columnspacing=0.9, handlelength=1.2)
    return moving


def update(artists: SimpleNamespace, **values: object) -> None:
    """Give each of the first splits its bars and its name, with the memory of its fullest chip."""
    found = table(**values)[:SHOWN]
    *by_part, outline = artists.bars
    for bars, part in zip(by_part, PARTS, strict=True):
        bars.set_verts([bar(k, row[2], part) for k, row in enumerate(found) if fits(row)])
    outline.set_verts([bar(k, row[2], "") for k, row in enumerate(found) if not fits(row)])
    for k, text in enumerate(artists.names):
        text.set_text(f"{named(found[k][0])}: {found[k][1] / 1e9:.0f} GB" if k < len(found) else "")
    artists.title.set_text(f"{values['model']} on {values['chips']} H100, data x tensor x pipeline: memory and time")


def bar(k: int, step: Step, part: str) -> list[tuple[float, float]]:
    """The corners of a part of the k-th row, behind the parts before it; without a part those of all of them."""
    before = list(PARTS)[: list(PARTS).index(part)] if part else []
    left = sum(getattr(step, one) for one in before) / step.compute
    right = left + (getattr(step, part) / step.compute if part else step.total / step.compute - 1)
    return [(left, k - 0.31), (right, k - 0.31), (right, k + 0.31), (left, k + 0.31)]


def named(split: Split) -> str:
    """A split as people write it.

    >>> named(Split(2, 4, 8))
    '2 x 4 x 8'
    """
    return f"{split.data} x {split.tensor} x {split.pipeline}"


def describe(**values: object) -> str:
    """How many splits fit, the soonest of them and what costs it most, the slowest that fits, and one that does not."""
    found = table(**values)
    fit, rest = [row for row in found if fits(row)], [row for row in found if not fits(row)]
    head = (
        f"{values['model']}, {BATCH:,} sequences of {SEQ:,} tokens in microbatches of {values['microbatch']}, "
        f"ZeRO stage {values['zero']}, {values['chips']} H100 at {ETA:.0%} of their peak in nodes of "
        f"{values['node']}: {len(fit)} of {len(found)} splits fit"
    )
    if not fit:
        least = min(found, key=lambda row: row[1])
        return f"{head}; the leanest, {named(least[0])}, needs {least[1] / 1e9:.1f} GB a chip of 80"
    split, held, step = fit[0]
    worth = step.total - min((row[2].total for row in rest), default=step.total)
    waits = f"; a split that does not fit would save {worth:.1f} s" if worth > 0 else ""
    return (
        f"{head}; soonest is {named(split)} with {step.total:.1f} s a step and {held / 1e9:.1f} GB a chip; "
        f"{step.compute / step.total:.1%} of it computes, most of the rest goes into {step.binds}; the slowest that "
        f"fits, {named(fit[-1][0])}, takes {fit[-1][2].total:.1f} s{waits}"
    )
