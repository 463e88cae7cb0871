"""Carbon: what a kilowatt hour emits on some grids, what a data center adds, what making a chip emitted.

Grids in g of CO2 a kWh. Ember counts a plant's whole life and every greenhouse gas; EIA and EPA count what leaves the
stack as CO2, which is somewhat less for the same grid. All are means over a year: a clean hour and a dirty one of the
same grid differ by more than many of the grids here.
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import CHAPTER

GRAMS_PER_POUND = 453.59237  # exact

_EGRID = Source("DG+Design", "Analyzing the Latest EPA eGRID Data (eGRID2018)", 2020,
                "https://www.dgplusdesign.com/insights/analyzing-the-latest-epa-egrid-data")  # fmt: skip
_EIA = Source("EIA", "How much carbon dioxide is produced per kilowatthour of U.S. electricity generation?", 2023,
              "https://www.eia.gov/tools/faqs/faq.php?id=74&t=11")  # fmt: skip
_EMBER = Source(
    "Ember, quoted by Statista", "Electricity generation emission intensity in selected countries in 2023", 2024,
    "https://statista.com/statistics/943137/global-emissions-intensity-power-sector-by-country",
)  # fmt: skip
_EMBER_EU = Source("Ember, quoted by Statista", "Carbon intensity of the power sector in the European Union", 2024,
                   "https://www.statista.com/")  # fmt: skip
_OWID = Source("Our World in Data", "Carbon intensity of electricity generation, 1990 to 2023", 2024,
               "https://ourworldindata.org/grapher/carbon-intensity-electricity?tab=table")  # fmt: skip
_UPTIME = Source("Uptime Institute, listed by Google Dataset Search", "Average annual PUE, survey of 2024", 2024,
                 "https://datasetsearch.research.google.com/search?query=average+data+center+pue")  # fmt: skip
_BARROSO = Source("Barroso and Hölzle", "The Case for Energy-Proportional Computing, IEEE Computer 40(12)", 2007,
                  "https://doi.org/10.1109/MC.2007.443")  # fmt: skip
_CHIEN = Source(
    "Chien et al., quoted by Scope3", "Reducing the Carbon Impact of Generative AI Inference (today and in 2035)", 2023,
    "https://dl.acm.org/doi/pdf/10.1145/3604930.3605705",
)  # fmt: skip
_HGX = Source("NVIDIA", "HGX H100, product carbon footprint summary", 2025, "https://www.nvidia.com/")
_HGX_BLOG = Source("NVIDIA", "HGX B200 Reduces Embodied Carbon Emissions Intensity", 2025,
                   "https://developer.nvidia.com/blog/?p=106112")  # fmt: skip
_TPUS = Source("Schneider et al. (Google)", "Life-Cycle Emissions of AI Hardware", 2025,
               "https://arxiv.org/abs/2502.01671")  # fmt: skip

GRIDS = {
    "chapter": Fact(429, "g/kWh", CHAPTER, "Napkin Math 1.10, which names no grid; that of the US in 2018 agrees"),
    "US 2018": Fact(947 * GRAMS_PER_POUND / 1000, "g/kWh", _EGRID, "EPA eGRID prints 947 lb/MWh, CO2", "derived"),
    "US 2022": Fact(1650 / 4230.672 * 1000, "g/kWh", _EIA, "1,650 Mt over 4,230,672 GWh, CO2", "derived"),
    "world": Fact(481, "g/kWh", _EMBER, "2023, life cycle"),
    "Norway": Fact(30, "g/kWh", _EMBER, "2023, life cycle; hydropower"),
    "Sweden": Fact(40.7, "g/kWh", _EMBER_EU, "2023, life cycle; hydropower, nuclear and wind"),
    "France": Fact(56, "g/kWh", _OWID, "2023, life cycle; nuclear"),
    "Germany": Fact(381, "g/kWh", _OWID, "2023, life cycle"),
    "China": Fact(582, "g/kWh", _OWID, "2023, life cycle"),
    "Poland": Fact(662, "g/kWh", _EMBER_EU, "2023, life cycle; nearly that, mostly coal"),
    "India": Fact(713, "g/kWh", _EMBER, "2023, life cycle; mostly coal"),
}  # fmt: skip

PUE = {  # energy of the building over energy of its machines
    "typical": Fact(1.56, "ratio", _UPTIME, "mean of the largest site of each who answered"),
    "best": Fact(1.1, "ratio", _UPTIME, "Google's fleet, as listed there"),
}
IDLE_SHARE = Fact(0.5, "ratio", _BARROSO, "of full power, drawn by a server that does nothing; about half, as others "
                  "quote the paper, of which the abstract was read", "estimate", confirmed=False)  # fmt: skip

EMBODIED = {  # g of CO2e to make one, before its first second of work
    "A100": Fact(318e3, "g", _CHIEN, "with an eighth of its server: CPU, DRAM, disks, packaging", "estimate"),
    "H100": Fact(1312e3 / 8, "g", _HGX, "an eighth of a baseboard's 1,312 kg, no server; only the ratio of its "
                 "intensity to B200's, 0.66 to 0.50 g/EFLOP, was read", "derived", confirmed=False),
}  # fmt: skip
EMBODIED_PER_WORK = {  # g of CO2e of making it, for each FLOP it is taken to do, at FP16
    "H100": Fact(0.66e-18, "g/FLOP", _HGX_BLOG, "0.66 g an exaflop"),
    "B200": Fact(0.50e-18, "g/FLOP", _HGX_BLOG, "0.50 g an exaflop"),
}
EMBODIED_SHARE = (
    Fact(0.1, "ratio", _TPUS, "of a TPU's emissions over its life; a summary was read", "estimate", confirmed=False),
    Fact(0.3, "ratio", _TPUS, "of a TPU's emissions over its life; a summary was read", "estimate", confirmed=False),
)
