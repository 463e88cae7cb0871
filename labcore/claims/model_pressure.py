"""How MLPs, CNNs and transformers load the memory system (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("footnote-32-quadratic-scores").computed
4.0
"""

from __future__ import annotations

from labcore.catalogue import A100, memory
from labcore.catalogue.arrays import DRAM_WORD
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Number, Range, Truth
from labcore.models.language import kv_cache_bytes
from labcore.models.pressure import mlp, of_model, score_bytes
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy
from labcore.roofline import bound
from labcore.scaling import times

PRESSURE = "08_memory_systems#model-pressure"
FOOTNOTE, TABLE = "Footnote 32", "Table 11"

shows("lighthouse-models", "Text §Model memory pressure",
      "Four networks stand for their kinds: ResNet-50, GPT-2 or Llama, DLRM and MobileNetV2. Each is built from its "
      "published sizes in this lab.", PRESSURE)  # fmt: skip


@cites("footnote-32-attention-year", FOOTNOTE, Number("2014"), "year", PRESSURE)
def attention_year():
    """Year of the paper that brought attention into neural translation."""
    return memory.ATTENTION


@computes("footnote-32-quadratic-scores", FOOTNOTE, Number("4"), "x", PRESSURE)
def scores_grow(growth=2):
    """Bytes of the S x S scores when S doubles."""
    return times(score_bytes(growth * 2048), score_bytes(2048))


@computes("footnote-32-kv-cache", FOOTNOTE, Number("4"), "x", PRESSURE)
def cache_grows(growth=2):
    """Bytes of the KV cache when S doubles."""
    return times(*(kv_cache_bytes("llama3-8b", 1, tokens) for tokens in (growth * 2048, 2048)))


@cache_grows.erratum
def linear_in_the_context():
    """The cache holds two vectors a token and layer: twice the tokens, {cache:.0f}x the bytes.

    Decoding writes one row of the square of scores, so the square explains FlashAttention and not the cache, whose
    growth the chapter's self-check calls linear. Would hold of the square of scores, {scores:.0f}x.
    """
    return {"cache": cache_grows(), "scores": scores_grow()}


@computes("text-gpt3-scale", "Text §Transformer networks", Truth(words="GPT-3's weights exceed on-chip memory"), "",
          PRESSURE)  # fmt: skip
def gpt3_does_not_fit(params=memory.PARAMETERS["GPT-3"].value, precision="fp16", sram=memory.H100_L2.value):
    """Weights in FP16 beside the L2 of an H100."""
    return params * bytes_per_element(precision) > sram


shows("table-11-caption", TABLE,
      "For three kinds of network: how large the weights are, how often an activation is used, in what order memory is "
      "read, and which resource gives out first.", PRESSURE, Number("3"))  # fmt: skip


@computes("table-11-row-mlp", TABLE, Truth(words="MLP: large dense weights, bound by off-chip bandwidth"), "", PRESSURE)
def mlp_is_weights(batch=1):
    """Weights are the largest part of what it keeps, and its intensity lies below the A100's ridge point."""
    network = mlp(batch=batch)
    return of_model("mlp", batch=batch).largest == "weights" and bound(network.I, A100.ridge("fp16")) == "memory"


@computes("table-11-row-cnn", TABLE, Truth(words="CNN: small weights, feature maps move"), "", PRESSURE)
def cnn_is_feature_maps(batch=32):
    """Feature maps of ResNet-50 that live at a time are more bytes than its weights; at batch 1 they are not."""
    return of_model("resnet50", batch=batch).largest == "activations"


@computes("table-11-row-transformer", TABLE, Truth(words="transformer: capacity and bandwidth"), "", PRESSURE)
def transformer_fills_the_chip(batch=64, context=8192):
    """Weights and KV cache of Llama 3 8B for 64 readers of 8192 tokens exceed an A100, and most of it is the cache."""
    asked = of_model("llama3-8b", batch=batch, context=context)
    return asked.total > A100.capacity.value and asked.largest == "kv_cache"


@computes("dram-100x-restated", "Text §Accelerator design implications", Range("100", None), "x", PRESSURE)
def dram_over_a_mac(E_dram=DRAM_WORD.value, fmt="fp32"):
    """A word from DRAM, the chapter's 640 pJ (20 pJ a bit), over an FP32 multiply-accumulate at 45 nm."""
    return times(E_dram, mac_energy(fmt))
