# %% [markdown]
# # 16 Runtimes
#
# > The benchmark said 20 ms. In production one request in a hundred takes a second. The
# > kernels are the same: what does the runtime meet that the benchmark did not?
#
# Reading 30 min, doing 70 min.
#
# A compiler makes its plan before anybody asks. A **runtime** runs the plan when they do:
# it launches [kernels](../docs/glossary.md#kernel) (programs on the accelerator), moves
# data and hands out memory. What comes then is not what the plan was made for. Requests
# are short and long, they come in bursts, memory is in pieces, a neighbour computes on
# the same chip, and the chip is hot. This lab meets these one by one, in simulated time,
# and at the end adds them up.
#
# **You need before:** what a kernel is and what its launch costs
# ([lab 13](13_fusion.ipynb)), links and copies ([lab 08](08_memory_systems.ipynb)), tiles
# of a matrix product ([lab 14](14_tiling.ipynb)).
#
# **You can do after:** say what sets the pace of kernels and copies in streams; compute
# what padding wastes and how long requests wait at a given load; tell which part of a
# slow tail a runtime can cure.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100, H100
from labcore.catalogue.links import LAUNCH
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.runtime import plan_explorer, streams_explorer
from labcore.grading.selfcheck import progress
from labcore.plots.registry import show
from labcore.plots.runtime_plans import PLANS, trace
from labcore.runtime.streams import COMPUTE, COPY_IN, COPY_OUT, Command, simulate
from labcore.runtime.work import prefill
from labcore.units import format_binary, format_si

# %% [markdown]
# ## Predict
#
# *p50* is the latency that half of the requests do not exceed, *p99* the one that 99 in a
# hundred do not. A *prompt* is the text that a language model reads; its length counts in
# *tokens*, pieces of words. Here the model is Llama 3 8B on an A100, and prompts have 64
# to 8192 tokens, every doubling as likely as every other. *Padding* fills a prompt up to
# a length that a plan was made for; *buckets* are a few such lengths, here 64, 128 and so
# on, doubling, and a prompt takes the smallest that holds it. GPT-2 is a much smaller
# model; the host launches kernels no faster than one every 5 us. *In turn* means that
# each job runs to its end. The last guess is about your own computer.

# %%
display(
    predict(
        "16-padding",
        "All prompts padded to 8192: share of the tokens that is padding",
        "%",
    ),
    predict("16-share", "GPT-2, 64 tokens: share of the time the chip computes", "%"),
    predict(
        "16-tail",
        "Buckets, 1.2 prompts a second: p99 over the time of 320 tokens alone",
        "x",
    ),
    predict(
        "16-neighbour",
        "5 ms requests in turn with 50 ms jobs on 10 % of the chip: p99 over alone",
        "x",
    ),
    predict(
        "16-clock",
        "Clock of a 400 W chip, 50 W idle, in a cooler that carries 300 W",
        "%",
    ),
    predict("16-machine", "Your machine: all padded to 8192, time over unpadded", "x"),
)

# %% [markdown]
# ## By hand
#
# Three kernels and two copies: a request is copied in (4 us), the kernels work on it (3,
# 1 and 3 us), and the result is copied out (2 us). The host *launches* each of the five
# commands, 1 us each. Commands of one **stream** run in order. A host that *waits*
# launches the next command when the last one has ended; one that *goes on* launches all
# and lets the stream keep the order. Draw both on paper, then two such requests in two
# streams. When does each end?


# %%
def request(stream):
    """Three kernels between two copies, in a stream of their own."""
    steps = [("in", COPY_IN, 4), ("k1", COMPUTE, 3), ("k2", COMPUTE, 1)]
    steps += [("k3", COMPUTE, 3), ("out", COPY_OUT, 2)]
    return [Command(f"{stream}: {name}", engine, T, stream) for name, engine, T in steps]


one, two = request("a"), request("a") + request("b")
ends = {
    "one, the host waits": simulate(one, L_launch=1, blocking=True),
    "one, the host goes on": simulate(one, L_launch=1),
    "two, the host waits": simulate(two, L_launch=1, blocking=True),
    "two streams, the host goes on": simulate(two, L_launch=1),
}
for name, run in ends.items():
    busy = run.utilization(COMPUTE)
    print(f"{name}: {run.makespan:.0f} us, the accelerator works {busy:.0%} of it")
print(f"by hand: {5 * 1 + 13}, {1 + 13}, {2 * 18}, {1 + 4 + 2 * (3 + 1 + 3) + 2}")

# %% [markdown]
# A host that waits pays every launch: $5 \times 1 + 13 = 18$. One that goes on pays the
# first only, $1 + 13 = 14$; the others happen while the stream works. And with two
# streams the second request's copies hide behind kernels: $1 + 4 + 2 \times 7 + 2 = 21$.
#
# [Double buffering](../docs/glossary.md#double-buffering) is that idea made regular:
# batch $n + 1$ moves in while batch $n$ is computed, in two buffers by turns. With a copy
# in of $a$, a kernel of $b$ and a copy out of $c$, $n$ batches take $n (a + b + c)$ in a
# row. Overlapped they take $a + n b + c$ if the kernel is the longest step and two
# buffers are enough: a buffer is copied out and filled again while the other is computed,
# so $a + c \le b$. The figure has three batches, and below them a case that no stream
# cures: kernels that are shorter than their launches. There only fewer launches help, by
# fusion ([lab 13](13_fusion.ipynb)).

# %% name="double-buffering"
a, b, c, L = 20, 30, 10, LAUNCH.value * 1e6  # us
for n in (3, 100):
    row, lap = n * (a + b + c + 3 * L), L + a + n * b + c
    print(
        f"{n} batches: {row:.0f} us in a row, {lap:.0f} us overlapped, {row / lap:.2f} x"
    )
display(show("runtime-gantt"))
claims_at("16_runtimes#double-buffering")

# %% [markdown]
# ## Explore: streams
#
# Find (1) for the times given, the number of streams from which on one more changes
# nothing, and a set of times for which two are too few; (2) the launch time from which on
# the kernels wait for the host; (3) times for which overlapping saves less than a tenth,
# however many batches there are.

# %%
streams_explorer()

# %% [markdown]
# **What is to be found.** (1) $n$ streams hold $n$ batches, so a batch ends every
# $\max(\text{longest step}, \text{total} / n)$. With 20, 30, 10 two are enough; with
# three equal steps it takes three. (2) Three launches a batch set the pace when they take
# longer than the longest step, here above 10 us. (3) When one step is nearly all of the
# time, say 2, 60 and 2 us with launches of 0, there is little to hide: double buffering
# saves the shorter steps, never the longest.
#
# ## What a request brings
#
# The chapter gives a runtime three jobs: choose and launch kernels, hand out memory, and
# spread work over chips. All three depend on the request. A pass of Llama 3 8B over a
# prompt of $n$ tokens, with the kernels and their times from a model of the A100 (lab
# 14's tiles, its peak, its bandwidths, a launch of each kernel):

# %% name="aspects"
from labcore.models.zoo import build
from labcore.runtime.requests import mean_length
from labcore.runtime.tiles import SILICON, choose, kernel
from labcore.runtime.work import kernels

CHIP, cost = SILICON["A100"], prefill("llama3-8b")
print("           tokens  kernels     time  chip computes  memory beside the weights")
shares = {}
for model, n in [("llama3-8b", n) for n in (64, 128, 320, 8192)] + [("gpt2", 64)]:
    pass_of, of = kernels(build(model, phase="prefill", seq=n), CHIP), prefill(model)(n)
    shares[model, n] = sum(k.T for k in pass_of) / of.T
    T, held = format_si(of.T, "s", 3), format_binary(of.held, 3)
    print(f"{model:9} {n:7} {len(pass_of):8} {T:>8}", end=" ")
    print(f"{shares[model, n]:14.0%}  {held:>9}")
longest, shortest = cost(8192), cost(64)
print(f"8192 over 64 tokens: time {longest.T / shortest.T:.0f} times,", end=" ")
print(f"memory {longest.held / shortest.held:.0f} times")
claims_at("16_runtimes#aspects")

# %% [markdown]
# The benchmark of the question is the row of 320 tokens: 20 ms. The longest prompt is 128
# times the shortest. Its memory grows more than that, since this model stores the scores
# of attention, which grow with the square (a fused kernel like FlashAttention would not
# store them), and its time less: 128 tokens take only a quarter longer than 64, because
# both wait for the same weights. In a small model even the count of kernels matters.
# GPT-2's 64 tokens are *launch-bound*: kernels end before the next is launched.
#
# **Table 24** sets such a runtime against one for programs on a CPU. Numbers for its
# rows:

# %% name="table-24"
kernel_list = kernels(build("llama3-8b", phase="prefill", seq=320), CHIP)
times = sorted(k.T for k in kernel_list)
units = CHIP.units
print(f"one call of 320 tokens: {len(kernel_list)} kernels over {units} multiprocessors,")
print(f"    from {format_si(times[0], 's', 2)} to {format_si(times[-1], 's', 3)} each")
held = [format_binary(cost(n).held, 3) for n in (320, 64, 8192)]
print(f"memory: {held[0]} in large tensors; other calls ask for {held[1]} to {held[2]}")
claims_at("16_runtimes#table-24")

# %% [markdown]
# ## Three phases
#
# One request passes three phases: the runtime adapts shapes and memory (*dynamic
# execution*), takes a kernel for each operation (*selection*), and says when each runs
# (*scheduling*). Selection first. A product is cut into tiles of the result, one for each
# multiprocessor at a time, in *waves*. Large tiles load less for each multiplication;
# small ones pad less and fill more multiprocessors. Which tile is best for the product of
# a feed-forward layer, $(n, 4096) @ (4096, 14336)$, and what does the wrong one cost?

# %% name="phases"
print("tokens  best tile  waves  padding  times as long with 256x128 / 64x64 / 32x32")
for n in (1, 64, 100, 320, 1024, 8192):
    best = choose(n, 4096, 14336, CHIP)
    loss = [
        kernel(n, 4096, 14336, t, CHIP).T / best.T for t in ("256x128", "64x64", "32x32")
    ]
    print(f"{n:6} {best.tile:>10} {best.waves:6} {best.waste:8.0%}", end="  ")
    print("  ".join(f"{x:.2f}" for x in loss))
for tuned in (round(mean_length()), 8192):  # the mean length of a prompt, the longest
    fixed = prefill("llama3-8b", tuned_for=tuned)
    loss = [f"{fixed(n).T / cost(n).T:.2f} at {n}" for n in (64, 256, 1024, 8192)]
    print(f"whole pass with kernels chosen for {tuned} tokens: {', '.join(loss)}")
claims_at("16_runtimes#phases")

# %% [markdown]
# No tile is best for all lengths, and the wrong one can cost one product three times its
# time. (1675 tokens is the mean length of a prompt here, 8192 the longest.) Over a whole
# pass the loss is smaller, at most 1.85 times here, since much of a short pass waits for
# weights with any tile. *Padding* costs far more: 64 tokens in a plan for 8192 take the
# 89 times that you saw above.
#
# ## Padding
#
# A plan compiled for one shape runs that shape. A prompt of 100 tokens in a plan for 512
# is 412 tokens of padding. With *buckets*, a plan for each of a few lengths, it takes the
# smallest that holds it. On paper: 100, 300 and 500 tokens; which share of the work is
# padding for one plan of 512, and for buckets of 128, 256 and 512?

# %%
from labcore.runtime.requests import bucket_of, padding_waste, powers_of_two

three = [100, 300, 500]
for buckets in ([512], [128, 256, 512]):
    to = [bucket_of(n, buckets) for n in three]
    print(f"padded to {to}: {sum(to) - sum(three)} of {sum(to)} tokens,", end=" ")
    print(f"{padding_waste(three, buckets):.1%} padding")
lengths = [one.tokens for one in trace(1.2)]
waste = {
    k: padding_waste(lengths, b) for k, b in (("8192", [8192]), ("2^k", powers_of_two()))
}
print(f"2000 prompts of 64 to 8192: all to 8192 {waste['8192']:.1%},", end=" ")
print(f"doubling buckets {waste['2^k']:.1%}")

# %% [markdown]
# Doubling buckets waste about a quarter whatever the range, and there are only eight.
# Each further bucket is one more plan to compile, to keep and to warm up.
#
# ## At real size
#
# Three plans serve one trace. Requests arrive at random (a *Poisson process*), 1.2 a
# second, and run one after another on one chip. The **static** plan pads all to 8192,
# **buckets** to the next power of two, the **dynamic** plan not at all. A simulation of
# 2000 requests stands beside what the theory of queues says of the mean wait. With a load
# $\rho = \text{rate} \times T$ it is
#
# $$ W = \frac{\rho}{1 - \rho} \cdot \frac{T}{2} \; \text{(all alike, M/D/1)} \qquad
# W = \frac{\text{rate} \cdot \overline{T^2}}{2 (1 - \rho)} \; \text{(any, M/G/1)} $$
#
# Before you look: which of the plans has the shortest work, and which the shortest wait?

# %%
from labcore.runtime.plans import serve
from labcore.runtime.queueing import wait_md1, wait_mg1

served = {}
for name, plan in PLANS.items():
    run = served[name] = serve(trace(1.2), cost, plan)
    T = [cost(plan.padded(n)).T for n in lengths]
    theory = wait_md1(1.2, T[0]) if name == "static" else wait_mg1(1.2, T)
    print(
        f"{name}: p50 {run.percentile(50):.2f} s, p99 {run.percentile(99):.2f} s;",
        end=" ",
    )
    print(f"work {np.mean(T):.3f} s, load {1.2 * np.mean(T):.0%};")
    print(f"    mean wait {np.mean(run.latencies) - np.mean(T):.3f} s,", end=" ")
    print(f"by the formula {theory:.3f} s; useful work {run.useful:.0%}")
print(f"one prompt in the bucket of 2048: {format_si(cost(2048).T, 's', 3)}")

# %% [markdown]
# That is the second in the question: with buckets one request in a hundred takes 0.96 s.
# The kernels did nothing wrong. Most of that second is the longest prompts' own work, the
# rest is padding and waiting. Static padding keeps a chip busy that has little to do:
# 83 % at work, and a sixth of it of use. (Useful work is a share of *time*, the padding
# above was one of *tokens*. Long shapes cost more for each token, so padding takes a
# larger share of the time than of the tokens.)
#
# The formulas have $1 - \rho$ below: near full load the wait grows without end. And the
# *square* of the times counts: among mixed lengths the short ones wait for the long.

# %% name="static-dynamic"
show("static-dynamic")

# %% [markdown]
# The thin line of the buckets has steps: 126 ms is the time of one prompt in the bucket
# of 2048, and over a range of rates the middle request is one of those, served at once.
#
# ## Explore: plans
#
# Find (1) for each plan the highest rate, in steps of 0.1, at which p99 stays below one
# second (64 to 8192 tokens); (2) the lengths at which the dynamic plan gains nothing over
# the static one, and those at which eight buckets gain next to nothing; (3) the
# milliseconds to choose, at 64 to 1024 tokens and 1.2 a second, from which on the dynamic
# plan's p50 is worse than that of eight buckets; (4) the mean burst at which eight
# buckets have a p99 beyond that of two buckets without bursts.

# %%
plan_explorer()

# %% [markdown]
# **What is to be found.** Try the explorer first: the next cell prints the answers.

# %%
from labcore.explore.runtime_plan import (
    LENGTHS,
    burst_beyond,
    highest_rate,
    outcome,
    slowest_choice,
)
from labcore.explore.runtime_plan import PLANS as OFFERED

static_plan, two_buckets, eight, free = OFFERED
for name in OFFERED:
    most = highest_rate(name, "64 to 8192")
    print(f"(1) {name}: p99 below 1 s", f"up to {most} a second" if most else "never")
for span in LENGTHS:
    p99 = [outcome(name, span, 1.2, 1, 0).percentile(99) for name in OFFERED]
    print(f"(2) {span}: p99 {', '.join(f'{x:.2f}' for x in p99)} s")
print(f"(3) from {slowest_choice(eight, '64 to 1024', 1.2)} ms on;", end=" ")
burst = burst_beyond(eight, two_buckets, "64 to 8192", 1.2)
print(f"(4) at bursts of {burst} on the mean")

# %% [markdown]
# ## Where the rule fails
#
# Dynamic execution helps by what padding would cost. Where lengths are equal it gains
# nothing, and pays for choosing; a choice that compiles on demand may take longer than
# the request. And between 4096 and 8192 tokens all fall into one bucket: buckets must lie
# where the lengths do.
#
# Nor does a mean load tell the wait. The chapter's "batch size that swings from single
# requests to bursts" leaves the mean as it was, and the queue does not care for the mean:
# of a burst of eight, seven wait for their own companions.
#
# ## Memory in pieces
#
# Each prompt leaves a *cache* of keys and values, 8 MiB at 64 tokens and 1 GiB at 8192,
# for as long as the answer is written. By hand: a pool of 100, blocks of 40, 20 and 40,
# the outer two given back. 80 are free. Can a block of 50 be had?
#
# Then a server that runs for long: 24 caches at a time, 1500 in all, in 8 GiB. An
# **allocator** says which hole a block is put in. *First fit* takes the lowest that is
# large enough, *best fit* the smallest. The *buddy system* rounds up to powers of two and
# cuts holes into halves; two free halves of one hole become that hole again. A *caching*
# allocator, as frameworks have, asks the driver for segments and cuts these up;
# *reserving* gives everybody a block of the longest, 1 GiB.

# %% name="fragmentation"
from labcore.plots.runtime_memory import ALLOCATORS, caches
from labcore.runtime.churn import replay
from labcore.runtime.memory import Pool

pool = Pool(100, fit="first")
outer, middle, other = (pool.take(n) for n in (40, 20, 40))
pool.give_back(outer)
pool.give_back(other)
print(f"free {pool.free}, largest hole {pool.largest_free}, block of 50: {pool.take(50)}")
for name, empty_pool in ALLOCATORS.items():
    after = replay(empty_pool(), caches())
    print(f"{name}: {after.refused} of {after.requests} refused,", end=" ")
    print(f"{after.refused_by_fragmentation} with enough free in all;", end=" ")
    print(f"most held {format_binary(after.most_asked, 3)}")
show("fragmentation")

# %% [markdown]
# Every refusal of first fit met free memory that was large enough, in pieces. The first
# 25 caches show none of it: what is free is one hole then. Best fit refuses a few less
# here (18), the caching allocator a few more (28): the choice of the hole matters little,
# for the holes stay. Rounding (*internal* fragmentation) is no free cure for holes
# (*external* fragmentation). The buddy system refuses more. Who reserves the longest for
# all never has a hole of the wrong size and holds the fewest requests. The cure that
# serving systems found is not to want one piece: memory in
# [pages](../docs/glossary.md#page).
#
# ## A neighbour
#
# Two tenants share a chip. Ours sends requests of 5 ms, 30 a second: alone, p99 is 10 ms.
# The neighbour sends jobs of 50 ms. *In turn*, each runs to its end. With *time slices*
# each gets 2 ms by turns, and a switch costs 0.1 ms. With a *partition* each has half of
# the chip for good, and takes twice as long. How does p99 change when the neighbour takes
# a tenth of the chip?

# %% name="tenants"
show("tenants")

# %% [markdown]
# In turn, beside a neighbour of 10 %, the median is as it was, and p99 has grown more
# than fivefold: one request in ten now finds a job of 50 ms running, and p99 sees what
# the median does not. (The median moves, too, once the neighbour takes half.) Slices
# bound the wait. The partition's line is flat: at 10 % it lies above the slices' p99,
# since everybody pays for isolation all the time, and p50 has doubled; at 50 % its p99
# lies below the slices'. Nothing was compiled differently in any of these.
#
# ## Heat
#
# Power grows with the cube of the clock (the voltage rises with it), and temperature
# follows power, slowly. A chip draws 400 W at full clock; 50 W of them are *idle* power,
# which does not fall with the clock. Its cooler carries 300 W: does it run at three
# quarters?

# %% name="thermal"
from labcore.catalogue.runtimes import A100_PCIE_POWER
from labcore.plots.runtime_heat import P_IDLE, package
from labcore.runtime.thermal import benchmark_error, clock_under, raised

sxm, pcie = A100.power.value, A100_PCIE_POWER.value
hot, cube = package(pcie), clock_under(pcie, 1e-9, sxm)
print(f"{pcie:.0f} of {sxm:.0f} W: {pcie / sxm:.0%} of the power,", end=" ")
print(f"{cube:.1%} of the clock,")
print(f"    {hot.sustained_clock():.1%} if {P_IDLE:.0f} W of it are idle power")
print(f"full clock for {hot.time_to_limit():.0f} s from cold; an hour's mean is 100 %,")
error = {T: benchmark_error(hot, T, 3600, tick=1.0) for T in (10, 60, 300)}
print("    and", "; ".join(f"the first {T} s promise {x:.1%}" for T, x in error.items()))
quick, lasting = raised(hot, 1.2, T_short=10)
print(f"a chip with 1.2 times the clock, same cooler: {quick:.2f} times as fast", end=" ")
print(f"for 10 s,\n    in the long run {lasting:.2f} times")
display(show("throttle"))
claims_at("16_runtimes#thermal")

# %% [markdown]
# A quarter of the power is a tenth of the clock. A benchmark that ends before the chip is
# hot promises too much. In the figure a controller looks once a second and moves the
# clock by a hundredth: it acts at 84 s, and from then on the clock hunts around the
# balance of 89.4 %, at 89.0 % on the mean. A real PCIe card holds 300 W by a power limit,
# at once: its clock is lower from the first second, and no benchmark is too short for it.
# And where the cooler binds, a chip with a higher clock is no faster: at the same silicon
# and voltage curve it is throttled to the same point.
#
# ## From 20 ms to seconds
#
# Now all of it, one after another, for the plan with buckets. The neighbour takes a tenth
# of the chip in jobs of half a second; the chip is hot; requests come in pairs on the
# mean. *Hot* divides all times by the clock that is left, which is too hard on short
# prompts: those wait for memory, which keeps its own clock. Which step adds most to p50,
# and which to p99?

# %%
from labcore.runtime.queueing import latencies_beside

at, pairs = ([one.arrival for one in trace(1.2, burst)] for burst in (1.0, 2.0))
jobs = np.cumsum(np.random.default_rng(16).exponential(0.5 / 0.1, 400))  # of 0.5 s, 10 %
in_buckets, own = (
    np.array([cost(PLANS[plan].padded(n)).T for n in lengths])
    for plan in ("buckets", "dynamic")
)
slow = 1 / hot.sustained_clock()
steps = {
    "the benchmark, 320 tokens": [cost(320).T],
    "the lengths that come": own,
    "padded to buckets": in_buckets,
    "1.2 a second": latencies_beside(at, in_buckets, [], 0.5),
    "neighbour of 10 %": latencies_beside(at, in_buckets, jobs, 0.5),
    "hot": latencies_beside(at, in_buckets * slow, jobs, 0.5 * slow),
    "bursts of two": latencies_beside(pairs, in_buckets * slow, jobs, 0.5 * slow),
    "all of it, dynamic plan": latencies_beside(pairs, own * slow, jobs, 0.5 * slow),
}
for name, found in steps.items():
    p50, p99 = np.percentile(found, (50, 99), method="inverted_cdf")
    print(f"{name:27} p50 {format_si(p50, 's', 3):>8}   p99 {format_si(p99, 's', 3):>8}")

# %% [markdown]
# In seconds, bursts add most to both: p50 goes from 141 to 326 ms, p99 from 1.34 to
# 2.44 s. As a ratio the first step of p99 is the largest, from 20.5 to 645 ms: the
# benchmark measured one length, and no runtime makes the longest prompt short. What a
# runtime can do is in the last two rows. At the same troubles the dynamic plan has less
# work, so its queue is shorter, too. (What each row seems to add depends on the order of
# the rows; the end does not.)
#
# ## Your machine
#
# Your computer has a launch, too: the fixed cost of calling numpy, however few rows there
# are. A *token* is a row of four numbers here, and the work is a tangent of each. From
# the shortest and the longest call follow a fixed part and a part for each row; the line
# between is predicted. Then 200 of the lab's requests, padded by the three plans.

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.padding import call_times, fitted, padding_race
from labcore.plots.runtime_felt import felt

measured = call_times()
T_call, T_row = fitted({n: one.T for n, one in measured.items()})
some = lengths[:200]
padded = {name: [plan.padded(n) for n in some] for name, plan in PLANS.items()}
raced = padding_race(padded)
by_rows = {name: T_call * len(ns) + T_row * sum(ns) for name, ns in padded.items()}
for name in ("static", "buckets"):
    print(
        f"{name} over dynamic: predicted {by_rows[name] / by_rows['dynamic']:.2f},",
        end=" ",
    )
    print(f"measured {raced.slower(name, 'dynamic'):.2f}")
display(felt(measured))
compare("16-machine", raced.slower("static", "dynamic"), "x")

# %% [markdown]
# The line below the figure says at which length the fixed part and the rows' part are
# alike. Far below it a call costs the same with one row or with ten: there padding is
# free, and what pays is fewer calls. Above it a row of padding costs what a row of work
# costs. On a GPU, where each call also reads the weights, that length lies far to the
# right of your processor's, which is why short prompts are batched there. Here the host
# waits for each call; a GPU's host goes on. If the line says that the prediction is off
# by more than a half, the machine was busy with something else: run the cell again, and
# take only the order of magnitude from it.
#
# ## Where one chip ends
#
# A runtime makes one chip do all it can, and some work is too long for that. Training
# GPT-3 took $3.14 \times 10^{23}$ FLOP:

# %% name="gpt3"
from labcore.catalogue.demand import TRAINING
from labcore.cost.fleet import machine_time
from labcore.cost.owning import YEAR

flop, peak = TRAINING["GPT-3"][1].value, H100.peak("fp8")
print(f"{flop:.3g} FLOP on an H100 at {format_si(peak, 'FLOP/s', 4)} in FP8, dense:")
for eta in (1.0, 0.6, 0.4):
    print(
        f"    {machine_time(flop, 1, peak, eta) / YEAR:5.2f} years at {eta:.0%} of the peak"
    )
claims_at("16_runtimes#gpt3")

# %% [markdown]
# ## Settled
#
# Your predictions, then what the chapter's own checks state; no statement of the section
# departs from what was computed. Two of the answers leave something open. Q2 speaks of
# lengths from 64 to 8192: computed is how many times as long p50 and p99 are under a plan
# for the average length as without padding, and how many times as much of the work is of
# use without it; a prompt longer than the average runs in several pieces of that shape.
# Q4 gives 2 to 5 times for a p99 beside neighbours, but not how many there are nor how
# much they ask: it is shown, not computed. In equal slices, beside neighbours who always
# have work, the factor is the number of tenants, so 2 to 5 of them give that range.

# %% name="self-check"
from labcore.plots.runtime_tenants import OURS, shared

p99 = [shared("in turn", load).percentile(OURS, 99) for load in (0.1, 0.0)]
display(
    compare("16-padding", 100 * waste["8192"], "%"),
    compare("16-share", 100 * shares["gpt2", 64], "%"),
    compare("16-tail", served["buckets"].percentile(99) / cost(320).T, "x"),
    compare("16-neighbour", p99[0] / p99[1], "x"),
    compare("16-clock", 100 * hot.sustained_clock(), "%"),
)
gone = departures("16_runtimes")
print("departs from the print:", ", ".join(one.claim.id for one in gone) or "none")
claims_at("16_runtimes#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. What can a runtime know that no compiler can? (a) The weights. (b) The kind of chip.
#    (c) Who else is at work on the chip. (d) The operators and their order. A letter.
# 2. Prompts of 64, 100, 900 and 4000 tokens, buckets of 64, 128, 256 and so on, doubling.
#    Which percentage of what the chip works on is padding?
# 3. Ten batches: copy in 3 ms, compute 4 ms, copy out 1 ms, all overlapped, two buffers.
#    When is the last result out? In ms.
# 4. A chip draws 400 W at full clock, 40 W of them idle, the rest with the cube of the
#    clock. A card gives it 300 W. What percentage of its clock is left?
# 5. A request takes 10 ms alone. Three neighbours always have work, and all four take
#    turns in slices of 1 ms, ours last in each round. How many ms does it take now?
# 6. A pool of 100 MB holds blocks of 30, 20, 30 and 20 MB side by side. Both of 30 are
#    given back. The largest block that can be had, in MB?
# 7. A kernel in FP16 would be faster for the shape that has come than the compiled one in
#    FP32. May the runtime take it? (a) Yes, since it is faster. (b) If the model was
#    prepared for FP16. (c) No, a runtime changes no kernel. (d) Only if the compiled one
#    is wrong. A letter.

# %%
from labcore.grading.selfcheck import selfcheck

display(
    selfcheck("runtime-1", ...),
    selfcheck("runtime-2", ...),
    selfcheck("runtime-3", ...),
    selfcheck("runtime-4", ...),
    selfcheck("runtime-5", ...),
    selfcheck("runtime-6", ...),
    selfcheck("runtime-7", ...),
    progress("runtime"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/16_runtimes.ipynb](../my/16_runtimes.ipynb), about an hour, from the
#   end of a stream to a queue of your own. Your copy lies in `my/` once JupyterLab was
#   opened with `make lab`; check it with `labcore grade my/16_runtimes.ipynb`.
# - **At work:** `labcore can-i-run llama3-8b --on A100 --target-first 500` says whether
#   the first token comes in time, queue and bursts left out.
# - **Read:** [Dean and Barroso (2013)](../docs/references.md#dean2013), "The Tail at
#   Scale"; [Kwon et al. (2023)](../docs/references.md#kwon2023), for memory in pages.
# - **Next:** [17 Many chips](17_multichip.ipynb): what one chip cannot hold or finish is
#   spread over many.
