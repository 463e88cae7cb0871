"""All measurements there are, and those whose names are asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from labcore.bench.rows import Row

# modules here; each lists its own in `MEASUREMENTS`
SUBJECTS = ("start", "arrays", "primitives", "memory", "measured", "mapping", "kernels",
            "compiler", "runtime", "chips", "soc", "serving", "codesign", "grading")  # fmt: skip


def measurements() -> list[Callable[[], Row]]:
    """Every measurement, subject by subject."""
    return [one for name in SUBJECTS for one in import_module(f"labcore.bench.{name}").MEASUREMENTS]


def chosen(names: list[str]) -> list[Callable[[], Row]]:
    """The measurements whose names hold one of these, all where none is given; ValueError for a name of none.

    >>> [measure.__name__ for measure in chosen(["memory"])]
    ['grade_in_memory']
    """
    there = measurements()
    for name in names:
        if not any(name in measure.__name__ for measure in there):
            words = ", ".join(measure.__name__ for measure in there)
            raise ValueError(f"no measurement is called {name!r}; there are: {words}")
    return [one for one in there if not names or any(name in one.__name__ for name in names)]
