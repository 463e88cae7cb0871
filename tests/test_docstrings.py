"""Every example in a docstring runs, and every public function of the lower floors has one."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "labcore"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
WITH_EXAMPLES = (
    "units", "precision", "windows", "sums", "running_order", "ops", "roofline", "ironlaw",
    "vector", "simt", "matrix", "sfu", "im2col", "sparsity", "systolic", "interconnect", "cache",
    "energy", "latency", "scaling", "cost", "mapping", "dataflow", "layout", "fusion", "tiling",
    "compiler", "runtime", "soc", "feasibility", "architectures", "serving", "codesign",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_public_functions_have_an_example(name):
    files = sorted((PACKAGE / name).glob("*.py")) or [PACKAGE / f"{name}.py"]
    body = [node for path in files for node in ast.parse(path.read_text()).body]
    public = [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    without = [node.name for node in public if ">>>" not in (ast.get_docstring(node) or "")]
    # Placing a layer takes a chip and a network; lab 09 shows it, and test_cli runs it. Kernels run in the example at
    # the top of their module.
    kernels = {"relu", "relu_by_branch", "matmul", "piecewise", "two_paths", "switch", "work"}
    assert set(without) <= {"place", "place_network"} | (kernels if name == "simt" else set())
