"""Self-check items of the section on runtime support."""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.catalogue.runtimes import A100_PCIE_POWER
from labcore.grading.selfcheck import item, letter, near, number
from labcore.interconnect.schedule import Exchange
from labcore.runtime.memory import Pool
from labcore.runtime.requests import padding_waste, powers_of_two
from labcore.runtime.streams import by_chunk, pipelined, simulate
from labcore.runtime.tenants import Tenant, sliced
from labcore.runtime.thermal import clock_under


@item("runtime-1", wants="a letter from a to d")
def what_only_a_runtime_knows(answer: object) -> str:
    """Who else is on the chip."""
    return letter(
        answer,
        "c",
        {
            "a": "The weights are part of the graph; a compiler may even fold them.",
            "b": "A compiler is told its target; what it does not know is in what state the target will be.",
            "d": "The operators and their order are the graph itself.",
        },
    )


@item("runtime-2", wants="a percentage")
def padding_in_buckets(answer: object) -> str:
    """Prompts of 64, 100, 900 and 4000 tokens in buckets that double."""
    prompts, got = [64, 100, 900, 4000], number(answer)
    want, static = (100 * padding_waste(prompts, buckets) for buckets in (powers_of_two(64, 8192), [8192]))
    if near(got, static):
        return "That is one shape for all; here each prompt goes to the smallest bucket that holds it."
    if near(got, 100 - want, 0.005):
        return "So much is prompt; the question is the rest."
    if near(got, want / 100, 0.01):
        return "In per cent."
    asked, padded = sum(prompts), sum(prompts) / (1 - want / 100)
    if near(got, 100 * (padded / asked - 1), 0.01):
        return "That is padding over prompt; the question is its share of what the device works on."
    return "" if near(got, want, 0.01) else "Buckets of 64, 128, 1024 and 4096 take them."


@item("runtime-3", wants="a time in ms")
def batches_that_overlap(answer: object) -> str:
    """Copy in 3 ms, compute 4 ms, copy out 1 ms, ten batches."""
    one, batches, got = Exchange(3.0, 0.0, 4.0, 1.0), 10, number(answer)
    want = simulate(pipelined(one, batches)).makespan
    if got == simulate(by_chunk(one, batches, 1)).makespan:
        return "That is one step after another; copies and kernels have engines of their own."
    if got == batches * one.compute:
        return "The first batch has to come in before that, and the last to go out."
    if got == batches * (one.copy_in + one.copy_out):
        return "That is the link in both directions, one after the other; the accelerator takes longer."
    return "" if near(got, want, 0.001) else "Fill, ten times the longest step, drain."


@item("runtime-4", wants="a percentage")
def clock_of_a_cooler_card(answer: object) -> str:
    """300 W in place of 400 W, 40 W of them idle, dynamic power with the cube of the clock."""
    card, module, idle, got = A100_PCIE_POWER.value, A100.power.value, 40.0, number(answer)
    want = 100 * clock_under(card, idle, module - idle)
    if near(got, 100 * card / module, 0.005):
        return "Power in proportion to the clock; with the voltage it falls as the cube."
    if near(got, 100 * clock_under(card, 0.0, module), 0.003):
        return "Idle power does not fall with the clock: take it off both first."
    if near(got, want / 100):
        return "In per cent."
    return "" if near(got, want, 0.005) else "(300 - 40) / (400 - 40) is the cube of the clock."


@item("runtime-5", wants="a time in ms")
def among_three_neighbours(answer: object) -> str:
    """10 ms alone, three neighbours who always have work, equal slices of 1 ms, ours the last of each round."""
    ours, got = Tenant("ours", [0.0], 10.0), number(answer)
    others = [Tenant(name, [0.0], 100.0) for name in ("first", "second", "third")]
    want = sliced([*others, ours], quantum=1.0).percentile("ours", 99)
    if got == ours.T:
        return "The plan and the chip are the same; the time on it is not all ours."
    if got == len(others) * ours.T:
        return "That is the neighbours' share; ours comes on top."
    if near(got, ours.T * (1 + 1 / len(others)), 0.01):
        return "Upside down: of four slices one is ours."
    if got == sliced([ours, *others], quantum=1.0).percentile("ours", 99):
        return "So long it takes when ours is the first slice of each round; here it is the last."
    return "" if near(got, want, 0.01) else "Four tenants, of whom each gets every fourth slice."


@item("runtime-6", wants="a number of MB")
def largest_block_left(answer: object) -> str:
    """Blocks of 30, 20, 30 and 20 in 100 MB; both of 30 go."""
    pool, got = Pool(100), number(answer)
    first, second, third, _ = (pool.take(size) for size in (30, 20, 30, 20))
    for block in (first, third):
        pool.give_back(block)
    if got == pool.free:
        return f"So much is free, in two pieces with {second.held} MB of somebody else between them."
    if got == pool.asked:
        return "So much is still taken."
    return "" if got == pool.largest_free else "Draw the four blocks side by side and take out the first and the third."


@item("runtime-7", wants="a letter from a to d")
def when_a_kernel_may_be_swapped(answer: object) -> str:
    """Where the model was prepared for the format."""
    return letter(
        answer,
        "b",
        {
            "a": "Faster it is; whether results are still good enough a clock does not say.",
            "c": "It may, among the kernels and formats that were prepared; that is what it is for.",
            "d": "The compiled kernel is right. Another may be faster for the shape that has come.",
        },
    )
