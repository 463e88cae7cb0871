"""docs/errata.md: where the chapter's print and its recomputation part, from the ledger."""

from __future__ import annotations

from collections import Counter

from labcore.claims.ledger import claims
from labcore.claims.quantities import Quantity, quantities
from labcore.claims.settled import Settled
from labcore.claims.slips import WEIGHTS, Slip, of_weight, parted, slips
from labcore.report.carriers import cell_link
from labcore.report.inventory import find_items, inventory
from labcore.report.markdown import stacked, table
from labcore.units import counted

HEAD = """# Errata: where print and recomputation part

This page is for the authors of the chapter, and for readers who stumble where we did. The ledger recomputes {all}
statements of the chapter and of the texts beside it. {meet} of them hold as printed, by our computing or by their
source, and {shown} state nothing to compute. The {departing} others are here, as {slips}: one slip may be printed in
several places. That so many numbers of a chapter can be checked speaks for it, and most of them are right.

Each entry gives the places, what is printed, what we compute, the demonstration, the reading or the change of a word
under which the print holds where we know one, and the cell of a lab that shows it. We may be wrong, too: the function
behind a number is a few lines long, and `labcore claims ID` shows its value; a correction is welcome. `labcore build`
makes this page.

The weight of a slip follows a rule that looks at the two numbers alone. A statement holds or does not. A number is off
by the printed value over the computed one, or the reverse; of several values the one furthest off counts, and of a
range what lies furthest beyond its nearer end. So the weight does not say how much hangs on a slip: the demonstration
does. Slips of one weight stand in the order of the chapter. *At odds* counts those of which another place of the
chapter has another value. Who has one evening begins with [them](#what-is-said-more-than-once): both values are the
chapter's own.

"""
TWICE = """## What is said more than once

{all} quantities stand in {places} places of the chapter. Within their printed digits {agree} of them agree; these
{differ} differ. `labcore claims --consistency` lists all of them.

"""
LISTINGS = """
## Every listing, run

"""


def page() -> str:
    """The whole of docs/errata.md."""
    settled = claims()
    found = sorted(slips(settled), key=lambda slip: (slip.weight, _position(slip)))
    numbers = {id(slip): number for number, slip in enumerate(found, start=1)}
    groups = [(words, of_weight(found, index)) for index, words in enumerate(WEIGHTS)]
    body = [f"## {words}\n\n" + "\n".join(_entry(s, numbers[id(s)]) for s in some) for words, some in groups if some]
    return "\n".join([_head(settled, found) + _summary(groups), *body, _said_twice(), _listings(settled)])


def _position(slip: Slip) -> int:
    """Where in the chapter a slip stands: the index of its first item."""
    return list(inventory()).index(find_items(slip.first.claim.item)[0].name)


def _head(settled: list[Settled], found: list[Slip]) -> str:
    count = Counter(one.verdict for one in settled)
    departing = count["erratum"] + count["rounding"]
    return HEAD.format(
        all=count.total(), meet=count["reproduces"] + count["cited"], shown=count["shown"], departing=departing,
        slips=counted(len(found), "slip"),
    )  # fmt: skip


def _summary(groups: list[tuple[str, list[Slip]]]) -> str:
    rows = [(f"[{words}](#{_anchor(words)})", some) for words, some in groups]
    rows.append(("all", [slip for _, some in groups for slip in some]))
    lines = [(words, *_counts(some)) for words, some in rows]
    return table(("weight", "slips", "places", "with a reading that holds", "at odds"), lines)


def _counts(some: list[Slip]) -> tuple[str, ...]:
    places = sum(len(slip.settled) for slip in some)
    readings = sum(bool(_reading(slip)) or slip.first.verdict == "rounding" for slip in some)
    return tuple(map(str, (len(some), places, readings, sum(bool(slip.elsewhere) for slip in some))))


def _entry(slip: Slip, number: int) -> str:
    first = slip.first
    anchors = "".join(f'<a id="{one.claim.id}"></a>' for one in slip.settled)
    printed, computed = first.cells()[1:3]
    lines = [
        f"### {number}. {_short(first.claim.item)}: {find_items(first.claim.item)[0].title}{anchors}\n",
        f"- Place: {stacked([place_of(one) for one in slip.settled])}",
        f"- Printed: {printed}" + _others(slip),
        f"- Computed: {computed}. {first.claim.statement}",
        f"- Demonstration: {parted(first.reason)[0]}",
        *([f"- {_reading(slip)}"] if _reading(slip) else []),
        *([f"- At odds: {'; '.join(slip.elsewhere)}, [below](#what-is-said-more-than-once)"] if slip.elsewhere else []),
        f"- Shown in: {', '.join(dict.fromkeys(cell_link(one.claim.where) for one in slip.settled))}\n",
    ]
    return "\n".join(lines)


def _others(slip: Slip) -> str:
    others = ((_short(one.claim.item), *one.cells()[1:3]) for one in slip.settled[1:])
    return "".join(f"; {item}: {printed}, computed {computed}" for item, printed, computed in others)


def _reading(slip: Slip) -> str:
    """The reading of the claim that demonstrates, for its print alone; of a rounding, its reason is the reading."""
    return parted(slip.first.reason)[1]


def _short(item: str) -> str:
    """An item as a heading has it.

    >>> _short("Text §Memory hierarchy"), _short("Figure (margin, unnumbered: energy ladder)")
    ('Text of "Memory hierarchy"', 'Margin figure, energy ladder')
    """
    if item.startswith("Text §"):
        return f'Text of "{item.removeprefix("Text §")}"'
    return item.replace("Figure (margin, unnumbered: ", "Margin figure, ").rstrip(")") if "(margin" in item else item


def place_of(settled: Settled) -> str:
    """A claim's place as a reader of the book finds it: item, then the section's title."""
    sections = dict.fromkeys(item.section for item in find_items(settled.claim.item))
    name = "Text" if settled.claim.item.startswith("Text §") else _short(settled.claim.item)
    return f"{name}, in {' and '.join(f'*{section}*' for section in sections)}"


def _anchor(words: str) -> str:
    return words.lower().replace(" ", "-")


def _said_twice() -> str:
    parting = [one for one in quantities() if not one.agrees]
    rows = [(one.name, stacked([f"{_short(p.where)}: {p.text}" for p in one.places]), _links(one)) for one in parting]
    head = TWICE.format(
        all=len(quantities()), places=sum(len(one.places) for one in quantities()),
        agree=len(quantities()) - len(parting), differ=len(parting),
    )  # fmt: skip
    return head + table(("quantity", "places", "erratum"), rows)


def _listings(settled: list[Settled]) -> str:
    """Every listing with the cells that run it, and what its claims come to; a departure links to its entry."""
    by_item: dict[str, list[Settled]] = {}
    for one in settled:
        for item in find_items(one.claim.item):
            by_item.setdefault(item.name, []).append(one)
    items = [item for item in inventory().values() if item.kind in ("listing", "algorithm")]
    rows = [
        (item.name, stacked(list(dict.fromkeys(cell_link(one.claim.where) for one in by_item[item.name]))),
         stacked([_shown_by(one) for one in by_item[item.name]]))
        for item in items
    ]  # fmt: skip
    return LISTINGS + table(("listing", "run in", "what running it shows"), rows)


def _shown_by(one: Settled) -> str:
    words = one.verdict if one.verdict in ("reproduces", "shown", "cited") else f"[{one.verdict}](#{one.claim.id})"
    return f"{words}: {one.claim.statement}"


def _links(one: Quantity) -> str:
    return stacked([f"[{id}](#{id})" for id in one.errata])
