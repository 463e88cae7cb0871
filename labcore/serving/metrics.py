"""What users and owners of a server ask of a run: waits for tokens, throughput, and what chips and memory did.

Time to first token runs from a request's arrival; time per output token is the mean of those after the first; a gap is
the time between two tokens that follow each other, which a long prompt of somebody else can stretch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labcore.serving.batching import Scheduler
from labcore.serving.cache import Paged, Reserved
from labcore.serving.engine import Clock, Engine
from labcore.serving.passes import Passes
from labcore.serving.requests import poisson, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate
from labcore.units import Hertz, Ratio, Seconds, positive


@dataclass(frozen=True)
class Summary:
    """A run in one row. Rates are over the whole run; compute and bandwidth are None without peaks or with drafts.

    `held` is the share of the cache's memory that was given out, `wasted` the share of that which held no token of a
    running sequence; both are means over time.
    """

    requests_rate: Hertz
    tokens_rate: Hertz
    first_mean: Seconds
    first_p99: Seconds
    per_token: Seconds
    gap_p99: Seconds
    latency_mean: Seconds
    batch: float
    held: Ratio
    wasted: Ratio
    preempted: int
    read_again: int
    compute: Ratio | None
    bandwidth: Ratio | None


def first_token(run: Run) -> np.ndarray:
    """(n,) seconds from each arrival to the first token.

    >>> first_token(_example()).tolist()
    [1.0, 1.0, 2.0, 3.0]
    """
    return run.first - run.requests.arrival


def per_token(run: Run) -> np.ndarray:
    """(m,) mean seconds between the tokens of each answer of 2 tokens or more.

    >>> per_token(_example()).tolist()
    [1.0, 1.0]
    """
    more = run.requests.answer > 1
    return (run.last - run.first)[more] / (run.requests.answer[more] - 1)


def latency(run: Run) -> np.ndarray:
    """(n,) seconds from each arrival to the last token.

    >>> latency(_example()).tolist()
    [1.0, 4.0, 2.0, 6.0]
    """
    return run.last - run.requests.arrival


def gaps(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """(k,) seconds between tokens that follow each other in an answer, and (k,) how many answers had that gap.

    >>> [array.tolist() for array in gaps(_example())]  # answers of 4 and 4 tokens: 3 gaps each
    [[1.0, 1.0, 1.0, 1.0, 1.0], [1, 1, 2, 1, 1]]
    """
    ends, stays = run.ends, run.stays[run.stays["made"] > 0]
    steps = np.zeros(len(ends) + 1, np.int64)  # +1 in the iteration of the second token, -1 after that of the last
    np.add.at(steps, stays["first"] + 1, 1)
    np.add.at(steps, stays["left"] + 1, -1)
    weight = np.cumsum(steps)[:-1]
    inside = np.flatnonzero(weight)
    order = stays[np.lexsort((stays["joined"], stays["request"]))]
    before, after = order[:-1], order[1:]
    again = before["request"] == after["request"]  # put out and read again in between
    stalls = ends[after["first"][again]] - ends[before["left"][again]]
    at_once = run.requests.tokens - len(run.requests) - weight.sum() - len(stalls)  # of a round, behind its first
    return (
        np.concatenate([ends[inside] - ends[inside - 1], stalls, np.zeros(min(at_once, 1))]),
        np.concatenate([weight[inside], np.ones(len(stalls), np.int64), np.full(min(at_once, 1), at_once)]),
    )


def quantile(values: np.ndarray, counts: np.ndarray, q: Ratio) -> float:
    """The least value that at least a share q of all, each counted so often, do not exceed; nan of none.

    >>> quantile(np.array([3.0, 1.0]), np.array([1, 9]), 0.9)
    1.0
    """
    if not 0 < q <= 1:
        raise ValueError(f"q is a share above 0, at most 1, such as 0.99; got {q!r}")
    if not len(values):
        return float("nan")
    order = np.argsort(values)
    counted = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(counted, q * counted[-1] * (1 - 1e-12))])


def utilization(run: Run) -> tuple[Ratio, Ratio]:
    """Shares of the peak throughput and of the peak bandwidth of each chip, over the whole run, idle time included.

    Raises ValueError for an engine by hand, which has no peaks.

    >>> from labcore.catalogue import H100
    >>> from labcore.serving.batching import Continuous
    >>> from labcore.serving.engine import engine
    >>> run = simulate(requests([0.0], prompt=8, answer=200), engine("llama3-8b", H100), Continuous(1))
    >>> compute, bandwidth = utilization(run)
    >>> compute < 0.01 < 0.5 < bandwidth < 0.7  # one sequence writes: bytes bind, at 70 % of the peak less the launches
    True
    """
    if not isinstance(run.engine, Engine):
        raise ValueError("a clock by hand has no peaks; take labcore.serving.engine.engine of a model and a chip")
    if run.drafts:
        raise ValueError("the work of one model is counted, and a draft's is another; serve the trace without drafts")
    log = run.iterations
    rows = int((log["writing"] + log["idle"] + log["prompt"]).sum())
    sums = (int(log[name].sum()) for name in ("outputs", "pairs", "context"))
    flop, D_vol = run.engine.work(len(log), rows, *sums)
    return flop / (run.engine.R_peak * run.makespan), D_vol / (run.engine.BW * run.makespan)


def memory(run: Run) -> tuple[Ratio, Ratio]:
    """Share of the cache given out, over the whole run, and the share of what is given out that is wasted.

    >>> memory(_example(room=80))  # 112 tokens in 10 pages, added up over 6 s
    (0.3333333333333333, 0.30000000000000004)
    """
    T, held, filled = (run.iterations[name] for name in ("T", "held", "filled"))
    given = float(held @ T)
    return given / (run.room * run.makespan), 1 - float(filled @ T) / given


def summary(run: Run) -> Summary:
    """All of it in one row.

    >>> one = summary(_example())
    >>> one.tokens_rate, one.first_mean, one.batch  # 10 tokens in 6 s; the batch is 10 / 6 on the mean
    (1.6666666666666667, 1.75, 1.6666666666666667)
    """
    T, stays = run.makespan, run.stays
    first, again = first_token(run), stays["read"].sum() - run.requests.prompt.sum()
    later = per_token(run)
    peaks = isinstance(run.engine, Engine) and not run.drafts
    compute, bandwidth = utilization(run) if peaks else (None, None)
    return Summary(
        len(run.requests) / T, run.requests.tokens / T, float(first.mean()), float(np.quantile(first, 0.99)),
        float(later.mean()) if len(later) else float("nan"), quantile(*gaps(run), 0.99),
        float(latency(run).mean()), float(run.in_batch @ run.iterations["T"] / T), *memory(run),
        int(stays["preempted"].sum()), int(again), compute, bandwidth,
    )  # fmt: skip


def goodput(run: Run, first: Seconds, each: Seconds) -> Hertz:
    """Requests a second that had their first token within `first` and all others within `each` on the mean.

    >>> goodput(_example(), first=2.5, each=1.5)  # three of four in 6 s
    0.5
    """
    positive(first=first, each=each)
    mean = np.zeros(len(run.requests))
    mean[run.requests.answer > 1] = per_token(run)
    return int(np.sum((first_token(run) <= first) & (mean <= each * (1 + 1e-12)))) / run.makespan


def tradeoff(
    rates: Iterable[Hertz], prompt: np.ndarray, answer: np.ndarray, engine: Passes, scheduler: Scheduler,
    way: Reserved | Paged | None = None, seed: int = 0,
) -> list[Summary]:  # fmt: skip
    """A summary for each rate of Poisson arrivals; the requests are the same, only closer together.

    >>> from labcore.serving.batching import Continuous
    >>> idle, busy = tradeoff([0.01, 1.0], np.full(50, 9), np.full(50, 3), Clock(T_pass=1.0), Continuous(1))
    >>> idle.tokens_rate < busy.tokens_rate, idle.first_mean < busy.first_mean
    (True, True)
    """
    return [
        summary(simulate(requests(poisson(len(prompt), rate, seed=seed), prompt, answer), engine, scheduler, way))
        for rate in rates
    ]


def _example(room: int = 64) -> Run:
    """Four requests with answers of 1, 4, 1 and 4 tokens, two at a time, an iteration a second."""
    from labcore.serving.batching import Continuous

    return simulate(requests([0.0] * 4, prompt=10, answer=[1, 4, 1, 4]), Clock(T_pass=1.0, room=room), Continuous(2))
