"""Explorers of lab 06: arrays in motion, and their edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from labcore.explore import edges, stepper
from labcore.explore.controls import Changed, Choice, Row, Values, Whole
from labcore.explore.explorer import Explorer
from labcore.systolic import DATAFLOWS, cycles


def array_stepper(A: object = None, B: object = None, **start: object) -> Explorer:
    """One product on a small array, cycle by cycle; give A and B (both or neither) to see your own matrices.

    Arrays have up to 4 x 4 PEs; matrices of your own may have up to 6 rows and columns. Raises ValueError for
    matrices that do not fit each other, or are larger.

    >>> array_stepper(A=[[2, 4], [1, 5]], B=[[1, 3], [6, 2]], cycle=1).sentence.split("; ")[2:]
    ['in come A 2 (row 0), B 1 (column 0)', '1 of 4 PEs multiplies: PE(0,0) 0 + 2 x 1 = 2. Output stationary, (2, 2) \
@ (2, 2) on 2 x 2: 6 cycles, 33.3% of the array.']
    """
    A, B = own_matrices(A, B)
    own = dict(zip(SIZES, (*A.shape, B.shape[1]), strict=True)) if A is not None else {}
    sliders = () if A is not None else tuple(Whole(n, w, 1, stepper.MOST, 2) for n, w in SIZES.items())
    steps = stepper.Stepper(A, B)
    return Explorer(
        question="Which operand meets which, where and when? Step with the arrow keys in the box or on the slider.",
        shows="A grid of processing elements as squares; those that multiply have a thick frame and a tinted ground. "
        "Each square lists the operands its registers hold; operands that wait stand left of and above the grid, "
        "results that leave stand below it.",
        controls=[
            Choice("dataflow", "Dataflow", tuple(DATAFLOWS), "os"),
            Whole("rows", "Array rows", 1, stepper.MOST, 2),
            Whole("cols", "Array columns", 1, stepper.MOST, 2),
            *sliders,
            Cycle("cycle", "Cycle", 1, longest(**dict.fromkeys(SIZES, stepper.MOST) | own), 1, own=own),
        ],
        build=stepper.build,
        update=steps.update,
        describe=steps.describe,
        size=(6.4, 4.2),
        start=start,
    )


@dataclass(frozen=True)
class Cycle(Whole):
    """A cycle of the run that the controls before it ask for: what is later than its last is its last.

    >>> two = Cycle("cycle", "Cycle", 1, 18, 1, own={"M": 2, "K": 2, "N": 2})
    >>> two.check(9, {"rows": 2, "cols": 2, "dataflow": "os"})
    6
    """

    own: Mapping[str, int] = field(default_factory=dict)  # sizes that no control sets

    def last(self, values: Values) -> int:
        """Cycles of the run."""
        return cycles(**{name: value for name, value in values.items() if name != self.name} | self.own)

    def check(self, value: object, values: Values) -> int:
        """The value as an int, or the run's last cycle; raises ValueError for what no run has."""
        return min(super().check(value, values), self.last(values))

    def settle(self, value: object, values: Values) -> int:
        """The value, or the run's last cycle."""
        return min(value, self.last(values))

    def row(self, changed: Changed, label: str) -> Row:
        """A number box with a slider beside it; both end where the run ends."""
        row = super().row(changed, label)

        def show(value: object, values: Values) -> None:
            for one in row.widget.children[:2]:
                one.max = self.last(values)
            row.show(value, values)

        return Row(row.widget, show)


def own_matrices(A: object, B: object) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The reader's matrices as arrays, or None for both."""
    if A is None and B is None:
        return None, None
    if A is None or B is None:
        raise ValueError("give A and B together, such as A=[[2, 4], [1, 5]], B=[[1, 3], [6, 2]], or neither")
    A, B = np.asarray(A), np.asarray(B)
    if A.ndim != 2 or B.ndim != 2 or max(A.shape + B.shape) > LARGEST:
        raise ValueError(f"A and B must be matrices of at most {LARGEST} x {LARGEST}, got {A.shape} and {B.shape}")
    stepper.run_of(stepper.as_tuples(A), stepper.as_tuples(B), 1, 1, "os")  # raises where they do not fit
    return A, B


def longest(M: int, K: int, N: int) -> int:
    """The most cycles that the product takes on any array that is drawn, in any dataflow.

    >>> longest(2, 2, 2)  # 4 x 1, weight stationary: two folds of 4 to preload, then 2 + 4 + 1 - 2
    18
    """
    sides = range(1, stepper.MOST + 1)
    return max(cycles(M, K, N, rows, cols, flow) for rows in sides for cols in sides for flow in DATAFLOWS)


def fringe_explorer(**start: object) -> Explorer:
    """The width of a layer on an array: how much of it works, and what the next whole multiple would cost.

    >>> fringe_explorer(N=129).sentence.split("; ")[1]
    'N = 256 would do 1.98 times the work in 8,956 cycles (1.01 times)'
    """
    return Explorer(
        question="How many more columns can this layer have for nothing?",
        shows="Two sawtooth curves of utilization over the width of a layer, a marker on each at the chosen width and "
        "a triangle at the next whole multiple of the array; where N streams, the second curve alone, rising.",
        controls=[
            Choice("dataflow", "Dataflow", tuple(DATAFLOWS), "ws"),
            Whole("side", "Array side", 8, 256, 128, log2=True),
            Whole("M", "Rows of A, M", 1, 4096, 4096, log2=True),
            Whole("K", "Inner size K", 1, 4096, 128, log2=True),
            Whole("N", "Width N", 1, edges.N_MAX, 129),
        ],
        build=edges.build,
        update=edges.update,
        describe=edges.describe,
        start=start,
    )


LARGEST = 6  # rows and columns of a matrix of your own
SIZES = {"M": "Rows of A, M", "K": "Inner size K", "N": "Columns of B, N"}
EXPLORERS = (array_stepper, fringe_explorer)
