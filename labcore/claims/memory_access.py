"""How ML workloads use memory: memory time against compute time, access patterns (lab 08).

>>> from labcore.claims.ledger import claim
>>> round(claim("footnote-28-sparsity-90-percent").computed, 1)
94.7
"""

from __future__ import annotations

from labcore.catalogue import A100, memory
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.memory_wall import BANDWIDTH_B200
from labcore.claims.printed import Identity, Number, Truth, Words
from labcore.interconnect.link import transfer_time
from labcore.models.zoo import build
from labcore.roofline import attainable, bound, intensity, ridge
from labcore.scaling import times
from labcore.simt.memory import SECTOR
from labcore.sparsity.cost import break_even

LAB = "08_memory_systems"
BOUND, PATTERNS = f"{LAB}#memory-or-compute", f"{LAB}#access-patterns"
TEXT = "Text §Memory access patterns"


@computes("model-parameters-billions", TEXT,
          Words("millions to billions", least=1e6, most=999e9, spread=True, number=(10**6, 10**9)), "",
          BOUND)  # fmt: skip
def parameters():
    """Parameters of MobileNetV2 and of Llama 3 8B."""
    return [build(name).params for name in ("mobilenetv2", "llama3-8b")]


@computes("eq-t-mem", "Equation (unnumbered, memory time)", Identity("T_mem = D_vol / BW"), "s", BOUND)
def memory_time(D_vol=14e9, flop=14e9, R_peak=312e12, BW=A100.BW):
    """Bytes over bandwidth, beside the time of memory-bound work: its FLOP over what the roofline attains."""
    return D_vol / BW, flop / attainable(R_peak, BW, intensity(flop, D_vol))


@computes(
    "eq-t-compute", "Equation (unnumbered, compute time)", Identity("T_compute = O / (R_peak eta_hw)"), "s", BOUND
)
def compute_time(flop=14e9, R_peak=312e12, eta=1.0, BW=A100.BW):
    """FLOP over the reached part of the peak, beside FLOP over what a roof at that height attains."""
    return flop / (R_peak * eta), flop / attainable(eta * R_peak, BW, 1e9)


@computes("memory-bound-criterion", TEXT, Truth(words="memory bound when T_mem > T_compute"), "", BOUND)
def longer_in_memory(D_vol=14e9, flop=14e9, R_peak=312e12, BW=A100.BW):
    """The larger of two times says what the ridge point says: here memory binds."""
    slow = transfer_time(D_vol, BW) > flop / R_peak
    return slow and bound(intensity(flop, D_vol), ridge(R_peak, BW)) == "memory"


@cites("figure-12-alexnet-params", "Figure 12", Words("60 million", least=59.5e6, most=60.5e6, number=60_000_000), "",
       BOUND)  # fmt: skip
def alexnet():
    """Parameters of AlexNet."""
    return memory.PARAMETERS["AlexNet"]


@computes("figure-12-model-size-vs-bandwidth", "Figure 12", Words("params outpace bandwidth", least=1), "x", BOUND)
def parameters_outpace(
    params_2012=memory.PARAMETERS["AlexNet"].value, params_2024=memory.PARAMETERS["Llama 3.1"].value,
    bandwidth_2012=192.4e9, bandwidth_2024=BANDWIDTH_B200,
):  # fmt: skip
    """Growth of the parameters, AlexNet to Llama 3.1 405B, over that of the bandwidth, its GTX 580 to a B200."""
    return times(times(params_2024, params_2012), times(bandwidth_2024, bandwidth_2012))


shows("table-9-caption", "Table 9", "Seven traits in which dense numerical code and neural networks use memory apart.",
      PATTERNS, Number("7"))  # fmt: skip
shows("table-9-row-access-pattern", "Table 9",
      "A loop over rows touches neighbours in turn; a lookup in an embedding table touches rows as the data ask.",
      PATTERNS)  # fmt: skip
shows("table-9-row-cache-locality", "Table 9",
      "A working set beyond the cache finds little of itself there: weights that are read once a pass are always new.",
      PATTERNS)  # fmt: skip
shows("table-9-row-data-reuse", "Table 9",
      "A tiled product reuses by design; a layer's reuse depends on what it is: a convolution's is high, a lookup's 1.",
      PATTERNS)  # fmt: skip
shows("table-9-row-dependencies", "Table 9",
      "Where the next address follows from the loop it can be fetched ahead; where the data decide, it cannot.",
      PATTERNS)  # fmt: skip
shows("table-9-row-example", "Table 9",
      "Matrix factorisation stands for one side and a transformer for the other, though both spend their time in GEMM.",
      PATTERNS)  # fmt: skip
shows("table-9-row-bottleneck", "Table 9",
      "One side waits for single answers of the DRAM, the other for its bytes a second.", PATTERNS)  # fmt: skip
shows("table-9-row-energy", "Table 9",
      "Where operands are used often the operations cost most; where each is used once its journey does.",
      PATTERNS)  # fmt: skip


@computes("footnote-28-sparsity-90-percent", "Footnote 28", Words("over 90", least=90), "%", PATTERNS)
def sparse_reads_more(value_bytes=2, index_bytes=4, sector=SECTOR):
    """Weights removed up to which a CSR matrix in FP16 reads more than the dense one.

    For each weight it kept it gathers a whole sector of x, and finds nothing of it in a cache: the worst case.
    """
    return 1 - break_even(value_bytes, index_bytes + sector)["CSR"]
