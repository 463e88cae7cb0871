# %% [markdown]
# # 02 Specialization
#
# > Our speech service grows, and somebody proposes to build a chip for it. When does a chip for one job pay, and what does it have to be good at?
#
# Reading 30 min, doing 50 min.
#
# The question needs three numbers: how fast the demand outgrows what can be bought, how
# much a chip gains that does one thing only, and what moving data costs, since that is
# what such a chip saves. For each the chapter prints several values that do not agree.
#
# **You need before:** logarithms, and Amdahl's law
# ([lab 01](01_acceleration_wall.ipynb)). The roofline ([lab 09](09_roofline.ipynb)) helps
# in one place.
#
# **You can do after:** tell a growth rate from a gap, read a claimed "100x" for what it
# compares, and work out from how much work on a chip of one's own pays.

# %%
from IPython.display import display
from labcore.catalogue import A100, H100, K80, SAPPHIRE_RAPIDS, TPU_V1, demand
from labcore.catalogue import specialization as past
from labcore.claims.ledger import claims_at, departures
from labcore.cost import (
    DAY,
    break_even,
    lifetime_cost,
    machines,
    mean_rate,
    per_watt_gain,
)
from labcore.energy import access_energy
from labcore.explore.predict import compare, predict
from labcore.explore.specialization import (
    growth_explorer,
    hundredfold_explorer,
    payback_explorer,
)
from labcore.grading.selfcheck import progress, selfcheck
from labcore.ironlaw import needed_fraction, speedup
from labcore.models.alexnet import alexnet
from labcore.models.zoo import build
from labcore.plots.registry import show
from labcore.precision.cost import mac_energy, operation_energy
from labcore.roofline import place_network, utilization
from labcore.scaling import (
    annual_factor,
    doubling_months,
    growth_of_doubling,
    powered_share,
    relative_power,
    times,
    widening,
    years_to_gap,
)
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Type three guesses. A [*MAC*](../docs/glossary.md#mac) is a multiplication and an
# addition; [*DRAM*](../docs/glossary.md#dram) is the memory beside a chip. A language
# model is *decoding* while it writes one token after another.

# %%
display(
    predict("02-gap", "Demand 6.1x a year, supply 2x: growth of the gap", "x a year"),
    predict("02-dram", "A 4-byte number from DRAM over one FP32 MAC, energy", "x"),
    predict("02-share", "Share of an A100 that decoding at batch 1 can use", "%"),
)

# %% [markdown]
# ## By hand
#
# Demand is 1 today and grows 6x a year. Supply is 1 and grows 2x. Write down both for
# three years, and their ratio. Then run the cell.

# %%
for year in range(4):
    need, have = 6**year, 2**year
    print(f"year {year}: demand {need}, supply {have}, demand over supply {need // have}")
print(f"the ratio grows {widening(6, 2):.0f}x a year")

# %% [markdown]
# The gap is a ratio, so it grows by the quotient of the two factors. Neither their
# difference nor demand alone says how fast it opens.
#
# ## Five eras, four phases, three bottlenecks
#
# The pattern is older than neural networks. A kind of work grows until ordinary chips are
# the bottleneck; somebody builds a unit for it; later the unit moves into ordinary chips.

# %% name="eras"
display(show("specialization-timeline"))
print("phases:     ", ", ".join(past.distinct("phase")))
print("bottlenecks:", ", ".join(past.distinct("bottleneck")))
claims_at("02_specialization#eras")

# %% [markdown]
# The chapter tells the same story in four phases, three bottlenecks and five eras; these
# are three ways to cut one list. Its Table 1 is a fourth, by decade. Where the chapter
# prints words in place of numbers, they have one reading in all labs, and it is ours:
# "hundreds" are 100 to 999, "an order of magnitude" is nearer to 10 than to 1 or 100 (by
# logarithm), "around" a year is within two years.
#
# ## What the first unit gained
#
# The 8087 of 1980 did floating point for the 8086. Scientific programs became "up to 100
# times" as fast, says the chapter. Intel's table times single operations. Amdahl's law
# says what a whole program gains when only a share $p$ of its time goes into them.

# %% name="coprocessor"
for name in past.TIMES_8087:
    print(f"one {name}: {past.gains(past.TIMES_8087, [name])[0]:.0f}x", end="; ")
print()
gain, root = past.gains(past.TIMES_8087, ["multiply", "square root"])
for p in (0.2, 0.8, 0.9, 0.99):
    print(
        f"a program with {p:.0%} of its time in multiplications: {speedup(p, gain):.1f}x"
    )
share = needed_fraction(100, root)
print(f"100x takes a program with {share:.1%} of its time in square roots")
low, high = past.values(past.APPLICATIONS_8087)
print(f"applications, as reported: {low:.1f}x to over {high:.0f}x")
us = past.values(past.TIMES_8087["multiply"])
cycles = [T * past.CLOCK_8087.value for T in us]
print(
    f"a multiplication: {cycles[0]:.0f} cycles of the 8087, {cycles[1]:,.0f} in software"
)
claims_at("02_specialization#coprocessor")

# %% [markdown]
# "100x" is true of the operation. Applications gained less, and the difference is
# everything that the coprocessor did not do. A program of multiplications cannot gain
# 100x at all, and one of square roots only if it does hardly anything else. The chapter's
# "hundreds" of cycles for a multiplication in software are thousands in Intel's table.
#
# Then came graphics, where one operation runs on many pixels at once, and **AlexNet**
# brought networks to those chips. How much work was it, and how well did two cards for
# games do it? Count the layers, three passes for a training step (one forward, two
# backward), and 1.2 million images, each about 90 times.

# %% name="alexnet"
net = alexnet()
step = 3 * net.flop
flop = step * demand.ALEXNET_IMAGES.value * demand.ALEXNET_EPOCHS.value
peak = demand.ALEXNET_GPUS.value * demand.GTX580_PEAK.value
print(f"{net.params:,} parameters, {format_si(net.flop, 'FLOP')} an image forward")
print(
    f"training: {flop:.2e} FLOP; Epoch AI has {demand.TRAINING['AlexNet'][1].value:.1e}"
)
days = [fact.value for fact in demand.ALEXNET_DAYS]
shares = [flop / (peak * day * DAY) for day in days]
print(f"in {days[0]} to {days[1]} days: {shares[0]:.0%} to {shares[1]:.0%} of the peak")
weights = 4 * net.params
print(f"weights, their gradients and momentum: {format_si(3 * weights, 'B')}")
values = sum(layer.op.writes.get("y", 0) for layer in alexnet(batch=128).layers)
print(f"outputs of the convolutions, batch 128: {format_si(values, 'B')}")
claims_at("02_specialization#alexnet")

# %% [markdown]
# A third of the peak: the fit between work and chip was already good. As for the memory,
# by this count weights and values would fit into 3 GB. It leaves out the other layers and
# the library's work space, so it is a lower bound; the authors split the model all the
# same.
#
# ## Why general chips stopped being enough
#
# For thirty years shrinking did the work. **Moore's law**: transistors double every 18 to
# 24 months. **Dennard's rule**
# ([Dennard et al. 1974](../docs/references.md#dennard1974)): with lengths the voltage
# falls too, so the power of a chip of fixed area stays the same. Around 2005 the voltage
# stopped falling. The first law went on; the second did not.
#
# Power goes with transistors x capacitance x voltage squared x clock. A generation
# doubles the transistors and divides the capacitance of each by $\sqrt 2$. By the rule
# the voltage falls by $\sqrt 2$ too and the clock rises by as much:
# $2 \cdot 1/\sqrt 2 \cdot 1/2 \cdot \sqrt 2 = 1$. With voltage and clock held it is
# $2/\sqrt 2 = 1.41$ a generation.

# %% name="slowdown"
for generation in range(5):
    with_rule = relative_power(generation, voltage_falls=True, clock_rises=True)
    without = relative_power(generation, voltage_falls=False)
    lit = powered_share(generation, voltage_falls=False)
    print(f"after {generation}: power {with_rule:.1f} by the rule,", end=" ")
    print(f"{without:.2f} with voltage and clock held; {lit:.0%} can be on")
for node, dark in demand.DARK.items():
    print(
        f"the study at {node}: {dark.value:.0%} dark, {1 - dark.value:.0%} on; {dark.note}"
    )
claims_at("02_specialization#slowdown")

# %% [markdown]
# What must stay off is **dark silicon**. Area became cheap and power dear: it pays to
# fill the die with units of which only the one that fits the job is on. The study behind
# the printed 30 to 50 %
# ([Esmaeilzadeh et al. 2011](../docs/references.md#esmaeilzadeh2011)) says how much is
# *dark*: 21 % at 22 nm and more than half at 8 nm, its most advanced node. At most 50 %
# on is the upper end of the range; its lower end lies between what the arithmetic above
# leaves after three generations and after four.
#
# ## At real size
#
# The chapter's Figure 3 sets demand against supply, in straight lines that nobody
# measured. The figure below adds points that somebody measured or estimated.

# %% name="gap"
display(show("systems-gap"))
for supply in (2, 1.7):
    print(f"6.1 / {supply} = {widening(6.1, supply):.2f}x a year")
claims_at("02_specialization#gap")

# %% [markdown]
# Footnote 7 prints 6.1x, 2x and 3.5x; footnote 9 prints 6x, 1.7x and 3 to 4x for the same
# picture. The drawn slopes are 6.13 and 1.74. Rounded to one digit the second becomes 2,
# and the quotient of the printed numbers is no longer the printed gap.
#
# The rate of demand itself depends on who fits it to what:

# %%
first, last = demand.TRAINING["AlexNet"], demand.TRAINING["GPT-4"]
span = last[0].value - first[0].value
own = annual_factor(last[1].value / first[1].value, span)
low, high = past.values(demand.EPOCH_GROWTH)
print(f"AlexNet to GPT-4, Epoch's estimates: {own:.1f}x a year")
print(f"Epoch's fit to many models, 2010 to 2024: {low} to {high}x")
openai = growth_of_doubling(demand.OPENAI_DOUBLING.value)
print(f"OpenAI, doubling in {demand.OPENAI_DOUBLING.value} months to 2018: {openai:.1f}x")
print(f"a thousandfold gap at 6.1 and 1.7: {years_to_gap(6.1, 1.7, 1000):.1f} years")
print(f"at {own:.1f} and 1.7: {years_to_gap(own, 1.7, 1000):.1f} years")

# %% [markdown]
# ## Explore: find the contradiction
#
# (1) Which supply makes the gap grow 3.5x a year when demand grows 6.1x? (2) With which
# of the footnotes' two supplies does a thousandfold gap come first, and by how many
# months? (3) Find a pair of rates for which the gap never comes.

# %%
growth_explorer()

# %% [markdown]
# ## Two S-curves
#
# Each technology begins slowly, takes off, and saturates. The chapter draws two logistic
# curves, one for CPUs and one for accelerators. No machine was measured for them.

# %% name="s-curve"
display(show("twin-s-curves"))
for months in (18, 24):
    moore = growth_of_doubling(months)
    ratio, doublings = widening(6.1, moore), months / doubling_months(6.1)
    print(f"doubling in {months} months is {moore:.2f}x a year; demand's factor", end=" ")
    print(
        f"is {ratio:.1f} times that, and it doubles {doublings:.1f} times as often;",
        end=" ",
    )
    print(f"10 times that would be {10 * moore:.0f}x a year")
claims_at("02_specialization#s-curve")

# %% [markdown]
# "Saturates around 2010" can mean two years: the drawn curve of CPUs bends in 2005, and
# has nine tenths of its limit in 2009. The second fits.
#
# "4 to 10 times faster than Moore's law" can be read as a ratio of factors or of doubling
# times. Both readings give about 4 to 5. For a ratio of 10 the demand would have to grow
# 14x a year or more.
#
# The other picture of growth, Figure 6, stands later in the chapter. Its curve rises a
# thousandfold in ten years. Look at the shapes of the markers before you believe it.

# %% name="gpu-scaling"
show("gpu-scaling")

# %% [markdown]
# ## What a chip for one job gains
#
# Fixed functions gain most: a circuit that does one algorithm wastes nothing on being
# general. It is also worthless when the algorithm changes. The **first TPU** keeps more
# freedom: any dense product of 8-bit numbers.
# [Jouppi et al. (2017)](../docs/references.md#jouppi2017) compare it with a CPU and with
# a GPU, and give two means over six applications: unweighted, and weighted by how often
# they run.

# %% name="gains"
(rate, power), (cpu_rate, cpu_power) = map(past.values, (past.MINER, past.CPU_MINER))
print(f"Bitcoin miner: {rate / power:.1e} hashes/J; a CPU {cpu_rate / cpu_power:.1e}")
print(f"H.264 encoder as a circuit: {past.CODEC_ENERGY.value}x less energy than on cores")
decoder = times(1, past.DECODER_ENERGY.value)
print(f"video decoders as circuits: more than {decoder:.0f}x less than the best software")
for measure, table in (("speed", past.TPU_SPEED), ("work per watt", past.TPU_PER_WATT)):
    for against, facts in table.items():
        means = " and ".join(f"{fact.value:g}x" for fact in facts)
        print(f"TPU v1, {measure} over the {against}: {means}")
unlike = TPU_V1.peak("int8") / TPU_V1.power.value
unlike /= K80.peak("fp32") / K80.power.value
print(f"peak per watt, TPU v1 in int8 over one K80 GPU in fp32: {unlike:.0f}x")
alike = per_watt_gain(H100, A100, "fp16")
print(f"peak per watt in one format, H100 over A100, fp16: {alike:.2f}x")
print(f"footnote 6, worth an ecosystem of its own from: {past.TEN_X.value}x")
claims_at("02_specialization#gains")

# %% [markdown]
# The 15 to 30x of Example 1.1 is the gain over the *CPU*; over the K80 it is 13 to 15x.
# Nor do the two chips work in one format. Peaks in unlike formats can be divided, but the
# quotient mixes what the design gained with what the narrow numbers gained. Footnote 6
# asks for a gain of ten before an architecture is worth software of its own; call it the
# *rule of ten*.
#
# ## When it pays
#
# The chapter's war story is of one service: speech, for three minutes a day, would have
# needed as many machines as everything else. The numbers below describe such a service.
# They are round assumptions and nobody's data:

# %%
fleet = {name: fact.value for name, fact in demand.FLEET.items()}
for name, fact in demand.FLEET.items():
    print(f"{name}: {fact.value:,g} {fact.unit}".rstrip() + f", {fact.note}")

# %% [markdown]
# To change one, add a line such as `fleet["users"] = 2e9` to that cell and run it and the
# next. A chip of one's own costs a sum once: design, masks, compiler. Each machine that
# it replaces saves something. The quotient is the amount of work from which it pays.

# %% name="war-story"
need = mean_rate(fleet["users"], fleet["seconds"], fleet["flop"])
cpu = machines(need, SAPPHIRE_RAPIDS.peak("fp32"), fleet["share of peak"])
tpu = machines(need, TPU_V1.peak("int8"), fleet["own share of peak"])
print(f"sustained: {format_si(need, 'FLOP/s')}")
print(f"CPU sockets at {fleet['share of peak']:.0%} of their fp32 peak: {cpu:,}")
print(f"TPU v1 chips at {fleet['own share of peak']:.0%} of their int8 peak: {tpu:,}")
about = [fleet[name] for name in ("power", "life", "kWh", "overhead")]
each = lifetime_cost(fleet["price"], *about)
print(f"a machine over its life: {each:,.0f} USD, {fleet['price']:,} of them its price")
for gain in (1, 2, 10, 30):
    even = break_even(fleet["one-time"], each / gain, each)
    print(
        f"{gain}x the work:", "never" if even is None else f"from {even:,.0f} machines on"
    )
claims_at("02_specialization#war-story")

# %% [markdown]
# From a gain of 10 on, more gain hardly moves the point: nine tenths of the cost are
# saved already. What moves it is the amount of work. That is why the rule of ten is about
# right, and why few companies build chips.
#
# ## Explore: who should build one?
#
# The controls start at the numbers above, with a gain of 15; what has no control keeps
# its number. Find (1) the gain at which 1,024 machines pay for a chip of 8 million USD,
# (2) a price of the own machine at which a gain of 15 never pays, (3) how far the point
# moves between gains of 10 and 30.

# %%
payback_explorer()

# %% [markdown]
# ## What moving costs
#
# All that arithmetic must be fed. In a 45 nm process, says a table of
# [Horowitz (2014)](../docs/references.md#horowitz2014):

# %% name="energy"
for fmt, total, size in (("fp32", "fp32", 4), ("fp16", "fp32", 2), ("int8", "int32", 1)):
    multiply, mac = operation_energy("multiply", fmt), mac_energy(fmt, total)
    word = access_energy("DRAM", size)
    print(f"{fmt}: DRAM {word * 1e12:.1f} pJ, multiply {multiply * 1e12:.1f},", end=" ")
    print(f"MAC {mac * 1e12:.1f}: {word / multiply:.0f}x and {word / mac:.0f}x")
print(f"as printed, 640 pJ over 5 pJ: {640 / 5:.0f}x, over 3.7 pJ: {640 / 3.7:.0f}x")
display(show("energy-ladder-margin"))
claims_at("02_specialization#energy")

# %% [markdown]
# The chapter prints ~100x, 100x, $10^2$, 100 to 1000x, 128x (DRAM over SRAM) and 173x,
# each of another pair. Its margin figure is drawn again above, with bars from the source
# and diamonds where the chapter has them. It calls 3.7 pJ a MAC (it is a multiplication),
# and its SRAM access of 0.5 pJ is a tenth of what its Figure 9 has.
#
# ## Explore: what does "100x" rest on?
#
# Find (1) the pair that gives 173 to 176, (2) one that gives less than 2, (3) one above
# 1,000, (4) what a newer process does to the ratio: which falls more, the energy of
# moving or that of computing? Compare like with like: an SRAM with the same SRAM, DRAM
# with DDR, which stands for it at 7 nm.

# %%
hundredfold_explorer()

# %% [markdown]
# ## Fed or starved
#
# A balanced chip has bandwidth for its arithmetic. An A100 has ten times the bandwidth of
# the chapter's CPU; its lead over a newer CPU is smaller. The chapter also says that CPUs
# reach 5 to 10 % of their peak in networks, and that this is 100 GFLOP/s. Such CPUs have
# a peak of 1 to 2 TFLOP/s; a newer socket has more:

# %% name="balance"
print(f"A100 over a CPU of 200 GB/s: {2.04e12 / 200e9:.1f}x")
print(f"A100 over Sapphire Rapids:   {A100.BW / SAPPHIRE_RAPIDS.BW:.1f}x")
for eta in (0.05, 0.10):
    rate = eta * SAPPHIRE_RAPIDS.peak("fp32")
    print(f"{eta:.0%} of Sapphire Rapids in fp32: {format_si(rate, 'FLOP/s')};", end=" ")
    print(f"100 GFLOP/s are {eta:.0%} of {format_si(100e9 / eta, 'FLOP/s')}")
board, wider = past.GDDR6X.value, 384 / 8 * 21e9
print(f"GDDR6X: {format_si(board, 'B/s')} on the RTX 3080,", end=" ")
print(f"{format_si(wider, 'B/s')} with 384 bit of 21 Gb/s")
print(f"A100 and H100 over the first: {A100.BW / board:.1f}x, {H100.BW / board:.1f}x")
display(show("accelerator-anatomy"))
claims_at("02_specialization#balance")

# %% [markdown]
# Everything in that drawing but the tensor core, the vector unit and the SFU (for
# exponentials and roots) is there to move or to hold data. Footnote 14 sets the memory of
# A100 and H100 ([HBM](../docs/glossary.md#hbm)) against GDDR6X at 760 GB/s. That is one
# board: GDDR6X with a wider bus passes 1 TB/s, so the printed 2.7 to 4.4x compares two
# chips with one product and not two kinds of memory. Training and inference, data centre
# and phone ask for different balances.
#
# ## Where the rule fails
#
# "Accelerators accelerate ML" is false when there is too little to do at once. A model of
# 7 billion parameters writes one token: every weight is read once and used once. The
# chapter's self-check says that a profiler shows 5 to 10 % of an A100. Can it? A weight
# of 2 bytes takes part in 2 FLOP for each sequence of the batch: the batch is the
# [intensity](../docs/glossary.md#arithmetic-intensity) in FLOP/B. Llama 3 8B, the nearest
# model of these labs, is then counted layer by layer.

# %%
for batch in (1, 8, 16, 64):
    intensity = 2 * batch / 2  # FLOP over bytes, of each weight
    share = float(utilization(A100.peak("fp16"), A100.BW, I=intensity))
    print(f"batch {batch}, weights alone: at most {share:.2%} of the fp16 peak")
token = build("llama3-8b", batch=1, phase="decode", context=512)
T = sum(place.T for place in place_network(token, A100, "fp16"))
model_share = token.flop / T / A100.peak("fp16")
print(f"Llama 3 8B, every layer, batch 1: at most {model_share:.2%}")
print(
    f"the same against the fp32 peak: {token.flop / T / A100.peak('fp32'):.1%},", end=" "
)
print(f"weights alone {A100.BW / A100.peak('fp32'):.1%}")

# %% [markdown]
# At batch 1 less than one per cent is possible, however good the code. A reading of 5 to
# 10 % needs a batch of 8 to 16, or a profiler that divides by the FP32 peak. The
# diagnosis stands: weight reads bind, and there is too little parallel work.
#
# ## Settled
#
# Your predictions stand beside what the lab computed. Below them are the statements of
# these sections that do not reproduce.

# %%
display(
    compare("02-gap", widening(6.1, 2), "x a year"),
    compare("02-dram", access_energy("DRAM", 4) / mac_energy("fp32"), "x"),
    compare("02-share", 100 * float(utilization(A100.peak("fp16"), A100.BW, 1)), "%"),
    departures("02_specialization"),
)

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
# Numbers within 2 % of the exact value count. Below stand the chapter's own five
# questions, with what they state recomputed.
#
# 1. Demand grows 5x a year, supply 2x. By what factor a year does the gap grow?
# 2. Four generations after voltages stopped falling, with the clock held and the power
#    budget unchanged: what share of the transistors can be on, in per cent?
# 3. At 45 nm, both 8-bit operands of a MAC come from DRAM. How many times the energy of
#    the MAC (int8, summed in int32) do they cost?
# 4. Why did chips for one domain become necessary? (a) Transistors stopped getting more.
#    (b) Demand fell behind supply and chips stood idle. (c) Power for all transistors at
#    once ran out, so what is on has to count. (d) Fixed functions are easier to debug.
#    A letter.
# 5. An H100 decodes with FP16 weights at batch 4. What share of its FP16 peak can it
#    reach at most, in per cent? Count the weights alone.
# 6. Order by time: (1) GPUs with lighting in hardware, (2) tensor cores inside GPUs,
#    (3) floating-point coprocessors, (4) the first TPU. Answer with a list of these
#    numbers, the earliest first.
# 7. A chip costs 30 million USD once. A bought machine costs 12,000 over its life, and as
#    much work on own chips 2,000. From how many bought machines' work on does it pay?

# %% name="self-check"
display(
    selfcheck("specialization-1", ...),
    selfcheck("specialization-2", ...),
    selfcheck("specialization-3", ...),
    selfcheck("specialization-4", ...),
    selfcheck("specialization-5", ...),
    selfcheck("specialization-6", ...),
    selfcheck("specialization-7", ...),
    progress("specialization"),
)
claims_at("02_specialization#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/02_specialization.ipynb](../my/02_specialization.ipynb), about an
#   hour, from the growth of a gap to the choice between buying and building. Your copy
#   lies in `my/` once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/02_specialization.ipynb`.
# - **At work:** `labcore specs A100 H100` lists rates, bandwidth and power, each with its
#   source: compare chips in one format.
# - **Read:** [Hennessy and Patterson (2019)](../docs/references.md#hennessy2019), "A
#   New Golden Age for Computer Architecture";
#   [Jouppi et al. (2017)](../docs/references.md#jouppi2017), on the first TPU and what
#   it was measured against.
# - **Next:** [03 Compute primitives](03_compute_primitives.ipynb): the few operations
#   that networks repeat, and the units that run them.
