# %% [markdown]
# # Exercise 04: execution units
#
# Seven questions on what instructions, masks, sectors and blocks cost. 16 points, about an hour. Lab 04 has all that
# you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. Work the small inputs out on paper first.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not; question 4 gives half for one of its two numbers.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. All
# numbers are counts; sizes are in bytes or elements, as the question says.

# %%
import math

from labcore.grading.check import exercise

check = exercise("04_execution_units")

# %% [markdown] task="q1"
# ## 1. How many instructions does a loop take?
#
# A SIMD unit has registers of `bits` bits and works on elements of `size` bytes. An elementwise operation on `n`
# elements takes one load, `steps` arithmetic instructions and one store for each register full of elements; a last one
# that is not full takes as many, under a mask. How many instructions is that in all? *2 points*


# %% answer="q1"
def simd_instructions(n, steps, bits, size):
    """Instructions of an elementwise operation on a SIMD unit."""
    # solution
    lanes = bits // (8 * size)
    return math.ceil(n / lanes) * (steps + 2)
    # end solution


# %% check="q1" points=2
check(
    "q1",
    simd_instructions,
    on=[(8, 1, 128, 4), (512, 1, 256, 4), (10, 2, 128, 4), (1000, 3, 512, 2)],
)


# %% draw="q1"
def draw(rng):
    return (
        rng.randint(1, 3000),
        rng.randint(1, 6),
        rng.choice((128, 256, 512, 2048)),
        rng.choice((1, 2, 4, 8)),
    )


# %% wrong="q1" slip="a register that is filled only in part takes its instructions too: round up"
def simd_instructions(n, steps, bits, size):
    return n // (bits // (8 * size)) * (steps + 2)


# %% wrong="q1" slip="the elements are in bytes, the register in bits"
def simd_instructions(n, steps, bits, size):
    return math.ceil(n / (bits // size)) * (steps + 2)


# %% wrong="q1" slip="loads and stores are instructions too"
def simd_instructions(n, steps, bits, size):
    return math.ceil(n / (bits // (8 * size))) * steps


# %% [markdown] task="q2"
# ## 2. What does a branch cost?
#
# A warp of any width meets a branch. `takes` is a list of True and False, one for each lane: True takes the first side
# of `first` instructions, False the second of `second` instructions. How many of these instructions does the warp
# issue? *2 points*


# %% answer="q2"
def issued(takes, first, second):
    """Instructions that one warp issues for both sides of a branch."""
    # solution
    return any(takes) * first + (not all(takes)) * second
    # end solution


# %% check="q2" points=2
check(
    "q2",
    issued,
    on=[
        ([True, False], 3, 4),
        ([True, True], 3, 4),
        ([False, False], 3, 4),
        ([True, False, False, False], 10, 2),
    ],
)


# %% draw="q2" count=24
def draw(rng):
    width, kind = rng.choice((2, 4, 8)), rng.randrange(4)
    takes = (
        [kind == 1] * width if kind < 2 else [rng.random() < 0.5 for _ in range(width)]
    )
    return takes, rng.randint(1, 40), rng.randint(1, 40)


# %% wrong="q2" slip="the two sides do not run beside each other: one instruction stream serves all lanes"
def issued(takes, first, second):
    return max(any(takes) * first, (not all(takes)) * second)


# %% wrong="q2" slip="a side that no lane takes is skipped"
def issued(takes, first, second):
    return first + second


# %% wrong="q2" slip="a side costs its instructions once for the warp, not once for each lane that takes it"
def issued(takes, first, second):
    return sum(takes) * first + (len(takes) - sum(takes)) * second


# %% wrong="q2" slip="the majority does not decide: the lanes of the other side are served too"
def issued(takes, first, second):
    return first if 2 * sum(takes) >= len(takes) else second


# %% [markdown] task="q3"
# ## 3. How many sectors does a load touch?
#
# Lane i of `lanes` lanes reads `size` bytes at address `start + i * stride * size`. Memory moves sectors of 32 B that
# begin at multiples of 32. How many sectors move? *3 points*


# %% answer="q3"
def sectors(start, stride, size, lanes):
    """Sectors of 32 B that a load touches."""
    # solution
    touched = set()
    for lane in range(lanes):
        address = start + lane * stride * size
        touched.update(range(address // 32, (address + size - 1) // 32 + 1))
    return len(touched)
    # end solution


# %% check="q3" points=3
check(
    "q3",
    sectors,
    on=[
        (0, 1, 4, 8),
        (4, 1, 4, 8),
        (0, 2, 4, 8),
        (0, 100, 4, 8),
        (0, 0, 4, 8),
        (28, 1, 8, 1),
        (0, 1, 4, 32),
    ],
)


# %% draw="q3" count=32
def draw(rng):
    size = rng.choice((1, 2, 4, 8, 16))
    start = rng.choice((0, size, 32 - size // 2, 64 - size // 2, rng.randrange(0, 128)))
    return start, rng.choice((0, 1, 1, 5, 33, 40)), size, rng.choice((1, 8, 8, 32))


# %% wrong="q3" slip="a load that does not begin at a sector's edge reaches into one sector more"
def sectors(start, stride, size, lanes):
    return len({lane * stride * size // 32 for lane in range(lanes)})


# %% wrong="q3" slip="one element can lie across the edge of two sectors"
def sectors(start, stride, size, lanes):
    return len({(start + lane * stride * size) // 32 for lane in range(lanes)})


# %% wrong="q3" slip="the sectors between two lanes are not touched: only those that some lane reads"
def sectors(start, stride, size, lanes):
    last = start + (lanes - 1) * stride * size + size - 1
    return last // 32 - start // 32 + 1


# %% wrong="q3" slip="lanes that read the same sector share one transaction"
def sectors(start, stride, size, lanes):
    reach = (start + lane * stride * size for lane in range(lanes))
    return sum((a + size - 1) // 32 - a // 32 + 1 for a in reach)


# %% wrong="q3" slip="the stride is in elements, each of size bytes"
def sectors(start, stride, size, lanes):
    touched = set()
    for lane in range(lanes):
        address = start + lane * stride
        touched.update(range(address // 32, (address + size - 1) // 32 + 1))
    return len(touched)


# %% [markdown] task="q4"
# ## 4. How many blocks are resident?
#
# A multiprocessor holds at most 64 warps of 32 threads, 32 blocks, 65536 registers and `shared_size` bytes of shared
# memory. A block has `threads` threads, `registers` registers a thread and takes `shared` bytes. Warps are whole;
# registers are counted for whole warps, exactly as asked for. Return the pair (resident blocks, occupancy), where
# occupancy is the share of the 64 warps, from 0 to 1. *3 points*


# %% answer="q4"
def resident(threads, registers, shared, shared_size):
    """The pair (blocks, occupancy) of one multiprocessor."""
    # solution
    warps = math.ceil(threads / 32)
    blocks = min(32, 64 // warps, 65536 // (warps * 32 * registers))
    if shared:
        blocks = min(blocks, shared_size // shared)
    return blocks, blocks * warps / 64
    # end solution


# %% check="q4" points=3
check(
    "q4",
    resident,
    on=[
        (256, 32, 0, 98304),
        (256, 64, 0, 98304),
        (32, 16, 0, 98304),
        (256, 32, 40000, 98304),
        (48, 32, 0, 98304),
    ],
)


# %% draw="q4" count=32
def draw(rng):
    kind = rng.choice(("blocks", "registers", "shared", "ragged"))
    threads = 32 if kind == "blocks" else rng.choice((64, 128, 256))
    if kind == "ragged":
        threads = rng.choice((48, 80, 100, 200))
    registers = rng.choice((64, 96, 128)) if kind == "registers" else rng.choice((16, 32))
    shared = rng.choice((30000, 48000, 90000)) if kind == "shared" else 0
    return threads, registers, shared, rng.choice((98304, 167936))


# %% judge="q4"
def judge(on, got, want):
    from labcore.grading.values import close

    if not isinstance(got, list) or len(got) != 2:
        return 0, "two numbers are wanted"
    first, second = (close(g, w, 1e-6) for g, w in zip(got, want, strict=True))
    words = {
        (True, False): "the number of blocks is right, the occupancy is not",
        (False, True): "the occupancy is right, the number of blocks is not",
    }
    return (first + second) / 2, words.get((first, second), "")


# %% wrong="q4" slip="registers are a limit too: 65536 of them for all resident threads"
def resident(threads, registers, shared, shared_size):
    warps = math.ceil(threads / 32)
    blocks = min(32, 64 // warps, shared_size // shared if shared else 32)
    return blocks, blocks * warps / 64


# %% wrong="q4" slip="there is a limit on blocks too, 32; small blocks meet it before they fill the warps"
def resident(threads, registers, shared, shared_size):
    warps = math.ceil(threads / 32)
    blocks = min(64 // warps, 65536 // (warps * 32 * registers))
    if shared:
        blocks = min(blocks, shared_size // shared)
    return blocks, blocks * warps / 64


# %% wrong="q4" slip="shared memory is a limit too, where a block takes any"
def resident(threads, registers, shared, shared_size):
    warps = math.ceil(threads / 32)
    blocks = min(32, 64 // warps, 65536 // (warps * 32 * registers))
    return blocks, blocks * warps / 64


# %% wrong="q4" slip="warps are whole: a block of 48 threads holds two of them"
def resident(threads, registers, shared, shared_size):
    blocks = min(32, 2048 // threads, 65536 // (threads * registers))
    if shared:
        blocks = min(blocks, shared_size // shared)
    return blocks, blocks * threads / 2048


# %% [markdown] task="q5"
# ## 5. What share of the block work is useful?
#
# A matrix unit multiplies an m x k block by a k x n block in one operation. A block at the edge that is not full is
# padded with zeros and multiplied whole. What share of the multiply-accumulates that (M, K) @ (K, N) takes on this unit
# is useful? Return a number from 0 to 1. *2 points*


# %% answer="q5"
def useful(M, K, N, m, k, n):
    """Useful share of the multiply-accumulates of whole blocks."""
    # solution
    blocks = math.ceil(M / m) * math.ceil(K / k) * math.ceil(N / n)
    return M * K * N / (blocks * m * k * n)
    # end solution


# %% check="q5" points=2
check(
    "q5",
    useful,
    on=[
        (16, 16, 16, 16, 16, 16),
        (17, 16, 16, 16, 16, 16),
        (1, 64, 64, 16, 16, 8),
        (500, 500, 500, 16, 16, 8),
    ],
)


# %% draw="q5"
def draw(rng):
    m, k, n = rng.choice(((16, 16, 8), (16, 16, 16), (16, 64, 16), (128, 32, 128)))
    return (
        m * rng.randint(0, 3) + rng.randint(1, m),
        k * rng.randint(0, 3) + rng.randint(1, k - 1),
        n * 2 + 1,
        m,
        k,
        n,
    )


# %% wrong="q5" slip="padding along K is multiplied too: three directions are rounded up"
def useful(M, K, N, m, k, n):
    return M * N / (math.ceil(M / m) * m * math.ceil(N / n) * n)


# %% wrong="q5" slip="round each direction up by itself; volumes do not say how many blocks fit"
def useful(M, K, N, m, k, n):
    return M * K * N / (math.ceil(M * K * N / (m * k * n)) * m * k * n)


# %% wrong="q5" slip="that is the share wasted; the useful share is the rest"
def useful(M, K, N, m, k, n):
    blocks = math.ceil(M / m) * math.ceil(K / k) * math.ceil(N / n)
    return 1 - M * K * N / (blocks * m * k * n)


# %% [markdown] task="q6"
# ## 6. Which way round?
#
# The same product can be computed as C = A B or as C^T = B^T A^T: then N takes the place of M and M that of N, and the
# unit's m and n stay. Return the smaller number of block operations of the two. *2 points*


# %% answer="q6"
def least_blocks(M, K, N, m, k, n):
    """Block operations of the cheaper of (M, K) @ (K, N) and its transpose."""
    # solution
    plain = math.ceil(M / m) * math.ceil(N / n)
    turned = math.ceil(N / m) * math.ceil(M / n)
    return min(plain, turned) * math.ceil(K / k)
    # end solution


# %% check="q6" points=2
check(
    "q6",
    least_blocks,
    on=[
        (16, 16, 8, 16, 16, 8),
        (8, 16, 16, 16, 16, 8),
        (1, 64, 512, 16, 16, 8),
        (24, 40, 24, 16, 16, 8),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    low, high = rng.randint(1, 12), rng.randint(30, 300)
    M, N = (low, high) if rng.random() < 0.6 else (high, low)
    return M, rng.randint(1, 200), N, *rng.choice(((16, 16, 8), (32, 16, 8), (8, 16, 32)))


# %% wrong="q6" slip="the other way round may take fewer blocks: compare both"
def least_blocks(M, K, N, m, k, n):
    return math.ceil(M / m) * math.ceil(N / n) * math.ceil(K / k)


# %% wrong="q6" slip="the depth K takes several operations for each block of the output"
def least_blocks(M, K, N, m, k, n):
    return min(math.ceil(M / m) * math.ceil(N / n), math.ceil(N / m) * math.ceil(M / n))


# %% wrong="q6" slip="the smaller number is asked for"
def least_blocks(M, K, N, m, k, n):
    plain = math.ceil(M / m) * math.ceil(N / n)
    return max(plain, math.ceil(N / m) * math.ceil(M / n)) * math.ceil(K / k)


# %% [markdown] task="q7"
# ## 7. How many warps hide the wait?
#
# A scheduler issues one instruction a cycle. Each warp repeats a stretch of code: `work` instructions, one a cycle,
# then a load whose result takes `latency` cycles, counted from the end of the load's own cycle, before the stretch can
# begin anew. What is the least number of warps with which the scheduler never idles? *2 points*


# %% answer="q7"
def warps_needed(work, latency):
    """Least number of warps that keep the scheduler busy."""
    # solution
    return math.ceil((work + 1 + latency) / (work + 1))
    # end solution


# %% check="q7" points=2
check("q7", warps_needed, on=[(1, 2), (3, 4), (3, 5), (9, 400), (1, 0)])


# %% draw="q7" count=32
def draw(rng):
    work = rng.randint(1, 30)
    return work, rng.choice((0, (work + 1) * rng.randint(1, 20), rng.randint(1, 600)))


# %% wrong="q7" slip="a warp that waits needs others for the wait, and is itself one of the warps"
def warps_needed(work, latency):
    return math.ceil(latency / (work + 1))


# %% wrong="q7" slip="round up: with a warp less the scheduler still idles a little"
def warps_needed(work, latency):
    return (work + 1 + latency) // (work + 1)


# %% wrong="q7" slip="the load is an instruction too: it takes an issue slot of its own"
def warps_needed(work, latency):
    return math.ceil((work + latency) / work)


# %% wrong="q7" slip="a warp issues more than one instruction before it waits"
def warps_needed(work, latency):
    return latency + 1


# %% [markdown]
# ## Done?
#
# `labcore grade my/04_execution_units.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
