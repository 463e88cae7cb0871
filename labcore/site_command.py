"""The command `labcore site`: the whole book as static pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labcore.terminal import bar


def site(
    names: Annotated[list[str] | None, typer.Argument(help="Labs to take in; all when none is named.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to: new, empty, or an older site.")] = ...,
) -> None:
    """Write the book as static pages, its explorers alive: for GitHub Pages, any web server, or the file manager.

    Example: `labcore site --out site`
    """
    from labcore.book import find_lab
    from labcore.site.build import build_site, page_count

    chosen = sorted({find_lab(name) for name in names or []}, key=lambda lab: lab.number)
    with bar("writing pages", page_count(chosen)) as step:
        sizes = build_site(out, chosen, step)
    total, pages = sum(sizes.values()), sum(name.endswith(".html") for name in sizes)
    print(f"wrote {pages} pages, {len(sizes)} files, {total / 2**20:.1f} MiB to {out}; open {out / 'index.html'}")
