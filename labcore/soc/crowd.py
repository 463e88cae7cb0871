"""A detector that is due every frame, and hungry neighbours on its DRAM, under four ways to share the bus."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.catalogue import soc as facts
from labcore.soc.bus import Bus, Master, simulate
from labcore.units import Bytes, BytesPerSecond, Seconds, positive, positive_ints

SCHEMES = ("best effort", "priority", "budgets", "time slots")
PERIOD: Seconds = 1 / facts.FRAME_RATE.value
SHARE = 0.5  # of the bus: what budgets leave to all neighbours together, and what slots give to the detector
JOB: Seconds = 5e-3  # how often a neighbour asks


@dataclass(frozen=True)
class Frame:
    """When a frame came and when its bytes had moved; `end` is infinite where they had not when time was up."""

    start: Seconds
    end: Seconds

    @property
    def late(self) -> bool:
        """Whether it is not done when the next frame comes."""
        return self.end - self.start > PERIOD * (1 + 1e-9)


def drive(
    scheme: str, demand: BytesPerSecond, neighbours: int, D_frame: Bytes = facts.CROWD["D_frame"].value, count: int = 6
) -> tuple[Frame, ...]:
    """The frames of a detector while neighbours ask for `demand` together, from the second frame on.

    Best effort takes turns; priority lets the detector go first; budgets give the neighbours half of the bus;
    slots give every second burst to the detector. Raises ValueError for no such scheme.

    >>> [round(1e3 * one.end - 1e3 * one.start) for one in drive("best effort", 60e9, neighbours=3)[:3]]
    [10, 40, 47]
    >>> [round(1e3 * one.end - 1e3 * one.start) for one in drive("time slots", 60e9, neighbours=3)[:3]]
    [20, 20, 20]
    """
    if scheme not in SCHEMES:
        raise ValueError(f"the bus is shared by {', '.join(SCHEMES)}; got {scheme!r}")
    positive_ints(neighbours=neighbours, count=count)
    positive(demand=demand, D_frame=D_frame)
    BW, burst, window = (facts.CROWD[name].value for name in ("BW", "burst", "window"))
    budget = SHARE * BW * window / neighbours if scheme == "budgets" else math.inf
    names = [f"neighbour {k}" for k in range(neighbours)]
    others = [Master(name, demand / neighbours * JOB, JOB, offset=PERIOD, budget=budget) for name in names]
    policy = {"priority": "priority", "time slots": "slots"}.get(scheme, "round robin")
    slots = tuple(one for name in names for one in ("detector", name))
    masters = [Master("detector", D_frame, PERIOD, PERIOD), *others]
    ended = simulate(masters, Bus(BW, burst, policy, slots, window), count * PERIOD).latencies["detector"]
    ended += [math.inf] * (count - len(ended))
    return tuple(Frame(k * PERIOD, k * PERIOD + T) for k, T in enumerate(ended[:count]))
