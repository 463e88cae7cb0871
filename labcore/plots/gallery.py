"""The folder of built figures: each picture with its data as CSV. Its index is a report: `figure_index`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from labcore.house import checkout, write_atomically
from labcore.plots.registry import Figure, figures, find
from labcore.plots.style import FORMATS, known_format

INDEX = "index.md"


def build_figures(
    ids: Sequence[str], out: Path, formats: Sequence[str] = ("svg",), progress: Callable[[], object] | None = None
) -> list[Path]:
    """Write each figure in each format, and its data as ID.csv, into `out` and nowhere else; return what was written.

    `progress` is called after each figure. Raises ValueError for an id or a format that is not known, before anything
    is written.
    """
    chosen, formats = [find(id) for id in ids], [known_format(fmt) for fmt in formats]
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; figures are written into a folder")
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in chosen:
        for name, make in files(figure, formats):
            write_atomically(out / name, make())
            written.append(out / name)
        if progress:
            progress()
    return written


def stale_figures(ids: Sequence[str], out: Path) -> list[str]:
    """Name what a rebuild would change in `out`: files missing or out of date, and files that no figure makes.

    Compared are the svg and the csv of each figure, and pngs and pdfs where they lie there.
    """
    stale = []
    for figure in map(find, ids):
        present = [fmt for fmt in FORMATS if fmt == "svg" or (out / f"{figure.id}.{fmt}").exists()]
        stale += [problem for name, make in files(figure, present) if (problem := difference(out / name, make))]
    return stale + [f"{name} belongs to no figure" for name in foreign_files(out)]


def files(figure: Figure, formats: Sequence[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The files of a figure, each with what makes its content."""
    yield f"{figure.id}.csv", lambda: figure.csv().encode()
    for fmt in formats:
        yield f"{figure.id}.{fmt}", lambda fmt=fmt: figure.render(fmt)


def difference(path: Path, make: Callable[[], bytes]) -> str:
    """What is wrong with a file, nothing if it holds what would be built."""
    if not path.is_file():
        return f"{path.name} is missing"
    return "" if path.read_bytes() == make() else f"{path.name} is out of date"


def foreign_files(out: Path) -> list[str]:
    """Names in a folder that no figure makes; what figures are drawn from lies in data/."""
    known = {f"{id}.{ending}" for id in figures() for ending in ("csv", *FORMATS)} | {INDEX, "data"}
    return sorted(path.name for path in out.iterdir() if path.name not in known) if out.is_dir() else []


def is_own_folder(out: Path) -> bool:
    """Whether a folder is the checkout's figures/."""
    return out.resolve() == checkout("figures").resolve()
