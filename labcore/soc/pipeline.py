"""The chapter's detection pipeline as stages: a MobileNetV2 backbone, detection heads, suppression, an overlay."""

from __future__ import annotations

import math

from labcore.models.vision import mobilenetv2
from labcore.ops import Operation, conv2d
from labcore.soc.unit import Stage
from labcore.units import positive_ints

BOX_BYTES = 6 * 4  # four corners, a score, a class, fp32
IOU_FLOP = 16  # 4 min or max, 2 differences cut off at 0 (4), product, 2 areas (given), union (2), quotient, comparison
BLEND_FLOP = 3  # new x alpha + old x (1 - alpha), with 1 - alpha kept


def suppression(boxes: int, kept: int) -> Operation:
    """Greedy non-maximum suppression: sort n boxes by score, then hold each one that is kept against all others.

    Sorting takes n log2 n comparisons; how many boxes are kept depends on the picture, and with it the time.

    >>> suppression(boxes=1024, kept=10).flop, 1024 * 10 + 10 * 1024 * 16
    (174080, 174080)
    """
    positive_ints(boxes=boxes, kept=kept)
    if kept > boxes:
        raise ValueError(f"suppression keeps at most its {boxes} boxes, got kept = {kept}")
    flop = boxes * math.ceil(math.log2(boxes)) + kept * boxes * IOU_FLOP if boxes > 1 else 0
    reads, writes = {"boxes": boxes * BOX_BYTES}, {"kept": kept * BOX_BYTES}
    return Operation("branchy", flop, reads, writes, shape={"boxes": boxes, "kept": kept})


def overlay(width: int, height: int, channels: int = 4, bytes_per_element: int = 1) -> Operation:
    """Draw over a whole frame: each element is read, blended with what is drawn, and written.

    >>> overlay(1920, 1080).D_vol  # old, new, result
    24883200
    """
    positive_ints(width=width, height=height, channels=channels, bytes_per_element=bytes_per_element)
    n = width * height * channels
    D = n * bytes_per_element
    return Operation("raster", n * BLEND_FLOP, {"frame": D, "drawn": D}, {"y": D}, shape={"n": n})


def detection(boxes: int = 4000, kept: int = 100, width: int = 1920, height: int = 1080) -> tuple[Stage, ...]:
    """Backbone (int8), neck and heads (int8), suppression (fp32), overlay (fp16 arithmetic), in a row.

    >>> [stage.name for stage in detection()]
    ['backbone', 'neck', 'NMS', 'overlay']
    """
    backbone = tuple(layer.op for layer in mobilenetv2(precision="int8").layers[:-2] for _ in range(layer.count))
    heads = 6 * (4 + 91)  # six boxes a place: four corners and 91 classes
    neck = (
        conv2d(1, 1280, 7, 7, 256, 1, 1, bytes_per_element=1),
        conv2d(1, 256, 7, 7, 256, 3, 3, padding=1, groups=256, bytes_per_element=1),
        conv2d(1, 256, 7, 7, heads, 1, 1, bytes_per_element=1),
    )
    nms = suppression(boxes, kept)
    return (
        Stage("backbone", backbone, "int8", backbone[-1].writes["y"]),
        Stage("neck", neck, "int8", boxes * BOX_BYTES, after=("backbone",)),
        Stage("NMS", (nms,), "fp32", nms.writes["kept"], after=("neck",)),
        Stage("overlay", (overlay(width, height),), "fp16", 0, after=("NMS",)),
    )
