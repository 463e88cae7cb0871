"""Fallacies and pitfalls, the first four: specialization, bandwidth, many chips, peaks (lab 20).

>>> from labcore.claims.ledger import claim
>>> claim("fallacy3-allreduce-underestimate").verdict
'erratum'
"""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.catalogue.arrays import DRAM_WORD
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Each, Identity, Number, Range, Words
from labcore.cost import achieved_rate
from labcore.energy import access_energy
from labcore.interconnect.collectives import all_reduce_time, least_bytes
from labcore.interconnect.link import Link, transfer_time
from labcore.interconnect.parallelism import strong_speedup, weak_efficiency, weak_scaling
from labcore.models.zoo import build
from labcore.roofline import attainable, place_network, ridge, utilization
from labcore.scaling import times

LAB = "20_can_you_run_it"
FIRST, SECOND, THIRD, FOURTH = (f"{LAB}#{cell}" for cell in ("fallacy-1", "pitfall-2", "fallacy-3", "pitfall-4"))
WORD = 4  # bytes of an fp32 number
SRAM = 0.5e-12  # J, as the page has it

shows(
    "fallacies-intro-10-30pct", "Text §Fallacies and Pitfalls",
    "Names no model, chip or batch. Of the section's own cases on accelerators none lies here: its training runs reach "
    "more of their peak, its recommenders, its kernels and its dense layer at batch 1 less.",
    f"{LAB}#intro", Range("10", "30"), "%",
)  # fmt: skip


@computes("fallacy1-ridge-153", "Fallacy 1", Number("153"), "FLOP/B", FIRST)
def ridge_restated(R_peak=312e12, BW=2.039e12):
    """The A100's ridge point once more, from which a kernel can be compute-bound."""
    return ridge(R_peak, BW)


@computes("fallacy1-softmax-tflops", "Fallacy 1", Each("4.1", "10.2"), "TFLOP/s", FIRST)
def softmax_rates(lo=2, hi=5, R_peak=312e12, BW=2.039e12):
    """What an A100 attains at the two ends of the intensities given for a softmax."""
    return [attainable(R_peak, BW, I) for I in (lo, hi)]


@computes("fallacy1-softmax-utilization", "Fallacy 1", Each("3.3", "3.3"), "%", FIRST)
def softmax_shares(lo=2, hi=5, R_peak=312e12, BW=2.039e12):
    """The shares of the A100's peak that those two rates are."""
    return [utilization(R_peak, BW, I) for I in (lo, hi)]


@softmax_shares.erratum
def a_range_has_two_shares():
    """4.1 and 10.2 of 312 TFLOP/s are {low:.1f} and {high:.1f} %: the one share printed is the upper end alone.

    At the 0.75 FLOP/B that Napkin Math 1.4 works out for a softmax it is {own:.1f} %. Would hold of the upper end
    alone.
    """
    low, high = softmax_shares()
    return {"low": 100 * low, "high": 100 * high, "own": 100 * utilization(312e12, 2.039e12, 0.75)}


@computes("fallacy1-cpu-fraction", "Fallacy 1", Each("10", "50"), "%", FIRST)
def shares_of_a_cpu(lo=2, hi=5, r_lo=10, r_hi=20):
    """The shares of a CPU's peak at those intensities: least at the higher ridge point, most at the lower one."""
    return [utilization(r_hi, 1, lo), utilization(r_lo, 1, hi)]


@computes("pitfall2-dram-sram-energy", "Pitfall 2", Words("orders of magnitude", least=100), "x", SECOND)
def dram_over_sram(dram=DRAM_WORD.value, sram=SRAM, D_vol=WORD):
    """A word from DRAM over one from SRAM: by the page's two energies, and by those of their source."""
    return [times(dram, sram), times(access_energy("DRAM", D_vol), access_energy("SRAM 8 KiB", D_vol))]


@computes("pitfall2-sram-energy", "Pitfall 2", Number("0.5"), "pJ", SECOND)
def sram_word(D_vol=WORD):
    """One 32-bit access to the smallest on-chip SRAM of the source, which the pitfall quotes from Section 1.4.1."""
    return access_energy("SRAM 8 KiB", D_vol)


@sram_word.erratum
def figure_9_has_five():
    """Section 1.4.1 itself has a ratio of 128 to DRAM in Figure 9, which is 640 over {word:.0f} pJ.

    With 0.5 pJ it would be {ratio:.0f}. Either ratio is orders of magnitude, so the pitfall stands.
    """
    return {"word": 1e12 * sram_word(), "ratio": times(DRAM_WORD.value, SRAM)}


@computes("pitfall2-ridge-150", "Pitfall 2", Number("150"), "FLOP/B", SECOND)
def ridge_of_the_advertised(R_peak=300e12, BW=2e12):
    """Ridge point of the accelerator that is advertised with 300 TFLOP/s."""
    return ridge(R_peak, BW)


@computes("pitfall2-layernorm-3tflops", "Pitfall 2", Number("3"), "TFLOP/s", SECOND)
def layernorm_rate(I=1.5, R_peak=300e12, BW=2e12):
    """What LayerNorm attains on it, at the intensity of Napkin Math 1.7."""
    return attainable(R_peak, BW, I)


@computes("pitfall2-layernorm-1pct", "Pitfall 2", Number("1"), "%", SECOND)
def layernorm_share(I=1.5, R_peak=300e12, BW=2e12):
    """LayerNorm's share of the peak that is advertised."""
    return utilization(R_peak, BW, I)


@computes("fallacy3-eight-gpus", "Fallacy 3", Number("8"), "x", THIRD)
def expected_speedup(n=8):
    """The speed-up that teams expect: the one of chips that exchange nothing."""
    return strong_speedup(T_one=1, p=n, T_exposed=0)


@computes("fallacy3-nvlink-sync-time", "Fallacy 3", Number("3.33"), "ms", THIRD)
def one_transfer(D=1e9, both_ways=600e9):
    """A gigabyte once across one direction of NVLink, half of what both carry; an all-reduce takes more."""
    return transfer_time(D, both_ways / 2)


@computes("fallacy3-step-share", "Fallacy 3", Number("6.7"), "%", THIRD)
def share_of_the_computing(T_exchange=1 / 300, T_compute=50e-3):
    """The 3.33 ms over the 50 ms that a step takes without them."""
    return times(T_exchange, T_compute)


@computes("fallacy3-speedup-7-5", "Fallacy 3", Number("7.5"), "x", THIRD)
def speedup_of_the_page(n=8, T_compute=50e-3, T_exchange=1 / 300):
    """Work that eight GPUs do in a step of both times, over what one does in 50 ms."""
    return n * weak_efficiency(T_compute, T_exchange)


@computes("fallacy3-efficiency-93-8", "Fallacy 3", Number("93.8"), "%", THIRD)
def efficiency_of_the_page(T_compute=50e-3, T_exchange=1 / 300):
    """The share of the lengthened step that computes."""
    return weak_efficiency(T_compute, T_exchange)


@computes("fallacy3-share-vs-efficiency", "Fallacy 3", Each("6.7", "93.8"), "%", THIRD)
def two_shares_of_one_step(T_exchange=1 / 300, T_compute=50e-3):
    """The share of one and the same step that exchanges and the share that computes, which add up to the whole."""
    return [weak_efficiency(T_exchange, T_compute), weak_efficiency(T_compute, T_exchange)]


@two_shares_of_one_step.erratum
def shares_of_two_steps():
    """Of one step the two shares add up to 100 %, and 6.7 and 93.8 do not. 6.7 % is of 50 ms.

    Without overlap the step takes {step:.1f} ms, {exchange:.2f} % of it exchange and {compute:.2f} % computing. If 50
    ms are the whole step, {rest:.1f} % compute and the speed-up is {speedup:.2f}x. Would hold of two wholes: 6.7 % of
    the computing, 93.8 % of the step.
    """
    exchange, compute = two_shares_of_one_step()
    rest = weak_efficiency(50e-3 - one_transfer(), one_transfer())
    return {
        "step": 1e3 * (50e-3 + one_transfer()), "exchange": 100 * exchange, "compute": 100 * compute,
        "rest": 100 * rest, "speedup": 8 * rest,
    }  # fmt: skip


@computes("fallacy3-allreduce-underestimate", "Fallacy 3", Number("7.5"), "x", THIRD)
def speedup_with_a_ring(n=8, D=10**9, one_way=300e9, T_compute=50e-3):
    """Speed-up of eight GPUs when each step's gradients are summed by a ring all-reduce."""
    return n * weak_scaling(T_compute, D, [n], Link("NVLink", one_way))[0]


@speedup_with_a_ring.erratum
def an_all_reduce_is_no_transfer():
    """The page charges a single transfer, {once:.2f} ms. An all-reduce is two passes over the data.

    Each of eight ranks sends at least 2 x 7/8 of a gigabyte, {sent:.2f} GB, in {ring:.2f} ms: {gain:.2f}x at
    {efficiency:.1f} % efficiency. Would hold at {needed:.0f} GB/s one way, or with switches that add up on the way.
    """
    sent, once = least_bytes(10**9, 8), one_transfer()
    ring = all_reduce_time(10**9, 8, Link("NVLink", 300e9))
    return {
        "once": 1e3 * once, "sent": sent / 1e9, "ring": 1e3 * ring, "gain": speedup_with_a_ring(),
        "efficiency": 100 * weak_efficiency(50e-3, ring), "needed": sent / once / 1e9,
    }  # fmt: skip


@computes("pitfall4-training-tflops-util", "Pitfall 4", Each("40", "60"), "%", FOURTH)
def training_shares(lo=120e12, hi=180e12, R_peak=312e12):
    """The shares of the A100's peak that 120 and 180 TFLOP/s are."""
    return [times(sustained, R_peak) for sustained in (lo, hi)]


@training_shares.rounding
def in_one_digit():
    """120 and 180 of 312 TFLOP/s are 38.5 and 57.7 %, which in one digit are {value[0]:.0f} and {value[1]:.0f}.

    The next sentence divides by the same 312 to tenths.
    """
    return [float(f"{share:.1g}") for share in training_shares()]


@computes("pitfall4-recsys-util", "Pitfall 4", Each("3.2", "9.6"), "%", FOURTH)
def recommender_shares(lo=10e12, hi=30e12, R_peak=312e12):
    """The shares of the A100's peak that a recommender's 10 and 30 TFLOP/s are."""
    return [times(sustained, R_peak) for sustained in (lo, hi)]


@computes("pitfall4-peak-times-utilization", "Pitfall 4", Identity("peak x utilization"), "TFLOP/s", FOURTH)
def rate_two_ways(model="gpt2", batch=8):
    """A network's FLOP over its roofline time, and the peak times the layers' utilization, weighted by their time."""
    network, peak = build(model, batch), A100.peak("fp16")
    placed = place_network(network, A100, "fp16")
    busy = sum(one.T * one.R_attain / peak for one in placed)
    return achieved_rate(network, A100, "fp16"), peak * busy / sum(one.T for one in placed)
