"""Self-check items on the fallacies and pitfalls, and on the summary of the chapter."""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.feasibility.assumptions import ETA_MEMORY
from labcore.grading.selfcheck import item, letter, near
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link
from labcore.interconnect.parallelism import weak_efficiency
from labcore.roofline import attainable, dense_intensity, ridge, utilization

CPU_BANDWIDTH, MEASURED = 200e9, 1.2
LEVERS = {"a": "3", "b": "1", "c": "2"}


@item("fallacies-1", wants="a letter from a to d")
def mistake_of_a_purchase(answer: object) -> str:
    """Which habit buys the wrong chip.

    a) weighing power against price, b) going by the peak alone, c) asking what is sustained on the own workload,
    d) holding the workload's intensity against the ridge point.
    """
    return letter(
        answer,
        "b",
        {
            "a": "Power is paid for every second that the chip runs; weighing it is part of the price.",
            "c": "What is sustained is what is bought. That is the remedy.",
            "d": "That tells whether the peak can be reached at all. It is the remedy.",
        },
    )


@item("fallacies-2", wants="a percentage")
def share_at_batch_1(answer: object) -> str:
    """The share of an A100's FP16 peak, in percent, of a dense layer of 2048 x 2048 at batch 1, by the roofline."""
    I = dense_intensity(1, 2048, 2048)
    want = 100 * utilization(A100.peak("fp16"), A100.BW, I)
    if near(answer, want / 100):
        return "As a fraction that is right; the item asks for percent."
    if near(answer, want / 2) or near(answer, want * 2):
        return "A multiply-accumulate is two FLOP and an FP16 weight two bytes, so each byte is worth one FLOP."
    if near(answer, want * ETA_MEMORY.value) or near(answer, 0.5):  # as the lab prints it
        return "That is by the tool's rule, 70 % of the bandwidth; by the roofline alone all of it counts."
    if near(answer, 100 * I / ridge(A100.peak("fp32"), A100.BW)):
        return "That is of the FP32 peak."
    return "" if near(answer, want) else "Its intensity over the ridge point, 312 / 2.039 FLOP/B."


@item("fallacies-3", wants="a factor")
def speedup_of_eight(answer: object) -> str:
    """The speed-up of eight GPUs that compute 50 ms a step and then sum 1 GB by a ring at 300 GB/s one way."""
    T, n, D = 50e-3, 8, 10**9
    ring, wide = (all_reduce_time(D, n, Link("NVLink", BW)) for BW in (300e9, 600e9))
    want = n * weak_efficiency(T, ring)
    if near(answer, n * weak_efficiency(T, D / 300e9), 0.004):
        return "That charges one transfer; each rank of a ring sends 2 x 7/8 of the gigabyte."
    if near(answer, n * weak_efficiency(T, wide), 0.004):
        return "600 GB/s is both directions together; a rank sends at 300."
    if near(answer, want / n, 0.01):
        return "That is the efficiency of each GPU."
    if near(answer, n, 0.004):
        return "Only where nothing is exchanged."
    return "" if near(answer, want, 0.01) else "Eight times 50 ms over 50 ms and the time of the ring."


@item("fallacies-4", wants="True or False")
def vendor_kernels_always(answer: object) -> str:
    """True or false: once a team has settled on one maker's chips, kernels for them alone are always right."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    return "The next generation, another maker and another price each ask for a port." if answer else ""


@item("fallacies-5", wants="a factor")
def left_to_explain(answer: object) -> str:
    """At 1 FLOP/B an A100 beats a CPU of 1 TFLOP/s and 200 GB/s by 1.2 only: what the roofline leaves to explain."""
    allowed = attainable(A100.peak("fp16"), A100.BW, 1) / attainable(1e12, CPU_BANDWIDTH, 1)
    if near(answer, allowed):
        return "So much the roofline allows; 1.2 were measured. How many times less is that?"
    if near(answer, A100.peak("fp16") / 1e12 / MEASURED):
        return "Both are bound by memory at that intensity: take the bandwidths, not the peaks."
    if near(answer, MEASURED / allowed):
        return "Upside down."
    return "" if near(answer, allowed / MEASURED) else "The ratio of the bandwidths, over what was measured."


@item("summary-1", wants="a letter from a to d")
def lesson_of_the_chapter(answer: object) -> str:
    """What decides throughput.

    a) the advertised peak, b) how well a workload's bytes and FLOP match the chip, c) the chip first and the compiler
    afterwards, d) the precision alone.
    """
    return letter(
        answer,
        "b",
        {
            "a": "The peak bounds every workload alike and so tells them not apart.",
            "c": "A missing fusion moves bytes on the best of chips. The two are chosen together.",
            "d": "Short formats pay where a chip computes or moves them faster; that is a match, too.",
        },
    )


@item("summary-2", wants="a text of three digits")
def lever_for_each_finding(answer: object) -> str:
    """The lever for each of three findings: its digit for a, b and c, as a text.

    a) weights are read once, at 1 FLOP/B, b) the chip idles while PCIe is busy, c) three element-wise kernels run in a
    row. Levers: 1 prefetch, 2 fuse, 3 store fewer bits.
    """
    if not isinstance(answer, str) or sorted(answer) != sorted(LEVERS.values()):
        raise ValueError("no three digits")
    wrong = [finding for finding, given in zip(LEVERS, answer, strict=True) if given != LEVERS[finding]]
    hints = {
        "a": "Nothing is written in between that fusing could save, and the weights are on the chip already.",
        "b": "The kernels wait for the host, so no kernel is too slow.",
        "c": "What goes out and comes back in between the three need not move at all.",
    }
    return hints[wrong[0]] if wrong else ""


@item("summary-3", wants="a factor")
def chip_y_over_x(answer: object) -> str:
    """X has twice Y's peak, Y 1.5 times X's bandwidth; at 1 FLOP/B, the throughput of Y over that of X."""
    if near(answer, 2) or near(answer, 0.5):
        return "That is the ratio of the peaks, and neither chip comes near its peak."
    if near(answer, 1 / 1.5):
        return "Upside down: that is X over Y."
    if near(answer, 0.75) or near(answer, 3):
        return "Only one of the two ceilings binds at 1 FLOP/B."
    return "" if near(answer, 1.5) else "Which ceiling binds far below the ridge point, and by how much do they differ?"


@item("summary-4", wants="a number of FLOP/B")
def where_x_overtakes(answer: object) -> str:
    """The intensity from which X, 624 TFLOP/s and 2.039 TB/s, is the faster one; Y has 312 and 3.0585."""
    BW = A100.BW
    R_y = A100.peak("fp16")
    if near(answer, ridge(2 * R_y, BW)):
        return "There X reaches its own peak; it is ahead before."
    if near(answer, ridge(R_y, 1.5 * BW)):
        return "There Y reaches its peak; X is still below it."
    return (
        "" if near(answer, ridge(R_y, BW)) else "From Y's ridge point on Y stays level. Where does X reach that level?"
    )
