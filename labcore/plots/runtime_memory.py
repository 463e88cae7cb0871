"""A pool of memory after more and more requests have come and gone, under two allocators."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.models.language import kv_cache_bytes
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.runtime.caching import Caching
from labcore.runtime.churn import Step, churn
from labcore.runtime.memory import Buddy, Pool
from labcore.runtime.requests import lengths
from labcore.units import Bytes

LAB = "16_runtimes"
CAPACITY = 8 * 2**30
LIVE, STEPS, SHOWN = 24, 1500, (25, 50, 100, 400, 1500)  # blocks at a time; steps after which the pool is drawn
ALLOCATORS = {
    "first fit": lambda: Pool(CAPACITY, "first"),
    "best fit": lambda: Pool(CAPACITY, "best"),
    "buddy system": lambda: Buddy(CAPACITY),
    "caching": lambda: Caching(CAPACITY),
    "reserving 1 GiB": lambda: Pool(CAPACITY, "first", grain=2**30),
}
POOLS = {name: ALLOCATORS[name] for name in ("first fit", "buddy system")}  # drawn


@cache
def caches() -> tuple[Step, ...]:
    """Key-value caches of Llama 3 8B that come and go: 64 to 8192 tokens, log-uniform, a random one replaced.

    >>> len([one for one in caches() if one.size])
    1500
    """
    sizes = [int(kv_cache_bytes("llama3-8b", 1, int(n))) for n in lengths(4000)]
    return tuple(churn(STEPS, LIVE, sizes, seed=1))


def pool_maps() -> Table:
    """Every block held at the steps shown: where it lies, what it holds, what was asked for.

    Beside it the pool's largest hole, the cache that is refused at that step (0 where it is not), and refusals so far.
    """
    return as_table(UNITS, [row for name in POOLS for row in _maps(name)])


@cache
def _maps(name: str) -> list[tuple]:
    pool, out, drawn, refused, fits, seen = POOLS[name](), {}, [], 0, 0, 0
    for one in caches():
        if not one.size:
            if one.name in out:
                pool.give_back(out.pop(one.name))
            continue
        seen += 1
        if block := pool.take(one.size):
            out[one.name] = block
        refused += block is None
        fits += block is None and pool.free >= one.size
        if seen in SHOWN:
            for block in sorted(out.values(), key=lambda block: block.offset):
                wanted = 0 if one.name in out else one.size
                drawn.append((name, seen, block.offset, block.held, block.asked, pool.largest_free, wanted, refused,
                              fits))  # fmt: skip
    return drawn


def draw_maps(ax: Axes, table: Table) -> Axes:
    """A strip of memory for each moment; blocks filled, what they round up hatched, holes white."""
    y, ticks, labels, whole = 0.0, [], [], CAPACITY
    for name in dict.fromkeys(table["pool"]):
        ax.text(0, y + 0.2, name, fontweight="bold", va="center")
        for after in SHOWN:
            y += 1
            its = [r for r in rows(table) if (r["pool"], r["after"]) == (name, after)]
            ax.barh(y, whole, 0.74, facecolor="white", edgecolor=GREY, linewidth=0.7)
            starts, asked = [r["offset"] for r in its], [r["asked"] for r in its]
            ax.barh(y, asked, 0.74, left=starts, facecolor=BLUE, edgecolor="white", linewidth=0.5)
            rounded = [r["held"] - r["asked"] for r in its]
            ax.barh(y, rounded, 0.74, left=[a + b for a, b in zip(starts, asked, strict=True)], facecolor="white",
                    edgecolor=VERMILLION, hatch=HATCHES[1], linewidth=0)  # fmt: skip
            words = gib(its[0]["largest"]) + (f", {gib(its[0]['wanted'])} refused" if its[0]["wanted"] else "")
            ax.text(1.01 * whole, y, words, va="center", fontsize=8)
            ticks.append(y)
            labels.append(f"{after:,}")
        y += 1.2
    ax.text(1.01 * whole, 0.2, "largest hole", fontsize=8, va="center")
    ax.set_yticks(ticks, labels)
    ax.set_ylabel("caches that have come so far")
    ax.set_ylim(y - 0.5, -0.3)
    ax.set_xlim(0, 1.27 * whole)
    ax.set_xticks([k * 2**31 for k in range(5)])
    scaled(ax.xaxis, "address", "GiB")
    ax.grid(visible=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, whole)
    looks = (BLUE, BLUE, ""), ("white", VERMILLION, HATCHES[1]), ("white", GREY, "")
    handles = [
        Patch(facecolor=ground, edgecolor=edge, hatch=hatch, linewidth=0.7, label=label)
        for (ground, edge, hatch), label in zip(looks, ("asked for", "rounded up", "free"), strict=True)
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=3)  # fmt: skip
    return ax


def gib(size: Bytes) -> str:
    """Bytes in GiB, one digit.

    >>> gib(671_088_640)
    '0.6 GiB'
    """
    return f"{size / 2**30:.1f} GiB"


def maps_in_words(table: Table) -> str:
    """What each pool refused, how often as much was free, and its free memory at the end."""
    said = []
    for name in dict.fromkeys(table["pool"]):
        its = [r for r in rows(table) if (r["pool"], r["after"]) == (name, SHOWN[-1])]
        free = CAPACITY - sum(r["held"] for r in its)
        last = f", and the last asks for {gib(its[0]['wanted'])}" if its[0]["wanted"] else ""
        said.append(f"{name} refused {its[0]['refused']} of {STEPS:,}, {its[0]['fits']} of them with enough bytes "
                    f"free; at the end {gib(free)} free, {gib(its[0]['largest'])} in one piece{last}")  # fmt: skip
    return f"{'; '.join(said)}."


UNITS: dict[str, str] = {
    "pool": "", "after": "", "offset": "B", "held": "B", "asked": "B", "largest": "B", "wanted": "B",
    "refused": "", "fits": "",
}  # fmt: skip

register(Figure(
    id="fragmentation",
    item="Text §ML runtime architecture",
    title="A pool of memory that fragments, under two allocators",
    caption="8 GiB for key-value caches of Llama 3 8B in fp16, prompts of 64 to 8192 tokens, about 24 at a time; at "
    "every step a random one leaves and a new one comes. First fit takes the lowest hole that is large enough; holes "
    "of odd sizes stay between. The buddy system hands out powers of two and loses what it rounds up (hatched); a "
    "hole joins only the half from which it was split, so two that touch may stay two. Right of each strip: the "
    "largest hole at that moment, and what was refused there.",
    alt="Ten horizontal strips in two groups, each a pool of memory. In the first group filled blocks move from a "
    "closed row at the left to many pieces with white gaps between. In the second group blocks stand at regular "
    "places, many with a hatched part behind them.",
    units=UNITS, data=pool_maps, draw=draw_maps, says=maps_in_words, lab=LAB, size=(6.8, 4.6),
))  # fmt: skip
