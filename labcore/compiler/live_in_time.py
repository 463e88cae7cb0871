"""Which bytes are live when kernels run side by side: buffers by the clock of a schedule, not by a list of nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from labcore.compiler.graph import Graph
from labcore.compiler.lifetime import Buffer, lifetimes
from labcore.interconnect.schedule import Interval

KERNEL = "kernel of "


def lifetimes_in_time(graph: Graph, intervals: Iterable[Interval]) -> list[Buffer]:
    """The buffers of a graph, nothing in place, as `labcore.compiler.schedule.schedule` runs it.

    Each lives from the start of the kernel that makes it to the end of the last that reads it. The steps are the
    starts and ends of all kernels in order of time. In one stream they meet as in `lifetimes`; in two streams more do.
    Raises ValueError where no kernel in the schedule makes a buffer.

    >>> from labcore.compiler.graph import graph
    >>> from labcore.compiler.schedule import schedule
    >>> g = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("tanh", "x"), "c": ("add", "a", "b")})
    >>> T = {"a": 1.0, "b": 2.0, "c": 1.0}
    >>> [(one.name, one.first, one.last) for one in lifetimes_in_time(g, schedule(g, T, streams=2))]
    [('a', 0, 2), ('b', 0, 2), ('c', 2, 2)]
    """
    at = {one.step.removeprefix(KERNEL): one for one in intervals if one.step.startswith(KERNEL)}
    step = {t: k for k, t in enumerate(sorted({t for one in at.values() for t in (one.start, one.end)}))}
    found = []
    for buffer in lifetimes(graph, in_place=False):
        if buffer.name not in at:
            raise ValueError(f"no kernel in the schedule makes {buffer.name!r}; give a time for every node but views")
        readers = {reader for value in buffer.values for reader in graph.consumers[value]}
        ends = [at[name].end for name in readers if name in at] or [at[buffer.name].end]
        end = len(step) - 1 if set(buffer.values) & set(graph.outputs) else step[max(ends)]
        found.append(replace(buffer, first=step[at[buffer.name].start], last=max(end - 1, step[at[buffer.name].start])))
    return found
