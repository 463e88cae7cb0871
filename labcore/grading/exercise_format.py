"""The format of an exercise's source: marked cells, read into questions, and turned into what reader and key get.

The source is `exercises/keys/NN_slug.py`, py:percent, with marked cells:

    # %% [markdown] task="q1"                  what is asked
    # %% answer="q1"                           the reference, its solution between `# solution` and `# end solution`
    # %% check="q1" points=2                   one call: check("q1", function, on=[inputs]) or check("q1", value)
    # %% wrong="q1" slip="words of feedback"   a wrong answer, at least two a question

Each answer stands by itself: it uses the setup cells, and nothing of another answer. Inputs are lists for now. Inputs
that nobody can look up would come from a seeded generator in place of `on=[...]`: the grader would graft
`on=inputs(seed)` into the key's check cells and run key and wrong answers once with that seed for their values.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

SOLUTION = re.compile(r"^(?P<indent>[ \t]*)# solution\n(?P<code>.*?)^[ \t]*# end solution[ \t]*(?:\n|\Z)", re.M | re.S)
ROLES = "task", "answer", "check"
MARKS = *ROLES, "points", "wrong", "slip"


@dataclass
class Parts:
    """One question as it stands in the source."""

    task: str = ""
    answer: str = ""
    check: str = ""
    points: float = 0
    wrong: dict[str, str] = field(default_factory=dict)  # the slip's words -> the code


def read_cells(source: Path) -> list[dict]:
    """The source's cells as notebook cells, wrong answers included, with their marks as metadata."""
    import jupytext

    cells = jupytext.read(source, fmt="py:percent").cells
    marks = [{mark: value for mark, value in c.metadata.items() if mark in MARKS} for c in cells]
    return [{"cell_type": c.cell_type, "metadata": m, "source": c.source} for c, m in zip(cells, marks, strict=True)]


def parts(name: str, cells: list[dict]) -> dict[str, Parts]:
    """The questions of an exercise in order; raises ValueError for one that is not complete."""
    questions: dict[str, Parts] = {}
    for cell in cells:
        for role in (*ROLES, "wrong"):
            if id := cell["metadata"].get(role):
                place(name, questions.setdefault(id, Parts()), role, id, cell)
    for id, question in questions.items():
        if problem := incomplete(id, question):
            raise ValueError(f"{name}: question {id} {problem}")
    return questions


def place(name: str, question: Parts, role: str, id: str, cell: dict) -> None:
    """Put one marked cell where it belongs in its question."""
    if role == "wrong":
        slip = cell["metadata"].get("slip", "")
        if not slip or slip in question.wrong:
            raise ValueError(f'{name}: a wrong answer to {id} needs slip="..." in words of its own, got {slip!r}')
        question.wrong[slip] = cell["source"]
        return
    if getattr(question, role):
        raise ValueError(f"{name}: question {id} has two {role} cells; keep one")
    setattr(question, role, cell["source"])
    if role == "check":
        question.points = cell["metadata"].get("points", 0)


def incomplete(id: str, question: Parts) -> str:
    """What a question still lacks, in words; empty when it has everything."""
    if missing := [role for role in ROLES if not getattr(question, role)]:
        return f"has no {missing[0]} cell; mark one with {missing[0]}={id!r}"
    if not SOLUTION.search(question.answer):
        return "needs the lines '# solution' and '# end solution' around its solution"
    if not isinstance(question.points, (int, float)) or question.points <= 0:
        return f"needs points above 0 on its check cell, got {question.points!r}"
    if len(question.wrong) < 2:
        return f"needs at least two wrong answers, got {len(question.wrong)}"
    try:
        asked_name(id, question.check)
    except (SyntaxError, AttributeError, IndexError, ValueError):
        return f'needs one call check("{id}", name, on=[...]) and nothing else in its check cell'
    return ""


def asked_name(id: str, check: str) -> str:
    """The name that a check cell asks about; raises where the cell is anything but that one call."""
    (statement,) = ast.parse(check).body
    call = statement.value
    if call.func.id != "check" or call.args[0].value != id or not check.startswith("check("):
        raise ValueError(f"not a check of {id}")
    return call.args[1].id


def stub(id: str, answer: str) -> str:
    r"""What the reader gets in place of an answer: its marker, and a hole where the solution stands.

    >>> print(stub("q1", "def f(x):\n    # solution\n    return x\n    # end solution"))
    # answer: q1
    def f(x):
        raise NotImplementedError("q1: your code here")
    """

    def hole(match: re.Match) -> str:
        if match["indent"]:
            return f'{match["indent"]}raise NotImplementedError("{id}: your code here")\n'
        targets = [t.id for node in ast.parse(match["code"]).body if isinstance(node, ast.Assign) for t in node.targets]
        return "".join(f"{target} = ...\n" for target in targets)

    return f"# answer: {id}\n{SOLUTION.sub(hole, answer)}".rstrip("\n")


def reader_cell(cell: dict) -> dict | None:
    """The cell as the reader gets it: answers as stubs, wrong answers not at all."""
    if id := cell["metadata"].get("answer"):
        return cell | {"source": stub(id, cell["source"])}
    return None if "wrong" in cell["metadata"] else cell


def key_cell(cell: dict) -> dict | None:
    """The cell as the key has it: answers in full, checks that emit values and import the means anew."""
    if id := cell["metadata"].get("answer"):
        return cell | {"source": f"# answer: {id}\n{SOLUTION.sub(lambda m: m['code'], cell['source'])}".rstrip("\n")}
    if "check" in cell["metadata"]:
        return cell | {"source": emitting(cell["source"])}
    return None if "wrong" in cell["metadata"] else dict(cell)


def emitting(check: str) -> str:
    """A check cell as the key has it.

    >>> print(emitting('check("q1", f, on=[1])'))
    from labcore.grading.check import emit
    <BLANKLINE>
    emit("q1", f, on=[1])
    """
    return f"from labcore.grading.check import emit\n\nemit{check.removeprefix('check')}"
