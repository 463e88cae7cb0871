"""The machine, register by register: what the array does in every cycle, and nothing else.

Every PE has three registers, for A, B and C. In a cycle one of them takes what its left neighbour held, one what the
neighbour above held, one stays; the PE multiplies and adds where its operands are present. All counts are counted
here, by looking at what is present: `labcore.systolic.formulas` is not consulted.
"""

from __future__ import annotations

import numpy as np

from labcore.systolic.dataflows import Dataflow, find, folds
from labcore.systolic.run import Run, State, operands
from labcore.units import positive_ints


def simulate(
    A: np.ndarray, B: np.ndarray, rows: int, cols: int, dataflow: str = "os", states: bool = False
) -> Run:  # fmt: skip
    """A @ B on a rows x cols array: A (M, K), B (K, N). Steps every register; `states=True` keeps them all.

    int8 and other integers of up to 16 bits add up in int32 or wider, as `operands` says. Raises ValueError for
    shapes that do not fit, sizes that are not positive ints, NaN, or sums that could overflow.

    >>> run = simulate(np.eye(3, dtype=np.int8), np.arange(12, dtype=np.int8).reshape(3, 4), rows=2, cols=2)
    >>> run.C.tolist(), run.C.dtype.name
    ([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], 'int32')
    >>> run.cycles, run.macs, run.reads, run.writes
    (26, 36, {'A': 18, 'B': 24}, {'C': 12})
    """
    positive_ints(rows=rows, cols=cols)
    flow, (A, B) = find(dataflow), operands(A, B)
    if dataflow == "is":  # its array holds A and computes C.T = B.T @ A.T
        right, other = B.T, A.T
    else:
        right, other = A, B
    C = np.zeros((right.shape[0], other.shape[1]), A.dtype)
    array = Array(flow, rows, cols, A.dtype, states)
    Sr = right.shape[0] if dataflow == "os" else right.shape[1]
    for r, c in folds(Sr, other.shape[1], rows, cols):
        if dataflow == "os":
            C[r, c] = array.output_stationary(right[r], other[:, c])
        else:  # partial sums over one fold of K; the accumulator outside adds them
            C[:, c] += array.operand_stationary(right[:, r], other[r, c])
    counts = array.crossed
    return Run(
        C=C.T if dataflow == "is" else C, cycles=array.cycle, macs=sum(array.busy),
        reads={"A": counts["A"], "B": counts["B"]}, writes={"C": counts["C"]},
        rows=rows, cols=cols, dataflow=dataflow, busy=tuple(array.busy), states=tuple(array.states),
    )  # fmt: skip


class Register:
    """One register in every PE of a rows x cols grid: its values, and whether a value is there."""

    def __init__(self, rows: int, cols: int, dtype: np.dtype) -> None:
        self.values = np.zeros((rows, cols), dtype)
        self.present = np.zeros((rows, cols), bool)

    def shift(self, axis: int, values: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Move one PE down (axis 0) or right (axis 1); what enters at the near edge, what leaves at the far one."""
        left = []
        for register, entering in ((self.values, values), (self.present, present)):
            lines = register if axis == 0 else register.T
            left.append(lines[-1].copy())
            lines[1:] = lines[:-1]  # numpy sees the overlap
            lines[0] = entering
        return left[0], left[1]


class Array:
    """A grid of PEs with its clock; it counts cycles, MACs, and what crosses its edge."""

    def __init__(self, flow: Dataflow, rows: int, cols: int, dtype: np.dtype, keep: bool) -> None:
        self.flow, self.rows, self.cols, self.dtype, self.keep = flow, rows, cols, dtype, keep
        self.cycle, self.fold = 0, 0
        self.busy: list[int] = []
        self.states: list[State] = []
        self.crossed = {"A": 0, "B": 0, "C": 0}

    def output_stationary(self, rights: np.ndarray, downs: np.ndarray) -> np.ndarray:
        """Sums stay: (m, T) enters from the left, (T, n) from above; returns (m, n)."""
        self._clear()
        (m, T), n = rights.shape, downs.shape[1]
        for t in range(T + m + n - 2):
            self._enter(self.right, 1, self.flow.right, *skewed(rights.T, t, self.rows))
            self._enter(self.down, 0, self.flow.down, *skewed(downs, t, self.cols))
            busy = self.right.present & self.down.present
            self.stays.values += self.right.values * self.down.values  # an empty register holds 0
            self.stays.present |= busy
            self._tick("compute", busy)
        out = np.zeros((self.rows, n), self.dtype)
        for line in reversed(range(self.rows)):  # the last row leaves first
            self.right.shift(1, *nothing(self.rows, self.dtype))
            self.down.shift(0, *nothing(self.cols, self.dtype))
            values, present = self.stays.shift(0, *nothing(self.cols, self.dtype))
            self._leave(values, present)
            out[line] = values[:n]
            self._tick("unload", np.zeros((self.rows, self.cols), bool))
        return out[:m]

    def operand_stationary(self, rights: np.ndarray, held: np.ndarray) -> np.ndarray:
        """An operand (k, n) stays; (T, k) enters from the left, sums fall down; returns (T, n)."""
        self._clear()
        (T, k), n = rights.shape, held.shape[1]
        for line in reversed(range(self.rows)):  # the last row enters first and has the longest way
            values, present = nothing(self.cols, self.dtype)
            if line < k:
                values[:n], present[:n] = held[line], True
            self._enter(self.stays, 0, self.flow.stays, values, present)
            self._tick("preload", np.zeros((self.rows, self.cols), bool))
        out, sums = np.zeros((T, n), self.dtype), np.zeros((T, n), self.dtype)  # every sum begins at zero
        for t in range(T + self.rows + n - 2):
            self._enter(self.right, 1, self.flow.right, *skewed(rights, t, self.rows))
            self.down.shift(0, *skewed(sums, t, self.cols))
            busy = self.right.present & self.stays.present
            self.down.values += self.right.values * self.stays.values  # an empty register holds 0
            values, present = self.down.values[-1], self.down.present[-1]
            self._leave(values, present)
            j = np.flatnonzero(present)
            out[t - (self.rows - 1) - j, j] = values[j]
            self._tick("compute", busy)
        return out

    def _clear(self) -> None:
        """Empty all registers: folds follow each other and share nothing."""
        self.right, self.down, self.stays = (Register(self.rows, self.cols, self.dtype) for _ in range(3))
        self.fold += 1
        self._entered: list[tuple[str, int, float]] = []
        self._left: list[tuple[str, int, float]] = []

    def _enter(self, register: Register, axis: int, name: str, values: np.ndarray, present: np.ndarray) -> None:
        """Shift a register by one PE and count what enters at the edge."""
        register.shift(axis, values, present)
        self.crossed[name] += int(np.count_nonzero(present))
        if self.keep:
            self._entered += [(name, int(i), values[i].item()) for i in np.flatnonzero(present)]

    def _leave(self, values: np.ndarray, present: np.ndarray) -> None:
        """Count the results that leave at the bottom."""
        self.crossed["C"] += int(np.count_nonzero(present))
        if self.keep:
            self._left += [("C", int(j), values[j].item()) for j in np.flatnonzero(present)]

    def _tick(self, phase: str, busy: np.ndarray) -> None:
        """End the cycle."""
        self.cycle += 1
        self.busy.append(int(np.count_nonzero(busy)))
        if self.keep:
            flow = self.flow
            ways = {flow.right: self.right, flow.down: self.down, flow.stays: self.stays}
            values = {name: ways[name].values.copy() for name in "ABC"}
            present = {name: ways[name].present.copy() for name in "ABC"}
            entered, left = tuple(self._entered), tuple(self._left)
            self.states.append(State(self.cycle, self.fold, phase, values, present, busy.copy(), entered, left))
            self._entered, self._left = [], []


def skewed(stream: np.ndarray, t: int, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """What enters the lanes in cycle t, and where something does: lane i starts i cycles late; stream is (T, n).

    >>> stream = np.array([[1, 2], [3, 4]])
    >>> [skewed(stream, t, lanes=2)[0].tolist() for t in range(3)]
    [[1, 0], [3, 2], [0, 4]]
    """
    T, n = stream.shape
    values, present = nothing(lanes, stream.dtype)
    i = np.arange(max(0, t - T + 1), min(n, t + 1))
    values[i], present[i] = stream[t - i, i], True
    return values, present


def nothing(lanes: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """What enters the lanes in a cycle in which nothing does.

    >>> nothing(2, np.int32)[1].tolist()
    [False, False]
    """
    return np.zeros(lanes, dtype), np.zeros(lanes, bool)
