"""Lab 01's part of the chapter, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    5: "cover-blueprint",
    11: "purpose-fetch-costs-thousands-of-ops purpose-memory-wall-is-physics",
    22: "fig-dam-machine-axis",
    26: "intro-thousand-flops-per-fetch",
    28: "def-1-1-hardware-acceleration",
    32: "def-1-1-a100-peak-fp16 def-1-1-cpu-peak-fp16 def-1-1-a100-cpu-gap def-1-1-transistor-count",
    40: "def-1-2-co-design",
    44: "def-1-2-int8-multifold",
    48: "text-int8-speedup-2-4x",
    50: "theorem-1-1-amdahl-law",
    51: "eq-1-amdahl",
    53: "theorem-1-1-parallel-fraction-range",
    57: "theorem-1-1-serial-10pct-ceiling",
    61: "footnote-1-iron-law-floor",
    63: "text-iron-law-terms",
    65: "text-p-above-0-99-needed",
    67: "figure-1-iron-law-heatmap figure-1-wall-below-0-9",
    73: "checkpoint-1-1-parallelism-gate",
    81: "lighthouse-1-1-amdahl-h100",
    84: "amdahl-h100-gain",
    85: "amdahl-h100-resnet50-parallel-term amdahl-h100-resnet50-speedup",
    91: "amdahl-h100-gpt2-parallel-term amdahl-h100-gpt2-speedup",
    93: "amdahl-h100-gpt2-ceiling",
    95: "footnote-2-attention-intensity",
    97: "text-ten-times-chip",
    99: "text-data-movement-over-100x",
}
ROUNDING: set[str] = set()
ERRATA = {
    "intro-thousand-flops-per-fetch", "def-1-1-a100-cpu-gap-with-matrix-units", "def-1-1-transistor-count",
    "text-int8-speedup-of-vector-fp32", "footnote-1-data-term-untouched",
    "amdahl-h100-gpt2-gain-of-its-bytes", "footnote-2-attention-intensity-of-a-prompt",
}  # fmt: skip
CITED = {"def-1-1-cpu-peak-fp16"}

# GPT-2 on 512 tokens at two bytes: (512, 768) @ (768, 2304), 12 heads of (512, 64) @ (64, 512), (512, 768) @ (768, 768)
PROJECTION = 512 * 768 * 2304 / (512 * 768 + 768 * 2304 + 512 * 2304)
SCORES = 512 * 64 * 512 / (512 * 64 + 64 * 512 + 512 * 512)
OUTPUT = 512 * 768 * 768 / (512 * 768 + 768 * 768 + 512 * 768)
# 3 x 3, 128 to 256 channels at 56 x 56, 32 images, two bytes: 2 x 9 x 128 FLOP an output, each operand moved once
CONVOLUTION = 2 * 9 * 128 * 32 * 56**2 * 256 / (2 * (32 * 128 * 56**2 + 256 * 128 * 9 + 32 * 256 * 56**2))
BY_HAND: dict[str, object] = {
    "purpose-fetch-costs-thousands-of-ops": 100 * 2 * 16,  # ns, cycles a ns, FLOP a cycle
    "intro-thousand-flops-per-fetch": 312e12 * 100e-9,
    "def-1-1-a100-peak-fp16": 2 * 256 * 4 * 108 * 1.41e9 / 1e12,
    "def-1-1-a100-cpu-gap": [312 / 2, 312 / 1],
    "def-1-1-a100-cpu-gap-with-matrix-units": 312e12 / (56 * 1024 * 2e9),  # cores, FLOP a clock, clock
    "def-1-2-int8-multifold": 624 / 156,
    "text-int8-speedup-2-4x": 32 / 8,
    "text-int8-speedup-of-vector-fp32": 624 / 19.5,
    "theorem-1-1-serial-10pct-ceiling": 1 / (1 - 0.9),
    "text-p-above-0-99-needed": [156 / 157, 247 / 248, 312 / 313],
    "figure-1-iron-law-heatmap": 1 / (0.001 + 0.999 / 1000),
    "figure-1-wall-below-0-9": [0.19 / 0.109, 0.109 / 0.1009],  # 0.1 + 0.9 / G at 10, 100 and 1000
    "amdahl-h100-gain": 1979 / 8,
    "amdahl-h100-resnet50-parallel-term": 0.95 / 247,
    "amdahl-h100-resnet50-speedup": 1 / (0.05 + 0.95 / 247),
    "amdahl-h100-gpt2-parallel-term": 0.8 / 247,
    "amdahl-h100-gpt2-speedup": 1 / (0.2 + 0.8 / 247),
    "amdahl-h100-gpt2-gain-of-its-bytes": 3350 / 307.2,  # both memory-bound: GB/s, 8 channels of 8 B x 4.8 GT/s
    "amdahl-h100-gpt2-ceiling": 1 / 0.2,
    # a norm of 6 FLOP an element reads and writes each, and reads scale and bias; a softmax 3 FLOP on 4 bytes
    "footnote-2-attention-intensity-of-a-prompt": [
        6 * 512 * 768 / (4 * 512 * 768 + 4 * 768), PROJECTION, SCORES, 3 / 4, SCORES, OUTPUT, 1 / 6,
    ],
    # the convolution is bound by computing before and by its bytes after, and so gains I_ridge's share of its intensity
    "text-ten-times-chip": [CONVOLUTION / (312 / 2.04), 1],
    "text-data-movement-over-100x": 650 / (3.7 + 0.9),  # 1.3 nJ for 64 bit, so 650 pJ for 32; a multiply and an add
}  # fmt: skip

TURNS = [
    ("theorem-1-1-amdahl-law", {"G_serial": 2}),  # a faster serial part passes the ceiling of the slow one
    ("footnote-1-data-term-untouched", {"cpu_bandwidth": 4e12}),
    ("text-iron-law-terms", {"factor": 1}),
    ("lighthouse-1-1-amdahl-h100", {"p_gpt2": 0.99}),
]
OF_MACHINES: set[str] = set()

# As on the page, but for the dash of a range, here "to"; the thousand of the introduction is written out there.
PAGE = {
    "intro-thousand-flops-per-fetch": "1000",
    "def-1-1-a100-peak-fp16": "312",
    "def-1-1-cpu-peak-fp16": "1 to 2",
    "def-1-1-a100-cpu-gap": "156, 312",
    "def-1-1-a100-cpu-gap-with-matrix-units": "156 to 312",
    "def-1-1-transistor-count": "80 and more",
    "text-int8-speedup-2-4x": "4",
    "text-int8-speedup-of-vector-fp32": "2 to 4",
    "theorem-1-1-parallel-fraction-range": "90 to 99",
    "theorem-1-1-serial-10pct-ceiling": "10",
    "text-p-above-0-99-needed": "0.99",
    "figure-1-iron-law-heatmap": "500",
    "amdahl-h100-gain": "247",
    "amdahl-h100-resnet50-parallel-term": "0.0038",
    "amdahl-h100-resnet50-speedup": "18.6",
    "amdahl-h100-gpt2-parallel-term": "0.0032",
    "amdahl-h100-gpt2-speedup": "4.9",
    "amdahl-h100-gpt2-gain-of-its-bytes": "247",
    "amdahl-h100-gpt2-ceiling": "5",
    "text-ten-times-chip": "10",
    "text-data-movement-over-100x": "100 and more",
}
