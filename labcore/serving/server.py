"""The serving machine in simulated time, iteration by iteration.

Before an iteration: sequences that write get the pages they grow into, and where none is free the last to come leaves;
then requests join, as the scheduler and the memory allow, first come, first served. The iteration takes what the
engine says. After it every sequence that writes has one token more, or those of a round where drafts are checked, and
every prompt that was read to its end gives the first token of its answer. Tokens go out as they are made.

A sequence says once, as it begins to write, when it grows and when it ends, so an iteration touches only those that
join or leave: its cost does not grow with the batch.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from labcore.serving.batching import Scheduler
from labcore.serving.cache import Paged, Pool, Reserved
from labcore.serving.drafting import Drafts
from labcore.serving.passes import Passes
from labcore.serving.requests import Requests
from labcore.serving.run import Iteration, Stay
from labcore.serving.writers import Member, Writers


class Server:
    """The machine: a queue, a batch in the order in which its sequences joined, and pages.

    >>> from labcore.serving.batching import Continuous
    >>> from labcore.serving.engine import Clock
    >>> from labcore.serving.requests import requests
    >>> server = Server(requests([0.0], prompt=8, answer=3), Clock(T_pass=1.0), Continuous(1), Paged())
    >>> server.run()
    >>> server.first, server.last
    ([1.0], [3.0])
    """

    def __init__(
        self, requests: Requests, engine: Passes, scheduler: Scheduler, way: Reserved | Paged,
        drafts: Drafts | None = None,
    ) -> None:  # fmt: skip
        self.arrival, self.prompt, self.answer = (
            array.tolist() for array in (requests.arrival, requests.prompt, requests.answer)
        )
        self.engine, self.scheduler, self.pool = engine, scheduler, Pool(way, engine.room)
        self.drafts, self.rng = drafts, np.random.default_rng(drafts.seed if drafts else 0)
        self.new = 1 + drafts.gamma if drafts else 1  # tokens that each sequence brings to an iteration
        self.now, self.arrived, self.at = 0.0, 0, 0  # at: the number of the iteration
        self.waiting: deque[int] = deque()
        self.batch: dict[int, Member] = {}
        self.reading: deque[Member] = deque()  # those whose prompt is not read to its end
        self.writers = Writers(self.pool)
        self.idle = self.idle_pages = 0
        self.made = [0] * len(requests)
        self.first, self.last = [-1.0] * len(requests), [-1.0] * len(requests)
        self.iterations: list[Iteration] = []
        self.stays: list[Stay] = []

    def run(self) -> None:
        """Serve until nobody waits, runs or is to come."""
        while self.batch or self.waiting or self.arrived < len(self.arrival):
            self._arrive()
            if (self._grow() or not self.batch) and self.waiting:
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
        while (needed := self.pool.needed(self.at)) > self.pool.free:
            self._put_out()
            all_stay = False
        self.pool.free -= needed
        if self.idle:
            self._clear()
        return all_stay

    def _put_out(self) -> None:
        """The last to come gives up its pages and goes to the head of the queue, to be read again."""
        one = self.batch.popitem()[1]
        if one.first < 0:
            self.reading.pop()
            held, made = one.filled, 0
        else:
            held, made = one.filled + one.behind(self.at), one.behind(self.at) + 1
            self.writers.put_out(one, held)
        self.pool.free += one.pages if one.first < 0 else -(-held // self.pool.way.page)
        self.made[one.request] += made
        self.waiting.appendleft(one.request)
        self.stays.append(Stay(one.request, one.joined, one.first, self.at - 1, made, one.filled, True))

    def _join(self) -> None:
        first, more = self.arrival[self.waiting[0]], self.arrived < len(self.arrival)
        joins = self.scheduler.joins(len(self.waiting), len(self.batch) + self.idle, self.now, first, more)
        unread = sum(one.target - one.filled for one in self.reading) if joins > 0 else 0
        while self.waiting and joins > 0 and self.new * self.writers.count + unread < self.scheduler.budget:
            request = self.waiting[0]
            target = self.prompt[request] + self.made[request]
            pages = self.pool.way.let_in(target, self.prompt[request] + self.answer[request] - 1)
            if pages > self.pool.free:
                break
            self.waiting.popleft()
            self.pool.free -= pages
            one = self.batch[request] = Member(request, self.at, target, pages)
            self.reading.append(one)
            joins, unread = joins - 1, unread + target

    def _read(self) -> tuple[int, int, int, list[Member]]:
        """Read prompts up to the budget: their tokens, pairs and context, and the sequences read to their end."""
        left, tokens, pairs, context, done = self.scheduler.budget - self.new * self.writers.count, 0, 0, 0, []
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
        tokens, pairs, context, done = self._read() if self.reading else (0, 0, 0, [])
        writing, filled = self.writers.count, self.writers.step(self.at)
        rows = writing + self.idle
        T = self.drafts.time(rows, filled, (tokens, len(done), pairs, context)) if self.drafts else 0.0
        outputs, pairs, context = self.new * rows + len(done), pairs + self.new * filled, context + filled
        T += self.engine.time(self.new * rows + tokens, outputs, pairs, context)
        held = (self.pool.pages - self.pool.free) * self.pool.way.page
        partly = sum(one.filled for one in (*self.reading, *done)) if tokens or self.reading else 0
        self.iterations.append(
            Iteration(self.now, T, writing, self.idle, tokens, outputs, pairs, context, held, filled + partly)
        )
        self.now += T
        for one in done:
            self._begin_to_write(one)
        for one in self.writers.ending(self.at):
            self._finish(one)
        self.at += 1
        if self.idle:
            self._clear()

    def _clear(self) -> None:
        """A static batch that is done gives back the rows and pages of all who were in it."""
        if not self.batch:
            self.pool.free += self.idle_pages
            self.idle = self.idle_pages = 0

    def _begin_to_write(self, one: Member) -> None:
        request = one.request
        one.first = self.at
        left = self.answer[request] - self.made[request]
        one.path = self.drafts.path(left, self.rng) if self.drafts else range(left)
        self.first[request] = self.first[request] if self.made[request] else self.now
        self.writers.add(one)

    def _finish(self, one: Member) -> None:
        del self.batch[one.request]
        made = one.path[-1] + 1
        held = one.filled + made - 1
        self.writers.leave(held)
        pages = -(-held // self.pool.way.page) if self.pool.way.on_demand else one.pages
        if self.scheduler.slots_kept:
            self.idle, self.idle_pages = self.idle + 1, self.idle_pages + pages
        else:
            self.pool.free += pages
        self.made[one.request] += made
        self.last[one.request] = self.now
        self.stays.append(Stay(one.request, one.joined, one.first, self.at, made, one.target, False))
