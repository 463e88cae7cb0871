# %% [markdown]
# # Exercise template: copy this file, keep its form, change everything else
#
# Three questions, 5 points. The grader also uses inputs that are not shown here. Question 1 is all or nothing; in
# question 2 each input counts for itself; in question 3 an answer that is right but not the best earns half.

# %%
import math

from labcore.grading.check import exercise

check = exercise("template")


# %% parameters="yes"
def parameters(rng):
    """The numbers that one student gets; the reader's notebook has plain assignments in place of this cell."""
    return {"BATCH": rng.choice([16, 32, 64])}


# %% [markdown] task="q1"
# ## 1. How much work is your layer?
#
# `BATCH`, above, is yours alone. A dense layer multiplies (BATCH, M) by (M, N). How many FLOP does it do? One
# multiply-accumulate is two. *2 points*


# %% answer="q1"
def dense_flop(M, N):
    """FLOP of (BATCH, M) @ (M, N)."""
    # solution
    return 2 * BATCH * M * N
    # end solution


# %% check="q1" points=2
check("q1", dense_flop, on=[(1, 1), (2, 3), (2048, 2048)])


# %% draw="q1"
def draw(rng):
    """The arguments of one hidden input; eight are drawn in each run of the grader."""
    return rng.randint(1, 4096), rng.randint(1, 4096)


# %% wrong="q1" slip="a multiply-accumulate is two FLOP, one multiplication and one addition"
def dense_flop(M, N):
    return BATCH * M * N


# %% wrong="q1" slip="the batch is left out: the layer does this work for each of its inputs"
def dense_flop(M, N):
    return 2 * M * N


# %% [markdown] task="q2"
# ## 2. How many tiles?
#
# An array of `rows` x `cols` computes one tile of the output at a time. How many tiles does an (M, N) output take?
# *1 point*


# %% answer="q2"
def tiles(M, N, rows, cols):
    """Tiles of rows x cols that cover (M, N)."""
    # solution
    return math.ceil(M / rows) * math.ceil(N / cols)
    # end solution


# %% check="q2" points=1 credit="each"
check("q2", tiles, on=[(4, 4, 2, 2), (5, 4, 2, 2), (129, 128, 128, 128)])


# %% draw="q2"
def draw(rng):
    """Sizes around multiples of the array's, since that is where answers differ."""
    rows, cols = rng.choice([4, 16, 128]), rng.choice([4, 16, 128])
    return (
        rows * rng.randint(1, 9) + rng.randint(1, 2),
        cols * rng.randint(1, 9) + rng.randint(-1, 1),
        rows,
        cols,
    )


# %% wrong="q2" slip="a tile that is filled only in part is a tile: round up"
def tiles(M, N, rows, cols):
    return (M // rows) * (N // cols)


# %% wrong="q2" slip="round each direction up by itself; areas do not say how many tiles fit"
def tiles(M, N, rows, cols):
    return math.ceil(M * N / (rows * cols))


# %% [markdown] task="q3"
# ## 3. Which tile fits?
#
# A buffer holds `words` words. Return a pair (m, n) so that an m x n tile of the output and its operands, m x K and
# K x n, fit together, with m * n as large as you can make it. *2 points*


# %% answer="q3"
def tile(words, K):
    """A pair (m, n) with m*K + K*n + m*n <= words and m * n as large as possible."""
    # solution
    best = (0, 0)
    for m in range(1, words // (K + 1) + 1):
        n = (words - m * K) // (K + m)
        best = max(best, (m, n), key=lambda pair: pair[0] * pair[1])
    return best
    # end solution


# %% check="q3" points=2 credit="each"
check("q3", tile, on=[(3, 1), (24, 2), (1000, 8)])


# %% draw="q3"
def draw(rng):
    """A buffer that holds at least a tile of one element."""
    K = rng.randint(1, 16)
    return rng.randint(2 * K + 1, 2000) + 40 * K, K


# %% judge="q3"
def judge(on, got, want):
    """Full marks for any tile as large as the reference's, half for one that fits; `on` holds the arguments."""
    (words, K), (m, n) = on, got
    if not (type(m) is type(n) is int and m > 0 and n > 0):
        return 0, "two whole numbers above 0 are wanted"
    if m * K + K * n + m * n > words:
        return 0, "the tile and its operands do not fit"
    return (
        (1, "")
        if m * n >= want[0] * want[1]
        else (0.5, "it fits, and a larger tile does too")
    )


# %% wrong="q3" slip="the tile of the output takes room too, beside its operands"
def tile(words, K):
    side = words // (2 * K)
    return side, side


# %% wrong="q3" slip="the operands take room too: m x K and K x n words"
def tile(words, K):
    side = math.isqrt(words)
    return side, side


# %% [markdown]
# ## Done?
#
# Hand in this notebook as it is. The grader takes your cells, runs them in a fresh kernel, and adds up the points.
