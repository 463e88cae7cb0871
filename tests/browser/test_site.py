"""The static pages in a browser, opened as files: keys move explorers, nothing is asked of the network, nothing fails.

With axe-core in LABCORE_AXE or test-artefacts/axe.min.js (`npm pack axe-core`), the pages are held against its rules.
"""

import io
import os
import random
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labcore.book import find_lab
from labcore.explore.roofline import roofline_explorer
from labcore.site.build import build_site

ROOT = Path(__file__).parent.parent.parent
AXE = Path(os.environ.get("LABCORE_AXE", ROOT / "test-artefacts" / "axe.min.js"))
LAB = "00_start_here"
PAGES = LAB, "index", "gallery", "search"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "book"
    build_site(out, [find_lab(LAB)])
    return out


@pytest.fixture
def opened(browser, site):
    """Opens a page of the site in a context of its own, and says at the end that all was well."""
    contexts, outside, complaints = [], [], []

    def open_page(name, **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda one: None if one.url.startswith(("file:", "data:")) else outside.append(one.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto((site / f"{name}").as_uri() if "?" not in name else site.as_uri() + f"/{name}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert complaints == []


def test_an_arrow_key_moves_the_picture_and_the_sentence(opened):
    page = opened(f"{LAB}.html")
    figure = page.locator("figure.explorer").first
    batch = figure.get_by_role("slider", name="Batch")
    before, picture = figure.locator("p[role=status]").inner_text(), figure.locator("g.moving").inner_html()
    stood = batch.get_attribute("aria-valuetext")
    batch.focus()
    page.keyboard.press("ArrowRight")
    after = figure.locator("p[role=status]").inner_text()
    assert batch.get_attribute("aria-valuetext") != stood
    assert f"batch {batch.get_attribute('aria-valuetext')}:" in after.replace(",", "")
    assert after != before
    assert figure.locator("g.moving").inner_html() != picture
    assert figure.locator("svg").get_attribute("aria-label").endswith(after)
    assert figure.locator("svg").get_attribute("role") == "img"
    page.keyboard.press("ArrowLeft")
    assert figure.locator("p[role=status]").inner_text() == before
    assert figure.locator("g.moving").inner_html() == picture


def test_wherever_the_controls_go_the_page_says_what_the_explorer_says(opened):
    """The precisions follow the chip; every sentence is the live one for what the controls read."""
    figure = opened(f"{LAB}.html").locator("figure.explorer").first
    draw, live = random.Random(2), roofline_explorer()
    batch = figure.get_by_role("slider", name="Batch")
    for _ in range(12):
        stood = batch.get_attribute("aria-valuetext")
        for name in ("Chip", "Precision", "Operation"):
            box = figure.get_by_role("combobox", name=name)
            box.select_option(draw.choice(box.locator("option").all_inner_texts()))
        assert batch.get_attribute("aria-valuetext") == stood  # what does not follow stays
        batch.fill(str(draw.randint(0, int(batch.get_attribute("max")))))
        chosen = {one: figure.get_by_role("combobox", name=one).locator("option:checked").inner_text()
                  for one in ("Chip", "Precision", "Operation")}  # fmt: skip
        live.set(chip=chosen["Chip"])
        assert chosen["Precision"] in live.controls[1].among(live.values)
        batch_is = int(batch.get_attribute("aria-valuetext").replace(",", ""))
        live.set(precision=chosen["Precision"], operation=chosen["Operation"], batch=batch_is)
        assert figure.locator("p[role=status]").inner_text() == live.sentence


def test_the_picture_is_the_one_that_matplotlib_draws(opened):
    """Eight by eight pixels at a time, since letters are the browser's own."""
    page = opened(f"{LAB}.html", viewport={"width": 1280, "height": 1000}, color_scheme="dark")
    picture = page.locator("figure.explorer svg").first
    picture.scroll_into_view_if_needed()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is painted now
    shot = picture.screenshot()
    drawn = Image.open(io.BytesIO(roofline_explorer().stored_png())).convert("RGB")
    shown = Image.open(io.BytesIO(shot)).convert("RGB").crop((0, 0, *drawn.size))
    blocks = [np.asarray(one.reduce(8), int) for one in (shown, drawn)]
    off = np.abs(blocks[0] - blocks[1]).max(axis=2)
    assert np.percentile(off, 97) < 40, np.percentile(off, [50, 90, 97, 100])
    assert (blocks[1] < 200).any(axis=2).mean() > 0.02  # there is something to see


def test_a_prediction_is_kept_in_the_browser_and_answered(opened):
    page = opened(f"{LAB}.html")
    form = page.locator("form.predict").first
    form.get_by_role("textbox").fill("about 20")
    form.get_by_role("button", name="Keep").click()
    assert "A number is wanted" in form.get_by_role("status").inner_text()
    form.get_by_role("textbox").fill("12.5")
    page.keyboard.press("Enter")
    assert "Kept: 12.5" in form.get_by_role("status").inner_text()
    page.reload()
    assert form.get_by_role("textbox").input_value() == "12.5"
    answer = page.locator(f".computed[data-id='{form.get_attribute('data-id')}']")
    said = r"GB\? Your prediction: 12\.5 %\. Computed: 7\.37 %\. The guess is 1\.7 times that\."  # 2**30 / 10**9 - 1
    assert re.search(said, answer.inner_text())
    form.get_by_text("What the lab computes").click()
    assert form.locator(".answer").inner_text().startswith("Computed: ")


def test_search_finds_a_lab_and_says_so_when_it_finds_nothing(opened):
    page = opened("index.html")
    page.get_by_role("searchbox").fill("start here")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    assert page.locator("#results a").first.get_attribute("href").startswith("00_start_here.html")
    page = opened("search.html?q=xyzzy")
    assert page.locator("#found").inner_text() == "0 found for 'xyzzy'."


def test_the_theme_is_the_systems_until_the_reader_chooses(opened):
    page = opened(f"{LAB}.html", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(23, 24, 26)"
    page.get_by_role("button", name="Light page").click()
    assert page.evaluate(ground) == "rgb(253, 253, 252)"
    page.reload()
    assert page.evaluate(ground) == "rgb(253, 253, 252)"


def test_the_keyboard_begins_at_the_skip_link_and_sees_where_it_is(opened):
    page = opened(f"{LAB}.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_window(opened, site, width):
    for name in sorted(path.name for path in site.glob("*.html")):
        page = opened(name, viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: name its axe.min.js in LABCORE_AXE (npm pack axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, scheme):
    for name in PAGES:
        page = opened(f"{name}.html", color_scheme=scheme)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {preload: false})")["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in serious] == [], name
