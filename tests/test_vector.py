"""The vector machine: it computes what numpy computes, and its counts follow from the strips."""

import re

import numpy as np
import onnx
import onnx.helper as oh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from labcore.matrix.unit import tile_cost
from labcore.sfu.tables import TableUnit
from labcore.vector import batchnorm, patterns
from labcore.vector.batchnorm import relu_batchnorm
from labcore.vector.counts import KINDS, PROGRAMS, by_kind, in_blocks, instructions, occupancy
from labcore.vector.dense import count_dense, dense, dense_as_printed, dense_in_loops, dense_instructions, dot
from labcore.vector.machine import Machine
from labcore.vector.rows import each_of, layernorm, softmax

LANES = st.sampled_from([1, 2, 4, 8, 16])
SMALL = st.integers(1, 20)


def machine(lanes=8, **how):
    return Machine(vlen=32 * lanes, sew=32, **how)


def whole(seed, *shape):
    """Small whole numbers: float sums of them are exact in every order."""
    return np.random.default_rng(seed).integers(-5, 6, shape).astype(float)


def by_onnx(kind, *inputs, opset=20, **attributes):
    """One ONNX operator by its reference evaluator."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = oh.make_node(kind, names, ["y"], **attributes)
    values = [oh.make_tensor_value_info(n, onnx.TensorProto.DOUBLE, None) for n in names]
    graph = oh.make_graph([node], "g", values, [oh.make_tensor_value_info("y", onnx.TensorProto.DOUBLE, None)])
    model = oh.make_model(graph, opset_imports=[oh.make_opsetid("", opset)])
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))[0]


# ---- the machine


@given(n=st.integers(1, 300), lanes=LANES)
def test_strips_cover_every_element_once(n, lanes):
    unit = machine(lanes)
    covered = [start + i for start, length in unit.strips(n) for i in range(length)]
    assert covered == list(range(n))
    assert unit.instructions["bnez"] == -(-n // lanes)
    assert unit.instructions["vsetvli"] == (0 if lanes == 1 else -(-n // lanes))


def test_lanes_follow_from_register_and_element():
    assert [Machine(256, sew).lanes for sew in (8, 16, 32, 64)] == [256 // 8, 256 // 16, 256 // 32, 256 // 64]


def test_a_tail_keeps_the_lanes_behind_it():
    unit = machine(4)
    acc = np.array([1.0, 2, 3, 4])
    unit.vl = 2
    assert unit.fma(acc, np.ones(2), np.ones(2)).tolist() == [2, 3, 3, 4]
    assert acc.tolist() == [1, 2, 3, 4]  # a register is not changed behind its reader's back


def test_runs_side_by_side_count_each():
    unit = machine(4)
    with unit.times(3), unit.times(2):
        unit.clear(np.zeros(6))
    unit.clear(np.array(0))
    assert unit.instructions["vxor.vv"] == 3 * 2 + 1


def test_history_is_the_count_in_order():
    unit = machine(8, trace=True)
    dot(unit, np.ones(20), np.ones(20), np.array(0), np.array(0), 20)
    assert len(unit.history) == unit.total
    assert [active for name, active in unit.history if name == "vfmacc.vv"] == [8, 8, 4]
    assert unit.history[0][0] == "vxor.vv"  # cleared once, outside the strips
    assert [name for name, _ in unit.history[1:9]] == [
        "vsetvli", "vle32.v", "vle32.v", "vfmacc.vv", "addi", "addi", "sub", "bnez",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"vlen": 0}, "vlen must be a whole number of at least 1, got 0"),
        ({"vlen": 96}, "vlen must be sew times a power of two, got vlen=96 and sew=32; try 128"),
        ({"vlen": 16, "sew": 32}, "vlen must be sew times a power of two, got vlen=16 and sew=32; try 64"),
        ({"sew": 12}, "sew must be one of 8, 16, 32, 64 bits, got 12"),
    ],
)
def test_a_machine_that_cannot_be_built_says_why(how, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Machine(**how)


# ---- the dense layer


@settings(deadline=None)
@given(B=st.integers(1, 4), K=SMALL, N=st.integers(1, 4), lanes=LANES, fused=st.booleans(), strided=st.booleans())
def test_the_machine_computes_the_layer(B, K, N, lanes, fused, strided):
    x, w, bias = whole(K, B, K), whole(N, K, N), whole(B, N)
    fast, slow = machine(lanes, fused=fused), machine(lanes, fused=fused)
    y = dense(fast, x, w, bias, strided=strided)
    assert (y == np.maximum(x @ w + bias, 0)).all()
    assert (dense(slow, x, w, bias, strided=strided, at_once=False) == y).all()
    assert (fast.instructions, fast.elements) == (slow.instructions, slow.elements)
    assert (fast.loaded, fast.stored) == (slow.loaded, slow.stored)
    counted = count_dense(machine(lanes, fused=fused), B, K, N)
    if not strided:
        assert (counted.instructions, counted.loaded, counted.stored) == (fast.instructions, fast.loaded, fast.stored)
    assert fast.macs == B * K * N == dense_in_loops(x, w, bias)[1]
    assert (dense_in_loops(x, w, bias)[0] == y).all()
    if fused:
        assert fast.total == dense_instructions(B, K, N, lanes)


@given(B=st.integers(1, 4), K=SMALL, N=st.integers(1, 4), lanes=LANES)
def test_traffic_and_occupancy_keep_their_bounds(B, K, N, lanes):
    unit = machine(lanes)
    dense(unit, whole(0, B, K), whole(1, K, N), whole(2, N))
    assert unit.loaded == 2 * 4 * B * K * N  # an input and a weight of four bytes for each multiply-accumulate
    assert unit.loaded >= 4 * (B * K + K * N)  # no less than each operand once
    assert unit.stored == 4 * B * N
    assert 0 < unit.occupancy <= 1


def test_the_layer_of_the_chapter():
    """32 * 512 sums of 256 / 8 strips, 8 instructions a strip and 5 a sum; scalar, 7 an element and 4 a sum."""
    unit, scalar = machine(8), machine(1)
    for one in (unit, scalar):
        dense(one, np.ones((32, 256)), np.ones((256, 512)), np.zeros(512))
        assert one.macs == 32 * 256 * 512
    assert unit.instructions["vfmacc.vv"] == 32 * 512 * 256 // 8
    assert unit.total == 32 * 512 * (8 * 256 // 8 + 5)
    assert scalar.total == 32 * 512 * (7 * 256 + 4)


def test_without_the_fused_instruction_a_strip_has_one_more():
    fused, apart = machine(8), machine(8, fused=False)
    for one in (fused, apart):
        dense(one, whole(0, 2, 24), whole(1, 24, 3), whole(2, 3))
    assert apart.total - fused.total == 2 * 3 * 24 // 8
    assert apart.instructions["vfmul.vv"] == apart.instructions["vfadd.vv"] == fused.instructions["vfmacc.vv"]


def test_gemm_and_matmul_agree_with_onnx():
    x, w, bias = whole(0, 5, 19), whole(1, 19, 7), whole(2, 7)
    y = dense(machine(8), x, w, bias)
    assert (y == by_onnx("Relu", by_onnx("Gemm", x, w, bias))).all()
    assert (y == by_onnx("Relu", by_onnx("MatMul", x, w) + bias)).all()


def test_listing_4_as_printed_has_one_right_output():
    rng = np.random.default_rng(1)
    x, w = rng.random((3, 24)), rng.random((24, 4))
    right = np.isclose(dense_as_printed(machine(8), x, w), x @ w)
    assert right[0, 0]
    assert right.sum() == 1
    assert np.isclose(dense_as_printed(machine(8), x[:1], w[:, :1]), x[:1] @ w[:, :1]).all()


@pytest.mark.parametrize("lanes", [4, 16])
def test_the_printed_step_fits_eight_lanes_only(lanes):
    x, w = np.arange(1.0, 33).reshape(1, 32), np.ones((32, 1))
    assert dense_as_printed(machine(lanes), x, w).item() != x.sum()
    assert dense_as_printed(machine(lanes), x, w, step_bytes=4 * lanes).item() == x.sum()


def test_shapes_that_do_not_meet_are_named():
    with pytest.raises(ValueError, match=re.escape("inputs (2, 3) need weights (3, N) and a bias (N,), got (4, 5)")):
        dense(machine(), np.ones((2, 3)), np.ones((4, 5)), np.ones(5))


# ---- counts in closed form

RUNS = {
    "relu": lambda unit, n: patterns.relu(unit, np.ones(n)),
    "dot product": lambda unit, n: dot(unit, np.ones(n), np.ones(n), np.array(0), np.array(0), n),
    "sum": lambda unit, n: patterns.reduce(unit, np.ones(n)),
    "mask": lambda unit, n: patterns.mask_scores(unit, np.ones(n), np.ones(n, bool)),
}


@given(n=st.integers(1, 200), lanes=LANES, program=st.sampled_from(sorted(PROGRAMS)))
def test_closed_forms_are_what_the_machine_counts(n, lanes, program):
    unit = machine(lanes)
    RUNS[program](unit, n)
    assert unit.total == instructions(program, n, lanes)
    assert sum(by_kind(unit.instructions).values()) == unit.total
    if program == "relu":
        assert unit.occupancy == pytest.approx(occupancy(n, lanes))


def test_every_program_has_a_run():
    assert set(RUNS) == set(PROGRAMS)


def test_blocks_are_those_of_the_tile_unit():
    for B, K, N in ((32, 256, 512), (17, 1, 33), (1, 1, 1)):
        cost, counts = tile_cost(B, N, K), in_blocks(B, K, N)
        assert counts["matmul.mm"] == cost.blocks
        assert counts["mload"] == 2 * cost.blocks
        assert counts["mstore"] * 16 * 16 == cost.stores
    assert list(by_kind(in_blocks(1, 1, 1))) == list(KINDS)


def test_bias_and_relu_after_the_product():
    rng = np.random.default_rng(3)
    z, bias = rng.integers(-5, 6, 20).astype(float), rng.integers(-5, 6, 20).astype(float)
    unit = machine(8)
    assert (patterns.add_bias_relu(unit, z, bias) == np.maximum(z + bias, 0)).all()
    assert unit.total == 3 * (3 + 2 + 6)  # a strip: loads, store; bias, ReLU; length, three pointers, count, branch
    with pytest.raises(ValueError, match=re.escape("a bias has one number an output, (20,), got (3,)")):
        patterns.add_bias_relu(unit, z, bias[:3])


# ---- the patterns of Table 2


@given(n=st.integers(1, 60), lanes=LANES)
def test_sum_and_maximum(n, lanes):
    x = whole(n, n)
    assert patterns.reduce(machine(lanes), x) == x.sum()
    assert patterns.reduce(machine(lanes), x, "max") == x.max()


@given(index=st.lists(st.integers(0, 6), min_size=1, max_size=40), lanes=LANES)
def test_gather_and_safe_scatter_are_numpys(index, lanes):
    index = np.array(index)
    table, values = whole(0, 7), whole(1, index.size)
    assert (patterns.lookup(machine(lanes), table, index) == table[index]).all()
    want = table.copy()
    np.add.at(want, index, values)
    assert (patterns.scatter_add(machine(lanes), table, index, values) == want).all()


@given(index=st.lists(st.integers(0, 6), min_size=1, max_size=40), lanes=LANES)
def test_a_plain_scatter_loses_what_meets_in_one_strip(index, lanes):
    got = patterns.scatter_add(machine(lanes), np.zeros(7), np.array(index), np.ones(len(index)), safe=False)
    strips = [index[i : i + lanes] for i in range(0, len(index), lanes)]
    assert got.sum() == sum(len(set(strip)) for strip in strips)


def test_a_mask_takes_the_time_of_every_lane():
    counts = []
    for keep in (np.ones(16, bool), np.zeros(16, bool)):
        unit = machine(8)
        patterns.mask_scores(unit, np.ones(16), keep)
        counts.append(unit.total)
    assert counts[0] == counts[1]


def test_broadcast_and_relu_agree_with_onnx():
    x = whole(3, 37)
    assert (patterns.relu(machine(8), x) == by_onnx("Relu", x)).all()
    assert (patterns.scale_and_shift(machine(8), x, 2.0, -1.0) == 2 * x - 1).all()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: patterns.reduce(machine(), np.ones(3), "mean"), "a reduction is sum or max, got 'mean'"),
        (lambda: patterns.reduce(machine(), np.ones((2, 2))), "got shape (2, 2); ravel it"),
        (lambda: patterns.lookup(machine(), np.ones(3), np.array([3])), "index 3 lies outside a table of 3"),
        (lambda: patterns.lookup(machine(), np.ones(3), np.array([0.5])), "indices are whole numbers, got float64"),
        (lambda: patterns.mask_scores(machine(), np.ones(3), np.ones(2, bool)), "a score, (3,), got (2,)"),
        (lambda: instructions("fft", 8, 4), "no program 'fft'; there are relu, dot product, sum, mask"),
    ],
)  # fmt: skip
def test_errors_say_what_came(run, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        run()


# ---- rows with special functions


@given(n=st.integers(1, 50), lanes=LANES)
def test_softmax_and_layer_normalization_agree_with_onnx(n, lanes):
    x = whole(n, n)
    assert np.allclose(softmax(machine(lanes), x), by_onnx("Softmax", x, axis=-1), rtol=1e-12)
    want = by_onnx("LayerNormalization", x, np.ones(n), np.zeros(n), axis=-1, epsilon=0.5)
    assert np.allclose(layernorm(machine(lanes), x, eps=0.5), want, rtol=1e-12, atol=1e-12)


def test_softmax_by_table_still_adds_up_to_one():
    x = np.linspace(-6, 3, 100)
    by_table = softmax(machine(8), x, TableUnit("exp", 6, 1))
    assert by_table.sum() == pytest.approx(1)
    assert np.abs(by_table / softmax(machine(8), x) - 1).max() < 1e-4


def test_listing_11_loads_once_for_all():
    together, apart = machine(8), machine(8)
    units = {"sigm": TableUnit("sigmoid", 6, 1), "tanh": TableUnit("tanh", 6, 1), "rsqrt": TableUnit("rsqrt", 6, 1)}
    x = np.linspace(0.5, 4, 16)
    each_of(together, x, units)
    for name, unit in units.items():
        each_of(apart, x, {name: unit})
    assert apart.loaded == 3 * together.loaded
    assert apart.stored == together.stored
    assert together.instructions["vtanh.v"] == 16 // 8


# ---- batch normalization


@pytest.mark.parametrize("way", batchnorm.WAYS)
def test_batchnorm_agrees_with_onnx(way):
    rng = np.random.default_rng(0)
    z, gamma, beta = rng.normal(size=(32, 7)), rng.normal(size=7), rng.normal(size=7)
    done = relu_batchnorm(z, gamma, beta, way=way, dtype=np.float64)
    h = np.maximum(z, 0)
    want = by_onnx("BatchNormalization", h, gamma, beta, h.mean(axis=0), h.var(axis=0), epsilon=1e-5)
    assert np.allclose(done.out, want, rtol=1e-10)
    assert done.sweeps == {"one sweep": 2, "two sweeps": 3}[way]


def test_one_sweep_cancels_and_two_do_not():
    """With a mean of 1000 and a spread of 1, h^2 has 20 bits before the point, and 24 are all there are."""
    h = np.random.default_rng(0).normal(size=(4096, 1)) + 1000
    one, two = (relu_batchnorm(h, np.ones(1), np.zeros(1), way=way).var[0] for way in batchnorm.WAYS)
    assert abs(one / h.var() - 1) > 0.1
    assert two == pytest.approx(h.var(), rel=1e-3)


def test_a_variance_below_zero_has_no_root():
    h = np.random.default_rng(0).normal(size=(4096, 1)) + 10_000
    with pytest.raises(ValueError, match=r"cancels; take two sweeps or a wider format"):
        relu_batchnorm(h, np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match=r"the variance comes in one sweep or two sweeps, got 'three'"):
        relu_batchnorm(h, np.ones(1), np.zeros(1), way="three")
    with pytest.raises(ValueError, match=re.escape("1 features need gamma and beta of shape (1,), got (2,) and (1,)")):
        relu_batchnorm(h, np.ones(2), np.zeros(1))
