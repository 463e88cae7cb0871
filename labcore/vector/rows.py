"""Operations on a row that need all its elements and a special function: softmax, layer normalization; Listing 11.

The special-function unit comes in as a function of an array, exact or by table: `labcore.sfu` has both kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from labcore.vector.machine import Machine
from labcore.vector.patterns import reduce, vector

Unit = Callable[[np.ndarray], np.ndarray]


def softmax(machine: Machine, x: np.ndarray, exp: Unit = np.exp) -> np.ndarray:
    """Return exp(x) over its sum for (n,), in three sweeps: the maximum, the exponentials and their sum, the division.

    The maximum is taken off first, so that no exponential overflows; the division is by one reciprocal, multiplied.

    >>> softmax(Machine(vlen=128), np.array([0.0, np.log(3.0)])).round(12).tolist()
    [0.25, 0.75]
    """
    flat, out = vector(x), np.zeros(x.size)
    top = reduce(machine, flat, "max")
    lanes = np.zeros(machine.lanes)
    for start, vl in machine.strips(flat.size):
        power = machine.special("exp", exp, machine.add(machine.load(flat, start), -top))
        lanes[:vl] = machine.add(lanes[:vl], power)
        machine.store(out, start, power)
        machine.steer("addi", 2)
    machine.steer("fdiv.s")
    return scaled(machine, out, float(1 / machine.sum(lanes)), 0.0)


def layernorm(machine: Machine, x: np.ndarray, eps: float = 1e-5, rsqrt: Unit | None = None) -> np.ndarray:
    """(x - mean) / sqrt(variance + eps) for (n,), in three sweeps: the mean, the variance, the result.

    >>> layernorm(Machine(vlen=128), np.array([1.0, 3.0]), eps=0.0).tolist()
    [-1.0, 1.0]
    """
    flat = vector(x)
    mean = reduce(machine, flat) / flat.size
    lanes = np.zeros(machine.lanes)
    for start, _ in machine.strips(flat.size):
        off = machine.add(machine.load(flat, start), -mean)
        lanes = machine.fma(lanes, off, off)
        machine.steer("addi")
    var = machine.sum(lanes) / flat.size
    machine.steer("fdiv.s", 2)
    machine.steer("frsqrt.s")
    scale = float(rsqrt(np.array([var + eps]))[0]) if rsqrt else float(1 / np.sqrt(var + eps))
    return scaled(machine, flat, scale, -mean * scale)


def scaled(machine: Machine, x: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """Return scale * x + shift for (n,); without a shift there is nothing to add.

    >>> scaled(Machine(vlen=128), np.array([1.0, 2.0]), 3.0, 0.0).tolist()
    [3.0, 6.0]
    """
    out = np.zeros(x.size)
    for start, _ in machine.strips(x.size):
        v = machine.mul(machine.load(x, start), scale)
        machine.store(out, start, machine.add(v, shift) if shift else v)
        machine.steer("addi", 2)
    return out


def each_of(machine: Machine, x: np.ndarray, units: Mapping[str, Unit]) -> dict[str, np.ndarray]:
    """Several special functions of one vector (n,), loaded once, as in Listing 11; each result is stored.

    >>> unit = Machine(vlen=128)
    >>> each_of(unit, np.array([4.0, 1.0]), {"sqrt": np.sqrt, "exp": np.exp})["sqrt"].tolist()
    [2.0, 1.0]
    >>> unit.instructions["vle32.v"], unit.instructions["vsqrt.v"]
    (1, 1)
    """
    flat, out = vector(x), {name: np.zeros(x.size) for name in units}
    for start, _ in machine.strips(flat.size):
        v = machine.load(flat, start)
        for name, unit in units.items():
            machine.store(out[name], start, machine.special(name, unit, v))
        machine.steer("addi", 1 + len(units))
    return out
