"""What is asked: this model on these chips, at this batch, context and precision, within these limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from labcore.catalogue.facts import Accelerator
from labcore.feasibility.assumptions import Assumptions
from labcore.feasibility.prices import LIMITED, priced, prices
from labcore.precision import bytes_per_element
from labcore.units import Joules, Seconds, Watts, positive_ints

LIMITS = {
    "target": "s",
    "target_first": "s",
    "max_power": "W",
    "max_energy": "J",
    "max_price": "USD",
    "max_rent": "USD",
}


@dataclass(frozen=True)
class Question:
    """A model by name or .onnx file, on `chips` chips of a kind. None as a limit: it may be anything.

    `target` is the time of one decode step for a language model and of one pass for any other; `target_first` that to
    the first token of the last sequence in the batch, since prompts are read one after another. `context` is the
    prompt's tokens and `answer` the tokens written for a query; the cache holds both, and each step is charged as the
    last one. `weights` is a smaller format that they are stored in and
    widened from on their way into the unit, so that the chip need not compute in it. `shapes` are texts such as
    "tokens=1,128,512" for inputs whose sizes an .onnx file leaves open. `max_power` is that of all
    chips, `max_energy` that of one query; `max_price` buys all chips, `max_rent` rents them for an hour, both in USD.

    Raises ValueError for sizes below 1, limits that are not above 0, a precision that the chip lacks, and a limit
    to what nobody has published of the chip: an unknown is not a yes.

    >>> from labcore.catalogue import A100
    >>> Question("resnet50", A100, batch=32, target=0.01).chips
    1
    """

    model: str
    chip: Accelerator
    chips: int = 1
    batch: int | None = None
    context: int | None = None
    precision: str = "fp16"
    weights: str | None = None
    target: Seconds | None = None
    target_first: Seconds | None = None
    max_power: Watts | None = None
    max_energy: Joules | None = None
    answer: int = 256
    max_price: float | None = None
    max_rent: float | None = None
    shapes: tuple[str, ...] = ()
    assumptions: Assumptions = field(default_factory=Assumptions)

    def __post_init__(self) -> None:
        sizes = {"chips": self.chips, "batch": self.batch, "context": self.context, "answer": self.answer}
        positive_ints(**{name: size for name, size in sizes.items() if size is not None})
        self.chip.peak(self.precision)
        if self.weights and bytes_per_element(self.weights) >= bytes_per_element(self.precision):
            raise ValueError(f"weights in {self.weights} are no smaller than {self.precision}; leave weights out")
        for name, unit in LIMITS.items():
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < math.inf:
                raise ValueError(f"{name} must be finite and above 0, got {limit!r} {unit}; leave it out for no limit")
        if (self.max_power or self.max_energy) and self.chip.power is None:
            raise ValueError(f"{self.chip.name} has no published power to hold against a limit; leave the limit out")
        for kind, name in LIMITED.items():
            if getattr(self, name) is not None and kind not in prices(self.chip):
                raise ValueError(
                    f"no {kind} of {self.chip.name} is known to hold against a limit; leave that out, or take one of "
                    f"{priced(kind)}"
                )
