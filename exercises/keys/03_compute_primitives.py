# %% [markdown]
# # Exercise 03: compute primitives
#
# Six questions on what a chip does for a layer. 16 points, about an hour. Lab 03 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Keep the names of the functions, and write helpers into the cell that
# uses them: only answer cells are graded.

# %%
import math

import numpy as np
from labcore.grading.check import exercise

check = exercise("03_compute_primitives")

# %% [markdown] task="q1"
# ## 1. How full are the lanes?
#
# A vector machine has registers of `vlen` bits and works on elements of `sew` bits. A loop over n elements goes in
# strips, each as long as there are lanes, the last one as long as is left. Return the pair (number of strips, lanes
# that idle in the last strip). *2 points*


# %% answer="q1"
def strips_and_idle(n, vlen, sew):
    """The pair (strips, idle lanes in the last one)."""
    # solution
    lanes = vlen // sew
    strips = math.ceil(n / lanes)
    return strips, strips * lanes - n
    # end solution


# %% check="q1" points=2
check(
    "q1",
    strips_and_idle,
    on=[(8, 256, 32), (20, 256, 32), (3, 128, 16), (100, 512, 32), (257, 512, 8)],
)


# %% draw="q1" count=16
def draw(rng):
    sew, lanes = rng.choice((8, 16, 32, 64)), rng.choice((2, 4, 8, 16))
    n = lanes * rng.randint(1, 20) + rng.choice((0, 0, 1, -1, lanes // 2))
    return n, sew * lanes, sew


# %% wrong="q1" slip="what is left over takes a strip of its own: round up"
def strips_and_idle(n, vlen, sew):
    lanes = vlen // sew
    return n // lanes, n // lanes * lanes - n


# %% wrong="q1" slip="these are the lanes that work in the last strip; the others idle"
def strips_and_idle(n, vlen, sew):
    lanes = vlen // sew
    strips = math.ceil(n / lanes)
    return strips, n - (strips - 1) * lanes


# %% wrong="q1" slip="n a multiple of the lanes leaves none idle and starts no further strip"
def strips_and_idle(n, vlen, sew):
    lanes = vlen // sew
    return n // lanes + 1, lanes - n % lanes


# %% wrong="q1" slip="vlen and sew are both in bits: no 8 between them"
def strips_and_idle(n, vlen, sew):
    lanes = max(vlen // (8 * sew), 1)
    strips = math.ceil(n / lanes)
    return strips, strips * lanes - n


# %% [markdown] task="q2"
# ## 2. How many instructions does the layer take?
#
# A dense layer multiplies (B, K) by (K, N), one sum of K products for each sample and neuron, the lanes along K. Each
# strip takes 8 instructions: set length, two loads, multiply-accumulate, two pointers, count, branch. Each sum takes 5
# more: clear, add up, bias, ReLU, store. `fused=False` is a machine without multiply-accumulate: it multiplies and
# adds apart. Return the number of instructions. *3 points*


# %% answer="q2"
def layer_instructions(B, K, N, lanes, fused):
    """Instructions of the layer on a vector machine."""
    # solution
    strip = 8 if fused else 9
    return B * N * (strip * math.ceil(K / lanes) + 5)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    layer_instructions,
    on=[
        (1, 8, 1, 8, True),
        (1, 9, 1, 8, True),
        (1, 8, 1, 8, False),
        (2, 18, 3, 4, True),
        (32, 256, 512, 8, True),
    ],
)


# %% draw="q2" count=16
def draw(rng):
    lanes = rng.choice((2, 4, 8, 16))
    K = lanes * rng.randint(1, 9) + rng.choice((0, 1, lanes - 1))
    return rng.randint(2, 9), K, rng.randint(2, 9), lanes, rng.choice((True, False))


# %% wrong="q2" slip="a strip that is not full still takes all its instructions: round K / lanes up"
def layer_instructions(B, K, N, lanes, fused):
    return B * N * ((8 if fused else 9) * (K // lanes) + 5)


# %% wrong="q2" slip="strips begin anew with each sum: round up for each, not for all elements together"
def layer_instructions(B, K, N, lanes, fused):
    return (8 if fused else 9) * math.ceil(B * N * K / lanes) + 5 * B * N


# %% wrong="q2" slip="the five of a sum are paid once for each sample and neuron, not once in all"
def layer_instructions(B, K, N, lanes, fused):
    return B * N * (8 if fused else 9) * math.ceil(K / lanes) + 5


# %% wrong="q2" slip="without the fused instruction one instruction becomes two; the other seven stay as they are"
def layer_instructions(B, K, N, lanes, fused):
    return B * N * ((8 if fused else 16) * math.ceil(K / lanes) + 5)


# %% wrong="q2" slip="a strip has nine instructions where multiply and add are apart, also here"
def layer_instructions(B, K, N, lanes, fused):
    return B * N * (8 * math.ceil(K / lanes) + 5)


# %% [markdown] task="q3"
# ## 3. Whose gradient is lost?
#
# Gradients are added to rows of a table: `table[index] += 1` for each index of a list. The machine takes the list in
# strips of `lanes` indices; in each strip it gathers all values, adds 1 to each, and scatters all of them. Of several
# lanes with the same index, all have gathered the old value, and one store stays. Return how many additions are lost
# in all. *3 points*


# %% answer="q3"
def lost_additions(index, lanes):
    """Additions that gather, add, scatter loses."""
    # solution
    lost = 0
    for start in range(0, len(index), lanes):
        strip = index[start : start + lanes]
        lost += len(strip) - len(set(strip))
    return lost
    # end solution


# %% check="q3" points=3
check(
    "q3",
    lost_additions,
    on=[
        ([0, 1, 2, 3], 4),
        ([5, 5, 5, 1], 4),
        ([5, 5, 5, 5], 2),
        ([1, 2, 1, 2, 3, 3], 4),
        ([7, 0, 7, 0, 7, 0], 2),
    ],
)


# %% draw="q3" count=16
def draw(rng):
    lanes = rng.choice((4, 8))  # and a last strip of two or more, so that it can lose one
    count = lanes * rng.randint(1, 4) + rng.randint(2, lanes - 1)
    return [rng.randint(0, 4) for _ in range(count)], lanes


# %% wrong="q3" slip="the next strip gathers what the last one stored: only indices of one strip disturb each other"
def lost_additions(index, lanes):
    return len(index) - len(set(index))


# %% wrong="q3" slip="of three lanes with one index two additions are lost, not one: one of them stays"
def lost_additions(index, lanes):
    lost = 0
    for start in range(0, len(index), lanes):
        strip = index[start : start + lanes]
        lost += sum(strip.count(one) > 1 for one in set(strip))
    return lost


# %% wrong="q3" slip="of the lanes with one index one store stays; not all of them are lost"
def lost_additions(index, lanes):
    lost = 0
    for start in range(0, len(index), lanes):
        strip = index[start : start + lanes]
        lost += sum(strip.count(one) for one in set(strip) if strip.count(one) > 1)
    return lost


# %% wrong="q3" slip="indices that do not fill a strip make a shorter one; they count too"
def lost_additions(index, lanes):
    lost = 0
    for start in range(0, len(index) - lanes + 1, lanes):
        strip = index[start : start + lanes]
        lost += len(strip) - len(set(strip))
    return lost


# %% [markdown] task="q4"
# ## 4. What does im2col cost in memory?
#
# An R x R filter slides over an H x H image with the given stride, after `padding` zeros were added on all four sides.
# im2col copies each patch that lies wholly inside, zeros of the padding included; rows and columns left over at the end,
# too few for another step, are dropped. How many times as many elements as the image (without padding) does the copy
# have? *2 points*


# %% answer="q4"
def amplification(H, R, stride, padding):
    """Elements of the copy over those of the image."""
    # solution
    P = (H + 2 * padding - R) // stride + 1
    return P * P * R * R / (H * H)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    amplification,
    on=[
        (4, 2, 1, 0),
        (3, 3, 1, 1),
        (4, 2, 2, 0),
        (5, 3, 2, 1),
        (56, 3, 1, 1),
        (224, 7, 2, 3),
    ],
)


# %% draw="q4" count=16
def draw(rng):
    R = rng.randint(2, 5)
    return rng.randint(R + 2, 24), R, rng.randint(1, 3), rng.randint(0, R - 1)


# %% wrong="q4" slip="R x R is the factor only where there are as many patches as pixels; count the patches"
def amplification(H, R, stride, padding):
    return float(R * R)


# %% wrong="q4" slip="the stride leaves patches out in both directions, down and across"
def amplification(H, R, stride, padding):
    P = H + 2 * padding - R + 1
    return P * P / stride * R * R / (H * H)


# %% wrong="q4" slip="padding is added on both sides of each axis"
def amplification(H, R, stride, padding):
    P = (H + padding - R) // stride + 1
    return P * P * R * R / (H * H)


# %% wrong="q4" slip="compare with the image as it came; the padding is not stored with it"
def amplification(H, R, stride, padding):
    P = (H + 2 * padding - R) // stride + 1
    return P * P * R * R / (H + 2 * padding) ** 2


# %% [markdown] task="q5"
# ## 5. How many Newton steps?
#
# A unit computes 1 / x. Its table gives a start with a relative error of at most `e0`, below 1. Each step
# y (2 - x y) leaves the square of the error before it. Return the least number of steps after which the error is at
# most `target`; 0 if the table is good enough. *3 points*


# %% answer="q5"
def steps_needed(e0, target):
    """Newton steps from an error of e0 to one of at most target."""
    # solution
    steps, error = 0, e0
    while error > target:
        error, steps = error**2, steps + 1
    return steps
    # end solution


# %% check="q5" points=3
check(
    "q5",
    steps_needed,
    on=[(0.5, 0.5), (0.5, 0.25), (0.5, 0.2), (0.1, 1e-3), (2**-5, 2**-24), (0.9, 2**-11)],
)


# %% draw="q5" count=24
def draw(rng):
    doubled = rng.choice((0, 0, 1, 2, 3))
    # few enough bits that every square is exact in floats, so "at most" is tried exactly
    e0 = rng.choice((2.0 ** -rng.randint(1, 6), 1 - 2.0 ** -rng.randint(2, 3)))
    return e0, e0 ** (2**doubled) * rng.choice((1.0, 1.0, 0.99, 1.01))


# %% wrong="q5" slip="the error is squared, not halved: digits double with each step"
def steps_needed(e0, target):
    return max(0, math.ceil(math.log2(e0 / target)))


# %% wrong="q5" slip="an error that equals the target is good enough: at most, not below"
def steps_needed(e0, target):
    steps, error = 0, e0
    while error >= target:
        error, steps = error**2, steps + 1
    return steps


# %% wrong="q5" slip="the first look at the error comes before any step; a good table needs none"
def steps_needed(e0, target):
    steps, error = 1, e0**2
    while error > target:
        error, steps = error**2, steps + 1
    return steps


# %% wrong="q5" slip="a step squares the error that it finds, not the first one: e, e^2, e^4, not e, e^2, e^3"
def steps_needed(e0, target):
    steps, error = 0, e0
    while error > target:
        error, steps = error * e0, steps + 1
    return steps


# %% [markdown] task="q6"
# ## 6. Which statistics?
#
# H holds ReLU outputs with a sample in each *column*: F features by B samples, a list of F lists. Batch normalization
# takes mean and variance of each feature over the batch (the variance divides by B) and gives (h - mean) /
# sqrt(variance + eps). Return the normalized H as an array (F, B). *3 points*


# %% answer="q6"
def batchnorm(H, eps):
    """H, (F, B), normalized over the batch."""
    # solution
    H = np.asarray(H, float)
    mean = H.mean(axis=1, keepdims=True)
    var = ((H - mean) ** 2).mean(axis=1, keepdims=True)
    return (H - mean) / np.sqrt(var + eps)
    # end solution


# %% check="q6" points=3
check(
    "q6",
    batchnorm,
    on=[
        ([[1, 3], [0, 4]], 0.0),
        ([[1, 3], [0, 4]], 3.0),
        ([[1, 2, 3], [4, 4, 1]], 0.5),
        ([[1e8, 1e8 + 2], [0, 2]], 0.0),
    ],
)


# %% draw="q6" count=24
def draw(rng):
    features, samples = rng.randint(2, 4), rng.randint(2, 5)
    shift = rng.choice((0, 0, 10**8))
    H = [[shift + rng.randint(0, 9) for _ in range(samples)] for _ in range(features)]
    for row in H:
        row[0] = row[1] + rng.randint(1, 5)  # no feature is constant
    return H, rng.choice((0.0, 0.25, 1.0))


# %% wrong="q6" slip="axis 0 runs over the features of one sample: that is layer normalization"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    return (H - H.mean(axis=0)) / np.sqrt(H.var(axis=0) + eps)


# %% wrong="q6" slip="axis 0 gives a mean for each sample, and no axis one variance in all: both are wanted for each feature"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    mean = H.mean(axis=0)
    return (H - mean) / np.sqrt(((H - mean) ** 2).mean() + eps)


# %% wrong="q6" slip="a variance without an axis is one number for all features"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    mean = H.mean(axis=1, keepdims=True)
    return (H - mean) / np.sqrt(((H - mean) ** 2).mean() + eps)


# %% wrong="q6" slip="the mean of h^2 less the square of the mean cancels where the mean is large: subtract the mean first"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    mean = H.mean(axis=1, keepdims=True)
    var = (H * H).mean(axis=1, keepdims=True) - mean**2
    return (H - mean) / np.sqrt(var + eps)


# %% wrong="q6" slip="divide by the root of the variance, not by the variance"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    mean = H.mean(axis=1, keepdims=True)
    return (H - mean) / (((H - mean) ** 2).mean(axis=1, keepdims=True) + eps)


# %% wrong="q6" slip="eps is added to the variance, inside the root"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    mean = H.mean(axis=1, keepdims=True)
    return (H - mean) / (np.sqrt(((H - mean) ** 2).mean(axis=1, keepdims=True)) + eps)


# %% wrong="q6" slip="the batch's variance divides by B, not by B - 1"
def batchnorm(H, eps):
    H = np.asarray(H, float)
    return (H - H.mean(axis=1, keepdims=True)) / np.sqrt(
        H.var(axis=1, ddof=1, keepdims=True) + eps
    )


# %% [markdown]
# ## Done?
#
# `labcore grade my/03_compute_primitives.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
