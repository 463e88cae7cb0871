"""Things found by their names, as people write them: H100 PCIe, h100_pcie and H100-PCIe are one chip."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TypeVar

Named = TypeVar("Named")


def by_name(name: str, known: Sequence[Named], kind: str, listing: str) -> Named:
    """The one of that name, whatever its case, spaces, hyphens and underscores.

    Raises ValueError with the three nearest names and with what lists all.

    >>> from types import SimpleNamespace
    >>> by_name("tpuv4", [SimpleNamespace(name="TPU v4")], "chip", "`labcore specs`").name
    'TPU v4'
    """
    for one in known:
        if one.name == name:
            return one
    keys = {_key(one.name): one for one in known}
    if (key := _key(name)) in keys:
        return keys[key]
    near = ", ".join(keys[found].name for found in difflib.get_close_matches(key, keys, n=3, cutoff=0))
    raise ValueError(f"no {kind} is called {name!r}; the nearest names are {near}; {listing} lists all")


def _key(name: str) -> str:
    return "".join(letter for letter in str(name).casefold() if letter not in " -_")
