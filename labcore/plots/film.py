"""Loop orders as film strips: which element of each operand is held while a small convolution runs."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from labcore.loopnest import Level, Nest, conv_problem
from labcore.loopnest.nest import OUTPUT
from labcore.loopnest.steps import steps
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.plots.words import as_table, rows

SMALL = conv_problem(N=1, C=1, H=3, W=3, K=2, R=2, S=2)  # two filters of 2 x 2 on 3 x 3
ORDERS = {"KRSPQ": "weights stay (A)", "PQKRS": "sums stay (B)", "PQRSK": "inputs stay"}
OPERANDS = {"A": "inputs", "B": "weights", OUTPUT: "sums"}


def film() -> Table:
    """Every multiply-accumulate under each order: the element of each operand, and whether it had to be fetched."""
    drawn = []
    for order in ORDERS:
        nest = Nest(SMALL, [Level(dict.fromkeys(SMALL.sizes, 1), "NC" + order)])
        for at, step in enumerate(steps(nest)):
            for operand, held in step.held.items():
                drawn += [(order, operand, flat(operand, index), at, what(step, operand, index, at)) for index in held]
    return as_table(FILM_UNITS, mark_stays(drawn))


def what(step: object, operand: str, index: tuple[int, ...], at: int) -> str:
    """Why an element is there: read from memory, or not."""
    return ("read back" if operand == OUTPUT else "fetched") if index in step.read[operand] else ""


def mark_stays(drawn: list[tuple]) -> list[tuple]:
    """Elements that were not read stayed from the step before, or begin as a sum of nothing."""
    there = {row[:4] for row in drawn}
    return [
        row if row[4] else (*row[:4], "stays" if (*row[:3], row[3] - 1) in there else "begins") for row in drawn
    ]  # fmt: skip


def flat(operand: str, index: tuple[int, ...]) -> int:
    """The number of an element, row by row.

    >>> flat("A", (0, 0, 2, 1))  # of 3 x 3
    7
    """
    number = 0
    for axis, at in zip(SMALL.operands[operand], index, strict=True):
        number = number * axis.size + at
    return number


def draw_film(ax: Axes, table: Table) -> Axes:
    """A strip for each order, a lane for each operand, a cell for each element held at each step."""
    ax.axis("off")
    heights = {name: SMALL.elements(name) for name in OPERANDS}
    last = max(table["step"]) + 1
    for film_at, (order, words) in enumerate(ORDERS.items()):
        left = film_at * (last + GAP)
        ax.text(left, -1.2, f"{' '.join(order)}: {words}", fontsize=8.5, fontweight="bold")
        top = 0
        for operand, name in OPERANDS.items():
            here = [r for r in rows(table) if (r["order"], r["operand"]) == (order, operand)]
            ax.add_patch(Rectangle((left, top), last, heights[operand], facecolor="white", edgecolor=GREY, lw=0.6))
            for does, how in LOOKS.items():
                cells = [Rectangle((left + r["step"], top + r["element"]), 1, 1) for r in here if r["does"] == does]
                ax.add_collection(PatchCollection(cells, linewidth=0.4, **how))
            ax.text(left + last + 0.6, top + heights[operand] / 2, count(here, operand), va="center", fontsize=8.5)
            if not film_at:
                ax.text(-0.8, top + heights[operand] / 2, name, rotation=90, ha="right", va="center", fontsize=8.5)
            top += heights[operand] + 1.2
    for spot, (does, how) in enumerate(LOOKS.items()):
        ax.add_patch(Rectangle((26 * spot, top + 1.2), 1.6, 1.6, linewidth=0.4, **how))
        ax.text(26 * spot + 2.4, top + 2, LEGEND[does], va="center", fontsize=8.5)
    ax.text(0, top + 0.1, "32 multiply-accumulates, from left to right", va="center", fontsize=8.5, color=GREY)
    ax.set_xlim(-3, 3 * (last + GAP))
    ax.set_ylim(top + 3.4, -3)
    return ax


def count(here: list[dict[str, object]], operand: str) -> str:
    """What the lane comes to: words in, and for sums words out too."""
    did = [r["does"] for r in here]
    if operand != OUTPUT:
        return f"{did.count('fetched')} in"
    return f"{did.count('read back')} in\n{did.count('read back') + did.count('begins')} out"


def film_in_words(table: Table) -> str:
    """Words in and out by operand and order."""
    words = []
    for order in ORDERS:
        here = [r for r in rows(table) if r["order"] == order]
        did = [(r["operand"], r["does"]) for r in here]
        back, begun = did.count((OUTPUT, "read back")), did.count((OUTPUT, "begins"))
        words.append(
            f"{order}: inputs {did.count(('A', 'fetched'))} in, weights {did.count(('B', 'fetched'))} in, "
            f"sums {back} read back and {back + begun} out"
        )
    return f"Words of {SMALL.macs} multiply-accumulates. {'; '.join(words)}."


GAP = 8
LOOKS = {
    "fetched": {"facecolor": BLUE, "edgecolor": BLUE},
    "read back": {"facecolor": VERMILLION, "edgecolor": VERMILLION},
    "begins": {"facecolor": "white", "edgecolor": VERMILLION},
    "stays": {"facecolor": "#D9D9D9", "edgecolor": GREY},
}
LEGEND = {"fetched": "fetched", "read back": "read back", "begins": "a sum begins", "stays": "stays"}
FILM_UNITS = {"order": "", "operand": "", "element": "", "step": "", "does": ""}

register(Figure(
    id="loop-order-film",
    item="Example 1.3",
    title="Three loop orders of a small convolution, element by element",
    caption="Two filters of 2 x 2 on a 3 x 3 input: 32 multiply-accumulates, in registers that hold one word of each "
    "operand. Time runs from left to right; each row of a lane is one element, row by row of the image, of each filter "
    "and of each output from the top down. A grey run is reuse, a coloured cell a word that moves. Each order "
    "keeps another operand still, and makes the other two move. Where sums do not stay, each of them "
    "leaves and is read back.",
    alt="Three film strips side by side, each with a lane for inputs, weights and sums. In the first, weights lie in "
    "long grey runs while inputs and sums change at every step; in the second sums form the long runs; in the third "
    "inputs form short runs of two.",
    units=FILM_UNITS, data=film, draw=draw_film, says=film_in_words, lab="10_mapping", size=(7.4, 3.8),
))  # fmt: skip
