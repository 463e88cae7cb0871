"""Builds the whole site: pages side by side in two processes, then the index, written as one folder."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from labcore.book import Lab, private_jupyter
from labcore.house import checkout, part_of
from labcore.measure.files import VARIABLE
from labcore.site.front import files_of, front_page, search_page, text_page
from labcore.site.lab_page import exercise_page, fresh_cells, lab_page
from labcore.site.page import Page
from labcore.site.plan import Plan, plan

HERE = Path(__file__).parent
ASSETS = ("site.css", "theme.js", "explorers.js", "search.js")
MARK = ".labcore-site"  # says that a folder holds a site, so that another may take its place
WORKERS = 2


def build_site(out: Path, chosen: Sequence[Lab] = (), step: Callable[[], object] = lambda: None) -> dict[str, int]:
    """Write the site into a folder, in one step when all of it is there; the bytes of each file by name.

    `step` is called after each page. Raises ValueError for a folder that holds something else, BookError for a lab
    or figure that is missing or stale; the folder is left as it was then.
    """
    refuse_foreign(out)
    for lab in plan(chosen).chosen:
        fresh_cells(lab)  # raises now rather than when its turn comes
    pages = make_pages(plan(chosen), step)
    files = site_files(pages, plan(chosen))
    write(out, files)
    return {name: len(content) for name, content in sorted(files.items())}


def page_count(chosen: Sequence[Lab] = ()) -> int:
    """How many pages take a step."""
    return len(jobs(plan(chosen)))


def jobs(site: Plan) -> list[tuple[Callable[..., Page], object]]:
    """What makes each page, the slow ones first: later labs simulate more in their explorers."""
    texts = [checkout("figures", "index.md"), checkout("exercises", "README.md"), *site.docs]
    exercises = [(exercise_page, path) for path in site.exercises]
    return [*((lab_page, lab) for lab in reversed(site.chosen)), *((text_page, path) for path in texts), *exercises]


def make_pages(site: Plan, step: Callable[[], object]) -> list[Page]:
    """All pages, in the order of the book; the first error stops the work."""
    work = jobs(site)
    context = multiprocessing.get_context("spawn")
    with private_jupyter() as env, ProcessPoolExecutor(WORKERS, context, _begin, (env[VARIABLE],)) as pool:
        tasks = [pool.submit(make, thing, site) for make, thing in work]
        try:
            for done in as_completed(tasks):
                done.result()
                step()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    made = [task.result() for task in tasks]
    labs = len(site.chosen)
    return [front_page(site), *reversed(made[:labs]), *made[labs:], search_page()]


def _begin(measured: str) -> None:
    """In each process: the recorded measurement, as when notebooks are built."""
    os.environ[VARIABLE] = measured


def site_files(pages: Sequence[Page], site: Plan) -> dict[str, bytes]:
    """Every file of the site."""
    files: dict[str, str | bytes] = {".nojekyll": "", MARK: "made by labcore site\n"}
    files |= {f"assets/{name}": (HERE / name).read_bytes() for name in ASSETS}
    index = [entry for page in pages for entry in page.entries]
    files["assets/index.js"] = f"var LABCORE_INDEX = {json.dumps(index, ensure_ascii=False, separators=(',', ':'))};\n"
    claims = {more.partition(" ")[0]: address for kind, _, address, more in index if kind == "Claim"}
    for page in pages:
        body = with_claims(page.html(site.places), claims)
        files |= {page.name: body} | page.files | files_of(body)
    return {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}


def with_claims(body: str, claims: Mapping[str, str]) -> str:
    """A page on which the ids of claims, whose functions are not on the site, lead to the lab that shows them.

    >>> with_claims('<span class="away">eq-2</span>', {"eq-2": "09_roofline.html#claim-eq-2"})
    '<a href="09_roofline.html#claim-eq-2">eq-2</a>'
    """

    def led(found: re.Match) -> str:
        return f'<a href="{claims[found[1]]}">{found[1]}</a>' if found[1] in claims else found[0]

    return re.sub(r'<span class="away">([\w-]+)</span>', led, body)


def refuse_foreign(out: Path) -> None:
    """Raise ValueError where writing a site would touch what is none."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; a site is written into a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise ValueError(f"{out} holds something that is no site of labcore; name an empty or a new folder")


def write(out: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside a folder, then put them in its place in one step."""
    part = part_of(out.absolute())
    old = part.with_name(f"{part.name}.old")
    try:
        for name, content in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if out.exists():
            out.replace(old)
        part.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)
