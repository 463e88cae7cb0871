"""Our cache beside valgrind's: the same program, the same addresses, the same misses.

    .venv/bin/python tests/cachegrind.py        # compares, and writes tests/cachegrind.json

The program is cachegrind.c. Lackey, a tool of valgrind, writes down the address of every access that it makes, its
start-up included; our cache takes these addresses, and cachegrind runs the program itself with a first-level data
cache (D1) of the same size, line and ways. Both keep the least recently used lines and fetch what a write misses.
Lackey's M, an instruction that loads and stores one place, is one access to both. An access across two lines is one
access and at most one miss to cachegrind (cg_sim.c), two accesses here: `straddling` counts them, and the lines
that they add are fed to our cache in cachegrind's order, their misses merged into one.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from labcore.cache import Cache, Trace, count

HERE = Path(__file__).parent
RECORDED = HERE / "cachegrind.json"
CACHES = ((1024, 64, 1), (1024, 64, 2), (4096, 64, 4), (8192, 128, 2), (32768, 64, 8), (131072, 64, 16))
ACCESS = re.compile(r"^ ([LSM]) ([0-9a-f]+),(\d+)$", re.MULTILINE)


def run(*command):
    """What a command writes to both of its outputs; a program's own exit status is its result and no failure."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def addresses(program):
    """Starts, ends (the last byte) and writes of every data access, each (n,)."""
    log = program.with_suffix(".log")
    run("valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-file={log}", program)
    found = ACCESS.findall(log.read_text())
    start = np.array([int(at, 16) for _, at, _ in found])
    return start, start + [int(size) - 1 for *_, size in found], np.array([kind == "S" for kind, *_ in found])


def theirs(program, capacity, line, ways):
    """References and misses of cachegrind's D1."""
    wide = f"--LL=1048576,16,{line}"
    options = f"--D1={capacity},{ways},{line}", f"--I1=32768,8,{line}", wide, "--cachegrind-out-file=/dev/null"
    said = run("valgrind", "--tool=cachegrind", "--cache-sim=yes", *options, program)
    numbers = [re.search(rf"{name}:\s+([\d,]+)", said) for name in ("D +refs", "D1 +misses")]
    return [int(number[1].replace(",", "")) for number in numbers]


def ours(start, end, writes, capacity, line, ways):
    """Accesses, misses, and the accesses that lie across two lines."""
    straddling = start // line != end // line
    owner = np.repeat(np.arange(start.size), 1 + straddling)
    second = np.append(False, owner[1:] == owner[:-1])
    trace = Trace(np.where(second, end[owner], start[owner]), writes[owner])
    size = max(1, line // 64)
    run = count(Trace(trace.addresses // size * size, trace.writes, size), Cache(capacity, line, ways))
    return start.size, len(set(owner[run.kinds > 0].tolist())), int(straddling.sum())


def compare(folder, caches=CACHES):
    """One row for each cache: its geometry, cachegrind's references and misses, and ours."""
    program = Path(folder) / "loops"
    subprocess.run(["gcc", "-O1", "-fno-tree-vectorize", "-o", program, HERE / "cachegrind.c"], check=True)
    start, end, writes = addresses(program)
    rows = []
    for capacity, line, ways in caches:
        refs, misses = theirs(program, capacity, line, ways)
        accesses, missed, straddling = ours(start, end, writes, capacity, line, ways)
        rows.append({"capacity_B": capacity, "line_B": line, "ways": ways, "refs": refs, "misses": misses,
                     "our_accesses": accesses, "our_misses": missed, "straddling": straddling})  # fmt: skip
    return rows


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rows = compare(folder)
    about = {
        "how": ".venv/bin/python tests/cachegrind.py",
        "valgrind": run("valgrind", "--version").strip(),
        "gcc": run("gcc", "--version").splitlines()[0],
        "rows": rows,
    }
    RECORDED.write_text(json.dumps(about, indent=1) + "\n")
    sys.stdout.write(RECORDED.read_text())
