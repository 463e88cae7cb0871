"""The passes that a model makes: prefill and decode for a language model, one pass for any other.

Attention is fused, as serving has it: its scores are computed in tiles and never cross memory. Of a prompt only the
last position goes through the output head, since only the next token is wanted. Prompts are read one at a time, as
they arrive; the batch is that of decoding. With an answer, cache and decode step are those of its last token, when
every sequence is longest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from labcore.models import zoo
from labcore.models.language import DECODERS, DEFAULT_TOKENS, kv_cache_bytes
from labcore.models.load import load_network
from labcore.models.network import Layer, Network
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Ratio

ATTENTION = ("attn.scores", "attn.softmax", "attn.context")
FUSED = "attn.fused"
WEIGHTS = {"matmul": "B", "conv2d": "w", "embedding": "rows"}  # the operand that is trained


@dataclass(frozen=True)
class Workload:
    """Networks by phase, the cache of all sequences, and the heads that tensor parallelism can deal out (else 0)."""

    phases: Mapping[str, Network]
    kv_cache: Bytes = 0
    kv_heads: int = 0
    context: int | None = None
    b_weights: Bytes = 2

    @property
    def batch(self) -> int:
        """Inputs of a pass, or sequences of a decode step."""
        return next(reversed(self.phases.values())).batch


def workload(
    model: str, batch: int | None = None, context: int | None = None, precision: str = "fp16",
    weights: str | None = None, answer: int = 0, shapes: tuple[str, ...] = (),
) -> Workload:  # fmt: skip
    """The passes of a model by name, or of an .onnx file; ValueError for what cannot be built or counted.

    With `weights`, what is trained is stored and read in that format, but for integer weights of a file. The cache
    holds prompt and `answer`; `shapes` are those of a file's inputs.

    >>> workload("gpt2", context=100, answer=28).kv_cache == workload("gpt2", context=128).kv_cache
    True
    >>> list(workload("llama3-8b", context=1024).phases), list(workload("resnet50").phases)
    (['prefill', 'decode'], ['pass'])
    """
    file = Path(model)
    stamp = file.stat().st_mtime_ns if file.exists() else 0  # so that a file written anew is read anew
    whole = _workload(model, batch, context, precision, answer, tuple(shapes), stamp)
    b, b_weights = bytes_per_element(precision), bytes_per_element(weights or precision)
    phases = whole.phases
    if b != b_weights:
        phases = {phase: store_weights(network, b_weights / b) for phase, network in phases.items()}
    return replace(whole, phases=phases, b_weights=b_weights)


@lru_cache(maxsize=256)
def _workload(
    model: str, batch: int | None, context: int | None, precision: str, answer: int, shapes: tuple[str, ...], stamp: int
) -> Workload:
    if not stamp and not shapes and not model.endswith(".onnx") and "/" not in model:
        name = zoo.find(model)
        if "context" in zoo.MODELS[name].options:
            return _language(name, batch or 1, context or DEFAULT_TOKENS, precision, answer)
    network = load_network(model, batch, precision, shapes, context=context)
    if not network.flop:
        raise ValueError(f"{model} holds no operation that can be counted; `labcore roofline` lists what it holds")
    return Workload({"pass": network})


def _language(name: str, batch: int, context: int, precision: str, answer: int) -> Workload:
    sizes, held = DECODERS[name], context + answer
    if context <= sizes.positions < held:
        raise ValueError(
            f"context={context} and answer={answer} are {held} tokens, beyond the {sizes.positions} positions of "
            f"{name}; take {sizes.positions} or less for both"
        )
    one = zoo.build(name, 1, precision, phase="decode", context=context)
    prefill = zoo.build(name, 1, precision, phase="prefill", seq=context)
    decode = zoo.build(name, batch, precision, phase="decode", context=held)
    prefill = replace(prefill, layers=(*prefill.layers[:-1], one.layers[-1]))  # the head, of one position
    phases = {"prefill": fuse_attention(prefill), "decode": fuse_attention(decode)}
    cache = kv_cache_bytes(name, batch, held, precision)
    return Workload(phases, cache, sizes.n_kv_heads, context)


def fuse_attention(network: Network) -> Network:
    """The network with scores, softmax and context as one layer, which reads Q, K and V and writes its output.

    >>> net = zoo.build("gpt2", phase="decode", context=8)
    >>> net.flop == fuse_attention(net).flop, net.D_vol > fuse_attention(net).D_vol
    (True, True)
    """
    layers: list[Layer] = []
    for at, layer in enumerate(network.layers):
        if layer.name == ATTENTION[0]:
            layers.append(_fused(*network.layers[at : at + 3]))
        elif layer.name not in ATTENTION:
            layers.append(layer)
    return replace(network, layers=tuple(layers))


def store_weights(network: Network, ratio: Ratio) -> Network:
    """The network with its weights read as `ratio` times the bytes: matmuls, convolutions, embeddings.

    >>> net = zoo.build("resnet50")
    >>> round((net.D_vol - store_weights(net, 0.5).D_vol) / net.params, 2)  # half of 2 B, but for norms and biases
    1.0
    """
    return replace(network, layers=tuple(_stored(layer, ratio) for layer in network.layers))


def _stored(layer: Layer, ratio: Ratio) -> Layer:
    name = WEIGHTS.get(layer.op.kind)
    if name not in layer.op.reads or not (layer.params or layer.name == "head"):  # GPT-2's head is its table again
        return layer
    reads = dict(layer.op.reads)
    reads[name] *= ratio
    return replace(layer, op=replace(layer.op, reads=reads))


def _fused(scores: Layer, softmax: Layer, context: Layer) -> Layer:
    ops = [scores.op, softmax.op, context.op]
    reads = {"Q": scores.op.reads["A"], "K": scores.op.reads["B"], "V": context.op.reads["B"]}
    flop, macs = sum(op.flop for op in ops), sum(op.macs for op in ops)
    return replace(scores, name=FUSED, op=Operation("attention", flop, reads, dict(context.op.writes), macs))
