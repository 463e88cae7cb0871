# %% [markdown]
# # 21 A map of architectures
#
# > A vendor of a chip without HBM, one of a whole wafer, one of a chip with four kinds of
# > engines, and one of GPUs each show a slide on which they win. Which of them wins on our
# > mix of work, and what does each bet on?
#
# Reading 35 min, doing 40 min.
#
# Each slide may be true. A chip is a bet on what work will look like, fixed in silicon
# years before the work comes, and each vendor shows the work that the bet was made for.
# This lab takes the bets one by one, puts a number on each, and at the end lets you mix
# the work. The map follows an essay by an engineer of CPUs; chips and models are our own
# choice.
#
# **You need before:** the roofline and its ridge (lab 09), prefill, decode and the KV
# cache (lab 20), all-reduce over several chips (lab 17), warps (lab 04).
#
# **You can do after:** read a slide for the assumption that makes it true; say where
# weights live on a chip and what binds then; tell static from dynamic, wide from narrow
# and one die from many by what each costs when the bet is lost.

# %%
from IPython.display import Markdown, display
from labcore.catalogue.architectures import ALL, HOP, architecture
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.plots.registry import show

H100, LPU, WSE = (architecture(name) for name in ("H100", "LPU v1", "WSE-3"))

# %% [markdown]
# ## Predict first
#
# *SRAM* is the memory on a chip itself, *HBM* stacks of DRAM beside it in the package,
# *DDR* DRAM on the board. Groq's *LPU* has SRAM alone, 230 MB; an *H100* is a GPU with 80
# GB of HBM. *70B* is Llama 3 with 70.6 billion parameters, *8B* its small sister, both in
# 16 bits. A *warp* is 32 lanes of a GPU that step together. *2:4* keeps the two largest of
# every four weights.

# %%
display(
    predict("21-chips", "LPUs whose SRAM holds the weights of 70B", "chips"),
    predict("21-batch", "8B at 8192 tokens: best share of an H100's peak in decode", "%"),
    predict("21-gap", "Twenty years at 3.0x and 1.6x every two: growth apart", "x"),
    predict("21-warp", "One item in ten takes 10 times as long: lanes at work", "%"),
    predict("21-claim", "Wafer, 70B, one user: rate by bandwidth over the claimed", "x"),
    predict("21-index", "2:4 in FP16, places included: bytes over dense ones", "%"),
)

# %% [markdown]
# ## By hand: one matrix, two memories
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
# ## The map in one picture
#
# Each dot is a chip: how fast it computes, and how fast the memory in which weights live
# feeds it; the number behind a name counts those that hold 70B. A diagonal joins chips
# with one ridge. Beside GPUs and Google's TPU there are
# Amazon's Trainium2 with its four engines; Tenstorrent's Wormhole and Blackhole, many small
# cores with SRAM of their own and GDDR behind them; Graphcore's GC200 and Bow and Groq's
# LPU with SRAM alone on the chip; SambaNova's SN40L with three kinds of memory; and
# Cerebras' WSE-2 and WSE-3, each a whole wafer. What a machine adds around its chips is
# left out: Graphcore's has DDR, and a WSE-2 can have weights sent to it. Find the four
# vendors of the question. Several figures are **claims** of a maker that nobody else has
# measured, and of some the source could not be read; they are listed below the figure.
# Where a wafer's or an IPU's SRAM is concerned, a bandwidth counts reads and writes
# together, and we take all of it for reads.

# %%
display(show("architecture-map"))
for one in ALL:
    claimed = [name for name, fact in one.facts() if fact.kind == "claimed"]
    unread = [name for name, fact in one.facts() if not fact.confirmed]
    if claimed:
        print(f"{one.name}, claimed by {one.vendor}: {', '.join(claimed)}")
    if unread:
        print(f"{one.name}, source not read: {', '.join(unread)}")

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
# A language model reads a prompt (prefill) and then writes token by token (decode). One
# model, two workloads: here a batch of one, on one chip whether or not it has room. From
# here on a star behind a name says that a claim of its maker is used.

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
# every two years, DRAM bandwidth 1.6 and links 1.4 times. The cell after it: what there is
# to hold, weights, and a cache that grows with every token and every session.

# %% name="growth"
from labcore.architectures import catalogue_fit, disparity

display(show("growth-gap"))
print(f"apart after 20 years: {disparity(3.0, 1.6, 20):.0f} times from DRAM,", end=" ")
print(f"{disparity(3.0, 1.4, 20):,.0f} from links")
for what in ("peak", "fp32", "bandwidth"):
    fit = catalogue_fit(what)
    print(f"our {fit.count} GPUs, {what}: {fit.rate:.2f}x every two years")
claims_at("21_architecture_map#growth")

# %% name="capacity"
for context in (1024, 8192):
    step = decode("llama3-8b", context)
    each = f"a session of {context} tokens adds {step.kv / 1e9:.2f} GB"
    print(f"8B: weights {step.held / 1e9:.1f} GB, {each}")
claims_at("21_architecture_map#capacity")

# %% [markdown]
# In our GPUs the fastest rate grew as the study says, and faster. But FP32 by itself grew
# no faster than bandwidth. So in them the gap is made of narrow formats and matrix units,
# which architects chose. They chose HBM in place of GDDR too, without which bandwidth
# would have grown less; and our GPUs are not the study's servers, nor its twenty years.
#
# ## Bet 3: where weights live
#
# **Explore: where weights live.** The figure counts chips for 70B. In the explorer, two
# ways to use many chips: a *pipeline* gives each chip some layers, *tensor parallelism*
# gives each a slice of every layer, joined by two all-reduces a layer. Start from 70B on
# the LPU. Find (1) what takes most of a token's time in either split; (2) what int4 weights
# do to a single sequence on the LPU and on the H100; (3) a chip and memory for which no
# time can be given, and why; (4) the fastest single sequence of 70B that a GPU allows from
# its HBM, at 2,048 tokens.

# %% name="weights-live"
from labcore.explore.architectures import home_explorer

display(show("where-weights-live"), home_explorer())
claims_at("21_architecture_map#weights-live")

# %% name="memory-ways"
from labcore.claims.ledger import claim

ways = {"H100": ("HBM",), "LPU v1": ("SRAM",), "SN40L": ("HBM", "DDR")}
for name, tiers in ways.items():
    held = sum(architecture(name).tier(tier).capacity.value for tier in tiers)
    rate = architecture(name).BW(tiers[0])
    print(f"{starred(name)}, {' and '.join(tiers)}: {held / 1e9:,.1f} GB,", end=" ")
    print(f"{rate / 1e12:.1f} TB/s from the nearest")
print(claim("essay-memory-three-ways"))
claims_at("21_architecture_map#memory-ways")

# %% [markdown]
# **What is to be found.** (1) In a pipeline memory still takes most, 1.75 ms, and links a
# quarter of the whole; with tensor parallelism links take all of it, since each of 160
# all-reduces over 617 chips is a long row of messages. (2) 416 tokens/s become 1,070 on
# 157 LPUs, and computing binds; 47 on two H100 become 94 on one. (3) The SRAM of a
# Trainium2, a Tenstorrent chip or an SN40L: their data sheets give it no bandwidth. Several
# SN40L: no link is known. (4) A B200 with int4 weights, 217 tokens/s.
#
# The wall of memory does not vanish when weights move into SRAM. Where chips share each
# layer it becomes a wall of links; in a pipeline memory stays first and links come next;
# and either takes hundreds of chips. The three ways are three places to pay.
#
# ## Where the rule fails: predictions against claims
#
# Peaks, bandwidths and a split give a rate for one user: here that of a pipeline of as few
# chips as hold weights and cache. Two makers announce rates for models of 70 billion
# parameters. Predicted beside claimed:

# %%
from labcore.architectures import chips_to_hold, token_time
from labcore.catalogue.claimed_rates import TOKENS_A_SECOND

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
# One prediction is of the right order, the other is not. For the LPU it is 1.4 times the
# claim. Read no more into that: it holds for one split, with a latency that we assume and
# all links of the chip, of which its card exposes a few. Small groups that share each layer
# would be sooner; and the claim is of Llama 2, on a number of chips that Groq does not say.
# The wafer stays two orders of magnitude below, on as many systems as its maker names:
# bytes per second say nothing about how long a result takes to cross the wafer, layer
# after layer, and one token has no other work to fill that time. So a bandwidth on a slide
# is a bound on throughput, and may be a poor guess of latency. Keep the factor in mind
# when the wafer wins below.
#
# ## Bet 4: packages, dies, wafers
#
# Memory near the chip costs power in one place, and a die costs by its area. The cells
# give the trade-offs one number each: cooling as a share of a site's energy, HBM against
# DDR, an edge of 1 mm in two kinds of packages, and one die against several.

# %% name="cooling"
claims_at("21_architecture_map#cooling")

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
# lost where addresses are spread over all dies.
# Placing data with the die that reads it removes the seam and moves the work to software.
# The wafer is the other bet: no seam at all, and one core in a thousand kept as a spare
# makes the difference between no good wafer ever and nearly all. (Of all 4 TB/s each die
# has its part, and it reads at most what its link brings over the share that is remote.
# So more dies with a link each lose less here; what the links cost is not counted.)
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
# has tasks whose cores move tiles by plan, the LPU is VLIW in the core and a static plan
# across racks.
#
# What happens when pieces of work are unequal, as with experts, early exits, or requests
# of many lengths? **Explore: a plan against a queue.** Four engines, 24 tiles. A *clocked*
# plan gives every step the time of its longest run; *ordered* fixes who comes next; a
# *dynamic* queue takes what is ready and pays for each decision. Find (1) durations for
# which the plan loses nothing; (2) the dispatch cost from which a fixed order beats the
# queue, for draw 1 of the exponential law; (3) what more tiles in flight are
# worth where a decision is free. Times are in units of which a step takes 1 to 4.

# %% name="divergence"
from labcore.architectures.engines import compare as policies
from labcore.architectures.irregular import by_tasks, exits, in_step, lengths, pipeline
from labcore.explore.architectures import jitter_explorer

display(show("divergence-models"), show("plan-jitter"), jitter_explorer(dispatch=0.5))
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
for T_dispatch in (0.0, 0.3, 0.6):
    ran = policies(ATTENTION, 100, "exponential", T_dispatch=T_dispatch)
    ends = ", ".join(f"{one.policy} {one.T:.0f}" for one in ran)
    print(f"five draws of 100 tiles, a decision takes {T_dispatch}: {ends}")
claims_at("21_architecture_map#divergence")

# %% [markdown]
# **What is to be found.** (1) Equal ones: where times are known a plan is free, and its
# end is known before the run. (2) At 0.1 already, where steps take 1 to 4; more tiles and
# draws put it higher, see the last lines. (3) One tile in flight overlaps nothing and ends
# at 2.09 with a free queue, two end at 1.43, six at 1.11.
#
# "Two" is one item in ten that takes ten times as long: a warp of 32 nearly always has
# one, so four lanes in five wait. (MIMD in the figure is cores with tasks, and each task
# takes time to start there, which the cell leaves out.) Early exits leave half of the
# lanes, and half of a pipeline's stages, without work, and hardly touch cores that take the
# next task. A clocked plan under jitter is worse still. That does not make static plans
# wrong: matrices have known times. It says what a service must look like for that bet, and
# that a queue wins only while a decision is cheap beside a step.
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
# anywhere, 2 of 4, blocks of 4 x 1 or 4 x 4. Fine grains lose less accuracy, larger
# blocks store fewer places. Here a small network reads handwritten digits; it is trained,
# pruned to an eighth of its weights, and trained on, once with weights pruned at random, to
# compare with. n:m is one of eight here. Which pattern loses least, and which one is
# smallest?

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
# in INT8. At a sixteenth the coarse grains fall behind in accuracy, and the fine one pays
# two bytes of places for each of values. The tax and the loss pull in opposite directions,
# and n of m lies between, with a count in each group that hardware can rely on.
#
# ## The decision
#
# **Explore: your mix.** Five workloads, their parts by FLOP: prefill and decode of 8B at
# the batch and context that you choose, ResNet-50, DLRM, which recommends from large tables,
# and MoE, a mixture of experts: 8B with eight copies of its MLPs, of which each token takes
# two. Cost is counted in chip-seconds, in FLOP of peak bought for each one
# delivered, or in energy at full power. Assumptions stand below the bars; time on links,
# added to a token's until here, now overlaps with the rest. Find (1) the
# winner of each measure for prefill alone and for decode alone; (2) a batch at which the
# LPU decodes for fewer chip-seconds than an H100; (3) a workload on which a GPU beats the
# wafer even in chip-seconds; (4) what one part of decode beside ten of prefill does to an
# H100's time. Before it, our mix on the four vendors' chips: four parts prefill, two
# decode.

# %%
from labcore.architectures import bottleneck
from labcore.explore.architectures import mix_explorer

for name in ("LPU v1", "WSE-3", "Trainium2", "H100"):
    one = architecture(name)
    found = bottleneck({"prefill": 4 / 6, "decode": 2 / 6}, one)
    T, joule = found.parts["decode"].T, found.T_total * one.power.value
    print(f"{starred(name)}: {found.T_total:.3f} chip-s for 1 PFLOP,", end=" ")
    print(f"{joule / 1e3:.2f} kJ, {1e3 * T:.2f} ms a token. {found.describe()}")
mix_explorer()

# %% [markdown]
# **What is to be found.** (1) For prefill the wafer in chip-seconds, of these ten an MI300X
# in energy (a B200, which is on the map and not among them, takes less), and nobody in
# peak: all that have room reach their own. For decode the wafer in all three. (2) None. A
# sequence visits 89 LPUs in turn, so 16 of them leave most chips idle, and larger caches
# take more chips; of large batches at short contexts computing binds. (3) Recommendation:
# its tables take two wafers, and what they exchange crosses a thin link. (4) It triples,
# from 1.0 to 3.0 chip-seconds.
#
# So each slide is true of something. On our mix the wafer is first of the four in all that
# the cell prints. The H100 is ahead of it where prompts share each weight and energy
# counts, as the cell of the forecast prints, and the four engines are close to the H100.
# The chip without HBM gives a token 30 times sooner than the H100 here, and pays for it in
# chips. The wafer is sooner still, by a rate that its maker's own for one user does not
# come near; and a chip-second of a wafer is not one of a GPU, neither in watts nor in a
# price that nobody prints. In energy the comparison is uneven as well: the wafer's power is
# that of a whole system, the others' that of a module or a card.
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
# By these figures the LPU stays behind on every share at a batch of 16, and the wafer is
# ahead from about a twentieth on. Both turn with the batch, the context and the model, and
# attention without a growing cache would turn them again: the claim above says that the
# cache doubles with the context while the attention of a prompt takes four times the FLOP.
# A forecast is a guess of the mix.
#
# ## Your machine
#
# Your processor has the choice of this lab in small: weights in its caches, or in DRAM. A
# matrix times a vector, one thread, from 256 KiB to 256 MiB. The prediction has two
# bandwidths, measured on vectors, and the size of the largest cache. Where will it fail?

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
#   hour, from a ridge to the choice of a chip for a mix; your copy lies in `my/` once
#   JupyterLab was opened with `make lab`.
# - **At work:** take the slide of a vendor and write beside each number what it leaves out:
#   batch, context, chips, link, and who measured.
# - **Read:** Gholami, A., et al. (2024), "AI and Memory Wall", *IEEE Micro* 44(3): the three
#   rates. Hooker, S. (2021), "The Hardware Lottery", *CACM* 64(12): why a bet on silicon
#   becomes a bet on algorithms.
# - **Next:** what a service does with prefill, decode and batches, lab 22.
