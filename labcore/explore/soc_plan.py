"""A pipeline laid over the units of a phone: the pure functions of the assignment explorer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.explore.gantt import corners
from labcore.explore.operation import fix_ticks
from labcore.interconnect.schedule import Interval, busy
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.soc.partition import all_plans
from labcore.soc.pipeline import detection
from labcore.soc.plan import Costs, Plan, cost_table, frames, price
from labcore.soc.unit import phone

STAGES = ("backbone", "neck", "NMS", "overlay")
LANES = ("NPU", "GPU", "DSP", "CPU", "DRAM")
SHOWN, T_SHOWN = 3, 13e-3
LOOKS = (  # of the frames; hatches would take too long to draw
    {"facecolor": "#CFE3F1", "edgecolor": BLUE},
    {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "linestyle": "--"},
    {"facecolor": "white", "edgecolor": GREEN, "linestyle": ":"},
)
PLANS = {"xlim": (2.2e-3, 9e-3), "ylim": (1.5e-3, 40e-3)}


@cache
def free() -> tuple[Costs, tuple[Plan, ...]]:
    """Each stage on each unit where a hand-over costs its bytes alone, and all plans."""
    soc = phone()
    costs = cost_table(detection(), replace(soc, handoff=replace(soc.handoff, L_lat=0.0)))
    return costs, tuple(all_plans(costs))


@lru_cache(maxsize=64)
def costs_at(handing: int) -> Costs:
    """Each stage on each unit where handing over takes so many microseconds beside the bytes."""
    costs = free()[0]
    return replace(costs, T_handoff={name: T + 1e-6 * handing for name, T in costs.T_handoff.items()})


@lru_cache(maxsize=64)
def priced(handing: int) -> tuple[tuple[float, float], ...]:
    """Time and energy of a frame of every plan: stages stand in a row, so each hand-over adds its cost.

    >>> len(priced(50)), min(priced(50)) < min(priced(100))
    (64, True)
    """
    return tuple((plan.latency + 1e-6 * handing * moves(plan), plan.energy) for plan in free()[1])


def moves(plan: Plan) -> int:
    """How often a frame changes units."""
    return sum(a != b for a, b in pairwise(plan.assignment.values()))


@lru_cache(maxsize=64)
def planned(handing: int, **units: str) -> tuple[Plan, tuple[Interval, ...]]:
    """The plan, and three frames of it that come at once.

    >>> plan, run = planned(50, backbone="NPU", neck="NPU", NMS="CPU", overlay="GPU")
    >>> round(1e3 * plan.latency, 2), len({one.chunk for one in run})
    (2.51, 3)
    """
    costs = costs_at(handing)
    return price(costs, units), tuple(frames(costs, units, SHOWN))


def build(fig: Canvas) -> SimpleNamespace:
    """Lanes of the units over time above, every plan in time and energy below."""
    top = fig.add_axes((0.09, 0.56, 0.88, 0.34), xlim=(0, T_SHOWN), ylim=(len(LANES) - 0.4, -0.6))
    low = fig.add_axes((0.09, 0.105, 0.55, 0.31), **PLANS)
    log_axes(low)
    for ax in (top, low):
        ax.xaxis.set_major_formatter(lambda t, _: f"{1e3 * t:g}")
    low.yaxis.set_major_formatter(lambda E, _: f"{1e3 * E:g}")
    fix_ticks(top.xaxis, [k * 2e-3 for k in range(7)])
    fix_ticks(top.yaxis, range(len(LANES)))
    top.set_yticklabels(LANES)
    fix_ticks(low.xaxis, [2.5e-3, 3e-3, 4e-3, 6e-3, 8e-3])
    fix_ticks(low.yaxis, [2e-3, 5e-3, 10e-3, 20e-3])
    top.set_xlabel("time of three frames that come at once (ms)")
    low.set_xlabel("time of one frame (ms)")
    low.set_ylabel("energy (mJ)")
    notes = "one mark for each\nof the 64 plans;\nthe square is yours"
    low.text(1.05, 0.5, notes, transform=low.transAxes, color=GREY, va="center", linespacing=1.5)
    return SimpleNamespace(
        bars=[top.add_collection(PolyCollection([], linewidth=1.1, zorder=2, **look)) for look in LOOKS],
        plans=low.plot([], [], color=GREY, marker="o", markersize=3, linestyle="None")[0],
        yours=low.plot([], [], color=BLACK, marker="s", markersize=9, markerfacecolor="none", linestyle="None")[0],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, handing: int, **units: str) -> None:
    """Lay out three frames, and mark the plan among all."""
    plan, run = planned(handing, **units)
    for k, bars in enumerate(artists.bars):
        bars.set_verts([corners(one, LANES.index(one.resource), 1.0) for one in run if one.chunk == k])
    artists.plans.set_data(*zip(*priced(handing), strict=True))
    artists.yours.set_data([plan.latency], [plan.energy])
    artists.title.set_text(f"one frame {1e3 * plan.latency:.3f} ms, {1e3 * plan.energy:.2f} mJ")


def describe(handing: int, **units: str) -> str:
    """Time and energy of a frame, what a stream reaches and what binds it, and how many plans are better."""
    plan, run = planned(handing, **units)
    every = priced(handing)
    faster = sum(plan.latency * (1 - 1e-9) > T for T, _ in every)
    leaner = sum(plan.energy * (1 - 1e-9) > E for _, E in every)
    work = busy([one for one in run if one.chunk == 0])
    where = ", ".join(f"{stage} on {units[stage]}" for stage in STAGES)
    return (
        f"{where}; {handing} us to hand over: one frame takes {1e3 * plan.latency:.3f} ms and "
        f"{1e3 * plan.energy:.2f} mJ; of {len(every)} plans {faster} are faster, {leaner} leaner; a stream "
        f"reaches {plan.rate:.0f} frames a second, bound by {max(work, key=work.get)}"
    )
