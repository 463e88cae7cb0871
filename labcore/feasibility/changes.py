"""What may be changed in a question: chips, batch, bits, context, each with its steps, the mildest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from labcore.catalogue import CHIPS, K80_BOARD
from labcore.catalogue.facts import Accelerator
from labcore.feasibility.prices import LIMITED, prices
from labcore.feasibility.question import Question
from labcore.feasibility.split import chip_counts
from labcore.feasibility.workload import Workload, workload
from labcore.models.load import with_batch
from labcore.precision import bytes_per_element

STORED = ("int8", "int4")
MOST_CUT = 8  # a context shorter than this part is another task
TWIN = {"fp16": "bf16", "bf16": "fp16"}  # of one size, so that a chip with the other one serves as well
SOLD = [one for one in CHIPS if one.vendor != "none" and one is not K80_BOARD]  # two GPUs, neither sees all memory


def _fewer_bits(q: Question) -> list[Question]:
    """Weights alone in 8 bits, then all of it, then weights alone in 4 bits, then all: what is fewer than now."""
    now = bytes_per_element(q.precision)
    stored = bytes_per_element(q.weights or q.precision)
    sizes = {bytes_per_element(p): p for p in reversed(q.chip.precisions)}  # the first of each size stays
    steps = [(-size, 0, replace(q, weights=p)) for p in STORED if (size := bytes_per_element(p)) < stored]
    for size, p in sizes.items():
        if size < now:
            steps.append((-size, 1, replace(q, precision=p, weights=q.weights if stored < size else None)))
    return [one for _, _, one in sorted(steps, key=lambda step: step[:2])]


class _Steps(Sequence):
    """Questions that differ in one number, made when asked for."""

    def __init__(self, change: Callable[[int], Question], values: Sequence[int]) -> None:
        self.change, self.values = change, values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, at: int) -> Question:
        return self.change(self.values[at])


def _smaller_batch(q: Question) -> Sequence[Question]:
    whole = _whole(q)
    step = 1 if whole.kv_heads else q.chips  # a batch that is dealt out stays a multiple of the chips

    def at(batch: int) -> Question:
        return replace(q, batch=batch, shapes=with_batch(q.shapes, whole.batch, batch))

    return _Steps(at, range(whole.batch - step, 0, -step))


def _shorter_context(q: Question) -> Sequence[Question]:
    context = _whole(q).context or 1
    return _Steps(lambda tokens: replace(q, context=tokens), range(context - 1, math.ceil(context / MOST_CUT) - 1, -1))


def _fewer_chips(q: Question) -> list[Question]:
    return [replace(q, chips=n) for n in _counts(q) if n < q.chips]


def _more_chips(q: Question) -> list[Question]:
    return [replace(q, chips=n) for n in _counts(q) if n > q.chips]


def _counts(q: Question) -> list[int]:
    whole = _whole(q)
    return chip_counts(whole.kv_heads or whole.batch)


def _whole(q: Question) -> Workload:
    return workload(q.model, q.batch, q.context, q.precision, shapes=q.shapes)


def _another_chip(q: Question) -> list[Question]:
    chips = [one for one in SOLD if one.name != q.chip.name and _published(q, one)]
    fitting: Iterable = ((one, p) for one in chips for p in (q.precision, TWIN.get(q.precision)) if p in one.peaks)
    first = {}
    for one, precision in fitting:
        first.setdefault(one.name, replace(q, chip=one, precision=precision))
    return list(first.values())


def _published(q: Question, chip: Accelerator) -> bool:
    """Whether all that the question limits is known of a chip."""
    power = q.max_power is not None or q.max_energy is not None
    money = {kind for kind, name in LIMITED.items() if getattr(q, name) is not None}
    return (chip.power is not None or not power) and money <= set(prices(chip))


DIMENSIONS: dict[str, Callable[[Question], Sequence[Question]]] = {
    "fewer chips": _fewer_chips,
    "smaller batch": _smaller_batch,
    "fewer bits": _fewer_bits,
    "shorter context": _shorter_context,
    "more chips": _more_chips,
    "another chip": _another_chip,
}
HARDWARE = {"more chips", "another chip"}
BOUGHT = {"fewer chips", *HARDWARE}  # changes of what is bought
TRIED = ("fewer bits", "fewer chips", "more chips", "another chip")
PAIRED = {
    "fewer chips": ("smaller batch", "shorter context"),
    "fewer bits": ("fewer chips", "smaller batch", "shorter context"),
}
PAIRED_WITH_HARDWARE = {
    "fewer bits": ("more chips",),
    "another chip": ("fewer bits", "fewer chips", "more chips"),
}
