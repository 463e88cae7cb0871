"""The numerics lab: its claims against hand values, its figures, explorers and self-check items against the formats."""

import re

import numpy as np
import pytest

from labcore.catalogue import A100
from labcore.claims.ledger import claim, claims_at, find, load
from labcore.claims.number_formats import both_sides_move
from labcore.explore import accumulator, landing, quantizer
from labcore.explore.precision import accumulator_explorer, landing_explorer, quantizer_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.arithmetic import TABLE_6
from labcore.plots.registry import find as figure
from labcore.plots.words import rows
from labcore.precision import FORMATS, cast
from labcore.precision.bits import finite_values
from labcore.precision.dot import dot

load()
every = pytest.mark.parametrize

BY_HAND = {
    "footnote-18-halving-quadruples": (7700 + 4184) / (1640 + 1360),
    "footnote-18-quadruples-with-wide-sums": (7700 + 4184) / (1640 + 4184),
    "fp16-packing-2x": (7700 + 4184) / (1640 + 4184),
    "footnote-18-bandwidth-halves": 16 / 32,
    "footnote-18-volta-gain": 125 / 21.2,
    "int8-weight-traffic-4x": 32 / 8,
    "fp16-halves-traffic": 16 / 32,
    "int8-30x-energy": 0.9 / 0.03,
    "int8-30x-energy-of-a-mac": (3.7 + 0.9) / (0.2 + 0.1),
    "numerics-memory-dominates-energy": 1300 / 2 / (3.7 + 0.9),  # half of the 64 bits, in pJ
    "table-6-format-counts": [1, 4, 4, 4, 7, 5],
}
ENTRIES = {  # the book's entries of lines 618, 660 and 849 to 884, with their verdicts
    "selfcheck-2-q6-precision": "reproduces", "footnote-18-halving-quadruples": "reproduces",
    "footnote-18-bandwidth-halves": "reproduces", "footnote-18-volta-gain": "reproduces",
    "int8-weight-traffic-4x": "reproduces", "fp16-packing-2x": "reproduces",
    "mixed-precision-accumulate-fp32": "shown", "table-6-caption": "shown", "table-6-row-volta": "cited",
    "table-6-row-turing": "cited", "table-6-row-ampere": "cited", "fp16-halves-traffic": "reproduces",
    "int8-30x-energy": "reproduces",
}  # fmt: skip
ERRATA = {"footnote-18-quadruples-with-wide-sums", "int8-30x-energy-of-a-mac", "table-6-format-counts"}


# --- claims ------------------------------------------------------------------------------------------------


@every("id", BY_HAND)
def test_value_by_hand(id):
    assert claim(id).computed == pytest.approx(BY_HAND[id], rel=1e-12)


@every("id", ENTRIES)
def test_every_entry_is_settled(id):
    assert claim(id).verdict == ENTRIES[id]
    assert find(id).where.startswith("07_numerics#")


def test_errata_carry_their_numbers():
    cells = ("width", "traffic", "energy", "mixed-precision", "table-6", "self-check")
    settled = [one for cell in cells for one in claims_at(f"07_numerics#{cell}")]
    assert {one.claim.id for one in settled if one.verdict == "erratum"} == ERRATA
    assert not [one for one in settled if one.verdict == "rounding"]
    reasons = " ".join(one.reason for one in settled if one.verdict == "erratum")
    areas, energies = ("11884", "3000", "5824", "3.96", "2.04", "4.7 times", "4184"), ("30x", "18.5x", "20x", "15.3x")
    for number in (*areas, *energies, "int1", "47 TOP/s"):
        assert number in reasons
    assert not re.search(r"[{}]", reasons)


def test_the_self_checks_answer_can_be_false():
    assert both_sides_move()
    assert not both_sides_move(narrow="fp32")  # without another unit the ceiling stays
    assert not both_sides_move(b_narrow=4)  # without fewer bytes the intensity stays


# --- figures -----------------------------------------------------------------------------------------------


def test_the_number_lines_are_the_formats():
    table = list(rows(figure("number-lines").table()))
    for name in ("fp8_e5m2", "fp8_e4m3", "fp4_e2m1", "int4"):
        drawn = [r["value"] for r in table if r["format"] == name]
        values = finite_values(name)
        assert drawn == values[(values >= 0) & (values <= 8)].tolist()
    e4m3 = [r["value"] for r in table if r["format"] == "fp8_e4m3"]
    assert [sum(2**k <= v < 2 ** (k + 1) for v in e4m3) for k in range(-6, 3)] == [8] * 9  # 2^3 in each doubling


def test_no_number_is_rounded_worse_than_the_spacing_figure_says():
    for r in rows(figure("format-spacing").table()):
        if r["x"] >= FORMATS[r["format"]].least_normal and 2 * r["x"] <= FORMATS[r["format"]].max:
            x = r["x"] * np.linspace(1, 2, 97)
            error = np.abs(cast(x, r["format"]) / x - 1).max()
            assert error <= r["largest_relative_error"] + 1e-12
            assert error > 0.4 * r["largest_relative_error"] or r["format"] == "fp32"


def test_dot_errors_grow_and_fall_as_the_caption_says():
    series = {}
    for r in rows(figure("dot-error").table()):
        series.setdefault((r["inputs"], r["accumulator"], r["chunk"]), []).append(r["relative_error"])
    for (_, accumulator_format, chunk), errors in series.items():
        if accumulator_format == "fp32":
            assert errors[-1] < errors[0] / 5
        elif not chunk:
            assert errors[-1] > 100 * errors[0]
    assert series["fp16", "fp16", 64][-1] < series["fp16", "fp16", 0][-1] / 50


def test_the_support_figure_marks_what_table_6_lacks():
    table = list(rows(figure("precision-support").table()))
    missing = {(r["generation"], r["format"]) for r in table if r["table_6"] == "missing"}
    assert missing == {("Volta", "int8"), ("Ampere", "int1")}
    for name, (tensor, vector) in TABLE_6.items():
        here = {r["format"]: r for r in table if r["generation"] == name}
        assert all(here[fmt]["tensor"] == "yes" for fmt in tensor)
        assert all(here[fmt]["vector"] == "yes" for fmt in vector)


def test_both_roofs_double_and_the_layer_keeps_its_place():
    by = {r["precision"]: r for r in rows(figure("roofs-by-precision").table())}
    for wide, narrow in (("fp16", "int8"), ("int8", "int4")):
        for column in ("I", "R_peak", "I_ridge", "R"):
            assert by[narrow][column] == pytest.approx(2 * by[wide][column])
    assert by["fp32"]["R"] == A100.peak("fp32")  # the vector units are the limit
    assert by["tf32"]["I"] == by["fp32"]["I"]  # four bytes either way


# --- explorers ---------------------------------------------------------------------------------------------


def test_the_landing_explorer_answers_its_question():
    """2e-9 survives in bf16 only; 1.2345 has a smaller error in fp16; 100 is finite in fp8_e4m3, 1000 is not."""
    assert landing.stored(2e-9, "fp16", "ieee") == 0 < landing.stored(2e-9, "bf16", "ieee")
    assert landing.error(1.23, float(cast(1.23, "fp16"))) < landing.error(1.23, float(cast(1.23, "bf16")))
    said = landing_explorer(significand=1.0, power=3).sentence
    assert "fp8_e4m3 nan (lost)" in said
    assert "fp16 1000 (exact)" in said
    assert "fp8_e4m3 448 (off by 5.5e-01)" in landing_explorer(significand=1.0, power=3, overflow="saturate").sentence


def test_an_outlier_costs_bits_in_the_quantizer_explorer():
    """A largest value 25 times as large makes the step 25 times as large: 28 dB, between four and five bits."""
    clean, spoilt = (quantizer.noise(quantizer.TENSORS[0], "symmetric", 8, outlier)[0] for outlier in (4.0, 100.0))
    assert clean - spoilt == pytest.approx(20 * np.log10(25), abs=1)
    assert "zero point -128" in quantizer_explorer(tensor_name=quantizer.TENSORS[1], scheme="asymmetric").sentence


@every("bits", [2, 5, 8])
@every("scheme", quantizer.SCHEMES)
def test_the_levels_drawn_are_those_that_codes_stand_for(bits, scheme):
    q = quantizer.codes(quantizer.TENSORS[0], scheme, bits, 6.0)
    levels = quantizer.levels(q)
    assert np.isclose(levels[:, None], np.unique(q.dequantize()), rtol=1e-5, atol=1e-6).any(axis=0).all()
    assert len(levels) in (2**bits, 2**bits - 1)


@every(("chunk", "sum_of_ones"), [(8, 2048.0), (16, 4096.0), (256, 4096.0), (512, 2048.0), (4096, 256.0)])
def test_runs_save_a_sum_of_ones_where_runs_and_their_number_are_short_enough(chunk, sum_of_ones):
    """bf16 counts to 256: runs of up to 256 ones, and up to 256 runs."""
    assert float(accumulator.sums("ones", "bf16", chunk)[-1]) == sum_of_ones
    assert float(dot(np.ones(4096), np.ones(4096), "bf16", "bf16", chunk)) == sum_of_ones
    assert f"{sum_of_ones:g} instead of 4096" in accumulator_explorer(accumulator="bf16", chunk=chunk).sentence


# --- self-check --------------------------------------------------------------------------------------------


@every(
    ("id", "right", "wrong"),
    [
        ("numerics-1", [256, "256"], {128: "lost one doubling later", 3.39e38: "range ends", 512: "7 fraction bits"}),
        ("numerics-2", [{"bf16", "tf32"}, "tf32, BF16"],
         {"bf16": "tf32", ("fp16", "bf16", "tf32"): "fp16 above zero is 6.0e-08", "fp8": "not among the four"}),
        ("numerics-3", [4 / 255, 0.0157],
         {4 / 256: "255 steps", 0.016: "three digits", 3 / 127: "symmetric scale", 0.5: "number of steps"}),
        ("numerics-4", [4.6 / 0.3, "15.3x"],
         {30: "additions alone", 18.5: "multiplications alone", 20: "sum in INT32", 15: "three digits",
          4: "on each side"}),
        ("numerics-5", ["b", "(B)"], {"a": "ridge doubles", "c": "only the intensity", "d": "half as many"}),
        ("numerics-6", [16, "16x"],
         {2: "what the bytes give", 32: "do not multiply", 3.24: "batch 32", 5: "each format"}),
    ],
)  # fmt: skip
def test_items_know_their_slips(id, right, wrong):
    for answer in right:
        assert repr(selfcheck(id, answer)) == f"{id}: right"
    for answer, words in wrong.items():
        assert words in selfcheck(id, answer).words
    assert "This item wants" in selfcheck(id, None).words
