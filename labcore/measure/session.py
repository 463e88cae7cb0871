"""One session of measuring: what to run, in which order, and what is made of it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labcore.measure import compute, gpu, machine, memory, operations
from labcore.measure.rows import Row
from labcore.measure.tables import Measured, Roofs
from labcore.units import Bytes, Seconds

MOST: Bytes = 512 * 2**20  # the largest working set
T_ALL, T_LATE = 75.0, 5.0  # seconds that a session should take, and by which it may fall behind
FEWEST = 3  # repeats that still have quartiles
SHARE = 8  # at most this part of the free memory, so that nothing is swapped out


@dataclass(frozen=True)
class Plan:
    """How much is measured; `quick` takes some seconds and shows the shape, not the last digit."""

    quick: bool = False

    @property
    def repeats(self) -> int:
        """Samples of each median."""
        return 3 if self.quick else 7

    @property
    def T_least(self) -> Seconds:
        """Least time of a sample."""
        return 0.002 if self.quick else 0.01

    @functools.cached_property  # what is free is asked once: measuring itself changes it
    def largest(self) -> Bytes:
        """The largest working set, a power of two: 512 MiB, less where memory is short."""
        room = min(MOST // 8 if self.quick else MOST, machine.memory()[1] // SHARE)
        return 2 ** max(int(room).bit_length() - 1, 20)

    @property
    def threads(self) -> tuple[int, ...]:
        """All usable cores, and one."""
        return tuple(dict.fromkeys((machine.usable_cores(), 1)))

    def steps(self) -> list[Callable[[int], Row]]:
        """Every measurement of the host, in the order of the tables: called with its repeats, each gives its row."""
        sizes = memory.working_sets(2**14, self.largest, 1 if self.quick else 2)
        products = (128, 256) if self.quick else (512, 1024, 2048)
        return [
            *memory.steps(sizes, self.threads, self.T_least),
            *compute.steps(products, self.threads, self.T_least),
            *operations.steps(self.quick, self.threads[0], self.largest, self.T_least),
        ]


def run_steps(
    steps: list[Callable[[int], Row]],
    repeats: int,
    progress: Callable[[list], Iterable] = iter,
    clock: Callable[[], Seconds] = time.perf_counter,
) -> list[Row]:
    """The rows of all steps; where they fall behind the time there is, the rest are repeated less often.

    >>> run_steps([lambda repeats: repeats] * 3, 7, clock=iter([0.0, 0.0, 500.0, 500.0]).__next__)
    [7, 3, 3]
    """
    start, rows = clock(), []
    for step in progress(steps):
        late = clock() - start > T_ALL * len(rows) / len(steps) + T_LATE
        rows.append(step(min(repeats, FEWEST) if late else repeats))
    return rows


def measure(quick: bool = False, progress: Callable[[list], Iterable] = iter) -> Measured:
    """Measure this machine; `progress` wraps the list of steps on its way to being run.

    A GPU is measured too where torch is installed and finds one.
    """
    plan = Plan(quick)
    about = machine.describe(plan.threads[0], "labcore measure --quick" if quick else "labcore measure")
    device = gpu.device()
    steps = plan.steps()
    on_device = gpu.steps(device, quick) if device else []
    rows = run_steps([*steps, *on_device], plan.repeats, progress)
    host = Roofs.of(rows[: len(steps)])
    roofs = Roofs.of(rows[len(steps) :]) if on_device else None
    held = all(map(compute.can_hold, plan.threads))
    doubts = tuple(machine.doubts(about, host, held, operations.left_out(quick, plan.largest)))
    return Measured(about | gpu.describe(device), host, roofs, doubts)
