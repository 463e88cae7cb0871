"""Controls of an explorer: what a reader may choose, which values are taken, and the widgets that offer them.

A slider of ipywidgets has no name that a screen reader could say, so each one stands beside a number box that is
labelled, takes any value in the range and moves with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ipywidgets as widgets

Values = Mapping[str, object]
Changed = Callable[[str, object], None]  # called with a control's name and the value that the reader chose
BOX, SLIDER = 96, 240  # widths in pixels


@dataclass(frozen=True)
class Row:
    """The widgets of one control, and how a value is shown in them."""

    widget: widgets.Widget
    show: Callable[[object, Values], None]


@dataclass(frozen=True)
class Choice:
    """One of several options. Where they depend on another control, `follows` names it and `options` is a function.

    >>> shapes = {"array": ("8x8", "16x16"), "vector": ("1x64",)}
    >>> Choice("shape", "Shape", shapes.get, "16x16", follows="machine").among({"machine": "vector"})
    ('1x64',)
    """

    name: str
    label: str
    options: Sequence[str] | Callable[[object], Sequence[str]]
    value: str
    follows: str = ""

    def among(self, values: Values) -> tuple[str, ...]:
        """The options there are while the other controls stand at `values`."""
        return tuple(self.options(values[self.follows]) if self.follows else self.options)

    def check(self, value: object, values: Values) -> str:
        """The value itself; raises ValueError with the options when it is none of them."""
        if value not in self.among(values):
            beside = f" while {self.follows} is {values[self.follows]}" if self.follows else ""
            raise ValueError(f"{self.name} must be one of {', '.join(self.among(values))}{beside}; got {value!r}")
        return value

    def settle(self, value: object, values: Values) -> str:
        """The value where it is still an option, else the declared one, else the first."""
        options = self.among(values)
        return next((one for one in (value, self.value) if one in options), options[0])

    def row(self, changed: Changed, label: str) -> Row:
        """A list to choose from; `label` is the width that names take."""
        dropdown = widgets.Dropdown(description=self.label, **_room(label, BOX + SLIDER))
        dropdown.observe(lambda change: changed(self.name, change["new"]), "value")

        def show(value: object, values: Values) -> None:
            if dropdown.options != (options := self.among(values)):
                dropdown.options = options
            dropdown.value = value

        return Row(dropdown, show)


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`; with `log2` the slider goes by powers of two, the box takes any value.

    >>> Whole("batch", "Batch", 1, 4096, 32, log2=True).check(0, {})
    Traceback (most recent call last):
    ValueError: batch must be a whole number from 1 to 4096, got 0
    """

    name: str
    label: str
    low: int
    high: int
    value: int
    step: int = 1
    log2: bool = False

    def __post_init__(self) -> None:
        if self.log2 and (self.low < 1 or any(end & (end - 1) for end in (self.low, self.high))):
            raise ValueError(f"{self.name} goes by powers of two; its range must too, got {self.low} to {self.high}")

    def check(self, value: object, values: Values) -> int:
        """The value as an int; raises ValueError outside the range."""
        if isinstance(value, bool) or not hasattr(value, "__index__") or not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be a whole number from {self.low} to {self.high}, got {value!r}")
        return int(value)

    def settle(self, value: object, values: Values) -> object:
        """The value; a number depends on no other control."""
        return value

    def on_grid(self, value: int) -> int:
        """The slider's nearest place: a browser moves it there by itself, and would report that as a new choice."""
        return min(self.low + round((value - self.low) / self.step) * self.step, self.high)

    def row(self, changed: Changed, label: str) -> Row:
        """A number box with a slider beside it; `label` is the width that names take."""
        # A box for whole numbers drops the point and reads 12.5 as 125; this one is told 12.5, and 12 is taken.
        box = widgets.BoundedFloatText(min=self.low, max=self.high, step=self.step, value=self.value)
        if not self.log2:
            slider = widgets.IntSlider(min=self.low, max=self.high, step=self.step, value=self.value)
            return _slider_row(self, box, slider, changed, label, place_of=self.on_grid, typed=round)
        ends = {"min": self.low.bit_length() - 1, "max": self.high.bit_length() - 1}
        slider = widgets.IntSlider(value=round(math.log2(self.value)), **ends)
        return _slider_row(
            self, box, slider, changed, label, lambda k: 2**k, lambda value: round(math.log2(value)), round
        )


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`, moved in steps.

    >>> Real("p", "Parallel fraction", 0.0, 1.0, 0.5, step=0.01).check(1.5, {})
    Traceback (most recent call last):
    ValueError: p must be a number from 0.0 to 1.0, got 1.5
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    step: float

    def check(self, value: object, values: Values) -> float:
        """The value as a float; raises ValueError outside the range."""
        number = isinstance(value, int | float) or hasattr(value, "__float__")
        if isinstance(value, bool | str) or not number or not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be a number from {self.low} to {self.high}, got {value!r}")
        return float(value)

    def settle(self, value: object, values: Values) -> object:
        """The value; a number depends on no other control."""
        return value

    def on_grid(self, value: float) -> float:
        """The slider's nearest place: a browser moves it there by itself, and would report that as a new choice."""
        return plain(min(self.low + round((value - self.low) / self.step) * self.step, self.high))

    def row(self, changed: Changed, label: str) -> Row:
        """A number box with a slider beside it; `label` is the width that names take."""
        ends = {"min": self.low, "max": self.high, "step": self.step}
        box, slider = widgets.BoundedFloatText(**ends, value=self.value), widgets.FloatSlider(**ends)
        return _slider_row(self, box, slider, changed, label, plain, self.on_grid)


Control = Choice | Whole | Real


def plain(value: float) -> float:
    """A slider's place without the dust of binary fractions.

    >>> plain(3.1399999999999997), plain(6.199999999999999)
    (3.14, 6.2)
    """
    return float(f"{value:.10g}")


def _room(label: str, width: int) -> dict[str, object]:
    """Style and layout of a named widget; ipywidgets cuts a name off that has no room."""
    layout = widgets.Layout(width=f"calc({label} + {width}px)", max_width="100%")
    return {"style": {"description_width": label}, "layout": layout}


def _slider_row(
    control: Whole | Real, box: widgets.Widget, slider: widgets.Widget, changed: Changed, label: str,
    value_at: Callable = lambda place: place, place_of: Callable = lambda value: value,
    typed: Callable = lambda value: value,
) -> Row:  # fmt: skip
    """Tie a labelled number box and a slider to one value, and say beside them from where to where they go."""
    box.set_trait("description", control.label)
    for name, value in _room(label, BOX).items():
        box.set_trait(name, value)
    slider.readout, slider.layout = False, widgets.Layout(width=f"{SLIDER}px")
    # What lies beyond the ends is set to the nearer one; the left margin keeps them clear of the slider's knob.
    ends = widgets.HTML(layout=widgets.Layout(margin="2px 2px 2px 12px"))
    box.observe(lambda change: changed(control.name, typed(change["new"])), "value")
    slider.observe(lambda change: changed(control.name, value_at(change["new"])), "value")

    def show(value: object, values: Values) -> None:
        ends.value = f"<small>{control.low:,.10g} to {box.max:,.10g}</small>"
        box.value, slider.value = value, place_of(value)

    return Row(widgets.HBox([box, slider, ends]).add_class("labcore-slider"), show)
