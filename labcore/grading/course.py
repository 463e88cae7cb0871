"""Grade a course: every submission there is, on all cores or on a Dask cluster, into a gradebook.

A run draws a seed, lets the canary try the confinement and lint the keys, and only then looks at a submission. Each
result goes into the gradebook as it comes, so a run that is killed loses what was in flight and `resume` finishes it.
What has not changed since the last run (content, key, limits) is carried over.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from labcore.grading.canary import check_confinement
from labcore.grading.cluster import Cluster, cluster, outcome, timed, versions
from labcore.grading.collect import Handed, collect
from labcore.grading.grade import Setting, executor, sources
from labcore.grading.gradebook import HAND_IN, Gradebook
from labcore.grading.gradebook_rows import Run, storable
from labcore.grading.key import Key
from labcore.grading.lint import quick_lint
from labcore.grading.marks import Report
from labcore.grading.release import OwnKeys
from labcore.grading.station import Station
from labcore.grading.worker import merged, unreadable
from labcore.measure.machine import usable_cores
from labcore.units import Seconds


@dataclass(frozen=True)
class Graded:
    """One result as it comes; `report` is None where that of the run before stands."""

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
    anew: bool = False,
    secret: str = "",
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Graded]:
    """Grade everything that is not graded yet, yielding each result after it is in the gradebook.

    `resume` goes on with a run that was stopped, `anew` leaves it and begins another. With a course's `secret`, each
    notebook is graded with the numbers that were released to its student. `step` hears how many of how many are done.
    Raises ValueError before anything is graded where the confinement leaks, a key fails its lint, no scheduler
    answers, the gradebook holds an unfinished run and neither `resume` nor `anew` was asked for, or nothing fits.
    Closing it ends all that it started.
    """
    found = sources(keys)
    everything = collect(submissions, list(found))
    if not any(not only or only in one.called() for one in everything):
        raise ValueError(f"nothing to grade: no student or exercise is called {only!r} in {submissions}")
    unfinished = None if anew else book.unfinished()
    check_resume(book, unfinished, resume)
    with Station(setting.level) as station:
        execute = executor(station, setting.limits)
        if setting.level != "none":
            check_confinement(execute, keys, setting.level, setting.limits.processes)
        seeds = unfinished.seeds if unfinished else {}
        ready = {}
        for name in sorted({one.exercise for one in everything if not only or only in one.called()}):
            seed = seeds.get(name) or setting.seed or secrets.token_hex(16)
            ready[name] = quick_lint(found[name], seed, execute)
        with cluster(scheduler, setting) if scheduler else pool(station, setting, workers) as graders:
            handed = [one for one in identified(book, everything) if not only or only in one.called()]
            run = begin(book, unfinished, ready, setting, submissions, len(handed))
            graded = book.graded(run)
            waiting = [one for one in handed if (one.key, storable(one.exercise)) not in graded]
            before = len(handed) - len(waiting)
            step(before, len(handed))
            own = OwnKeys(ready, found, secret, execute)
            for done, one in enumerate(stream(waiting, own, book, run, graders), start=before + 1):
                step(done, len(handed))
                yield one
        book.finish(run)


def identified(book: Gradebook, handed: list[Handed]) -> list[Handed]:
    """What was handed in, each with the key of its student in the gradebook and with the doubts about it as flags."""
    known = book.identify([(one.who, one.exercise) for one in handed])
    each = zip(handed, known, strict=True)
    return [replace(one, key=key, flags=(*one.flags, *flags)) for one, (key, flags) in each]


def check_resume(book: Gradebook, unfinished: Run | None, resume: bool) -> None:
    """Raise ValueError where a run was left unfinished and nobody says what to do, or the other way round."""
    if unfinished and not resume:
        raise ValueError(
            f"{book.path} holds a run that was not finished ({len(book.graded(unfinished))} graded); "
            "add --resume to go on with it, or --anew to leave it and begin another"
        )
    if resume and not unfinished:
        raise ValueError(
            f"{book.path} holds no unfinished run: the last one was finished, or stopped before it graded anything; "
            "leave --resume out, and what has not changed is not graded again"
        )


def begin(
    book: Gradebook, unfinished: Run | None, ready: dict[str, Key], setting: Setting, submissions: Path, total: int
) -> Run:
    """The run to record in: a new one, or the unfinished one if what it was graded with is still the same."""
    hashes = {name: key.hash for name, key in ready.items()}
    if not unfinished:
        seeds = {name: key.seed for name, key in ready.items()}
        return book.start_run(seeds, hashes, setting.level, setting.limits, versions(), submissions, total)
    if strange := [name for name in hashes if name not in unfinished.keys]:
        raise ValueError(
            f"the run that --resume would finish grades {', '.join(unfinished.keys)}, not {', '.join(strange)}; say "
            "--only as it did, then grade the rest without --resume"
        )
    changed = [name for name, hash in hashes.items() if unfinished.keys[name] != hash]
    if changed or unfinished.conditions() != (setting.limits, setting.level, versions()):
        what = f"the key of {', '.join(changed)}" if changed else "limits, confinement or versions"
        raise ValueError(f"{what} changed since the run that --resume would finish; say --anew instead")
    return unfinished


def stream(
    waiting: list[Handed], keys: OwnKeys, book: Gradebook, run: Run, graders: Pool | Cluster
) -> Iterator[Graded]:
    """Results as they come; only as many submissions are read as are being graded."""
    flying: dict[Future, tuple[Handed, Key, str, tuple]] = {}
    queue = iter(waiting)
    more = True
    while more or flying:
        room = graders.room() - len(flying) if more else 0
        while room > 0 and (more := (handed := next(queue, None)) is not None):
            content, flags = handed.read()
            key, doubts = keys.of(handed.exercise, handed.who.name, content)
            flags = (*flags, *doubts)
            digest = hashlib.sha256(content or b"").hexdigest()
            hand_in = [flag for flag in flags if flag.code in HAND_IN]
            if content is None:
                yield record(book, run, handed, digest, nothing(handed, key, flags), flags, 0.0)
            elif book.carry_over(run, handed.key, handed.exercise, digest, key.hash, hand_in):
                yield Graded(handed, None, 0.0)
            else:
                flying[graders.submit(content, handed.name, key)] = handed, key, digest, flags
                room -= 1
        finished, _ = wait(flying, timeout=1, return_when=FIRST_COMPLETED)  # Windows hears Ctrl-C only between waits
        for future in finished:
            handed, key, digest, flags = flying.pop(future)
            report, seconds = outcome(future, handed.name, key)
            yield record(book, run, handed, digest, report, flags, seconds)


def nothing(handed: Handed, key: Key, flags: tuple) -> Report:
    """The report on a submission that holds nothing to grade."""
    words = flags[0].words if flags else "nothing to grade was handed in"
    return unreadable(handed.name, key, words, flags[0].code if flags else "no-notebook")


def record(
    book: Gradebook, run: Run, handed: Handed, digest: str, report: Report, flags: Iterable, seconds: Seconds
) -> Graded:
    """Put one report into the gradebook, with what was seen when its file was collected."""
    whole = Report(report.notebook, report.exercise, report.results, merged([*flags, *report.flags]))
    book.record(run, handed.key, handed.exercise, handed.name, digest, whole, seconds)
    return Graded(handed, whole, seconds)


@dataclass(frozen=True)
class Pool:
    """Threads that each wait for a process of this machine; `submit` is as a cluster's."""

    threads: ThreadPoolExecutor
    count: int
    grade: Callable

    def submit(self, content: bytes, name: str, key: Key) -> Future:
        """Hand out one submission."""
        return self.threads.submit(self.grade, content, name, key)

    def room(self) -> int:
        """How many submissions are worth handing out before one comes back."""
        return self.count + 1


@contextmanager
def pool(station: Station, setting: Setting, workers: int) -> Iterator[Pool]:
    """So many workers on this machine, by default one for each core."""
    count = workers or usable_cores()
    threads = ThreadPoolExecutor(count)
    try:
        yield Pool(threads, count, partial(timed, station, setting))
    finally:
        station.close()  # first, so that threads whose results nobody waits for any more end at once
        threads.shutdown(cancel_futures=True)
