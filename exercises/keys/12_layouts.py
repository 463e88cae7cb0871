# %% [markdown]
# # Exercise 12: layouts
#
# Six questions about where elements lie, what a load moves and when a conversion pays. 15 points, about 45 minutes.
# Lab 12 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded.

# %%
import math

from labcore.grading.check import exercise

check = exercise("12_layouts")

# %% [markdown] task="q1"
# ## 1. Where does an element lie?
#
# A batch has images of `C` channels, `H` rows and `W` columns. At which address, in elements from the first, does
# channel c, row h, column w of image n lie in NHWC? All indices begin at 0. *2 points*


# %% answer="q1"
def address(n, c, h, w, C, H, W):
    """Address in NHWC, in elements."""
    # solution
    return ((n * H + h) * W + w) * C + c
    # end solution


# %% check="q1" points=2
check(
    "q1",
    address,
    on=[
        (0, 1, 0, 0, 3, 3, 3),
        (0, 0, 0, 1, 3, 3, 3),
        (0, 2, 1, 2, 3, 4, 5),
        (1, 2, 3, 4, 64, 56, 28),
    ],
)


# %% draw="q1"
def draw(rng):
    C, H, W = rng.randint(2, 64), rng.randint(2, 20), rng.randint(21, 40)
    return (
        rng.randint(1, 7),
        rng.randint(1, C - 1),
        rng.randint(1, H - 1),
        rng.randint(1, W - 1),
        C,
        H,
        W,
    )


# %% wrong="q1" slip="that is NCHW: in NHWC the channel is the innermost axis"
def address(n, c, h, w, C, H, W):
    return ((n * C + c) * H + h) * W + w


# %% wrong="q1" slip="rows are W pixels long: a row index counts W times C elements"
def address(n, c, h, w, C, H, W):
    return ((n * W + h) * H + w) * C + c


# %% wrong="q1" slip="each image before this one takes H x W x C elements"
def address(n, c, h, w, C, H, W):
    return (h * W + w) * C + c


# %% [markdown] task="q2"
# ## 2. How much does a block add?
#
# An image of `C` channels and `pixels` pixels is stored in blocks of `block` channels. How many words does it take, the
# zeros that fill the last block included? *2 points*


# %% answer="q2"
def words(C, pixels, block):
    """Words of one image in NCHW{block}c."""
    # solution
    return math.ceil(C / block) * block * pixels
    # end solution


# %% check="q2" points=2
check(
    "q2",
    words,
    on=[(1, 1, 4), (3, 4, 4), (8, 5, 4), (3, 224 * 224, 16), (144, 56 * 56, 32)],
)


# %% draw="q2" count=16
def draw(rng):
    block = rng.choice([4, 8, 16, 32])
    return (
        block * rng.randint(1, 9) + rng.choice([0, 0, 1, 3]),
        rng.randint(1, 4000),
        block,
    )


# %% wrong="q2" slip="memory holds whole blocks: the last one is filled up with zeros"
def words(C, pixels, block):
    return C * pixels


# %% wrong="q2" slip="a block that is filled in part takes room too: round up"
def words(C, pixels, block):
    return C // block * block * pixels


# %% wrong="q2" slip="every pixel fills up its own last block; rounding the whole image up is not enough"
def words(C, pixels, block):
    return math.ceil(C * pixels / block) * block


# %% wrong="q2" slip="where the channels fill their blocks, no further one is added"
def words(C, pixels, block):
    return (C // block + 1) * block * pixels


# %% [markdown] task="q3"
# ## 3. How many sectors does a load touch?
#
# `lanes` lanes read neighbouring pixels of one row, each one element of `size` bytes, in NHWC with `C` channels. The row
# is long enough, and the first element begins a sector. How many sectors of 32 B does the load touch? `size` is 1, 2
# or 4. *3 points*


# %% answer="q3"
def sectors(lanes, C, size):
    """Sectors of 32 B that the lanes touch."""
    # solution
    return len({lane * C * size // 32 for lane in range(lanes)})
    # end solution


# %% check="q3" points=3
check(
    "q3",
    sectors,
    on=[
        (1, 3, 4),
        (3, 3, 4),
        (4, 8, 4),
        (32, 1, 4),
        (32, 3, 4),
        (32, 12, 2),
        (32, 64, 2),
    ],
)


# %% draw="q3" count=32
def draw(rng):
    return rng.randint(2, 32), rng.randint(1, 24), rng.choice([1, 2, 4])


# %% wrong="q3" slip="lanes that lie close together share a sector"
def sectors(lanes, C, size):
    return lanes


# %% wrong="q3" slip="between two lanes lie all channels of a pixel: they are C elements apart"
def sectors(lanes, C, size):
    return math.ceil(lanes * size / 32)


# %% wrong="q3" slip="once lanes are more than 32 B apart, sectors between them are not touched"
def sectors(lanes, C, size):
    return math.ceil(((lanes - 1) * C + 1) * size / 32)


# %% wrong="q3" slip="the load ends with the last lane's element: the other channels of its pixel are not read"
def sectors(lanes, C, size):
    return min(lanes, math.ceil(lanes * C * size / 32))


# %% wrong="q3" slip="an element has `size` bytes; a sector is 32 bytes, not 32 elements"
def sectors(lanes, C, size):
    return len({lane * C // 32 for lane in range(lanes)})


# %% [markdown] task="q4"
# ## 4. How long does a conversion take?
#
# A map of `elements` elements of `size` bytes is converted to a blocked layout that takes `words` words. Memory moves
# `bandwidth` gigabytes a second, reads and writes together. How many microseconds does it take, at best? *2 points*


# %% answer="q4"
def conversion_time(elements, words, size, bandwidth):
    """Microseconds: bandwidth in GB/s."""
    # solution
    return (elements + words) * size / bandwidth / 1000
    # end solution


# %% check="q4" points=2
check(
    "q4",
    conversion_time,
    on=[(1000, 1000, 1, 1), (3000, 4000, 2, 100), (6422528, 6422528, 2, 2039)],
)


# %% draw="q4"
def draw(rng):
    pixels, C, block = rng.randint(100, 100000), rng.randint(1, 3), rng.choice([4, 16])
    return (
        pixels * C,
        pixels * block,
        rng.choice([1, 2, 4]),
        rng.choice([900, 2039, 3350]),
    )


# %% wrong="q4" slip="what is read has to be written too"
def conversion_time(elements, words, size, bandwidth):
    return elements * size / bandwidth / 1000


# %% wrong="q4" slip="the zeros of the blocks are written as well"
def conversion_time(elements, words, size, bandwidth):
    return 2 * elements * size / bandwidth / 1000


# %% wrong="q4" slip="words and elements have `size` bytes each"
def conversion_time(elements, words, size, bandwidth):
    return (elements + words) / bandwidth / 1000


# %% wrong="q4" slip="a GB a second is a byte a nanosecond; a microsecond has a thousand of them"
def conversion_time(elements, words, size, bandwidth):
    return (elements + words) * size / bandwidth


# %% [markdown] task="q5"
# ## 5. From how many layers on does it pay?
#
# A layer takes `kept` microseconds in the layout at hand and `changed` in another; to convert a map takes `convert`
# microseconds, and after the last layer it is converted back. From how many such layers in a row on does converting
# take no longer than staying? Return `None` where it never does. All times are whole. *3 points*


# %% answer="q5"
def layers_that_pay(convert, kept, changed):
    """The least number of layers, or None."""
    # solution
    if kept <= changed:
        return None
    return max(1, math.ceil(2 * convert / (kept - changed)))
    # end solution


# %% check="q5" points=3
check(
    "q5",
    layers_that_pay,
    on=[(1, 3, 1), (1, 2, 1), (5, 13, 10), (25, 30, 20), (4, 10, 10), (4, 9, 10)],
)


# %% draw="q5" count=32
def draw(rng):
    changed = rng.randint(5, 40)
    return rng.randint(5, 60), changed + rng.randint(-3, 12), changed


# %% wrong="q5" slip="there and back: two conversions"
def layers_that_pay(convert, kept, changed):
    return None if kept <= changed else math.ceil(convert / (kept - changed))


# %% wrong="q5" slip="a part of a layer is a layer: round up"
def layers_that_pay(convert, kept, changed):
    return None if kept <= changed else max(1, 2 * convert // (kept - changed))


# %% wrong="q5" slip="where the other layout is not the faster one, no number of layers pays"
def layers_that_pay(convert, kept, changed):
    saved = abs(kept - changed) or 1
    return max(1, math.ceil(2 * convert / saved))


# %% wrong="q5" slip="what counts is what a layer saves, not how long it takes"
def layers_that_pay(convert, kept, changed):
    return None if kept <= changed else max(1, math.ceil(2 * convert / kept))


# %% [markdown] task="q6"
# ## 6. Which layouts should a chain take?
#
# `nchw` and `nhwc` list the time of each layer of a chain in the two layouts. Wherever the layout changes a conversion
# takes `convert`. The chain's input is in NCHW and its output must be in NCHW too. What is the least time of the whole
# chain, conversions included? *3 points*


# %% answer="q6"
def chain_time(nchw, nhwc, convert):
    """The least total time of the chain."""
    # solution
    first, last = 0, math.inf  # the least time so far that ends in NCHW, in NHWC
    for in_nchw, in_nhwc in zip(nchw, nhwc, strict=True):
        first, last = (
            min(first, last + convert) + in_nchw,
            min(last, first + convert) + in_nhwc,
        )
    return min(first, last + convert)
    # end solution


# %% check="q6" points=3
check(
    "q6",
    chain_time,
    on=[
        ([5], [1], 1),
        ([3], [1], 2),
        ([3, 3, 3], [2, 2, 2], 1),
        ([4, 1, 4], [1, 9, 1], 1),
        ([9, 2, 9], [1, 3, 1], 3),
    ],
)


# %% draw="q6" count=24
def draw(rng):
    layers = rng.randint(3, 8)
    return (
        [rng.randint(1, 20) for _ in range(layers)],
        [rng.randint(1, 20) for _ in range(layers)],
        rng.randint(1, 9),
    )


# %% wrong="q6" slip="a map that changes its layout between two layers is converted, and that takes time"
def chain_time(nchw, nhwc, convert):
    return sum(map(min, nchw, nhwc))


# %% wrong="q6" slip="one layout need not serve the whole chain: it may change between layers"
def chain_time(nchw, nhwc, convert):
    return min(sum(nchw), sum(nhwc) + 2 * convert)


# %% wrong="q6" slip="neighbours in NHWC share their conversions: do not convert around every layer"
def chain_time(nchw, nhwc, convert):
    return sum(min(a, b + 2 * convert) for a, b in zip(nchw, nhwc, strict=True))


# %% wrong="q6" slip="the output must be in NCHW: a chain that ends in NHWC converts once more"
def chain_time(nchw, nhwc, convert):
    first, last = 0, math.inf
    for a, b in zip(nchw, nhwc, strict=True):
        first, last = min(first, last + convert) + a, min(last, first + convert) + b
    return min(first, last)


# %% wrong="q6" slip="the choice that is best for the next layer alone may cost more later"
def chain_time(nchw, nhwc, convert):
    total, here = 0, 0
    for times in zip(nchw, nhwc, strict=True):
        costs = [t + (convert if k != here else 0) for k, t in enumerate(times)]
        here = costs.index(min(costs))
        total += costs[here]
    return total + (convert if here else 0)


# %% [markdown]
# ## Done?
#
# `labcore grade my/12_layouts.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
