"""Machines that run in time: lanes in step, tasks, pipelines, engines; against closed forms and other simulators."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.architectures import engines, irregular, styles
from labcore.catalogue.architectures import ALL
from labcore.interconnect import schedule
from labcore.simt.warp import launch

WORK = st.lists(st.integers(1, 9), min_size=1, max_size=40)

# ---- lanes in step and tasks


@given(WORK, st.integers(1, 8))
def test_lanes_in_step_are_warps_that_loop(items, lanes):
    """A kernel whose threads loop as often as their item is long issues as many turns as `in_step` counts."""

    def kernel(warp, length):
        left = warp.register(0, int)
        left.set(warp.load(length, warp.thread))
        for _ in warp.loop(lambda: left > 0):
            left.set(left - 1)

    run = launch(kernel, len(items), np.array(items), width=lanes)
    use = irregular.in_step([float(item) for item in items], lanes)
    assert run.counts["sub"] == use.T  # one subtraction a turn
    assert use.work == sum(items)
    assert use.utilization <= 1


@pytest.mark.parametrize("kind", ["equal", "exponential", "two"])
@pytest.mark.parametrize("lanes", [1, 8, 32])
def test_utilization_in_step_has_a_closed_form(kind, lanes):
    drawn = irregular.lengths(lanes * 6000, kind, seed=4)
    assert irregular.in_step(drawn, lanes).utilization == pytest.approx(
        irregular.in_step_utilization(kind, lanes), rel=0.03
    )


@pytest.mark.parametrize("kind", ["equal", "exponential", "two", "heavy"])
def test_lengths_have_the_mean_that_was_asked_for(kind):
    drawn = irregular.lengths(400_000, kind, mean=3.0, seed=1)
    assert drawn.mean() == pytest.approx(3.0, rel=0.02)
    assert (irregular.lengths(400_000, kind, mean=3.0, seed=1) == drawn).all()


@given(WORK, st.integers(1, 8))
def test_greedy_tasks_keep_grahams_bounds(items, cores):
    least, most = irregular.task_bounds(items, cores)
    assert least - 1e-9 <= irregular.by_tasks(items, cores).T <= most + 1e-9
    assert least - 1e-9 <= irregular.by_tasks(items, cores, static=True).T


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_least_time_bounds_every_assignment(items):
    best = min(
        max(sum(item for item, at in zip(items, cores, strict=True) if at == core) for core in (0, 1))
        for cores in itertools.product((0, 1), repeat=len(items))
    )
    assert irregular.task_bounds(items, 2)[0] <= best <= irregular.by_tasks(items, 2).T


def test_tasks_pay_for_each_dispatch():
    assert irregular.by_tasks([1.0] * 8, cores=2, T_dispatch=0.25).T == 4 * 1.25
    assert irregular.by_tasks([1.0] * 8, cores=2, T_dispatch=0.25).utilization == 1 / 1.25


# ---- pipelines


@given(st.lists(st.floats(0.1, 9), min_size=1, max_size=6), st.integers(1, 30), st.integers(1, 4))
def test_an_even_pipeline_takes_fill_and_the_slowest_stage(stages, items, buffers):
    use = irregular.pipeline(np.tile(stages, (items, 1)), buffers)
    assert pytest.approx(irregular.pipeline_time(items, stages)) == use.T


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 99))
def test_with_room_a_pipeline_is_the_longest_path(items, stages, seed):
    """Against the schedule of tasks that wait for the stage before and for the item before."""
    T = np.random.default_rng(seed).integers(1, 9, (items, stages)).astype(float)
    tasks = [
        schedule.Task(f"{i}", s, f"stage {s}", T[i, s], tuple((f"{i}", s - 1) for _ in range(bool(s))))
        for i in range(items)
        for s in range(stages)
    ]
    times = [irregular.pipeline(T, buffers).T for buffers in (1, 2, 3, 99)]
    assert times == sorted(times, reverse=True)
    in_order = np.zeros((items + 1, stages + 1))
    for i, s in itertools.product(range(items), range(stages)):
        in_order[i + 1, s + 1] = max(in_order[i, s + 1], in_order[i + 1, s]) + T[i, s]
    assert times[-1] == in_order[-1, -1]
    if items == 1:
        assert times[-1] == schedule.makespan(schedule.run(tasks))


def test_a_full_buffer_blocks():
    """Stage 1 holds item 0 for 10: item 1 waits in the one place, item 2 stays on stage 0 and item 3 cannot begin."""
    T = np.array([[1.0, 10.0], [1.0, 1.0], [1.0, 1.0], [8.0, 1.0]])
    assert irregular.pipeline(T, buffers=1).T == 1 + 10 + 8 + 1  # item 3 begins at 11, when item 1 leaves the place
    assert irregular.pipeline(T, buffers=2).T == 14  # item 3 begins at 3, ends at 11; three items of 1 before it


def test_items_that_leave_early_spare_later_stages():
    T = irregular.exits(2000, stages=8, leave=0.3, seed=2)
    assert T.sum(axis=1).mean() == pytest.approx((1 - 0.7**8) / 0.3, rel=0.03)
    assert (np.diff(T, axis=1) <= 0).all()
    last = (np.arange(2000) + T.sum(axis=1)).max()  # item i begins at i: all visit the first stage, so it paces
    assert last == irregular.pipeline(T, 4).T


# ---- engines

CHAINS = st.lists(
    st.tuples(st.sampled_from(["tensor", "vector", "scalar", "GPSIMD"]), st.integers(1, 9).map(float)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(CHAINS, st.integers(1, 12), st.integers(1, 5), st.sampled_from(engines.POLICIES), st.integers(0, 9))
def test_a_schedule_breaks_no_rule(chain, tiles, buffers, policy, seed):
    T = engines.durations(chain, tiles, "exponential", seed)
    done = engines.simulate(chain, T, policy, buffers)
    assert (done.start[:, 1:] >= done.end[:, :-1] - 1e-9).all()  # steps of a tile follow each other
    for name in set(done.engines):
        at = sorted((done.start[task], done.end[task]) for task in done.order[name])
        assert all(after[0] >= before[1] - 1e-9 for before, after in itertools.pairwise(at))
        assert done.utilization(name) <= 1 + 1e-9
    assert (done.start[buffers:, 0] >= done.end[:-buffers, -1] - 1e-9).all()  # so many tiles are in flight
    assert np.allclose(done.end - done.start, T)
    assert done.events == T.size


@given(st.integers(1, 40), st.lists(st.integers(1, 9).map(float), min_size=1, max_size=4), st.data())
def test_without_jitter_all_policies_reach_the_closed_form(tiles, times, data):
    chain = list(zip(data.draw(st.permutations(["tensor", "vector", "scalar", "GPSIMD"])), times, strict=False))
    T = engines.durations(chain, tiles)
    assert engines.least_makespan(chain, tiles) == irregular.pipeline_time(tiles, times)
    for policy in engines.POLICIES:
        assert engines.simulate(chain, T, policy, buffers=tiles).makespan == engines.least_makespan(chain, tiles)


@settings(deadline=None, max_examples=40)
@given(CHAINS, st.integers(1, 10), st.integers(1, 4))
def test_nothing_beats_the_least_makespan(chain, tiles, buffers):
    found = engines.simulate(chain, engines.durations(chain, tiles), "dynamic", buffers).makespan
    assert found >= engines.least_makespan(chain, tiles) - 1e-9


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
def test_an_ordered_run_is_a_schedule_of_tasks(tiles, buffers, seed):
    """Against labcore.interconnect.schedule, where each step also waits for the one before it on its engine."""
    T = engines.durations(engines.ATTENTION, tiles, "exponential", seed)
    ours = engines.simulate(engines.ATTENTION, T, "ordered", buffers)
    before = {task: last for order in ours.order.values() for last, task in itertools.pairwise(order)}
    tasks = []
    for i, j in itertools.product(range(tiles), range(T.shape[1])):
        waits = [(i, j - 1)] if j else [(i - buffers, T.shape[1] - 1)] * (i >= buffers)
        waits += [before[i, j]] if (i, j) in before else []
        tasks.append(schedule.Task(f"{i}", j, ours.engines[j], T[i, j], tuple((f"{a}", b) for a, b in waits)))
    assert schedule.makespan(schedule.run(tasks)) == pytest.approx(ours.makespan)


def test_attention_without_jitter_keeps_the_tensor_engine_busy():
    found = {one.policy: one for one in engines.compare(engines.ATTENTION, 200, "equal")}
    least = engines.least_makespan(engines.ATTENTION, 200)
    assert all(least <= one.T <= least + 16 for one in found.values())  # one tile at most above the bound
    assert engines.simulate(engines.ATTENTION, engines.durations(engines.ATTENTION, 50), buffers=1).makespan == 50 * 16


@pytest.mark.parametrize("kind", ["exponential", "two", "heavy"])
def test_jitter_costs_a_plan_more_than_a_queue_unless_looking_is_dear(kind):
    free = {one.policy: one.T for one in engines.compare(engines.ATTENTION, 200, kind)}
    dear = {one.policy: one.T for one in engines.compare(engines.ATTENTION, 200, kind, T_dispatch=1.0)}
    assert free["dynamic"] < free["ordered"] < free["clocked"]
    assert dear["dynamic"] > dear["ordered"] == free["ordered"]


def test_a_dispatch_is_time_but_no_work():
    chain = [("tensor", 2.0)]
    done = engines.simulate(chain, engines.durations(chain, 10), "dynamic", T_dispatch=0.5)
    assert (done.makespan, done.utilization("tensor")) == (25.0, 0.8)


# ---- styles


def test_every_architecture_runs_by_a_style_of_the_tables():
    assert {one.execution for one in ALL} <= {one.name for one in styles.STYLES}
    assert {one.level for one in styles.STYLES} == set(styles.LEVELS)
    assert sum(len(styles.table(level)) for level in styles.LEVELS) == len(styles.STYLES)


@pytest.mark.parametrize(("name", "less", "more", "factor"), [
    ("SIMD", "instructions, 16 lanes", "instructions, 1 lane", 10),
    ("SIMT", "utilization, two paths", "utilization, one path", 1.9),
    ("systolic", "MACs an input read", "MACs a weight read", 7.9),
    ("VLIW", "utilization, a tenth of steps ten times as long", "utilization, known times", 4),
    ("streaming", "time, four streamed", "time, one operation after another", 3.9),
    ("tasks", "utilization, dealt out", "utilization, taken when free", 1.1),
    ("dataflow", "utilization, jitter, 1 buffer", "utilization, jitter, 64 buffers", 1.4),
    ("static plan", "time under jitter over the known, dynamic", "time under jitter over the known, clocked", 3),
])  # fmt: skip
def test_a_style_keeps_its_promise(name, less, more, factor):
    found = styles.shown(name)
    assert found[more] >= factor * found[less]


def test_hand_values_of_the_styles():
    tile = styles.shown("matrix tile")
    assert tile["MACs an instruction"] == 16 * 8 * 16
    assert tile["MACs an operand loaded"] == 16 * 8 * 16 / (16 * 16 + 16 * 8)
    harmonic = sum(1 / k for k in range(1, 65))
    (bulk,) = styles.shown("bulk synchronous").values()
    assert bulk == pytest.approx(1 / harmonic, rel=0.1)


# ---- what bad input is told

CHAIN = [("tensor", 1.0)]


@pytest.mark.parametrize(("call", "text"), [
    (lambda: irregular.lengths(3, "normal"), "lengths are one of equal, exponential, two, heavy; got 'normal'"),
    (lambda: irregular.in_step_utilization("heavy", 4), "is known for equal, exponential, two; simulate 'heavy'"),
    (lambda: irregular.in_step([1.0], 0), "lanes must be a whole number of at least 1, got 0"),
    (lambda: irregular.by_tasks([], 2), "wanted lengths of 0 or more, at least one above; got []"),
    (lambda: irregular.by_tasks([1.0], 2, T_dispatch=-1), "T_dispatch is a time of 0 or more, got -1"),
    (lambda: irregular.pipeline(np.ones(3)), "times is (items, stages) of 0 or more, got shape (3,)"),
    (lambda: irregular.exits(2, 2, leave=1.5), "leave is a chance from 0 to 1, got 1.5"),
    (lambda: engines.simulate(CHAIN, np.ones((2, 1)), "lucky"), "a policy is one of clocked, ordered, dynamic"),
    (lambda: engines.simulate(CHAIN, np.ones((2, 3))), "T is (tiles, 1) times of 0 or more for this chain, got shape"),
    (lambda: engines.durations([], 2), "a chain is steps (engine, mean time above 0), at least one; got []"),
    (lambda: engines.simulate(CHAIN, np.ones((1, 1))).utilization("SFU"), "no step needs 'SFU'; the engines are"),
    (lambda: styles.shown("MISD"), "no style is called 'MISD'; there are SIMD, SIMT"),
    (lambda: styles.table("rack"), "a table is one of core, system; got 'rack'"),
])  # fmt: skip
def test_errors_name_the_way_out(call, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        call()
