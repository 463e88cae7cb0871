"""What the claims on the essay and on co-design compute, held against bounds and hand values from outside."""

import pytest

from labcore.catalogue.carbon import PUE
from labcore.claims import codesign
from labcore.claims.ledger import claim, find

RCD = ("rows", "cols", "dataflow")


def test_decoding_uses_two_flop_for_each_weight_of_two_bytes():
    """About 1 FLOP/B of the 295 that an H100 wants: all but about a third of a per cent of its peak is unused."""
    assert claim("essay-decode-leaves-flops-unused").computed == pytest.approx(100 * (1 - 1 / (989 / 3.35)), abs=0.1)


def test_a_batch_that_reaches_the_ridge_leaves_less_unused():
    unused = [claim("essay-decode-leaves-flops-unused", batch=batch, context=64).computed for batch in (1, 32, 256)]
    assert unused == sorted(unused, reverse=True)
    assert unused[-1] < 50


def test_the_busiest_expert_evens_out_in_large_batches_only():
    small, large = (claim("essay-experts-uneven", B=B).computed for B in (4, 4096))
    assert small > 1.8  # of 8 places for 8 assignments some expert has two nearly always
    assert 1 < large < 1.06


def test_where_bytes_bind_half_the_bytes_are_half_the_time():
    """DLRM at batch 1 only reads: FP16 gains 2 whatever the units; no network gains more than units and bytes do."""
    assert set(codesign.gains("V100", 1, "fp32", "fp32").values()) == {1}
    gain = codesign._time("dlrm", "H100", 1, "fp32") / codesign._time("dlrm", "H100", 1, "fp16")
    assert gain == pytest.approx(2, rel=0.01)
    assert max(codesign.gains("A100").values()) < 312 / 19.5


def test_the_glossarys_range_holds_for_a_part():
    """A range that all networks meet, or none, is no part: it fails where generic code is the matched code."""
    assert find("glossary-two-to-ten-times").printed.holds(claim("glossary-two-to-ten-times").computed)
    assert claim("glossary-two-to-ten-times", generic="fp16").computed == 0
    above = {name: sum(gain > 10 for gain in codesign.gains(name).values()) for name in ("V100", "A100", "H100")}
    assert above == {"V100": 0, "A100": 6, "H100": 2}  # 14, 16 and 15 times the peak; an A100 has most for a byte


def test_joint_search_wins_against_halves_and_not_against_a_proxy():
    assert claim("a3c3-joint-against-sequential").computed == 100
    assert claim("a3c3-joint-against-sequential", rivals=("proxy-guided",)).computed < 50


@pytest.mark.parametrize("array", [(rows, cols, flow) for rows in (2, 16) for cols in (2, 16) for flow in ("os", "ws")])
def test_counts_mislead_on_every_array(array):
    words = find("a3c3-beyond-flop-and-parameters").printed
    assert words.holds(claim("a3c3-beyond-flop-and-parameters", **dict(zip(RCD, array, strict=True))).computed)


@pytest.mark.parametrize(("size", "way"), [(100e6, "LPU v1"), (16e9, "H100"), (810e9, "SN40L")])
def test_each_way_has_a_size_at_which_it_reads_soonest(size, way):
    """100 MB lie in 230 MB of SRAM; 16 GB in 80 GB of HBM at twice the other's bandwidth; 810 GB in 1.5 TB of DDR."""
    from labcore.claims.architecture_map import _read

    times = {"LPU v1": _read(size, "LPU v1", ("SRAM",)), "H100": _read(size, "H100", ("HBM",))}
    times["SN40L"] = _read(size, "SN40L", ("HBM", "DDR"))
    assert min(times, key=times.get) == way
    assert _read(810e9, "SN40L", ("HBM", "DDR")) == pytest.approx(64e9 / 1.6e12 + (810e9 - 64e9) / 200e9)


def test_cooling_cannot_take_more_than_a_building_leaves():
    """All that is not computing is 1 - 1 / PUE: 9.1 % at the best sites, 35.9 % at typical ones."""
    low, high = find("essay-cooling-7-to-30pct")().value
    assert low < 1 - 1 / PUE["best"].value
    assert high < 1 - 1 / PUE["typical"].value


def test_a_model_of_one_size_has_one_way():
    """Below 230 MB of SRAM only the LPU wins, above 80 GB of HBM only the hierarchy has room."""
    assert find("essay-memory-three-ways")(smallest=1e6, largest=2e8) == 1
    assert find("essay-memory-three-ways")(smallest=1e6, largest=5e10) == 2
    assert find("essay-memory-three-ways")(smallest=1e11, largest=1e12) == 1


def test_a_cache_that_does_not_double_fails():
    assert not find("essay-capacity-kv-linear").printed.holds([2, 4, 1, 1])
    assert not find("essay-capacity-kv-linear").printed.holds(
        claim("essay-capacity-kv-linear", factors=(3, 4)).computed
    )


def test_batches_halve_the_reads_and_idle_users_wait():
    one, eight = (find("essay-batching-reuse").function.__globals__["_served"](size, 0.5) for size in (1, 8))
    assert len(one.iterations) == 8 * len(eight.iterations)  # lengths are equal, so every batch is full to its end
