# %% [markdown]
# # 21 A map of architectures
#
# > A vendor of a chip without HBM, one of a whole wafer, one of a chip with four kinds of
# > engines, and one of GPUs each show a slide on which they win. Which of them wins on our
# > mix of work, and what does each bet on?
#
# Reading 30 min, doing 70 min.
#
# Each slide may be true. A chip is a bet on what work will look like, fixed in silicon
# years before the work comes, and each vendor shows the work that the bet was made for.
# This lab takes the bets one by one, puts a number on each, and at the end lets you mix
# the work. The map follows an essay by an engineer of CPUs; chips and models are our own
# choice.
#
# **You need before:** the roofline and its ridge ([lab 09](09_roofline.ipynb)), prefill,
# decode and the KV cache ([lab 20](20_can_you_run_it.ipynb)), all-reduce over several chips
# ([lab 17](17_multichip.ipynb)), warps ([lab 04](04_execution_units.ipynb)).
#
# **You can do after:** read a slide for the assumption that makes it true; say where
# weights live on a chip and what binds then; tell static from dynamic, wide from narrow
# and one die from many by what each costs when the bet is lost.

# %%
from IPython.display import Markdown, display
from labcore.catalogue.architectures import ALL, HOP, architecture
from labcore.catalogue.claimed_rates import TOKENS_A_SECOND
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.plots.registry import show
from labcore.units import format_si

H100, LPU, WSE = (architecture(name) for name in ("H100", "LPU v1", "WSE-3"))

# %% [markdown]
# ## Predict
#
# *SRAM* is the memory on a chip itself, *HBM* stacks of DRAM beside it in the package,
# *DDR* DRAM on the board. Groq's *LPU* has SRAM alone, 230 MB; an *H100* is a GPU with 80
# GB of HBM. *70B* is Llama 3 with 70.6 billion parameters, *8B* its small sister, both in
# 16 bits. A *warp* is 32 lanes of a GPU that step together. *2:4* keeps the two largest of
# every four weights, with a note of their places.

# %%
one_user = TOKENS_A_SECOND["WSE-3", "70B"].value
wafer = f"{format_si(WSE.peak('fp16'), 'FLOP/s')} and {format_si(WSE.BW('SRAM'), 'B/s')}"
display(
    predict("21-chips", "How many LPUs hold the weights of 70B in their SRAM?", "chips"),
    predict("21-batch", "8B writes after 8192 tokens. What share of an H100's peak can the "
            "best batch use?", "%"),
    predict("21-gap", "FLOP/s grow 3.0 times every two years, DRAM's bandwidth 1.6 times. "
            "How far apart are they after twenty?", "x"),
    predict("21-warp", "One item in ten takes ten times as long. What share of a warp's 32 "
            "lanes is at work?", "%"),
    predict("21-claim", f"Four wafers of {wafer} each are said to write {one_user:.0f} "
            "tokens/s of 70B for one user. How many times that do these figures allow?", "x"),
    predict("21-index", "Weights in FP16 pruned to 2:4, places included: what share of their "
            "bytes is left?", "%"),
)  # fmt: skip

# %% [markdown]
# ## By hand
#
# The smallest case is one matrix of 8192 x 8192 in 16 bits times one vector, a piece of
# one token. On paper: bytes of the matrix, two FLOP for each element, and for both chips
# the time to read and the time to compute. An H100 reads 3.35 TB/s and has 989 TFLOP/s, an
# LPU 80 TB/s and 188. What does a matrix of twice the side change?

# %%
n = 8192
D_vol, flop = 2 * n * n, 2 * n * n
print(f"{D_vol / 1e6:.0f} MB, {flop / 1e6:.0f} MFLOP: {flop / D_vol:.0f} FLOP/B")
for one in (H100, LPU):
    read, work = D_vol / one.BW(one.home), flop / one.peak("fp16")
    print(f"{one.name}: reads {1e6 * read:.2f} us, computes {1e6 * work:.2f} us")
room = LPU.tier("SRAM").capacity.value
print(f"of one LPU's SRAM: {D_vol / room:.0%}, for twice the side {4 * D_vol / room:.0%}")
print(f"a message to another chip: about {1e6 * HOP.value:.0f} us")

# %% [markdown]
# The H100 waits 40 us for a tenth of a microsecond of work. The LPU is 24 times sooner, as
# its memory is 24 times faster, and comes near a balance of both. Then the matrix grows,
# and one chip is no longer enough: two messages between chips take longer than its reading
# did. That is the bet in one matrix. It can still be won, as an H100 takes four times as
# long as well; but what SRAM's time costs is chips and links.
#
# ## At real size
#
# Each dot of the map is a chip: how fast it computes, and how fast the memory in which
# weights live feeds it; the number behind a name counts those that hold 70B. A diagonal
# joins chips with one ridge. Beside GPUs, Google's TPU and a phone's NPU there are Amazon's
# Trainium2 with its four engines; Tenstorrent's Wormhole and Blackhole, many small cores
# with SRAM of their own and GDDR, the DRAM of graphics boards; Graphcore's IPUs, GC200 and
# Bow, and Groq's LPU with SRAM alone on the chip; SambaNova's SN40L with three kinds of
# memory; and Cerebras' WSE-2 and WSE-3, each a whole wafer. Find the four vendors of the
# question. Several figures are **claims of a maker**, announced and on no data sheet, and
# of some the source could not be read; they are listed below the figure. A bandwidth of
# SRAM often counts reads and writes together, and we take all of it for reads.

# %% name="architecture-map"
display(show("architecture-map"))
for one in ALL:
    claimed = [name for name, fact in one.facts() if fact.kind == "claimed"]
    unread = [name for name, fact in one.facts() if not fact.confirmed]
    said = [f"claimed by {one.vendor}: {', '.join(claimed)}"] * bool(claimed)
    said += [f"source not read: {', '.join(unread)}"] * bool(unread)
    for words in said:
        print(f"{one.name}, {words}")

# %% [markdown]
# ## Bet 1: a few primitives
#
# All of these chips bet on few kinds of operations. How few, in FLOP? And does a share of
# FLOP say what a chip needs? Next, what happens between two products: a matrix product
# whose result is scaled to fewer bits, first as two kernels, then as one that scales each
# tile before it leaves the chip.

# %% name="primitives"
from labcore.models.zoo import MODELS, build

for name in MODELS:
    net, found = build(name), {}
    for one in net.layers:
        share = one.count * one.op.flop / net.flop
        found[one.op.kind] = found.get(one.op.kind, 0) + share
    first, second = sorted(found, key=found.get, reverse=True)[:2]
    print(f"{name:12} {first} {found[first]:.2%}, {second} {found[second]:.2%}")
claims_at("21_architecture_map#primitives")

# %% name="fusion"
from labcore.fusion.graph import graph
from labcore.fusion.kernel import eager, traffic
from labcore.fusion.plan import plan

shapes = {"x": (256, 512), "w": (512, 256), "scale": (1, 1)}
chain = graph(shapes, {"y": ("matmul", "x", "w"), "q": ("multiply", "y", "scale")})
apart, fused = traffic(eager(chain)), traffic(plan(chain))
print(
    f"two kernels {apart:,} B, one {fused:,} B; the product has {chain.nbytes('y'):,} B"
)
claims_at("21_architecture_map#fusion")

# %% name="four-engines"
from labcore.architectures.engines import ATTENTION, durations, simulate
from labcore.catalogue.architectures import ENGINES

for name, use in ENGINES.items():
    print(f"{name}: {use}")
run = simulate(ATTENTION, durations(ATTENTION, tiles=100))
work = ", ".join(f"{name} {run.utilization(name):.0%}" for name in ENGINES)
print(f"100 tiles of fused attention (illustrative times), at work: {work}")
claims_at("21_architecture_map#four-engines")

# %% [markdown]
# Products and convolutions take more than 97 % of the FLOP of every network here. Yet
# fusing one scaling saves a write and a read of the whole product: what lies between has
# few FLOP and many bytes. So a chip that accelerates products alone waits for the rest.
# Trainium's answer is four engines side by side; in the run the tensor engine is at work
# nearly all the time *because* three others do the rest beside it. The bet is on the
# proportion: a model whose rest is three times as long would make the vector engine the
# one that all wait for.
#
# ## Bet 2: what feeds the multipliers
#
# A language model reads a prompt (prefill) and then writes token by token (decode), two
# workloads of one model. The cell has a batch of one, on one chip whether or not it has
# room. From here on a star behind a name says that a claim of its maker is used.

# %% name="prefill-decode"
from labcore.architectures import batching, decode, place, prefill
from labcore.explore.mix_choice import starred

for name in ("H100", "Trainium2", "SN40L", "LPU v1", "WSE-3"):
    one = architecture(name)
    for demand in (prefill("llama3-8b", 2048), decode("llama3-8b", 2048)):
        at, phase = place(demand, 1, one), demand.name.split()[0]
        print(
            f"{starred(name):9} {phase:8}{at.I:6.1f} FLOP/B, ridge {at.I_ridge:5.1f}:",
            end=" ",
        )
        print(f"{at.bound}, {at.eta:.1%} of the peak")
claims_at("21_architecture_map#prefill-decode")

# %% [markdown]
# Chips with HBM suit the prefill, and leave more than 99 % of their FLOP/s unused in a
# decode. Chips with SRAM come near a balance there. The usual cure is a *batch*: one
# reading of the weights serves many sequences. How far does that go on an H100?

# %% name="batching"
display(show("batch-benefit"))
for context in (1024, 8192):
    found = batching(decode("llama3-8b", context), H100)
    print(f"H100, 8B at {context} tokens: cache as large as weights at", end=" ")
    print(f"{found.kv_batch:.0f}, room for {found.room},", end=" ")
    print(f"never above {found.eta_limit:.0%} of the peak")
claims_at("21_architecture_map#batching")

# %% [markdown]
# Weights are shared by a batch, keys and values are not: every sequence brings its own. At
# 8192 tokens no batch brings an H100 above 6 % of its peak, whatever the memory. The essay
# says that larger batches push decode closer to compute-bound. They do; at long contexts
# they stop well before it.
#
# Does the gap close by itself? The essay quotes a study: FLOP/s of servers grew 3.0 times
# every two years, DRAM bandwidth 1.6 and links 1.4 times. The second cell has what there is
# to hold: weights, and a cache that grows with every token and every session.

# %% name="growth"
from labcore.architectures import catalogue_fit, disparity

display(show("growth-gap"))
print(f"apart after 20 years: {disparity(3.0, 1.6, 20):.0f} times from DRAM,", end=" ")
print(f"{disparity(3.0, 1.4, 20):,.0f} from links")
for what in ("peak", "fp32", "bandwidth", "link"):
    fit = catalogue_fit(what)
    print(f"{fit.count} of our GPUs, {what}: {fit.rate:.2f}x every two years")
claims_at("21_architecture_map#growth")

# %% name="capacity"
for context in (1024, 8192):
    step = decode("llama3-8b", context)
    each = f"a session of {context} tokens adds {step.kv / 1e9:.2f} GB"
    print(f"8B: weights {step.held / 1e9:.1f} GB, {each}")
claims_at("21_architecture_map#capacity")

# %% [markdown]
# In our GPUs the fastest rate grew faster than in the study. But FP32 by itself grew no
# faster than bandwidth. So in them the gap is made of narrow formats and matrix units,
# which architects chose. They chose HBM in place of GDDR too, without which bandwidth
# would have grown less; and our GPUs are not the study's servers, nor its twenty years.
# The rate of links goes through three points, of 2020 to 2024: it says what three NVLinks
# did, and no more.
#
# ## Bet 3: where weights live
#
# The figure counts chips for 70B; hollow triangles are DRAM outside the chip, in
# Graphcore's machine or in Cerebras' *MemoryX*, which streams weights to wafers.
#
# ## Explore: many chips for one model
#
# Below the figure are two ways to use many chips: a *pipeline* gives each some layers,
# *tensor parallelism* gives each a slice of every layer, joined by two
# [all-reduces](../docs/glossary.md#all-reduce) a layer. Start from 70B on the LPU.
# Find (1) what takes most of a token's time in either split; (2) what int4 weights do to a
# single sequence on the LPU and on the H100; (3) a chip and memory for which no time can be
# given, and why; (4) the fastest single sequence of 70B that a GPU allows from its HBM, at
# 2,048 tokens.

# %% name="weights-live"
from labcore.explore.architectures import home_explorer

display(show("where-weights-live"), home_explorer())
claims_at("21_architecture_map#weights-live")

# %% name="memory-ways"
ways = {"H100": ("HBM",), "LPU v1": ("SRAM",), "SN40L": ("HBM", "DDR")}
for name, tiers in ways.items():
    held = sum(architecture(name).tier(tier).capacity.value for tier in tiers)
    rate = architecture(name).BW(tiers[0])
    print(f"{starred(name)}, {' and '.join(tiers)}: {format_si(held, 'B', 3)},", end=" ")
    print(f"{format_si(rate, 'B/s', 3)} from the nearest")
claims_at("21_architecture_map#memory-ways")

# %% [markdown]
# **What is to be found.** (1) In a pipeline memory still takes most, 1.75 ms, and links a
# third of the whole; with tensor parallelism links take all of it, since each of 160
# all-reduces over 617 chips is a long row of messages. (2) 384 tokens/s become 1,015 on
# 157 LPUs, and computing binds; 47 on two H100 become 94 on one. (3) The SRAM of a
# Trainium2, a Blackhole or an SN40L, and the DDR of an IPU: no page that we read gives a
# bandwidth. Several SN40L: no link is known. (4) A B200 with int4 weights, 217 tokens/s.
# A wafer fed by MemoryX writes one token a second: weights that stream pay where each
# serves many sequences, as in training.
#
# The [memory wall](../docs/glossary.md#memory-wall) does not vanish when weights move into
# SRAM. Where chips share each layer it becomes a wall of links; in a pipeline memory stays
# first and links come next; and either takes hundreds of chips. The three ways are three
# places to pay.
#
# ## Where the rule fails
#
# Peaks, bandwidths and a split give a rate for one user: here that of a pipeline of as few
# chips as hold weights and cache. Two makers announce rates for models of 70 billion
# parameters. The cell sets what is predicted beside what is claimed.

# %%
from labcore.architectures import chips_to_hold, token_time

step, over = decode("llama3-70b", 4096), {}
for one in (LPU, WSE):
    chips = chips_to_hold(one, step.held + step.kv)
    at = token_time(step, "llama3-70b", one, chips)
    said = TOKENS_A_SECOND[one.name, "70B"]
    over[one.name] = 1 / at.T_token / said.value
    print(
        f"{starred(one.name)} x {chips}: this split gives {1 / at.T_token:,.0f} tokens/s,",
        end=" ",
    )
    print(f"claimed {said.value:.0f} ({said.note}): {over[one.name]:.1f} times")

# %% [markdown]
# One prediction is of the right order, the other is not. For the LPU it is 1.3 times the
# claim. Read no more into that: it holds for one split, with a latency that we assume and
# the three cables of a card of 2020. Small groups that share each layer would be sooner;
# and the claim is of Llama 2, on a number of chips that its page does not say. The wafer
# stays two orders of magnitude below, on as many systems as its maker names: bytes per
# second say nothing about how long a result takes to cross the wafer, layer after layer,
# and one token has no other work to fill that time. So a bandwidth on a slide is a bound
# on throughput, and may be a poor guess of latency. Keep the factor in mind when the
# wafer wins below.
#
# ## Bet 4: packages, dies, wafers
#
# Memory and logic close together make much heat in one place, and a die costs by its area.
# The cells put numbers on these trade-offs: the share of a site's energy that cools it, HBM
# against DDR, what crosses 1 mm of edge in two kinds of packages, one die against several.

# %% name="hbm-ddr"
claims_at("21_architecture_map#hbm-ddr")

# %% name="packaging"
from labcore.catalogue.multichip import EDGE_BW, EDGE_ENERGY
from labcore.interconnect.packaging import crossing_power, edge_bandwidth

for way in ("organic substrate", "silicon bridge"):
    BW = edge_bandwidth(1e-3, EDGE_BW[way].value)
    watts = crossing_power(BW, EDGE_ENERGY[way].value)
    print(f"1 mm of edge over {way}: {BW / 1e12:.2f} TB/s, {watts:.1f} W")
claims_at("21_architecture_map#packaging")

# %% name="fabric"
from labcore.architectures import builds, wafer_yields
from labcore.catalogue.multichip import DEFECTS, WAFER_PRICE

density, price = DEFECTS["N5"].value, WAFER_PRICE["N5"].value
for one in builds(800e-6, density, price, BW=4e12, BW_link=0.4e12):
    print(f"{one.name:10} {one.yields:.0%} of dies good, {one.cost:.0f} USD,", end=" ")
    print(f"{one.BW_share:.0%} of the memory's bandwidth")
for spare, good in wafer_yields(970_000, 0.05e-6, density, (0.0, 0.001)):
    print(f"a wafer of 970,000 cores, {spare:.1%} of them spare: good with {good:.2g}")
claims_at("21_architecture_map#fabric")

# %% [markdown]
# The silicon of four small dies costs a third less than that of one large one, before they
# are put together. With a link of 0.4 TB/s each, nearly half of the memory's bandwidth is
# lost where addresses are spread over all dies. Placing data with the die that reads it
# removes the seam and moves the work to software. The wafer is the other bet: no seam at
# all, and one core in a thousand kept as a spare makes the difference between no good wafer
# ever and nearly all. (Of all 4 TB/s each die has its part, and it reads at most what its
# link brings over the share that is remote. So more dies with a link each lose less here;
# what the links cost is not counted.)
#
# ## Bet 5: who decides, and when
#
# Two tasks come with parallel work: choose how it is cut and who moves its data, then
# scale that until neither memory, package nor links bind. The essay sorts the choices
# into two tables that it only names. These are ours: the first for styles inside a core,
# the second across cores and chips. Read them along three axes: who manages memory, who
# schedules and when, how large a piece is. The last column is the row's promise, run on a
# small machine of its own.

# %% name="two-layers"
from labcore.architectures import shown, table
from labcore.plots.words import three


def as_markdown(level):
    """One table, each promise with what our machine of that style shows."""
    lines = ["style (for example) | memory | scheduling | piece | promise | shown by"]
    lines.append("|".join(["---"] * 6))
    for row in table(level):
        found = "; ".join(f"{what}: {three(x)}" for what, x in shown(row["name"]).items())
        cells = [row[key] for key in ("memory", "scheduling", "granularity", "promise")]
        lines.append(" | ".join([f"{row['name']} ({row['examples']})", *cells, found]))
    return Markdown("\n".join(f"| {line} |" for line in lines))


display(as_markdown("core"), as_markdown("system"))
claims_at("21_architecture_map#two-layers")

# %% [markdown]
# A real chip takes several rows at once. An H100 is SIMT with matrix tiles, Tenstorrent
# has tasks whose cores move tiles by plan, the LPU is VLIW (one long instruction tells
# every unit what to do) in the core and a static plan across racks.
#
# What happens when pieces of work are unequal, as with experts, early exits, or requests
# of many lengths? The cell tries lanes that step together, cores that take the next task,
# and a pipeline of stages. (MIMD in the figure is cores with tasks, and each task takes
# time to start there, which the lines below it leave out.)

# %% name="divergence-models"
from labcore.architectures.irregular import by_tasks, exits, in_step, lengths, pipeline

display(show("divergence-models"))
for kind in ("equal", "two"):
    drawn = lengths(32 * 200, kind)
    lanes, free = in_step(drawn, 32).utilization, by_tasks(drawn, 32).utilization
    print(f"{kind}: lanes in step {lanes:.0%} at work, cores with tasks {free:.0%}")
early = exits(4000, stages=12, leave=0.15)
depth = early.sum(axis=1)
for name, use in {
    "lanes in step": in_step(depth, 32), "tasks": by_tasks(depth, 32), "stages": pipeline(early, 4)
}.items():  # fmt: skip
    print(f"12 layers, 15 % leave after each: {name} {use.utilization:.0%} at work")

# %% [markdown]
# "Two" is one item in ten that takes ten times as long: a warp of 32 nearly always has
# one, so four lanes in five wait. Early exits leave half of the lanes, and half of a
# pipeline's stages, without work, and hardly touch cores that take the next task.
#
# Now a chip's four engines under a plan. A *clocked* plan gives every step the time of its
# longest run; *ordered* fixes who comes next; a *dynamic* queue takes what is ready and
# pays for each decision, in units of which a step takes 1 to 4.
#
# ## Explore: a plan against a queue
#
# The explorer below the figure has the same engines and 24 tiles. Find (1) durations for
# which the plan loses nothing; (2) the dispatch cost from which a fixed order beats the
# queue, for draw 1 of the exponential law; (3) what more tiles in flight are worth where a
# decision is free.

# %% name="divergence"
from labcore.architectures.engines import compare as policies
from labcore.explore.architectures import jitter_explorer

display(show("plan-jitter"))
for T_dispatch in (0.0, 0.3, 0.6):
    ran = policies(ATTENTION, 100, "exponential", T_dispatch=T_dispatch)
    ends = ", ".join(f"{one.policy} {one.T:.0f}" for one in ran)
    print(f"five draws of 100 tiles, a decision takes {T_dispatch}: {ends}")
display(claims_at("21_architecture_map#divergence"), jitter_explorer(dispatch=0.5))

# %% [markdown]
# **What is to be found.** (1) Equal ones: where times are known a plan is free, and its
# end is known before the run. (2) At 0.1 already; more tiles and draws put it higher, see
# the lines above the explorer. (3) One tile in flight overlaps nothing and ends at 2.09
# with a free queue, two end at 1.43, six at 1.11.
#
# That a clocked plan under jitter is worst does not make static plans wrong: matrices have
# known times. It says what a service must look like for that bet, and that a queue wins
# only while a decision is cheap beside a step.
#
# ## Bet 6: fewer bits, fewer weights
#
# Narrow numbers pay twice, in bytes and in rate, but storing and computing are different
# bets: int4 weights are widened before they are multiplied.

# %% name="precision"
display(show("precision-map"))
claims_at("21_architecture_map#precision")

# %% [markdown]
# Where a weight is read for one multiply, as in a decode, the format in which it is stored
# is nearly all of the energy, and int4 saves 3.9 times. Where it serves 256, the format of
# the multiplier is. They are two bets, and a chip can win one and lose the other.
#
# Zeros are the other saving. *Granularity* is the size of what may be zero: single weights
# anywhere, n of every m (1 of 8 here), blocks of 4 x 1 or 4 x 4. A small network reads
# handwritten digits. It is trained, pruned to an eighth of its weights, and trained on;
# once its weights are pruned at random, to compare with. Which pattern loses least, and
# which one is smallest?

# %% name="sparsity" tags=["nbval-ignore-output"]
# not compared with what is stored: trained here, and another BLAS ends a little elsewhere
from labcore.codesign.sparsity import PATTERNS, SUBJECT, granularity
from labcore.codesign.training import train

net = train(SUBJECT, seed=0)
for pattern in PATTERNS:
    one = granularity(net, pattern, 1 / 8)
    print(f"{pattern:12} {one.pruned:.0%} right, trained on {one.tuned:.0%};", end=" ")
    print(f"{one.value_bytes:.0f} B and {one.index_bytes:.0f} B of places,", end=" ")
    print(f"{one.compression:.1f} times smaller")
display(show("granularity"))
claims_at("21_architecture_map#sparsity")

# %% name="tax"
from labcore.sparsity.cost import nm_bytes

for b, name in ((2, "FP16"), (1, "INT8")):
    share = nm_bytes(64, 64, value_bytes=b) / (64 * 64 * b)
    print(f"2:4 in {name}: {share:.1%} of the dense bytes, places included")
claims_at("21_architecture_map#tax")

# %% [markdown]
# Before it is trained on, the finest grain loses least. Afterwards the patterns lie a few
# per cent apart at an eighth, here in one training and in the figure over several, while
# bytes differ by more: single weights anywhere take as many bytes for places as for values
# in INT8, 1 of 8 takes three bits a value, and a block of 4 x 4 shares one place among 16.
# At a sixteenth the coarse grains fall behind in accuracy, and the finest pays two bytes of
# places for each of values. What makes n of m fit for hardware is neither: each group has
# the same count, so no lane waits for another.
#
# ## Explore: your mix
#
# The decision has five workloads, their parts by FLOP: prefill and decode of 8B at the
# batch and context that you choose, ResNet-50, DLRM, which recommends from large tables,
# and MoE, a mixture of experts: 8B with eight copies of its MLPs, of which each token takes
# two. Cost is counted in chip-seconds, in peak bought for 1 PFLOP delivered, or in energy
# at full power. Assumptions stand below the bars; time on links, added to a token's until
# here, now overlaps with the rest. The cell first prints our mix on the four vendors'
# chips: four parts prefill, two decode. Find (1) the winner of each measure for prefill
# alone and for decode alone; (2) a batch at which the LPU decodes for fewer chip-seconds
# than an H100, and one at which it does for less energy; (3) a workload on which a GPU
# beats the wafer even in chip-seconds; (4) a workload that the LPU does with the least
# energy of all.

# %%
from labcore.architectures import bottleneck
from labcore.explore.architectures import mix_explorer

for name in ("LPU v1", "WSE-3", "Trainium2", "H100"):
    one = architecture(name)
    found = bottleneck({"prefill": 4 / 6, "decode": 2 / 6}, one)
    T, joule = found.parts["decode"].T, found.T_total * one.power.value
    print(f"{starred(name)}: {found.T_total:.3f} chip-s for 1 PFLOP,", end=" ")
    print(f"{joule / 1e3:.2f} kJ, {1e3 * T:.2f} ms a token")
    print(f"    {found.describe()}")
mix_explorer()

# %% [markdown]
# **What is to be found.** (1) For prefill the wafer in chip-seconds, a B200 in energy, and
# nobody in peak: the ten that have room all reach their own. For decode the wafer in all
# three. (2) None in chip-seconds: a sequence visits 89 LPUs in turn, so 16 of them leave
# most chips idle, and larger caches take more chips; of large batches at short contexts
# computing binds. In energy every batch at 2,048 tokens, if its maker's watts hold. (3)
# Recommendation: its tables take two wafers, and what they exchange crosses a thin link.
# (4) Convolution, before the phone's NPU: its few weights fit anywhere, and in HBM the
# activations between layers cost the GPUs their lead.
#
# So each slide is true of something. On our mix the wafer is first of the four in all that
# the cell prints. The H100 is ahead of it where prompts share each weight and energy
# counts, as the cell of the forecast prints, and the four engines are close to the H100.
# The chip without HBM gives a token 30 times sooner than the H100 here, and pays for it in
# chips. The wafer is sooner still, at a rate that its maker's own figure for one user does
# not come near; and a chip-second of a wafer is not one of a GPU, neither in watts nor in a
# price that nobody prints. In energy the comparison is uneven as well: the wafer's power is
# that of a whole system, the GPUs' that of a module, and the LPU's a claim for the chip.
# Small shares decide: a third of the FLOP, in decode, is 92 % of an H100's time.
#
# ## The forecast
#
# The essay ends with a forecast, that GPUs will lose share first in inference. No model
# here computes a market. What it can say is under which condition another chip is ahead,
# here in energy at full power.

# %% name="outlook"
for share in (0.0, 0.05, 0.1, 0.5, 1.0):
    mix, said = {"prefill": 1 - share, "decode": share}, []
    for one in (H100, LPU, WSE):
        joule = bottleneck(mix, one).T_total * one.power.value
        said.append(f"{starred(one.name)} {joule / 1e3:.2f}")
    print(f"decode {share:4.0%} of the FLOP, kJ for 1 PFLOP: {', '.join(said)}")
claims_at("21_architecture_map#outlook")

# %% [markdown]
# By these figures the wafer is ahead from about a twentieth on, and the LPU passes the H100
# between a tenth and a half. That order hangs on one claim: were the LPU's power an eighth
# higher than its maker says, it would stay behind on every share. All of it turns with the
# batch, the context and the model. Attention without a growing cache would turn it again:
# the claim above says that the cache doubles with the context while the attention of a
# prompt takes four times the FLOP. A forecast is a guess of the mix.
#
# ## Your machine
#
# Your processor has the choice of this lab in small: weights in its caches, or in DRAM. The
# cell multiplies a matrix of 256 KiB to 256 MiB by a vector, on one thread. The prediction
# has two bandwidths, measured on vectors, and the size of the largest cache. Where will it
# fail?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.resident import matvec_race
from labcore.plots.resident_felt import felt

felt(matvec_race())

# %% [markdown]
# The first point and the last should come nearest. Between, a cache that others use too
# holds less than its size, and several levels are taken for one. A step on paper is a
# slope on a machine, on a GPU's caches as well.
#
# ## Settled
#
# The cell has your predictions beside what the lab computed, and what became of the
# essay's statements.

# %% name="self-check"
from labcore.claims.ledger import LEDGER

display(
    compare("21-chips", chips_to_hold(LPU, decode("llama3-70b", 2048).held), "chips"),
    compare("21-batch", 100 * batching(decode("llama3-8b", 8192), H100).eta_limit, "%"),
    compare("21-gap", disparity(3.0, 1.6, 20), "x"),
    compare("21-warp", 100 * in_step(lengths(6400, "two"), 32).utilization, "%"),
    compare("21-claim", over["WSE-3"], "x"),
    compare("21-index", 100 * nm_bytes(64, 64, value_bytes=2) / (64 * 64 * 2), "%"),
)
here = [one for one in LEDGER.values() if one.where.startswith("21_architecture_map#")]
gone = [one.claim.id for one in departures("21_architecture_map")]
print(f"{len(here)} statements of the essay; depart from the print:", *gone or ["none"])

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. How many LPU v1, of 230 MB of SRAM each, hold a model of 8 G parameters in INT8?
# 2. FLOP/s grow 3.0 times and DRAM bandwidth 1.6 times every two years. How many times
#    further apart are they after six?
# 3. 70 G parameters in FP16 lie half and half on two H100 that work on each token
#    together; the link costs nothing. How many tokens a second can one sequence get at
#    most, by the weights alone?
# 4. Decoding 8B with 8,192 tokens of context each, no batch reaches an H100's ridge. Why?
#    (a) The weights are too large to be reused. (b) A larger batch reads the weights more
#    often. (c) Each sequence brings keys and values of its own. (d) The peak falls when
#    many sequences run. A letter.
# 5. Items take 1 unit of time, and one in ten at random takes 10. What share of its lanes
#    does a warp of 32 use, from 0 to 1?
# 6. Weights in INT8 pruned to 2:4, places included: bytes over those of the dense ones?
# 7. Two dies have 4 TB/s of memory each, and addresses alternate between them. Over the
#    link 1 TB/s comes in to each. How many TB/s do both together read?
# 8. A model moves from the HBM of two chips to the SRAM of 600. What binds one sequence's
#    next token, where all of them share each layer? (a) Nothing. (b) The hops between chips
#    and their latency. (c) The FLOP of the token. (d) HBM still. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("architectures-1", ...),
    selfcheck("architectures-2", ...),
    selfcheck("architectures-3", ...),
    selfcheck("architectures-4", ...),
    selfcheck("architectures-5", ...),
    selfcheck("architectures-6", ...),
    selfcheck("architectures-7", ...),
    selfcheck("architectures-8", ...),
    progress("architectures"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/21_architecture_map.ipynb](../my/21_architecture_map.ipynb), about an
#   hour, from a ridge to the choice of a chip for a mix. Your copy lies in `my/` once
#   JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/21_architecture_map.ipynb`.
# - **At work:** take the slide of a vendor and write beside each number what it leaves out:
#   batch, context, chips, link, and who measured. `labcore specs H100` shows how each
#   number of a chip is sourced here.
# - **Read:** [Gholami et al. (2024)](../docs/references.md#gholami2024), "AI and Memory
#   Wall": the three rates; [Hooker (2021)](../docs/references.md#hooker2021), "The
#   Hardware Lottery": why a bet on silicon becomes a bet on algorithms.
# - **Next:** [22 LLM serving](22_llm_serving.ipynb), what a service does with prefill,
#   decode and batches.
