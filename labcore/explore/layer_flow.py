"""Four dataflows of one layer beside the least it can move: the pure functions of the layer's explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from labcore.dataflow import DATAFLOWS, counts, loops_that_turn, problem_of, search
from labcore.dataflow.least import Search
from labcore.explore.operation import fix_ticks
from labcore.loopnest import Traffic
from labcore.mapping import touched
from labcore.ops import Operation, conv2d, matmul
from labcore.plots.style import BLACK, BLUE, GREY, PURPLE, VERMILLION

LAYERS: dict[str, Operation] = {
    "ResNet-50, 1 x 1, 28 x 28, 512 to 128": conv2d(1, 512, 28, 28, 128, 1, 1),
    "ResNet-50, 3 x 3, 14 x 14, 256 to 256": conv2d(1, 256, 14, 14, 256, 3, 3, padding=1),
    "ResNet-50, 3 x 3, 7 x 7, 512 to 512": conv2d(1, 512, 7, 7, 512, 3, 3, padding=1),
    "GPT-2, MLP up, 512 tokens": matmul(512, 768, 3072),
    "GPT-2, MLP up, one token": matmul(1, 768, 3072),
    "GPT-2, scores of a head, 512 tokens": matmul(512, 64, 512),
    "DLRM, 1024 to 1024, batch 2048": matmul(2048, 1024, 1024),
}
# Parts follow one another in this order and differ in lightness too; hatches would take half of a redraw.
LOOKS = ({"facecolor": BLUE}, {"facecolor": "white"}, {"facecolor": BLACK}, {"facecolor": PURPLE})
TIMES = 16  # of the least, where the axis ends


def build(fig: Canvas) -> SimpleNamespace:
    """Four stacked bars over the least that any nest moves, which is the line at 1."""
    ax = fig.add_axes((0.09, 0.15, 0.66, 0.66), xlim=(0, TIMES), ylim=(3.6, -0.6))
    fix_ticks(ax.xaxis, range(0, TIMES + 1, 2))
    ax.set_yticks(range(4), list(DATAFLOWS))
    ax.set_xlabel("words moved (times the least possible)")
    bars = [ax.barh(range(4), [0] * 4, height=0.6, edgecolor=GREY, zorder=3, **look) for look in LOOKS]
    once = ax.axvline(1, color=VERMILLION, linestyle="--", linewidth=1.6, zorder=4)
    keys = ("A in", "B in", "C in", "C out", "each once")
    fig.legend([*bars, once], keys, loc="upper right", bbox_to_anchor=(0.99, 0.92), ncols=5)
    return SimpleNamespace(
        bars=[patch for group in bars for patch in group],
        once=once,
        ends=ends(ax, 4, TIMES),
        notes=[
            ax.text(0.77, 0.81 - 0.66 * (k + 0.6) / 4.2, "", transform=fig.transFigure, va="center") for k in range(4)
        ],
        title=ax.text(0.02, 0.95, "", transform=fig.transFigure, weight="bold"),
    )


def ends(ax: Axes, bars: int, times: int) -> list[Text]:
    """A sign for each bar, empty until it goes on past the end of the axis."""
    plate = {"facecolor": "white", "edgecolor": GREY, "pad": 1.5}
    return [
        ax.text(0.985 * times, k, "", ha="right", va="center", fontsize=8, zorder=5, bbox=plate) for k in range(bars)
    ]


def show_end(sign: Text, left: float, times: int) -> None:
    """Say that a bar is cut, where it is."""
    sign.set_text("goes on" if left > times else "")
    sign.set_visible(left > times)


@lru_cache
def searched(layer: str, dataflow: str) -> Search | None:
    """All tiles of a layer under a dataflow; None for rows where there are none."""
    problem, _ = problem_of(LAYERS[layer])
    return search(problem, dataflow) if set(DATAFLOWS[dataflow].whole) <= set(problem.sizes) else None


def moved(layer: str, dataflow: str, buffer_words: int) -> Traffic | None:
    """What the best tile moves, operand by operand; None where no tile fits."""
    every = searched(layer, dataflow)
    tiled = every.within(buffer_words) if every else None
    return counts(every.problem, tiled) if tiled else None


def update(artists: SimpleNamespace, layer: str, dataflow: str, buffer_words: int) -> None:
    """Move the bars and the notes."""
    least = touched(problem_of(LAYERS[layer])[0])
    for k, name in enumerate(DATAFLOWS):
        found = moved(layer, name, buffer_words)
        parts = (found.A_reads, found.B_reads, found.C_reads, found.C_writes) if found else (0, 0, 0, 0)
        left = 0.0
        for part, value in enumerate(parts):
            bar = artists.bars[4 * part + k]
            bar.set_x(left)
            bar.set_width(min(value / least, max(TIMES - left, 0)))
            left += value / least
        artists.notes[k].set_text(
            ("> " if name == dataflow else "  ") + (f"{left:.2f} times" if found else without(layer, name))
        )
        show_end(artists.ends[k], left, TIMES)
        artists.notes[k].set_weight("bold" if name == dataflow else "normal")
    artists.title.set_text(f"{layer}: buffer of {buffer_words:,} words")


def without(layer: str, dataflow: str) -> str:
    """Why there is no bar: no tile fits, or no such dataflow."""
    return "no tile fits" if searched(layer, dataflow) else "has no rows"


def describe(layer: str, dataflow: str, buffer_words: int) -> str:
    """The chosen dataflow's words by operand and its tile, the least possible, and who moves least."""
    least = touched(problem_of(LAYERS[layer])[0])
    totals = {name: moved(layer, name, buffer_words) for name in DATAFLOWS}
    sums = {name: one.words for name, one in totals.items() if one}
    best = ", ".join(name for name in sums if sums[name] == min(sums.values()))
    found = totals[dataflow]
    if not found:
        why = (
            "has no tile that fits"
            if searched(layer, dataflow)
            else "needs rows of a convolution, and a product has none"
        )
        return f"{layer}, {buffer_words:,} words: {DATAFLOWS[dataflow].name} {why}; least words {best}"
    tiled = searched(layer, dataflow).within(buffer_words)
    tile = " ".join(f"{dim} {size}" for dim, size in tiled.tile.items() if size > 1)
    turn = loops_that_turn(problem_of(LAYERS[layer])[0], tiled)
    said = f"loops that turn {turn}" if turn else "no loop turns"
    return (
        f"{layer}, {buffer_words:,} words, {DATAFLOWS[dataflow].name}: A {found.A_reads:,}, B {found.B_reads:,}, "
        f"C in {found.C_reads:,}, C out {found.C_writes:,}, {found.words / least:.2f} times the least {least:,}; "
        f"tile {tile}, {said}; least words {best}"
    )
