"""Threads of one computer as replicas: each computes its share of the samples, then all gradients are summed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from labcore.interconnect.parallelism import strong_speedup
from labcore.kernels.race import Race, race
from labcore.units import Ratio, Seconds, positive_ints

SAMPLE = 1 << 16  # float32 of one sample's activations: 256 KiB, which a core's own cache holds
PASSES = 480  # of a tanh over a sample, shared by all threads
GRADIENT = 1 << 22  # float32 of one gradient, 16 MiB


def train_step(pool: ThreadPoolExecutor, samples: Sequence[np.ndarray], gradients: np.ndarray, passes: int) -> None:
    """One step of len(samples) replicas: each makes its share of the passes, then row 0 of gradients becomes the sum.

    Gradients are (replicas, elements). numpy lets other threads run while it works on an array.
    """
    shares = [passes // len(samples)] * len(samples)
    list(pool.map(_passes, samples, shares))
    for other in gradients[1:]:
        np.add(gradients[0], other, out=gradients[0])


def _passes(sample: np.ndarray, count: int) -> None:
    for _ in range(count):
        np.tanh(sample, out=sample)


@dataclass(frozen=True)
class Replicas:
    """A race of steps with several numbers of threads, and what it was predicted from."""

    race: Race
    T_one: Seconds
    T_sum: Seconds
    cores: int

    @property
    def counts(self) -> list[int]:
        """The numbers of threads."""
        return [int(name) for name in self.race.times]

    def measured(self, p: int) -> Ratio:
        """How many times as fast p threads are as one."""
        return self.race.slower("1", than=str(p))

    def predicted(self, p: int) -> Ratio:
        """T_one / (T_one / p + (p - 1) T_sum), p no more than the cores in the first term.

        >>> Replicas(Race({}), T_one=8.0, T_sum=1.0, cores=4).predicted(2)
        1.6
        """
        return strong_speedup(self.T_one, min(p, self.cores), (p - 1) * self.T_sum)


def replica_race(counts: Sequence[int] = (), repeats: int = 5, passes: int = PASSES) -> Replicas:
    """Time steps of 1, 2, 4, ... threads on this machine, up to twice its cores and 8 at most.

    >>> replica_race((1, 2), repeats=1, passes=4).counts
    [1, 2]
    """
    positive_ints(repeats=repeats, passes=passes, **{f"count {k}": p for k, p in enumerate(counts)})
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    counts = counts or [p for p in (1, 2, 4, 8) if p <= 2 * cores]
    if 1 not in counts or any(passes % p for p in counts):
        raise ValueError(f"counts hold 1, for the others to be held against, and divide {passes} passes; got {counts}")
    samples = [np.full(SAMPLE, 0.5, np.float32) for _ in range(max(counts))]
    gradients = np.zeros((max(counts), GRADIENT), np.float32)
    with ThreadPoolExecutor(max(counts)) as pool:
        ways = {
            str(p): lambda p=p: train_step(pool, samples[:p], gradients[:p], passes) for p in counts
        } | {"sum": lambda: np.add(gradients[0], gradients[-1], out=gradients[0])}  # fmt: skip
        ran = race(ways, repeats)
    steps = Race({name: times for name, times in ran.times.items() if name != "sum"})
    return Replicas(steps, ran.median("1"), ran.median("sum"), cores)
