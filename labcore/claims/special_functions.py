"""Special-function units: Listings 8 to 11, Table 4, and the first question of the section's self-check.

>>> from labcore.claims.ledger import claim
>>> claim("listing-8-sequential", d_in=2, d_out=3).computed
15
"""

from __future__ import annotations

import math

import numpy as np

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Each, Identity, Number, Range, Truth, Words
from labcore.ops import matmul
from labcore.sfu.latency import cycles, relu_cycles
from labcore.sfu.newton import RootUnit
from labcore.sfu.tables import TableUnit
from labcore.sfu.tree import tree_sum
from labcore.vector.batchnorm import relu_batchnorm
from labcore.vector.machine import Machine

LAB = "03_compute_primitives"


@computes(
    "listing-8-sequential", "Listing 8", Words("Linear(256, 512), ReLU, BatchNorm1d(512)", least=256 * 512), "",
    f"{LAB}#batchnorm",
)  # fmt: skip
def parameters(d_in=256, d_out=512):
    """Trained parameters of the three layers: weights and biases, none, a scale and a shift for each feature."""
    return matmul(1, d_in, d_out, bytes_per_element=1).reads["B"] + d_out + 2 * d_out


@computes(
    "listing-9-math-expansion", "Listing 9",
    Truth(words="mean over axis 0 and variance without an axis are BatchNorm statistics"), "", f"{LAB}#batchnorm",
)  # fmt: skip
def listing_9_has_batch_statistics(d_out=512, B=32):
    """Whether the listing's mean and variance of H (d_out, B) have one value for each of the d_out features."""
    return listing_9_statistics(d_out, B) == (batchnorm(B, d_out, "one sweep").mean.size,) * 2


@listing_9_has_batch_statistics.erratum
def listing_9_axes():
    """H = weights times input is ({features}, {samples}), a sample in each column.

    Its mean over axis 0 gives {means} means, one a sample, and the variance without an axis gives {variances}. Would
    hold with axis 1 in both, {features} of each, or with axis 0 in both and a sample in each row.
    """
    means, variances = listing_9_statistics(512, 32)
    return {"features": 512, "samples": 32, "means": means, "variances": variances}


def listing_9_statistics(d_out: int, B: int) -> tuple[int, int]:
    """How many means and variances the listing's reductions give for H (d_out, B)."""
    H = np.maximum(np.random.default_rng(0).normal(size=(d_out, B)), 0)
    return np.mean(H, axis=0).size, np.mean((H - np.mean(H, axis=0)) ** 2).size


@computes(
    "listing-10-relu-batchnorm", "Listing 10", Words("for 32 samples, for 512 features", least=32 * 512, most=32 * 512),
    "", f"{LAB}#batchnorm",
)  # fmt: skip
def elements_a_pass(B=32, features=512):
    """Elements of one sweep: half of those written, as each sweep of the listing writes once (h, then the output)."""
    return batchnorm(B, features, "one sweep").writes // 2


@computes(
    "batchnorm-three-passes", "Text §Hardware implementation of nonlinear functions", Number("3"), "",
    f"{LAB}#batchnorm",
)  # fmt: skip
def sweeps_of_listing_10():
    """Sweeps over the data that Listing 10 makes: elements read over elements there are."""
    return batchnorm(32, 512, "one sweep").sweeps


@sweeps_of_listing_10.erratum
def sums_side_by_side():
    """Listing 10 gathers both sums in one loop and reads the data {one:.0f} times in all, not {two:.0f}.

    With E[h^2] - mean^2, as listed, mean and variance share a pass. Would hold with the safer variance, the mean of
    squared distances from a mean that is known: {two:.0f} times.
    """
    return {"one": batchnorm(32, 512, "one sweep").sweeps, "two": batchnorm(32, 512, "two sweeps").sweeps}


def batchnorm(B: int, features: int, way: str) -> object:
    """A batch normalization of random numbers, for its counts."""
    z = np.random.default_rng(0).normal(size=(B, features))
    return relu_batchnorm(z, np.ones(features), np.zeros(features), way=way)


@computes(
    "sfu-newton-raphson", "Text §SFU hardware implementation",
    Truth(words="a fixed number of iterations makes latency predictable"), "", f"{LAB}#newton",
)  # fmt: skip
def fixed_steps_double_the_digits():
    """Two steps from a table of 32 entries bring every argument tried, from 1 to 4, within 2^-18 of its root."""
    x = np.linspace(1, 4, 4097)[:-1]
    unit = RootUnit("sqrt", seed_bits=5, iterations=2)
    return bool(np.all(np.abs(unit(x) / np.sqrt(x) - 1) < 2**-18))


@computes(
    "listing-11-sfu-ops",
    "Listing 11 caption",
    Truth(words="single-cycle nonlinear operations"),
    "",
    f"{LAB}#listing-11",
)
def all_in_one_cycle():
    """Whether ReLU, sigmoid, tanh and the reciprocal root, the shortest units there are, each take a single cycle."""
    tables = [cycles(TableUnit(function, bits=6, order=1)) for function in ("sigmoid", "tanh")]
    return {relu_cycles(), *tables, cycles(RootUnit("rsqrt", seed_bits=5, iterations=1))} == {1}


@all_in_one_cycle.erratum
def only_relu_in_one_cycle():
    """Table 4 gives {low} to {high} cycles to a reciprocal root and up to {activation} to a sigmoid; ReLU takes {relu}.

    The listing's root also reads v1, not the ReLU's v2: for a negative number there is no real root. Of (4, -1, 1/4,
    1), that is {negative} of {elements}. Would hold of ReLU, and of a pipelined unit's rate, a result a cycle.
    """
    v1 = np.array([4.0, -1.0, 0.25, 1.0])
    (low, high), activation = TABLE_4["root"], TABLE_4["activation"][1]
    negative = int((v1 < 0).sum())
    return {
        "low": low, "high": high, "activation": activation, "relu": relu_cycles(), "negative": negative,
        "elements": v1.size,
    }  # fmt: skip


TABLE_4 = {"activation": (1, 2), "exponential": (2, 4), "root": (4, 8)}  # cycles, as the chapter prints them


shows(
    "table-4-caption", "Table 4",
    "Latencies by kind of unit; the chapter calls them targets of a design, not those of a product.", f"{LAB}#table-4",
)  # fmt: skip


@computes("table-4-row-activation", "Table 4", Range("1", "2"), "", f"{LAB}#table-4")
def activation_cycles():
    """Cycles of ReLU (a comparison), and of a piecewise linear sigmoid and tanh (look-up, multiply-add)."""
    return [relu_cycles(), *(cycles(TableUnit(function, 6, order=1)) for function in ("sigmoid", "tanh"))]


@computes("table-4-row-statistics", "Table 4", Identity("log2(N) cycles"), "", f"{LAB}#table-4")
def statistics_cycles(sizes=(2, 8, 64, 512)):
    """Levels that a sum goes through in a tree of N inputs, beside log2(N); a narrower tree takes N / width more."""
    return [tree_sum(np.ones(N)).levels for N in sizes], [math.log2(N) for N in sizes]


@computes("table-4-row-exponential", "Table 4", Range("2", "4"), "", f"{LAB}#table-4")
def exponential_cycles():
    """Cycles of exp: a look-up and a line; with the exponent split off first; with a parabola."""
    line, parabola = TableUnit("exp", 6, order=1), TableUnit("exp", 6, order=2)
    return [cycles(line, in_range=True), cycles(line), cycles(parabola)]


@computes("table-4-row-root", "Table 4", Range("4", "8"), "", f"{LAB}#table-4")
def root_cycles():
    """Cycles of rsqrt and sqrt after one step and after two: a look-up, three dependent operations a step."""
    return [cycles(RootUnit(function, 5, n)) for n in (1, 2) for function in ("rsqrt", "sqrt")]


@computes("execution-model-10-vs-90", "Text §SFU hardware implementation", Each("10", "90"), "%", f"{LAB}#mapping")
def occupancy_by_mapping(M=13, N=115, lanes=128):
    """Lanes at work in one and the same (M, 64) @ (64, N), our sizes: lanes along its 13 rows or its 115 columns."""
    return [lanes_at_work(M, 64 * N, lanes), lanes_at_work(N, 64 * M, lanes)]


def lanes_at_work(along: int, others: int, lanes: int) -> float:
    """Occupancy of a machine whose lanes lie along one loop of a product, run once for all the others."""
    machine = Machine(vlen=32 * lanes)
    with machine.times(others):
        for _ in machine.strips(along):
            machine.fma(np.zeros(lanes), np.ones(machine.vl), np.ones(machine.vl))
    return machine.occupancy


shows(
    "selfcheck-2-q1", "Self-Check set 2 Q1",
    "Products go to matrix units, element-wise work to vector units, exponentials and roots to special-function units.",
    f"{LAB}#self-check",
)  # fmt: skip
