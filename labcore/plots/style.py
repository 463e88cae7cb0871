"""One look for all figures: opaque white ground, one font, colours that every reader can tell apart.

Colours are four of Okabe and Ito's eight (2008) plus black: the four that keep a contrast of 3 to 1 on white,
which orange, sky blue and yellow do not. No meaning rests on colour alone: each series has a second cue
(dash, marker or a label at the line). Text is black or grey, which keep 4.5 to 1.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from PIL import Image

from labcore.units import unit_scale

BLUE, VERMILLION, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, BLACK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
HATCHES = ("", "////", "....", "xxxx", "----")
GREY = "#595959"  # 7 to 1 on white: text and hairlines
FORMATS = ("svg", "png", "pdf")
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # under words that lines or hatches may cross
NARROW_PLATE = PLATE | {"pad": 0.6}

# A reader's own matplotlibrc must not change a figure: start from matplotlib's defaults, picture by picture.
_NO_PICTURE = ("backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg.", "keymap.", "animation.")
_DEFAULTS = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith(_NO_PICTURE)}
RC: Mapping[str, object] = _DEFAULTS | {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "labcore",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "text.parse_math": False,
}


def canvas(size: tuple[float, float], dpi: int = 100) -> Canvas:
    """An empty figure of a size in inches, outside pyplot, so that nothing is shown or kept by accident."""
    fig = Canvas(figsize=size, dpi=dpi)
    FigureCanvasAgg(fig)
    return fig


def look(i: int) -> dict[str, object]:
    """Colour, dash and marker of the i-th series; after five, the colours repeat with other dashes and markers.

    >>> look(1)["color"], look(1)["linestyle"], look(6)["marker"]
    ('#D55E00', '--', '^')
    """
    shift = i + i // len(COLOURS)
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[shift % len(DASHES)],
        "marker": MARKERS[shift % len(MARKERS)],
    }


def scaled(axis: Axis, quantity: str, unit: str) -> None:
    """Label an axis and its ticks in a unit that people read; the data stay in base units."""
    scale = unit_scale(unit)[0]
    axis.set_major_formatter(lambda value, _: f"{value / scale:,.6g}")
    axis.set_label_text(f"{quantity} ({unit})")


def log_axes(ax: Axes, which: str = "xy") -> None:
    """Logarithmic axes with a tick a decade and none between."""
    if "x" in which:
        ax.set_xscale("log")
    if "y" in which:
        ax.set_yscale("log")
    ax.minorticks_off()


def decade_marks(low: float, high: float, of: tuple[int, ...] = (1, 2, 5)) -> list[int]:
    """The whole numbers like 1, 2 and 5 of every decade from low to high: ticks of a logarithmic axis.

    >>> decade_marks(40, 600)
    [50, 100, 200, 500]
    """
    decades = range(len(str(int(high))))
    return [mark * 10**k for k in decades for mark in of if low <= mark * 10**k <= high]


def known_format(fmt: str) -> str:
    """The format itself; raises ValueError for one that figures are not written in.

    >>> known_format("gif")
    Traceback (most recent call last):
    ValueError: format 'gif' is not known; choose from svg, png, pdf
    """
    if fmt not in FORMATS:
        raise ValueError(f"format {fmt!r} is not known; choose from {', '.join(FORMATS)}")
    return fmt


def to_bytes(fig: Canvas, fmt: str, dpi: int = 100) -> bytes:
    """Render to svg, png or pdf; the same figure gives the same bytes."""
    metadata = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}[known_format(fmt)]
    buffer = io.BytesIO()
    with mpl.rc_context(RC):
        fig.savefig(buffer, format=fmt, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def small_png(fig: Canvas, dpi: int = 100) -> bytes:
    """A png with a palette, a third of the size, for pictures that are kept inside notebooks."""
    return packed(Image.open(io.BytesIO(to_bytes(fig, "png", dpi))).convert("RGB"), optimize=True)


def packed(image: Image.Image, **how: object) -> bytes:
    """A png with a palette; an octree is quick and keeps small spots of colour, which a median cut loses."""
    palette = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(buffer := io.BytesIO(), "png", **how)
    return buffer.getvalue()
