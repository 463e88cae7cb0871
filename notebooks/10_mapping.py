# %% [markdown]
# # 10 Mapping
#
# > The same layer, the same chip: one schedule takes 36 times the weight traffic of
# > another. Which loop order should we write, and how many are there to choose from?
#
# Reading 30 min, doing 50 min.
#
# A layer says what to compute. A **mapping** says how: which unit does which part
# (*placement*), which memory holds what (*allocation*), and in which order the loops run
# (*scheduling*). The result is the same number for number. What differs is what moves.
# This lab counts it word by word, exactly, and then asks how large the choice is. A
# *word* is one element of a tensor, whatever its bytes.
#
# **You need before:** a convolution as nested loops
# ([lab 03](03_compute_primitives.ipynb)), why a word from far away costs more than an
# operation ([lab 08](08_memory_systems.ipynb)), and what makes a layer memory-bound
# ([lab 09](09_roofline.ipynb)).
#
# **You can do after:** say for a loop order which operand stays and what the others pay,
# count the traffic of a tile, tell a formula's choices from schedules that differ, and
# find the best mapping of a real layer.

# %%
import itertools

import numpy as np
from IPython.display import display
from labcore.catalogue import A100, execution, memory
from labcore.catalogue.arrays import DRAM_WORD
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.loopnest import Level, Nest, conv_problem, execute, matmul_problem, traffic
from labcore.mapping.conv import KEEPS, conv_orders, min_conv_traffic, random_nests
from labcore.mapping.grid import best_tile, words_held, words_moved
from labcore.mapping.orders import traffic_by_order, turning
from labcore.mapping.space import loop_orders, matmul_space, parallel_choices, placements
from labcore.plots.registry import show
from labcore.systolic import coverage

# %% [markdown]
# ## Predict
#
# Five guesses. The convolution is the chapter's Example 1.3: 16 filters of 3 x 3 on an 8
# x 8 image of one channel, five loops, 120 orders. *Registers* are the memory nearest to
# the multipliers. At first they hold one word of each operand: an input, a weight, a sum.
# All words that cross their edge count, in and out. The last guess is about a processor
# core, timed.

# %%
display(
    predict("10-distinct", "Of the 120 orders, how many move different words", "orders"),
    predict(
        "10-all",
        "All words of the order that reads 36 times fewer weights, those of the other being 100",
        "%",
    ),
    predict("10-words", "Registers from which each word has to move only once", "words"),
    predict("10-random", "Best of 400 random mappings over the best, real layer", "x"),
    predict("10-race", "A 500 x 500 product, slowest loop order over fastest", "x"),
)

# %% [markdown]
# ## What the section recalls
#
# [Lab 09](09_roofline.ipynb) found that a layer waits for its memory when it has few FLOP
# for each byte. But the bytes do not belong to the layer alone. They depend on the
# mapping. Take a product of 1024 x 1024 x 1024 in FP16 on an A100, with everything kept
# on chip, with tiles of 32, and with one word of each operand:

# %% name="recap"
n = 1024
for tile in (n, 32, 1):
    nest = Nest(matmul_problem(n, n, n), [Level(dict.fromkeys("MKN", tile), "MNK")])
    D_vol = 2 * traffic(nest)[0].words
    rate = min(A100.peak("fp16"), A100.BW * 2 * n**3 / D_vol)
    print(
        f"tiles of {tile:4}: {2 * n**3 / D_vol:7.2f} FLOP/B, {rate / 1e12:6.2f} TFLOP/s"
    )
claims_at("10_mapping#recap")

# %% [markdown]
# Nothing but the tile decides which is fast and which is not. Below the three rows the
# chapter's own statements are settled; those that hold are folded, a click opens them.
# Among them are several ratios of a word from DRAM to a multiply-accumulate, from 100 to
# 1000. They differ because an energy belongs to a process: the chapter's numbers are of
# 45 nm and give 139; 200 was published for a chip of 65 nm, and 45 nm does not give it.
#
# ## By hand
#
# The product of two 2 x 2 matrices has three loops: M (rows of A), N (columns of B) and K
# (the terms of a sum). Registers hold one word of each operand. A word stays as long as
# it is needed again at once. A sum that must make room is written, and *read back* when
# its turn comes again; a new sum starts at zero and is not read.
#
# On paper: which words come in at each of the eight steps, for the order M, N, K (K
# turns fastest) and for K, M, N? Then look.

# %%
from labcore.loopnest.steps import steps

two = matmul_problem(2, 2, 2)
for order in ("MNK", "KMN"):
    nest = Nest(two, [Level(dict.fromkeys(two.sizes, 1), order)])
    print(f"order {order}:")
    for step in steps(nest):
        came = [f"{name}{i}{j}" for name, at in step.read.items() for i, j in at]
        left = [f"C{i}{j}" for i, j in step.written]
        print(f"  in: {' '.join(came) or '-':11} out: {' '.join(left) or '-'}")
    print(f"  {traffic(nest)[0]}: {traffic(nest)[0].words} words")

# %% [markdown]
# With K inside, a sum stays until it is complete: four words out, none back, and both
# operands come anew at each step. With K outside, each sum leaves half done. A stays
# while N turns, so fewer words of A come in, and still more move in all.
#
# The rule: **an operand stays while the loops inside its own innermost loop turn.** A has
# the loops M and K; if N is innermost, A stays through all of N. One loop is innermost, so
# one operand stays, and the other two pay.
#
# Here is the rule on a small convolution. K now counts filters, P and Q are the rows and
# columns of the output, R and S those of the filter. (The letters are those of the code;
# the chapter writes $C_{out}$, $H_{out}$, $W_{out}$, $F_h$, $F_w$.)

# %% name="loop-order-film"
show("loop-order-film")

# %% [markdown]
# ## Explore: order and tile
#
# Back to a product: K counts terms again. A *tile* is a block that is held whole, and
# loops then step from tile to tile. Find (1) with tiles of 1, the orders that move the
# fewest words, and what they have in common; (2) the smallest registers with which the
# whole run moves 80 words or fewer, and what their tile looks like; (3) what a wrong
# order costs that tile; (4) the words from which the order makes no difference any more
# whatever the tile, and why.

# %%
from labcore.explore.mapping import order_explorer

order_explorer()

# %% [markdown]
# **What is to be found.** (1) With tiles of 1, K belongs inside: only then no sum is read
# back. (2) A block of 2 x 2 sums with K inside needs 8 words and moves 80; each word that
# comes in is used twice. (3) The wrong order doubles that. (4) From 24 words on, only one
# loop is left that turns, so there is no order to choose.
#
# ## Example 1.3 in full
#
# Now the chapter's convolution, with its two orders; K counts filters. The chapter calls
# them A and B: A has the loops of the filter outside, B those of the output. Both run
# here, element by element, on arrays that count:

# %% name="example-1-3"
example = conv_problem(N=1, C=1, H=8, W=8, K=16, R=3, S=3)
one_each = dict.fromkeys(example.sizes, 1)


def parts(moved):
    """What moves, operand by operand."""
    reads = f"inputs {moved.A_reads:,}, weights {moved.B_reads:,}"
    return f"{reads}, sums back {moved.C_reads:,}, out {moved.C_writes:,}"


rng = np.random.default_rng(10)
image, filters = rng.integers(-9, 9, (1, 1, 8, 8)), rng.integers(-9, 9, (16, 1, 3, 3))
results = []
for name, order in (("A", "NCKRSPQ"), ("B", "NCPQKRS")):
    ran = execute(Nest(example, [Level(one_each, order)]), image, filters)
    results.append(ran.C)
    moved = ran.traffic[0]
    print(f"order {name}, {order[2:]}: {parts(moved)}; in all {moved.words:,} words")
print("same result:", np.array_equal(*results))
claims_at("10_mapping#example-1-3")

# %% [markdown]
# The weights come in 144 times against 5,184: the 36 is right. And order A moves *more*
# words in all. What it saves in weights it pays in sums: each of the 576 leaves nine
# times, once for each weight that adds to it, and comes back eight times. The example's
# insight, a reordering that cuts weight traffic 36 times, is about one operand of three.
#
# A convolution has seven loops; N (images) and C (channels) have one turn here. A loop of
# one turn changes nothing wherever it stands, so 5,040 orders are 120. How many of these
# differ?

# %%
found = traffic_by_order(example, one_each)
print(f"{loop_orders(7):,} orders of seven loops, {loop_orders(5)} of those that turn,")
print(f"{len(found)} different traffics:")
for moved, orders in found.items():
    print(f"{len(orders):3} such as {orders[0]}: {moved.words:,} words, {parts(moved)}")

# %% [markdown]
# There are five. The rule says why: what matters is which operand the innermost loops
# leave still, and for how long.
#
# The example's text says something else of order A: "each 3 x 3 filter is loaded into
# registers once", nine weights and not one. That is a tile, and it changes the sums as
# well as the weights. The next figure has both, and what still larger registers do.

# %% name="order-traffic"
show("order-traffic")

# %% [markdown]
# With a filter in registers the nine terms of a sum are added at once, and no sum ever
# comes back. Now the order that keeps weights wins in all, too. With 109 words, for one
# filter, its sums and the whole image, every word moves once, 784 in all. With 169 words
# all filters lie in registers, and order B reads each weight once like A: the 5,184 was a
# statement about registers that are too small for 144 weights, as the example says. It
# still moves 864, since it holds one window of the image and not all of it.
#
# **The halo.** Neighbouring outputs share inputs. When a tile moves on, only the words
# that it did not hold before come in. What that saves depends on what is held. For one
# filter, the cell counts all words of the input that come in.

# %%
from labcore.loopnest.nest import tile_elements

single = conv_problem(N=1, C=1, H=8, W=8, K=1, R=3, S=3)
held_inputs = {
    "one word": {},
    "the window of one output": {"R": 3, "S": 3},
    "the windows of a row": {"R": 3, "S": 3, "Q": 6},
    "the whole image": {"R": 3, "S": 3, "P": 6, "Q": 6},
}
for what, whole in held_inputs.items():
    tile = {dim: whole.get(dim, 1) for dim in single.sizes}
    words = tile_elements(single, "A", tile)
    came = traffic(Nest(single, [Level(tile, "NKCPQRS")]))[0].A_reads
    print(f"{what}, {words} words held: {came} come in, {came / 64:.2f} for each of 64")

# %% [markdown]
# Three rows of eight are as good as the image: the next row of windows needs one new row.
# A window needs 9 words and pays 2.25 times, since each row of windows reads its three
# rows again.
#
# ## Placement
#
# Before the order comes the question of which unit does what. The chapter's Table 15
# names five troubles: uneven work, work that depends on the data, distance to the data,
# shared wires, and networks unlike each other. Each can be computed on a machine of an
# earlier lab. The first: an H100 has 132 multiprocessors with 128 lanes each. What do 133
# equal blocks of work do, if each multiprocessor takes one block at a time?

# %% name="placement"
sms, lanes = int(execution.H100_SMS.value), int(execution.H100_LANES.value)
for blocks in (sms, sms + 1, 2 * sms):
    idle = (1 - coverage(blocks, sms)) * sms * lanes
    print(
        f"{blocks} blocks: {-blocks % sms} of {sms} wait in the last round; over all",
        end=" ",
    )
    print(f"rounds {coverage(blocks, sms):.1%} busy, {idle:,.0f} lanes idle")
claims_at("10_mapping#placement")

# %% [markdown]
# One block too many takes a second round, in which 131 of 132 multiprocessors wait for it:
# half of the chip on average. The folded rows have one computation for each of the other
# four.
#
# ## Allocation
#
# Where do tensors wait between two uses? The cell takes a product of 256 x 256 x 256 with
# the best mapping for each buffer. A word has 32 bits now, and one from DRAM takes the
# chapter's 640 pJ:

# %% name="allocation"
product = matmul_problem(256, 256, 256)
orders = list(map("".join, itertools.permutations("MKN")))
for words in (256, 1024, 4096, 16384):
    best = best_tile(product, words, orders)
    energy = best.traffic * DRAM_WORD.value
    print(f"{words:6,} words: {best.traffic:9,} moved, {energy * 1e6:6.1f} uJ")
waits = {level: memory.V100_CYCLES[level].value for level in ("L1", "L2", "HBM")}
print("a V100 waits:", ", ".join(f"{level} {n:.0f} cycles" for level, n in waits.items()))
print(f"for HBM {waits['HBM'] / waits['L1']:.1f} times as long as for L1")
claims_at("10_mapping#allocation")

# %% [markdown]
# Four times the buffer moves about half of the words; [lab 14](14_tiling.ipynb) shows
# why. And a word that lies far away costs time beside energy: a load from HBM keeps a
# V100 waiting 14.5 times as long as one from L1. So what is used next should lie near,
# where there is least room.
#
# Table 17 then sets the decisions against each other, in five trades: fine or coarse
# parts; units side by side or in turn; near and small or far and large; work together or
# apart; an order fixed before or made on the way. Click on the line below: its rows
# compute both sides of the first four.

# %% name="trade-offs"
claims_at("10_mapping#trade-offs")

# %% [markdown]
# ## How many mappings?
#
# The chapter counts four things: orders of the loops, chosen anew for each memory; ways to
# spread some loops over an array of units, in order; choices of a place in each memory for
# each dimension; and all together. It calls the third *memory placements*; in the words of
# this lab's beginning they belong to allocation.

# %% name="space"
print(
    f"orders of seven loops: {loop_orders(7):,}, in three memories {loop_orders(7, 3):,}"
)
print(f"three of six loops spread: {parallel_choices(6, spread=3)}")
print(f"4 choices for each of 5 dimensions in 3 memories: {placements(4, 5, 3):,}")
display(show("mapping-explosion"))
claims_at("10_mapping#space")

# %% [markdown]
# All four are correct, and all are about *choices*. A mapping can be illegal, because its
# tiles do not fit, and two mappings can be the same in all that moves. For one product
# and one buffer they can be counted one by one:

# %%
for side in (8, 16, 64):
    space = matmul_space(side, side, side, buffer_words=64)
    print(f"{side} x {side} x {side}: {space.choices:,} tiles and orders,", end=" ")
    print(
        f"{space.legal:,} fit 64 words, {space.distinct} move different words,", end=" "
    )
    print(f"from {space.least:,} to {space.most:,}")

# %% [markdown]
# ## Explore: choices and differences
#
# Above stand the formulas; below, one product is counted. The buffer's slider stops at
# powers of two; its box takes any whole number. Find (1) the number of loops at which
# three memories pass a billion orders, and the same for placements at four choices each;
# (2) the buffer from which every tile of the 16 x 16 x 16 product fits, and the fewest
# words that move there; (3) a buffer for side 48 that fewer than a tenth of the choices
# fit; (4) sides 30 and 32 are nearly the same product. Why has 30 more than twice the
# choices?

# %%
from labcore.explore.mapping import space_explorer

space_explorer()

# %% [markdown]
# **What is to be found.** (1) Seven loops for the orders, five for the placements. (2) 768
# words, the three matrices of 256 whole: then each word moves once, and 768 move. (3) With
# 16 words 210 of 6,000 fit. (4) What counts is the divisors: 30 has eight, 32 has six, and
# a product has three sides, so 3,072 choices stand against 1,296.
#
# ## At real size
#
# The layer is a 3 x 3 convolution of ResNet-50 with 128 channels and 128 filters on 28 x
# 28, and the buffer has 16 Ki words. The search below tries each *divisor tile*, one
# whose sides divide the sizes of the loops, under each order that can win. By the rule
# one operand at most stays: the inputs while K turns innermost, the weights while N, P
# and Q do, the sums while C, R and S do. All that is left to choose is how the window of
# the input slides, and so 36 orders are left of 5,040. Beside it, 400 legal mappings
# drawn at random. As before, only the new part of a window that slides comes in.

# %%
from labcore.models.zoo import build

layers = {layer.name: layer.op.shape for layer in build("resnet50").layers}
shape = layers["layer2.1.conv2"]
layer = conv_problem(*(shape[size] for size in "NCHWKRS"), padding=1)
buffer = 16 * 1024
best = min_conv_traffic(layer, buffer)
least = sum(map(layer.elements, layer.operands))
drawn = [
    traffic(nest)[0].words for nest in itertools.islice(random_nests(layer, buffer), 400)
]
print(f"{layer.macs:,} MACs on {least:,} words; {words_held(layer).size:,} divisor tiles")
kept = " + ".join(str(len(orders)) for orders in KEEPS.values())
print(f"orders that keep inputs, weights, sums: {kept} = {len(conv_orders(layer))}")
print(f"best: {best.traffic:,} words, {best.traffic / least:.2f} times each word once")
print(f"  tile {best.tile}, order {best.order}")
for count in (1, 10, 100, 400):
    print(f"best of {count} drawn: {min(drawn[:count]) / best.traffic:.1f} times that")
print(f"the middle one of 400: {np.median(drawn) / best.traffic:.0f} times")

# %% [markdown]
# How much does the order do alone? The next cell keeps the best tile and changes nothing
# but the order.

# %%
by_order = traffic_by_order(layer, best.tile)
words = [moved.words for moved in by_order]
count = sum(map(len, by_order.values()))
print(
    f"the best tile, {count} orders of the loops that turn, {len(by_order)} different traffics,"
)
print(f"from {words[0]:,} to {words[-1]:,} words, a factor of {words[-1] / words[0]:.0f}")
for moved, orders in itertools.islice(by_order.items(), 3):
    print(f"{len(orders):2} move {moved.words:,}, such as {orders[0]}")

# %% [markdown]
# Random search comes within a factor of about two and is slow to do better, since few
# mappings are good: the middle one is 26 times as bad. And around the best tile the worst
# order of the loops costs a factor of 95.
#
# ## Where the rule fails
#
# "Keep the weights" is no rule. The next cell takes the same layer from 1 Ki words up,
# each time with the tile (its sides above 1) and the loops that still turn, outermost
# first.

# %%
for kibi in (1, 4, 16, 64, 128):
    one = min_conv_traffic(layer, kibi * 1024)
    turn = "".join(dim for dim in one.order if dim in turning(layer, one.tile))
    sides = " ".join(f"{dim}={side}" for dim, side in one.tile.items() if side > 1)
    print(f"{kibi:3} Ki words: tile {sides}; {turn} turn; {one.traffic:,} words:")
    print(f"    {parts(traffic(one.nest(layer))[0])}")

# %% [markdown]
# In all five rows the sums stay: C and R turn innermost, and no sum comes back. A sum
# that leaves too early moves twice, out and back, a weight only in. Up to 16 Ki words
# every weight comes in several times: the least traffic is that of the order the example
# warns of. At 64 Ki the tile holds the sums of 64 filters at all pixels, so no loop over
# pixels turns, and each weight comes in once although the sums stay. At 128 Ki it holds
# all sums, and nothing moves twice. So the weights need not be chosen to stay; room
# enough does it.
#
# Three more limits of what was counted here:
#
# - Words are not time. If the roofline says compute-bound, fewer words bring nothing.
# - Tiles divide the sizes here. A ragged tile may fit a buffer better.
# - One memory, one tile of each operand. Real chips split a buffer between operands, load
#   the next tile while the present one is used, and have several memories, each with an
#   order of its own. That is what the powers in the formulas stand for.
#
# ## Your machine
#
# A product of 500 x 500 matrices is three plain loops, compiled here as they stand in all
# six orders: `ijk` has the rows of A outermost (the lab's M, N, K). Each bar is a
# predicted time: that of computing with all data in L1, and behind it that of the bytes
# which a simulated cache fetches from each level below. Before you look: the count above
# has three classes of two orders each. Which class will be the fastest?
#
# Without `again` you see a machine that was recorded with the labs.

# %% name="order-race" tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.orders import order_race
from labcore.kernels.raced import recorded

again = False  # True races now, on this machine
raced = order_race() if again else recorded("orders")
slowest = max(map(raced.race.median, raced.race.times))
add = raced.predicted["ijk"]["L1"] / raced.facts["n"] ** 3
print(f"ijk with all data in L1: {add * 1e9:.2f} ns for each term of a sum")
display(
    show("order-race", raced=raced),
    compare("10-race", slowest / raced.race.median(raced.fastest), "x"),
)

# %% [markdown]
# The three classes are there: what counts is the innermost loop. But the winner is not the
# one that moves the fewest single words, and `i` and `j` inside, alike in the count, lie
# far apart. Two things that the count leaves out explain it.
#
# - *Lines.* A cache fetches eight words at a time. With `i` inside, A and C are walked down
#   a column, one word from each line, and most of the bar is bytes from L2. With `j` inside
#   all that moves lies in rows, and lines are used whole. [Lab 12](12_layouts.ipynb) is
#   about that.
# - *Waiting additions.* With `k` inside the sum stays in a register, and each addition
#   waits for the one before it: 0.78 ns on the recorded machine, even with all data in L1,
#   which is nearly all of what was measured. With `j` inside the additions go to different
#   sums, and vector instructions do several at once.
#
# And how long does the search for the best mapping take on your computer? How far does a
# random search come in the same time?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
import time

from ipywidgets import HTML
from labcore.explore.predict import Shown

start = time.perf_counter()
min_conv_traffic(layer, buffer)
searched = time.perf_counter() - start
start, tried = time.perf_counter(), []
for nest in random_nests(layer, buffer, seed=1):
    tried.append(traffic(nest)[0].words)
    if time.perf_counter() - start > searched:
        break
Shown(
    "Search against random search in the same time: run the cell to see yours.",
    HTML(
        f"searched in {searched * 1e3:.0f} ms; in that time {len(tried)} drawn at random, "
        f"the best of them moves {min(tried) / best.traffic:.1f} times as much"
    ),
)

# %% [markdown]
# ## Settled
#
# Your predictions beside what was computed, then the claims of the section by verdict.
# Those that do not reproduce stand in the cells above, each with its reason.

# %% name="self-check"
a, b = (traffic(Nest(example, [Level(one_each, o)]))[0] for o in ("NCKRSPQ", "NCPQKRS"))
moved = np.min([words_moved(example, order) for order in conv_orders(example)], axis=0)
once = sum(map(example.elements, example.operands))
enough = int(words_held(example)[moved == once].min())
display(
    compare("10-distinct", len(found), "orders"),
    compare("10-all", 100 * a.words / b.words, "%"),
    compare("10-words", enough, "words"),
    compare("10-random", min(drawn) / best.traffic, "x"),
    departures("10_mapping"),
)
claims_at("10_mapping#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. What does a mapping decide? (a) How many weights are kept, and in how many bits.
#    (b) That each unit gets an equal share. (c) Where each operation runs, where its data
#    wait, and in which order. (d) In which framework the network is written. A letter.
# 2. A filter of 3 x 3 over 256 channels in fp16 is to stay on chip, and each processing
#    element (PE) has 2 KiB for weights. Over how many PEs must it be placed at least?
# 3. Three filters of 3 x 3 on a 6 x 6 image of one channel, the loops of the output
#    outermost, registers with one word of each operand. How many weights come in?
# 4. HBM is busy 90 % of the time, the PEs 30 %. By what factor must the bytes fall, at the
#    same work, before HBM and PEs limit alike?
# 5. Three places to choose from for each of four dimensions in each of two memories. How
#    many memory placements?
# 6. Four loops, ordered anew in each of two memories. How many orders?
# 7. What does the chapter's formula for the whole space count? (a) Choices, legal or not,
#    different or not. (b) Mappings that move different words. (c) Mappings whose tiles
#    fit. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("mapping-1", ...),
    selfcheck("mapping-2", ...),
    selfcheck("mapping-3", ...),
    selfcheck("mapping-4", ...),
    selfcheck("mapping-5", ...),
    selfcheck("mapping-6", ...),
    selfcheck("mapping-7", ...),
    progress("mapping"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/10_mapping.ipynb](../my/10_mapping.ipynb), about an hour, from the
#   words of one loop order to a search of your own. Your copy lies in `my/` once
#   JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/10_mapping.ipynb`.
# - **Read:** [Parashar et al. (2019)](../docs/references.md#parashar2019), "Timeloop":
#   mappings as loop nests, and a search through them.
# - **Next:** [11 Dataflow](11_dataflow.ipynb): the few dataflows that practice chooses
#   among.
