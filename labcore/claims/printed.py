"""What the book prints, as it prints it, and when a computed value reproduces it.

A printed number carries its own tolerance: half a unit of its last digit. So numbers are kept as the
text that stands on the page: "31" and "31.0" promise different things.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

# What words of quantity are read as, wherever the book uses them, least and most: `Words("hundreds", *HUNDREDS)`.
A_FEW = (2, 9)
TENS = (10, 99)
HUNDREDS = (100, 999)
THOUSANDS = (1000, 9999)
MUCH_GREATER = 10  # the least of ">>"


def on_the_order_of(power: float) -> tuple[float, float]:
    """The reading of "on the order of" a power of ten: nearer to it, by logarithm, than to the next ones.

    >>> [round(end, 1) for end in on_the_order_of(100)]
    [31.6, 316.2]
    """
    return power / math.sqrt(10), power * math.sqrt(10)


ORDER_OF_MAGNITUDE = on_the_order_of(10)
FAR = ORDER_OF_MAGNITUDE[0]  # the least of "far below": nearer to ten times than to level


class Printed(Protocol):
    """Anything a page can print: text for people, value for JSON, and the test that a computed value meets it."""

    @property
    def text(self) -> str:
        """As people read it."""

    @property
    def value(self) -> object:
        """As JSON carries it."""

    def holds(self, computed: object) -> bool:
        """Whether a computed value, in the printed unit, meets the print."""


def half_unit(text: str) -> float:
    """Half a unit of the last printed digit.

    >>> half_unit("138.9"), half_unit("2,304")
    (0.05, 0.5)
    """
    return 0.5 * 10.0 ** Decimal(text.replace(",", "")).as_tuple().exponent


def as_number(text: str) -> int | float:
    """The value of a printed number: int where no decimal point stands.

    >>> as_number("2,304"), as_number("0.75")
    (2304, 0.75)
    """
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


@dataclass(frozen=True)
class Number:
    """A single number.

    >>> Number("153").holds(152.94), Number("1.6").holds(1.642), Number("63.3").holds(63.209)
    (True, True, False)
    """

    text: str

    @property
    def value(self) -> int | float:
        return as_number(self.text)

    def holds(self, computed: float) -> bool:
        return abs(computed - self.value) <= half_unit(self.text) * (1 + 1e-9)  # 0.05 is not a binary fraction


@dataclass(frozen=True)
class Range:
    """A range "50 to 200"; a computed value, or every one of several, lies inside. No upper end: `Range("64", None)`.

    >>> Range("10", "20").holds([4.5, 12])
    False
    """

    low: str
    high: str | None

    @property
    def text(self) -> str:
        return f"{self.low} to {self.high}" if self.high is not None else f"{self.low} and more"

    @property
    def value(self) -> list[float | None]:
        return [as_number(self.low), None if self.high is None else as_number(self.high)]

    def holds(self, computed: float | Sequence[float]) -> bool:
        high = math.inf if self.high is None else as_number(self.high) + half_unit(self.high)
        return all(as_number(self.low) - half_unit(self.low) <= value <= high for value in _several(computed))


@dataclass(frozen=True)
class Each:
    """Several numbers, one computed value for each.

    >>> Each("1", "205").holds([0.999, 204.8])
    True
    """

    texts: tuple[str, ...]

    def __init__(self, *texts: str) -> None:
        object.__setattr__(self, "texts", texts)

    @property
    def text(self) -> str:
        return ", ".join(self.texts)

    @property
    def value(self) -> list[float]:
        return [as_number(text) for text in self.texts]

    def holds(self, computed: Sequence[float]) -> bool:
        return len(computed) == len(self.texts) and all(
            Number(text).holds(value) for text, value in zip(self.texts, computed, strict=True)
        )


@dataclass(frozen=True)
class Truth:
    """A statement that is true or false; `text` is the statement where it helps."""

    value: bool = True
    words: str = ""

    @property
    def text(self) -> str:
        return self.words or str(self.value).lower()

    def holds(self, computed: bool) -> bool:
        return bool(computed) is self.value


@dataclass(frozen=True)
class Answer:
    """The letter that the book's key gives; the computed value is whether what the key says there holds.

    >>> Answer("A").value, Answer("A").holds(False)
    ('A', False)
    """

    text: str

    @property
    def value(self) -> str:
        return self.text

    def holds(self, computed: bool) -> bool:
        return bool(computed)


@dataclass(frozen=True)
class Identity:
    """An equation: the computed value is a pair, both sides reached by different ways, that must be equal.

    Each side is one number, or as many as there are points at which the equation is tried.

    >>> Identity("a = b").holds((0.1 + 0.2, 0.3)), Identity("a = b").holds(([1, 2], [1, 3]))
    (True, False)
    """

    text: str

    @property
    def value(self) -> str:
        return self.text

    def holds(self, computed: Sequence[float | Sequence[float]]) -> bool:
        left, right = map(_several, computed)
        return len(left) == len(right) and all(
            math.isclose(a, b, rel_tol=1e-9) for a, b in zip(left, right, strict=True)
        )


@dataclass(frozen=True)
class Words:
    """A quantity in words ("orders of magnitude"), read as at least `least` and at most `most`; the reading is ours.

    Of several values each must lie there, or each at its own place where there are several of `least` and `most`; where
    the words speak of a `spread`, they must not be all the same. Words that name a `number` carry it in JSON.

    >>> Words("orders of magnitude", least=100).holds(682), Words("60 million", number=60_000_000).value
    (True, 60000000)
    >>> Words("rising to 20", most=20, spread=True).holds([20, 20])
    False
    """

    text: str
    least: float | tuple[float, ...] = -math.inf
    most: float | tuple[float, ...] = math.inf
    spread: bool = False
    number: float | Sequence[float] | None = None

    @property
    def value(self) -> str | float | Sequence[float]:
        if self.number is None:
            return self.text
        return list(self.number) if isinstance(self.number, Sequence) else self.number

    def holds(self, computed: float | Sequence[float]) -> bool:
        values = np.atleast_1d(computed)
        if self.spread and len(np.unique(values)) < 2:
            return False
        return bool(np.all((self.least <= values) & (values <= self.most)))


def _several(value: float | Sequence[float]) -> Sequence[float]:
    return value if isinstance(value, Sequence) else [value]
