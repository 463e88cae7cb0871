"""The same measurements on a GPU, where PyTorch is installed and finds one; torch itself is no dependency.

Times are those of the device's own events. With `device="cpu"` the same code runs on a machine without a GPU, which
is how it is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from labcore.measure import gpu_operations
from labcore.measure.kernels import ARRAYS
from labcore.measure.memory import working_sets
from labcore.measure.rows import Bandwidth, Placed, Row, Throughput
from labcore.measure.timing import Run, Timing, timed, wall
from labcore.ops import matmul
from labcore.units import Bytes, Seconds

FLOAT32 = 4
PRECISIONS = ("fp32", "tf32", "fp16", "bf16")


@dataclass(frozen=True)
class Device:
    """A device of torch, and how long its samples are; `torch` is the module or a stand-in for it."""

    torch: object
    name: str
    repeats: int = 7
    T_least: Seconds = 0.02

    @property
    def is_gpu(self) -> bool:
        """Whether work is queued on a device and has to be waited for."""
        return self.name.startswith("cuda")

    def dtype(self, precision: str) -> object:
        """The type of a precision; tf32 is float32 with the matrix units' shorter mantissa."""
        names = {"fp32": "float32", "tf32": "float32", "fp16": "float16", "bf16": "bfloat16"}
        return getattr(self.torch, names[precision])

    def with_repeats(self, repeats: int) -> Device:
        """The same device, with other repeats of each sample."""
        return replace(self, repeats=repeats)

    def elapsed(self, run: Run, passes: int) -> Seconds:
        """Time of some passes by the device's events, the queue empty before and after."""
        if not self.is_gpu:
            return wall(run, passes)
        start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        self.torch.cuda.synchronize()
        start.record()
        run(passes)
        end.record()
        self.torch.cuda.synchronize()
        return start.elapsed_time(end) / 1000  # torch tells milliseconds

    def time(self, call: Callable[[], object]) -> Timing:
        """The time of one call."""

        def run(passes: int) -> None:
            for _ in range(passes):
                call()

        return timed(run, self.repeats, self.T_least, self.elapsed)


def device() -> Device | None:
    """The GPU that torch finds; None without torch or without a GPU."""
    try:
        import torch
    except (ImportError, OSError):
        return None
    return Device(torch, "cuda") if torch.cuda.is_available() else None


def describe(gpu: Device | None) -> dict[str, object]:
    """What is written of a GPU: its name and the versions that drive it; nothing where there is none."""
    if gpu is None:
        return {}
    name = gpu.torch.cuda.get_device_name() if gpu.is_gpu else "cpu as a device"
    return {"gpu": name, "torch": gpu.torch.__version__, "cuda": gpu.torch.version.cuda}


def steps(gpu: Device, quick: bool = False) -> list[Callable[[int], Row]]:
    """Every measurement of a device, in the order of the tables: called with its repeats, each gives its row."""
    largest: Bytes = 2**26 if quick else 2**30
    sizes = working_sets(2**20, largest, 1)
    found: list[Callable[[int], Row]] = [
        lambda n, k=k, s=s: bandwidth(gpu.with_repeats(n), k, s) for k in ARRAYS for s in sizes
    ]
    for to_device in (True, False):
        for pinned in (True, False):
            found += [lambda n, s=s, d=to_device, p=pinned: transfer(gpu.with_repeats(n), s, d, p) for s in sizes]
    products = (256, 512) if quick else (256, 512, 1024, 2048, 4096, 8192)
    found += [
        lambda n, p=p, side=side: throughput(gpu.with_repeats(n), p, side) for p in PRECISIONS for side in products
    ]
    return found + [lambda n, case=case: place(gpu.with_repeats(n), case) for case in gpu_operations.cases(gpu, quick)]


def bandwidth(gpu: Device, kernel: str, working_set: Bytes) -> Bandwidth:
    """Bandwidth of the device's own memory; bytes counted as STREAM does, each array once."""
    torch, length = gpu.torch, working_set // (FLOAT32 * ARRAYS[kernel])
    a, b, c = (torch.ones(length, dtype=torch.float32, device=gpu.name) for _ in range(3))
    calls = {
        "read": a.sum,
        "write": lambda: a.fill_(2.0),
        "copy": lambda: a.copy_(b),
        "triad": lambda: torch.add(b, c, alpha=3.0, out=a),
    }
    moved, timing = FLOAT32 * length * ARRAYS[kernel], gpu.time(calls[kernel])
    return Bandwidth(kernel, 1, moved, *timing.rates(moved), timing.repeats)


def transfer(gpu: Device, size: Bytes, to_device: bool, pinned: bool) -> Bandwidth:
    """Bandwidth of a copy between host and device, one way, from pinned (page-locked) or pageable memory."""
    torch, length = gpu.torch, size // FLOAT32
    host = torch.ones(length, dtype=torch.float32, pin_memory=pinned and gpu.is_gpu)
    there = torch.ones(length, dtype=torch.float32, device=gpu.name)
    to, source = (there, host) if to_device else (host, there)
    timing = gpu.time(lambda: to.copy_(source, non_blocking=pinned))
    name = f"{'host to device' if to_device else 'device to host'}, {'pinned' if pinned else 'pageable'}"
    return Bandwidth(name, 1, FLOAT32 * length, *timing.rates(FLOAT32 * length), timing.repeats)


def throughput(gpu: Device, precision: str, n: int) -> Throughput:
    """Throughput of (n, n) @ (n, n); tf32 is allowed for the precision of that name only."""
    torch = gpu.torch
    A, B = (torch.ones((n, n), dtype=gpu.dtype(precision), device=gpu.name) for _ in range(2))
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    try:
        timing = gpu.time(lambda: A @ B)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    return Throughput(precision, n, 1, "torch", *timing.rates(matmul(n, n, n).flop), timing.repeats)


def place(gpu: Device, case: gpu_operations.GpuCase) -> Placed:
    """Time one operation; torch keeps no gradients of it."""
    with gpu.torch.no_grad():
        t = gpu.time(case.make())
    work = case.flop, case.D_vol, case.working_set
    return Placed(case.group, case.name, case.precision, 1, *work, t.T, t.T_low, t.T_high, t.repeats)
