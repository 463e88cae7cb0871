# %% [markdown]
# # 05 Sparsity
#
# > We pruned half of the weights. The file got larger and the model is not faster. What went wrong?
#
# Reading 25 min, doing 45 min.
#
# A zero need not be stored, fetched or multiplied. To leave it out, something else has to
# be stored: where the others stand. This lab counts both sides, in bytes and in cycles,
# and finds out which zeros a machine can use.
#
# **You need before:** what a matrix product is, what a tensor core does
# ([lab 04](04_execution_units.ipynb)), and that a product which meets each weight once
# waits for memory ([lab 09](09_roofline.ipynb) has the details).
#
# **You can do after:** choose a storage format from a density, say what a pattern of
# zeros costs and gains, and tell an advertised factor of two from one that you get.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.sparsity import format_explorer, pruning_explorer
from labcore.plots.registry import show
from labcore.sparsity import BSR, COO, CSC, CSR, NM, Bitmap
from labcore.sparsity.cost import break_even, nm_bytes, product_time
from labcore.sparsity.lanes import waits, walk
from labcore.sparsity.product import by_entries
from labcore.sparsity.pruning import block_mask, free_mask, kept_norm, nm_mask
from labcore.sparsity.samples import small_matrix, weights
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# A layer has 16-bit weights, 4096 x 4096. Half of them are set to zero, the smaller half,
# wherever they stand.
#
# 1. The file keeps only the nonzeros, and for each the number of its column in 32 bits.
# 2. A grid has 128 lanes, each a multiplier with a row of its own. A lane skips its
#    zeros. All lanes get four columns at a time, and the next four when the last is done.
# 3. Now two of every four neighbours are kept instead, each with two bits that say which.
#    All weights meet one input vector, and the time is that of reading their bytes.
#
# Commit to three numbers; they are kept in `my/` and come back at the end.

# %%
display(
    predict("05-csr-share", "1. Bytes of the file, of the dense bytes", "%"),
    predict("05-free-gain", "2. Speed-up of the grid over one that skips nothing", "x"),
    predict("05-reader-gain", "3. Speed-up over reading the dense weights", "x"),
)

# %% [markdown]
# ## By hand
#
# The matrix below has 3 nonzeros in 12 places. **CSR** (compressed sparse rows) keeps the
# values row by row, the column of each, and for each row where it starts: row $i$ lies
# from `indptr[i]` to `indptr[i + 1]`, so an empty row is two equal pointers. Write the
# three arrays on paper before you run the cell.

# %%
by_hand = np.array([[0, 5, 0, 6], [0, 0, 0, 0], [7, 0, 0, 0]])
hand_csr = CSR.from_dense(by_hand)
print("values ", hand_csr.data.tolist())
print("columns", hand_csr.indices.tolist())
print("indptr ", hand_csr.indptr.tolist())

# %% [markdown]
# A product walks these arrays. Each stored value meets one element of the vector, and the
# zeros are never seen. What does it take to store them? Four bytes a value and four an
# index, against four for each place of the dense matrix:

# %%
b = np.array([1, 10, 100, 1000])
for i, j, value in hand_csr.entries():
    print(f"y[{i}] += {value} * b[{j}]")
print("walked:", by_entries(hand_csr, b).tolist(), " numpy:", (by_hand @ b).tolist())
print(f"values {3 * 4} B, columns {3 * 4} B, pointers {4 * 4} B: {hand_csr.nbytes()} B")
print(f"dense: {by_hand.size * 4} B")

# %% [markdown]
# ## One matrix, seven ways to store it
#
# CSR is one answer to "where do the values stand?". **COO** (coordinates) writes out the
# row and the column of each value. **CSC** (compressed sparse columns) goes by columns
# where CSR goes by rows. **BSR** (block sparse rows) is a CSR of whole blocks. A
# **bitmap** has a bit for each place, and **2:4** keeps two of every four neighbours. The
# figure draws one matrix of 64 places and 16 nonzeros in all of them; values and indices
# take two bytes each.

# %% name="figure-7"
M = small_matrix()
formats = {
    "COO": COO.from_dense(M),
    "CSR": CSR.from_dense(M),
    "CSC": CSC.from_dense(M),
    "BSR": BSR.from_dense(M, block=(2, 4)),
    "bitmap": Bitmap.from_dense(M),
    "2:4": NM.from_dense(M, n=2, m=4),
}
vector = np.arange(8)
print(f"dense: {M.size * 2} B")
for name, A in formats.items():
    same = np.array_equal(A.to_dense(), M) and np.array_equal(A @ vector, M @ vector)
    print(f"{name}: {A.nbytes(2, 2)} B; same matrix, same product: {same}")
display(show("sparse-formats"))
claims_at("05_sparsity#figure-7")

# %% [markdown]
# Two ways to save on indices appear. BSR shares one index among the eight places of a
# block and stores the zeros in it. A bitmap and 2:4 use indices of one or two bits, and
# spend them on every place, or on every group. The caption of the chapter's Figure 7 says
# that its sparse layouts store nonzero values only, with one index for each block. No
# format has nonzeros only *and* few indices.
#
# ## At real size
#
# Which density pays? Leave the pointers out, they are few. A nonzero costs $v$ bytes for
# its value and $i$ for its index; a place of the dense matrix costs $v$. With the density
# $d$, the share of nonzeros, CSR is smaller while
#
# $$d\,(v + i) < v \quad\Longleftrightarrow\quad d < \frac{v}{v + i}$$

# %% name="format-bytes"
for name, value_bytes in {"fp32": 4, "fp16": 2, "int8": 1, "int4": 0.5}.items():
    even = break_even(value_bytes, index_bytes=4)
    print(
        f"{name}: CSR pays below {even['CSR']:.1%}, a bitmap below {even['bitmap']:.1%}"
    )
W = weights(1024, 1024).astype(np.float32)
half = np.where(free_mask(W, 0.5), W, 0)
csr_share = CSR.from_dense(half).nbytes(value_bytes=2) / (W.size * 2)
bitmap_share = Bitmap.from_dense(half).nbytes(value_bytes=2) / (W.size * 2)
print(f"CSR {csr_share:.1%} of the dense fp16 bytes, bitmap {bitmap_share:.2%}")
show("format-bytes")

# %% [markdown]
# The narrower the values, the heavier an index weighs. Half of the weights gone is not
# sparse enough for CSR at any of these widths except fp32, where it breaks even. The last
# line is the file that you predicted, from one real pruned matrix. So the file did get
# larger. That is the first half of the question.
#
# ## Explore: three crossings
#
# Find (1) the density below which CSR beats the bitmap for fp16 values, (2) what happens
# to it with 16-bit indices, and (3) how far BSR moves among the formats at 10 % density
# once the nonzeros stand in whole blocks. Which matters more, the format or the pattern?

# %%
format_explorer()

# %% [markdown]
# ## N:M: an index of two bits
#
# **N:M sparsity** allows at most $N$ nonzeros in every group of $M$ neighbours of a row.
# A group is so short that a place in it takes $\lceil\log_2 M\rceil$ bits, and as each
# group has the same $N$ slots, there are no pointers. A group with more nonzeros is
# pruned first, here two of four, by magnitude, on eight weights.
#
# A group of four 16-bit weights takes 64 bits dense, and 32 bits of values and 4 bits of
# metadata compressed. The chapter's footnote 25 says that these metadata are few enough
# not to eat up what 2:4 saves. Does that hold for values of any width?

# %% name="two-of-four"
row = np.array([[3, -8, 1, 7, 2, 2, -2, 9]])
kept = NM.from_dense(row, n=2, m=4)
print("before ", row.tolist())
print("values ", kept.values.tolist())
print("places ", kept.indices.tolist())
print("in bits", [f"{byte:08b}" for byte in kept.metadata()])
print("pruned ", kept.to_dense().tolist())
for bits in (32, 16, 8, 4):
    share = nm_bytes(1024, 1024, value_bytes=bits / 8) / (1024 * 1024 * bits / 8)
    print(f"{bits}-bit values: {share:.2%} of the dense bytes", end=" ")
    print(f"({0.5:.2%} values, {share - 0.5:.2%} metadata)")
claims_at("05_sparsity#two-of-four")

# %% [markdown]
# In the second group three weights have magnitude 2; the one that comes first stays. The
# metadata take a sixteenth of the dense bytes at 16 bits, and a quarter of them at 4.
#
# The chapter's definition says *exactly* N nonzeros. What if a group has fewer?

# %% name="at-most-two"
sparser = np.array([[0, 0, 7, 0]])
fits = NM.from_dense(sparser)
print("values", fits.values.tolist(), "places", fits.indices.tolist())
print("back: ", fits.to_dense().tolist())
claims_at("05_sparsity#at-most-two")

# %% [markdown]
# Nothing is lost: one slot holds a zero. A group with *more* nonzeros does not fit, and
# comes back changed, as both groups above did.
#
# A sparse [tensor core](../docs/glossary.md#tensor-core) gets the two values and their
# places, picks the two activations that they meet out of four, and multiplies twice
# instead of four times. Footnote 25 finds the advertised factor of two plausible where
# weights and programs keep to the pattern. First the two multiplications, then the
# factor:

# %% name="the-unit"
from labcore.catalogue.gpu import A100_FP16_SPARSE

activations = np.array([10, 20, 30, 40])
group = NM.from_dense(np.array([[3, -8, 1, 7]]))
total = 0
for value, place in zip(group.values[0], group.indices[0], strict=True):
    total += value * activations[place]
    print(f"place {place}: {value} * {activations[place]}, sum {total}")
dense_rate = A100.peak("fp16")
print("A100, fp16 dense:", format_si(dense_rate, "FLOP/s"))
print("A100, fp16 2:4:  ", format_si(A100_FP16_SPARSE.value, "FLOP/s"))
print(f"({A100_FP16_SPARSE.source})")
claims_at("05_sparsity#the-unit")

# %% [markdown]
# The higher rate counts the multiplications that were skipped as if they were done. It is
# twice as many *results* a second, from as many multipliers. Data sheets that print only
# this number promise it for pruned weights.
#
# ## Why zeros anywhere do not help a grid
#
# A grid of lanes is cheap because its lanes move in step. Each lane holds one row of the
# weights; all get the same group of inputs, and the next group comes when the last lane
# is done. A lane that skips its zeros takes one cycle for each nonzero. First four lanes,
# half of the weights kept, groups of four columns; then 128 lanes and 512 columns, as in
# a real array. The figure asks what it helps if lanes may run further apart.

# %% name="lanes"
small = weights(4, 16)
free, structured = free_mask(small, 0.5), nm_mask(small)
for name, mask in {"anywhere": free, "2:4": structured}.items():
    *lanes, grid = waits(mask, group=4).tolist()
    print(f"{name}: {sum(grid)} cycles, {grid} by group; {mask.size // 4} cycles dense")
    for k, lane in enumerate(lanes):
        print(f"  lane {k} works {lane}, waits {sum(grid) - sum(lane)}")
big = weights()
free_128 = walk(free_mask(big, 0.5), lanes=128, group=4)
nm_128 = walk(nm_mask(big), lanes=128, group=4)
for name, done in {"anywhere": free_128, "2:4": nm_128}.items():
    print(f"{name}: {done.macs} MACs in {done.cycles} cycles;", end=" ")
    print(f"{done.speedup:.3f}x, lanes busy {done.utilization:.1%}")
display(show("lanes-in-step"))
claims_at("05_sparsity#lanes")

# %% [markdown]
# Both keep half of the weights. One lane with a full group makes all others wait, and the
# more lanes there are, the surer there is one. With 2:4 there is nothing to wait for.
# That is the second half of the question: pruned anywhere, the model is not faster,
# although half of its multiplications are gone. Lanes can run further apart, for buffers
# and selectors that grow with the group: a lane that works on any of 512 columns must be
# able to pick any of 512 inputs. 2:4 picks from four. The pattern is what the hardware
# costs.
#
# ## What the pattern costs the model
#
# The stricter a pattern, the more often a large weight must go. How much of the matrix
# stays, by the L2 norm, when half of the weights do? These are 128 x 256 weights, the
# matrix of the explorer below:

# %%
layer = weights(128, 256)
for name, mask in {
    "anywhere": free_mask(layer, 0.5),
    "4:8": nm_mask(layer, 4, 8),
    "2:4": nm_mask(layer, 2, 4),
    "1:2": nm_mask(layer, 1, 2),
    "4 x 4 blocks": block_mask(layer, (4, 4), 0.5),
}.items():
    print(f"{name}: {kept_norm(layer, mask):.1%} of the norm kept")

# %% [markdown]
# The norm is not accuracy. It says how much training afterwards has to repair, which is
# why the chapter's factor of two comes with *fine-tuned to respect the constraint*. These
# weights are random. From trained ones more can go:
# [Han et al. (2015)](../docs/references.md#han2015) prune image networks anywhere and
# retrain them, and report about an order of magnitude fewer weights at the same accuracy.
#
# ## Explore: pattern against lanes
#
# Find (1) a pattern that quarters the weights and keeps more than 4 x 4 blocks do at one
# half, (2) the number of lanes up to which whole 4 x 4 blocks gain as much as 2:4, and
# (3) what becomes of their gain beyond it, and why.

# %%
pruning_explorer()

# %% [markdown]
# ## Zeros that are never loaded
#
# One reader, one token: every weight of a 4096 x 4096 layer meets one activation. The
# least time on an A100, from the bytes of each format and from twice the nonzeros in
# FLOP, half of the weights kept:

# %% name="never-loaded"
side, R_peak, BW = 4096, A100.peak("fp16"), A100.BW
nnz = side * side // 2
stored = {
    "dense": side * side * 2,
    "CSR": nnz * (2 + 4) + (side + 1) * 4,
    "2:4": nm_bytes(side, side, value_bytes=2),
}
for name, size in stored.items():
    work = side * side if name == "dense" else nnz
    T = product_time(work, size, side, side, 1, R_peak, BW)
    faster = product_time(work, size, side, side, 1, 2 * R_peak, BW)
    print(f"{name}: {format_si(size, 'B')}, {format_si(T, 's')};", end=" ")
    print(f"with twice the FLOP/s {format_si(faster, 's')}")
claims_at("05_sparsity#never-loaded")

# %% [markdown]
# Twice the arithmetic changes nothing. Fewer bytes do, in proportion.
#
# ## Where the rule fails
#
# "2:4 is twice as fast" holds at one end only. With one reader the bytes bind, and they
# shrink to nine sixteenths. With many, arithmetic binds. In between lie the activations,
# which no pattern of the weights makes smaller:

# %%
gains = {}
for batch in (1, 64, 153, 256, 512, 4096):
    dense = product_time(side * side, stored["dense"], side, side, batch, R_peak, BW)
    sparse = product_time(nnz, stored["2:4"], side, side, batch, R_peak, BW)
    gains[batch] = dense / sparse
    print(f"batch {batch}: at most {gains[batch]:.2f}x")

# %% [markdown]
# Other limits of the rule:
#
# 1. **The format decides the pattern.** NVIDIA's cuSPARSELt library asks for 2:4 of fp16,
#    bf16 and int8, and for 1:2 of tf32 and fp32, which keeps less of the norm.
# 2. **Only weights.** Activations have zeros too, after a ReLU, but elsewhere for every
#    input: no pattern can be trained into them.
# 3. **Very sparse matrices.** 2:4 stores half of the places, however few are nonzero.
#    Graphs and scientific matrices stay with CSR.
#
# ## Your machine
#
# A 2048 x 2048 matrix times a vector, dense in numpy against CSR, at 1, 10 and 50 %. At
# which density does your computer break even? Guess, set `measure` to `True` and run the
# cell. The times are yours, so none are kept here.

# %%
import time

measure = False
rng = np.random.default_rng(0)
dense = weights(2048, 2048).astype(np.float32)
one_row = dense[0]


def milliseconds(A, b, repeats=15):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        A @ b
        times.append(time.perf_counter() - start)
    return 1e3 * sorted(times)[repeats // 2]


if measure:
    print(f"dense: {milliseconds(dense, one_row):.2f} ms")
    for density in (0.01, 0.1, 0.5):
        thin = CSR.from_dense(np.where(rng.random(dense.shape) < density, dense, 0))
        print(f"CSR at {density:.0%}: {milliseconds(thin, one_row):.2f} ms")

# %% [markdown]
# ## Settled
#
# Your predictions beside what the lab computed, and the statements of the section that do
# not stand as printed:

# %%
display(
    compare("05-csr-share", 100 * csr_share, "%"),
    compare("05-free-gain", free_128.speedup, "x"),
    compare("05-reader-gain", gains[1], "x"),
)
departures("05_sparsity")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. A 1000 x 1000 matrix has 200,000 nonzeros, 16-bit values and 32-bit indices. How many
#    bytes does it take as CSR?
# 2. One team prunes half of the weights wherever they are smallest, another prunes to
#    2:4. Both run on tensor cores with 2:4 support. (a) Both get the same speed-up, since
#    both halve the multiplications. (b) 2:4 is ahead because it keeps more of the norm.
#    (c) 2:4 is ahead because its zeros stand where the hardware can skip them. (d) The
#    first is ahead because its file is smaller. A letter.
# 3. Weights of 4 bits are pruned to 2:4. What share of the dense bytes do they take,
#    metadata included, in per cent?
# 4. A decoder at batch 1 waits for its 16-bit weights only. By which factor does 2:4
#    shorten that at most?
# 5. Below which density, in per cent, does CSR with 8-bit values and 16-bit indices take
#    less than the dense matrix, pointers left out?
# 6. Nonzeros of a row of eight are marked `x`. Which row can be stored as 2:4 without
#    loss? (a) `xxx..x..`, (b) `x..x..x.`, (c) `....xxxx`, (d) `..x.xx.x`. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("sparsity-1", ...),
    selfcheck("sparsity-2", ...),
    selfcheck("sparsity-3", ...),
    selfcheck("sparsity-4", ...),
    selfcheck("sparsity-5", ...),
    selfcheck("sparsity-6", ...),
    progress("sparsity"),
)

# %% [markdown]
# The chapter asks one question on sparsity. Its keyed answer, recomputed on the grid:

# %% name="self-check"
claims_at("05_sparsity#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/05_sparsity.ipynb](../my/05_sparsity.ipynb), about an hour, from the
#   bytes of a CSR to a product that is scored by what it reads. Your copy lies in `my/`
#   once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/05_sparsity.ipynb`.
# - **At work:** `labcore specs A100` gives dense rates, and names in a note what the
#   sheet prints for 2:4.
# - **Read:** [Mishra et al. (2021)](../docs/references.md#mishra2021), "Accelerating
#   Sparse Deep Neural Networks", on training networks to 2:4.
# - **Next:** [06 Systolic arrays](06_systolic_arrays.ipynb), grids in which operands walk
#   from lane to lane.
