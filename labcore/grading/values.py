"""Values as JSON can carry them, so that two processes that share no objects can compare them.

Numbers, texts, None, True and False stay themselves; tuples, lists and arrays become lists. All else becomes a
dict that says what it was, which equals no wanted value: an object that claims to equal everything stops here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

MIME = "application/vnd.labcore.check+json"
MOST_ITEMS, MOST_TEXT, MOST_BITS, MOST_DEPTH = 1000, 1000, 1000, 8


def plain(value: object, depth: int = 0) -> object:
    """A value as JSON can carry it.

    >>> plain((1, 2.5, None)), plain(float("nan")), plain({1, 2})
    ([1, 2.5, None], {'kind': 'nan'}, {'kind': 'an object of type set'})
    """
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if value.bit_length() <= MOST_BITS else {"kind": f"a number of {value.bit_length()} bits"}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"kind": str(float(value))}
    if isinstance(value, str):
        return str(value) if len(value) <= MOST_TEXT else {"kind": f"a text of {len(value)} characters"}
    if isinstance(value, (tuple, list)) and len(value) <= MOST_ITEMS and depth < MOST_DEPTH:
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (tuple, list)):
        return {"kind": f"a list of {len(value)}"}
    return {"kind": f"an object of type {type(value).__name__}"}


def close(got: object, want: object, tolerance: float) -> bool:
    """Whether a plain value is the wanted one: whole numbers and texts exactly, other numbers within the tolerance.

    >>> close([1, 0.3], [1, 0.1 + 0.2], 1e-6), close(181.5, 181, 0.1), close(True, 1, 0.1)
    (True, False, False)
    """
    if isinstance(want, list):
        same_length = isinstance(got, list) and len(got) == len(want)
        return same_length and all(close(g, w, tolerance) for g, w in zip(got, want, strict=True))
    if not is_number(want):
        return type(got) is type(want) and got == want
    if not is_number(got):
        return False
    try:
        return got == want if isinstance(want, int) else math.isclose(got, want, rel_tol=tolerance)
    except OverflowError:  # a whole number beyond what a float can hold
        return False


def is_number(value: object) -> bool:
    """Whether a plain value is a number; True and False are not.

    >>> is_number(2.0), is_number(True)
    (True, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numbers(value: object) -> Iterator[float]:
    """All numbers in a plain value, in order.

    >>> list(numbers([1, ["A100", 2.5], None]))
    [1, 2.5]
    """
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif is_number(value):
        yield value


def kind(value: object) -> str:
    """What sort of value this is, in words.

    >>> kind([1, 2]), kind("A100"), kind(None)
    ('a pair', 'a text', 'None')
    """
    if isinstance(value, dict):
        return str(value.get("kind", "an object"))
    if isinstance(value, list):
        return "a pair" if len(value) == 2 else f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return repr(value)
    return "a text" if isinstance(value, str) else "a number"


def show(value: object, most: int = 160) -> str:
    """A plain value as a person reads it: six digits, lists in parentheses, cut when it is long.

    >>> show([2 / 3, 1, None, "A100"])
    "(0.666667, 1, None, 'A100')"
    """
    if isinstance(value, list):
        text = f"({', '.join(show(item) for item in value)})"
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = kind(value) if isinstance(value, dict) else repr(value)
    return text if len(text) <= most else f"{text[: most - 4]} ..."
