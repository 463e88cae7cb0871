"""Serving in time: the same eight requests in three kinds of batches, token by token."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue import H100
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, PLATE, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.serving.batching import Chunked, Continuous, Scheduler, Static
from labcore.serving.engine import engine
from labcore.serving.occupancy import gantt
from labcore.serving.requests import Requests, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate
from labcore.units import Seconds, format_si

LAB = "22_llm_serving"
ITEM = "Essay 002 §Memory wall"
MODEL = "llama3-8b"
BUDGET = 512  # tokens of an iteration, where prompts come in pieces
EIGHT = {
    "arrival": (0.0, 0.005, 0.01, 0.02, 0.06, 0.08, 0.1, 0.12),
    "prompt": (300, 500, 400, 200, 4000, 300, 600, 400),
    "answer": (12, 30, 8, 20, 10, 16, 6, 14),
}
NAMES = {
    "static": "static: four together, until the last of them ends",
    "continuous": "continuous: who waits takes the first free row",
    "chunked": f"chunked: the same, prompts in pieces, {BUDGET} tokens a pass",
}
LOOKS = {
    "reads": {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    "writes": {"facecolor": "#CFE3F1", "edgecolor": BLUE},
    "idle": {"facecolor": "white", "edgecolor": GREY, "linestyle": ":"},
}
WHAT = {"reads": "prompt is read", "writes": "answer is written", "idle": "row kept, not used"}
HEIGHT = (15.6, -0.3)  # of the drawing, in rows
UNITS = {"scheduler": "", "row": "", "request": "", "what": "", "start": "s", "end": "s"}


def schedulers(batch: int, timeout: Seconds = float("inf")) -> dict[str, Scheduler]:
    """The three schedulers by name, for batches of the same size.

    >>> list(schedulers(4))
    ['static', 'continuous', 'chunked']
    """
    return {"static": Static(batch, timeout), "continuous": Continuous(batch), "chunked": Chunked(batch, BUDGET)}


def eight() -> Requests:
    """The eight requests of the timeline; the fifth has a prompt ten times as long as the others.

    >>> len(eight()), eight().tokens
    (8, 116)
    """
    return requests(EIGHT["arrival"], EIGHT["prompt"], EIGHT["answer"])


@cache
def timeline() -> Table:
    """Who is in which of four rows when, and when each token comes, under the three schedulers."""
    return as_table(UNITS, [
        (name, *line)
        for name, how in schedulers(4).items()
        for line in _lines(simulate(eight(), engine(MODEL, H100), how))
    ])  # fmt: skip


def _lines(run: Run) -> Iterator[tuple]:
    """Bars of the rows, then an instant for each token; rows and requests count from 1."""
    row_of = {}
    for one in gantt(run).events:
        row_of[one.stream] = int(one.engine.split()[1]) + 1
        yield row_of[one.stream], int(one.stream) + 1, one.what, one.start, one.end
    for stay in run.stays:
        request = int(stay["request"])
        for at in run.ends[stay["first"] : stay["first"] + stay["made"]].tolist():
            yield row_of[str(request)], request + 1, "token", at, at


def longest_gap(table: Table, scheduler: str) -> Seconds:
    """The longest time between two tokens of one answer.

    >>> longest_gap(timeline(), "static") < longest_gap(timeline(), "chunked") < longest_gap(timeline(), "continuous")
    True
    """
    its = [r for r in rows(table) if r["scheduler"] == scheduler and r["what"] == "token"]
    times = [[r["start"] for r in its if r["request"] == n] for n in {r["request"] for r in its}]
    return max(b - a for one in times for a, b in pairwise(one))


def draw_timeline(ax: Axes, table: Table) -> Axes:
    """Four rows for each scheduler: bars with the request's number, a tick for each token."""
    y, ticks, end = 0.0, {}, max(table["end"])
    for name, words in NAMES.items():
        its = [r for r in rows(table) if r["scheduler"] == name]
        ax.text(0, y + 0.25, words, fontweight="bold", va="center")
        for r in its:
            place = y + r["row"]
            ticks[place] = f"row {r['row']}"
            if r["what"] == "token":
                ax.plot([r["start"]] * 2, [place - 0.36, place + 0.02], color=BLACK, linewidth=0.8)
            else:
                ax.barh(place, r["end"] - r["start"], 0.78, left=r["start"], linewidth=0.7, **LOOKS[r["what"]])
            if r["what"] == "reads":
                ax.text(r["start"] + 0.004, place, r["request"], ha="left", va="center", fontsize=8, bbox=PLATE)
        last = max(r["end"] for r in its)
        ax.axvline(last, *_span(y), color=GREY, linewidth=0.8, linestyle="--")
        ax.text(last + 0.006, y + 2.5, f"all done: {format_si(last, 's', 3)}\nlongest gap between\ntokens: "
                f"{format_si(longest_gap(table, name), 's', 3)}", va="center", fontsize=8.5)  # fmt: skip
        y += 5.3
    ax.set_yticks(list(ticks), ticks.values())
    ax.set_ylim(*HEIGHT)
    ax.set_xlim(0, 1.28 * end)
    ax.set_xticks([T / 10 for T in range(1 + int(10 * end))])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    scaled(ax.xaxis, "time", "ms")
    marks = ax.plot([], [], color=BLACK, linestyle="None", marker="|", label="a token goes out")
    bars = [Patch(**how, linewidth=0.7, label=WHAT[what]) for what, how in LOOKS.items()]
    ax.legend(handles=[*bars, *marks], loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, columnspacing=1.2,
              handlelength=1.6)  # fmt: skip
    return ax


def _span(y: float) -> tuple[float, float]:
    """Where four rows below y lie, as shares of the axes' height."""
    low, high = HEIGHT
    return (low - (y + 4.5)) / (low - high), (low - (y + 0.5)) / (low - high)


def timeline_in_words(table: Table) -> str:
    """When all is done under each scheduler, and the longest time between two tokens of an answer."""
    said = []
    for name in NAMES:
        last = max(r["end"] for r in rows(table) if r["scheduler"] == name)
        gap = format_si(longest_gap(table, name), "s", 3)
        said.append(f"{name} ends after {format_si(last, 's', 3)}, longest gap between tokens {gap}")
    return f"{'; '.join(said)}."


register(Figure(
    id="serving-timeline", item=ITEM, title="The same eight requests in three kinds of batches",
    caption="Llama 3 8B in FP16 on one H100, at most four sequences at a time, simulated; prompts have 200 to 600 "
    "tokens, but that of request 5 has 4000. A static batch keeps a row until its longest answer ends, and "
    "lets nobody in. Continuous batching fills the row at once and ends sooner; but while it reads the long "
    "prompt, three others wait 132 ms for their next token. In pieces that prompt takes hardly longer and no "
    "gap is above 19 ms; its pieces fill each pass, so request 6 waits though a row is free.",
    alt="Three groups of four rows with bars over time. In the first, all bars begin together, dotted ends show rows "
    "kept without use, and a second set follows. In the second the rows are filled without gaps, and ticks stop in "
    "three rows while the fourth reads a long prompt. In the third the ticks go on beside that prompt.",
    units=UNITS, data=timeline, draw=draw_timeline, says=timeline_in_words, lab=LAB, size=(6.8, 4.8),
))  # fmt: skip
