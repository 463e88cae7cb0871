"""The SIMT machine: lanes agree with numpy, masks cost what they serialize, sectors are those of the addresses."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue.execution import SM_A100, SM_V100
from labcore.simt.kernels import matmul, relu, relu_by_branch, switch
from labcore.simt.memory import touched, warp_access
from labcore.simt.occupancy import issue_cycles, occupancy, warps_to_hide
from labcore.simt.warp import launch
from labcore.vector.machine import Machine

# --- kernels -----------------------------------------------------------------------------------------------


def collatz(warp, n, steps):
    """A loop whose number of turns is the lane's own."""
    v, count = warp.load(n, warp.thread), warp.register(0, np.int64)
    for _ in warp.loop(lambda: v != 1):
        count.set(count + 1)
        with warp.where(v % 2 == 0) as even:
            v.set(v // 2)
        with even.otherwise():
            v.set(v * 3 + 1)
    warp.store(steps, warp.thread, count)


def steps_to_one(n):
    steps = 0
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    return steps


# --- numbers and counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "issued"), [(1, 512), (8, 64), (16, 32), (32, 16)])
def test_relu_on_512_elements_at_four_widths(width, issued):
    # 512 / width instructions of each kind, every lane busy; 2 x 512 x 4 B used whatever the width
    x = np.linspace(-1, 1, 512, dtype=np.float32)
    y = np.empty_like(x)
    run = launch(relu, 512, x, y, width=width)
    assert np.array_equal(y, np.maximum(x, 0))
    assert dict(run.counts) == {"load": issued, "max": issued, "store": issued}
    assert run.utilization == 1
    assert run.bytes_used == 2 * 512 * 4


@pytest.mark.parametrize("lanes", [1, 4, 8, 16, 32])
def test_the_vector_machine_counts_the_same(lanes):
    """Two machines that share no code: a strip-mined vector unit, and a warp of that width with its mask."""
    x = np.linspace(-1, 1, 500, dtype=np.float32)
    y, z, unit = np.empty_like(x), np.empty_like(x), Machine(vlen=32 * lanes)
    for start, _ in unit.strips(500):
        unit.store(y, start, unit.max(unit.load(x, start), 0))
    run = launch(relu, 500, x, z, width=lanes)
    assert np.array_equal(y, z)
    working = [unit.instructions[name] for name, active in unit.elements.items() if active]
    assert working == list(run.counts.values()) == 3 * [run.warps]
    assert run.utilization == pytest.approx(unit.occupancy)
    assert run.bytes_used == unit.loaded + unit.stored


@given(st.integers(1, 300), st.sampled_from([1, 2, 7, 32, 64]))
def test_a_ragged_last_warp_is_masked(threads, width):
    x = np.arange(threads, dtype=np.float32) - threads / 2
    y = np.full(threads, -1, np.float32)
    run = launch(relu, threads, x, y, width=width)
    assert np.array_equal(y, np.maximum(x, 0))
    assert run.warps == -(-threads // width)
    assert run.active == 3 * threads  # three instructions, every thread in each
    assert run.utilization == pytest.approx(threads / (run.warps * width))


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_kernel_of_listing_13_is_a_matrix_product(N, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.integers(-9, 10, (2, N, N)).astype(np.float32)
    C = np.zeros(N * N, np.float32)
    run = launch(matmul, N * N, C, A.ravel(), B.ravel(), N)
    assert np.array_equal(C.reshape(N, N), A @ B)
    assert run.counts["fma"] == run.warps * N


def test_listing_13_loads_two_operands_for_each_fma():
    # 32 x 32: a warp is one row of C. Each step reads one element of A (1 sector) and a row of B (4 sectors).
    N = 32
    A = np.eye(N, dtype=np.float32)
    C = np.zeros(N * N, np.float32)
    run = launch(matmul, N * N, C, A.ravel(), A.ravel(), N)
    assert run.counts["load"] == 2 * run.counts["fma"] == 2 * N * N
    assert run.sectors == N * N * (1 + 4) + N * 4
    assert run.bytes_used == N * N * (4 + 128) + N * 128


# --- divergence --------------------------------------------------------------------------------------------


def test_two_paths_are_issued_one_after_the_other():
    # lanes 0 to 15 take one side, 16 to 31 the other: both stores issue, each with half the lanes
    x = np.r_[np.ones(16), -np.ones(16)].astype(np.float32)
    run = launch(relu_by_branch, 32, x, np.empty(32, np.float32), trace=True)
    masks = [mask for _, name, mask in run.trace if name == "store"]
    assert masks == [(True,) * 16 + (False,) * 16, (False,) * 16 + (True,) * 16]
    assert run.counts["store"] == 2


@given(st.lists(st.booleans(), min_size=64, max_size=64))
def test_a_warp_pays_for_a_side_only_if_a_lane_takes_it(signs):
    x = np.where(signs, 1, -1).astype(np.float32)
    y = np.empty(64, np.float32)
    run = launch(relu_by_branch, 64, x, y)
    assert np.array_equal(y, np.maximum(x, 0))
    sides = sum(len(set(signs[w : w + 32])) for w in (0, 32))
    assert run.counts["store"] == sides
    assert run.counts["load"] == run.counts["branch"] == run.counts["compare"] == 2


@pytest.mark.parametrize("ways", [1, 2, 4, 8, 16, 32])
def test_every_further_path_costs_a_serial_pass(ways):
    # cases of 10 instructions each, one of which each lane takes: utilization of the cases is 1 / ways
    run = launch(switch, 32, ways, 10)
    assert run.counts["fma"] == 10 * ways


def test_masks_nest_and_come_back():
    def kernel(warp, y):
        with warp.where(warp.thread < 16) as low:
            with warp.where(warp.thread % 2 == 0) as even:
                warp.store(y, warp.thread, warp.register(1))
            with even.otherwise():
                warp.store(y, warp.thread, warp.register(2))
        with low.otherwise():
            warp.store(y, warp.thread, warp.register(3))
        warp.store(y, warp.thread + 32, warp.register(4))

    y = np.zeros(64, np.float32)
    launch(kernel, 32, y)
    assert np.array_equal(y, np.r_[np.tile([1, 2], 8), np.full(16, 3), np.full(32, 4)])


def test_a_mask_comes_back_after_an_error():
    def kernel(warp, y):
        with pytest.raises(IndexError), warp.where(warp.thread < 4):
            warp.load(y, warp.thread + 100)
        assert warp.mask.all()

    launch(kernel, 32, np.zeros(32))


def test_a_loop_lasts_as_long_as_its_slowest_lane():
    n = np.arange(1, 33)
    steps = np.zeros(32, np.int64)
    run = launch(collatz, 32, n, steps)
    assert steps.tolist() == [steps_to_one(k) for k in range(1, 33)]
    longest = max(steps)
    assert run.counts["compare"] == (longest + 1) + longest  # the loop's test once more than its body's
    assert run.counts["branch"] == run.counts["compare"]  # each test is followed by its branch, the last one too
    assert run.utilization < 0.5


def test_an_empty_path_issues_nothing():
    def kernel(warp, y):
        with warp.where(warp.thread < 0):
            warp.store(y, warp.thread + 10**9, warp.register(1))

    assert dict(launch(kernel, 32, np.zeros(1)).counts) == {"compare": 1, "branch": 1}


def test_branchless_code_never_diverges():
    x = np.where(np.arange(64) % 2, 1, -1).astype(np.float32)
    y = np.empty_like(x)
    with_branch, without = launch(relu_by_branch, 64, x, y), launch(relu, 64, x, y)
    assert without.utilization == 1 > with_branch.utilization
    assert without.instructions < with_branch.instructions


# --- coalescing --------------------------------------------------------------------------------------------


def sectors_by_hand(addresses, size, granule):
    return len({byte // granule for a in addresses for byte in range(a, a + size)})


@given(
    st.integers(0, 70), st.sampled_from([1, 2, 4, 8, 16, 48]), st.integers(0, 200), st.integers(1, 40),
    st.sampled_from([32, 64, 128]),
)  # fmt: skip
def test_sectors_are_those_of_every_byte(stride, size, offset, lanes, granule):
    addresses = [offset + lane * stride * size for lane in range(lanes)]
    access = warp_access(stride, size, offset, lanes, granule)
    assert access.transactions == sectors_by_hand(addresses, size, granule)
    assert access.bytes_used == size * len(set(addresses))
    assert 0 < access.efficiency <= 1


@pytest.mark.parametrize(
    ("stride", "size", "offset", "sectors"),
    [
        (1, 4, 0, 4),  # 128 B in a row
        (1, 4, 4, 5),  # the same, shifted: it straddles one sector more
        (1, 4, 32, 4),  # shifted by a whole sector
        (2, 4, 0, 8), (8, 4, 0, 32), (1000, 4, 0, 32),  # from 32 B on, a sector for each lane
        (0, 4, 0, 1),  # a broadcast
        (1, 16, 0, 16), (1, 1, 0, 1), (1, 1, 31, 2),
    ],
)  # fmt: skip
def test_sectors_by_hand(stride, size, offset, sectors):
    assert warp_access(stride, size, offset).transactions == sectors


@given(st.permutations(range(32)))
def test_order_of_lanes_does_not_matter(order):
    assert touched(np.array(order) * 4, 4) == 4


# --- occupancy and latency ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "blocks", "share", "binds"),
    [
        ({"threads": 256, "registers": 32}, 8, 1.0, "warps"),  # 8 x 8 warps, and 8 x 8192 registers: just
        ({"threads": 256, "registers": 33}, 6, 0.75, "registers"),  # 33 x 32 = 1056, handed out as 1280: 51 warps
        ({"threads": 256, "registers": 64}, 4, 0.5, "registers"),
        ({"threads": 32, "registers": 16}, 32, 0.5, "blocks"),  # 32 blocks of one warp
        ({"threads": 256, "registers": 32, "shared": 48 * 1024}, 3, 0.375, "shared memory"),  # 164 / (48 + 1)
        ({"threads": 1024, "registers": 32}, 2, 1.0, "warps"),
        ({"threads": 33, "registers": 16}, 32, 1.0, "warps"),  # 33 threads take two warps
    ],
)
def test_occupancy_by_hand(asked, blocks, share, binds):
    held = occupancy(**asked)
    assert (held.blocks, held.share, held.binds) == (blocks, share, binds)


def test_the_v100_has_less_shared_memory():
    assert occupancy(256, 32, 48 * 1024, on=SM_V100).blocks == 96 // 48


@given(st.integers(1, 1024), st.integers(1, 64), st.integers(0, 100_000))
def test_what_is_resident_fits(threads, registers, shared):
    held = occupancy(threads, registers, shared)
    assert held.blocks * threads <= 2048
    assert held.blocks * threads * registers <= 65536
    assert held.blocks * shared <= 164 * 1024
    assert 0 < held.share <= 1


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12), st.integers(1, 4))
def test_the_stepped_scheduler_meets_littles_law(warps, instructions, latency, independent):
    cycles = issue_cycles(warps, instructions, latency, independent)
    assert cycles >= warps * instructions  # one a cycle at best
    if warps >= warps_to_hide(latency, independent):
        assert cycles == warps * instructions
    if independent == 1 and warps <= latency:  # each round takes the latency, the last only the issues
        assert cycles == (instructions - 1) * latency + warps


# --- errors ------------------------------------------------------------------------------------------------


def store_outside(warp, y):
    warp.store(y, warp.thread, warp.register(1))


def lanes_as_a_truth(warp):
    if warp.thread < 3:
        pass


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: launch(relu, 0), ValueError, "threads must be a whole number of at least 1, got 0"),
        (lambda: launch(relu, 4, width=0), ValueError, "width must be a whole number of at least 1, got 0"),
        (lambda: launch(store_outside, 32, np.zeros(20)), IndexError,
         "a store reaches element 0 to 31 of 20; mask it with warp.where(i < n)"),
        (lambda: launch(store_outside, 32, np.zeros((4, 8))), ValueError,
         "memory is one row of elements, got an array of shape (4, 8); use .ravel()"),
        (lambda: launch(lanes_as_a_truth, 32), TypeError,
         "a condition differs from lane to lane: use warp.where(...) for if, warp.loop(...) for while"),
        (lambda: warp_access(-1), ValueError, "stride and offset must be whole and 0 or more, got -1 and 0"),
        (lambda: warp_access(1.5), ValueError, "stride and offset must be whole and 0 or more, got 1.5 and 0"),
        (lambda: warp_access(1, size=0), ValueError, "size must be a whole number of at least 1, got 0"),
        (lambda: occupancy(2048, 32), ValueError,
         "2048 threads a block, but the A100 has at most 1024; ask for less"),
        (lambda: occupancy(32, 256), ValueError,
         "256 registers a thread, but the A100 has at most 255; ask for less"),
        (lambda: occupancy(1024, 128), ValueError,
         "no block of 1024 threads fits on the A100: registers runs out; ask for less"),
        (lambda: occupancy(32, 32, 200_000), ValueError,
         "no block of 32 threads fits on the A100: shared memory runs out; ask for less"),
        (lambda: occupancy(32, 32, -1), ValueError, "shared must be 0 B or more, got -1"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wanted(call, error, words):
    with pytest.raises(error, match=f"^{re.escape(words)}$"):
        call()


def test_an_endless_loop_is_stopped(monkeypatch):
    monkeypatch.setattr("labcore.simt.warp.MOST_TURNS", 10)

    def kernel(warp):
        for _ in warp.loop(lambda: warp.thread >= 0):
            pass

    with pytest.raises(ValueError, match="a loop ran 10 turns; does its condition ever fail"):
        launch(kernel, 4)


def test_the_limits_agree_among_themselves():
    for sm in (SM_V100, SM_A100):
        assert sm.warps.value * sm.warp.value == 2048
        assert sm.lanes_fp32.value % sm.warp.value == 0
