"""Lab 14, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1952: "fn37-tiling-on-fetches",
    1958: "listing-20-naive-matmul",
    1969: "fig-14-matrix-tiling",
    1974: "eq-unnumbered-matmul-sum",
    1976: "dram-100-1000x-slower",
    1982: "listing-21-cache-blocked",
    1997: "tiling-three-effects",
    2005: "tiling-spatial-vs-temporal",
    2011: "listing-22-explicit-staging",
    2034: "tile-size-tradeoff",
    2044: "table21-caption",
    2046: "table21-goal",
    2047: "table21-focus",
    2048: "table21-memory",
    2049: "table21-use-cases",
    2050: "table21-gains",
    2051: "table21-challenges",
    2052: "table21-best-when",
    2127: "sc6-q4",
    2135: "sc6-q6",
}
PAGE = {"dram-100-1000x-slower": "100 to 1,000"}
ROUNDING = set()
ERRATA = {"dram-100-1000x-slower"}
CITED = set()
OF_MACHINES = set()
TURNS = [
    ("table21-goal", {"buffer_words": 3}),  # one word of each: the tile in the written order is the untiled one
    ("table21-memory", {"order": "NKPQCRS"}),  # the best order is this one already
    ("table21-use-cases", {"kept": 32}),  # a quarter of the weights: all of them again at every time step
    ("table21-best-when", {"buffer_words": 10**6}),  # 3 * 512^2 = 786,432 words fit
    ("sc6-q4", {"T": 1}),
    ("sc6-q6", {"T": 128}),  # 128 / 2 = 64 FLOP/B, below 153
]
# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {
    "fn37-tiling-on-fetches": [1024, 1024 / 32],
    "listing-20-naive-matmul": 3,
    "fig-14-matrix-tiling": [(1024 / 32) ** 2, 1024 / 32, 3 * 32 * 32 * 4],
    "dram-100-1000x-slower": [100 / 10, 100 / 1, 100 / 0.5, 150 / 0.5],
    "listing-21-cache-blocked": [32, 3 * 32**2 * 4],
    # words: 2 N^3 / T + N^2; of loads only the first term
    "tiling-three-effects": [32, 32, (2 * 1024 + 1) / (2 * 1024 / 32 + 1)],
    "listing-22-explicit-staging": 2 * 32**3 / (2 * 32**2),  # one tile each: all of A and of B, once
    "tile-size-tradeoff": [(32 / 2) / (312 / 2.039), (2 + 2 + 4) * 256**2 / (164 * 1024)],
}
