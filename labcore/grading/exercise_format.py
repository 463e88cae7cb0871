"""The format of an exercise's source: marked cells, read into questions, and turned into what reader and key get.

The source is `exercises/keys/NN_slug.py`, py:percent, with marked cells:

    # %% [markdown] task="q1"                  what is asked
    # %% answer="q1"                           the reference, its solution between `# solution` and `# end solution`
    # %% check="q1" points=2                   one call: check("q1", function, on=[inputs]) or check("q1", value)
    # %% wrong="q1" slip="words of feedback"   a wrong answer, at least two a question
    # %% draw="q1"                             def draw(rng): the arguments of one hidden input
    # %% judge="q1"                            def judge(on, got, want): the share that one value earns, and why
    # %% parameters="yes"                      def parameters(rng): numbers that differ between students

The last three are optional. Each answer stands by itself: it uses the setup cells, and nothing of another answer.

`draw` makes one input from a `random.Random`: a tuple of arguments, or one bare argument, made of numbers, texts,
None, tuples, lists, dicts with text keys and numpy arrays. The grader draws 8 with a seed that nobody knows before
(`count=12` on the cell draws 12); readers never get the cell.
`judge` gets plain values of one input, what an answer gave and what the reference gave, and returns a share from 0
to 1 with words: for questions with several right answers, or for part of the points. Its words are shown for inputs
that readers see. It must end for any value, so it bounds what it loops over. It stands alone: it imports what it uses.
`credit="each"` on a check cell gives points for the share of inputs that come out right; without it the worst counts.
`parameters` stands alone too. In its place reader and key get plain assignments of the values that it returns.
"""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from labcore.grading.values import as_source

SOLUTION = re.compile(r"^(?P<indent>[ \t]*)# solution\n(?P<code>.*?)^[ \t]*# end solution[ \t]*(?:\n|\Z)", re.M | re.S)
ROLES = "task", "answer", "check"
TEACHERS = "wrong", "draw", "judge"  # cells that no reader gets
MARKS = *ROLES, *TEACHERS, "points", "credit", "slip", "count", "parameters"
DRAWS, MOST_DRAWS = 8, 200


@dataclass
class Parts:
    """One question as it stands in the source."""

    task: str = ""
    answer: str = ""
    check: str = ""
    points: float = 0
    wrong: dict[str, str] = field(default_factory=dict)  # the slip's words -> the code
    draw: str = ""
    count: int = DRAWS
    judge: str = ""
    credit: str = "all"


def read_cells(source: Path) -> list[dict]:
    """The source's cells as notebook cells, wrong answers included, with their marks as metadata."""
    return copy.deepcopy(parsed(source.read_text(encoding="utf-8")))  # each caller may write into its own


@lru_cache(maxsize=64)
def parsed(text: str) -> list[dict]:
    """The cells of a source's text; what grades or lints an exercise asks for them eight times."""
    import jupytext

    cells = jupytext.reads(text, fmt="py:percent").cells
    marks = [{mark: value for mark, value in c.metadata.items() if mark in MARKS} for c in cells]
    return [{"cell_type": c.cell_type, "metadata": m, "source": c.source} for c, m in zip(cells, marks, strict=True)]


def parts(name: str, cells: list[dict]) -> dict[str, Parts]:
    """The questions of an exercise in order; raises ValueError for one that is not complete."""
    questions: dict[str, Parts] = {}
    for cell in cells:
        for role in (*ROLES, *TEACHERS):
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
    marks = cell["metadata"]
    if role == "check":
        question.points, question.credit = marks.get("points", 0), marks.get("credit", "all")
    if role == "draw":
        question.count = marks.get("count", DRAWS)


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
        name = asked_name(id, question.check)
    except (SyntaxError, AttributeError, IndexError, ValueError):
        return f'needs one call check("{id}", name, on=[...]) and nothing else in its check cell'
    for slip, code in question.wrong.items():
        if not re.search(rf"^(def {name}\b|{name}\b.*=|.*\bas {name}$)", code, re.MULTILINE):
            return f"is about {name}, which its wrong answer {slip!r} does not define; name it alike in every cell"
    return misused(id, question)


def misused(id: str, question: Parts) -> str:
    """What is wrong with a question's optional cells, in words; empty when nothing is."""
    try:
        stub(id, question.answer)
    except SyntaxError as error:
        return f"has a solution that is no Python: {error.msg}"
    if question.credit not in ("all", "each"):
        return f'has credit={question.credit!r} on its check cell; give "each", or leave it out'
    for role in ("draw", "judge"):
        if (code := getattr(question, role)) and not defines(role, code):
            return f"has a {role} cell that defines no function {role}"
    if question.draw and not takes_inputs(question.check):
        return "draws inputs for an answer that is a value; its check cell needs on=[...]"
    if not isinstance(question.count, int) or not 1 <= question.count <= MOST_DRAWS:
        return f"needs a count from 1 to {MOST_DRAWS} on its draw cell, got {question.count!r}"
    return ""


def defines(name: str, code: str) -> bool:
    """Whether code defines a function of this name.

    >>> defines("draw", "def draw(rng): ..."), defines("draw", "draw(")
    (True, False)
    """
    try:
        return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.parse(code).body)
    except SyntaxError:
        return False


def takes_inputs(check: str) -> bool:
    """Whether a check cell has inputs, so that its answer is a function.

    >>> takes_inputs('check("q1", f, on=[1])'), takes_inputs('check("q9", nine)')
    (True, False)
    """
    call = ast.parse(check).body[0].value
    return len(call.args) > 2 or any(keyword.arg == "on" for keyword in call.keywords)


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
    """The cell as the reader gets it: answers as stubs; wrong answers, draws and judges not at all."""
    if id := cell["metadata"].get("answer"):
        return cell | {"source": stub(id, cell["source"])}
    return None if any(mark in cell["metadata"] for mark in TEACHERS) else cell


def reference(id: str, answer: str) -> str:
    """An answer cell in full, without the lines around its solution."""
    return f"# answer: {id}\n{SOLUTION.sub(lambda match: match['code'], answer)}".rstrip("\n")


def key_cell(cell: dict) -> dict | None:
    """The cell as the key has it: answers in full, checks that emit values and import the means anew."""
    if id := cell["metadata"].get("answer"):
        return cell | {"source": reference(id, cell["source"])}
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


def parameters_cell(name: str, cells: list[dict]) -> dict | None:
    """The cell that defines parameters, if there is one; raises ValueError where it is not one that can be used."""
    found = [cell for cell in cells if "parameters" in cell["metadata"]]
    if len(found) > 1 or any(not defines("parameters", cell["source"]) for cell in found):
        raise ValueError(f"{name}: keep one parameters cell, which defines the function parameters(rng)")
    return found[0] if found else None


def with_parameters(cells: list[dict], values: dict) -> list[dict]:
    r"""The cells with plain assignments in the place of the parameters cell.

    >>> cell = {"metadata": {"parameters": "yes"}, "source": "def parameters(rng): ..."}
    >>> with_parameters([cell], {"BATCH": 32, "SIZES": (1, 2)})[0]["source"]
    'BATCH = 32\nSIZES = (1, 2)'
    """
    text = "\n".join(f"{name} = {as_source(value)}" for name, value in values.items())
    return [cell | {"source": text} if "parameters" in cell["metadata"] else cell for cell in cells]
