"""The catalogue: every number has its unit and source, and agrees with the silicon it describes."""

import copy
import pickle
import re
import subprocess
import sys

import pytest

from labcore import catalogue
from labcore.catalogue import CHIPS, chip
from labcore.catalogue.facts import Fact, Source

FACTS = [(accelerator, name, fact) for accelerator in CHIPS for name, fact in accelerator.facts()]
UNITS = {"year": "year", "bandwidth": "B/s", "capacity": "B", "power": "W"}
# What one chip of these years can be; a value left in GB/s, TFLOP/s or GB lies far outside.
RANGES = {"year": (2012, 2025), "peak": (1e11, 1e16), "bandwidth": (1e10, 1e13), "capacity": (1e9, 1e12),
          "power": (1, 2000)}  # fmt: skip
# in the order of the data sheets
PRECISIONS = ("fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "fp4", "int8", "int4")


def offenders(good):
    """The facts for which `good(accelerator, name, fact)` does not hold, by name."""
    return [f"{a.name}: {name}" for a, name, fact in FACTS if not good(a, name, fact)]


def unit_of(name):
    if name.startswith("peak "):
        return "OP/s" if name.startswith("peak int") else "FLOP/s"
    return UNITS[name]


def test_every_fact_says_who_published_it_what_and_when():
    def good(accelerator, name, fact):
        source = fact.source
        addressed = source.url.startswith("http") or fact.kind == "convention"
        return source.publisher and source.title and 2012 <= source.year <= 2026 and addressed

    assert offenders(good) == []


def test_every_fact_has_the_unit_of_its_name():
    assert offenders(lambda accelerator, name, fact: fact.unit == unit_of(name)) == []


def test_every_fact_is_in_base_units():
    def good(accelerator, name, fact):
        low, high = RANGES[name.split()[0]]
        return low <= fact.value <= high

    assert offenders(good) == []


def test_a_number_that_was_not_read_or_not_printed_says_what_is_open_or_how_it_comes():
    assert offenders(lambda a, name, fact: fact.note or (fact.confirmed and fact.kind == "published")) == []


def test_the_references_are_declared_as_conventions_and_nothing_else_is():
    declared = "Reference CPU", "Mobile NPU"
    assert offenders(lambda a, name, fact: (fact.kind == "convention") == (a.name in declared)) == []


def test_a_chip_cannot_be_changed_but_copied():
    with pytest.raises(TypeError, match="does not support item assignment"):
        catalogue.H100.peaks["fp16"] = catalogue.A100.peaks["fp16"]
    for one in catalogue.CHIPS:
        assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


def test_a_rate_that_a_sheet_prints_with_sparsity_is_derived_or_printed_dense_too():
    """From Ampere on NVIDIA prints sparse tensor rates; each note sets them beside the dense one."""
    chips = catalogue.A100, catalogue.A100_40GB, catalogue.H100, catalogue.H200, catalogue.B200
    for accelerator in chips:
        for precision in set(accelerator.precisions) - {"fp64", "fp32"}:
            fact = accelerator.peaks[precision]
            assert fact.note.startswith("dense"), (accelerator.name, precision)
            printed = [float(number.replace(",", "")) for number in re.findall(r"[\d,]+\d", fact.note)]
            whole = 8 if "/ 8 GPUs" in fact.note else 1
            dense = [number / 2 / whole * 1e12 for number in printed]
            assert any(rate == pytest.approx(fact.value, rel=1e-3) for rate in dense), fact.note


def test_peaks_are_named_and_ordered_like_a_data_sheet():
    for accelerator in CHIPS:
        assert list(accelerator.peaks) == [p for p in PRECISIONS if p in accelerator.peaks], accelerator.name


def test_fp64_and_fp32_say_which_unit_computes_them():
    wide = "peak fp64", "peak fp32"
    assert offenders(lambda a, name, fact: name not in wide or fact.note.startswith("vector")) == []


# No peak is a sparse one: the count of the multipliers, times two FLOP a MAC, times the clock.
@pytest.mark.parametrize(
    ("accelerator", "precision", "units", "macs", "clock"),
    [
        (catalogue.K20X, "fp32", 14 * 192, 1, 732e6),  # 14 SMX, 192 lanes each
        (catalogue.K80, "fp32", 13 * 192, 1, 875e6),
        (catalogue.K80_BOARD, "fp32", 2 * 13 * 192, 1, 875e6),
        (catalogue.M40, "fp32", 24 * 128, 1, 1114e6),
        (catalogue.P40, "int8", 3840, 4, 1531e6),  # a dot product of four in each lane
        (catalogue.P100, "fp16", 56 * 64, 2, 1480e6),  # two values a lane
        (catalogue.V100, "fp16", 80 * 8, 64, 1530e6),  # SMs x tensor cores: 4 x 4 x 4
        (catalogue.T4, "int8", 40 * 8, 128, 1590e6),
        (catalogue.A100, "fp16", 108 * 4, 256, 1410e6),
        (catalogue.A100, "fp32", 108 * 64, 1, 1410e6),
        (catalogue.A100_40GB, "int8", 108 * 4, 512, 1410e6),
        (catalogue.H100, "fp16", 132 * 4, 512, 1830e6),
        (catalogue.H100, "fp8", 132 * 4, 1024, 1830e6),
        (catalogue.H200, "bf16", 132 * 4, 512, 1830e6),
        (catalogue.TPU_V1, "int8", 1, 256 * 256, 700e6),
        (catalogue.TPU_V2, "bf16", 2, 128 * 128, 700e6),  # two cores of one array
        (catalogue.TPU_V3, "bf16", 4, 128 * 128, 940e6),
        (catalogue.TPU_V4, "bf16", 8, 128 * 128, 1050e6),
        (catalogue.MI300X, "fp16", 304, 1024, 2100e6),  # CUs, 2,048 FLOP a clock each
        (catalogue.MI325X, "fp8", 304, 2048, 2100e6),
        (catalogue.SAPPHIRE_RAPIDS, "fp32", 56 * 2, 16, 2000e6),  # two AVX-512 units of 16 lanes a core
        (catalogue.SAPPHIRE_RAPIDS, "bf16", 56, 16 * 16 * 32 // 16, 2000e6),  # a tile product in 16 clocks
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_peak_is_multipliers_times_clock(accelerator, precision, units, macs, clock):
    assert accelerator.peak(precision) == pytest.approx(2 * units * macs * clock, rel=0.01)


def test_half_the_bits_compute_twice_as_fast():
    """A doubling from one precision to the next fails as soon as one of the two is a sparse rate."""
    steps = ("tf32", "fp16"), ("fp16", "fp8"), ("bf16", "fp8"), ("fp8", "fp4"), ("int8", "int4")
    found = set()
    for accelerator in CHIPS:
        for wide, narrow in steps:
            if {wide, narrow} <= set(accelerator.peaks):
                found.add(accelerator.name)
                ratio = accelerator.peak(narrow) / accelerator.peak(wide)
                assert ratio == pytest.approx(2, rel=0.01), (accelerator.name, wide, narrow)
    assert {"T4", "A100", "H100", "H200", "B200", "MI300X", "Gaudi 2"} <= found


def test_eight_bit_integers_run_at_the_rate_of_fp8_and_at_twice_that_of_the_sixteen_bit_formats():
    for accelerator in CHIPS:
        peaks = accelerator.peaks
        if {"fp8", "int8"} <= set(peaks):
            assert peaks["int8"].value == peaks["fp8"].value, accelerator.name
        if {"bf16", "int8"} <= set(peaks) and accelerator is not catalogue.TPU_V4:
            assert peaks["int8"].value == pytest.approx(2 * peaks["bf16"].value, rel=0.01), accelerator.name
        if {"fp16", "bf16"} <= set(peaks):
            assert peaks["fp16"].value == peaks["bf16"].value, accelerator.name
    assert catalogue.TPU_V4.peak("int8") == catalogue.TPU_V4.peak("bf16")  # its int8 gains nothing


@pytest.mark.parametrize(
    ("accelerator", "bits", "bits_per_second"),
    [
        (catalogue.K20X, 384, 5.2e9),
        (catalogue.K80, 384, 5e9),
        (catalogue.K80_BOARD, 2 * 384, 5e9),
        (catalogue.M40, 384, 6e9),
        (catalogue.P40, 384, 7.2e9),
        (catalogue.P100, 4096, 2 * 703e6),  # double data rate
        (catalogue.V100, 4096, 2 * 877.5e6),
        (catalogue.T4, 256, 10e9),
        (catalogue.A100_40GB, 5120, 2 * 1215e6),
        (catalogue.A100, 5120, 2 * 1593e6),
        (catalogue.H100, 5120, 2 * 2619e6),
        (catalogue.B200, 7680, 2 * 3996e6),  # what its driver reports; 8192 bit would give 8 TB/s
        (catalogue.MI300X, 8192, 5.2e9),
        (catalogue.TPU_V1, 2 * 64, 2133e6),  # two channels of DDR3-2133
        (catalogue.SAPPHIRE_RAPIDS, 8 * 64, 4.8e9),  # eight channels of DDR5-4800
        (catalogue.MOBILE_NPU, 64, 6.4e9),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_bandwidth_is_bus_width_times_data_rate(accelerator, bits, bits_per_second):
    assert pytest.approx(bits / 8 * bits_per_second, rel=0.01) == accelerator.BW


# Every chip a second time, from what its maker prints: peaks in TFLOP/s or TOP/s, GB/s, B, W.
# Where a sheet gives a rate with 2:4 sparsity, half of it; where it gives a rate for eight chips, an eighth.
GB, GIB = 10**9, 2**30
AMPERE = {"fp64": 9.7, "fp32": 19.5, "tf32": 312 / 2, "fp16": 624 / 2, "bf16": 624 / 2, "int8": 1248 / 2,
          "int4": 2496 / 2}  # fmt: skip
HOPPER = {"fp64": 34, "fp32": 67, "tf32": 989 / 2, "fp16": 1979 / 2, "bf16": 1979 / 2, "fp8": 3958 / 2,
          "int8": 3958 / 2}  # fmt: skip
CDNA3 = {"fp64": 81.7, "fp32": 163.4, "tf32": 653.7, "fp16": 1307.4, "bf16": 1307.4, "fp8": 2614.9, "int8": 2614.9}
SHEETS = {
    "K20X": ({"fp64": 1.31, "fp32": 3.95}, 250, 6 * GB, 235),
    "K80": ({"fp64": 2.91 / 2, "fp32": 8.74 / 2}, 480 / 2, 12 * GIB, 300 / 2),
    "K80-board": ({"fp64": 2.91, "fp32": 8.74}, 480, 24 * GIB, 300),
    "M40": ({"fp64": 6.8 / 32, "fp32": 6.8}, 288, 12 * GB, 250),
    "P40": ({"fp32": 12, "int8": 47}, 346, 24 * GB, 250),
    "P100": ({"fp64": 5.3, "fp32": 10.6, "fp16": 21.2}, 720, 4 * 4 * GB, 300),  # stacks x GB
    "V100": ({"fp64": 7.8, "fp32": 15.7, "fp16": 125}, 900, 4 * 8 * GB, 300),
    "T4": ({"fp32": 8.1, "fp16": 65, "int8": 130, "int4": 260}, 320, 8 * 2 * GB, 70),  # 8 chips of GDDR6
    "A100-40GB": (AMPERE, 1555, 5 * 8 * GB, 400),
    "A100": (AMPERE, 2039, 5 * 16 * GB, 400),
    "H100-PCIe": ({"fp64": 26, "fp32": 51, "tf32": 756 / 2, "fp16": 1513 / 2, "bf16": 1513 / 2, "fp8": 3026 / 2,
                   "int8": 3026 / 2}, 2000, 5 * 16 * GB, 350),
    "H100": (HOPPER, 3350, 5 * 16 * GB, 700),
    "H200": (HOPPER, 4800, 141 * GB, 700),
    "B200": ({"fp64": 37, "fp32": 75, "tf32": 18000 / 2 / 8, "fp16": 36000 / 2 / 8, "bf16": 36000 / 2 / 8,
              "fp8": 9000 / 2, "fp4": 18000 / 2, "int8": 9000 / 2}, 7700, 1440 // 8 * GB, 1000),
    "TPU v1": ({"int8": 92}, 34, 8 * GIB, 75),
    "TPU v2": ({"bf16": 46}, 700, 2 * 8 * GB, 280),  # 8 GB a core
    "TPU v3": ({"bf16": 123}, 900, 2 * 16 * GIB, 262),
    "TPU v4": ({"bf16": 275, "int8": 275}, 1200, 32 * GIB, 192),
    "TPU v5p": ({"bf16": 459, "int8": 918}, 2765, 95 * GIB, None),
    "TPU v6e": ({"bf16": 918, "int8": 1836}, 1638, 32 * GB, None),
    "MI300X": (CDNA3, 5300, 8 * 24 * GB, 750),
    "MI325X": (CDNA3, 6000, 8 * 32 * GB, 1000),
    "Gaudi 2": ({"bf16": 432, "fp8": 865}, 2450, 6 * 16 * GB, 600),
    # 56 cores at 2 GHz: 2 units of 16 lanes; tiles of 16 x 16 x 32 products in 16 clocks, twice that in int8
    "Sapphire Rapids": ({"fp32": 56 * 2e-3 * 2 * 2 * 16, "bf16": 56 * 2e-3 * 2 * 512, "int8": 56 * 2e-3 * 2 * 1024},
                        8 * 8 * 4.8, 8 * 64 * GB, 350),
    "Reference CPU": ({"fp32": 1}, 50, 64 * GB, 150),
    "Mobile NPU": ({"fp16": 10, "int8": 20}, 51.2, 8 * GB, 5),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_chip_has_the_numbers_of_its_sheet(name):
    peaks, GB_per_s, capacity, power = SHEETS[name]
    found = chip(name)
    # sheets round: 1979 / 2 is printed as 989, 384 bit x 5.2 Gb/s as 250, 1/32 of 6.8 as 0.21
    assert {p: fact.value / 1e12 for p, fact in found.peaks.items()} == pytest.approx(
        peaks, rel=2e-2 if name == "M40" else 1e-3
    )
    assert pytest.approx(GB_per_s * 1e9, rel=2e-3) == found.BW
    assert found.capacity.value == capacity
    assert (found.power and found.power.value) == power


def test_every_chip_was_entered_twice():
    assert sorted(SHEETS) == sorted(accelerator.name for accelerator in CHIPS)


def test_ridge_points_are_those_the_chapter_prints():
    assert round(catalogue.A100.ridge("fp16")) == 153  # 312 / 2.039
    assert round(catalogue.A100.ridge("fp32"), 1) == 9.6
    assert round(catalogue.V100.ridge("fp16"), 1) == 138.9  # 125 / 0.9
    assert round(catalogue.H100.ridge("fp16"), 1) == 295.2  # 989 / 3.35


def test_tpu_v1_has_its_ridge_point_at_about_1350_macs():
    """The paper's Section 4 says ~1350 operations a byte of weights and means MACs there: 92 / 34 / 2."""
    assert catalogue.TPU_V1.ridge("int8") / 2 == pytest.approx(1350, rel=0.01)


def test_a_k80_board_is_two_gpus():
    board, one = catalogue.K80_BOARD, catalogue.K80
    assert board.BW == 2 * one.BW
    assert board.capacity.value == 2 * one.capacity.value
    assert board.power.value == 2 * one.power.value
    assert [board.peak(p) / one.peak(p) for p in one.precisions] == [2, 2]


def test_a_capacity_printed_in_gib_is_a_whole_number_of_gib():
    for accelerator in CHIPS:
        if "GiB" in accelerator.capacity.note.split(";")[0]:
            assert accelerator.capacity.value % 2**30 == 0, accelerator.name


def test_chips_come_in_the_order_of_their_years():
    years = [accelerator.year.value for accelerator in CHIPS]
    assert years == sorted(years)
    assert (years[0], years[-1]) == (2012, 2024)
    assert len({accelerator.name for accelerator in CHIPS}) == len(CHIPS) == 26


@pytest.mark.parametrize(
    ("written", "found"),
    [("A100", catalogue.A100), ("a100", catalogue.A100), ("A100_40GB", catalogue.A100_40GB),
     ("h100-pcie", catalogue.H100_PCIE), ("H100 PCIe", catalogue.H100_PCIE), ("TPU v4", catalogue.TPU_V4),
     ("tpuv4", catalogue.TPU_V4), ("k80 board", catalogue.K80_BOARD), ("gaudi2", catalogue.GAUDI2),
     ("sapphire-rapids", catalogue.SAPPHIRE_RAPIDS), ("reference_cpu", catalogue.REFERENCE_CPU),
     ("Mobile NPU", catalogue.MOBILE_NPU)],
)  # fmt: skip
def test_lookup_ignores_case_spaces_and_hyphens(written, found):
    assert chip(written) is found


def test_every_chip_is_found_by_its_own_name_and_by_its_constant():
    constants = {id(value) for name, value in vars(catalogue).items() if name.isupper()}
    for accelerator in CHIPS:
        assert chip(accelerator.name) is accelerator
        assert id(accelerator) in constants


def test_an_unknown_chip_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole text is compared)
        chip("H100-SXM5")
    assert str(caught.value) == (
        "no chip is called 'H100-SXM5'; the nearest names are H100, V100, P100; "
        "add it as docs/how-to/chip.md shows, or take another: `labcore specs` lists all"
    )


def test_a_missing_precision_is_answered_with_the_ones_there_are():
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        catalogue.V100.peak("fp8")
    assert str(caught.value) == "V100 has no fp8 peak; it has fp64, fp32, fp16"


def test_a_fact_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match=r"^kind of a Fact is one of published, derived, .*; got 'guess'$"):
        Fact(1.0, "W", Source("somebody", "somewhere", 2020), kind="guess")


def test_the_catalogue_is_imported_without_numpy():
    code = "import sys, labcore.catalogue; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
