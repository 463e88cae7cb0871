"""Systolic arrays: three accounts of one machine agree, and with numpy; counts conserve; errors say the way out."""

import json
import re
import subprocess
import sys
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.bench.scalesim import PYTHON as SCALESIM
from labcore.bench.scalesim import scalesim_run
from labcore.models.zoo import build
from labcore.ops import conv2d, elementwise, matmul
from labcore.systolic import (
    DATAFLOWS,
    coverage,
    cycles,
    energy_per_mac,
    gemm,
    layer_cycles,
    network_cycles,
    occupancy,
    reuse,
    scalesim_cycles,
    simulate,
    stream,
    tiled_matmul,
    traffic,
    utilization,
)

FLOWS = tuple(DATAFLOWS)
SIZES = st.integers(1, 11)
AWKWARD = [  # (M, K, N, rows, cols)
    (1, 1, 1, 1, 1), (5, 7, 3, 1, 1), (6, 1, 5, 4, 4), (6, 5, 1, 4, 4), (1, 6, 5, 4, 4), (3, 4, 2, 16, 9),
    (9, 9, 9, 1, 4), (9, 9, 9, 4, 1), (129, 3, 2, 128, 128), (2, 129, 3, 128, 128), (3, 2, 129, 128, 128),
    (257, 2, 1, 128, 128), (1, 257, 130, 128, 128), (8, 8, 8, 8, 8),
]  # fmt: skip


def matrices(M, K, N, seed=0, low=-99, high=99):
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, (M, K)), rng.integers(low, high, (K, N))


def agree(M, K, N, rows, cols, seed=0):
    """All that must hold of one product on one array, in the three dataflows."""
    A, B = matrices(M, K, N, seed)
    for flow in FLOWS:
        slow, fast, formula = (one(A, B, rows, cols, flow) for one in (simulate, stream, gemm))
        for run in (slow, fast, formula):
            assert np.array_equal(run.C, A @ B)
            assert run.cycles == cycles(M, K, N, rows, cols, flow, edge="exact")
            assert run.macs == M * K * N
            assert (run.reads, run.writes) == traffic(M, K, N, rows, cols, flow)
            assert type(run.cycles) is type(run.macs) is type(run.reads["A"]) is type(run.writes["C"]) is int
        assert run.reads["A"] >= M * K
        assert run.reads["B"] >= K * N
        assert run.writes["C"] >= M * N
        assert 0 < slow.utilization <= 1
        assert slow.utilization == utilization(M, K, N, rows, cols, flow)
        assert slow.busy == tuple(occupancy(M, K, N, rows, cols, flow).tolist())
        assert sum(slow.busy) == M * K * N
        assert max(slow.busy) <= rows * cols
        assert slow.cycles <= cycles(M, K, N, rows, cols, flow, edge="full")


@settings(max_examples=300, deadline=None)
@given(SIZES, SIZES, SIZES, st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32))
def test_three_accounts_agree_with_each_other_and_with_numpy(M, K, N, rows, cols, seed):
    agree(M, K, N, rows, cols, seed)


@pytest.mark.parametrize("sizes", AWKWARD)
def test_they_agree_where_sizes_are_awkward(sizes):
    agree(*sizes)


# ---- by hand


def test_the_two_by_two_example_register_by_register():
    """A's row meets B's column one cycle later for every step right and down."""
    run = simulate(np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]]), 2, 2, states=True)
    first, second, third, fourth, fifth, sixth = run.states
    assert first.values["C"].tolist() == [[2 * 1, 0], [0, 0]]
    assert second.values["A"].tolist() == [[4, 2], [1, 0]]
    assert second.values["B"].tolist() == [[6, 3], [1, 0]]
    assert second.values["C"].tolist() == [[2 * 1 + 4 * 6, 2 * 3], [1 * 1, 0]]
    assert third.busy.tolist() == [[False, True], [True, True]]
    assert fourth.values["C"].tolist() == run.C.tolist() == [[26, 14], [31, 13]]
    assert [s.phase for s in run.states] == ["compute"] * 4 + ["unload"] * 2
    assert fifth.left == (("C", 0, 31), ("C", 1, 13))  # the lower row leaves first
    assert sixth.left == (("C", 0, 26), ("C", 1, 14))
    assert first.entered == (("A", 0, 2), ("B", 0, 1))


def test_weights_stay_and_sums_fall():
    run = simulate(np.array([[2, 4]]), np.array([[1, 3], [6, 2]]), 2, 2, "ws", states=True)
    assert [s.phase for s in run.states] == ["preload"] * 2 + ["compute"] * 3  # 2, then 1 + 2 + 2 - 2
    assert all(s.values["B"].tolist() == [[1, 3], [6, 2]] for s in run.states[1:])
    assert [s.left for s in run.states[2:]] == [(), (("C", 0, 2 * 1 + 4 * 6),), (("C", 1, 2 * 3 + 4 * 2),)]


@pytest.mark.parametrize(
    ("sizes", "flow", "want"),
    [
        ((4, 5, 4, 4, 4), "os", 5 + 4 + 4 - 2 + 4),
        ((4, 5, 4, 4, 4), "ws", 4 + 4 + 4 + 4 - 2),  # K = 5 takes two folds: see below
        ((3, 5, 2, 4, 4), "os", 5 + 3 + 2 - 2 + 4),
        ((5, 3, 2, 4, 4), "ws", 4 + 5 + 4 + 2 - 2),
        ((2, 3, 5, 4, 4), "is", 4 + 5 + 4 + 2 - 2),
        ((5, 1, 1, 4, 4), "os", (1 + 4 + 1 - 2 + 4) + (1 + 1 + 1 - 2 + 4)),
    ],
)
def test_cycles_by_hand(sizes, flow, want):
    M, K, N, rows, cols = sizes
    if flow == "ws" and rows < K:
        want += 4 + 4 + 4 + 4 - 2
    assert cycles(M, K, N, rows, cols, flow) == want


def test_full_edges_charge_every_fold_alike():
    for flow in FLOWS:
        assert cycles(5, 5, 5, 4, 3, flow, edge="full") == 2 * 2 * (2 * 4 + 3 + 5 - 2)  # ceil(5/4) * ceil(5/3) folds


def test_occupancy_is_a_wave_of_diagonals():
    assert occupancy(3, 4, 2, 3, 2, "os").tolist() == [1, 3, 5, 6, 5, 3, 1, 0, 0, 0]
    assert occupancy(4, 3, 2, 3, 2, "ws").tolist() == [0, 0, 0, 1, 3, 5, 6, 5, 3, 1]


def test_reads_by_hand_for_two_folds():
    """129 rows of A: os sends B in twice; ws holds it and reads it once; is holds A in two parts and sends B twice."""
    sizes = (129, 128, 128, 128, 128)
    whole = 128 * 128
    assert [traffic(*sizes, flow)[0]["B"] for flow in FLOWS] == [2 * whole, whole, 2 * whole]
    assert all(traffic(*sizes, flow)[0]["A"] == 129 * 128 for flow in FLOWS)


def test_partial_sums_are_written_for_every_fold_of_k():
    assert [traffic(8, 10, 8, 4, 4, flow)[1]["C"] for flow in FLOWS] == [64, 3 * 64, 3 * 64]  # ceil(10 / 4)


def test_reuse_is_the_side_of_the_array():
    run = gemm(np.ones((8, 32)), np.ones((32, 8)), 8, 8)
    assert reuse(run) == {"A": 8, "B": 8, "C": 32}


def test_the_fringe():
    assert coverage(129, 128) == 129 / 256
    assert round(100 * coverage(129, 128), 1) == 50.4
    assert coverage(64, 128) == 0.5
    assert all(coverage(128 * k, 128) == 1 for k in (1, 2, 7))


@given(st.integers(1, 2000), st.integers(1, 300))
def test_coverage_is_least_right_behind_a_multiple(size, width):
    assert 0 < coverage(size, width) <= 1
    if size > width:
        assert coverage(size, width) > 0.5


def test_energy_is_that_of_accesses_and_one_mac():
    assert energy_per_mac(4, 640, 1) == 4 * 640 + 1
    assert energy_per_mac(2 / 128, 640, 1) == 11
    assert energy_per_mac(0, 640, 1) == 1


# ---- SCALE-Sim


def test_scalesim_counts_by_hand():
    assert scalesim_cycles(256, 256, 256, 128, 128, "os") == 4 * (128 + 128 + 256 - 2) - 1
    assert scalesim_cycles(8, 1, 1, 1, 1, "ws") == 2 * 1 + 1 + 8 - 2 - 1
    assert 8 / scalesim_cycles(1, 8, 1, 1, 1, "os") > 1  # more MACs than cycles on one PE


@pytest.mark.skipif(not SCALESIM.exists(), reason="SCALE-Sim is not here; `make peers` installs it")
@pytest.mark.parametrize(("flow", "sizes"), [("os", (9, 5, 7, 4, 3)), ("ws", (9, 5, 7, 4, 3)), ("is", (9, 5, 7, 4, 3))])
def test_scalesim_reports_what_we_say_it_does(flow, sizes):
    assert scalesim_run(*sizes, flow)[0] == scalesim_cycles(*sizes, flow)


# ---- numbers


@pytest.mark.parametrize("one", [simulate, stream, gemm])
def test_int8_adds_up_in_int32(one):
    A, B = np.full((3, 1000), -128, np.int8), np.full((1000, 2), -128, np.int8)
    run = one(A[:, :40], B[:40], 4, 4)
    assert run.C.dtype == np.int32
    assert (run.C == 40 * 128 * 128).all()  # far past int8's 127
    assert A.dtype == np.int8  # the inputs stay as they were


def test_a_sum_that_could_pass_int32_is_kept_in_int64():
    A = np.full((1, 2**17), -128, np.int8)
    assert gemm(A, A.T, 4, 4).C.item() == 2**31  # 2^17 * 2^14, one past int32


@pytest.mark.parametrize(
    ("kind", "wide"),
    [("int8", "int32"), ("uint8", "int32"), ("int16", "int32"), ("int32", "int64"),
     ("float16", "float32"), ("float32", "float32"), ("float64", "float64")],
)  # fmt: skip
def test_accumulators(kind, wide):
    A = np.ones((2, 3), kind)
    assert all(one(A, A.T, 2, 2).C.dtype == wide for one in (simulate, stream, gemm))


def test_bfloat16_adds_up_in_float32():
    """256 ones: a bfloat16 sum would stop at 256 + 1 = 256, a float32 sum does not."""
    A = np.ones((1, 300), ml_dtypes.bfloat16)
    run = simulate(A, A.T, 2, 2)
    assert (run.C.dtype, run.C.item()) == (np.float32, 300)


def test_floats_agree_with_numpy_to_rounding():
    rng = np.random.default_rng(1)
    A, B = rng.standard_normal((9, 20)).astype(np.float32), rng.standard_normal((20, 6)).astype(np.float32)
    for flow, one in product(FLOWS, (simulate, stream, gemm)):
        assert pytest.approx(A.astype(float) @ B, rel=1e-4, abs=1e-5) == one(A, B, 4, 4, flow).C


def test_large_integers_stay_exact():
    B = np.array([[2**30 + 1]])
    assert gemm(B, B, 2, 2).C.item() == (2**30 + 1) ** 2  # float64 would lose the last 1


# ---- tiles


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, SIZES, st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)))
def test_algorithm_1_is_the_product_and_loads_each_tile_as_often_as_it_says(M, K, N, tile):
    A, B = matrices(M, K, N)
    run = tiled_matmul(A, B, tile, rows=3, cols=3, on=stream)
    tm, _, tn = tile
    assert np.array_equal(run.C, A @ B)
    assert run.loads == {"A": M * K * -(-N // tn), "B": K * N * -(-M // tm)}
    assert run.stores == {"C": M * N}
    assert run.macs == M * K * N


def test_larger_tiles_load_less():
    A, B = matrices(16, 16, 16)
    small, large = (tiled_matmul(A, B, (T, T, T), rows=4, cols=4) for T in (4, 8))
    assert small.loads["A"] == 2 * large.loads["A"]
    assert small.products == 4**3
    assert small.macs_per_word < large.macs_per_word


# ---- networks


def test_a_convolution_is_the_product_of_its_patches():
    op = conv2d(2, 8, 14, 14, 16, 3, 3, padding=1)
    assert layer_cycles(op, 32, 32, "ws") == cycles(2 * 14 * 14, 8 * 9, 16, 32, 32, "ws")


def test_a_depthwise_convolution_is_one_product_for_each_channel():
    op = conv2d(1, 8, 14, 14, 8, 3, 3, padding=1, groups=8)
    assert layer_cycles(op, 32, 32) == 8 * cycles(14 * 14, 9, 1, 32, 32)


def test_a_batched_matmul_is_as_many_products():
    assert layer_cycles(matmul(4, 5, 6, batch=3), 8, 8) == 3 * cycles(4, 5, 6, 8, 8)


def test_no_layer_of_a_network_is_faster_than_all_pes_at_work():
    network = build("resnet50")
    for flow in FLOWS:
        ticks = network_cycles(network, 128, 128, flow)
        for layer in (one for one in network.layers if one.op.macs):
            assert ticks[layer.name] * 128 * 128 > layer.count * layer.op.macs


# ---- errors


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: simulate(np.ones((2, 3)), np.ones((2, 3)), 2, 2), r"A must be \(M, K\) and B \(K, N\), .* \(2, 3\)"),
        (lambda: simulate(np.ones(3), np.ones((3, 1)), 2, 2), r"got \(3,\) and \(3, 1\)"),
        (lambda: gemm(np.ones((0, 3)), np.ones((3, 1)), 2, 2), "no size 0"),
        (lambda: simulate(np.ones((1, 1)), np.ones((1, 1)), 0, 2), "rows must be a whole number of at least 1, got 0"),
        (lambda: stream(np.ones((1, 1)), np.ones((1, 1)), 2, 2.0), "cols must be a whole number"),
        (lambda: cycles(4, -1, 4, 2, 2), "K must be a whole number of at least 1, got -1"),
        (lambda: cycles(4, True, 4, 2, 2), "K must be a whole number"),
        (lambda: scalesim_cycles(4, 4, 4, 0, 2), "rows must be"),
        (lambda: traffic(4, 4, 0, 2, 2), "N must be"),
        (lambda: occupancy(4, 4, 4, 2, 0), "cols must be"),
        (lambda: coverage(0, 128), "size must be"),
        (lambda: simulate(np.ones((1, 1)), np.ones((1, 1)), 2, 2, "rs"), "'os' .output stationary., 'ws' .*got 'rs'"),
        (lambda: cycles(1, 1, 1, 1, 1, "WS"), "dataflow must be one of"),
        (lambda: cycles(1, 1, 1, 1, 1, edge="half"), "edge must be 'exact' .* or 'full' .*got 'half'"),
        (lambda: simulate([[1.0, float("nan")]], np.ones((2, 1)), 2, 2), r"A\[0, 1\] is nan"),
        (lambda: gemm(np.ones((1, 2)), [[1.0], [float("inf")]], 2, 2), r"B\[1, 0\] is inf"),
        (lambda: simulate([[1j]], [[1]], 2, 2), "operands are numbers of a fixed width, got complex128"),
        (lambda: simulate([["a"]], [[1]], 2, 2), "operands are numbers of a fixed width"),
        (lambda: gemm([[2**40]], [[2**40]], 2, 2), "do not fit int64; scale the operands or cast them"),
        (lambda: energy_per_mac(-1, 640, 1), "accesses must be 0 or more"),
        (lambda: energy_per_mac(1, 0, 1), "E_access must be"),
        (lambda: tiled_matmul(np.ones((2, 2)), np.ones((2, 2)), (0, 1, 1), 2, 2), "tm must be"),
        (lambda: layer_cycles(elementwise(8), 2, 2), "elementwise has no matrix product"),
    ],
)  # fmt: skip
def test_errors_say_what_was_wanted_and_what_came(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_machine_does_not_ask_the_formulas():
    """Three accounts are three only while none of them reads another's."""
    code = "import sys, labcore.systolic.machine as m; print([n for n in vars(m) if n in ('cycles', 'traffic')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_wrong_unload_is_caught(monkeypatch):
    """The check itself can fail: with one cycle less for every fold, the accounts no longer agree."""
    from labcore.systolic import formulas

    monkeypatch.setattr(sys.modules[__name__], "cycles", lambda *a, **k: formulas.cycles(*a, **k) - 1)
    with pytest.raises(AssertionError):
        agree(3, 3, 3, 2, 2)


def test_claims_of_the_section_are_the_ledgers():
    """Every verdict of lab 06 that departs carries its numbers."""
    from labcore.claims import ledger

    ledger.load()
    mine = [one for one in ledger.LEDGER.values() if one.where.startswith("06_")]
    verdicts = {one.id: one.settle() for one in mine}
    errata = {id for id, one in verdicts.items() if one.verdict == "erratum"}
    assert errata == {
        "systolic-energy-ratio-like-for-like", "systolic-macs-per-cycle-over",
        "tiling-128x-reuse-per-byte", "fig-margin-fringe-plateau", "systolic-pe-works-every-cycle",
        "figure-8-and-pe-steps", "systolic-feed-bandwidth-chip", "systolic-computing-1pj",
    }  # fmt: skip
    assert not [id for id in errata if id != "figure-8-and-pe-steps" and not re.search(r"\d", verdicts[id].reason)]
    assert json.dumps([one.computed for one in verdicts.values()])
