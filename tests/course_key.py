"""The exercise that the generated course answers: five questions, ten points, every feature of the format once."""

KEY = """# %% [markdown]
# # Exercise 01: sizes
#
# Five questions about the sizes that a matmul brings along. 10 points.

# %%
import math

import numpy as np

from labcore.grading.check import exercise

check = exercise("01_small")

# %% [markdown] task="q1"
# How many multiply-accumulates does (M, K) @ (K, N) take? *2 points*


# %% answer="q1"
def matmul_macs(M, K, N):
    # solution
    return M * K * N
    # end solution


# %% check="q1" points=2
check("q1", matmul_macs, on=[(1, 1, 1), (2, 3, 4), (64, 256, 128)])


# %% draw="q1"
def draw(rng):
    return rng.randint(2, 500), rng.randint(2, 500), rng.randint(2, 500)


# %% wrong="q1" slip="a multiply-accumulate is one, not two"
def matmul_macs(M, K, N):
    return 2 * M * K * N


# %% wrong="q1" slip="those are the outputs; each takes K multiply-accumulates"
def matmul_macs(M, K, N):
    return M * N


# %% [markdown] task="q2"
# An array has `rows` x `columns` processing elements. How many tiles does an (M, N) output take? *3 points*


# %% answer="q2"
def tiles(M, N, rows, columns):
    # solution
    return math.ceil(M / rows) * math.ceil(N / columns)
    # end solution


# %% check="q2" points=3
check("q2", tiles, on=[(4, 4, 4, 4), (5, 4, 4, 4), (100, 30, 16, 8)])


# %% draw="q2"
def draw(rng):
    return rng.randint(1, 300), rng.randint(1, 300), rng.randint(3, 20), rng.randint(3, 20)


# %% wrong="q2" slip="tiles at the edge count too: round up"
def tiles(M, N, rows, columns):
    return (M // rows) * (N // columns)


# %% wrong="q2" slip="round up each side by itself, not the quotient of the areas"
def tiles(M, N, rows, columns):
    return math.ceil(M * N / (rows * columns))


# %% [markdown] task="q3"
# How many whole bytes do `elements` numbers of the format `form` take: fp32, fp16, int8 or int4? *1 point*


# %% answer="q3"
def tensor_bytes(elements, form):
    # solution
    bits = {"fp32": 32, "fp16": 16, "int8": 8, "int4": 4}[form]
    return math.ceil(elements * bits / 8)
    # end solution


# %% check="q3" points=1 credit="each"
check("q3", tensor_bytes, on=[(8, "fp32"), (8, "fp16"), (8, "int8"), (3, "int4")])


# %% draw="q3"
def draw(rng):
    return rng.randint(10, 5000), rng.choice(["fp32", "fp16", "int8", "int4"])


# %% wrong="q3" slip="those are bits; eight make a byte"
def tensor_bytes(elements, form):
    return elements * {"fp32": 32, "fp16": 16, "int8": 8, "int4": 4}[form]


# %% wrong="q3" slip="half a byte at the end takes a whole one"
def tensor_bytes(elements, form):
    return elements * {"fp32": 32, "fp16": 16, "int8": 8, "int4": 4}[form] // 8


# %% [markdown] task="q4"
# Give a largest tile (tm, tn) of an (M, N) matrix whose elements fit into `capacity` elements. Several may be largest;
# a tile that fits and is smaller earns half. *2 points*


# %% answer="q4"
def fitting_tile(M, N, capacity):
    # solution
    tile = [(tm, min(N, capacity // tm)) for tm in range(1, min(M, capacity) + 1)]
    return max(tile, key=lambda sides: sides[0] * sides[1])
    # end solution


# %% check="q4" points=2
check("q4", fitting_tile, on=[(2, 2, 3), (8, 8, 16), (30, 20, 100)])


# %% draw="q4"
def draw(rng):
    return rng.randint(2, 40), rng.randint(2, 40), rng.randint(2, 200)


# %% judge="q4"
def judge(on, got, want):
    M, N, capacity = on
    if not (isinstance(got, list) and len(got) == 2 and all(type(side) is int for side in got)):
        return 0, "a pair of whole numbers is wanted"
    tm, tn = got
    if not (1 <= tm <= M and 1 <= tn <= N and tm * tn <= capacity):
        return 0, "the tile must lie in the matrix and fit into the buffer"
    if tm * tn < want[0] * want[1]:
        return 0.5, "it fits, and a larger one does too"
    return 1, ""


# %% wrong="q4" slip="the tile must fit into the buffer"
def fitting_tile(M, N, capacity):
    return M, N


# %% wrong="q4" slip="both sides must be at least 1 and lie in the matrix"
def fitting_tile(M, N, capacity):
    return 1, capacity


# %% [markdown] task="q5"
# Round each of `sizes` up to a multiple of `multiple`; return them as a list. *2 points*


# %% answer="q5"
def padded(sizes, multiple):
    # solution
    return [math.ceil(size / multiple) * multiple for size in sizes]
    # end solution


# %% check="q5" points=2
check("q5", padded, on=[([1], 2), ([4, 5], 4), ([100, 64, 3], 16)])


# %% draw="q5"
def draw(rng):
    return [rng.randint(1, 500) for _ in range(rng.randint(2, 6))], rng.choice([3, 8, 16, 32])


# %% wrong="q5" slip="round up, not down"
def padded(sizes, multiple):
    return [size // multiple * multiple for size in sizes]


# %% wrong="q5" slip="a size that is a multiple stays as it is"
def padded(sizes, multiple):
    return [(size // multiple + 1) * multiple for size in sizes]
"""

POINTS = {"q1": 2.0, "q2": 3.0, "q3": 1.0, "q4": 2.0, "q5": 2.0}

# Right answers as a student might write them; none is the key's own text.
RIGHT = {
    "q1": "def matmul_macs(M, K, N):\n    return N * M * K",
    "q2": "def tiles(M, N, rows, columns):\n    return -(-M // rows) * -(-N // columns)",
    "q3": (
        "def tensor_bytes(elements, form):\n"
        "    bits = dict(fp32=32, fp16=16, int8=8, int4=4)[form]\n"
        "    return (elements * bits + 7) // 8"
    ),
    "q4": (
        "def fitting_tile(M, N, capacity):\n"
        "    fits = [(m, n) for m in range(1, M + 1) for n in range(1, N + 1) if m * n <= capacity]\n"
        "    return max(fits, key=lambda tile: tile[0] * tile[1])"
    ),
    "q5": "def padded(sizes, multiple):\n    return [size + -size % multiple for size in sizes]",
}
