"""Lab 10, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1536: "map-recap-resnet-50-200 map-recap-gpt2-attention-2-5 map-recap-layernorm-1-2",
    1538: "map-dram-vs-mac-energy dram-energy-ratio-variants",
    1540: "map-conv-schedule-example",
    1542: "def-1-6-mapping",
    1546: "def-1-6-min-roofline",
    1547: "def-1-6-dram-200x",
    1554: "placement-thousands-of-pes",
    1558: "placement-h100-core-count placement-tpu-thousands-macs placement-cs2-850k-cores",
    1560: "placement-256-image-tiles",
    1562: "table15-caption",
    1564: "table15-workload-imbalance",
    1565: "table15-irregular-computation",
    1566: "table15-excessive-data-movement",
    1567: "table15-limited-interconnect",
    1568: "table15-model-specific",
    1570: "placement-latency-10-100x",
    1574: "alloc-three-penalties",
    1578: "table16-caption",
    1580: "table16-high-latency",
    1581: "table16-limited-on-chip",
    1582: "table16-off-chip-demand",
    1583: "table16-irregular-access",
    1584: "table16-model-specific",
    1590: "table17-caption",
    1592: "table17-granularity",
    1593: "table17-spatial-temporal",
    1594: "table17-locality",
    1595: "table17-communication",
    1596: "table17-dataflow-order",
    1602: "loop-nest-matmul-three-loops",
    1604: "eq-unnumbered-loop-orders loop-orders-seven",
    1606: "margin-fig-mapping-explosion",
    1610: "eq-unnumbered-multilevel-orders",
    1616: "eq-unnumbered-parallel-permutations parallel-six-choose-three-ordered",
    1618: "parallel-hundreds-per-layer",
    1624: "eq-unnumbered-memory-placement",
    1636: "mem-placement-4-pow-15",
    1640: "mapping-over-a-billion eq-unnumbered-mapping-search-space",
    1650: "ex1-3-loop-count",
    1652: "ex1-3-output-positions ex1-3-order-a-weight-loads",
    1654: "ex1-3-order-b-weight-reads",
    1656: "ex1-3-36x-reduction",
    1658: "mapping-potentially-billions",
    1661: "sc5-q1",
    1667: "sc5-q2",
    1669: "sc5-q3",
    1675: "sc5-q4",
    1681: "sc5-q5",
    2976: "precision-doubles-bytes-fp16-fp32",  # in the answers
}
# As on the page, but for the dash of a range, here "to"; attention's print is kept as the record of the page has it.
PAGE = {
    "map-recap-resnet-50-200": "50 to 200",
    "map-recap-gpt2-attention-2-5": "2, 5, 5",
    "map-dram-vs-mac-energy": "100 to 200",
    "def-1-6-dram-200x": "200",
    "placement-cs2-850k-cores": "850000",
    "placement-latency-10-100x": "10 to 100",
    "loop-orders-seven": "5040",
    "parallel-six-choose-three-ordered": "120",
    "mem-placement-4-pow-15": "1073741824",
    "ex1-3-loop-count": "120",
    "ex1-3-output-positions": "36",
    "ex1-3-order-a-weight-loads": "144",
    "ex1-3-order-b-weight-reads": "5184",
    "ex1-3-36x-reduction": "36",
    "precision-doubles-bytes-fp16-fp32": "2",
}
ROUNDING: set[str] = set()
ERRATA = {"map-recap-resnet-50-200", "map-recap-gpt2-attention-2-5"}
CITED = {"placement-cs2-850k-cores", "def-1-6-dram-200x"}
OF_MACHINES: set[str] = set()
TURNS = [
    ("map-recap-layernorm-1-2", {"flop_per_element": 9}),  # 9 FLOP for 4 bytes
    ("map-conv-schedule-example", {"image": 3}),  # one position: each weight is used once
    ("placement-thousands-of-pes", {"blocks": 132}),
    ("table15-workload-imbalance", {"density": 1.0}),  # nothing pruned, all lanes alike
    ("table15-irregular-computation", {"tokens": 1}),
    ("table15-excessive-data-movement", {"near": 1}),
    ("table15-limited-interconnect", {"second": "b"}),
    ("table15-model-specific", {"model": "resnet50", "layer": "layer1.1.conv2", "phase": None}),
    ("table16-high-latency", {"far": 30}),
    ("table16-limited-on-chip", {"small": 4096}),
    ("table16-off-chip-demand", {"small": 65536}),
    ("table16-irregular-access", {"stride": 1}),
    ("table16-model-specific", {"batch": 1}),  # 51 MB of weights, 3 MB of feature maps
    ("table17-granularity", {"L_lat": 0.0}),
    ("table17-spatial-temporal", {"PEs": 2}),  # 16 FLOP/B at 2 TB/s feed 32 of them
    ("table17-locality", {"hbm": 100.0}),
    ("table17-communication", {"long": 0.1}),
    ("mapping-over-a-billion", {"N_mem": 2}),  # 4 ** 10 is a million
    ("mapping-potentially-billions", {"N_mem": 1}),  # 1024 * 720 * 120 are 88 million
    ("sc5-q5", {"n": 3}),  # 3 ** 15 are 14 million
]

# Derived here from the page and its sources, in the printed unit, without labcore.
POSITIONS_56, POSITIONS_14 = 32 * 56 * 56, 32 * 14 * 14
BY_HAND = {
    "map-recap-resnet-50-200": [  # 1 x 1 from 64 to 64 channels; 3 x 3 from 256 to 256
        POSITIONS_56 * 64 * 64 / (2 * POSITIONS_56 * 64 + 64 * 64),
        POSITIONS_14 * 256 * 256 * 9 / (2 * POSITIONS_14 * 256 + 256 * 256 * 9),
    ],
    "map-recap-gpt2-attention-2-5": [512 * 64 / (2 * 64 + 512), 3 / 4, 512 * 64 / (2 * 64 + 512)],  # S d / (2 d + S)
    "map-dram-vs-mac-energy": 640 / (3.7 + 0.9),
    "dram-energy-ratio-variants": [640 / (3.7 + 0.9)] * 3 + [200, 640 / (3.7 + 0.9)],
    "def-1-6-dram-200x": 200,  # the table of Eyeriss has 1 for the registers, 2, 6 and 200
    "placement-h100-core-count": [132 * 128, 132 * 4],
    "placement-tpu-thousands-macs": 256 * 256,
    "placement-256-image-tiles": [32 * 32, 64 * 64],
    "alloc-three-penalties": 640 / (10 / 2),  # 10 pJ are for 64 bits
    "loop-nest-matmul-three-loops": 3,
    "loop-orders-seven": 7 * 6 * 5 * 4 * 3 * 2,
    "margin-fig-mapping-explosion": [4, 2**30],
    "parallel-hundreds-per-layer": [7 * 6 * 5, 7 * 6 * 5 * 4],
    "mem-placement-4-pow-15": 2**30,
    "eq-unnumbered-mapping-search-space": [(1024 * 720 * 120) ** 3] * 2,
    "ex1-3-order-a-weight-loads": 16 * 9,
    "ex1-3-order-b-weight-reads": 36 * 144,
    "sc5-q3": 6,
    "sc5-q4": 0.18 / 0.95,
    "precision-doubles-bytes-fp16-fp32": 32 / 16,
}
