"""The book as static pages: states are what live explorers show, links lead somewhere, nothing is from outside."""

import json
import math
import random
import re
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.artist import Artist
from matplotlib.text import Text

from labcore.book import BookError, Lab, find_lab
from labcore.explore.execution import divergence_explorer
from labcore.explore.explorer import moving
from labcore.explore.feasibility import can_run_explorer
from labcore.explore.layout import burst_explorer
from labcore.explore.roofline import roofline_explorer
from labcore.explore.systolic import array_stepper
from labcore.site import build, front, lab_page, outputs, states
from labcore.site.calls import opened
from labcore.site.markdown import render
from labcore.site.outputs import sentences
from labcore.site.plan import plan
from labcore.site.recorder import Recorder, expand
from labcore.site.states import decode, draw
from labcore.site.ticks import STATES, shares, thin

LABS = "00", "12"
OUTSIDE = re.compile(r"https?://(?!www\.w3\.org/)|(?<![:\w])//\w")  # namespaces are names, not addresses


class Tags(HTMLParser):
    """All tags of a page with their attributes, and the levels of its headings."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of two labs, explorers in a few states each: its folder, and each page parsed."""
    out, book = tmp_path_factory.mktemp("site") / "book", plan([find_lab(name) for name in LABS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "draw", partial(draw, states=12))
        pages = [front.front_page(book), *(make(one, book) for make, one in build.jobs(book)), front.search_page()]
    build.write(out, build.site_files(pages, book))
    return out, {path.name: Tags(path.read_text()) for path in sorted(out.glob("*.html"))}


def drawn_anew(make, values):
    """The picture and the sentence of an explorer that has shown nothing else."""
    fresh = make()
    fresh.set(**values)
    recorder = Recorder(*map(round, fresh.figure.bbox.size), fresh.figure.dpi, "x")
    fresh.figure.draw(recorder)
    parts = [recorder.take()]
    for artist in sorted(moving(fresh.artists), key=Artist.get_zorder):
        artist.draw(recorder)
        parts.append(recorder.take())
    return [expand(part, list(recorder.table)) for part in parts], fresh


def values_at(data, at, explorer):
    """The values that a state's places stand for, read from the labels as a reader reads them."""
    places, values = list(map(int, at.split(","))), {}
    for n, (offer, control) in enumerate(zip(data["controls"], explorer.controls, strict=True)):
        ticks = offer["lists"][offer.get("at", {}).get(",".join(map(str, places[:n])), 0)]
        label = ticks[places[n]]
        number = float(label.replace(",", "")) if offer["range"] else label
        values[control.name] = type(control.value)(number)
    return values


EXPLORERS = {
    "lines": (roofline_explorer, 48), "cells": (divergence_explorer, 12), "steps": (array_stepper, 48),
    "bars": (can_run_explorer, 24), "bytes": (burst_explorer, 12),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPLORERS)
def test_stored_states_are_what_the_live_explorer_shows(kind):
    make, most = EXPLORERS[kind]
    drawn = draw(make(), "x", most)
    data = json.loads(drawn.json())
    assert 8 <= len(data["rows"]) <= most
    for at in [data["start"], *random.Random(1).sample(sorted(data["rows"]), 3)]:
        values = values_at(data, at, make())
        (still, *pieces), fresh = drawn_anew(make, values)
        markup, said = decode(data, at)
        assert said == fresh.describe(**values)
        assert drawn.still == still
        assert markup == pieces
        words = [one.get_text() for one in moving(fresh.artists) if isinstance(one, Text) and one.get_visible()]
        lines = [line for text in words for line in text.split("\n") if line.strip() and "<" not in line]
        assert all(line.replace("&", "&amp;").replace(">", "&gt;") in "".join(markup) for line in lines)
    assert values_at(data, data["start"], make()) == make().values


def test_what_follows_another_control_is_stored_for_each_of_its_values():
    """A chip's precisions are its own; a run's cycles end where it ends."""
    data = draw(roofline_explorer(), "x", 40).data
    chips, precisions, *_ = data["controls"]
    for n, chip in enumerate(chips["lists"][0]):
        offered = precisions["lists"][precisions["at"][str(n)]]
        assert set(offered) <= set(roofline_explorer().controls[1].among({"chip": chip}))
    cycles = draw(array_stepper(), "x", 48).data["controls"][-1]
    assert len({ticks[-1] for ticks in cycles["lists"]}) > 1


def test_states_that_would_be_too_many_bytes_are_thinned(monkeypatch):
    monkeypatch.setattr(states, "MOST_BYTES", 20_000)
    drawn = draw(roofline_explorer(), "x")
    assert states.FEWEST <= len(drawn.data["rows"]) < STATES / 2
    assert len(drawn.json().encode()) < 1.3 * states.MOST_BYTES


def test_a_control_that_the_grid_has_no_room_for_stands_and_is_named():
    drawn = draw(can_run_explorer(), "x", 24)
    assert drawn.standing
    for label, value in drawn.standing.items():
        offer = next(one for one in drawn.data["controls"] if one["label"] == label)
        assert offer["lists"] == [(value,)]


@given(st.integers(1, 60), st.integers(1, 12), st.data())
def test_thinned_ticks_keep_order_edges_and_what_is_asked_for(length, count, data):
    keep = data.draw(st.lists(st.integers(0, length - 1), max_size=2, unique=True))
    ticks = thin(range(length), count, keep)
    assert ticks == sorted(set(ticks))
    assert len(ticks) == min(count, length)
    assert set(keep[:1]) <= set(ticks)
    if count >= 4:
        assert {0, length - 1, *keep} <= set(ticks)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 300), min_size=1))
def test_shares_fit_and_none_falls_below_its_floor_but_those_that_stand(lengths):
    floors = {name: min(length, 3) for name, length in lengths.items()}
    kept = shares(lengths, floors, ord, 50)
    assert 1 <= math.prod(kept.values()) <= 50
    assert all(kept[name] == 1 or floors[name] <= kept[name] <= lengths[name] for name in lengths)
    standing = [name for name in kept if kept[name] == 1 < lengths[name]]
    assert all(ord(one) < ord(other) for one in standing for other in kept if kept[other] > 1)


def test_no_link_is_dead(site):
    """Every address inside the site is a file, and every anchor is there."""
    out, pages = site
    anchors = {name: {tag[1].get("id") for tag in page.tags} for name, page in pages.items()}
    dead = []
    for name, page in pages.items():
        addresses = [tag.get("href") or tag.get("src") for _, tag in page.tags if tag.get("href") or tag.get("src")]
        for address in addresses:
            path, _, anchor = address.partition("#")
            if re.match("[a-z]+:", address):
                continue
            there = not path or (out / path).is_file()
            there &= not anchor or path.rpartition(".")[2] not in ("", "html") or anchor in anchors[path or name]
            dead += [] if there else [f"{name}: {address}"]
    assert dead == []


def test_the_search_finds_labs_figures_and_claims_where_they_are(site):
    out, pages = site
    text = (out / "assets/index.js").read_text()
    entries = json.loads(text.removeprefix("var LABCORE_INDEX = ").removesuffix(";\n"))
    assert {"Lab", "Heading", "Figure", "Claim", "Explorer", "Exercise"} <= {kind for kind, *_ in entries}
    for _, words, address, _ in entries:
        page, _, anchor = address.partition("#")
        assert words
        assert not anchor or anchor in {tag.get("id") for _, tag in pages[page].tags}, address


def test_nothing_is_asked_of_another_host(site):
    out, pages = site
    for name, page in pages.items():
        fetched = [tag["src"] for _, tag in page.tags if "src" in tag] + [tag["href"] for tag in page.all("link")]
        assert not [one for one in fetched if re.match(r"(?!data:)[a-z]+:|//", one)], name
        assert "default-src 'none'" in page.all("meta")[1]["content"]
    for path in [*out.glob("assets/*.css"), *out.glob("assets/[!i]*.js")]:
        assert not OUTSIDE.search(re.sub(r"^\s*(//|/\*).*$", "", path.read_text(), flags=re.MULTILINE)), path.name


def test_pages_are_built_for_every_reader(site):
    """Language, landmarks, one first heading and no level left out, a name for every picture and field."""
    _, pages = site
    for name, page in pages.items():
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("main")) == len(page.all("header")) == len(page.all("h1")) == 1, name
        assert page.all("a")[0] == {"class": "skip", "href": "#main"}
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert all(b - a <= 1 for a, b in pairwise(levels)), name
        assert all(image["alt"] for image in page.all("img")), name
        ids = [tag["id"] for _, tag in page.tags if "id" in tag]
        assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1][:5]
        labelled = {label["for"] for label in page.all("label")}
        assert {field["id"] for field in page.all("input")} <= labelled, name


def test_every_explorer_of_a_lab_has_its_states(site):
    out, pages = site
    for name in LABS:
        lab = find_lab(name)
        cells = nbformat.read(lab.notebook, 4).cells
        shown = sum("Run the cell for the controls." in json.dumps(cell.get("outputs", [])) for cell in cells)
        figures = pages[f"{lab.source.stem}.html"].all("figure")
        figures = [tag["id"] for tag in figures if tag.get("class") == "explorer"]
        states = (out / f"explorers/{lab.source.stem}.js").read_text()
        assert len(figures) == shown > 0
        assert all(f'"{id}": {{' in states for id in figures)


def test_named_cells_figures_and_claims_can_be_pointed_to(site):
    _, pages = site
    ids = {tag.get("id") for _, tag in pages["12_layouts.html"].tags}
    names = re.findall(r'name="([\w-]+)"', find_lab("12").source.read_text())
    assert {f"cell-{name}" for name in names} <= ids
    assert any(one.startswith("claim-") for one in filter(None, ids))
    assert any(one.startswith("figure-") for one in filter(None, ids))


def test_pages_are_of_a_sensible_size(site):
    out, pages = site
    for name in pages:
        extra = out / f"explorers/{Path(name).stem}.js"
        assert (out / name).stat().st_size + (extra.stat().st_size if extra.exists() else 0) < 1_500_000, name


def test_two_builds_are_the_same_bytes_whichever_process_makes_them(tmp_path):
    lab, out = find_lab("00"), tmp_path / "book"
    sizes = build.build_site(out, [lab])
    book = plan([lab])
    again = build.site_files([lab_page.lab_page(lab, book), front.front_page(book)], book)
    same = ["00_start_here.html", "explorers/00_start_here.js", "index.html", "assets/site.css", ".nojekyll"]
    assert [name for name in same if (out / name).read_bytes() != again[name]] == []
    assert sizes["index.html"] == len(again["index.html"])
    build.write(out, {"index.html": b"new"})  # a site takes the place of an older one, whole
    assert [path.name for path in tmp_path.rglob("*")] == ["book", "index.html"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="holds something that is no site of labcore; name an empty or a new folder"):
        build.build_site(tmp_path)
    with pytest.raises(ValueError, match=r"thesis\.txt is a file; a site is written into a folder"):
        build.build_site(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "thesis.txt").unlink()
    build.refuse_foreign(tmp_path)  # an empty folder is taken
    (tmp_path / build.MARK).touch()
    (tmp_path / "old.html").touch()
    build.refuse_foreign(tmp_path)  # and so is an older site


def test_a_stale_notebook_is_named_with_the_way_out(tmp_path):
    lab = find_lab("00")
    copy = Lab(tmp_path / lab.source.name)
    copy.source.write_text(lab.source.read_text())
    with pytest.raises(BookError, match="not built yet; run `labcore build 00`"):
        lab_page.fresh_cells(copy)
    copy.notebook.write_bytes(lab.notebook.read_bytes())
    assert len(lab_page.fresh_cells(copy)) > 10
    copy.source.write_text(lab.source.read_text() + "\n# %%\n1 + 1\n")
    with pytest.raises(BookError, match="is stale: its cells are not its source's; run `labcore build 00`"):
        lab_page.fresh_cells(copy)


def test_a_missing_figure_is_named_with_the_way_out():
    with pytest.raises(BookError, match=r"figures/nowhere\.svg is missing; run `labcore figures nowhere`"):
        front.files_of('<img src="figures/nowhere.svg" alt="">')


def test_every_figure_of_the_gallery_is_known_by_its_sentence():
    ids = {path.stem for path in Path(build.checkout("figures")).glob("*.svg")}
    assert set(sentences().values()) == ids


def test_an_explorer_is_made_as_its_cell_makes_it():
    cells = ["import numpy as np\nfrom labcore.explore.systolic import array_stepper", "A = np.array([[2, 4], [1, 5]])"]
    cells += ["B = [[1, 3], [6, 2]]", "array_stepper(A=A, B=B, cycle=2)"]
    (made,) = opened(cells[-1], cells)
    assert made.sentence == array_stepper(A=[[2, 4], [1, 5]], B=[[1, 3], [6, 2]], cycle=2).sentence
    with pytest.raises(BookError, match="a page cannot know; write the value out in the cell"):
        opened("array_stepper(cycle=len(A))", cells)
    assert opened("print(A)", cells) == []


def test_links_lead_to_pages_or_are_words():
    links = plan([find_lab("09")]).resolver("docs")
    assert links("../notebooks/09_roofline.ipynb#ridge-points") == "09_roofline.html#cell-ridge-points"
    assert links("../figures/index.md#rising-ridge") == "gallery.html#figure-rising-ridge"
    assert links("../notebooks/10_mapping.ipynb") is None
    assert links("https://example.org/x") == "https://example.org/x"
    assert 'class="away"' in render("[there](../labcore/units.py)", links, set()).html


def test_formulas_are_set_without_a_script():
    pytest.importorskip("latex2mathml", reason="the extra `site` is not installed")
    shown = render("Where $I = \\frac{O}{D_\\text{vol}}$ costs $5 or\n\n$$x^2$$", str, set()).html
    assert shown.count("<math") == 2
    assert "<mfrac>" in shown
    assert 'display="block"' in shown
    assert "costs $5" in shown
    assert "script" not in shown
