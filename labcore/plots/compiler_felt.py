"""Compiled over eager on a reader's machine: measured beside predicted."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from labcore.catalogue import A100
from labcore.compiler.cost import cost
from labcore.compiler.networks import small_cnn
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.speedup import Speedup, compiled_beside_eager
from labcore.measure.compute import blas_threads
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import GREY, look
from labcore.plots.words import as_table, columns, rows, three

UNITS = {"side": "", "predicted": "1", "measured": "1", "low": "1", "high": "1"}
SIDES = (8, 16, 32, 64)


def races(sides: tuple[int, ...] = SIDES, repeats: int = 31) -> dict[int, Speedup]:
    """The small network on images of several sizes, eager and compiled in turns, BLAS held to one thread."""
    with blas_threads(1):
        return {side: compiled_beside_eager(small_cnn(size=side, seed=1), repeats=repeats) for side in sides}


def counted(side: int) -> tuple[int, int, int]:
    """Kernels eager, kernels compiled, and FLOP of the network at one size of image.

    >>> counted(16)[:2]
    (12, 5)
    """
    graph = small_cnn(size=side)
    plain, made = (cost(one, A100) for one in (graph, optimize(graph)[0]))
    return plain.launches, made.launches, made.flop


def predicted(raced: Mapping[int, Speedup]) -> dict[int, float]:
    """What the two ends say of the sizes between: a call costs what it does where the image is smallest.

    Arithmetic costs, for each FLOP, what is left of the compiled program's time where the image is largest.

    >>> ends = {8: Speedup((12e-6,), (5e-6,)), 64: Speedup((16e-6,), (9e-6,))}
    >>> {side: round(ratio, 2) for side, ratio in predicted(ends).items()}
    {8: 2.38, 64: 1.78}
    """
    small, large = min(raced), max(raced)
    eager, compiled, _ = counted(small)
    T_call = min(raced[small].eager) / eager
    T_flop = max(0.0, min(raced[large].compiled) - compiled * T_call) / counted(large)[2]
    times = {side: (eager * T_call + T_flop * counted(side)[2], compiled * T_call + T_flop * counted(side)[2])
             for side in raced}  # fmt: skip
    return {side: slow / fast for side, (slow, fast) in times.items()}


def data(raced: Mapping[int, Speedup] | None = None) -> Table:
    """A row for each size of image: the ratio predicted, and measured with its least and greatest quarter."""
    if not raced:
        return {name: [] for name in UNITS}
    said = predicted(raced)
    return as_table(UNITS, [(side, said[side], one.ratio, *quartiles(one)) for side, one in raced.items()])


def quartiles(one: Speedup) -> tuple[float, float]:
    """The ratio of a round that a quarter of the rounds stay below, and that a quarter exceed.

    >>> quartiles(Speedup((1.0, 2.0, 3.0, 4.0, 5.0), (1.0,) * 5))
    (2.0, 4.0)
    """
    ratios = sorted(slow / fast for slow, fast in zip(one.eager, one.compiled, strict=True))
    return ratios[(len(ratios) - 1) // 4], ratios[(3 * (len(ratios) - 1) + 3) // 4]


def draw(ax: Axes, table: Table) -> Axes:
    """Measured ratios with bars of their quartiles, predicted ones as a line, and the ratio of kernels."""
    sides = table["side"]
    ax.plot(range(len(sides)), table["predicted"], **look(1), label="predicted from the two ends")
    for i, r in enumerate(rows(table)):
        ax.plot([i, i], [r["low"], r["high"]], color=look(0)["color"], linewidth=3, alpha=0.4)
    ax.plot(range(len(sides)), *columns(list(rows(table)), "measured"), **look(0) | {"linestyle": "None"},
            markersize=9, label="measured, with quartiles")  # fmt: skip
    eager, compiled, _ = counted(sides[0])
    for height, words in ((eager / compiled, f"{eager} kernels over {compiled}"), (1, "the same arithmetic")):
        ax.axhline(height, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)))
        ax.annotate(words, (1, height), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                    ha="right", color=GREY)  # fmt: skip
    ax.set_xticks(range(len(sides)), [f"{side} x {side}" for side in sides])
    ax.set_xlim(-0.4, len(sides) + 0.1)
    ax.set_ylim(0, 1.6 * max(*table["measured"], eager / compiled))  # a wild quarter of the rounds may leave it
    ax.set_xlabel("image")
    ax.set_ylabel("time eager over compiled")
    ax.legend(loc="upper right", ncols=2)
    return ax


def in_words(table: Table) -> str:
    """Predicted and measured at each size."""
    parts = (
        f"{r['side']} x {r['side']}: {three(r['measured'])}, predicted {three(r['predicted'])}" for r in rows(table)
    )
    return f"Time eager over compiled: {'; '.join(parts)}."


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="compiled-felt", item="§Compiler Support", title="Compiled against eager, measured on one machine",
    caption="", alt="Measured ratios of eager to compiled time over the size of the image, beside the predicted ones.",
    units=UNITS, data=data, draw=draw, says=in_words, lab="15_compilers", size=(6.4, 3.6),
)  # fmt: skip


def felt(raced: Mapping[int, Speedup]) -> Shown:
    """Predicted and measured gains of compiling in one picture."""
    return Shown(FELT, {"raced": raced})
