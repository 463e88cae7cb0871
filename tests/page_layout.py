"""Lab 12, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1820: "layout-rgb-row-major",
    1836: "layout-rgb-channel-major",
    1846: "fn34-coalescing-gap",
    1852: "fn35-nhwc-nchw",
    1858: "table18-caption",
    1860: "table18-storage-order",
    1861: "table18-best-for",
    1862: "table18-cache",
    1863: "table18-conv-perf",
    1864: "table18-fetching",
    1865: "table18-default",
    2119: "sc6-q2",
}
PAGE: dict[str, str] = {}  # no entry prints a number: two listings, a key's letter, quantities in words
ROUNDING = set()
ERRATA = {"table18-best-for", "sc6-q2"}
CITED = {"table18-conv-perf"}
OF_MACHINES = set()
TURNS = [
    ("table18-caption", {"C": 1}),  # one channel: both layouts are the same
    ("table18-storage-order", {"N": 2}),  # a batch has every channel in two places
    ("table18-best-for", {"order": "NHWC"}),
    ("table18-cache", {"C": 1}),
    ("table18-fetching", {"C": 1}),
    ("sc6-q2", {"C": 1}),
]
BY_HAND = {
    "fn34-coalescing-gap": [32 / (32 * 4 / 32), 32 / (32 * 2 / 32), 32 / (32 * 1 / 32)],  # a sector is 32 B
    "fn35-nhwc-nchw": [32 / 4, 32 / 4],
    "table18-conv-perf": 1.22,
}
