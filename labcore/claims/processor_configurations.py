"""Processors side by side: the links of a node, and Table 7.

>>> from labcore.claims.ledger import claim
>>> claim("table-7-a100-simd-width", bits=16).computed
512
"""

from __future__ import annotations

from labcore.catalogue import execution as units
from labcore.catalogue.facts import Fact
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Each, Number, Range
from labcore.matrix.engage import array_side, macs_per_clock, multiprocessor
from labcore.matrix.unit import sides

NODE, TABLE_7 = "04_execution_units#elements", "04_execution_units#table-7"


@cites("intra-node-regime", "Text §Intra-node interconnects", Range("1", "8"), "", NODE)
def gpus_of_a_node() -> Fact:
    """GPUs that one node joins by NVLink, here a DGX A100."""
    return units.NODE_GPUS


@cites("text-cores-per-chip-tpuv4", "Text §Intra-node interconnects", Number("2"), "", TABLE_7)
def cores_of_tpu_v4() -> Fact:
    """TensorCores of a TPU v4 chip."""
    return units.TPU_V4_CORES


shows(
    "table-7-caption", "Table 7",
    "Four processors and what each builds its matrix units from: lanes, tile, and how many of them.", TABLE_7,
)  # fmt: skip


@computes("table-7-row-a100", "Table 7", Number("64"), "", TABLE_7)
def macs_of_an_a100_tensor_core(R_peak=312e12, tensor_cores=4, count=108, clock=1.41e9):
    """Multiply-accumulates a clock of one A100 tensor core, printed as 4 x 4 x 4; from the FP16 peak and 108 SMs."""
    return macs_per_clock(R_peak, tensor_cores * count, clock)


@macs_of_an_a100_tensor_core.erratum
def tile_of_the_v100():
    """With 64 MACs, the A100's {cores:.0f} cores at {clock:.2f} GHz give {implied:.1f} TFLOP/s, a quarter of its 312.

    They do {a100:.0f} each, as 8 x 4 x 8. Would hold of the V100, whose tensor core does 4 x 4 x 4: {v100:.0f} MACs a
    clock, 8 cores in each SM.
    """
    sm = multiprocessor("A100")
    cores = sm.tensor_cores.value * sm.count.value
    return {
        "v100": multiprocessor("V100").macs_per_clock.value, "a100": sm.macs_per_clock.value, "cores": cores,
        "clock": sm.clock.value / 1e9, "implied": 2 * 64 * cores * sm.clock.value / 1e12,
    }  # fmt: skip


@computes("table-7-a100-simd-width", "Table 7", Number("1024"), "", TABLE_7)
def bits_of_a_warp(bits=32):
    """Bits that one warp instruction of the A100 works on: 32 lanes of 32 bits."""
    return int(multiprocessor("A100").warp.value) * bits


@computes("table-7-row-tpuv4", "Table 7", Each("128", "128", "2"), "", TABLE_7)
def tpu_v4_row(R_peak=275e12, mxus=4, clock=1.05e9):
    """Vector lanes, side of a matrix unit (from the peak of 4 units in each of 2 cores) and cores of a TPU v4."""
    cores = units.TPU_V4_CORES.value
    return [units.TPU_V4_LANES.value, array_side(R_peak, int(cores * mxus), clock), cores]


@computes("table-7-row-sapphire-rapids", "Table 7", Each("32", "32", "32", "32"), "", TABLE_7)
def amx_tiles():
    """Rows and columns of an AMX tile at INT8, then at BF16; the row prints 32 x 32 for both."""
    return [side for fmt in ("int8", "bf16") for side in sides(units.AMX_TILES[fmt])[::2]]


@amx_tiles.erratum
def sixteen_rows_of_64_bytes():
    """An AMX tile has {rows:.0f} rows of {row_bytes:.0f} B: {int8} elements at INT8, {bf16} at BF16. Neither is square.

    The row's 512 bits and 56 cores are right. Would hold of MACs a clock at INT8: a product takes {cycles:.0f} cycles,
    so they are {macs_int8:.0f}, which is 32 x 32, and {macs_bf16:.0f} at BF16, which is not.
    """
    tile = {fmt: units.AMX_TILES[fmt] for fmt in ("int8", "bf16")}
    return {
        "rows": units.AMX_ROWS.value, "row_bytes": units.AMX_ROW_BYTES.value, "cycles": units.AMX_CYCLES.value,
        **{fmt: f"{one.m} x {one.k}" for fmt, one in tile.items()},
        **{f"macs_{fmt}": one.macs / units.AMX_CYCLES.value for fmt, one in tile.items()},
    }  # fmt: skip


shows(
    "table-7-row-mobile-npu", "Table 7",
    "A phone's matrix unit is a block of its system on chip; the row names kinds of units and no numbers.", TABLE_7,
)  # fmt: skip
