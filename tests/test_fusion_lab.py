"""What lab 13 rests on besides its module: claims, figures, explorers, loops."""

import numpy as np
import pytest

from labcore.catalogue import A100
from labcore.claims.ledger import claim
from labcore.explore import fusion_counts, fusion_plan
from labcore.explore.fusion import fusion_counting_explorer, fusion_planner_explorer
from labcore.fusion.examples import block_end, feed_forward, scores
from labcore.fusion.kernel import kernels as graph_kernels
from labcore.fusion.kernel import traffic
from labcore.fusion.plan import plan
from labcore.kernels.fusion import kernels, numpy_steps, sweep
from labcore.kernels.race import Race
from labcore.plots.fusion_felt import felt, felt_data
from labcore.plots.registry import find
from labcore.plots.words import rows

TENSOR = 1024 * 1024 * 4


def test_departures_show_their_numbers():
    assert "8.4 MB" in claim("table20-fused").reason
    reason = claim("table20-4x-reduction").reason
    for words in ("falls 2.0x", "or 1.5x", "written fall 3x", "moved fall 3x, from 6 traversals to 2"):
        assert words in reason
    for words in ("fall from 8 to 2", "the bytes read from 16.8 to 4.2 MB"):  # four kernels, a read and a write each
        assert words in reason
    assert "2 times as much" in claim("table19-caption-quadruples").reason
    assert "take 4.2 MB unfused" in claim("table19-caption-quadruples").reason


def test_claims_take_other_inputs():
    assert claim("sc6-q3", ops=5).computed == 5
    assert claim("table20-4x-reduction", length=7).computed == 4
    assert claim("table20-fused", n=512, b=2).computed == 2 * 512 * 512 * 2 / 1e6
    assert (
        claim("eq-unnumbered-fused-chain", kernels=3).computed[0]
        != claim("eq-unnumbered-fused-chain", kernels=3).computed[1]
    )


def test_segments_of_a_transformer_by_hand():
    """Traversals with a library's kernels over those of one kernel; vectors beside them are a row or less."""
    S, row = 12 * 1024 * 1024, 1024 * 768
    expected = (
        (scores(1024, 12), (6 * S + 1024) / (2 * S + 1024)),  # scale, mask, softmax, and a row of mask
        (block_end(1024, 768), (7 * row + 768) / (4 * row + 768)),  # bias 2, residual 3, LayerNorm 2; both results
        (feed_forward(1024, 768), (16 * row + 3072) / (8 * row + 3072)),  # bias 2, GELU 2, four times as wide
    )
    for (whole, groups), gain in expected:
        apart, best = graph_kernels(whole, groups, scratchpad=128 * 1024), plan(whole, scratchpad=128 * 1024)
        assert traffic(apart) / traffic(best) == pytest.approx(gain, rel=1e-12)


# ---- figures


def test_the_counts_of_the_figure():
    table = {(r["execution"], r["count"]): r["bytes"] / TENSOR for r in rows(find("fusion-footprints").table())}
    expected = {"three kernels, all kept": (4, 3, 6), "three kernels, in place": (1, 3, 6),
                "one kernel": (2, 1, 2), "one kernel, in place": (1, 1, 2)}  # fmt: skip
    for name, counts in expected.items():
        assert tuple(table[name, count] for count in ("footprint", "written", "moved")) == counts


def test_the_plan_of_the_figure_by_hand():
    """x, w, b, res in and the sum out; the sum in and the normed rows out: 1024 x 768 numbers of two bytes."""
    table = list(rows(find("fusion-plan").table()))
    rows_, w = 1024 * 768 * 2, 768 * 768 * 2
    sizes = {(r["kernel"], r["way"], r["value"]): r["bytes"] for r in table}
    assert sizes == {
        (1, "read", "x"): rows_, (1, "read", "w"): w, (1, "read", "b"): 768 * 2, (1, "read", "res"): rows_,
        (1, "write", "sum"): rows_, (2, "read", "sum"): rows_, (2, "write", "normed"): rows_,
    }  # fmt: skip


def test_the_spilling_fork_loses_where_the_caption_says():
    figure = find("fusion-spill")
    assert "one kernel of a fork loses from 16 on" in figure.says(figure.table())
    assert "Beyond fourteen operations" in figure.caption
    moved = {(r["series"], r["length"]): r["moved"] for r in rows(figure.table())}
    assert all(moved["a chain, one kernel", n] == 2 for n in range(2, 25, 2))
    assert moved["a fork, as many branches as fit", 24] == 12 + 3  # three groups of four read x


# ---- explorers


def test_only_some_pairs_of_counts_say_four():
    names = list(fusion_counts.COUNTS)
    four = {(a, b) for a in names for b in names if fusion_counts.gain(3, a, b) == 4}
    assert four == {("all tensors held", "held, in place"), ("all tensors held", "the result alone"),
                    ("all tensors held", "bytes written")}  # fmt: skip
    assert [fusion_counts.gain(3, name, name) for name in names] == [2, 1.5, 1, 1, 3, 3]


def test_the_planner_answers_its_questions():
    """A column of so many rows of FP32; five tensors against eight at three registers; launches at few rows."""
    training = {"graph": "the same in training", "how": "least traffic", "rows": 1024}
    said = [fusion_planner_explorer(**training, scratchpad=room).sentence for room in (0, 4)]
    assert "16.8 MB moved" in said[0]  # three readings and a writing of 4.2 MB
    assert "8.39 MB moved" in said[1]
    forked = [fusion_plan.cut("fork of 4 branches", how, 64, 3, 0) for how in ("least traffic", "least launches")]
    moved = [sum(one.D_vol for one in run) / (1024 * 64 * 4) for run in forked]
    assert moved == [6, 7]  # two kernels of two branches: 2 * 3; one kernel of four spills one value, out and back
    assert [len(run) for run in forked] == [2, 1]


def test_bars_add_up_to_the_sentence():
    explorer = fusion_planner_explorer(graph="attention scores, 12 heads", how="kernels of a library", rows=512)
    widths = [bar.get_width() for bar in explorer.artists.bars if bar.get_visible()]
    values = explorer.values
    run = fusion_plan.cut(values["graph"], values["how"], 512, values["registers"], values["scratchpad"])
    single = fusion_plan.alone(values["graph"], 512)[1]
    share = sum(one.D_vol for one in run) / sum(one.D_vol for one in single)
    assert sum(widths) == pytest.approx(100 * share)
    assert f"{1 / share:.2f} times less" in explorer.sentence
    assert A100.name in explorer.sentence
    assert fusion_counting_explorer(steps=5).sentence.startswith("chain of 5")


# ---- loops


def test_the_loops_are_numpy():
    x = np.random.default_rng(0).standard_normal(1001).astype(np.float32)
    a, b, y, z, w = (np.empty_like(x) for _ in range(5))
    kernels().apart(x, a, b, y, 2)
    kernels().fused(x, z, 2)
    np.testing.assert_allclose(y, 2 * (3 * np.maximum(x, 0) + 2) + 1, rtol=1e-6)
    np.testing.assert_array_equal(y, z)
    numpy_steps(x, a, b, w, 1)
    np.testing.assert_allclose(w, y, rtol=1e-6)
    x = np.abs(x)
    kernels().apart_long(x, a, b, y, 1)
    kernels().fused_long(x, z, 1)
    wanted = x.astype(float)
    for _ in range(24):
        wanted = 1 / (wanted + 1)
    np.testing.assert_allclose(y, wanted, rtol=1e-5)
    np.testing.assert_allclose(z, wanted, rtol=1e-5)


def test_the_felt_picture_holds_predicted_beside_measured():
    one = Race({"numpy": (6.0,), "three loops": (3.5,), "one loop": (1.0,)})
    shown = felt({"cheap": {2**20: one}, "long": {2**20: one}})
    assert "numpy, 5 operations 6.00x at 1 MiB, 6.00x at 1 MiB, predicted 5; " in repr(shown)
    assert "three loops of long steps 3.50x at 1 MiB, 3.50x at 1 MiB, predicted 3." in repr(shown)
    assert len(felt_data()["series"]) == 0
    assert list(sweep((64,), (64,), repeats=1)) == ["cheap", "long"]
