"""The host transfers of lab 08, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1135: "hbm-vs-pcie-30x",
    1141: "fig-margin-bandwidth-taper",
    1147: "figure-13-host-transfer",
    1155: "node-three-links",
    1157: "nvlink-bandwidth-range",
    1159: "pcie-bandwidth-range eight-gpus-5-tbps pcie-switch-64",
    1161: "nic-bandwidth-range",
    1163: "footnote-29-nvlink-vs-pcie",
    1168: "footnote-30-infiniband",
    1172: "bandwidth-taper-equation",
    1174: "taper-slowdown-30-100x",
    1176: "host-transfer-steps-text",
    1178: "footnote-31-dma",
}

ROUNDING = {"hbm-vs-pcie-30x", "pcie-switch-64"}
ERRATA = {
    "hbm-vs-pcie-30x-one-way", "hbm-vs-pcie-small-transfers", "fig-margin-bandwidth-taper",
    "eight-gpus-5-tbps-of-compute", "bandwidth-taper-equation",
}  # fmt: skip
CITED: set[str] = set()
PCIE_4, PCIE_5 = 16 * 16 * 128 / 130 / 8, 32 * 16 * 128 / 130 / 8  # GB/s: GT/s x lanes x line code / bits in a byte
BY_HAND = {
    "hbm-vs-pcie-30x": 2000 / 64,
    "hbm-vs-pcie-30x-one-way": 2039 / PCIE_4,
    "fig-margin-bandwidth-taper": [3350 / 900, 900 / 64, 64 / 50],
    "figure-13-host-transfer": 4,
    "node-three-links": 3,
    "nvlink-bandwidth-range": [12 * 25 * 2, 18 * 25 * 2],
    "pcie-bandwidth-range": [PCIE_4, PCIE_5],
    "eight-gpus-5-tbps": 8 * 0.6,
    "eight-gpus-5-tbps-of-compute": 8 * 2.039,
    "pcie-switch-64": PCIE_5,
    "nic-bandwidth-range": [200 / 8, 400 / 8],
    "footnote-29-nvlink-vs-pcie": [300 / PCIE_4, 450 / PCIE_5],
    "bandwidth-taper-equation": [3350 / 900, 900 / 64, 64 / 50],
    "taper-slowdown-30-100x": [2039 / 64, 2039 / 50, 3350 / 64, 3350 / 50],
    "host-transfer-steps-text": 4,
}
TURNS = [
    ("hbm-vs-pcie-small-transfers", {"D_vol": 10**6}),  # 16 us on the wire beside 6 us of call
    ("footnote-31-dma", {"D_in": 10e9}),  # 0.3 s to send for 2.2 ms of work: the accelerator waits, overlap or not
]
OF_MACHINES: set[str] = set()  # truths that machines or networks decide, with no input to turn

PAGE = {
    "hbm-vs-pcie-30x": "30",
    "hbm-vs-pcie-30x-one-way": "30",
    "figure-13-host-transfer": "4",
    "node-three-links": "3",
    "nvlink-bandwidth-range": "600 to 900",
    "pcie-bandwidth-range": "32 to 64",
    "eight-gpus-5-tbps": "5",
    "eight-gpus-5-tbps-of-compute": "5",
    "pcie-switch-64": "64",
    "nic-bandwidth-range": "25 to 50",
    "footnote-29-nvlink-vs-pcie": "10",
    "taper-slowdown-30-100x": "30 to 100",
    "host-transfer-steps-text": "4",
}
