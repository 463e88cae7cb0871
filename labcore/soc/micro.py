"""A microcontroller with a micro-NPU: whether a network fits, the cycles it takes, how long a battery lasts.

A Cortex-M and an Ethos-U stand for the class. Activations are in SRAM, numbers int8. Weights come from flash in every
pass, or stay in SRAM where there is room: a micro-NPU with its weights in flash mostly waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue import soc as facts
from labcore.models.network import Layer, Network
from labcore.models.vision import MOBILENETV2_BLOCKS, Chain
from labcore.soc.unit import WEIGHTS, kind_of
from labcore.units import Bytes, BytesPerSecond, Hertz, Joules, Ratio, Seconds, Watts, positive, positive_ints

ENGINES = ("cpu", "npu")
HOMES = ("flash", "sram")  # of the weights


@dataclass(frozen=True)
class Micro:
    """Clock, MACs a cycle and share of lanes at work by engine, memories, and power by engine and asleep."""

    clock: Hertz
    macs: Mapping[str, int]
    eta: Mapping[str, Mapping[str, Ratio]]
    sram: Bytes
    flash: Bytes
    BW_flash: BytesPerSecond
    P: Mapping[str, Watts]
    P_sleep: Watts


@dataclass(frozen=True)
class Fit:
    """Bytes that a network needs of each memory, and whether they are there; `widest` is the layer that sets SRAM."""

    flash: Bytes
    sram: Bytes
    widest: str
    fits: bool


def _check(engine: str, weights: str) -> None:
    if engine not in ENGINES:
        raise ValueError(f"the engine is one of {', '.join(ENGINES)}; got {engine!r}")
    if weights not in HOMES:
        raise ValueError(f"weights are in {' or '.join(HOMES)}; got {weights!r}")


def doorbell(npu_macs: int = facts.DOORBELL["npu_macs"].value) -> Micro:
    """A doorbell's microcontroller: a Cortex-M of 8 MACs a cycle, a micro-NPU of 32, 64, 128 or 256.

    The micro-NPU's power at work is declared for 128 and grows with its MACs.

    >>> doorbell().macs, doorbell().sram
    ({'cpu': 8, 'npu': 128}, 2000000.0)
    >>> doorbell(256).P["npu"] / doorbell().P["npu"]
    2.0
    """
    offered = [fact.value for fact in facts.ETHOS_U55_MACS]
    if npu_macs not in offered:
        raise ValueError(f"the micro-NPU comes with {', '.join(map(str, offered))} MACs a cycle; got {npu_macs!r}")
    value = {name: fact.value for name, fact in facts.DOORBELL.items()}
    P_npu = value["P_npu"] * npu_macs / value["npu_macs"]
    return Micro(
        value["clock"], {"cpu": value["cpu_macs"], "npu": npu_macs}, facts.MICRO_LANES, value["sram"], value["flash"],
        value["BW_flash"], {"cpu": value["P_cpu"], "npu": P_npu}, value["P_sleep"],
    )  # fmt: skip


def wake_vision(size: int = 96, width: Ratio = 0.25) -> Network:
    """MobileNetV2 for a picture of size x size x 3 at a width, int8, with two classes: a person or none.

    Channels are rounded to whole eights as the paper's authors do, and the last layer is never narrower than 1280.

    >>> wake_vision(224, 1.0).macs - 2 * 1280  # as MobileNetV2 without its 1000 classes
    299494272
    """
    positive_ints(size=size)
    positive(width=width)
    chain = Chain((1, 3, size, size), bytes_per_element=1)
    chain.conv("conv1", _eights(32 * width), kernel=3, stride=2)
    for number, (expansion, channels, repeats, stride) in enumerate(MOBILENETV2_BLOCKS):
        for repeat in range(repeats):
            _block(chain, f"block{number}-{repeat}", expansion, _eights(channels * width), 1 if repeat else stride)
    chain.conv("conv2", max(1280, _eights(1280 * width)), kernel=1)
    chain.pool("avgpool", kernel=chain.shape[2:])
    chain.dense("fc", 2)
    name = f"wake vision {size} x {width:g}"
    return Network(name, tuple(chain.layers), None, note="activations fused", fed=chain.fed)


def _block(chain: Chain, name: str, expansion: int, channels: int, stride: int) -> None:
    x, shortcut = chain.shape, chain.last
    if expansion != 1:
        chain.conv(f"{name}.expand", expansion * x[1], kernel=1)
    chain.conv(f"{name}.depthwise", chain.shape[1], kernel=3, stride=stride, groups=chain.shape[1])
    chain.conv(f"{name}.project", channels, kernel=1)
    if x == chain.shape:
        chain.add(f"{name}.add", (shortcut, f"{name}.project"))


def _eights(channels: float) -> int:
    """The nearest multiple of 8, at least 8, and not below nine tenths of what was asked."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def memory_fit(network: Network, micro: Micro, weights: str = "flash", code: Bytes = 200e3) -> Fit:
    """Flash holds weights and code; SRAM the widest moment: what a layer reads and writes, and a shortcut over it.

    Weights that stay in SRAM are added to that.

    A shortcut is alive in every layer of the block whose addition reads it; layers of a block share the name before
    the dot.

    >>> fit = memory_fit(wake_vision(96, 0.25), doorbell())
    >>> fit.fits, fit.widest, fit.sram  # 48 channels of 48 x 48 come in, of 24 x 24 go out
    (True, 'block1-0.depthwise', 138240)
    """
    _check("npu", weights)
    shortcut = {_name(layer): min(layer.op.reads.values()) for layer in network.layers if len(_activations(layer)) > 1}
    first = {_name(layer): layer for layer in reversed(network.layers)}
    alive = {}
    for layer in network.layers:
        reads, block = _activations(layer), _name(layer)
        beside = 0 if len(reads) > 1 or layer is first[block] else shortcut.get(block, 0)  # those read it themselves
        alive[layer.name] = sum(reads) + sum(layer.op.writes.values()) + beside
    widest = max(alive, key=alive.get)
    flash = network.params + code
    sram = alive[widest] + (network.params if weights == "sram" else 0)
    return Fit(flash, sram, widest, flash <= micro.flash and sram <= micro.sram)


def _name(layer: Layer) -> str:
    return layer.name.split(".")[0]


def _activations(layer: Layer) -> list[Bytes]:
    return [D for name, D in layer.op.reads.items() if name not in WEIGHTS]


def cycles(network: Network, micro: Micro, engine: str = "npu", weights: str = "flash") -> float:
    """Clock cycles of one pass: each layer at its lanes or, with weights in flash, at what flash delivers, the slower.

    >>> ask = wake_vision(), doorbell()
    >>> round(cycles(*ask, "cpu", "sram") / cycles(*ask, "npu", "sram"), 1)  # of 16 times the lanes
    12.3
    >>> round(cycles(*ask, "npu", "flash") / cycles(*ask, "npu", "sram"), 1)
    6.5
    """
    _check(engine, weights)
    total = 0.0
    for layer in network.layers:
        lanes = micro.macs[engine] * micro.eta[engine][kind_of(layer.op)]
        work = (layer.op.macs or layer.op.flop) / lanes
        wait = layer.params / micro.BW_flash * micro.clock if weights == "flash" else 0.0
        total += layer.count * max(work, wait)
    return total


def inference(network: Network, micro: Micro, engine: str = "npu", weights: str = "flash") -> tuple[Seconds, Joules]:
    """Time and energy of one pass; ValueError with the memory that is too small where the network does not fit.

    >>> T, E = inference(wake_vision(), doorbell())
    >>> T < 1 / 30, E < 1e-3
    (True, True)
    """
    fit = memory_fit(network, micro, weights)
    if not fit.fits:
        raise ValueError(
            f"{network.name} needs {fit.flash:.4g} B of flash and {fit.sram:.4g} B of SRAM (at {fit.widest}); "
            f"there are {micro.flash:.4g} and {micro.sram:.4g}; "
            "take a smaller picture, a narrower network, or weights in flash"
        )
    T = cycles(network, micro, engine, weights) / micro.clock
    return T, T * micro.P[engine]


def mean_power(
    network: Network, micro: Micro, rate: Hertz, engine: str = "npu", weights: str = "flash", P_sensor: Watts = 0.0
) -> Watts:
    """Energy a second at `rate` passes a second, asleep in between; ValueError where the passes do not fit in time.

    >>> ask = wake_vision(), doorbell(), 30
    >>> [round(1e3 * mean_power(*ask, engine, "sram"), 2) for engine in ("cpu", "npu")]  # mW
    [2.98, 0.41]
    """
    positive(rate=rate)
    T, E = inference(network, micro, engine, weights)
    duty = rate * T
    if duty > 1:
        raise ValueError(
            f"{rate:g} passes a second of {T:.4g} s keep the {engine} busy {duty:.4g} times over; "
            f"{1 / T:.4g} a second is the most"
        )
    return rate * E + (1 - duty) * micro.P_sleep + P_sensor


def rate_within(network: Network, micro: Micro, P_budget: Watts, engine: str = "npu", weights: str = "flash") -> Hertz:
    """Most passes a second within a mean power, and never more than fit into a second.

    ValueError where sleeping alone takes the budget.

    >>> ask = wake_vision(), doorbell(), 1e-3
    >>> [round(rate_within(*ask, engine, "sram")) for engine in ("cpu", "npu")]  # in a milliwatt
    [10, 79]
    """
    positive(P_budget=P_budget)
    if P_budget <= micro.P_sleep:
        raise ValueError(
            f"a budget of {P_budget:.4g} W is spent asleep, at {micro.P_sleep:.4g} W; allow more than that"
        )
    T, E = inference(network, micro, engine, weights)
    return min(1 / T, (P_budget - micro.P_sleep) / (E - T * micro.P_sleep))


def battery_life(P_mean: Watts, E_battery: Joules = facts.DOORBELL["battery"].value) -> Seconds:
    """How long a battery lasts at a mean power, self-discharge left out.

    >>> battery_life(P_mean=1e-3, E_battery=27e3) / 86400  # 27 kJ are two AA cells; days
    312.5
    """
    positive(P_mean=P_mean, E_battery=E_battery)
    return E_battery / P_mean
