"""Lab 19, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    911: "text-bandwidth-per-dollar",
    915: "table-8-trend-tdp table-8-trend-improvement table-8-exception-tf32",
    917: "table-8-caption",
    919: "table-8-row-v100",
    920: "table-8-row-a100",
    921: "table-8-row-h100",
    922: "table-8-row-tpuv4",
    923: "table-8-row-gaudi2",
    925: "table-8-pattern-price table-8-pattern-bandwidth table-8-pattern-h100-bandwidth",
    929: "summary-vector-8x summary-matrix-256 summary-tensor-tile summary-a100-peak resnet50-arithmetic-microseconds",
    934: "b200-fp4-peak",
    936: "resnet50-real-milliseconds",
    2575: "sustainability-hundreds-of-tons",
    2582: "carbon-cpu-efficiency",
    2583: "carbon-npu-efficiency",
    2584: "carbon-efficiency-gap",
    2588: "carbon-workload-billion-per-day",
    2589: "carbon-cpu-fleet-energy",
    2590: "carbon-npu-fleet-energy",
    2591: "carbon-roi-annual",
    2598: "sc11-q1",
    2604: "sc11-q2",
    3264: "sc11-q3-within-months",
}
PAGE = {
    "table-8-caption": "5",
    "table-8-row-v100": "80",
    "table-8-row-a100": "48.1",
    "table-8-row-h100": "50.6",
    "table-8-row-tpuv4": "29.1",
    "table-8-row-gaudi2": "13.9",
    "summary-vector-8x": "8",
    "summary-matrix-256": "256",
    "summary-a100-peak": "312",
    "b200-fp4-peak": "18",
    "carbon-cpu-efficiency": "0.01",
    "carbon-npu-efficiency": "2",
    "carbon-efficiency-gap": "200",
    "carbon-cpu-fleet-energy": "2400",
    "carbon-npu-fleet-energy": "12",
    "carbon-roi-annual": "373.9",
    "sc11-q2": "5000, 50, 1825000, 18250",
}
ROUNDING: set[str] = set()
ERRATA = {"table-8-exception-tf32", "table-8-row-h100", "table-8-pattern-bandwidth", "sc11-q3-within-months"}
CITED = {"table-8-trend-tdp", "summary-a100-peak"}
OF_MACHINES: set[str] = set()
TURNS = [
    ("text-bandwidth-per-dollar", {"I": 1000.0}),  # beyond every ridge point the peak decides
    ("table-8-pattern-h100-bandwidth", {"I": 1000.0}),
    ("sustainability-hundreds-of-tons", {"servers": 100}),
]
# Derived here from the page, in the printed unit, without labcore.
RESNET50 = 2 * 4_089_184_256 + 17_034_752  # multiply-accumulates of an image; then ReLUs, additions and pools
BY_HAND = {
    "table-8-trend-tdp": 1000,
    "table-8-trend-improvement": [(10_000 / 125) / (15_000 / 312), (10_000 / 125) / (30_000 / 989)],
    "table-8-exception-tf32": (30_000 / 494.5) / (15_000 / 156),
    "table-8-caption": 5,
    "table-8-row-v100": 10_000 / 125,
    "table-8-row-a100": 15_000 / 312,
    "table-8-row-h100": [25_000 / 494.5, 30_000 / 494.5],
    "table-8-row-tpuv4": 8_000 / 275,
    "table-8-row-gaudi2": 12_000 / 865,
    "table-8-pattern-price": [
        (10_000 / 125) / (15_000 / 312), (15_000 / 312) / (30_000 / 989), (10_000 / 15.7) / (15_000 / 19.5),
    ],
    "table-8-pattern-bandwidth": [(3350 / 25_000) / (2039 / 15_000), (3350 / 30_000) / (2039 / 15_000)],
    "summary-vector-8x": 256 / 32,
    "summary-matrix-256": 16 * 16,
    "summary-tensor-tile": 16 * 16 * 16,
    "summary-a100-peak": 312,
    "resnet50-arithmetic-microseconds": RESNET50 / 312e12 * 1e6,
    "b200-fp4-peak": 2 * 9,
    "resnet50-real-milliseconds": [2128, RESNET50 / 312e12 * 1e6],
    "carbon-cpu-efficiency": 1 / 100,
    "carbon-npu-efficiency": 10 / 5,
    "carbon-efficiency-gap": (10 / 5) / (1 / 100),
    "carbon-workload-billion-per-day": [1000 * 1e12 * 86_400 / 1e9 / 1e9] * 2,
    "carbon-cpu-fleet-energy": 1000 * 100 * 24 / 1000,
    "carbon-npu-fleet-energy": 100 * 5 * 24 / 1000,
    "carbon-roi-annual": (2400 - 12) * 0.429 * 365 / 1000,
    "sc11-q1": [5 / 0.05, 200, 30, 80],  # the last two as TPU v1's abstract has them
    "sc11-q2": [5e9 / 1e6, 0.05e9 / 1e6, 5e9 * 365 / 1e6, 0.05e9 * 365 / 1e6],
    "sc11-q3-within-months": 100 * 0.95 * 0.4 * 1.56 * 8760 * 0.0806 / (4 * 15_000),
}  # fmt: skip
