# %% [markdown]
# # Exercise 21: a map of accelerators
#
# Seven questions about what architectures bet on. 17 points, about an hour. Lab 21 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 7 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Peaks
# are in FLOP/s, bandwidths in B/s and one direction, sizes in bytes, GB is 10^9 of them. One multiply-accumulate is two
# FLOP. The chips of these questions are made up; do not call `labcore`: the point is to count yourself.

# %%
import math

from labcore.grading.check import exercise

check = exercise("21_architecture_map")

# %% [markdown] task="q1"
# ## 1. When do weights stop binding?
#
# A chip has a peak of `R_peak` FLOP/s and reads at `BW` B/s. A decode step reads `params` weights of `bits` bits once
# for the whole batch, and nothing else; every sequence does one multiply-accumulate for each weight. From which batch on
# does computing take at least as long as reading? *2 points*


# %% answer="q1"
def least_batch(R_peak, BW, params, bits):
    """The smallest whole batch whose computing takes as long as reading the weights, or longer."""
    # solution
    return math.ceil(R_peak * bits / (16 * BW))
    # end solution


# %% check="q1" points=2
check(
    "q1",
    least_batch,
    on=[
        (4, 1, 10, 16),
        (5, 1, 10, 16),
        (4, 1, 10, 32),
        (1000 * 10**12, 3 * 10**12, 8 * 10**9, 16),
        (200 * 10**12, 80 * 10**12, 8 * 10**9, 8),
    ],
)


# %% draw="q1" count=16
def draw(rng):
    R_peak = rng.randint(50, 2000) * 10**12
    return (
        R_peak,
        rng.randint(1, 20) * 10**11,
        rng.randint(1, 70) * 10**9,
        rng.choice((4, 8, 32)),
    )


# %% wrong="q1" slip="a multiply-accumulate is two FLOP, one multiplication and one addition"
def least_batch(R_peak, BW, params, bits):
    return math.ceil(R_peak * bits / (8 * BW))


# %% wrong="q1" slip="that is the ridge point in FLOP for each byte; a weight has its own number of bytes"
def least_batch(R_peak, BW, params, bits):
    return math.ceil(R_peak / BW)


# %% wrong="q1" slip="bits, not bytes: bandwidth counts bytes"
def least_batch(R_peak, BW, params, bits):
    return math.ceil(R_peak * bits / (2 * BW))


# %% wrong="q1" slip="a batch that falls short of the turn still waits for memory: round up"
def least_batch(R_peak, BW, params, bits):
    return R_peak * bits // (16 * BW)


# %% [markdown] task="q2"
# ## 2. How many chips hold the model?
#
# A model has `params` weights of `bits` bits. For each token of each sequence the cache keeps a key and a value of
# `kv_heads` x `head` numbers in each of `layers` layers, 2 bytes a number. `sequences` are served at a time, each of
# `context` tokens. A chip's memory has `capacity` bytes. How many chips hold weights and cache together, where both may
# be cut anywhere? *3 points*


# %% answer="q2"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    """Chips whose memories together hold the weights and the cache."""
    # solution
    weights = params * bits / 8
    cache = 2 * layers * kv_heads * head * 2 * sequences * context
    return math.ceil((weights + cache) / capacity)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    chips,
    on=[
        (8, 16, 1, 1, 1, 1, 1, 4),
        (8, 8, 1, 1, 1, 1, 3, 4),
        (70 * 10**9, 16, 80, 8, 128, 16, 8192, 80 * 10**9),
        (70 * 10**9, 8, 80, 8, 128, 16, 8192, 230 * 10**6),
        (8 * 10**9, 4, 32, 8, 128, 32, 2048, 500 * 10**6),
    ],
)


# %% draw="q2" count=20
def draw(rng):
    """A cache about as large as the weights, and memories small enough that every slip costs chips."""
    params, layers = rng.choice(((8 * 10**9, 32), (13 * 10**9, 40), (70 * 10**9, 80)))
    context = rng.choice((4096, 8192, 16_384))
    sequences = rng.randint(8, 64)
    return (
        params,
        rng.choice((4, 8)),
        layers,
        8,
        128,
        sequences,
        context,
        rng.randint(200, 900) * 10**6,
    )


# %% wrong="q2" slip="keys and values are two numbers, one of each"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    cache = layers * kv_heads * head * 2 * sequences * context
    return math.ceil((params * bits / 8 + cache) / capacity)


# %% wrong="q2" slip="the cache takes room beside the weights"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    return math.ceil(params * bits / 8 / capacity)


# %% wrong="q2" slip="every sequence has a cache of its own"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    cache = 2 * layers * kv_heads * head * 2 * context
    return math.ceil((params * bits / 8 + cache) / capacity)


# %% wrong="q2" slip="narrow weights leave the cache as it is: it keeps 2 bytes a number"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    cache = 2 * layers * kv_heads * head * bits / 8 * sequences * context
    return math.ceil((params * bits / 8 + cache) / capacity)


# %% wrong="q2" slip="half a chip is a chip: round up"
def chips(params, bits, layers, kv_heads, head, sequences, context, capacity):
    cache = 2 * layers * kv_heads * head * 2 * sequences * context
    return int((params * bits / 8 + cache) // capacity)


# %% [markdown] task="q3"
# ## 3. How many tokens a second?
#
# `chips` chips form a pipeline, each with an equal share of a model's `weights` bytes, which it reads at `BW` B/s. One
# sequence is decoded alone: a token passes all chips, one after the other, and only then does the next one begin. Between
# two chips it takes `hop` seconds. Computing takes no time. How many tokens a second is that? *2 points*


# %% answer="q3"
def tokens(weights, chips, BW, hop):
    """Tokens a second of one sequence on a pipeline of chips."""
    # solution
    return 1 / (weights / BW + (chips - 1) * hop)
    # end solution


# %% check="q3" points=2
check(
    "q3",
    tokens,
    on=[
        (8, 1, 4, 1.0),
        (8, 2, 4, 1.0),
        (8, 4, 4, 0.5),
        (16e9, 70, 80e12, 1e-6),
        (140e9, 2, 4e12, 1e-6),
    ],
)


# %% draw="q3" count=16
def draw(rng):
    weights = rng.randint(8, 140) * 10**9
    return (
        weights,
        rng.randint(2, 800),
        rng.randint(1, 80) * 10**12,
        rng.choice((1, 2, 5)) / 2**14,
    )


# %% wrong="q3" slip="a token waits for each chip in turn: in a pipeline one sequence reads no faster than on one chip"
def tokens(weights, chips, BW, hop):
    return 1 / (weights / BW / chips + (chips - 1) * hop)


# %% wrong="q3" slip="between n chips there are n - 1 links"
def tokens(weights, chips, BW, hop):
    return 1 / (weights / BW + chips * hop)


# %% wrong="q3" slip="what crosses between chips takes time, too"
def tokens(weights, chips, BW, hop):
    return BW / weights


# %% [markdown] task="q4"
# ## 4. What is left of lanes in step?
#
# `lanes` lanes work in step on items of unequal `lengths`, taken in order, `lanes` at a time; the last group may be
# short. A group ends with its longest item. Which share of the lanes' time is work? *2 points*


# %% answer="q4"
def used(lengths, lanes):
    """Work over the time of all lanes."""
    # solution
    groups = [lengths[at : at + lanes] for at in range(0, len(lengths), lanes)]
    return sum(lengths) / (lanes * sum(map(max, groups)))
    # end solution


# %% check="q4" points=2
check(
    "q4",
    used,
    on=[
        ([1, 3], 2),
        ([1, 3, 2, 2], 2),
        ([2, 2, 2], 2),
        ([4, 1, 1, 1, 4, 1], 3),
        ([5, 1, 2], 4),
    ],
)


# %% draw="q4" count=16
def draw(rng):
    lanes = rng.choice((2, 4, 8))
    count = lanes * rng.randint(2, 5) + rng.randint(1, lanes - 1)
    return [rng.randint(1, 30) for _ in range(count)], lanes


# %% wrong="q4" slip="a group waits for its own longest item, not for the longest of all"
def used(lengths, lanes):
    return sum(lengths) / (lanes * math.ceil(len(lengths) / lanes) * max(lengths))


# %% wrong="q4" slip="the lanes that have no item in the last group stand still, too"
def used(lengths, lanes):
    groups = [lengths[at : at + lanes] for at in range(0, len(lengths), lanes)]
    return sum(lengths) / sum(len(group) * max(group) for group in groups)


# %% wrong="q4" slip="groups take different times: weigh them by it, a mean of their shares does not"
def used(lengths, lanes):
    groups = [lengths[at : at + lanes] for at in range(0, len(lengths), lanes)]
    return sum(sum(group) / (lanes * max(group)) for group in groups) / len(groups)


# %% wrong="q4" slip="items stay in order: sorting them first is a better machine"
def used(lengths, lanes):
    ordered = sorted(lengths, reverse=True)
    groups = [ordered[at : at + lanes] for at in range(0, len(ordered), lanes)]
    return sum(lengths) / (lanes * sum(map(max, groups)))


# %% [markdown] task="q5"
# ## 5. What do chiplets cost?
#
# `area` mm^2 of logic are cut into `dies` equal dies. If there is more than one, every die needs a share `tax` of its
# logic on top, for its links. A mm^2 of a wafer costs `price`, has `defects` defects on average, and a die of area A has
# none with chance exp(-defects * A). Dies are tested before they are joined; each of the `dies` joints succeeds with
# chance `bond`, and one failure loses the whole package. A single die is not joined to anything. What does a good
# package cost? *3 points*


# %% answer="q5"
def package_cost(area, dies, tax, price, defects, bond):
    """Money for a package that works."""
    # solution
    A = area / dies * (1 + tax if dies > 1 else 1)
    good = A * price / math.exp(-defects * A)
    return dies * good / (bond**dies if dies > 1 else 1)
    # end solution


# %% check="q5" points=3
check(
    "q5",
    package_cost,
    on=[
        (100, 1, 0.1, 1, 0.001, 0.5),
        (100, 2, 0.0, 1, 0.0, 0.5),
        (800, 1, 0.1, 0.25, 0.001, 0.99),
        (800, 4, 0.1, 0.25, 0.001, 0.99),
        (200, 8, 0.25, 0.25, 0.001, 0.98),
    ],
)


# %% draw="q5" count=40
def draw(rng):
    return (
        rng.randint(200, 800),
        rng.choice((1, 1, 2, 3, 4, 6, 8)),
        rng.randint(5, 25) / 100,
        rng.randint(10, 40) / 100,
        rng.randint(5, 20) / 10_000,
        rng.randint(90, 99) / 100,
    )


# %% wrong="q5" slip="one bad die does not cost the others: dies are tested before they are joined"
def package_cost(area, dies, tax, price, defects, bond):
    A = area / dies * (1 + tax if dies > 1 else 1)
    good = dies * A * price / math.exp(-defects * A * dies)
    return good / (bond**dies if dies > 1 else 1)


# %% wrong="q5" slip="the links take area on every die"
def package_cost(area, dies, tax, price, defects, bond):
    A = area / dies
    good = A * price / math.exp(-defects * A)
    return dies * good / (bond**dies if dies > 1 else 1)


# %% wrong="q5" slip="a larger die also has more defects: the tax belongs into the yield as well"
def package_cost(area, dies, tax, price, defects, bond):
    A = area / dies
    good = A * (1 + tax if dies > 1 else 1) * price / math.exp(-defects * A)
    return dies * good / (bond**dies if dies > 1 else 1)


# %% wrong="q5" slip="every joint must hold: chances multiply"
def package_cost(area, dies, tax, price, defects, bond):
    A = area / dies * (1 + tax if dies > 1 else 1)
    good = A * price / math.exp(-defects * A)
    return dies * good / (bond if dies > 1 else 1)


# %% wrong="q5" slip="a single die has no links and no joint"
def package_cost(area, dies, tax, price, defects, bond):
    A = area / dies * (1 + tax)
    return dies * A * price / math.exp(-defects * A) / bond**dies


# %% [markdown] task="q6"
# ## 6. What do the indices cost?
#
# A matrix of `rows` x `cols` keeps one weight in `keep`, `bits` bits each. Three ways to say which: "bitmap", a bit for
# every place of the matrix; "n:m", where each kept weight says which of its group of `keep` it is, in as few whole bits
# as tell them apart; "blocks", square blocks of `side` x `side` that are kept or not as a whole, each with its column in
# 16 bits, and for every row of blocks, and once at the end, a pointer of 16 bits. `keep` divides `cols`, `side` divides
# rows and columns, and the kept blocks are a whole number. Return all bits, values and indices. *2 points*


# %% answer="q6"
def stored_bits(pattern, rows, cols, keep, bits, side):
    """Bits of the kept weights and of what says where they stand."""
    # solution
    kept = rows * cols // keep
    if pattern == "bitmap":
        return kept * bits + rows * cols
    if pattern == "n:m":
        return kept * (bits + math.ceil(math.log2(keep)))
    return kept * bits + 16 * (kept // side**2 + rows // side + 1)
    # end solution


# %% check="q6" points=2
check(
    "q6",
    stored_bits,
    on=[
        ("bitmap", 4, 4, 2, 8, 2),
        ("n:m", 4, 4, 2, 8, 2),
        ("blocks", 4, 4, 2, 8, 2),
        ("n:m", 64, 60, 6, 4, 4),
        ("blocks", 64, 64, 8, 4, 4),
        ("bitmap", 64, 64, 8, 4, 4),
    ],
)


# %% draw="q6" count=32
def draw(rng):
    pattern = rng.choice(("bitmap", "n:m", "blocks"))
    keep, side = rng.choice((3, 5, 6, 10, 12)), rng.choice((2, 4))
    rows, cols = (keep * side * rng.randint(2, 12) for _ in range(2))
    return pattern, rows, cols, keep, rng.choice((2, 4, 8, 16)), side


# %% wrong="q6" slip="a bitmap has a bit for the zeros, too"
def stored_bits(pattern, rows, cols, keep, bits, side):
    kept = rows * cols // keep
    if pattern == "bitmap":
        return kept * bits + kept
    if pattern == "n:m":
        return kept * (bits + math.ceil(math.log2(keep)))
    return kept * bits + 16 * (kept // side**2 + rows // side + 1)


# %% wrong="q6" slip="three places need two bits: round up, not down"
def stored_bits(pattern, rows, cols, keep, bits, side):
    kept = rows * cols // keep
    if pattern == "bitmap":
        return kept * bits + rows * cols
    if pattern == "n:m":
        return kept * (bits + int(math.log2(keep)))
    return kept * bits + 16 * (kept // side**2 + rows // side + 1)


# %% wrong="q6" slip="one index serves a whole block: that is what blocks are for"
def stored_bits(pattern, rows, cols, keep, bits, side):
    kept = rows * cols // keep
    if pattern == "bitmap":
        return kept * bits + rows * cols
    if pattern == "n:m":
        return kept * (bits + math.ceil(math.log2(keep)))
    return kept * bits + 16 * (kept + rows // side + 1)


# %% wrong="q6" slip="the pointers count as well: one for each row of blocks, and one more"
def stored_bits(pattern, rows, cols, keep, bits, side):
    kept = rows * cols // keep
    if pattern == "bitmap":
        return kept * bits + rows * cols
    if pattern == "n:m":
        return kept * (bits + math.ceil(math.log2(keep)))
    return kept * bits + 16 * (kept // side**2)


# %% [markdown] task="q7"
# ## 7. Which chip for this mix?
#
# `chips` lists (peak in FLOP/s, bandwidth in B/s, price of an hour); `mix` lists workloads as (FLOP, bytes), to be done
# one after another. Within a workload computing and moving overlap, so the longer of both is its time. Which chip does
# the mix for the least money? Return a pair: its place in the list, from 0, and the share of its time that it spends in
# workloads for which moving takes longer than computing. *3 points*


# %% answer="q7"
def choose(chips, mix):
    """The place of the cheapest chip for the mix, and the share of its time that memory binds."""
    # solution
    found = []
    for at, (R_peak, BW, price) in enumerate(chips):
        times = [(flop / R_peak, moved / BW) for flop, moved in mix]
        T = sum(map(max, times))
        bound = sum(moving for computing, moving in times if moving > computing)
        found.append((T * price, at, bound / T))
    return min(found)[1:]
    # end solution


# %% check="q7" points=3
check(
    "q7",
    choose,
    on=[
        ([(10, 1, 1)], [(10, 2), (30, 1)]),
        ([(10, 1, 1), (2, 8, 1)], [(100, 1)]),
        ([(10, 1, 1), (2, 8, 1)], [(100, 1), (10, 64)]),
        ([(100, 10, 2), (50, 8, 1), (10, 40, 1)], [(400, 20), (100, 160)]),
        ([(100, 10, 9), (50, 8, 8), (10, 40, 5)], [(300, 50), (100, 120), (50, 80)]),
    ],
)


# %% draw="q7" count=32
def draw(rng):
    """Chips between many FLOP and many bytes, and a mix of both kinds of work."""
    chips = [
        (rng.randint(20, 200), rng.randint(2, 20), rng.randint(1, 9)),
        (rng.randint(20, 100), rng.randint(5, 40), rng.randint(1, 9)),
        (rng.randint(5, 50), rng.randint(20, 80), rng.randint(1, 9)),
    ]
    rng.shuffle(chips)
    mix = [(rng.randint(100, 900), rng.randint(1, 60)) for _ in range(rng.randint(2, 3))]
    return chips, mix + [
        (rng.randint(10, 200), rng.randint(20, 200)) for _ in range(rng.randint(2, 3))
    ]


# %% judge="q7"
def judge(on, got, want):
    import math

    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (0, 0.5)"
    if got[0] != want[0]:
        return 0, "another chip does this mix for less"
    if not (
        isinstance(got[1], int | float)
        and math.isclose(got[1], want[1], rel_tol=1e-9, abs_tol=1e-9)
    ):
        return 0.5, "the chip is right, the share of its time is not"
    return 1, ""


# %% wrong="q7" slip="workloads follow each other: take the longer of both times in each, then add"
def choose(chips, mix):
    found = []
    for at, (R_peak, BW, price) in enumerate(chips):
        computing, moving = (sum(part) for part in zip(*mix, strict=True))
        T = max(computing / R_peak, moving / BW)
        found.append((T * price, at, float(moving / BW > computing / R_peak)))
    return min(found)[1:]


# %% wrong="q7" slip="the fastest chip need not be the cheapest: time costs by the hour"
def choose(chips, mix):
    found = []
    for at, (R_peak, BW, _) in enumerate(chips):
        times = [(flop / R_peak, moved / BW) for flop, moved in mix]
        T = sum(map(max, times))
        found.append((T, at, sum(m for c, m in times if m > c) / T))
    return min(found)[1:]


# %% wrong="q7" slip="computing and moving overlap: they do not add up"
def choose(chips, mix):
    found = []
    for at, (R_peak, BW, price) in enumerate(chips):
        times = [(flop / R_peak, moved / BW) for flop, moved in mix]
        T = sum(map(sum, times))
        found.append((T * price, at, sum(m for c, m in times if m > c) / T))
    return min(found)[1:]


# %% wrong="q7" slip="a share of time is wanted, not a share of the workloads"
def choose(chips, mix):
    found = []
    for at, (R_peak, BW, price) in enumerate(chips):
        times = [(flop / R_peak, moved / BW) for flop, moved in mix]
        found.append(
            (sum(map(max, times)) * price, at, sum(m > c for c, m in times) / len(times))
        )
    return min(found)[1:]


# %% [markdown]
# ## Done?
#
# `labcore grade my/21_architecture_map.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel
# and adds up the points. Hand in the notebook as it is.
