"""What lab 17 rests on besides its claims: replicas, nodes, cut meshes, figures, explorers, threads."""

import re
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import H100
from labcore.claims.ledger import claim
from labcore.explore import checkpoints, replica_step, split_bars
from labcore.explore.multichip import checkpoint_explorer, split_explorer, step_explorer
from labcore.interconnect import allreduce
from labcore.interconnect.buckets import exposed
from labcore.interconnect.collectives import ALL_REDUCE, all_reduce_time, chip_link, cluster_time, two_level
from labcore.interconnect.failures import efficiency
from labcore.interconnect.link import Link
from labcore.interconnect.messages import simulate
from labcore.interconnect.network import Network
from labcore.interconnect.packaging import cut_links
from labcore.interconnect.parallelism import strong_speedup
from labcore.interconnect.replicas import Replica, replica
from labcore.interconnect.schedule import makespan
from labcore.kernels.race import Race
from labcore.kernels.replicas import Replicas, replica_race, train_step
from labcore.plots import multichip_felt
from labcore.plots.multichip import crossover, film
from labcore.plots.multichip_package import chiplet_costs
from labcore.plots.multichip_scaling import FORMULA, LAPPED, STRONG, TRIALS, TWO, scaling
from labcore.plots.multichip_scaling import checkpoints as useful
from labcore.plots.words import rows

NVLINK, INFINIBAND = chip_link("NVLink 4"), chip_link("InfiniBand NDR")
EXCHANGE = {chips: partial(cluster_time, chips=chips, inside=NVLINK, across=INFINIBAND) for chips in (8, 64, 1024)}

# ---- a cluster's all-reduce, a mesh that is cut


def test_inside_a_node_two_levels_are_a_ring():
    assert cluster_time(10**6, 8, NVLINK, INFINIBAND) == all_reduce_time(10**6, 8, NVLINK)
    assert cluster_time(10**6, 2, NVLINK, INFINIBAND, way="tree") == all_reduce_time(10**6, 2, NVLINK, "tree")


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(2, 4), st.integers(1, 30))
def test_the_time_of_a_cluster_is_that_of_its_messages(nodes, node, parts):
    inside, across = Link("inside", 7.0, 0.5), Link("across", 2.0, 0.25)
    n = nodes * node * parts
    run = simulate(allreduce.two_level(nodes, node, n), np.ones((nodes * node, n), int),
                   Network(nodes * node, inside, node, across))  # fmt: skip
    assert cluster_time(n, nodes * node, inside, across, node) == run.T
    flat = simulate(allreduce.ring(nodes * node, n), run.data, Network(nodes * node, inside, node, across)).T
    assert flat <= cluster_time(n, nodes * node, inside, across, node, "ring")


def test_a_flat_way_pays_the_slower_of_both_links_in_every_step():
    """Doubling over 16: 4 messages of 8 B, each 3 s and 8 / 2 s, whichever of the links has which."""
    for inside, across in ((Link("a", 7.0, 3.0), Link("b", 2.0, 1.0)), (Link("b", 2.0, 1.0), Link("a", 7.0, 3.0))):
        assert cluster_time(8, 16, inside, across, way="doubling") == 4 * (3 + 8 / 2)
    more = [cluster_time(1000, chips, NVLINK, INFINIBAND, way="doubling") for chips in (8, 16, 64, 1024)]
    assert more == sorted(more)


def test_a_mesh_cut_by_counting_its_links():
    """6 x 6 cores in 3 x 2 dies of 2 x 3: a link is cut where its two ends lie in different dies."""
    cores = [(x, y) for x in range(6) for y in range(6)]
    links = [((x, y), (x + dx, y + dy)) for x, y in cores for dx, dy in ((1, 0), (0, 1)) if max(x + dx, y + dy) < 6]
    cut = sum((a[0] // 2, a[1] // 3) != (b[0] // 2, b[1] // 3) for a, b in links)
    assert cut_links(6, across=3, down=2) == cut == 18


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: cluster_time(1, 12, NVLINK, INFINIBAND), "12 chips do not fill nodes of 8; take 8"),
        (lambda: cluster_time(1, 16, NVLINK, INFINIBAND, way="star"), "halving, tree; got 'star'"),
        (lambda: cut_links(4, 5, 1), "4 cores in a row do not make 5 dies; cut into 4 at most"),
        (lambda: cut_links(0, 1, 1), "side must be a whole number of at least 1, got 0"),
        (lambda: two_level(2, 4, 80, nics=0), "nics must be a whole number of at least 1, got 0"),
        (lambda: Replica(1.0, 2.0, 8).step(float, 0), "count must be a whole number of at least 1, got 0"),
        (lambda: Replica(1.0, 2.0, 8).schedule(float, 0), "count must be a whole number of at least 1, got 0"),
        (lambda: replica_race((2,), 1, 4), "counts hold 1, for the others to be held against, and divide 4 passes"),
        (lambda: replica_race((1, 3), 1, 4), "divide 4 passes; got (1, 3)"),
        (lambda: replica("gpt2", 1, 128, H100, eta=0.0), "eta must be a finite number above 0, got 0.0"),
    ],
)  # fmt: skip
def test_errors_say_the_way_out(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()


# ---- replicas


def test_the_question_s_7_2_by_hand():
    """6 x 1.56e9 parameters x 4096 tokens at 396 TFLOP/s, less the lookup, more the scores: near 100 ms; ring 12 ms."""
    one = replica("gpt2-xl", 4, 1024, H100, 0.4)
    assert one.T_compute == pytest.approx(6 * 1.5576e9 * 4096 / (0.4 * 989e12), rel=0.12)
    assert EXCHANGE[8](one.D_vol) == pytest.approx(2 * 7 / 8 * 2 * 1.5576e9 / 450e9 + 14 * NVLINK.L_lat, rel=1e-4)
    assert 8 * one.efficiency(EXCHANGE[8]) == pytest.approx(7.2, abs=0.05)
    assert 1024 * one.efficiency(EXCHANGE[1024]) == pytest.approx(810, abs=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0, 1))
def test_a_step_in_closed_form_is_the_scheduled_one(count, T, rate, L_lat):
    one = Replica(1.0, T, 12 * 35)  # 420 divides by every count up to 7, not by all
    step = one.step(lambda D_vol: L_lat + D_vol / (100 * rate), count)
    plan = one.schedule(lambda D_vol: L_lat + D_vol / (100 * rate), count)
    assert step == pytest.approx(1.0 + makespan(plan))
    assert one.T_compute < step
    assert step - one.T_compute == pytest.approx(exposed(plan), abs=1e-9)


def test_answers_to_what_the_step_explorer_asks():
    def share(buckets, chips="64", way="two levels", sequences=4):
        one, exchange = replica_step.setting("GPT-2 XL", chips, "InfiniBand NDR", way, sequences)
        return one.efficiency(exchange, buckets)

    powers = [2**k for k in range(7)]
    assert next(n for n in powers if share(n) >= 0.99) == 32
    assert max(share(n, way="ring") for n in range(1, 65)) == pytest.approx(0.64, abs=0.005)
    one, exchange = replica_step.setting("GPT-2 XL", "64", "InfiniBand NDR", "ring", 4)
    assert exchange(one.D_vol) > one.T_backward
    assert max(powers, key=lambda n: share(n, way="ring")) == 16
    reach = [share(16, way="ring", sequences=s) for s in (6, 7)]
    assert reach[0] < 0.9 < reach[1]
    assert [chips for chips in replica_step.CHIPS if share(32, chips) < share(16, chips)] == ["4096", "16384"]


def test_the_step_explorer_draws_what_it_says():
    explorer = step_explorer(chips="64", buckets=4)
    assert [len(bars.get_paths()) for bars in explorer.artists.bars] == [1, 4, 4]
    last = explorer.artists.bars[2].get_paths()[-1].vertices[:, 0].max()
    assert explorer.artists.ends.get_xdata()[0] == pytest.approx(last)
    assert "4 buckets leave 6.49 ms exposed" in explorer.sentence  # a quarter of the bytes, 28 latencies


# ---- splits


def test_where_no_split_fits_the_sentence_names_the_leanest():
    """Training state of 16 B a parameter, 70.6e9 of them on 8 chips, is 141 GB a chip; activations come on top."""
    said = split_bars.describe(model="Llama 3 70B", chips="8", microbatch="1", zero="0", node="8")
    (need,) = re.findall(r"0 of 10 splits fit; the leanest, 1 x 8 x 1, needs ([\d.]+) GB a chip of 80$", said)
    assert 16 * 70.6 / 8 < float(need) < 1.2 * 16 * 70.6 / 8


def test_answers_to_what_the_split_explorer_asks():
    named = split_bars.named
    table = split_bars.table("Llama 3 70B", "64", "1", "1", "8")
    assert named(table[0][0]) == "2 x 2 x 16"
    assert table[0][2].binds == "bubble"
    slow = split_bars.table("Llama 3 70B", "64", "1", "1", "4")
    slowest = [[row for row in one if split_bars.fits(row)][-1] for one in (table, slow)]
    assert [named(row[0]) for row in slowest] == ["1 x 8 x 8"] * 2
    assert [row[2].total for row in slowest] == pytest.approx([87.2, 173.3], abs=0.05)
    fit = {
        chips: any(map(split_bars.fits, split_bars.table("Llama 3 70B", chips, "1", "1", "8")))
        for chips in ("16", "32")
    }
    assert fit == {"16": False, "32": True}
    small = [split_bars.table("Llama 3 8B", "16", "1", "1", node) for node in ("8", "4")]
    assert [named(one[0][0]) for one in small] == ["8 x 1 x 2", "16 x 1 x 1"]
    assert all(map(split_bars.fits, small[0]))
    assert "84.0 GB" in split_explorer(chips="16").sentence


def test_bars_of_a_split_add_up_to_what_is_not_computing():
    step = split_bars.table("Llama 3 70B", "64", "1", "1", "8")[0][2]
    ends = [split_bars.bar(0, step, part) for part in split_bars.PARTS]
    assert ends[0][0][0] == 0
    assert all(a[1][0] == pytest.approx(b[0][0]) for a, b in pairwise(ends))
    assert (
        ends[-1][1][0]
        == pytest.approx(split_bars.bar(0, step, "")[1][0])
        == pytest.approx(step.total / step.compute - 1)
    )


# ---- failures


def test_answers_to_what_the_checkpoint_explorer_asks():
    best = {}
    for key, changes in {"now": {}, "quick": {"dump": 0.1}, "both": {"dump": 0.1, "restart": 0}, "soon": {"restart": 0},
                         "64K": {"chips": 65536}, "128K": {"chips": 131072},
                         "million": {"chips": 1048576, "years": 50.0}}.items():  # fmt: skip
        said = checkpoint_explorer(**changes).sentence
        best[key] = float(re.search(r"gives ([\d.]+)%$", said)[1])
    assert [best[key] for key in ("now", "quick", "soon", "both")] == pytest.approx([85.3, 91.7, 90.0, 96.8], abs=0.06)
    assert best["128K"] < 50 < best["64K"]
    assert best["million"] < 90


def test_the_best_marker_stands_on_the_curve():
    explorer = checkpoint_explorer(chips=4096)
    known = checkpoints.times(4096, 5.78, 1.0, 10)
    (x,), (y,) = explorer.artists.best.get_data()
    assert y == pytest.approx(efficiency(60 * x, **known))
    assert y >= max(explorer.artists.curve.get_ydata()) - 1e-9


# ---- figures


def test_the_film_ends_with_the_sum_everywhere_and_sends_a_part_a_step():
    table = list(rows(film()))
    assert {r["value"] for r in table if r["step"] == 6} == {1111}
    assert [sum(r["arrived"] == "yes" for r in table if r["step"] == k) for k in range(7)] == [0] + 6 * [4]
    digits = [sum(str(r["value"]).count("1") for r in table if r["step"] == k) for k in range(7)]
    assert digits == [16, 20, 28, 40, 52, 60, 64]  # each chip gains 1, 2, 3, and then the 3, 2, 1 it lacked


def test_ways_cross_where_bytes_outweigh_steps():
    by = {(r["way"], r["size"]): r["time"] for r in rows(crossover())}
    sizes = sorted({size for _, size in by})
    assert min(("two levels", "ring", "tree", "doubling"), key=lambda w: by[w, sizes[0]]) == "doubling"
    assert min(("two levels", "ring", "tree", "doubling", "halving"), key=lambda w: by[w, 562_341]) == "halving"
    assert min(("two levels", "ring", "tree", "doubling"), key=lambda w: by[w, sizes[-1]]) == "two levels"
    assert by["ring", sizes[0]] == max(by[w, sizes[0]] for w in ("two levels", "ring", "tree", "doubling"))
    assert by["two levels", 10**9] == pytest.approx(two_level(8, 8, 10**9).time(NVLINK, INFINIBAND))
    assert set(ALL_REDUCE) >= {"ring", "tree", "doubling"}


def test_overlap_never_loses_and_a_fixed_batch_falls():
    table = list(rows(scaling()))
    by = {(r["series"], r["chips"]): r["efficiency"] for r in table}
    assert all(by[LAPPED, p] >= by[TWO, p] for p in (1, 8, 1024, 16384))
    assert by[STRONG, 1024] < 0.65 < by[LAPPED, 1024]


def test_simulated_intervals_hold_the_formula():
    """Ten intervals of 95 %: fewer than eight that hold it come by once in some hundred draws."""
    table = list(rows(useful()))
    curve = [(r["tau"], r["useful"]) for r in table if r["series"] == FORMULA]
    held = 0
    for r in (r for r in table if r["series"] == TRIALS):
        held += r["low"] <= np.interp(r["tau"], *zip(*curve, strict=True)) <= r["high"]
    assert held >= 8


def test_small_circuits_are_cheapest_on_one_die_and_large_ones_on_four():
    by = {(r["dies"], round(r["logic"] * 1e6)): r["cost"] for r in rows(chiplet_costs())}
    assert by[1, 100] < by[2, 100]
    assert by[4, 800] < by[2, 800] < by[1, 800]
    assert max(area for dies, area in by if dies == 1) == 850  # the scanner's field has 858 mm^2


# ---- claims, threads


def test_the_ring_of_the_footnote_by_hand():
    """Four chips with 4 r + k in part k: 0 + 4 + 8 + 12 + 4 k."""
    left, right = claim("fn42-allreduce").computed
    assert left == right == [24, 28, 32, 36] * 4


def test_threads_sum_their_gradients():
    from concurrent.futures import ThreadPoolExecutor

    gradients = np.arange(6, dtype=np.float32).reshape(3, 2)
    samples = [np.full(4, 0.5, np.float32) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        train_step(pool, samples, gradients, passes=3)
    assert gradients[0].tolist() == [0 + 2 + 4, 1 + 3 + 5]
    assert all(sample == pytest.approx(np.tanh(0.5)) for sample in samples)


def test_a_prediction_of_threads_by_hand():
    raced = Replicas(Race({"1": (8.0, 8.0), "2": (5.0, 5.0), "4": (4.0, 4.0)}), T_one=8.0, T_sum=1.0, cores=2)
    assert [raced.predicted(p) for p in (1, 2, 4)] == pytest.approx([1, 8 / 5, 8 / 7])
    assert raced.predicted(2) == strong_speedup(8.0, 2, 1.0)
    assert [raced.measured(p) for p in raced.counts] == [1, 1.6, 2]
    uneven = Replicas(Race({"1": (8.0, 4.0, 6.0), "2": (4.0, 4.0, 3.0)}), T_one=6.0, T_sum=1.0, cores=2)
    two = list(rows(multichip_felt.felt_data(uneven)))[1]  # gains of the rounds: 2, 1, 2
    assert (two["low"], two["measured"], two["high"]) == (1.5, 2, 2)
    assert multichip_felt.felt(raced).sentence == (
        "2 threads: predicted 1.60x, measured 1.60x; 4 threads: predicted 1.14x, measured 2.00x."
    )
