"""Why chips for one domain: scaling that slows, demand that does not, and the S-curve (lab 02).

>>> from labcore.claims.ledger import claim
>>> claim("footnote-7-gap-growth", demand_growth=6, supply_growth=2).computed
3.0
"""

from __future__ import annotations

from labcore.catalogue import demand
from labcore.catalogue import specialization as past
from labcore.catalogue.specialization import values
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import ORDER_OF_MAGNITUDE, Each, Number, Range, Words
from labcore.scaling import (
    annual_factor,
    doubling_months,
    growth_of_doubling,
    logistic,
    take_off,
    times,
    widening,
)

DSA, CURVE = "Text §Emergence of DSAs", "Text §Technology S-curve"
SLOW, GAP, S_CURVE, FIXED, SHOCK = (
    f"02_specialization#{cell}" for cell in ("slowdown", "gap", "s-curve", "gains", "gains")
)
DEMAND_DRAWN, GPU_DRAWN = (4.6e8, 11), (250, 10)  # gain and years behind the two slopes of Figure 3
CPU_DRAWN = {"limit": 100, "steepness": 0.25, "midpoint": 2000}  # the curve of CPUs in Figure 4


@computes("moores-law-cadence", DSA, Range("18", "24"), "", SLOW)
def cadence():
    """Months in which transistors on a CPU doubled, from the 4004 to the 486DX."""
    (first, few), (last, many) = (values(facts) for facts in demand.TRANSISTORS.values())
    return doubling_months(annual_factor(many / few, last - first))


@cites("turing-lecture-2017", DSA, Number("2017"), "year", SLOW)
def turing_award():
    """Year of the award whose lecture announced the era of domain-specific architectures."""
    return demand.TURING_AWARD


@computes("footnote-6-dsa-gains", "Footnote 6", Each("15", "30", "30", "80"), "x", SHOCK)
def gains_in_the_abstract():
    """Speed and performance per watt of the first TPU as the paper's abstract sums them up."""
    return values(past.TPU_ABSTRACT)


@cites("footnote-6-ten-x-rule", "Footnote 6", Number("10"), "x", FIXED)
def worth_an_ecosystem():
    """Gain from which a new architecture is said to be worth its software."""
    return past.TEN_X


@computes("footnote-7-demand-growth", "Footnote 7", Number("6.1"), "x", GAP)
def demand_drawn(gain=DEMAND_DRAWN[0], years=DEMAND_DRAWN[1]):
    """Growth a year of the demand that Figure 3 draws: its gain from AlexNet to GPT-4 over eleven years."""
    return annual_factor(gain, years)


@computes("footnote-7-supply-growth", "Footnote 7", Number("2"), "x", GAP)
def supply_drawn(gain=GPU_DRAWN[0], years=GPU_DRAWN[1]):
    """Growth a year of the supply that Figure 3 draws, to the footnote's one digit; footnote 9 prints 1.7 for it."""
    return annual_factor(gain, years)


@computes("footnote-7-gap-growth", "Footnote 7", Number("3.5"), "x", GAP)
def gap_of_footnote_7(demand_growth=6.1, supply_growth=2):
    """Growth a year of demand over supply, with the footnote's own two factors."""
    return widening(demand_growth, supply_growth)


@gap_of_footnote_7.erratum
def gap_with_two():
    """6.1 / 2 is {two:.2f}. The 2 is the figure's {drawn:.2f} rounded to one digit, 3.5 the quotient before that.

    Footnote 9 and the text print the supply as 1.7. Would hold unrounded: {demand:.2f} / {drawn:.2f} = {gap:.2f}.
    """
    numbers = demand_drawn(), supply_drawn()
    return {"two": gap_of_footnote_7(), "demand": numbers[0], "drawn": numbers[1], "gap": widening(*numbers)}


@computes("footnote-8-dennard-dates", "Footnote 8", Each("1974", "2005"), "year", SLOW)
def dennard():
    """Year of the scaling rule, and about when it ended; 2005 is an estimate, and other texts say 2005 to 2007."""
    return [int(year) for year in values([demand.DENNARD, demand.DENNARD_ENDS])]


@computes("footnote-8-dark-silicon-fraction", "Footnote 8", Range("30", "50"), "%", SLOW)
def powered_by_the_source(node="8 nm"):
    """Largest share of a chip that can be on at the most advanced node of the cited study, 8 nm."""
    (dark,) = values([demand.DARK[node]])
    return 1 - dark


@computes("footnote-9-supply-demand", "Footnote 9", Range("3", "4"), "x", GAP)
def gap_of_footnote_9(demand_growth=6, supply_growth=1.7):
    """Growth a year of the gap with the rates of footnote 9."""
    return widening(demand_growth, supply_growth)


@computes("text-systems-gap-rates", DSA, Range("3", "4"), "x", GAP)
def gap_of_the_text(demand_gain=DEMAND_DRAWN[0], supply_gain=GPU_DRAWN[0]):
    """Growth a year of the gap between the slopes that Figure 3 draws."""
    return widening(annual_factor(demand_gain, DEMAND_DRAWN[1]), annual_factor(supply_gain, GPU_DRAWN[1]))


@computes("figure-3-systems-gap", "Figure 3", Words("illustrative", least=1, spread=True), "x", GAP)
def gap_over_the_years(demand_growth=6, supply_growth=1.7):
    """Demand over supply in 2012, 2018 and 2024: it widens if later years have more than the one of 2012."""
    return [widening(demand_growth, supply_growth) ** years for years in (0, 6, 12)]


@computes("text-s-curve-phases", CURVE, Number("3"), "", S_CURVE)
def phases_of_a_curve():
    """Phases that the years of fastest change cut an S-curve into, here the drawn one of CPUs."""
    return len(take_off(CPU_DRAWN["steepness"], CPU_DRAWN["midpoint"])) + 1


@computes("figure-4-twin-s-curves", "Figure 4", Words("around 2010", least=2008, most=2012, number=2010), "year",
          S_CURVE)  # fmt: skip
def saturation(steepness=CPU_DRAWN["steepness"], midpoint=CPU_DRAWN["midpoint"]):
    """Year in which the drawn curve of CPUs leaves its take-off; "around" a year is read as within two."""
    return take_off(steepness, midpoint)[1]


@saturation.rounding
def nine_tenths_of_the_limit():
    """Where its slope changes fastest, the curve bends in 2005; nine tenths of its limit it reaches in {value}.

    "Saturation" can mean either: the beginning of that phase, or that hardly anything is left to gain.
    """
    return next(year for year in range(1980, 2031) if logistic(year, **CPU_DRAWN) >= 0.9 * CPU_DRAWN["limit"])


@computes("text-models-faster-than-moore", CURVE, Range("4", "10"), "x", S_CURVE)
def faster_than_moore(demand_growth=6.1, months_fast=18, months_slow=24):
    """Demand's factor a year over that of transistors, which double in 18 or in 24 months."""
    return [widening(demand_growth, growth_of_doubling(months)) for months in (months_fast, months_slow)]


@computes(
    "text-video-codec-efficiency", CURVE, Words("order of magnitude", *ORDER_OF_MAGNITUDE), "x", FIXED
)  # fmt: skip
def codec(circuit=past.DECODER_ENERGY.value):
    """Energy of decoding video in optimized software over that of a circuit for it, at the least."""
    return times(1, circuit)


shows(
    "footnote-10-codec", "Footnote 10",
    "A video encoder searches, which takes arithmetic; a decoder rebuilds frames, which takes bandwidth. Circuits for "
    "both leave out what a processor spends on being general.",
    FIXED,
)  # fmt: skip


@computes("footnote-11-asic-efficiency", "Footnote 11", Range("1000", "100000"), "x", FIXED)
def miner():
    """Hashes for a joule of a Bitcoin miner over those of a CPU."""
    rate, power, cpu_rate, cpu_power = values([*past.MINER, *past.CPU_MINER])
    return times(rate / power, cpu_rate / cpu_power)
