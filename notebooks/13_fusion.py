# %% [markdown]
# # 13 Fusion
#
# > Three lines of code take three times as long as they should, and none of them is slow.
# > Where does the time go?
#
# Reading 40 min, doing 55 min.
#
# A framework runs one *kernel*, one program on the accelerator, for each operation. Each
# kernel reads its inputs from memory and writes its result back, and the next one reads
# that again. *Fusing* makes one kernel of several operations. The values between them
# then never leave the chip. This lab counts what that saves, finds which operations may
# share a kernel, and lets you time it.
#
# **You need before:** FLOP, bytes and the roofline ([lab 09](09_roofline.ipynb)). What
# batch normalization, softmax and a residual connection are helps, and each is said again
# where it comes.
#
# **You can do after:** count the traffic and the memory of a small graph of operations,
# fused and not; say which of them may be one kernel and why not the others; predict when
# fusing stops paying.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100
from labcore.catalogue.execution import SM_A100
from labcore.catalogue.links import LAUNCH
from labcore.claims.ledger import claims_at, departures
from labcore.explore.fusion import fusion_counting_explorer, fusion_planner_explorer
from labcore.explore.predict import compare, predict
from labcore.fusion.examples import (
    block_end,
    branches_of,
    chain,
    feed_forward,
    fork,
    listing_19,
    listing_19_as_run,
    listing_19_training,
    projection,
    scores,
)
from labcore.fusion.footprint import REUSE, footprint, intermediates
from labcore.fusion.kernel import eager, kernel, kernels, run_time, traffic
from labcore.fusion.legality import nearest, why_not
from labcore.fusion.plan import plan
from labcore.fusion.run import run_eager, run_fused
from labcore.grading.selfcheck import progress, selfcheck
from labcore.plots.registry import show
from labcore.units import format_binary, format_si

# %% [markdown]
# ## Predict
#
# The first two guesses are about three operations on a large tensor, each on the result
# of the one before: ReLU, a normalization, a scaling. Unfused they are three kernels,
# fused they are one. The *footprint* is the memory that is allocated, input and result
# included; here nothing is freed.
#
# *Conv-BN-ReLU* is a convolution, a batch normalization (BN), which shifts and scales
# each channel, and a ReLU, $\max(x, 0)$. Attention, where each token of a sequence looks
# at all others, writes out a table of scores, or works in
# [tiles](../docs/glossary.md#tile) and does not. The last three guesses are about your
# own computer. *Cheap* loops do one or two operations for each element, *long* ones
# divide eight times.

# %%
display(
    predict("13-moved", "Bytes read and written, unfused over fused", "x"),
    predict("13-held", "Footprint, all kept, unfused over fused", "x"),
    predict(
        "13-conv", "ResNet-50 at batch 32: the best conv-BN-ReLU's gain in time", "x"
    ),
    predict("13-scores", "Attention, 4096 tokens: bytes written out over tiled", "x"),
    predict("13-loops", "Your machine, 64 MiB tensor: three cheap loops over one", "x"),
    predict("13-long", "Your machine, 4 MiB tensor: three long loops over one", "x"),
    predict(
        "13-attention",
        "Attention on your machine, 4096 tokens: time written out over tiled",
        "x",
    ),
)

# %% [markdown]
# ## By hand: four numbers
#
# The smallest case is a tensor of four FP32 numbers, 16 bytes, and two operations:
# $v_1 = x + 1$, $v_2 = v_1 + 1$. On paper: which tensors does each kernel read and write,
# and how many bytes is that? Then fuse the two and count again. The cell does the same,
# kernel by kernel. A *traversal* is one trip of a whole tensor from or to memory.

# %%
two = chain(2, n=2)
for one in eager(two):
    print(f"{one.ops[0]}: reads {dict(one.reads)}, writes {dict(one.writes)}")
one = kernel(two, ["v1", "v2"])
print(f"fused: reads {dict(one.reads)}, writes {dict(one.writes)}")
for run in (eager(two), (one,)):
    print(f"{traffic(run) / two.nbytes('x'):.0f} traversals, {traffic(run)} B")
values = run_eager(two, {"x": np.array([[0, 1], [2, 3]])})
print("the value that only the first run writes:", values["v1"].ravel())

# %% [markdown]
# Each operation costs two traversals, whatever it computes. Fused, the chain costs two,
# whatever its length.
#
# ## At real size: the chapter's three lines
#
# **Listing 19** applies ReLU, batch normalization and $2x + 1$ to 1024 x 1024 FP32
# numbers. *Batch normalization* brings each channel to mean 0 and variance 1. In
# **inference** the statistics are constants from training, and it is one multiplication
# and one addition for each element; the cell does that, as three kernels and in blocks of
# 16 rows as one. (The chapter's call of `torch.batch_norm` gives it the tensor alone and
# would fail; the function wants eight arguments more, among them the statistics.)
#
# MB are powers of ten here. How many MiB does one tensor take? Below the values stand the
# statements. Two hold the chapter's formulas against both runs: the results of the inputs
# -2, 0, 0.5 and 3, then the number of traversals. The last three depart from the print.

# %% name="listing-19"
listing = listing_19(1024)
X = np.random.default_rng(0).standard_normal((1024, 1024)).astype(np.float32)
one_by_one = run_eager(listing, {"X": X})
fused = run_fused(listing, [["X1", "X2", "Y"]], {"X": X}, rows=16)
print("the same values:", np.array_equal(one_by_one["Y"], fused.values["Y"]))
print(f"a tensor {X.nbytes / 1e6:.1f} MB, {X.nbytes / 2**20:.0f} MiB;", end=" ")
print(f"fused: read {fused.read / 1e6:.1f} MB, written {fused.written / 1e6:.1f} MB")
print("never written:", [op.name for op in listing.ops if op.name not in fused.values])
claims_at("13_fusion#listing-19")

# %% [markdown]
# ## One chain, several counts
#
# The chapter says that fusing takes this chain from 16.8 to 4.2 MB, a reduction of 4x.
# What is counted? Three questions, each with an answer of its own:
#
# - **What is allocated?** That depends on when memory is freed. A script whose variables
#   still name every tensor *keeps* them all. An allocator that gets each intermediate
#   back after its last use *frees* them. Operations *in place* write over their input.
# - **What is written?**
# - **What is moved**, read and written? It sets the time of a memory-bound chain.
#
# Before you run the cell: for which of them is the ratio 4?

# %% name="three-counts"
apart, whole = eager(listing), kernels(listing, [["X1", "X2", "Y"]])
for name, run in {"three kernels": apart, "one kernel": whole}.items():
    held = [f"{reuse} {footprint(listing, run, reuse) / 1e6:.1f}" for reuse in REUSE]
    print(f"{name}: allocated, MB: {', '.join(held)};")
    print(f"    intermediates {intermediates(listing, run) / 1e6:.1f},", end=" ")
    print(f"written {sum(sum(k.writes.values()) for k in run) / 1e6:.1f},", end=" ")
    print(f"moved {traffic(run) / 1e6:.1f}")
as_run = eager(listing_19_as_run(1024))
print(f"2x and + 1 as two kernels: {traffic(as_run) / X.nbytes:.0f} traversals,", end=" ")
print(f"{traffic(as_run) / traffic(whole):.0f} times those of one kernel")
display(show("fusion-footprints"))
claims_at("13_fusion#three-counts")

# %% [markdown]
# Like for like no answer is 4. The printed pair counts input, intermediates and result on
# one side and a single tensor on the other. Allocated memory halves, or falls to two
# thirds where intermediates are freed, or does not change in place. In place the three
# kernels still make six traversals, and only fusing removes those. An eager framework
# does run $2x + 1$ as two kernels; then there are eight traversals, and that ratio is 4.
#
# ## Explore: who says four?
#
# Find (1) all pairs of counts that give 4 for a chain of three; (2) which ratios grow
# with the chain when both sides are counted alike; (3) which never grow or soon stop, and
# why.

# %%
fusion_counting_explorer()

# %% [markdown]
# (1) All tensors held apart, over any count that takes the fused chain for one tensor: in
# place, the result alone, or bytes written. Each compares two different things. (2)
# Footprints with everything held, bytes written, bytes moved. (3) In place one tensor is
# held whatever the length. Freed early, at most three are held, however many operations
# follow, so the ratio stops at 1.5.

# %% [markdown]
# ## What may share a kernel
#
# Three kinds of operation differ in what an element of the result needs.
#
# - **Element-wise**: of each input the element at its own place. A smaller input is
#   *broadcast*: one number serves a whole row or column.
# - **Reduction**: all elements along an axis. Nothing that needs the result can start
#   before the last of them was seen.
# - **Barrier**: a matrix product or a convolution, which uses each input element many
#   times and has tiles of its own. What follows element by element may ride on its
#   results before they are written, as an *epilogue*. What comes before may not.
#
# And no path may lead out of a kernel and back into it, or two kernels wait for each
# other. The cell's graph is half a transformer block: the product `h`, its `bias`, the
# `sum` with the residual, then LayerNorm in six steps: `mean` of each row, `centred` (the
# mean taken away), `squares`, their mean `var`, `scale` and `normed`. Which of the groups
# in the cell may be one kernel? The cell answers, and names the nearest group that may.

# %%
half, _ = projection(tokens=1024, width=768)  # x @ w = h; + b; + res = sum; LayerNorm
for group in (
    ["h", "bias", "sum"],
    ["h", "sum"],
    ["sum", "mean"],
    ["h", "bias", "sum", "mean"],
    ["bias", "squares"],
):
    reason = why_not(half, group)
    print(f"{', '.join(group)}: {reason or 'may be one kernel'}")
    if reason:
        print(f"    nearest: {', '.join(nearest(half, group))}")
try:
    kernel(half, ["mean", "var"])
except ValueError as error:
    print(error)

# %% [markdown]
# ## Batch normalization in training
#
# The chapter calls batch normalization element-wise. In **training** the mean and the
# variance come from the batch itself: two reductions over all rows of a column, the
# second of which needs the first. One kernel can still do it. But when the mean is known,
# the elements are gone, and they are read again for the variance, and again for the
# result; unless the chip *holds* what is reduced together, here a column.

# %%
training = listing_19_training(1024)
column = 1024 * 4
for room in (0, column):
    found = plan(training, scratchpad=room)
    read = sum(sum(k.reads.values()) for k in found) / X.nbytes
    print(
        f"{room:,} B on the chip: {len(found)} kernel, X read {read:.0f} times,", end=" "
    )
    print(f"{traffic(found) / X.nbytes:.0f} traversals")
for stage, side in (("first", 56), ("last", 7)):
    channel = 32 * side * side * 4
    print(f"a channel of ResNet-50's {stage} stage, batch 32: {channel:,} B")
print(f"shared memory of a multiprocessor: {SM_A100.shared.value:,.0f} B at most")

# %% [markdown]
# A column of 4,096 B fits on any chip, and the chain stays at two traversals. A channel
# of a convolution's result in the first stage is larger than the whole
# [scratchpad](../docs/glossary.md#scratchpad) of an A100's multiprocessor, which NVIDIA
# calls *shared memory*; one of the last stage is not. Where it is larger, training pays
# for its statistics with more readings. (A formula that sums squares beside the elements
# saves one of the three.) For inference the statistics are constants, and frameworks fold
# the normalization into the convolution.
#
# ## A transformer's segments
#
# Between its matrix products a transformer block does little arithmetic and moves much.
# The cell takes three such segments, each with the kernels that a library offers and as
# the planner cuts it. (The *mask* adds a large negative number to each score that is not
# to count.) The **planner** tries every legal way to cut the graph and takes the one with
# the fewest bytes. 128 KiB on the chip hold a row of each.

# %% name="transformer"
segments = {
    "scores: scale, mask, softmax": scores(tokens=1024, heads=12),
    "bias, residual, LayerNorm": block_end(tokens=1024, width=768),
    "bias, GELU": feed_forward(tokens=1024, width=768),
}
peak, BW, room = A100.peak("fp16"), A100.BW, 128 * 1024
for name, (segment, library) in segments.items():
    apart, best = (
        kernels(segment, library, scratchpad=room),
        plan(segment, scratchpad=room),
    )
    moved, less = traffic(apart) / 1e6, traffic(best) / 1e6
    faster = run_time(apart, peak, BW) / run_time(best, peak, BW)
    launched = run_time(apart, peak, BW, LAUNCH.value)
    launched /= run_time(best, peak, BW, LAUNCH.value)
    print(
        f"{name}: {len(apart)} kernels {moved:.1f} MB, {len(best)} kernel {less:.1f} MB:"
    )
    print(f"    {moved / less:.2f} times less; A100 {faster:.2f} times as fast,", end=" ")
    print(f"with a launch of {LAUNCH} each {launched:.2f}")
display(show("fusion-plan"))
claims_at("13_fusion#transformer")

# %% [markdown]
# "Often 2 to 3x", says footnote 36, and does not name the operations. Two of these three
# lie there; other kernels to start from would give other gains. The time follows the
# bytes as long as all of it is memory-bound. The segment with the residual saves least:
# two of its results are wanted outside, and a value with another reader must be written.
# In the figure the product stands in front, and LayerNorm cannot ride on it.
#
# ## Explore: cut it yourself
#
# All numbers are FP32 here, twice the bytes of the cell above. Find (1) for the chain in
# training, the least room on the chip at which its input is read once, and how it depends
# on the rows; (2) a graph and a number of registers for which the fewest launches move
# more than the least traffic, and which of the two takes less time at 1024 rows and at
# 4096; (3) for the end of a transformer block with a library's kernels, the rows below
# which launches are more than half of the time.

# %%
fusion_planner_explorer()

# %% [markdown]
# (1) A column: 4 B for each row, so 4 KiB at 1024 rows and 16 KiB at 4096. (2) The fork
# of 4 branches with 3 registers: one kernel spills. At 1024 rows it is still the faster
# one, since it saves a launch; at 4096 it is the slower. (3) About 1,420 rows on an A100:
# three launches take 15 us, and so do the bytes.
#
# ## Where the rule fails: registers
#
# Values that are not in memory must be somewhere. Each thread keeps them in *registers*,
# and there are few. A chain needs one value at a time, however long it is. A **fork**
# computes several functions of one input, and then one more of each: in that order it
# holds a value for each branch. What does not fit is *spilled*, stored and loaded again.
# And a kernel whose threads use many registers runs fewer threads at a time
# ([occupancy](../docs/glossary.md#occupancy), the resident share of the most warps that a
# multiprocessor can hold).
#
# How many branches can four registers carry before one kernel loses to a kernel for each
# branch? Spills are counted as if each reached memory.

# %% name="registers"
from labcore.fusion.registers import live_values
from labcore.simt.occupancy import occupancy

print("a chain of 30 holds", live_values(chain(30), [f"v{k}" for k in range(1, 31)]))
for branches in (4, 6, 7, 8):
    forked = fork(branches)
    one = kernel(forked, [op.name for op in forked.ops], registers=4)
    each = kernels(forked, branches_of(forked), registers=4)
    size = forked.nbytes("x")
    print(f"a fork of {branches} holds {live_values(forked, one.ops)}:", end=" ")
    apart = traffic(each) / size
    print(f"one kernel moves {one.D_vol / size:.0f} tensors,", end=" ")
    print(f"{one.spilled / size:.0f} of them spilled; a kernel a branch {apart:.0f}")
for registers in (32, 64, 128, 255):
    print(f"{registers} registers: occupancy {100 * occupancy(256, registers).share:g}%")
display(show("fusion-spill"))
claims_at("13_fusion#registers")

# %% [markdown]
# With seven branches, 14 operations in the figure, the two are even. From eight on one
# kernel moves more than a kernel for each branch. Groups of four branches beat both,
# which is what a planner that knows the limit finds. (Another order, branch by branch,
# would need one register; a compiler looks for it, and some graphs have none.) The
# chapter lets spills go to shared memory. On NVIDIA's GPUs they go to *local memory*
# instead, which lies in the chip's DRAM behind its caches, unless the program asks
# otherwise.
#
# ## Where the rule fails: the arithmetic
#
# A question of the chapter asks why one kernel of conv, BN and ReLU can "double or triple
# throughput" where bandwidth decides: six traversals of activations become two. That
# holds where all tensors are of one size. ResNet-50 has 33 convolutions that a ReLU
# follows. The cell runs each unfused and fused, on an A100 in FP16 at batch 32, each
# kernel at its roofline and without launches.

# %%
from labcore.fusion.networks import conv_chains
from labcore.models.zoo import build

gains = {}
for name, one in conv_chains(build("resnet50", batch=32)).items():
    apart, whole = eager(one), kernels(one, [["conv", "bn", "act"]])
    gains[name] = run_time(apart, peak, BW) / run_time(whole, peak, BW)
    if name in ("conv1", "layer1.0.conv1", "layer1.0.conv2", "layer4.1.conv2"):
        print(
            f"{name}: traffic {traffic(apart) / traffic(whole):.2f} times less,", end=" "
        )
        I = whole[0].flop / whole[0].D_vol
        print(f"{I:.0f} FLOP/B: {gains[name]:.2f} times as fast")
inside = sum(2 <= gain <= 3 for gain in gains.values())
print(f"from {min(gains.values()):.2f} to {max(gains.values()):.2f} times;", end=" ")
print(f"{inside} of {len(gains)} between 2 and 3")

# %% [markdown]
# The first convolution turns three channels into 64: its output is much larger than its
# input, and each traversal that fusing removes is one of the output. The late ones are
# compute-bound: the arithmetic of the convolution takes most of the time fused or not, so
# the four traversals that go save little. Fusing changes bytes and launches; it does not
# change FLOP.
#
# ## The barrier that gives way: attention
#
# **Attention** lets each token of a sequence look at all others. For one *head*, queries
# $Q$, keys $K$ and values $V$ are tables of $N$ rows and $d$ columns:
#
# $$S = QK^T / \sqrt{d} \qquad P = \text{softmax}(S) \qquad O = PV$$
#
# $S$ and $P$ have $N^2$ numbers, one for each pair of tokens. By the rules so far these
# are three kernels: a product, a softmax, a product. A softmax divides by the sum over
# its whole row, so nothing after it can begin before the row is complete.

# %% [markdown]
# It can begin, if it is ready to correct itself. Keep the largest score so far, $m$, the
# sum of weights so far, $l$, and the sum of weighted values so far, $o$. When a block of
# new scores raises $m$, multiply $l$ and $o$ by $e^{m_\text{old} - m_\text{new}}$, then
# go on. Do it on paper first. The scores 1, 0, 2, 1, 0, 3, 1, 1, in units of $\log 2$, so
# that $e^\text{score}$ is a power of two, come in blocks of two, with the values 1 to 8.
# What is the factor `rescale` at each block?

# %% name="online-softmax-film"
from labcore.explore.attention import attention_explorer
from labcore.fusion.attention import attention
from labcore.fusion.attention_counted import counted_attention
from labcore.fusion.attention_traffic import (
    attention_flop,
    block_for,
    crossover_length,
    flash_time,
    flash_traffic,
    least_traffic,
    materialized_time,
    materialized_traffic,
    paper_order,
    words_held,
)

show("online-softmax-film")

# %% [markdown]
# After the last block $o / l$ is the softmax's output, and no row of scores was ever
# whole ([Milakov and Gimelshein 2018](../docs/references.md#milakov2018)).
# **FlashAttention** ([Dao et al. 2022](../docs/references.md#dao2022)) does this for a
# block of queries at a time, in one kernel.
#
# Two loops run over the blocks, and either may be outside. With the queries outside, $K$
# and $V$ are read again for each block of queries. With the keys outside, as in the first
# paper, $Q$ is read and $O$, $m$ and $l$ are read and written for each block of keys.
# Which moves less? The cell runs both on arrays that count every access, with 12 tokens
# of width 2 and blocks of 4, and holds the counts against closed forms.

# %%
rng = np.random.default_rng(0)
Q, K, V = (rng.standard_normal((12, 2)) for _ in range(3))
for outer in ("Q", "K"):
    O, arrays = counted_attention(Q, K, V, block=(4, 4), outer=outer)
    exact = np.allclose(O, attention(Q, K, V), rtol=1e-12)
    print(f"{outer} outside, the same output as with all scores: {exact}")
    print("  read   ", {name: x.reads for name, x in arrays.items() if x.reads})
    print("  written", {name: x.writes for name, x in arrays.items() if x.writes})
    counted = sum(x.reads + x.writes for x in arrays.values())
    said = flash_traffic(12, 12, 2, block=(4, 4), outer=outer).words
    print(f"  {counted} words counted, {said} by the closed form")

# %% [markdown]
# `m` is written with the queries outside, too: one number a row, $m + \log l$, from which
# training computes the weights again. Without training it can be left out.
#
# Now a real head: $d = 64$ in FP16, in the scratchpad of one A100 multiprocessor. Scores
# written out cross memory four times: out of the first product, into the softmax, out of
# it, into the last product. The three kernels are charged every operand once, as if the
# chip held all of $Q$, $K$ and $V$, which flatters them.
#
# The paper's theorem says that tiles move on the order of $N^2 d^2 / M$ words with a
# scratchpad of $M$ words. An order leaves out a constant factor; the last column shows
# what it comes to. The last lines ask what fewer bytes are worth in time: the tiled
# kernel has the same FLOP in one trip, so its intensity rises. They take the whole chip's
# peak, as if enough heads ran at once to give each multiprocessor a block.

# %% name="attention-bytes"
d, M = 64, int(SM_A100.shared.value) // 2  # words of two bytes
block, by_keys = block_for(M, d), block_for(M, d, outer="K")
print(f"{block[0]} queries beside {block[1]} keys: {words_held(block, d)} of {M} words")
print("    N  written out    tiled  keys outside  once each  tiled / order")
for N in (1024, 4096, 16384):
    written, tiled = materialized_traffic(N, N, d), flash_traffic(N, N, d, block)
    other, least = flash_traffic(N, N, d, by_keys, outer="K"), least_traffic(N, N, d)
    moved = (written.words, tiled.words, other.words, least)
    a, b, c, e = (format_si(2 * words, "B", 3) for words in moved)
    ratio = tiled.words / paper_order(N, d, M)
    print(f"{N:>5} {a:>12} {b:>8} {c:>13} {e:>10} {ratio:>14.1f}")
print(f"K and V alone, in full blocks: {2 * M / (d * block[0]):.1f} times the order")

N, R_peak, BW = 4096, A100.peak("fp16"), A100.BW
written, tiled = materialized_traffic(N, N, d), flash_traffic(N, N, d, block)
print(f"S and P of {N} tokens and 32 heads: {format_binary(2 * 2 * 32 * N**2)};", end=" ")
print(f"a head has {-(-N // block[0])} blocks of queries")
T_out = materialized_time(N, N, d, R_peak, BW)
T_in = flash_time(N, N, d, block, R_peak, BW)
for name, of, T in (("written out", written, T_out), ("tiled", tiled, T_in)):
    I = attention_flop(N, N, d) / (2 * of.words)
    print(f"{name}: {I:.0f} FLOP/B, ridge {A100.ridge('fp16'):.0f};", end=" ")
    print(f"at least {format_si(T, 's', 3)} on the A100")
print(f"bytes {written.words / tiled.words:.1f} times fewer,", end=" ")
print(f"time {T_out / T_in:.1f} times less at best")

# %% [markdown]
# The factor falls with the length, as $Q$ and $O$ move once and the last block of
# queries, which need not be full, weighs less; what remains is reading $K$ and $V$ for
# each block.
#
# Tiles also hold less: $S$ and $P$ never exist. That is often the larger gain: a long
# sequence then fits at all. In time the gain is smaller than in bytes, since the tiled
# kernel has passed the ridge. It is smaller still on a real chip: least times take every
# FLOP at the matrix units' peak, and exponentials run on other, slower units.
#
# ## Explore: the least scratchpad
#
# Tiles take room. Find the smallest scratchpad, in whole KiB, in which tiles of a head of
# 64 move less than scores written out even at the longest sequence. Near it the two lines
# lie on each other; set the length to 32,768 and read the sentence. Then double the
# head's width and find it again. Which grows faster, width or scratchpad? The number box
# takes sizes between the slider's. Find both before you go on: the next cell prints them.
#
# A *causal* mask hides later tokens. Written out it is a fourth kernel that reads and
# writes all scores, so it adds bytes; tiles skip the blocks that it hides.

# %%
attention_explorer()

# %% [markdown]
# ## Where the rule fails: small scratchpads
#
# Tiles trade scores for reading $K$ and $V$ again, $N / B_r$ times for blocks of $B_r$
# queries: $2 N^2 d / B_r$ words against $4 N^2$. **They win at every length from
# $B_r = d / 2$ on, and with fewer rows only while the sequence is short.** A head twice
# as wide needs twice as many rows, each twice as wide, and so towards four times the
# scratchpad.

# %% name="attention-traffic"
for width in (64, 128, 256):
    sizes = [k for k in range(8, 256) if words_held((1, 16), width) <= k * 512]
    blocks = {k: block_for(k * 512, width) for k in sizes}
    enough = next(k for k in sizes if crossover_length(width, blocks[k]) is None)
    last = crossover_length(width, blocks[enough - 1])
    print(f"head of {width}: {enough} KiB; with 1 KiB less only up to N = {last}")
show("attention-traffic")

# %% [markdown]
# ## Your machine
#
# The cell times the chapter's chain in three ways, on one core: numpy's five operations
# (ReLU, times, plus, times, plus), three compiled loops, and one, by a clock that counts
# their own time and no other program's. By the traversals alone, numpy takes $10 / 2 = 5$
# times as long as one loop, three loops $6 / 2 = 3$ times. A second chain has the same
# traversals and *long* steps: each divides eight times for every element. Where, along
# the size of the tensor, will each prediction fail?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.fusion import sweep
from labcore.plots.fusion_felt import felt

raced = sweep(tuple(2**k for k in range(14, 27, 2)), long_sizes=(2**18, 2**20, 2**22))
display(felt(raced))
display(
    compare("13-loops", raced["cheap"][2**26].slower("three loops", "one loop"), "x"),
    compare("13-long", raced["long"][2**22].slower("three loops", "one loop"), "x"),
)

# %% [markdown]
# On large tensors the traversals decide, and both lines should come near their
# predictions. On small ones the tensors stay in a cache: a traversal is cheap there, and
# what numpy pays is the call of each operation, the CPU's version of a launch. Three
# compiled loops lose about the same where all tensors lie in one cache, since each loop
# still loads and stores every element. Between these sizes they can lose more: one loop
# goes through two arrays, three loops through four, and a cache may hold two and not
# four.
#
# For long steps the arithmetic is the same fused or not, and the bytes hide behind it: on
# a core that divides slower than it loads the line stays near 1. Traffic predicts time
# only where traffic binds. (On a busy computer single points scatter.)

# %% [markdown]
# ### Attention on your machine
#
# The cell runs numpy's eager attention, which writes the scores, against compiled tiles,
# on one thread in FP32. With numpy $S$ crosses memory 12 times: the first product writes
# it; scaling, subtracting, `exp` and dividing each read and write it; maximum, sum and
# the last product read it. There are two predictions:
#
# - *By bytes*: the gain is $12 N^2 + 4 N d$ words over those of the tiles, with no cache
#   but the tiles.
# - *By parts*: at the shortest length $S$ lies in a cache, and both times are measured. A
#   longer sequence takes as long for each score, and for a larger $S$ numpy's 12
#   crossings take longer by what the bandwidth measured at that size is lower.

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.attention_race import CROSSINGS, attention_races
from labcore.plots.attention_felt import attention_felt

attention_times = attention_races()
print(f"numpy's version crosses memory with S {CROSSINGS} times")
display(
    attention_felt(attention_times),
    compare("13-attention", attention_times.gain(4096), "x"),
)

# %% [markdown]
# Where the prediction by bytes fails, it helps to see why. One core's arithmetic is
# slower than an A100's by a far larger factor than its memory is, so its ridge lies far
# to the left: products and exponentials take most of the time either way, and tiles save
# none of them. The last cache may hold $S$ of a thousand tokens and more, and what it
# holds never reaches DRAM. And numpy's products come from a library tuned for years,
# where the tiles' are compiled from plain loops. Even the prediction by parts takes the
# crossings to overlap with nothing, which a core that fetches ahead does better. Fusion
# pays by its bytes only where bytes are what the program waits for.
#
# ## Settled
#
# Your predictions, the statements of the section that do not reproduce, and what the
# chapter's own checks state:

# %% name="self-check"
display(
    compare("13-moved", traffic(eager(listing)) / traffic(plan(listing)), "x"),
    compare(
        "13-held",
        footprint(listing, eager(listing)) / footprint(listing, plan(listing)),
        "x",
    ),
    compare("13-conv", max(gains.values()), "x"),
    compare("13-scores", written.words / tiled.words, "x"),
)
found = departures("13_fusion")
print("departs from the print:", ", ".join(one.claim.id for one in found))
claims_at("13_fusion#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Five element-wise operations in a chain. Bytes moved, unfused over fused?
# 2. The same chain: footprint, unfused with all tensors kept over fused, input and result
#    counted in both?
# 3. Conv, BN and ReLU become one kernel. What falls? (a) FLOP. (b) Bytes moved and
#    launches. (c) Weights. (d) All of these. A letter.
# 4. A convolution takes 2 ms to compute and 1 ms to move its bytes. BN and ReLU take 1 ms
#    each to move theirs, and their arithmetic counts as none. Moving and computing
#    overlap within a kernel. How many times as fast is the fused kernel, if its bytes
#    take 1 ms?
# 5. Which may **not** ride on a matrix product as its epilogue? (a) A bias. (b) GELU. (c)
#    The residual's addition. (d) Softmax of its rows. A letter.
# 6. A value inside a fused group is read by another kernel too, and nothing is computed
#    twice. True or False: the value must be written to memory.
# 7. Layer normalization as one kernel holds its row on the chip; how many traversals does
#    it take? And one that holds nothing and computes mean, variance and result one after
#    another? A pair of numbers.

# %%
display(
    selfcheck("fusion-1", ...),
    selfcheck("fusion-2", ...),
    selfcheck("fusion-3", ...),
    selfcheck("fusion-4", ...),
    selfcheck("fusion-5", ...),
    selfcheck("fusion-6", ...),
    selfcheck("fusion-7", ...),
    progress("fusion"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/13_fusion.ipynb](../my/13_fusion.ipynb), from the bytes of a chain
#   to a planner of your own; your copy lies in `my/` once JupyterLab was opened with
#   `make lab`.
# - **At work:** `labcore roofline resnet50 --on A100 --batch 32` runs each layer by
#   itself and says which wait for memory: there fusing pays.
# - **Read:** [Dao et al. (2022)](../docs/references.md#dao2022), "FlashAttention";
#   [Chen et al. (2018)](../docs/references.md#chen2018), "TVM", section 3, for the rules
#   of fusing that compilers use.
# - **Next:** [lab 14](14_tiling.ipynb) cuts a matrix product into tiles, the other way to
#   go to memory less often.
