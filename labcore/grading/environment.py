"""The environment of a kernel that builds or grades: nothing of the user's configuration, nothing of their secrets."""

from __future__ import annotations

import os
from pathlib import Path

KEPT = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
    "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT",
)  # fmt: skip


def kernel_environment(folder: Path) -> dict[str, str]:
    """Environment variables for a kernel whose home, Jupyter and IPython folders are empty ones inside `folder`.

    Only what a process needs to start is kept of the user's own, so that neither a profile nor a PYTHONPATH changes a
    result, and no token is handed on.

    >>> kernel_environment(Path("empty"))["IPYTHONDIR"]
    'empty/ipython'
    """
    private = {
        "HOME": folder,
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_CONFIG_DIR": folder / "jupyter",
        "JUPYTER_DATA_DIR": folder / "jupyter",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "MPLCONFIGDIR": folder / "matplotlib",
    }
    fixed = {"JUPYTER_NO_CONFIG": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {name: str(path) for name, path in private.items()} | fixed
