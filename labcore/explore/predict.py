"""Predictions: a guess is typed before anything is shown, kept in the reader's own folder, and compared at the end.

What a notebook stores of them says nothing about the reader: the box and the comparison live in widgets, while the
stored text is the question, or the computed value, and the same for everyone.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

import ipywidgets as widgets

from labcore.explore.guesses import guess_of, keep, trouble
from labcore.plots.words import three

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# An empty picture whose loading gives box and button the question's name, since ipywidgets has no way to, and tells
# JupyterLab to take no key on the button for a command, such as `b` for a cell.
_ON_LOAD = (
    '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="" hidden '
    "onload=\"(function name(img, tries) { const whole = img.closest('.labcore-predict'), "
    "button = whole?.querySelector('button'), box = whole?.querySelector('input'); "
    "if (!button || !box) return tries && setTimeout(name, 100, img, tries - 1); "
    "const asked = whole.querySelector('b').textContent; "
    "box.setAttribute('aria-label', 'Your guess: ' + asked); button.setAttribute('aria-label', 'Keep: ' + asked); "
    "button.setAttribute('data-lm-suppress-shortcuts', 'true'); })(this, 50)\">"
)
SLIPS = (  # factor, how near a ratio must come, in units with one of these letters, what it tells
    (2, 0.02, "FLOP MAC", "a factor of 2: one multiply-accumulate is two FLOP"),
    (8, 0.02, "B bit", "a factor of 8: bits for bytes"),
    (100, 0.02, "%", "a factor of 100: a share for per cent"),
    (1000, 0.02, "FLOP B s J W", "a factor of 1000: one prefix too many or too few"),
    (1.024, 0.0005, "B", "1024 for 1000: kB and KiB differ by that"),
    (1.024**2, 0.0005, "B", "1024 for 1000, twice: MB and MiB differ by that"),
    (1.024**3, 0.0005, "B", "1024 for 1000, three times: GB and GiB differ by that"),
)
ASKED: dict[str, str] = {}  # the questions of this kernel's predictions, which their comparisons repeat


@dataclass(frozen=True)
class Shown:
    """Text that is the same for everyone, and a widget beside it that is not stored."""

    text: str
    widget: widgets.Widget

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        stored = {"text/plain": self.text, "text/html": f"<p>{html.escape(self.text)}</p>"}
        return stored | {WIDGET_VIEW: self.widget._repr_mimebundle_()[WIDGET_VIEW]}


def predict(id: str, question: str, unit: str = "") -> Shown:
    """Ask for a number before the lab shows it; what is typed is kept in my/predictions.json.

    >>> predict("00-example", "Share of the peak that a dense layer reaches", unit="%")
    Prediction: Share of the peak that a dense layer reaches (%). Run the cell for a box to type it into.
    """
    box = widgets.Text(
        description=f"Your guess ({unit})" if unit else "Your guess",
        placeholder="a number",
        continuous_update=False,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="18em"),
    )
    button = widgets.Button(description="Keep", layout=widgets.Layout(width="5em"))
    answer = widgets.HTML(note(kept(id, unit), trouble()))
    if (guess := guess_of(id)) is not None:
        box.value = f"{guess:.10g}"

    def on_keep(_: object) -> None:
        answer.value = note(take(id, box.value, unit, question))

    box.observe(on_keep, "value")  # Enter, or leaving the box
    button.on_click(on_keep)
    asked = f"{question} ({unit})" if unit else question
    ASKED[id] = question
    rows = [widgets.HTML(f"<b>{html.escape(asked)}</b>{_ON_LOAD}"), widgets.HBox([box, button]), answer]
    whole = widgets.VBox(rows).add_class("labcore-predict")
    return Shown(f"Prediction: {asked}. Run the cell for a box to type it into.", whole)


def take(id: str, typed: str, unit: str, question: str) -> str:
    """Keep what was typed and say so, or say what is wanted.

    >>> take("00-example", "about 20", "%", "")
    "A number is wanted, such as 12.5 or 3e9; got 'about 20'."
    """
    try:
        value = float(typed.strip().removesuffix(unit))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return f"A number is wanted, such as 12.5 or 3e9; got {typed!r}."
    try:
        keep(id, value, unit, question)
    except OSError as error:
        return f"my/ cannot be used, so the guess is not kept: {error}."
    return kept(id, unit)


def kept(id: str, unit: str) -> str:
    """What the page says of a guess that was kept."""
    guess = guess_of(id)
    return "" if guess is None else f"Kept: {with_unit(guess, unit)}. The end of the lab comes back to it."


def note(*lines: str) -> str:
    """Lines below a box; an alert, so that a screen reader says them when they appear."""
    said = html.escape(" ".join(filter(None, lines)))
    return f'<span role="alert">{said}</span>' if said else ""


def compare(id: str, computed: float, unit: str = "") -> Shown:
    """Set a kept guess beside the computed value, both in `unit`, and name the slip that their ratio tells of.

    Begins with the question that was asked in this kernel.

    >>> _ = predict("00-example", "Share of the peak", unit="%")
    >>> compare("00-example", 20.28, unit="%")
    Share of the peak. Computed: 20.3 %
    """
    question = f"{asked.rstrip('.:')}{'' if asked.endswith('?') else '.'} " if (asked := ASKED.get(id)) else ""
    text = f"Computed: {with_unit(computed, unit)}"
    guess = guess_of(id)
    if guess is None:
        said = f"{question}{text}. No prediction was kept for this one."
    else:
        said = f"{question}Your prediction: {with_unit(guess, unit)}. {text}. {verdict(guess, computed, unit)}"
    return Shown(question + text, widgets.HTML(f"<p>{html.escape(said)} {html.escape(trouble())}</p>"))


def verdict(guess: float, computed: float, unit: str) -> str:
    """How a guess compares, with the slip that the ratio tells of in this unit.

    >>> verdict(40.5, 20.3, "GFLOP")
    'The guess is 2.00 times that, a factor of 2: one multiply-accumulate is two FLOP.'
    >>> verdict(21, 20.3, "%")
    'Within 10 %.'
    """
    if guess == computed:
        return "Exactly."
    if not computed or guess / computed <= 0:
        return f"The guess is off by {three(guess - computed)}."
    ratio = guess / computed
    if told := slip(ratio, unit):
        return f"The guess is {three(ratio)} times that, {told}."
    return "Within 10 %." if abs(ratio - 1) <= 0.1 else f"The guess is {three(ratio)} times that."


def slip(ratio: float, unit: str) -> str:
    """What a ratio of guess to computed value tells, or nothing.

    >>> slip(8.0, "MB"), slip(1 / 8, "B"), slip(8.0, "cycles")
    ('a factor of 8: bits for bytes', 'a factor of 8: bits for bytes', '')
    """
    far = max(ratio, 1 / ratio)
    told = (words for factor, near, units, words in SLIPS if abs(far / factor - 1) <= near and fits(unit, units))
    return next(told, "")


def fits(unit: str, units: str) -> bool:
    """Whether a unit is one of these, with any prefix and over anything.

    >>> fits("GB/s", "B"), fits("FLOP/B", "FLOP MAC"), fits("elements", "s")
    (True, True, False)
    """
    base = unit.partition("/")[0].strip()
    return any(base == f"{prefix}{one}" for one in units.split() for prefix in ("", *"munpkMGTPE"))


def with_unit(value: float, unit: str) -> str:
    """Three digits and the unit."""
    whole = value == round(value) and abs(value) < 1e6
    return f"{value:.0f} {unit}".rstrip() if whole else f"{three(value)} {unit}".rstrip()
