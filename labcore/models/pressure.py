"""What a model keeps in memory: weights, activations, gradients, optimizer state, KV cache, attention scores.

Counting. Inference keeps the weights, the cache, and two neighbouring tensors at a time: what a layer reads and what it
writes. That is the book's rule, and exact for a plain chain; where a value waits for a layer further on, as a shortcut
does, `labcore.feasibility.live` follows the graph's own edges.
Training keeps the output of every layer until the backward pass has used it. That is a little more than frameworks
keep: what an addition has taken up is not needed again, so that a GPT-2 block in fp16, counted here with 36 bytes for
each token and element of the width, needs 32. Of attention's scores backward needs those behind the softmax. The
optimizer's account is ZeRO's (Rajbhandari et al., SC 2020): beside weights and gradients in the precision of the
computation stand the weights in fp32 and each of the optimizer's moments in fp32. So Adam takes 16 bytes a parameter in
mixed precision, and in fp32, which needs no second copy of the weights, 16 as well.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

from labcore.catalogue.facts import Source
from labcore.models import zoo
from labcore.models.language import DEFAULT_TOKENS, kv_cache_bytes
from labcore.models.network import Layer, Network
from labcore.models.recommendation import mlp_layers
from labcore.precision import bytes_per_element
from labcore.units import Bytes, positive_ints

ZERO = Source(
    "Rajbhandari et al.", "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models, SC, section 3.1", 2020,
    "https://arxiv.org/abs/1910.02054",
)  # fmt: skip
MOMENTS = {"adam": 2, "momentum": 1, "sgd": 0}  # values that an optimizer keeps for each parameter
TRAINS_IN = ("fp32", "tf32", "fp16", "bf16")
MASTER = bytes_per_element("fp32")
SOFTMAX = "attn.softmax"
SCORES = ("attn.scores", SOFTMAX)  # the layers whose output is (heads, new tokens, context)


@dataclass(frozen=True)
class Pressure:
    """Bytes by what they hold."""

    weights: Bytes
    activations: Bytes
    scores: Bytes = 0
    kv_cache: Bytes = 0
    gradients: Bytes = 0
    optimizer: Bytes = 0

    @property
    def parts(self) -> dict[str, Bytes]:
        """Bytes by name, in the order in which they are drawn."""
        return asdict(self)

    @property
    def total(self) -> Bytes:
        """All of them."""
        return sum(self.parts.values())

    @property
    def largest(self) -> str:
        """The name of the part that binds."""
        return max(self.parts, key=self.parts.get)


def training_bytes(params: int, precision: str = "fp16", optimizer: str = "adam") -> dict[str, Bytes]:
    """Bytes of weights, gradients and optimizer state of `params` parameters, on one device.

    Raises ValueError for a precision that nobody trains in this way, or an optimizer that is not known.

    >>> training_bytes(1, "fp16")
    {'weights': 2, 'gradients': 2, 'optimizer': 12}
    """
    positive_ints(params=params)
    if precision not in TRAINS_IN:
        raise ValueError(f"training is counted in {', '.join(TRAINS_IN)}, got {precision!r}")
    if optimizer not in MOMENTS:
        raise ValueError(f"optimizer is one of {', '.join(MOMENTS)}, got {optimizer!r}")
    b = bytes_per_element(precision)
    copies = MOMENTS[optimizer] + (b < MASTER)
    return {"weights": b * params, "gradients": b * params, "optimizer": MASTER * copies * params}


def score_bytes(S: int, heads: int = 1, batch: int = 1, precision: str = "fp16", new: int | None = None) -> Bytes:
    """Bytes of one layer's attention scores, (batch, heads, new, S); `new` is S for a prompt, 1 for a decoded token.

    >>> score_bytes(2048)  # 2048 * 2048 * 2
    8388608
    """
    rows = S if new is None else new
    positive_ints(S=S, heads=heads, batch=batch, new=rows)
    return batch * heads * rows * S * bytes_per_element(precision)


def mlp(widths: tuple[int, ...] = (4096,) * 5, batch: int = 1, precision: str = "fp16") -> Network:
    """A multilayer perceptron: dense layers with biases, a ReLU behind each.

    >>> mlp((784, 100, 10)).params  # 784 * 100 + 100 + 100 * 10 + 10
    79510
    """
    if len(widths) < 2:
        raise ValueError(f"a perceptron has at least an input and an output width, got {widths}")
    positive_ints(batch=batch, **{f"width_{i}": width for i, width in enumerate(widths)})
    layers = mlp_layers("mlp", widths, batch, bytes_per_element(precision))
    return Network("mlp", tuple(layers), None, batch, "-".join(map(str, widths)))


def of_network(
    network: Network, precision: str = "fp16", training: bool = False, optimizer: str = "adam",
    kv_cache: Bytes = 0, fused_attention: bool = False,
) -> Pressure:  # fmt: skip
    """Pressure of a network that was built at `precision`; fused attention never writes its scores down.

    In inference its activations are the outputs of the two neighbouring layers that are largest together.

    >>> of_network(mlp((4, 8), batch=3), precision="fp16")  # 3 x 8 before and after the ReLU
    Pressure(weights=80, activations=96, scores=0, kv_cache=0, gradients=0, optimizer=0)
    """
    plain = [layer for layer in network.layers if layer.name not in SCORES]
    scores = [layer for layer in network.layers if layer.name in SCORES and not fused_attention]
    if training:
        state = training_bytes(network.params, precision, optimizer)
        kept = sum(layer.count * _written(layer) for layer in plain)
        softmaxes = sum(one.count * _written(one) for one in scores if one.name == SOFTMAX)
        return Pressure(activations=kept, scores=softmaxes, **state)
    weights = network.weight_bytes(bytes_per_element(precision))
    live = max((_written(a) + _written(b) for a, b in pairwise(plain)), default=sum(map(_written, plain)))
    return Pressure(weights, live, max(map(_written, scores), default=0), kv_cache)


def of_model(
    name: str, batch: int = 1, context: int = DEFAULT_TOKENS, precision: str = "fp16", training: bool = False,
    optimizer: str = "adam", fused_attention: bool = False,
) -> Pressure:  # fmt: skip
    """Pressure of a model by name; "mlp" is four layers of 4096 x 4096.

    A language model in inference writes one token that attends to `context` tokens, which its cache holds; in training
    it reads `context` tokens a sequence. Other models have no context, and it changes nothing.

    >>> of_model("gpt2-xl").weights == 2 * 1557611200
    True
    """
    options = {"fused_attention": fused_attention}
    if name == "mlp":
        return of_network(mlp(batch=batch, precision=precision), precision, training, optimizer, **options)
    known = zoo.find(name)
    tokens, cache = {}, 0
    if "context" in zoo.MODELS[known].options:
        tokens = {"seq": context} if training else {"context": context}
        cache = 0 if training else kv_cache_bytes(known, batch, context, precision)
    network = zoo.build(known, batch, precision, **tokens)
    return of_network(network, precision, training, optimizer, cache, **options)


def _written(layer: Layer) -> Bytes:
    return sum(layer.op.writes.values())
