# %% [markdown]
# # Exercise 02: specialization
#
# Seven questions that come up before somebody builds a chip. 18 points, about an hour. Lab 02 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. Work the small inputs out on paper before you look at the code again. You may add inputs of your own to
# `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 7 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Growth
# is a factor a year, shares run from 0 to 1.

# %%
import math

from labcore.grading.check import exercise

check = exercise("02_specialization")

# %% [markdown] task="q1"
# ## 1. How far apart?
#
# Demand and supply are equal today. Demand grows by the factor `demand` a year, supply by `supply`. What is demand over
# supply after so many years? *2 points*


# %% answer="q1"
def gap(demand, supply, years):
    """Demand over supply after some years."""
    # solution
    return (demand / supply) ** years
    # end solution


# %% check="q1" points=2
check("q1", gap, on=[(2, 2, 5), (6, 2, 0), (6, 2, 1), (6, 2, 3), (6.1, 1.7, 10)])


# %% draw="q1"
def draw(rng):
    return rng.randint(30, 90) / 10, rng.randint(11, 25) / 10, rng.randint(2, 8)


# %% wrong="q1" slip="the gap is a ratio: it grows by the quotient of the two factors, not by their difference"
def gap(demand, supply, years):
    return (demand - supply) ** years


# %% wrong="q1" slip="the gap grows by a factor every year: that is a power of the years, not a multiple of them"
def gap(demand, supply, years):
    return demand / supply * years


# %% wrong="q1" slip="supply grows too"
def gap(demand, supply, years):
    return demand**years


# %% [markdown] task="q2"
# ## 2. When is it a thousandfold?
#
# With the same two factors, after how many years (a number, not rounded) has demand become `size` times supply? Where
# that never happens, return None. `size` is above 1. *3 points*


# %% answer="q2"
def years_to(demand, supply, size):
    """Years until demand is `size` times supply, or None."""
    # solution
    if demand <= supply:
        return None
    return math.log(size) / math.log(demand / supply)
    # end solution


# %% check="q2" points=3
check(
    "q2", years_to, on=[(4, 2, 8), (6, 2, 27), (2, 2, 10), (1.5, 2, 10), (6.1, 1.7, 1000)]
)


# %% draw="q2" count=24
def draw(rng):
    supply = rng.randint(12, 30) / 10
    return (
        supply + rng.choice((-0.2, 0.0, 0.4, 1.5, 2.5, 4.0)),
        supply,
        rng.randint(3, 2000),
    )


# %% wrong="q2" slip="the gap grows by the quotient of the factors, not by their difference"
def years_to(demand, supply, size):
    if demand <= supply + 1:
        return None
    return math.log(size) / math.log(demand - supply)


# %% wrong="q2" slip="supply grows too: demand alone reaches the size earlier than the gap does"
def years_to(demand, supply, size):
    return math.log(size) / math.log(demand) if demand > supply else None


# %% wrong="q2" slip="where supply keeps up there is no such year; a negative or infinite number of years is no answer"
def years_to(demand, supply, size):
    if demand == supply:
        return 1e300
    return math.log(size) / math.log(demand / supply)


# %% [markdown] task="q3"
# ## 3. How much stays dark?
#
# In each process generation transistors double and the capacitance of each falls by the root of 2. Voltage and clock
# stay, and so does the power budget, which was just enough at generation 0. Power goes with transistors x capacitance x
# voltage squared x clock. What share of the transistors must be *off* after so many generations? *2 points*


# %% answer="q3"
def dark(generations):
    """Share of the transistors that must be off."""
    # solution
    return 1 - 1 / math.sqrt(2) ** generations
    # end solution


# %% check="q3" points=2
check("q3", dark, on=[(0,), (1,), (2,), (4,), (6,)])


# %% draw="q3"
def draw(rng):
    return (rng.randint(1, 200) / 20,)


# %% wrong="q3" slip="that is the share that can be on; the question asks for what must be off"
def dark(generations):
    return 1 / math.sqrt(2) ** generations


# %% wrong="q3" slip="each transistor also has a smaller capacitance: power grows by the root of 2, not by 2"
def dark(generations):
    return 1 - 1 / 2**generations


# %% wrong="q3" slip="with Dennard's rule the voltage would fall and all could be on; here the voltage stays"
def dark(generations):
    return 0.0


# %% [markdown] task="q4"
# ## 4. What does moving cost?
#
# A memory takes `pj_access` pJ for an access of 64 bits. One MAC takes `pj_mac` pJ and works on two operands of `bits`
# bits, both from that memory; the sum stays in a register. How many times the energy of the MAC do its operands cost?
# *2 points*


# %% answer="q4"
def move_over_mac(pj_access, pj_mac, bits):
    """Energy of fetching two operands over that of one MAC."""
    # solution
    return 2 * bits / 64 * pj_access / pj_mac
    # end solution


# %% check="q4" points=2
check(
    "q4",
    move_over_mac,
    on=[(10, 5, 32), (1300, 4.6, 32), (1300, 0.3, 8), (20, 2, 16), (250, 0.5, 16)],
)


# %% draw="q4"
def draw(rng):
    return (
        rng.choice((10, 20, 100, 250, 1300)),
        rng.randint(2, 50) / 10,
        rng.choice((4, 8, 16, 32)),
    )


# %% wrong="q4" slip="a MAC multiplies two operands, and both come from the memory"
def move_over_mac(pj_access, pj_mac, bits):
    return bits / 64 * pj_access / pj_mac


# %% wrong="q4" slip="an access moves 64 bits: charge an operand of fewer bits with its share"
def move_over_mac(pj_access, pj_mac, bits):
    return 2 * pj_access / pj_mac


# %% wrong="q4" slip="bits for bytes: 64 bits are 8 bytes, and the operands are given in bits"
def move_over_mac(pj_access, pj_mac, bits):
    return 2 * bits / 8 * pj_access / pj_mac


# %% [markdown] task="q5"
# ## 5. What can batch 1 use?
#
# A chip has a peak of `R_peak` FLOP/s and a bandwidth of `BW` B/s. A language model decodes at a batch of `batch`: each
# weight, `bytes_each` bytes wide, is read once and takes part in one MAC for each sequence. Count the weights alone.
# What share of the peak can it reach at most? *3 points*


# %% answer="q5"
def share_of_peak(R_peak, BW, batch, bytes_each):
    """Largest share of the peak, at most 1."""
    # solution
    return min(1.0, BW * 2 * batch / bytes_each / R_peak)
    # end solution


# %% check="q5" points=3
check(
    "q5",
    share_of_peak,
    on=[
        (100.0, 10.0, 1, 2),
        (100.0, 10.0, 4, 1),
        (100.0, 10.0, 64, 2),
        (312e12, 2.039e12, 1, 2),
        (989e12, 3.35e12, 16, 1),
    ],
)


# %% draw="q5" count=36
def draw(rng):
    return (
        rng.choice((125e12, 312e12, 989e12)),
        rng.choice((0.9e12, 2.039e12, 3.35e12)),
        rng.choice((1, 4, 32, 512, 4096)),
        rng.choice((1, 2, 4)),
    )


# %% wrong="q5" slip="a multiply-accumulate is two FLOP, one multiplication and one addition"
def share_of_peak(R_peak, BW, batch, bytes_each):
    return min(1.0, BW * batch / bytes_each / R_peak)


# %% wrong="q5" slip="no chip passes its peak: from some batch on arithmetic binds, and the share is 1"
def share_of_peak(R_peak, BW, batch, bytes_each):
    return BW * 2 * batch / bytes_each / R_peak


# %% wrong="q5" slip="a weight that is read once serves every sequence of the batch"
def share_of_peak(R_peak, BW, batch, bytes_each):
    return min(1.0, BW * 2 / bytes_each / R_peak)


# %% wrong="q5" slip="wider weights bring fewer FLOP for each byte: divide by the bytes of a weight"
def share_of_peak(R_peak, BW, batch, bytes_each):
    return min(1.0, BW * 2 * batch * bytes_each / R_peak)


# %% [markdown] task="q6"
# ## 6. How many machines?
#
# So many users talk to a service for so many seconds a day. A second of speech takes `flop` FLOP. A machine has a peak
# of `peak` FLOP/s and reaches the share `eta` of it. The load is even over the day of 86,400 s. How many machines are
# needed, as a whole number? *2 points*


# %% answer="q6"
def machines(users, seconds, flop, peak, eta):
    """Machines that carry the load."""
    # solution
    return math.ceil(users * seconds * flop / 86400 / (peak * eta))
    # end solution


# %% check="q6" points=2
check(
    "q6",
    machines,
    on=[
        (1, 1, 1, 1, 1),
        (24, 3600, 10, 3, 0.5),
        (1000, 100, 1e6, 1e6, 0.3),
        (1_000_000_000, 180, 2e9, 7e12, 0.05),
    ],
)


# %% draw="q6" count=12
def draw(rng):
    return (
        rng.randint(100, 100_000),
        rng.randint(10, 600),
        rng.choice((1e6, 5e7)),
        rng.choice((1e6, 3e7)),
        rng.randint(3, 60) / 100,
    )


# %% wrong="q6" slip="a part of a machine is a machine: round up"
def machines(users, seconds, flop, peak, eta):
    return round(users * seconds * flop / 86400 / (peak * eta))


# %% wrong="q6" slip="a machine that reaches only a share of its peak does less: divide by that share"
def machines(users, seconds, flop, peak, eta):
    return math.ceil(users * seconds * flop * eta / 86400 / peak)


# %% wrong="q6" slip="the work of a day may take the whole day: divide it by 86,400 s"
def machines(users, seconds, flop, peak, eta):
    return math.ceil(users * seconds * flop / (peak * eta))


# %% [markdown] task="q7"
# ## 7. Buy or build?
#
# The work of `fleet` bought machines is to be done. A bought machine costs `bought` over its life. An own machine costs
# `own` and does `gain` times as much work; the chip in it costs `once` to design. Part of a machine may be counted here.
#
# Return a pair: the cheaper way, `"buy"` or `"build"` (`"buy"` where both cost the same), and the number of bought
# machines' work from which building is cheaper, or None where it never is. *4 points*


# %% answer="q7"
def buy_or_build(fleet, bought, own, gain, once):
    """The pair (cheaper way, break-even in bought machines or None)."""
    # solution
    each = own / gain
    even = once / (bought - each) if bought > each else None
    return ("build" if even is not None and fleet > even else "buy"), even
    # end solution


# %% check="q7" points=4
check(
    "q7",
    buy_or_build,
    on=[
        (10, 10, 10, 2, 20),
        (3, 10, 10, 2, 20),
        (4, 10, 10, 2, 20),
        (10, 10, 20, 2, 20),
        (20_000, 12_000, 12_000, 15, 100_000_000),
    ],
)


# %% draw="q7" count=24
def draw(rng):
    bought, gain = rng.randint(2, 20), rng.choice((1, 2, 4, 10))
    own = max(1, round(bought * gain * rng.choice((0.2, 0.4, 0.6, 0.8, 1, 1.4))))
    once = rng.randint(10, 400)
    even = once / (bought - own / gain) if bought > own / gain else 40
    fleet = max(1, round(even * rng.choice((0.4, 0.8, 1.25, 3))))
    if abs(fleet - even) < 1e-6 * even:  # a tie: roundings would decide
        fleet += 1
    return fleet, bought, own, gain, once


# %% judge="q7"
def judge(on, got, want):
    import math

    if not isinstance(got, list | tuple) or len(got) != 2 or not isinstance(got[0], str):
        return 0, "a pair is wanted, such as ('buy', 120.0)"
    if got[0] != want[0]:
        if want[1] is not None and math.isclose(on[0], want[1]):
            return 0, "both ways cost the same here, and then the answer is 'buy'"
        return 0, "the other way is cheaper for this fleet"
    if want[1] is None:
        right = got[1] is None
    else:
        right = isinstance(got[1], int | float) and math.isclose(
            got[1], want[1], rel_tol=1e-6
        )
    return (1, "") if right else (0.5, "the way is right, the break-even is not")


# %% wrong="q7" slip="own machines are not free: what a machine's work saves is the bought one's cost less the own one's"
def buy_or_build(fleet, bought, own, gain, once):
    even = once / bought
    return ("build" if fleet > even else "buy"), even


# %% wrong="q7" slip="an own machine does the work of several: its cost for the same work is own / gain"
def buy_or_build(fleet, bought, own, gain, once):
    even = once / (bought - own) if bought > own else None
    return ("build" if even is not None and fleet > even else "buy"), even


# %% wrong="q7" slip="the one-time cost counts: a machine that is cheaper for its work must also earn the design back"
def buy_or_build(fleet, bought, own, gain, once):
    each = own / gain
    return ("build" if bought > each else "buy"), (
        once / (bought - each) if bought > each else None
    )


# %% wrong="q7" slip="where own machines cost more for the same work, no amount of work makes them cheaper: there is no break-even"
def buy_or_build(fleet, bought, own, gain, once):
    each = own / gain
    if bought == each:
        return "buy", 1e300
    even = once / (bought - each)
    return ("build" if fleet > even else "buy"), even


# %% [markdown]
# ## Done?
#
# Hand in this notebook as it is, or check it yourself with `labcore grade my/02_specialization.ipynb`.
