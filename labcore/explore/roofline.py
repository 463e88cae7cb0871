"""The explorers of the roofline lab: an operation on a chip, a layer over its batch, a network over all chips."""

from __future__ import annotations

from labcore.catalogue import CHIPS
from labcore.catalogue import chip as find_chip
from labcore.explore import chips, layer, operation
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.models.zoo import MODELS


def roofline_explorer(**start: object) -> Explorer:
    """One operation under the roof of one chip; `start` sets controls at the outset.

    >>> roofline_explorer(batch=32)
    A100 fp16: ridge 153 FLOP/B; dense 2048 x 2048, batch 32: 31.0 FLOP/B -> 63.3 TFLOP/s, 20.3 % of peak, memory-bound
    """
    return Explorer(
        question="What carries an operation from the slope to the flat roof: the chip, the precision or the batch?",
        shows="Log-log plot of attainable throughput over arithmetic intensity: the roof of one chip, one operation "
        "as a dot on it, the roofs of the other chips in grey.",
        controls=[
            *machine(),
            Choice("operation", "Operation", tuple(operation.OPERATIONS), "dense 2048 x 2048"),
            Whole("batch", "Batch", 1, layer.B_MAX, 32, log2=True),
        ],
        build=operation.build,
        update=operation.update,
        describe=operation.describe,
        start=start,
    )


def batch_explorer(**start: object) -> Explorer:
    """One dense layer over its batch: intensity above, throughput and latency below.

    >>> batch_explorer(M=256, N=256).sentence.split("; ")[1]
    'memory-bound at every batch, as its intensity stays below 128 FLOP/B'
    """
    return Explorer(
        question="How much longer does one request wait at the batch that brings the layer to its peak?",
        shows="Two plots over the batch on log axes: the intensity of a dense layer with the ridge of the chip, and "
        "below it throughput and latency relative to batch 1.",
        controls=[
            *machine(),
            Whole("M", "Inputs M", 64, 16384, 2048, log2=True),
            Whole("N", "Outputs N", 64, 16384, 2048, log2=True),
            Whole("batch", "Batch B", 1, layer.B_MAX, 32, log2=True),
        ],
        build=layer.build,
        update=layer.update,
        describe=layer.describe,
        size=(6.4, 4.6),
        start=start,
    )


def chip_explorer(**start: object) -> Explorer:
    """One network on every chip that has the precision, fastest first.

    >>> chip_explorer(network="llama3-70b", phase="decode").sentence.split(": ")[1].split("; ")[0]
    '4 of 19 chips hold the 141 GB of parameters and 5.37 GB of cache'
    """
    return Explorer(
        question="Which chip runs this network fastest, and does a larger batch change the order?",
        shows="Bars for the chips of the catalogue, fastest first: speed relative to the fastest, each bar divided "
        "into the shares of its time that memory and compute bind.",
        controls=[
            Choice("network", "Network", tuple(MODELS), "resnet50"),
            Choice("phase", "Phase", chips.phases, chips.PASS, follows="network"),
            Choice("precision", "Precision", chips.PRECISIONS, chips.HALF),
            Whole("batch", "Batch", 1, 1024, 32, log2=True),
        ],
        build=chips.build,
        update=chips.update,
        describe=chips.describe,
        size=(6.4, 4.8),
        start=start,
    )


def machine() -> tuple[Choice, Choice]:
    """A control for the chip, and one for the precisions that this chip has."""
    return (
        Choice("chip", "Chip", tuple(one.name for one in CHIPS), "A100"),
        Choice("precision", "Precision", lambda chip: find_chip(chip).precisions, "fp16", follows="chip"),
    )


EXPLORERS = (roofline_explorer, batch_explorer, chip_explorer)
