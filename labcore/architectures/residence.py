"""Where weights live: chips that a model takes in SRAM, HBM or DDR, and the wall that stands there then.

Spread over many chips, each reads only its share, so memory's wall recedes and the link's comes closer. Two splits:

- "pipeline": each chip has some layers. A token visits one after the other: its activations cross chips - 1 links, and
  in the time of one token each chip works once. Several tokens in flight fill the chips, but none of them is faster.
- "tensor": each chip has a share of every layer and reads it while all others read theirs. Two all-reduces a layer join
  the partial sums (Shoeybi et al., Megatron-LM, 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.architectures.demand import Demand
from labcore.catalogue.architectures import HOP, Architecture
from labcore.interconnect.collectives import ALL_REDUCE
from labcore.models.language import DECODERS
from labcore.units import Bytes, BytesPerSecond, Ratio, Seconds, positive_ints

SPLITS = ("pipeline", "tensor")
REDUCES = 2  # all-reduces a layer: after attention, after the MLP


def chips_to_hold(one: Architecture, D_held: Bytes, tier: str | None = None) -> int:
    """Chips whose tier, their home unless named, has room for so many bytes together.

    >>> from labcore.catalogue.architectures import architecture
    >>> [chips_to_hold(architecture(name), 16e9) for name in ("H100", "WSE-3", "LPU v1")]
    [1, 1, 70]
    """
    if not D_held > 0:
        raise ValueError(f"wanted bytes to hold, above 0; got {D_held!r}")
    return math.ceil(D_held / one.tier(tier or one.home).capacity.value)


@dataclass(frozen=True)
class TokenTime:
    """One decode step on several chips: time of a token, tokens a second of the whole, and where the time goes."""

    chips: int
    T_token: Seconds
    T_compute: Seconds
    T_memory: Seconds
    T_link: Seconds
    hops: int
    D_link: Bytes  # that a chip sends for one step
    throughput: float
    binds: str


def token_time(
    demand: Demand, model: str, one: Architecture, chips: int, split: str = "pipeline", batch: int = 1,
    tier: str | None = None, precision: str | None = None, L_lat: Seconds = HOP.value,
) -> TokenTime:  # fmt: skip
    """Time from one token of a sequence to its next on `chips` of a kind, and where it goes.

    The link's bandwidth is shared by what a chip sends; L_lat is that of one message. A pipeline keeps as many batches
    in flight as it has chips, so its `throughput` is that of its slowest stage, chips times batch / T_token at best.
    Activations have 16 bits a number. Raises ValueError for a chip without a link, or a model or split that is none.

    >>> from labcore.architectures.demand import decode
    >>> from labcore.catalogue.architectures import architecture
    >>> step, LPU = decode("llama3-8b", context=2048), architecture("LPU v1")
    >>> [token_time(step, "llama3-8b", LPU, 70, split).binds for split in ("pipeline", "tensor")]
    ['memory', 'link']
    """
    positive_ints(chips=chips, batch=batch)
    if split not in SPLITS:
        raise ValueError(f"a split is one of {', '.join(SPLITS)}; got {split!r}")
    if model not in DECODERS:
        raise ValueError(f"tokens are of a language model, one of {', '.join(DECODERS)}; got {model!r}")
    m, precision, tier = DECODERS[model], precision or one.sixteen_bit, tier or one.home
    in_step = chips if split == "tensor" else 1  # chips that work on one token at the same time
    T_compute = batch * demand.flop / one.peak(precision) / in_step
    T_memory = demand.D_vol(batch) / one.BW(tier) / in_step
    D_token = batch * m.d_model * 2  # a token's activations, 16 bits
    messages, D_link = _sent(split, chips, m.n_layers, D_token)
    T_link = messages * L_lat + D_link * (chips - 1 if split == "pipeline" else 1) / _link(one, chips)
    T_token = max(T_compute, T_memory) + T_link
    parts = {"compute": T_compute, "memory": T_memory, "link": T_link}
    stage = max(max(T_compute, T_memory) / chips, T_link / max(1, chips - 1)) if split == "pipeline" else T_token
    binds = max(parts, key=parts.get)
    return TokenTime(chips, T_token, T_compute, T_memory, T_link, messages, D_link, batch / stage, binds)


def _sent(split: str, chips: int, layers: int, D_token: int) -> tuple[int, Bytes]:
    """Messages one after another on a token's way, and the bytes that a chip sends for it."""
    if chips == 1:
        return 0, 0.0
    if split == "pipeline":
        return chips - 1, D_token
    cost = ALL_REDUCE["ring"](chips, D_token)
    return REDUCES * layers * cost.messages, float(REDUCES * layers * cost.D_vol)


def _link(one: Architecture, chips: int) -> BytesPerSecond:
    if chips > 1 and one.link is None:
        raise ValueError(f"no link is known of {one.name}, so it works alone here; give 1 chip, not {chips}")
    return one.link.value if one.link else math.inf


def link_share(found: TokenTime) -> Ratio:
    """The share of a token's time that is spent between chips.

    >>> from labcore.architectures.demand import decode
    >>> from labcore.catalogue.architectures import architecture
    >>> step, LPU = decode("llama3-8b", context=2048), architecture("LPU v1")
    >>> shares = [link_share(token_time(step, "llama3-8b", LPU, n, "tensor")) for n in (1, 70, 140)]
    >>> shares == sorted(shares), shares[0]
    (True, 0.0)
    """
    return found.T_link / found.T_token


def tiers_for(one: Architecture, D_held: Bytes) -> dict[str, int]:
    """Chips that hold so many bytes in each tier of an architecture, nearest first.

    >>> from labcore.catalogue.architectures import architecture
    >>> tiers_for(architecture("SN40L"), D_held=140e9)
    {'SRAM': 257, 'HBM': 3, 'DDR': 1}
    """
    return {tier.name: chips_to_hold(one, D_held, tier.name) for tier in one.tiers}
