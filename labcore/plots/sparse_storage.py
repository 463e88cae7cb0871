"""Figure 7: one matrix in every format, array by array and cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION
from labcore.plots.words import as_table, rows
from labcore.sparsity import BSR, COO, CSC, CSR, NM, Bitmap
from labcore.sparsity.samples import small_matrix

BLOCK = (2, 4)
VALUE_BYTES = 2  # fp16; indices and pointers take as many
KINDS = {  # face, edge and dashes of a cell
    "value": ("#CFE3F2", BLUE, "-"), "zero": ("white", GREY, ":"), "index": ("#FBE3D2", VERMILLION, "--"),
}  # fmt: skip


def arrays(x: np.ndarray) -> Iterator[tuple[str, str, str, list]]:
    """Format, array, kind of its cells, and the cells, of one matrix in every format."""
    coo, csr, csc, bsr = COO.from_dense(x), CSR.from_dense(x), CSC.from_dense(x), BSR.from_dense(x, BLOCK)
    yield "COO", "values", "value", coo.data.tolist()
    yield "COO", "rows", "index", coo.rows.tolist()
    yield "COO", "columns", "index", coo.cols.tolist()
    for name, A, of in (("CSR", csr, "columns"), ("CSC", csc, "rows")):
        yield name, "values", "value", A.data.tolist()
        yield name, of, "index", A.indices.tolist()
        yield name, "pointers", "index", A.indptr.tolist()
    yield "BSR", "blocks", "value", bsr.data.ravel().tolist()
    yield "BSR", "block columns", "index", bsr.indices.tolist()
    yield "BSR", "pointers", "index", bsr.indptr.tolist()
    bitmap, nm = Bitmap.from_dense(x), NM.from_dense(x)
    yield "bitmap", "values", "value", bitmap.data.tolist()
    yield "bitmap", "mask, 8 bits", "index", [f"{byte:08b}" for byte in bitmap.bits]
    yield "2:4", "values", "value", nm.values.ravel().tolist()
    yield "2:4", "places, 2 bits", "index", nm.indices.ravel().tolist()


def cells(x: np.ndarray | None = None) -> Table:
    """Every cell that is stored, the dense matrix first; `kind` is value, zero (stored all the same) or index."""
    x = small_matrix() if x is None else x
    dense = [("dense", "values", "value", x.ravel().tolist())]
    drawn = [
        (form, array, place, str(cell), "zero" if kind == "value" and cell == 0 else kind)
        for form, array, kind, content in [*dense, *arrays(x)]
        for place, cell in enumerate(content)
    ]
    return as_table(UNITS, drawn)


def draw_cells(ax: Axes, table: Table) -> Axes:
    """The dense matrix on top; below it every format's arrays, a strip of cells for each."""
    ax.set_axis_off()
    ax.set_xlim(-8.5, 33)
    ax.set_ylim(32.8, -1.4)
    ax.set_aspect("equal")
    strips = by_array(table)
    _matrix(ax, strips.pop(("dense", "values")))
    _legend(ax)
    y, before = 7.4, ""
    for (form, array), content in strips.items():
        if form != before:
            y += 1.3
            _words(ax, -8.4, y - 0.4, form, weight="bold", fontsize=8.5)
            _words(ax, 0.1, y - 0.4, f"{size(form, strips)} B", fontsize=8.2, color=GREY)
        for place, (cell, kind) in enumerate(content):
            wide = 4 if "mask" in array else 1
            _cell(ax, (place * wide, y), wide, cell, kind)
        _words(ax, -0.4, y + 0.5, array, ha="right", fontsize=8.2)
        y, before = y + 1.1, form
    return ax


def by_array(table: Table) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Content and kind of the cells of each (format, array), in order."""
    strips: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for r in rows(table):
        strips.setdefault((r["format"], r["array"]), []).append((r["cell"], r["kind"]))
    return strips


def size(form: str, strips: dict) -> int:
    """Bytes of a format with 16-bit values and indices, from its cells."""
    bits = {"mask": 8, "places": 2}
    mine = [(array, len(content)) for (name, array), content in strips.items() if name == form]
    return sum(count * bits.get(array.partition(",")[0], 16) for array, count in mine) // 8


def _matrix(ax: Axes, content: list[tuple[str, str]]) -> None:
    """The (8, 8) matrix with thick lines between its blocks."""
    for i, (cell, kind) in enumerate(content):
        _cell(ax, (i % 8, i // 8 - 1.2), 1, "" if kind == "zero" else cell, kind)
    for k in range(0, 9, BLOCK[0]):
        ax.plot([0, 8], [k - 1.2] * 2, color=BLACK, linewidth=1.1)
    for k in range(0, 9, BLOCK[1]):
        ax.plot([k, k], [-1.2, 6.8], color=BLACK, linewidth=1.1)
    _words(ax, -8.4, -0.7, "dense", weight="bold", fontsize=8.5)
    _words(ax, -0.4, -0.7, f"{len(content) * VALUE_BYTES} B", ha="right", fontsize=8.2, color=GREY)


def _legend(ax: Axes) -> None:
    words = {"value": "a nonzero value", "zero": "a zero, stored all the same", "index": "where values stand"}
    for k, (kind, meaning) in enumerate(words.items()):
        _cell(ax, (11, 0.4 + 1.7 * k), 1, "", kind)
        _words(ax, 12.6, 0.9 + 1.7 * k, meaning, fontsize=8.5)


def _cell(ax: Axes, at: tuple[float, float], wide: float, cell: str, kind: str) -> None:
    face, edge, dashes = KINDS[kind]
    ax.add_patch(Rectangle(at, wide * 0.94, 0.94, facecolor=face, edgecolor=edge, linestyle=dashes, linewidth=0.7))
    ax.text(at[0] + wide * 0.47, at[1] + 0.5, cell, ha="center", va="center", fontsize=8.2, clip_on=True)


def _words(ax: Axes, x: float, y: float, words: str, **look: object) -> None:
    ax.text(x, y, words, **{"ha": "left", "va": "center", "color": BLACK} | look)


def sizes_in_words(table: Table) -> str:
    """Bytes of every format, and how many of its stored values are zeros."""
    strips = by_array(table)
    said = []
    for form in dict.fromkeys(table["format"]):
        zeros = sum(kind == "zero" for (name, _), cells in strips.items() if name == form for _, kind in cells)
        said.append(f"{form} {size(form, strips)} B" + (f" with {zeros} zeros" if zeros else ""))
    values = sum(kind == "value" for _, kind in strips["dense", "values"])
    return f"{values} nonzeros of {len(strips['dense', 'values'])} places: {', '.join(said)}."


UNITS = {"format": "", "array": "", "place": "", "cell": "", "kind": ""}

register(Figure(
    id="sparse-formats",
    item="Figure 7",
    title="One sparse matrix in seven formats",
    caption="An 8 x 8 matrix whose 16 nonzeros stand in four of its eight 2 x 4 blocks (thick lines), two in each row "
    "of a block. Every strip is an array as it lies in memory, with 16-bit values and indices. COO writes out both "
    "coordinates. CSR and CSC replace one of them by where each row or column starts. BSR keeps an index for each "
    "block, and the zeros in it. A bitmap spends a bit on every place. 2:4 spends two bits on each value and keeps "
    "two of every four whether they are zero or not. The chapter's four panels show no arrays; here all formats hold "
    "the same matrix, so their bytes can be compared.",
    alt="An 8 by 8 grid with 16 filled cells; below it the arrays of COO, CSR, CSC, BSR, bitmap and 2:4 as strips of "
    "cells: nonzero values, stored zeros, and indices each drawn differently. COO is the longest, the bitmap the "
    "shortest.",
    units=UNITS,
    data=cells,
    draw=draw_cells,
    says=sizes_in_words,
    lab="05_sparsity",
    size=(7.4, 6.35),
))  # fmt: skip
