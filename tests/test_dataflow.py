"""Dataflows: what each leaves still, agreement with the array, the search beside all orders, the listings."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.dataflow import BUFFERS, DATAFLOWS, STATIONARY, best, counts, orders, problem_of, sweep, totals
from labcore.dataflow.energy import energy, level_of
from labcore.dataflow.least import HYBRID
from labcore.dataflow.listings import LISTINGS, element_by_element
from labcore.dataflow.table import find, telling_orders
from labcore.loopnest import Level, Nest, conv_problem, matmul_problem, matmul_traffic, traffic
from labcore.mapping import compulsory, min_traffic, touched
from labcore.mapping.grid import best_tile, words_held, words_moved
from labcore.models.zoo import build
from labcore.ops import conv2d, elementwise, matmul
from labcore.systolic import simulate

sizes = st.integers(1, 6)


@given(rows=sizes, cols=sizes, down=sizes, across=sizes, streamed=st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_the_nest_and_the_array_agree_at_the_edge(rows, cols, down, across, streamed):
    """os: tile (rows, 1, cols), loops M, N, K. ws: tile (1, rows, cols), loops K, N, M. is: (cols, rows, 1), K, M, N.

    An array reads for every fold, so a nest that keeps a tile over two folds of one would move less: two at least.
    """
    down, across = down + 1, across + 1
    for flow, tile, order in (("os", (rows, 1, cols), "MNK"), ("ws", (1, rows, cols), "KNM"),
                              ("is", (cols, rows, 1), "KMN")):  # fmt: skip
        extent = {"os": (rows * down, streamed, cols * across), "ws": (streamed, rows * down, cols * across),
                  "is": (cols * across, rows * down, streamed)}[flow]  # fmt: skip
        M, K, N = extent
        A, B = np.ones((M, K), int), np.ones((K, N), int)
        run, moved = simulate(A, B, rows, cols, flow), matmul_traffic(M, K, N, tile, order)
        assert (run.reads["A"], run.reads["B"]) == (moved.A_reads, moved.B_reads)
        assert run.writes["C"] == moved.C_writes


@st.composite
def convolutions(draw):
    R, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    N, C, K = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return conv_problem(
        N, C, draw(st.integers(3, 4)), draw(st.integers(3, 4)), K, R, R, stride, draw(st.integers(0, 1))
    )


@given(convolutions(), st.integers(8, 120))
@settings(max_examples=4, deadline=None)
def test_the_telling_orders_hold_the_least_of_all_orders(problem, buffer):
    held = words_held(problem)
    buffer = max(buffer, int(held.min()))
    for flow in ("ws", "os"):  # 144 orders each; input stationary has 720
        least = min(words_moved(problem, order)[held <= buffer].min() for order in orders(problem, flow))
        assert best(problem, flow, buffer).traffic == least


def test_where_height_and_width_differ_columns_may_stand_outside_rows():
    problem = conv_problem(1, 1, 3, 3, 2, R=2, S=1)
    fits = words_held(problem) <= 8
    least = min(words_moved(problem, order)[fits].min() for order in orders(problem, "os"))
    assert best(problem, "os", 8).traffic == least
    assert any(order.index("Q") < order.index("P") for order in telling_orders(problem, "os"))


def test_input_stationary_on_one_convolution_with_all_its_orders():
    problem = conv_problem(1, 2, 4, 4, 2, 3, 3, padding=1)
    for buffer in (40,):
        assert best(problem, "is", buffer).traffic == best_tile(problem, buffer, orders(problem, "is")).traffic


@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 24), st.integers(3, 400))
@settings(max_examples=40, deadline=None)
def test_the_best_of_three_is_the_best_of_all_for_a_product(M, K, N, buffer):
    """Some operand stays under each of the six orders, so the three dataflows leave none out."""
    problem = matmul_problem(M, K, N)
    found = {flow: best(problem, flow, buffer) for flow in STATIONARY}
    assert min(one.traffic for one in found.values()) == min_traffic(M, K, N, buffer).traffic
    moved = {flow: counts(problem, one) for flow, one in found.items()}
    assert (moved["ws"].B_reads, moved["os"].C_writes, moved["is"].A_reads) == (K * N, M * N, M * K)
    assert moved["os"].C_reads == 0
    assert all(one.traffic >= compulsory(M, K, N) and one.held <= buffer for one in found.values())


def test_what_stays_comes_once_in_a_convolution():
    problem = conv_problem(1, 8, 14, 14, 16, 3, 3, padding=1)
    moved = {flow: counts(problem, best(problem, flow, 600)) for flow in STATIONARY}
    assert moved["ws"].B_reads == 16 * 8 * 9
    assert (moved["os"].C_writes, moved["os"].C_reads) == (16 * 14 * 14, 0)
    assert moved["is"].A_reads < min(moved["ws"].A_reads, moved["os"].A_reads)


def test_row_stationary_holds_whole_rows():
    problem = conv_problem(1, 8, 14, 14, 16, 3, 3, padding=1)
    tile = best(problem, "rs", 600).tile
    assert (tile["Q"], tile["R"], tile["S"]) == (14, 3, 3)
    with pytest.raises(ValueError, match="keeps rows of a convolution and a product has none; take ws, os or is"):
        best(matmul_problem(4, 4, 4), "rs", 100)
    with pytest.raises(ValueError, match=r"holds no tile of row stationary; \d+ words are the least"):
        best(problem, "rs", 20)


def test_orders_of_the_three_leave_none_of_a_product_out():
    found = [order for flow in STATIONARY for order in orders(matmul_problem(2, 3, 4), flow)]
    assert sorted(found) == sorted(map("".join, itertools.permutations("MKN")))
    # K stands in one of four places around C, R and S, which keep their order; height and width are alike
    assert len(telling_orders(conv_problem(1, 4, 8, 8, 4, 3, 3), "ws")) == 4
    with pytest.raises(ValueError, match=r"dataflow must be one of 'ws' \(weight stationary\)"):
        find("nlr")


# ---- layers and networks


@pytest.mark.parametrize("name", ["resnet50", "mobilenetv2", "gpt2", "dlrm"])
def test_layers_become_problems_with_their_own_macs_and_sizes(name):
    for layer in build(name).layers:
        if layer.op.macs:
            problem, times = problem_of(layer.op)
            assert times * problem.macs == layer.op.macs
            if layer.op.kind == "conv2d":
                assert times * problem.elements("B") == layer.op.reads["w"] / 2  # fp16
                assert problem.sizes["P"] == layer.op.shape["P"]


def test_stride_and_padding_are_read_off():
    problem, _ = problem_of(conv2d(1, 3, 224, 224, 64, 7, 7, stride=2, padding=3))
    assert (problem.operands["A"][2].terms[0], problem.operands["A"][2].offset) == (("P", 2), -3)
    problem, _ = problem_of(conv2d(1, 3, 227, 227, 96, 11, 11, stride=4))  # AlexNet's first, without padding
    assert problem.sizes["P"] == 55
    problem, _ = problem_of(conv2d(1, 3, 224, 224, 768, 16, 16, stride=16))  # patches of a vision transformer
    assert (problem.operands["A"][2].terms[0], problem.operands["A"][2].offset) == (("P", 16), 0)
    problem, _ = problem_of(conv2d(1, 3, 7, 7, 8, 7, 7))  # a dense layer written as a convolution
    assert touched(problem) == 3 * 49 + 8 * 3 * 49 + 8
    with pytest.raises(ValueError, match="elementwise is no loop nest over A, B and C"):
        problem_of(elementwise(4))


def test_the_sweep_searches_each_layer_as_best_does():
    network = build("dlrm", batch=64)
    for one in sweep(network, STATIONARY, [2048]):
        alone = best(one.problem, one.dataflow, 2048)
        assert one.tiled == alone
        assert one.traffic == one.times * alone.traffic >= one.times * touched(one.problem)
    found = sweep(build("gpt2", seq=16), ["ws"], [2048])  # 12 layers of 12 heads
    assert sum(one.times * one.problem.macs for one in found) == build("gpt2", seq=16).macs


def test_totals_add_up_and_the_hybrid_takes_the_best_of_each():
    words = totals(sweep(build("dlrm", batch=128), STATIONARY, BUFFERS[:2]))
    for buffer in BUFFERS[:2]:
        assert words[HYBRID, buffer] <= min(words[flow, buffer] for flow in STATIONARY)
        assert words["os", BUFFERS[1]] <= words["os", BUFFERS[0]]


def test_batch_one_leaves_nothing_to_choose():
    """Each weight is used once: K N + K + N words whatever stays."""
    for flow in STATIONARY:
        assert best(matmul_problem(1, 512, 256), flow, 2048).traffic == 512 * 256 + 512 + 256


# ---- listings


@given(*[st.integers(2, 3)] * 6, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_listings_multiply_and_count_as_their_nests(I, K, J, bi, bk, bj, seed):
    rng = np.random.default_rng(seed)
    W, X = rng.integers(-9, 9, (I * bi, K * bk)), rng.integers(-9, 9, (K * bk, J * bj))
    for flow, listing in LISTINGS.items():
        run = listing(W, X, (bi, bk, bj))
        assert np.array_equal(run.Z, W @ X)
        nest = Nest(matmul_problem(J * bj, K * bk, I * bi),
                    [Level({"M": bj, "K": bk, "N": bi}, next(orders(matmul_problem(1, 1, 1), flow)))])  # fmt: skip
        moved = traffic(nest)[0]
        assert (run.inputs, run.weights) == (moved.A_reads, moved.B_reads)
        assert (run.sums_read, run.sums_written) == (moved.C_reads, moved.C_writes)


def test_listing_15_to_the_letter():
    run = element_by_element(np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4))
    assert run.Z.tolist() == (np.arange(6).reshape(2, 3) @ np.arange(12).reshape(3, 4)).tolist()
    assert {run.weights, run.inputs, run.sums_read, run.sums_written} == {2 * 3 * 4}
    with pytest.raises(ValueError, match="must share K"):
        element_by_element(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="a tile of 3 does not divide I = 4; take 2 or 4"):
        LISTINGS["ws"](np.ones((4, 4)), np.ones((4, 4)), (3, 2, 2))


def test_sums_of_narrow_numbers_do_not_wrap():
    W, X = np.full((2, 4), 100, np.int8), np.full((4, 2), 100, np.int8)
    for run in (element_by_element(W, X), *(listing(W, X, (1, 2, 1)) for listing in LISTINGS.values())):
        assert run.Z.tolist() == [[4 * 100 * 100] * 2] * 2


# ---- energy


def test_energy_by_hand():
    """(128, 128, 128) in a buffer that holds it all: 3 x 16 Ki words from DRAM, as many at the edge of the array."""
    spent = energy(matmul(128, 128, 128), "os", buffer_words=2**19, side=128)
    words = 3 * 128 * 128
    assert spent.traffic["DRAM"] == pytest.approx(2 * words / 8 * 1.3e-9)
    assert spent.traffic["SRAM 1 MiB"] == pytest.approx(2 * 2 * words / 8 * 100e-12)
    with pytest.raises(ValueError, match="the energy tables end at 1 MiB"):
        level_of(2**21)


def test_names_are_those_of_the_array():
    from labcore.systolic import DATAFLOWS as ARRAY

    assert {name: DATAFLOWS[name].stays for name in ARRAY} == {name: ARRAY[name].stays for name in ARRAY}
