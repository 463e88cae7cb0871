"""Markdown and code as HTML: headings with anchors, math as MathML, links led to the site's own pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

WIDE = 60  # characters of a line from which on a block may have to be scrolled, so that the keyboard must reach it
MATH = r"\$\$(?P<block_tex>[^$]+?)\$\$|\$(?P<tex>[^$\s](?:[^$]*[^$\s])?)\$(?!\d)"
Resolve = Callable[[str], str | None]  # a link as a source has it -> as the page has it, None where it leads nowhere


@dataclass
class Rendered:
    """A piece of HTML, and the headings in it: level, words, anchor."""

    html: str
    headings: list[tuple[int, str, str]] = field(default_factory=list)


def render(text: str, resolve: Resolve, taken: set[str], down: int = 0) -> Rendered:
    r"""Markdown as HTML. Anchors differ from those `taken` and join them; headings go `down` so many levels.

    >>> render("## What *moves*", str, set()).html
    '<h2 id="what-moves">What <em>moves</em></h2>\n'
    """
    page = _Page(resolve, taken, down)
    markdown = mistune.Markdown(page, inline=mistune.InlineParser(hard_wrap=False))
    mistune.plugins.table.table(markdown)
    markdown.inline.register("math", MATH, _parse_math, before="link")
    return Rendered(markdown(text), page.headings)


def _parse_math(inline: object, found: re.Match, state: object) -> int:
    block = found["block_tex"]
    state.append_token({"type": "math", "raw": block or found["tex"], "attrs": {"block": bool(block)}})
    return found.end()


class _Page(mistune.HTMLRenderer):
    def __init__(self, resolve: Resolve, taken: set[str], down: int) -> None:
        super().__init__(escape=False)
        self.resolve, self.taken, self.down = resolve, taken, down
        self.headings: list[tuple[int, str, str]] = []

    def heading(self, text: str, level: int, **attrs: object) -> str:
        level = min(level + self.down, 6)
        words = html.unescape(re.sub(r"<[^>]+>", "", text))
        anchor = free(slug(words), self.taken)
        self.headings.append((level, words, anchor))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = self.resolve(url)
        return f'<a href="{html.escape(target)}">{text}</a>' if target else f'<span class="away">{text}</span>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        target, id = self.resolve(url), url.rpartition("/")[2].partition(".")[0]
        anchor = free(f"figure-{id}", self.taken)
        return picture(target, html.unescape(text), f' id="{anchor}"') if target else html.escape(text)

    def block_code(self, code: str, info: str | None = None) -> str:
        return code_block(code.rstrip("\n"), (info or "text").split()[0])

    def table(self, text: str) -> str:
        return f'<div class="wide" tabindex="0"><table>\n{text}</table></div>\n'

    def math(self, raw: str, block: bool = False) -> str:
        return mathml(raw, block)


def mathml(tex: str, block: bool = False) -> str:
    r"""TeX as MathML, which browsers set themselves; raises ImportError with the way out without the converter.

    >>> "<mfrac>" in mathml(r"\frac{a}{b}")
    True
    """
    try:
        from latex2mathml.converter import convert
    except ImportError as error:
        raise ImportError("the site's formulas need latex2mathml; install it with: pip install -e '.[site]'") from error
    return convert(" ".join(tex.split()), display="block" if block else "inline")


def code_block(code: str, language: str) -> str:
    """Code in colours; what is no language that Pygments knows stays plain."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
        inner = highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    except ClassNotFound:
        inner = html.escape(code)
    return f"<pre{reachable(code)}><code>{inner}</code></pre>\n"


def reachable(text: str) -> str:
    """The attribute that lets the keyboard scroll a block with long lines.

    >>> reachable("short"), reachable("long " * 20)
    ('', ' tabindex="0"')
    """
    return ' tabindex="0"' if max(map(len, text.split("\n"))) > WIDE else ""


def picture(src: str, alt: str, attributes: str = "") -> str:
    """An image that is loaded when it comes near."""
    return f'<img src="{html.escape(src)}" alt="{html.escape(alt)}" loading="lazy"{attributes}>'


def slug(words: str) -> str:
    """An anchor for a heading, as GitHub makes it.

    >>> slug("What moves, and what stays")
    'what-moves-and-what-stays'
    """
    return re.sub(r"[^\w -]", "", words.lower()).strip().replace(" ", "-")


def free(anchor: str, taken: set[str]) -> str:
    """The anchor, or with a number behind where it is taken already; it joins those taken.

    >>> free("energy", {"energy"})
    'energy-1'
    """
    names = (anchor if n == 0 else f"{anchor}-{n}" for n in range(len(taken) + 1))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found
