"""A whole network on one chip: every layer on the roofline, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue.facts import Accelerator
from labcore.models.network import Network
from labcore.models.zoo import build
from labcore.ops import Operation
from labcore.plots.labels import BELOW_FIRST, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip, chip_sources, draw_chip, label_chips, roof_rows, roofline_axes, span
from labcore.plots.style import BLUE, VERMILLION, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.roofline import Placement, place_network
from labcore.units import counted, format_si

LAYER_UNITS = {
    "network": "", "chip": "", "precision": "", "series": "", "kind": "", "name": "", "count": "",
    "I": "FLOP/B", "R_attain": "FLOP/s", "share": "1",
}  # fmt: skip
TIME_UNITS = {
    "network": "", "chip": "", "precision": "", "kind": "", "bound": "", "count": "",
    "T_start": "s", "T": "s", "share": "1",
}  # fmt: skip
AREA, LEAST_AREA = 900.0, 14.0  # square points: of a marker that takes all the time, and of the smallest one
NAMED, LEAST_NAMED = 6, 0.02  # how many markers have a name beside them, and the share that earns one
BOUNDS = {"memory": {"facecolor": "#FFFFFF", "edgecolor": BLUE, "hatch": "////"}, "compute": {"facecolor": VERMILLION}}


def placed(
    network: str | Network, chip: str | Accelerator, precision: str, batch: int, **options: object
) -> tuple[Network, Accelerator, list[Placement]]:
    """A network on a chip; a name is built at this batch (with phase, seq or context where given)."""
    net = build(network, batch=batch, precision=precision, **options) if isinstance(network, str) else network
    return net, as_chip(chip), place_network(net, as_chip(chip), precision)


def layers_data(
    network: str | Network = "resnet50", chip: str | Accelerator = "A100", precision: str = "fp16", batch: int = 32,
    **options: object,
) -> Table:  # fmt: skip
    """The chip's roof, and one point for all layers of a kind at one intensity, with their share of the time.

    Layers without FLOP take their share of the time and have no place on a roofline.
    """
    net, one, placements = placed(network, chip, precision, batch, **options)
    T = fsum(p.T for p in placements)
    points: dict[tuple[str, float], list[Placement]] = {}
    for p in placements:
        if p.I > 0:
            points.setdefault((kind(p.layer.op), p.I), []).append(p)
    about = (title(net), one.name, precision)
    corners = roof_rows(one, precision, *span([I for _, I in points], [one.ridge(precision)]))
    drawn = [(*about, "roof", "", corner, "", I, R, "") for corner, I, R in corners]
    for (name, I), same in sorted(points.items(), key=lambda item: -fsum(p.T for p in item[1])):
        count, share = sum(p.layer.count for p in same), fsum(p.T for p in same) / T
        drawn.append((*about, "layers", name, same[0].layer.name, count, I, same[0].R_attain, share))
    return as_table(LAYER_UNITS, drawn)


def kind(op: Operation) -> str:
    """The kind of an operation, a depthwise convolution as one of its own."""
    return "depthwise" if op.kind == "conv2d" and op.shape["groups"] > 1 else op.kind


def title(net: Network) -> str:
    """Name, batch and phase."""
    phase = [net.note] if net.note.startswith(("prefill", "decode")) else []
    unknown = [f"{counted(len(net.unknown), 'operator')} not counted"] if net.unknown else []
    return ", ".join([net.name, f"batch {net.batch}", *phase, *unknown])


def draw_layers(ax: Axes, table: Table) -> Axes:
    """One roof; a marker for each group of layers, by kind, its area the share of the time."""
    roofline_axes(ax, table["precision"])
    corners = [r for r in rows(table) if r["series"] == "roof"]
    layers = [r for r in rows(table) if r["series"] == "layers"]
    draw_chip(ax, corners, series=None)
    for i, name in enumerate(kinds(layers)):
        mine = [r for r in layers if r["kind"] == name]
        colour, marker = look(i)["color"], look(i)["marker"]
        ax.scatter(*columns(mine, "I", "R_attain"), s=[area(r["share"]) for r in mine], marker=marker, label=name,
                   facecolor=(colour, 0.35), edgecolor=colour, linewidth=1.2, zorder=3)  # fmt: skip
    ax.legend(loc="upper left", labelspacing=0.7, handletextpad=0.4)
    rest = 1 - fsum(r["share"] for r in layers)
    beside = f"\nnot drawn: layers without FLOP, {100 * rest:.1f} % of the time" if rest > 1e-9 else ""
    ax.set_title(table["network"][0] + beside, fontsize=9, fontweight="normal")
    for handle in ax.get_legend().legend_handles:
        handle.set_sizes([40])
    label_chips(ax, [corners])
    named = sorted((r for r in layers[:NAMED] if r["share"] >= LEAST_NAMED), key=lambda r: -r["I"])
    place_labels(ax, [(r["I"], r["R_attain"], layer_label(r)) for r in named], order=BELOW_FIRST)
    return ax


def kinds(some_rows: Iterable[dict[str, object]]) -> list[str]:
    """The kinds, those that take the most time first."""
    some_rows = list(some_rows)
    total = {r["kind"]: fsum(other["share"] for other in some_rows if other["kind"] == r["kind"]) for r in some_rows}
    return sorted(total, key=total.get, reverse=True)


def area(share: float) -> float:
    """Area of a marker in square points."""
    return max(AREA * share, LEAST_AREA)


def layer_label(row: dict[str, object]) -> str:
    """Name, how many layers, and their share of the time."""
    times = f" ×{row['count']}" if row["count"] > 1 else ""
    return f"{row['name']}{times}\n{100 * row['share']:.1f} %"


def layers_in_words(table: Table) -> str:
    """Ridge, where the layers lie, the one that takes longest, and the time of layers without FLOP."""
    corners = [r for r in rows(table) if r["series"] == "roof"]
    layers = [r for r in rows(table) if r["series"] == "layers"]
    ridge, first, rest = corners[1], layers[0], 1 - fsum(r["share"] for r in layers)
    below = fsum(r["share"] for r in layers if r["I"] < ridge["I"])
    words = [
        f"{ridge['network']} on {ridge['chip']} {ridge['precision']}: ridge {three(ridge['I'])} FLOP/B",
        f"{sum(r['count'] for r in layers)} layers at {len(layers)} points from {three(min(r['I'] for r in layers))} "
        f"to {three(max(r['I'] for r in layers))} FLOP/B",
        f"{100 * below:.1f} % of the least time on the slope",
        f"most of all {first['name']} ×{first['count']} ({first['kind']}) at {three(first['I'])} FLOP/B with "
        f"{100 * first['share']:.1f} %",
    ]
    if rest > 1e-9:
        words.append(f"layers without FLOP, not drawn, take {100 * rest:.1f} %")
    return "; ".join(words) + "."


def time_data(
    network: str | Network = "resnet50", chip: str | Accelerator = "A100", precision: str = "fp16", batch: int = 32,
    **options: object,
) -> Table:  # fmt: skip
    """Least time by kind of layer, the memory-bound part first; the slowest kind first."""
    net, one, placements = placed(network, chip, precision, batch, **options)
    T = fsum(p.T for p in placements)
    parts: dict[tuple[str, str], list[Placement]] = {}
    for p in placements:
        parts.setdefault((kind(p.layer.op), p.bound), []).append(p)
    drawn = []
    for name in kinds({"kind": kind(p.layer.op), "share": p.T / T} for p in placements):
        start = 0.0
        for bound in ("memory", "compute"):
            if same := parts.get((name, bound)):
                took, count = fsum(p.T for p in same), sum(p.layer.count for p in same)
                drawn.append((title(net), one.name, precision, name, bound, count, start, took, took / T))
                start += took
    return as_table(TIME_UNITS, drawn)


def draw_time(ax: Axes, table: Table) -> Axes:
    """A bar for each kind of layer, its memory-bound part hatched, its compute-bound part filled."""
    names = list(dict.fromkeys(table["kind"]))
    for bound, style in BOUNDS.items():
        mine = [r for r in rows(table) if r["bound"] == bound]
        ax.barh([names.index(r["kind"]) for r in mine], columns(mine, "T")[0], left=columns(mine, "T_start")[0],
                height=0.62, linewidth=1.2, **{"edgecolor": style["facecolor"]} | style)  # fmt: skip
    ends = {r["kind"]: r["T_start"] + r["T"] for r in rows(table)}
    for y, name in enumerate(names):
        parts = [f"{100 * r['share']:.1f} % {r['bound']}" for r in rows(table) if r["kind"] == name]
        ax.annotate(" + ".join(parts), (ends[name], y), (5, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    longest = max(ends.values())
    ax.set_xlim(0, 1.5 * longest)
    chip = f"{table['network'][0]} on {table['chip'][0]} {table['precision'][0]}"
    scaled(ax.xaxis, f"least time of {chip}", "ms" if longest >= 1e-3 else "us")
    handles = [Patch(label=f"{bound}-bound", **{"edgecolor": s["facecolor"]} | s) for bound, s in BOUNDS.items()]
    ax.legend(handles=handles, loc="lower right")
    return ax


def time_in_words(table: Table) -> str:
    """The total, and each kind's parts."""
    total = format_si(fsum(table["T"]), "s", 3)
    parts = [f"{r['kind']} {100 * r['share']:.1f} % {r['bound']}-bound" for r in rows(table)]
    memory = fsum(r["share"] for r in rows(table) if r["bound"] == "memory")
    about = f"{table['network'][0]} on {table['chip'][0]} {table['precision'][0]}"
    return f"{about}: at least {total}, {100 * memory:.1f} % of it memory-bound; {', '.join(parts)}."


def save_network_roofline(network: Network, chip: Accelerator, precision: str, path: Path) -> None:
    """Draw a network's layers on a chip's roofline to an .svg, .png or .pdf file."""
    if not path.parent.is_dir():
        raise ValueError(f"folder {path.parent} does not exist; make it, or take another for {path.name}")
    path.write_bytes(NETWORK_ROOFLINE.render(path.suffix.lstrip("."), network=network, chip=chip, precision=precision))


NETWORK_ROOFLINE = register(Figure(
    id="network-roofline",
    item="Table 14; Text §Roofline Model",
    title="The layers of ResNet-50 at batch 32 on the roofline of the A100",
    caption="Each marker stands for all layers of one kind at one intensity, at the throughput that the roof allows "
    "them; its area is their share of the least time. The number after a name counts the layers merged. Convolutions "
    "straddle the ridge; the activations and additions between them lie more than two decades below it and take "
    "about half of the time. Each layer moves its operands once and by itself, unfused; batch normalization is "
    f"folded into the convolutions. The network is derived from its paper. Source of the roof: {chip_sources('A100')}.",
    alt="Log-log roofline plot. Two large markers, activations and additions, sit low on the memory-bound slope; "
    "convolutions form a chain of small and middle-sized markers up the slope, across the ridge and along the flat "
    "roof; pools and the final dense layer are small and lie on the slope.",
    units=LAYER_UNITS, data=layers_data, draw=draw_layers, says=layers_in_words, lab="09_roofline", size=(6.4, 4.4),
))  # fmt: skip

register(Figure(
    id="network-time",
    item="Napkin Math 1.7; Table 14",
    title="Where the least time of ResNet-50 at batch 32 goes on the A100",
    caption="Least time by kind of layer: for each layer the longer of its FLOP at peak and its bytes at full "
    "bandwidth, added up, with every layer from DRAM and none fused. Fusion and caches take from it, launches and "
    "imperfect kernels add to it. Hatched "
    "parts wait for memory, filled ones for arithmetic. The element-wise layers do hardly any arithmetic and take "
    f"about as long as all convolutions together, unless a compiler fuses them. Source of the rates: "
    f"{chip_sources('A100')}.",
    alt="Horizontal bars by kind of layer. The element-wise bar is longest, all of it hatched as memory-bound. The "
    "convolution bar is nearly as long, two fifths hatched and the rest filled as compute-bound. Pools and the dense "
    "layer are slivers.",
    units=TIME_UNITS, data=time_data, draw=draw_time, says=time_in_words, lab="09_roofline", size=(6.4, 2.8),
))  # fmt: skip
