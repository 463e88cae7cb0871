"""Lab 10's claims beside other ways to their numbers: machines that run, choices written out, words of the reasons."""

from itertools import permutations, product

import numpy as np
import pytest

from labcore.claims import computation_placement as placement
from labcore.claims import memory_allocation as allocation
from labcore.claims.ledger import claim
from labcore.im2col import conv2d
from labcore.loopnest import Level, Nest, conv_problem, execute, traffic
from labcore.mapping.space import search_space

EXAMPLE = conv_problem(N=1, C=1, H=8, W=8, K=16, R=3, S=3)
ONE_EACH = dict.fromkeys(EXAMPLE.sizes, 1)


def test_reasons_by_hand():
    assert "32 to 973 FLOP/B at batch 32 and 32 to 332 at batch 1" in claim("map-recap-resnet-50-200").reason
    assert "51.2 FLOP/B, the softmax 0.75" in claim("map-recap-gpt2-attention-2-5").reason  # 512 * 64 / (128 + 512)
    # Decoding: the softmax 3 FLOP for 4 B; a product 2 * 64 * 512 FLOP for 2 * (64 + 64 * 512 + 512) B.
    least, most = 3 / 4, 64 * 512 / (64 + 64 * 512 + 512)
    assert f"at {least:.2f} to {most:.2f}" in claim("map-recap-gpt2-attention-2-5").reason
    # One head, all three parts: two products and 3 FLOP for each score, over what each part reads and writes in FP16.
    flop = 2 * 2 * 512 * 512 * 64 + 3 * 512 * 512
    D_vol = 2 * (2 * (2 * 512 * 64 + 512 * 512) + 2 * 512 * 512)
    assert f"Taken together they have {flop / D_vol:.1f} and" in claim("map-recap-gpt2-attention-2-5").reason


def test_both_ends_of_definition_1_6():
    kept, lost = claim("def-1-6-min-roofline").computed[0]
    assert kept == 312
    assert lost == pytest.approx(2.04 * 2 / (2 * (2 + 1 / 1024)))  # a word of A and of B for each MAC, C once


@pytest.mark.parametrize(("order", "reads"), [("KRSPQ", 16 * 9), ("PQKRS", 36 * 16 * 9)])
def test_example_1_3_as_a_machine_runs_it(order, reads):
    rng = np.random.default_rng(0)
    x, w = rng.integers(-9, 9, (1, 1, 8, 8)), rng.integers(-9, 9, (16, 1, 3, 3))
    ran = execute(Nest(EXAMPLE, [Level(ONE_EACH, f"NC{order}")]), x, w)
    assert ran.traffic[0].B_reads == reads
    assert (conv2d(x, w) == ran.C).all()


@pytest.mark.parametrize(("order", "reads"), [("KPQRS", 16 * 9), ("PQKRS", 36 * 16 * 9)])
def test_example_1_3_with_a_whole_filter_in_registers(order, reads):
    """The page loads each 3 x 3 filter at once: the weight reads are the same as with one weight held."""
    filter_held = ONE_EACH | {"R": 3, "S": 3}
    assert traffic(Nest(EXAMPLE, [Level(filter_held, f"NC{order}")]))[0].B_reads == reads


@pytest.mark.parametrize("held", [1, 2, 4, 8, 16])
def test_only_registers_for_all_filters_spare_the_second_order(held):
    tile = ONE_EACH | {"R": 3, "S": 3, "K": held}
    reads = traffic(Nest(EXAMPLE, [Level(tile, "NCPQKRS")]))[0].B_reads
    assert reads == (144 if held == 16 else 5184)


def test_six_loops_in_any_order_give_one_result_and_many_traffics():
    """What Self-Check 5, question 3 says of a convolution of one image; 24 of the 720 orders are run."""
    problem = conv_problem(N=1, C=2, H=3, W=3, K=2, R=2, S=2)
    rng = np.random.default_rng(1)
    x, w = rng.integers(-9, 9, (1, 2, 3, 3)), rng.integers(-9, 9, (2, 2, 2, 2))
    orders = ["N" + "".join(order) for order in permutations("KCPQRS")][::30]
    runs = [execute(Nest(problem, [Level(dict.fromkeys(problem.sizes, 1), order)]), x, w) for order in orders]
    assert all(np.array_equal(run.C, conv2d(x, w)) for run in runs)
    assert len({run.traffic[0] for run in runs}) > 5


@pytest.mark.parametrize(("n", "dims", "loops", "k", "memories"), [(2, 2, 3, 2, 1), (2, 1, 3, 1, 2), (3, 1, 2, 2, 2)])
def test_the_whole_space_is_what_can_be_written_out(n, dims, loops, k, memories):
    places, orders = list(product(range(n), repeat=dims)), list(permutations(range(loops)))
    one_memory = list(product(places, orders, permutations(range(loops), k)))
    assert search_space(n, dims, loops, k, memories) == sum(1 for _ in product(one_memory, repeat=memories))


def test_idle_lanes_of_one_block_too_many():
    """133 blocks on 132 multiprocessors take two turns; in the second 131 of them idle, half as many on average."""
    assert claim("placement-thousands-of-pes", blocks=133).computed is True
    assert (1 - placement.coverage(133, 132)) * 132 * 128 == pytest.approx(131 / 2 * 128)


def test_a_causal_mask_leaves_half_of_the_lanes_idle():
    mask = np.tri(128)
    assert placement.walk(mask, 128, 128).utilization == pytest.approx((128 * 129 / 2) / 128**2)


def test_grains_by_hand():
    """4 MB at 25 GB/s are 160 us each way, 200 us of computing; parts of 1/8 pay 1 us and gain the overlap."""
    one, eight = 161 + 200 + 161, 21 + 25 + 21 + 7 * 25  # us
    link = allocation.Link("", 25e9, 1e-6)
    for parts, T in ((1, one), (8, eight)):
        exchanged = allocation.exchange(4e6, 4e6, 200e-6, link, chunks=parts)
        assert allocation.pipelined_time(exchanged, parts) == pytest.approx(T * 1e-6)


def test_statements_that_name_a_share_hold():
    """A warp down a column of 64 uses 4 of each 32 B; a convolution of ResNet-50 is fastest with weights in place."""
    assert allocation.warp_access(64).efficiency == 4 / 32
    assert placement.fastest_dataflow("resnet50", "layer1.0.conv2") == "ws"
    assert placement.fastest_dataflow("gpt2", "attn.qkv", "decode") == "is"
    assert allocation.of_model("resnet50", batch=32).largest == "activations"
    assert allocation.of_model("gpt2").largest == "weights"
