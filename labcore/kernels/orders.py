"""The three loops of a matrix product in all six orders, compiled as they stand, and a race between them.

Row-major float64. What the innermost loop walks along decides: k is a dot product, one step along a row of A and one
down a column of B; j adds a multiple of a row of B to a row of C; i adds a multiple of a column of A to a column of C.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from labcore.kernels.blocked import operands
from labcore.kernels.fetched import order_bytes
from labcore.kernels.predict import Fill, fills, ones, predicted_times, race_and_warm, short_side
from labcore.kernels.raced import Raced, machine
from labcore.units import Bytes, positive_ints

WORD: Bytes = 8  # a float64
SIGNATURE = "void(f8[:,::1], f8[:,::1], f8[:,::1], i8)"


def ijk(A, B, C):
    """Rows of A times columns of B, row of C by row."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = C[i, j]
            for k in range(B.shape[0]):
                total += A[i, k] * B[k, j]
            C[i, j] = total


def jik(A, B, C):
    """Rows of A times columns of B, column of C by column."""
    for j in range(B.shape[1]):
        for i in range(A.shape[0]):
            total = C[i, j]
            for k in range(B.shape[0]):
                total += A[i, k] * B[k, j]
            C[i, j] = total


def ikj(A, B, C):
    """A row of C gathers multiples of the rows of B."""
    for i in range(A.shape[0]):
        for k in range(B.shape[0]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]


def kij(A, B, C):
    """A row of B goes, in multiples, to every row of C."""
    for k in range(B.shape[0]):
        for i in range(A.shape[0]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]


def jki(A, B, C):
    """A column of C gathers multiples of the columns of A."""
    for j in range(B.shape[1]):
        for k in range(B.shape[0]):
            b = B[k, j]
            for i in range(A.shape[0]):
                C[i, j] += A[i, k] * b


def kji(A, B, C):
    """A column of A goes, in multiples, to every column of C."""
    for k in range(B.shape[0]):
        for j in range(B.shape[1]):
            b = B[k, j]
            for i in range(A.shape[0]):
                C[i, j] += A[i, k] * b


LOOPS = {"ikj": ikj, "kij": kij, "ijk": ijk, "jik": jik, "jki": jki, "kji": kji}  # the best class first


def inner(order: str) -> str:
    """What the innermost loop of an order does; ValueError for an order that is none of the six.

    >>> inner("ijk"), inner("kji")
    ('dot product', 'columns')
    """
    if order not in LOOPS:
        raise ValueError(f"loop order must be one of {', '.join(LOOPS)}; got {order!r}")
    return {"k": "dot product", "j": "rows", "i": "columns"}[order[-1]]


@functools.cache
def compiled(order: str) -> Callable[..., None]:
    """The loops of one order as machine code: `compiled(order)(A, B, C, passes)` adds A @ B to C, so many times.

    >>> C = np.zeros((1, 1))
    >>> compiled("ikj")(np.full((1, 1), 2.0), np.full((1, 1), 3.0), C, 2)
    >>> C.tolist()
    [[12.0]]
    """
    inner(order)  # raises for an order that is none
    from numba import njit

    loops = njit(LOOPS[order])

    def run(A, B, C, passes):
        for _ in range(passes):
            loops(A, B, C)

    return njit(SIGNATURE, nogil=True)(run)


def product(order: str, A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(M, K) @ (K, N) in float64 by one loop order: (M, N).

    >>> product("jki", [[1, 2]], [[3], [4]]).tolist()
    [[11.0]]
    """
    A, B, C = operands(A, B, np.float64)
    compiled(order)(A, B, C, 1)
    return C


def order_race(
    n: int = 500, repeats: int = 3, orders: Sequence[str] = tuple(LOOPS), levels: Sequence[Fill] | None = None
) -> Raced:
    """Time (n, n) @ (n, n) by each loop order, taking turns on one thread, beside what is predicted for each.

    Predicted: the innermost loop run from L1, as it was timed here, and to that the bytes that a simulated cache
    fetches from each level below over that level's bandwidth, as if nothing overlapped. The cold product and its
    prediction share nothing but the machine. n = 500 takes half a second a round; n = 512 takes far longer, since the
    steps down a column then meet in a few sets of the caches.

    >>> raced = order_race(24, repeats=1, orders=["ikj"], levels=(Fill("L1", 32768, "L2", 1e11),))
    >>> list(raced.predicted["ikj"])
    ['L1', 'L2']
    """
    positive_ints(n=n, repeats=repeats)
    levels = fills() if levels is None else levels
    A, B, C = (ones(n, n, np.float64) for _ in range(3))
    ways = {o: functools.partial(compiled(o), A, B, C, 1) for o in orders}
    timed, hot = race_and_warm(ways, {o: warm(o, n, levels[0].capacity) for o in orders}, repeats)
    moved = {o: order_bytes(o, n, WORD, levels) for o in orders}
    return Raced("orders", {"n": n}, machine("order_race"), timed, predicted_times(hot, moved, levels))


def warm(order: str, n: int, L1: Bytes) -> tuple[Callable[[int], None], float]:
    """The same innermost loop on data in L1, with few turns around it, and how many passes make n ** 3 of its turns.

    >>> run, passes = warm("ikj", 500, 32768)
    >>> passes  # 2 by 2 turns around 500
    62500.0
    """
    few = short_side(n, WORD, L1)
    side = dict.fromkeys("ijk", few) | {order[-1]: n}
    A, B, C = (ones(side[rows], side[columns], np.float64) for rows, columns in ("ik", "kj", "ij"))
    return functools.partial(compiled(order), A, B, C), (n / few) ** 2
