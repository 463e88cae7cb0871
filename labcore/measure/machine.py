"""The machine in words: processor, caches, threads, versions; and what makes its numbers doubtful.

Neither its name in a network nor a path is kept: a file of measurements can be handed on.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from labcore.measure.tables import Roofs
from labcore.measure.timing import relative_spread
from labcore.units import Bytes, counted, format_binary, format_si

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
WIDE = 0.10  # quartiles further apart than this share of the median are called noisy
BUSY = 0.25  # a load above this share of the cores disturbs
ABOVE_CACHE = 4  # STREAM's rule: the working set is at least four times the last cache


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as it gives it itself, or as Python knows it."""
    try:
        names = re.findall(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        names = []
    return " ".join((names or [platform.processor() or platform.machine() or "unknown"])[0].split())


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def caches(folder: Path = CACHES) -> list[dict[str, object]]:
    """Data caches of the first core, each with level, bytes and the cores that share it; empty where none says."""
    found = []
    for index in sorted(folder.glob("index*")) if folder.is_dir() else ():
        try:
            kind, level, size, shared = (
                (index / name).read_text().strip() for name in ("type", "level", "size", "shared_cpu_list")
            )
            if kind in ("Data", "Unified"):
                factor = {"K": 2**10, "M": 2**20, "G": 2**30}[size[-1]]
                found.append({"level": int(level), "bytes": int(size[:-1]) * factor, "cores": count_list(shared)})
        except (OSError, ValueError, KeyError, IndexError):
            continue  # a core that says it otherwise; the staircase still shows its steps
    return found


def count_list(words: str) -> int:
    """How many cores a list in the kernel's form names.

    >>> count_list("0-3,8-11")
    8
    """
    ends = [part.split("-") for part in words.split(",")]
    return sum(int(pair[-1]) - int(pair[0]) + 1 for pair in ends)


def total_cache(cache: Mapping[str, object], cores: int) -> Bytes:
    """Bytes of a level that threads on all of some cores can use together."""
    return cache["bytes"] * max(1, cores // cache["cores"])


def blas() -> list[str]:
    """Name and version of each BLAS in use; empty where none can be asked. Its threads stand with each row."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [f"{pool['internal_api']} {pool['version']}" for pool in pools]


def memory() -> tuple[Bytes, Bytes]:
    """All memory and what is free of it, in bytes; 1 GiB each where nobody says."""
    try:
        import psutil
    except ImportError:
        return 2**30, 2**30
    there = psutil.virtual_memory()
    return there.total, there.available


def on_battery() -> bool | None:
    """Whether the machine runs on its battery; None where there is none or nobody says."""
    try:
        import psutil

        battery = psutil.sensors_battery()
    except (ImportError, AttributeError, OSError, RuntimeError):
        return None
    return None if battery is None else not battery.power_plugged


def load_average() -> float | None:
    """Processes that wanted a core during the last minute; None where the system does not count them."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def describe(threads: int, command: str) -> dict[str, object]:
    """What is written of the machine, before it is made busy."""
    versions = {name: _version(name) for name in ("numpy", "numba", "threadpoolctl")}
    return {
        "cpu": processor(), "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(), "usable_cores": usable_cores(), "threads": threads,
        "caches": caches(), "memory": memory()[0], "blas": blas(),
        "python": platform.python_version(), **versions, "date": time.strftime("%Y-%m-%d"),
        "load": load_average(), "on_battery": on_battery(), "command": command,
    }  # fmt: skip


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def doubts(machine: Mapping[str, object], roofs: Roofs, held: bool, left_out: Sequence[str] = ()) -> Iterable[str]:
    """Reasons to be wary of the numbers, a line each; none on a machine at rest."""
    if machine["load"] is not None and machine["load"] > BUSY * machine["usable_cores"]:
        cores = counted(machine["usable_cores"], "core")
        yield f"other programs were running: load {machine['load']:g} on {cores} before"
    if machine["on_battery"]:
        yield "running on battery: clocks may be held down"
    if not held:
        yield "the threads of BLAS could not be set (threadpoolctl is missing or knows no BLAS here): it chose itself"
    if left_out:
        there = counted(len(left_out), "operation")
        yield f"little memory was free: {there} left out ({'; '.join(left_out)})"
    yield from _noisy(roofs)
    yield from _slower_together(roofs)
    yield from _above_the_roof(roofs)
    yield from _small(machine, roofs)


def _noisy(roofs: Roofs) -> Iterable[str]:
    times = [relative_spread(op.T, op.low, op.high) for op in roofs.operations]
    rates = [relative_spread(row.BW, row.low, row.high) for row in roofs.bandwidth]
    rates += [relative_spread(row.R, row.low, row.high) for row in roofs.compute]
    wide = [share for share in times + rates if share > WIDE]
    if len(wide) > len(times + rates) / 10:
        share = f"{len(wide)} of {len(times + rates)} medians have quartiles more than {WIDE:.0%} apart"
        yield f"noisy: {share}, the widest {max(wide):.0%}; close other programs and measure again"


def _slower_together(roofs: Roofs) -> Iterable[str]:
    """Roofs that fewer threads set, since all of them together reached less."""
    n, found = roofs.threads, []
    for precision in dict.fromkeys(row.precision for row in roofs.compute if row.threads == n):
        best = roofs.product(precision)
        together = max(row.R for row in roofs.compute if (row.precision, row.threads) == (precision, n))
        found.append((precision, best.threads, together, best.R, "FLOP/s"))
    BW, best = roofs.slope()
    found.append(("DRAM", best.threads, max(roofs.staircase(name)[-1].BW for name in roofs.kernels), BW, "B/s"))
    for name, threads, together, apart, unit in found:
        if threads < n:
            rates = f"{format_si(together, unit, 3)} against {format_si(apart, unit, 3)}"
            yield f"{name} was slower on {counted(n, 'thread')} than on {threads}, {rates}; the roof is the faster"


def _above_the_roof(roofs: Roofs) -> Iterable[str]:
    """Operations that took clearly less than their least time: the roof was measured too low."""
    early = [op for op in roofs.operations if op.error < -WIDE]
    if early:
        first = min(early, key=lambda op: op.error)
        names = f"{counted(len(early), 'operation')} beat the roof, {first.group}, {first.name} by {-first.error:.0%}"
        yield f"{names}: the roof was measured while the machine was disturbed, or some of its data lay in a cache"


def _small(machine: Mapping[str, object], roofs: Roofs) -> Iterable[str]:
    largest = max(row.working_set for row in roofs.bandwidth)
    last = max((total_cache(c, machine["usable_cores"]) for c in machine["caches"]), default=0)
    if largest * 1.01 < ABOVE_CACHE * last:
        words = f"the largest working set, {format_binary(largest, 3)}, is less than {ABOVE_CACHE} times the caches"
        yield f"{words} ({format_binary(last, 3)}): what is called DRAM is partly cache"
