# %% [markdown]
# # Exercise 14: tiling
#
# Six questions about blocks of a matrix product, from the words that they move to a search for the best one. 15 points,
# about an hour. Lab 14 has all that you need.
#
# A is (M, K), B is (K, N), C is (M, N). A tile is (tm, tk, tn): tm x tk of A, tk x tn of B, tm x tn of C, one of each in
# fast memory at a time. Loops over tiles go through rows of C, then columns, then k, so that a tile of C stays until
# its sums are complete. Sums begin at zero and are not read. Tiles divide the sizes.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not; in question 6 each input counts for itself.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded.

# %%
import math

from labcore.grading.check import exercise

check = exercise("14_tiling")

# %% [markdown] task="q1"
# ## 1. How many words cross?
#
# Count the words of A and B that come into fast memory and the words of C that leave it. K is at least 2 tk, so that
# tiles of A and B change at every step. *2 points*


# %% answer="q1"
def words_moved(M, K, N, tm, tk, tn):
    """Words of A and B in, and of C out."""
    # solution
    return M * K * (N // tn) + K * N * (M // tm) + M * N
    # end solution


# %% check="q1" points=2
check(
    "q1",
    words_moved,
    on=[
        (2, 2, 2, 1, 1, 1),
        (4, 4, 4, 2, 2, 2),
        (4, 8, 12, 4, 2, 3),
        (1024, 1024, 1024, 32, 32, 32),
    ],
)


# %% draw="q1"
def draw(rng):
    tm, tk, tn = (rng.choice((1, 2, 4, 8, 16)) for _ in range(3))
    return (
        tm * rng.randint(1, 9),
        tk * rng.randint(2, 9),
        tn * rng.randint(1, 9),
        tm,
        tk,
        tn,
    )


# %% wrong="q1" slip="a tile of A comes in again for each column of tiles of B, and a tile of B for each row of A's"
def words_moved(M, K, N, tm, tk, tn):
    return M * K + K * N + M * N


# %% wrong="q1" slip="A's tiles are read once for each tile of columns, N / tn of them, and B's M / tm times: not the other way round"
def words_moved(M, K, N, tm, tk, tn):
    return M * K * (M // tm) + K * N * (N // tn) + M * N


# %% wrong="q1" slip="k is the innermost loop: a tile of C stays for all of it and leaves once"
def words_moved(M, K, N, tm, tk, tn):
    return M * K * (N // tn) + K * N * (M // tm) + M * N * (K // tk)


# %% [markdown] task="q2"
# ## 2. Which cube fits?
#
# A memory holds `capacity` bytes, a word takes `b`. It is to hold one t x t tile of C and `buffers` t x t tiles each of
# A and B. What is the largest whole t? *2 points*


# %% answer="q2"
def cube_side(capacity, b, buffers):
    """The largest t; capacity and b in bytes."""
    # solution
    return math.isqrt(capacity // (b * (1 + 2 * buffers)))
    # end solution


# %% check="q2" points=2
check(
    "q2",
    cube_side,
    on=[(12, 4, 1), (20, 4, 2), (32768, 4, 1), (32768, 4, 2), (167936, 2, 1)],
)


# %% draw="q2"
def draw(rng):
    return rng.randint(40, 400) * 1024, rng.choice((1, 2, 4)), rng.choice((1, 2, 3))


# %% wrong="q2" slip="C is held once, and A and B as often as there are buffers"
def cube_side(capacity, b, buffers):
    return math.isqrt(capacity // (b * 3 * buffers))


# %% wrong="q2" slip="a word takes b bytes"
def cube_side(capacity, b, buffers):
    return math.isqrt(capacity // (1 + 2 * buffers))


# %% wrong="q2" slip="the tiles of A and B take room, too"
def cube_side(capacity, b, buffers):
    return math.isqrt(capacity // b)


# %% [markdown] task="q3"
# ## 3. What is a tile worth?
#
# How many FLOP does a tile product do for each byte of A and B that comes in for it? A multiply-accumulate is two
# FLOP, a word takes `b` bytes. *2 points*


# %% answer="q3"
def intensity(tm, tk, tn, b):
    """FLOP for each byte of the tiles of A and B."""
    # solution
    return 2 * tm * tk * tn / (b * (tm * tk + tk * tn))
    # end solution


# %% check="q3" points=2
check(
    "q3",
    intensity,
    on=[(1, 1, 1, 1), (2, 1, 2, 1), (32, 32, 32, 4), (128, 32, 256, 2)],
)


# %% draw="q3"
def draw(rng):
    return (
        rng.randint(1, 256),
        rng.randint(1, 64),
        rng.randint(1, 256),
        rng.choice((1, 2, 4)),
    )


# %% wrong="q3" slip="a multiply-accumulate is two FLOP"
def intensity(tm, tk, tn, b):
    return tm * tk * tn / (b * (tm * tk + tk * tn))


# %% wrong="q3" slip="that is FLOP for each word; a word takes b bytes"
def intensity(tm, tk, tn, b):
    return 2 * tm * tk * tn / (tm * tk + tk * tn)


# %% wrong="q3" slip="C does not come in: its sums begin at zero"
def intensity(tm, tk, tn, b):
    return 2 * tm * tk * tn / (b * (tm * tk + tk * tn + tm * tn))


# %% [markdown] task="q4"
# ## 4. Which tile feeds the chip?
#
# A chip computes `peak` TFLOP/s and its memory gives `bandwidth` GB/s. What is the least whole t for which loading the
# A and B of a t x t tile of C takes no longer than multiplying them? *2 points*


# %% answer="q4"
def feeding_side(peak, bandwidth, b):
    """The least t; peak in TFLOP/s, bandwidth in GB/s, b in bytes."""
    # solution
    return math.ceil(b * peak * 1000 / bandwidth)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    feeding_side,
    on=[(1, 1000, 1), (1, 400, 2), (312, 2039, 2), (125, 900, 2), (19.5, 2039, 4)],
)


# %% draw="q4"
def draw(rng):
    return rng.randint(10, 2000), rng.randint(100, 8000), rng.choice((1, 2, 4))


# %% wrong="q4" slip="the intensity of a tile is t / b, so the ridge has to be taken b times"
def feeding_side(peak, bandwidth, b):
    return math.ceil(peak * 1000 / bandwidth)


# %% wrong="q4" slip="tera over giga is a thousand"
def feeding_side(peak, bandwidth, b):
    return math.ceil(b * peak / bandwidth)


# %% wrong="q4" slip="a side just below still waits for memory: round up"
def feeding_side(peak, bandwidth, b):
    return int(b * peak * 1000 / bandwidth)


# %% [markdown] task="q5"
# ## 5. Does the second buffer pay?
#
# With one buffer for A and B, each of `steps` steps loads for `load` and then multiplies for `compute` nanoseconds. With
# two in the same room the tile is smaller: `ratio` times as many steps, a whole number, each of which loads for
# `small_load` and multiplies for `compute / ratio`, and the next tiles come in while these are multiplied. By how many
# nanoseconds is the second plan faster? Negative where it is slower. *3 points*


# %% answer="q5"
def gained(steps, load, compute, ratio, small_load):
    """Time of the first plan less that of the second, in ns."""
    # solution
    small, n = compute / ratio, steps * ratio
    second = small_load + small + (n - 1) * max(small_load, small)
    return steps * (load + compute) - second
    # end solution


# %% check="q5" points=3
check(
    "q5",
    gained,
    on=[(1, 1, 1, 1, 1), (2, 4, 8, 2, 3), (10, 2, 6, 2, 2), (10, 9, 2, 2, 6)],
)


# %% draw="q5" count=16
def draw(rng):
    ratio = rng.choice((1, 2, 4))
    return (
        rng.randint(2, 50),
        rng.randint(1, 20),
        4 * rng.randint(1, 6),
        ratio,
        rng.randint(1, 12),
    )


# %% wrong="q5" slip="the first tiles must come in before anything is multiplied, and the last are multiplied alone"
def gained(steps, load, compute, ratio, small_load):
    return steps * (load + compute) - steps * ratio * max(small_load, compute / ratio)


# %% wrong="q5" slip="the second plan has more steps, and each of them does less"
def gained(steps, load, compute, ratio, small_load):
    second = small_load + compute + (steps - 1) * max(small_load, compute)
    return steps * (load + compute) - second


# %% wrong="q5" slip="the slower of loading and multiplying sets the pace, and that may be loading"
def gained(steps, load, compute, ratio, small_load):
    return steps * (load + compute) - (small_load + steps * compute)


# %% [markdown] task="q6"
# ## 6. The best tile
#
# Fast memory holds `room` words, the three tiles together. Return a tile (tm, tk, tn) that fits, divides the sizes and
# moves as few words as you can: words of A and B in, words of C out, counted as in question 1, with two exceptions. Where
# all of K is in the tile (tk = K), a tile of A stays while the columns pass, and A comes in once. Where all of N is in it
# as well (tk = K and tn = N), the tile is all of B, and B comes in once, too. A tile that fits and divides earns part of
# the points. *4 points*


# %% answer="q6"
def best_tile(M, K, N, room):
    """A tile (tm, tk, tn) that moves fewest words."""
    # solution
    best, least = None, math.inf
    for tm in range(1, M + 1):
        for tk in range(1, K + 1):
            for tn in range(1, N + 1):
                if M % tm or K % tk or N % tn or tm * tk + tk * tn + tm * tn > room:
                    continue
                A = M * K * (1 if tk == K else N // tn)
                B = K * N * (1 if tk == K and tn == N else M // tm)
                words = A + B + M * N
                if words < least:
                    best, least = (tm, tk, tn), words
    return best
    # end solution


# %% check="q6" points=4 credit="each"
check(
    "q6",
    best_tile,
    on=[
        (2, 2, 2, 3),
        (4, 4, 4, 12),
        (8, 8, 8, 40),
        (12, 6, 16, 80),
        (12, 6, 4, 35),
    ],
)


# %% draw="q6" count=10
def draw(rng):
    sizes = [rng.choice((4, 6, 8, 12, 16)) for _ in range(3)]
    return (*sizes, rng.choice((8, 15, 24, 35, 63, 80, 120)))


# %% judge="q6"
def judge(on, got, want):
    M, K, N, room = on
    if (
        not isinstance(got, list | tuple)
        or len(got) != 3
        or not all(type(one) is int and one > 0 for one in got)
    ):
        return 0, "three whole numbers above 0 are wanted, (tm, tk, tn)"
    tm, tk, tn = got
    if M % tm or K % tk or N % tn:
        return 0, "the tile does not divide the sizes"
    if tm * tk + tk * tn + tm * tn > room:
        return 0, "the three tiles do not fit together"

    def words(tm, tk, tn):
        A = M * K * (1 if tk == K else N // tn)
        B = K * N * (1 if tk == K and tn == N else M // tm)
        return A + B + M * N

    if words(*got) > words(*want):
        return 0.1, f"it fits, and moves {words(*got)} words; {words(*want)} are possible"
    return 1, ""


# %% wrong="q6" slip="three tiles must fit together, not each for itself"
def best_tile(M, K, N, room):
    fitting = [
        t
        for t in range(1, min(M, K, N) + 1)
        if M % t == K % t == N % t == 0 and t * t <= room
    ]
    return fitting[-1], fitting[-1], fitting[-1]


# %% wrong="q6" slip="the best tile need not be a cube: depth costs room and saves nothing unless it is all of K"
def best_tile(M, K, N, room):
    fitting = [
        t
        for t in range(1, min(M, K, N) + 1)
        if M % t == K % t == N % t == 0 and 3 * t * t <= room
    ]
    return fitting[-1], fitting[-1], fitting[-1]


# %% wrong="q6" slip="tiles must divide the sizes"
def best_tile(M, K, N, room):
    side = math.isqrt(room + 1) - 1
    return min(M, side), 1, min(N, side)


# %% [markdown]
# ## Done?
#
# Hand in this notebook as it is. The grader takes your cells, runs them in a fresh kernel, and adds up the points.
