"""The ledger: every statement of the book with what it prints, what labcore computes, and a verdict.

A claim is a function. Its defaults are the inputs as the book gives them, in SI base units; its docstring
says what is claimed and the formula; its body calls labcore.

    @computes("nm1-3-v100-ridge", "Napkin Math 1.3", Number("138.9"), "FLOP/B", "09_roofline#napkin-1-3")
    def v100_ridge(R_peak=125e12, BW=0.9e12):
        '''Ridge point of the V100: R_peak / BW.'''
        return ridge(R_peak, BW)

The verdict is reached, not declared. A computed value that meets the print `reproduces` it and may carry
no reason. One that does not needs a demonstration: `.rounding` gives a reading whose value does meet the print,
`.erratum` computes the numbers that show the contradiction, and its last sentence, beginning "Would hold", is the
reading under which the print holds, where there is one. `cites` is for data from outside and returns a Fact,
`shows` is for items with nothing to compute. `where` names the notebook cell that settles the claim.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from labcore.catalogue.facts import Fact
from labcore.claims.printed import Printed
from labcore.claims.settled import Settled, SettledTable
from labcore.units import unit_scale

VERDICTS = ("reproduces", "rounding", "erratum", "cited", "shown")
SECTIONS = (  # modules of labcore.claims in the order of the labs, which is the book's but for Tables 8 and 22
    "hardware_acceleration", "amdahl_law", "amdahl_on_h100",
    "specialization_eras", "scaling_gap", "ml_accelerators", "integration_bottleneck",
    "vector_operations", "matrix_operations", "special_functions", "execution_models", "tensor_cores",
    "processor_configurations", "structured_sparsity", "pulsing_energy", "array_tiling", "systolic_dataflow",
    "number_formats",
    "memory_wall", "tensor_life", "memory_access", "memory_hierarchy", "on_chip_memory", "host_transfers", "node_links",
    "model_pressure", "memory_selfcheck",
    "roofline_model", "ridge_points", "operation_intensities",
    "bandwidth_bounds", "memory_bound_layers", "intensity_regimes", "throughput_ceiling", "roofline_selfcheck",
    "computation_mapping", "computation_placement", "memory_allocation", "mapping_search_space",
    "dataflow_patterns", "mapping_strategies", "tensor_layouts", "kernel_fusion", "matrix_tiling",
    "compiler_support", "compiler_selfcheck", "runtime_support", "runtime_selfcheck",
    "multichip_scaling", "heterogeneous_soc",
    "cost_performance", "sustainability", "fallacies", "procurement", "key_takeaways",
    "listings_as_printed", "contradictions_memory", "contradictions_mapping", "contradictions_scaling",
    "architecture_map", "architecture_scaling", "model_serving", "codesign",
)  # fmt: skip
LEDGER: dict[str, Claim] = {}


class LedgerError(ValueError):
    """A claim without the verdict it needs, or with one it may not have."""


@dataclass
class Claim:
    """One entry of the ledger; `function` is None for what is shown and not computed."""

    id: str
    item: str
    printed: Printed | None
    unit: str
    where: str
    function: Callable | None = None
    kind: str = "computes"
    statement: str = ""
    departure: Callable | None = None
    departs_by: str = ""
    section: str = ""  # the module that registers it
    _by_the_book: Settled | None = field(default=None, init=False, repr=False, compare=False)

    def rounding(self, reading: Callable) -> Callable:
        """Register the reading under which the print holds; its docstring is the reason, `{value}` its value."""
        return self._depart("rounding", reading)

    def erratum(self, demonstration: Callable) -> Callable:
        """Register a function that returns the contradiction's numbers; its docstring, filled in, is the reason."""
        return self._depart("erratum", demonstration)

    def _depart(self, by: str, function: Callable) -> Callable:
        if self.departure is not None:
            raise LedgerError(f"{self.id} departs twice; one demonstration is enough")
        self.departure, self.departs_by, self._by_the_book = function, by, None
        return function

    def __call__(self, **inputs: float) -> object:
        """The value in SI base units, with inputs of your own in place of the book's."""
        known = inspect.signature(self.function).parameters if self.function else {}
        if unknown := set(inputs) - set(known):
            raise ValueError(
                f"{self.id} has no input {', '.join(sorted(unknown))}; it has {', '.join(known) or 'none'}"
            )
        return self.function(**inputs)

    def settle(self, **inputs: float) -> Settled:
        """Compute, compare with the print, reach the verdict; LedgerError where the reason is missing or idle.

        With the book's inputs that is done once: pages, tables and labs ask for the same claims again and again.
        """
        if inputs:
            return self._settle(**inputs)
        self._by_the_book = self._by_the_book or self._settle()
        return self._by_the_book

    def _settle(self, **inputs: float) -> Settled:
        if self.function is None:
            return Settled(self, None, "shown", "")
        value = self(**inputs)
        fact = self._fact(value)
        computed = in_printed_unit(fact.value if fact else value, self.unit)
        if inputs:
            return Settled(self, computed, "", "with inputs of your own")
        agrees = self.printed.holds(computed)
        if agrees and self.departure:
            raise LedgerError(
                f"{self.id} reproduces the print, so it may not carry a reason; remove its {self.departs_by}"
            )
        if agrees:
            return Settled(self, computed, "cited" if fact else "reproduces", str(fact.source) if fact else "")
        if self.departure is None:
            raise LedgerError(
                f"{self.id} prints {self.printed.text} {self.unit} but computes {computed}; demonstrate why"
            )
        return Settled(self, computed, self.departs_by, self._reason())

    def _fact(self, value: object) -> Fact | None:
        """The Fact that a cited claim returns, in the unit of the print; None for what is computed."""
        if (self.kind == "cites") != isinstance(value, Fact):
            raise LedgerError(f"{self.id} {self.kind} but returns {value!r}; what is cited is a Fact, and only that")
        if self.kind != "cites":
            return None
        if value.unit not in (self.unit, unit_scale(self.unit)[1]):
            raise LedgerError(f"{self.id} prints {self.unit} but its Fact is in {value.unit}")
        return value

    def _reason(self) -> str:
        result, words = self.departure(), " ".join(inspect.getdoc(self.departure).split())
        if self.departs_by == "erratum":
            if "{" not in words:
                raise LedgerError(f"{self.id}: an erratum shows its numbers; put them into its docstring as {{name}}")
            return words.format(**result)
        value = in_printed_unit(result, self.unit)
        if not self.printed.holds(value):
            raise LedgerError(
                f"{self.id}: the reading gives {value}, which does not meet the print {self.printed.text} either"
            )
        return words.format(value=value)


def computes(id: str, item: str, printed: Printed, unit: str, where: str) -> Callable[[Callable], Claim]:
    """Register a function as the claim `id`; it returns its value in SI base units."""
    return lambda function: _register(
        Claim(id, item, printed, unit, where, function, "computes", _first_line(function))
    )


def cites(id: str, item: str, printed: Printed, unit: str, where: str) -> Callable[[Callable], Claim]:
    """Register a function that returns the Fact behind a printed datum; the Fact's value must meet the print."""
    return lambda function: _register(Claim(id, item, printed, unit, where, function, "cites", _first_line(function)))


def shows(id: str, item: str, statement: str, where: str, printed: Printed | None = None, unit: str = "") -> Claim:
    """Register an item with nothing to compute (a definition, a caption, a trend); the cell `where` shows it.

    A caption may print a number all the same, such as how many rows a table has.
    """
    section = sys._getframe(1).f_globals["__name__"]  # there is no function that would know it
    return _register(Claim(id, item, printed, unit, where, kind="shows", statement=statement, section=section))


def claim(id: str, **inputs: float) -> Settled:
    """Settle one claim, with inputs of your own where given.

    >>> claim("nm1-3-v100-ridge")
    nm1-3-v100-ridge: printed 138.9 FLOP/B; computed 138.89 FLOP/B; reproduces
    >>> claim("nm1-3-v100-ridge", BW=1e12).computed
    125.0
    """
    return find(id).settle(**inputs)


def claims(*ids: str) -> SettledTable:
    """Settle several claims; without ids, all of them, in the book's order."""
    load()
    return SettledTable(find(id).settle() for id in (ids or LEDGER))


def claims_at(where: str) -> SettledTable:
    """Settle every claim that a notebook cell is named for; raises ValueError where there is none.

    >>> len(claims_at("09_roofline#napkin-1-3")) > 5
    True
    """
    load()
    here = SettledTable(one.settle() for one in LEDGER.values() if one.where == where)
    if not here:
        raise ValueError(f"no claim is settled at {where!r}; `labcore claims --json` lists where each is")
    return here


def departures(lab: str) -> SettledTable:
    """The claims of a lab whose computed value is not what the page prints, with their demonstrations."""
    load()
    settled = (one.settle() for one in LEDGER.values() if one.where.startswith(f"{lab}#"))
    return SettledTable(one for one in settled if one.verdict in ("rounding", "erratum"))


def find(id: str) -> Claim:
    """The claim with this id; raises ValueError with the nearest ids."""
    if id not in LEDGER:
        load()
    if id not in LEDGER:
        import difflib

        near = difflib.get_close_matches(id, LEDGER, n=3, cutoff=0.3)
        raise ValueError(f"no claim {id!r}; did you mean {', '.join(near) or 'one that `labcore claims` lists'}?")
    return LEDGER[id]


def load() -> None:
    """Import all sections and put the ledger into the book's order, also where one of them was imported before."""
    order = {import_module(f"labcore.claims.{section}").__name__: n for n, section in enumerate(SECTIONS)}
    ordered = sorted(LEDGER.values(), key=lambda one: order.get(one.section, len(order)))
    LEDGER.clear()
    LEDGER.update((one.id, one) for one in ordered)


def in_printed_unit(value: object, unit: str) -> object:
    """A value, or each of several, from SI base units to the unit of the print; truth values stay.

    A remark in brackets behind the unit is for people; log10(unit) is the exponent. Raises LedgerError for nan and inf.

    >>> in_printed_unit((312e12, 989e12), "TFLOP/s (dense)"), in_printed_unit(100, "log10(FLOP/B)")
    ([312.0, 989.0], 2.0)
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Sequence):
        return [in_printed_unit(v, unit) for v in value]
    if not math.isfinite(value):
        raise LedgerError(f"a claim computes finite numbers, got {value}")
    if unit.startswith("log10("):
        return math.log10(value / unit_scale(unit[len("log10(") : -1])[0])
    scale = unit_scale(unit.partition(" (")[0])[0]
    exact = isinstance(value, int) and scale == 1
    return value if exact else float(value) / scale


def _register(new: Claim) -> Claim:
    if new.id in LEDGER:
        raise LedgerError(f"claim {new.id} is there already")
    if new.function:
        new.section = new.function.__module__
    LEDGER[new.id] = new
    return new


def _first_line(function: Callable) -> str:
    return inspect.getdoc(function).split("\n\n")[0].replace("\n", " ")
