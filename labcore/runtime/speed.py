"""How fast the simulator is: events that SimPy takes from its queue in a second of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from labcore.runtime.engine import run
from labcore.runtime.plans import dynamic, serve
from labcore.runtime.requests import requests
from labcore.runtime.work import fixed
from labcore.units import Hertz, Seconds, positive_ints


def events_per_second(count: int = 20_000, clock: Callable[[], Seconds] = time.perf_counter) -> Hertz:
    """Events a second of one engine that serves `count` requests at half load, with memory, by the wall clock.

    >>> ticks = iter([0.0, 2.0])
    >>> steps = serve(requests(10, rate=0.5), fixed(1.0), dynamic()).timeline.steps
    >>> events_per_second(10, clock=lambda: next(ticks)) == steps / 2.0
    True
    """
    positive_ints(count=count)
    trace = requests(count, rate=0.5)
    start = clock()
    steps = serve(trace, fixed(1.0), dynamic()).timeline.steps
    return steps / (clock() - start)


def bare_events_per_second(count: int = 100_000, clock: Callable[[], Seconds] = time.perf_counter) -> Hertz:
    """The limit beside it: events a second of SimPy alone, one process that waits `count` times.

    >>> ticks = iter([0.0, 2.0])
    >>> bare_events_per_second(10, clock=lambda: next(ticks))  # its start, 10 waits, its end
    6.0
    """
    import simpy

    positive_ints(count=count)
    env = simpy.Environment()

    def waits() -> Generator:
        for _ in range(count):
            yield env.timeout(1.0)

    env.process(waits())
    start = clock()
    steps = run(env)
    return steps / (clock() - start)
