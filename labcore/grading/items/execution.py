"""Self-check items of the execution units section."""

from __future__ import annotations

import math

from labcore.grading.selfcheck import item, letter, near, number
from labcore.matrix.unit import tile_cost
from labcore.simt.memory import warp_access
from labcore.simt.occupancy import occupancy


@item("execution-1", wants="a pair (warps, idle lanes)")
def ragged_warps(answer: object) -> str:
    """Whole warps cover the threads; what they have too many lies in the last one."""
    warps = math.ceil(1000 / 32)
    got = tuple(map(number, answer))
    if got == (warps - 1, 1000 % 32):
        return "The threads that are left over need a warp too, and it has more idle lanes than busy ones."
    if got == (warps, 1000 % 32):
        return "That is how many lanes of the last warp work; the others idle."
    return "" if got == (warps, warps * 32 - 1000) else "Divide 1000 by 32 and round up; then count the lanes too many."


@item("execution-2", wants="a number")
def both_sides(answer: object) -> str:
    """Both sides are issued, one after the other."""
    got = number(answer)
    slips = {
        30: "The shorter side does not run beside the longer one: there is one instruction stream.",
        20: "Not the average: every side that some lane takes is issued to the whole warp.",
        10: "The longer side is issued too, under the other mask.",
    }
    return "" if got == 30 + 10 else slips.get(got, "One stream serves both sides: their instructions add up.")


@item("execution-3", wants="a number")
def sectors_of_doubles(answer: object) -> str:
    """Sixteen bytes from lane to lane: two lanes share a sector."""
    want = warp_access(stride=2, size=8).transactions
    slips = {
        warp_access(stride=1, size=8).transactions: "That is stride 1, or floats of 4 B: count 16 B from lane to lane.",
        32: "Two lanes are 16 B apart, so two of them still share a sector of 32 B.",
    }
    got = number(answer)
    return "" if got == want else slips.get(got, "The lanes span 32 x 16 B, and every sector in it is touched.")


@item("execution-4", wants="a number from 0 to 1")
def occupancy_at_64(answer: object) -> str:
    """The register file holds 1024 threads of 64 registers."""
    held, got = occupancy(threads=128, registers=64), number(answer)
    if got in (held.warps, held.blocks):
        return f"Occupancy is a share: resident warps over the {held.limit} that fit."
    if near(got, 100 * held.share):
        return "As a number from 0 to 1, not in per cent."
    return "" if near(got, held.share) else "65536 registers over 64 a thread give the threads; the most are 2048."


@item("execution-5", wants="a number")
def blocks_of_a_hundred(answer: object) -> str:
    """Seven blocks a side, in three directions."""
    want, got = tile_cost(100, 100, 100).blocks, number(answer)
    slips = {
        6**3: "A block that is filled only in part is a block: round up.",
        7**2: "Those are the blocks of the output; each takes several block operations along K.",
        math.ceil(100**3 / 16**3): "Round each direction up by itself; volumes do not say how many blocks fit.",
    }
    return "" if got == want else slips.get(got, "Take ceil(100 / 16) in each of M, N and K, and multiply.")


@item("execution-6", wants="a letter from a to d")
def first_cure(answer: object) -> str:
    """FP32 has no tile; another format engages the tensor cores."""
    return letter(
        answer,
        "c",
        {
            "a": "Occupancy can be full and the tensor cores idle all the same: FP32 operands do not engage them.",
            "b": "Alignment helps the tensor cores once they run; with FP32 operands they do not.",
            "d": "A matrix product has no branch on data; its lanes agree.",
        },
    )
