"""Labs 21 and 22, entered a second time by hand: where the essay's statements stand, what they print and give."""

from math import ceil

IDS_BY_LINE = {
    7: "essay-small-primitive-set",
    10: "essay-matmul-quantize-fusion",
    15: "essay-neuroncore-four-engines",
    19: "essay-gpsimd-eight-512bit",
    22: "essay-prefill-decode-asymmetry essay-opposite-bottlenecks",
    23: "essay-decode-leaves-flops-unused essay-sram-takes-many-chips essay-batching-reuse",
    25: (
        "essay-flops-3x-per-2yr essay-dram-bw-1-6x-per-2yr essay-interconnect-1-4x-per-2yr essay-compute-bandwidth-gap"
    ),
    26: "essay-capacity-kv-linear",
    28: "essay-memory-three-ways",
    30: "essay-cooling-7-to-30pct",
    40: "essay-two-practical-tasks",
    46: "essay-two-layers-three-axes",
    58: "essay-hbm3-3tbs essay-ddr5-0-1-to-0-6tbs essay-hbm-vs-ddr-ratio",
    61: "essay-packaging-2d-2-5d-3d",
    66: "essay-interconnect-hierarchy",
    71: "essay-almost-a-whole-wafer",
    72: "essay-chiplets-cost-less essay-die-to-die-bottleneck",
    75: "essay-precision-roles",
    77: "essay-precision-by-peaks",
    84: "essay-static-plan-not-enough",
    90: "essay-2-4-sparsity",
    93: "essay-sparsity-side-tax",
    98: "essay-experts-uneven",
    99: "essay-early-exit-branches",
    100: "essay-speculative-uneven",
    102: "essay-divergence-costs-a-gpu",
    125: "essay-gpu-share-outlook",
    126: "essay-attention-quadratic-kv-linear",
}
PAGE = {
    "essay-neuroncore-four-engines": "4",
    "essay-flops-3x-per-2yr": "3.0",
    "essay-dram-bw-1-6x-per-2yr": "1.6",
    "essay-interconnect-1-4x-per-2yr": "1.4",
    "essay-memory-three-ways": "3",
    "essay-cooling-7-to-30pct": "7 to 30",
    "essay-hbm3-3tbs": "3",
    "essay-ddr5-0-1-to-0-6tbs": "0.1 to 0.6",
}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED = {
    "essay-neuroncore-four-engines", "essay-flops-3x-per-2yr", "essay-dram-bw-1-6x-per-2yr",
    "essay-interconnect-1-4x-per-2yr", "essay-cooling-7-to-30pct", "essay-hbm3-3tbs",
}  # fmt: skip
OF_MACHINES: set[str] = set()
TURNS = [
    ("essay-packaging-2d-2-5d-3d", {"E_byte": 0.08e-12}),  # 1.3 PB/s/m at so little are less than 224 TB/s/m at 4.8 pJ
    ("essay-chiplets-cost-less", {"density": 10.0}),  # hardly a defect: the links' area is not won back
    ("essay-die-to-die-bottleneck", {"link": 2.7e12}),
    ("essay-static-plan-not-enough", {"kind": "equal"}),  # what takes as long as planned needs no queue
    ("essay-static-plan-not-enough", {"T_dispatch": 0.6}),  # nor does one that is dear help
    ("essay-sparsity-side-tax", {"pruned": 0.9}),  # a tenth of the values with its indices: a fifth of the bytes
    ("essay-sparsity-side-tax", {"pattern": "2:4"}),  # as many in each group: no lane waits
    ("essay-divergence-costs-a-gpu", {"apart": False}),
    ("essay-divergence-costs-a-gpu", {"width": 1}),
    ("essay-opposite-bottlenecks", {"tokens": 64}),  # a short prompt, too, lies below the ridge
    ("essay-batching-reuse", {"rate": 8.0}),  # more than one at a time can be served: batches shorten the wait
    ("essay-batching-reuse", {"batch": 1}),
    ("essay-speculative-uneven", {"agree": 0.5}),  # the draft is the target: all is kept
]

# Derived here from the page and its sources, in the printed unit, without labcore.
PARAMS_8B = 2 * 128256 * 4096 + 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336 + 2 * 4096) + 4096
PARAMS_70B = 2 * 128256 * 8192 + 80 * (2 * 8192**2 + 2 * 8192 * 1024 + 3 * 8192 * 28672 + 2 * 8192) + 8192
BY_HAND = {
    "essay-matmul-quantize-fusion": 2,
    "essay-neuroncore-four-engines": 4,
    "essay-gpsimd-eight-512bit": [8 * 512, 8 * 16, 8 * 64],
    "essay-prefill-decode-asymmetry": [PARAMS_8B * 2 / 1e9, PARAMS_70B * 2 / 1e9, 810],
    "essay-sram-takes-many-chips": [ceil(PARAMS_70B * 2 / 230e6), ceil(PARAMS_70B * 2 / (900 * 2**20))],
    "essay-flops-3x-per-2yr": 3.0,
    "essay-dram-bw-1-6x-per-2yr": 1.6,
    "essay-interconnect-1-4x-per-2yr": 1.4,
    "essay-compute-bandwidth-gap": [(3.0 / 1.6) ** 10, (3.0 / 1.4) ** 10],
    "essay-capacity-kv-linear": [2, 4, 2, 4],
    "essay-memory-three-ways": 3,
    "essay-cooling-7-to-30pct": [7, 30],
    "essay-hbm3-3tbs": 3.35,
    "essay-ddr5-0-1-to-0-6tbs": [2 * 8 * 6.4e9 / 1e12, 12 * 8 * 6.4e9 / 1e12],
    "essay-hbm-vs-ddr-ratio": [3350 / (2 * 51.2), 3350 / (12 * 51.2)],
    "essay-almost-a-whole-wafer": 100 * 46_225 / (3.141592653589793 * 150**2),  # mm^2
    "essay-precision-roles": [2, 4, 8, 1],
    # 21 chips: all but P40 and TPU v1; all but P100, V100, TPU v2 and v3; T4 and two A100
    "essay-precision-by-peaks": [100 * 19 / 21, 100 * 17 / 21, 100 * 3 / 21],
    "essay-2-4-sparsity": [1 - 2 / 4, 4 / 2, (2 * 16 + 2 * 2) / (4 * 16)],
    "essay-attention-quadratic-kv-linear": [2, 2**2],
    # a batch of 8 leaves a layer when all have: sum of 1 - (1 - 0.95^k)^8, over the sum of 0.95^k, k from 0 to 31
    "essay-early-exit-branches": sum(1 - (1 - 0.95**k) ** 8 for k in range(32)) / sum(0.95**k for k in range(32)),
}
