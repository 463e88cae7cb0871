"""The rules of `labcore.grading.lint`, each a function from what one question gave to findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from labcore.grading.exercise import REFERENCE, STUB
from labcore.grading.exercise_format import Parts, takes_inputs
from labcore.grading.judge import Feedback, Question, judge, passes
from labcore.grading.key import all_outcomes, hidden, problems, seeded_question
from labcore.grading.slips import same
from labcore.grading.values import show

FEWEST_VALUES = 4  # different wanted values among all hidden inputs
MOST_VALUE_POINTS = 0.1  # share of the points that answers which are values may have without parameters
GUESSES = (None, False, True, 0, 1, "", [])  # constants that a judge of properties may take
dump = partial(json.dumps, sort_keys=True)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with an exercise."""

    level: str  # error or warning
    code: str
    question: str  # empty where it is the exercise as a whole
    words: str

    def __str__(self) -> str:
        return " ".join(filter(None, [self.code, self.question])) + f": {self.words}"


@dataclass(frozen=True)
class Trial:
    """One question with what its answers emitted for each seed, and what the reference did when it ran again."""

    id: str
    part: Parts
    values: dict[str, dict]
    again: dict[str, dict]

    def question(self, seed: str) -> Question:
        """The question as the judge gets it for one seed."""
        return seeded_question(self.id, self.part, self.values[seed], seed)

    def only(self, seed: str, which: str) -> Question:
        """The question with the inputs that are `shown`, or with those that are `hidden`."""
        whole = self.question(seed)
        some = slice(whole.shown) if which == "shown" else slice(whole.shown, None)
        slips = {slip: got[some] for slip, got in whole.slips.items()}
        return replace(whole, on=whole.on and whole.on[some], want=whole.want[some], slips=slips, shown=None)

    def feedback(self, slip: str, seed: str, which: str) -> Feedback:
        """What the judge says to a wrong answer on some of the inputs."""
        question = self.only(seed, which)
        return judge(question, question.slips[slip])

    def passes(self, slip: str, seed: str, which: str = "") -> bool:
        """Whether a wrong answer passes on all inputs, or on some of them, where there are any."""
        question = self.only(seed, which) if which else self.question(seed)
        return passes(question, question.slips[slip])

    def wanted(self) -> list:
        """What is wanted for the hidden inputs of all seeds, or for each seed by an answer that is a value."""
        which = "hidden" if takes_inputs(self.part.check) else "shown"
        return [want for seed in self.values for want in self.only(seed, which).want]


def all_findings(trials: list[Trial], points: float) -> list[Finding]:
    """The findings on every question, errors first."""
    findings, fixed = [], []
    for trial in trials:
        if broken := [one for seed, values in trial.values.items() for one in problems(trial.part, values, seed)]:
            findings += [Finding("error", code, trial.id, words) for code, words in dict.fromkeys(broken)]
            continue
        for rule in (flaky, scores, wrong_answers, hard_codable, weak):
            findings += rule(trial)
        if not takes_inputs(trial.part.check) and len(set(map(dump, trial.wanted()))) == 1:
            fixed.append(trial)
    few = sum(trial.part.points for trial in fixed) <= MOST_VALUE_POINTS * points
    words = "its answer is one value, the same for everybody; let it depend on parameters, or ask for a function"
    findings += [Finding("warning" if few else "error", "HARD-CODABLE", trial.id, words) for trial in fixed]
    return sorted(findings, key=lambda one: one.level)


def flaky(trial: Trial) -> Iterator[Finding]:
    """Whether two runs with one seed differ, in their inputs or in what the reference gives."""
    for seed, values in trial.values.items():
        runs = values, trial.again[seed]
        inputs, repeated = ([of[REFERENCE]["sources"], hidden(of, seed)["sources"]] for of in runs)
        got, later = (all_outcomes(of, REFERENCE, seed) for of in runs)
        if inputs != repeated or len(got) != len(later) or not same(later, got, values[REFERENCE]["tolerance"]):
            what = "inputs" if inputs != repeated else "values"
            yield Finding("error", "FLAKY", trial.id, f"two runs with seed {seed} give different {what}")
            return


def scores(trial: Trial) -> Iterator[Finding]:
    """Whether the reference scores in full and the stub nothing, with every seed."""
    for seed, values in trial.values.items():
        question = trial.question(seed)
        full, blank = (judge(question, all_outcomes(values, slip, seed)) for slip in (REFERENCE, STUB))
        if full.score < 1:
            yield Finding("error", "KEY", trial.id, f"the reference scores {full.score:g} with seed {seed}: {full!r}")
        if blank.score > 0:
            yield Finding("error", "BLANK", trial.id, f"the stub scores {blank.score:g} with seed {seed}")


def wrong_answers(trial: Trial) -> Iterator[Finding]:
    """Which wrong answers pass, on all inputs, on those shown or on those hidden, and which are not told apart."""
    for slip in trial.part.wrong:
        passing = [seed for seed in trial.values if trial.passes(slip, seed)]
        missing = [seed for seed in trial.values if trial.passes(slip, seed, "hidden")]
        named = trial.feedback(slip, next(iter(trial.values)), "shown")
        if passing:
            yield Finding("error", "PASSES", trial.id, f"wrong answer {slip!r} passes with seed {', '.join(passing)}")
        elif named.outcome == "passed":
            yield Finding("error", "PASSES", trial.id, f"wrong answer {slip!r} is right on all inputs that readers see")
        elif missing:
            words = (
                f"wrong answer {slip!r} is right on all hidden inputs of seed {', '.join(missing)}; draw more of them"
            )
            yield Finding("warning", "WEAK", trial.id, words)
        if "; or: " in named.slip:
            yield Finding("warning", "ALIKE", trial.id, f"the inputs shown do not tell apart: {named.slip}")


def hard_codable(trial: Trial) -> Iterator[Finding]:
    """Whether a function that knows the inputs shown, and one value besides, would pass."""
    if not takes_inputs(trial.part.check):
        return
    if not trial.part.draw:
        words = f"a table of the values shown passes; add a cell draw={trial.id!r}"
        yield Finding("error", "HARD-CODABLE", trial.id, words)
        return
    for seed, values in trial.values.items():
        unseen = trial.only(seed, "hidden")
        if all(each in values[REFERENCE]["on"] for each in unseen.on):
            words = f"all hidden inputs of seed {seed} are among those shown; draw from more"
            yield Finding("error", "HARD-CODABLE", trial.id, words)
            return
        for guess in (*GUESSES, *unseen.want):
            if passes(unseen, [{"value": guess}] * len(unseen.want)):
                words = f"{show(guess)} is right for all hidden inputs of seed {seed}; draw inputs of more kinds"
                yield Finding("error", "HARD-CODABLE", trial.id, words)
                return


def weak(trial: Trial) -> Iterator[Finding]:
    """Whether a guess would be right often: few values are wanted, or one of them for more than half of the inputs."""
    wanted = trial.wanted()
    if (takes_inputs(trial.part.check) and not trial.part.draw) or len(wanted) < FEWEST_VALUES:
        return
    counts = Counter(map(dump, wanted))
    value, most = counts.most_common(1)[0]
    if len(counts) < FEWEST_VALUES and (takes_inputs(trial.part.check) or len(counts) > 1):
        words = f"only {len(counts)} different values are wanted for {len(wanted)} hidden inputs"
        yield Finding("warning", "WEAK", trial.id, words)
    elif most > len(wanted) / 2:
        words = f"{value} is right for {most} of {len(wanted)} hidden inputs"
        yield Finding("warning", "WEAK", trial.id, words)
