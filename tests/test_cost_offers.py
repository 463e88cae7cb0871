"""Price and performance: Table 8 as printed and at like precision, and what is paid for at a workload's intensity."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue import A100, GAUDI2, H100, V100, prices
from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.served import RESNET50_LATENCY, RESNET50_RATE
from labcore.cost import Offer, achieved_rate, crossing, like_for_like, table_8
from labcore.models.zoo import build
from labcore.roofline import least_time

HERE = Source("test", "made up", 2026)


def chip_of(R, BW):
    """A chip of a given peak and bandwidth, of nobody's make."""
    return Accelerator("made up", "none", "GPU", Fact(2026, "year", HERE), {"fp16": Fact(R, "FLOP/s", HERE)},
                       Fact(BW, "B/s", HERE), Fact(1e9, "B", HERE))  # fmt: skip


def per_tflops(offers):
    return {offer.chip.name: 1e12 * offer.per_rate for offer in offers}


# Table 8: price, throughput in TFLOP/s, bandwidth in GB/s, USD per TFLOP/s
PRINTED = {"V100": (10_000, 125, 900, 80), "A100": (15_000, 312, 2039, 48.1), "H100": (25_000, 494, 3350, 50.6),
           "TPU v4": (8_000, 275, 1200, 29.1), "Gaudi 2": (12_000, 865, 2450, 13.9)}  # fmt: skip


@pytest.mark.parametrize("offer", table_8(), ids=lambda offer: offer.chip.name)
def test_table_8_is_reproduced_at_the_precision_behind_each_row(offer):
    price, tflops, GB_per_s, quotient = PRINTED[offer.chip.name]
    assert offer.price == price
    assert offer.R_peak / 1e12 == pytest.approx(tflops, abs=0.5)  # 494.5 is printed as 494
    assert pytest.approx(GB_per_s * 1e9) == offer.chip.BW
    assert round(1e12 * offer.per_rate, 1) == quotient


def test_only_the_lower_end_of_h100s_price_gives_the_printed_quotient():
    quotients = [per_tflops(table_8(end))["H100"] for end in ("low", "middle", "high")]
    assert quotients == pytest.approx([25_000 / 494.5, 27_500 / 494.5, 30_000 / 494.5])
    assert [round(q, 1) for q in quotients] == [50.6, 55.6, 60.7]


@pytest.mark.parametrize("end", ["low", "middle", "high"])
def test_at_like_precision_h100_is_the_cheaper_one_and_the_exception_of_table_8_is_gone(end):
    """The text has H100 above A100 "under the representative TF32 calculation"; the A100's 312 there is its fp16."""
    as_printed = per_tflops(table_8(end))
    assert as_printed["H100"] > as_printed["A100"]
    for like in ("16-bit", "tf32", "int8"):
        alike = per_tflops(like_for_like(like, end))
        assert alike["H100"] < alike["A100"], like


def test_the_price_scaled_slower_than_tf32():
    low, high = (fact.value / 15_000 for fact in prices.TABLE_8["H100"])
    assert low < high == 2 < H100.peak("tf32") / A100.peak("tf32")  # 1.67 to 2.0 against 3.17


def test_16_bit_prices_fall_with_every_generation_of_nvidia():
    alike = per_tflops(like_for_like("16-bit", "high"))
    assert alike["V100"] > alike["A100"] > alike["H100"]
    assert alike["Gaudi 2"] == pytest.approx(12_000 / 432)  # twice the printed 13.9, which is at fp8


def test_bandwidth_for_a_dollar_does_not_rise_from_a100_to_h100():
    """The text's second pattern fails where it is made: H100 has more bandwidth, and less of it for the price."""
    for end in ("low", "high"):
        a100, h100 = (Offer(c, "fp16", prices.TABLE_8[c.name][end == "high"].value) for c in (A100, H100))
        assert h100.BW_per_dollar < a100.BW_per_dollar
        assert h100.chip.BW > a100.chip.BW


@given(st.floats(1e9, 1e16), st.floats(1e8, 1e14), st.floats(1, 1e6), st.floats(1e-3, 1e5))
def test_a_useful_flop_costs_its_bytes_below_the_ridge_and_the_peak_above(R, BW, price, I):
    offer = Offer(chip_of(R, BW), "fp16", price)
    paid = offer.per_useful_rate(I)
    expected = 1 / (offer.BW_per_dollar * I) if offer.chip.ridge("fp16") > I else offer.per_rate
    assert paid == pytest.approx(expected)
    assert paid >= offer.per_rate * (1 - 1e-12)  # never less than at the peak


@given(*[st.integers(1, 40)] * 6)
def test_the_cheaper_offer_changes_at_the_crossing_and_nowhere_else(Ra, BWa, pa, Rb, BWb, pb):
    a, b = Offer(chip_of(Ra, BWa), "fp16", pa), Offer(chip_of(Rb, BWb), "fp16", pb)
    I = np.geomspace(1e-4, 1e4, 401)
    gap = np.log(a.per_useful_rate(I) / b.per_useful_rate(I))
    gap[abs(gap) < 1e-9] = 0
    found = crossing(a, b)
    assert found == crossing(b, a)
    if found is None:
        assert (gap >= 0).all() or (gap <= 0).all()
    else:
        before, after = gap[found * (1 - 1e-9) > I], gap[found * (1 + 1e-9) < I]
        assert (np.sign(before) == np.sign(before[0])).all()
        assert (np.sign(after) == -np.sign(before[0])).all()
        assert a.per_useful_rate(found) == pytest.approx(b.per_useful_rate(found))


def test_a100_is_the_cheaper_one_up_to_its_own_ridge_point():
    offers = {offer.chip.name: offer for offer in like_for_like("16-bit")}
    even = crossing(offers["A100"], offers["H100"])
    # 312e12 / 15,000 FLOP/s for a dollar, against 3.35e12 / 25,000 B/s: 20.8e9 / 134e6
    assert even == pytest.approx(312e12 / 15_000 / (3.35e12 / 25_000))
    assert even == pytest.approx(A100.ridge("fp16"), rel=0.02)


@pytest.mark.parametrize("name", ["resnet50", "gpt2", "mobilenetv2"])
def test_a_network_is_between_both_roofs_of_its_intensity_and_none(name):
    """Layer by layer can only be slower than the whole at its mean intensity, where all could overlap."""
    network = build(name)
    rate = achieved_rate(network, A100, "fp16")
    assert 0 < rate <= network.flop / least_time(network.flop, network.D_vol, A100.peak("fp16"), A100.BW)
    assert Offer(A100, "fp16", 15_000).per_rate_on(network) == 15_000 / rate


def test_one_layer_alone_costs_what_its_intensity_says():
    decode = build("gpt2", phase="decode", context=512)
    offer = Offer(A100, "fp16", 15_000)
    assert offer.per_rate_on(decode) == pytest.approx(
        offer.per_useful_rate(decode.I), rel=0.02
    )  # memory-bound all over


def test_every_price_is_in_dollars_low_before_high_and_says_what_it_is_of():
    for table in (prices.TABLE_8, prices.REPORTED, prices.RENT):
        for low, high in table.values():
            assert low.unit == high.unit == "USD"
            assert 0 < low.value <= high.value
            assert low.note
            assert low.source is high.source


def test_the_prices_of_table_8_that_others_report_too():
    """H100's range is the one reported; Gaudi 2 was offered for a third less, at the price of the kit of eight."""
    assert [f.value for f in prices.TABLE_8["H100"]] == [f.value for f in prices.REPORTED["H100"]]
    assert prices.REPORTED["Gaudi 2"][0].value == 8125 < 0.7 * prices.TABLE_8["Gaudi 2"][0].value
    printed, reported = prices.TABLE_8["V100"][0].value, prices.REPORTED["V100"][0].value
    assert printed < reported  # an eighth of a server costs more than the chip in it


def test_a_chip_without_the_precision_is_left_out():
    assert [offer.chip for offer in like_for_like("fp8")] == [H100, GAUDI2]
    assert [offer.chip.name for offer in like_for_like("fp4", prices=prices.REPORTED)] == ["B200"]
    assert V100 not in [offer.chip for offer in like_for_like("tf32")]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Offer(V100, "fp8", 10_000), "V100 has no fp8 peak; it has fp64, fp32, fp16"),
        (lambda: Offer(V100, "fp16", 0), "price must be a finite number above 0, got 0"),
        (
            lambda: like_for_like("fp4"),
            "no chip of this price list has fp4; there are 16-bit, bf16, fp16, fp32, fp64, fp8, int4, int8, tf32",
        ),
        (lambda: like_for_like("tf32", "mean"), "end of a price range is one of low, middle, high; got 'mean'"),
        (lambda: like_for_like("tf32")[0].per_useful_rate(0), "I must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_was_wanted(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()


def test_of_three_offers_the_lower_envelope_is_made_of_the_crossings():
    """Between neighbouring crossings one offer is the cheapest of all, and a search over intensities finds the same."""
    offers = like_for_like("16-bit")
    marks = sorted(c for a, b in itertools.combinations(offers, 2) if (c := crossing(a, b)))
    for low, high in itertools.pairwise([marks[0] / 10, *marks, marks[-1] * 10]):
        inside = np.geomspace(low * 1.001, high / 1.001, 7)
        best = {min(offers, key=lambda offer, at=I: offer.per_useful_rate(at)).chip.name for I in inside}
        assert len(best) == 1


def test_what_was_served_a_second_is_the_batch_over_its_time():
    """One client, one batch at a time: within a percent, the client's own time."""
    for batch, T in RESNET50_LATENCY.items():
        assert RESNET50_RATE[batch].value == pytest.approx(batch / T.value, rel=0.01)
