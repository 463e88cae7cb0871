"""A name without quotes in a self-check cell costs its own item, not the feedback on all the others.

Python looks up every answer before anything is asked, so `selfcheck("systolic-5", ws)` stops the whole cell with a
NameError. In a notebook, the answers of the statement that stopped are then looked at one by one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from types import TracebackType


def watch(ask: dict[str, Callable], refuse: Callable[[str, str], object]) -> None:
    """Where this runs in a notebook, let NameErrors of self-check cells be answered; else do nothing.

    `ask` holds the functions that such cells call, by name; `refuse` gives feedback from an item and words.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    from IPython.display import display

    def explain(
        shell: object, kind: type, error: NameError, trace: TracebackType, tb_offset: int | None = None
    ) -> None:
        source = shell.user_ns["In"][-1]
        found = list(answers(source, trace.tb_next.tb_lineno if trace.tb_next else 1, error.name, ask))
        if not found:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        for call in found:
            display(answer(call, shell.user_ns, ask, refuse))

    shell.set_custom_exc((NameError,), explain)


def answers(source: str, line: int, missing: str, ask: dict[str, Callable]) -> Iterator[ast.Call]:
    """The calls of `ask` in the statement at a line, in order; none where the missing name is not in their answers."""
    statements = [one for one in ast.parse(source).body if one.lineno <= line <= one.end_lineno]
    calls = [
        node
        for one in statements
        for node in ast.walk(one)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ask
    ]
    names = {node.id for call in calls for part in call.args for node in ast.walk(part) if isinstance(node, ast.Name)}
    if missing in names:
        yield from sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def answer(call: ast.Call, names: dict, ask: dict[str, Callable], refuse: Callable[[str, str], object]) -> object:
    """What one call gives, looked up by itself; for a name that means nothing, feedback that says so.

    >>> call = ast.parse("check('a-1', ws)").body[0].value
    >>> answer(call, {}, {"check": print}, lambda item, words: f"{item}: {words}")
    "a-1: `ws` without quotes is the name of something, and nothing has that name here; a text stands in quotes: 'ws'"
    """
    try:
        given = [eval(compile(ast.Expression(part), "<answer>", "eval"), names) for part in call.args]
    except NameError as error:
        name = error.name
        words = f"`{name}` without quotes is the name of something, and nothing has that name here"
        return refuse(ast.literal_eval(call.args[0]), f"{words}; a text stands in quotes: {name!r}")
    return ask[call.func.id](*given)
