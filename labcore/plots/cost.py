"""What throughput costs: per TFLOP/s as printed and like for like, per useful FLOP/s, and by the hour of work."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import prices
from labcore.cost import Offer, crossing, like_for_like, own, table_8
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes, look
from labcore.plots.words import as_table, rows

LAB = "19_sustainability"
TERA = 1e12
CHIPS = tuple(prices.TABLE_8)
BASES = {"as printed": (BLACK, "o", 0.28), "16-bit": (BLUE, "s", 0.0), "tf32": (VERMILLION, "^", -0.28)}
PRICE_UNITS = {"chip": "", "basis": "", "precision": "", "low": "USD/(FLOP/s)", "high": "USD/(FLOP/s)"}


def prices_drawn() -> Table:
    """Price for a FLOP/s of the peak: as Table 8 mixes it, at 16 bits, and in TF32; both ends of the price."""
    drawn = []
    for basis in BASES:
        low, high = (table_8(end) if basis == "as printed" else like_for_like(basis, end) for end in ("low", "high"))
        drawn += [(a.chip.name, basis, a.precision, a.per_rate, b.per_rate) for a, b in zip(low, high, strict=True)]
    return as_table(PRICE_UNITS, drawn)


def draw_prices(ax: Axes, table: Table) -> Axes:
    """A row for each chip; a marker for each basis, drawn out to a line where the price is a range."""
    for r in rows(table):
        colour, marker, up = BASES[r["basis"]]
        y, ends = CHIPS.index(r["chip"]) - up, [TERA * r["low"], TERA * r["high"]]
        ax.plot(ends, [y, y], color=colour, marker=marker, markersize=6, linewidth=2)
        words = f"{ends[0]:.1f}" + (f" to {ends[1]:.1f}" if ends[1] > ends[0] else "")
        ax.annotate(f"{words}  {r['precision']}", (ends[1], y), (7, 0), textcoords="offset points", va="center",
                    fontsize=8, color=colour if colour == BLACK else GREY)  # fmt: skip
    for basis, (colour, marker, _) in BASES.items():
        ax.plot([], [], color=colour, marker=marker, label=basis if basis == "as printed" else f"all in {basis}")
    ax.set_yticks(range(len(CHIPS)), CHIPS)
    ax.set_ylim(len(CHIPS) - 0.5, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, 112)
    ax.set_xlabel("price for the peak, USD per TFLOP/s (dense)")
    ax.legend(loc="lower right")
    return ax


def prices_in_words(table: Table) -> str:
    """A100 and H100 on each basis."""
    said = []
    for basis in BASES:
        at = {r["chip"]: r for r in rows(table) if r["basis"] == basis}
        a100, low, high = (TERA * at[name][end] for name, end in (("A100", "low"), ("H100", "low"), ("H100", "high")))
        said.append(f"{basis} {a100:.1f} on the A100 and {low:.1f} to {high:.1f} on the H100")
    return f"USD per TFLOP/s: {'; '.join(said)}."


WORKLOADS = {  # intensity in FLOP/B of the whole network, at 16 bits; test_sustainability_lab holds them to the models
    "GPT-2 XL writes,\nbatch 1": 1.0, "batch 16": 9.0, "ResNet-50,\nbatch 32": 69.0, "GPT-2 XL reads,\nbatch 8": 281.0,
}  # fmt: skip
GRID = np.unique(np.append(np.logspace(0, 3, 121), [10.0, 100.0]))
USEFUL_UNITS = {"chip": "", "price": "", "I": "FLOP/B", "usd": "USD/(FLOP/s)", "relative": "ratio"}


def useful_drawn() -> Table:
    """What a useful FLOP/s costs at 16 bits over the intensity, and that over the A100's; for both ends of a price."""
    a100 = next(o for o in like_for_like("16-bit") if o.chip.name == "A100")
    base = a100.per_useful_rate(GRID)
    drawn = []
    for end in ("low", "high"):
        for offer in like_for_like("16-bit", end):
            usd = offer.per_useful_rate(GRID)
            drawn += [(offer.chip.name, end, *map(float, row)) for row in zip(GRID, usd, usd / base, strict=True)]
    return as_table(USEFUL_UNITS, drawn)


def draw_useful(ax: Axes, table: Table) -> Axes:
    """A line for each chip, the A100 flat at 1; the H100 a band; grey verticals where some workloads lie."""
    log_axes(ax)
    for I in WORKLOADS.values():
        ax.axvline(I, color=GREY, **THIN_DASH)
    for i, name in enumerate(CHIPS):
        low, high = ([r["relative"] for r in rows(table) if (r["chip"], r["price"]) == (name, end)]
                     for end in ("low", "high"))  # fmt: skip
        how = {"color": look(i)["color"], "linestyle": look(i)["linestyle"]}
        ax.plot(GRID, low, **how)
        if high != low:
            ax.fill_between(GRID, low, high, facecolor="#DDF0EA", edgecolor=GREEN, linewidth=0.5, zorder=1)
        side = 0 if high != low else -3 if name in ("A100", "TPU v4") else 3  # a band is named within, a line beside it
        ax.annotate(name, (1.15, (low[0] * high[0]) ** 0.5), (0, side), textcoords="offset points", fontsize=8.5,
                    va={0: "center", -3: "top", 3: "bottom"}[side])  # fmt: skip
    for words, I in WORKLOADS.items():
        ax.text(I * 1.05, 2.08, words, fontsize=7.5, color=GREY, va="top")
    ax.set_xlim(0.9, 1000)
    ax.set_ylim(0.48, 2.12)
    ax.set_yticks([0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2], ["0.5", "0.6", "0.7", "0.8", "1", "1.2", "1.5", "2"])
    a100 = {r["I"]: TERA * r["usd"] for r in rows(table) if (r["chip"], r["price"]) == ("A100", "low")}
    ax.set_xticks([1, 10, 100, 1000], [f"{I:,}\n{a100[I]:,.0f} USD" for I in (1, 10, 100, 1000)])
    ax.set_xlabel("intensity of the work (FLOP/B); below it: a useful TFLOP/s on the A100")
    ax.set_ylabel("price of a useful FLOP/s, A100 = 1")
    return ax


def useful_in_words(table: Table) -> str:
    """The A100's price of a useful TFLOP/s at three intensities, and where the H100 becomes the cheaper one."""
    a100 = {r["I"]: TERA * r["usd"] for r in rows(table) if (r["chip"], r["price"]) == ("A100", "low")}
    at = ", ".join(f"{a100[I]:,.0f} USD at {I:g}" for I in (1.0, 10.0, 1000.0))
    even = []
    for end in ("low", "high"):
        offers = {o.chip.name: o for o in like_for_like("16-bit", end)}
        even.append(crossing(offers["A100"], offers["H100"]))
    return (
        f"A useful TFLOP/s on the A100 costs {at} FLOP/B; the H100 is the cheaper of the two from {even[0]:.0f} "
        f"(lower price) or {even[1]:.0f} FLOP/B (higher price) on."
    )


USES = tuple(k / 100 for k in range(5, 101))
HOUR_UNITS = {"way": "", "use": "ratio", "low": "USD", "high": "USD"}
WAYS = {  # of having a chip for an hour of work
    "bought, the chip alone": (BLUE, "-", HATCHES[0], "#CFE3F1"),
    "bought, with its share of a server": (VERMILLION, "--", HATCHES[1], "#F8DCC8"),
    "rented": (BLACK, "-.", HATCHES[2], "#EEEEEE"),
}


def hours_drawn(chip: str = "H100") -> Table:
    """USD for an hour of work by the share of time that there is work: bought, bought with a server, and rented."""
    drawn, bought = [], list(WAYS)[:2]
    for way, factor in zip(bought, (1.0, prices.SERVER.value), strict=True):
        ends = [own(Offer(*half(chip), factor * fact.value)) for fact in prices.TABLE_8[chip]]
        drawn += [(way, use, ends[0].hour(use), ends[1].hour(use)) for use in USES]
    return as_table(HOUR_UNITS, drawn + [("rented", use, *(fact.value for fact in prices.RENT[chip])) for use in USES])


def half(chip: str) -> tuple:
    """A chip of Table 8 with its 16-bit format."""
    return next((offer.chip, offer.precision) for offer in like_for_like("16-bit") if offer.chip.name == chip)


def draw_hours(ax: Axes, table: Table) -> Axes:
    """Three bands over the use, each from the lower to the higher price."""
    for way, (colour, dash, hatch, ground) in WAYS.items():
        its = [r for r in rows(table) if r["way"] == way]
        x, low, high = ([r[name] for r in its] for name in ("use", "low", "high"))
        ax.fill_between(x, low, high, facecolor=ground, edgecolor=colour, hatch=hatch, linewidth=0.4, alpha=0.75)
        for edge in (low, high):
            ax.plot(x, edge, color=colour, linestyle=dash, linewidth=1.4, label=way if edge is high else None)
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    ax.set_xlim(0.05, 1)
    ax.set_ylim(0.5, 30)
    ax.set_xticks([0.05, 0.2, 0.4, 0.6, 0.8, 1], ["5", "20", "40", "60", "80", "100"])
    ax.set_xlabel("share of four years in which there is work (%)")
    ax.set_ylabel(f"USD for an hour of work on an {rented(table)}")
    ax.legend(loc="upper right")
    return ax


def even_uses(chip: str = "H100") -> dict[str, tuple[float, float]]:
    """The use from which buying is cheaper than renting: cheapest purchase against dearest rent, and the reverse."""
    low, high = (fact.value for fact in prices.RENT[chip])
    found = {}
    for way, factor in zip(list(WAYS)[:2], (1.0, prices.SERVER.value), strict=True):
        ends = [own(Offer(*half(chip), factor * fact.value)) for fact in prices.TABLE_8[chip]]
        found[way] = ends[0].break_even_use(high), ends[1].break_even_use(low)
    return found


def rented(table: Table) -> str:
    """The chip whose rent a table holds."""
    return next(name for name, rent in prices.RENT.items() if rent[0].value == table["low"][-1])


def hours_in_words(table: Table) -> str:
    """Where the bands cross."""
    chip = rented(table)
    evens = (f"{way}, from {a:.0%} to {b:.0%} of the time on" for way, (a, b) in even_uses(chip).items())
    return f"Cheaper than renting an {chip}: {'; '.join(evens)}, depending on which prices hold."


_SOURCES = "Prices are those of Table 8, approximate; peaks and bandwidths are dense ones of the data sheets."
register(Figure(
    id="price-performance", item="Table 8", title="Price of a TFLOP/s: as printed, and like for like",
    caption="Black dots are Table 8's last column: each row at a precision of its own, the H100's at both ends of "
    "its price where the table prints the lower. Blue squares put all five at 16 bits, red triangles in TF32, which "
    f"only two of them have. The H100 stands right of the A100 in black alone. {_SOURCES}",
    alt="Five rows of markers over USD per TFLOP/s. As printed the H100 lies right of the A100. At 16 bits it lies "
    "far left of it, and in TF32 the A100 is the dearest marker of all.",
    units=PRICE_UNITS, data=prices_drawn, draw=draw_prices, says=prices_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
register(Figure(
    id="useful-cost", item="Text §Cost-performance analysis", title="Price of a useful FLOP/s by the work's intensity",
    caption="What a chip costs over the FLOP/s that its roofline allows at 16 bits, as a multiple of the A100's. On "
    "the left bandwidth for a dollar decides, on the right peak for a dollar. The H100 is a band between its two "
    f"prices. Below the axis: what a useful TFLOP/s costs on the A100. {_SOURCES} The TPU v4 is not for sale.",
    alt="Five lines over intensity on log axes, level on the left and on the right. The H100's lies at or above "
    "the A100's on the left and falls far below it from about 155 FLOP/B on; Gaudi 2 and TPU v4 lie below the "
    "A100's.",
    units=USEFUL_UNITS, data=useful_drawn, draw=draw_useful, says=useful_in_words, lab=LAB, size=(6.6, 4.0),
))  # fmt: skip
register(Figure(
    id="own-or-rent", item="Text §Cost-performance analysis", title="An hour of work on an H100: bought or rented",
    caption="Four years, electricity at the mean of US industry, a typical PUE, half of full power without work. "
    "Each band runs from the lowest to the highest price said: of the chip, and of an hour at several clouds. The "
    f"server multiplies the chip's price by {prices.SERVER.value:.2f}, as it did a V100's in 2017. Estimates all; no "
    "interest, no staff.",
    alt="Three bands over the share of time with work. The two of buying fall steeply, that of renting is level; "
    "they cross it between about a fifth and two thirds of the time.",
    units=HOUR_UNITS, data=hours_drawn, draw=draw_hours, says=hours_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
