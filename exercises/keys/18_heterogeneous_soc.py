# %% [markdown]
# # Exercise 18: unlike units on one chip
#
# Six questions about plans, pieces, clocks, heat and deadlines. 16 points, about an hour. Lab 18 has all that you
# need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 1 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Do not
# call `labcore`: the point is to count yourself. Times are whole numbers of a unit of your choice, such as ms.

# %%
import itertools
import math

from labcore.grading.check import exercise

check = exercise("18_heterogeneous_soc")

# %% [markdown] task="q1"
# ## 1. One frame and a stream
#
# A pipeline is a row of stages. `units` names the unit of each, `times` says how long each takes there, and between
# two stages on different units a tensor is handed over, which takes `handing`. Handing over blocks no unit, and the
# memory carries one tensor at a time. Return a pair: the time of one frame alone, and the time from frame to frame
# in a long stream, which is that of the busiest: of all stages on one unit, or of all handing over. *3 points*


# %% answer="q1"
def frame_and_stream(units, times, handing):
    """The pair (time of one frame, time from frame to frame in a stream)."""
    # solution
    moves = sum(a != b for a, b in itertools.pairwise(units)) * handing
    load = {
        name: sum(t for unit, t in zip(units, times, strict=True) if unit == name)
        for name in units
    }
    return sum(times) + moves, max(*load.values(), moves)
    # end solution


# %% check="q1" points=3
check(
    "q1",
    frame_and_stream,
    on=[
        (["NPU", "NPU"], [1, 3], 2),
        (["NPU", "CPU"], [1, 2], 2),
        (["NPU", "CPU", "GPU"], [4, 6, 5], 1),
        (["NPU", "CPU", "NPU"], [4, 5, 3], 1),
        (["NPU", "CPU", "GPU"], [2, 3, 2], 4),
    ],
)


# %% draw="q1" count=24
def draw(rng):
    n = rng.randint(2, 5)
    units = [rng.choice(("NPU", "GPU", "CPU")) for _ in range(n)]
    return units, [rng.randint(1, 9) for _ in range(n)], rng.choice((1, 2, 5, 12))


# %% judge="q1"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (5, 2)"
    if got[0] != want[0]:
        return 0, "the time of one frame is not right"
    if got[1] != want[1]:
        return 0.5, "the time of one frame is right, that of a stream is not"
    return 1, ""


# %% wrong="q1" slip="a tensor that changes hands takes time: each change of unit counts"
def frame_and_stream(units, times, handing):
    load = {
        name: sum(t for unit, t in zip(units, times, strict=True) if unit == name)
        for name in units
    }
    return sum(times), max(load.values())


# %% wrong="q1" slip="a unit that has two stages has to do both for every frame"
def frame_and_stream(units, times, handing):
    moves = sum(a != b for a, b in itertools.pairwise(units)) * handing
    return sum(times) + moves, max(*times, moves)


# %% wrong="q1" slip="in a stream the units work on different frames at the same time"
def frame_and_stream(units, times, handing):
    moves = sum(a != b for a, b in itertools.pairwise(units)) * handing
    return sum(times) + moves, sum(times) + moves


# %% [markdown] task="q2"
# ## 2. The least energy in time
#
# `T` and `E` have a list for each stage of a row, with its time and energy on each unit; None where a unit cannot run
# it. Units are counted from 0. Handing over takes `handing` for each change of unit, and no energy. What is the least
# energy of a plan whose frame takes at most `deadline`? Return None where no plan is in time. *3 points*


# %% answer="q2"
def least_energy(T, E, handing, deadline):
    """The least energy of all plans in time, or None."""
    # solution
    able = [[unit for unit, t in enumerate(row) if t is not None] for row in T]
    found = []
    for plan in itertools.product(*able):
        time = sum(row[unit] for row, unit in zip(T, plan, strict=True))
        time += handing * sum(a != b for a, b in itertools.pairwise(plan))
        if time <= deadline:
            found.append(sum(row[unit] for row, unit in zip(E, plan, strict=True)))
    return min(found, default=None)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    least_energy,
    on=[
        ([[1, 4], [3, 2]], [[1, 5], [4, 2]], 2, 5),
        ([[1, 4], [3, 2]], [[1, 5], [4, 2]], 2, 4),
        ([[1, 4], [3, 2]], [[1, 5], [4, 2]], 2, 3),
        ([[1, 4], [3, 2]], [[5, 1], [4, 2]], 2, 5),
        ([[2, 3], [None, 4], [2, 3]], [[1, 6], [None, 2], [1, 6]], 1, 10),
        ([[2, 3], [None, 4], [2, 3]], [[1, 6], [None, 2], [1, 6]], 3, 11),
    ],
)


# %% draw="q2" count=64
def draw(rng):
    n = rng.randint(2, 4)
    T = [[rng.randint(1, 9), rng.randint(1, 9)] for _ in range(n)]
    E = [[rng.randint(1, 9), rng.randint(1, 9)] for _ in range(n)]
    if rng.random() < 0.5:
        T[rng.randrange(n)][0] = None
    handing = rng.randint(1, 4)
    plan = [
        rng.choice([u for u in (0, 1) if row[u] is not None]) for row in T
    ]  # one that is done at the deadline
    moves = sum(a != b for a, b in itertools.pairwise(plan))
    return (
        T,
        E,
        handing,
        sum(row[u] for row, u in zip(T, plan, strict=True)) + handing * moves,
    )


# %% wrong="q2" slip="the unit of least energy for each stage may make the frame late"
def least_energy(T, E, handing, deadline):
    return sum(
        min(e for t, e in zip(t_row, e_row, strict=True) if t is not None)
        for t_row, e_row in zip(T, E, strict=True)
    )


# %% wrong="q2" slip="handing over takes time, too, and may make a plan late"
def least_energy(T, E, handing, deadline):
    able = [[unit for unit, t in enumerate(row) if t is not None] for row in T]
    found = []
    for plan in itertools.product(*able):
        if sum(row[unit] for row, unit in zip(T, plan, strict=True)) <= deadline:
            found.append(sum(row[unit] for row, unit in zip(E, plan, strict=True)))
    return min(found, default=None)


# %% wrong="q2" slip="a frame that is done exactly at the deadline is in time"
def least_energy(T, E, handing, deadline):
    able = [[unit for unit, t in enumerate(row) if t is not None] for row in T]
    found = []
    for plan in itertools.product(*able):
        time = sum(row[unit] for row, unit in zip(T, plan, strict=True))
        time += handing * sum(a != b for a, b in itertools.pairwise(plan))
        if time < deadline:
            found.append(sum(row[unit] for row, unit in zip(E, plan, strict=True)))
    return min(found, default=None)


# %% [markdown] task="q3"
# ## 3. What a missing operator costs
#
# A network is a row of layers. A layer takes `npu` on the NPU and `cpu` on the CPU, all layers alike; `known` says
# for each whether the NPU knows it. A delegate gives the NPU all that it knows. Layers in a row on one unit are one
# piece. A piece on the NPU costs a `launch` beside its layers, one on the CPU nothing, and between two pieces
# handing over takes `handing`. How long does the network take? *3 points*


# %% answer="q3"
def network_time(known, npu, cpu, launch, handing):
    """Time of a network with fallback: known is a list of booleans."""
    # solution
    pieces = [(unit, len(list(group))) for unit, group in itertools.groupby(known)]
    work = sum(launch + n * npu if unit else n * cpu for unit, n in pieces)
    return work + handing * (len(pieces) - 1)
    # end solution


# %% check="q3" points=3
check(
    "q3",
    network_time,
    on=[
        ([True, True, True], 1, 10, 20, 5),
        ([True, False, True], 1, 10, 20, 5),
        ([False, False, True], 1, 10, 20, 5),
        ([True, False, False, True, True, False], 1, 10, 20, 5),
        ([False, False], 1, 10, 20, 5),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    known = [rng.random() < 0.6 for _ in range(rng.randint(3, 12))]
    return (
        known,
        rng.randint(1, 4),
        rng.randint(5, 20),
        rng.randint(10, 90),
        rng.randint(1, 9),
    )


# %% wrong="q3" slip="here a piece on the CPU costs no launch, only one on the NPU"
def network_time(known, npu, cpu, launch, handing):
    pieces = [(unit, len(list(group))) for unit, group in itertools.groupby(known)]
    work = sum(launch + n * (npu if unit else cpu) for unit, n in pieces)
    return work + handing * (len(pieces) - 1)


# %% wrong="q3" slip="each piece on the NPU is a launch of its own"
def network_time(known, npu, cpu, launch, handing):
    pieces = [(unit, len(list(group))) for unit, group in itertools.groupby(known)]
    work = sum(n * npu if unit else n * cpu for unit, n in pieces)
    return work + launch * any(known) + handing * (len(pieces) - 1)


# %% wrong="q3" slip="layers that stay together are one piece: one launch, and nothing handed over between them"
def network_time(known, npu, cpu, launch, handing):
    work = sum(launch + npu if knows else cpu for knows in known)
    return work + handing * (len(known) - 1)


# %% wrong="q3" slip="between two pieces a tensor changes hands"
def network_time(known, npu, cpu, launch, handing):
    pieces = [(unit, len(list(group))) for unit, group in itertools.groupby(known)]
    return sum(launch + n * npu if unit else n * cpu for unit, n in pieces)


# %% wrong="q3" slip="there is one gap fewer than there are pieces"
def network_time(known, npu, cpu, launch, handing):
    pieces = [(unit, len(list(group))) for unit, group in itertools.groupby(known)]
    work = sum(launch + n * npu if unit else n * cpu for unit, n in pieces)
    return work + handing * len(pieces)


# %% [markdown] task="q4"
# ## 4. Which clock?
#
# `points` lists pairs of a clock in MHz and the power in mW that a core draws there. A frame takes `cycles` million
# cycles and is due after `period` seconds; until then the core waits at `idle` mW. Return the clock of least energy
# from frame to frame among those that are in time. No two energies are equal. *2 points*


# %% answer="q4"
def best_clock(points, cycles, period, idle):
    """The clock in MHz of least energy of a frame, waiting included."""
    # solution
    energy = {}
    for f, P in points:
        T = cycles / f
        if period >= T:
            energy[f] = P * T + idle * (period - T)
    return min(energy, key=energy.get)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    best_clock,
    on=[
        ([(100, 50), (200, 90), (400, 400)], 100, 1, 0),
        ([(100, 50), (200, 120), (400, 400)], 100, 1, 0),
        ([(100, 50), (200, 120), (400, 400)], 150, 1, 0),
        ([(100, 50), (200, 120), (400, 210)], 100, 1, 5),
        ([(100, 60), (200, 100), (400, 400)], 100, 1, 30),
    ],
)


# %% draw="q4" count=100
def draw(rng):
    """Waiting draws no little, and energies are never equal."""
    while True:
        clocks = rng.sample((100, 200, 400, 500, 800), 4)
        points = [(f, round(rng.uniform(0.8, 1.6) * f)) for f in clocks]
        cycles, idle = rng.choice((60, 150, 300)), rng.choice((0, 40, 70))
        E = [P * cycles / f + idle * (1 - cycles / f) for f, P in points if cycles <= f]
        if len(E) > 1 and min(abs(a - b) for a in E for b in E if a is not b) > 1e-6:
            return points, cycles, 1, idle


# %% wrong="q4" slip="the lowest clock in time is not always the one of least energy: leakage and power per clock count"
def best_clock(points, cycles, period, idle):
    return min(f for f, P in points if cycles / f <= period)


# %% wrong="q4" slip="racing to idle pays only where time costs more than voltage does"
def best_clock(points, cycles, period, idle):
    return max(f for f, P in points)


# %% wrong="q4" slip="after the work the core waits, and that draws power, too"
def best_clock(points, cycles, period, idle):
    return min((P / f, f) for f, P in points if cycles / f <= period)[1]


# %% wrong="q4" slip="a clock that is late is none to choose"
def best_clock(points, cycles, period, idle):
    energy = {f: (P - idle) * cycles / f for f, P in points}
    return min(energy, key=energy.get)


# %% [markdown] task="q5"
# ## 5. How long does the burst last?
#
# A case of heat capacity `C` (J/K) leads `G` watts away for each degree above the air, which has `air` degrees. A
# load of `P` watts begins when it is as cold as the air. After how many seconds does it reach `limit`? Return None
# where it never does. *2 points*


# %% answer="q5"
def burst(C, G, air, P, limit):
    """Seconds from cold to the limit."""
    # solution
    room = G * (limit - air) / P
    return None if room >= 1 else -C / G * math.log(1 - room)
    # end solution


# %% check="q5" points=2
check(
    "q5",
    burst,
    on=[
        (100, 0.25, 25, 8, 41),
        (100, 0.25, 25, 4, 41),
        (100, 0.25, 25, 3, 41),
        (50, 0.5, 20, 20, 40),
    ],
)


# %% draw="q5" count=16
def draw(rng):
    C, G = rng.choice((50, 100, 200)), rng.choice((0.2, 0.25, 0.5))
    return (
        C,
        G,
        rng.choice((10, 25, 35)),
        rng.choice((4, 8, 12, 20)),
        rng.choice((40, 43, 45)),
    )


# %% wrong="q5" slip="the case sheds heat while it warms: the straight line is too early, and reaches every limit"
def burst(C, G, air, P, limit):
    return C * (limit - air) / P


# %% wrong="q5" slip="what counts is degrees above the air"
def burst(C, G, air, P, limit):
    room = G * limit / P
    return None if room >= 1 else -C / G * math.log(1 - room)


# %% wrong="q5" slip="the time constant is heat capacity over conductance"
def burst(C, G, air, P, limit):
    room = G * (limit - air) / P
    return None if room >= 1 else -C * G * math.log(1 - room)


# %% [markdown] task="q6"
# ## 6. Is the deadline safe?
#
# `tasks` lists triples of work, period and deadline, highest priority first; a deadline is at most the period. A
# task of higher priority interrupts. Return the worst time from coming to done of the last task, or None where it is
# beyond its deadline: the least R with R = C + the sum over the others of ceil(R / period) times their work. *3 points*


# %% answer="q6"
def worst_response(tasks):
    """The worst response time of the last task, or None."""
    # solution
    *above, (C, _, deadline) = tasks
    R = C
    while deadline >= R:
        longer = C + sum(-(-R // period) * work for work, period, _ in above)
        if longer == R:
            return R
        R = longer
    return None
    # end solution


# %% check="q6" points=3
check(
    "q6",
    worst_response,
    on=[
        [(3, 12, 12)],
        [(1, 4, 4), (2, 6, 6)],
        [(1, 4, 4), (2, 6, 6), (3, 12, 12)],
        [(1, 4, 4), (2, 6, 6), (3, 12, 9)],
        [(2, 4, 4), (3, 6, 6), (1, 24, 24)],
        [(2, 10, 10), (12, 33, 33), (30, 100, 100)],
    ],
)


# %% draw="q6" count=40
def draw(rng):
    periods = sorted(rng.sample((4, 5, 6, 8, 10, 12, 15, 20, 24), rng.randint(2, 4)))
    return [(rng.randint(1, max(1, period // 3)), period, period) for period in periods]


# %% wrong="q6" slip="those above come more than once while it waits"
def worst_response(tasks):
    *above, (C, _, deadline) = tasks
    R = C + sum(work for work, _, _ in above)
    return R if deadline >= R else None


# %% wrong="q6" slip="what it waits for makes it wait longer, in which more come: go on until nothing changes"
def worst_response(tasks):
    *above, (C, _, deadline) = tasks
    R = C + sum(-(-C // period) * work for work, period, _ in above)
    return R if deadline >= R else None


# %% wrong="q6" slip="the share that is left says the mean, not the worst"
def worst_response(tasks):
    *above, (C, _, deadline) = tasks
    left = 1 - sum(work / period for work, period, _ in above)
    R = math.ceil(C / left) if left > 0 else math.inf
    return R if deadline >= R else None


# %% [markdown]
# ## Done?
#
# `labcore grade my/18_heterogeneous_soc.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
