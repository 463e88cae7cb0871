"""The tile unit: its numbers are those of numpy and onnx, its counts those of whole blocks, its formats the chip's."""

import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue import A100, V100
from labcore.catalogue.execution import AMX_TILES, MMA_TILES, MULTIPROCESSORS, WMMA_TILES
from labcore.matrix.engage import alignment, engage, remainders, share_left, tensor_peak
from labcore.matrix.formats import ACCUMULATORS, accumulator, operand
from labcore.matrix.unit import multiply, multiply_fast, tile_cost
from labcore.precision.dot import dot

SIZES = st.integers(1, 20)
TILES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))


def integers(seed, M, K, N, low=-8, high=7):
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, (M, K), endpoint=True), rng.integers(low, high, (K, N), endpoint=True)


@given(SIZES, SIZES, SIZES, TILES, st.sampled_from(sorted(ACCUMULATORS)), st.integers(0, 99))
def test_whole_numbers_come_out_exactly_in_every_format(M, K, N, tile, fmt, seed):
    # |a| <= 7 is exact in every format, and sums up to 20 * 49 in every accumulator
    A, B = integers(seed, M, K, N, -7, 7)
    run = multiply(A, B, tile, fmt)
    assert np.array_equal(run.C, A @ B)
    assert (
        run.C.dtype == {"fp16": np.float16, "fp32": np.float32, "fp64": np.float64, "int32": np.int32}[run.accumulate]
    )


@given(SIZES, SIZES, SIZES, TILES, st.sampled_from(["fp16", "bf16", "int8"]), st.integers(0, 99))
def test_both_versions_are_the_same_numbers_and_counts(M, K, N, tile, fmt, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(M, K)), rng.normal(size=(K, N))
    if fmt == "int8":
        A, B = np.rint(20 * A), np.rint(20 * B)
    slow, fast = multiply(A, B, tile, fmt), multiply_fast(A, B, tile, fmt)
    assert np.array_equal(slow.C, fast.C)
    closed = tile_cost(M, N, K, tile)
    for name in ("blocks", "macs", "macs_issued", "loads", "stores"):
        assert getattr(slow, name) == getattr(fast, name) == getattr(closed, name)


@given(st.integers(1, 600), st.integers(1, 600), st.integers(1, 600), TILES)
def test_what_a_tile_unit_does_is_never_less_than_the_work(M, N, K, tile):
    cost = tile_cost(M, N, K, tile)
    assert cost.macs_issued >= cost.macs == M * N * K
    assert 0 < cost.utilization <= 1
    assert (cost.utilization == 1) == (M % tile[0] == N % tile[1] == K % tile[2] == 0)
    assert cost.loads["A"] >= M * K
    assert cost.loads["B"] >= K * N
    assert cost.reuse == pytest.approx(tile[0] * tile[1] / (tile[0] + tile[1]))  # mnk / (mk + kn)


def test_one_row_too_many_costs_a_row_of_tiles():
    # 129 on 16: 9 tiles of 144 rows for 129
    assert tile_cost(129, 128, 128).utilization == 129 / 144
    assert tile_cost(1, 128, 128).utilization == 1 / 16  # batch 1 fills one row of sixteen


def test_512_and_500():
    # 500 = 31 * 16 + 4: both take 32 tiles a side, the same time, and 500 does 7 % less with it
    assert tile_cost(512, 512, 512).blocks == tile_cost(500, 500, 500).blocks == 32**3
    assert tile_cost(500, 500, 500).utilization == (500 / 512) ** 3
    assert remainders("fp16", M=500) == {"M": 500 - 62 * 8}
    assert remainders("int8", M=500) == {"M": 500 - 31 * 16}


def test_the_head_of_the_chapter():
    # Q K^T: 2048 x 64 by 64 x 2048
    cost = tile_cost(2048, 2048, 64)
    assert cost.macs == 2048 * 2048 * 64 == 268_435_456
    assert cost.blocks == 128 * 128 * 4
    assert cost.utilization == 1


# --- numbers -----------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-60000, 60000), min_size=1, max_size=30))
def test_fp16_operands_are_those_of_numpy(values):
    x = np.array(values)
    assert np.array_equal(operand(x, "fp16"), x.astype(np.float32).astype(np.float16).astype(np.float32))


@given(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=30))
def test_bf16_operands_are_those_of_ml_dtypes(values):
    x = np.array(values, np.float32)
    assert np.array_equal(operand(x, "bf16"), x.astype(ml_dtypes.bfloat16).astype(np.float32))


def test_a_narrow_accumulator_loses_what_a_wide_one_keeps():
    # 4096 ones: fp16 counts in steps of 1 up to 2048, then 2048 + 1 rounds to even and stays
    ones = np.ones((1, 4096)), np.ones((4096, 1))
    assert multiply_fast(*ones, accumulate="fp32").C[0, 0] == 4096
    assert multiply_fast(*ones, accumulate="fp16").C[0, 0] == 2048


@given(SIZES, st.sampled_from(["fp16", "fp8_e4m3", "fp8_e5m2"]), st.sampled_from(["fp16", "fp32"]), st.integers(0, 99))
def test_sums_are_fused_as_in_the_dot_products_of_precision(K, fmt, accumulate, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(3, K)), rng.normal(size=(K, 3))
    want = dot(A[:, None], B.T[None], fmt, accumulate)  # (3, 3)
    assert np.array_equal(multiply(A, B, (2, 2, 4), fmt, accumulate).C, want)


def test_a_product_is_not_rounded_before_it_is_added():
    # with u = 2^-10, (1 + 3u)^2 - 1 = 6u + 9u^2; fp16 steps by 4u^2 there, so 6u + 8u^2 is nearest.
    # rounded to fp16 by itself, the product is 1 + 6u, and 6u would be left
    u = 2.0**-10
    A, B = np.array([[-1, 1 + 3 * u]]), np.array([[1], [1 + 3 * u]])
    for version in (multiply, multiply_fast):
        assert version(A, B, accumulate="fp16").C[0, 0] == 6 * u + 8 * u**2


def test_an_fp16_sum_beyond_its_range_is_inf():
    # 2 * 40000 > 65504
    A, B = np.full((1, 2), 200.0), np.full((2, 1), 200.0)
    assert multiply(A, B, accumulate="fp16").C[0, 0] == np.inf
    assert multiply(A, B).C[0, 0] == 80000


def test_int8_adds_up_in_int32_and_says_so():
    A, B = np.full((1, 1000), -128), np.full((1000, 1), -128)
    run = multiply_fast(A, B, fmt="int8")
    assert run.C.dtype == np.int32
    assert run.C[0, 0] == 1000 * 2**14
    assert run.accumulate == "int32"


def test_matmul_integer_of_onnx_agrees():
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    A, B = (x.astype(np.int8) for x in integers(3, 17, 33, 5, -128, 127))
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["A", "B"], ["C"])], "product",
        [helper.make_tensor_value_info("A", TensorProto.INT8, A.shape),
         helper.make_tensor_value_info("B", TensorProto.INT8, B.shape)],
        [helper.make_tensor_value_info("C", TensorProto.INT32, (17, 5))],
    )  # fmt: skip
    (want,) = ReferenceEvaluator(onnx.helper.make_model(graph)).run(None, {"A": A, "B": B})
    assert np.array_equal(multiply(A, B, (16, 16, 64), "int8").C, want)


# --- which unit --------------------------------------------------------------------------------------------


def test_the_tensor_cores_counts_give_the_data_sheets_peak():
    # 2 * 256 * 4 * 108 * 1.41e9 = 311.9e12; 2 * 64 * 8 * 80 * 1.53e9 = 125.3e12
    for chip in (A100, V100):
        assert tensor_peak(chip.name) == pytest.approx(chip.peak("fp16"), rel=0.005)


def test_the_vector_lanes_give_the_data_sheets_peak():
    for chip in (A100, V100):
        sm = MULTIPROCESSORS[chip.name]
        assert 2 * sm.lanes_fp32.value * sm.count.value * sm.clock.value == pytest.approx(chip.peak("fp32"), rel=0.005)


@pytest.mark.parametrize(
    ("chip", "fmt", "unit"),
    [("A100", "fp16", "tensor cores"), ("A100", "tf32", "tensor cores"), ("A100", "int8", "tensor cores"),
     ("A100", "fp32", "vector units"), ("V100", "fp16", "tensor cores"), ("V100", "fp32", "vector units")],
)  # fmt: skip
def test_formats_without_a_tile_fall_back(chip, fmt, unit):
    assert engage(chip, fmt, 64, 64, 64).unit == unit


def test_a_ragged_shape_keeps_the_tensor_cores_and_wastes_some():
    off, on = engage("A100", "fp16", 500, 500, 500), engage("A100", "fp16", 512, 512, 512)
    assert off.unit == on.unit == "tensor cores"
    assert off.misaligned == {"M": 4, "N": 4, "K": 4}
    assert on.misaligned == {}
    # m16 n8 k16: 512, 504 and 512 are computed
    assert off.R_useful / on.R_useful == 500**3 / (512 * 504 * 512)


def test_each_generation_has_its_own_shapes():
    assert str(engage("V100", "fp16", 64, 64, 64).tile) == "m8n8k4"
    assert str(engage("A100", "fp16", 64, 64, 64).tile) == "m16n8k16"


def test_without_tensor_cores_a_sixteenth_is_left():
    assert share_left("A100") == 19.5 / 312


@pytest.mark.parametrize(("fmt", "elements"), [("fp16", 8), ("bf16", 8), ("int8", 16), ("tf32", 4), ("int4", 32)])
def test_sixteen_bytes_in_elements(fmt, elements):
    assert alignment(fmt) == elements


def test_tiles_of_the_instruction_sets():
    assert not any((t.m, t.n, t.k) == (16, 16, 16) for tiles in MMA_TILES.values() for t in tiles)
    assert (16, 16, 16) in [(t.m, t.n, t.k) for t in WMMA_TILES]
    # all three operands of a full AMX product are registers of 16 rows by 64 B
    for fmt, size in (("int8", 1), ("bf16", 2)):
        tile = AMX_TILES[fmt]
        assert tile.m == 16
        assert tile.k * size == 64 == tile.n * 4


# --- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: multiply(np.ones((2, 3)), np.ones((2, 3))), ValueError,
         "A (M, K) and B (K, N) must share K, got shapes (2, 3) and (2, 3)"),
        (lambda: multiply(np.ones((0, 3)), np.ones((3, 3))), ValueError,
         "M must be a whole number of at least 1, got 0"),
        (lambda: multiply(np.eye(2), np.eye(2), (0, 1, 1)), ValueError,
         "m must be a whole number of at least 1, got 0"),
        (lambda: multiply(np.eye(2), np.eye(2), fmt="fp4"), ValueError,
         "no matrix unit here takes 'fp4'; there are fp16, bf16, tf32, fp64, fp8_e4m3, fp8_e5m2, int8, int4"),
        (lambda: accumulator("int8", "fp16"), ValueError, "int8 accumulates in int32, not in 'fp16'"),
        (lambda: multiply(200 * np.eye(2), np.eye(2), fmt="int8"), ValueError,
         "int8 operands are whole numbers from -128 to 127; scale and round them first"),
        (lambda: multiply(1e30 * np.eye(2), np.eye(2), fmt="int8"), ValueError,
         "int8 operands are whole numbers from -128 to 127; scale and round them first"),
        (lambda: multiply(np.ones((2, 2), object), np.eye(2)), ValueError,
         "operands are numbers of a fixed width, got object; cast them"),
        (lambda: multiply(np.eye(2) / 2, np.eye(2), fmt="int4"), ValueError,
         "int4 operands are whole numbers from -8 to 7; scale and round them first"),
        (lambda: multiply(np.eye(2) * np.nan, np.eye(2)), ValueError,
         "an operand has nan or inf, and so would every sum it enters; remove it first"),
        (lambda: multiply(1e6 * np.eye(2), np.eye(2)), ValueError,
         "an operand of size 1e+06 is beyond fp16; scale it down first"),
        (lambda: multiply_fast(np.full((1, 2**17), -128), np.full((2**17, 1), -128), fmt="int8"), OverflowError,
         f"a sum reaches {2**31}, beyond int32; split K or use smaller numbers"),
        (lambda: engage("A100", "fp8", 8, 8, 8), ValueError,
         "A100 has no fp8 peak; it has fp64, fp32, tf32, fp16, bf16, int8, int4"),
        (lambda: engage("V100", "bf16", 8, 8, 8), ValueError, "V100 has no bf16 peak; it has fp64, fp32, fp16"),
        (lambda: engage("H100", "fp16", 8, 8, 8), ValueError,
         "the multiprocessor of H100 is not described; there are V100, A100"),
        (lambda: engage("A100", "fp16", 0, 8, 8), ValueError, "M must be a whole number of at least 1, got 0"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wanted(call, error, words):
    with pytest.raises(error, match=f"^{re.escape(words)}$"):
        call()
