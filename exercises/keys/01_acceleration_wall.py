# %% [markdown]
# # Exercise 01: the acceleration wall
#
# Seven questions that come up before a faster chip is bought. 19 points, about an hour. Lab 01 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Questions 5 and 6 ask for two things: where at least the first comes
# out right for every input, they earn half of their points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. p is a
# share of the time on the old machine, G the gain of the accelerated part. Units are FLOP, B, s and their quotients.

# %%
from labcore.grading.check import exercise

check = exercise("01_acceleration_wall")

# %% [markdown] task="q1"
# ## 1. How much faster is the whole?
#
# A share `p` of a job's time moves to an accelerator that is `G` times faster there. The rest stays as it is. How many
# times faster is the whole job? *2 points*


# %% answer="q1"
def whole_gain(p, G):
    """Speed-up of the whole job."""
    # solution
    return 1 / ((1 - p) + p / G)
    # end solution


# %% check="q1" points=2
check("q1", whole_gain, on=[(0.5, 2), (0.9, 9), (0.75, 1000), (0.0, 50), (1.0, 50)])


# %% draw="q1"
def draw(rng):
    return rng.randint(1, 99) / 100, rng.randint(2, 500)


# %% wrong="q1" slip="times add up, speeds do not: add what the two parts still take, and divide"
def whole_gain(p, G):
    return (1 - p) + p * G


# %% wrong="q1" slip="p is the share that moves to the accelerator, not the one that stays"
def whole_gain(p, G):
    return 1 / (p + (1 - p) / G)


# %% wrong="q1" slip="that is the share of the old time that is left; its inverse is the speed-up"
def whole_gain(p, G):
    return (1 - p) + p / G


# %% [markdown] task="q2"
# ## 2. Which accelerator does it take?
#
# The whole job must become `S` times faster, and a share `p` of it can move. Which gain must the accelerator have? Where
# no finite gain is enough, return `None`. *3 points*


# %% answer="q2"
def gain_needed(S, p):
    """The gain of the accelerated part, or None where none is enough."""
    # solution
    left = 1 / S - (1 - p)  # of the old time, for the accelerated part
    return p / left if left > 0 else None
    # end solution


# %% check="q2" points=3
check("q2", gain_needed, on=[(2, 0.75), (2, 0.5), (4, 0.5), (8, 0.9375)])


# %% draw="q2" count=40
def draw(rng):
    k = rng.randint(2, 7)  # p = 3/4, 7/8 and so on: the ceiling is 2**k, exactly
    reached = [2 ** rng.randint(0, k - 1) for _ in range(7)]
    return rng.choice([*reached, 2**k, 2**k, 2 ** (k + 1), 2 ** (k + 2)]), 1 - 1 / 2**k


# %% wrong="q2" slip="what is serial takes its time too: only the rest of the time allowed is left for the accelerated part"
def gain_needed(S, p):
    return S * p if S * (1 - p) < 1 else None


# %% wrong="q2" slip="beyond the ceiling 1 / (1 - p) the formula gives a negative gain; that is no accelerator"
def gain_needed(S, p):
    left = 1 / S - (1 - p)
    return p / left if left else None


# %% wrong="q2" slip="the ceiling itself is not reached by any finite gain"
def gain_needed(S, p):
    left = 1 / S - (1 - p)
    return None if left < 0 else p / left if left else 1e9


# %% wrong="q2" slip="that is the gain of the whole; the accelerated part must gain more, since the rest gains nothing"
def gain_needed(S, p):
    return S if S * (1 - p) < 1 else None


# %% [markdown] task="q3"
# ## 3. What was p?
#
# A profile of the *new* machine shows `serial` seconds on the host and `accelerated` seconds on an accelerator that is
# `G` times faster than the old machine. What was p, the share of the old machine's time that moved? *3 points*


# %% answer="q3"
def fraction_before(serial, accelerated, G):
    """The share of the old time that moved."""
    # solution
    return accelerated * G / (serial + accelerated * G)
    # end solution


# %% check="q3" points=3
check("q3", fraction_before, on=[(1, 1, 1), (1, 1, 3), (10, 10, 9), (5, 0.5, 100)])


# %% draw="q3"
def draw(rng):
    return rng.randint(1, 40), rng.randint(1, 40), rng.randint(2, 200)


# %% wrong="q3" slip="that is the share of the new time; on the old machine the accelerated part took G times as long"
def fraction_before(serial, accelerated, G):
    return accelerated / (serial + accelerated)


# %% wrong="q3" slip="the old machine was slower: its time for that part is G times the new one, not a Gth of it"
def fraction_before(serial, accelerated, G):
    return accelerated / G / (serial + accelerated / G)


# %% wrong="q3" slip="that is the serial share; p is the one that moved"
def fraction_before(serial, accelerated, G):
    return serial / (serial + accelerated * G)


# %% [markdown] task="q4"
# ## 4. Many parts
#
# A profile lists the seconds of each part of a job. Part i becomes `gains[i]` times faster (1 for what stays). How many
# times faster is the whole? *2 points*


# %% answer="q4"
def gain_of_parts(seconds, gains):
    """Speed-up of the whole; both lists have one entry for each part."""
    # solution
    after = sum(T / gain for T, gain in zip(seconds, gains, strict=True))
    return sum(seconds) / after
    # end solution


# %% check="q4" points=2
check(
    "q4",
    gain_of_parts,
    on=[
        ([1, 1], [1, 1]),
        ([1, 3], [1, 3]),
        ([2, 4, 8], [1, 2, 4]),
        ([5, 15, 80], [1, 8, 247]),
    ],
)


# %% draw="q4"
def draw(rng):
    n = rng.randint(2, 5)
    seconds = [rng.randint(1, 60) for _ in range(n)]
    return seconds, [1, *(rng.choice((1, 2, 4, 8, 50, 250)) for _ in range(n - 2)), 16]


# %% wrong="q4" slip="speeds cannot be averaged by time: add the times that are left"
def gain_of_parts(seconds, gains):
    return sum(T * gain for T, gain in zip(seconds, gains, strict=True)) / sum(seconds)


# %% wrong="q4" slip="parts are not alike: each counts by the time it took"
def gain_of_parts(seconds, gains):
    return len(gains) / sum(1 / gain for gain in gains)


# %% wrong="q4" slip="that is the time that is left, in seconds; the question asks how many times faster"
def gain_of_parts(seconds, gains):
    return sum(T / gain for T, gain in zip(seconds, gains, strict=True))


# %% [markdown] task="q5"
# ## 5. The iron law, twice
#
# A job does `flop` FLOP and moves `D_vol` bytes. The chip peaks at `R_peak` and reaches the share `eta` of it, its memory
# has a bandwidth `BW`, and `launches` operations are launched at `L_launch` seconds each. How long does the job take if
# moving, computing and launching come one after the other, and how long if moving and computing go on side by side
# while launches still come on top? Return a pair. *3 points*


# %% answer="q5"
def times(flop, D_vol, R_peak, BW, eta, launches, L_launch):
    """The pair (time in a row, time overlapped), in s."""
    # solution
    data, compute, latency = D_vol / BW, flop / (R_peak * eta), launches * L_launch
    return data + compute + latency, max(data, compute) + latency
    # end solution


# %% check="q5" points=3
check(
    "q5",
    times,
    on=[
        (100, 10, 100, 10, 1.0, 0, 1.0),
        (100, 30, 100, 10, 0.5, 1, 1.0),
        (1000, 30, 100, 10, 0.5, 4, 2.0),
        (8.2e9, 97e6, 312e12, 2.039e12, 0.5, 121, 10e-6),
    ],
)


# %% draw="q5" count=12
def draw(rng):
    flop, D_vol = rng.randint(1, 40) * 100, rng.randint(1, 40) * 10
    return (
        flop,
        D_vol,
        100,
        10,
        rng.choice((0.25, 0.5)),
        rng.randint(1, 9),
        rng.choice((0.5, 2.0)),
    )


# %% judge="q5"
def judge(on, got, want):
    import math

    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair of times is wanted"
    if not all(type(one) in (int, float) for one in got):
        return 0, "both times are numbers, in s"
    right = [math.isclose(a, b, rel_tol=1e-6) for a, b in zip(got, want, strict=True)]
    if not right[0]:
        return 0, "the time in a row is another"
    return (
        (1, "")
        if right[1]
        else (0.5, "the time in a row is right, the overlapped one is not")
    )


# %% wrong="q5" slip="launches are not hidden behind anything here: they come on top"
def times(flop, D_vol, R_peak, BW, eta, launches, L_launch):
    data, compute, latency = D_vol / BW, flop / (R_peak * eta), launches * L_launch
    return data + compute + latency, max(data, compute, latency)


# %% wrong="q5" slip="each operation is launched: the latency is that of one times their number"
def times(flop, D_vol, R_peak, BW, eta, launches, L_launch):
    data, compute = D_vol / BW, flop / (R_peak * eta)
    return data + compute + L_launch, max(data, compute) + L_launch


# %% wrong="q5" slip="a chip that reaches half of its peak takes twice as long: eta belongs below the fraction bar, with the peak"
def times(flop, D_vol, R_peak, BW, eta, launches, L_launch):
    data, compute, latency = D_vol / BW, flop / R_peak * eta, launches * L_launch
    return data + compute + latency, max(data, compute) + latency


# %% [markdown] task="q6"
# ## 6. Which offer is best?
#
# A job takes `data`, `compute` and `latency` seconds, one after the other. Three offers lie on the table: one would make
# the first term `offers[0]` times faster, one the second `offers[1]` times, one the third `offers[2]` times. You can take
# one. Return the name of the term that it improves (`"data"`, `"compute"` or `"latency"`), and the speed-up of the
# whole, as a pair. Where two are equal, any of them is right. *3 points*


# %% answer="q6"
def best_offer(data, compute, latency, offers):
    """The pair (name of the term, speed-up of the whole)."""
    # solution
    terms = {"data": data, "compute": compute, "latency": latency}
    saved = {
        name: T - T / gain for (name, T), gain in zip(terms.items(), offers, strict=True)
    }
    best = max(saved, key=saved.get)
    total = sum(terms.values())
    return best, total / (total - saved[best])
    # end solution


# %% check="q6" points=3
check(
    "q6",
    best_offer,
    on=[
        (1, 1, 2, (2, 2, 2)),
        (4, 1, 3, (1.25, 100, 1.5)),
        (5, 4, 1, (1.5, 4, 10)),
        (1, 6, 3, (4, 1.25, 4)),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    terms = rng.sample(range(2, 40), 3)
    longest = terms.index(max(terms))
    offers = [rng.choice((2, 4, 8)) for _ in terms]
    offers[longest] = rng.choice((1.125, 1.25, 2))
    offers[terms.index(min(terms))] = rng.choice((16, 64))
    return (*terms, tuple(offers))


# %% judge="q6"
def judge(on, got, want):
    import math

    if not isinstance(got, list | tuple) or len(got) != 2 or not isinstance(got[0], str):
        return 0, "a pair is wanted, such as ('data', 1.5)"
    data, compute, latency, offers = on
    terms = {"data": data, "compute": compute, "latency": latency}
    total = sum(terms.values())
    gains = {
        name: total / (total - T + T / gain)
        for (name, T), gain in zip(terms.items(), offers, strict=True)
    }
    if got[0] not in gains or not math.isclose(gains[got[0]], want[1], rel_tol=1e-9):
        return 0, "another offer makes the whole faster"
    if type(got[1]) not in (int, float) or not math.isclose(
        got[1], want[1], rel_tol=1e-6
    ):
        return 0.5, "the term is right, the speed-up of the whole is not"
    return 1, ""


# %% wrong="q6" slip="the longest term is not always the one to improve: it depends on how much of it the offer takes away"
def best_offer(data, compute, latency, offers):
    terms = {"data": data, "compute": compute, "latency": latency}
    best = max(terms, key=terms.get)
    gain = dict(zip(terms, offers, strict=True))[best]
    total = sum(terms.values())
    return best, total / (total - terms[best] + terms[best] / gain)


# %% wrong="q6" slip="the largest factor is not the best offer if it works on a short term"
def best_offer(data, compute, latency, offers):
    terms = {"data": data, "compute": compute, "latency": latency}
    gains = dict(zip(terms, offers, strict=True))
    best = max(gains, key=gains.get)
    total = sum(terms.values())
    return best, total / (total - terms[best] + terms[best] / gains[best])


# %% wrong="q6" slip="the second value is the gain of the whole, and not that of the term"
def best_offer(data, compute, latency, offers):
    terms = {"data": data, "compute": compute, "latency": latency}
    gains = dict(zip(terms, offers, strict=True))
    best = max(terms, key=lambda name: terms[name] - terms[name] / gains[name])
    return best, gains[best]


# %% [markdown] task="q7"
# ## 7. A budget of halvings
#
# One unit of work by your team halves one part of a job, any part, as often as you like. The parts come one after the
# other, `seconds` long. You have `n` units. What is the least time that the job can take in the end? *3 points*


# %% answer="q7"
def least_time(seconds, n):
    """The time of the whole after n halvings, placed as well as can be."""
    # solution
    parts = list(seconds)
    for _ in range(n):
        longest = parts.index(max(parts))
        parts[longest] /= 2
    return sum(parts)
    # end solution


# %% check="q7" points=3
check(
    "q7",
    least_time,
    on=[([4], 1), ([4, 3], 2), ([8, 2], 3), ([90, 10], 5), ([5, 5, 5], 4)],
)


# %% draw="q7" count=12
def draw(rng):
    parts = [rng.randint(20, 40), *(rng.randint(4, 30) for _ in range(rng.randint(1, 3)))]
    return parts, rng.randint(3, 8)


# %% wrong="q7" slip="a unit halves one part, not the whole job"
def least_time(seconds, n):
    return sum(seconds) / 2**n


# %% wrong="q7" slip="once a part has been halved, another may be the longest: look again after each unit"
def least_time(seconds, n):
    return sum(seconds) - max(seconds) + max(seconds) / 2**n


# %% wrong="q7" slip="halving takes half of what is left of a part, not half of what it once was"
def least_time(seconds, n):
    parts = sorted(seconds, reverse=True)
    halved = sum(T / 2 for T in parts[:n])
    return max(sum(parts) - halved, 0)


# %% [markdown]
# ## Done?
#
# `labcore grade my/01_acceleration_wall.ipynb` checks this notebook as the grader does. What the law leaves out, terms
# that overlap and jobs that grow, is in the lab's section on where the rule fails.
