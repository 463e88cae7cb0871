"""What lab 08 rests on besides its machines: claims, self-check items, figures and explorers."""

import pytest

from labcore.catalogue import A100, K80, memory
from labcore.claims.ledger import claim
from labcore.explore import pressure, tensor_life
from labcore.explore.pressure import pressure_explorer
from labcore.explore.tensor_life import tensor_life_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.precision import bytes_per_element


def test_claims_take_other_inputs():
    assert claim("speed-of-light-latency", distance=0.3, share_of_c=1.0).computed == pytest.approx(1000.7, abs=0.1)
    assert claim("kws-hbm-latency", cycles=1000, clock=1e9).computed == pytest.approx(1000)
    assert claim("footnote-32-kv-cache", growth=8).computed == 8
    assert claim("footnote-32-quadratic-scores", growth=8).computed == 64


def test_departures_show_their_numbers():
    assert "295 to 206 FLOP/B" in claim("figure-10-widening-year-over-year").reason
    assert "stands at 281" in claim("figure-10-widening-year-over-year").reason  # 2250 / 8
    assert "214 cycles each, 155 ns" in claim("kws-l2-latency").reason
    assert "5.5 cycles" in claim("kws-l2-latency").reason  # 4 * 1.38
    assert "for 32 bits is 20 pJ a bit" in claim("kws-dram-energy-per-bit").reason
    assert "267 ps, 0.53 of a cycle" in claim("speed-of-light-impossible").reason
    assert "from 37 mm on" in claim("speed-of-light-impossible").reason  # 500 ps of c / 2, there and back
    assert "fp64, tf32, bf16, fp16, int8, int4, int1" in claim("example-1-2-formats").reason
    assert "3.2 MB" in claim("selfcheck-3-q4-cycle-classes").reason  # 64 GB/s * 50 us
    assert "take 16 W" in claim("mobile-soc-bandwidth").reason


def test_at_7_nm_and_hbm_the_hundredfold_no_longer_holds():
    """125 pJ for a word over 1.31 + 0.38 pJ for a MAC."""
    from labcore.energy import access_energy
    from labcore.precision.cost import mac_energy

    assert access_energy("HBM2", 4, "7 nm") / mac_energy("fp32", process="7 nm") == pytest.approx(125 / 1.69)


# ---- self-check


def test_a_unit_may_stand_beside_the_bytes_under_way():
    assert selfcheck("memory-3", "674 kB").right


# ---- figures


def test_figure_10_never_mixes_the_two_quantities():
    table = list(rows(find("compute-bandwidth-divergence").table()))
    peaks = [r["value"] for r in table if r["quantity"] == "peak" and r["series"] != "illustrative"]
    bands = [r["value"] for r in table if r["quantity"] == "bandwidth" and r["series"] != "illustrative"]
    assert len(peaks) == len(bands) == 9
    assert min(peaks) > 1e12 > 1e11 < min(bands) < max(bands) < 1e13
    drawn = {r["year"]: r["value"] for r in table if r["series"] == "illustrative" and r["quantity"] == "peak"}
    assert drawn[2010] * 1e5 < min(peaks)  # five orders below a chip of 2012


def test_figure_12_counts_devices():
    table = {r["name"]: r for r in rows(find("model-size-vs-bandwidth").table())}
    assert table["K80"]["value"] == K80.BW == 240e9
    assert "K80-board" not in table
    assert table["GPT-3"]["value"] == 175e9
    grown = table["Llama 3.1"]["value"] / table["AlexNet"]["value"]
    assert grown == pytest.approx(405e9 / 60e6)
    assert grown > 100 * table["B200"]["value"] / table["K20X"]["value"]


def test_the_pressure_figure_holds_every_byte():
    table = list(rows(find("memory-pressure").table()))
    assert len(table) == 5 * 2 * 6
    mlp = {r["part"]: r["bytes"] for r in table if r["model"].startswith("MLP") and r["task"] == "training"}
    params = 4 * (4096 * 4096 + 4096)
    assert (mlp["weights"], mlp["gradients"], mlp["optimizer"]) == (2 * params, 2 * params, 12 * params)
    assert mlp["activations"] == 2 * 8 * 32 * 4096  # four layers and four ReLUs


# ---- explorers


def test_the_life_of_a_tensor_by_hand():
    L_lat, T, E = tensor_life.stop("HBM", 32_000)
    assert pytest.approx(436 / 1380e6 + 32_000 / 891e9) == T
    assert pytest.approx(32_000 * 8 / 64 * 250e-12) == E
    assert L_lat == memory.V100_LEVELS[0].latency.value
    _, T, _ = tensor_life.stop("L1", 32_000)
    assert pytest.approx(30 / 1380e6 + 32_000 / (13667e9 / 80)) == T  # one multiprocessor's room and one's bandwidth


def test_the_life_of_a_tensor_says_where_it_fits():
    explorer = tensor_life_explorer()
    assert explorer.sentence.endswith("it fits L1 of one multiprocessor")
    explorer.set(batch=64)
    assert explorer.sentence.endswith("it fits L2")  # 2.05 MB
    explorer.set(batch=4096, elements=2**20, precision="int8")
    assert explorer.sentence.endswith("it fits HBM")
    assert "L2" not in explorer.sentence  # it streams through, at the pace of the HBM
    assert [bar.get_visible() for bar in explorer.artists.times] == [True, False, False]
    explorer.set(precision="fp32")
    assert explorer.sentence.endswith("it fits HBM")  # 17.2 GB


def test_the_pressure_explorer_knows_its_contexts():
    explorer = pressure_explorer(model="llama3-8b")
    explorer.set(context="131072")
    assert "131,072 tokens" in explorer.sentence
    explorer.set(model="gpt2-xl")  # which has 1024 positions: back to the declared context
    assert explorer.values["context"] == "512"
    explorer.set(model="dlrm")
    assert "tokens" not in explorer.sentence
    assert "it fits on one A100" in explorer.sentence  # 48 GB
    with pytest.raises(ValueError, match="context must be one of none"):
        explorer.set(context="512")


def test_the_pressure_explorer_says_what_a_chip_cannot_compute():
    def ends(precision):
        return pressure_explorer(model="llama3-70b", precision=precision).sentence.split("; ")[-1]

    assert ends("fp8") == "it fits on one A100 (80 GB), which has no arithmetic in fp8"
    assert ends("int8") == "it fits on one A100 (80 GB)"


def test_fused_attention_writes_no_scores():
    shown = {how: pressure_explorer(task="training", attention=how).sentence for how in pressure.ATTENTION}
    assert "attention scores" in shown["scores written"]
    assert "attention scores" not in shown["fused"]


def test_training_offers_no_integers():
    assert pressure.precisions("training") == ("fp16", "bf16", "fp32")
    with pytest.raises(ValueError, match="precision must be one of fp16, bf16, fp32 while task is training"):
        pressure_explorer(task="training", precision="int8")


def test_training_llama_needs_several_chips():
    assert "it needs" in pressure_explorer(model="llama3-70b", task="training").sentence
    assert A100.capacity.value < 16 * 8e9  # the 8B's optimizer alone
    assert bytes_per_element("fp16") == 2
