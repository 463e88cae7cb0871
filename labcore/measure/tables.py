"""What a measurement holds: its tables, the roofs that follow from them, and the machine they are of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from labcore.measure.kernels import ARRAYS
from labcore.measure.rows import TABLES, Bandwidth, Latency, Placed, Row, Throughput
from labcore.roofline import least_time, ridge
from labcore.units import Bytes, BytesPerSecond, FlopPerByte, FlopPerSecond, Seconds, counted, format_si


@dataclass(frozen=True)
class Roofs:
    """The measured tables of one machine, and its roofs as they follow from them.

    A roof is the best of what may be used: of every kernel, and of as many threads or fewer, since nobody has to use
    all. The best of several medians leans upwards by part of their noise. Operations set no roof: they are held
    against it.
    """

    bandwidth: tuple[Bandwidth, ...]
    latency: tuple[Latency, ...]
    compute: tuple[Throughput, ...]
    operations: tuple[Placed, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Roofs:
        """Sort rows into their tables and hold every operation against the roofs."""
        rows = list(rows)
        roofs = cls(*(tuple(row for row in rows if isinstance(row, kind)) for kind in TABLES.values()))
        return roofs.with_predictions()

    def with_predictions(self) -> Roofs:
        """The same tables, each operation with its least time under these roofs."""
        return replace(self, operations=tuple(replace(op, predicted=self.least_time(op)) for op in self.operations))

    @property
    def threads(self) -> int:
        """Threads of the full machine."""
        return max(row.threads for row in self.bandwidth)

    @property
    def kernels(self) -> list[str]:
        """The kernels of the memory staircase that were measured; copies between host and device are none."""
        return [name for name in ARRAYS if any(row.kernel == name for row in self.bandwidth)]

    def staircase(self, kernel: str, threads: int | None = None) -> list[Bandwidth]:
        """The bandwidths of one kernel by working set, smallest first, with all threads unless said otherwise."""
        wanted = (kernel, threads or self.threads)
        found = [row for row in self.bandwidth if (row.kernel, row.threads) == wanted]
        if not found:
            there = ", ".join(sorted({f"{row.kernel} on {row.threads}" for row in self.bandwidth}))
            on = counted(wanted[1], "thread")
            raise ValueError(f"no bandwidth of {kernel} on {on} was measured; there are {there}")
        return sorted(found, key=lambda row: row.working_set)

    def slope(
        self, working_set: Bytes = math.inf, threads: int | None = None, kernel: str | None = None
    ) -> tuple[BytesPerSecond, Bandwidth]:
        """Bandwidth at a working set, and the row of it that is nearest in size: its kernel and threads set this roof.

        Between two sizes it is read off the straight line through them on logarithmic axes.
        """
        n, names = threads or self.threads, [kernel] if kernel else self.kernels
        pairs = {(row.kernel, row.threads) for row in self.bandwidth if row.kernel in names and row.threads <= n}
        if not pairs:
            self.staircase(kernel or "any kernel", n)  # says what there is
        stairs = [self.staircase(*pair) for pair in sorted(pairs)]
        best = max(stairs, key=lambda some: _read_off(some, working_set))
        inside = min(working_set, best[-1].working_set)
        return _read_off(best, working_set), min(best, key=lambda row: abs(math.log(row.working_set / inside)))

    def BW(
        self, working_set: Bytes = math.inf, threads: int | None = None, kernel: str | None = None
    ) -> BytesPerSecond:
        """Bandwidth at a working set, the best of all kernels unless one is named; from DRAM by default."""
        return self.slope(working_set, threads, kernel)[0]

    @property
    def BW_near(self) -> BytesPerSecond:
        """The highest bandwidth of all: from the fastest cache, for working sets that fit there."""
        return max(row.BW for row in self.bandwidth if row.kernel in ARRAYS)

    def product(self, precision: str, threads: int | None = None) -> Throughput:
        """The fastest product at a precision on as many threads or fewer: the flat roof."""
        n = threads or self.threads
        found = [row for row in self.compute if row.precision == precision and row.threads <= n]
        if not found:
            there = ", ".join(sorted({f"{row.precision} on {row.threads}" for row in self.compute}))
            raise ValueError(f"no product in {precision} on {counted(n, 'thread')} was measured; there are {there}")
        return max(found, key=lambda row: row.R)

    def R_peak(self, precision: str, threads: int | None = None) -> FlopPerSecond:
        """The highest throughput that a product reached at a precision; ValueError with those measured."""
        return self.product(precision, threads).R

    def ridge(self, precision: str) -> FlopPerByte:
        """The ridge point for data from DRAM, all threads."""
        return ridge(self.R_peak(precision), self.BW())

    def least_time(self, op: Placed, cached: bool = True) -> Seconds:
        """Least time of an operation under the measured roofs: bandwidth at its working set, or from DRAM."""
        BW = self.BW(op.working_set if cached else math.inf, op.threads)
        return least_time(op.flop, op.D_vol, self.R_peak(op.precision, op.threads), BW)

    def find(self, group: str, name: str) -> Placed:
        """The operation of this name; ValueError with those of its group."""
        for op in self.operations:
            if (op.group, op.name) == (group, name):
                return op
        there = ", ".join(op.name for op in self.operations if op.group == group)
        raise ValueError(f"no {group} {name!r} was measured; there are {there or 'none of this group'}")


def _read_off(stairs: list[Bandwidth], working_set: Bytes) -> BytesPerSecond:
    x, y = (np.log([getattr(row, name) for row in stairs]) for name in ("working_set", "BW"))
    return float(np.exp(np.interp(math.log(working_set), x, y)))


@dataclass(frozen=True)
class Measured:
    """One measurement: the machine in words, its roofs, those of a GPU where there is one, and what to be wary of.

    `origin` says which file it came from, `trouble` why it is not the reader's own; neither is stored.
    """

    machine: Mapping[str, object]
    host: Roofs
    device: Roofs | None = None
    warnings: tuple[str, ...] = ()
    origin: str = field(default="", compare=False)
    trouble: str = field(default="", compare=False)

    @property
    def quick(self) -> bool:
        """Whether it shows the shape and not the last digit."""
        return str(self.machine.get("command", "")).endswith("--quick")

    @property
    def about(self) -> str:
        """Processor, threads and date: what it is of."""
        words = f"{self.machine['cpu']}, {counted(self.host.threads, 'thread')}, {self.machine['date']}"
        return f"{words}, quick" if self.quick else words

    def __repr__(self) -> str:
        (BW, row), R_peak = self.host.slope(), self.host.R_peak("fp32")
        roof = f"{format_si(R_peak, 'FLOP/s', 3)} fp32, {format_si(BW, 'B/s', 3)} DRAM ({row.kernel})"
        about = f"{self.about}: {roof}"
        lines = [self.trouble, f"{self.origin}: {about}" if self.origin else about]
        return "\n".join([line for line in lines if line] + [f"warning: {words}" for words in self.warnings])
