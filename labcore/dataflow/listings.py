"""The chapter's listings 15 to 18 as code that runs and counts: Z (I, J) = weights (I, K) @ inputs (K, J).

In the letters of a loop nest, inputs are A and weights are B: i runs over N, k over K and j over M. Each function takes
arrays, reads them element by element, and returns what it loaded and stored beside the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labcore.counting import CountingArray
from labcore.loopnest.nest import check_tile
from labcore.sums import summed_in

Block = tuple[int, int, int]  # rows of weights, the inner size, columns of inputs


@dataclass(frozen=True)
class Loads:
    """The product (I, J), and elements of each array that were read and written on the way."""

    Z: np.ndarray
    weights: int
    inputs: int
    sums_read: int
    sums_written: int


def element_by_element(weights: np.ndarray, inputs: np.ndarray) -> Loads:
    """Listing 15 to the letter: three loops, and every access goes to the arrays.

    >>> run = element_by_element(np.ones((4, 3)), np.ones((3, 2)))
    >>> run.weights, run.inputs, run.sums_read, run.sums_written  # 4 x 3 x 2 of each
    (24, 24, 24, 24)
    """
    W, X, Z = _counting(weights, inputs)
    for i in range(W.shape[0]):
        for j in range(X.shape[1]):
            for k in range(W.shape[1]):
                Z[i, j] = Z[i, j] + W[i, k] * X[k, j]
    return _loads(W, X, Z)


def weight_stationary(weights: np.ndarray, inputs: np.ndarray, block: Block) -> Loads:
    """Listing 16: a block of weights is loaded and stays, while inputs stream by and sums come and go.

    >>> run = weight_stationary(np.ones((4, 4)), np.ones((4, 4)), block=(2, 2, 2))
    >>> run.weights, run.inputs, run.sums_read, run.sums_written
    (16, 32, 16, 32)
    """
    W, X, Z = _counting(weights, inputs, block)
    for rows in _blocks(W.shape[0], block[0]):
        for inner in _blocks(W.shape[1], block[1]):
            w = _load(W, rows, inner)  # stays for the whole loop below
            for cols in _blocks(X.shape[1], block[2]):
                z = _load(Z, rows, cols) if inner.start else 0
                _store(Z, rows, cols, z + w @ _load(X, inner, cols))
    return _loads(W, X, Z)


def output_stationary(weights: np.ndarray, inputs: np.ndarray, block: Block) -> Loads:
    """Listing 17: a block of sums stays until it is complete, while weights and inputs stream by.

    >>> run = output_stationary(np.ones((4, 4)), np.ones((4, 4)), block=(2, 2, 2))
    >>> run.weights, run.inputs, run.sums_read, run.sums_written
    (32, 32, 0, 16)
    """
    W, X, Z = _counting(weights, inputs, block)
    for rows in _blocks(W.shape[0], block[0]):
        for cols in _blocks(X.shape[1], block[2]):
            z = 0  # stays for the whole loop below
            for inner in _blocks(W.shape[1], block[1]):
                z = z + _load(W, rows, inner) @ _load(X, inner, cols)
            _store(Z, rows, cols, z)
    return _loads(W, X, Z)


def input_stationary(weights: np.ndarray, inputs: np.ndarray, block: Block) -> Loads:
    """Listing 18: a block of inputs is loaded and stays, while weights stream by and sums come and go.

    >>> run = input_stationary(np.ones((4, 4)), np.ones((4, 4)), block=(2, 2, 2))
    >>> run.weights, run.inputs, run.sums_read, run.sums_written
    (32, 16, 16, 32)
    """
    W, X, Z = _counting(weights, inputs, block)
    for cols in _blocks(X.shape[1], block[2]):
        for inner in _blocks(W.shape[1], block[1]):
            x = _load(X, inner, cols)  # stays for the whole loop below
            for rows in _blocks(W.shape[0], block[0]):
                z = _load(Z, rows, cols) if inner.start else 0
                _store(Z, rows, cols, z + _load(W, rows, inner) @ x)
    return _loads(W, X, Z)


LISTINGS = {"ws": weight_stationary, "os": output_stationary, "is": input_stationary}


def _counting(
    weights: np.ndarray, inputs: np.ndarray, block: Block = (1, 1, 1)
) -> tuple[CountingArray, CountingArray, CountingArray]:
    W, X = np.asarray(weights), np.asarray(inputs)
    if W.ndim != 2 or X.ndim != 2 or W.shape[1] != X.shape[0]:
        raise ValueError(f"weights (I, K) and inputs (K, J) must share K; got {W.shape} and {X.shape}")
    for name, tile, size in zip("IKJ", block, (*W.shape, X.shape[1]), strict=True):
        check_tile(name, tile, size)
    Z = np.zeros((W.shape[0], X.shape[1]), summed_in(W, X, W.shape[1])[0])
    return CountingArray(W), CountingArray(X), CountingArray(Z)


def _blocks(size: int, block: int) -> Iterator[range]:
    return (range(start, start + block) for start in range(0, size, block))


def _load(array: CountingArray, rows: range, cols: range) -> np.ndarray:
    return np.array([[array[i, j] for j in cols] for i in rows])


def _store(array: CountingArray, rows: range, cols: range, values: np.ndarray) -> None:
    for i, row in zip(rows, values, strict=True):
        for j, value in zip(cols, row, strict=True):
            array[i, j] = value


def _loads(W: CountingArray, X: CountingArray, Z: CountingArray) -> Loads:
    reads, writes = Z.reads, Z.writes
    product = np.array([[Z[i, j] for j in range(Z.shape[1])] for i in range(Z.shape[0])])
    return Loads(product, W.reads, X.reads, reads, writes)
