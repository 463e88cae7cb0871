"""The serving machine in simulated time, iteration by iteration.

Before an iteration: sequences that write get the pages they grow into, and where none is free the last to come leaves;
then requests join, as the scheduler and the memory allow, first come, first served. The iteration takes what the
engine says. After it every sequence that writes has one token more, and every prompt that was read to its end gives
the first token of its answer. Tokens go out as they are made.

Sequences that write move in step, so an iteration touches only those that join or leave: its cost does not grow with
the batch.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from labcore.serving.batching import Scheduler
from labcore.serving.cache import Paged, Pool, Reserved, check_fits
from labcore.serving.engine import Clock, Engine
from labcore.serving.requests import Requests
from labcore.serving.run import Iteration, Run, Stay, table


@dataclass(slots=True)
class _Sequence:
    """A request in the batch: `target` tokens to read, of which `filled` are."""

    request: int
    joined: int
    target: int
    pages: int
    filled: int = 0
    first: int = -1
    ends: int = -1


class _Server:
    """The machine: a queue, a batch in the order in which its sequences joined, and pages."""

    def __init__(self, requests: Requests, engine: Engine | Clock, scheduler: Scheduler, way: Reserved | Paged) -> None:
        self.arrival, self.prompt, self.answer = (
            array.tolist() for array in (requests.arrival, requests.prompt, requests.answer)
        )
        self.engine, self.scheduler, self.pool = engine, scheduler, Pool(way, engine.room)
        self.now, self.arrived, self.at = 0.0, 0, 0  # at: the number of the iteration
        self.waiting: deque[int] = deque()
        self.batch: dict[int, _Sequence] = {}
        self.reading: deque[_Sequence] = deque()  # those whose prompt is not read to its end
        self.finishing: defaultdict[int, list[_Sequence]] = defaultdict(list)
        self.writing = self.idle = self.idle_pages = 0
        self.filled = 0  # tokens in the cache of sequences that write
        self.made = [0] * len(requests)
        self.first, self.last = [-1.0] * len(requests), [-1.0] * len(requests)
        self.iterations: list[Iteration] = []
        self.stays: list[Stay] = []

    def run(self) -> None:
        while self.batch or self.waiting or self.arrived < len(self.arrival):
            self._arrive()
            if self._grow() or not self.batch:
                self._join()
            if self.batch:
                self._iterate()
            else:
                self._sleep()

    def _arrive(self) -> None:
        while self.arrived < len(self.arrival) and self.arrival[self.arrived] <= self.now:
            self.waiting.append(self.arrived)
            self.arrived += 1

    def _sleep(self) -> None:
        """Nothing runs: the next thing to happen is an arrival, or the end of the scheduler's patience."""
        times = self.arrival[self.arrived : self.arrived + 1]
        if self.waiting:
            times.append(self.arrival[self.waiting[0]] + self.scheduler.timeout)
        if not min(times) > self.now:
            raise RuntimeError(f"an idle server let request {self.waiting[0]} wait: pages were not given back")
        self.now = min(times)

    def _grow(self) -> bool:
        """Give the sequences that write their new pages; False where that put another one out."""
        all_stay = True
        while self.pool.needed(self.at) > self.pool.free:
            self._put_out()
            all_stay = False
        self.pool.free -= self.pool.needed(self.at)
        self._clear()
        return all_stay

    def _put_out(self) -> None:
        """The last to come gives up its pages and goes to the head of the queue, to be read again."""
        one = self.batch.popitem()[1]
        if one.first < 0:
            self.reading.pop()
            held, made = one.filled, 0
        else:
            held, made = one.filled + self.at - 1 - one.first, self.at - one.first
            self.pool.in_step(one.first + 1, one.filled, -1)
            self.finishing[one.ends].remove(one)
            self.writing -= 1
            self.filled -= held
        self.pool.free += one.pages if one.first < 0 else -(-held // self.pool.way.page)
        self.made[one.request] += made
        self.waiting.appendleft(one.request)
        self.stays.append(Stay(one.request, one.joined, one.first, self.at - 1, made, one.filled, True))

    def _join(self) -> None:
        if not self.waiting:
            return
        first, more = self.arrival[self.waiting[0]], self.arrived < len(self.arrival)
        joins = self.scheduler.joins(len(self.waiting), len(self.batch) + self.idle, self.now, first, more)
        unread = sum(one.target - one.filled for one in self.reading) if joins > 0 else 0
        while self.waiting and joins > 0 and self.writing + unread < self.scheduler.budget:
            request = self.waiting[0]
            target = self.prompt[request] + self.made[request]
            pages = self.pool.way.let_in(target, self.prompt[request] + self.answer[request] - 1)
            if pages > self.pool.free:
                break
            self.waiting.popleft()
            self.pool.free -= pages
            one = self.batch[request] = _Sequence(request, self.at, target, pages)
            self.reading.append(one)
            joins, unread = joins - 1, unread + target

    def _read(self) -> tuple[int, int, int, list[_Sequence]]:
        """Read prompts up to the budget: their tokens, pairs and context, and the sequences read to their end."""
        left, tokens, pairs, context, done = self.scheduler.budget - self.writing, 0, 0, 0, []
        while self.reading and left > 0:
            one = self.reading[0]
            take = min(left, one.target - one.filled)
            pairs += take * one.filled + take * (take + 1) // 2
            one.filled += take
            context += one.filled
            tokens, left = tokens + take, left - take
            if one.filled == one.target:
                done.append(self.reading.popleft())
        return tokens, pairs, context, done

    def _iterate(self) -> None:
        tokens, pairs, context, done = self._read()
        self.filled += self.writing  # each writes the keys and values of the token that it reads
        rows = self.writing + self.idle
        outputs, pairs, context = rows + len(done), pairs + self.filled, context + self.filled
        T = self.engine.time(rows + tokens, outputs, pairs, context)
        held = (self.pool.pages - self.pool.free) * self.pool.way.page
        partly = sum(one.filled for one in self.reading) + sum(one.filled for one in done)
        self.iterations.append(
            Iteration(self.now, T, self.writing, self.idle, tokens, outputs, pairs, context, held, self.filled + partly)
        )
        self.now += T
        for one in done:
            self._begin_to_write(one)
        for one in self.finishing.pop(self.at, ()):
            self._finish(one)
        self.at += 1
        self._clear()

    def _clear(self) -> None:
        """A static batch that is done gives back the rows and pages of all who were in it."""
        if self.idle and not self.batch:
            self.pool.free += self.idle_pages
            self.idle = self.idle_pages = 0

    def _begin_to_write(self, one: _Sequence) -> None:
        request = one.request
        one.first = self.at
        one.ends = self.at + self.answer[request] - self.made[request] - 1
        self.first[request] = self.first[request] if self.made[request] else self.now
        self.writing += 1
        self.filled += one.filled
        self.pool.in_step(self.at + 1, one.filled)
        self.finishing[one.ends].append(one)

    def _finish(self, one: _Sequence) -> None:
        del self.batch[one.request]
        made = one.ends - one.first + 1
        held = one.filled + made - 1
        self.pool.in_step(one.first + 1, one.filled, -1)
        self.writing -= 1
        self.filled -= held
        pages = -(-held // self.pool.way.page) if self.pool.way.on_demand else one.pages
        if self.scheduler.slots_kept:
            self.idle, self.idle_pages = self.idle + 1, self.idle_pages + pages
        else:
            self.pool.free += pages
        self.made[one.request] += made
        self.last[one.request] = self.now
        self.stays.append(Stay(one.request, one.joined, one.first, self.at, made, one.target, False))


def simulate(
    requests: Requests, engine: Engine | Clock, scheduler: Scheduler, way: Reserved | Paged | None = None
) -> Run:  # fmt: skip
    """Serve a trace to its end; pages of 16 tokens unless another `way` to give out memory is wanted.

    Raises ValueError for a request that the cache could never hold, with what would do, and for one beyond the model's
    positions.

    >>> from labcore.serving.batching import Continuous, Static
    >>> from labcore.serving.requests import at_once, requests
    >>> four = requests(at_once(4), prompt=10, answer=[1, 4, 1, 4])
    >>> [float(simulate(four, Clock(T_pass=1.0), how(2)).last.max()) for how in (Static, Continuous)]  # 4 + 4; 1, 1, 4
    [8.0, 6.0]
    """
    way = way or Paged()
    most = requests.prompt + requests.answer - 1
    if most.max() > engine.positions:
        raise ValueError(
            f"request {most.argmax()} comes to hold {most.max()} tokens, beyond the {engine.positions} positions of "
            f"the model; cut it to {engine.positions}"
        )
    check_fits(most, way, engine.room)
    server = _Server(requests, engine, scheduler, way)
    server.run()
    return Run(requests, engine, scheduler, way, table(Iteration, server.iterations), table(Stay, server.stays),
               np.array(server.first), np.array(server.last))  # fmt: skip
