"""When and where each kernel of a graph runs: order, streams, launches ahead of the kernels, copies beside them.

Kernels of one stream run one after another; those of two streams run side by side, each as fast as alone, which holds
only while they leave each other multiprocessors and bandwidth: what streams gain here is a bound from above.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from itertools import permutations

from labcore.compiler.graph import Graph
from labcore.compiler.lifetime import lifetimes
from labcore.compiler.memory_plan import MemoryPlan
from labcore.interconnect.schedule import Interval, Task, run
from labcore.units import Seconds, positive_ints

MOST_ORDERED = 20  # nodes whose orders are all tried


def schedule(
    graph: Graph, times: Mapping[str, Seconds], L_launch: Seconds = 0.0, launches: Mapping[str, int] | None = None,
    streams: int = 1, ahead: bool = True, T_copy: Mapping[str, Seconds] | None = None, buffers: int = 2,
    plan: MemoryPlan | None = None,
) -> list[Interval]:  # fmt: skip
    """Start and end of every launch, kernel and copy.

    `times` has a kernel's time for each node that is launched, `launches` how often where that is not once. The CPU
    launches in the order of `assign`, which on one stream is the graph's: `ahead` of the kernels, or each when the
    kernel before has ended, as where every result is waited for. `T_copy` is the time to bring a node's constants in
    over a link, by a copy engine of its own, into one of some `buffers` that the kernels empty in turn. With a `plan`
    of memory, nothing in place, a kernel waits for the bytes it writes over as it does for its inputs.

    >>> from labcore.compiler.graph import graph
    >>> from labcore.interconnect.schedule import makespan
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("tanh", "x"), "c": ("add", "a", "b")})
    >>> T = {"a": 3.0, "b": 3.0, "c": 3.0}
    >>> makespan(schedule(g, T, L_launch=1.0, ahead=False)), makespan(schedule(g, T, L_launch=1.0))
    (12.0, 10.0)
    >>> makespan(schedule(g, T, L_launch=1.0, streams=2))
    8.0
    """
    positive_ints(buffers=buffers)
    stream, before = assign(graph, times, streams, plan), dependences(graph, times, plan)
    names, tasks, copied = list(stream), [], []
    for place, name in enumerate(names):
        waits = [("kernel of " + other, 0) for other in before[name]]
        launch = () if ahead or not place else (("kernel of " + names[place - 1], 0),)
        tasks.append(Task("launch of " + name, 0, "CPU", L_launch * (launches or {}).get(name, 1), launch))
        if name in (T_copy or {}):
            freed = (("kernel of " + copied[-buffers], 0),) if len(copied) >= buffers else ()
            tasks.append(Task("copy for " + name, 0, "copy engine", T_copy[name], freed))
            waits.append(("copy for " + name, 0))
            copied.append(name)
        after = (("launch of " + name, 0), *waits)
        tasks.append(Task("kernel of " + name, 0, f"stream {stream[name]}", times[name], after))
    return run(tasks)


def dependences(
    graph: Graph, times: Mapping[str, Seconds], plan: MemoryPlan | None = None
) -> dict[str, tuple[str, ...]]:
    """For each node that is launched, the launched ones it waits for, seen through views; with a plan, for bytes too.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "v": ("reshape", "a", {"shape": (2, 2)}), "b": ("tanh", "v")})
    >>> dependences(g, {"a": 1.0, "b": 1.0})
    {'a': (), 'b': ('a',)}
    """
    if unknown := [name for name in times if name not in graph.by_name]:
        raise ValueError(f"a time is given for {unknown[0]!r}, which is no node; the last is {graph.nodes[-1].name}")
    waits: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        through = [(name,) if name in times else waits.get(name, ()) for name in node.inputs]
        waits[node.name] = tuple(dict.fromkeys(name for names in through for name in names))
    over = waits_for_bytes(graph, plan) if plan else {}
    waits = {name: dict.fromkeys((*waits[name], *over.get(name, ()))) for name in graph.by_name if name in times}
    return {name: tuple(n for n in waits[name] if n in times) for name in waits}


def waits_for_bytes(graph: Graph, plan: MemoryPlan) -> dict[str, tuple[str, ...]]:
    """For each node whose bytes held another buffer before, by a plan with nothing in place, who made and read that.

    >>> from labcore.compiler.graph import graph
    >>> from labcore.compiler.memory_plan import allocate
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("tanh", "a"), "c": ("tanh", "x"), "d": ("add", "b", "c")})
    >>> waits_for_bytes(g, allocate(lifetimes(g, in_place=False)))["c"]  # it lies where a lay, which b reads
    ('a', 'b')
    """
    waits: dict[str, tuple[str, ...]] = {}
    for old, new in permutations(plan.buffers, 2):
        if old.last < new.first and plan.share_bytes(old, new):
            readers = (reader for value in old.values for reader in graph.consumers[value])
            waits[new.name] = (*waits.get(new.name, ()), *old.values, *readers)
    return waits


def assign(graph: Graph, times: Mapping[str, Seconds], streams: int, plan: MemoryPlan | None = None) -> dict[str, int]:
    """The stream of each kernel, in the order of their starts: a free stream takes the first kernel that is ready.

    List scheduling: of the kernels that can start first, the first in the graph's order, on the lowest stream. No such
    schedule takes longer than all work shared out plus the critical path times 1 - 1 / streams (Graham, 1966).

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("tanh", "x"), "c": ("tanh", "a")})
    >>> assign(g, {"a": 1.0, "b": 1.0, "c": 1.0}, streams=2)
    {'a': 0, 'b': 1, 'c': 0}
    """
    positive_ints(streams=streams)
    waits = dependences(graph, times, plan)
    free, ended, chosen = [0.0] * streams, {}, {}
    while left := {name: others for name, others in waits.items() if name not in chosen}:
        ready = {
            name: max((ended[other] for other in others), default=0.0)
            for name, others in left.items()
            if ended.keys() >= set(others)
        }
        name = min(ready, key=lambda one: max(min(free), ready[one]))
        start, chosen[name] = min((max(T, ready[name]), s) for s, T in enumerate(free))
        ended[name] = free[chosen[name]] = start + times[name]
    return chosen


def critical_path(graph: Graph, times: Mapping[str, Seconds]) -> Seconds:
    """The longest chain of kernels that wait for each other: no number of streams is faster.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("tanh", "x"), "c": ("add", "a", "b")})
    >>> critical_path(g, {"a": 1.0, "b": 5.0, "c": 2.0})
    7.0
    """
    ended: dict[str, Seconds] = {}
    for name, waits in dependences(graph, times).items():
        ended[name] = max((ended[other] for other in waits), default=0.0) + times[name]
    return max(ended.values(), default=0.0)


def least_memory_order(graph: Graph) -> tuple[int, tuple[str, ...]]:
    """The least peak of live bytes over all orders of the nodes, nothing in place, and an order that reaches it.

    Exact: what is live depends on which nodes have run, not on their order, so sets of nodes are searched, those of
    the least peak first. Raises ValueError for more than 20 nodes.

    >>> from labcore.compiler.graph import graph
    >>> wide = {"a": ("concat", "x", "x", {"axis": 0}), "b": ("concat", "x", "x", {"axis": 0})}
    >>> narrow = {"c": ("slice", "a", {"axis": 0, "start": 0, "stop": 1}), "d": ("slice", "b", {"axis": 0, "start": 0,
    ...           "stop": 1}), "e": ("add", "c", "d")}
    >>> g = graph({"x": (4,)}, wide | narrow)
    >>> least_memory_order(g)  # a and b together , then c, take 68 B; a, c and then b, d take 40 B
    (40, ('a', 'c', 'b', 'd', 'e'))
    """
    names = tuple(graph.by_name)
    if len(names) > MOST_ORDERED:
        raise ValueError(f"{len(names)} nodes are too many to try all orders, {MOST_ORDERED} is the most; "
                         "cut the graph where one value joins two parts")  # fmt: skip
    made, needs = _made(graph, names)
    heap, seen, full = [(0, 0, ())], set(), (1 << len(names)) - 1
    while heap[0][1] != full:
        peak, done, order = heapq.heappop(heap)
        if done in seen:
            continue
        seen.add(done)
        live = sum(nbytes for one, readers, nbytes in made if done & one and readers & ~done)
        for i, need in enumerate(needs):
            if not done >> i & 1 and not need & ~done:
                new = sum(nbytes for one, _, nbytes in made if one == 1 << i)
                heapq.heappush(heap, (max(peak, live + new), done | 1 << i, (*order, i)))
    return heap[0][0], tuple(names[i] for i in heap[0][2])


def _made(graph: Graph, names: tuple[str, ...]) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Each buffer as (bit of its maker, bits of all that read it, bytes), and the bits that each node needs."""
    bit = {name: 1 << i for i, name in enumerate(names)}
    end = 1 << len(names)  # the reader of outputs, which never runs
    made = []
    for one in lifetimes(graph, in_place=False):
        readers = {reader for value in one.values for reader in graph.consumers[value]}
        wanted = end if set(one.values) & set(graph.outputs) else 0
        made.append((bit[one.name], sum(bit[name] for name in readers) | wanted, one.nbytes))
    needs = [sum(bit[word] for word in dict.fromkeys(graph.node(name).inputs) if word in bit) for name in names]
    return made, needs
