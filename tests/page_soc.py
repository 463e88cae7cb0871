"""Lab 18, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    2491: "example-1-4-doorbell-30fps",
    2499: "fn43-npu-fallback",
    2507: "soc-detection-pipeline-split",
    2548: "sc10-q1",
    2554: "sc10-q2",
    2556: "sc10-q3",
    2562: "sc10-q4",
    2564: "sc10-q5",
}
PAGE = {
    "example-1-4-doorbell-30fps": "30",
    "sc10-q2": "10 to 50",
    "sc10-q4": "33",
}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED: set[str] = set()
OF_MACHINES: set[str] = set()
TURNS = [
    ("fn43-npu-fallback", {"unknown": "avgpool"}),  # one operator near the end: two tensors change hands
    ("soc-detection-pipeline-split", {"dearer": 20.0}),  # two times 1 ms, against 0.8 ms that the split gains
    ("sc10-q1", {"stages": "backbone"}),
    ("sc10-q3", {"T_skin": 60.0}),  # 35 K x 0.225 W/K are 7.9 W, and a block draws 5.0
    ("sc10-q5", {"names": "NPU"}),
]
# Derived here from the page and declared inputs, in the printed unit, without labcore.
P_NPU, P_SLEEP = 30e-3, 50e-6
T_PASS = 0.3994075e-3  # 159,763 cycles at 400 MHz: tests/test_soc_lab.py adds them up layer by layer
BY_HAND = {
    "example-1-4-doorbell-30fps": (1e-3 - P_SLEEP) / (T_PASS * (P_NPU - P_SLEEP)),
    "sc10-q4": 1000 / 30,
}
