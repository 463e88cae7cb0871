# %% [markdown]
# # 01 The acceleration wall
#
# > The new chip is 250 times faster, and the job became 18.6 times faster. Where did the rest go?
#
# Reading 30 min, doing 45 min.
#
# Every accelerator is bought for one number and then used for another. The first is how
# fast it does the part that it was made for. The second is how fast the whole job gets.
# This lab takes you from the first to the second, and says where the next investment
# goes.
#
# **You need before:** fractions, powers of ten, and facts and claims
# ([lab 00](00_start_here.ipynb)). Networks are named (ResNet-50 sorts images, GPT-2 and
# Llama write text); you need not know how they work.
#
# **You can do after:** predict what a faster chip does for a whole job, name the term
# that limits it, and tell a claim about an accelerator from a claim about a job.

# %%
import json
import statistics
import time
from itertools import pairwise

import numpy as np
from IPython.display import display
from ipywidgets import HTML
from labcore.catalogue import A100, H100, SAPPHIRE_RAPIDS, V100, acceleration
from labcore.catalogue.links import LAUNCH
from labcore.claims.amdahl_law import matmul_share, matmul_shares
from labcore.claims.ledger import claims_at, departures
from labcore.energy import access_energy
from labcore.explore.amdahl import amdahl_explorer, iron_law_explorer
from labcore.explore.predict import Shown, compare, predict
from labcore.grading.selfcheck import progress, selfcheck
from labcore.ironlaw import (
    ceiling,
    fraction_after,
    knee,
    needed_fraction,
    needed_gain,
    network_terms,
    scaled_speedup,
    speedup,
    speedup_of_parts,
)
from labcore.latency import LIGHT
from labcore.models.zoo import build
from labcore.ops import conv2d, layernorm
from labcore.plots.registry import show
from labcore.precision.cost import mac_energy
from labcore.roofline import least_time
from labcore.scaling import times
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Type three guesses; the end of the lab comes back to them. A *V100* and an *H100* are
# two GPUs, five years apart. The cell prints how much faster the newer one computes on
# 16-bit numbers (FP16), and how much faster its memory is. On both the *host*, the CPU
# beside the GPU, takes a while to [launch](../docs/glossary.md#launch) an operation.

# %%
image = build("resnet50")
computes, moves = times(H100.peak("fp16"), V100.peak("fp16")), times(H100.BW, V100.BW)
launches = sum(layer.count for layer in image.layers)
print(f"H100 over V100: computes {computes:.1f} times as fast, moves {moves:.1f} times")
print(f"ResNet-50: {launches} launches of {format_si(LAUNCH.value, 's')}")
display(
    predict("01-whole", "80 % of a job runs 250 times faster; the whole job", "x"),
    predict(
        "01-serial", "Share that may stay serial if a 250x chip is to give 100x", "%"
    ),
    predict("01-image", "V100 to H100, ResNet-50, one image at a time", "x"),
)

# %% [markdown]
# ## By hand
#
# A job takes 100 s. For 10 s it loads data, for 90 s it multiplies matrices. You move the
# matrices to an accelerator that is 9 times faster. How long does the job take now, and
# what if the accelerator were 9 million times faster? Work both out on paper, then run.

# %%
load, multiply = 10, 90
for gain in (1, 9, 90, 9e6):
    T = load + multiply / gain
    print(f"gain {gain:,.0f}: {load} s + {multiply / gain:.3g} s = {T:.4g} s,", end=" ")
    print(f"{100 / T:.2f} times faster; loading is {load / T:.0%} of it")

# %% [markdown]
# A gain of 9 halves what is left to gain: the job is 5 times faster, and loading is half
# of it. From a gain of 9 to one of nine million, the job gets only twice as fast again.
#
# ## The law
#
# Call $p$ the **parallel fraction**: the share of the *old* time that the accelerator
# takes over. Call $G_\text{accel}$ its gain on that share. Equation 1 of the chapter
# ([Amdahl 1967](../docs/references.md#amdahl1967)):
#
# $$\text{Speedup} = \frac{1}{(1 - p) + p / G_\text{accel}}$$
#
# Two numbers go with it. The **ceiling** $1 / (1 - p)$ is what an accelerator without
# limit reaches. The **knee** $p / (1 - p)$ is the gain at which the serial part and the
# accelerated part take the same time; there the job has half of its ceiling. The law
# also runs backwards: for a speed-up that is wanted it gives the gain, or the p, that
# is needed.
#
# Below, each statement of the chapter is recomputed: *printed* is what the chapter says,
# *computed* what labcore gets from the chapter's own inputs. They need not agree; where
# they do not, the reason stands beside them.

# %% name="amdahl"
for p in (0.5, 0.9, 0.95, 0.99):
    print(f"p = {p}: {speedup(p, 250):.1f}x at G = 250,", end=" ")
    print(f"ceiling {ceiling(p):.0f}x, half of it at G = {knee(p):.0f}")
for p in (0.91, 0.95, 0.99):
    print(f"10x in all with p = {p}: an accelerator of {needed_gain(10, p):.1f}x")
for gain in (15, 50, 250):
    print(f"10x in all with {gain}x: {needed_fraction(10, gain):.2%} must move;", end=" ")
    print(f"{gain}x is at the knee for p = {gain / (1 + gain):.4f}")
claims_at("01_acceleration_wall#amdahl")

# %% [markdown]
# ## Explore: where does the next investment go?
#
# You may have twice the accelerator, or half the serial part. Find (1) for p = 0.9 the
# gain G at which both are worth the same, (2) at G = 250 the p from which on the faster
# accelerator is the better choice, (3) how (1) and (2) read in the bar at the bottom.
# Type into the boxes for values between the steps of a slider.

# %%
amdahl_explorer()

# %% [markdown]
# Both are worth the same where the bar is half grey, at the knee: G = 9 for p = 0.9, and
# p = 0.9960 for G = 250. Right of the knee the serial part is the larger one, and the
# ceiling limits every investment in the accelerator: the **acceleration wall**.
#
# ## The map
#
# The chapter's Figure 1 draws the law over both of its inputs. Follow the line of 20x:
# with p = 0.999 an accelerator of just over 20 gets there, with p = 0.95 none does.

# %% name="iron-law-heatmap"
show("iron-law-heatmap")

# %% name="heatmap"
for p in (0.8, 0.9, 0.99, 0.999):
    steps = [speedup(p, G) for G in (1, 10, 100, 1000)]
    gains = [f"{b / a:.2f}x" for a, b in pairwise(steps)]
    print(f"p = {p}: ten times the gain, three times over: {', '.join(gains)}")
claims_at("01_acceleration_wall#heatmap")

# %% [markdown]
# The chapter sees little benefit below p = 0.9. That is right of the second and the third
# tenfold, worth 1.74 and 1.08 at p = 0.9, and not of the first, worth 5.26. It also asks
# for p > 0.99, and that is right of its own accelerators: gains of 156, 247 and 312 have
# their knees above it (folded away in the table). It is no property of 0.99: a chip with
# a gain of 15 is at the knee for p = 0.9375, as the cell below the law printed.
#
# ## At real size
#
# **Lighthouse 1.1.** An H100 multiplies 8-bit integers at 1979 TOP/s, a CPU without
# matrix units at about 8 (TOP/s are 10^12 operations a second, a multiply-accumulate
# being two). ResNet-50 leaves 5 % of its old time to the host, GPT-2 leaves 20 %.

# %% name="lighthouse-1-1"
G = H100.peak("int8") / 8e12
print(f"G = {H100.peak('int8') / 1e12:.0f} / 8 = {G:.1f}")
for name, p in {"ResNet-50": 0.95, "GPT-2": 0.80}.items():
    print(f"{name}: serial {1 - p:.2f}, accelerated {p / G:.4f}: {speedup(p, G):.2f}x")
claims_at("01_acceleration_wall#lighthouse-1-1")

# %% [markdown]
# That answers the question at the top. Of ResNet-50's old time 0.05 stays serial and
# 0.0038 is left of the rest. The accelerator has done its part; there is hardly anything
# left that a faster one could shorten.
#
# The arithmetic holds. Its two inputs need a look each: which gain, and which p?
#
# ### Which gain?
#
# G is a ratio: it depends on what you divide by. A CPU with matrix units (a *Sapphire
# Rapids* of 2023, AMX) is not 247 times slower.
#
# A job that waits for memory does not gain what the arithmetic gains. GPT-2 writes
# *tokens*, pieces of words, one after the other. For each one, a
# [*decode step*](../docs/glossary.md#decode-step), it reads every weight. FLOP are
# operations, FLOP/s their rate, and FLOP/B their number for each byte that is moved.
# Where that number is low, the job gains what the *bandwidth* gains, the bytes a second
# that memory delivers.

# %% name="which-gain"
amx = H100.peak("int8") / SAPPHIRE_RAPIDS.peak("int8")
print(f"H100 over a CPU with matrix units, INT8: {amx:.1f}x,", end=" ")
print(f"ResNet-50 as a whole {speedup(0.95, amx):.1f}x")
step = build("gpt2", precision="int8", phase="decode")
bytes_gain = H100.BW / SAPPHIRE_RAPIDS.BW
print(f"GPT-2 decodes at {step.I:.1f} FLOP/B; bandwidths {bytes_gain:.1f} to 1,", end=" ")
print(f"as a whole {speedup(0.8, bytes_gain):.1f}x")
claims_at("01_acceleration_wall#which-gain")

# %% [markdown]
# ### Which p?
#
# p is a share of *time*, on the *old* machine. A share of the FLOP is another number, and
# a flattering one. Take a CPU of 1 TFLOP/s and 50 GB/s and let each layer take the longer
# of computing and moving ([lab 09](09_roofline.ipynb) is about that rule). `resnet50`
# sorts one image, `gpt2` reads a prompt of 512 tokens
# ([*prefill*](../docs/glossary.md#prefill)), and `dlrm` ranks 32 advertisements. Last
# come all networks of these labs:

# %% name="what-is-p"
for name, options in {
    "resnet50": {},
    "gpt2": {"phase": "prefill"},
    "dlrm": {"batch": 32},
}.items():
    network = build(name, precision="fp32", **options)
    p = matmul_share(network)
    print(
        f"{name}: matrix products are {2 * network.macs / network.flop:.1%} of the FLOP,",
        end=" ",
    )
    print(f"{p:.1%} of the time, {1 - p:.0%} stays; ceiling {ceiling(p):.1f}x")
shares = matmul_shares()
low, high = min(shares, key=shares.get), max(shares, key=shares.get)
print(
    f"{len(shares)} networks: {low} {shares[low]:.0%} to {high} {shares[high]:.2%},",
    end=" ",
)
print(f"{statistics.median(shares.values()):.1%} in the middle")
claims_at("01_acceleration_wall#what-is-p")

# %% [markdown]
# The chapter's "typically 90 to 99 percent" does not say of what. The products' share of
# the FLOP is higher, in each of the three networks. Their share of the time lies inside
# for the network in the middle, and far below for networks with small layers.
#
# Layers without matrix products have few FLOP and many bytes. If only the products move
# to the accelerator, 26 % of ResNet-50's time stays behind. This is why accelerators
# take over *all* layers, and why compilers fuse the small ones into the large.
#
# ## The iron law
#
# Amdahl's law knows two parts. The iron law says what they are made of: it is a sum of
# three terms (the chapter's $O$ is `flop` here):
#
# $$T = \frac{D_\text{vol}}{\text{BW}} + \frac{O}{R_\text{peak}\,\eta} + L_\text{lat}$$
#
# They are bytes over bandwidth, work over the rate that is reached, and a fixed latency,
# here that of the launches. We call them *data*, *compute* and *latency*. Each term has a
# p of its own: its share of the time. For ResNet-50 on an A100, one image, and 5 us to
# launch each operation:

# %% name="iron-law"
job = network_terms(build("resnet50"), A100, "fp16", L_launch=LAUNCH.value)
print(f"{job.latency / LAUNCH.value:.0f} launches, {LAUNCH} ({LAUNCH.source})")
for term in ("data", "compute", "latency"):
    print(f"{term}: {job.share(term):.1%} of {format_si(job.T, 's')};", end=" ")
    print(f"ten times faster gives {job.gain(term, 10):.2f}x, 1000 times", end=" ")
    print(f"{job.gain(term, 1000):.2f}x")
print(f"longest: {job.binds}; floor {format_si(job.data + job.latency, 's')}")
claims_at("01_acceleration_wall#iron-law")

# %% name="faster-chip-terms"
show("faster-chip-terms")

# %% [markdown]
# A footnote of the chapter says two things: without computation, data and latency are
# left as a floor, and acceleration cannot touch the data term. The first is right (see
# *floor* above). The second is not: an accelerator brings memory of its own. What it
# cannot touch is data that comes from a disk, a network or the host.
#
# In the figure, the chip that computes 7.9 times as fast speeds one image up by 1.29
# and a long prompt of a large model by 5.30. No job gets 7.9: that would take a job of
# computation alone.
#
# ## Explore: what would you pay for?
#
# The bars are the three terms and, before them, the way over the *host link*: the
# network's input from the host, which the equation leaves out. *In a row* adds all four.
# *Overlapped* lets link, data and compute go on side by side, so that only the longest of
# them counts; the latency still comes on top.
#
# Find (1) the batch from which on latency is no longer the longest part of ResNet-50 on
# an A100, (2) a network and phase that *compute* binds there, (3) a job that the host
# link binds, with a slow link and a larger batch, and (4) the launch cost at which
# writing one token with `gpt2-xl` would be bound by data on an H100. For each, read what
# a part gains that becomes twice as fast.

# %%
iron_law_explorer(batch=1)

# %% [markdown]
# ## What a trip to memory costs
#
# The chapter opens with a comparison: while one value comes from memory, a processor
# could compute for a long time. How long depends on what is meant. One *trip* takes about
# 100 ns, however fast the stream is once it flows.

# %% name="one-fetch"
trip = acceleration.MAIN_MEMORY_LATENCY
print(f"a trip: {trip} ({trip.source})")
print(f"a core, 16 FLOP a cycle at 2 GHz: {trip.value * 16 * 2e9:,.0f} FLOP meanwhile")
for chip in (A100, H100):
    print(
        f"{chip.name}: {trip.value * chip.peak('fp16') / 1e6:.1f} MFLOP meanwhile,",
        end=" ",
    )
    print(f"{4 * chip.ridge('fp16'):.0f} FLOP for each 4 B of a stream")
print(f"light goes {LIGHT * trip.value:.0f} m in that time")
claims_at("01_acceleration_wall#one-fetch")

# %% [markdown]
# The memory is not 30 m away. The speed of light sets a floor, and most of the trip is
# spent in queues, in decoders and in charging long wires: physics and engineering both.
#
# ## What acceleration is
#
# The chapter defines acceleration, with numbers. Units that do nothing but multiply small
# matrices are *matrix units*; NVIDIA's are called tensor cores, Intel's AMX. *Vector
# units* do the same operation on a row of numbers.
#
# Two pictures stand beside the definitions. The cover draws an operation on its way down:
# cut into tiles, held in small memories, computed in an array. The margin draws a
# triangle of data, algorithm and machine with the machine filled in, since this chapter
# changes the machine and leaves the other two as they are.

# %% name="definitions"
for name, peak in {
    "A100, FP16 on tensor cores": A100.peak("fp16"),
    "A100, FP32 on vector units": A100.peak("fp32"),
    "Haswell, FP32 on vector units": acceleration.HASWELL_PEAK.value,
    "Sapphire Rapids, BF16 on AMX": SAPPHIRE_RAPIDS.peak("bf16"),
}.items():
    gap = A100.peak("fp16") / peak
    print(f"{name}: {format_si(peak, 'FLOP/s')}; the first line is {gap:.1f} times this")
claims_at("01_acceleration_wall#definitions")

# %% [markdown]
# "The same operation" is where comparisons go wrong. 156 to 312 holds between FP16 on
# matrix units and FP32 on vector units. Each of the two sides has both kinds of units
# today, and like for like the gap is 2.7.
#
# ## Does a chip with ten times the FLOP/s help?
#
# That depends on the layer's
# [**arithmetic intensity**](../docs/glossary.md#arithmetic-intensity), its FLOP for each
# byte. A convolution has hundreds, a normalization one or two. GPT-2's attention has both
# kinds. The last lines say what it costs in energy to bring a 4-byte number from three
# memories.

# %% name="which-limit"
layers = {
    "convolution": conv2d(32, 128, 56, 56, 256, 3, 3, padding=1),
    "LayerNorm": layernorm(32 * 512, 768),
}
for name, op in layers.items():
    before = least_time(op.flop, op.D_vol, A100.peak("fp16"), A100.BW)
    after = least_time(op.flop, op.D_vol, 10 * A100.peak("fp16"), A100.BW)
    print(f"{name}, {op.I:.1f} FLOP/B: {before / after:.2f}x from ten times the FLOP/s")
for phase in ("decode", "prefill"):
    found = [
        one for one in build("gpt2", phase=phase).layers if one.name.startswith("attn.")
    ]
    print(phase, ", ".join(f"{one.name[5:]} {one.op.I:.2f}" for one in found), "FLOP/B")
for level, process in (("SRAM 8 KiB", "45 nm"), ("DRAM", "45 nm"), ("HBM2", "7 nm")):
    fetch, mac = access_energy(level, 4, process), mac_energy("fp32", process=process)
    print(f"{level}, {process}: 4 B cost {fetch * 1e12:.2f} pJ,", end=" ")
    print(f"an FP32 multiply-add {mac * 1e12:.2f} pJ, {fetch / mac:.1f} to 1")
claims_at("01_acceleration_wall#which-limit")

# %% [markdown]
# Even the convolution gets 4.98 and not 10: beyond that its own bytes bind. While GPT-2
# writes, nothing in its attention passes 1 FLOP/B. While it reads a prompt, its
# products have 51 to 271. "Memory-bound" belongs to a job, and not to the name of a
# network.
#
# Energy says the same. The chapter's "more than a hundred times" is a number from DRAM
# against an FP32 multiply-add at 45 nm. Small memories on the chip cost about as much as
# the arithmetic. HBM2 is DRAM too, stacked beside the chip and counted here at 7 nm: 125
# pJ in place of 650, and still 74 multiply-adds, as those have become cheaper as well.
#
# ## Where the rule fails
#
# 1. **Terms can overlap.** In a row, 1 s of moving and 1 s of computing are 2 s. Side by
#    side they are 1 s: the longer one counts. Launches are not hidden here and come on
#    top: max(data, compute) + latency. Amdahl's law adds the terms up; who moves one
#    piece while another is computed beats it, by up to 2x.
# 2. **Jobs grow.** Amdahl keeps the job and shrinks the time. Who gets a faster machine
#    often keeps the time and grows the job.
#    [Gustafson (1988)](../docs/references.md#gustafson1988) counts that way, and takes p
#    on the *new* machine. Both laws say the same of the same run.
# 3. **There are more than two parts.** Each has its own share and its own gain.

# %%
job = network_terms(build("resnet50", batch=32), A100, "fp16", L_launch=LAUNCH.value)
print(f"in a row {format_si(job.T, 's')}, overlapped {format_si(job.T_overlapped, 's')}")
p, G = 0.95, 247
p_after = fraction_after(p, G)
print(f"p = {p} before is {p_after:.1%} after;", end=" ")
print(f"Amdahl {speedup(p, G):.2f}x, Gustafson {scaled_speedup(p_after, G):.2f}x")
work = scaled_speedup(p, G)
print(f"a job grown until p = {p} after: {work:.0f} times the work in the same time")
parts = speedup_of_parts(shares=[0.05, 0.15, 0.80], gains=[1, 8, 247])
print(f"5 % at 1x, 15 % at 8x, 80 % at 247x: {parts:.1f}x")

# %% [markdown]
# ## Your machine
#
# A small service parses requests (text to numbers), multiplies them by two matrices, and
# picks the largest result of each. Which share of the time is the matrix product, on your
# computer? From that share you predict what a *free* matrix product would give. Then the
# product is taken away, and you measure. What appears is yours and is not stored. Then
# set `n_requests` to 8, and to 512, and predict again before you run both cells.
#
# The two gains may well differ. The prediction adds up parts that were timed alone; in
# the whole job they follow each other, with other data in the caches, and whatever else
# your computer does counts too. Run it twice before you explain a difference.

# %%
rng = np.random.default_rng(1)
W1, W2 = (
    rng.normal(size=shape).astype(np.float32) for shape in ((1024, 4096), (4096, 1024))
)
n_requests = 64
inputs = rng.normal(size=(n_requests, 1024)).round(3)
requests = [json.dumps(one.tolist()) for one in inputs]


def seconds(function, *inputs, repeats=9):
    """The median time of a call, in s, and what it returns."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function(*inputs)
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def parse(texts):
    return np.array([json.loads(one) for one in texts], np.float32)  # (n_requests, 1024)


def product(x):
    return np.maximum(x @ W1, 0) @ W2


def pick(y):
    return np.argmax(y, axis=1)


# %%
T_parse, x = seconds(parse, requests)
T_product, y = seconds(product, x)
T_pick, picked = seconds(pick, y)
share = T_product / (T_parse + T_product + T_pick)
T_whole, _ = seconds(lambda: pick(product(parse(requests))))
T_free, _ = seconds(lambda: (parse(requests), pick(y)))  # y is there already
gain = T_whole / T_free
Shown(
    "p on your machine, and the gain without the product, predicted and measured.",
    HTML(
        f"parse {T_parse * 1e3:.1f} ms, product {T_product * 1e3:.1f} ms, "
        f"pick {T_pick * 1e3:.2f} ms: p = {share:.2f}. Without the product: predicted "
        f"{ceiling(share):.2f}x, measured {gain:.2f}x."
    ),
)

# %% [markdown]
# ## Settled
#
# Your predictions stand beside what the lab computed: the whole job when 80 % of it runs
# 250 times faster, the share that may stay serial if a 250x chip is to give 100x, and
# ResNet-50 with one image from V100 to H100. Below them are the statements of these
# sections that do not reproduce.

# %%
old, new = (network_terms(image, one, "fp16", LAUNCH.value).T for one in (V100, H100))
display(
    compare("01-whole", speedup(0.8, 250), "x"),
    compare("01-serial", 100 * (1 - needed_fraction(100, 250)), "%"),
    compare("01-image", old / new, "x"),
    departures("01_acceleration_wall"),
)

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip. The
# chapter pauses here for its Checkpoint 1.1, on what a serial part does.
#
# 1. 98 % of a job runs 49 times faster. How much faster is the whole?
# 2. At p = 0.95 the team promises 30x. Which p is the least that allows 30x at all? Give
#    three digits.
# 3. p is 0.92 and the whole must become 10 times faster. Which gain must the accelerator
#    have?
# 4. p is 0.9, and your accelerator has a gain of 50. Which is worth most? (a) A gain of
#    100. (b) Half the serial part. (c) A gain without limit. (d) a and b are worth the
#    same. A letter.
# 5. GPT-2 XL writes one token at a time on an H100, 5 us a launch. Which term of the iron
#    law is the longest: `"data"`, `"compute"` or `"latency"`?
# 6. On an A100, 80 % of a job's time is memory-bound work in FP16, the rest is serial.
#    How much faster is the job on an H100, at most?

# %% name="checkpoint-1-1"
display(
    selfcheck("acceleration-1", ...),
    selfcheck("acceleration-2", ...),
    selfcheck("acceleration-3", ...),
    selfcheck("acceleration-4", ...),
    selfcheck("acceleration-5", ...),
    selfcheck("acceleration-6", ...),
    progress("acceleration"),
)
claims_at("01_acceleration_wall#checkpoint-1-1")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/01_acceleration_wall.ipynb](../my/01_acceleration_wall.ipynb), about
#   an hour, from the law and its inverse to a budget that you divide. Your copy lies in
#   `my/` once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/01_acceleration_wall.ipynb`.
# - **At work:** `labcore specs V100 H100` lists the rates and bandwidths that a gain is
#   worked out from, each with its source.
# - **Read:** [Amdahl (1967)](../docs/references.md#amdahl1967), and
#   [Gustafson (1988)](../docs/references.md#gustafson1988), who answers it.
# - **Next:** [02 Specialization](02_specialization.ipynb): how hardware came to be made
#   for one kind of work. Which limit binds a single layer is the subject of
#   [lab 09](09_roofline.ipynb).
