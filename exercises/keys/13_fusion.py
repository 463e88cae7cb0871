# %% [markdown]
# # Exercise 13: fusion
#
# Seven questions, 18 points, about 80 minutes. Lab 13 prepares you for all of them.
#
# Each question is a function to write. Its docstring says what it takes and what it returns. Run the cells from the
# top, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it. The check says
# what came out and what was wanted for the smallest input that goes wrong, and names the slip if it knows it. Work the
# small inputs out on paper first. You may add inputs of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. In question 7 half of the points are for
# plans that are legal and not all the best.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. In
# questions 1 and 2 all tensors are of one size. A *traversal* is one trip of a whole tensor from or to memory.

# %%
import math

from labcore.grading.check import exercise

check = exercise("13_fusion")

# %% [markdown] task="q1"
# ## 1. What does a chain move?
#
# A chain of `steps` element-wise operations, each on the result of the one before, runs on a tensor of `rows` x `cols`
# numbers of `b` bytes. Return a pair: the bytes moved with a kernel for each operation, and with one kernel for all.
# *2 points*


# %% answer="q1"
def moved(steps, rows, cols, b):
    """The pair (bytes unfused, bytes fused), reads and writes together."""
    # solution
    tensor = rows * cols * b
    return 2 * steps * tensor, 2 * tensor
    # end solution


# %% check="q1" points=2
check("q1", moved, on=[(1, 1, 1, 1), (3, 1, 1, 4), (3, 1024, 1024, 4), (7, 5, 3, 2)])


# %% draw="q1"
def draw(rng):
    return (
        rng.randint(1, 9),
        rng.randint(1, 2048),
        rng.randint(1, 2048),
        rng.choice((1, 2, 4)),
    )


# %% wrong="q1" slip="fused, the chain still reads its input and writes its result: two traversals"
def moved(steps, rows, cols, b):
    return 2 * steps * rows * cols * b, rows * cols * b


# %% wrong="q1" slip="those are the bytes held; each operation reads a tensor and writes one"
def moved(steps, rows, cols, b):
    return (steps + 1) * rows * cols * b, 2 * rows * cols * b


# %% wrong="q1" slip="those are the bytes written; what is read moves, too"
def moved(steps, rows, cols, b):
    return steps * rows * cols * b, rows * cols * b


# %% [markdown] task="q2"
# ## 2. What does it hold?
#
# The same chain, and its footprint in tensors: the most that are allocated at a time, input and result included.
# `reuse` is "keep" (nothing is freed), "free" (an intermediate is freed when the operation that reads it has run; the
# input stays), or "in place" (each operation writes over its input, the first one too). *2 points*


# %% answer="q2"
def held(steps, fused, reuse):
    """Tensors allocated at a time; fused is True or False."""
    # solution
    kernels = 1 if fused else steps
    if reuse == "in place":
        return 1
    return kernels + 1 if reuse == "keep" else min(kernels + 1, 3)
    # end solution


# %% check="q2" points=2
check(
    "q2",
    held,
    on=[
        (1, False, "keep"),
        (3, False, "keep"),
        (3, True, "keep"),
        (3, False, "free"),
        (2, True, "free"),
        (3, False, "in place"),
        (3, True, "in place"),
    ],
)


# %% draw="q2" count=40
def draw(rng):
    return (
        rng.randint(1, 12),
        rng.random() < 0.4,
        rng.choice(("keep", "keep", "free", "free", "in place")),
    )


# %% wrong="q2" slip="the input takes room as well"
def held(steps, fused, reuse):
    kernels = 1 if fused else steps
    if reuse == "in place":
        return 1
    return kernels if reuse == "keep" else min(kernels, 2)


# %% wrong="q2" slip="input, what an operation reads and what it writes: freed early there still are three where the chain is long enough"
def held(steps, fused, reuse):
    kernels = 1 if fused else steps
    if reuse == "in place":
        return 1
    return kernels + 1 if reuse == "keep" else 2


# %% wrong="q2" slip="fused, the intermediates are held in registers and take no memory"
def held(steps, fused, reuse):
    if reuse == "in place":
        return 1
    return steps + 1 if reuse == "keep" else min(steps + 1, 3)


# %% [markdown] task="q3"
# ## 3. How much faster?
#
# `kernels` is a list of pairs (seconds to compute, seconds to move its bytes). A kernel overlaps the two perfectly, and
# each one costs `launch` seconds before it starts. `fused` is such a pair for the one kernel that does it all. How many
# times as fast is it? *2 points*


# %% answer="q3"
def speedup(kernels, fused, launch):
    """Time of the kernels one after another over the time of the fused one."""
    # solution
    apart = sum(max(compute, move) + launch for compute, move in kernels)
    return apart / (max(fused) + launch)
    # end solution


# %% check="q3" points=2
check(
    "q3",
    speedup,
    on=[
        ([(0, 2), (0, 2)], (0, 2), 0),
        ([(4, 2), (0, 2), (0, 2)], (4, 2), 0),
        ([(0, 2), (0, 2)], (0, 2), 2),
        ([(1, 2), (3, 2)], (4, 2), 1),
    ],
)


# %% draw="q3"
def draw(rng):
    kernels = [(rng.randint(0, 12), rng.randint(1, 8)) for _ in range(rng.randint(2, 5))]
    whole = sum(compute for compute, _ in kernels), rng.randint(1, 8)
    return kernels, whole, rng.choice((0, 1, 5))


# %% wrong="q3" slip="that is the ratio of the bytes; a kernel takes the longer of computing and moving"
def speedup(kernels, fused, launch):
    return sum(move + launch for _, move in kernels) / (fused[1] + launch)


# %% wrong="q3" slip="each kernel pays a launch, not all of them together one"
def speedup(kernels, fused, launch):
    return (sum(max(one) for one in kernels) + launch) / (max(fused) + launch)


# %% wrong="q3" slip="within a kernel computing and moving overlap: the longer counts, not the sum"
def speedup(kernels, fused, launch):
    return sum(sum(one) + launch for one in kernels) / (sum(fused) + launch)


# %% [markdown] task="q4"
# ## 4. How many values are alive?
#
# A fused kernel computes, for each element, the steps of `program` in their order. A step is a list: the name of the
# value it makes, then the names of those it takes. A name that no step makes is an input, and is loaded into a register
# just before the first step that takes it. A value keeps its register until the last step that takes it; from then on
# the register is free, also for what that very step makes. A value that no later step takes is stored to memory at once
# and keeps no register. How many registers are in use at most? *3 points*


# %% answer="q4"
def registers(program):
    """The most values held at a time."""
    # solution
    held, most = set(), 0
    for at, (made, *takes) in enumerate(program):
        held |= set(takes)
        most = max(most, len(held))
        later = {name for step in program[at + 1 :] for name in step[1:]}
        held = (held | {made}) & later
        most = max(most, len(held))
    return most
    # end solution


# %% check="q4" points=3
check(
    "q4",
    registers,
    on=[
        ([["a", "x"]],),
        ([["a", "x"], ["b", "a"], ["c", "b"]],),
        ([["a", "x"], ["b", "x"], ["c", "a", "b"]],),
        ([["a", "x"], ["b", "x"], ["c", "x"], ["d", "a"], ["e", "b"], ["f", "c"]],),
        ([["a", "x", "y"], ["b", "a", "z"], ["c", "b", "x"]],),
    ],
)


# %% draw="q4" count=36
def draw(rng):
    names, program = ["x", "y"], []
    for k in range(rng.randint(4, 12)):
        takes = rng.sample(names, rng.randint(1, 2))
        program.append([f"v{k}", *takes])
        names.append(f"v{k}")
    return (program,)


# %% wrong="q4" slip="a register is free after the last step that takes its value"
def registers(program):
    return len({name for step in program for name in step})


# %% wrong="q4" slip="the inputs are in registers, too, from their first use to their last"
def registers(program):
    held, most, made_here = set(), 0, {step[0] for step in program}
    for at, (made, *_) in enumerate(program):
        later = {name for step in program[at + 1 :] for name in step[1:]}
        most = max(most, len(held))
        held = (held | {made}) & later & made_here
        most = max(most, len(held))
    return most


# %% wrong="q4" slip="a value that this step takes for the last time leaves its register to the result"
def registers(program):
    held, most = set(), 0
    for at, (made, *takes) in enumerate(program):
        held |= {made, *takes}
        most = max(most, len(held))
        later = {name for step in program[at + 1 :] for name in step[1:]}
        held &= later
    return most


# %% [markdown] task="q5"
# ## 5. One more block
#
# A row of attention is computed block by block. `m` is the largest score so far, `l` the sum of exp(score - m) so far
# and `o` the sum of exp(score - m) * value so far. A block of `scores` comes with its `values`, two lists of one
# length. Return the tuple of the new m, l and o. *3 points*


# %% answer="q5"
def absorbed(m, l, o, scores, values):
    """The running maximum, sum and weighted sum after one more block."""
    # solution
    top = max(m, *scores)
    weights = [math.exp(score - top) for score in scores]
    old = math.exp(m - top)
    l = old * l + sum(weights)
    o = old * o + sum(
        weight * value for weight, value in zip(weights, values, strict=True)
    )
    return top, l, o
    # end solution


# %% check="q5" points=3
check(
    "q5",
    absorbed,
    on=[
        (0, 1.0, 2.0, [0], [4]),
        (0, 1.0, 2.0, [-1], [4]),
        (0, 1.0, 2.0, [1, 0], [4, 6]),
        (2, 1.5, 3.0, [1, 3, 2], [1, 2, 3]),
    ],
)


# %% draw="q5" count=40
def draw(rng):
    size = rng.randint(1, 4)
    scores = [rng.randint(-3, 4) for _ in range(size)]
    values = [rng.randint(1, 9) for _ in range(size)]
    return (
        rng.randint(-2, 2),
        rng.randint(2, 9) / 2,
        rng.randint(2, 20) / 2,
        scores,
        values,
    )


# %% wrong="q5" slip="what was summed under the old maximum is too large once the maximum rises: rescale l and o"
def absorbed(m, l, o, scores, values):
    top = max(m, *scores)
    weights = [math.exp(score - top) for score in scores]
    o = o + sum(weight * value for weight, value in zip(weights, values, strict=True))
    return top, l + sum(weights), o


# %% wrong="q5" slip="o was summed under the old maximum as well: it takes the same factor as l"
def absorbed(m, l, o, scores, values):
    top = max(m, *scores)
    weights = [math.exp(score - top) for score in scores]
    l = math.exp(m - top) * l + sum(weights)
    o = o + sum(weight * value for weight, value in zip(weights, values, strict=True))
    return top, l, o


# %% wrong="q5" slip="a larger maximum makes old weights smaller: the factor is exp(old - new), at most 1"
def absorbed(m, l, o, scores, values):
    top = max(m, *scores)
    weights = [math.exp(score - top) for score in scores]
    old = math.exp(top - m)
    o = old * o + sum(
        weight * value for weight, value in zip(weights, values, strict=True)
    )
    return top, old * l + sum(weights), o


# %% wrong="q5" slip="the maximum so far counts too: a block of small scores must not lower it"
def absorbed(m, l, o, scores, values):
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    old = math.exp(m - top)
    o = old * o + sum(
        weight * value for weight, value in zip(weights, values, strict=True)
    )
    return top, old * l + sum(weights), o


# %% [markdown] task="q6"
# ## 6. What tiles move
#
# Attention of `N` tokens with a head of `d` numbers runs in tiles. A block of `rows` queries stays on the chip with its
# output while all of K and V stream by, then the next block follows; the last one may be smaller. Scores never leave
# the chip, nor do statistics. How many numbers cross memory in all, Q, K, V and O, reads and writes? *2 points*


# %% answer="q6"
def tiled_words(N, d, rows):
    """Numbers that tiled attention reads and writes."""
    # solution
    blocks = math.ceil(N / rows)
    return 2 * N * d + blocks * 2 * N * d  # Q in and O out once; K and V for each block
    # end solution


# %% check="q6" points=2
check("q6", tiled_words, on=[(4, 1, 4), (4, 1, 2), (5, 2, 2), (4096, 64, 128)])


# %% draw="q6"
def draw(rng):
    return rng.randint(5, 3000), rng.choice((16, 64, 128)), rng.randint(2, 300)


# %% wrong="q6" slip="the last block is smaller, but it reads all of K and V too: round up"
def tiled_words(N, d, rows):
    return 2 * N * d + max(1, N // rows) * 2 * N * d


# %% wrong="q6" slip="a part of a block reads all of K and V as a whole one does: the number of blocks is rounded up"
def tiled_words(N, d, rows):
    return 2 * N * d + N / rows * 2 * N * d


# %% wrong="q6" slip="K and V do not stay on the chip: each block of queries reads them again"
def tiled_words(N, d, rows):
    return 4 * N * d


# %% wrong="q6" slip="V is read for each block of queries as well as K"
def tiled_words(N, d, rows):
    return 2 * N * d + math.ceil(N / rows) * N * d


# %% wrong="q6" slip="scores never leave the chip; written out they would cross memory four times"
def tiled_words(N, d, rows):
    return 4 * N * d + 4 * N * N


# %% [markdown] task="q7"
# ## 7. Plan the cuts
#
# A chain of operations is given by their kinds, such as "erere": "e" is element-wise, "r" a reduction whose result is
# one number a row, broadcast to the next operation together with the tensor that was reduced, and "b" a barrier, a
# matrix product. Cut it into kernels. A barrier begins its kernel, and no reduction is in a kernel with a barrier. A
# kernel may hold `most` operations at most (registers). Each kernel costs two traversals, but a kernel of "r" alone
# costs one, its input. Return the lengths of the kernels in order, with as few traversals as you can. *4 points*


# %% answer="q7"
def cut(kinds, most):
    """Lengths of the kernels, such as [2, 3]."""
    # solution
    best = {len(kinds): (0, [])}
    for start in range(len(kinds) - 1, -1, -1):
        options = []
        for end in range(start + 1, min(start + most, len(kinds)) + 1):
            group = kinds[start:end]
            if "b" in group[1:] or ("b" in group and "r" in group):
                continue
            cost, rest = best[end]
            options.append((cost + (1 if group == "r" else 2), [end - start, *rest]))
        best[start] = min(options)
    return best[0][1]
    # end solution


# %% check="q7" points=4
check(
    "q7",
    cut,
    on=[
        ("ee", 2),
        ("ebe", 3),
        ("ree", 2),
        ("bere", 4),
        ("eereebee", 4),
        ("erreeerereeee", 4),
    ],
)


# %% draw="q7" count=40
def draw(rng):
    kinds = "".join(rng.choice("eeerrb") for _ in range(rng.randint(12, 18)))
    return kinds, rng.randint(2, 4)


# %% judge="q7"
def judge(on, got, want):
    kinds, most = on

    def cost(lengths):
        total, at = 0, 0
        for length in lengths:
            group = kinds[at : at + length]
            if (
                not group
                or length > most
                or "b" in group[1:]
                or ("b" in group and "r" in group)
            ):
                return None
            total, at = total + (1 if group == "r" else 2), at + length
        return total if at == len(kinds) else None

    if (
        not isinstance(got, list | tuple)
        or not all(type(one) is int and one > 0 for one in got)
        or sum(got) > 1000
    ):
        return 0, "a list of whole numbers above 0 is wanted"
    mine, least = cost(got), cost(want)
    if mine is None:
        return (
            0,
            "a kernel is too long, has a barrier or a reduction where it may not, or an operation is left over",
        )
    return (
        (1, "")
        if mine <= least
        else (0.5, f"legal, with {mine} traversals; {least} are possible")
    )


# %% wrong="q7" slip="one kernel for each operation is legal and the most expensive"
def cut(kinds, most):
    return [1] * len(kinds)


# %% wrong="q7" slip="a barrier begins its kernel; nothing that it reads may be fused in front of it"
def cut(kinds, most):
    return [min(most, len(kinds) - at) for at in range(0, len(kinds), most)]


# %% wrong="q7" slip="taking as much as fits is not always best: where a reduction can stand alone it costs one traversal"
def cut(kinds, most):
    lengths, at = [], 0
    while at < len(kinds):
        end = at + 1
        while end < len(kinds) and end - at < most:
            group = kinds[at : end + 1]
            if "b" in group[1:] or ("b" in group and "r" in group):
                break
            end += 1
        lengths.append(end - at)
        at = end
    return lengths


# %% [markdown]
# ## Done?
#
# `labcore grade my/13_fusion.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
