"""Lab 15, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    2148: "compiler-four-steps-resnet50",
    2153: "compiler-47ms-to-8ms",
    2165: "table23-caption",
    2167: "table23-input",
    2168: "table23-execution",
    2169: "table23-priorities",
    2170: "table23-memory",
    2171: "table23-target",
    2172: "table23-output",
    2176: "systems-perspective-1-2",
    2181: "systems-perspective-1-2-kernel-libraries",
    2190: "compilation-five-stages",
    2224: "fn39-heuristics-thousands fn39-multiples-of-16 fn39-heuristics-miss-10-30pct",
    2285: "codegen-order-of-magnitude",
    2287: "fn40-fpga-compile-hours",
    2297: "runtime-batch-1-to-128",
    2300: "sc7-q1",
    2306: "sc7-q2",
    2308: "sc7-q3",
    2310: "sc7-q4",
    2316: "sc7-q5",
    2322: "sc7-q6",
}
# As on the page, but for the dash of a range, here "to".
PAGE = {
    "compiler-47ms-to-8ms": "5.9",
    "compilation-five-stages": "5",
    "fn39-multiples-of-16": "16",
    "fn39-heuristics-miss-10-30pct": "10 to 30",
    "runtime-batch-1-to-128": "1, 128",
    "sc7-q3": "3 to 5",
}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED = {"systems-perspective-1-2-kernel-libraries", "fn40-fpga-compile-hours"}
OF_MACHINES: set[str] = set()
TURNS = [
    ("compiler-four-steps-resnet50", {"network": "one product"}),  # nothing to fuse
    ("table23-input", {"network": "mlp"}),  # a chain has one order
    ("table23-execution", {"network": "one product"}),  # ten results
    ("table23-priorities", {"network": "one product"}),
    ("table23-memory", {"network": "one product"}),
    ("table23-target", {"second": "A100"}),
    ("table23-output", {"second": "A100"}),
    ("systems-perspective-1-2", {"network": "mlp"}),  # no layouts
    ("sc7-q1", {"network": "one product"}),
    ("sc7-q2", {"known": False}),  # as early as the inputs are there, whatever lies where
    ("sc7-q2", {"network": "one product"}),  # nothing to rewrite
    ("sc7-q4", {"network": "mlp"}),  # nothing twice, nothing unread
    ("sc7-q6", {"rows": 8192}),  # the shape that was planned for
]

# Derived here from the page and its sources, in the printed unit, without labcore.
BY_HAND = {
    "compiler-47ms-to-8ms": 47 / 8,
    "systems-perspective-1-2-kernel-libraries": 634,  # the enumeration ends with 635
    "compilation-five-stages": 5,
    "fn39-multiples-of-16": 16,  # a tile of 16 x 8 results and 16 steps
    "codegen-order-of-magnitude": 312 / 19.5,
    "fn40-fpga-compile-hours": 2 * 3600,
    "runtime-batch-1-to-128": [1, 128],
    "sc7-q5": [4096 / 3, 128 / 6],  # 2 n^3 over 3 n^2 words of 2 and of 4 bytes
}
