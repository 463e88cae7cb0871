# %% [markdown]
# # 08 Memory systems
#
# > The profiler says that our kernel waits for memory most of its time. What do we buy?
#
# Reading 40 min, doing 60 min.
#
# A chip multiplies in a nanosecond what takes hundreds of nanoseconds to fetch. Memory
# systems exist to hide that: small memories near the arithmetic (*SRAM*), large ones far
# away (*DRAM*), and links between them. This lab follows data through all of it, with
# latencies that were measured and energies that were published, and asks at each stop
# what limits: the wait for the first byte (*latency*), the bytes a second (*bandwidth*),
# the room (*capacity*), or the energy.
#
# **You need before:** FLOP and bytes. The [ridge point](../docs/glossary.md#ridge-point)
# of [lab 09](09_roofline.ipynb) helps: the FLOP for each byte from which a chip is
# limited by its arithmetic and no longer by its memory.
#
# **You can do after:** say which level of memory serves a tensor and at what cost,
# predict the misses of an access pattern, find the link that starves a pipeline, and tell
# which part of a model fills a chip.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100, H100, H200, V100, memory
from labcore.claims.ledger import claim, claims_at, departures
from labcore.energy import access_energy, bill
from labcore.explore.predict import compare, predict
from labcore.interconnect.link import link, transfer_time
from labcore.latency import cycles_in, flop_during
from labcore.plots.registry import show
from labcore.precision.cost import mac_energy
from labcore.roofline import least_time, ridge
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Five guesses, before anything is shown. The V100 is a GPU of 2017; its HBM,
# *high-bandwidth memory*, lies beside the chip. A
# [KV cache](../docs/glossary.md#kv-cache) holds the keys and values of the tokens that a
# language model has read.

# %%
display(
    predict("08-wait", "A load from a V100's HBM, the next address unknown", "cycles"),
    predict("08-clip", "Fetching 32 kB from it: the wait's share of the time", "%"),
    predict("08-energy", "FP32 multiply-adds for 32 bits of DRAM, at 45 nm", "x"),
    predict("08-cache", "KV cache of Llama 3 8B, 8192 tokens, fp16", "GB"),
    predict("08-train", "Training with Adam, bytes for each parameter", "B"),
)

# %% [markdown]
# ## By hand
#
# The smallest case is $c = a \times b$ with $a$ and $b$ in DRAM, and $c$ to go back
# there. Three words of 32 bits cross the bus for one multiplication. On paper: what does
# each cost at 45 nm, where a multiplication takes 3.7 pJ and 64 bits from DRAM 1300 pJ?
# And how many FLOP would a chip of 312 TFLOP/s have done while it waits 300 ns?
#
# The cell works it out, then keeps both operands on chip for 1000 products: *reuse* cures
# both costs. A multiplication with its addition is a [MAC](../docs/glossary.md#mac); the
# cell sets a word of 32 bits beside one, and the ladder below shows all costs, at two
# processes. A process of 7 nm computes more cheaply than one of 45 nm; a word over a DDR
# interface costs the same in both.

# %% name="energy-wall"
one = bill({("multiply", "fp32"): 1}, {"DRAM": 3 * 4})
print(f"computing {one.computing * 1e12:.1f} pJ, moving {one.moving * 1e12:.0f} pJ,")
print(f"{one.share_moving:.1%} of the energy moves data")
kept = bill({("multiply", "fp32"): 1000}, {"DRAM": 2 * 4, "SRAM 8 KiB": 1000 * 4})
print(f"1000 products of what stays on chip: {kept.total / 1000 * 1e12:.1f} pJ each")
print(f"in 300 ns: {flop_during(300e-9, A100.peak('fp16')):,.0f} FLOP")
for process, level in (("45 nm", "DRAM"), ("7 nm", "HBM2"), ("7 nm", "DDR")):
    times = access_energy(level, 4, process) / mac_energy("fp32", process=process)
    print(f"{process}, a {level} word over a FP32 MAC: {times:.0f}x")
display(show("energy-ladder"))
claims_at("08_memory_systems#energy-wall")

# %% [markdown]
# "DRAM costs so many times more" says nothing until it says which DRAM, how many bits and
# which operation: 74 and 20,000 both follow from these tables. Figure 9's 128 holds DRAM
# against 5 pJ for a word from SRAM.
#
# ## The wall
#
# Peak throughput over bandwidth is the *ridge point*, the FLOP that a chip must find for
# each byte. The chapter draws how both grew twice: with invented curves (Figure 10), and
# with chips (Figure 11).

# %% name="balance"
display(show("compute-bandwidth-divergence"), show("rising-ridge"))
flop, D_vol = 2 * 4096**3, 3 * 2 * 4096**2
for chip in (H100, H200):
    T = least_time(flop, D_vol, chip.peak("fp16"), chip.BW)
    print(f"4096 x 4096 x 4096 in fp16, {chip.name}: {T * 1e6:.0f} us")
claims_at("08_memory_systems#balance")

# %% [markdown]
# The trend is real, and the invented curve's slope is not: it has a chip of 2012 at
# 63 MFLOP/s. Nor does the gap widen each year. The H200 is an H100 with faster memory and
# the same peak, so its ridge point is lower. The wall is a *ratio*, and whoever buys
# bandwidth lowers it. A large product gains nothing by that: it does more FLOP for each
# byte than either ridge point asks.
#
# ## The life of a tensor
#
# **Lighthouse 1.2** sends one second of sound, 16,000 samples in FP16, through a GPU. How
# long is each stop? Pointers were chased through a V100: each load gives the address of
# the next, so nothing can be fetched ahead, and each load waits its full latency. HBM and
# L2 serve all 80 multiprocessors of the chip at once; an L1 is one multiprocessor's. A
# question mark stands behind a number that was read only second-hand.

# %% name="life-of-a-tensor"
clock, D_vol = memory.V100_CLOCK.value, 32_000
for level in memory.V100_LEVELS[::-1]:
    wait, rate = level.latency.value, format_si(level.BW_of_one, "B/s", 3)
    whole = transfer_time(D_vol, level.BW_of_one, wait)
    energy = format_si(access_energy(level.energy, D_vol, "7 nm"), "J", 3)
    cycles = f"{cycles_in(wait, clock):.0f} cycles"
    print(f"{level.name}, {rate}: waits {cycles}, {wait * 1e9:.1f} ns;", end=" ")
    print(f"32 kB in {whole * 1e9:.0f} ns, {wait / whole:.0%} of it waiting; {energy}")
for chip, found in memory.LATENCY_CYCLES.items():
    marks = [f"{k} {v.value:g}{'' if v.confirmed else '?'}" for k, v in found.items()]
    print(f"{chip}, cycles: {', '.join(marks)}")
claims_at("08_memory_systems#life-of-a-tensor")

# %% [markdown]
# The chapter's 4 ns and 1 ns belong to a CPU core, whose clock is faster and whose caches
# are smaller. A GPU's L2 is hundreds of cycles away, and HBM only twice as far. One L1
# has an eightieth of the bandwidth of all, so it hands the clip on later than the L2,
# although its first byte comes seven times as soon. And 20 pJ a bit is the price of a DDR
# interface; HBM was made to be cheaper. "The roofline is set by the link from HBM" is
# true of bandwidth, and 32 kB are too few for HBM's bandwidth to matter.
#
# ## Explore: when bandwidth counts
#
# A tensor that a level cannot hold streams through it, at the pace of the level below. A
# slider may move in powers of two; the box beside it takes any number. Find (1) the batch
# at which half of the time at HBM is latency, and compare its bytes with bandwidth times
# latency; (2) the largest batch that L2 holds; (3) up to how many elements one L1 is
# quicker than the L2.

# %%
from labcore.explore.tensor_life import tensor_life_explorer

tensor_life_explorer()

# %% [markdown]
# Bandwidth times latency is **Little's law**
# ([Little 1961](../docs/references.md#little1961)): the bytes that must be on their way
# at any moment. A GPU keeps thousands of threads so that so many loads wait at once.
# Latency is not shortened. It is hidden, where there is something else to do.
#
# ## Memory time against compute time
#
# With enough bytes on their way two times race: $T_\text{mem} = D_\text{vol} / \text{BW}$
# and $T_\text{compute} = O / (R_\text{peak}\, \eta)$, where $O$ is the work in FLOP and
# $\eta$ the share of the peak that is reached, here all of it. Take a language model of 7
# G parameters that writes one token: it reads 14 GB of FP16 weights and does two FLOP
# with each parameter.

# %% name="memory-or-compute"
from labcore.interconnect.link import half_bandwidth_size

hbm = memory.V100_LEVELS[0]
BW, wait = hbm.bandwidth.value, hbm.latency.value
on_way = half_bandwidth_size(BW, wait)
print(f"V100: {on_way:,.0f} B on their way, {on_way / 128:,.0f} lines of 128 B;")
print(f"one line at a time: {format_si(128 / wait, 'B/s', 3)} of {format_si(BW, 'B/s')}")
params = 7e9
T_mem, T_compute = 2 * params / A100.BW, 2 * params / A100.peak("fp16")
print(f"A100: memory {T_mem * 1e3:.2f} ms, compute {T_compute * 1e3:.3f} ms")
print(f"{T_mem / T_compute:.0f} to one")
display(show("model-size-vs-bandwidth"))
claims_at("08_memory_systems#memory-or-compute")

# %% [markdown]
# A larger batch does more FLOP with the same weights, and evens the race near the ridge
# point; [lab 09](09_roofline.ipynb) is about that. Figure 12 of the chapter puts
# parameters and GB/s on one axis, where a crossing means nothing. Side by side, both
# grow; parameters grow more.
#
# ## Access patterns
#
# Table 9 sets regular access against irregular. A cache decides what either costs.
#
# A *cache* keeps copies of what was used last, in *lines* of consecutive bytes; what is
# asked for and lies in it is a *hit*, and a *miss* fetches the whole line. Here the line
# that was used longest ago leaves (LRU, *least recently used*). The cell below has four
# lines of 64 B and eight reads of 4 B. Write down for each whether it hits, then run the
# cell. Which would hit besides if there were a fifth line? And could four do as well, if
# another line than the oldest left?

# %%
from labcore.cache import Cache, Trace, optimal_misses, simulate
from labcore.cache.run import KINDS

addresses = [0, 60, 64, 128, 192, 4, 256, 64]
trace, four = Trace(addresses, size=4), Cache(capacity=4 * 64, line=64)
run, more = simulate(trace, four), simulate(trace, Cache(capacity=5 * 64, line=64))
for address, kind in zip(addresses, run.kinds, strict=True):
    print(f"byte {address:3}, line {address // 64}: {KINDS[kind]}")
print(f"{run.bytes_fetched} B fetched, {run.bytes_used} B of them used")
best = optimal_misses(trace, four)
print(f"{run.misses} misses; with a fifth line {more.misses}; by the best choice {best}")

# %% [markdown]
# With a fifth line the last read hits. It hits with four as well if the cache drops a
# line that is not needed again; that takes the future, and LRU has only the past.
#
# A *compulsory* miss asks for a line that was never there. A *capacity* miss asks for one
# that had to leave because there are too few lines. Most caches let a line lie only in
# one *set* of a few places (*ways*), chosen by its address; a *conflict* miss asks for a
# line that a cache of the same size without sets would still hold.
#
# ## Explore: each byte once
#
# A matrix is read once, element by element, and fetched 16 times. Find (1) single changes
# after which each byte is fetched once; (2) pairs of changes that do it while the order
# stays by columns and the cache below 16 KiB; (3) a tile that fits and still never hits,
# and why. (1) and (2) have several answers. Try before you read on.

# %%
from labcore.explore.caches import cache_explorer

cache_explorer()

# %% [markdown]
# **What is to be found.** Alone, another order does it, by rows or in the smaller tiles,
# and so does a cache as large as the matrix, 16 KiB. By columns 4 KiB hold the 64 lines
# of a column, which must not all fall into four of the 16 sets: either padded rows spread
# them, or one set of all ways takes them. With shorter lines the same two work in 2 KiB.
# A tile of 16 x 16 needs 16 of 32 lines, and all of them fall into two of the eight sets
# of four.
#
# In a product the same things decide: 32 rows of A times a square B in float32, for two
# sizes of B, with 8 ways. A *scratchpad* is such a memory without a cache's guesses: the
# program stages its tiles, and nothing else moves. The figure below is of another
# product, 64 x 64 in float64, and its caches have one set, so that capacity alone shows.

# %% name="cache-knees"
from labcore.cache import count, staged_matmul
from labcore.cache.traces import matmul

L1 = Cache(capacity=32 * 1024, line=64, ways=8)
orders = {"row by column": {}, "rows of B": {"order": "ikj"}, "tiles of 32": {"tile": 32}}
for N in (128, 136):
    for name, how in orders.items():
        run = count(matmul(32, N, N, **how), L1)
        print(f"{N}, {name:13}: {run.hit_rate:6.1%} hits, {run.conflict:7,} conflicts,",
              f"{run.traffic / 1e6:5.2f} MB moved, {run.use:4.0%} used")  # fmt: skip
    pad = staged_matmul(32, N, N, tile=32, capacity=L1.capacity)
    staged = 4 * (pad.loaded + pad.stored)  # words of four bytes
    print(f"{N}, the same tiles in a scratchpad: {staged / 1e6:5.2f} MB moved")
at_128, at_136 = (count(matmul(32, N, N), L1).traffic for N in (128, 136))
sets = {int(L1.set_of(4 * 128 * k)) for k in range(128)}
print(f"from 136 to 128: {at_128 / at_136:.0f} times the bytes;", end=" ")
print(f"a column at 128 lies in {len(sets)} of {L1.sets} sets")
show("cache-knees")

# %% [markdown]
# A smaller matrix moves many times the bytes: a column of B falls into few sets. The
# other order of loops needs no luck, and tiles use what they fetch again and again.
# Staged by the program they move less still: nothing conflicts, and sums that start at
# zero are not fetched. Where such steps lie follows from the loops, before anything is
# run: count the lines that are used between two uses of the same one.
#
# Footnote 28 says that a model without 90 percent of its weights can run slower than the
# dense one. In bytes: a vector of 65,536 floats of which a tenth is needed. *Streamed*,
# the needed ones lie packed; *gathered*, each is read where it lies in the dense vector.

# %% name="access-patterns"
from labcore.cache.traces import gather, row_walk

n = 65536
needed = np.flatnonzero(np.random.default_rng(0).random(n) < 0.1)
shuffled = np.random.default_rng(1).permutation(needed)
ways_to_read = {
    "dense": row_walk(1, n),
    "streamed": row_walk(1, len(needed)),
    "gathered, ascending": gather(needed),
    "gathered, any order": gather(shuffled),
}
for name, trace in ways_to_read.items():
    run = simulate(trace, Cache(8192, line=64, ways=8))
    share = run.bytes_fetched / (4 * n)
    print(f"{name:20}{run.accesses:6,} reads: {run.bytes_fetched:7,} B fetched,",
          f"{share:4.2f} of dense, {run.use:4.0%} used")  # fmt: skip
print(f"a line of 16 floats has none of them with probability {0.9**16:.3f}")
claims_at("08_memory_systems#access-patterns")

# %% [markdown]
# Gathered in ascending order, a tenth of the numbers costs four fifths of the dense
# bytes: few lines have none of them. In any order it costs more than all of them, since
# each read brings 64 B for 4. Streamed it costs a tenth, and the places have to be stored
# too ([lab 05](05_sparsity.ipynb)). This cache has no clock: it counts bytes, and the
# wait comes on top. So with 90 percent of the weights gone, gathering alone can move more
# bytes than the dense model. A weight of 2 B, its index of 4 B and a sector of 32 B for
# what it multiplies are 38 B against 2 B: without help from a cache, sparse wins from
# 94.7 percent on.
#
# ## The hierarchy
#
# Table 10 lists six levels, and the chapter reads a rule from it: each step down is ten
# times slower and ten times larger. **Napkin Math 1.2** then asks why no design fetches
# from DRAM in one cycle, and answers with the speed of light. Both can be worked out:
# take the middle of each range, and a die of 814 mm$^2$ with signals at half the speed
# of light.

# %% name="hierarchy"
steps = claim("hierarchy-order-of-magnitude-steps").computed
print("steps of the table's middles:", ", ".join(f"{step:,.3g}" for step in steps))
for level in memory.V100_LEVELS[::-1]:
    print(f"measured, V100 {level.name}: {format_si(level.latency.value, 's', 3)}")
print(f"measured, DRAM of a CPU: {memory.DDR_LATENCY}; flash: {memory.FLASH_READ}")
claims_at("08_memory_systems#hierarchy")

# %% name="speed-of-light"
from labcore.latency import LIGHT, signal_time, square_die, time_of

side, diagonal = (1e3 * way for way in square_die(memory.H100_DIE.value * 1e-6))
print(f"side {side:.1f} mm, diagonal {diagonal:.1f} mm, half of it {diagonal / 2:.1f} mm")
cycle, flight = time_of(1, 2e9), 2 * signal_time(0.020)
print(f"20 mm and back: {flight * 1e12:.0f} ps; a cycle: {cycle * 1e12:.0f} ps")
print(f"in a cycle a signal at c / 2 comes {cycle * LIGHT / 2 * 1e3:.0f} mm far")
claims_at("08_memory_systems#speed-of-light")

# %% [markdown]
# Down to HBM the steps are the rule's ten, give or take a factor of three; below HBM it
# ends. And the step to HBM rests on the table's 100 ns, which no kernel sees: it waits
# 316 ns, four times what a CPU waits for its DRAM. HBM is *wide*, not near.
#
# A round trip over 20 mm fits in a cycle, so light does not forbid it. What takes 436
# cycles is the rest: caches that look first, queues, the DRAM's own sensing of a row. On
# the die wires are slower than light in glass, since each stretch charges transistors.
# Distance is a reason for small memories nearby, and a small part of DRAM's latency. Nor
# does latency forbid to stream from HBM, as the chapter's insight has it: an array knows
# its next addresses and asks ahead. Tiles save *bandwidth*: what is used twice need not
# come twice.
#
# ## What fits on the chip
#
# *Attention* scores each of S tokens against each other, so its scores are a square, and
# plain attention writes them to HBM. [FlashAttention](../docs/glossary.md#flashattention)
# keeps one tile of them at a time in SRAM and writes none. The next cell sets the square
# beside the SRAM of a multiprocessor, and says what it takes to stream 100 GB/s, in
# watts.

# %% name="on-chip"
from labcore.models.pressure import score_bytes

for S in (512, 2048, 8192):
    print(f"S = {S}: scores of one head {score_bytes(S) / 1e6:.1f} MB in fp16")
sram = memory.V100_LEVELS[-1].capacity.value
print(f"SRAM of one multiprocessor of a V100: {sram / 1024:.0f} KiB")
for level, process in (("DRAM", "45 nm"), ("HBM2", "7 nm")):
    print(f"100 GB/s from {level}: {access_energy(level, 100e9, process):.1f} W")
claims_at("08_memory_systems#on-chip")

# %% [markdown]
# ## Off the chip: the taper
#
# Beyond the accelerator's own memory lie three kinds of **links**: to its neighbours
# (NVLink, Infinity Fabric), to the host (PCIe), and out of the node (InfiniBand,
# Ethernet). A **link** carries bytes in two directions at once, and data sheets differ
# in what they print. NVLink's 900 GB/s adds both directions up. PCIe's 64 GB/s is one
# direction of Gen5, or both of Gen4. Networks print *bits*, one direction. Before two
# numbers are compared, both are brought to bytes, one way.
#
# A route over several links is as fast as its slowest one, if the data stream through.
# Where each stop stores the whole message before it sends it on, the times add up.
# **RDMA** is the difference: network cards that read and write the accelerators' memory
# past both hosts.
#
# PCIe can be worked out by hand: Gen4 moves 16 billion bits a second on each of 16
# lanes and sends 130 bits for every 128 of data. How many bytes is that? Then run the
# cell.

# %% name="taper"
from labcore.catalogue.links import LINKS
from labcore.interconnect.link import path_time

for name, sheet in LINKS.items():
    one_way, name = format_si(sheet.BW_one_way, "B/s", 3), f"{name} ({sheet.joins})"
    bits = format_si(8 * sheet.printed.value, "bit/s", 3)
    printed = bits if sheet.joins == "node-network" else sheet.printed
    print(f"{name}: {one_way} one way; printed {printed} {sheet.printed_way}")
route = [link("PCIe Gen5 x16"), link("InfiniBand NDR"), link("PCIe Gen5 x16")]
stored, streamed = path_time(1e9, route), path_time(1e9, route, packet=4096)
print(f"1 GB to another node, stored in both hosts: {format_si(stored, 's', 3)}")
print(f"the same, read and written by the cards: {format_si(streamed, 's', 3)}")
display(show("bandwidth-taper"))
claims_at("08_memory_systems#taper")

# %% [markdown]
# ## The exchange: four steps
#
# A batch of images lies in the host's memory. (1) A **copy engine**, hardware that
# moves data without the CPU (DMA), sends it over the link. (2) The CPU **launches** the
# work, a short message to the accelerator. (3) The accelerator computes. (4) The scores
# are copied back. A copy takes a fixed latency $L_\text{lat}$ and then its bytes over
# one direction of the link:
#
# $$T = L_\text{lat} + \frac{D_\text{vol}}{\text{BW}}$$
#
# **By hand.** Three chunks, each 2 s to copy in, 3 s to compute, 1 s to copy out.
# One step after another that is $3 \cdot (2 + 3 + 1)$ s. With two copy engines and two
# buffers for inputs, chunk 2 comes in while chunk 1 computes. Draw the bars on paper:
# when does the last one end? A rule gives it without a drawing: the first chunk pays
# all three steps (fill and drain), each further one only the slowest.
#
# **At real size.** ResNet-50 on an A100 behind PCIe Gen4, with batches of 32 images of 3
# x 224 x 224 FP32 numbers. Before you look: how many times as long as the copy in does
# the computing take, with the chip at its peak? And with each layer at its own roofline?

# %%
from labcore.interconnect.schedule import (
    Exchange,
    pipelined,
    pipelined_time,
    sequential_time,
)

small = Exchange(copy_in=2.0, launch=0.0, compute=3.0, copy_out=1.0)
for step in pipelined(small, chunks=3):
    if step.step != "launch":
        print(f"{step.step} {step.chunk + 1}: {step.start:.0f} to {step.end:.0f} s")
print(f"one step after another: {sequential_time(small, chunks=3):.0f} s")
print(f"fill, 2 x slowest, drain: {pipelined_time(small, chunks=3):.0f} s")

# %% name="host-transfers"
from labcore.models.zoo import build
from labcore.plots.transfers import network_exchange

for gpu, slot in ((A100, "PCIe Gen4 x16"), (H100, "PCIe Gen5 x16")):
    near, far = (ridge(gpu.peak("fp16"), BW) for BW in (gpu.BW, link(slot).BW_one_way))
    print(f"{gpu.name}: {near:.0f} FLOP for each byte of its memory,", end=" ")
    print(f"{far:,.0f} for each byte over {slot}")
images = build("resnet50", batch=32)
sent = 32 * 3 * 224 * 224 * 4  # a FP32 number is four bytes
print(f"ResNet-50: {images.flop / sent:,.0f} FLOP for each byte sent as FP32")
one, at_peak = network_exchange(), images.flop / A100.peak("fp16")
print(f"copy in: {format_si(one.copy_in, 's', 3)}")
for how, T in {"at the peak": at_peak, "layer by layer": one.compute}.items():
    print(f"compute {how}: {format_si(T, 's', 3)}, {T / one.copy_in:.1f} times as long")
display(show("host-transfer-timeline"))
claims_at("08_memory_systems#host-transfers")

# %% [markdown]
# Computing takes longer either way. At the peak it is 1.4 times the copy; but most layers
# wait for the A100's memory, and the sum of their rooflines, which the figure draws, is
# 3.6 times the copy.
#
# Overlap hides the shorter steps behind the longest; it makes nothing faster. What is
# left is the busiest resource. So the question that a roofline asks of memory can be
# asked of the link: how much work must each byte that is *sent* bring, so that the
# accelerator and not the link is busiest? With long messages it is $R_\text{peak}$ over
# the link's bandwidth, a second ridge point far to the right of the first.
#
# ## Explore: where the link stops binding
#
# Find (1) the work for each byte at which the busiest resource changes, and compare with
# the second ridge point; (2) the number of chunks beyond which more of them no longer
# help, for 1 MB in and out: each copy call costs its latency; (3) what a single copy
# engine costs when as much comes back as goes in.
#
# ## Explore: small messages
#
# Latency decides short messages, bandwidth long ones. At the size $n_{1/2}$ they weigh
# the same, and half of the bandwidth is reached. Find (1) what $n_{1/2}$ is in terms of
# the link's $L_\text{lat}$ and $\text{BW}$; (2) whether a faster link makes it smaller or
# larger.

# %%
from labcore.explore.transfers import message_explorer, transfer_explorer

display(transfer_explorer(), message_explorer())

# %% [markdown]
# **What is to be found.** $n_{1/2}$ is $L_\text{lat} \cdot \text{BW}$, Little's law once
# more. So a faster link makes it *larger*: it needs longer messages to be worth its
# price.
#
# ## What a model keeps
#
# Which part of memory gives out first depends on the network and on the task. *Training*
# keeps every layer's output (*activations*) until the backward pass has used it, and for
# each parameter a gradient and the *optimizer's state*: Adam keeps two running means. In
# mixed precision these and a copy of the weights stand in fp32. *Inference* keeps the
# weights, the outputs of two neighbouring layers and, for a language model, the KV cache.
# The figure counts a batch of 32, and for language models 1024 tokens.

# %% name="model-pressure"
from labcore.models.language import kv_cache_bytes
from labcore.models.pressure import ZERO, of_model, training_bytes

print("Adam, fp16:", training_bytes(1, "fp16"), "and fp32:", training_bytes(1, "fp32"))
print(f"counted as in {ZERO}")
for context in (2048, 4096, 8192):
    cache = kv_cache_bytes("llama3-8b", 1, context) / 1e9
    scores = score_bytes(context, heads=32) / 1e9
    print(f"{context} tokens: KV cache {cache:.2f} GB, scores of a layer {scores:.2f} GB")
for batch in (1, 8, 32):
    found = of_model("resnet50", batch=batch)
    weights, maps = found.weights / 1e6, found.activations / 1e6
    print(f"ResNet-50, batch {batch}: weights {weights:.0f} MB, maps {maps:.0f} MB")
display(show("memory-pressure"))
claims_at("08_memory_systems#model-pressure")

# %% [markdown]
# The cache grows with the tokens, the scores with their square. The footnote blames the
# square for the cache; they are two things, and FlashAttention (*fused* in the explorer)
# cures the scores. And "feature maps move" is a statement about a batch: at batch 1
# ResNet-50's weights are the larger part.
#
# ## Explore: who fills the chip?
#
# Find (1) the context at which the cache of Llama 3 8B for 64 readers passes its weights,
# (2) the model whose training needs the fewest bytes beside weights, gradients and
# optimizer state, (3) the precisions in which Llama 3 70B fits on an A100, and in which
# of them the A100 can compute.

# %%
from labcore.explore.pressure import pressure_explorer

pressure_explorer()

# %% [markdown]
# ## Where the rule fails
#
# "Buy bandwidth" is the wall's advice. It fails beyond the ridge, where latency binds,
# and where the bytes come over the host's link.
#
# So far each byte crossed that link once. But the copy engine can only read pages that
# stay where they are (**pinned** memory). From ordinary, *pageable* memory the CPU first
# copies into a pinned buffer, and the two copies add up. And **unified memory** sends no
# batch at all: a page migrates when it is touched, after a fault that costs more than the
# bytes. That works until the working set exceeds the accelerator's memory by a single
# page. Going over the data in order, again and again, then evicts each page just before
# it is needed, as the oldest leaves first.
#
# The speed of the CPU's copy is a convention of these labs, and faults are served one
# at a time here; drivers group them, so the last two lines are upper bounds. The V100's
# bandwidth is the data sheet's here; above it was the measured one.

# %%
from labcore.catalogue.links import FAULT_LATENCY, HOST_COPY, PAGE
from labcore.interconnect.link import staged_time
from labcore.interconnect.paging import migrate, migration_time

for BW in (V100.BW, 2 * V100.BW):
    small, large = (transfer_time(D, BW, wait) for D in (4e3, 4e9))
    print(f"{format_si(BW, 'B/s')}: 4 kB {small * 1e9:.0f} ns, 4 GB {large * 1e3:.2f} ms")
slot = link("PCIe Gen4 x16")
D_vol = 64 * 2**20
pinned = transfer_time(D_vol, slot.BW_one_way, slot.L_lat)
pageable = staged_time(D_vol, slot.BW_one_way, HOST_COPY.value, slot.L_lat)
for kind, T in {"pinned": pinned, "pageable": pageable}.items():
    print(f"64 MiB, {kind} memory: {format_si(T, 's', 3)}")
page = int(PAGE.value)
print(f"copying on the CPU {HOST_COPY}; a fault {FAULT_LATENCY}, for {page // 1024} KiB")
frames = D_vol // page
for pages in (frames, frames + 1):
    moved = migrate(list(range(pages)) * 10, frames)
    T = migration_time(moved, page, slot, FAULT_LATENCY.value)
    print(f"10 sweeps of {pages:,} pages, room for {frames:,}:", end=" ")
    print(
        f"{moved.faults:,} faults, {moved.evictions:,} sent back,", format_si(T, "s", 3)
    )

# %% [markdown]
# Twice the bandwidth halves the time of 4 GB and saves 4 kB two nanoseconds. Pageable
# memory takes four times as long as pinned. And one page too many makes every touch a
# fault, ten times as many as before.
#
# ## Your machine
#
# Your computer has the same wall, and a few loops show it. `.venv/bin/labcore measure` in
# a terminal (`labcore measure` where the environment is active) takes less than two
# minutes and keeps its result in `my/measured.json`. Without that file, a machine that
# was recorded with the labs stands in; the next cell says which one you see.
#
# The **working set** is the memory that a loop goes through again and again. Two
# guesses about it. How many times DRAM's bandwidth does the fastest cache give, all
# cores at work? And how many times longer does a load at random take when the working
# set is the largest that was measured, 512 MiB (64 with `--quick`), and not 16 KiB?

# %%
display(
    predict("08-cache-bandwidth", "Your fastest cache over your DRAM, bandwidth", "x"),
    predict("08-dram-latency", "Your DRAM over your first cache, time of a load", "x"),
)

# %% name="memory-staircase" tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.measure import load
from labcore.measure.session import measure

again = False  # True measures now, in some seconds; coarser than `labcore measure`
mine = measure(quick=True) if again else load()
display(mine)
display(show("memory-staircase", measured=mine), show("latency-staircase", measured=mine))

# %% [markdown]
# The first picture marks the caches of all cores together, since all of them read; the
# second marks one core's, since one core waits. Find your caches in the second. While a
# working set fits in a cache, its size makes no difference; the time of a load steps up
# where it no longer fits. Note the sizes at which the steps begin, then compare them with
# what the system reports.
#
# Not every step is a cache that is full. The last cache may be shared with other programs
# or other guests of a virtual machine, and its step then comes early; and where the table
# of pages (the TLB) runs out, its misses make a step of their own. Bandwidth falls far
# less than latency rises: a loop over a vector asks for many lines at a time, and the
# chase for one. Those are your two guesses, which the next cell settles.

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from itertools import pairwise

from labcore.units import format_binary

stairs = sorted(mine.host.latency, key=lambda row: row.working_set)
slowest = stairs[0].L_lat  # so far: a rise after a dip is no step
for small, large in pairwise(stairs):
    if large.L_lat > 1.3 * slowest:
        times = f"{small.L_lat * 1e9:.1f} to {large.L_lat * 1e9:.1f} ns"
        print(f"step after {format_binary(small.working_set, 3)}: {times}")
    slowest = max(slowest, large.L_lat)
for one in mine.machine["caches"]:
    size, cores = format_binary(one["bytes"], 3), one["cores"]
    print(f"the system says: L{one['level']} {size}, cores that share it: {cores}")
display(
    compare("08-cache-bandwidth", mine.host.BW_near / mine.host.BW(), "x"),
    compare("08-dram-latency", stairs[-1].L_lat / stairs[0].L_lat, "x"),
)
BW = mine.host.BW(threads=1, kernel="read")
in_flight = BW * stairs[-1].L_lat / 64
print(f"one core reads {format_si(BW, 'B/s', 3)} from DRAM,")
print(f"so at most {in_flight:.0f} lines of 64 B are under way at a time (Little's law;")
print("at most, as TLB misses lengthen the chase's wait and hardly a stream's)")

# %% [markdown]
# ## Settled
#
# Your predictions, the statements of the section that do not reproduce, and what the
# chapter's own self-check states.

# %% name="self-check"
display(
    compare("08-wait", memory.V100_CYCLES["HBM"].value, "cycles"),
    compare(
        "08-clip", 100 * wait / transfer_time(32_000, hbm.bandwidth.value, wait), "%"
    ),
    compare("08-energy", access_energy("DRAM", 4) / mac_energy("fp32"), "x"),
    compare("08-cache", kv_cache_bytes("llama3-8b", 1, 8192) / 1e9, "GB"),
    compare("08-train", sum(training_bytes(1).values()), "B"),
    departures("08_memory_systems"),
)
claims_at("08_memory_systems#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. What is the memory wall? (a) Chips have too few multipliers. (b) Chips have too
#    little memory. (c) Throughput grew faster than bandwidth, so more of the time goes
#    into moving data. (d) Accelerators have no caches. A letter.
# 2. A load waits 300 ns. How many cycles of a 2 GHz clock is that?
# 3. An A100 waits 466 cycles at 1410 MHz for its HBM. How many kB must be on their way at
#    any moment to keep 2039 GB/s busy?
# 4. Order by the wait, the fastest first: (1) HBM, (2) SRAM on the chip, (3) the host's
#    memory over PCIe, (4) registers. Four digits in a text.
# 5. Llama 3 8B has 32 layers and 8 key-value heads 128 wide. How many GB is its fp16
#    cache for 8 readers of 8192 tokens each?
# 6. How many bytes does Adam take for each parameter in mixed precision, weights and
#    gradients included, activations not?
# 7. True or False: from the H100 to the B200 the fp16 ridge point rises.
# 8. A link is sold with 900 GB/s, both directions added up. How many ms do 9 GB take?
# 9. Copying in takes 2 ms, computing 5 ms, copying out 2 ms, for many chunks, with two
#    copy engines. A link twice as fast makes the overlapped pipeline (a) no faster, (b)
#    1.3 times as fast, (c) twice as fast. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("memory-1", ...),
    selfcheck("memory-2", ...),
    selfcheck("memory-3", ...),
    selfcheck("memory-4", ...),
    selfcheck("memory-5", ...),
    selfcheck("memory-6", ...),
    selfcheck("memory-7", ...),
    selfcheck("memory-8", ...),
    selfcheck("memory-9", ...),
    progress("memory"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/08_memory_systems.ipynb](../my/08_memory_systems.ipynb), about an
#   hour, from the cycles of a wait to the chips that a model needs. Your copy lies in
#   `my/` once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/08_memory_systems.ipynb`.
# - **At work:** `labcore measure` gives the bandwidths and latencies of the machine it
#   runs on.
# - **Read:** [Gholami et al. (2024)](../docs/references.md#gholami2024), "AI and Memory
#   Wall"; [Rajbhandari et al. (2020)](../docs/references.md#rajbhandari2020), "ZeRO", for
#   the account of training memory.
# - **Next:** [09 The roofline](09_roofline.ipynb): peak and bandwidth in one picture.
