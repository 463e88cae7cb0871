"""A served model under a load: the pure functions of the queue explorer."""

from __future__ import annotations

from functools import cache, lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter, FixedLocator

from labcore.catalogue import chip as find_chip
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.serving.batching import Chunked, Continuous, Scheduler, Static
from labcore.serving.engine import Engine, engine
from labcore.serving.metrics import Summary, first_token, gaps, quantile, summary
from labcore.serving.requests import Requests, geometric, lognormal, poisson, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate
from labcore.units import Hertz, Seconds, format_si

SERVERS = {  # model, chip, chips
    "8B on an A100": ("llama3-8b", "A100", 1),
    "8B on an H100": ("llama3-8b", "H100", 1),
    "8B on a B200": ("llama3-8b", "B200", 1),
    "70B on four H100": ("llama3-70b", "H100", 4),
    "70B on eight H100": ("llama3-70b", "H100", 8),
}
PATIENCE: Seconds = 1.0  # how long a static batch waits to be full
SCHEDULERS = ("static", "continuous", "chunks of 128", "chunks of 512", "chunks of 2048")
LEAST, DURATION = 160, 30.0  # requests, and seconds in which more than those come
MOST = 30  # requests a second
TARGET_FIRST: Seconds = 1.0  # 95 of 100 first tokens within
TARGET_GAP: Seconds = 0.05  # 99 of 100 gaps within
SHOWN = (0.003, 300.0)  # seconds
TICKS = {0.01: "10 ms", 0.1: "100 ms", 1.0: "1 s", 10.0: "10 s", 100.0: "100 s"}
NONE = 0.6  # where nobody is drawn on a log axis


def scheduler_of(name: str, batch: int) -> Scheduler:
    """The scheduler behind an option of the list.

    >>> scheduler_of("chunks of 512", 64)
    Chunked(batch=64, budget=512)
    """
    kind, _, budget = name.partition(" of ")
    if budget:
        return Chunked(batch, int(budget))
    return Static(batch, PATIENCE) if kind == "static" else Continuous(batch)


@cache
def engine_of(server: str) -> Engine:
    """The engine of one of SERVERS, in 16 bits."""
    model, chip, chips = SERVERS[server]
    return engine(model, find_chip(chip), chips)


@cache
def lengths(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Prompts around 400 tokens with a long tail, and answers of 200 on the mean: a chat."""
    return lognormal(count, median=400, sigma=1.0, longest=6000, seed=1), geometric(count, mean=200, seed=2)


def chat(rate: Hertz, count: int | None = None, burst: float = 1.0) -> Requests:
    """A chat's requests, at random; the same ones at every rate. Without a count, those of half a minute, at least 160.

    A queue that grows without end takes time to show it, so a high rate needs more requests.

    >>> len(chat(rate=3.0)), len(chat(rate=10.0))
    (160, 300)
    """
    count = count or max(LEAST, round(DURATION * rate))
    return requests(poisson(count, rate, burst, seed=3), *lengths(count))


@lru_cache(maxsize=64)
def served(server: str, scheduler: str, rate: Hertz, batch: int) -> Run:
    """The run of a chat."""
    return simulate(chat(rate), engine_of(server), scheduler_of(scheduler, batch))


@lru_cache(maxsize=64)
def numbers(server: str, scheduler: str, rate: Hertz, batch: int) -> Summary:
    """What the run comes to."""
    return summary(served(server, scheduler, rate, batch))


def first_by(run: Run, q: float) -> Seconds:
    """The time to the first token that a share q of the requests does not exceed."""
    return float(np.quantile(first_token(run), q, method="inverted_cdf"))


def broken(run: Run) -> list[str]:
    """The targets that a run misses, in words."""
    late, long = first_by(run, 0.95) > TARGET_FIRST, quantile(*gaps(run), 0.99) > TARGET_GAP
    return ["first tokens too late"] * late + ["gaps too long"] * long


@cache
def on_target(server: str, scheduler: str, rate: Hertz, batch: int) -> bool:
    """Whether a run keeps both targets: 95 % of first tokens within a second, 99 % of gaps within 50 ms."""
    return not broken(served(server, scheduler, rate, batch))


def most(server: str, scheduler: str, batch: int) -> int:
    """The highest rate, up to 30 a second, up to which both targets are kept at every whole rate; 0 if none.

    >>> most("8B on an A100", "static", 8)
    0
    """
    kept = 0
    for rate in range(1, MOST + 1):
        if not on_target(server, scheduler, rate, batch):
            break
        kept = rate
    return kept


def in_batch(run: Run, at: np.ndarray) -> np.ndarray:
    """(n,) requests that are in the batch at each of (n,) times."""
    joined, left = np.sort(run.iterations["start"][run.stays["joined"]]), np.sort(run.ends[run.stays["left"]])
    return np.searchsorted(joined, at, "right") - np.searchsorted(left, at, "right")


def waiting(run: Run, at: np.ndarray) -> np.ndarray:
    """(n,) requests that have come and are neither in the batch nor done."""
    come, done = np.searchsorted(run.requests.arrival, at, "right"), np.searchsorted(np.sort(run.last), at, "right")
    return come - done - in_batch(run, at)


def build(fig: Canvas) -> SimpleNamespace:
    """Requests that wait and that are served over time; below, the shares of first tokens and of gaps by length."""
    top = fig.add_axes((0.11, 0.60, 0.845, 0.29), xlim=(0, 1), ylim=(NONE, 900))
    low = fig.add_axes((0.11, 0.13, 0.845, 0.30), xlim=SHOWN, ylim=(0, 103))
    log_axes(top, "y")
    top.yaxis.set_major_formatter("{x:.0f}")
    fix_ticks(top.yaxis, [1, 10, 100])
    top.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(top.xaxis, [0, 0.25, 0.5, 0.75, 1])
    top.set_xlabel("time, as a share of that in which requests come")
    top.set_ylabel("requests")
    log_axes(low, "x")
    low.xaxis.set_major_locator(FixedLocator(list(TICKS)))
    low.xaxis.set_major_formatter(FixedFormatter(list(TICKS.values())))
    fix_ticks(low.yaxis, [0, 50, 95])
    for T, share, colour, dash in ((TARGET_FIRST, 95, VERMILLION, "--"), (TARGET_GAP, 99, GREY, "-.")):
        low.plot([T, T], [0, share], color=colour, linestyle=dash, linewidth=0.8)  # the targets
    low.text(1.006, 99, "99", transform=low.get_yaxis_transform(), va="center", fontsize=9)  # a tick would hit 95
    low.set_ylabel("have it by then (%)")
    low.set_xlabel("time since asking, or since the token before")
    moving = SimpleNamespace(
        batch=top.plot([], [], color=BLUE, linewidth=1.4, label="in the batch")[0],
        queue=top.plot([], [], color=VERMILLION, linestyle="--", linewidth=1.4, label="waiting")[0],
        first=low.plot([], [], color=VERMILLION, linestyle="--", label="first token")[0],
        gap=low.plot([], [], color=GREY, linestyle="-.", label="next token")[0],
        marks=low.plot([], [], color=BLUE, marker="s", markersize=6, linestyle="None", label="p95, p99")[0],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )
    top.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    low.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.2)
    return moving


def update(artists: SimpleNamespace, server: str, scheduler: str, rate: int, batch: int) -> None:
    """Draw the run."""
    run = served(server, scheduler, rate, batch)
    share = np.linspace(0, 1, 240)
    at = share * run.requests.arrival[-1]
    artists.batch.set_data(share, np.maximum(in_batch(run, at), NONE))
    artists.queue.set_data(share, np.maximum(waiting(run, at), NONE))
    artists.first.set_data(np.sort(first_token(run)), np.linspace(0, 100, len(run.first) + 1)[1:])
    values, counts = gaps(run)
    shares = np.linspace(0.005, 1, 200)
    order = np.argsort(values)
    below = np.cumsum(counts[order]) / counts.sum()
    artists.gap.set_data(values[order][np.minimum(np.searchsorted(below, shares), len(below) - 1)], 100 * shares)
    artists.marks.set_data([first_by(run, 0.95), quantile(values, counts, 0.99)], [95, 99])
    artists.title.set_text(f"{server}, {scheduler}")


def describe(server: str, scheduler: str, rate: int, batch: int) -> str:
    """First tokens, gaps, tokens a second and the batch, and whether both targets are kept."""
    run, found = served(server, scheduler, rate, batch), numbers(server, scheduler, rate, batch)
    first = " and ".join(format_si(first_by(run, q), "s", 3) for q in (0.5, 0.95))
    missed = broken(run)
    kept = f"the targets are not kept: {' and '.join(missed)}" if missed else "both targets are kept"
    return (
        f"{server}, {scheduler}, batch of {batch} at most, {rate} request{'s' * (rate > 1)} a second: first token "
        f"p50 and p95 {first}, gap p99 {format_si(found.gap_p99, 's', 3)}; {found.tokens_rate:,.0f} tokens/s, batch "
        f"{found.batch:.1f} on the mean; {kept}"
    )
