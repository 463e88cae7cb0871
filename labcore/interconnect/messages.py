"""Chips that pass messages, every message in time and with the data it carries.

Every chip, a rank, goes through its steps in order, as a program of blocking sends and receives does. A message begins
when both its ends have come to its step and the ports it needs are free; what it carries is what the sender held when
it entered the step; what has come in is stored when the step is over. Times are whole ticks, so sums of latencies and
transfers are exact, and become seconds once, at the end.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.interconnect.network import Message, Network, message_time
from labcore.units import Bytes, Seconds, positive_ints


@dataclass(frozen=True)
class Event:
    """When a message was under way."""

    message: Message
    start: Seconds
    end: Seconds


@dataclass(frozen=True)
class Run:
    """What came of it: time, the data of every rank (ranks, elements), bytes out of and into every rank, the events."""

    T: Seconds
    data: np.ndarray
    sent: tuple[Bytes, ...]
    received: tuple[Bytes, ...]
    events: tuple[Event, ...]


def simulate(messages: Sequence[Message], data: np.ndarray, network: Network, bytes_per_element: int = 1) -> Run:
    """Run messages over a network; data is (ranks, elements), and is not changed.

    A part of no elements is still a message and pays its latency. Raises ValueError for a rank or elements that are
    not there.

    >>> from labcore.interconnect.link import Link
    >>> link = Link("x", BW_one_way=2.0, L_lat=1.0)
    >>> run = simulate([Message(0, 0, 1, 0, 4, adds=True)], np.ones((2, 4), int), Network(2, link))
    >>> run.T, run.data[1].tolist(), run.sent
    (3.0, [2, 2, 2, 2], (4, 0))
    """
    positive_ints(bytes_per_element=bytes_per_element)
    data = np.array(data)
    if data.ndim != 2 or len(data) != network.ranks:
        raise ValueError(f"data is ({network.ranks}, elements), a row for each rank; got {data.shape}")
    for one in messages:
        _check(one, *data.shape)
    machine = _Machine(list(messages), data, network, bytes_per_element)
    while machine.begin() or machine.flying:
        machine.land()
    return machine.run()


def _check(one: Message, ranks: int, elements: int) -> None:
    if not (0 <= one.src < ranks and 0 <= one.dst < ranks and one.src != one.dst):
        raise ValueError(f"a message goes between two of ranks 0 to {ranks - 1}, got {one.src} to {one.dst}")
    if not 0 <= one.start <= one.stop <= elements:
        raise ValueError(f"a message carries part of elements 0 to {elements}, got {one.start} to {one.stop}")


class _Machine:
    """The ranks while they run: the step each is at, messages that could begin, and messages under way."""

    def __init__(self, messages: list[Message], data: np.ndarray, network: Network, b: int) -> None:
        self.messages, self.data, self.network, self.b = messages, data, network, b
        seconds = [message_time(network.link(m.src, m.dst), 1, b * (m.stop - m.start)) for m in messages]
        self.scale = math.lcm(*(T.denominator for T in seconds))
        self.ticks = [int(T * self.scale) for T in seconds]
        self.left = [Counter() for _ in range(network.ranks)]  # of each rank: step -> messages that have not ended
        self.of: dict[tuple[int, int], list[int]] = {}  # (rank, step) -> its messages
        for i, m in enumerate(messages):
            for rank in (m.src, m.dst):
                self.left[rank][m.step] += 1
                self.of.setdefault((rank, m.step), []).append(i)
        self.steps = [sorted(steps, reverse=True) for steps in self.left]
        self.arrived: list[list[tuple[Message, np.ndarray]]] = [[] for _ in range(network.ranks)]
        self.now, self.flying, self.busy = 0, [], set()
        self.carried: dict[int, np.ndarray] = {}
        self.times: dict[int, tuple[int, int]] = {}
        self.waiting = sorted({i for rank in range(network.ranks) for i in self._meets(rank)}, key=self._turn)

    def _turn(self, i: int) -> tuple[int, int]:
        return self.messages[i].step, i

    def _meets(self, rank: int) -> list[int]:
        """Messages of the rank's step whose other end has come to it too."""
        if not self.steps[rank]:
            return []
        step = self.steps[rank][-1]
        met = self.of[rank, step]
        return [i for i in met if all(self._at(end) == step for end in (self.messages[i].src, self.messages[i].dst))]

    def _at(self, rank: int) -> int | None:
        return self.steps[rank][-1] if self.steps[rank] else None

    def begin(self) -> bool:
        """Begin every message that can, earlier steps first; True if one did."""
        stay = []
        for i in self.waiting:
            m = self.messages[i]
            ports = self.network.ports(m.src, m.dst)
            if self.busy.isdisjoint(ports):
                self.busy.update(ports)
                self.carried[i] = self.data[m.src, m.start : m.stop].copy()
                self.times[i] = self.now, self.now + self.ticks[i]
                heapq.heappush(self.flying, (self.times[i][1], i))
            else:
                stay.append(i)
        began = len(stay) < len(self.waiting)
        self.waiting = stay
        return began

    def land(self) -> None:
        """Go on to the next end of a message, and take all that end then."""
        self.now, moved = self.flying[0][0], set()
        while self.flying and self.flying[0][0] == self.now:
            _, i = heapq.heappop(self.flying)
            m = self.messages[i]
            self.busy.difference_update(self.network.ports(m.src, m.dst))
            self.arrived[m.dst].append((m, self.carried.pop(i)))
            for rank in (m.src, m.dst):
                self.left[rank][m.step] -= 1
                if not self.left[rank][m.step]:
                    self._store(rank)
                    moved.add(rank)
        met = {i for rank in moved for i in self._meets(rank)}
        self.waiting = sorted({*self.waiting, *met}, key=self._turn)

    def _store(self, rank: int) -> None:
        """End a rank's step: what came in during it is added or put in place."""
        for m, values in self.arrived[rank]:
            part = self.data[rank, m.start : m.stop]
            part[:] = part + values if m.adds else values
        self.arrived[rank].clear()
        self.steps[rank].pop()

    def run(self) -> Run:
        """The whole run, in seconds and bytes."""
        sent, received = Counter(), Counter()
        for m in self.messages:
            sent[m.src] += self.b * (m.stop - m.start)
            received[m.dst] += self.b * (m.stop - m.start)
        ranks = range(self.network.ranks)
        times = sorted(self.times.items(), key=lambda item: (item[1], item[0]))
        events = tuple(Event(self.messages[i], *(t / self.scale for t in span)) for i, span in times)
        out, into = (tuple(count[rank] for rank in ranks) for count in (sent, received))
        return Run(self.now / self.scale, self.data, out, into, events)
