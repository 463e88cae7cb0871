"""Operators that an accelerator lacks, and what they do to a network that is handed to it all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.models.network import Layer
from labcore.models.vision import mobilenetv2
from labcore.plots.registry import Figure, Table, register
from labcore.plots.soc import DECLARED, LAB
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, PLATE, PURPLE, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.soc.fallback import Cut, assigned, best_offload, offload
from labcore.soc.unit import phone

MISSING = ("", "avgpool", "add", "relu6")  # operators that the NPU lacks, one more in each row
CUT_UNITS = {
    "lacks": "",
    "way": "",
    "pieces": "",
    "NPU": "s",
    "CPU": "s",
    "launches": "s",
    "handing over": "s",
    "E": "J",
}


def knows_all_but(lacks: tuple[str, ...]) -> Callable[[Layer], bool]:
    """Whether an accelerator that lacks some operators knows a layer."""
    return lambda layer: not any(name in layer.name for name in lacks)


@cache
def cuts() -> Table:
    """Time by part, of MobileNetV2 handed to an NPU that lacks more and more operators, and of the fastest cut."""
    return as_table(CUT_UNITS, list(_cuts()))


def _cuts() -> Iterator[tuple]:
    network, soc = mobilenetv2(precision="int8"), phone()
    for n in range(len(MISSING)):
        lacks = tuple(name for name in MISSING[: n + 1] if name)
        ask = network, soc, "NPU", "CPU", knows_all_but(lacks)
        for way, cut in (("delegate", offload(*ask)), ("fastest cut", best_offload(*ask))):
            yield (" ".join(lacks) or "nothing", way, len(cut.pieces), *split_time(cut).values(), cut.E)
    cpu = assigned(network.layers, ["CPU"] * len(network.layers), soc)
    yield "everything", "CPU alone", 1, *split_time(cpu).values(), cpu.E


def split_time(cut: Cut) -> dict[str, float]:
    """Seconds of a cut by what they go into: work on each unit, launches of pieces, handing over.

    >>> from labcore.models.vision import mobilenetv2
    >>> cut = offload(mobilenetv2(precision="int8"), phone(), "NPU", "CPU", lambda layer: True)
    >>> round(1e6 * split_time(cut)["launches"])
    200
    """
    soc = phone()
    launch = {name: sum(soc.unit(p.unit).L_launch for p in cut.pieces if p.unit == name) for name in ("NPU", "CPU")}
    work = {name: sum(p.T for p in cut.pieces if p.unit == name) - launch[name] for name in launch}
    return work | {"launches": sum(launch.values()), "handing over": cut.T_handoff}


NAMES = {"NPU": "work on the NPU", "CPU": "work on the CPU"}
LOOKS = {
    "NPU": {"facecolor": BLUE, "edgecolor": BLUE},
    "CPU": {"facecolor": "white", "edgecolor": PURPLE, "hatch": HATCHES[3]},
    "launches": {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    "handing over": {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[2]},
}


def draw_cuts(ax: Axes, table: Table) -> Axes:
    """Two stacked bars for each set of missing operators: all that is known is handed over, and the fastest cut."""
    y, ticks, names = 0.0, [], []
    alone = next(r for r in rows(table) if r["way"] == "CPU alone")
    for r in (r for r in rows(table) if r is not alone and r["way"] != "CPU alone"):
        start = 0.0
        for part, look in LOOKS.items():
            ax.barh(y, r[part], 0.78, left=start, linewidth=0.8 * (r[part] > 0), **look)
            start += r[part]
        ax.text(start + 0.15e-3, y, f"{1e3 * start:.2f} ms, {r['pieces']} piece{'s' * (r['pieces'] > 1)}", va="center",
                fontsize=8.5, bbox=PLATE)  # fmt: skip
        lacks = "nothing" if r["lacks"] == "nothing" else r["lacks"].replace(" ", ", ")
        names.append(f"lacks {lacks}" if r["way"] == "delegate" else "the fastest cut")
        ticks.append(y)
        y += 0.9 if r["way"] == "delegate" else 1.4
    T = sum(alone[part] for part in LOOKS)
    ax.axvline(T, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    ax.text(T + 0.15e-3, -0.85, f"CPU alone {1e3 * T:.2f} ms", color=GREY, fontsize=8.5, va="center")
    ax.set_yticks(ticks, names)
    ax.set_ylim(y - 0.7, -1.3)
    ax.set_xlim(0, 19e-3)
    ax.grid(visible=False, axis="y")
    scaled(ax.xaxis, "time of one MobileNetV2, int8", "ms")
    handles = [Patch(**look, label=NAMES.get(part, part)) for part, look in LOOKS.items()]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 0.36))
    ax.set_title(DECLARED, fontsize=9, fontweight="normal")
    return ax


def cuts_in_words(table: Table) -> str:
    """Time and pieces of each row."""
    said = [f"lacks {r['lacks']}, {r['way']}: {1e3 * sum(r[p] for p in LOOKS):.2f} ms in {r['pieces']}"
            for r in rows(table) if r["way"] != "fastest cut"]  # fmt: skip
    return f"Time and pieces. {'; '.join(said)}."


register(Figure(
    id="fallback", item="Footnote 43",
    title="Operators that the NPU lacks",
    caption="MobileNetV2, 99 layers, on a phone whose rates are declared. The NPU lacks nothing, then average pooling, "
    "then also addition, then also ReLU6. A delegate hands over every layer that the NPU knows. Each piece on the NPU "
    "costs a launch of 200 us, each change of units a tensor handed over. From the third pair on the CPU alone beats "
    "it. The fastest cut, found exactly, gives the NPU only what pays, in the end nothing.",
    alt="Horizontal stacked bars in four pairs. With nothing missing both take a third of a millisecond. "
    "The delegate's bars grow to 0.65, 3.7 and 15 ms, nearly all of it launches and handing over; the fastest "
    "cut's never pass a dashed line, the CPU alone at 1.3 ms.",
    units=CUT_UNITS, data=cuts, draw=draw_cuts, says=cuts_in_words, lab=LAB, size=(6.8, 3.8),
))  # fmt: skip
