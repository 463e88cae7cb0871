"""Kinds of accelerators compared: what each bets on, which workloads it suits, and where it stalls.

The names that are used from here; each lives in the module named for it. The chips themselves are
`labcore.catalogue.architectures`.

>>> from labcore.architectures import bottleneck
>>> from labcore.catalogue.architectures import architecture
>>> [bottleneck({"decode": 1.0}, architecture(name)).binds for name in ("H100", "WSE-3")]
['memory', 'compute']
"""

from labcore.architectures.balance import Batching, Placed, batching, place, ridges
from labcore.architectures.demand import Demand, decode, mixture, prefill, share_of_kv, single
from labcore.architectures.dies import Build, builds, link_for_full, numa_bandwidth, read_time, wafer_yields
from labcore.architectures.growth import Fit, catalogue_fit, compounded, disparity, fit, points
from labcore.architectures.mixes import Bottleneck, bottleneck, jobs, serve
from labcore.architectures.residence import TokenTime, chips_to_hold, link_share, tiers_for, token_time
from labcore.architectures.styles import STYLES, shown, style, table

__all__ = (
    "STYLES", "Batching", "Bottleneck", "Build", "Demand", "Fit", "Placed", "TokenTime", "batching", "bottleneck",
    "builds", "catalogue_fit", "chips_to_hold", "compounded", "decode", "disparity", "fit", "jobs", "link_for_full",
    "link_share", "mixture", "numa_bandwidth", "place", "points", "prefill", "read_time", "ridges", "serve",
    "share_of_kv", "shown", "single", "style", "table", "tiers_for", "token_time", "wafer_yields",
)  # fmt: skip
