"""Sustainability of hardware: energy and carbon, Napkin Math 1.10, lines 2575 to 2604 (lab 19).

>>> from labcore.claims.ledger import claim
>>> claim("carbon-roi-annual", g_per_kwh=30.0).computed  # the same fleets in Norway
26.1486
"""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.catalogue.specialization import TPU_ABSTRACT
from labcore.claims.ledger import computes
from labcore.claims.printed import HUNDREDS, ORDER_OF_MAGNITUDE, Each, Identity, Number, Truth, Words, on_the_order_of
from labcore.cost import DAY, KWH, TYPICAL, Fleet, emissions, payback_time, table_8
from labcore.scaling import times
from labcore.units import unit_scale

LAB = "19_sustainability"
NAPKIN, CHECK = f"{LAB}#napkin-1-10", f"{LAB}#self-check"
ITEM = "Napkin Math 1.10"
CPU, NPU = 1e12, 10e12  # FLOP/s of one, as the page has them
PER_WATT = "TFLOP/s (per W)"
BILLION = 1e9
MODEST = 2.0  # a gap that nobody would call more than modest; the napkin's own is a hundred times that


@computes("sustainability-hundreds-of-tons", "Text §Hardware Sustainability",
          Truth(words="a modest gap over thousands of servers is hundreds of tonnes a year"), "", NAPKIN)  # fmt: skip
def hundreds_of_tonnes(servers=1000, power=100.0, g_per_kwh=429.0):
    """A thousand servers, the least that are thousands: what a gap of two and the napkin's gap save in a year."""
    whole = emissions(365 * Fleet(servers, CPU, power).energy_a_day(), g_per_kwh) / unit_scale("t")[0]
    return all(HUNDREDS[0] <= whole * (1 - 1 / gap) <= HUNDREDS[1] for gap in (MODEST, gap_of_efficiency()))


def per_watt(throughput: float, power: float) -> float:
    """FLOP/s of one machine for each watt."""
    one = Fleet(1, throughput, power)
    return one.rate / one.power


@computes("carbon-cpu-efficiency", ITEM, Number("0.01"), PER_WATT, NAPKIN)
def cpu_efficiency(throughput=CPU, power=100.0):
    """The page's CPU: throughput over power."""
    return per_watt(throughput, power)


@computes("carbon-npu-efficiency", ITEM, Number("2"), PER_WATT, NAPKIN)
def npu_efficiency(throughput=NPU, power=5.0):
    """The page's NPU: throughput over power."""
    return per_watt(throughput, power)


@computes("carbon-efficiency-gap", ITEM, Number("200"), "x", NAPKIN)
def gap_of_efficiency(cpu_power=100.0, npu_power=5.0):
    """NPU over CPU in throughput for a watt, both at their peaks."""
    return times(npu_efficiency(power=npu_power), cpu_efficiency(power=cpu_power))


@computes("carbon-workload-billion-per-day", ITEM, Identity("1 billion/day"), "GFLOP", NAPKIN)
def work_of_an_inference(per_day=BILLION):
    """FLOP that both fleets leave for each inference, without a pause and at their peaks: the page has matched them."""
    cpus, npus = Fleet(1000, CPU, 100.0), Fleet(100, NPU, 5.0)
    return cpus.flop_each(per_day), npus.flop_each(per_day)


@computes("carbon-cpu-fleet-energy", ITEM, Number("2,400"), "kWh (a day)", NAPKIN)
def cpu_energy(count=1000, power=100.0):
    """Energy of the CPU fleet in a day at full power."""
    return Fleet(count, CPU, power).energy_a_day()


@computes("carbon-npu-fleet-energy", ITEM, Number("12"), "kWh (a day)", NAPKIN)
def npu_energy(count=100, power=5.0):
    """Energy of the NPU fleet in a day at full power."""
    return Fleet(count, NPU, power).energy_a_day()


@computes("carbon-roi-annual", ITEM, Number("373.9"), "t (a year)", NAPKIN)
def saved_in_a_year(cpus=1000, npus=100, g_per_kwh=429.0, days=365):
    """CO2 of the energy that the two fleets differ by, over a year on the page's grid."""
    return emissions(days * (cpu_energy(count=cpus) - npu_energy(count=npus)), g_per_kwh)


SET = "Self-Check set 11"


@computes("sc11-q1", f"{SET} Q1", Words("one to two orders of magnitude", least=ORDER_OF_MAGNITUDE[0],
          most=on_the_order_of(100)[1]), "x", CHECK)  # fmt: skip
def orders_of_magnitude(E_cpu=5.0, E_npu=0.05):
    """Gaps in energy: of the second question, of the napkin, and TPU v1's least and most over chips of its time.

    The first two are assumed by the section; the last two were measured, as performance per watt.
    """
    return [times(E_cpu, E_npu), gap_of_efficiency(), *(fact.value for fact in TPU_ABSTRACT[2:])]


@computes("sc11-q2", f"{SET} Q2", Each("5,000", "50", "1,825,000", "18,250"), "MJ (a day, then a year)", CHECK)
def energy_of_a_billion(per_day=BILLION, E_cpu=5.0, E_npu=0.05, days=365):
    """Energy of a billion inferences, at 5 J and at 0.05 J each: of a day, then of a year."""
    a_day = [Fleet(1, CPU, per_day * E / DAY).energy_a_day() for E in (E_cpu, E_npu)]
    return [*a_day, *(days * E for E in a_day)]


@computes("sc11-q3-within-months", f"{SET} Q3 answer", Words("within months, not years", least=100), "%", CHECK)
def premium_saved_in_a_year(price=15_000.0, power=A100.power.value, dearer=5.0, frugal=20.0, kwh=TYPICAL.kwh_price):
    """Part of the extra price that a year's electricity saves, Table 8's A100 against a card at five times its price.

    It must be all of it if months are to do. Both run without a pause, in a building with the mean overhead.
    """
    running = power * TYPICAL.overhead / KWH * kwh  # USD a second
    return 365 * DAY / payback_time((dearer - 1) * price, running, running / frugal)


@premium_saved_in_a_year.erratum
def the_price_decides():
    """A year saves {saved:.0f} USD of the {extra:,.0f} USD more, so the bill repays them in {years:.0f} years.

    Would hold of a device bought for less than {least:.2f} USD for each watt that it draws, where Table 8's cost from
    {cheapest:.0f} to {dearest:.0f}; or where the dear one does 20 times the work at the same power and stands for 20
    cheap ones. For carbon the price does not matter, and there months can do.
    """
    share, extra = premium_saved_in_a_year(), 4 * 15_000
    a_watt = [offer.price / offer.chip.power.value for offer in table_8()]
    return {
        "saved": share * extra, "extra": extra, "years": 1 / share,
        "least": share * 15_000 / A100.power.value, "cheapest": min(a_watt), "dearest": max(a_watt),
    }  # fmt: skip
