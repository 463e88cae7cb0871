"""What it takes to train a model once: the arithmetic of all its steps."""

from __future__ import annotations

from labcore.units import Flop, positive

FLOP_PER_PARAMETER_AND_TOKEN = 6  # a multiply-accumulate forward, two backward: for the inputs and for the weights


def training_flop(params: float, tokens: float) -> Flop:
    """FLOP to train a dense network, 6 * parameters * tokens (Kaplan et al., arXiv 2001.08361, 2020, section 2.1).

    Attention's scores, which have no parameters, are left out. `labcore.cost.machine_time` makes a time of it.

    >>> training_flop(params=2, tokens=10)
    120
    """
    positive(params=params, tokens=tokens)
    return FLOP_PER_PARAMETER_AND_TOKEN * params * tokens
