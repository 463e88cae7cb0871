"""Self-check items on the acceleration wall: Amdahl's law, the iron law, and Checkpoint 1.1's questions as ours."""

from __future__ import annotations

import math

from labcore.catalogue import A100, H100
from labcore.catalogue.links import LAUNCH
from labcore.grading.selfcheck import item, letter, near, number
from labcore.ironlaw import ceiling, needed_gain, network_terms, speedup
from labcore.models.zoo import build


@item("acceleration-1", wants="a number")
def whole_gain(answer: object) -> str:
    """98 % of the time, 49 times faster."""
    want = speedup(0.98, 49)
    if near(answer, 49, 0.005):
        return "That is the gain of the accelerated part; the other 2 % still take what they took."
    if near(answer, ceiling(0.98), 0.005):
        return "That is the ceiling, for an accelerator without limit; this one has a gain of 49."
    if near(answer, 0.98 * 49 + 0.02, 0.005):
        return "Times add up, speeds do not: add what the two parts still take, then divide."
    if near(answer, 1 / want):
        return "That is the time that is left; its inverse is the speed-up."
    return "" if near(answer, want) else "Of 100 s, 2 s stay and 98 s shrink by 49. How long is the whole now?"


@item("acceleration-2", wants="a number")
def no_gain_reaches_it(answer: object) -> str:
    """30x with p = 0.95 is beyond the ceiling of 20x; the p that allows it at best is 1 - 1/30."""
    want = 1 - 1 / 30
    if near(answer, 96.6667, 0.005):
        return "As a fraction, please: that is the right share in per cent."
    if near(answer, 1 / 30):
        return "That is the serial part; p is the rest."
    if near(answer, 0.95, 0.005):
        return f"With p = 0.95 the ceiling is {ceiling(0.95):.0f}x, and no accelerator passes it."
    if near(answer, 0.97, 0.0005):
        return f"The ceiling is {ceiling(0.97):.1f}x there: rounded too far, three digits are wanted."
    return "" if math.isclose(number(answer), want, abs_tol=0.002) else "Solve 1 / (1 - p) = 30 for p."


@item("acceleration-3", wants="a number")
def gain_for_a_target(answer: object) -> str:
    """10x with p = 0.92: G = 0.92 / (0.1 - 0.08)."""
    want = needed_gain(10, 0.92)
    if near(answer, 10):
        return "That would do if everything were accelerated; 8 % are not."
    if near(answer, 10 / 0.92):
        return "The serial part does not shrink with it: from the time allowed, take what is serial, then divide."
    if near(answer, ceiling(0.92)):
        return "That is the ceiling of the whole; the question asks for the gain of the accelerated part."
    return "" if near(answer, want) else "Of 100 s, 10 s are allowed and 8 s are serial: 92 s must fit into the rest."


@item("acceleration-4", wants="a letter from a to d")
def where_to_invest(answer: object) -> str:
    """P = 0.9, G = 50: serial 0.1 against 0.018."""
    slips = {
        "a": f"It gains {speedup(0.9, 100) / speedup(0.9, 50):.2f}x, as only 0.018 of the old time is left to halve.",
        "c": f"No accelerator passes {ceiling(0.9):.0f}x here, and this one is at {speedup(0.9, 50):.2f}x already.",
        "d": "They would be the same at G = p / (1 - p) = 9; this one is far beyond.",
    }
    return letter(answer, "b", slips)


@item("acceleration-5", wants="the name of a term: 'data', 'compute' or 'latency'")
def longest_term(answer: object) -> str:
    """GPT-2 XL, one token, batch 1, on an H100 with 5 us a launch: 580 operations."""
    job = network_terms(build("gpt2-xl", phase="decode"), H100, "fp16", LAUNCH.value)
    given = str(answer).strip().lower()
    share = job.share(given)  # ValueError for what is no term
    return (
        ""
        if given == job.binds
        else f"It takes {share:.1%} of the time; another term takes {job.share(job.binds):.0%}."
    )


@item("acceleration-6", wants="a number")
def memory_bound_gain(answer: object) -> str:
    """From A100 to H100 a memory-bound part gains the ratio of the bandwidths, and the serial fifth stays."""
    gain = H100.BW / A100.BW
    want, peaks = speedup(0.8, gain), H100.peak("fp16") / A100.peak("fp16")
    if near(answer, gain):
        return "That is the gain of the memory-bound part; a fifth of the time is serial."
    if near(answer, speedup(0.8, peaks)) or near(answer, peaks):
        return f"{peaks:.2f} is the ratio of the FLOP/s; a memory-bound part gains with the bandwidth."
    if near(answer, ceiling(0.8)):
        return "That is the ceiling, for an accelerator without limit."
    return "" if near(answer, want) else "First the gain of the memory-bound part, then Amdahl's law with p = 0.8."
