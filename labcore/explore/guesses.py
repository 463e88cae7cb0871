"""The reader's guesses: one JSON file in my/, written in one step, and never lost to a file that cannot be read."""

from __future__ import annotations

import json
import math
from pathlib import Path

from labcore import house


def file() -> Path:
    """Where the guesses lie."""
    return house.my_folder() / "predictions.json"


def guess_of(id: str) -> float | None:
    """The guess that was kept for an id, or None."""
    try:
        entry = (_read() or {}).get(id)
    except OSError:  # `trouble` says so on the page
        return None
    value = entry.get("value") if isinstance(entry, dict) else None
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if number else None


def keep(id: str, value: float, unit: str, question: str) -> None:
    """Keep a guess beside the others; a file that cannot be read is set aside first, not overwritten."""
    everything = _read()
    if everything is None:
        file().replace(spare())
        everything = {}
    everything[id] = {"value": value, "unit": unit, "question": question}
    house.write_atomically(file(), json.dumps(everything, indent=1, ensure_ascii=False))


def trouble() -> str:
    """One line for the page when the file cannot be read, or nothing."""
    try:
        if _read() is not None:
            return ""
        return f"my/{file().name} cannot be read; the next guess starts it anew and leaves it as my/{spare().name}."
    except OSError as error:
        return f"my/ cannot be used, so guesses are not kept: {error}."


def spare() -> Path:
    """A name beside the file that is still free."""
    names = (file().with_name(f"predictions.unreadable-{n}.json") for n in range(1, 1000))
    return next(name for name in names if not name.exists())


def _read() -> dict[str, object] | None:
    """Everything kept so far, or None when the file is there and cannot be read."""
    if not file().exists():
        return {}
    try:
        everything = json.loads(file().read_text(encoding="utf-8"))
    except ValueError:  # no JSON, or no UTF-8
        return None
    return everything if isinstance(everything, dict) else None
