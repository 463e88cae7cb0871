"""Bundles looked at alone, before any search: what each buys in accuracy, for how much work and memory.

Also how far a cheap training ranks networks as the full one does, which is all that a proxy-guided search relies on.
Numbers come from the committed table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.codesign.front import front
from labcore.codesign.networks import WIDTHS, WINDOWS, Network
from labcore.codesign.table import SCORES, accuracy, by_network
from labcore.units import Ratio


@dataclass(frozen=True)
class Alone:
    """One bundle under a classifier: accuracy (mean of the seeds), MACs for one image, bits of weights."""

    network: Network
    accuracy: Ratio
    macs: int
    weight_bits: int


def alone(bits: int = 8, score: str = "validation") -> list[Alone]:
    """Each bundle at each of WIDTHS, by itself: 12 networks.

    >>> [one.network.name for one in alone() if one.accuracy > 0.975 and one.macs < 12_000]
    ['conv3x3-w8-b8', 'conv2x2-w32-b8']
    """
    networks = [Network((bundle,), width, bits) for bundle in WINDOWS for width in WIDTHS]
    return [Alone(net, accuracy(net, score), net.macs, net.weights * bits) for net in networks]


def selected(found: Sequence[Alone]) -> list[Alone]:
    """Those that no other beats in accuracy, MACs and bits of weights together: the bundles worth stacking.

    >>> "fc" in {one.network.bundles[0] for one in selected(alone())}
    True
    """
    return [found[i] for i in front([(-one.accuracy, one.macs, one.weight_bits) for one in found])]


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> Ratio:
    """Spearman's correlation: of ranks, equals sharing the mean of theirs; 1 where both put all in one order.

    >>> round(rank_correlation([1, 2, 3], [10, 30, 20]), 6), round(rank_correlation([1, 1, 2], [5, 5, 9]), 6)
    (0.5, 1.0)
    """
    ranks = []
    for values in (a, b):
        _, place, count = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[place])
    if len(a) != len(b) or not all(np.ptp(r) for r in ranks):
        raise ValueError(f"two rows of equal length that are not constant are wanted, got {len(a)} and {len(b)} values")
    return float(np.corrcoef(*ranks)[0, 1])


def proxy_rank(seed: int = 0, above: Ratio = 0.0) -> Ratio:
    """Rank correlation of the cheap and the full validation accuracy of one seed, over networks whose full is `above`.

    A proxy that ranks the whole space well may still not tell the best apart.

    >>> proxy_rank() > proxy_rank(above=0.97)
    True
    """
    proxy, _, full, _ = (np.array([accuracy(net, score, seed) for net in by_network()]) for score in SCORES)
    return rank_correlation(proxy[full > above], full[full > above])
