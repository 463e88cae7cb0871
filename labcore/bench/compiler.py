"""Speed of compiled networks beside the interpreter that runs them node by node."""

from __future__ import annotations

from labcore.bench.rows import Row, at_least, spread
from labcore.compiler.graph import Graph
from labcore.compiler.networks import mlp, small_cnn
from labcore.compiler.speedup import compiled_beside_eager


def compiled_cnn() -> Row:
    """How many times as long as its compiled program a small convolutional network takes node by node."""
    return over_compiled("a small CNN", small_cnn(seed=1))


def compiled_mlp() -> Row:
    """The same for three dense layers of one input, where calls are nearly all there is."""
    return over_compiled("an MLP", mlp(seed=1))


def over_compiled(name: str, graph: Graph, repeats: int = 31) -> Row:
    """One network, both in turns; compiling comes before."""
    found = compiled_beside_eager(graph, repeats=repeats)
    against = f"node by node itself; eager {spread(found.eager)}, compiled {spread(found.compiled)}"
    return at_least(f"eager over compiled, {name}", found.ratio, 1, against, "x")


MEASUREMENTS = (compiled_cnn, compiled_mlp)
