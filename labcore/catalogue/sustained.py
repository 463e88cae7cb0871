"""Shares of the peak that real training runs reported: what a budget by peak FLOP/s leaves out."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

_PALM = Source(
    "Analytics India Magazine", "Google introduces Pathways Language Model with 540 Bn parameters", 2022,
    "https://analyticsindiamag.com/google-introduces-pathways-language-model-with-540-bn-parameters/",
)  # fmt: skip
_LLAMA = Source(
    "G. K. Lockwood", "Llama-3.1, notes on P. Balaji's talk Herding Llamas at SC24", 2024,
    "https://glennklockwood.com/garden/llama-3.1",
)  # fmt: skip
_NANOCHAT = Source(
    "karpathy/nanochat on GitHub", "Pull request 147, Fix mfu statically keyed to h100 max tflops", 2025,
    "https://github.com/karpathy/nanochat/pull/147",
)  # fmt: skip

# run -> (chip, the lowest and the highest share of its dense 16-bit peak)
REPORTED: dict[str, tuple[str, Fact, Fact]] = {
    "Llama 3 405B, 8,192 to 16,384 chips": (
        "H100",
        Fact(0.38, "1", _LLAMA, "380 of 989 TFLOP/s in BF16 on 16,384 chips; 400 with shorter sequences", "derived"),
        Fact(0.43, "1", _LLAMA, "430 of 989 TFLOP/s in BF16 on 8,192 chips", "derived"),
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
