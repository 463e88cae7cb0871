# %% [markdown]
# # 20 Can you run it?
#
# > Purchasing asks on Monday: can we run this model on that chip, how many do we need, and if not, what is the cheapest thing that would do?
#
# Reading 25 min, doing 75 min.
#
# The question has a yes or no, a number, and a reason, and each can be worked out on half a
# page. This lab does it once by hand, then seven times with a command that you can use at
# work, and then turns to the eight beliefs that most often spoil the answer. The tool takes
# the first 50 minutes, the beliefs the others.
#
# **You need before:** the roofline ([lab 09](09_roofline.ipynb)), what a model keeps in
# memory ([lab 08](08_memory_systems.ipynb)), what several chips pay for working together
# ([lab 17](17_multichip.ipynb)).
#
# **You can do after:** name the constraint that binds a model on a chip, its margin and
# the cheapest change that helps; say which assumptions the answer rests on; tell eight
# common beliefs about accelerators from what holds.

# %%
import os
import subprocess
import sys
import tempfile
from dataclasses import replace

from IPython.display import display
from labcore.catalogue import A100, CHIPS, H100, T4
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check
from labcore.plots.registry import show

# %% [markdown]
# ## Predict
#
# A language model reads the whole prompt at once, which gives the *first token*, and then
# writes one token after another, a **decode step** each. The **context** is what the model
# has in view; here it is counted when the answer begins, so it is the prompt. Of each of
# its tokens, and of each token of the answer, 256 unless said otherwise, the model keeps
# keys and values, the **KV cache**. The *batch* counts the sequences that are decoded
# together. *FP16* numbers have two bytes, *int4* ones half a byte. *70B* is Llama 3 with
# 70.6 billion parameters, *8B* its small sister; both take 131,072 positions, as version
# 3.1 does. An A100 and an H100 have 80 GB of memory. A *launch* is the time in which a
# kernel is started, however little it does.

# %%
display(
    predict("20-fit", "70B in FP16, prompt of 8192: memory over one H100's", "x"),
    predict("20-int4", "The same, weights in int4: a decode step", "ms"),
    predict("20-chats", "8B in FP16 on one A100: most chats of 8192 tokens at once", ""),
    predict("20-rate", "8B in FP16 on one A100, a chat of 512: tokens a second", ""),
    predict("20-four", "70B on four H100: a decode step, over one with room", "x"),
    predict("20-edge", "Small network in int8 on a phone: launches' share of time", "%"),
    predict("20-fp8", "Chips of `labcore specs` that compute in FP8", "chips"),
)

# %% [markdown]
# ## By hand
#
# Take the first question on paper. A block of Llama 3 70B has five matrices: 8192 x
# (64 + 8 + 8) heads of 128 into attention, 8192 x 8192 out of it, and three of 8192 x
# 28,672. There are 80 blocks, and two tables of 128,256 words. Multiply by two bytes. The
# cache holds keys and values of 8 heads of 128 in every block, for each token of prompt and
# answer. Of the rest, count what is alive at once where that is most, in the middle of a
# block's second half. For each token of the prompt those are the two outputs of 28,672,
# their product, as wide, and the block's own 8192, which wait for the addition at its end.
# (Lab 08 counts two neighbouring layers; that is enough where nothing waits.)
#
# Then take the time. The last decode step must read every weight and the cache once,
# whatever the chip can compute. Divide by the bandwidth.

# %%
d, mlp, heads, blocks, words = 8192, 28_672, 64, 80, 128_256
tokens, answer = 8192, 256
block = d * (heads + 2 * 8) * 128 + d * d + 3 * d * mlp
weights = 2 * (blocks * (block + 2 * d) + 2 * words * d + d)
cache = 2 * blocks * 8 * 128 * 2 * (tokens + answer)
live = 2 * tokens * (3 * mlp + d)
print(f"weights {weights / 1e9:.1f}, cache {cache / 1e9:.2f}, live {live / 1e9:.2f} GB")
print(f"together {(weights + cache + live) / 1e9:.1f} GB; the chip has {H100.capacity}")
read = weights - 2 * words * d + cache  # of the input table one row is read
T = 1e3 * read / H100.BW
print(f"a step reads {read / 1e9:.1f} GB: {T:.1f} ms, and {T / 0.7:.1f} ms at 70 % of BW")
asked = Question("llama3-70b", H100, context=tokens)
verdict = check(asked)


def needs(verdict):
    """What a verdict found of each constraint, in base units."""
    return {one.name: one.need for one in verdict.constraints}


found = needs(verdict)
print(f"the tool: {found['memory'] / 1e9:.1f} GB, {1e3 * found['decode step']:.1f} ms")

# %% [markdown]
# The bytes agree. The tool's step is a little longer: it adds the small kernels of each
# block, of which none takes less than a launch, and prints both parts. 70 % is what
# decoding is known to reach of a data sheet's bandwidth, and 10 % of the memory are left to
# the system, so 72 of 80 GB may be used. Such assumptions come back below.
#
# ## At real size
#
# Seven questions follow, each asked of the tool. In a terminal the command is
# `labcore can-i-run`; here its words run from a cell. It ends with status 0 for yes, 1 for
# no, and 2 where the question makes no sense.


# %%
def ask(line, folder=None):
    """What `labcore can-i-run` says, without its list of assumptions."""
    command = [sys.executable, "-m", "labcore.cli", "can-i-run", *line.split()]
    plain = os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "", "CLICOLOR_FORCE": ""}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=plain)
    said = ran.stdout.partition("\n\nAssumptions")[0] + ran.stderr
    rows = [row.rstrip() for row in said.splitlines()]
    print(f"$ labcore can-i-run {line}", *rows, f"exit {ran.returncode}", "", sep="\n")


ask("llama3-70b --on H100 --context 8192")

# %% [markdown]
# Memory binds, and within it the weights. The *margin* is limit over need: below 1 is a
# no. The cheapest change needs no hardware at all: weights in four bits, widened to FP16 on
# their way into the multipliers. Whether the model stays good enough then is for a test
# of the model to say, not for this tool. How fast would it be? And the other end of memory:
# 64 chats on the small model.

# %%
ask("llama3-70b --on H100 --context 8192 --weights int4 --target-latency 50")
ask("llama3-8b --on A100 --batch 64 --context 8192")

# %% [markdown]
# With int4 the step is 3.4 times faster, not 4: cache and launches stay as they were. In
# the second question the weights take a fifth of the memory. The cache is what binds, and
# it grows with the batch and with the context alike, so either can give way. Prompts are
# read one at a time: where 64 arrive at once, the last waits a minute for its first token.
#
# The next two are about time: one chat on one A100 with 10 ms for each token, and the large
# model on four H100 with 25 ms.

# %%
ask("llama3-8b --on A100 --target-latency 10")
ask("llama3-70b --on H100 --chips 4 --context 8192 --target-latency 25")
print(f"{2 * blocks + 1} sums over all chips: two a block, and one of the input table")

# %% [markdown]
# The first is a no by bandwidth: FLOP/s play no part at batch 1. The second is a yes. Four
# chips hold a quarter of weights and cache each
# ([tensor parallelism](../docs/glossary.md#tensor-parallelism): every matrix is cut in
# four), and still the step is not four times faster than on one chip with room: 161 sums
# over all chips take their time, and launches do not shrink.
#
# The last two have a network from a file, and a format that the chip lacks. The file holds
# a small network that looks for people at a doorbell: three convolutions, a ReLU behind
# each, a mean over the picture, and one matrix. Any framework can export such a file.

# %%
from labcore.models.doorbell import save_doorbell

npu = next(chip for chip in CHIPS if chip.kind == "NPU")
limits = "--precision int8 --target-latency 33 --max-power 6"
with tempfile.TemporaryDirectory() as folder:
    file = save_doorbell(folder)
    edge = check(Question(str(file), npu, precision="int8")).durations["pass"]
    ask(f"{file.name} --on Mobile-NPU {limits}", folder)
ask("llama3-8b --on A100 --precision fp8")

# %% [markdown]
# The doorbell runs with room to spare; power is what comes closest. All of its time is
# launches: every one of its kernels is over before the next could be started, so neither
# bits nor bandwidth would make it faster, and fewer kernels would. The last answer is
# neither yes nor no. An A100 has no FP8 multipliers, and a peak that does not exist cannot
# be budgeted; the line names the formats that it has. (Weights *stored* in fewer bits are
# another matter: they are widened first.)
#
# ## Explore: what makes it run?
#
# The picture shows what one chip holds in four of these questions and in three more cases.
# In the explorer below it, start from 70B on one H100. Find (1) every single change of
# format, chips or chip that brings all bars under the line; (2) the smallest number of H100
# at which 16-bit weights meet 20 ms; (3) a question that only the power limit refuses; (4)
# with 8B, a batch of 64 and 100 ms on an A100, the cheapest cure, before you let the tool
# say it.

# %% name="memory-budget"
from labcore.explore.feasibility import cache_explorer, can_run_explorer

display(show("memory-budget"), can_run_explorer())

# %% [markdown]
# **What is to be found.** (1) int4 weights; four H100; one MI300X, B200 or MI325X. Two
# H100 miss by 1 %, and so does int8 throughout; eight pass in memory and fail in power.
# (2) Four, at 19.6 ms. (3) Four H100, 2,800 W, under a limit of 2,048. (4) A
# batch of 49, which costs no accuracy; all 64 run with int8 throughout, which halves cache
# and weights and with them the step.
#
# ## Explore: batch and context
#
# The red line is the largest batch that fits, the blue one the batch at which the cache
# is as large as the weights. Find (1) the largest batch at 8192 tokens for 8B on an A100;
# (2) what int4 weights do to it, and what int8 throughout; (3) the context at which not
# one sequence fits with 8B on a T4 and int4 weights; (4) on the A100, the tokens a second
# at batch 1 and at 32.

# %%
cache_explorer()

# %% [markdown]
# **What is to be found.** (1) 49. (2) int4 weights free 12 GB and give 60; int8 throughout
# halves the bytes of each chat, too, and gives 114. Saving on weights does little where
# the cache binds. (3) 65,536; at 32,768 one is left. (4) 82 and 878: 32 sequences take
# three times as long as one, since the weights are read once for all of them.
#
# ## Which chip, how many?
#
# The figure makes the same check for eleven chips and two models, with weights in 16 bits
# and in int4, at 50 ms for a token. Before you look: which chips run 70B alone in 16 bits?

# %% name="can-it-run"
show("can-it-run")

# %% [markdown]
# Two of the eleven do. Read the rows of A100 and H100: the A100 lacks mainly *time*, the
# H100 *memory*, for the same model and the same 80 GB. The H100 is faster and fits no more.
#
# ## Where the rule fails
#
# Each answer is a data sheet times an assumption: a layer reaches half of the peak or 70 %
# of the bandwidth, 10 % of the memory are kept back, a launch takes 5 us. None of these is
# on a data sheet. How far can they move before a yes becomes a no? The cell asks about four
# H100 again, with 20 ms for a token and 1 s for the first, and about chats on an A100.

# %%
from labcore.feasibility.assumptions import Assumptions
from labcore.feasibility.cures import cures

four = Question("llama3-70b", H100, 4, context=8192, target=0.020, target_first=1.0)
for changed in ({}, {"eta_memory": 0.6}, {"eta_memory": 0.85}, {"eta_compute": 0.35}):
    given = Assumptions(**changed)
    now = check(replace(four, assumptions=given))
    what = ", ".join(f"{name} {value}" for name, value in changed.items()) or "as assumed"
    missed = [one.name for one in now.constraints if not one.met]
    print(
        f"{what}: {'no, ' + missed[0] if missed else 'yes'}, margin {now.binding.margin:.2f}"
    )
chats = Question("llama3-8b", A100, batch=64, context=8192)
for reserve in (0, 0.1, 0.2):
    tight = cures(replace(chats, assumptions=Assumptions(reserve=reserve)))
    batch = next(one.verdict.batch for one in tight if one.changed == ("smaller batch",))
    print(f"{reserve:.0%} of the memory kept back: {batch} chats")

# %% [markdown]
# A margin of 1.02 is a yes on paper and a coin toss in the rack. Ask for 1.5 where you can,
# and measure where you cannot. What the tool leaves out entirely: accuracy in few bits,
# chats that come and go, a host that is slow to feed the chip, heat. And "cheapest" puts
# changes without new hardware first, then known prices at their high end; nobody publishes
# what a data centre pays, and a price that is not known is never called cheap.
#
# ## Eight beliefs
#
# This is a good place for a break. The chapter closes with four fallacies and four
# pitfalls, and says that poor choices leave 10 to 30 % of the peak. Each belief has a
# number. The picture divides what is by what was believed.

# %% name="intro"
display(show("eight-cases"))
claims_at("20_can_you_run_it#intro")

# %% [markdown]
# **1 Specialized hardware is always faster. 2 Bandwidth can wait.** What share of its peak
# does each chip keep on a softmax, which lies far below the
# [ridge point](../docs/glossary.md#ridge-point)? The second cell changes the assumption:
# a chip with twice the FLOP/s, and one with twice the bandwidth.

# %% name="fallacy-1"
from labcore.catalogue import SAPPHIRE_RAPIDS
from labcore.ops import layernorm, softmax
from labcore.precision import bytes_per_element
from labcore.roofline import attainable, ridge, utilization

for chip, precision in ((A100, "fp16"), (H100, "fp16"), (SAPPHIRE_RAPIDS, "fp32")):
    op = softmax(12 * 512, 512, bytes_per_element(precision))
    R = float(attainable(chip.peak(precision), chip.BW, op.I))
    share = utilization(chip.peak(precision), chip.BW, op.I)
    print(
        f"{chip.name} in {precision}, ridge {chip.ridge(precision):.0f} FLOP/B:", end=" "
    )
    print(f"softmax at {op.I:.3f} FLOP/B keeps {share:.1%}, {R / 1e12:.3f} TFLOP/s")
claims_at("20_can_you_run_it#fallacy-1")

# %% name="pitfall-2"
op = layernorm(4096, 4096)
R, BW = 300e12, 2e12
print(f"LayerNorm has {op.I:.2f} FLOP/B, the chip's ridge is {ridge(R, BW):.0f}")
for name, peak, rate in (
    ("the chip", R, BW),
    ("2 x peak", 2 * R, BW),
    ("2 x BW", R, 2 * BW),
):
    reached = float(attainable(peak, rate, op.I))
    print(f"{name}: {reached / 1e12:.1f} TFLOP/s, {reached / peak:.1%} of its peak")
claims_at("20_can_you_run_it#pitfall-2")

# %% [markdown]
# A softmax that crosses memory once has 0.75 FLOP/B in FP16 and half of that in FP32, less
# than the chapter's 2 to 5. The CPU keeps a larger share of a smaller peak, which is what
# the chapter says. The A100 still finishes first, by its bandwidth: a low share of the peak
# is a reason to buy less peak, and not yet a reason to buy a CPU. Twice the FLOP/s change
# nothing but the share. (The chapter's 0.5 pJ for SRAM does not fit its own Figure 9, which
# has ten times that.)
#
# **3 Eight GPUs train eight times as fast.** Each computes 50 ms, then all sum 1 GB of
# gradients. The chapter counts one transfer of 1 GB. A sum over eight chips is more: in a
# *ring* each chip sends its data 7/8 twice, once to add up and once to hand out. Here are
# the messages themselves, on a small array, and then the price.

# %% name="fallacy-3"
import numpy as np
from labcore.interconnect import allreduce
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link
from labcore.interconnect.messages import simulate
from labcore.interconnect.network import Network
from labcore.interconnect.parallelism import weak_efficiency

link = Link("NVLink 3", BW_one_way=300e9)
data = np.arange(8 * 16).reshape(8, 16)
ran = simulate(allreduce.ring(8, 16), data, Network(8, link))
print("sums right on every chip:", bool((ran.data == data.sum(axis=0)).all()))
print(f"each chip held {data.shape[1]} numbers and sent {ran.sent[0]}")
for name, T in (
    ("one transfer", 1e9 / 300e9),
    ("a ring", all_reduce_time(10**9, 8, link)),
):
    kept = weak_efficiency(0.050, T)
    print(f"{name}: {1e3 * T:.2f} ms, speed-up {8 * kept:.2f}, efficiency {kept:.1%}")
slow = all_reduce_time(10**9, 8, Link("PCIe", BW_one_way=25e9))
print(f"on a link of 25 GB/s: speed-up {8 * weak_efficiency(0.050, slow):.2f}")
claims_at("20_can_you_run_it#fallacy-3")

# %% [markdown]
# **4 The peak is the budget. 5 Any rating will do.** The figure has the share of the peak
# that networks keep, by the roofline and by the tool's rule, and what three training runs
# reported. The cell after it plans with the wrong peak: how many days should 8B take on 15
# trillion tokens? *MFU* is the share of the peak that a run keeps, for the FLOP that the
# model needs.

# %% name="pitfall-4"
display(show("sustained-share"))
claims_at("20_can_you_run_it#pitfall-4")

# %% name="fallacy-5"
from labcore.cost.fleet import machine_time
from labcore.models.training import training_flop

flop = training_flop(8.03e9, 15e12)
truth = machine_time(flop, 1024, H100.peak("bf16"), 0.4)
for name in ("bf16", "fp32"):
    planned = machine_time(flop, 1024, H100.peak(name), 0.4)
    mfu = flop / (1024 * truth * H100.peak(name))
    print(
        f"peak of {name}: {planned / 86400:.0f} days planned; what runs has MFU {mfu:.0%}"
    )
wrong = 0.4 * H100.peak("fp32") / H100.peak("bf16")
print(f"an FP32 job at 40 % of its peak, held against BF16's: MFU {wrong:.1%}")
claims_at("20_can_you_run_it#fallacy-5")

# %% [markdown]
# A share of the peak above 100 % gives the wrong rating away. The other way round, an FP32
# job held against the BF16 rating looks like a catastrophe that it is not. (1024 H100 at
# 40 % are assumed.)
#
# **6 Small batches belong on a large chip.** A dense layer of 2048 x 2048 on an A100 and
# on a T4, by the tool's rule. From which batch does the large chip use its multipliers?

# %% name="pitfall-6"
from labcore.feasibility.duration import layer_time
from labcore.feasibility.prices import prices
from labcore.models.network import Layer
from labcore.ops import matmul

for batch in (1, 4, 64, 256, 1024):
    layer = Layer("dense", matmul(batch, 2048, 2048))
    print(f"batch {batch:4}, {layer.op.I:5.1f} FLOP/B:", end=" ")
    times = {}
    for chip in (A100, T4):
        bound, times[chip.name] = layer_time(layer, Question("gpt2", chip))
        share = layer.op.flop / times[chip.name] / chip.peak("fp16")
        print(
            f"{chip.name} {1e6 * times[chip.name]:.1f} us, {share:.1%}, {bound};", end=" "
        )
    print(f"{times['T4'] / times['A100']:.1f}x")
rent = {chip.name: [fact.value for fact in prices(chip)["rent"]] for chip in (A100, T4)}
for name, (low, high) in rent.items():
    print(f"an hour of one {name} is rented for {low:.2f} to {high:.2f} USD")
few, many = (rent["A100"][k] / rent["T4"][1 - k] for k in (0, 1))
print(f"the A100 costs {few:.1f} to {many:.1f} times as much")
claims_at("20_can_you_run_it#pitfall-6")

# %% [markdown]
# At batch 1 both wait for memory, and the A100 is 6.4 times as fast: its bandwidth, not its
# peak. An hour of it costs 1.5 to 7.1 times as much, so with a full queue it does a pass
# for less than the T4 at most of these prices. The T4 pays where the queue is empty most of
# the time and nobody minds 37.5 us. "Little latency gain" holds only where something else,
# such as a launch or the network, takes longer than either.
#
# **7 Tuning for one vendor costs nothing later. 8 The fast kernel may stand anywhere.**
# LayerNorm behind a *capability check*: a compiled kernel where numba is installed, plain
# numpy elsewhere, chosen in one place. Both give the same values. The second cell has a
# program of five functions that names the kernel at each use, and the same with the check.
# What stops when the fleet changes and the fast kernel is gone?

# %% name="fallacy-7"
from labcore.kernels import portable

x = np.random.default_rng(0).standard_normal((64, 512)).astype(np.float32)
print("here:", ", ".join(portable.available()))
same = np.allclose(
    *(portable.layernorm(x, end) for end in portable.available()), atol=1e-5
)
print("the same values, to 1e-5:", same)
try:
    portable.layernorm(x, "cuda")
except ValueError as error:
    print("asked for cuda:", error)
claims_at("20_can_you_run_it#fallacy-7")

# %% name="pitfall-8"
from types import SimpleNamespace

plain = SimpleNamespace(layernorm=portable.numpy_rows)
inputs = {"clean": (x,), "block": (x, np.eye(512, dtype=np.float32)), "warm_up": (x,)}
inputs |= {"score": inputs["block"], "serve": ([x], inputs["block"][1])}
for name, source in (("scattered", portable.SCATTERED), ("isolated", portable.ISOLATED)):
    uses = portable.named(source, "fast")
    program = {"fast": None, "plain": plain}  # the fast kernel is gone
    exec(source, program)
    stopped = []
    for function, arguments in inputs.items():
        try:
            program[function](*arguments)
        except AttributeError:
            stopped.append(function)
    print(f"{name}: places that name the kernel: {sum(uses.values())};", end=" ")
    print(f"functions that stop: {', '.join(stopped) or 'none'}")
claims_at("20_can_you_run_it#pitfall-8")

# %% [markdown]
# One edit against four, in a program of twenty lines, and the place of that one edit is
# known. A port costs by the number of places; a layer keeps that number at the number of
# kernels.
#
# ## Your machine
#
# The rule itself can be tried where you sit, on four dense layers of 2048 x 2048 in
# float32, a ReLU behind each, with one thread. Three measured numbers stand for the data
# sheet: the FLOP/s of a large product, the bandwidth of a long vector, the time of the
# smallest call. Which batch will the rule predict worst?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.served import serve
from labcore.plots.served_felt import felt

felt(serve())

# %% [markdown]
# At the ends the rule has its best chance: at batch 1 all weights cross memory once, at 256
# the multipliers decide. Read the two ends of your picture. The three numbers were measured
# after the passes, so a machine that others use, or that changes its clock, can miss by two
# even there, and a pass can beat the peak. Between, most libraries change their way: a
# product of a few rows is packed and run as if it were large, and the weights cross memory
# more than once. That is what the 50 % and 70 % are for, and why one number cannot stand
# for every shape.
#
# ## Checkpoint 1.4
#
# "Validate all three hard constraints", says the checkpoint. The chapter does not list
# them. The tool holds a question against memory, time and power. The cell has all three,
# for one chip and for four.

# %% name="checkpoint-1-4"
for chips in (1, 4):
    limits = {"target": 0.025, "max_power": 3000.0}
    now = check(Question("llama3-70b", H100, chips, context=8192, **limits))
    for one in now.constraints:
        if one.limit is not None:
            print(f"{chips} x H100, {one.name}: {one.margin:.2f} of 1", end="; ")
    print("yes" if now.ok else "no")
claims_at("20_can_you_run_it#checkpoint-1-4")

# %% name="takeaways"
first, last = CHIPS[0], H100
years = last.year.value - first.year.value
R_gain, BW_gain = last.peak("fp16") / first.peak("fp32"), last.BW / first.BW
print(f"{first.name} in FP32 to {last.name} in FP16, {years:.0f} years:", end=" ")
print(f"peak {R_gain:.0f}x, bandwidth {BW_gain:.1f}x")
for name, chip in (("A100", A100), ("H100", H100)):
    I_ridge = chip.ridge("fp16")
    print(
        f"{name}: below {I_ridge:.0f} FLOP/B bandwidth decides, above it the multipliers"
    )
claims_at("20_can_you_run_it#takeaways")

# %% [markdown]
# ## Settled
#
# The chapter says in one line that moving data costs more than computing. In these seven
# questions the FLOP/s decided one number, the time to the first token. The cell has your
# predictions beside what was computed, and the claims that do not come out as printed, each
# with its reason below the cell that computes it, here or above. The one on 256 GPUs is
# from the chapter's own self-check.

# %% name="self-check"
quarter = check(replace(four, target=None, target_first=None))
int4 = check(replace(asked, weights="int4"))
one_chat = check(Question("llama3-8b", A100, context=512))
batch = next(
    one.verdict.batch for one in cures(chats) if one.changed == ("smaller batch",)
)
display(
    compare("20-fit", verdict.memory.total / H100.capacity.value, "x"),
    compare("20-int4", 1e3 * needs(int4)["decode step"], "ms"),
    compare("20-chats", batch, ""),
    compare("20-rate", 1 / needs(one_chat)["decode step"], ""),
    compare("20-four", found["decode step"] / needs(quarter)["decode step"], "x"),
    compare("20-edge", 100 * edge.parts["launch"] / edge.T, "%"),
    compare("20-fp8", sum("fp8" in chip.precisions for chip in CHIPS), "chips"),
)
errata = [one.claim.id for one in departures("20_can_you_run_it")]
print(f"{len(errata)} statements do not come out as printed:", *errata, sep="\n  ")
claims_at("20_can_you_run_it#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# On the eight beliefs:
#
# 1. Which habit buys the wrong chip? (a) To weigh power against price. (b) To go by the peak
#    alone. (c) To ask what is sustained on the own workload. (d) To hold the workload's
#    intensity against the ridge point. A letter.
# 2. What share of an A100's FP16 peak, in percent, can a dense layer of 2048 x 2048 reach at
#    batch 1, by the roofline alone?
# 3. Eight GPUs compute 50 ms a step and then sum 1 GB by a ring at 300 GB/s one way, nothing
#    overlapped. What is their speed-up?
# 4. True or False: once a team has settled on one maker's chips, kernels for them alone are
#    always right.
# 5. A CPU has 1 TFLOP/s and 200 GB/s. At 1 FLOP/B an A100 beats it by 1.2 only. How many
#    times less is that than the roofline allows?
#
# On the chapter:
#
# 1. What decides throughput? (a) The advertised peak. (b) How well a workload's bytes and
#    FLOP match the chip. (c) The chip first, the compiler afterwards. (d) The precision
#    alone. A letter.
# 2. Three findings: a) weights are read once, at 1 FLOP/B; b) the chip idles while PCIe is
#    busy; c) three element-wise kernels run in a row. Levers: 1 prefetch, 2 fuse, 3 store
#    fewer bits. The digit for a, b and c, as a text such as "123".
# 3. X has twice Y's peak, Y 1.5 times X's bandwidth. At 1 FLOP/B, what is the throughput of Y
#    over that of X?
# 4. X has 624 TFLOP/s and 2.039 TB/s, Y 312 TFLOP/s and 3.0585 TB/s. From which intensity
#    (FLOP/B) on is X the faster one?

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("fallacies-1", ...),
    selfcheck("fallacies-2", ...),
    selfcheck("fallacies-3", ...),
    selfcheck("fallacies-4", ...),
    selfcheck("fallacies-5", ...),
    selfcheck("summary-1", ...),
    selfcheck("summary-2", ...),
    selfcheck("summary-3", ...),
    selfcheck("summary-4", ...),
    progress("fallacies"),
    progress("summary"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/20_can_you_run_it.ipynb](../my/20_can_you_run_it.ipynb), about an hour,
#   from the bytes of one model to the cheapest change. Your copy lies in `my/` once
#   JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/20_can_you_run_it.ipynb`.
# - **At work:** `labcore can-i-run your_model.onnx --on T4 --batch 8 --target-latency 20`,
#   and `--max-price` or `--max-rent` where money is what binds.
# - **Read:**
#   [Williams, Waterman and Patterson (2009)](../docs/references.md#williams2009),
#   "Roofline": the rule under all of this.
# - **Next:** [21 A map of architectures](21_architecture_map.ipynb), chips by the axes of
#   their design.
