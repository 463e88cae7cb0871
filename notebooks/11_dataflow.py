# %% [markdown]
# # 11 Dataflow
#
# > The accelerator's data sheet says "weight stationary". Is that good news for our
# > network?
#
# Reading 30 min, doing 45 min.
#
# A layer multiplies and adds, and while it does, something has to stay near the
# multipliers and the rest has to stream by. What stays gives the *dataflow* its name:
# weights, outputs or inputs. It is a choice of loop order, and together with the tile it
# decides how many words cross between memory and chip. This lab counts them, for one
# [processing element](../docs/glossary.md#processing-element) (PE), for one layer, for
# three networks. A *word* is one element of a tensor, whatever its bytes; a *nest* is a
# layer's loops with their tile.
#
# **You need before:** what a tile is and how a loop order moves it
# ([lab 10](10_mapping.ipynb)), and the systolic array
# ([lab 06](06_systolic_arrays.ipynb)).
#
# **You can do after:** say what a dataflow saves and what it makes others pay, count both
# for a layer and a buffer, and tell when the choice does not matter.

# %%
from collections import Counter

import numpy as np
from IPython.display import display
from labcore.claims.ledger import claims_at, departures
from labcore.dataflow import (
    BUFFERS,
    DATAFLOWS,
    HYBRID,
    STATIONARY,
    best,
    counts,
    loops_that_turn,
    orders,
    problem_of,
    sweep,
    totals,
)
from labcore.dataflow.energy import edge_words
from labcore.dataflow.listings import LISTINGS, element_by_element
from labcore.explore.predict import compare, predict
from labcore.loopnest import matmul_problem, matmul_traffic
from labcore.mapping import touched
from labcore.models.zoo import build
from labcore.plots.registry import show
from labcore.systolic import network_cycles

# %% [markdown]
# ## Predict
#
# Three guesses. The buffer holds 4,096 words; each dataflow takes the tile that suits it
# best. (1) For how many of ResNet-50's 54 layers with weights does weight stationary
# *alone* move the fewest words? (2) How many times the words of the best dataflow does
# weight stationary move over the whole network? (3) How often is a weight of its last
# stage, the layers on 7 x 7 positions, used for one image?

# %%
display(
    predict("11-alone", "Layers at which weight stationary alone moves least", "layers"),
    predict("11-cost", "Words of weight stationary over the best", "x"),
    predict("11-uses", "Uses of a weight in the last stage, one image", "uses"),
)

# %% [markdown]
# ## By hand
#
# A product of inputs A (M, K) and weights B (K, N) is three loops. An operand that a loop
# does not index stays where it is while that loop turns. So the innermost loop decides what
# stays:

# %% name="three-loops"
product = matmul_problem(512, 256, 512)
for name in STATIONARY:
    print(f"{name}: {DATAFLOWS[name].stays} stays;", *orders(product, name))
claims_at("11_dataflow#three-loops")

# %% [markdown]
# Take M = K = N = 2 and one PE that holds one element of each operand. For the order KNM,
# write down on paper what it holds in each of the eight steps. Then look.

# %% name="dataflow-film"
show("dataflow-film")

# %% [markdown]
# Weight stationary loads each weight once. It pays with inputs, which come twice here, and
# with sums: each leaves unfinished and comes back. Input stationary pays with weights and
# sums, output stationary with inputs and weights alone. Sums that come back cost *two*
# trips, and much of this lab follows from that.
#
# ## The listings, run and counted
#
# The chapter's Listing 15 multiplies weights (512, 256) by inputs (256, 32) in three plain
# loops. It has the weights on the left; with the inputs as A and the weights as B, as
# above, it is the transposed product, (32, 256) @ (256, 512): M = 32, K = 256, N = 512. At
# a small size the code runs on arrays that count; at the real size a formula for the count
# says the same.

# %% name="listing-15"
rng = np.random.default_rng(11)
W, X = rng.integers(-9, 9, (16, 8)), rng.integers(-9, 9, (8, 4))
run = element_by_element(W, X)
assert np.array_equal(run.Z, W @ X)
print(f"16 x 8 by 8 x 4: {run.weights} weights and {run.inputs} inputs loaded,", end=" ")
print(f"{run.sums_read} sums read, {run.sums_written} written; {16 * 8 * 4} MACs")
real = matmul_traffic(32, 256, 512, tile=(1, 1, 1), order="NMK")
print(f"512 x 256 by 256 x 32: {real.B_reads:,} weights, {real.A_reads:,} inputs")
print(f"sums, if one stays while k runs: {real.C_writes:,} written, {real.C_reads} read")
claims_at("11_dataflow#listing-15")

# %% [markdown]
# To the letter, `Z[i, j] +=` reads and writes a sum for every MAC. But k runs innermost, so
# the sum stands still: one register makes the listing output stationary and spares all but
# one write for each output. What it reloads is the operands.
#
# Listings 16, 17 and 18 show the three dataflows in blocks: a block of weights, of outputs,
# of inputs is loaded, and inner loops run over the blocks of the other two. As printed,
# their blocks carry no index: read to the letter, each weight block meets *every* input
# block and adds into *every* output block. Ours have indices, and count.

# %%
for name, listing in LISTINGS.items():
    run = listing(W, X, block=(4, 4, 2))
    assert np.array_equal(run.Z, W @ X)
    order = next(iter(orders(matmul_problem(4, 8, 16), name)))
    closed = matmul_traffic(4, 8, 16, tile=(2, 4, 4), order=order)
    assert (run.weights, run.inputs) == (closed.B_reads, closed.A_reads)
    assert (run.sums_read, run.sums_written) == (closed.C_reads, closed.C_writes)
    print(f"{name}: weights {run.weights}, inputs {run.inputs},", end=" ")
    print(f"sums in {run.sums_read}, out {run.sums_written}")
i, k, j = 16 // 4, 8 // 4, 4 // 2  # blocks along each size
print(
    f"to the letter: {i * k} x {k * j} x {i * j} = {i * k * k * j * i * j} block products;",
    end=" ",
)
print(f"the product has {i * k * j}")

# %% name="what-stays"
claims_at("11_dataflow#what-stays")

# %% [markdown]
# Each keeps what its listing's title says. "Hundreds or thousands" of terms in a sum holds
# where weights meet inputs. The scores of attention pair queries with keys, and their sums
# are as short as a head is wide.
#
# ## At real size
#
# A dataflow without its tile moves no particular number of words. So each gets its best:
# among all tiles that divide the sizes and fit, under all loop orders of its kind. A
# convolution has seven loops (N images, K filters, C channels, P x Q positions, R x S
# taps), and the same rule: innermost run those that do not index what stays. Loops have
# their own letters there; in counts and pictures A, B and C are still inputs, weights and
# outputs.
#
# The fourth, *row stationary*, comes from the Eyeriss chip: its elements hold rows of
# filter and input. Here it is a nest on tiles of whole rows, in any order.

# %% name="dataflow-traffic"
show("dataflow-traffic")

# %% [markdown]
# ## Explore: a layer and a buffer
#
# Three steps lead towards the question over the picture. Find (1) for GPT-2's *MLP up,
# 512 tokens* the smallest power of two from which on weight, output and input stationary
# move the same, (2) the layer at which they do at every buffer, and why, (3) for the 14 x
# 14 convolution, which of the three is the last to join the best, and at what buffer.

# %%
from labcore.explore.dataflow import dataflow_explorer

dataflow_explorer()

# %% [markdown]
# ## Three networks
#
# Now all layers of a network, at batch 1 for ResNet-50. The last row of each table, "each
# its own", takes the best dataflow layer by layer.

# %% name="three-networks"
networks = [
    ("ResNet-50", build("resnet50")),
    ("GPT-2, 512 tokens", build("gpt2", seq=512)),
    ("DLRM, batch 2048", build("dlrm", batch=2048)),
]
sizes = (*BUFFERS, 2**21)
swept = {name: sweep(network, STATIONARY, sizes) for name, network in networks}
for name, choices in swept.items():
    words = totals(choices)
    print(f"{name}, million words at buffers of {[b // 1024 for b in sizes]} Ki words:")
    for flow in (*STATIONARY, HYBRID):
        print(f"  {flow:12}", *(f"{words[flow, b] / 1e6:8.1f}" for b in sizes))
claims_at("11_dataflow#three-networks")

# %% [markdown]
# Table 22 matches workloads with dataflows: weights for convolutions and perceptrons,
# inputs for transformers. Counted between memory and a buffer, output stationary as one
# choice for the whole network is never behind the other two, and weight stationary is never
# ahead. With the largest buffer of the table all agree; DLRM needs it, ResNet-50 does not.
#
# "Each its own" still beats output stationary at a few buffers. Which layers do that?

# %%
for name, choices in swept.items():
    moved = {(one.layer, one.buffer_words, one.dataflow): one.traffic for one in choices}
    for layer, b in dict.fromkeys(key[:2] for key in moved):
        at = {flow: moved[layer, b, flow] / 1e6 for flow in STATIONARY}
        if at["os"] > min(at.values()):
            said = {flow: round(words, 1) for flow, words in at.items()}
            print(f"{name}, {layer}, {b // 1024} Ki: million words {said}")
for N in (29 * 1_733, 50_304):
    for b in (16384, 65536):
        words = {
            flow: best(matmul_problem(512, 768, N), flow, b).traffic / 1e6
            for flow in STATIONARY
        }
        said = {flow: round(one, 1) for flow, one in words.items()}
        print(f"head of {N:,} columns, {b // 1024} Ki: {said}")

# %% [markdown]
# One layer does it, GPT-2's output head. Its 50,257 columns are 29 x 1,733: no tile of a
# useful width divides them. Padded to 50,304 output stationary is ahead again. The
# exception was a matter of divisors, and not of transformers.
#
# In the picture below each cell names who moves least; where not all three do, the number
# is what the worst of them moves over that.

# %% name="dataflow-winner"
show("dataflow-winner")

# %% [markdown]
# ## Why so many are level
#
# A loop of one step drops out. With M whole in the tile, order NKM turns as NK, and so does
# MNK: weight stationary and output stationary are then two names of *one nest*.

# %%
for name, choices in swept.items():
    few = [one for one in choices if one.buffer_words in BUFFERS]
    found = {(one.layer, one.buffer_words, one.dataflow): one for one in few}
    ahead, level, same, back = 0, 0, 0, 0
    for ws in (one for one in few if one.dataflow == "ws"):
        os, third = (found[ws.layer, ws.buffer_words, flow] for flow in ("os", "is"))
        ahead += ws.traffic < min(os.traffic, third.traffic)
        if ws.traffic == os.traffic:
            turn = [(c.tiled.tile, loops_that_turn(c.problem, c.tiled)) for c in (ws, os)]
            level += 1
            same += turn[0] == turn[1]
            back += counts(ws.problem, ws.tiled).C_reads > 0
    print(
        f"{name}: of {len(few) // 3} layers and buffers, ws alone least {ahead},", end=" "
    )
    print(f"level with os {level}: the same nest {same}, sums come back {back}")

# %% [markdown]
# So a tie does not say that weights may as well stay: every time it says that the weights'
# nest leaves the sums at rest, too. Where it cannot, each sum pays two trips for every
# further block of the inner size, and an operand that is loaded again pays one. That is why
# weight stationary alone wins nowhere here. And once one operand is held whole, with a row
# or column of each of the others, one loop is left to turn: all nests are the same and move
# each word once.
#
# ## At the array
#
# The same names mean something else one level further in. A systolic array keeps one
# operand in its PEs, as much of it at a time as fits: that is a
# [fold](../docs/glossary.md#fold). Words cross its *edge* between the buffer and the PEs.
# With weights kept, sums are not fetched back: they fall into accumulators at the edge,
# once for each fold. So a sum costs one trip and not two, and the winner depends on the
# layer. The next cell counts for each dataflow the layers at which it *alone* has the
# fewest words.

# %% name="no-winner"
for name, network in networks:
    first, fewest = Counter(), Counter()
    for layer in (one for one in network.layers if one.op.macs):
        words = {flow: edge_words(layer.op, flow, side=128) for flow in STATIONARY}
        least = [flow for flow in STATIONARY if words[flow] == min(words.values())]
        first[least[0] if len(least) == 1 else "two or three level"] += 1
    for flow in STATIONARY:
        ticks = network_cycles(network, 128, 128, flow)
        fewest[flow] = sum(ticks.values())
    over = {flow: round(n / min(fewest.values()), 2) for flow, n in fewest.items()}
    print(f"{name}, {first.total()} layers: fewest words {dict(sorted(first.items()))}")
    print(f"  cycles over the best: {over}")
alike = []
for choices in swept.values():
    moved = {}
    for one in (c for c in choices if c.buffer_words in BUFFERS):
        moved.setdefault((one.layer, one.buffer_words), set()).add(one.traffic)
    alike += [len(words) == 1 for words in moved.values()]
print(
    f"memory to buffer, all three alike: {sum(alike)} of {len(alike)} layers and buffers"
)
claims_at("11_dataflow#no-winner")

# %% [markdown]
# No single dataflow is best at the array, and between memory and buffer more than half of
# the cases leave nothing to choose. Both can be true of one chip: it may be weight
# stationary inside and output stationary outside.
#
# What one dataflow for all costs depends on the batch as well. The chapter's answer to its
# own question estimates "2-3x" in some class of layers. A perceptron, on the same array:

# %% name="one-for-all"
for batch in (1, 32, 128, 512, 2048):
    ticks = {
        flow: sum(network_cycles(build("dlrm", batch=batch), 128, 128, flow).values())
        for flow in STATIONARY
    }
    over = {flow: round(ticks[flow] / min(ticks.values()), 2) for flow in STATIONARY}
    print(f"DLRM, batch {batch}: cycles over the best {over}")
claims_at("11_dataflow#one-for-all")

# %% [markdown]
# ## Explore: an array
#
# Three steps lead towards the question over the picture, on 128 x 128. Find (1) the two
# products for which weight stationary *alone* has both fewest words and fewest cycles,
# (2) the three for which it has most cycles, and how many rows of A (the first size in
# the sentence) stream past the weights there and in (1), (3) the two products at which
# two dataflows are exactly alike, and which equal sizes make them so.

# %%
from labcore.explore.dataflow import edge_explorer

edge_explorer()

# %% [markdown]
# ## What a word costs
#
# Energy follows the words, and most of all those of DRAM. The energy of a word at each
# level and of an operation are those of [lab 08](08_memory_systems.ipynb)
# ([Horowitz 2014](../docs/references.md#horowitz2014), 45 nm). Before you look: GPT-2's
# *MLP up* moved 26.7 words for 1,000 MACs under weight and 19.5 under output stationary,
# as the bars above say. Will its energies stand further apart than that, or less far, and
# why?

# %% name="dataflow-energy"
show("dataflow-energy")

# %% [markdown]
# ## Where the rule fails
#
# **"Convolutions reuse weights hundreds or thousands of times."** A weight is used once
# for each output position. Deeper in ResNet-50 a layer has fewer positions and more
# weights.

# %% name="weight-reuse"
for name in ("conv1", *(f"layer{at}.conv2" for at in ("1.0", "2.1", "3.1", "4.1"))):
    op = next(layer.op for layer in networks[0][1].layers if layer.name == name)
    s = op.shape
    weights, inputs = s["K"] * s["C"] * s["R"] * s["S"], s["C"] * s["H"] * s["W"]
    outputs = s["K"] * s["P"] * s["Q"]
    print(f"{name}: MACs a weight {op.macs // weights:,},", end=" ")
    print(f"an input {op.macs // inputs:,}, an output {op.macs // outputs:,};", end=" ")
    problem = problem_of(op)[0]
    words = {flow: best(problem, flow, 4096).traffic for flow in STATIONARY}
    edge = {flow: edge_words(op, flow, side=128) for flow in STATIONARY}
    over = words["ws"] / min(words.values())
    print(
        f"ws over the best at 4 Ki {over:.2f}, at the edge {edge['ws'] / min(edge.values()):.2f}"
    )
print(f"weights in {name}: {weights / touched(problem):.0%} of the words that must move")
claims_at("11_dataflow#weight-reuse")

# %% [markdown]
# In the last stage a weight is the *least* used operand. "Keep what is reused most" would
# let weights go there and keep them in the first stages. The count to a buffer says
# otherwise: weight stationary is behind in layer1 and layer2, where a weight is used
# thousands and hundreds of times, and level with the best on 7 x 7. There a tile holds all
# positions of an output, so its nest is output stationary as well, and nearly all words are
# weights, which come once in any case. (At the edge of the array it is the other way round:
# it is behind on 7 x 7.) Reuse alone does not predict the winner; what the others pay does.
#
# **Batch 1.** A perceptron at batch 1 uses each weight once. Nothing can be saved, and no
# dataflow saves it: reuse is the batch. In a product of n x n x n it grows with n, and the
# statements below put that in FLOP for a byte.

# %% name="batch-reuse"
for batch in (1, 32, 128):
    layer = matmul_problem(batch, 512, 256)
    words = {flow: best(layer, flow, 4096).traffic for flow in STATIONARY}
    read = counts(layer, best(layer, "ws", 4096)).B_reads
    print(
        f"batch {batch}: {layer.macs // read} MACs a weight, words {words}, least {touched(layer)}"
    )
claims_at("11_dataflow#batch-reuse")

# %% [markdown]
# **Row stationary as a fourth kind.** No convolution of ResNet-50 moves less under it than
# under the best of the three, at any of the five buffers. What Eyeriss gains lies in its
# inner memories, which this count of one buffer does not see.

# %%
rows = sweep(networks[0][1], (*STATIONARY, "rs"), BUFFERS)
least, row = {}, {}
for one in rows:
    at = one.layer, one.buffer_words
    if one.dataflow == "rs":
        row[at] = one.traffic
    else:
        least[at] = min(least.get(at, np.inf), one.traffic)
print("row stationary ahead:", sum(row[at] < least[at] for at in row), end="; ")
print("level:", sum(row[at] == least[at] for at in row), "of", len(row))

# %% [markdown]
# ## Your machine
#
# A product of 512 x 512 x 512 runs in blocks of 64 under three loop orders; each block
# product is a call of numpy. The prediction counts the words through a buffer that holds
# three blocks, as a time at 20 GB/s. The measurement is your time, beside that of the
# same calls on blocks that never change, where nothing moves. Will the three orders
# differ more or less than predicted?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are times of a machine, maybe yours
from ipywidgets import HTML
from labcore.explore.predict import Shown
from labcore.kernels.stationary import ORDERS, SAME, stationary_race

n, b = 512, 64
raced = stationary_race(n, b)
rest = raced.median(SAME)
lines = []
for name in raced.times:
    words = 0 if name == SAME else matmul_traffic(n, n, n, (b, b, b), ORDERS[name]).words
    moving, T = 8 * words / 20e9, raced.median(name)
    lines.append(
        f"<tr><td>{name}</td><td>{words / 1e6:.2f}</td><td>{1e3 * moving:.1f}</td>"
        f"<td>{1e3 * (T - rest):.1f}</td><td>{1e3 * T:.1f}</td></tr>"
    )
columns = ("order", "M words", "predicted, ms", "beyond the last row, ms", "in all, ms")
head = "".join(f"<th>{one}</th>" for one in columns)
Shown(
    "Words predicted and times on your machine: run the cell to see them.",
    HTML(f"<table><tr>{head}</tr>{''.join(lines)}</table>"),
)

# %% [markdown]
# The last row is made of calls and arithmetic, and the other rows contain it. What they
# take beyond it is movement, copies inside numpy and the noise of the machine; caches
# larger than three blocks spare words. Where the last row is the larger part, a ranking
# of the three by their whole times says little about dataflows.
#
# ## Settled
#
# Your predictions beside what was computed, the statements of the section that do not
# reproduce, and the second guess at larger buffers.

# %%
small = {}
for one in swept["ResNet-50"]:
    if one.buffer_words == BUFFERS[0]:  # 4 Ki
        small.setdefault(one.layer, {})[one.dataflow] = one.traffic
alone = sum(t["ws"] < min(t["os"], t["is"]) for t in small.values())
last = next(one.op for one in networks[0][1].layers if one.name == "layer4.1.conv2").shape
cost = sum(t["ws"] for t in small.values()) / sum(min(t.values()) for t in small.values())
display(
    compare("11-alone", alone, "layers"),
    compare("11-cost", cost, "x"),
    compare("11-uses", last["P"] * last["Q"], "uses"),
    departures("11_dataflow"),
)
over = totals(swept["ResNet-50"])
told = [f"{b // 1024} Ki {over['ws', b] / over[HYBRID, b]:.2f}" for b in BUFFERS]
print("ResNet-50, weight stationary over the best:", *told, sep="  ")

# %% [markdown]
# Is "weight stationary" good news for our network? Between memory and a buffer the name
# alone is no news: it costs ResNet-50 words where the buffer is small, and nothing where it
# is large. Inside the array it has fewest words at 25 of the 54 layers, if the array is
# what the sheet means. Ask for the level of memory, the buffer and the batch; then count.
#
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip. The
# cell after it recomputes what the chapter's own self-check states.
#
# 1. A layer has 3 x 3 filters on 28 x 28 output positions, one image. Weights stay: each
#    is loaded once. In how many multiply-accumulates is one weight then used?
# 2. Which dataflow writes each output once and reads none back: `"ws"`, `"os"` or `"is"`?
# 3. A 64 x 64 x 64 product in blocks of 16, loops K, N, M from outside in (weights stay).
#    How many words of sums cross, in and out together?
# 4. True or False: at the edge of a 128 x 128 array there is one dataflow that moves
#    fewest words, or as few as any, at every layer of ResNet-50.
# 5. A dense layer at batch 1. Which dataflow moves fewest words? (a) weight stationary,
#    (b) output stationary, (c) input stationary, (d) all the same. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("dataflow-1", ...),
    selfcheck("dataflow-2", ...),
    selfcheck("dataflow-3", ...),
    selfcheck("dataflow-4", ...),
    selfcheck("dataflow-5", ...),
    progress("dataflow"),
)

# %% name="self-check"
claims_at("11_dataflow#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/11_dataflow.ipynb](../my/11_dataflow.ipynb), about fifty minutes,
#   from naming a loop order to choosing one for a layer. Your copy lies in `my/` once
#   JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/11_dataflow.ipynb`.
# - **Read:** [Chen, Emer and Sze (2016)](../docs/references.md#chen2016), "Eyeriss", with
#   rows stationary.
# - **Next:** [12 Layouts](12_layouts.ipynb): how the words that move should lie in
#   memory.
