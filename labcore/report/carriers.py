"""What carries each item of the sources: cells of labs, claims, figures, tasks; each with the link that leads to it.

Links are relative to a folder of the checkout such as docs/. JupyterLab opens a notebook at the cell that a link
names, and so do pages made from it; GitHub opens the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from labcore.claims.ledger import LEDGER, Claim, load
from labcore.grading.exercise_format import read_cells
from labcore.house import ROOT, checkout
from labcore.plots.registry import Figure, figures
from labcore.report.inventory import Item, find_items, inventory

Cells = Mapping[str, str]  # place, such as 09_roofline#napkin-1-3, -> the cell's source; all labs
UNNAMED = re.compile(r"[0-9a-f]{12}(-\d+)?")
REGISTERED = re.compile(r"^@?(?:computes|cites|shows)\(\s*\"([\w-]+)\"", re.MULTILINE)
ASKED = re.compile(r"\bselfcheck\(\s*\"([\w-]+)\"")


def claims_of() -> dict[str, list[Claim]]:
    """The claims of each item, by the item's name; those settled in cells named by hand with it.

    A claim may compare several items.
    """
    load()
    named = [(item, one) for one in LEDGER.values() for item in find_items(one.item)]
    here = [(item, one) for item in inventory().values() for one in LEDGER.values() if one.where in item.cells]
    return _by_item(named + here)


def figures_of() -> dict[str, list[Figure]]:
    """The figures of each item, by the item's name."""
    drawn = sorted(figures().values(), key=lambda one: one.id)
    return _by_item((item, one) for one in drawn for item in items_of(one))


def _by_item(pairs: Iterable[tuple[Item, object]]) -> dict[str, list]:
    found: dict[str, list] = {name: [] for name in inventory()}
    for item, carrier in pairs:
        found[item.name].append(carrier)
    return found


def items_of(figure: Figure) -> tuple[Item, ...]:
    """The items that a figure draws; none for one that belongs to a lab alone.

    >>> [item.name for item in items_of(figures()["network-time"])]
    ['Napkin Math 1.7', 'Table 14']
    """
    return () if figure.item.startswith("Lab ") else find_items(figure.item)


def places_of(figure: Figure, cells: Cells) -> list[str]:
    """The cells that show a figure, or send the reader to it by its name; those of its own lab first."""
    named = re.compile(rf"[\"`]{figure.id}[\"`]")
    found = [place for place, source in cells.items() if named.search(source)]
    return sorted(found, key=lambda place: not place.startswith(figure.lab))


def cells_of(item: Item, claims: Iterable[Claim], drawn: Iterable[Figure], cells: Cells) -> list[str]:
    """The cells that carry an item: where its claims are settled and those named by hand, else where its figures are.

    Raises ValueError for a cell that is nowhere.
    """
    found = [*(one.where for one in claims), *item.cells]
    found = found or [place for figure in drawn for place in places_of(figure, cells)]
    if lost := [place for place in found if place not in cells]:
        raise ValueError(f"{item.name} is carried by {', '.join(lost)}, which no lab has; name the cell that shows it")
    return list(dict.fromkeys(found))


def cell_link(place: str) -> str:
    """Markdown link to a cell of a lab; a cell without a name, whose id is a hash, goes by its lab.

    >>> cell_link("09_roofline#napkin-1-3")
    '[09 napkin-1-3](../notebooks/09_roofline.ipynb#cell-id=napkin-1-3)'
    """
    lab, _, cell = place.partition("#")
    words = f"lab {lab[:2]}" if UNNAMED.fullmatch(cell) else f"{lab[:2]} {cell}"
    return f"[{words}](../notebooks/{lab}.ipynb#cell-id={cell})"


def task_link(task: str, cells: Cells) -> str:
    """Markdown link to a task of an exercise, `09#q1`, or to a question of a lab's self-check, `09#roofline-1`.

    Raises ValueError for a task that is nowhere.
    """
    number, _, id = task.partition("#")
    if id in (titles := task_titles(number)):
        stem = _exercise(number).stem
        return f"[{number} {id}](../exercises/{stem}.ipynb#cell-id=task-{id}) {titles[id]}"
    for place, source in cells.items():
        if place.startswith(f"{number}_") and id in ASKED.findall(source):
            lab, _, cell = place.partition("#")
            return f"[{number} self-check {id[-1]}](../notebooks/{lab}.ipynb#cell-id={cell})"
    raise ValueError(f"{task} is neither a task of exercise {number} nor asked in lab {number}")


@cache
def task_titles(number: str) -> dict[str, str]:
    """The title of each task of an exercise; empty for a lab without one.

    >>> task_titles("09")["q2"]
    'What can this kernel reach on that chip?'
    """
    source = _exercise(number)
    tasks = [cell for cell in (read_cells(source) if source else []) if "task" in cell["metadata"]]
    return {cell["metadata"]["task"]: re.search(r"^## \d+\. (.+)$", cell["source"], re.M)[1] for cell in tasks}


def _exercise(number: str) -> Path | None:
    return next(checkout("exercises", "keys").glob(f"{number}_*.py"), None)


@cache
def claim_lines() -> dict[str, str]:
    """Where each claim is registered, as file#line, for a link.

    >>> claim_lines()["nm1-3-v100-ridge"].partition("#")[0]
    'labcore/claims/ridge_points.py'
    """
    lines: dict[str, str] = {}
    for path in checkout("labcore", "claims").glob("*.py"):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        found = REGISTERED.finditer(text)
        lines |= {match[1]: f"{name}#L{len(text[: match.start()].splitlines()) + 1}" for match in found}
    return lines
