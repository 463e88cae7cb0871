"""Engines in simulated time: units handed out in the order asked for, on SimPy's clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from labcore.units import positive_ints

if TYPE_CHECKING:
    import simpy


class Engine:
    """So many units of something; who asks gets them in order, and waits until they are free.

    With `backfill` a small request passes a larger one that does not fit yet, as small kernels fill the
    multiprocessors that a large one leaves. The larger one may then starve.
    """

    def __init__(self, env: simpy.Environment, units: int = 1, backfill: bool = False) -> None:
        positive_ints(units=units)
        self.env, self.units, self.free, self.backfill = env, units, units, backfill
        self.waiting: deque[tuple[int, simpy.Event]] = deque()

    def take(self, units: int = 1) -> simpy.Event:
        """An event that comes when the units are the caller's."""
        granted = self.env.event()
        self.waiting.append((units, granted))
        self._grant()
        return granted

    def give_back(self, units: int = 1) -> None:
        """Free units, and hand them to who waits."""
        self.free += units
        self._grant()

    def _grant(self) -> None:
        while self.waiting and self.waiting[0][0] <= self.free:
            self._give(self.waiting.popleft())
        if self.backfill:
            for asked in list(self.waiting):
                if asked[0] <= self.free:
                    self.waiting.remove(asked)
                    self._give(asked)

    def _give(self, asked: tuple[int, simpy.Event]) -> None:
        self.free -= asked[0]
        asked[1].succeed()


def run(env: simpy.Environment) -> int:
    """Run until nothing is left to happen; how many events the simulator took from its queue.

    >>> import simpy
    >>> env = simpy.Environment()
    >>> _ = env.timeout(2.0), env.timeout(1.0)
    >>> run(env), env.now
    (2, 2.0)
    """
    steps = 0
    while env.peek() < float("inf"):
        env.step()
        steps += 1
    return steps
