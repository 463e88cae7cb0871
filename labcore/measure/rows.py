"""The rows of a measurement: one kind for each table, and their units."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.units import Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Ratio, Seconds

UNITS = {
    "BW": "B/s", "R": "FLOP/s", "T": "s", "L_lat": "s", "predicted": "s", "working_set": "B", "flop": "FLOP",
    "D_vol": "B", "low": "lower quartile, unit of the row's median", "high": "upper quartile, likewise",
}  # fmt: skip


@dataclass(frozen=True)
class Bandwidth:
    """Sustained bandwidth of a kernel over a working set; every array counts once, as in STREAM."""

    kernel: str
    threads: int
    working_set: Bytes
    BW: BytesPerSecond
    low: BytesPerSecond
    high: BytesPerSecond
    repeats: int


@dataclass(frozen=True)
class Latency:
    """Time of one dependent load at random within a working set."""

    working_set: Bytes
    L_lat: Seconds
    low: Seconds
    high: Seconds
    repeats: int


@dataclass(frozen=True)
class Throughput:
    """Throughput of an n x n x n product; integer precisions count OP."""

    precision: str
    n: int
    threads: int
    library: str
    R: FlopPerSecond
    low: FlopPerSecond
    high: FlopPerSecond
    repeats: int


@dataclass(frozen=True)
class Placed:
    """A real operation: what it asks, the time it took, and the least time under the measured roofs (0: not yet)."""

    group: str
    name: str
    precision: str
    threads: int
    flop: Flop
    D_vol: Bytes
    working_set: Bytes
    T: Seconds
    low: Seconds
    high: Seconds
    repeats: int
    predicted: Seconds = 0.0

    @property
    def I(self) -> FlopPerByte:  # noqa: E743 (the chapter's symbol)
        """Arithmetic intensity."""
        return self.flop / self.D_vol

    @property
    def R(self) -> FlopPerSecond:
        """Throughput reached."""
        return self.flop / self.T

    @property
    def error(self) -> Ratio:
        """How much longer it took than predicted: 0.5 is half as long again, -0.1 a tenth less."""
        return self.T / self.predicted - 1


Row = Bandwidth | Latency | Throughput | Placed
TABLES = {"bandwidth": Bandwidth, "latency": Latency, "compute": Throughput, "operations": Placed}
