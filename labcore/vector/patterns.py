"""The five patterns of Table 2 as strip-mined programs: reduction, gather, scatter, mask, broadcast.

Memory is a flat array; each function returns its result and leaves the counts on the machine.
"""

from __future__ import annotations

import numpy as np

from labcore.vector.machine import Machine


def reduce(machine: Machine, x: np.ndarray, how: str = "sum") -> float:
    """Sum or maximum of (n,): lane by lane over the strips, then across the lanes once.

    >>> unit = Machine(vlen=128)
    >>> reduce(unit, np.arange(10.0)), unit.instructions["vfadd.vv"], unit.instructions["vfredusum.vs"]
    (45.0, 3, 1)
    """
    if how not in ("sum", "max"):
        raise ValueError(f"a reduction is sum or max, got {how!r}")
    flat = vector(x)
    lanes = np.full(machine.lanes, 0.0 if how == "sum" else -np.inf)
    for start, vl in machine.strips(flat.size):
        part = machine.load(flat, start)
        step = machine.add if how == "sum" else machine.max
        lanes[:vl] = step(lanes[:vl], part)
        machine.steer("addi")
    return float(machine.sum(lanes) if how == "sum" else machine.largest(lanes))


def lookup(machine: Machine, table: np.ndarray, index: np.ndarray) -> np.ndarray:
    """table[index] for (n,) indices, an element a lane: an embedding lookup, a sparse read.

    >>> lookup(Machine(vlen=128), np.array([10.0, 20, 30]), np.array([2, 0, 2])).tolist()
    [30.0, 10.0, 30.0]
    """
    flat, addresses = vector(table), checked(index, table.size)
    out = np.zeros(addresses.size, flat.dtype)
    for start, _ in machine.strips(addresses.size):
        at = machine.load(addresses, start)
        machine.store(out, start, machine.gather(flat, at))
        machine.steer("addi", 2)
    return out


def scatter_add(
    machine: Machine, table: np.ndarray, index: np.ndarray, values: np.ndarray, safe: bool = True
) -> np.ndarray:
    """The table after table[index] += values, an element a lane: the gradient of an embedding.

    Gather, add, scatter is wrong where two lanes of one strip hold one address: the last store wins and the other sum
    is lost. `safe` repeats a strip under a mask, one lane for each address a round, until every lane has had its turn.

    >>> hits, ones = np.array([0, 1, 1, 1]), np.ones(4)
    >>> scatter_add(Machine(vlen=128), np.zeros(2), hits, ones).tolist()
    [1.0, 3.0]
    >>> scatter_add(Machine(vlen=128), np.zeros(2), hits, ones, safe=False).tolist()
    [1.0, 1.0]
    """
    out, addresses = vector(table).copy(), checked(index, table.size)
    for start, vl in machine.strips(addresses.size):
        at, new = machine.load(addresses, start), machine.load(vector(values), start)
        machine.steer("addi", 2)
        waiting = np.ones(vl, bool)
        while waiting.any():
            turn = first_of_each(at, waiting) if safe else waiting.copy()
            machine.scatter(out, at, machine.add(machine.gather(out, at), new), turn)
            waiting &= ~turn
    return out


def first_of_each(at: np.ndarray, waiting: np.ndarray) -> np.ndarray:
    """The mask of the first waiting lane for each address.

    >>> first_of_each(np.array([5, 5, 7]), np.array([True, True, True])).tolist()
    [True, False, True]
    """
    lanes = np.flatnonzero(waiting)
    turn = np.zeros(at.size, bool)
    turn[lanes[np.unique(at[lanes], return_index=True)[1]]] = True
    return turn


def mask_scores(machine: Machine, scores: np.ndarray, keep: np.ndarray, fill: float = -np.inf) -> np.ndarray:
    """Scores (n,) where `keep` holds, else `fill`: an attention mask. Every lane takes its time, kept or not.

    >>> mask_scores(Machine(vlen=128), np.array([1.0, 2, 3]), np.array([True, False, True])).tolist()
    [1.0, -inf, 3.0]
    """
    flat, out = vector(scores), np.zeros(scores.size)
    if keep.shape != flat.shape:
        raise ValueError(f"a mask has one truth value a score, {flat.shape}, got {keep.shape}; broadcast it first")
    for start, _ in machine.strips(flat.size):
        mask = machine.load_mask(keep, start)
        machine.store(out, start, machine.merge(mask, machine.load(flat, start), fill))
        machine.steer("addi", 3)
    return out


def scale_and_shift(machine: Machine, x: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """Return scale * x + shift for (n,) and two scalars that meet every lane.

    >>> unit = Machine(vlen=128)
    >>> scale_and_shift(unit, np.arange(3.0), 2.0, 1.0).tolist(), unit.instructions["vfmul.vf"]
    ([1.0, 3.0, 5.0], 1)
    """
    flat, out = vector(x), np.zeros(x.size)
    for start, _ in machine.strips(flat.size):
        machine.store(out, start, machine.add(machine.mul(machine.load(flat, start), scale), shift))
        machine.steer("addi", 2)
    return out


def relu(machine: Machine, x: np.ndarray) -> np.ndarray:
    """max(x, 0) for (n,), one instruction a strip between a load and a store.

    >>> relu(Machine(vlen=128), np.array([-1.0, 0, 2])).tolist()
    [0.0, 0.0, 2.0]
    """
    flat, out = vector(x), np.zeros(x.size)
    for start, _ in machine.strips(flat.size):
        machine.store(out, start, machine.max(machine.load(flat, start), 0.0))
        machine.steer("addi", 2)
    return out


def add_bias_relu(machine: Machine, x: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """max(x + bias, 0) for (n,) and a bias for each: what is left of a dense layer's row after its product.

    >>> unit = Machine(vlen=128)
    >>> add_bias_relu(unit, np.array([-1.0, 0, 2]), np.array([2.0, -1, 1])).tolist(), unit.total
    ([1.0, 0.0, 3.0], 11)
    """
    flat, out = vector(x), np.zeros(x.size)
    if bias.shape != flat.shape:
        raise ValueError(f"a bias has one number an output, {flat.shape}, got {bias.shape}; broadcast it first")
    for start, _ in machine.strips(flat.size):
        total = machine.add(machine.load(flat, start), machine.load(bias, start))
        machine.store(out, start, machine.max(total, 0.0))
        machine.steer("addi", 3)
    return out


def vector(x: np.ndarray) -> np.ndarray:
    """The array itself if it is (n,) with n above 0; raises ValueError for any other shape.

    >>> vector(np.ones((2, 2)))
    Traceback (most recent call last):
    ValueError: memory is a flat array (n,) with n of at least 1, got shape (2, 2); ravel it
    """
    if x.ndim != 1 or not x.size:
        raise ValueError(f"memory is a flat array (n,) with n of at least 1, got shape {x.shape}; ravel it")
    return x


def checked(index: np.ndarray, size: int) -> np.ndarray:
    """The indices, if they are whole and inside a table of `size`; raises ValueError with the first that is not.

    >>> checked(np.array([0, 9]), 4)
    Traceback (most recent call last):
    ValueError: index 9 lies outside a table of 4; it must be from 0 to 3
    """
    flat = vector(index)
    if not np.issubdtype(flat.dtype, np.integer):
        raise ValueError(f"indices are whole numbers, got {flat.dtype}")
    for one in flat[(flat < 0) | (flat >= size)][:1]:
        raise ValueError(f"index {one} lies outside a table of {size}; it must be from 0 to {size - 1}")
    return flat
