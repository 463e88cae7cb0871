"""How long an explorer takes from a moved control to the new picture, widgets included."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from importlib import import_module

from labcore.explore.controls import Choice, Control, Real, Whole
from labcore.explore.explorer import Explorer
from labcore.units import Seconds

LIMIT: Seconds = 0.050  # what a hand on a slider takes for at once
SUBJECTS = (  # modules of labcore.explore; each lists its explorers in `EXPLORERS`
    "amdahl", "specialization", "primitives", "execution", "sparsity", "systolic", "precision",
    "tensor_life", "caches", "transfers", "pressure", "roofline",
    "mapping", "dataflow", "layout", "fusion", "attention", "tiling",
    "compiler", "runtime", "multichip", "soc", "sustainability", "feasibility",
    "architectures", "serving", "codesign",
)  # fmt: skip


def explorers() -> tuple[Callable[[], Explorer], ...]:
    """What makes each explorer there is.

    >>> [make.__name__ for make in explorers() if make.__module__.endswith(".roofline")][:2]
    ['roofline_explorer', 'batch_explorer']
    """
    return tuple(make for name in SUBJECTS for make in import_module(f"labcore.explore.{name}").EXPLORERS)


def redraw_time(
    make: Callable[[], Explorer], repeats: int = 31, pick: Callable[[list[Seconds]], Seconds] = statistics.median
) -> Seconds:
    """Time in the kernel of a move of the numbers: data, drawing, png, the widgets' new state; the median of repeats.

    >>> 0 < redraw_time(explorers()[-1], repeats=3) < 10
    True
    """
    explorer = make()
    explorer._repr_mimebundle_()  # from here on there are widgets to keep up to date
    return pick([move_time(explorer, k) for k in range(repeats)])


def move_time(explorer: Explorer, k: int, clock: Callable[[], Seconds] = time.perf_counter) -> Seconds:
    """Time of one move of an explorer's numbers to their k-th values, by this clock.

    >>> 0 < move_time(explorers()[0](), 1) < 10
    True
    """
    values = dict(places(explorer, k, (Whole, Real)))
    start = clock()
    explorer.set(**values)
    return clock() - start


def redraw_times() -> dict[str, Seconds]:
    """The median redraw time of every explorer, by name."""
    return {make.__name__: redraw_time(make) for make in explorers()}


def places(explorer: Explorer, k: int, kinds: tuple[type, ...] = (Choice, Whole, Real)) -> Iterator[tuple[str, object]]:
    """The name of each control of these kinds, with the k-th value that it takes, over and over.

    >>> from labcore.explore.roofline import batch_explorer
    >>> dict(places(batch_explorer(), 3))["batch"]
    8
    """
    values = explorer.values
    for control in explorer.controls:
        if isinstance(control, kinds):
            values[control.name] = nth(control, k, values)
            yield control.name, values[control.name]


def nth(control: Control, k: int, values: dict[str, object]) -> object:
    """The k-th value that a control takes, over and over, while the others stand at `values`."""
    if isinstance(control, Choice):
        options = control.among(values)
        return options[k % len(options)]
    if isinstance(control, Whole) and control.log2:
        return control.low << k % (control.high // control.low).bit_length()
    return control.low + control.step * (k % (1 + int((control.high - control.low) / control.step)))
