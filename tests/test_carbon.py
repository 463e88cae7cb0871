"""Fleets, their energy and carbon; Napkin Math 1.10 from its fleets and from its workload; owning against renting."""

import re
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from labcore.catalogue import A100, TPU_V6E, carbon, prices
from labcore.cost import (
    DAY,
    KWH,
    Fleet,
    Offer,
    Owned,
    Site,
    emissions,
    even_grid,
    fleet_for,
    footprint,
    like_for_like,
    mean_power,
    payback_time,
    rate_per_watt,
    serve,
    shift,
)
from labcore.models.zoo import build
from labcore.roofline import place_network

YEAR = 365 * DAY
CPUS = Fleet(count=1000, R_peak=1e12, power=100)
NPUS = Fleet(count=100, R_peak=10e12, power=5)
BILLION = 1e9


def test_what_follows_from_the_fleets_of_napkin_1_10():
    kwh = [fleet.energy_a_day() / KWH for fleet in (CPUS, NPUS)]
    assert kwh == pytest.approx([2400, 12])
    tonnes = [emissions(365 * k * KWH, 429) / 1e6 for k in kwh]
    assert tonnes[0] - tonnes[1] == pytest.approx(373.9, abs=0.05)  # (2400 - 12) kWh x 0.429 kg x 365 days
    assert pytest.approx(200) == (10e12 / 5) / (1e12 / 100)
    assert CPUS.energy_each(BILLION) / NPUS.energy_each(BILLION) == pytest.approx(200)


def test_what_does_not_follow_is_the_fleets_themselves():
    """A thousand CPUs serve a billion inferences a day only if each takes 86.4 GFLOP and every CPU reaches its peak."""
    assert CPUS.flop_each(BILLION) == pytest.approx(86.4e9)  # 1e15 FLOP/s x 86,400 s / 1e9
    assert NPUS.rate == CPUS.rate
    flop = build("resnet50").flop
    assert CPUS.flop_each(BILLION) / flop == pytest.approx(10.5, abs=0.1)
    full = fleet_for(BILLION, flop, 1e12, 100, eta=1.0)
    assert full.count == 95  # 8.195 GFLOP x 11,574 a second = 94.85 TFLOP/s
    assert fleet_for(BILLION, flop, 1e12, 100, eta=0.05).count == 1898  # at the share of a CPU's peak in the text


def test_the_gain_is_200_only_when_both_reach_the_same_share_of_their_peaks():
    flop = build("resnet50").flop
    cpu, npu = fleet_for(BILLION, flop, 1e12, 100, eta=0.5), fleet_for(BILLION, flop, 10e12, 5, eta=0.05)
    gain = cpu.energy_a_day() / npu.energy_a_day()
    assert gain == pytest.approx(200 * 0.05 / 0.5, rel=0.02)


def test_the_self_check_has_another_cpu_than_the_napkin():
    """5 J and 0.05 J an inference are a factor of 100; the napkin's fleets come to 8.64 J and 0.0432 J, 200."""
    assert [E * BILLION / 1e6 for E in (5, 0.05)] == pytest.approx([5000, 50])  # MJ a day
    assert [E * BILLION * 365 / 1e6 for E in (5, 0.05)] == pytest.approx([1_825_000, 18_250])
    assert CPUS.energy_each(BILLION) == pytest.approx(8.64)  # 100 W x 1000 x 86,400 s / 1e9
    assert NPUS.energy_each(BILLION) == pytest.approx(0.0432)


def test_one_thousand_servers_are_not_thousands_and_give_hundreds_of_tonnes():
    grams = [emissions(365 * CPUS.energy_a_day(), grid.value) for grid in carbon.GRIDS.values()]
    assert min(grams) / 1e6 < 30 < 370 < emissions(365 * CPUS.energy_a_day(), 429) / 1e6 < max(grams) / 1e6


@given(st.floats(1e3, 1e10), st.floats(1e6, 1e13), st.floats(1e9, 1e15), st.floats(0.01, 1), st.floats(1, 5))
def test_a_fleet_carries_its_busiest_hour_and_one_machine_fewer_does_not(per_day, flop, R_peak, eta, busiest):
    assume(per_day * flop * busiest / DAY / (R_peak * eta) < 1e9)
    fleet = fleet_for(per_day, flop, R_peak, 100, eta, busiest)
    peak = per_day * flop * busiest / DAY
    assert fleet.rate >= peak * (1 - 1e-9)
    assert (fleet.count - 1) * R_peak * eta <= peak
    assert fleet.use(per_day, flop) <= 1 / busiest * (1 + 1e-9)


@given(st.lists(st.floats(0, 1), min_size=24, max_size=24), st.floats(0, 1))
def test_the_mean_power_of_a_day_is_that_of_its_hours(hours, idle):
    """Hour by hour, busy machines draw full power and the others their idle share; only the mean of the load counts."""
    by_hour = np.mean([load * 100 + (1 - load) * idle * 100 for load in hours])
    assert mean_power(100, min(1.0, float(np.mean(hours))), idle) == pytest.approx(by_hour)


def test_idle_power_makes_an_inference_dearer_at_night():
    fleet = Fleet(count=10, R_peak=1e12, power=100, idle=carbon.IDLE_SHARE.value)
    full = fleet.energy_each(1000, use=1.0)
    assert fleet.energy_each(100, use=0.1) / full == pytest.approx(10 * 0.55)  # 0.1 + 0.5 x 0.9
    assert fleet.energy_each(1000, use=1.0, overhead=1.56) == pytest.approx(1.56 * full)


@given(st.floats(1, 1e12), st.floats(1e-3, 1e15))
def test_energy_and_work_are_shared_without_loss(per_day, flop):
    assert CPUS.energy_each(per_day) * per_day == pytest.approx(CPUS.energy_a_day())
    assert CPUS.flop_each(per_day) * per_day == pytest.approx(CPUS.rate * DAY)


def test_grids_by_hand():
    grids = {name: fact.value for name, fact in carbon.GRIDS.items()}
    assert grids["US 2022"] == pytest.approx(0.86 * carbon.GRAMS_PER_POUND, rel=0.005)  # EIA prints 0.86 lb a kWh too
    assert grids["chapter"] == pytest.approx(grids["US 2018"], rel=0.002)
    assert grids["US 2022"] < 0.92 * grids["chapter"]  # the page's grid is some years old
    assert min(grids, key=grids.get) == "Norway"
    assert max(grids, key=grids.get) == "India"
    assert all(fact.unit == "g/kWh" for fact in carbon.GRIDS.values())


def test_on_a_clean_grid_making_a_chip_weighs_as_much_as_running_it():
    """400 W for four years are 14,016 kWh; 318 kg over them are 22.7 g a kWh."""
    embodied, life = carbon.EMBODIED["A100"].value, 4 * YEAR
    assert even_grid(embodied, A100.power.value * life) == pytest.approx(318e3 / 14016)
    shares = {name: footprint(embodied, A100.power.value, life, grid.value).share_embodied
              for name, grid in carbon.GRIDS.items()}  # fmt: skip
    low, high = (fact.value for fact in carbon.EMBODIED_SHARE)
    assert shares["India"] < shares["chapter"] < low < high < shares["Sweden"] < shares["Norway"] < 0.5


@given(st.floats(1, 1e7), st.floats(1, 1e4), st.floats(1e3, 1e9), st.floats(1, 3))
def test_on_its_even_grid_half_of_a_footprint_is_embodied(embodied, power, life, overhead):
    grid = even_grid(embodied, power * overhead * life)
    whole = footprint(embodied, power, life, grid, overhead)
    assert whole.share_embodied == pytest.approx(0.5)
    assert whole.total == whole.embodied + whole.operating


def test_the_saving_in_embodied_carbon_is_the_24_percent_that_nvidia_prints():
    per_work = {name: fact.value for name, fact in carbon.EMBODIED_PER_WORK.items()}
    assert 1 - per_work["B200"] / per_work["H100"] == pytest.approx(0.24, abs=0.005)


def test_a_chip_at_five_times_the_price_and_a_twentieth_of_the_energy_does_not_pay_back_in_months():
    """As the answer to the third self-check has it; true only of a chip that is cheap against a year of its energy."""
    price, power = prices.TABLE_8["A100"][0].value, A100.power.value
    a_second = power * carbon.PUE["typical"].value / KWH * prices.ELECTRICITY.value
    back = payback_time(4 * price, a_second, a_second / 20)
    assert back / YEAR == pytest.approx(4 * 15_000 / (0.95 * 0.4 * 8760 * 1.56 * 0.0806))
    assert back > 100 * YEAR
    cheap = payback_time(4 * 0.1 * a_second * YEAR, a_second, a_second / 20)  # a price of a tenth of a year's energy
    assert cheap / YEAR == pytest.approx(0.4 / 0.95)


@given(st.floats(100, 1e5), st.floats(1, 1e4), st.floats(0.01, 0.5), st.floats(0.1, 30), st.floats(0, 1),
       st.floats(0, 0.5))  # fmt: skip
def test_at_the_break_even_use_owning_costs_the_rent(price, power, kwh_price, rent, idle, upkeep):
    owned = Owned(price, power, 3 * YEAR, kwh_price, overhead=1.3, upkeep=upkeep, idle=idle)
    even = owned.break_even_use(rent)
    if even is None:
        assert rent <= power * (1 - idle) * 1.3 / 1000 * kwh_price * (1 + 1e-9)
    elif 1e-3 < even <= 1:
        assert owned.hour(even) == pytest.approx(rent, rel=1e-6)
        if even < 0.5:
            assert owned.hour(2 * even) < rent


def test_an_h100_rented_by_the_hour_or_bought():
    """At 3.99 USD an hour four years of renting cost 139,810; the card and its energy are less than a third of it."""
    card = Owned(30_000, 700, 4 * YEAR, prices.ELECTRICITY.value, overhead=carbon.PUE["typical"].value)
    low, high = (fact.value for fact in prices.RENT["H100"])
    assert card.cost(use=1.0) == pytest.approx(30_000 + 0.7 * 1.56 * 4 * 8760 * 0.0806)
    assert 0.2 < card.break_even_use(high) < card.break_even_use(low) < 0.4
    assert 1 > Owned(30_000, 700, 4 * YEAR, 0.0806, 1.56, upkeep=0.4).break_even_use(low) > 0.85
    assert card.break_even_use(rent=card.cost(1.0) / (4 * 8760)) == pytest.approx(1.0)


SITE = Site(kwh_price=0.0806, g_per_kwh=481, overhead=1.56)


def resnet(precision):
    return build("resnet50", 32, precision)


def test_one_a100_is_enough_for_a_billion_images_a_day():
    """Where the page has 1,000 CPUs or 100 NPUs: 11,574 images a second are 95 TFLOP/s, and the A100 may reach 119."""
    service = serve(BILLION, resnet, Offer(A100, "fp16", 15_000), SITE)
    assert service.fleet.count == 1
    batch = sum(layer.T for layer in place_network(resnet("fp16"), A100, "fp16"))
    assert service.use == pytest.approx(BILLION / DAY * batch / 32)


@pytest.mark.parametrize("offer", like_for_like("16-bit"), ids=lambda offer: offer.chip.name)
@pytest.mark.parametrize("busiest", [1.0, 3.0])
def test_the_day_of_a_service_adds_up(offer, busiest):
    service = serve(1e11, resnet, offer, SITE, busiest)
    joules = service.fleet.count * offer.chip.power.value * service.use * 1.56 * DAY
    assert service.E_each * 1e11 == pytest.approx(joules)
    a_day = service.fleet.count * offer.price / (4 * 365) + joules / KWH * 0.0806
    assert service.usd_each * 1e11 == pytest.approx(a_day)
    grams = service.grams_each(embodied=318e3)
    assert grams.operating * 1e11 == pytest.approx(emissions(joules, 481))
    assert grams.embodied * 1e11 * 4 * 365 == pytest.approx(service.fleet.count * 318e3)
    assert service.use <= 1 / busiest


def test_the_advantage_of_h100_at_the_peak_melts_with_the_intensity_of_the_work():
    """47 % less for a 16-bit TFLOP/s, a tenth less for an image of ResNet-50, and more for a token of Llama 3."""
    tokens = partial(build, "llama3-8b", 1, phase="decode", context=1024)
    a100, h100 = like_for_like("16-bit")[1:3]
    ratios = [serve(1e12, work, h100, SITE).usd_each / serve(1e12, work, a100, SITE).usd_each
              for work in (resnet, tokens)]  # fmt: skip
    assert h100.per_rate / a100.per_rate == pytest.approx(0.53, abs=0.005)
    assert ratios[0] == pytest.approx(0.90, abs=0.01)
    assert ratios[1] > 1


def test_a_chip_without_a_power_is_refused():
    words = "TPU v6e has no published power; choose a chip whose facts have one"
    with pytest.raises(ValueError, match=f"^{words}$"):
        serve(1e9, resnet, Offer(TPU_V6E, "bf16", 10_000), SITE)


TENTHS = st.integers(0, 10).map(lambda tenths: tenths / 10)  # the solver keeps constraints to 1e-7 only


@given(st.lists(st.tuples(TENTHS.map(lambda x: 10 * x), st.integers(1, 1000)), min_size=1, max_size=12), TENTHS)
def test_no_other_way_of_shifting_emits_less(hours, movable):
    """Against a linear program: as much work in all, at least what cannot wait in its hour, at most what fits."""
    load, grid = (list(column) for column in zip(*hours, strict=True))
    moved = shift(load, grid, movable, most=10.0)
    assert sum(moved) == pytest.approx(sum(load), abs=1e-9)
    stays = [one * (1 - movable) for one in load]
    best = linprog(grid, A_eq=[[1.0] * len(load)], b_eq=[sum(load)], bounds=[(low, 10.0) for low in stays])
    assert sum(g * m for g, m in zip(grid, moved, strict=True)) == pytest.approx(best.fun, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Fleet(0, 1e12, 100), "count must be a whole number of at least 1, got 0"),
        (
            lambda: Fleet(1, 1e12, 100, eta=2),
            "eta is the share of the peak that is reached, above 0 and at most 1; got 2",
        ),
        (lambda: Fleet(1, 1e12, 100, idle=-1), "idle is a share, from 0 to 1; got -1"),
        (
            lambda: CPUS.use(BILLION, 100e9),
            "1000 machines cannot serve 1e+09 a day of 1e+11 FLOP; take 1158",
        ),
        (
            lambda: CPUS.energy_a_day(overhead=0.9),
            "overhead is the building's energy over its machines', 1 or more; got 0.9",
        ),
        (
            lambda: fleet_for(1, 1, 1, 1, 1, busiest=0.5),
            "busiest is the busiest hour over the mean one, 1 or more; got 0.5",
        ),
        (
            lambda: shift([1, 2], [3], 0.5, 9),
            "wanted a grid for each hour and a share from 0 to 1; got 1 for 2 hours and 0.5",
        ),
        (
            lambda: shift([1, 12], [3, 4], 0.5, 9),
            "an hour's load is from 0 to the 9 J that it can hold; got 1 to 12",
        ),
        (lambda: emissions(-1, 429), "E must be 0 J or more, got -1"),
        (lambda: emissions(1, 0), "g_per_kwh must be a finite number above 0, got 0"),
        (lambda: Owned(1, 1, 1, 1, overhead=0.5), "overhead is 1 or more and upkeep 0 or more; got 0.5 and 0.0"),
        (lambda: payback_time(0, 2, 1), "extra must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_was_wanted(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()


def test_a_rent_below_the_energy_of_an_hour_is_always_taken():
    assert Owned(1000, 1000, YEAR, 1.0).break_even_use(rent=0.99) is None
    assert payback_time(1, 1, 2) is None
    assert rate_per_watt(A100, "fp16") * KWH == pytest.approx(0.78e12 * 3.6e6)
