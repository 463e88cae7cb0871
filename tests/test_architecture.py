"""The house as it is drawn: imports point down, floors 0 to 4 stay light, modules stay readable."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "labcore"

# The floor of each module or subpackage directly under labcore; README's "How it is built" draws the same.
FLOORS = {
    "units": 0, "house": 0,
    "catalogue": 1, "windows": 1, "sums": 1, "running_order": 1, "listings": 1,
    "precision": 2, "ops": 2, "models": 2,
    "roofline": 3, "ironlaw": 3, "energy": 3, "interconnect": 3, "cost": 3, "scaling": 3,
    "counting": 3, "vector": 3, "simt": 3, "matrix": 3, "sfu": 3, "im2col": 3, "sparsity": 3, "systolic": 3,
    "cache": 3, "latency": 3, "loopnest": 3, "layout": 3,
    "measure": 4, "mapping": 4, "dataflow": 4, "fusion": 4, "tiling": 4, "kernels": 4,
    "compiler": 4, "runtime": 4, "soc": 4, "feasibility": 4,
    "architectures": 4, "serving": 4, "codesign": 4,
    "claims": 5, "plots": 5, "grading": 5,
    "report": 6, "explore": 6, "book": 6, "bench": 6, "terminal": 6, "site": 6,
    "grade_commands": 7, "feasibility_command": 7, "site_command": 7, "cli": 7,
}  # fmt: skip
# Pairs on one floor that may import each other in this direction, each with its reason.
PAIRS = {
    ("models", "ops"): "a network is a table of operations",
    ("bench", "explore"): "the redraw is one of the speeds measured",
    ("book", "report"): "the documents of docs/ are reports on the ledger",
    ("cli", "grade_commands"): "the commands of `labcore grade` are a group of their own",
    ("cli", "feasibility_command"): "the tool of procurement has a file of its own",
    ("cli", "site_command"): "the book as pages has a file of its own",
    ("site", "explore"): "a page holds the states of the explorers themselves",
    ("site", "book"): "a page is made of a lab, and says how to build it when it is stale",
    ("models", "precision"): "the bytes of an element follow from the precision asked for",
    ("loopnest", "counting"): "the machine that runs a nest reads arrays that count",
    ("compiler", "measure"): "kernels are chosen by timing them, the way a machine is measured",
    ("kernels", "measure"): "a kernel is timed the way a machine is measured",
    ("kernels", "fusion"): "a race of attention is predicted from what its tiles move",
    ("dataflow", "mapping"): "a dataflow is a class of loop orders, and the search over tiles is mapping's",
    ("tiling", "mapping"): "the tile to run is the one that mapping finds",
    ("interconnect", "cache"): "a page that migrates is a line of a fully associative cache",
    ("layout", "simt"): "what the lanes of a warp move is counted where coalescing is",
    ("layout", "cache"): "the addresses that a loop visits are a trace for a cache",
    ("cost", "roofline"): "what a useful FLOP/s costs depends on how much of the peak a workload is allowed",
    ("feasibility", "compiler"): "what must be held at once is a question of lifetimes, which compilers answer",
    ("serving", "feasibility"): "an iteration is charged as a pass is: fused attention, a chip's part, shares of peaks",
    ("serving", "runtime"): "requests come as they do to any runtime, and a run is drawn as a timeline",
    ("architectures", "serving"): "the experts that a batch wakes are counted where a mixture is served",
    ("architectures", "feasibility"): "the passes of a model, attention fused, are the ones that are bought for",
}
LIGHT = {"numpy", "ml_dtypes"}  # all that floors 0 to 4 may import besides the standard library
# Imported inside the function that needs it: extras, and what takes long to import.
LAZY = {
    "onnx": {"models", "compiler"}, "numba": {"cache", "measure", "kernels", "compiler"}, "simpy": {"runtime", "soc"},
    "threadpoolctl": {"measure"}, "psutil": {"measure", "codesign"}, "torch": {"measure"}, "optuna": {"codesign"},
}  # fmt: skip
# Amaranth describes hardware by classes of its own, so one folder imports it at the top, and all others import that
# folder inside the function that needs it.
RTL, HARDWARE = PACKAGE / "codesign" / "rtl", "amaranth"


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@cache
def parsed(path):
    return ast.parse(path.read_text())


def home(path):
    """The module or subpackage directly under labcore that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree, top_level_only=False):
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def upward(path, tree):
    """The imports of one source file that the floors forbid."""
    me = home(path)
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] != "labcore" or len(parts) == 1 or parts[1] == me:
            continue
        if FLOORS[parts[1]] >= FLOORS[me] and (me, parts[1]) not in PAIRS:
            yield f"{path.name} (floor {FLOORS[me]}) imports {name} (floor {FLOORS[parts[1]]})"


def test_every_module_has_a_floor():
    assert {home(path) for path in modules()} == set(FLOORS)


def test_floors_follow_from_the_imports():
    """A module's floor is above every floor it imports, so no cycle can hide in a pair."""
    for (low, high), reason in PAIRS.items():
        assert FLOORS[low] == FLOORS[high]
        assert (high, low) not in PAIRS
        assert reason


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    assert list(upward(path, parsed(path))) == []


def test_an_upward_import_is_caught():
    planted = "from labcore.plots.style import BLUE\n"
    assert list(upward(PACKAGE / "roofline.py", ast.parse(planted))) == [
        "roofline.py (floor 3) imports labcore.plots.style (floor 5)"
    ]


@pytest.mark.parametrize("path", [p for p in modules() if FLOORS.get(home(p), 9) <= 4], ids=lambda p: p.name)
def test_lower_floors_import_numpy_and_little_else(path):
    outside = {name.split(".")[0] for name in imports(parsed(path))}
    outside -= set(sys.stdlib_module_names) | LIGHT | {"labcore"} | ({HARDWARE} if RTL in path.parents else set())
    assert all(home(path) in LAZY.get(name, ()) for name in outside), outside
    top = {name.split(".")[0] for name in imports(parsed(path), top_level_only=True)}
    assert not top & set(LAZY), "what is lazy is imported where it is used, not at the top"


@pytest.mark.parametrize("path", [p for p in modules() if RTL not in p.parents], ids=lambda p: p.name)
def test_hardware_is_imported_where_it_is_generated(path):
    top = [*imports(parsed(path), top_level_only=True)]
    assert not [name for name in top if name.startswith(("labcore.codesign.rtl", HARDWARE))]


@pytest.mark.parametrize("path", [*PACKAGE.rglob("*.py")], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_assert_no_print_in_the_library(path):
    """Errors are raised; only the command line and its benchmarks print."""
    tree = parsed(path)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    if home(path) not in ("cli", "grade_commands", "feasibility_command", "site_command", "terminal"):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert not [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


def test_nothing_below_the_package_imports_what_uses_it():
    """notebooks/, exercises/ and tests/ import labcore, never the reverse."""
    for path in modules():
        assert not {n.split(".")[0] for n in imports(parsed(path))} & {"notebooks", "exercises", "tests"}


def test_roofline_is_imported_without_anything_heavy():
    heavy = "matplotlib", "ipywidgets", "rich", "typer", "onnx", "jupytext", "nbformat", "scipy", "pandas"
    code = f"import sys, labcore.roofline; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_sources_name_no_machine():
    """Nothing in the project speaks of the machine or place it was made on."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    private = [f"{folder}/" for folder in (ROOT, Path.home()) if len(str(folder)) > 1]
    for path in (ROOT / name for name in listed.split("\0") if name):
        text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
        assert not [folder for folder in private if folder in text], path.name
        assert not re.search(r"^--(extra-)?(index-url|find-links)", text, re.MULTILINE), f"{path.name} names a registry"
