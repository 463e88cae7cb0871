"""The claims of the roofline section: all there, each settled, and held against values derived by hand."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from labcore.claims import ledger
from labcore.claims.ledger import SECTIONS, VERDICTS, claim, departures
from labcore.claims.printed import Each, Number, Range, Truth
from labcore.models.zoo import build

ledger.load()
LEDGER = dict(ledger.LEDGER)
CLAIMS = [pytest.param(one, id=one.id) for one in LEDGER.values()]
COMPUTED = [pytest.param(one, id=one.id) for one in LEDGER.values() if one.kind == "computes"]

# The roofline section's entries, by the line of the chapter on which each stands.
IDS_BY_LINE = {
    1278: "fig-margin-roofline-elbow margin-fig-roofline-elbow",
    1284: "fn33-roofline-origin",
    1286: "footnote-33-utilization-gap fn33-half-ceiling-2x-gap",
    1290: "eq-2-roofline eq-2-roofline-attainable",
    1294: "def-1-5-arithmetic-intensity",
    1298: "def-1-5-a100-ridge def-1-5-matmul-100-200-straddle def-1-5-gemm-1024-intensity def-1-5-relu-intensity",
    1300: "def-1-5-naive-vs-tiled-gap",
    1302: "eq-3-intensity",
    1304: "roofline-axes-and-regions",
    1308: "ridge-point-definition",
    1310: "table12-caption-order-of-magnitude",
    1312: "table12-gpu-2017",
    1313: "table12-gpu-2020",
    1314: "table12-gpu-2023",
    1315: "table12-tpu-2023",
    1326: "nm1-3-v100-ridge",
    1327: "nm1-3-a100-ridge",
    1328: "nm1-3-h100-ridge",
    1330: "nm1-3-bar-doubled nm1-3-i200-regime-flip nm1-3-bandwidth-ratio nm1-3-flops-ratio",
    1332: "relu-h100-gap gemm-1024-h100-compute-bound most-ops-below-ridge-fusion",
    1336: "table13-caption",
    1338: "table13-conv2d-dense",
    1339: "table13-dense-matmul",
    1340: "table13-depthwise-conv",
    1341: "table13-attention-softmax",
    1342: "table13-layernorm",
    1343: "table13-embedding",
    1352: "nm1-4-qkv-flops",
    1353: "nm1-4-qkv-bytes",
    1354: "nm1-4-qkv-intensity nm1-4-qkv-compute-bound-a100",
    1358: "nm1-4-softmax-flops",
    1359: "nm1-4-softmax-bytes",
    1360: "nm1-4-softmax-intensity",
    1362: "nm1-4-flashattention-rationale",
    1364: "intensity-optimization-strategy",
    1368: "eq-4-required-bandwidth",
    1370: "eq-5-memory-bound-attainable",
    1379: "nm1-5-output-elements",
    1380: "nm1-5-flops-per-output",
    1381: "nm1-5-total-flops",
    1385: "nm1-5-input-bytes",
    1386: "nm1-5-weight-bytes",
    1387: "nm1-5-output-bytes",
    1388: "nm1-5-total-bytes",
    1390: "nm1-5-intensity",
    1392: "nm1-5-compute-bound",
    1394: "nm1-5-weight-reuse-millions",
    1396: "dense-vs-conv-transition",
    1404: "dense-2048-batch32-flops",
    1408: "dense-2048-batch32-input-bytes",
    1409: "dense-2048-batch32-weight-bytes",
    1410: "dense-2048-batch32-output-bytes",
    1411: "dense-2048-batch32-total-bytes",
    1413: "dense-2048-batch32-intensity",
    1415: "dense-2048-batch32-attainable dense-2048-batch32-displayed-product dense-memory-bound-a100",
    1417: "dense-2048-batch32-utilization",
    1419: "transformer-vs-cnn-inference-regime",
    1428: "nm1-7-elements",
    1429: "nm1-7-ops-per-element",
    1430: "nm1-7-flops",
    1434: "nm1-7-input-bytes",
    1435: "nm1-7-param-bytes",
    1436: "nm1-7-output-bytes",
    1437: "nm1-7-total-bytes",
    1439: "nm1-7-intensity",
    1441: "nm1-7-gap-to-ridge nm1-7-attainable",
    1443: "nm1-7-under-1pct",
    1449: "table14-caption",
    1451: "table14-high-ai",
    1452: "table14-medium-ai",
    1453: "table14-low-ai",
    1454: "table14-very-low-ai",
    1456: "text-ln-gelu-single-kernel",
    1459: "eq-6-batch-intensity nm1-8-validity-condition",
    1463: "dense-2048-batch1-eq6-intensity",
    1464: "dense-2048-batch32-eq6-intensity",
    1465: "dense-2048-batch256-eq6-intensity nm1-8-batch256-compute-bound",
    1467: "nm1-8-mlperf",
    1471: "batching-latency-tradeoff",
    1482: "nm1-9-peak-compute",
    1483: "nm1-9-peak-bandwidth",
    1484: "nm1-9-ridge",
    1485: "nm1-9-fp32-ridge",
    1491: "nm1-9-weights-bytes",
    1492: "nm1-9-flops-per-token",
    1493: "nm1-9-intensity",
    1497: "nm1-9-intensity-far-below-ridge",
    1499: "nm1-9-max-throughput",
    1500: "nm1-9-utilization-ceiling",
    1504: "recap-0-7-percent",
    1507: "sc4-q1",
    1513: "sc4-q2",
    1515: "sc4-q3",
    1521: "sc4-q4",
    1523: "sc4-q5",
    1525: "sc4-q6",
}
IDS = [id for ids in IDS_BY_LINE.values() for id in ids.split()]

ROUNDING = {
    "nm1-4-qkv-displayed-quotient", "nm1-5-displayed-quotient",
    "dense-2048-batch32-displayed-product", "nm1-7-displayed-flops", "nm1-7-displayed-total",
    "nm1-9-gpt2-xl-params", "sc4-q5",
}  # fmt: skip
ERRATA = {
    "table12-gpu-2020", "table12-tpu-2023", "nm1-3-i200-gain", "relu-h100-gap-in-one-precision",
    "table13-conv2d-dense", "table13-depthwise-conv", "table13-attention-softmax",
    "table14-very-low-ai", "nm1-9-saturation-unit", "nm1-9-utilization-without-cache", "sc4-q3-layernorm-statistics",
}  # fmt: skip
CITED = {"fn33-roofline-origin", "nm1-9-peak-compute", "nm1-9-peak-bandwidth"}

# Derived here from the page, in the printed unit, without labcore.
TOKENS = 32 * 512  # batch x sequence
LN = TOKENS * 768  # elements of the LayerNorm
CONV_OUT, CONV_IN = 32 * 256 * 56 * 56, 32 * 128 * 56 * 56
BY_HAND = {
    "nm1-3-v100-ridge": 125 / 0.9,
    "nm1-3-h100-ridge": 989 / 3.35,
    "nm1-3-bar-doubled": (989 / 3.35) / (125 / 0.9),
    "nm1-3-i200-gain": 3.35 * 200 / 312,  # H100 on its slope, A100 on its flat roof
    "nm1-3-bandwidth-ratio": 3.35 / 2.04,
    "relu-h100-gap": 989 / 3.35 * 8,  # 8 bytes for 1 FLOP
    "relu-h100-gap-in-one-precision": 989 / 3.35 * 4,
    "def-1-5-gemm-1024-intensity": 1024 / 3,  # 2 n^3 / (3 n^2 * 2)
    "def-1-5-naive-vs-tiled-gap": (1024 / 3) / (2 * 1024 / (2 * (1024 + 1024 + 1))),  # a row, a column, one result
    "table12-gpu-2023": np.log10(1000 / 3.35),
    "table13-conv2d-dense": CONV_OUT * 128 * 9 * 2 / (2 * (CONV_IN + 256 * 128 * 9 + CONV_OUT)),
    "table13-depthwise-conv": 18 * 32 * 56 * 56 / (4 * 32 * 56 * 56 + 2 * 9),  # of one channel: in, out, 9 weights
    "table13-attention-softmax": 3 / 4,
    "table13-dense-matmul": [1 / (1 / B + 2 / 2048) for B in (128, 256)],
    "nm1-4-qkv-flops": 2 * 3 * 32 * 512 * 768 * 768 / 1e9,
    "nm1-4-qkv-bytes": 2 * (TOKENS * 768 + 3 * 768 * 768 + 3 * TOKENS * 768) / 1e6,
    "nm1-4-qkv-displayed-quotient": 58_000 / 104.2,
    "nm1-4-softmax-bytes": 32 * 12 * 512 * 512 * 2 * 2 / 1e6,
    "nm1-5-output-elements": CONV_OUT / 1e6,
    "nm1-5-flops-per-output": 128 * 3 * 3 * 2,
    "nm1-5-total-flops": CONV_OUT * 2304 / 1e9,
    "nm1-5-weight-bytes": 256 * 128 * 3 * 3 * 2 / 1e6,
    "nm1-5-total-bytes": 2 * (CONV_IN + 256 * 128 * 9 + CONV_OUT) / 1e6,
    "dense-2048-batch32-flops": 2 * 32 * 2048 * 2048 / 1e6,
    "dense-2048-batch32-input-bytes": 32 * 2048 * 2 / 1e3,
    "dense-2048-batch32-attainable": 2.039 / (1 / 32 + 2 / 2048),
    "dense-2048-batch32-displayed-product": 2.039 * 31,
    "dense-2048-batch32-utilization": 100 * 2.039 / (1 / 32 + 2 / 2048) / 312,
    "nm1-7-total-bytes": (2 * LN * 2 + 768 * 2 * 2) / 1e6,
    "nm1-7-displayed-total": 25.2 + 0.0031 + 25.2,
    "nm1-7-intensity": 6 * LN / (4 * LN + 4 * 768),
    "nm1-7-gap-to-ridge": 312 / 2.039 / 1.5,
    "nm1-7-latency-share": 100 * ((4 * LN + 4 * 768) / 2.039e12) / (2 * LN * 3 * 768 / 312e12),
    "table14-high-ai": [0.9 * 312, 0.95 * 312],
    "table14-low-ai": 6 / 2,  # traversals
    "table14-very-low-ai": (4 * LN + 4 * 768 + 4 * LN) / (4 * LN + 4 * 768),
    "nm1-8-validity-condition": 2048 * 2048 / (2 * 32 * 2048),
    "dense-2048-batch256-eq6-intensity": 204.8,  # 2048 * 256 / (2048 + 2 * 256) = 2048 / 10, exactly
    "nm1-9-fp32-ridge": 19.5 / 2.04,
    # 48 blocks of 4 d d + 8 d d weights and 13 d biases and norms, tables of 50257 and 1024 rows, a last norm
    "nm1-9-gpt2-xl-params": (48 * (12 * 1600**2 + 13 * 1600) + (50257 + 1024) * 1600 + 2 * 1600) / 1e9,
    "nm1-9-utilization-ceiling": 100 * 2.04 / 312,
    "sc4-q2-flops-growth": (2 * 256 * 2048 + 2048 * 2048) / (2 * 2048 + 2048 * 2048),
    "sc4-q3": [312 / 2.04 / 1, 312 / 2.04 / 2],
    "sc4-q3-layernorm-statistics": 32 * 512,  # one mean for each token
    "sc4-q5": 153 / 0.8,
    "sc4-q6-newer-gpu-worse": (3.35 / 989) / (2.04 / 312),
}


# The section, entry by entry


def test_every_entry_of_the_section_is_there():
    assert len(IDS) == len(set(IDS)) == 113
    assert set(IDS) <= set(LEDGER)


@pytest.mark.parametrize("one", CLAIMS)
def test_claim_settles(one):
    settled = one.settle()
    assert settled.verdict in VERDICTS
    assert one.statement
    assert one.item
    assert one.where.startswith("09_roofline#")  # test_notebooks finds the cell


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


@pytest.mark.parametrize(
    ("id", "inputs"),
    [
        ("def-1-5-matmul-100-200-straddle", {"lo": 160}),
        ("def-1-5-gemm-1024-a100-compute-bound", {"n": 256}),  # 256 / 3 = 85
        ("ridge-points-rise", {"h100": (312e12, 3.35e12)}),
        ("nm1-3-i200-regime-flip", {"I": 300}),
        ("gemm-1024-h100-compute-bound", {"n": 512}),  # 512 / 3 = 171
        ("low-intensity-ops-move-longer", {"BW": 2.04e15}),
        ("table13-caption", {"BW": 2.04e10}),
        ("table13-layernorm", {"ops": 12}),
        ("table13-embedding", {"bytes_per": 0.5}),  # int4
        ("nm1-4-qkv-compute-bound-a100", {"B": 1, "S": 8}),
        ("nm1-4-flashattention-rationale", {"BW": 2.04e15}),
        ("intensity-optimization-strategy", {"BW": 2.04e13}),
        ("dense-vs-conv-transition", {"BW": 2.04e13}),
        ("dense-memory-bound-a100", {"I": 204.8}),
        ("nm1-7-under-1pct", {"I": 2.0}),
        ("table14-medium-ai", {"B_larger": 128}),
        ("text-ln-gelu-single-kernel", {"B": 256, "B_larger": 512}),
        ("nm1-8-batch256-compute-bound", {"I": 31}),
        ("nm1-9-intensity-far-below-ridge", {"I": 31}),
        ("sc4-q3-batch-does-not-help", {"S": 1}),  # one token: scale and bias weigh as much as it does
        ("sc4-q4", {"I": 300}),
        ("sc4-q6", {"R_peak": 1e12}),
    ],
)
def test_truths_can_turn(id, inputs):
    """A statement that holds (or fails) for the page's inputs fails (or holds) for others: nothing is hard-coded."""
    assert claim(id, **inputs).computed is not claim(id).computed


def test_every_truth_is_turned_somewhere():
    turned = {param[0] for param in test_truths_can_turn.pytestmark[0].args[1]}
    networks = {"most-ops-below-ridge-fusion", "transformer-vs-cnn-inference-regime"}  # real ones, below
    assert turned | networks == {one.id for one in LEDGER.values() if isinstance(one.printed, Truth)}


def test_network_truths():
    assert claim("transformer-vs-cnn-inference-regime", R_peak=989e12, BW=3.35e12).computed is False
    # ResNet-50 has 53 convolutions and a dense layer, and 49 ReLUs, 16 additions and 2 pools, which no chip feeds.
    kinds = Counter(layer.op.macs > 0 for layer in build("resnet50", batch=32).layers)
    assert kinds == {True: 53 + 1, False: 49 + 16 + 2}


# Modules, order, JSON


def test_every_module_is_a_section():
    """A section that is not listed would register nothing."""
    folder = Path(ledger.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "ledger", "printed", "settled"} == set(SECTIONS)


def test_the_ledger_is_in_the_order_of_the_book():
    code = "from labcore.claims.ledger import LEDGER, load; load(); print(*LEDGER)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    line = {id: number for number, ids in IDS_BY_LINE.items() for id in ids.split()}
    numbers = [line[id] for id in out.split() if id in line]
    assert len(numbers) == 113
    tables = [n for n in numbers if not 1278 <= n <= 1286]  # the margin figure stands beside the first paragraphs
    assert tables == sorted(tables)


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
    ],
)
def test_printed_in_json(id, printed):
    found = claim(id).as_dict()["printed"]
    assert found == printed
    assert type(found) is type(printed)


def test_truths_are_booleans_in_json():
    for one in LEDGER.values():
        if isinstance(one.printed, Truth):
            assert type(one.settle().computed) is bool, one.id


def test_departures_of_a_lab():
    assert {one.claim.id for one in departures("09_roofline")} == ROUNDING | ERRATA
    assert departures("99_none") == []


def test_no_statement_is_repeated():
    """Two entries may print the same number, but each says what it is about."""
    statements = Counter(one.statement for one in LEDGER.values())
    assert [text for text, count in statements.items() if count > 1] == []
