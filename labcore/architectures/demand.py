"""What one pass of a model asks of a chip, as a function of the batch: FLOP, and bytes by what they are.

Weights are read once a pass, whatever the batch; keys and values, and the activations between operations, once for each
sequence. So traffic is a straight line in the batch, W + B (kv + activations), and work is one through zero: where
batching stops helping follows from three numbers. Attention is fused (its scores never cross memory).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from labcore.feasibility.workload import Workload, workload
from labcore.models.language import DECODERS, kv_cache_bytes
from labcore.models.network import Network
from labcore.serving.experts import expected_touched
from labcore.units import Bytes, Flop, FlopPerByte, Ratio, positive, positive_ints


@dataclass(frozen=True)
class Demand:
    """One pass: FLOP, KV bytes and activation bytes of one sequence (or image), and weights read for all of them.

    `held` is what the weights take in memory, read in this pass or not, at `b_weights` each; `experts`, where the
    weights are shared out, is (bytes that every token reads, bytes of one expert, experts, experts a token).
    """

    name: str
    flop: Flop
    weights: Bytes
    kv: Bytes
    activations: Bytes
    held: Bytes
    experts: tuple[Bytes, Bytes, int, int] | None = None
    b_weights: Bytes = 2

    def read(self, batch: int) -> Bytes:
        """Bytes of weights that a batch reads: all, but of experts those that some token is expected to choose."""
        if self.experts is None:
            return self.weights
        always, each, count, chosen = self.experts
        return always + each * expected_touched(batch, count, chosen)

    def D_vol(self, batch: int) -> Bytes:
        """Bytes that cross the memory's bus for a batch."""
        positive_ints(batch=batch)
        return self.read(batch) + batch * (self.kv + self.activations)

    def I(self, batch: int) -> FlopPerByte:  # noqa: E743 (the chapter's symbol)
        """Intensity of a batch."""
        return batch * self.flop / self.D_vol(batch)

    @property
    def I_limit(self) -> FlopPerByte:
        """The intensity that no batch passes: FLOP over the bytes that each sequence brings of its own."""
        return self.flop / (self.kv + self.activations)

    @property
    def kv_batch(self) -> float:
        """The batch at which keys and values are as many bytes as the weights; from there on they are most of it."""
        if not self.kv:
            raise ValueError(f"{self.name} keeps no keys and values; ask a decode")
        return self.weights / self.kv

    def compute_batch(self, I_ridge: FlopPerByte) -> float | None:
        """The batch from which computing binds: I(B) = I_ridge solved for B, None where no batch gets there.

        For experts it is the bound that holds when all of them are read.
        """
        positive(I_ridge=I_ridge)
        room = self.flop / I_ridge - self.kv - self.activations
        return self.weights / room if room > 0 else None


@lru_cache(maxsize=256)
def decode(model: str, context: int, precision: str = "fp16", weights: str | None = None) -> Demand:
    """One decode step of a language model for one sequence that attends to `context` tokens.

    `weights` is the format that weights are stored and read in, where it is another. ValueError for a model that has no
    decode.

    >>> step = decode("llama3-8b", context=8192)
    >>> round(step.weights / 1e9, 1), round(step.kv / 1e9, 2), round(step.kv_batch)
    (15.0, 1.07, 14)
    """
    one, two = (_passes(model, "decode", context, precision, weights, batch) for batch in (1, 2))
    kv = kv_cache_bytes(model, 1, context, precision)
    networks = one.phases["decode"], two.phases["decode"]
    return _line(f"decode of {model} at {context} tokens", *networks, kv, one.b_weights)


@lru_cache(maxsize=256)
def prefill(model: str, seq: int, precision: str = "fp16", weights: str | None = None) -> Demand:
    """One prompt of `seq` tokens; its keys and values are written once, and count as activations.

    >>> prefill("llama3-8b", seq=2048).I(1) > 50 * decode("llama3-8b", context=2048).I(1)
    True
    """
    work = _passes(model, "prefill", seq, precision, weights)
    passed = work.phases["prefill"]
    read = sum(
        layer.count * layer.op.reads["B"]
        for layer in passed.layers
        if layer.op.kind == "matmul" and (layer.params or layer.name == "head")
    )
    held, b = passed.params * work.b_weights, work.b_weights
    return Demand(f"prefill of {model}, {seq} tokens", passed.flop, read, 0.0, passed.D_vol - read, held, b_weights=b)


@lru_cache(maxsize=256)
def single(model: str, precision: str = "fp16") -> Demand:
    """One pass over one input of a model that is no language model, by its name in labcore.models.zoo.

    >>> single("resnet50").I(1) < single("resnet50").I(64) < single("resnet50").I_limit
    True
    """
    one, two = (workload(model, batch, None, precision) for batch in (1, 2))
    if "pass" not in one.phases:
        raise ValueError(f"{model} is a language model: take prefill or decode")
    networks = one.phases["pass"], two.phases["pass"]
    return _line(f"{model}, one input", *networks, 0.0, one.b_weights)


def mixture(dense: Demand, model: str, experts: int, chosen: int) -> Demand:
    """A decode step whose MLPs are `experts` copies of the model's own, of which every token takes `chosen`.

    The router's own weights and what it sends between chips are left out.

    >>> step = decode("llama3-8b", context=2048)
    >>> moe = mixture(step, "llama3-8b", experts=8, chosen=2)
    >>> moe.read(1) < moe.read(4) < moe.read(64) < moe.held, moe.flop < 2 * step.flop
    (True, True)
    """
    if model not in DECODERS or not model.startswith("llama"):
        raise ValueError(f"experts are built of Llama's gated MLPs; got {model!r}, take llama3-8b or llama3-70b")
    m = DECODERS[model]
    mlp = 3 * m.n_layers * m.d_model * m.d_ff  # gate, up and down
    each = mlp * dense.b_weights
    positive_ints(experts=experts, chosen=chosen)
    always = dense.weights - each
    return replace(
        dense, name=f"{dense.name}, {chosen} of {experts} experts", flop=dense.flop + (chosen - 1) * 2 * mlp,
        weights=always + experts * each, held=dense.held + (experts - 1) * each,
        experts=(always, each, experts, chosen),
    )  # fmt: skip


def share_of_kv(demand: Demand, batch: int) -> Ratio:
    """Keys and values as a share of the bytes that a batch moves.

    >>> step = decode("llama3-8b", context=8192)
    >>> share_of_kv(step, 1) < 0.1 < 0.5 < share_of_kv(step, 64)
    True
    """
    return batch * demand.kv / demand.D_vol(batch)


def _passes(model: str, phase: str, tokens: int, precision: str, weights: str | None, batch: int = 1) -> Workload:
    if model not in DECODERS:
        raise ValueError(f"{phase} takes a language model, one of {', '.join(DECODERS)}; got {model!r}")
    return workload(model, batch, tokens, precision, weights)


def _line(name: str, one: Network, two: Network, kv: Bytes, b_weights: Bytes) -> Demand:
    """The line through the bytes of a batch of one and of two: what does not grow is weights, of any layer."""
    each = two.D_vol - one.D_vol
    held = one.params * b_weights
    return Demand(name, one.flop, one.D_vol - each, kv, each - kv, held, b_weights=b_weights)
