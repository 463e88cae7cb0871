# %% [markdown]
# # 06 Systolic arrays
#
# > The chip has 16,384 multipliers in one block. Our layer is 129 wide, and half of them do nothing. Where did they go?
#
# Reading 30 min, doing 50 min.
#
# A systolic array is a grid of small processing elements (PEs). Each holds a few numbers,
# multiplies and adds once a cycle, and hands numbers to its neighbours. Nothing else can
# reach into the grid: operands enter at the edge and walk. That makes it cheap to feed,
# and fussy about shapes. This lab builds one, steps it cycle by cycle, and then counts on
# sizes at which nobody steps.
#
# **You need before:** what a matrix product is, and what a register is. FLOP and bytes
# ([lab 09](09_roofline.ipynb)) help, and are not required.
#
# **You can do after:** say for any layer and any array how many cycles it takes and which
# part of them is work, how often each operand is read, and which width to choose.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import TPU_V4, arrays, execution
from labcore.claims.ledger import claim, claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.systolic import array_stepper, fringe_explorer
from labcore.plots.registry import show
from labcore.systolic import DATAFLOWS, coverage, cycles, simulate, traffic, utilization

# %% [markdown]
# ## Predict
#
# Three guesses, before anything is shown. An *8 x 8 array* has 64 PEs, each of which can
# do one multiply-accumulate (MAC) in a cycle. Its cycles count until the last result
# has left the array. A *lane* is a column of the array: the place of one column of the
# layer's weights.

# %%
display(
    predict("06-cycles", "8 x 8 x 8 product on an 8 x 8 array", "cycles"),
    predict("06-fringe", "Lanes busy: 257 columns on an array of 128", "%"),
    predict("06-one-row", "Use of a 128 x 128 array by one row of inputs, at most", "%"),
)

# %% [markdown]
# ## By hand
#
# Multiply two 2 x 2 matrices on a 2 x 2 array. The rows of A enter from the left, the
# columns of B from above, and each PE adds up the element of C at its place. For that,
# $A_{ik}$ and $B_{kj}$ must meet in PE$(i, j)$, so the second row and the second column
# start one cycle late. Fill in a table on paper: for each cycle, what does each PE
# multiply? Then look.

# %%
A = np.array([[2, 4], [1, 5]])
B = np.array([[1, 3], [6, 2]])
run = simulate(A, B, rows=2, cols=2, dataflow="os", states=True)
for state in run.states:
    print(f"cycle {state.cycle}, {state.phase}:")
    for i, j in np.ndindex(2, 2):
        held = [
            f"{name} = {state.values[name][i, j]}"
            for name in "ABC"
            if state.present[name][i, j]
        ]
        mark = "MAC" if state.busy[i, j] else "   "
        print(f"  PE({i},{j}) {mark} {', '.join(held)}".rstrip())
print("C =", run.C.tolist())

# %% [markdown]
# The first rows of A and of B are those of the chapter's example; the second rows are
# ours. In cycle 1 only PE(0,0) works. In cycle 2, A's 2 has moved on to meet B's 3, and
# the 4 has come in behind it. The last corner finishes in cycle 4. Then the sums still
# stand in the array, and in two cycles of *unload* they shift out at the bottom.

# %% name="two-by-two"
print("busy PEs by cycle:", run.busy)
print(f"{run.macs} MACs in {run.cycles} cycles of 4 PEs: {run.utilization:.1%}")
claims_at("06_systolic_arrays#two-by-two")

# %% [markdown]
# "A MAC in every cycle" is what a PE *can* do. Whether it does is a matter of shape, and
# most of this lab is about that.
#
# ## Explore: put in your own
#
# Step with the arrow keys. The first stepper holds the matrices above: find (1) the
# cycles in which most PEs work. The second makes matrices of the sizes that you choose:
# find (2) M, K and N for which, at some moment, *all* PEs of a 2 x 2 array work, and (3)
# what changes with the dataflow. `os`, `ws` and `is` say what stays in the PEs: the
# outputs (C), the weights (B) or the inputs (A). What stays is first loaded from above,
# *preload*, or at last shifted out, *unload*. A product larger than the array comes in
# tiles, one after another. `array_stepper(A=[[...]], B=[[...]])` takes matrices of yours,
# up to 6 x 6.

# %%
array_stepper(A=A, B=B)

# %%
array_stepper(dataflow="ws")

# %% [markdown]
# **What is to be found.** (1) Cycles 2 and 3, with three of four PEs; the fourth sits at
# the far corner. (2) With `os` two rows of A, two columns of B and K = 3: the first PE
# must still be at work when the last one begins, in cycle 3. (3) The long size is the one
# that streams: M = 3 in `ws`, N = 3 in `is`, with 2 for the others.
#
# ## What moves, and what stays
#
# A PE has three registers, one each for A, B and C. One of the three stays where it is,
# one moves right, one moves down. The array is named after the one that stays. All three
# machines fit in one table. When sums move, each takes one term in each row that it
# passes, and the finished sum falls out at the bottom. The chapter's Figure 8 shows this
# kind.
#
# The chapter also says that a weight is used "dozens" of times, and that this saves
# "hundreds" of accesses. To check such words, the lab takes a least number for each,
# and prints it with the count:

# %% name="what-moves"
for name, flow in DATAFLOWS.items():
    print(f"{name}, {flow.name}: {flow.stays} stays,", end=" ")
    print(f"{flow.right} moves right, {flow.down} moves down;", end=" ")
    print(f"rows hold {flow.rows}, columns hold {flow.cols}, {flow.streams} streams")
for id in ("systolic-dozens-of-uses", "footnote-26-weight-reuse"):
    said = claim(id)
    least = said.claim.printed.least
    print(f'"{said.claim.printed.text}": at least {least}; counted {said.computed}')
display(show("systolic-array"))
claims_at("06_systolic_arrays#what-moves")

# %% [markdown]
# The uses of a weight are more than the first number, and the accesses that it avoids, one
# fewer, more than the second. The chapter's figure and its list of a PE's four steps describe two
# different machines. Both are systolic arrays, and the rest of the lab keeps them apart.
#
# Here is each dataflow at work on the same product. The number below a frame counts the
# busy PEs.

# %% name="array-occupancy"
show("array-occupancy")

# %% [markdown]
# In every strip the work is a wave. It crosses rows and columns to the far corner, and
# leaves as slowly: **fill and drain**. Before it comes the preload of an operand that
# stays, or after it the unload of sums.
#
# ## Cycles without stepping
#
# Let a tile of $m \times n$ lie on an array of $r$ rows, and let what streams be $s$
# long.
#
# - Output stationary: $s + m + n - 2$ cycles until the last corner is done, then $r$ to
#   unload the results.
# - Weight or input stationary: $r$ to preload, then $s + r + n - 2$, because sums fall
#   through all rows, used or not.
#
# A larger product takes several tiles, **folds**, one after another. Registers moved one
# by one, the fast version and the formula must agree. Then K grows: how much work hides
# the fill?

# %%
from labcore.systolic import stream

rng = np.random.default_rng(6)
for M, K, N in [(2, 2, 2), (1, 9, 1), (5, 1, 7), (13, 8, 9), (33, 40, 17)]:
    X, Y = rng.integers(-9, 9, (M, K)), rng.integers(-9, 9, (K, N))
    for flow in DATAFLOWS:
        slow, fast = simulate(X, Y, 8, 8, flow), stream(X, Y, 8, 8, flow)
        assert np.array_equal(slow.C, X @ Y)
        assert np.array_equal(fast.C, X @ Y)
        assert slow.cycles == fast.cycles == cycles(M, K, N, 8, 8, flow)
        assert (slow.reads, slow.writes) == traffic(M, K, N, 8, 8, flow)
    counts = [cycles(M, K, N, 8, 8, flow) for flow in DATAFLOWS]
    print(f"({M}, {K}) @ ({K}, {N}) on 8 x 8: cycles os, ws, is = {counts}")
for K in (8, 128, 1024, 4096, 65536):
    share = utilization(128, K, 128, 128, 128)
    print(f"128 x {K} x 128 on 128 x 128: {share:.1%} of the array")

# %% [markdown]
# Change the sizes and the array; the assertions hold, or you have found a bug.
#
# ## Why anyone builds this: the energy of fetching
#
# **Napkin Math 1.1.** Fetching a word from DRAM costs hundreds of times the energy of
# multiplying it. A unit that keeps nothing fetches two operands and the sum, and stores
# the sum. An array fetches an operand once and uses it in a whole row or column.

# %% name="pulsing-energy"
from labcore.systolic import energy_per_mac, gemm, reuse

E_word, E_mac = arrays.DRAM_WORD.value, arrays.MAC.value
vector = energy_per_mac(4, E_word, E_mac)
tile = gemm(np.ones((128, 4096)), np.ones((4096, 128)), rows=128, cols=128)
edge = (tile.reads["A"] + tile.reads["B"]) / tile.macs
array = energy_per_mac(edge, E_word, E_mac)
print(f"a word from DRAM {E_word * 1e12:.0f} pJ, a MAC {E_mac * 1e12:.0f} pJ")
print(f"vector unit: 4 accesses, {vector * 1e12:.0f} pJ a MAC")
print(f"array: {edge:.6f} reads, {array * 1e12:.0f} pJ a MAC")
print(f"ratio {vector / array:.1f}")
print("MACs for each word that crosses the edge:", reuse(tile))
claims_at("06_systolic_arrays#pulsing-energy")

# %% [markdown]
# The ratio is right for a product so large that its results hardly count: the array is
# charged for none, while the vector unit is charged for reading and storing its sums. The
# figure charges both alike, and lets the product shrink. Then
# change the energies: how much of the ratio is left when words come from SRAM, at a
# hundredth of DRAM's energy? (An illustrative figure; [lab 08](08_memory_systems.ipynb)
# has measured ones.)

# %%
near = claim("systolic-energy-ratio", E_dram=E_word / 100).computed
print(f"ratio with operands from SRAM: {near:.1f}")
show("pulsing-energy")

# %% [markdown]
# A 128 x 128 array on an 8 x 8 product pays exactly what an 8 x 8 array pays on a large
# one: what counts is how many PEs a word *meets*. With a single column (N = 1) the words
# of A meet one PE each.
#
# ## Tiles: from a large product to a small array
#
# A 4096 x 4096 matrix does not fit on 128 x 128 PEs, nor in the memory beside them. So
# the product is cut into [tiles](../docs/glossary.md#tile). For each tile of C the
# accumulator is cleared, pairs of tiles of A and B are loaded and multiplied into it, and
# the tile is written once. That is the chapter's Algorithm 1, and `tiled_matmul` runs it
# on the array and counts its loads.

# %%
from labcore.systolic import tiled_matmul

X, Y = rng.integers(-9, 9, (32, 32)), rng.integers(-9, 9, (32, 16))
for t in (4, 8, 16):
    on = tiled_matmul(X, Y, tile=(t, t, t), rows=t, cols=t, on=simulate)
    assert np.array_equal(on.C, X @ Y)
    print(f"tiles of {t}: {on.products} tile products, loads {on.loads},", end=" ")
    print(f"{on.macs_per_word:.2f} MACs a word")

# %% [markdown]
# A tile twice as wide halves the loads of both operands. On the chapter's size the same
# loop does not need to be run to be counted. Each element of A is loaded once for every
# column of tiles, and each of B once for every row of tiles.
#
# What a tile costs in cycles depends on how long the array may stream before it stops. A
# tile product of K = 128 fills and drains for each 128; if the accumulation over K goes
# on without a pause, the array does it once for each tile of C:

# %% name="algorithm-1"
n, t = 4096, 128
tiles = n // t
loads, stores = 2 * n * n * tiles, n * n
print(f"{tiles} x {tiles} = {tiles**2} tiles of C, {tiles**3} tile products")
print(f"loads {loads:,} words, stores {stores:,} words")
print(f"{2 * n**3 / (2 * (loads + stores)):.1f} FLOP/B at two bytes a word")
for K, products in ((t, tiles**3), (n, tiles**2)):
    ticks = products * cycles(t, K, t, t, t)
    print(f"{products:,} products of K = {K}: {ticks:,} cycles,", end=" ")
    print(f"{n**3 / ticks / t**2:.1%} of the array")
claims_at("06_systolic_arrays#algorithm-1")

# %% [markdown]
# 1,024 is the number of tiles in one matrix. Each tile of C takes 32 pairs, a tile of A
# and one of B, so there are 32 times as many tile products. And "128 times for every
# byte" holds for every *element*.
#
# ## The fringe
#
# 129 columns on 128 lanes take two tiles, and the second has one column. The chapter's
# margin draws that as a cliff. Here is the function.

# %% name="fringe"
for width in (64, 128, 129, 256, 257):
    print(f"width {width}: {coverage(width, 128):.1%} of the lanes")
display(show("fringe-cliff"))
claims_at("06_systolic_arrays#fringe")

# %% [markdown]
# The idle 127 are columns: 127 x 128 PEs wait while 128 work. And there is no plateau to
# fall from. A layer 64 wide wastes as much as one 129 wide, at any batch.
#
# ## Explore: columns for nothing
#
# At N = 129, how many cycles do 127 further columns cost? Find (1) the side of the array
# on the slider at which the fewest lanes idle for N = 129, and how many cycles the
# product takes there beside those on side 128, (2) the dataflow in which N has no fringe,
# and what a small N costs there, (3) in `os` and with N = 128, the K at which full tiles
# use half of the array, and which size decides that in `ws`.

# %%
M, K = 4096, 128
for side in (8, 32, 128, 256):
    ticks = cycles(M, K, 129, side, side, "ws")
    print(f"side {side}: {coverage(129, side):.1%} of the lanes, {ticks:,} cycles")
for N in (1, 129, 256):
    ticks, share = (f(M, K, N, 128, 128, "is") for f in (cycles, utilization))
    print(f"is, N = {N}: {ticks:,} cycles, {share:.1%} of the array")
for flow in ("os", "ws"):
    half = {
        name: utilization(*sizes, 128, 128, flow)
        for name, sizes in (("K", (M, 382, 128)), ("M", (382, K, 128)))
    }
    print(flow, ", ".join(f"{name} = 382: {share:.1%}" for name, share in half.items()))
fringe_explorer()

# %% [markdown]
# **What is to be found.** (1) Side 8, where 129 columns are 17 tiles and the last has one;
# 94.9 % of the lanes work, and the product takes 127 times the cycles, since so few PEs
# are there. (2) `is`: N streams. But then preload, fill and drain are paid for N alone: at
# N = 1 nearly the whole time. (3) K = 382, as many as a full tile takes to fill, drain and
# unload. In `ws` M streams, so M decides.
#
# ## Which one should stay?
#
# Every dataflow does the same MACs. What differs is what enters the array how often.
# Three layers, one of each kind in Table 5:

# %% name="table-5"
layers = {
    "convolution (ResNet-50, 3 x 3, 64 channels)": (3136, 576, 64),
    "large batch (4096 rows)": (4096, 1024, 1024),
    "attention projections (512 tokens, Q K V)": (512, 768, 2304),
}
for name, (M, K, N) in layers.items():
    print(f"{name}: ({M}, {K}) @ ({K}, {N})")
    for flow in DATAFLOWS:
        reads, writes = traffic(M, K, N, 128, 128, flow)
        words = sum(reads.values()) + sum(writes.values())
        ticks, share = (f(M, K, N, 128, 128, flow) for f in (cycles, utilization))
        print(
            f"  {flow}: {ticks:,} cycles, {share:.1%}; {words / 1e6:.2f} M words at the edge"
        )
claims_at("06_systolic_arrays#table-5")

# %% [markdown]
# Each stationary operand is read, or written, once; that much of the table holds always.
# Which workload gains is a question of sizes and not of a name: the words at the edge
# follow from M, K, N and the array. Weight stationary does well where M is long, as in
# convolutions *and* in the large batch, which the table gives to output stationary: there
# it takes the fewest cycles and the fewest words. Count on your own shapes before you
# believe a table, this lab's included.
#
# ## Feeding the array
#
# Streaming both operands into a 128 x 128 array takes 256 words a cycle. A TPU v4 has
# eight such arrays and one memory.

# %% name="feeding"
one = claim("systolic-feed-bandwidth").computed
chip = claim("systolic-feed-bandwidth-chip").computed
clock = execution.TPU_V4_CLOCK.value
print(f"256 words of 2 B in a cycle, {clock / 1e9} G cycles a second")
print(f"one array {one:.0f} GB/s, eight {chip:.0f} GB/s")
print(f"memory {TPU_V4.BW / 1e9:.0f} GB/s")
print("sides of other arrays:", end=" ")
print(f"TPU v1 {arrays.TPU_V1_SIDE}, v6e {arrays.TPU_V6E_SIDE},", end=" ")
print(f"Gemmini by default {arrays.GEMMINI_SIDE}")
claims_at("06_systolic_arrays#feeding")

# %% [markdown]
# The memory's 1200 GB/s are enough for one array, so the first statement stands. They do
# not feed eight from outside in each cycle. The array alone does not save the memory:
# tiles must also stay on chip between folds, which is the subject of
# [lab 14](14_tiling.ipynb).
#
# ## At real size
#
# ResNet-50, each convolution as the matrix product that
# [im2col](../docs/glossary.md#im2col) makes of it, on a 128 x 128 array:

# %%
from labcore.models.zoo import build
from labcore.systolic import network_cycles

network = build("resnet50")
macs = sum(layer.count * layer.op.macs for layer in network.layers)
for flow in DATAFLOWS:
    ticks = sum(network_cycles(network, 128, 128, flow).values())
    print(f"{flow}: {ticks:,} cycles, {macs / (ticks * 128**2):.1%} of the array")

# %%
from labcore.systolic.layers import as_products

by_layer = network_cycles(network, 128, 128, "ws")
used = {
    layer.name: layer.count * layer.op.macs / (by_layer[layer.name] * 128**2)
    for layer in network.layers
    if layer.op.macs
}
shape_of = {layer.name: layer.op for layer in network.layers}
for name in sorted(used, key=used.get)[:4] + sorted(used, key=used.get)[-2:]:
    M, K, N, _ = as_products(shape_of[name])
    print(f"{name}: ({M}, {K}) @ ({K}, {N}), {used[name]:.1%}")
for M in (49, 3136):
    ticks = cycles(M, 128, 128, 128, 128, "ws")
    print(
        f"{M} rows on one tile of weights: {ticks} cycles, {M / ticks:.1%} of the array"
    )

# %% [markdown]
# Weight stationary streams the rows of A past each tile of weights. Layer 4 has 49 of
# them, far fewer than the cycles of preload, fill and drain, and its 11.4 % is what one
# full tile gives. With the 3136 of layer 2 the same cycles hardly show. Its 89.1 % is
# again the share of one full tile.
#
# ## Where the rule fails
#
# **One row.** A language model that writes for one reader multiplies one row by every
# weight. At any moment at most 128 PEs have work: a row of the array (`os`), a column
# (`is`), or a diagonal (`ws`), along which the row of inputs passes all columns, one cycle
# each.
#
# **One filter for each channel.** A depthwise convolution is not one product but one for
# each channel, with a single column. The last line counts MobileNetV2's:

# %%
for flow in DATAFLOWS:
    print(f"{flow}: {utilization(1, 4096, 4096, 128, 128, flow):.2%} of the array")
print(f"no dataflow passes 128 of {128**2} PEs, {128 / 128**2:.2%}")
mobile = build("mobilenetv2")
ticks = network_cycles(mobile, 128, 128, "ws")
deep = [layer for layer in mobile.layers if layer.op.shape.get("groups", 1) > 1]
share_macs = sum(layer.count * layer.op.macs for layer in deep) / mobile.macs
share_cycles = sum(ticks[layer.name] for layer in deep) / sum(ticks.values())
print(f"depthwise layers: {share_macs:.1%} of the MACs, {share_cycles:.1%} of the cycles")

# %% [markdown]
# **A simulator is a model too.** SCALE-Sim is the best-known simulator of such arrays.
# Its version 3.0.0 charges every fold as a full tile, takes results out of an
# output-stationary array in no time, and reports the index of the last cycle, counted
# from 0. `scalesim_cycles` reproduces its numbers. Compare on one PE, and on a large
# product.
#
# **Numbers.** Sums of INT8 products do not fit INT8, so the array adds them up in 32
# bits. It turns away what would spread over a whole row or column of the result, such as
# a NaN:

# %%
from labcore.systolic import scalesim_cycles

for K in (3, 8, 100):
    theirs, ours = scalesim_cycles(1, K, 1, 1, 1), cycles(1, K, 1, 1, 1)
    print(f"{K} MACs on one PE: {theirs} cycles ({K / theirs:.0%} of it), ours {ours}")
theirs, ours = (f(4096, 4096, 4096, 128, 128) for f in (scalesim_cycles, cycles))
print(f"4096^3 on 128 x 128: {theirs:,}, ours {ours:,} ({ours / theirs - 1:.1%} more)")
small = simulate(np.full((1, 4), 127, np.int8), np.full((4, 1), 127, np.int8), 2, 2)
print(f"largest int8 {np.iinfo(np.int8).max}; sum {small.C.item()} in {small.C.dtype}")
try:
    simulate(np.array([[1.0, np.nan]]), np.ones((2, 1)), 2, 2)
except ValueError as error:
    print(error)

# %% [markdown]
# More than 100 % of a machine is a sign that something was not counted. On large products
# the difference is small; on small ones it is the result.
#
# ## Your machine
#
# Your computer steps the array in software. How many PE-updates a second, and how many
# times slower is that than one array of a chip? What appears below is yours, and not kept
# in the notebook.

# %%
import time

from ipywidgets import HTML
from labcore.explore.predict import Shown

X, W = np.ones((4096, 128), np.float32), np.ones((128, 128), np.float32)
start = time.perf_counter()
timed = stream(X, W, 128, 128, "ws")
seconds = time.perf_counter() - start
rate = timed.cycles * 128**2 / seconds
Shown(
    "PE-updates a second on your machine: run the cell to see them.",
    HTML(
        f"{rate / 1e9:.2f} G PE-updates/s; an array of 128 x 128 at 1 GHz: {128**2} G, "
        f"{128**2 * 1e9 / rate:,.0f} times as many"
    ),
)

# %% [markdown]
# ## Settled
#
# The layer of the first line is 129 wide. It takes two tiles, so 256 lanes are paid for
# and 127 idle; 127 more columns would cost hardly more time. So choose a width at a
# multiple of the array's side, or stay at the multiple below. Your predictions beside
# what the lab computed, and the statements of the section that do not stand as printed:

# %%
more = cycles(4096, 128, 256, 128, 128, "ws") / cycles(4096, 128, 129, 128, 128, "ws")
print(
    f"129 columns on 128 lanes: {coverage(129, 128):.1%}; 256 take {more - 1:.1%} longer"
)
print("8 x 8 x 8 on 8 x 8: 8 to stream, 14 more to the far corner, 8 to unload")
display(
    compare("06-cycles", cycles(8, 8, 8, 8, 8), "cycles"),
    compare("06-fringe", 100 * coverage(257, 128), "%"),
    compare("06-one-row", 100 / 128, "%"),
)
departures("06_systolic_arrays")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. A 64 x 64 array works on a full tile, output stationary, with K long. How many words
#    of A and B together enter for each MAC?
# 2. How many cycles does (2, 3) @ (3, 2) take on a 2 x 2 array, output stationary, until
#    the last result has left?
# 3. A layer of 300 channels runs on 128 lanes. What share of the *third* tile's lanes
#    idles, in per cent?
# 4. Why does a 4096 x 4096 product have to be cut for a 128 x 128 array? (a) Tiles need
#    fewer MACs. (b) The array has a fixed size and the memory beside it is small. (c) A
#    sum must not be wider than a tile. (d) DRAM can only be read in blocks. A letter in
#    quotes.
# 5. (4096, 128) @ (128, 128) on a 128 x 128 array, B being the weights. Which dataflow
#    reads the weights least often: `"os"`, `"ws"` or `"is"`?
# 6. One row of 4096 inputs times 4096 x 4096 weights on a 128 x 128 array. What share of
#    the PEs can work at most, in per cent, whatever stays?

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("systolic-1", ...),
    selfcheck("systolic-2", ...),
    selfcheck("systolic-3", ...),
    selfcheck("systolic-4", ...),
    selfcheck("systolic-5", ...),
    selfcheck("systolic-6", ...),
    progress("systolic"),
)

# %% [markdown]
# What the chapter's own self-check states on arrays, recomputed:

# %% name="self-check"
claims_at("06_systolic_arrays#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/06_systolic_arrays.ipynb](../my/06_systolic_arrays.ipynb), about an
#   hour, from the skew at the edge to the choice of a dataflow. Your copy lies in `my/`
#   once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/06_systolic_arrays.ipynb`.
# - **Read:** [Kung (1982)](../docs/references.md#kung1982), "Why Systolic Architectures?"
# - **Next:** [07 Numerics](07_numerics.ipynb): how narrow the numbers may be that pulse
#   through the array.
