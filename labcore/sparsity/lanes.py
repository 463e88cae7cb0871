"""A grid of lanes in step: what it can skip when zeros stand anywhere, and what when each group has as many.

Each lane works on one row of the weights. All lanes get the same group of inputs, and the next one when the last lane
is done: that is what makes the grid regular. A lane takes one cycle for each nonzero weight that meets the group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labcore.sparsity.product import matrix
from labcore.units import Ratio, positive_ints


@dataclass(frozen=True)
class Walk:
    """What a grid did: cycles, multiply-accumulates of nonzero weights, its lanes, and the cycles of a dense grid."""

    cycles: int
    macs: int
    lanes: int
    dense_cycles: int

    @property
    def speedup(self) -> Ratio:
        """Cycles of the same grid without skipping, over the cycles taken; infinite where all is skipped."""
        return self.dense_cycles / self.cycles if self.cycles else math.inf

    @property
    def utilization(self) -> Ratio:
        """Share of the lanes' cycles that did a multiply-accumulate; 1 where no cycle was taken."""
        return self.macs / (self.cycles * self.lanes) if self.cycles else 1.0


def walk(mask: np.ndarray, lanes: int, group: int) -> Walk:
    """Pass a (rows, columns) mask of kept weights through the grid, `group` columns between two meetings of the lanes.

    A group in which no lane has a nonzero takes no cycle. Raises ValueError where lanes or group do not divide.

    >>> walk(np.array([[1, 1, 0, 0], [0, 1, 0, 1]]), lanes=2, group=2).cycles
    3
    >>> walk(np.array([[1, 1, 0, 0], [0, 1, 0, 1]]), lanes=2, group=4).cycles
    2
    """
    mask = matrix(mask) != 0
    positive_ints(lanes=lanes, group=group)
    rows, cols = mask.shape
    if rows % lanes or cols % group:
        raise ValueError(
            f"{lanes} lanes and groups of {group} do not divide a matrix of shape {mask.shape}; pad it with zeros"
        )
    counts = mask.reshape(rows // lanes, lanes, cols // group, group).sum(axis=3)  # (turns, lanes, groups)
    slowest = counts.max(axis=1)  # the lanes meet after each group
    return Walk(int(slowest.sum()), int(mask.sum()), lanes, rows // lanes * cols)


def waits(mask: np.ndarray, group: int) -> np.ndarray:
    """Cycles each lane works and the cycles until all are done, by group: (rows, groups) and (groups,) as one array.

    The last row is the grid's own time. Raises ValueError where groups do not divide.

    >>> waits(np.array([[1, 1, 0, 0], [0, 1, 0, 1]]), group=2).tolist()
    [[2, 0], [1, 1], [2, 1]]
    """
    mask = matrix(mask) != 0
    positive_ints(group=group)
    if mask.shape[1] % group:
        raise ValueError(f"groups of {group} do not divide a matrix of shape {mask.shape}; pad it with zeros")
    counts = mask.reshape(len(mask), -1, group).sum(axis=2)
    return np.vstack([counts, counts.max(axis=0)])
