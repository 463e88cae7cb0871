"""Imported first by tests of generated hardware: without Amaranth and its Yosys the file is skipped, and says why."""

import pytest

from labcore.codesign import toolchain

for tool in toolchain.PYTHON:
    if not toolchain.present(tool):
        pytest.skip(toolchain.line(tool), allow_module_level=True)


def needs(tool):
    """Mark a test that a tool of the system is needed for."""
    return pytest.mark.skipif(not toolchain.present(tool), reason=toolchain.line(tool))
