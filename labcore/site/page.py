"""The frame of every page: head, header, navigation, what stands on it, footer. Nothing comes from another host."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

POLICY = "; ".join(  # pages that are opened as files have no host that 'self' could name
    (
        "default-src 'none'",
        "script-src 'self' file:",
        "style-src 'self' file: 'unsafe-inline'",
        "img-src 'self' file: data:",
    )
)
Entry = tuple[str, str, str, str]  # what a search finds: kind, title, address, further words


@dataclass
class Page:
    """One page: its file, its title, what stands on it, and what a search finds there."""

    name: str
    title: str
    body: str
    entries: list[Entry] = field(default_factory=list)
    toc: Sequence[tuple[int, str, str]] = ()
    scripts: Sequence[str] = ()
    files: dict[str, str | bytes] = field(default_factory=dict)  # further files that belong to it

    def html(self, places: Sequence[tuple[str, str]]) -> str:
        """The whole page; `places` are the links of its header, title and file."""
        marked = {True: ' aria-current="page"', False: ""}
        links = "".join(f'<li><a href="{at}"{marked[at == self.name]}>{html.escape(t)}</a></li>' for t, at in places)
        scripts = "".join(f'<script src="{one}" defer></script>\n' for one in self.scripts)
        aside = contents(self.toc)
        return FRAME.format(
            policy=POLICY, title=html.escape(self.title), links=links, aside=aside, body=self.body, scripts=scripts,
            wide="with-contents" if aside else "alone",
        )  # fmt: skip


def contents(toc: Sequence[tuple[int, str, str]]) -> str:
    """Where one is on a long page; nothing for a short one."""
    points = [f'<li class="level-{level}"><a href="#{at}">{html.escape(words)}</a></li>' for level, words, at in toc]
    if len(points) < 3:
        return ""
    title = '<p id="on-this-page">On this page</p>'
    return f'<nav class="contents" aria-labelledby="on-this-page">{title}<ol>{"".join(points)}</ol></nav>'


FRAME = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - labcore</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/site.css">
<script src="assets/theme.js"></script>
{scripts}</head>
<body class="{wide}">
<a class="skip" href="#main">Skip to the text</a>
<header>
<a class="home" href="index.html">labcore</a>
<nav aria-label="The book"><ul>{links}</ul></nav>
<form role="search" action="search.html">
<label for="query">Search</label> <input id="query" type="search" name="q">
</form>
<button type="button" id="theme" hidden>Dark</button>
</header>
{aside}
<main id="main">
{body}
</main>
<footer><p>Labs, exercises and figures for the chapter on hardware acceleration of an open ML-systems textbook.
Code under Apache-2.0, text and figures under CC BY 4.0.</p></footer>
</body>
</html>
"""
