"""What a site holds: which pages there will be, and where a link of a source leads among them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from labcore.book import Lab, labs
from labcore.house import ROOT, checkout
from labcore.site.markdown import slug

GALLERY, GUIDE, SEARCH = "gallery.html", "teachers.html", "search.html"
FIRST = ("glossary", "errata", "coverage")  # of the pages in docs/, in this order; others follow by name


@dataclass(frozen=True)
class Plan:
    """The labs of a site; all of them unless some were chosen."""

    chosen: tuple[Lab, ...]

    @cached_property
    def docs(self) -> list[Path]:
        """The pages in docs/."""
        order = {name: n for n, name in enumerate(FIRST)}
        return sorted(checkout("docs").glob("*.md"), key=lambda path: (order.get(path.stem, len(FIRST)), path.stem))

    @cached_property
    def exercises(self) -> list[Path]:
        """The exercises of the labs chosen."""
        paths = (checkout("exercises", lab.notebook.name) for lab in self.chosen)
        return [path for path in paths if path.exists()]

    @cached_property
    def pages(self) -> dict[str, str]:
        """Sources, as paths inside the checkout, and the pages made of them."""
        pages = {"figures/index.md": GALLERY, "README.md": "index.html", "exercises/README.md": GUIDE}
        pages |= {f"docs/{path.name}": f"{path.stem}.html" for path in self.docs}
        for folder, front in (("exercises", "exercise-"), ("my", "exercise-"), ("exercises/keys", "exercise-")):
            pages |= {f"{folder}/{path.name}": f"{front}{path.stem}.html" for path in self.exercises}
        for lab in self.chosen:
            pages |= {f"notebooks/{lab.source.stem}{end}": f"{lab.source.stem}.html" for end in (".ipynb", ".py")}
        return pages

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """Links of every page's header: title and file."""
        docs = [(path.stem.replace("-", " ").capitalize(), f"{path.stem}.html") for path in self.docs]
        return [("Labs", "index.html"), ("Figures", GALLERY), *docs]

    def resolver(self, folder: str) -> Callable[[str], str | None]:
        """What makes a link of a source in this folder of the checkout a link of the site."""
        return lambda url: self.resolve(url, folder)

    def resolve(self, url: str, folder: str) -> str | None:
        """Where a link leads on the site, or None where it leads nowhere there.

        >>> Plan(tuple(labs())).resolve("../notebooks/09_roofline.ipynb#two-ceilings", "docs")
        '09_roofline.html#cell-two-ceilings'
        """
        if re.match(r"[a-z]+:", url):
            return url
        path, _, fragment = url.partition("#")
        source = posixpath.normpath(posixpath.join(folder, path)) if path else ""
        if source.startswith("figures/") and (ROOT / source).is_file() and source not in self.pages:
            return source
        page = self.pages.get(source)
        if page is None and path:
            return None
        if not fragment:
            return page
        return f"{page or ''}#{anchor(source, fragment)}"


def anchor(source: str, fragment: str) -> str:
    """A fragment of a link as the page has it: a cell of a notebook, a figure of the gallery, or as it stands.

    >>> anchor("exercises/09_roofline.ipynb", "cell-id=task-q1"), anchor("figures/index.md", "rising-ridge")
    ('cell-task-q1', 'figure-rising-ridge')
    """
    if fragment.startswith("cell-id="):  # as JupyterLab writes it
        return f"cell-{fragment.removeprefix('cell-id=')}"
    if source == "figures/index.md" and checkout("figures", f"{fragment}.svg").exists():
        return f"figure-{fragment}"
    if not source.startswith("notebooks/"):
        return fragment
    text = (ROOT / source).with_suffix(".py").read_text(encoding="utf-8")
    return f"cell-{fragment}" if f'name="{fragment}"' in text else slug(fragment.replace("-", " "))


def plan(chosen: Sequence[Lab] = ()) -> Plan:
    """The plan of a site with these labs, or all."""
    return Plan(tuple(chosen or labs()))
