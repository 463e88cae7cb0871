"""The hardware catalogue: a chip a row, and every fact of one chip with its source."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from labcore.catalogue.architectures import Architecture
from labcore.catalogue.facts import Accelerator

LEAST_SPECS = ("power", "memory", "year", "precision")  # columns that a narrow terminal leaves out first


def specs_table(chips: Iterable[Accelerator]) -> Table:
    """The catalogue, one chip a row: best half-precision peak, bandwidth, ridge, capacity and power."""
    table = Table(show_edge=False, header_style="bold")
    for name, justify in (("chip", "left"), ("year", "right"), ("precision", "left"), ("peak", "right")):
        table.add_column(name, justify=justify, no_wrap=True)
    for name in ("bandwidth", "ridge", "memory", "power"):
        table.add_column(name, justify="right", no_wrap=True)
    for chip in chips:
        precision = default_precision(chip)
        peak, ridge = str(chip.peaks[precision]), f"{chip.ridge(precision):.4g}"
        size, power = str(chip.capacity), str(chip.power or "-")
        table.add_row(chip.name, str(chip.year), precision, peak, str(chip.bandwidth), ridge, size, power)
    return table


def facts_table(chip: Accelerator | Architecture) -> Table:
    """Every fact of one chip with its source; a number whose source could not be read carries a question mark."""
    table = Table(title=f"{chip.name} ({chip.vendor})", title_justify="left", show_edge=False, header_style="bold")
    table.add_column("fact", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for name in ("kind", "source", "note"):
        table.add_column(name, overflow="fold")
    for name, fact in chip.facts():
        table.add_row(name, str(fact) + ("" if fact.confirmed else " ?"), fact.kind, str(fact.source), fact.note)
    return table


def specs_object(chip: Accelerator | Architecture) -> dict[str, object]:
    """What `labcore specs --json` prints for a chip."""
    facts = {
        name: {
            "value": fact.value,
            "unit": fact.unit,
            "kind": fact.kind,
            "confirmed": fact.confirmed,
            "source": str(fact.source),
            "url": fact.source.url,
            "note": fact.note,
        }
        for name, fact in chip.facts()
    }
    return {"name": chip.name, "vendor": chip.vendor, "kind": chip.kind, "facts": facts}


def default_precision(chip: Accelerator) -> str:
    """The precision a chip is compared at when none is asked for: half if it has one, else fp32, else int8."""
    return next((p for p in ("fp16", "bf16", "fp32", "int8") if p in chip.peaks), chip.precisions[0])
