"""Tables and numbers in the words of captions, labels and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from labcore.catalogue.facts import Fact


def rows(table: Mapping[str, Sequence]) -> Iterator[dict[str, object]]:
    """A table row by row.

    >>> list(rows({"batch": [1, 2], "I": [0.9, 1.8]}))
    [{'batch': 1, 'I': 0.9}, {'batch': 2, 'I': 1.8}]
    """
    return (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))


def as_table(names: Iterable[str], some_rows: Iterable[Sequence]) -> dict[str, list]:
    """Rows as a table with these columns.

    >>> as_table(("batch", "I"), [(1, 0.9), (2, 1.8)])
    {'batch': [1, 2], 'I': [0.9, 1.8]}
    """
    return dict(zip(names, map(list, zip(*some_rows, strict=True)), strict=True))


def columns(some_rows: Sequence[Mapping[str, object]], *names: str) -> list[list]:
    """Columns of some rows, as lists.

    >>> columns([{"batch": 1, "I": 0.9}, {"batch": 2, "I": 1.8}], "batch", "I")
    [[1, 2], [0.9, 1.8]]
    """
    return [[row[name] for row in some_rows] for name in names]


def three(value: float) -> str:
    """Three significant digits, trailing zeros kept, without an exponent.

    >>> three(31.03), three(153.016), three(1.5), three(2361.8)
    ('31.0', '153', '1.50', '2362')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def named_sources(facts: Iterable[Fact]) -> str:
    """The sources behind some facts, each once."""
    return "; ".join(dict.fromkeys(str(fact.source) for fact in facts))


def rate_unit(precision: str) -> str:
    """The unit of a throughput at a precision: integer arithmetic is not FLOP.

    >>> rate_unit("fp16"), rate_unit("int8")
    ('FLOP/s', 'OP/s')
    """
    return "OP/s" if precision.startswith("int") else "FLOP/s"
