"""Early exit: a token leaves the network at the layer that is sure of it, and why a batch gives that gain away.

`hazard[l - 1]` is the probability that a token which has come through layer l leaves behind it; the last layer lets
everyone go. Tokens are independent. One alone saves the layers it does not visit. A batch runs a layer as long as
anyone needs it, 1 - (1 - s)^B for a share s of tokens that do, so while weights bind, the batch takes as long as its
deepest token. Where arithmetic binds, rows that have left need no FLOP, and the gain returns.

The cache. A token that leaves at layer d has no keys and values in the layers above, and later tokens that go deeper
attend there. Either its state at d stands in for the missing ones (Schuster et al., CALM, NeurIPS 2022), which is
another network; or it goes through the layers that it skipped when somebody first needs them. Then in the end it runs
as deep as the deepest token after it: a sequence is a batch in time. Such late layers run beside the token that needs
them and read no weights of their own, so they cost FLOP and not bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labcore.serving.experts import binomial
from labcore.units import Ratio, positive, positive_ints


def even_hazard(L: int, p: Ratio) -> list[float]:
    """The same probability of leaving behind each of L layers, and 1 behind the last.

    >>> even_hazard(3, p=0.25)
    [0.25, 0.25, 1.0]
    """
    positive_ints(L=L)
    return [*_shares([p] * (L - 1)), 1.0]


def exits_at(L: int, leaving: dict[int, Ratio]) -> list[float]:
    """A network of L layers with exits behind some: `leaving` maps a layer, 1 to L, to the share that leaves there.

    >>> exits_at(4, {2: 0.5})
    [0.0, 0.5, 0.0, 1.0]
    """
    positive_ints(L=L)
    if beyond := [layer for layer in leaving if layer not in range(1, L + 1)]:
        raise ValueError(f"exits stand behind layers 1 to {L}, got {beyond}")
    return [*_shares([leaving.get(layer, 0.0) for layer in range(1, L)]), 1.0]


def survival(hazard: Sequence[Ratio]) -> np.ndarray:
    """Share of the tokens that need each layer, (L,): all need the first, those that did not leave before the others.

    >>> survival([0.5, 0.5, 1.0]).tolist()
    [1.0, 0.5, 0.25]
    """
    if not len(hazard) or hazard[-1] != 1:
        raise ValueError(f"the last layer lets every token go: a hazard ends with 1, got {list(hazard)}")
    return np.cumprod([1.0, *(1 - one for one in _shares(hazard[:-1]))])


def expected_depth(hazard: Sequence[Ratio]) -> float:
    """Mean layers of a token, the sum of the survival; (1 - (1 - p)^L) / p for an even hazard p.

    >>> expected_depth([0.5, 0.5, 1.0])
    1.75
    """
    return float(survival(hazard).sum())


def layers_run(hazard: Sequence[Ratio], B: int) -> np.ndarray:
    """Probability that a batch of B runs each layer, (L,): 1 - (1 - s)^B, one token in need is enough.

    >>> layers_run([0.5, 0.5, 1.0], B=2).tolist()
    [1.0, 0.75, 0.4375]
    """
    positive_ints(B=B)
    return 1 - (1 - survival(hazard)) ** B


def expected_batch_depth(hazard: Sequence[Ratio], B: int) -> float:
    """Mean layers that a batch runs, those of its deepest token.

    >>> expected_batch_depth([0.5, 0.5, 1.0], B=1), expected_batch_depth([0.5, 0.5, 1.0], B=2)
    (1.75, 2.1875)
    """
    return float(layers_run(hazard, B).sum())


def depths(hazard: Sequence[Ratio], rounds: int, B: int, seed: int = 0) -> np.ndarray:
    """Layers that tokens visit, (rounds, B): each goes up layer by layer and leaves where its draw says so.

    >>> depths([0.0, 1.0, 1.0], rounds=1, B=3).tolist()
    [[2, 2, 2]]
    """
    positive_ints(rounds=rounds, B=B)
    survival(hazard)  # raises where the hazard is none
    rng = np.random.default_rng(seed)
    depth, inside = np.zeros((rounds, B), int), np.ones((rounds, B), bool)
    for leaves in hazard:
        depth += inside
        inside &= rng.random((rounds, B)) >= leaves
    return depth


def batch_time(hazard: Sequence[Ratio], B: int, B_ridge: float) -> float:
    """Mean time of a pass, in reads of one layer's weights, for a layer that arithmetic binds from B_ridge tokens on.

    A layer takes nothing without tokens, else the longer of its read and its n / B_ridge of arithmetic, n the tokens
    that still need it: binomial. Rows that left are packed away, which costs nothing here.

    >>> batch_time([1.0, 1.0], B=4, B_ridge=8.0), batch_time([0.0, 1.0], B=16, B_ridge=8.0)
    (1.0, 4.0)
    """
    positive(B_ridge=B_ridge)
    n = np.arange(B + 1)
    cost = np.where(n > 0, np.maximum(1, n / B_ridge), 0)
    return float(sum(binomial(B, share) @ cost for share in survival(hazard)))


def batch_speedup(hazard: Sequence[Ratio], B: int, B_ridge: float) -> Ratio:
    """Time of the whole network over that with exits: large for one, lost in the middle, back where arithmetic binds.

    >>> even = even_hazard(32, p=0.05)
    >>> [round(batch_speedup(even, B, B_ridge=150.0), 2) for B in (1, 16, 4096)]
    [1.98, 1.0, 1.98]
    """
    return len(hazard) * max(1.0, B / B_ridge) / batch_time(hazard, B, B_ridge)


def filled_depth(hazard: Sequence[Ratio], tokens: int) -> float:
    """Mean layers that a token of a sequence has run in the end, if what later tokens miss is computed then.

    The token with n after it runs as deep as the deepest of n + 1: the mean over n of `expected_batch_depth`.

    >>> filled_depth([0.5, 0.5, 1.0], tokens=1), filled_depth([0.5, 0.5, 1.0], tokens=2)
    (1.75, 1.96875)
    """
    positive_ints(tokens=tokens)
    return float(np.mean([expected_batch_depth(hazard, n) for n in range(1, tokens + 1)]))


def filled(depth: np.ndarray) -> np.ndarray:
    """Layers that tokens have run in the end, where (..., tokens) are the depths of a sequence: the deepest from here.

    >>> filled(np.array([1, 3, 2, 1])).tolist()
    [3, 3, 2, 1]
    """
    return np.maximum.accumulate(depth[..., ::-1], axis=-1)[..., ::-1]


def _shares(hazard: Sequence[Ratio]) -> list[float]:
    if wrong := [one for one in hazard if not 0 <= one <= 1]:
        raise ValueError(f"a hazard is a probability of leaving, 0 to 1; got {wrong[0]!r}")
    return list(hazard)
