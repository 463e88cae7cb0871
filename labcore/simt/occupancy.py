"""Occupancy and latency: how many warps a multiprocessor holds, and how many it needs to stay busy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.catalogue.execution import SM_A100, Multiprocessor
from labcore.units import Bytes, Ratio, positive_ints


@dataclass(frozen=True)
class Occupancy:
    """What is resident on one multiprocessor, and which limit binds."""

    blocks: int
    warps: int
    limit: int
    binds: str

    @property
    def share(self) -> Ratio:
        """Resident warps over the most that the multiprocessor holds."""
        return self.warps / self.limit


def occupancy(threads: int, registers: int, shared: Bytes = 0, on: Multiprocessor = SM_A100) -> Occupancy:
    """Occupancy of a kernel with `threads` a block, `registers` a thread and `shared` bytes a block.

    Raises ValueError where not one block fits, with the limit that forbids it.

    >>> half = occupancy(threads=256, registers=64)  # 8 warps x 2048 registers: 4 blocks of 65536
    >>> half.blocks, half.share, half.binds
    (4, 0.5, 'registers')
    """
    positive_ints(threads=threads, registers=registers)
    if shared < 0:
        raise ValueError(f"shared must be 0 B or more, got {shared}")
    for name, asked, most in (
        ("threads a block", threads, on.threads_per_block), ("registers a thread", registers, on.registers_per_thread),
    ):  # fmt: skip
        if asked > most.value:
            raise ValueError(f"{asked} {name}, but the {on.chip} has at most {most.value:.0f}; ask for less")
    warps = math.ceil(threads / on.warp.value)
    unit = int(on.register_unit.value)
    of_warp = math.ceil(registers * int(on.warp.value) / unit) * unit
    fit = {
        "warps": int(on.warps.value) // warps,
        "registers": int(on.registers.value) // of_warp // warps,
        "blocks": int(on.blocks.value),
        "shared memory": int(on.shared.value // (shared + on.shared_reserved.value)) if shared else math.inf,
    }
    binds = min(fit, key=fit.get)
    if fit[binds] == 0:
        raise ValueError(f"no block of {threads} threads fits on the {on.chip}: {binds} runs out; ask for less")
    return Occupancy(fit[binds], fit[binds] * warps, int(on.warps.value), binds)


def warps_to_hide(latency: int, independent: int = 1) -> int:
    """Warps a scheduler needs to issue every cycle when each result takes `latency` cycles (Little 1961).

    `independent` is how many instructions of one warp may be under way at once.

    >>> warps_to_hide(latency=400), warps_to_hide(latency=4, independent=4)
    (400, 1)
    """
    positive_ints(latency=latency, independent=independent)
    return math.ceil(latency / independent)


def issue_cycles(warps: int, instructions: int, latency: int, independent: int = 1) -> int:
    """Cycles until a scheduler has issued `instructions` of each warp, one a cycle, stepped cycle by cycle.

    An instruction waits for the result of the one `independent` places before it in its warp, `latency` cycles.

    >>> issue_cycles(warps=1, instructions=10, latency=4), issue_cycles(warps=4, instructions=10, latency=4)
    (37, 40)
    """
    positive_ints(warps=warps, instructions=instructions, latency=latency, independent=independent)
    issued: list[list[int]] = [[] for _ in range(warps)]  # the cycles at which each warp issued
    cycle, left = 0, warps * instructions
    while left:
        waiting = (w for w in issued if len(w) < instructions)
        ready = [w for w in waiting if len(w) < independent or w[-independent] + latency <= cycle]
        if ready:
            min(ready, key=len).append(cycle)  # the warp that is furthest behind
            left -= 1
        cycle += 1
    return cycle
