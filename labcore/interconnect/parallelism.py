"""Data, tensor and pipeline parallelism in first order: what each moves, what each leaves idle, and how both scale.

Data parallelism gives every replica its own samples and sums their gradients once a step. Tensor parallelism splits
each layer, and sums activations within every layer (Shoeybi et al., Megatron-LM, 2019). Pipeline parallelism gives each
stage its own layers, and stages wait for the first sample to come and the last to leave (Huang et al., GPipe, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link
from labcore.units import Bytes, Ratio, Seconds, positive, positive_ints


def gradient_bytes(params: int, bytes_per_element: int = 2) -> Bytes:
    """Bytes that data parallelism sums in every step: an element for each parameter.

    >>> gradient_bytes(1_500_000_000) / 1e9
    3.0
    """
    positive_ints(params=params, bytes_per_element=bytes_per_element)
    return params * bytes_per_element


def tensor_payload(tokens: int, d_model: int, bytes_per_element: int = 2) -> Bytes:
    """Bytes of one all-reduce of tensor parallelism: the activations of a layer, (tokens, d_model).

    >>> tensor_payload(tokens=1024, d_model=4096)  # 1024 x 4096 x 2
    8388608
    """
    positive_ints(tokens=tokens, d_model=d_model, bytes_per_element=bytes_per_element)
    return tokens * d_model * bytes_per_element


def tensor_all_reduces(layers: int, training: bool = True) -> int:
    """All-reduces of a pass: behind attention and behind the MLP of each layer, and as many again for backward.

    >>> tensor_all_reduces(layers=80), tensor_all_reduces(layers=80, training=False)
    (320, 160)
    """
    positive_ints(layers=layers)
    return layers * (4 if training else 2)


def pipeline_bubble(stages: int, microbatches: int) -> Ratio:
    """Share of the time that each stage idles, (stages - 1) / (microbatches + stages - 1).

    Over the useful time alone it is (stages - 1) / microbatches. All stages take the same time here.

    >>> pipeline_bubble(stages=4, microbatches=9)
    0.25
    """
    positive_ints(stages=stages, microbatches=microbatches)
    return (stages - 1) / (microbatches + stages - 1)


def weak_efficiency(T_compute: Seconds, T_exposed: Seconds) -> Ratio:
    """Share of a step that computes, T_compute / (T_compute + T_exposed), when work grows with the chips.

    p chips do p times this much more work a second than one: the chapter's eight GPUs, 50 ms and 3.33 ms.

    >>> round(weak_efficiency(T_compute=50e-3, T_exposed=1 / 300), 4)
    0.9375
    """
    positive(T_compute=T_compute)
    if not T_exposed >= 0:
        raise ValueError(f"T_exposed is a time of 0 s or more, got {T_exposed!r}")
    return T_compute / (T_compute + T_exposed)


def strong_speedup(T_one: Seconds, p: int, T_exposed: Seconds) -> Ratio:
    """How much faster p chips finish the work of one, T_one / (T_one / p + T_exposed); p times the efficiency.

    >>> strong_speedup(T_one=8.0, p=4, T_exposed=2.0)
    2.0
    """
    positive_ints(p=p)
    return p * weak_efficiency(T_one / p, T_exposed)


def weak_scaling(T_compute: Seconds, D_vol: int, chips: Sequence[int], link: Link, way: str = "ring") -> list[Ratio]:
    """Efficiency for each number of chips where each computes T_compute, then all sum D_vol bytes, nothing overlapped.

    >>> weak_scaling(T_compute=1.0, D_vol=8, chips=[1, 2, 4], link=Link("x", 8.0))
    [1.0, 0.5, 0.4]
    """
    return [weak_efficiency(T_compute, all_reduce_time(D_vol, p, link, way)) for p in chips]


def strong_scaling(T_one: Seconds, D_vol: int, chips: Sequence[int], link: Link, way: str = "ring") -> list[Ratio]:
    """Speed-up for each number of chips that share T_one of work, then all sum D_vol bytes, nothing overlapped.

    >>> strong_scaling(T_one=8.0, D_vol=8, chips=[1, 2, 4], link=Link("x", 8.0))
    [1.0, 1.6, 2.2857142857142856]
    """
    return [strong_speedup(T_one, p, all_reduce_time(D_vol, p, link, way)) for p in chips]


def unscaled_share(speedup: Ratio, more: Ratio) -> Ratio:
    """The share of the time before that did not shrink when `more` times the chips gave this speed-up.

    (1 / speedup - 1 / more) / (1 - 1 / more), the experimentally determined serial fraction of Karp and Flatt (CACM 33,
    1990). If it grows from measurement to measurement, overhead grows with the chips.

    >>> unscaled_share(speedup=2, more=4)  # 1/3 stays, 2/3 becomes 1/6: half
    0.3333333333333333
    """
    positive(speedup=speedup, more=more)
    if more <= 1 or speedup > more * (1 + 1e-12):
        raise ValueError(f"more chips, above 1 times as many, give at most as much speed-up; got {more} and {speedup}")
    return max(0.0, (1 / speedup - 1 / more) / (1 - 1 / more))
