"""An explorer drawn in all the states of a page: what never moves once, and for each state only what moved.

A picture is its still part and, over it, a slot for each artist that moves, lowest first, as the explorer itself draws
them. A state is a row of numbers: its sentence, then for each slot that ever changes the piece of markup that it
holds. `decode` does what `explorers.js` does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matplotlib.artist import Artist

from labcore.explore.controls import Choice, Control
from labcore.explore.explorer import Explorer, moving
from labcore.site.recorder import Recorder, expand
from labcore.site.ticks import STATES, grid, least, named, shares, walk

MOST_BYTES = 300_000  # of the states of one explorer; where they take more, ticks are thinned again
FEWEST = 12  # states of an explorer, however large they are


@dataclass(frozen=True)
class Drawn:
    """An explorer's picture, and the states that its page shows; `start` is the key of the first."""

    question: str
    shows: str
    size: tuple[int, int]
    still: str
    definitions: str
    start: str
    standing: Mapping[str, str]  # controls that the page leaves where they are: label -> value
    data: Mapping[str, object]

    def json(self) -> str:
        """What the page's script reads."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))


def draw(explorer: Explorer, name: str, states: int = STATES) -> Drawn:
    """Draw an explorer in at most so many states; `name` parts its ids from those of others on the page."""
    start, book = explorer.values, Book(explorer, name)
    controls = explorer.controls
    keep = {c.name: [start[c.name], *named(c, explorer.question)] for c in controls}
    lengths = {c.name: len(grid(c, start)) for c in controls}
    floors = {c.name: least(c, lengths[c.name]) for c in controls}
    while True:
        kept = shares(lengths, floors, book.effect, states)
        share = book.fill(walk(controls, kept, keep), math.prod(kept.values()))
        if share == 1 or states == FEWEST:
            break
        states = max(FEWEST, int(0.95 * states * share))
    explorer.set(**start)
    standing = {c.label: shown(c, start[c.name]) for c in controls if kept[c.name] == 1 < lengths[c.name]}
    return book.drawn(standing)


class Offer:
    """The ticks of one control: one list, or one for each way in which the controls before it stand."""

    def __init__(self, control: Control) -> None:
        self.control, self.lists, self.at = control, {}, {}

    def add(self, before: tuple[int, ...], ticks: list[object]) -> None:
        """Enter the ticks that there are while the controls before stand at these places."""
        labels = tuple(shown(self.control, tick) for tick in ticks)
        self.at[key(before)] = self.lists.setdefault(labels, len(self.lists))

    def as_dict(self) -> dict[str, object]:
        """What the page's script reads."""
        offer = {"name": self.control.name, "label": self.control.label, "lists": list(self.lists)}
        offer |= {"range": not isinstance(self.control, Choice), "declared": shown(self.control, self.control.value)}
        return offer | ({"at": self.at} if len(self.lists) > 1 else {})


class Book:
    """The pieces of markup and the sentences that states share, each kept once."""

    def __init__(self, explorer: Explorer, name: str) -> None:
        self.explorer, self.begun = explorer, explorer.values
        width, height = (round(side) for side in explorer.figure.bbox.size)
        self.recorder = Recorder(width, height, explorer.figure.dpi, name)
        self.artists = sorted(moving(explorer.artists), key=Artist.get_zorder)
        explorer.figure.draw(self.recorder)  # moving artists are animated: they are left out
        self.still = self.recorder.take()
        self._known: dict[tuple, list[str]] = {}  # values -> sentence and pieces, for a second, thinner grid

    def pieces(self, **values: object) -> list[str]:
        """The sentence and the markup of each moving artist while the explorer stands at these values."""
        self.explorer.set(**values)
        at = tuple(self.explorer.values.values())
        if at not in self._known:
            drawn = [artist.draw(self.recorder) or self.recorder.take() for artist in self.artists]
            self._known[at] = [self.explorer.sentence, *drawn]
        return self._known[at]

    def fill(self, states: Iterable[tuple], count: int) -> float:
        """Keep these states; the share of them that could be kept until their bytes were too many, 1 for all."""
        self.columns: list[dict[str, int]] = [{} for _ in range(1 + len(self.artists))]
        self.rows: dict[str, list[int]] = {}
        self.offers = [Offer(control) for control in self.explorer.controls]
        self.first, self._used, size = "", set(), 0
        for where, values, lists in states:
            for n, offer in enumerate(self.offers):
                offer.add(where[:n], lists[n])
            pieces = list(zip(self.columns, self.pieces(**values), strict=True))
            size += 3 * len(pieces) + sum(self._cost(piece) for column, piece in pieces if piece not in column)
            self.rows[key(where)] = [column.setdefault(piece, len(column)) for column, piece in pieces]
            self.first = key(where) if values == self.begun else self.first
            if size > MOST_BYTES:
                return min(len(self.rows) / count, 0.9)
        return 1

    def _cost(self, piece: str) -> int:
        """The bytes of a piece that is new, with those entries of the table that only it needs so far."""
        fresh = {int(one) for one in re.findall(r"§(\d+);", piece)} - self._used
        self._used |= fresh
        table = list(self.recorder.table) if fresh else []
        return len(piece) + 3 + sum(len(table[one]) + 6 for one in fresh)

    def effect(self, name: str) -> int:
        """How many pieces change when one control goes to its edges: which of them may stand still on a page."""
        edges = {grid(one, self.begun)[k] for one in self.explorer.controls if one.name == name for k in (0, -1)}
        before, changed = self.pieces(**self.begun), 0
        for edge in edges:
            self.explorer.set(**self.begun)
            changed += sum(a != b for a, b in zip(before, self.pieces(**{name: edge}), strict=True))
        self.explorer.set(**self.begun)
        return changed

    def drawn(self, standing: dict[str, str]) -> Drawn:
        """All of it; the columns of slots that never change are left out of the rows, and what no piece uses."""
        varies = [n == 0 or len(column) > 1 for n, column in enumerate(self.columns)]
        rows = {at: [one for one, kept in zip(row, varies, strict=True) if kept] for at, row in self.rows.items()}
        table, e = list(self.recorder.table), self.explorer
        sentences, *slots = ([*column] for column in self.columns)
        slots, used = renumbered(slots, table)
        data = {"shows": e.shows, "controls": [offer.as_dict() for offer in self.offers], "start": self.first}
        data |= {"table": used, "slots": slots, "sentences": sentences, "rows": rows}
        size = (self.recorder.width, self.recorder.height)
        still, definitions = expand(self.still, table), self.recorder.definitions()
        return Drawn(e.question, e.shows, size, still, definitions, self.first, standing, data)


def renumbered(slots: list[list[str]], table: list[str]) -> tuple[list[list[str]], list[str]]:
    """Pieces that refer to those entries of the table alone that they use, and these entries.

    >>> renumbered([["§2;§0;"]], ["a", "b", "c"])
    ([['§0;§1;']], ['c', 'a'])
    """
    used: dict[str, int] = {}

    def number(found: re.Match) -> str:
        return f"§{used.setdefault(found[1], len(used))};"

    fresh = [[re.sub(r"§(\d+);", number, piece) for piece in slot] for slot in slots]
    return fresh, [table[int(one)] for one in used]


def key(where: tuple[int, ...]) -> str:
    """Places as the rows name them.

    >>> key((0, 3, 1))
    '0,3,1'
    """
    return ",".join(map(str, where))


def shown(control: Control, value: object) -> str:
    """A control's value as the page writes it."""
    return str(value) if isinstance(control, Choice) else f"{value:,.10g}"


def decode(data: Mapping[str, object], at: str) -> tuple[list[str], str]:
    """Each slot's markup and the sentence of a state, as the page's script puts them together."""
    said, *row = data["rows"][at]
    pieces = iter(row)
    markup = [expand(slot[next(pieces) if len(slot) > 1 else 0], data["table"]) for slot in data["slots"]]
    return markup, data["sentences"][said]
