"""The eras in a table, the anatomy of an accelerator, and what keeps it waiting (lab 02).

>>> from labcore.claims.ledger import claim
>>> claim("selfcheck-1-q5-batch1-utilization", batch=16).computed
10.456410256410257
"""

from __future__ import annotations

import math

from labcore.catalogue import chip, execution
from labcore.catalogue import specialization as past
from labcore.catalogue.specialization import distinct, era, values, years
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, Answer, Each, Number, Range, Words
from labcore.energy import access_energy
from labcore.models.zoo import build
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy, operation_energy
from labcore.roofline import intensity, place_network, utilization
from labcore.scaling import powered_share, times

TABLE, TEXT = "Table 1", "Text §Integration bottleneck"
ERAS, FEED, ANATOMY, SELF_CHECK = (f"02_specialization#{cell}" for cell in ("eras", "balance", "balance", "self-check"))


@computes("table-1-caption", TABLE, Number("5"), "", ERAS)
def rows_of_table_1():
    """Decades with a kind of hardware of their own."""
    return len(distinct("decade"))


def examples(decade: int) -> list[int]:
    """Years of the examples of a decade."""
    return years(era(decade).milestones)


@computes("table-1-row-1980s", TABLE, Words("1980s", least=1980, most=1989), "", ERAS)
def eighties():
    """Years of coprocessors and signal processors: 8087, TMS32010, 486DX."""
    return examples(1980)


@computes("table-1-row-1990s", TABLE, Words("1990s", least=1990, most=1999), "", ERAS)
def nineties():
    """Years of SIMD in CPUs and of the first GPU with lighting."""
    return examples(1990)


@computes("table-1-row-2000s", TABLE, Words("2000s", least=2000, most=2009), "", ERAS)
def noughties():
    """Years of a network processor and of the H.264 standard."""
    return examples(2000)


@computes("table-1-row-2010s", TABLE, Words("2010s", least=2010, most=2019), "", ERAS)
def tens():
    """Years of the first TPU and of the first tensor cores."""
    return examples(2010)


@computes("table-1-row-2020s", TABLE, Words("2020s", least=2020, most=2029), "", ERAS)
def twenties():
    """Years of a smart NIC and of a wafer of AI cores."""
    return examples(2020)


@computes("text-three-nn-properties", TEXT, Each("8", "4", "32", "64"), "", FEED)
def bits_tolerated():
    """Bits of the integers that networks tolerate, and of the floats that they replace."""
    return [int(8 * bytes_per_element(fmt)) for fmt in ("int8", "int4", "fp32", "fp64")]


@computes("footnote-13-tpuv1-unified-buffer", "Footnote 13", Number("24"), "MB", FEED)
def unified_buffer():
    """On-chip buffer for activations of the first TPU."""
    (buffer,) = values([past.UNIFIED_BUFFER])
    return buffer


@unified_buffer.erratum
def mebibytes():
    """The paper prints {mib:.0f} MiB, {bytes:,} B; in MB of a million bytes that is {mb:.1f}. Would hold in MiB."""
    return {"mib": unified_buffer() / 2**20, "bytes": unified_buffer(), "mb": unified_buffer() / 1e6}


@computes("footnote-14-hbm-bandwidth", "Footnote 14", Each("2.0", "3.4"), "TB/s", FEED)
def hbm():
    """DRAM bandwidth of the A100 and the H100."""
    return [chip(name).BW for name in ("A100", "H100")]


@cites("footnote-14-gddr6x-bandwidth", "Footnote 14", Number("760"), "GB/s", FEED)
def gddr6x():
    """Bandwidth of one board with GDDR6X, the RTX 3080."""
    return past.GDDR6X


@computes("footnote-14-hbm-advantage", "Footnote 14", Each("2.7", "4.4"), "x", FEED)
def hbm_over_gddr6x(gddr_bandwidth=760e9):
    """Bandwidth of the A100 and the H100 over that board's."""
    return [times(chip(name).BW, gddr_bandwidth) for name in ("A100", "H100")]


@computes("dram-100x-arithmetic", TEXT, Words("100x", least=100, number=100), "x", FEED)
def operand_over_operation(level="DRAM"):
    """An operand from external memory over one multiplication, fp32, fp16 and int8 at 45 nm."""
    formats = ("fp32", "fp16", "int8")
    return [access_energy(level, bytes_per_element(f)) / operation_energy("multiply", f) for f in formats]


shows(
    "figure-5-accelerator-anatomy", "Figure 5",
    "A host hands work over a link to a chip: a grid of processing elements with matrix, vector and special units, "
    "scratchpads in each, a cache for all, and stacked memory beside it.",
    ANATOMY,
)  # fmt: skip


@cites("text-pe-count", TEXT, Words("dozens to hundreds", least=24, most=HUNDREDS[1]), "", ANATOMY)
def multiprocessors():
    """Multiprocessors of an A100."""
    return execution.SM_A100.count


shows(
    "selfcheck-1-q1", "Self-Check set 1 Q1",
    "Three waves, one pattern: a bottleneck, a unit built for it, and its return into ordinary chips.",
    SELF_CHECK, Answer("A"),
)  # fmt: skip


@computes("selfcheck-1-q2", "Self-Check set 1 Q2", Answer("A"), "", SELF_CHECK)
def some_must_stay_dark(generations=1, headroom=1.0):
    """One generation after voltages stopped falling, a chip's power budget no longer switches all transistors."""
    return powered_share(generations, voltage_falls=False, headroom=headroom) < 1


@computes("selfcheck-1-q3-dram-vs-mac", "Self-Check set 1 Q3", Range("100", "1000"), "x", SELF_CHECK)
def dram_over_macs():
    """An operand from DRAM over its MAC at 45 nm: fp32, fp16 summed in fp32, int8 summed in int32.

    DRAM is the source's 1.3 nJ for 64 bits, so 650 pJ for 32; the chapter's 640 comes from its rounded 20 pJ a bit.
    """
    pairs = (("fp32", "fp32"), ("fp16", "fp32"), ("int8", "int32"))
    return [access_energy("DRAM", bytes_per_element(f)) / mac_energy(f, total) for f, total in pairs]


@computes("selfcheck-1-q4-order", "Self-Check set 1 Q4", Each("2", "3", "1", "4"), "", SELF_CHECK)
def order_of_waves():
    """The four waves by the year of their first example: GPU, TPU, 8087 and tensor cores."""
    firsts = {1: past.TPU, 2: past.I8087, 3: past.GEFORCE_256, 4: past.TENSOR_CORES}
    return [wave for _, wave in sorted(zip(years(firsts.values()), firsts, strict=True))]


@computes("selfcheck-1-q5-batch1-utilization", "Self-Check set 1 Q5", Range("5", "10"), "%", SELF_CHECK)
def utilization_at_batch_1(batch=1, bytes_per_param=2, R_peak=312e12, BW=2.039e12):
    """Largest share of an A100's FP16 peak in decoding: two FLOP for each weight, read once."""
    return float(utilization(R_peak, BW, intensity(2 * batch, bytes_per_param)))


@utilization_at_batch_1.erratum
def out_of_reach():
    """At batch 1 the weights alone hold an A100 to {bound:.2%} of its FP16 peak, whatever the code.

    Llama 3 8B, layer by layer, reaches {model:.2%} at most. The chapter's own Napkin Math 1.9 has 0.7 % as its ceiling.
    Would hold at a batch of {low} to {high}, or held against the A100's FP32 vector peak, of which the same rate is
    {vector:.0%}.
    """
    a100 = chip("A100")
    step = build("llama3-8b", batch=1, precision="fp16", phase="decode", context=512)
    rate = step.flop / sum(place.T for place in place_network(step, a100, "fp16"))
    bound = utilization_at_batch_1()
    low, high = (math.ceil(share / bound) for share in (0.05, 0.10))
    return {
        "bound": bound, "model": rate / a100.peak("fp16"), "low": low, "high": high,
        "vector": utilization_at_batch_1(R_peak=a100.peak("fp32")),
    }  # fmt: skip
