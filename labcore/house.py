"""Where things lie: the checkout this package belongs to, and the reader's own folder in it."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def checkout(*parts: str) -> Path:
    """A path inside the checkout; raises FileNotFoundError when labcore was installed without one.

    >>> checkout("labcore", "house.py").name
    'house.py'
    """
    if not (ROOT / "notebooks").is_dir():
        raise FileNotFoundError(f"{ROOT} holds no notebooks; install labcore from a clone with: pip install -e .")
    return ROOT.joinpath(*parts)


def my_folder() -> Path:
    """The reader's own folder, `my/`, made when missing; git ignores it, so a pull never meets what lies there."""
    folder = checkout("my")
    folder.mkdir(exist_ok=True)
    return folder


def part_of(path: Path) -> Path:
    """The hidden file beside a path that holds what is not whole yet."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace a file in one step, so that neither a reader nor a crash ever meets half of it."""
    data = content.encode() if isinstance(content, str) else content
    part = part_of(path)
    try:
        part.unlink(missing_ok=True)
        with part.open("xb") as file:  # never through a link that lies there
            file.write(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
