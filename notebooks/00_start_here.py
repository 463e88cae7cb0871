# %% [markdown]
# # 00 Start here
#
# > How do I know that a number in these labs is right, and what do I do with it?
#
# Reading 10 min, doing 10 min.
#
# These labs go with the chapter "Hardware Acceleration" of an open ML-systems textbook.
# The chapter explains; the labs let you run what it says, change it, and see where it
# stops being true. This first one shows what you meet in each of them: a prediction, a
# fact, a claim, a figure, an explorer, an answer that gets feedback. Run a cell with
# Shift+Enter. Without a mouse, Ctrl+Enter runs it and stays: Tab then goes into its boxes
# and sliders, and Shift+Tab comes back.
#
# **You need before:** what a byte is, and what a floating-point operation (FLOP) is.
#
# **You can do after:** find the source of a number, recompute a claim for a case of your
# own, and get from a question to the page that answers it.

# %%
import inspect

from labcore.catalogue import chip
from labcore.claims.ledger import claim, claims, find
from labcore.explore.predict import compare, predict
from labcore.explore.roofline import roofline_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.registry import show
from labcore.units import format_binary

# %% [markdown]
# ## Predict
#
# Each lab asks for a guess before it shows a number. Run the cell, type your guess and
# press *Keep*. It is stored in `my/predictions.json`, in your own folder, which updates
# of the labs never touch.

# %%
predict("00-gib", "How many percent larger is 80 GiB than 80 GB?", unit="%")

# %% [markdown]
# ## A fact carries its source
#
# Numbers from the world live in a catalogue, each with unit, source and year. No formula
# has them typed in, and what could not be read in its source is marked so.

# %%
h100 = chip("H100")
for name, fact in h100.facts():
    print(f"{name}: {fact} ({fact.kind}; {fact.source})")

# %%
h100.peaks["fp16"].note

# %% [markdown]
# Data sheets often print twice that rate, for matrices in which two of every four
# numbers are zero. In these labs a rate is **dense** unless its name says `_sparse`; one
# multiply-accumulate (MAC) is **two** FLOP; GB is $10^9$ bytes and GiB is $2^{30}$; and a
# link's bandwidth says whether it counts one way or both. Most wrong numbers in our field
# are one of these four.
#
# A precision that a chip does not have is an error, never a guess:

# %%
try:
    chip("V100").peak("fp8")
except ValueError as error:
    print(error)

# %% [markdown]
# ## A claim is recomputed
#
# The [ridge point](../docs/glossary.md#ridge-point) of a chip says how many operations it
# can do for each byte that it moves: its FLOP/s over its B/s. The chapter says that an
# H100 has a ridge point of 295.2 FLOP/B. A ledger holds that statement, and a function
# that computes it from the chapter's own inputs:

# %%
claim("nm1-3-h100-ridge")

# %% [markdown]
# Change an input in the call and the claim is computed for your case; a case of your own
# has no verdict. Here, with the memory of an H200:

# %%
claim("nm1-3-h100-ridge", BW=chip("H200").BW)

# %% [markdown]
# The verdict on the chapter's own case is one of five:
#
# - *reproduces*: the computed value meets the print within half a unit of its last digit,
#   or lies in the printed range;
# - *rounding*: it does not, and a rounding or a stated approximation explains why; the
#   reading that does meet the print is given;
# - *erratum*: the chapter contradicts itself or arithmetic, and the reason shows how;
# - *cited*: a datum from outside, with its source;
# - *shown*: there is nothing to compute.
#
# Two that do not reproduce:

# %%
claims("dense-2048-batch32-displayed-product", "table13-attention-softmax")

# %% [markdown]
# The function behind a claim is short and calls the same code as everything else here:

# %%
print(inspect.getsource(find("nm1-3-h100-ridge").function))

# %% [markdown]
# ## A figure is data, then a drawing
#
# Below each figure stands a sentence with its numbers, for everyone who cannot see it or
# wants to quote it. The command `labcore figures rising-ridge` writes the figure as SVG,
# and the plotted data as CSV.

# %% name="rising-ridge"
show("rising-ridge")

# %% [markdown]
# ## Explore: when does arithmetic limit the layer?
#
# An explorer answers questions. Move a slider with the mouse or the arrow keys, or type
# into its box. The sentence under the picture says what changed. A layer with fewer FLOP
# a byte than the ridge point waits for memory (*memory-bound*), one with more for
# arithmetic (*compute-bound*). Find the smallest batch at which the dense layer becomes
# compute-bound.

# %%
roofline_explorer()

# %% [markdown]
# ## Settled
#
# At its end a lab comes back to your predictions, and sets what it computed beside them:

# %%
print(f"80 GiB = {80 * 2**30:,} B, 80 GB = {80 * 10**9:,} B = {format_binary(80e9)}")
compare("00-gib", 100 * (2**30 / 10**9 - 1), unit="%")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of the `...` and run the cell. The feedback names the slip that
# a wrong answer looks like. Try it: an A100 computes 312 TFLOP/s in FP16 and moves
# 2.039 TB/s. A profiler shows 0.8 FLOP for each byte that a kernel, one program on the
# GPU, moves. How many times below the ridge point is that?

# %%
selfcheck("roofline-5", ...)

# %% [markdown]
# An answer that is upside down gets this feedback:

# %%
selfcheck("roofline-5", 0.8 / chip("A100").ridge("fp16"))

# %% [markdown]
# ## Onward
#
# What you change in a lab is yours. Save it under another name in `my/` (*File, Save
# Notebook As*) to keep it; a rebuild of the labs sets an edited one aside there too.
#
# - **Exercise:** each lab but this one has one, in `my/`. Check it with a command such as
#   `labcore grade my/09_roofline.ipynb`. To begin anew, delete your copy and open
#   JupyterLab again.
# - **At work:** `labcore claims`, `labcore specs H100`,
#   `labcore roofline resnet50 --on A100 --batch 32`. Each answers `--help`.
# - **Read:** [errata](../docs/errata.md), what does not reproduce and why;
#   [coverage](../docs/coverage.md), where each part of the chapter is settled;
#   [glossary](../docs/glossary.md), the terms; [references](../docs/references.md), the
#   sources; [gallery](../figures/index.md), all figures with their data.
# - **Next:** [01 The acceleration wall](01_acceleration_wall.ipynb). The list of all labs
#   stands in the [README](../README.md); each says what it needs, so that you may also
#   begin with [09 The roofline](09_roofline.ipynb).
