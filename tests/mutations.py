"""Plants errors across the project, one at a time, and says which check of `make test` sees each.

    .venv/bin/python tests/mutations.py --seed 1 --count 40 --out planted.json

Each error goes into a copy of the checkout, never into the checkout itself: a sign or an operator turned, a size or a
bound off by one, a number or an annotation in another unit, two axes swapped, a built figure or notebook gone stale, a
print of the ledger changed. Then the checks run from the nearest to the farthest: tests that name the module,
examples, claims and figures, the labs that use it, at last everything. The first that fails has caught the error; one
that fails without the error too catches nothing and is left out. What survives is an error that nobody would see.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent
SECONDS = 1500  # for one check; one that needs longer has met an endless loop, which a reader of its output sees too
OPERATORS = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
COMPARISONS = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
UNITS = ("Bytes", "Seconds", "Flop", "FlopPerSecond", "BytesPerSecond", "Joules", "Watts", "Hertz")
SHARES = {  # of forty
    "arithmetic": 12, "off by one": 10, "unit": 5, "axis": 4, "stale figure": 2, "stale notebook": 2, "verdict": 5,
}  # fmt: skip
NEAREST = {"claims": "test_claims", "plots": "test_figures", "explore": "test_explore", "items": "test_selfcheck"}

REGISTERED = re.compile(
    r'^(?:@(?:computes|cites|figure)\(\s*|shows\(\s*|def (?=\w+_explorer))"?([\w.+-]+)', re.MULTILINE
)


@dataclass(frozen=True)
class Mutation:
    """One error: a file, a line, what stood there and what stands there now."""

    kind: str
    path: str
    line: int
    start: int
    before: str
    after: str

    def apply(self, folder: Path) -> None:
        """Put the error into the copy of the checkout in `folder`."""
        path = folder / self.path
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        text = lines[self.line - 1]
        assert text[self.start :].startswith(self.before), (self, text)
        lines[self.line - 1] = text[: self.start] + self.after + text[self.start + len(self.before) :]
        path.write_text("".join(lines), encoding="utf-8")


def mutations() -> list[Mutation]:
    """Every error that could be planted, in a fixed order."""
    found: list[Mutation] = []
    for path in sorted((ROOT / "labcore").rglob("*.py")):
        name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        found += of_code(name, text)
        if name.startswith("labcore/claims/"):
            found += of_text("verdict", name, text, r'(?:Number|Range|AtLeast)\("?(\d[\d.]*)')
    for path in sorted((ROOT / "figures").glob("*.csv")):
        found += of_text("stale figure", str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), r",(\d+\.\d+)")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        found += of_text(
            "stale notebook", str(path.relative_to(ROOT)), text, r'^\s+"[A-Za-z][^"<>]* (\d+\.\d+) [^"<>]*"'
        )
    return found


def of_code(name: str, text: str) -> Iterator[Mutation]:
    """Errors in one file of the package; ast counts columns in bytes, so lines beyond ASCII are left alone."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        for kind, line, start, before, after in _of_node(node, lines):
            if lines[line - 1].isascii():
                yield Mutation(kind, name, line, start, before, after)


def _of_node(node: ast.AST, lines: list[str]) -> Iterator[tuple[str, int, int, str, str]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS and left.end_lineno == right.lineno:
            if not any(isinstance(side, ast.Constant | ast.JoinedStr) and _is_text(side) for side in (left, right)):
                yield from _between(lines, "arithmetic", left, right, *OPERATORS[type(op)])
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            if left.end_lineno == right.lineno:
                yield from _between(lines, "off by one", left, right, *COMPARISONS[type(op)])
        case ast.Constant(value=int(value)) if not isinstance(value, bool) and 0 < value < 10_000:
            yield "off by one", node.lineno, node.col_offset, _source(node, lines), str(value + 1)
        case ast.Constant(value=float(value)) if "e" in _source(node, lines):
            yield "unit", node.lineno, node.col_offset, _source(node, lines), f"{value * 1e3:.6g}"
        case ast.arg(annotation=ast.Name(id=unit) as name) if unit in UNITS:
            yield "unit", name.lineno, name.col_offset, unit, UNITS[UNITS.index(unit) - 1]
        case ast.keyword(arg="axis", value=ast.Constant(value=int(axis)) as value):
            yield "axis", value.lineno, value.col_offset, str(axis), str(1 - axis)
        case ast.Attribute(value=value, attr="T") if node.lineno == node.end_lineno:
            yield "axis", node.lineno, value.end_col_offset, ".T", ""
        case ast.Call(args=[ast.Name(id=a) as one, ast.Name(id=b) as two, *_]) if a != b and one.lineno == two.lineno:
            before = lines[one.lineno - 1][one.col_offset : two.end_col_offset]
            yield "axis", one.lineno, one.col_offset, before, f"{b}, {a}"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def _source(node: ast.Constant, lines: list[str]) -> str:
    return lines[node.lineno - 1][node.col_offset : node.end_col_offset]


def _between(lines: list[str], kind: str, left: ast.expr, right: ast.expr, sign: str, other: str) -> Iterator[tuple]:
    """The sign between two operands, when it is all that stands there but for blanks."""
    between = lines[right.lineno - 1][left.end_col_offset : right.col_offset]
    if between.strip() == sign:
        yield kind, right.lineno, left.end_col_offset + between.index(sign), sign, other


def of_text(kind: str, name: str, text: str, pattern: str) -> Iterator[Mutation]:
    """A number's first digit changed wherever the pattern finds one."""
    for line, words in enumerate(text.splitlines(), start=1):
        for match in re.finditer(pattern, words):
            digit = match[1][0]
            yield Mutation(kind, name, line, match.start(1), digit, str(int(digit) % 9 + 1))


def drawn(seed: int, count: int) -> list[Mutation]:
    """A sample, the kinds in their shares, no two in one line of one file."""
    chance, every = random.Random(seed), mutations()
    chosen: dict[tuple[str, int], Mutation] = {}
    for kind, share in SHARES.items():
        of_kind = [one for one in every if one.kind == kind]
        wanted = len(chosen) + round(share * count / sum(SHARES.values()))
        for one in chance.sample(of_kind, len(of_kind)):
            if len(chosen) == wanted:
                break
            chosen.setdefault((one.path, one.line), one)
    return list(chosen.values())


def checks(mutation: Mutation) -> Iterator[list[str]]:
    """Commands from the nearest check to the farthest; `{python}` is that of the copy."""
    pytest = ["{python}", "-m", "pytest", "-q", "-x", "--no-header"]
    path = Path(mutation.path)
    if mutation.kind == "stale figure":
        yield [*pytest, "tests/test_figures.py"]
    elif mutation.kind == "stale notebook":
        yield [*pytest, "--nbval", mutation.path]
    else:
        yield from of_module(path, pytest)
    yield [*pytest, "-n", "2", "--dist", "loadscope", "--nbval", "tests", "notebooks"]


def of_module(path: Path, pytest: list[str]) -> Iterator[list[str]]:
    """The checks of a module of the package: its own tests and examples, what it registers, its package, its labs."""
    module, text = dotted(path), (ROOT / path).read_text(encoding="utf-8")
    package = ".".join(module.split(".")[:2])
    inside = [dotted(Path(name)) for name in naming([module], ROOT / package.replace(".", "/"), "**/*.py")]
    nearest = [f"tests/{NEAREST[name]}.py" for name in path.parent.parts if name in NEAREST]
    if own := naming([module, *inside], ROOT / "tests", "test_*.py"):
        yield [*pytest, *own]
    yield [*pytest, "tests/test_docstrings.py", "-k", f"{path.stem} or {path.parent.name}"]
    if nearest and (registered := REGISTERED.findall(text)):
        yield [*pytest, *nearest, "-k", " or ".join(registered)]
    yield [*pytest, *(nearest or naming([package], ROOT / "tests", "test_*.py")), "tests/test_units.py"]
    named = [f"notebooks/{lab}.py" for lab in sorted(set(re.findall(r'"(\d\d_\w+)#', text)))]
    if labs := named or naming([module, *inside], ROOT / "notebooks", "*.py"):
        yield [*pytest, "--nbval", *(str(Path(lab).with_suffix(".ipynb")) for lab in labs)]
    yield [*pytest, "tests/test_notebooks.py", "-k", "documents"]
    yield [*pytest, "tests/test_claims.py", "tests/test_figures.py", "tests/test_errata.py", "tests/test_coverage.py"]


def dotted(path: Path) -> str:
    """The name under which a file of the package is imported."""
    return str(path.with_suffix("")).removesuffix("/__init__").replace("/", ".")


def naming(modules: list[str], folder: Path, pattern: str) -> list[str]:
    """Files that import one of these modules, or a name from one."""
    parted = [(re.escape(module), *map(re.escape, module.rpartition(".")[::2])) for module in modules]
    words = re.compile("|".join(rf"{all_of}\b|from {head} import .*\b{tail}\b" for all_of, head, tail in parted))
    found = [path for path in sorted(folder.glob(pattern)) if words.search(path.read_text(encoding="utf-8"))]
    return [str(path.relative_to(ROOT)) for path in found]


def copy(folder: Path) -> None:
    """A copy of the checkout's files and of its environment, which is linked, not copied."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".venv", folder / ".venv", symlinks=True, copy_function=os.link)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)


def outcome(command: list[str], folder: Path) -> tuple[bool, str]:
    """Whether a command passes in a copy, and what it said last."""
    words = [word.replace("{python}", str(folder / ".venv/bin/python")) for word in command]
    # no bytecode is kept: a file that changes twice within a second would be taken for the one before
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ran = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False, f"did not end within {SECONDS} s"
    said = [line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith(("FAILED", "ERROR", "E  "))]
    return ran.returncode == 0, (said or (ran.stdout + ran.stderr).splitlines() or [""])[-1][:300]


def anew(command: list[str], said: str) -> list[str]:
    """The command for the test that failed alone; all of it for a notebook's cell, which needs those above."""
    failed = re.match(r"(?:FAILED|ERROR) (tests/\S+?\.py(?:::[^[ ]+)?)", said)
    return [*command[: command.index("--no-header") + 1], failed[1]] if failed else command


def caught(mutation: Mutation, folder: Path, whole: bool) -> dict[str, object]:
    """Plant one error in a copy, run the checks until one sees it, and take the error out again."""
    kept = (folder / mutation.path).read_bytes()
    commands = list(checks(mutation))
    for command in commands if whole else commands[:-1]:
        mutation.apply(folder)
        passes, said = outcome(command, folder)
        (folder / mutation.path).write_bytes(kept)
        if not passes and outcome(anew(command, said), folder)[0]:
            return asdict(mutation) | {"caught_by": " ".join(command[:12]), "said": said}
    return asdict(mutation) | {"caught_by": "", "said": ""}


def main() -> int:
    """Plant a sample of errors; exit status 1 when more than one in twenty survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2, help="copies that are tried side by side")
    parser.add_argument("--whole", action="store_true", help="run everything for those that nearer checks let pass")
    parser.add_argument("--list", action="store_true", help="only list the errors")
    parser.add_argument("--out", type=Path, help="a JSON file for the results; what it holds is not tried again")
    asked = parser.parse_args()
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True).stdout:
        parser.error("errors are planted in what is committed, and this checkout has changes: commit them, or clone it")
    sample = drawn(asked.seed, asked.count)
    if asked.list:
        print(*sample, sep="\n")
        return 0
    results = json.loads(asked.out.read_text(encoding="utf-8")) if asked.out and asked.out.exists() else []
    tried = [{key: one[key] for key in asdict(sample[0])} for one in results]
    with tempfile.TemporaryDirectory(prefix="labcore-planted-") as place:
        folders: Queue[Path] = Queue()
        for n in range(asked.workers):
            folders.put(Path(place, str(n)))
            copy(Path(place, str(n)))

        def attempt(mutation: Mutation) -> None:
            folder = folders.get()
            results.append(caught(mutation, folder, asked.whole))
            folders.put(folder)
            print(f"{len(results)}/{len(sample)}", results[-1]["caught_by"] or "SURVIVES", results[-1], flush=True)
            if asked.out:
                asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

        with ThreadPoolExecutor(asked.workers) as pool:
            list(pool.map(attempt, (one for one in sample if asdict(one) not in tried)))
    survivors = [one for one in results if not one["caught_by"]]
    print(f"{len(results) - len(survivors)} of {len(results)} caught")
    return int(len(survivors) * 20 > len(results))


if __name__ == "__main__":
    sys.exit(main())
