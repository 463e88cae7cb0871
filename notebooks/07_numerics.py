# %% [markdown]
# # 07 Numerics
#
# > We switched the model to 8 bits. Should it now be four times as fast, thirty times as frugal, or just wrong?
#
# Reading 30 min, doing 45 min.
#
# All three are promised, by different people. To tell, you need to know what values a few
# bits can stand for, what happens to a long sum of them, and what the hardware saves: in
# silicon, in energy and in bytes, which are three different numbers.
#
# **You need before:** binary numbers, what a dot product is, what a tensor core does
# ([lab 04](04_execution_units.ipynb)), and the roofline ([lab 09](09_roofline.ipynb)) for
# the last third.
#
# **You can do after:** pick a number format for inputs, sums and storage, say what it
# costs in accuracy, and what it buys on a chip that you name.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100, P100, V100
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.ops import matmul
from labcore.plots.registry import show
from labcore.precision import FORMATS, bytes_per_element, cast
from labcore.precision.bits import decode, fields
from labcore.precision.dot import dot, relative_error, running_sums
from labcore.roofline import bound, least_time
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Three guesses before anything is shown. They are kept in `my/` and compared at the end.
# **MAC** is a multiply-accumulate: one multiplication and one addition to a running sum.
# The A100 is a GPU of 2020 that multiplies 32-bit numbers on its vector units and 16-bit
# ones on its tensor cores.

# %%
display(
    predict("07-sum-of-ones", "4096 ones, added one by one in FP16: the sum", ""),
    predict(
        "07-mac-energy", "Energy of an FP32 MAC over an INT8 one summing in INT32", "x"
    ),
    predict(
        "07-layer-gain", "Dense 2048 x 2048, batch 32, A100: FP32 time over FP16", "x"
    ),
)

# %% [markdown]
# ## By hand
#
# The smallest floating format in use, `fp4_e2m1`, has one sign bit, two exponent bits and
# one fraction bit. The exponent field $E$ is read with a bias; with $e$ exponent bits it
# is $2^{e-1} - 1$, here 1:
#
# $$x = (-1)^s \cdot 2^{E-1} \cdot (1 + f/2) \quad\text{for } E \ge 1, \qquad
# x = (-1)^s \cdot f/2 \quad\text{for } E = 0$$
#
# The second form holds the **subnormals**: below the smallest power of two the spacing
# stays what it is, down to zero. Write down the eight values with sign 0, then run.

# %%
for code in range(8):
    value = float(decode(code, "fp4_e2m1"))
    print(f"{' '.join(fields(value, 'fp4_e2m1'))}  is  {value:g}")

# %% [markdown]
# Every number in between goes to the nearest of these. A tie goes to the one whose last
# bit is 0, so that ties do not push all sums the same way. What becomes of 2.4, 2.5, 3.5
# and 5? And of 7, beyond the largest value?

# %% name="number-lines"
x = np.array([2.4, 2.5, 3.5, 5.0, 7.0])
print(dict(zip(x.tolist(), cast(x, "fp4_e2m1").tolist(), strict=True)))
show("number-lines")

# %% [markdown]
# 2.5 lies in the middle of 2 and 3 and goes to 2, whose fraction bit is 0; 5 goes to 4
# for the same reason. 7 stops at 6: this format has no infinity to go to. IEEE 754
# formats, such as `fp16`, keep their highest exponent field for infinities and NaN;
# `fp4_e2m1` uses it for numbers.
#
# ## Precision and range
#
# Two numbers describe a floating format. The fraction bits set the **precision**: the
# spacing just above 1. The exponent bits set the **range**. Sixteen bits can be split in
# favour of either: `fp16` takes the precision, `bf16` the range. `tf32` takes both and
# needs 19 bits; it is stored in 32 and rounded on its way into the tensor core.

# %% name="format-spacing"
for f in FORMATS.values():
    print(
        f"{f.name:9} {f.bits:2} bits ({f.exponent} exponent, {f.fraction} fraction): "
        f"spacing at 1 {f.epsilon:.1e}, from {f.least:.1e} to {f.max:.3g}"
    )
show("format-spacing")

# %% [markdown]
# Training runs into both ends. Activations and losses can pass fp16's largest value, and
# gradients can fall below its smallest. Take one of each:

# %%
for name in ("fp16", "bf16", "fp8_e5m2", "fp8_e4m3"):
    large, small = cast([70_000, 1e-8], name)
    safe = cast(1e-8 * 2**14, name) / 2**14
    print(
        f"{name}: 70000 -> {large:g}, 1e-8 -> {small:.3g}, scaled by 2^14 -> {safe:.3g}"
    )

# %% [markdown]
# The last column is **loss scaling**: multiply the loss by a power of two, and every
# gradient moves up by it into the range of fp16; divide the result again before it is
# used. A power of two costs no precision. bf16 does not need the trick, which is much of
# its success. For `fp8_e4m3` 2^14 is not enough; it is used with a scale for each tensor.
# It also has no infinity: past 448 it says NaN, or stops there if asked to
# (`overflow="saturate"`).
#
# ## Explore: who keeps what
#
# Find (1) a number that fp16 loses and bf16 keeps, (2) one that fp16 holds with the
# smaller error, and (3), with overflow at ieee, the largest power of ten that fp8_e4m3
# keeps.

# %%
from labcore.explore.precision import landing_explorer

landing_explorer()

# %% [markdown]
# ## Sums
#
# A rounding error of a thousandth looks harmless. A dot product adds thousands of
# products, and each partial sum is rounded again. The extreme case first: add ones in
# `fp8_e4m3`. Then the same in 16 bits, with wide sums beside it.

# %%
from labcore.precision import spacing

sums = running_sums(np.ones(20), "fp8_e4m3")
print([float(s) for s in sums])
for at in (8, 16):
    print(f"spacing at {at}: {float(spacing(at, 'fp8_e4m3')):g}")
ones = np.ones(4096)
for accumulator in ("bf16", "fp16", "fp32"):
    total = float(dot(ones, ones, "fp16", accumulator))
    print(f"4096 ones summed in {accumulator}: {total:g}")

# %% [markdown]
# At 16 the spacing is 2. The next sum, 17, is a tie, goes to the even neighbour, 16, and
# stays there for ever. With $m$ fraction bits that happens at $2^{m+1}$. Nothing
# overflows and nothing warns.
#
# That is why the matrix units multiply narrow numbers and keep **wide sums**. The product
# of two fp16 numbers has at most 22 significant bits and fits an fp32 exactly, so the
# only rounding left is that of the long sum. It is done in 24 bits: fp32's 23 fraction
# bits and the leading 1, which is not stored.
#
# In the figure, *in runs of 64* means that every 64 products are summed on their own, and
# then these sums. Which line rises with the length K, and which falls?

# %% name="mixed-precision"
rng = np.random.default_rng(1)
a, b = rng.random((2, 32, 4096))
for inputs, accumulator in (("fp16", "fp16"), ("fp8_e4m3", "fp32"), ("bf16", "fp32")):
    print(f"{inputs} inputs, {accumulator} sums: relative error", end="")
    for K in (256, 512, 4096):
        short = a[:, :K], b[:, :K]
        error = relative_error(dot(*short, inputs, accumulator), *short)
        print(f"  {error:.1e} at K = {K}", end="")
    print()
display(show("dot-error"))
claims_at("07_numerics#mixed-precision")

# %% [markdown]
# Take the lines "fp8_e4m3, sum fp32" and "fp16, sum fp16", which cross between K = 256
# and K = 512. From 8-bit inputs with fp32 sums the error *falls* with length: the
# roundings of the inputs are independent and average out. From 16-bit inputs with fp16
# sums it *rises*. Where precision is spent matters more than how much there is.
#
# ## Explore: how short must a sum be?
#
# Sum in runs: every run of products on its own, then the runs. Of the runs on the slider,
# the powers of two, which is the shortest and which the longest that still sums 4096 ones
# in bf16 to 4096? Explain both.

# %%
from labcore.explore.precision import accumulator_explorer

accumulator_explorer()

# %% [markdown]
# The first lines below check it. A second cure needs no wider sum: round up or down **by
# chance**, the nearer value the likelier. Then the mean of many roundings is the number
# itself, and a sum does not stick. It only becomes noisy.

# %%
from labcore.precision import cast_stochastically

for run in (8, 16, 256, 512):
    total = float(dot(ones, ones, "bf16", "bf16", run))
    print(f"4096 ones in bf16, {4096 // run} runs of {run}: {total:g}")
rng = np.random.default_rng(0)
draws = cast_stochastically(np.full(10_000, 1.3), "fp8_e4m3", rng)
print("1.3 in fp8_e4m3 becomes", sorted(set(draws.tolist())), f"mean {draws.mean():.2f}")
stochastic = running_sums(np.ones((20, 4096)), "bf16", rng)[:, -1]
print(
    f"4096 ones in bf16, rounded by chance, 20 times: {stochastic.min():g} to {stochastic.max():g}"
)

# %% [markdown]
# A bf16 sum of equal terms grows for 256 of them. In runs of 512 the runs themselves
# stick; in runs of 8 there are 512 runs, and the sum of the runs sticks. From 16 to 256
# both sums are short enough.
#
# ## Integers
#
# An integer has no exponent, so it needs a **scale** from outside, one for a whole tensor
# or for each of its channels: real = scale x (code - zero point). *Symmetric* codes put
# the zero point at 0; *asymmetric* ones spend all codes on the range that occurs. This is
# **quantization**. Four values in 4 bits, both ways. Before you run: which way has the
# smaller steps?

# %%
from labcore.precision.quantize import quantize

x = np.array([-0.2, 0.0, 0.5, 1.3])
for symmetric in (True, False):
    q = quantize(x, bits=4, symmetric=symmetric)
    name = "symmetric" if symmetric else "asymmetric"
    print(f"{name}: scale {float(q.scale):.4f}, zero point {int(q.zero_point)},", end=" ")
    print(
        f"codes {q.q.tolist()}, read back", [round(float(v), 3) for v in q.dequantize()]
    )

# %% [markdown]
# The range is set by the largest value. One outlier stretches every step, and the codes
# that serve all other values become few.
#
# ## Explore: what does one outlier cost?
#
# The **signal-to-noise ratio** is the mean square of the values over that of their
# errors, in decibels (dB): 10 times its logarithm to base 10. At 0 dB the errors are as
# large as the values; one bit more halves every step, which is worth 6 dB.
#
# How many dB does one large value cost all the others, and how many bits is that? Take 8
# bits and a largest value of 100, and compare with the tensor without the outlier. Then
# find where asymmetric codes are worth a whole bit, and where almost nothing.

# %%
from labcore.explore.precision import quantizer_explorer

quantizer_explorer()

# %%
from labcore.precision.quantize import signal_to_noise

weights = np.random.default_rng(3).normal(size=4096).astype(np.float32)
for name, x, top in (
    ("weights, no outlier", weights, weights.max()),
    ("weights and 100", weights, 100),
    ("activations, no outlier", np.maximum(weights, 0), weights.max()),
):
    with_top, dB = np.append(x, top), []
    for symmetric in (True, False):
        back = quantize(with_top, symmetric=symmetric).dequantize()[:-1]
        dB.append(signal_to_noise(x, back))
    print(f"{name}: symmetric {dB[0]:.1f} dB, asymmetric {dB[1] - dB[0]:.1f} dB more")

# %% [markdown]
# With symmetric codes the outlier takes the weights from 41.0 dB to 13.0 dB, a loss of
# between four and five bits. Asymmetric codes are worth a bit on activations, half of
# whose symmetric codes stand for negative values that do not occur. On weights without an
# outlier they are worth almost nothing, since both sides of 0 are in use. Beside the
# outlier they gain 5.7 dB: it is large on one side only, and symmetric codes reach as far
# on the other.
#
# ## At real size
#
# Weights of 768 x 3072, as large as those of a transformer's feed-forward layer, in which
# a few output channels are twenty times larger than the rest. All the numbers are drawn,
# none is trained; what matters is the spread between channels. And where do the sums of
# so many products fit?

# %%
from labcore.precision.quantize import integer_matmul, quantized_matmul

rng = np.random.default_rng(5)
W = rng.normal(size=(768, 3072)) * np.where(np.arange(3072) % 256 == 0, 20.0, 1.0)
X = rng.normal(size=(32, 768))
small = np.arange(3072) % 256 != 0
for bits in (8, 4):
    for axis, name in ((None, "per tensor"), (1, "per channel")):
        Y = quantized_matmul(quantize(X), quantize(W, bits=bits, axis=axis))
        noise = signal_to_noise((X @ W)[:, small], Y[:, small])
        print(f"{bits}-bit weights, {name}: {noise:.1f} dB on the ordinary channels")
codes = np.full((1, 140_000), 127, np.int8)
try:
    integer_matmul(codes, codes.T)
except ValueError as error:
    print(error)

# %% [markdown]
# At 4 bits a tensor-wide scale leaves nothing of the ordinary channels: half a step is
# larger than their weights, and all of them become the code 0.
#
# A scale for each output channel leaves the sum as a factor, so it costs one
# multiplication an output. A scale for each *input* would have to stay inside the sum.
# And the sum itself: two 8-bit codes make a 16-bit product, and thousands of those need
# more than 16 bits. INT8 units have an **accumulator** in INT32. When even that could
# overflow, labcore says so instead of wrapping round.

# %% [markdown]
# ## What a bit costs
#
# Now the hardware. The chapter's footnote 18 says that halving the width lets four times
# as many units into the same area; its text on number formats says twice. Both are about
# FP32 and FP16. A unit has a multiplier and an adder, and they do not shrink alike. A
# multiplier is a grid of partial products. An adder of whole numbers is a row, but a
# floating-point adder also shifts its operands into line and the result back, and lies in
# between. These are their areas and energies in a 45 nm process; the last lines are the
# footnote's example, a step from the P100 to the V100.

# %% name="width"
from labcore.precision.cost import mac_area, operation_area

for operation in ("multiply", "add"):
    wide, narrow = (operation_area(operation, fmt) for fmt in ("fp32", "fp16"))
    print(f"{operation}: FP32 {wide} um2, FP16 {narrow} um2:", end=" ")
    print(f"{wide / narrow:.1f} times less")
print(f"FP32 throughout:          {mac_area('fp32'):.0f} um2")
print(f"FP16 throughout:          {mac_area('fp16'):.0f} um2")
print(f"FP16 products, FP32 sums: {mac_area('fp16', 'fp32'):.0f} um2")
for one in (P100, V100):
    print(f"{one.name}: FP16 {format_si(one.peak('fp16'), 'FLOP/s', 3)}")
display(show("operation-costs"))
claims_at("07_numerics#width")

# %% [markdown]
# The quarter needs sums in FP16, and *Sums* above has shown what those lose. With FP32
# sums half of the area remains. That is how 4x and 2x can stand in one chapter. The step
# from the P100 to the V100 is no halving of the width: both are FP16, and what is new is
# the unit, the tensor core.
#
# Energy has the same two halves. The chapter says that INT8 takes a thirtieth of the
# energy of FP32. Where does the thirty come from? And what is left of it in a dense
# layer, at batch 1 and more, once the fetch of its weights is counted?

# %% name="energy"
from labcore.energy import access_energy
from labcore.precision.cost import mac_energy, operation_energy

for operation in ("add", "multiply"):
    wide, narrow = (operation_energy(operation, fmt) for fmt in ("fp32", "int8"))
    print(f"{operation}: FP32 {format_si(wide, 'J')},", end=" ")
    print(f"INT8 {format_si(narrow, 'J')}: {wide / narrow:.1f}x")
ratio = mac_energy("fp32") / mac_energy("int8", "int32")
print(f"multiply and add, INT32 sum: {ratio:.1f}x")
fetch = access_energy("DRAM", 4)
print(f"fetch an FP32 weight from DRAM: {format_si(fetch, 'J')} at least")
for B in (1, 32, 1024):
    energy = []
    for fmt, accumulator in (("fp32", "fp32"), ("int8", "int32")):
        op = matmul(B, 2048, 2048, bytes_per_element(fmt))
        arithmetic = op.macs * mac_energy(fmt, accumulator)
        energy.append(arithmetic + access_energy("DRAM", op.D_vol))
    print(f"batch {B}: FP32 over INT8 {energy[0] / energy[1]:.1f}x")
claims_at("07_numerics#energy")

# %% [markdown]
# The fetch outweighs them all. A dense layer at batch 1 uses each weight once, so its
# energy is that of its bytes, and 8 bits save a factor of four, not of thirty. The more
# often a fetched byte is used, the more the arithmetic weighs. This counts arithmetic and
# DRAM only; caches and registers, which scale with the bytes too, are left out.
#
# ## Both roofs move
#
# Fewer bytes an element first: that needs no new arithmetic. The peak moves as well. On
# the A100's tensor cores each halving of the width doubles it.

# %% name="traffic"
for fmt in ("fp32", "fp16", "int8", "int4"):
    op = matmul(32, 2048, 2048, bytes_per_element(fmt))
    print(f"{fmt}: weights {format_si(op.reads['B'], 'B')}, {op.I:.1f} FLOP/B")
T_of = {}
for fmt in ("fp32", "tf32", "fp16", "int8"):
    op = matmul(32, 2048, 2048, bytes_per_element(fmt))
    T_of[fmt] = T = least_time(op.flop, op.D_vol, A100.peak(fmt), A100.BW)
    print(f"{fmt}: at least {format_si(T, 's')},", end=" ")
    print(f"{bound(op.I, A100.ridge(fmt))}-bound, {T_of['fp32'] / T:.2f}x;", end=" ")
    print(f"peak {A100.peak(fmt) / A100.peak('fp32'):.0f}x")
display(show("roofs-by-precision"))
claims_at("07_numerics#traffic")

# %% [markdown]
# From FP32 to FP16 the peak rises sixteenfold and the intensity twofold; this layer gets
# 3.24 times as fast, because it was [compute-bound](../docs/glossary.md#compute-bound)
# before and is [memory-bound](../docs/glossary.md#memory-bound) after. From FP16 to INT8
# peak and intensity double together, and so does the ridge point: the layer stays
# memory-bound and gets exactly twice as fast. TF32 moves as many bytes as FP32 does.
#
# ## What each generation has
#
# A format is only fast where there are units for it. The chapter's Table 6 says which
# formats the tensor cores and the vector units of three GPU generations compute with; two
# more have come since. In the figure, a question mark behind a year says that no dated
# page of the maker confirms it.

# %% name="table-6"
from labcore.catalogue.generations import GENERATIONS

for one in GENERATIONS:
    print(f"{one.name} ({one.year}): tensor cores {', '.join(one.tensor)}")
display(show("precision-support"))
claims_at("07_numerics#table-6")

# %% [markdown]
# ## Where the rule fails
#
# "Each generation supports more formats, and narrower is better" fails in four ways:
#
# 1. **Formats go.** INT4 and INT1 left the tensor cores with Hopper. A model that was
#    quantized to INT4 for an A100 computes in something wider on an H100.
# 2. **Without units there is no gain in arithmetic.** INT4 weights on an H100 still take
#    half the bytes of INT8 ones; they are widened on the way into the unit. That helps a
#    layer at batch 1, which waits for bytes, and not a large product, which waits for
#    arithmetic.
# 3. **Not every tensor narrows.** Sums, normalizations and the softmax's exponentials
#    keep 16 or 32 bits in practice. What remains wide takes its old time and limits the
#    gain.
# 4. **Accuracy is a property of the model.** A dot product's error says what the hardware
#    does, not what the network makes of it. That is measured, task by task.

# %% [markdown]
# ## Your machine
#
# A machine without the units shows the second point best. Most CPUs compute fp32 in
# hardware and convert fp16 to it and back, number by number. What appears below is yours,
# differs from run to run and is not kept in the notebook.

# %%
import timeit

from ipywidgets import HTML
from labcore.explore.predict import Shown

times = []
for dtype in (np.float64, np.float32, np.float16):
    v = np.ones(100_000, dtype)
    T = min(timeit.repeat(lambda v=v: v + v, number=20, repeat=3)) / 20
    times.append(f"{np.dtype(dtype)} {format_si(T, 's', 3)}")
Shown(
    "Time to add 100,000 numbers on your machine: run the cell to see it.",
    HTML("Adding 100,000 numbers: " + ", ".join(times)),
)

# %% [markdown]
# ## Settled
#
# Your predictions beside what the lab computed, and the chapter's statements on number
# formats that do not stand as printed:

# %%
display(
    compare("07-sum-of-ones", float(dot(ones, ones, "fp16", "fp16")), ""),
    compare("07-mac-energy", mac_energy("fp32") / mac_energy("int8", "int32"), "x"),
    compare("07-layer-gain", T_of["fp32"] / T_of["fp16"], "x"),
)
departures("07_numerics")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Ones are added one by one in bf16, which has 7 fraction bits. At which sum does it
#    stop growing?
# 2. A gradient is 1e-8. Which of bf16, fp16, tf32 and fp8_e5m2 keep it above zero? Answer
#    with a set of names, such as `{"fp16", "tf32"}`.
# 3. Activations lie between -1 and 3. What is the scale of their 8-bit asymmetric codes?
#    Three digits.
# 4. With the energies of this lab: how many times the energy of an INT8
#    multiply-accumulate that sums in INT32 does an FP32 one take? Three digits.
# 5. A layer is memory-bound in FP16 on the A100. You switch it to INT8. (a) It becomes
#    compute-bound, since its intensity doubles. (b) It stays memory-bound and is twice as
#    fast. (c) It is four times as fast, since both roofs move. (d) Its time does not
#    change, since bandwidth binds. A letter.
# 6. A 4096 x 4096 x 4096 product moves from FP32 on the A100's vector units to FP16 on
#    its tensor cores. How many times as fast can it get?

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("numerics-1", ...),
    selfcheck("numerics-2", ...),
    selfcheck("numerics-3", ...),
    selfcheck("numerics-4", ...),
    selfcheck("numerics-5", ...),
    selfcheck("numerics-6", ...),
    progress("numerics"),
)

# %% [markdown]
# The chapter's own self-check asks the last one in words: why does a switch to FP16 or
# INT8 gain more than half the bits would suggest?

# %% name="self-check"
claims_at("07_numerics#self-check")

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/07_numerics.ipynb](../my/07_numerics.ipynb), about an hour, from
#   rounding by hand to choosing a format. Your copy lies in `my/` once JupyterLab was
#   opened with `make lab`; check it with `labcore grade my/07_numerics.ipynb`.
# - **At work:** `labcore roofline resnet50 --on A100 --precision int8`, beside the same
#   with `fp16`.
# - **Read:** [Micikevicius et al. (2017)](../docs/references.md#micikevicius2017), "Mixed
#   Precision Training", for wide sums and loss scaling;
#   [Horowitz (2014)](../docs/references.md#horowitz2014) for the energies;
#   [Jacob et al. (2018)](../docs/references.md#jacob2018) for scale and zero point.
# - **Next:** [08 Memory systems](08_memory_systems.ipynb): the memory that all these
#   bytes come from.
