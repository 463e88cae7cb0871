"""Cost and carbon: what a useful FLOP costs, when a machine pays, how large a fleet must be, what it emits.

The names that are used from here; each lives in the module named for it. Money is USD, carbon is grams of CO2.

>>> from labcore.cost import like_for_like, table_8
>>> [round(1e12 * offer.per_rate, 1) for offer in table_8()]  # USD for 1 TFLOP/s, five chips at three precisions
[80.0, 48.1, 50.6, 29.1, 13.9]
>>> [round(1e12 * offer.per_rate, 1) for offer in like_for_like("16-bit")]
[80.0, 48.1, 25.3, 29.1, 27.8]
"""

from labcore.cost.carbon import Footprint, emissions, even_grid, footprint, shift
from labcore.cost.fleet import (
    DAY,
    Fleet,
    fleet_for,
    machine_time,
    machines,
    mean_power,
    mean_rate,
    per_watt_gain,
    rate_per_watt,
)
from labcore.cost.offers import Offer, achieved_rate, crossing, like_for_like, table_8
from labcore.cost.owning import KWH, Owned, break_even, lifetime_cost, payback_time
from labcore.cost.service import TYPICAL, Service, Site, own, serve

__all__ = (
    "DAY", "KWH", "TYPICAL", "Fleet", "Footprint", "Offer", "Owned", "Service", "Site", "achieved_rate", "break_even",
    "crossing", "emissions", "even_grid", "fleet_for", "footprint", "lifetime_cost", "like_for_like", "machine_time",
    "machines", "mean_power", "mean_rate", "own", "payback_time", "per_watt_gain", "rate_per_watt", "serve", "shift",
    "table_8",
)  # fmt: skip
