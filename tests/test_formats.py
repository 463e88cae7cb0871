"""What is done with number formats: quantized tensors against ONNX, dot products against their laws, costs, claims."""

import re
from fractions import Fraction

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from labcore.catalogue.arithmetic import AREA, ENERGY
from labcore.catalogue.generations import GENERATIONS, generation
from labcore.precision import FORMATS, cast
from labcore.precision.cost import growth_with_width, mac_area, mac_energy, operation_energy
from labcore.precision.dot import dot, relative_error, running_sums, running_sums_of_one, sticks_at
from labcore.precision.quantize import (
    code_range,
    integer_matmul,
    quantize,
    quantize_linear,
    quantized_matmul,
    signal_to_noise,
)

every = pytest.mark.parametrize
ACCUMULATORS = ("fp32", "tf32", "bf16", "fp16", "fp8_e5m2", "fp8_e4m3", "fp4_e2m1", "int8")


def onnx_run(op, inputs, out=TensorProto.FLOAT, outputs=1, **attributes):
    """What ONNX's reference evaluator makes of one operator."""
    names = [f"x{i}" for i in range(len(inputs))]
    kinds = [helper.np_dtype_to_tensor_dtype(x.dtype) for x in inputs]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info(n, k, None) for n, k in zip(names, kinds, strict=True)],
        [helper.make_tensor_value_info(f"y{i}", out, None) for i in range(outputs)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[onnx.OperatorSetIdProto(version=21)])
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))


def tensor(seed=0, shape=(6, 5)):
    return np.random.default_rng(seed).normal(scale=3, size=shape).astype(np.float32)


# --- quantization against ONNX -----------------------------------------------------------------------------


@every("signed", [True, False])
@every("seed", range(3))
def test_quantize_linear_is_onnx_quantize_linear(signed, seed):
    x, dtype = tensor(seed) * 20, np.int8 if signed else np.uint8
    scale, zero = np.float32(0.11 + seed), dtype(3)
    (want,) = onnx_run("QuantizeLinear", [x, scale, zero])
    assert np.array_equal(quantize_linear(x, scale, int(zero), signed=signed), want.astype(int))


def test_ties_and_ends_round_as_onnx_says():
    x = np.arange(-140, 140, 0.5, np.float32)
    (want,) = onnx_run("QuantizeLinear", [x, np.float32(1), np.int8(0)])
    assert np.array_equal(quantize_linear(x, 1.0), want)


@every("axis", [None, 0, 1])
def test_dequantize_is_onnx_dequantize_linear(axis):
    w = quantize(tensor(), axis=axis)
    per = {} if axis is None else {"axis": axis}
    scale, zero = (x.ravel() if per else x for x in (w.scale, w.zero_point.astype(np.int8)))
    (want,) = onnx_run("DequantizeLinear", [w.q.astype(np.int8), np.asarray(scale, np.float32), zero], **per)
    assert np.array_equal(w.dequantize(), want)


@every("shift", [-9.0, 0.0, 4.0])
def test_asymmetric_quantization_is_onnx_dynamic_quantize_linear(shift):
    x = tensor() + np.float32(shift)
    q, scale, zero = onnx_run("DynamicQuantizeLinear", [x], outputs=3)
    mine = quantize(x, symmetric=False, signed=False)
    assert float(mine.scale) == float(scale)
    assert int(mine.zero_point) == int(zero)
    assert np.array_equal(mine.q, q.astype(int))


@every("zeros", [(0, 0), (5, -7)])
def test_integer_matmul_is_onnx_matmul_integer(zeros):
    rng = np.random.default_rng(1)
    A, B = rng.integers(-128, 128, (4, 33)).astype(np.int8), rng.integers(-128, 128, (33, 6)).astype(np.int8)
    (want,) = onnx_run("MatMulInteger", [A, B, np.int8(zeros[0]), np.int8(zeros[1])], out=TensorProto.INT32)
    got = integer_matmul(A, B, *zeros)
    assert got.dtype == np.int32
    assert np.array_equal(got, want)


# --- quantization by its laws ------------------------------------------------------------------------------


def test_symmetric_by_hand():
    """max 2.54 on 127 steps is a scale of 0.02; -0.37 is 18.5 steps, and a tie goes to even."""
    w = quantize([2.54, -1.0, 0.031])
    assert float(w.scale) == pytest.approx(0.02)
    assert w.q.tolist() == [127, -50, 2]
    assert int(w.zero_point) == 0


def test_asymmetric_by_hand():
    """-1 to 2 on 15 steps is a scale of 0.2; -1 is the code -8, so zero lies 5 steps above it, at -3."""
    x = quantize([-1.0, 2.0], bits=4, symmetric=False)
    assert float(x.scale) == pytest.approx(0.2)
    assert (int(x.zero_point), x.q.tolist()) == (-3, [-8, 7])


finite = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=40)


@given(finite, st.integers(2, 8), st.booleans())
def test_the_error_is_at_most_half_a_step_and_zero_is_exact(x, bits, symmetric):
    got = quantize(x, bits=bits, symmetric=symmetric)
    low, high = code_range(bits)
    assert low <= got.q.min() <= got.q.max() <= high
    # asymmetric: the zero point is rounded too, so that an end of the range may lie half a step further out
    steps = 0.5 if symmetric else 1.0
    assert np.abs(got.dequantize() - np.float32(x)).max() <= steps * float(got.scale) * (1 + 1e-4) + 1e-30
    with_zero = quantize([*x, 0.0], bits=bits, symmetric=symmetric)
    assert with_zero.dequantize()[-1] == 0.0


def test_one_bit_more_is_worth_six_decibels():
    x = np.random.default_rng(0).uniform(-1, 1, 100_000)
    noise = [signal_to_noise(x, quantize(x, bits=bits).dequantize()) for bits in (4, 5, 6, 7, 8)]
    assert np.diff(noise) == pytest.approx(20 * np.log10(2), abs=0.6)


def test_asymmetric_wins_one_bit_where_no_value_is_negative():
    x = np.random.default_rng(0).uniform(0, 1, 100_000)
    ways = [signal_to_noise(x, quantize(x, symmetric=way).dequantize()) for way in (True, False)]
    assert ways[1] - ways[0] == pytest.approx(6.02, abs=0.2)


def test_per_channel_scales_save_the_small_channels():
    """Rows a thousand times apart: with one scale the small row falls on the code 0."""
    w = np.random.default_rng(0).uniform(0.5, 1, (2, 64)) * [[1000.0], [1.0]]
    one, each = quantize(w), quantize(w, axis=0)
    assert not one.q[1].any()
    assert each.scale.shape == (2, 1)
    assert signal_to_noise(w[1], each.dequantize()[1]) > 40


def test_an_outlier_costs_the_others_their_bits():
    x = np.random.default_rng(0).normal(size=4096)
    clean = signal_to_noise(x, quantize(x).dequantize())
    x_out = np.append(x, 100.0)
    spoilt = signal_to_noise(x, quantize(x_out).dequantize()[:-1])
    # the step grows by 100 / max|x|, and the noise with its square
    assert clean - spoilt == pytest.approx(20 * np.log10(100 / np.abs(x).max()), abs=1)


@every("axes", [(None, None), (0, 1), (None, 1)])
def test_a_quantized_product_is_close_and_exact_in_its_integers(axes):
    A, B = tensor(1, (8, 64)), tensor(2, (64, 8))
    qa, qb = quantize(A, symmetric=axes[0] == 0, axis=axes[0]), quantize(B, axis=axes[1])
    got = quantized_matmul(qa, qb)
    assert np.allclose(got, qa.dequantize().astype(float) @ qb.dequantize().astype(float), rtol=1e-5, atol=1e-4)
    assert signal_to_noise(A @ B, got) > 30


@every(
    ("call", "text"),
    [
        (lambda: quantize([1.0, np.nan]), "NaN and infinity have no code; replace them before quantizing"),
        (lambda: quantize([]), "an empty tensor has no range; got shape (0,)"),
        (lambda: quantize([1.0], bits=1), "bits must be from 2 to 16, got 1"),
        (lambda: quantize([1.0], bits=8.0), "bits must be a whole number of at least 1, got 8.0"),
        (lambda: quantize([1.0], axis=1), "axis must be from 0 to 0 for a tensor of 1 axes, got 1"),
        (lambda: quantize([1.0], signed=False), "symmetric codes are signed; take symmetric=False for codes that "
         "start at 0"),
        (lambda: quantize_linear([1.0], scale=0.0), "scale must be a finite number above 0, got 0.0"),
        (lambda: quantize_linear([1.0], 1.0, 200), "zero_point must be a code itself, from -128 to 127; got 200"),
        (lambda: integer_matmul([[1.0]], [[1]]), "A must hold whole numbers, got float64; quantize it first"),
        (lambda: integer_matmul(np.full((1, 2), 2**15), np.full((2, 1), 2**15)),
         "2 products could reach 2147483648, past int32's 2147483647; split K"),
        (lambda: quantized_matmul(quantize(np.eye(2), axis=1), quantize(np.eye(2))),
         "a scale may not change along K; quantize A with axis=0 or none, B with axis=1 or none"),
    ],
)  # fmt: skip
def test_errors_of_quantization_say_the_way_out(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call()


def test_int8_products_pass_int8_and_int16_but_not_int32():
    """127 * 127 = 16129 needs more than 8 bits, three of them more than 16; int32 holds 133,144 of them."""
    ones = np.full((1, 3), 127, np.int8)
    assert int(integer_matmul(ones, ones.T)[0, 0]) == 3 * 127 * 127 > 2**15
    most = (2**31 - 1) // 127**2
    assert most == 133_144
    row = np.full((1, most), 127, np.int8)
    assert int(integer_matmul(row, row.T)[0, 0]) == most * 127**2
    with pytest.raises(ValueError, match="split K"):
        integer_matmul(np.full((1, most + 1), 127, np.int8), np.full((most + 1, 1), 127, np.int8))


# --- dot products ------------------------------------------------------------------------------------------


@every("accumulator", ACCUMULATORS)
@given(terms=st.lists(st.floats(-600, 600, width=32), min_size=1, max_size=60))
@settings(max_examples=60)
def test_the_quick_sum_is_the_plain_one(accumulator, terms):
    quick, plain = running_sums_of_one(terms, accumulator), running_sums(terms, accumulator)
    assert np.array_equal(quick, plain, equal_nan=True)


@every("accumulator", ["fp32", "fp16"])
def test_sums_are_those_of_numpys_own_dtypes(accumulator):
    terms = cast(np.random.default_rng(3).normal(size=500), accumulator)
    dtype = {"fp32": np.float32, "fp16": np.float16}[accumulator]
    want = np.add.accumulate(terms.astype(dtype), dtype=dtype).astype(np.float32)
    assert np.array_equal(running_sums(terms, accumulator), want)


@every("fmt", ["fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "int8"])
def test_a_sum_of_ones_sticks_where_it_should(fmt):
    enough = int(sticks_at(fmt)) + 50
    assert float(running_sums_of_one([1.0] * enough, fmt)[-1]) == sticks_at(fmt)


def test_sticking_by_hand():
    """fp16 has 10 fraction bits: from 2048 = 2^11 on the spacing is 2, and 2049 is a tie that goes to 2048."""
    assert [sticks_at(f) for f in ("fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "int8", "int4")] == [
        2048,
        256,
        16,
        8,
        127,
        7,
    ]


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=60), st.data())
def test_small_whole_numbers_are_exact_in_fp32_in_any_grouping(a, data):
    b = data.draw(st.lists(st.integers(-8, 8), min_size=len(a), max_size=len(a)))
    exact = sum(x * y for x, y in zip(a, b, strict=True))
    chunk = data.draw(st.integers(1, len(a)))
    assert float(dot(a, b, "fp16", "fp32")) == float(dot(a, b, "fp16", "fp32", chunk=chunk)) == exact


def test_products_of_narrow_numbers_are_exact():
    a, b = 1 + Fraction(1, 2**10), 1 - Fraction(1, 2**10)
    assert Fraction(float(dot([float(a)], [float(b)], "fp16", "fp32"))) == a * b
    assert float(dot([float(a)], [float(b)], "fp16", "fp16")) == 1.0  # the sum is rounded to fp16


def rows_of_positive(K, rows=24):
    return np.random.default_rng(5).random((2, rows, K))


def test_narrow_sums_lose_with_length_and_wide_ones_do_not():
    errors = {}
    for K in (64, 4096):
        a, b = rows_of_positive(K)
        errors[K] = {acc: relative_error(dot(a, b, "fp16", acc), a, b) for acc in ("fp16", "fp32")}
    assert errors[4096]["fp16"] > 10 * errors[64]["fp16"]
    assert errors[4096]["fp32"] < errors[64]["fp32"]  # roundings of the inputs average out
    assert errors[4096]["fp16"] > 100 * errors[4096]["fp32"]


def test_chunks_shorten_the_sums_that_lose():
    a, b = rows_of_positive(4096)
    whole, chunked = (relative_error(dot(a, b, "fp16", "fp16", chunk), a, b) for chunk in (None, 64))
    wide = relative_error(dot(a, b, "fp16", "fp16", 64, outer="fp32"), a, b)
    assert wide < chunked < whole / 5


def test_stochastic_rounding_does_not_stick():
    got = running_sums(np.ones((200, 1000)), "bf16", np.random.default_rng(0))[:, -1]
    assert float(running_sums_of_one(np.ones(1000), "bf16")[-1]) == 256
    assert abs(float(got.mean()) - 1000) < 20


@every(
    ("call", "text"),
    [
        (lambda: dot([1.0], [1.0], chunk=0), "chunk must be a whole number of at least 1, got 0"),
        (lambda: dot([], []), "at least one term is wanted along the last axis, got shape (0,)"),
        (lambda: dot([1.0], [1.0], accumulator="fp64"), "number format 'fp64' is not known; choose from fp32"),
        (lambda: dot([np.nan], [1.0], fmt="int8"), "int8 has no NaN; replace the NaN first"),
    ],
)  # fmt: skip
def test_errors_of_dot_products(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        call()


# --- costs and generations ---------------------------------------------------------------------------------


def test_energy_of_a_mac_by_hand():
    assert mac_energy("fp32") == pytest.approx(4.6e-12)  # 3.7 + 0.9
    assert mac_energy("int8") == pytest.approx(0.23e-12)  # 0.2 + 0.03
    assert mac_energy("fp32") / mac_energy("int8") == pytest.approx(20.0)
    assert mac_energy("fp32") / mac_energy("int8", "int32") == pytest.approx(4.6 / 0.3)
    assert operation_energy("add", "fp32") / operation_energy("add", "int8") == pytest.approx(30)
    assert operation_energy("multiply", "fp32") / operation_energy("multiply", "int8") == pytest.approx(18.5)


def test_halving_the_width_pays_by_what_is_halved():
    assert mac_area("fp32") / mac_area("fp16") == pytest.approx((7700 + 4184) / (1640 + 1360))  # 3.96
    assert mac_area("fp32") / mac_area("fp16", "fp32") == pytest.approx((7700 + 4184) / (1640 + 4184))  # 2.04
    assert growth_with_width(AREA, "add", "int8", "int32") == pytest.approx(1, abs=0.05)
    assert growth_with_width(AREA, "multiply", "int8", "int32") == pytest.approx(2, abs=0.25)
    assert growth_with_width(ENERGY, "multiply", "int8", "int32") == pytest.approx(2, abs=0.25)


@every("costs", [ENERGY, AREA], ids=["energy", "area"])
def test_wider_costs_more_and_multiplying_costs_more_than_adding(costs):
    for op in ("add", "multiply"):
        assert costs[op, "int32"].value > costs[op, "int8"].value
        assert costs[op, "fp32"].value > costs[op, "fp16"].value
    for fmt in ("int8", "int32", "fp16", "fp32"):
        assert costs["multiply", fmt].value > costs["add", fmt].value


def test_a_cost_that_is_not_in_the_table_is_not_guessed():
    with pytest.raises(ValueError, match=r"^no cost of 'multiply' in 'int4'; there are add in int8, add in int32"):
        operation_energy("multiply", "int4")


def test_generations_in_order_and_by_their_news():
    years = [one.year.value for one in GENERATIONS]
    assert years == sorted(years)
    tensor_formats = {one.name: set(one.tensor) for one in GENERATIONS}
    assert tensor_formats["Ampere"] - tensor_formats["Turing"] == {"fp64", "tf32", "bf16"}
    assert tensor_formats["Ampere"] - tensor_formats["Hopper"] == {"int4", "int1"}  # what was taken away again
    assert tensor_formats["Blackwell"] - tensor_formats["Hopper"] == {"fp6", "fp4"}
    with pytest.raises(
        ValueError, match=r"^no generation 'Pascal'; there are Volta, Turing, Ampere, Hopper, Blackwell$"
    ):
        generation("Pascal")


def test_every_format_of_the_contract_was_once_in_a_tensor_core():
    named = {fmt.partition("_")[0] for fmt in FORMATS if fmt != "fp32"}
    assert named <= {fmt for one in GENERATIONS for fmt in one.tensor}
