"""A unit of a chip and a stage of a pipeline: how long the one takes for the other, and at what energy.

Time is the roofline's, operation by operation. Energy is arithmetic, the instructions that drive it, the bytes from
DRAM, and what the unit leaks while it is on. An instruction costs the same whether all of its lanes do useful work or
one: that is why work with branches is dear on wide units, and why a narrow one pays most for dense work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue import soc as facts
from labcore.interconnect.link import Link, transfer_time
from labcore.ironlaw import terms
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy, operation_energy
from labcore.units import Bytes, BytesPerSecond, FlopPerSecond, Joules, Ratio, Seconds, Watts

WEIGHTS = {"w", "B"}  # the operands that no operation before has made


@dataclass(frozen=True)
class Unit:
    """One processor of a chip: peak by precision, share of lanes at work by kind of work, energies, fixed costs.

    `E_flop` is the arithmetic of one operation and `E_drive` the instruction's part behind it when every lane works,
    both by precision; where a share eta of the lanes does, an operation costs E_flop + E_drive / eta.
    """

    name: str
    R_peak: Mapping[str, FlopPerSecond]
    eta: Mapping[str, Ratio]
    BW: BytesPerSecond
    on_chip: Bytes
    L_launch: Seconds
    E_flop: Mapping[str, Joules]
    E_drive: Mapping[str, Joules]
    P_static: Watts

    def lacks(self, stage: Stage) -> str:
        """Why this unit cannot run a stage, or an empty text."""
        if stage.precision not in self.R_peak:
            return f"{self.name} has no {stage.precision}; it has {', '.join(self.R_peak)}"
        missing = sorted({kind_of(op) for op in stage.ops} - set(self.eta))
        return f"{self.name} runs no {', '.join(missing)} work; it runs {', '.join(self.eta)}" if missing else ""


@dataclass(frozen=True)
class Stage:
    """Operations that stay together on one unit, the bytes handed to each stage after, and the stages it waits for."""

    name: str
    ops: tuple[Operation, ...]
    precision: str
    D_out: Bytes
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class SoC:
    """Units that share one DRAM; what one writes for another crosses it twice, after a fixed cost of meeting."""

    units: tuple[Unit, ...]
    handoff: Link
    E_byte: Joules

    def unit(self, name: str) -> Unit:
        """The unit of that name; ValueError with the names there are."""
        for unit in self.units:
            if unit.name == name:
                return unit
        raise ValueError(f"no unit {name!r}; there are {', '.join(unit.name for unit in self.units)}")


def kind_of(op: Operation) -> str:
    """What an operation asks of a unit: dense, depthwise, branchy, raster, or pixels, each by itself.

    >>> from labcore.ops import conv2d
    >>> kind_of(conv2d(1, 8, 4, 4, 8, 3, 3, groups=8)), kind_of(conv2d(1, 8, 4, 4, 8, 3, 3))
    ('depthwise', 'dense')
    """
    if op.kind in ("branchy", "raster"):
        return op.kind
    if not op.macs:
        return "pixels"
    return "depthwise" if op.kind == "conv2d" and op.shape["groups"] == op.shape["C"] > 1 else "dense"


def dram_traffic(stage: Stage, on_chip: Bytes) -> Bytes:
    """Bytes from and to DRAM: all weights, what comes in first and goes out last, and tensors larger than `on_chip`.

    >>> from labcore.ops import matmul
    >>> two = Stage("x", (matmul(8, 8, 8, 1), matmul(8, 8, 8, 1)), "int8", D_out=64)
    >>> dram_traffic(two, on_chip=100), dram_traffic(two, on_chip=10)  # two weights, in, out; between: out and in
    (256, 384)
    """
    return sum(op_traffic(op, on_chip, i == 0, i == len(stage.ops) - 1) for i, op in enumerate(stage.ops))


def op_traffic(op: Operation, on_chip: Bytes, first: bool = False, last: bool = False) -> Bytes:
    """Bytes that one operation moves to or from DRAM, where tensors of at most `on_chip` bytes stay on the chip.

    >>> from labcore.ops import matmul
    >>> op_traffic(matmul(8, 8, 8, 1), on_chip=100), op_traffic(matmul(8, 8, 8, 1), on_chip=100, first=True)
    (64, 128)
    """
    come = sum(D for name, D in op.reads.items() if name in WEIGHTS or first or on_chip < D)
    return come + sum(D for D in op.writes.values() if last or on_chip < D)


def stage_time(stage: Stage, unit: Unit) -> Seconds:
    """One launch, and each operation at the slower of its lanes and the bytes it moves; ValueError if it cannot run.

    >>> from labcore.ops import matmul
    >>> T = stage_time(Stage("fc", (matmul(64, 1024, 1024, 1),), "int8", D_out=65536), phone().unit("CPU"))
    >>> round(1e6 * T, 1)  # 2 x 64 x 1024 x 1024 at 640 GOP/s x 0.8, and 5 us
    267.1
    """
    if why := unit.lacks(stage):
        raise ValueError(f"stage {stage.name} cannot run there: {why}")
    last = len(stage.ops) - 1
    return unit.L_launch + sum(
        op_time(op, unit, stage.precision, op_traffic(op, unit.on_chip, i == 0, i == last))
        for i, op in enumerate(stage.ops)
    )


def op_time(op: Operation, unit: Unit, precision: str, D_vol: Bytes) -> Seconds:
    """The roofline's time of one operation on the lanes that its kind of work can use.

    >>> from labcore.ops import matmul
    >>> op_time(matmul(1, 1000, 1000, 1), phone().unit("NPU"), "int8", D_vol=51.2e6)  # bound by 51.2 GB/s
    0.001
    """
    return terms(op.flop, D_vol, unit.R_peak[precision], unit.BW, unit.eta[kind_of(op)]).T_overlapped


def stage_energy(stage: Stage, unit: Unit, E_byte: Joules) -> Joules:
    """Arithmetic and its instructions, DRAM bytes at `E_byte` each, and leakage for as long as the stage takes.

    >>> from labcore.ops import matmul
    >>> fc = Stage("fc", (matmul(64, 1024, 1024, 1),), "int8", D_out=65536)
    >>> round(stage_energy(fc, phone().unit("CPU"), 0) / stage_energy(fc, phone().unit("NPU"), 0), 1)
    5.3
    """
    T = stage_time(stage, unit)
    E_ops = sum(op.flop * op_energy(op, unit, stage.precision) for op in stage.ops)
    return E_ops + dram_traffic(stage, unit.on_chip) * E_byte + unit.P_static * T


def op_energy(op: Operation, unit: Unit, precision: str) -> Joules:
    """Energy of one of the operations inside `op`: its arithmetic, and its part of the instruction that drives it.

    >>> from labcore.ops import matmul
    >>> dense = matmul(8, 8, 8, 1)
    >>> [round(1e12 * op_energy(dense, unit, "int8"), 3) for unit in phone().units]  # pJ: NPU, GPU, DSP, CPU
    [0.056, 3.331, 0.21, 1.007]
    """
    return unit.E_flop[precision] + unit.E_drive[precision] / unit.eta[kind_of(op)]


def phone(process: str = "7 nm") -> SoC:
    """A phone of round numbers: NPU, GPU, DSP and CPU of the catalogue, on one LPDDR.

    The energy of an instruction is published for 45 nm and scaled as that of an int8 multiplication; wider numbers
    leave room for fewer of them in an instruction.

    >>> [unit.name for unit in phone().units]
    ['NPU', 'GPU', 'DSP', 'CPU']
    """
    scale = operation_energy("multiply", "int8", process) / operation_energy("multiply", "int8")
    arithmetic = {p: mac_energy(p, "int32" if p == "int8" else None, process) / 2 for p in ("int8", "fp16", "fp32")}

    def unit(name: str) -> Unit:
        instruction = facts.INSTRUCTION["GPU" if name == "GPU" else "CPU"].value * scale
        peaks = {precision: fact.value for precision, fact in facts.PEAK[name].items()}
        return Unit(
            name, peaks, facts.LANES_AT_WORK[name], facts.PHONE_BW.value, facts.ON_CHIP[name].value,
            facts.LAUNCH[name].value, {p: arithmetic[p] for p in peaks},
            {p: instruction * bytes_per_element(p) / (2 * facts.MACS_AN_INSTRUCTION[name].value) for p in peaks},
            facts.STATIC[name].value,
        )  # fmt: skip

    handoff = Link("DRAM", facts.PHONE_BW.value / 2, facts.HANDOFF.value)  # written, then read
    return SoC(tuple(map(unit, facts.PEAK)), handoff, 8 * facts.LPDDR_BIT.value)


def handoff_time(soc: SoC, D_out: Bytes) -> Seconds:
    """Time to hand bytes from one unit to another: the fixed cost, and the bytes written and read.

    >>> round(1e6 * handoff_time(phone(), 51.2e3), 1)
    52.0
    """
    return transfer_time(D_out, soc.handoff.BW_one_way, soc.handoff.L_lat) if D_out else soc.handoff.L_lat
