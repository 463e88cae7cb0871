"""Submissions that want points for wrong answers: by values that they have seen, and by patching.

Their first answer is wrong, and each tries one trick to have it counted. All act inside their own kernel only.
"""

from tests.course_parts import Between, after, case

WRONG = "def matmul_macs(M, K, N):\n    return 0"
LATER = "q2 q3 q4 q5"
BREAKS = "its own kernel may no longer show values after the patch; where it does, right answers count"
SHAPES = "a check that brings values of another shape is flagged, one that brings nothing is not"
MIME = 'MIME = "application/vnd.lab" "core.check+json"\n'  # in two parts, as somebody would write it who hides it
CLAIM = '{MIME: {"question": "q1", "on": None, "tolerance": 1e9, "outcome": "passed", "got": [{"value": 24}]}}'


def game(name, trick, *edits, lost="q1", **expected):
    """A wrong first answer after a trick."""
    return case("gaming", name, *edits, q1=f"{trick}\n{WRONG}", lost=lost, **expected)


def called(name, trick, *edits, lost="q1", **expected):
    """A first answer that plays its trick when it is called."""
    body = "\n".join(f"    {line}" for line in trick.splitlines())
    return case("gaming", name, *edits, q1=f"def matmul_macs(M, K, N):\n{body}\n    return 0", lost=lost, **expected)


LOOKED_UP = """SEEN = {(1, 1, 1): 1, (2, 3, 4): 24, (64, 256, 128): 2097152}
def matmul_macs(M, K, N):
    return SEEN.get((M, K, N), 0)"""
LOOKED_UP_TILES = "def tiles(*given):\n    return {(4, 4, 4, 4): 1, (5, 4, 4, 4): 2, (100, 30, 16, 8): 28}.get(given)"
LOOKED_UP_BYTES = (
    "def tensor_bytes(*given):\n    return {(8, 'fp32'): 32, (8, 'fp16'): 16, (8, 'int8'): 8}.get(given, 2)"
)
LOOKED_UP_SIZES = "def padded(sizes, multiple):\n    return {2: [2], 4: [4, 8], 16: [112, 64, 16]}.get(multiple)"
IF_CHAIN = """def matmul_macs(M, K, N):
    if (M, K, N) == (1, 1, 1):
        return 1
    return 24 if M == 2 else 2097152"""
SAME = """class Same{base}:
    __eq__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = lambda *_: 0
    __float__ = __int__ = __index__ = lambda *_: 24
    bit_length = lambda *_: 1
def matmul_macs(M, K, N):
    return Same({value})"""
VALUES = (
    case("gaming", "visible-if-chain", q1=IF_CHAIN, lost="q1"),
    case("gaming", "visible-lookup", q1=LOOKED_UP, q2=LOOKED_UP_TILES, q5=LOOKED_UP_SIZES, lost="q1 q2 q5"),
    case(
        "gaming", "visible-lookup-each", q3=LOOKED_UP_BYTES, earned={"q3": Between(-1, 1)}, why="shares of what is seen"
    ),
    case("gaming", "always-equal", q1=SAME.format(base="", value=""), lost="q1"),
    case("gaming", "always-equal-float", q1=SAME.format(base="(float)", value="0"), lost="q1"),
    case("gaming", "always-equal-int", q1=SAME.format(base="(int)", value="0"), lost="q1"),
    case("gaming", "always-equal-text", q1=SAME.format(base="(str)", value="'24'"), lost="q1"),
    called("array-in-disguise", "return type('A', (), {'tolist': lambda self: type('B', (), {})()})()"),
    called("markup-as-a-type", "return type('<script>alert(1)</script>', (), {})()"),
    called("markup-as-an-error", "raise ValueError('\\x1b[31m<b onload=x>' * 1000)"),
)

BUILTINS = "import builtins\nreal = builtins.{name}\nbuiltins.{name} = {new}"
ISINSTANCE = "lambda one, kind: True if type(one).__name__ == 'Same' else real(one, kind)"
CLASSES = "lambda f, name, *a, **k: real(f, name, *a, **k) if real.__name__ else object"
PACKER = """import json
real = json.dumps
def dumps(one, *a, **k):
    return real(one, *a, **k).replace('"value": 0', '"value": 24')
json.dumps = dumps"""
PATCHES = (
    game("numpy-patched", "np.allclose = np.array_equal = lambda *a, **k: True\nnp.testing = None"),
    case(
        "gaming",
        "isinstance-patched",
        lost="q1",
        flags=("", "forged"),
        why=SHAPES,
        q1=f"{BUILTINS.format(name='isinstance', new=ISINSTANCE)}\n{SAME.format(base='', value='')}",
    ),
    game("build-class-patched", BUILTINS.format(name="__build_class__", new=CLASSES)),
    game(
        "float-patched",
        BUILTINS.format(name="float", new="type('float', (real,), {'__eq__': lambda *_: True})"),
        maybe=LATER,
        why=BREAKS,
    ),
    game("repr-patched", BUILTINS.format(name="repr", new="lambda one: '24'"), maybe=LATER, why=BREAKS),
    game(
        "len-patched",
        BUILTINS.format(name="len", new="lambda one: 3 if real(one) == 11 else real(one)"),
        maybe=LATER,
        flags=("", "forged"),
        why=BREAKS,
    ),
    game("json-patched", PACKER),
    game(
        "deepcopy-patched",
        "import copy\ncopy.deepcopy = lambda one, *_: (1, 1, 1)",
        maybe=LATER,
        earned={"q4": (0.0, 1.0, 2.0)},
        why=f"{BREAKS}; every call may get the input (1, 1, 1), whose tile fits all others",
    ),
    game(
        "values-patched",
        "import labcore.grading.values as v\nv.plain = lambda *_: 24",
        maybe=LATER,
        flags=("internals", "internals forged"),
        why=BREAKS,
    ),
    game(
        "emit-patched",
        "import labcore.grading.check as c\nc.emit = lambda *a, **k: None",
        maybe=LATER,
        flags=("internals",),
        why=BREAKS,
    ),
    game(
        "emit-replaced",
        f"""import sys, types
from IPython.display import display
{MIME}fake = types.ModuleType("check")
fake.emit = lambda *a, **k: display({CLAIM}, raw=True)
sys.modules["labcore." + "grading.check"] = fake""",
        maybe=LATER,
        flags=("", "forged"),
        why=BREAKS,
    ),
    game("names-shadowed", "emit = check = exercise = lambda *a, **k: print('q1: right')"),
    game(
        "display-patched",
        "import IPython.display\nIPython.display.display = lambda *a, **k: None",
        maybe=LATER,
        why=BREAKS,
    ),
    game("formatter-patched", "get_ipython().display_formatter.format = lambda *a, **k: ({'text/plain': 'right'}, {})"),
    game(
        "publisher-patched",
        f"""{MIME}pub = get_ipython().display_pub
real = pub.publish
def publish(data, *a, **k):
    for one in data.get(MIME, {{}}).get("got", []):
        one.update(value=24) if one.get("value") == 0 else None
    return real(data, *a, **k)
pub.publish = publish""",
    ),
    game(
        "main-dict",
        """class Names(dict):
    def __getitem__(self, name):
        return (lambda M, K, N: 24) if name == "matmul_macs" else super().__getitem__(name)
get_ipython().user_ns = Names(get_ipython().user_ns)""",
        maybe=LATER,
        why=BREAKS,
    ),
)

HOOKS = (
    game(
        "input-transformer",
        """def rewrite(lines):
    return [line.replace('emit("q1"', 'print("q1"') for line in lines]
get_ipython().input_transformers_post.append(rewrite)""",
    ),
    game(
        "ast-transformer",
        """import ast
class Fewer(ast.NodeTransformer):
    def visit_keyword(self, node):
        if node.arg == "on":
            node.value = ast.parse("[(1, 1, 1)]", mode="eval").body
        return node
get_ipython().ast_transformers.append(Fewer())""",
        maybe=LATER,
        flags=("", "forged"),
        why="inputs that the kernel lists itself may be replaced there; then their number is off",
    ),
    game(
        "run-cell-hook",
        """shell = get_ipython()
real = shell.run_cell_async
def run(raw_cell, *a, **k):
    return real("pass" if "matmul_macs" in raw_cell else raw_cell, *a, **k)
shell.run_cell_async = run""",
    ),
    game(
        "pre-run-event",
        """def again(*_):
    get_ipython().user_ns["matmul_macs"] = lambda M, K, N: 24
get_ipython().events.register("pre_run_cell", again)""",
    ),
    game(
        "post-run-event",
        f"""from IPython.display import clear_output, display
{MIME}def instead(*_):
    clear_output()
    display({CLAIM}, raw=True)
get_ipython().events.register("post_run_cell", instead)""",
        maybe=LATER,
        flags=("", "forged"),
        why="a check whose values are wiped and replaced brings another question's name, or two sets",
    ),
    game(
        "settrace",
        """import sys
def trace(frame, event, arg):
    if frame.f_code.co_name == "plain":
        frame.f_locals["value"] = 24
    return trace
sys.settrace(trace)""",
        maybe=LATER,
        why=BREAKS,
    ),
    game(
        "overwrites-later",
        """import atexit, threading, time
def overwrite():
    for _ in range(200):
        get_ipython().user_ns["matmul_macs"] = lambda M, K, N: 24
        time.sleep(0.01)
shell = get_ipython()
atexit.register(overwrite)
threading.Thread(target=overwrite, daemon=True).start()""",
        bound="the thread ends after 2 s",
    ),
    case(
        "gaming",
        "keeps-printing",
        after(
            "q1",
            """import threading, time
def chatter():
    for i in range(1000):
        print(i)
        time.sleep(0.01)
threading.Thread(target=chatter, daemon=True).start()""",
        ),
        bound="the thread ends after 10 s",
    ),
    case(
        "gaming",
        "time-bomb",
        after(
            "q1",
            """import os, threading
timer = threading.Timer(0.05, os._exit, [1])
timer.daemon = True
timer.start()""",
        ),
        maybe="q1 q2 q3 q4 q5",
        flags=("", "died", "died unfinished"),
        why="when it goes off depends on the machine",
        bound="ends its own kernel",
    ),
)

CASES = (*VALUES, *PATCHES, *HOOKS)
