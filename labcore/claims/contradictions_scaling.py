"""Where two places of the chapter cannot both stand: many chips, energy, and the CPU beside them.

>>> from labcore.claims.ledger import claim
>>> claim("fallacy1-cpu-ridge").computed
[5.0, 10.0]
"""

from __future__ import annotations

import math

from labcore.claims.ledger import computes
from labcore.claims.printed import Number, Range, Words
from labcore.claims.sustainability import CPU, NPU, per_watt
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.failures import cluster_mtbf
from labcore.interconnect.link import Link
from labcore.interconnect.parallelism import unscaled_share, weak_efficiency
from labcore.ironlaw import ceiling
from labcore.roofline import ridge
from labcore.scaling import times

SCALING = "17_multichip#self-check"
HOUR, WEEK = 3600.0, 7 * 86400.0
NVLINK = Link("NVLink", 300e9)


@computes("sc9-q1-cap-below-its-premise", "Self-Check set 9 Q1 answer", Number("5"), "x", SCALING)
def speedup_at_a_fifth(share=0.2, more=8):
    """Speed-up from 8 to 64 devices when a fifth of each of their steps goes to the exchange."""
    return more * weak_efficiency(1 - share, share)


@speedup_at_a_fifth.erratum
def the_cap_is_passed_already():
    """The question goes from 8 devices to 64. With a fifth of the step there in the exchange the gain is {gain:.1f}x.

    By Amdahl's law the measured 5.2x of 8x leaves {share:.1f} % that does not shrink, and a cap of {cap:.0f}x. Would
    hold of the step on 64 devices, which faster chips alone shorten 5 times at most, or of a fifth of the time on 8
    devices that does not shrink at all.
    """
    share = unscaled_share(5.2, 8)
    return {"gain": speedup_at_a_fifth(), "share": 100 * share, "cap": ceiling(1 - share)}


@computes("sc9-q4-weekly-to-hourly", "Self-Check set 9 Q4 answer", Number("1"), "", SCALING)
def hours_between_failures(few=64, many=4096, week=WEEK):
    """Hours between two failures of 4,096 devices where 64 fail once a week."""
    return times(cluster_mtbf(week * few, many), HOUR)


@hours_between_failures.erratum
def a_few_hours():
    """A week over {times} is {hours:.2f} hours: {a_day:.0f} failures a day, which the question's "many times" fits.

    Would hold where 64 devices fail every {days:.1f} days.
    """
    hours = hours_between_failures()
    return {"times": 4096 // 64, "hours": hours, "a_day": 24 / hours, "days": times(HOUR * 4096 / 64, WEEK / 7)}


@computes("sc11-q2-ten-to-hundred", "Self-Check set 11 Q2 answer", Range("10", "100"), "x",
          "19_sustainability#self-check")  # fmt: skip
def gap_of_the_napkin(cpu_power=100.0):
    """NPU over CPU in throughput for a watt, by Napkin Math 1.10 of the same section."""
    return times(per_watt(NPU, 5.0), per_watt(CPU, cpu_power))


@gap_of_the_napkin.erratum
def twice_the_range():
    """Napkin Math 1.10 of the same section has {gap:.0f} times, twice the upper end.

    Would hold with a CPU of {watts:.0f} W in the napkin, all else as it is.
    """
    return {"gap": gap_of_the_napkin(), "watts": 100 * 100 / gap_of_the_napkin()}


@computes("fallacy1-cpu-ridge", "Fallacy 1", Range("10", "20"), "FLOP/B", "20_can_you_run_it#fallacy-1")
def cpu_ridges(slower=1e12, faster=2e12, bandwidth=200e9):
    """Ridge points of the server CPU of Definitions 1.1 and 1.3: 1 to 2 TFLOP/s over 200 GB/s."""
    return [ridge(R, bandwidth) for R in (slower, faster)]


@cpu_ridges.erratum
def half_of_what_is_said():
    """1 to 2 TFLOP/s (Definition 1.1) over 200 GB/s (Definition 1.3) are {low:.0f} to {high:.0f} FLOP/B.

    A softmax of 2 to 5 FLOP/B then reaches {least:.0f} to {most:.0f} % of that CPU, not 10 to 50. Would hold with half
    the bandwidth, or with a CPU of 2 to 4 TFLOP/s.
    """
    low, high = cpu_ridges()
    return {"low": low, "high": high, "least": 100 * 2 / high, "most": 100 * 5 / low}


@computes("sc12-q3-cost-with-devices", "Self-Check set 12 Q3 answer",
          Words("logarithmically at best", least=math.log(256, 8)), "x", "20_can_you_run_it#self-check")  # fmt: skip
def growth_of_the_exchange(few=8, many=256):
    """Time of a ring all-reduce of a gigabyte on 256 devices over that on 8, one and the same kind of link."""
    return times(*(all_reduce_time(10**9, p, NVLINK) for p in (many, few)))


@growth_of_the_exchange.erratum
def bandwidth_term_is_bounded():
    """A rank sends 2 (p - 1) / p of the payload, so from 8 to 256 devices the time grows {grown:.2f} times.

    The logarithm of the count grows {log:.2f} times. Would hold of the wait for a small message, whose steps grow with
    log2 p in a tree, or where more devices mean slower links.
    """
    return {"grown": growth_of_the_exchange(), "log": math.log(256, 8)}
