"""What the sources hold: every numbered item and every section of the chapter, the essay's statements, in one table.

The table, inventory.csv beside this file, is made by hand from the sources: where an item stands, what it is about in
words of our own, and which tasks train it. What carries an item in this project is found, not listed: `carriers`.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SEVERAL = re.compile(r"\b(Listing|Table)s (\d+) and (\d+)")  # of one kind


@dataclass(frozen=True)
class Item:
    """One item of the sources; `line` is where it stands in its source, `also` another name that claims use.

    `exercise` lists tasks as `09#q1` (exercise 09) or `09#roofline-1` (self-check of lab 09). `cells` are notebook
    cells that carry it besides those that its claims name.
    """

    name: str
    kind: str
    section: str
    line: int
    title: str
    exercise: tuple[str, ...] = ()
    also: str = ""
    cells: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """What links to it end with; never the id of a claim.

        >>> find_item("Napkin Math 1.3").anchor
        'item-napkin-math-1-3'
        """
        return "item-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@cache
def inventory() -> dict[str, Item]:
    """All items by name, in the order of the chapter; the essay, the glossary and the announcement follow."""
    with Path(__file__).with_name("inventory.csv").open(encoding="utf-8", newline="") as file:
        return {row["item"]: _item(**row) for row in csv.DictReader(file)}


def _item(item: str, kind: str, section: str, line: str, title: str, exercise: str, also: str, cells: str) -> Item:
    return Item(item, kind, section, int(line), title, tuple(exercise.split()), also, tuple(cells.split()))


@cache
def find_items(place: str) -> tuple[Item, ...]:
    """The items that a claim or a figure belongs to; ValueError where the table has none.

    >>> [item.name for item in find_items("Napkin Math 1.7; Tables 5 and 22")]
    ['Napkin Math 1.7', 'Table 5', 'Table 22']
    """
    parted = SEVERAL.sub(r"\1 \2; \1 \3", place).replace(", Listing", "; Listing")
    return tuple(find_item(name) for name in parted.split("; "))


def find_item(place: str) -> Item:
    """The item that a place names: the longest name that it begins with, a footnote by its number wherever it hangs.

    >>> find_item("Text §Kernel selection footnote 39").name, find_item("Listing 11 caption").name
    ('Footnote 39', 'Listing 11')
    """
    if footnote := re.search(r"footnote (\d+)$", place):
        place = f"Footnote {footnote[1]}"
    names = {name: item for item in inventory().values() for name in (item.name, item.also) if name}
    known = [name for name in names if re.match(re.escape(name) + r"(?!\w)", place)]
    if not known:
        raise ValueError(f"{place!r} is no item of the sources; add it to labcore/report/inventory.csv")
    return names[max(known, key=len)]
