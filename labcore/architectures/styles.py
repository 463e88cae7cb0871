"""Styles of execution, in a core and across a system, each with a property that one of our machines shows.

The two tables that the essay announces. A row says who schedules (hardware, at run time; or a compiler, before), what
the memory looks like to a program, and how large the piece of work is that is scheduled. `shown` runs the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from labcore.architectures.engines import ATTENTION, POLICIES, durations, simulate
from labcore.architectures.irregular import by_tasks, in_step, lengths, pipeline
from labcore.catalogue.execution import MMA_TILES
from labcore.simt.kernels import two_paths
from labcore.simt.warp import launch
from labcore.systolic import simulate as array
from labcore.units import counted
from labcore.vector.counts import instructions

LEVELS = ("core", "system")


@dataclass(frozen=True)
class Style:
    """One row: where it applies, its memory, who schedules, the piece of work, who has it, and what it promises."""

    name: str
    level: str
    memory: str
    scheduling: str
    granularity: str
    examples: tuple[str, ...]
    promise: str
    measure: Callable[[], Mapping[str, float]]


def _simd() -> dict[str, float]:
    return {f"instructions, {counted(lanes, 'lane')}": instructions("relu", 4096, lanes) for lanes in (1, 16)}


def _simt() -> dict[str, float]:
    one, both = (launch(two_paths, 32, np.arange(32) < taken, 50, 50).utilization for taken in (32, 16))
    return {"utilization, one path": one, "utilization, two paths": both}


def _tile() -> dict[str, float]:
    tile = MMA_TILES["fp16"][-1]
    loaded = tile.m * tile.k + tile.k * tile.n
    return {"MACs an instruction": tile.macs, "MACs an operand loaded": tile.macs / loaded}


def _systolic() -> dict[str, float]:
    A, B = np.ones((64, 8), int), np.ones((8, 8), int)
    run = array(A, B, rows=8, cols=8, dataflow="ws")
    return {"MACs an input read": run.macs / run.reads["A"], "MACs a weight read": run.macs / run.reads["B"]}


def _vliw() -> dict[str, float]:
    even, uneven = (simulate(ATTENTION, durations(ATTENTION, 100, kind), "clocked") for kind in ("equal", "two"))
    return {"utilization, known times": even.utilization("tensor"),
            "utilization, a tenth of steps ten times as long": uneven.utilization("tensor")}  # fmt: skip


def _streamed() -> dict[str, float]:
    times = np.ones((1000, 4))
    return {"time, one operation after another": float(times.sum()), "time, four streamed": pipeline(times).T}


def _bulk() -> dict[str, float]:
    drawn = lengths(64 * 100, "exponential")
    return {"utilization, 64 cores, a barrier after each step": in_step(drawn, 64).utilization}


def _tasks() -> dict[str, float]:
    drawn = lengths(64 * 100, "exponential")
    return {"utilization, dealt out": by_tasks(drawn, 64, static=True).utilization,
            "utilization, taken when free": by_tasks(drawn, 64).utilization}  # fmt: skip


def _dataflow() -> dict[str, float]:
    even, uneven = (lengths(8 * 1000, kind).reshape(1000, 8) for kind in ("equal", "exponential"))
    return {"utilization, equal stages": pipeline(even, 4).utilization,
            "utilization, jitter, 1 buffer": pipeline(uneven, 1).utilization,
            "utilization, jitter, 64 buffers": pipeline(uneven, 64).utilization}  # fmt: skip


def _planned() -> dict[str, float]:
    known = simulate(ATTENTION, durations(ATTENTION, 100), "clocked").makespan
    jitter = [durations(ATTENTION, 100, "exponential", seed) for seed in range(5)]
    return {
        f"time under jitter over the known, {policy}": float(
            np.mean([simulate(ATTENTION, T, policy).makespan for T in jitter]) / known
        )
        for policy in POLICIES
    }


STYLES = (
    Style("SIMD", "core", "vector registers", "hardware issues in program order", "a vector",
          ("CPU vector units", "GPSIMD", "SFPU"), "instructions fall by the lanes", _simd),
    Style("SIMT", "core", "shared address space, caches", "hardware picks a ready warp each cycle", "a warp",
          ("NVIDIA and AMD GPUs",), "threads may branch, but a warp pays for every path", _simt),
    Style("matrix tile", "core", "register fragments", "one instruction of a warp or core", "a tile",
          ("tensor cores", "AMX", "Tensix matrix engine"), "an operand that is loaded serves many MACs", _tile),
    Style("systolic", "core", "operands pass from PE to PE", "fixed by the array", "a tile that streams",
          ("TPU", "Trainium tensor engine"), "each weight is read once and used for every row", _systolic),
    Style("VLIW", "core", "scratchpads", "the compiler fixes every slot", "a bundle of operations",
          ("Groq LPU", "Hexagon"), "no hardware decides, so nothing adapts either", _vliw),
    Style("streaming", "core", "buffers between stages", "data that arrive start a stage", "a vector that streams",
          ("SN40L compute units", "Cerebras cores"), "operations overlap and intermediates stay on chip", _streamed),
    Style("bulk synchronous", "system", "shared memory, or an exchange between steps", "a barrier after each step",
          "a kernel", ("Graphcore IPU", "GPU kernels in a stream"), "simple, but all wait for the slowest", _bulk),
    Style("tasks", "system", "scratchpads and explicit messages", "whoever is free takes the next", "a task",
          ("Tenstorrent", "CPU thread pools"), "unequal work spreads by itself", _tasks),
    Style("dataflow", "system", "buffers between the stages' own memories", "placed before, paced by data",
          "a tile that moves on", ("SambaNova", "Cerebras"), "a result every slowest stage, if buffers absorb jitter",
          _dataflow),
    Style("static plan", "system", "scratchpads", "the compiler fixes place and time, chips included", "an instruction",
          ("Groq racks",), "time is known before; what a plan does not know costs it", _planned),
)  # fmt: skip


def table(level: str) -> list[dict[str, str]]:
    """The rows of one table, "core" or "system", as text by column.

    >>> [row["name"] for row in table("system")]
    ['bulk synchronous', 'tasks', 'dataflow', 'static plan']
    """
    if level not in LEVELS:
        raise ValueError(f"a table is one of {', '.join(LEVELS)}; got {level!r}")
    columns = ("name", "memory", "scheduling", "granularity", "promise")
    return [
        {column: getattr(one, column) for column in columns} | {"examples": ", ".join(one.examples)}
        for one in STYLES
        if one.level == level
    ]


def style(name: str) -> Style:
    """The style of that name; raises ValueError with those there are.

    >>> style("SIMT").granularity
    'a warp'
    """
    found = next((one for one in STYLES if one.name.casefold() == name.casefold()), None)
    if found is None:
        raise ValueError(f"no style is called {name!r}; there are {', '.join(one.name for one in STYLES)}")
    return found


def shown(name: str) -> dict[str, float]:
    """What our machine of a style measures, by what was measured: the promise of its row, in numbers.

    >>> shown("SIMD")
    {'instructions, 1 lane': 28672, 'instructions, 16 lanes': 2048}
    """
    return dict(style(name).measure())
