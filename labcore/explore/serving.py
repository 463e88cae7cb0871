"""Explorers of lab 22: a queue under a load, memory of the caches, speculative decoding by batch."""

from __future__ import annotations

from labcore.explore import serving_memory, serving_queue, serving_speculation
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def queue_explorer(**start: object) -> Explorer:
    """A chat under a load: who waits, who is served, and how long tokens take.

    >>> queue_explorer().sentence.split(", ")[1]
    'continuous'
    """
    return Explorer(
        question="Which rate does a server carry, if 95 % of the first tokens come within 1 s and 99 % of the gaps "
        "between tokens last at most 50 ms?",
        shows="Requests waiting and in the batch over time, on a log axis; below, the shares of requests that have "
        "their first token, and of tokens that follow the one before, within a time on a log axis; two upright lines "
        "are the targets: 1 s for 95 %, 50 ms for 99 %.",
        controls=[
            Choice("server", "Server", tuple(serving_queue.SERVERS), "8B on an H100"),
            Choice("scheduler", "Scheduler", serving_queue.SCHEDULERS, "continuous"),
            Whole("rate", "Requests a second", 1, serving_queue.MOST, 8),
            Whole("batch", "Batch, at most", 8, 256, 64, log2=True),
        ],
        build=serving_queue.build,
        update=serving_queue.update,
        describe=serving_queue.describe,
        start=start,
    )


def memory_explorer(**start: object) -> Explorer:
    """Memory for keys and values: what is given out, and what of it holds a token.

    >>> memory_explorer().sentence.split("; ")[-1]
    'nobody put out'
    """
    return Explorer(
        question="How many times the tokens a second do pages give over reserving the longest? When is a page too "
        "large, and when is memory too small for pages?",
        shows="The shares of the memory that are given out and that hold a token, over the time of a job; below, the "
        "sequences in the batch.",
        controls=[
            Choice("way", "Memory", serving_memory.WAYS, "reserve the longest"),
            Whole("memory", "GB for caches", 2, 64, 16, log2=True),
            Whole("page", "Tokens of a page", 1, 1024, 16, log2=True),
            Whole("mean", "Mean answer", 50, 400, 200, step=50),
        ],
        build=serving_memory.build,
        update=serving_memory.update,
        describe=serving_memory.describe,
        start=start,
    )


def speculation_explorer(**start: object) -> Explorer:
    """Speculative decoding: what drafts gain, by their length and by the batch.

    >>> speculation_explorer().sentence.split("; ")[-1]
    'this draft gains up to a batch of 64'
    """
    return Explorer(
        question="Which draft length suits one sequence, and which a batch of 128? From which acceptance on does a "
        "draft of a quarter of a step pay at all?",
        shows="The speed over plain decoding over the length of the drafts, for this batch and for one sequence; and "
        "over the batch, for this draft and for the best one, as far as the caches fit. A dashed line lies at 1.",
        controls=[
            Real("alpha", "Share of drafts kept", 0.0, 1.0, 0.8, step=0.05),
            Real("c", "A draft's step", 0.0, 0.5, 0.25, step=0.05),
            Whole("gamma", "Tokens of a draft", 0, serving_speculation.LONGEST, 4),
            Whole("batch", "Batch", 1, 512, 1, log2=True),
            Choice("context", "Context", serving_speculation.CONTEXTS, "700"),
        ],
        build=serving_speculation.build,
        update=serving_speculation.update,
        describe=serving_speculation.describe,
        start=start,
    )


EXPLORERS = (queue_explorer, memory_explorer, speculation_explorer)
