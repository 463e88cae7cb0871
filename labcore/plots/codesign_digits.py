"""Digits at fewer bits, and bundles alone: what each bit and each bundle is worth before any search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes

from labcore.codesign.bundles import alone
from labcore.codesign.data import digits
from labcore.codesign.integer import input_codes
from labcore.codesign.networks import BITS, WINDOWS, Network
from labcore.codesign.predict import predict
from labcore.codesign.problem import template
from labcore.codesign.table import SEEDS, accuracy
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, decade_marks, look
from labcore.plots.words import as_table, columns, rows

LAB = "23_codesign"
WIDTH, DRAWN = 16, (0, 3, 6)  # width of the networks, and places of the test images that are drawn
TRAINED = {"validation": "fine-tuned", "rounded": "only rounded"}
SHIFT = {"fine-tuned": -0.13, "only rounded": 0.13}  # so that points side by side can be told apart
DIGIT_UNITS = {"series": "", "bits": "", "seed": "", "accuracy": "1", "image": "", "row": "", "col": "", "code": ""}
SIDE, BUNDLE_BITS, BUNDLE_FLOW = 4, 4, "os"
BUNDLE_UNITS = {"bundle": "", "width": "channels", "accuracy": "1", "cycles": "cycles", "area": "cells"}


def quantized(bundle: str = "fc", width: int = WIDTH) -> Table:
    """Validation accuracy of one network by bits and seed, fine-tuned and only rounded; some test images at each."""
    drawn = [(name, bits, seed, accuracy(Network((bundle,), width, bits), score, seed), "", "", "", "")
             for score, name in TRAINED.items() for bits in BITS for seed in SEEDS]  # fmt: skip
    return as_table(DIGIT_UNITS, [*drawn, *_images()])


def _images() -> Iterator[tuple]:
    """The pixels of a few test images as the codes that enter the accelerator."""
    images = digits("test").images
    for bits in BITS:
        for image in DRAWN:
            codes = input_codes(images[image : image + 1], bits).reshape(images.shape[-2:])
            for (r, c), code in np.ndenumerate(codes):
                yield "image", bits, "", "", image, r, c, int(code)


def draw_quantized(ax: Axes, table: Table) -> Axes:
    """A point for each seed, a line through the means, and above each precision the images at that precision."""
    found, ends = list(rows(table)), []
    for i, (name, shift) in enumerate(SHIFT.items()):
        own, how = [r for r in found if r["series"] == name], look(i)
        places = [BITS.index(r["bits"]) + shift for r in own]
        ax.plot(places, columns(own, "accuracy")[0], **how | {"linestyle": "None", "markerfacecolor": "white"})
        means = [float(np.mean([r["accuracy"] for r in own if r["bits"] == bits])) for bits in BITS]
        ax.plot([x + shift for x in range(len(BITS))], means, **how | {"marker": "", "linewidth": 1.4})
        ends.append((means[-1], f"{name}:\n{means[-1]:.0%} at {BITS[-1]} bits"))
    low = min(r["accuracy"] for r in found if r["series"] != "image")
    ax.set_ylim(low - 0.02, 1.23 - 0.23 * low)
    ax.spines["left"].set_bounds(low - 0.02, 1)
    ax.set_xlim(-0.5, len(BITS) - 0.5)
    ticks = [tick for tick in np.arange(0, 1.01, 0.1) if tick > low - 0.02]
    ax.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_xticks(range(len(BITS)), [f"{bits} bits,\n{2**bits} greys" for bits in BITS])
    ax.set_ylabel("validation accuracy")
    ax.grid(visible=False, axis="x")
    for x, bits in enumerate(BITS):
        _draw_images(ax, x, [r for r in found if r["series"] == "image" and r["bits"] == bits], 2**bits - 1)
    end_labels(ax, ends, fontsize=8)
    return ax


def _draw_images(ax: Axes, x: int, pixels: Sequence[dict], most: int) -> None:
    """The images of one precision side by side at the top, ink dark as on paper."""
    places = sorted({r["image"] for r in pixels})
    share = 1 / len(BITS)
    for place, image in enumerate(places):
        left = share * (x + 0.06 + 0.3 * place)
        inset = ax.inset_axes((left, 0.855, 0.28 * share, 0.145))
        codes = np.zeros((8, 8))
        for r in (r for r in pixels if r["image"] == image):
            codes[r["row"], r["col"]] = r["code"]
        inset.pcolormesh(codes, cmap="Greys", vmin=0, vmax=most, edgecolors="face", linewidth=0.2)
        inset.invert_yaxis()
        inset.set_xticks([])
        inset.set_yticks([])
        for side in inset.spines.values():
            side.set(visible=True, color=GREY, linewidth=0.6)


def quantized_in_words(table: Table) -> str:
    """Mean and spread over the seeds at most and at fewest bits."""
    words = []
    for name in SHIFT:
        by_bits = {bits: [r["accuracy"] for r in rows(table) if (r["series"], r["bits"]) == (name, bits)]
                   for bits in (max(BITS), min(BITS))}  # fmt: skip
        words.append(f"{name} " + " and ".join(
            f"{np.mean(got):.1%} ({min(got):.1%} to {max(got):.1%}) at {bits} bits" for bits, got in by_bits.items()
        ))  # fmt: skip
    return f"Accuracy, mean and range of {len(SEEDS)} seeds: {'; '.join(words)}."


def bundles(side: int = SIDE, bits: int = BUNDLE_BITS, dataflow: str = BUNDLE_FLOW) -> Table:
    """Every bundle at every width by itself: accuracy, and cycles and area on one array."""
    made = template((side, side, dataflow), bits)
    drawn = []
    for one in alone(bits):
        cost = predict(one.network, made)
        drawn.append((one.network.bundles[0], one.network.width, one.accuracy, cost.cycles, cost.area))
    return as_table(BUNDLE_UNITS, drawn)


def draw_bundles(ax: Axes, table: Table) -> Axes:
    """Accuracy against cycles on the left and against area on the right; a line for each bundle, a point a width."""
    ax.axis("off")
    cells = ax.get_subplotspec().subgridspec(1, 2, wspace=0.08)
    left = ax.figure.add_subplot(cells[0])
    right = ax.figure.add_subplot(cells[1], sharey=left)
    low = 0.92
    for place, (x, words) in zip((left, right), (("cycles", "cycles an image"), ("area", "area (cells)")), strict=True):
        place.set_xscale("log")
        place.minorticks_off()
        names = []
        for i, bundle in enumerate(WINDOWS):
            own = [r for r in rows(table) if r["bundle"] == bundle]
            place.plot(*columns(own, x, "accuracy"), **look(i))
            names += [(r[x], r["accuracy"], str(r["width"])) for r in own if r["accuracy"] > low]
        _ticks(place, table[x])
        place.set_xlabel(words)
        place.set_ylim(low, 1.0)
        place_labels(place, names, fontsize=8)
    left.set_yticks([0.92, 0.94, 0.96, 0.98, 1.0], ["92%", "94%", "96%", "98%", "100%"])
    left.set_ylabel("validation accuracy")
    right.tick_params(labelleft=False)
    for i, bundle in enumerate(WINDOWS):
        left.plot([], [], label=bundle, **look(i))
    left.legend(loc="lower right", fontsize=8)
    return ax


def _ticks(ax: Axes, values: Sequence[float]) -> None:
    """Ticks at 1, 2 and 5 of each decade within the values, with a little room."""
    ax.set_xlim(0.8 * min(values), 1.25 * max(values))
    marks = decade_marks(0.8 * min(values), 1.25 * max(values))
    ax.set_xticks(marks, [f"{mark:,}" for mark in marks])


def bundles_in_words(table: Table) -> str:
    """The widest of each bundle."""
    widest = max(table["width"])
    own = [r for r in rows(table) if r["width"] == widest]
    return f"{widest} channels wide: " + "; ".join(
        f"{r['bundle']} {r['accuracy']:.1%} in {r['cycles']:,} cycles" for r in own
    ) + "."  # fmt: skip


register(Figure(
    id="quantized-digits", item="Lab 23 (ours: precision shared)", title="What bits are worth to one network",
    caption=f"One fully connected layer of {WIDTH} units and its classifier, weights and activations at the same bits: "
    "three trainings each (markers), their means (lines). Above: three test images as the accelerator gets them at "
    "that precision. Down to three bits fine-tuning hides most of the loss; at two bits it gives back more than half "
    "of what rounding alone loses, and the seeds spread. The same network at all precisions, so a wider one may be "
    "the better use of the bits saved.",
    alt="Four columns for 8, 4, 3 and 2 bits. Above each the same three small digits, coarser to the right. The "
    "fine-tuned line stays level to three bits and dips at two; the line of rounded networks falls earlier and far "
    "deeper, with its three points wide apart.",
    units=DIGIT_UNITS, data=quantized, draw=draw_quantized, says=quantized_in_words, lab=LAB, size=(6.4, 4.0),
))  # fmt: skip
register(Figure(
    id="bundles", item="Announcement 001 (A3C3: bundles first)", title="Each bundle alone, before any search",
    caption=f"One bundle and a classifier at {BUNDLE_BITS} bits on one {SIDE} x {SIDE} array (output stationary): "
    "accuracy, mean of three seeds, against cycles and against area. A number is the width in channels or units. Where "
    "few cycles are to be had, fully connected wins; the strided convolution gets more for more. The dense convolution "
    "reaches highest and pays twice: its window stops at 36 places, and its classifier has weights for each of them. "
    "What is narrower than the axis reaches lies below it.",
    alt="Two panels with a rising line for each of three bundles. On the left, fully connected lies farthest left, the "
    "strided convolution in the middle, the dense convolution farthest right and highest. On the right the lines run "
    "close together at first, and the dense convolution again ends farthest right.",
    units=BUNDLE_UNITS, data=bundles, draw=draw_bundles, says=bundles_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
