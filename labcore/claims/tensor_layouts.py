"""Row-major and channel-major order: lines 1820 to 1865, and the question of set 6 about layouts.

>>> from labcore.claims.ledger import claim
>>> claim("fn34-coalescing-gap").computed
[8.0, 16.0, 32.0]
"""

from __future__ import annotations

from functools import cache

from labcore.cache import Cache, simulate
from labcore.catalogue.layouts import PYTORCH, RESNET50_GAIN, TENSORFLOW
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import A_FEW, Answer, Identity, Truth, Words
from labcore.layout import Layout, lane_access, layout, together, walk

LAB = "12_layouts"
IMAGE, COALESCING, TABLE, CHECK = (f"{LAB}#{name}" for name in ("image", "coalescing", "table-18", "self-check"))
ITEM = "Table 18"
MULTI_FOLD = A_FEW[0]
L1 = Cache(32 * 1024, line=64)


def feature_map(name: str, C: int = 64, H: int = 56, W: int = 56, N: int = 1) -> Layout:
    """A feature map of ResNet-50's first stage, unless given otherwise."""
    return layout(name, N=N, C=C, H=H, W=W)


@cache
def misses(name: str, order: str, C: int, H: int = 7, W: int = 7) -> int:
    """Lines that a first cache of 32 KiB fetches for one pass over a map of float32 in this order of loops."""
    return simulate(walk(feature_map(name, C, H, W), order), L1).misses


@computes("layout-rgb-row-major", "Equation (unnumbered) §Row-major layout",
          Identity("(0,0,0) (0,0,1) (0,0,2) (0,1,0) (0,1,1) (0,1,2) (0,2,0) (0,2,1) (0,2,2) ..."), "elements (h,w,c)",
          IMAGE)  # fmt: skip
def rows_in_order(H=3, W=3, C=3):
    """Addresses of I(h, w, c) in NHWC in the order printed, beside 0, 1, 2 and on."""
    image = layout("NHWC", N=1, C=C, H=H, W=W)
    return [image.address(w=w, c=c) for w in range(W) for c in range(C)], list(range(W * C))


@computes("layout-rgb-channel-major", "Equation (unnumbered) §Channel-major layout",
          Identity("(0,0,0) (0,1,0) (0,2,0) (1,0,0) (1,1,0) (1,2,0) ..."), "elements (h,w,c)", IMAGE)  # fmt: skip
def channels_in_order(H=3, W=3, C=3):
    """Addresses of the first channel's values in NCHW in the order printed, beside 0, 1, 2 and on."""
    image = layout("NCHW", N=1, C=C, H=H, W=W)
    return [image.address(h=h, w=w) for h in range(2) for w in range(W)], list(range(2 * W))


@computes("fn34-coalescing-gap", "Footnote 34", Words("multi-fold", least=MULTI_FOLD), "x", COALESCING)
def scattered_over_merged(C=64, H=56, W=56):
    """Sectors of a warp along a row of NHWC over those in NCHW, for elements of 4, 2 and 1 B.

    It is the traffic of one load without a cache; the time of a whole network differs by less (table18-conv-perf).
    """
    maps = feature_map("NHWC", C, H, W), feature_map("NCHW", C, H, W)
    sectors = [[lane_access(one, "W", size).transactions for one in maps] for size in (4, 2, 1)]
    return [far / near for far, near in sectors]


@computes("fn35-nhwc-nchw", "Footnote 35", Words("multi-fold", least=MULTI_FOLD), "x", COALESCING)
def mismatch_either_way(C=64, H=56, W=56):
    """Sectors of a warp along W in NHWC, and along C in NCHW, each over those in the layout that fits."""
    pairs = (("W", "NHWC", "NCHW"), ("C", "NCHW", "NHWC"))
    sectors = {(over, name): lane_access(feature_map(name, C, H, W), over).transactions
               for over, *names in pairs for name in names}  # fmt: skip
    return [sectors[over, bad] / sectors[over, good] for over, bad, good in pairs]


@computes("table18-caption", ITEM, Truth(words="row-major is NHWC, channel-major is NCHW"), "", TABLE)
def names_of_the_caption(C=64):
    """By the section's definitions only NHWC keeps each row of an image together, and only NCHW each channel."""
    rows, channels = ([together(feature_map(name, C), axes) for name in ("NHWC", "NCHW")] for axes in ("NH", "NC"))
    return rows == [True, False] and channels == [False, True]


@computes("table18-storage-order", ITEM,
          Truth(words="NHWC: row by row, channels interleaved; NCHW: a channel's values together"), "",
          TABLE)  # fmt: skip
def storage_order(N=1):
    """NHWC keeps a pixel's channels together, and a row's pixels; NCHW all values of a channel, in one image."""
    interleaved = all(together(feature_map("NHWC", N=N), axes) for axes in ("NHW", "NH"))
    return interleaved and together(feature_map("NCHW", N=N), "C")


@computes("table18-best-for", ITEM, Truth(words="NHWC is best for element-wise operations"), "", TABLE)
def best_for_each_element(order="", C=1024):
    """Whether an element-wise pass fetches fewer lines in NHWC than in NCHW; it goes by address, unless told how."""
    return misses("NHWC", order, C) < misses("NCHW", order, C)


@best_for_each_element.erratum
def any_order_will_do():
    """An element-wise operation may take elements in any order, and so it takes them by address.

    A map of 1024 x 7 x 7 costs {nhwc:,} lines in NHWC and {nchw:,} in NCHW: both suit it, neither is best. By channel a
    map of 64 x 28 x 28 costs {by_channel:.0f} times the lines in NHWC. Would hold of loops that go by pixel: they cost
    {by_pixel:.0f} times the lines in NCHW.
    """
    nhwc, nchw = (misses(name, "", 1024) for name in ("NHWC", "NCHW"))
    by_pixel = misses("NCHW", "NHWC", 1024) / misses("NHWC", "NHWC", 1024)
    by_channel = misses("NHWC", "NCHW", 64, 28, 28) / misses("NCHW", "NCHW", 64, 28, 28)
    return {"nhwc": nhwc, "nchw": nchw, "by_pixel": by_pixel, "by_channel": by_channel}


@computes("table18-cache", ITEM, Truth(words="NHWC: locality channel by channel; NCHW: coalescing channel-first"), "",
          TABLE)  # fmt: skip
def locality_and_coalescing(C=1024):
    """A walk with the channels innermost misses less in NHWC; lanes along a row touch fewer sectors in NCHW."""
    local = misses("NHWC", "NHWC", C) < misses("NCHW", "NHWC", C)
    nhwc, nchw = (lane_access(feature_map(name, C), "W").transactions for name in ("NHWC", "NCHW"))
    return local and nchw < nhwc


@cites("table18-conv-perf", ITEM, Words("often preferred by Tensor Core paths", least=1), "x", TABLE)
def gain_of_channels_last():
    """Speed of training ResNet-50 in mixed precision with channels last, over NCHW."""
    return RESNET50_GAIN


@computes("table18-fetching", ITEM, Truth(words="NHWC: vectors over channels; NCHW: tiles of a channel"), "",
          TABLE)  # fmt: skip
def fetching(C=64, lanes=8, side=8):
    """A vector of 32 B along C takes fewer sectors in NHWC, a square tile of one channel fewer in NCHW."""
    vectors, tiles = [], []
    for name in ("NHWC", "NCHW"):
        vectors.append(lane_access(feature_map(name, C), "C", lanes=lanes).transactions)
        tiles.append(side * lane_access(feature_map(name, C), "W", lanes=side).transactions)
    return vectors[0] < vectors[1] and tiles[1] < tiles[0]


@computes("table18-default", ITEM, Identity("TensorFlow: NHWC; PyTorch: NCHW, with channels last as an option"), "",
          TABLE)  # fmt: skip
def defaults():
    """Strides of the two layouts for PyTorch's example, beside those that its page prints, the default first."""
    ours = [layout(name, **PYTORCH.sizes).strides for name in ("NCHW", TENSORFLOW.default)]
    theirs = [PYTORCH.strides[PYTORCH.default], PYTORCH.strides["NHWC"]]
    return [one[axis] for one in ours for axis in "NCHW"], [stride for one in theirs for stride in one]


@computes("sc6-q2", "Self-Check set 6 Q2", Answer("A"), "", CHECK)
def channel_major_and_adjacent(C=64):
    """Channel-major, which the question and its answer call NHWC, keeps the channels of a pixel side by side."""
    one = feature_map("NHWC", C)
    return one.strides["C"] == 1 and together(one, "NC")


@channel_major_and_adjacent.erratum
def one_name_for_both():
    """What A says of NHWC holds, but not the name that the question and its answer give it.

    In a map of {C} x 56 x 56 the channels of a pixel lie {near} element apart, in NCHW {far:,}. But channel-major is
    what the section and Table 18 call NCHW, which keeps all values of a channel together: {far:,} in a row. In NHWC
    they lie {C} apart. The answer's remark that CPUs often prefer NCHW is at odds with Table 18, where CPU loops are
    NHWC's. Would hold with "channels last" in place of "channel-major".
    """
    nhwc, nchw = feature_map("NHWC"), feature_map("NCHW")
    return {"C": nhwc.strides["W"], "near": nhwc.strides["C"], "far": nchw.strides["C"]}
