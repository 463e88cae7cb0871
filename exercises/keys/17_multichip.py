# %% [markdown]
# # Exercise 17: many chips
#
# Seven questions, from one ring to the time that is progress. 18 points, about an hour. Lab 17 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Times
# are seconds, sizes bytes, bandwidths bytes a second in one direction. Do not call `labcore`: the point is to count
# yourself.

# %%
import math

from labcore.grading.check import exercise

check = exercise("17_multichip")

# %% [markdown] task="q1"
# ## 1. How long does a ring take?
#
# `p` chips sum `size` bytes in a ring; `p` divides `size`. Each message takes `latency` plus its bytes over
# `bandwidth`. How long does the all-reduce take, until every chip has the sum? *2 points*


# %% answer="q1"
def ring_time(p, size, bandwidth, latency):
    """Seconds of a ring all-reduce."""
    # solution
    return 2 * (p - 1) * (latency + size / p / bandwidth)
    # end solution


# %% check="q1" points=2
check(
    "q1",
    ring_time,
    on=[(2, 8, 4.0, 0.0), (4, 100, 25.0, 0.0), (4, 100, 25.0, 1.0), (1, 100, 25.0, 1.0)],
)


# %% draw="q1" count=16
def draw(rng):
    p = rng.randint(2, 64)
    return (
        p,
        p * rng.randint(1, 1000),
        float(rng.choice((8, 64, 256))),
        rng.randint(1, 8) / 8,
    )


# %% wrong="q1" slip="that sums the parts; they must also go around once more to be known everywhere"
def ring_time(p, size, bandwidth, latency):
    return (p - 1) * (latency + size / p / bandwidth)


# %% wrong="q1" slip="every one of the messages pays the latency"
def ring_time(p, size, bandwidth, latency):
    return latency + 2 * (p - 1) * size / p / bandwidth


# %% wrong="q1" slip="a message carries one part, not the whole vector"
def ring_time(p, size, bandwidth, latency):
    return 2 * (p - 1) * (latency + size / bandwidth)


# %% wrong="q1" slip="a part needs p - 1 steps to pass all chips"
def ring_time(p, size, bandwidth, latency):
    return 2 * p * (latency + size / p / bandwidth)


# %% [markdown] task="q2"
# ## 2. Run the ring
#
# `vectors` holds one list for each of p chips, each of p numbers. In the first p - 1 steps chip r sends its part
# `(r - step) % p`, as it stands when the step begins, to chip `(r + 1) % p`, which adds it to its own. Return what all
# chips hold after these steps, as a list of lists; the sharing is left out. *3 points*


# %% answer="q2"
def reduce_scatter(vectors):
    """What each chip holds after p - 1 steps of summing around a ring."""
    # solution
    held, p = [list(vector) for vector in vectors], len(vectors)
    for step in range(p - 1):
        sent = [(r, (r - step) % p, held[r][(r - step) % p]) for r in range(p)]
        for r, part, value in sent:
            held[(r + 1) % p][part] += value
    return held
    # end solution


# %% check="q2" points=3
check(
    "q2",
    reduce_scatter,
    on=[
        [[1, 2], [10, 20]],
        [[1, 1, 1], [10, 10, 10], [100, 100, 100]],
        [[1, 2, 3, 4], [0, 0, 0, 0], [5, 0, 0, 0], [0, 0, 0, 7]],
    ],
)


# %% draw="q2" count=16
def draw(rng):
    p = rng.randint(3, 6)
    return [[rng.randint(-9, 9) for _ in range(p)] for _ in range(p)]


# %% wrong="q2" slip="what comes in is added to what is there"
def reduce_scatter(vectors):
    held, p = [list(vector) for vector in vectors], len(vectors)
    for step in range(p - 1):
        sent = [(r, (r - step) % p, held[r][(r - step) % p]) for r in range(p)]
        for r, part, value in sent:
            held[(r + 1) % p][part] = value
    return held


# %% wrong="q2" slip="the part that a chip sends changes from step to step"
def reduce_scatter(vectors):
    held, p = [list(vector) for vector in vectors], len(vectors)
    for _ in range(p - 1):
        sent = [(r, r, held[r][r]) for r in range(p)]
        for r, part, value in sent:
            held[(r + 1) % p][part] += value
    return held


# %% wrong="q2" slip="one step is missing or too many: a part is complete after p - 1"
def reduce_scatter(vectors):
    held, p = [list(vector) for vector in vectors], len(vectors)
    for step in range(p):
        sent = [(r, (r - step) % p, held[r][(r - step) % p]) for r in range(p)]
        for r, part, value in sent:
            held[(r + 1) % p][part] += value
    return held


# %% [markdown] task="q3"
# ## 3. How much of the exchange is exposed?
#
# A backward pass takes `backward` in `count` equal buckets; summing one bucket takes `exchange`, and only one is summed
# at a time. A bucket can be summed as soon as it is computed. How long does the exchange last after the end of the
# backward pass? *3 points*


# %% answer="q3"
def exposed(backward, count, exchange):
    """Seconds from the end of the backward pass to the end of the last sum."""
    # solution
    computed = free = 0.0
    for _ in range(count):
        computed += backward / count
        free = max(free, computed) + exchange
    return free - computed
    # end solution


# %% check="q3" points=3
check(
    "q3",
    exposed,
    on=[(4.0, 1, 1.0), (4.0, 4, 0.5), (4.0, 4, 1.0), (4.0, 4, 3.0), (6.0, 2, 4.0)],
)


# %% draw="q3" count=24
def draw(rng):
    count = rng.choice((2, 4, 8, 16))
    return count * rng.randint(1, 8) / 2, count, rng.randint(1, 16) / 4


# %% wrong="q3" slip="an exchange that is longer than a bucket's computing delays all that follow"
def exposed(backward, count, exchange):
    return exchange


# %% wrong="q3" slip="the last bucket is ready only when the backward pass ends: its sum is always exposed"
def exposed(backward, count, exchange):
    return max(0.0, count * exchange - backward)


# %% wrong="q3" slip="only the sums before the last can hide: the last one is exposed however short it is"
def exposed(backward, count, exchange):
    return max(0.0, count * exchange - backward * (count - 1) / count)


# %% wrong="q3" slip="the first bucket must be computed before anything can be sent"
def exposed(backward, count, exchange):
    return max(exchange, count * exchange - backward)


# %% [markdown] task="q4"
# ## 4. How large is the bubble?
#
# `stages` stages pass `microbatches` microbatches forward and back; a microbatch takes a stage `forward` and `backward`.
# What share of the time does each stage idle, from the first start to the last end? *2 points*


# %% answer="q4"
def bubble(stages, microbatches, forward, backward):
    """Share of the whole time, from 0 to 1."""
    # solution
    whole = (microbatches + stages - 1) * (forward + backward)
    return 1 - microbatches * (forward + backward) / whole
    # end solution


# %% check="q4" points=2
check(
    "q4",
    bubble,
    on=[(1, 4, 1.0, 2.0), (2, 1, 1.0, 1.0), (4, 9, 1.0, 2.0), (8, 8, 1.0, 2.0)],
)


# %% draw="q4" count=16
def draw(rng):
    return rng.randint(2, 16), rng.randint(1, 64), rng.randint(1, 4), rng.randint(1, 8)


# %% wrong="q4" slip="that is idle time over useful time; asked is the share of all of it"
def bubble(stages, microbatches, forward, backward):
    return (stages - 1) / microbatches


# %% wrong="q4" slip="the last stage waits for stages - 1 others, not for itself"
def bubble(stages, microbatches, forward, backward):
    return stages / (microbatches + stages)


# %% wrong="q4" slip="that is the share that works"
def bubble(stages, microbatches, forward, backward):
    return microbatches / (microbatches + stages - 1)


# %% [markdown] task="q5"
# ## 5. Which splits fit?
#
# A model of `params` parameters trains on `chips` chips of `room` bytes. `tensor` x `pipeline` chips share one copy, the
# rest are replicas. A copy keeps 4 bytes a parameter on each replica, divided over its chips, and 12 more for the
# optimizer, which are spread over the replicas too. Activations are left out. Return all pairs (tensor, pipeline) of
# powers of two that fit, with tensor at most 8 and tensor x pipeline a divisor of `chips`, in ascending order.
# *3 points*


# %% answer="q5"
def fitting(params, chips, room):
    """List of pairs (tensor, pipeline)."""
    # solution
    found = []
    for tensor in (1, 2, 4, 8):
        for pipeline in (2**k for k in range(chips.bit_length())):
            ways = tensor * pipeline
            if chips % ways == 0:
                held = 4 * params / ways + 12 * params / chips
                if held <= room:
                    found.append((tensor, pipeline))
    return found
    # end solution


# %% check="q5" points=3
check(
    "q5",
    fitting,
    on=[(10, 2, 80), (10, 1, 80), (10, 4, 50), (100, 16, 120), (70, 64, 80)],
)


# %% draw="q5" count=24
def draw(rng):
    chips = rng.choice((8, 16, 32, 64))
    params = rng.randint(20, 400)
    return (
        params,
        chips,
        12 * params // chips + rng.randint(1, 4) * params // rng.choice((1, 4, 8, 16)),
    )


# %% wrong="q5" slip="the optimizer's 12 bytes are spread over the replicas as well"
def fitting(params, chips, room):
    pairs = [(t, 2**k) for t in (1, 2, 4, 8) for k in range(chips.bit_length())]
    return [
        (t, s) for t, s in pairs if chips % (t * s) == 0 and 16 * params / (t * s) <= room
    ]


# %% wrong="q5" slip="weights and gradients are not spread over the replicas: each keeps its own"
def fitting(params, chips, room):
    pairs = [(t, 2**k) for t in (1, 2, 4, 8) for k in range(chips.bit_length())]
    return [
        (t, s) for t, s in pairs if chips % (t * s) == 0 and 16 * params / chips <= room
    ]


# %% wrong="q5" slip="the optimizer is missing, or counted with too few bytes"
def fitting(params, chips, room):
    pairs = [(t, 2**k) for t in (1, 2, 4, 8) for k in range(chips.bit_length())]
    return [
        (t, s) for t, s in pairs if chips % (t * s) == 0 and 4 * params / (t * s) <= room
    ]


# %% [markdown] task="q6"
# ## 6. What did not scale?
#
# A run with `more` times the chips became `gain` times as fast. Return the share of the time before that did not shrink,
# if the rest shrank `more` times. *2 points*


# %% answer="q6"
def unscaled(gain, more):
    """Share of the time before, from 0 to 1."""
    # solution
    return (1 / gain - 1 / more) / (1 - 1 / more)
    # end solution


# %% check="q6" points=2
check("q6", unscaled, on=[(2, 4), (8, 8), (5.2, 8), (1, 16)])


# %% draw="q6" count=16
def draw(rng):
    more = rng.choice((2, 4, 8, 16, 128))
    return more * rng.randint(5, 15) / 16, more


# %% wrong="q6" slip="that is the share lost of the time after, 1 minus the efficiency"
def unscaled(gain, more):
    return 1 - gain / more


# %% wrong="q6" slip="what stays is not divided: divide the difference by 1 - 1/more"
def unscaled(gain, more):
    return 1 / gain - 1 / more


# %% wrong="q6" slip="that is the share that did shrink"
def unscaled(gain, more):
    return 1 - (1 / gain - 1 / more) / (1 - 1 / more)


# %% [markdown] task="q7"
# ## 7. How much of the time is progress?
#
# `chips` chips each fail once in `mtbf` on average, and any failure stops the job. It works for `tau`, saves for `save`,
# and so on; after a failure it restarts for `restart` and begins again at the last checkpoint. By Daly's formula a piece
# of `tau` takes $M e^{R/M} (e^{(\tau + S)/M} - 1)$ on average, with M the job's mean time between failures. Return the
# share of the time that is progress at Young's interval, $\sqrt{2 S M}$. *3 points*


# %% answer="q7"
def progress_share(chips, mtbf, save, restart):
    """Share of the time, from 0 to 1."""
    # solution
    M = mtbf / chips
    tau = math.sqrt(2 * save * M)
    return tau / (M * math.exp(restart / M) * (math.exp((tau + save) / M) - 1))
    # end solution


# %% check="q7" points=3
check(
    "q7",
    progress_share,
    on=[
        (1, 200.0, 1.0, 0.0),
        (4, 800.0, 1.0, 0.0),
        (4, 800.0, 1.0, 10.0),
        (64, 1e5, 2.0, 8.0),
    ],
)


# %% draw="q7" count=16
def draw(rng):
    return (
        rng.choice((8, 64, 512)),
        float(rng.randint(20, 90) * 10**4),
        float(rng.randint(1, 9)),
        float(rng.randint(1, 60)),
    )


# %% wrong="q7" slip="any of the chips stops the job, so it fails chips times as often as one"
def progress_share(chips, mtbf, save, restart):
    tau = math.sqrt(2 * save * mtbf)
    return tau / (mtbf * math.exp(restart / mtbf) * (math.exp((tau + save) / mtbf) - 1))


# %% wrong="q7" slip="the restart is missing"
def progress_share(chips, mtbf, save, restart):
    M = mtbf / chips
    tau = math.sqrt(2 * save * M)
    return tau / (M * (math.exp((tau + save) / M) - 1))


# %% wrong="q7" slip="saving is no progress: divide the work alone by the time"
def progress_share(chips, mtbf, save, restart):
    M = mtbf / chips
    tau = math.sqrt(2 * save * M)
    return (tau + save) / (M * math.exp(restart / M) * (math.exp((tau + save) / M) - 1))


# %% [markdown]
# ## Done?
#
# `labcore grade my/17_multichip.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
