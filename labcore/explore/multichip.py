"""Explorers of lab 17: a step of replicas in time, splits of a model over chips, and checkpoints of a long job."""

from __future__ import annotations

from labcore.explore import checkpoints, replica_step, split_bars
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def step_explorer(**start: object) -> Explorer:
    """A training step in time, its gradients exchanged in buckets while the backward pass goes on.

    >>> step_explorer(chips="8", buckets=1).sentence.split("; ")[-1]
    '89.77% of the step computes, 89.77% without overlap'
    """
    return Explorer(
        question="How much of the exchange can hide behind the backward pass, and when does that stop?",
        shows="Two lanes over the time of a step: the chip with its forward and backward pass, and the network with "
        "the exchange of each bucket; a dashed line marks the end of the step.",
        controls=[
            Choice("model", "Model", tuple(replica_step.MODELS), "GPT-2 XL"),
            Choice("chips", "Chips", replica_step.CHIPS, "64"),
            Choice("across", "Between nodes", replica_step.FABRICS, "InfiniBand NDR"),
            Choice("way", "All-reduce", tuple(replica_step.WAYS), "two levels"),
            Whole("sequences", "Sequences a chip", 1, 16, 4),
            Whole("buckets", "Buckets", 1, 64, 4, log2=True),
        ],
        build=replica_step.build,
        update=replica_step.update,
        describe=replica_step.describe,
        size=(6.4, 3.0),
        start=start,
    )


def split_explorer(**start: object) -> Explorer:
    """Every split of a model over chips: data x tensor x pipeline, its time by parts and what a chip holds.

    >>> split_explorer(chips="16").sentence.split("; ")[-1]
    'the leanest, 1 x 8 x 2, needs 84.0 GB a chip of 80'
    """
    return Explorer(
        question="Which split is soonest of those that fit, and what does it pay with?",
        shows="Six horizontal bars, one for each split, made of summing activations, sending on, the bubble and the "
        "exchange of gradients; an empty dashed bar where the memory does not suffice.",
        controls=[
            Choice("model", "Model", tuple(split_bars.MODELS), "Llama 3 70B"),
            Choice("chips", "Chips", split_bars.CHIPS, "64"),
            Choice("node", "Chips in a node", split_bars.NODES, "8"),
            Choice("zero", "ZeRO stage", split_bars.STAGES, "1"),
            Choice("microbatch", "Microbatch", split_bars.MICRO, "1"),
        ],
        build=split_bars.build,
        update=split_bars.update,
        describe=split_bars.describe,
        start=start,
    )


def checkpoint_explorer(**start: object) -> Explorer:
    """Useful time of a job that fails, over the work between two checkpoints.

    >>> checkpoint_explorer(chips=1024).sentence.split(", ")[1]
    '0.49 times a day; with a checkpoint of 1 min after every 60 min of work and restarts of 10 min'
    """
    return Explorer(
        question="How often should a checkpoint be written, and from how many chips on does that not help any more?",
        shows="A curve of the useful share of the time over the interval between checkpoints, with its highest point "
        "and the interval chosen; a dotted line without failures above it.",
        controls=[
            Whole("chips", "Chips", 1, 1048576, 16384, log2=True),
            Real("years", "A chip fails once in, years", 0.5, 50.0, 5.78, step=0.01),
            Real("dump", "Checkpoint, min", 0.05, 30.0, 1.0, step=0.05),
            Whole("restart", "Restart, min", 0, 60, 10),
            Whole("interval", "Interval, min", checkpoints.SHORTEST, checkpoints.LONGEST, 60),
        ],
        build=checkpoints.build,
        update=checkpoints.update,
        describe=checkpoints.describe,
        start=start,
    )


EXPLORERS = (step_explorer, split_explorer, checkpoint_explorer)
