"""Where the values of a number format lie: all of them for small formats, how far apart for larger ones."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, PURPLE, VERMILLION, log_axes
from labcore.plots.words import as_table, columns, rows
from labcore.precision import FORMATS, number_format, spacing
from labcore.precision.bits import finite_values

LINE_UNITS = {"format": "", "value": ""}
SPACING_UNITS = {"format": "", "x": "", "largest_relative_error": ""}
EXPONENTS = range(-34, 35)  # powers of two that the spacing is drawn over
LOOKS = {  # colour, dash, width: fp16 lies on tf32 where both have values
    "fp32": (BLACK, "-", 1.8), "tf32": (PURPLE, "-", 5.0), "fp16": (BLUE, "--", 1.8), "bf16": (GREEN, "-.", 1.8),
    "fp8_e4m3": (VERMILLION, "-", 1.8), "fp8_e5m2": (VERMILLION, ":", 2.2), "int8": (GREY, (0, (5, 1, 1, 1)), 1.8),
}  # fmt: skip


def values_of_small_formats(
    formats: Sequence[str] = ("fp8_e5m2", "fp8_e4m3", "fp4_e2m1", "int4"), top: float = 8.0
) -> Table:
    """Every value from 0 to `top` of some formats."""
    return as_table(LINE_UNITS, [(f, float(v)) for f in formats for v in finite_values(f) if 0 <= v <= top])


def draw_number_lines(ax: Axes, table: Table) -> Axes:
    """A stroke for each value, a row for each format; lines at the powers of two."""
    formats = list(dict.fromkeys(table["format"]))
    for row, name in enumerate(formats):
        values = [r["value"] for r in rows(table) if r["format"] == name]
        ax.plot(
            values, [row] * len(values), color=BLUE, marker="|", markersize=22, markeredgewidth=1.0, linestyle="None"
        )
    ax.set_yticks(range(len(formats)), [f"{name}\nto {FORMATS[name].max:,.0f}" for name in formats])
    ax.set_ylim(len(formats) - 0.5, -0.5)
    ax.set_xlim(-0.1, max(table["value"]) + 0.1)
    ax.set_xticks([0, 0.5, 1, 2, 4, 8], ["0", "½", "1", "2", "4", "8"])
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("value")
    return ax


def number_lines_in_words(table: Table) -> str:
    """How many values of each format the picture holds, and how many lie below one."""
    words = []
    for name in dict.fromkeys(table["format"]):
        values = [r["value"] for r in rows(table) if r["format"] == name]
        words.append(f"{name} has {len(values)}, {sum(v < 1 for v in values)} of them below 1")
    return f"Values from 0 to {max(table['value']):g}: {'; '.join(words)}."


def error_by_magnitude(formats: Sequence[str] = tuple(LOOKS)) -> Table:
    """Largest relative rounding error just above each power of two that a format reaches: half a spacing over it."""
    drawn = []
    for name in formats:
        f = number_format(name)
        reached = [2.0**k for k in EXPONENTS if f.least <= 2.0**k <= f.max]
        drawn += [(name, x, float(spacing(x, name)) / 2 / x) for x in reached]
    return as_table(SPACING_UNITS, drawn)


def draw_error_by_magnitude(ax: Axes, table: Table) -> Axes:
    """A flat line where a format is normal, a slope through its subnormals, an end at its range."""
    log_axes(ax)
    names = list(dict.fromkeys(table["format"]))
    ends = {}
    for name in names:
        colour, dash, width = LOOKS[name]
        x, y = columns([r for r in rows(table) if r["format"] == name], "x", "largest_relative_error")
        ax.plot(x, y, color=colour, linestyle=dash, linewidth=width, alpha=0.5 if name == "tf32" else 1, zorder=2)
        if x[-1] < 2.0 ** EXPONENTS[-1]:
            ax.plot(x[-1], y[-1], color=colour, marker="|", markersize=9, markeredgewidth=2, linestyle="None")
            shift = (7, -4 if name == "fp8_e4m3" else 0)  # clear of the line of fp8_e5m2
            ax.annotate(name, (x[-1], y[-1]), shift, textcoords="offset points", va="center")
        else:
            ends[name] = y[-1]
    end_labels(ax, [(y, name) for name, y in ends.items()])
    ax.set_xticks([10.0**k for k in range(-9, 10, 3)])
    ax.set_xlim(2.0 ** EXPONENTS[0], 2.0 ** EXPONENTS[-1])
    ax.set_ylim(2e-8, 1)
    ax.xaxis.set_major_formatter(power_of_ten)
    ax.yaxis.set_major_formatter(power_of_ten)
    ax.set_xlabel("magnitude of the number")
    ax.set_ylabel("largest relative rounding error")
    return ax


def power_of_ten(value: float, _: object = None) -> str:
    """A tick's label, as code writes it.

    >>> power_of_ten(1e-3), power_of_ten(1.0), power_of_ten(1e6)
    ('1e-3', '1', '1e6')
    """
    return "1" if value == 1 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")


def error_by_magnitude_in_words(table: Table) -> str:
    """The error of each format where it is normal, and the magnitudes between which that holds."""
    words = []
    for name in dict.fromkeys(table["format"]):
        f = FORMATS[name]
        if f.exponent:
            words.append(f"{name} {f.epsilon / 2:.1e} from {f.least_normal:.1e} to {f.max:.1e}")
        else:
            words.append(f"{name} 0.5 over the number, from 1 to {f.max:.0f}")
    return f"Largest relative error: {'; '.join(words)}."


register(Figure(
    id="number-lines",
    item="Text §Precision trade-offs",
    title="Every value from 0 to 8 of four small number formats",
    caption="A stroke is a value that the format has; everything between two strokes is rounded to one of them. "
    "Floating formats put as many values between 1 and 2 as between 2 and 4, whole numbers are evenly spaced and need "
    "a scale to reach below 1. E4M3 has twice as many strokes in each doubling as E5M2, which goes a hundred times "
    "further. The second line of each label is the format's largest value. Negative values mirror these.",
    alt="Four rows of strokes over the values 0 to 8. The 8-bit floating formats crowd towards zero and thin out by a "
    "factor of two at each power of two, E5M2 twice as thin as E4M3. The 4-bit floating format has eight strokes, the "
    "4-bit whole numbers stand evenly at 0 to 7.",
    units=LINE_UNITS, data=values_of_small_formats, draw=draw_number_lines, says=number_lines_in_words,
    lab="07_numerics", size=(6.4, 3.0),
))  # fmt: skip

register(Figure(
    id="format-spacing",
    item="Text §Precision trade-offs",
    title="Largest relative rounding error of seven formats over the magnitude of the number",
    caption="Half a spacing over the number, at each power of two. A fraction bit more halves the flat part; an "
    "exponent bit more squares its reach. Left of the flat part lie the subnormals, whose spacing no longer shrinks; "
    "a stroke marks the end of the range. bf16 gives fraction bits for fp32's range, tf32 has fp32's range with "
    "fp16's fraction, int8 (with scale 1) is as good as a 7-bit fraction at its top and loses a bit with each "
    "halving. fp32, tf32 and bf16 go on beyond both edges, to 1e38.",
    alt="Log-log plot. fp32, tf32 and bf16 are horizontal lines across the whole plot, at rising errors. fp16 lies on "
    "tf32's line between about 1e-4 and 65504 and rises to the left. The two 8-bit floating formats are short and "
    "high, E4M3 lower and shorter than E5M2. int8 falls in a straight slope from 1 to its end at 127.",
    units=SPACING_UNITS, data=error_by_magnitude, draw=draw_error_by_magnitude, says=error_by_magnitude_in_words,
    lab="07_numerics",
))  # fmt: skip
