"""The journal that the processes of one search share: a file, or a database, that holds one study on one problem."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from labcore.codesign.search import Problem, optuna

NAME = "codesign"


def fingerprint(problem: Problem, train: str) -> str:
    """Sixteen digits that two problems share when their choices, cap and way of training are the same.

    >>> from labcore.codesign.problem import tabled
    >>> fingerprint(tabled(), "table") == fingerprint(tabled(cap=9e3), "table")
    False
    """
    said = json.dumps([dict(problem.network), dict(problem.hardware), problem.cap, train], default=list)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def storage(journal: str | Path):  # -> optuna.storages.BaseStorage
    """Where the study is kept: a journal file, or a database for an address such as sqlite:///study.db.

    Raises ValueError for a file that is no journal.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     type(storage(Path(folder, "study.journal"))).__name__
    'JournalStorage'
    """
    if "://" in str(journal):
        return optuna().storages.get_storage(str(journal))
    from optuna.storages.journal import JournalFileBackend

    file = Path(journal)
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {str(file.parent)!r} for the journal; make it first")
    if not _is_journal(file):  # Optuna would take a foreign line for one cut short, and write behind it
        raise ValueError(f"{journal} is no Optuna journal; give --journal a new file")
    return optuna().storages.JournalStorage(JournalFileBackend(str(file)))


def join(journal: str | Path, problem: Problem, train: str, picker) -> object:  # -> optuna.Study
    """The study of a journal, made where there is none.

    Raises ValueError for a journal that holds another study, or the same on another problem.

    >>> import tempfile
    >>> from labcore.codesign.problem import tabled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = join(Path(folder, "study.journal"), tabled(), "table", picker=None)
    >>> study.study_name
    'codesign'
    """
    module, where = optuna(), storage(journal)
    if others := [name for name in module.get_all_study_names(where) if name != NAME]:
        raise ValueError(f"{journal} holds the study {others[0]!r}, not {NAME!r}; give --journal a new file")
    study = module.create_study(
        storage=where, study_name=NAME, directions=["minimize", "minimize"], sampler=picker, load_if_exists=True
    )
    mine, held = fingerprint(problem, train), study.user_attrs.get("problem")
    if held is None:
        study.set_user_attr("problem", mine)
    elif held != mine:
        raise ValueError(
            f"{journal} is of another problem ({held}, here {mine}): other choices, cap or training; "
            "give --journal a new file, or the options it was begun with"
        )
    return study


def _is_journal(file: Path) -> bool:
    """Whether a file is absent, empty, or begins with an operation of a journal."""
    if not file.exists():
        return True
    try:
        with file.open(encoding="utf-8") as lines:
            first = lines.readline()
        return not first or "op_code" in json.loads(first)
    except (OSError, ValueError, TypeError):
        return False
