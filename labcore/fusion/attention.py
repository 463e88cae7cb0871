"""Attention with its scores written out, and in blocks that never leave the chip: the same numbers, other traffic.

Scores S = Q K^T / sqrt(d), weights P = softmax(S) by rows, output O = P V; Q is (Nq, d), K (Nk, d), V (Nk, d_v). A
softmax seems to need its whole row before it can give one weight. It does not: a running maximum m and a running sum l
are enough, and what was summed under an old maximum is rescaled when a larger one comes (Milakov and Gimelshein,
arXiv 1805.02867, 2018). FlashAttention carries the output along in the same way, block by block (Dao et al., NeurIPS
2022); `outer="K"` is the loop order of that paper, `outer="Q"` the one of the second (Dao, ICLR 2024).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

from labcore.units import positive_ints

Block = tuple[int, int]  # rows of Q, rows of K and V
Mask = np.ndarray | Literal["causal"] | None
State = tuple[np.ndarray, np.ndarray, np.ndarray]  # m (r,), l (r,), o (r, d_v), which is not divided by l yet


def attention(Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: Mask = None) -> np.ndarray:
    """Softmax attention with all scores at once: (Nq, d), (Nk, d), (Nk, d_v) -> (Nq, d_v).

    `mask` is True where a query may see a key, (Nq, Nk). "causal" lets the last query see all keys, the one before it
    all but the last, and so on, also where Nq and Nk differ. A query that sees no key gives zeros: no weights, no sum.

    >>> attention(np.zeros((2, 1)), np.zeros((2, 1)), np.array([[2.0], [4.0]]), mask="causal").tolist()
    [[2.0], [3.0]]
    """
    Q, K, V = as_floats(Q, K, V)
    scores = np.where(allowed(mask, len(Q), len(K)), Q @ K.T / math.sqrt(Q.shape[1]), -np.inf)
    _, l, o = absorb(nothing(len(Q), V.shape[1]), scores, V)
    return finish(l, o)


def flash_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, block: Block = (64, 64), mask: Mask = None
) -> np.ndarray:
    """The same as `attention`, with no more than one block of scores at any time; blocks need not divide the lengths.

    >>> flash_attention(np.zeros((2, 1)), np.zeros((3, 1)), np.array([[2.0], [4.0], [9.0]]), block=(2, 2)).tolist()
    [[5.0], [5.0]]
    """
    Q, K, V = as_floats(Q, K, V)
    check_block(block)
    see, scale = allowed(mask, len(Q), len(K)), 1 / math.sqrt(Q.shape[1])
    O = np.empty((len(Q), V.shape[1]))
    for i in cuts(len(Q), block[0]):
        state = nothing(i.stop - i.start, V.shape[1])
        for j in cuts(len(K), block[1]):
            state = absorb(state, np.where(see[i, j], Q[i] @ K[j].T * scale, -np.inf), V[j])
        O[i] = finish(*state[1:])
    return O


def nothing(rows: int, d_v: int) -> State:
    """The running state of some rows before their first key: m is -inf, l and o are zero.

    >>> [x.tolist() for x in nothing(1, 2)]
    [[-inf], [0.0], [[0.0, 0.0]]]
    """
    return np.full(rows, -np.inf), np.zeros(rows), np.zeros((rows, d_v))


def absorb(state: State, scores: np.ndarray, V: np.ndarray) -> State:
    """The running state after one more block: scores (r, c) and the values (c, d_v) that they weigh.

    A new maximum makes everything summed so far smaller by exp(old - new); -inf is a key that is not seen.

    >>> m, l, o = absorb(nothing(1, 1), np.array([[0.0, 0.0]]), np.array([[2.0], [4.0]]))
    >>> m, l, o = absorb((m, l, o), np.array([[np.log(2)]]), np.array([[9.0]]))
    >>> l.tolist(), o.tolist()  # 2 / 2 + 1, and (2 + 4) / 2 + 9
    ([2.0], [[12.0]])
    """
    m, l, o = state
    top = np.maximum(m, scores.max(axis=1))
    m_safe = np.where(np.isneginf(top), 0, top)  # -inf - -inf would be nan: these rows have seen nothing yet
    P = np.exp(scores - m_safe[:, None])
    old = np.exp(m - m_safe)
    return top, old * l + P.sum(axis=1), old[:, None] * o + P @ V


def finish(l: np.ndarray, o: np.ndarray) -> np.ndarray:
    """The output o / l; zeros where nothing was seen.

    >>> finish(np.array([2.0, 0.0]), np.array([[6.0], [0.0]])).tolist()
    [[3.0], [0.0]]
    """
    return o / np.where(l == 0, 1, l)[:, None]


def allowed(mask: Mask, Nq: int, Nk: int) -> np.ndarray:
    """Which query may see which key, as booleans (Nq, Nk); ValueError for a mask of another shape or name.

    >>> allowed("causal", 2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    if mask is None:
        return np.ones((Nq, Nk), bool)
    if isinstance(mask, str) and mask == "causal":
        return np.tri(Nq, Nk, Nk - Nq, dtype=bool)
    if np.shape(mask) != (Nq, Nk) or np.asarray(mask).dtype != bool:
        came = repr(mask) if isinstance(mask, str) else f"{np.asarray(mask).dtype} of shape {np.shape(mask)}"
        raise ValueError(f'mask must be None, "causal" or booleans of shape ({Nq}, {Nk}); got {came}')
    return np.asarray(mask)


def cuts(n: int, size: int) -> Iterator[slice]:
    """The blocks of `size` that cover n rows; the last one may be shorter.

    >>> [(one.start, one.stop) for one in cuts(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(k, min(k + size, n)) for k in range(0, n, size))


def check_block(block: Block) -> None:
    """Raise ValueError unless a block is two whole numbers of at least 1.

    >>> check_block((2, 0))
    Traceback (most recent call last):
    ValueError: Bc must be a whole number of at least 1, got 0
    """
    Br, Bc = block
    positive_ints(Br=Br, Bc=Bc)


def as_floats(Q: np.ndarray, K: np.ndarray, V: np.ndarray, dtype: type = float) -> tuple[np.ndarray, ...]:
    """The three operands in one type, in which scores of narrow integers do not wrap; raises as `check_shapes`.

    >>> [x.dtype.name for x in as_floats([[1]], [[2]], [[3]])]
    ['float64', 'float64', 'float64']
    """
    check_shapes(Q, K, V)
    return tuple(np.asarray(x, dtype) for x in (Q, K, V))


def check_shapes(Q: np.ndarray, K: np.ndarray, V: np.ndarray) -> None:
    """Raise ValueError unless the shapes are (Nq, d), (Nk, d) and (Nk, d_v).

    >>> check_shapes(np.zeros((2, 3)), np.zeros((2, 4)), np.zeros((2, 3)))
    Traceback (most recent call last):
    ValueError: Q and K must be (Nq, d) and (Nk, d), none of them empty; got (2, 3) and (2, 4)
    """
    shapes = [np.shape(x) for x in (Q, K, V)]
    if any(len(shape) != 2 or 0 in shape for shape in shapes) or shapes[0][1] != shapes[1][1]:
        raise ValueError(f"Q and K must be (Nq, d) and (Nk, d), none of them empty; got {shapes[0]} and {shapes[1]}")
    if shapes[1][0] != shapes[2][0]:
        raise ValueError(
            f"K and V must have as many rows, one key for each value; got {shapes[1][0]} and {shapes[2][0]}"
        )
