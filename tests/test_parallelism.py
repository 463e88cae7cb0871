"""Data, tensor and pipeline parallelism: schedules against closed forms, memory conserved, the chapter's eight GPUs."""

import re
from dataclasses import asdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labcore.catalogue import H100
from labcore.interconnect.buckets import backward, best_count, buckets, exposed, overlapped_time
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link, link
from labcore.interconnect.parallelism import (
    gradient_bytes,
    pipeline_bubble,
    strong_scaling,
    strong_speedup,
    tensor_all_reduces,
    tensor_payload,
    unscaled_share,
    weak_efficiency,
    weak_scaling,
)
from labcore.interconnect.pipeline import ORDERS, held, pipeline, pipeline_time, program
from labcore.interconnect.schedule import busy, makespan
from labcore.interconnect.splits import Job, Split, chip_memory, fitting, least_memory, splits
from labcore.interconnect.training import ranked, step_time
from labcore.ironlaw import speedup
from labcore.models.pressure import training_bytes
from labcore.models.zoo import build

LINKS = link("NVLink 4"), link("InfiniBand NDR")
LLAMA = Job("llama3-70b", batch=1024, seq=8192)
WHOLE = st.integers(1, 6).map(float)

# ---- scaling


def test_the_chapter_s_eight_gpus():
    """50 ms and one transfer of 1 GB at 300 GB/s: 93.75 %, 7.5 times, 6.25 % of the step and not 6.7."""
    T = 10**9 / 300e9
    assert weak_efficiency(50e-3, T) == pytest.approx(0.9375)
    assert 8 * weak_efficiency(50e-3, T) == pytest.approx(7.5)
    assert pytest.approx(0.0667, abs=1e-4) == T / 50e-3
    assert 1 - weak_efficiency(50e-3, T) == pytest.approx(0.0625)


def test_with_the_all_reduce_that_it_takes_they_reach_less():
    """2 x 7/8 of the transfer: 5.83 ms, 50 / 55.83 = 89.55 %, 7.16 times."""
    (efficiency,) = weak_scaling(50e-3, 10**9, [8], Link("NVLink 3", 300e9))
    assert efficiency == pytest.approx(50 / (50 + 1.75 * 10 / 3))
    assert 8 * efficiency == pytest.approx(7.164, abs=1e-3)


def test_weak_scaling_flattens_and_strong_scaling_turns_back():
    """A ring's bytes stay below twice the data, so weak efficiency levels off; its latencies grow until it slows."""
    joined = Link("x", 100e9, 20e-6)
    chips = [2**k for k in range(13)]
    weak = weak_scaling(0.1, 10**9, chips, Link("x", 100e9))
    assert weak == sorted(weak, reverse=True)
    assert weak[-1] > 0.1 / (0.1 + 2 * 10**9 / 100e9) - 1e-3
    strong = strong_scaling(0.1, 10**8, chips, joined)
    assert 1 < strong.index(max(strong)) < len(chips) - 1
    assert strong[-1] < strong[-2]
    assert strong[0] == 1.0


@given(st.floats(0, 1), st.integers(2, 1000))
@example(0.0, 49)
def test_the_unscaled_share_inverts_amdahl(serial, chips):
    assert unscaled_share(speedup(1 - serial, chips), chips) == pytest.approx(serial, abs=1e-9)


def test_from_8_to_64_at_5_2_times():
    """5.2 of 8 is 65 %; 1/5.2 = s + (1 - s)/8 gives s = 7.7 % of the time on eight that did not shrink."""
    s = unscaled_share(5.2, 8)
    assert s + (1 - s) / 8 == pytest.approx(1 / 5.2)
    assert s == pytest.approx(0.0769, abs=1e-4)


def test_payloads_by_hand():
    assert gradient_bytes(175_000_000_000) == 350 * 10**9
    assert tensor_payload(8192, 8192) == 8192 * 8192 * 2
    assert tensor_all_reduces(80) == 2 * tensor_all_reduces(80, training=False) == 80 * 4


# ---- pipeline


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 8), WHOLE, WHOLE, st.sampled_from(ORDERS))
def test_a_pipeline_takes_what_its_closed_form_says(stages, microbatches, T_forward, T_backward, order):
    plan = pipeline(stages, microbatches, T_forward, T_backward, order)
    assert makespan(plan) == pipeline_time(stages, microbatches, T_forward, T_backward)
    work = microbatches * (T_forward + T_backward)
    assert set(busy(plan).values()) == {work}
    assert 1 - work / makespan(plan) == pytest.approx(pipeline_bubble(stages, microbatches))


@pytest.mark.parametrize(("stages", "microbatches"), [(4, 9), (4, 2), (1, 3), (6, 6)])
def test_one_forward_one_backward_holds_fewer(stages, microbatches):
    """GPipe holds all microbatches; 1F1B no more than stages are left behind it, its own included."""
    plans = {order: pipeline(stages, microbatches, 1.0, 2.0, order) for order in ORDERS}
    for stage in range(stages):
        assert held(plans["gpipe"], stage) == microbatches
        assert held(plans["1f1b"], stage) == min(microbatches, stages - stage)


def test_a_stage_waits_for_the_one_before_and_the_one_behind():
    done = {(i.step, i.chunk): i for i in pipeline(3, 4, 1.0, 2.0)}
    for k in range(4):
        assert done["forward 1", k].start >= done["forward 0", k].end
        assert done["backward 0", k].start >= done["backward 1", k].end
        assert done["backward 2", k].start >= done["forward 2", k].end


def test_every_stage_does_every_microbatch_once_each_way():
    for order in ORDERS:
        steps = program(1, 4, 7, order)
        assert sorted(steps) == sorted((way, k) for way in ("forward", "backward") for k in range(7))


def test_sending_adds_to_the_ends_and_hides_in_the_middle():
    """Each of 3 borders is crossed once on the way in and once out; GPipe hides the rest behind computing."""
    plain, sent = (makespan(pipeline(4, 8, 1.0, 2.0, "gpipe", T_send)) for T_send in (0.0, 0.25))
    assert sent == plain + 2 * 3 * 0.25


# ---- buckets


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), WHOLE, WHOLE)
def test_buckets_take_what_their_closed_form_says(count, T_bucket, T_exchange):
    plan = backward([1] * count, [T_bucket] * count, 1, lambda D_vol: T_exchange)
    assert makespan(plan) == overlapped_time(count, T_bucket, T_exchange)
    assert exposed(plan) == makespan(plan) - count * T_bucket


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), WHOLE), min_size=1, max_size=10), st.integers(1, 30))
def test_overlap_lies_between_the_longer_part_and_the_sum(layers, size):
    gradients, times = (list(column) for column in zip(*layers, strict=True))
    plan = backward(gradients, times, size, float)
    done, moved = sum(times), sum(gradients)
    last = sum(gradients[i] for i in buckets(gradients, size)[-1])
    assert max(done + last, moved + times[0]) <= makespan(plan) <= done + moved
    assert [i for bucket in buckets(gradients, size) for i in bucket] == list(range(len(layers)))


def test_one_bucket_hides_nothing_and_very_many_pay_latencies():
    """100 MB of gradients, 10 ms of backward, 8 chips: the best number lies between one and one for each 25 kB."""
    joined = Link("x", 50e9, 20e-6)

    def exchange(D_vol):
        return all_reduce_time(D_vol, 8, joined)

    counts = [2**k for k in range(13)]
    assert exposed(backward([10**8], [10e-3], 10**8, exchange)) == pytest.approx(exchange(10**8))
    assert 1 < best_count(counts, 10e-3, 10**8, exchange) < 4096


# ---- splits


@pytest.mark.parametrize("chips", [1, 8, 64, 512])
def test_a_split_uses_every_chip_and_divides_the_model(chips):
    for split in splits(LLAMA, chips):
        assert split.chips == chips
        assert LLAMA.sizes.n_kv_heads % split.tensor == LLAMA.sizes.n_layers % split.pipeline == 0
        assert LLAMA.microbatches(split) * split.data == LLAMA.batch


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_chips_together_hold_the_state_once_or_once_a_replica(zero):
    """What ZeRO spreads is held once by all chips, the rest once in each replica; a byte a chip is rounding."""
    job = Job("llama3-8b", batch=64, seq=1024, zero=zero)
    state = training_bytes(build("llama3-8b").params, "bf16")
    spread = ("optimizer", "gradients", "weights")[:zero]
    for split in splits(job, 32):
        held_by_one = chip_memory(job, split).parts
        for part, D_vol in state.items():
            copies = 1 if part in spread else split.data
            assert copies * D_vol <= split.chips * held_by_one[part] <= copies * D_vol + split.chips


def test_a_first_stage_holds_as_many_microbatches_as_there_are_up_to_the_stages():
    """Of 2 microbatches eight stages hold 2 eighths of a model's activations, of 64 all eight."""
    whole = chip_memory(Job("llama3-8b", batch=1, seq=1024), Split()).activations
    few, many = (chip_memory(Job("llama3-8b", n, 1024), Split(pipeline=8)).activations for n in (2, 64))
    assert (few, many) == (-(-whole * 2 // 8), whole)


def test_replicas_whose_chips_span_nodes_sum_over_the_link_across():
    """Four replicas of four chips each are 16 ranks, two nodes, though neither number is above 8."""
    job, state = Job("llama3-8b", batch=64, seq=1024), 2 * build("llama3-8b").params
    step = step_time(job, Split(data=4, tensor=4), H100, *LINKS)
    assert step.gradients == pytest.approx(all_reduce_time(state // 4, 4, LINKS[1]))
    near = step_time(job, Split(data=4, tensor=2), H100, *LINKS)
    assert near.gradients == pytest.approx(all_reduce_time(state // 2, 4, LINKS[0]))


def test_llama_3_70b_trains_on_no_single_node_of_h100():
    """16 B for each of 70.6 G parameters are 1.13 TB; eight H100 have 0.64."""
    job = Job("llama3-70b", batch=16, seq=4096)
    assert 16 * build("llama3-70b").params > 8 * H100.capacity.value
    assert fitting(job, 8, H100) == []
    with pytest.raises(
        ValueError, match=r"llama3-70b over 8 chips needs \d+\.\d GB a chip, H100 has 80.0 GB; \d+ chip"
    ):
        ranked(job, 8, H100, *LINKS)
    assert least_memory(job, 8) > H100.capacity.value


def test_all_splits_compute_as_much_and_wait_by_the_bubble():
    steps = {split: step_time(LLAMA, split, H100, *LINKS) for split in splits(LLAMA, 512)}
    assert len({round(step.compute, 9) for step in steps.values()}) == 1
    for split, step in steps.items():
        along = step.compute + step.tensor + step.sending
        share = step.bubble / (along + step.bubble)
        assert share == pytest.approx(pipeline_bubble(split.pipeline, LLAMA.microbatches(split)))


def test_a_step_by_hand():
    """8 B over 2 x 2: three times the forward FLOP, 2 layers' worth of sums each, gradients of a half over two."""
    job = Job("llama3-8b", batch=4, seq=1024)
    step = step_time(job, Split(2, 2, 1), H100, *LINKS, eta=0.5)
    network = build("llama3-8b", batch=4, precision="bf16", seq=1024)
    assert step.compute == pytest.approx(3 * network.flop / (4 * H100.peak("bf16") * 0.5))
    assert step.tensor == pytest.approx(2 * 32 * 4 * all_reduce_time(1024 * 4096 * 2, 2, LINKS[0]))
    assert step.gradients == all_reduce_time(network.params, 2, LINKS[0])
    assert step.bubble == step.sending == 0
    assert step.total == pytest.approx(sum(asdict(step).values()))


def test_a_tensor_split_across_nodes_is_slow():
    """16 ranks would leave the node; with nodes of 4, eight ranks do, and their sums take the slow link."""
    inside, across = (step_time(LLAMA, Split(8, 8, 8), H100, *LINKS, node=node).tensor for node in (8, 4))
    assert across > 5 * inside


def test_the_soonest_comes_first_and_all_that_are_named_fit():
    rows = ranked(LLAMA, 512, H100, *LINKS)
    totals = [step.total for _, _, step in rows]
    assert totals == sorted(totals)
    assert all(memory.total <= H100.capacity.value for _, memory, _ in rows)
    assert rows[0][0].tensor > 1


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: Job("resnet50", 1, 1), "a model to split is one of gpt2, gpt2-medium, gpt2-large, gpt2-xl, llama3-8b"),
        (lambda: Job("gpt2", 0, 1), "batch must be a whole number of at least 1, got 0"),
        (lambda: Job("gpt2", 1, 1, zero=4), "ZeRO has the stages 0, 1, 2, 3; got 4"),
        (lambda: Split(0), "data must be a whole number of at least 1, got 0"),
        (lambda: splits(LLAMA, 0), "chips must be a whole number of at least 1, got 0"),
        (lambda: LLAMA.microbatches(Split(3)), "a batch of 1024 does not divide into 3 x 1; take 1023"),
        (
            lambda: ranked(LLAMA, 77, H100, *LINKS),
            "no split over 77 chips divides the heads, layers and batch of llama",
        ),
        (lambda: ranked(LLAMA, 77, H100, *LINKS), "; 80 chips do"),
        (lambda: least_memory(LLAMA, 77), "; 80 chips do"),
        (lambda: Job("gpt2", 3, 128, microbatch=2), "a batch of 3 does not divide into 1 x 2; take 4"),
        (lambda: pipeline(2, 0, 1.0, 1.0), "microbatches must be a whole number of at least 1, got 0"),
        (lambda: pipeline(2, 2, 1.0, 1.0, "zigzag"), "order is one of gpipe, 1f1b; got 'zigzag'"),
        (lambda: buckets([], 1), "a backward pass has at least one layer, got none"),
        (lambda: backward([1, 1], [1.0], 1, float), "2 layers of gradients, but times of 1; give one for each layer"),
        (lambda: weak_efficiency(1.0, -1.0), "T_exposed is a time of 0 s or more, got -1.0"),
        (lambda: strong_speedup(1.0, 0, 1.0), "p must be a whole number of at least 1, got 0"),
        (lambda: unscaled_share(9, 8), "give at most as much speed-up; got 8 and 9"),
    ],
)
def test_errors_say_the_way_out(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()
