# %% [markdown]
# # 14 Tiling
#
# > Tiles that fit the cache saved a factor of 1.7 where 118 was to be had, and tiles
# > copied as the textbook prints it saved nothing. What went wrong?
#
# Reading 40 min, doing 55 min.
#
# A product of two matrices uses every element many times. A memory near the arithmetic
# can hold few of them. *Tiling* cuts the matrices into blocks that fit and finishes with
# a block before it takes the next. This lab counts what that saves, finds the block that
# saves most, and shows three ways to get nothing from it.
#
# **You need before:** the traffic of a loop nest ([lab 10](10_mapping.ipynb)), lines,
# sets and misses ([lab 08](08_memory_systems.ipynb)), the ridge point
# ([lab 09](09_roofline.ipynb)).
#
# **You can do after:** choose a tile for a given memory and say whether it feeds a given
# chip; place tiles in several memories; decide whether to hold operands twice.

# %%
from collections import Counter

import numpy as np
from IPython.display import display
from labcore.cache import Cache, count
from labcore.cache.traces import matmul
from labcore.catalogue import A100, V100, memory
from labcore.catalogue.execution import SM_A100
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.explore.tiling import landscape_explorer, room_explorer
from labcore.grading.selfcheck import progress, selfcheck
from labcore.loopnest import conv_problem, execute, traffic
from labcore.mapping import least_words, min_traffic
from labcore.plots.registry import show
from labcore.tiling.choice import (
    best_square,
    bytes_held,
    output_tile,
    square_tile,
    widest_output,
    words_held,
)
from labcore.tiling.intensity import load_intensity, product_words, ridge_side
from labcore.tiling.product import (
    blocked,
    counts,
    naive,
    register_blocked,
    sliced,
    staged,
)
from labcore.units import counted, format_binary, format_si

# %% [markdown]
# ## Predict
#
# Four guesses. A *word* is one element. Matrices are square here, with N rows and N
# columns. *Double buffering* holds the tiles of A and B twice, so that the next ones come
# in while these are multiplied.

# %%
display(
    predict("14-cube", "Widest tiles, three of FP32 together in 32 KiB", "elements"),
    predict(
        "14-conflict",
        "N = 64 in FP32, three tiles of 16 (3 KiB) in a cache of 4 KiB, 8 ways: "
        "misses over the lines that the tiles ask for",
        "x",
    ),
    predict(
        "14-ridge", "Side of a tile of C that feeds an A100 from HBM, FP16", "elements"
    ),
    predict(
        "14-double",
        "Cubes held twice in the room of one, loading as long as multiplying: "
        "how many times as fast",
        "x",
    ),
)

# %% [markdown]
# ## By hand: 4 x 4 in tiles of 2
#
# Three plain loops add `A[i, k] * B[k, j]` to `C[i, j]`, one multiply-accumulate at a
# time. Each of the 64 steps reads one word of A, one of B, one of C, and writes one. On
# paper: how often is each element of A read? Now hold a 2 x 2 tile of each matrix in a
# fast memory and count only what comes from the slow one. How many tiles of A come in?
#
# The arrays in the next cell count every access to themselves, and the numbers behind
# them are multiplied for real.

# %% name="three-loops"
A, B = np.arange(16).reshape(4, 4), np.arange(16)[::-1].reshape(4, 4)
for way, run in {"three loops": naive(A, B), "tiles": staged(A, B, (2, 2, 2))}.items():
    slow = run.traffic[0]
    print(f"{way}: A {slow.A_reads}, B {slow.B_reads}, C {slow.C_reads} read,", end=" ")
    print(f"{slow.C_writes} written; right: {np.array_equal(run.C, A @ B)}")
for N in (8, 16):
    print(f"{N} x {N}: {counts('naive', N, N, N, (1, 1, 1))[0].words:,} accesses")
claims_at("14_tiling#three-loops")

# %% [markdown]
# Twice the side, eight times the accesses: $4 N^3$. Each element of A is read $N$ times
# without tiles and $N / t_n$ times with them, once for each tile of columns of C. That is
# still a multiple of N. "Loaded once" is true of a tile's *visit*, not of the tile.
#
# ## Figure 14, with numbers
#
# The figure shows one step of a product that is really computed. Before you read its
# counts: which tiles come in at the next step, and which come in most often until the
# end?

# %% name="figure-14"
display(show("matrix-tiling"))
claims_at("14_tiling#figure-14")

# %% [markdown]
# The next step takes the last tile of A's row and of B's column and completes the tile of
# C. In the end a tile of A has come in once for each column of tiles in B, and a tile of
# B once for each row of tiles in A. Only the tiles of C came once, because k is the
# innermost loop.
#
# ## What a trip to DRAM costs
#
# The chapter says that a fetch from DRAM is 100 to 1,000 times slower than one from a
# cache or a register. That can be held against its own Table 10, and against a chip.

# %% name="how-much-slower"
hbm, *_, l1 = memory.V100_LEVELS
for name, one in memory.V100_CYCLES.items():
    print(f"V100 {name}: {one.value:.0f} cycles")
print(
    f"bytes a second, all L1s over HBM: {l1.bandwidth.value / hbm.bandwidth.value:.0f}x"
)
claims_at("14_tiling#how-much-slower")

# %% [markdown]
# For a register that holds. For a cache it does not: DRAM has ten to a hundred times the
# latency of a cache, and all L1s together have fifteen times the bandwidth of HBM. A
# factor of a hundred and more from a cache is one of energy. These ratios decide how much
# a tile has to save: where all L1s together give fifteen times HBM's bytes, it takes
# fifteen uses of a word in an L1 for each fetch from HBM until both are busy alike.
#
# ## Six loops and a cache
#
# Listing 21 walks the same steps in tiles and leaves the rest to a cache. Its accesses
# are those of three loops, one for one; only their order differs. The first cell counts
# them. The second sends both orders through a small cache: 64 x 64 in FP32, lines of 64
# B, 8 ways. Three tiles of 16 take 3 KiB. How often should a cache of 4 KiB miss?

# %% name="six-loops"
small = naive(A, B).traffic == blocked(A, B, (2, 2, 2)).traffic
print(f"three loops and six count the same accesses: {small}")
T, N = 32, 1024
for t in (1, T):
    words = product_words(N, N, N, (t, t, t))
    print(f"tiles of {t}: {words:,} words for {N} x {N}", end="; ")
    print(f"three of them hold {format_binary(4 * words_held((t, t, t)))}")
claims_at("14_tiling#six-loops")

# %%
least = product_words(64, 64, 64, (16, 16, 16)) * 4 // 64  # lines that the tiles ask for
print(f"the words of the tiles fill {least:,} lines")
ways = {
    "three loops": {},
    "tiles of 16": {"tile": 16},
    "tiles, rows padded": {"tile": 16, "pad": 16},
}
for capacity in (4096, 8192):
    found = {
        name: count(matmul(64, 64, 64, **how), Cache(capacity, line=64, ways=8))
        for name, how in ways.items()
    }
    for name, run in found.items():
        print(f"{capacity // 1024} KiB, {name:18} {run.misses:7,} misses,", end=" ")
        print(f"{run.capacity:7,} for room, {run.conflict:7,} for a set")
    if capacity == 4096:
        loose, tiled, _ = (run.misses for run in found.values())
        print(
            f"three loops over tiles: {loose / tiled:.1f}; to be had: {loose / least:.0f}"
        )
        conflicts = tiled / least

# %% [markdown]
# A miss *for room* would come in any cache of that size; one *for a set* comes because
# too many lines fall into one set, while others stand empty. The first misses of all are
# neither.
#
# That is the first half of the answer to this lab's question. The tiles fit in 4 KiB, and
# the cache throws them out all the same. Rows of 64 floats are 256 B, four lines apart,
# and 4 KiB with 8 ways have 8 sets: the 16 rows of a tile fall into two of them and fill
# both. The tiles of B and C lie in the same columns, so they want the same two sets, and
# where the number of the step along k is that of the column of tiles, A's wants them too.
# One line of padding behind each row spreads them, and the misses fall to about the lines
# that the tiles ask for. Copying a tile to one place before use does the same; BLAS
# libraries copy (*pack*). The three loops have such a case, too: 8 KiB have room for the
# 64 lines of a column of B, but these fall into 4 of 16 sets, which hold 32.
#
# "Each tile computed independently", says the listing. Tiles of C are independent. The
# steps along k are not: they add to the same tile.

# %% [markdown]
# ## Staging
#
# Listing 22 puts the copy into the program. A
# [scratchpad](../docs/glossary.md#scratchpad) is fast memory that holds what a program
# puts there and nothing else. The listing writes `A[i:i+T, k:k+T]` and means a copy. What
# happens when numpy runs it?

# %% name="staging"
x = np.zeros((4, 4))
print(f"a slice shares the memory of its array: {np.shares_memory(x, x[:2, :2])}")
A8, B8 = np.arange(64).reshape(8, 8), np.eye(8, dtype=int)
for name, run in {
    "slices, as printed": sliced(A8, B8, (4, 4, 4)),
    "copies, C kept": staged(A8, B8, (4, 4, 4)),
    "4 x 4 sums in registers": register_blocked(A8, B8, (4, 1, 4)),
}.items():
    slow = run.traffic[0]
    print(f"{name}: A {slow.A_reads}, B {slow.B_reads}, C {slow.C_reads + slow.C_writes}")
claims_at("14_tiling#staging")

# %% [markdown]
# That is the second half of the answer. With copies A and B are read T times less often,
# as the chapter says. As printed, the innermost line breaks off at its `*`; with brackets
# Python reads it. But a slice in numpy is a view of the array, so nothing is staged, and
# A and B are read as often as by three loops, $8^3$ times; `.copy()` would mend that. And
# C moves with every step, since the listing adds into the array itself. Figure 14 keeps
# C, and so does every fast product. The last line holds nothing but 16 sums, and the
# words of A and B are the same: what counts is the tile of C. The depth of A's and B's
# tiles changes the room they take and not what they move.
#
# ## At real size: the tile that fits
#
# Two rules follow for a memory of $S$ words, where sums are as wide as the words of A and
# B, as in FP32. A cube of a tile takes $3 t^2$, so $t = \sqrt{S / 3}$. A tile of C with
# one column of A and one row of B takes $t^2 + 2t$, so t is nearly $\sqrt{S}$. Both move
# $2 N^3 / t$ words of A and B, plus C. No schedule moves fewer than about
# $2 N^3 / \sqrt{S}$.

# %% name="tile-landscape"
S = 32 * 1024 // 4
print(f"32 KiB of FP32, {S:,} words: cube {square_tile(S)}, tile of C {output_tile(S)}")
for N, room in ((1024, S), (1024, 16384)):
    bound, found = least_words(N, N, N, room), min_traffic(N, N, N, room)
    print(f"N = {N}, S = {room:,}, bound {bound:,.0f} words")
    for name, (t, words) in {
        "cube": best_square(N, N, N, room),
        "square of C, depth 1": best_square(N, N, N, room, depth=1),
    }.items():
        print(f"  {name}, t = {t}: {words / bound:.2f} times the bound")
    print(f"  searched: {found.tile}, loops {found.order}, {found.traffic / bound:.2f}")
show("tile-landscape")

# %% [markdown]
# Tiles that divide 1024 are powers of two. A square of C of 64 takes $64^2 + 128$ words
# and fits both memories; one of 128 takes $128^2 + 256 = 16640$ and fits neither, the
# larger by 256 words. So twice the memory saves a square nothing. The search finds a tile
# that is not square.
#
# ## Explore: the valley
#
# The loops are named from the outside in, and the operand without the innermost one
# stays: under MNK that is C, which has no k. A cell of its map holds the depth that
# serves its tile best. Find (1) what the best tile is when K shrinks to 16, and its words
# over the bound, (2) an order under which the best tile of C becomes a strip, and which
# operand stays there, (3) the least buffer with which a (16, 1024) @ (1024, 1024) product
# moves each word once, and what fills it.

# %%
landscape_explorer()

# %% [markdown]
# (1) With K = 16 a band of A of full depth stays, 512 rows of it, and the words come
# within 2 % of the bound. (2) Where A or B is to stay, the wide tile is one of A or B,
# and C's is a thin strip. (3) The product needs 17,424 words: all of A, 16 x 1024, a
# column of B, and 16 sums. All of C with a column of A and a row of B takes as many. So a
# square tile of C is best where all three sizes are large and C stays, and not as a
# matter of course.
#
# At the start the map jumps between 16 rows and 8: of 8 rows all of K fits, 8 x 1024
# words of A. That band stays while all columns pass, so a narrow tile moves no more than
# a wide one, and the leftmost column is worst at 16 rows, not at one.

# %% [markdown]
# ## Too small, too large
#
# A tile of C of $t \times t$ does $2 t^2$ FLOP for each pair of slices of $2 t$ words, so
# with $b$ bytes a word its loads have an intensity of $t / b$. A chip wants its
# [ridge point](../docs/glossary.md#ridge-point). Is there a tile that reaches it and
# fits? *SM* is a multiprocessor of the A100, with a scratchpad of its own, which NVIDIA
# calls shared memory. Its [tensor cores](../docs/glossary.md#tensor-core) multiply FP16
# and, as a rule, add in FP32: a sum takes 4 B while a word of A or B takes 2.

# %% name="too-small-too-large"
I_ridge, room = A100.ridge("fp16"), SM_A100.shared.value
for t in (32, 128, 256, 512):
    held = bytes_held((t, 1, t), 2)
    print(f"t = {t}: {load_intensity(t, t):.0f} FLOP/B of {I_ridge:.0f},", end=" ")
    print(f"{held / 1024:.1f} KiB of {room / 1024:.0f}")
fits = widest_output(room, 2)
print(f"the ridge takes t = {ridge_side(I_ridge)}; t = {fits} fits", end=", ")
print(f"or {output_tile(int(room // 2))} with sums of 2 B")
registers = 4 * SM_A100.registers.value
print(f"one SM's registers: {format_binary(registers)}, the sums of t = 256:", end=" ")
print(f"{format_binary(4 * 256**2)}, of t = 307: {format_binary(4 * 307**2, 3)}")
display(show("tile-roofline"))
claims_at("14_tiling#too-small-too-large")

# %% [markdown]
# Too small wastes bandwidth and too large does not fit, and between the two there is
# nothing: the smallest tile that reaches the ridge, 307, is larger than the largest that
# the scratchpad holds, 204. Real kernels keep their sums in registers and leave the
# scratchpad to A and B. That does not help: a tile of 256 fills all registers of an SM
# and leaves none for operands. So "choose the right tile size" has no answer for these
# tensor cores with one memory. It takes tiles in tiles. The figure counts the words of C
# too, which lowers its intensities a little below those that the cell prints.
#
# ## Explore: room and pace
#
# Find (1) the depth from which holding A and B twice costs more than a tenth of the
# widest t, on the A100 in FP16, (2) a precision of the A100 in which a tile that fits
# reaches the ridge, and whether int8 is one, (3) how large an SM's scratchpad would have
# to be on an H100 in FP16, at depth 32 and with operands twice. Choose the chip first:
# one without the chosen precision moves it to another.

# %%
room_explorer()

# %% [markdown]
# (1) At depth 43 the widest tile is 184 with operands once and 166 with them twice; at 44
# it is 184 and 165, more than a tenth less. (2) In FP32, off the tensor cores, a side of
# 39 reaches the ridge, and in FP64 as well. int8 is none of them: from FP16 to int8 the
# peak doubles as the word halves, so the side that the ridge asks for stays 307, and its
# sums stay 4 B each. (3) An H100 asks for 591 in FP16, and at depth 32 with operands
# twice that takes 1,513 KiB.
#
# ## Tiles in tiles
#
# On a V100 all SMs share one L2. Let it hold slices for a tile of C of 1024 x 1024, and
# each SM work on 128 x 128 of it. There are two edges now, HBM to L2 and L2 to the SMs,
# and each must feed the arithmetic. Before times are set on these counts, a small product
# is run element by element to check them.

# %%
from labcore.tiling.levels import edge_times, hierarchy

tiny = hierarchy(8, 8, 8, [(4, 4, 4), (2, 2, 2)])
run = execute(tiny, A8, B8)
print(f"8 x 8 x 8: counted {[one.words for one in traffic(tiny)]},", end=" ")
print(f"run {[one.words for one in run.traffic]}, right {np.array_equal(run.C, A8 @ B8)}")

# %% [markdown]
# Three plans follow: an SM's tile alone, and two that put it into a tile for the L2.
# Those two differ in one number, the depth of the L2's tile. Words are FP16; sums that
# leave and come back are FP32.

# %%
N, flop = 4096, 2 * 4096**3
BW = [one.bandwidth.value for one in memory.V100_LEVELS[:2]]  # HBM, L2
print(f"V100 at its peak: {format_si(flop / V100.peak('fp16'), 's', 3)}")
plans = {
    "SM alone": [(128, 32, 128)],
    "L2 tile 64 deep": [(1024, 64, 1024), (128, 32, 128)],
    "L2 tile of all k": [(1024, N, 1024), (128, 32, 128)],
}
for name, tiles in plans.items():
    crossing = traffic(hierarchy(N, N, N, tiles))
    times = edge_times(crossing, BW[: len(tiles)], 2, 4)
    words = ", ".join(format_si(T, "s", 3) for T in times)
    back = sum(one.C_reads for one in crossing)
    held = format_binary(bytes_held(tiles[0], 2), 3)
    print(f"{name}, {held}: {words}; sums read back {back:,}")
print(f"V100's L2: {format_binary(memory.V100_LEVELS[1].capacity.value)}")

# %% [markdown]
# Alone, the SM's tiles take longer from HBM than the arithmetic. With a tile of the L2 64
# deep, HBM is relieved and the other edge is not: every tile of 128 x 128 sums goes back
# to the L2 and returns for the next 64 steps of k. A tile at one level decides what the
# level inside it can keep. With slices of full depth, all of k, in the L2 both edges are
# faster than the arithmetic, but slices and sums are then larger than the L2. What chips
# do is to let 64 SMs work side by side, one for each tile of sums. All of them keep their
# sums while slices 64 deep pass through the L2. Those fit, and as many words move as in
# the plan with all of k.
#
# ## Double buffering
#
# With one buffer for A and B a step loads and then multiplies. With two, the next tiles
# come in meanwhile, and a step takes the longer of both. The price is room. The first
# cell takes a tile whose A and B fit the scratchpad of an SM twice, FP32 sums counted.

# %% name="tile-overlap"
from labcore.tiling.overlap import CUBES, overlap_gain, product_time

tile, R_peak, BW_one = (128, 16, 256), A100.peak("fp16"), A100.BW
for n in (1, 2):
    T = product_time(4096, 4096, 4096, tile, R_peak, BW_one, n)
    held = format_binary(bytes_held(tile, 2, n))
    print(
        f"A and B held {('once', 'twice')[n - 1]}, {held}: whole product {T * 1e3:.2f} ms"
    )
show("tile-overlap")

# %% [markdown]
# Where the first tile already fills the room, a smaller one has to serve. How much
# smaller depends on its form. The next cell takes the same scratchpad of 164 KiB, now in
# FP32 with sums as wide as operands, and compares cubes with tiles of C that take slices
# of depth 1.

# %%
S = int(room // 4)
once, twice = output_tile(S), output_tile(S, 2)
print(f"cubes shrink to {CUBES:.3f} of their side when A and B are held twice,")
print(f"tiles of C of depth 1 from {once} to {twice}")
for load in (1, 2, 3, 4, 5):
    cube = overlap_gain(load=load, compute=1)
    thin = overlap_gain(load=load, compute=1, shrink=twice / once)
    print(f"loading {load} times multiplying: cubes {cube:.2f}x, thin slices {thin:.2f}x")

# %% [markdown]
# In the same room a cube has to shrink by more than a fifth, and loads more. Where
# loading takes more than $1 / (\sqrt{5/3} - 1) = 3.4$ times as long as multiplying, the
# second buffer makes it *slower*. Thin slices shrink by next to nothing and always gain.
# That is why fast kernels keep a wide tile of C and stream shallow tiles of A and B.
#
# ## Table 21: spatial, temporal, hybrid
#
# The table's columns become three functions here. *Spatial*: the loops stay as written,
# the tiles are chosen. *Temporal*: the tiles are given, the order is chosen, so that one
# operand stays. *Hybrid*: both are chosen. The cell takes a layer of ResNet-50, 64 to 64
# channels, 3 x 3 on 56 x 56, and a buffer of 8192 words. K and C are channels out and in,
# P and Q rows and columns of the output, R and S of the filter; a size that is not named
# is not cut.

# %% name="table-21"
from labcore.tiling.strategies import hybrid, orders, reordered, spatial, temporal

layer = conv_problem(N=1, C=64, H=56, W=56, K=64, R=3, S=3, padding=1)
given = {"K": 16, "C": 16, "P": 7, "Q": 8}
print(f"each word once: {sum(layer.elements(name) for name in 'ABC'):,} words")
print(f"no tiling, as written: {spatial(layer, 3, 'NKPQCRS').traffic:,} words")
keeps = dict(
    zip(orders(layer), ("inputs stay", "weights stay", "sums stay"), strict=True)
)
answers = {
    f"spatial, {stay}": spatial(layer, 8192, order) for order, stay in keeps.items()
}
answers |= {"temporal": temporal(layer, given), "hybrid": hybrid(layer, 8192)}
for name, one in answers.items():
    cut = ", ".join(f"{d} to {t}" for d, t in one.tile.items() if t < layer.sizes[d])
    print(f"{name}: {one.traffic:,} words, {one.held:,} held, {keeps[one.order]}; {cut}")
for order, words in reordered(layer, given).items():
    print(f"  the given tiles, {keeps[order]}: {words:,} words")
claims_at("14_tiling#table-21")

# %% [markdown]
# With these small tiles given, the order that keeps the weights wins, as in the chapter's
# example of a convolution. With tiles to choose it does not: keeping sums moves fewer
# words. The given tiles fill little more than half of the buffer, so temporal against
# spatial is no fair race here. And the columns are no alternatives for different layers:
# two of them fix what the third one chooses. On which layers belong where, Tables 21 and
# 22 do not agree.
#
# The table's row of use cases needs one warning. An RNN cannot reorder its loop over
# time: each step needs the one before. Its weights stay only where all of them fit.
#
# ## Where the rule fails
#
# "Take the largest tile that fits" has three exceptions. The first was conflicts. The
# second is *balance*: tiles are spread over the SMs, and in the last round some of them
# have none. The third is work that has next to nothing to reuse. The cells count both, on
# the A100's 108 SMs and on the layers of a network.

# %%
sms = int(SM_A100.count.value)
for N in (2048, 4096):
    for tm, tn in ((64, 64), (128, 128), (128, 256)):
        tiles = N * N // (tm * tn)
        rounds = -(-tiles // sms)
        busy = tiles / (rounds * sms)
        paced = min(1, load_intensity(tm, tn) / I_ridge)
        print(f"N = {N}, {tm} x {tn}: {tiles} tiles in {counted(rounds, 'round')},",
              f"{busy:.0%} of SMs busy, loads allow {paced:.0%}")  # fmt: skip

# %%
from labcore.models.zoo import build

net = build("resnet50", batch=1)
once = [one for one in net.layers if not one.op.macs]
print(f"ResNet-50: {len(once)} of {len(net.layers)} layers are sums, ReLUs and pools")

# %% [markdown]
# The widest tile loads least and leaves 41 % of the SMs idle where N is 2048. The shares
# do not multiply, since idle SMs leave bandwidth to the others. Autotuners try several
# tiles for each size for this reason. And more than half of ResNet-50's layers are no
# products: they use each element hardly more than once, so tiles save them next to
# nothing.
#
# ## Your machine
#
# The cell times a blocked product on one thread of your computer, for tiles of several
# sides, beside what the words of each tile and your caches' bandwidths predict. First the
# guess: how many times as long as the best tile takes the smallest?

# %%
predict("14-sweep", "Smallest tile over the best, time on your machine", "x")

# %% name="tile-sweep" tags=["nbval-ignore-output"]
# not compared with what is stored: these are times of a machine, maybe yours
from labcore.kernels.blocked import tile_race

raced = tile_race()
sides = list(raced.race.times)
display(
    show("tile-sweep", raced=raced),
    compare(
        "14-sweep", raced.race.median(sides[0]) / raced.race.median(raced.fastest), "x"
    ),
)

# %% [markdown]
# The band is the prediction: its lower edge if all levels of memory work at once, its
# upper one if each waits for the other. It says that up to the first dashed line time
# falls, since a larger tile saves words and has longer inner loops, and that past the
# line, where the tile leaves L1, the gain ends.
#
# Where this was recorded the gain nearly ends there, and then the last point, no tiles at
# all, is the fastest. This tiling loses. Two reasons are likely, and neither is measured
# here. A row of 960 is a long inner loop over neighbours, for which hardware fetches
# lines ahead, and a tile cuts it short; and each multiply-accumulate still reads B and C
# and writes C in L1, with tiles or without. What is missing is the level inside: a tile
# in registers. The next cell adds it. *Tiles in tiles* packs a panel of B for L2 and a
# strip of A for L1 and holds 4 x 4 words of A in registers, so that a sum that is read
# from L1 takes four products before it goes back.

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are times of a machine, maybe yours
from labcore.kernels.matmul import ladder

rungs = ladder()
for name in rungs.times:
    print(f"{name}: {1e3 * rungs.median(name):.0f} ms")

# %% [markdown]
# One level of tiles loses to none; tiles in tiles beat both. That is the same lesson as
# on the A100: one memory's tile does not feed the arithmetic, and each level needs its
# own. The library (BLAS) tiles likewise, with a kernel written by hand inside. On your
# machine the order of the first two may differ, and other programs disturb times as short
# as these.
#
# ## Settled
#
# Your predictions, and the section's verdicts.

# %% name="self-check"
display(
    compare("14-cube", square_tile(32 * 1024 // 4), "elements"),
    compare("14-conflict", conflicts, "x"),
    compare("14-ridge", ridge_side(A100.ridge("fp16")), "elements"),
    compare("14-double", overlap_gain(load=1, compute=1), "x"),
)
print("not as printed:", *(one.claim.id for one in departures("14_tiling")))
cells = ("three-loops", "figure-14", "how-much-slower", "six-loops", "staging",
         "too-small-too-large", "table-21", "self-check")  # fmt: skip
settled = [one for cell in cells for one in claims_at(f"14_tiling#{cell}")]
print(dict(Counter(one.verdict for one in settled)))
claims_at("14_tiling#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# - **1.** What is tiling for? (a) Blocks in fast memory are used many times before they
#   leave, so fewer bytes move for the same FLOP. (b) Another order of additions rounds
#   less. (c) Small pieces run one after another and are easier to schedule. (d) Every
#   operation becomes compute-bound. A letter.
# - **2.** A 512 x 512 x 512 product in cubes of 64, C staying: how many words of A and B
#   come in, together?
# - **3.** How wide is the largest cube of a tile in 48 KiB of FP32?
# - **4.** FLOP for each byte that a 128 x 128 tile of C loads of A and B, in FP16?
# - **5.** Ten steps, loading 3 us, multiplying 2 us, A and B held twice: how many us?
# - **6.** A compiler maps a transformer onto an A100. (a) Attention with its scores in
#   tiles on the chip, MLPs as blocked products with what follows fused to them. (b)
#   Weights stay, in every layer. (c) Row-major everywhere. (d) No tiles and no fusion, to
#   stay flexible. A letter.

# %%
display(
    selfcheck("tiling-1", ...),
    selfcheck("tiling-2", ...),
    selfcheck("tiling-3", ...),
    selfcheck("tiling-4", ...),
    selfcheck("tiling-5", ...),
    selfcheck("tiling-6", ...),
    progress("tiling"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/14_tiling.ipynb](../my/14_tiling.ipynb), from the words of a tile to
#   a search of your own; your copy lies in `my/` once JupyterLab was opened with
#   `make lab`.
# - **At work:** `labcore measure` finds the sizes at which your caches end, and so how
#   large a tile may be.
# - **Read:** [Lam, Rothberg and Wolf (1991)](../docs/references.md#lam1991), "The Cache
#   Performance and Optimizations of Blocked Algorithms", which found the conflicts;
#   [Goto and van de Geijn (2008)](../docs/references.md#goto2008), "Anatomy of
#   High-Performance Matrix Multiplication".
# - **Next:** [lab 15](15_compilers.ipynb), on compilers, which choose all this.
