"""Decoder-only transformers: GPT-2 and Llama 3, reading a prompt (prefill) or writing one token (decode).

Counting, in both phases. Attention runs eagerly: scores, softmax and context are operations of their own and the
scores cross memory in between; prefill computes the full square, though causality masks half of it. The query heads
that share a key-value head are stacked into one matmul, so its keys and values are read once. The projection writes
new keys and values straight into the cache, which the attention matmuls read: that is the cache's whole traffic.
Scaling by the root of the head size and masking are folded into the matmul and the softmax. Every position goes
through the output head, as in the published code. FLOP an element of each function: `labcore.ops.FLOP_PER_ELEMENT`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labcore.catalogue.facts import Source
from labcore.models.network import Layer, Network
from labcore.ops import FLOP_PER_ELEMENT, elementwise, embedding_bag, layernorm, matmul, rmsnorm, softmax
from labcore.precision import bytes_per_element
from labcore.units import Bytes, positive_ints

DEFAULT_TOKENS = 512  # of a prompt, or attended to in decode: the length the chapter uses
INDEX_BYTES = 8  # int64 token numbers
SWIGLU = FLOP_PER_ELEMENT["silu"] + 1  # silu(gate) * up
STREAM = ("attn.add", "mlp.down")  # what the second addition of a block reads; the first reads the block before it

_GPT2 = Source(
    "Radford et al., OpenAI", "Language Models are Unsupervised Multitask Learners; src/model.py", 2019,
    "https://github.com/openai/gpt-2",
)  # fmt: skip
_LLAMA3 = Source("Meta", "The Llama 3 Herd of Models; llama/model.py", 2024, "https://arxiv.org/abs/2407.21783")


@dataclass(frozen=True)
class Decoder:
    """The sizes of a decoder-only transformer; `positions` is the longest context it was made for."""

    n_layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    d_ff: int
    vocab: int
    positions: int

    @property
    def d_head(self) -> int:
        """Width of a head."""
        return self.d_model // self.n_heads


def _gpt2_sizes(n_layers: int, d_model: int) -> Decoder:
    """Heads of 64, an MLP of four times the width, 50,000 merges + 256 bytes + 1 end of text, 1024 positions."""
    heads = d_model // 64
    return Decoder(n_layers, d_model, heads, heads, 4 * d_model, 50_000 + 256 + 1, 1024)


def _llama3_sizes(n_layers: int, d_model: int, n_heads: int, multiple_of: int) -> Decoder:
    """8 key-value heads; an MLP of 1.3 x 2/3 x 4 widths, rounded up to a multiple; 128 Ki positions since 3.1."""
    d_ff = -(-int(1.3 * int(8 * d_model / 3)) // multiple_of) * multiple_of
    return Decoder(n_layers, d_model, n_heads, 8, d_ff, 128_256, 131_072)


GPT2 = {
    "gpt2": _gpt2_sizes(12, 768),
    "gpt2-medium": _gpt2_sizes(24, 1024),
    "gpt2-large": _gpt2_sizes(36, 1280),
    "gpt2-xl": _gpt2_sizes(48, 1600),
}
LLAMA3 = {
    "llama3-8b": _llama3_sizes(32, 4096, 32, multiple_of=1024),
    "llama3-70b": _llama3_sizes(80, 8192, 64, multiple_of=4096),
}
DECODERS = GPT2 | LLAMA3


@dataclass(frozen=True)
class Pass:
    """One pass of a decoder: `new` tokens a sequence enter and attend to `context` tokens, themselves included."""

    phase: str
    batch: int
    new: int
    context: int
    b: Bytes  # of an element

    @property
    def tokens(self) -> int:
        """Tokens that enter, all sequences."""
        return self.batch * self.new

    @property
    def in_words(self) -> str:
        """What the pass does, for the note of a network."""
        if self.phase == "prefill":
            return f"prefill of {self.new} tokens a sequence"
        return f"decode of one token a sequence, {self.context} attended to"


def gpt2(
    name: str = "gpt2", batch: int = 1, precision: str = "fp16",
    phase: str | None = None, seq: int | None = None, context: int | None = None,
) -> Network:  # fmt: skip
    """GPT-2: learned positions, LayerNorm, biases everywhere, GELU, the embedding table again as output head.

    >>> gpt2("gpt2-xl").params
    1557611200
    """
    m = _sizes(GPT2, name)
    run = _pass(name, m, batch, precision, phase, seq, context)
    T, d, b = run.tokens, m.d_model, run.b
    block = [
        Layer("attn.norm", layernorm(T, d, b), 2 * d),
        _linear("attn.qkv", run, d, 3 * d, bias=True),
        *_attention(m, run),
        _linear("attn.proj", run, d, d, bias=True),
        Layer("attn.add", elementwise(T * d, 1, 2, b), inputs=("positions", "attn.proj")),
        Layer("mlp.norm", layernorm(T, d, b), 2 * d),
        _linear("mlp.up", run, d, m.d_ff, bias=True),
        Layer("mlp.gelu", elementwise(T * m.d_ff, FLOP_PER_ELEMENT["gelu_tanh"], 1, b)),
        _linear("mlp.down", run, m.d_ff, d, bias=True),
        Layer("mlp.add", elementwise(T * d, 1, 2, b), inputs=STREAM),
    ]
    layers = (
        _token_embedding(m, run),
        Layer("positions", elementwise(T * d, 1, (T * d, run.new * d), b), m.positions * d),
        *(replace(layer, count=m.n_layers) for layer in block),
        Layer("norm", layernorm(T, d, b), 2 * d),
        Layer("head", matmul(T, d, m.vocab, b)),  # its weights are the embedding table, counted there
    )
    return Network(name, layers, _GPT2, batch, run.in_words)


def llama3(
    name: str = "llama3-8b", batch: int = 1, precision: str = "fp16",
    phase: str | None = None, seq: int | None = None, context: int | None = None,
) -> Network:  # fmt: skip
    """Llama 3: rotary positions, RMSNorm, grouped-query attention, SwiGLU, no biases, an output head of its own.

    Llama 3 of April 2024 was trained on 8192 positions; 3.1 has the same sizes and 131,072.

    >>> llama3("llama3-8b").params
    8030261248
    """
    m = _sizes(LLAMA3, name)
    run = _pass(name, m, batch, precision, phase, seq, context)
    T, d, b = run.tokens, m.d_model, run.b
    rotated = T * (m.n_heads + m.n_kv_heads) * m.d_head  # queries and keys; beside them cos and sin of each position
    block = [
        Layer("attn.norm", rmsnorm(T, d, b), d),
        _linear("attn.qkv", run, d, (m.n_heads + 2 * m.n_kv_heads) * m.d_head),
        Layer("attn.rope", elementwise(rotated, FLOP_PER_ELEMENT["rope"], (rotated, run.new * m.d_head), b)),
        *_attention(m, run),
        _linear("attn.proj", run, d, d),
        Layer("attn.add", elementwise(T * d, 1, 2, b), inputs=("tokens", "attn.proj")),
        Layer("mlp.norm", rmsnorm(T, d, b), d),
        _linear("mlp.gate", run, d, m.d_ff),
        replace(_linear("mlp.up", run, d, m.d_ff), inputs=("mlp.norm",)),
        Layer("mlp.swiglu", elementwise(T * m.d_ff, SWIGLU, 2, b), inputs=("mlp.gate", "mlp.up")),
        _linear("mlp.down", run, m.d_ff, d),
        Layer("mlp.add", elementwise(T * d, 1, 2, b), inputs=STREAM),
    ]
    layers = (
        _token_embedding(m, run),
        *(replace(layer, count=m.n_layers) for layer in block),
        Layer("norm", rmsnorm(T, d, b), d),
        _linear("head", run, d, m.vocab),
    )
    return Network(name, layers, _LLAMA3, batch, run.in_words)


def kv_cache_bytes(name: str, batch: int, context: int, precision: str = "fp16") -> Bytes:
    """Bytes of the keys and values of `context` tokens in each of `batch` sequences.

    >>> kv_cache_bytes("llama3-8b", batch=1, context=1) == 2 * 32 * 8 * 128 * 2  # K and V, layers, heads, width, fp16
    True
    """
    positive_ints(batch=batch, context=context)
    m = _sizes(DECODERS, name)
    return 2 * m.n_layers * m.n_kv_heads * m.d_head * batch * context * bytes_per_element(precision)


def _sizes(table: dict[str, Decoder], name: str) -> Decoder:
    if name not in table:
        raise ValueError(f"{name!r} is none of {', '.join(table)}")
    return table[name]


def _pass(
    name: str, m: Decoder, batch: int, precision: str, phase: str | None, seq: int | None, context: int | None
) -> Pass:
    """Check the options of a phase. Without one it is decode where a context is given, else prefill."""
    if phase is None:
        phase = "prefill" if context is None else "decode"
    if phase not in ("prefill", "decode"):
        raise ValueError(f"phase is prefill or decode, got {phase!r}")
    if phase == "prefill" and context is not None:
        raise ValueError(f"context={context} belongs to decode; the tokens of a prefill are seq")
    if phase == "decode" and seq is not None:
        raise ValueError(f"seq={seq} belongs to prefill; the tokens that a decode step attends to are context")
    option, given = ("seq", seq) if phase == "prefill" else ("context", context)
    tokens = DEFAULT_TOKENS if given is None else given
    positive_ints(batch=batch, **{option: tokens})
    if tokens > m.positions:
        raise ValueError(
            f"{option}={tokens} is beyond the {m.positions} positions of {name}; take {m.positions} or less"
        )
    return Pass(phase, batch, tokens if phase == "prefill" else 1, tokens, bytes_per_element(precision))


def _linear(name: str, run: Pass, K: int, N: int, bias: bool = False) -> Layer:
    return Layer(name, matmul(run.tokens, K, N, run.b), K * N + bias * N)


def _token_embedding(m: Decoder, run: Pass) -> Layer:
    return Layer("tokens", embedding_bag(run.tokens, 1, m.d_model, run.b, INDEX_BYTES), m.vocab * m.d_model)


def _attention(m: Decoder, run: Pass) -> list[Layer]:
    """Scores (g * new, d_head) @ (d_head, context) for each key-value head and its g query heads, and back."""
    rows = m.n_heads // m.n_kv_heads * run.new
    heads = run.batch * m.n_kv_heads
    return [
        Layer("attn.scores", matmul(rows, m.d_head, run.context, run.b, heads)),
        Layer("attn.softmax", softmax(heads * rows, run.context, run.b)),
        Layer("attn.context", matmul(rows, run.context, m.d_head, run.b, heads)),
    ]
