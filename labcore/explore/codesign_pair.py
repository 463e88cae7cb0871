"""A network on an accelerator among all pairs there are: the pure functions of the pair explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.codesign.compare import true_front
from labcore.codesign.networks import BITS, WIDTHS, Network, stacks
from labcore.codesign.predict import Prediction, predict
from labcore.codesign.problem import CAP, SIZES, tabled, template, true_errors
from labcore.codesign.search import Design
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.units import format_si

STACKS = tuple("-".join(stack) for stack in stacks())
CAPS = tuple(f"{factor * CAP:,.0f}" for factor in (0.5, 1, 2))
CYCLES, ERRORS = (30, 100_000), (0.015, 1.0)


def pair(stack: str, width: str, bits: str, rows: str, cols: str, dataflow: str) -> tuple[Network, Prediction]:
    """The network of such choices, and what it costs on the template of such choices.

    >>> pair("fc", "16", "4", "4", "4", "os")[1].cycles
    361
    """
    network = Network(tuple(stack.split("-")), int(width), int(bits))
    return network, predict(network, template((int(rows), int(cols), dataflow), int(bits)))


@cache
def front_under(cap: str) -> tuple[Design, ...]:
    """The true front under a cap, the fewest cycles first.

    >>> all(one.area <= 20_000 for one in front_under("20,000"))
    True
    """
    return tuple(reversed(true_front(tabled(float(cap.replace(",", ""))), true_errors())))


@cache
def errors_of() -> dict[tuple, float]:
    """Error of each network on the test images, looked up once."""
    return true_errors()


def build(fig: Canvas) -> SimpleNamespace:
    """Error over cycles with a front and a dot that will move; below, the area against its cap."""
    ax = fig.add_axes((0.12, 0.31, 0.82, 0.60), xlim=CYCLES, ylim=ERRORS)
    low = fig.add_axes((0.12, 0.12, 0.82, 0.07), xlim=(0, 2.5 * CAP), ylim=(-0.5, 0.5))
    log_axes(ax)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    fix_ticks(ax.xaxis, [100, 1000, 10_000, 100_000])
    fix_ticks(ax.yaxis, [0.02, 0.05, 0.1, 0.2, 0.5, 1])
    low.xaxis.set_major_formatter("{x:,.0f}")
    fix_ticks(low.xaxis, np.arange(0, 2.5 * CAP + 1, CAP / 2))
    fix_ticks(low.yaxis, [])
    ax.set(xlabel="cycles an image", ylabel="error on the test images (%)")
    low.set_xlabel("area (cells), and the cap")
    moving = SimpleNamespace(
        front=ax.plot([], [], color=BLUE, drawstyle="steps-post", marker="s", markersize=3.5, label="true front")[0],
        fits=ax.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", label="fits the cap")[0],
        large=ax.plot([], [], color=VERMILLION, marker="x", markersize=10, markeredgewidth=2.5, linestyle="None",
                      label="too large")[0],
        bar=low.barh([0], [0], height=0.6, color=GREY)[0],
        cap=low.axvline(1, **(THIN_DASH | {"linewidth": 2, "color": BLUE})),
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="upper right")
    return moving


def update(
    artists: SimpleNamespace, stack: str, width: str, bits: str, rows: str, cols: str, dataflow: str, cap: str
) -> None:
    """Move the dot to the pair, the bar to its area and the front to the cap."""
    network, cost = pair(stack, width, bits, rows, cols, dataflow)
    limit, error = float(cap.replace(",", "")), errors_of()[network.bundles, network.width, network.bits]
    fits = cost.area <= limit
    artists.fits.set_data([cost.cycles], [error] if fits else [np.nan])
    artists.large.set_data([cost.cycles], [np.nan] if fits else [error])
    best = front_under(cap)
    artists.front.set_data([one.cycles for one in best], [one.error for one in best])
    artists.bar.set_width(min(cost.area, 2.5 * CAP))
    artists.cap.set_xdata([limit, limit])
    artists.title.set_text(f"{network.name} on {rows} x {cols}, {dataflow}")


def describe(stack: str, width: str, bits: str, rows: str, cols: str, dataflow: str, cap: str) -> str:
    """Cycles, area beside the cap, energy, share of the PEs at work, error, and who beats the pair."""
    network, cost = pair(stack, width, bits, rows, cols, dataflow)
    error = errors_of()[network.bundles, network.width, network.bits]
    room = "fits" if cost.area <= float(cap.replace(",", "")) else "is above"
    return (
        f"{network.name} on {rows} x {cols} {dataflow}: {cost.cycles:,} cycles, PEs at work {cost.utilization:.0%}, "
        f"error {error:.1%}; area {cost.area:,.0f} cells {room} the cap of {cap}; energy {format_si(cost.E, 'J', 3)} "
        f"(uncalibrated); {beaten(error, cost.cycles, cap)}"
    )


def beaten(error: float, cycles: float, cap: str) -> str:
    """Which pair of the front under the cap errs no more in the fewest cycles, in words.

    >>> beaten(1.0, 1.0, "20,000")
    'no pair under the cap is as good in both'
    """
    good = [one for one in front_under(cap) if one.error <= error and one.cycles <= cycles]
    if not good:
        return "no pair under the cap is as good in both"
    best = min(good, key=lambda one: one.cycles)
    if (best.error, best.cycles) == (error, cycles):
        return "it lies on the front under the cap"
    array = "{} x {} {}".format(*best.hardware)
    return f"{Network(*best.network).name} on {array} errs no more ({best.error:.1%}) in {best.cycles:,.0f} cycles"


CHOICES = {
    "stack": STACKS,
    "width": tuple(map(str, WIDTHS)),
    "bits": tuple(map(str, BITS)),
    "rows": tuple(map(str, SIZES)),
    "cols": tuple(map(str, SIZES)),
}
