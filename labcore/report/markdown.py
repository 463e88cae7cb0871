"""Markdown as GitHub and JupyterLab read it: tables, and what is folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FEW = 3  # as many entries as stand open in a cell of a table


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; its cells may hold links and line breaks as HTML.

    >>> print(table(("a", "b"), [("1", "2")]), end="")
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    first, *rest = (f"| {' | '.join(row)} |" for row in (head, *lines))
    return "\n".join([first, "|" + "---|" * len(head), *rest, ""])


def stacked(entries: Sequence[str]) -> str:
    """Entries of one cell, one below the other; a dash for none.

    >>> stacked(["a", "b"]), stacked([])
    ('a<br>b', '-')
    """
    return "<br>".join(entries) or "-"


def folded(entries: Sequence[str], words: str) -> str:
    """The same, more than a few folded under `words`.

    >>> folded(["a", "b", "c", "d"], "4 letters")
    '<details><summary>4 letters</summary>a<br>b<br>c<br>d</details>'
    """
    if len(entries) <= FEW:
        return stacked(entries)
    return f"<details><summary>{words}</summary>{stacked(entries)}</details>"
