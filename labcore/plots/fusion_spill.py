"""What too many live values cost: a chain and a fork, cut into kernels, with few registers."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.fusion.examples import branches_of, chain, fork
from labcore.fusion.kernel import kernels, traffic
from labcore.plots.fusion import LAB, cut
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import look
from labcore.plots.words import as_table, columns, rows, three

SPILL_UNITS = {"series": "", "length": "operations", "moved": "elements/element"}
CHAIN, ONE, EACH, PIECES = ("a chain, one kernel", "a fork, one kernel", "a fork, a kernel a branch",
                            "a fork, as many branches as fit")  # fmt: skip


def spill_data(registers: int = 4, most: int = 12) -> Table:
    """Elements moved for each element of the input, over the operations of a chain or a fork."""
    found = []
    for length in range(2, 2 * most + 1, 2):
        line, forked = chain(length, n=1), fork(length // 2, n=1)
        groups = branches_of(forked)
        pieces = [[name for pair in some for name in pair] for some in cut(groups, registers)]
        runs = {CHAIN: (line, [[op.name for op in line.ops]]), ONE: (forked, [[op.name for op in forked.ops]]),
                EACH: (forked, groups), PIECES: (forked, pieces)}  # fmt: skip
        for name, (whole, shares) in runs.items():
            found.append((name, length, traffic(kernels(whole, shares, registers=registers)) / 4))
    return as_table(SPILL_UNITS, found)


def draw_spill(ax: Axes, table: Table) -> Axes:
    """A line for each way to cut, with its marker."""
    for i, name in enumerate(dict.fromkeys(table["series"])):
        own = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(own, "length", "moved"), **look(i), label=name)
    ax.set_xlabel("operations")
    ax.set_ylabel("elements moved for each of the input")
    ax.set_xticks(sorted(set(table["length"])))
    ax.set_ylim(0, None)
    ax.legend(loc="upper left", handlelength=4)
    return ax


def spill_in_words(table: Table) -> str:
    """Elements moved at the most operations drawn, and where one kernel of a fork begins to lose."""
    at = {(r["series"], r["length"]): r["moved"] for r in rows(table)}
    most = max(table["length"])
    loses = next((k for k in sorted(set(table["length"])) if at[ONE, k] > at[EACH, k]), None)
    ends = ", ".join(f"{name} {three(at[name, most])}" for name in dict.fromkeys(table["series"]))
    return (
        f"Elements moved for each of the input, {most} operations: {ends}; one kernel of a fork loses from {loses} on."
    )


register(Figure(
    id="fusion-spill", item="Text §Performance benefits and constraints", title="Length is free, width is not",
    caption="With room for four values in registers. A chain holds one value at a time, however long it is. A fork "
    "computes several functions of one input and then one more of each, in that order: fused into one kernel "
    "it holds a value for each branch, and what does not fit goes out to memory and back. Beyond fourteen "
    "operations, seven branches, a kernel for each branch moves less, and kernels of four branches less than either. "
    "Spills are counted as if they reached memory; on a GPU caches may catch them.",
    alt="Line chart of elements moved over operations, from 2 to 24. The chain stays at 2. The fork in one kernel "
    "begins lowest, bends up at eight operations and ends highest; a kernel a branch rises steadily to 24; "
    "kernels of as many branches as fit stay below both.",
    units=SPILL_UNITS, data=spill_data, draw=draw_spill, says=spill_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
