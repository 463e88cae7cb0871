"""One lab, and one exercise, as a page: text, code, outputs, from the notebook that is committed."""

from __future__ import annotations

import html
import re
from pathlib import Path

import nbformat

from labcore.book import BookError, Lab, read_source
from labcore.site.markdown import code_block, render
from labcore.site.outputs import Outputs
from labcore.site.page import Page
from labcore.site.plan import Plan

SHOWN = re.compile(  # cells that fetch, show or ask
    r"^(display\(\s*\*?\(?)?"
    r"(show|claims_at|departures|predict|compare|selfcheck|progress|\w+_explorer|\w+_stepper)\("
)


def lab_page(lab: Lab, plan: Plan) -> Page:
    """The page of a lab; raises BookError for a notebook that is missing, stale, or whose figures are."""
    cells = fresh_cells(lab)
    taken = {f"cell-{cell.id}" for cell in cells}
    outputs = Outputs(lab.source.stem, [cell.source for cell in cells if cell.cell_type == "code"], taken)
    parts, headings = [], []
    for cell in cells:
        if cell.cell_type == "markdown":
            text = render(cell.source, plan.resolver("notebooks"), taken)
            headings += text.headings
            parts.append(f'<section class="text" id="cell-{cell.id}">\n{text.html}</section>\n')
        else:
            parts.append(code_cell(cell, outputs))
    title, question, _ = lab.opening()
    page = f"{lab.source.stem}.html"
    entries = [("Lab", title, page, question)]
    entries += [("Heading", words, f"{page}#{anchor}", title) for level, words, anchor in headings if level > 1]
    entries += [(kind, words, f"{page}#{anchor}", f"{more} {title}") for kind, words, anchor, more in outputs.entries]
    files = dict(outputs.files) | {f"notebooks/{lab.notebook.name}": lab.notebook.read_bytes()}
    scripts = ["assets/explorers.js"]
    if outputs.states:
        scripts.insert(0, f"explorers/{lab.source.stem}.js")
        states = ",\n".join(f'"{name}": {drawn.json()}' for name, drawn in outputs.states.items())
        files[scripts[0]] = f"var LABCORE = {{\n{states}\n}};\n"
    body = "".join(parts) + onward(lab, plan)
    toc = [one for one in headings if one[0] in (2, 3)]
    return Page(page, title, downloads(lab, plan) + body, entries, toc, scripts, files)


def fresh_cells(lab: Lab) -> list:
    """The cells of a lab's notebook; raises BookError where it is not built, or not of the source as it stands."""
    name, number = lab.notebook.name, lab.number
    if not lab.notebook.exists():
        raise BookError(f"notebooks/{name} is not built yet; run `labcore build {number}`")
    cells = nbformat.read(lab.notebook, 4).cells
    if [cell.source for cell in cells] != [cell.source for cell in read_source(lab.source).cells]:
        raise BookError(f"notebooks/{name} is stale: its cells are not its source's; run `labcore build {number}`")
    return cells


def code_cell(cell: object, outputs: Outputs) -> str:
    """A code cell: open where it is the lesson, folded where it only fetches, shows or asks."""
    code, lines = code_block(cell.source, "python"), cell.source.splitlines()
    imports = all(line.startswith(("import ", "from ", " ", ")")) or not line for line in lines)
    if imports or SHOWN.match(cell.source):
        code = f"<details><summary>{'Imports' if imports else 'Code'}</summary>{code}</details>"
    return f'<section class="cell" id="cell-{cell.id}">\n{code}\n{outputs.of(cell)}</section>\n'


def downloads(lab: Lab, plan: Plan) -> str:
    """Where the notebook and the exercise are."""
    links = [f'<a href="notebooks/{lab.notebook.name}" download>Download this notebook</a>']
    if exercise := plan.pages.get(f"exercises/{lab.notebook.name}"):
        links.append(f'<a href="{exercise}">its exercise</a>')
    command = f"<code>labcore lab {lab.number}</code>"
    return f'<p class="quiet downloads">{", ".join(links)}, or run it with {command}.</p>\n'


def onward(lab: Lab, plan: Plan) -> str:
    """Links to the labs before and after."""
    at = plan.chosen.index(lab)
    around = [("Before", plan.chosen[at - 1])] if at else []
    around += [("Next", plan.chosen[at + 1])] if at + 1 < len(plan.chosen) else []
    links = [f'{word}: <a href="{one.source.stem}.html">{html.escape(one.opening()[0])}</a>' for word, one in around]
    return f'<nav aria-label="Other labs"><p>{"<br>".join(links)}</p></nav>\n' if links else ""


def exercise_page(path: Path, plan: Plan) -> Page:
    """An exercise to read: its tasks and stubs, and how to open the real one."""
    cells = nbformat.read(path, 4).cells
    taken, parts, headings = {f"cell-{cell.id}" for cell in cells}, [], []
    for cell in cells:
        if cell.cell_type == "markdown":
            text = render(cell.source, plan.resolver("exercises"), taken)
            headings += text.headings
        inner = text.html if cell.cell_type == "markdown" else code_block(cell.source, "python")
        parts.append(f'<section id="cell-{cell.id}">\n{inner}</section>\n')
    page = f"exercise-{path.stem}.html"
    link = f'<a href="notebooks/exercise-{path.name}" download>download it</a>'
    lab = f'<a href="{path.stem}.html">The lab</a> has what you need.' if f"notebooks/{path.name}" in plan.pages else ""
    how = f"""<p class="quiet">To read only. To answer it: <code>labcore lab {path.stem[:2]}</code> puts your copy into
<code>my/</code>, and <code>labcore grade my/{path.name}</code> checks it. Or {link}. {lab}</p>"""
    title = headings[0][1] if headings else path.stem
    entries = [("Exercise", words, f"{page}#{anchor}", title) for _, words, anchor in headings]
    files = {f"notebooks/exercise-{path.name}": path.read_bytes()}
    return Page(page, title, how + "".join(parts), entries, [one for one in headings if one[0] == 2], (), files)
