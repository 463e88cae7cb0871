"""The ledger's departures as slips: one slip may be printed in several places, and has a weight by a stated rule.

The rule looks at what is printed and what is computed, and at nothing else. A statement, a yes or no, either holds or
does not. A number is off by a factor: the printed value over the computed one or the reverse, whichever is above 1; of
several values the one that is furthest off, and of a range the value that lies furthest beyond its nearer end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from labcore.claims.printed import Each, Number, Printed, Range, Words, as_number
from labcore.claims.quantities import quantities
from labcore.claims.settled import Settled

WEIGHTS = (
    "A statement that does not hold as it stands",
    "A number off by ten times or more",
    "A number off by two to ten times",
    "A number off by less than two times",
    "A number that another rounding meets",
)
READING = "Would hold"  # how the sentence begins that gives the reading under which a print holds
SAME = (  # one slip, printed in several places; the first is the one that demonstrates it
    ("margin-energy-sram-0-5pj", "fig-margin-energy-ladder", "pitfall2-sram-energy"),
    ("example-1-1-speedup-range", "example-1-1-perf-per-watt-range"),
    ("intel-8087-gain", "footnote-4-8087"),
    ("kws-l2-latency", "kws-l1-latency", "table-10-row-cache"),
    ("bandwidth-taper-equation", "fig-margin-bandwidth-taper"),
    ("table13-conv2d-dense", "map-recap-resnet-50-200", "kt-intensity-convolutions"),
    ("table13-attention-softmax", "map-recap-gpt2-attention-2-5"),
    ("table20-4x-reduction", "table19-caption-quadruples", "table20-fused"),
    ("sc12-q3-cap-and-speedup", "sc9-q1-cap-below-its-premise"),
    ("systolic-computing-1pj", "margin-energy-mac-3-7pj"),
    ("listing-10-as-python", "listing-22-as-python"),
    ("listing-16-18-outputs", "listing-17-outputs"),
)


@dataclass(frozen=True)
class Slip:
    """One slip: the claims that carry it, the first of which demonstrates it, and its weight, an index of WEIGHTS."""

    settled: tuple[Settled, ...]
    weight: int

    @property
    def first(self) -> Settled:
        """The claim that demonstrates the slip."""
        return self.settled[0]

    @property
    def elsewhere(self) -> list[str]:
        """Names of the quantities that the chapter gives another value, too."""
        ids = {one.claim.id for one in self.settled}
        return [one.name for one in quantities() if ids & set(one.errata)]


def slips(settled: Iterable[Settled]) -> list[Slip]:
    """The slips among settled claims, the heaviest first, and within a weight in the ledger's order.

    A slip of several places needs all of them settled.

    >>> from labcore.claims.ledger import claims
    >>> [one.weight for one in slips(claims("alexnet-margin", "nm1-3-v100-ridge"))]
    [4]
    """
    departing = {one.claim.id: one for one in settled if one.verdict in ("erratum", "rounding")}
    together = {id: group for group in SAME for id in group}
    groups = [together.get(id, (id,)) for id in departing if together.get(id, (id,))[0] == id]
    found = [Slip(tuple(departing[id] for id in group), weight(departing[group[0]])) for group in groups]
    return sorted(found, key=lambda slip: slip.weight)


def parted(reason: str) -> tuple[str, str]:
    """A reason as its demonstration and the reading under which the print holds, empty where there is none.

    >>> parted("It is 5, not 4. Would hold in base 6.")
    ('It is 5, not 4.', 'Would hold in base 6.')
    """
    demonstration, found, reading = reason.partition(READING)
    return demonstration.strip(), (found + reading).strip()


def weight(settled: Settled) -> int:
    """The index in WEIGHTS of a claim that departs."""
    if settled.verdict == "rounding":
        return len(WEIGHTS) - 1
    factor = off_by(settled.claim.printed, settled.computed)
    if factor is None:
        return 0
    return 1 if factor >= 10 else 2 if factor >= 2 else 3


def off_by(printed: Printed, computed: object) -> float | None:
    """The factor between what is printed and what is computed, at least 1; None for a statement.

    >>> off_by(Number("10"), 2.0), off_by(Range("50", "200"), [32, 1000]), off_by(Each("5", "120"), [5, 6])
    (5.0, 5.0, 20.0)
    """
    values = [float(one) for one in np.atleast_1d(np.asarray(computed, dtype=float))]
    match printed:
        case Number(text):
            ends = [(as_number(text),) * 2]
        case Each(texts):
            ends = [(as_number(text),) * 2 for text in texts]
        case Range(low, high):
            ends = [(as_number(low), as_number(high) if high else math.inf)]
        case Words(least=least, most=most) if np.ndim(least) == 0 and (least, most) != (-math.inf, math.inf):
            ends = [(least, most)]
        case _:
            return None
    return max(beyond(value, *end) for value, end in zip_longest(values, ends, fillvalue=ends[-1]))


def beyond(value: float, low: float, high: float) -> float:
    """How many times a value lies below `low` or above `high`; 1 in between, infinite across zero.

    >>> beyond(4, 8, 10), beyond(9, 8, 10), beyond(30, 8, 10)
    (2.0, 1.0, 3.0)
    """
    if low <= value <= high:
        return 1.0
    less, more = (value, low) if value < low else (high, value)
    return more / less if less > 0 else math.inf


def of_weight(found: Iterable[Slip], index: int) -> list[Slip]:
    """The slips of one weight."""
    return [slip for slip in found if slip.weight == index]
