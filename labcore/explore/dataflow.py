"""Explorers of lab 11: what stays put, on a layer of your choice."""

from __future__ import annotations

from labcore.dataflow import DATAFLOWS, STATIONARY
from labcore.explore import array_flow, layer_flow
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def dataflow_explorer(**start: object) -> Explorer:
    """A layer, a buffer and four dataflows, each with its best tile: words by operand over the least possible.

    >>> dataflow_explorer(dataflow="os").sentence.split("; ")[-1]
    'least words os'
    """
    return Explorer(
        question="From which buffer on do weight, output and input stationary move the same, layer by layer?",
        shows="Four horizontal stacked bars, one for each dataflow, with shares for A in, B in, C in and C out, and a "
        "dashed vertical line where every word would move once. A bar that is longer than the axis says so at its end.",
        controls=[
            Choice("layer", "Layer", tuple(layer_flow.LAYERS), "GPT-2, MLP up, 512 tokens"),
            Choice("dataflow", "Dataflow", tuple(DATAFLOWS), "ws"),
            Whole("buffer_words", "Buffer, words", 2**11, 2**21, 2**14, log2=True),
        ],
        build=layer_flow.build,
        update=layer_flow.update,
        describe=layer_flow.describe,
        start=start,
    )


def edge_explorer(**start: object) -> Explorer:
    """A product on an array: words at its edge and cycles under the three dataflows.

    >>> edge_explorer().sentence.split("; ")[-1]
    'fewest words ws, fewest cycles ws'
    """
    return Explorer(
        question="Which dataflow has fewest words and which fewest cycles, product by product?",
        shows="Three horizontal stacked bars, one for each dataflow, with shares for A in, B in and C out; cycles "
        "stand beside them.",
        controls=[
            Choice("product", "Product", tuple(array_flow.PRODUCTS), "ResNet-50, 56 x 56, 3 x 3"),
            Choice("dataflow", "Dataflow", STATIONARY, "ws"),
            Whole("rows", "Array rows", 8, 256, 128, log2=True),
            Whole("cols", "Array columns", 8, 256, 128, log2=True),
        ],
        build=array_flow.build,
        update=array_flow.update,
        describe=array_flow.describe,
        size=(6.4, 3.4),
        start=start,
    )


EXPLORERS = (dataflow_explorer, edge_explorer)
