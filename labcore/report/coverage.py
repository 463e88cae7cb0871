"""docs/coverage.md: every item of the sources, with the cells, figures, claims and tasks that carry it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from labcore.claims.ledger import Claim, claims
from labcore.claims.settled import summary, tally
from labcore.plots.registry import Figure
from labcore.report import carriers
from labcore.report.carriers import Cells
from labcore.report.inventory import Item, find_items, inventory
from labcore.report.markdown import folded, stacked, table

COLUMNS = "item", "cells", "figures", "claims", "exercise"
HEAD = """\
# Coverage: where each item of the chapter is carried

Every numbered item of the chapter, every section that states something, and what an essay, a glossary and an
announcement state: each with the cells of the labs that show it, the figure, the claims with their verdicts, and the
tasks that train it. `labcore build` makes this page from the inventory, made by hand from the sources, and from the
labs, the ledger, the figures and the exercises. A test fails where an item has no cell, or neither claim nor figure.

A link to a cell opens the lab there in JupyterLab; GitHub opens the lab at its top. A claim's link leads to the
function that computes it; a figure's to the [gallery](../figures/index.md). `shown` marks a statement with nothing to
compute. A dash under exercise says that no task asks for it.
"""


@dataclass(frozen=True)
class Row:
    """One item with what carries it."""

    item: Item
    cells: list[str]
    figures: list[Figure]
    claims: list[Claim]


def rows(cells: Cells) -> list[Row]:
    """Every item of the inventory, in its order, with what carries it."""
    stated, drawn = carriers.claims_of(), carriers.figures_of()
    return [
        Row(item, carriers.cells_of(item, stated[name], drawn[name], cells), drawn[name], stated[name])
        for name, item in inventory().items()
    ]


def page(cells: Cells) -> str:
    """The whole of docs/coverage.md, from the cells of all labs."""
    settled = claims()
    verdicts = {one.claim.id: one.verdict for one in settled}
    found = rows(cells)
    parts = [HEAD, totals(found), f"The ledger: {summary(settled)}.\n"]
    for section, group in groupby(found, key=lambda row: row.item.section):
        lines = [line(row, verdicts, cells) for row in group]
        parts += [f"## {section}\n", table(COLUMNS, lines)]
    return "\n".join(parts)


def totals(found: Sequence[Row]) -> str:
    """How many items of each kind there are, and how many have each carrier."""
    tests: tuple[Callable[[Row], object], ...] = (
        lambda row: True, lambda row: row.cells, lambda row: row.claims, lambda row: row.figures,
        lambda row: row.item.exercise,
    )  # fmt: skip
    counts = [Counter(row.item.kind for row in found if test(row)) for test in tests]
    kinds = dict.fromkeys(row.item.kind for row in found)
    lines = [(kind, *(str(count[kind]) for count in counts)) for kind in kinds]
    lines.append(("all", *(str(count.total()) for count in counts)))
    return table(("kind", "items", "with cell", "with claim", "with figure", "with exercise"), lines)


def line(row: Row, verdicts: dict[str, str], cells: Cells) -> tuple[str, ...]:
    """One item as a row: its anchor and name, and the links to its carriers."""
    item, words = row.item, tally(verdicts[one.id] for one in row.claims)
    return (
        f'<a id="{item.anchor}"></a>**{item.name}** {item.title}',
        stacked([carriers.cell_link(place) for place in row.cells]),
        stacked([f"[{one.id}](../figures/index.md#{one.id})" for one in row.figures]),
        folded([claim_entry(one, item, verdicts[one.id]) for one in row.claims], words),
        stacked([carriers.task_link(task, cells) for task in item.exercise]),
    )


def claim_entry(claim: Claim, item: Item, verdict: str) -> str:
    """The link to a claim's function and its verdict; at the first of its items also its anchor."""
    anchor = f'<a id="{claim.id}"></a>' if find_items(claim.item)[0] == item else ""
    return f"{anchor}[{claim.id}](../{carriers.claim_lines()[claim.id]}) {verdict}"
