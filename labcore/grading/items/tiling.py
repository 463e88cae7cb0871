"""Self-check items of the section on tiling."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.interconnect.schedule import Exchange, pipelined_time
from labcore.loopnest import matmul_traffic
from labcore.tiling.choice import output_tile, square_tile
from labcore.tiling.intensity import load_intensity


@item("tiling-1", wants="a letter from a to d")
def what_tiling_is_for(answer: object) -> str:
    """Reuse before eviction, and nothing else."""
    return letter(
        answer,
        "a",
        {
            "b": "The order of additions does change, and rounding with it; nobody tiles for that.",
            "c": "Tiles of C may run side by side or in a row, like plain loops; using a near block again saves.",
            "d": "A tile raises the intensity of work that reuses its operands; it gives a sum of vectors nothing.",
        },
    )


@item("tiling-2", wants="a number of words")
def words_of_cubes(answer: object) -> str:
    """A and B of a 512 x 512 x 512 product in cubes of 64."""
    counted = matmul_traffic(512, 512, 512, (64, 64, 64))
    want, got = counted.A_reads + counted.B_reads, number(answer)
    if near(got, want / 2):
        return "That is one of the two operands."
    if near(got, 2 * 512**3):
        return "That is without tiles, N^3 for each operand; a tile of 64 serves 64 columns, or rows, at once."
    if near(got, 2 * 512**2):
        return (
            "Each word once: that takes a buffer for a whole operand. A tile of A comes in for every tile column of B."
        )
    return "" if near(got, want, 0) else "Each of the two operands comes in N / t times: 2 N^3 / t words."


@item("tiling-3", wants="a number of elements")
def cube_in_48_kib(answer: object) -> str:
    """sqrt(12288 / 3) = 64 exactly."""
    words = 48 * 1024 // 4
    want, got = square_tile(words), number(answer)
    if near(got, output_tile(words), 0.02):
        return "That tile of C leaves room for thin slices of A and B; three tiles alike were asked for."
    if near(got, square_tile(48 * 1024)):
        return "FP32 words are four bytes."
    return "" if near(got, want, 0) else "Three t x t tiles: 3 t^2 words of four bytes in 48 x 1024 B."


@item("tiling-4", wants="a number of FLOP/B")
def intensity_of_128(answer: object) -> str:
    """Side over bytes, t / b."""
    want, got = load_intensity(128, 128), number(answer)
    if near(got, want / 2):
        return "A multiply-accumulate is two FLOP, and an fp16 word two bytes: t^2 of the first for 2 t of the second."
    if near(got, want * 2):
        return "That is FLOP for each word; an fp16 word is two bytes."
    return "" if near(got, want) else "Each step of k: 2 t^2 FLOP for t words of A and t of B."


@item("tiling-5", wants="a number of us")
def ten_steps(answer: object) -> str:
    """Fill, nine times the slower one, drain."""
    one = Exchange(3.0, 0.0, 2.0, 0.0)
    want, got = pipelined_time(one, 10), number(answer)
    if near(got, pipelined_time(one, 10, buffers=1), 0.001):
        return "That is with one buffer, loading and multiplying by turns."
    if near(got, 30, 0.001):
        return "The last tiles are multiplied after they have come in: the pipeline drains."
    if near(got, 23, 0.001):
        return "The slower of the two sets the pace, and that is loading."
    return "" if near(got, want, 0.001) else "The first step pays both; each further one the longer of the two."


@item("tiling-6", wants="a letter from a to d")
def a_mapping_for_a_transformer(answer: object) -> str:
    """Each layer class by what it reuses."""
    return letter(
        answer,
        "a",
        {
            "b": "Attention's scores have no weights; what must not travel there is the scores.",
            "c": "A layout says where elements lie, not which stay on the chip; and the chip here is no CPU.",
            "d": "Then every score and every intermediate goes to HBM and back: the two largest savings are given up.",
        },
    )
