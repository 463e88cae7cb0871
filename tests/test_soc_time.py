"""Unlike units on one chip: shares of one DRAM, deadlines seen missed and kept, the microcontroller."""

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labcore.catalogue.soc import PERSON_MACS
from labcore.models.network import Network
from labcore.models.vision import Chain
from labcore.soc import realtime
from labcore.soc.bus import Bus, Master, Record, simulate
from labcore.soc.micro import (
    battery_life,
    cycles,
    doorbell,
    inference,
    mean_power,
    memory_fit,
    wake_vision,
)
from labcore.soc.realtime import (
    Periodic,
    beside_table,
    hyperperiod,
    response_time,
    time_table,
    utilization,
    utilization_bound,
)
from labcore.soc.shares import fair_shares, round_robin_bound, slot_bound

FRAME = 1 / 30
BW = 2.0**30  # powers of two, so that times are exact
KIB = 1024.0

# ---- one bus


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 100), min_size=1), st.floats(0.1, 300))
def test_fair_shares_waste_nothing_and_favour_nobody(demands, bandwidth):
    shares = fair_shares(demands, bandwidth)
    assert sum(shares.values()) == pytest.approx(min(bandwidth, sum(demands.values())))
    unmet = [name for name in demands if shares[name] < demands[name] * (1 - 1e-9)]
    for name in unmet:  # who is not satisfied has no less than anyone
        assert shares[name] >= max(shares.values()) * (1 - 1e-9)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4))
@settings(max_examples=30)
def test_a_round_robin_comes_out_at_the_fair_shares(eighths):
    """Masters that ask for n eighths of the bus each, 1 MiB at a time, for long: they get what max-min says."""
    masters = [Master(f"m{i}", 64 * KIB, 64 * KIB / (n / 8 * BW), offset=1e-9) for i, n in enumerate(eighths)]
    record = simulate(masters, Bus(BW, KIB), duration=0.02)
    shares = fair_shares({one.name: one.demand for one in masters}, BW)
    for name, share in shares.items():
        assert record.moved[name] / 0.02 == pytest.approx(share, rel=0.06)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 30), st.integers(0, 9)), min_size=1, max_size=4),
    st.sampled_from(["round robin", "priority", "slots"]),
)
@settings(max_examples=80)
def test_bytes_are_conserved_and_the_bus_is_never_faster_than_itself(jobs, policy):
    masters = [Master(f"m{i}", D * KIB, T * 4 * KIB / BW, offset=o * KIB / BW) for i, (D, T, o) in enumerate(jobs)]
    bus = Bus(BW, KIB, policy, tuple(one.name for one in masters))
    duration = 256 * KIB / BW
    record = simulate(masters, bus, duration)
    assert sum(record.moved.values()) <= duration * BW
    assert sum(record.moved.values()) == record.events * KIB
    for one in masters:
        done = len(record.latencies[one.name])
        assert done * one.D_vol <= record.moved[one.name] <= (done + 1) * one.D_vol
        assert all(one.D_vol / BW * (1 - 1e-9) <= T for T in record.latencies[one.name])


def test_weights_are_bursts_in_a_turn():
    masters = [Master("NPU", 1e9, 10.0, weight=3), Master("GPU", 1e9, 10.0)]
    moved = simulate(masters, Bus(BW, KIB), 400 * KIB / BW).moved
    assert moved["NPU"] == 3 * moved["GPU"] == 300 * KIB


DETECTOR = Master("detector", 256e6, FRAME, deadline=FRAME)
VOICE = [Master(f"voice {k}", 2e9, 0.02, deadline=1e9) for k in range(3)]  # weights of a language model, over and over


def run_drive(policy="round robin", masters=(DETECTOR, *VOICE), slots=(), duration=0.2):
    return simulate(masters, Bus(25.6e9, 256e3, policy, slots), duration)


def test_best_effort_misses_a_deadline_that_priority_slots_and_budgets_keep():
    """256 MB of 25.6 GB/s take 10 ms alone; with three hungry masters beside it 40 ms, and a frame is 33 ms."""
    alone = run_drive(masters=(DETECTOR,))
    assert alone.worst("detector") == pytest.approx(10e-3)
    assert alone.missed["detector"] == 0
    crowd = run_drive()
    assert crowd.worst("detector") > 1.1 * FRAME
    assert crowd.missed["detector"] >= len(crowd.latencies["detector"])
    first = run_drive("priority")
    assert first.missed["detector"] == 0
    assert first.worst("detector") <= (256e6 + 256e3) / 25.6e9 * (1 + 1e-9)  # one burst cannot be interrupted
    slots = run_drive("slots", slots=("detector", "voice 0", "detector", "voice 1"))
    assert slots.missed["detector"] == 0
    budgets = [Master(one.name, one.D_vol, one.period, one.deadline, budget=4e6) for one in VOICE]
    capped = run_drive(masters=(DETECTOR, *budgets))
    assert capped.missed["detector"] == 0
    assert sum(capped.moved[one.name] for one in VOICE) > 0


def test_in_slots_of_its_own_nobody_else_matters():
    slots = ("detector", "voice 0", "detector", "voice 1")
    some, all_of_them = (run_drive("slots", (DETECTOR, *VOICE[:n]), slots) for n in (2, 3))
    assert some.latencies["detector"] == all_of_them.latencies["detector"]
    quiet = [Master(one.name, KIB, 1.0, offset=0.1) for one in VOICE]
    lonely = run_drive("slots", (DETECTOR, *quiet), slots)
    assert lonely.latencies["detector"] == pytest.approx(some.latencies["detector"])


@given(st.integers(1, 20), st.integers(0, 7), st.permutations(["x", "x", "y", "z", "y"]))
@settings(max_examples=60)
def test_no_job_takes_longer_than_the_bounds_say(bursts, offset, slots):
    me = Master("x", bursts * KIB, 400 * KIB / BW, offset=(offset + 0.5) * KIB / BW)
    others = [Master(name, 1e6, 1e6 / BW) for name in "yz"]
    bus = Bus(BW, KIB, "slots", tuple(slots))
    assert simulate([me, *others], bus, 400 * KIB / BW).worst("x") <= slot_bound(me, bus) * (1 + 1e-9)
    turns = Bus(BW, KIB)
    worst = simulate([me, *others], turns, 400 * KIB / BW).worst("x")
    assert worst <= round_robin_bound(me, [me, *others], turns) + KIB / BW  # and the burst that was on its way
    assert worst >= round_robin_bound(me, [me, *others], turns) - 3 * KIB / BW


# ---- one processor

PERIODS = st.tuples(st.integers(1, 5), st.sampled_from([4, 6, 8, 12, 24]))


def shortest_first(rows):
    return [Periodic(f"t{i}", min(C, T), T) for i, (C, T) in enumerate(sorted(rows, key=lambda row: row[1]))]


TASKS = st.lists(PERIODS, min_size=1, max_size=4).map(shortest_first)


@given(TASKS)
@settings(max_examples=150)
def test_the_analysis_is_what_the_simulation_sees(tasks):
    """All come at 0, the critical instant: the first job of each has the worst response (Liu and Layland, 1973)."""
    line = realtime.simulate(tasks, "priority", 10 * hyperperiod(tasks))
    for one in tasks:
        R = response_time(tasks, one.name)
        if R is None:
            assert line.missed[one.name] > 0
        else:
            assert R == line.responses[one.name][0] == max(line.responses[one.name])
            assert line.missed[one.name] == 0


@given(TASKS, st.lists(st.integers(0, 11), min_size=4, max_size=4))
@settings(max_examples=80)
def test_no_offset_is_worse_than_coming_together(tasks, offsets):
    moved = [Periodic(one.name, one.C, one.period, offset=o) for one, o in zip(tasks, offsets, strict=False)]
    line = realtime.simulate(moved, "priority", 10 * hyperperiod(tasks))
    for one in tasks:
        R = response_time(tasks, one.name)
        assert R is None or max(line.responses[one.name], default=0) <= R


@given(TASKS, st.sampled_from(realtime.POLICIES))
@settings(max_examples=120)
def test_work_is_conserved_whatever_the_policy(tasks, policy):
    ticks = 3 * hyperperiod(tasks)
    line = realtime.simulate(tasks, policy, ticks)
    assert all(a.end <= b.start for a, b in pairwise(line.runs))
    busy = sum(one.end - one.start for one in line.runs)
    if utilization(tasks) <= 1:
        assert busy == 3 * sum(one.C * hyperperiod(tasks) // one.period for one in tasks)
        assert policy != "edf" or not any(line.missed.values())  # EDF keeps all deadlines up to utilization 1
    else:
        assert busy == ticks
        assert any(line.missed.values())
    if utilization(tasks) <= utilization_bound(len(tasks)) and policy == "priority":  # shortest period first
        assert not any(line.missed.values())


@given(TASKS, st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=80)
def test_a_table_does_not_feel_its_guest(tasks, C, period):
    assume(utilization(tasks) <= 1)
    table, H = time_table(tasks), hyperperiod(tasks)
    guest = beside_table(table, H, Periodic("guest", C, period), 4 * H)
    taken = [(n * H + one.start, n * H + one.end) for n in range(4) for one in table]
    every = sorted([*taken, *((one.start, one.end) for one in guest.runs)])
    assert all(a[1] <= b[0] for a, b in pairwise(every))
    free = 4 * H * (1 - utilization(tasks))
    served = sum(one.end - one.start for one in guest.runs)
    asked = C * -(-4 * H // period)
    assert served <= min(free, asked) + 1e-9
    for one in tasks:
        ends = [run.end - run.k * one.period for run in table if run.name == one.name]
        assert max(ends) <= one.deadline


def test_a_deadline_missed_in_order_of_coming_and_cured_three_ways():
    """Detection takes 12 of every 33 ms; a voice assistant's answer 30 ms of 200, in one piece."""
    drive = [Periodic("detection", 12, 33, offset=5), Periodic("voice", 30, 200)]
    for policy in ("fifo", "non-preemptive"):
        assert realtime.simulate(drive, policy, 6600).missed["detection"] > 0
    for policy in ("priority", "edf"):
        assert sum(realtime.simulate(drive, policy, 6600).missed.values()) == 0
    table = time_table(drive[:1])
    assert max(beside_table(table, 33, drive[1], 6600).responses["voice"]) <= 66
    assert response_time(drive, "detection", blocking=30) is None  # what a piece of 30 ms in the way does
    assert response_time(drive, "detection", blocking=15) == 27


# ---- the microcontroller


def test_our_mobilenet_is_the_paper_s_at_full_width():
    """3.5 M parameters and 300 M MACs (Sandler et al.), less 998 classes of 1280 weights and a bias."""
    full = wake_vision(224, 1.0)
    assert full.params == 3_504_872 - 998 * 1281
    assert full.macs == pytest.approx(300e6, rel=0.01)


def test_the_macs_of_the_published_person_detector():
    """MobileNet v1 of a quarter's width on 96 x 96 grey pixels: 7.2 M MACs, to the hundredth."""
    chain = Chain((1, 1, 96, 96), 1)
    chain.conv("first", 8, 3, 2)
    for K, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)):
        chain.conv("depthwise", chain.shape[1], 3, stride, groups=chain.shape[1])
        chain.conv("pointwise", K, 1)
    chain.pool("pool", chain.shape[2:])
    chain.dense("fc", 2)
    assert Network("person", tuple(chain.layers), None).macs == pytest.approx(PERSON_MACS.value, rel=0.01)


def test_the_widest_moment_by_hand():
    """A block with a shortcut: 24 x 24 x 8 in, 48 channels inside. Depthwise: 48 in, 48 out, and the 8 still held."""
    fit = memory_fit(wake_vision(96, 0.25), doorbell())
    assert fit.sram == 48 * 48 * 48 + 24 * 24 * 48
    block = [layer for layer in wake_vision(96, 0.25).layers if layer.name.startswith("block1-1")]
    part = memory_fit(Network("block", tuple(block), None), doorbell())
    assert (part.widest, part.sram) == ("block1-1.depthwise", 24 * 24 * (48 + 48 + 8))


def test_the_first_layer_of_a_block_reads_the_shortcut_itself():
    """4 x 4 pixels, a block of 8 to 16 to 8 channels without an expansion: the shortcut waits beside the second."""
    chain = Chain((1, 8, 4, 4), bytes_per_element=1)
    chain.conv("block.depthwise", 16, kernel=3, groups=8)
    chain.conv("block.project", 8, kernel=1)
    chain.add("block.add")
    first, second, last = chain.layers
    assert memory_fit(Network("x", (first, second, last), None), doorbell()).sram == (16 + 8 + 8) * 16
    assert memory_fit(Network("x", (first, last), None), doorbell()).sram == (8 + 16) * 16 == (8 + 8 + 8) * 16


def test_a_layer_waits_for_the_slower_of_lanes_and_flash():
    """64 x 64 weights on 8 x 8 places: 64^3 MACs on half of 128 lanes; 64 x 64 + 128 bytes at 1 for 4 cycles."""
    chain = Chain((1, 64, 8, 8), 1)
    chain.conv("only", 64, 1)
    one = Network("one", tuple(chain.layers), None)
    assert cycles(one, doorbell(), "npu", "sram") == 64**3 / 64
    assert cycles(one, doorbell(), "npu", "flash") == 4 * (64 * 64 + 128)


def test_thirty_frames_a_second_in_milliwatts():
    """Example 1.4: the micro-NPU does it below a milliwatt of inference, weights in SRAM; the CPU needs more."""
    ask = wake_vision(), doorbell(), 30
    power = {(e, w): mean_power(*ask, e, w) for e in ("cpu", "npu") for w in ("flash", "sram")}
    assert power["npu", "sram"] < 1e-3 < power["npu", "flash"] < power["cpu", "flash"]
    assert 5 < power["cpu", "sram"] / power["npu", "sram"] < 16  # never above the ratio of the lanes
    days = battery_life(power["npu", "sram"]) / 86400
    assert 365 < days < 4 * 365


def test_the_cpu_alone_misses_thirty_frames_at_a_larger_picture():
    large = wake_vision(160, 0.5)
    with pytest.raises(
        ValueError, match=r"30 passes a second of 0\.03428 s keep the cpu busy 1\.028 times over; 29\.17"
    ):
        mean_power(large, doorbell(), 30, "cpu")
    assert mean_power(large, doorbell(), 30, "npu") < 10e-3


@given(st.sampled_from([32, 64, 128]), st.sampled_from([64, 96, 128]))
def test_twice_the_macs_are_at_most_twice_as_fast(macs, size):
    network = wake_vision(size)
    for weights, least in (("sram", 2.0), ("flash", 1.0)):
        gain = cycles(network, doorbell(macs), "npu", weights) / cycles(network, doorbell(2 * macs), "npu", weights)
        assert least - 1e-9 <= gain <= 2 + 1e-9


def test_energy_is_duty_times_power():
    ask = wake_vision(), doorbell()
    T, E = inference(*ask)
    assert pytest.approx(T * 30e-3) == E
    assert mean_power(*ask, rate=1 / T) == pytest.approx(30e-3)  # no time left to sleep
    assert mean_power(*ask, rate=1e-6) == pytest.approx(50e-6, rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            lambda: simulate([DETECTOR], Bus(BW, KIB, "lottery"), 1.0),
            "round robin, priority, slots; got 'lot",
        ),
        (lambda: simulate([DETECTOR], Bus(BW, KIB, "slots", ("GPU",)), 1.0), "slots belong to masters (detector); got"),
        (lambda: simulate([DETECTOR], Bus(0, KIB), 1.0), "BW must be a finite number above 0, got 0"),
        (lambda: Record({"x": []}, {}, {}).worst("x"), "no job of x ended; simulate longer"),
        (lambda: slot_bound(DETECTOR, Bus(BW, KIB, "slots", ("GPU",))), "detector has no slot in ('GPU',)"),
        (lambda: Periodic("x", 0, 4), "C must be a whole number of at least 1, got 0"),
        (lambda: Periodic("x", 1, 4, offset=-1), "offset of x is a whole number of ticks from 0 on, got -1"),
        (lambda: response_time([Periodic("x", 1, 4)], "y"), "no task 'y'; there are x"),
        (lambda: realtime.simulate([], "lottery", 1), "policy is one of priority, non-preemptive, fifo, edf; got"),
        (lambda: time_table([Periodic("x", 3, 4), Periodic("y", 2, 4)]), "the tasks ask for 1.25 of the processor and"),
        (lambda: doorbell(100), "the micro-NPU comes with 32, 64, 128, 256 MACs a cycle; got 100"),
        (lambda: inference(wake_vision(512, 1.0), doorbell()), "needs 2.426e+06 B of flash and 7.864e+06 B of SRAM"),
        (lambda: cycles(wake_vision(), doorbell(), "gpu"), "the engine is one of cpu, npu; got 'gpu'"),
        (lambda: cycles(wake_vision(), doorbell(), weights="disk"), "weights are in flash or sram; got 'disk'"),
        (lambda: wake_vision(0), "size must be a whole number of at least 1, got 0"),
        (lambda: battery_life(0), "P_mean must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_is_wanted(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()
