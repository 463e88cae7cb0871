"""One search by many processes: `python -m labcore.codesign.study --journal FILE --trials N`, as often as you like.

Every process runs this same command, on one machine or on several that share the file. Each takes the next trial of
one Optuna study, a network judged on the fastest hardware under the cap, until N trials are complete. The journal is
the only thing they share: a trial's number is given once, and a network that any process has trained is remembered.
A process that dies leaves a trial that runs for ever; `reclaim` gives up those of this machine's dead processes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from labcore.codesign import problem as problems
from labcore.codesign.front import front
from labcore.codesign.journal import join
from labcore.codesign.search import SAMPLERS, Design, Problem, ask, optuna, sampler
from labcore.codesign.strategies import WORST
from labcore.units import positive_ints

MAKE = {"full": problems.live, "quick": lambda cap: problems.live(cap, quick=True), "table": problems.tabled}


class Progress(NamedTuple):
    """Trials of a study by state, and the trainings that they took."""

    complete: int
    running: int
    failed: int
    trained: int


def work(
    journal: str | Path, problem: Problem, train: str, trials: int, picker: str = "nsga2", seed: int | None = None
) -> Progress:
    """Take trials until the study has so many; returns how far it is then.

    The sampler's seed is the process's own unless one is given, so that two processes do not walk the same path.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work(Path(folder, "study.journal"), problems.live(quick=True), "quick", trials=3, seed=0).complete
    3
    """
    positive_ints(trials=trials)
    study = join(journal, problem, train, sampler(picker, os.getpid() if seed is None else seed))
    reclaim(study)
    while taken(study) < trials:
        trial = study.ask()
        if taken(study, before=trial.number) >= trials:  # another process was faster
            study.tell(trial, state=optuna().trial.TrialState.FAIL)
            break
        trial.set_user_attr("worker", _me())
        judge(study, trial, problem)
    return progress(study)


def taken(study, before: float = math.inf) -> int:
    """Trials that are complete or running, of those with a number below `before`.

    >>> study = optuna().create_study()
    >>> trials = [study.ask() for _ in range(3)]
    >>> taken(study), taken(study, before=trials[2].number)
    (3, 2)
    """
    failed = optuna().trial.TrialState.FAIL
    return sum(t.number < before and t.state != failed for t in study.get_trials(deepcopy=False))


def judge(study, trial, problem: Problem) -> None:
    """Run one trial: pick a network, train it unless the study knows it, and tell error and cycles.

    >>> study = optuna().create_study(directions=["minimize", "minimize"])
    >>> judge(study, study.ask(), problems.live(quick=True))
    >>> len(study.trials[0].values)
    2
    """
    network = ask(trial, problem.network)
    if not (fits := problem.fitting(network)):
        _, cycles, area = problem.smallest(network)
        trial.set_constraint("cap", area / problem.cap - 1)
        study.tell(trial, (WORST, cycles))
        return
    trial.set_constraint("cap", 0.0)
    trial.set_user_attr("hardware", fits[0][0])
    trial.set_user_attr("area", fits[0][2])
    same = (t for t in study.get_trials(deepcopy=False) if t.params == trial.params and "trained" in t.user_attrs)
    known = next((t.user_attrs["trained"] for t in same), None)
    accuracy = problem.train(network, 0, False) if known is None else known
    if known is None:
        trial.set_user_attr("trained", accuracy)
    study.tell(trial, (1 - accuracy, fits[0][1]))


def reclaim(study) -> int:
    """Give up trials that dead processes of this machine left running; returns how many.

    >>> reclaim(optuna().create_study())
    0
    """
    import psutil

    running, lost = optuna().trial.TrialState.RUNNING, 0
    for trial in study.get_trials(deepcopy=False, states=(running,)):
        host, _, pid = trial.user_attrs.get("worker", "").rpartition(" ")
        if host == socket.gethostname() and not psutil.pid_exists(int(pid)):
            study.tell(trial.number, state=optuna().trial.TrialState.FAIL)
            lost += 1
    return lost


def progress(study) -> Progress:
    """Trials by state, and how many of them trained a network.

    >>> progress(optuna().create_study())
    Progress(complete=0, running=0, failed=0, trained=0)
    """
    trials = study.get_trials(deepcopy=False)
    states = [trial.state.name for trial in trials]
    trained = sum("trained" in trial.user_attrs for trial in trials)
    return Progress(states.count("COMPLETE"), states.count("RUNNING"), states.count("FAIL"), trained)


def designs(study, problem: Problem) -> list[Design]:
    """The designs of a study's own front, the most accurate first.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal, problem = Path(folder, "study.journal"), problems.live(quick=True)
    ...     _ = work(journal, problem, "quick", trials=4, seed=0)
    ...     found = designs(join(journal, problem, "quick", None), problem)
    >>> found == sorted(found, key=lambda design: design.error)
    True
    """
    values = {name: tuple(one) for name, one in problem.network.items()}
    found = {
        Design(tuple(values[name][trial.params[name]] for name in values), tuple(trial.user_attrs["hardware"]),
               *trial.values, trial.user_attrs["area"])
        for trial in study.get_trials(deepcopy=False)
        if trial.state.name == "COMPLETE" and "hardware" in trial.user_attrs
    }  # fmt: skip
    every = sorted(found, key=lambda design: (design.error, design.cycles))
    return [every[i] for i in front([(one.error, one.cycles) for one in every])]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when the study has its trials, 2 with one line where it cannot have them.

    >>> import contextlib
    >>> with contextlib.redirect_stderr(sys.stdout):
    ...     main(["--journal", "no folder/study.journal", "--trials", "1", "--train", "table"])
    there is no folder 'no folder' for the journal; make it first
    2
    """
    parser = argparse.ArgumentParser(prog="python -m labcore.codesign.study", description=__doc__.partition("\n")[0])
    parser.add_argument("--journal", required=True, help="a file that all processes share, or sqlite:///FILE.db")
    parser.add_argument("--trials", type=int, required=True, help="trials of all processes together")
    parser.add_argument("--cap", type=float, default=problems.CAP, help="largest area, in cells")
    parser.add_argument("--train", choices=tuple(MAKE), default="full", help="how accuracies come about")
    parser.add_argument("--sampler", choices=SAMPLERS, default="nsga2")
    parser.add_argument("--seed", type=int, help="of the sampler; by default each process has its own")
    given = parser.parse_args(arguments)
    try:
        problem = MAKE[given.train](given.cap)
        found = work(given.journal, problem, given.train, given.trials, given.sampler, given.seed)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found._asdict()) + "\n")
    return 0


def _me() -> str:
    return f"{socket.gethostname()} {os.getpid()}"


if __name__ == "__main__":
    sys.exit(main())
