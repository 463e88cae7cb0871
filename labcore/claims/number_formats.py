"""Number formats: footnote 18, Table 6, mixed precision.

>>> from labcore.claims.ledger import claim
>>> claim("int8-weight-traffic-4x", bits_to=4).computed
8.0
"""

from __future__ import annotations

from labcore.catalogue import P100, V100, chip
from labcore.catalogue.facts import Fact
from labcore.catalogue.generations import generation
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Each, Number, Truth, Words
from labcore.energy import access_energy
from labcore.ops import matmul
from labcore.precision.cost import mac_area, mac_energy, operation_area, operation_energy
from labcore.roofline import attainable

# Footnote 18: what a halved width buys. The areas are those of a 45 nm process.


@computes("footnote-18-halving-quadruples", "Footnote 18", Number("4"), "x", "07_numerics#width")
def alus_in_the_area(wide="fp32", narrow="fp16"):
    """Multiply-add units that fit into the area of one of twice the width, where multiplier and adder both narrow."""
    return mac_area(wide) / mac_area(narrow)


@computes("footnote-18-quadruples-with-wide-sums", "Footnote 18", Number("4"), "x", "07_numerics#width")
def units_with_wide_sums(wide="fp32", narrow="fp16", accumulate="fp32"):
    """Units with FP16 products and FP32 sums, as in mixed precision, in the area of one that is FP32 throughout."""
    return mac_area(wide) / mac_area(narrow, accumulate)


@units_with_wide_sums.erratum
def only_the_multiplier_shrinks():
    """A unit that keeps its sums in FP32, which the same section prescribes, gains {kept:.2f}x, not 4x.

    In 45 nm, an FP32 multiply-add takes {wide:.0f} um2, one with FP16 products and FP32 sums {mixed:.0f}. The
    multiplier shrinks {multiplier:.1f} times, but the FP32 adder stays and takes {adder:.0f} of that. So the section's
    own text has 2x where its footnote has 4x. Would hold of units that are FP16 throughout: they take {narrow:.0f} um2,
    {both:.2f} times less.
    """
    wide, narrow, mixed = mac_area("fp32"), mac_area("fp16"), mac_area("fp16", "fp32")
    return {
        "wide": wide, "narrow": narrow, "mixed": mixed, "both": wide / narrow, "kept": wide / mixed,
        "multiplier": operation_area("multiply", "fp32") / operation_area("multiply", "fp16"),
        "adder": operation_area("add", "fp32"),
    }  # fmt: skip


@computes("footnote-18-bandwidth-halves", "Footnote 18", Number("0.5"), "x", "07_numerics#width")
def bytes_of_an_element(bits_from=32, bits_to=16):
    """Bytes of an element at the lower width, over those at the higher."""
    return matmul(1, 1, 1, bits_to / 8).D_vol / matmul(1, 1, 1, bits_from / 8).D_vol


@computes("footnote-18-volta-gain", "Footnote 18", Number("6"), "x", "07_numerics#width")
def volta_over_pascal(new="V100", old="P100", precision="fp16"):
    """FP16 peak of the V100's tensor cores over that of the P100's vector units."""
    return chip(new).peak(precision) / chip(old).peak(precision)


@cites("footnote-18-volta-rate", "Footnote 18", Number("125"), "TFLOP/s", "07_numerics#width")
def volta_rate() -> Fact:
    """FP16 peak of the V100's tensor cores."""
    return V100.peaks["fp16"]


@cites("footnote-18-pascal-rate", "Footnote 18", Number("21"), "TFLOP/s", "07_numerics#width")
def pascal_rate() -> Fact:
    """FP16 peak of the P100, the generation before the V100."""
    return P100.peaks["fp16"]


@cites("footnote-18-volta-power", "Footnote 18", Number("300"), "W", "07_numerics#width")
def volta_power() -> Fact:
    """Power of the V100."""
    return V100.power


@cites("footnote-18-pascal-power", "Footnote 18", Number("300"), "W", "07_numerics#width")
def pascal_power() -> Fact:
    """Power of the P100."""
    return P100.power


# The section: bytes, areas, sums


@computes("int8-weight-traffic-4x", "Text §Systolic arrays", Number("4"), "x", "07_numerics#traffic")
def weight_traffic(bits_from=32, bits_to=8):
    """Weight bytes of a 2048 x 2048 dense layer at the higher width over those at the lower."""
    return matmul(1, 2048, 2048, bits_from / 8).reads["B"] / matmul(1, 2048, 2048, bits_to / 8).reads["B"]


@computes("fp16-packing-2x", "Text §Numerics", Number("2"), "x", "07_numerics#width")
def mixed_units_in_the_area(wide="fp32", narrow="fp16", accumulate="fp32"):
    """Units with FP16 products and FP32 sums that fit into the area of an FP32 one."""
    return mac_area(wide) / mac_area(narrow, accumulate)


shows(
    "mixed-precision-accumulate-fp32", "Text §Precision trade-offs",
    "Products may be narrow while sums stay wide: multiply in FP16 or BF16, accumulate in FP32.",
    "07_numerics#mixed-precision",
)  # fmt: skip


# Table 6

shows(
    "table-6-caption",
    "Table 6",
    "Three generations of GPUs and the formats that each computes with.",
    "07_numerics#table-6",
)


@cites("table-6-row-volta", "Table 6", Number("2017"), "year", "07_numerics#table-6")
def volta_year() -> Fact:
    """Year of Volta."""
    return generation("Volta").year


@cites("table-6-row-turing", "Table 6", Number("2018"), "year", "07_numerics#table-6")
def turing_year() -> Fact:
    """Year of Turing."""
    return generation("Turing").year


@cites("table-6-row-ampere", "Table 6", Number("2020"), "year", "07_numerics#table-6")
def ampere_year() -> Fact:
    """Year of Ampere."""
    return generation("Ampere").year


@computes("table-6-format-counts", "Table 6", Each("1", "3", "4", "4", "6", "5"), "", "07_numerics#table-6")
def formats_by_row(rows="Volta Turing Ampere"):
    """Formats that Table 6 lists: Volta's tensor cores, its vector units, then the same two of Turing and of Ampere."""
    return [len(formats) for name in rows.split() for formats in (generation(name).tensor, generation(name).vector)]


@formats_by_row.erratum
def two_formats_are_missing():
    """Two formats of NVIDIA's own table are missing.

    Volta's vector units compute in {volta}: the page leaves out INT8, whose dot products the P40, a generation earlier,
    had at {p40:.0f} TOP/s. Ampere's tensor cores compute in {ampere}: the page leaves out INT1, which it lists for
    Turing; INT1 and INT4 leave with Hopper, which computes in {hopper}.
    """
    volta, ampere, hopper = map(generation, ("Volta", "Ampere", "Hopper"))
    return {
        "volta": ", ".join(volta.vector), "p40": chip("P40").peak("int8") / 1e12,
        "ampere": ", ".join(ampere.tensor), "hopper": ", ".join(hopper.tensor),
    }  # fmt: skip


# Mixed precision: traffic and energy


@computes("fp16-halves-traffic", "Text §Mixed-precision computing", Number("0.5"), "x", "07_numerics#traffic")
def all_traffic(bits_from=32, bits_to=16):
    """All bytes of a 2048 x 2048 dense layer at batch 32 at the lower width, over those at the higher."""
    return matmul(32, 2048, 2048, bits_to / 8).D_vol / matmul(32, 2048, 2048, bits_from / 8).D_vol


@computes("int8-30x-energy", "Text §Mixed-precision computing", Number("30"), "x", "07_numerics#energy")
def additions(wide="fp32", narrow="int8"):
    """Energy of an FP32 addition over that of an INT8 addition, 0.9 pJ over 0.03 pJ."""
    return operation_energy("add", wide) / operation_energy("add", narrow)


@computes("int8-30x-energy-of-a-mac", "Text §Mixed-precision computing", Number("30"), "x", "07_numerics#energy")
def multiply_accumulates(wide="fp32", narrow="int8", accumulate="int32"):
    """Energy of an FP32 multiply-accumulate over that of an INT8 one whose sum is kept in INT32."""
    return mac_energy(wide) / mac_energy(narrow, accumulate)


@multiply_accumulates.erratum
def additions_alone_give_thirty():
    """Multiplications give {multiply:.1f}x.

    A multiply-accumulate in INT8 throughout gives {narrow:.0f}x, and one that keeps its sum in INT32, as INT8 matrix
    units do, {wide:.1f}x. Would hold of additions: {add:.0f}x.
    """
    return {
        "add": operation_energy("add", "fp32") / operation_energy("add", "int8"),
        "multiply": operation_energy("multiply", "fp32") / operation_energy("multiply", "int8"),
        "narrow": mac_energy("fp32") / mac_energy("int8"),
        "wide": mac_energy("fp32") / mac_energy("int8", "int32"),
    }


@computes(
    "numerics-memory-dominates-energy", "Text §Mixed-precision computing",
    Words("memory access dominates energy consumption", least=10), "x", "07_numerics#energy",
)  # fmt: skip
def weight_fetch_over_its_use(b=4, fmt="fp32"):
    """Energy of reading one FP32 number from DRAM over that of a multiply-accumulate with it."""
    return access_energy("DRAM", b) / mac_energy(fmt)


# Self-check


@computes(
    "selfcheck-2-q6-precision", "Self-Check set 2 Q6",
    Truth(words="A: a higher compute ceiling, and fewer bytes for each operation"), "", "07_numerics#self-check",
)  # fmt: skip
def both_sides_move(gpu="A100", wide="fp32", narrow="fp16", b_wide=4, b_narrow=2, B=32, M=2048, N=2048):
    """From FP32 to FP16 the A100's peak rises and a dense layer's intensity doubles: the rate rises on both sides."""
    one = chip(gpu)
    I_wide, I_narrow = (matmul(B, M, N, b).I for b in (b_wide, b_narrow))
    slope = attainable(one.peak(wide), one.BW, I_narrow) >= attainable(one.peak(wide), one.BW, I_wide)
    return bool(one.peak(narrow) > one.peak(wide) and I_narrow == 2 * I_wide and slope)
