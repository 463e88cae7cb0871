"""The roofline model: its origin, Equations 2 and 3, Definition 1.5.

>>> from labcore.claims.ledger import claim
>>> claim("def-1-5-gemm-1024-intensity", n=2048).computed
682.6666666666666
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Identity, Number, Truth, Words
from labcore.ironlaw import iron_law
from labcore.ops import elementwise, matmul
from labcore.roofline import attainable, bound, intensity, least_time, ridge

WILLIAMS_2009 = Source(
    "Williams, Waterman and Patterson",
    "Roofline: An Insightful Visual Performance Model for Multicore Architectures, CACM 52(4), 65-76",
    2009,
    "https://doi.org/10.1145/1498765.1498785",
)

shows(
    "fig-margin-roofline-elbow", "Figure (margin, unnumbered: roofline elbow)",
    "A slope, a short ceiling, a dashed ridge, and one workload low on the slope", "09_roofline#two-ceilings",
)  # fmt: skip
shows(
    "margin-fig-roofline-elbow", "Margin figure (unnumbered), §Roofline Model",
    "Low arithmetic intensity keeps the workload in the memory-bound region", "09_roofline#two-ceilings",
)  # fmt: skip


@cites("fn33-roofline-origin", "Text §Roofline Model footnote 33", Number("2009"), "year", "09_roofline#two-ceilings")
def roofline_year():
    """The roofline model is by Williams, Waterman and Patterson, 2009."""
    return Fact(2009, "year", WILLIAMS_2009, "printed in April")


@computes("footnote-33-utilization-gap", "Footnote 33", Number("2"), "x", "09_roofline#two-ceilings")
def compute_bound_gap(fraction=0.5):
    """A compute-bound kernel at half of the flat ceiling could be twice as fast."""
    T_now, T_best = (iron_law(flop=1, D_vol=0, R_peak=312e12, BW=2.04e12, eta=eta) for eta in (fraction, 1.0))
    return T_now / T_best


@computes("fn33-half-ceiling-2x-gap", "Text §Roofline Model footnote 33", Number("2"), "x", "09_roofline#two-ceilings")
def memory_bound_gap(fraction=0.5):
    """A memory-bound kernel at half of the bandwidth line could be twice as fast."""
    T_now, T_best = (least_time(flop=1, D_vol=1, R_peak=312e12, BW=share * 2.04e12) for share in (fraction, 1.0))
    return T_now / T_best


@computes("eq-2-roofline", "Equation 2", Identity("R_attain = BW * I at I = 1"), "TFLOP/s", "09_roofline#two-ceilings")
def attainable_at_one(R_peak=312e12, BW=2.04e12, I=1):
    """At I = 1, min(R_peak, BW * I) is the work done in the least time: BW * I."""
    return attainable(R_peak, BW, I), I / least_time(flop=I, D_vol=1, R_peak=R_peak, BW=BW)


@computes(
    "eq-2-roofline-attainable", "Equation 2", Identity("R_attain = min(R_peak, BW * I)"), "FLOP/s",
    "09_roofline#two-ceilings",
)  # fmt: skip
def attainable_both_sides(R_peak=312e12, BW=2.04e12, I_low=31, I_high=762.2):
    """min(R_peak, BW * I) is work over least time, on the slope and on the flat."""
    intensities = I_low, I_high
    ceilings = [attainable(R_peak, BW, I) for I in intensities]
    rates = [I / least_time(flop=I, D_vol=1, R_peak=R_peak, BW=BW) for I in intensities]
    return ceilings, rates


shows(
    "def-1-5-arithmetic-intensity", "Definition 1.5",
    "Arithmetic intensity is FLOP over bytes moved; on a given chip it decides which ceiling binds",
    "09_roofline#two-ceilings",
)  # fmt: skip


@computes("def-1-5-a100-ridge", "Definition 1.5", Number("153"), "FLOP/B", "09_roofline#two-ceilings")
def a100_ridge(R_peak=312e12, BW=2.04e12):
    """Ridge point of the A100 at FP16 or BF16, R_peak / BW."""
    return ridge(R_peak, BW)


@computes(
    "def-1-5-matmul-100-200-straddle", "Definition 1.5", Truth(words="100 to 200 FLOP/B straddle the ridge"), "",
    "09_roofline#two-ceilings",
)  # fmt: skip
def matmuls_straddle_ridge(lo=100, hi=200, R_peak=312e12, BW=2.04e12):
    """Matmuls of 100 to 200 FLOP/B lie on both sides of the A100's ridge."""
    I_ridge = ridge(R_peak, BW)
    return bound(lo, I_ridge) == "memory" and bound(hi, I_ridge) == "compute"


@computes("def-1-5-gemm-1024-intensity", "Definition 1.5", Number("341.3"), "FLOP/B", "09_roofline#two-ceilings")
def gemm_intensity(n=1024, bytes_per=2):
    """A 1024 x 1024 matmul at FP16 that moves each matrix once: 2 n^3 / (3 n^2 * 2 B) = n / 3."""
    return matmul(n, n, n, bytes_per_element=bytes_per).I


@computes(
    "def-1-5-gemm-1024-a100-compute-bound", "Definition 1.5", Truth(words="compute bound"), "",
    "09_roofline#two-ceilings",
)  # fmt: skip
def gemm_compute_bound_on_a100(n=1024, R_peak=312e12, BW=2.04e12):
    """That matmul is compute-bound on the A100."""
    return bound(matmul(n, n, n).I, ridge(R_peak, BW)) == "compute"


@computes("def-1-5-relu-intensity", "Definition 1.5", Number("0.125"), "FLOP/B", "09_roofline#two-ceilings")
def relu_intensity(ops=1, bytes_rw=8):
    """A ReLU: 1 FLOP for 8 bytes, one read and one write of an FP32 number (FP16 has 4 bytes and 0.25)."""
    return elementwise(1, flop_per_element=ops, bytes_per_element=bytes_rw / 2).I


@computes(
    "def-1-5-naive-vs-tiled-gap", "Definition 1.5", Words("orders of magnitude", least=100), "x",
    "09_roofline#two-ceilings",
)  # fmt: skip
def tiled_over_naive(n=1024, bytes_per=2):
    """A tiled matmul over one that reloads a row and a column for each output element: (n / 3) / 0.5."""
    tiled, one_output = matmul(n, n, n, bytes_per), matmul(1, n, 1, bytes_per)
    return tiled.I / one_output.I


@computes("eq-3-intensity", "Equation 3", Identity("I = O / D_vol"), "FLOP/B", "09_roofline#two-ceilings")
def intensity_is_work_over_traffic(O=268435456, D_vol=8650752, M=32, K=2048, N=2048):
    """O / D_vol of the dense layer's totals is the intensity of its shape, 1 / (1/M + 1/K + 1/N) at 2 B an element."""
    return [intensity(O, D_vol)] * 2, [matmul(M, K, N).I, 1 / (1 / M + 1 / K + 1 / N)]


shows(
    "roofline-axes-and-regions", "Text §Roofline Model",
    "FLOP/B across, TFLOP/s up: rising below the ridge point, flat above it", "09_roofline#two-ceilings",
)  # fmt: skip
