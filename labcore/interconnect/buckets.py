"""Overlap of the gradient exchange with the backward pass: gradients are summed in buckets while others are computed.

The backward pass goes from the last layer to the first; as soon as the layers of a bucket are done, its gradients are
summed over all chips, one bucket after another (Li et al., PyTorch Distributed, VLDB 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labcore.interconnect.schedule import Interval, Task, makespan, run
from labcore.units import Bytes, Seconds, positive, positive_ints


def buckets(gradients: Sequence[Bytes], size: Bytes) -> list[range]:
    """Layers of each bucket, in the order of the backward pass: a bucket closes when it holds `size` bytes or more.

    >>> [list(layers) for layers in buckets([1, 1, 5, 1, 1, 1], size=3)]
    [[0, 1, 2], [3, 4, 5]]
    """
    positive(size=size)
    if not gradients:
        raise ValueError("a backward pass has at least one layer, got none")
    found, first, held = [], 0, 0.0
    for i, D_vol in enumerate(gradients):
        held += D_vol
        if held >= size or i == len(gradients) - 1:
            found.append(range(first, i + 1))
            first, held = i + 1, 0.0
    return found


def backward(
    gradients: Sequence[Bytes], T_layers: Sequence[Seconds], size: Bytes, exchange: Callable[[Bytes], Seconds]
) -> list[Interval]:
    """The backward pass of the layers, last layer first, and the exchange of each bucket, as intervals.

    `exchange` gives the time to sum so many bytes, such as `collectives.all_reduce_time` on a link.

    >>> [(i.step, i.start, i.end) for i in backward([2, 2], [1.0, 1.0], size=2, exchange=lambda D_vol: D_vol / 4)]
    [('backward', 0.0, 1.0), ('backward', 1.0, 2.0), ('exchange', 1.0, 1.5), ('exchange', 2.0, 2.5)]
    """
    if len(gradients) != len(T_layers):
        raise ValueError(f"{len(gradients)} layers of gradients, but times of {len(T_layers)}; give one for each layer")
    tasks = [Task("backward", i, "chip", T) for i, T in enumerate(T_layers)]
    for k, layers in enumerate(buckets(gradients, size)):
        D_vol = sum(gradients[i] for i in layers)
        tasks.append(Task("exchange", k, "network", exchange(D_vol), (("backward", layers[-1]),)))
    return run(tasks)


def exposed(intervals: Sequence[Interval]) -> Seconds:
    """Time of the exchange that nothing hides: from the end of the backward pass to the end of all.

    >>> exposed(backward([2, 2], [1.0, 1.0], size=2, exchange=lambda D_vol: D_vol / 4))
    0.5
    """
    return makespan(intervals) - makespan([one for one in intervals if one.step == "backward"])


def overlapped_time(count: int, T_bucket: Seconds, T_exchange: Seconds) -> Seconds:
    """Time of a backward pass of `count` like buckets: T_bucket + (count - 1) max(T_bucket, T_exchange) + T_exchange.

    T_bucket computes the gradients of a bucket, T_exchange sums them.

    >>> overlapped_time(count=4, T_bucket=2.0, T_exchange=1.0), overlapped_time(count=4, T_bucket=1.0, T_exchange=2.0)
    (9.0, 9.0)
    """
    positive_ints(count=count)
    return T_bucket + (count - 1) * max(T_bucket, T_exchange) + T_exchange


def best_count(counts: Sequence[int], T_backward: Seconds, D_vol: int, exchange: Callable[[int], Seconds]) -> int:
    """How many like buckets end soonest: few leave the last one exposed, many pay a latency each.

    >>> best_count([1, 2, 4, 8, 16], T_backward=1.0, D_vol=16, exchange=lambda D_vol: 0.0625 + D_vol / 32)
    8
    """
    positive(T_backward=T_backward)
    return min(counts, key=lambda count: overlapped_time(count, T_backward / count, exchange(-(-D_vol // count))))
