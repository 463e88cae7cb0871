"""A small graph before and after its passes, drawn."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from labcore.compiler.examples import worked_example
from labcore.compiler.passes.pipeline import PASSES, optimize
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION
from labcore.plots.words import as_table, rows

LAB = "15_compilers"
UNITS = {"node": "", "operator": "", "reads": "", "gone by": "", "kernel": ""}
PLACES = {"conv": (0.9, 4), "norm": (0.9, 3), "act": (0.15, 2), "again": (1.65, 2), "watch": (2.5, 3), "sum": (0.9, 1),
          "gain": (2.5, 1), "y": (0.9, 0)}  # columns and rows, the first node above  # fmt: skip
GONE = {"constants": "known before\nthe run", "common": "act again", "dead code": "needed by\nnobody"}
PASS_NAMES = {"constants": "constant folding", "common": "common subexpressions", "dead code": "dead code"}
LOOKS = {"constants": (GREEN, HATCHES[2]), "common": (VERMILLION, HATCHES[1]), "dead code": (GREY, HATCHES[3])}
HALF = 0.68  # of the width of a box
RIGHT = 4.75  # where the graph after the passes stands


def data() -> Table:
    """Each node of the worked example: what takes it out, or the kernel that it ends up in."""
    graph = worked_example(seed=0)
    gone: dict[str, str] = {}
    at = graph
    for name in PASSES:
        after = optimize(at, [name])[0]
        gone |= {node: name for node in at.by_name if node not in after.by_name and name in GONE}
        at = after
    kernel = at.nodes[0].name
    return as_table(UNITS, [(node.name, node.op, " ".join(word for word in node.inputs if word in graph.by_name),
                             gone.get(node.name, ""), "" if node.name in gone else kernel)
                            for node in graph.nodes])  # fmt: skip


def draw(ax: Axes, table: Table) -> Axes:
    """The graph on the left, its one kernel on the right."""
    ax.set_axis_off()
    ax.set_xlim(-0.6, 7.1)
    ax.set_ylim(-0.75, 5.75)
    found = {r["node"]: r for r in rows(table)}
    for name, r in found.items():
        _node(ax, *PLACES[name], r)
        for word in r["reads"].split():
            _arrow(ax, PLACES[word], PLACES[name])
    _arrow(ax, (0.9, 5.02), PLACES["conv"])
    _arrow(ax, PLACES["y"], (0.9, -0.85))
    ax.text(0.9, 4.78, "x", ha="center", va="bottom", style="italic")
    ax.text(-0.45, 5.55, f"as defined: {len(found)} kernels", weight="bold", va="center")
    kept = [name for name, r in found.items() if r["kernel"]]
    ax.text(RIGHT - 0.1, 5.55, "after the passes: 1 kernel", weight="bold", va="center")
    ax.add_patch(_box(RIGHT, 0.42, 2.0, 3.9, facecolor="white", edgecolor=BLUE, linewidth=2))
    steps = ["conv2d, norm in its weights", *(f"{found[name]['operator']}" for name in kept[2:])]
    for i, words in enumerate(steps):
        ax.text(RIGHT + 1, 3.85 - i, words, ha="center", va="center", fontsize=8)
        if i:
            ax.annotate("", (RIGHT + 1, 4.1 - i), (RIGHT + 1, 4.6 - i), arrowprops={"arrowstyle": "-|>", "color": GREY})
    _arrow(ax, (RIGHT + 1, 5.02), (RIGHT + 1, 4.05))
    ax.text(RIGHT + 1, 4.78, "x", ha="center", va="bottom", style="italic")
    ax.annotate("", (RIGHT + 1, -0.1), (RIGHT + 1, 0.42), arrowprops={"arrowstyle": "-|>", "color": BLACK})
    ax.text(RIGHT + 1, -0.15, "y", ha="center", va="top", style="italic")
    return ax


def _box(x: float, y: float, width: float, height: float, **how: object) -> FancyBboxPatch:
    return FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.08", **how)


def _node(ax: Axes, x: float, y: float, r: dict) -> None:
    """A box with name and operator; one that a pass takes out is hatched and says which."""
    edge, hatch = LOOKS.get(r["gone by"], (BLACK, ""))
    ax.add_patch(_box(x - HALF, y - 0.27, 2 * HALF, 0.54, facecolor="white", edgecolor=edge, hatch=hatch, linewidth=1.4,
                      linestyle="--" if r["gone by"] else "-"))  # fmt: skip
    ax.text(x, y, f"{r['node']}: {r['operator']}", ha="center", va="center", fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    if r["gone by"]:
        ax.text(x + HALF + 0.06, y, GONE[r["gone by"]], ha="left", va="center", fontsize=8, color=GREY)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From the edge of one box to the edge of the next, downwards or sideways."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        tail, head = (x0 + (-HALF if x1 < x0 else HALF), y0), (x1 + (HALF if x1 < x0 else -HALF), y1)
    else:
        tail, head = (x0, y0 - 0.27), (x1, y1 + 0.27)
    ax.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": BLACK, "linewidth": 1.1})


def in_words(table: Table) -> str:
    """How many nodes each pass takes out, and what is left."""
    found = list(rows(table))
    parts = [f"{words} takes out {', '.join(r['node'] for r in found if r['gone by'] == name)}"
             for name, words in PASS_NAMES.items()]  # fmt: skip
    left = [r["node"] for r in found if r["kernel"]]
    return f"{len(found)} nodes: {'; '.join(parts)}; {', '.join(left)} become 1 kernel."


register(Figure(
    id="graph-passes", item="Text §Graph optimization",
    title="Eight kernels, and the one that is left of them",
    caption="A graph made so that every pass finds something. Dashed, hatched boxes go: one is computed from "
    "constants, one repeats another, one is read by nobody. The batch normalization goes into the weights of the "
    "convolution, and what stays works element by element on its result, so it joins the same kernel. The result "
    "is the same function.",
    alt="On the left eight boxes joined by arrows: conv2d, batch_norm, two relu, tanh, add and two mul. The "
    "second relu, tanh and one mul are hatched and name the pass that removes them. On the right one tall box "
    "holds the four steps that are left.",
    units=UNITS, data=data, draw=draw, says=in_words, lab=LAB, size=(6.8, 4.4),
))  # fmt: skip
