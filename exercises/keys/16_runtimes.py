# %% [markdown]
# # Exercise 16: runtimes
#
# Seven questions about what a runtime meets: launches, copies, padding, queues, memory, heat. 17 points, about an hour.
# Lab 16 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Do not
# call `labcore`: the point is to count yourself.

# %%
import math

from labcore.grading.check import exercise

check = exercise("16_runtimes")

# %% [markdown] task="q1"
# ## 1. When does the last kernel end?
#
# The host issues kernels to one stream, one after another, `launch` us for each, and does not wait. A kernel starts when
# it is issued and the one before it has ended; `times` lists how long each takes, in us. When does the last one end,
# counted from the first launch's beginning? No kernels end at 0. *2 points*


# %% answer="q1"
def last_end(times, launch):
    """Microseconds until the last kernel ends."""
    # solution
    end = 0
    for k, T in enumerate(times, start=1):
        end = max(end, k * launch) + T
    return end
    # end solution


# %% check="q1" points=2
check(
    "q1", last_end, on=[([], 5), ([3], 2), ([8, 8, 8], 2), ([1, 1, 1], 5), ([1, 9, 1], 4)]
)


# %% draw="q1" count=48
def draw(rng):
    return [rng.choice((1, 2, 3, 8, 20)) for _ in range(rng.randint(1, 8))], rng.randint(
        0, 9
    )


# %% wrong="q1" slip="the host does not wait: later launches hide behind kernels"
def last_end(times, launch):
    return sum(times) + launch * len(times)


# %% wrong="q1" slip="short kernels end before the next launch: then the stream waits for the host"
def last_end(times, launch):
    return sum(times) + (launch if times else 0)


# %% wrong="q1" slip="take the maximum kernel by kernel: launches and kernels bind by turns"
def last_end(times, launch):
    return max(sum(times) + launch, launch * len(times) + times[-1]) if times else 0


# %% [markdown] task="q2"
# ## 2. How long do overlapped batches take?
#
# Each of `n` batches is copied in (`a` us), computed (`b`) and copied out (`c`). The link in, the accelerator and the
# link out each do one batch at a time and work beside each other; there are buffers enough, and launches cost nothing.
# When is the last result out? *3 points*


# %% answer="q2"
def overlapped(a, b, c, n):
    """Microseconds for n batches."""
    # solution
    return a + b + c + (n - 1) * max(a, b, c)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    overlapped,
    on=[(2, 3, 1, 1), (2, 3, 1, 4), (5, 3, 1, 3), (1, 2, 6, 3), (4, 4, 4, 5)],
)


# %% draw="q2" count=20
def draw(rng):
    return *(rng.randint(1, 40) for _ in range(3)), rng.randint(1, 30)


# %% wrong="q2" slip="that is one step after another; steps of different batches overlap"
def overlapped(a, b, c, n):
    return n * (a + b + c)


# %% wrong="q2" slip="the first copy in and the last copy out overlap with nothing"
def overlapped(a, b, c, n):
    return n * max(a, b, c)


# %% wrong="q2" slip="the longest step sets the pace, whichever it is; it need not be the kernel"
def overlapped(a, b, c, n):
    return a + n * b + c


# %% wrong="q2" slip="the link in and the link out work at the same time, too"
def overlapped(a, b, c, n):
    return a + b + c + (n - 1) * max(a + c, b)


# %% [markdown] task="q3"
# ## 3. How much is padding?
#
# Each request runs in the smallest bucket that holds it, and is padded to it. `lengths` and `buckets` are lists of
# tokens, in any order. How many tokens of padding are computed in all? *2 points*


# %% answer="q3"
def padding(lengths, buckets):
    """Tokens of padding."""
    # solution
    return sum(min(size for size in buckets if size >= n) - n for n in lengths)
    # end solution


# %% check="q3" points=2
check(
    "q3",
    padding,
    on=[
        ([100], [128]),
        ([128], [256, 128]),
        ([100, 300], [128, 512]),
        ([64, 65, 500], [64, 128, 512]),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    buckets = rng.choice(([64, 128, 256, 512], [512], [512, 100, 300], [256, 512, 128]))
    return [
        rng.choice((64, 100, 128, rng.randint(1, 512))) for _ in range(rng.randint(1, 8))
    ], buckets


# %% wrong="q3" slip="each request takes the smallest bucket that holds it, not the largest there is"
def padding(lengths, buckets):
    return sum(max(buckets) - n for n in lengths)


# %% wrong="q3" slip="those are all tokens that are computed; the useful ones are no padding"
def padding(lengths, buckets):
    return sum(min(size for size in buckets if size >= n) for n in lengths)


# %% wrong="q3" slip="a length that equals a bucket fits it"
def padding(lengths, buckets):
    larger = [*sorted(buckets), 2 * max(buckets)]
    return sum(min(size for size in larger if size > n) - n for n in lengths)


# %% wrong="q3" slip="a bucket must hold the request: the nearest one may be too short"
def padding(lengths, buckets):
    return sum(abs(min(buckets, key=lambda size: abs(size - n)) - n) for n in lengths)


# %% [markdown] task="q4"
# ## 4. How long does each request wait?
#
# One accelerator serves requests one after another, in the order in which they arrive. `arrivals` and `times` list, in
# that order, when each arrives and how long it runs. How long does each wait before it begins? Return a list. *3 points*


# %% answer="q4"
def waits(arrivals, times):
    """The wait of each request."""
    # solution
    free, found = 0, []
    for at, T in zip(arrivals, times, strict=False):
        start = max(at, free)
        found.append(start - at)
        free = start + T
    return found
    # end solution


# %% check="q4" points=3
check(
    "q4",
    waits,
    on=[
        ([3], [5]),
        ([0, 1], [4, 4]),
        ([0, 1, 9, 10], [4, 4, 4, 4]),
        ([0, 0, 0], [2, 3, 1]),
        ([0, 2, 3, 20], [5, 1, 1, 2]),
    ],
)


# %% draw="q4" count=24
def draw(rng):
    count = rng.randint(2, 8)
    return sorted(rng.randint(0, 30) for _ in range(count)), [
        rng.randint(1, 9) for _ in range(count)
    ]


# %% wrong="q4" slip="that is the latency, with the request's own time; the wait ends when it begins"
def waits(arrivals, times):
    free, found = 0, []
    for at, T in zip(arrivals, times, strict=False):
        free = max(at, free) + T
        found.append(free - at)
    return found


# %% wrong="q4" slip="work does not pile up over a pause: the accelerator idles until the next arrival"
def waits(arrivals, times):
    done, found = 0, []
    for at, T in zip(arrivals, times, strict=False):
        found.append(max(0, arrivals[0] + done - at))
        done += T
    return found


# %% wrong="q4" slip="the one before may have waited itself: it began later than it arrived"
def waits(arrivals, times):
    ends = [at + T for at, T in zip(arrivals, times, strict=False)]
    return [0] + [max(0, end - at) for end, at in zip(ends, arrivals[1:], strict=False)]


# %% [markdown] task="q5"
# ## 5. What is p99?
#
# The q-th percentile of some latencies is the smallest of them that at least q per cent do not exceed. `latencies` is a
# list in any order, `q` a whole number from 1 to 100. *2 points*


# %% answer="q5"
def percentile(latencies, q):
    """One of the latencies."""
    # solution
    rank = -(-q * len(latencies) // 100)
    return sorted(latencies)[rank - 1]
    # end solution


# %% check="q5" points=2
check(
    "q5",
    percentile,
    on=[
        ([7], 99),
        ([4, 2], 50),
        ([5, 1, 3], 50),
        ([9, 1, 2, 3, 4, 5, 6, 7, 8, 40], 90),
        ([9, 1, 2, 3, 4, 5, 6, 7, 8, 40], 99),
    ],
)


# %% draw="q5" count=24
def draw(rng):
    count = rng.choice((3, 10, 20, 50, 100, 200))
    return [rng.randint(1, 900) for _ in range(count)], rng.choice((50, 90, 95, 99, 100))


# %% wrong="q5" slip="the rank counts from 1 and elements from 0: rank 1 is element 0"
def percentile(latencies, q):
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, q * len(ordered) // 100)]


# %% wrong="q5" slip="sort first: arrival is no order of latencies"
def percentile(latencies, q):
    return latencies[-(-q * len(latencies) // 100) - 1]


# %% wrong="q5" slip="at least q per cent: the rank is rounded up"
def percentile(latencies, q):
    return sorted(latencies)[max(1, q * len(latencies) // 100) - 1]


# %% [markdown] task="q6"
# ## 6. Who is refused?
#
# A pool of `capacity` bytes hands out blocks by *first fit*: at the lowest address where the whole block finds room.
# `steps` lists pairs in order: `(name, size)` asks for a block, and `(name, 0)` gives it back, if it was ever handed out.
# A block that finds no room is refused and not asked for again. Return the names of those refused, in order. *3 points*


# %% answer="q6"
def refused(capacity, steps):
    """Names of the blocks that find no room."""
    # solution
    held, found = {}, []
    for name, size in steps:
        if not size:
            held.pop(name, None)
            continue
        at = 0
        for start, end in sorted(held.values()):
            if start - at >= size:
                break
            at = end
        if at + size <= capacity:
            held[name] = (at, at + size)
        else:
            found.append(name)
    return found
    # end solution


# %% check="q6" points=3
check(
    "q6",
    refused,
    on=[
        (10, [("a", 10), ("b", 1)]),
        (10, [("a", 10), ("a", 0), ("b", 10)]),
        (100, [("a", 40), ("b", 20), ("c", 40), ("a", 0), ("c", 0), ("d", 50)]),
        (
            100,
            [
                ("a", 50),
                ("b", 10),
                ("c", 20),
                ("d", 20),
                ("a", 0),
                ("c", 0),
                ("e", 20),
                ("f", 50),
            ],
        ),
        (10, [("a", 6), ("b", 6), ("b", 0), ("c", 4)]),
    ],
)


# %% draw="q6" count=80
def draw(rng):
    steps, alive = [], []
    for k in range(rng.randint(10, 40)):
        if alive and rng.random() < 0.45:
            steps.append((alive.pop(rng.randrange(len(alive))), 0))
        else:
            alive.append(f"b{k}")
            steps.append((alive[-1], rng.choice((5, 10, 15, 25, 35))))
    return 100, steps


# %% wrong="q6" slip="bytes that are free in all may lie in pieces: a block needs one hole"
def refused(capacity, steps):
    held, found = {}, []
    for name, size in steps:
        if not size:
            held.pop(name, None)
        elif sum(held.values()) + size <= capacity:
            held[name] = size
        else:
            found.append(name)
    return found


# %% wrong="q6" slip="what is given back can be handed out again"
def refused(capacity, steps):
    top, found = 0, []
    for name, size in steps:
        if size and top + size <= capacity:
            top += size
        elif size:
            found.append(name)
    return found


# %% wrong="q6" slip="first fit takes the lowest hole that is large enough, not the smallest"
def refused(capacity, steps):
    held, found = {}, []
    for name, size in steps:
        if not size:
            held.pop(name, None)
            continue
        at, holes = 0, []
        for start, end in [*sorted(held.values()), (capacity, capacity)]:
            if start - at >= size:
                holes.append((start - at, at))
            at = end
        if holes:
            held[name] = (min(holes)[1], min(holes)[1] + size)
        else:
            found.append(name)
    return found


# %% [markdown] task="q7"
# ## 7. What clock is left?
#
# Under load a chip draws `P_idle` W and, beside that, a part that grows with the cube of the clock: in all `P_full` W at
# its highest clock. Its cooler or its power limit carries `P_carried` W, more than `P_idle`. Which clock can it keep, as a
# share of the highest, at most 1? *2 points*


# %% answer="q7"
def clock(P_idle, P_full, P_carried):
    """A share of the highest clock."""
    # solution
    return min(1, math.cbrt((P_carried - P_idle) / (P_full - P_idle)))
    # end solution


# %% check="q7" points=2
check(
    "q7",
    clock,
    on=[(0, 400, 50), (0, 400, 300), (50, 450, 100), (50, 400, 300), (50, 400, 500)],
)


# %% draw="q7" count=28
def draw(rng):
    P_idle, P_full = rng.choice((0, 20, 50, 80)), rng.choice((250, 300, 400, 700))
    return P_idle, P_full, P_idle + rng.randint(20, 500)


# %% wrong="q7" slip="power goes with the cube of the clock, not with the clock"
def clock(P_idle, P_full, P_carried):
    return min(1, (P_carried - P_idle) / (P_full - P_idle))


# %% wrong="q7" slip="idle power does not fall with the clock: it comes off both sides first"
def clock(P_idle, P_full, P_carried):
    return min(1, math.cbrt(P_carried / P_full))


# %% wrong="q7" slip="cooling beyond the need makes no chip faster than its highest clock"
def clock(P_idle, P_full, P_carried):
    return math.cbrt((P_carried - P_idle) / (P_full - P_idle))


# %% [markdown]
# ## Done?
#
# `labcore grade my/16_runtimes.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
