"""Speed of simulated serving: a long trace of one server."""

from __future__ import annotations

import time

from labcore.bench.rows import Row, at_most
from labcore.catalogue import H100
from labcore.serving.batching import Continuous
from labcore.serving.engine import engine
from labcore.serving.requests import geometric, lognormal, poisson, requests
from labcore.serving.simulate import simulate

COUNT, LIMIT = 100_000, 10.0  # requests, seconds


def simulated_requests() -> Row:
    """Time to serve 100,000 requests of a chat, 20 a second, by one H100 that runs Llama 3 8B."""
    prompt, answer = lognormal(COUNT, median=400, sigma=1.0, longest=6000, seed=1), geometric(COUNT, mean=200, seed=2)
    trace = requests(poisson(COUNT, 20.0, seed=3), prompt, answer)
    start = time.perf_counter()
    run = simulate(trace, engine("llama3-8b", H100), Continuous(256))
    T = time.perf_counter() - start
    return at_most(f"{COUNT:,} served requests", T, LIMIT, f"{run.events / T:,.0f} events/s", "s")


MEASUREMENTS = (simulated_requests,)
