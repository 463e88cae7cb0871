"""Figures and exercise of lab 22: what is drawn obeys the laws, captions hold, the key agrees with labcore."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labcore.catalogue import H100
from labcore.grading.exercise_format import parts, read_cells, reference
from labcore.grading.judge import judge, load_questions
from labcore.interconnect.link import Link
from labcore.plots import serving, serving_decoding, serving_links, serving_load, serving_memory
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.roofline import least_time
from labcore.serving.cache import Paged
from labcore.serving.closed_forms import harmonic
from labcore.serving.engine import engine
from labcore.serving.experts import chosen, expected_touched
from labcore.serving.mixtures import mixture
from labcore.serving.speculative import acceptance, best_draft_length, expected_tokens, output_distribution

KEY = Path(__file__).parent.parent / "exercises" / "keys" / "22_llm_serving.py"


def table(id, **only):
    """Rows of a figure's table with these values."""
    return [r for r in rows(find(id).table()) if all(r[name] == value for name, value in only.items())]


def drawn(ax):
    """Every point on a line of the axes."""
    return {tuple(map(float, xy)) for line in ax.lines for xy in line.get_xydata()}


# ---- serving-timeline


@pytest.mark.parametrize("name", serving.NAMES)
def test_every_token_is_drawn_once_and_rows_hold_one_at_a_time(name):
    its = table("serving-timeline", scheduler=name)
    for request, answer in enumerate(serving.EIGHT["answer"], 1):
        tokens = [r for r in its if r["request"] == request and r["what"] == "token"]
        assert len(tokens) == answer
        assert len({r["row"] for r in its if r["request"] == request}) == 1
        (read,) = [r for r in its if r["request"] == request and r["what"] == "reads"]
        assert read["start"] >= serving.EIGHT["arrival"][request - 1]
        assert read["end"] == min(r["start"] for r in tokens)  # reading the prompt ends with the first token
    for row in range(1, 5):
        bars = sorted((r["start"], r["end"]) for r in its if r["row"] == row and r["what"] != "token")
        assert all(end <= start + 1e-12 for (_, end), (start, _) in pairwise(bars))


def test_what_the_timeline_says():
    """Only a static batch keeps rows; the gaps of the caption; the long prompt at the engine's own time."""
    assert {r["scheduler"] for r in table("serving-timeline", what="idle")} == {"static"}
    gaps = {name: serving.longest_gap(find("serving-timeline").table(), name) for name in serving.NAMES}
    llama = engine(serving.MODEL, H100)
    assert gaps["static"] == pytest.approx(llama.step(4, 400), rel=0.02)
    assert round(1e3 * gaps["continuous"]) == 132
    assert gaps["continuous"] == pytest.approx(llama.prompt(4000), rel=0.02)
    assert gaps["chunked"] < 0.019
    reads = {r["scheduler"]: r["end"] - r["start"] for r in table("serving-timeline", what="reads", request=5)}
    assert 1 < reads["chunked"] / reads["continuous"] < 1.1  # hardly longer
    prompts = sorted(serving.EIGHT["prompt"])
    assert (prompts[0], prompts[-2], serving.EIGHT["prompt"][4]) == (200, 600, 4000)


# ---- serving-tradeoff and batching-gain


def test_the_knee_is_the_last_rate_with_a_short_wait():
    for name in serving.NAMES:
        its = table("serving-tradeoff", scheduler=name)
        (knee,) = [r["rate"] for r in its if r["knee"] == "yes"]
        assert all((r["first"] <= 3 * its[0]["first"]) == (r["rate"] <= knee) for r in its)


def test_what_the_tradeoff_says():
    by = {name: table("serving-tradeoff", scheduler=name) for name in serving.NAMES}
    assert min(r["first"] for r in by["static"]) > 1  # seconds
    assert all(r["gap_p99"] < 0.020 for r in by["chunked"])
    light = [(c["first"], k["first"]) for c, k in zip(by["continuous"], by["chunked"], strict=True) if c["rate"] <= 18]
    assert all(0.9 * one < pieces < 1.2 * one for one, pieces in light)  # hardly longer
    gaps = [r["gap_p99"] for r in by["continuous"]]
    assert gaps == sorted(gaps)
    assert (round(1e3 * gaps[0]), round(1e3 * gaps[-1])) == (8, 95)


def test_the_simulated_gain_is_the_closed_form():
    """H_4 = 25/12; whole tokens gain less; no interval lies off the form for whole tokens."""
    law, whole, found = ({r["batch"]: r for r in table("batching-gain", series=name)}
                         for name in ("H_B", "whole tokens", "simulated"))  # fmt: skip
    assert law[4]["gain"] == pytest.approx(25 / 12)
    for batch in serving_load.BATCHES[1:]:
        assert whole[batch]["gain"] < law[batch]["gain"]
        assert found[batch]["low"] < whole[batch]["gain"] < found[batch]["high"]
        assert found[batch]["gain"] == pytest.approx(whole[batch]["gain"], rel=0.02)
    assert found[1]["gain"] == pytest.approx(1)


# ---- kv-waste


def test_memory_is_never_beyond_what_there_is():
    for r in table("kv-waste"):
        assert 0 <= r["filled"] <= r["held"] <= r["room"]
    kept = serving_memory.LONGEST * engine(serving.MODEL, H100).kv_token
    reserved, paged = (table("kv-waste", way=way) for way in serving_memory.WAYS)
    assert {r["held"] % kept for r in reserved} == {0}
    assert max(r["sequences"] for r in reserved) == 52 == reserved[0]["room"] // kept
    assert round(reserved[0]["room"] / 1e9) == 56
    assert max(r["sequences"] for r in paged) < serving_memory.BATCH
    assert max(r["held"] for r in paged) < 0.5 * paged[0]["room"]


def test_the_waste_written_is_that_of_the_areas():
    for way in serving_memory.WAYS:
        its = table("kv-waste", way=way)
        empty = 1 - sum(r["filled"] for r in its) / sum(r["held"] for r in its)
        assert serving_memory.waste(way) == pytest.approx(empty, abs=0.01)


# ---- speculative-speedup and experts-touched


def test_drafts_by_length_and_by_batch_agree_where_they_meet():
    """One sequence: the law with a free check, and the engine's pass over gamma + 1 positions."""
    for alpha in serving_decoding.ALPHAS:
        its = table("speculative-speedup", series=f"alpha {alpha}")
        (best,) = [r for r in its if r["best"] == "yes"]
        assert best["speedup"] == max(r["speedup"] for r in its)
        assert its[0]["speedup"] == 1
    (law,) = table("speculative-speedup", series=f"alpha {serving_decoding.ALPHA}", best="yes")
    first, *more = table("speculative-speedup", series=f"context {serving_decoding.CONTEXT}")
    assert first["speedup"] == pytest.approx(law["speedup"], rel=0.01)
    assert first["gamma"] == law["gamma"]
    assert all(b["speedup"] <= a["speedup"] * (1 + 1e-9) for a, b in pairwise([first, *more]))
    assert (more[-1]["speedup"], more[-1]["gamma"]) == (1, 0)
    c = serving_decoding.gain(*serving_decoding.models(), 0.8, 1, 1, 512).c
    assert c == pytest.approx(1 / 5, abs=0.01)  # a fifth
    target = serving_decoding.models()[0]
    for context in serving_decoding.CONTEXTS:
        last = table("speculative-speedup", series=f"context {context}")[-1]["x"]
        assert last <= target.most(context) < 2 * last or last == serving_decoding.BATCHES[-1]


def test_one_token_reads_as_a_dense_model_and_a_full_batch_reads_all():
    for name in dict.fromkeys(r["model"] for r in table("experts-touched")):
        m, its = mixture(name), table("experts-touched", model=name)
        assert (its[0]["touched"], its[0]["D_token"]) == pytest.approx((m.k, its[0]["D_dense"]))
        assert its[-1]["D_token"] * its[-1]["batch"] == pytest.approx(m.params)
        assert all(b["D_token"] < a["D_token"] for a, b in pairwise(its))
    ends = [its["D_token"] / its["D_dense"] for its in table("experts-touched", batch=1024)]
    assert [round(end, 1) for end in ends] == [3.6, 17.9]  # in the caption


# ---- tensor-parallel-serving


def test_a_slower_link_is_slower_and_none_beats_division():
    by = {(r["link"], r["chips"]): r for r in table("tensor-parallel-serving")}
    alone = by[serving_links.FREE, 1]
    for chips in serving_links.CHIPS[1:]:
        steps = [by[name, chips]["T_step"] for name in serving_links.LINKS]
        assert alone["T_step"] / chips < steps[0] < steps[1] < steps[2]
        assert by["NVLink 4", chips]["rate_chip"] < by[serving_links.FREE, chips]["rate_chip"]
    assert by["PCIe Gen5 x16", 8]["rate_chip"] < alone["rate_chip"] / 2  # less than half
    assert (alone["most"], by["NVLink 4", 8]["most"]) == (167, 2815)


def test_an_engine_with_another_link_remembers_no_times_of_the_first():
    one = serving_links.joined(8, "NVLink 4")
    first = one.step(32, 2048)
    other = serving_links.replace(one, link=Link("slow", BW_one_way=1e9))
    assert other.step(32, 2048) > 2 * first
    assert one.step(32, 2048) == first


# ---- drawings


def test_drawn_points_are_the_rows():
    """Each pair of panels draws its columns, and nothing lies beside them but level lines and the ideal."""
    panels = {
        "serving-tradeoff": (("rate", "first"), ("rate", "gap_p99")),
        "experts-touched": (("batch", "share"), ("batch", "D_token")),
        "tensor-parallel-serving": (("chips", "T_step"), ("chips", "rate_chip")),
    }
    for id, columns in panels.items():
        for ax, (x, y) in zip(find(id).plot().axes, columns, strict=True):
            assert {(float(r[x]), float(r[y])) for r in table(id)} <= drawn(ax)
    gain = {(float(r["batch"]), r["gain"]) for r in table("batching-gain")}
    assert gain <= drawn(find("batching-gain").plot().axes[0])


def test_the_bars_of_the_timeline_are_the_rows():
    (ax,) = find("serving-timeline").plot().axes
    bars = sorted((bar.get_x(), bar.get_width()) for bar in ax.patches)
    want = sorted((r["start"], r["end"] - r["start"]) for r in table("serving-timeline") if r["what"] != "token")
    assert sum(bars, ()) == pytest.approx(sum(want, ()))


# ---- the exercise's reference


def answer_of(id):
    """The reference answer to a question of exercise 22."""
    names = {}
    code = reference(id, parts(KEY.name, read_cells(KEY))[id].answer)
    exec(code, names)
    return next(one for name, one in names.items() if callable(one) and not name.startswith("__"))


def test_room_and_step_are_the_engines():
    """Llama 3 8B: 32 layers, 8 heads of 128 for keys and values: 131,072 B a token."""
    llama, room, step = engine("llama3-8b", H100), answer_of("q1"), answer_of("q2")
    usable = int(0.9 * H100.capacity.value)
    token, most = room(usable, int(llama.weights), 32, 32, 8, 128, 2048)
    assert token == llama.kv_token
    assert most == pytest.approx(llama.most(2048), abs=1)
    for B in (1, 64, 500):
        T, fits = step(8e9, 2, token, 1000, B, H100.peak("fp16"), H100.BW, 0.02)
        assert pytest.approx(least_time(16e9 * B, 16e9 + B * 1000 * token, H100.peak("fp16"), H100.BW)) == T
        assert (T <= 0.02) == (fits >= B)


@given(st.floats(1, 6))
@settings(max_examples=30, deadline=None)
def test_the_batch_for_a_gain_is_the_first_that_reaches_it(gain):
    B = answer_of("q3")(gain)
    assert harmonic(B) >= gain - 1e-9
    assert B == 1 or harmonic(B - 1) < gain + 1e-9


def test_pages_drafts_and_experts_are_labcores():
    used, empty = answer_of("q4")([5, 16, 33], 16)
    assert used == sum(Paged(16).let_in(n, n) for n in (5, 16, 33))
    assert empty == pytest.approx((5 * 16 - 54) / (5 * 16))  # 1 + 1 + 3 pages
    for alpha, gamma, c in ((0.8, 5, 0.05), (0.3, 2, 0.4), (0.6, 3, 0.196)):
        want = expected_tokens(alpha, gamma), best_draft_length(alpha, c, 16)
        assert answer_of("q5")(alpha, gamma, c, 16) == pytest.approx(want)
    for skew in (0.0, 1.0):
        shares = chosen(8, 2, skew).tolist()
        assert answer_of("q6")(5, shares) == pytest.approx(expected_touched(5, 8, 2, skew))


PAIRS = st.tuples(st.integers(0, 9), st.integers(1, 9))


@given(st.lists(PAIRS, min_size=2, max_size=5).filter(lambda row: any(p for p, _ in row)))
@settings(max_examples=60, deadline=None)
def test_what_goes_out_is_the_target_on_the_mean(weights):
    """Exactly, in fractions: over drafts drawn from q the answer of question 7 averages to p."""
    p, q = ([Fraction(one, sum(row)) for one in row] for row in zip(*weights, strict=True))
    assume(p != q)
    goes_out = answer_of("q7")
    rows_out = [goes_out(p, q, x) for x in range(len(q))]
    assert all(sum(row) == 1 for row in rows_out)
    mean = [sum(share * row[y] for share, row in zip(q, rows_out, strict=True)) for y in range(len(p))]
    assert mean == p == output_distribution(p, q)
    assert sum(share * min(1, a / share) for a, share in zip(p, q, strict=True)) == acceptance(p, q)


@pytest.mark.parametrize("id", ["q1", "q2", "q4", "q5"])
def test_the_first_of_two_earns_half_and_the_second_alone_nothing(id):
    question, answer = load_questions(KEY.parent.parent / f"{KEY.stem}.json")[id], answer_of(id)
    first = [{"value": [answer(*on)[0], -1]} for on in question.on]
    second = [{"value": [-1, answer(*on)[1]]} for on in question.on]
    assert (judge(question, first).outcome, judge(question, first).score) == ("partial", 0.5)
    assert judge(question, second).score == 0
    for worth_nothing in ([-1, -1], -1, [1, 2, 3], "a", None):
        assert judge(question, [*first[:-1], {"value": worth_nothing}]).score == 0
