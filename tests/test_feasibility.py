"""Can you run it: needs by hand, verdicts, cures that are checked again, seven transcripts, and bad input."""

import io
import json
import math
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from labcore.catalogue import A100, CHIPS, H100, MOBILE_NPU, T4, TPU_V5P, V100
from labcore.catalogue.prices import RENT, REPORTED
from labcore.cli import main
from labcore.feasibility.assumptions import Assumptions, link_between
from labcore.feasibility.cures import closest, cures
from labcore.feasibility.duration import duration
from labcore.feasibility.prices import prices
from labcore.feasibility.question import Question
from labcore.feasibility.split import ROW, link_time, per_chip, shard
from labcore.feasibility.verdict import check
from labcore.feasibility.workload import fuse_attention, store_weights, workload
from labcore.interconnect.link import Link
from labcore.interconnect.parallelism import tensor_all_reduces, tensor_payload
from labcore.models.zoo import MODELS, build
from labcore.precision import bytes_per_element
from labcore.report import default_precision
from labcore.roofline import place_network
from tests.onnx_graphs import weight, write, write_resnet50

# Llama 3 70B by hand: 80 blocks of width 8192, 64 + 2 * 8 heads of 128, an MLP of 28,672, and 128,256 words.
QKV, PROJ, MLP, TABLE = 8192 * (64 + 2 * 8) * 128, 8192 * 8192, 8192 * 28_672, 128_256 * 8192
PARAMS_70B = 80 * (QKV + PROJ + 3 * MLP + 2 * 8192) + 2 * TABLE + 8192
CACHE_A_TOKEN_70B = 2 * 80 * 8 * 128 * 2  # keys and values, blocks, key-value heads, width, fp16
FREE = Assumptions(eta_compute=1, eta_memory=1, reserve=0, T_launch=1e-30)


def need(verdict, name):
    return next(one.need for one in verdict.constraints if one.name == name)


def ask(*arguments):
    """The transcript of a command: exit status, stdout, stderr; in this process, which is faster than many."""
    out, error = io.StringIO(), io.StringIO()
    argv = ["labcore", "can-i-run", *map(str, arguments)]
    with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(error):
        try:
            main()
        except SystemExit as done:
            return done.code, out.getvalue(), error.getvalue()
    raise RuntimeError("a command ends with an exit status")


# ---- the parts, against closed forms ----


def test_memory_of_llama_70b_by_hand():
    verdict = check(Question("llama3-70b", H100, context=8192))
    assert verdict.memory.weights == 2 * PARAMS_70B == 141_107_412_992
    assert verdict.memory.kv_cache == CACHE_A_TOKEN_70B * (8192 + 256) == 2_768_240_640  # prompt and answer
    # of the prompt gate, up and their product, and what waits for the addition at the end of the block
    assert verdict.memory.activations == 2 * 8192 * (3 * 28_672 + 8192)
    assert need(verdict, "memory") == verdict.memory.total
    assert verdict.binding.limit == 0.9 * 80e9


def test_with_free_launches_and_full_efficiency_a_pass_is_its_roofline():
    network = build("resnet50", batch=8)
    whole = duration(network.layers, Question("resnet50", A100, batch=8, assumptions=FREE))
    assert pytest.approx(sum(p.T for p in place_network(network, A100, "fp16"))) == whole.T
    assert whole.parts["launch"] == whole.parts["link"] == 0


@given(st.floats(0.05, 1), st.floats(0.05, 1))
@settings(max_examples=20, deadline=None)
def test_no_efficiency_beats_the_roofline_and_no_kernel_its_launch(eta_compute, eta_memory):
    given_ = Assumptions(eta_compute, eta_memory)
    layers = build("mobilenetv2").layers
    T = duration(layers, Question("mobilenetv2", A100, assumptions=given_)).T
    assert T >= duration(layers, Question("mobilenetv2", A100, assumptions=FREE)).T
    assert sum(layer.count for layer in layers) * given_.T_launch * (1 - 1e-12) <= T


def test_fused_attention_keeps_the_work_and_saves_the_scores():
    """Per block the scores are written, read and written by the softmax, and read again: 4 x heads x new x context."""
    eager = build("llama3-8b", phase="prefill", seq=256)
    fused = fuse_attention(eager)
    assert fused.flop == eager.flop
    assert fused.params == eager.params
    assert eager.D_vol - fused.D_vol == 32 * 4 * (32 * 256 * 256 * 2)


def test_stored_weights_halve_the_bytes_of_what_is_trained_alone():
    decode = workload("llama3-70b", context=8).phases["decode"]
    matmuls = 80 * (QKV + PROJ + 3 * MLP) + TABLE + 8192  # the head, and one row of the table
    assert decode.D_vol - store_weights(decode, 0.5).D_vol == pytest.approx(matmuls * 2 / 2)
    assert check(Question("llama3-70b", H100, weights="int4")).memory.weights == PARAMS_70B / 2
    whole, stored = (workload("resnet50", weights=weights).phases["pass"].D_vol for weights in (None, "int8"))
    trained = 23_454_912 + 2048 * 1000  # its 53 convolutions, and the dense layer without its bias
    assert whole - stored == trained
    tied = workload("gpt2").phases["decode"]  # its head has no parameters of its own, and still reads the table
    head = tied.layers[-1].op.reads["B"]
    assert store_weights(tied, 0.25).layers[-1].op.reads["B"] == head / 4


@pytest.mark.parametrize("chips", [2, 4, 8])
def test_a_split_keeps_the_work_of_every_matmul(chips):
    whole = workload("llama3-70b", context=1024).phases["decode"]
    part = shard(whole, chips)
    for one, its in zip(whole.layers, part.layers, strict=True):
        factor = chips if one.op.kind in ("matmul", "attention") or "swiglu" in one.name or "rope" in one.name else 1
        assert its.op.flop * factor == one.op.flop, one.name
        assert one.op.D_vol / factor <= its.op.D_vol <= one.op.D_vol, one.name
    norms = (2 * 80 + 1) * 8192
    assert part.params * chips == whole.params + (chips - 1) * norms


def test_a_split_vocabulary_is_rounded_up():
    decode = workload("gpt2").phases["decode"]
    assert shard(decode, 2).layers[0].params == math.ceil(50_257 * 768 / 2)


def test_time_on_the_links_counts_two_all_reduces_a_block():
    """4 chips, latency alone: doubling takes 2 messages; 2 * 80 + 1 all-reduces, and one message for the logits."""
    decode = shard(workload("llama3-70b").phases["decode"], 4)
    assert link_time(decode, 4, Link("far", BW_one_way=1e30, L_lat=1.0)) == pytest.approx(2 * (2 * 80 + 1) + 1)
    assert link_time(decode, 1, Link("far", 1.0)) == 0
    # bandwidth alone: the ring's 2 * 3/4 of 8192 fp16 numbers is the least, and 3 quarters of the logits arrive
    slow = link_time(decode, 4, Link("slow", BW_one_way=1.0))
    assert slow == pytest.approx(161 * 2 * 3 / 4 * 8192 * 2 + 3 / 4 * 128_256 * 2)


def test_a_batch_is_dealt_out_where_there_is_no_tensor_parallelism():
    alone, four = (check(Question("resnet50", A100, n, batch=8 * n)) for n in (1, 4))
    assert need(four, "latency") == need(alone, "latency")
    assert four.memory == alone.memory
    assert four.batch == 32
    assert need(four, "energy a query") == pytest.approx(need(alone, "energy a query"))


def test_decode_step_of_four_h100_by_hand():
    """Bytes over 0.7 * 3.35 TB/s for the big kernels; 5 us for norms, rotation, attention, additions and SwiGLU.

    Attention reads 8 / 4 heads' cache of 8192 tokens, 8.4 MB, in 3.6 us, which is less than a launch.
    """
    BW = 0.7 * 3.35e12
    weights = (80 * (QKV + PROJ + 3 * MLP) + TABLE) * 2 / 4
    launches = 80 * (2 + 1 + 1 + 2 + 1) + 2  # and the embedding and the last norm
    links = 161 * 2 * (6e-6 + 2 * 8192 / 450e9) + 6e-6
    verdict = check(Question("llama3-70b", H100, 4, context=8192))
    assert need(verdict, "decode step") == pytest.approx(weights / BW + launches * 5e-6 + links, rel=2e-3)
    assert verdict.durations["decode"].binds == "bandwidth"


def test_first_token_of_a_long_prompt_is_its_flop():
    """2 FLOP a parameter and token at half the peak; attention adds 4 * d * context^2 a block.

    Between the matmuls, norms (2 vectors of d each), additions (3), rotation (2 of 64 + 8 heads) and SwiGLU (3 of
    28,672) cross memory at 0.7 of the bandwidth.
    """
    flop = 2 * 80 * (QKV + PROJ + 3 * MLP) * 8192 + 80 * 4 * 8192 * 8192**2
    D_vol = 80 * 8192 * 2 * ((2 + 2 + 3 + 3) * 8192 + 2 * 72 * 128 + 3 * 28_672)
    verdict = check(Question("llama3-70b", H100, context=8192))
    T = flop / (0.5 * 989e12) + D_vol / (0.7 * 3.35e12)
    assert need(verdict, "first token") == pytest.approx(T, rel=2e-3)
    assert verdict.durations["prefill"].binds == "compute"


def test_energy_of_a_query_is_power_times_prefill_and_its_share_of_the_steps():
    verdict = check(Question("llama3-8b", A100, 2, batch=4, context=1024, answer=101))
    T = verdict.durations["prefill"].T + 100 * need(verdict, "decode step") / 4
    assert need(verdict, "energy a query") == pytest.approx(2 * 400 * T)
    assert need(verdict, "power") == 800


def test_an_answer_is_held_and_read_like_the_prompt():
    """At the last token nothing tells prompt from answer; before the first there is no answer yet."""
    short, long = (Question("llama3-8b", A100, batch=51, context=8192, answer=n) for n in (256, 8192))
    cache = 2 * 32 * 8 * 128 * 2
    assert check(long).memory.kv_cache - check(short).memory.kv_cache == 51 * (8192 - 256) * cache
    assert not check(long).ok
    same = replace(long, context=8192 + 256, answer=8192 - 256)
    assert check(same).durations["decode"] == check(long).durations["decode"]
    assert check(short).durations["prefill"] == check(long).durations["prefill"]


def test_the_last_of_a_batch_waits_for_every_prompt():
    """51 prompts of about a second each, one after another; one second for the first token is a no."""
    alone, queue = (check(Question("llama3-8b", A100, batch=n, context=8192, target_first=1.0)) for n in (1, 51))
    assert need(queue, "first token") == pytest.approx(51 * need(alone, "first token"))
    assert need(alone, "first token") <= 1 < need(queue, "first token")
    assert [one.largest for one in (alone.constraints[1], queue.constraints[1])] == [
        "compute", "compute, last of 51 prompts",
    ]  # fmt: skip


@given(st.sampled_from(["gpt2", "llama3-8b", "llama3-70b"]), st.integers(1, 64), st.integers(2, 1024 - 256))
@settings(max_examples=15, deadline=None)
def test_less_asked_never_needs_more(model, batch, context):
    """Memory and time of a step fall with the batch, the context, the bits and, for memory, the chips."""
    q = Question(model, H100, batch=batch + 1, context=context)
    more = check(q)
    for less in (replace(q, batch=batch), replace(q, context=context - 1), replace(q, weights="int8")):
        for name in ("memory", "decode step"):
            assert need(check(less), name) <= need(more, name)
    assert need(check(replace(q, chips=2)), "memory") < need(more, "memory")


def test_the_margin_is_limit_over_need_and_the_least_one_binds():
    money = {"max_price": 20_000, "max_rent": 2.5}
    verdict = check(Question("resnet50", A100, batch=32, target=0.01, max_power=500, max_energy=1.0, **money))
    limits = {"memory": 72e9, "latency": 0.01, "power": 500, "energy a query": 1.0, "price": 20_000,
              "rent an hour": 2.5, "a million queries": math.inf}  # fmt: skip
    assert [one.name for one in verdict.constraints] == list(limits)
    for one in verdict.constraints:
        assert one.margin == pytest.approx(limits[one.name] / one.need)
        assert one.met == (one.margin >= 1)
    assert verdict.binding.margin == min(one.margin for one in verdict.constraints)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_asked_of_chips_of_all_years(model):
    for chip in (T4, *CHIPS[::4]):
        precision = default_precision(chip)
        verdict = check(Question(model, chip, precision=precision))
        assert verdict.memory.weights == build(model, precision=precision).params * bytes_per_element(precision)
        assert all(0 < one.need < math.inf for one in verdict.constraints)
        assert chip is not T4 or verdict.ok or cures(verdict.question)


# ---- cures ----

TIGHT = [
    Question("llama3-70b", H100, context=8192),
    Question("llama3-8b", A100, batch=64, context=8192),
    Question("llama3-8b", A100, target=0.010),
    Question("resnet50", T4, batch=32, target=0.005),
    Question("llama3-70b", T4, context=2048, target=0.02),
]


@pytest.mark.parametrize("question", TIGHT, ids=lambda q: f"{q.model} on {q.chip.name}")
def test_every_cure_does_when_it_is_asked_again(question):
    found = cures(question)
    assert not check(question).ok
    assert found
    assert all(check(cure.verdict.question).ok for cure in found)
    assert [cure.cost for cure in found] == sorted(cure.cost for cure in found)


@pytest.mark.parametrize(("name", "field"), [("smaller batch", "batch"), ("shorter context", "context")])
def test_the_step_is_the_least_that_does(name, field):
    for start in (getattr(TIGHT[1], field), getattr(TIGHT[1], field) - 1):
        question = replace(TIGHT[1], **{field: start})
        (cure,) = [one for one in cures(question) if one.changed == (name,)]
        value = getattr(cure.verdict.question, field)
        assert not check(replace(question, **{field: value + 1})).ok


def test_a_batch_that_is_fast_enough_may_be_too_small_for_the_energy():
    """The step limits the batch from above, the energy of a query from below: few batches lie between."""
    question = Question("llama3-8b", H100, batch=64, context=2048)

    def at(batch, name):
        return need(check(replace(question, batch=batch)), name)

    for least in (44, 57, 58):  # a search by halving tries 32 first, which is on the wrong side
        limited = replace(question, target=at(57, "decode step"), max_energy=at(least, "energy a query"))
        found = [one.verdict.batch for one in cures(limited) if one.changed == ("smaller batch",)]
        assert found == ([57] if least <= 57 else [])


def test_the_batch_that_fits_by_hand():
    """0.9 * 80 GB less weights and the prompt's activations, over a cache of 8192 + 256 tokens of 128 KiB each."""
    room = 0.9 * 80e9 - 2 * 8_030_261_248 - 2 * 8192 * (3 * 14_336 + 4096)
    (cure,) = [one for one in cures(TIGHT[1]) if one.changed == ("smaller batch",)]
    assert cure.verdict.batch == room // (2 * 32 * 8 * 128 * 2 * (8192 + 256)) == 49
    assert cure.words == "batch 49"


def test_what_needs_no_hardware_comes_first_then_the_least_price_then_the_least_energy():
    found = cures(TIGHT[0])
    assert [one.words for one in found][:3] == [
        "int4 weights", "1 x B200, fp16", "4 x H100",  # int8 leaves 70.6 + 3.6 GB: no
    ]  # fmt: skip
    assert [one.price for one in found[1:3]] == [40_000, 4 * 30_000]
    hardware = [(one.price, one.energy) for one in found[1:]]
    assert hardware == sorted(hardware)
    assert math.isinf(hardware[-1][0])  # an MI300X holds it too, and nobody says what it costs


# ---- money ----


def test_price_and_rent_are_those_of_all_chips_at_the_higher_end():
    """TechSpot has 25,000 to 30,000 USD for an H100, pricegpu 2.49 to 3.99 an hour."""
    verdict = check(Question("llama3-70b", H100, 4, context=8192, answer=101))
    assert need(verdict, "price") == 4 * 30_000
    assert need(verdict, "rent an hour") == pytest.approx(4 * 3.99)
    T = need(verdict, "first token") + 100 * need(verdict, "decode step")
    assert need(verdict, "a million tokens written") == pytest.approx(1e6 / 101 * T * 4 * 3.99 / 3600)


def test_a_million_queries_of_a_batch():
    """2.49 USD an hour, for the seconds that 32 images take, over 32."""
    verdict = check(Question("resnet50", A100, batch=32))
    assert need(verdict, "a million queries") == pytest.approx(1e6 / 32 * need(verdict, "latency") * 2.49 / 3600)


@pytest.mark.parametrize(("limit", "met"), [(240_000, True), (239_999, False)])
def test_a_limit_of_money_is_held_like_any_other(limit, met):
    verdict = check(Question("llama3-70b", H100, 8, max_price=limit))
    assert verdict.ok is met
    assert verdict.binding.name == "price"


def test_fewer_chips_are_the_fewest_that_do():
    """150,000 USD buy five H100, so four of the counts that divide the heads; two do not hold 141 GB, one 35 GB."""
    question = Question("llama3-70b", H100, 8, context=8192, max_price=150_000)
    first, *others = cures(question)
    assert (first.words, first.price) == ("4 x H100", 120_000)
    assert {one.verdict.question.chip.name for one in others} <= set(REPORTED)
    first = cures(replace(question, weights="int4"))[0]
    assert (first.words, first.price) == ("1 x H100", 30_000)


def test_a_chip_for_less_money_than_any_fewer_of_these_buy():
    """No H100 is to be had for 20,000 USD; two Gaudi 2 are 8,125 each, two A100 10,000."""
    found = cures(Question("llama3-70b", H100, 2, context=1024, weights="int4", max_price=20_000))
    assert [(one.words, one.price) for one in found] == [
        ("2 x Gaudi 2, bf16", 2 * 65_000 / 8), ("2 x A100, fp16", 20_000),
    ]  # fmt: skip


def test_under_a_limit_of_rent_money_is_counted_by_the_hour():
    """Of the chips with a rent one A100 runs Llama 3 8B for less than an H100, and so does a TPU v4, in bf16.

    A T4 costs less still, and its 14.4 GB do not hold 16.1 GB of weights.
    """
    found = cures(Question("llama3-8b", H100, max_rent=3.5))
    assert [(one.words, one.price) for one in found] == [("1 x A100, fp16", 2.49), ("1 x TPU v4, bf16", 3.22)]
    status, out, _ = ask("llama3-8b", "--on", "H100", "--max-rent", 3)
    assert status == 1
    assert re.search(r"would do: 1 x A100, fp16 \(margin 1\.2x, .*, 2\.49 USD an hour in 2026\)", out)


@pytest.mark.parametrize(
    ("chip", "kind", "limit", "row"), [(T4, "price", "max_price", "price"), (V100, "rent", "max_rent", "rent an hour")]
)
def test_an_unknown_price_is_neither_met_nor_missed(chip, kind, limit, row):
    words = rf"^no {kind} of {chip.name} is known to hold against a limit; leave that out, or take one of"
    with pytest.raises(ValueError, match=words):
        Question("resnet50", chip, **{limit: 1e9})
    assert row not in {one.name for one in check(Question("resnet50", chip)).constraints}


def test_every_price_is_of_a_chip_in_the_catalogue():
    names = {one.name for one in CHIPS}
    assert set(REPORTED) <= names
    assert {name for name in RENT if " at " not in name} <= names
    assert [list(prices(chip)) for chip in (V100, A100, T4, TPU_V5P)] == [["price"], ["price", "rent"], ["rent"], []]


def test_the_two_ways_to_split_a_decoder_count_the_same_all_reduces():
    """`interconnect.parallelism` by formula, `split` layer by layer; the embedding's comes on top."""
    layers = workload("llama3-70b").phases["decode"].layers
    assert sum(layer.count for layer in layers if layer.name in ROW) == tensor_all_reduces(80, training=False)
    assert {sum(one.op.writes.values()) for one in layers if one.name in ROW} == {tensor_payload(1, 8192)}


def test_pairs_are_tried_where_no_change_alone_does():
    hard = Question("llama3-70b", T4, context=2048, target=0.012)
    found = cures(hard)
    assert found
    assert {len(one.changed) for one in found} == {2}
    assert "1 x B200, int4 weights, fp16" in [one.words for one in found]  # 35.3 GB at 0.7 * 7.7 TB/s are 6.5 ms
    assert all(one.verdict.ok for one in found)


def test_pairs_without_new_hardware_come_before_new_hardware():
    """Half of the chips halves the rent, and half of the bits lets the weights fit: 70.6 / 2 GB on each of two."""
    asked = Question("llama3-70b", H100, 4, batch=16, context=8192, max_rent=10)
    first, *others = cures(asked)
    assert (first.words, first.changed) == ("2 x H100, int8 weights", ("fewer bits", "fewer chips"))
    assert need(first.verdict, "rent an hour") == pytest.approx(2 * 3.99)
    assert [one.hardware for one in others] == sorted(one.hardware for one in others)
    assert others[-1].words == "4 x A100, fp16"


def test_a_smaller_batch_comes_before_fewer_bits():
    found = cures(Question("resnet50", T4, batch=256, target=0.1))
    assert [one.changed for one in found[:2]] == [("smaller batch",), ("fewer bits",)]


def test_a_context_is_cut_to_an_eighth_at_most():
    """8B with int4 weights leaves a T4 10 GB for the cache: of 131,071 tokens a cut does, for 96 chats of 8192 none."""
    q = Question("llama3-8b", T4, weights="int4", answer=1)

    def contexts(question):
        return [one.verdict.context for one in cures(question) if one.changed == ("shorter context",)]

    (found,) = contexts(replace(q, context=131_071))
    assert 131_071 / 8 <= found < 131_071
    assert check(replace(q, context=512, batch=96)).ok  # a sixteenth would do
    assert contexts(replace(q, context=8192, batch=96)) == []


def test_nothing_would_do_and_what_comes_nearest():
    impossible = Question("llama3-70b", H100, target=1e-6)
    assert cures(impossible) == []
    assert closest(impossible).binding.margin >= check(impossible).binding.margin
    assert not closest(impossible).ok
    status, out, _ = ask("resnet50", "--on", "Mobile NPU", "--precision", "int8", "--max-power", 4)
    assert status == 1  # 5 W, and every other chip draws more
    assert "Nothing would do: no single change and no pair of those that were tried, and none comes nearer" in out


def test_of_two_pairs_at_one_price_the_milder_comes_first():
    """3 USD rent one A100, which holds 70B in int4 alone: weights in int4 before everything in int4."""
    found = cures(Question("llama3-70b", A100, 4, context=8192, max_rent=3.0))
    assert [one.words for one in found[:2]] == ["1 x A100, int4 weights", "1 x A100, int4 throughout"]
    assert found[0].energy > found[1].energy


def test_a_chip_without_published_power_is_no_cure_under_a_limit_of_power():
    names = {one.verdict.question.chip.name for one in cures(Question("llama3-70b", H100, max_power=100_000))}
    assert names
    assert "TPU v5p" not in names


def test_two_gpus_on_a_board_and_teaching_machines_are_not_offered():
    names = {one.verdict.question.chip.name for one in cures(Question("llama3-8b", V100, max_power=299))}
    assert names.isdisjoint({"K80-board", "Reference CPU", "Mobile NPU"})


# ---- seven transcripts, checked by hand ----


def test_transcript_weights_do_not_fit():
    status, out, _ = ask("llama3-70b", "--on", "H100", "--context", 8192)
    # 141.107 + 2.768 + 1.544 GB = 145.419; 72 / 145.419 = 0.495
    assert status == 1
    assert "NO: memory binds (weights), margin 0.495x: 145.4 GB needed, 72 GB allowed" in out
    assert "Cheapest change that would do: int4 weights (margin 1.82x" in out  # 72 / (35.28 + 2.77 + 1.54)
    assert "- 10% of the memory is kept back" in out


def test_transcript_many_chips():
    status, out, _ = ask("llama3-70b", "--on", "h100", "--chips", 4, "--context", 8192, "--target-latency", 25)
    # 72 / (141.1 / 4 + 2.768 / 4 + 0.503) = 1.97; the step takes 19.58 ms: 25 / 19.58 = 1.28
    assert status == 0
    assert "YES: decode step binds (bandwidth), margin 1.28x: 19.58 ms needed, 25 ms allowed" in out
    assert "tensor parallelism over NVLink 4, 450 GB/s one way and 6 us a message" in out


def test_transcript_the_cache_does_not_fit():
    status, out, _ = ask("llama3-8b", "--on", "A100", "--batch", 64, "--context", 8192)
    # 64 * (8192 + 256) * 128 KiB = 70.87 GB beside 16.06 of weights and 0.77 of activations
    assert status == 1
    assert "NO: memory binds (KV cache), margin 0.821x: 87.7 GB needed, 72 GB allowed" in out
    assert "KV cache 70.87 GB" in out
    assert "Cheapest change that would do: batch 49" in out
    assert "or int8 throughout" in out


def test_transcript_latency_missed():
    status, out, _ = ask("llama3-8b", "--on", "A100", "--target-latency", 10)
    # (8.03 G - 0.525 G of the table) * 2 B / (0.7 * 2.039 TB/s) = 10.5 ms, and launches
    assert status == 1
    assert "NO: decode step binds (bandwidth), margin 0.8" in out
    assert "Cheapest change that would do: int8 weights" in out


def test_transcript_an_onnx_file_on_the_edge(tmp_path):
    file = write_resnet50(tmp_path / "net.onnx", batch="n") or tmp_path / "net.onnx"
    options = ["--on", "Mobile NPU", "--batch", 1, "--precision", "int8", "--target-latency", 33, "--json"]
    (status, ours, _), (same, theirs, _) = ask("resnet50", *options), ask(file, *options)
    assert status == same == 0
    ours, theirs = json.loads(ours), json.loads(theirs)
    assert theirs["constraints"] == ours["constraints"]
    assert theirs["memory"]["weights"] == 25_557_032  # ResNet-50's parameters, a byte each
    assert theirs["constraints"][2]["need"] == 5  # W


def block(path, batch="n", unknown=False):
    """(batch, length, 64) -> the same: a product, and behind it a ReLU or an operator that nobody knows."""
    last = helper.make_node("Magic", ["h"], ["y"], domain="com.example") if unknown else helper.make_node(
        "Relu", ["h"], ["y"])  # fmt: skip
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), last]
    end = (batch, "length", 64)
    return write(path, nodes, [("x", end)], [("y", end)], [weight("w", 64, 64)], domains=[("com.example", 1)])


def test_an_open_length_is_fixed_as_in_roofline(tmp_path):
    file = block(tmp_path / "block.onnx")
    status, _, error = ask(file, "--on", "T4", "--batch", 2)
    assert status == 2
    assert "fix them with --shape x=2,128,64" in error
    status, out, _ = ask(file, "--on", "T4", "--shape", "x=6,128,64", "--json")
    found = json.loads(out)
    assert (status, found["batch"]) == (0, 6)
    assert found["memory"]["activations"] == 2 * 6 * 128 * 64 * 2
    assert ask("resnet50", "--on", "T4", "--shape", "x=1,2")[0] == 2


def test_a_smaller_batch_of_a_given_shape_keeps_its_length(tmp_path):
    question = Question(str(block(tmp_path / "block.onnx")), T4, shapes=("x=16384,4096,64",))
    (cure,) = [one for one in cures(question) if one.changed == ("smaller batch",)]
    each = 2 * 4096 * 64 * 2
    assert cure.verdict.batch == (0.9 * 16e9 - 2 * 64 * 64) // each
    assert cure.verdict.memory.activations == cure.verdict.batch * each
    assert check(replace(question, chips=4)).memory.activations == 4096 * each


def test_a_yes_says_what_it_does_without(tmp_path):
    file = block(tmp_path / "block.onnx", unknown=True)
    status, out, _ = ask(file, "--on", "T4", "--shape", "x=1,8,64")
    assert status == 0
    assert "YES, but for 1 operator that is not counted: memory is the only limit (weights), margin" in out
    assert "NOT COUNTED, unknown operators: com.example.Magic y; every need is too low by them" in out
    found = json.loads(ask(file, "--on", "T4", "--shape", "x=1,8,64", "--json")[1])
    assert (found["ok"], found["unknown"]) == (None, ["com.example.Magic y"])
    missed = json.loads(ask(file, "--on", "T4", "--shape", "x=1,8,64", "--max-power", 10, "--json")[1])
    assert missed["ok"] is False


def test_brief_leaves_the_assumptions_out():
    whole, brief = (ask("resnet50", "--on", "T4", *option)[1] for option in ((), ("--brief",)))
    assert whole.startswith(brief.rstrip("\n"))
    assert whole[len(brief.rstrip("\n")) :].startswith("\n\nAssumptions\n- ")
    assert brief.startswith("resnet50 in fp16, batch 1, on 1 x T4\n")


def test_transcript_a_precision_that_the_chip_lacks():
    status, out, error = ask("llama3-8b", "--on", "A100", "--precision", "fp8")
    assert (status, out) == (2, "")
    assert error == "labcore: A100 has no fp8 peak; it has fp64, fp32, tf32, fp16, bf16, int8, int4\n"


def test_transcript_nothing_would_do():
    status, out, _ = ask("llama3-70b", "--on", "H100", "--target-latency", 0.001)
    assert status == 1
    assert "Nothing would do: no single change and no pair of those that were tried; nearest comes" in out


def test_transcript_too_dear():
    status, out, _ = ask("llama3-70b", "--on", "H100", "--chips", 8, "--context", 8192, "--max-price", 150_000)
    # 8 * 30,000 USD; 150 / 240 = 0.625
    assert status == 1
    assert "NO: price binds, margin 0.625x: 240,000 USD needed, 150,000 USD allowed" in out
    assert "Cheapest change that would do: 4 x H100 (margin 1.25x" in out
    assert "- one H100 costs 25,000 to 30,000 USD to buy" in out
    assert "TechSpot" in out


def test_transcript_rent_that_nobody_has_said():
    status, out, error = ask("resnet50", "--on", "V100", "--max-rent", 1)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "take one of A100 (1.49 to 2.49 USD), H100 (2.49 to 3.99 USD), TPU v4 (3.22 USD), T4" in error


def test_what_nobody_has_said_stands_in_the_report():
    status, out, _ = ask("resnet50", "--on", "TPU v5p")
    assert status == 0
    assert len(re.findall(r"(price|rent an hour) +│ +not known", out)) == 2
    assert "- no price is known of TPU v5p, so none is counted" in out
    status, out, _ = ask("resnet50", "--on", "V100", "--json")
    assert json.loads(out)["unpriced"] == ["rent"]


def test_json_is_all_that_is_printed_and_holds_every_cure():
    status, out, error = ask("llama3-70b", "--on", "H100", "--context", 8192, "--json")
    report = json.loads(out)
    assert (status, error) == (1, "")
    assert report["ok"] is False
    assert [one["met"] for one in report["constraints"][:2]] == [False, None]
    assert (report["binding"], report["constraints"][1]["limit"]) == ("memory", None)
    assert [cure["change"] for cure in report["cures"]] == [one.words for one in cures(TIGHT[0])]
    assert sum(report["memory"].values()) == pytest.approx(report["constraints"][0]["need"])


# ---- bad input ----


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["llama3-71b", "--on", "H100"], "did you mean llama3-70b?"),
        (["llama3-70b", "--on", "H1000"], "the nearest names are H100"),
        (["llama3-70b", "--on", "H100", "--chips", "0"], "chips must be a whole number of at least 1, got 0"),
        (
            ["llama3-70b", "--on", "H100", "--target-latency", "-5"],
            "--target-latency must be finite and above 0, got -5 ms; leave it out for no limit",
        ),
        (
            ["llama3-70b", "--on", "H100", "--chips", "3"],
            "3 chips do not divide the 8 key-value heads of llama3-70b; take as many chips as one of 1, 2, 4, 8",
        ),
        (["llama3-70b"], "Missing option '--on'"),
        (["resnet50", "--on", "T4", "--answer", "9"], "resnet50 writes no tokens; leave --answer out"),
        (["no/such.onnx", "--on", "T4"], "no/such.onnx"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_status_2(arguments, words):
    status, out, error = ask(*arguments)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert words in error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "resnet50", "context": 8}, "resnet50 has no option context"),
        (
            {"model": "resnet50", "batch": 3, "chips": 2},
            "2 chips do not divide a batch of 3 of resnet50; take as many chips as one of 1, 3",
        ),
        ({"model": "resnet50", "target_first": 1.0}, "resnet50 writes no tokens"),
        (
            {"context": 131_072, "answer": 1},
            "context=131072 and answer=1 are 131073 tokens, beyond the 131072 positions of llama3-8b",
        ),
        ({"context": 200_000}, "context=200000 is beyond the 131072 positions of llama3-8b; take 131072 or less"),
        ({"batch": 0}, "batch must be a whole number of at least 1, got 0"),
        ({"answer": 0}, "answer must be a whole number of at least 1, got 0"),
        ({"target": math.nan}, "target must be finite and above 0, got nan s"),
        ({"weights": "fp16"}, "weights in fp16 are no smaller than fp16; leave weights out"),
        ({"weights": "int3"}, "precision 'int3' is not known"),
        ({"chip": TPU_V5P, "precision": "bf16", "max_power": 9.0}, "TPU v5p has no published power"),
        ({"chip": MOBILE_NPU, "chips": 2}, "Mobile NPU is built into a device"),
        ({"max_price": 0}, "max_price must be finite and above 0, got 0 USD"),
        ({"max_rent": -1.0}, "max_rent must be finite and above 0, got -1.0 USD"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_makes_no_sense_is_said(options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check(Question(**{"model": "llama3-8b", "chip": A100} | options))


@pytest.mark.parametrize("options", [{"eta_compute": 1.1}, {"eta_memory": 0}, {"reserve": 1.0}, {"T_launch": -1}])
def test_assumptions_are_shares(options):
    with pytest.raises(ValueError, match=r"shares of a peak|must be a finite number above 0"):
        Assumptions(**options)


def test_every_chip_that_can_be_joined_has_a_link():
    joined = [one for one in CHIPS if one.kind != "NPU"]
    assert all(link_between(one, 2).BW_one_way > 0 for one in joined)
    assert link_between(A100, 8).name == "NVLink 3"


def test_a_file_that_is_written_anew_is_read_anew(tmp_path):
    file = tmp_path / "net.onnx"
    for batch in (1, 4):
        write_resnet50(file, batch=batch)
        os.utime(file, ns=(batch, batch))
        assert check(Question(str(file), A100)).batch == batch


def test_a_part_of_several_chips_is_no_larger_than_the_whole():
    whole, part = (per_chip(Question("llama3-8b", A100, n, batch=8)) for n in (1, 8))
    assert part.kv_cache * 8 == whole.kv_cache
