"""Loop nests: traffic by hand, closed counts against the machine on random nests, conservation laws, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.im2col import conv2d
from labcore.loopnest.counts import conv_traffic, matmul_traffic, traffic
from labcore.loopnest.machine import execute
from labcore.loopnest.nest import OUTPUT, Level, Nest, conv_problem, matmul_problem, tile_elements
from labcore.units import divisors
from labcore.windows import output_size

INTS = np.random.default_rng(0)


@st.composite
def tiles_of(draw, sizes, levels):
    """Nested tiles and orders for a problem of these sizes."""
    found = []
    for _ in range(levels):
        sizes = {dim: draw(st.sampled_from(divisors(size))) for dim, size in sizes.items()}
        found.append(Level(sizes, "".join(draw(st.permutations(list(sizes))))))
    return found


@st.composite
def matmul_nests(draw):
    problem = matmul_problem(*(draw(st.integers(1, 6)) for _ in range(3)))
    return Nest(problem, draw(tiles_of(problem.sizes, draw(st.integers(1, 3)))))


@st.composite
def conv_nests(draw):
    small = st.integers(1, 2)
    R, S = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    how = {"stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, 2)), "dilation": draw(st.integers(1, 2))}
    span = [how["dilation"] * (r - 1) + 1 - 2 * how["padding"] for r in (R, S)]
    H, W = (draw(st.integers(max(least, 1), max(least, 1) + 4)) for least in span)
    problem = conv_problem(draw(small), draw(small), H, W, draw(small), R, S, **how)
    return Nest(problem, draw(tiles_of(problem.sizes, draw(small)))), how


def arrays(nest):
    shapes = [[axis.size for axis in nest.problem.operands[name]] for name in ("A", "B")]
    return [INTS.integers(-9, 10, shape) for shape in shapes]


@given(matmul_nests())
@settings(max_examples=300)
def test_counts_agree_with_the_machine_on_products(nest):
    A, B = arrays(nest)
    run = execute(nest, A, B)
    np.testing.assert_array_equal(run.C, A @ B)
    assert run.traffic == traffic(nest)
    assert (run.dram_reads, run.dram_writes) == (run.traffic[0].reads, run.traffic[0].C_writes)


@given(conv_nests())
@settings(max_examples=250)
def test_counts_agree_with_the_machine_on_convolutions(nest_and_how):
    nest, how = nest_and_how
    A, B = arrays(nest)
    run = execute(nest, A, B)
    np.testing.assert_array_equal(run.C, conv2d(A, B, **how))
    assert run.traffic == traffic(nest)


@given(matmul_nests())
def test_conservation(nest):
    """Reads are at least the distinct elements, writes are the outputs and what was spilled, which is read back."""
    for level in traffic(nest):
        assert level.A_reads >= nest.problem.elements("A")
        assert level.B_reads >= nest.problem.elements("B")
        assert level.C_writes == nest.problem.elements(OUTPUT) + level.C_reads


def test_matmul_by_hand():
    """2 x 2 tiles of a 4 x 4 x 4 product. MNK: A and B change on each of 8 steps, 4 words each; C stays through K.

    MKN: A stays through N (4 changes), B changes 8 times, C changes 8 times: 4 first visits, 4 read back.
    KMN, and so on, by the same rule: an operand changes as often as its innermost loop and those outside it turn.
    """
    found = matmul_traffic(4, 4, 4, (2, 2, 2), "MNK")
    assert (found.A_reads, found.B_reads, found.C_reads, found.C_writes) == (32, 32, 0, 16)
    found = matmul_traffic(4, 4, 4, (2, 2, 2), "MKN")
    assert (found.A_reads, found.B_reads, found.C_reads, found.C_writes) == (16, 32, 16, 32)
    found = matmul_traffic(4, 4, 4, (2, 2, 2), "KNM")
    assert (found.A_reads, found.B_reads, found.C_reads, found.C_writes) == (32, 16, 16, 32)


def test_a_loop_of_one_turn_keeps_nothing_apart():
    """K whole in the tile: the innermost loop K turns once, and A stays while N advances."""
    assert matmul_traffic(4, 4, 4, (2, 4, 2), "MNK").A_reads == 16


def test_whole_tiles_move_each_word_once():
    found = matmul_traffic(5, 6, 7, (5, 6, 7))
    assert (found.A_reads, found.B_reads, found.C_reads, found.C_writes) == (30, 42, 0, 35)


def test_halo_by_hand():
    """A 3 x 3 filter over 6 x 6, two output rows at a time: 4 input rows, then 2 new ones; 36 words, each once.

    Columns first cut in two of 2: every change of column within a row of tiles brings 2 new columns of 4 rows; going to
    the next rows, columns 2 to 5 give way to 0 to 3 of rows 2 to 5: rows 2, 3 of columns 2, 3 are there already.
    """
    assert conv_traffic(1, 1, 6, 6, 1, 3, 3, tile={"P": 2}).A_reads == 36
    found = conv_traffic(1, 1, 6, 6, 1, 3, 3, tile={"P": 2, "Q": 2}, order="NKPQCRS")
    assert found.A_reads == 16 + 8 + (16 - 4) + 8
    assert found.C_writes == 16


def test_padding_is_never_read():
    """3 x 3 over 2 x 2 with a ring of zeros: 4 elements, whatever the tile of the output."""
    assert conv_traffic(1, 1, 2, 2, 1, 3, 3, tile={}, padding=1).A_reads == 4
    assert conv_traffic(1, 1, 2, 2, 1, 3, 3, tile={"P": 1, "Q": 1}, padding=1).A_reads == 4


def test_example_1_3_weights_wait_or_return():
    """16 filters of 3 x 3 over 6 x 6 positions: held over the positions, 144 loads; fetched at each, 36 x 144."""
    one = {"N": 1, "K": 1, "C": 1, "P": 1, "Q": 1, "R": 1, "S": 1}
    assert output_size(8, 3) == 6
    assert conv_traffic(1, 1, 8, 8, 16, 3, 3, one, order="NKCRSPQ").B_reads == 144
    assert conv_traffic(1, 1, 8, 8, 16, 3, 3, one, order="NPQKCRS").B_reads == 36 * 144


def test_a_tile_in_the_buffer_takes_its_halo():
    problem = conv_problem(1, 1, 8, 8, 1, 3, 3, dilation=2)
    whole = dict.fromkeys(problem.sizes, 1) | {"P": 2, "R": 3}
    assert tile_elements(problem, "A", whole) == 1 + 1 * (2 - 1) + 2 * (3 - 1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: matmul_traffic(12, 4, 4, (5, 4, 4)), "a tile of 5 does not divide M = 12; take 4 or 6"),
        (lambda: matmul_traffic(4, 4, 4, (4, 0, 4)), "a tile of 0 does not divide K = 4; take 1 or 2 or 4"),
        (lambda: matmul_traffic(4, 4, 4, (1, 1, 1), "MNM"),
         "order 'MNM' must name each of MKN once; write 'MKN', outermost first"),
        (lambda: matmul_traffic(4, 0, 4, (1, 1, 1)), "K must be a whole number of at least 1, got 0"),
        (lambda: conv_traffic(1, 1, 4, 4, 1, 3, 3, {"Z": 1}), "tile names Z; a convolution has N, K, C, P, Q, R, S"),
        (lambda: execute(Nest(matmul_problem(2, 2, 2), [Level({"M": 2, "K": 2, "N": 2}, "MKN")]), np.ones((2, 3)),
                         np.ones((2, 2))), "A must have the shape (2, 2) of the nest's problem, got (2, 3)"),
    ],
)  # fmt: skip
def test_errors_name_the_way_out(wrong, words):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the whole text is compared below
        wrong()
    assert str(raised.value) == words
