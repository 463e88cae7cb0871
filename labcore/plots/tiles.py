"""Matrix units: the saw-tooth of padding, and what the tiles of Table 7 imply."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue import execution as units
from labcore.catalogue.facts import Accelerator
from labcore.matrix.unit import Shape, sides, tile_cost
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip
from labcore.plots.style import BLUE, HATCHES, VERMILLION, look, scaled
from labcore.plots.words import as_table, columns, named_sources, rows, three

LAB = "04_execution_units"
TILE_UNITS = {"tile": "", "size": "elements", "blocks": "", "useful": "1"}
ROW_UNITS = {"processor": "", "format": "", "tile": "", "tiles": "", "series": "", "rate": "OP/s"}
TILE_CHOICES = {"mma m16n8k16": units.MMA_TILES["fp16"][-1], "thread block m128n128k32": (128, 128, 32)}


def tiles_data(tiles: dict[str, Shape] | None = None, most: int = 640, step: int = 2) -> Table:
    """The useful share of the work of an n x n x n product, by n, for some tiles."""
    found = []
    for name, tile in (tiles or TILE_CHOICES).items():
        sizes = sorted({1, *range(step, most + 1, step), *(s + 1 for s in range(0, most, sides(tile)[0]))})
        costs = [(size, tile_cost(size, size, size, tile)) for size in sizes]
        found += [(name, size, cost.blocks, cost.utilization) for size, cost in costs]
    return as_table(TILE_UNITS, found)


def draw_tiles(ax: Axes, table: Table) -> Axes:
    """A saw-tooth for each tile, with the sizes 500 and 512 marked."""
    for i, name in enumerate(dict.fromkeys(table["tile"])):
        of_tile = [r for r in rows(table) if r["tile"] == name]
        dash = look(i) | {"marker": "", "linestyle": "-" if i else (0, (4, 1)), "linewidth": 1.3}
        ax.plot(*columns(of_tile, "size", "useful"), **dash, label=name)
        marked = [r for r in of_tile if r["size"] in (500, 512)]
        ax.plot(*columns(marked, "size", "useful"), color=look(i)["color"], marker=look(i)["marker"], linestyle="None",
                markerfacecolor="white", markersize=6, markeredgewidth=1.6)  # fmt: skip
    ax.set_xlim(0, max(table["size"]))
    ax.set_ylim(0, 1.05)
    ax.set_xticks(range(0, max(table["size"]) + 1, 128))
    scaled(ax.yaxis, "useful share of the work", "%")
    ax.set_xlabel("size n of an n x n x n product (elements)")
    ax.legend(loc="lower right", handlelength=4)
    return ax


def tiles_in_words(table: Table) -> str:
    """Shares at 500 and 512, and the worst size past one tile."""
    words = []
    for name in dict.fromkeys(table["tile"]):
        share = {r["size"]: r["useful"] for r in rows(table) if r["tile"] == name}
        at = ", ".join(f"n = {size} {three(100 * share[size])} %" for size in (129, 500, 512, 513) if size in share)
        words.append(f"{name}: {at}")
    return f"Useful share of an n x n x n product. {'; '.join(words)}."


def row_data() -> Table:
    """Rates that the tiles of Table 7 imply, one product a clock and unit, beside those of the catalogue."""
    a100, tpu, cpu = as_chip("A100"), as_chip("TPU v4"), as_chip("Sapphire Rapids")
    sm = units.SM_A100
    cpu_clock = cpu.peak("int8") / (2 * units.SPR_CORES.value * units.AMX_TILES["int8"].macs / units.AMX_CYCLES.value)
    lines = [
        ("A100", a100, "fp16", "4 x 4 x 4", 64, sm.count.value * sm.tensor_cores.value, sm.clock.value),
        ("TPU v4", tpu, "bf16", "128 x 128", 128**2, units.TPU_V4_CORES.value, units.TPU_V4_CLOCK.value),
        ("Sapphire Rapids", cpu, "int8", "32 x 32", 32**2, units.SPR_CORES.value, cpu_clock),
        ("Sapphire Rapids", cpu, "bf16", "32 x 32", 32**2, units.SPR_CORES.value, cpu_clock),
    ]
    return as_table(ROW_UNITS, [one for line in lines for one in implied_and_stated(*line)])


def implied_and_stated(
    name: str, chip: Accelerator, fmt: str, tile: str, macs: int, count: float, clock: float
) -> list[tuple]:
    """Two rows: the rate of `count` tiles of `macs` a clock, and the chip's own peak."""
    about = (name, fmt, tile, int(count))
    return [(*about, "implied by the table", 2 * macs * count * clock), (*about, "data sheet", chip.peak(fmt))]


def draw_rows(ax: Axes, table: Table) -> Axes:
    """A pair of bars for each line of the table: implied hatched, stated filled."""
    lines = list(rows(table))
    looks = {
        "implied by the table": {"facecolor": "white", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
        "data sheet": {"facecolor": BLUE, "edgecolor": BLUE},
    }
    for i, r in enumerate(lines):
        y = i // 2 + (0.2 if i % 2 else -0.2)
        ax.barh(y, r["rate"], height=0.36, **looks[r["series"]])
        ax.annotate(f"{three(r['rate'] / 1e12)}", (r["rate"], y), (4, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(lines) // 2), [f"{r['processor']}, {r['format']}\n{r['tiles']} x ({r['tile']})"
                                            for r in lines[::2]])  # fmt: skip
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, 1.14 * max(table["rate"]))
    scaled(ax.xaxis, "peak rate", "TOP/s")
    ax.legend(handles=[Patch(**how, label=name) for name, how in looks.items()], loc="lower right",
              bbox_to_anchor=(1, 1), ncols=2)  # fmt: skip
    return ax


def rows_in_words(table: Table) -> str:
    """Implied and stated rates, pair by pair."""
    pairs = zip(list(rows(table))[::2], list(rows(table))[1::2], strict=True)
    words = [f"{a['processor']} {a['format']} implied {three(a['rate'] / 1e12)}, stated {three(b['rate'] / 1e12)}"
             for a, b in pairs]  # fmt: skip
    return f"Peak rates in TOP/s. {'; '.join(words)}."


register(Figure(
    id="tile-efficiency", item="Footnote 22", title="Useful share of the work on a tile unit",
    caption="An n x n x n product padded to whole tiles. One element past a multiple of the tile costs a further row, "
    "column and layer of tiles, most of them empty. Marked: n = 500 and n = 512, which take the same number of tiles. "
    f"Shape of the mma tile: {units.PTX}; the thread block's tile is a common choice of libraries, illustrative here.",
    alt="Saw-tooth line chart of the useful share over the size of a product, from 1 to 640. The teeth of the small "
    "tile are fine and stay above 85 per cent beyond 256; those of the tile of 128 are wide and fall to a fifth after "
    "128 and to three fifths after 512.",
    units=TILE_UNITS, data=tiles_data, draw=draw_tiles, says=tiles_in_words, lab=LAB,
))  # fmt: skip
register(Figure(
    id="table-7-rates", item="Table 7", title="What the tiles of Table 7 imply, beside the data sheets",
    caption="Each tile of the table read as that many multiply-accumulates a clock, one in every tensor core of the "
    "A100 and in every core of the others. The A100's tensor core does 8 x 4 x 8; a TPU v4 core has four arrays of the "
    "printed size; 32 x 32 is the rate of Intel's unit at INT8 and twice its rate at BF16, and the shape of its tile "
    "at neither. Floating-point and integer operations share one axis. Sources: "
    + named_sources((units.SM_A100.macs_per_clock, units.TPU_V4_MXUS, units.AMX_ROWS, units.AMX_CYCLES)) + ".",
    alt="Four pairs of horizontal bars. For the A100 and the TPU v4 the rate implied by the table is a quarter of the "
    "data sheet's, for Sapphire Rapids at INT8 it is equal, at BF16 twice as high.",
    units=ROW_UNITS, data=row_data, draw=draw_rows, says=rows_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
