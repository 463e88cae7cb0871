"""What one iteration of a language model costs: a chip's roofline, layer by layer, as a function of what is in it.

An iteration takes tokens of many sequences through the model at once. Prompts bring many tokens, sequences that are
writing bring one. Matmuls see `tokens` rows and read their weights once for all; attention sees `pairs` of a query and
a key, and reads the cache of every sequence, `context` tokens in all; the output head sees `outputs` rows, since only
a sequence's last position says its next token. Every layer is affine in these four, which is read off the networks of
labcore.models, so an iteration costs a few additions.

Shares of the peaks, the launch of a kernel and the split over chips are those of labcore.feasibility. One thing
differs: attention over a prompt skips the half that causality masks, as fused kernels do tile by tile, so that a
prompt in chunks has the FLOP of a prompt in one piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from labcore.catalogue.facts import Accelerator
from labcore.feasibility.assumptions import Assumptions, link_between
from labcore.feasibility.split import ROW, chip_counts, shard
from labcore.feasibility.workload import Workload, workload
from labcore.interconnect.collectives import fastest
from labcore.interconnect.link import Link, transfer_time
from labcore.models.language import DECODERS
from labcore.models.zoo import find
from labcore.serving.affine import Affine, affine
from labcore.serving.passes import pass_time
from labcore.units import Bytes, BytesPerSecond, FlopPerSecond, Seconds, format_si, positive, positive_ints


@dataclass(frozen=True)
class Clock:
    """An engine by hand: an iteration takes T_pass, and T_token for each token in it; the cache holds `room` tokens.

    >>> Clock(T_pass=0.01, T_token=0.001).time(tokens=10, outputs=10, pairs=500, context=500)
    0.02
    """

    T_pass: Seconds
    T_token: Seconds = 0.0
    room: int = 2**40
    positions: int = 2**40

    def __post_init__(self) -> None:
        positive(T_pass=self.T_pass)
        positive_ints(room=self.room)

    def time(self, tokens: int, outputs: int, pairs: int, context: int) -> Seconds:
        """Time of one iteration."""
        return self.T_pass + self.T_token * tokens


@dataclass(frozen=True)
class Engine:
    """One model on some chips of a kind: how long an iteration takes, what it works, and how many tokens its cache has.

    All figures are those of one chip of `chips`. `R_attain` and `BW_attain` are the shares of the peaks that layers
    reach. Build it with `engine`.
    """

    name: str
    layers: tuple[Affine, ...]  # all but attention
    attention: Affine
    R_peak: FlopPerSecond
    BW: BytesPerSecond
    given: Assumptions
    room: int  # tokens
    weights: Bytes
    kv_token: Bytes
    link: Link | None = None
    chips: int = 1
    D_row: Bytes = 0.0  # of a token, as the all-reduces sum it
    D_logits: Bytes = 0.0  # of a row of the output head, this chip's part
    positions: int = 2**40  # that the model was made for
    _seen: dict[str, dict[int, Seconds]] = field(
        default_factory=lambda: {"body": {}, "head": {}}, init=False, repr=False, compare=False
    )

    def time(self, tokens: int, outputs: int, pairs: int, context: int) -> Seconds:
        """Time of one iteration: every layer on its roofline, none below its launch, then the links.

        >>> from labcore.catalogue import H100
        >>> llama = engine("llama3-8b", H100)
        >>> one, many = (llama.time(B, B, 1000 * B, 1000 * B) for B in (1, 32))
        >>> many < 2 * one  # 32 sequences share the weights that one reads alone
        True
        """
        rows = self._rows("body", tokens) + self._rows("head", outputs)
        return rows + self._layer(self.attention, tokens, pairs, context)

    def step(self, batch: int, context: int) -> Seconds:
        """Time of an iteration in which `batch` sequences write one token each, and attend to `context` tokens each.

        >>> from labcore.catalogue import H100
        >>> round(1e3 * engine("llama3-8b", H100).step(1, 512), 2)  # ms: 15 GB at 2.3 TB/s, and small kernels
        7.53
        """
        return pass_time(self, batch, context)

    def prompt(self, tokens: int) -> Seconds:
        """Time of an iteration that reads one prompt, and nothing else.

        >>> from labcore.catalogue import H100
        >>> round(1e3 * engine("llama3-8b", H100).prompt(2048))  # ms
        66
        """
        positive_ints(tokens=tokens)
        return self.time(tokens, 1, tokens * (tokens + 1) // 2, tokens)

    def work(self, iterations: int, tokens: int, outputs: int, pairs: int, context: int) -> tuple[float, Bytes]:
        """FLOP and bytes of one chip in so many iterations, from what all of them held together: all is affine."""
        flop = D_vol = 0.0
        for layer in (*self.layers, self.attention):
            rows = outputs if layer.name == "head" else tokens
            each, moved = layer.work(rows, pairs, context)
            flop += layer.count * (each + (iterations - 1) * layer.flop_fixed)
            D_vol += layer.count * (moved + (iterations - 1) * layer.D_fixed)
        return flop, D_vol

    def most(self, context: int) -> int:
        """Sequences of `context` tokens that the cache has room for at once."""
        positive_ints(context=context)
        return self.room // context

    def _rows(self, part: str, rows: int) -> Seconds:
        """Time of the layers whose rows are those of the head, or of the rest without attention; kept for next time."""
        seen = self._seen[part]
        if rows not in seen:
            layers = [one for one in self.layers if (one.name == "head") == (part == "head")]
            T = sum(self._layer(layer, rows) for layer in layers) if rows else 0.0
            seen[rows] = T + (self._links(part, rows) if self.link and rows else 0.0)
        return seen[rows]

    @cached_property
    def _attained(self) -> tuple[FlopPerSecond, BytesPerSecond]:
        return self.given.eta_compute * self.R_peak, self.given.eta_memory * self.BW

    def _layer(self, layer: Affine, rows: int, pairs: int = 0, context: int = 0) -> Seconds:
        flop, D_vol = layer.work(rows, pairs, context)
        R_attain, BW_attain = self._attained
        return layer.count * max(flop / R_attain, D_vol / BW_attain, self.given.T_launch)

    def _links(self, part: str, rows: int) -> Seconds:
        """An all-reduce after the embedding and after each row-split matmul; the logits are gathered."""
        if part == "head":
            return transfer_time((self.chips - 1) * rows * self.D_logits, self.link.BW_one_way, self.link.L_lat)
        times = sum(layer.count for layer in self.layers if layer.name in (*ROW, "tokens"))
        return times * fastest(math.ceil(rows * self.D_row), self.chips, self.link)[1]


def engine(
    model: str, chip: Accelerator, chips: int = 1, precision: str = "fp16", weights: str | None = None,
    given: Assumptions | None = None,
) -> Engine:  # fmt: skip
    """A language model on chips of a kind, by tensor parallelism where they are several.

    Weights take their part of each chip's memory, the reserve is kept back (activations live there), and the rest is
    cache. With `weights` the weights are stored in that format. Raises ValueError for a model that writes no tokens,
    for chips that do not divide its key-value heads, and for weights that leave no room, with the fewest chips that do.

    >>> from labcore.catalogue import H100
    >>> engine("llama3-8b", H100).room  # (72 - 16.06) GB of 131,072 B a token
    426784
    """
    positive_ints(chips=chips)
    given, R_peak = given or Assumptions(), chip.peak(precision)
    whole = [_decoding(model, batch, context, precision, weights) for batch, context in ((1, 1), (2, 1), (1, 2))]
    if whole[0].kv_heads % chips:
        legal = ", ".join(map(str, chip_counts(whole[0].kv_heads)))
        raise ValueError(
            f"{chips} chips do not divide the {whole[0].kv_heads} key-value heads of {model}; take one of {legal}"
        )
    one, two, longer = (shard(part.phases["decode"], chips) for part in whole)
    held, kv_token = one.params * whole[0].b_weights, whole[0].kv_cache / chips
    room = int(((1 - given.reserve) * chip.capacity.value - held) // kv_token)
    if room < 1:
        raise ValueError(_no_room(model, chip, chips, whole[0], given))
    layers = [affine(*same) for same in zip(one.layers, two.layers, longer.layers, strict=True)]
    attention = layers.pop(next(at for at, layer in enumerate(layers) if layer.D_context))
    written = {layer.name: sum(layer.op.writes.values()) for layer in one.layers}
    link = link_between(chip, chips) if chips > 1 else None
    return Engine(
        model, tuple(layers), attention, R_peak, chip.BW, given, room, held, kv_token, link, chips,
        D_row=written["tokens"], D_logits=written["head"], positions=DECODERS[find(model)].positions,
    )  # fmt: skip


def _decoding(model: str, batch: int, context: int, precision: str, weights: str | None) -> Workload:
    if find(model) not in DECODERS:
        raise ValueError(f"{model} writes no tokens; serve a language model: {', '.join(DECODERS)}")
    return workload(model, batch, context, precision, weights)


def _no_room(model: str, chip: Accelerator, chips: int, whole: Workload, given: Assumptions) -> str:
    usable = (1 - given.reserve) * chip.capacity.value
    need = {n: shard(whole.phases["decode"], n).params * whole.b_weights for n in chip_counts(whole.kv_heads)}
    enough = [n for n, held in need.items() if held + whole.kv_cache / n <= usable]
    way_out = f"take {enough[0]} chips" if enough else "take a chip with more memory, or smaller weights"
    return (
        f"{model} does not fit: its weights take {format_si(need[chips], 'B')} of each of {chips} {chip.name}, "
        f"which has {format_si(usable, 'B')} for a model; {way_out}"
    )
