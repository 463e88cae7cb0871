"""Fusion: what three counts say of one chain, a graph cut into kernels, and what too many live values cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from labcore.fusion.examples import listing_19, projection
from labcore.fusion.footprint import footprint
from labcore.fusion.graph import Graph
from labcore.fusion.kernel import Kernel, eager, traffic
from labcore.fusion.plan import plan
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION, look, scaled
from labcore.plots.words import as_table, rows, three
from labcore.units import Bytes

LAB = "13_fusion"
COUNT_UNITS = {"execution": "", "count": "", "bytes": "B", "printed": "B"}
COUNT_LOOKS = {
    "footprint": {"facecolor": BLUE, "edgecolor": BLUE},
    "written": {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[2]},
    "moved": {"facecolor": "white", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
}
PRINTED = {("three kernels, all kept", "footprint"): 16.8e6, ("one kernel", "footprint"): 4.2e6}  # B, Table 20


def cut(things: Sequence, size: int) -> list[Sequence]:
    """Pieces of a sequence, each of so many but the last.

    >>> cut("abcde", 2)
    ['ab', 'cd', 'e']
    """
    return [things[at : at + size] for at in range(0, len(things), size)]


def counts_data(n: int = 1024) -> Table:
    """Footprint, bytes written and bytes moved of the chapter's chain, apart and fused, with and without reuse."""
    one = listing_19(n)
    apart, fused = eager(one), plan(one)
    runs = {"three kernels, all kept": (apart, "keep"), "three kernels, in place": (apart, "in place"),
            "one kernel": (fused, "keep"), "one kernel, in place": (fused, "in place")}  # fmt: skip
    found = []
    for name, (run, reuse) in runs.items():
        written = sum(sum(k.writes.values()) for k in run)
        for count, size in zip(COUNT_LOOKS, (footprint(one, run, reuse), written, traffic(run)), strict=True):
            found.append((name, count, size, PRINTED.get((name, count), "")))
    return as_table(COUNT_UNITS, found)


def draw_counts(ax: Axes, table: Table) -> Axes:
    """Three bars for each execution; a diamond where the chapter's number stands."""
    for i, r in enumerate(rows(table)):
        y = i // 3 + 0.27 * (i % 3 - 1)
        ax.barh(y, r["bytes"], height=0.23, **COUNT_LOOKS[r["count"]])
        away = 9 if r["printed"] else 4
        ax.annotate(three(r["bytes"] / 1e6), (r["bytes"], y), (away, 0), textcoords="offset points", va="center")
        if r["printed"]:
            ax.plot(r["printed"], y, marker="D", markersize=8, markerfacecolor="white", color=BLACK, linestyle="None")
    ax.set_yticks(range(len(table["bytes"]) // 3), dict.fromkeys(table["execution"]))
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, 1.12 * max(table["bytes"]))
    scaled(ax.xaxis, "bytes", "MB")
    bars = [Patch(**how, label=name) for name, how in COUNT_LOOKS.items()]
    mark = ax.plot([], [], marker="D", markersize=8, markerfacecolor="white", color=BLACK, linestyle="None",
                   label="printed in Table 20")  # fmt: skip
    ax.legend(handles=[*bars, *mark], loc="lower right", bbox_to_anchor=(1, 1), ncols=4, columnspacing=1.2)
    return ax


def counts_in_words(table: Table) -> str:
    """The three counts of each execution."""
    found = list(rows(table))
    words = [f"{group[0]['execution']}: " + ", ".join(f"{r['count']} {three(r['bytes'] / 1e6)} MB" for r in group)
             for group in cut(found, 3)]  # fmt: skip
    return "; ".join(words) + "."


PLAN_UNITS = {"kernel": "", "operations": "", "way": "", "value": "", "bytes": "B"}
ROW_BUFFER: Bytes = 128 * 1024


def plan_data(tokens: int = 1024, width: int = 768) -> Table:
    """What each kernel of the cheapest plan of a projection with bias, residual and LayerNorm reads and writes."""
    whole, _ = projection(tokens, width)
    return as_table(PLAN_UNITS, [line for k, one in enumerate(plan(whole, scratchpad=ROW_BUFFER), 1)
                                 for line in _moves(whole, k, one)])  # fmt: skip


def _moves(whole: Graph, k: int, one: Kernel) -> Iterator[tuple]:
    names = ", ".join(f"{op.name}: {op.function}" for op in whole.pick(one.ops))
    for way, moved in (("read", one.reads), ("write", one.writes)):
        for value, size in moved.items():
            yield k, names, way, value, size


def draw_plan(ax: Axes, table: Table) -> Axes:
    """A bar of memory above, a box for each kernel below, an arrow for each value that goes between."""
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.add_patch(_box(0.01, 0.86, 0.98, 0.12, facecolor="#E5E5E5", edgecolor=GREY))
    ax.text(0.5, 0.92, "memory", ha="center", va="center", weight="bold")
    left, share = 0.01, 0.98 / len(table["kernel"])
    for k in dict.fromkeys(table["kernel"]):
        moves = [r for r in rows(table) if r["kernel"] == k]
        right = left + share * len(moves)
        ax.add_patch(_box(left + 0.01, 0.03, right - left - 0.02, 0.42, facecolor="white", linewidth=1.8,
                          edgecolor=look(k - 1)["color"], linestyle=("-", "--")[(k - 1) % 2]))  # fmt: skip
        ax.text((left + right) / 2, 0.40, f"kernel {k}", ha="center", va="center", weight="bold")
        ax.text((left + right) / 2, 0.20, moves[0]["operations"].replace(", ", "\n"), ha="center", va="center",
                linespacing=1.4)  # fmt: skip
        for j, r in enumerate(moves):
            _draw_move(ax, left + share * (j + 0.5), r)
        left = right
    return ax


def _box(x: float, y: float, width: float, height: float, **how: object) -> FancyBboxPatch:
    return FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.015", **how)


def _draw_move(ax: Axes, x: float, r: dict) -> None:
    """An arrow down for what is read and up for what is written, with name and size beside it."""
    ends = ((x, 0.47), (x, 0.84)) if r["way"] == "read" else ((x, 0.84), (x, 0.47))
    how = {"arrowstyle": "-|>", "color": BLACK, "linewidth": 1.2 if r["way"] == "read" else 2.4}
    ax.annotate("", *ends, arrowprops=how)
    size = f"{three(r['bytes'] / 1e6)} MB" if r["bytes"] > 1e5 else f"{three(r['bytes'] / 1e3)} kB"
    ax.annotate(f"{r['way']} {r['value']}\n{size}", (x, 0.655), (-5, 0), textcoords="offset points", rotation=90,
                ha="right", va="center", linespacing=1.4)  # fmt: skip


def plan_in_words(table: Table) -> str:
    """Each kernel's operations and bytes, and all bytes beside those of a library's kernels."""
    found = list(rows(table))
    parts = []
    for k in dict.fromkeys(table["kernel"]):
        own = [r for r in found if r["kernel"] == k]
        parts.append(f"kernel {k} of {len(own[0]['operations'].split(', '))} operations moves "
                     f"{three(sum(r['bytes'] for r in own) / 1e6)} MB")  # fmt: skip
    return f"{'; '.join(parts)}; together {three(sum(table['bytes']) / 1e6)} MB."


register(Figure(
    id="fusion-footprints", item="Table 19; Table 20", title="One chain, three counts",
    caption="ReLU, batch normalization with fixed statistics and a scaling, on 1024 x 1024 FP32 numbers. Footprint: "
    "bytes allocated, input and result included. Written and moved: bytes to memory, and both ways. Tables 19 "
    "and 20 print 16.8 MB for three kernels and 4.2 MB for one; the first counts the input and the result, the"
    " second only one of them. Counted alike, fusing halves the footprint, or leaves it as it is in place, and"
    " divides the bytes written and moved by three.",
    alt="Four groups of three horizontal bars. Three kernels hold 16.8 MB, write 12.6 and move 25.2; in place they"
    " hold 4.2 and move as much. One kernel holds 8.4 MB, writes 4.2 and moves 8.4; in place it holds 4.2. "
    "Diamonds mark the printed 16.8 and 4.2; the second stands at half of its bar.",
    units=COUNT_UNITS, data=counts_data, draw=draw_counts, says=counts_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
register(Figure(
    id="fusion-plan", item="Text §Performance benefits and constraints", title="The cheapest plan for half a block",
    caption="A projection of a transformer block (1024 tokens, width 768, FP16), its bias, the residual and LayerNorm."
    " The product begins a kernel and takes bias and residual with it; LayerNorm needs whole rows, which a "
    "tile of the product does not hold, so it is a second kernel, whose rows stay on the chip. The sum is "
    "written although the second kernel is its next reader: the next residual adds to it.",
    alt="A bar of memory above two boxes. Arrows lead down from memory into kernel 1 for the operands x, w, b and "
    "the residual, and up for the sum; into kernel 2 leads the sum alone, and out of it the normalized rows.",
    units=PLAN_UNITS, data=plan_data, draw=draw_plan, says=plan_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
