"""Work items of unequal length on three kinds of machines: lanes in step, cores with tasks, a pipeline of stages.

Conditional computing (early exit, experts, ragged batches) gives items of unequal lengths. Lanes in step wait for the
longest of their group; cores take the next item when they are free; a pipeline's stages pass items on. Each machine is
simulated and returns a Use; closed forms stand beside. Lengths are times, in any one unit.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.units import Ratio, Seconds, positive_ints


@dataclass(frozen=True)
class Use:
    """What a machine did: time to the end, work done (unit times), its units, and events that were stepped."""

    T: Seconds
    work: float
    units: int
    events: int

    @property
    def utilization(self) -> Ratio:
        """Share of the units' time that was work; 1 where there was none to do."""
        return self.work / (self.T * self.units) if self.T else 1.0


def lengths(count: int, kind: str, mean: float = 1.0, seed: int = 0, p: float = 0.1, ratio: float = 10.0) -> np.ndarray:
    """(count,) lengths of a mean, drawn by one of four laws.

    "equal"; "exponential"; "two" (a share p is `ratio` times as long as the rest); "heavy" (Pareto of exponent 2.5: one
    item in a thousand is longer than ten means, and the variance is just finite).

    >>> lengths(3, "equal").tolist(), sorted(set(lengths(99, "two", mean=1.9).round(9).tolist()))
    ([1.0, 1.0, 1.0], [1.0, 10.0])
    """
    positive_ints(count=count)
    draw, a = np.random.default_rng([seed, 1]), 2.5
    laws = {
        "equal": lambda: np.ones(count),
        "exponential": lambda: draw.exponential(size=count),
        "two": lambda: np.where(draw.random(count) < p, ratio, 1.0) / (1 + p * (ratio - 1)),
        "heavy": lambda: (1 + draw.pareto(a, count)) * (a - 1) / a,
    }
    if kind not in laws:
        raise ValueError(f"lengths are one of {', '.join(laws)}; got {kind!r}")
    return mean * laws[kind]()


def in_step(items: Sequence[float], lanes: int) -> Use:
    """SIMT: groups of `lanes` items in a row, each group as long as its longest item; groups follow each other.

    >>> use = in_step([1.0, 3.0, 2.0, 2.0], lanes=2)
    >>> use.T, use.utilization
    (5.0, 0.8)
    """
    positive_ints(lanes=lanes)
    T, positions = _items(items), -(-len(items) // lanes)
    padded = np.concatenate([T, np.zeros(positions * lanes - T.size)]).reshape(positions, lanes)
    return Use(float(padded.max(axis=1).sum()), float(T.sum()), lanes, positions)


def in_step_utilization(kind: str, lanes: int, p: float = 0.1, ratio: float = 10.0) -> Ratio:
    """Expected utilization of lanes in step, mean length over the mean of the longest of a group, for full groups.

    "equal": 1. "exponential": 1 / H_lanes, H the harmonic number. "two": the longest is `ratio` unless all are short.

    >>> in_step_utilization("exponential", lanes=2), round(in_step_utilization("two", lanes=32), 3)
    (0.6666666666666666, 0.196)
    """
    positive_ints(lanes=lanes)
    longest = {
        "equal": lambda: 1.0,
        "exponential": lambda: sum(1 / k for k in range(1, lanes + 1)),
        "two": lambda: (ratio - (ratio - 1) * (1 - p) ** lanes) / (1 + p * (ratio - 1)),
    }
    if kind not in longest:
        raise ValueError(f"a closed form is known for {', '.join(longest)}; simulate {kind!r} with in_step")
    return 1 / longest[kind]()


def by_tasks(items: Sequence[float], cores: int, T_dispatch: Seconds = 0.0, static: bool = False) -> Use:
    """MIMD: each core works on an item of its own; whoever is free takes the next, which costs it T_dispatch.

    With `static` the items are dealt out in turn before anything runs, and taking one costs nothing.

    >>> by_tasks([4.0, 1.0, 1.0, 2.0], cores=2).T, by_tasks([4.0, 1.0, 1.0, 2.0], cores=2, static=True).T
    (4.0, 5.0)
    """
    T = _items(items)
    positive_ints(cores=cores)
    if not T_dispatch >= 0:
        raise ValueError(f"T_dispatch is a time of 0 or more, got {T_dispatch!r}")
    if static:
        ends = [float(T[core::cores].sum()) for core in range(cores)]
    else:
        ends = [0.0] * cores
        for length in T.tolist():
            heapq.heapreplace(ends, ends[0] + T_dispatch + length)
    return Use(max(ends), float(T.sum()), cores, T.size)


def task_bounds(items: Sequence[float], cores: int) -> tuple[Seconds, Seconds]:
    """Least time of any assignment, and the most that taking items in turn can need (Graham 1966).

    Least is the larger of total / cores and the longest item; greedy needs at most total / cores + (1 - 1 / cores)
    longest, so its utilization goes to 1 with the number of items.

    >>> task_bounds([4.0, 1.0, 1.0, 2.0], cores=2)
    (4.0, 6.0)
    """
    T = _items(items)
    positive_ints(cores=cores)
    even, longest = float(T.sum()) / cores, float(T.max())
    return max(even, longest), even + (1 - 1 / cores) * longest


def pipeline(times: np.ndarray, buffers: int = 1) -> Use:
    """Dataflow: item i takes times[i, s] on stage s, one item a stage at a time, in order; times is (items, stages).

    An item leaves a stage for one of `buffers` places before the next; where they are full it stays and blocks.
    A stage that an item skips takes 0, but the item passes it in turn.

    >>> pipeline(np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])).T  # (3 + 2 - 1) x 1
    4.0
    >>> pipeline(np.array([[1.0, 3.0], [1.0, 1.0], [2.0, 1.0]])).T
    6.0
    """
    T = np.asarray(times, float)
    positive_ints(buffers=buffers)
    if T.ndim != 2 or not T.size or not (np.isfinite(T) & (T >= 0)).all():
        raise ValueError(f"times is (items, stages) of 0 or more, got shape {T.shape}")
    items, stages = T.shape
    began = np.zeros((items + 1, stages))  # [i, s]: when item i - 1 begins on stage s
    left = np.zeros((items + 1, stages))  # and leaves its stage
    for i in range(1, items + 1):
        for s in range(stages):
            ready = left[i, s - 1] if s else 0.0
            began[i, s] = max(ready, left[i - 1, s])
            done = began[i, s] + T[i - 1, s]
            blocked = i - buffers if s < stages - 1 else 0  # that item must have begun on the next stage
            left[i, s] = max(done, began[blocked, s + 1] if blocked > 0 else 0.0)
    return Use(float(left[-1, -1]), float(T.sum()), stages, items * stages)


def pipeline_time(items: int, stages: Sequence[float]) -> Seconds:
    """Time of a pipeline whose stages always take the same: sum + (items - 1) slowest, whatever the buffers.

    >>> pipeline_time(3, [1.0, 2.0])
    7.0
    """
    positive_ints(items=items)
    return float(sum(stages)) + (items - 1) * float(max(stages))


def exits(count: int, stages: int, leave: Ratio, seed: int = 0) -> np.ndarray:
    """(count, stages) times of items that go on to the next stage with chance 1 - leave, after 1.0 on each they visit.

    >>> exits(2, stages=3, leave=0.0).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    positive_ints(count=count, stages=stages)
    if not 0 <= leave <= 1:
        raise ValueError(f"leave is a chance from 0 to 1, got {leave!r}")
    stays = np.random.default_rng([seed, 1]).random((count, stages - 1)) >= leave
    return np.hstack([np.ones((count, 1)), np.cumprod(stays, axis=1)])


def _items(items: Sequence[float]) -> np.ndarray:
    T = np.asarray(items, float)
    if T.ndim != 1 or not T.size or not (np.isfinite(T) & (T >= 0)).all() or not T.any():
        raise ValueError(f"wanted lengths of 0 or more, at least one above; got {items!r}")
    return T
