"""Intermediates that need not be written: lines 1875 to 1942, and the question of set 6 about fusion (lab 13).

>>> from labcore.claims.ledger import claim
>>> claim("table20-4x-reduction").verdict
'erratum'
"""

from __future__ import annotations

import numpy as np

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Each, Identity, Number, Range, Truth
from labcore.fusion.examples import branches_of, chain, fork, listing_19, listing_19_as_run
from labcore.fusion.footprint import footprint
from labcore.fusion.kernel import eager, kernel, kernels, traffic
from labcore.fusion.plan import plan
from labcore.fusion.run import run_eager, run_fused
from labcore.simt.occupancy import occupancy
from labcore.units import Bytes

LAB = "13_fusion"
LISTING, COUNTS, BLOCK = f"{LAB}#listing-19", f"{LAB}#three-counts", f"{LAB}#transformer"
REGISTERS, END = f"{LAB}#registers", f"{LAB}#self-check"
CHAIN = ("X1", "X2", "Y")
POINTS = (-2.0, 0.0, 0.5, 3.0)


shows("fn36-fusion-2-3x", "Text §Kernel fusion footnote 36",
      "'Often' names no operations and no kernels to compare with, and what fusing saves depends on both. Of the three "
      "segments counted here, each with a library's kernels, two lie in this range and one, which has to write two of "
      "its results, below it.", BLOCK, Range("2", "3"), "x")  # fmt: skip


@computes("listing-19-naive-execution", "Listing 19", Number("4.2"), "MB", LISTING)
def intermediate_of_the_listing(n=1024, b=4):
    """What each of the listing's two intermediates takes: n * n numbers of b bytes."""
    return listing_19(n, b).nbytes("X1")


@computes("table19-caption-quadruples", "Table 19", Each("4.2", "16.8", "4"), "", COUNTS)
def stored_intermediates(n=1024, b=4):
    """Footprint in MB without and with the intermediates, and their ratio."""
    with_them, without = _kept(n, b)
    return [without / 1e6, with_them / 1e6, with_them / without]


@stored_intermediates.erratum
def what_is_there_without_intermediates():
    """4.2 MB are the result alone; without its intermediates the chain still has X and Y, {without:.1f} MB.

    Keeping X' and X'' too takes {with_them:.1f} MB, {times:.0f} times as much. Would hold where Y overwrites X; but
    then the steps can overwrite it as well, and take {in_place:.1f} MB unfused.
    """
    without, with_them, times = stored_intermediates()
    apart = listing_19()
    return {
        "without": without, "with_them": with_them, "times": times,
        "in_place": footprint(apart, eager(apart), "in place") / 1e6,
    }  # fmt: skip


@computes("table19-row-x", "Table 19", Number("4.2"), "MB", COUNTS)
def bytes_of_x(n=1024, b=4):
    """Bytes of the input X."""
    return listing_19(n, b).nbytes("X")


@computes("table19-row-x-prime", "Table 19", Number("4.2"), "MB", COUNTS)
def bytes_of_x_prime(n=1024, b=4):
    """Bytes of X', after the ReLU."""
    return listing_19(n, b).nbytes("X1")


@computes("table19-row-x-double-prime", "Table 19", Number("4.2"), "MB", COUNTS)
def bytes_of_x_double_prime(n=1024, b=4):
    """Bytes of X'', after the batch normalization."""
    return listing_19(n, b).nbytes("X2")


@computes("table19-row-y", "Table 19", Number("4.2"), "MB", COUNTS)
def bytes_of_y(n=1024, b=4):
    """Bytes of the result Y."""
    return listing_19(n, b).nbytes("Y")


@computes("table19-row-total", "Table 19", Number("16.8"), "MB", COUNTS)
def all_four_tensors(n=1024, b=4):
    """Footprint of the three steps where nothing is freed: X, X', X'' and Y."""
    return _kept(n, b)[0]


@computes("eq-unnumbered-unfused-chain", "Equation (unnumbered) §Kernel fusion for memory efficiency",
          Identity("X1=ReLU(X); X2=BatchNorm(X1); Y=a*X2+b"), "", LISTING)  # fmt: skip
def three_steps(kernels=3):
    """Three kernels give the values of the three formulas, and go through memory twice each."""
    one = listing_19(len(POINTS))
    x = np.tile(np.array(POINTS), (len(POINTS), 1))
    found = run_eager(one, {"X": x})["Y"][0].tolist()
    return [*found, traffic(eager(one)) / one.nbytes("X")], [*_by_formula(), 2 * kernels]


@computes("eq-unnumbered-fused-chain", "Equation (unnumbered) §Kernel fusion for memory efficiency",
          Identity("Y = a*BatchNorm(ReLU(X)) + b"), "", LISTING)  # fmt: skip
def one_expression(kernels=1):
    """One kernel gives the same values with two traversals, where the normalization's statistics are known before."""
    one = listing_19(len(POINTS))
    done = run_fused(one, [CHAIN], {"X": np.tile(np.array(POINTS), (len(POINTS), 1))}, rows=3)
    moved = (done.read + done.written) / (8 * len(POINTS) ** 2)  # float64
    return [*done.values["Y"][0].tolist(), moved], [*_by_formula(), 2 * kernels]


@computes("table20-4x-reduction", "Table 20", Number("4"), "x", COUNTS)
def footprint_saved(length=3):
    """Footprint of three element-wise steps over that of one kernel, inputs and results in both."""
    whole = chain(length)
    return footprint(whole, eager(whole)) / footprint(whole, plan(whole))


@footprint_saved.erratum
def three_counts_like_for_like():
    """16.8 MB count X, X', X'' and Y, and 4.2 MB count one tensor. Fused, X and Y are there: {fused:.1f} MB.

    Like for like the footprint falls {kept:.1f}x, or {freed:.1f}x where each step frees what it has used; the bytes
    written fall {written:.0f}x, and the bytes moved fall {moved:.0f}x, from {trips:.0f} traversals to 2. Would hold of
    traffic: where a X'' + b runs as two kernels, as an eager framework does it, traversals fall from {as_run:.0f} to 2
    and the bytes read from {read:.1f} to {once:.1f} MB.
    """
    one, four = listing_19(), eager(listing_19_as_run())
    apart, fused = eager(one), kernels(one, [CHAIN])
    return {
        "fused": footprint(one, fused) / 1e6, "kept": footprint_saved(),
        "freed": footprint(one, apart, "free") / footprint(one, fused, "free"),
        "written": sum(sum(k.writes.values()) for k in apart) / sum(fused[0].writes.values()),
        "moved": traffic(apart) / traffic(fused), "trips": traffic(apart) / one.nbytes("X"),
        "as_run": traffic(four) / one.nbytes("X"), "read": sum(sum(k.reads.values()) for k in four) / 1e6,
        "once": sum(fused[0].reads.values()) / 1e6,
    }  # fmt: skip


@computes("table20-naive", "Table 20", Number("16.8"), "MB", COUNTS)
def naive_row(n=1024, b=4, steps=3):
    """Footprint of the naive execution: the input and what each step writes."""
    whole = chain(steps, n, b)
    return footprint(whole, eager(whole))


@computes("table20-fused", "Table 20", Number("4.2"), "MB", COUNTS)
def fused_row(n=1024, b=4):
    """Footprint of the fused execution, counted as the row above it is: the input and what the kernel writes."""
    return _kept(n, b)[1]


@fused_row.erratum
def the_input_counts_too():
    """The naive row counts X and Y beside two intermediates; without these X and Y remain, {both:.1f} MB.

    4.2 MB are one of the two. Would hold where Y overwrites X; but then the naive steps can overwrite it, too, and take
    {naive:.1f} MB.
    """
    one = listing_19()
    return {"both": fused_row() / 1e6, "naive": footprint(one, eager(one), "in place") / 1e6}


@computes("fusion-register-pressure", "Text §Performance benefits and constraints",
          Truth(words="too much fusion spills registers and lowers occupancy"), "", REGISTERS)  # fmt: skip
def fused_too_far(branches=8, registers=4, few=32, many=128):
    """One kernel of all branches spills and moves more than a kernel for each; more registers mean fewer warps."""
    whole = fork(branches)
    one = kernel(whole, [op.name for op in whole.ops], registers=registers)
    apart = kernels(whole, branches_of(whole), registers=registers)
    return one.D_vol > traffic(apart) and occupancy(256, many).share < occupancy(256, few).share


shows("checkpoint-1-3", "Checkpoint 1.3",
      "Asks a reader to explain locality, layout and fusion; this lab's questions do so for fusion.", END)  # fmt: skip


@computes("sc6-q3", "Self-Check set 6 Q3", Number("3"), "x", END)
def traversals_saved(ops=3):
    """Traversals of that many operations apart over those of one kernel, six over two, of activations alone.

    As the key counts them: each operation has one tensor in and one of the same size out, weights left out.
    """
    whole = chain(ops)
    return traffic(eager(whole)) / traffic(plan(whole))


def _kept(n: int, b: int) -> tuple[Bytes, Bytes]:
    """Footprint of the listing's steps apart and fused, nothing freed."""
    one = listing_19(n, b)
    return footprint(one, eager(one)), footprint(one, kernels(one, [CHAIN]))


def _by_formula() -> list[float]:
    """The formulas at some points, with a = 2, b = 1 and a normalization of scale 3 and shift 2."""
    return [2 * (3 * max(x, 0) + 2) + 1 for x in POINTS]
