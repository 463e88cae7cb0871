"""Shares of the peak that real training runs reported: what a budget by peak FLOP/s leaves out."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

_PALM = Source(
    "Analytics India Magazine", "Google introduces Pathways Language Model with 540 Bn parameters", 2022,
    "https://analyticsindiamag.com/google-introduces-pathways-language-model-with-540-bn-parameters/",
)  # fmt: skip
_LLAMA = Source(
    "P. Stoev on Hacker News, mirrored by barelyhuman", "Llama 4, a comment on training efficiency", 2025,
    "https://news.barelyhuman.xyz/item/43598691",
)  # fmt: skip
_NANOCHAT = Source(
    "karpathy/nanochat on GitHub", "Pull request 147, Fix mfu statically keyed to h100 max tflops", 2025,
    "https://github.com/karpathy/nanochat/pull/147",
)  # fmt: skip

# run -> (chip, the lowest and the highest share of its dense 16-bit peak)
REPORTED: dict[str, tuple[str, Fact, Fact]] = {
    "Llama 3 405B, 16,000 chips": (
        "H100",
        Fact(0.38, "1", _LLAMA, "380 TFLOP/s in BF16, after the Llama 3 paper, which was not read", confirmed=False),
        Fact(0.43, "1", _LLAMA, "430 TFLOP/s in BF16, after the Llama 3 paper, which was not read", confirmed=False),
    ),
    "PaLM 540B, 6,144 chips": (
        "TPU v4",
        *[Fact(0.578, "1", _PALM, "hardware FLOP: what is computed a second time to save memory counts, too")] * 2,
    ),
    "nanochat, one machine": (
        "A100", Fact(0.737, "1", _NANOCHAT, "a run's log, least of the steps shown", "published"),
        Fact(0.741, "1", _NANOCHAT, "the same log, most of the steps shown", "published"),
    ),
}  # fmt: skip
