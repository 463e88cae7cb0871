"""What commands print with: tables as wide as the terminal, JSON, progress.

Results go to stdout, progress to stderr, and there only on a terminal.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from labcore.units import counted as in_words

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]


def columns() -> int:
    """How wide a table may be: as the terminal is, and wide enough for every word in a pipe."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 200


def show(table: object, hide: Sequence[str] = ()) -> None:
    """Print a table as wide as the terminal allows, without the first columns of `hide` where that is too narrow."""
    from rich.console import Console

    hidden = hide_columns(table, columns(), hide)
    Console(width=columns(), highlight=False).print(table)
    if hidden:
        words = in_words(len(hidden), "column")
        print(f"{words} hidden, {', '.join(hidden)}: a wider terminal, a pipe or --json shows all")


def hide_columns(table: object, width: int, hide: Sequence[str]) -> list[str]:
    """Take whole columns out of a table, in the order of `hide`, until no cell is cut; return their names.

    >>> from rich.table import Table
    >>> table = Table("chip", "note", show_edge=False)
    >>> table.add_row("H100", "something-long")
    >>> hide_columns(table, 25, ["note"]), hide_columns(table, 12, ["note"])
    ([], ['note'])
    """
    hidden = []
    for name in hide:
        if sum(_needs(column) + 3 for column in table.columns) - 1 <= width:  # two spaces beside a cell, a line between
            break
        table.columns = [column for column in table.columns if column.header != name]
        for place, column in enumerate(table.columns):
            column._index = place
        hidden.append(name)
    return hidden


def _needs(column: object) -> int:
    """Characters of the widest cell; of the longest word where lines may break; 24 at most where words may."""
    from rich.text import Text

    cells = [Text.from_markup(str(cell)).plain for cell in (column.header, *column.cells)]
    if column.overflow == "fold":
        return min(24, max(map(len, cells)))
    return max(len(part) for cell in cells for part in ([cell] if column.no_wrap else cell.split() or [""]))


def print_json(value: object) -> None:
    """Print JSON that every parser takes: NaN is an error, not a word."""
    print(json.dumps(value, indent=1, allow_nan=False))


def bar(words: str, total: int | None) -> object:
    """A progress bar on stderr, on a terminal only; entering it gives a function that advances it by one."""
    from rich.console import Console
    from rich.progress import Progress

    @contextmanager
    def shown():
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
            task = progress.add_task(words, total=total)
            yield lambda: progress.advance(task)

    return shown()


def progress(items: object, words: str, total: int) -> object:
    """The items one by one, with a progress bar on a terminal."""
    with bar(words, total) as step:
        for item in items:
            yield item
            step()


class Counted:
    """Progress of long work whose length shows only when it has begun: called with how many of how many are done."""

    def __init__(self, words: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False)
        columns = TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self.progress = Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True)
        self.task = self.progress.add_task(words, total=None)
        self.words, self.start, self.first, self.next_line = words, time.monotonic(), 0, 0.0

    def __call__(self, done: int, total: int) -> None:
        """Show the state; where stderr is no terminal, as a line every ten seconds at most."""
        self.progress.update(self.task, completed=done, total=total)
        now = time.monotonic()
        if self.progress.disable and now >= self.next_line:
            if not self.next_line:
                self.first, self.start = done, now
            left = (now - self.start) / (done - self.first) * (total - done) if done > self.first else None
            self.next_line = now + 10
            estimate = "" if left is None else f", about {left:.0f} s to go"
            print(f"{self.words}: {done} of {total}{estimate}", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Print a line on stderr without disturbing the bar."""
        self.progress.console.print(line, markup=False)


@contextmanager
def counted(words: str) -> Iterator[Counted]:
    """Progress with an estimate of the time to go."""
    counted = Counted(words)
    with counted.progress:
        yield counted
