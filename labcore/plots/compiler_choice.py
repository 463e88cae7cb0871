"""Which kernel wins by shape, and what a fixed rule loses."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.compiler.select import by_cost, by_rule
from labcore.ops import matmul
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, log_axes, look
from labcore.plots.words import as_table, columns, rows, three

LAB = "15_compilers"
UNITS = {"width": "", "M": "", "rule": "", "best": "", "splits": "", "T_rule": "s", "T_best": "s", "times": "1"}
WIDTHS = (4096, 1024, 1000)  # K = N: two multiples of 16, and one that is none
ROWS = tuple(2**k for k in range(14))


def data(chip: str = "A100", widths: tuple[int, ...] = WIDTHS) -> Table:
    """The rule's kernel and the cheapest one for products (M, width) @ (width, width) at fp16, without launches."""
    return as_table(UNITS, [_row(chip, width, M) for width in widths for M in ROWS])


def _row(chip: str, width: int, M: int) -> tuple:
    op = matmul(M, width, width)
    rule, best = by_rule(op, chip, "fp16"), by_cost(op, chip, "fp16", L_launch=0.0)
    T_rule, T_best = rule.kernel.T, best.kernel.T
    return (width, M, f"{rule.name}, {rule.kernel.name}", f"{best.name}, {best.kernel.name}", best.kernel.split,
            T_rule, T_best, T_rule / T_best)  # fmt: skip


def draw(ax: Axes, table: Table) -> Axes:
    """How many times as long the rule's kernel takes as the best one, over the rows."""
    log_axes(ax)
    ends = []
    for i, width in enumerate(dict.fromkeys(table["width"])):
        own = [r for r in rows(table) if r["width"] == width]
        style = look(i)
        ax.plot(*columns(own, "M", "times"), **style)
        whole = [r for r in own if r["splits"] == 1]
        ax.plot(*columns(whole, "M", "times"), **style | {"linestyle": "None"}, markersize=8, markerfacecolor="white")
        named = "vector units" if own[0]["rule"].startswith("vector") else "tensor cores"
        ends.append((own[-1]["times"], f"K = N = {width:,}:\nrule takes {named}"))
    ax.plot([], [], color=GREY, marker="o", linestyle="None", label="best kernel cuts K in parts")
    ax.plot([], [], color=GREY, marker="o", linestyle="None", markersize=8, markerfacecolor="white",
            label="best kernel leaves K whole")  # fmt: skip
    ax.axhline(1, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.set_xlim(0.8, ROWS[-1] * 1.4)
    ax.set_xticks(ROWS[::2], [f"{M:,}" for M in ROWS[::2]])
    ax.set_ylim(0.85, 1.3 * max(table["times"]))
    heights = [height for height in (1, 2, 5, 10, 20, 50, 100, 200) if height <= max(table["times"])]
    ax.set_yticks(heights, [f"{height}" for height in heights])
    ax.set_xlabel("rows M of (M, K) @ (K, N), the tokens or images of a batch")
    ax.set_ylabel("time of the rule's kernel over the best's")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 1), fontsize=8)
    end_labels(ax, ends, fontsize=8)
    return ax


def in_words(table: Table) -> str:
    """The most and the least that the rule loses at each width."""
    words = []
    for width in dict.fromkeys(table["width"]):
        own = [r for r in rows(table) if r["width"] == width]
        worst, least = (pick(own, key=lambda r: r["times"]) for pick in (max, min))
        words.append(f"K = N = {width:,}: {three(worst['times'])} times as long at {worst['M']:,} rows, "
                     f"{three(least['times'])} at {least['M']:,}")  # fmt: skip
    return f"The rule's kernel beside the best. {'; '.join(words)}."


register(Figure(
    id="kernel-choice", item="Footnote 39",
    title="What a fixed rule of kernel selection loses, by shape",
    caption="Products at fp16 on the A100 by the cost model, launches not counted. The rule: tensor cores where K and N"
    " are multiples of 16, blocks of 128 x 128, K in one piece. Few rows make few blocks, and most multiprocessors "
    "idle; smaller blocks, or K in parts, keep them busy. At 4,096 rows of 4,096 the rule is near the best. A width "
    "of 1,000 sends it to the vector units, although the tensor cores would take 1,000 with padding.",
    alt="Three lines over the rows on log axes. Two start above 1, the narrower product far higher, and fall towards 1 "
    "at thousands of rows. The third, for a width that is no multiple of 16, stays above ten throughout.",
    units=UNITS, data=data, draw=draw, says=in_words, lab=LAB, size=(6.8, 4.0),
))  # fmt: skip
