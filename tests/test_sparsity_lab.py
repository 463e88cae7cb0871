"""What lab 05 rests on besides the formats: its claims, self-check items, figures, and arrays that count reads."""

import numpy as np
import pytest

from labcore.catalogue import A100
from labcore.catalogue.gpu import A100_FP16_SPARSE
from labcore.claims.ledger import claim, claims_at
from labcore.counting import CountingArray, counted
from labcore.explore import pruning, sparse_bytes
from labcore.explore.sparsity import format_explorer, pruning_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.registry import find
from labcore.plots.sparse_storage import by_array, size
from labcore.plots.words import rows
from labcore.sparsity import BSR, COO, CSC, CSR, NM, Bitmap
from labcore.sparsity.samples import small_matrix


def test_claims_by_hand():
    """2 of 4 values of 16 bits with 2 bits each are 36 bits of 64; a 4-bit value makes that 12 of 16."""
    assert claim("sparse-memory-compression").computed == 100 * 36 / 64
    assert claim("sparse-memory-compression", bits=4).computed == 100 * 12 / 16
    assert claim("footnote-25-density", N=1).computed == 25
    assert claim("sparse-2x-throughput", N=1).computed == 4


def test_the_sparse_rate_is_twice_the_dense_one_and_says_so():
    assert A100_FP16_SPARSE.value == 2 * A100.peak("fp16")
    assert "624 with sparsity" in A100.peaks["fp16"].note


def test_the_departures_show_their_numbers():
    """Four of the eight blocks are stored, 2 x 4 places each, and half of them are zeros."""
    said = claim("figure-7-sparse-formats").reason
    assert f"{4} blocks" in said
    assert f"{4 * 2 * 4 // 2} zeros among {4 * 2 * 4} values" in said
    assert "1 nonzero is stored in 2 slots" in claim("nm-sparsity-definition").reason
    assert len(claims_at("05_sparsity#two-of-four")) == 2


def test_figure_7_draws_the_bytes_that_the_formats_take():
    x, strips = small_matrix(), by_array(find("sparse-formats").table())
    made = {"COO": COO, "CSR": CSR, "CSC": CSC, "bitmap": Bitmap, "2:4": NM}
    for name, form in made.items():
        assert size(name, strips) == form.from_dense(x).nbytes(2, 2), name
    assert size("BSR", strips) == BSR.from_dense(x, (2, 4)).nbytes(2, 2)
    assert size("dense", strips) == x.size * 2
    assert NM.from_dense(x).to_dense().tolist() == x.tolist()


def test_the_lines_of_format_bytes_cross_where_the_rings_stand():
    table = list(rows(find("format-bytes").table()))
    for name, ring in zip(("COO", "CSR"), (0.2, 1 / 3), strict=True):
        below = max(r["density"] for r in table if r["format"] == name and r["share"] < 1)
        above = min(r["density"] for r in table if r["format"] == name and r["share"] >= 1)
        assert below <= ring <= above
    assert ("2:4", 0.5, 0.5625) in [(r["format"], r["density"], r["share"]) for r in table]


def test_what_the_explorers_ask_has_an_answer():
    """CSR meets the bitmap where 4 bytes a nonzero are a bit a place, at 1/32; with 2 bytes at 1/16."""
    for index, density in (("32 bits", 100 / 32), ("16 bits", 100 / 16)):
        at = sparse_bytes.sizes(density, "fp16", index, "4 x 4", "anywhere")
        assert at["CSR"] == pytest.approx(at["bitmap"], rel=0.01)
    apart, together = (sparse_bytes.sizes(10, "fp16", "32 bits", "4 x 4", zeros) for zeros in sparse_bytes.PLACES)
    assert min(together, key=together.get) == "BSR"
    assert sorted(apart, key=apart.get).index("BSR") == 3
    assert pruning.kept(2, 8)[1] > pruning.kept(2, 4)[2]  # a quarter of the weights against 4 x 4 blocks at one half
    assert [pruning.gains(2, 4, lanes)[2] for lanes in (1, 2, 4)] == [2, 2, 2]
    blocks = [pruning.gains(2, 4, lanes)[2] for lanes in (4, 8, 16, 32)]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[1] < 1.5


def test_lanes_that_do_not_divide_the_rows_are_drawn_as_typed():
    """129 rows' worth of 43 lanes: the last turn has 42 rows, and takes 2 cycles a group under 2:4 all the same."""
    explorer = pruning_explorer()
    explorer.set(lanes=43)
    assert explorer.sentence.startswith("2:4 on 43 lanes: ")
    assert pruning.gains(2, 4, 43)[1] == 2
    assert 1 < pruning.gains(2, 4, 64)[0] < pruning.gains(2, 4, 33)[0] < pruning.gains(2, 4, 32)[0]
    assert pruning_explorer(lanes=1).sentence.startswith("2:4 on 1 lane: ")


def test_the_last_tick_of_the_format_explorer_is_whole():
    figure = format_explorer().figure
    labels = figure.axes[0].get_xticklabels()
    assert max(label.get_window_extent().x1 for label in labels) <= figure.bbox.x1


def test_every_control_changes_the_sentence():
    formats = format_explorer()
    for change in ({"density": 3.0}, {"values": "int4"}, {"index": "16 bits"}, {"block": "8 x 8"},
                   {"zeros": "in whole blocks"}):  # fmt: skip
        assert format_explorer(**change).sentence != formats.sentence
    for change in ({"m": "8"}, {"n": "1"}, {"lanes": 4}):
        assert pruning_explorer(**change).sentence != pruning_explorer().sentence


RIGHT = {"1": 200_000 * 6 + 1001 * 4, "2": "c", "3": 75, "4": 64 / 36, "5": 100 / 3, "6": "b"}


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_are_right(number):
    assert selfcheck(f"sparsity-{number}", RIGHT[number]).right


@pytest.mark.parametrize(
    ("number", "answer", "word"),
    [
        ("1", 400_000, "column"), ("1", 1_200_000, "pointers"), ("1", 1_204_000, "one pointer more"),
        ("1", 7, "1001"), ("1", "many", "wants a number of bytes"), ("1", 2_000_000, "COO"),
        ("2", "a", "waits"), ("2", "b", "norm"), ("2", "d", "longer"),
        ("3", 50, "two bits"), ("3", 56.25, "16-bit"), ("3", 0.75, "share"), ("3", 60, "12 bits of 16"),
        ("4", 2, "metadata"), ("4", 0.5625, "Upside down"), ("4", 3, "Divide"),
        ("5", 20, "COO"), ("5", 200 / 3, "zeros"), ("5", 1 / 3, "share"), ("5", 50, "d (v + i) = v"),
        ("6", "a", "lost"), ("6", "c", "all four"), ("6", "d", "from place 4"),
    ],
)  # fmt: skip
def test_a_slip_is_named(number, answer, word):
    said = selfcheck(f"sparsity-{number}", answer)
    assert not said.right
    assert word in said.words


def test_an_array_counts_single_reads_through_views_too():
    a = CountingArray(np.arange(12).reshape(3, 4))
    assert a[1, 2] + a[1][2] + sum(a[0]) + a[:, 1][2] == 6 + 6 + (0 + 1 + 2 + 3) + 9
    assert a.reads == 1 + 1 + 4 + 1
    assert (len(a), a.shape, a.reads) == (3, (3, 4), 7)


@pytest.mark.parametrize(
    "act", [np.sum, np.asarray, lambda a: np.dot(a, a), lambda a: np.add(a, 1), lambda a: np.array([1.0, 2.0]) @ a]
)
def test_numpy_cannot_take_it_whole(act):
    with pytest.raises(TypeError):
        act(CountingArray([1.0, 2.0]))


def test_the_reason_names_the_way_out():
    with pytest.raises(TypeError, match=r"take the elements that you need, one by one: a\[i\], a\[i, j\]"):
        np.asarray(CountingArray([1]))


def test_counted_adds_up_over_all_inputs():
    @counted
    def dot(a, b):
        """Sum of products."""
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert dot([1, 2, 3], [4, 5, 6]) == (32, 6)
    assert dot([1], [1]) == (1, 2)
    assert dot.__doc__ == "Sum of products."
