"""The stored outputs of a cell as HTML: figures, explorers, claims, predictions, printed lines."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from functools import cache

from labcore.book import BookError
from labcore.explore.explorer import Explorer
from labcore.house import checkout
from labcore.site.calls import opened
from labcore.site.markdown import free, picture, reachable
from labcore.site.states import Drawn, decode, draw

CONTROLS = "Run the cell for the controls."
ASKED = re.compile(r"Prediction: (?P<question>.+?)(?: \((?P<unit>[^()]+)\))?\. Run the cell for a box", re.DOTALL)
COMPUTED = re.compile(r"Computed: (?P<value>[-\d.,e+]+) ?(?P<unit>.*)")
CLAIM = re.compile(r"<tr><td style='text-align:left' title='([^']+)'>(.*?)</td>")


@cache
def sentences() -> dict[str, str]:
    """The sentence of each figure of the gallery, and the figure's id."""
    text = checkout("figures", "index.md").read_text(encoding="utf-8")
    entries = re.findall(r"\(([\w-]+)\.svg\)(?:(?!\n## ).)*?\n\*In numbers:\* (.+?)\n", text, re.DOTALL)
    return {said: id for id, said in entries}


class Outputs:
    """The outputs of one lab's cells, in the order of the page; what they need besides gathers in `files`, `states`."""

    def __init__(self, lab: str, sources: list[str], taken: set[str]) -> None:
        self.lab, self.sources, self.taken = lab, sources, taken
        self.files: dict[str, bytes] = {}
        self.states: dict[str, Drawn] = {}
        self.entries: list[tuple[str, str, str, str]] = []  # kind, title, anchor, further words

    def of(self, cell: object) -> str:
        """All outputs of a cell."""
        outputs = [(one, one.get("data", {})) for one in cell.outputs]
        explorers = iter(self.explorers(cell.source, outputs))
        ids = iter(re.findall(rf'"({self.lab[:2]}-[\w-]+)"', cell.source))
        return "".join(self.one(output, data, cell, explorers, ids) for output, data in outputs)

    def one(self, output: object, data: dict, cell: object, explorers: Iterator, ids: Iterator) -> str:
        """One output."""
        text, rich = data.get("text/plain", ""), data.get("text/html", "")
        if output.output_type == "stream":
            return printed(output.text)
        if CONTROLS in rich:
            return self.explorer(next(explorers), text, cell.source)
        if asked := ASKED.match(text):
            return prediction(next(ids, f"{self.lab}-{html.escape(asked['question'])[:20]}"), asked)
        if computed := COMPUTED.search(text):
            return answer(next(ids, ""), computed, text)
        if "image/png" in data:
            return self.figure(data, text, rich)
        if re.match(r"[\w-]+: not answered yet", text):
            return '<p class="quiet">Self-check: in JupyterLab the answer is typed here and checked.</p>\n'
        return self.claims(rich) if rich else printed(text)

    def explorers(self, source: str, outputs: list) -> list[Explorer]:
        """The explorers that a cell shows; raises BookError where the page could not know them."""
        count = sum(CONTROLS in data.get("text/html", "") for _, data in outputs)
        found = opened(source, self.sources) if count else []
        if len(found) != count:
            raise BookError(f"{self.lab}: the cell {source[:40]!r} shows {count} explorers and opens {len(found)}")
        return found

    def explorer(self, explorer: Explorer, stored: str, source: str) -> str:
        """An explorer that moves; raises BookError where the notebook's sentence is not the one it says now."""
        if stored != explorer.sentence:
            words = f"{self.lab} is stale: {source[:40]!r} stores {stored[:60]!r} and says {explorer.sentence[:60]!r}"
            raise BookError(f"{words}; run `labcore build {self.lab[:2]}`")
        name = f"explorer-{1 + len(self.states)}"
        drawn = self.states[name] = draw(explorer, name)
        self.entries.append(("Explorer", explorer.question, name, explorer.shows))
        return explorer_html(name, drawn)

    def figure(self, data: dict, said: str, rich: str) -> str:
        """A figure: as the gallery has it where it is one of those, else the stored picture."""
        alt = html.unescape(next(iter(re.findall(r'alt="([^"]*)"', rich)), said))
        about = next(iter(re.findall(r"<details>.*?</details>", rich, re.DOTALL)), "")
        about = about.replace("<details>", '<details class="about">')
        id = sentences().get(said, "")
        if id and not checkout("figures", f"{id}.svg").exists():
            raise BookError(f"figures/{id}.svg is missing; run `labcore figures {id}`")
        if id:
            name = f"figures/{id}.svg"
            self.entries.append(("Figure", alt, f"figure-{id}", said))
        else:
            pixels = base64.b64decode(data["image/png"])
            name = f"pictures/{hashlib.sha256(pixels).hexdigest()[:12]}.png"
            self.files[name] = pixels
        anchor = f' id="{free(f"figure-{id}", self.taken)}"' if id else ""
        return f"<figure{anchor}>{picture(name, alt)}<figcaption>{html.escape(said)}</figcaption>{about}</figure>\n"

    def claims(self, rich: str) -> str:
        """A table; where its rows are claims, each has its anchor."""

        def anchored(row: re.Match) -> str:
            anchor = free(f"claim-{row[1]}", self.taken)
            if anchor == f"claim-{row[1]}":  # a claim is found where it stands first
                self.entries.append(("Claim", html.unescape(row[2]), anchor, row[1]))
            return row[0].replace("<tr>", f'<tr id="{anchor}">')

        return f'<div class="wide" tabindex="0">{CLAIM.sub(anchored, rich)}</div>\n' if "<table" in rich else rich


def explorer_html(name: str, drawn: Drawn) -> str:
    """The frame of an explorer: question, place for controls, picture and sentence of the start."""
    markup, said = decode(drawn.data, drawn.start)
    wide, high = drawn.size
    moving = "".join(f"<g>{one}</g>" for one in markup)
    fixed = "; ".join(f"{label} at {value}" for label, value in drawn.standing.items())
    note = f" It leaves {fixed}." if fixed else ""
    return f"""\
<figure class="explorer" id="{name}" aria-labelledby="{name}-question">
<p class="question" id="{name}-question">{html.escape(drawn.question)}</p>
<div class="controls"></div>
<svg role="img" aria-label="{html.escape(f"{drawn.shows} {said}")}" viewBox="0 0 {wide} {high}" width="{wide // 2}">\
<defs>{drawn.definitions}</defs><g>{drawn.still}</g><g class="moving">{moving}</g></svg>
<p role="status">{html.escape(said)}</p>
<figcaption>This page shows {len(drawn.data["rows"])} of the explorer's states.{html.escape(note)} \
In JupyterLab every value can be chosen.</figcaption>
</figure>
"""


def prediction(id: str, asked: re.Match) -> str:
    """A box for a guess; the page's script opens it, and keeps what is typed in this browser."""
    unit, label = html.escape(asked["unit"] or ""), f"guess-{html.escape(id)}"
    shown = f" ({unit})" if unit else ""
    return f"""\
<form class="predict" data-id="{html.escape(id)}" data-unit="{unit}">
<label for="{label}">Prediction: {html.escape(asked["question"])}{shown}</label>
<input id="{label}" inputmode="decimal" autocomplete="off" placeholder="a number" disabled>
<button disabled>Keep</button>
<p role="status"></p>
<details hidden><summary>What the lab computes</summary><p class="answer"></p></details>
</form>
"""


def answer(id: str, computed: re.Match, text: str) -> str:
    """The question, and a computed value with room for the guess that was kept."""
    value = computed["value"].replace(",", "")
    return (
        f'<p class="computed" data-id="{html.escape(id)}" data-value="{value}">{html.escape(text[: computed.start()])}'
        f'<span class="yours"></span><span class="value">{html.escape(text[computed.start() :])}</span>'
        '<span class="verdict"></span></p>\n'
    )


def printed(text: str) -> str:
    """Printed lines."""
    text = text.rstrip("\n")
    return f'<pre class="output"{reachable(text)}>{html.escape(text)}</pre>\n' if text else ""
