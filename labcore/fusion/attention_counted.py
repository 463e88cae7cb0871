"""Tiled attention that runs on arrays which count each word: the machine behind the closed forms."""

from __future__ import annotations

import math

import numpy as np

from labcore.counting import CountingArray
from labcore.fusion.attention import Block, absorb, allowed, as_floats, check_block, cuts, finish, nothing


def counted_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, block: Block, outer: str = "Q", causal: bool = False
) -> tuple[np.ndarray, dict[str, CountingArray]]:
    """`flash_attention` on arrays that count every word: the output, and Q, K, V, O, m, l with their reads and writes.

    A block of Q, K or V that the outer loop holds is read once. `outer="Q"` keeps the output, the maximum and the sum
    on the chip until they are complete, and writes one statistic a row, m + log(l), which training reads again
    (stored in `m`). `outer="K"` writes O, m and l after every block of keys and reads them back before the next; the
    first visit reads nothing. Causal: key blocks that no query of the block sees are not visited, but for the first.

    >>> x = np.ones((4, 1))
    >>> O, words = counted_attention(x, x, x, block=(2, 2))
    >>> words["K"].reads, words["O"].writes  # twice each row of K, once each row of O
    (8, 4)
    """
    Q, K, V = as_floats(Q, K, V)
    check_block(block)
    O = np.zeros((len(Q), V.shape[1]))
    held = {"Q": Q, "K": K, "V": V, "O": O, "m": np.zeros((len(Q), 1)), "l": np.zeros((len(Q), 1))}
    counting = {name: CountingArray(x) for name, x in held.items()}
    see = allowed("causal" if causal else None, len(Q), len(K))
    walk = {"Q": _queries_outside, "K": _keys_outside}
    walk[known_order(outer)](counting, see, block)
    return O, counting


def known_order(outer: str) -> str:
    """The loop order itself, 'Q' or 'K'; ValueError for any other.

    >>> known_order("Q")
    'Q'
    """
    if outer not in ("Q", "K"):
        raise ValueError(f"outer must be 'Q' or 'K', the rows that the outer loop holds; got {outer!r}")
    return outer


def _queries_outside(of: dict[str, CountingArray], see: np.ndarray, block: Block) -> None:
    Nq, Nk = see.shape
    for i in cuts(Nq, block[0]):
        q, state = _read(of["Q"], i), nothing(i.stop - i.start, of["V"].shape[1])
        for j in cuts(Nk, block[1]):
            if j.start == 0 or see[i, j].any():
                state = absorb(state, _scores(q, _read(of["K"], j), see[i, j]), _read(of["V"], j))
        m, l, o = state
        _write(of["O"], i, finish(l, o))
        with np.errstate(divide="ignore"):
            _write(of["m"], i, (m + np.log(l))[:, None])


def _keys_outside(of: dict[str, CountingArray], see: np.ndarray, block: Block) -> None:
    Nq, Nk = see.shape
    for j in cuts(Nk, block[1]):
        k, v = _read(of["K"], j), _read(of["V"], j)
        for i in cuts(Nq, block[0]):
            if j.start and not see[i, j].any():
                continue
            state = nothing(i.stop - i.start, v.shape[1])
            if j.start:  # O is kept divided by l, so that it is right whenever the loop ends
                m, l, o = _read(of["m"], i)[:, 0], _read(of["l"], i)[:, 0], _read(of["O"], i)
                state = m, l, o * l[:, None]
            m, l, o = absorb(state, _scores(_read(of["Q"], i), k, see[i, j]), v)
            for name, block_of in {"O": finish(l, o), "m": m[:, None], "l": l[:, None]}.items():
                _write(of[name], i, block_of)


def _scores(q: np.ndarray, k: np.ndarray, see: np.ndarray) -> np.ndarray:
    return np.where(see, q @ k.T / math.sqrt(q.shape[1]), -np.inf)


def _read(x: CountingArray, at: slice) -> np.ndarray:
    """A block brought to the chip, word by word."""
    return np.array([[x[r, c] for c in range(x.shape[1])] for r in range(at.start, at.stop)])


def _write(x: CountingArray, at: slice, block: np.ndarray) -> None:
    for r, c in np.ndindex(block.shape):
        x[at.start + r, c] = block[r, c]
