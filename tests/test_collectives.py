"""All-reduce: every message against the closed form, exactly; sums, bytes, ports, bounds, two levels, errors."""

import math
import re
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.interconnect import allreduce, collectives
from labcore.interconnect.allreduce import parts
from labcore.interconnect.collectives import ALL_REDUCE, Cost, all_reduce_time, bus_bandwidth, fastest, least_bytes
from labcore.interconnect.link import Link, link
from labcore.interconnect.messages import simulate
from labcore.interconnect.network import Message, Network, message_time

FAST = link("NVLink 4")
SLOW = link("InfiniBand NDR")
RANKS = (1, 2, 3, 4, 5, 7, 8, 9, 16)
ELEMENTS = (1, 6, 37, 64)
FLAT = [
    (way, p, n) for way, p, n in product(ALL_REDUCE, RANKS, ELEMENTS) if way != "halving" or math.log2(p).is_integer()
]
TWO = Network(2, FAST)
B = 4


def vectors(p, n, seed=0):
    return np.random.default_rng(seed).integers(-1000, 1000, (p, n))


def ran(way, p, n, joined=FAST):
    data = vectors(p, n)
    return data, simulate(getattr(allreduce, way)(p, n), data, Network(p, joined), B)


def ran_two_level(nodes, node, n, nics=None):
    data = vectors(nodes * node, n)
    network = Network(nodes * node, FAST, node, SLOW, nics)
    return data, simulate(allreduce.two_level(nodes, node, n), data, network, B)


# ---- simulated against closed form


def test_there_are_more_than_fifty_cases():
    assert len(FLAT) > 50
    assert {way for way, _, _ in FLAT} == set(ALL_REDUCE)


@pytest.mark.parametrize(("way", "p", "n"), FLAT)
def test_the_closed_form_is_the_time_of_the_messages(way, p, n):
    """Equal as exact fractions rounded once, so equal as floats."""
    data, run = ran(way, p, n)
    assert ALL_REDUCE[way](p, n, B).time(FAST) == run.T
    assert (run.data == data.sum(axis=0)).all()


@pytest.mark.parametrize(("nodes", "node", "n"), list(product((1, 2, 3, 4), (1, 2, 3, 8), (1, 10, 48))))
def test_two_levels_cost_what_their_messages_take(nodes, node, n):
    data, run = ran_two_level(nodes, node, n)
    assert collectives.two_level(nodes, node, n, B).time(FAST, SLOW) == run.T
    assert (run.data == data.sum(axis=0)).all()


@pytest.mark.parametrize("nics", [1, 2, 3, 4])
def test_ranks_wait_for_each_other_at_a_shared_network_card(nics):
    _, run = ran_two_level(3, 4, 3 * 4 * 5, nics)
    assert collectives.two_level(3, 4, 60, B, nics).time(FAST, SLOW) == run.T
    alone = ran_two_level(3, 4, 60)[1].T
    assert alone < run.T if nics < 4 else alone == run.T


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 30), st.sampled_from(sorted(ALL_REDUCE)), st.integers(1, 7), st.integers(0, 5))
def test_any_all_reduce_on_any_link(p, n, way, BW, L_lat):
    if way == "halving":
        p = 1 << p.bit_length() - 1
    joined = Link("x", float(BW), float(L_lat))
    data, run = ran(way, p, n, joined)
    assert ALL_REDUCE[way](p, n, B).time(joined) == run.T
    assert (run.data == data.sum(axis=0)).all()


def test_one_ring_by_hand():
    """4 ranks, 100 B: 6 steps of 25 B, each 1 s + 25 / 5 s."""
    assert simulate(allreduce.ring(4, 100), vectors(4, 100), Network(4, Link("x", 5.0, 1.0))).T == 6 * (1 + 25 / 5)


def test_time_is_exact_and_rounded_once():
    """0.1 + 0.2 is not 0.3 in floats; three messages of 0.1 s are 3 x Fraction(0.1), rounded once."""
    chain = [Message(k, 0, 1, 0, 0, adds=True) for k in range(3)]
    tenth = Link("x", 1.0, 0.1)
    assert float(3 * Fraction(0.1)) == simulate(chain, np.zeros((2, 1)), Network(2, tenth)).T
    assert message_time(tenth, 3, 0) == 3 * Fraction(0.1)


# ---- bytes


@pytest.mark.parametrize(("p", "n"), [(p, p * k) for p in RANKS for k in (1, 5)])
def test_every_rank_of_a_ring_sends_the_least_there_is(p, n):
    """2 (p - 1) / p of its data, where it divides."""
    _, run = ran("ring", p, n)
    assert set(run.sent) == set(run.received) == {2 * (p - 1) * n * B // p}
    assert run.sent[0] == least_bytes(n * B, p)


@pytest.mark.parametrize(("way", "p", "n"), FLAT)
def test_bytes_are_conserved_and_never_below_the_bound(way, p, n):
    """All ranks together move at least 2 (p - 1) n; ring, halving and tree exactly that, doubling more."""
    _, run = ran(way, p, n)
    bound = 2 * (p - 1) * n * B
    assert sum(run.sent) == sum(run.received)
    assert sum(run.sent) == bound if way != "doubling" else sum(run.sent) >= bound
    assert max(run.sent, default=0) >= bound / p


def test_the_root_of_a_tree_is_the_busiest():
    """Rank 0 sends 4 messages of all in a tree of 16, where a ring's rank sends 2 x 15/16 of it."""
    _, tree = ran("tree", 16, 64)
    assert tree.sent[0] == max(tree.sent) == 4 * 64 * B
    assert max(ran("ring", 16, 64)[1].sent) == 30 / 16 * 64 * B


def test_two_levels_carry_a_share_of_the_data_across():
    """Across nodes a rank sends 2 (nodes - 1) / nodes of its 1/8; a flat ring sends 2 (p - 1) / p over the border."""
    _, run = ran_two_level(4, 8, 320)
    across = [e.message for e in run.events if e.message.src // 8 != e.message.dst // 8]
    by_rank = {r: sum(m.stop - m.start for m in across if m.src == r) for r in range(32)}
    assert set(by_rank.values()) == {2 * 3 * 320 // 8 // 4}


# ---- the machine


def overlaps(spans):
    return [(a, b) for a, b in pairwise(sorted(spans)) if a[1] > b[0]]


@pytest.mark.parametrize("run", [ran("doubling", 9, 10)[1], ran("ring", 5, 7)[1], ran("tree", 9, 3)[1]])
def test_a_port_carries_one_message_at_a_time(run):
    for end, rank in product(("src", "dst"), range(9)):
        assert not overlaps([(e.start, e.end) for e in run.events if getattr(e.message, end) == rank])


def test_a_network_card_carries_one_message_at_a_time():
    _, run = ran_two_level(2, 4, 40, nics=1)
    for node in range(2):
        out = [(e.start, e.end) for e in run.events if e.message.src // 4 == node != e.message.dst // 4]
        assert len(out) == 2 * 4
        assert not overlaps(out)


def test_no_rank_is_ahead_of_its_own_steps():
    _, run = ran("ring", 6, 50)
    for rank in range(6):
        mine = [e for e in run.events if rank in (e.message.src, e.message.dst)]
        for a, b in product(mine, mine):
            if a.message.step < b.message.step:
                assert a.end <= b.start


def test_what_is_sent_is_what_was_held_when_the_step_began():
    """Two ranks on one card exchange one after the other; the second still sends its own, not the sum."""
    network = Network(4, FAST, node=2, across=SLOW, nics=1)
    swap = [Message(0, a, b, 0, 1, True) for a, b in ((0, 2), (3, 1), (1, 3), (2, 0))]
    run = simulate(swap, np.array([[1], [10], [100], [1000]]), network)
    assert run.data.ravel().tolist() == [101, 1010, 101, 1010]
    assert 2 * float(message_time(SLOW, 1, 1)) == run.T


def test_a_lost_message_is_seen():
    """The check of the sum can fail: each message of each schedule matters."""
    data = vectors(4, 8)
    for way in ALL_REDUCE:
        messages = getattr(allreduce, way)(4, 8)
        for lost in range(len(messages)):
            run = simulate(messages[:lost] + messages[lost + 1 :], data, Network(4, FAST))
            assert not (run.data == data.sum(axis=0)).all(), (way, lost)


def test_the_data_given_are_not_changed():
    data = vectors(3, 5)
    before = data.copy()
    simulate(allreduce.ring(3, 5), data, Network(3, FAST))
    assert (data == before).all()


# ---- facts of the field


def test_latency_binds_small_messages_and_bandwidth_large_ones():
    """8 B on 64 ranks: 6 latencies of doubling against 126 of the ring. 8 GB: 2 x 63/64 of it against 12 times."""
    assert fastest(8, 64, FAST)[0] == "doubling"
    assert fastest(8 * 10**9, 64, FAST)[0] in ("halving", "ring")
    assert fastest(8 * 10**9, 63, FAST)[0] == "ring"
    small = all_reduce_time(8, 64, FAST) / all_reduce_time(8, 64, FAST, "doubling")
    assert small == pytest.approx(126 / 6, rel=1e-3)
    assert all_reduce_time(8 * 10**9, 64, FAST, "tree") / all_reduce_time(8 * 10**9, 64, FAST) > 5.9


@pytest.mark.parametrize("p", [2, 4, 8, 64])
def test_halving_is_never_slower_than_the_ring(p):
    for n in (1, 1000, 10**9):
        assert all_reduce_time(n, p, FAST, "halving") <= all_reduce_time(n, p, FAST)


@pytest.mark.parametrize("p", [2, 3, 8, 100])
def test_the_bus_bandwidth_of_a_ring_is_that_of_its_links(p):
    """As NCCL's tests define it, so that it does not depend on p; without latency and with parts that divide."""
    D_vol = 2100 * p
    assert bus_bandwidth(D_vol, p, all_reduce_time(D_vol, p, Link("x", 7e9))) == pytest.approx(7e9, rel=1e-12)


def test_two_levels_beat_a_flat_ring_over_slow_links():
    """64 MB on 4 nodes of 8: a flat ring passes every part over a border 6 or more times."""
    n = 32 * 1000
    flat = simulate(allreduce.ring(32, n), np.zeros((32, n), np.int8), Network(32, FAST, 8, SLOW), 500).T
    two = collectives.two_level(4, 8, n, 500).time(FAST, SLOW)
    assert flat <= float(message_time(SLOW, 62, 62 * 500 * 1000))
    assert flat > 3 * two


def test_the_chapter_s_eight_gpus_pay_for_a_ring_and_not_for_one_transfer():
    """1 GB at 300 GB/s is 3.33 ms; summing it over 8 is 2 x 7/8 of that, 5.83 ms."""
    one_way = Link("NVLink 3", 300e9)
    assert pytest.approx(3.33e-3, abs=0.005e-3) == 10**9 / 300e9
    assert all_reduce_time(10**9, 8, one_way) == pytest.approx(1.75 * 10**9 / 300e9)


# ---- errors


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: collectives.ring(0, 1), "p must be a whole number of at least 1, got 0"),
        (lambda: allreduce.tree(2, 0), "elements must be a whole number of at least 1, got 0"),
        (lambda: collectives.halving(6, 1), "power of two of ranks, got 6; take 4, 8 or the ring"),
        (lambda: all_reduce_time(1, 2, FAST, "star"), "one of ring, doubling, halving, tree; got 'star'"),
        (lambda: Cost(1, 1, 1, 1).time(FAST), "1 messages cross nodes; give the link `across`"),
        (lambda: Network(9, FAST, node=4, across=SLOW), "9 ranks do not fill nodes of 4; take 8 ranks"),
        (lambda: Network(8, FAST, node=4), "2 nodes need a link across them; give `across`"),
        (lambda: Network(2, Link("bus", 1.0, duplex=False)), "ranks send while they receive; 'bus' is no duplex link"),
        (lambda: Network(0, FAST), "ranks must be a whole number of at least 1, got 0"),
        (lambda: simulate([], np.zeros((3, 1)), TWO), "a row for each rank; got (3, 1)"),
        (lambda: simulate([Message(0, 0, 2, 0, 1, True)], np.zeros((2, 1)), TWO), "ranks 0 to 1, got 0 to 2"),
        (lambda: simulate([Message(0, 1, 1, 0, 1, True)], np.zeros((2, 1)), TWO), "got 1 to 1"),
        (lambda: simulate([Message(0, 0, 1, 0, 2, True)], np.zeros((2, 1)), TWO), "0 to 1, got 0 to 2"),
        (lambda: bus_bandwidth(1, 2, 0.0), "T must be a finite number above 0, got 0.0"),
    ],
)  # fmt: skip
def test_errors_say_the_way_out(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()


def test_parts_are_whole_and_as_even_as_can_be():
    for n, count in product(range(20), range(1, 9)):
        sizes = [b - a for a, b in pairwise(parts(0, n, count))]
        assert sum(sizes) == n
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] - sizes[-1] <= 1
