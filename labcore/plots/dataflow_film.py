"""Dataflows in time: what one processing element holds, step by step."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.dataflow import DATAFLOWS
from labcore.loopnest import Level, Nest, matmul_problem
from labcore.loopnest.steps import steps
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, GREY
from labcore.plots.words import as_table, rows

FILM_ORDERS = {"ws": "KNM", "os": "MNK", "is": "MKN"}
FILM_UNITS = {"dataflow": "", "order": "", "step": "", "operand": "", "holds": "", "came": ""}


def film() -> Table:
    """The element of each operand that one PE holds, step by step of a 2 x 2 x 2 product, and whether it just came."""
    drawn = []
    for flow, order in FILM_ORDERS.items():
        nest = Nest(matmul_problem(2, 2, 2), [Level(dict.fromkeys("MKN", 1), order)])
        before: dict[str, object] = {}
        for at, step in enumerate([one for one in steps(nest) if one.starts], start=1):
            for operand in "ABC":
                (index,) = step.held[operand]
                came = "stays" if before.get(operand) == index else "read" if step.read[operand] else "new"
                drawn.append((flow, order, at, operand, f"{operand}[{index[0]},{index[1]}]", came))
                before[operand] = index
    return as_table(FILM_UNITS, drawn)


def draw_film(ax: Axes, table: Table) -> Axes:
    """Three strips of three rows; what stays is joined to the step before and tinted."""
    ax.axis("off")
    for strip, flow in enumerate(FILM_ORDERS):
        here = [r for r in rows(table) if r["dataflow"] == flow]
        top = 4.3 * strip
        ax.text(0.5, top - 0.35, f"{DATAFLOWS[flow].name}: loops {here[0]['order']}, {DATAFLOWS[flow].stays} stays",
                fontweight="bold")  # fmt: skip
        for r in here:
            x, y = r["step"] - 0.5, top + "ABC".index(r["operand"])
            stays = r["came"] == "stays"
            face = {"facecolor": "#D6EAF8", "hatch": "...."} if stays else {"facecolor": "white"}
            ax.add_patch(Rectangle((x, y), 0.94, 0.9, edgecolor=GREY, linewidth=0.7, **face))
            plate = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            mark = "back: " if r["came"] == "read" and r["operand"] == "C" else ""
            ax.text(x + 0.47, y + 0.47, mark + r["holds"], ha="center", va="center", fontsize=8, bbox=plate,
                    color=GREY if stays else BLACK, fontweight="normal" if stays else "bold")  # fmt: skip
    for step in range(1, 9):
        ax.text(step - 0.03, 12.0, f"step {step}", ha="center", va="center", fontsize=8, color=GREY)
    ax.set_xlim(0.3, 8.6)
    ax.set_ylim(12.4, -0.9)
    return ax


def film_in_words(table: Table) -> str:
    """How many elements come in, by operand and dataflow."""
    words = []
    for flow in FILM_ORDERS:
        came = [r for r in rows(table) if r["dataflow"] == flow and r["came"] != "stays"]
        moved = ", ".join(f"{operand} {sum(r['operand'] == operand for r in came)}" for operand in "ABC")
        back = sum(r["operand"] == "C" and r["came"] == "read" for r in came)
        words.append(f"{flow}: {moved} changes, {back} sums come back")
    return f"Changes of what one PE holds in 8 steps. {'; '.join(words)}."


register(Figure(
    id="dataflow-film", item="Listing 16; Listing 17; Listing 18",
    title="What one PE holds, step by step, under three dataflows",
    caption="A 2 x 2 x 2 product, one multiply-accumulate a step. Tinted and dotted: the element is still there from "
    "the step before. Bold: it has just come in. Where the inner size K is not innermost, sums leave unfinished and "
    "come back, marked so. Order of loops outermost first; A inputs, B weights, C outputs. Illustrative size.",
    alt="Three strips of eight steps with a row each for A, B and C. In the first strip every second cell of row B is "
    "tinted, in the second of row C, in the third of row A. In the first and third, later sums are marked as coming "
    "back.",
    units=FILM_UNITS, data=film, draw=draw_film, says=film_in_words, lab="11_dataflow", size=(7.2, 4.4),
))  # fmt: skip
