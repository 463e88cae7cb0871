"""A roofline in characters, for a terminal where people look before they open a file."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from labcore.roofline import attainable
from labcore.units import FlopPerByte, FlopPerSecond, format_si

MARKS = "abcdefghijklmnopqrstuvwxyz"
MARGIN = 15  # columns beside the drawing: the longest label and the axis


def text_roofline(
    points: Sequence[tuple[str, FlopPerByte, FlopPerSecond]],
    R_peak: FlopPerSecond,
    BW: float,
    width: int = 72,
    height: int = 15,
) -> str:
    """Draw (kind, I, R_attain) points under the roof of a machine, both axes logarithmic.

    Each kind gets a letter, named in the legend below; where letters meet, the later kind's stands.

    >>> print(text_roofline([("conv", 10.0, 100.0)], R_peak=100.0, BW=10.0, width=24, height=8).splitlines()[0])
      200 FLOP/s |
    """
    I_ridge = R_peak / BW
    shown = [(kind, I, R) for kind, I, R in points if I > 0 and R > 0]
    low = 10 ** math.floor(math.log10(min([I for _, I, _ in shown] + [I_ridge / 100])))
    high = 10 ** math.ceil(math.log10(max([I for _, I, _ in shown] + [I_ridge * 10])))
    top, bottom = 2 * R_peak, float(attainable(R_peak, BW, low)) / 2

    def column(I: FlopPerByte) -> int:
        return round((width - 1) * math.log(I / low) / math.log(high / low))

    def row(R: FlopPerSecond) -> int:
        return min(height - 1, max(0, round((height - 1) * math.log(top / R) / math.log(top / bottom))))

    grid = [[" "] * width for _ in range(height)]
    for x in range(width):
        I = low * (high / low) ** (x / (width - 1))
        grid[row(float(attainable(R_peak, BW, I)))][x] = "-" if I_ridge <= I else "/"
    kinds = list(dict.fromkeys(kind for kind, _, _ in shown))
    for kind, I, R in shown:
        grid[row(R)][column(I)] = MARKS[kinds.index(kind) % len(MARKS)]
    labels = [""] * height
    labels[0], labels[row(R_peak)], labels[-1] = (format_si(R, "FLOP/s", 3) for R in (top, R_peak, bottom))
    margin = max(map(len, labels))
    lines = [f" {label:>{margin}} |{''.join(line).rstrip()}" for label, line in zip(labels, grid, strict=True)]
    lines.append(f" {'':{margin}} +{'-' * width}")
    left, right = f"{low:g} FLOP/B", f"{high:g} FLOP/B"
    lines.append(f" {'':{margin}}  {left}{right:>{max(width - len(left), len(right) + 1)}}")
    marked = [f"{MARKS[i % len(MARKS)]} {kind}" for i, kind in enumerate(kinds)] + [f"ridge {I_ridge:.4g} FLOP/B"]
    legend = textwrap.wrap("  ".join(one.replace(" ", "\0") for one in marked), width + margin, initial_indent=" ")
    return "\n".join([*lines, *(line.replace("\0", " ") for line in legend)])
