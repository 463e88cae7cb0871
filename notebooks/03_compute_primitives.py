# %% [markdown]
# # 03 Compute primitives
#
# > `Dense(512)` is one line of code. Which units of a chip run it, and how often?
#
# Reading 35 min, doing 50 min.
#
# A framework hides everything below `Dense(512)`. Underneath are three kinds of units:
# **vector units** for work element by element, **matrix units** for products, and
# **special-function units** for exponentials and roots. This lab runs each of them on
# small numbers, counts what it does, and asks what it costs.
#
# **You need before:** what a dense layer, a ReLU and a convolution compute; loops in
# Python; what a register and an instruction are; claims ([lab 00](00_start_here.ipynb)).
#
# **You can do after:** say how many instructions a layer takes on a vector machine and
# why, choose a table for a function, and tell which statements about these units count
# the same thing.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import SAPPHIRE_RAPIDS, V100
from labcore.claims.ledger import claim, claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.primitives import newton_explorer, sfu_explorer, strips_explorer
from labcore.grading.selfcheck import progress, selfcheck
from labcore.im2col import amplification, im2col
from labcore.matrix.unit import tile_cost
from labcore.plots.registry import show
from labcore.sfu.accuracy import accuracy, every_value
from labcore.sfu.latency import cycles
from labcore.sfu.newton import RootUnit, newton
from labcore.sfu.tables import TableUnit
from labcore.sfu.tree import tree_cycles, tree_sum
from labcore.units import format_si
from labcore.vector import patterns
from labcore.vector.batchnorm import relu_batchnorm
from labcore.vector.counts import by_kind, in_blocks, occupancy
from labcore.vector.dense import dense, dense_as_printed, dense_in_loops, dot
from labcore.vector.machine import Machine
from labcore.vector.rows import each_of, softmax

# %% [markdown]
# ## Predict
#
# The layer of this lab takes 256 numbers in and gives 512 out, for a batch of 32; then
# come a bias and ReLU. A scalar machine works on one number an instruction. A vector unit
# of eight lanes works on eight. A matrix unit multiplies a 16 x 16 block by another in
# one instruction; bias and ReLU then still take the eight lanes.
#
# The third question is about $1/\sqrt{x}$ by Newton's iteration, which improves a guess
# step by step: from a guess that is off by a share of $2^{-5}$ to one off by $2^{-24}$.

# %%
display(
    predict("03-gain", "Instructions, scalar over eight lanes, for the layer", "x"),
    predict(
        "03-matrix-gain",
        "Instructions, scalar over matrix unit with eight lanes, for the layer",
        "x",
    ),
    predict("03-newton", "Newton steps for 1/sqrt(x) from 5 right bits to 24", "steps"),
)

# %% [markdown]
# ## By hand
#
# Listings 1 to 3 of the chapter take the line apart: a product, a bias, an activation;
# and under the product three loops. Here they run as loops that count their own work: on
# two samples of three inputs with two neurons, which you can check with pencil and paper,
# and then on the layer of this lab. How many
# [multiply-accumulates](../docs/glossary.md#mac) does each take?

# %% name="dense-layer"
small = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])  # (B, K): two samples
weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -2.0]])  # (K, N): two neurons
y, macs = dense_in_loops(small, weights, bias=np.array([0.5, 1.0]))
print(f"{y.tolist()}, {macs} multiply-accumulates")

B, K, N = 32, 256, 512
rng = np.random.default_rng(0)
x = rng.integers(-4, 5, (B, K)).astype(float)
w = rng.integers(-4, 5, (K, N)).astype(float)
bias = rng.integers(-4, 5, N).astype(float)
scalar = Machine(vlen=32)  # one lane of 32 bits
y = dense(scalar, x, w, bias)
print("right:", (y == np.maximum(x @ w + bias, 0)).all())
print(f"{scalar.macs:,} multiply-accumulates, {scalar.macs // B:,} a sample")
claims_at("03_compute_primitives#dense-layer")

# %% name="primitives"
print("V100, fp16, matrix units:", format_si(V100.peak("fp16"), "FLOP/s"))
one_socket = SAPPHIRE_RAPIDS.peak("fp32")
print("a CPU socket of 2023, fp32, vector units:", format_si(one_socket, "FLOP/s"))
print(f"that is {V100.peak('fp16') / one_socket:.0f} to 1")
print(f"the socket over 100 GFLOP/s: {one_socket / 100e9:.0f} to 1")
claims_at("03_compute_primitives#primitives")

# %% [markdown]
# Each output is one sum over K, so the work is $B \cdot K \cdot N$. Two of the loops are
# parallel: samples and neurons know nothing of each other. The third is a sum, whose
# terms must meet in one place. As for the chapter's factor of 1,000, it compares matrix
# units with a CPU of 100 GFLOP/s; a whole server socket does many times that.
#
# ## Strips of eight lanes
#
# A vector unit has registers of VLEN bits. With VLEN 256 and 32-bit elements, a register
# holds eight. A loop over more elements works in **strips**: it asks for as many elements
# as are left (`vsetvli`), gets at most eight, and comes back for the rest. On paper: how
# many strips do 20 elements take, and how many lanes idle in the last?

# %% name="by-hand"
unit = Machine(vlen=256, sew=32, trace=True)
one, ones = np.arange(1.0, 21), np.ones(20)
print("sum of 1 to 20:", dot(unit, one, ones, np.array(0), np.array(0), K=20).item())
for mnemonic, count in unit.instructions.items():
    print(f"{count:3} {mnemonic}")
strips = list(Machine(vlen=256, sew=32).strips(20))
idle = unit.lanes - strips[-1][1]
print(
    f"{len(strips)} strips, {idle} lanes idle in the last: {occupancy(20, 8):.1%} at work"
)
print(f"{unit.total} instructions; with vxor and vfredusum {unit.occupancy:.1%} at work")
display(show("lane-film"))
claims_at("03_compute_primitives#by-hand")

# %% [markdown]
# Eight partial sums run side by side, one a lane, and meet once at the end (`vfredusum`).
# The last strip is not padded: its idle lanes keep what they hold. In the strips 20 of 24
# lanes work; the clearing before (`vxor`) and the sum after them take all eight, so the
# share over all vector instructions is a little higher. (The code calls this share
# `occupancy`; on GPUs [that word](../docs/glossary.md#occupancy) means something else.)
# Most of the instructions are not arithmetic. Add a cell with
# `show("lane-film", K=12, vlen=128)` and change both: which lengths leave no lane idle?
#
# ## Explore: where a wider register saves nothing
#
# Set VLEN to 512. The dotted line is the machine with twice that. Find (1) the lengths at
# which both take the same number of instructions, (2) the length n from which on the
# vector machine needs fewer instructions than the scalar one, in spite of its `vsetvli`.

# %%
strips_explorer()

# %% [markdown]
# ## At real size
#
# The same program runs for all 32 x 512 outputs. Every neuron runs the same instructions
# on other addresses, so the machine steps through them once and counts them for each.
#
# The weights can lie in two ways. Listing 3 reads `weights[k, m]`: from one k to the next
# it jumps a whole row of 512, which a unit-stride load (`vle32.v`) cannot do. Either the
# weights of a neuron are stored side by side, or each load becomes a strided one
# (`vlse32.v`).

# %% name="vector-counts"
vector, unfused = Machine(vlen=256), Machine(vlen=256, fused=False)
strided = Machine(vlen=256)
for machine in (vector, unfused, strided):
    assert (dense(machine, x, w, bias, strided=machine is strided) == y).all()
print(f"scalar: {scalar.total:,} instructions, {by_kind(scalar.instructions)}")
print(f"vector: {vector.total:,} instructions, {by_kind(vector.instructions)}")
print(f"{scalar.total / vector.total:.2f} times fewer")
print(f"without the fused multiply-add: {unfused.total / vector.total:.3f} times as many")
for name, machine in {"neuron by neuron": vector, "as in Listing 3": strided}.items():
    loads = {key: n for key, n in machine.instructions.items() if key.startswith("vl")}
    print(f"{name}: {loads}, {format_si(machine.loaded, 'B')} loaded")
display(show("primitive-instructions"))
claims_at("03_compute_primitives#vector-counts")

# %% [markdown]
# The arithmetic falls by the lanes: 4.2 M multiply-accumulates become 524,288 vector
# ones. All instructions fall by less, since each strip asks for its length anew. "Fused
# doubles the throughput" is true of the arithmetic units; of a strip's nine instructions
# it saves one, nine over eight, and a little less with those that come once a sum. In
# both layouts each input is loaded anew for each of the 512 neurons, each weight for each
# of the 32 samples. Reuse is what matrix units are for.
#
# ## Listing 4 as printed
#
# Listing 4 is the layer in vector assembly. It sets the vector length once. For each
# sample and neuron it clears eight sums; its inner loop loads inputs and weights,
# multiplies and adds, and moves both pointers on by 32 bytes. No count changes, no lanes
# are added up, nothing is stored; the chapter calls it illustrative. Suppose that counts,
# sums and stores are there. Does the rest compute the layer? The first case has two
# samples of eight features and two neurons with weights 1, so that each output is the sum
# of its sample.

# %% name="as-printed"
small, unit_weights = np.arange(1.0, 17).reshape(2, 8), np.ones((8, 2))
print("wanted:    ", (small @ unit_weights).tolist())
print("as printed:", dense_as_printed(Machine(256), small, unit_weights).tolist())
one_neuron, weights = np.arange(1.0, 33).reshape(1, 32), np.ones((32, 1))
print("\none neuron of 32 features, step 32 B; wanted:", one_neuron.sum())
for vlen in (128, 256, 512):
    got = dense_as_printed(Machine(vlen), one_neuron, weights)
    print(f"VLEN {vlen}: {got.item()}")
claims_at("03_compute_primitives#as-printed")

# %% [markdown]
# The first neuron is right. For the second one the input pointer has run on into the next
# sample and never comes back. And the step of 32 bytes is right for VLEN 256 only: a
# narrower machine skips elements, a wider one takes some of them twice. The cure is to
# step by what `vsetvli` granted: that number is what its first operand is for.
#
# ## Five patterns
#
# Table 2 lists sum, gather, scatter, mask and broadcast; each runs here as a strip-mined
# program. They are fifty years old: Cray's machine had vector registers of 64 elements
# and got one result a cycle from each of its units. Three numbers of footnote 16 do not
# hold against its own clock, its predecessor or a price index.

# %% name="table-2"
v, table = np.arange(20.0), np.array([10.0, 20.0, 30.0, 40.0])
runs = {
    "reduction": lambda unit: patterns.reduce(unit, v),
    "gather": lambda unit: patterns.lookup(unit, table, np.array([3, 0, 3])),
    "scatter": lambda unit: patterns.scatter_add(unit, table, np.array([0, 2]), v[1:3]),
    "mask": lambda unit: patterns.mask_scores(unit, v[:4], np.arange(4) < 2),
    "broadcast": lambda unit: patterns.scale_and_shift(unit, v[:4], 2.0, 1.0),
}
for name, run in runs.items():
    unit = Machine(256)
    result = np.asarray(run(unit)).tolist()
    print(f"{name}: {result}; {by_kind(unit.instructions)}")
claims_at("03_compute_primitives#table-2")

# %% name="cray"
claims_at("03_compute_primitives#cray")

# %% [markdown]
# ## Matrix units
#
# A product over a batch reuses: a weight meets 32 samples, an input 512 neurons. Listing
# 5 writes the layer with a sample in each *column*; mind what that does to the bias.
# Listing 6 computes queries Q and keys K of [attention](../docs/glossary.md#attention)
# with a token in each column, and scores every query against every key by $Q K^T$, as it
# says. Which pairs does that product compare?

# %% name="column-batch"
W, columns_in = w.T, x.T  # (512, 256) weights, (256, 32) inputs
Z = W @ columns_in
print("shape", Z.shape)
try:
    Z + bias
except ValueError as error:
    print("bias as (512,):", error)
print("bias as (512, 1):", (y == np.maximum(Z + bias[:, None], 0).T).all())
claims_at("03_compute_primitives#column-batch")

# %% name="attention-shape"
tokens, dim = 10, 4
Q, Kt = rng.normal(size=(dim, tokens)), rng.normal(size=(dim, tokens))
print("Q K^T:", (Q @ Kt.T).shape, " Q^T K:", (Q.T @ Kt).shape)
claims_at("03_compute_primitives#attention-shape")

# %% [markdown]
# **What a block does.** Listing 7 loads two 16 x 16 blocks and multiplies them at once.
# Count the multiply-accumulates of that one instruction, and the words that it needs.

# %% name="matrix-unit"
block = tile_cost(16, 16, 16)
print(f"{block.macs:,} multiply-accumulates on {sum(block.loads.values())} words")
layer = tile_cost(B, N, K)
product = sum(in_blocks(B, K, N).values())
print(f"the product: {layer.blocks:,} blocks, {product:,} instructions")
lanes = Machine(vlen=256)
rows = [patterns.add_bias_relu(lanes, row, bias) for row in x @ w]
print("right:", (np.array(rows) == y).all())
print(f"bias and ReLU on eight lanes: {lanes.total:,} instructions")
matrix_total = product + lanes.total
print(f"the layer: scalar over both {scalar.total / matrix_total:,.0f} to 1")
words = vector.loaded // vector.element_bytes
print(f"words loaded: vector {words:,}, matrix {sum(layer.loads.values()):,}")
claims_at("03_compute_primitives#matrix-unit")

# %% [markdown]
# 256 and 4,096 are both right, of different things. A 16 x 16 array holds 256 multipliers
# and takes 16 steps for a block product of 4,096. Per *step* it does 32 times the work of
# eight lanes, per *instruction* 512 times. [Lab 06](06_systolic_arrays.ipynb) runs such
# an array cycle by cycle. Most of the layer's instructions are now bias and ReLU: what is
# not sped up remains. The better reason for the unit is the words: its product loads a
# small share of them.
#
# ## Which unit for which operation?
#
# A convolution becomes a product too. **im2col** copies each 3 x 3 patch into a row, so
# that one product does them all. The price is memory: "9 times", says footnote 17. The
# first cell measures it. Table 3 sorts operations by what an output depends on; the
# second cell changes one input and counts the outputs that move.

# %% name="im2col"
image = np.arange(16.0).reshape(1, 1, 4, 4)
print("4 x 4 image:", im2col(image, 3, 3).shape, "patches by elements, no padding")
cases = {
    "padding 1": {"padding": 1},
    "no padding": {},
    "stride 2, padding 1": {"stride": 2, "padding": 1},
}
for size in (56, 7):
    for name, how in cases.items():
        times = amplification(size, size, 3, 3, **how)
        print(f"3 x 3 filter on {size} x {size}, {name}: {times:.2f}x")
stem = amplification(224, 224, 7, 7, stride=2, padding=3)
print(f"7 x 7 filter on 224 x 224, stride 2, padding 3: {stem:.2f}x")
print(f"1 x 1 filter on 56 x 56: {amplification(56, 56, 1, 1):.2f}x")
claims_at("03_compute_primitives#im2col")

# %% name="table-3"
row = rng.normal(size=768)
other = row.copy()
other[0] += 1
for name, function in {
    "ReLU": lambda r: np.maximum(r, 0),
    "layer normalization": lambda r: (r - r.mean()) / r.std(),
    "softmax": lambda r: np.exp(r - r.max()) / np.exp(r - r.max()).sum(),
}.items():
    print(
        f"{name}: {(function(row) != function(other)).sum()} of {row.size} outputs move"
    )
claims_at("03_compute_primitives#table-3")

# %% [markdown]
# Nine holds for stride 1 and an output as large as the image. Borders without padding
# take some off, a stride takes most of it. Normalization and softmax belong to neither
# row of Table 3: they reduce first and then work element by element. Vector units do
# both, in more than one pass.
#
# ## Between the products: ReLU and batch normalization
#
# Listings 8 to 10 follow a dense layer by ReLU and batch normalization: as three layers
# of a framework, as formulas on arrays, and as loops that go through the data twice,
# first for ReLU and the sums of h and of its square, then to normalize. Each feature has
# its own mean and variance over the batch. With a sample in each column that is axis 1;
# Listing 9 takes axis 0 for the mean and no axis for the variance.

# %% name="batchnorm"
H = np.maximum(Z, 0)  # (512, 32)
listed, wanted = H.mean(axis=0), H.mean(axis=1)
print("means, as listed:", listed.shape, " over the batch:", wanted.shape)
print("variance, as listed:", np.shape(((H - listed) ** 2).mean()))
z = x @ w
for way in ("one sweep", "two sweeps"):
    done = relu_batchnorm(z, np.ones(N), np.zeros(N), way=way)
    print(f"{way} for the variance: each element read {done.sweeps:.0f} times")
claims_at("03_compute_primitives#batchnorm")

# %% [markdown]
# ## Special-function units
#
# Products and maxima are easy. For $e^x$, $1/\sqrt{x}$ or a sigmoid, hardware has two
# plans: a **table** with interpolation, or a small table and **Newton's iteration**.
#
# **By table:** split off the exponent, which takes wires only; look up the leading bits;
# draw a line or a parabola between entries. The cell shows one entry of $2^f$ on the
# segment from 0 to 1/4. Then it tries tables of $1/\sqrt{x}$ on every number of a 16-bit
# format. The error is in **ulp**, the distance between neighbours of the format. Rounding
# alone costs up to half an ulp; what stays below that, nobody can see.

# %% name="sfu-table-error"
coarse = TableUnit("exp", bits=2, order=1)
c0, c1 = coarse.coefficients[0]
print(f"2^f is about {c0:.5f} + {c1:.5f} t, with t = 4 f;", end=" ")
print(f"at f = 0.125: {c0 + c1 * 4 * 0.125:.5f}, exact {2**0.125:.5f}")
positive = every_value("fp16", low=2**-24)
for bits, order in ((6, 0), (6, 1), (8, 1), (6, 2)):
    unit = TableUnit("rsqrt", bits, order)
    print(f"2^{bits} entries, order {order}, {unit.size} bit:")
    print("  ", accuracy(unit, unit.exact, positive, "fp16"))
show("sfu-table-error")

# %% [markdown]
# ## Explore: design a unit
#
# Find (1) the smallest table, in bits, with which every fp16 number has a correctly
# rounded root; (2) what bf16 asks for instead; (3) why tanh looks hopeless in ulp and is
# not: read the error in size, and look where it is worst.
#
# The curve is the error before rounding, and a curve below the dashed line is not enough:
# where the exact value lies near the middle between two numbers of the format, a small
# error is what picks the wrong one. The share of correctly rounded numbers decides.

# %%
sfu_explorer()

# %% [markdown]
# A table of tanh with evenly spaced entries has a small error everywhere. Near zero tanh
# itself is smaller still, and its ulp with it. Units that must get this right pass small
# arguments through, since tanh(x) is x there.
#
# ## Newton's iteration
#
# For $y = 1/\sqrt{x}$, Newton's step is $y(3 - x y^2)/2$. If the start is off by a share
# $e$, the step leaves about $-\tfrac32 e^2$: the digits double. The start must lie in the
# **basin**: $0 < y_0$ and $x y_0^2 < 3$, else the first step turns negative.

# %% name="newton"
path = newton("rsqrt", 2.0, 0.7, 3)
for step, guess in enumerate(path):
    print(f"step {step}: {guess:.15f}, off by {guess * np.sqrt(2) - 1:.1e}")
try:
    newton("rsqrt", 2.0, 1.3, 3)
except ValueError as error:
    print(error)
display(show("newton-error"))
claims_at("03_compute_primitives#newton")

# %% [markdown]
# ## Explore: how far may the guess be off?
#
# Find the edge of the basin for the reciprocal and for $1/\sqrt{x}$ (`rsqrt`), to a per
# cent of the wanted value. What happens to the reciprocal at the edge itself and beyond
# it, and where does $1/\sqrt{x}$ end up from 180 %?

# %%
newton_explorer()

# %% [markdown]
# ## Cycles
#
# Table 4 gives ranges. Counting the steps that wait for each other gives the same: a
# look-up takes 1, each multiply-add 1, a Newton step of the root 3 in a row. These are
# conventions for a unit of few stages, not measurements.

# %% name="table-4"
units = {
    "tanh, 64 lines": TableUnit("tanh", 6, 1),
    "exp, 64 lines": TableUnit("exp", 6, 1),
    "exp, 64 parabolas": TableUnit("exp", 6, 2),
    "rsqrt, one step": RootUnit("rsqrt", 5, 1),
    "rsqrt, two steps": RootUnit("rsqrt", 5, 2),
    "sqrt, two steps": RootUnit("sqrt", 5, 2),
}
for name, unit in units.items():
    print(f"{name}: {cycles(unit)} cycles, {unit.size} bit of table")
total = tree_sum(np.arange(512.0))
print(f"tree of 512 inputs: {total.levels} levels, {total.adders} adders")
print(f"tree of 8 inputs on 512 numbers: {tree_cycles(512, width=8)} cycles")
claims_at("03_compute_primitives#table-4")

# %% [markdown]
# The logarithm in the statistics row needs a tree as wide as the data: 511 adders for
# 512 numbers. A narrow tree takes time in proportion to the data, and the logarithm is
# what is left at the end.
#
# ## All three together
#
# Listing 11 loads a vector once and hands it to four units, one after the other: ReLU,
# sigmoid, tanh and $1/\sqrt{x}$. The root reads the vector from before the ReLU, where
# numbers may be negative. Here the root, and only it, takes $2^{-14}$, the least normal
# fp16 number, for every number below that; so -1 gives $2^7$.
#
# The second cell is a softmax of one row: a reduction, exponentials, a reduction, a
# broadcast. It runs exactly, and with exponentials from a table of 64 lines.

# %% name="listing-11"
v1 = np.array([4.0, -1.0, 0.25, 1.0])
try:
    RootUnit("rsqrt")(v1)
except ValueError as error:
    print(error)
units = {
    "relu": lambda v: np.maximum(v, 0),
    "sigm": TableUnit("sigmoid", 6, 1),
    "tanh": TableUnit("tanh", 6, 1),
    "rsqrt": lambda v: RootUnit("rsqrt", 5, 2)(np.maximum(v, 2.0**-14)),
}
unit = Machine(256)
for name, result in each_of(unit, v1, units).items():
    print(name, result.round(4).tolist())
print("loads:", unit.instructions["vle32.v"], "for", len(units), "functions")
claims_at("03_compute_primitives#listing-11")

# %%
logits = rng.normal(size=100)
exact, tabled = Machine(256), Machine(256)
p = softmax(exact, logits)
q = softmax(tabled, logits, exp=TableUnit("exp", 6, 1))
print(
    f"sums {p.sum():.6f} and {q.sum():.6f}; largest error {np.abs(q / p - 1).max():.1e}"
)
print(f"{tabled.total} instructions: {by_kind(tabled.instructions)}")
print(f"of them exponentials: {tabled.instructions['vexp.v']}")
print(f"the row is read {exact.loaded / (4 * logits.size):.0f} times")

# %% [markdown]
# Of all those instructions a handful are exponentials. A special unit keeps them from
# becoming dozens each. The loop, the loads and the three sweeps stay; fusing kernels
# ([lab 13](13_fusion.ipynb)) takes those away.
#
# ## Where the rule fails
#
# 1. **The right unit is half of the story.** Take 128 lanes and a product of 13 rows and
#    115 columns (our sizes, chosen for round shares). Do the lanes lie along the rows, or
#    along the columns?
# 2. **Lanes meet at one address.** The gradient of an embedding adds to the rows that
#    were looked up. When a word comes twice in one strip, gather, add, scatter loses all
#    but one of its gradients.
# 3. **Right on paper is not right in float32.** One sweep for the variance is cheaper,
#    and $E[h^2] - \text{mean}^2$ is exact on paper. In float32 it subtracts two large
#    numbers that are nearly equal. Shift the data and leave their spread alone; the
#    variance should not change.

# %% name="mapping"
rows_at_work, columns_at_work = claim("execution-model-10-vs-90").computed
print(f"lanes along the rows:    {rows_at_work:.1f} % at work")
print(f"lanes along the columns: {columns_at_work:.1f} % at work")
claims_at("03_compute_primitives#mapping")

# %%
words = np.array([2, 2, 2, 0, 1, 2, 0, 2])  # word 2 five times in eight lanes
for safe in (False, True):
    unit = Machine(256)
    got = patterns.scatter_add(unit, np.zeros(3), words, np.ones(8), safe=safe)
    rounds = unit.instructions["vsuxei32.v"]
    print(f"safe={safe}: {got.tolist()}, {rounds} scatters, {unit.total} instructions")
print("wanted:", np.bincount(words).tolist())

# %%
spread = np.random.default_rng(1).normal(size=(4096, 1))
for shift in (0, 10, 100, 1000, 10000):
    h = spread + 10 + shift  # positive, so ReLU changes nothing
    found = {}
    for way in ("one sweep", "two sweeps"):
        try:
            found[way] = relu_batchnorm(h, np.ones(1), np.zeros(1), way=way).var[0]
        except ValueError:
            found[way] = float("nan")  # below zero: no root
    said = ", ".join(f"{way} {value:.4f}" for way, value in found.items())
    print(f"shift {shift:5}: {said}; exact {h.var():.4f}")

# %% [markdown]
# The safe scatter takes the lanes of one address in turns, under a mask. The one sweep is
# off in the fourth decimal from the start. A mean of a hundred times the spread costs it
# the second decimal, a thousand times leaves no digit. Where the variance comes out
# negative, the root has no value (printed as nan). Kernels that sweep once keep a running
# mean (Welford's update) or sum in a wider format.
#
# ## Settled
#
# Your predictions stand beside what the lab computed. Below them are the statements of
# these sections that do not reproduce.

# %%
exact_root = np.sqrt(0.5)
path = newton("rsqrt", 2.0, exact_root * (1 + 2.0**-5), 5)
error = np.abs(path / exact_root - 1)
steps = int(np.argmax(error <= 2.0**-24))
display(
    compare("03-gain", scalar.total / vector.total, "x"),
    compare("03-matrix-gain", scalar.total / matrix_total, "x"),
    compare("03-newton", steps, "steps"),
    departures("03_compute_primitives"),
)

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Which unit does what? (a) Softmax on the matrix unit, products on the vector unit.
#    (b) Products on the matrix unit; bias, mask and ReLU on the vector unit; the
#    exponentials of a softmax on the special-function unit. (c) Products and masks on the
#    matrix unit, the rest on the special-function unit. (d) All on the scalar unit, which
#    is as good. A letter.
# 2. A vector of 100 elements of 32 bits meets a machine with VLEN 512. How many strips
#    does it take, and how many lanes idle in the last? A pair, such as `(3, 2)`.
# 3. A machine without a fused multiply-add runs the dense layer's strip: set length, two
#    loads, multiply, add, two pointers, count, branch. How many times as many
#    instructions is that as with the fused one?
# 4. The table's reciprocal is 1 % off. What is the relative error after two Newton steps,
#    without its sign?
# 5. A 3 x 3 convolution of stride 2 with a padding of 1 slides over 56 x 56. How many
#    times as large as the image is its unrolled copy?
# 6. H is (512, 32): 512 features, 32 samples. Over which axis does batch normalization
#    take its mean? (a) Axis 0. (b) Axis 1. (c) Both. A letter.

# %% name="self-check"
display(
    selfcheck("primitives-1", ...),
    selfcheck("primitives-2", ...),
    selfcheck("primitives-3", ...),
    selfcheck("primitives-4", ...),
    selfcheck("primitives-5", ...),
    selfcheck("primitives-6", ...),
    progress("primitives"),
)
claims_at("03_compute_primitives#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/03_compute_primitives.ipynb](../my/03_compute_primitives.ipynb),
#   about an hour, from counting strips to the width of a table. Your copy lies in `my/`
#   once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/03_compute_primitives.ipynb`.
# - **At work:** `labcore specs V100` gives the FP16 peak on matrix units (tensor cores)
#   and, in a note, that on vector units, with their source.
# - **Read:** [Russell (1978)](../docs/references.md#russell1978), on the Cray-1;
#   [the RISC-V vector extension (2021)](../docs/references.md#riscv2021), on strip
#   mining; [Muller (2016)](../docs/references.md#muller2016), *Elementary Functions*,
#   on tables and their errors.
# - **Next:** [04 Execution units](04_execution_units.ipynb): how thousands of such units
#   are driven together.
