"""The one module that touches nbval (0.11.0): a pytest plugin that runs a grafted notebook and records each cell.

nbval runs the cells and compares the outputs; four things are put right here, each held by a test.
1. Only the JSON that a check cell emits is compared, with the reference's tolerance; what an answer prints is not.
2. Tags and comments in cells (`# NBVAL_SKIP`) switch nothing off.
3. A kernel that dies is noticed within a second, not after the cell's timeout; messages do not restart the clock.
4. After a timeout the later cells count as before; nbval would mark them as expected failures.
Each cell becomes one line of JSON in the file that `--labcore-records` names, written when the cell has ended.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import Empty

import nbval.plugin
import pytest
from nbformat import NotebookNode
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from labcore.grading.judge import right
from labcore.grading.values import MIME

MOST_JSON = 200_000


class KernelDiedError(Exception):
    """The kernel's process ended while a cell ran."""


class WatchedKernel(RunningKernel):
    """nbval's kernel, in a folder of its own, whose death and whose silence are noticed in time."""

    def __init__(self, kernel_name: str, cwd: str, startup_timeout: float) -> None:
        work = Path(cwd, "work")
        work.mkdir(exist_ok=True)
        super().__init__(kernel_name, cwd=str(work), startup_timeout=startup_timeout)

    def await_reply(self, msg_id: str, timeout: float = 60) -> None:
        """Wait for the reply to one request; raises Empty after the timeout, KernelDiedError if none can come."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                message = self.get_message("shell", timeout=min(left, 0.5))
            except Empty:
                if not self.is_alive():
                    raise KernelDiedError from None
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                if any(one.get("source") == "ask_exit" for one in message["content"].get("payload", [])):
                    self.stop()  # exit() ends the kernel a moment later, in the middle of the next cell
                    raise KernelDiedError
                return
        raise Empty


class Reference:
    """The key's values in nbval's comparison: it differs from what an answer emits unless every value is right."""

    def __init__(self, emitted: dict) -> None:
        self.emitted = emitted

    def __ne__(self, received: object) -> bool:
        got = received.get("got") if isinstance(received, dict) else None
        want, tolerance = [one["value"] for one in self.emitted["got"]], self.emitted["tolerance"]
        if not isinstance(got, list) or len(got) != len(want) or not all(isinstance(one, dict) for one in got):
            return True
        return not all(right(one, value, tolerance) for one, value in zip(got, want, strict=True))

    __eq__, __hash__ = None, None


class GradedCell(IPyNbCell):
    """One cell of a grafted notebook."""

    received: object = None

    def setup(self) -> None:
        """As in nbval, but an earlier timeout is no reason to expect a failure here."""
        self.parent.timed_out = False
        super().setup()

    def compare_outputs(self, test: list, ref: list, skip_compare: tuple | None = None) -> bool:
        """Compare what a check cell emits with the reference; other cells are not compared."""
        emitted = [output["data"][MIME] for output in test if MIME in output.get("data", {})]
        self.received = emitted[0] if len(emitted) == 1 else None
        wanted = [Reference(output["data"][MIME]) for output in ref if MIME in output.get("data", {})]
        if len(emitted) != len(wanted):
            self.comparison_traceback = ["the number of values differs"]  # nbval fails on values that are no texts
            return False
        return super().compare_outputs(outputs(emitted), outputs(wanted), skip_compare)

    def format_output_compare(self, key: str, left: object, right: object) -> None:
        """Say that outputs differ without showing the reference, or spending time on a difference of long texts."""
        self.comparison_traceback.append(f"{key} differs")


def outputs(values: list) -> list[NotebookNode]:
    """Values as nbval sees outputs."""
    return [NotebookNode(output_type="display_data", data=NotebookNode({MIME: value})) for value in values]


class GradedNotebook(IPyNbFile):
    """A grafted notebook."""

    def collect(self):
        """The cells as nbval collects them, none of them skipped, and each failing where it raises."""
        for item in super().collect():
            options = {"check": True, "skip": False, "check_exception": False}
            same = {"name": item.name, "cell_num": item.cell_num, "cell": item.cell}
            yield GradedCell.from_parent(self, options=options, **same)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file of records."""
    parser.addoption("--labcore-records", type=Path, help="File to which each cell's outcome is appended as JSON.")


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval start watched kernels."""
    nbval.plugin.RunningKernel = WatchedKernel


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector):
    """Collect what nbval collects as notebooks to grade."""
    found = yield
    return [GradedNotebook.from_parent(parent, path=one.path) if isinstance(one, IPyNbFile) else one for one in found]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Record what became of a cell."""
    report = yield
    if isinstance(item, GradedCell) and (call.when == "call" or (call.when == "setup" and report.failed)):
        with item.config.option.labcore_records.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record(item, call)) + "\n")
    return report


def record(item: GradedCell, call: pytest.CallInfo) -> dict:
    """One cell's outcome: passed, differs, error, timeout, died, or unreached where no kernel was there to run it."""
    error = call.excinfo.value if call.excinfo else None
    raised = next((one for one in item.test_outputs or [] if one.output_type == "error"), None)
    if error is None:
        outcome = "passed"
    elif isinstance(error, KernelDiedError):
        outcome = "died"
    elif item.parent.timed_out:
        outcome = "timeout"
    elif call.when == "setup" or isinstance(error, RuntimeError):  # nbval: "Kernel dead on test start"
        outcome = "unreached"
    else:
        outcome = "error" if raised else "differs"
    words = f"{raised.ename}: {raised.evalue}" if raised else "" if isinstance(error, NbCellError) else str(error or "")
    small = len(json.dumps(item.received)) <= MOST_JSON
    received = item.received if small else None
    return {"cell": item.cell.id, "outcome": outcome, "error": words[:500], "received": received}
