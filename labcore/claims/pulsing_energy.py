"""The energy of pulsing data: Napkin Math 1.1, and who built arrays and why.

>>> from labcore.claims.ledger import claim
>>> claim("systolic-energy-ratio").computed
232.8181818181818
"""

from __future__ import annotations

from labcore.catalogue import execution
from labcore.catalogue.arrays import DRAM_WORD, MAC
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, Number, Range, Words, on_the_order_of
from labcore.ops import elementwise
from labcore.systolic import coverage, cycles, energy_per_mac, traffic

NAPKIN, TEXT = "Napkin Math 1.1", "Text §Systolic arrays"
ENERGY, HISTORY = "06_systolic_arrays#pulsing-energy", "06_systolic_arrays#what-moves"
SELF_CHECK = "06_systolic_arrays#self-check"

shows(
    "napkin-1-1-energy-of-pulsing", NAPKIN,
    "Counts the memory accesses behind one multiply-accumulate, once for a unit that keeps nothing and once for an "
    "array that hands operands on, and turns both counts into energy.",
    ENERGY,
)  # fmt: skip


@computes("systolic-vector-accesses", NAPKIN, Number("4"), "", ENERGY)
def vector_accesses(loads=3):
    """Words that a MAC moves when its operands and its sum are loaded and the new sum is stored."""
    return elementwise(1, flop_per_element=2, inputs=loads, bytes_per_element=1).D_vol


@computes("systolic-vector-energy", NAPKIN, Number("2561"), "pJ", ENERGY)
def vector_energy(accesses=4, E_dram=DRAM_WORD.value, E_op=MAC.value):
    """Energy of one MAC with all its accesses to DRAM."""
    return energy_per_mac(accesses, E_dram, E_op)


def edge_reads_per_mac(side: int, T: int = 1024) -> float:
    """Words of A and B that enter a square array for each MAC of a full tile, as counted at its edge."""
    reads, _ = traffic(side, T, side, side, side)
    return sum(reads.values()) / (side * side * T)


@computes("systolic-array-accesses", NAPKIN, Number("0.016"), "", ENERGY)
def array_accesses(side=128):
    """Reads at the edge for one MAC of a full tile: 2 / 128."""
    return edge_reads_per_mac(side)


@computes("systolic-array-energy", NAPKIN, Number("11"), "pJ", ENERGY)
def array_energy(side=128, E_dram=DRAM_WORD.value, E_op=MAC.value):
    """Energy of one MAC on the array, every edge read from DRAM."""
    return energy_per_mac(edge_reads_per_mac(side), E_dram, E_op)


@computes("systolic-energy-ratio", NAPKIN, Number("232.8"), "x", ENERGY)
def energy_ratio(side=128, accesses=4, E_dram=DRAM_WORD.value, E_op=MAC.value):
    """Energy of the vector unit's MAC over the array's."""
    return energy_per_mac(accesses, E_dram, E_op) / array_energy(side=side, E_dram=E_dram, E_op=E_op)


@computes("systolic-energy-ratio-like-for-like", NAPKIN, Words("232.8x", least=232.75, most=232.85), "x", ENERGY)
def ratio_with_results(side=128, K=128, accesses=4, E_dram=DRAM_WORD.value, E_op=MAC.value):
    """The same ratio when the array's results count too, as the vector unit's do: for one full 128 x 128 x 128 tile."""
    reads, writes = traffic(side, K, side, side, side)
    per_mac = (sum(reads.values()) + sum(writes.values())) / (side * side * K)
    return energy_per_mac(accesses, E_dram, E_op) / energy_per_mac(per_mac, E_dram, E_op)


@ratio_with_results.erratum
def results_leave_too():
    """The vector unit is charged for its result and the array is not.

    Each result of a 128 x 128 x 128 tile leaves the array once, which makes {accesses:.4f} accesses a MAC in place of
    {printed:.4f} and the ratio {ratio:.1f}. Would hold, nearly, of sums over a long K, whose results leave the array
    seldom: {long:.1f} at K = 4096.
    """
    reads, writes = traffic(128, 128, 128, 128, 128)
    return {
        "accesses": (sum(reads.values()) + sum(writes.values())) / 128**3, "printed": edge_reads_per_mac(128),
        "ratio": ratio_with_results(), "long": ratio_with_results(K=4096),
    }  # fmt: skip


def macs_per_cycle(rows: int, cols: int) -> int:
    """MACs that an array does in a cycle in which all PEs are busy, from the difference of two long runs."""
    short, long = (cycles(rows, K, cols, rows, cols) for K in (1000, 2000))
    return rows * cols * 1000 // (long - short)


@computes("systolic-macs-per-cycle", NAPKIN, Number("16,384"), "", ENERGY)
def array_macs_per_cycle(rows=128, cols=128):
    """MACs of a full 128 x 128 array in one cycle."""
    return macs_per_cycle(rows, cols)


@computes("systolic-macs-per-cycle-over", NAPKIN, Words("over 16,384", least=16385), "", ENERGY)
def at_most_macs_per_cycle(rows=128, cols=128):
    """The most MACs in any cycle."""
    return macs_per_cycle(rows, cols)


@at_most_macs_per_cycle.erratum
def never_over():
    """{rows} x {cols} PEs with one multiplier each do {most:,} MACs in a full cycle and never more.

    A product with K = 4096 averages {average:,.0f}, as the array fills and drains. Would hold with "up to 16,384".
    """
    average = 128 * 128 * 4096 / cycles(128, 4096, 128, 128, 128)
    return {"rows": 128, "cols": 128, "most": macs_per_cycle(128, 128), "average": average}


@computes("tpu-100k-mac-units", NAPKIN, Range("100,000", None), "", ENERGY)
def tpu_mac_units(cores=2, mxu_per_core=4, dim=128):
    """MAC units of a TPU v4: two cores of four 128 x 128 arrays."""
    return cores * mxu_per_core * macs_per_cycle(dim, dim)


shows(
    "systolic-small-matrix-limit", NAPKIN,
    "Operands that meet few PEs are used few times: a product smaller than the array costs more energy a "
    "multiply-accumulate, and a single one costs as much as on a unit without reuse.",
    ENERGY,
)  # fmt: skip


@computes("systolic-dozens-of-uses", TEXT, Words("dozens", least=24), "", HISTORY)
def uses_of_a_weight(side=128):
    """MACs that a weight takes part in on its way down a full column: the MACs of a tile over its reads of B."""
    reads, _ = traffic(side, side, side, side, side)
    return side**3 // reads["B"]


@cites("tpuv4-array-size", TEXT, Number("128"), "", HISTORY)
def tpu_v4_side():
    """Rows, and columns, of one matrix unit of the TPU v4."""
    return execution.TPU_V4_SIDE


@computes("footnote-26-weight-reuse", "Footnote 26", Words("hundreds", *HUNDREDS), "", HISTORY)
def accesses_avoided(side=128):
    """Accesses that one weight avoids while it passes the PEs of a column: one fewer than the MACs it serves.

    A weight that stays in its PE (weight stationary) avoids one for every further row of inputs, at any height.
    """
    return uses_of_a_weight(side=side) - 1


shows(
    "figure-8-systolic-dataflow", "Figure 8",
    "A control unit times the lanes that feed the left edge; operands move right from PE to PE, sums move down, and "
    "accumulators below collect them.",
    HISTORY,
)  # fmt: skip


@computes("selfcheck-2-q2-systolic-energy", "Self-Check set 2 Q2", Number("16,384"), "", SELF_CHECK)
def operands_and_macs(rows=128, cols=128):
    """MACs a cycle; each operand serves a whole row or column of PEs."""
    return macs_per_cycle(rows, cols)


@computes(
    "selfcheck-2-q2-traffic-falls", "Self-Check set 2 Q2 answer",
    Words("two orders of magnitude", *on_the_order_of(100)),
    "x", SELF_CHECK,
)  # fmt: skip
def traffic_falls(side=128, accesses=4):
    """Accesses of a MAC on the vector unit over those on the array."""
    return accesses / edge_reads_per_mac(side)


@computes("selfcheck-2-q2-dram-vs-register", "Self-Check set 2 Q2", Range("2", "3"), "log10(x)", SELF_CHECK)
def dram_over_register(E_dram=20e-12, E_register=0.1e-12):
    """What one more bit from DRAM adds to a MAC's energy, over what one from a register adds: 20 pJ and 0.1 pJ."""
    one, two = ([energy_per_mac(n, E, E_mac=E_register) for E in (E_dram, E_register)] for n in (1, 2))
    return (two[0] - one[0]) / (two[1] - one[1])


@computes("selfcheck-2-q5-fringe-waste", "Self-Check set 2 Q5", Number("99"), "%", SELF_CHECK)
def third_tile_waste(channels=257, width=128):
    """Idle share of the last tile of 257 channels on 128 lanes."""
    return 1 - coverage((channels - 1) % width + 1, width)
