"""Explorer: a picture that follows its controls, thin over three pure functions.

    Explorer(
        question="From which batch on does the layer reach the peak?",
        shows="Intensity of a dense layer over the batch.",
        controls=[Whole("batch", "Batch", 1, 4096, 32, log2=True)],
        build=build,        # build(fig) draws everything once; returns a namespace of the artists that will move
        update=update,      # update(artists, **values) gives them new data, and nothing else
        describe=describe,  # describe(**values) says the numbers of the picture in a sentence
    )

A change draws the moving artists over a kept picture of all that stays, and replaces one `<img>` in one step.
ipywidgets holds a control's further values back until the kernel has answered, and then sends only the last one, so
a dragged slider never queues up redraws. A notebook that lost its widgets keeps the picture, its alternative text
and the sentence.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

import ipywidgets as widgets
import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas
from PIL import Image

from labcore.explore.controls import Control, Row, Values
from labcore.plots.registry import picture_bundle
from labcore.plots.style import RC, canvas, packed, small_png

DPI = 100  # pixels on the page for an inch of figure
SHARP = 2  # pixels drawn for one on the page, for dense screens
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# ipywidgets offers no way to name a slider's handle, to say its value in the box's terms, or to mark a text as one
# whose changes are read out. JupyterLab takes a key on a focused list or slider for a command of its own, such as
# `b` for a new cell, unless that element itself says no. Each picture does all that when it has loaded; where a page
# forbids inline scripts the labelled boxes are still there.
_ON_LOAD = """
(function name(img, tries) {
  const root = img.closest('.labcore-explorer');
  const rows = root ? [...root.querySelectorAll('.labcore-slider')] : [];
  const ready = root && rows.every(row => row.querySelector('input') && row.querySelector('.noUi-handle'));
  if (!ready || rows.length < SLIDERS) return tries && setTimeout(name, 100, img, tries - 1);
  for (const row of rows) {
    const handle = row.querySelector('.noUi-handle');
    handle.setAttribute('aria-label', row.querySelector('label').textContent + ', slider');
    handle.setAttribute('aria-valuetext', row.querySelector('input').value);
  }
  for (const one of root.querySelectorAll('select, .noUi-handle'))
    one.setAttribute('data-lm-suppress-shortcuts', 'true');
  root.querySelector('.labcore-says .widget-html-content').setAttribute('role', 'status');
})(this, 50)
"""

# ipywidgets draws no more than a pale border around what has the keyboard.
_FOCUS = "<style>.labcore-explorer :focus-visible {outline: 2px solid #0072B2; outline-offset: 1px}</style>"


class Explorer:
    """Controls, a picture and a sentence that move together; `values` and `set` do from code what a hand does."""

    def __init__(
        self,
        question: str,
        shows: str,
        controls: Sequence[Control],
        build: Callable[[Canvas], SimpleNamespace],
        update: Callable[..., None],
        describe: Callable[..., str],
        size: tuple[float, float] = (6.4, 4.0),
        start: Values | None = None,
    ) -> None:
        self.question, self.shows, self.controls = question, shows, tuple(controls)
        self.update, self.describe = update, describe
        self._values = self._settled({control.name: control.value for control in controls})
        with mpl.rc_context(RC):
            self.figure = canvas(size, dpi=DPI * SHARP)
            self.artists = build(self.figure)
        self._moving = sorted(moving(self.artists), key=Artist.get_zorder)
        self._still = self._without_moving()
        self._panel: _Panel | None = None
        self.set(**(start or {}))

    @property
    def values(self) -> dict[str, object]:
        """What the controls stand at."""
        return dict(self._values)

    @property
    def sentence(self) -> str:
        """The picture in words."""
        return self.describe(**self._values)

    @property
    def alt(self) -> str:
        """The picture's alternative text: what it shows, and its numbers."""
        return f"{self.shows} {self.sentence}"

    def set(self, **changes: object) -> None:
        """Move controls; raises ValueError for a control that is not there or a value that it does not take."""
        for name in changes:
            if name not in self._values:
                raise ValueError(f"no control {name!r}; this explorer has {', '.join(self._values)}")
        self._values = self._settled(self._values | changes, changes)
        self._redraw()

    def _settled(self, values: dict[str, object], asked: Values | None = None) -> dict[str, object]:
        """Check what was asked for and adapt what follows from it, in the order of the controls."""
        for control in self.controls:
            take = control.check if asked is None or control.name in asked else control.settle
            values[control.name] = take(values[control.name], values)
        return values

    def _redraw(self) -> None:
        self.update(self.artists, **self._values)
        if self._panel:
            self._panel.show(self)

    def _without_moving(self) -> object:
        """What stays the same in every picture: axes, ticks, labels."""
        for artist in self._moving:
            artist.set_animated(True)  # matplotlib leaves such artists out, but for saving
        self.figure.canvas.draw()
        return self.figure.canvas.copy_from_bbox(self.figure.bbox)

    def live_png(self) -> bytes:
        """The picture as it stands, drawn sharp and compressed in haste."""
        self.figure.canvas.restore_region(self._still)
        for artist in self._moving:
            self.figure.draw_artist(artist)
        drawn = self.figure.canvas.buffer_rgba()
        height, width, _ = drawn.shape
        return packed(Image.frombytes("RGB", (width, height), drawn, "raw", "RGBX", 0, 1), compress_level=1)

    def stored_png(self) -> bytes:
        """The picture as a notebook keeps it: one pixel for one on the page, and as small as may be."""
        return small_png(self.figure, DPI)

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        self._panel = self._panel or _Panel(self)
        stored = picture_bundle(self.stored_png(), self.alt, self.sentence)
        stored["text/html"] = f"<p>{html.escape(self.question)} Run the cell for the controls.</p>{stored['text/html']}"
        return stored | {WIDGET_VIEW: self._panel.box._repr_mimebundle_()[WIDGET_VIEW]}


def moving(artists: SimpleNamespace) -> Iterator[Artist]:
    """The artists of a namespace, those in lists too."""
    for one in vars(artists).values():
        yield from [one] if isinstance(one, Artist) else one


class _Panel:
    """The widgets of one explorer."""

    def __init__(self, explorer: Explorer) -> None:
        self._showing = False
        self.explorer = explorer
        label = f"{1 + max(len(control.label) for control in explorer.controls)}ch"  # as wide as the longest name
        self.rows: dict[str, Row] = {control.name: control.row(self._chosen, label) for control in explorer.controls}
        self.sliders = sum(not hasattr(c, "options") for c in explorer.controls)
        self.picture = widgets.HTML(layout=widgets.Layout(margin="6px 2px"))
        self.says = widgets.HTML().add_class("labcore-says")
        controls = widgets.VBox([row.widget for row in self.rows.values()])
        question = widgets.HTML(f"{_FOCUS}<b>{html.escape(explorer.question)}</b>")
        self.box = widgets.VBox([question, controls, self.picture, self.says]).add_class("labcore-explorer")
        self.show(explorer)

    def _chosen(self, name: str, value: object) -> None:
        if not self._showing:  # a value that the explorer itself puts into a widget is no choice
            self.explorer.set(**{name: value})

    def show(self, explorer: Explorer) -> None:
        """Bring every widget to the explorer's values: controls, picture, and the sentence when all else stands."""
        self._showing = True
        try:
            for name, row in self.rows.items():
                row.show(explorer.values[name], explorer.values)
            self.picture.value = self._img(explorer)
            self.says.value = f'<div style="line-height:1.4;max-width:46em">{html.escape(explorer.sentence)}</div>'
        finally:
            self._showing = False

    def _img(self, explorer: Explorer) -> str:
        """One image of a fixed size, so that nothing on the page moves when it is replaced."""
        width, height = (round(inches * DPI) for inches in explorer.figure.get_size_inches())
        script = html.escape(" ".join(_ON_LOAD.split()).replace("SLIDERS", str(self.sliders)))
        return (
            f'<img src="data:image/png;base64,{base64.b64encode(explorer.live_png()).decode()}" '
            f'alt="{html.escape(explorer.alt)}" width="{width}" height="{height}" decoding="sync" '
            f'style="max-width:100%;height:auto" onload="{script}">'
        )
