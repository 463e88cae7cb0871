"""The whole accelerator that is generated, as a block drawing with its sizes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from labcore.codesign.integer import MULTIPLIER_BITS, random_network
from labcore.codesign.networks import CLASSES, Network
from labcore.codesign.predict import cycles, sized
from labcore.codesign.problem import template
from labcore.codesign.search import Choice
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, NARROW_PLATE
from labcore.plots.words import as_table, rows
from labcore.systolic.dataflows import find

LAB = "23_codesign"
BLOCK_UNITS = {"part": "", "count": "", "words": "words", "bits": "bits", "does": ""}
DRAWN = (("conv2x2", "conv2x2"), 8, 4), (4, 8, "os")  # network and hardware of the drawing


def blocks(network: Choice = DRAWN[0], hardware: Choice = DRAWN[1]) -> Table:
    """The parts of a generated accelerator: how many there are, words and bits of each word, and what it does."""
    from labcore.codesign.rtl.rom import bias_words, weight_words

    net = Network(*network)
    made = sized(template(hardware, net.bits), net)
    filled = random_network(list(net.layers), net.bits, seed=0)  # sizes depend on shapes alone
    b, acc = made.activation_bits, made.accumulator_bits
    sums = ("sums", made.cols, max(layer.M for layer in net.layers), acc, "of the folds before")
    return as_table(BLOCK_UNITS, [
        ("sequencer", 1, len(net.layers), "", f"{len(net.layers)} layers in {cycles(net, made):,} cycles"),
        ("weight ROM", 1, len(weight_words(filled, made)), made.cols * made.weight_bits, "one weight a column"),
        ("activation memory", 2, made.activation_words, b, "one read, one filled"),
        ("row lanes", made.rows, "", b, "patches, row i late by i"),
        ("PEs", made.pes, "", acc, f"{made.rows} x {made.cols}, {find(made.dataflow).stays} stays"),
        ("bias ROM", 1, len(bias_words(filled, made)), made.cols * acc, "one bias a column"),
        ("requantize", made.cols, "", MULTIPLIER_BITS, "multiply, shift, ReLU"),
        ("logits", 1, CLASSES, acc, "sums of the last layer"),
        ("argmax", 1, "", acc, "one logit a cycle"),
        *([sums] if made.dataflow == "ws" else []),
    ])  # fmt: skip


# part -> left, top, width, height, and the words in the box, filled from its row
PLACES = {
    "sequencer": (0.2, 0.1, 9.6, 0.8, "sequencer: {does}"),
    "weight ROM": (4.1, 1.5, 2.8, 1.1, "weight ROM\n{words:,} words x {bits} bits"),
    "activation memory": (0.2, 3.4, 2.0, 2.0, "{count} activation\nmemories\n{words} words\nx {bits} bits"),
    "row lanes": (2.75, 3.4, 0.8, 2.0, "{count} rows\nx {bits} bits"),
    "PEs": (4.1, 3.4, 2.8, 2.0, ""),
    "bias ROM": (7.5, 4.9, 2.3, 1.1, "bias ROM\n{words} words x {bits} bits"),
    "requantize": (4.1, 6.2, 2.8, 1.1, "{count} requantizers\n{bits}-bit multiplier each"),
    "logits": (7.5, 6.5, 2.3, 0.8, "{words} logits x {bits} bits"),
    "argmax": (7.5, 7.8, 2.3, 0.8, "argmax: {does}"),
    "sums": (7.5, 3.4, 2.3, 1.1, "{count} memories of sums\n{words} words x {bits} bits"),
}
WAYS = (
    ((2.2, 4.4), (2.75, 4.4)), ((3.55, 4.4), (4.1, 4.4)), ((5.5, 2.6), (5.5, 3.4)), ((5.5, 5.4), (5.5, 6.2)),
    ((6.9, 6.9), (7.5, 6.9)), ((8.65, 7.3), (8.65, 7.8)), ((7.5, 8.2), (6.6, 8.2)), ((5.5, 0.9), (5.5, 1.5)),
    ((1.2, 2.6), (1.2, 3.4)), ((7.5, 5.7), (6.0, 5.7), (6.0, 6.2)), ((4.1, 6.75), (1.2, 6.75), (1.2, 5.4)),
)  # fmt: skip
MEMORIES = ("weight ROM", "activation memory", "bias ROM", "logits", "sums")


def draw_blocks(ax: Axes, table: Table) -> Axes:
    """Boxes for the parts, memories hatched, and the way of the values between them."""
    ax.axis("off")
    ax.set_xlim(0, 10)
    ax.set_ylim(8.8, 0)
    found = {r["part"]: r for r in rows(table)}
    for part in found:
        x, y, width, height, words = PLACES[part]
        hatch = {"facecolor": "#E8F1F8", "hatch": HATCHES[1]} if part in MEMORIES else {"facecolor": "white"}
        ax.add_patch(Rectangle((x, y), width, height, edgecolor=GREY, linewidth=1.0, **hatch))
        ax.text(x + width / 2, y + height / 2, words.format(**found[part]), ha="center", va="center", fontsize=8,
                bbox=NARROW_PLATE, zorder=4)  # fmt: skip
    _draw_array(ax, found["PEs"])
    for way in (*WAYS, *([((6.9, 3.95), (7.5, 3.95)), ((7.5, 4.2), (6.9, 4.2))] if "sums" in found else [])):
        _draw_way(ax, *way)
    for x, y, words in ((1.2, 2.3, "pixels"), (6.2, 8.2, "class"), (2.65, 7.05, "the next layer's image")):
        ax.text(x, y, words, ha="center", va="center", fontsize=8)
    return ax


def _draw_array(ax: Axes, r: dict) -> None:
    """The grid of PEs in its box, as many as there are, and its words on a plate."""
    x, y, width, height, _ = PLACES["PEs"]
    down, across = map(int, r["does"].split(",")[0].split(" x "))
    for i in range(down):
        for j in range(across):
            spot = (x + 0.1 + j * (width - 0.2) / across, y + 0.1 + i * (height - 0.2) / down)
            ax.add_patch(Rectangle(spot, 0.8 * (width - 0.2) / across, 0.8 * (height - 0.2) / down, facecolor="white",
                                   edgecolor=BLUE, linewidth=0.7))  # fmt: skip
    ax.text(x + width / 2, y + height / 2, f"{r['count']} PEs, {r['does']}\nsums of {r['bits']} bits", ha="center",
            va="center", fontsize=8, bbox=NARROW_PLATE | {"pad": 2}, zorder=4)  # fmt: skip


def _draw_way(ax: Axes, *corners: tuple[float, float]) -> None:
    """A line through the corners, an arrow at its end."""
    ax.plot(*zip(*corners[:-1], strict=True), color=BLACK, linewidth=1.2)
    how = {"arrowstyle": "-|>", "mutation_scale": 9, "color": BLACK, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.2}
    ax.add_patch(FancyArrowPatch(*corners[-2:], **how))


def blocks_in_words(table: Table) -> str:
    """What is stored, and the cycles of one image."""
    found = {r["part"]: r for r in rows(table)}
    weights, memory = found["weight ROM"], found["activation memory"]
    return (
        f"{found['PEs']['count']} PEs, {weights['words'] * weights['bits']:,} bits of weight ROM and "
        f"{memory['count'] * memory['words'] * memory['bits']:,} bits of activations; {found['sequencer']['does']}."
    )


register(Figure(
    id="generated-accelerator", item="Lab 23 (ours: co-generation)", title="The accelerator that is generated",
    caption="A network of two strided convolutions and its classifier on an array, all from one call: sizes follow "
    "from the network and the template. Hatched: memories. A value goes round once a layer, out of one activation "
    "memory, through the array and the requantizer of its column into the other; the last layer's sums stay unrounded "
    "and pass the comparison one a cycle. The sequencer counts layers, folds and cycles and tells every part where "
    "they stand; of its wires only one is drawn. Boxes are not to scale.",
    alt="A sequencer across the top. Below it a weight ROM above a grid of processing elements; two activation "
    "memories on the left feed it through row lanes; under it requantizers, fed by a bias ROM too, send results back "
    "to the activation memories or on to the logits and to argmax, which gives the class.",
    units=BLOCK_UNITS, data=blocks, draw=draw_blocks, says=blocks_in_words, lab=LAB, size=(6.6, 4.8),
))  # fmt: skip
