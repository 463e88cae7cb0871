"""Machines of the past that the book compares with, and the price index that turns their dollars into today's."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.units import FlopPerSecond, Ratio

_CRAY_1 = Source("Wikipedia, copied by WikiMili", "Cray-1", 2024, "https://wikimili.com/en/Cray-1")
_CRAY_1_PRICE = Source("Box Chronicles", "Cray-1", 2013, "http://boxchronicles.com/cray-1/")
_RUSSELL = Source(
    "Russell (Cray Research)", "The CRAY-1 Computer System, Communications of the ACM 21(1)", 1978,
    "https://doi.org/10.1145/359327.359336",
)  # fmt: skip
_CDC_7600 = Source("Probsee", "CDC 7600", 2025, "https://probsee.com/p/CDC_7600")
_CPI = Source(
    "Federal Reserve Bank of Minneapolis", "Consumer Price Index, 1913-", 2008,
    "http://www.minneapolisfed.org/Research/data/us/calc/hist1913.cfm",
)  # fmt: skip
_CPI_U = Source(
    "Bureau of Labor Statistics", "CPI-U, US city average, all items, series CUUR0000SA0", 2025,
    "https://data.bls.gov/timeseries/CUUR0000SA0",
)  # fmt: skip

CRAY_1 = {
    "announced": Fact(1975, "year", _CRAY_1, "the first machine was installed in 1976"),
    "clock": Fact(80e6, "Hz", _CRAY_1, "12.5 ns"),
    "results a cycle": Fact(
        2, "x", _RUSSELL, "one addition and one multiplication, chained; paper not read", confirmed=False
    ),
    "vector length": Fact(
        64, "elements", _RUSSELL, "of 64 bits in each of 8 registers; paper not read", confirmed=False
    ),
    "price": Fact(8.8e6, "USD", _CRAY_1_PRICE, "the first machine, Los Alamos, 1976"),
}
CDC_7600_PEAK = Fact(36e6, "FLOP/s", _CDC_7600, "27.5 ns a cycle, one result each; delivered from 1969")
CPI = {
    1976: Fact(56.9, "ratio", _CPI, "annual average, 1982-84 = 100"),
    2024: Fact(
        313.689, "ratio", _CPI_U, "annual average; read in copies of the series, not at the bureau", confirmed=False
    ),
}


def pipeline_peak(clock: float, results: Ratio) -> FlopPerSecond:
    """Peak of pipelines that give `results` a cycle between them, at a clock in Hz.

    >>> pipeline_peak(clock=80e6, results=2)
    160000000.0
    """
    return clock * results


def results_a_cycle(peak: FlopPerSecond, clock: float) -> Ratio:
    """Results that come out at the same time, from a peak and a clock in Hz.

    >>> results_a_cycle(peak=160e6, clock=80e6)
    2.0
    """
    return peak / clock


def in_dollars_of(price: float, then: float, now: float) -> float:
    """A price in today's dollars, from the price index of then and now.

    >>> in_dollars_of(10.0, then=50.0, now=300.0)
    60.0
    """
    return price * now / then
