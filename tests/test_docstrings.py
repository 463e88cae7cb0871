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
WITH_EXAMPLES = ("units", "precision", "windows", "ops", "roofline", "ironlaw")


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_public_functions_have_an_example(name):
    tree = ast.parse((PACKAGE / f"{name}.py").read_text())
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    without = [node.name for node in public if ">>>" not in (ast.get_docstring(node) or "")]
    # Placing a layer takes a chip and a network; lab 09 shows it, and test_cli runs it.
    assert set(without) <= {"place", "place_network"}
