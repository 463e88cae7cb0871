# %% [markdown]
# # Exercise 15: compilers
#
# Seven questions about what the stages of a compiler do. 17 points, about an hour. Lab 15 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. In question 6 a plan that is right but larger than it need be earns
# half for its input.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are taken from your
# notebook. The imports below and `EASY` of question 4 are there when they are graded. A graph is a list of nodes
# `(name, op, inputs)`, each after those it reads; `inputs` is a tuple of names. What no node makes is an input of the
# graph. Do not call `labcore`: the point is to do it yourself.

# %%
import itertools
import math

from labcore.grading.check import exercise

check = exercise("15_compilers")

# %% [markdown] task="q1"
# ## 1. What must run?
#
# Only some values are wanted. Return the names of the nodes that have to run for them, sorted. *2 points*


# %% answer="q1"
def needed(nodes, wanted):
    """Names of the nodes that the wanted values depend on, themselves included, as a sorted list."""
    # solution
    found = set(wanted)
    for name, _, inputs in reversed(nodes):
        if name in found:
            found.update(inputs)
    return sorted(name for name, _, _ in nodes if name in found)
    # end solution


# %% check="q1" points=2
check(
    "q1",
    needed,
    on=[
        ([("a", "relu", ("x",)), ("b", "tanh", ("x",))], ["a"]),
        ([("a", "relu", ("x",)), ("b", "tanh", ("a",)), ("c", "relu", ("b",))], ["c"]),
        (
            [
                ("a", "relu", ("x",)),
                ("b", "tanh", ("a",)),
                ("c", "relu", ("b",)),
                ("d", "add", ("a", "x")),
            ],
            ["d"],
        ),
    ],
)


# %% draw="q1" count=16
def draw(rng):
    """A graph of four to eight nodes that read one or two of those before, one of them wanted."""
    names = [f"n{i}" for i in range(rng.randint(4, 8))]
    nodes = []
    for i, name in enumerate(names):
        before = ["x", *names[:i]]
        inputs = tuple(rng.choice(before) for _ in range(rng.randint(1, 2)))
        nodes.append((name, "add" if len(inputs) == 2 else "relu", inputs))
    return nodes, [rng.choice(names[2:])]


# %% wrong="q1" slip="what a needed node reads is needed, and so is what that reads: go on to the first node"
def needed(nodes, wanted):
    direct = {word for name, _, inputs in nodes if name in wanted for word in inputs}
    return sorted(name for name, _, _ in nodes if name in direct | set(wanted))


# %% wrong="q1" slip="that a value has a reader is not enough: the reader may be dead itself"
def needed(nodes, wanted):
    read = {word for _, _, inputs in nodes for word in inputs}
    return sorted(name for name, _, _ in nodes if name in read | set(wanted))


# %% wrong="q1" slip="an input of the graph is no node, and a node that nothing wanted reads does not run"
def needed(nodes, wanted):
    return sorted(name for name, _, _ in nodes)


# %% [markdown] task="q2"
# ## 2. How many values are there?
#
# Two nodes are the same where operator and inputs are, once the inputs that are the same count as one. `add` and `mul`
# do not care for the order of their inputs. How many nodes are left when each value is computed once? *3 points*


# %% answer="q2"
def distinct(nodes):
    """Nodes left after merging all that compute the same."""
    # solution
    stands_for, first = {}, {}
    for name, op, inputs in nodes:
        words = tuple(stands_for.get(word, word) for word in inputs)
        words = tuple(sorted(words)) if op in ("add", "mul") else words
        stands_for[name] = first.setdefault((op, words), name)
    return len(first)
    # end solution


# %% check="q2" points=3
check(
    "q2",
    distinct,
    on=[
        [("a", "relu", ("x",)), ("b", "relu", ("x",))],
        [
            ("a", "relu", ("x",)),
            ("b", "relu", ("x",)),
            ("c", "tanh", ("a",)),
            ("d", "tanh", ("b",)),
        ],
        [("a", "relu", ("x",)), ("b", "add", ("a", "x")), ("c", "add", ("x", "a"))],
        [("a", "relu", ("x",)), ("b", "sub", ("a", "x")), ("c", "sub", ("x", "a"))],
    ],
)


# %% draw="q2" count=60
def draw(rng):
    """Two values, then sums and differences of them in both orders, and what reads those."""
    nodes = [("a", "relu", ("x",)), ("b", rng.choice(("relu", "tanh")), ("x",))]
    for i in range(rng.randint(4, 8)):
        op = rng.choice(("add", "sub", "mul"))
        before = ["x", "a", "b", *(name for name, _, _ in nodes[-2:])]
        nodes.append((f"n{i}", op, tuple(rng.sample(before[:3] if i < 4 else before, 2))))
    if rng.random() < 0.5:  # the last once more, and each of the two read
        name, op, inputs = nodes[-1]
        nodes += [("m", op, inputs), ("r", "relu", (name,)), ("s", "relu", ("m",))]
    return nodes


# %% wrong="q2" slip="when two nodes are one, what reads them reads the same: merge their readers too"
def distinct(nodes):
    return len(
        {
            (op, tuple(sorted(inputs)) if op in ("add", "mul") else inputs)
            for _, op, inputs in nodes
        }
    )


# %% wrong="q2" slip="a + b is b + a: sort the inputs of add and mul"
def distinct(nodes):
    stands_for, first = {}, {}
    for name, op, inputs in nodes:
        words = tuple(stands_for.get(word, word) for word in inputs)
        stands_for[name] = first.setdefault((op, words), name)
    return len(first)


# %% wrong="q2" slip="a - b is not b - a: only add and mul may sort their inputs"
def distinct(nodes):
    stands_for, first = {}, {}
    for name, op, inputs in nodes:
        words = tuple(sorted(stands_for.get(word, word) for word in inputs))
        stands_for[name] = first.setdefault((op, words), name)
    return len(first)


# %% [markdown] task="q3"
# ## 3. Fold it
#
# A convolution with one weight `w` and bias `b` gives `w * x + b`. The batch normalization behind it takes its input `v`
# to `scale * (v - mean) / sqrt(var + eps) + shift`. Return the weight and the bias of one convolution that does both, as
# a pair. *2 points*


# %% answer="q3"
def folded(w, b, scale, shift, mean, var, eps):
    """(weight, bias) of the convolution that does both."""
    # solution
    a = scale / math.sqrt(var + eps)
    return a * w, a * (b - mean) + shift
    # end solution


# %% check="q3" points=2
check(
    "q3",
    folded,
    on=[
        (3.0, 0.0, 2.0, 1.0, 0.0, 1.0, 0.0),
        (3.0, 5.0, 6.0, 1.0, 4.0, 3.0, 1.0),
        (1.0, 0.0, 1.0, 0.0, 2.0, 15.0, 1.0),
    ],
)


# %% draw="q3" count=16
def draw(rng):
    """Numbers whose folding is exact: var + eps is 4, 16 or 64."""
    eps = rng.choice((0.25, 1.0, 2.0))
    w, b, scale, shift, mean = (float(rng.randint(-9, 9) or 5) for _ in range(5))
    return w, b, scale, shift, mean, rng.choice((4.0, 16.0, 64.0)) - eps, eps


# %% wrong="q3" slip="the convolution's own bias goes through the normalization as well: a * (b - mean) + shift"
def folded(w, b, scale, shift, mean, var, eps):
    a = scale / math.sqrt(var + eps)
    return a * w, b - a * mean + shift


# %% wrong="q3" slip="divide by the standard deviation, the root of the variance"
def folded(w, b, scale, shift, mean, var, eps):
    a = scale / (var + eps)
    return a * w, a * (b - mean) + shift


# %% wrong="q3" slip="eps stands under the root, beside the variance"
def folded(w, b, scale, shift, mean, var, eps):
    a = scale / (math.sqrt(var) + eps)
    return a * w, a * (b - mean) + shift


# %% [markdown] task="q4"
# ## 4. How many launches?
#
# Operators in `EASY` work element by element. Such a node joins the kernel of a node that it reads, if it is that node's
# only reader; of several that it could join it takes one. Go through the nodes in order; every value that nobody reads is
# wanted. A node that reads the same value twice is one reader. How many kernels are left? *3 points*

# %%
EASY = ("norm", "relu", "add", "mul")


# %% answer="q4"
def launches(nodes):
    """Kernels left after each easy node has joined one kernel where it may."""
    # solution
    readers = {name: 0 for name, _, _ in nodes}
    for _, _, inputs in nodes:
        for word in set(inputs) & set(readers):
            readers[word] += 1
    joins = (
        op in EASY and any(readers.get(word) == 1 for word in inputs)
        for _, op, inputs in nodes
    )
    return len(nodes) - sum(joins)
    # end solution


# %% check="q4" points=3
check(
    "q4",
    launches,
    on=[
        [("a", "conv", ("x",)), ("b", "norm", ("a",)), ("c", "relu", ("b",))],
        [("a", "conv", ("x",)), ("b", "relu", ("a",)), ("c", "conv", ("b",))],
        [
            ("a", "conv", ("x",)),
            ("b", "conv", ("a",)),
            ("c", "relu", ("a",)),
            ("d", "add", ("b", "c")),
        ],
        [("a", "conv", ("x",)), ("b", "conv", ("x",)), ("c", "add", ("a", "b"))],
        [("a", "conv", ("x",)), ("b", "add", ("a", "a"))],
    ],
)


# %% draw="q4" count=40
def draw(rng):
    """Five to nine nodes, mostly in a chain, with values that are read again later."""
    nodes = []
    for i in range(rng.randint(5, 9)):
        last = nodes[-1][0] if nodes else "x"
        before = ["x", *(name for name, _, _ in nodes)]
        read = {word for _, _, inputs in nodes for word in inputs}
        unread = [name for name in before if name not in read]
        op = rng.choice(("conv", "norm", "relu", "add", "add", "pool"))
        inputs = (
            (last, rng.choice(rng.choice((before, unread or before))))
            if op == "add"
            else (rng.choice((last, last, before[-2:][0])),)
        )
        nodes.append((f"n{i}", op, inputs))
    return nodes


# %% wrong="q4" slip="a value with another reader must be written: nobody may take it into a kernel"
def launches(nodes):
    made = {name for name, _, _ in nodes}
    return len(nodes) - sum(
        op in EASY and bool(made & set(inputs)) for _, op, inputs in nodes
    )


# %% wrong="q4" slip="an addition joins one kernel; the other value it reads keeps a kernel of its own"
def launches(nodes):
    readers = {name: 0 for name, _, _ in nodes}
    for _, _, inputs in nodes:
        for word in set(inputs) & set(readers):
            readers[word] += 1
    return len(nodes) - sum(
        readers.get(word) == 1
        for _, op, inputs in nodes
        if op in EASY
        for word in set(inputs)
    )


# %% wrong="q4" slip="a pool or a convolution has loops of its own and joins nobody"
def launches(nodes):
    readers = {name: 0 for name, _, _ in nodes}
    for _, _, inputs in nodes:
        for word in set(inputs) & set(readers):
            readers[word] += 1
    return len(nodes) - sum(
        any(readers.get(word) == 1 for word in inputs) for _, _, inputs in nodes
    )


# %% wrong="q4" slip="a node that reads a value twice is one reader of it"
def launches(nodes):
    read = [word for _, _, inputs in nodes for word in inputs]
    return len(nodes) - sum(
        op in EASY and any(word != "x" and read.count(word) == 1 for word in inputs)
        for _, op, inputs in nodes
    )


# %% [markdown] task="q5"
# ## 5. How much memory at least?
#
# A buffer is `(size, first, last)`: so many bytes from step `first` to step `last`, both included. What is the least that
# any plan needs? *2 points*


# %% answer="q5"
def bound(buffers):
    """The most bytes that are live at one step."""
    # solution
    steps = range(1 + max(last for _, _, last in buffers))
    return max(
        sum(size for size, first, last in buffers if first <= step <= last)
        for step in steps
    )
    # end solution


# %% check="q5" points=2
check(
    "q5",
    bound,
    on=[
        [(4, 0, 0), (2, 1, 1)],
        [(4, 0, 1), (2, 1, 2), (4, 2, 3)],
        [(4, 0, 2), (3, 0, 2), (2, 2, 3)],
        [(5, 0, 3), (1, 1, 1), (7, 4, 6), (3, 3, 4)],
    ],
)


# %% draw="q5" count=16
def draw(rng):
    spans = ((rng.randint(0, 6), rng.randint(0, 3)) for _ in range(rng.randint(3, 7)))
    return [(rng.randint(1, 40), first, first + length) for first, length in spans]


# %% wrong="q5" slip="that gives each buffer bytes of its own; what is not live together may share them"
def bound(buffers):
    return sum(size for size, _, _ in buffers)


# %% wrong="q5" slip="a buffer is live at its last step, too: what is written there may not take its bytes"
def bound(buffers):
    steps = range(1 + max(last for _, _, last in buffers))
    return max(
        sum(size for size, first, last in buffers if first <= step < max(last, first + 1))
        for step in steps
    )


# %% wrong="q5" slip="several buffers are live at once: add them up at each step"
def bound(buffers):
    return max(size for size, _, _ in buffers)


# %% [markdown] task="q6"
# ## 6. Plan it
#
# Buffers as before, five at most. Return a list with the offset of each, a whole number from 0 on, such that two buffers
# that are live at one step share no byte, and the arena is as small as can be. *3 points*


# %% answer="q6"
def offsets(buffers):
    """An offset for each buffer, in their order, with the smallest arena."""
    # solution
    every = range(len(buffers))

    def place(order):
        at = {}
        for i in order:
            size, first, last = buffers[i]
            near = [j for j in at if buffers[j][1] <= last and first <= buffers[j][2]]
            spots = [0, *(at[j] + buffers[j][0] for j in near)]
            at[i] = min(
                spot
                for spot in spots
                if all(
                    spot >= at[j] + buffers[j][0] or spot + size <= at[j] for j in near
                )
            )
        return at

    plans = map(place, itertools.permutations(every))
    best = min(plans, key=lambda at: max(at[i] + buffers[i][0] for i in at))
    return [best[i] for i in every]
    # end solution


# %% check="q6" points=3 credit="each"
check(
    "q6",
    offsets,
    on=[
        [(4, 0, 1), (2, 1, 2), (4, 2, 3)],
        [(3, 0, 0), (3, 1, 3), (4, 3, 4), (2, 0, 1)],
        [(2, 0, 2), (5, 1, 1), (3, 2, 3), (1, 3, 3)],
    ],
)


# %% draw="q6" count=12
def draw(rng):
    spans = ((rng.randint(0, 4), rng.randint(0, 2)) for _ in range(rng.randint(4, 5)))
    return [(rng.randint(1, 9), first, first + length) for first, length in spans]


# %% judge="q6"
def judge(on, got, want):
    """Full marks for an arena as small as the reference's, half for any plan in which no two live buffers overlap."""
    (buffers,) = on
    if not (isinstance(got, list | tuple) and len(got) == len(buffers)):
        return 0, "a list with an offset for each buffer is wanted"
    if not all(type(at) is int and at >= 0 for at in got):
        return 0, "offsets are whole numbers from 0 on"
    for i, (size, first, last) in enumerate(buffers):
        for j in range(i):
            other, begins, ends = buffers[j]
            meets = first <= ends and begins <= last
            if meets and got[i] < got[j] + other and got[j] < got[i] + size:
                return 0, f"buffers {j} and {i} are live together and share bytes"
    arena = max(at + size for at, (size, _, _) in zip(got, buffers, strict=True))
    least = max(at + size for at, (size, _, _) in zip(want, buffers, strict=True))
    return (
        (1, "") if arena <= least else (0.5, f"right, but {arena} B; {least} B will do")
    )


# %% wrong="q6" slip="buffers that are never live together may lie on the same bytes"
def offsets(buffers):
    found, top = [], 0
    for size, _, _ in buffers:
        found.append(top)
        top += size
    return found


# %% wrong="q6" slip="two buffers that are live at one step may not share a byte"
def offsets(buffers):
    return [0 for _ in buffers]


# %% [markdown] task="q7"
# ## 7. Launch ahead
#
# Kernels run one after another on the device, in the order of `T`, their times. The CPU launches them in that order, each
# launch taking `L`, one launch after another and without waiting for kernels. A kernel starts when its launch and the
# kernel before have ended. When does the last one end? *2 points*


# %% answer="q7"
def ends(T, L):
    """The end of the last kernel, counted from the start of the first launch."""
    # solution
    end = 0
    for i, one in enumerate(T):
        end = max(end, (i + 1) * L) + one
    return end
    # end solution


# %% check="q7" points=2
check("q7", ends, on=[([10], 5), ([1, 1, 1], 5), ([20, 1, 1], 5), ([1, 20, 1, 1], 5)])


# %% draw="q7" count=16
def draw(rng):
    return [rng.choice((1, 2, 8, 30)) for _ in range(rng.randint(2, 7))], rng.randint(
        2, 9
    )


# %% wrong="q7" slip="that is a launch that waits for the kernel before: launches go ahead"
def ends(T, L):
    return sum(T) + len(T) * L


# %% wrong="q7" slip="launches do not always hide: a short kernel waits for its own launch"
def ends(T, L):
    return L + sum(T)


# %% wrong="q7" slip="the longer of the two totals is less than it takes: a long first kernel hides later launches only"
def ends(T, L):
    return max(len(T) * L, sum(T))


# %% [markdown]
# ## Done?
#
# Hand in this notebook as it is. The grader takes your cells, runs them in a fresh kernel, and adds up the points.
