"""Lab 17, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    2432: "multichip-h100-fp8",
    2440: "multichip-hundreds-accelerators",
    2444: "allreduce-hundreds-of-gb",
    2446: "fn41-amdahl-5pct-20x",
    2448: "fn42-allreduce",
    2450: "gradient-payload",
    2458: "datacenter-megawatts",
    2461: "sc9-q1",
    2467: "sc9-q2",
    2473: "sc9-q3",
    2475: "sc9-q4",
}
PAGE = {
    "multichip-h100-fp8": "1.98",
    "fn41-amdahl-5pct-20x": "20",
    "sc9-q1": "8, 0.65",
    "sc9-q4": "64",
}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED = {"multichip-h100-fp8", "multichip-hundreds-accelerators"}
OF_MACHINES: set[str] = set()
TURNS = [
    ("sc9-q2", {"across": 1, "down": 1}),  # dies as large as the wafer
]
# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {
    "allreduce-hundreds-of-gb": [100 * 2, 100 * 4, 175 * 2, 175 * 4],
    "fn41-amdahl-5pct-20x": 1 / 0.05,
    "gradient-payload": [1.5576112 * 2] * 2,  # 48 blocks of 12 d^2 + 13 d, both tables, one norm; d = 1600
    "datacenter-megawatts": [16_384 * 700, 5],
    "sc9-q1": [64 / 8, 5.2 / 8],
    "sc9-q3": [1755, 2 * 1755, 1755, 5 * 1755],
    "sc9-q4": 4096 / 64,
}
