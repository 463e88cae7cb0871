# %% [markdown]
# # 04 Execution units
#
# > The GPU has thousands of lanes and matrix units on top. Our kernel gets a sixteenth of its peak. Which of the two does it not use?
#
# Reading 30 min, doing 50 min.
#
# To answer that, you need to know what one instruction does on each kind of unit, and
# what makes a part of it idle: a branch, a scattered load, a shape that does not fit.
# Here a scalar machine, a SIMD unit, a warp and a matrix unit run the same small jobs,
# and every instruction, address and block is counted while they run.
#
# **You need before:** what a matrix product is, what a byte address is, vector units
# ([lab 03](03_compute_primitives.ipynb)), and the roofline ([lab 09](09_roofline.ipynb))
# for one cell near the end.
#
# **You can do after:** say how many instructions, sectors and blocks a kernel takes, find
# the lanes that idle, and choose shapes and formats that a matrix unit takes whole.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100, B200, H100, K20X, chip, execution
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.matrix.engage import alignment, engage, share_left
from labcore.matrix.unit import multiply, tile_cost
from labcore.ops import matmul
from labcore.plots.registry import show
from labcore.roofline import bound, least_time
from labcore.simt import kernels
from labcore.simt.memory import warp_access
from labcore.simt.warp import launch
from labcore.units import format_si

# %% [markdown]
# ## Predict
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
# ## By hand
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
#
# ## ReLU four ways
#
# Now the chapter's size, 512 elements: a scalar processor, SIMD units with 8 and with 16
# lanes, and a GPU with a thread for each element. Then 500 elements, which 32 does not
# divide: how many lanes idle in the last warp?

# %% name="relu-four-ways"
x = np.linspace(-1, 1, 512, dtype=np.float32)
y = np.zeros_like(x)
for width, name in ((1, "scalar"), (8, "SIMD"), (16, "SIMD"), (32, "SIMT, a warp")):
    run = launch(relu, 512, x, y, width=width)
    print(
        f"{name}, width {width}: {run.counts['max']} times the maximum",
        f"in {run.warps} groups",
    )
run = launch(relu, 500, x[:500], y[:500])
print(f"500 elements: {run.warps} warps, {run.utilization:.1%} of the lanes busy")
claims_at("04_execution_units#relu-four-ways")

# %% [markdown]
# SIMD and SIMT issue the same kind of instruction. They differ in who keeps the mask. A
# SIMD program computes it and names it in each instruction. A SIMT program is written for
# one thread, and the hardware derives the mask from what the threads do.
#
# ## One binary, any width: SVE
#
# Arm's SVE leaves the register's length to the chip, from 128 to 2048 bits. Listing 12
# computes $x^2 + x$ for one register. Its `ptrue` switches *all* lanes on, so alone it
# handles neither a longer array nor the rest at its end. The loop around it does, with a
# vector length that is set in every turn (in SVE, `whilelt` makes a predicate for that):


# %% name="sve"
from labcore.vector.machine import Machine


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
claims_at("04_execution_units#sve")

# %% [markdown]
# A wider register shortens the program, not the traffic. At a quarter of a FLOP for each
# byte this loop waits for memory on any machine.
#
# ## When lanes disagree
#
# A branch on data sends some lanes one way and some the other. The warp has one
# instruction stream, so it runs both sides, one after the other, under complementary
# masks: **divergence**. `warp.where` does that here: it is the hardware's reconvergence
# stack, written as a `with` block. Since 2017 NVIDIA's threads have a program counter
# each, so the two sides may take turns. They still share the issue slot, and the count
# stays the same.


# %% name="divergence-film"
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
show("divergence-film")

# %% [markdown]
# What does it cost? Let a warp of 32 take 1, 2, 4 and then 32 different ways through a
# switch, ten instructions in each. Where the sides are short, the cure is to compute both
# and select, without a branch. ReLU is the simplest case: a maximum instead of an if.

# %% name="warps"
for ways in (1, 2, 4, 32):
    issued = launch(kernels.switch, 32, ways, 10).counts["fma"]
    print(f"{ways} ways: {issued} instructions for 10, {1 - 10 / issued:.1%} lost")
x = np.where(np.arange(512) % 2, 1, -1).astype(np.float32)
y = np.zeros_like(x)
for name, kernel in (("branch", kernels.relu_by_branch), ("maximum", kernels.relu)):
    run = launch(kernel, 512, x, y)
    print(
        f"ReLU by {name}: {run.instructions} instructions,",
        f"{run.utilization:.1%} of the lanes busy",
    )
claims_at("04_execution_units#warps")

# %% [markdown]
# ## Explore: arrange the threads
#
# Half of 256 threads take the first side. Find the arrangement that costs nothing; the
# other two cost the same. Which of these two is cheaper when only 8 threads take the
# first side, and why? How much of the cost remains when one thread takes it? What follows
# for sorting work by kind before a launch?

# %%
from labcore.explore.execution import divergence_explorer

divergence_explorer(taking=128, second=16)

# %% [markdown]
# ## When lanes scatter
#
# Memory moves **sectors** of 32 B. A warp pays for each sector that any of its lanes
# touches, however little of it is used. The simulator counts sectors from the addresses.
#
# A column of a row-major matrix has a stride of a whole row, so 32 lanes that go down a
# column touch 32 sectors for 32 numbers. An array of structs does the same on a smaller
# scale: three floats for each point make a stride of 3 where three arrays would have 1.
# The last line reads the same 32 points field by field, once from each layout.

# %% name="coalescing-strides"
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
interleaved = [warp_access(3, offset=4 * field).transactions for field in range(3)]
separate = [warp_access(1, offset=4096 * field).transactions for field in range(3)]
print(f"array of structs: {interleaved} sectors, struct of arrays: {separate}")
show("coalescing-strides")

# %% [markdown]
# ## Explore: stride, size and start
#
# Find (1) a load whose 32 lanes touch one sector only, in two different ways; (2) the
# stride from which more distance costs nothing more, for each element size; (3) a load at
# stride 1 that moves more than it uses.

# %%
from labcore.explore.execution import coalescing_explorer

coalescing_explorer(stride=3)

# %% [markdown]
# ## A thread for each output
#
# Listing 13 is a CUDA kernel: each thread finds its row and its column from its place in
# the grid, adds up $A_{row,k} B_{k,col}$ in a loop over $k$, and writes one element of $C
# = AB$. Here is the same in our words. Neighbouring threads hold neighbouring columns, so
# a warp reads one element of $A$ (a broadcast) and a stretch of a row of $B$ (coalesced).
# Then the roles are swapped: neighbours hold neighbouring *rows*, and the same loop
# scatters. What changes: the result, the instructions, the sectors?


# %% name="simt-matmul"
def simt_matmul(warp, C, A, B, N, along):
    row, col = warp.thread // N, warp.thread % N
    if along == "rows":
        row, col = col, row
    total = warp.register(0.0)
    for k in range(N):
        total.fma(warp.load(A, row * N + k), warp.load(B, k * N + col))
    warp.store(C, row * N + col, total)


N = 64
A, B = np.arange(2 * N * N, dtype=np.float32).reshape(2, N, N) % 5
for along in ("columns", "rows"):
    C = np.zeros(N * N, np.float32)
    run = launch(simt_matmul, N * N, C, A.ravel(), B.ravel(), N, along)
    right = np.array_equal(C.reshape(N, N), A @ B)
    print(f"neighbours hold neighbouring {along}; equals A @ B: {right}")
    print(f"  {run.counts['fma']:,} fma, {run.counts['load']:,} loads,", end=" ")
    print(f"{run.instructions:,} instructions in all, {run.sectors:,} sectors,", end=" ")
    print(f"{2 * N**3 / run.bytes_moved:.2f} FLOP for each byte moved")
claims_at("04_execution_units#simt-matmul")

# %% [markdown]
# Two loads and a good deal of address arithmetic surround each fused multiply-add. With
# the roles swapped, result and instructions stay the same, and 41,472
# sectors become 274,432. A cache softens the difference, since neighbouring turns of the
# loop reuse a sector, but only while all of them fit.
#
# ## Enough warps to wait
#
# A GPU does not make a load faster. It issues from another warp meanwhile. To hide a
# latency of $n$ cycles with one instruction a cycle it needs $n$ warps, or $n / s$ where
# each warp has $s$ independent instructions under way
# ([Little's law](../docs/glossary.md#little-s-law)). How many warps there are is decided
# by registers and shared memory. The share of a multiprocessor's places for warps that
# are filled is its **occupancy**.

# %% name="occupancy"
from labcore.simt.occupancy import issue_cycles, occupancy, warps_to_hide

for registers in (32, 64, 128, 255):
    held = occupancy(threads=256, registers=registers)
    print(f"{registers} registers a thread: {held.warps} warps,", end=" ")
    print(f"occupancy {held.share:.1%}, {held.binds} bind")
for warps, independent in ((1, 1), (2, 1), (4, 1), (1, 4)):
    cycles = issue_cycles(warps, instructions=100, latency=4, independent=independent)
    print(f"{warps} warp(s), {independent} independent, latency 4:", end=" ")
    print(f"{cycles} cycles, {100 * warps / cycles:.1%} of them issue")
print("warps for a latency of 400:", warps_to_hide(400), end=" ")
print("or, ten loads at once,", warps_to_hide(400, 10))
claims_at("04_execution_units#occupancy")

# %% [markdown]
# Footnote 19 infers too much: that at low occupancy the units idle, so that memory binds.
# One warp with one independent instruction is the counterexample. Each of its additions
# waits 4 cycles for the one before; the scheduler idles three cycles of four, and memory
# is never touched. And one warp with four independent instructions needs no company:
# [Volkov (2010)](../docs/references.md#volkov2010) came close to the peak of real GPUs at
# low occupancy in that way.
#
# ## Blocks instead of lanes
#
# A tensor core takes a block of $A$ and a block of $B$ and adds their product to a block
# of $C$: one instruction for thousands of multiply-accumulates. The smallest case is 17
# rows on blocks of 16. Products of two halves are exact in FP32, and FP32 sums them. With
# an FP16 accumulator a long sum stops growing; [lab 07](07_numerics.ipynb) says why.

# %%
A, B = np.ones((17, 16)), np.ones((16, 16))
run = multiply(A, B, tile=(16, 16, 16), fmt="fp16")
print("equals A @ B:", np.array_equal(run.C, A @ B), "- sums kept in", run.accumulate)
print(
    f"{run.blocks} blocks, {run.macs_issued} MACs issued for {run.macs}:",
    f"{run.utilization:.1%} useful",
)
ones = np.ones((1, 4096)), np.ones((4096, 1))
for accumulate in ("fp32", "fp16"):
    total = multiply(*ones, accumulate=accumulate).C[0, 0]
    print(f"4096 ones, summed in {accumulate}: {total:.0f}")
eights = np.full((1, 1000), -128), np.full((1000, 1), -128)
total = multiply(*eights, fmt="int8")
print(f"int8 times int8, 1000 terms: {total.C[0, 0]} in {total.accumulate}")

# %% [markdown]
# One attention head of the chapter, $QK^T$ for 2048 tokens of 64 dimensions. How many
# instructions is it for warps, and for blocks? The chapter gives 268.4 ms for a scalar
# processor and *under* 0.5 ms with tensor cores. What is it for one tensor core, and for
# all of them?

# %% name="qk-product"
head, tile = matmul(2048, 64, 2048), execution.WMMA_TILES[0]
print(f"{head.macs / 1e6:.1f} M MACs, {head.flop / 1e6:.1f} MFLOP;", end=" ")
print(f"{head.macs // 32:,} warp instructions of an fma each, or", end=" ")
print(f"{tile_cost(2048, 2048, 64, tile).blocks:,} blocks of 16 x 16 x 16")
sm, scalar = execution.SM_A100, head.flop / 2e9  # 1 FLOP a cycle at 2 GHz
one = head.flop / (2 * sm.macs_per_clock.value * sm.clock.value)
cores = sm.tensor_cores.value * sm.count.value
traffic = least_time(head.flop, head.D_vol, A100.peak("fp16"), A100.BW)
for name, T in {
    "scalar": scalar,
    "one tensor core": one,
    f"all {cores:.0f}": one / cores,
    f"all, {bound(head.I, A100.ridge('fp16'))}-bound": traffic,
}.items():
    print(f"{name}: {format_si(T, 's')}, {scalar / T:,.0f}x")
claims_at("04_execution_units#qk-product")

# %% [markdown]
# Every number reproduces. Two pairs look alike: 268.4 M MACs and 268.4 ms, 536.9 MFLOP
# and 536.9x. That is an accident of round figures, 2 GFLOP/s and half a millisecond. The
# 536.9x is no measurement but a lower bound, since the tiled time is only said to be
# *under* 0.5 ms. A single tensor core does not make it. The whole chip is two orders of
# magnitude below it, and then waits for memory.
#
# ## The instruction itself
#
# Listing 14 shows `mma.sync` with a shape of 16 x 16 x 16, FP16 in and out, and four
# registers a thread for each of D, A, B and C. Which shapes does it have (without Volta's
# m8n8k4), and what does one instruction replace? The warp's 32 threads hold a block
# together, and a register holds two FP16 elements, so 64 elements take one register a
# thread. The third line is `wmma`, another instruction.

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
# ## Shapes that fit
#
# Tensor cores like dimensions that fill whole stretches of 16 B: multiples of 8 elements
# at FP16, of 16 at INT8. Others are padded. On blocks of 16 x 16 x 16, 500 and 512 take
# the same blocks, so the same time; 500 gets less done in it. The shares depend on the
# tile. The figure draws two others: that of `mma`, whose blocks are 8 wide, so that 500
# columns are padded to fewer than 512 and the share at 500 is higher; and a thread
# block's, 128 x 128 x 32, where it is the same as above.

# %% name="alignment"
for n in (500, 512, 513):
    cost, over = tile_cost(n, n, n), n % alignment("fp16")
    print(
        f"{n}: {cost.blocks} blocks, {cost.utilization:.1%} useful;",
        f"{over} more than a multiple of {alignment('fp16')}",
    )
display(show("tile-efficiency"))
claims_at("04_execution_units#alignment")

# %% [markdown]
# ## Explore: the saw
#
# Beyond the first tooth, which number of rows has the least useful work for each tile,
# and why just there? Then take the thread block's tile and a batch of 1 row: which share
# is useful, and what would 64 rows cost instead?

# %%
from labcore.explore.execution import tile_explorer

tile_explorer(tile="thread block, 128 x 128 x 32", M=300, N=512, K=512)

# %% [markdown]
# ## Formats that fit
#
# The format decides before the shape does. The chip must have the format, and it must
# have a tile for it; otherwise the vector units do the work, or nothing does.

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
# ## At real size
#
# All matrix products of GPT-2 XL on `mma` blocks, in
# [decode steps](../docs/glossary.md#decode-step) and in
# [prefill](../docs/glossary.md#prefill). How much of the block work is useful at one
# token for one reader, at one for each of 16 readers, and at 512 for one? Which two
# products waste most?

# %%
from labcore.models.zoo import build

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
# vocabulary's odd column is left.
#
# ## Where the rule fails
#
# Are the empty rows why decoding is slow? "Fill the blocks" is right where arithmetic
# binds. At batch 1 it does not. The weights have to come from memory, and the blocks
# wait, full or not:

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
# readers' tokens is free arithmetic on these weights. Alignment matters from the
# [ridge point](../docs/glossary.md#ridge-point) on, where the roofline is flat.
#
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
#
# ## Processing elements
#
# Vector lanes, a matrix unit and memory beside them make a processing element. Designs
# differ in how much memory each one has for itself.
#
# **Table 7** compares four processors and prints one tile for each of three: 4 x 4 x 4
# for the A100, 128 x 128 for the TPU v4, 32 x 32 for Sapphire Rapids. Does that make
# their peaks? Read each tile as that many multiply-accumulates a clock, in every tensor
# core of the A100 and in every core of the others, and multiply out, in the second cell.

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
    f"A100 multiprocessor: up to {sm.shared.value / 2**10:.0f} KiB shared",
    f"and {sm.registers.value * 4 / 2**10:.0f} KiB registers",
)
claims_at("04_execution_units#elements")

# %% name="table-7"
from labcore.matrix.engage import macs_per_clock, tensor_peak

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
display(show("table-7-rates"))
claims_at("04_execution_units#table-7")

# %% [markdown]
# Three of the four pairs of bars disagree, each for a reason of its own. The A100's tile
# is that of the V100, 64 MACs a clock where the A100 does 256: a factor of 4. The TPU
# v4's tile is right, and its row reproduces, but each core has 4 such arrays, which the
# table leaves out: a factor of 4 as well. Intel's 32 x 32 is the rate of the unit at
# INT8, 1024 MACs a clock, twice its rate at BF16, and the shape of its tile at neither.
#
# The source read for the D1 presents it as a chip for *training* in a data centre. The
# chapter's "real-time autonomous vehicle workloads" run on another chip, in the car.
#
# ## Settled
#
# Your predictions beside what the machines counted, and the statements of the section
# that do not stand as printed:

# %%
busy = 10 / launch(kernels.switch, 32, 2, 10).counts["fma"]
one_past = tile_cost(33, 33, 33).blocks / tile_cost(32, 32, 32).blocks
display(
    compare("04-divergence", 100 * busy, "%"),
    compare("04-stride", 100 * warp_access(8).efficiency, "%"),
    compare("04-one-past", 100 * one_past, "%"),
)
departures("04_execution_units")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. A ReLU on 1000 elements, one thread each, in warps of 32. How many warps, and how
#    many lanes idle in the last one? Answer with a pair, such as `(10, 3)`.
# 2. A branch has 30 instructions on one side and 10 on the other. In every warp some
#    lanes take each. How many of these instructions does a warp issue?
# 3. A warp reads one double (8 B) a lane at stride 2, from an aligned start. How many
#    sectors of 32 B does it touch?
# 4. A kernel with thread blocks of 128 takes 64 registers a thread on an A100. What is
#    its occupancy? Answer with a number from 0 to 1.
# 5. A 100 x 100 by 100 x 100 product runs on blocks of 16 x 16 x 16. How many block
#    operations does it take?
# 6. A team's FP32 training reaches a sixteenth of the A100's FP16 peak. What helps first?
#    (a) Larger thread blocks. (b) Batch sizes that are multiples of 8. (c) TF32 or BF16
#    operands, so that tensor cores engage. (d) Sorting threads by branch. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("execution-1", ...),
    selfcheck("execution-2", ...),
    selfcheck("execution-3", ...),
    selfcheck("execution-4", ...),
    selfcheck("execution-5", ...),
    selfcheck("execution-6", ...),
    progress("execution"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/04_execution_units.ipynb](../my/04_execution_units.ipynb), about an
#   hour, from counting warps to choosing a tile. Your copy lies in `my/` once JupyterLab
#   was opened with `make lab`; check it with `labcore grade my/04_execution_units.ipynb`.
# - **At work:** `labcore specs A100 H100` lists the peak of each format, vector or tensor
#   core, dense, with its source.
# - **Read:** [Lindholm et al. (2008)](../docs/references.md#lindholm2008), on warps and
#   masks; [Volkov (2010)](../docs/references.md#volkov2010), "Better Performance at Lower
#   Occupancy", on the limits of occupancy.
# - **Next:** [05 Sparsity](05_sparsity.ipynb): a grid of elements speeds sparse matrices
#   up only if their zeros come in a pattern.
