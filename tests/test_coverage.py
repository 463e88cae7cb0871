"""Coverage and gallery: the inventory is whole, every item is carried, and every link leads somewhere."""

import re
from collections import Counter
from functools import cache

import pytest

from labcore import book
from labcore.claims import ledger
from labcore.claims.ledger import LEDGER
from labcore.claims.settled import Settled, SettledTable
from labcore.grading.exercise_format import read_cells
from labcore.house import ROOT, checkout
from labcore.plots.registry import figures
from labcore.report import carriers, coverage, figure_index
from labcore.report.inventory import Item, find_item, find_items, inventory

# As counted on the chapter's pages, by hand.
RUNS = {
    "Definition 1.": 6, "Theorem 1.": 1, "Example 1.": 4, "Napkin Math 1.": 10, "Lighthouse 1.": 2, "War Story 1.": 1,
    "Checkpoint 1.": 4, "Systems Perspective 1.": 2, "Algorithm ": 1, "Figure ": 14, "Table ": 24, "Listing ": 22,
    "Equation ": 6, "Footnote ": 43, "Essay 002 axis ": 12,
}  # fmt: skip
QUESTIONS = (5, 6, 6, 6, 5, 6, 6, 5, 4, 5, 3, 5, 3)
BELIEFS = ["Fallacy 1", "Pitfall 2", "Fallacy 3", "Pitfall 4", "Fallacy 5", "Pitfall 6", "Fallacy 7", "Pitfall 8"]
OTHERS = {"cover": 1, "margin figure": 6, "key takeaways": 1, "essay": 12, "glossary": 1, "announcement": 1}
CHAPTER = [item for item in inventory().values() if not item.section.startswith(("Essay", "Glossary", "Announcement"))]
LINK = re.compile(r"\]\(([^()\s]+)\)")
ANCHOR = re.compile(r"<a id=\"([^\"]+)\"></a>")


@cache
def cells():
    return book.cells()


@cache
def rows():
    return coverage.rows(cells())


@cache
def pages():
    """Both pages built anew, but for verdicts and sentences in numbers, which take long and which others test."""
    ledger.load()
    reproduced = SettledTable(Settled(one, None, "reproduces", "") for one in LEDGER.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "claims", lambda: reproduced)
        patch.setattr(figure_index, "in_numbers", lambda figure: "")
        return {"docs/coverage.md": coverage.page(cells()), "figures/index.md": figure_index.page(cells())}


# ---- the inventory


def test_every_numbered_item_of_the_pages_is_listed():
    wanted = [f"{run}{n}" for run, count in RUNS.items() for n in range(1, count + 1)]
    wanted += [f"Self-Check set {s} Q{q}" for s, count in enumerate(QUESTIONS, start=1) for q in range(1, count + 1)]
    assert [name for name in [*wanted, *BELIEFS] if name not in inventory()] == []
    kinds = Counter(item.kind for item in inventory().values())
    assert {kind: kinds[kind] for kind in OTHERS} == OTHERS
    assert (kinds["self-check"], kinds["footnote"], kinds["table"], kinds["figure"]) == (65, 43, 24, 14)


def test_items_stand_in_the_order_of_the_chapter():
    lines = [item.line for item in CHAPTER]
    assert lines == sorted(lines)
    for kind in ("footnote", "table", "figure", "listing", "self-check", "napkin math"):
        numbers = [[int(n) for n in re.findall(r"\d+", item.name)] for item in CHAPTER if item.kind == kind]
        assert numbers == sorted(numbers), kind


def test_anchors_are_unique_within_each_page():
    for text in pages().values():
        assert [id for id, n in Counter(ANCHOR.findall(text)).items() if n > 1] == []
    ledger.load()
    assert set(ANCHOR.findall(pages()["docs/coverage.md"])) == {one.anchor for one in inventory().values()} | set(
        LEDGER
    )
    assert set(ANCHOR.findall(pages()["figures/index.md"])) == set(figures())


def test_a_place_finds_its_items():
    assert find_item("Text §Mobile SoC footnote 43").name == "Footnote 43"
    assert find_item("Equation 1 (Theorem 1.1)").name == "Equation 1"
    assert find_item("Table 10").name == "Table 10"  # and not Table 1
    assert (
        find_item("Margin figure (unnumbered), §Roofline Model").name == "Figure (margin, unnumbered: roofline elbow)"
    )
    assert [item.name for item in find_items("Tables 5 and 22, Listings 17 and 18")] == [
        "Table 5", "Table 22", "Listing 17", "Listing 18",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"^'Table 25' is no item of the sources; add it to labcore/report/inventory"):
        find_items("Table 24; Table 25")


# ---- what carries the items


def test_every_item_has_a_cell_and_a_claim_or_a_figure():
    assert [row.item.name for row in rows() if not row.cells] == []
    assert [row.item.name for row in rows() if not (row.claims or row.figures)] == []


def test_what_has_a_figure_without_a_claim_is_a_section_of_the_text():
    assert {row.item.kind for row in rows() if not row.claims} == {"section text"}


def test_every_claim_and_every_figure_has_its_place():
    carried = {one.id for row in rows() for one in row.claims}
    assert carried == set(LEDGER)
    drawn = {one.id for row in rows() for one in row.figures}
    assert {one.id for one in figures().values() if not one.item.startswith("Lab ")} == drawn


def test_the_fourteen_figures_are_drawn_and_five_of_the_margin():
    drawn = {row.item.name: row.figures for row in rows()}
    assert [n for n in range(1, 15) if not drawn[f"Figure {n}"]] == []
    margin = [row for row in rows() if row.item.kind == "margin figure"]
    assert [row.item.name for row in margin if not row.figures] == ["Figure (margin, unnumbered: D-A-M triangle)"]


def test_every_figure_is_shown_in_its_own_lab():
    for figure in figures().values():
        assert carriers.places_of(figure, cells())[0].startswith(f"{figure.lab}#"), figure.id


def test_every_question_of_the_chapter_is_asked_somewhere():
    without = [row.item.name for row in rows() if not row.item.exercise]
    assert without == [
        "Figure (cover, unnumbered)", "Figure (margin, unnumbered: D-A-M triangle)", "Footnote 10", "Footnote 13",
        "Figure 5", "Self-Check sets 4-13 (48 questions)",
    ]  # fmt: skip


def test_a_task_or_a_cell_that_is_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"^09#q99 is neither a task of exercise 09 nor asked in lab 09$"):
        carriers.task_link("09#q99", cells())
    lost = Item("Table 99", "table", "Nowhere", 1, "", cells=("09_roofline#nowhere",))
    with pytest.raises(
        ValueError, match=r"^Table 99 is carried by 09_roofline#nowhere, which no lab has; name the cell"
    ):
        carriers.cells_of(lost, (), (), cells())


# ---- the pages


def test_totals_count_each_item_once():
    last = coverage.totals(rows()).splitlines()[-1]
    assert last.startswith(f"| all | {len(inventory())} | {len(inventory())} | ")


@cache
def tasks(exercise):
    source = checkout("exercises", "keys", f"{exercise}.py")
    return {f"task-{cell['metadata']['task']}" for cell in read_cells(source) if "task" in cell["metadata"]}


def leads_nowhere(link, folder):
    """What is wrong with a relative link of a page in `folder`; nothing where it leads somewhere."""
    path, _, fragment = link.partition("#")
    target = (ROOT / folder / path).resolve() if path else None
    name = target.relative_to(ROOT).as_posix() if target else f"{folder}/index.md"
    if target and not target.is_file():
        return f"{link}: no such file"
    if fragment.startswith("cell-id="):
        cell = fragment.removeprefix("cell-id=")
        there = tasks(target.stem) if name.startswith("exercises") else cells()
        return "" if cell in there or f"{target.stem}#{cell}" in there else f"{link}: no such cell"
    if fragment and target and target.suffix == ".py":
        return "" if len(target.read_text().splitlines()) >= int(fragment.removeprefix("L")) else f"{link}: too short"
    return "" if not fragment or fragment in ANCHOR.findall(pages()[name]) else f"{link}: no such anchor"


@pytest.mark.parametrize(("name", "least"), [("docs/coverage.md", 1200), ("figures/index.md", 900)])
def test_every_link_leads_somewhere(name, least):
    links = set(LINK.findall(pages()[name]))
    assert len(links) > least
    assert [wrong for link in sorted(links) if (wrong := leads_nowhere(link, name.split("/")[0]))] == []


def test_links_that_lead_nowhere_are_told():
    assert leads_nowhere("../notebooks/99_nowhere.ipynb", "docs").endswith("no such file")
    assert leads_nowhere("../notebooks/09_roofline.ipynb#cell-id=nowhere", "docs").endswith("no such cell")
    assert leads_nowhere("../exercises/09_roofline.ipynb#cell-id=task-q99", "docs").endswith("no such cell")
    assert leads_nowhere("../figures/index.md#nowhere", "docs").endswith("no such anchor")
    assert leads_nowhere("../labcore/house.py#L9999", "docs").endswith("too short")


def test_a_claim_s_link_leads_to_its_registration():
    for id in LEDGER:
        path, line = carriers.claim_lines()[id].split("#L")
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        assert f'"{id}"' in " ".join(lines[int(line) - 1 : int(line) + 1]), id


def test_the_gallery_in_the_checkout_is_the_one_that_is_built():
    """But for the sentences in numbers, which the test of each figure's files looks for."""
    stored = checkout("figures", "index.md").read_text(encoding="utf-8")
    assert re.sub(r"(?m)^(\*In numbers:\*).*", r"\1 ", stored) == pages()["figures/index.md"]
