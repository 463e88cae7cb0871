"""What a pass did, and what that saves: bytes, launches, and predicted time on a chip."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Accelerator
from labcore.catalogue.links import LAUNCH
from labcore.compiler.cost import cost
from labcore.compiler.graph import Graph
from labcore.units import Bytes, Seconds, counted, format_si


@dataclass(frozen=True)
class Savings:
    """Before less after; a negative one says that the pass added some."""

    launches: int
    flop: int
    D_vol: Bytes
    T: Seconds


@dataclass(frozen=True)
class Report:
    """One pass over one graph: its name, a line for each thing it did, the graph before and after."""

    name: str
    did: tuple[str, ...]
    before: Graph
    after: Graph

    def saved(self, chip: Accelerator, precision: str = "fp16", L_launch: Seconds = LAUNCH.value) -> Savings:
        """What the pass saves on a chip, by `labcore.compiler.cost`."""
        old, new = (cost(one, chip, precision, L_launch) for one in (self.before, self.after))
        return Savings(old.launches - new.launches, old.flop - new.flop, old.D_vol - new.D_vol, old.T - new.T)

    def describe(self, chip: Accelerator, precision: str = "fp16", L_launch: Seconds = LAUNCH.value) -> str:
        """One sentence: the pass, how often it did its thing, and what that saves.

        >>> from labcore.catalogue import A100
        >>> from labcore.compiler.graph import graph
        >>> from labcore.compiler.passes.dead_code import drop_dead_code
        >>> g = graph({"x": (512, 512)}, {"y": ("relu", "x"), "z": ("tanh", "x")}, outputs=["y"])
        >>> drop_dead_code(g)[1].describe(A100)
        'dead code, 1 change on A100 at fp16: saves 1 launch, 1.049 MB and 5.514 us'
        """
        s = self.saved(chip, precision, L_launch)
        return (
            f"{self.name}, {counted(len(self.did), 'change')} on {chip.name} at {precision}: saves "
            f"{counted(s.launches, 'launch').replace('launchs', 'launches')}, {format_si(s.D_vol, 'B')} and "
            f"{format_si(s.T, 's')}"
        )
