"""Tokens a second for one user, as makers of chips without HBM announce them: what a bound is held against.

They are claims of 2024, and both makers have announced more since, some of it with tricks that bytes per second leave
out. Cerebras says how many systems hold a model; Groq's page does not, and people who quote it speak of 576 chips. The
page on Groq was read in a list of news, which moves; the title finds it.
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

_CEREBRAS = Source(
    "Cerebras", "Introducing Cerebras Inference: AI at Instant Speed", 2024,
    "https://cerebras.ai/blog/introducing-cerebras-inference-ai-at-instant-speed",
)  # fmt: skip
_GROQ = Source(
    "TechPowerUp", "Groq LPU AI Inference Chip is Rivaling Major Players", 2024,
    "https://techpowerup.com/news-tags/Processor?page=3",
)  # fmt: skip

TOKENS_A_SECOND = {  # by chip and parameters of the model
    ("WSE-3", "8B"): Fact(1800, "1/s", _CEREBRAS, "Llama 3.1 8B, 16-bit weights", "claimed"),
    ("WSE-3", "70B"): Fact(
        450, "1/s", _CEREBRAS, "Llama 3.1 70B, 16-bit weights, on as few as four systems", "claimed"
    ),
    ("LPU v1", "7B"): Fact(750, "1/s", _GROQ, "Llama 2 7B, 2048 tokens of context", "claimed"),
    ("LPU v1", "70B"): Fact(300, "1/s", _GROQ, "Llama 2 70B, 4096 tokens of context", "claimed"),
}
