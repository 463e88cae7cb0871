"""A service on one kind of chip: the fleet its load needs, and what one inference then costs, draws and emits.

The share of the peak that a machine reaches is the roofline's for that network, an upper bound: what software loses,
and the host that the chip sits in, come on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labcore.catalogue import carbon, prices
from labcore.catalogue.demand import FLEET
from labcore.cost.carbon import Footprint, emissions
from labcore.cost.fleet import DAY, Fleet, fleet_for, rated_power
from labcore.cost.offers import Offer, achieved_rate
from labcore.cost.owning import Owned
from labcore.models.network import Network
from labcore.units import Joules, Ratio, Seconds, positive


@dataclass(frozen=True)
class Site:
    """Where machines stand: USD and g of CO2 for a kilowatt hour, PUE, and how long machines serve (four years).

    `upkeep` is what housing, network and staff cost a year as a share of a machine's price; `idle` is the share of
    its power that a machine draws without work.

    >>> Site(kwh_price=0.08, g_per_kwh=481).life / 86_400 / 365
    4.0
    """

    kwh_price: float
    g_per_kwh: float
    overhead: Ratio = 1.0
    life: Seconds = FLEET["life"].value
    upkeep: Ratio = 0.0
    idle: Ratio = 0.0


TYPICAL = Site(prices.ELECTRICITY.value, carbon.GRIDS["world"].value, carbon.PUE["typical"].value,
               idle=carbon.IDLE_SHARE.value)  # fmt: skip


def own(offer: Offer, site: Site = TYPICAL) -> Owned:
    """The chip of an offer, bought for a site; ValueError for one without a published power.

    >>> from labcore.cost import like_for_like
    >>> a100 = own(like_for_like("16-bit")[1])
    >>> round(a100.hour(use=1.0), 2), round(a100.hour(use=0.1), 2)  # USD an hour of work, always busy and a tenth
    (0.48, 4.56)
    """
    about = site.life, site.kwh_price, site.overhead, site.upkeep, site.idle
    return Owned(offer.price, rated_power(offer.chip), *about)


@dataclass(frozen=True)
class Service:
    """`per_day` inferences on a fleet of one offer: each machine's cost and the share `use` of the day it works."""

    offer: Offer
    fleet: Fleet
    owned: Owned
    site: Site
    per_day: float
    use: Ratio

    @property
    def E_each(self) -> Joules:
        """Energy of one inference, cooling included."""
        return self.fleet.energy_each(self.per_day, self.use, self.site.overhead)

    @property
    def usd_each(self) -> float:
        """USD for one inference: machines over their life, and their energy."""
        return self.fleet.count * self.owned.cost(self.use) / (self.site.life / DAY * self.per_day)

    def grams_each(self, embodied: float = 0.0) -> Footprint:
        """Grams of CO2 for one inference; `embodied` is what making one machine emitted, in g."""
        made = self.fleet.count * embodied / (self.site.life / DAY * self.per_day)
        return Footprint(made, emissions(self.E_each, self.site.g_per_kwh))


def serve(
    per_day: float, network_at: Callable[[str], Network], offer: Offer, site: Site, busiest: Ratio = 1.0
) -> Service:
    """The smallest fleet of an offer's chip that serves `per_day` inferences, with what it costs and draws.

    `network_at` builds the network at a precision; a batch counts as that many inferences. `busiest` is the busiest
    hour over the mean one. ValueError for a chip without a published power.

    >>> from labcore.cost import like_for_like
    >>> from labcore.models.zoo import build
    >>> site = Site(kwh_price=0.0806, g_per_kwh=481, overhead=1.56)
    >>> a100 = serve(1e9, lambda precision: build("resnet50", 32, precision), like_for_like("16-bit")[1], site)
    >>> a100.fleet.count, round(1e9 * a100.usd_each, 1), round(a100.E_each, 3)  # machines, USD a day, J an inference
    (1, 11.2, 0.043)
    """
    positive(per_day=per_day)
    chip, network, owned = offer.chip, network_at(offer.precision), own(offer, site)
    eta = achieved_rate(network, chip, offer.precision) / offer.R_peak
    flop = network.flop / network.batch
    fleet = fleet_for(per_day, flop, offer.R_peak, owned.power, eta, busiest, site.idle)
    return Service(offer, fleet, owned, site, per_day, fleet.use(per_day, flop))
