"""What pruning by patterns and narrow numbers save: accuracy and index tax, bytes and energy."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.codesign.granularity import table as pruned_table
from labcore.energy import access_energy
from labcore.plots.memory_wall import halves
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy

LAB = "21_architecture_map"
FRACTIONS = {1 / 2: "1/2", 1 / 4: "1/4", 1 / 8: "1/8", 1 / 16: "1/16"}
NAMES = {"unstructured": "any place", "n:m": "n of m", "4x1": "4 x 1 blocks", "4x4": "4 x 4 blocks"}
PRUNED_UNITS = {"pattern": "", "density": "", "pruned": "", "tuned": "", "low": "", "high": "", "tax": "B/B"}

PROCESS, MEMORY = "7 nm", "HBM2"
PAIRS = (("fp32", "fp32", None), ("fp16", "fp16", "fp32"), ("int8", "fp16", "fp32"), ("int4", "fp16", "fp32"),
         ("int8", "int8", "int32"), ("int4", "int8", "int32"))  # fmt: skip
REUSES = {1: "one MAC for each weight read: a batch of 1", 256: "256 MACs for each weight read: a batch of 256"}
MAP_UNITS = {"storage": "", "compute": "", "reuse": "MAC/weight", "bytes": "B", "moving": "J", "computing": "J"}


def pruned() -> Table:
    """Means over seeds by pattern and density: accuracy as pruned and tuned, its range, index bytes a value byte."""
    drawn = []
    for pattern in NAMES:
        for density in FRACTIONS:
            found = [one for _, one in pruned_table() if (one.pattern, one.density) == (pattern, density)]
            tuned, one = [x.tuned for x in found], found[0]
            mean = [sum(shares) / len(found) for shares in ([x.pruned for x in found], tuned)]
            drawn.append((pattern, density, *mean, min(tuned), max(tuned), one.index_bytes / one.value_bytes))
    return as_table(PRUNED_UNITS, drawn)


def draw_pruned(ax: Axes, table: Table) -> Axes:
    """Left accuracy by density, filled after fine-tuning and hollow as pruned; right the tax of the indices."""
    left, right = halves(ax)
    for k, (pattern, name) in enumerate(NAMES.items()):
        here, how = [r for r in rows(table) if r["pattern"] == pattern], look(k)
        x = [list(FRACTIONS).index(r["density"]) for r in here]
        left.plot(x, columns(here, "tuned")[0], **how)
        left.plot(x, columns(here, "pruned")[0], **how | {"linewidth": 0.9}, markerfacecolor="white")
        right.plot(x, columns(here, "tax")[0], **how, label=name)
    for one in (left, right):
        one.set_xticks(range(len(FRACTIONS)), FRACTIONS.values())
        one.set_xlabel("share of the weights that stays")
    left.set_ylim(0, 1.02)
    left.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    left.set_title("test images right")
    left.text(0.03, 0.05, "filled: after fine-tuning\nhollow: as pruned", transform=left.transAxes, fontsize=8)
    right.set_ylim(0, 2.1)
    right.set_yticks([0, 0.5, 1, 1.5, 2], ["0", "0.5", "1", "1.5", "2"])
    right.set_title("index bytes for a byte of values")
    right.legend(loc="upper left", fontsize=8, handlelength=3)
    return ax


def pruned_in_words(table: Table) -> str:
    """At an eighth: accuracy after fine-tuning, and index bytes, of every pattern."""
    here = {r["pattern"]: r for r in rows(table) if r["density"] == 1 / 8}
    told = [f"{NAMES[p]} {r['tuned']:.1%} right, {r['tax']:.2f} B" for p, r in here.items()]
    return (
        f"An eighth of the weights kept; after fine-tuning, and index bytes for each byte of values: {'; '.join(told)}."
    )


def precisions() -> Table:
    """Energy for each MAC by what weights are stored in, what is computed in, and MACs that one read serves."""
    drawn = []
    for reuse in REUSES:
        for storage, compute, accumulate in PAIRS:
            size = bytes_per_element(storage)
            moving = access_energy(MEMORY, size, PROCESS) / reuse
            drawn.append((storage, compute, reuse, size, moving, mac_energy(compute, accumulate, PROCESS)))
    return as_table(MAP_UNITS, drawn)


def draw_precisions(ax: Axes, table: Table) -> Axes:
    """Stacked bars, reading and computing, once without reuse and once with it; each panel has its own scale."""
    for one, (reuse, name) in zip(halves(ax), REUSES.items(), strict=True):
        here = [r for r in rows(table) if r["reuse"] == reuse]
        for y, r in enumerate(here):
            one.barh(y, r["moving"], 0.7, facecolor="white", edgecolor=VERMILLION, hatch=HATCHES[1])
            one.barh(y, r["computing"], 0.7, left=r["moving"], facecolor=BLUE, edgecolor=BLUE)
            total = r["moving"] + r["computing"]
            one.text(total, y, f" {three(1e12 * total)}", va="center", fontsize=8)
        most = max(r["moving"] + r["computing"] for r in here)
        one.set_xlim(0, 1.22 * most)
        one.set_ylim(len(here) - 0.4, -0.6)
        words = [f"{r['storage']}, {r['bytes']:g} B; {r['compute']}" for r in here]
        one.set_yticks(range(len(here)), words if one is ax else len(here) * [""])
        one.grid(visible=False, axis="y")
        one.xaxis.set_major_formatter(lambda J, _: f"{1e12 * J:g}")
        one.set_xlabel("energy of a MAC (pJ)")
        one.set_title(name.replace(": ", "\n"), fontsize=9, fontweight="normal")
    looks = {"read the weight": {"facecolor": "white", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
             "multiply and add": {"facecolor": BLUE, "edgecolor": BLUE}}  # fmt: skip
    ax.legend(handles=[Patch(label=name, **how) for name, how in looks.items()], loc="lower right", fontsize=8)
    ax.set_ylabel("stored; computed in", color=GREY)
    return ax


def precisions_in_words(table: Table) -> str:
    """What int4 weights save where fp16 computes, and what int8 arithmetic then saves, for each reuse."""
    told = []
    for reuse in REUSES:
        cost = {(r["storage"], r["compute"]): r["moving"] + r["computing"] for r in rows(table) if r["reuse"] == reuse}
        store = cost["fp16", "fp16"] / cost["int4", "fp16"]
        compute = cost["int8", "fp16"] / cost["int8", "int8"]
        told.append(
            f"{reuse} MAC a weight: storing int4 for fp16 saves {store:.1f}x, "
            f"computing int8 weights in int8 and not fp16 {compute:.1f}x"
        )
    return f"Energy, by how often a weight that was read is used. {'; '.join(told)}."


register(Figure(
    id="granularity", item="Essay 002 §Sparsity", title="What a pattern of zeros costs",
    caption="Two layers of 64 x 64 of a network for digits of 8 x 8 pixels, trained five times; weights pruned by "
    "size, then fine-tuned with their places held; marks are means. The freer the pattern, the more accuracy is left: "
    "as pruned by far, after fine-tuning by a few points, and most where least is kept. Freedom is paid with indices: "
    "any place takes two bytes of them for every byte of values when a sixteenth stays, square blocks about a quarter. "
    "Values have 8 bits; free places are stored as a bitmap or CSR, whichever is smaller.",
    alt="Two plots over the share of weights that stays, from a half to a sixteenth. Left, accuracy after fine-tuning "
    "falls little for all four patterns, most for square blocks; as pruned it collapses, for blocks first. Right, "
    "index bytes for a byte of values climb from 0.25 to 2 for any place and stay below 0.7 for the others.",
    units=PRUNED_UNITS, data=pruned, draw=draw_pruned, says=pruned_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
register(Figure(
    id="precision-map", item="Essay 002 §Precision", title="Narrow to store, narrow to compute",
    caption="Energy of one multiply-accumulate in a 7 nm process with weights in HBM2; activations and what widens a "
    "stored number are left out. Where a weight serves one sequence, reading it is nearly all, so what counts is the "
    "format it is stored in: int4 saves nearly the same whatever it is computed in. Where it serves 256, arithmetic in "
    "a wide format is most of it, and a narrow format to compute in saves most. Sums are wide, fp32 or int32; each "
    "panel has its own scale.",
    alt="Two bar charts for six pairs of storage and compute formats. Left, bars are almost all reading and shrink "
    "with the stored bytes, from fp32 to int4. Right, bars that compute in fp32 or fp16 are mostly arithmetic, "
    "and alike whatever is stored for fp16; the two that compute in int8 are short.",
    units=MAP_UNITS, data=precisions, draw=draw_precisions, says=precisions_in_words, lab=LAB, size=(6.8, 3.2),
))  # fmt: skip
