"""Self-check items of the section on memory systems."""

from __future__ import annotations

from labcore.catalogue import A100, B200, H100, memory
from labcore.grading.selfcheck import item, letter, near, number
from labcore.interconnect.link import half_bandwidth_size, transfer_time
from labcore.latency import cycles_in
from labcore.models.language import kv_cache_bytes
from labcore.models.pressure import training_bytes


@item("memory-1", wants="a letter from a to d")
def what_the_wall_is(answer: object) -> str:
    """Rates of growth, and not a shortage of room or of multipliers."""
    return letter(
        answer,
        "c",
        {
            "a": "More multipliers wait for the same bytes: the ridge point rises.",
            "b": "Room does not move bytes: twice the capacity at the same bandwidth feeds the units no faster.",
            "d": "Caches are there because of the wall. They move it to the working sets that do not fit.",
        },
    )


@item("memory-2", wants="a number of cycles")
def cycles_of_a_load(answer: object) -> str:
    """The H100's 479 cycles are at its own clock; here 300 ns at 2 GHz."""
    want, got = cycles_in(300e-9, clock=2e9), number(answer)
    if near(got, 300 / 2):
        return "That is the time over the clock in GHz; cycles are time times clock."
    if near(got, want / 1e9):
        return "Nanoseconds and gigahertz cancel: 1e-9 s times 1e9 a second."
    return "" if near(got, want) else "Cycles are a time, in seconds, times a clock, in cycles a second."


@item("memory-3", wants="a number of kB, or of bytes")
def bytes_under_way(answer: object) -> str:
    """Little's law at the A100's bandwidth and 331 ns."""
    L_lat = memory.LATENCY_CYCLES["A100"]["HBM"].value / memory.CLOCK["A100"].value
    want = half_bandwidth_size(A100.BW, L_lat)
    got = number(answer.rstrip(" kKbB") if isinstance(answer, str) else answer)
    if near(got, want / 1e6, 0.05):
        return "In kB, please: those are MB."
    if near(got, A100.BW / L_lat, 0.05):
        return "Divided where it should be multiplied: bytes under way are bandwidth times latency."
    right = near(got, want, 0.05) or near(got, want / 1e3, 0.05)
    return "" if right else "Little's law: bytes under way = bandwidth x latency, in B/s and s."


@item("memory-4", wants="a text of four digits, the fastest first, such as '1234'")
def order_of_tiers(answer: object) -> str:
    """Registers, on-chip SRAM, HBM, host memory over PCIe."""
    given = "".join(c for c in str(answer) if c.isdigit())
    if sorted(given) != list("1234"):
        raise ValueError("not an order of four")
    if given == "4213":
        return ""
    if given == "3124":
        return "That is the slowest first."
    if given.index("3") < given.index("1"):
        return "Host memory lies behind PCIe, whose answer takes about a microsecond; HBM takes a third of one."
    return "The nearer to the arithmetic, the fewer cycles: registers, SRAM on the chip, HBM, then the host."


@item("memory-5", wants="a number of GB")
def cache_of_eight_readers(answer: object) -> str:
    """KV cache of Llama 3 8B: 8 sequences of 8192 tokens in FP16."""
    want = kv_cache_bytes("llama3-8b", batch=8, context=8192) / 1e9
    if near(answer, want / 2):
        return "Keys and values are two vectors a token, layer and head."
    if near(answer, want * 4):
        return "Llama 3 shares each of its 8 key-value heads among 4 query heads; count the 8."
    if near(answer, want / 8):
        return "That is one sequence; there are eight."
    if near(answer, want * 1e9 / 2**30, 0.005):
        return "In GiB that is right; in GB, of 10^9 bytes, it is a little more."
    return "" if near(answer, want) else "2 x layers x key-value heads x width of a head x tokens x sequences x bytes."


@item("memory-6", wants="a number of bytes")
def bytes_a_parameter(answer: object) -> str:
    """Adam in mixed precision, without activations."""
    want = sum(training_bytes(1, "fp16", "adam").values())
    if near(answer, want - 4):
        return "Mixed precision keeps an fp32 copy of the weights beside the two moments."
    if near(answer, 4):
        return "Weights and gradients alone; Adam keeps two moments, and mixed precision fp32 weights."
    return "" if near(answer, want, 0) else "Weights and gradients in 2 bytes; fp32 weights and two moments in 4 each."


@item("memory-7", wants="True or False")
def ridge_always_rises(answer: object) -> str:
    """From the H100 to the B200 it does not."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    rises = B200.ridge("fp16") > H100.ridge("fp16")
    return "" if answer is rises else "Look at the H100, H200 and B200 again: bandwidth caught up."


@item("memory-8", wants="a number of ms")
def one_way_over_a_link(answer: object) -> str:
    """9 GB over the half of 900 GB/s that goes their way."""
    want = 1e3 * transfer_time(9e9, 900e9 / 2)
    if near(answer, want / 2):
        return "900 GB/s add both directions up; your bytes go one way."
    if near(answer, want / 1e3):
        return "In milliseconds, please: those are seconds."
    if near(answer, want / 2e3):
        return "Those are seconds, and 900 GB/s add both directions up; in milliseconds and one way, please."
    return "" if near(answer, want) else "Bytes over the bandwidth of one direction."


@item("memory-9", wants="a letter from a to c")
def faster_link_behind_the_slowest_step(answer: object) -> str:
    """Computing paces the overlapped pipeline before and after."""
    return letter(
        answer,
        "a",
        {
            "b": "That is the time of one step after another, 9 ms to 7; overlapped, the slowest step sets the pace.",
            "c": "Only the copies become faster, and they hide behind the computing already.",
        },
    )
