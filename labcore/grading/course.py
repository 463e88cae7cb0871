"""Grade a course: every submission there is, on all cores or on a Dask cluster, into a gradebook.

A run draws a seed, lets the canary try the confinement and lint the keys, and only then looks at a submission. Each
result goes into the gradebook as it comes, so a run that is killed loses what was in flight and `resume` finishes it.
What has not changed since the last run (content, key, limits) is carried over.
"""

from __future__ import annotations

import atexit
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from labcore.grading.canary import check_confinement
from labcore.grading.collect import Handed, collect
from labcore.grading.grade import Setting, executor, grade_here, sources
from labcore.grading.gradebook import HAND_IN, Gradebook
from labcore.grading.gradebook_rows import Run, storable
from labcore.grading.key import Key
from labcore.grading.limits import USUAL
from labcore.grading.lint import quick_lint
from labcore.grading.marks import Report
from labcore.grading.station import Station
from labcore.grading.worker import merged, unreadable
from labcore.units import Seconds

LOCK = threading.Lock()


@dataclass(frozen=True)
class Graded:
    """One result as it comes: whose, of what, and whether it was carried over from the run before."""

    handed: Handed
    report: Report | None
    seconds: Seconds


def grade_course(
    submissions: Path,
    keys: Path,
    book: Gradebook,
    setting: Setting,
    workers: int = 0,
    scheduler: str = "",
    only: str = "",
    resume: bool = False,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Graded]:
    """Grade everything that is not graded yet, yielding each result after it is in the gradebook.

    `step` hears how many of how many are done. Raises ValueError before anything is graded where the confinement
    leaks, a key fails its lint, the gradebook holds an unfinished run and `resume` was not asked for, or nothing fits.
    """
    found = sources(keys)
    handed = [one for one in collect(submissions, list(found)) if not only or only in (one.student, one.exercise)]
    if not handed:
        raise ValueError(f"nothing to grade: no student or exercise is called {only!r} in {submissions}")
    unfinished = book.unfinished()
    check_resume(book, unfinished, resume)
    with Station(setting.level) as station:
        execute = executor(station, setting.limits)
        if setting.level != "none":
            check_confinement(execute, keys, setting.level, setting.limits.processes)
        seeds = unfinished.seeds if unfinished else {}
        ready = {}
        for name in sorted({one.exercise for one in handed}):
            seed = seeds.get(name) or setting.seed or secrets.token_hex(16)
            ready[name] = quick_lint(found[name], seed, execute)
        run = begin(book, unfinished, ready, setting, submissions)
        done = book.graded(run)
        waiting = [one for one in handed if (storable(one.student), storable(one.exercise)) not in done]
        step(len(handed) - len(waiting), len(handed))
        with pool(station, setting, workers, scheduler) as submit:
            for done, graded in enumerate(stream(waiting, ready, book, run, submit), start=1):
                step(len(handed) - len(waiting) + done, len(handed))
                yield graded
        book.finish(run)


def check_resume(book: Gradebook, unfinished: Run | None, resume: bool) -> None:
    """Raise ValueError where a run was left unfinished and nobody says what to do, or the other way round."""
    if unfinished and not resume:
        raise ValueError(
            f"{book.path} holds a run that was not finished ({len(book.graded(unfinished))} graded); "
            "add --resume to go on with it, or choose another --out"
        )
    if resume and not unfinished:
        raise ValueError(f"{book.path} holds no unfinished run; leave --resume out to grade what has changed")


def begin(book: Gradebook, unfinished: Run | None, ready: dict[str, Key], setting: Setting, submissions: Path) -> Run:
    """The run to record in: a new one, or the unfinished one if what it was graded with is still the same."""
    hashes = {name: key.hash for name, key in ready.items()}
    if not unfinished:
        seeds = {name: key.seed for name, key in ready.items()}
        return book.start_run(seeds, hashes, setting.level, setting.limits, versions(), submissions)
    changed = [name for name, hash in hashes.items() if unfinished.keys.get(name) != hash]
    if changed or unfinished.conditions() != (setting.limits, setting.level, versions()):
        what = f"the key of {', '.join(changed)}" if changed else "limits, confinement or versions"
        raise ValueError(f"{what} changed since the run that --resume would finish; choose another --out")
    return unfinished


def versions() -> dict[str, str]:
    """The versions of what grades."""
    return {name: version(name) for name in ("labcore", "nbval", "ipykernel", "numpy")} | {"python": python_version()}


def stream(
    waiting: list[Handed], ready: dict[str, Key], book: Gradebook, run: Run, submit: Callable[..., Future | Report]
) -> Iterator[Graded]:
    """Results as they come; only as many submissions are read as are being graded."""
    flying: dict[Future, tuple[Handed, str, float, tuple]] = {}
    queue = iter(waiting)
    more = True
    while more or flying:
        while more and len(flying) < submit.most_at_once:
            if (handed := next(queue, None)) is None:
                more = False
                break
            content, flags = handed.read()
            digest = hashlib.sha256(content or b"").hexdigest()
            key = ready[handed.exercise]
            hand_in = [flag for flag in flags if flag.code in HAND_IN]
            if book.carry_over(run, handed.student, handed.exercise, digest, key.hash, hand_in):
                yield Graded(handed, None, 0.0)
            elif content is None:
                yield record(book, run, handed, digest, nothing(handed, key, flags), flags, 0.0)
            else:
                flying[submit(content, handed.name, key)] = handed, digest, time.monotonic(), flags
        finished, _ = wait(flying, timeout=1, return_when=FIRST_COMPLETED) if flying else ((), ())
        for future in finished:
            handed, digest, start, flags = flying.pop(future)
            yield record(book, run, handed, digest, future.result(), flags, time.monotonic() - start)


def nothing(handed: Handed, key: Key, flags: tuple) -> Report:
    """The report on a submission that holds nothing to grade."""
    words = flags[0].words if flags else "nothing to grade was handed in"
    return unreadable(handed.name, key, words, flags[0].code if flags else "no-notebook")


def record(
    book: Gradebook, run: Run, handed: Handed, digest: str, report: Report, flags: Iterable, seconds: Seconds
) -> Graded:
    """Put one report into the gradebook, with what was seen when its file was collected."""
    whole = Report(report.notebook, report.exercise, report.results, merged([*flags, *report.flags]))
    book.record(run, handed.student, handed.exercise, handed.name, digest, whole, seconds)
    return Graded(handed, whole, seconds)


class Submit:
    """Hands submissions to an executor; `most_at_once` is how many are worth handing out before one comes back."""

    def __init__(self, executor: Executor, most_at_once: int, function: Callable, *fixed: object) -> None:
        self.executor, self.most_at_once, self.function, self.fixed = executor, most_at_once, function, fixed

    def __call__(self, content: bytes, name: str, key: Key) -> Future:
        """The future report on one submission."""
        return self.executor.submit(self.function, *self.fixed, content, name, key)


@contextmanager
def pool(station: Station, setting: Setting, workers: int, scheduler: str) -> Iterator[Submit]:
    """What submissions are handed to: threads that each wait for a process here, or an existing Dask cluster."""
    if scheduler:
        with dask_client(scheduler) as client:
            most = 2 * max(1, sum(client.nthreads().values()))
            yield Submit(client.get_executor(pure=False, retries=3), most, grade_there, setting)
        return
    count = workers or available_cores()
    threads = ThreadPoolExecutor(count)
    try:
        yield Submit(threads, count + 1, in_order, station, setting)
    finally:
        station.close()  # first, so that threads whose results nobody waits for any more end at once
        threads.shutdown(cancel_futures=True)


def in_order(station: Station, setting: Setting, content: bytes, name: str, key: Key) -> Report:
    """Grade at the station; the arguments in the order in which a pool has them."""
    return grade_here(station, content, name, key, setting)


def available_cores() -> int:
    """Cores that this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def dask_client(address: str) -> object:
    """A client of the cluster at an address such as tcp://10.0.0.1:8786; raises ValueError where there is none."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError("--scheduler needs Dask: pip install 'labcore[dask]'") from error
    try:
        return Client(address, timeout="20s")
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            f"no Dask scheduler answers at {address!r} ({error}); give its address, as tcp://host:8786"
        ) from None


def grade_there(setting: Setting, content: bytes, name: str, key: Key) -> Report:
    """Grade on a Dask worker, at a station that it keeps for all that it is given."""
    with LOCK:
        station = own_station(setting.level)
    return grade_here(station, content, name, key, setting)


@cache
def own_station(level: str) -> Station:
    """The station of this process, tried by the canary before it is used, and ended with the process."""
    station = Station(level)
    atexit.register(station.close)
    if level != "none":
        check_confinement(executor(station, USUAL), Path.home(), level, 0)
    return station
