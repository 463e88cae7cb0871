"""A network on a microcontroller with a micro-NPU: the pure functions of the doorbell explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes
from labcore.soc.micro import battery_life, doorbell, inference, mean_power, memory_fit, wake_vision
from labcore.units import Seconds, Watts, format_si

SIZES, WIDTHS = ("96", "128", "160", "192", "224"), ("0.25", "0.5", "0.75", "1")
ENGINES = {"micro-NPU": "npu", "core alone": "cpu"}
MACS, HOMES = ("32", "64", "128", "256"), ("SRAM", "flash")
DAY: Seconds = 24 * 3600
BARS = ("SRAM", "a frame", "battery")
LIMITS = {"SRAM": "holds 2 MB", "a frame": "the next frame comes", "battery": "a year"}


@lru_cache(maxsize=256)
def placed(size: str, width: str, engine: str, macs: str, weights: str) -> tuple[float, Seconds | None]:
    """Share of the SRAM that is needed, and the time of a pass, or None where it does not fit.

    >>> share, T = placed("96", "0.25", "micro-NPU", "128", "SRAM")
    >>> round(share, 2), round(1e3 * T, 2)
    (0.19, 0.4)
    """
    network, micro = wake_vision(int(size), float(width)), doorbell(int(macs))
    fit = memory_fit(network, micro, weights.lower())
    T = inference(network, micro, ENGINES[engine], weights.lower())[0] if fit.fits else None
    return fit.sram / micro.sram, T


def drawn(size: str, width: str, engine: str, macs: str, weights: str, rate: int) -> Watts | None:
    """Mean power, or None where the network does not fit or is too slow."""
    T = placed(size, width, engine, macs, weights)[1]
    if T is None or T * rate > 1:
        return None
    asked = wake_vision(int(size), float(width)), doorbell(int(macs)), rate
    return mean_power(*asked, ENGINES[engine], weights.lower())


def build(fig: Canvas) -> SimpleNamespace:
    """Three bars on one axis of ratios: SRAM over what is there, a frame over its period, days over a year."""
    ax = fig.add_axes((0.13, 0.17, 0.84, 0.68), xlim=(1e-3, 100), ylim=(2.6, -0.6))
    log_axes(ax, "x")
    ax.xaxis.set_major_formatter("{x:g}")
    fix_ticks(ax.xaxis, [0.001, 0.01, 0.1, 1, 10, 100])
    fix_ticks(ax.yaxis, range(3))
    ax.set_yticklabels(BARS)
    ax.set_xlabel("SRAM and time over what there is; battery life in years")
    ax.axvline(1, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    for y, words in enumerate(LIMITS.values()):
        ax.text(1.15, y - 0.42, words, color=GREY, fontsize=8, va="center")
    looks = ((BLUE, ""), (VERMILLION, HATCHES[1]), (GREEN, HATCHES[2]))
    return SimpleNamespace(
        bars=[ax.barh(y, 1, 0.5, left=1e-3, facecolor=c if not h else "white", edgecolor=c, hatch=h)[0]
              for y, (c, h) in enumerate(looks)],
        title=ax.text(0, 1.06, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, rate: int, **values: str) -> None:
    """Give each bar its ratio; time and battery have none where the network does not fit."""
    share, T = placed(**values)
    P = drawn(rate=rate, **values)
    ratios = share, T * rate if T else 0, battery_life(P) / (365 * DAY) if P else 0
    for bar, ratio in zip(artists.bars, ratios, strict=True):
        bar.set(width=max(ratio - 1e-3, 0), visible=ratio > 0)
    artists.title.set_text(f"MobileNetV2 {values['size']} x {values['width']}, {values['engine']}, {rate} frames/s")


def describe(rate: int, **values: str) -> str:
    """SRAM, time of a frame, mean power and days, or what is in the way."""
    share, T = placed(**values)
    P = drawn(rate=rate, **values)
    engine = f"micro-NPU of {values['macs']} MACs a cycle" if values["engine"] == "micro-NPU" else values["engine"]
    said = (
        f"picture {values['size']} x {values['size']}, width {values['width']}, {engine}, "
        f"weights in {values['weights']}, {rate} frames a second: {share:.1%} of SRAM"
    )
    if T is None:
        return f"{said}: it does not fit" + ", try weights in flash" * (values["weights"] == "SRAM")
    said += f", a frame takes {format_si(T, 's', 3)}, {T * rate:.1%} of the time between frames"
    if P is None:
        return f"{said}: too slow"
    return f"{said}; {format_si(P, 'W', 3)} without the sensor, {battery_life(P) / DAY:.0f} days on two AA cells"
