"""Chips, the links between them, and the messages that they send each other."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from labcore.interconnect.link import Link
from labcore.units import positive_ints


@dataclass(frozen=True)
class Message:
    """Elements [start, stop) of `src` go to `dst` in one step; there they are added, or they replace what is there."""

    step: int
    src: int
    dst: int
    start: int
    stop: int
    adds: bool


@dataclass(frozen=True)
class Network:
    """Ranks in nodes of `node`, joined by one link inside a node and by another across nodes.

    A rank sends one message and receives one at a time. Across nodes a message also needs a network card at each end:
    a node has `nics` of them, rank i of it uses card i mod nics. Without a `node` all ranks are in one.

    >>> Network(8, Link("fast", 4.0), node=4, across=Link("slow", 1.0), nics=2).ports(1, 5)
    (('out', 1), ('in', 5), ('card out', 0, 1), ('card in', 1, 1))
    """

    ranks: int
    inside: Link
    node: int | None = None
    across: Link | None = None
    nics: int | None = None

    def __post_init__(self) -> None:
        positive_ints(ranks=self.ranks, node=self.size, nics=self.cards)
        if self.ranks % self.size:
            raise ValueError(f"{self.ranks} ranks do not fill nodes of {self.size}; take {self._whole()} ranks")
        if self.size < self.ranks and self.across is None:
            raise ValueError(f"{self.ranks // self.size} nodes need a link across them; give `across`")
        for one in (self.inside, self.across):
            if one is not None and not one.duplex:
                raise ValueError(f"ranks send while they receive; {one.name!r} is no duplex link")

    def _whole(self) -> int:
        return max(1, round(self.ranks / self.size)) * self.size

    @property
    def size(self) -> int:
        """Ranks of one node."""
        return self.ranks if self.node is None else self.node

    @property
    def cards(self) -> int:
        """Network cards of one node."""
        return self.size if self.nics is None else self.nics

    def link(self, src: int, dst: int) -> Link:
        """The link between two ranks."""
        return self.inside if src // self.size == dst // self.size else self.across

    def ports(self, src: int, dst: int) -> tuple[tuple, ...]:
        """What a message occupies while it lasts."""
        ends = (("out", src), ("in", dst))
        if src // self.size == dst // self.size:
            return ends
        card_out, card_in = ((rank // self.size, rank % self.size % self.cards) for rank in (src, dst))
        return (*ends, ("card out", *card_out), ("card in", *card_in))


def message_time(link: Link, messages: int, D_vol: int) -> Fraction:
    """Seconds of some messages of D_vol bytes together, one after another on one link, as an exact fraction.

    >>> message_time(Link("x", 4.0, L_lat=0.5), messages=2, D_vol=6)
    Fraction(5, 2)
    """
    return messages * Fraction(link.L_lat) + D_vol / Fraction(link.BW_one_way)
