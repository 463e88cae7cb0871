"""Submissions of students who mean well: right, half right, wrong, and untidy in every way."""

from tests.course_key import POINTS, RIGHT
from tests.course_parts import Between, after, before, case, code, each, place, setup, without

EVERY = " ".join(POINTS)


def honest(name, *edits, **expected):
    return case("honest", name, *edits, **expected)


def twice(notebook):
    notebook["cells"] += [dict(cell) for cell in notebook["cells"]]


def checks_last(notebook):
    notebook["cells"].sort(key=lambda cell: "check" in cell["metadata"])


def backwards(notebook):
    """The answers in the opposite order, in the places that they had."""
    places = [place(notebook, "answer", id) for id in POINTS]
    cells = [notebook["cells"][i] for i in reversed(places)]
    for i, cell in zip(places, cells, strict=True):
        notebook["cells"][i] = cell


def counts_backwards(notebook):
    for count, cell in enumerate(reversed(notebook["cells"])):
        if cell["cell_type"] == "code":
            cell["execution_count"] = count


def same_cell_again(notebook):
    notebook["cells"].insert(place(notebook, "answer", "q2"), dict(notebook["cells"][place(notebook, "answer", "q2")]))


def own_inputs(notebook):
    """A reader may add inputs of their own to a check."""
    cell = notebook["cells"][place(notebook, "check", "q1")]
    cell["source"] = cell["source"].replace("on=[", "on=[(7, 7, 7), ")


def keep_markers(cell):
    cell["source"] = f"# answer: {cell['metadata']['answer']}\n{cell['source']}"


HALF = """def tensor_bytes(elements, form):
    size = {"fp32": 4, "fp16": 2}
    return elements * size.get(form, 8)"""
OTHER_TILE = """def fitting_tile(M, N, capacity):
    best = 1, 1
    for tn in range(1, N + 1):
        for tm in range(1, M + 1):
            if best[0] * best[1] <= tm * tn <= capacity:
                best = tm, tn
    return best"""
STATE = """calls = 0
def matmul_macs(M, K, N):
    global calls
    calls += 1
    return M * K * N + (calls > 1)"""
COUNTS = """calls = 0
def matmul_macs(M, K, N):
    global calls
    calls += 1
    return M * K * N"""
MUTATES = """def padded(sizes, multiple):
    for i, size in enumerate(sizes):
        sizes[i] += -size % multiple
    return sizes"""
FIGURE = """import matplotlib.pyplot as plt
_ = plt.imshow(np.random.default_rng(0).random((side, side)), interpolation="nearest")
plt.gcf().set_size_inches(6, 6)
plt.show()"""
POOL = """from concurrent.futures import ThreadPoolExecutor
def padded(sizes, multiple):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda size: size + -size % multiple, sizes))"""
PROCESSES = """import multiprocessing
def size_up(size):
    return size + size % 2
def padded(sizes, multiple):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(size_up, sizes)"""
NOTES = """from pathlib import Path
Path("notes.txt").write_text("2 3 4")
def matmul_macs(M, K, N):
    assert Path("notes.txt").read_text() == "2 3 4"
    return M * K * N"""

VALUES = (
    honest("all-right"),
    honest("nothing-done", q1=None, q2=None, q3=None, q4=None, q5=None, lost=EVERY),
    honest("one-left-out", q3=None, lost="q3"),
    honest("flop-for-macs", q1="def matmul_macs(M, K, N):\n    return 2 * M * K * N", lost="q1"),
    honest("rounds-down", q2="def tiles(M, N, rows, columns):\n    return (M // rows) * (N // columns)", lost="q2"),
    honest("half-of-the-formats", q3=HALF, earned={"q3": Between(0, 1)}, why="the share depends on the inputs drawn"),
    honest("small-tile", q4="def fitting_tile(M, N, capacity):\n    return 1, 1", earned={"q4": (1.0,)}),
    honest("other-largest-tile", q4=OTHER_TILE),
    honest("tile-too-large", q4="def fitting_tile(M, N, capacity):\n    return M, N", lost="q4"),
    honest("tile-of-floats", q4="def fitting_tile(M, N, capacity):\n    return 0.5, 1.5", lost="q4"),
    honest("list-too-short", q5=RIGHT["q5"] + "[1:]", lost="q5"),
    honest("list-turned-round", q5=RIGHT["q5"] + "[::-1]", lost="q5"),
    honest("numpy-scalar", q1="def matmul_macs(M, K, N):\n    return np.int64(M) * K * N"),
    honest("numpy-array", q5="def padded(sizes, multiple):\n    return -(-np.array(sizes) // multiple) * multiple"),
    honest("tuple-for-list", q5=RIGHT["q5"].replace("[size", "tuple(size").replace("sizes]", "sizes)")),
    honest("whole-float", q2="def tiles(M, N, rows, columns):\n    return np.ceil(M / rows) * np.ceil(N / columns)"),
    honest("text-for-number", q1="def matmul_macs(M, K, N):\n    return str(M * K * N)", lost="q1"),
    honest("prints-instead", q1="def matmul_macs(M, K, N):\n    print(M * K * N)", lost="q1"),
    honest("ellipsis-left", q1="def matmul_macs(M, K, N):\n    return ...", lost="q1"),
    honest("lambda", q1="matmul_macs = lambda M, K, N: M * K * N"),
    honest("callable-object", q1="class Macs:\n    __call__ = lambda self, M, K, N: M * K * N\nmatmul_macs = Macs()"),
    honest("a-value-for-a-function", q1="matmul_macs = 24", lost="q1"),
    honest("generator", q5="def padded(sizes, multiple):\n    yield from sizes", lost="q5"),
    honest("coroutine", q1="async def matmul_macs(M, K, N):\n    return M * K * N", lost="q1"),
    honest("keeps-count", q1=COUNTS),
    honest("state-between-calls", q1=STATE, lost="q1"),
    honest("changes-its-input", q5=MUTATES),
    honest("threads", q5=POOL),
    honest("processes", q5=PROCESSES, lost="q5", flags=("",), why="an answer may start no process"),
    honest("own-file", q1=NOTES),
)
ERRORS = (
    honest("syntax-error", q2="def tiles(M, N, rows, columns)\n    return 1", lost="q2"),
    honest("bad-indent", q2="def tiles(M, N, rows, columns):\nreturn 1", lost="q2"),
    honest("missing-import", q1="def matmul_macs(M, K, N):\n    return reduce(int.__mul__, (M, K, N))", lost="q1"),
    honest("variable-from-a-lost-cell", q1="def matmul_macs(M, K, N):\n    return product_of(M, K, N)", lost="q1"),
    honest("renamed", q1="def macs_of_matmul(M, K, N):\n    return M * K * N", lost="q1"),
    honest("renamed-parameters", q1="def matmul_macs(a, b, c):\n    return a * b * c"),
    honest("keyword-only", q1="def matmul_macs(*, M, K, N):\n    return M * K * N", lost="q1"),
    honest("asks-for-input", q1="M = int(input('M?'))\n" + RIGHT["q1"], lost="q1"),
    honest("asks-in-the-call", q1="def matmul_macs(M, K, N):\n    return int(input('M?')) * K * N", lost="q1"),
    honest("recursion", q1="def matmul_macs(M, K, N):\n    return M + matmul_macs(M, K, N)", lost="q1"),
    honest("deprecated-api", q1="def matmul_macs(M, K, N):\n    return np.product([M, K, N])", lost="q1"),
    honest("unhashable", q5=f"import functools\n@functools.lru_cache\n{RIGHT['q5']}", lost="q5"),
    honest("warns", q1=f"import sys, warnings\nwarnings.warn('careful')\nprint('oh', file=sys.stderr)\n{RIGHT['q1']}"),
)
UNTIDY = (
    honest(
        "helper-cell",
        before("q2", "def up(a, b):\n    return -(-a // b)"),
        q2="def tiles(M, N, rows, columns):\n    return up(M, rows) * up(N, columns)",
    ),
    honest("helper-fails", before("q2", "1 / 0"), flags=("helper-error",)),
    honest("file-not-there", before("q2", "np.loadtxt('results.csv')"), flags=("helper-error",)),
    honest(
        "import-in-setup",
        setup("from functools import reduce"),
        q1="def matmul_macs(M, K, N):\n    return reduce(int.__mul__, (M, K, N))",
        flags=("setup-edited",),
    ),
    honest("setup-fails", setup("import torch_of_mine"), flags=("setup-edited helper-error",)),
    honest("marker-in-a-new-cell", after("q2", f"# answer: q2\n{RIGHT['q2']}"), q2=None, flags=("duplicate",)),
    honest("two-answers-in-one-cell", q1=f"{RIGHT['q1']}\n\n{RIGHT['q2']}", q2="# answer: q2"),
    honest(
        "two-cells-for-one-answer",
        q2=["def up(a, b):\n    return -(-a // b)", "tiles = lambda M, N, r, c: up(M, r) * up(N, c)"],
        flags=("duplicate",),
    ),
    honest("later-cell-counts", q1=["def matmul_macs(M, K, N):\n    return 0", RIGHT["q1"]], flags=("duplicate",)),
    honest("cell-pasted-twice", same_cell_again, flags=("duplicate",)),
    honest("notebook-pasted-twice", twice, flags=("duplicate",)),
    honest("answers-backwards", backwards),
    honest("checks-last", checks_last),
    honest("run-out-of-order", counts_backwards),
    honest("tasks-deleted", without("task")),
    honest("answer-deleted", without("answer", "q2"), lost="q2"),
    honest(
        "calls-check-itself",
        after("q1", 'check("q1", matmul_macs, on=[(1, 1, 1), (2, 3, 4), (64, 256, 128)])'),
        flags=("", "helper-error"),
        why="whether the stored values of readers are at hand where answers run is the grader's choice",
    ),
    honest("own-inputs-in-check", own_inputs, flags=("check-edited",)),
    honest("magics", before("q1", "%matplotlib inline\n%precision 3"), q2=f"%%time\n{RIGHT['q2']}"),
    honest(
        "pip-in-own-cell", before("q1", "!pip install numpy"), flags=("helper-error",), bound="installs nothing new"
    ),
    honest("shell-in-the-answer", q1=f"!echo hello\n{RIGHT['q1']}", lost="q1"),
    honest("small-figure", before("q2", FIGURE.replace("side", "4"))),
    honest(
        "big-figure",
        before("q2", FIGURE.replace("side", "600")),
        maybe="q2",
        flags=("", "output"),
        why="whether figures are drawn is the kernel's choice; where one is too big, only that question may suffer",
    ),
    honest("prints-much", q1="def matmul_macs(M, K, N):\n    print('M K N ' * 500)\n    return M * K * N"),
    honest("notes-as-cells", lambda notebook: notebook["cells"].append(code("# to be done by Monday\n"))),
    honest("marker-kept", each(keep_markers, "answer")),
)

CASES = (*VALUES, *ERRORS, *UNTIDY)
