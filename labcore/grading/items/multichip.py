"""Self-check items of the section on many chips."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.interconnect.collectives import least_bytes
from labcore.interconnect.failures import cluster_mtbf, young
from labcore.interconnect.parallelism import unscaled_share
from labcore.latency import cycles_in

GAIN, MORE = 6, 128 / 16


@item("multichip-1", wants="an efficiency in per cent")
def efficiency_of_a_step(answer: object) -> str:
    """6 times as fast with 8 times the chips."""
    want, got = 100 * GAIN / MORE, number(answer)
    if near(got, want / 100):
        return "Right as a share; the question asks for per cent."
    if near(got, 100 * MORE / GAIN):
        return "Upside down: more than all of the chips cannot be at work."
    if near(got, 100 - want):
        return "That is what is lost."
    return (
        ""
        if near(got, want)
        else "Share of the ideal: the speed-up, 6, over how many times the chips there are, 128 / 16."
    )


@item("multichip-2", wants="a share in per cent")
def share_that_stays(answer: object) -> str:
    """Karp and Flatt's share of the step before."""
    want, got = 100 * unscaled_share(GAIN, MORE), number(answer)
    if near(got, want / 100):
        return "Right as a share; the question asks for per cent."
    if near(got, 100 * (1 - GAIN / MORE)):
        return "That is what the step on 128 chips loses; the question is about the step on 16."
    if near(got, 100 * (1 / GAIN - 1 / MORE)):
        return "Nearly: what stays is not divided by 8 either, so divide by 1 - 1/8."
    return "" if near(got, want) else "Time after is s + (1 - s) / 8 of that before, and that is 1/6."


@item("multichip-3", wants="MB")
def bytes_of_a_ring(answer: object) -> str:
    """Six chips, 600 MB."""
    want, got = least_bytes(600, 6), number(answer)
    if near(got, want / 2):
        return "That sums; the finished parts have yet to go around."
    if near(got, 1200):
        return "That is the limit for many chips: a chip never sends the part that comes back to it."
    if near(got, 600 * 5):
        return "So much one chip would receive if all sent everything to it."
    return "" if near(got, want) else "A ring sends 2 (p - 1) messages of 1/p of the data: here 10 of 100 MB each."


@item("multichip-4", wants="a letter from a to d")
def why_more_chips_wait(answer: object) -> str:
    """The exchange does not shrink with the work."""
    return letter(
        answer,
        "c",
        {
            "a": "A chip computes as fast joined as alone; it is asked to wait.",
            "b": "Every chip brings its own memory; in all there is more.",
            "d": "The sum is over what all have computed; without computing there is nothing to sum.",
        },
    )


@item("multichip-5", wants="a letter from a to d")
def what_cutting_changes(answer: object) -> str:
    """Links at the cuts leave silicon."""
    return letter(
        answer,
        "b",
        {
            "a": "A wire on silicon ends at the die's edge; beyond it needs a package or a board.",
            "c": "Cutting adds no link between cores.",
            "d": "Whether memories must agree is decided by the program; cutting makes agreement dearer.",
        },
    )


@item("multichip-6", wants="a number of cycles")
def cycles_of_an_access(answer: object) -> str:
    """2 us at 1.5 GHz."""
    want, got = cycles_in(2e-6, 1.5e9), number(answer)
    if near(got, want / 1000) or near(got, want * 1000):
        return "A factor of 1000: a gigahertz has a thousand cycles in a microsecond."
    if near(got, 2 / 1.5 * 1000):
        return "Cycles are time times clock, not over it."
    return "" if near(got, want) else "Time times clock: 1.5 GHz is 1,500 cycles in each microsecond."


@item("multichip-7", wants="failures a day")
def failures_of_many(answer: object) -> str:
    """Once in 40 days at 32 chips."""
    want, got = 1 / cluster_mtbf(40 * 32, 2048), number(answer)
    if near(got, 1 / want):
        return "That is the time between two, in days."
    if near(got, 1 / 40):
        return "That is the rate of 32 chips; each further chip adds its own."
    return "" if near(got, want) else "2,048 / 32 = 64 times as many chips fail 64 times as often as once in 40 days."


@item("multichip-8", wants="minutes")
def young_s_interval(answer: object) -> str:
    """A checkpoint of 2 min, a failure in 400 min."""
    want, got = young(2, 400), number(answer)
    if near(got, want / 2**0.5):
        return "The factor of 2 under the root is missing: on average half an interval is lost."
    if near(got, want**2):
        return "The root is missing."
    return (
        ""
        if near(got, want)
        else "The root of twice the checkpoint's time times the time between failures, 2 x 2 x 400."
    )
