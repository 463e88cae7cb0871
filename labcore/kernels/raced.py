"""A race with its predictions and the machine that ran it, kept as JSON so that a figure can be drawn from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from labcore.house import checkout
from labcore.kernels.race import Race
from labcore.measure.machine import describe
from labcore.units import Seconds

FORMAT, VERSION = "labcore races", 1


@dataclass(frozen=True)
class Raced:
    """Times of some ways to do the same work, and for each the seconds predicted for every level of memory.

    `facts` hold what the ways have in common: sizes, and the capacities of the caches they were predicted for.
    """

    name: str
    facts: Mapping[str, int]
    machine: Mapping[str, object]
    race: Race
    predicted: Mapping[str, Mapping[str, Seconds]]

    @property
    def about(self) -> str:
        """Processor, threads and date: what it is of."""
        return f"{self.machine['cpu']}, 1 thread, {self.machine['date']}"

    @property
    def fastest(self) -> str:
        """The way with the least median."""
        return min(self.race.times, key=self.race.median)

    def bounds(self, way: str) -> tuple[Seconds, Seconds]:
        """The predicted time of one way: where the levels work at the same time, and where they wait for each other.

        >>> Raced("", {}, {}, Race({}), {"ikj": {"L1": 1.0, "L2": 2.0}}).bounds("ikj")
        (2.0, 3.0)
        """
        parts = self.predicted[way].values()
        return max(parts), sum(parts)

    def __repr__(self) -> str:
        rows = [f"{'':>4}  measured   predicted, ms"]
        for way in self.race.times:
            T, low, high = (1e3 * each for each in (self.race.median(way), *self.bounds(way)))
            rows.append(f"{way:>4} {T:9.1f}   {low:.1f} to {high:.1f}")
        return "\n".join([f"{self.about}: {self.name}", *rows])


def machine(command: str) -> dict[str, object]:
    """What is said of this machine beside a race: one thread; no name, no path."""
    return describe(1, command)


def as_text(races: Mapping[str, Raced]) -> str:
    """Races of one machine as JSON, in seconds, a line for each way."""
    first = next(iter(races.values()))
    kept = {name: _as_object(one) for name, one in races.items()}
    whole = {"format": FORMAT, "version": VERSION, "machine": dict(first.machine), "races": kept}
    text = json.dumps(whole, indent=1, allow_nan=False)
    return re.sub(r"\n {6,}|\n {5}(?=[\]}])", " ", text) + "\n"  # a line for each way


def _as_object(one: Raced) -> dict[str, object]:
    ways = [
        {"way": way, "times": [_short(T) for T in times], "predicted": {k: _short(T) for k, T in predicted.items()}}
        for (way, times), predicted in zip(one.race.times.items(), one.predicted.values(), strict=True)
    ]
    return {"facts": dict(one.facts), "ways": ways}


def _short(T: Seconds) -> Seconds:
    """Five digits are more than any clock gives."""
    return float(f"{T:.5g}")


def from_text(text: str) -> dict[str, Raced]:
    """Read races back; raises ValueError for what is no such file.

    >>> from_text("{}")
    Traceback (most recent call last):
    ValueError: it is no file of races of version 1; `record` in labcore/kernels/record.py writes one
    """
    whole = json.loads(text)
    if not isinstance(whole, dict) or (whole.get("format"), whole.get("version")) != (FORMAT, VERSION):
        where = "`record` in labcore/kernels/record.py writes one"
        raise ValueError(f"it is no file of races of version {VERSION}; {where}")
    return {
        name: Raced(
            name, one["facts"], whole["machine"], Race({row["way"]: tuple(row["times"]) for row in one["ways"]}),
            {row["way"]: row["predicted"] for row in one["ways"]},
        )
        for name, one in whole["races"].items()
    }  # fmt: skip


def recorded(name: str) -> Raced:
    """A race recorded with the labs, from the first by name of figures/data/races-*.json.

    >>> recorded("orders").fastest in ("ikj", "kij")
    True
    """
    path = next(iter(sorted(checkout("figures", "data").glob("races-*.json"))), None)
    if path is None:
        raise FileNotFoundError("no figures/data/races-*.json; `record` in labcore/kernels/record.py writes one")
    there = from_text(path.read_text(encoding="utf-8"))
    if name not in there:
        raise ValueError(f"no race {name!r} is recorded; there are {', '.join(there)}")
    return there[name]
