"""The dense layer of Listings 1 to 5: in loops, and on a machine with one lane or with many.

Loops over samples and neurons repeat one body on other addresses, so the runs of all of them can lie side by side in
the registers' leading axis: `at_once=True` steps through the body once, counts it for each run, and computes the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from labcore.units import positive_ints
from labcore.vector.machine import Machine


def dense_in_loops(x: np.ndarray, w: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, int]:
    """ReLU((B, K) @ (K, N) + (N,)) in three loops as in Listing 3, and the multiply-accumulates counted on the way.

    >>> y, macs = dense_in_loops(np.ones((2, 3)), np.ones((3, 4)), np.zeros(4))
    >>> y[0].tolist(), macs
    ([3.0, 3.0, 3.0, 3.0], 24)
    """
    B, K, N = sizes(x, w, bias)
    y, macs = np.zeros((B, N)), 0
    for b in range(B):
        for n in range(N):
            total = bias[n]
            for k in range(K):
                total += x[b, k] * w[k, n]
                macs += 1
            y[b, n] = max(total, 0)
    return y, macs


def dense(
    machine: Machine, x: np.ndarray, w: np.ndarray, bias: np.ndarray, strided: bool = False, at_once: bool = True
) -> np.ndarray:
    """ReLU((B, K) @ (K, N) + (N,)), the lanes along K: Listing 4 with all that it leaves out.

    `strided` reads each neuron's weights down a column of the (K, N) array, as Listing 3 writes it; else they are laid
    out row by row as (N, K) beforehand, which is what a unit-stride load of Listing 4 needs.

    >>> unit = Machine(vlen=256)
    >>> dense(unit, np.ones((1, 16)), np.ones((16, 2)), np.zeros(2)).tolist(), unit.instructions["vfmacc.vv"]
    ([[16.0, 16.0]], 4)
    """
    B, K, N = sizes(x, w, bias)
    inputs, weights = np.ravel(x), np.ravel(w if strided else w.T)
    step, start = (N, 1) if strided else (1, K)  # from one weight to the next, from one neuron to the next
    y = np.zeros(B * N)
    for runs in every_neuron(B * N, at_once):
        sample, neuron = runs // N, runs % N
        with machine.times(runs.size):
            y[runs] = activation(machine, inputs, weights, sample * K, neuron * start, bias[neuron], K, step)
    return y.reshape(B, N)


def count_dense(machine: Machine, B: int, K: int, N: int) -> Machine:
    """The machine after the layer's instructions, without its numbers: one neuron is run and counted B N times.

    >>> count_dense(Machine(vlen=256), 32, 256, 512).macs
    4194304
    """
    positive_ints(B=B, K=K, N=N)
    with machine.times(B * N):
        activation(machine, np.ones(K), np.ones(K), np.array(0), np.array(0), np.array(0.0), K)
    return machine


def activation(
    machine: Machine, a: np.ndarray, b: np.ndarray, a_start: np.ndarray, b_start: np.ndarray, bias: np.ndarray,
    K: int, b_stride: int = 1,
) -> np.ndarray:  # fmt: skip
    """ReLU of an inner product plus bias, for each pair of addresses; a neuron's whole program.

    >>> activation(Machine(), np.ones(4), np.ones(4), np.array(0), np.array(0), np.array(0.5), K=4).item()
    4.5
    """
    total = dot(machine, a, b, a_start, b_start, K, b_stride) + bias
    for mnemonic in ("fadd.s", "fmax.s", "fsw"):
        machine.steer(mnemonic)
    machine.stored += machine.element_bytes * machine.copies
    return np.maximum(total, 0)


def dot(
    machine: Machine, a: np.ndarray, b: np.ndarray, a_start: np.ndarray, b_start: np.ndarray, K: int, b_stride: int = 1
) -> np.ndarray:
    """Inner products of K elements from each pair of addresses, in strips, with one sum for each lane until the end.

    >>> unit = Machine(vlen=128)
    >>> float(dot(unit, np.arange(6.0), np.ones(6), np.array(0), np.array(0), K=6)), unit.elements["vfmacc.vv"]
    (15.0, 6)
    """
    acc = machine.clear(a_start)
    for k, _ in machine.strips(K):
        va = machine.load(a, a_start + k)
        vb = machine.load(b, b_start + k * b_stride, b_stride)
        acc = machine.fma(acc, va, vb)
        machine.steer("addi", 2)  # both pointers
    return machine.sum(acc)


def dense_as_printed(machine: Machine, x: np.ndarray, w: np.ndarray, step_bytes: int = 32) -> np.ndarray:
    """(B, K) @ (K, N) as Listing 4 spells it out, given what no program can do without: loop counts, sums, stores.

    The vector length is set once, both pointers go on by `step_bytes` and are never set back; beyond the end of an
    array lie zeros. So it is right only where the reader's own pointers happen to agree.

    >>> x, w = np.arange(1.0, 17).reshape(2, 8), np.ones((8, 2))
    >>> dense_as_printed(Machine(vlen=256), x, w).tolist(), (x @ w).tolist()
    ([[36.0, 100.0], [0.0, 0.0]], [[36.0, 36.0], [100.0, 100.0]])
    """
    B, K, N = sizes(x, w, np.zeros(w.shape[1]))
    step = step_bytes // machine.element_bytes
    rounds = math.ceil(K / machine.lanes)
    beyond = np.zeros(B * N * rounds * max(step, machine.lanes) + machine.lanes)
    inputs, weights = np.concatenate([x.ravel(), beyond]), np.concatenate([w.T.ravel(), beyond])
    y, at = np.zeros((B, N)), 0
    machine.vl = machine.lanes
    for b in range(B):
        for n in range(N):
            acc = machine.clear(np.array(0))
            for _ in range(rounds):
                acc = machine.fma(acc, machine.load(inputs, at), machine.load(weights, at))
                machine.steer("add", 2)
                machine.steer("bnez")
                at += step
            y[b, n] = machine.sum(acc)
    return y


def dense_instructions(B: int, K: int, N: int, lanes: int) -> int:
    """Instructions of `dense` in closed form: 8 a strip and 5 a sum on a vector machine, 7 and 4 on a scalar one.

    >>> unit = Machine(vlen=128)
    >>> _ = dense(unit, np.ones((3, 10)), np.ones((10, 5)), np.zeros(5))
    >>> dense_instructions(3, 10, 5, lanes=4) == unit.total
    True
    """
    positive_ints(B=B, K=K, N=N, lanes=lanes)
    strips = math.ceil(K / lanes)
    return B * N * (8 * strips + 5 if lanes > 1 else 7 * strips + 4)


def every_neuron(count: int, at_once: bool) -> Iterable[np.ndarray]:
    """The runs in the order in which they are taken: all side by side, or one by one.

    >>> [runs.tolist() for runs in every_neuron(3, at_once=False)]
    [[0], [1], [2]]
    """
    return [np.arange(count)] if at_once else (np.array([i]) for i in range(count))


def sizes(x: np.ndarray, w: np.ndarray, bias: np.ndarray) -> tuple[int, int, int]:
    """B, K and N of a dense layer; raises ValueError where the shapes do not meet.

    >>> sizes(np.ones((2, 3)), np.ones((4, 5)), np.ones(5))
    Traceback (most recent call last):
    ValueError: inputs (2, 3) need weights (3, N) and a bias (N,), got (4, 5) and (5,); transpose what is the other way
    """
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[0] or bias.shape != w.shape[1:]:
        wanted = f"({x.shape[-1]}, N)" if x.ndim else "(K, N)"
        raise ValueError(
            f"inputs {x.shape} need weights {wanted} and a bias (N,), got {w.shape} and {bias.shape}; "
            "transpose what is the other way"
        )
    return x.shape[0], *w.shape
