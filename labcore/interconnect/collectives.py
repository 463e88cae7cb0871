"""What an all-reduce costs by the alpha-beta model: messages and bytes on its critical path (Hockney 1994).

A message of D_vol bytes takes L_lat + D_vol / BW_one_way. Elements are whole: where they do not divide among the ranks,
the longest part is what all wait for. Running the messages of `labcore.interconnect.allreduce` gives the same times,
exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from labcore.catalogue.multichip import FABRIC_LATENCY
from labcore.interconnect.allreduce import halving as halving_messages
from labcore.interconnect.link import Link, link
from labcore.interconnect.network import message_time
from labcore.units import Bytes, BytesPerSecond, Seconds, positive, positive_ints


@dataclass(frozen=True)
class Cost:
    """Messages and bytes, one after another, on links inside a node and on links across nodes.

    >>> Cost(messages=2, D_vol=8).time(Link("x", 4.0, L_lat=0.5))
    3.0
    """

    messages: int
    D_vol: int
    messages_across: int = 0
    D_across: int = 0

    def time(self, inside: Link, across: Link | None = None) -> Seconds:
        """Seconds on these links; raises ValueError where messages cross nodes and no link does."""
        T = message_time(inside, self.messages, self.D_vol)
        if self.messages_across:
            if across is None:
                raise ValueError(f"{self.messages_across} messages cross nodes; give the link `across`")
            T += message_time(across, self.messages_across, self.D_across)
        return float(T)


def ring(p: int, elements: int, bytes_per_element: int = 1) -> Cost:
    """2 (p - 1) messages of ceil(elements / p): few bytes, many latencies.

    >>> ring(4, elements=100)
    Cost(messages=6, D_vol=150, messages_across=0, D_across=0)
    """
    _sizes(p, elements, bytes_per_element)
    steps = 2 * (p - 1)
    return Cost(steps, steps * _ceil(elements, p) * bytes_per_element)


def doubling(p: int, elements: int, bytes_per_element: int = 1) -> Cost:
    """log2 p messages of everything, 2 more where p is no power of two: few latencies, many bytes.

    >>> doubling(4, elements=100).messages, doubling(6, elements=100).messages
    (2, 4)
    """
    _sizes(p, elements, bytes_per_element)
    steps = p.bit_length() - 1 + 2 * bool(p & p - 1)
    return Cost(steps, steps * elements * bytes_per_element)


def halving(p: int, elements: int, bytes_per_element: int = 1) -> Cost:
    """2 log2 p messages, of a half, a quarter, ...: the ring's bytes with a tree's latencies, for powers of two.

    >>> halving(4, elements=100)
    Cost(messages=4, D_vol=150, messages_across=0, D_across=0)
    """
    _sizes(p, elements, bytes_per_element)
    halving_messages(p, 1)  # raises where p is no power of two
    whole, longer = divmod(elements, p)
    blocks = [p >> k + 1 for k in range(p.bit_length() - 1)]
    words = 2 * sum(count * whole + min(count, longer) for count in blocks)
    return Cost(2 * len(blocks), words * bytes_per_element)


def tree(p: int, elements: int, bytes_per_element: int = 1) -> Cost:
    """2 ceil(log2 p) messages of everything, to rank 0 and back.

    >>> tree(5, elements=100)
    Cost(messages=6, D_vol=600, messages_across=0, D_across=0)
    """
    _sizes(p, elements, bytes_per_element)
    steps = 2 * (p - 1).bit_length()
    return Cost(steps, steps * elements * bytes_per_element)


def two_level(nodes: int, node: int, elements: int, bytes_per_element: int = 1, nics: int | None = None) -> Cost:
    """Rings inside nodes, across, and inside again: across nodes each rank moves 1 / node of the data.

    With fewer network cards than ranks in a node, ceil(node / nics) messages wait for each other at a card; that form
    holds where the elements divide evenly.

    >>> two_level(nodes=2, node=4, elements=80)  # 6 x 20 inside, 2 x 10 across
    Cost(messages=6, D_vol=120, messages_across=2, D_across=20)
    """
    nics = node if nics is None else nics
    positive_ints(nodes=nodes, node=node, elements=elements, bytes_per_element=bytes_per_element, nics=nics)
    part = _ceil(elements, node)
    queue = _ceil(node, nics)
    inside, across = 2 * (node - 1), 2 * (nodes - 1) * queue
    b = bytes_per_element
    return Cost(inside, inside * part * b, across, across * _ceil(part, nodes) * b)


ALL_REDUCE: dict[str, Callable[..., Cost]] = {"ring": ring, "doubling": doubling, "halving": halving, "tree": tree}


def all_reduce_time(D_vol: int, p: int, link: Link, way: str = "ring") -> Seconds:
    """Time to sum D_vol bytes over p ranks on like links; raises ValueError for a way that is none of ALL_REDUCE.

    >>> all_reduce_time(8 * 10**9, p=8, link=Link("x", 1e9))  # 2 x 7/8 of a transfer
    14.0
    """
    if way not in ALL_REDUCE:
        raise ValueError(f"an all-reduce is one of {', '.join(ALL_REDUCE)}; got {way!r}")
    return ALL_REDUCE[way](p, D_vol).time(link)


def chip_link(name: str) -> Link:
    """A link of the catalogue as all-reduces use it: NVLink's latency is one access, no copy that the host calls.

    >>> [(chip_link(name).BW_one_way, chip_link(name).L_lat) for name in ("NVLink 4", "InfiniBand NDR")]
    [(450000000000.0, 2e-06), (50000000000.0, 2e-06)]
    """
    one = link(name)
    return replace(one, L_lat=FABRIC_LATENCY["NVLink"][1].value) if name.startswith("NVLink") else one


def cluster_time(D_vol: int, chips: int, inside: Link, across: Link, node: int = 8, way: str = "two level") -> Seconds:
    """Time to sum D_vol bytes over chips in nodes, each chip with a network card of its own.

    "two level" uses the links of the nodes for most of the bytes; as soon as the chips are more than a node, each of
    ALL_REDUCE pays the lower bandwidth and the longer latency of both links in every step. Raises ValueError where the
    chips do not fill their nodes.

    >>> inside, across = Link("inside", 8e9), Link("across", 1e9)
    >>> [cluster_time(8 * 10**9, 16, inside, across, way=way) for way in ("two level", "ring")]
    [2.75, 15.0]
    """
    positive_ints(chips=chips, node=node)
    if chips <= node:
        return all_reduce_time(D_vol, chips, inside, "ring" if way == "two level" else way)
    if way != "two level":
        slower = Link("slower", min(inside.BW_one_way, across.BW_one_way), max(inside.L_lat, across.L_lat))
        return all_reduce_time(D_vol, chips, slower, way)
    if chips % node:
        raise ValueError(f"{chips} chips do not fill nodes of {node}; take {chips // node * node}")
    return two_level(chips // node, node, D_vol).time(inside, across)


def fastest(D_vol: int, p: int, link: Link) -> tuple[str, Seconds]:
    """The way that sums D_vol bytes soonest and its time; halving only where p is a power of two.

    >>> link = Link("x", BW_one_way=1e9, L_lat=1e-6)
    >>> [fastest(D_vol, 6, link)[0] for D_vol in (8, 8_000_000)]
    ['doubling', 'ring']
    """
    ways = [way for way in ALL_REDUCE if way != "halving" or not p & p - 1]
    return min(((way, all_reduce_time(D_vol, p, link, way)) for way in ways), key=lambda pair: pair[1])


def least_bytes(D_vol: Bytes, p: int) -> Bytes:
    """Bytes that every rank must send at least in an all-reduce, 2 (p - 1) / p of its data (Patarasuk, Yuan 2009).

    >>> least_bytes(8, p=4)
    12.0
    """
    positive_ints(p=p)
    return 2 * (p - 1) / p * D_vol


def bus_bandwidth(D_vol: Bytes, p: int, T: Seconds) -> BytesPerSecond:
    """Bytes a second that a link carries in an all-reduce of D_vol bytes in T, as NCCL's tests report it.

    It can be held against the link whatever p is; D_vol / T, their "algorithm bandwidth", cannot.

    >>> bus_bandwidth(8, p=4, T=2.0)
    6.0
    """
    positive(T=T)
    return least_bytes(D_vol, p) / T


def _sizes(p: int, elements: int, b: int) -> None:
    positive_ints(p=p, elements=elements, bytes_per_element=b)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)
