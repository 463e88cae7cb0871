"""Pools of memory, kernels by shape, and a chip that gets hot: conservation, closed forms, and the texts of errors."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100
from labcore.catalogue.runtimes import A100_PCIE_POWER, TILES
from labcore.models.training import training_flop
from labcore.ops import matmul
from labcore.roofline import least_time
from labcore.runtime.caching import Caching, segment_size
from labcore.runtime.churn import churn, replay
from labcore.runtime.memory import Buddy, Pool
from labcore.runtime.thermal import Heated, Package, benchmark_error, clock_under, heat, mean_clock
from labcore.runtime.tiles import SILICON, choose, kernel, regret

MIB = 2**20
MAKERS = {
    "first": lambda: Pool(1 << 12, "first"),
    "best": lambda: Pool(1 << 12, "best"),
    "rounded": lambda: Pool(1 << 12, "best", grain=64),
    "buddy": lambda: Buddy(1 << 12, grain=16),
}

# Memory


def places(pool):
    """Everything in a pool as intervals: blocks and holes."""
    return sorted([(b.offset, b.held) for b in pool.blocks.values()] + pool.holes)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@given(wishes=st.lists(st.integers(-8, 1500), max_size=60))
@settings(max_examples=60)
def test_blocks_and_holes_tile_the_pool(maker, wishes):
    """Nothing overlaps, nothing is lost, and a pool that is given everything back is one hole again."""
    pool, out = maker(), []
    for wish in wishes:
        if wish > 0:
            block = pool.take(wish)
            assert (block is None) == (pool.largest_free < wish) or block is None or block.asked == wish
            out += [block] if block else []
        elif out:
            pool.give_back(out.pop(wish % len(out)))
        ends = [offset + length for offset, length in places(pool)]
        assert [offset for offset, _ in places(pool)] == [0, *ends[:-1]]
        assert ends[-1] == pool.capacity == pool.held + pool.free
        assert pool.asked == sum(block.asked for block in out) <= pool.held
        assert 0 <= pool.fragmentation < 1
        assert 0 <= pool.rounding < 1
    for block in out:
        pool.give_back(block)
    assert pool.holes == [(0, pool.capacity)]


@pytest.mark.parametrize("maker", [MAKERS["first"], MAKERS["best"]], ids=["first", "best"])
@given(wishes=st.lists(st.integers(-8, 900), max_size=50))
@settings(max_examples=40)
def test_a_request_fails_only_where_no_hole_fits(maker, wishes):
    pool, out = maker(), []
    for wish in wishes:
        if wish > 0:
            room = pool.largest_free
            block = pool.take(wish)
            assert (block is None) == (room < wish)
            out += [block] if block else []
        elif out:
            pool.give_back(out.pop(0))
        touching = itertools.pairwise(pool.holes)
        assert all(a[0] + a[1] < b[0] for a, b in touching)  # neighbours are joined


def test_first_fit_and_best_fit_differ():
    """Holes of 50 and 20: first fit breaks the large one for 20 bytes, best fit keeps it for the 50 that come next."""
    for fit, offset, next_one in (("first", 0, None), ("best", 60, 0)):
        pool = Pool(100, fit)
        a, _, c, _ = (pool.take(n) for n in (50, 10, 20, 20))
        pool.give_back(a)
        pool.give_back(c)
        assert pool.take(20).offset == offset
        last = pool.take(50)
        assert (last and last.offset) == next_one


def test_knuths_fifty_percent_rule():
    """In a steady state about half as many holes as blocks: each block has a hole above it with probability 1/2."""
    pool = Pool(10**7, "first")
    replay(pool, churn(8000, live=300, sizes=range(1, 2000), seed=3))
    assert len(pool.holes) / len(pool.blocks) == pytest.approx(0.5, abs=0.1)


def test_buddies_round_up_by_what_log_uniform_sizes_predict():
    """Sizes even in their logarithm use (1 / ln 2) / 2 of a power of two: 27.9 % is nobody's."""
    sizes = np.exp(np.random.default_rng(0).uniform(np.log(2**8), np.log(2**14), 3000)).astype(int) + 1
    pool = Buddy(2**28)
    for size in sizes:
        pool.take(int(size))
    assert pool.rounding == pytest.approx(1 - 1 / (2 * math.log(2)), abs=0.01)
    assert all(b.offset % b.held == 0 and b.held & (b.held - 1) == 0 for b in pool.blocks.values())


def test_a_long_running_server_fragments():
    """Half of the memory is asked for; after a while a quarter of it in one piece is no longer to be had."""
    pool = Pool(2**20, "first")
    after = replay(pool, churn(4000, live=64, sizes=[2**10, 2**12, 2**14 + 2**12], seed=1))
    assert after.fragmentation[0] == 0
    assert np.mean(after.fragmentation[-500:]) > 0.2
    assert after.most_asked <= 2**20


def test_replay_counts_what_fragmentation_refuses():
    trace = churn(3000, live=50, sizes=range(10, 400), seed=2)
    after = replay(Pool(12_000, "first"), trace)
    assert after.requests == 3000
    assert after.refused >= after.refused_by_fragmentation > 0
    roomy = replay(Pool(10**6, "first"), trace)
    assert (roomy.refused, roomy.refused_by_fragmentation) == (0, 0)


def test_caching_keeps_segments():
    pool = Caching(100 * MIB)
    small = [pool.take(600 * 1024) for _ in range(3)]  # 2 MiB segments hold three of 600 KiB
    assert (pool.reserved, pool.driver_calls, {one.segment for one in small}) == (2 * MIB, 1, {1})
    large = pool.take(5 * MIB)
    assert pool.reserved == 22 * MIB  # its segment has 15 MiB left
    assert pool.take(15 * MIB).segment == large.segment
    for one in small:
        pool.give_back(one)
    assert pool.reserved == 22 * MIB
    assert pool.empty_cache() == 2 * MIB
    assert (pool.reserved, pool.driver_calls) == (20 * MIB, 3)


def test_small_requests_stay_out_of_large_segments():
    pool = Caching(100 * MIB)
    large = pool.take(5 * MIB)  # 15 MiB of its segment are free
    small = pool.take(MIB)
    assert small.segment != large.segment
    assert pool.take(MIB + 1).segment == large.segment
    assert pool.reserved == 22 * MIB


def test_caching_gives_back_before_it_refuses():
    pool = Caching(40 * MIB)
    held = [pool.take(12 * MIB) for _ in range(3)]
    assert pool.take(12 * MIB) is None
    pool.give_back(held[0])
    pool.give_back(held[1])
    assert pool.take(28 * MIB).asked == 28 * MIB  # two empty segments went back
    with pytest.raises(ValueError, match="segment 1 went back to the driver; a piece is given back once"):
        pool.give_back(held[0])


def test_a_segment_with_one_piece_in_it_is_pinned():
    """Eight of 5 MiB in two segments, every other one freed: 20 MiB are free, and 6 in one piece are not to be had."""
    pool = Caching(40 * MIB)
    held = [pool.take(5 * MIB) for _ in range(8)]
    for piece in held[::2]:
        pool.give_back(piece)
    assert (pool.free, pool.largest_free, pool.fragmentation) == (20 * MIB, 5 * MIB, 0.75)
    assert pool.take(6 * MIB) is None
    assert pool.empty_cache() == 0


@given(st.lists(st.integers(-5, 30 * MIB), max_size=40))
@settings(max_examples=40)
def test_caching_conserves(wishes):
    pool, out = Caching(128 * MIB), []
    for wish in wishes:
        if wish > 0:
            room = pool.largest_free
            piece = pool.take(wish)
            assert piece or wish > room - MIB  # a refusal means that no piece of that size was to be had
            out += [piece] if piece else []
        elif out:
            pool.give_back(out.pop(wish % len(out)))
        assert pool.asked == sum(piece.asked for piece in out) <= pool.reserved <= pool.capacity
        assert 0 <= pool.fragmentation < 1
        assert pool.largest_free <= pool.free


def test_segments():
    assert [segment_size(n) for n in (1, MIB, MIB + 1)] == [2 * MIB, 2 * MIB, 20 * MIB]
    assert segment_size(10 * MIB + 1) == 12 * MIB


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Pool(0), "capacity must be a whole number of at least 1, got 0"),
        (lambda: Pool(8, "worst"), "fit is one of first, best; got 'worst'"),
        (lambda: Pool(8).take(0), "size must be a whole number of at least 1, got 0"),
        (lambda: Buddy(48), "a buddy pool holds a power of two times 1 B, got 48 B; the nearest below is 32 B"),
        (lambda: Pool(8).give_back(Pool(8).take(1)), "the block at 0 is not out; give each back once, to its own pool"),
        (lambda: Buddy(8).give_back(Buddy(8).take(1)), "the block at 0 is not out"),
        (lambda: churn(3, 0, [1]), "live must be a whole number of at least 1, got 0"),
    ],
)
def test_memory_that_cannot_be(call, text):
    with pytest.raises(ValueError, match=text):
        call()


# Kernels by shape

CHIP = SILICON["A100"]
sizes = st.integers(1, 3000)


@given(sizes, sizes, sizes, st.sampled_from(list(TILES)), st.integers(1, 4))
def test_a_kernel_is_never_faster_than_the_roofline(M, K, N, tile, batch):
    op = matmul(M, K, N, batch=batch)
    one = kernel(M, K, N, tile, CHIP, batch)
    assert least_time(op.flop, op.D_vol, CHIP.R_peak, CHIP.BW) * (1 - 1e-12) <= one.T
    m, n = TILES[tile]
    assert one.tiles * m * n * (1 - one.waste) == pytest.approx(batch * M * N)
    assert 0 <= one.waste < 1
    assert 0 < one.occupancy <= 1
    assert (one.waves - 1) * CHIP.units < one.tiles <= one.waves * CHIP.units


@given(sizes, sizes, sizes)
def test_the_choice_is_the_best_there_is(M, K, N):
    assert min(regret(M, K, N, tile, CHIP) for tile in TILES) == 1


def test_tiles_by_hand():
    """200 x 300 by 128 x 128: 2 x 3 tiles hold 98,304 elements for 60,000; one wave of 6 on 108 multiprocessors."""
    one = kernel(200, 64, 300, "128x128", CHIP)
    assert (one.tiles, one.waves) == (6, 1)
    assert one.waste == 1 - 60_000 / 98_304
    assert one.occupancy == 6 / 108


def test_the_wave_that_is_one_tile_too_many():
    """9 x 12 tiles are one wave of 108, 10 x 12 are two: 11 % more work takes twice the time (wave quantization)."""
    full, over = (kernel(128 * n, 8192, 128 * 12, "128x128", CHIP) for n in (9, 10))
    assert (full.waves, over.waves, full.binds) == (1, 2, "multiplying")
    assert pytest.approx(2 * full.T) == over.T


def test_no_tile_is_best_for_all_shapes():
    assert regret(64, 4096, 64, "256x128", CHIP) > 2
    assert regret(8192, 8192, 8192, "32x32", CHIP) > 2
    assert choose(64, 4096, 64, CHIP, tiles=["256x128"]).tile == "256x128"


def test_silicon_is_the_catalogues():
    assert (CHIP.R_peak, CHIP.units, CHIP.BW) == (A100.peak("fp16"), 108, A100.BW)
    assert CHIP.BW_L2 == 5120 * 1.41e9


def test_a_tile_that_is_not_there():
    with pytest.raises(ValueError, match="no kernel has the tile '7x7'; there are 256x128, 128x256,"):
        kernel(1, 1, 1, "7x7", CHIP)
    with pytest.raises(ValueError, match="choose among at least one tile of 256x128"):
        choose(1, 1, 1, CHIP, tiles=[])


# Heat

HOT = Package(R_th=0.15, C_th=400.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)


def test_the_limit_comes_when_the_exponential_says():
    """90 degrees are where it would settle: 60 s * ln((90 - 30) / (90 - 83)) = 128.9 s until 83."""
    assert HOT.time_to_limit() == pytest.approx(60 * math.log(60 / 7))
    run = heat(HOT, 300.0, tick=0.1)
    first = next(t for t, clock in zip(run.times, run.clock, strict=True) if clock < 1)
    assert HOT.time_to_limit() <= first < HOT.time_to_limit() + 0.1 + 1e-9
    assert HOT.after(HOT.ambient, 1.0, HOT.time_to_limit()) == pytest.approx(83)
    assert HOT.time_to_limit(0.9) == math.inf
    assert HOT.time_to_limit(theta=83.0) == 0


@given(st.floats(0.05, 0.5), st.floats(50, 800), st.floats(0.05, 2.0))
@settings(max_examples=30)
def test_heat_is_energy_that_did_not_leave(R_th, C_th, tick):
    """C_th * rise = energy in - energy out, with the mean of an exponential over each tick for what leaves."""
    chip = Package(R_th, C_th, 25.0, 40.0, 300.0, limit=80.0, resume=78.0)
    run = heat(chip, 200 * tick, tick)
    stored = 0.0
    for before, after, clock in zip(run.theta, run.theta[1:], run.clock, strict=False):
        end = chip.settles(clock)
        mean = end + (before - end) * (1 - math.exp(-tick / chip.time_constant)) * chip.time_constant / tick
        stored += (chip.power(clock) - (mean - chip.ambient) / R_th) * tick
        assert min(before, end) - 1e-9 <= after <= max(before, end) + 1e-9
    assert C_th * (run.theta[-1] - run.theta[0]) == pytest.approx(stored, rel=1e-6, abs=1e-6)


def test_a_long_load_settles_between_the_steps_around_the_sustained_clock():
    run = heat(HOT, 2000.0, tick=0.1)
    late = mean_clock(run, (1000.0, 2000.0))
    assert late == pytest.approx(HOT.sustained_clock(), abs=0.02)
    assert max(run.theta) < 83 + 0.2  # overshoot of one tick at most
    assert HOT.settles(HOT.sustained_clock()) == pytest.approx(83)


def test_a_short_benchmark_promises_too_much():
    weak = Package(R_th=0.3, C_th=200.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)
    assert benchmark_error(weak, 5.0, 2000.0) == pytest.approx(1 / weak.sustained_clock(), rel=0.05)
    assert benchmark_error(weak, 5.0, 2000.0) > 1.3


def test_latency_follows_the_clock():
    run = Heated((0.0, 1.0, 2.0), (20.0, 90.0, 90.0), (1.0, 0.5, 0.25))
    assert run.latency(0.0, 1.0) == 1
    assert run.latency(0.5, 1.0) == 0.5 + 1.0  # half a second at full clock, one at half
    assert run.latency(1.5, 1.0) == 0.5 + 0.75 / 0.25
    assert run.work(0.5, 4.0) == 0.5 + 0.5 + 2 * 0.25


def test_two_envelopes_are_two_chips():
    """300 of 400 W by the cube law, without idle power: (3/4)^(1/3) = 91 % of the clock, not 75 %."""
    clock = clock_under(A100_PCIE_POWER.value, 0.0, A100.power.value)
    assert clock == pytest.approx(0.75 ** (1 / 3))
    assert clock_under(A100_PCIE_POWER.value, 100.0, A100.power.value - 100) < clock  # idle power leaves less


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: clock_under(40.0, 50.0, 350.0), "40.0 W do not even carry the 50.0 W of an idle chip"),
        (lambda: Package(1.0, 1.0, 30.0, 1.0, 1.0, limit=80.0, resume=85.0), "ambient <= resume < limit is wanted"),
        (lambda: Package(1.0, 1.0, 30.0, 1.0, 1.0, 80.0, 70.0, clocks=(0.5, 1.0)), "from 1.0 down"),
        (lambda: heat(HOT, -1.0), "T must be a finite number above 0, got -1.0"),
    ],
)
def test_heat_that_cannot_be(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_training_gpt3():
    """175 G parameters x 300 G tokens x 6 = 3.15e23; the paper's 174.6 G that multiply give its 3.14e23."""
    assert training_flop(175e9, 300e9) == pytest.approx(3.15e23)
    assert training_flop(174.6e9, 300e9) == pytest.approx(3.14e23, rel=2e-3)
    with pytest.raises(ValueError, match="tokens must be a finite number above 0, got 0"):
        training_flop(1, 0)
