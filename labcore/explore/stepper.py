"""An array step by step: the pure functions of the stepper, which draws every register of one cycle."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY
from labcore.systolic import DATAFLOWS, Run, State, simulate

MOST = 4  # rows and columns that are drawn
QUEUE = 3  # operands that are shown waiting
LOOK = {"A": "black", "B": BLUE, "C": "black"}  # C is bold besides


def default_A(M: int, K: int) -> np.ndarray:
    """A small matrix of unlike numbers, (M, K), from 1 to 9.

    >>> default_A(2, 2).tolist()
    [[2, 4], [5, 7]]
    """
    i, k = np.indices((M, K))
    return (3 * i + 2 * k + 1) % 9 + 1


def default_B(K: int, N: int) -> np.ndarray:
    """A small matrix of unlike numbers, (K, N), from 1 to 9.

    >>> default_B(2, 2).tolist()
    [[1, 3], [5, 7]]
    """
    k, j = np.indices((K, N))
    return (4 * k + 2 * j) % 9 + 1


@lru_cache(maxsize=256)
def run_of(A: tuple, B: tuple, rows: int, cols: int, dataflow: str) -> Run:
    """The run of two matrices, given as tuples of tuples so that a moved cycle finds it again."""
    return simulate(np.array(A), np.array(B), rows, cols, dataflow, states=True)


def as_tuples(X: np.ndarray) -> tuple:
    """A matrix as tuples of tuples of Python numbers."""
    return tuple(map(tuple, np.asarray(X).tolist()))


class Stepper:
    """`build`, `update` and `describe` over matrices that are given, or made to the sizes that the controls name."""

    def __init__(self, A: np.ndarray | None = None, B: np.ndarray | None = None) -> None:
        self.A, self.B = A, B

    def run(self, rows: int, cols: int, dataflow: str, M: int = 0, K: int = 0, N: int = 0) -> Run:
        """The run that the controls ask for."""
        A = default_A(M, K) if self.A is None else self.A
        B = default_B(K, N) if self.B is None else self.B
        return run_of(as_tuples(A), as_tuples(B), rows, cols, dataflow)

    def update(self, artists: SimpleNamespace, cycle: int, **asked: object) -> None:
        """Show the registers at the end of a cycle."""
        run = self.run(**asked)
        state = run.states[cycle - 1]
        artists.title.set_text(when(run, state))
        draw_grid(artists, run, state)
        draw_queues(artists, run, state)

    def describe(self, cycle: int, **asked: object) -> str:
        """What this cycle did: what moved and entered, which PEs multiplied what, what left, what the others hold."""
        run = self.run(**asked)
        flow = DATAFLOWS[run.dataflow]
        M, N = run.C.shape
        K = run.macs // (M * N)
        head = (
            f"{flow.name.capitalize()}, ({M}, {K}) @ ({K}, {N}) on {run.rows} x {run.cols}: "
            f"{run.cycles} cycles, {run.utilization:.1%} of the array"
        )
        end = f" The run ends with C = {run.C.tolist()}." if cycle == run.cycles else ""
        return f"{when(run, run.states[cycle - 1])}; {events(run, run.states[cycle - 1])}.{end} {head}."


def when(run: Run, state: State) -> str:
    """The cycle, its phase, and the tile where there are several."""
    tiles = run.states[-1].fold
    tile = f", tile {state.fold} of {tiles}" if tiles > 1 else ""
    return f"Cycle {state.cycle} of {run.cycles}{tile}: {state.phase}"


def events(run: Run, state: State) -> str:
    """One cycle in words."""
    flow = DATAFLOWS[run.dataflow]
    moves = {"preload": f"{flow.stays} moves down", "unload": f"{flow.stays} moves down"}
    words = [moves.get(state.phase, f"{flow.right} moves right, {flow.down} moves down")]
    if state.entered:
        edge = {flow.right: "row"}  # what moves right enters in a row of the array, all else in a column
        entered = (f"{name} {value:g} ({edge.get(name, 'column')} {lane})" for name, lane, value in state.entered)
        words.append(f"in come {', '.join(entered)}")
    work = []
    for i, j in np.argwhere(state.busy):
        a, b, c = (state.values[name][i, j].item() for name in "ABC")
        work.append(f"PE({i},{j}) {c - a * b:g} + {a:g} x {b:g} = {c:g}")
    verb = "multiplies" if len(work) == 1 else "multiply"
    words.append(f"{len(work)} of {run.rows * run.cols} PEs {verb}" + (f": {', '.join(work)}" if work else ""))
    if state.left:
        words.append("out go " + ", ".join(f"{value:g} (column {lane})" for _, lane, value in state.left))
    idle = [
        f"{name} {state.values[name][i, j]:g} in PE({i},{j})"
        for i, j in np.argwhere(~state.busy) for name in "ABC" if state.present[name][i, j]
    ]  # fmt: skip
    if idle:
        words.append(f"idle PEs hold {', '.join(idle)}")
    return "; ".join(words)


def build(fig: Canvas) -> SimpleNamespace:
    """A grid of PEs with three registers each, queues on the left and above, and what left below."""
    ax = fig.add_axes((0, 0, 1, 1), xlim=(-2.3, MOST + 0.5), ylim=(MOST + 0.75, -1.85))
    ax.axis("off")
    for axis in (ax.xaxis, ax.yaxis):
        fix_ticks(axis, [])
    text = {"ha": "center", "va": "center"}
    grid = [(i, j) for i in range(MOST) for j in range(MOST)]
    return SimpleNamespace(
        title=ax.text(-2.2, -1.6, "", weight="bold", fontsize=11, va="center"),
        ways=ax.text(-2.2, -1.25, "", fontsize=9, va="center", color=GREY),
        cells=[ax.add_patch(Rectangle((j + 0.05, i + 0.05), 0.9, 0.9, facecolor="white")) for i, j in grid],
        A=[ax.text(j + 0.5, i + 0.24, "", color=LOOK["A"], **text) for i, j in grid],
        B=[ax.text(j + 0.5, i + 0.5, "", color=LOOK["B"], **text) for i, j in grid],
        C=[ax.text(j + 0.5, i + 0.77, "", color=LOOK["C"], weight="bold", **text) for i, j in grid],
        left=[ax.text(-0.1, i + 0.5, "", ha="right", va="center") for i in range(MOST)],
        above=[ax.text(j + 0.5, -0.1, "", ha="center", va="bottom", linespacing=1.3) for j in range(MOST)],
        below=[ax.text(j + 0.5, MOST + 0.35, "", weight="bold", **text) for j in range(MOST)],
    )  # fmt: skip


def draw_grid(artists: SimpleNamespace, run: Run, state: State) -> None:
    """Colour the PEs by what they do, and write what their registers hold."""
    for n, cell in enumerate(artists.cells):
        i, j = divmod(n, MOST)
        there = i < run.rows and j < run.cols
        busy = there and bool(state.busy[i, j])
        cell.set(visible=there, facecolor="#D6EAF8" if busy else "white", edgecolor=BLUE if busy else GREY,
                 linewidth=2.4 if busy else 0.8, linestyle="-" if busy else ":")  # fmt: skip
        for name in "ABC":
            held = there and bool(state.present[name][i, j])
            getattr(artists, name)[n].set_text(f"{name} {state.values[name][i, j]:g}" if held else "")


def draw_queues(artists: SimpleNamespace, run: Run, state: State) -> None:
    """Write what enters in the coming cycles beside its lane, nearest first, and what left in this one."""
    flow = DATAFLOWS[run.dataflow]
    coming = run.states[state.cycle : state.cycle + QUEUE]
    for lane in range(MOST):
        for side, name in (("left", flow.right), ("above", flow.stays if flow.down == "C" else flow.down)):
            waits = [next((f"{v:g}" for n, at, v in s.entered if (n, at) == (name, lane)), "·") for s in coming]
            shown = any(mark != "·" for mark in waits) and all(s.fold == state.fold for s in coming)
            words = ("  " if side == "left" else "\n").join(reversed(waits)) if shown else ""
            getattr(artists, side)[lane].set(text=words, color=LOOK[name])
        out = next((f"C {v:g}" for _, at, v in state.left if at == lane), "")
        artists.below[lane].set(text=out, y=run.rows + 0.3)
    artists.ways.set_text(f"{flow.name}: {flow.right} moves right, {flow.down} moves down, {flow.stays} stays")
