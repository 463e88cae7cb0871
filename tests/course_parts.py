"""What the generated course is made of: a submission with what it should earn, and edits that make its notebook.

An edit takes the notebook of a student who answered everything right, and spoils it. Sources may say @CANARIES@, for
which a dict of the canaries is written.
"""

import copy
import json
import math
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict, dataclass

from labcore.grading.marks import FLAGS
from tests.course_key import POINTS, RIGHT

FILE = "01_small.ipynb"


@dataclass(frozen=True)
class Canaries:
    """Things that a submission tries to reach, all made by the test; the secret is canary- and 32 hex digits."""

    read: str  # a file that holds the secret
    write: str  # a file to overwrite
    folder: str  # a folder to write into
    tmp: (
        str  # a path in the system's folder for temporary files, where nothing lies yet; its name is used elsewhere too
    )
    tcp: int  # a port on 127.0.0.1 that listens
    udp: int  # a port on 127.0.0.1 that receives
    unix: str  # the path of a unix socket that listens
    abstract: str  # the name of an abstract unix socket that listens
    pid: int  # a process to end, alone in a session of its own
    variable: str  # an environment variable of the supervisor, whose value is the secret


@dataclass(frozen=True)
class Between:
    """Any number of points between two bounds, themselves left out."""

    low: float
    high: float

    def __contains__(self, points: float) -> bool:
        return self.low < points < self.high


@dataclass(frozen=True)
class Submission:
    """One student's folder, and what grading it should give."""

    name: str
    family: str
    write: Callable  # (folder, notebook, canaries)
    earned: Mapping[str, Container[float]]  # for each question the points that are accepted
    flags: tuple[frozenset[str], ...]  # the sets of flags that are accepted
    bound: str = ""  # what keeps it harmless outside confinement
    why: str = ""  # why it is expected to earn that, or why more than one outcome is accepted

    def differences(self, earned: Mapping[str, float], flags: Iterable[str]) -> list[str]:
        """In words, what came and was not expected; empty when all is as it should be."""
        found = [
            f"{self.name}: {id} earned {earned.get(id)}, expected {words(accepted)}"
            for id, accepted in self.earned.items()
            if earned.get(id) not in accepted
        ]
        if (came := frozenset(flags)) not in self.flags:
            expected = " or ".join(str(sorted(one)) for one in self.flags)
            found.append(f"{self.name}: flags {sorted(came)}, expected {expected}")
        return found


def words(accepted: Container[float]) -> object:
    """Accepted points as JSON can carry them."""
    return asdict(accepted) if isinstance(accepted, Between) else list(accepted)


def case(family, name, *edits, lost="", maybe="", earned=None, flags=("",), bound="", why="", **answers) -> Submission:
    """A submission whose notebook is right but for `answers` and `edits`.

    It loses the questions named in `lost`; those in `maybe` may earn nothing or everything. Each text of `flags` is one
    accepted set. A first edit that is no notebook's writes the folder itself.
    """
    accepted = {id: (points,) for id, points in POINTS.items()}
    accepted |= dict.fromkeys(lost.split(), (0.0,)) | {id: (0.0, POINTS[id]) for id in maybe.split()} | (earned or {})
    sets = tuple(frozenset(one.split()) for one in flags)
    assert not (unknown := {flag for one in sets for flag in one} - set(FLAGS)), unknown
    writes = edits[0] if edits and getattr(edits[0], "writes", False) else notebook_file(answered(**answers), *edits)
    return Submission(name, family, writes, accepted, sets, bound, why)


def flag_sets(*codes: str, always: str = "") -> tuple[str, ...]:
    """All sets that hold `always` and any of the other codes."""
    sets = [always]
    for code in codes:
        sets += [f"{one} {code}" for one in sets]
    return tuple(sets)


# ---- writing ----


def writer(write: Callable) -> Callable:
    """Mark a function as one that writes a student's folder itself."""
    write.writes = True
    return write


def made(notebook: dict, canaries: Canaries | None, *edits: Callable) -> dict:
    """A right notebook after these edits, with the canaries filled in."""
    notebook = copy.deepcopy(notebook)
    for edit in edits:
        edit(notebook)
    for cell in notebook["cells"] or []:
        if isinstance(cell, dict) and isinstance(cell.get("source"), str) and canaries:
            cell["source"] = cell["source"].replace("@CANARIES@", repr(asdict(canaries)))
    return notebook


def notebook_file(*edits: Callable) -> Callable:
    """Writes the edited notebook under the exercise's name."""

    def write(folder, notebook, canaries):
        (folder / FILE).write_text(json.dumps(made(notebook, canaries, *edits)), encoding="utf-8")

    return writer(write)


def file(content: Callable | bytes | str, name: str = FILE) -> Callable:
    """Writes one file: bytes, or what a function makes of the right notebook."""

    def write(folder, notebook, canaries):
        given = content(made(notebook, canaries, answered())) if callable(content) else content
        (folder / name).write_bytes(given.encode() if isinstance(given, str) else given)

    return writer(write)


# ---- edits ----


def answered(**sources: str | list[str] | None) -> Callable:
    """Fill in right answers, and these where given: a list makes several cells, None leaves the stub."""

    def edit(notebook):
        cells = []
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            id = cell["metadata"].get("answer")
            given = sources.get(id, RIGHT.get(id)) if id else None
            texts = [cell["source"]] if given is None else [given] if isinstance(given, str) else given
            cells += [cell | {"source": text} for text in texts]
        notebook["cells"] = cells

    return edit


def code(source: str, **metadata: object) -> dict:
    """A new code cell."""
    id = f"own-{sum(map(ord, source)) % 10**6}"
    made = {"cell_type": "code", "id": id, "metadata": metadata, "source": source}
    return made | {"outputs": [], "execution_count": None}


def place(notebook: dict, role: str, id: str) -> int:
    """Where the first cell with that mark stands."""
    return next(i for i, cell in enumerate(notebook["cells"]) if cell["metadata"].get(role) == id)


def before(id: str, source: str, **metadata: object) -> Callable:
    """Put a cell before the answer to a question."""
    return lambda notebook: notebook["cells"].insert(place(notebook, "answer", id), code(source, **metadata))


def after(id: str, source: str, **metadata: object) -> Callable:
    """Put a cell after the check of a question."""
    return lambda notebook: notebook["cells"].insert(place(notebook, "check", id) + 1, code(source, **metadata))


def setup(added: str) -> Callable:
    """Add lines to the setup cell."""

    def edit(notebook):
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        cell["source"] += f"\n{added}"

    return edit


def each(change: Callable[[dict], object], role: str = "") -> Callable:
    """Change every cell, or every cell of that role, in place."""

    def edit(notebook):
        for cell in notebook["cells"]:
            if not role or role in cell["metadata"]:
                change(cell)

    return edit


def without(role: str, *ids: str) -> Callable:
    """Delete the cells of a role, of some questions or of all."""

    def edit(notebook):
        marks = ids or tuple(POINTS)
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["metadata"].get(role) not in marks]

    return edit


def total(submission: Submission) -> float:
    """The points that a submission earns at most by what is accepted."""
    highest = [one.high if isinstance(one, Between) else max(one) for one in submission.earned.values()]
    return math.fsum(highest)
