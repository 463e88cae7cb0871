# %% [markdown]
# # Exercise 19: cost, energy, carbon
#
# Seven questions, from the bill of one query to a plan for a fleet. 17 points, about an hour. Lab 19 has all that you
# need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 6 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. A year
# has 365 days, a kilowatt hour (kWh) is 3.6 MJ. Do not call `labcore`: the point is to count yourself.

# %%
from labcore.grading.check import exercise

check = exercise("19_sustainability")

# %% [markdown] task="q1"
# ## 1. How many grams is a query?
#
# A query takes `gflop` GFLOP on a chip with a peak of `tflops` TFLOP/s, of which it reaches the share `eta`. The chip
# draws `watts` while it works, its building has a PUE of `pue`, and a kWh emits `grid` g. How many grams of CO2 are a
# million queries? *2 points*


# %% answer="q1"
def grams(gflop, tflops, eta, watts, pue, grid):
    """Grams of CO2 of a million queries."""
    # solution
    seconds = gflop * 1e9 / (tflops * 1e12 * eta)
    return 1e6 * seconds * watts * pue / 3.6e6 * grid
    # end solution


# %% check="q1" points=2
check(
    "q1",
    grams,
    on=[
        (1, 1, 1.0, 3600, 1.0, 1),
        (10, 1, 1.0, 100, 1.0, 360),
        (8, 300, 0.4, 400, 1.5, 450),
    ],
)


# %% draw="q1" count=16
def draw(rng):
    gflop, tflops = rng.randint(1, 200), rng.choice((1, 10, 125, 312, 989))
    eta, pue = rng.choice((0.05, 0.1, 0.25, 0.5)), rng.choice((1.1, 1.25, 1.5, 2.0))
    return (
        gflop,
        tflops,
        eta,
        rng.choice((5, 100, 250, 400, 700)),
        pue,
        rng.randint(20, 800),
    )


# %% wrong="q1" slip="a chip that reaches a part of its peak works longer: eta divides"
def grams(gflop, tflops, eta, watts, pue, grid):
    seconds = gflop * 1e9 / (tflops * 1e12)
    return 1e6 * seconds * watts * pue / 3.6e6 * grid


# %% wrong="q1" slip="the building adds to what the chip draws: the PUE multiplies"
def grams(gflop, tflops, eta, watts, pue, grid):
    seconds = gflop * 1e9 / (tflops * 1e12 * eta)
    return 1e6 * seconds * watts / pue / 3.6e6 * grid


# %% wrong="q1" slip="a kWh has 3.6 million joules: kilo, and 3,600 seconds"
def grams(gflop, tflops, eta, watts, pue, grid):
    seconds = gflop * 1e9 / (tflops * 1e12 * eta)
    return 1e6 * seconds * watts * pue / 3600 * grid


# %% [markdown] task="q2"
# ## 2. Which chip is the cheapest at one precision?
#
# `chips` lists offers as (name, price in USD, peaks), where peaks is a dict from precision to TFLOP/s. Which offer costs
# least for a TFLOP/s at `precision`? Chips without it are left out. Return the name, or None where no chip has it. No
# two cost the same. *2 points*


# %% answer="q2"
def cheapest(chips, precision):
    """Name of the chip with the least USD per TFLOP/s at a precision, or None."""
    # solution
    costs = [
        (price / peaks[precision], name)
        for name, price, peaks in chips
        if precision in peaks
    ]
    return min(costs)[1] if costs else None
    # end solution


# %% check="q2" points=2
check(
    "q2",
    cheapest,
    on=[
        ([("a", 100, {"fp16": 10}), ("b", 150, {"fp16": 20})], "fp16"),
        ([("a", 100, {"fp16": 10}), ("b", 80, {"fp16": 5, "fp8": 30})], "fp16"),
        ([("a", 100, {"fp16": 10, "tf32": 2}), ("b", 90, {"tf32": 3})], "tf32"),
        ([("a", 100, {"fp16": 10}), ("b", 90, {"tf32": 3})], "fp8"),
        (
            [("a", 100, {"fp16": 10}), ("b", 500, {"fp16": 30}), ("c", 10, {"fp8": 90})],
            "fp16",
        ),
    ],
)


# %% draw="q2" count=40
def draw(rng):
    """Prices are primes, so that no two quotients are equal."""
    names = ["A", "B", "C", "D"][: rng.randint(2, 4)]
    primes = rng.sample((7, 11, 13, 17, 19, 23, 29, 31), len(names))
    chips = []
    for name, prime in zip(names, primes, strict=True):
        half = rng.choice((2, 4, 8))
        peaks = {"tf32": half // 2, "fp16": half, "fp8": 2 * half}
        chips.append((name, prime, {p: peaks[p] for p in peaks if rng.random() < 0.75}))
    return chips, rng.choice(("tf32", "fp16", "fp8"))


# %% wrong="q2" slip="compare at the precision that was asked for, not each at its best"
def cheapest(chips, precision):
    costs = [(price / max(peaks.values()), name) for name, price, peaks in chips if peaks]
    return min(costs)[1] if any(precision in peaks for _, _, peaks in chips) else None


# %% wrong="q2" slip="the fastest chip need not be the cheapest for its throughput: divide by the peak"
def cheapest(chips, precision):
    costs = [
        (-peaks[precision], name) for name, price, peaks in chips if precision in peaks
    ]
    return min(costs)[1] if costs else None


# %% wrong="q2" slip="the lowest price need not be the lowest for a TFLOP/s"
def cheapest(chips, precision):
    costs = [(price, name) for name, price, peaks in chips if precision in peaks]
    return min(costs)[1] if costs else None


# %% [markdown] task="q3"
# ## 3. What does a useful TFLOP/s cost?
#
# A chip costs `price` USD, has a peak of `tflops` TFLOP/s and a bandwidth of `tbs` TB/s. The work does `I` FLOP for each
# byte. How many USD does a TFLOP/s cost that the roofline allows? *2 points*


# %% answer="q3"
def useful(price, tflops, tbs, I):
    """USD per useful TFLOP/s."""
    # solution
    return price / min(tflops, tbs * I)
    # end solution


# %% check="q3" points=2
check(
    "q3",
    useful,
    on=[(100, 10, 1, 5), (100, 10, 1, 20), (15_000, 312, 2, 1), (25_000, 989, 3.35, 400)],
)


# %% draw="q3" count=24
def draw(rng):
    tflops, tbs = rng.choice((100, 200, 300, 400, 1000)), rng.choice((1, 2, 4))
    return (
        rng.randint(1, 40) * 1000,
        tflops,
        tbs,
        rng.choice((1, 2, 10, 50, 90, 120, 300, 500, 2000)),
    )


# %% wrong="q3" slip="below the ridge point the peak is not reached: bandwidth times intensity is"
def useful(price, tflops, tbs, I):
    return price / tflops


# %% wrong="q3" slip="above the ridge point the peak is all there is"
def useful(price, tflops, tbs, I):
    return price / (tbs * I)


# %% wrong="q3" slip="the lower of both roofs binds, not the higher"
def useful(price, tflops, tbs, I):
    return price / max(tflops, tbs * I)


# %% [markdown] task="q4"
# ## 4. From which intensity on does the other chip win?
#
# Two chips, each as (price in USD, TFLOP/s, TB/s). Chip `a` has more bandwidth for a dollar, `b` more peak for a dollar.
# From which intensity on does a useful FLOP/s cost less on `b`? *3 points*


# %% answer="q4"
def crossing(a, b):
    """FLOP/B above which b is the cheaper one."""
    # solution
    return (a[1] / a[0]) / (b[2] / b[0])
    # end solution


# %% check="q4" points=3
check(
    "q4",
    crossing,
    on=[
        ((100, 10, 1), (100, 20, 0.5)),
        ((100, 10, 1), (200, 40, 1)),
        ((15_000, 312, 2), (25_000, 989, 3)),
    ],
)


# %% draw="q4" count=24
def draw(rng):
    """Peak and bandwidth for 1,000 USD are drawn first, so that each chip leads in one of them."""
    price_a, price_b = rng.choice((4, 8, 10, 16)), rng.choice((5, 12, 20, 25))
    peak, band = rng.randint(5, 20), rng.randint(2, 8) / 16
    more, less = rng.randint(2, 4), rng.choice((0.25, 0.5, 0.75))
    return (
        (1000 * price_a, peak * price_a, band * price_a),
        (1000 * price_b, peak * more * price_b, band * less * price_b),
    )


# %% wrong="q4" slip="at a's ridge point a has reached its peak, and b may still be behind"
def crossing(a, b):
    return a[1] / a[2]


# %% wrong="q4" slip="b wins before it reaches its own ridge point"
def crossing(a, b):
    return b[1] / b[2]


# %% wrong="q4" slip="equal throughput is not equal cost: divide each by its price"
def crossing(a, b):
    return a[1] / b[2]


# %% [markdown] task="q5"
# ## 5. Buy or rent?
#
# A card costs `price` USD and serves `years` years. It draws `watts` at work and the share `idle` of that while it waits;
# a kWh costs `kwh` USD. An hour of the same card is rented for `rent` USD, paid only when there is work. From which share
# of the time with work on is buying cheaper? Return None where it is not even when there is always work. *3 points*
#
# The first input by hand: 8,760 USD over the 8,760 hours of a year, 1 USD of electricity for an hour of work, none for
# an hour of waiting, against 3 USD of rent. An hour of work saves 2 USD, so half of the year pays the card.


# %% answer="q5"
def even_use(price, years, watts, idle, kwh, rent):
    """The use at which both cost the same, or None above 1."""
    # solution
    hours, hourly = years * 365 * 24, watts / 1000 * kwh
    waits = price + idle * hourly * hours
    saved = (rent - (1 - idle) * hourly) * hours
    return waits / saved if saved >= waits else None
    # end solution


# %% check="q5" points=3
check(
    "q5",
    even_use,
    on=[
        (8760, 1, 1000, 0.0, 1.0, 3.0),
        (8760, 1, 1000, 1.0, 1.0, 4.0),
        (8760, 2, 1000, 0.5, 1.0, 2.0),
        (8760, 1, 1000, 0.5, 1.0, 1.5),
        (15_000, 4, 400, 0.5, 0.1, 1.5),
    ],
)


# %% draw="q5" count=32
def draw(rng):
    price, years = rng.choice((2_000, 8_000, 15_000, 30_000)), rng.randint(1, 6)
    watts, idle = rng.choice((100, 300, 700, 1000)), rng.choice((0.1, 0.3, 0.5))
    return (
        price,
        years,
        watts,
        idle,
        rng.choice((0.05, 0.1, 0.2, 0.4)),
        rng.choice((0.25, 0.5, 1.0, 2.5, 4.0)),
    )


# %% wrong="q5" slip="a card that waits draws power too"
def even_use(price, years, watts, idle, kwh, rent):
    hours, hourly = years * 365 * 24, watts / 1000 * kwh
    saved = (rent - hourly) * hours
    return price / saved if saved >= price else None


# %% wrong="q5" slip="the owner pays for electricity; the rent has it inside"
def even_use(price, years, watts, idle, kwh, rent):
    saved = rent * years * 365 * 24
    return price / saved if saved >= price else None


# %% wrong="q5" slip="there is no more than all of the time: above 1 buying never wins"
def even_use(price, years, watts, idle, kwh, rent):
    hours, hourly = years * 365 * 24, watts / 1000 * kwh
    return (price + idle * hourly * hours) / ((rent - (1 - idle) * hourly) * hours)


# %% [markdown] task="q6"
# ## 6. How large a fleet, and what does it draw?
#
# `per_day` queries of `gflop` GFLOP each arrive in a day; in its busiest hour they come `busiest` times as fast as in the
# mean over the day. A machine sustains `rate` GFLOP/s, draws `watts` at work and half of it while it waits. How many
# machines are needed in the busiest hour, and how many kWh do all of them draw in a day? All machines stay on. All but
# `watts` are whole numbers. Return a pair. *3 points*


# %% answer="q6"
def fleet(per_day, gflop, busiest, rate, watts):
    """The pair (machines, kWh a day)."""
    # solution
    count = -(-per_day * gflop * busiest // (86_400 * rate))
    use = per_day * gflop / (86_400 * rate * count)
    return count, count * watts * (use + 0.5 * (1 - use)) * 24 / 1000
    # end solution


# %% check="q6" points=3
check(
    "q6",
    fleet,
    on=[
        (86_400, 10, 1, 10, 1000),
        (86_400, 10, 2, 10, 1000),
        (86_400, 10, 3, 20, 1000),
        (1_000_000_000, 8, 3, 1000, 100),
    ],
)


# %% draw="q6" count=24
def draw(rng):
    per_day, gflop = (
        86_400 * rng.randint(1, 500) // rng.choice((1, 2, 3)),
        rng.randint(1, 40),
    )
    return (
        per_day,
        gflop,
        rng.randint(2, 5),
        rng.choice((7, 50, 300, 1000)),
        rng.choice((5, 100, 350, 400)),
    )


# %% judge="q6"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (3, 48.0)"
    if got[0] != want[0]:
        return 0, "the number of machines is not right"
    if abs(got[1] - want[1]) > 1e-6 * abs(want[1]):
        return 0.5, "the machines are right, their energy is not"
    return 1, ""


# %% wrong="q6" slip="the fleet must serve the busiest hour, not the mean one"
def fleet(per_day, gflop, busiest, rate, watts):
    count = -(-per_day * gflop // (86_400 * rate))
    use = per_day * gflop / (86_400 * rate * count)
    return count, count * watts * (use + 0.5 * (1 - use)) * 24 / 1000


# %% wrong="q6" slip="part of a machine is a machine: round up"
def fleet(per_day, gflop, busiest, rate, watts):
    count = max(1, per_day * gflop * busiest // (86_400 * rate))
    use = per_day * gflop / (86_400 * rate * count)
    return count, count * watts * (use + 0.5 * (1 - use)) * 24 / 1000


# %% wrong="q6" slip="outside the busiest hour machines wait, and then draw half"
def fleet(per_day, gflop, busiest, rate, watts):
    count = -(-per_day * gflop * busiest // (86_400 * rate))
    return count, count * watts * 24 / 1000


# %% wrong="q6" slip="machines that wait are still on, and draw half of their power"
def fleet(per_day, gflop, busiest, rate, watts):
    count = -(-per_day * gflop * busiest // (86_400 * rate))
    return count, watts * per_day * gflop / (86_400 * rate) * 24 / 1000


# %% [markdown] task="q7"
# ## 7. When is the making repaid?
#
# A new card emitted `made` kg of CO2 when it was made. It draws `new` W for work that the old machines do with `old` W,
# without a pause, in a building with a PUE of `pue`, on a grid of `grid` g a kWh. After how many days has the saving
# repaid the making? Return None where it never does. *2 points*


# %% answer="q7"
def payback(made, old, new, pue, grid):
    """Days until the carbon of the making is saved, or None."""
    # solution
    if old <= new:
        return None
    a_day = (old - new) / 1000 * 24 * pue * grid
    return made * 1000 / a_day
    # end solution


# %% check="q7" points=2
check(
    "q7",
    payback,
    on=[
        (24, 1100, 100, 1.0, 100),
        (24, 500, 100, 1.25, 100),
        (10, 100, 100, 1.5, 400),
        (318, 700, 400, 1.5, 30),
    ],
)


# %% draw="q7" count=24
def draw(rng):
    made, old = rng.randint(5, 400), rng.choice((50, 200, 400, 1000, 5000))
    return (
        made,
        old,
        rng.choice((40, 100, 300, 700)),
        rng.choice((1.1, 1.25, 1.5, 2.0)),
        rng.randint(20, 800),
    )


# %% wrong="q7" slip="the new card draws something too: only the difference is saved"
def payback(made, old, new, pue, grid):
    return None if old <= new else made * 1000 / (old / 1000 * 24 * pue * grid)


# %% wrong="q7" slip="the building saves its part as well: the PUE multiplies the difference"
def payback(made, old, new, pue, grid):
    return None if old <= new else made * 1000 / ((old - new) / 1000 * 24 * grid)


# %% wrong="q7" slip="a card that draws no less never repays its making"
def payback(made, old, new, pue, grid):
    return made * 1000 / (max(old - new, 1) / 1000 * 24 * pue * grid)


# %% [markdown]
# ## Done?
#
# `labcore grade my/19_sustainability.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
