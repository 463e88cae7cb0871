# %% [markdown]
# # Exercise 08: memory systems
#
# Eight questions that come up when a program waits for its memory. 20 points, about an hour. Lab 08 has all that you
# need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 8 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Units
# stand in each question: kB, GB and TB are powers of ten.

# %%
import math

from labcore.grading.check import exercise

check = exercise("08_memory_systems")

# %% [markdown] task="q1"
# ## 1. How many cycles is a wait?
#
# A load takes `latency` nanoseconds and the clock runs at `clock` megahertz. How many cycles pass? An answer that is
# not whole stays so. *2 points*


# %% answer="q1"
def cycles_waited(latency, clock):
    """Cycles of a wait: latency in ns, clock in MHz."""
    # solution
    return latency * clock / 1000
    # end solution


# %% check="q1" points=2
check("q1", cycles_waited, on=[(1, 1000), (100, 2000), (316, 1380), (75, 3500)])


# %% draw="q1"
def draw(rng):
    return rng.randint(1, 900), rng.choice((216, 1000, 1380, 1410, 1755, 3500))


# %% wrong="q1" slip="nanoseconds times megahertz are thousandths of a cycle: divide by 1000"
def cycles_waited(latency, clock):
    return latency * clock


# %% wrong="q1" slip="cycles are time times clock, not time over clock"
def cycles_waited(latency, clock):
    return latency / clock * 1000


# %% [markdown] task="q2"
# ## 2. When is the last byte there?
#
# A memory answers after `latency` nanoseconds and then delivers `bandwidth` gigabytes a second. After how many
# nanoseconds is the last of `size` bytes there? *2 points*


# %% answer="q2"
def fetched_after(size, bandwidth, latency):
    """Nanoseconds until the last byte: size in B, bandwidth in GB/s, latency in ns."""
    # solution
    return latency + size / bandwidth
    # end solution


# %% check="q2" points=2
check(
    "q2",
    fetched_after,
    on=[
        (1, 1, 0),
        (1000, 100, 0),
        (1000, 100, 300),
        (32000, 900, 316),
        (10**9, 3350, 273),
    ],
)


# %% draw="q2"
def draw(rng):
    return (
        rng.choice((128, 4096, 32000, 10**6, 10**9)),
        rng.choice((25, 64, 900, 2039)),
        rng.randint(50, 2000),
    )


# %% wrong="q2" slip="the first byte comes only after the latency"
def fetched_after(size, bandwidth, latency):
    return size / bandwidth


# %% wrong="q2" slip="bytes stream while later ones are on their way: the two times add up, the larger does not hide the other"
def fetched_after(size, bandwidth, latency):
    return max(latency, size / bandwidth)


# %% wrong="q2" slip="GB are 10^9 bytes, and a GB a second is a byte a nanosecond; GiB are 2^30"
def fetched_after(size, bandwidth, latency):
    return latency + size / (bandwidth * 2**30) * 1e9


# %% [markdown] task="q3"
# ## 3. How many loads at once?
#
# A load brings `line` bytes and takes `latency` nanoseconds. How many such loads must be under way at any moment so
# that `bandwidth` gigabytes a second arrive? A whole number, the least that suffices. *2 points*


# %% answer="q3"
def loads_at_once(bandwidth, latency, line):
    """Loads under way: bandwidth in GB/s, latency in ns, line in B."""
    # solution
    return math.ceil(bandwidth * latency / line)
    # end solution


# %% check="q3" points=2
check(
    "q3", loads_at_once, on=[(1, 1, 1), (10, 10, 64), (900, 316, 128), (2039, 331, 128)]
)


# %% draw="q3"
def draw(rng):
    return rng.randint(20, 4000), rng.randint(50, 900), rng.choice((32, 64, 128))


# %% wrong="q3" slip="one load less than that, and the memory idles now and then: round up"
def loads_at_once(bandwidth, latency, line):
    return bandwidth * latency // line


# %% wrong="q3" slip="those are the bytes under way; each load brings a line of them"
def loads_at_once(bandwidth, latency, line):
    return bandwidth * latency


# %% wrong="q3" slip="the longer a load takes, the more of them must be under way: multiply by the latency"
def loads_at_once(bandwidth, latency, line):
    return math.ceil(bandwidth / latency / line)


# %% [markdown] task="q4"
# ## 4. What part of the energy moves data?
#
# A kernel does `macs` multiply-accumulates and reads `words` words of 32 bits from DRAM. A multiply-accumulate costs
# `e_mac` picojoules; an access of **64 bits** costs `e_access`. What part of the energy, from 0 to 1, goes into
# moving? *2 points*


# %% answer="q4"
def part_moving(macs, words, e_mac, e_access):
    """Part of the energy that moves words of 32 bits."""
    # solution
    moving = words / 2 * e_access
    return moving / (moving + macs * e_mac)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    part_moving,
    on=[(1, 2, 1, 1), (1, 3, 4.6, 1300), (1000, 2, 4.6, 1300), (10**6, 3000, 4.6, 250)],
)


# %% draw="q4"
def draw(rng):
    return (
        rng.choice((1, 10, 1000, 10**6)),
        2 * rng.randint(1, 2000),
        rng.choice((0.3, 1.7, 4.6)),
        rng.choice((250, 350, 1300)),
    )


# %% wrong="q4" slip="an access is 64 bits, which are two words of 32"
def part_moving(macs, words, e_mac, e_access):
    return words * e_access / (words * e_access + macs * e_mac)


# %% wrong="q4" slip="that is moving over computing; the question asks for a part of the whole"
def part_moving(macs, words, e_mac, e_access):
    return words / 2 * e_access / (macs * e_mac)


# %% wrong="q4" slip="that is the part which computes"
def part_moving(macs, words, e_mac, e_access):
    return macs * e_mac / (words / 2 * e_access + macs * e_mac)


# %% [markdown] task="q5"
# ## 5. How large is the cache?
#
# A transformer of `layers` layers has `q_heads` query heads, which share `kv_heads` key-value heads; a head is `d_head`
# wide. How many bytes do the keys and values of `batch` sequences of `context` tokens take, at `b` bytes a number?
# *2 points*


# %% answer="q5"
def kv_bytes(layers, q_heads, kv_heads, d_head, batch, context, b):
    """Bytes of the KV cache."""
    # solution
    return 2 * layers * kv_heads * d_head * batch * context * b
    # end solution


# %% check="q5" points=2
check(
    "q5",
    kv_bytes,
    on=[
        (1, 1, 1, 1, 1, 1, 1),
        (1, 4, 2, 8, 1, 3, 2),
        (32, 32, 8, 128, 1, 8192, 2),
        (48, 25, 25, 64, 32, 1024, 2),
    ],
)


# %% draw="q5"
def draw(rng):
    kv = rng.choice((1, 4, 8))
    return (
        rng.randint(2, 80),
        kv * rng.randint(2, 8),
        kv,
        rng.choice((64, 128)),
        rng.randint(1, 64),
        rng.randint(1, 8192),
        rng.choice((1, 2)),
    )


# %% wrong="q5" slip="keys and values: two vectors for each token"
def kv_bytes(layers, q_heads, kv_heads, d_head, batch, context, b):
    return layers * kv_heads * d_head * batch * context * b


# %% wrong="q5" slip="query heads that share a key-value head share its cache: count the key-value heads"
def kv_bytes(layers, q_heads, kv_heads, d_head, batch, context, b):
    return 2 * layers * q_heads * d_head * batch * context * b


# %% wrong="q5" slip="the cache grows with the context; it is the scores that grow with its square"
def kv_bytes(layers, q_heads, kv_heads, d_head, batch, context, b):
    return 2 * layers * kv_heads * d_head * batch * context**2 * b


# %% [markdown] task="q6"
# ## 6. How many chips for training?
#
# Weights and gradients take `b` bytes a parameter each. Adam keeps two fp32 numbers a parameter, and where `b` is less
# than 4 also an fp32 copy of the weights. All of it, and `activations` bytes besides, is spread evenly over chips of
# `capacity` bytes. How many are the fewest? *3 points*


# %% answer="q6"
def chips_for_training(params, b, activations, capacity):
    """The fewest chips that hold the training state; params a whole number, the rest in B."""
    # solution
    state = 2 * b + 2 * 4 + (4 if b < 4 else 0)
    return math.ceil((params * state + activations) / capacity)
    # end solution


# %% check="q6" points=3
check(
    "q6",
    chips_for_training,
    on=[
        (1, 2, 0, 8),
        (10, 4, 40, 100),
        (10**9, 2, 0, 80 * 10**9),
        (7 * 10**9, 2, 20 * 10**9, 80 * 10**9),
        (175 * 10**9, 2, 10**12, 80 * 10**9),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    return (
        rng.randint(200, 2000) * 10**8,
        rng.choice((2, 4)),
        rng.randint(0, 900) * 10**9,
        rng.choice((32, 80)) * 10**9,
    )


# %% wrong="q6" slip="mixed precision keeps an fp32 copy of the weights beside Adam's two numbers"
def chips_for_training(params, b, activations, capacity):
    return math.ceil((params * (2 * b + 8) + activations) / capacity)


# %% wrong="q6" slip="there is a gradient for each parameter, too"
def chips_for_training(params, b, activations, capacity):
    state = b + 8 + (4 if b < 4 else 0)
    return math.ceil((params * state + activations) / capacity)


# %% wrong="q6" slip="a copy in fp32 is needed only where the weights are narrower than that"
def chips_for_training(params, b, activations, capacity):
    return math.ceil((params * (2 * b + 12) + activations) / capacity)


# %% wrong="q6" slip="a part of a chip is a chip: round up"
def chips_for_training(params, b, activations, capacity):
    state = 2 * b + 8 + (4 if b < 4 else 0)
    return max(1, (params * state + activations) // capacity)


# %% [markdown] task="q7"
# ## 7. When does the last part leave?
#
# A batch is cut into `parts` equal parts. Copying one in takes `t_in` microseconds, computing it `t_compute`, copying it
# out `t_out`. Each of the three has hardware of its own and buffers enough: while one part computes, the next comes in
# and the one before goes out. How many microseconds after the start has the last part left? *3 points*


# %% answer="q7"
def overlapped(t_in, t_compute, t_out, parts):
    """Time of all parts, copies overlapped with computing, in us."""
    # solution
    slowest = max(t_in, t_compute, t_out)
    return t_in + t_compute + t_out + (parts - 1) * slowest
    # end solution


# %% check="q7" points=3
check(
    "q7",
    overlapped,
    on=[(2, 3, 1, 1), (2, 3, 1, 3), (4, 1, 1, 3), (1, 1, 1, 10), (618, 2210, 10, 4)],
)


# %% draw="q7"
def draw(rng):
    return (
        rng.randint(1, 50),
        rng.randint(1, 50),
        rng.randint(1, 50),
        rng.randint(2, 40),
    )


# %% wrong="q7" slip="that is one step after another; the next part comes in while this one computes"
def overlapped(t_in, t_compute, t_out, parts):
    return parts * (t_in + t_compute + t_out)


# %% wrong="q7" slip="the pipeline fills and drains: the first part pays all three steps"
def overlapped(t_in, t_compute, t_out, parts):
    return parts * max(t_in, t_compute, t_out)


# %% wrong="q7" slip="the slowest step sets the pace, and that need not be computing"
def overlapped(t_in, t_compute, t_out, parts):
    return t_in + t_out + parts * t_compute


# %% wrong="q7" slip="the first part has paid its slowest step already; only the others add it"
def overlapped(t_in, t_compute, t_out, parts):
    return t_in + t_compute + t_out + parts * max(t_in, t_compute, t_out)


# %% [markdown] task="q8"
# ## 8. Be the cache
#
# A cache holds `lines` lines of `line` bytes each. An access to an address needs the line that holds it, which starts
# at a multiple of `line`. A line that is not there is a miss: it is fetched, and if the cache is full, the line that was
# used longest ago goes out. Every access makes its line the one used last. `trace` is a list of addresses. Return a
# pair: the misses, and the bytes that were fetched. *4 points*


# %% answer="q8"
def misses(trace, lines, line):
    """The pair (misses, bytes fetched) of a least-recently-used cache."""
    # solution
    held = []  # line numbers, the one used last at the end
    missed = 0
    for address in trace:
        number = address // line
        if number in held:
            held.remove(number)
        else:
            missed += 1
            if len(held) == lines:
                held.pop(0)
        held.append(number)
    return missed, missed * line
    # end solution


# %% check="q8" points=4
check(
    "q8",
    misses,
    on=[
        ([0, 1], 1, 1),
        ([0, 4, 8, 0], 2, 8),
        ([0, 8, 0, 16, 0, 8], 2, 8),
        ([0, 64, 128, 0, 64, 128], 2, 64),
    ],
)


# %% draw="q8" count=12
def draw(rng):
    line = rng.choice((4, 8, 64))
    lines = rng.randint(2, 4)
    addresses = rng.randint(lines + 1, lines + 3) * line
    return [rng.randrange(addresses) for _ in range(24)], lines, line


# %% judge="q8"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (3, 192)"
    if got[0] != want[0]:
        return 0, "the misses are not right"
    if got[1] != want[1]:
        return (
            0.5,
            "the misses are right, the bytes are not: each miss fetches a whole line",
        )
    return 1, ""


# %% wrong="q8" slip="a hit makes its line the one used last; what goes out is not the line that came first"
def misses(trace, lines, line):
    held, missed = [], 0
    for address in trace:
        number = address // line
        if number not in held:
            missed += 1
            if len(held) == lines:
                held.pop(0)
            held.append(number)
    return missed, missed * line


# %% wrong="q8" slip="a miss brings a whole line, and with it its neighbours: compare lines, not addresses"
def misses(trace, lines, line):
    held, missed = [], 0
    for address in trace:
        if address in held:
            held.remove(address)
        else:
            missed += 1
            if len(held) == lines:
                held.pop(0)
        held.append(address)
    return missed, missed * line


# %% wrong="q8" slip="each miss fetches a whole line, not one byte"
def misses(trace, lines, line):
    held, missed = [], 0
    for address in trace:
        number = address // line
        if number in held:
            held.remove(number)
        else:
            missed += 1
            held = held[1:] if len(held) == lines else held
        held.append(number)
    return missed, missed


# %% wrong="q8" slip="a full cache loses a line for each that comes"
def misses(trace, lines, line):
    missed = len({address // line for address in trace})
    return missed, missed * line


# %% [markdown]
# ## Done?
#
# `labcore grade my/08_memory_systems.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
