"""What lab 10 rests on besides its claims: steps and orders of nests, figures, explorers."""

import itertools
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.explore import loop_order, mapping_space
from labcore.explore.mapping import order_explorer, space_explorer
from labcore.loopnest import Level, Nest, conv_problem, matmul_problem, traffic
from labcore.loopnest.nest import OUTPUT
from labcore.loopnest.steps import steps
from labcore.mapping.grid import best_tile
from labcore.mapping.orders import traffic_by_order, turning
from labcore.plots.film import SMALL
from labcore.plots.mapping import EXAMPLE, KEPT, YEAR
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.units import divisors

# ---- steps


def words_of(nest):
    """Words by operand, added up over the steps."""
    walked = list(steps(nest))
    read = [sum(len(step.read[name]) for step in walked) for name in ("A", "B", OUTPUT)]
    return (*read, sum(len(step.written) for step in walked))


def as_words(one):
    return one.A_reads, one.B_reads, one.C_reads, one.C_writes


@st.composite
def small_nests(draw):
    """One memory over a product or a convolution, with any divisor tile and any order."""
    small = st.integers(1, 3)
    if draw(st.booleans()):
        problem = matmul_problem(*(draw(st.integers(1, 4)) for _ in range(3)))
    else:
        R, S = draw(small), draw(small)
        H, W = R + draw(st.integers(0, 2)), S + draw(st.integers(0, 2))
        problem = conv_problem(
            1, draw(small), H, W, draw(small), R, S, stride=draw(small), padding=draw(st.integers(0, 1))
        )
    tile = {dim: draw(st.sampled_from(divisors(size))) for dim, size in problem.sizes.items()}
    return Nest(problem, [Level(tile, "".join(draw(st.permutations(list(problem.sizes)))))])


@given(small_nests())
@settings(max_examples=80, deadline=None)
def test_steps_add_up_to_the_closed_counts(nest):
    assert words_of(nest) == as_words(traffic(nest)[0])


@given(small_nests())
@settings(max_examples=30, deadline=None)
def test_what_is_read_is_held_and_every_result_leaves(nest):
    walked = list(steps(nest))
    assert len(walked) == 1 + math.prod(loop.trips for loop in nest.loops(0))
    assert all(step.read[name] <= step.held[name] for step in walked for name in step.held)
    assert len(frozenset().union(*(step.written for step in walked))) == nest.problem.elements(OUTPUT)


def test_steps_are_those_of_one_memory():
    nest = Nest(matmul_problem(2, 2, 2), [Level({"M": 2, "K": 2, "N": 2}, "MNK")] * 2)
    with pytest.raises(ValueError, match=r"^steps are those of one memory, this nest has 2; give Nest one level$"):
        list(steps(nest))


# ---- orders


def test_a_loop_of_one_turn_changes_nothing_anywhere():
    """All 5040 orders would take long; one order of those that turn, with N and C put in every two places."""
    one = dict.fromkeys(EXAMPLE.sizes, 1)
    assert turning(EXAMPLE, one) == "KPQRS"
    want = traffic(Nest(EXAMPLE, [Level(one, "NCKPRSQ")]))
    for n, c in itertools.product(range(6), range(7)):
        order = "KPRSQ"[:n] + "N" + "KPRSQ"[n:]
        order = order[:c] + "C" + order[c:]
        assert traffic(Nest(EXAMPLE, [Level(one, order)])) == want


def test_the_orders_of_example_1_3_by_hand():
    """One word of each: an operand comes in once for each turn of its innermost loop that turns and all outside it.

    16 x 9 x 36 = 5184 MACs. A has P, Q, R, S: with K inside 5184 / 16 = 324; else 5184. B has K, R, S: with P, Q inside
    144, with one of them inside 144 * 6 = 864, else 5184. C has K, P, Q: with R and S inside 576 out, with one of
    them 576 * 3 = 1728, else 5184; read back are those out less 576.
    """
    found = {
        as_words(one): set(orders) for one, orders in traffic_by_order(EXAMPLE, dict.fromkeys(EXAMPLE.sizes, 1)).items()
    }
    assert set(found) == {
        (5184, 5184, 0, 576),
        (5184, 5184, 1728 - 576, 1728),
        (5184, 144, 5184 - 576, 5184),
        (324, 5184, 5184 - 576, 5184),
        (5184, 864, 5184 - 576, 5184),
    }
    assert sum(map(len, found.values())) == math.factorial(5)
    assert found[5184, 144, 4608, 5184] == {
        "".join(outer + inner) for outer in itertools.permutations("KRS") for inner in itertools.permutations("PQ")
    }
    for (A, B, back, out), orders in found.items():
        for order in orders:
            assert (order[-1] == "K") == (A < 5184)
            assert (order[-1] in "PQ") == (B < 5184)
            assert (order[-1] in "RS") == (out < 5184)
            assert out - back == 576


def test_the_least_words_come_first():
    found = traffic_by_order(matmul_problem(4, 4, 4), {"M": 2, "K": 1, "N": 2})
    words = [one.words for one in found]
    assert words == sorted(words)
    assert words[0] == 80  # (4 x 4) * 2 of A and of B, 16 of C: the block of sums stays
    assert {order[-1] for order in next(iter(found.values()))} == {"K"}


def test_a_tile_that_lacks_a_dimension_is_named():
    with pytest.raises(ValueError, match=r"^a tile of None does not divide K = 4; take 1 or 2 or 4$"):
        traffic_by_order(matmul_problem(4, 4, 4), {"M": 1, "N": 1})


# ---- figures


def test_the_explosion_is_the_formulas():
    at = {(r["series"], r["loops"]): r["choices"] for r in rows(find("mapping-explosion").table())}
    assert at["orders, 1 memory", 7] == 5040
    assert at["orders, 3 memories", 3] == 6**3
    assert at["placements, 3 memories", 5] == 4**15
    assert at["all, 3 memories", 4] == (4**4 * 24 * 24) ** 3
    assert at["all, 3 memories", 2] < 10**9 < at["all, 3 memories", 3]  # as the caption says
    assert at["placements, 3 memories", 4] < 10**9 < at["placements, 3 memories", 5]
    assert YEAR == 31_557_600 * 10**9


def test_order_traffic_holds_all_orders_and_says_what_the_caption_says():
    table = list(rows(find("order-traffic").table()))
    of = {kept: [r for r in table if r["kept"] == kept] for kept in KEPT}
    assert [sum(r["orders"] for r in of[kept]) for kept in KEPT] == [120, 6, 1, 2]
    assert [of[kept][0]["held"] for kept in KEPT] == [3, 9 + 9 + 1, 9 + 64 + 36, 9 + 144 + 16]
    total = {(r["kept"], r["order"]): sum(as_row(r)) for r in table}
    assert total["one word of each", "KRSPQ"] > total["one word of each", "PQKRS"]
    assert min(total, key=total.get) == ("one filter, all its sums", "K")
    assert total["one filter, all its sums", "K"] == 64 + 144 + 576
    assert min(of["one filter"], key=lambda r: sum(as_row(r)))["order"] == "KPQ"
    assert all(r["C_reads"] == 0 for kept in list(KEPT)[1:] for r in of[kept])


def as_row(r):
    return r["A_reads"], r["B_reads"], r["C_reads"], r["C_writes"]


def test_no_smaller_buffer_moves_each_word_once():
    orders = ["NC" + order for order in ("KPQRS", "PQKRS", "KRSPQ", "PQRSK", "PKQRS")]
    assert best_tile(EXAMPLE, 109, orders).traffic == 784
    assert best_tile(EXAMPLE, 108, orders).traffic > 784


def test_the_film_is_the_walk():
    """2 filters of 2 x 2 on 3 x 3: 32 steps in each strip, and each operand held once at each."""
    table = list(rows(find("loop-order-film").table()))
    assert len(table) == 3 * 3 * SMALL.macs == 3 * 3 * 32
    for order, want in {"KRSPQ": (32, 8, 24, 8), "PQKRS": (32, 32, 0, 8), "PQRSK": (16, 32, 24, 8)}.items():
        did = [(r["operand"], r["does"]) for r in table if r["order"] == order]
        asked = [("A", "fetched"), ("B", "fetched"), (OUTPUT, "read back"), (OUTPUT, "begins")]
        assert tuple(did.count(one) for one in asked) == want
        assert did.count((OUTPUT, "stays")) == (24 if order == "PQKRS" else 0)


# ---- explorers


def test_the_order_explorer_counts_as_the_nest_does():
    for order, tile in (("KMN", ("1", "1", "1")), ("NKM", ("2", "1", "4"))):
        sides = dict(zip("MKN", map(int, tile), strict=True))
        whole = traffic(Nest(matmul_problem(4, 4, 4), [Level(sides, order)]))[0]
        said = order_explorer(order=order, tm=tile[0], tk=tile[1], tn=tile[2], mac=64).sentence
        assert (
            f"A {whole.A_reads} in, B {whole.B_reads} in, C {whole.C_reads} back in" in said.split("The whole run")[1]
        )
        assert f"{whole.words} words" in said
        last = [int(n) for n in re.findall(r"So far A (\d+) in, B (\d+) in, C (\d+) back in", said)[0]]
        assert last == [whole.A_reads, whole.B_reads, whole.C_reads]  # only the last results have yet to leave


def test_answers_to_what_the_order_explorer_asks():
    """Tile 2 x 1 x 2 with K inside: 8 words held, 80 moved; from 24 words on one loop turns and no order matters."""
    moved = {}
    for tile in itertools.product((1, 2, 4), repeat=3):
        sides = dict(zip("MKN", tile, strict=True))
        nests = {o: Nest(loop_order.PROBLEM, [Level(sides, o)]) for o in ("MNK", "NMK", "MKN", "KMN", "KNM", "NKM")}
        moved[tile] = {o: traffic(nest)[0].words for o, nest in nests.items()}
        held = loop_order.held_words(nests["MNK"])
        assert (held >= 24) <= (len(set(moved[tile].values())) == 1)
        if min(moved[tile].values()) <= 80:
            assert held >= 8
    assert moved[2, 1, 2] == {"MNK": 80, "NMK": 80, "MKN": 160, "KMN": 160, "KNM": 160, "NKM": 160}
    assert {o for o, words in moved[1, 1, 1].items() if words == min(moved[1, 1, 1].values())} == {"MNK", "NMK"}


def test_every_control_of_the_order_explorer_moves_its_picture():
    explorer = order_explorer(order="KMN", mac=20)
    shown = explorer.artists
    assert shown.title.get_text() == "MAC 20 of 64, step 20 of 64, 3 words held"
    assert [text.get_text() for text in shown.moved] == ["5 in", "20 in", "4 back in, 19 out"]  # k = 1, m = 0, n = 3
    assert shown.loops.get_text().split("\n")[1].strip() == "for m = 0 of 0 to 3 by 1"
    assert sum(len(line.get_xdata()) for line in shown.counts) == 5 + 8 + 16
    explorer.set(tn="4")
    assert shown.title.get_text() == "MAC 20 of 64, step 5 of 16, 9 words held"


def test_the_space_explorer_says_formulas_and_counts():
    said = space_explorer(loops=6, memories=3, choices=4, spread=3, side="8", buffer=64).sentence
    assert "3.7e8 orders" in said  # 720^3
    assert "384 tiles and orders, 306 of them fit, 15 differ in words moved, from 256 to 1,536" in said
    assert mapping_space.by_formula(7, 3, 4, 3)[0] > 10**9 > mapping_space.by_formula(6, 3, 4, 3)[0]
    assert mapping_space.by_formula(5, 3, 4, 3)[2] > 10**9 > mapping_space.by_formula(4, 3, 4, 3)[2]
    full = mapping_space.counted("16", 3 * 256)
    assert (full.legal, full.least) == (full.choices, 3 * 256)
    assert mapping_space.counted("16", 3 * 256 - 1).legal < full.choices
    assert mapping_space.counted("48", 16).legal * 10 < mapping_space.counted("48", 16).choices
    assert mapping_space.counted("30", 64).choices == 8**3 * 6  # 2 x 3 x 5 has 8 divisors, 2^5 has 6
    assert mapping_space.counted("32", 64).choices == 6**3 * 6


def test_no_bar_of_the_space_explorer_leaves_its_axes():
    assert max(mapping_space.by_formula(7, 3, 6, 3)) < mapping_space.MOST
    assert max(mapping_space.counted(side, 4).choices for side in mapping_space.SIDES) < mapping_space.MOST_COUNTED
