"""Self-check items of the section on cost, energy and carbon."""

from __future__ import annotations

from labcore.cost import DAY, KWH, emissions, payback_time
from labcore.grading.selfcheck import item, letter, near
from labcore.roofline import ridge

YEAR = 365 * DAY


@item("sustainability-1", wants="a letter from a to d")
def why_each_joule_counts(answer: object) -> str:
    """Every inference pays it."""
    return letter(
        answer,
        "c",
        {
            "a": "A building has no battery to spare, and still pays for every joule.",
            "b": "Inference goes on as long as the service lives, and can outgrow the training that was done once.",
            "d": "The other way round: chips made for the work draw less for the same work.",
        },
    )


@item("sustainability-2", wants="a number of MWh")
def energy_saved_in_a_year(answer: object) -> str:
    """200 million a day, 4 J against 0.1 J."""
    saved = 200e6 * (4 - 0.1) * 365  # J
    want = saved / KWH / 1000
    if near(answer, want / 365):
        return "That is a day."
    if near(answer, 1000 * want):
        return "That is in kWh; a MWh has 1,000 of them."
    if near(answer, 1e6 * want):
        return "That is in Wh; a MWh has a million of them."
    if near(answer, saved / 1e6):
        return "That is in MJ; a kWh has 3.6 of them."
    if near(answer, saved / 1000):
        return "That is in kJ; a kWh has 3,600 of them."
    if near(answer, 200e6 * 4 * 365 / KWH / 1000, 0.005):
        return "The accelerators draw something too."
    return "" if near(answer, want, 0.01) else "Joules saved each, times queries in a year, over 3.6 GJ for a MWh."


@item("sustainability-3", wants="a number of years")
def years_until_the_dearer_is_cheaper(answer: object) -> str:
    """2,000 USD more, 200 W less, 10 cents a kWh."""
    each = 0.10 / KWH
    want = payback_time(4000 - 2000, 300 * each, 100 * each) / YEAR
    if near(answer, payback_time(4000, 300 * each, 100 * each) / YEAR):
        return "Both cards must be bought: what is to be saved is the difference of the prices."
    if near(answer, 2000 / (300 * each) / YEAR):
        return "The dearer card draws something too: what saves is the difference of the powers."
    if near(answer, want / 1000) or near(answer, 1000 * want):
        return "A factor of 1,000: watts for kilowatts."
    return "" if near(answer, want) else "What is paid more at once, over what is saved in a year."


@item("sustainability-4", wants="an intensity in FLOP/B")
def where_the_dearer_chip_wins(answer: object) -> str:
    """A has more bandwidth for a dollar, B more peak; they meet where A is at its peak and B is not yet."""
    a, b = (12_000, 400e12, 2e12), (20_000, 1000e12, 3e12)
    want = a[1] / a[0] / (b[2] / b[0])
    if near(answer, ridge(a[1], a[2])):
        return "That is A's ridge point: from there on A stays as it is, and B still has to catch up."
    if near(answer, ridge(b[1], b[2])):
        return "That is B's ridge point: B is the cheaper one before it reaches its peak."
    if near(answer, a[1] / b[2]):
        return "There both reach the same throughput. It is the price of it that is asked."
    return "" if near(answer, want) else "A's FLOP/s for a dollar at its peak, over B's bytes a second for a dollar."


@item("sustainability-5", wants="a factor")
def gain_at_what_is_reached(answer: object) -> str:
    """50 at the peaks, 40 % and 8 % of them reached."""
    want = 50 * 0.08 / 0.4
    if near(answer, 50):
        return "That is at the peaks of both; the network reaches neither."
    if near(answer, 50 * 0.4 / 0.08):
        return "Turned round: the NPU is the one that reaches less of its peak."
    if near(answer, 50 * 0.08):
        return "The CPU does not reach its peak either."
    if near(answer, 50 * 0.4):
        return "The CPU's share divides: the less it reaches, the more the NPU gains. And the NPU's is missing."
    if near(answer, 50 / 0.4):
        return "The NPU does not reach its peak either."
    return "" if near(answer, want) else "The ratio of the peaks for each watt, times the ratio of the shares."


@item("sustainability-6", wants="a number of days")
def days_until_the_making_is_repaid(answer: object) -> str:
    """180 kg, 300 W less at a PUE of 1.25, 100 g/kWh."""
    a_day = emissions(300 * 1.25 * DAY, 100)
    want = 180e3 / a_day
    if near(answer, want * 1.25):
        return "The building saves its part too: 300 W less at the machine are 375 W less at the meter."
    if near(answer, want * 1.25**2):
        return "The PUE multiplies the watts that are saved; it does not divide them."
    if near(answer, want / 1000):
        return "A factor of 1,000: kilograms for grams, or watts for kilowatts."
    return "" if near(answer, want) else "Grams of the making, over the grams that a day saves."


@item("sustainability-7", wants="a letter from a to c")
def what_makes_a_card_sustainable(answer: object) -> str:
    """No single number."""
    return letter(
        answer,
        "b",
        {
            "a": "A price says little about carbon: energy goes on for years after the purchase.",
            "c": "A card that waits, or stands on a dirty grid, emits more than one with fewer FLOP/s for a watt.",
        },
    )
