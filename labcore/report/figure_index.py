"""figures/index.md: the gallery, with links from each figure to its lab cell, its claims and its items."""

from __future__ import annotations

from itertools import groupby

from labcore.claims.ledger import LEDGER, Claim
from labcore.plots.registry import Figure, figures
from labcore.report.carriers import Cells, cell_link, cells_of, claims_of, figures_of, items_of, places_of
from labcore.report.inventory import Item, inventory
from labcore.report.markdown import folded, stacked, table

HEAD = """\
# Figures

Every figure is drawn from data that a function of labcore computes, and is never edited by hand. Each stands here with
its data; `labcore figures` draws them all again, `labcore figures --check` names what would change. The colours keep a
contrast of 3 to 1 on white, and none of them carries a meaning alone.

A link to a figure ends with its name: [index.md#rising-ridge](#rising-ridge). A link to a cell opens the lab there in
JupyterLab; GitHub opens the lab at its top. Claims lead to the item of the chapter whose statements they settle, with
their verdicts, in the [coverage](../docs/coverage.md).
"""
COVERAGE = "../docs/coverage.md"


def page(cells: Cells) -> str:
    """The whole of figures/index.md, from the cells of all labs."""
    shown = sorted(figures().values(), key=lambda one: (one.lab, one.id))
    stated = claims_of()
    parts = [HEAD, *contents(shown, cells)]
    for lab, group in groupby(shown, key=lambda one: one.lab):
        title = f"Lab {lab[:2]}: {lab[3:].replace('_', ' ')}"
        parts += [f"## {title}\n", *(entry(one, stated, cells) for one in group)]
    return "\n".join(parts)


def contents(shown: list[Figure], cells: Cells) -> list[str]:
    """Tables of contents: the chapter's numbered figures, those in its margins, and ours by what they stand beside."""
    drawn, stated = figures_of(), claims_of()
    kinds = {"figure": "The chapter's numbered figures", "margin figure": "Figures in the chapter's margin"}
    parts, taken = [], set()
    for kind, title in kinds.items():
        items = [item for item in inventory().values() if item.kind == kind]
        taken |= {one.id for item in items for one in drawn[item.name]}
        lines = [(item_link(item), item.title, _pictures(item, drawn, stated, cells)) for item in items]
        parts += [f"## {title}\n", table(("item", "what it shows", "drawn here"), lines)]
    ours = [(figure_link(one), _beside(one)) for one in shown if one.id not in taken]
    return [*parts, "## Our own figures\n", table(("figure", "beside"), ours)]


def _pictures(item: Item, drawn: dict[str, list[Figure]], stated: dict[str, list[Claim]], cells: Cells) -> str:
    """The figures of an item; where it has none, the cells that speak of it."""
    without = [cell_link(place) for place in cells_of(item, stated[item.name], (), cells)]
    return (
        stacked([figure_link(one) for one in drawn[item.name]]) if drawn[item.name] else f"in words: {stacked(without)}"
    )


def _beside(figure: Figure) -> str:
    return ", ".join(map(item_link, items_of(figure))) or figure.item


def figure_link(figure: Figure) -> str:
    """Markdown link to a figure on this page."""
    return f"[{figure.title}](#{figure.id})"


def item_link(item: Item) -> str:
    """Markdown link from the gallery to an item of the coverage."""
    return f"[{item.name}]({COVERAGE}#{item.anchor})"


def entry(figure: Figure, stated: dict[str, list[Claim]], cells: Cells) -> str:
    """One figure of the gallery."""
    places = places_of(figure, cells)
    links = [f"[{one.id}]({COVERAGE}#{one.id})" for one in claims_behind(figure, stated, places)]
    row = (
        _beside(figure), stacked([cell_link(place) for place in places]), folded(links, f"{len(links)} claims"),
        f"[{figure.id}.csv]({figure.id}.csv)", f"`labcore figures {figure.id}`",
    )  # fmt: skip
    return f"""\
### <a id="{figure.id}"></a>{figure.title}

![{figure.alt}]({figure.id}.svg)

{figure.caption}

*In numbers:* {in_numbers(figure)}

{table(("chapter item", "cell", "claims", "data", "draw it again"), [row])}"""


def in_numbers(figure: Figure) -> str:
    """The figure's own numbers in a sentence."""
    return figure.says(figure.table())


def claims_behind(figure: Figure, stated: dict[str, list[Claim]], places: list[str]) -> list[Claim]:
    """The claims that a figure rests on: those of the items that it draws, and those settled where it is shown."""
    of_items = [one for item in items_of(figure) for one in stated[item.name]]
    here = [one for one in LEDGER.values() if one.where in places]
    return list({one.id: one for one in (*of_items, *here)}.values())
