"""Area of the systolic array alone: its cells by a least-squares fit to arrays that Yosys counted.

One fit for each dataflow, on relative errors, over what an array is made of: partial products, adders, registers and
its edges. Arrays of 4 x 4 and more are held out of it: the fit has to reach beyond what it saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from labcore.codesign.counted import LARGER, Sample, synthesized
from labcore.codesign.template import Template


def column_sums(template: Template) -> tuple[int, int]:
    """Bits of all adders and of all sum registers down one column.

    Where sums stay, each is as wide as the accumulator. Where they fall, row 0 holds a bare product, row i the sum of
    i + 1 of them in no more bits than that can fill, and the last row has no register.

    >>> column_sums(Template(3, 1, "ws", 2, 2, 32)), column_sums(Template(2, 1, "os", 2, 2, 32))
    ((11, 9), (64, 64))
    """
    t = template
    if t.dataflow == "os":
        return t.rows * t.accumulator_bits, t.rows * t.accumulator_bits
    bits = [min(t.accumulator_bits, t.weight_bits + t.activation_bits + i.bit_length()) for i in range(t.rows)]
    return sum(bits[1:]), sum(bits[:-1])


def features(template: Template) -> np.ndarray:
    """What the cells of an array grow with, (8,): PEs, partial products, adders, sums, operands, and three edges.

    >>> features(Template(2, 3, "os", weight_bits=4, activation_bits=2, accumulator_bits=16)).tolist()
    [6, 48, 96, 96, 36, 4, 12, 48]
    """
    t, (adders, sums) = template, column_sums(template)
    operands = t.weight_bits + t.activation_bits
    each = t.pes, t.pes * t.weight_bits * t.activation_bits, t.cols * adders, t.cols * sums, t.pes * operands
    return np.array([*each, t.rows * t.activation_bits, t.cols * t.weight_bits, t.cols * t.accumulator_bits])


def fit(samples: Sequence[Sample]) -> np.ndarray:
    """Coefficients (8,) of `features` that give the samples' cells with the least squared relative error.

    Raises ValueError for fewer samples than coefficients.

    >>> doubled = [s._replace(cells=2 * s.cells) for s in synthesized() if s.template.dataflow == "os"]
    >>> bool(np.allclose(fit(doubled) / 2, fit([s for s in synthesized() if s.template.dataflow == "os"])))
    True
    """
    return least_squares([features(s.template) for s in samples], [s.cells for s in samples])


def least_squares(X: Sequence[Sequence[float]], y: Sequence[float]) -> np.ndarray:
    """Coefficients (features,) with the least squared relative error of X (samples, features) against y (samples,).

    Raises ValueError for fewer samples than coefficients.

    >>> least_squares([[1, 1], [1, 2], [1, 4]], [5, 7, 11]).round(9).tolist()
    [3.0, 2.0]
    """
    X, y = np.array(X, float), np.array(y, float)
    if len(X) < X.shape[-1]:
        raise ValueError(f"{X.shape[-1]} coefficients take as many samples or more, got {len(X)}; synthesize others")
    return np.linalg.lstsq(X / y[:, None], np.ones(len(y)), rcond=None)[0]


def array_cells(template: Template) -> float:
    """Cells of a template's array by the fit to all small arrays of its dataflow.

    >>> 8 < array_cells(Template(8, 8, "os")) / array_cells(Template(2, 4, "os")) < 8.5  # eight times the PEs
    True
    """
    return float(features(template) @ _coefficients(template.dataflow))


@cache
def _coefficients(dataflow: str) -> np.ndarray:
    return fit([s for s in synthesized() if s.template.dataflow == dataflow and not held_out(s)])


def held_out(sample: Sample) -> bool:
    """Whether an array is of a size that the fit does not see.

    >>> held_out(Sample(Template(8, 8), 1)), held_out(Sample(Template(2, 2), 1))
    (True, False)
    """
    return (sample.template.rows, sample.template.cols) in LARGER
