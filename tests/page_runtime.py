"""Lab 16, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    2334: "runtime-three-aspects",
    2346: "table24-caption",
    2348: "table24-execution",
    2349: "table24-scheduling",
    2350: "table24-memory",
    2351: "table24-priorities",
    2352: "table24-adaptability",
    2353: "table24-target",
    2357: "a100-tdp-sxm-vs-pcie",
    2359: "runtime-three-phases",
    2371: "double-buffering-overlap",
    2401: "gpt3-training-flops gpt3-single-h100-years gpt3-single-h100-years-utilized",
    2405: "sc8-q1",
    2411: "sc8-q2",
    2413: "sc8-q3",
    2419: "sc8-q4",
    2421: "sc8-q5",
}
# As on the page, but for the dash of a range, here "to", and of the two shares of the years, here a comma.
PAGE = {
    "gpt3-training-flops": "3.14e23",
    "gpt3-single-h100-years": "5",
    "gpt3-single-h100-years-utilized": "8.4, 12.6",
    "sc8-q4": "2 to 5",
}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED: set[str] = set()
OF_MACHINES: set[str] = set()
TURNS = [
    ("runtime-three-aspects", {"count": 1}),
    ("table24-execution", {"rows": 1}),
    ("table24-scheduling", {"streams": 1}),
    ("table24-memory", {"steps": 60}),  # as many as are alive: nothing comes back
    ("table24-priorities", {"L_launch": 0.0}),
    ("table24-adaptability", {"rows": 64}),
    ("table24-target", {"other": "A100"}),
    ("runtime-three-phases", {"share": 1.0}),
    ("sc8-q1", {"burst": 1.0}),
    ("sc8-q3", {"fmt": "fp32"}),
    ("sc8-q5", {"chunks": 1}),  # one chunk overlaps with nothing
]

# Derived here from the page and its sources, in the printed unit, without labcore.
YEAR = 365 * 86_400
BY_HAND = {
    "a100-tdp-sxm-vs-pcie": [400, 300],
    "gpt3-training-flops": 6 * 174.6e9 * 300e9,
    "gpt3-single-h100-years": 3.14e23 / 1.98e15 / YEAR,
    "gpt3-single-h100-years-utilized": [3.14e23 / 1.98e15 / 0.6 / YEAR, 3.14e23 / 1.98e15 / 0.4 / YEAR],
}
