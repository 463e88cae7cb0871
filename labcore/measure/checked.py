"""A measurement from a file, checked once, so that every lab, figure and table can use what was let in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields

from labcore.measure.kernels import ARRAYS
from labcore.measure.rows import TABLES
from labcore.measure.tables import Measured, Roofs

LEAST, MOST = 1e-18, 1e30  # of any quantity in SI base units; beyond, the arithmetic of a plot overflows
PRECISION = "fp32"  # of the operations, and of the figures


def is_count(value: object) -> bool:
    """Whether something is a whole number above 0, of a size that a machine has."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**63


def is_quantity(value: object) -> bool:
    """Whether something is a finite number above 0.

    >>> is_quantity(2.5e-9), is_quantity(0), is_quantity(10**400), is_quantity(float('inf'))
    (True, False, False, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool) and LEAST <= value <= MOST


def is_words(value: object) -> bool:
    """Whether something is a line of text; a dollar sign would begin a formula in a figure."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and "$" not in value


def is_load(value: object) -> bool:
    """Whether something is a load average, which may be 0 or not known."""
    return value is None or value == 0 or is_quantity(value)


def are_caches(value: object) -> bool:
    """Whether something lists caches, each with its level, bytes and cores."""
    wanted = {"level", "bytes", "cores"}
    return isinstance(value, list) and all(c.keys() == wanted and all(map(is_count, c.values())) for c in value)


MACHINE: dict[str, Callable[[object], bool]] = {
    "cpu": is_words, "date": is_words, "threads": is_count, "usable_cores": is_count, "caches": are_caches,
}  # fmt: skip
MAY_LACK: dict[str, Callable[[object], bool]] = {
    "cores": is_count, "memory": is_count, "load": is_load, "command": is_words, "gpu": is_words,
}  # fmt: skip


def measured(whole: Mapping[str, object]) -> Measured:
    """A measurement of the parts of a file; raises ValueError for what would break in use."""
    one, notes = machine(whole["machine"]), whole["warnings"]
    if not isinstance(notes, list) or not all(map(is_words, notes)):
        raise ValueError(f"its warnings are no list of lines: {notes!r:.60}")
    own = host(whole["host"])
    if one["threads"] != own.threads:
        raise ValueError(f"its machine has threads = {one['threads']} and its rows go up to {own.threads}")
    if whole["device"] and "gpu" not in one:
        raise ValueError("it does not say the machine's gpu")
    return Measured(one, own, roofs(whole["device"]) if whole["device"] else None, tuple(notes))


def machine(said: Mapping[str, object]) -> Mapping[str, object]:
    """The machine in words, with all that figures and tables take from it."""
    for name in MACHINE:
        if name not in said:
            raise ValueError(f"it does not say the machine's {name}")
    for name, good in (MACHINE | MAY_LACK).items():
        if name in said and not good(said[name]):
            raise ValueError(f"its machine has {name} = {said[name]!r:.60}")
    return said


def host(tables: Mapping[str, list[Mapping]]) -> Roofs:
    """The tables of a host, complete enough for both staircases and for the roofline in float32."""
    made = roofs(tables)
    wanted = {(kernel, made.threads) for kernel in ARRAYS} | {("read", 1)}
    missing = sorted(wanted - {(row.kernel, row.threads) for row in made.bandwidth})
    if missing:
        raise ValueError("it has no bandwidth of {} on threads = {}".format(*missing[0]))
    if len({row.working_set for row in made.latency}) < 2:
        raise ValueError("it has no latency at two sizes")
    made.product(PRECISION)
    if not any((op.precision, op.threads) == (PRECISION, made.threads) for op in made.operations):
        raise ValueError(f"it has no operation in {PRECISION} on threads = {made.threads}")
    return made


def roofs(tables: Mapping[str, list[Mapping]]) -> Roofs:
    """Tables of rows, each operation with its prediction; a device has no latency."""
    made = {name: tuple(row(kind, one) for one in tables[name]) for name, kind in TABLES.items()}
    for name, some in made.items():
        if not some and name != "latency":
            raise ValueError(f"its table {name} is empty")
    found = Roofs(**made)
    for kernel in {one.kernel for one in found.bandwidth}:
        found.staircase(kernel)  # on all threads
    if not found.kernels:
        raise ValueError(f"it has no bandwidth of {', '.join(ARRAYS)}")
    return found.with_predictions()


def row(kind: type, said: Mapping[str, object]) -> object:
    """A row of a table: every field there, words where words stand, counts whole, numbers finite and above 0."""
    made, tests = kind(**said), {"str": is_words, "int": is_count}
    for field in fields(kind):
        value = getattr(made, field.name)
        if not tests.get(field.type, is_quantity)(value):
            raise ValueError(f"{kind.__name__} has {field.name} = {value!r:.60}")
    return made
