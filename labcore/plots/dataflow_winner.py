"""Dataflows against each other: who moves least, layer by layer and buffer by buffer."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.dataflow import BUFFERS, STATIONARY, sweep
from labcore.models.zoo import build
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY
from labcore.plots.words import as_table, rows

WINNERS = {"all": "#FFFFFF", "ws": "#F3C6A5", "os": "#A6CEE3", "is": "#CFE8CF", "ws os": "#D9D9D9", "os is": "#EBDDF2"}
WINNER_UNITS = {"layer": "", "buffer": "elements", "least": "", "worst": "x"}


@cache
def winners() -> Table:
    """Which dataflows move least for each shape of ResNet-50's layers and each buffer, and what ws costs beside it."""
    seen, drawn = {}, []
    for one in sweep(build("resnet50"), STATIONARY, BUFFERS):
        seen.setdefault((one.layer, one.buffer_words), {})[one.dataflow] = one.traffic
    shapes = {layer.name: tuple(layer.op.shape.items()) for layer in build("resnet50").layers if layer.op.macs}
    first = {shape: name for name, shape in reversed(shapes.items())}
    for name in sorted(first.values(), key=list(shapes).index):
        for words in BUFFERS:
            moved = seen[name, words]
            least = min(moved.values())
            who = " ".join(flow for flow in STATIONARY if moved[flow] == least)
            drawn.append((name, words, "all" if who == "ws os is" else who, max(moved.values()) / least))
    return as_table(WINNER_UNITS, drawn)


def draw_winners(ax: Axes, table: Table) -> Axes:
    """A grid of layers by buffers; each cell names who moves least and what the worst of the three moves beside it."""
    names, sizes = list(dict.fromkeys(table["layer"])), list(dict.fromkeys(table["buffer"]))
    for r in rows(table):
        x, y = sizes.index(r["buffer"]), names.index(r["layer"])
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=WINNERS[r["least"]], edgecolor=GREY, linewidth=0.5))
        beside = "" if r["least"] == "all" else f"  {r['worst']:.2f}"
        ax.text(x + 0.5, y + 0.52, r["least"] + beside, ha="center", va="center", fontsize=8.5)
    ax.set_xlim(0, len(sizes))
    ax.set_ylim(len(names), 0)
    ax.grid(visible=False)
    ax.set_xticks([k + 0.5 for k in range(len(sizes))], [f"{size // 1024} Ki" for size in sizes])
    ax.set_yticks(
        [k + 0.5 for k in range(len(names))], [one.replace("downsample", "down") for one in names], fontsize=8.5
    )
    ax.set_xlabel("buffer (words); number in a cell: words of the worst of the three over the least")
    return ax


def winners_in_words(table: Table) -> str:
    """How many shapes each dataflow, or several, serve best, by buffer."""
    words = []
    for size in dict.fromkeys(table["buffer"]):
        here = [r["least"] for r in rows(table) if r["buffer"] == size]
        words.append(f"{size // 1024} Ki: {', '.join(f'{who} {here.count(who)}' for who in WINNERS if who in here)}")
    return f"Shapes for which each moves least, by buffer in words. {'; '.join(words)}."


register(Figure(
    id="dataflow-winner", item="Table 22", title="Who moves least: shapes of ResNet-50 by buffer",
    caption="Every shape of ResNet-50 at batch 1, named by the first layer that has it. A cell names the dataflows "
    "that move fewest words between DRAM and buffer; the number is what the worst of the three moves over that. Where "
    "all three agree the buffer holds enough that nothing need come twice. Sums that leave unfinished count twice.",
    alt="A grid of 24 layers by five buffer sizes. On the left most cells name output stationary alone or with "
    "another; to the right cells with all three take over, and in the last two columns there is nothing else.",
    units=WINNER_UNITS, data=winners, draw=draw_winners, says=winners_in_words, lab="11_dataflow", size=(6.8, 6.8),
))  # fmt: skip
