"""Language models small enough to write down: n-grams of a speech, and Markov chains made to measure.

A model is called with the tokens so far and gives the probabilities of the next one, (V,). These stand in for a target
and its draft where the question is what a rule of decoding does to the distribution, which only small ones can show
exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labcore.units import Ratio, positive, positive_ints

ALPHABET = "abcdefghijklmnopqrstuvwxyz "
# Abraham Lincoln's address at Gettysburg, 19 November 1863, in the wording of the Bliss copy; in the public domain.
SPEECH = """
Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, and
dedicated to the proposition that all men are created equal. Now we are engaged in a great civil war, testing whether
that nation, or any nation so conceived and so dedicated, can long endure. We are met on a great battle-field of that
war. We have come to dedicate a portion of that field, as a final resting place for those who here gave their lives that
that nation might live. It is altogether fitting and proper that we should do this. But, in a larger sense, we can not
dedicate -- we can not consecrate -- we can not hallow -- this ground. The brave men, living and dead, who struggled
here, have consecrated it, far above our poor power to add or detract. The world will little note, nor long remember
what we say here, but it can never forget what they did here. It is for us the living, rather, to be dedicated here to
the unfinished work which they who fought here have thus far so nobly advanced. It is rather for us to be here dedicated
to the great task remaining before us -- that from these honored dead we take increased devotion to that cause for which
they gave the last full measure of devotion -- that we here highly resolve that these dead shall not have died in vain
-- that this nation, under God, shall have a new birth of freedom -- and that government of the people, by the people,
for the people, shall not perish from the earth.
"""


@dataclass(frozen=True, eq=False)
class NGram:
    """The next token by the last `order` ones: `table` is (V,) * order + (V,), each row sums to 1.

    Raises ValueError where it is called with fewer tokens than its order.

    >>> NGram(np.array([[0.25, 0.75], [1.0, 0.0]]))([1, 0])
    [0.25, 0.75]
    """

    table: np.ndarray

    def __post_init__(self) -> None:
        sizes, rows = set(self.table.shape), self.table.sum(axis=-1)
        if len(sizes) != 1 or not np.allclose(rows.astype(float), 1) or np.any(self.table < 0):
            raise ValueError(f"rows of V probabilities for each of V tokens, summing to 1; got {self.table.shape}")

    @property
    def order(self) -> int:
        """Tokens that the next one depends on."""
        return self.table.ndim - 1

    @property
    def V(self) -> int:
        """Tokens there are."""
        return self.table.shape[-1]

    @cached_property
    def _rows(self) -> dict[tuple[int, ...], list[float]]:
        return {}

    def __call__(self, tokens: Sequence[int]) -> list[float]:
        """Probabilities of the next token, (V,)."""
        if len(tokens) < self.order:
            raise ValueError(f"a model of order {self.order} needs {self.order} tokens before, got {len(tokens)}")
        context = tuple(tokens[len(tokens) - self.order :])
        if context not in self._rows:
            self._rows[context] = self.table[context].tolist()
        return self._rows[context]


def tokens_of(text: str) -> list[int]:
    """A text as tokens 0 to 26: the letters, small, and everything between two words as one space.

    >>> tokens_of("A, b.")
    [0, 26, 1]
    """
    words = "".join(letter if letter in ALPHABET else " " for letter in text.lower()).split()
    return [ALPHABET.index(letter) for letter in " ".join(words)]


def text_of(tokens: Sequence[int]) -> str:
    """The text of tokens.

    >>> text_of([0, 26, 1])
    'a b'
    """
    return "".join(ALPHABET[token] for token in tokens)


def train(tokens: Sequence[int], order: int, V: int = len(ALPHABET), backoff: float = 1.0) -> NGram:
    """The n-gram of a text: what followed each context there, and `backoff` more counts spread as the next lower order.

    Order 0 spreads them evenly, so no token is impossible (MacKay and Peto, Natural Language Engineering 1(3), 1995).
    Of a 0 and a 1, each alone (1 + 1/2) / 3, a 1 followed the 0 once:

    >>> train([0, 1], order=1, V=2).table[0].tolist()  # (0 + 1/2) / 2 and (1 + 1/2) / 2
    [0.25, 0.75]
    """
    positive_ints(V=V, tokens=len(tokens))
    positive(backoff=backoff)
    if order not in range(5):
        raise ValueError(f"order is 0 to 4, a table of V ** (order + 1) rows; got {order!r}")
    table = np.full(V, 1 / V)
    for n in range(order + 1):
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(tokens), n + 1)
        counts = np.zeros((V,) * (n + 1))
        np.add.at(counts, tuple(windows.T), 1)
        table = (counts + backoff * table) / (counts.sum(axis=-1, keepdims=True) + backoff)
    return NGram(table)


def circulant(row: Sequence[float]) -> NGram:
    """The chain whose row of token i is `row` turned by i: every context is as hard as every other.

    Two of them agree equally well everywhere, which is what the closed form of speculative decoding assumes.

    >>> circulant([0.5, 0.25, 0.25]).table[1].tolist()
    [0.25, 0.5, 0.25]
    """
    return NGram(np.array([np.roll(row, i) for i in range(len(row))]))


def mixed(model: NGram, other: NGram, share: Ratio) -> NGram:
    """A model that is wrong to measure: (1 - share) of one, and `share` of another of the same vocabulary and order.

    >>> mixed(circulant([1.0, 0.0]), circulant([0.0, 1.0]), share=0.25).table[0].tolist()
    [0.75, 0.25]
    """
    if not 0 <= share <= 1 or model.table.shape != other.table.shape:
        shapes = f"{model.table.shape} and {other.table.shape}"
        raise ValueError(f"mixing takes two tables of one shape and a share of 0 to 1; got {shapes}, {share!r}")
    return NGram((1 - share) * model.table + share * other.table)


def stationary(P: np.ndarray) -> np.ndarray:
    """The distribution (V,) that a chain's matrix (V, V) leaves as it is, pi P = pi.

    >>> stationary(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3).tolist()
    [0.667, 0.333]
    """
    V = len(P)
    equations = np.vstack([P.T - np.eye(V), np.ones(V)])
    return np.linalg.lstsq(equations, np.eye(V + 1)[V], rcond=None)[0]
