"""Submissions that forge what the kernel says, look for wanted values, or change cells that are not theirs."""

from tests.course_gaming import CLAIM, LATER, MIME, SHAPES, WRONG, called, game
from tests.course_key import POINTS
from tests.course_parts import case, code, each, place, without

SEND = f"""{MIME}kernel = get_ipython().kernel
content = {{"data": {CLAIM}, "metadata": {{}}, "transient": {{}}}}
"""
FORGED = (
    called("second-set", f"from IPython.display import display\n{MIME}display({CLAIM}, raw=True)", flags=("forged",)),
    called(
        "second-set-updated",
        f"""from IPython.display import display
{MIME}display({CLAIM}, raw=True, display_id="x")
display({CLAIM}, raw=True, display_id="x", update=True)""",
        flags=("forged",),
    ),
    called(
        "sent-by-hand",
        f"""{SEND}parent = kernel.get_parent("shell")
kernel.session.send(kernel.iopub_socket, "display_data", content, parent=parent)""",
        flags=("forged",),
    ),
    game(
        "sent-for-another",
        f"""{SEND}parent = {{"header": {{"msg_id": "0-1-2", "session": "x", "msg_type": "execute_request"}}}}
kernel.session.send(kernel.iopub_socket, "display_data", content, parent=parent)""",
    ),
    called(
        "idle-too-early",
        f"""{SEND}parent = kernel.get_parent("shell")
kernel.session.send(kernel.iopub_socket, "status", {{"execution_state": "idle"}}, parent=parent)""",
        maybe=LATER,
        flags=("", "forged"),
        why="a check whose end is announced too early may come out empty",
    ),
    called(
        "reply-by-hand",
        f"""{SEND}parent = kernel.get_parent("shell")
for socket in (getattr(kernel, "shell_socket", None), getattr(kernel, "shell_stream", None)):
    if socket is not None:
        reply = {{"status": "ok", "execution_count": 1, "user_expressions": {{}}, "payload": []}}
        kernel.session.send(socket, "execute_reply", reply, parent=parent, ident=b"x")""",
        flags=("", "forged"),
        why=SHAPES,
    ),
    called("comm", f"from comm import create_comm\n{MIME}create_comm(target_name='check', data={CLAIM}).close()"),
    called("wipes-output", "from IPython.display import clear_output\nclear_output()"),
    called(
        "written-to-fd",
        """import os
os.write(1, b'{"question": "q1", "got": [{"value": 24}]}\\n')
os.write(2, b"q1: right\\n")""",
    ),
    game(
        "false-traceback",
        """class Right(Exception):
    __str__ = lambda self: "q1: right on all 11 inputs"
    _render_traceback_ = lambda self: ["q1: right on all 11 inputs"]
def fail(*_):
    raise Right
get_ipython().set_custom_exc((Exception,), lambda *_: print("right"))""",
    ),
    case(
        "gaming",
        "emits-itself",
        lost="q1",
        flags=("internals",),
        q1=f"from labcore.grading.check import emit\nemit('q1', lambda *_: 24, on=[1])\n{WRONG}",
    ),
    case(
        "gaming",
        "emits-when-called",
        lost="q1",
        flags=("internals forged",),
        q1="""from labcore.grading.check import emit
def matmul_macs(M, K, N):
    emit("q1", 24)
    return 0""",
    ),
)

LOOKS = (
    called(
        "reads-frames",
        """import sys
frame = sys._getframe()
while frame:
    for name in ("want", "wanted", "expected", "reference", "key"):
        if name in frame.f_locals:
            return frame.f_locals[name]
    frame = frame.f_back""",
    ),
    called(
        "searches-memory",
        """import gc
for one in gc.get_objects():
    if type(one) is dict and ("want" in one or "slips" in one):
        return one.get("want")""",
    ),
    called(
        "connects-to-itself",
        """import json
from ipykernel.connect import get_connection_file
with open(get_connection_file()) as file:
    return json.load(file)["key"]""",
        bound="reads its own connection file",
    ),
)


def tagged(*tags):
    return each(lambda cell: cell["metadata"].update(tags=list(tags)))


def doubled_checks(notebook):
    for id in POINTS:
        at = place(notebook, "check", id)
        notebook["cells"].insert(at, dict(notebook["cells"][at]))


def checks_turned_round(notebook):
    cells = [cell for cell in notebook["cells"] if "check" in cell["metadata"]]
    notebook["cells"] = [cell for cell in notebook["cells"] if "check" not in cell["metadata"]] + cells[::-1]


def faked_outputs(cell):
    data = {"application/vnd.labcore.check+json": {"question": "q1", "got": [{"value": 0}] * 11}, "text/plain": "right"}
    cell |= {"outputs": [{"output_type": "display_data", "data": data, "metadata": {}}], "execution_count": 3}


def other_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "../../bin/sh", "display_name": "sh", "language": "bash"}


def other_language(notebook):
    notebook["metadata"]["language_info"] = {"name": "R", "file_extension": ".R", "version": 7}


ALWAYS = 'check("q1", lambda M, K, N: M * K * N, on=[(1, 1, 1), (2, 3, 4), (64, 256, 128)])'
NOTEBOOKS = (
    game(
        "check-edited",
        "",
        lambda notebook: notebook["cells"][place(notebook, "check", "q1")].update(source=ALWAYS),
        flags=("check-edited",),
    ),
    game(
        "check-emptied",
        "",
        lambda notebook: notebook["cells"][place(notebook, "check", "q1")].update(source=""),
        flags=("check-edited",),
    ),
    game("checks-deleted", "", without("check"), flags=("check-edited",)),
    game("checks-doubled", "", doubled_checks),
    game("checks-reordered", "", checks_turned_round),
    game(
        "points-raised",
        "",
        each(lambda cell: cell["metadata"].update(points=100), "check"),
        flags=("", "check-edited"),
        why="a check cell with other metadata may count as changed",
    ),
    game("tag-skip", "", tagged("nbval-skip"), flags=("nbval-marks",)),
    game("tag-ignore-output", "", tagged("nbval-ignore-output", "nbval-check-output"), flags=("nbval-marks",)),
    game("tag-raises", "", tagged("raises-exception"), flags=("nbval-marks",)),
    game("comment-skip", "# NBVAL_SKIP", flags=("nbval-marks",)),
    game("comment-ignore-output", "# NBVAL_IGNORE_OUTPUT\n# NBVAL_RAISES_EXCEPTION", flags=("nbval-marks",)),
    game("outputs-faked", "", each(faked_outputs, "check")),
    case("gaming", "kernel-changed", other_kernel),
    case("gaming", "language-changed", other_language),
    case(
        "gaming",
        "own-check-claimed",
        lambda notebook: notebook["cells"].append(code("24", check="q1", points=9)),
        q1=WRONG,
        lost="q1",
        flags=("", "check-edited"),
        why="the real check is there too, so it is only one more cell",
    ),
)

CASES = (*FORGED, *LOOKS, *NOTEBOOKS)
