"""Lab 11, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1694: "dataflow-three-decisions",
    1700: "dataflow-90-percent",
    1704: "dataflow-four-building-blocks",
    1712: "listing-15-naive-matmul",
    1724: "listing-15-row-column-counts",
    1728: "listing-15-256-pairs",
    1742: "listing-16-weight-stationary",
    1759: "weight-stationary-tradeoffs",
    1763: "output-stationary-hundreds-thousands",
    1771: "listing-17-output-stationary",
    1786: "listing-18-input-stationary",
    1802: "three-dataflows-summary",
    2062: "three-representative-workloads",
    2066: "table22-caption",
    2068: "table22-dataflow",
    2069: "table22-layout",
    2070: "table22-fusion",
    2071: "table22-tiling",
    2077: "cnn-weight-reuse-hundreds",
    2085: "attention-s-squared",
    2089: "gemm-square-n-over-3 gemm-64-below-ridge mlp-batch-reuse-linear",
    2091: "fn38-gemm",
    2113: "sc6-q1",
    2133: "sc6-q5",
}
PAGE = {
    "dataflow-90-percent": "90",
    "listing-15-row-column-counts": "32, 512",
    "listing-15-256-pairs": "256",
    "sc6-q5": "2 to 3",
}
ROUNDING = set()
ERRATA = {"cnn-weight-reuse-hundreds"}
CITED = set()
OF_MACHINES = set()
TURNS = [
    ("listing-16-weight-stationary", {"order": "NMK"}),
    ("weight-stationary-tradeoffs", {"large": 4096}),
    ("listing-17-output-stationary", {"order": "NKM"}),
    ("listing-18-input-stationary", {"order": "NKM"}),
    ("three-dataflows-summary", {"ws": "is"}),
    ("three-dataflows-summary", {"side": 65536}),  # one fold holds every layer: all move the same
    ("gemm-64-below-ridge", {"n": 512}),
]
# Derived here from the page and the published shapes, in the printed unit, without labcore.
BY_HAND = {
    "listing-15-naive-matmul": [2 * 512 * 32 * 256] * 2,
    "listing-15-row-column-counts": [32, 512],
    "listing-15-256-pairs": 256,
    "output-stationary-hundreds-thousands": [768, 768, 768, 4 * 768, 512],  # tokens last
    "cnn-weight-reuse-hundreds": [112 * 112, 56 * 56, 28 * 28, 14 * 14, 7 * 7],
    "attention-s-squared": 2,
    "sc6-q1": 56 * 56,
}
