"""The digits that co-design trains on: 1,797 images of 8 x 8 pixels, in three parts that never change.

The images are the test set of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998), the
copy that scikit-learn distributes; digits.LICENSE.txt beside the file says under which licences. A search looks at the
validation images only; the test images are for the last word. The parts are drawn at random, so each of the 13 writers
may stand in all of them: accuracies are those of known hands, and lower for a stranger's. By the luck of the draw the
test images are the harder: networks of the table do about 2.4 points worse on them than on the validation images, so
compare within one part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "digits.csv.gz"
SIZES = {"train": 1077, "validation": 360, "test": 360}
SPLIT_SEED = 1998


@dataclass(frozen=True, eq=False)
class Part:
    """Images (n, 1, 8, 8) of 0 to 16, and the class of each (n,), both uint8 and read-only."""

    images: np.ndarray
    labels: np.ndarray

    def first(self, count: int) -> Part:
        """The first `count` images: what a cheap training sees. Raises ValueError where there are fewer.

        >>> digits("train").first(100).images.shape
        (100, 1, 8, 8)
        """
        if not 1 <= count <= len(self.labels):
            raise ValueError(f"this part has {len(self.labels)} images, {count!r} are wanted; take 1 to all of them")
        return Part(self.images[:count], self.labels[:count])


def digits(part: str) -> Part:
    """The images and classes of "train" (1,077), "validation" (360) or "test" (360).

    >>> part = digits("test")
    >>> part.images.shape, int(part.images.max()), part.labels[:5].tolist()
    ((360, 1, 8, 8), 16, [9, 0, 9, 6, 4])
    """
    if part not in SIZES:
        raise ValueError(f"part {part!r} is not known; there are {', '.join(SIZES)}")
    return _parts()[part]


@lru_cache(maxsize=1)
def _parts() -> dict[str, Part]:
    rows = np.loadtxt(FILE, delimiter=",").astype(np.uint8)
    rows = rows[np.random.default_rng(SPLIT_SEED).permutation(len(rows))]
    rows.flags.writeable = False
    starts = np.cumsum([*SIZES.values()])[:-1]
    pieces = np.split(rows, starts)
    return {
        name: Part(piece[:, :-1].reshape(-1, 1, 8, 8), piece[:, -1])
        for name, piece in zip(SIZES, pieces, strict=True)
    }  # fmt: skip
