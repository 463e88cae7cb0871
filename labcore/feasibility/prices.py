"""What a chip costs to buy and to rent, where somebody said so: the range that the catalogue has, or none.

Of a range the higher end is charged, so that a limit that is met is met at every price in it. Chips alone: the server
around them, power, housing and staff are extra.
"""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator
from labcore.catalogue.prices import RENT, REPORTED, Range

OF = {"price": REPORTED, "rent": RENT}
LIMITED = {"price": "max_price", "rent": "max_rent"}
SAYS = {"price": "to buy", "rent": "an hour"}


def prices(chip: Accelerator) -> dict[str, Range]:
    """The ranges that are known of a chip, 'price' in USD to buy it and 'rent' in USD for an hour of it.

    >>> from labcore.catalogue import B200, K80
    >>> [fact.value for fact in prices(B200)["price"]], prices(K80)
    ([30000, 40000], {})
    """
    return {kind: known[chip.name] for kind, known in OF.items() if chip.name in known}


def said(known: Range) -> str:
    """A range as people write it: its two ends, or the one that both are.

    >>> said(REPORTED["B200"]), said(REPORTED["A100"])
    ('30,000 to 40,000 USD', '10,000 USD')
    """
    low, high = (f"{fact.value:,.0f}" if fact.value >= 1000 else f"{fact.value:.2f}" for fact in known)
    return f"{low} USD" if low == high else f"{low} to {high} USD"


def priced(kind: str) -> str:
    """The chips that have a price, or a rent, each with its range.

    >>> priced("price").startswith("V100 (18,625 USD), A100 (10,000 USD), H100")
    True
    """
    return ", ".join(f"{name} ({said(known)})" for name, known in OF[kind].items() if " at " not in name)
