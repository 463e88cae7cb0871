"""Graphs of real networks with weights, and small ones to watch: built by the rule that their authors publish.

Weights are those of a `Draft`: drawn by a seed, or with `seed=None` zeros that take no memory. The names of the nodes
are those of labcore.models' tables, where a batch normalization is folded and has no line.
"""

from __future__ import annotations

from itertools import pairwise

from labcore.compiler.draft import Draft
from labcore.compiler.graph import Graph
from labcore.models.language import GPT2
from labcore.models.vision import MOBILENETV2_BLOCKS
from labcore.units import positive_ints


def resnet50(batch: int = 1, size: int = 224, seed: int | None = None) -> Graph:
    """ResNet-50 v1.5 as a framework defines it: convolution, batch normalization and ReLU as nodes of their own.

    `size` is the side of the image, 224 in the paper; a smaller one runs faster with the same weights.

    >>> g = resnet50()
    >>> len(g.nodes), g.node("fc").shape
    (175, (1, 1000))
    """
    positive_ints(batch=batch, size=size)
    draft = Draft({"images": (batch, 3, size, size)}, seed)
    _conv_norm(draft, "conv1", 3, 64, 7, 2, act="relu")
    draft.step("maxpool", "max_pool", draft.flows, kernel=3, stride=2, padding=1)
    C = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            C = _bottleneck(draft, f"layer{stage + 1}.{block}", C, 64 * 2**stage, stride)
    return draft.classify(C, 1000, batch)


def _conv_norm(
    draft: Draft, name: str, C: int, K: int, kernel: int, stride: int = 1, groups: int = 1, act: str = "",
    scale: float = 1.0,
) -> str:  # fmt: skip
    """Convolution, batch normalization and an activation, if any; returns the name of what flows."""
    draft.conv(name, C, K, kernel, stride, groups)
    draft.norm(f"{name}.norm", K, scale)
    return draft.step(f"{name}.{act}", act, draft.flows) if act else draft.flows


def _bottleneck(draft: Draft, name: str, C: int, width: int, stride: int) -> int:
    """Squeeze, convolve, expand to four widths, add the shortcut; returns the channels that flow.

    The last normalization begins small, as in training, or 16 additions would let the values grow 200-fold.
    """
    shortcut = draft.flows
    _conv_norm(draft, f"{name}.conv1", C, width, 1, act="relu")
    _conv_norm(draft, f"{name}.conv2", width, width, 3, stride, act="relu")
    y = _conv_norm(draft, f"{name}.conv3", width, 4 * width, 1, scale=0.25)
    if stride > 1 or 4 * width != C:
        draft.flows = shortcut
        shortcut = _conv_norm(draft, f"{name}.downsample", C, 4 * width, 1, stride)
    draft.step(f"{name}.add", "add", y, shortcut)
    draft.step(f"{name}.relu3", "relu", draft.flows)
    return 4 * width


def mobilenetv2(batch: int = 1, size: int = 224, seed: int | None = None) -> Graph:
    """MobileNetV2 at width 1.0, with its depthwise convolutions and linear bottlenecks.

    >>> mobilenetv2().node("fc").shape
    (1, 1000)
    """
    positive_ints(batch=batch, size=size)
    draft = Draft({"images": (batch, 3, size, size)}, seed)
    _conv_norm(draft, "conv1", 3, 32, 3, 2, act="relu6")
    C, number = 32, 0
    for expansion, K, repeats, first_stride in MOBILENETV2_BLOCKS:
        for repeat in range(repeats):
            number += 1
            _inverted_residual(draft, f"block{number}", C, K, expansion, 1 if repeat else first_stride)
            C = K
    _conv_norm(draft, "conv2", C, 1280, 1, act="relu6")
    return draft.classify(1280, 1000, batch)


def _inverted_residual(draft: Draft, name: str, C: int, K: int, expansion: int, stride: int) -> None:
    """Expand the channels, convolve each by itself, project without an activation; add where the shape stayed."""
    x, hidden = draft.flows, expansion * C
    if expansion != 1:
        _conv_norm(draft, f"{name}.expand", C, hidden, 1, act="relu6")
    _conv_norm(draft, f"{name}.depthwise", hidden, hidden, 3, stride, groups=hidden, act="relu6")
    y = _conv_norm(draft, f"{name}.project", hidden, K, 1)
    if C == K and stride == 1:
        draft.step(f"{name}.add", "add", x, y)


def gpt2_block(batch: int = 1, seq: int = 512, name: str = "gpt2", seed: int | None = None) -> Graph:
    """One block of GPT-2 on a prompt (batch, seq, d_model): causal attention and an MLP, each added to what it read.

    Raises ValueError for a name that is none of the GPT-2 family.

    >>> g = gpt2_block(batch=2, seq=16)
    >>> g.node("attn.scores").shape, g.node("mlp.up").shape
    ((2, 12, 16, 16), (2, 16, 3072))
    """
    positive_ints(batch=batch, seq=seq)
    if name not in GPT2:
        raise ValueError(f"{name!r} is none of {', '.join(GPT2)}")
    return decoder_block(batch, seq, GPT2[name].d_model, GPT2[name].n_heads, seed)


def decoder_block(batch: int, seq: int, d: int, heads: int, seed: int | None = None) -> Graph:
    """A block as in GPT-2 of any width; raises ValueError where the heads do not divide it.

    >>> decoder_block(1, 4, d=8, heads=2, seed=1).node("mlp.add").shape
    (1, 4, 8)
    """
    positive_ints(batch=batch, seq=seq, d=d, heads=heads)
    if d % heads:
        raise ValueError(f"heads must divide the width {d}, got {heads}")
    draft = Draft({"x": (batch, seq, d)}, seed)
    draft.layernorm("attn.norm", d)
    draft.linear("attn.qkv", d, 3 * d)
    q, k, v = (_heads(draft, part, i, batch, seq, d, heads) for i, part in enumerate("qkv"))
    kt = draft.step("attn.kt", "transpose", k, perm=(0, 1, 3, 2))  # (B, heads, d_head, T)
    draft.step("attn.scores", "matmul", q, kt, scale=(d // heads) ** -0.5)
    draft.step("attn.softmax", "softmax", draft.flows, causal=True)
    draft.step("attn.context", "matmul", draft.flows, v)
    draft.step("attn.side_by_side", "transpose", draft.flows, perm=(0, 2, 1, 3))  # (B, T, heads, d_head)
    draft.step("attn.merged", "reshape", draft.flows, shape=(batch, seq, d))
    draft.linear("attn.proj", d, d)
    x = draft.step("attn.add", "add", "x", draft.flows)
    draft.layernorm("mlp.norm", d)
    draft.linear("mlp.up", d, 4 * d)
    draft.step("mlp.gelu", "gelu_tanh", draft.flows)
    draft.linear("mlp.down", 4 * d, d)
    draft.step("mlp.add", "add", x, draft.flows)
    return draft.graph()


def _heads(draft: Draft, part: str, i: int, batch: int, seq: int, d: int, heads: int) -> str:
    """Cut the i-th third out of (B, T, 3 d) and bring the heads in front: (B, heads, T, d_head)."""
    draft.step(f"attn.{part}", "slice", "attn.qkv", axis=-1, start=i * d, stop=(i + 1) * d)
    draft.step(f"attn.{part}.split", "reshape", draft.flows, shape=(batch, seq, heads, d // heads))
    return draft.step(f"attn.{part}.heads", "transpose", draft.flows, perm=(0, 2, 1, 3))


def small_cnn(batch: int = 1, size: int = 16, seed: int | None = None) -> Graph:
    """Three convolutions with batch normalization, the last two with a residual: every pass finds something here.

    >>> [node.op for node in small_cnn().nodes][:3]
    ['conv2d', 'batch_norm', 'relu']
    """
    positive_ints(batch=batch, size=size)
    draft = Draft({"images": (batch, 3, size, size)}, seed)
    for number, C in ((1, 3), (2, 8), (3, 8)):
        shortcut = draft.flows
        draft.conv(f"conv{number}", C, 8, 3)
        draft.norm(f"bn{number}", 8)
        if number < 3:
            draft.step(f"relu{number}", "relu", draft.flows)
    draft.step("add", "add", draft.flows, shortcut)
    draft.step("relu3", "relu", draft.flows)
    return draft.classify(8, 10, batch)


def mlp(batch: int = 1, widths: tuple[int, ...] = (64, 128, 128, 10), seed: int | None = None) -> Graph:
    """Dense layers with a ReLU between each two.

    >>> [node.shape for node in mlp(batch=2, widths=(4, 8, 3)).nodes]
    [(2, 8), (2, 8), (2, 3)]
    """
    positive_ints(batch=batch, **{f"width {i}": width for i, width in enumerate(widths)})
    draft = Draft({"x": (batch, widths[0])}, seed)
    for i, (K, N) in enumerate(pairwise(widths)):
        if i:
            draft.step(f"relu{i}", "relu", draft.flows)
        draft.linear(f"fc{i + 1}", K, N)
    return draft.graph()
