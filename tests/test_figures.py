"""Figures: what is drawn is the data, the data follow from the catalogue and the laws, and everybody can read them."""

import csv
import functools
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from math import fsum

import matplotlib as mpl
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from labcore.catalogue import A100, B200, H100, H200, V100
from labcore.claims.ledger import find as find_claim
from labcore.house import checkout
from labcore.models.zoo import build
from labcore.ops import embedding_bag, matmul
from labcore.plots import gallery, registry
from labcore.plots.intensity import I_SHOWN, PRINTED
from labcore.plots.labels import place_labels
from labcore.plots.network import AREA, LEAST_AREA, save_network_roofline
from labcore.plots.registry import Figure, figures, find, show
from labcore.plots.style import COLOURS, GREY, RC, canvas
from labcore.plots.words import rows
from labcore.report import figure_index
from labcore.roofline import crossing_batch, place_network

ALL = sorted(figures())
INDEX = (checkout("figures") / "index.md").read_text(encoding="utf-8")
TIME = {f.id: f for f in figures().values()}["network-time"]


class Drawn(dict):
    """By id, a figure with its default inputs: its svg and the canvas of that, drawn once, when it is asked for."""

    def __missing__(self, id):
        canvases, plot_table = [], Figure.plot_table
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Figure, "plot_table", lambda *given: canvases.append(plot_table(*given)) or canvases[-1])
            self[id] = find(id).render("svg"), *canvases
        return self[id]


DRAWN = Drawn()


def drawn(id):
    """A figure on its canvas."""
    return DRAWN[id][1]


def svg_of(id):
    """A figure as svg."""
    return DRAWN[id][0]


def csv_rows(id):
    """The rows of a figure's CSV, numbers as floats."""

    def number(text):
        try:
            return float(text)
        except ValueError:
            return text

    reader = csv.DictReader(io.StringIO(find(id).csv()))
    return [{re.sub(r" \[.*\]", "", key): number(value) for key, value in row.items()} for row in reader]


def lines(ax):
    """Lines that stand in data coordinates: all but the verticals of ridges."""
    return [line for line in ax.lines if line.get_transform() == ax.transData]


def points(ax):
    """Every point that a line or a scatter of the axes draws."""
    of_lines = [tuple(map(float, xy)) for line in lines(ax) for xy in line.get_xydata()]
    return set(of_lines + [tuple(map(float, xy)) for dots in ax.collections for xy in dots.get_offsets()])


@functools.cache
def texts(fig):
    """The texts that a figure shows, with their boxes in pixels; not the tick labels beyond the ends of an axis."""
    fig.canvas.draw()
    hidden = set()
    for ax in fig.axes:
        for axis, ends in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not ends[0] <= tick.get_loc() <= ends[1]:
                    hidden |= {tick.label1, tick.label2}
    seen = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]
    return [(t, Text.get_window_extent(t)) for t in seen]


def overlaps(fig):
    """Pairs of texts that lie on each other, and texts that the page cuts off."""
    found = texts(fig)
    touching = [(a.get_text(), b.get_text()) for (a, box), (b, other) in combinations(found, 2) if box.overlaps(other)]
    page = fig.bbox.padded(1)
    cut = [t.get_text() for t, box in found if not (page.contains(*box.min) and page.contains(*box.max))]
    return touching + cut


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_on_white(colour):
    return 1.05 / (luminance(colour) + 0.05)


def test_a_figure_is_found_in_the_one_module_that_names_it():
    """So that drawing one figure imports no others; a new process knows none before it looks."""
    look = "from labcore.plots.registry import FIGURES, find; find('rising-ridge'); print(*FIGURES)"
    known = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert "rising-ridge" in known
    assert len(known) < len(ALL) / 2
    texts = [path.read_text(encoding="utf-8") for path in checkout("labcore", "plots").glob("*.py")]
    assert [id for id in ALL if not any(f'id="{id}"' in text for text in texts)] == []


# ---- words


@pytest.mark.parametrize("id", ALL)
def test_a_figure_says_what_it_is(id):
    figure = find(id)
    assert len(figure.caption) >= 80
    assert figure.caption.endswith(".")
    assert len(figure.alt) >= 80
    assert figure.alt.endswith(".")
    assert not re.search(r"(figure|image|picture|chart) (shows|depicts)|(image|picture) of", figure.alt, re.IGNORECASE)
    assert figure.item
    assert set(figure.units) == set(figure.table())
    assert checkout("notebooks", f"{figure.lab}.py").exists()


@pytest.mark.parametrize("id", ALL)
def test_units_stand_in_the_header_of_the_csv(id):
    figure = find(id)
    header = figure.csv().splitlines()[0].split(",")
    assert header == [f"{name} [{unit}]" if unit else name for name, unit in figure.units.items()]


@pytest.mark.parametrize("id", ["rising-ridge", "roofline", "batch-sweep", "roofline-elbow"])
def test_a_caption_names_the_sources_of_its_facts(id):
    assert str(A100.peaks["fp16"].source) in find(id).caption
    assert str(A100.bandwidth.source) in find(id).caption


def test_sentences_carry_the_numbers():
    """312 / 2.039 = 153.02; 31.03 FLOP/B x 2.039 TB/s = 63.27 TFLOP/s, 20.3 % of 312."""
    says = {id: find(id).says(find(id).table()) for id in ALL}
    assert "A100 fp16: ridge 153 FLOP/B; " in says["roofline"]
    assert "; dense b=32 at 31.0 -> 63.3 TFLOP/s, 20.3 % of peak; " in says["roofline"]
    assert "A100: ridge 153 FLOP/B, crossed at batch 179.9" in says["batch-sweep"]
    assert "H200 (2023) 206" in says["rising-ridge"]
    assert "depthwise convolution printed 10 to 20, computed 1.8 to 4.5;" in says["intensity-ranges"]


@pytest.mark.parametrize(("network", "batch"), [("resnet50", 32), ("dlrm", 2048)])
def test_the_time_on_the_slope_is_that_of_the_memory_bound_layers(network, batch):
    """Layers without FLOP (DLRM's lookups) count in the total and lie on no slope."""
    layers = build(network, batch=batch).layers
    computing = [x.count * x.op.flop / 312e12 for x in layers]
    moving = [x.count * x.op.D_vol / 2.039e12 for x in layers]
    total = fsum(map(max, computing, moving))
    slope = fsum(m for x, c, m in zip(layers, computing, moving, strict=True) if x.op.flop and m > c)
    figure = find("network-roofline")
    says = figure.says(figure.table(network=network, batch=batch))
    (said,) = re.findall(r"; ([\d.]+) % of the least time on the slope;", says)
    assert said == f"{100 * slope / total:.1f}"


def test_the_printed_ranges_are_those_of_table_13():
    page = {
        "dense convolution": "50-200", "dense matmul": "64-256+", "depthwise convolution": "10-20",
        "attention softmax": "2-5", "LayerNorm": "1-2", "embedding lookup": "<1",
    }  # fmt: skip

    def ends(text):
        low, high = ("0", text[1:]) if text.startswith("<") else text.rstrip("+").split("-")
        return float(low), float(high), text.endswith("+")

    read = {operation: ends(text) for operation, text in page.items()}
    assert read == PRINTED
    shown = [row for row in csv_rows("intensity-ranges") if row["series"] == "printed"]
    assert {r["operation"]: (r["I_low"], r["I_high"], r["and_more"] == "yes") for r in shown} == read


def test_captions_hold():
    """Numbers and comparisons that captions state in words."""
    assert f"{H100.BW / A100.BW:.1f}x, its ratio of bandwidths" in find("roofline").caption
    (dot,) = [r for r in rows(find("roofline-elbow").table()) if r["series"] == "operation"]
    assert dot["R_attain"] < 0.01 * A100.peak("fp16")  # less than one per cent
    assert A100.ridge("fp16") / dot["I"] > 60 / 6  # farther below the bend than drawn in the chapter
    kinds = {}
    for r in rows(TIME.table()):
        kinds[r["kind"]] = kinds.get(r["kind"], 0) + r["share"]
    assert kinds["elementwise"] == pytest.approx(0.5, abs=0.05)
    assert kinds["elementwise"] == pytest.approx(kinds["conv2d"], rel=0.1)


# ---- what is drawn is what the CSV holds


@pytest.mark.parametrize(
    ("id", "x", "y"),
    [
        ("roofline", "I", "R_attain"),
        ("roofline-elbow", "I", "R_attain"),
        ("network-roofline", "I", "R_attain"),
        ("rising-ridge", "year", "I_ridge"),
        ("batch-sweep", "batch", "I"),
    ],
)
def test_drawn_points_are_the_rows(id, x, y):
    (ax,) = drawn(id).axes
    assert points(ax) == {(row[x], row[y]) for row in csv_rows(id)}


@pytest.mark.parametrize("id", ["roofline", "roofline-elbow", "network-roofline"])
def test_drawn_verticals_are_the_ridges(id):
    (ax,) = drawn(id).axes
    verticals = {float(line.get_xdata()[0]) for line in ax.lines if line not in lines(ax)}
    assert verticals == {row["I"] for row in csv_rows(id) if row["name"] == "ridge"}


def test_areas_are_shares_of_the_time():
    (ax,) = drawn("network-roofline").axes
    areas = {}
    for dots in ax.collections:
        areas |= dict(zip(map(tuple, dots.get_offsets()), dots.get_sizes(), strict=True))
    for row in csv_rows("network-roofline"):
        if row["series"] == "layers":
            assert areas[row["I"], row["R_attain"]] == max(AREA * row["share"], LEAST_AREA)


def test_drawn_bars_are_the_rows():
    (ax,) = drawn("network-time").axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    kinds = [names[round(bar.get_y() + bar.get_height() / 2)] for bar in ax.patches]
    bars = {(kind, bool(bar.get_hatch())): bar for kind, bar in zip(kinds, ax.patches, strict=True)}
    table = csv_rows("network-time")
    assert set(bars) == {(r["kind"], r["bound"] == "memory") for r in table}
    for r in table:
        bar = bars[r["kind"], r["bound"] == "memory"]
        assert (bar.get_x(), bar.get_width()) == pytest.approx((r["T_start"], r["T"]), rel=1e-12)


def test_drawn_ranges_are_the_rows():
    (ax,) = drawn("intensity-ranges").axes
    names = [label.get_text().split("\n")[0] for label in ax.get_yticklabels()]
    bars, ends = (
        {(names[round(line.get_ydata()[0])], line.get_ydata()[0] % 1 > 0.5, *map(float, line.get_xdata()))
         for line in lines(ax) if (line.get_linestyle() == "None") == marks}
        for marks in (False, True)
    )  # fmt: skip
    ranges = [row for row in csv_rows("intensity-ranges") if row["series"] != "ridge"]
    above = {"printed": True, "computed": False}  # the printed range lies above the middle of its row
    assert bars == {(r["operation"], above[r["series"]], max(r["I_low"], I_SHOWN[0]), r["I_high"]) for r in ranges}
    assert ends == {
        (r["operation"], above[r["series"]], *(I for I in (r["I_low"], r["I_high"]) if I > 0)) for r in ranges
    }


# ---- data


def test_rising_ridge_is_peak_over_bandwidth():
    table = find("rising-ridge").table()
    chips = (V100, A100, H100, H200, B200)
    assert table["chip"] == [chip.name for chip in chips]
    assert table["year"] == [chip.year.value for chip in chips]
    assert table["I_ridge"] == [chip.peaks["fp16"].value / chip.bandwidth.value for chip in chips]
    assert H200.ridge("fp16") < min(H100.ridge("fp16"), B200.ridge("fp16"))  # what the caption says of the H200


@pytest.mark.parametrize("id", ["roofline", "roofline-elbow", "network-roofline"])
def test_every_row_lies_on_the_lower_ceiling(id):
    chips = {"A100": A100, "H100": H100}
    for row in rows(find(id).table()):
        chip = chips[row["chip"]]
        assert row["R_attain"] == pytest.approx(min(chip.peak("fp16"), chip.BW * row["I"]), rel=1e-12)
    ridges = {r["chip"]: r["I"] for r in rows(find(id).table()) if r["name"] == "ridge"}
    assert ridges == {name: chips[name].ridge("fp16") for name in ridges}


def test_a_crossing_has_the_intensity_of_the_ridge():
    """B M N / (B M + M N + B N) at the crossing is the ridge; the whole batches around it lie on its two sides."""
    M = N = 2048
    table = rows(find("batch-sweep").table())
    crossings = {r["chip"]: (r["batch"], r["I"]) for r in table if r["series"] == "crossing"}
    assert set(crossings) == {"A100", "H100"}
    for chip in (A100, H100):
        B, I = crossings[chip.name]
        assert pytest.approx(I, rel=1e-9) == B * M * N / (B * M + M * N + B * N)
        assert chip.ridge("fp16") == I
        assert matmul(int(B), M, N).I < I <= matmul(int(B) + 1, M, N).I


def test_a_narrow_layer_never_crosses():
    """256 x 256: the limit 256 * 256 / 512 = 128 lies below the A100's 153."""
    table = find("batch-sweep").table(M=256, N=256)
    assert {r["I"] for r in rows(table) if r["series"] == "limit"} == {128}
    assert "crossing" not in table["series"]
    assert crossing_batch(128, M=256, N=256) is None
    assert "A100: ridge 153 FLOP/B, not reached up to batch 4096" in find("batch-sweep").says(table)


def test_intensity_grows_with_the_batch_and_stays_below_both_limits():
    exact = [(r["batch"], r["I"]) for r in rows(find("batch-sweep").table()) if r["series"] == "exact"]
    assert (exact[0][0], exact[-1][0]) == (1, 4096)
    assert all(a < b <= 2 * a for (a, _), (b, _) in pairwise(exact))  # whole batches, none of the doublings skipped
    assert all(a < b for (_, a), (_, b) in pairwise(exact))
    assert all(min(B, 1024) > I for B, I in exact)


@pytest.mark.parametrize(("network", "batch"), [("resnet50", 32), ("dlrm", 2048)])
def test_network_time_adds_up(network, batch):
    placements = place_network(build(network, batch=batch), A100, "fp16")
    table = TIME.table(network=network, batch=batch)
    assert fsum(table["T"]) == pytest.approx(fsum(p.T for p in placements), rel=1e-12)
    assert fsum(table["share"]) == pytest.approx(1)
    assert sum(table["count"]) == sum(p.layer.count for p in placements)
    for (kind, bound), start in zip(zip(table["kind"], table["bound"], strict=True), table["T_start"], strict=True):
        before = [r["T"] for r in rows(table) if r["kind"] == kind and r["bound"] == "memory" != bound]
        assert start == fsum(before)  # the compute-bound part of a bar starts where the memory-bound part ends
    memory = fsum(T for T, bound in zip(table["T"], table["bound"], strict=True) if bound == "memory")
    assert memory == pytest.approx(fsum(p.T for p in placements if p.bound == "memory"))


def test_merged_points_keep_every_layer_that_computes():
    net = build("gpt2", phase="decode")
    table = find("network-roofline").table(network=net)
    layers = [r for r in rows(table) if r["series"] == "layers"]
    assert sum(r["count"] for r in layers) == sum(x.count for x in net.layers if x.op.flop)
    assert len({(r["kind"], r["I"]) for r in layers}) == len(layers)
    assert "layers without FLOP, not drawn, take" in find("network-roofline").says(table)


def test_ranges_are_ordered_and_within_what_arithmetic_allows():
    """3 x 3 depthwise at fp16: 18 FLOP for 2 B read and 2 B written, 4.5 at most; softmax: 3 FLOP for 4 B."""
    table = {(r["operation"], r["series"]): (r["I_low"], r["I_high"]) for r in rows(find("intensity-ranges").table())}
    assert all(low <= high for low, high in table.values())
    assert table["depthwise convolution", "computed"][1] <= 18 / 4
    assert table["attention softmax", "computed"] == (3 / 4, 3 / 4)
    assert table["LayerNorm", "computed"][1] < 6 / 4
    assert table["dense matmul", "computed"][1] < 256


@pytest.mark.parametrize(
    ("operation", "claim"),
    [
        ("dense convolution", "table13-conv2d-dense"),
        ("dense matmul", "table13-dense-matmul"),
        ("depthwise convolution", "table13-depthwise-conv"),
        ("attention softmax", "table13-attention-softmax"),
    ],
)
def test_printed_ranges_are_those_of_the_ledger(operation, claim):
    assert list(PRINTED[operation][:2]) == find_claim(claim).printed.value


# ---- for every reader


@pytest.mark.parametrize("id", ALL)
def test_texts_are_large_enough_and_apart(id):
    assert min(text.get_fontsize() for text, _ in texts(drawn(id))) >= 7.5
    assert overlaps(drawn(id)) == []


@pytest.mark.parametrize(
    ("id", "inputs"),
    [
        ("roofline", {"chips": ("V100", "A100", "H100", "B200")}),
        ("roofline", {"chips": ("A100", "T4"), "precision": "int8"}),
        ("roofline", {"chips": ("TPU v4",), "ops": {"1024": matmul(1024, 1024, 1024)}, "precision": "bf16"}),
        ("network-roofline", {"network": "mobilenetv2"}),
        ("network-roofline", {"network": "llama3-8b", "batch": 1}),
        ("network-roofline", {"network": "gpt2-xl", "batch": 16, "phase": "decode", "chip": "H100"}),
        ("network-time", {"network": "gpt2", "batch": 1}),
        ("batch-sweep", {"M": 1024, "N": 4096, "precision": "bf16"}),
    ],
    ids=str,
)
def test_other_inputs_are_legible_too(id, inputs):
    assert overlaps(find(id).plot(**inputs)) == []


@pytest.mark.parametrize("id", ALL)
def test_colours_are_those_of_the_palette(id):
    palette = {*map(str.lower, COLOURS), GREY.lower()}
    for ax in drawn(id).axes:
        assert {to_hex(line.get_color()) for line in ax.lines} <= palette
        assert {to_hex(edge) for dots in ax.collections for edge in dots.get_edgecolor()} <= palette
    assert all(contrast_on_white(text.get_color()) >= 4.5 for text, _ in texts(drawn(id)))
    assert drawn(id).get_facecolor() == (1, 1, 1, 1)


def test_the_palette_stands_out_on_white():
    """Black on white is 21 to 1; what carries meaning has 3 to 1 at least (WCAG 2.2, 1.4.11)."""
    assert contrast_on_white("black") == pytest.approx(21)
    assert all(contrast_on_white(colour) >= 3 for colour in COLOURS)


@pytest.mark.parametrize("id", ALL)
def test_an_svg_has_a_name_and_a_description(id):
    figure, table = find(id), find(id).table()
    root = ET.fromstring(svg_of(id))
    svg = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    named_by = [root.find(f"{svg}{part}").get("id") for part in ("title", "desc")]
    assert root.get("aria-labelledby").split() == named_by
    assert root.find(f"{svg}title").text == figure.title
    assert root.find(f"{svg}desc").text == f"{figure.alt} {figure.says(table)}"


def test_labels_of_one_point_find_different_places():
    with mpl.rc_context(RC):
        ax = canvas((4, 3)).add_subplot(xlim=(0, 1), ylim=(0, 1))
        ax.plot([0, 1], [0.5, 0.5])
        notes = place_labels(ax, [(0.5, 0.5, f"label {i}") for i in range(5)])
    boxes = [Text.get_window_extent(note) for note in notes]
    assert not [1 for a, b in combinations(boxes, 2) if a.overlaps(b)]
    middle = ax.transData.transform((0, 0.5))[1]
    assert not [box for box in boxes if box.y0 <= middle <= box.y1]  # none on the line


# ---- in a notebook


def test_a_notebook_keeps_picture_alt_and_sentence():
    bundle = show("rising-ridge")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "A100 (2020) 153" in bundle["text/plain"]
    assert "thin dashed line joins H100 and B200" in bundle["text/html"]
    assert repr(show("rising-ridge")) == bundle["text/plain"]


def test_the_alternative_text_of_other_inputs_does_not_speak_of_the_default():
    html = show("rising-ridge", chips=("T4", "H100"))._repr_mimebundle_()["text/html"]
    assert "drawn here with other inputs" in html
    assert "H200" not in html
    same = show("network-time", network="resnet50", batch=32)  # the defaults, written out
    assert same.alt == TIME.alt


# ---- built files


@pytest.mark.parametrize("id", ALL)
def test_another_build_gave_the_bytes_that_lie_in_the_checkout(id):
    """Fresh, and the same in every process: `labcore figures` wrote these files, maybe on another machine."""
    assert (checkout("figures") / f"{id}.svg").read_bytes() == svg_of(id)
    assert (checkout("figures") / f"{id}.csv").read_text(encoding="utf-8") == find(id).csv()
    assert f"*In numbers:* {figure_index.in_numbers(find(id))}\n" in INDEX


def test_two_builds_in_one_process_give_the_same_bytes():
    assert find("network-roofline").render("svg") == svg_of("network-roofline")


def test_two_processes_give_the_same_bytes():
    code = (
        "import hashlib; from labcore.plots.registry import find; figure = find('network-roofline');"
        "print([hashlib.sha256(figure.render(fmt)).hexdigest() for fmt in ('svg', 'png', 'pdf')])"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


def test_the_gallery_in_the_checkout_has_nothing_foreign():
    assert gallery.stale_figures([], checkout("figures")) == []


def test_a_build_writes_pictures_and_data_and_nothing_else(tmp_path):
    steps = []
    written = gallery.build_figures(["rising-ridge"], tmp_path / "new", ["svg", "png", "pdf"], lambda: steps.append(1))
    assert sorted(path.name for path in written) == [f"rising-ridge.{end}" for end in ("csv", "pdf", "png", "svg")]
    assert sorted(written) == sorted((tmp_path / "new").iterdir())
    assert (tmp_path / "new" / "rising-ridge.pdf").read_bytes().startswith(b"%PDF")
    assert steps == [1]
    assert gallery.stale_figures(["rising-ridge"], tmp_path / "new") == []


def test_stale_missing_and_foreign_files_are_named(tmp_path):
    gallery.build_figures(["rising-ridge"], tmp_path)
    (tmp_path / "rising-ridge.csv").write_text("chip,year\n")
    (tmp_path / "old-figure.svg").write_text("<svg/>")
    assert gallery.stale_figures(["rising-ridge", "network-time"], tmp_path) == [
        "rising-ridge.csv is out of date",
        "network-time.csv is missing",
        "network-time.svg is missing",
        "old-figure.svg belongs to no figure",
    ]


@pytest.mark.parametrize("id", ALL)
def test_the_index_has_everything_about_every_figure(id):
    figure = find(id)
    entry = INDEX.partition(f'### <a id="{id}"></a>')[2].partition("\n### ")[0]
    assert entry.startswith(f"{figure.title}\n\n![{figure.alt}]({id}.svg)\n\n{figure.caption}\n")
    assert f"[{id}.csv]({id}.csv)" in entry
    assert f"`labcore figures {id}`" in entry
    assert f"(../notebooks/{figure.lab}.ipynb#cell-id=" in entry


def test_a_network_is_saved_in_the_format_of_the_file_name(tmp_path):
    net = build("kws")
    save_network_roofline(net, A100, "fp16", tmp_path / "kws.svg")
    assert b"kws" in (tmp_path / "kws.svg").read_bytes()
    with pytest.raises(ValueError, match=r"^format 'jpg' is not known; choose from svg, png, pdf$"):
        save_network_roofline(net, A100, "fp16", tmp_path / "kws.jpg")
    assert not (tmp_path / "kws.jpg").exists()


# ---- errors


def test_an_unknown_id_names_the_nearest(monkeypatch):
    monkeypatch.setattr(registry, "FIGURES", {id: find(id) for id in ("rising-ridge", "network-time")})
    with pytest.raises(ValueError, match=r"^no figure 'rising'; did you mean rising-ridge\?$"):
        find("rising")
    with pytest.raises(ValueError, match=r"^no figure 'zzz'; did you mean network-time, rising-ridge\?$"):
        find("zzz")


def test_a_bad_format_id_or_folder_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"^format 'gif' is not known; choose from svg, png, pdf$"):
        gallery.build_figures(["rising-ridge"], tmp_path / "new", ["svg", "gif"])
    with pytest.raises(ValueError, match=r"^no figure 'nowhere'; did you mean "):
        gallery.build_figures(["rising-ridge", "nowhere"], tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"file is a file; figures are written into a folder"):
        gallery.build_figures(["rising-ridge"], tmp_path / "file")


def test_an_operation_without_flop_has_no_place_on_a_roofline():
    with pytest.raises(ValueError, match=r"^lookup does no FLOP and has no place on a roofline; leave it out$"):
        find("roofline").table(ops={"lookup": embedding_bag(1, 1, 64)})


def test_a_table_must_have_the_columns_that_are_declared():
    def plain(data):
        return Figure("x", "x", "x", "x", "x", {"year": ""}, data, lambda ax, table: ax, str)

    with pytest.raises(ValueError, match=r"^figure x declares columns year but its data has ridge$"):
        plain(lambda: {"ridge": [1]}).table()
    two = Figure("x", "x", "x", "x", "x", {"a": "", "b": ""}, lambda: {"a": [1], "b": []}, lambda ax, table: ax, str)
    with pytest.raises(ValueError, match=r"^columns of figure x differ in length; a table has one value a row"):
        two.table()


def test_ids_are_unique():
    with pytest.raises(ValueError, match=r"^figure rising-ridge is registered already; ids are unique$"):
        registry.register(find("rising-ridge"))
