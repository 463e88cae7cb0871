"""What makes decoding uneven: mixtures of experts as published, and the gains reported for guessing and for stopping.

Reported gains are their authors' own, on their own machines: what a law gives is held against them, never fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source

_MISTRAL = Source("Jiang et al. (Mistral AI)", "Mixtral of Experts, abstract", 2024, "https://arxiv.org/abs/2401.04088")
_MISTRAL_SIZES = Source(
    "Hugging Face", "transformers, configuration_mixtral.py", 2025,
    "https://github.com/huggingface/transformers/blob/main/src/transformers/models/mixtral/configuration_mixtral.py",
)  # fmt: skip
_MISTRAL_COUNT = Source(
    "ApX Machine Learning", "Mixtral-8x7B: Specifications", 2025, "https://apxml.com/models/mixtral-8x7b-v0-1"
)
_DEEPSEEK = Source("DeepSeek-AI", "DeepSeek-V3, README", 2025, "https://github.com/deepseek-ai/DeepSeek-V3")
_DEEPSEEK_SIZES = Source(
    "DeepSeek-AI, copied on Hugging Face", "DeepSeek-V3, inference/configs/config_671B.json", 2024,
    "https://huggingface.co/XelotX/DeepSeek-V3-Base-Original/blob/main/inference/configs/config_671B.json",
)  # fmt: skip


@dataclass(frozen=True)
class MixtureSheet:
    """One mixture of experts: how many experts a layer has, how many a token takes, the sizes, the parameters.

    `layers` counts those that have experts; an expert is three matrices of d_model x d_ff (SwiGLU). `params_active` is
    what serves one token as its makers count it.
    """

    name: str
    experts: Fact
    chosen: Fact
    layers: Fact
    d_model: Fact
    d_ff: Fact
    params: Fact
    params_active: Fact

    def facts(self) -> dict[str, Fact]:
        """Every fact, by name."""
        return {name: fact for name, fact in vars(self).items() if isinstance(fact, Fact)}


MIXTURES: dict[str, MixtureSheet] = {
    sheet.name: sheet
    for sheet in (
        MixtureSheet(
            "Mixtral 8x7B",
            Fact(8, "", _MISTRAL, "experts of a layer"),
            Fact(2, "", _MISTRAL, "experts that a token takes in each layer"),
            Fact(32, "", _MISTRAL_SIZES, "every layer has experts"),
            Fact(4096, "", _MISTRAL_SIZES),
            Fact(14_336, "", _MISTRAL_SIZES),
            Fact(46.7e9, "", _MISTRAL_COUNT, "the abstract rounds to 47 G"),
            Fact(12.9e9, "", _MISTRAL_COUNT, "the abstract rounds to 13 G"),
        ),
        MixtureSheet(
            "DeepSeek-V3",
            Fact(256, "", _DEEPSEEK_SIZES, "routed experts of a layer; 1 more serves every token"),
            Fact(8, "", _DEEPSEEK_SIZES, "routed experts that a token takes, from at most 4 of 8 groups"),
            Fact(61 - 3, "", _DEEPSEEK_SIZES, "61 layers, of which the first 3 are dense", "derived"),
            Fact(7168, "", _DEEPSEEK_SIZES),
            Fact(2048, "", _DEEPSEEK_SIZES),
            Fact(671e9, "", _DEEPSEEK, "without the 14 G of the module that predicts a second token"),
            Fact(37e9, "", _DEEPSEEK, "README_WEIGHTS of the same place says 36.7 G"),
        ),
    )
}  # fmt: skip

_LEVIATHAN = Source("Leviathan, Kalman and Matias", "Fast Inference from Transformers via Speculative Decoding, ICML",
                    2023, "https://arxiv.org/abs/2211.17192")  # fmt: skip
_CHEN = Source("Chen et al.", "Accelerating Large Language Model Decoding with Speculative Sampling", 2023,
               "https://arxiv.org/abs/2302.01318")  # fmt: skip
SPECULATIVE_GAIN = {  # (least, most) of the speed-ups reported
    "T5-XXL": (Fact(2, "x", _LEVIATHAN, "abstract: two to three times"), Fact(3, "x", _LEVIATHAN, "abstract")),
    "Chinchilla 70B": (Fact(2, "x", _CHEN, "abstract: 2 to 2.5 times, distributed"), Fact(2.5, "x", _CHEN, "abstract")),
}

_CALM = Source("Schuster et al.", "Confident Adaptive Language Modeling, NeurIPS", 2022,
               "https://arxiv.org/abs/2207.07061")  # fmt: skip
_LAYERSKIP = Source("Elhoushi et al.", "LayerSkip: Enabling Early Exit Inference and Self-Speculative Decoding", 2024,
                    "https://arxiv.org/abs/2404.16710")  # fmt: skip
EARLY_EXIT_GAIN = {  # the largest speed-ups reported
    "CALM": Fact(3, "x", _CALM, "abstract: potential, up to"),
    "LayerSkip, summarizing": Fact(2.16, "x", _LAYERSKIP, "abstract: up to, CNN/DM; drafts by early exit, then checks"),
}
