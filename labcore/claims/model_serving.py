"""What the essay says of serving: two phases, batches, work that differs by token: lines 22 to 100 (lab 22).

All but one of these ids are ours: the essay names the effects, the simulator and its closed forms give them numbers.

>>> from labcore.claims.ledger import claim
>>> claim("essay-batching-reuse", rate=8.0).computed  # a queue that only batches can serve: they shorten the wait
False
"""

from __future__ import annotations

from functools import cache

from labcore.architectures.demand import decode, prefill
from labcore.catalogue import H100
from labcore.catalogue.decoding import MIXTURES
from labcore.claims.ledger import computes
from labcore.claims.printed import Truth, Words
from labcore.roofline import bound, ridge
from labcore.serving.batching import Static
from labcore.serving.early_exit import even_hazard, expected_batch_depth, expected_depth
from labcore.serving.engine import engine
from labcore.serving.experts import imbalance, loads
from labcore.serving.metrics import first_token
from labcore.serving.requests import poisson, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate
from labcore.serving.speculative_decode import round_outcomes
from labcore.serving.toy_models import circulant

LAB = "22_llm_serving"
WALL, CONDITIONAL = "Essay 002 §Memory wall", "Essay 002 §Conditional compute"


@computes("essay-opposite-bottlenecks", WALL, Truth(words="prefill compute-bound, decode memory-bound"), "",
          f"{LAB}#prefill-decode-served")  # fmt: skip
def phases_on_either_side(R_peak=989e12, BW=H100.BW, tokens=2048):
    """Llama 3 8B on an H100: reading a prompt lies above the ridge point, writing one token far below it."""
    I_ridge = ridge(R_peak, BW)
    reading, writing = (phase("llama3-8b", tokens).I(1) for phase in (prefill, decode))
    return bound(reading, I_ridge) == "compute" and bound(writing, I_ridge) == "memory"


@computes("essay-batching-reuse", WALL, Truth(words="larger batches reuse weights and add wait"), "",
          f"{LAB}#batching-reuse")  # fmt: skip
def fewer_reads_longer_wait(batch=8, rate=0.5):
    """With a request every two seconds a fixed batch of 8 reads weights less often for a token, and makes users wait.

    It is so while a server has time to spare. Where requests come faster than one at a time can be served, the wait for
    the batch is far shorter than the queue without it.
    """
    one, many = (_served(size, rate) for size in (1, batch))
    waited = first_token(many).mean() > first_token(one).mean()
    return bool(len(many.iterations) < len(one.iterations) and waited)


@cache
def _served(batch: int, rate: float) -> Run:
    """160 prompts of 512 tokens and answers of 64, Llama 3 8B on an H100, in fixed batches."""
    trace = requests(poisson(160, rate, seed=1), prompt=512, answer=64)
    return simulate(trace, engine("llama3-8b", H100), Static(batch))


@computes("essay-experts-uneven", CONDITIONAL, Words("load imbalance", least=1.1), "x", f"{LAB}#experts")
def busiest_expert(model="Mixtral 8x7B", B=64, skew=0.0):
    """Load of the busiest expert over the mean, 64 tokens in a batch, even where each expert is equally likely."""
    sheet = MIXTURES[model]
    tokens = loads(200, B, int(sheet.experts.value), int(sheet.chosen.value), skew)
    return imbalance(tokens).mean().item()


@computes(
    "essay-early-exit-branches", CONDITIONAL, Words("data-dependent branching", least=1.1), "x", f"{LAB}#early-exit"
)
def layers_of_the_deepest(B=8, layers=32, leaving=0.05):
    """Layers that a batch runs, those of its deepest token, over the mean that its tokens need."""
    hazard = even_hazard(layers, leaving)
    return expected_batch_depth(hazard, B) / expected_depth(hazard)


@computes("essay-speculative-uneven", CONDITIONAL, Truth(words="accepting and rolling back makes control uneven"), "",
          f"{LAB}#speculative")  # fmt: skip
def rounds_differ(agree=0.9, gamma=3):
    """A round of speculative decoding puts out from one token to one more than was drafted, as the drafts are kept."""
    target, draft = circulant([0.5, 0.5]), circulant([agree, 1 - agree])
    lengths = {len(tokens) for tokens in round_outcomes(target, draft, gamma, before=[0])}
    return len(lengths) > 1
