"""The networks that labcore knows by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from labcore.models.language import gpt2, llama3
from labcore.models.network import Network
from labcore.models.recommendation import dlrm
from labcore.models.speech import kws
from labcore.models.vision import mobilenetv2, resnet50

PHASE_OPTIONS = ("phase", "seq", "context")


@dataclass(frozen=True)
class Entry:
    """How to build a network, what it is, and the options it takes besides batch and precision."""

    build: Callable[..., Network]
    about: str
    options: tuple[str, ...] = ()


MODELS = {
    "resnet50": Entry(resnet50, "ResNet-50 v1.5, images of 224 x 224"),
    "mobilenetv2": Entry(mobilenetv2, "MobileNetV2, depthwise convolutions, images of 224 x 224"),
    "gpt2": Entry(partial(gpt2, "gpt2"), "GPT-2 of 124 M parameters", PHASE_OPTIONS),
    "gpt2-medium": Entry(partial(gpt2, "gpt2-medium"), "GPT-2 of 355 M parameters", PHASE_OPTIONS),
    "gpt2-large": Entry(partial(gpt2, "gpt2-large"), "GPT-2 of 774 M parameters", PHASE_OPTIONS),
    "gpt2-xl": Entry(partial(gpt2, "gpt2-xl"), "GPT-2 of 1.56 G parameters", PHASE_OPTIONS),
    "llama3-8b": Entry(partial(llama3, "llama3-8b"), "Llama 3 8B, grouped-query attention", PHASE_OPTIONS),
    "llama3-70b": Entry(partial(llama3, "llama3-70b"), "Llama 3 70B, grouped-query attention", PHASE_OPTIONS),
    "dlrm": Entry(dlrm, "DLRM of MLPerf, 26 embedding tables, dot interaction"),
    "kws": Entry(kws, "DS-CNN of MLPerf Tiny, keyword spotting on a microcontroller"),
}


def build(
    name: str, batch: int = 1, precision: str = "fp16",
    phase: str | None = None, seq: int | None = None, context: int | None = None,
) -> Network:  # fmt: skip
    """Build a network by name; upper case, '-' and '_' make no difference.

    Language models take a phase: 'prefill' of `seq` tokens a sequence, or 'decode' of one token that attends to
    `context` tokens, itself included. Both are 512 unless given; the phase is prefill unless a context is given.
    Raises ValueError for a name nobody knows, a batch below 1, more tokens than the network has positions for, or
    an option that it does not have.

    >>> build("ResNet-50", batch=32).macs == 32 * build("resnet50").macs
    True
    >>> build("gpt2-xl", phase="decode", context=1024).note
    'decode of one token a sequence, 1024 attended to'
    """
    found = find(name)
    options = {"phase": phase, "seq": seq, "context": context}
    options = {option: value for option, value in options.items() if value is not None}
    for option in options:
        if option not in MODELS[found].options:
            having = ", ".join(other for other, entry in MODELS.items() if option in entry.options)
            raise ValueError(f"{found} has no option {option}; these have it: {having}")
    return MODELS[found].build(batch=batch, precision=precision, **options)


def find(name: str) -> str:
    """The name in MODELS that is meant; raises ValueError with the nearest one.

    >>> find("GPT2_XL")
    'gpt2-xl'
    """
    plain = {_plain(known): known for known in MODELS}
    if _plain(name) not in plain:
        from difflib import get_close_matches

        near = get_close_matches(_plain(name), plain, n=1)
        hint = f"did you mean {plain[near[0]]}? There are" if near else "there are"
        raise ValueError(f"model {name!r} is not known; {hint} {', '.join(MODELS)}, and any .onnx file")
    return plain[_plain(name)]


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
