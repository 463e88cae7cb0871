"""Amdahl's law, the iron law and the acceleration wall.

>>> from labcore.claims.ledger import claim
>>> round(claim("theorem-1-1-serial-10pct-ceiling", p=0.95).computed, 9)
20.0
"""

from __future__ import annotations

import statistics

from labcore.catalogue import A100, REFERENCE_CPU, SAPPHIRE_RAPIDS
from labcore.catalogue.links import LAUNCH
from labcore.claims.ledger import computes
from labcore.claims.printed import Identity, Number, Range, Truth, Words
from labcore.ironlaw import Terms, ceiling, iron_law, needed_fraction, network_terms, speedup, speedup_of_parts, terms
from labcore.models.network import Network
from labcore.models.zoo import MODELS, build
from labcore.roofline import place_network

LAB = "01_acceleration_wall"
THEOREM, TEXT, FIGURE_1 = "Theorem 1.1", "Text §Amdahl", "Figure 1"
LAW, IRON, WALL = f"{LAB}#amdahl", f"{LAB}#iron-law", f"{LAB}#heatmap"


@computes(
    "theorem-1-1-amdahl-law", THEOREM, Truth(words="only the parallel fraction gets faster; the rest bounds it"), "",
    LAW,
)  # fmt: skip
def the_serial_part_bounds_the_gain(p=0.95, G_serial=1):
    """However fast the accelerator, the whole stays below 1 / (1 - p), as long as the serial part stays as it is."""
    gains = (10, 1e3, 1e6, 1e9)
    return all(speedup_of_parts([1 - p, p], [G_serial, G_accel]) < ceiling(p) for G_accel in gains)


@computes("eq-1-amdahl", "Equation 1 (Theorem 1.1)", Identity("Speedup = 1 / ((1 - p) + p / G_accel)"), "x", LAW)
def amdahl(p=0.95, G_accel=247):
    """Equation 1, and the time of a job before over its time after one of its terms is made G_accel times faster."""
    return speedup(p, G_accel), Terms(data=0, compute=p, latency=1 - p).gain("compute", G_accel)


def matmul_share(network: Network, precision: str = "fp32") -> float:
    """Share of the reference CPU's least time, layer by layer, that matrix products and convolutions take."""
    placed = place_network(network, REFERENCE_CPU, precision)
    return sum(one.T for one in placed if one.layer.op.macs) / sum(one.T for one in placed)


def matmul_shares(batch: int = 1) -> dict[str, float]:
    """That share in every network that labcore knows by name, language models in both of their phases."""
    shares = {}
    for name, entry in MODELS.items():
        for phase in ("prefill", "decode") if "phase" in entry.options else (None,):
            network = build(name, batch=batch, precision="fp32", phase=phase)
            shares[f"{name} {phase}" if phase else name] = matmul_share(network)
    return shares


@computes("theorem-1-1-parallel-fraction-range", THEOREM, Range("90", "99"), "%", f"{LAB}#what-is-p")
def typical_parallel_fraction(batch=1):
    """Share of a CPU's time in matrix products, nothing fused: "typically" is read as the median of labcore's networks.

    Amdahl's p is a share of time, so the range is read as one of time; of the FLOP it would be higher.
    """
    return statistics.median(matmul_shares(batch).values())


@computes("theorem-1-1-serial-10pct-ceiling", THEOREM, Number("10"), "x", LAW)
def ceiling_at_ten_percent(p=0.9):
    """Gain of an infinitely fast accelerator when a tenth of the time is data loading."""
    return ceiling(p)


@computes("footnote-1-iron-law-floor", "Footnote 1", Identity("T without computation = D_vol / BW + L_lat"), "s", IRON)
def floor_of_the_iron_law(network="resnet50", L_launch=LAUNCH.value):
    """Time of one pass on an A100 without limit in FLOP/s, and the sum of the two terms that are left."""
    net = build(network)
    job = network_terms(net, A100, "fp16", L_launch)
    return iron_law(net.flop, net.D_vol, R_peak=1e40, BW=A100.BW, L_lat=job.latency), job.data + job.latency


@computes(
    "footnote-1-data-term-untouched", "Footnote 1", Truth(words="acceleration cannot touch the data term"), "", IRON
)
def acceleration_leaves_the_data_term(cpu_bandwidth=SAPPHIRE_RAPIDS.BW, BW=A100.BW):
    """The data term of the same bytes is no shorter on an A100 than on a server CPU."""
    return terms(0, 1e9, 1.0, BW).data >= terms(0, 1e9, 1.0, cpu_bandwidth).data


@acceleration_leaves_the_data_term.erratum
def accelerators_bring_bandwidth_too():
    """The text beside the footnote lists BW among what acceleration improves, and it does.

    A gigabyte takes {cpu:.2f} ms on a server CPU of {cpu_bandwidth:.0f} GB/s and {a100:.2f} ms on an A100 of
    {a100_bandwidth:.0f} GB/s, {gain:.1f} times less. Would hold of data that come from a disk, a network or the host.
    """
    cpu, a100 = (terms(0, 1e9, 1.0, one.BW).data for one in (SAPPHIRE_RAPIDS, A100))
    return {
        "cpu": 1e3 * cpu, "a100": 1e3 * a100, "gain": cpu / a100,
        "cpu_bandwidth": SAPPHIRE_RAPIDS.BW / 1e9, "a100_bandwidth": A100.BW / 1e9,
    }  # fmt: skip


@computes(
    "text-iron-law-terms", TEXT,
    Truth(words="acceleration raises R_peak, eta and BW; others cut D_vol and the work"), "", IRON,
)  # fmt: skip
def each_lever_moves_its_own_term(factor=2, R_peak=312e12, BW=2.04e12):
    """Each of the five levers shortens one term of the time, by its factor, and leaves the other two as they are."""
    job = {"flop": 1e12, "D_vol": 1e9, "R_peak": R_peak, "BW": BW, "eta": 0.5, "L_lat": LAUNCH.value}
    levers = {"R_peak": factor, "eta": factor, "BW": factor, "D_vol": 1 / factor, "flop": 1 / factor}
    before = terms(**job)

    def moves(lever, term):
        after = terms(**job | {lever: job[lever] * levers[lever]})
        return after.T < before.T and after == before.faster(term, factor)

    return all(moves(lever, "data" if lever in ("BW", "D_vol") else "compute") for lever in levers)


@computes("text-p-above-0-99-needed", TEXT, Words("p > 0.99", least=0.99, most=1, number=0.99), "", WALL)
def fractions_at_the_knee(G_low=156, G_lighthouse=247, G_high=312):
    """The p above which a faster accelerator helps more than a smaller serial part, for the chapter's three gains.

    A gain of G is at the knee for p = G / (1 + G); below that p the returns diminish. 156 and 312 are those of
    Definition 1.1, 247 is Lighthouse 1.1's.
    """
    return [needed_fraction((1 + G) / 2, G) for G in (G_low, G_lighthouse, G_high)]  # (1 + G) / 2: half the ceiling


@computes("figure-1-iron-law-heatmap", FIGURE_1, Number("500"), "x", WALL)
def top_right_corner(p=0.999, G_accel=1000):
    """Gain at the upper right corner of the map."""
    return speedup(p, G_accel)


@computes("figure-1-wall-below-0-9", FIGURE_1, Words("little benefit", most=2), "x", WALL)
def gains_of_tenfold_hardware(p=0.9, g1=10, g2=100, g3=1000):
    """What ten times the accelerator adds at p = 0.9, from 10 to 100 and from 100 to 1000; our reading: below twice."""
    return speedup(p, g2) / speedup(p, g1), speedup(p, g3) / speedup(p, g2)
