"""Files of measurements: what is written, what is read back, and which one the labs use."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from labcore.house import ROOT, checkout, my_folder, part_of, write_atomically
from labcore.measure import checked
from labcore.measure.rows import TABLES, UNITS
from labcore.measure.tables import Measured, Roofs

FORMAT, VERSION = "labcore measure", 1
VARIABLE = "LABCORE_MEASURED"  # names a file that is used before the reader's own
OWN = "my/measured.json"


def as_object(measured: Measured) -> dict[str, object]:
    """A measurement as plain objects for JSON, in SI base units."""
    return {
        "format": FORMAT, "version": VERSION, "units": UNITS,
        "machine": dict(measured.machine), "warnings": list(measured.warnings),
        "host": _tables(measured.host), "device": measured.device and _tables(measured.device),
    }  # fmt: skip


def _tables(roofs: Roofs) -> dict[str, list[dict[str, object]]]:
    return {name: [_short(asdict(row)) for row in getattr(roofs, name)] for name in TABLES}


def _short(row: dict[str, object]) -> dict[str, object]:
    """Five digits are more than any clock gives."""
    return {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in row.items()}


def as_text(measured: Measured) -> str:
    """JSON with a row a line, so that two measurements can be compared line by line."""
    whole = as_object(measured)
    rows: dict[str, str] = {}

    def hold(value: object) -> object:
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return [hold_row(row) for row in value]
        return {key: hold(one) for key, one in value.items()} if isinstance(value, dict) else value

    def hold_row(row: dict) -> str:
        mark = f"row {len(rows)}"
        rows[f'"{mark}"'] = json.dumps(row, allow_nan=False)
        return mark

    lines = json.dumps(hold(whole), indent=1, allow_nan=False).splitlines()
    return "\n".join(_with_row(line, rows) for line in lines) + "\n"


def _with_row(line: str, rows: Mapping[str, str]) -> str:
    mark = line.strip().rstrip(",")
    return line.replace(mark, rows[mark]) if mark in rows else line


def from_text(text: str) -> Measured:
    """Read a measurement back; raises ValueError with what is wrong, in a line.

    Predictions are made anew from the tables, so that they follow from the roofs that are shown.

    >>> from_text('{"format": "labcore measure", "version": 99}')
    Traceback (most recent call last):
    ValueError: it is of version 99 and this labcore reads version 1
    """
    try:
        whole = json.loads(text, parse_constant=_no_number)
        if not isinstance(whole, dict) or whole.get("format") != FORMAT:
            raise ValueError("it is no file of `labcore measure`")
        if whole["version"] != VERSION:
            raise ValueError(f"it is of version {whole['version']} and this labcore reads version {VERSION}")
        return checked.measured(whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"a part is missing or of another kind: {type(error).__name__} {error}") from error


def _no_number(word: str) -> float:
    raise ValueError(f"it holds {word}, which is no number")


def read(path: Path) -> Measured:
    """Read one file; raises ValueError or OSError where it cannot be used."""
    try:
        return from_text(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
    except UnicodeDecodeError as error:
        raise ValueError("it is not text") from error


def recorded_path() -> Path | None:
    """The file recorded with the labs: the first by name of figures/data/measured-*.json."""
    return next(iter(sorted(checkout("figures", "data").glob("measured-*.json"))), None)


def recorded() -> Measured:
    """The measurement recorded with the labs.

    >>> recorded().origin
    'recorded with the labs'
    """
    path = recorded_path()
    if path is None:
        raise FileNotFoundError("no figures/data/measured-*.json; write one with `labcore measure --json FILE`")
    return replace(read(path), origin="recorded with the labs")


def load() -> Measured:
    """The measurement that the labs use, its `origin` named.

    The file that LABCORE_MEASURED names, else the reader's own my/measured.json, else the recorded one. A file that
    cannot be used is passed over, and `trouble` says why in one line.

    >>> load().host.threads >= 1
    True
    """
    named = os.environ.get(VARIABLE)
    own = Path(named) if named else ROOT / OWN
    if recorded_path() and own.resolve() == recorded_path():
        return recorded()
    if not named and not own.exists():
        return recorded()
    name = own.name if named else OWN
    try:
        return replace(read(own), origin=name)
    except (ValueError, OSError) as error:
        words = " ".join((error.strerror or str(error) if isinstance(error, OSError) else str(error)).split())
        trouble = (
            f"{name} cannot be used ({words}); the recorded measurement stands in; `labcore measure` makes it anew"
        )
        return replace(recorded(), trouble=trouble)


def destination(asked: str | None, quick: bool = False) -> Path | None:
    """Where to write: the reader's own file unless asked otherwise; None where a quick run would replace a full one.

    Raises ValueError where that cannot be. Looked at before measuring, so that no minute is spent on a result that
    cannot be kept.
    """
    if asked == "":
        raise ValueError("--json needs the name of a file, or - for stdout, got ''")
    path, name = (my_folder() / Path(OWN).name, OWN) if asked is None else (Path(asked), f"--json {asked}")
    if path.is_dir():
        raise ValueError(f"{name} is a folder; name a file")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{name} is in no folder that exists; name a file")
    if path.is_symlink() or (path.exists() and not path.is_file()):
        kind = "a link" if path.is_symlink() else "no plain file"
        raise ValueError(f"{name} is {kind}, which would be replaced; name a file, or - for stdout")
    if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
        raise ValueError(f"{name} is read-only; allow writing to it (chmod u+w) or name another file")
    try:
        part_of(path).touch()
        part_of(path).unlink()
    except OSError as error:
        raise ValueError(f"{name} cannot be written ({error.strerror}); name a file elsewhere with --json") from error
    return None if asked is None and quick and _holds_a_full_one(path) else path


def _holds_a_full_one(path: Path) -> bool:
    try:
        return not read(path).quick
    except (ValueError, OSError):
        return False


def write(path: Path, measured: Measured) -> None:
    """Replace a file by a measurement, its mode kept; raises ValueError that names it where that cannot be."""
    try:
        mode = path.stat().st_mode if path.exists() else None
        write_atomically(path, as_text(measured))
        if mode is not None:
            path.chmod(stat.S_IMODE(mode))
    except OSError as error:
        raise ValueError(f"{path} could not be written ({error.strerror}); name another with --json FILE") from error


def way_on(path: Path | None) -> str:
    """Where the result lies, and how the labs come to use it, in a line."""
    if path is None:
        kept = "`labcore measure --quick --json FILE` keeps a quick one"
        return f"not written: {OWN} holds a full measurement and stays as it is; {kept}"
    named, own = os.environ.get(VARIABLE), (ROOT / OWN).resolve()
    name = OWN if path.resolve() == own else path
    if path.resolve() == (Path(named).resolve() if named else own):
        return f"wrote {name}; labs 08 and 09 use it from now on: `labcore lab memory_systems`"
    if named:
        return f"wrote {name}; the labs use {named}, since {VARIABLE} names that"
    return f"wrote {name}; the labs use it where {VARIABLE} names it"
