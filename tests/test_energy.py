"""Energy from counts: conversions by hand, the ratios that the tables make, and the texts of errors."""

import pytest

from labcore.catalogue.energy import ACCESS, HBM2_PER_BIT, OPERATION
from labcore.energy import access_energy, bill
from labcore.plots.energy import ladder, margin
from labcore.precision.cost import mac_energy, operation_energy


def test_a_word_is_half_an_access():
    """The 45 nm table counts 64 bits: 10 pJ an access of 8 KiB are 5 pJ for 32 bits and 1.25 pJ a byte."""
    assert access_energy("SRAM 8 KiB", 4) == pytest.approx(5e-12)
    assert access_energy("SRAM 8 KiB", 1) == pytest.approx(10e-12 / 8)
    assert access_energy("DRAM", 1 / 8) == pytest.approx(1.3e-9 / 64)  # 20.3 pJ a bit


def test_what_a_hundred_times_rests_on():
    """Each ratio of moving to computing holds for one pair; the pairs lie three decades apart."""
    word = access_energy("DRAM", 4)
    assert word / access_energy("SRAM 8 KiB", 4) == pytest.approx(130)  # 650 / 5
    assert word / operation_energy("multiply", "fp32") == pytest.approx(650 / 3.7)
    assert word / mac_energy("fp32") == pytest.approx(650 / 4.6)
    assert access_energy("DRAM", 1) / operation_energy("add", "int8") == pytest.approx(162.5 / 0.03)
    assert word / operation_energy("add", "int8") == pytest.approx(650 / 0.03)  # 32 bits against one addition of 8


def test_memory_improves_less_than_arithmetic():
    """From 45 nm to 7 nm every operation gets cheaper, a large SRAM too; a word over a DDR interface does not."""
    for one, fact in OPERATION["45 nm"].items():
        assert OPERATION["7 nm"][one].value < fact.value
    for level in ("SRAM 8 KiB", "SRAM 32 KiB", "SRAM 1 MiB"):
        assert access_energy(level, 8, "7 nm") < access_energy(level, 8)
    assert access_energy("DDR", 8, "7 nm") == access_energy("DRAM", 8)


def test_two_sources_for_hbm2_agree_within_a_tenth():
    per_bit = access_energy("HBM2", 1, "7 nm") / 8
    assert per_bit == pytest.approx(HBM2_PER_BIT.value, rel=0.1)


@pytest.mark.parametrize("process", ACCESS)
def test_larger_memories_cost_more(process):
    energies = [access_energy(level, 8, process) for level in ("SRAM 8 KiB", "SRAM 32 KiB", "SRAM 1 MiB")]
    assert energies == sorted(energies)
    assert max(energies) < min(fact.value for level, fact in ACCESS[process].items() if "SRAM" not in level)


def test_a_bill_adds_up():
    """1000 MACs of int8 into int32: 200 + 100 pJ. 2000 B at 1.25 pJ and 100 B at 162.5 pJ: 2500 + 16,250 pJ."""
    one = bill({("multiply", "int8"): 1000, ("add", "int32"): 1000}, {"SRAM 8 KiB": 2000, "DRAM": 100})
    assert one.computing == pytest.approx(300e-12)
    assert one.moving == pytest.approx(18_750e-12)
    assert one.total == pytest.approx(19_050e-12)
    assert one.share_moving == pytest.approx(18_750 / 19_050)


def test_a_bill_is_linear():
    single = bill({("add", "fp32"): 3}, {"HBM2": 64}, "7 nm")
    double = bill({("add", "fp32"): 6}, {"HBM2": 128}, "7 nm")
    assert double.total == pytest.approx(2 * single.total)
    assert double.share_moving == pytest.approx(single.share_moving)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda: access_energy("HBM2", 4),
            "no memory 'HBM2' at 45 nm; there are SRAM 8 KiB, SRAM 32 KiB, SRAM 1 MiB, DRAM",
        ),
        (lambda: access_energy("DRAM", 4, "5 nm"), "no energies of '5 nm'; there are 45 nm, 7 nm"),
        (lambda: access_energy("DRAM", -1), "D_vol must be 0 B or more, got -1"),
        (lambda: access_energy("DRAM", float("nan")), "D_vol must be 0 B or more, got nan"),
        (lambda: bill({("add", "fp32"): -1}, {}), "a count of operations is 0 or more; add in fp32 came as -1"),
        (lambda: bill({}, {}).share_moving, "this bill holds no operation and no traffic; count at least one of them"),
    ],
)  # fmt: skip
def test_errors_name_the_way_out(wrong, words):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the whole text is compared below
        wrong()
    assert str(raised.value) == words


def test_the_figures_draw_the_tables():
    drawn = dict(zip(zip(ladder()["what"], ladder()["process"], strict=True), ladder()["energy"], strict=True))
    assert drawn["DRAM (DDR), 32 bits", "45 nm"] == pytest.approx(650e-12)
    assert drawn["SRAM of 1 MiB, 32 bits", "7 nm"] == pytest.approx(7e-12)
    assert margin()["energy"] == pytest.approx([650e-12, 4.6e-12, 5e-12])
    assert margin()["printed"] == [640e-12, 3.7e-12, 0.5e-12]
