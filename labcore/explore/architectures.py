"""Explorers of lab 21: which chip a mix of work suits, where weights live, and a plan against a queue."""

from __future__ import annotations

from labcore.architectures.engines import POLICIES
from labcore.explore import jitter, mix_choice, weights_home
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def mix_explorer(**start: object) -> Explorer:
    """Eleven kinds of chips on a mix of five workloads: the cost on each, what binds it, and what was assumed.

    >>> mix_explorer(prefill=1, decode=0, measure="energy").sentence.split(": ")[1].split(",")[0]
    'least energy for 1 PFLOP on B200'
    """
    parts = zip(mix_choice.PARTS, (4, 2, 0, 0, 0), strict=True)
    return Explorer(
        question="Which chip is cheapest for the mix, in chips, in peak or in energy, and what holds the others back?",
        shows="A horizontal bar for each of eleven chips, its cost over that of the cheapest, on a logarithmic axis. "
        "A mark at its end says what binds: round compute, square memory, triangle link. Below stands what is assumed.",
        controls=[
            *(Whole(name.lower(), f"Parts of {name}", 0, 10, part) for name, part in parts),
            Whole("batch", "Batch of decode, MoE", 1, 256, 16, log2=True),
            Whole("context", "Context, tokens", 256, 8192, 2048, log2=True),
            Choice("measure", "Cost in", mix_choice.MEASURES, "chip-seconds"),
            Choice("explain", "Explain", mix_choice.NAMES, "H100"),
        ],
        build=mix_choice.build,
        update=mix_choice.update,
        describe=mix_choice.describe,
        size=(6.4, 4.6),
        start=start,
    )


def home_explorer(**start: object) -> Explorer:
    """Chips that hold a model in each tier of a chip, and where the time of a token goes then.

    >>> home_explorer().sentence.split(": ")[1].split(". ")[0]
    'LPU v1 needs 617 by SRAM'
    """
    return Explorer(
        question="How many chips does it take to keep the weights there, and what is the wall then?",
        shows="Above, bars of the chips that hold the model, by memory; below, computing, memory and links in the time "
        "of one token, once for a pipeline and once for tensor parallelism; logarithmic axes.",
        controls=[
            Choice("model", "Model", weights_home.MODELS, "llama3-70b"),
            Choice("weights", "Weights stored in", weights_home.STORED, "fp16"),
            Choice("chip", "Chip", weights_home.CHIPS, "LPU v1"),
            Choice("tier", "From its", weights_home.tiers, "SRAM", follows="chip"),
            Whole("batch", "Batch", 1, 256, 1, log2=True),
            Whole("context", "Context, tokens", 256, 8192, 2048, log2=True),
        ],
        build=weights_home.build,
        update=weights_home.update,
        describe=weights_home.describe,
        size=(6.4, 4.6),
        start=start,
    )


def jitter_explorer(**start: object) -> Explorer:
    """Twenty-four tiles on four engines by a fixed plan, in a fixed order, or from a queue.

    >>> "clocked and ordered first" in jitter_explorer(law="equal").sentence
    True
    """
    return Explorer(
        question="How dear may a decision of the queue be before a plan is faster?",
        shows="Four lanes of engines with the steps of 24 tiles over time under one policy, and three vertical lines "
        "where a clocked plan, a fixed order and a queue end.",
        controls=[
            Choice("law", "Durations", jitter.LAWS, "exponential"),
            Choice("policy", "Shown", POLICIES, "dynamic"),
            Whole("buffers", "Tiles in flight", 1, 8, 4),
            Real("dispatch", "A decision takes", 0.0, 2.0, 0.1, step=0.1),
            Whole("seed", "Draw", 1, 9, 1),
        ],
        build=jitter.build,
        update=jitter.update,
        describe=jitter.describe,
        start=start,
    )


EXPLORERS = (mix_explorer, home_explorer, jitter_explorer)
