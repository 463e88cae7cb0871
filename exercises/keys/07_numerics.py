# %% [markdown]
# # Exercise 07: numerics
#
# Seven questions that come up when a team narrows the numbers of a model. 17 points, about an hour. Lab 07 has all that
# you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Questions 2 and 3 ask for two numbers: where at least one of the two
# comes out right for every input, they earn half of their points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded.

# %%
import math

from labcore.catalogue import A100
from labcore.grading.check import exercise
from labcore.ops import matmul

check = exercise("07_numerics")

# %% [markdown] task="q1"
# ## 1. Round a number
#
# A floating format has `m` fraction bits and, for this question, exponents without end. Round a number x > 0 to the
# nearest value of the format; a tie goes to the value whose last fraction bit is 0. Between 4 and 8, say, a format with
# m = 2 has the values 4, 5, 6 and 7. *2 points*


# %% answer="q1"
def rounded(x, m):
    """The nearest value with m fraction bits, ties to even."""
    # solution
    exponent = math.floor(math.log2(x))
    spacing = 2.0 ** (exponent - m)
    return round(x / spacing) * spacing  # Python's round sends ties to even
    # end solution


# %% check="q1" points=2
check(
    "q1",
    rounded,
    on=[
        (5.0, 1),
        (5.3, 2),
        (4.5, 2),
        (5.5, 2),
        (5.75, 2),
        (0.3, 3),
        (1.9, 1),
        (2049.0, 10),
    ],
)


# %% draw="q1" count=40
def draw(rng):
    m = rng.randint(1, 8)
    case = rng.choice((0, 0, 1, 2))
    exponent = rng.randint(-6, 10)
    steps = rng.randint(2**m, 2 ** (m + 1) - 1)
    if case == 0:  # a tie
        return (steps + 0.5) * 2.0 ** (exponent - m), m
    if case == 1:  # well above the middle
        return (steps + rng.uniform(0.6, 0.95)) * 2.0 ** (exponent - m), m
    return (steps + rng.uniform(0.05, 0.4)) * 2.0 ** (exponent - m), m


# %% wrong="q1" slip="this cuts the remaining bits off; the nearest value may lie above"
def rounded(x, m):
    spacing = 2.0 ** (math.floor(math.log2(x)) - m)
    return math.floor(x / spacing) * spacing


# %% wrong="q1" slip="a tie goes to the value whose last fraction bit is 0, not always up"
def rounded(x, m):
    spacing = 2.0 ** (math.floor(math.log2(x)) - m)
    return math.floor(x / spacing + 0.5) * spacing


# %% wrong="q1" slip="the spacing grows with the number: it is 2^-m only between 1 and 2"
def rounded(x, m):
    return round(x * 2**m) / 2**m


# %% wrong="q1" slip="the leading 1 is not stored: m fraction bits come after it, m + 1 significant bits in all"
def rounded(x, m):
    spacing = 2.0 ** (math.floor(math.log2(x)) - m + 1)
    return round(x / spacing) * spacing


# %% [markdown] task="q2"
# ## 2. How far does a format reach?
#
# A format has `e` exponent bits and `m` fraction bits. Its bias is 2^(e-1) - 1. As in IEEE 754, the highest exponent
# field stands for infinities and NaN, the lowest for zero and the subnormals. Return the pair (largest finite value,
# smallest value above zero). Half precision, e = 5 and m = 10, has (65504.0, 2^-24). The lab's fp4_e2m1 and fp8_e4m3
# are not of this kind: they use their highest exponent field for numbers too and reach further. *2 points*


# %% answer="q2"
def reach(e, m):
    """The pair (largest finite value, smallest value above zero)."""
    # solution
    bias = 2 ** (e - 1) - 1
    return (2 - 2.0**-m) * 2.0**bias, 2.0 ** (1 - bias - m)
    # end solution


# %% check="q2" points=2
check("q2", reach, on=[(2, 1), (3, 2), (5, 2), (5, 10), (8, 7)])


# %% draw="q2" count=12
def draw(rng):
    return rng.randint(2, 8), rng.randint(1, 20)


# %% judge="q2"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-9) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the largest value is right, the smallest is not",
        (False, True): "the smallest value is right, the largest is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q2" slip="the highest exponent field is taken by infinities and NaN; the largest number has the one below"
def reach(e, m):
    bias = 2 ** (e - 1) - 1
    return (2 - 2.0**-m) * 2.0 ** (bias + 1), 2.0 ** (1 - bias - m)


# %% wrong="q2" slip="that is the smallest normal number; the subnormals go m doublings further down"
def reach(e, m):
    bias = 2 ** (e - 1) - 1
    return (2 - 2.0**-m) * 2.0**bias, 2.0 ** (1 - bias)


# %% wrong="q2" slip="the largest number has all of its fraction bits set, which nearly doubles it"
def reach(e, m):
    bias = 2 ** (e - 1) - 1
    return 2.0**bias, 2.0 ** (1 - bias - m)


# %% wrong="q2" slip="subnormals have the exponent of the smallest normal numbers, 1 - bias, not one less"
def reach(e, m):
    bias = 2 ** (e - 1) - 1
    return (2 - 2.0**-m) * 2.0**bias, 2.0 ** (-bias - m)


# %% [markdown] task="q3"
# ## 3. Scale and zero point
#
# Activations are to get asymmetric signed codes of `bits` bits, from -2^(bits-1) to 2^(bits-1) - 1. The range to cover
# goes from the smaller of `low` and 0 to the larger of `high` and 0, so that 0 has a code of its own. Return the pair
# (scale, zero point): the scale spreads the range over all codes, the zero point is the code of 0, a whole number.
# *3 points*


# %% answer="q3"
def scale_and_zero(low, high, bits):
    """The pair (scale, zero point) for values from low to high."""
    # solution
    low, high = min(low, 0), max(high, 0)
    scale = (high - low) / (2**bits - 1)
    return scale, round(-(2 ** (bits - 1)) - low / scale)
    # end solution


# %% check="q3" points=3
check(
    "q3",
    scale_and_zero,
    on=[
        (-1.0, 2.0, 2),
        (-1.0, 6.5, 4),
        (0.0, 5.1, 8),
        (1.0, 6.0, 4),
        (-3.0, -1.0, 4),
        (-4.0, 1.1, 8),
    ],
)


# %% draw="q3" count=16
def draw(rng):
    bits = rng.choice((4, 6, 8))
    while True:
        low, high = sorted((rng.uniform(-8, 8), rng.uniform(-8, 8)))
        case = rng.randrange(3)  # values on both sides of 0, above it, below it
        low, high = (
            (-abs(low) - 0.5, abs(high) + 0.5),
            (abs(low) / 9 + 0.2, 9.0),
            (-9.0, -abs(high) / 9 - 0.2),
        )[case]
        least, most = min(low, 0), max(high, 0)
        exact = least * (2**bits - 1) / (most - least)
        if case or abs(exact - math.floor(exact) - 0.5) > 0.1:  # no tie
            return low, high, bits


# %% judge="q3"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-6) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the scale is right, the zero point is not",
        (False, True): "the zero point is right, the scale is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q3" slip="2^bits codes have one step fewer between them"
def scale_and_zero(low, high, bits):
    low, high = min(low, 0), max(high, 0)
    scale = (high - low) / 2**bits
    return scale, round(-(2 ** (bits - 1)) - low / scale)


# %% wrong="q3" slip="the range must reach 0, also where all values lie on one side of it"
def scale_and_zero(low, high, bits):
    scale = (high - low) / (2**bits - 1)
    return scale, round(-(2 ** (bits - 1)) - low / scale)


# %% wrong="q3" slip="that is the symmetric scheme, which spends half of its codes on values that do not occur"
def scale_and_zero(low, high, bits):
    return max(abs(low), abs(high)) / (2 ** (bits - 1) - 1), 0


# %% wrong="q3" slip="signed codes begin at -2^(bits-1); this zero point counts from 0"
def scale_and_zero(low, high, bits):
    low, high = min(low, 0), max(high, 0)
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)


# %% [markdown] task="q4"
# ## 4. A sum in a narrow accumulator
#
# Add up the positive numbers in `terms` in their order. After every addition the sum is rounded to `m` fraction bits,
# nearest and ties to even, as in question 1; the terms themselves are not rounded. Return the last sum. *3 points*


# %% answer="q4"
def narrow_sum(terms, m):
    """The sum of the terms, rounded to m fraction bits after every addition."""
    # solution
    total = 0.0
    for term in terms:
        total += term
        spacing = 2.0 ** (math.floor(math.log2(total)) - m)
        total = round(total / spacing) * spacing
    return total
    # end solution


# %% check="q4" points=3
check(
    "q4",
    narrow_sum,
    on=[
        ([1.0, 1.0, 1.0], 1),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 1),
        ([8.0, 0.75, 0.75, 0.75], 2),
        ([0.75, 0.75, 0.75, 8.0], 2),
        ([1.3, 1.3, 1.3], 2),
        ([1.0] * 40, 3),
    ],
)


# %% draw="q4" count=16
def draw(rng):
    m = rng.randint(1, 4)
    case = rng.randrange(3)
    if case == 0:
        return [1.0] * rng.randint(2 ** (m + 1) + 3, 2 ** (m + 2) + 20), m
    terms = [rng.randint(1, 40) / 16 for _ in range(rng.randint(6, 24))]
    return sorted(terms, reverse=True) if case == 1 else terms, m


# %% wrong="q4" slip="the sum is rounded after every addition, not once at the end"
def narrow_sum(terms, m):
    total = sum(terms)
    spacing = 2.0 ** (math.floor(math.log2(total)) - m)
    return round(total / spacing) * spacing


# %% wrong="q4" slip="nothing is rounded here; the accumulator is narrow"
def narrow_sum(terms, m):
    return float(sum(terms))


# %% wrong="q4" slip="the terms are not rounded, the sums are"
def narrow_sum(terms, m):
    total = 0.0
    for term in terms:
        spacing = 2.0 ** (math.floor(math.log2(term)) - m)
        total += round(term / spacing) * spacing
    return total


# %% wrong="q4" slip="this cuts bits off after each addition; round to the nearest value"
def narrow_sum(terms, m):
    total = 0.0
    for term in terms:
        total += term
        spacing = 2.0 ** (math.floor(math.log2(total)) - m)
        total = math.floor(total / spacing) * spacing
    return total


# %% wrong="q4" slip="a tie goes to the value whose last bit is 0, not always up"
def narrow_sum(terms, m):
    total = 0.0
    for term in terms:
        total += term
        spacing = 2.0 ** (math.floor(math.log2(total)) - m)
        total = math.floor(total / spacing + 0.5) * spacing
    return total


# %% [markdown] task="q5"
# ## 5. How long may an integer dot product be?
#
# Symmetric codes of `a` bits, from -(2^(a-1) - 1) to 2^(a-1) - 1, meet symmetric codes of `b` bits. Their products are
# summed in two's complement of `s` bits. How many products fit for certain, whatever the codes are? *2 points*


# %% answer="q5"
def safe_length(a, b, s):
    """The largest number of products that can never pass the accumulator's largest value."""
    # solution
    largest_product = (2 ** (a - 1) - 1) * (2 ** (b - 1) - 1)
    return (2 ** (s - 1) - 1) // largest_product
    # end solution


# %% check="q5" points=2
check("q5", safe_length, on=[(3, 3, 8), (4, 4, 8), (4, 8, 16), (8, 8, 16), (8, 8, 32)])


# %% draw="q5" count=12
def draw(rng):
    a, b = rng.randint(3, 8), rng.randint(3, 8)
    return a, b, rng.randint(a + b + 3, 36)


# %% wrong="q5" slip="symmetric codes end one short of 2^(bits-1), so a few more products fit"
def safe_length(a, b, s):
    return (2 ** (s - 1) - 1) // (2 ** (a - 1) * 2 ** (b - 1))


# %% wrong="q5" slip="one bit of the accumulator is its sign"
def safe_length(a, b, s):
    return (2**s - 1) // ((2 ** (a - 1) - 1) * (2 ** (b - 1) - 1))


# %% wrong="q5" slip="one bit of each code is its sign, which makes the products four times smaller"
def safe_length(a, b, s):
    return (2 ** (s - 1) - 1) // ((2**a - 1) * (2**b - 1))


# %% wrong="q5" slip="round down: one product more could pass the end"
def safe_length(a, b, s):
    return math.ceil((2 ** (s - 1) - 1) / ((2 ** (a - 1) - 1) * (2 ** (b - 1) - 1)))


# %% [markdown] task="q6"
# ## 6. What does a narrower format gain?
#
# A kernel does `flop` operations on `elements` numbers, each of which crosses the memory bus once. In the old format a
# number takes `old_bytes` and the chip reaches `R_old` operations a second; in the new one `new_bytes` and `R_new`. The
# bandwidth `BW`, in B/s, stays. Computing and moving overlap perfectly. How many times as fast does the kernel become
# at best? *3 points*

# %%
layer = matmul(
    32, 2048, 2048, bytes_per_element=1
)  # one byte each, so D_vol counts elements


# %% answer="q6"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    """Least time in the old format over least time in the new one."""
    # solution
    old = max(flop / R_old, elements * old_bytes / BW)
    new = max(flop / R_new, elements * new_bytes / BW)
    return old / new
    # end solution


# %% check="q6" points=3
check(
    "q6",
    gain,
    on=[
        (1000, 10, 10, 4, 10, 2, 40),
        (100, 100, 10, 4, 10, 2, 40),
        (300, 50, 10, 4, 20, 2, 80),
        (300, 50, 10, 4, 10, 2, 80),
        (layer.flop, layer.D_vol, A100.BW, 4, A100.peak("fp32"), 2, A100.peak("fp16")),
        (layer.flop, layer.D_vol, A100.BW, 2, A100.peak("fp16"), 1, A100.peak("int8")),
    ],
)


# %% draw="q6" count=24
def draw(rng):
    BW, elements = rng.randint(5, 20), rng.randint(50, 200)
    old_bytes, new_bytes = rng.choice(((4, 2), (4, 1), (2, 1)))
    R_old = rng.randint(10, 40)
    R_new = R_old * rng.choice((3, 6, 8))
    old_move, new_move = elements * old_bytes / BW, elements * new_bytes / BW
    case = rng.randrange(3)
    if case == 0:  # compute-bound, then memory-bound
        least, most = R_old * old_move, R_new * new_move
        if least < 0.9 * most:
            return (
                round(rng.uniform(1.05 * least, 0.95 * most)),
                elements,
                BW,
                old_bytes,
                R_old,
                new_bytes,
                R_new,
            )
    flop = (
        4 * R_new * new_move * rng.uniform(1, 2)
        if case == 1
        else R_old * old_move * rng.uniform(0.2, 0.7)
    )
    return round(flop), elements, BW, old_bytes, R_old, new_bytes, R_new


# %% wrong="q6" slip="that is the ratio of the peaks; a memory-bound kernel does not feel it"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    return R_new / R_old


# %% wrong="q6" slip="that is the ratio of the bytes; a compute-bound kernel does not feel it"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    return old_bytes / new_bytes


# %% wrong="q6" slip="both roofs move, but their gains do not multiply: the kernel waits for one of them at a time"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    return R_new / R_old * old_bytes / new_bytes


# %% wrong="q6" slip="computing and moving overlap: the longer of the two counts, not their sum"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    old = flop / R_old + elements * old_bytes / BW
    return old / (flop / R_new + elements * new_bytes / BW)


# %% wrong="q6" slip="what binds in the old format need not bind in the new one; take the maximum again"
def gain(flop, elements, BW, old_bytes, R_old, new_bytes, R_new):
    return (
        R_new / R_old
        if flop / R_old > elements * old_bytes / BW
        else old_bytes / new_bytes
    )


# %% [markdown] task="q7"
# ## 7. What does a layer draw?
#
# A layer does `macs` multiply-accumulates. A multiplication takes `E_multiply` joules and an addition `E_add`. It reads
# and writes `elements` numbers of `bits` bits each in a memory that takes `E_byte` joules a byte. How much energy is
# that in all? *2 points*


# %% answer="q7"
def energy(macs, E_multiply, E_add, elements, bits, E_byte):
    """Joules for the arithmetic and the traffic of a layer."""
    # solution
    return macs * (E_multiply + E_add) + elements * bits / 8 * E_byte
    # end solution


# %% check="q7" points=2
check(
    "q7",
    energy,
    on=[
        (10, 3.0, 1.0, 4, 8, 5.0),
        (10, 3.0, 1.0, 4, 32, 5.0),
        (100, 2.0, 0.5, 10, 16, 100.0),
        (134_217_728, 3.7e-12, 0.9e-12, 4_325_376, 32, 162.5e-12),
    ],
)


# %% draw="q7"
def draw(rng):
    macs, elements, bits = (
        rng.randint(10, 500),
        rng.randint(10, 100),
        rng.choice((4, 8, 16, 32)),
    )
    return (
        macs,
        rng.randint(2, 9) / 2,
        rng.randint(1, 3) / 4,
        elements,
        bits,
        rng.randint(5, 50),
    )


# %% wrong="q7" slip="a multiply-accumulate is one multiplication and one addition, each once"
def energy(macs, E_multiply, E_add, elements, bits, E_byte):
    return 2 * macs * (E_multiply + E_add) + elements * bits / 8 * E_byte


# %% wrong="q7" slip="E_byte is for a byte; eight bits make one"
def energy(macs, E_multiply, E_add, elements, bits, E_byte):
    return macs * (E_multiply + E_add) + elements * bits * E_byte


# %% wrong="q7" slip="the addition takes energy too"
def energy(macs, E_multiply, E_add, elements, bits, E_byte):
    return macs * E_multiply + elements * bits / 8 * E_byte


# %% wrong="q7" slip="the traffic is left out, and it is often the larger part"
def energy(macs, E_multiply, E_add, elements, bits, E_byte):
    return macs * (E_multiply + E_add)


# %% [markdown]
# ## Done?
#
# `labcore grade my/07_numerics.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
