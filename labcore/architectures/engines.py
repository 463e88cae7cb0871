"""A core of several engines that runs tiles of a fused kernel: a plan made beforehand against a queue at run time.

Every tile takes the same chain of steps, each on its engine; an engine does one step at a time, and as many tiles are
in flight as buffers hold. Three ways to decide who is next:

- "clocked": start times are fixed by a plan in which every step has the time of its longest run (a static schedule);
- "ordered": the order on each engine is fixed by a plan for mean times, and an engine waits for its next step however
  many others are ready (in-order queues with semaphores);
- "dynamic": an engine takes the oldest tile's step that is ready, and pays T_dispatch for looking.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labcore.architectures.irregular import lengths
from labcore.units import Ratio, Seconds, positive_ints

POLICIES = ("clocked", "ordered", "dynamic")
Step = tuple[str, float]  # the engine and the mean time of a step
ATTENTION = (  # a tile of fused attention; times are illustrative, in units of one vector pass
    ("tensor", 4.0),  # scores
    ("vector", 2.0),  # running maximum
    ("scalar", 3.0),  # exponentials
    ("tensor", 4.0),  # context
    ("vector", 1.0),  # rescaling
    ("GPSIMD", 2.0),  # where the tile's rows go in a paged cache
)


@dataclass
class Schedule:
    """When every step began and ended and the work in it, (tiles, steps) each; its engine; and events stepped.

    An engine is held from start to end; what exceeds the work is the cost of dispatching.
    """

    engines: tuple[str, ...]
    start: np.ndarray
    end: np.ndarray
    work: np.ndarray
    events: int = 0
    order: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def makespan(self) -> Seconds:
        """When the last step ends."""
        return float(self.end.max())

    def utilization(self, engine: str) -> Ratio:
        """Share of the makespan that an engine works."""
        steps = [j for j, name in enumerate(self.engines) if name == engine]
        if not steps:
            raise ValueError(f"no step needs {engine!r}; the engines are {', '.join(dict.fromkeys(self.engines))}")
        return float(self.work[:, steps].sum()) / self.makespan


def durations(chain: Sequence[Step], tiles: int, kind: str = "equal", seed: int = 0) -> np.ndarray:
    """(tiles, steps) times of a chain: each step's mean times a factor drawn by `irregular.lengths`, of mean 1.

    >>> durations([("tensor", 2.0), ("vector", 1.0)], tiles=2).tolist()
    [[2.0, 1.0], [2.0, 1.0]]
    """
    positive_ints(tiles=tiles)
    means = np.array([mean for _, mean in _checked(chain)])
    return means * lengths(tiles * len(means), kind, seed=seed).reshape(tiles, -1)


def simulate(
    chain: Sequence[Step], T: np.ndarray, policy: str = "dynamic", buffers: int = 4, T_dispatch: Seconds = 0.0
) -> Schedule:
    """Run tiles whose steps take T, (tiles, steps), under a policy; raises ValueError for one that is none.

    >>> T = durations([("tensor", 2.0), ("vector", 1.0)], tiles=3)
    >>> [simulate([("tensor", 2.0), ("vector", 1.0)], T, policy).makespan for policy in POLICIES]
    [7.0, 7.0, 7.0]
    """
    names = tuple(engine for engine, _ in _checked(chain))
    T = np.asarray(T, float)
    positive_ints(buffers=buffers)
    if T.ndim != 2 or T.shape[1] != len(names) or not len(T) or not (np.isfinite(T) & (T >= 0)).all():
        raise ValueError(f"T is (tiles, {len(names)}) times of 0 or more for this chain, got shape {T.shape}")
    if policy == "clocked":
        return _clocked(names, T, buffers)
    if policy == "ordered":
        means = np.broadcast_to([mean for _, mean in chain], T.shape)
        return _run(names, T, buffers, _run(names, means, buffers).order)
    if policy != "dynamic":
        raise ValueError(f"a policy is one of {', '.join(POLICIES)}; got {policy!r}")
    run = _run(names, T + T_dispatch, buffers)
    run.work = T
    return run


def _clocked(names: tuple[str, ...], T: np.ndarray, buffers: int) -> Schedule:
    """The plan for the longest run of each step; what ends early leaves its engine idle until the plan goes on."""
    plan = _run(names, np.broadcast_to(T.max(axis=0), T.shape), buffers)
    return Schedule(names, plan.start, plan.start + T, T, plan.events, plan.order)


def _run(
    names: tuple[str, ...], T: np.ndarray, buffers: int, fixed: Mapping[str, list[tuple[int, int]]] | None = None
) -> Schedule:
    """Step events in time: what ends makes its tile's next step ready; then each idle engine takes what it may."""
    tiles, steps = T.shape
    done = Schedule(names, np.zeros(T.shape), np.zeros(T.shape), T, order={name: [] for name in names})
    ready: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    idle, events, now = set(names), [], 0.0
    for tile in range(min(buffers, tiles)):
        heapq.heappush(ready[names[0]], (tile, 0))
    while True:
        for name in sorted(idle):
            if (
                task := _next(ready[name], fixed[name], len(done.order[name])) if fixed else _oldest(ready[name])
            ) is None:
                continue
            done.start[task], done.end[task] = now, now + T[task]
            done.order[name].append(task)
            idle.remove(name)
            heapq.heappush(events, (now + T[task], task))
        if not events:
            return done
        now = events[0][0]
        while events and events[0][0] == now:
            _, (tile, step) = heapq.heappop(events)
            done.events += 1
            idle.add(names[step])
            follower = (tile, step + 1) if step + 1 < steps else (tile + buffers, 0)
            if follower[0] < tiles:
                heapq.heappush(ready[names[follower[1]]], follower)


def _oldest(ready: list[tuple[int, int]]) -> tuple[int, int] | None:
    return heapq.heappop(ready) if ready else None


def _next(ready: list[tuple[int, int]], order: list[tuple[int, int]], at: int) -> tuple[int, int] | None:
    """The step whose turn it is, if it is ready."""
    if at == len(order) or order[at] not in ready:
        return None
    ready.remove(order[at])
    heapq.heapify(ready)
    return order[at]


def least_makespan(chain: Sequence[Step], tiles: int) -> Seconds:
    """No schedule of equal tiles is faster: the busiest engine's work, and what comes before and after it in a tile.

    A chain that visits every engine once reaches it, sum + (tiles - 1) times the longest step, with enough buffers.

    >>> least_makespan([("tensor", 2.0), ("vector", 1.0)], tiles=3), least_makespan(ATTENTION, tiles=10)
    (7.0, 83.0)
    """
    positive_ints(tiles=tiles)
    times = [mean for _, mean in _checked(chain)]
    found = []
    for engine in dict.fromkeys(name for name, _ in chain):
        at = [j for j, (name, _) in enumerate(chain) if name == engine]
        found.append(sum(times[: at[0]]) + tiles * sum(times[j] for j in at) + sum(times[at[-1] + 1 :]))
    return max(*found, sum(times))


@dataclass(frozen=True)
class Outcome:
    """One policy over several draws: mean makespan, its standard deviation, and the busiest engine's mean share."""

    policy: str
    T: Seconds
    spread: Seconds
    utilization: Ratio


def compare(
    chain: Sequence[Step], tiles: int, kind: str, seeds: Sequence[int] = range(5), buffers: int = 4,
    T_dispatch: Seconds = 0.0,
) -> list[Outcome]:  # fmt: skip
    """All policies on the same draws of jitter, one draw a seed.

    >>> [(one.policy, one.T) for one in compare([("tensor", 2.0), ("vector", 1.0)], 3, "equal", T_dispatch=0.5)]
    [('clocked', 7.0), ('ordered', 7.0), ('dynamic', 9.0)]
    """
    loads: dict[str, float] = {}
    for engine, mean in _checked(chain):
        loads[engine] = loads.get(engine, 0.0) + mean
    busiest, drawn = max(loads, key=loads.get), [durations(chain, tiles, kind, seed) for seed in seeds]
    found = []
    for policy in POLICIES:
        runs = [simulate(chain, T, policy, buffers, T_dispatch) for T in drawn]
        T_all = [run.makespan for run in runs]
        share = np.mean([run.utilization(busiest) for run in runs])
        found.append(Outcome(policy, float(np.mean(T_all)), float(np.std(T_all)), float(share)))
    return found


def _checked(chain: Sequence[Step]) -> Sequence[Step]:
    if not chain or not all(mean > 0 for _, mean in chain):
        raise ValueError(f"a chain is steps (engine, mean time above 0), at least one; got {chain!r}")
    return chain
