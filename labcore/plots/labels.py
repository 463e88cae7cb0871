"""Labels beside what they name: placed where they cover nothing, with a hairline where they had to stand off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, product, starmap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.path import Path
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from labcore.plots.style import BLACK, GREY

# side -> the direction in which the label stands off, and where its text lies from there
SIDES = {
    "E": ((1, 0), (1, 0)), "SE": ((1, -1), (1, -1)), "NE": ((1, 1), (1, 1)),
    "W": ((-1, 0), (-1, 0)), "SW": ((-1, -1), (-1, -1)), "NW": ((-1, 1), (-1, 1)),
    "S": ((0, -1), (0, -1)), "S right": ((0, -1), (1, -1)), "S left": ((0, -1), (-1, -1)),
    "N": ((0, 1), (0, 1)), "N right": ((0, 1), (1, 1)), "N left": ((0, 1), (-1, 1)),
}  # fmt: skip
ANYWHERE = tuple(SIDES)
BELOW_FIRST = ("SE", "S right", "E", "S", "S left", "SW", "NW", "N left", "N", "W")
DISTANCES = (3, 11, 17, 25, 33, 43, 55, 69, 85, 103)  # points; the first one stands close enough to need no hairline
HALIGN, VALIGN = {-1: "right", 0: "center", 1: "left"}, {-1: "top", 0: "center", 1: "bottom"}
GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 1}
COVERED, CROSSED, TOUCHED = 1000, 300, 60  # costs: a text or marker, a line, a thin line; a point of distance costs 1
GAP = 2  # pixels kept free around a label
PREFERENCE = 4  # what a side costs more than the one before it, in points of distance
SWEEPS = 4

Label = tuple[float, float, str]  # x, y in data, and the words
Box = tuple[float, float, float, float]  # x0, y0, x1, y1


def place_labels(
    ax: Axes, labels: Sequence[Label], order: Sequence[str] = ANYWHERE, **look: object
) -> list[Annotation]:
    """Write each label near its point, where all of them together cover and cross the least.

    `order` names the sides to try, the preferred one first. Draw everything else before, and set the limits.
    """
    settle(ax.figure)
    page = _Page(ax)
    choices = [list(page.places(xy, _measure(ax, words, look), order)) for *xy, words in labels]
    return [_write(ax, xy, words, place, look) for (*xy, words), place in zip(labels, _arrange(choices), strict=True)]


def end_labels(ax: Axes, labels: Sequence[tuple[float, str]], **look: object) -> list[Annotation]:
    """Write labels right of the axes, each beside its y, and push apart those that would touch."""
    beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "left", "va": "center"}
    notes = [ax.annotate(words, (1, y), (6, 0), **beside, **{"color": BLACK} | look) for y, words in labels]
    scale = ax.figure.dpi / 72
    for _ in range(3):  # labels pushed above the axes shrink these, which moves what the labels stand beside
        settle(ax.figure)
        floor = ax.bbox.y0
        for i in sorted(range(len(notes)), key=lambda i: labels[i][0]):
            box, pushed = notes[i].get_window_extent(), scale * notes[i].get_position()[1]
            up = max(0.0, floor - (box.y0 - pushed))
            notes[i].set_position((6, up / scale))
            floor = box.y1 - pushed + up + 2 * GAP
    return notes


def settle(fig: Canvas) -> None:
    """Let the layout find its sizes now, so that places on the page can be computed."""
    if engine := fig.get_layout_engine():
        engine.execute(fig)


def _arrange(choices: Sequence[Sequence[_Place]]) -> list[_Place]:
    """One place for each label, the cheaper of two arrangements: begun with the first label, and with the last."""
    ahead = _improved(choices, _one_by_one(choices))
    back = _improved(choices, _one_by_one(choices[::-1])[::-1])
    return min(ahead, back, key=_total)


def _total(chosen: Sequence[_Place]) -> float:
    return sum(place.cost for place in chosen) + sum(starmap(_clash, combinations(chosen, 2)))


def _one_by_one(choices: Sequence[Sequence[_Place]]) -> list[_Place]:
    """Each label takes its best place beside those that have one."""
    chosen: list[_Place] = []
    for places in choices:
        chosen.append(min(places, key=lambda p: _cost_among(p, chosen)))
    return chosen


def _improved(choices: Sequence[Sequence[_Place]], chosen: list[_Place]) -> list[_Place]:
    """Let each label move to its best place given the others', until none moves."""
    for _ in range(SWEEPS):
        before = list(chosen)
        for i, places in enumerate(choices):
            chosen[i] = min(places, key=partial(_cost_among, others=chosen[:i] + chosen[i + 1 :]))
        if chosen == before:
            break
    return chosen


@dataclass(frozen=True)
class _Place:
    """A place to try beside a point, at a cost; radius and distance in points, the rest in pixels."""

    side: str
    radius: float  # of the marker
    distance: float  # from the marker
    box: Box
    hairline: Box | None  # its two ends; None where the label stands close
    cost: float = 0.0
    crosses: bool = False


def _clash(one: _Place, two: _Place) -> float:
    """What two labels cost each other."""
    cost = COVERED * _overlap(one.box, two.box)
    for a, b in ((one, two), (two, one)):
        if a.hairline and _overlap(_around(a.hairline), b.box):
            cost += COVERED * _path(a.hairline).intersects_bbox(Bbox.from_extents(b.box), filled=False)
    if one.hairline and two.hairline and _overlap(_around(one.hairline), _around(two.hairline)):
        cost += CROSSED * _path(one.hairline).intersects_path(_path(two.hairline), filled=False)
    return cost


def _cost_among(place: _Place, others: Sequence[_Place]) -> float:
    return place.cost + sum(_clash(place, other) for other in others)


class _Page:
    """What is drawn on the axes already, in pixels."""

    def __init__(self, ax: Axes) -> None:
        self.ax, self.texts, self.markers = ax, list(_texts(ax)), list(_markers(ax))
        drawn = [line for line in ax.lines if line.get_linestyle() != "None"]
        self.lines = [
            (line.get_transform().transform_path(line.get_path()), CROSSED if line.get_linewidth() > 1 else TOUCHED)
            for line in drawn
        ]

    def places(self, point: Sequence[float], size: tuple[float, float], order: Sequence[str]) -> Iterator[_Place]:
        """Every place to try around a point; to leave the axes costs as much as to cover something."""
        centre, edge = self.ax.transData.transform(point), self.ax.bbox.extents
        scale, radius = self.ax.figure.dpi / 72, self._radius(centre)
        for distance, side in product(DISTANCES, order):
            start, corner = (centre + scale * (radius + d) * _unit(side) for d in (1, distance))
            low = [c - s * (1 - d) / 2 for c, s, d in zip(corner, size, SIDES[side][1], strict=True)]
            box = low[0] - GAP, low[1] - GAP, low[0] + size[0] + GAP, low[1] + size[1] + GAP
            outside = box[0] < edge[0] or box[1] < edge[1] or box[2] > edge[2] or box[3] > edge[3]
            hairline = (*start, *corner) if distance > DISTANCES[0] else None
            cost = distance + PREFERENCE * order.index(side) + COVERED * outside
            yield self._priced(_Place(side, radius, distance, box, hairline, cost))

    def _radius(self, centre: Sequence[float]) -> float:
        """Half the size in points of the marker at a point, 0 where there is none."""
        around = [b for b in self.markers if abs(b[0] + b[2] - 2 * centre[0]) + abs(b[1] + b[3] - 2 * centre[1]) < 1]
        return max((b[2] - b[0] for b in around), default=0) / 2 * 72 / self.ax.figure.dpi

    def _priced(self, place: _Place) -> _Place:
        """The place with the cost of what it covers and crosses."""
        box, covered = Bbox.from_extents(place.box), self.texts + self.markers
        crossed = sum(price for line, price in self.lines if line.intersects_bbox(box, filled=False))
        cost = place.cost + crossed + COVERED * sum(_overlap(place.box, other) for other in covered)
        if place.hairline:
            hairline, start = _path(place.hairline), place.hairline[:2] * 2
            away = [Bbox.from_extents(other) for other in covered if not _overlap(other, start)]
            cost += sum(COVERED * hairline.intersects_bbox(other, filled=False) for other in away)
            cost += sum(price * hairline.intersects_path(line, filled=False) for line, price in self.lines)
        return replace(place, cost=cost, crosses=crossed > 0)


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _around(line: Sequence[float]) -> Box:
    return min(line[::2]), min(line[1::2]), max(line[::2]), max(line[1::2])


def _path(line: Sequence[float]) -> Path:
    return Path([line[:2], line[2:]])


def _unit(side: str) -> np.ndarray:
    return np.array(SIDES[side][0]) / np.hypot(*SIDES[side][0])


def _measure(ax: Axes, words: str, look: dict[str, object]) -> tuple[float, float]:
    probe = ax.text(0.5, 0.5, words, transform=ax.transAxes, **look)
    box = probe.get_window_extent()
    probe.remove()
    return box.width, box.height


def _texts(ax: Axes) -> Iterator[Box]:
    """What bars, a legend and texts cover, in pixels."""
    legend = ax.get_legend()
    for artist in (*ax.patches, *([legend] if legend else [])):
        yield tuple(artist.get_window_extent().extents)
    for text in ax.texts:
        yield tuple(Text.get_window_extent(text).extents)  # of an annotation, without its hairline


def _markers(ax: Axes) -> Iterator[Box]:
    """What markers cover, in pixels."""
    scale = ax.figure.dpi / 72
    for line in ax.lines:
        if line.get_marker() not in ("", "None", None):
            for centre in line.get_transform().transform(line.get_xydata()):
                yield _square(centre, scale * line.get_markersize())
    for dots in ax.collections:
        centres = dots.get_offset_transform().transform(dots.get_offsets())
        for centre, area in zip(centres, np.resize(dots.get_sizes(), len(centres)), strict=True):
            yield _square(centre, scale * np.sqrt(area))


def _square(centre: Sequence[float], side: float) -> Box:
    x, y = centre
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def _write(ax: Axes, point: Sequence[float], words: str, place: _Place, look: dict[str, object]) -> Annotation:
    dx, dy = SIDES[place.side][1]
    hairline = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 1, "shrinkB": place.radius + 1,
                "relpos": ((1 - dx) / 2, (1 - dy) / 2)}  # fmt: skip
    ground = {"bbox": GROUND} if place.crosses else {}
    note = ax.annotate(
        words, point, xytext=tuple((place.radius + place.distance) * _unit(place.side)), textcoords="offset points",
        ha=HALIGN[dx], va=VALIGN[dy], arrowprops=hairline if place.hairline else None,
        **{"color": BLACK} | ground | look,
    )  # fmt: skip
    note.set_in_layout(False)
    return note
