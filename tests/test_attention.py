"""Attention in tiles: the same numbers as with all scores, and traffic that a counting machine confirms."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100
from labcore.explore import attention_traffic as explorer
from labcore.explore.attention import attention_explorer
from labcore.fusion import attention_traffic as traffic
from labcore.fusion.attention import absorb, allowed, attention, finish, flash_attention, nothing
from labcore.fusion.attention_counted import counted_attention
from labcore.kernels.attention import POWER, eager, flash, kernels
from labcore.kernels.attention_race import attention_races
from labcore.mapping import min_traffic
from labcore.plots.attention_felt import attention_felt
from labcore.plots.registry import find

few = st.integers(1, 9)


def operands(seed, Nq, Nk, d, d_v, scale=3.0):
    rng = np.random.default_rng(seed)
    return tuple(scale * rng.standard_normal(shape) for shape in ((Nq, d), (Nk, d), (Nk, d_v)))


def by_the_book(Q, K, V, see):
    """Row by row, with Python's own exp: no maximum, no blocks."""
    O = np.zeros((len(Q), V.shape[1]))
    for i, j in np.ndindex(O.shape):
        weights = [math.exp(Q[i] @ K[k] / math.sqrt(Q.shape[1])) if see[i, k] else 0.0 for k in range(len(K))]
        O[i, j] = sum(w * v for w, v in zip(weights, V[:, j], strict=True)) / sum(weights) if any(weights) else 0.0
    return O


# --- the numbers -------------------------------------------------------------------------------------------


@given(st.integers(0, 99), few, few, few, few, few, few, st.sampled_from(["none", "causal", "any"]))
@settings(max_examples=120, deadline=None)
def test_tiles_give_the_same_output_for_every_mask_and_length(seed, Nq, Nk, d, d_v, Br, Bc, kind):
    Q, K, V = operands(seed, Nq, Nk, d, d_v)
    drawn = np.random.default_rng(seed).random((Nq, Nk)) < 0.4  # leaves some rows with nothing to see
    mask = {"none": None, "causal": "causal", "any": drawn}[kind]
    want = by_the_book(Q, K, V, allowed(mask, Nq, Nk))
    assert np.allclose(attention(Q, K, V, mask), want, rtol=1e-6, atol=1e-9)
    assert np.allclose(flash_attention(Q, K, V, (Br, Bc), mask), want, rtol=1e-6, atol=1e-9)


def test_scores_that_overflow_an_exponential_do_no_harm():
    Q, K, V = operands(1, 5, 7, 4, 3, scale=40.0)
    assert np.abs(Q @ K.T).max() / 2 > 710  # exp of that is infinite in float64
    got = flash_attention(Q, K, V, (2, 3))
    assert np.isfinite(got).all()
    assert np.allclose(got, attention(Q, K, V), atol=1e-9)


@pytest.mark.parametrize("way", [attention, flash_attention])
def test_scores_of_narrow_integers_do_not_wrap(way):
    Q, K, V = np.full((1, 2), 100, np.int8), np.array([[1, 1], [2, 2]], np.int8), np.array([[3], [5]], np.int8)
    assert way(Q, K, V) == pytest.approx(5)  # 400 / sqrt(2) against half of it; as int8 400 is -112
    assert counted_attention(Q, K, V, (1, 1))[0] == pytest.approx(5)


def test_a_query_that_sees_nothing_gives_zeros_with_and_without_tiles():
    Q, K, V = operands(2, 4, 2, 3, 2)
    assert allowed("causal", 4, 2).tolist() == [[0, 0], [0, 0], [1, 0], [1, 1]]  # the last query sees all keys
    for got in (attention(Q, K, V, "causal"), flash_attention(Q, K, V, (3, 1), "causal")):
        assert not got[:2].any()
        assert got[2] == pytest.approx(V[0])


def test_the_order_of_the_blocks_does_not_matter():
    scores, V = np.array([[1.0, 5.0, 2.0, 5.0]]), np.eye(4)
    there, back = nothing(1, 4), nothing(1, 4)
    for k in range(4):
        there = absorb(there, scores[:, k : k + 1], V[k : k + 1])
        back = absorb(back, scores[:, 3 - k : 4 - k], V[3 - k : 4 - k])
    assert finish(*there[1:]) == pytest.approx(finish(*back[1:]))
    assert finish(*there[1:]).sum() == pytest.approx(1)  # the weights


def test_an_output_that_is_not_rescaled_is_caught():
    """What a slip would give: m moves, o does not."""
    Q, K, V = operands(3, 4, 6, 2, 2)
    m, l, o = nothing(4, 2)
    for k in range(6):
        new, l, _ = absorb((m, l, o), Q @ K[k : k + 1].T / math.sqrt(2), V[k : k + 1])
        o = o + np.exp(Q @ K[k : k + 1].T / math.sqrt(2) - new[:, None]) @ V[k : k + 1]
        m = new
    assert not np.allclose(finish(l, o), attention(Q, K, V))


# --- the traffic -------------------------------------------------------------------------------------------


@given(few, few, st.integers(1, 3), st.integers(1, 3), few, few, st.sampled_from("QK"), st.booleans())
@settings(max_examples=120, deadline=None)
def test_the_closed_forms_are_what_the_machine_counts(Nq, Nk, d, d_v, Br, Bc, outer, causal):
    Q, K, V = operands(Nq, Nq, Nk, d, d_v)
    O, words = counted_attention(Q, K, V, (Br, Bc), outer, causal)
    assert np.allclose(O, attention(Q, K, V, "causal" if causal else None))
    said = traffic.flash_traffic(Nq, Nk, d, (Br, Bc), outer, causal, d_v)
    assert {name: x.reads for name, x in words.items() if x.reads} == {n: w for n, w in said.reads.items() if w}
    assert {name: x.writes for name, x in words.items() if x.writes} == {n: w for n, w in said.writes.items() if w}
    assert said.words >= traffic.least_traffic(Nq, Nk, d, d_v)  # the last query sees every key


def test_both_orders_by_hand():
    # 4 queries, 6 keys, d = 2, blocks of 2: queries outside read K and V twice; keys outside visit O three times
    inside, outside = (traffic.flash_traffic(4, 6, 2, (2, 2), outer) for outer in "QK")
    assert (inside.reads, inside.writes) == ({"Q": 8, "K": 2 * 12, "V": 2 * 12}, {"O": 8, "m": 4})
    assert outside.reads == {"K": 12, "V": 12, "Q": 3 * 8, "O": 2 * 8, "m": 2 * 4, "l": 2 * 4}
    assert outside.writes == {"O": 3 * 8, "m": 3 * 4, "l": 3 * 4}


def test_scores_written_out_cross_memory_four_times():
    out = traffic.materialized_traffic(8, 8, 2)
    assert out.words == 4 * 64 + 4 * 16
    assert traffic.materialized_traffic(8, 8, 2, masked=True).words == out.words + 2 * 64
    for masked in (False, True):
        kernels = traffic.materialized_kernels(8, 8, 2, masked=masked, bytes_per_element=1).values()
        assert sum(op.D_vol for op in kernels) == traffic.materialized_traffic(8, 8, 2, masked=masked).words


def test_causal_tiles_read_about_half():
    whole, half = (traffic.flash_traffic(1024, 1024, 64, (64, 64), causal=causal).words for causal in (False, True))
    # 16 query blocks meet 1 + 2 + ... + 16 = 136 of 256 key blocks; Q, O and one statistic stay
    assert whole - half == (256 - 136) * 2 * 64 * 64


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from("QK"), st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_the_crossover_is_the_last_length_at_which_tiles_win(d, B, outer, N):
    block = (B, 3) if outer == "Q" else (3, B)
    last = traffic.crossover_length(d, block, outer)
    wins = traffic.flash_traffic(N, N, d, block, outer).words < traffic.materialized_traffic(N, N, d).words
    if last is None:
        assert wins
    else:
        assert not (wins and last < N)
        assert traffic.flash_traffic(last, last, d, block, outer).words < 4 * last * (d + last)


@given(st.integers(1, 128), st.integers(1, 5000), st.sampled_from("QK"), st.integers(1, 16))
@settings(max_examples=100, deadline=None)
def test_the_block_fits_and_one_row_more_does_not(d, more, outer, inner):
    capacity = traffic.words_held((1, inner) if outer == "Q" else (inner, 1), d) + more
    Br, Bc = traffic.block_for(capacity, d, outer=outer, inner=inner)
    assert traffic.words_held((Br, Bc), d) <= capacity
    assert traffic.words_held((Br + (outer == "Q"), Bc + (outer == "K")), d) > capacity
    assert (Bc if outer == "Q" else Br) == inner


def test_the_papers_order_holds_with_a_constant_that_the_loop_order_sets():
    # queries outside hold about M / 2d rows: 2 N^2 d / Br = 4 N^2 d^2 / M; keys outside 3 N^2 d / Bc = 6 N^2 d^2 / M
    N, d, M = 2**17, 64, 2**15
    for outer, constant in (("Q", 4), ("K", 6)):
        block = traffic.block_for(M, d, outer=outer, inner=1)
        ratio = traffic.flash_traffic(N, N, d, block, outer).words / traffic.paper_order(N, d, M)
        assert ratio == pytest.approx(constant, rel=0.05)


def test_products_tiled_for_the_same_scratchpad_move_more_than_they_are_charged():
    # the three kernels are charged every operand once; a scratchpad of 4096 words cannot do that
    product = min_traffic(512, 64, 512, 4096)
    assert product.traffic > traffic.materialized_kernels(512, 512, 64, bytes_per_element=1)["scores"].D_vol


def test_time_on_a_chip_follows_the_longer_of_bytes_and_flop():
    N, d = 4096, 64
    block = traffic.block_for(64 * 2**10, d)
    R_peak, BW = A100.peak("fp16"), A100.BW
    assert traffic.flash_time(N, N, d, block, R_peak, BW) == N * N * (4 * d + 5) / R_peak  # now compute-bound
    moved = 2 * (4 * N * N + 4 * N * d)
    assert traffic.materialized_time(N, N, d, R_peak, BW) == pytest.approx(moved / BW)  # all three memory-bound
    # causal with blocks of 1024: the four blocks of queries meet 1, 2, 3 and 4 of 4 blocks of keys
    assert traffic.attention_flop(N, N, d, (1024, 1024), causal=True) == 10 / 16 * N * N * (4 * d + 5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: attention(x, x[:, :2], x), "Q and K must be (Nq, d) and (Nk, d), none of them empty; got (3, 3) and"
         " (3, 2)"),
        (lambda x: attention(x, x, x[:2]), "K and V must have as many rows, one key for each value; got 3 and 2"),
        (lambda x: flash_attention(x, x, x, mask="upper"), 'mask must be None, "causal" or booleans of shape (3, 3);'
         " got 'upper'"),
        (lambda x: flash_attention(x, x, x, mask=np.ones((3, 2), bool)), 'mask must be None, "causal" or booleans of'
         " shape (3, 3); got bool of shape (3, 2)"),
        (lambda x: flash_attention(x, x, x, (0, 4)), "Br must be a whole number of at least 1, got 0"),
        (lambda x: counted_attention(x, x, x, (2, 2), "V"), "outer must be 'Q' or 'K', the rows that the outer loop"
         " holds; got 'V'"),
        (lambda x: traffic.block_for(100, 64), "a head of 64 needs 2194 words for one row beside 16; got 100"),
        (lambda x: traffic.least_traffic(4, 4, 2, d_v=0), "d_v must be a whole number of at least 1, got 0"),
        (lambda x: flash(x, x, x, block=(4, 0)), "Bc must be a whole number of at least 1, got 0"),
        (lambda x: counted_attention(x, x, x, (0, 2)), "Br must be a whole number of at least 1, got 0"),
        (lambda x: traffic.attention_flop(-4, 4, 2), "Nq must be a whole number of at least 1, got -4"),
        (lambda x: eager(x, x[:2], x[:2], causal=True), "a causal mask wants at least as many keys as queries; got 2"
         " and 3: drop first queries"),
        (lambda x: flash(x, x[:2], x[:2], causal=True), "a causal mask wants at least as many keys as queries; got 2"
         " and 3: drop first queries"),
    ],
)  # fmt: skip
def test_errors_say_what_was_wanted(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call(np.ones((3, 3)))


# --- the kernel --------------------------------------------------------------------------------------------


def test_the_polynomial_is_an_exponential_to_float32():
    f = np.linspace(-0.5, 0.5, 10001)
    assert np.abs(np.polynomial.Polynomial(np.float64(POWER))(f) / np.exp2(f) - 1).max() < 2e-7
    exp2 = kernels().exp2
    for x in (-126.0, -20.3, -0.5, 0.0, 0.5, 3.7):
        assert exp2(np.float32(x)) == pytest.approx(2.0 ** float(np.float32(x)), rel=4e-7)
    assert exp2(np.float32(-1e30)) == np.float32(2.0**-126)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", [(5, 5, 3, 2), (64, 256, 64, 64), (100, 333, 30, 7), (1, 600, 16, 5)])
def test_the_compiled_kernel_agrees_with_float64(shape, causal):
    Q, K, V = (x.astype(np.float32) for x in operands(4, *shape, scale=1.0))
    want = attention(*(x.astype(float) for x in (Q, K, V)), mask="causal" if causal else None)
    assert np.abs(flash(Q, K, V, causal) - want).max() < 3e-6
    assert np.abs(flash(Q, K, V, causal, block=(8, 32)) - want).max() < 3e-6
    assert np.abs(eager(Q, K, V, causal) - want).max() < 3e-6


def test_a_race_says_what_two_models_predict_of_it():
    raced = attention_races([32, 64], d=8, repeats=3)
    # numpy crosses memory 12 times with S; 64 queries a block see all 64 keys at once, so Q, K, V, O and m go once
    assert raced.by_bytes(64) == (12 * 64 * 64 + 4 * 64 * 8) / (4 * 64 * 8 + 64)
    assert raced.by_parts(32) == raced.races[32].median("written out") / raced.races[32].median("tiled")
    low, high = raced.spread(64)
    assert low <= raced.gain(64) <= high
    said = repr(attention_felt(raced))
    assert f"predicted by bytes {raced.by_bytes(32):.1f}" in said
    assert "measured" in said


# --- the pictures ------------------------------------------------------------------------------------------


def test_the_film_ends_with_the_softmax():
    table = find("online-softmax-film").table()
    weights = np.exp2(np.array(table["score"][:8], float))
    assert table["o"][-1] / table["l"][-1] == pytest.approx(weights @ np.arange(1, 9) / weights.sum())
    assert table["m"][::8] == [1, 2, 3, 3]
    assert table["rescale"][::8] == pytest.approx([0, 0.5, 0.5, 1])


def test_the_drawn_traffic_is_that_of_the_closed_forms():
    table = find("attention-traffic").table()
    for series, held, N, D_vol in zip(*table.values(), strict=True):
        if series == "scores written out":
            assert D_vol == 2 * 4 * N * (N + 128)
        elif series == "crossover":
            block = traffic.block_for(held // 2, 128)
            assert N == traffic.crossover_length(128, block) == 132


def test_the_sentence_of_the_explorer_says_what_the_module_computes():
    said = attention_explorer(length=4096, scratchpad=64).sentence
    block = traffic.block_for(32 * 2**10, 64)
    moved = 2 * traffic.flash_traffic(4096, 4096, 64, block).words
    assert f"{block[0]} queries a block: {moved / 1e6:.3g} MB" in said
    assert "not one row" in attention_explorer(scratchpad=4).sentence
    assert "times as many bytes" in attention_explorer(scratchpad=13, length=32768).sentence
    assert "times fewer bytes" in attention_explorer(scratchpad=14, length=32768).sentence


def test_every_choice_of_the_explorer_lies_in_its_axes():
    for chip in explorer.CHIPS:
        for precision in explorer.precisions(chip):
            for N in (explorer.N_LOW, explorer.N_MAX):
                (D, T), (D_in, T_in), least = explorer.at((chip, precision, 256, 64, True), N)
                assert explorer.D_SHOWN[0] <= min(D_in, least)
                assert max(D, D_in) <= explorer.D_SHOWN[1]
                assert explorer.T_SHOWN[0] <= min(T, T_in) <= max(T, T_in) <= explorer.T_SHOWN[1]
