"""Arrays that count what is read from them and written to them, for machines and exercises scored by movement.

    @counted
    def product(values, b): ...

The answer gets every list and array as a `CountingArray`, and its result comes back with the number of elements read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np


class CountingArray:
    """An array that gives one element at a time and counts each; slices are views that count in the same place.

    numpy cannot take it whole, since nobody could say what was read then.

    >>> a = CountingArray([[1, 2], [3, 4]])
    >>> a[1, 0] + a[1][0], a.reads
    (6, 2)
    >>> a[0, 0] = 5
    >>> a.writes
    1
    """

    __array_ufunc__ = None  # numpy's own operators give way, and the one of this class says why not

    def __init__(self, values: object, tally: list[int] | None = None) -> None:
        self._values, self._tally = np.asarray(values), [0, 0] if tally is None else tally

    @property
    def reads(self) -> int:
        """Elements read so far."""
        return self._tally[0]

    @property
    def writes(self) -> int:
        """Elements written so far."""
        return self._tally[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, which cost nothing to know."""
        return self._values.shape

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[object]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, at: object) -> object:
        got = self._values[at]
        if got.ndim:
            return CountingArray(got, self._tally)
        self._tally[0] += 1
        return got.item()

    def __setitem__(self, at: object, value: object) -> None:
        if self._values[at].ndim:
            raise TypeError("a slice is not written at once; write the elements one by one: a[i] = x, a[i, j] = x")
        self._values[at] = value
        self._tally[1] += 1

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise TypeError(
            "numpy would read all of it uncounted; take the elements that you need, one by one: a[i], a[i, j]"
        )


def counted(function: Callable) -> Callable:
    """The function with its lists and arrays replaced by counting ones; it returns the pair (result, elements read).

    >>> counted(lambda a, n: a[n] * a[n])([2, 3], 1)
    (9, 2)
    """

    @functools.wraps(function)
    def run(*inputs: object) -> tuple[object, int]:
        tally = [0, 0]
        arrays = (CountingArray(one, tally) if isinstance(one, list | np.ndarray) else one for one in inputs)
        return function(*arrays), tally[0]

    return run
