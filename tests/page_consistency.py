"""What two places of the chapter, or a listing and its run, cannot both have: entered a second time by hand."""

import math

IDS_BY_LINE: dict[int, str] = {}  # each stands on two lines at least; tests/test_errata.py names them
PAGE = {
    "listing-19-batch-norm-call": "1",
    "systolic-computing-1pj": "1",
    "nm1-3-h100-year": "2023",
    "selfcheck-3-q2-single-cycle": "1",
    "sc5-q3-filter-resident": "1",
    "kernel-fusion-three-intermediates": "3",
    "sc9-q1-cap-below-its-premise": "5",
    "sc9-q4-weekly-to-hourly": "1",
    "sc11-q2-ten-to-hundred": "10 to 100",
    "fallacy1-cpu-ridge": "10 to 20",
}
ROUNDING: set[str] = set()
ERRATA = set(PAGE) | {
    "listing-10-as-python", "listing-22-as-python", "listing-16-18-outputs", "listing-17-outputs",
    "pe-count-thousands", "memory-wall-millions-a-second", "hierarchy-every-access-dwarfs", "hbm-answers-before-dram",
    "selfcheck-3-q2-dozens-of-cycles", "table17-independent-rows", "dataflow-of-dense-layers",
    "fusion-batchnorm-single-elements", "sc12-q3-cost-with-devices",
}  # fmt: skip
CITED: set[str] = set()
OF_MACHINES: set[str] = set()
TURNS = [
    ("listing-5-bias-as-column", {"bias": (512,)}),  # axes meet at the end, 512 with the 32 samples
    ("listing-10-as-python", {"head": "(temp[b, f] *", "tail": "scale) + shift"}),
    ("listing-22-as-python", {"head": "(A_tile[ii, kk] *", "tail": "B_tile[kk, jj])"}),
    ("hierarchy-every-access-dwarfs", {"register": 50e-12, "sram": 50e-12}),
    ("hbm-answers-before-dram", {"hbm": 20e-9}),
    ("table17-independent-rows", {"buffer_words": 3 * 64 * 64}),  # where all fits, any order does
    ("dataflow-of-dense-layers", {"buffer_words": 10**7}),
    ("listing-16-18-outputs", {"rows": 1, "columns": 1}),  # one block of each: every pair goes where it belongs
    ("listing-17-outputs", {"rows": 1, "columns": 1}),
    ("fusion-batchnorm-single-elements", {"training": False}),
]
# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {
    "listing-19-batch-norm-call": 9,  # input, weight, bias, running mean and variance, training, momentum, eps, cudnn
    "pe-count-thousands": 108,
    "memory-wall-millions-a-second": 2 * 1.41e9,
    "systolic-computing-1pj": 3.7 + 0.9,
    "nm1-3-h100-year": 2022,
    "selfcheck-3-q2-single-cycle": 1e-9 * 2e9,
    "selfcheck-3-q2-dozens-of-cycles": 100e-9 * 2e9,
    "sc5-q3-filter-resident": (8 - 3 + 1) ** 2,
    "kernel-fusion-three-intermediates": 3 - 1,
    "sc9-q1-cap-below-its-premise": 8 * 0.8,
    "sc9-q4-weekly-to-hourly": 7 * 24 / (4096 / 64),
    "sc11-q2-ten-to-hundred": (10 / 5) / (1 / 100),
    "fallacy1-cpu-ridge": [1000 / 200, 2000 / 200],
    "sc12-q3-cost-with-devices": (255 / 256) / (7 / 8),
}
assert math.log(256, 8) > BY_HAND["sc12-q3-cost-with-devices"]
