# %% [markdown]
# # 18 Unlike units on one chip
#
# > The NPU has many times the CPU's peak. We moved the network to it, and the camera
# > became slower, hot, and at times it misses frames. Why?
#
# Reading 30 min, doing 80 min.
#
# A *system on a chip* (SoC) has units that are unlike: a **CPU** for work that branches,
# a **GPU** for pixels, a **DSP** (digital signal processor) for streams of samples, and
# an **NPU** (neural processing unit) for networks. They share one DRAM, one battery and
# one case that must shed the heat of all. Four things decide what a camera gets from
# them: who runs what, which operators a unit knows, at which clock it runs, and who else
# wants the memory.
#
# **You need before:** the roofline ([lab 09](09_roofline.ipynb)), launches
# ([lab 13](13_fusion.ipynb)), and that bytes from DRAM cost more energy than arithmetic
# ([lab 08](08_memory_systems.ipynb)).
#
# **You can do after:** find the best assignment of stages to units; say what a missing
# operator costs; choose a clock, and keep a deadline beside neighbours.

# %%
import math
from dataclasses import replace

from IPython.display import display
from labcore.catalogue import soc as facts
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.grading.selfcheck import progress, selfcheck
from labcore.models.vision import mobilenetv2
from labcore.plots.registry import show
from labcore.soc.plan import Costs, cost_table, one_unit, price, stream_rate
from labcore.soc.unit import Stage, phone, stage_energy, stage_time

# %% [markdown]
# ## Predict
#
# Make five guesses. A frame comes every 33.3 ms. The network of the first two is
# MobileNetV2, small enough for a phone and, smaller still, for a doorbell.

# %%
display(
    predict(
        "18-fallback",
        "An NPU lacks one kind of operator, ReLU6, and the CPU does those: time of the "
        "network over its time on the CPU alone",
        "x",
    ),
    predict(
        "18-battery",
        "A doorbell at 30 frames a second: battery life with a micro-NPU over that with "
        "the core alone",
        "x",
    ),
    predict(
        "18-clock",
        "A frame needs 540 MHz to be in time. A core has clocks from 408 to 1800 MHz. "
        "Clock that takes least energy",
        "MHz",
    ),
    predict(
        "18-crowd",
        "A detector's bytes take 10 ms alone. Three neighbours want all of the memory, "
        "too. Time of its first frame beside them",
        "ms",
    ),
    predict(
        "18-felt",
        "Your machine: a long copy beside a thread that copies, too, over a copy alone",
        "x",
    ),
)

# %% [markdown]
# ## By hand
#
# There are two stages and two units. Stage A takes an NPU 1 ms and a CPU 4 ms. Stage B,
# which waits for A, takes the NPU 3 ms and the CPU 2 ms. Handing a tensor from one unit
# to the other takes 2 ms. On paper: how long does a frame take in each of the four plans,
# and which stage would you give to whom?

# %%
two = (Stage("A", (), "int8", 0), Stage("B", (), "int8", 0, after=("A",)))
ms = {("A", "NPU"): 1, ("A", "CPU"): 4, ("B", "NPU"): 3, ("B", "CPU"): 2}
T = {pair: 1e-3 * t for pair, t in ms.items()}
small = Costs(two, T, T, dict.fromkeys("AB", 2e-3), dict.fromkeys("AB", 0.0))
for a in ("NPU", "CPU"):
    for b in ("NPU", "CPU"):
        plan = price(small, {"A": a, "B": b})
        print(f"A on {a}, B on {b}: {1e3 * plan.latency:.0f} ms a frame,", end=" ")
        print(f"one every {1e3 * plan.period:.0f} ms in a stream")

# %% [markdown]
# Each stage on its fastest unit takes 5 ms, and both on the NPU 4 ms: handing over costs
# more than B gains. Yet in a *stream*, where the NPU begins the next frame while the CPU
# is at this one, the split gives a frame every 2 ms. Time of a frame and frames a second
# are two questions with two answers.
#
# ## Example 1.4: the doorbell
#
# The smallest such chip is a microcontroller: a core of 8 multiply-accumulates (MACs) a
# cycle, and beside it a *micro-NPU* of 128. The chapter wants 30 frames a second from
# about a milliwatt. The doorbell here is declared as round numbers of its class; the
# MACs of the micro-NPU are published. First two layers by hand, a dense one of 497,664
# MACs and a depthwise one of 165,888. In a dense layer half of the MACs do useful work on
# both; in a depthwise one a quarter on the core and an eighth on the micro-NPU. How many
# cycles does each layer take on each?

# %%
from labcore.soc import micro
from labcore.soc.unit import kind_of

chip, network = micro.doorbell(), micro.wake_vision(size=96, width=0.25)
for layer in network.layers[:2]:
    kind = kind_of(layer.op)
    print(f"{layer.name}, {kind}: {layer.op.macs:,} MACs", end="")
    for engine, name in (("cpu", "core"), ("npu", "micro-NPU")):
        macs, share = chip.macs[engine], chip.eta[engine][kind]
        print(f"; {name} {macs} x {share:g}:", end=" ")
        print(f"{layer.op.macs / (macs * share):,.0f} cycles", end="")
    print()
fit = micro.memory_fit(network, chip, "sram")
print(
    f"{network.macs / 1e6:.1f} M MACs, {network.params / 1e3:.0f} kB of weights;", end=" "
)
print(f"SRAM {fit.sram / 1e3:.0f} of {chip.sram / 1e3:.0f} kB, widest at {fit.widest}")

# %% [markdown]
# A *depthwise* convolution has one filter for each channel: few MACs share an operand,
# and a wide unit has little to do. So 16 times the MACs are not 16 times the speed. All
# layers together, and asleep between frames:

# %% name="doorbell"
DAY = 24 * 3600
life = {}
for engine in micro.ENGINES:
    for weights in ("sram", "flash"):
        frame, E = micro.inference(network, chip, engine, weights)
        P = micro.mean_power(network, chip, 30, engine, weights)
        life[engine, weights] = micro.battery_life(P) / DAY
        most = micro.rate_within(network, chip, 1e-3, engine, weights)
        print(f"{engine}, weights in {weights:5}: {1e3 * frame:.2f} ms,", end=" ")
        print(f"{1e6 * E:.0f} uJ; at 30 frames/s {1e3 * P:.2f} mW,", end=" ")
        print(f"{life[engine, weights]:.0f} days; in 1 mW {most:.0f} frames/s")
print(f"flash gives a byte every {chip.clock / chip.BW_flash:.0f} cycles")
claims_at("18_heterogeneous_soc#doorbell")

# %% [markdown]
# The core is fast enough: 5 of 33 ms. What it lacks is energy: in one milliwatt it
# manages 10 frames a second, and the micro-NPU 79. (Neither counts the camera's own
# power.) The two rows with weights in flash say that the gain is easily lost. Flash
# gives a byte every four cycles, so the micro-NPU takes more than six times as long, and
# waits for most of it. A fast unit is only as good as what feeds it.
#
# ## Explore: what fits a doorbell
#
# Find (1) the largest picture that 30 frames a second leave a year on two AA cells, and
# what 256 MACs change in place of 128; (2) a network that is too large for weights in
# SRAM, and what it costs in days; (3) the width at which the core alone is too slow for a
# picture of 96, with weights where they fit.

# %%
from labcore.explore.soc import doorbell_explorer

doorbell_explorer()

# %% [markdown]
# **What is to be found.** (1) At width 0.25 it is a picture of 128. With 256 MACs a frame
# takes half the time and the battery lasts as long: power is declared to grow with the
# MACs, so that a MAC costs the same. (2) Width 1 at any size, and width 0.75 from 160 on.
# The weights then come from flash in every pass, and 12 to 24 days are left. (3) Width 1.
# It does not fit the SRAM; with weights in flash a frame takes 44 ms.
#
# ## At real size
#
# A larger camera has the chip of a phone. Who runs what on it? The chapter's pipeline has
# a backbone (MobileNetV2), a neck with detection heads, **NMS** (non-maximum suppression:
# of boxes that overlap keep the best), and an overlay drawn on the frame. The backbone's
# layers price themselves by the roofline. Energy is arithmetic, the instruction behind
# it, bytes from DRAM, and leakage while a unit is on.

# %%
from labcore.soc.pipeline import detection

soc, backbone = phone(), detection()[0]
costs = cost_table(detection(), soc)
print(f"{'':9}" + "".join(f"{unit.name:>18}" for unit in soc.units))
for stage in costs.stages:
    row = [
        f"{1e3 * costs.T[stage.name, u.name]:.2f} ms "
        f"{1e3 * costs.E[stage.name, u.name]:5.2f} mJ"
        if (stage.name, u.name) in costs.T
        else "cannot"
        for u in soc.units
    ]
    print(f"{stage.name:9}" + "".join(f"{cell:>18}" for cell in row))
print({name: f"{1e6 * t:.0f} us" for name, t in costs.T_handoff.items()}, "to hand over")
branchy = soc.unit("GPU").eta["branchy"]
print(f"NMS keeps 1 lane in {1 / branchy:.0f} of the GPU at work")

# %% [markdown]
# Read it row by row: no unit is the best in every one. The GPU's 17.87 mJ for NMS is one
# useful lane in 512, with the whole instruction paid. The next cell prices every plan
# there is:

# %% name="split"
from labcore.soc.partition import best_plan

split = {"backbone": "NPU", "neck": "NPU", "NMS": "CPU", "overlay": "GPU"}
plans = {"NPU, CPU, GPU": price(costs, split)}
plans |= {f"all on {name}": plan for name, plan in one_unit(costs).items()}
plans["fastest"] = best_plan(costs, "latency").best
found = best_plan(costs, "energy", deadline=1 / 30)
plans["leanest in 33.3 ms"] = found.best
for name, plan in plans.items():
    units = plan.assignment.values()
    print(f"{name:18} {'-'.join(units):15} {1e3 * plan.latency:.3f} ms,", end=" ")
    rate = stream_rate(costs, plan.assignment, count=20)
    print(f"{1e3 * plan.energy:5.2f} mJ, 20 frames at {rate:.0f} a second")
print(f"{found.plans} plans; the search looked at {found.visited} partial ones")
display(show("soc-assignments"))
claims_at("18_heterogeneous_soc#split")

# %% [markdown]
# The three-way split of the chapter beats both units that can run everything, in time and
# in energy, and so in power at a given frame rate. It is not the best plan, and the table
# of stages says why.
#
# ## Explore: lay it out yourself
#
# Find (1) why the fastest plan leaves the overlay on the CPU; (2) which one stage the
# leanest plan moves out of the chapter's split, and what that costs in time; (3) from
# which cost of handing over one unit alone is the fastest; (4) why a plan whose single
# frame is slower than that of the fastest has the faster stream.

# %%
from labcore.explore.soc import assignment_explorer

assignment_explorer()

# %% [markdown]
# **What is to be found.** (1) The overlay is faster on the GPU, but not by as much as
# handing over to it takes. (2) The neck goes from the NPU to the DSP: 2.28 in place of
# 2.30 mJ, and 2.531 in place of 2.512 ms. (3) From 700 us on, the GPU alone. (4) Each
# unit has less to do: the split NPU, NPU, CPU, GPU takes 2.512 against 2.387 ms a frame,
# and gives 772 against 496 frames a second, as the table above has it.
#
# ## Fallback: operators that a unit lacks
#
# Why did the camera become *slower*? An NPU runs the operators that its makers built in.
# What it lacks **falls back** to the CPU, and the network is cut there. One layer in the
# middle makes three *pieces*: two launches on the NPU, one on the CPU, and a tensor
# handed over at both cuts. On this phone a [launch](../docs/glossary.md#launch) takes 200
# us on the NPU, whose driver queues commands, and 5 us on the CPU. Here that layer is one
# ReLU6 (cut off below 0 and above 6) of MobileNetV2's 99 layers:

# %%
from labcore.soc.fallback import assigned, best_offload, offload

network2 = mobilenetv2(precision="int8")
every = ["NPU"] * len(network2.layers)
middle = [layer.name for layer in network2.layers].index("block9.relu6_2")
one_back = [*every[:middle], "CPU", *every[middle + 1 :]]
print(
    {name: f"{1e6 * soc.unit(name).L_launch:.0f} us" for name in ("NPU", "CPU")},
    "a launch",
)
for units in (every, one_back, ["CPU"] * len(every)):
    cut = assigned(network2.layers, units, soc)
    work = " + ".join(f"{piece.unit} {1e6 * piece.T:.0f}" for piece in cut.pieces)
    print(f"{work} us, handing over {1e6 * cut.T_handoff:.0f}: {1e6 * cut.T:.0f} us")

# %% [markdown]
# One layer of 99 doubles the time. Now more and more operators are missing. A
# *delegate* is the software that hands layers to an NPU. It asks whether an operator is
# known, not whether it pays. The last two lines have the delegate beside the fastest
# cut where pooling and additions are missing.

# %% name="fallback"
display(show("fallback"))
alone = assigned(network2.layers, ["CPU"] * len(network2.layers), soc)
relu6 = offload(network2, soc, "NPU", "CPU", lambda layer: "relu6" not in layer.name)
print(
    f"only ReLU6 missing: {relu6.layers_on('CPU')} of {len(network2.layers)} layers",
    end=" ",
)
print(f"fall back, {relu6.handoffs} tensors change hands;", end=" ")
print(f"{1e3 * relu6.T:.1f} ms and {1e3 * relu6.E:.1f} mJ against")
print(f"{1e3 * alone.T:.2f} ms and {1e3 * alone.E:.2f} mJ on the CPU alone")
ask = network2, soc, "NPU", "CPU", lambda la: not la.name.endswith(("add", "avgpool"))
for name, cut in (("delegate", offload(*ask)), ("fastest cut", best_offload(*ask))):
    print(f"{name:11}: {cut.layers_on('CPU'):2} layers on the CPU,", end=" ")
    print(f"{1e3 * cut.T:.2f} ms, {1e3 * cut.E:.2f} mJ")
claims_at("18_heterogeneous_soc#fallback")

# %% [markdown]
# The layers that fall back are nearly free to compute. What costs is the cutting. So
# before you compare peaks, list the operators of your network and those of the unit.
# ReLU6 is the worst case, as it follows so many convolutions. In practice an NPU knows it
# as a rule, and a compiler fuses it into the convolution before it
# ([lab 13](13_fusion.ipynb)).
#
# The last two lines disagree on what is best. The fastest cut leaves most layers to the
# CPU, saves two thirds of the time, and takes *more* energy: the CPU's instructions cost
# more than the NPU's waiting. Fast and lean are different goals here, too.
#
# ## Clocks: the energy of a frame
#
# A clock $f$ needs a voltage $V$, and a core draws
#
# $$P = C V^2 f + I V.$$
#
# The first term is switching of a capacitance $C$, the second is *leakage*, a current
# $I$ that flows whenever the voltage is on. *DVFS*, dynamic voltage and frequency
# scaling, picks the point. On paper: 18 million cycles on a core with $C = 436$ pF and
# $I = 0.1$ A, at 600 MHz and 0.8 V, and at 816 MHz and 0.825 V. Which takes less energy?
# Waiting takes 20 mW.

# %%
from labcore.soc.dvfs import (
    best_mix,
    best_point,
    cortex_a72,
    race_to_idle,
    run_at,
    share_budget,
)

core, frame, work = cortex_a72(), 1 / 30, 1.8e7
for point in core.points[1:4]:
    t = work / point.f
    wait = core.P_idle * (frame - t)
    E = run_at(core, point, work, frame).E
    print(f"{point.f / 1e6:.0f} MHz, {point.V} V: {core.power(point):.3f} W", end=" ")
    print(f"for {1e3 * t:.2f} ms + {1e3 * wait:.2f} mJ of waiting = {1e3 * E:.3f} mJ")

# %% name="dvfs-energy"
display(show("dvfs-energy"))
for cycles in (1e7, 3e7, 5e7):
    one, mix = best_point(core, cycles, frame), best_mix(core, cycles, frame)
    race = race_to_idle(core, cycles, frame)
    clocks = " and ".join(f"{p.f / 1e6:.0f}" if p else "idle" for p, _ in mix.parts)
    print(f"{cycles / 1e6:.0f} M cycles: race {1e3 * race.E:.2f} mJ,", end=" ")
    print(f"one point {1e3 * one.E:.2f}, {clocks} {1e3 * mix.E:.2f}")

# %% [markdown]
# "As slow as the deadline allows" is the rule without leakage. With leakage a longer
# time costs as well, and the least lies higher. "Race to idle", the opposite rule, wins
# on no line of this figure; it would if leakage were far larger, and waiting still
# cheap. Where the work lies between two points, two clocks are better than one, as the
# last lines say.
#
# ## Heat: a burst and an hour
#
# Why did it become *hot*? A case of heat capacity $C$ (J/K) that sheds heat through a
# resistance $R$ (K/W) warms as $T = T_0 + P R (1 - e^{-t / RC})$, with $T$ a temperature.
# A phone's case lets 0.225 W out for each degree, case and chip (the *die*) together
# store 102 J for each, and a hand bears 43 degC. On paper: which power may it draw for
# ever in a room of 25 degC? Each of eight cores races through 30 million cycles a frame
# at 1.8 GHz and 1.2 V, where all eight draw 10 W, and then they wait at 0.16 W. How long
# does that go well?

# %%
from labcore.soc.thermal import (
    phone_bodies,
    phone_governor,
    sustained_power,
    throttled,
    time_to_limit,
)

bodies, governor = phone_bodies(), phone_governor(period=5.0)
for_ever = sustained_power(bodies, "die", governor.limits)
R, C = 1 / facts.PHONE_HEAT["G_case"].value, sum(bodies.C.values())
eight = cortex_a72(cores=8)
print(f"{1 / R:.3f} W/K, {C:.0f} J/K; eight cores wait at {eight.P_idle:.2f} W")
for point in (eight.points[-1], eight.points[3]):
    share = 3e7 / point.f / frame
    P = share * eight.power(point) + (1 - share) * eight.P_idle
    minutes = time_to_limit(R, C, P, bodies.T_ambient, 43.0) / 60
    print(f"{point.f / 1e6:.0f} MHz, {point.V} V: {eight.power(point):.1f} W", end=" ")
    print(f"for {share:.0%} of a frame, {P:.2f} W in the mean;", end=" ")
    print(f"{minutes:.1f} minutes to 43 degC" if minutes < math.inf else "for ever")
print(f"the case lets out {for_ever:.2f} W at 43 degC")

# %% name="thermal-throttle-soc"
display(show("thermal-throttle-soc"))
trace = throttled(bodies, eight, governor, "die", 2400, demand=3e7 / frame)
print(
    f"simulated with die and case: full clock for {trace.burst / 60:.1f} minutes;",
    end=" ",
)
print(f"then {(trace.f < 3e7 / frame).mean():.0%} of the 40 minutes too slow")
cluster = cortex_a72(cores=4)
for blocks in (1, 2):
    points, drawn = share_budget([cluster] * blocks, for_ever)
    clocks = [f"{point.f / 1e6:.0f} MHz at {point.V} V" for point in points]
    total = 4 * sum(point.f for point in points) / 1e9
    print(f"{4 * blocks} cores, {' + '.join(clocks)}:", end=" ")
    print(f"{total:.2f} Gcycles/s of all in {drawn * for_ever:.2f} W")

# %% [markdown]
# One body by hand gives 12 minutes, and so does the simulation with a die inside the
# case. A benchmark of one minute sees nothing of this. And here is one source of frames
# that are missed *at times*. A *governor* looks at the case every 5 s and takes the clock
# one step down while it is too warm. That begins at minute 12.2, and from minute 12.6 on
# the clock is too low for the frame. The case cools slowly, and for about two minutes
# every frame is late; then it starts again. The cure is not more cooling: the capped
# phone does the same work with 60 % of the power, and never warms to the limit.
#
# The chapter's remedy, part of the work on another unit and a lower voltage on both, is
# the same thought. The last two lines have one and two clusters of four cores within the
# power that the case lets out: two at lower clocks do more, at the price of twice the
# cores.
#
# ## Neighbours: a missed deadline
#
# The other source of missed frames sits on the same DRAM. A detector moves 256 MB a
# frame on a bus of 25.6 GB/s. A voice assistant that runs a language model reads its
# weights for every word, and so wants all the bus there is. *Best effort* serves those
# who ask in turn. On paper: the detector's time for a frame alone, and beside one, two,
# three neighbours.

# %%
from labcore.soc.bus import Bus, Master, simulate
from labcore.soc.shares import fair_shares, round_robin_bound, slot_bound

BW, D = facts.CROWD["BW"].value, facts.CROWD["D_frame"].value
detector = Master("detector", D, frame, deadline=frame)
for n in range(4):
    hungry = [Master(f"voice {k}", BW * 5e-3, 5e-3) for k in range(n)]
    bus = Bus(BW, burst=1e6)
    seen = simulate([detector, *hungry], bus, duration=0.1).latencies["detector"][0]
    share = fair_shares({one.name: math.inf for one in (detector, *hungry)}, BW)[
        "detector"
    ]
    most = round_robin_bound(detector, [detector, *hungry], bus)
    print(
        f"{n} neighbours: a share of {share / 1e9:4.1f} GB/s, {1e3 * D / share:4.1f} ms;",
        end=" ",
    )
    print(f"simulated {1e3 * seen:.1f}, at most {1e3 * most:.1f}")

# %% [markdown]
# Three are one too many for 33.3 ms. And the detector itself is faultless: alone on the
# bench it is done after 10 ms, every time. What can be promised must not depend on who
# else is there. *Priority* moves the detector's bytes first, whenever it has any.
# *Budgets* let the neighbours together move half of what the bus carries in each
# millisecond; a neighbour that has spent its part waits for the next. *Time slots* give
# the detector every second burst of 1 MB, whether it has bytes to move or not.

# %% name="missed-deadline"
display(show("missed-deadline"))
slots = Bus(BW, 1e6, "slots", ("detector", "voice 0", "detector", "voice 1"))
print(f"time slots: at most {1e3 * slot_bound(detector, slots):.1f} ms, whoever asks")

# %% [markdown]
# ## Explore: keep the frame
#
# Find (1) the demand at which three neighbours first make a frame late under best effort,
# and whether two ever do; (2) how many neighbours that ask for 60 GB/s together it takes
# before budgets fail as well, and why; (3) the size of a frame from which slots fail even
# with neighbours who ask for next to nothing; (4) the one scheme that keeps frames of
# that size beside three neighbours who ask for 60 GB/s, and what these pay.

# %%
from labcore.explore.soc import isolation_explorer

isolation_explorer()

# %% [markdown]
# **What is to be found.** (1) It is 18 GB/s: with the detector's 7.7 that fills the bus.
# Two neighbours never do: they leave a third, and a frame takes 30 ms. (2) Six. The bus
# carries 25.6 MB in a millisecond, and a sixth of half of that is 2.1 MB; a burst once
# begun is sent, so each moves 3 MB. Six take 18 and leave 7.6 MB, a little less than the
# 7.7 that the detector needs; five take 15. (3) 432 MB: half of the bus carries 427 MB in
# a frame. What slots reserve is lost when nobody uses it. (4) Priority; the neighbours
# get nothing while the detector has bytes to move, half of the time here, however urgent
# their own.
#
# ## Deadlines on one processor
#
# Time on a processor is shared like a bus. Three tasks come every 10, 33 and 100 ms,
# take up to 2, 12 and 30 ms, and are due before they come again. Under *priority* a task
# interrupts, or *preempts*, all below it. Its worst time from coming to done is then
#
# $$R = C + \sum_{\text{above}} \lceil R / T_j \rceil C_j,$$
#
# with $C$ the work of the task itself, and $C_j$ and $T_j$ work and period of each task
# above it. (The letters are those of the field; here nothing is warm.) *Non-preemptive*
# lets what runs finish first, *fifo* serves in order of coming, and *edf* (earliest
# deadline first) takes, and interrupts for, what is due first. Analysis needs no run;
# simulation runs all of a *hyperperiod*, after which the pattern of coming repeats. They
# must agree.

# %%
from labcore.soc import realtime
from labcore.soc.realtime import Periodic

tasks = [
    Periodic("brake", 2, 10),
    Periodic("detector", 12, 33),
    Periodic("voice", 30, 100),
]
ticks = realtime.hyperperiod(tasks)
print(f"asked for: {realtime.utilization(tasks):.1%} of the processor;", end=" ")
print(f"safe for any three up to {realtime.utilization_bound(3):.1%}")
print(
    "by analysis:", {one.name: realtime.response_time(tasks, one.name) for one in tasks}
)
for policy in realtime.POLICIES:
    line = realtime.simulate(tasks, policy, ticks)
    worst = {name: max(its) for name, its in line.responses.items()}
    brakes = line.responses["brake"]
    print(f"{policy:14} worst {worst}; of {len(brakes)} brakes", end=" ")
    print(f"{line.missed['brake']} late, {sum(brakes) / len(brakes):.1f} ms in the mean")

# %% [markdown]
# Under priorities the analysis is exact, and the tasks are safe although they ask for
# more than the bound that is safe for any three: the bound is sufficient, not
# necessary. Without preemption, or in order of coming, a voice answer of 30 ms stands
# before a brake that is due in 10. An average may hide it: without preemption a brake
# takes 9.3 ms in the mean, less than its 10, and a third of them are late.
#
# A *time table*, built before the system runs, is to a processor what slots are to a bus:
# brake and detector have their times, and the voice gets the gaps.

# %%
critical = tasks[:2]
table, round_ = realtime.time_table(critical), realtime.hyperperiod(critical)
for take in (5, 30):
    voice = Periodic("voice", take, 100)
    missed = realtime.simulate([voice, *critical], "priority", ticks).missed
    guest = realtime.beside_table(table, round_, voice, 10 * round_)
    done = max(guest.responses["voice"])
    print(f"voice of {take} ms: with priority over brake and detector, these", end=" ")
    print(f"miss {missed['brake']} and {missed['detector']};", end=" ")
    print(f"in the gaps of a table it takes {done} ms")

# %% [markdown]
# The voice of 30 ms takes 84 ms beside the table, as it does below the two by priority.
# But priorities protect brake and detector only for as long as nobody places the voice
# above them. A table gives it the gaps and nothing else, whatever it asks for.
#
# ## Where the rule fails
#
# - **The fastest unit for each stage is not the fastest plan.** Handing over counts, by
#   hand above and in the explorer.
# - **The lowest clock is not the least energy.** Leakage counts.
# - **The lower power is not the longer battery.** The chapter lets a phone on battery
#   move its backbone from the NPU to the DSP, which draws less power. What empties a
#   battery is energy.
# - **How much better one unit is than another depends on more than the two.** The
#   chapter's answer to its own self-check says that the backbone takes 10 to 50 times
#   the NPU's energy on the CPU. For which network, memory and chip?

# %%
for name in ("NPU", "DSP"):
    unit = soc.unit(name)
    t, E = stage_time(backbone, unit), stage_energy(backbone, unit, soc.E_byte)
    print(f"backbone on the {name}: {E / t:.2f} W for {1e3 * t:.2f} ms, {1e3 * E:.2f} mJ")
idle = replace(soc.unit("NPU"), P_static=1.5)
print(f"an NPU that leaks 1.5 W: {1e3 * stage_energy(backbone, idle, soc.E_byte):.2f} mJ")
npu, cpu = soc.unit("NPU"), soc.unit("CPU")
whole, bare = (
    stage_energy(backbone, cpu, E) / stage_energy(backbone, npu, E)
    for E in (soc.E_byte, 0.0)
)
print(f"CPU over NPU: {whole:.1f} with bytes from DRAM, {bare:.1f} without;", end=" ")
print(f"a maker claims {facts.NPU_EFFICIENCY.value} for its own;", end=" ")
print(f"on microcontrollers up to {facts.MICRO_NPU_GAIN['energy'].value} was measured")

# %% [markdown]
# On this phone the move draws less power and empties the battery sooner. The chapter's
# sentence is about a possibility, and it holds for an NPU that leaks enough, as the third
# line shows. It also helps where the limit is power: heat, or a weak battery's voltage.
#
# In the fourth line bytes cost the same whoever asks for them, so they pull the ratio
# together: here from inside the chapter's range to below it.
#
# ## Your machine
#
# You have no NPU bus to load, but a memory that two threads share. A long copy is timed
# step by step: alone, then beside a thread that copies, too. Alone, every step should
# take the same time. Beside a neighbour it takes twice as long if one copy fills the
# memory's bandwidth, and as long as before if it leaves half of it free. Which machine is
# yours? And look at single steps: which would you promise a deadline?

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.neighbour import ALONE, BESIDE, neighbour_race
from labcore.plots.soc_felt import felt

raced = neighbour_race()
ratio = raced.median(BESIDE) / raced.median(ALONE)
display(felt(raced))
compare("18-felt", ratio, "x")

# %% [markdown]
# Between one and two is what a memory with room for more than one copy gives. Above two,
# the threads also compete for cores, or something else is running. Points that lie far
# above their line are steps during which the system did other work. A desktop system
# promises a good median; a brake needs the worst case.
#
# ## Settled
#
# The question has three answers. *Slower*: operators that the NPU lacks cut the network
# into pieces, and each costs a launch. *Hot*: the clock races where a lower one would be
# in time. *Frames are missed at times*: for minutes while the case cools, or while
# neighbours want the same memory.
#
# Your predictions beside what was computed, then the claims of the section's self-check.
# None of the section's statements departs from what was computed. Two limits: the phone
# and the doorbell are declared, and the range of 10 to 50 names no chip to hold it
# against, so it is shown, not settled; this phone gave 6.9 with bytes from DRAM.

# %% name="self-check"
from labcore.soc.crowd import drive

crowd = drive("best effort", 60e9, neighbours=3)[1]
display(
    compare("18-fallback", relu6.T / alone.T, "x"),
    compare("18-battery", life["npu", "sram"] / life["cpu", "sram"], "x"),
    compare("18-clock", best_point(core, work, frame).parts[0][0].f / 1e6, "MHz"),
    compare("18-crowd", 1e3 * (crowd.end - crowd.start), "ms"),
)
print(f"departs from the print: {len(departures('18_heterogeneous_soc'))} claims")
claims_at("18_heterogeneous_soc#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Why does a phone carry four kinds of processor? (a) Work differs in branching,
#    reuse and timing, and each kind does some of it for a fraction of the energy. (b)
#    So that the software need not decide where work runs. (c) A CPU cannot run a
#    network. (d) More cores of one kind would not fit the chip. A letter.
# 2. Backbone, NMS, overlay: name the unit for each out of NPU, CPU, GPU, in this order,
#    as a list in which each stands once.
# 3. A network takes 2 ms on the CPU. On the NPU its layers take 0.1 ms in all; a launch
#    takes 0.2 ms, handing over 0.05 ms each time. How many pieces may the NPU run at
#    most so that it is not slower, if CPU layers between them take no time?
# 4. A phone under a long load nears its limit. (a) All units to their fastest clocks,
#    so that the queue empties. (b) Keep the work on the hot unit and take the
#    throttling. (c) Part of the work to a cooler unit, and a lower voltage on the hot
#    one. (d) Switch the caches off. A letter.
# 5. A camera in a car sends 60 frames a second. How many ms are there for a frame?
# 6. The detector of the lab with 512 MB a frame and one neighbour under best effort: ms
#    for its first frame beside the neighbour?
# 7. What does software for several unlike units have to do that software for one need
#    not? (a) Choose tensor layouts no longer. (b) Compile no longer. (c) Leave heat to
#    the hardware. (d) Keep caches and DMA in step, and schedule over units with
#    different instructions and number formats. A letter.

# %%
display(
    selfcheck("soc-1", ...),
    selfcheck("soc-2", ...),
    selfcheck("soc-3", ...),
    selfcheck("soc-4", ...),
    selfcheck("soc-5", ...),
    selfcheck("soc-6", ...),
    selfcheck("soc-7", ...),
    progress("soc"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/18_heterogeneous_soc.ipynb](../my/18_heterogeneous_soc.ipynb),
#   about an hour, from pieces and launches to response times. Your copy lies in `my/`
#   once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/18_heterogeneous_soc.ipynb`.
# - **At work:** `labcore roofline mobilenetv2 --on "Mobile NPU"` lists a network's layers
#   on an NPU; look there for operators that yours lacks.
# - **Read:** [Liu and Layland (1973)](../docs/references.md#liu1973), for deadlines;
#   [Ishihara and Yasuura (1998)](../docs/references.md#ishihara1998), for why two
#   clocks are enough.
# - **Next:** [19 Sustainability](19_sustainability.ipynb): what all of this costs in money
#   and carbon.
