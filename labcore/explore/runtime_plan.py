"""Requests under a plan and a load: the pure functions of the plan explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter, FixedLocator

from labcore.explore.operation import fix_ticks
from labcore.plots.runtime_plans import COUNT, STEP
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.runtime.plans import Plan, bucketed, dynamic, static
from labcore.runtime.queueing import waits_in_line
from labcore.runtime.requests import powers_of_two, requests
from labcore.runtime.work import prefill
from labcore.units import Hertz, Ratio, Seconds, format_si

PLANS: dict[str, Plan] = {
    "static: pad to 8192": static(8192),
    "two buckets: 1024, 8192": bucketed([1024, 8192]),
    "eight buckets, doubling": bucketed(powers_of_two()),
    "dynamic": dynamic(),
}
LENGTHS = {"64 to 8192": (64, 8192), "64 to 1024": (64, 1024), "4096 to 8192": (4096, 8192), "all 8192": (8192, 8192)}
SHOWN = (0.005, 2000.0)  # seconds
TICKS = {0.01: "10 ms", 0.1: "100 ms", 1.0: "1 s", 10.0: "10 s", 100.0: "100 s", 1000.0: "1000 s"}


class Outcome(NamedTuple):
    """What became of a trace: latencies in ascending order, the load, the share of the work that is padding."""

    latencies: np.ndarray
    load: Ratio
    padding: Ratio

    def percentile(self, q: float) -> Seconds:
        """The latency that q per cent of the requests do not exceed."""
        return float(np.percentile(self.latencies, q, method="inverted_cdf"))


@cache
def arriving(lengths: str, burst: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrivals at a rate of one a second, and lengths; other rates stretch the time."""
    shortest, longest = LENGTHS[lengths]
    found = requests(COUNT, 1.0, burst, shortest, longest, step=STEP)
    return np.array([one.arrival for one in found]), np.array([one.tokens for one in found])


@cache
def work(plan: str, lengths: str) -> np.ndarray:
    """Seconds on the engine of every request under a plan."""
    return np.array([prefill()(PLANS[plan].padded(int(n))).T for n in arriving(lengths, 1)[1]])


@cache
def outcome(plan: str, lengths: str, rate: Hertz, burst: int, T_choose: int) -> Outcome:
    """Serve a trace of 2000 requests, `T_choose` in ms for each under the dynamic plan.

    >>> outcome("all", "all 8192", 1.0, 1, 0)
    Traceback (most recent call last):
    KeyError: 'all'
    >>> outcome("static: pad to 8192", "all 8192", 1.0, 1, 0).padding
    0.0
    """
    T = work(plan, lengths) + (T_choose * 1e-3 if plan == "dynamic" else 0.0)
    latencies = np.sort(T + waits_in_line(arriving(lengths, burst)[0] / rate, T))
    return Outcome(latencies, rate * float(T.mean()), 1 - float(work("dynamic", lengths).sum() / T.sum()))


def highest_rate(plan: str, lengths: str, p99: Seconds = 1.0) -> Hertz:
    """The highest rate, in steps of 0.1 up to 6 a second, at which p99 stays below a bound; 0 for none."""
    rates = [k / 10 for k in range(1, 61)]
    return max((rate for rate in rates if outcome(plan, lengths, rate, 1, 0).percentile(99) < p99), default=0.0)


def slowest_choice(plan: str, lengths: str, rate: Hertz) -> int:
    """The milliseconds to choose, in steps of 5, from which on the dynamic plan's p50 is worse than a plan's."""
    p50 = outcome(plan, lengths, rate, 1, 0).percentile(50)
    return next(T for T in range(0, 101, 5) if outcome("dynamic", lengths, rate, 1, T).percentile(50) > p50)


def burst_beyond(plan: str, other: str, lengths: str, rate: Hertz) -> int:
    """The mean burst at which a plan's p99 is beyond that of another without bursts."""
    calm = outcome(other, lengths, rate, 1, 0).percentile(99)
    return next(size for size in range(1, 17) if outcome(plan, lengths, rate, size, 0).percentile(99) > calm)


def build(fig: Canvas) -> SimpleNamespace:
    """The share of the requests that are done by a latency: under the plan, and each alone, unpadded."""
    ax = fig.add_axes((0.11, 0.14, 0.86, 0.66), xlim=SHOWN, ylim=(0, 103))
    log_axes(ax, "x")
    fix_ticks(ax.yaxis, [0, 25, 50, 75, 99])
    ax.xaxis.set_major_locator(FixedLocator(list(TICKS)))
    ax.xaxis.set_major_formatter(FixedFormatter(list(TICKS.values())))
    ax.set_xlabel("latency")
    ax.set_ylabel("requests answered by then (%)")
    moving = SimpleNamespace(
        alone=ax.plot([], [], color=GREY, linestyle=":", linewidth=1.4, label="each alone, not padded")[0],
        under=ax.plot([], [], color=BLUE, label="under the plan")[0],
        marks=ax.plot([], [], color=VERMILLION, marker="s", markersize=7, linestyle="None", label="p50, p99")[0],
        names=[ax.text(1, y, "", va="center", ha="left", fontsize=8.5) for y in (50, 95)],
        title=ax.text(0, 1.2, "", transform=ax.transAxes, weight="bold"),
        below=ax.text(0, 1.13, "", transform=ax.transAxes),
    )
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.3)
    return moving


def update(artists: SimpleNamespace, plan: str, lengths: str, rate: float, burst: int, T_choose: int) -> None:
    """Give the curves and the two marks their places."""
    found, share = outcome(plan, lengths, rate, burst, T_choose), 100 * np.arange(1, COUNT + 1) / COUNT
    artists.under.set_data(found.latencies, share)
    artists.alone.set_data(np.sort(work("dynamic", lengths)), share)
    places = [found.percentile(q) for q in (50, 99)]
    artists.marks.set_data(places, [50, 99])
    for name, at in zip(artists.names, places, strict=True):
        late = at > 300  # no room at the right
        name.set(x=at / 1.3 if late else 1.25 * at, ha="right" if late else "left", text=format_si(at, "s", 3))
    artists.title.set_text(f"{plan}; {lengths} tokens")
    artists.below.set_text(f"{rate:.1f} requests a second, load {found.load:.0%}, {found.padding:.0%} of it lost")


def describe(plan: str, lengths: str, rate: float, burst: int, T_choose: int) -> str:
    """p50, p99, load and padding of the plan, and the dynamic plan beside it."""
    found, other = (outcome(name, lengths, rate, burst, T_choose) for name in (plan, "dynamic"))
    p50, p99 = (format_si(found.percentile(q), "s", 3) for q in (50, 99))
    over = " (more than the engine can do: latencies grow as long as requests come)" if found.load >= 1 else ""
    return (
        f"{plan}, {lengths} tokens, {rate:.1f} requests a second in bursts of {burst} on the mean: p50 {p50}, "
        f"p99 {p99}; load {found.load:.1%}{over}, {found.padding:.1%} of it padding and choosing; the dynamic plan "
        f"with {T_choose} ms to choose: p50 {format_si(other.percentile(50), 's', 3)}, "
        f"p99 {format_si(other.percentile(99), 's', 3)}"
    )
