"""What a request of some length costs a device: time on the engine and the links, and memory while it is there."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from labcore.catalogue.links import LAUNCH
from labcore.models.language import kv_cache_bytes
from labcore.models.network import Layer, Network
from labcore.models.pressure import of_network
from labcore.models.zoo import build
from labcore.runtime.streams import COMPUTE, Command, issued_ahead
from labcore.runtime.tiles import SILICON, Silicon, choose, kernel
from labcore.units import Seconds, positive_ints


@dataclass(frozen=True)
class Work:
    """One request: its time on the engine, the bytes it holds meanwhile, copies in and out, and how long it holds on.

    After its result is out a request may keep its memory for `T_hold`, as a prompt keeps its cache while tokens are
    written.
    """

    T: Seconds
    held: int
    T_in: Seconds = 0.0
    T_out: Seconds = 0.0
    T_hold: Seconds = 0.0


Costs = Callable[[int], Work]  # of a length in tokens


def fixed(T: Seconds, held: int = 1) -> Costs:
    """Costs that do not depend on the length.

    >>> fixed(0.5)(64) == fixed(0.5)(8192)
    True
    """
    return lambda tokens: Work(T, held)


@functools.cache
def prefill(
    model: str = "llama3-8b", on: Silicon = SILICON["A100"], tuned_for: int | None = None, T_hold: Seconds = 0.0,
    L_launch: Seconds = LAUNCH.value,
) -> Costs:  # fmt: skip
    """Costs of one pass over a prompt in fp16: matrix layers by tiles, the others by their traffic.

    Kernels are chosen for each length, or, with `tuned_for`, once for that length and then used at all. Launches are
    issued ahead, so that long kernels hide those of the next. Memory is the cache, two neighbouring
    tensors and a layer's scores; weights are not a request's.

    >>> costs = prefill("gpt2")
    >>> costs(1024).T > costs(512).T > 148 * LAUNCH.value, costs(64).T < 1.1 * 148 * LAUNCH.value  # its 148 launches
    (True, True)
    """

    @functools.cache
    def of(tokens: int) -> Work:
        positive_ints(tokens=tokens)
        network = build(model, phase="prefill", seq=tokens)
        tuned = build(model, phase="prefill", seq=tuned_for or tokens)
        T = issued_ahead((one.T for one in kernels(network, on, like=tuned)), L_launch)
        pressure = of_network(network, kv_cache=kv_cache_bytes(model, 1, tokens))
        return Work(T, int(pressure.total - pressure.weights), T_hold=T_hold)

    return of


def layer_time(layer: Layer, on: Silicon, like: Layer | None = None) -> Seconds:
    """Time of a layer: a matmul by the kernel that is best for it, or for the layer `like`; others by their traffic.

    >>> from labcore.ops import elementwise
    >>> layer_time(Layer("add", elementwise(1000)), Silicon("x", 1e12, 1, BW=4000.0, BW_L2=1e12))
    1.0
    """
    if layer.op.kind != "matmul":
        return layer.op.D_vol / on.BW
    best = choose(**_shape(like or layer), on=on)
    return best.T if like is None else kernel(**_shape(layer), tile=best.tile, on=on).T


def _shape(layer: Layer) -> dict[str, int]:
    return {name: layer.op.shape[name] for name in ("M", "K", "N", "batch")}


def kernels(network: Network, on: Silicon, stream: str = "0", like: Network | None = None) -> list[Command]:
    """One pass of a network as commands of one stream: neighbouring layers that repeat alike are run block by block.

    `labcore.runtime.streams.simulate` runs them with a launch each; two requests are two streams with other names.
    Kernels are those that are best for the network `like`, of the same layers, or for this one.

    >>> from labcore.runtime.streams import simulate
    >>> line = simulate(kernels(build("gpt2", phase="prefill", seq=64), SILICON["A100"]), L_launch=LAUNCH.value)
    >>> len(line.on("accelerator")), line.on("accelerator")[2].what
    (148, '0: attn.norm 0')
    """
    pairs = zip(network.layers, (like or network).layers, strict=True)
    timed = [(layer.name, layer.count, layer_time(layer, on, tuned)) for layer, tuned in pairs]
    blocks = [(count, list(block)) for count, block in itertools.groupby(timed, key=lambda one: one[1])]
    return [
        Command(f"{stream}: {name} {k}", COMPUTE, T, stream)
        for count, block in blocks
        for k, (name, _, T) in itertools.product(range(count), block)
    ]
