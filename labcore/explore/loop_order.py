"""A 4 x 4 x 4 product, access by access: the pure functions of the loop order explorer."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from types import SimpleNamespace

from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from labcore.explore.operation import fix_ticks
from labcore.loopnest import Level, Nest, Traffic, matmul_problem, traffic
from labcore.loopnest.nest import OUTPUT, tile_elements
from labcore.loopnest.steps import Step, steps
from labcore.plots.style import BLUE, GREY, VERMILLION

SIDE = 4
TILES = ("1", "2", "4")
PROBLEM = matmul_problem(SIDE, SIDE, SIDE)
PLACES = {"A": ("M", "K"), "B": ("K", "N"), OUTPUT: ("M", "N")}
LEFT, TOP = {"A": 0.3, "B": 5.5, OUTPUT: 10.7}, 1.65
SPOTS = [(name, (i, j)) for name in PLACES for i in range(SIDE) for j in range(SIDE)]
LEGEND = "thick frame: held\ntinted: came in at this step\nnumber: times read; in C, times written"
PLAIN = {"ground": "white", "edge": GREY, "width": 0.6}


@lru_cache(maxsize=64)
def walk(order: str, tile: tuple[int, int, int]) -> tuple[Nest, list[Step], Traffic]:
    """The nest that the controls ask for, its steps, and what all of them move."""
    nest = Nest(PROBLEM, [Level(dict(zip("MKN", tile, strict=True)), order)])
    return nest, list(steps(nest)), traffic(nest)[0]


def at_mac(mac: int, tile: tuple[int, int, int]) -> int:
    """The step in which a multiply-accumulate, counted from 1, is done.

    >>> at_mac(8, (2, 2, 2)), at_mac(9, (2, 2, 2))
    (0, 1)
    """
    return (mac - 1) // math.prod(tile)


def so_far(done: list[Step]) -> tuple[Counter, Counter]:
    """How often each element was read, and how often each result was written, in some steps."""
    read = Counter((name, index) for step in done for name, some in step.read.items() for index in some)
    written = Counter(index for step in done for index in step.written)
    return read, written


def build(fig: Canvas) -> SimpleNamespace:
    """Three grids of elements, the loops below them, and what each operand has moved."""
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, 15.2), ylim=(9.5, 0))
    ax.axis("off")
    for axis in (ax.xaxis, ax.yaxis):
        fix_ticks(axis, [])
    for name, (down, across) in PLACES.items():
        ax.text(LEFT[name] + 2, 1.35, f"{name}: {down} down, {across} across", ha="center", fontsize=9)
    ax.text(7.6, 8.0, LEGEND, va="center", linespacing=1.5, color=GREY)
    squares = [Rectangle((LEFT[name] + j + 0.05, TOP + i + 0.05), 0.9, 0.9) for name, (i, j) in SPOTS]
    return SimpleNamespace(
        title=ax.text(0.3, 0.6, "", weight="bold", fontsize=11, va="center"),
        cells=ax.add_collection(PatchCollection(squares)),
        counts=[digits(ax, times) for times in range(1, SIDE + 1)],
        moved=[ax.text(LEFT[name] + 2, 6.1, "", ha="center", va="center") for name in PLACES],
        loops=ax.text(0.3, 8.0, "", va="center", family="DejaVu Sans Mono", linespacing=1.5),
    )


def digits(ax: Axes, digit: int) -> Line2D:
    """Places of one digit, drawn as a marker: 48 texts would take too long for a slider."""
    outline = TextPath((0, 0), str(digit), size=10)
    box = outline.get_extents()
    centred = Path(outline.vertices - (box.p0 + box.p1) / 2, outline.codes)
    return ax.plot([], [], marker=centred, markersize=8, color="black", markeredgewidth=0, linestyle="None")[0]


def update(artists: SimpleNamespace, order: str, tm: str, tk: str, tn: str, mac: int) -> None:
    """Show what is held while one multiply-accumulate is done, and how often each element has moved."""
    tile = int(tm), int(tk), int(tn)
    nest, run, _ = walk(order, tile)
    at = at_mac(mac, tile)
    read, written = so_far(run[: at + 1])
    looks = [cell_look(run[at], name, index) for name, index in SPOTS]
    artists.cells.set(
        facecolor=[one["ground"] for one in looks],
        edgecolor=[one["edge"] for one in looks],
        linewidth=[one["width"] for one in looks],
    )
    times = [written[index] if name == OUTPUT else read[name, index] for name, index in SPOTS]
    for count, line in enumerate(artists.counts, start=1):
        here = [spot for spot, moved in zip(SPOTS, times, strict=True) if moved == count]
        line.set_data([LEFT[name] + j + 0.5 for name, (_, j) in here], [TOP + i + 0.5 for _, (i, _) in here])
    for text, words in zip(artists.moved, in_words(read, written), strict=True):
        text.set_text(words)
    artists.title.set_text(
        f"MAC {mac} of {PROBLEM.macs}, step {at + 1} of {len(run) - 1}, {held_words(nest)} words held"
    )
    artists.loops.set_text("\n".join(f"{'  ' * k}for {line}" for k, line in enumerate(loop_lines(nest, run[at]))))


def cell_look(step: Step, name: str, index: tuple[int, int]) -> dict[str, object]:
    """Frame and ground of one element: held or not, just come or not."""
    if index not in step.held[name]:
        return PLAIN
    came, result = index in step.read[name], name == OUTPUT
    tint = "#F9DCC8" if result else "#CFE3F1"
    return {"ground": tint if came else "#E5E5E5", "edge": VERMILLION if result else BLUE, "width": 2.4}


def in_words(read: Counter, written: Counter) -> list[str]:
    """Words moved so far, operand by operand."""
    total = Counter()
    for (name, _), times in read.items():
        total[name] += times
    return [f"{total['A']} in", f"{total['B']} in", f"{total[OUTPUT]} back in, {written.total()} out"]


def held_words(nest: Nest) -> int:
    """Words of the three tiles."""
    return sum(tile_elements(PROBLEM, name, nest.levels[0].tile) for name in PLACES)


def loop_lines(nest: Nest, step: Step) -> list[str]:
    """The loops, outermost first, each with where it stands."""
    return [
        f"{loop.dim.lower()} = {step.starts[loop.dim]} of 0 to {SIDE - loop.step} by {loop.step}"
        for loop in nest.loops(0)
    ]


def describe(order: str, tm: str, tk: str, tn: str, mac: int) -> str:
    """What moves at this step, so far and in the whole run."""
    tile = int(tm), int(tk), int(tn)
    nest, run, whole = walk(order, tile)
    at = at_mac(mac, tile)
    step = run[at]
    moves = [f"{name} {listed(step.read[name])} {'back ' * (name == OUTPUT)}in" for name in PLACES if step.read[name]]
    if step.written:
        moves.append(f"C {listed(step.written)} out")
    words = in_words(*so_far(run[: at + 1]))
    return (
        f"Order {order}, tile {tm} x {tk} x {tn}, {held_words(nest)} words held. Multiply-accumulate {mac} of "
        f"{PROBLEM.macs}, step {at + 1} of {len(run) - 1}{together(at, tile)}: {', '.join(moves) or 'nothing moves'}. "
        f"So far A {words[0]}, B {words[1]}, C {words[2]}. The whole run: A {whole.A_reads} in, B {whole.B_reads} in, "
        f"C {whole.C_reads} back in and {whole.C_writes} out, {whole.words} words"
    )


def together(at: int, tile: tuple[int, int, int]) -> str:
    """Which multiply-accumulates one step does on the same tiles, where they are several.

    >>> together(0, (2, 1, 2)), together(7, (1, 1, 1))
    (', which does 1 to 4 on the same tiles', '')
    """
    many = math.prod(tile)
    return f", which does {at * many + 1} to {(at + 1) * many} on the same tiles" if many > 1 else ""


def listed(elements: frozenset) -> str:
    """A few elements by their places, many by their number."""
    places = [f"({i},{j})" for i, j in sorted(elements)]
    return " ".join(places) if len(places) <= 4 else f"{len(places)} elements"
