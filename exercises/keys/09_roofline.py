# %% [markdown]
# # Exercise 09: the roofline
#
# Eight questions that come up when a team buys, rents or tunes accelerators. 20 points, about an hour. Lab 09 has all
# that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Questions 2, 4 and 6 ask for two numbers: where at least one of the
# two comes out right for every input, they earn half of their points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded.
# Units are FLOP, B, s and their quotients throughout. One multiply-accumulate is two FLOP.

# %%
import math

from labcore.catalogue import A100, H100, V100
from labcore.grading.check import exercise
from labcore.ops import layernorm, matmul, softmax

check = exercise("09_roofline")

# %% [markdown] task="q1"
# ## 1. What does a dense layer ask for?
#
# A dense layer multiplies a batch of B inputs, (B, M), by weights, (M, N). Inputs and weights are read once, the
# outputs, (B, N), are written once, and every element takes `bytes_per_element` bytes. How many FLOP does it do for
# each byte that it moves? *2 points*


# %% answer="q1"
def dense_intensity(B, M, N, bytes_per_element):
    """Arithmetic intensity of (B, M) @ (M, N), in FLOP/B."""
    # solution
    flop = 2 * B * M * N
    D_vol = bytes_per_element * (B * M + M * N + B * N)
    return flop / D_vol
    # end solution


# %% check="q1" points=2
check(
    "q1",
    dense_intensity,
    on=[(1, 1, 1, 1), (2, 3, 4, 1), (2, 3, 4, 2), (32, 2048, 2048, 2)],
)


# %% draw="q1"
def draw(rng):
    B, M, N = (rng.randint(1, 64) for _ in range(3))
    return B, M, N, rng.choice((0.5, 1, 2, 4))


# %% wrong="q1" slip="a multiply-accumulate is two FLOP, one multiplication and one addition"
def dense_intensity(B, M, N, bytes_per_element):
    return B * M * N / (bytes_per_element * (B * M + M * N + B * N))


# %% wrong="q1" slip="the outputs are bytes too: each is written once"
def dense_intensity(B, M, N, bytes_per_element):
    return 2 * B * M * N / (bytes_per_element * (B * M + M * N))


# %% wrong="q1" slip="the weights are not the only traffic: inputs are read and outputs written"
def dense_intensity(B, M, N, bytes_per_element):
    return 2 * B * M * N / (bytes_per_element * M * N)


# %% wrong="q1" slip="the traffic is counted in bits; the unit is FLOP/B"
def dense_intensity(B, M, N, bytes_per_element):
    return 2 * B * M * N / (8 * bytes_per_element * (B * M + M * N + B * N))


# %% wrong="q1" slip="the traffic is counted in elements; each takes bytes_per_element bytes"
def dense_intensity(B, M, N, bytes_per_element):
    return 2 * B * M * N / (B * M + M * N + B * N)


# %% [markdown] task="q2"
# ## 2. What can this kernel reach on that chip?
#
# A chip computes at most `R_peak` FLOP/s and moves at most `BW` B/s. A kernel has intensity `I` FLOP/B. Return a pair:
# the chip's ridge point, and the share of `R_peak` that the kernel can reach at most (1.0 is all of it). *2 points*


# %% answer="q2"
def ridge_and_share(R_peak, BW, I):
    """The pair (ridge point in FLOP/B, attainable share of the peak from 0 to 1)."""
    # solution
    I_ridge = R_peak / BW
    return I_ridge, min(1.0, I / I_ridge)
    # end solution


# %% check="q2" points=2
check(
    "q2",
    ridge_and_share,
    on=[
        (100, 10, 5),
        (100, 10, 10),
        (100, 10, 40),
        (A100.peak("fp16"), A100.BW, 31),
        (H100.peak("fp16"), H100.BW, 200),
    ],
)


# %% draw="q2" count=16
def draw(rng):
    R_peak, BW = rng.randint(50, 500), rng.randint(2, 20)
    of_ridge = rng.choice((rng.uniform(0.05, 0.9), rng.uniform(1.1, 20)))
    return R_peak, BW, of_ridge * R_peak / BW


# %% judge="q2"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-6) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the ridge point is right, the share is not",
        (False, True): "the share is right, the ridge point is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q2" slip="the ridge is upside down: it is FLOP/s over B/s, FLOP for each byte"
def ridge_and_share(R_peak, BW, I):
    I_ridge = BW / R_peak
    return I_ridge, min(1.0, I / I_ridge)


# %% wrong="q2" slip="past the ridge the compute roof holds the share at 1; no kernel passes the peak"
def ridge_and_share(R_peak, BW, I):
    return R_peak / BW, I * BW / R_peak


# %% wrong="q2" slip="the share is a number from 0 to 1, not a percentage"
def ridge_and_share(R_peak, BW, I):
    return R_peak / BW, 100 * min(1.0, I * BW / R_peak)


# %% wrong="q2" slip="the second number is the attainable rate in FLOP/s; divide it by the peak"
def ridge_and_share(R_peak, BW, I):
    return R_peak / BW, min(R_peak, BW * I)


# %% [markdown] task="q3"
# ## 3. How many requests must wait for each other?
#
# Batching makes a dense layer's weights work for several inputs. What is the smallest whole batch B at which the
# layer of question 1 is compute-bound? A layer whose intensity is exactly the ridge point counts as compute-bound.
# Some layers never get there: return `None` for them. *3 points*


# %% answer="q3"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    """Smallest B at which (B, M) @ (M, N) is compute-bound, or None."""
    # solution
    I_ridge = R_peak / BW
    # 2 B M N >= I_ridge b (B M + M N + B N), solved for B
    gain = 2 * M * N - I_ridge * bytes_per_element * (M + N)
    if gain <= 0:
        return None
    return math.ceil(I_ridge * bytes_per_element * M * N / gain)
    # end solution


# %% check="q3" points=3
check(
    "q3",
    least_batch,
    on=[
        (4, 4, 1, 20, 10),
        (4, 4, 1, 30, 10),
        (4, 4, 1, 40, 10),
        (2, 2, 1, 100, 10),
        (2048, 2048, 2, A100.peak("fp16"), A100.BW),
        (2048, 2048, 1, A100.peak("int8"), A100.BW),
        (256, 256, 2, H100.peak("fp16"), H100.BW),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    bytes_per_element, BW = rng.choice((1, 2, 4)), rng.choice((10, 20, 50))
    case = rng.randrange(3)
    if (
        case == 0
    ):  # 1/B + 1/M + 1/N as 1/2 + 1/4 + 1/4: exactly at the ridge, in floats too
        scale = 4 * 2 ** rng.randint(0, 7)
        m, n = rng.choice(((4, 4), (2, 4), (4, 2)))
        R_peak = 2 * scale // bytes_per_element * BW
        return m * scale, n * scale, bytes_per_element, R_peak, BW
    while True:
        M, N, I_ridge = rng.randint(16, 2048), rng.randint(16, 2048), rng.randint(4, 600)
        gain = 2 * M * N - I_ridge * bytes_per_element * (M + N)
        asked = I_ridge * bytes_per_element * M * N
        if gain < 0 if case == 1 else gain > 0 and asked % gain and asked < 5000 * gain:
            return M, N, bytes_per_element, I_ridge * BW, BW


# %% wrong="q3" slip="at exactly the ridge point the layer is compute-bound: the test is >=, not >"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    for B in range(1, 10_000):
        if 2 * B * M * N / (bytes_per_element * (B * M + M * N + B * N)) > R_peak / BW:
            return B
    return None


# %% wrong="q3" slip="intensity is B times a constant only while inputs and outputs are nothing beside the weights"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    return math.ceil(R_peak / BW * bytes_per_element / 2)


# %% wrong="q3" slip="round up: at the whole number below, the layer is still memory-bound"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    gain = 2 * M * N - R_peak / BW * bytes_per_element * (M + N)
    return (
        math.floor(R_peak / BW * bytes_per_element * M * N / gain) if gain > 0 else None
    )


# %% wrong="q3" slip="a negative batch says that no batch is enough: return None"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    gain = 2 * M * N - R_peak / BW * bytes_per_element * (M + N)
    return math.ceil(R_peak / BW * bytes_per_element * M * N / gain) if gain else None


# %% wrong="q3" slip="a multiply-accumulate is two FLOP; counted as one, it puts the crossing too far out"
def least_batch(M, N, bytes_per_element, R_peak, BW):
    gain = M * N - R_peak / BW * bytes_per_element * (M + N)
    return math.ceil(R_peak / BW * bytes_per_element * M * N / gain) if gain > 0 else None


# %% [markdown] task="q4"
# ## 4. And a convolution?
#
# K filters of (C, R, S) slide over a batch of N inputs of (C, H, W). `padding` zeros are added on each of the four
# sides; `stride` is the step in both directions. The padding's zeros are multiplied like any number but are not read
# from memory. Input, weights and output cross the memory bus once. Return the pair (FLOP, bytes). *3 points*


# %% answer="q4"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    """The pair (FLOP, B) of a convolution with square stride and padding."""
    # solution
    P = (H + 2 * padding - R) // stride + 1
    Q = (W + 2 * padding - S) // stride + 1
    flop = 2 * N * K * P * Q * C * R * S
    D_vol = bytes_per_element * (N * C * H * W + K * C * R * S + N * K * P * Q)
    return flop, D_vol
    # end solution


# %% check="q4" points=3
check(
    "q4",
    conv_flop_and_bytes,
    on=[
        (1, 1, 3, 3, 1, 2, 2, 1, 0, 1),
        (1, 1, 3, 3, 1, 3, 3, 1, 1, 1),
        (1, 2, 5, 5, 3, 3, 2, 2, 1, 2),
        (32, 3, 224, 224, 64, 7, 7, 2, 3, 2),
        (32, 128, 56, 56, 256, 3, 3, 1, 1, 2),
    ],
)


# %% draw="q4" count=16
def draw(rng):
    N, C, K, R, S = (rng.randint(1, 5) for _ in range(5))
    H, W = rng.randint(5, 24), rng.randint(5, 24)
    return (
        N,
        C,
        H,
        W,
        K,
        R,
        S,
        rng.randint(1, 4),
        rng.randint(0, 3),
        rng.choice((1, 2, 4)),
    )


# %% judge="q4"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-6) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the number of FLOP is right, the number of bytes is not",
        (False, True): "the number of bytes is right, the number of FLOP is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q4" slip="a multiply-accumulate is two FLOP, one multiplication and one addition"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - S) // stride + 1
    return N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * P * Q
    )


# %% wrong="q4" slip="padding is added at both ends of an axis, so the output grows by twice the padding"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H + padding - R) // stride + 1, (W + padding - S) // stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * P * Q
    )


# %% wrong="q4" slip="the padding is left out: the filter also slides over the zeros at the edges"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H - R) // stride + 1, (W - S) // stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * P * Q
    )


# %% wrong="q4" slip="the output is not as large as the input: count the places where the filter fits"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    return 2 * N * K * H * W * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * H * W
    )


# %% wrong="q4" slip="a filter that fits only in part gives no output: round the number of steps down"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H + 2 * padding - R) / stride + 1, (W + 2 * padding - S) / stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * P * Q
    )


# %% wrong="q4" slip="the weights are bytes too: every filter is read once"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - S) // stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + N * K * P * Q
    )


# %% wrong="q4" slip="the outputs are bytes too: each is written once"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    P, Q = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - S) // stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S
    )


# %% wrong="q4" slip="the padding's zeros are not read from memory: the input is as large as it came"
def conv_flop_and_bytes(N, C, H, W, K, R, S, stride, padding, bytes_per_element):
    H, W = H + 2 * padding, W + 2 * padding
    P, Q = (H - R) // stride + 1, (W - S) // stride + 1
    return 2 * N * K * P * Q * C * R * S, bytes_per_element * (
        N * C * H * W + K * C * R * S + N * K * P * Q
    )


# %% [markdown] task="q5"
# ## 5. What would fusing save?
#
# The dense layer of question 1 is followed by a chain of `k` elementwise steps (scale, GELU, dropout). Each step by
# itself reads the (B, N) result of the one before and writes one of its own. A fused kernel does all k steps on the
# dense layer's result while it is still on the chip, and writes only the last one. By what factor does the whole
# traffic, dense layer included, shrink? The bytes of an element cancel. *2 points*


# %% answer="q5"
def fusion_gain(B, M, N, k):
    """Traffic of dense layer and k elementwise steps apart, over their traffic when fused."""
    # solution
    dense = B * M + M * N + B * N
    return (dense + 2 * k * B * N) / dense
    # end solution


# %% check="q5" points=2
check(
    "q5",
    fusion_gain,
    on=[
        (1, 1, 1, 1),
        (2, 3, 4, 1),
        (2, 3, 4, 3),
        (32, 2048, 2048, 4),
        (16384, 768, 3072, 3),
    ],
)


# %% draw="q5"
def draw(rng):
    B, M, N = (rng.randint(1, 64) for _ in range(3))
    return B, M, N, rng.randint(1, 6)


# %% wrong="q5" slip="the quotient is upside down: unfused over fused is above 1"
def fusion_gain(B, M, N, k):
    dense = B * M + M * N + B * N
    return dense / (dense + 2 * k * B * N)


# %% wrong="q5" slip="each step by itself reads and writes: two crossings of B N elements, not one"
def fusion_gain(B, M, N, k):
    dense = B * M + M * N + B * N
    return (dense + k * B * N) / dense


# %% wrong="q5" slip="the dense layer's own result stays on the chip too; when fused, only the last result is written"
def fusion_gain(B, M, N, k):
    dense = B * M + M * N + B * N
    return (dense + 2 * k * B * N) / (dense + 2 * B * N)


# %% wrong="q5" slip="the dense layer's traffic is left out; it stays, however well the chain is fused"
def fusion_gain(B, M, N, k):
    return float(k)


# %% [markdown] task="q6"
# ## 6. How many tokens per second?
#
# A language model with P parameters of `bytes_per_param` bytes writes one token for each of B readers in every step. A
# step reads every parameter once for all readers, and does a multiply-accumulate with each parameter for each
# reader. Leave activations and the cache of keys and values aside, and let computing and moving overlap perfectly.
# Return the pair (seconds of a step, tokens per second for all readers together). *3 points*


# %% answer="q6"
def decode(P, bytes_per_param, B, R_peak, BW):
    """The pair (time of one step in s, tokens per second in all)."""
    # solution
    T = max(2 * P * B / R_peak, P * bytes_per_param / BW)
    return T, B / T
    # end solution


# %% check="q6" points=3
check(
    "q6",
    decode,
    on=[
        (1000, 2, 1, 100, 10),
        (1000, 2, 20, 100, 10),
        (1000, 2, 60, 100, 10),
        (1000, 0.5, 4, 100, 10),
        (1.5e9, 2, 1, A100.peak("fp16"), A100.BW),
        (1.5e9, 2, 256, A100.peak("fp16"), A100.BW),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    P, BW = rng.randint(1000, 100_000), rng.randint(2, 50)
    bytes_per_param, I_ridge = rng.choice((0.5, 1, 2)), rng.randint(20, 200)
    crossing = int(
        I_ridge * bytes_per_param / 2
    )  # readers at which a step turns compute-bound
    B = rng.choice(
        (rng.randint(2, crossing - 1), rng.randint(crossing + 2, 4 * crossing))
    )
    return P, bytes_per_param, B, I_ridge * BW, BW


# %% judge="q6"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-6) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the time of a step is right, the rate is not",
        (False, True): "the rate is right, the time of a step is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q6" slip="computing and moving overlap: the longer of the two counts, not their sum"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = 2 * P * B / R_peak + P * bytes_per_param / BW
    return T, B / T


# %% wrong="q6" slip="the parameters are read once a step, for all readers together"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = max(2 * P * B / R_peak, B * P * bytes_per_param / BW)
    return T, B / T


# %% wrong="q6" slip="bytes_per_param is in bytes already; only bits are 8 to the byte"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = max(2 * P * B / R_peak, 8 * P * bytes_per_param / BW)
    return T, B / T


# %% wrong="q6" slip="1 / T is the rate that one reader sees; a step writes a token for each of B readers"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = max(2 * P * B / R_peak, P * bytes_per_param / BW)
    return T, 1 / T


# %% wrong="q6" slip="a multiply-accumulate is two FLOP, so the compute-bound steps take twice as long"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = max(P * B / R_peak, P * bytes_per_param / BW)
    return T, B / T


# %% wrong="q6" slip="a step is not always memory-bound: with enough readers the arithmetic takes longer"
def decode(P, bytes_per_param, B, R_peak, BW):
    T = P * bytes_per_param / BW
    return T, B / T


# %% [markdown] task="q7"
# ## 7. Which chip would you rent?
#
# A network does `flop` FLOP and moves `D_vol` bytes for one answer, and its weights take `weights` bytes. Each chip on
# offer is a tuple (name, R_peak, BW, capacity, price): FLOP/s, B/s, memory in **GiB**, price for an hour, all prices
# different. The offers below are made up to be easy on paper. Return the name of the cheapest chip that holds the
# weights and gives the answer within `T_target` seconds, exactly on time included, or `None` if no chip does.
# Computing and moving overlap. *3 points*

# %%
OFFERS = [
    ("small", 100, 10, 2, 1.0),
    ("wide", 100, 40, 2, 3.0),
    ("large", 400, 20, 16, 5.0),
]
GiB = 2**30


# %% answer="q7"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    """Name of the cheapest chip that holds the weights and is on time, or None."""
    # solution
    good = [
        (price, name)
        for name, R_peak, BW, capacity, price in chips
        if weights <= capacity * 2**30 and max(flop / R_peak, D_vol / BW) <= T_target
    ]
    return min(good)[1] if good else None
    # end solution


# %% check="q7" points=3
check(
    "q7",
    cheapest_chip,
    on=[
        (100, 10, 1 * GiB, 1.0, OFFERS),
        (50, 30, 1 * GiB, 1.0, OFFERS),
        (50, 5, 4 * GiB, 1.0, OFFERS),
        (50, 5, 2 * GiB, 1.0, OFFERS),
        (1000, 10, 1 * GiB, 1.0, OFFERS),
        (100, 10, 1 * GiB, 1.0, OFFERS[::-1]),
    ],
)


# %% draw="q7" count=40
def draw(rng):
    fits, size, GB = rng.choice((2, 4, 8)), rng.randint(1, 9), 10**9
    weights = fits * rng.choice((GiB, GiB, GiB + 1, 105 * GB // 100))
    chips = []
    for name, price in zip(
        rng.sample("abcdefghijk", 6), rng.sample(range(1, 20), 6), strict=True
    ):
        R_peak, BW = rng.choice((50, 100, 200, 400)), rng.choice((5, 10, 20, 40))
        capacity = rng.choice((fits // 2, fits, fits, 2 * fits))
        chips.append((name, R_peak, BW, capacity, float(price)))
    # the same number times powers of two on both sides, so that "exactly on time" is exact
    return 100 * size, 10 * size, weights, size * rng.choice((0.5, 1.0, 2.0)), chips


# %% wrong="q7" slip="a chip that is exactly on time counts: the test is <=, not <"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (c[4], c[0])
        for c in chips
        if weights <= c[3] * 2**30 and max(flop / c[1], D_vol / c[2]) < T_target
    ]
    return min(good)[1] if good else None


# %% wrong="q7" slip="computing and moving overlap: the longer of the two counts, not their sum"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (c[4], c[0])
        for c in chips
        if weights <= c[3] * 2**30 and flop / c[1] + D_vol / c[2] <= T_target
    ]
    return min(good)[1] if good else None


# %% wrong="q7" slip="the weights do not fit that chip's memory"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [(c[4], c[0]) for c in chips if max(flop / c[1], D_vol / c[2]) <= T_target]
    return min(good)[1] if good else None


# %% wrong="q7" slip="a GiB is 2^30 B, 7 % more than a GB: the weights fit after all"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (c[4], c[0])
        for c in chips
        if weights <= c[3] * 1e9 and max(flop / c[1], D_vol / c[2]) <= T_target
    ]
    return min(good)[1] if good else None


# %% wrong="q7" slip="the capacity is in GiB and the weights are in bytes: a GiB is 2^30 B"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (c[4], c[0])
        for c in chips
        if weights <= c[3] and max(flop / c[1], D_vol / c[2]) <= T_target
    ]
    return min(good)[1] if good else None


# %% wrong="q7" slip="the fastest chip that will do is not the cheapest"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (max(flop / c[1], D_vol / c[2]), c[0]) for c in chips if weights <= c[3] * 2**30
    ]
    return min(good)[1] if good and min(good)[0] <= T_target else None


# %% wrong="q7" slip="the first chip that will do is not the cheapest: the offers come in any order"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        c[0]
        for c in chips
        if weights <= c[3] * 2**30 and max(flop / c[1], D_vol / c[2]) <= T_target
    ]
    return good[0] if good else None


# %% wrong="q7" slip="bytes take time too: compare the longer of computing and moving with the target"
def cheapest_chip(flop, D_vol, weights, T_target, chips):
    good = [
        (c[4], c[0]) for c in chips if weights <= c[3] * 2**30 and flop / c[1] <= T_target
    ]
    return min(good)[1] if good else None


# %% [markdown] task="q8"
# ## 8. Which kernel would you tune?
#
# A profile lists kernels as tuples (name, FLOP, bytes, measured seconds). A kernel's gap is its measured time over the
# least time that the chip's roofline allows it. Return the pair (name, gap) of the kernel with the largest gap.
# *2 points*

# %%
PROFILE = [("matmul", 1000, 20, 12.0), ("copy", 10, 50, 10.0), ("reduce", 20, 20, 6.0)]
STEP = [  # parts of a transformer layer, with made-up times
    (op.kind, op.flop, op.D_vol, T)
    for op, T in [
        (matmul(32 * 512, 768, 3 * 768), 0.6e-3),
        (softmax(32 * 12 * 512, 512), 1.1e-3),
        (layernorm(32 * 512, 768), 0.2e-3),
    ]
]


# %% answer="q8"
def largest_gap(kernels, R_peak, BW):
    """The pair (name, measured time over least time) of the kernel farthest from its roof."""
    # solution
    gaps = [
        (T / max(flop / R_peak, D_vol / BW), name) for name, flop, D_vol, T in kernels
    ]
    gap, name = max(gaps)
    return name, gap
    # end solution


# %% check="q8" points=2
check(
    "q8",
    largest_gap,
    on=[(PROFILE, 100, 10), (PROFILE[:2], 100, 10), (STEP, V100.peak("fp16"), V100.BW)],
)


# %% draw="q8" count=24
def draw(rng):
    R_peak, BW = 10 * rng.randint(5, 50), rng.randint(2, 20)
    kernels = []
    for name, gap in zip(
        rng.sample("abcdefghijk", 4), rng.sample(range(2, 30), 4), strict=True
    ):
        flop, D_vol = rng.randint(100, 20_000), rng.randint(10, 1000)
        kernels.append((name, flop, D_vol, gap / 2 * max(flop / R_peak, D_vol / BW)))
    return kernels, R_peak, BW


# %% wrong="q8" slip="the kernel that takes longest may already be close to its roof; compare with the least time"
def largest_gap(kernels, R_peak, BW):
    name, flop, D_vol, T = max(kernels, key=lambda kernel: kernel[3])
    return name, T / max(flop / R_peak, D_vol / BW)


# %% wrong="q8" slip="the peak alone is not the roof: a kernel that moves many bytes cannot be expected to reach it"
def largest_gap(kernels, R_peak, BW):
    gap, name = max((T / (flop / R_peak), name) for name, flop, D_vol, T in kernels)
    return name, gap


# %% wrong="q8" slip="the bandwidth alone is not the roof: a kernel with much arithmetic takes longer than its bytes"
def largest_gap(kernels, R_peak, BW):
    gap, name = max((T / (D_vol / BW), name) for name, flop, D_vol, T in kernels)
    return name, gap


# %% wrong="q8" slip="the gap is a quotient, measured over least; a difference favours kernels that are long anyway"
def largest_gap(kernels, R_peak, BW):
    gap, name = max(
        (T - max(flop / R_peak, D_vol / BW), name) for name, flop, D_vol, T in kernels
    )
    return name, gap


# %% [markdown]
# ## Done?
#
# `labcore grade my/09_roofline.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
