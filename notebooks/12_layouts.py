# %% [markdown]
# # 12 Layouts
#
# > A colleague changes one line to channels last, and the same network runs a fifth
# > faster. What did that line change?
#
# Reading 30 min, doing 40 min.
#
# A tensor has four axes and memory has one. A *layout* says in which order the elements
# lie. It changes no number that a network computes. But it decides which elements are
# neighbours, and memory moves neighbours together. So the answer has three parts: where
# each element lies, what one load of a chip moves, and what it costs to change the
# layout.
#
# **You need before:** warps and sectors ([lab 04](04_execution_units.ipynb)), caches and
# lines ([lab 08](08_memory_systems.ipynb)), time from a roofline
# ([lab 09](09_roofline.ipynb)).
#
# **You can do after:** write the address of any element in any layout; count what a load
# moves; choose a layout for an operator and say when a conversion pays.

# %%
from collections import Counter
from itertools import groupby

import numpy as np
from IPython.display import display
from labcore.cache import count
from labcore.catalogue import A100
from labcore.catalogue.layouts import ICE_LAKE_GAINS, RESNET50_GAIN, VOLTA_GAINS
from labcore.claims.ledger import claims_at
from labcore.explore.layout import burst_explorer, conversion_explorer
from labcore.explore.predict import compare, predict
from labcore.grading.selfcheck import progress, selfcheck
from labcore.kernels.layout import FIRST, expected, slower
from labcore.layout import (
    break_even,
    conversion_bytes,
    lane_access,
    layout,
    plan,
    tensor_access,
    together,
    walk,
)
from labcore.plots.conversions import LAYERS, share_of_converting
from labcore.plots.registry import show
from labcore.roofline import least_time
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# Four guesses, before anything is shown. Their words:
#
# - NHWC names the axes of a batch of images from the outermost in memory to the
#   innermost: batch, height, width, channels. NCHW keeps the channels outside of rows and
#   columns.
# - A *word* is the place of one element in memory. Where zeros fill a block up, there are
#   more words than elements.
# - A [warp](../docs/glossary.md#warp) is 32 [lanes](../docs/glossary.md#lane) that load
#   together, a *sector* the 32 B that a GPU's memory moves at once, a
#   [line](../docs/glossary.md#line) the 64 B that a CPU's cache fetches.
#
# The third guess is about a loop that visits all channels of a pixel, then those of the
# next, in FP32 with a cache of 512 lines. The fourth is about layers that wait for
# memory: how many in a row must there be until converting the map there and back takes no
# longer than leaving it?

# %%
display(
    predict("12-sectors", "A warp reads 32 pixels of a row, one channel of 64, FP16, NHWC",
            "sectors"),
    predict("12-padding", "Words of an RGB image in blocks of 16 channels, over its elements",
            "x"),
    predict("12-lines", "Pixel by pixel, 1024 channels: lines fetched in NCHW over NHWC", "x"),
    predict("12-layers", "1x1 layers, 1.5 times as slow in NCHW: converting pays from", "layers"),
)  # fmt: skip

# %% [markdown]
# ## By hand: nine pixels
#
# Take the chapter's image of 3 x 3 pixels with three channels, $I(h, w, c)$. On paper,
# write the first nine elements of NHWC, then the first six of NCHW. At which address does
# $I(1, 0, 0)$ lie in each?
#
# One rule gives all addresses: each axis has a *stride*, the elements from one index to
# the next, and the address is the sum of index times stride. The innermost axis has
# stride 1, and each axis outside of it the product of the extents inside. The picture
# shows 2 x 2 pixels, a to d, and a third layout, which comes below.

# %% name="image"
for name in ("NHWC", "NCHW"):
    image = layout(name, N=1, C=3, H=3, W=3)
    where = image.address(h=1, w=0, c=0)
    print(f"{name}: strides {image.strides}; I(1, 0, 0) lies at {where}")
display(show("layout-addresses"))
claims_at("12_layouts#image")

# %% [markdown]
# Both of the chapter's orders hold. It calls the first *row-major* and the second
# *channel-major*. Frameworks say *channels last* and *channels first*.
#
# ## At real size: what a view changes
#
# A feature map of ResNet-50 has 64 channels of 56 x 56 pixels. The third layout cuts the
# channels into *blocks*: NCHW16c keeps 16 channels of a pixel side by side, as a vector
# register of 16 floats wants them, and the blocks apart. Predict the three strides of C,
# then run the cell. Its last lines ask what a transpose costs.

# %%
sizes = {"N": 1, "C": 64, "H": 56, "W": 56}
for name in ("NCHW", "NHWC", "NCHW16c"):
    print(f"{name}: {layout(name, **sizes).strides}")
x = np.zeros((1, 64, 56, 56), np.float32)  # NCHW
seen = np.transpose(x, (0, 2, 3, 1))  # the axes in another order: a view
moved = np.ascontiguousarray(seen)  # the elements in another order: a copy
for what, array in {"view": seen, "copy": moved}.items():
    in_elements = tuple(stride // array.itemsize for stride in array.strides)
    shared = np.shares_memory(x, array)
    print(f"{what}: shape {array.shape}, strides {in_elements}, same bytes: {shared}")

# %% [markdown]
# The view has the shape of NHWC and the strides of NCHW. That is what `permute` does in
# PyTorch, and why `contiguous` follows it: the first exchanges strides, the second moves
# every byte. In the blocked layout the channel has two strides, one between blocks (C)
# and one inside (c).
#
# ## What one load moves
#
# By hand first: four lanes read four neighbouring pixels of a row, 4 B each, from a map
# of eight channels. In NCHW the four lie side by side, 16 B in one sector. In NHWC they
# lie 8 x 4 = 32 B apart: each lane needs a sector of its own, and 4 of its 32 B are used.
# Now 32 lanes on the real map, along a row (W) and along the channels (C).

# %% name="coalescing"
small = [layout(name, N=1, C=8, H=4, W=4) for name in ("NCHW", "NHWC")]
print("four lanes:", [lane_access(one, "W", lanes=4).transactions for one in small])
print(" " * 9, *(f"| along {over}: sectors   used  128 B" for over in "WC"))
for size, number in ((4, "fp32"), (2, "fp16"), (1, "int8")):
    for name in ("NHWC", "NCHW"):
        row = f"{number} {name} "
        for over in "WC":
            load, wide = (lane_access(layout(name, **sizes), over, size, granule=granule)
                          for granule in (32, 128))  # fmt: skip
            row += (
                f"| {load.transactions:16} {load.efficiency:6.1%} {wide.transactions:6} "
            )
        print(row.rstrip())
claims_at("12_layouts#coalescing")

# %% [markdown]
# NHWC along W in FP16 is your first guess. No layout is good or bad by itself: each
# serves the lanes that lie along its innermost axis, and the other moves 8 to 32 times
# the sectors, as many as a sector holds elements. Footnote 34 of the chapter calls such a
# load a "single transaction": that is one line of 128 B, counted in the last column of
# each half. Memory moves sectors, and the best FP32 load takes four.
#
# A kernel reads a whole map, not one load. The figure counts all loads of three maps in
# FP16: the input of ResNet-50, an early map, a late one. Before you look: which bars fall
# where there are three channels only, and which where a row has seven pixels?

# %% name="layout-bursts"
show("layout-bursts")

# %% [markdown]
# With three channels, the bars along C are low: three lanes have work, and each sector
# has at most 6 B that they use. With rows of seven, the bars along W are low. And even
# the row of 56 in NCHW does not reach 100 %: its 112 B are three and a half sectors.
#
# ## Explore: no byte in vain
#
# Find (1) for each map a layout and direction that use every byte of a first load in
# sectors of 32 B, if there are any; (2) what larger granules, as a CPU's lines of 64 B
# are, do to a load that is good and to one that is bad; (3) the direction in which the
# first load of NCHW on the late map is full.

# %%
burst_explorer()

# %% [markdown]
# (1) In FP16, the image has NCHW along a row or along all pixels, and nothing along its
# three channels. The early map has the same, and NHWC or NCHW16c along the channels. The
# late map has NHWC or NCHW16c along the channels, and NCHW along all pixels.
#
# (2) A contiguous load stays full as long as it fills a granule; one whose lanes lie a
# granule apart or more uses half as much of one twice as large.
#
# (3) Along all pixels. Those of a channel are one run of 49, longer than a row of seven,
# and lanes may walk on from row to row. The first load is then full. Over the whole map,
# in the cell below, the share is less: of each channel the second load has 17 lanes with
# work, and loads begin and end inside sectors.

# %% [markdown]
# ## Which layout for which operator
#
# Lanes may lie along any axis, but along one that is *summed over* they must add across
# lanes at the end. Along all others each works for itself. Here C are the channels of the
# map that is read.
#
# | operator | sums over | each lane for itself | lanes that add |
# |---|---|---|---|
# | convolution as a matrix product (1x1, 3x3) | C, window | pixels | C, in a matrix unit |
# | depthwise convolution, pooling | window | C or pixels | |
# | statistics of each channel | pixels | C | pixels |
# | LayerNorm or softmax of each pixel | C | pixels | C |
# | element-wise | nothing | any, by address | |
#
# The cell holds the three layouts against the directions, over whole maps. Its last lines
# load what the window of a 3x3 convolution asks for next: the same, one pixel further.

# %%
maps = {"64 x 56 x 56": sizes, "512 x 7 x 7": {"N": 1, "C": 512, "H": 7, "W": 7}}
for title, shape in maps.items():
    for name in ("NHWC", "NCHW", "NCHW16c"):
        shares = {over: tensor_access(layout(name, **shape), over, size=2).efficiency
                  for over in ("C", "HW")}  # fmt: skip
        print(
            f"{title} {name:8}", *(f"along {o}: {s:4.0%} used" for o, s in shares.items())
        )
for name, over, pixel in (("NCHW", "W", 1), ("NHWC", "WC", 64)):  # the index of pixel 1
    first, then = (lane_access(layout(name, **sizes), over, 2, start=at).transactions
                   for at in (0, pixel))  # fmt: skip
    print(f"{name}, a load along {over[-1]}: {first} sectors, one pixel further {then}")

# %% [markdown]
# For a 1x1 convolution of the early map NCHW will do: its loads along the pixels are full
# too. In the late map they are not. And a window shifts them by a pixel, so that they
# begin inside a sector and touch one more. The channels of a pixel are whole sectors, in
# early and late layers and wherever the window stands. That is one reason why tensor-core
# kernels ask for channels last. A depthwise layer has no sum over channels, and each
# layout has a direction that suits it. LayerNorm of each pixel suits NCHW where each lane
# takes a pixel, and NHWC where the lanes of a warp share a pixel and add, as many GPU
# kernels do.

# %% [markdown]
# ## What a cache forgives
#
# A load that uses 4 B of a line wastes the rest only if the line leaves the cache before
# the rest is used. A CPU's loop over all channels of each pixel, in NCHW, touches one
# line for each channel; at the next pixel the same lines serve again, while they are
# still there. Here every element of a map is read once, in three orders of loops, through
# a first cache of 32 KiB. Guess which of the twelve counts are sixteen times the least.

# %%
shapes = {"64 x 56 x 56": (64, 56, 56), "1024 x 7 x 7": (1024, 7, 7)}
loops = {"by address": "", "by pixel": "NHWC", "by channel": "NCHW"}
for title, (C, H, W) in shapes.items():
    for name in ("NHWC", "NCHW"):
        one = layout(name, N=1, C=C, H=H, W=W)
        lines = {
            how: count(walk(one, order), FIRST).misses for how, order in loops.items()
        }
        print(
            f"{title} {name}:",
            ", ".join(f"{how} {n:,} lines" for how, n in lines.items()),
        )

# %% [markdown]
# By pixel, NCHW needs room for a line of each channel; by channel, NHWC for one of each
# pixel. One would think that nothing happens until these are more than the lines of the
# cache. The next cell counts the sets that they fall into
# ([lab 08](08_memory_systems.ipynb)), with a map of 64 channels that is larger than the
# first.

# %%
print(f"the cache: {FIRST.lines} lines, {FIRST.sets} sets of {FIRST.ways} ways")
large = layout("NCHW", N=1, C=64, H=112, W=112)
late = layout("NHWC", N=1, C=1024, H=7, W=7)
places = {
    "64 x 112 x 112 in NCHW, a pixel": [large.address(c=c) for c in range(64)],
    "1024 x 7 x 7 in NHWC, a channel": late.address(
        h=np.arange(7)[:, None], w=np.arange(7)
    ),
}
for what, addresses in places.items():
    sets = {int(FIRST.set_of(4 * at)) for at in np.ravel(addresses)}
    print(f"{what}: {np.size(addresses)} lines in {len(sets)} of {FIRST.sets} sets")
missed = [count(walk(large, order), FIRST).misses for order in ("", "NHWC")]
print("64 x 112 x 112 NCHW: by address {:,} lines, by pixel {:,}".format(*missed))

# %% [markdown]
# The sets fill first. The late map's 49 pixels lie 4 KiB apart and fall into one set,
# which holds eight lines. And 64 channels can be too many for NCHW: four sets of eight
# ways hold half of them. Whether they are depends on the rows and columns, not on the
# number of channels alone. By address both layouts are the same, and that is the order of
# an element-wise operation.

# %% [markdown]
# ## Table 18
#
# The chapter's Table 18 sets the two orders side by side: how they store, what they suit,
# what caches and GPUs make of them. The cell asks whether NCHW keeps "a channel's values
# together" in a batch too, what was measured on whole networks, and what the loop by
# channel costs on a map of 28 x 28. It ends with the table's statements; those that hold
# are folded away, so click to see them.

# %% name="table-18"
for batch in (1, 2):
    one = layout("NCHW", **(sizes | {"N": batch}))
    print(f"NCHW, batch of {batch}: a channel's values together: {together(one, 'C')}")
for where, gains in {"Volta GPUs": VOLTA_GAINS, "Ice Lake": ICE_LAKE_GAINS}.items():
    print(
        f"channels last, {where}: {gains[0].value:g} to {gains[1].value:g} times as fast"
    )
print(f"ResNet-50 in training: {RESNET50_GAIN.value:g}; {RESNET50_GAIN.source}")
middle = [layout(name, N=1, C=64, H=28, W=28) for name in ("NHWC", "NCHW")]
nhwc, nchw = (count(walk(one, "NCHW"), FIRST).misses for one in middle)
print(f"64 x 28 x 28, by channel: {nhwc / nchw:.0f} times the lines in NHWC")
claims_at("12_layouts#table-18")

# %% [markdown]
# NCHW keeps a channel's values together in one image; in a batch, each image has a piece
# of the channel. And the multi-fold gap of a load is not that of a network: caches
# forgive, and libraries convert. What was measured on whole networks stays below twofold.

# %% [markdown]
# ## When a conversion pays
#
# A conversion computes nothing. It reads every element and writes every word. A layer
# that reads and writes its maps once, and computes little, takes as long as one
# conversion. There and back then costs two layers' time. Converting *pays* where it takes
# no longer than staying; a tie counts. On paper: if such a layer takes 1.5 times as long
# in NCHW as in NHWC, how many in a row must there be? The cell takes layers of batch 32
# in FP16 on an A100.

# %% name="layout-conversion"
for name, op in LAYERS.items():
    s = op.shape
    source = layout("NCHW", N=s["N"], C=s["C"], H=s["H"], W=s["W"])
    moved = conversion_bytes(source, "NHWC", size=2)
    T = least_time(op.flop, op.D_vol, A100.peak("fp16"), A100.BW)
    share = share_of_converting(op, A100)
    uses = break_even(share * T, 1.5 * T, T)
    print(f"{name}: {moved / 1e6:.1f} MB to convert, a layer {format_si(T, 's', 3)},",
          f"there and back {share:.2f} layers, pays from {uses}")  # fmt: skip
show("layout-conversion")

# %% [markdown]
# The 1x1 layer is your last guess. On paper four layers are a tie. They read their
# weights too, so the share is a little less than 2, and four pay. The more a layer
# computes for each byte of its map, the less a conversion weighs: the late 3x3 layer pays
# at once.
#
# ## Explore: convert once, or around every layer?
#
# Find (1) the gain from which converting around every single 3x3 layer of 256 channels
# beats staying; (2) the layers that need about three for it; (3) what a chip with more
# FLOP for each byte, the H100, does to a 3x3 layer of 64 or of 256 channels, and to the
# 1x1 layer, and why.

# %%
conversion_explorer()

# %% [markdown]
# (1) Around every layer pays where the gain reaches one plus the conversion's share, the
# left end of the figure's curves: 1.27. (2) The 1x1 and the depthwise layer need three.
# (3) On the H100 the time to compute shrinks more than the time to move bytes, so a
# conversion weighs more beside the 3x3 layers. The 1x1 layer waits for memory on all
# three chips, as the conversion does: nothing changes.

# %% [markdown]
# ## Where the rule fails
#
# "Channels last for convolutions" has three exceptions.
#
# - **The first layer.** Three channels fill no block and no vector. Libraries pad to 4,
#   or keep NCHW there.
# - **Depthwise layers** sum over no channels, so the matrix unit's reason is gone.
# - **An operator that knows one layout only** in the middle of a network. Then the map is
#   converted around it, or the whole network stays. The best layouts of a chain are a
#   shortest path, and `plan` finds it.

# %%
image = layout("NHWC", N=1, C=3, H=224, W=224)
for name in ("NCHW4c", "NCHW16c"):
    blocked = layout(name, **image.sizes)
    times = blocked.words / image.elements
    print(
        f"RGB in {name}: {times:.2f} words an element, {blocked.padding:.0%} of them zeros"
    )
op = LAYERS["1x1, 64 x 56 x 56"]
T = least_time(op.flop, op.D_vol, A100.peak("fp16"), A100.BW)
one_way = T * share_of_converting(op, A100) / 2
good, alien = {"NCHW": 1.5 * T, "NHWC": T}, {"NCHW": T, "NHWC": 10 * T}
for run in (3, 8):
    for chain in ([good] * 2 * run, [good] * run + [alien] + [good] * run):
        total, path = plan(chain, [one_way] * (len(chain) + 1))
        stay = sum(one["NCHW"] for one in chain)
        parts = ", ".join(f"{len(list(same))} {name}" for name, same in groupby(path))
        print(f"{len(chain):2} layers: {stay * 1e6:.0f} us in NCHW,",
              f"{total * 1e6:.0f} us by plan: {parts}")  # fmt: skip

# %% [markdown]
# Six layers in a row convert. One operator in their middle cuts them into runs of three,
# which are too short, and all stay in NCHW. With runs of eight it pays again, and one
# layer runs in another layout than its neighbours. So one missing kernel can undo a
# conversion for a network.

# %% [markdown]
# ## Your machine
#
# A loop scales and shifts each channel of a map, $y = a_c x + b_c$, once pixel by pixel
# and once channel by channel. It is compiled once for maps with any strides, so the same
# machine code runs in both layouts. Four races: each loop in the layout that suits it and
# in the other. The lines that miss are counted as above, with two differences. The loop
# writes a second map, so each channel needs two lines, and 512 lines serve 256 channels.
# And every map is one row of an odd number of lines, so that its channels spread over all
# sets. So by pixel nothing should happen up to 256 channels.
#
# Guess before you run it: with 64 channels, how many times as long does the loop by pixel
# take in NCHW as in NHWC?

# %%
predict("12-machine", "Your machine, by pixel, 64 channels: NCHW over NHWC", "x")

# %% name="layout-race" tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
channels = (4, 16, 64, 256, 512, 1024)
mine = {
    loop: {C: slower(loop, C) for C in channels} for loop in ("by_pixel", "by_channel")
}
display(show("layout-race", measured=mine))
compare("12-machine", mine["by_pixel"][64], "x")

# %% [markdown]
# Where the markers leave the curves, something else than lines counts. By pixel, each
# channel of NCHW soon lies on a page of its own, and the table of pages that a core holds
# (the TLB) has some 64 entries in its first level: the loop may suffer long before 256
# channels. By channel, a steady stride is what hardware learns to fetch ahead, so the
# loop may lose less than its lines say; where the stride is a page, nothing is fetched
# ahead, the lines crowd into few sets, and it may lose more. The next cell counts pages
# of 4 KiB, and the one after it lets the compiler know that neighbours are neighbours.

# %%
from labcore.kernels.layout import PAGES, pixels, predicted

for C in (16, 64, 1024):
    times = [predicted("NHWC", C, 1, pixels(C), cache) for cache in (FIRST, PAGES)]
    print(
        f"by pixel, {C} channels, NCHW over NHWC: {times[0]:.0f} times the lines,",
        f"{times[1]:,.0f} times the pages",
    )

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.kernels.layout import kernels, view
from labcore.kernels.race import race

C, run, one = 64, kernels(), np.ones(64, np.float32)
any_strides = [view("NHWC", C, 1, pixels(C)) for _ in range(2)]
packed = [np.ascontiguousarray(np.moveaxis(x, 0, -1)).reshape(-1, C) for x in any_strides]
found = race({
    "any strides": lambda: run.by_pixel(any_strides[0], one, one, any_strides[1]),
    "known neighbours": lambda: run.packed_pixels(packed[0], one, one, packed[1]),
})  # fmt: skip
for name in found.times:
    print(f"{name}: {found.median(name) / packed[0].size * 1e9:.2f} ns an element")
print(f"{found.slower('any strides', than='known neighbours'):.1f} times as long")

# %% [markdown]
# The bytes and their order are the same in both. Where the second is faster, the gain
# comes from vector instructions, which a compiler may use once it knows that neighbours
# lie side by side. No count of lines shows that part of a good layout's worth.
#
# ## Settled
#
# Your predictions, and where the statements of the section do not hold. The one below is
# from the chapter's own self-check: question and answer call NHWC *channel-major*, the
# name that the section gives to NCHW.

# %% name="self-check"
row, rgb = layout("NHWC", **sizes), layout("NCHW16c", N=1, C=3, H=224, W=224)
share = share_of_converting(LAYERS["1x1, 64 x 56 x 56"], A100)
display(
    compare("12-sectors", lane_access(row, "W", size=2).transactions, "sectors"),
    compare("12-padding", rgb.words / rgb.elements, "x"),
    compare("12-lines", expected("by_pixel", 1024), "x"),
    compare("12-layers", break_even(share, 1.5, 1.0), "layers"),
)
cells = ("image", "coalescing", "table-18", "self-check")
here = [one for name in cells for one in claims_at(f"12_layouts#{name}")]
print(dict(Counter(one.verdict for one in here)))
print("errata:", "; ".join(one.claim.item for one in here if one.verdict == "erratum"))
claims_at("12_layouts#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Why do matrix units like NHWC for convolutions? (a) The channels of a pixel, over
#    which the product sums, are neighbours. (b) It has fewer branches. (c) It takes fewer
#    bytes. (d) No framework needs to convert it. A letter.
# 2. A map has 64 channels of 56 x 56. At which address, in elements, does channel 5, row
#    2, column 3 of the first image lie in NCHW? All counts begin at 0.
# 3. A map in NHWC has 8 channels in FP16. How many sectors of 32 B do 32 lanes along a
#    row touch, of rows that are long enough?
# 4. True or False: a ReLU fetches fewer lines in NHWC than in NCHW.
# 5. An image of three channels is stored in blocks of 16. How many times as many words is
#    that?
# 6. Converting a map takes 25 us, a layer 30 us in the layout at hand and 20 us in the
#    other. Afterwards the map is wanted in the old layout again. From how many layers in
#    a row on does converting take no longer than staying?
# 7. Lanes lie along the pixels of one channel and add them up. Which layout suits? (a)
#    NHWC. (b) NCHW. (c) Either. A letter.

# %%
display(
    selfcheck("layouts-1", ...),
    selfcheck("layouts-2", ...),
    selfcheck("layouts-3", ...),
    selfcheck("layouts-4", ...),
    selfcheck("layouts-5", ...),
    selfcheck("layouts-6", ...),
    selfcheck("layouts-7", ...),
    progress("layouts"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/12_layouts.ipynb](../my/12_layouts.ipynb), from an address to a
#   chain of layers with conversions; your copy lies in `my/` once JupyterLab was opened
#   with `make lab`.
# - **Read:** [PyTorch (2023)](../docs/references.md#pytorch2023), the tutorial on
#   channels last, for its strides and its measurements;
#   [oneDNN (2023)](../docs/references.md#onednn2023), the guide "Understanding Memory
#   Formats", for blocked layouts.
# - **Next:** [lab 13](13_fusion.ipynb) keeps intermediate maps out of memory altogether.
