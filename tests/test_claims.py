"""The claims: all there, each settled, and held against values derived by hand."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from labcore.claims import ledger
from labcore.claims.ledger import SECTIONS, VERDICTS, claim, departures
from labcore.claims.printed import Answer, Each, Number, Range, Truth
from labcore.models.zoo import build
from tests import page_roofline
from tests.pages import PAGES, every

ledger.load()
LEDGER = dict(ledger.LEDGER)
CLAIMS = [pytest.param(one, id=one.id) for one in LEDGER.values()]
COMPUTED = [pytest.param(one, id=one.id) for one in LEDGER.values() if one.kind == "computes"]
LINE = {id: line for page in PAGES for line, ids in page.IDS_BY_LINE.items() for id in ids.split()}
ROUNDING, ERRATA, CITED, OF_MACHINES = map(every, ("ROUNDING", "ERRATA", "CITED", "OF_MACHINES"))
TURNS, BY_HAND = every("TURNS"), every("BY_HAND")

# The sections, entry by entry


def test_every_entry_of_the_sections_is_there():
    listed = [id for page in PAGES for ids in page.IDS_BY_LINE.values() for id in ids.split()]
    by_page = 33 + 76 + 148 + 90 + 15 + 113 + 58 + 26 + 12 + 16 + 20 + 24 + 19 + 11 + 8 + 31 + 48 + 37 + 6
    assert len(listed) == len(LINE) == by_page
    assert set(listed) <= set(LEDGER)


@pytest.mark.parametrize("one", CLAIMS)
def test_claim_settles(one):
    settled = one.settle()
    assert settled.verdict in VERDICTS
    assert one.statement
    assert one.item
    assert re.fullmatch(r"\d\d_\w+#[\w-]+", one.where)  # test_notebooks finds the cell


def test_verdicts_are_the_known_ones():
    """Who departs, and how, is a fact of the page: a new departure is looked at before it is listed."""
    verdicts = {one.id: one.settle().verdict for one in LEDGER.values()}
    found = {verdict: {id for id, its in verdicts.items() if its == verdict} for verdict in VERDICTS}
    assert found["rounding"] == ROUNDING
    assert found["erratum"] == ERRATA
    assert found["cited"] == CITED
    assert found["shown"] == {one.id for one in LEDGER.values() if one.kind == "shows"}


@pytest.mark.parametrize("id", BY_HAND)
def test_value_by_hand(id):
    assert claim(id).computed == pytest.approx(BY_HAND[id], rel=1e-12)


@pytest.mark.parametrize("id", sorted(ROUNDING | ERRATA))
def test_reasons_carry_their_numbers(id):
    reason = claim(id).reason
    assert re.search(r"\d", reason)
    assert not re.search(r"[{}]|nan|inf\b", reason)
    assert reason.endswith(".")
    assert inspect.getdoc(LEDGER[id].departure).count("{") >= 1


def test_reasons_name_what_a_reader_can_check():
    """Numbers inside some reasons, by hand."""
    assert "32 to 973 FLOP/B" in claim("table13-conv2d-dense").reason
    assert "1.8 to 4.5" in claim("table13-depthwise-conv").reason  # stride 2 has 18 / (2 * (4 + 1)), stride 1 18 / 4
    assert "8 to 20 FLOP an element" in claim("table13-attention-softmax").reason  # 2 and 5, times 4 bytes
    assert "1180.9x" in claim("relu-h100-gap-in-one-precision").reason  # 989 / 3.35 * 4 bytes
    assert "101 and 50 MB" in claim("table14-very-low-ai").reason  # 8 and 4 bytes, times 12.58 M
    assert "63.27" in claim("dense-2048-batch32-displayed-product").reason  # 2.039 * 31.03


def test_resnet_convolution_extremes_by_hand():
    """Lowest: the 1 x 1 from 64 to 64 channels. Highest: a 3 x 3 at 14 x 14 from 256 to 256, at batch 32."""
    positions = 32 * 56 * 56
    lowest = 2 * positions * 64 * 64 / (2 * (2 * positions * 64 + 64 * 64))
    positions = 32 * 14 * 14
    highest = 2 * positions * 256 * 256 * 9 / (2 * (2 * positions * 256 + 256 * 256 * 9))
    reason = claim("table13-conv2d-dense").reason
    assert f"from {lowest:.0f} to {highest:.0f} FLOP/B" in reason


@pytest.mark.parametrize("one", COMPUTED)
def test_claim_calls_labcore(one):
    """A claim states what the page says and leaves the arithmetic to labcore, directly or through its module."""
    assert calls_labcore(one.function.__name__, sys.modules[one.function.__module__])


def calls_labcore(name, module, seen=()):
    tree = ast.parse(inspect.getsource(module))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("labcore.") and ".claims" not in node.module
        for alias in node.names
    }
    called = {n.func.id for n in ast.walk(functions[name]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    called -= {other.__name__ for other in (sum, all, min, max, int, bool)}
    local = [other for other in called & set(functions) if other not in (*seen, name)]
    return bool(called & imported) or any(calls_labcore(other, module, (*seen, name)) for other in local)


def test_a_claim_without_labcore_is_caught(tmp_path, monkeypatch):
    source = "from labcore.roofline import ridge\n\ndef mine(R=1, BW=2):\n    return R / BW\n"
    (tmp_path / "planted_claims.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("planted_claims")
    assert not calls_labcore("mine", planted)


# 6 T d / (4 T d + 4 d): elements, scale and bias grow alike with the width d of a LayerNorm of T tokens.
CANCELS = {("nm1-7-intensity", "d"), ("table14-very-low-ai", "d")}


@pytest.mark.parametrize("one", [p for p in COMPUTED if isinstance(p.values[0].printed, Number | Range | Each)])
def test_no_input_is_ignored(one):
    """Some other value of each input gives another result."""
    before = one()
    for name, parameter in inspect.signature(one.function).parameters.items():
        if isinstance(parameter.default, str):
            continue
        whole = isinstance(parameter.default, int)
        others = [parameter.default * factor for factor in ((2, 1000) if whole else (0.001, 0.5, 2, 1000))]
        others += [max(parameter.default // 1000, 1)] if whole else []
        changed = any(one(**{name: other}) != before for other in others)
        assert changed or (one.id, name) in CANCELS, f"{one.id} ignores {name}"


@pytest.mark.parametrize("one", COMPUTED)
def test_inputs_are_in_si_units(one):
    """Peaks and bandwidths of accelerators, in FLOP/s and B/s, cannot be mistaken for TFLOP/s or GB/s."""
    for name, parameter in inspect.signature(one.function).parameters.items():
        if name.startswith(("R_", "Ra", "Rh")):
            assert 1e13 <= parameter.default <= 1e15, (one.id, name)
        if name.startswith(("BW", "Ba", "Bh")):
            assert 5e11 <= parameter.default <= 5e12, (one.id, name)


def test_gpt2_xl_bytes_do_not_ignore_the_precision():
    assert claim("nm1-9-weights-bytes", precision="int8").computed == 1.5  # 1.5e9 parameters, a byte each


@pytest.mark.parametrize(("id", "inputs"), TURNS)
def test_truths_can_turn(id, inputs):
    """A statement that holds (or fails) for the page's inputs fails (or holds) for others: nothing is hard-coded."""
    assert claim(id, **inputs).computed is not claim(id).computed


def test_every_truth_is_turned_somewhere():
    assert {id for id, _ in TURNS} | OF_MACHINES == {
        one.id for one in LEDGER.values() if one.function and isinstance(one.printed, Truth | Answer)
    }


def test_network_truths():
    assert claim("transformer-vs-cnn-inference-regime", R_peak=989e12, BW=3.35e12).computed is False
    # ResNet-50 has 53 convolutions and a dense layer, and 49 ReLUs, 16 additions and 2 pools, which no chip feeds.
    kinds = Counter(layer.op.macs > 0 for layer in build("resnet50", batch=32).layers)
    assert kinds == {True: 53 + 1, False: 49 + 16 + 2}


# Modules, order, JSON


def test_every_module_is_a_section():
    """A section that is not listed would register nothing."""
    folder = Path(ledger.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "ledger",
        "printed",
        "settled",
        "quantities",
        "slips",
    } == set(SECTIONS)


def test_the_ledger_is_in_the_order_of_the_book():
    code = "from labcore.claims.ledger import LEDGER, load; load(); print(*LEDGER)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found = [id for id in out.split() if id in LINE]
    assert len(found) == len(LINE)
    # A margin figure stands beside the first paragraphs; a self-check asks before the labs that answer have begun.
    placed = [id for id in found if not 1278 <= LINE[id] <= 1286 and not id.startswith("selfcheck-2-")]
    labs = [LEDGER[id].where.partition("#")[0] for id in placed]
    assert labs == sorted(labs)
    for lab in set(labs):
        lines = [LINE[id] for id, its in zip(placed, labs, strict=True) if its == lab]
        assert lines == sorted(lines), lab


@pytest.mark.parametrize("one", CLAIMS)
def test_json_round_trip(one):
    settled = one.settle().as_dict()
    assert list(settled) == ["id", "item", "printed", "computed", "unit", "verdict", "reason", "where"]
    assert json.loads(json.dumps(settled, allow_nan=False)) == settled


@pytest.mark.parametrize(
    ("id", "printed"),
    [
        ("table12-gpu-2017", 100),
        ("nm1-5-flops-per-output", 2304),
        ("relu-h100-gap", 2361.8),
        ("table13-conv2d-dense", [50, 200]),
        ("table14-low-ai", [2, 4]),
        ("sc4-q2", [1, 205]),
        ("table13-layernorm", True),
        ("eq-3-intensity", "I = O / D_vol"),
        ("margin-fig-roofline-elbow", None),
        ("hierarchy-order-of-magnitude-steps", 10),
        ("ridge-h100-150-300", [150, 300]),
        ("table-9-caption", 7),
        ("selfcheck-3-q1", "A"),
    ],
)
def test_printed_in_json(id, printed):
    found = claim(id).as_dict()["printed"]
    assert found == printed
    assert type(found) is type(printed)


def test_truths_are_booleans_in_json():
    for one in LEDGER.values():
        if one.function and isinstance(one.printed, Truth | Answer):
            assert type(one.settle().computed) is bool, one.id


def test_departures_of_a_lab():
    assert {one.claim.id for one in departures("09_roofline")} == page_roofline.ROUNDING | page_roofline.ERRATA
    assert departures("99_none") == []


def test_no_statement_is_repeated():
    """Two entries may print the same number, but each says what it is about."""
    statements = Counter(one.statement for one in LEDGER.values())
    assert [text for text, count in statements.items() if count > 1] == []
