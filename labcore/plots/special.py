"""How exact special-function units are: by the size of their table, and by the number of Newton steps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, log_axes, look
from labcore.plots.words import as_table, columns, rows
from labcore.precision import number_format
from labcore.sfu.accuracy import FORMATS, accuracy, every_value
from labcore.sfu.newton import RootUnit
from labcore.sfu.tables import NO_VALUE, TableUnit

ORDERS = ("look-up", "linear", "quadratic")


def error_by_table(function: str = "rsqrt", fmt: str = "fp16", bits_max: int = 11) -> Table:
    """Worst error over every value of the format, for tables of 2 entries to 2^bits_max and three orders."""
    x = every_value(fmt)
    x = x[~NO_VALUE[function][0](x)] if function in NO_VALUE else x
    found = []
    for order, name in enumerate(ORDERS):
        for bits in range(1, bits_max + 1):
            unit = TableUnit(function, bits, order)
            one = accuracy(unit, unit.exact, x, fmt)
            found.append((name, bits, unit.size, one.worst, one.right))
    return as_table(TABLE_UNITS, found)


def draw_tables(ax: Axes, table: Table) -> Axes:
    """Worst error over the size of the table, a line for each order, down to the half ulp that rounding costs."""
    log_axes(ax)
    ends = []
    for i, name in enumerate(ORDERS):
        size, worst = columns([r for r in rows(table) if r["order"] == name], "table_bits", "worst")
        ax.plot(size, worst, label=name, markersize=5, **{k: v for k, v in look(i).items() if k != "markersize"})
        ends.append((size, worst))
    ax.axhline(0.5, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.annotate("0.5 ulp: correctly rounded", (min(table["table_bits"]), 0.5), (0, -4), textcoords="offset points",
                va="top", color=GREY)  # fmt: skip
    ax.set_ylim(0.25, 3 * max(table["worst"]))
    ax.yaxis.set_major_formatter("{x:,g}")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlabel("size of the table (bit)")
    ax.set_ylabel("worst error (ulp)")
    ax.legend(title="between entries")
    return ax


def tables_in_words(table: Table) -> str:
    """The smallest table of each order that stays within 0.6 ulp."""
    words = []
    for name in ORDERS:
        good = [r for r in rows(table) if r["order"] == name and r["worst"] <= 0.6]
        least = f"{2 ** good[0]['entry_bits']} entries, {good[0]['table_bits']:,} bit" if good else "no table here"
        words.append(f"{name} {least}")
    return f"Least table within 0.6 ulp of the exact function: {'; '.join(words)}."


def error_by_step(function: str = "rsqrt", seed_bits: int = 5, steps: int = 2, points: int = 64) -> Table:
    """Worst relative error in each segment of the seed's table, after 0 to `steps` Newton steps in float64."""
    edges = np.linspace(1, 4, 2**seed_bits + 1)
    inside = (np.arange(points) + 0.5) / points
    x = edges[:-1, None] + np.diff(edges)[:, None] * inside  # (segments, points)
    exact = TableUnit(function, 1, 0).exact(x)
    found = []
    for n in range(steps + 1):
        unit = RootUnit(function, seed_bits, n, working=np.float64, width=24)
        worst = np.abs(unit(x) / exact - 1).max(axis=1)
        found += [(n, float(a), float(b), float(e)) for a, b, e in zip(edges[:-1], edges[1:], worst, strict=True)]
    return as_table(STEP_UNITS, found)


def draw_steps(ax: Axes, table: Table) -> Axes:
    """Worst error in each segment on a log axis, a line for each number of steps, beside half an ulp of formats."""
    log_axes(ax, "y")
    ends = []
    for n in sorted(set(table["steps"])):
        middle, error = columns(
            [r | {"x": (r["x_from"] + r["x_to"]) / 2} for r in rows(table) if r["steps"] == n], "x", "error"
        )
        ax.plot(middle, error, markersize=3.5, **look(n))
        ends.append((error[-1], f"{n} step{'s' * (n != 1)}"))
    for fmt in FORMATS:
        half = number_format(fmt).epsilon / 2
        ax.axhline(half, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        ax.annotate(f"half an ulp of {fmt}", (2.9, half), (0, -2), textcoords="offset points",
                    va="top", color=GREY)  # fmt: skip
    ax.set_xlim(1, 4)
    ax.set_ylim(1e-9, 1)
    ax.set_yticks([10.0**-k for k in range(10)], [f"1e-{k}" if k else "1" for k in range(10)])
    ax.set_xlabel("argument x")
    ax.set_ylabel("worst relative error")
    end_labels(ax, ends)
    return ax


def steps_in_words(table: Table) -> str:
    """The worst error after each number of steps."""
    worst = {n: max(r["error"] for r in rows(table) if r["steps"] == n) for n in sorted(set(table["steps"]))}
    return f"Worst relative error: {', '.join(f'{e:.1e} after {n}' for n, e in worst.items())} Newton steps."


TABLE_UNITS = {"order": "", "entry_bits": "", "table_bits": "bit", "worst": "ulp", "right": ""}
STEP_UNITS = {"steps": "", "x_from": "", "x_to": "", "error": ""}

register(Figure(
    id="sfu-table-error",
    item="Table 4",
    title="Worst error of 1/sqrt(x) in fp16 by the size of its table",
    caption="Every positive fp16 number was put through the unit and compared with the exact value. The table holds "
    "coefficients of 24 bits for each of 2 to 2,048 segments of the reduced argument; each further order of the "
    "polynomial between them costs one multiply-add and saves most of the table. No unit gets below half an ulp, "
    "which rounding to fp16 costs.",
    alt="Log-log plot of worst error over table size. Three falling lines: look-up alone falls slowly, linear "
    "interpolation twice as steeply, quadratic three times; linear and quadratic level off at a dashed line at half "
    "an ulp, quadratic with the smallest table.",
    units=TABLE_UNITS, data=error_by_table, draw=draw_tables, says=tables_in_words, lab="03_compute_primitives",
))  # fmt: skip

register(Figure(
    id="newton-error",
    item="Table 4",
    title="Error of 1/sqrt(x) after 0 to 2 Newton steps",
    caption="From a table of 32 entries, each step takes an error e to about 1.5 e^2 and so doubles the digits. Steps "
    "are done in float64, so that what is seen is the method and not its rounding. A point is the worst of its "
    "segment. Segments are equally wide, so the seed is worst near 1, where the function bends most: there one step "
    "misses half an ulp of fp16 and two miss that of fp32.",
    alt="Worst relative error on a logarithmic axis over arguments from 1 to 4. Three falling curves, one below the "
    "other, for zero, one and two steps; each lies about twice as many decades below 1 as the one before. Dashed "
    "lines mark half an ulp of bf16, fp16 and fp32.",
    units=STEP_UNITS, data=error_by_step, draw=draw_steps, says=steps_in_words, lab="03_compute_primitives",
))  # fmt: skip
