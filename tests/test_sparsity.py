"""Sparse formats hold what the matrix holds, multiply like it, and take the bytes that their arrays take."""

import math

import ml_dtypes
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.sparsity import BSR, COO, CSC, CSR, NM, Bitmap
from labcore.sparsity.cost import FORMATS, break_even, expected_bytes, nm_bytes, product_time
from labcore.sparsity.lanes import waits, walk
from labcore.sparsity.product import by_entries
from labcore.sparsity.pruning import block_mask, free_mask, kept_norm, nm_mask
from labcore.sums import summed_in

EXACT = {"COO": COO, "CSR": CSR, "CSC": CSC, "Bitmap": Bitmap}  # formats that keep every nonzero and no zero


@st.composite
def matrices(draw, dtype=None):
    """Whole numbers, mostly zeros, with sides that 2 and 4 divide; some rows and columns are empty."""
    rows, cols = 2 * draw(st.integers(1, 4)), 4 * draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = rng.integers(-9, 10, (rows, cols)) * (rng.random((rows, cols)) < draw(st.sampled_from([0, 0.1, 0.5, 1])))
    x[:, rng.random(cols) < 0.2] = 0
    return x.astype(dtype or draw(st.sampled_from(["int8", "int64", "float32", "float64"])))


def all_formats(x):
    yield from (one.from_dense(x) for one in EXACT.values())
    yield from (BSR.from_dense(x, block) for block in ((1, 1), (2, 2), (2, 4)))
    yield NM.from_dense(x, 2, 4)


@given(matrices())
def test_dense_and_back_is_the_same(x):
    for A in all_formats(x):
        want = np.where(nm_mask(x), x, 0) if isinstance(A, NM) else x
        np.testing.assert_array_equal(A.to_dense(), want)
        assert A.to_dense().dtype == x.dtype
        assert A.shape == x.shape


@settings(deadline=None)
@given(matrices(), st.sampled_from([None, 1, 3, 40]), st.integers(0, 99))
def test_every_product_is_that_of_the_dense_matrix_both_ways(x, N, seed):
    """Whole numbers: every order of summation gives the same, so equality is exact."""
    B = np.random.default_rng(seed).integers(-9, 10, (x.shape[1], N) if N else x.shape[1]).astype(x.dtype)
    for A in all_formats(x):
        want = A.to_dense().astype(np.int64) @ B.astype(np.int64)
        fast, read = A @ B, by_entries(A, B)
        np.testing.assert_array_equal(fast, want)
        np.testing.assert_array_equal(read, want)
        assert fast.dtype == read.dtype == summed_in(x, B, x.shape[1])[0]


@given(matrices())
def test_entries_are_the_nonzeros_each_once(x):
    want = {(int(r), int(c)): x[r, c] for r, c in zip(*np.nonzero(x), strict=True)}
    for name, form in EXACT.items():
        seen = list(form.from_dense(x).entries())
        assert {(r, c): value for r, c, value in seen} == want, name
        assert len(seen) == len(want), name


@given(matrices())
def test_any_format_becomes_any_other(x):
    for A in all_formats(np.where(nm_mask(x), x, 0)):
        if not isinstance(A, NM):
            for form in EXACT.values():
                there = COO.from_dense(x * nm_mask(x)) if form is COO else form.from_coo(A.to_coo())
                np.testing.assert_array_equal(there.to_dense(), A.to_dense())


@given(matrices("float64"))
def test_scipy_holds_the_same_arrays(x):
    for form, theirs in ((CSR, scipy.sparse.csr_matrix), (CSC, scipy.sparse.csc_matrix)):
        ours, other = form.from_dense(x), theirs(x)
        other.sort_indices()
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(other, name))
    ours, other = BSR.from_dense(x, (2, 4)), scipy.sparse.bsr_matrix(x, blocksize=(2, 4))
    other.sort_indices()
    np.testing.assert_array_equal(ours.indptr, other.indptr)
    if other.nnz:
        np.testing.assert_array_equal(ours.data, other.data)


def test_scipy_multiplies_the_same():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 192)) * (rng.random((256, 192)) < 0.1)
    for N in (1, 40):
        B = rng.standard_normal((192, N))
        for A in (CSR.from_dense(x), CSC.from_dense(x), COO.from_dense(x), Bitmap.from_dense(x)):
            np.testing.assert_allclose(A @ B, scipy.sparse.csr_matrix(x) @ B, atol=1e-12)


@given(matrices("int8"))
def test_bytes_are_those_of_the_arrays(x):
    """nbytes counts what the arrays hold: 1-byte values, and indices as wide as they are stored."""
    wide = np.dtype(np.intp).itemsize
    coo, csr, csc, bitmap = (EXACT[name].from_dense(x) for name in ("COO", "CSR", "CSC", "Bitmap"))
    bsr, nm = BSR.from_dense(x, (2, 4)), NM.from_dense(x)
    assert coo.nbytes(1, wide) == coo.data.nbytes + coo.rows.nbytes + coo.cols.nbytes
    for A in (csr, csc, bsr):
        assert A.nbytes(1, wide) == A.data.nbytes + A.indices.nbytes + A.indptr.nbytes
    assert bitmap.nbytes(1, wide) == bitmap.data.nbytes + bitmap.bits.nbytes
    assert nm.nbytes(1, wide) == nm.values.nbytes + nm.metadata().nbytes
    assert csr.indptr.shape == (x.shape[0] + 1,)


def test_bytes_by_hand():
    """Four rows, three nonzeros: CSR 3 * (4 + 4) + 5 * 4, COO 3 * (4 + 8), BSR 2 * (16 + 4) + 3 * 4."""
    x = np.zeros((4, 8), np.float32)
    x[0, 0] = x[0, 1] = x[3, 7] = 1
    assert CSR.from_dense(x).nbytes() == 3 * 8 + 5 * 4
    assert CSC.from_dense(x).nbytes() == 3 * 8 + 9 * 4
    assert COO.from_dense(x).nbytes() == 3 * 12
    assert BSR.from_dense(x, (2, 2)).nbytes() == 2 * (4 * 4 + 4) + 3 * 4
    assert Bitmap.from_dense(x).nbytes() == 3 * 4 + 32 // 8
    assert NM.from_dense(x).nbytes() == 16 * 4 + 16 * 2 // 8
    assert all(type(A.nbytes(value_bytes=0.5)) is int for A in all_formats(x))


@pytest.mark.parametrize(("m", "bits"), [(1, 0), (2, 1), (4, 2), (5, 3), (8, 3), (16, 4)])
def test_metadata_are_ceil_log2_m_bits_a_value(m, bits):
    A = NM.from_dense(np.ones((3, 5 * m)), 1, m)
    assert A.nbytes(value_bytes=8) - 15 * 8 == math.ceil(15 * bits / 8) == len(A.metadata())


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 8), st.data())
def test_nm_keeps_the_largest_ties_to_the_lower_index(rows, groups, m, data):
    n = data.draw(st.integers(1, m))
    x = np.random.default_rng(data.draw(st.integers(0, 999))).integers(-3, 4, (rows, groups * m)).astype(np.int8)
    A = NM.from_dense(x, n, m)
    for row, group in np.ndindex(rows, groups):
        part = [abs(int(v)) for v in x[row, group * m : (group + 1) * m]]
        want = sorted(sorted(range(m), key=lambda i, part=part: (-part[i], i))[:n])
        assert A.indices[row, group * n : (group + 1) * n].tolist() == want


def test_the_most_negative_int8_is_the_largest():
    assert NM.from_dense(np.array([[127, -128, 1, 2]], np.int8), 1, 4).values.tolist() == [[-128]]
    assert NM.from_dense(np.array([[3, 200, 1, 2]], np.uint8), 1, 4).values.tolist() == [[200]]


def test_nm_takes_narrow_floats_and_any_number_of_axes():
    x = np.arange(16).reshape(2, 2, 4).astype(ml_dtypes.bfloat16)
    assert NM.from_dense(x).to_dense().tolist()[0] == [[0, 0, 2, 3], [0, 0, 6, 7]]


def test_int8_products_do_not_wrap():
    """Four products of 127 * 127 are 64,516, twice what an int16 holds."""
    x = np.full((4, 4), 127, np.int8)
    for A in all_formats(x):
        kept = 2 if isinstance(A, NM) else 4
        assert (A @ x[0]).tolist() == [kept * 127**2] * 4
        assert (A @ x[0]).dtype == np.int32


def test_a_matrix_without_a_nonzero():
    for A in all_formats(np.zeros((2, 4))):
        assert (A @ np.ones(4)).tolist() == [0, 0]
        assert (A @ np.ones((4, 2))).tolist() == [[0, 0], [0, 0]]


BAD = [
    (lambda: NM.from_dense(np.ones((2, 6))), r"2:4 needs a last axis that 4 divides, got shape \(2, 6\); pad it"),
    (lambda: NM.from_dense(np.ones((2, 4)), 5, 4), "n must be at most m, got 5:4"),
    (lambda: NM.from_dense(np.ones((2, 4)), 0, 4), "n must be a whole number of at least 1, got 0"),
    (lambda: NM.from_dense(np.full((1, 4), np.nan)), "NaN has no magnitude to prune by"),
    (lambda: NM.from_dense(np.ones((2, 2, 4))) @ np.ones(4), "a product wants a matrix"),
    (lambda: BSR.from_dense(np.ones((3, 4)), (2, 2)), r"blocks of 2 x 2 do not divide a matrix of shape \(3, 4\)"),
    (lambda: BSR.from_dense(np.ones((4, 4)), (0, 2)), "r must be a whole number of at least 1"),
    (lambda: CSR.from_dense(np.ones(4)), "a matrix has two axes"),
    (lambda: CSR.from_dense(np.ones((0, 4))), "rows must be a whole number of at least 1, got 0"),
    (lambda: CSR.from_dense(np.ones((2, 4))) @ np.ones(3), r"\(2, 4\) multiplies \(4,\) or \(4, N\), got \(3,\)"),
    (lambda: CSR.from_dense(np.ones((2, 4), bool)) @ np.ones(4), "numbers of a fixed width, got bool"),
    (lambda: CSR.from_dense(np.ones((2, 4))).nbytes(0), "value_bytes must be a finite number above 0"),
    (lambda: COO(np.ones(2), np.array([0, 0]), np.array([1, 1]), (2, 2)), "row by row, none twice"),
    (lambda: COO(np.ones(1), np.array([2]), np.array([0]), (2, 2)), r"places must lie in \(2, 2\)"),
    (lambda: COO(np.ones(2), np.array([0]), np.array([1]), (2, 2)), "a row and a column for each value"),
    (
        lambda: CSR(np.ones(2), np.array([0, 1]), np.array([0, 2]), (2, 2)),
        "CSR needs 3 pointers that climb from 0 to 2",
    ),
    (lambda: CSR(np.ones(1), np.array([2]), np.array([0, 1, 1]), (2, 2)), "an index from 0 to 1 for each of 1 values"),
    (lambda: CSC(np.ones(2), np.array([0]), np.array([0, 2, 2]), (2, 2)), "CSC needs an index from 0 to 1 for each"),
    (lambda: BSR(np.ones((1, 2, 2)), np.array([0]), np.array([0, 2, 1]), (4, 2)), "BSR needs 3 pointers that climb"),
    (lambda: walk(np.ones((6, 8)), lanes=4, group=4), "4 lanes and groups of 4 do not divide"),
    (lambda: waits(np.ones((2, 5)), group=2), r"groups of 2 do not divide a matrix of shape \(2, 5\)"),
    (lambda: BSR.from_dense(np.ones((4, 4)), (2, 2, 2)), "block must be one number or a pair"),
    (lambda: CSR.from_dense(np.ones((2, 4))) @ np.ones((4, 0)), r"multiplies \(4,\) or \(4, N\), got \(4, 0\)"),
    (lambda: NM.from_dense(np.ones((2, 4), object)), "numbers of a fixed width have a magnitude, got object"),
    (lambda: free_mask(np.ones((2, 2)), 1.5), "density must be above 0 and at most 1, got 1.5"),
    (lambda: block_mask(np.ones((3, 4)), (2, 2), 0.5), "blocks of 2 x 2 do not divide"),
]


@pytest.mark.parametrize(("act", "words"), BAD, ids=[words[:24] for _, words in BAD])
def test_bad_input_says_what_would_do(act, words):
    with pytest.raises(ValueError, match=words):
        act()


def test_sums_beyond_int64_are_refused_and_beyond_int32_widened():
    huge = np.array([2**40])
    with pytest.raises(ValueError, match="do not fit int64; scale the operands or cast them to float64"):
        summed_in(huge, huge, 1)
    with pytest.raises(ValueError, match=r"numbers of a fixed width, got \|V4"):
        summed_in(np.zeros(1, "V4"), huge, 1)
    four_bits = np.array([-8], ml_dtypes.int4)
    assert summed_in(four_bits, four_bits, 9)[0] == np.int32  # whole numbers, though numpy calls their kind V
    ends = np.array([-128], np.int8)
    assert [summed_in(ends, ends, terms)[0] for terms in (2**17 - 1, 2**17)] == [np.int32, np.int64]


@pytest.mark.parametrize("density", [0.05, 0.3, 0.5, 0.9])
def test_expected_bytes_are_met_by_a_random_matrix(density):
    """At 512 x 512, chance moves the bytes by less than one per cent."""
    rng = np.random.default_rng(3)
    x = np.zeros(512 * 512, np.float32)
    x[rng.permutation(x.size)[: round(density * x.size)]] = 1
    x = x.reshape(512, 512)
    real = {"dense": x.nbytes, "COO": COO.from_dense(x).nbytes(), "CSR": CSR.from_dense(x).nbytes(),
            "BSR": BSR.from_dense(x, (4, 4)).nbytes(), "bitmap": Bitmap.from_dense(x).nbytes()}  # fmt: skip
    sizes = expected_bytes(512, 512, density)
    assert tuple(sizes) == FORMATS
    for name in FORMATS:
        assert sizes[name] == pytest.approx(real[name], rel=0.01), name
    assert nm_bytes(512, 512) == NM.from_dense(x).nbytes()


@given(st.sampled_from([0.5, 1, 2, 4, 8]), st.sampled_from([1, 2, 4, 8]))
def test_at_the_break_even_density_a_format_takes_what_dense_storage_takes(value_bytes, index_bytes):
    for name, density in break_even(value_bytes, index_bytes).items():
        if 0 < density < 1:
            sizes = expected_bytes(2048, 2048, density, value_bytes, index_bytes)
            pointers = 2049 * index_bytes if name == "CSR" else 0
            assert sizes[name] - pointers == pytest.approx(sizes["dense"], rel=1e-4)


def test_product_time_is_the_larger_of_two():
    base = {"nnz": 100, "matrix_bytes": 800, "rows": 10, "cols": 20, "N": 1, "value_bytes": 2}
    assert product_time(**base, R_peak=1, BW=1e9) == 200
    assert product_time(**base, R_peak=1e9, BW=1) == 800 + 30 * 2


@given(matrices("float64"), st.sampled_from([1, 2]), st.sampled_from([1, 2, 4]))
def test_lanes_never_do_better_than_their_work(x, lanes, group):
    done = walk(x, lanes, group)
    assert done.macs == np.count_nonzero(x)
    assert done.cycles * lanes >= done.macs
    assert done.cycles <= done.dense_cycles
    if lanes == 1:
        assert done.cycles == done.macs


@given(matrices("float64"))
def test_meeting_less_often_never_costs_cycles(x):
    times = [walk(x, 2, group).cycles for group in (1, 2, 4, x.shape[1])]
    assert times == sorted(times, reverse=True)
    assert waits(x[:2], 4)[-1].sum() == walk(x[:2], 2, 4).cycles


def test_two_of_four_skips_exactly_half_and_a_free_half_nearly_nothing():
    x = np.random.default_rng(0).standard_normal((512, 512))
    structured, free = walk(nm_mask(x), 128, 4), walk(free_mask(x, 0.5), 128, 4)
    assert structured.macs == free.macs == 512 * 512 // 2
    assert (structured.speedup, structured.utilization) == (2, 1)
    assert 1 <= free.speedup < 1.05


def test_a_matrix_of_zeros_loses_nothing_and_is_skipped_whole():
    zeros = np.zeros((2, 4))
    done = walk(zeros, lanes=2, group=4)
    assert (done.cycles, done.speedup, done.utilization) == (0, np.inf, 1)
    assert kept_norm(zeros, nm_mask(zeros)) == 1


@given(matrices("float64"))
def test_a_freer_pattern_keeps_at_least_as_much(x):
    if x.any():
        kept = [kept_norm(x, mask) for mask in (np.ones(x.shape, bool), free_mask(x, 0.5), nm_mask(x))]
        assert kept[0] == 1
        assert kept == sorted(kept, reverse=True)
        assert nm_mask(x).sum() == free_mask(x, 0.5).sum() == x.size // 2


def test_the_bench_sets_our_products_beside_their_peers():
    """Loose limits, since tests run beside other work; `labcore bench` holds the tight ones."""
    from labcore.bench.primitives import beside, sparse_vector

    assert beside("x", [[0.004, 0.004, 0.004], [0.001, 0.001, 0.001]], 5, "peer")["ok"] is True
    assert beside("x", [[0.006, 0.006, 0.006], [0.001, 0.001, 0.001]], 5, "peer")["ok"] is False
    measured = sparse_vector()
    assert 0 < measured["value"] < 25
    assert "scipy" in measured["against"]
