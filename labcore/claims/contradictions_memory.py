"""Where two places of the chapter cannot both stand: chips and their memories (`labcore claims --consistency`).

>>> from labcore.claims.ledger import claim
>>> claim("selfcheck-3-q2-single-cycle").computed
2.0
"""

from __future__ import annotations

from labcore.catalogue import A100, H100, V100
from labcore.catalogue.execution import SM_A100
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import THOUSANDS, Number, Truth, Words
from labcore.energy import access_energy
from labcore.latency import cycles_in
from labcore.precision.cost import mac_energy
from labcore.scaling import times

MEMORY, LADDER = "08_memory_systems#self-check", "08_memory_systems#hierarchy"
CLOCK = 2e9  # Hz, the chapter's round clock (Napkin Math 1.2)


@computes("pe-count-thousands", "Text §Parallelization across processing elements", Words("thousands", *THOUSANDS), "",
          "10_mapping#placement")  # fmt: skip
def elements_as_first_defined():
    """Processing elements of an A100, as Section 1.1.6, Section 1.3.4 and Table 7 count them: multiprocessors."""
    return times(SM_A100.count.value, 1)


@elements_as_first_defined.erratum
def lanes_are_in_the_thousands():
    """One term counts two things: in Section 1.3.4 an element has several tensor cores, and so an A100 has {units}.

    Section 1.1.6 has dozens to hundreds, too. Would hold of lanes, each of which does one multiply-add, as Section 1.6
    itself counts them for the H100: an A100 has {lanes:,} for FP32.
    """
    units = times(SM_A100.count.value, 1)
    return {"units": int(units), "lanes": int(times(units, 1 / SM_A100.lanes_fp32.value))}


@computes("memory-wall-millions-a-second", "Text §Understanding the AI memory wall",
          Words("millions", least=1e6, most=999e6), "", "08_memory_systems#balance")  # fmt: skip
def operations_of_one_lane(clock=SM_A100.clock.value):
    """FLOP a second of the least that computes in an A100: one FP32 lane, a multiply-add in each cycle."""
    return 2 * cycles_in(1.0, clock)


@operations_of_one_lane.erratum
def billions_each():
    """One lane of an A100 alone does {lane:.2f} billion FLOP/s, its tensor cores together {all:.0f} TFLOP/s.

    Section 1.4 itself begins with hundreds of TFLOP/s. Would hold with "millions of operations in a microsecond": there
    are {us:.0f} million.
    """
    return {"lane": operations_of_one_lane() / 1e9, "all": A100.peak("fp16") / 1e12, "us": A100.peak("fp16") / 1e12}


@computes("hierarchy-every-access-dwarfs", "Text §Memory hierarchy",
          Truth(words="an access at any level costs far more than the arithmetic"), "", LADDER)  # fmt: skip
def any_access_dwarfs(register=32 * 0.1e-12, sram=0.5e-12):
    """Whether a register and an SRAM, at the chapter's own energies, cost more than an FP32 multiply-accumulate."""
    return min(register, sram) > mac_energy("fp32", "fp32")


@any_access_dwarfs.erratum
def near_accesses_are_cheap():
    """At Lighthouse 1.2's 0.1 pJ a bit 32 bits of a register cost {register:.1f} pJ, the arithmetic {mac:.1f}.

    By the margin's 0.5 pJ an SRAM costs less too, and by its source {sram:.0f} pJ about as much. Would hold of DRAM:
    {dram:.0f} pJ. That near accesses are cheap is why data are kept near.
    """
    return {
        "register": 3.2, "mac": 1e12 * mac_energy("fp32", "fp32"), "sram": 1e12 * access_energy("SRAM 8 KiB", 4),
        "dram": 1e12 * access_energy("DRAM", 4),
    }  # fmt: skip


@computes("hbm-answers-before-dram", "Text §Off-chip memory", Truth(words="HBM answers sooner than commodity DRAM"), "",
          LADDER)  # fmt: skip
def dram_is_later(hbm=100e-9, dram=(50e-9, 150e-9)):
    """Whether all of Table 10's range for DRAM lies above its wait for HBM."""
    return cycles_in(min(dram), CLOCK) > cycles_in(hbm, CLOCK)


@dram_is_later.erratum
def the_table_has_them_level():
    """The text gives DRAM the longer wait three times; Table 10 has {low:.0f} to {high:.0f} ns, around HBM's {hbm:.0f}.

    In cycles at 2 GHz that is {low_cycles:.0f} to {high_cycles:.0f} against {hbm_cycles:.0f}. What HBM has more of is
    bandwidth. Would hold of DRAM that is reached over the host's link, which adds the copy's call.
    """
    low, high, hbm = 50e-9, 150e-9, 100e-9
    return {
        "low": 1e9 * low, "high": 1e9 * high, "hbm": 1e9 * hbm, "low_cycles": cycles_in(low, CLOCK),
        "high_cycles": cycles_in(high, CLOCK), "hbm_cycles": cycles_in(hbm, CLOCK),
    }  # fmt: skip


@computes("systolic-computing-1pj", "Napkin Math 1.1", Number("1"), "pJ", "06_systolic_arrays#pulsing-energy")
def computing_energy(multiply="fp32", accumulate="fp32"):
    """Energy of the operation that both of the page's units do, a multiply-accumulate, in FP32 at 45 nm."""
    return mac_energy(multiply, accumulate)


@computing_energy.erratum
def one_picojoule_is_less_than_the_margin():
    """The margin beside Section 1.1.5 prints 3.7 pJ for it, and the source of both gives {mac:.1f} pJ.

    With {mac:.1f} pJ the array's advantage is {own:.0f}x, with the margin's 3.7 pJ {margin:.0f}x, and not 232.8x. Would
    hold, nearly, in FP16: {half:.1f} pJ, with words from DRAM at half of 640 pJ.
    """
    mac, words, reads = 1e12 * computing_energy(), 4 * 640, 640 * 2 / 128
    own, margin = (times(words + pj, reads + pj) for pj in (mac, 3.7))
    return {
        "mac": mac,
        "own": own,
        "margin": margin,
        "half": 1e12 * computing_energy(multiply="fp16", accumulate="fp16"),
    }


@computes("selfcheck-3-q2-single-cycle", "Self-Check set 3 Q2", Number("1"), "", MEMORY)
def sram_cycles(L_lat=1e-9):
    """Cycles at 2 GHz of the soonest SRAM that Table 10 and Lighthouse 1.2 have, 1 ns."""
    return cycles_in(L_lat, CLOCK)


@sram_cycles.erratum
def registers_take_one():
    """Question 4 of the same set gives on-chip caches tens of cycles.

    Table 10 gives them 1 to 10 ns and scratchpads 5 to 20 ns: {least:.0f} to {most:.0f} cycles at 2 GHz. Would hold of
    registers, to which the table gives about one cycle, or of the soonest cache at 1 GHz.
    """
    return {"least": sram_cycles(), "most": cycles_in(20e-9, CLOCK)}


@computes("selfcheck-3-q2-dozens-of-cycles", "Self-Check set 3 Q2 answer", Words("dozens", least=24, most=99), "",
          MEMORY)  # fmt: skip
def hbm_cycles(L_lat=100e-9):
    """Cycles at 2 GHz of a round trip to HBM that takes the 100 ns of Table 10."""
    return cycles_in(L_lat, CLOCK)


@hbm_cycles.erratum
def hundreds_as_elsewhere():
    """At Table 10's 100 ns they are {table:.0f}, at Lighthouse 1.2's 300 ns {clip:.0f}; Question 4 has hundreds.

    Section 1.4.1 has hundreds, too. Would hold of a wait of {least:.0f} to {most:.0f} ns, a large cache's.
    """
    return {"table": hbm_cycles(), "clip": hbm_cycles(L_lat=300e-9), "least": 24 / 2, "most": 99 / 2}


@cites("nm1-3-h100-year", "Napkin Math 1.3", Number("2023"), "year", "08_memory_systems#balance")
def year_of_the_h100():
    """Year in which the H100 was announced, as the years beside the V100 and the A100 are of theirs."""
    return H100.year


@year_of_the_h100.erratum
def years_of_announcement():
    """The V100 and the A100 stand with the years of announcement, {v100:.0f} and {a100:.0f}; the H100's is {h100:.0f}.

    Would hold of the article that the chapter cites for it, which is of 2023.
    """
    return {"v100": V100.year.value, "a100": A100.year.value, "h100": H100.year.value}
