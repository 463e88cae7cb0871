"""The least that each dataflow moves: over all tiles that fit a buffer, for one layer and for a whole network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.dataflow.layers import problem_of
from labcore.dataflow.table import STATIONARY, find, telling_orders
from labcore.loopnest import Traffic, traffic
from labcore.loopnest.nest import Problem
from labcore.mapping.grid import Tiled, tiles_of, words_held, words_moved
from labcore.models.network import Network
from labcore.units import positive_ints


@dataclass(frozen=True)
class Search:
    """Every tile of a problem under one dataflow: words held, least words moved over its orders, and which order."""

    problem: Problem
    dataflow: str
    held: np.ndarray
    moved: np.ndarray
    order: np.ndarray
    names: list[str]

    def within(self, buffer_words: int) -> Tiled | None:
        """The tile and order that move least among those that fit, then hold least; None where nothing fits."""
        positive_ints(buffer_words=buffer_words)
        fits = np.flatnonzero(self.held <= buffer_words)
        if not len(fits):
            return None
        at = fits[np.lexsort((self.held[fits], self.moved[fits]))[0]]
        places = np.unravel_index(at, tuple(len(tiles_of(self.problem, dim)) for dim in self.problem.sizes))
        tile = {dim: tiles_of(self.problem, dim)[k] for dim, k in zip(self.problem.sizes, places, strict=True)}
        return Tiled(tile, self.names[self.order[at]], int(self.moved[at]), int(self.held[at]))


def search(problem: Problem, dataflow: str) -> Search:
    """Count every tile under every telling order of a dataflow, once for all buffers.

    >>> from labcore.loopnest import matmul_problem
    >>> search(matmul_problem(8, 8, 8), "os").within(40).traffic
    320
    """
    names = telling_orders(problem, dataflow)
    held = words_held(problem)
    moved = np.stack([np.broadcast_to(words_moved(problem, order), held.shape).ravel() for order in names])
    held = held.ravel()
    whole = np.ones(held.shape, bool)
    for dim in find(dataflow).whole:
        whole &= _tile_along(problem, dim) == problem.sizes[dim]
    held = np.where(whole, held, np.iinfo(np.int64).max)
    return Search(problem, dataflow, held, moved.min(axis=0), moved.argmin(axis=0), names)


def best(problem: Problem, dataflow: str, buffer_words: int) -> Tiled:
    """The tile and order of a dataflow that move fewest words among all divisor tiles that fit the buffer.

    Raises ValueError where nothing fits, with the least that would do.

    >>> from labcore.loopnest import matmul_problem
    >>> best(matmul_problem(512, 256, 512), "ws", 4096).traffic
    4063232
    """
    every = search(problem, dataflow)
    found = every.within(buffer_words)
    if found is None:
        raise ValueError(
            f"a buffer of {buffer_words} words holds no tile of {find(dataflow).name}; {every.held.min()} words are "
            "the least"
        )
    return found


def counts(problem: Problem, tiled: Tiled) -> Traffic:
    """What a tile and order move, operand by operand.

    >>> from labcore.loopnest import matmul_problem
    >>> p = matmul_problem(8, 8, 8)
    >>> counts(p, best(p, "ws", 40)).B_reads
    64
    """
    return traffic(tiled.nest(problem))[0]


def loops_that_turn(problem: Problem, tiled: Tiled) -> str:
    """The order without its loops of one step: two dataflows with one tile and the same of these are one nest.

    >>> from labcore.loopnest import matmul_problem
    >>> p = matmul_problem(512, 768, 50257)  # K is cut to 1, M is whole
    >>> one = best(p, "ws", 16384)
    >>> one.order, loops_that_turn(p, one), loops_that_turn(p, best(p, "os", 16384))
    ('NKM', 'NK', 'NK')
    """
    return "".join(dim for dim in tiled.order if tiled.tile[dim] < problem.sizes[dim])


@dataclass(frozen=True)
class Choice:
    """One layer under one dataflow and buffer: how often it runs, and its best tile; None where none fits."""

    layer: str
    times: int
    problem: Problem
    dataflow: str
    buffer_words: int
    tiled: Tiled | None

    @property
    def traffic(self) -> float:
        """Words in and out, all runs of the layer; infinite where no tile fits."""
        return self.times * self.tiled.traffic if self.tiled else float("inf")


def sweep(network: Network, dataflows: Sequence[str], buffers: Iterable[int]) -> list[Choice]:
    """The best tile of every layer with MACs, under each dataflow and for each buffer (words).

    Layers of one shape are searched once. A product has no rows, so row stationary is left out there.

    >>> from labcore.models.zoo import build
    >>> found = sweep(build("dlrm", batch=64), ("ws", "os"), [4096])
    >>> [(one.layer, one.dataflow, one.traffic) for one in found][:2]
    [('bottom.fc0', 'ws', 40256), ('bottom.fc0', 'os', 40256)]
    """
    buffers, seen, found = list(buffers), {}, []
    for layer in network.layers:
        if not layer.op.macs:
            continue
        problem, times = problem_of(layer.op)
        for name in dataflows:
            if not _has(problem, name):
                continue
            key = name, tuple(problem.sizes.items()), tuple(problem.operands.items())
            if key not in seen:
                every = search(problem, name)
                seen[key] = [every.within(words) for words in buffers]
            runs = layer.count * times
            found += [
                Choice(layer.name, runs, problem, name, words, tiled)
                for words, tiled in zip(buffers, seen[key], strict=True)
            ]
    return found


def totals(choices: Iterable[Choice]) -> dict[tuple[str, int], float]:
    """Words of a whole network by (dataflow, buffer), and under 'each its own' with the best of them for every layer.

    >>> from labcore.models.zoo import build
    >>> words = totals(sweep(build("dlrm", batch=64), ("ws", "os", "is"), [4096]))
    >>> words["each its own", 4096] <= min(words[name, 4096] for name in ("ws", "os", "is"))
    True
    """
    total, least = {}, {}
    for one in choices:
        at = one.dataflow, one.buffer_words
        total[at] = total.get(at, 0) + one.traffic
        at = one.layer, one.buffer_words
        least[at] = min(least.get(at, float("inf")), one.traffic)
    for (_, words), moved in least.items():
        total[HYBRID, words] = total.get((HYBRID, words), 0) + moved
    return total


def resnet50_sweep() -> list[Choice]:
    """All layers of ResNet-50 at batch 1, three dataflows, five buffers of 4 Ki to 1 Mi words.

    >>> len(resnet50_sweep())  # 54 layers
    810
    """
    from labcore.models.zoo import build

    return sweep(build("resnet50"), STATIONARY, BUFFERS)


def _has(problem: Problem, dataflow: str) -> bool:
    return set(find(dataflow).whole) <= set(problem.sizes)


def _tile_along(problem: Problem, dim: str) -> np.ndarray:
    """The tile of one dimension at each place of the flattened grid."""
    grid = np.meshgrid(*(tiles_of(problem, one) for one in problem.sizes), indexing="ij")
    return grid[list(problem.sizes).index(dim)].ravel()


HYBRID = "each its own"
BUFFERS = tuple(2**k for k in (12, 14, 16, 18, 20))  # words
