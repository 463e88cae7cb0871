"""Listings of the chapter to the letter, where running just what stands there shows something.

What they mean is run elsewhere (labcore.dataflow.listings, labcore.tiling, labcore.vector).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np


def is_python(text: str) -> bool:
    r"""Whether Python can read a piece of program.

    >>> is_python("total = a *\n    b"), is_python("total = (a *\n    b)")
    (False, True)
    """
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def can_add(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether arrays of two shapes can be added: aligned at their last axes, sizes are equal or 1.

    >>> can_add((512, 32), (512,)), can_add((512, 32), (512, 1))
    (False, True)
    """
    try:
        np.broadcast_shapes(shape, other)
    except ValueError:
        return False
    return True


def nested_blocks(stay: Sequence[np.ndarray], stream: Sequence[np.ndarray], outputs: int) -> list[np.ndarray]:
    """Listings 16 and 18: every output block (R, C) of `outputs`, to which all loops add each pair's product.

    >>> [one.item() for one in nested_blocks([np.ones((1, 1))], [np.ones((1, 1)), 2 * np.ones((1, 1))], outputs=2)]
    [3.0, 3.0]
    """
    results = [np.zeros((stay[0].shape[0], stream[0].shape[1])) for _ in range(outputs)]
    for kept in stay:
        for other in stream:
            for place in range(outputs):
                results[place] += kept @ other
    return results


def zipped_blocks(weights: Sequence[np.ndarray], inputs: Sequence[np.ndarray], outputs: int) -> list[np.ndarray]:
    """Listing 17: every output block (R, C) of `outputs`, each the sum over the same pairs.

    >>> [one.item() for one in zipped_blocks([np.ones((1, 1))], [2 * np.ones((1, 1))], outputs=2)]
    [2.0, 2.0]
    """
    results = []
    for _ in range(outputs):
        accumulator = np.zeros((weights[0].shape[0], inputs[0].shape[1]))
        for w, x in zip(weights, inputs, strict=True):
            accumulator += w @ x
        results.append(accumulator)
    return results
