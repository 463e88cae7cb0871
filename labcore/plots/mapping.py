"""Mappings: how many there are by the formulas, and what the loop orders of one small convolution move."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.loopnest import Traffic, conv_problem
from labcore.loopnest.nest import tile_elements
from labcore.mapping.orders import traffic_by_order
from labcore.mapping.space import loop_orders, placements, search_space
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes, look
from labcore.plots.words import as_table, rows

LAB = "10_mapping"
LOOPS = range(1, 8)
CHOICES, SPREAD = 4, 3  # of the chapter's examples
MEMORIES = 3
YEAR = round(365.25 * 24 * 3600 * 1e9)  # nanoseconds
POWERS, RAISED = range(0, 34, 3), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
GUIDES = {"a second": 10**9, "a year, at one a nanosecond": YEAR}

EXAMPLE = conv_problem(N=1, C=1, H=8, W=8, K=16, R=3, S=3)
KEPT = {  # what the registers hold beside one word of each operand
    "one word of each": {},
    "one filter": {"R": 3, "S": 3},
    "one filter, all its sums": {"R": 3, "S": 3, "P": 6, "Q": 6},
    "all filters": {"R": 3, "S": 3, "K": 16},
}
OF_THE_PAGE = {"KRSPQ": "A", "PQKRS": "B"}  # Example 1.3's two orders


def explosion(most: int = LOOPS[-1], memories: int = MEMORIES) -> Table:
    """Choices by the chapter's formulas, from one loop up: orders, placements, and all together."""
    drawn = []
    for n in range(1, most + 1):
        drawn.append(("orders, 1 memory", n, loop_orders(n)))
        drawn.append((f"orders, {memories} memories", n, loop_orders(n, memories)))
        drawn.append((f"placements, {memories} memories", n, placements(CHOICES, n, memories)))
        drawn.append((f"all, {memories} memories", n, search_space(CHOICES, n, n, min(SPREAD, n), memories)))
    return as_table(EXPLOSION_UNITS, sorted(drawn, key=lambda row: row[2]))


def draw_explosion(ax: Axes, table: Table) -> Axes:
    """A line for each formula on a log axis, with two grey lines: what can be tried at one mapping a nanosecond."""
    log_axes(ax, "y")
    names = list(dict.fromkeys(table["series"]))
    names.sort(key=lambda name: max(r["choices"] for r in rows(table) if r["series"] == name))
    ends = []
    for i, name in enumerate(names):
        points = sorted((r["loops"], float(r["choices"])) for r in rows(table) if r["series"] == name)
        ax.plot(*zip(*points, strict=True), **look(i))
        ends.append((points[-1][1], f"{name}:\n{raised(int(points[-1][1]))}"))
    for words, most in GUIDES.items():
        ax.axhline(most, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        ax.annotate(f"tried in {words}", (1, most), (0, 2), textcoords="offset points", color=GREY, fontsize=8)
    ax.set_xlim(0.8, max(table["loops"]) + 0.1)
    ax.set_ylim(0.7, 10.0 * max(table["choices"]))
    ax.set_yticks([10.0**k for k in POWERS], ["1", *(f"10{str(k).translate(RAISED)}" for k in POWERS[1:])])
    ax.set_xlabel("loops")
    ax.set_ylabel("choices")
    end_labels(ax, ends, fontsize=8)
    return ax


def short(count: int) -> str:
    """A count as people read it: all digits below a million, else two digits and a power of ten.

    >>> short(5040), short(1073741824)
    ('5,040', '1.1e9')
    """
    return f"{count:,}" if count < 10**6 else f"{count:.1e}".replace("e+0", "e").replace("e+", "e")


def raised(count: int) -> str:
    """The same with the power above the line, for a picture.

    >>> raised(1073741824)
    '1.1 × 10⁹'
    """
    digits, _, power = short(count).partition("e")
    return f"{digits} × 10{power.translate(RAISED)}" if power else digits


def explosion_in_words(table: Table) -> str:
    """Each formula at its first and last number of loops."""
    words = []
    for name in sorted(dict.fromkeys(table["series"])):
        found = {r["loops"]: r["choices"] for r in rows(table) if r["series"] == name}
        words.append(f"{name}: {', '.join(f'{short(found[n])} at {n}' for n in (2, 5, max(found)) if n in found)}")
    return f"Choices by loops. {'; '.join(words)}."


@functools.cache
def classes() -> tuple[tuple[str, int, str, int, Traffic], ...]:
    """Example 1.3 under every order and several registers: what is kept, words, an order, how many like it, traffic."""
    return tuple(_classes())


def _classes() -> Iterator[tuple[str, int, str, int, Traffic]]:
    for kept, whole in KEPT.items():
        tile = {dim: whole.get(dim, 1) for dim in EXAMPLE.sizes}
        held = sum(tile_elements(EXAMPLE, operand, tile) for operand in EXAMPLE.operands)
        for moved, orders in traffic_by_order(EXAMPLE, tile).items():
            named = next((order for order in orders if order in OF_THE_PAGE), orders[0])
            yield kept, held, named, len(orders), moved


def orders_moved() -> Table:
    """Words by operand, a row for each different traffic of Example 1.3."""
    return as_table(ORDER_UNITS, [
        (kept, held, order, count, one.A_reads, one.B_reads, one.C_reads, one.C_writes)
        for kept, held, order, count, one in classes()
    ])  # fmt: skip


def draw_orders(ax: Axes, table: Table) -> Axes:
    """A stacked bar for each different traffic, grouped by what the registers keep."""
    y, names, heights, before = 0.0, [], [], None
    for r in rows(table):
        if r["kept"] != before:
            y += 1.3 if before else 0.8
            ax.text(0, y - 0.72, f"registers keep {r['kept']}: {r['held']} words", fontsize=8, fontweight="bold")
            before = r["kept"]
        start = 0
        for (column, _), how in zip(PARTS.items(), LOOKS, strict=True):
            ax.barh(y, r[column], left=start, height=0.72, linewidth=0.6, **how)
            start += r[column]
        ax.text(start + 130, y, f"{start:,}", va="center", fontsize=8)
        names.append(order_name(r))
        heights.append(y)
        y += 1
    ax.set_yticks(heights, names, fontsize=8)
    ax.set_ylim(y - 0.4, -0.5)
    ax.set_xlim(0, 18_000)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlabel("words between the registers and the memory behind them")
    handles = [Patch(linewidth=0.6, **how, label=name) for name, how in zip(PARTS.values(), LOOKS, strict=True)]
    ax.legend(handles=handles, loc="lower right", fontsize=8)
    return ax


def order_name(row: dict[str, object]) -> str:
    """The order that stands for its class, with the example's letter, and how many others move the same."""
    page = OF_THE_PAGE.get(row["order"])
    others = row["orders"] - 1
    return f"{row['order']}{f' ({page})' if page else ''}" + (f", {others} more" if others else "")


def orders_in_words(table: Table) -> str:
    """Each class: its order, how many orders, words of weights and in all."""
    words = []
    for kept in dict.fromkeys(table["kept"]):
        here = [r for r in rows(table) if r["kept"] == kept]
        moved = ", ".join(f"{r['order']} {r['B_reads']:,} of {sum(r[c] for c in PARTS):,}" for r in here)
        words.append(f"{kept} ({here[0]['held']} words held): {moved}")
    return f"Words of weights, of words in all. {'; '.join(words)}."


PARTS = {"A_reads": "inputs in", "B_reads": "weights in", "C_reads": "sums read back", "C_writes": "outputs out"}
LOOKS = tuple(
    {"facecolor": ground, "edgecolor": edge, "hatch": hatch}
    for ground, edge, hatch in (
        ("white", GREEN, HATCHES[2]), (BLUE, BLUE, HATCHES[0]), ("white", VERMILLION, HATCHES[1]),
        (VERMILLION, VERMILLION, HATCHES[0]),
    )
)  # fmt: skip
EXPLOSION_UNITS = {"series": "", "loops": "", "choices": ""}
ORDER_UNITS = {"kept": "", "held": "words", "order": "", "orders": "", **dict.fromkeys(PARTS, "words")}

register(Figure(
    id="mapping-explosion",
    item="Margin figure (unnumbered), §Ordering computation",
    title="Mapping choices by the number of loops, from the chapter's formulas",
    caption="The chapter's margin draws one line without a scale, from a handful to a billion. These are its four "
    "formulas: n! orders; the same chosen anew for three memories; 4 placements for each loop and memory; and all "
    f"three kinds together, {SPREAD} loops spread over an array (all, where there are fewer). A billion is passed by "
    "the placements at five loops and by the whole at three. Formulas count choices, whether legal or not, different "
    "or not. Dashed grey: how many could be tried at one mapping a nanosecond.",
    alt="Four rising lines on a log axis over one to seven loops. The lowest, orders for one memory, ends at 5,040; "
    "orders for three memories and placements end near ten to the eleventh and twelfth; all together ends above ten to "
    "the thirtieth power. Two dashed grey lines mark a second and a year of trying.",
    units=EXPLOSION_UNITS, data=explosion, draw=draw_explosion, says=explosion_in_words, lab=LAB, size=(6.8, 4.2),
))  # fmt: skip
register(Figure(
    id="order-traffic",
    item="Example 1.3",
    title="All words that the 120 orders of Example 1.3 move",
    caption="16 filters of 3 x 3 on 8 x 8, one channel; loops K (filters), P and Q (rows and columns of the output), R "
    "and S (of the filter), outermost first. With one word of each operand in registers the 120 orders have five "
    "different traffics. The example's order A reads each weight once, and pays in sums that leave and come back: in "
    "all it moves more than B. With a whole filter in registers three orders of K, P, Q differ, and keeping weights "
    "wins outright. A filter with all its sums, or all filters, end the matter.",
    alt="Horizontal stacked bars in four groups. With 3 words of registers five long bars, of which the shortest has "
    "no read-back part and the one with the fewest weights is mostly sums read back and written. With 19 words three "
    "shorter bars; with 109 and 169 words one bar each, a small fraction of the others.",
    units=ORDER_UNITS, data=orders_moved, draw=draw_orders, says=orders_in_words, lab=LAB, size=(6.8, 4.8),
))  # fmt: skip
