"""Values as JSON can carry them, so that two processes that share no objects can compare them.

Numbers, texts, None, True and False stay themselves; tuples, lists and arrays become lists. All else becomes a
dict that says what it was, which equals no wanted value: an object that claims to equal everything stops here.
Inputs of hidden checks travel as Python source instead (`as_source`), since an answer needs the very objects.
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
    if type(value) is dict and len(value) <= MOST_ITEMS and depth < MOST_DEPTH:
        items = [[plain(key, depth + 1), plain(item, depth + 1)] for key, item in value.items()]
        return {"kind": "an object of type dict", "items": items}
    return {"kind": f"an object of type {type(value).__name__}"}


def received(value: object, depth: int = 0) -> object:
    """A value that came as JSON from a process nobody vouches for, within the bounds that `plain` keeps.

    >>> received(float("nan")), received({"kind": "nan"}), received({"value": 1}), received([[10**400]])
    ({'kind': 'nan'}, {'kind': 'nan'}, {'kind': 'an object'}, [[{'kind': 'a number of 1329 bits'}]])
    """
    if isinstance(value, dict):
        words = value.get("kind")
        return {"kind": words if isinstance(words, str) and len(words) <= 100 else "an object"}
    if isinstance(value, list) and len(value) <= MOST_ITEMS and depth < MOST_DEPTH:
        return [received(item, depth + 1) for item in value]
    return plain(value, MOST_DEPTH)


def natural(value: object) -> object:
    """An input as a judge of a question's own takes it: what `plain` made of a dict is a dict again.

    >>> natural(plain([{"rows": 2}]))
    [{'rows': 2}]
    """
    if isinstance(value, list):
        return [natural(item) for item in value]
    return (
        {key: natural(item) for key, item in value["items"]} if isinstance(value, dict) and "items" in value else value
    )


def alike(got: object, want: object) -> bool:
    """Whether two plain values are of one kind throughout, whatever their numbers and texts are.

    >>> alike([1, "a"], [2.5, "b"]), alike([1, 2], [1, None]), alike([1], [1, 2])
    (True, False, False)
    """
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(map(alike, got, want))
    return (is_number(got) and is_number(want)) or (type(got) is type(want) and not isinstance(got, dict | list))


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

    >>> show([2 / 3, 1, None, "A100"]), show([[1, 2]])
    ("(0.666667, 1, None, 'A100')", '((1, 2),)')
    """
    if isinstance(value, list):
        text = f"({', '.join(map(show, value))}{',' * (len(value) == 1)})"
    elif isinstance(value, dict) and "items" in value:
        text = f"{{{', '.join(f'{key!r}: {show(item)}' for key, item in value['items'])}}}"
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = kind(value) if isinstance(value, dict) else repr(value)
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def as_source(value: object) -> str:
    """Python source whose value equals this one, with the same types; raises ValueError for what has no such text.

    >>> as_source((1, [0.5, None], {"rows": "two"}))
    "(1, [0.5, None], {'rows': 'two'})"
    >>> as_source({1, 2})
    Traceback (most recent call last):
    ValueError: an input holds an object of type set; give numbers, texts, None, tuples, lists, dicts with text keys \
or numpy arrays of numbers
    """
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return array_source(value)
    if type(value) is float and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or type(value) in (bool, float, str) or (type(value) is int and value.bit_length() <= MOST_BITS):
        return repr(value)
    if type(value) is list:
        return f"[{', '.join(map(as_source, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(as_source, value))}{',' * (len(value) == 1)})"
    if type(value) is dict and all(type(key) is str for key in value):
        return f"{{{', '.join(f'{key!r}: {as_source(item)}' for key, item in value.items())}}}"
    raise ValueError(
        f"an input holds {refused(value)}; give numbers, texts, None, tuples, lists, dicts with text keys or numpy "
        "arrays of numbers"
    )


def refused(value: object) -> str:
    """What `as_source` cannot carry, in words."""
    if type(value) is int:
        return f"a number of {value.bit_length()} bits"
    return "a dict with keys that are no texts" if type(value) is dict else f"an object of type {type(value).__name__}"


def array_source(value: object) -> str:
    """The source of a numpy array or scalar.

    >>> import numpy
    >>> array_source(numpy.float32([1, 0.5]))
    '__import__("numpy").array([1.0, 0.5], dtype="<f4")'
    """
    dtype, is_array = value.dtype, type(value).__name__ == "ndarray"
    if dtype.kind not in "biufU" or (dtype.kind == "f" and dtype.itemsize > 8) or not (is_array or value.ndim == 0):
        came = f"{'an array' if is_array else f'a {type(value).__name__}'} of {dtype}"
        raise ValueError(f"an input holds {came}; give arrays of whole numbers, floats, booleans or texts")
    text = f'__import__("numpy").array({as_source(value.tolist())}, dtype="{dtype.str}")'
    if not is_array:
        return f"{text}[()]"
    return text if value.size else f"{text}.reshape({value.shape})"
