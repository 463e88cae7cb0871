"""Recorder: what matplotlib draws, as short SVG.

matplotlib's own SVG backend writes whole files. This renderer writes single artists, words as text and coordinates
as whole pixels, and keeps what many of them share (styles, outlines of markers) in a table, so that hundreds of
states of a picture fit on a page. `§7` in its markup stands for entry 7 of that table; `expand` puts it in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform
from PIL import Image

from labcore.site.outlines import CURVES, number, outline, runs

SHORT = 5  # points of a marker up to which it is written out
MANY = 8  # points of curves from which on a shape is kept in the table
DENSITY = 6  # rows of matplotlib's hatches to an inch, for each character
MONO = {"monospace", "DejaVu Sans Mono"}


class Recorder(RendererBase):
    """A renderer whose `take()` gives the markup of what was drawn since it was last asked."""

    def __init__(self, width: int, height: int, dpi: float, name: str) -> None:
        super().__init__()
        self.width, self.height, self.dpi, self.name = width, height, dpi, name
        self.table: dict[str, int] = {}  # shared pieces of markup -> their number
        self.defs: dict[str, str] = {}  # clip paths and hatches: content -> id
        self._widths: dict[tuple, tuple[float, float, float]] = {}
        self._parts: list[tuple[str, str]] = []  # style and outline of a path, or "" and other markup
        self._flip = Affine2D().scale(1, -1).translate(0, height)

    def take(self) -> str:
        """The markup drawn since the last call; what follows one another in one style is one element."""
        parts, self._parts = self._parts, []
        return "".join(f'<path {style} d="{d}"/>' if style else d for style, d in parts)

    def definitions(self) -> str:
        """Clip paths and hatches that the markup refers to."""
        return "".join(content.replace("ID", id) for content, id in self.defs.items())

    def flipy(self) -> bool:
        """Words are placed from the top."""
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Width and height in pixels."""
        return self.width, self.height

    def points_to_pixels(self, points: float) -> float:
        """Pixels for a length in points."""
        return points * self.dpi / 72

    def get_text_width_height_descent(self, s: str, prop: object, ismath: object) -> tuple[float, float, float]:
        """As matplotlib's own, each line of words measured once."""
        asked = s, hash(prop), bool(ismath)
        if asked not in self._widths:
            self._widths[asked] = super().get_text_width_height_descent(s, prop, ismath)
        return self._widths[asked]

    def get_image_magnification(self) -> float:
        """Images are kept at a pixel for each one that the page shows at its usual size."""
        return 0.5

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: object = None) -> None:
        """A path in the style of its context; a round shape, such as a word's outline, is kept once for all places."""
        open = rgbFace is None and not gc.get_hatch()
        window = (0, 0, self.width, self.height) if open else None
        clean = path.cleaned(transform + self._flip, True, window, simplify=path.should_simplify and open, curves=True)
        style = self._style(gc, rgbFace)
        if np.isin(clean.codes, list(CURVES)).sum() < MANY or "clip-path" in style:
            self._parts += [(self._shared(style), d) for d in [outline(clean)] if d]
            return
        x, y = clean.vertices[0]
        shape = self._shared(f'{style} d="{outline(Path(clean.vertices - (x, y), clean.codes), digits=1)}"')
        self._parts.append(("", f'<path {shape} transform="translate({number(x)} {number(y)})"/>'))

    def draw_markers(
        self, gc: GraphicsContextBase, marker_path: Path, marker_trans: Transform, path: Path, trans: Transform,
        rgbFace: object = None,
    ) -> None:  # fmt: skip
        """One outline at many places: a short one written out, a long one kept once."""
        turned = marker_path.cleaned(marker_trans + Affine2D().scale(1, -1), True, curves=True)
        spots = [vertices[-2:] for vertices, _ in path.iter_segments(trans + self._flip, simplify=False)]
        if len(turned.vertices) <= SHORT:
            marks = "".join(outline(Path(turned.vertices + spot, turned.codes)) for spot in spots)
            self._parts += [(self._shared(self._style(gc, rgbFace)), marks)] if marks else []
            return
        mark = self._shared(f'{self._style(gc, rgbFace, clipped=False)} d="{outline(turned, digits=1)}"')
        marks = "".join(f'<path {mark} transform="translate({number(x)} {number(y)})"/>' for x, y in spots)
        clip = self._clip(gc)
        self._parts.append(("", f"<g {clip}>{marks}</g>" if clip and marks else marks))

    def draw_quad_mesh(
        self, gc: GraphicsContextBase, master_transform: Transform, wide: int, high: int, coordinates: np.ndarray,
        offsets: object, offset_trans: object, facecolors: np.ndarray, antialiased: object, edgecolors: np.ndarray,
    ) -> None:  # fmt: skip
        """Cells of an upright grid, coordinates (high + 1, wide + 1, 2): neighbours of one colour as one rectangle."""
        corners = (master_transform + self._flip).transform(coordinates.reshape(-1, 2)).reshape(coordinates.shape)
        xs, ys = np.rint(corners[0, :, 0]).astype(int), np.rint(corners[:, 0, 1]).astype(int)
        merged: dict[tuple, list[str]] = {}
        for colour, (top, bottom), (left, right) in runs(facecolors.reshape(high, wide, -1)):
            box = f"M{xs[left]} {ys[top]}H{xs[right]}V{ys[bottom]}H{xs[left]}Z"
            merged.setdefault(colour, []).append(box)
        gc.set_linewidth(0)
        for colour, boxes in merged.items():  # crisp, or the ground shines through where two meet
            style = self._shared(f'{self._style(gc, colour)} shape-rendering="crispEdges"')
            self._parts.append((style, "".join(boxes)))

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: np.ndarray, transform: object = None) -> None:
        """Pixels as an embedded PNG; (h, w, 4) bytes, the first row lowest."""
        high, wide = (size / self.get_image_magnification() for size in im.shape[:2])
        picture = Image.fromarray(im[::-1]).quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        picture.save(buffer := io.BytesIO(), "png", optimize=True)
        place = f'x="{number(x)}" y="{number(self.height - y - high)}" width="{number(wide)}" height="{number(high)}"'
        data = base64.b64encode(buffer.getvalue()).decode()
        image = f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        clip = self._clip(gc)
        self._parts.append(("", f"<g {clip}>{image}</g>" if clip else image))

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: object, angle: float,
        ismath: object = False, mtext: Text | None = None,
    ) -> None:  # fmt: skip
        """A line of words, as wide as matplotlib's own letters make it, whatever font the reader has."""
        wide = self.get_text_width_height_descent(s, prop, ismath)[0]
        style = f'font-size="{number(self.points_to_pixels(prop.get_size_in_points()))}"'
        style += f' fill="{to_hex(gc.get_rgb())}"'
        style += ' font-weight="700"' if prop.get_weight() in ("bold", 700) else ""
        style += ' font-style="italic"' if prop.get_style() != "normal" else ""
        style += ' class="mono"' if MONO & set(prop.get_family()) else ""
        style += f' opacity="{gc.get_alpha():g}"' if gc.get_alpha() not in (None, 1) else ""
        place = f'x="{number(x)}" y="{number(y)}"'
        if angle:
            place = f'transform="translate({number(x)} {number(y)}) rotate({-angle:g})"'
        words = f'<text {self._shared(style)} {place} textLength="{number(wide)}">{html.escape(s, quote=False)}</text>'
        self._parts.append(("", words))

    def _shared(self, piece: str) -> str:
        """The number of a piece of markup in the table, as `§7`."""
        return f"§{self.table.setdefault(piece, len(self.table))};"

    def _style(self, gc: GraphicsContextBase, rgbFace: object, clipped: bool = True) -> str:
        """Fill, stroke and clip of a context, as attributes."""
        forced = gc.get_forced_alpha()
        width = self.points_to_pixels(gc.get_linewidth())
        style = [f'fill="{self._hatch(gc, rgbFace) or "none" if rgbFace is None else to_hex(rgbFace)}"']
        if gc.get_hatch():
            style = [f'fill="url(#{self._hatch(gc, rgbFace)})"']
        if rgbFace is not None and len(rgbFace) == 4 and rgbFace[3] != 1 and not forced:
            style.append(f'fill-opacity="{rgbFace[3]:g}"')
        if width:
            style.append(f'stroke="{to_hex(gc.get_rgb())}" stroke-width="{number(width, 1)}"')
            offset, dashes = gc.get_dashes()
            if dashes is not None:
                lengths = " ".join(number(self.points_to_pixels(one), 1) for one in dashes)
                style.append(f'stroke-dasharray="{lengths}" stroke-dashoffset="{self.points_to_pixels(offset):g}"')
            style += [f'stroke-linecap="{cap}"' for cap in [gc.get_capstyle()] if cap not in ("butt", "projecting")]
            style += [f'stroke-linejoin="{join}"' for join in [gc.get_joinstyle()] if join != "miter"]
            if gc.get_rgb()[3:] and gc.get_rgb()[3] != 1 and not forced:
                style.append(f'stroke-opacity="{gc.get_rgb()[3]:g}"')
        if forced and gc.get_alpha() != 1:
            style.append(f'opacity="{gc.get_alpha():g}"')
        return " ".join([*style, *([self._clip(gc)] if clipped and self._clip(gc) else [])])

    def _clip(self, gc: GraphicsContextBase) -> str:
        """The attribute that cuts off what lies outside the context's clip, or nothing."""
        box = gc.get_clip_rectangle()
        path, transform = gc.get_clip_path()
        if path is not None:
            d = outline(path.cleaned(transform + self._flip, True, curves=True))
        elif box is not None:
            left, top, right, bottom = (
                number(one) for one in (box.x0, self.height - box.y1, box.x1, self.height - box.y0)
            )
            d = f"M{left} {top}H{right}V{bottom}H{left}Z"
        else:
            return ""
        return f'clip-path="url(#{self._define(f"""<clipPath id="ID"><path d="{d}"/></clipPath>""")})"'

    def _hatch(self, gc: GraphicsContextBase, rgbFace: object) -> str:
        """The id of a hatch, or nothing."""
        if not gc.get_hatch():
            return ""
        side, colour = self.dpi, to_hex(gc.get_hatch_color())
        if set(gc.get_hatch()) == {"."}:
            return self._define(dots(side / DENSITY / len(gc.get_hatch()), colour, rgbFace))
        d = outline(
            gc.get_hatch_path().cleaned(Affine2D().scale(side, -side).translate(0, side), curves=True), digits=1
        )
        ground = f'<rect width="{side:g}" height="{side:g}" fill="{to_hex(rgbFace)}"/>' if rgbFace is not None else ""
        line = number(self.points_to_pixels(gc.get_hatch_linewidth()), 1)
        return self._define(
            f'<pattern id="ID" patternUnits="userSpaceOnUse" width="{side:g}" height="{side:g}">{ground}'
            f'<path d="{d}" fill="{colour}" stroke="{colour}" stroke-width="{line}"/></pattern>'
        )

    def _define(self, content: str) -> str:
        return self.defs.setdefault(content, f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:6]}")


def dots(step: float, colour: str, ground: object) -> str:
    """The hatch of filled dots, whose outlines would take a hundred kilobytes, as a tile of two rows."""
    box = f'width="{step:g}" height="{2 * step:g}"'
    fill = f'<rect {box} fill="{to_hex(ground)}"/>' if ground is not None else ""
    spots = ((0, step / 2), (step, step / 2), (step / 2, 3 * step / 2))
    marks = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{step / 10:.3g}"/>' for x, y in spots)
    return f'<pattern id="ID" patternUnits="userSpaceOnUse" {box}>{fill}<g fill="{colour}">{marks}</g></pattern>'


def expand(markup: str, table: Sequence[str] | Mapping[int, str]) -> str:
    """Markup with every `§n;` replaced by entry n of the table, as the page's script does it.

    >>> expand('<path §0; d="M0 0"/>', ['fill="none"'])
    '<path fill="none" d="M0 0"/>'
    """
    return re.sub(r"§(\d+);", lambda found: table[int(found[1])], markup)
