# %% [markdown]
# # Exercise 22: serving language models
#
# Seven questions, from the bytes of a token in the cache to the rule that keeps or replaces a drafted token. 17 points,
# about an hour. Lab 22 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Questions 1, 2, 4 and 5 ask for two things: where the first comes out
# right for every input, it earns half of its points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. Sizes
# are in bytes, times in seconds, rates in bytes or FLOP a second. Do not call `labcore`: the point is to count yourself.

# %%
import math

from labcore.grading.check import exercise

check = exercise("22_llm_serving")

# %% [markdown] task="q1"
# ## 1. How many sequences fit?
#
# A model has `layers` layers. Each has `heads` heads for queries and `kv_heads` for keys and values, all of `width`
# numbers. For every token the cache keeps the key and the value of every layer, two bytes a number. Weights take
# `weights` bytes of a `memory`; the rest is cache. Return a pair: the bytes of one token in the cache, and how many
# sequences of `context` tokens fit at once. *2 points*


# %% answer="q1"
def room(memory, weights, layers, heads, kv_heads, width, context):
    """The pair (bytes of a token, sequences that fit)."""
    # solution
    token = 2 * 2 * layers * kv_heads * width
    return token, max(0, (memory - weights) // (token * context))
    # end solution


# %% check="q1" points=2
check(
    "q1",
    room,
    on=[
        (100, 20, 1, 2, 1, 2, 3),
        (100, 20, 2, 2, 2, 1, 3),
        (100, 200, 2, 4, 1, 1, 3),
        (10**6, 20_000, 4, 8, 2, 16, 50),
        (80 * 10**9, 16 * 10**9, 32, 32, 8, 128, 4096),
    ],
)


# %% draw="q1" count=24
def draw(rng):
    """Now and then the weights alone are more than the memory."""
    layers, kv_heads, width = rng.choice((2, 16, 32)), rng.choice((1, 2, 8)), 64
    heads, context = kv_heads * rng.choice((2, 4, 8)), rng.randint(100, 8000)
    token = 4 * layers * kv_heads * width
    weights = rng.randint(10**6, 10**9) + 10 * token * context
    whole = rng.choice((0, 1, 7, 40)) * token * context
    memory = weights + whole + rng.randint(1, token * context - 1)
    if rng.random() < 0.4:
        memory = weights // 2
    return memory, weights, layers, heads, kv_heads, width, context


# %% judge="q1"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (8, 3)"
    if got[0] != want[0]:
        return 0, "the bytes of a token are not right"
    if got[1] != want[1]:
        return 0.5, "the bytes of a token are right, the sequences are not"
    return 1, ""


# %% wrong="q1" slip="the cache keeps two things of every token, its key and its value"
def room(memory, weights, layers, heads, kv_heads, width, context):
    token = 2 * layers * kv_heads * width
    return token, max(0, (memory - weights) // (token * context))


# %% wrong="q1" slip="several heads for queries share one for keys and values: only those are kept"
def room(memory, weights, layers, heads, kv_heads, width, context):
    token = 2 * 2 * layers * heads * width
    return token, max(0, (memory - weights) // (token * context))


# %% wrong="q1" slip="the weights take their part of the memory first"
def room(memory, weights, layers, heads, kv_heads, width, context):
    token = 2 * 2 * layers * kv_heads * width
    return token, memory // (token * context)


# %% wrong="q1" slip="where the weights do not fit no sequence does: not fewer than 0"
def room(memory, weights, layers, heads, kv_heads, width, context):
    token = 2 * 2 * layers * kv_heads * width
    return token, (memory - weights) // (token * context)


# %% [markdown] task="q2"
# ## 2. How long is a step, and how many may share it?
#
# A model of `params` weights, `b` bytes each, writes one token for each of `B` sequences in a step. The step reads all
# weights once, and for each sequence the cache of its `context` tokens, `kv` bytes a token. Each weight takes one
# multiplication and one addition for each sequence; attention's own arithmetic is left out. Reading and arithmetic
# overlap, at `BW` and `R`. Return a pair: the time of the step, and the most sequences with which a step still ends
# within `T_target`, 0 if there are none. *3 points*


# %% answer="q2"
def step(params, b, kv, context, B, R, BW, T_target):
    """The pair (time of a step of B sequences, the most sequences within T_target)."""

    # solution
    def T(n):
        return max(2 * params * n / R, (params * b + n * context * kv) / BW)

    by_bytes = (T_target * BW - params * b) / (context * kv)
    by_flop = T_target * R / (2 * params)
    return T(B), max(0, int(min(by_bytes, by_flop)))
    # end solution


# %% check="q2" points=3
check(
    "q2",
    step,
    on=[
        (10, 2, 1, 5, 2, 100, 10, 4.2),
        (10, 1, 1, 1, 8, 20, 10, 4.5),
        (10, 2, 1, 5, 2, 100, 10, 1.0),
        (1000, 2, 3, 100, 4, 10**5, 10**3, 9.7),
        (8 * 10**9, 2, 131_072, 1000, 32, 5 * 10**14, 2 * 10**12, 0.0253),
    ],
)


# %% draw="q2" count=24
def draw(rng):
    """Targets that no whole number of sequences meets exactly; one in eight is missed by a single sequence."""
    params, b = rng.randint(10**6, 10**8), rng.choice((1, 2, 4))
    kv, context = rng.choice((64, 256, 1024)), rng.randint(10, 2000)
    BW = rng.randint(10**8, 10**9)
    R = BW * rng.choice((2, 40, 600))
    B, n = rng.randint(2, 300), rng.randint(2, 300) + rng.uniform(0.2, 0.8)
    T = max(2 * params * n / R, (params * b + n * context * kv) / BW)
    if rng.random() < 0.125:
        T = 0.6 * params * b / BW
    return params, b, kv, context, B, R, BW, T


# %% judge="q2"
def judge(on, got, want):
    def near(a, b):
        return isinstance(a, int | float) and abs(a - b) <= 1e-9 * abs(b)

    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (3.0, 4)"
    if not near(got[0], want[0]):
        return 0, "the time of the step is not right"
    if not near(got[1], want[1]):
        return 0.5, "the time is right, the most sequences are not"
    return 1, ""


# %% wrong="q2" slip="the cache is read as well, and each sequence has one of its own"
def step(params, b, kv, context, B, R, BW, T_target):
    most = int(T_target * R / (2 * params)) if T_target >= params * b / BW else 0
    return max(2 * params * B / R, params * b / BW), most


# %% wrong="q2" slip="one read of the weights serves the whole batch"
def step(params, b, kv, context, B, R, BW, T_target):
    each = max(2 * params / R, (params * b + context * kv) / BW)
    return B * each, int(T_target / each)


# %% wrong="q2" slip="reading and arithmetic overlap: the longer of the two counts, not their sum"
def step(params, b, kv, context, B, R, BW, T_target):
    each = 2 * params / R + context * kv / BW
    most = max(0, int((T_target - params * b / BW) / each))
    return B * each + params * b / BW, most


# %% wrong="q2" slip="one multiplication and one addition are two FLOP, and both roofs bind"
def step(params, b, kv, context, B, R, BW, T_target):
    by_bytes = (T_target * BW - params * b) / (context * kv)
    most = max(0, int(min(by_bytes, T_target * R / params)))
    return max(params * B / R, (params * b + B * context * kv) / BW), most


# %% [markdown] task="q3"
# ## 3. From which batch on is a static batch so slow?
#
# Answers have exponential lengths. A static batch of B runs until its longest answer ends, which takes
# H_B = 1 + 1/2 + ... + 1/B times the mean length; with continuous batching a row is taken again as soon as it is free,
# and every row writes all the time. From which batch B on does continuous batching make at least `gain` times as many
# tokens a second? *2 points*


# %% answer="q3"
def batch_for(gain):
    """The smallest batch whose gain is `gain` or more."""
    # solution
    longest, B = 0.0, 0
    while longest < gain:
        B += 1
        longest += 1 / B
    return B
    # end solution


# %% check="q3" points=2
check("q3", batch_for, on=[1, 1.25, 1.5, 1.6, 2.05, 2.5, 4])


# %% draw="q3" count=12
def draw(rng):
    return round(rng.uniform(1.6, 6.0), 3)


# %% wrong="q3" slip="H_B is more than ln B, by 0.58 where B is large: add up the terms"
def batch_for(gain):
    return math.ceil(math.exp(gain))


# %% wrong="q3" slip="that is the last batch below the gain; the next one reaches it"
def batch_for(gain):
    longest, B = 0.0, 0
    while longest < gain:
        B += 1
        longest += 1 / B
    return B - 1


# %% wrong="q3" slip="the first term is 1: a batch of one has no gain, which is a gain of 1"
def batch_for(gain):
    longest, B = 0.0, 0
    while longest < gain:
        B += 1
        longest += 1 / (B + 1)
    return B


# %% wrong="q3" slip="the gain is H_B, which grows slowly; B rows do not gain B times"
def batch_for(gain):
    return math.ceil(gain)


# %% [markdown] task="q4"
# ## 4. How many pages, and how empty are they?
#
# The cache is given out in pages of `page` tokens; a page belongs to one sequence. `lengths` lists how many tokens each
# running sequence holds. Return a pair: the pages in use, and the share of their room that holds no token. *2 points*


# %% answer="q4"
def pages(lengths, page):
    """The pair (pages in use, share of their room that is empty)."""
    # solution
    used = sum(-(-length // page) for length in lengths)
    return used, 1 - sum(lengths) / (used * page)
    # end solution


# %% check="q4" points=2
check(
    "q4",
    pages,
    on=[
        ([4], 4),
        ([1], 4),
        ([5, 2], 4),
        ([16, 17, 1], 16),
        ([100, 90, 32, 7], 16),
        ([300, 700, 1200], 512),
    ],
)


# %% draw="q4" count=16
def draw(rng):
    """At least one sequence fills its last page, and the others do not."""
    page = rng.choice((4, 8, 16, 32))
    full = [page * rng.randint(1, 9) for _ in range(rng.randint(1, 3))]
    some = [page * rng.randint(0, 9) + rng.randint(1, page - 1) for _ in range(4)]
    return rng.sample(full + some, len(full) + 4), page


# %% judge="q4"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (3, 0.25)"
    if got[0] != want[0]:
        return 0, "the pages in use are not right"
    if not isinstance(got[1], int | float) or abs(got[1] - want[1]) > 1e-9:
        return 0.5, "the pages are right, the empty share is not"
    return 1, ""


# %% wrong="q4" slip="two sequences never share a page: round up for each of them"
def pages(lengths, page):
    used = -(-sum(lengths) // page)
    return used, 1 - sum(lengths) / (used * page)


# %% wrong="q4" slip="a sequence that ends with its page takes no further one"
def pages(lengths, page):
    used = sum(length // page + 1 for length in lengths)
    return used, 1 - sum(lengths) / (used * page)


# %% wrong="q4" slip="the share is of the room of the pages, not of the tokens that are there"
def pages(lengths, page):
    used = sum(-(-length // page) for length in lengths)
    return used, used * page / sum(lengths) - 1


# %% wrong="q4" slip="half a page a sequence is the mean of many; here the lengths are known"
def pages(lengths, page):
    used = sum(-(-length // page) for length in lengths)
    return used, len(lengths) * page / 2 / (used * page)


# %% [markdown] task="q5"
# ## 5. How far ahead should the draft go?
#
# In each round a small model drafts `gamma` tokens one after another, and one pass of the target checks all of them.
# Each drafted token is kept with probability `alpha`, as long as all before it were; the first that is not is replaced,
# and if all are kept the target adds one. A step of the draft takes `c` of the target's pass, and a pass that checks
# takes as long as one that does not. Return a pair: the mean tokens of a round with `gamma` drafts, and the draft
# length from 0 to `longest` with the most tokens a second (0 is decoding without a draft). *3 points*


# %% answer="q5"
def drafting(alpha, gamma, c, longest):
    """The pair (mean tokens of a round, best draft length)."""

    # solution
    def tokens(g):
        return sum(alpha**k for k in range(g + 1))

    return tokens(gamma), max(range(longest + 1), key=lambda g: tokens(g) / (1 + g * c))
    # end solution


# %% check="q5" points=3
check(
    "q5",
    drafting,
    on=[
        (0.5, 1, 0.125, 4),
        (0.5, 2, 0.75, 3),
        (0.75, 2, 0.25, 8),
        (0.8, 4, 0.05, 16),
        (0.3, 3, 0.4, 16),
        (0.9, 5, 0.02, 12),
    ],
)


# %% draw="q5" count=24
def draw(rng):
    """Drafts that pay and drafts that do not; the best length is well apart from the next best."""
    while True:
        alpha, gamma = round(rng.uniform(0.2, 0.95), 3), rng.randint(2, 8)
        c = round(rng.choice((rng.uniform(0.01, 0.3), alpha * rng.uniform(1.05, 1.5))), 3)
        longest = rng.randint(8, 16)
        speeds = [
            sum(alpha**k for k in range(g + 1)) / (1 + g * c) for g in range(longest + 1)
        ]
        first, second = sorted(speeds)[:-3:-1]
        if first - second > 1e-6:
            return alpha, gamma, c, longest


# %% judge="q5"
def judge(on, got, want):
    if not isinstance(got, list | tuple) or len(got) != 2:
        return 0, "a pair is wanted, such as (1.75, 2)"
    if not isinstance(got[0], int | float) or abs(got[0] - want[0]) > 1e-9 * want[0]:
        return 0, "the mean tokens of a round are not right"
    if got[1] != want[1]:
        return 0.5, "the tokens of a round are right, the best draft length is not"
    return 1, ""


# %% wrong="q5" slip="a token counts only if all before it were kept: powers of alpha, not multiples"
def drafting(alpha, gamma, c, longest):
    best = max(range(longest + 1), key=lambda g: (1 + g * alpha) / (1 + g * c))
    return 1 + gamma * alpha, best


# %% wrong="q5" slip="every round puts out one token of the target's own, too"
def drafting(alpha, gamma, c, longest):
    def tokens(g):
        return sum(alpha**k for k in range(1, g + 1))

    return tokens(gamma), max(range(longest + 1), key=lambda g: tokens(g) / (1 + g * c))


# %% wrong="q5" slip="the most tokens a round is not the most tokens a second: drafts take time"
def drafting(alpha, gamma, c, longest):
    return sum(alpha**k for k in range(gamma + 1)), longest


# %% wrong="q5" slip="where the draft costs more than it brings, the best draft has no token"
def drafting(alpha, gamma, c, longest):
    def tokens(g):
        return sum(alpha**k for k in range(g + 1))

    best = max(range(1, longest + 1), key=lambda g: tokens(g) / (1 + g * c))
    return tokens(gamma), best


# %% [markdown] task="q6"
# ## 6. How many experts does a batch wake?
#
# `shares` lists for each expert of a layer the probability that a token goes to it. A token goes to several different
# ones, so the shares sum to their number, not to 1. `B` tokens choose independently of each other. How many different
# experts do they go to together, on the mean? Those are the experts whose weights the pass reads. *2 points*


# %% answer="q6"
def touched(B, shares):
    """Mean number of different experts that B tokens go to."""
    # solution
    return sum(1 - (1 - share) ** B for share in shares)
    # end solution


# %% check="q6" points=2
check(
    "q6",
    touched,
    on=[
        (1, [0.5, 0.5]),
        (2, [0.5, 0.5]),
        (2, [1.0, 0.5, 0.5]),
        (4, [0.25] * 8),
        (3, [0.75, 0.5, 0.5, 0.25]),
        (8, [0.9, 0.5, 0.4, 0.1, 0.1]),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    """Uneven shares in sixteenths, two experts a token or more."""
    shares = [rng.randint(1, 12) / 16 for _ in range(rng.randint(4, 8))]
    while sum(shares) < 2:
        shares.append(rng.randint(1, 12) / 16)
    return rng.randint(2, 6), shares


# %% wrong="q6" slip="tokens meet at the same experts: those count once"
def touched(B, shares):
    return min(len(shares), B * sum(shares))


# %% wrong="q6" slip="popular experts are met again and again: the mean share does not stand for all"
def touched(B, shares):
    E = len(shares)
    return E * (1 - (1 - sum(shares) / E) ** B)


# %% wrong="q6" slip="the experts of one token are different ones: they are no independent throws"
def touched(B, shares):
    k = sum(shares)
    return sum(1 - (1 - share / k) ** (k * B) for share in shares)


# %% wrong="q6" slip="that is what no token goes to; the others are read"
def touched(B, shares):
    return sum((1 - share) ** B for share in shares)


# %% [markdown] task="q7"
# ## 7. Keep the draft, or replace it?
#
# The draft gave the next token the probabilities `q` and drew token `x`; the target gives it the probabilities `p`.
# Token x is kept with probability min(1, p[x] / q[x]). If it is not, a token is drawn from what p has more than q,
# max(0, p - q) for each token, scaled to sum to 1. Given that x was drafted, what is the probability of each token to go
# out? Return the list. (Averaged over x drawn from q it is p itself, which is why the text stays the target's.)
# *3 points*


# %% answer="q7"
def goes_out(p, q, x):
    """Probability of each token to go out, given that x was drafted."""
    # solution
    keep = min(1, p[x] / q[x])
    more = [max(0, a - b) for a, b in zip(p, q, strict=True)]
    total = sum(more) or 1
    out = [(1 - keep) * one / total for one in more]
    out[x] += keep
    return out
    # end solution


# %% check="q7" points=3
check(
    "q7",
    goes_out,
    on=[
        ([0.5, 0.5], [0.5, 0.5], 0),
        ([0.75, 0.25], [0.5, 0.5], 0),
        ([0.75, 0.25], [0.5, 0.5], 1),
        ([0.5, 0.25, 0.25], [0.25, 0.25, 0.5], 2),
        ([0.5, 0.5, 0.0], [0.25, 0.25, 0.5], 2),
        ([0.125, 0.5, 0.25, 0.125], [0.5, 0.125, 0.125, 0.25], 0),
        ([0.125, 0.5, 0.25, 0.125], [0.5, 0.125, 0.125, 0.25], 1),
    ],
)


# %% draw="q7" count=24
def draw(rng):
    """Probabilities in 64ths; the draft is mostly a token that the target likes less, now and then p equals q."""

    def row(V):
        cuts = sorted(rng.sample(range(1, 64), V - 1))
        return [(b - a) / 64 for a, b in zip([0, *cuts], [*cuts, 64], strict=True)]

    V = rng.randint(3, 5)
    p, q = row(V), row(V)
    if rng.random() < 0.1:
        q = p
    liked_less = [x for x in range(V) if p[x] < q[x]]
    return p, q, rng.choice(liked_less * 4 + list(range(V)))


# %% wrong="q7" slip="a token that was not kept is replaced from what p has more than q, not from p"
def goes_out(p, q, x):
    keep = min(1, p[x] / q[x])
    out = [(1 - keep) * a for a in p]
    out[x] += keep
    return out


# %% wrong="q7" slip="the target's probability stands above: a token it likes more is always kept"
def goes_out(p, q, x):
    keep = min(1, q[x] / p[x]) if p[x] else 1
    more = [max(0, a - b) for a, b in zip(p, q, strict=True)]
    total = sum(more) or 1
    out = [(1 - keep) * one / total for one in more]
    out[x] += keep
    return out


# %% wrong="q7" slip="what p has more than q sums to less than 1: scale it"
def goes_out(p, q, x):
    keep = min(1, p[x] / q[x])
    out = [(1 - keep) * max(0, a - b) for a, b in zip(p, q, strict=True)]
    out[x] += keep
    return out


# %% wrong="q7" slip="a token that the target likes less is kept now and then, with probability p / q"
def goes_out(p, q, x):
    keep = 1 if p[x] >= q[x] else 0
    more = [max(0, a - b) for a, b in zip(p, q, strict=True)]
    total = sum(more) or 1
    out = [(1 - keep) * one / total for one in more]
    out[x] += keep
    return out


# %% [markdown]
# ## Done?
#
# `labcore grade my/22_llm_serving.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
