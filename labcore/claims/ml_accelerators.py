"""What makes an accelerator one for ML: the TPU's story, its balance, and the energy of moving data (lab 02).

>>> from labcore.claims.ledger import claim
>>> round(claim("def-1-3-bandwidth-ratio", cpu_bandwidth=400e9).computed, 9)
5.1
"""

from __future__ import annotations

from labcore.catalogue import chip, demand
from labcore.catalogue import specialization as past
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Each, Number, Truth, Words, on_the_order_of
from labcore.cost import DAY, machine_time
from labcore.energy import access_energy
from labcore.ops import matmul
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy, operation_energy
from labcore.scaling import times

STORY, DEFINITION = "War Story 1.1", "Definition 1.3"
MARGIN, TEXT = "Figure (margin, unnumbered: energy ladder)", "Text §ML hardware specialization"
WAR_STORY, BALANCE, ENERGY, CONTEXTS = (
    f"02_specialization#{cell}" for cell in ("war-story", "balance", "energy", "balance")
)
WORD = 4  # bytes of an fp32 number
WEEK = 7 * DAY

shows(
    "war-story-1-1-tpu-capacity-cliff", STORY,
    "Google builds a chip of its own when one service, speech, is about to need as many machines as all others.",
    WAR_STORY,
)  # fmt: skip


@cites("war-story-1-1-first-considered", STORY, Number("2006"), "year", WAR_STORY)
def first_considered():
    """Year in which a chip for neural networks was first considered."""
    return past.CONSIDERED


@cites("war-story-1-1-projection-doubling", STORY, Number("2"), "x", WAR_STORY)
def projection():
    """Data-centre compute if everybody spoke to the service for three minutes a day, over that without."""
    return past.PROJECTION


@cites("war-story-1-1-fifteen-months", STORY, Number("15"), "", WAR_STORY)
def months_to_deploy():
    """Months from the decision to chips at work."""
    return past.MONTHS


shows(
    "def-1-3-ml-accelerator", DEFINITION,
    "A processor that spends its die on arithmetic for dense, regular products and on feeding it, not on control.",
    BALANCE,
)  # fmt: skip


@computes("def-1-3-bandwidth-ratio", DEFINITION, Number("10"), "x", BALANCE)
def bandwidth_gap(BW=2.04e12, cpu_bandwidth=200e9):
    """Memory bandwidth of an A100 over that of a server CPU of 200 GB/s."""
    return times(BW, cpu_bandwidth)


@cites("def-1-3-a100-throughput", DEFINITION, Number("312"), "TFLOP/s", BALANCE)
def a100_peak():
    """FP16 peak of an A100, dense."""
    return chip("A100").peaks["fp16"]


@computes(
    "fig-margin-energy-ladder", MARGIN, Truth(words="memory bars exceed the MAC's by orders of magnitude"), "", ENERGY
)
def memory_dwarfs_arithmetic(levels=("SRAM 8 KiB", "DRAM"), orders=2):
    """A 32-bit access to each of the drawn memories costs a hundred times an fp32 multiplication, or more."""
    return all(access_energy(level, WORD) >= 10**orders * operation_energy("multiply", "fp32") for level in levels)


@memory_dwarfs_arithmetic.erratum
def sram_does_not():
    """Only DRAM does: an 8 KiB SRAM costs {sram:.1f} pJ for 32 bits, the multiplication {multiply:.1f}: {ratio:.2f}x.

    The margin's own SRAM bar, at 0.5 pJ, is the shortest of the three and ends below the arithmetic. Would hold of DRAM
    alone, as the caption beneath the margin says.
    """
    sram, multiply = access_energy("SRAM 8 KiB", WORD), operation_energy("multiply", "fp32")
    return {"sram": sram * 1e12, "multiply": multiply * 1e12, "ratio": sram / multiply}


@computes("margin-energy-dram-640pj", MARGIN, Number("640"), "pJ", ENERGY)
def dram_word(D_vol=WORD):
    """One 32-bit number from DRAM at 45 nm, at the least."""
    return access_energy("DRAM", D_vol)


@dram_word.rounding
def dram_by_the_bit():
    """The source prints 1.3 nJ for 64 bits, 20 pJ a bit; 32 such bits are {value:.0f} pJ."""
    return round(access_energy("DRAM", 1 / 8), 12) * 8 * WORD


@computes("margin-energy-mac-3-7pj", MARGIN, Number("3.7"), "pJ", ENERGY)
def mac_of_the_margin(multiply="fp32", accumulate="fp32"):
    """One fp32 multiply-accumulate at 45 nm."""
    return mac_energy(multiply, accumulate)


@mac_of_the_margin.erratum
def only_the_multiplication():
    """With the addition's {add:.1f} pJ a MAC costs {mac:.1f} pJ.

    Would hold of the multiplication alone, {multiply:.1f} pJ.
    """
    parts = {name: operation_energy(name, "fp32") * 1e12 for name in ("multiply", "add")}
    return parts | {"mac": mac_of_the_margin() * 1e12}


@computes("margin-energy-sram-0-5pj", MARGIN, Number("0.5"), "pJ", ENERGY)
def sram_word(D_vol=WORD):
    """One 32-bit number from an SRAM of 8 KiB at 45 nm, the smallest in the source."""
    return access_energy("SRAM 8 KiB", D_vol)


@sram_word.erratum
def ten_times_too_small():
    """The source has 10 pJ for 64 bits, so {word:.0f} pJ for 32; Figure 9 prints 5 pJ too, and 128 = 640 / {word:.0f}.

    With 0.5 pJ that ratio would be {ratio:.0f}.
    """
    return {"word": sram_word() * 1e12, "ratio": round(dram_by_the_bit() / 0.5e-12)}


@computes("margin-dram-100x-mac", MARGIN, Words("~100x", *on_the_order_of(100), number=100), "x", ENERGY)
def dram_over_mac(fmt="fp32"):
    """A number from DRAM over one MAC in the same format at 45 nm; "~" is read as "on the order of"."""
    return access_energy("DRAM", bytes_per_element(fmt)) / mac_energy(fmt)


@computes("cpu-utilization-100-gflops", TEXT, Each("100", "100"), "GFLOP/s", BALANCE)
def cpu_throughput(eta_low=0.05, eta_high=0.1, cpu_peak_high=2e12, cpu_peak_low=1e12):
    """What CPUs of 2 and of 1 TFLOP/s deliver at 5 and at 10 %: the peaks that the page's two numbers imply."""
    return [1 / machine_time(1, 1, peak, eta) for peak, eta in ((cpu_peak_high, eta_low), (cpu_peak_low, eta_high))]


@computes("cpu-cache-working-set", TEXT, Words("gigabytes", least=1), "GB", BALANCE)
def layer_weights(d=12288, bytes_per_param=2):
    """Weights of one transformer layer of GPT-3's width: 12 d x d of them."""
    return matmul(1, d, 12 * d, bytes_per_param).reads["B"]


@computes("dram-two-orders-over-mac", TEXT, Number("2"), "log10(x)", ENERGY)
def orders_over_mac(fmt="fp32"):
    """Orders of magnitude between a number from DRAM and its MAC."""
    return dram_over_mac(fmt=fmt)


shows(
    "footnote-12-latency-vs-throughput", "Footnote 12",
    "Training collects large batches to fill the arithmetic; inference answers one request soon. A chip tuned for the "
    "one makes the other wait.",
    CONTEXTS,
)  # fmt: skip


@computes("text-training-inference-precisions", TEXT, Each("32", "16", "8", "4"), "", CONTEXTS)
def bits_of_formats():
    """Bits of a number in training (FP32, FP16) and in inference (INT8, INT4)."""
    return [int(8 * bytes_per_element(fmt)) for fmt in ("fp32", "fp16", "int8", "int4")]


@computes("text-datacenter-vs-edge-constraint", TEXT, Words("weeks to days", least=2, most=13), "", CONTEXTS)
def weeks_to_days(count=1024, eta=0.4, R_old=312e12, R_new=989e12):
    """GPT-3's training on 1,024 GPUs at 40 % of their FP16 peak: weeks on the A100, then days on the H100.

    The page names no number of GPUs. Days end where two weeks begin, so 2 to 13 are days, and 2 to 13 weeks weeks.
    """
    flop = demand.TRAINING["GPT-3"][1].value
    return [machine_time(flop, count, R_old, eta) / WEEK, machine_time(flop, count, R_new, eta) / DAY]


shows(
    "checkpoint-1-2-accelerator-gate", "Checkpoint 1.2",
    "Asks what a byte costs against an operation, and which work to give to which chip.",
    CONTEXTS,
)  # fmt: skip
