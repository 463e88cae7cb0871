"""What the self-check on memory systems states (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("selfcheck-3-q4-order").computed
[3, 2, 1, 4]
"""

from __future__ import annotations

from labcore.catalogue import A100, H100, V100, memory
from labcore.catalogue.links import COPY_OVERHEAD
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Answer, Each, Range, Words
from labcore.latency import cycles_in, time_of
from labcore.models.language import kv_cache_bytes
from labcore.precision import bytes_per_element
from labcore.roofline import ridge
from labcore.scaling import times

CHECK = "08_memory_systems#self-check"
SET = "Self-Check set 3"
CYCLES, CLOCK = memory.V100_CYCLES, memory.V100_CLOCK.value


@computes("selfcheck-3-q1", f"{SET} Q1", Answer("A"), "", CHECK)
def compute_grew_faster(R_old=125e12, R_new=989e12, BW_old=V100.BW, BW_new=H100.BW):
    """A: from the V100 to the H100 the peak grew more than the bandwidth, so the ridge point rose."""
    return ridge(R_new, BW_new) > ridge(R_old, BW_old)


shows("selfcheck-3-q3", f"{SET} Q3",
      "A CNN uses a filter at every position and asks for arithmetic; a transformer at batch 1 uses a weight once a "
      "token and asks for bandwidth and capacity.", CHECK)  # fmt: skip


@computes("selfcheck-3-q4-order", f"{SET} Q4", Each("3", "2", "1", "4"), "", CHECK)
def order_of_the_tiers(register=1.0, l2=CYCLES["L2"].value, hbm=CYCLES["HBM"].value, pcie=COPY_OVERHEAD.value):
    """Tiers by the time of one access: cycles of a V100, and one copy call over PCIe."""
    waits = {3: time_of(register, CLOCK), 2: time_of(l2, CLOCK), 1: time_of(hbm, CLOCK), 4: pcie}
    return sorted(waits, key=waits.get)


@computes("selfcheck-3-q5-pcie-bottleneck", f"{SET} Q5", Range("1", "2"), "log10(x)", CHECK)
def pcie_below_hbm(BW_a100=A100.BW, BW_h100=H100.BW, host_link=64e9):
    """HBM of the A100 and H100 over PCIe 5.0 x16, one way."""
    return [times(BW, host_link) for BW in (BW_a100, BW_h100)]


@computes("selfcheck-3-q6", f"{SET} Q6", Answer("A"), "", CHECK)
def transformers_need_more_chips(params=175e9, precision="fp16", chip=A100.capacity.value):
    """A: 175 G parameters do not fit one chip, and twice the context takes twice the cache."""
    doubled = kv_cache_bytes("llama3-8b", 1, 4096) == 2 * kv_cache_bytes("llama3-8b", 1, 2048)
    return params * bytes_per_element(precision) > chip and doubled


@computes("selfcheck-3-q4-cycle-classes", f"{SET} Q4",
          Words("hundreds of thousands or more", least=100_000, number=100_000), "", CHECK)  # fmt: skip
def pcie_cycles(L_lat=COPY_OVERHEAD.value, clock=2e9):
    """Cycles of a copy call over PCIe before its first byte, driver and protocol included, at 2 GHz."""
    return cycles_in(L_lat, clock)


@pcie_cycles.erratum
def a_transfer_and_not_an_access():
    """With driver and protocol a copy call measures {us:.0f} us before its first byte, {cycles:,.0f} cycles at 2 GHz.

    That is {hbm:.0f} times the wait for HBM, within the one to two orders of magnitude that the same answer gives.
    {printed:,} cycles are {all_us:.0f} us: a queue of {calls:.0f} such calls, or {mb:.1f} MB on the wire at 64 GB/s.
    Would hold of a full queue, which the answer counts in, or a long transfer, and not of the tier's own wait.
    """
    whole = time_of(100_000, 2e9)
    return {
        "us": 1e6 * COPY_OVERHEAD.value, "cycles": pcie_cycles(),
        "hbm": times(COPY_OVERHEAD.value, time_of(CYCLES["HBM"].value, CLOCK)),
        "printed": 100_000, "all_us": 1e6 * whole, "calls": times(whole, COPY_OVERHEAD.value), "mb": whole * 64e9 / 1e6,
    }  # fmt: skip


@computes("selfcheck-3-q5-hbm-vs-ddr", f"{SET} Q5", Range("10", "50"), "x", CHECK)
def hbm_over_ddr(BW_a100=A100.BW, BW_h100=H100.BW, ddr=200e9):
    """HBM of the A100 and H100 over eight channels of DDR4 on a server."""
    return [times(BW, ddr) for BW in (BW_a100, BW_h100)]
