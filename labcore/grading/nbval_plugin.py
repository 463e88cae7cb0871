"""The one module that touches nbval (0.11.0): it runs a grafted notebook through pytest and records each cell.

nbval runs the cells and compares the outputs; these are put right here, each held by a test.
1. Only the JSON that a check cell emits is compared, with a reference that judges; what an answer prints is not.
2. Tags and comments in cells (`# NBVAL_SKIP`) switch nothing off.
3. A kernel that dies is noticed at once, not after the cell's timeout; messages do not restart the clock.
4. After a timeout the later cells count as before; nbval would mark them as expected failures.
5. What a cell prints is counted as it comes, and a cell that prints too much ends its kernel.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty

import nbval.plugin
import pytest
import zmq
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from labcore.grading.judge import Feedback, Question, judge
from labcore.grading.limits import Limits
from labcore.grading.values import MIME
from labcore.units import Seconds

STARTUP_SECONDS = 60
MEASURE_SECONDS = 0.5  # between two looks at what the cells have written
GRACE_SECONDS = 2  # for an interrupted cell to give up, and for its last messages to come
IOPUB_SECONDS = 0.05
MOST_JSON = 200_000


class StoppedError(Exception):
    """The kernel was ended, or ended itself, while a cell ran; `outcome` says why: died, output or disk."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class WatchedKernel(RunningKernel):
    """nbval's kernel, listened to on all its sockets at once, so that its death and its output are noticed in time."""

    def __init__(self, manager: KernelManager, limits: Limits) -> None:
        self.km, self.limits, self.measured = manager, limits, 0.0
        self.heard: dict[str, deque] = {"shell": deque(), "iopub": deque()}
        self.printed, self.echoed, self.deadline = 0, False, time.monotonic() + STARTUP_SECONDS
        self.km.start_kernel()
        self.kc = self.km.client()
        self.kc.start_channels(hb=False)
        try:
            self._ensure_iopub_up()
        except StoppedError as error:
            raise RuntimeError("the kernel ended while it started") from error

    def _ensure_iopub_up(self) -> None:
        """As nbval does, but ask again soon: whoever asks before the kernel hears this listener waits in vain."""
        while time.monotonic() < self.deadline:
            with contextlib.suppress(Empty):
                return self.await_idle(self.kc.kernel_info(), IOPUB_SECONDS)
        raise RuntimeError("the kernel did not answer")

    def await_reply(self, msg_id: str, timeout: Seconds = 60) -> None:
        """Wait for the reply to one request; raises Empty after the timeout, StoppedError if none can come."""
        self.printed, self.echoed, self.deadline = 0, False, time.monotonic() + timeout + GRACE_SECONDS
        end = time.monotonic() + timeout
        while True:
            message = self.get_message("shell", timeout=end - time.monotonic())
            if message["parent_header"].get("msg_id") == msg_id:
                if any(one.get("source") == "ask_exit" for one in message["content"].get("payload", [])):
                    raise self.stopped("died")  # exit() ends the kernel a moment later, in the middle of the next cell
                return

    def get_message(self, stream: str, timeout: Seconds | None = None) -> dict:
        """The next message of one stream; raises Empty when none came in time, however many came of the other."""
        end = min(time.monotonic() + (timeout or 0), self.deadline)
        while not self.heard[stream]:
            if (left := end - time.monotonic()) <= 0:
                raise Empty
            self.listen(min(left, 0.5))
        return self.heard[stream].popleft()

    def listen(self, timeout: Seconds) -> None:
        """Take in what the kernel sends, for at most `timeout`; raises StoppedError where it ended or went too far."""
        poller = zmq.Poller()
        channels = {"shell": self.kc.shell_channel, "iopub": self.kc.iopub_channel}
        for channel in channels.values():
            poller.register(channel.socket, zmq.POLLIN)
        life = getattr(self.km.provisioner, "connection", None)
        if life:
            poller.register(life, zmq.POLLIN)
        ready = dict(poller.poll(timeout * 1000))
        for stream, channel in channels.items():
            if channel.socket in ready:
                self.take(stream, channel)
        if self.printed > self.limits.output:
            raise self.stopped("output")
        if (not ready or (life and life.fileno() in ready and len(ready) == 1)) and not self.km.is_alive():
            raise self.stopped("died")
        if time.monotonic() > self.measured + MEASURE_SECONDS:
            if size_of(Path(self.km.connection_file).parent) > self.limits.disk:
                raise self.stopped("disk")
            self.measured = time.monotonic()

    def take(self, stream: str, channel: object) -> None:
        """Receive one message, counted by its bytes; what is not signed and whole is dropped."""
        parts = channel.socket.recv_multipart(zmq.NOBLOCK)
        size = sum(map(len, parts)) if stream == "iopub" else 0
        with contextlib.suppress(Exception):  # whatever a forged message makes the parser raise
            _, frames = channel.session.feed_identities(parts)
            message = channel.session.deserialize(frames)
            if message["header"]["msg_type"] == "execute_input" and not self.echoed:
                self.echoed, size = True, 0  # the cell's own source, which every listener is told once
            if all(isinstance(message[part], dict) for part in ("header", "parent_header", "content")):
                self.heard[stream].append(message)
        self.printed += size

    def stopped(self, outcome: str) -> StoppedError:
        """End the kernel and return the error that says why."""
        self.stop()
        return StoppedError(outcome)

    def stop(self) -> None:
        """End the kernel and everything that it started."""
        if hasattr(self, "km"):
            self.kc.stop_channels()
            self.km.shutdown_kernel(now=True)
            self.km.context.destroy(linger=0)
            del self.km


@dataclass
class Record:
    """What became of one cell.

    `outcome` is passed, differs, error, timeout, died, output, disk, or unreached where there was no kernel or no time
    left to run it. A check cell has the judge's feedback, where exactly one set of values came.
    """

    cell: str
    role: str
    question: str | None
    outcome: str
    error: str = ""
    feedback: Feedback | None = None
    forged: bool = False


class Reference:
    """What nbval compares the emitted values with: different unless the judge gives them full marks."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.feedback: Feedback | None = None

    def __ne__(self, received: object) -> bool:
        got = received.get("got") if isinstance(received, dict) else None
        self.feedback = judge(self.question, got)
        return self.feedback.score < 1

    __eq__, __hash__ = None, None


class GradedCell(IPyNbCell):
    """One cell of a grafted notebook."""

    feedback: Feedback | None = None
    forged = False
    output_timeout = GRACE_SECONDS

    def setup(self) -> None:
        """As in nbval, but an earlier timeout is no reason to expect a failure, and the time in all bounds each."""
        self.parent.timed_out = False
        self.config.option.nbval_cell_timeout = min(self.parent.run.limits.cell, self.parent.run.end - time.monotonic())
        if self.config.option.nbval_cell_timeout <= 0:
            raise TimeoutError("no time is left")
        super().setup()

    def compare_outputs(self, test: list, ref: list, skip_compare: tuple | None = None) -> bool:
        """Compare what a check cell emits with its reference; other cells are not compared."""
        if self.cell.metadata.role != "check":
            return True
        question = self.parent.run.questions[self.cell.metadata.question]
        emitted = [output["data"][MIME] for output in test if MIME in output.get("data", {})]
        if not well_formed(emitted, question):
            self.forged = bool(emitted)
            self.comparison_traceback = ["the check gave no values, or other values than one for each input"]
            return False
        reference = Reference(question)
        same = super().compare_outputs(outputs(emitted), outputs([reference]), skip_compare)
        self.feedback = reference.feedback
        return same

    def format_output_compare(self, key: str, left: object, right: object) -> None:
        """Say that outputs differ without showing the reference, or spending time on a difference of long texts."""
        self.comparison_traceback.append(f"{key} differs")


def well_formed(emitted: list, question: Question) -> bool:
    """Whether exactly one set of values came, under the question's name and of its shape."""
    if len(emitted) != 1 or not isinstance(emitted[0], dict):
        return False
    (values,) = emitted
    got = values.get("got")
    count = 1 if question.on is None else len(question.on)
    right_shape = isinstance(got, list) and len(got) == count and all(isinstance(one, dict) for one in got)
    return values.get("question") == question.id and right_shape and len(json.dumps(got)) <= MOST_JSON


def outputs(values: list) -> list[NotebookNode]:
    """Values as nbval sees outputs."""
    return [NotebookNode(output_type="display_data", data=NotebookNode({MIME: value})) for value in values]


class GradedNotebook(IPyNbFile):
    """A grafted notebook."""

    run: Run

    def collect(self):
        """The cells as nbval collects them, none of them skipped, and each failing where it raises."""
        for item in super().collect():
            options = {"check": True, "skip": False, "check_exception": False}
            same = {"name": item.name, "cell_num": item.cell_num, "cell": item.cell}
            yield GradedCell.from_parent(self, options=options, **same)


@dataclass
class Run:
    """One run of a grafted notebook: a pytest plugin that collects it as ours and keeps a record of each cell."""

    questions: Mapping[str, Question]
    manager: Callable[[], KernelManager]
    limits: Limits
    end: Seconds  # of time.monotonic()
    records: list[Record] = field(default_factory=list)
    failure: str = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let nbval start watched kernels."""
        nbval.plugin.RunningKernel = lambda *_, **__: WatchedKernel(self.manager(), self.limits)

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector):
        """Collect what nbval collects as a notebook to grade."""
        found = yield
        return [self.graded(one, parent) if isinstance(one, IPyNbFile) else one for one in found]

    def graded(self, file: IPyNbFile, parent: pytest.Collector) -> GradedNotebook:
        """A notebook of nbval's as one that belongs to this run."""
        notebook = GradedNotebook.from_parent(parent, path=file.path)
        notebook.run = self
        return notebook

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the reason why nbval could not read the notebook."""
        if report.failed:
            self.failure = str(report.longrepr).strip().splitlines()[-1]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo):
        """Record what became of a cell."""
        report = yield
        if isinstance(item, GradedCell) and (call.when == "call" or (call.when == "setup" and report.failed)):
            self.records.append(record(item, call))
            if call.when == "setup" and not isinstance(call.excinfo.value, TimeoutError):
                self.failure = self.failure or f"{call.excinfo.typename}: {call.excinfo.value}"
        return report


def record(item: GradedCell, call: pytest.CallInfo) -> Record:
    """What became of one cell."""
    error = call.excinfo.value if call.excinfo else None
    raised = next((one for one in item.test_outputs or [] if one.output_type == "error"), None)
    if error is None:
        outcome = "passed"
    elif isinstance(error, StoppedError):
        outcome = error.outcome
    elif item.parent.timed_out:
        outcome = "timeout"
    elif call.when == "setup" or isinstance(error, RuntimeError):  # nbval: "Kernel dead on test start"
        outcome = "unreached"
    else:
        outcome = "error" if raised else "differs"
    words = f"{raised.ename}: {raised.evalue}" if raised else "" if isinstance(error, NbCellError) else str(error or "")
    marks = item.cell.metadata
    return Record(item.cell.id, marks.role, marks.question, outcome, words[:500], item.feedback, item.forged)


def run_notebook(notebook: dict, run: Run) -> list[Record]:
    """Run a grafted notebook through pytest and nbval in this process; one record a cell that was reached.

    Raises ChildProcessError where no kernel could be started.
    """
    with tempfile.TemporaryDirectory(prefix="labcore-") as name, contextlib.chdir(name):
        Path("pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        Path("exercise.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        arguments = [
            "-c",
            "pytest.ini",
            "-q",
            "--tb=no",
            "--no-summary",
            "-p",
            "no:cacheprovider",
            "-p",
            "nbval.plugin",
        ]
        arguments += ["-p", "no:unraisableexception", "-p", "no:threadexception"]  # they collect garbage
        arguments += ["--nbval", "--nbval-current-env", "exercise.ipynb"]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        with contextlib.redirect_stdout(io.StringIO()):
            status = pytest.main(arguments, plugins=[run])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise ChildProcessError(f"pytest ended with {status!r}: {run.failure}")
    if run.failure and not any(one.outcome != "unreached" for one in run.records):
        raise ChildProcessError(f"no kernel could be started: {run.failure}")
    return run.records


def size_of(folder: Path) -> int:
    """Bytes in a folder, 4096 at least for every name in it."""
    total = 0
    for place, folders, files in os.walk(folder):
        total += 4096 * (len(folders) + len(files))
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 (called for up to 20,000 files)
    return total
