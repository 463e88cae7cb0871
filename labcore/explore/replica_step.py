"""A training step of replicas in time: the pure functions of the step explorer."""

from __future__ import annotations

from functools import cache, partial
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import H100
from labcore.explore.gantt import corners
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.interconnect.buckets import exposed
from labcore.interconnect.collectives import chip_link, cluster_time
from labcore.interconnect.replicas import Exchange, Replica, replica
from labcore.interconnect.schedule import Interval
from labcore.plots.style import BLUE, GREEN, HATCHES, VERMILLION
from labcore.units import format_si

ETA, SEQ, NODE = 0.4, 1024, 8
MODELS = {"GPT-2": "gpt2", "GPT-2 XL": "gpt2-xl", "Llama 3 8B": "llama3-8b"}
CHIPS = ("2", "8", "16", "64", "256", "1024", "4096", "16384")
FABRICS = ("InfiniBand NDR", "InfiniBand HDR")
WAYS = {"two levels": "two level", "ring": "ring", "tree": "tree"}
LOOKS = {
    "forward": {"facecolor": "#CFE8CF", "edgecolor": GREEN, "hatch": HATCHES[2]},
    "backward": {"facecolor": "#CFE3F1", "edgecolor": BLUE},
    "exchange": {"facecolor": "#F8DCC8", "edgecolor": VERMILLION},  # a lane of its own is its second cue
}
LANES = {"forward": 0, "backward": 0, "exchange": 1}


def setting(model: str, chips: str, across: str, way: str, sequences: int) -> tuple[Replica, Exchange]:
    """The replica, and how its gradients are summed over so many chips.

    >>> one, exchange = setting("GPT-2 XL", "8", "InfiniBand NDR", "two levels", 4)
    >>> round(1e3 * exchange(one.D_vol), 1)
    12.1
    """
    way_there = partial(cluster_time, chips=int(chips), inside=chip_link("NVLink 4"), across=chip_link(across))
    return of_model(model, sequences), partial(way_there, node=NODE, way=WAYS[way])


@cache
def of_model(model: str, sequences: int) -> Replica:
    """One H100's share of a step."""
    return replica(MODELS[model], sequences, SEQ, H100, ETA)


def build(fig: Canvas) -> SimpleNamespace:
    """Two lanes over the time of a step that overlaps nothing."""
    ax = fig.add_axes((0.13, 0.2, 0.84, 0.58), xlim=(0, 1.03), ylim=(1.6, -0.6))
    ax.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(ax.xaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    fix_ticks(ax.yaxis, [0, 1])
    ax.set_yticklabels(["chip", "network"])
    ax.set_xlabel("time, as a share of a step that exchanges only at its end")
    bars = [ax.add_collection(PolyCollection([], linewidth=0.7, zorder=2, label=name, **look))
            for name, look in LOOKS.items()]  # fmt: skip
    ax.legend(loc="upper right", bbox_to_anchor=(1, 1.36), ncols=3, handlelength=1.8)
    return SimpleNamespace(
        bars=bars,
        ends=ax.axvline(1, **THIN_DASH),
        title=ax.text(0, 1.2, "", transform=ax.transAxes, weight="bold"),
        below=ax.text(0, 1.06, "", transform=ax.transAxes),
    )


def update(artists: SimpleNamespace, buckets: int, **values: object) -> None:
    """Lay out forward pass, backward pass and exchange, and mark the end of the step."""
    one, exchange = setting(**values)
    whole, step = one.step(exchange), one.step(exchange, buckets)
    parts = {"forward": [Interval("forward", 0, "chip", 0.0, one.T_forward)], "backward": [], "exchange": []}
    for i in one.schedule(exchange, buckets):
        at = one.T_forward
        parts[i.step].append(Interval(i.step, i.chunk, i.resource, i.start + at, i.end + at))
    for bars, (name, some) in zip(artists.bars, parts.items(), strict=True):
        bars.set_verts([corners(i, LANES[name], whole) for i in some])
    artists.ends.set_xdata([step / whole] * 2)
    artists.title.set_text(f"{values['model']} on {int(values['chips']):,} H100")
    artists.below.set_text(f"{format_si(step, 's', 3)} a step, {one.T_compute / step:.1%} computes")


def describe(buckets: int, **values: object) -> str:
    """Time to compute, bytes and time to exchange, what overlap leaves exposed, and the efficiency with and without."""
    one, exchange = setting(**values)
    out = exposed(one.schedule(exchange, buckets))
    beyond = f", {values['across']} between nodes of {NODE}" if int(values["chips"]) > NODE else ""
    return (
        f"{values['model']}, {values['sequences']} sequence{'s' * (values['sequences'] != 1)} of {SEQ:,} tokens a chip "
        f"on {int(values['chips']):,} H100 at {ETA:.0%} of their peak, {values['way']}{beyond}: "
        f"{format_si(one.T_compute, 's', 3)} to compute, {format_si(one.T_backward, 's', 3)} of it backward, "
        f"{format_si(one.D_vol, 'B', 3)} of gradients in {format_si(exchange(one.D_vol), 's', 3)} at once; "
        f"{buckets} bucket{'s leave' if buckets > 1 else ' leaves'} {format_si(out, 's', 3)} exposed; "
        f"{one.efficiency(exchange, buckets):.2%} of the step computes, "
        f"{one.efficiency(exchange):.2%} without overlap"
    )
