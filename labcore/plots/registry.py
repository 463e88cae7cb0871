"""The registry of figures: each is data first, then a drawing of that data.

    RISING_RIDGE = register(Figure(
        id="rising-ridge", item="Figure 11", title=..., caption=..., alt=...,
        units={"year": "", "I_ridge": "FLOP/B"}, data=ridges_by_year, draw=draw_ridges, says=ridges_in_words))

`data(**inputs)` returns a table, `draw(ax, table)` draws it and returns the Axes, `says(table)` puts the figure's own
numbers into a sentence. The CSV beside each picture holds the table that is drawn, and nothing else.
"""

from __future__ import annotations

import base64
import csv
import difflib
import html
import io
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

import labcore.plots
from labcore.plots.style import RC, canvas, small_png, to_bytes

Table = Mapping[str, Sequence]  # column -> values, all of one length
FIGURES: dict[str, Figure] = {}


@dataclass(frozen=True)
class Figure:
    """One figure of the collection; `units` names every column of its table, in the order of the CSV."""

    id: str
    item: str
    title: str
    caption: str
    alt: str
    units: Mapping[str, str]
    data: Callable[..., Table]
    draw: Callable[[Axes, Table], Axes]
    says: Callable[[Table], str]
    lab: str = ""
    size: tuple[float, float] = (6.4, 4.0)

    def table(self, **inputs: object) -> Table:
        """The figure's data; raises ValueError when its columns are not those declared or differ in length."""
        table = self.data(**inputs)
        if list(table) != list(self.units):
            raise ValueError(
                f"figure {self.id} declares columns {', '.join(self.units)} but its data has {', '.join(table)}"
            )
        if len({len(column) for column in table.values()}) != 1:
            raise ValueError(f"columns of figure {self.id} differ in length; a table has one value a row in each")
        return table

    def plot(self, **inputs: object) -> Canvas:
        """Draw the figure on a canvas of its own."""
        return self.plot_table(self.table(**inputs))

    def plot_table(self, table: Table) -> Canvas:
        """Draw a table that is at hand already."""
        with mpl.rc_context(RC):
            fig = canvas(self.size)
            fig.set_layout_engine("constrained")
            self.draw(fig.add_subplot(), table)
            fig.get_layout_engine().execute(fig)
            fig.set_layout_engine(None)  # so that labels stay where they were found to fit, at every resolution
        return fig

    def csv(self, **inputs: object) -> str:
        """The plotted data as CSV, units in the header, numbers in full precision."""
        table, text = self.table(**inputs), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(f"{name} [{unit}]" if unit else name for name, unit in self.units.items())
        writer.writerows(zip(*table.values(), strict=True))
        return text.getvalue()

    def render(self, fmt: str, **inputs: object) -> bytes:
        """The picture as svg, png or pdf; an svg carries its title and a description."""
        table = self.table(**inputs)
        picture = to_bytes(self.plot_table(table), fmt, dpi=150)
        if fmt != "svg":
            return picture
        return with_description(picture, self.title, f"{self.shape(table, inputs)} {self.says(table)}")

    def shape(self, table: Table, inputs: Mapping[str, object]) -> str:
        """What the picture of a table from these inputs shows to those who cannot see it; `alt` is for the default."""
        return self.alt if not inputs or table == self.table() else f"{self.title}; drawn here with other inputs."


def with_description(svg: bytes, title: str, description: str) -> bytes:
    """Give an svg a name and a description that assistive technology reads."""
    head, tail = svg.decode().split("<svg ", 1)
    attributes, rest = tail.split(">", 1)
    name = f'<svg role="img" aria-labelledby="title desc" {attributes}>'
    title, description = html.escape(title), html.escape(description)
    return f'{head}{name}\n <title id="title">{title}</title>\n <desc id="desc">{description}</desc>{rest}'.encode()


class Shown:
    """A figure in a notebook: the picture with its alternative text, and its numbers as a sentence below."""

    def __init__(self, figure: Figure, inputs: Mapping[str, object]) -> None:
        table = figure.table(**inputs)
        self.sentence, self.alt = figure.says(table), figure.shape(table, inputs)
        self.caption = figure.caption if self.alt == figure.alt else ""  # it speaks of the default inputs
        self.png = small_png(figure.plot_table(table))

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        bundle = picture_bundle(self.png, self.alt, self.sentence)
        about = f"<details><summary>About this figure</summary>{html.escape(self.caption)}</details>"
        return bundle | {"text/html": bundle["text/html"] + (about if self.caption else "")}


def picture_bundle(png: bytes, alt: str, sentence: str) -> dict[str, str]:
    """The forms in which a notebook keeps a picture: for browsers, for viewers without HTML, for nbval and ears."""
    data = base64.b64encode(png).decode()
    return {"text/html": picture_html(data, alt, sentence), "image/png": data, "text/plain": sentence}


def picture_html(png_base64: str, alt: str, sentence: str) -> str:
    """An image with its alternative text, and a visible sentence below it."""
    image = f'<img src="data:image/png;base64,{png_base64}" alt="{html.escape(alt)}" style="max-width:100%">'
    return f'<figure style="margin:0">{image}<figcaption>{html.escape(sentence)}</figcaption></figure>'


def register(new: Figure) -> Figure:
    """Enter a figure; ids are unique."""
    if new.id in FIGURES:
        raise ValueError(f"figure {new.id} is registered already; ids are unique")
    FIGURES[new.id] = new
    return new


def figures() -> dict[str, Figure]:
    """All figures by id, every module of labcore.plots loaded."""
    for module in pkgutil.iter_modules(labcore.plots.__path__):
        import_module(f"labcore.plots.{module.name}")
    return FIGURES


def find(id: str) -> Figure:
    """The figure with this id; raises ValueError with the nearest ones.

    >>> find("rising-ridge").item
    'Figure 11'
    """
    for module in Path(labcore.plots.__path__[0]).glob("*.py") if id not in FIGURES else ():
        if f'id="{id}"' in module.read_text(encoding="utf-8"):  # to read all is quick, to import all is not
            import_module(f"labcore.plots.{module.stem}")
    if id not in FIGURES and id not in figures():
        near = difflib.get_close_matches(id, FIGURES, n=3, cutoff=0.3) or sorted(FIGURES)
        raise ValueError(f"no figure {id!r}; did you mean {', '.join(near)}?")
    return FIGURES[id]


def show(id: str, **inputs: object) -> Shown:
    """Draw a figure in a notebook, with inputs of your own where its data takes any."""
    return Shown(find(id), inputs)
