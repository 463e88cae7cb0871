"""A small network served on this machine: its time by batch, and the three numbers that a rule predicts it from."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from labcore.kernels.predict import own_clock
from labcore.kernels.race import Race, race
from labcore.measure.compute import blas_threads, throughput
from labcore.measure.timing import timed, wall
from labcore.units import BytesPerSecond, FlopPerSecond, Seconds

WIDTHS = (2048,) * 5  # four dense layers, each followed by a ReLU
BATCHES = (1, 4, 16, 64, 256)
VECTOR = 2**24  # float32 numbers that the bandwidth is measured with, 64 MiB


@dataclass(frozen=True)
class Served:
    """Times of a pass by batch, and of this thread the peak in float32, the bandwidth, and the least call."""

    widths: tuple[int, ...]
    race: Race
    R_peak: FlopPerSecond
    BW: BytesPerSecond
    T_call: Seconds

    @property
    def batches(self) -> list[int]:
        """The batches that ran."""
        return list(map(int, self.race.times))


def serve(batches: Sequence[int] = BATCHES, widths: tuple[int, ...] = WIDTHS, repeats: int = 7) -> Served:
    """Run dense layers with ReLU at some batches, one thread, in float32; about two seconds.

    >>> serve([1, 2], widths=(8, 8), repeats=2).batches
    [1, 2]
    """
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape, np.float32) for shape in pairwise(widths)]
    inputs = {str(batch): rng.standard_normal((batch, widths[0]), np.float32) for batch in batches}
    with blas_threads(1):
        ran = race({name: functools.partial(forward, x, weights) for name, x in inputs.items()}, repeats, own_clock())
        return Served(widths, ran, throughput("fp32", 1024, 1, repeats=3).R, _bandwidth(), _call())


def forward(x: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """One pass: a product and a ReLU for each layer; (batch, widths[0]) -> (batch, widths[-1]).

    >>> forward(np.array([[1.0, 1.0]]), [np.array([[1.0, -1.0], [1.0, -1.0]])]).tolist()
    [[2.0, 0.0]]
    """
    for w in weights:
        x = np.maximum(x @ w, 0)
    return x


def _time(call: object) -> Seconds:
    def run(passes: int) -> None:
        for _ in range(passes):
            call()

    return timed(run, repeats=5, elapsed=functools.partial(wall, clock=own_clock())).T


def _bandwidth() -> BytesPerSecond:
    """Bytes a second that BLAS reads of a vector too long for a cache."""
    x = np.ones(VECTOR, np.float32)
    return x.nbytes / _time(lambda: x @ x)


def _call() -> Seconds:
    """A product of one number with another: nothing but the call."""
    one = np.ones((1, 1), np.float32)
    return _time(lambda: one @ one)
