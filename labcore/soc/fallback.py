"""Operators that an accelerator does not know: they fall back to the host and cut the network into pieces.

Each piece is one launch, and between two pieces a tensor changes hands. A network is taken as the row of its layers, so
that a shortcut which is alive across a cut is not counted again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from labcore.models.network import Layer, Network
from labcore.soc.unit import SoC, Stage, Unit, handoff_time, op_time, op_traffic, stage_energy, stage_time
from labcore.units import Joules, Seconds, positive_ints


@dataclass(frozen=True)
class Piece:
    """Layers in a row that run on one unit in one launch."""

    unit: str
    layers: tuple[Layer, ...]
    T: Seconds
    E: Joules


@dataclass(frozen=True)
class Cut:
    """A network in pieces, with what handing tensors between them takes in time and energy."""

    pieces: tuple[Piece, ...]
    T_handoff: Seconds
    E_handoff: Joules

    @property
    def handoffs(self) -> int:
        """How often a tensor changes hands."""
        return len(self.pieces) - 1

    @property
    def T(self) -> Seconds:
        """One pass: all pieces and all handing over."""
        return sum(piece.T for piece in self.pieces) + self.T_handoff

    @property
    def E(self) -> Joules:
        """Energy of one pass."""
        return sum(piece.E for piece in self.pieces) + self.E_handoff

    def layers_on(self, unit: str) -> int:
        """How many layers a unit runs."""
        return sum(len(piece.layers) for piece in self.pieces if piece.unit == unit)


def offload(
    network: Network, soc: SoC, accelerator: str, host: str, knows: Callable[[Layer], bool],
    precision: str = "int8", least: int = 1,
) -> Cut:  # fmt: skip
    """Every layer that the accelerator knows goes there, the rest to the host; runs shorter than `least` stay too.

    That is what a delegate does: it asks which operators are known, and not whether it pays.

    >>> from labcore.models.vision import mobilenetv2
    >>> from labcore.soc.unit import phone
    >>> cut = offload(mobilenetv2(precision="int8"), phone(), "NPU", "CPU", lambda layer: "relu6" not in layer.name)
    >>> cut.handoffs, cut.layers_on("CPU")
    (70, 35)
    """
    positive_ints(least=least)
    layers = _row(network)
    units = [accelerator if knows(layer) else host for layer in layers]
    runs = [(unit, len(list(group))) for unit, group in groupby(units)]
    units = [unit if size >= least else host for unit, size in runs for _ in range(size)]
    return assigned(layers, units, soc, precision)


def assigned(layers: Sequence[Layer], units: Sequence[str], soc: SoC, precision: str = "int8") -> Cut:
    """Price one assignment of layers in a row to units.

    >>> from labcore.models.vision import mobilenetv2
    >>> from labcore.soc.unit import phone
    >>> layers = mobilenetv2(precision="int8").layers
    >>> assigned(layers, ["CPU"] * len(layers), phone()).handoffs
    0
    """
    if len(layers) != len(units):
        raise ValueError(f"one unit for each of {len(layers)} layers, got {len(units)}")
    pieces, at = [], 0
    for unit, group in groupby(units):
        size = len(list(group))
        pieces.append(_piece(layers[at : at + size], soc, unit, precision))
        at += size
    moved = [_out(piece.layers[-1]) for piece, _ in pairwise(pieces)]
    return Cut(tuple(pieces), sum(handoff_time(soc, D) for D in moved), 2 * sum(moved) * soc.E_byte)


def best_offload(
    network: Network, soc: SoC, accelerator: str, host: str, knows: Callable[[Layer], bool], precision: str = "int8"
) -> Cut:
    """The fastest of all ways to share a network between two units, exact, by the cheapest cut before each layer.

    A piece is priced as a whole, so the search runs over where pieces begin: n^2 / 2 of them, not 2^n assignments.

    >>> from labcore.models.vision import mobilenetv2
    >>> from labcore.soc.unit import phone
    >>> ask = mobilenetv2(precision="int8"), phone(), "NPU", "CPU", lambda layer: "relu6" not in layer.name
    >>> best_offload(*ask).T < offload(*ask).T / 5
    True
    """
    layers = _row(network)
    pieces = {unit: _piece_times(layers, soc.unit(unit), precision) for unit in (accelerator, host)}
    best = {(0, unit): (0.0, ()) for unit in pieces}  # seconds, and the units of the layers so far, by the last unit
    for end, unit in itertools.product(range(1, len(layers) + 1), pieces):
        ways = []
        for start in range(end - 1, -1, -1):
            if unit == accelerator and not knows(layers[start]):
                break
            T, before = min((best[start, other] for other in pieces if not start or other != unit), key=lambda w: w[0])
            T += handoff_time(soc, _out(layers[start - 1])) if start else 0.0
            ways.append((T + pieces[unit](start, end), before, start))
        T, before, start = min(ways, default=(math.inf, (), 0), key=lambda way: way[0])
        best[end, unit] = T, (*before, *[unit] * (end - start))
    chosen = min((best[len(layers), unit] for unit in pieces), key=lambda way: way[0])[1]
    return assigned(layers, chosen, soc, precision)


def _piece_times(layers: Sequence[Layer], unit: Unit, precision: str) -> Callable[[int, int], Seconds]:
    """Time of layers[start:end] as one piece, from sums over layers: `stage_time` without going through them again."""
    ops = [layer.op for layer in layers]

    def times(first: bool, last: bool) -> list[Seconds]:
        return [op_time(op, unit, precision, op_traffic(op, unit.on_chip, first, last)) for op in ops]

    alone, opens, closes = times(True, True), times(True, False), times(False, True)
    until = list(itertools.accumulate(times(False, False), initial=0.0))

    def piece(start: int, end: int) -> Seconds:
        if end - start == 1:
            return unit.L_launch + alone[start]
        return unit.L_launch + opens[start] + until[end - 1] - until[start + 1] + closes[end - 1]

    return piece


def _piece(layers: Sequence[Layer], soc: SoC, unit: str, precision: str) -> Piece:
    stage = Stage(layers[0].name, tuple(layer.op for layer in layers), precision, _out(layers[-1]))
    on = soc.unit(unit)
    return Piece(unit, tuple(layers), stage_time(stage, on), stage_energy(stage, on, soc.E_byte))


def _row(network: Network) -> list[Layer]:
    return [layer for layer in network.layers for _ in range(layer.count)]


def _out(layer: Layer) -> float:
    return sum(layer.op.writes.values())
