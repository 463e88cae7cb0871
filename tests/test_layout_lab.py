"""What lab 12 rests on besides its machine: claims, figures, explorers."""

import numpy as np
import pytest

from labcore.catalogue import A100
from labcore.catalogue.layouts import PYTORCH
from labcore.claims.ledger import claim
from labcore.claims.tensor_layouts import feature_map
from labcore.explore import bursts, conversions
from labcore.explore.layout import burst_explorer, conversion_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.layout import together
from labcore.plots.conversions import LAYERS, share_of_converting
from labcore.plots.layout import race_data
from labcore.plots.registry import find
from labcore.plots.words import rows

# ---- claims


def test_numpy_agrees_with_the_strides_that_pytorch_prints():
    x = np.empty([PYTORCH.sizes[axis] for axis in "NCHW"], np.int8)
    assert x.strides == PYTORCH.strides["NCHW"]
    last = np.empty([PYTORCH.sizes[axis] for axis in "NHWC"], np.int8).transpose(0, 3, 1, 2)
    assert last.strides == PYTORCH.strides["NHWC"]


def test_claims_take_other_inputs():
    assert claim("fn34-coalescing-gap", C=8).computed == [
        8,
        8,
        8,
    ]  # 32, 16 and 8 B apart: a warp over 32, 16, 8 sectors
    assert claim("fn35-nhwc-nchw", C=1).computed[0] == 1
    assert claim("layout-rgb-row-major", C=2, W=4).computed == [list(range(8))] * 2


def test_departures_show_their_numbers():
    reason = claim("table18-best-for").reason
    assert "3,136 lines in NHWC and 3,136 in NCHW" in reason  # 1024 * 49 * 4 / 64
    assert "16 times the lines in NCHW" in reason
    assert "16 times the lines in NHWC" in reason
    reason = claim("sc6-q2").reason
    assert "lie 1 element apart, in NCHW 3,136" in reason  # 56 * 56
    assert "lie 64 apart" in reason


def test_the_names_of_the_section_by_its_own_words():
    """A row before the next row: NHWC. A channel before the next channel: NCHW, in one image."""
    assert [together(feature_map(name), "NH") for name in ("NHWC", "NCHW")] == [True, False]
    assert [together(feature_map(name), "NC") for name in ("NHWC", "NCHW")] == [False, True]


# ---- figures


def test_the_address_figure_holds_every_element_once():
    for name, words in {"NHWC": 12, "NCHW": 12, "NCHW4c": 16}.items():
        cells = [r for r in rows(find("layout-addresses").table()) if r["layout"] == name]
        assert len(cells) == words
        held = {(r["pixel"], r["channel"]) for r in cells if r["pixel"]}
        assert held == {(pixel, channel) for pixel in "abcd" for channel in range(3)}


def test_the_burst_figure_by_hand():
    share = {(r["map"], r["lanes_along"], r["layout"]): r["efficiency"] for r in rows(find("layout-bursts").table())}
    assert share["3 x 224 x 224", "W", "NCHW"] == 1
    assert share["3 x 224 x 224", "C", "NCHW16c"] == 3 * 2 / 32
    assert share["64 x 56 x 56", "W", "NHWC"] == 2 / 32
    # rows of 112 B: 32 lanes take 64 B and 24 take 48 B; a row begins at 0 or at 16 B of a sector, turn about
    assert share["64 x 56 x 56", "W", "NCHW"] == pytest.approx(2 * 112 / ((2 + 2 + 3 + 2) * 32))
    assert share["512 x 7 x 7", "C", "NHWC"] == 1


def test_the_conversion_figure_by_hand():
    """A 1x1 layer at the A100's memory: x and y once, and weights; a conversion moves each twice."""
    maps, weights = 2 * 32 * 64 * 56 * 56 * 2, 64 * 64 * 2
    share = share_of_converting(LAYERS["1x1, 64 x 56 x 56"], A100)
    assert share == pytest.approx(2 * maps / (maps + weights))
    table = {(r["layer"], r["uses"]): r["least_gain"] for r in rows(find("layout-conversion").table())}
    assert table["1x1, 64 x 56 x 56", 8] == pytest.approx(1 + share / 8)
    busy = LAYERS["3x3, 512 x 7 x 7"]
    T = 2 * 32 * 512 * 512 * 9 * 49 / A100.peak("fp16")
    assert share_of_converting(busy, A100) == pytest.approx(4 * 32 * 512 * 49 * 2 / A100.BW / T)


def test_the_race_figure_draws_what_was_measured_beside_the_prediction():
    table = race_data(measured={"by_pixel": {64: 3.0}})
    assert [r for r in rows(table) if r["series"] == "measured"] == [
        {"loop": "by_pixel", "series": "measured", "channels": 64, "ratio": 3.0}
    ]
    assert "measured" not in find("layout-race").table()["series"]
    assert "by pixel, measured: 64 channels 3.00" in find("layout-race").says(table)


# ---- explorers


def test_the_burst_picture_shades_as_many_bytes_as_the_load_moves():
    for name in bursts.LAYOUTS:
        for over in bursts.OVER:
            chosen = {"map": "64 x 56 x 56", "name": name, "over": over, "size": "2", "granule": "64"}
            shades, access = bursts.picture(**chosen), bursts.load(**chosen)
            assert np.count_nonzero(shades) == access.bytes_moved
            assert np.count_nonzero(shades == 2) == access.bytes_used


def test_the_burst_explorer_answers_its_question():
    explorer = burst_explorer(name="NCHW")
    assert "2 x 32 B moved, 100 % used" in explorer.sentence
    explorer.set(map="512 x 7 x 7")
    assert "7 of 32 lanes along a row" in explorer.sentence
    explorer.set(over="along all pixels")
    assert explorer.sentence.endswith("100 % used")


def test_the_conversion_explorer_answers_its_question():
    explorer = conversion_explorer()
    assert explorer.sentence.endswith("converting pays from 4 layers in a row on")  # 2 / 0.5
    explorer.set(gain=1.0)
    assert explorer.sentence.endswith("converting never pays")
    stay, _, each = conversions.totals("3x3, 256 x 14 x 14", "A100", 1.3, 8)
    assert each < stay
    stay, _, each = conversions.totals("3x3, 256 x 14 x 14", "A100", 1.25, 8)
    assert each > stay


def test_a_faster_chip_makes_conversions_dearer():
    layer = LAYERS["3x3, 64 x 56 x 56"]
    assert share_of_converting(layer, "H100") > share_of_converting(layer, "A100") > 1


def test_an_address_may_be_a_text():
    assert selfcheck("layouts-2", "15795").right  # 5 * 3136 + 2 * 56 + 3
