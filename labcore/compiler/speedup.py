"""What compiling gains on this machine: the interpreter, node by node, beside the generated program."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from labcore.compiler.codegen import compile_graph
from labcore.compiler.graph import Graph
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.run import random_inputs, run
from labcore.measure.timing import in_turns
from labcore.units import Ratio, Seconds


@dataclass(frozen=True)
class Speedup:
    """Times of both, round by round; they ran in turns."""

    eager: tuple[Seconds, ...]
    compiled: tuple[Seconds, ...]

    @property
    def ratio(self) -> Ratio:
        """How many times as long the interpreter takes: the median over the rounds of their ratio.

        >>> Speedup(eager=(4.0, 6.0, 9.0), compiled=(2.0, 2.0, 2.0)).ratio
        3.0
        """
        return statistics.median(slow / fast for slow, fast in zip(self.eager, self.compiled, strict=True))


def compiled_beside_eager(
    graph: Graph, seed: int = 0, repeats: int = 7, clock: Callable[[], Seconds] = time.perf_counter
) -> Speedup:
    """Times of a graph as it is, by the reference interpreter, and after all passes, as a compiled program.

    Compiling happens before the clock starts. Both compute the same values from the same inputs.

    >>> from labcore.compiler.networks import mlp
    >>> len(compiled_beside_eager(mlp(seed=1), repeats=3).eager)
    3
    """
    inputs, program = random_inputs(graph, seed), compile_graph(optimize(graph)[0])
    eager, compiled = in_turns([lambda: run(graph, inputs), lambda: program(inputs)], repeats, clock)
    return Speedup(tuple(eager), tuple(compiled))
