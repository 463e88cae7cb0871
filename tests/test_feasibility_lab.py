"""What lab 20 rests on besides its claims: its seven questions by hand, figures, explorers, the port, the felt rule."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100, CHIPS, H100, MOBILE_NPU, T4
from labcore.explore import cache_room, can_run
from labcore.feasibility.assumptions import Assumptions
from labcore.feasibility.cures import cures
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check
from labcore.kernels import portable
from labcore.kernels import served as served_kernel
from labcore.kernels.race import Race
from labcore.kernels.served import Served, forward, serve
from labcore.models.doorbell import save_doorbell
from labcore.plots import fallacies, feasibility
from labcore.plots.registry import find
from labcore.plots.served_felt import FELT, ruled
from labcore.plots.words import rows

# Llama 3 8B by hand: 32 blocks of width 4096, 32 + 2 * 8 heads of 128, an MLP of 14,336, and 128,256 words.
BLOCK_8B = 4096 * (32 + 16) * 128 + 4096**2 + 3 * 4096 * 14_336
TABLE_8B = 128_256 * 4096
PARAMS_8B = 32 * (BLOCK_8B + 2 * 4096) + 2 * TABLE_8B + 4096
CHAT_8B = 2 * 32 * 8 * 128 * 2 * (8192 + 256)  # bytes of the cache of prompt and answer
LIVE_8B = 2 * 8192 * (3 * 14_336 + 4096)  # gate, up and their product of the prompt, and what the addition waits for
BLOCK_70B = 8192 * (64 + 16) * 128 + 8192**2 + 3 * 8192 * 28_672
TABLE_70B = 128_256 * 8192


def need(verdict, name):
    return next(one.need for one in verdict.constraints if one.name == name)


# ---- the seven questions; what tests/test_feasibility.py derives is not derived again


def test_first_and_second_int4_weights_leave_cache_and_launches_as_they_were():
    """A step reads every matrix and the cache; in int4 the matrices shrink fourfold, the rest not at all."""
    whole, int4 = (check(Question("llama3-70b", H100, context=8192, weights=w)) for w in (None, "int4"))
    matrices = 2 * (80 * BLOCK_70B + TABLE_70B)
    saved = need(whole, "decode step") - need(int4, "decode step")
    assert saved == pytest.approx(0.75 * matrices / (0.7 * 3.35e12), rel=2e-3)
    assert need(whole, "memory") - need(int4, "memory") == 0.75 * whole.memory.weights
    assert need(whole, "memory") / 72e9 == pytest.approx(2.02, abs=0.005)
    assert 1e3 * need(int4, "decode step") == pytest.approx(18.4, abs=0.05)


def test_third_the_chats_that_fit_by_format():
    """Of 72 GB: weights, the prompt's activations, then whole chats; weights in int4 are a quarter, int8 halves all."""
    for form, weights, chat, live in (
        ("16-bit", 2, CHAT_8B, LIVE_8B), ("int8 weights", 1, CHAT_8B, LIVE_8B), ("int4 weights", 0.5, CHAT_8B, LIVE_8B),
        ("int8 throughout", 1, CHAT_8B / 2, LIVE_8B / 2),
    ):  # fmt: skip
        by_hand = (72e9 - weights * PARAMS_8B - live) // chat
        assert cache_room.most("llama3-8b", "A100", form, 8192) == by_hand
    assert (72e9 - 2 * PARAMS_8B - LIVE_8B) // CHAT_8B == 49
    for reserve, chats in ((0, 57), (0.1, 49), (0.2, 42)):
        asked = Question("llama3-8b", A100, batch=64, context=8192, assumptions=Assumptions(reserve=reserve))
        (cure,) = [one for one in cures(asked) if one.changed == ("smaller batch",)]
        assert cure.verdict.batch == chats == ((1 - reserve) * 80e9 - 2 * PARAMS_8B - LIVE_8B) // CHAT_8B


def test_fourth_tokens_a_second_of_one_chat():
    """Matrices over 0.7 * 2.039 TB/s, and 5 us for each kernel that is over sooner: 7 a block and two at the ends."""
    matrices = 2 * (32 * BLOCK_8B + TABLE_8B) / (0.7 * 2.039e12)
    T = need(check(Question("llama3-8b", A100)), "decode step")
    assert pytest.approx(matrices + (32 * 7 + 2) * 5e-6, rel=2e-3) == T
    assert pytest.approx(85.8, abs=0.1) == 1 / T


def test_fifth_four_chips_are_less_than_four_times_as_fast():
    """A quarter of the matrices; 2 * 80 + 1 sums and as many small kernels as before."""
    one, four = (check(Question("llama3-70b", H100, n, context=8192)) for n in (1, 4))
    gain = need(one, "decode step") / need(four, "decode step")
    quarter = 2 * (80 * BLOCK_70B + TABLE_70B) / 4 / (0.7 * 3.35e12)
    assert quarter < need(four, "decode step") < 4 * quarter
    assert gain == pytest.approx(3.21, abs=0.005)


def test_sixth_a_small_network_on_the_edge_is_all_launches(tmp_path):
    """Convolution, ReLU, three times, pooling, a product: 8 kernels of 5 us, whose bytes take less than that."""
    file = save_doorbell(tmp_path)
    verdict = check(Question(str(file), MOBILE_NPU, precision="int8", target=0.033))
    run = verdict.durations["pass"]
    assert run.parts["launch"] == run.T == pytest.approx(8 * 5e-6)
    assert verdict.memory.weights == 27 * 16 + 144 * 32 + 288 * 64 + 64 * 2  # a byte each
    assert verdict.memory.activations == 2 * 16 * 64 * 64  # before and after the first ReLU


def test_seventh_who_computes_in_fp8():
    """Hopper and its kin, CDNA 3, Gaudi 2, Blackwell: nobody before 2022."""
    fp8 = [chip for chip in CHIPS if "fp8" in chip.precisions]
    assert len(fp8) == 7
    assert min(chip.year.value for chip in fp8) == 2022
    with pytest.raises(ValueError, match=re.escape("A100 has no fp8 peak; it has fp64, fp32, tf32")):
        Question("llama3-8b", A100, precision="fp8")


def test_where_the_verdict_turns():
    """A part of the time goes with 1 / eta, the rest stays: eta turns where part * eta_0 / eta + rest = limit."""
    four = {"model": "llama3-70b", "chip": H100, "chips": 4, "context": 8192, "target": 0.020, "target_first": 1.0}
    durations = check(Question(**four)).durations
    for name, phase, part, eta, limit in (
        ("eta_memory", "decode", "bandwidth", 0.7, 0.020), ("eta_compute", "prefill", "compute", 0.5, 1.0),
    ):  # fmt: skip
        moves = durations[phase].parts[part]
        turn = moves * eta / (limit - durations[phase].T + moves)
        for factor, ok in ((1.01, True), (0.99, False)):
            assert check(Question(**four, assumptions=Assumptions(**{name: factor * turn}))).ok is ok


# ---- figures


def test_the_map_says_what_the_tool_says():
    for r in rows(find("can-it-run").table()):
        chip = next(one for one in feasibility.CHIPS if one.name == r["chip"])
        asked = {"context": 8192, "precision": feasibility.sixteen_bits(chip), "weights": r["weights"] or None,
                 "target": 0.05}  # fmt: skip
        assert (r["least"] == 1) == check(Question(r["model"], chip, **asked)).ok == (not r["binds"])
        if r["least"] > 1:
            assert check(Question(r["model"], chip, r["least"], **asked)).ok
            assert not check(Question(r["model"], chip, r["least"] // 2, **asked)).ok


def test_the_budget_is_of_what_a_chip_holds():
    table = {r["case"]: r for r in rows(find("memory-budget").table())}
    one, four = table["70B on an H100"], table["70B on each of four H100"]
    assert one["usable"] == four["usable"] == 72e9
    assert four["KV cache"] * 4 == one["KV cache"]
    full, less = table["8B on an A100, batch 64"], table["8B on an A100, batch 49"]
    assert full["KV cache"] - less["KV cache"] == 15 * CHAT_8B
    assert sum(less[part] for part in feasibility.HELD) <= 72e9 < sum(full[part] for part in feasibility.HELD)


def test_the_eight_cases_by_hand():
    by = {r["case"][0]: r for r in rows(find("eight-cases").table())}
    assert (by["1"]["low"], by["1"]["high"]) == (pytest.approx(2 * 2.039), pytest.approx(5 * 2.039))
    assert by["2"]["low"] == 1.5 * 2
    assert by["3"]["low"] == pytest.approx(8 * 50 / (50 + 1000 / 300 * 7 / 4))
    assert by["5"]["low"] / by["5"]["believed"] == pytest.approx(989 / 67)
    assert by["6"]["low"] == pytest.approx(2.039 * 2048 / (2048 + 2))  # 2 d^2 FLOP over 2 (d^2 + 2 d) bytes
    assert (by["7"]["low"], by["8"]["low"]) == (4, 1)


def test_no_network_keeps_more_by_the_rule_than_by_the_roofline():
    for r in rows(find("sustained-share").table()):
        if r["roofline"] != "":
            assert 0 < r["ruled"] < r["roofline"] <= 100
            assert r["ruled"] <= 50
        else:
            assert 0 < r["low"] <= r["high"] < 100
    assert fallacies.share_of_peak(A100, "Llama 3 8B, decoding, batch 1", fallacies.FREE) < 0.01


# ---- explorers


def test_the_explorer_asks_the_tool():
    found = can_run.ask("llama3-70b", "H100", "4", "16-bit", 1, 8192, 50, 4096)
    same = check(Question("llama3-70b", H100, 4, context=8192, target=0.05, max_power=4096))
    assert found.constraints == same.constraints
    assert found.ok


@pytest.mark.parametrize(
    ("changed", "ok"),
    [({}, False), ({"form": "int8 weights"}, False), ({"form": "int4 weights"}, True),
     ({"form": "int8 throughout"}, False),
     ({"chips": "2"}, False), ({"chips": "4"}, True), ({"chips": "8"}, False),
     ({"chip": "B200"}, True), ({"chip": "MI300X"}, True), ({"chip": "MI325X"}, True), ({"chip": "H200"}, False)],
)  # fmt: skip
def test_what_the_lab_says_is_to_be_found(changed, ok):
    start = {"model": "llama3-70b", "chip": "H100", "chips": "1", "form": "16-bit", "batch": 1, "context": 8192,
             "target": 50, "power": 4096}  # fmt: skip
    assert can_run.ask(**start | changed).ok is ok


def test_the_cure_stands_in_the_sentence_when_it_is_asked_for():
    asked = ("llama3-8b", "A100", "1", "16-bit", 64, 8192, 50, 4096)
    assert can_run.describe(*asked, "asked").endswith("cheapest change that would do: batch 49")
    assert can_run.describe(*asked, "not asked").endswith("a cure is not asked for")
    assert can_run.describe("llama3-8b", "A100", "1", "16-bit", 1, 8192, 50, 4096, "asked").endswith(
        "no change is needed"
    )


def test_what_cannot_be_asked_is_said_and_draws_nothing():
    said = can_run.describe("resnet50", "H100", "4", "16-bit", 1, 8192, 50, 4096, "asked")
    assert "cannot be asked, 4 chips do not divide a batch of 1 of resnet50" in said
    assert "cannot be asked, it has 1024 positions" in cache_room.describe("gpt2-xl", "T4", "16-bit", 2048, 1)


@given(st.sampled_from(cache_room.MODELS), st.sampled_from(can_run.FORMATS[:3]), st.sampled_from((128, 512, 768)))
@settings(max_examples=15, deadline=None)
def test_the_largest_batch_fits_and_one_more_does_not(model, form, context):
    computed, stored = can_run.precision(A100, form)
    most = cache_room.most(model, "A100", form, context)
    for batch, fits in ((most, True), (most + 1, False)):
        asked = Question(model, A100, batch=max(batch, 1), context=context, precision=computed, weights=stored)
        assert check(asked).ok is (fits and most > 0)


# ---- the port


def test_every_back_end_gives_the_same_rows():
    x = np.random.default_rng(1).standard_normal((7, 33)).astype(np.float32)
    by_hand = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    for name in portable.available():
        np.testing.assert_allclose(portable.layernorm(x, name), by_hand, atol=1e-5)
    with pytest.raises(ValueError, match=r"^back end 'cuda' is not here; there are numba, numpy$"):
        portable.layernorm(x, "cuda")


def test_without_numba_the_portable_path_is_taken(monkeypatch):
    monkeypatch.setattr(portable.importlib.util, "find_spec", lambda name: None if name == "numba" else name)
    assert portable.available() == ("numpy",)
    assert portable.layernorm(np.array([[1, 3]], np.float32)).round(3).tolist() == [[-1, 1]]


def test_scattered_and_isolated_compute_the_same_and_differ_in_places():
    assert portable.named(portable.SCATTERED, "fast") == {"clean": 1, "block": 1, "score": 1, "warm_up": 1}
    assert portable.named(portable.ISOLATED, "fast") == {"layernorm": 1}
    x, w = np.eye(4, dtype=np.float32), np.ones((4, 4), np.float32)
    results = []
    for source in (portable.SCATTERED, portable.ISOLATED):
        program = {"fast": type("fast", (), {"layernorm": staticmethod(portable.numpy_rows)}), "plain": None}
        exec(source, program)
        results.append(program["serve"]([x, 2 * x], w))
    assert results[0] == results[1]


# ---- your machine


def test_the_rule_on_declared_rates():
    """Two layers of 8 x 8, batch 4, a FLOP and a byte a second: a product has 2 * 4 * 64 FLOP and as many bytes,
    4 * (32 + 64 + 32); a ReLU has more bytes, 4 * (32 + 32), than FLOP."""
    slow = Served((8, 8, 8), Race({}), R_peak=1.0, BW=1.0, T_call=1e-9)
    parts = ruled(slow, 4).parts
    assert parts["compute"] + parts["bandwidth"] == pytest.approx(2 * 512 + 2 * 256)
    assert ruled(Served((8, 8, 8), Race({}), 1e12, 1e12, T_call=1.0), 4).T == 4  # two products, two ReLU


def test_the_bandwidth_counts_the_bytes_that_are_read(monkeypatch):
    """2**24 numbers of 4 bytes in half a second."""
    monkeypatch.setattr(served_kernel, "_time", lambda call: 0.5)
    assert served_kernel._bandwidth() == 2**24 * 4 / 0.5


def test_the_network_runs_and_can_be_drawn():
    assert forward(np.ones((2, 3)), [np.ones((3, 4)), -np.ones((4, 5))]).tolist() == [[0] * 5] * 2
    served = serve([1, 2], widths=(16, 16), repeats=3)
    table = FELT.table(served=served)
    assert table["batch"] == [1, 2]
    assert all(T > 0 for T in table["predicted"] + table["T"])
    assert "batch 1 (" in FELT.says(table)


def test_a_t4_and_an_a100_at_batch_1_differ_by_their_bandwidths():
    from labcore.feasibility.duration import layer_time
    from labcore.models.network import Layer
    from labcore.ops import matmul

    layer = Layer("dense", matmul(1, 2048, 2048))
    (_, slow), (_, fast) = (layer_time(layer, Question("gpt2", chip)) for chip in (T4, A100))
    assert slow / fast == pytest.approx(2039 / 320)
