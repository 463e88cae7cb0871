"""One link and one message: latency plus bytes over bandwidth, and paths of several links (Hockney 1994)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labcore.catalogue.links import LINKS
from labcore.units import Bytes, BytesPerSecond, Ratio, Seconds, positive


@dataclass(frozen=True)
class Link:
    """A link: what one direction carries, and what a message costs before its first byte.

    A `duplex` link sends and receives at the same time; one that is not shares `BW_one_way` between both.

    >>> Link("PCIe Gen4 x16", BW_one_way=31.5e9, L_lat=6e-6).BW_both_ways
    63000000000.0
    """

    name: str
    BW_one_way: BytesPerSecond
    L_lat: Seconds = 0.0
    duplex: bool = True
    source: str = ""

    def __post_init__(self) -> None:
        positive(BW_one_way=self.BW_one_way)
        if not 0 <= self.L_lat < math.inf:
            raise ValueError(f"L_lat is a time of 0 s or more, got {self.L_lat!r}")

    @property
    def BW_both_ways(self) -> BytesPerSecond:
        """What crosses in both directions together."""
        return self.BW_one_way * (2 if self.duplex else 1)


def link(name: str) -> Link:
    """A link of the catalogue; raises ValueError with those there are.

    >>> link("NVLink 4").BW_one_way
    450000000000.0
    """
    if name not in LINKS:
        raise ValueError(f"no link {name!r}; the catalogue has {', '.join(LINKS)}")
    sheet = LINKS[name]
    return Link(name, sheet.BW_one_way, sheet.L_lat.value, source=str(sheet.one_way.source))


def transfer_time(D_vol: Bytes, BW_one_way: BytesPerSecond, L_lat: Seconds = 0.0) -> Seconds:
    """Time of one message in one direction, L_lat + D_vol / BW_one_way.

    >>> transfer_time(D_vol=8, BW_one_way=4.0, L_lat=1.0)
    3.0
    """
    positive(BW_one_way=BW_one_way)
    return L_lat + D_vol / BW_one_way


def effective_bandwidth(D_vol: Bytes, BW_one_way: BytesPerSecond, L_lat: Seconds = 0.0) -> BytesPerSecond:
    """Bytes a second that one message of this size reaches.

    >>> effective_bandwidth(D_vol=8, BW_one_way=8.0, L_lat=1.0)
    4.0
    """
    positive(D_vol=D_vol)
    return D_vol / transfer_time(D_vol, BW_one_way, L_lat)


def half_bandwidth_size(BW_one_way: BytesPerSecond, L_lat: Seconds) -> Bytes:
    """The size n_1/2 = BW_one_way * L_lat at which a message reaches half of the bandwidth.

    >>> half_bandwidth_size(BW_one_way=8.0, L_lat=1.0)
    8.0
    """
    positive(BW_one_way=BW_one_way)
    return BW_one_way * L_lat


def size_for_share(share: Ratio, BW_one_way: BytesPerSecond, L_lat: Seconds) -> Bytes:
    """The size at which a message reaches this share of the bandwidth, share / (1 - share) times n_1/2.

    >>> size_for_share(0.75, BW_one_way=8.0, L_lat=1.0)
    24.0
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is below 1, which no finite message reaches; got {share!r}")
    return share / (1 - share) * half_bandwidth_size(BW_one_way, L_lat)


def staged_time(
    D_vol: Bytes, BW_one_way: BytesPerSecond, BW_copy: BytesPerSecond, L_lat: Seconds = 0.0, block: Bytes = 0.0
) -> Seconds:
    """Time to send from pageable memory: the CPU copies each block into a pinned buffer, then the link sends it.

    The link's engine needs pages that stay where they are. One buffer, so copy and sending take turns; without a
    `block` all of it is one. Pinned memory is `transfer_time` alone.

    >>> staged_time(D_vol=1e9, BW_one_way=4e9, BW_copy=8e9)
    0.375
    """
    positive(D_vol=D_vol, BW_copy=BW_copy)
    blocks = math.ceil(D_vol / block) if block else 1
    return D_vol / BW_copy + (blocks - 1) * L_lat + transfer_time(D_vol, BW_one_way, L_lat)


def path_time(D_vol: Bytes, links: Sequence[Link], packet: Bytes | None = None) -> Seconds:
    """Time over several links in a row.

    Without a `packet` every stop stores the whole message before it sends on. With one, packets follow each other:
    the first pays every link, the others wait for the slowest alone (cut-through). The last may be short, and is
    charged in full.

    >>> two = [Link("a", 4.0), Link("b", 2.0)]
    >>> path_time(8, two), path_time(8, two, packet=1)
    (6.0, 4.25)
    """
    positive(D_vol=D_vol)
    if not links:
        raise ValueError("a path has at least one link, got none")
    size = min(packet or D_vol, D_vol)
    packets = math.ceil(D_vol / size)
    first = sum(transfer_time(size, one.BW_one_way, one.L_lat) for one in links)
    return first + (packets - 1) * size / bottleneck(links).BW_one_way


def bottleneck(links: Sequence[Link]) -> Link:
    """The link of a path that binds long messages: the one with the least bandwidth.

    >>> bottleneck([link("NVLink 4"), link("PCIe Gen5 x16"), link("InfiniBand NDR")]).name
    'InfiniBand NDR'
    """
    return min(links, key=lambda one: one.BW_one_way)
