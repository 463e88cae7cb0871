"""Grading on an existing Dask cluster: the same function on other machines, each at a station of its own.

A worker that is lost costs a retry of what it was grading; its zygote and kernels end with it. The scheduler and its
workers see keys, so they belong to the teacher, as the machine that starts them does.
"""

from __future__ import annotations

import atexit
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from labcore.grading.canary import check_confinement
from labcore.grading.grade import Setting, executor, grade_here
from labcore.grading.key import Key
from labcore.grading.limits import USUAL
from labcore.grading.marks import Report
from labcore.grading.station import Station
from labcore.grading.worker import unreadable
from labcore.units import Seconds

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
LOCK = threading.Lock()


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster that grades; `submit` gives the future report on one submission and the time it took."""

    client: Client
    setting: Setting
    versions: dict[str, str]

    def submit(self, content: bytes, name: str, key: Key) -> Future:
        """Hand out one submission; a lost worker costs a retry."""
        executor = self.client.get_executor(pure=False, retries=2)
        return executor.submit(grade_there, self.setting, self.versions, content, name, key)

    def room(self) -> int:
        """How many submissions are worth handing out before one comes back; workers may come and go."""
        return 2 * max(1, sum(self.client.nthreads().values()))


@contextmanager
def cluster(address: str, setting: Setting) -> Iterator[Cluster]:
    """The cluster of a scheduler's address such as tcp://10.0.0.1:8786.

    Raises ValueError, in one line, where no scheduler answers and where a worker's versions are not those here.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise ValueError("--scheduler needs Dask: pip install 'labcore[dask]'") from error
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})  # a submission may be large
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            f"no Dask scheduler answers at {address!r} ({error}); give its address, as tcp://host:8786"
        ) from None
    with client:
        check_workers(client)
        yield Cluster(client, setting, versions())


def versions() -> dict[str, str]:
    """The versions of what grades, in this process."""
    return {name: version(name) for name in ("labcore", "nbval", "ipykernel", "numpy")} | {"python": python_version()}


def check_workers(client: Client) -> None:
    """Raise ValueError where a worker that is there cannot import labcore, or would grade with other versions."""
    found = client.run(partial(versions), on_error="return")  # a partial, so that it is unpickled on the worker
    for address, there in found.items():
        if isinstance(there, BaseException):
            raise ValueError(f"the Dask worker {address} has no labcore ({there}); install the one that is here on it")
        check_versions(versions(), there, address)


def check_versions(here: dict[str, str], there: dict[str, str], worker: str) -> None:
    """Raise ValueError, with what differs, where a worker would grade with other versions.

    >>> check_versions({"labcore": "1.0", "numpy": "2.4"}, {"labcore": "0.9", "numpy": "2.4"}, "tcp://10.0.0.7:40001")
    Traceback (most recent call last):
    ValueError: the Dask worker tcp://10.0.0.7:40001 has labcore 0.9, and here it is 1.0; install the same versions
    """
    if other := {name for name in here if there.get(name) != here[name]}:
        has = ", ".join(f"{name} {there.get(name)}" for name in here if name in other)
        mine = ", ".join(here[name] for name in here if name in other)
        raise ValueError(f"the Dask worker {worker} has {has}, and here it is {mine}; install the same versions")


def grade_there(
    setting: Setting, wanted: dict[str, str], content: bytes, name: str, key: Key
) -> tuple[Report, Seconds]:
    """Grade on a Dask worker, at a station that it keeps for all that it is given."""
    try:
        with LOCK:
            check_versions(wanted, versions(), socket.gethostname())
            station = own_station(setting.level)
    except OSError as error:
        raise ValueError(f"the Dask worker {socket.gethostname()} cannot confine answers: {error}") from error
    return timed(station, setting, content, name, key)


def timed(station: Station, setting: Setting, content: bytes, name: str, key: Key) -> tuple[Report, Seconds]:
    """The report on one submission graded at a station, and how long that took."""
    start = time.monotonic()
    return grade_here(station, content, name, key, setting), time.monotonic() - start


@cache
def own_station(level: str) -> Station:
    """The station of this process, tried by the canary before it is used, and ended with the process."""
    station = Station(level)
    try:
        if level != "none":
            check_confinement(executor(station, USUAL), Path.home(), level, 0)
    except BaseException:
        station.close()
        raise
    atexit.register(station.close)
    return station


def outcome(future: Future, name: str, key: Key) -> tuple[Report, Seconds]:
    """What grading one submission gave; a flag where every worker that had it was lost.

    Raises OSError where the cluster itself has gone, ValueError where a worker may not or cannot grade.
    """
    try:
        return future.result()
    except CancelledError as error:
        raise OSError("the Dask scheduler has gone; the marks so far are safe: go on with --resume") from error
    except Exception as error:
        if type(error).__name__ != "KilledWorker":
            raise
        words = "every Dask worker that graded it was lost; grade this one again with --only"
        return unreadable(name, key, words, "grader-failed"), 0.0
