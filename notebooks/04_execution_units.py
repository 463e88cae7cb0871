# %% [markdown]
# # 04 Execution units
#
# > The GPU has thousands of lanes and matrix units on top. Our kernel gets a sixteenth of its peak. Which of the two does it not use?
#
# Reading 25 min, doing 45 min.
#
# To answer that, you need to know what one instruction does on each kind of unit, and
# what makes a part of it idle: a branch, a scattered load, a shape that does not fit.
# Here a scalar machine, a SIMD unit, a warp and a matrix unit run the same small jobs,
# and every instruction, address and block is counted while they run.
#
# **You need before:** what a matrix product is, what a byte address is, and the roofline
# (lab 09) for one cell near the end.
#
# **You can do after:** say how many instructions, sectors and blocks a kernel takes, find
# the lanes that idle, and choose shapes and formats that a matrix unit takes whole.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100, B200, H100, K20X, chip, execution
from labcore.claims.ledger import claims_at, departures
from labcore.explore.execution import (
    coalescing_explorer,
    divergence_explorer,
    tile_explorer,
)
from labcore.explore.predict import compare, predict
from labcore.grading.selfcheck import progress, selfcheck
from labcore.matrix.engage import (
    alignment,
    engage,
    macs_per_clock,
    share_left,
    tensor_peak,
)
from labcore.matrix.unit import multiply, tile_cost
from labcore.models.zoo import build
from labcore.ops import matmul
from labcore.plots.registry import show
from labcore.roofline import bound, least_time
from labcore.simt import kernels
from labcore.simt.memory import warp_access
from labcore.simt.occupancy import issue_cycles, occupancy, warps_to_hide
from labcore.simt.warp import launch
from labcore.units import format_si
from labcore.vector.machine import Machine

# %% [markdown]
# ## Predict first
#
# Three numbers, before anything runs. A **warp** is a group of 32 GPU threads that share
# one instruction stream; each thread is a **lane** of it. Which share of the lanes works,
# on average, inside a branch whose two sides are equally long, when even lanes take one
# and odd lanes the other? Which share of the bytes that memory moves is used, when a warp
# reads every eighth float of an array? How long does an n x n x n product take at n = 33,
# relative to n = 32, on a unit that multiplies blocks of 16 x 16 x 16?

# %%
display(
    predict("04-divergence", "Lanes busy at a branch that every other lane takes", "%"),
    predict("04-stride", "Bytes used of those moved, a warp at stride 8, floats", "%"),
    predict("04-one-past", "Time for n = 33 on 16-blocks, of that for n = 32", "%"),
)

# %% [markdown]
# ## By hand: eight numbers, four lanes
#
# ReLU on $x = (3, -1, 2, -4, -2, 5, -3, 1)$ with four lanes. How many instructions are
# issued if each of load, maximum and store counts as one? Write it down for one lane and
# for four. A kernel below is a Python function over all lanes of a warp: `warp.thread` is
# the number of each lane's element, and each operation is one instruction.


# %%
def relu(warp, x, y):
    i = warp.thread
    warp.store(y, i, warp.maximum(warp.load(x, i), 0))


x = np.array([3, -1, 2, -4, -2, 5, -3, 1], np.float32)
for width in (1, 4):
    y = np.zeros_like(x)
    run = launch(relu, 8, x, y, width=width)
    print(f"{width} lane(s): {run.instructions} instructions, {dict(run.counts)}")
print("result:", y.tolist())

# %% [markdown]
# Width is the only thing that changed. The work per element did not: the same loads and
# stores reach memory. What shrinks is the number of instructions that are fetched and
# decoded for it.

# %% [markdown]
# ## ReLU four ways
#
# Now the chapter's size, 512 elements: a scalar processor, SIMD units with 8 and with 16
# lanes, and a GPU with a thread for each element.

# %% name="relu-four-ways"
x = np.linspace(-1, 1, 512, dtype=np.float32)
y = np.zeros_like(x)
for width, name in ((1, "scalar"), (8, "SIMD"), (16, "SIMD"), (32, "SIMT, a warp")):
    run = launch(relu, 512, x, y, width=width)
    print(
        f"{name}, width {width}: {run.counts['max']} times the maximum",
        f"in {run.warps} groups",
    )
claims_at("04_execution_units#relu-four-ways")

# %% [markdown]
# SIMD and SIMT issue the same kind of instruction. They differ in who keeps the mask. A
# SIMD program computes it and names it in each instruction. A SIMT program is written for
# one thread, and the hardware derives the mask from what the threads do.
#
# 500 elements do not divide by 32. The last warp runs with idle lanes:

# %%
run = launch(relu, 500, x[:500], np.zeros(500, np.float32))
print(f"{run.warps} warps, {run.utilization:.1%} of the lanes busy")

# %% [markdown]
# ## One binary, any width: SVE
#
# Arm's SVE leaves the register's length to the chip, from 128 to 2048 bits. Listing 12
# computes $x^2 + x$ for one register. Its `ptrue` switches *all* lanes on, so alone it
# handles neither a longer array nor the rest at its end. The loop around it does, with a
# vector length that is set in every turn (in SVE, `whilelt` makes a predicate for that):


# %%
def square_plus(unit, x, y):
    for start, _ in unit.strips(x.size):
        z0 = unit.load(x, start)
        z1 = unit.mul(z0, z0)
        unit.store(y, start, unit.add(z1, z0))


x, y = np.arange(1000, dtype=np.float32), np.zeros(1000, np.float32)
for bits in (128, 512, 2048):
    square_plus(unit := Machine(vlen=bits), x, y)
    print(
        f"{bits} bits: {unit.total} instructions,",
        f"{unit.occupancy:.1%} of the lanes busy,",
        "right" if np.array_equal(y, x * x + x) else "wrong",
    )
print(f"{2 * x.size / (unit.loaded + unit.stored):.2f} FLOP for each byte, at any width")

# %% name="sve"
claims_at("04_execution_units#sve")

# %% [markdown]
# A wider register shortens the program, not the traffic. At a quarter of a FLOP for each
# byte this loop waits for memory on any machine.

# %% [markdown]
# ## When lanes disagree
#
# A branch on data sends some lanes one way and some the other. The warp has one
# instruction stream, so it runs both sides, one after the other, under complementary
# masks. `warp.where` does that here: it is the hardware's reconvergence stack, written as
# a `with` block. (Since 2017 NVIDIA's threads have a program counter each, so the two
# sides may take turns. They still share no issue slot, and the count stays the same.)


# %%
def piecewise(warp, x, y):
    v = warp.load(x, warp.thread)
    result = warp.register(0.0)
    with warp.where(v > 0) as positive:
        result.set(v * v + v)
    with positive.otherwise():
        result.set(v * 0.5)
    warp.store(y, warp.thread, result)


x = np.array([3, -1, 2, -4, -2, 5, -3, 1], np.float32)
run = launch(piecewise, 8, x, y, width=8, trace=True)
for _, instruction, mask in run.trace:
    print(f"{instruction:8}", "".join("#" if works else "." for works in mask))

# %%
show("divergence-film")

# %% [markdown]
# What does it cost? Let a warp of 32 take 1, 2, 4 and then 32 different ways through a
# switch, ten instructions in each.

# %% name="warps"
for ways in (1, 2, 4, 32):
    issued = launch(kernels.switch, 32, ways, 10).counts["fma"]
    print(f"{ways} ways: {issued} instructions for 10, {1 - 10 / issued:.1%} lost")
claims_at("04_execution_units#warps")

# %% [markdown]
# The cure for short sides is to compute both and select, without a branch. ReLU is the
# simplest case: a maximum instead of an if.

# %%
x = np.where(np.arange(512) % 2, 1, -1).astype(np.float32)
y = np.zeros_like(x)
for name, kernel in (("branch", kernels.relu_by_branch), ("maximum", kernels.relu)):
    run = launch(kernel, 512, x, y)
    print(
        f"{name}: {run.instructions} instructions,",
        f"{run.utilization:.1%} of the lanes busy",
    )

# %% [markdown]
# ### Explore: arrange the threads
#
# Half of 256 threads take the first side. Find the arrangement that costs nothing; the
# other two cost the same. Which of these is cheaper when only 8 threads take it, and why?
# How much of the cost remains at 1? What follows for sorting work by kind before a
# launch?

# %%
divergence_explorer(taking=128, second=16)

# %% [markdown]
# ## When lanes scatter
#
# Memory moves sectors of 32 B. A warp pays for each sector that any of its lanes touches,
# however little of it is used. The simulator counts sectors from the addresses.

# %%
for stride in (1, 2, 8, 100):
    access = warp_access(stride)
    print(
        f"stride {stride}: {access.transactions} sectors,",
        f"{access.bytes_moved} B moved for {access.bytes_used} B,",
        f"{access.efficiency:.1%} used",
    )
shifted = warp_access(1, offset=4)
print(
    f"stride 1 from byte 4: {shifted.transactions} sectors, {shifted.efficiency:.1%} used"
)

# %%
show("coalescing-strides")

# %% [markdown]
# A column of a row-major matrix has a stride of a whole row, so 32 lanes that go down a
# column touch 32 sectors for 32 numbers. An array of structs does the same: three floats
# for each point make a stride of 3 where three arrays would have 1. Below, the same 32
# points read field by field, once from each layout:

# %%
interleaved = [warp_access(3, offset=4 * field).transactions for field in range(3)]
separate = [warp_access(1, offset=4096 * field).transactions for field in range(3)]
print(f"array of structs: {interleaved} sectors, struct of arrays: {separate}")

# %% [markdown]
# ### Explore: stride, size and start
#
# Find (1) a load whose 32 lanes touch one sector only, in two different ways; (2) the
# stride from which more distance costs nothing more, for each element size; (3) a load at
# stride 1 that moves more than it uses.

# %%
coalescing_explorer(stride=3)

# %% [markdown]
# ## A thread for each output
#
# Listing 13 is a CUDA kernel: each thread finds its row and its column from its place in
# the grid, adds up $A_{row,k} B_{k,col}$ in a loop over $k$, and writes one element of
# $C = AB$. Here is the same in our words. Neighbouring threads hold neighbouring columns,
# so a warp reads one element of $A$ (a broadcast) and a stretch of a row of $B$
# (coalesced).


# %%
def simt_matmul(warp, C, A, B, N):
    row, col = warp.thread // N, warp.thread % N
    total = warp.register(0.0)
    for k in range(N):
        total.fma(warp.load(A, row * N + k), warp.load(B, k * N + col))
    warp.store(C, row * N + col, total)


N = 64
A, B = np.arange(2 * N * N, dtype=np.float32).reshape(2, N, N) % 5
C = np.zeros(N * N, np.float32)
run = launch(simt_matmul, N * N, C, A.ravel(), B.ravel(), N)
print("equals A @ B:", np.array_equal(C.reshape(N, N), A @ B))
print(
    f"{run.counts['fma']} fma, {run.counts['load']} loads,",
    f"{run.instructions} instructions in all",
)
print(f"{2 * N**3 / run.bytes_moved:.2f} FLOP for each byte that loads and stores move")

# %% name="simt-matmul"
claims_at("04_execution_units#simt-matmul")

# %% [markdown]
# Two loads and a good deal of address arithmetic surround each fused multiply-add. Swap
# the roles of the threads, so that neighbours hold neighbouring *rows*, and the same loop
# scatters:


# %%
def transposed(warp, C, A, B, N):
    row, col = warp.thread % N, warp.thread // N
    total = warp.register(0.0)
    for k in range(N):
        total.fma(warp.load(A, row * N + k), warp.load(B, k * N + col))
    warp.store(C, row * N + col, total)


scattered = launch(transposed, N * N, C, A.ravel(), B.ravel(), N)
print("equals A @ B:", np.array_equal(C.reshape(N, N), A @ B))
print(
    f"{scattered.instructions} instructions, as many as before:",
    scattered.instructions == run.instructions,
)
print(
    f"{scattered.sectors} sectors instead of {run.sectors},",
    f"{scattered.sectors / run.sectors:.1f} times",
)

# %% [markdown]
# Same result, same instructions. A cache softens the difference, since neighbouring turns
# of the loop reuse a sector, but only while all of them fit.

# %% [markdown]
# ## Enough warps to wait
#
# A GPU does not make a load faster. It issues from another warp meanwhile. With a latency
# of $L$ cycles and one instruction a cycle it needs $L$ warps, or $L / s$ where each warp
# has $s$ independent instructions under way (Little's law). How many warps there are is
# decided by registers and shared memory:

# %%
for registers in (32, 64, 128, 255):
    held = occupancy(threads=256, registers=registers)
    print(
        f"{registers} registers a thread: {held.warps} warps,",
        f"occupancy {held.share:.1%}, {held.binds} bind",
    )

# %% name="occupancy"
for warps, independent in ((1, 1), (2, 1), (4, 1), (1, 4)):
    cycles = issue_cycles(warps, instructions=100, latency=4, independent=independent)
    print(
        f"{warps} warp(s), {independent} independent, latency 4:",
        f"{cycles} cycles, {100 * warps / cycles:.1%} of them issue",
    )
print(
    "warps for a latency of 400:",
    warps_to_hide(400),
    "or, ten loads at once,",
    warps_to_hide(400, 10),
)
claims_at("04_execution_units#occupancy")

# %% [markdown]
# Footnote 19 says too much: at low occupancy the units idle, so the memory binds. The
# first line above is the counterexample, one warp whose additions wait 4 cycles each for
# the one before. It leaves the scheduler idle three cycles of four and never touches the
# memory. The last line shows that a warp with independent instructions needs no company:
# Volkov (2010) came close to the peak of real GPUs at low occupancy in that way.

# %% [markdown]
# ## Blocks instead of lanes
#
# A tensor core takes a block of $A$ and a block of $B$ and adds their product to a block
# of $C$: one instruction for thousands of multiply-accumulates. The smallest case: 17
# rows on blocks of 16.

# %%
A, B = np.ones((17, 16)), np.ones((16, 16))
run = multiply(A, B, tile=(16, 16, 16), fmt="fp16")
print("equals A @ B:", np.array_equal(run.C, A @ B), "- sums kept in", run.accumulate)
print(
    f"{run.blocks} blocks, {run.macs_issued} MACs issued for {run.macs}:",
    f"{run.utilization:.1%} useful",
)

# %% [markdown]
# One attention head of the chapter, $QK^T$ for 2048 tokens of 64 dimensions, four ways:

# %% name="qk-product"
head, tile = matmul(2048, 64, 2048), execution.WMMA_TILES[0]
print(f"{head.macs / 1e6:.1f} M MACs, {head.flop / 1e6:.1f} MFLOP")
print(f"scalar, 1 FLOP a cycle at 2 GHz: {head.flop / 2e9 * 1e3:.1f} ms")
print("warp instructions, an fma for each MAC:", f"{head.macs // 32:,}")
print(
    "block instructions of 16 x 16 x 16:", f"{tile_cost(2048, 2048, 64, tile).blocks:,}"
)
A100_time = least_time(head.flop, head.D_vol, A100.peak("fp16"), A100.BW)
print(
    "A100, at least:",
    format_si(A100_time, "s"),
    f"({bound(head.I, A100.ridge('fp16'))}-bound)",
)
claims_at("04_execution_units#qk-product")

# %% [markdown]
# Every number reproduces, and two pairs of them look alike: 268.4 M MACs and 268.4 ms,
# 536.9 MFLOP and 536.9x. That is an accident of round figures. At 2 GFLOP/s the time in
# milliseconds is the work in MFLOP over 2, and a time of half a millisecond makes the
# speedup the work over $10^6$. The 536.9x is no measurement but a lower bound: the tiled
# time is only said to be *under* 0.5 ms. What is it for one tensor core, and for all?

# %%
sm = execution.SM_A100
rate = 2 * sm.macs_per_clock.value * sm.clock.value
cores = sm.tensor_cores.value * sm.count.value
for name, T in {
    "one tensor core": head.flop / rate,
    f"all {cores:.0f}": head.flop / rate / cores,
    "the same with its traffic": A100_time,
}.items():
    print(
        f"{name}: {format_si(T, 's')},",
        f"{head.flop / 2e9 / T:,.0f} times the scalar machine",
    )

# %% [markdown]
# A single tensor core does not make the half millisecond. The whole chip beats it by two
# orders of magnitude, and then waits for memory.

# %% [markdown]
# ## The instruction itself
#
# Listing 14 shows one instruction, `mma.sync` with a shape of 16 x 16 x 16, FP16 in and
# FP16 out, and four registers a thread for each of D, A, B and C. Which shapes does
# `mma.sync` have, and what does one instruction replace? (Volta's m8n8k4, four small
# products at once, is left out.)
#
# The 32 threads of the warp hold a block together, and a 32-bit register holds two FP16
# elements, so every 64 elements of a block take one register a thread. The cell prints
# two shapes of `mma` and, in its third line, that of `wmma`, another instruction.

# %% name="mma"
for tile in (*execution.MMA_TILES["fp16"][1:], execution.WMMA_TILES[0]):
    elements = tile.m * tile.k, tile.k * tile.n, tile.m * tile.n
    print(
        f"{tile}: {tile.macs} MACs, {tile.macs // 32} fma a thread;",
        "registers for A, B, C:",
        [count // (32 * 2) for count in elements],  # threads, FP16 elements in a register
    )
A, B = np.eye(16), np.arange(256).reshape(16, 16)
as_mma = multiply(A, B, execution.MMA_TILES["fp16"][-1])
print(
    f"16 x 16 x 16 as mma: {as_mma.blocks} instructions,",
    f"equal: {np.array_equal(as_mma.C, B)}",
)
claims_at("04_execution_units#mma")

# %% [markdown]
# Narrow in, wide inside: products of two halves are exact in FP32, and FP32 sums them.
# With an FP16 accumulator, as Listing 14 has it, a long sum stops growing:

# %%
ones = np.ones((1, 4096)), np.ones((4096, 1))
for accumulate in ("fp32", "fp16"):
    total = multiply(*ones, accumulate=accumulate).C[0, 0]
    print(f"4096 ones, summed in {accumulate}: {total:.0f}")
eights = np.full((1, 1000), -128), np.full((1000, 1), -128)
total = multiply(*eights, fmt="int8")
print(f"int8 times int8, 1000 terms: {total.C[0, 0]} in {total.accumulate}")

# %% [markdown]
# ## Shapes that fit
#
# Tensor cores like dimensions that fill whole stretches of 16 B: multiples of 8 elements
# at FP16, of 16 at INT8. Others are padded. On blocks of 16 x 16 x 16, 500 and 512 take
# the same blocks, so the same time; 500 gets less done in it.

# %% name="alignment"
for n in (500, 512, 513):
    cost, over = tile_cost(n, n, n), n % alignment("fp16")
    print(
        f"{n}: {cost.blocks} blocks, {cost.utilization:.1%} useful;",
        f"{over} more than a multiple of {alignment('fp16')}",
    )
claims_at("04_execution_units#alignment")

# %% [markdown]
# The shares depend on the tile. The figure draws two others: that of `mma`, whose blocks
# are 8 wide, so that 500 columns are padded to fewer than 512 and the share at 500 is
# higher than above; and a thread block's, 128 x 128 x 32, where it is the same as above.

# %%
show("tile-efficiency")

# %% [markdown]
# ### Explore: the saw
#
# Beyond the first tooth, which number of rows has the least useful work for each tile,
# and why just there? Then take the thread block's tile and a batch of 1 row: which share
# is useful, and what would 64 rows cost instead?

# %%
tile_explorer(tile="thread block, 128 x 128 x 32", M=300, N=512, K=512)

# %% [markdown]
# **Formats** decide before shapes do. The chip must have the format, and it must have a
# tile for it; otherwise the vector units do the work, or nothing does.

# %%
for fmt in ("int8", "fp16", "tf32", "fp32", "fp8"):
    try:
        where = engage("A100", fmt, 512, 512, 512)
    except ValueError as error:
        print(error)
    else:
        print(
            f"{fmt}: {where.unit}, {where.tile or 'no tile'},",
            format_si(where.R_peak, "OP/s"),
        )
lanes = execution.SM_A100.count.value * execution.SM_A100.lanes_fp32.value
print(f"fp32 on {lanes:,.0f} vector lanes: {share_left('A100'):.4f} of the fp16 peak")

# %% [markdown]
# That is the sixteenth of the question: the kernel runs in FP32 on the vector units and
# leaves the tensor cores idle. The chapter's footnote 23 says the same in words.
#
# ## A real network
#
# GPT-2 XL, all its matrix products, on `mma` blocks. How much of the block work is useful
# at one token for one reader, at one for each of 16 readers, and at 512 for one? Which
# two products waste most?

# %%
for batch, phase in ((1, "decode"), (16, "decode"), (1, "prefill")):
    useful, wasted = 0, {}
    for layer in build("gpt2-xl", batch=batch, phase=phase).layers:
        if layer.op.kind == "matmul":
            products, M, K, N = (layer.op.shape[s] for s in ("batch", "M", "K", "N"))
            cost = tile_cost(M, N, K, execution.MMA_TILES["fp16"][-1])
            useful += layer.count * products * cost.macs
            wasted[layer.name] = layer.count * products * (cost.macs_issued - cost.macs)
    lost = sum(wasted.values())
    print(
        f"{phase}, batch {batch}: {useful / (useful + lost):.3%} useful; waste:", end=" "
    )
    worst = sorted(wasted, key=wasted.get, reverse=True)[:2]
    print(*(f"{name} {wasted[name] / lost:.0%} of it" for name in worst), sep=", ")
columns = 50257  # of the head: one for each token of the vocabulary
for n in (8, 128):
    padded = -(-columns // n) * n
    print(f"{columns} columns in tiles of {n}: {columns / padded:.2%} useful")

# %% [markdown]
# One row fills a sixteenth of a block. The rows of 16 readers fill the blocks of the
# weights, which they share. They do not fill those of attention: each reader has keys and
# values of its own, and one row to multiply them with. At 512 tokens only the
# vocabulary's odd column is left. Are empty rows why decoding is slow? See below.
#
# ## Where the rule fails
#
# "Fill the blocks" is right where arithmetic binds. At batch 1 it does not. The weights
# have to come from memory, and the blocks wait, full or not:

# %%
M, K, N = 1, 1600, 6400
op, cost = matmul(M, K, N), tile_cost(M, N, K, execution.MMA_TILES["fp16"][-1])
arithmetic = 2 * cost.macs_issued / A100.peak("fp16")
print(f"useful {cost.utilization:.1%}; blocks take {format_si(arithmetic, 's')}")
print(
    f"the bytes take {format_si(op.D_vol / A100.BW, 's')},",
    f"{op.D_vol / A100.BW / arithmetic:.1f} times that",
)

# %% [markdown]
# Padding the batch to 16 rows would cost nothing, and filling those rows with other
# readers' tokens is free arithmetic on these weights. Alignment matters from where the
# roofline is flat.

# %% [markdown]
# ## Ten years of advertised peaks
#
# Figure 6 climbs a thousandfold from the K20X to the H100. It changes the format on the
# way, and counts 2:4 sparsity. One step at a time:

# %% name="gpu-scaling"
steps = {
    "fp32 to fp32, vector units": H100.peak("fp32") / K20X.peak("fp32"),
    "to fp16 on tensor cores": H100.peak("fp16") / H100.peak("fp32"),
    "to fp8": H100.peak("fp8") / H100.peak("fp16"),
    "with 2:4 sparsity": execution.H100_FP8_SPARSE.value / H100.peak("fp8"),
}
for step, factor in steps.items():
    print(f"{step}: {factor:.1f}x")
print(f"in all {np.prod(list(steps.values())):.0f}x;", end=" ")
print(f"B200, fp4, dense: {B200.peak('fp4') / K20X.peak('fp32'):.0f}x")
claims_at("04_execution_units#gpu-scaling")

# %% [markdown]
# Better circuits and more of them gave a factor of 17. The rest is specialization: a
# matrix unit, narrower numbers, and zeros that are skipped.

# %% [markdown]
# ## Processing elements
#
# Vector lanes, a matrix unit and memory beside them make a processing element. Designs
# differ in how much memory each one has for itself:

# %% name="elements"
for name, memory, count in (
    ("Graphcore Mk2 tile", execution.IPU_MEMORY, execution.IPU_TILES),
    ("Cerebras WSE-2 core", execution.WSE2_MEMORY, execution.WSE2_CORES),
):
    print(
        f"{name}: {format_si(memory.value / count.value, 'B')} beside it,",
        f"{count.value:,.0f} of them",
    )
d1, nodes = execution.D1_NODE_MEMORY, execution.D1_NODES
print(
    f"Tesla D1 node: {format_si(d1.value, 'B')} beside it,",
    f"{nodes.value:.0f} of them ({d1.source})",
)
sm = execution.SM_A100
print(
    f"A100 SM: up to {sm.shared.value / 2**10:.0f} KiB shared",
    f"and {sm.registers.value * 4 / 2**10:.0f} KiB registers",
)
claims_at("04_execution_units#elements")

# %% [markdown]
# The source read for the D1 presents it as a chip for *training* in a data center. The
# chapter's "real-time autonomous vehicle workloads" run on another chip, in the car.
#
# **Table 7** compares four processors and prints one tile for each of three: 4 x 4 x 4
# for the A100, 128 x 128 for the TPU v4, 32 x 32 for Sapphire Rapids. Does that make
# their peaks? Read each tile as that many multiply-accumulates a clock, in every tensor
# core of the A100 and in every core of the others, and multiply out:

# %%
show("table-7-rates")

# %% name="table-7"
for name in ("V100", "A100"):
    sm = execution.MULTIPROCESSORS[name]
    units = int(sm.tensor_cores.value * sm.count.value)
    each = macs_per_clock(chip(name).peak("fp16"), units, sm.clock.value)
    print(
        f"{name}: {units} tensor cores, {each:.0f} MACs a clock each by the data sheet;",
        end=" ",
    )
    print(f"from their counts {format_si(tensor_peak(name), 'FLOP/s')}")
arrays, cores = execution.TPU_V4_MXUS.value, execution.TPU_V4_CORES.value
one = 2 * execution.TPU_V4_SIDE.value**2 * execution.TPU_V4_CLOCK.value * cores
print(f"TPU v4: {format_si(one, 'FLOP/s')} with one array a core,", end=" ")
print(f"{format_si(arrays * one, 'FLOP/s')} with its {arrays:.0f}")
for fmt, tile in execution.AMX_TILES.items():
    rate = tile.macs / execution.AMX_CYCLES.value
    print(f"AMX {fmt}: a tile of {tile.m} x {tile.k}, {rate:.0f} MACs a clock")
claims_at("04_execution_units#table-7")

# %% [markdown]
# Three of the four pairs of bars disagree, each for a reason of its own. The A100's tile
# is that of the V100, 64 MACs a clock where the A100 does 256: a factor of 4. The TPU
# v4's tile is right, and its row reproduces, but each core has 4 such arrays, which the
# table leaves out: a factor of 4 as well. Intel's 32 x 32 is the rate of the unit at
# INT8, 1024 MACs a clock, twice its rate at BF16, and the shape of its tile at neither.

# %% [markdown]
# ## Settled
#
# Your predictions, beside what the machines counted:

# %%
busy = 10 / launch(kernels.switch, 32, 2, 10).counts["fma"]
one_past = tile_cost(33, 33, 33).blocks / tile_cost(32, 32, 32).blocks
display(
    compare("04-divergence", 100 * busy, "%"),
    compare("04-stride", 100 * warp_access(8).efficiency, "%"),
    compare("04-one-past", 100 * one_past, "%"),
)

# %% [markdown]
# The statements of the section that do not stand as printed:

# %%
departures("04_execution_units")

# %% [markdown]
# ## Self-check
#
# Six questions. Replace `...` by your answer and run the cell; the feedback names the
# slip.
#
# **1.** A ReLU on 1000 elements, one thread each, in warps of 32. How many warps, and how
# many lanes idle in the last one? Answer with a pair, such as `(10, 3)`.

# %%
selfcheck("execution-1", ...)

# %% [markdown]
# **2.** A branch has 30 instructions on one side and 10 on the other. In every warp some
# lanes take each. How many of these instructions does a warp issue?

# %%
selfcheck("execution-2", ...)

# %% [markdown]
# **3.** A warp reads one double (8 B) a lane at stride 2, from an aligned start. How many
# sectors of 32 B does it touch?

# %%
selfcheck("execution-3", ...)

# %% [markdown]
# **4.** A kernel of 128 threads a block takes 64 registers a thread on an A100. What is
# its occupancy? Answer with a number from 0 to 1.

# %%
selfcheck("execution-4", ...)

# %% [markdown]
# **5.** A 100 x 100 by 100 x 100 product runs on blocks of 16 x 16 x 16. How many block
# operations does it take?

# %%
selfcheck("execution-5", ...)

# %% [markdown]
# **6.** A team's FP32 training reaches a sixteenth of the A100's FP16 peak. What helps
# first? (a) more threads a block, (b) batch sizes that are multiples of 8, (c) TF32 or
# BF16 operands, so that tensor cores engage, (d) sorting threads by branch. Answer with a
# letter.

# %%
selfcheck("execution-6", ...)

# %%
progress("execution")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/04_execution_units.ipynb](../my/04_execution_units.ipynb), from
#   counting warps to choosing a tile; your copy lies in `my/` once JupyterLab was opened
#   with `make lab`. Check it with `labcore grade my/04_execution_units.ipynb`.
# - **Read:** Lindholm, E., Nickolls, J., Oberman, S., Montrym, J. (2008), "NVIDIA Tesla:
#   A Unified Graphics and Computing Architecture", *IEEE Micro* 28(2), 39-55, on warps
#   and masks; Volkov, V. (2010), "Better Performance at Lower Occupancy", GPU Technology
#   Conference, on the limits of occupancy.
# - **Next in the chapter:** a grid of elements speeds sparse matrices up only if their
#   zeros come in a pattern.
