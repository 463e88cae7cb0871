"""A tenant's tail beside a neighbour whose load grows: one queue, time slices, a partition."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes

from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.runtime.requests import arrivals
from labcore.runtime.tenants import Shared, Tenant, in_turn, partitioned, sliced
from labcore.units import Hertz, Ratio, Seconds, format_si

LAB = "16_runtimes"
OURS, NEIGHBOUR = "ours", "neighbour"
T_OURS, RATE, COUNT = 5e-3, 30.0, 1200  # our requests: alone, a load of 15 %
T_NEIGHBOUR: Seconds = 50e-3
QUANTUM, T_SWITCH = 2e-3, 0.1e-3
LOADS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
WAYS = {
    "in turn": in_turn,
    "time slices": lambda tenants: sliced(tenants, QUANTUM, T_SWITCH),
    "half each": lambda tenants: partitioned(tenants, {one.name: 0.5 for one in tenants}),
}


def tenants(load: Ratio, rate: Hertz = RATE) -> list[Tenant]:
    """Us, and a neighbour that asks for `load` of the engine in requests of 50 ms, as long as we are there.

    >>> [one.name for one in tenants(0.0)], [one.T for one in tenants(0.5)]
    (['ours'], [0.005, 0.05])
    """
    ours = arrivals(COUNT, rate, seed=1).tolist()
    found = [Tenant(OURS, ours, T_OURS)]
    if load:
        count = 1 + round(ours[-1] * load / T_NEIGHBOUR)
        found.append(Tenant(NEIGHBOUR, arrivals(count, load / T_NEIGHBOUR, seed=2).tolist(), T_NEIGHBOUR))
    return found


@cache
def shared(way: str, load: Ratio) -> Shared:
    """What came of it."""
    return WAYS[way](tenants(load))


def by_neighbour() -> Table:
    """Our p50 and p99 for each way to share and each load of the neighbour."""
    return as_table(UNITS, [
        (way, load, *(shared(way, load).percentile(OURS, q) for q in (50, 99))) for way in WAYS for load in LOADS
    ])  # fmt: skip


def draw_by_neighbour(ax: Axes, table: Table) -> Axes:
    """p99 over the neighbour's load, p50 thin below."""
    log_axes(ax, "y")
    ends = []
    for k, way in enumerate(WAYS):
        its = [r for r in rows(table) if r["way"] == way]
        ax.plot(*columns(its, "load", "p99"), **look(k), label=way)
        thin = {"linewidth": 1.0, "markersize": 3, "markerfacecolor": "white"}
        ax.plot(*columns(its, "load", "p50"), **look(k) | thin)
        ends.append((its[-1]["p99"], way))
    ax.plot([], [], color="black", marker="o", label="p99")
    ax.plot([], [], color="black", **thin, marker="o", label="p50")
    ax.legend(handles=ax.get_legend_handles_labels()[0][-2:], loc="upper left")
    ax.set_yticks([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
    ax.set_xticks(LOADS, [f"{load:.0%}" for load in LOADS])
    ax.set_xlim(-0.02, 0.61)
    ax.set_ylim(0.004, 0.9)
    scaled(ax.yaxis, "our latency", "ms")
    ax.set_xlabel("share of the chip that the neighbour asks for")
    end_labels(ax, ends, fontweight="bold")
    return ax


def by_neighbour_in_words(table: Table) -> str:
    """p99 and p50 alone, and beside a neighbour of a tenth and of half of the chip."""
    return " ".join(_in_words(table, q) for q in ("p99", "p50"))


def _in_words(table: Table, q: str) -> str:
    at = {(r["way"], r["load"]): format_si(r[q], "s", 3) for r in rows(table)}
    said = ", ".join(f"{way} {at[way, 0.1]} and {at[way, 0.5]}" for way in WAYS)
    return f"{q} alone {at['in turn', 0.0]}; beside a neighbour of 10 % and of 50 %: {said}."


UNITS = {"way": "", "load": "1", "p50": "s", "p99": "s"}

register(Figure(
    id="tenants",
    item="Self-Check set 8 Q4",
    title="Our latency beside a neighbour on the same accelerator",
    caption="Requests of 5 ms, 30 a second, beside a neighbour's of 50 ms. In turn, whoever finds one of those running "
    "waits for its end: p99 jumps with the first few, the median moves only when there are many. Slices of 2 ms, "
    "0.1 ms for each switch, bound that wait. With half of the chip each request takes twice as long, and no neighbour "
    "is felt. Simulated, 1200 requests of one seed; times are chosen round.",
    alt="Six lines over the neighbour's load, p99 thick and p50 thin on a log axis. In turn, p99 leaps at the first "
    "step and goes on rising; in slices it rises to about three times; with half each both are level, p99 above the "
    "slices at the left and a little below them at the right.",
    units=UNITS, data=by_neighbour, draw=draw_by_neighbour, says=by_neighbour_in_words, lab=LAB, size=(6.4, 3.9),
))  # fmt: skip
