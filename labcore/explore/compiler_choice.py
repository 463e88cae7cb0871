"""Which kernel for a product: the pure functions of the selection explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.catalogue.links import LAUNCH
from labcore.compiler.select import Choice as Chosen
from labcore.compiler.select import by_cost, by_rule, candidates
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.ops import matmul
from labcore.plots.style import log_axes, look
from labcore.units import Seconds, format_si

CHIPS = ("V100", "A100")
COUNTED = {"counted": LAUNCH.value, "hidden": 0.0}
MOST = 8192
ROWS = tuple(4**k for k in range(7))  # 1 to 4,096
LINES = ("vector GEMM", "tensor GEMM", "by rule")


@cache
def chosen(M: int, K: int, N: int, chip: str, launches: str) -> tuple[dict[str, Seconds], Chosen, Chosen]:
    """Seconds of the best vector kernel, the best tensor kernel and the rule's; the rule's choice and the best.

    >>> times, rule, best = chosen(512, 512, 512, "A100", "hidden")
    >>> rule.name, best.kernel.block, times["by rule"] > times["tensor GEMM"]
    ('tensor GEMM', (64, 64), True)
    """
    op, L_launch = matmul(M, K, N), COUNTED[launches]
    rule, best = by_rule(op, chip, "fp16"), by_cost(op, chip, "fp16", L_launch)
    return {**best.times, "by rule": rule.kernel.time(L_launch)}, rule, best


def build(fig: Canvas) -> SimpleNamespace:
    """Time over the rows of the first matrix, both axes logarithmic."""
    ax = fig.add_axes((0.125, 0.125, 0.85, 0.77), xlim=(0.8, 1.25 * MOST), ylim=(1e-7, 1e-1))
    log_axes(ax)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    fix_ticks(ax.xaxis, ROWS)
    ax.yaxis.set_major_formatter(lambda T, _: format_si(T, "s", 3))
    fix_ticks(ax.yaxis, [10.0**k for k in range(-7, 0)])
    ax.set_xlabel("rows of the first matrix, M")
    ax.set_ylabel("predicted time")
    moving = SimpleNamespace(
        lines=[ax.plot([], [], label=name, **look(i))[0] for i, name in enumerate(LINES)],
        now=ax.axvline(1, **THIN_DASH),
        dots=[ax.plot([], [], markersize=10, markerfacecolor="white", zorder=3,
                      **look(i) | {"linestyle": "None"})[0] for i in range(len(LINES))],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="upper left")
    return moving


def update(artists: SimpleNamespace, M: int, **values: object) -> None:
    """Move the lines to the shape, the dots to M."""
    curve, here = [chosen(rows, **values)[0] for rows in ROWS], chosen(M, **values)[0]
    for name, line, dot in zip(LINES, artists.lines, artists.dots, strict=True):
        line.set_data(ROWS, [times[name] for times in curve])
        dot.set_data([M], [here[name]])
    artists.now.set_xdata([M, M])
    artists.title.set_text(f"({M}, {values['K']}) @ ({values['K']}, {values['N']}) on the {values['chip']} at fp16")


def describe(M: int, **values: object) -> str:
    """What the rule takes and why, the best kernel, and what the rule loses with its block and without."""
    times, rule, best = chosen(M, **values)
    unit = candidates(matmul(M, values["K"], values["N"]), values["chip"], "fp16", COUNTED[values["launches"]])
    T, alone = best.times[best.name], unit[rule.name].time(COUNTED[values["launches"]])
    return (
        f"({M}, {values['K']}) @ ({values['K']}, {values['N']}) on {values['chip']}, launches {values['launches']}: "
        f"the rule takes {rule.name}, since {rule.why}, {format_si(times['by rule'], 's', 3)}; the best is "
        f"{best.name}, {best.kernel.name}, {format_si(T, 's', 3)}; the rule loses "
        f"{100 * (times['by rule'] / T - 1):.0f} %, and {100 * (alone / T - 1):.0f} % where it chooses the unit alone"
    )
