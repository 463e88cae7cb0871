# %% [markdown]
# # 00 Start here
#
# > How do I know that a number in these labs is right, and what do I do with it?
#
# Reading 10 min, doing 10 min.
#
# These labs go with the chapter "Hardware Acceleration" of an open ML-systems textbook.
# The chapter explains; the labs let you run what it says, change it, and see where it
# stops being true. This first one shows the four things that you meet in each: a fact, a
# claim, a figure, an explorer. Run a cell with Shift+Enter.

# %%
from labcore.catalogue import chip
from labcore.claims.ledger import claim, claims, find
from labcore.explore.predict import compare, predict
from labcore.explore.roofline import roofline_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.registry import show
from labcore.units import format_binary

# %% [markdown]
# ## Predict, then run
#
# Each lab asks for a guess before it shows a number. Type one and press *Keep*. It is
# stored in `my/predictions.json`, in your own folder, which updates of the labs never
# touch.

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
# Data sheets often print twice that figure, for matrices in which two of every four
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
# The chapter says that an H100 has a ridge point of 295.2 FLOP/B. The ledger holds that
# statement, and a function that computes it from the page's own inputs:

# %%
claim("nm1-3-h100-ridge")

# %% [markdown]
# Change an input in the call and the claim is computed for your case; a case of your own
# has no verdict. Here, with the memory of an H200:

# %%
claim("nm1-3-h100-ridge", BW=chip("H200").BW)

# %% [markdown]
# The verdict on the page's own case is one of five. *reproduces*: the computed value meets
# the print within half a unit of its last digit, or lies in the printed range.
# *rounding*: it does not, and a rounding or a stated approximation explains why; the
# reading that does meet the print is given. *erratum*: the page contradicts itself or
# arithmetic, and the reason shows how. *cited*: a datum from outside, with its source.
# *shown*: nothing to compute. Two that do not reproduce:

# %%
claims("dense-2048-batch32-displayed-product", "table13-attention-softmax")

# %% [markdown]
# The function behind a claim is short and calls the same code as everything else here:

# %%
import inspect

print(inspect.getsource(find("nm1-3-h100-ridge").function))

# %% [markdown]
# ## A figure is data, then a drawing
#
# Below each figure stands a sentence with its numbers, for everyone who cannot see it or
# wants to quote it. `labcore figures rising-ridge` writes it as SVG, and the plotted data
# as CSV.

# %%
show("rising-ridge")

# %% [markdown]
# ## An explorer answers questions
#
# Move a slider with the mouse or the arrow keys, or type into its box. The sentence under
# the picture says what changed. Try to find the smallest batch at which the dense layer
# becomes compute-bound.

# %%
roofline_explorer()

# %% [markdown]
# ## An answer gets feedback
#
# Each lab ends with a self-check. Put your answer in place of `...`; a wrong one is told
# which slip it looks like. Try it: an A100 computes 312 TFLOP/s in FP16 and moves
# 2.039 TB/s. A profiler shows 0.8 FLOP for each byte that a kernel moves. The *ridge
# point* is the FLOP a byte that the chip could do, its FLOP/s over its B/s. How many
# times below it is this kernel?

# %%
selfcheck("roofline-5", ...)

# %% [markdown]
# What an answer hears that is upside down:

# %%
selfcheck("roofline-5", 0.8 / chip("A100").ridge("fp16"))

# %% [markdown]
# ## Your prediction

# %%
print(f"80 GiB = {80 * 2**30:,} B, 80 GB = {80 * 10**9:,} B = {format_binary(80e9)}")
compare("00-gib", 100 * (2**30 / 10**9 - 1), unit="%")

# %% [markdown]
# ## Onward
#
# - **The labs:** [09 The roofline](09_roofline.ipynb). The list of all that exist stands in
#   the README.
# - **Exercises** wait in `my/`, one for each numbered lab after this one, and are checked
#   with `labcore grade my/09_roofline.ipynb`. To begin one anew, delete your copy and open
#   JupyterLab again.
# - **Your changes to a lab** are yours: save it under another name in `my/` (*File, Save
#   Notebook As*) to keep them. A rebuild of the labs sets an edited one aside there too.
# - **In a terminal:** `labcore claims`, `labcore specs H100`,
#   `labcore roofline resnet50 --on A100 --batch 32`. Each answers `--help`.
