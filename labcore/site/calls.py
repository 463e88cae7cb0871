"""Which explorers a notebook's cells open, read from their source: a page needs their states, not their pictures."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from labcore.book import BookError
from labcore.explore.explorer import Explorer


def imported(sources: Sequence[str], package: str = "labcore.explore") -> dict[str, str]:
    """Names that cells import from a package, each with its module.

    >>> imported(["from labcore.explore.roofline import batch_explorer as batches"])
    {'batches': 'labcore.explore.roofline:batch_explorer'}
    """
    found = {}
    for node in (node for source in sources for node in ast.walk(parse(source))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package):
            found |= {one.asname or one.name: f"{node.module}:{one.name}" for one in node.names}
    return found


def opened(source: str, sources: Sequence[str]) -> list[Explorer]:
    """The explorers that a cell opens, in order, made as it makes them; `sources` are all cells of its notebook.

    Raises BookError for arguments that are neither written out nor names of what a cell writes out.

    >>> cells = ["from labcore.explore.roofline import roofline_explorer", "roofline_explorer(batch=64)"]
    >>> opened(cells[1], cells)[0].values["batch"]
    64
    """
    names = imported(sources)
    return [make(names[call.func.id], call, sources) for call in calls(source) if is_explorer(call, names)]


def is_explorer(call: ast.Call, names: Mapping[str, str]) -> bool:
    """Whether a call makes an explorer: its function is imported from where they are and its module lists it."""
    name = getattr(call.func, "id", "")
    if name not in names:
        return False
    module, _, function = names[name].partition(":")
    return function in {one.__name__ for one in getattr(import_module(module), "EXPLORERS", ())}


def make(path: str, call: ast.Call, sources: Sequence[str]) -> Explorer:
    """Make one explorer with the arguments of a call."""
    module, _, function = path.partition(":")
    arguments = [literal(one, sources) for one in call.args]
    options = {one.arg: literal(one.value, sources) for one in call.keywords}
    return getattr(import_module(module), function)(*arguments, **options)


def literal(node: ast.expr, sources: Sequence[str]) -> object:
    """A value that is written out, or that a name was given so; an array made of a list is that list.

    >>> literal(ast.parse("A", mode="eval").body, ["A = np.array([[1, 2]])"])
    [[1, 2]]
    """
    if isinstance(node, ast.Name):
        given = [one.value for source in sources for one in parse(source).body if assigns(one, node.id)]
        if given:
            return literal(given[0], sources)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.array":
        return literal(node.args[0], sources)
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        words = f"an explorer is opened with {ast.unparse(node)!r}, which a page cannot know"
        raise BookError(f"{words}; write the value out in the cell") from error


def assigns(node: ast.stmt, name: str) -> bool:
    """Whether a statement gives a name its value."""
    return isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)


def calls(source: str) -> Iterator[ast.Call]:
    """Calls of plain names in the order of the page."""
    found = (node for node in ast.walk(parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    return iter(sorted(found, key=lambda call: (call.lineno, call.col_offset)))


def parse(source: str) -> ast.Module:
    """A cell as a tree; lines for IPython alone are left out."""
    return ast.parse("\n".join(line for line in source.splitlines() if not line.startswith(("%", "!"))))
