"""Number formats against ml_dtypes, numpy and hand-worked values: every code of every narrow format, every tie."""

import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labcore.precision import FORMATS, cast, cast_stochastically, number_format, spacing
from labcore.precision.bits import STORED, decode, encode, fields, finite_values

CONTRACT = ("fp16", "bf16", "tf32", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "int8", "int4")
NARROW = tuple(name for name, one in FORMATS.items() if one.bits <= 16)
FLOATS = tuple(name for name, one in FORMATS.items() if one.exponent)
NARROW_FLOATS = tuple(name for name in NARROW if name in FLOATS)
every = pytest.mark.parametrize


def reference(x, fmt):
    """The same rounding by numpy and ml_dtypes, from float32 so that it rounds once."""
    with np.errstate(over="ignore"):  # numpy warns where fp16 becomes infinite
        return np.asarray(x, np.float32).astype(STORED[fmt]).astype(np.float32)


def same(a, b):
    """Equal bit by bit but for the payload of NaN: -0 is not 0."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return bool(np.all((np.isnan(a) & np.isnan(b)) | (a.view(np.uint32) == b.view(np.uint32))))


# --- formats -----------------------------------------------------------------------------------------------


def test_the_contracts_formats_are_there():
    assert set(CONTRACT) < set(FORMATS)


@every("fmt", [name for name in FLOATS if name != "tf32"])
def test_ranges_are_those_of_ml_dtypes(fmt):
    info, f = ml_dtypes.finfo(STORED[fmt]), FORMATS[fmt]
    assert (f.bits, f.max, f.min) == (info.bits, float(info.max), float(info.min))
    assert (f.least_normal, f.least, f.epsilon) == (
        float(info.smallest_normal), float(info.smallest_subnormal), float(info.eps),
    )  # fmt: skip


@every("fmt", ["int8", "int4"])
def test_ranges_of_whole_numbers_are_those_of_ml_dtypes(fmt):
    info, f = ml_dtypes.iinfo(STORED[fmt]), FORMATS[fmt]
    assert (f.bits, f.max, f.min, f.least, f.epsilon) == (info.bits, info.max, info.min, 1, 1)


def test_ranges_by_hand():
    assert FORMATS["fp16"].max == 65504 == (2 - 2**-10) * 2**15
    assert FORMATS["fp8_e4m3"].max == 448 == 1.75 * 2**8  # 2 * 2^8 - 2 steps of 32: one lost to NaN
    assert FORMATS["fp8_e5m2"].max == 57344 == 1.75 * 2**15
    assert FORMATS["fp4_e2m1"].max == 6 == 1.5 * 2**2
    assert FORMATS["tf32"].bits == 19
    assert FORMATS["tf32"].max == (2 - 2**-10) * 2.0**127
    assert (FORMATS["tf32"].epsilon, FORMATS["tf32"].least_normal) == (FORMATS["fp16"].epsilon, 2.0**-126)


# --- rounding, exhaustively --------------------------------------------------------------------------------


@every("fmt", NARROW)
def test_every_code_is_a_fixed_point(fmt):
    codes = np.arange(2 ** FORMATS[fmt].bits)
    values = decode(codes, fmt)
    numbers = values[~np.isnan(values)]
    assert same(cast(numbers, fmt), numbers)
    assert np.array_equal(encode(numbers, fmt), codes[~np.isnan(values)])


@every("fmt", NARROW)
def test_every_code_means_what_ml_dtypes_says(fmt):
    codes = np.arange(2 ** FORMATS[fmt].bits)
    stored = np.dtype(STORED[fmt])
    assert same(decode(codes, fmt), codes.astype(f"u{stored.itemsize}").view(stored).astype(np.float32))


@every("fmt", NARROW_FLOATS)
def test_every_value_every_tie_and_both_sides_of_each_round_as_ml_dtypes_does(fmt):
    values = finite_values(fmt).astype(np.float64)
    ties = ((values[1:] + values[:-1]) / 2).astype(np.float32)  # exact: two more bits than the format has
    around = np.concatenate([np.nextafter(ties, np.float32(side)) for side in (-np.inf, np.inf)])
    for x in (values, ties, around):
        assert same(cast(x, fmt), reference(x, fmt))


@every("fmt", NARROW_FLOATS)
def test_around_the_end_of_the_range(fmt):
    top, step = FORMATS[fmt].max, float(spacing(FORMATS[fmt].max, fmt))
    tie = np.float32(top + step / 2)
    x = np.array([top, tie, np.nextafter(tie, np.float32(np.inf)), np.inf], np.float32)
    assert same(cast(x, fmt), reference(x, fmt))
    assert same(cast(-x, fmt), reference(-x, fmt))


@every("fmt", [name for name in FLOATS if name != "tf32"])
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_any_float32_rounds_as_ml_dtypes_does(fmt, x):
    assert same(cast(np.float32(x), fmt), reference(x, fmt))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(float.fromhex("0x1.ffep+127"))  # half a spacing past the largest: a tie that goes to infinity
def test_tf32_is_the_nearest_fp32_with_thirteen_zero_bits(x):
    kept = int(np.float32(x).view(np.uint32)) >> 13
    around = {code: float(np.uint32(code << 13).view(np.float32)) for code in (kept, kept + 1)}
    end = {code: np.copysign(2.0**128, x) if np.isinf(v) else v for code, v in around.items()}  # where infinity begins
    nearest = min(around, key=lambda code: (abs(end[code] - x), code & 1))
    assert float(cast(x, "tf32")) == around[nearest]


def test_tf32_by_hand():
    """fp16's precision with fp32's range: 1 + 2^-11 is a tie, 1 + 3 * 2^-11 rounds up to even."""
    assert cast([1 + 2**-11, 1 + 3 * 2**-11, 70000, 1e38], "tf32").tolist() == [
        1.0, 1 + 2 * 2**-10, 70016.0, float(cast(1e38, "tf32")),
    ]  # fmt: skip
    assert abs(float(cast(1e38, "tf32")) / 1e38 - 1) <= 2**-11


@every("fmt", ["int8", "int4"])
def test_whole_numbers_round_half_to_even_and_stop_at_both_ends(fmt):
    x = np.arange(-200, 200.25, 0.25)
    f = FORMATS[fmt]
    assert np.array_equal(cast(x, fmt), np.clip(np.rint(x), f.min, f.max))
    assert not np.signbit(cast(-0.25, fmt))  # two's complement has no -0
    assert cast(np.array([1e30, -np.inf]), fmt).tolist() == [f.max, f.min]


def test_float64_is_rounded_once():
    """1 + 2^-4 + 2^-40 lies above the tie between 1 and 1.125; through float32 it would fall on it, and to 1."""
    x = 1 + 2**-4 + 2**-40
    assert float(cast(x, "fp8_e4m3")) == 1.125
    assert float(cast(np.float32(x), "fp8_e4m3")) == 1.0
    assert float(np.float64(x).astype(ml_dtypes.float8_e4m3fn)) == 1.0


@every("fmt", NARROW_FLOATS)
@given(st.floats(-1e6, 1e6))
def test_rounding_is_to_a_nearest_value(fmt, x):
    values = finite_values(fmt).astype(np.float64)
    got = float(cast(x, fmt, overflow="saturate"))
    assert abs(got - x) == np.abs(values - x).min() if abs(x) <= FORMATS[fmt].max else abs(got) == FORMATS[fmt].max


@every("fmt", CONTRACT)
@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_rounding_keeps_order_and_is_done_once(fmt, x, y):
    low, high = cast([min(x, y), max(x, y)], fmt, overflow="saturate")
    assert low <= high
    assert same(cast(low, fmt), low)


@every("fmt", FLOATS)
@given(st.floats(1e-3, 4.0))
def test_the_error_is_at_most_half_a_spacing(fmt, x):
    assert abs(float(cast(x, fmt)) - x) <= float(spacing(x, fmt)) / 2


# --- overflow, NaN, shapes ---------------------------------------------------------------------------------


def test_overflow_is_what_each_format_has_for_it():
    big = {fmt: float(cast(1e39, fmt)) for fmt in CONTRACT}
    assert {fmt for fmt, got in big.items() if got == np.inf} == {"fp16", "bf16", "tf32", "fp8_e5m2"}
    assert np.isnan(big["fp8_e4m3"])
    assert (big["fp4_e2m1"], big["int8"], big["int4"]) == (6, 127, 7)
    for fmt in CONTRACT:
        assert cast([1e39, np.inf, -1e39], fmt, overflow="saturate").tolist() == [
            FORMATS[fmt].max, FORMATS[fmt].max, FORMATS[fmt].min,
        ]  # fmt: skip


@every("fmt", CONTRACT)
def test_nan_stays_nan_where_there_is_one_and_is_refused_where_not(fmt):
    if FORMATS[fmt].top == "finite":
        with pytest.raises(ValueError, match=f"^{fmt} has no NaN; replace the NaN first, or choose"):
            cast([1.0, np.nan], fmt)
    else:
        assert np.isnan(cast([np.nan], fmt, overflow="saturate")[0])


def test_subnormals_are_kept():
    least = 2.0**-24  # fp16
    assert cast([least, 0.75 * least, 0.5 * least, 0.25 * least], "fp16").tolist() == [least, least, 0.0, 0.0]
    assert fields(least, "fp16") == ("0", "00000", "0000000001")


def test_shape_and_dtype():
    assert cast(np.ones((2, 3, 1)), "bf16").shape == (2, 3, 1)
    assert cast([1, 2], "fp16").dtype == cast(1.0, "int4").dtype == np.float32
    assert cast([], "fp16").shape == (0,)
    x = np.array([0.1], np.float32)
    cast(x, "fp4_e2m1")
    assert x[0] == np.float32(0.1)  # the input is not touched


@every("fmt", NARROW)
def test_spacing_leads_from_each_value_to_the_next_away_from_zero(fmt):
    values = finite_values(fmt).astype(np.float64)
    up = values[values >= 0]
    assert np.array_equal(spacing(up[:-1], fmt), np.diff(up))
    assert np.array_equal(spacing(-up, fmt), spacing(up, fmt))


@every("dtype", [ml_dtypes.bfloat16, np.float16, np.int64, np.uint8, bool])
def test_other_dtypes_are_taken(dtype):
    assert cast(np.array([1, 0], dtype), "fp8_e4m3").tolist() == [1.0, 0.0]


@every(
    ("call", "text"),
    [
        (lambda: cast(1.0, "fp8"), "number format 'fp8' is not known; choose from fp32, tf32, bf16, fp16, fp8_e5m2, "
         "fp8_e4m3, fp4_e2m1, int8, int4"),
        (lambda: cast(1.0, "fp16", overflow="wrap"), "overflow must be one of ieee, saturate; got 'wrap'"),
        (lambda: cast(1j, "fp16"), "real numbers are wanted, got complex128; take .real or convert to float64 first"),
        (lambda: cast(["one"], "fp16"), "real numbers are wanted, got <U3; take .real or convert to float64 first"),
        (lambda: decode([256], "int8"), "codes of int8 are whole numbers from 0 to 255, got array([256])"),
        (lambda: finite_values("fp32"), "fp32 has 2^32 codes; only formats of at most 16 bits are listed"),
    ],
)  # fmt: skip
def test_errors_say_the_way_out(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call()


# --- bits --------------------------------------------------------------------------------------------------


def test_bits_by_hand():
    assert fields(1.0, "fp32") == ("0", "01111111", "0" * 23)
    assert fields(-0.15625, "fp16") == ("1", "01100", "0100000000")  # -1.25 * 2^-3, bias 15
    assert fields(np.pi, "tf32") == ("0", "10000000", "1001001000")  # 3.140625 = 1.5703125 * 2
    assert fields(448, "fp8_e4m3") == ("0", "1111", "110")
    assert fields(np.inf, "fp8_e5m2") == ("0", "11111", "00")
    assert fields(-8, "int4") == ("1000",)


def test_tf32_bits_are_the_upper_ones_of_fp32():
    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    assert np.array_equal(encode(x, "tf32"), cast(x, "tf32").view(np.uint32) >> 13)
    assert same(decode(encode(x, "tf32"), "tf32"), cast(x, "tf32"))


@every("fmt", NARROW)
def test_finite_values_are_all_of_them(fmt):
    f, values = number_format(fmt), finite_values(fmt)
    lost = {"ieee": 2 * 2**f.fraction, "nan": 2, "finite": 0}[f.top]
    assert len(values) == 2**f.bits - lost - (f.exponent > 0)  # -0 and 0 are one value
    assert (values.max(), values.min()) == (f.max, f.min)
    assert np.all(np.diff(values) > 0)


# --- stochastic rounding -----------------------------------------------------------------------------------


@every("fmt", ["bf16", "fp8_e4m3", "int8"])
def test_stochastic_rounding_is_right_on_average_and_exact_on_values(fmt):
    rng, x = np.random.default_rng(7), 1.3
    low, high = sorted({float(v) for v in cast_stochastically([x] * 200, fmt, rng)})
    draws = cast_stochastically([x] * 40_000, fmt, rng)
    assert high - low == float(spacing(x, fmt))
    # the mean of n draws of a coin with p has a standard error of step * sqrt(p (1 - p) / n); five of them
    assert abs(float(draws.mean(dtype=np.float64)) - x) < 5 * (high - low) / 2 / np.sqrt(40_000)
    assert set(cast_stochastically([low, high] * 50, fmt, rng).tolist()) == {low, high}
