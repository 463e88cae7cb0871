"""The tile on the roofline: which tile of C carries a product across the ridge, and which one multiprocessor holds."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.catalogue.execution import MULTIPROCESSORS
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip, chip_sources, draw_chip, height, label_chips, roof_rows, roofline_axes, span
from labcore.plots.style import BLUE, VERMILLION
from labcore.plots.words import as_table, columns, rows, three
from labcore.precision import bytes_per_element
from labcore.tiling.choice import widest_output
from labcore.tiling.intensity import product_intensity

SIDES = tuple(2**k for k in range(13))


def tiles_on_a_roof(chip: str = "A100", precision: str = "fp16", side: int = 4096) -> Table:
    """The roof of a chip, and one product on it by the side of its tile of C, t x t with a depth of 1."""
    one, b = as_chip(chip), bytes_per_element(precision)
    room = MULTIPROCESSORS[one.name].shared.value
    points = {t: product_intensity(side, side, side, (t, 1, t), b) for t in SIDES if side % t == 0}
    widest = widest_output(room, b)
    low, high = span(list(points.values()), [one.ridge(precision)])
    drawn = [(name, one.name, precision, 0, I, R, "") for name, I, R in roof_rows(one, precision, low, high)]
    fits = {True: "yes", False: "no"}
    drawn += [
        ("tile", one.name, precision, t, I, height(one, precision, I), fits[t <= widest]) for t, I in points.items()
    ]
    return as_table(UNITS, drawn)


def draw_roof_of_tiles(ax: Axes, table: Table) -> Axes:
    """Filled points fit one multiprocessor's scratchpad, hollow ones do not."""
    roofline_axes(ax, table["precision"][:1])
    corners = [r for r in rows(table) if r["part"] != "tile"]
    draw_chip(ax, corners, None)
    label_chips(ax, [corners])
    hollow = {"markerfacecolor": "white", "markeredgewidth": 1.6}
    looks = {"yes": {"color": BLUE, "marker": "o"}, "no": {"color": VERMILLION, "marker": "s"} | hollow}
    names = {"yes": "fits one SM's scratchpad", "no": "too large for it"}
    for fits, style in looks.items():
        points = [r for r in rows(table) if r["fits"] == fits]
        ax.plot(*columns(points, "I", "R_attain"), linestyle="None", zorder=3, label=names[fits], **style)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.16))
    named = [r for r in rows(table) if r["part"] == "tile" and r["side"] in (1, 4, 16, 64, 128, 256, 512, 4096)]
    place_labels(ax, [(r["I"], r["R_attain"], f"t = {r['side']}") for r in named], order=("NW", "N left", "W", "N"))
    return ax


def roof_of_tiles_in_words(table: Table) -> str:
    """The largest tile that fits and what it reaches, and the first that crosses."""
    points = [r for r in rows(table) if r["part"] == "tile"]
    ridge = next(r for r in rows(table) if r["part"] == "ridge")
    fitting = [r for r in points if r["fits"] == "yes"][-1]
    across = next((r for r in points if r["I"] >= ridge["I"]), None)
    crosses = f"t = {across['side']} is the first to cross it" if across else "none crosses it"
    return (
        f"{ridge['chip']} {ridge['precision']}, ridge {three(ridge['I'])} FLOP/B: the largest of these tiles that a "
        f"scratchpad holds, t = {fitting['side']}, brings {three(fitting['I'])} FLOP/B, C's words counted, and "
        f"{fitting['R_attain'] / ridge['R_attain']:.0%} of the peak; {crosses}."
    )


UNITS = {"part": "", "chip": "", "precision": "", "side": "", "I": "FLOP/B", "R_attain": "FLOP/s", "fits": ""}

register(Figure(
    id="tile-roofline",
    item="Text §Tiling challenges",
    title="One product under one roof, by the side of its tile",
    caption="A 4096 x 4096 x 4096 product in fp16 on an A100, all words from its HBM, for tiles of C of t x t that "
    "stay while thin slices of A and B stream by. Each doubling of t doubles the intensity while A and B are most of "
    "the traffic. The words of C count, too. Filled: the tile of sums, 4 B each, with its slices, 2 B a word, fits the "
    "164 KiB of scratchpad of one multiprocessor; hollow: it does not. A tile of 256 takes 256 KiB for its sums, which "
    "are all the registers of a multiprocessor. No filled point lies right of the ridge: here a single level of tiles "
    f"cannot feed the tensor cores from HBM, and the L2 must serve as a second one. Sources: {chip_sources('A100')}.",
    alt="Roofline plot on log axes. Points climb the slope from 1 FLOP/B at tile side 1 with equal steps; filled round "
    "ones up to a side of 128 and a hollow square at 256 lie left of the ridge, hollow squares from 512 on right of it "
    "on the flat roof.",
    units=UNITS,
    data=tiles_on_a_roof,
    draw=draw_roof_of_tiles,
    says=roof_of_tiles_in_words,
    lab="14_tiling",
))  # fmt: skip
