# %% [markdown]
# # Exercise 23: a network and its accelerator
#
# Seven questions, from the cycles of one layer to the strategy that wins a search. 18 points, about an hour and a
# quarter. Lab 23 has all that you need.
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
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. A layer
# is a product (M, K) @ (K, N); weights are signed, activations are not. Do not call `labcore`: the point is to count
# yourself.

# %%
import math

from labcore.grading.check import exercise

check = exercise("23_codesign")

# %% [markdown] task="q1"
# ## 1. How many cycles does a layer take?
#
# An array of `rows` x `cols` runs (M, K) @ (K, N) in folds, one after another. Output stationary (`"os"`): rows hold M,
# columns hold N, K streams; a fold with m rows and n columns in use computes for K + m + n - 2 cycles and then shifts
# for `rows`. Weight stationary (`"ws"`): rows hold K, columns hold N, M streams; a fold loads for `rows` cycles and then
# computes for M + rows + n - 2. The last fold in each direction may be a part of one. *3 points*


# %% answer="q1"
def cycles(M, K, N, rows, cols, dataflow):
    """Cycles of one layer."""
    # solution
    held, streamed = (M, K) if dataflow == "os" else (K, M)
    total = 0
    for r in range(0, held, rows):
        for c in range(0, N, cols):
            m, n = min(rows, held - r), min(cols, N - c)
            deep = m if dataflow == "os" else rows
            total += rows + streamed + deep + n - 2
    return total
    # end solution


# %% check="q1" points=3
check(
    "q1",
    cycles,
    on=[
        (2, 3, 2, 2, 2, "os"),
        (2, 3, 2, 2, 2, "ws"),
        (1, 4, 3, 2, 2, "os"),
        (1, 4, 3, 2, 2, "ws"),
        (1, 64, 16, 4, 4, "os"),
        (9, 32, 10, 8, 4, "ws"),
    ],
)


# %% draw="q1" count=24
def draw(rng):
    """Few sizes are multiples of the array's."""
    rows, cols = rng.choice((2, 4, 8)), rng.choice((3, 4, 8))
    M, K, N = rng.choice((1, 5, 9, 16, 35)), rng.randint(3, 70), rng.randint(3, 34)
    return M, K, N, rows, cols, rng.choice(("os", "ws"))


# %% wrong="q1" slip="a fold at the edge uses fewer rows or columns, and its operands arrive sooner"
def cycles(M, K, N, rows, cols, dataflow):
    held, streamed = (M, K) if dataflow == "os" else (K, M)
    folds = math.ceil(held / rows) * math.ceil(N / cols)
    return folds * (rows + streamed + rows + cols - 2)


# %% wrong="q1" slip="results have to be shifted out, or weights in, and the array cannot compute meanwhile"
def cycles(M, K, N, rows, cols, dataflow):
    held, streamed = (M, K) if dataflow == "os" else (K, M)
    total = 0
    for r in range(0, held, rows):
        for c in range(0, N, cols):
            m, n = min(rows, held - r), min(cols, N - c)
            total += streamed + (m if dataflow == "os" else rows) + n - 2
    return total


# %% wrong="q1" slip="what stays decides which sizes lie on the array: with weights it is K and N, and M streams"
def cycles(M, K, N, rows, cols, dataflow):
    total = 0
    for r in range(0, M, rows):
        for c in range(0, N, cols):
            m, n = min(rows, M - r), min(cols, N - c)
            total += rows + K + (m if dataflow == "os" else rows) + n - 2
    return total


# %% wrong="q1" slip="a part of a fold is a fold: round up"
def cycles(M, K, N, rows, cols, dataflow):
    held, streamed = (M, K) if dataflow == "os" else (K, M)
    folds = (held // rows) * (N // cols)
    return folds * (rows + streamed + rows + cols - 2)


# %% [markdown] task="q2"
# ## 2. What does the next layer read?
#
# A sum becomes an activation of `bits` bits: times `multiplier`, divided by 2^shift, rounded to the nearest whole number
# with a half rounded up, then kept within 0 to 2^bits - 1. Hardware has whole numbers only, so come out right for sums of
# any size; shift is 1 or more. *3 points*


# %% answer="q2"
def activation(total, multiplier, shift, bits):
    """The unsigned activation of a sum."""
    # solution
    scaled = (total * multiplier + (1 << (shift - 1))) >> shift
    return min(max(scaled, 0), 2**bits - 1)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    activation,
    on=[
        (6, 1, 2, 3),
        (5, 1, 1, 3),
        (3, 3, 1, 4),
        (-9, 1, 1, 3),
        (99, 1, 1, 3),
        (10, 3, 2, 3),
        (1000, 24576, 18, 8),
    ],
)


# %% draw="q2" count=40
def draw(rng):
    """A fifth below 0, a fifth above the top; of the rest many lie exactly between two numbers."""
    bits, shift = rng.choice((3, 4, 8)), rng.randint(2, 12)
    top, kind = 2**bits - 1, rng.random()
    if kind < 0.2:
        return -rng.randint(1 << shift, 9 << shift), rng.choice((1, 3, 5)), shift, bits
    if kind < 0.4:
        return rng.randint(top + 1, 4 * top) << shift, rng.choice((1, 3, 5)), shift, bits
    multiplier = rng.choice((3, 5, 7, 9))
    if kind < 0.62:  # total * multiplier / 2^shift is a whole number and a half
        odd = 4 * rng.randint(0, top // 2) + 1  # of them the even ones below
        return odd << (shift - 1), 1, shift, bits
    return rng.randint(1, (top << shift) // multiplier), multiplier, shift, bits


# %% wrong="q2" slip="a shift alone rounds down: add half of what it drops before it"
def activation(total, multiplier, shift, bits):
    return min(max((total * multiplier) >> shift, 0), 2**bits - 1)


# %% wrong="q2" slip="a half goes up here; Python's round takes it to the even neighbour"
def activation(total, multiplier, shift, bits):
    return min(max(round(total * multiplier / 2**shift), 0), 2**bits - 1)


# %% wrong="q2" slip="activations have no sign: all bits count, up to 2^bits - 1"
def activation(total, multiplier, shift, bits):
    scaled = (total * multiplier + (1 << (shift - 1))) >> shift
    return min(max(scaled, 0), 2 ** (bits - 1) - 1)


# %% wrong="q2" slip="what lies above the top saturates; it does not wrap round"
def activation(total, multiplier, shift, bits):
    scaled = (total * multiplier + (1 << (shift - 1))) >> shift
    return max(scaled, 0) % 2**bits


# %% wrong="q2" slip="below 0 the activation is 0: rounding and ReLU are one step"
def activation(total, multiplier, shift, bits):
    scaled = (total * multiplier + (1 << (shift - 1))) >> shift
    return min(scaled, 2**bits - 1)


# %% wrong="q2" slip="multiply before you shift: bits that are shifted out are gone"
def activation(total, multiplier, shift, bits):
    scaled = ((total + (1 << (shift - 1))) >> shift) * multiplier
    return min(max(scaled, 0), 2**bits - 1)


# %% [markdown] task="q3"
# ## 3. How wide is the accumulator?
#
# `columns` lists the weights of each output, `biases` its bias, and activations are unsigned of `bits` bits. The
# generator wants a bound that holds whatever comes in and in whatever order it is added: the bias and every product
# count with their largest magnitude. How many bits must a signed accumulator have to hold plus and minus this bound for
# the worst of the outputs? *2 points*


# %% answer="q3"
def accumulator(columns, biases, bits):
    """Bits of the accumulator, the one of the sign with them."""
    # solution
    top = 2**bits - 1
    bounds = (
        abs(bias) + top * sum(map(abs, column))
        for column, bias in zip(columns, biases, strict=True)
    )
    return max(bounds).bit_length() + 1
    # end solution


# %% check="q3" points=2
check(
    "q3",
    accumulator,
    on=[
        ([[1]], [0], 2),
        ([[1, -1]], [0], 2),
        ([[1, 1], [1, -3]], [0, 0], 2),
        ([[3, -2]], [-20], 3),
        ([[7] * 9, [-7] * 8], [10, -400], 4),
        ([[127, -127] * 32], [5000], 8),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    """Columns of different size; now and then a bias that outweighs its column."""
    bits, length = rng.choice((2, 3, 4, 8)), rng.randint(2, 12)
    most = 2 ** (bits - 1) - 1
    columns = []
    for _ in range(rng.randint(2, 4)):
        reach = rng.randint(1, most)
        columns.append([rng.randint(-reach, reach) for _ in range(length)])
    weights = most * length * 2**bits
    biases = [rng.randint(-weights, weights) // rng.choice((1, 2, 40)) for _ in columns]
    return columns, biases, bits


# %% wrong="q3" slip="the accumulator is signed: one bit more than the magnitude"
def accumulator(columns, biases, bits):
    top = 2**bits - 1
    both = zip(columns, biases, strict=True)
    return max(abs(b) + top * sum(map(abs, c)) for c, b in both).bit_length()


# %% wrong="q3" slip="an input that is 0 where a weight is negative lets the positive ones add up: take magnitudes"
def accumulator(columns, biases, bits):
    top = 2**bits - 1
    both = zip(columns, biases, strict=True)
    return max(abs(b + top * sum(c)) for c, b in both).bit_length() + 1


# %% wrong="q3" slip="the bias is added too, and can outweigh the products"
def accumulator(columns, biases, bits):
    top = 2**bits - 1
    return max(top * sum(map(abs, c)) for c in columns).bit_length() + 1


# %% wrong="q3" slip="the weights are known: count them, and not as many products of two largest numbers"
def accumulator(columns, biases, bits):
    top, most = 2**bits - 1, 2 ** (bits - 1) - 1
    return (max(map(abs, biases)) + top * most * len(columns[0])).bit_length() + 1


# %% [markdown] task="q4"
# ## 4. Which designs are on the front?
#
# Each design is a pair (error, cycles), both to be made small. A design is off the front when another one is no worse in
# both and better in one. Return the front as a list of pairs in ascending order, each pair once. *2 points*


# %% answer="q4"
def front(designs):
    """The pairs that no other dominates, ascending, each once."""
    # solution
    kept = []
    for error, cycles in sorted(set(designs)):
        if not kept or cycles < kept[-1][1]:
            kept.append((error, cycles))
    return kept
    # end solution


# %% check="q4" points=2
check(
    "q4",
    front,
    on=[
        [(1, 2)],
        [(1, 2), (1, 2)],
        [(1, 2), (2, 1)],
        [(1, 2), (1, 3)],
        [(3, 1), (1, 3), (2, 2), (3, 3), (2, 2)],
        [(5, 100), (4, 100), (4, 300), (9, 50), (2, 300)],
    ],
)


# %% draw="q4" count=16
def draw(rng):
    """A small grid, so that pairs are equal in one or both."""
    side = rng.randint(5, 9)
    designs = []
    for _ in range(rng.randint(5, 11)):
        error = rng.randint(1, side)
        designs.append((error, max(1, side - error + rng.randint(-2, 3))))
    return [*designs, rng.choice(designs)]


# %% wrong="q4" slip="equal in one and worse in the other is dominated: no worse in both, better in one"
def front(designs):
    pairs = sorted(set(designs))
    return [p for p in pairs if not any(q[0] < p[0] and q[1] < p[1] for q in pairs)]


# %% wrong="q4" slip="each pair once: equal designs do not dominate each other, but they are one point"
def front(designs):
    pairs = sorted(designs)
    return [
        p
        for p in pairs
        if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in pairs)
    ]


# %% wrong="q4" slip="both are to be made small: an error is not an accuracy"
def front(designs):
    pairs = sorted(set(designs))
    return [
        p
        for p in pairs
        if not any(q[0] >= p[0] and q[1] <= p[1] and q != p for q in pairs)
    ]


# %% wrong="q4" slip="the two ends alone are not the front: what lies between them may be beaten by neither"
def front(designs):
    least = min(designs), min(designs, key=lambda pair: pair[::-1])
    return sorted(set(least))


# %% [markdown] task="q5"
# ## 5. How much does a set of designs dominate?
#
# Designs are pairs (x, y), both to be made small; `reference` is a pair. Return the area of what the designs dominate
# below the reference: all places (a, b) with x <= a <= X and y <= b <= Y for some design, where (X, Y) is the reference.
# A design that is not below the reference in both dominates nothing there. *2 points*


# %% answer="q5"
def hypervolume(designs, reference):
    """The dominated area."""
    # solution
    X, Y = reference
    area, left = 0, X
    for x in sorted({x for x, y in designs if x < X and y < Y}, reverse=True):
        area += (left - x) * (Y - min(y for a, y in designs if a <= x and y < Y))
        left = x
    return area
    # end solution


# %% check="q5" points=2
check(
    "q5",
    hypervolume,
    on=[
        ([(1, 1)], (3, 4)),
        ([(1, 3), (3, 1)], (4, 4)),
        ([(1, 3), (2, 2), (3, 1)], (4, 4)),
        ([(1, 3), (2, 3)], (4, 4)),
        ([(1, 5), (2, 2)], (4, 4)),
        ([(4, 1), (0, 6), (5, 0)], (4, 4)),
    ],
)


# %% draw="q5" count=40
def draw(rng):
    """Designs on both sides of the reference, some of them dominated."""
    X, Y = rng.randint(8, 20), rng.randint(8, 20)
    return [
        (rng.randint(1, X + 3), rng.randint(1, Y + 3)) for _ in range(rng.randint(3, 8))
    ] + [(rng.randint(1, 4), rng.randint(4, Y - 1))], (X, Y)


# %% wrong="q5" slip="rectangles of neighbours overlap: what two designs dominate counts once"
def hypervolume(designs, reference):
    X, Y = reference
    return sum((X - x) * (Y - y) for x, y in set(designs) if x < X and y < Y)


# %% wrong="q5" slip="a design beyond the reference adds nothing, and takes nothing away"
def hypervolume(designs, reference):
    X, Y = reference
    area, left = 0, X
    for x in sorted({x for x, _ in designs}, reverse=True):
        area += (left - x) * (Y - min(y for a, y in designs if a <= x))
        left = x
    return area


# %% wrong="q5" slip="the best of each direction together is no design: step down from one to the next"
def hypervolume(designs, reference):
    X, Y = reference
    inside = [(x, y) for x, y in designs if x < X and y < Y]
    return (
        (X - min(x for x, _ in inside)) * (Y - min(y for _, y in inside)) if inside else 0
    )


# %% wrong="q5" slip="one design alone does not dominate what its neighbours do: add their steps"
def hypervolume(designs, reference):
    X, Y = reference
    return max((max(X - x, 0) * max(Y - y, 0) for x, y in designs), default=0)


# %% [markdown] task="q6"
# ## 6. How large is the weight memory?
#
# A word of the ROM holds one weight for each of the `cols` columns of the array. A layer with weights (K, N) takes its N
# channels `cols` at a time, K words for each group; a last group that is not full leaves the rest of its words empty.
# `layers` lists the pairs (K, N). Return a pair: the bits of the ROM with weights of 8 bits, and the most bits out of 8,
# 4, 3 and 2 at which the ROM has at most `cap` bits, 0 if there is none. *3 points*


# %% answer="q6"
def rom(layers, cols, cap):
    """The pair (bits of ROM at 8 bits a weight, most bits a weight under the cap)."""
    # solution
    weights = cols * sum(K * math.ceil(N / cols) for K, N in layers)
    return 8 * weights, next((b for b in (8, 4, 3, 2) if b * weights <= cap), 0)
    # end solution


# %% check="q6" points=3
check(
    "q6",
    rom,
    on=[
        ([(4, 2)], 2, 64),
        ([(4, 3)], 2, 64),
        ([(4, 3)], 2, 47),
        ([(4, 1), (1, 1)], 2, 30),
        ([(4, 1), (1, 1)], 2, 19),
        ([(64, 16), (16, 10)], 4, 5000),
        ([(9, 8), (32, 8), (72, 10)], 16, 8000),
    ],
)


# %% draw="q6" count=24
def draw(rng):
    """The cap lies at what some bits take, or just beside it; channels seldom fill the last group."""
    cols = rng.choice((3, 4, 8, 16))
    layers = [
        (rng.randint(4, 80), rng.randint(1, 40)) for _ in range(rng.randint(2, 3))
    ] + [(rng.randint(8, 60), 10)]
    full = cols * sum(K * -(-N // cols) for K, N in layers)
    return (
        layers,
        cols,
        max(1, full * rng.choice((1, 2, 3, 4, 8)) + rng.choice((-1, 0, 0, 1))),
    )


# %% judge="q6"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (64, 8)"
    if got[0] != want[0]:
        return 0, "the bits of the ROM are not right"
    if got[1] != want[1]:
        return (
            0.5,
            "the bits of the ROM are right, those of a weight under the cap are not",
        )
    return 1, ""


# %% wrong="q6" slip="a word that is not full is as wide as any other: round up to whole groups"
def rom(layers, cols, cap):
    weights = sum(K * N for K, N in layers)
    return 8 * weights, next((b for b in (8, 4, 3, 2) if b * weights <= cap), 0)


# %% wrong="q6" slip="each layer begins a group of its own: round up layer by layer"
def rom(layers, cols, cap):
    weights = cols * math.ceil(sum(K * N for K, N in layers) / cols)
    return 8 * weights, next((b for b in (8, 4, 3, 2) if b * weights <= cap), 0)


# %% wrong="q6" slip="those are words: each of them holds a weight for every column"
def rom(layers, cols, cap):
    words = sum(K * math.ceil(N / cols) for K, N in layers)
    return 8 * words, next((b for b in (8, 4, 3, 2) if b * words <= cap), 0)


# %% wrong="q6" slip="a ROM that fills the cap exactly fits"
def rom(layers, cols, cap):
    weights = cols * sum(K * math.ceil(N / cols) for K, N in layers)
    return 8 * weights, next((b for b in (8, 4, 3, 2) if b * weights < cap), 0)


# %% wrong="q6" slip="fewer bits are there to make room: take as many as the cap allows"
def rom(layers, cols, cap):
    weights = cols * sum(K * math.ceil(N / cols) for K, N in layers)
    return 8 * weights, next((b for b in (2, 3, 4, 8) if b * weights <= cap), 0)


# %% [markdown] task="q7"
# ## 7. Which strategy wins?
#
# `runs` gives for each strategy its full trainings, its cheap ones, of which ten cost as much as a full one, and its
# result for each seed, more being better; all strategies ran the same seeds. One that spent more than `budget` full
# trainings does not take part. The one with the best mean wins over the second if their difference, taken seed by seed,
# has a mean above twice its standard error: the standard deviation of the differences (n - 1 below) over the root of n.
# Return the winner's name, or None where the best does not win. At least two strategies take part. *3 points*


# %% answer="q7"
def winner(runs, budget):
    """The name of the strategy that wins, or None."""
    # solution
    results = {
        name: got
        for name, (full, cheap, got) in runs.items()
        if 10 * full + cheap <= 10 * budget
    }
    first, second = sorted(results, key=lambda name: -sum(results[name]))[:2]
    gaps = [a - b for a, b in zip(results[first], results[second], strict=True)]
    n, total = len(gaps), sum(gaps)
    spread = sum((gap - total / n) ** 2 for gap in gaps) / (n - 1)
    return first if total / n > 2 * math.sqrt(spread / n) else None
    # end solution


# %% check="q7" points=3
check(
    "q7",
    winner,
    on=[
        ({"flat": (8, 0, [5, 6, 7]), "nested": (8, 0, [7, 8, 9])}, 8),
        ({"flat": (8, 0, [5, 6, 9]), "nested": (8, 0, [9, 3, 9])}, 8),
        ({"flat": (9, 0, [9, 9, 9]), "nested": (8, 0, [7, 7, 8]), "proxy": (4, 30, [5, 6, 6])}, 8),
        ({"flat": (8, 0, [20, 50, 80, 60]), "proxy": (4, 40, [29, 58, 88, 70])}, 8),
        ({"flat": (8, 0, [50, 51, 50, 52]), "proxy": (4, 40, [52, 57, 60, 56])}, 8),
        ({"hardware first": (6, 0, [50, 51, 52, 50]), "proxy": (4, 21, [90, 90, 91, 90]),
          "nested": (6, 0, [70, 72, 73, 71])}, 6),
        ({"flat": (8, 0, [70, 71, 69, 70, 70]), "nested": (8, 0, [71, 70, 70, 69, 71])}, 8),
    ],
)  # fmt: skip


# %% draw="q7" count=40
def draw(rng):
    """Seeds that are easy or hard for all; gaps above or below the noise; now and then one that overspent, and leads."""
    while True:
        n, budget = rng.choice((4, 5, 8)), rng.choice((12, 24, 48))
        ease, noise = [rng.randint(0, 90) for _ in range(n)], rng.choice((2, 3, 14))
        names = rng.sample(
            ("hardware first", "accuracy first", "proxy", "flat", "nested"), 4
        )
        over, runs = rng.random() < 0.5, {}
        for place, name in enumerate(names):
            base = 500 + 8 * place * rng.choice((1, 2))
            got = [base + e + rng.randint(-noise, noise) for e in ease]
            if name == "proxy":
                full = budget // 2
                spent = full, 10 * (budget - full) - rng.randint(0, 9)
            else:
                spent = budget, 0
            if over and place == len(names) - 1:
                spent = budget, rng.randint(1, 40)
            runs[name] = (*spent, got)
        rest = [
            got for full, cheap, got in runs.values() if 10 * full + cheap <= 10 * budget
        ]
        means = {sum(got) for _, _, got in runs.values()}
        a, b = sorted(rest, key=lambda got: -sum(got))[:2]
        gaps = [x - y for x, y in zip(a, b, strict=True)]
        total = sum(gaps)
        error = math.sqrt(sum((g - total / n) ** 2 for g in gaps) / (n - 1) / n)
        if len(means) == len(runs) and abs(total / n - 2 * error) > 0.05:
            order = list(runs)
            rng.shuffle(order)
            return {name: runs[name] for name in order}, budget


# %% wrong="q7" slip="at equal budgets only: one that spent more does not take part"
def winner(runs, budget):
    results = {name: got for name, (_, _, got) in runs.items()}
    first, second = sorted(results, key=lambda name: -sum(results[name]))[:2]
    gaps = [a - b for a, b in zip(results[first], results[second], strict=True)]
    n, total = len(gaps), sum(gaps)
    spread = sum((gap - total / n) ** 2 for gap in gaps) / (n - 1)
    return first if total / n > 2 * math.sqrt(spread / n) else None


# %% wrong="q7" slip="a better mean may be luck: hold the difference against its standard error"
def winner(runs, budget):
    results = {
        n: got
        for n, (full, cheap, got) in runs.items()
        if 10 * full + cheap <= 10 * budget
    }
    return max(results, key=lambda name: sum(results[name]))


# %% wrong="q7" slip="the seeds are the same: take the difference seed by seed, so that easy and hard seeds cancel"
def winner(runs, budget):
    results = {
        n: got
        for n, (full, cheap, got) in runs.items()
        if 10 * full + cheap <= 10 * budget
    }
    first, second = sorted(results, key=lambda name: -sum(results[name]))[:2]
    n, error = len(results[first]), 0
    for name in (first, second):
        mean = sum(results[name]) / n
        error += sum((x - mean) ** 2 for x in results[name]) / (n - 1) / n
    total = sum(results[first]) - sum(results[second])
    return first if total / n > 2 * math.sqrt(error) else None


# %% wrong="q7" slip="ten cheap trainings cost one full one; they are not ten"
def winner(runs, budget):
    results = {n: got for n, (full, cheap, got) in runs.items() if full + cheap <= budget}
    if len(results) < 2:
        return next(iter(results), None)
    first, second = sorted(results, key=lambda name: -sum(results[name]))[:2]
    gaps = [a - b for a, b in zip(results[first], results[second], strict=True)]
    n, total = len(gaps), sum(gaps)
    spread = sum((gap - total / n) ** 2 for gap in gaps) / (n - 1)
    return first if total / n > 2 * math.sqrt(spread / n) else None


# %% wrong="q7" slip="the standard error of a mean is the standard deviation over the root of n"
def winner(runs, budget):
    results = {
        n: got
        for n, (full, cheap, got) in runs.items()
        if 10 * full + cheap <= 10 * budget
    }
    first, second = sorted(results, key=lambda name: -sum(results[name]))[:2]
    gaps = [a - b for a, b in zip(results[first], results[second], strict=True)]
    n, total = len(gaps), sum(gaps)
    spread = sum((gap - total / n) ** 2 for gap in gaps) / (n - 1)
    return first if total / n > 2 * math.sqrt(spread) else None


# %% [markdown]
# ## Done?
#
# `labcore grade my/23_codesign.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
