"""What a reader meets in JupyterLab: stored figures before anything runs, explorers that answer hand and keyboard.

Pictures of the pages are left in test-artefacts/.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from labcore.book import Lab, build

ROOT = Path(__file__).parent.parent.parent
GENERATED = """\
# %% [markdown]
# # Explorers

# %%
from labcore.explore.amdahl import amdahl_explorer
from labcore.explore.predict import compare, predict
from labcore.explore.roofline import batch_explorer, chip_explorer, roofline_explorer

# %%
predict("99-dense-share", "Share of the A100's peak that a dense layer reaches at batch 32", unit="%")

# %%
roofline_explorer()

# %%
batch_explorer()

# %%
chip_explorer()

# %%
amdahl_explorer()

# %%
compare("99-dense-share", 20.3, unit="%")
"""
NOTEBOOKS = ["99_explorers", *(["09_roofline"] if (ROOT / "notebooks/09_roofline.ipynb").exists() else [])]
ROLES = "combobox", "spinbutton", "slider", "textbox", "button", "checkbox", "radio"
FOCUSABLE = "select, input, button, textarea, a[href], [tabindex='0'], [contenteditable='true']"
# Every cell has run, stored pictures have made way for explorers, and their sliders have been named.
DONE = """() => {
  const all = (selector, holds) => [...document.querySelectorAll(selector)].every(holds);
  return all('.jp-InputPrompt', prompt => !prompt.innerText.includes('*'))
    && all('.jp-Notebook', notebook => !notebook.innerText.includes('Run the cell for the controls.'))
    && all('.labcore-explorer .noUi-handle', handle => handle.ariaLabel);
}"""
# Counts frames in which the first explorer shows no picture, the pictures it shows, and where they stand.
WATCH = """() => {
  window.seen = {frames: 0, blank: 0, pictures: new Set(), places: new Set()};
  (function frame() {
    const img = document.querySelector('.labcore-explorer img');
    seen.frames += 1;
    if (!img || !img.complete || !img.naturalWidth) seen.blank += 1;
    else {
      const box = img.getBoundingClientRect();
      seen.pictures.add(img.alt);
      seen.places.add([box.top, box.left, box.width, box.height].join());
    }
    requestAnimationFrame(frame);
  })();
}"""
SEEN = "() => ({...seen, pictures: [...seen.pictures], places: [...seen.places]})"


@pytest.fixture(scope="module", params=NOTEBOOKS)
def lab(request, browser, server, house, artefacts):
    """A lab opened in JupyterLab: what stood there before, and the page after Run All."""
    name = request.param
    if name == "99_explorers":
        source = house / "notebooks" / f"{name}.py"
        source.write_text(GENERATED)
        source.with_suffix(".ipynb").write_text(build(Lab(source)))
    address, token = server
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, device_scale_factor=2)
    outside, complaints = [], []
    context.route(lambda url: not url.startswith(address), lambda route: route.abort())
    context.on("request", lambda one: None if home(one.url, address) else outside.append(one.url))
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("websocket", lambda one: None if home(one.url, address) else outside.append(one.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token={token}&reset")
    page.locator(".jp-OutputArea img").first.wait_for()
    idle(page)
    stored = SimpleNamespace(
        alts=[image.get_attribute("alt") for image in page.locator(".jp-OutputArea img").all()],
        text=page.locator(".jp-Notebook").inner_text(),
    )
    page.screenshot(path=artefacts / f"{name}-stored.png")
    run_all(page)
    yield SimpleNamespace(page=page, name=name, stored=stored, outside=outside, complaints=complaints)
    context.close()


def home(url, address):
    return url.split("://", 1)[1].startswith(address.split("://", 1)[1]) if "://" in url else True  # data: and blob:


def idle(page):
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(DONE)
    idle(page)


def explorer(lab, number=0):
    """An explorer of the lab, looked up anew each time: its picture is replaced on every change."""
    found = lab.page.locator(".labcore-explorer").nth(number)
    found.scroll_into_view_if_needed()
    return found


def says(one, text):
    """Wait until the sentence says it, then return alternative text and source of the picture."""
    one.get_by_role("status").get_by_text(text).wait_for()
    return one.locator("img").get_attribute("alt"), one.locator("img").get_attribute("src")


def test_stored_figures_stand_there_before_anything_runs(lab):
    assert len(lab.stored.alts) >= 3
    assert all(alt and len(alt) > 40 for alt in lab.stored.alts)
    assert "model not found" not in lab.stored.text
    assert "Run the cell for the controls." in lab.stored.text


def test_every_cell_runs_in_order(lab):
    prompts = lab.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert prompts == [f"[{n}]:" for n in range(1, len(prompts) + 1)]
    assert lab.page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert lab.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert "model not found" not in lab.page.locator(".jp-Notebook").inner_text()


def test_an_arrow_key_on_the_slider_moves_picture_and_sentence(lab):
    one = explorer(lab)
    before = says(one, "batch 32:")
    one.get_by_role("slider").focus()
    lab.page.keyboard.press("ArrowRight")
    after = says(one, "batch 64:")
    assert one.get_by_role("spinbutton").input_value() == "64"
    assert "batch 64:" in after[0]
    assert before[0] != after[0]
    assert before[1] != after[1]
    lab.page.wait_for_function("() => document.querySelector('.noUi-handle').ariaValueText == '64'")


def test_a_number_typed_into_the_box_does_too(lab):
    one = explorer(lab)
    one.get_by_role("spinbutton", name="Batch").fill("48")
    one.get_by_role("spinbutton", name="Batch").press("Enter")
    assert "batch 48:" in says(one, "batch 48:")[0]
    one.get_by_role("spinbutton", name="Batch").press("ArrowUp")
    says(one, "batch 49:")
    one.get_by_role("spinbutton", name="Batch").fill("12.6")  # not 126
    one.get_by_role("spinbutton", name="Batch").press("Enter")
    says(one, "batch 13:")
    one.get_by_role("spinbutton", name="Batch").fill("5000")
    one.get_by_role("spinbutton", name="Batch").press("Enter")
    says(one, "batch 4096:")


def test_what_is_typed_between_the_places_of_a_slider_stays(lab):
    if lab.name != "99_explorers":
        pytest.skip("the lab itself has no control of this kind; the generated notebook does")
    one = explorer(lab, 3)
    box = one.get_by_role("spinbutton").first
    for typed in ("0.9", "0.996", "0.943", "0.9987"):
        box.fill(typed)
        box.press("Enter")
        says(one, f"p = {typed}")
        lab.page.wait_for_timeout(500)  # time for the slider to move it, as it once did
        assert box.input_value() == typed
        says(one, f"p = {typed}")


def test_a_burst_of_keys_ends_at_the_last_one_without_a_blank_frame(lab):
    one, page = explorer(lab), lab.page
    page.evaluate(WATCH)
    one.get_by_role("slider").focus()
    for key in ["Home"] + ["ArrowRight"] * 12 + ["ArrowLeft"] * 8:
        page.keyboard.press(key)
    says(one, "batch 16:")  # 2 ** (12 - 8)
    seen = page.evaluate(SEEN)
    assert seen["frames"] > 0
    assert seen["blank"] == 0
    assert len(seen["places"]) == 1  # nothing on the page moved
    assert len(seen["pictures"]) < 12  # values that were overtaken were not drawn
    assert "batch 16:" in one.locator("img").get_attribute("alt")


def test_the_precisions_follow_the_chip(lab):
    one = explorer(lab)
    one.get_by_role("combobox", name="Chip").select_option("TPU v2")
    says(one, "TPU v2 bf16:")
    assert one.get_by_role("combobox", name="Precision").locator("option").all_inner_texts() == ["bf16"]
    one.get_by_role("combobox", name="Chip").select_option("A100")
    says(one, "A100 bf16:")


def cells(page):
    """How many cells of each kind the notebook has."""
    return [page.locator(f".jp-Notebook .jp-{kind}Cell").count() for kind in ("Code", "Markdown", "Raw")]


def test_keys_on_a_list_stay_with_the_list(lab):
    """JupyterLab's command mode would go to the next cell, insert one, or turn this one into Markdown."""
    one, page = explorer(lab), lab.page
    chip = one.get_by_role("combobox", name="Chip")
    before, chosen = cells(page), chip.input_value()
    options = chip.locator("option").all_inner_texts()
    below = options[options.index(chosen) + 1].replace("\N{NO-BREAK SPACE}", " ")
    chip.focus()
    page.keyboard.press("ArrowDown")
    assert f"{below} " in says(one, f"{below} ")[0]
    assert chip.input_value() == below
    for key in "bmbm":
        page.keyboard.press(key)
    one.get_by_role("slider").focus()
    for key in "bm":
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert cells(page) == before
    chip.select_option(chosen)
    says(one, f"{chosen} ")
    if lab.name == "99_explorers":
        page.get_by_role("button", name="Keep").focus()
        for key in ("ArrowDown", "b", "m"):
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert cells(page) == before
        assert page.get_by_role("button", name="Keep").evaluate("b => b === document.activeElement")


def test_every_control_has_a_name_that_a_screen_reader_says(lab):
    names = []
    for number in range(lab.page.locator(".labcore-explorer").count()):
        tree = explorer(lab, number).aria_snapshot()
        controls = re.findall(rf"^\s*- '?({'|'.join(ROLES)})\b(.*)$", tree, re.MULTILINE)
        assert len(controls) == explorer(lab, number).locator(FOCUSABLE).filter(visible=True).count()
        assert all(re.match(r' "[^"]+"', rest) for _, rest in controls), controls
        assert len(re.findall(r'^\s*- \'?img "', tree, re.MULTILINE)) == 1
        names += controls
    assert len(names) >= 3 * 4  # three explorers, four controls or more each


def test_nothing_is_cut_off(lab):
    for number in range(lab.page.locator(".labcore-explorer").count()):
        for label in explorer(lab, number).locator(".widget-label:visible").all():
            assert label.evaluate("l => l.scrollWidth <= l.clientWidth"), label.inner_text()


def test_a_prediction_is_kept_and_compared(lab, house):
    if lab.name != "99_explorers":
        pytest.skip("one notebook tells; the other has predictions of its own")
    page = lab.page
    page.get_by_role("textbox", name="Your guess: Share").fill("40.6")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("alert").get_by_text("Kept: 40.6 %.").wait_for()
    assert '"value": 40.6' in (house / "my/predictions.json").read_text()
    run_all(page)
    page.get_by_text("Your prediction: 40.6 %. Computed: 20.3 %. The guess is 2.00 times that").wait_for()
    assert page.get_by_role("textbox", name="Your guess: Share").input_value() == "40.6"


def test_a_picture_of_each_explorer(lab, artefacts):
    for number in range(lab.page.locator(".labcore-explorer").count()):
        path = artefacts / f"{lab.name}-explorer-{number}.png"
        explorer(lab, number).screenshot(path=path)
        assert path.stat().st_size > 20_000
    explorer(lab, 0).scroll_into_view_if_needed()
    lab.page.screenshot(path=artefacts / f"{lab.name}-page.png")  # the README's picture is taken from here


def test_nothing_left_this_machine_and_nothing_went_wrong(lab):
    """Runs last, after all that the others did."""
    assert lab.outside == []
    assert lab.complaints == []
