"""What narrow sums lose: the error of a dot product over its length, for formats of inputs and accumulator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from labcore.plots.labels import end_labels
from labcore.plots.number_lines import power_of_ten
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import log_axes, look
from labcore.plots.words import as_table, columns, rows
from labcore.precision.dot import dot, relative_error

UNITS = {"inputs": "", "accumulator": "", "chunk": "", "K": "", "relative_error": ""}
WAYS = (  # inputs, accumulator, products in a run (0: all in one)
    ("bf16", "bf16", 0), ("fp16", "fp16", 0), ("fp16", "fp16", 64), ("fp8_e4m3", "fp32", 0), ("bf16", "fp32", 0),
    ("fp16", "fp32", 0),
)  # fmt: skip
ROWS, SEED = 32, 7


@lru_cache(maxsize=32)
def errors(inputs: str, accumulator: str, chunk: int, lengths: tuple[int, ...]) -> tuple[float, ...]:
    """Relative error at each length, root mean square over dot products of numbers drawn evenly from 0 to 1.

    >>> errors("fp16", "fp32", 0, (1,))[0] < 2**-11  # one product: the roundings of two inputs
    True
    """
    a, b = np.random.default_rng(SEED).random((2, ROWS, max(lengths)))
    found = (dot(a[:, :K], b[:, :K], inputs, accumulator, chunk or None) for K in lengths)
    return tuple(relative_error(got, a[:, :K], b[:, :K]) for got, K in zip(found, lengths, strict=True))


def error_by_length(ways: Sequence[tuple[str, str, int]] = WAYS, K_max: int = 4096) -> Table:
    """The error of each way at lengths 16, 32, ... up to K_max."""
    lengths = tuple(2**k for k in range(4, K_max.bit_length()))
    drawn = [(*way, K, error) for way in ways for K, error in zip(lengths, errors(*way, lengths), strict=True)]
    return as_table(UNITS, drawn)


def draw_error_by_length(ax: Axes, table: Table) -> Axes:
    """One line for each way, named at its end."""
    log_axes(ax)
    ends = []
    for i, way in enumerate(ways_of(table)):
        K, error = columns([r for r in rows(table) if key(r) == way], "K", "relative_error")
        ring = {"markersize": 8, "markerfacecolor": "none"} if way[2] else {}  # its end lies on another's
        ax.plot(K, error, **look(i) | ring, markevery=2, clip_on=False)
        ends.append((error[-1], name(*way)))
    ax.set_xticks([4**k for k in range(2, 10) if 4**k <= max(table["K"])])
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set_xlim(min(table["K"]), max(table["K"]))
    ax.set_ylim(1e-6, 2)
    ax.yaxis.set_major_formatter(power_of_ten)
    ax.set_xlabel("length K of the dot product")
    ax.set_ylabel("relative error")
    end_labels(ax, ends)
    return ax


def ways_of(table: Table) -> list[tuple[str, str, int]]:
    """The ways of a table, each once."""
    return list(dict.fromkeys(map(key, rows(table))))


def key(row: dict[str, object]) -> tuple[str, str, int]:
    """What tells the lines apart."""
    return row["inputs"], row["accumulator"], row["chunk"]


def name(inputs: str, accumulator: str, chunk: int) -> str:
    """'fp16, sum fp32', with the length of its runs where it has any.

    >>> name("fp16", "fp16", 64)
    'fp16, sum fp16 in runs of 64'
    """
    return f"{inputs}, sum {accumulator}" + (f" in runs of {chunk}" if chunk else "")


def error_by_length_in_words(table: Table) -> str:
    """Each way's error at both ends."""
    words = []
    for way in ways_of(table):
        K, error = columns([r for r in rows(table) if key(r) == way], "K", "relative_error")
        words.append(f"{name(*way)} {error[0]:.1e} -> {error[-1]:.1e}")
    return f"Relative error from K = {K[0]} to {K[-1]}: {'; '.join(words)}."


register(Figure(
    id="dot-error",
    item="Text §Mixed-precision computing",
    title="Error of a dot product over its length, by formats of inputs and accumulator",
    caption="Inputs are drawn evenly from 0 to 1, so that the sum keeps growing, and rounded to the first format; "
    f"every partial sum is rounded to the second. Root mean square over {ROWS} dot products, relative to the exact "
    "result of the unrounded inputs. Roundings of the inputs average out, so with a wide accumulator longer sums are "
    "better, even from 8-bit inputs. A narrow accumulator loses more with every step, until the sum is so large that a "
    "product is less than half of its spacing and is lost whole. Summing runs of 64 first keeps both sums short.",
    alt="Log-log plot of relative error over lengths 16 to 4096. Three lines with an fp32 accumulator fall gently: "
    "fp8 inputs highest, then bf16, then fp16. The line of bf16 sums rises steeply to near one, that of fp16 sums to "
    "a few per cent; fp16 sums in runs of 64 stay near one in a thousand.",
    units=UNITS, data=error_by_length, draw=draw_error_by_length, says=error_by_length_in_words, lab="07_numerics",
))  # fmt: skip
