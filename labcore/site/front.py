"""The pages that are no lab: the front, those of Markdown files, the search."""

from __future__ import annotations

import html
import re
from pathlib import Path

from labcore.book import BookError
from labcore.house import ROOT, checkout
from labcore.site.markdown import render
from labcore.site.page import Page
from labcore.site.plan import GALLERY, GUIDE, SEARCH, Plan

FRONT = """\
<h1>Labs on hardware acceleration</h1>
<p>Labs, exercises and figures for the chapter "Hardware Acceleration" of an open ML-systems textbook. What the chapter
prints is recomputed here, statement by statement, with a verdict. These pages need nothing installed: text, code,
results, and explorers that move. To run the labs yourself, take the project and type <code>make lab</code>.</p>
<h2 id="uses">Three uses</h2>
<ul>
<li><strong>Work through the labs.</strong> Each opens with a question and asks for a prediction, which this browser
keeps for you.</li>
<li><strong>Grade exercises.</strong> Each lab but the first page has one, checked by values. {guide}</li>
<li><strong>Take the figures.</strong> Each comes with its data, a caption and an alternative text:
<a href="gallery.html">the gallery</a>.</li>
</ul>
{beside}
<h2 id="labs">The labs</h2>
<div class="wide" tabindex="0"><table class="labs"><thead><tr><th scope="col">lab</th><th scope="col">question</th>
<th scope="col">exercise</th></tr></thead><tbody>
{labs}
</tbody></table></div>
"""
RESULTS = """\
<h1>Search</h1>
<p id="found" role="status">Search needs JavaScript.</p>
<ol class="results" id="results"></ol>
"""


def front_page(plan: Plan) -> Page:
    """The first page: what this is, its uses, the labs with question and times."""
    rows = []
    for lab in plan.chosen:
        title, question, times = lab.opening()
        exercise = plan.pages.get(f"exercises/{lab.notebook.name}")
        link = f'<a href="{exercise}" aria-label="Exercise {lab.number}">{lab.number}</a>' if exercise else ""
        asked = f"{render(question, plan.resolver('notebooks'), set()).html.strip()}"
        rows.append(
            f'<tr><td><a href="{lab.source.stem}.html">{html.escape(title)}</a><small>{html.escape(times)}</small></td>'
            f"<td>{asked.removeprefix('<p>').removesuffix('</p>')}</td><td>{link}</td></tr>"
        )
    docs = [f'<a href="{page}">{html.escape(title)}</a>' for title, page in plan.places[2:]]
    beside = f"<p>Beside them: {', '.join(docs)}.</p>" if docs else ""
    guide = f'<a href="{GUIDE}">The teachers\' guide</a>.'
    body = FRONT.format(labs="\n".join(rows), beside=beside, guide=guide)
    return Page("index.html", "Labs on hardware acceleration", body)


def text_page(path: Path, plan: Plan) -> Page:
    """A page made of a Markdown file; raises BookError when it has no title."""
    source, folder = path.relative_to(ROOT).as_posix(), path.parent.relative_to(ROOT).as_posix()
    text = render(path.read_text(encoding="utf-8"), plan.resolver(folder), set())
    if not text.headings:
        raise BookError(f"{source} has no heading; its first line is the page's title, such as '# Errata'")
    page, title = plan.pages[source], text.headings[0][1]
    kind = "Figure" if page == GALLERY else title
    entries = [(kind, words, f"{page}#{anchor}", "") for _, words, anchor in text.headings]
    return Page(page, title, text.html, entries, [one for one in text.headings if one[0] == 2], (), files_of(text.html))


def files_of(body: str) -> dict[str, bytes]:
    """The files of figures/ that a page shows or links to; raises BookError with the way out where one is missing."""
    files = {}
    for name in sorted(set(re.findall(r'(?:src|href)="(figures/[^"#]+)"', body))):
        path = checkout(*name.split("/"))
        if not path.is_file():
            raise BookError(f"{name} is missing; run `labcore figures {path.stem}`")
        files[name] = path.read_bytes()
    return files


def search_page() -> Page:
    """The page of a search."""
    return Page(SEARCH, "Search", RESULTS, scripts=("assets/index.js", "assets/search.js"))
