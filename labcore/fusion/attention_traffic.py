"""What attention moves and holds, in closed form: exact words of HBM, block by block, beside the paper's order.

Materialized attention is three kernels: scores, softmax, context. Each reads its operands once and writes its result
once, as if the chip held Q, K and V of a head; that is generous to it, since the tiled one gets no more than its
scratchpad. Words become bytes by the precision; one head of one sequence, so multiply by heads and batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.fusion.attention import Block
from labcore.fusion.attention_counted import known_order
from labcore.ops import Operation, matmul, softmax
from labcore.roofline import least_time
from labcore.units import BytesPerSecond, Flop, FlopPerSecond, Seconds, positive_ints

INNER = 16  # rows of the inner block, what a matrix unit takes at a time


@dataclass(frozen=True)
class AttentionTraffic:
    """Words between HBM and the chip, by array; `S` and `P` are the scores and the weights."""

    reads: Mapping[str, int]
    writes: Mapping[str, int]

    @property
    def words(self) -> int:
        """All reads and writes."""
        return sum(self.reads.values()) + sum(self.writes.values())


def _width(d: int, d_v: int | None) -> int:
    """Width of the values: that of the keys unless it is given."""
    return d if d_v is None else d_v


def materialized_kernels(
    Nq: int, Nk: int, d: int, d_v: int | None = None, masked: bool = False, bytes_per_element: float = 2
) -> dict[str, Operation]:
    """The kernels of attention that writes its scores to memory, by name, each an `Operation` with FLOP and bytes.

    With `masked`, the mask is a kernel of its own between scores and softmax, which reads and writes all scores and
    works its condition out from the indices. FLOP of the softmax: 5 an element, maximum and subtraction included.

    >>> [op.D_vol for op in materialized_kernels(4, 4, 2, bytes_per_element=1).values()]  # 8 + 8 + 16; 16 + 16; ...
    [32, 32, 32]
    """
    d_v, b = _width(d, d_v), bytes_per_element
    kernels = {"scores": matmul(Nq, d, Nk, b)}
    if masked:
        n = Nq * Nk * b
        kernels["mask"] = Operation("elementwise", Nq * Nk, {"S": n}, {"S": n}, shape={"n": Nq * Nk})
    return kernels | {"softmax": softmax(Nq, Nk, b, flop_per_element=5), "context": matmul(Nq, Nk, d_v, b)}


def materialized_traffic(Nq: int, Nk: int, d: int, d_v: int | None = None, masked: bool = False) -> AttentionTraffic:
    """Words that attention moves when scores and weights go to memory and back.

    >>> materialized_traffic(4, 4, 2).writes
    {'S': 16, 'P': 16, 'O': 8}
    >>> materialized_traffic(4, 4, 2).words == 4 * 4 * 2 + 4 * 4 * 4
    True
    """
    positive_ints(Nq=Nq, Nk=Nk, d=d, d_v=_width(d, d_v))
    S, d_v, passes = Nq * Nk, _width(d, d_v), 2 if masked else 1
    return AttentionTraffic(
        {"Q": Nq * d, "K": Nk * d, "S": passes * S, "P": S, "V": Nk * d_v}, {"S": passes * S, "P": S, "O": Nq * d_v}
    )


def visits(Nq: int, Nk: int, block: Block, causal: bool = False) -> list[int]:
    """How many blocks of keys each block of queries meets: all, or with a causal mask those that some query sees.

    >>> visits(4, 4, (2, 1)), visits(4, 4, (2, 1), causal=True)
    ([4, 4], [2, 4])
    """
    Br, Bc = block
    positive_ints(Nq=Nq, Nk=Nk, Br=Br, Bc=Bc)
    last = (min(i + Br, Nq) + Nk - Nq if causal else Nk for i in range(0, Nq, Br))
    return [max(1, -(-seen // Bc)) for seen in last]


def flash_traffic(
    Nq: int, Nk: int, d: int, block: Block, outer: str = "Q", causal: bool = False, d_v: int | None = None
) -> AttentionTraffic:
    """Words that tiled attention moves: what `counted_attention` counts, without running it.

    Without a mask and with T blocks inside the outer loop, `outer="Q"` reads K and V once for each block of queries;
    `outer="K"` reads Q and moves O twice, but for the first visit, for each block of keys.

    >>> flash_traffic(4, 4, 1, block=(2, 2)).reads
    {'Q': 4, 'K': 8, 'V': 8}
    >>> flash_traffic(4, 4, 1, block=(2, 2), outer="K").reads
    {'K': 4, 'V': 4, 'Q': 8, 'O': 4, 'm': 4, 'l': 4}
    """
    d_v, (Br, Bc) = _width(d, d_v), block
    positive_ints(d=d, d_v=d_v)
    known_order(outer)
    met = visits(Nq, Nk, block, causal)
    rows = [min(Br, Nq - i) for i in range(0, Nq, Br)]
    keys = [min(v * Bc, Nk) for v in met]
    if outer == "Q":
        return AttentionTraffic({"Q": Nq * d, "K": sum(keys) * d, "V": sum(keys) * d_v}, {"O": Nq * d_v, "m": Nq})
    written = sum(r * v for r, v in zip(rows, met, strict=True))
    back = written - Nq
    return AttentionTraffic(
        {"K": Nk * d, "V": Nk * d_v, "Q": written * d, "O": back * d_v, "m": back, "l": back},
        {"O": written * d_v, "m": written, "l": written},
    )


def least_traffic(Nq: int, Nk: int, d: int, d_v: int | None = None) -> int:
    """Words that any attention moves: Q, K and V in once, O out once.

    >>> least_traffic(4, 4, 2)
    32
    """
    positive_ints(Nq=Nq, Nk=Nk, d=d, d_v=_width(d, d_v))
    return Nq * d + Nk * d + (Nq + Nk) * _width(d, d_v)


def words_held(block: Block, d: int, d_v: int | None = None) -> int:
    """Words on the chip at once: a block each of Q, K, V, scores and output, with two statistics a row of queries.

    >>> words_held((2, 3), d=4)  # 8 + 12 + 12 + 6 + 8 + 4
    50
    """
    (Br, Bc), d_v = block, _width(d, d_v)
    positive_ints(Br=Br, Bc=Bc, d=d, d_v=d_v)
    return Br * d + Bc * (d + d_v) + Br * Bc + Br * d_v + 2 * Br


def block_for(capacity_words: int, d: int, d_v: int | None = None, outer: str = "Q", inner: int = INNER) -> Block:
    """The block (Br, Bc) that moves least in a scratchpad: `inner` rows stream by, the outer loop holds what else fits.

    Traffic depends on the outer block alone, so it takes all there is; the inner one is as small as a matrix unit
    allows. Raises ValueError where not one outer row fits, and says what would.

    >>> block_for(8192, d=64), block_for(8192, d=64, outer="K")
    ((42, 16), (16, 42))
    """
    positive_ints(capacity_words=capacity_words, d=d, d_v=_width(d, d_v), inner=inner)
    known_order(outer)
    one, two = ((rows, inner) if outer == "Q" else (inner, rows) for rows in (1, 2))
    first, more = words_held(one, d, d_v), words_held(two, d, d_v) - words_held(one, d, d_v)
    if first > capacity_words:
        raise ValueError(f"a head of {d} needs {first} words for one row beside {inner}; got {capacity_words}")
    rows = 1 + (capacity_words - first) // more
    return (rows, inner) if outer == "Q" else (inner, rows)


def crossover_length(d: int, block: Block, outer: str = "Q") -> int | None:
    """The last length (Nq = Nk, no mask) at which tiles move less than scores written out; None where they always do.

    With T = ceil(N / B) outer blocks of B rows, tiles win while T s < 4 N + c, where s = 2 d and c = 2 d - 1 with
    queries outside, s = 3 d + 4 and c = 3 d + 2 with keys outside. So they win at every length from B >= s / 4 on.

    >>> crossover_length(64, (32, 16)) is None, crossover_length(64, (28, 16))
    (True, 196)
    """
    positive_ints(d=d, Br=block[0], Bc=block[1])
    s, c, B = {"Q": (2 * d, 2 * d - 1, block[0]), "K": (3 * d + 4, 3 * d + 2, block[1])}[known_order(outer)]
    short = s - 4 * B
    return (c - 1) // short * B if short > 0 else None


def paper_order(N: int, d: int, capacity_words: int) -> float:
    """N^2 d^2 / M, the order of Theorem 2 of the first paper, without its constant; for d <= M <= N d.

    >>> paper_order(1024, 64, 65536)
    65536.0
    """
    positive_ints(N=N, d=d, capacity_words=capacity_words)
    return N * N * d * d / capacity_words


def attention_flop(Nq: int, Nk: int, d: int, block: Block | None = None, causal: bool = False) -> Flop:
    """FLOP of both products and 5 an element for the softmax; with a block, those of the blocks visited.

    >>> attention_flop(4, 4, 2)
    208
    """
    positive_ints(Nq=Nq, Nk=Nk, d=d)
    pairs = Nq * Nk
    if block and causal:
        rows = (min(block[0], Nq - i) for i in range(0, Nq, block[0]))
        met = visits(Nq, Nk, block, causal)
        pairs = sum(r * min(v * block[1], Nk) for r, v in zip(rows, met, strict=True))
    return pairs * (4 * d + 5)


def materialized_time(
    Nq: int, Nk: int, d: int, R_peak: FlopPerSecond, BW: BytesPerSecond, bytes_per_element: float = 2,
    masked: bool = False,
) -> Seconds:  # fmt: skip
    """Least time of the kernels one after another on a roofline.

    >>> materialized_time(4, 4, 2, R_peak=1e9, BW=1.0, bytes_per_element=1)
    96.0
    """
    kernels = materialized_kernels(Nq, Nk, d, None, masked, bytes_per_element).values()
    return sum(least_time(op.flop, op.D_vol, R_peak, BW) for op in kernels)


def flash_time(
    Nq: int, Nk: int, d: int, block: Block, R_peak: FlopPerSecond, BW: BytesPerSecond,
    bytes_per_element: float = 2, causal: bool = False, outer: str = "Q",
) -> Seconds:  # fmt: skip
    """Least time of the one tiled kernel on a roofline, every FLOP at the peak.

    >>> flash_time(4, 4, 2, (4, 4), R_peak=1e9, BW=1.0, bytes_per_element=1)
    36.0
    """
    D_vol = flash_traffic(Nq, Nk, d, block, outer, causal).words * bytes_per_element
    return least_time(attention_flop(Nq, Nk, d, block, causal), D_vol, R_peak, BW)
