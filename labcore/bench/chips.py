"""Speed of the simulated messages between chips."""

from __future__ import annotations

from labcore.bench.rows import Row, at_least, median_time


def messages_of_an_all_reduce(repeats: int = 3) -> Row:
    """Messages a second of a ring all-reduce over 64 chips, 8,064 of them, each with its data and its ports."""
    import numpy as np

    from labcore.interconnect.allreduce import ring
    from labcore.interconnect.link import link
    from labcore.interconnect.messages import simulate
    from labcore.interconnect.network import Network

    messages, data = ring(64, 4096), np.ones((64, 4096), int)
    T = median_time(lambda: simulate(messages, data, Network(64, link("NVLink 4")), 4), repeats)
    against = f"limit, {len(messages):,} messages of a ring over 64 chips"
    return at_least("messages simulated between chips", len(messages) / T, 5000, against, "1/s")


MEASUREMENTS = (messages_of_an_all_reduce,)
