"""The machine: registers of a fixed length, a strip-mined loop, masks, and a count of everything it does.

Memory is a flat numpy array and an address is an element's index in it. Mnemonics are those of the RISC-V vector
extension 1.0 and of the scalar ISA beside it; the machine keeps to what they do, not to their encoding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from labcore.units import Bytes, Ratio, positive_ints

VECTOR = {
    "set": "vsetvli", "clear": "vxor.vv", "load": "vle{}.v", "strided": "vlse{}.v", "store": "vse{}.v",
    "gather": "vluxei{}.v", "scatter": "vsuxei{}.v", "fma": "vfmacc.vv", "mul": "vfmul.vv", "add": "vfadd.vv",
    "max": "vfmax.vv", "less": "vmflt.vv", "merge": "vmerge.vvm", "mask": "vlm.v",
    "sum": "vfredusum.vs", "largest": "vfredmax.vs",
}  # fmt: skip
SCALAR = {
    "clear": "fmv.w.x", "load": "flw", "strided": "flw", "store": "fsw", "gather": "flw", "scatter": "fsw",
    "fma": "fmadd.s", "mul": "fmul.s", "add": "fadd.s", "max": "fmax.s", "less": "flt.s", "merge": "fmv.s",
    "mask": "lbu",
}  # fmt: skip
ELEMENT_BITS = (8, 16, 32, 64)


class Machine:
    """A vector unit of `vlen` bits on elements of `sew` bits; `vlen == sew` is a scalar machine.

    `instructions` counts by mnemonic, `elements` the active elements of each; `loaded` and `stored` are bytes.
    `fused=False` has no multiply-accumulate and takes two instructions for it. With `trace=True`, `history` keeps
    (mnemonic, active lanes) one by one. A register is an array (..., lanes) whose leading axes hold independent runs.

    >>> unit = Machine(vlen=256, sew=32)
    >>> unit.lanes, list(unit.strips(20))
    (8, [(0, 8), (8, 8), (16, 4)])
    >>> Machine(vlen=48)
    Traceback (most recent call last):
    ValueError: vlen must be sew times a power of two, got vlen=48 and sew=32; try 64
    """

    def __init__(self, vlen: int = 256, sew: int = 32, fused: bool = True, trace: bool = False) -> None:
        positive_ints(vlen=vlen, sew=sew)
        if sew not in ELEMENT_BITS:
            raise ValueError(f"sew must be one of {', '.join(map(str, ELEMENT_BITS))} bits, got {sew}")
        if vlen % sew or (vlen // sew) & (vlen // sew - 1):
            way_out = sew * 2 ** max(vlen // sew, 1).bit_length()
            raise ValueError(f"vlen must be sew times a power of two, got vlen={vlen} and sew={sew}; try {way_out}")
        self.lanes, self.sew, self.fused = vlen // sew, sew, fused
        self.names = SCALAR if self.lanes == 1 else VECTOR
        self.vl, self.copies = self.lanes, 1
        self.instructions: Counter[str] = Counter()
        self.elements: Counter[str] = Counter()
        self.loaded = self.stored = 0
        self.history: list[tuple[str, int]] | None = [] if trace else None

    @property
    def element_bytes(self) -> Bytes:
        """Bytes of one element."""
        return self.sew // 8

    @property
    def total(self) -> int:
        """Instructions in all."""
        return self.instructions.total()

    @property
    def macs(self) -> int:
        """Multiply-accumulates done on active lanes."""
        return self.elements[self.names["fma"]] if self.fused else self.elements[self.names["mul"]]

    @property
    def occupancy(self) -> Ratio:
        """Active lanes over all lanes, of the instructions that work on vectors."""
        counted = [name for name, active in self.elements.items() if active]
        return sum(self.elements[n] for n in counted) / (self.lanes * sum(self.instructions[n] for n in counted))

    @contextmanager
    def times(self, copies: int) -> Iterator[None]:
        """Count what happens inside `copies` times: so many independent runs lie in the registers' leading axes."""
        positive_ints(copies=copies)
        self.copies *= copies
        try:
            yield
        finally:
            self.copies //= copies

    def strips(self, n: int) -> Iterator[tuple[int, int]]:
        """Cut n elements into strips (start, length); each sets the vector length and closes with count and branch."""
        positive_ints(n=n)
        for start in range(0, n, self.lanes):
            self.vl = min(self.lanes, n - start)
            if "set" in self.names:
                self.steer("vsetvli")
            yield start, self.vl
            self.steer("sub")
            self.steer("bnez")

    def steer(self, mnemonic: str, count: int = 1) -> None:
        """Count scalar instructions that keep the loop going."""
        self.instructions[mnemonic] += count * self.copies
        if self.history is not None:
            self.history.extend([(mnemonic, 0)] * count)

    def clear(self, like: np.ndarray) -> np.ndarray:
        """A register of zeros, one for each run of `like` (start addresses, any shape)."""
        self._count("clear", self.lanes)
        return np.zeros((*np.shape(like), self.lanes))

    def load(self, memory: np.ndarray, start: int | np.ndarray, stride: int = 1) -> np.ndarray:
        """`vl` elements from `start` on; another stride than 1 is another instruction."""
        self._count("load" if stride == 1 else "strided", self.vl)
        self.loaded += self.vl * self.element_bytes * self.copies
        return memory[np.asarray(start)[..., None] + stride * np.arange(self.vl)]

    def load_mask(self, memory: np.ndarray, start: int) -> np.ndarray:
        """`vl` truth values from `start` on; a mask takes a bit a lane, and at least a byte."""
        self._count("mask", self.vl)
        self.loaded += -(-self.vl // 8) * self.copies
        return memory[start : start + self.vl].astype(bool)

    def store(self, memory: np.ndarray, start: int | np.ndarray, v: np.ndarray, mask: np.ndarray | None = None) -> None:
        """Write a register to `start` and on; a mask leaves the other elements of memory as they are."""
        at = np.asarray(start)[..., None] + np.arange(self.vl)
        self.scatter(memory, at, v, mask, as_what="store")

    def gather(self, memory: np.ndarray, index: np.ndarray) -> np.ndarray:
        """One element from each address of an index register."""
        self._count("gather", self.vl)
        self.loaded += self.vl * self.element_bytes * self.copies
        return memory[index]

    def scatter(
        self, memory: np.ndarray, index: np.ndarray, v: np.ndarray, mask: np.ndarray | None = None,
        as_what: str = "scatter",
    ) -> None:  # fmt: skip
        """One element to each address of an index register; of several to one address, the last lane's stays."""
        keep = np.broadcast_to(True if mask is None else mask, np.shape(index))
        active = int(keep.sum()) // keep[..., 0].size
        self._count(as_what, active)
        self.stored += active * self.element_bytes * self.copies
        memory[index[keep]] = np.broadcast_to(v, np.shape(index))[keep]

    def fma(self, acc: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return acc + a * b on the first `vl` lanes; those behind the tail keep what they hold."""
        for name in ("fma",) if self.fused else ("mul", "add"):
            self._count(name, self.vl)
        out = acc.copy()
        out[..., : self.vl] += a * b
        return out

    def add(self, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        """Return a + b, lane by lane; a scalar b meets every lane."""
        return self._binary("add", np.add, a, b)

    def mul(self, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        """Return a * b, lane by lane; a scalar b meets every lane."""
        return self._binary("mul", np.multiply, a, b)

    def max(self, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        """The larger of a and b, lane by lane; with b = 0 that is ReLU."""
        return self._binary("max", np.maximum, a, b)

    def less(self, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        """The mask of lanes where a < b."""
        return self._binary("less", np.less, a, b)

    def merge(self, mask: np.ndarray, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        """Lanes of a where the mask holds, else of b; all lanes take the time (a scalar branches around a move)."""
        self._count("merge", self.vl)
        return np.where(mask, a, b)

    def sum(self, v: np.ndarray) -> np.ndarray:
        """The sum over the lanes; on a scalar machine there is nothing left to add."""
        return self._reduce("sum", np.sum, v)

    def largest(self, v: np.ndarray) -> np.ndarray:
        """The largest lane."""
        return self._reduce("largest", np.max, v)

    def special(self, name: str, unit: Callable[[np.ndarray], np.ndarray], v: np.ndarray) -> np.ndarray:
        """A special-function unit on every lane, one instruction named for the function."""
        mnemonic = f"v{name}.v" if self.lanes > 1 else f"f{name}.s"
        self._record(mnemonic, self.vl)
        return unit(v)

    def _reduce(self, name: str, how: Callable, v: np.ndarray) -> np.ndarray:
        if self.lanes > 1:
            self._count(name, v.shape[-1])
        return how(v, axis=-1)

    def _binary(self, name: str, how: Callable, a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
        self._count(name, self.vl, scalar_operand=np.ndim(b) == 0)
        return how(a, b)

    def _count(self, name: str, active: int, scalar_operand: bool = False) -> None:
        mnemonic = self.names[name].format(self.sew)
        if scalar_operand and self.lanes > 1:
            mnemonic = mnemonic.replace(".vv", ".vf")
        self._record(mnemonic, active)

    def _record(self, mnemonic: str, active: int) -> None:
        self.instructions[mnemonic] += self.copies
        self.elements[mnemonic] += active * self.copies
        if self.history is not None:
            self.history.append((mnemonic, active))
