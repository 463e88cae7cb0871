"""Monolithic, chiplets or a whole wafer: cost by yield, and what the seams between dies take from memory.

Cost is that of labcore.interconnect.packaging. What is added here is the seam: in a package of several dies each has
its own stacks of memory, and what lies with another die comes over the link between them (non-uniform access, NUMA).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.interconnect.packaging import CLUSTERING, package, spared_yield
from labcore.units import BytesPerSecond, Ratio, Seconds, positive, positive_ints


def remote_share(dies: int) -> Ratio:
    """Share of accesses that leave the die where addresses are interleaved over all dies alike: (dies - 1) / dies.

    >>> remote_share(1), remote_share(4)
    (0.0, 0.75)
    """
    positive_ints(dies=dies)
    return (dies - 1) / dies


def numa_bandwidth(dies: int, BW_die: float, BW_link: float, remote: float | None = None) -> BytesPerSecond:
    """Bandwidth of all dies together where a share of each die's reads comes from the others; B/s.

    Each die has BW_die of memory and receives BW_link from all others together. It reads at a rate t of which
    remote * t arrives over its link, so t is at most BW_link / remote, and by symmetry at most BW_die. `remote` is that
    of interleaving unless given: 0 is perfect placement.

    >>> numa_bandwidth(dies=2, BW_die=4e12, BW_link=1e12), numa_bandwidth(2, 4e12, 1e12, remote=0.125)
    (4000000000000.0, 8000000000000.0)
    """
    positive_ints(dies=dies)
    positive(BW_die=BW_die, BW_link=BW_link)
    r = remote_share(dies) if remote is None else remote
    if not 0 <= r <= 1:
        raise ValueError(f"remote is a share from 0 to 1, got {remote!r}")
    return dies * (min(BW_die, BW_link / r) if r else BW_die)


def link_for_full(dies: int, BW_die: float, remote: float | None = None) -> BytesPerSecond:
    """The link a die needs so that the seam costs no bandwidth: its remote share of BW_die, in one direction.

    >>> link_for_full(dies=4, BW_die=1e12)
    750000000000.0
    """
    positive(BW_die=BW_die)
    return BW_die * (remote_share(dies) if remote is None else remote)


def read_time(homes: np.ndarray, BW_die: float, BW_link: float, D_page: float = 1.0) -> Seconds:
    """Time of a read of pages by all dies at once, page by page counted: homes[d, k] is where die d's page k lies.

    The slowest resource sets it: a die's memory, which serves all that lies with it, or what a link brings in or takes
    out. It is what `numa_bandwidth` is the average of.

    >>> read_time(np.array([[0, 1], [0, 1]]), BW_die=1.0, BW_link=0.25)  # each memory 2 pages, each link 1 in, 1 out
    4.0
    """
    homes = np.asarray(homes)
    dies = len(homes)
    if homes.ndim != 2 or homes.min() < 0 or homes.max() >= dies:
        raise ValueError(f"homes is (dies, pages) of numbers below dies; got shape {homes.shape}, up to {homes.max()}")
    served = np.bincount(homes.ravel(), minlength=dies)
    remote = homes != np.arange(dies)[:, None]
    coming, going = remote.sum(axis=1), np.bincount(homes[remote], minlength=dies)
    return D_page * max(float(served.max()) / BW_die, float(max(coming.max(), going.max())) / BW_link)


@dataclass(frozen=True)
class Build:
    """One way to build the same logic: dies, yield of one, cost of a good one in USD, bandwidth over memory's own."""

    name: str
    dies: int
    yields: Ratio
    cost: float
    BW_share: Ratio


def builds(
    logic: float, density: float, wafer_price: float, BW: float, BW_link: float, dies: tuple[int, ...] = (1, 2, 4, 8),
    link_area: float = 0.1, bond_yield: float = 0.99, assembly: float = 0.0,
) -> list[Build]:  # fmt: skip
    """The same `logic` m^2 on one die or several: cost, and what interleaved memory keeps of its bandwidth BW.

    Each die has BW / dies of memory; BW_link is what it can receive. A die that is too large for a wafer raises.

    >>> found = builds(800e-6, density=1000, wafer_price=17_000, BW=4e12, BW_link=0.4e12)
    >>> [round(one.yields, 2) for one in found], [round(one.BW_share, 2) for one in found]
    ([0.49, 0.66, 0.81, 0.9], [1.0, 0.4, 0.53, 0.91])
    """
    found = []
    for count in dies:
        made = package(logic, count, density, wafer_price, link_area, bond_yield, assembly, clustering=CLUSTERING)
        name = "monolithic" if count == 1 else f"{count} chiplets"
        kept = numa_bandwidth(count, BW / count, BW_link) / BW
        found.append(Build(name, count, made.die_yield, made.cost, kept))
    return found


def wafer_yields(cores: int, core_area: float, density: float, spare: tuple[float, ...]) -> list[tuple[float, Ratio]]:
    """(share of spare cores, chance that a wafer is good) for a wafer that needs the rest of its cores.

    Without spares a wafer is a die of that size, and there is none without a defect.

    >>> found = wafer_yields(970_000, core_area=0.05e-6, density=1000, spare=(0.0, 0.001))
    >>> found[0][1] < 1e-20, found[1][1] > 0.999
    (True, True)
    """
    positive_ints(cores=cores)
    if any(not 0 <= share < 1 for share in spare):
        raise ValueError(f"spare cores are a share from 0 to below 1, got {spare!r}")
    return [(share, spared_yield(cores, cores - int(share * cores), core_area, density)) for share in spare]
