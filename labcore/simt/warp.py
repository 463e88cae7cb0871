"""Executes a kernel, a Python function over the lanes of a warp, and counts what the hardware would issue.

    def relu(warp, x, y):
        i = warp.thread
        warp.store(y, i, warp.maximum(warp.load(x, i), 0))

    run = launch(relu, 512, x, y)       # 16 warps of 32 lanes

All lanes of a warp share one instruction. Where they disagree on a branch, `warp.where` runs one side under a mask and
then the other, and joins them again at the end of the block: the reconvergence stack of the hardware, as nested `with`.
Width 1 is a scalar processor, width 8 or 16 a SIMD unit with predicates, width 32 a warp: one machine.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from labcore.simt.lanes import Lanes
from labcore.simt.memory import SECTOR, touched
from labcore.units import Bytes, Ratio, positive_ints

MOST_TURNS = 1_000_000  # of one loop


@dataclass
class Run:
    """What a launch issued: instructions by kind, lanes that worked, sectors of 32 B that moved."""

    width: int
    warps: int = 0
    threads: int = 0
    counts: Counter = field(default_factory=Counter)
    active: int = 0
    sectors: int = 0
    bytes_used: int = 0
    trace: list[tuple[int, str, tuple[bool, ...]]] | None = None

    @property
    def instructions(self) -> int:
        """Instructions issued by all warps, one for all lanes of a warp."""
        return self.counts.total()

    @property
    def utilization(self) -> Ratio:
        """Lanes that worked over lanes that were issued to; 1.0 when nothing diverges and no warp is ragged."""
        return self.active / (self.instructions * self.width) if self.instructions else 1.0

    @property
    def bytes_moved(self) -> Bytes:
        """Bytes of the sectors that the loads and stores touched, counted for each instruction by itself."""
        return self.sectors * SECTOR


class Warp:
    """`width` threads in lock-step: a mask of those that are active, and the counters of the run."""

    def __init__(self, first: int, threads: int, run: Run) -> None:
        self.run, self.number = run, first // run.width
        index = np.arange(first, first + run.width)
        self.thread = Lanes(self, index)
        self.mask = index < threads

    def issue(self, name: str) -> None:
        """Count one instruction, unless no lane is active: the hardware skips a path that nobody takes."""
        if (working := int(self.mask.sum())) == 0:
            return
        self.run.counts[name] += 1
        self.run.active += working
        if self.run.trace is not None:
            self.run.trace.append((self.number, name, tuple(self.mask.tolist())))

    def compute(self, name: str, function: Callable, *operands: np.ndarray) -> Lanes:
        """Apply a NumPy function to all lanes as one instruction; idle lanes compute nothing that anyone sees."""
        self.issue(name)
        with np.errstate(all="ignore"):
            return Lanes(self, np.broadcast_to(function(*operands), self.mask.shape))

    def maximum(self, a: Lanes, b: Lanes | float) -> Lanes:
        """The larger of two, lane by lane, one instruction and no branch."""
        return self.compute("max", np.maximum, a.values, b.values if isinstance(b, Lanes) else b)

    def select(self, condition: Lanes, a: Lanes | float, b: Lanes | float) -> Lanes:
        """`a` where the condition holds, else `b`: one instruction, and both have been computed."""
        a, b = (x.values if isinstance(x, Lanes) else x for x in (a, b))
        return self.compute("select", np.where, condition.values, a, b)

    def register(self, value: float, dtype: type = np.float32) -> Lanes:
        """A register with the same value in every lane; free, as an immediate operand is."""
        return Lanes(self, np.full(self.run.width, value, dtype))

    def load(self, array: np.ndarray, index: Lanes) -> Lanes:
        """Read array[index] in the active lanes, 0 in the others; IndexError when an active lane is outside."""
        at = self._address("load", array, index)
        values = np.zeros(self.run.width, array.dtype)
        values[self.mask] = array[at]
        return Lanes(self, values)

    def store(self, array: np.ndarray, index: Lanes, value: Lanes) -> None:
        """Write the active lanes to array[index]; IndexError when one of them is outside."""
        array[self._address("store", array, index)] = value.values[self.mask]

    def _address(self, name: str, array: np.ndarray, index: Lanes) -> np.ndarray:
        at = index.values[self.mask]
        if array.ndim != 1:
            raise ValueError(f"memory is one row of elements, got an array of shape {array.shape}; use .ravel()")
        if at.size and (at.min() < 0 or at.max() >= array.size):
            raise IndexError(
                f"a {name} reaches element {at.min()} to {at.max()} of {array.size}; mask it with warp.where(i < n)"
            )
        self.issue(name)
        self.run.sectors += touched(at * array.itemsize, array.itemsize, SECTOR)
        self.run.bytes_used += len(set(at.tolist())) * array.itemsize
        return at

    @contextmanager
    def where(self, condition: Lanes) -> Iterator[Branch]:
        """Run the block in the lanes where the condition holds; `with ....otherwise():` runs the rest."""
        outer = self.mask
        self.issue("branch")
        self.mask = outer & condition.values
        try:
            yield Branch(self, outer, condition)
        finally:
            self.mask = outer

    def loop(self, condition: Callable[[], Lanes]) -> Iterator[int]:
        """Repeat while the condition holds in any lane; lanes that are done wait. Yields the turn, from 0."""
        outer, turn = self.mask, 0
        try:
            while True:
                holds = condition().values
                self.issue("branch")
                self.mask = self.mask & holds
                if not self.mask.any():
                    return
                if turn == MOST_TURNS:
                    raise ValueError(f"a loop ran {MOST_TURNS} turns; does its condition ever fail?")
                yield turn
                turn += 1
        finally:
            self.mask = outer


@dataclass
class Branch:
    """A branch whose first side has run; `otherwise` runs the second under the complement of its mask."""

    warp: Warp
    outer: np.ndarray
    condition: Lanes

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """Run the block in the lanes where the condition does not hold."""
        self.warp.mask = self.outer & operator.invert(self.condition.values)
        try:
            yield
        finally:
            self.warp.mask = self.outer


def launch(kernel: Callable, threads: int, *arguments: object, width: int = 32, trace: bool = False) -> Run:
    """Run a kernel once for each thread, `width` threads a warp, and return the counts.

    The kernel is called with a Warp and the arguments; arrays are memory, and are written in place. A last warp that is
    not full runs with a mask. With `trace` the run keeps (warp, instruction, mask) of every instruction.

    >>> x, y = np.arange(-256, 256, dtype=np.float32), np.zeros(512, np.float32)
    >>> def relu(warp, x, y):
    ...     warp.store(y, warp.thread, warp.maximum(warp.load(x, warp.thread), 0))
    >>> run = launch(relu, 512, x, y)
    >>> run.warps, run.counts["max"], run.sectors  # 512 * 4 B are 64 sectors, read and written
    (16, 16, 128)
    """
    positive_ints(threads=threads, width=width)
    run = Run(width, -(-threads // width), threads, trace=[] if trace else None)
    for first in range(0, threads, width):
        kernel(Warp(first, threads, run), *arguments)
    return run
