# %% [markdown]
# # 09 The roofline
#
# > The data sheet says 312 TFLOP/s. Our model gets 2. Is the chip broken, is
# > the code bad, or was this to be expected?
#
# Reading 30 min, doing 50 min.
#
# That question comes up in every team that buys an accelerator. To answer it you need two
# numbers of the work, how much it computes and how many bytes it moves, and two of the
# chip, how fast it does either. The roofline puts them into one picture.
#
# **You need before:** what a matrix product, a convolution and a softmax are
# ([lab 03](03_compute_primitives.ipynb)), and powers of ten. Layers of transformers and
# CNNs are named; you need not know how they work.
#
# **You can do after:** take any layer and any chip, say which of the two limits binds, by
# how much, and what would help.

# %%
import math

from IPython.display import display
from labcore.catalogue import A100, B200, H100, H200, V100
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.roofline import batch_explorer, chip_explorer, roofline_explorer
from labcore.ops import conv2d, elementwise, layernorm, matmul, softmax
from labcore.plots.registry import show
from labcore.roofline import (
    attainable,
    bound,
    crossing_batch,
    least_time,
    required_bandwidth,
    ridge,
    utilization,
)
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Commit to a number before you read on; a wrong guess that you wrote down teaches more
# than a right one that you did not. Your guesses are kept in `my/`, and the end of the
# lab comes back to them. Two words: a layer is **compute-bound** on a chip when its
# arithmetic takes longer than its traffic, and **memory-bound** when it is the other way
# round. The *A100* is a GPU of 2020, the *H100* its successor; their peaks count
# multiplications and additions of 16-bit numbers (FP16).

# %%
display(
    predict("09-dense-share", "Peak share on A100: dense 2048 x 2048, batch 32", "%"),
    predict("09-least-batch", "Least batch at which it is compute-bound there", "inputs"),
    predict("09-h100-gain", "Speed-up from A100 to H100 of a memory-bound layer", "x"),
)

# %% [markdown]
# ## By hand
#
# Take a machine that computes 100 FLOP/s and reads or writes 10 B/s, and two jobs on
# one-byte numbers:
#
# - **add** two vectors of 8 numbers: 8 additions; 16 B in, 8 B out;
# - **multiply** two 8 x 8 matrices: $2 \cdot 8^3 = 1024$ FLOP (each multiply-accumulate
#   is two); 128 B in, 64 B out.
#
# Work out both times on paper: the time to compute, the time to move, and the longer of
# the two. Then run the cell.

# %%
add = elementwise(8, inputs=2, bytes_per_element=1)
product = matmul(8, 8, 8, bytes_per_element=1)
for name, op in {"add": add, "multiply": product}.items():
    T = least_time(op.flop, op.D_vol, R_peak=100, BW=10)
    print(f"{name}: {op.flop} FLOP on {op.D_vol} B is {op.I:.3f} FLOP/B")
    print(f"  to compute {op.flop / 100:.2f} s, to move {op.D_vol / 10:.1f} s")
    print(f"  so at least {T:.1f} s, and at most {op.flop / T:.1f} FLOP/s")

# %% [markdown]
# Both jobs wait for memory. In the time that one byte takes, the machine can do 10 FLOP,
# and neither job brings that many. The product, at 5.3 FLOP for each byte, gets just over
# half of the machine's 100 FLOP/s. The addition, at a third, cannot pass 3.3, however
# clever its code.
#
# Nothing in that argument needs to know what the job computes. Only one ratio matters.
#
# ## Two ceilings
#
# Call the peak rate $R_\text{peak}$ (FLOP/s), the memory bandwidth $\text{BW}$ (B/s) and
# the job's **arithmetic intensity** $I$ (FLOP/B), its work $O$ over the bytes
# $D_\text{vol}$ that it moves:
#
# $$I = \frac{O}{D_\text{vol}} \qquad R_\text{attain} = \min(R_\text{peak},\ \text{BW} \cdot I)$$
#
# The second is the roofline
# ([Williams, Waterman and Patterson 2009](../docs/references.md#williams2009)), Equation
# 2 of the chapter; the first is its Equation 3. Where the two ceilings meet lies the
# **ridge point**, $R_\text{peak} / \text{BW}$. Left of it a job is *memory-bound*: more
# FLOP/s would idle. Right of it a job is *compute-bound*: more bandwidth would idle.
#
# Now a real chip. Its numbers come from the catalogue, each with its source.

# %% name="roofline"
for name, fact in A100.facts():
    if name in ("peak fp16", "peak fp32", "bandwidth"):
        print(f"{name}: {fact} ({fact.source})")
for precision in ("fp16", "fp32"):
    print(f"ridge {precision}: {A100.ridge(precision):.1f} FLOP/B")
display(show("roofline"), show("roofline-elbow"))

# %% [markdown]
# Both axes are logarithmic, so a slope of one is "twice the intensity, twice the speed".
# The points are not measurements. They are the best that each chip could do if every
# operand crossed the memory bus exactly once. The chapter's margin shows the same elbow
# in small, without numbers; the second picture gives it those of a real chip.
#
# Intensity belongs to the *implementation*. The next cell takes one product twice: once
# with each operand fetched once, and once with operands fetched anew for every output
# element. The FLOP are the same. Below, each statement of the chapter's section so far is
# recomputed: *printed* is what the chapter says, *computed* what labcore gets from the
# chapter's own inputs. They need not agree; where they do not, the reason stands beside
# them. Unfold a line to see those that do.

# %% name="two-ceilings"
n = 1024
tiled = matmul(n, n, n)
# fp16: a row and a column for each of n * n outputs, then the outputs
naive_bytes = 2 * (2 * n**3) + 2 * n**2
naive_I = tiled.flop / naive_bytes
print(f"each operand once:  {tiled.I:.1f} FLOP/B")
print(f"every operand anew: {naive_I:.3f} FLOP/B, {tiled.I / naive_I:.0f} times less")
claims_at("09_roofline#two-ceilings")

# %% [markdown]
# One of the statements deserves a second look. The ReLU's 8 bytes are one read and one
# write of a 4-byte number, so the 0.125 is an FP32 figure beside FP16 ones; in FP16 it is
# 0.25, still far below any ridge.
#
# ## Explore: find the corner
#
# Find (1) an operation that changes from memory-bound to compute-bound when only the
# *precision* changes, and (2) one that no chip in the list makes compute-bound. Drag, or
# use the arrow keys, or type into the box.

# %%
roofline_explorer()

# %% [markdown]
# ## The ridge moves
#
# From one architecture to the next, chips have gained more FLOP/s than bandwidth. The H200
# is the exception that shows the rule: an H100 with faster memory. Each chip's ridge,
# dense FP16 peak over bandwidth, from the catalogue, comes first.
#
# **Napkin Math 1.3.** What happens to a kernel at 200 FLOP/B that moves from an A100 to
# an H100? It was compute-bound and becomes memory-bound. Its gain lies between the ratio
# of the bandwidths and that of the peaks. Change `I` in the second cell and find where
# each end is reached.

# %% name="ridge-points"
for gpu in (V100, A100, H100, H200, B200):
    I_ridge = ridge(gpu.peak("fp16"), gpu.BW)
    print(f"{gpu.name}, {gpu.year}: ridge {I_ridge:.1f} FLOP/B;", end=" ")
    print(f"a kernel at 200 FLOP/B is {bound(200, I_ridge)}-bound")
display(show("rising-ridge"))
claims_at("09_roofline#ridge-points")

# %% name="napkin-1-3"
I = 200
old, new = (attainable(gpu.peak("fp16"), gpu.BW, I) for gpu in (A100, H100))
print(f"gain at {I} FLOP/B:      {new / old:.2f}x")
print(f"ratio of bandwidths:     {H100.BW / A100.BW:.2f}x")
print(f"ratio of the fp16 peaks: {H100.peak('fp16') / A100.peak('fp16'):.2f}x")
claims_at("09_roofline#napkin-1-3")

# %% [markdown]
# ## Where operations fall
#
# Table 13 sorts common operations by intensity. Its ranges are rules of thumb. Next to
# each stands what the layers of the network that it names really ask for, computed layer
# by layer:

# %% name="table-13"
display(show("intensity-ranges"))
claims_at("09_roofline#table-13")

# %% [markdown]
# Some ranges of the table are not what compulsory traffic gives. They can still be what a
# profiler shows: caches that are too small add bytes (intensity falls), and fused kernels
# skip some (intensity rises). A range without the traffic model that it rests on cannot
# be checked; write yours down with your numbers.
#
# **Napkin Math 1.4, one transformer layer.** The hidden size is 768, the batch 32, and
# each input has 512 tokens. The projection to queries, keys and values is one big
# product; the softmax works on a 512 x 512 table for each of 12 heads and each input.

# %% name="napkin-1-4"
batch, seq, hidden, heads = 32, 512, 768, 12
qkv = matmul(batch * seq, hidden, 3 * hidden)
scores = softmax(batch * heads * seq, seq)
for name, op in {"projection": qkv, "softmax": scores}.items():
    share = utilization(A100.peak("fp16"), A100.BW, op.I)
    work, traffic = format_si(op.flop, "FLOP"), format_si(op.D_vol, "B")
    print(f"{name}: {work}, {traffic}, {op.I:.2f} FLOP/B, at most {share:.1%} of peak")
print(f"FLOP, projection to softmax: {qkv.flop / scores.flop:.0f} to 1")
print(f"bytes, softmax to projection: {scores.D_vol / qkv.D_vol:.1f} to 1")
claims_at("09_roofline#napkin-1-4")

# %% [markdown]
# Speeding up the softmax's arithmetic would change nothing. Not writing its table to
# memory would: that is what [FlashAttention](../docs/glossary.md#flashattention) does.
#
# ## Three worked layers
#
# **Napkin Math 1.5, a convolution.** Every weight meets 32 x 56 x 56 positions. Change
# the sizes; which one moves the intensity most?

# %% name="napkin-1-5"
conv = conv2d(N=32, C=128, H=56, W=56, K=256, R=3, S=3, padding=1)
print("work:", format_si(conv.flop, "FLOP"))
for operand, size in {**conv.reads, **conv.writes}.items():
    print(f"{operand}: {format_si(size, 'B')}")
print(f"{conv.I:.1f} FLOP/B, {bound(conv.I, A100.ridge('fp16'))}-bound on the A100")
claims_at("09_roofline#napkin-1-5")

# %% [markdown]
# **Napkin Math 1.6, a dense layer.** Every weight meets 32 inputs and is gone. Equation 5
# is the slope of the roofline, the rate that a bandwidth allows; Equation 4 reads it
# backwards, the bandwidth that a rate would need.
#
# **Napkin Math 1.7, LayerNorm**, in the cell after it. Every element is read, touched six
# times and written.

# %% name="napkin-1-6"
dense = matmul(32, 2048, 2048)
R_peak, BW = A100.peak("fp16"), A100.BW
share, need = utilization(R_peak, BW, dense.I), required_bandwidth(R_peak, dense.I)
weights = dense.reads["B"] / dense.D_vol
print(f"{dense.I:.2f} FLOP/B; {weights:.0%} of the bytes are weights")
print(f"at most {format_si(BW * dense.I, 'FLOP/s')}, {share:.1%} of peak")
print(
    f"the whole peak would need {format_si(need, 'B/s')}, {need / BW:.1f} times the A100's"
)
claims_at("09_roofline#napkin-1-6")

# %% name="napkin-1-7"
norm = layernorm(32 * 512, 768)
T = least_time(norm.flop, norm.D_vol, R_peak, BW)
print(f"{norm.I:.2f} FLOP/B, {A100.ridge('fp16') / norm.I:.0f} times below the ridge")
print(f"at most {format_si(norm.flop / T, 'FLOP/s')}")
print("least time:", format_si(T, "s"))
print("its arithmetic alone:", format_si(norm.flop / R_peak, "s"))
claims_at("09_roofline#napkin-1-7")

# %% [markdown]
# ## What to do about it
#
# The place on the roofline names the cure. Right of the ridge, make the arithmetic
# cheaper ([tensor cores](../docs/glossary.md#tensor-core), lower precision) or keep it
# busier (tiles, occupancy). Left of it, move fewer bytes (fuse, shrink, reuse) or use
# each byte more often (batch). How much can fusion give? Count the trips to memory: a
# chain of $k$ element-wise steps makes $2k$ when each step reads and writes, and 2 when
# they are fused.

# %% name="table-14"
n = 32 * 512 * 768
for steps in (2, 3, 5, 10):
    apart = steps * elementwise(n).D_vol
    fused = elementwise(n, flop_per_element=steps).D_vol
    print(f"{steps} steps: {format_si(apart, 'B')} apart, {format_si(fused, 'B')} fused")
for gpu in (A100, H100):
    share = utilization(gpu.peak("fp16"), gpu.BW, 200)
    print(f"{gpu.name}: 200 FLOP/B allow {share:.0%} of peak")
claims_at("09_roofline#table-14")

# %% [markdown]
# Two kernels fused give 2x. A gain of 10x takes a chain of ten, or launches so short that
# their fixed cost dominates. And the limits of the rows are those of one chip: what the
# table calls high intensity, 200 FLOP/B, reaches the A100's roof but not the H100's.
#
# ## The lever that everyone pulls: batch
#
# A dense layer of $M \times N$ weights on $B$ inputs (Equation 6; the two bytes of a
# number cancel the two FLOP of a MAC):
#
# $$I = \frac{BMN}{BM + MN + BN} \approx B \quad\text{while } B \ll \frac{MN}{M+N}$$
#
# Each weight is fetched once and used $B$ times. The approximation holds while the
# weights are nearly all of the traffic. From which batch on is the layer compute-bound on
# the A100?

# %% name="napkin-1-8"
for B in (1, 32, 153, 180, 256, 1024, 16384):
    op = matmul(B, 2048, 2048)
    each = least_time(op.flop, op.D_vol, R_peak, BW) / B
    binds = bound(op.I, A100.ridge("fp16"))
    print(f"batch {B}: {op.I:.1f} FLOP/B, {binds}-bound, {each * 1e9:.0f} ns an input")
M = N = 2048
crossing = crossing_batch(A100.ridge("fp16"), M, N)
print("no crossing" if crossing is None else f"crossing at batch {crossing:.1f}")
print(f"the intensity never passes {M * N / (M + N):.0f} FLOP/B")
display(show("batch-sweep"))
claims_at("09_roofline#napkin-1-8")

# %% [markdown]
# "Intensity equals batch" would put the crossing at the ridge, batch 153. The activations
# push it further out. Solve $I(B) = I_\text{ridge}$ for $B$:
#
# $$B = \frac{I_\text{ridge}\,MN}{MN - I_\text{ridge}(M+N)}$$
#
# There is no such batch when $I_\text{ridge} \ge MN/(M+N)$: a narrow layer stays
# memory-bound at any batch.
#
# ## Explore: what batching costs
#
# Find the batch that gives 90 % of the A100's peak. Then read what the whole batch takes
# there, compared with batch 1; the time that the first request waits for the others to
# arrive comes on top. Then make the layer 256 x 256 and try to reach the ridge. The
# slider goes in powers of two; type the batches between them into the box.

# %%
batch_explorer()

# %% [markdown]
# ## One token at a time
#
# Napkin Math 1.9 takes batching away. A language model that writes one token for one
# reader multiplies every weight by one vector: two FLOP for each two-byte weight. The
# cell after it takes the whole network, attention and cache included, with 1024 tokens in
# view.

# %% name="napkin-1-9"
params, bytes_each = 1.5e9, 2
flop, D_vol = 2 * params, bytes_each * params
T = least_time(flop, D_vol, R_peak, BW)
rate = flop / T
print(
    f"{flop / D_vol:.0f} FLOP/B: {format_si(rate, 'FLOP/s')}, {rate / R_peak:.2%} of peak at most"
)
print(f"{format_si(T, 's')} a token, {1 / T:.0f} tokens/s")
claims_at("09_roofline#napkin-1-9")

# %%
from labcore.models.zoo import build
from labcore.roofline import place_network

for precision in ("fp16", "int8"):
    for batch in (1, 16):
        step = build(
            "gpt2-xl", batch=batch, precision=precision, phase="decode", context=1024
        )
        T = sum(place.T for place in place_network(step, A100, precision))
        print(f"{precision}, batch {batch}: {step.I:.1f} FLOP/B;", end=" ")
        print(f"{batch / T:.0f} tokens/s in all, {1 / T:.0f} to each reader")

# %% [markdown]
# That answers the question at the top: nothing is broken. At batch 1 the chip spends its
# time fetching weights. To halve the time, halve the bytes: eight-bit numbers double the
# rate. Sixteen readers do not get sixteen times the tokens. The weights are shared, but
# each reader brings a [cache of keys and values](../docs/glossary.md#kv-cache) that
# nobody else uses.
#
# ## At real size
#
# So far each example is one layer. The figures place all layers of ResNet-50, batch 32,
# on the A100, and say how long each kind takes at least.

# %% name="network-roofline"
display(
    show("network-roofline", network="resnet50", batch=32),
    show("network-time", network="resnet50", batch=32),
)

# %% [markdown]
# The convolutions do nearly all the arithmetic. They do not take nearly all the time: the
# element-wise layers between them have no arithmetic to speak of and full-size tensors to
# move. That is why compilers fuse them into the convolutions, and why counting FLOP alone
# misjudges a network. As a table, layer by layer, for any network:
# `labcore roofline mobilenetv2 --on H100 --batch 64`.
#
# ## Explore: which chip for this network?
#
# The H100 and the H200 have the same peak and differ in bandwidth, 3.35 against 4.8 TB/s.
# Before you look: for which network and phase does the H200 help most, and for which
# hardly at all? Then find a network and a batch for which the order of two chips turns
# round.

# %%
chip_explorer()

# %% [markdown]
# ## Where the rule fails
#
# For the traffic counted, the roofline is an upper bound: real kernels are slower. Three
# reasons that it cannot see:
#
# 1. **Fixed costs.** Every kernel pays a launch of some microseconds. The iron law of the
#    chapter adds it as a third term, and puts moving and computing one after the other:
#    $T = D_\text{vol} / \text{BW} + O / (R_\text{peak}\, \eta) + L_\text{lat}$.
# 2. **Bytes that move twice.** A cache that cannot hold a tile fetches operands again.
# 3. **Shapes that do not fit.** A 129-wide layer on a 128-wide array runs two passes
#    ([lab 06](06_systolic_arrays.ipynb)).
#
# And one that turns the bound round: an operand that still lies in a cache from the
# kernel before need not be fetched at all. Then count its bytes as zero.
#
# A launch costs about 5 us. What remains of the dense layer's fifth of the peak?

# %%
from labcore.catalogue.links import LAUNCH
from labcore.ironlaw import iron_law

times = {
    "roofline": least_time(dense.flop, dense.D_vol, R_peak, BW),
    "iron law": iron_law(dense.flop, dense.D_vol, R_peak, BW),
    "with a launch": iron_law(dense.flop, dense.D_vol, R_peak, BW, L_lat=LAUNCH.value),
}
print(f"one launch: {LAUNCH} ({LAUNCH.source})")
for name, T in times.items():
    print(f"{name}: {format_si(T, 's')}, {dense.flop / T / R_peak:.1%} of peak")

# %% [markdown]
# The launch more than doubles the roofline's time. For small layers the third term of the
# iron law is the one to fight, and neither FLOP/s nor bandwidth buys it.
#
# ## Your machine
#
# A chip's roofline comes from its data sheet; your computer's can be measured. In a
# terminal, with other programs closed, this takes less than two minutes:
#
# ```
# labcore measure
# ```
#
# Matrix products of float32 numbers give the flat roof, the fastest of four loops over
# long vectors the slope. Then real operations run; they set no roof, and each time is
# held against the least time under these roofs. Until you have run it, a recorded machine
# stands in; the first line of the next cell says which one you see.
#
# Which of these will take longest compared with its prediction: LayerNorm in one kernel,
# softmax in one kernel, LayerNorm as a chain of numpy calls, or a 32 x 32 product? Write
# your order down, then look.

# %% name="measured-roofline" tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.measure import load

mine = load()
print(mine)
host = mine.host
print(f"ridge from DRAM: {host.ridge('fp32'):.1f} FLOP/B in float32")
print(f"ridge from the fastest cache: {host.R_peak('fp32') / host.BW_near:.2f} FLOP/B")
display(show("measured-roofline", measured=mine))
for op in host.operations:
    predicted, took = format_si(op.predicted, "s", 3), format_si(op.T, "s", 3)
    words = f"{op.group}, {op.name}: {op.I:.3g} FLOP/B"
    print(f"{words}; predicted {predicted}, took {took}, {op.T / op.predicted:.1f}x")

# %% [markdown]
# The roofline asks for at least this time, so most ratios are above 1. What it leaves out
# can be read off them:
#
# - **Softmax** counts an exponential as one FLOP. The processor needs many for it, and
#   they do not run in the multipliers that the flat roof was measured with.
# - **LayerNorm in numpy** goes through memory once for every array expression, and on one
#   thread. The one kernel makes a single trip from memory; its bytes are those counted.
# - **The 32 x 32 product** is over before the cost of the call itself is paid.
# - **Four kernels or one** do the same arithmetic. Their times, not their FLOP/s, tell
#   what fusion gives: compare them with the ratio of their bytes.
# - **Stores** fetch a line before they overwrite it on most machines, bytes that the
#   compulsory count does not have.
#
# A ratio below 1 is noise, or a sign that the roof was measured on a disturbed machine:
# other programs take cores and bandwidth while it runs, and the warnings above say so.
#
# The bandwidth in these predictions is that of the operation's own working set, since the
# repeats find in a cache what fits there. With DRAM's bandwidth for everything, the small
# chain would look faster than possible:

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.units import format_binary

for name in ("1 fused", "1 fused, in cache, one thread"):
    try:
        op = host.find("chain", name)
    except ValueError as missing:  # left out where little memory is free
        print(missing)
        continue
    from_DRAM = host.least_time(op, cached=False)
    print(f"{name}, {format_binary(op.working_set, 3)}:", end=" ")
    print(f"took {op.T / from_DRAM:.2f} of the least time from DRAM,", end=" ")
    print(f"{op.T / op.predicted:.2f} of that from its own place")

# %% [markdown]
# ## Settled
#
# Your predictions beside what the lab computed, then the statements of the section that
# do not reproduce. The others have their verdicts in the cells above and below.

# %%
least_batch = math.ceil(crossing_batch(A100.ridge("fp16"), 2048, 2048))
display(
    compare("09-dense-share", 100 * float(utilization(R_peak, BW, dense.I)), "%"),
    compare("09-least-batch", least_batch, "inputs"),
    compare("09-h100-gain", H100.BW / A100.BW, "x"),
)
departures("09_roofline")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip. The
# cell after it recomputes what the chapter's own self-check states.
#
# 1. A kernel runs at 180 FLOP/B in FP16. On which of the V100, A100, H200 and H100 is it
#    compute-bound? A set of names, such as `{"V100", "H100"}`.
# 2. A 2048 x 2048 dense layer in FP16 goes from batch 1 to batch 256. By what factor do
#    its FLOP grow, and by what factor its bytes? A pair, such as `(3, 2)`.
# 3. Batch grows without limit. Which of these stays memory-bound on an A100 all the same?
#    (a) The projection to queries, keys and values. (b) A 3 x 3 convolution with 256
#    channels in and out. (c) LayerNorm. (d) A 4096 x 4096 dense layer. A letter, such as
#    `"a"`.
# 4. A kernel at 200 FLOP/B is compute-bound on the A100. Your team moves it to an H100.
#    What is its largest possible speed-up in FP16? A number.
# 5. A profiler shows 0.8 FLOP/B for the decoding of a language model on an A100 in FP16.
#    How many times below the ridge is that?
# 6. One reader complains that GPT-2 XL writes too slowly on an A100, batch 1, FP16. Which
#    single change helps *that reader* most? (a) A chip with twice the FLOP/s and the same
#    memory. (b) Eight-bit weights. (c) Batch 8. (d) FP64 for the sums. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("roofline-1", ...),
    selfcheck("roofline-2", ...),
    selfcheck("roofline-3", ...),
    selfcheck("roofline-4", ...),
    selfcheck("roofline-5", ...),
    selfcheck("roofline-6", ...),
    progress("roofline"),
)

# %% name="self-check"
claims_at("09_roofline#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/09_roofline.ipynb](../my/09_roofline.ipynb), about an hour, from
#   computing an intensity to choosing a chip. Your copy lies in `my/` once JupyterLab was
#   opened with `make lab`; check it with `labcore grade my/09_roofline.ipynb`.
# - **At work:** `labcore roofline your_model.onnx --on A100 --batch 8`.
# - **Read:**
#   [Williams, Waterman and Patterson (2009)](../docs/references.md#williams2009),
#   "Roofline: An Insightful Visual Performance Model for Multicore Architectures".
# - **Next:** [10 Mapping](10_mapping.ipynb): how a plan for the hardware raises the
#   intensity of one and the same layer.
