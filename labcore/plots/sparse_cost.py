"""What sparsity costs and gains: bytes by density, and the speed of a grid whose lanes meet after each group."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, GREY, log_axes, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.sparsity.cost import break_even, expected_bytes, nm_bytes
from labcore.sparsity.lanes import walk
from labcore.sparsity.pruning import free_mask, nm_mask
from labcore.sparsity.samples import weights

SIDE = 4096  # rows and columns of the matrix whose bytes are drawn
NAMES = ("dense", "COO", "CSR", "BSR", "bitmap")


def bytes_by_density(value_bytes: float = 2, index_bytes: float = 4) -> Table:
    """Bytes of each format over those of the dense matrix, nonzeros placed at random, and of 2:4 at its one density."""
    drawn = []
    for density in (10 ** np.linspace(-3, 0, 61)).tolist():
        sizes = expected_bytes(SIDE, SIDE, density, value_bytes, index_bytes)
        drawn += [(name, density, sizes[name] / sizes["dense"]) for name in NAMES]
    drawn.append(("2:4", 0.5, nm_bytes(SIDE, SIDE, 2, 4, value_bytes) / (SIDE * SIDE * value_bytes)))
    even = break_even(value_bytes, index_bytes)
    drawn += [("break-even", even[name], 1.0) for name in ("COO", "CSR", "bitmap")]
    return as_table(BYTES_UNITS, drawn)


def draw_bytes(ax: Axes, table: Table) -> Axes:
    """One line a format; rings where a format meets dense storage, a diamond for 2:4."""
    log_axes(ax)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xlabel("density (share of nonzeros)")
    ax.set_ylabel("bytes over those of the dense matrix")
    names = []
    for k, name in enumerate(NAMES):
        density, share = series(table, name)
        ax.plot(density, share, **look(k) | {"marker": ""})
        names.append((density[10 + 3 * k], share[10 + 3 * k], "BSR 4 x 4" if name == "BSR" else name))
    ax.set_xlim(1e-3, 1)
    ax.set_ylim(2e-3, 8)
    ax.plot(*series(table, "break-even"), color=BLACK, marker="o", markerfacecolor="white", markersize=6,
            linestyle="None", zorder=3)  # fmt: skip
    ax.plot(*series(table, "2:4"), color=BLACK, marker="D", markersize=6, linestyle="None", zorder=3)
    (density,), (share,) = series(table, "2:4")
    place_labels(ax, [*names, (density, share, "2:4")], order=("NW", "SE", "N", "S", "SW", "NE"))
    return ax


def bytes_in_words(table: Table) -> str:
    """Where formats break even, and what 2:4 takes."""
    even = ", ".join(f"{100 * density:.0f} %" for density in series(table, "break-even")[0])
    (share,) = series(table, "2:4")[1]
    return (
        f"COO, CSR and the bitmap take less than dense storage below {even} of nonzeros; "
        f"2:4 takes {100 * share:.2f} % of dense."
    )


def gain_by_group(lane_counts: tuple[int, ...] = (16, 128), side: int = 512) -> Table:
    """Speed-up of a grid that skips zeros, by how many columns its lanes may run apart, half of the weights kept."""
    x = weights(side, side)
    free, structured = free_mask(x, 0.5), nm_mask(x)
    groups = [2**k for k in range(2, side.bit_length())]
    drawn = [("anywhere", lanes, group, walk(free, lanes, group).speedup) for lanes in lane_counts for group in groups]
    drawn += [("2:4", lane_counts[-1], group, walk(structured, lane_counts[-1], group).speedup) for group in groups]
    return as_table(GAIN_UNITS, drawn)


def draw_gain(ax: Axes, table: Table) -> Axes:
    """One line for each pattern and number of lanes over the width of a group."""
    ax.set_xscale("log", base=2)
    ax.minorticks_off()
    groups = sorted(set(table["group"]))
    ax.set_xticks(groups, [str(group) for group in groups])
    ax.set_xlabel("columns between two meetings of the lanes")
    ax.set_ylabel("speed-up over the dense matrix (x)")
    ax.set_ylim(0.9, 2.15)
    ax.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
    ends = []
    kinds = dict.fromkeys(zip(table["pattern"], table["lanes"], strict=True))
    for k, (pattern, lanes) in enumerate(kinds):
        one = [r for r in rows(table) if (r["pattern"], r["lanes"]) == (pattern, lanes)]
        ax.plot(*columns(one, "group", "gain"), **look(k))
        ends.append((one[-1]["gain"], f"{pattern}, {lanes} lanes"))
    end_labels(ax, ends)
    return ax


def gain_in_words(table: Table) -> str:
    """The ends of every line."""
    kinds = dict.fromkeys(zip(table["pattern"], table["lanes"], strict=True))
    said = []
    for pattern, lanes in kinds:
        one = [r for r in rows(table) if (r["pattern"], r["lanes"]) == (pattern, lanes)]
        ends = [f"{three(r['gain'])}x at {r['group']}" for r in (one[0], one[-1])]
        said.append(f"{pattern}, {lanes} lanes: {ends[0]} columns, {ends[1]}")
    return f"Speed-up with half of the weights kept. {'; '.join(said)}."


def series(table: Table, name: str) -> list[list[float]]:
    """Densities and shares of one line."""
    return columns([r for r in rows(table) if r["format"] == name], "density", "share")


BYTES_UNITS = {"format": "", "density": "1", "share": "x"}
GAIN_UNITS = {"pattern": "", "lanes": "", "group": "", "gain": "x"}

register(Figure(
    id="format-bytes",
    item="Text §N:M structured sparsity",
    title="Bytes of a sparse matrix by density",
    caption=f"A {SIDE} x {SIDE} matrix of 16-bit values with 32-bit indices, its nonzeros placed at random. Rings mark "
    "the density at which COO, CSR and the bitmap take what dense storage takes. Random zeros seldom fill a whole "
    "block, so BSR pays only where they do; a matrix pruned by blocks lies far below its line. 2:4 exists at one "
    "density, and takes there what the bitmap takes: two bits for each kept value are one for each place. CSR takes "
    "more than the dense matrix there.",
    alt="Log-log plot of bytes relative to dense storage over density. COO and CSR rise in proportion to density and "
    "cross the dense level below one half. The bitmap levels off at low density. BSR lies well above CSR at the "
    "sparse end and passes the dense level before CSR does. A diamond on the bitmap's line marks 2:4.",
    units=BYTES_UNITS,
    data=bytes_by_density,
    draw=draw_bytes,
    says=bytes_in_words,
    lab="05_sparsity",
))  # fmt: skip

register(Figure(
    id="lanes-in-step",
    item="Text §N:M structured sparsity",
    title="What a grid gains from half as many weights",
    caption="A 512 x 512 matrix, half of its weights kept, on a grid whose lanes take one cycle for each nonzero and "
    "get the next group of columns when the last one is done. Zeros that stand anywhere gain next to nothing in groups "
    "of four: of so many lanes one nearly always has work for all four cycles. Wider groups let lanes catch up, for "
    "buffers and wider selectors in each. With 2:4 every lane has the same work in every group.",
    alt="Speed-up over the number of columns between meetings, from 4 to 512. The line for 2:4 lies flat at 2. The "
    "lines for zeros anywhere rise from about 1 towards 2, the one for 128 lanes below the one for 16.",
    units=GAIN_UNITS,
    data=gain_by_group,
    draw=draw_gain,
    says=gain_in_words,
    lab="05_sparsity",
))  # fmt: skip
