# %% [markdown]
# # 19 Sustainability
#
# > Two proposals lie on the table: keep the fleet of CPUs, or buy accelerators. Each
# > calls itself the cheaper and the greener one. Which numbers decide between them, and
# > which only look as if they did?
#
# Reading 30 min, doing 70 min.
#
# A chip costs what was paid for it and what it draws, and it emits what its making and
# its electricity emitted. Data sheets and price lists give a number for everything but
# the one thing that is asked: what does a *useful* answer cost? This lab divides each
# bill by the work that is really done, and watches which proposal wins.
#
# **You need before:** the roofline, where a chip reaches its peak only above its ridge
# point ([lab 09](09_roofline.ipynb)); numbers of 16, 19 (TF32) and 8 bits
# ([lab 07](07_numerics.ipynb)).
#
# **You can do after:** compare chips by what a useful FLOP/s costs at like precision and
# at a workload's intensity; say from which use on buying beats renting; size a fleet from
# its work, and tell how long a new chip takes to repay the carbon of its making.

# %%
from collections import Counter
from dataclasses import replace

from IPython.display import display
from labcore.catalogue import A100, H100, carbon, prices
from labcore.claims.ledger import claims_at, departures
from labcore.cost import KWH, Fleet, emissions, like_for_like, table_8
from labcore.explore.predict import compare, predict
from labcore.grading.selfcheck import progress, selfcheck
from labcore.plots.registry import show
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Make five guesses. Prices are those of the chapter's Table 8: 15,000 USD for an A100,
# 25,000 to 30,000 for an H100. An hour of an H100 is rented for 3.99 USD at most. The
# image is one of ResNet-50, 8.2 GFLOP.

# %%
display(
    predict(
        "19-energy", "Share of energy in what a busy A100 costs over four years", "%"
    ),
    predict("19-tf32", "Price of a TF32 TFLOP/s, A100 over H100 (25,000 USD)", "x"),
    predict(
        "19-rent", "Use from which an H100 for 25,000 USD beats 3.99 USD an hour", "%"
    ),
    predict(
        "19-fleet", "CPUs of 1 TFLOP/s, all at peak, for a billion images a day", "CPUs"
    ),
    predict(
        "19-making", "Share of making in an A100's CO2 over four years in Norway", "%"
    ),
)

# %% [markdown]
# ## By hand
#
# One query of 10 GFLOP runs on the two machines that the chapter compares: a CPU with 1
# TFLOP/s at 100 W, and an [NPU](../docs/glossary.md#npu), an accelerator for neural
# networks, with 10 TFLOP/s at 5 W. On paper: how long does each compute, how many joules
# does it draw, what does that cost at 8.06 cents a kilowatt hour (kWh, 3.6 MJ), and how
# many grams of CO2 is it at 429 g a kWh?

# %%
flop, usd_per_kwh = 10e9, prices.ELECTRICITY.value
print(f"{100 * usd_per_kwh:.2f} cents {prices.ELECTRICITY.note}")
for name, rate, power in (("CPU", 1e12, 100), ("NPU", 10e12, 5)):
    T = flop / rate
    E = T * power
    print(f"{name}: {format_si(T, 's')}, {format_si(E, 'J')},", end=" ")
    print(f"{1e6 * E / KWH * usd_per_kwh:.2g} USD and", end=" ")
    print(f"{1e6 * emissions(E, 429):.2f} g for a million queries")

# %% [markdown]
# Seconds fall by 10, joules by 200. Dollars and grams are the joules in other units, as
# long as energy is all that is counted. Three things are missing. The machine was bought.
# It draws power when nobody asks. And the building around it draws more: the **PUE**
# (power usage effectiveness) is the energy of the building over that of its machines.
#
# Here are price and energy of one real chip, over four years without a pause, at a
# typical PUE; and what an hour of work costs where it waits nine tenths of the time:

# %%
from labcore.cost import TYPICAL, own

offers = {offer.chip.name: offer for offer in like_for_like("16-bit")}
a100 = own(offers["A100"])
share = 1 - a100.price / a100.cost(use=1.0)
print(f"PUE {TYPICAL.overhead} ({carbon.PUE['typical'].source})")
print(f"an A100: {a100.price:,} USD, and {a100.cost(1.0) - a100.price:,.0f} for energy,")
print(f"{share:.1%} of the whole; {a100.hour(1.0):.2f} USD an hour")
print(f"the same, busy a tenth of the time: {a100.hour(0.1):.2f} USD an hour of work,")
print(f"drawing {TYPICAL.idle:.0%} of its power while it waits")

# %% [markdown]
# So **money** is in the machine, and a machine that waits is the dear one. **Carbon**
# will turn out to be in the energy, unless the grid is clean. A proposal that is right
# about one of them need not be right about the other.
#
# ## Price of a peak: Table 8
#
# The table divides the price of five accelerators by their peak throughput. The precision
# behind each peak is the one that its number gives away:

# %% name="table-8"
for offer in table_8():
    print(f"{offer.chip.name:8} {offer.price:6,} USD, {offer.precision:4}", end=" ")
    print(f"{offer.R_peak / 1e12:5.0f} TFLOP/s: {1e12 * offer.per_rate:.1f}", end=" ")
    print("USD per TFLOP/s")
claims_at("19_sustainability#table-8")

# %% [markdown]
# Each quotient is right for its row, but for the H100, whose price is a range of which
# only the lower end was used. Yet the rows cannot be compared: FP8 halves the bits of
# FP16, and hardware then does twice as many operations. The same prices, like for like:

# %% name="price-performance"
display(show("price-performance"))
claims_at("19_sustainability#price-performance")

# %% [markdown]
# The text reads the black dots as a fact about TF32, where the H100 would be the dearer
# one "because list price scaled faster than TF32 throughput". It is the cheaper one, at
# both ends of its price. The caption warns of just this comparison. Gaudi 2's lead halves
# too: it is its FP8.
#
# That prices need not fall with every generation is true all the same. On the vector
# units in FP32 an A100 costs more for a TFLOP/s than a V100 did.
#
# ## Price of what is reached
#
# Who reaches the peak? Below the [ridge point](../docs/glossary.md#ridge-point) a chip
# sells bandwidth: of its throughput only $BW \cdot I$ is useful, and a useful FLOP/s
# costs $\text{price} / (BW \cdot I)$. There the order of the chips is that of bandwidth
# for a dollar.

# %% name="bandwidth-per-dollar"
for name, offer in offers.items():
    print(f"{name:8} {1e-6 * offer.BW_per_dollar:5.1f} GB/s for 1,000 USD,", end=" ")
    print(f"{1e12 * offer.per_useful_rate(1.0):6,.0f} USD", end=" ")
    print("for a useful TFLOP/s at 1 FLOP/B,", end=" ")
    print(f"{offer.per_useful_rate(1.0) / offer.per_rate:.0f} times that of the peak")
display(show("useful-cost"))
claims_at("19_sustainability#bandwidth-per-dollar")

# %% [markdown]
# Two lessons lie in the picture. At its left edge, 1 FLOP/B, a useful TFLOP/s costs 139
# to 295 times as much as one of the peak at the same 16 bits: as many times as the chip's
# ridge point has FLOP/B. Intensity moves the price more than any purchase does. And from
# A100 to H100 bandwidth for a dollar does not rise. A memory-bound job runs 1.64 times as
# fast on an H100, which costs at least 1.67 times as much. One buys an H100 for such a
# job when one chip has to answer sooner, not to answer more for the money.
#
# Real networks have layers on both sides of the ridge. Taken layer by layer:

# %%
from labcore.models.zoo import build

jobs = {
    "GPT-2 XL writes, batch 1": ("gpt2-xl", {"phase": "decode", "context": 1024}),
    "ResNet-50, batch 32": ("resnet50", {"batch": 32}),
    "GPT-2 XL reads, batch 8": ("gpt2-xl", {"phase": "prefill", "batch": 8}),
}
for job, (model, options) in jobs.items():
    paid = {
        name: 1e12 * offer.per_rate_on(build(model, precision=offer.precision, **options))
        for name, offer in offers.items()
    }
    said = ", ".join(
        f"{name} {usd:,.0f}" for name, usd in sorted(paid.items(), key=lambda p: p[1])
    )
    print(f"{job}: {said}")

# %% [markdown]
# The numbers are USD for a useful TFLOP/s, cheapest first, with the H100 at the lower end
# of its price. There it is the cheapest of all for its 16-bit peak, and yet fourth of
# five for writing tokens and third for images. At the higher end Gaudi 2 and TPU v4 are
# cheaper for their peak too.
#
# ## Explore: which chip?
#
# The explorer shows the cost of 10$^{18}$ useful FLOP (an EFLOP), machine and energy
# together. Find (1) how far energy moves the intensities from which the H100 beats the
# A100, which are 155 and 186 FLOP/B by price alone in the figure above (type whole
# numbers between the powers of two); (2) from where it beats all others, at each end of
# its price; (3) what the use changes, and what it does not, at 64 and at 256 FLOP/B; (4)
# at 64 FLOP/B and a use of 60 %, the price of electricity at which energy is 40 % of the
# cheapest.

# %%
from labcore.explore.sustainability import procurement_explorer

procurement_explorer()

# %% [markdown]
# **What is to be found.** (1) Hardly: about 155 FLOP/B at the lower price, about 185 at
# the higher. (2) At the lower price from about 260; at the higher never, though it comes
# within 4 % of the TPU v4, which nobody can buy: its price is estimated. (3) A use of 5 %
# instead of 60 % makes everything some eleven times as dear. At 64 FLOP/B the order stays
# as it was; at 256 the H100 and Gaudi 2 change places, since they lie within a few per
# cent and the H100 has more of its cost in its price. (4) About 30 cents. At 8 cents a
# chip that draws half as much saves less than a tenth of the cost.
#
# ## Own or rent
#
# An hour of rent is paid when there is work. A purchase is paid once. Which is cheaper
# depends on the share of time with work, the **use**, and on whose prices one believes.

# %% name="own-or-rent"
from labcore.plots.cost import even_uses

display(show("own-or-rent"))
for name in ("A100", "H100"):
    low, high = (fact.value for fact in prices.RENT[name])
    print(f"{name}, {low} to {high} USD an hour:")
    for way, (least, most) in even_uses(name).items():
        print(f"  {way}: cheaper than the dearest rent above {least:.0%} use,", end=" ")
        print(f"than the cheapest above {most:.0%}")
print(f"chip and server: {prices.SERVER.value:.2f} times the price of the chip")
print(f"({prices.SERVER.note}: {prices.SERVER.source})")

# %% [markdown]
# The chip alone is cheaper than rent from a fifth or a third of the time on. But a chip
# alone computes nothing. With its share of a server the crossing moves to between a third
# and two thirds, and who keeps it running is still not paid. What a server adds is known
# here for eight V100s only, and taken to be the same share for the others. The prices'
# own range moves the answer by a factor of two. A table with one number here hides the
# decision.
#
# ## From peak to real
#
# The summary of the chapter's part on compute units asks why an image that "could
# complete in microseconds" takes milliseconds. Here is the way from one to the other on
# an A100, at batch 1:

# %% name="summary"
from labcore.catalogue.links import LAUNCH
from labcore.catalogue.served import RESNET50_LATENCY, RESNET50_RATE
from labcore.roofline import place_network

network = build("resnet50")
arithmetic = network.flop / A100.peak("fp16")
roofline = sum(layer.T for layer in place_network(network, A100, "fp16"))
launches = sum(layer.count for layer in network.layers)
print(f"arithmetic alone: {format_si(arithmetic, 's', 3)}")
print(f"roofline, layer by layer: {format_si(roofline, 's', 3)}")
T = roofline + launches * LAUNCH.value
print(f"with {launches} launches of {LAUNCH}: {format_si(T, 's', 3)}")
print(f"served, as NVIDIA measured it: {format_si(RESNET50_LATENCY[1].value, 's', 3)}")
rate, alone = RESNET50_RATE[32].value, RESNET50_RATE[1].value
share_served = rate * network.flop / A100.peak("fp16")
print(f"batch 32: {rate:,.0f} images/s, {rate / alone:.1f} times batch 1,", end=" ")
print(f"{share_served:.1%} of the peak")
claims_at("19_sustainability#summary")

# %% [markdown]
# Microseconds are right for the arithmetic, milliseconds for the answer. Between them lie
# memory and launches, and then all that a client waits for: the 2.13 ms are what it saw,
# from sending the image to having the answer, with the server and the copies in between.
# How much of it the GPU alone took is not in that table. For the bill the whole counts,
# since this one client sends an image when it has the answer to the last: an A100 serves
# it 2.13 ms for 26 us of arithmetic. With batches of 32 it served six times as many a
# second, still far from its peak.
#
# ## At real size
#
# Now the two proposals. The chapter's Napkin Math 1.10 gives a workload, a billion
# inferences a day, and two fleets: 1,000 CPU servers, or 100 NPU chips.

# %% name="napkin-1-10"
cpus, npus = Fleet(1000, R_peak=1e12, power=100), Fleet(100, R_peak=10e12, power=5)
for name, fleet in (("CPUs", cpus), ("NPUs", npus)):
    year = emissions(365 * fleet.energy_a_day(), 429)
    print(f"{name}: {fleet.energy_a_day() / KWH:,.0f} kWh a day,", end=" ")
    print(f"{year / 1e6:.1f} t of CO2 a year, {fleet.flop_each(1e9) / 1e9:.1f}", end=" ")
    print("GFLOP for each inference at most")
claims_at("19_sustainability#napkin-1-10")

# %% [markdown]
# Everything that follows from the fleets is right, and the fleets match: both leave 86.4
# GFLOP for an inference. But a billion a day leads to neither. Nothing says what an
# inference is. Images of ResNet-50 take a tenth of those FLOP, and then 95 such CPUs are
# enough, if each could be kept at its peak all day.
#
# The 200 is a ratio of peaks for each watt. It holds when both reach the same share of
# their peak. Before you look: if the CPU reaches 50 % and the NPU 5 %, what is left of
# 200?

# %% name="fleet-sizing"
show("fleet-sizing")

# %% [markdown]
# From 791 to 4.4, with the same question each time. The last row is the one that can be
# bought: five sockets of a Xeon that uses its matrix units (AMX), or one A100. What the
# proposals really argue about is whether the work uses those units.

# %% name="rate-per-watt"
show("rate-per-watt")

# %% [markdown]
# Here are both proposals for a billion images a day: price and energy over four years, on
# the world's mean grid, at the shares of the peak that rooflines allow at batch 32. The
# Xeon's price is an assumption, 10,000 USD for a whole machine. So the A100 stands there
# twice, as the bare card and with its share of a server. The making of an A100 and that
# share is counted; that of a Xeon is not known here, and left out in its favour:

# %%
from labcore.cost import DAY, serve
from labcore.plots.fleet_sizing import proposals, resnet50

bills = {}
for name, (offer, made) in proposals().items():
    service = serve(1e9, resnet50, offer, TYPICAL)
    usd, tonnes = 1e9 * service.usd_each, 365e3 * service.grams_each(made).total
    bills[name] = usd, tonnes
    print(f"{name}: {service.fleet.count}, busy {service.use:.0%};", end=" ")
    print(f"{usd:.0f} USD a day, {tonnes:.1f} t of CO2 a year")
*cpu_bills, (bare, _), (usd, tonnes) = bills.values()
for name, (money, grams) in zip(bills, cpu_bills, strict=False):
    print(f"{name}, over the A100 in a server: {money / usd:.1f} in USD,", end=" ")
    print(f"{grams / tonnes:.1f} in CO2; over the bare card {money / bare:.1f} in USD")
print(f"A100s at the measured rate: {1e9 / DAY / rate:.2f}")

# %% [markdown]
# The accelerator wins both. Vector units cost 7.4 times as much as the A100 in its
# server, the matrix units of the same CPU 1.9 times as much; they emit 17.8 and 4.5 times
# as much. Over the bare card it would have been 13.2 and 3.5 times the money, since
# nobody had paid for its server. Still in no bill are what the servers draw beside the
# chips, the network, and those who keep it all running.
#
# And rooflines flatter both sides. At the rate that was measured above for one client the
# work takes 4.05 A100s, so five. What the Xeon would lose to its software was not
# measured; a lead of 1.9 is not safe from that. Look at the size, too: a billion images a
# day are the work of one to five chips, and "thousands of servers" have to be busy with
# something else. CPUs that are there already, busy with other work by day and free by
# night, cost only their energy.
#
# ## Grid and building
#
# A kilowatt hour is not a number of grams. Here is the A100 from above, made once, and
# run on seven grids:

# %% name="carbon-grid"
from labcore.cost import even_grid
from labcore.plots.sustainability import life_energy

display(show("carbon-grid"))
life = life_energy() * TYPICAL.overhead
print(f"making an A100: {carbon.EMBODIED['A100'].value / 1000:.0f} kg", end=" ")
print(f"({carbon.EMBODIED['A100'].source})")
print(
    f"as much as running it on {even_grid(carbon.EMBODIED['A100'].value, life):.1f} g/kWh"
)
for name in ("typical", "best"):
    pue = carbon.PUE[name].value
    grams = emissions(life_energy() * pue, carbon.GRIDS["world"].value)
    print(f"PUE {pue}: {grams / 1e6:.1f} t in four years on the world's mean grid")
chapter, now = (carbon.GRIDS[name].value for name in ("chapter", "US 2022"))
print(f"the chapter's 429 g/kWh: {chapter / now:.2f} times that of the US in 2022")

# %% [markdown]
# From Norway to India is a factor of 16, more than from a V100 to any chip that followed
# it. The best building against a typical one is 1.4. And the same chip has two accounts:
# where the grid is clean, a third was emitted before its first FLOP, and no saving of
# energy brings that back.
#
# ## Does replacing pay?
#
# A new chip has to repay its making by drawing less for the same work. What is replaced
# was paid and made before, so the whole price and the whole making of the new one count.
# (Where one of two new machines is to be bought, it is the difference, as in item 3 of
# the self-check.) The chapter's answer to its third self-check question says that a chip
# at five times the price with a twentieth of the energy pays back "within months", in
# bills and in carbon. Here are three prices, and the making of an A100:

# %%
from labcore.cost import payback_time

watts = A100.power.value * TYPICAL.overhead
running = watts / KWH * usd_per_kwh  # USD a second
for cheap in (50, 1_000, 15_000):
    back = payback_time(5 * cheap, running, running / 20) / (365 * DAY)
    print(f"{cheap:6,} USD replaced by {5 * cheap:6,}, 400 W by 20: {back:6.1f} years")
made, grams = carbon.EMBODIED["A100"].value, emissions(watts, TYPICAL.g_per_kwh)
back = payback_time(made, grams, grams / 20) / DAY
print(f"{made / 1000:.0f} kg of making, 400 W by 20, world's mean grid: {back:.0f} days")

# %% [markdown]
# For carbon it holds on that grid. For money it depends on the price, since it is the
# watts that pay it back: a machine of 400 W whose successor costs 250 USD pays back
# within months, and an accelerator at its real price not in its life, by its electricity
# alone.
#
# ## Explore: keep or replace?
#
# This one counts carbon only. The making of the A100 counts a share of a server and that
# of the H100 only its board, so do not compare the two as new chips. Find (1) in Norway,
# the old machines from whose work a new A100 repays its making within a month, and those
# from whose work it takes more than a year; (2) the use below which a new A100 that takes
# over from V100s, busy 60 %, never repays its making, and the use below which it does so
# after its four years, in Norway; (3) with both busy 60 % again, how long an H100 takes
# that does the work of A100s, in India and in Norway; (4) what a PUE changes.

# %%
from labcore.explore.sustainability import replacing_explorer

replacing_explorer()

# %% [markdown]
# **What is to be found.** (1) Within a month: the napkin's CPU and the vector units. More
# than a year: the Xeon's matrix units take 641 days and V100s 2.8 years. (2) Never from
# 25 % down, on any grid: a chip that waits draws half of its power for nothing, and old
# machines that are fuller do the work with less. In Norway 50 % take 3.9 years, 45 %
# already 4.9. (3) Two weeks in India, most of a year in Norway, for the board alone; a
# server made for it comes on top. Old and new stand on one grid here; the next cell puts
# them on two. (4) A PUE of 2 halves the time of a PUE of 1: it multiplies what both draw,
# and leaves the making as it was.
#
# ## Where the rule fails
#
# "Newer is greener" and "more per watt is greener" each have a case against them. In the
# first both chips work all the time, and the PUE, which multiplies both, is left out. In
# the second a chip that waits draws half of its power:

# %%
from labcore.cost import footprint, mean_power, rate_per_watt

years, per_watt = 4 * 365 * DAY, rate_per_watt(H100, "fp16") / rate_per_watt(A100, "fp16")
work = A100.peak("fp16")  # the same work all four years; the H100 needs a part of one
part = work / H100.peak("fp16")
kept = emissions(A100.power.value * years, carbon.GRIDS["Norway"].value)
moved = footprint(
    part * carbon.EMBODIED["H100"].value,
    part * H100.power.value,
    years,
    carbon.GRIDS["India"].value,
)
print(f"an H100 does {per_watt:.2f} times the A100's FLOP for each watt")
print(f"A100 kept in Norway: {kept / 1e6:.2f} t; its work on an H100 in India:", end=" ")
print(f"{moved.total / 1e6:.2f} t")
for use in (1.0, 0.1):
    watts = mean_power(H100.power.value, use, TYPICAL.idle)
    print(
        f"H100 busy {use:.0%}: {use * H100.peak('fp16') / watts / 1e12:.2f} TFLOP/s per W"
    )
print(f"A100 busy all the time: {A100.peak('fp16') / A100.power.value / 1e12:.2f}")

# %% [markdown]
# The better chip on the worse grid emits thirteen times as much. And an H100 that is busy
# a tenth of the time does a third as much for each watt as an A100 that is always busy,
# though at full use it does 1.81 times as much. So the numbers that decide are few, and
# none is on a data sheet: the work and its intensity, the use, the grid, and what is
# bought or made anew. Price for a peak and peak for a watt only look as if they decided.
#
# ## Your machine
#
# Few computers can tell the energy of a program: a counter is not everywhere, not
# readable by everyone, and never has all of the machine. So state a power yourself, such
# as the one printed on the processor's data sheet or read off a plug meter, and divide
# what was measured by it. The throughput is that of `labcore measure`; until you have run
# it, a recorded machine stands in. Before you look: will it lie above or below the Xeon's
# vector units, and by what factor?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: a measurement of a machine, maybe yours
from labcore.measure import load

your_watts = 65.0  # type the power of your processor
host = load().host
R = host.R_peak("fp32")
print(f"{format_si(R, 'FLOP/s', 3)} in fp32 over {your_watts:g} W, as typed")
show("rate-per-watt", mine=("yours", "fp32", R, your_watts))

# %% [markdown]
# All blue dots are declarations: a peak that work seldom reaches over a power that it
# does not always draw. Of yours the throughput is measured and the power is typed. Plug
# meters show more than the processor's own power, since they include memory, disk and the
# loss of the power supply.
#
# ## Settled
#
# Your predictions beside what was computed, the section's self-check, and the verdicts by
# number. What is not as printed stands above or in this table, each with its reason. On
# payback the ledger buys one of two new machines, counts the difference of their prices,
# and finds 143 years; the lab above replaces a machine that is paid, and finds 179.

# %% name="self-check"
tf32 = {offer.chip.name: offer.per_rate for offer in like_for_like("tf32")}
peak = replace(cpus, count=1).rate
norway = footprint(
    carbon.EMBODIED["A100"].value,
    A100.power.value,
    years,
    carbon.GRIDS["Norway"].value,
    TYPICAL.overhead,
)
display(
    compare("19-energy", 100 * share, "%"),
    compare("19-tf32", tf32["A100"] / tf32["H100"], "x"),
    compare("19-rent", 100 * even_uses()["bought, the chip alone"][0], "%"),
    compare("19-fleet", -(-network.flop * 1e9 / (24 * 3600) // peak), "CPUs"),
    compare("19-making", 100 * norway.share_embodied, "%"),
    claims_at("19_sustainability#self-check"),
)
cells = "table-8", "price-performance", "bandwidth-per-dollar", "summary", "napkin-1-10"
settled = [one for cell in cells for one in claims_at(f"19_sustainability#{cell}")]
print(dict(Counter(one.verdict for one in settled)))
print("not as printed:", *(one.claim.id for one in departures("19_sustainability")))

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Why does energy for each inference matter in a building with a power line of its own?
#    (a) Because batteries run down. (b) It does not; only training counts. (c) It is
#    multiplied by every inference, and bill, carbon and room follow from it. (d) Because
#    special chips always draw more. A letter.
# 2. A service answers 200 million queries a day, at 4 J each on CPUs and 0.1 J on
#    accelerators. How many MWh does the change save in a year of 365 days?
# 3. Two cards do the same work. One costs 2,000 USD and draws 300 W, the other 4,000 USD
#    and 100 W. Both run all the time, electricity is 0.10 USD a kWh. After how many years
#    is the dearer one the cheaper?
# 4. Chip A: 12,000 USD, 400 TFLOP/s, 2 TB/s. Chip B: 20,000 USD, 1,000 TFLOP/s, 3 TB/s.
#    From which intensity on is a useful FLOP/s cheaper on B? In FLOP/B.
# 5. An NPU does 50 times as many peak FLOP for each watt as a CPU. Your network reaches
#    40 % of the CPU's peak and 8 % of the NPU's. How many times less energy for an
#    inference?
# 6. A card emitted 180 kg when it was made and saves 300 W in a building with a PUE of
#    1.25, on a grid of 100 g/kWh. How many days until the making is repaid?
# 7. "The most sustainable card is the cheapest to buy." (a) True, the price pays for the
#    carbon. (b) False: it depends on energy over its life, grid, use and making. (c)
#    False: it is always the one with the most FLOP/s for each watt. A letter.

# %%
display(
    selfcheck("sustainability-1", ...),
    selfcheck("sustainability-2", ...),
    selfcheck("sustainability-3", ...),
    selfcheck("sustainability-4", ...),
    selfcheck("sustainability-5", ...),
    selfcheck("sustainability-6", ...),
    selfcheck("sustainability-7", ...),
    progress("sustainability"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/19_sustainability.ipynb](../my/19_sustainability.ipynb), about an
#   hour, from the bill of one query to a plan for a fleet. Your copy lies in `my/` once
#   JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/19_sustainability.ipynb`.
# - **At work:** `labcore can-i-run resnet50 --on A100 --batch 32 --max-rent 2` prices one
#   chip's work, bought and rented, with its energy.
# - **Read:** [Barroso and Hölzle (2007)](../docs/references.md#barroso2007), "The Case
#   for Energy-Proportional Computing": what machines draw that wait;
#   [Schneider et al. (2025)](../docs/references.md#schneider2025), "Life-Cycle
#   Emissions of AI Hardware".
# - **Next:** [20 Can you run it?](20_can_you_run_it.ipynb): whether your network runs at
#   all, and the fallacies of the answer.
