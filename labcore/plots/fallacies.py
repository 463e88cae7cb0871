"""Eight fallacies and pitfalls as ratios of what is to what was believed, and the share of the peak that is kept."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from labcore.catalogue import A100, H100
from labcore.catalogue.facts import Accelerator
from labcore.catalogue.sustained import REPORTED
from labcore.feasibility.assumptions import Assumptions
from labcore.feasibility.duration import duration
from labcore.feasibility.question import Question
from labcore.feasibility.workload import workload
from labcore.interconnect.link import Link
from labcore.interconnect.parallelism import weak_scaling
from labcore.kernels.portable import ISOLATED, SCATTERED, named
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes
from labcore.plots.words import as_table, rows, three
from labcore.roofline import attainable, dense_intensity

LAB = "20_can_you_run_it"
CASE_UNITS = {
    "case": "", "quantity": "", "unit": "", "believed": "", "low": "", "high": "",
    "printed_low": "", "printed_high": "",
}  # fmt: skip
FREE = Assumptions(eta_compute=1, eta_memory=1, reserve=0, T_launch=1e-30)  # the roofline itself
NETWORKS = {  # name -> model, phase, batch, context
    "Llama 3 8B, prompt of 8192": ("llama3-8b", "prefill", 1, 8192),
    "ResNet-50, batch 256": ("resnet50", "pass", 256, None),
    "Llama 3 8B, decoding, batch 64": ("llama3-8b", "decode", 64, 2048),
    "MobileNetV2, batch 256": ("mobilenetv2", "pass", 256, None),
    "ResNet-50, batch 1": ("resnet50", "pass", 1, None),
    "DLRM, batch 2048": ("dlrm", "pass", 2048, None),
    "Llama 3 8B, decoding, batch 1": ("llama3-8b", "decode", 1, 2048),
}
SHARE_UNITS = {"what": "", "chip": "", "roofline": "%", "ruled": "%", "low": "%", "high": "%"}


@cache
def cases() -> Table:
    """The eight: a quantity, what is believed of it, the range computed, and the range that the chapter prints."""
    peak, FP16, FP32 = (R / 1e12 for R in (A100.peak("fp16"), H100.peak("fp16"), H100.peak("fp32")))
    softmax = [float(attainable(A100.peak("fp16"), A100.BW, I)) / 1e12 for I in (2, 5)]
    norm, dense = 1.5 * 2.0, A100.BW * float(dense_intensity(1, 2048, 2048)) / 1e12
    speedup = 8 * weak_scaling(50e-3, 10**9, [8], Link("NVLink", 300e9))[0]
    spread, kept = (sum(named(source, "fast").values()) for source in (SCATTERED, ISOLATED))
    return as_table(CASE_UNITS, [
        ("1 specialized is faster", "softmax on an A100", "TFLOP/s", peak, *softmax, 4.1, 10.2),
        ("2 bandwidth is ignored", "LayerNorm, 2 TB/s", "TFLOP/s", 300.0, norm, norm, 3.0, 3.0),
        ("3 scaling is linear", "speed-up, 8 GPUs", "x", 8.0, speedup, speedup, 7.5, 7.5),
        ("4 the peak is the budget", "training, the chapter's range", "TFLOP/s", peak, 120.0, 180.0, 120.0, 180.0),
        ("5 any rating will do", "FP16 by the FP32 rating", "TFLOP/s", FP32, FP16, FP16, 15 * FP32, 16 * FP32),
        ("6 small batch, large chip", "dense layer, batch 1", "TFLOP/s", peak, dense, dense, 2.04, 2.04),
        ("7 no cost to port", "edits, kernel at each use", "places", 1, spread, spread, "", ""),
        ("8 kernels all over", "edits, kernel behind a check", "place", 1, kept, kept, "", ""),
    ])  # fmt: skip


def draw_cases(ax: Axes, table: Table) -> Axes:
    """For each case the computed range over what was believed, and the ends of the chapter's as hollow diamonds."""
    log_axes(ax, "x")
    for y, r in enumerate(rows(table)):
        low, high = r["low"] / r["believed"], r["high"] / r["believed"]
        ax.plot([1, low if high < 1 else high], [y, y], color=GREY, linewidth=0.9, zorder=1)
        ax.plot([low, high], [y, y], color=VERMILLION, linewidth=5, marker="o", markersize=6)
        for printed in {r["printed_low"], r["printed_high"]} - {""}:
            ax.plot(printed / r["believed"], y, "D", color=BLACK, markerfacecolor="none", markersize=9)
    ax.axvline(1, color=BLACK, linewidth=1.4)
    ax.set_xlim(4e-3, 30)
    ax.set_xticks([0.01, 0.1, 1, 10], ["1/100", "1/10", "as believed", "10x"])
    ax.set_yticks(range(len(table["case"])), [f"{r['case']}\n{case_in_words(r)}" for r in rows(table)], fontsize=8.5)
    ax.set_ylim(len(table["case"]) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("what is, over what was believed")
    page = Line2D([], [], color=BLACK, marker="D", markerfacecolor="none", linestyle="", label="the chapter's")
    handles = [Line2D([], [], color=VERMILLION, linewidth=5, label="computed"), page]
    ax.legend(handles=handles, loc="upper right", bbox_to_anchor=(1, 1.08), ncols=2)
    return ax


def case_in_words(r: dict[str, object]) -> str:
    """A case's quantity: what is believed, then what it is."""
    low, high, believed = (f"{v:,}" if isinstance(v, int) else three(v) for v in (r["low"], r["high"], r["believed"]))
    return f"{r['quantity']}: {believed} believed, {low if low == high else f'{low} to {high}'} {r['unit']}"


def cases_in_words(table: Table) -> str:
    """Each case: what is believed, and what is."""
    return f"What was believed, and what is: {'; '.join(map(case_in_words, rows(table)))}."


def share_of_peak(chip: Accelerator, name: str, given: Assumptions) -> float:
    """FLOP of one pass over those that the chip could do in its time, at 16 bits."""
    model, phase, batch, context = NETWORKS[name]
    network = workload(model, batch, context).phases[phase]
    T = duration(network.layers, Question(model, chip, assumptions=given)).T
    return network.flop / (T * chip.peak("fp16"))


@cache
def shares() -> Table:
    """Shares of the peak: networks on an A100 by the roofline and by the tool's rule, and training runs as reported."""
    drawn = [
        (name, "A100", *(100 * share_of_peak(A100, name, given) for given in (FREE, Assumptions())), "", "")
        for name in NETWORKS
    ]
    drawn.sort(key=lambda row: -row[2])
    drawn += [(run, chip, "", "", 100 * low.value, 100 * high.value) for run, (chip, low, high) in REPORTED.items()]
    return as_table(SHARE_UNITS, drawn)


def draw_shares(ax: Axes, table: Table) -> Axes:
    """A hollow bar for the roofline, a filled one for the tool's rule inside it; runs as ranges."""
    log_axes(ax, "x")
    beside = {"va": "center", "fontsize": 8}
    for y, r in enumerate(rows(table)):
        if r["roofline"] != "":
            ax.barh(y, r["roofline"], 0.66, facecolor="white", edgecolor=BLUE, hatch=HATCHES[1], linewidth=0.9)
            ax.barh(y, r["ruled"], 0.36, facecolor=BLUE, edgecolor=BLUE)
            ax.text(115, y, f"{three(r['roofline'])}; {three(r['ruled'])}", **beside)
        else:
            ax.plot([r["low"], r["high"]], [y, y], color=GREEN, marker="D", markersize=6)
            ax.text(115, y, " to ".join(dict.fromkeys(map(three, (r["low"], r["high"])))), **beside)
    ax.axvline(100, color=BLACK, linewidth=1.2)
    ax.set_xlim(0.1, 100)
    ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    names = [f"{r['what']} ({r['chip']})" for r in rows(table)]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("share of the dense 16-bit peak (%)")
    handles = [Patch(facecolor="white", edgecolor=BLUE, hatch=HATCHES[1], label="by the roofline"),
               Patch(facecolor=BLUE, label="by the tool's rule"),
               Line2D([], [], color=GREEN, marker="D", linestyle="", label="run, as reported")]  # fmt: skip
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.3, -0.14), ncols=3)
    return ax


def shares_in_words(table: Table) -> str:
    """The roofline's share and the rule's for each network, and the ranges of the runs."""
    words = [
        f"{r['what']} {three(r['roofline'])} by the roofline, {three(r['ruled'])} by the rule"
        if r["roofline"] != "" else f"{r['what']} {three(r['low'])} to {three(r['high'])} reported"
        for r in rows(table)
    ]  # fmt: skip
    return f"Percent of the dense 16-bit peak: {'; '.join(words)}."


register(Figure(
    id="eight-cases", item="Fallacy 1; Pitfall 2; Fallacy 3; Pitfall 4; Fallacy 5; Pitfall 6; Fallacy 7; Pitfall 8",
    title="Eight beliefs, and how far what is lies from them",
    caption="Each row divides a computed value by what the fallacy or pitfall takes it for; diamonds are the chapter's "
    "own figures. In rows 1, 2, 4 and 6 the peak was believed, in row 5 the peak of another format, so that the chip "
    "does more than was expected. Row 3 departs from the chapter: a ring sends each GPU's gradients 1.75 times, where "
    "it counts one transfer. Row 4 has the chapter's own range, since no calculation gives it. Rows 7 and 8 count the "
    "places to edit when a fast kernel is gone, in a small program of ours; both beliefs come to one edit. In row 7 "
    "each use names the kernel; in row 8 a check in one place does, so that what was believed holds. The chapter has "
    "no figure here.",
    alt="Eight rows with a mark left or right of a vertical line, as believed. Softmax, LayerNorm and the dense layer "
    "at batch 1 lie near a hundredth; eight GPUs and training a little below the line; FP16 by an FP32 rating fifteen "
    "times above it, four places to edit above it, one place on it.",
    units=CASE_UNITS, data=cases, draw=draw_cases, says=cases_in_words, lab=LAB, size=(6.4, 5.2),
))  # fmt: skip

register(Figure(
    id="sustained-share", item="Pitfall 4", title="How much of the peak real networks keep",
    caption="Hatched: every layer at its roofline on an A100, nothing lost. Filled: the rule of can-i-run, half of the "
    "peak, 70 % of the bandwidth and 5 us for a launch. Diamonds: training runs as others reported them, on the chip "
    "named; PaLM's counts work that is done twice to save memory. The chapter budgets 40 to 60 % for training "
    "transformers and 3.2 to 9.6 % for recommenders. Logarithmic axis, since a factor of a hundred lies between them.",
    alt="Horizontal bars on a logarithmic axis. A long prompt reaches almost the whole peak by the roofline, "
    "convolutions of ResNet-50 less, decoding at batch 1 well below one percent. The three training runs lie between "
    "38 and 75 percent.",
    units=SHARE_UNITS, data=shares, draw=draw_shares, says=shares_in_words, lab=LAB, size=(6.8, 4.4),
))  # fmt: skip
