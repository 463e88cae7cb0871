"""Lab 20, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    2612: "fallacies-intro-10-30pct",
    2616: ("fallacy1-ridge-153 fallacy1-softmax-tflops fallacy1-softmax-utilization fallacy1-cpu-fraction"),
    2620: (
        "pitfall2-dram-sram-energy pitfall2-sram-energy pitfall2-ridge-150 pitfall2-layernorm-3tflops "
        "pitfall2-layernorm-1pct"
    ),
    2624: (
        "fallacy3-eight-gpus fallacy3-nvlink-sync-time fallacy3-step-share fallacy3-speedup-7-5 "
        "fallacy3-efficiency-93-8 fallacy3-share-vs-efficiency fallacy3-allreduce-underestimate"
    ),
    2628: "pitfall4-training-tflops-util pitfall4-recsys-util pitfall4-peak-times-utilization",
    2632: "fallacy5-fp16-fp32-gap",
    2636: (
        "pitfall6-batch1-vs-256 pitfall6-batch-1-4 pitfall6-a100-ceiling pitfall6-t4-ceiling pitfall6-t4-ridge "
        "pitfall6-little-latency-gain pitfall6-rent-several-times"
    ),
    2640: "fallacy7-portability",
    2644: "pitfall8-embedded-kernels",
    2648: "checkpoint-1-4",
    2655: "sc12-q1",
    2661: "sc12-q2",
    2667: "sc12-q3 sc12-q3-cap-and-speedup",  # the second is in the answer
    2669: "sc12-q4",
    2671: "sc12-q5",
    2689: "kt-roofline",
    2690: "kt-bandwidth-growth",
    2691: "kt-codesign",
    2692: "kt-tensor-cores",
    2693: "kt-intensity-ranges kt-intensity-layernorm kt-intensity-convolutions",
    2701: "sc13-q1",
    2707: "sc13-q2",
    2709: "sc13-q3",
    2886: "selfcheck-answer-key-pattern",  # where the answers of set 4 begin
}
# As on the page, but for the dash of a range, here "to".
PAGE = {
    "fallacies-intro-10-30pct": "10 to 30",
    "fallacy1-ridge-153": "153",
    "fallacy1-softmax-tflops": "4.1, 10.2",
    "fallacy1-softmax-utilization": "3.3, 3.3",
    "fallacy1-cpu-fraction": "10, 50",
    "pitfall2-sram-energy": "0.5",
    "pitfall2-ridge-150": "150",
    "pitfall2-layernorm-3tflops": "3",
    "pitfall2-layernorm-1pct": "1",
    "fallacy3-eight-gpus": "8",
    "fallacy3-nvlink-sync-time": "3.33",
    "fallacy3-step-share": "6.7",
    "fallacy3-speedup-7-5": "7.5",
    "fallacy3-efficiency-93-8": "93.8",
    "fallacy3-share-vs-efficiency": "6.7, 93.8",
    "fallacy3-allreduce-underestimate": "7.5",
    "pitfall4-training-tflops-util": "40, 60",
    "pitfall4-recsys-util": "3.2, 9.6",
    "fallacy5-fp16-fp32-gap": "15 to 16",
    "pitfall6-batch1-vs-256": "1, 204.8",
    "pitfall6-batch-1-4": "1 to 4",
    "pitfall6-a100-ceiling": "2.04",
    "pitfall6-t4-ceiling": "0.3",
    "pitfall6-t4-ridge": "203.1",
    "checkpoint-1-4": "3",
    "sc12-q3-cap-and-speedup": "5, 120",
    "sc12-q5": "1.2",
    "kt-intensity-ranges": "153",
    "kt-intensity-layernorm": "1 to 2",
    "kt-intensity-convolutions": "50 to 200",
    "sc13-q2": "2 to 3",
    "sc13-q3": "1.5",
    "selfcheck-answer-key-pattern": "48",
}
ROUNDING = {"pitfall4-training-tflops-util"}
ERRATA = {
    "fallacy1-softmax-utilization", "pitfall2-sram-energy", "fallacy3-share-vs-efficiency",
    "fallacy3-allreduce-underestimate", "pitfall6-little-latency-gain", "sc12-q3-cap-and-speedup",
    "kt-intensity-convolutions",
}  # fmt: skip
CITED: set[str] = set()
OF_MACHINES: set[str] = set()
TURNS = [
    ("sc12-q1", {"I": 1000}),  # above both ridge points the peak decides
    ("sc12-q2", {"B": 256}),
    ("kt-roofline", {"reuse": 8}),  # eight channels, eight rows
    ("kt-tensor-cores", {"fmt": "fp16"}),
    ("kt-tensor-cores", {"size": 512}),
    ("kt-tensor-cores", {"batch": 256}),
    ("sc13-q1", {"lone_batch": 1024}),
]

# Derived here from the page and its sources, in the printed unit, without labcore.
POSITIONS_56, POSITIONS_14 = 32 * 56 * 56, 32 * 14 * 14
ROWS, COLS = 32 * 512, 768
BY_HAND = {
    "fallacy1-ridge-153": 312 / 2.039,
    "fallacy1-softmax-tflops": [2 * 2.039, 5 * 2.039],
    "fallacy1-softmax-utilization": [2 * 2.039 / 3.12, 5 * 2.039 / 3.12],
    "fallacy1-cpu-fraction": [100 * 2 / 20, 100 * 5 / 10],
    "pitfall2-dram-sram-energy": [640 / 0.5, 1300 / 10],  # the source's 1.3 nJ and 10 pJ, for 64 bits each
    "pitfall2-sram-energy": 10 / 2,
    "pitfall2-ridge-150": 300 / 2,
    "pitfall2-layernorm-3tflops": 1.5 * 2,
    "pitfall2-layernorm-1pct": 100 * 1.5 * 2 / 300,
    "fallacy3-nvlink-sync-time": 1000 / 300,
    "fallacy3-step-share": 100 * 1000 / 300 / 50,
    "fallacy3-speedup-7-5": 8 * 15 / 16,  # 50 of 53.3
    "fallacy3-efficiency-93-8": 100 * 15 / 16,
    "fallacy3-share-vs-efficiency": [100 / 16, 100 * 15 / 16],
    "fallacy3-allreduce-underestimate": 8 * 50 / (50 + 2 * 7 / 8 * 1000 / 300),
    "pitfall4-training-tflops-util": [12000 / 312, 18000 / 312],
    "pitfall4-recsys-util": [1000 / 312, 3000 / 312],
    "fallacy5-fp16-fp32-gap": [989 / 67, 1000 / 67],
    "pitfall6-batch1-vs-256": [2048 / (2048 + 2), 256 * 2048 / (2048 + 2 * 256)],  # B d^2 / (d^2 + 2 B d)
    "pitfall6-batch-1-4": [2048 / (2048 + 2), 4 * 2048 / (2048 + 2 * 4)],
    "pitfall6-a100-ceiling": 2.039,
    "pitfall6-t4-ceiling": 0.32,
    "pitfall6-t4-ridge": 65 / 0.32,
    "pitfall6-little-latency-gain": 2.039 / 0.32,
    "pitfall6-rent-several-times": [1.49 / 0.35, 2.49 / 0.98],
    "sc12-q3": [256 * 0.8, 256 * 0.7],
    "sc12-q3-cap-and-speedup": [5, 256 / (1 + 0.2 * 255)],
    "sc12-q5": 2039 / 200,
    "kt-bandwidth-growth": (3 / 1.6) ** 10,
    "kt-intensity-ranges": 312 / 2.04,
    "kt-intensity-layernorm": 6 * ROWS * COLS / (2 * (2 * ROWS * COLS + 2 * COLS)),
    "kt-intensity-convolutions": [  # 1 x 1 from 64 to 64 channels; 3 x 3 from 256 to 256
        POSITIONS_56 * 64 * 64 / (2 * POSITIONS_56 * 64 + 64 * 64),
        POSITIONS_14 * 256 * 256 * 9 / (2 * POSITIONS_14 * 256 + 256 * 256 * 9),
    ],
    "sc13-q2": 6 / 2,
    "sc13-q3": 1.5,
    "selfcheck-answer-key-pattern": 48,  # answers on the page, counted
}
