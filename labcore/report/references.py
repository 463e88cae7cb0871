"""docs/references.md: the works of docs/references.bib, each with what stands on it: labs, claims, modules.

The .bib is read as it is written there, one field a line. BibTeX at large would take a library; this form does not:

    @article{amdahl1967,
      author = {Amdahl, Gene M.},
    }
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from labcore.claims.ledger import find
from labcore.house import ROOT, checkout

HEAD = """# References

{count} works that the labs, the functions and the numbers of this book rest on. Under each stand the labs that cite
it, the claims that rest on it, and the modules that name it as their source. For a bibliography of your own, the same
in BibTeX: [references.bib](references.bib). Data sheets and web pages are not here: `labcore specs` shows them beside
their numbers. `labcore build` makes this page.

"""
BIB, NEEDED = "docs/references.bib", ("author", "title", "year")
ENTRY, FIELD = re.compile(r"@\w+\{([a-z]+\d{4}[a-z]?),"), re.compile(r"  (\w+) = \{(.+)\},")
LINK = re.compile(r"references\.md#(\w+)")
YEAR, SECOND = re.compile(r"\b(?:19|20)\d\d\b"), re.compile(r"[A-Z]\w+(,| and) $")  # the second of some names
NEAR = 160  # characters between a name and its year
VENUES = ("journal", "booktitle", "publisher", "school", "institution", "organization", "howpublished")


@dataclass(frozen=True)
class Work:
    """One entry of the .bib: its key, and its fields by name."""

    key: str
    fields: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """Last names of the authors that are given; an institution stands in braces and is one."""
        return [name.partition(",")[0].strip("{}") for name in self.fields["author"].split(" and ")]

    @property
    def label(self) -> str:
        """Authors and year as a text cites them; of more than three authors the first.

        >>> Work("li2020", {"author": "Li, Shen and Zhao, Yanli and others", "year": "2020"}).label
        'Li et al. (2020)'
        """
        many = len(self.names) > 3 or self.names[-1] == "others"
        said = f"{self.names[0]} et al." if many else " and ".join(", ".join(self.names).rsplit(", ", 1))
        return f"{said} ({self.fields['year']}{self.key[-1] if self.key[-1].isalpha() else ''})"

    @property
    def claims(self) -> list[str]:
        """The ids of the claims that rest on it."""
        return [id for id in self.fields.get("claims", "").split(", ") if id]

    def gave(self, text: str) -> bool:
        """Whether a text, such as the address of a Source, holds its DOI, number of arXiv or address."""
        return any(self.fields[name] in text for name in ("doi", "eprint", "url") if name in self.fields)

    def named_in(self, text: str) -> bool:
        """Whether a text names it: by DOI, number of arXiv or address, or by first author and the year that follows.

        >>> Work("young1974", {"author": "Young, John W.", "year": "1974"}).named_in("Young's rule (CACM 17(9), 1974)")
        True
        """
        if self.gave(text):
            return True
        found = (one.span() for one in re.finditer(rf"{re.escape(self.names[0])}\b", text))
        return any(
            YEAR.findall(text[end : end + NEAR])[:1] == [self.fields["year"]]
            and not SECOND.search(text[max(0, start - NEAR) : start])
            for start, end in found
        )


@cache
def works() -> dict[str, Work]:
    """The works of docs/references.bib by key."""
    return read(checkout(BIB).read_text(encoding="utf-8"))


def read(text: str) -> dict[str, Work]:
    r"""Works by key from the text of a .bib; raises ValueError with the line and the entry that are not in its form.

    >>> list(read("@misc{kay1989,\n  author = {Kay, A.},\n  title = {T},\n  year = {1989},\n}"))
    ['kay1989']
    """
    found: dict[str, Work] = {}
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if not line or line.startswith("%"):
            continue
        if not (entry := ENTRY.fullmatch(line)):
            raise ValueError(f"{BIB}, line {number}: want an entry such as '@article{{amdahl1967,', got {line!r}")
        if (key := entry[1]) in found:
            raise ValueError(f"{BIB}, line {number}: {key} is there already; call the second of a year {key}b")
        found[key] = Work(key, fields := dict(_fields(lines, key)))
        if lost := [name for name in NEEDED if name not in fields]:
            raise ValueError(f"{BIB}, line {number}: {key} has no {' and no '.join(lost)}; each work needs them")
    return found


def _fields(lines: Iterator[tuple[int, str]], key: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for number, line in lines:
        if line == "}":
            return
        if not (field := FIELD.fullmatch(line)):
            raise ValueError(f"{BIB}, line {number}: in {key} want '  name = {{value}},' or '}}', got {line!r}")
        if field[1] in seen:
            raise ValueError(f"{BIB}, line {number}: {key} has two fields {field[1]}; keep one")
        seen.add(field[1])
        yield field[1], field[2]
    raise ValueError(f"{BIB}: {key} does not end; close it with a line '}}'")


def cited(cells: Mapping[str, str]) -> dict[str, list[str]]:
    """The labs that link to each key, by key; a key that no work has raises ValueError with the lab.

    >>> cited({"17_multichip#x": "[Young (1974)](../docs/references.md#young1974)"})["young1974"]
    ['17_multichip']
    """
    found: dict[str, list[str]] = {key: [] for key in works()}
    for place, source in cells.items():
        lab = place.partition("#")[0]
        for key in LINK.findall(source):
            if key not in found:
                raise ValueError(f"lab {lab} cites {key}, which {BIB} has not; correct the link or add the work")
            if lab not in found[key]:
                found[key].append(lab)
    return found


def modules() -> dict[str, str]:
    """The text of every module that may name a work, by its path in the checkout; reports only print them."""
    paths = (path for path in sorted(checkout("labcore").rglob("*.py")) if path.parent.name not in ("report", "site"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def page(cells: Mapping[str, str]) -> str:
    """The whole of docs/references.md, with the cells of all labs by their places."""
    labs, texts = cited(cells), modules()
    entries = [_entry(work, labs[work.key], [p for p, text in texts.items() if work.named_in(text)])
               for work in sorted(works().values(), key=lambda one: (one.label.casefold(), one.key))]  # fmt: skip
    return HEAD.format(count=len(entries)) + "\n".join(entries)


def _entry(work: Work, labs: list[str], paths: list[str]) -> str:
    uses = [("Labs", [f"[{lab[:2]}](../notebooks/{lab}.ipynb)" for lab in labs])]
    uses += [("Claims", [_claim(id) for id in work.claims])]
    uses += [("Named in", [f"[{path.removeprefix('labcore/')}](../{path})" for path in paths])]
    lines = [f'- <a id="{work.key}"></a>**{work.label}** {_set(work.fields)}']
    lines += [f"  {name}: {', '.join(links)}." for name, links in uses if links]
    return "<br>\n".join(lines) + "\n"


def _claim(id: str) -> str:
    lab, _, cell = find(id).where.partition("#")
    return f"[{id}](../notebooks/{lab}.ipynb#cell-id={cell})"


def _set(fields: Mapping[str, str]) -> str:
    """Title, venue with volume, number and pages, and the way there."""
    venue = " ".join(f"*{fields[name]}*" for name in VENUES if name in fields)
    venue += f" {fields['volume']}" if "volume" in fields else ""
    venue += f"({fields['number']})" if "number" in fields else ""
    edition = f"edition {fields['edition']}" if "edition" in fields else ""
    pages = fields.get("pages", "").replace("--", "-")
    way = [f"[doi:{fields['doi']}](https://doi.org/{fields['doi']})"] if "doi" in fields else []
    way += [f"[arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})"] if "eprint" in fields else []
    way += [f"<{fields['url']}>"] if "url" in fields else []
    said = ", ".join(part for part in (venue.strip(), edition, pages, fields.get("note", ""), *way) if part)
    return f'"{fields["title"]}". {said}.'
