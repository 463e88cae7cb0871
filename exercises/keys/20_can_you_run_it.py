# %% [markdown]
# # Exercise 20: can you run it?
#
# Seven questions, from the bytes of one model to the cheapest change that would do. 17 points, about an hour. Lab 20
# has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 4 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Sizes
# are in bytes, times in seconds, rates in bytes or FLOP a second. Do not call `labcore`: the point is to count yourself.

# %%
from labcore.grading.check import exercise

check = exercise("20_can_you_run_it")

# %% [markdown] task="q1"
# ## 1. How much does a chip hold?
#
# A language model has `params` weights of `bits` bits each, and `layers` blocks with `heads` key-value heads of `width`
# numbers. Its cache holds keys and values of every token of every chat, two bytes a number: `chats` chats of `context`
# tokens. How many bytes are weights and cache together? *2 points*


# %% answer="q1"
def held(params, bits, layers, heads, width, context, chats):
    """Bytes of the weights and of the cache."""
    # solution
    cache = 2 * layers * heads * width * 2 * context * chats
    return params * bits // 8 + cache
    # end solution


# %% check="q1" points=2
check(
    "q1",
    held,
    on=[
        (8, 16, 1, 1, 1, 1, 1),
        (16, 4, 1, 1, 2, 3, 1),
        (1000, 8, 2, 4, 8, 16, 5),
        (70_553_706_496, 16, 80, 8, 128, 8192, 1),
    ],
)


# %% draw="q1" count=24
def draw(rng):
    return (
        8 * rng.randint(1, 10**9),
        rng.choice((4, 8, 16)),
        rng.randint(1, 96),
        rng.choice((1, 2, 8, 32)),
        rng.choice((64, 128)),
        rng.randint(1, 8192),
        rng.randint(1, 64),
    )


# %% wrong="q1" slip="the cache holds keys and values: twice"
def held(params, bits, layers, heads, width, context, chats):
    return params * bits // 8 + layers * heads * width * 2 * context * chats


# %% wrong="q1" slip="a weight of 4 bits is half a byte: bits are not bytes"
def held(params, bits, layers, heads, width, context, chats):
    return params * bits + 4 * layers * heads * width * context * chats


# %% wrong="q1" slip="every chat has a cache of its own; the weights are shared"
def held(params, bits, layers, heads, width, context, chats):
    return params * bits // 8 + 4 * layers * heads * width * context


# %% wrong="q1" slip="only the weights are stored in fewer bits; a number of the cache keeps two bytes"
def held(params, bits, layers, heads, width, context, chats):
    return (params + 2 * layers * heads * width * context * chats) * bits // 8


# %% [markdown] task="q2"
# ## 2. How many chats at once?
#
# A chip has `capacity` bytes, of which `percent` % are kept back for the system. The model's weights take `weights`
# bytes and each chat `each` bytes. What is the largest number of chats? 0 if not one fits. *2 points*


# %% answer="q2"
def chats(capacity, percent, weights, each):
    """The most chats that fit beside the weights."""
    # solution
    usable = capacity * (100 - percent) // 100
    return max(0, (usable - weights) // each)
    # end solution


# %% check="q2" points=2
check(
    "q2",
    chats,
    on=[
        (100, 10, 30, 20),
        (100, 0, 20, 25),
        (100, 10, 95, 10),
        (80 * 10**9, 10, 16_060_522_496, 1_107_296_256),
    ],
)


# %% draw="q2" count=32
def draw(rng):
    capacity = rng.choice((16, 40, 80, 141)) * 10**9
    return (
        capacity,
        rng.choice((0, 5, 10, 20)),
        rng.randint(capacity // 10, capacity * 11 // 10),
        rng.randint(10**7, 9 * 10**9),
    )


# %% wrong="q2" slip="part of the memory is kept back"
def chats(capacity, percent, weights, each):
    return max(0, (capacity - weights) // each)


# %% wrong="q2" slip="the weights take room first"
def chats(capacity, percent, weights, each):
    return capacity * (100 - percent) // 100 // each


# %% wrong="q2" slip="a negative number of chats means that the weights alone do not fit: 0"
def chats(capacity, percent, weights, each):
    return (capacity * (100 - percent) // 100 - weights) // each


# %% wrong="q2" slip="a chat that fits only in part does not fit: round down"
def chats(capacity, percent, weights, each):
    return max(0, -((weights - capacity * (100 - percent) // 100) // each))


# %% [markdown] task="q3"
# ## 3. How long is a step?
#
# A pass runs `kernels` one after another, each a pair (FLOP, bytes). A kernel takes the longest of three times: its
# FLOP over the share `eta_compute` of the peak `R_peak`, its bytes over the share `eta_memory` of the bandwidth `BW`,
# and `T_launch`. How long is the pass? *3 points*


# %% answer="q3"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    """Seconds of all kernels in a row."""
    # solution
    return sum(
        max(flop / (eta_compute * R_peak), D_vol / (eta_memory * BW), T_launch)
        for flop, D_vol in kernels
    )
    # end solution


# %% check="q3" points=3
check(
    "q3",
    step,
    on=[
        ([(10, 1)], 10, 10, 0.5, 0.5, 0.1),
        ([(1, 10)], 10, 10, 0.5, 0.5, 0.1),
        ([(1, 1)], 10, 10, 0.5, 0.5, 4.0),
        ([(60, 2), (1, 8), (1, 1)], 10, 4, 0.5, 0.25, 2.0),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    kernels = [
        (2 ** rng.randint(0, 12), 2 ** rng.randint(0, 12))
        for _ in range(rng.randint(3, 6))
    ]
    return kernels, 64, 16, 0.5, rng.choice((0.25, 0.75)), 2.0 ** rng.randint(2, 6)


# %% wrong="q3" slip="each kernel has its own longest time; the longest of the sums is too short"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    flop, D_vol = (sum(part) for part in zip(*kernels, strict=True))
    return max(
        flop / (eta_compute * R_peak), D_vol / (eta_memory * BW), T_launch * len(kernels)
    )


# %% wrong="q3" slip="computing, moving and launching overlap within a kernel: the longest, not the sum"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    return sum(
        f / (eta_compute * R_peak) + b / (eta_memory * BW) + T_launch for f, b in kernels
    )


# %% wrong="q3" slip="a launch overlaps the kernel before it: it is a least time, not added on top"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    longer = (max(f / (eta_compute * R_peak), b / (eta_memory * BW)) for f, b in kernels)
    return sum(T + T_launch for T in longer)


# %% wrong="q3" slip="every kernel has a launch, as its least time, not the whole pass one at the end"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    longer = (max(f / (eta_compute * R_peak), b / (eta_memory * BW)) for f, b in kernels)
    return sum(longer) + T_launch


# %% wrong="q3" slip="computing and moving overlap, so the longer counts; and no kernel is shorter than its launch"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    return sum(f / (eta_compute * R_peak) + b / (eta_memory * BW) for f, b in kernels)


# %% wrong="q3" slip="no kernel is shorter than its launch"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    return sum(max(f / (eta_compute * R_peak), b / (eta_memory * BW)) for f, b in kernels)


# %% wrong="q3" slip="the data sheet's rates are not reached: divide by a share of them"
def step(kernels, R_peak, BW, eta_compute, eta_memory, T_launch):
    return sum(max(f / R_peak, b / BW, T_launch) for f, b in kernels)


# %% [markdown] task="q4"
# ## 4. What binds?
#
# `needs` and `limits` are dicts from a constraint's name to a number; a limit of None means that none was set, and at
# least one is set. The margin is limit over need. Return a pair: the name with the least margin, and whether every
# constraint is met. No two margins are alike. *3 points*


# %% answer="q4"
def binding(needs, limits):
    """The pair (name of what binds, True or False)."""
    # solution
    margins = {
        name: limits[name] / needs[name] for name in needs if limits[name] is not None
    }
    least = min(margins, key=margins.get)
    return least, margins[least] >= 1
    # end solution


# %% check="q4" points=3
check(
    "q4",
    binding,
    on=[
        ({"memory": 50, "time": 4}, {"memory": 100, "time": 12}),
        ({"memory": 90, "time": 5}, {"memory": 100, "time": 4}),
        ({"memory": 90, "time": 50}, {"memory": 100, "time": None}),
        (
            {"memory": 100, "time": 2, "power": 700},
            {"memory": 100, "time": 8, "power": None},
        ),
        ({"memory": 400, "time": 9}, {"memory": 300, "time": 6}),
    ],
)


# %% draw="q4" count=60
def draw(rng):
    needs = {
        "memory": 1000 * rng.randint(10, 99),
        "time": rng.randint(10, 99),
        "power": rng.randint(100, 900),
    }
    factors = rng.sample((0.5, 0.8, 1, 1.25, 2, 4), 3)
    limits = {
        name: need * factor
        for (name, need), factor in zip(needs.items(), factors, strict=True)
    }
    limits[rng.choice(("time", "power"))] = None
    return needs, limits


# %% judge="q4"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as ('memory', True)"
    if got[0] != want[0]:
        return 0, "the name of what binds is not right"
    if bool(got[1]) != bool(want[1]):
        return 0.5, "what binds is right, whether all is met is not"
    return 1, ""


# %% wrong="q4" slip="constraints have different units: compare limit over need, not needs"
def binding(needs, limits):
    name = max((n for n in needs if limits[n] is not None), key=needs.get)
    return name, all(limits[n] is None or needs[n] <= limits[n] for n in needs)


# %% wrong="q4" slip="compare the ratio of limit and need: a difference depends on the unit"
def binding(needs, limits):
    room = {n: limits[n] - needs[n] for n in needs if limits[n] is not None}
    return min(room, key=room.get), min(room.values()) >= 0


# %% wrong="q4" slip="a need that equals its limit is met"
def binding(needs, limits):
    margins = {n: limits[n] / needs[n] for n in needs if limits[n] is not None}
    least = min(margins, key=margins.get)
    return least, margins[least] > 1


# %% [markdown] task="q5"
# ## 5. How many chips?
#
# Chips share a model by its heads, so their number divides `heads`. Each holds an equal part of `weights` and `cache`,
# and all of `live`, and may use `usable` bytes. What is the smallest number of chips that does? 0 if none does.
# *2 points*


# %% answer="q5"
def chips(weights, cache, live, usable, heads):
    """The least divisor of heads at which each chip's part fits."""
    # solution
    for n in range(1, heads + 1):
        if heads % n == 0 and (weights + cache) / n + live <= usable:
            return n
    return 0
    # end solution


# %% check="q5" points=2
check(
    "q5",
    chips,
    on=[
        (60, 20, 10, 100, 8),
        (100, 40, 10, 60, 8),
        (141, 3, 1, 72, 8),
        (100, 100, 50, 60, 8),
        (100, 20, 0, 50, 6),
    ],
)


# %% draw="q5" count=68
def draw(rng):
    return (
        rng.randint(50, 300),
        rng.randint(1, 200),
        rng.randint(1, 20),
        rng.randint(30, 100),
        rng.choice((4, 8, 12)),
    )


# %% wrong="q5" slip="as many chips as divide the heads: 3 do not share 8"
def chips(weights, cache, live, usable, heads):
    return next(
        (n for n in range(1, heads + 1) if (weights + cache) / n + live <= usable), 0
    )


# %% wrong="q5" slip="what is alive between two layers is on every chip, not shared out"
def chips(weights, cache, live, usable, heads):
    fits = (
        n
        for n in range(1, heads + 1)
        if heads % n == 0 and (weights + cache + live) / n <= usable
    )
    return next(fits, 0)


# %% wrong="q5" slip="the cache is split by heads as well, so each chip holds its part"
def chips(weights, cache, live, usable, heads):
    fits = (
        n
        for n in range(1, heads + 1)
        if heads % n == 0 and weights / n + cache + live <= usable
    )
    return next(fits, 0)


# %% [markdown] task="q6"
# ## 6. How much faster are p GPUs?
#
# Each of `p` GPUs computes for `T_step` seconds; then all sum `D_vol` bytes of gradients on a ring, at `BW` bytes a
# second one way, and nothing overlaps. A ring sends each GPU's data 2 (p - 1) / p times. The work grows with the GPUs:
# without the sum they would be p times as fast as one. How many times are they? *3 points*


# %% answer="q6"
def speedup(p, T_step, D_vol, BW):
    """Speed-up of p GPUs over one."""
    # solution
    T_sum = 2 * (p - 1) / p * D_vol / BW
    return p * T_step / (T_step + T_sum)
    # end solution


# %% check="q6" points=3
check(
    "q6", speedup, on=[(1, 2, 4, 1), (2, 3, 6, 2), (4, 3, 8, 4), (8, 0.05, 10**9, 300e9)]
)


# %% draw="q6" count=24
def draw(rng):
    return (
        rng.randint(2, 64),
        rng.randint(1, 50),
        rng.randint(1, 100),
        rng.choice((1, 2, 4, 8)),
    )


# %% wrong="q6" slip="a sum over p GPUs is no single transfer: a ring sends the data 2 (p - 1) / p times"
def speedup(p, T_step, D_vol, BW):
    return p * T_step / (T_step + D_vol / BW)


# %% wrong="q6" slip="the exchange is a share of the lengthened step, not of the step before it"
def speedup(p, T_step, D_vol, BW):
    return p * (1 - 2 * (p - 1) / p * D_vol / BW / T_step)


# %% wrong="q6" slip="that is the efficiency of each GPU; p of them work"
def speedup(p, T_step, D_vol, BW):
    return T_step / (T_step + 2 * (p - 1) / p * D_vol / BW)


# %% [markdown] task="q7"
# ## 7. Which change is the cheapest?
#
# `changes` lists (name, price, does): the price of the hardware that a change needs, 0 where it needs none, None where
# nobody has published a price; and whether the model runs after it. Of those that do, return the name of the cheapest;
# of several at the same price the first; an unknown price comes behind every known one. None if none does. *2 points*


# %% answer="q7"
def cheapest(changes):
    """The name of the cheapest change that does, or None."""
    # solution
    good = [(name, price) for name, price, does in changes if does]
    if not good:
        return None
    return min(good, key=lambda one: (one[1] is None, one[1] or 0))[0]
    # end solution


# %% check="q7" points=2
check(
    "q7",
    cheapest,
    on=[
        [("int4", 0, True), ("B200", 40_000, True)],
        [("int8", 0, False), ("B200", 40_000, True), ("A100", 10_000, True)],
        [("MI300X", None, True), ("H100", 30_000, True)],
        [("batch 8", 0, True), ("int4", 0, True)],
        [("int8", 0, False)],
        [("int8", 0, False), ("MI300X", None, True)],
    ],
)


# %% draw="q7" count=40
def draw(rng):
    names = rng.sample(
        ("int8", "int4", "batch 8", "A100", "H100", "B200", "MI300X", "T4"),
        rng.randint(2, 6),
    )
    return [
        (name, rng.choice((0, None, 10_000, 30_000, 40_000)), rng.random() < 0.6)
        for name in names
    ]


# %% wrong="q7" slip="a change after which the model still does not run is no cure"
def cheapest(changes):
    good = [(name, price) for name, price, does in changes]
    return min(good, key=lambda one: (one[1] is None, one[1] or 0))[0] if good else None


# %% wrong="q7" slip="no price known is not a price of nothing"
def cheapest(changes):
    good = [(name, price) for name, price, does in changes if does]
    return min(good, key=lambda one: one[1] or 0)[0] if good else None


# %% wrong="q7" slip="the list is in no order: look for the least price"
def cheapest(changes):
    return next((name for name, price, does in changes if does), None)


# %% [markdown]
# ## Done?
#
# `labcore grade my/20_can_you_run_it.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
