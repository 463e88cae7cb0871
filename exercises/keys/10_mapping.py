# %% [markdown]
# # Exercise 10: mapping
#
# Seven questions about what loop orders and tiles move. 17 points, about an hour. Lab 10 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Question 3 asks for two things: where the first comes out right for
# every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Loops
# are named outermost first. Registers or buffer keep one tile of each operand at a time; a tile comes in when it
# changes, and whole, since the tiles whose words are counted here do not overlap. Do not call `labcore`: the point is to
# count yourself.

# %%
import itertools
import math

from labcore.grading.check import exercise

check = exercise("10_mapping")

# %% [markdown] task="q1"
# ## 1. How many orders differ?
#
# `sizes` lists how often each loop turns. A loop that turns once changes nothing wherever it stands. How many orders are
# left to choose from? *2 points*


# %% answer="q1"
def orders(sizes):
    """Orders of the loops that turn more than once."""
    # solution
    return math.factorial(sum(size > 1 for size in sizes))
    # end solution


# %% check="q1" points=2
check("q1", orders, on=[[3, 4], [1, 5], [1, 16, 1, 6, 6, 3, 3], [1, 1, 1]])


# %% draw="q1" count=16
def draw(rng):
    return [rng.choice((1, 1, 2, 3, 28)) for _ in range(rng.randint(4, 8))]


# %% wrong="q1" slip="a loop of one turn has no place to choose: leave it out"
def orders(sizes):
    return math.factorial(len(sizes))


# %% wrong="q1" slip="those are the turns of all loops together, not the ways to order them"
def orders(sizes):
    return math.prod(sizes)


# %% wrong="q1" slip="each place takes one of the loops that are left: multiply, do not square"
def orders(sizes):
    return sum(size > 1 for size in sizes) ** 2


# %% [markdown] task="q2"
# ## 2. How many weights come in?
#
# Registers keep one word of each operand. `order` names the loops, such as `"KRSPQ"`, `sizes` says how often each turns,
# and `own` names the loops that choose a weight, such as `"KRS"`. How many words of weights come in over the whole run?
# *3 points*


# %% answer="q2"
def weight_reads(order, sizes, own):
    """Words of an operand that come in: order a text, sizes a dict, own a text."""
    # solution
    turning = [loop for loop in order if sizes[loop] > 1]
    places = [at for at, loop in enumerate(turning) if loop in own]
    last = max(places, default=-1)
    return math.prod(sizes[loop] for loop in turning[: last + 1])
    # end solution


# %% check="q2" points=3
check(
    "q2",
    weight_reads,
    on=[
        ("KP", {"K": 2, "P": 3}, "K"),
        ("PK", {"K": 2, "P": 3}, "K"),
        ("KRSPQ", {"K": 2, "R": 2, "S": 2, "P": 2, "Q": 3}, "KRS"),
        ("PQKRS", {"K": 2, "R": 2, "S": 2, "P": 2, "Q": 3}, "KRS"),
        ("KPRSQ", {"K": 2, "R": 2, "S": 2, "P": 2, "Q": 3}, "KRS"),
        ("KRPQS", {"K": 2, "R": 2, "S": 1, "P": 2, "Q": 3}, "KRS"),
    ],
)


# %% draw="q2" count=40
def draw(rng):
    """Half of the time the last of the weight's loops has one turn, which is where answers differ."""
    order = "".join(rng.sample("KRSPQ", 5))
    sizes = {loop: rng.choice((2, 3, 5)) for loop in order}
    sizes[[loop for loop in order if loop in "KRS"][-1]] = rng.choice((1, 2))
    return order, sizes, "KRS"


# %% wrong="q2" slip="that counts the weights; one that had to make room comes in again"
def weight_reads(order, sizes, own):
    return math.prod(sizes[loop] for loop in own)


# %% wrong="q2" slip="a weight stays while the loops inside its innermost loop turn; those are not counted"
def weight_reads(order, sizes, own):
    return math.prod(sizes.values())


# %% wrong="q2" slip="a loop of one turn never changes the weight: look for the innermost of its loops that turns"
def weight_reads(order, sizes, own):
    last = max(at for at, loop in enumerate(order) if loop in own)
    return math.prod(sizes[loop] for loop in order[: last + 1])


# %% [markdown] task="q3"
# ## 3. What do the sums pay?
#
# A product (M, K) @ (K, N) runs in an order such as `"MKN"`, and registers keep one word of each operand. A sum is
# written whenever it makes room, the last one at the end. A sum that was begun before is read back; a new one starts at
# zero and is not read. M, K and N are 2 or more. Return a pair: the words written, and those read back. *3 points*


# %% answer="q3"
def sums(order, M, K, N):
    """The pair (words of C written, words of C read back)."""
    # solution
    written = M * N if order[-1] == "K" else M * K * N
    return written, written - M * N
    # end solution


# %% check="q3" points=3
check(
    "q3",
    sums,
    on=[
        ("MNK", 2, 2, 2),
        ("KMN", 2, 2, 2),
        ("NKM", 3, 2, 4),
        ("NMK", 3, 5, 4),
        ("KNM", 8, 4, 2),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    order = rng.choice(("MNK", "NMK", "MKN", "NKM", "KMN", "KNM"))
    return order, rng.randint(2, 30), rng.randint(2, 30), rng.randint(2, 30)


# %% judge="q3"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (8, 4)"
    if got[0] != want[0]:
        return 0, "the words written are not right"
    if got[1] != want[1]:
        return 0.5, "the words written are right, those read back are not"
    return 1, ""


# %% wrong="q3" slip="the first visit of a sum reads nothing"
def sums(order, M, K, N):
    written = M * N if order[-1] == "K" else M * K * N
    return written, written


# %% wrong="q3" slip="a sum stays only if K is the innermost loop"
def sums(order, M, K, N):
    return M * N, 0


# %% wrong="q3" slip="K inside keeps the sum: it leaves once, complete"
def sums(order, M, K, N):
    return M * K * N, M * K * N - M * N


# %% [markdown] task="q4"
# ## 4. How much input does a tile need?
#
# A convolution's tile makes `P` x `Q` outputs from `C` channels with a filter of `R` x `S` and a stride. How many words
# of the input does it hold, from the first row and column it touches to the last? *2 points*


# %% answer="q4"
def input_words(C, P, Q, R, S, stride):
    """Words of the input that a tile of P x Q outputs spans."""
    # solution
    return C * ((P - 1) * stride + R) * ((Q - 1) * stride + S)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    input_words,
    on=[(1, 1, 1, 3, 3, 1), (1, 2, 2, 3, 3, 1), (3, 2, 4, 3, 3, 2), (2, 6, 1, 1, 5, 1)],
)


# %% draw="q4" count=16
def draw(rng):
    R, S = rng.choice((1, 3, 5, 7)), rng.choice((1, 3, 5))
    return (
        rng.randint(1, 64),
        rng.randint(1, 14),
        rng.randint(1, 14),
        R,
        S,
        rng.choice((1, 2)),
    )


# %% wrong="q4" slip="neighbouring outputs share inputs: the windows overlap"
def input_words(C, P, Q, R, S, stride):
    return C * P * Q * R * S


# %% wrong="q4" slip="the halo is missing: the last output reaches further than its own place"
def input_words(C, P, Q, R, S, stride):
    return C * P * stride * Q * stride


# %% wrong="q4" slip="the first output takes R rows and S columns, and only each further one adds a stride"
def input_words(C, P, Q, R, S, stride):
    return C * (P * stride + R) * (Q * stride + S)


# %% wrong="q4" slip="with a stride the windows lie further apart"
def input_words(C, P, Q, R, S, stride):
    return C * (P - 1 + R) * (Q - 1 + S)


# %% wrong="q4" slip="a tile needs the input of all of its channels"
def input_words(C, P, Q, R, S, stride):
    return ((P - 1) * stride + R) * ((Q - 1) * stride + S)


# %% [markdown] task="q5"
# ## 5. How many mappings, by the formula?
#
# In each of `memories` memories there are `choices` placements for each of `dims` dimensions, all orders of `loops`
# loops, and `spread` of them to spread over an array, one after another along its axes. How many are there in all?
# *2 points*


# %% answer="q5"
def space(choices, dims, loops, spread, memories):
    """The size of the mapping space by the chapter's formula."""
    # solution
    one = choices**dims * math.factorial(loops) * math.perm(loops, spread)
    return one**memories
    # end solution


# %% check="q5" points=2
check(
    "q5", space, on=[(1, 1, 3, 1, 1), (2, 1, 3, 2, 2), (4, 5, 6, 3, 1), (4, 5, 6, 3, 3)]
)


# %% draw="q5" count=16
def draw(rng):
    loops = rng.randint(3, 7)
    return (
        rng.randint(2, 5),
        rng.randint(2, 7),
        loops,
        rng.randint(2, 3),
        rng.randint(2, 3),
    )


# %% wrong="q5" slip="along the axes of an array the order counts: (K, P) and (P, K) are two ways"
def space(choices, dims, loops, spread, memories):
    one = choices**dims * math.factorial(loops) * math.comb(loops, spread)
    return one**memories


# %% wrong="q5" slip="every memory has its own orders, spread loops and placements: the power is of all three"
def space(choices, dims, loops, spread, memories):
    return choices ** (dims * memories) * math.factorial(loops) * math.perm(loops, spread)


# %% wrong="q5" slip="choices for several memories multiply, they do not add up"
def space(choices, dims, loops, spread, memories):
    return memories * choices**dims * math.factorial(loops) * math.perm(loops, spread)


# %% [markdown] task="q6"
# ## 6. What does a tile move?
#
# A product (M, K) @ (K, N) runs tile by tile: `tile` is (tm, tk, tn), divides the sizes, and the loops step from tile to
# tile in `order`. A tile of A or B comes in when it changes. A tile of C is written when it changes and at the end, and
# read back if it was begun before. How many words move in all, in and out? *3 points*


# %% answer="q6"
def words_moved(M, K, N, tile, order):
    """Words in and out of the buffer."""
    # solution
    size = dict(zip("MKN", (M, K, N), strict=True))
    side = dict(zip("MKN", tile, strict=True))
    turning = [dim for dim in order if size[dim] > side[dim]]
    moved = {}
    for own in ("MK", "KN", "MN"):
        places = [at for at, dim in enumerate(turning) if dim in own]
        changes = math.prod(
            size[d] // side[d] for d in turning[: max(places, default=-1) + 1]
        )
        moved[own] = changes * side[own[0]] * side[own[1]]
    return moved["MK"] + moved["KN"] + 2 * moved["MN"] - M * N
    # end solution


# %% check="q6" points=3
check(
    "q6",
    words_moved,
    on=[
        (2, 2, 2, (2, 2, 2), "MNK"),
        (2, 2, 2, (1, 1, 1), "MNK"),
        (2, 2, 2, (1, 1, 1), "KMN"),
        (4, 4, 4, (2, 1, 2), "MNK"),
        (4, 4, 4, (4, 1, 2), "MKN"),
        (4, 4, 4, (4, 1, 2), "KNM"),
    ],
)


# %% draw="q6" count=32
def draw(rng):
    sizes = [rng.choice((4, 6, 8, 12)) for _ in range(3)]
    tile = tuple(rng.choice((1, 2, n, n // 2)) for n in sizes)
    return *sizes, tile, "".join(rng.sample("MKN", 3))


# %% wrong="q6" slip="a tile that does not change does not come in again"
def words_moved(M, K, N, tile, order):
    tm, tk, tn = tile
    trips = (M // tm) * (K // tk) * (N // tn)
    return trips * (tm * tk + tk * tn + 2 * tm * tn) - M * N


# %% wrong="q6" slip="sums that leave half done come back: they are read, too"
def words_moved(M, K, N, tile, order):
    size, side = (dict(zip("MKN", some, strict=True)) for some in ((M, K, N), tile))
    turning = [dim for dim in order if size[dim] > side[dim]]
    total = 0
    for own in ("MK", "KN", "MN"):
        places = [at for at, dim in enumerate(turning) if dim in own]
        changes = math.prod(
            size[d] // side[d] for d in turning[: max(places, default=-1) + 1]
        )
        total += changes * side[own[0]] * side[own[1]]
    return total


# %% wrong="q6" slip="a loop that has one turn left keeps nothing from staying: look only at the loops that turn"
def words_moved(M, K, N, tile, order):
    size, side = (dict(zip("MKN", some, strict=True)) for some in ((M, K, N), tile))
    moved = {}
    for own in ("MK", "KN", "MN"):
        last = max(order.index(dim) for dim in own)
        changes = math.prod(size[d] // side[d] for d in order[: last + 1])
        moved[own] = changes * side[own[0]] * side[own[1]]
    return moved["MK"] + moved["KN"] + 2 * moved["MN"] - M * N


# %% [markdown] task="q7"
# ## 7. Which outer-product tile is best?
#
# A product (M, K) @ (K, N) keeps a tile of tm x tn sums and goes through K one step at a time: order M, N, K, tile (tm, 1,
# tn). A tile of sums stays until it is complete. It needs `tm * tn` words for the sums, `tm` for a column of A and `tn`
# for a row of B, which must fit in `words` together; tm divides M and tn divides N. K is 2 or more. What are the fewest
# words that move in all? *2 points*


# %% answer="q7"
def fewest(M, K, N, words):
    """The fewest words, over all tiles that fit."""
    # solution
    tiles = itertools.product(range(1, M + 1), range(1, N + 1))
    return min(
        M * K * (N // tn) + K * N * (M // tm) + M * N
        for tm, tn in tiles
        if M % tm == N % tn == 0 and tm * tn + tm + tn <= words
    )
    # end solution


# %% check="q7" points=2
check(
    "q7",
    fewest,
    on=[
        (2, 2, 2, 3),
        (2, 2, 2, 5),
        (4, 4, 4, 8),
        (8, 4, 8, 30),
        (12, 3, 6, 20),
        (4, 4, 16, 24),
    ],
)


# %% draw="q7" count=24
def draw(rng):
    return (
        rng.choice((6, 8, 12, 16)),
        rng.randint(2, 20),
        rng.choice((4, 10, 12, 24)),
        rng.randint(8, 60),
    )


# %% wrong="q7" slip="the column of A and the row of B take room, too"
def fewest(M, K, N, words):
    tiles = itertools.product(range(1, M + 1), range(1, N + 1))
    return min(
        M * K * (N // tn) + K * N * (M // tm) + M * N
        for tm, tn in tiles
        if M % tm == N % tn == 0 and tm * tn <= words
    )


# %% wrong="q7" slip="a wide tile spares A, which comes in once for each tile along N; a high one spares B"
def fewest(M, K, N, words):
    tiles = itertools.product(range(1, M + 1), range(1, N + 1))
    return min(
        M * K * (M // tm) + K * N * (N // tn) + M * N
        for tm, tn in tiles
        if M % tm == N % tn == 0 and tm * tn + tm + tn <= words
    )


# %% wrong="q7" slip="tiles need not be square"
def fewest(M, K, N, words):
    sides = [t for t in range(1, M + 1) if M % t == N % t == 0 and t * t + 2 * t <= words]
    return min(M * K * (N // t) + K * N * (M // t) + M * N for t in sides)


# %% [markdown]
# ## Done?
#
# `labcore grade my/10_mapping.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
