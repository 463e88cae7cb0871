"""Attention on this machine: scores written out against tiles by length, and what two models predict of that."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.fusion.attention_traffic import flash_traffic
from labcore.kernels.attention import BLOCK, eager, flash
from labcore.kernels.predict import own_clock
from labcore.kernels.race import Race, race
from labcore.measure.compute import blas_threads
from labcore.measure.memory import bandwidth
from labcore.units import Bytes, BytesPerSecond, Ratio

LENGTHS = (256, 512, 1024, 2048, 4096)
CROSSINGS = 12  # of S in `eager`: @ writes it; *=, -=, exp and /= read and write it; max, sum and the last @ read it
WORD: Bytes = 4


@dataclass(frozen=True)
class AttentionRaces:
    """Races by sequence length, the shortest first, and the bandwidth of one thread over as many bytes as S has."""

    d: int
    races: Mapping[int, Race]
    BW: Mapping[int, BytesPerSecond]

    def gain(self, N: int) -> Ratio:
        """How many times as long writing the scores out takes as tiles, measured."""
        return self.races[N].slower("written out", than="tiled")

    def spread(self, N: int) -> tuple[Ratio, Ratio]:
        """The quartiles of that ratio over the rounds."""
        times = self.races[N].times
        ratios = [out / tiled for out, tiled in zip(times["written out"], times["tiled"], strict=True)]
        low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return low, high

    def by_bytes(self, N: int) -> Ratio:
        """The gain if bytes were all that counts and there were no cache but the tiles."""
        return (CROSSINGS * N * N + 4 * N * self.d) / flash_traffic(N, N, self.d, BLOCK).words

    def by_parts(self, N: int) -> Ratio:
        """The gain by time a score at the shortest length, where S lies in a cache, plus the crossings of S beyond.

        >>> short = Race({"written out": (1.0,), "tiled": (2.0,)})
        >>> AttentionRaces(64, {1: short, 2: short}, {1: 48.0, 2: 24.0}).by_parts(2)  # (4 + 4 (2 - 1)) / 8
        1.0
        """
        short = min(self.races)
        share = (N / short) ** 2
        slower = CROSSINGS * WORD * N * N * max(0.0, 1 / self.BW[N] - 1 / self.BW[short])
        written = share * self.races[short].median("written out") + slower
        return written / (share * self.races[short].median("tiled"))


def attention_races(lengths: Sequence[int] = LENGTHS, d: int = 64, repeats: int = 5) -> AttentionRaces:
    """Race both ways at every length, one thread, float32, after a round that warms up; a few seconds.

    >>> attention_races([16, 32], d=8, repeats=2).by_bytes(32) > 1
    True
    """
    rng = np.random.default_rng(13)
    buffer = np.zeros(max(lengths) ** 2 // 2 + 64)
    ran, rates = {}, {}
    for N in lengths:
        Q, K, V = (rng.standard_normal((N, d)).astype(np.float32) for _ in range(3))
        with blas_threads(1):
            ran[N] = race(_ways(Q, K, V), repeats, own_clock())
        rates[N] = bandwidth("read", WORD * N * N, 1, buffer, repeats=3).BW
    return AttentionRaces(d, ran, rates)


def _ways(Q: np.ndarray, K: np.ndarray, V: np.ndarray) -> dict[str, object]:
    return {"written out": lambda: eager(Q, K, V), "tiled": lambda: flash(Q, K, V)}
