"""On-chip and off-chip memory: what fits, what formats the matrix units take, energy and bandwidth classes (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("example-1-2-one-sixteenth").verdict
'reproduces'
"""

from __future__ import annotations

from labcore.catalogue import A100, H100, V100, memory
from labcore.catalogue.generations import generation
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import A_FEW, HUNDREDS, TENS, Number, Truth, Words, on_the_order_of
from labcore.energy import access_energy
from labcore.models.pressure import score_bytes
from labcore.scaling import times
from labcore.systolic import DATAFLOWS
from labcore.systolic.dataflows import find as dataflow

CHIP = "08_memory_systems#on-chip"
BANDWIDTH = "Text §Memory bandwidth"
LEVELS = ("SRAM 8 KiB", "SRAM 1 MiB", "DRAM")


@computes("flashattention-s-by-s", "Text §On-chip memory", Truth(words="the S x S scores go to HBM unless tiled"), "",
          CHIP)  # fmt: skip
def scores_do_not_fit(S=2048, sram=memory.V100_LEVELS[-1].capacity.value):
    """One head's scores in FP16 are larger than the SRAM of a multiprocessor."""
    return score_bytes(S) > sram


shows("example-1-2-tensor-core-contract", "Example 1.2",
      "A kernel whose formats or sizes the matrix units do not take runs on the vector units and is slow without "
      "an error.", CHIP)  # fmt: skip


@computes("example-1-2-formats", "Example 1.2", Number("3"), "", CHIP)
def tensor_core_formats(name="Ampere"):
    """Formats that the A100's tensor cores take."""
    return len(generation(name).tensor)


@tensor_core_formats.erratum
def more_formats():
    """The A100's tensor cores take {count} formats: {names}; the chapter's own Table 6 lists more than three as well.

    FP32 accumulation is what they do anyway: products of FP16, BF16 and TF32 are summed in FP32 at the full rate. Would
    hold of the floating-point formats of Table 6 below FP64.
    """
    formats = generation("Ampere").tensor
    return {"count": len(formats), "names": ", ".join(formats)}


@computes("example-1-2-one-sixteenth", "Example 1.2", Number("0.0625"), "x", CHIP)
def share_of_the_vector_units(R_tensor=312e12, R_vector=19.5e12):
    """Peak of the A100's vector units in FP32 over that of its tensor cores in FP16: 1/16."""
    return times(R_vector, R_tensor)


@cites("offchip-hbm-streaming", "Text §Off-chip memory", Words("a few", *A_FEW), "TB/s", CHIP)
def hbm_streams():
    """Bandwidth of an accelerator's HBM, the A100's."""
    return A100.bandwidth


@cites("accelerator-bandwidth-class", BANDWIDTH, Words("tens of GB", *TENS), "GB", CHIP)
def hbm_holds():
    """HBM beside a few TB/s: the H100's capacity."""
    return H100.capacity


@computes("onchip-offchip-energy-classes", BANDWIDTH,
          Words("1-10s vs 100s", least=(1, 1, HUNDREDS[0]), most=(TENS[1], TENS[1], HUNDREDS[1])), "pJ",
          CHIP)  # fmt: skip
def energy_classes(word=4):
    """Energy of an access of a word at 45 nm: the smallest and the largest SRAM of the table, and DRAM."""
    return [access_energy(level, word) for level in LEVELS]


@computes("three-stationarity-strategies", BANDWIDTH, Number("3"), "", CHIP)
def stationary_operands():
    """Operands of a matrix product that can stay."""
    return len({dataflow(name).stays for name in DATAFLOWS})


@cites("gpu-bandwidth-class", BANDWIDTH, Words("on the order of 1", *on_the_order_of(1)), "TB/s", CHIP)
def one_terabyte():
    """Bandwidth of a GPU of the middle, the V100's; the high end's is above."""
    return V100.bandwidth


@computes("mobile-soc-bandwidth", BANDWIDTH, Words("a few", *A_FEW), "W", CHIP)
def power_of_mobile_bandwidth(D_vol=100e9):
    """Power of DRAM that delivers the least of hundreds of GB/s for a second, over a DDR interface."""
    return access_energy("DRAM", D_vol)


@power_of_mobile_bandwidth.erratum
def more_than_a_few_watts():
    """At {bit:.1f} pJ a bit, the chapter's 20, 100 GB/s take {ddr:.0f} W for the memory alone; 200 GB/s {twice:.0f} W.

    Would hold, with nothing left to compute with, at what HBM2 takes: {hbm:.1f} W each 100 GB/s.
    """
    return {
        "bit": 1e12 * access_energy("DRAM", 1 / 8), "ddr": power_of_mobile_bandwidth(),
        "twice": power_of_mobile_bandwidth(D_vol=200e9), "hbm": access_energy("HBM2", 100e9, "7 nm"),
    }  # fmt: skip
