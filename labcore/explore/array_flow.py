"""Three dataflows at the edge of an array: the pure functions of the array's explorer."""

from __future__ import annotations

from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.dataflow import STATIONARY
from labcore.explore.layer_flow import ends, show_end
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, PURPLE
from labcore.systolic import DATAFLOWS, cycles, traffic

PRODUCTS = {
    "ResNet-50, 56 x 56, 3 x 3": (3136, 576, 64),
    "ResNet-50, 7 x 7, 3 x 3": (49, 4608, 512),
    "GPT-2, scores of a head": (512, 64, 512),
    "GPT-2, MLP up": (512, 768, 3072),
    "GPT-2, MLP up, one token": (1, 768, 3072),
    "DLRM, batch 2048": (2048, 1024, 1024),
}
TIMES = 8  # of the least, where the axis ends: room for all on 128 x 128
# Parts follow one another in this order and differ in lightness too; hatches would take half of a redraw.
LOOKS = ({"facecolor": BLUE}, {"facecolor": "white"}, {"facecolor": PURPLE})


def build(fig: Canvas) -> SimpleNamespace:
    """Three stacked bars, words at the edge over the least; a mark at the chosen one; words and cycles beside each."""
    ax = fig.add_axes((0.09, 0.16, 0.60, 0.66), xlim=(0, TIMES), ylim=(2.6, -0.6))
    fix_ticks(ax.xaxis, range(TIMES + 1))
    ax.set_yticks(range(3), list(STATIONARY))
    ax.set_xlabel("words at the edge (times the least possible)")
    bars = [ax.barh(range(3), [0, 0, 0], height=0.6, edgecolor=GREY, zorder=3, **look) for look in LOOKS]
    fig.legend(bars, ("A in", "B in", "C out"), loc="upper right", bbox_to_anchor=(0.99, 0.99), ncols=3)
    return SimpleNamespace(
        bars=[patch for group in bars for patch in group],
        ends=ends(ax, 3, TIMES),
        notes=[
            ax.text(0.71, 0.82 - 0.66 * (k + 0.6) / 3.2, "", transform=fig.transFigure, va="center", fontsize=8)
            for k in range(3)
        ],
        title=ax.text(0.02, 0.93, "", transform=fig.transFigure, weight="bold"),
    )


def words(product: str, rows: int, cols: int) -> dict[str, tuple[int, int, int]]:
    """A in, B in and C out, by dataflow."""
    found = {}
    for name in STATIONARY:
        reads, writes = traffic(*PRODUCTS[product], rows, cols, name)
        found[name] = reads["A"], reads["B"], writes["C"]
    return found


def update(artists: SimpleNamespace, product: str, dataflow: str, rows: int, cols: int) -> None:
    """Move the bars and the notes."""
    M, K, N = PRODUCTS[product]
    least = M * K + K * N + M * N
    for k, (name, parts) in enumerate(words(product, rows, cols).items()):
        left = 0.0
        for part, value in enumerate(parts):
            bar = artists.bars[3 * part + k]
            bar.set_x(left)
            bar.set_width(min(value / least, max(TIMES - left, 0)))
            left += value / least
        show_end(artists.ends[k], left, TIMES)
        mark = "> " if name == dataflow else "  "
        ticks = cycles(M, K, N, rows, cols, name)
        artists.notes[k].set_text(f"{mark}{left:.2f} times\n{mark}{ticks:,} cycles")
        artists.notes[k].set_weight("bold" if name == dataflow else "normal")
    artists.title.set_text(f"{product}: {rows} x {cols} PEs")


def describe(product: str, dataflow: str, rows: int, cols: int) -> str:
    """Words of each operand and cycles of the chosen dataflow, and who has the least of either."""
    M, K, N = PRODUCTS[product]
    found = words(product, rows, cols)
    ticks = {name: cycles(M, K, N, rows, cols, name) for name in STATIONARY}
    sums = {name: sum(parts) for name, parts in found.items()}
    A, B, C = found[dataflow]
    few, fast = (", ".join(n for n in STATIONARY if d[n] == min(d.values())) for d in (sums, ticks))
    return (
        f"{product}, ({M}, {K}) @ ({K}, {N}) on {rows} x {cols}, {DATAFLOWS[dataflow].name}: {A:,} words of A and "
        f"{B:,} of B enter, {C:,} of C leave, {ticks[dataflow]:,} cycles; fewest words {few}, fewest cycles {fast}"
    )
