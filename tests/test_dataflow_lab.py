"""What lab 11 rests on besides the module: departures, figures and explorers."""

import numpy as np
import pytest

from labcore.claims.ledger import claim
from labcore.dataflow import BUFFERS, STATIONARY, counts, loops_that_turn, sweep
from labcore.explore import array_flow, layer_flow
from labcore.kernels.stationary import ORDERS, in_blocks
from labcore.models.zoo import build
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.systolic import network_cycles


def test_departures_show_their_numbers():
    # at 7 x 7: three blocks' 3x3 and expanding 1x1, the shortcut, and the squeezing 1x1 of blocks two and three
    last = 3 * (512 * 512 * 9 + 512 * 2048) + 1024 * 2048 + 2 * 2048 * 512
    assert f"{last / (25_557_032 - 2048 * 1000 - 1000 - 2 * 26_560):.0%} of the weights" in (
        claim("cnn-weight-reuse-hundreds").reason
    )  # all parameters but the dense layer's and the two of each of 26,560 normalized channels
    assert "196 to 12,544 uses" in claim("cnn-weight-reuse-hundreds").reason
    assert "used 49 times" in claim("cnn-weight-reuse-hundreds").reason
    assert "from 3 images on" in claim("cnn-weight-reuse-hundreds").reason  # 3 * 49 = 147


def dearest(name, **options):
    """Cycles of each dataflow on a 128 x 128 array over those of the best."""
    cycles = {flow: sum(network_cycles(build(name, **options), 128, 128, flow).values()) for flow in STATIONARY}
    return {flow: cycles[flow] / min(cycles.values()) for flow in STATIONARY}


def test_what_one_dataflow_for_all_costs():
    """As the entry of set 6, question 5, says: twice for weights at batch 1, and less at the lab's sizes."""
    assert 2 <= dearest("dlrm", batch=1)["ws"] <= 3
    for name, options in (("resnet50", {}), ("gpt2", {"seq": 512}), ("dlrm", {"batch": 2048})):
        assert max(dearest(name, **options).values()) < 2


def test_claims_take_other_inputs():
    assert claim("cnn-weight-reuse-hundreds", batch=32).computed == [32 * side**2 for side in (112, 56, 28, 14, 7)]
    assert claim("sc6-q1", h=28).computed == 28 * 28
    assert claim("listing-15-256-pairs", K=64).computed == 64


def test_the_film_counts_what_the_closed_count_says():
    """8 steps, one element of each operand: what stays changes 4 times, the others 8; sums come back 4 times."""
    film = list(rows(find("dataflow-film").table()))
    for flow, stays in (("ws", "B"), ("os", "C"), ("is", "A")):
        here = [r for r in film if r["dataflow"] == flow]
        for operand in "ABC":
            came = sum(r["operand"] == operand and r["came"] != "stays" for r in here)
            assert came == (4 if operand == stays else 8)
        back = sum(r["operand"] == "C" and r["came"] == "read" for r in here)
        assert back == (0 if flow == "os" else 4)


def test_the_bars_never_undercut_the_least():
    table = list(rows(find("dataflow-traffic").table()))
    for layer, flow in {(r["layer"], r["dataflow"]) for r in table}:
        here = [r for r in table if (r["layer"], r["dataflow"]) == (layer, flow)]
        assert sum(r["words"] for r in here) >= here[0]["least"] * (1 - 1e-12)
    assert all(r["words"] == 0 for r in table if (r["dataflow"], r["part"]) == ("os", "C in"))


def test_a_large_buffer_ends_the_contest():
    grid = list(rows(find("dataflow-winner").table()))
    assert {r["least"] for r in grid if r["buffer"] >= 2**18} == {"all"}
    assert all("os" in r["least"] or r["least"] == "all" for r in grid)


@pytest.mark.parametrize("layer", layer_flow.LAYERS)
def test_the_layer_explorer_says_what_its_bars_show(layer):
    least = layer_flow.touched(layer_flow.problem_of(layer_flow.LAYERS[layer])[0])
    found = layer_flow.moved(layer, "os", 2**14)
    assert f"{found.words / least:.2f} times the least {least:,}" in layer_flow.describe(layer, "os", 2**14)
    assert layer_flow.describe(layer, "ws", 2**21).endswith(("ws, os, is", "ws, os, is, rs"))


def test_the_array_explorer_names_three_different_winners():
    said = [array_flow.describe(product, "ws", 128, 128) for product in array_flow.PRODUCTS]
    for flow in ("ws", "os", "is"):
        assert any(f"fewest words {flow}, fewest cycles {flow}" in one for one in said)


@pytest.mark.parametrize(("name", "options"), [("resnet50", {}), ("gpt2", {"seq": 512}), ("dlrm", {"batch": 2048})])
def test_where_weights_tie_with_outputs_they_are_one_nest(name, options):
    """As the lab says: no sum comes back there, and weight stationary is nowhere ahead alone."""
    found = {(c.layer, c.buffer_words, c.dataflow): c for c in sweep(build(name, **options), STATIONARY, BUFFERS)}
    for layer, words in {key[:2] for key in found}:
        ws, os, third = (found[layer, words, flow] for flow in STATIONARY)
        assert ws.traffic >= min(os.traffic, third.traffic)
        if ws.traffic == os.traffic:
            assert ws.tiled.tile == os.tiled.tile
            assert loops_that_turn(ws.problem, ws.tiled) == loops_that_turn(os.problem, os.tiled)
            assert counts(ws.problem, ws.tiled).C_reads == 0


@pytest.mark.parametrize("order", ORDERS.values())
def test_blocks_in_any_order_make_the_product(order):
    A, B = np.arange(24.0).reshape(4, 6), np.arange(12.0).reshape(6, 2)
    assert np.array_equal(in_blocks(A, B, 2, order), A @ B)
    assert np.array_equal(in_blocks(A, B, 2, order, moving=False)[:2], 6 * A[:2, :2] @ B[:2])  # 2 * 3 * 1 blocks


def test_the_layer_explorer_says_why_there_is_no_bar():
    said = layer_flow.describe("GPT-2, MLP up, one token", "rs", 2**14)
    assert "needs rows of a convolution, and a product has none" in said
