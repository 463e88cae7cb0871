"""Fact, Source and Accelerator: a number from the world never travels without its unit and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labcore.units import BytesPerSecond, FlopPerByte, FlopPerSecond, format_si

KINDS = ("published", "derived", "estimate", "convention", "illustrative", "claimed")


@dataclass(frozen=True)
class Source:
    """Where a number stands: who says it, in which document, of which year, at which address."""

    publisher: str
    title: str
    year: int
    url: str = ""

    def __str__(self) -> str:
        return f"{self.publisher}, {self.title}, {self.year}"


@dataclass(frozen=True)
class Fact:
    """One number from the world, in SI base units, with its source.

    `kind` says what sort of number it is: published by the source, derived from published numbers
    (the note says how), an estimate, a convention of this project, illustrative, or claimed: a maker's own figure
    that nobody outside has measured, or whose terms it does not give.
    `confirmed` is False where the source's own text could not be read; the number is then shown with a mark.

    >>> print(Fact(0.9e12, "B/s", Source("NVIDIA", "Tesla V100 Data Sheet", 2018)))
    900 GB/s
    """

    value: float
    unit: str
    source: Source
    note: str = ""
    kind: str = "published"
    confirmed: bool = True

    def __str__(self) -> str:
        return str(int(self.value)) if self.unit == "year" else format_si(self.value, self.unit)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind of a Fact is one of {', '.join(KINDS)}; got {self.kind!r}")


@dataclass(frozen=True)
class Accelerator:
    """A chip as its maker describes it: dense peaks by precision, memory bandwidth and capacity, power.

    Integer precisions (int8, int4) count operations where floating ones count FLOP; both count a
    multiply-accumulate as two. Bandwidth is that of the chip's own DRAM, read and write together.
    """

    name: str
    vendor: str
    kind: str
    year: Fact
    peaks: Mapping[str, Fact]
    bandwidth: Fact
    capacity: Fact
    power: Fact | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "peaks", MappingProxyType(dict(self.peaks)))  # frozen through and through

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:  # a proxy can be neither copied nor pickled
        return type(self), tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in vars(self).values())

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that the chip has a peak for."""
        return tuple(self.peaks)

    @property
    def BW(self) -> BytesPerSecond:
        """Peak bandwidth of the chip's DRAM."""
        return self.bandwidth.value

    def peak(self, precision: str) -> FlopPerSecond:
        """Peak dense throughput at a precision; raises ValueError with the ones the chip has."""
        if precision not in self.peaks:
            raise ValueError(f"{self.name} has no {precision} peak; it has {', '.join(self.peaks)}")
        return self.peaks[precision].value

    def ridge(self, precision: str) -> FlopPerByte:
        """Ridge point: the intensity from which the compute roof binds, peak / bandwidth."""
        return self.peak(precision) / self.BW

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Every fact with its name, in the order of a data sheet."""
        yield "year", self.year
        for precision, fact in self.peaks.items():
            yield f"peak {precision}", fact
        yield "bandwidth", self.bandwidth
        yield "capacity", self.capacity
        if self.power is not None:
            yield "power", self.power
