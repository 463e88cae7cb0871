"""Co-design, co-search and co-generation: what a glossary and the announcement of A3C3 state (lab 23).

The two texts are documents 000 and 001. Neither gives an experiment, and the paper behind the second is not at hand:
the ids are ours, and what is computed is the lab's own network and accelerator, or chips of the catalogue.

>>> from labcore.claims.ledger import claim
>>> claim("a3c3-joint-against-sequential").verdict
'reproduces'
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

from labcore.catalogue import chip
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Range, Truth, Words
from labcore.codesign.compare import Score, all_designs
from labcore.codesign.comparison import BUDGETS, CAPS, STORED_SAMPLERS, stored
from labcore.codesign.networks import WIDTHS, Network, stacks
from labcore.codesign.predict import cycles, sized
from labcore.codesign.problem import CAP, tabled, template, true_errors
from labcore.codesign.search import Choice, Design, Problem
from labcore.models.zoo import MODELS, build
from labcore.roofline import place_network
from labcore.scaling import times
from labcore.units import Seconds

LAB = "23_codesign"
CO_DESIGN, BUNDLES, CO_SEARCH, CO_GENERATION = (
    f"{LAB}#{cell}" for cell in ("co-design", "bundles", "co-search", "co-generation")
)
STACKS = (("fc",), ("conv3x3",), ("conv2x2", "conv2x2"))
RANGE = Range("2", "10")  # of the glossary, with the tolerance of its print
JOINT = ("flat joint", "nested joint")
GLOSSARY, A3C3 = "Glossary 000 §Hardware-software co-design", "A3C3 announcement 001"


@computes("glossary-two-to-ten-times", GLOSSARY, Words("2-10x, read as for most", least=50), "%", CO_DESIGN)
def inside_the_range(batch=32, matched="fp16", generic="fp32"):
    """Share of networks that gain 2 to 10 times by FP16 code on matrix units over FP32 on vector units.

    Ten networks on each of V100, A100 and H100, each layer at its roofline. The glossary speaks of other, generic
    hardware; both halves of this comparison are one chip. Its range, with the tolerance of its print (1.5 to 10.5),
    holds for all ten on a V100, for eight on an H100 and four on an A100: gains go from 2 (1.999 on the V100), where
    bytes bind, to 15, where arithmetic does. To the letter, 2 to 10, it holds for 20 of the 30.
    """
    chips = ("V100", "A100", "H100")
    inside = [RANGE.holds(gain) for name in chips for gain in gains(name, batch, matched, generic).values()]
    return sum(inside) / len(inside)


def gains(name: str, batch: int = 32, matched: str = "fp16", generic: str = "fp32") -> dict[str, float]:
    """How many times sooner each network is done with matched code on a chip than with generic code."""
    return {model: times(*(_time(model, name, batch, fmt) for fmt in (generic, matched))) for model in MODELS}


@cache
def _time(model: str, name: str, batch: int, fmt: str) -> Seconds:
    placed = place_network(build(model, batch, fmt), chip(name), fmt)
    return sum(one.T for one in placed)


shows("glossary-vertical-integration", GLOSSARY,
      "Firms that make chip and software often get more done for a watt, the glossary says. Only measured systems can "
      "tell: a peak for each watt holds no software, and which chip is generic is a choice.", CO_DESIGN)  # fmt: skip


@cache
def small(cap: float = CAP, widths: tuple[int, ...] = WIDTHS, stacked: tuple[Choice, ...] = STACKS) -> Problem:
    """The lab's problem with three stacks, 4 or 8 bits and square arrays: few enough to look at every pair."""
    network = {"bundles": stacked, "width": widths, "bits": (8, 4)}
    return replace(tabled(cap), network=network, hardware={"rows": (2, 4, 8), "cols": (2, 8), "dataflow": ("os", "ws")})


def known_errors(problem: Problem) -> dict[Choice, float]:
    """Error on the test images of each network of a problem, from the table."""
    errors = true_errors()
    return {choice: errors[choice] for choice in problem.networks()}


def best_network(designs: list[Design]) -> Choice:
    """The network with the fewest errors."""
    return min(designs, key=lambda one: one.error).network


@computes("a3c3-joint-against-sequential", A3C3, Words("jointly, beyond sequential approaches", least=50), "%",
          CO_SEARCH)  # fmt: skip
def joint_wins(rivals=("accuracy-first", "hardware-first")):
    """Share of caps, budgets and samplers at which both joint searches find more of the front than either half first.

    At equal trainings, mean of ten seeds. Accuracy first hands over one network, which cannot cover a front. The joint
    searches lose nearly everywhere to one that tries networks by cheap trainings, each with its fastest array.
    """
    runs = [stored(*one) for one in product(CAPS, BUDGETS, STORED_SAMPLERS)]
    return sum(_least(run, JOINT) > -_least(run, rivals, -1) for run in runs) / len(runs)


def _least(run: list[Score], strategies: tuple[str, ...], sign: int = 1) -> float:
    return min(sign * one.mean for one in run if one.strategy in strategies)


shows("a3c3-co-generation", A3C3,
      "The announcement says that network and hardware come out together; it shows neither. The lab generates both and "
      "compares them logit by logit and cycle by cycle.", CO_GENERATION)  # fmt: skip


@computes("a3c3-constraints-shape-the-model", A3C3, Truth(words="hardware's limits decide which network is best"), "",
          CO_DESIGN)  # fmt: skip
def the_cap_decides(tight=12_000.0, wide=CAP):
    """The most accurate network that fits has another shape under a tight cap on area than under a wide one."""
    errors = known_errors(small())
    return best_network(all_designs(small(tight), errors)) != best_network(all_designs(small(wide), errors))


@computes("a3c3-beyond-flop-and-parameters", A3C3, Words("beyond FLOPs or parameter counts", least=1.1), "x",
          BUNDLES)  # fmt: skip
def slower_with_no_more(rows=8, cols=8, dataflow="ws"):
    """How many times slower a network is than another of as many MACs or more, and of as many weights or more.

    The worst of all pairs of the lab's networks on one array: cycles follow how layers fill it, not what they count.
    Were counts enough, both would be 1; a tenth more is asked. Other arrays of 2 to 16 rows and columns give from 1.3
    to 7.5.
    """
    array = template((rows, cols, dataflow), bits=8)
    nets = [Network(stack, width) for stack in stacks() for width in WIDTHS]
    rated = [(net.macs, net.weights, cycles(net, sized(array, net))) for net in nets]
    return [max(times(a[2], b[2]) for a in rated for b in rated if a[of] <= b[of]) for of in (0, 1)]
