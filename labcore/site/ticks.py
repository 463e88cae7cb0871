"""Which states of an explorer a page carries: a grid over its controls' own ticks, thinned until it fits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from labcore.explore.controls import Choice, Control, Real, Values, plain

STATES = 400  # of one explorer


def grid(control: Control, values: Values) -> list[object]:
    """All ticks of a control while those before it stand at `values`, in order.

    >>> from labcore.explore.controls import Whole
    >>> grid(Whole("batch", "Batch", 1, 64, 8, log2=True), {})
    [1, 2, 4, 8, 16, 32, 64]
    """
    if isinstance(control, Choice):
        return list(control.among(values))
    last = control.settle(control.high, values)
    if getattr(control, "log2", False):
        return [2**k for k in range(control.low.bit_length() - 1, last.bit_length())]
    steps = range(math.floor((last - control.low) / control.step + 1e-9) + 1)
    ticks = [control.low + k * control.step for k in steps]
    ticks = [plain(tick) for tick in ticks] if isinstance(control, Real) else ticks
    return ticks if ticks[-1] == last else [*ticks, last]


def thin(ticks: Sequence[object], count: int, keep: Sequence[object]) -> list[object]:
    """So many of the ticks, evenly spread: with the edges, and with those to keep in place of their neighbours.

    >>> thin(range(1, 101), 5, keep=[32])
    [1, 32, 51, 75, 100]
    >>> thin("abcd", 1, keep="c"), thin("abcd", 2, keep="c")
    (['c'], ['a', 'c'])
    """
    if count >= len(ticks):
        return list(ticks)
    wanted = [ticks.index(one) for one in keep if one in ticks][:count]
    if count == 1:
        return [ticks[wanted[0] if wanted else 0]]
    picks = {round(k * (len(ticks) - 1) / (count - 1)) for k in range(count)}
    inner = {0, len(ticks) - 1} if count > 2 else set()
    for index in wanted:
        loose = picks - set(wanted) - inner
        if index not in picks and loose:
            picks = picks - {min(loose, key=lambda pick: (abs(pick - index), pick))} | {index}
    return [ticks[index] for index in sorted(picks)]


def offered(control: Control, count: int, values: Values, keep: Sequence[object]) -> list[object]:
    """The ticks of a control that the page keeps while those before it stand at `values`; `keep` starts with its start.

    >>> from labcore.explore.controls import Whole
    >>> offered(Whole("N", "Width", 1, 1024, 129, log2=True), 4, {}, [129])
    [1, 16, 129, 1024]
    """
    start = control.settle(keep[0], values)
    ticks = grid(control, values)
    if start not in ticks:  # a number between the slider's places
        ticks = sorted([*ticks, start])
    return thin(ticks, count, [start, *keep[1:]])


def named(control: Control, question: str) -> list[object]:
    """What a question names that a control could stand at: numbers, options.

    >>> from labcore.explore.controls import Whole
    >>> named(Whole("batch", "Batch", 1, 64, 8), "From 32 on, or from 1,000?")
    [32]
    """
    if isinstance(control, Choice):
        return [option for option in control.options if option in question] if not control.follows else []
    numbers = [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", question)]
    return [one if isinstance(control, Real) else int(one) for one in numbers if control.low <= one <= control.high]


def least(control: Control, length: int) -> int:
    """Ticks below which a control tells nothing: two options, or the start and both edges."""
    return min(length, 2 if isinstance(control, Choice) else 3)


def shares(
    lengths: Mapping[str, int], floors: Mapping[str, int], effect: Callable[[str], int], states: int = STATES
) -> dict[str, int]:
    """How many ticks each control keeps so that the grid has at most so many states.

    The longest list gives first. Where even the floors are too many, controls whose `effect` is least stand still.

    >>> shares({"chip": 26, "batch": 13, "phase": 2}, {"chip": 2, "batch": 3, "phase": 2}, len, states=100)
    {'chip': 7, 'batch': 7, 'phase': 2}
    """
    kept, floors = dict(lengths), dict(floors)
    while math.prod(floors.values()) > states:
        dropped = min((name for name in floors if floors[name] > 1), key=effect)
        kept[dropped] = floors[dropped] = 1
    while math.prod(kept.values()) > states:
        longest = max((name for name in kept if kept[name] > floors[name]), key=lambda name: kept[name])
        kept[longest] -= 1
    return kept


def walk(
    controls: Sequence[Control], shares: Mapping[str, int], keep: Mapping[str, Sequence[object]]
) -> Iterator[tuple[tuple[int, ...], dict[str, object], list[list[object]]]]:
    """Every state of the grid: places on the controls' ticks, values, and the ticks that there were.

    >>> from labcore.explore.controls import Whole
    >>> [where for where, _, _ in walk([Whole("n", "n", 1, 3, 2)], {"n": 3}, {"n": [2]})]
    [(0,), (1,), (2,)]
    """

    def deeper(where: tuple, values: dict, lists: list) -> Iterator:
        if len(where) == len(controls):
            yield where, values, lists
            return
        control = controls[len(where)]
        ticks = offered(control, shares[control.name], values, keep[control.name])
        for place, tick in enumerate(ticks):
            yield from deeper((*where, place), values | {control.name: tick}, [*lists, ticks])

    yield from deeper((), {}, [])
