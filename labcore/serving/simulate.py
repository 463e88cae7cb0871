"""A trace served to its end by the machine of `labcore.serving.server`."""

from __future__ import annotations

import numpy as np

from labcore.serving.batching import Scheduler
from labcore.serving.cache import Paged, Reserved, check_fits
from labcore.serving.drafting import Drafts
from labcore.serving.passes import Passes
from labcore.serving.requests import Requests
from labcore.serving.run import Iteration, Run, Stay, table
from labcore.serving.server import Server


def simulate(
    requests: Requests, engine: Passes, scheduler: Scheduler, way: Reserved | Paged | None = None,
    drafts: Drafts | None = None,
) -> Run:  # fmt: skip
    """Serve a trace to its end; pages of 16 tokens unless another `way` to give out memory is wanted.

    With `drafts` every iteration is a round of speculative decoding, whose tokens are drawn.

    Raises ValueError for a request that the cache could never hold, with what would do, and for one beyond the model's
    positions.

    >>> from labcore.serving.batching import Continuous, Static
    >>> from labcore.serving.engine import Clock
    >>> from labcore.serving.requests import at_once, requests
    >>> four = requests(at_once(4), prompt=10, answer=[1, 4, 1, 4])
    >>> [float(simulate(four, Clock(T_pass=1.0), how(2)).last.max()) for how in (Static, Continuous)]  # 4 + 4; 1, 1, 4
    [8.0, 6.0]
    """
    way = way or Paged()
    most = requests.prompt + requests.answer - 1
    if most.max() > engine.positions:
        raise ValueError(
            f"request {most.argmax()} comes to hold {most.max()} tokens, beyond the {engine.positions} positions of "
            f"the model; cut it to {engine.positions}"
        )
    check_fits(most, way, engine.room)
    server = Server(requests, engine, scheduler, way, drafts)
    server.run()
    return Run(requests, engine, scheduler, way, table(Iteration, server.iterations), table(Stay, server.stays),
               np.array(server.first), np.array(server.last), drafts)  # fmt: skip
