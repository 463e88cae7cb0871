"""Attention on a reader's machine: the measured gain of tiles by length, beside two predictions."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.kernels.attention_race import AttentionRaces
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import BLACK, log_axes, look
from labcore.plots.words import as_table, columns, rows, three

FELT_UNITS = {"series": "", "length": "tokens", "gain": "1", "low": "1", "high": "1"}
PARTS = "predicted by parts"


def felt_data(raced: AttentionRaces | None = None) -> Table:
    """Times as long as tiles that writing the scores out takes, by length: predicted twice, and measured."""
    if raced is None:
        return {name: [] for name in FELT_UNITS}
    found = [("predicted by bytes", N, g, g, g) for N in raced.races for g in [raced.by_bytes(N)]]
    found += [(PARTS, N, g, g, g) for N in raced.races for g in [raced.by_parts(N)]]
    found += [("measured", N, raced.gain(N), *raced.spread(N)) for N in raced.races]
    return as_table(FELT_UNITS, found)


def draw_felt(ax: Axes, table: Table) -> Axes:
    """Two predicted lines, the measured gains with their quartiles, and the line of no gain."""
    log_axes(ax, "x")
    for i, name in enumerate(dict.fromkeys(table["series"])):
        own = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(own, "length", "gain"), **look(i), label=name)
        if name == "measured":
            ax.vlines(*columns(own, "length", "low", "high"), color=look(i)["color"], linewidth=1.2)
    ax.axhline(1, color=BLACK, linewidth=0.8)
    lengths = sorted(set(table["length"]))
    ax.set_xticks(lengths, [f"{N:,}" for N in lengths])
    ax.set_ylim(0, 1.15 * max(table["high"], default=1))
    ax.set_xlabel("sequence length N (tokens)")
    ax.set_ylabel("time written out / time tiled")
    ax.legend(loc="center left", bbox_to_anchor=(0, 0.55))
    return ax


def felt_in_words(table: Table) -> str:
    """Each series at the shortest and the longest length."""
    words = []
    for name in dict.fromkeys(table["series"]):
        own = [r for r in rows(table) if r["series"] == name]
        ends = ", ".join(f"{three(r['gain'])}x at N = {r['length']}" for r in (own[0], own[-1]))
        words.append(f"{name} {ends}")
    return f"Time with scores written out over time tiled: {'; '.join(words)}."


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="attention-felt", item="Text §Transformer architectures", title="Attention tiled and written out, measured",
    caption="", alt="Measured gain of tiling over the sequence length, beside the gain predicted from bytes alone and "
    "the one predicted from parts.",
    units=FELT_UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="13_fusion", size=(6.4, 3.6),
)  # fmt: skip


def attention_felt(raced: AttentionRaces) -> Shown:
    """Both predictions and the measured gains in one picture."""
    return Shown(FELT, {"raced": raced})
