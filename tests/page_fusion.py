"""Lab 13, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE = {
    1875: "fn36-fusion-2-3x",
    1887: "listing-19-naive-execution",
    1902: "table19-caption-quadruples",
    1904: "table19-row-x",
    1905: "table19-row-x-prime",
    1906: "table19-row-x-double-prime",
    1907: "table19-row-y",
    1908: "table19-row-total",
    1915: "eq-unnumbered-unfused-chain",
    1917: "eq-unnumbered-fused-chain",
    1921: "table20-4x-reduction",
    1923: "table20-naive",
    1924: "table20-fused",
    1934: "fusion-register-pressure",
    1942: "checkpoint-1-3",
    2125: "sc6-q3",
}
PAGE = {
    "fn36-fusion-2-3x": "2 to 3",
    "listing-19-naive-execution": "4.2",
    "table19-caption-quadruples": "4.2, 16.8, 4",
    "table19-row-x": "4.2",
    "table19-row-x-prime": "4.2",
    "table19-row-x-double-prime": "4.2",
    "table19-row-y": "4.2",
    "table19-row-total": "16.8",
    "table20-4x-reduction": "4",
    "table20-naive": "16.8",
    "table20-fused": "4.2",
    "sc6-q3": "3",
}
ROUNDING = set()
ERRATA = {"table19-caption-quadruples", "table20-4x-reduction", "table20-fused"}
CITED = set()
OF_MACHINES = set()
TURNS = [("fusion-register-pressure", {"branches": 2}), ("fusion-register-pressure", {"few": 128})]
TENSOR = 1024 * 1024 * 4 / 1e6  # MB

# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {
    "listing-19-naive-execution": TENSOR,
    "table19-caption-quadruples": [2 * TENSOR, 4 * TENSOR, 2],  # X and Y; X, X', X'' and Y
    "table19-row-total": 4 * TENSOR,
    "table20-4x-reduction": (1 + 3) / (1 + 1),
    "table20-naive": 4 * TENSOR,
    "table20-fused": 2 * TENSOR,
    "sc6-q3": 6 / 2,
}
