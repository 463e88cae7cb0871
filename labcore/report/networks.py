"""A network on a chip's roofline: the layers as a table and as plain objects, and the totals in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from labcore.catalogue.facts import Accelerator
from labcore.models.network import Network
from labcore.precision import bytes_per_element
from labcore.roofline import Placement
from labcore.units import format_si


def roofline_rows(placements: Iterable[Placement]) -> list[dict[str, object]]:
    """One object a layer: its work, traffic and place on the roofline, in SI base units."""
    return [
        {
            "layer": p.layer.name,
            "kind": p.layer.op.kind,
            "count": p.layer.count,
            "flop": p.layer.op.flop,
            "macs": p.layer.op.macs,
            "D_vol": p.layer.op.D_vol,
            "I": p.I,
            "bound": p.bound,
            "R_attain": p.R_attain,
            "T": p.T,
        }
        for p in placements
    ]


def roofline_object(
    network: Network, chip: Accelerator, precision: str, placements: Sequence[Placement]
) -> dict[str, object]:
    """What `labcore roofline --json` prints: the machine, the totals, the layers, and what could not be read."""
    T = sum(p.T for p in placements)
    return {
        "network": network.name,
        "chip": chip.name,
        "precision": precision,
        "batch": network.batch,
        "R_peak": chip.peak(precision),
        "BW": chip.BW,
        "I_ridge": chip.ridge(precision),
        "params": network.params,
        "flop": network.flop,
        "D_vol": network.D_vol,
        "I": network.I,
        "T": T,
        "share_of_peak": network.flop / T / chip.peak(precision),
        "layers": roofline_rows(placements),
        "unknown": list(network.unknown),
        "left_out": list(network.left_out),
    }


LEAST_ROOFLINE = ("attainable", "bytes", "FLOP", "kind")  # columns that a narrow terminal leaves out first


def roofline_table(placements: Sequence[Placement], title: str) -> Table:
    """The per-layer table; the time is that of all `count` layers, each from DRAM."""
    table = Table(title=escape(title), title_justify="left", show_edge=False, header_style="bold")
    table.add_column("layer", overflow="fold", min_width=12)
    for name in ("kind", "FLOP", "bytes", "FLOP/B", "bound", "attainable", "time", "share"):
        table.add_column(name, justify="left" if name in ("kind", "bound") else "right", no_wrap=True)
    T = sum(p.T for p in placements)
    for p in placements:
        times = f"{p.layer.name} x{p.layer.count}" if p.layer.count > 1 else p.layer.name
        work = format_si(p.layer.op.flop, "FLOP", 3), format_si(p.layer.op.D_vol, "B", 3)
        place = f"{p.I:.3g}", p.bound, format_si(p.R_attain, "FLOP/s", 3), format_si(p.T, "s", 3), f"{p.T / T:.1%}"
        table.add_row(escape(times), escape(p.layer.op.kind), *work, *place)
    return table


def roofline_summary(network: Network, chip: Accelerator, precision: str, placements: Sequence[Placement]) -> str:
    """The totals in three lines, and every operator that could not be counted."""
    T = sum(p.T for p in placements)
    memory = sum(p.T for p in placements if p.bound == "memory") / T
    share = network.flop / T / chip.peak(precision)
    lines = [
        f"{network.name}, batch {network.batch}, {precision}: {format_si(network.params, '')} parameters, "
        f"{format_si(network.flop, 'FLOP')}, {format_si(network.D_vol, 'B')} compulsory traffic, "
        f"{network.I:.4g} FLOP/B",
        f"{chip.name} {precision}: {chip.peaks[precision]} dense, {format_si(chip.BW, 'B/s')}, "
        f"ridge {chip.ridge(precision):.4g} FLOP/B",
        f"{format_si(T, 's')} a pass with every layer from DRAM and none fused, {per_second(network.batch / T)} "
        f"{'tokens' if network.note.startswith('decode') else 'inputs'}/s, {share:.1%} of peak; {memory:.0%} of that "
        "time is memory-bound",
    ]
    if network.integers:
        lines.append(f"{format_si(network.integers, '')} of the parameters are integers of the file, read as they are")
    weights = network.weight_bytes(bytes_per_element(precision))
    if weights > chip.capacity.value:
        lines.append(
            f"DOES NOT FIT: the parameters take {format_si(weights, 'B')}, one {chip.name} holds {chip.capacity}; "
            "the times hold for chips enough to share them, were the links free"
        )
    if network.unknown:
        lines.append(f"NOT COUNTED, unknown operators: {', '.join(network.unknown)}; the totals are too low by them")
    if network.left_out:
        lines.append(f"NOT COUNTED, constants that are no weights: {', '.join(network.left_out)}")
    return "\n".join(lines)


def per_second(rate: float) -> str:
    """A rate of whole things: no prefix, three digits at least.

    >>> per_second(14478.3), per_second(0.8467)
    ('14,478', '0.847')
    """
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
