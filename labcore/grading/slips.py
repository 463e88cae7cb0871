"""What usually lies behind a wrong value: a ratio to what is wanted, a wrong kind, an order turned round."""

from __future__ import annotations

import math

from labcore.grading.values import close, is_number, kind, numbers

# got / wanted, and what usually lies behind it
RATIOS = (
    (1 / 2, "half of what is wanted: MACs taken for FLOP, one way of a link for both, reads without writes"),
    (2.0, "twice what is wanted: FLOP taken for MACs, both ways of a link for one, a sparse peak for the dense one"),
    (8.0, "8 times what is wanted: bits where bytes belong"),
    (1 / 8, "an eighth of what is wanted: bytes where bits belong, or bytes divided by 8 once more"),
    (2**30 / 1e9, "1.074 times what is wanted: GiB (2^30 B) where GB (10^9 B) belongs"),
    (1e9 / 2**30, "1 / 1.074 of what is wanted: GB (10^9 B) where GiB (2^30 B) belongs"),
    (1.024, "1.024 times what is wanted: KiB (1024 B) where kB (1000 B) belongs"),
    (100.0, "100 times what is wanted: a percentage where a share of 1 belongs"),
    (1 / 100, "a hundredth of what is wanted: a share of 1 where a percentage belongs"),
    (-1.0, "the sign is turned round"),
    *((10.0**e, f"10^{e} times what is wanted: a prefix too many or too few (k, M, G, T)") for e in (3, 6, 9, 12)),
    *((10.0**-e, f"10^-{e} times what is wanted: a prefix too many or too few (k, M, G, T)") for e in (3, 6, 9, 12)),
)


def same(got: list, outcomes: list, tolerance: float) -> bool:
    """Whether two lists of outcomes agree: equal values, or errors of one type.

    >>> same([{"error": "TypeError: a"}], [{"error": "TypeError: b"}], 1e-6)
    True
    """
    for one, other in zip(got, outcomes, strict=True):
        if "error" in one and "error" in other:
            if one["error"].split(":")[0] != other["error"].split(":")[0]:
                return False
        elif not ("value" in one and "value" in other and close(one["value"], other["value"], tolerance)):
            return False
    return True


def wrong_numbers(got: object, want: object, tolerance: float) -> list[tuple[float, float]]:
    """Pairs (got, wanted) of the numbers that differ, for values of one shape.

    >>> wrong_numbers([1, 4], [1, 2], 1e-6)
    [(4.0, 2.0)]
    """
    a, b = list(numbers(got)), list(numbers(want))
    if len(a) != len(b):
        return []
    return [(float(one), float(other)) for one, other in zip(a, b, strict=True) if not close(one, other, tolerance)]


def ratio_words(pairs: list[tuple[float, float]]) -> str:
    """What a ratio that all pairs share usually means, or nothing.

    >>> ratio_words([(3, 6), (8, 16)])[:23]
    'half of what is wanted:'
    """
    if not pairs or any(got == 0 or want == 0 for got, want in pairs):
        return ""
    ratios = [got / want for got, want in pairs]
    for ratio, words in RATIOS:
        if all(math.isclose(one, ratio, rel_tol=1e-4) for one in ratios):
            return words
    if all(math.isclose(got * want, 1, rel_tol=1e-4) for got, want in pairs):
        return "one over what is wanted: the quotient is upside down"
    if all(is_rounded(got, want) for got, want in pairs):
        return "the value is rounded: return it as computed, and round where a person reads it"
    return ""


def is_rounded(got: float, want: float) -> bool:
    """Whether `got` is what `want` becomes when it is rounded to a few digits.

    >>> is_rounded(31.0, 31.03), is_rounded(32.0, 31.03)
    (True, False)
    """
    return any(math.isclose(got, round(want, digits), rel_tol=1e-12) for digits in range(7)) or any(
        math.isclose(got, float(f"{want:.{digits}g}"), rel_tol=1e-12) for digits in range(2, 7)
    )


def wrong_kind(outcome: dict, want: object) -> str:
    """What an error, or a value of the wrong kind, usually means, or nothing."""
    if outcome.get("error", "").startswith("NameError"):
        return "a name that the answer cell does not define; helpers belong into the answer cell, which alone is graded"
    if "value" not in outcome:
        return ""
    value = outcome["value"]
    if kind(value) == kind(want):
        if isinstance(want, list) and isinstance(value, list) and close(value[::-1], want, 1e-6):
            return "the values are right and in the wrong order"
        return "a whole number is wanted" if is_fraction(value, want) else ""
    if value is None:
        return f"it returns None where {kind(want)} is wanted; is a `return` missing"
    if kind(value) in ("nan", "inf", "-inf") and is_number(want):
        return f"{kind(value)} comes from 0 / 0, inf - inf or a number too large; find the step where it starts"
    return f"{kind(want)} is wanted, {kind(value)} came"


def is_fraction(value: object, want: object) -> bool:
    """Whether a whole number is wanted and another kind of number came.

    >>> is_fraction(180.6, 181), is_fraction(180.0, 181)
    (True, False)
    """
    return isinstance(want, int) and is_number(value) and is_number(want) and value != int(value)
