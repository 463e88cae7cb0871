"""Streams: commands of one stream run in order, those of different streams at the same time where engines allow.

The host issues commands one after another, each for a launch overhead, and goes on without waiting; so launches hide
behind work that takes longer than they do. A command starts when it is issued, the command before it in its stream and
what it waits for (the events of CUDA) have ended, and its engine has the units free.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labcore.interconnect.schedule import RESOURCES, Exchange
from labcore.runtime.engine import Engine, run
from labcore.runtime.timeline import Event, Timeline, in_order
from labcore.units import Ratio, Seconds, positive_ints

if TYPE_CHECKING:
    import simpy

COPY_IN, CPU, COMPUTE, COPY_OUT = RESOURCES.values()
ENGINES = {COPY_IN: 1, CPU: 1, COMPUTE: 1, COPY_OUT: 1}  # a copy engine for each direction
HOST = "host"


@dataclass(frozen=True)
class Command:
    """Work for an engine: a kernel or a copy that takes T on `units` of it, and the commands it waits for, by name."""

    what: str
    engine: str
    T: Seconds
    stream: str = "0"
    after: tuple[str, ...] = ()
    units: int = 1

    def __post_init__(self) -> None:
        positive_ints(units=self.units)
        if not 0 <= self.T < float("inf"):
            raise ValueError(f"{self.what} takes a time of 0 s or more, got {self.T!r}")


def simulate(
    commands: Iterable[Command],
    engines: Mapping[str, int] | None = None,
    L_launch: Seconds = 0.0,
    blocking: bool = False,
    backfill: bool = False,
) -> Timeline:
    """Issue commands in the order given, each for `L_launch` of the host's time, and run them to the end.

    `engines` maps names to units, by default one of each of `ENGINES`. A `blocking` host waits for a command to end
    before it issues the next. `backfill` lets small kernels pass a large one that waits for units. Raises ValueError
    for an engine that is not there, more units than it has, a name used twice, or an `after` not issued before.

    >>> work = [Command("copy", "link in", 2.0, "a"), Command("old", "accelerator", 3.0, "b")]
    >>> line = simulate([*work, Command("new", "accelerator", 1.0, "a")], L_launch=0.5)
    >>> [(one.what, one.start, one.end) for one in line.events if one.engine != "host"]
    [('copy', 0.5, 2.5), ('old', 1.0, 4.0), ('new', 4.0, 5.0)]
    """
    import simpy

    commands, units = list(commands), dict(engines or ENGINES)
    _check(commands, units, L_launch)
    device = _Device(simpy.Environment(), units, backfill)
    device.env.process(device.host(commands, L_launch, blocking))
    return in_order(device.events, run(device.env))


class _Device:
    """Engines, what runs on them, and the command that each stream had issued last."""

    def __init__(self, env: simpy.Environment, units: Mapping[str, int], backfill: bool) -> None:
        self.env = env
        self.engines = {name: Engine(env, n, backfill) for name, n in units.items()}
        self.events: list[Event] = []
        self.issued: dict[str, simpy.Event] = {}
        self.last: dict[str, simpy.Event] = {}

    def host(self, commands: list[Command], L_launch: Seconds, blocking: bool) -> Generator:
        for one in commands:
            if L_launch:
                start = self.env.now
                yield self.env.timeout(L_launch)
                self.events.append(Event(start, self.env.now, HOST, f"launch {one.what}"))
            before = [self.issued[name] for name in one.after]
            if one.stream in self.last:
                before.append(self.last[one.stream])
            self.issued[one.what] = self.last[one.stream] = self.env.process(self.work(one, before))
            if blocking:
                yield self.issued[one.what]

    def work(self, one: Command, before: list[simpy.Event]) -> Generator:
        for earlier in before:
            if not earlier.processed:
                yield earlier
        yield self.engines[one.engine].take(one.units)
        start = self.env.now
        yield self.env.timeout(one.T)
        self.engines[one.engine].give_back(one.units)
        self.events.append(Event(start, self.env.now, one.engine, one.what, one.stream, one.units))


def pipelined(one: Exchange, chunks: int, buffers: int = 2) -> list[Command]:
    """Double buffering as commands: a stream for each engine, and events where a chunk waits for data or a buffer.

    The same rules as `labcore.interconnect.schedule.pipelined`, which has the closed form.

    >>> simulate(pipelined(Exchange(2.0, 0.0, 3.0, 1.0), chunks=4)).makespan  # 2 + 4 * 3 + 1
    15.0
    """
    positive_ints(chunks=chunks, buffers=buffers)
    commands = []
    for k in range(chunks):
        freed = (f"compute {k - buffers}",) if k >= buffers else ()
        emptied = (f"copy out {k - buffers}",) if k >= buffers else ()
        commands += [
            Command(f"copy in {k}", COPY_IN, one.copy_in, "in", freed),
            Command(f"launch {k}", CPU, one.launch, "host"),
            Command(f"compute {k}", COMPUTE, one.compute, "compute", (f"copy in {k}", f"launch {k}", *emptied)),
            Command(f"copy out {k}", COPY_OUT, one.copy_out, "out", (f"compute {k}",)),
        ]
    return commands


def by_chunk(one: Exchange, chunks: int, streams: int = 2) -> list[Command]:
    """Chunk k in stream k mod `streams`, copy in, compute, copy out: the way that a framework's manual shows.

    One stream is serial. n streams hold n chunks at once, so that a chunk ends every max(longest step, total / n):
    two streams do not keep an engine busy when its step is less than half of the total; three always do.

    >>> [simulate(by_chunk(Exchange(2.0, 0.0, 2.0, 2.0), 6, n)).makespan for n in (1, 2, 3)]
    [36.0, 20.0, 16.0]
    """
    positive_ints(chunks=chunks, streams=streams)
    steps = (("copy in", COPY_IN, one.copy_in), ("compute", COMPUTE, one.compute), ("copy out", COPY_OUT, one.copy_out))
    return [Command(f"{step} {k}", engine, T, str(k % streams)) for k in range(chunks) for step, engine, T in steps]


def launch_bound_share(T_kernel: Seconds, L_launch: Seconds) -> Ratio:
    """The share of the time that an engine works on equal kernels issued asynchronously: min(1, T_kernel / L_launch).

    >>> launch_bound_share(T_kernel=2.0, L_launch=5.0)
    0.4
    """
    return min(1.0, T_kernel / L_launch) if L_launch else 1.0


def issued_ahead(times: Iterable[Seconds], L_launch: Seconds) -> Seconds:
    """When the last kernel of one stream ends, issued by a host that does not wait: what `simulate` finds, in one loop.

    A kernel starts when it is issued and the one before it has ended. So it is no less than the sum of the launches, or
    of the kernels, and more where short kernels cannot hide the launches of those behind them.

    >>> issued_ahead([1.0, 8.0, 1.0], L_launch=3.0)  # issued at 3, 6, 9; the second ends at 14
    15.0
    """
    end = 0.0
    for k, T in enumerate(times, start=1):
        end = max(end, k * L_launch) + T
    return end


def _check(commands: list[Command], units: Mapping[str, int], L_launch: Seconds) -> None:
    if not 0 <= L_launch < float("inf"):
        raise ValueError(f"L_launch is a time of 0 s or more, got {L_launch!r}")
    seen: set[str] = set()
    for one in commands:
        if one.engine not in units:
            raise ValueError(f"{one.what} needs the engine {one.engine!r}; there are {', '.join(units)}")
        if one.units > units[one.engine]:
            raise ValueError(f"{one.what} needs {one.units} units of {one.engine}, which has {units[one.engine]}")
        if one.what in seen:
            raise ValueError(f"two commands are called {one.what!r}; number them")
        if late := [name for name in one.after if name not in seen]:
            raise ValueError(f"{one.what} waits for {late[0]!r}, which is not issued before it; issue that one first")
        seen.add(one.what)
