"""Requests to a language model: when each arrives, how long its prompt is, how many tokens its answer has; seeded.

The server does not know an answer's length before it ends: only the simulator does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from labcore.runtime.requests import arrivals
from labcore.units import Hertz, Ratio, positive, positive_ints


@dataclass(frozen=True)
class Requests:
    """A trace: (n,) ascending arrival times in s, and (n,) tokens of each prompt and of each answer.

    Raises ValueError for times that descend, and for lengths that are no whole numbers of at least 1.

    >>> Requests([0.0, 0.5], prompt=[100, 20], answer=[3, 40]).tokens
    43
    """

    arrival: np.ndarray
    prompt: np.ndarray
    answer: np.ndarray

    def __post_init__(self) -> None:
        given = {name: np.asarray(getattr(self, name)) for name in ("arrival", "prompt", "answer")}
        if len({one.shape for one in given.values()}) > 1 or given["arrival"].ndim != 1 or not given["arrival"].size:
            raise ValueError(f"arrival, prompt and answer are of one length, at least 1; got {_sizes(given)}")
        if not np.all(np.isfinite(given["arrival"])) or np.any(np.diff(given["arrival"], prepend=0.0) < 0):
            raise ValueError("arrivals ascend from 0 s on; sort the trace by its times, and take the first one away")
        for name in ("prompt", "answer"):
            if given[name].dtype.kind not in "iu" or given[name].min() < 1:
                raise ValueError(f"{name} counts tokens, whole numbers of at least 1; got {_first_bad(given[name])}")
        for name, one in given.items():
            object.__setattr__(self, name, one.astype(float if name == "arrival" else np.int64))

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def tokens(self) -> int:
        """Tokens of all answers."""
        return int(self.answer.sum())


def requests(arrival: np.ndarray | Sequence[float], prompt: np.ndarray | int, answer: np.ndarray | int) -> Requests:
    """A trace from times and lengths; one number stands for the length of every request.

    >>> requests([0.0, 1.0], prompt=512, answer=[10, 20]).prompt.tolist()
    [512, 512]
    """
    count = len(arrival)
    prompt, answer = (np.full(count, one) if np.ndim(one) == 0 else np.asarray(one) for one in (prompt, answer))
    return Requests(np.asarray(arrival, float), prompt, answer)


def at_once(count: int) -> np.ndarray:
    """(count,) arrivals at time 0: a job that was handed in whole, such as a night's batch.

    >>> at_once(3).tolist()
    [0.0, 0.0, 0.0]
    """
    positive_ints(count=count)
    return np.zeros(count)


def poisson(count: int, rate: Hertz, burst: Ratio = 1.0, seed: int = 0) -> np.ndarray:
    """(count,) arrivals, `rate` a second on the mean: a Poisson process, of bursts with mean size `burst`.

    >>> poisson(10_000, rate=100.0).shape
    (10000,)
    """
    return arrivals(count, rate, burst, seed)


def geometric(count: int, mean: float, seed: int = 0) -> np.ndarray:
    """(count,) lengths with no memory, P(n) = (1 - 1/mean)^(n - 1) / mean: after each token an answer ends alike.

    It is the exponential distribution in whole tokens, whose mean is exact.

    >>> geometric(5, mean=1).tolist()
    [1, 1, 1, 1, 1]
    """
    positive_ints(count=count)
    positive(mean=mean)
    if mean < 1:
        raise ValueError(f"a length has at least 1 token, so its mean is at least 1; got {mean}")
    return np.random.default_rng([seed, 3]).geometric(1 / mean, count)


def lognormal(count: int, median: float, sigma: float, longest: int, seed: int = 0) -> np.ndarray:
    """(count,) lengths whose logarithms are normal around ln(median) with deviation sigma, cut off at `longest`.

    >>> lognormal(5, median=100, sigma=0.0, longest=4096).tolist()
    [100, 100, 100, 100, 100]
    """
    positive_ints(count=count, longest=longest)
    positive(median=median)
    if sigma < 0:
        raise ValueError(f"sigma is a deviation of 0 or more, got {sigma}")
    logs = np.log(median) + sigma * np.random.default_rng([seed, 4]).standard_normal(count)
    return np.clip(np.rint(np.exp(logs)).astype(np.int64), 1, longest)


def read_trace(text: str) -> Requests:
    r"""A trace from CSV with a header and three columns: time, prompt tokens, answer tokens.

    A time is in seconds or a date with hours, as in the public traces of Azure's language models (2023). Rows without
    an answer made no token and are left out.

    >>> read_trace("time,prompt,answer\n2023-11-16 18:17:03.5,48,10\n2023-11-16 18:17:05,9,8")
    Requests(arrival=array([0. , 1.5]), prompt=array([48,  9]), answer=array([10,  8]))
    """
    rows = list(csv.reader(io.StringIO(text)))[1:]
    try:
        read = sorted((_seconds(time), int(prompt), int(answer)) for time, prompt, answer in filter(None, rows))
    except ValueError as reason:
        raise ValueError(f"a row is a time, prompt tokens, answer tokens, such as 1.5,512,100; {reason}") from reason
    kept = [row for row in read if row[2]]
    if not kept:
        raise ValueError(f"{len(rows)} rows below the header, none with an answer; a row is like 1.5,512,100")
    times, prompt, answer = zip(*kept, strict=True)
    return requests(np.asarray(times) - times[0], np.asarray(prompt), np.asarray(answer))


def _seconds(time: str) -> float:
    try:
        return float(time)
    except ValueError:
        return datetime.fromisoformat(time).timestamp()


def _sizes(given: dict[str, np.ndarray]) -> str:
    return ", ".join(f"{name} {one.shape}" for name, one in given.items())


def _first_bad(lengths: np.ndarray) -> str:
    bad = lengths if lengths.dtype.kind not in "iu" else lengths[lengths < 1]
    return repr(bad[0].item())
