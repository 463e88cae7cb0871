"""What a server asks of the machine behind it: the time of a pass, and how many tokens its cache holds."""

from __future__ import annotations

from typing import Protocol

from labcore.units import Seconds, positive_ints


class Passes(Protocol):
    """What times an iteration: an Engine or a Clock of `labcore.serving.engine`, a mixture on its chips."""

    @property
    def room(self) -> int:
        """Tokens that the cache holds."""

    @property
    def positions(self) -> int:
        """The longest sequence that the model was made for."""

    def time(self, tokens: int, outputs: int, pairs: int, context: int) -> Seconds:
        """Time of one pass: rows of the matmuls and of the head, pairs of query and key, tokens of the caches."""


def pass_time(engine: Passes, B: int, context: int, new: int = 1) -> Seconds:
    """Time of one pass in which B sequences bring `new` tokens each, and attend to `context` tokens each.

    >>> from labcore.serving.engine import Clock
    >>> pass_time(Clock(T_pass=1.0, T_token=0.25), B=2, context=100, new=3)
    2.5
    """
    positive_ints(B=B, context=context, new=new)
    return engine.time(B * new, B * new, B * new * context, B * context)
