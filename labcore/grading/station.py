"""Where jobs run: in processes of their own, forked warm from a zygote, or started cold where there is no fork.

A station is opened by the supervisor, or by a Dask worker for itself. `run` may be called from several threads.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from labcore.grading.confinement import remove
from labcore.grading.environment import kernel_environment
from labcore.grading.worker import Surroundings
from labcore.units import Seconds

STARTUP_SECONDS = 120


class Station:
    """Runs jobs; closing it ends every process that it started.

    `warm` is for Linux, whose processes fork safely; it is needed for every confinement but `none`.
    """

    def __init__(self, level: str, warm: bool = sys.platform == "linux") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="labcore-"))
        self.surroundings = Surroundings(str(self.folder / "zygote") if warm else "", level)
        self.zygote: subprocess.Popen | None = None
        self.lock = threading.Lock()
        if warm:
            try:
                self.start_zygote()
            except BaseException:
                self.kill()
                raise

    def start_zygote(self) -> None:
        """Start the zygote and wait until it listens."""
        command = [sys.executable, "-m", "labcore.grading.zygote", self.surroundings.zygote]
        own = {"env": environment(self.folder), "cwd": self.folder, "start_new_session": True}  # no hangup reaches it
        Path(self.surroundings.zygote).unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, **own)
        end = time.monotonic() + STARTUP_SECONDS
        while not Path(self.surroundings.zygote).exists():
            if self.zygote.poll() is not None or time.monotonic() > end:
                raise ChildProcessError(f"the grader's zygote did not start: {self.log()}")
            time.sleep(0.01)

    def log(self) -> str:
        """The last line that the zygote or its children wrote."""
        try:
            lines = (self.folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except FileNotFoundError:
            return "it has ended"
        return lines[-1] if lines else "it was silent"

    def run(self, job: object, patience: Seconds) -> object:
        """What a job gives, in a process of its own; raises what it raises, and TimeoutError after `patience`."""
        value = self.run_warm(job, patience) if self.surroundings.zygote else run_cold(job, patience, self.folder)
        if isinstance(value, ChildProcessError):
            raise ChildProcessError(f"{value} ({self.log()})")
        if isinstance(value, BaseException):
            raise value
        return value

    def run_warm(self, job: object, patience: Seconds) -> object:
        """Run a job in a fork of the zygote."""
        from labcore.grading.zygote import receive, send

        with self.connection() as connection:
            send(connection, job)
            try:
                worker = receive(connection)
                if not select.select([connection], [], [], patience)[0]:
                    os.kill(worker, signal.SIGKILL)
                    raise TimeoutError(f"the worker ran longer than {patience:g} s")
                return receive(connection)
            except (EOFError, ConnectionError) as error:
                raise ChildProcessError(f"the worker ended without a result: {self.log()}") from error

    def connection(self) -> socket.socket:
        """A connection to the zygote, which is started again where the system has ended it, as for lack of memory."""
        from labcore.grading.zygote import connect

        with self.lock:
            if not self.zygote:
                raise ChildProcessError("the station is closed; open another")
            if self.zygote.poll() is not None:
                self.zygote.stdin.close()
                self.start_zygote()
        return connect(self.surroundings.zygote)

    def kill(self) -> None:
        """End a zygote that has not begun to serve, and so has no children yet."""
        if self.zygote:
            self.zygote.kill()
            self.zygote.wait()
        remove(self.folder)

    def close(self) -> None:
        """End everything, and remove what lies in the station's folder."""
        with self.lock:
            zygote, self.zygote = self.zygote, None  # so that no thread starts another one now
        if zygote:
            zygote.stdin.close()
            try:
                zygote.wait(10)
            except subprocess.TimeoutExpired:
                zygote.kill()
                zygote.wait()
        remove(self.folder)

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_cold(job: object, patience: Seconds, folder: Path) -> object:
    """Run a job in a new interpreter."""
    command = [sys.executable, "-m", "labcore.grading.worker"]
    done = subprocess.run(
        command, input=pickle.dumps(job), capture_output=True, timeout=patience, env=environment(folder), check=False
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it was silent"]
        raise ChildProcessError(f"the worker ended without a result: {last[0]}")
    return pickle.loads(done.stdout)


def environment(folder: Path) -> dict[str, str]:
    """The environment of workers: none of the user's settings or secrets, but their cache of fonts."""
    own = kernel_environment(folder)
    del own["MPLCONFIGDIR"]
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    own |= {"XDG_CACHE_HOME": cache, "XDG_CONFIG_HOME": str(folder / "config"), "MPLBACKEND": "Agg"}
    own |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))  # so that what a killed worker leaves is removed
    own |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}  # a fork has one thread
    return own | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
