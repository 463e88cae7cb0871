"""Lab 23, entered a second time by hand: statements of two short texts, by line, the glossary's single line first."""

from math import ceil

IDS_BY_LINE = {
    1: "glossary-two-to-ten-times glossary-vertical-integration",
    4: "a3c3-joint-against-sequential",
    6: "a3c3-co-generation",
    9: "a3c3-constraints-shape-the-model",
    12: "a3c3-beyond-flop-and-parameters",
}
PAGE: dict[str, str] = {}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED: set[str] = set()
OF_MACHINES: set[str] = set()
TURNS = [
    ("a3c3-constraints-shape-the-model", {"tight": 30_000.0}),
]


def ws(M: int, K: int, N: int, side: int = 8) -> int:
    """Cycles of a product on a weight-stationary array: folds of m x n weights, preload, then M + rows + n - 2."""
    columns = [min(side, N - at) for at in range(0, N, side)]
    return ceil(K / side) * sum(side + M + side + n - 2 for n in columns)


# Derived here from the shapes of the layers, without labcore. Two fully connected layers behind a convolution have
# fewer MACs than three convolutions of half the width; a convolution more has fewer weights than one layer of 8 units.
DENSE = ws(36, 9, 32) + ws(1, 36 * 32, 32) + ws(1, 32, 32) + ws(1, 32, 10) + 10
CONVOLVED = ws(36, 9, 16) + ws(16, 144, 16) + ws(4, 144, 16) + ws(1, 64, 10) + 10
NARROW = ws(36, 9, 4) + ws(16, 36, 4) + ws(1, 64, 4) + ws(1, 4, 10) + 10
UNITS = ws(1, 64, 8) + ws(1, 8, 10) + 10
assert 36 * 9 * 32 + 1152 * 32 + 32 * 32 + 320 <= 36 * 9 * 16 + 16 * 144 * 16 + 4 * 144 * 16 + 640
assert 9 * 4 + 36 * 4 + 64 * 4 + 40 <= 64 * 8 + 80
BY_HAND = {"a3c3-beyond-flop-and-parameters": [DENSE / CONVOLVED, NARROW / UNITS]}
