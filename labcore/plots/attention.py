"""Attention: what its scores cost by sequence length, and how a softmax is carried along block by block."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.catalogue.execution import SM_A100
from labcore.fusion.attention import absorb, cuts, nothing
from labcore.fusion.attention_traffic import (
    block_for,
    crossover_length,
    flash_traffic,
    least_traffic,
    materialized_traffic,
)
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.units import Bytes, format_binary, format_si

LAB = "13_fusion"
SMALL: Bytes = 32 * 2**10
LARGE: Bytes = SM_A100.shared.value
TRAFFIC_UNITS = {"series": "", "scratchpad": "B", "length": "tokens", "D_vol": "B"}
FILM_UNITS = {"step": "", "key": "", "score": "", "value": "", "block": "", "m": "", "rescale": "", "l": "", "o": ""}
SCORES = (1, 0, 2, 1, 0, 3, 1, 1)  # in units of log(2), so that every weight is a power of two
VALUES = (1, 2, 3, 4, 5, 6, 7, 8)
COLUMNS = (("m", "m"), ("rescale", "rescale"), ("l", "l"), ("o", "o"), ("o / l", "output"))


def traffic_by_length(
    d: int = 128, scratchpads: tuple[Bytes, ...] = (SMALL, LARGE), bytes_per_element: int = 2, most: int = 32768
) -> Table:
    """Bytes that one head moves by sequence length: scores written out, tiled in some scratchpads, and the least."""
    lengths = [2**k for k in range(4, most.bit_length())]
    found = [("scores written out", 0, N, materialized_traffic(N, N, d).words) for N in lengths]
    for capacity in scratchpads:
        block = block_for(int(capacity) // bytes_per_element, d)
        found += [("tiled", int(capacity), N, flash_traffic(N, N, d, block).words) for N in lengths]
        if N := crossover_length(d, block):
            found.append(("crossover", int(capacity), N, flash_traffic(N, N, d, block).words))
    found += [("Q, K, V and O once", 0, N, least_traffic(N, N, d)) for N in lengths]
    return as_table(TRAFFIC_UNITS, [(*about, bytes_per_element * words) for *about, words in found])


def lines_of(table: Table) -> dict[str, list[dict[str, object]]]:
    """The rows of each line, under its label."""
    found: dict[str, list[dict[str, object]]] = {}
    for r in rows(table):
        if r["series"] != "crossover":
            held = f", {format_binary(r['scratchpad'])}" if r["scratchpad"] else ""
            found.setdefault(r["series"] + held, []).append(r)
    return found


def draw_traffic(ax: Axes, table: Table) -> Axes:
    """A line for each way, labelled at its end, and a dot where the small scratchpad stops paying."""
    log_axes(ax)
    lines = lines_of(table)
    for i, numbers in enumerate(lines.values()):
        ax.plot(*columns(numbers, "length", "D_vol"), **look(i) | {"marker": "", "linewidth": 1.6})
    crossings = [r for r in rows(table) if r["series"] == "crossover"]
    ax.plot(*columns(crossings, "length", "D_vol"), color=BLACK, marker="o", markersize=6, linestyle="None", zorder=3)
    ax.set_xticks([2**k for k in range(4, 17, 2) if max(table["length"]) >= 2**k])
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlim(min(table["length"]), max(table["length"]))
    ax.set_xlabel("sequence length N (tokens)")
    scaled(ax.yaxis, "HBM traffic of one head", "MB")
    end_labels(ax, [(numbers[-1]["D_vol"], name) for name, numbers in lines.items()])
    place_labels(ax, [(r["length"], r["D_vol"], f"N = {r['length']}") for r in crossings], order=("SE", "S", "E"))
    return ax


def traffic_in_words(table: Table) -> str:
    """Bytes at the longest length, and where tiles stop paying."""
    last = [f"{name} {format_si(of[-1]['D_vol'], 'B', 3)}" for name, of in lines_of(table).items()]
    crossed = [f"in {format_binary(r['scratchpad'])} tiles move less only up to N = {r['length']}"
               for r in rows(table) if r["series"] == "crossover"]  # fmt: skip
    return f"At N = {max(table['length'])}: {'; '.join(last + crossed)}."


def film_data(
    scores: tuple[float, ...] = SCORES, values: tuple[float, ...] = VALUES, size: int = 2, base: float = 2
) -> Table:
    """One row of scores, in units of log(base), absorbed a block at a time: the running state after each."""
    state, found = nothing(1, 1), []
    for step, at in enumerate(cuts(len(scores), size), 1):
        before = state[0]
        state = absorb(state, np.array([scores[at]]) * np.log(base), np.array(values[at], float)[:, None])
        m, l, o = (float(x.item()) for x in state)
        rescale = float(np.exp(before - state[0]).item())
        for key, (score, value) in enumerate(zip(scores, values, strict=True)):
            where = "now" if at.start <= key < at.stop else "past" if key < at.start else "later"
            found.append((step, key + 1, score, value, where, round(m / np.log(base), 9), rescale, l, o))
    return as_table(FILM_UNITS, found)


def draw_film(ax: Axes, table: Table) -> Axes:
    """A strip a step: the row with its block of now, and the four running numbers beside it."""
    ax.axis("off")
    n = max(table["key"])
    right = [n + 0.9 + 1.35 * k for k in range(len(COLUMNS))]
    ax.set_xlim(-2.6, right[-1] + 0.7)
    ax.set_ylim(1.25 * max(table["step"]) + 0.95, -0.35)
    ax.text(0, 0, "invented scores, in units of log 2", va="center", color=GREY)
    for x, (words, _) in zip(right, COLUMNS, strict=True):
        ax.text(x, 0.75, words, ha="center", va="center", weight="bold")
    ax.text(-0.2, 0.75, "values", ha="right", va="center", color=GREY)
    for r in rows(table):
        y = 1.25 * r["step"] + 0.4
        draw_score(ax, r, y)
        if r["step"] == 1:
            ax.text(r["key"] - 0.5, 0.75, f"{r['value']:g}", ha="center", va="center", color=GREY)
        if r["key"] == 1:
            ax.text(-0.2, y, f"scores, block {r['step']}", ha="right", va="center")
            for x, (_, name) in zip(right, COLUMNS, strict=True):
                ax.text(x, y, three_at_most(r["o"] / r["l"] if name == "output" else r[name]), ha="center", va="center")
    return ax


def draw_score(ax: Axes, r: dict[str, object], y: float) -> None:
    """One score: framed and filled while its block is on the chip, hatched when it is gone, empty before."""
    looks = {"now": {"facecolor": "#CCE3F0", "edgecolor": BLUE, "linewidth": 1.8, "zorder": 2},
             "past": {"facecolor": "white", "edgecolor": "#BBBBBB", "hatch": HATCHES[1]},
             "later": {"facecolor": "white", "edgecolor": "#BBBBBB"}}  # fmt: skip
    ax.add_patch(Rectangle((r["key"] - 1 + 0.04, y - 0.38), 0.92, 0.76, **looks[r["block"]]))
    if r["block"] != "past":
        high = r["block"] == "now" and r["score"] == r["m"]
        ax.text(r["key"] - 0.5, y, f"{r['score']:g}", ha="center", va="center", zorder=3,
                weight="bold" if high else "normal")  # fmt: skip


def three_at_most(value: float) -> str:
    """Three digits, without the zeros that say nothing.

    >>> three_at_most(2.25), three_at_most(0.5), three_at_most(5.8182)
    ('2.25', '0.5', '5.82')
    """
    return f"{float(three(value)) if value else 0:g}"


def film_in_words(table: Table) -> str:
    """The running numbers after each block."""
    steps = list({r["step"]: r for r in rows(table)}.values())
    last = steps[-1]
    told = [f"block {r['step']}: m {r['m']:g}, old times {r['rescale']:g}, l {r['l']:g}, o {r['o']:g}" for r in steps]
    return f"{'; '.join(told)}; output {three_at_most(last['o'] / last['l'])}."


register(Figure(
    id="attention-traffic", item="Text §Transformer architectures", title="What the scores of attention cost",
    caption="HBM traffic of one head of 128 numbers at two bytes, computed. Written out, the scores cross memory four "
    "times: out and in for the softmax, out and in as weights. Tiled, K and V are read once for each block of queries "
    f"that the scratchpad holds: {block_for(int(LARGE) // 2, 128)[0]} rows in the {format_binary(LARGE)} of an A100's "
    f"multiprocessor, {block_for(SMALL // 2, 128)[0]} in {format_binary(SMALL)}, so few that beyond a short length the "
    "repeated reads cost more than the scores. The three kernels are charged "
    f"as if the chip held all of Q, K and V; that is generous to them. Shared memory: {SM_A100.shared.source}.",
    alt="Log-log line chart of traffic over sequence length from 16 to 32,768. Scores written out and tiles in 32 KiB "
    "start together and cross at a dot near 130, the small tiles ending a little higher. Tiles in 164 KiB end "
    "between four and five times lower, and reading every operand once stays a straight line far below.",
    units=TRAFFIC_UNITS, data=traffic_by_length, draw=draw_traffic, says=traffic_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
register(Figure(
    id="online-softmax-film", item="Text §Transformer architectures", title="A softmax that never sees its whole row",
    caption="One query, eight keys, two at a time. Scores are in units of log 2 and the numbers small, for the eye: a "
    "score of 1 below the maximum weighs one half. A block raises the maximum m (bold) or leaves it; what was summed "
    "before is multiplied by 2^(old m - new m), then the block adds its weights to l and its weighted values to o. "
    "Scores go with their block (hatched). After the last one o / l is the softmax's output, exactly.",
    alt="Four strips of eight cells, one a step. A frame of two cells moves from left to right, cells behind it are "
    "hatched. Beside each strip stand the running maximum, the factor for what was summed before, the two running "
    "sums and their quotient.",
    units=FILM_UNITS, data=film_data, draw=draw_film, says=film_in_words, lab=LAB, size=(6.4, 2.9),
))  # fmt: skip
