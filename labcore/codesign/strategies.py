"""Five ways to spend the same trainings on a network and its accelerator, each a function of a budget and a seed.

Each returns the designs that it hands over. Accuracy-first and hardware-first are the pipelines of a team that decides
one half before it looks at the other; the other three look at both at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

from labcore.codesign.front import front
from labcore.codesign.search import Choice, Design, Problem, Trainings, optimize

PATIENCE, QUICK_PATIENCE = 6, 1.5  # trials to a training, since a search may propose again what it knows
WORST = 1.0  # the error told of what was not trained because it does not fit


def accuracy_first(trainings: Trainings, sampler: str = "tpe") -> list[Design]:
    """All trainings look for the most accurate network; the one that fits the cap then gets every accelerator.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, c: n[0] / 5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> {design.network for design in accuracy_first(Trainings(problem, budget=3))}
    {(4,)}
    """
    problem = trainings.problem

    def judge(network: Choice) -> tuple[tuple[float], float] | None:
        accuracy = trainings.accuracy(network)
        return None if accuracy is None else ((1 - accuracy,), 0.0)

    optimize(problem.network, judge, sampler, trainings.seed, _trials(trainings), objectives=1)
    for network in sorted(trainings.full, key=trainings.full.get, reverse=True):
        if fits := problem.fitting(network):
            return [Design(network, hardware, 1 - trainings.full[network], *cost) for hardware, *cost in fits]
    return []


def hardware_first(trainings: Trainings, sampler: str = "nsga2") -> list[Design]:
    """The accelerator is chosen before any training; then all trainings look for networks on it.

    It is the one that runs most of the networks under the cap, and of those the one with the fewest cycles over the
    networks (geometric mean): what a designer would take who knows the kind of network and not the network.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, c: n[0] / 5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> {design.hardware for design in hardware_first(Trainings(problem, budget=3))}
    {(1,)}
    """
    problem = trainings.problem
    hardware = general_hardware(problem)

    def judge(network: Choice) -> tuple[tuple[float, float], float] | None:
        cost = problem.cost(network, hardware)
        if cost is None or cost[1] > problem.cap:
            return (WORST, cost[0] if cost else problem.smallest(network)[1]), 1.0
        accuracy = trainings.accuracy(network)
        return None if accuracy is None else ((1 - accuracy, cost[0]), 0.0)

    optimize(problem.network, judge, sampler, trainings.seed, _trials(trainings))
    full = trainings.full
    return [Design(network, hardware, 1 - full[network], *problem.cost(network, hardware)) for network in full]


def general_hardware(problem: Problem) -> Choice:
    """The hardware that runs most networks under the cap, the fastest over them where several do.

    Raises ValueError where none runs any network, and says what the smallest pair would take.

    >>> general_hardware(Problem({"width": (1, 2)}, {"rows": (1, 2)}, lambda n, s, c: 0.5,
    ...     lambda n, h: (n[0] / h[0], n[0] * h[0]), cap=9))
    (2,)
    """
    networks = list(problem.networks())
    ranked = []
    for hardware in product(*(problem.alone or problem.hardware).values()):
        costs = [problem.cost(network, hardware) for network in networks]
        if cycles := [cost[0] for cost in costs if cost and cost[1] <= problem.cap]:
            ranked.append((-len(cycles), sum(map(math.log, cycles)), hardware))
    if not ranked:
        least = min(problem.smallest(network)[2] for network in networks)
        raise ValueError(
            f"nothing fits an area of {problem.cap:g}; the smallest pair takes {least:g}, so raise the cap"
        )
    return min(ranked, key=lambda one: one[:2])[2]


def proxy_guided(trainings: Trainings, sampler: str = "nsga2") -> list[Design]:
    """Half the budget buys cheap trainings of many networks; the best of them by rank are then trained in full.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, cheap: n[0] / 5 - 0.1 * cheap,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> spent = Trainings(problem, budget=3)
    >>> len(proxy_guided(spent)), len(spent.proxies), len(spent.full)
    (3, 3, 2)
    """
    half = Trainings(trainings.problem, trainings.budget / 2, trainings.seed, proxies=trainings.proxies)
    search_networks(half, sampler, cheap=True)
    fastest = {network: trainings.problem.fitting(network)[0][1] for network in trainings.proxies}
    left = dict(fastest)
    while left:  # front after front, as long as the budget pays
        names = list(left)
        for i in front([(1 - trainings.proxies[name], left[name]) for name in names]):
            if trainings.accuracy(names[i]) is None:
                return trainings.designs()
            del left[names[i]]
    return trainings.designs()


def flat_joint(trainings: Trainings, sampler: str = "nsga2") -> list[Design]:
    """One search over network and hardware together: each trial picks both, and only picks under the cap are trained.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, c: n[0] / 5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> all(design.area <= 4 for design in flat_joint(Trainings(problem, budget=3)))
    True
    """
    problem, first, met = trainings.problem, len(trainings.problem.network), []

    def judge(pick: Choice) -> tuple[tuple[float, float], float] | None:
        network, hardware = pick[:first], pick[first:]
        cost = problem.cost(network, hardware)
        if cost is None or cost[1] > problem.cap:
            return (WORST, cost[0] if cost else problem.smallest(network)[1]), cost[
                1
            ] / problem.cap - 1 if cost else 1.0
        if (accuracy := trainings.accuracy(network)) is None:
            return None
        met.append(Design(network, hardware, 1 - accuracy, *cost))
        return (1 - accuracy, cost[0]), 0.0

    optimize({**problem.network, **problem.hardware}, judge, sampler, trainings.seed, _trials(trainings))
    return met


def nested_joint(trainings: Trainings, sampler: str = "nsga2") -> list[Design]:
    """The search is over networks, and each is judged on the fastest of all accelerators under the cap.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, c: n[0] / 5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> len(nested_joint(Trainings(problem, budget=3)))  # all pairs but the widest on two rows
    5
    """
    search_networks(trainings, sampler)
    return trainings.designs()


def search_networks(trainings: Trainings, sampler: str, cheap: bool = False) -> int:
    """Search networks by error and by cycles on their fastest hardware; returns the trials it took.

    >>> problem = Problem({"width": (1, 2)}, {"rows": (1,)}, lambda n, s, c: n[0] / 5, lambda n, h: (n[0], 1), cap=4)
    >>> trainings = Trainings(problem, budget=2)
    >>> search_networks(trainings, "random") >= 2, trainings.full == {(1,): 0.2, (2,): 0.4}
    (True, True)
    """
    problem = trainings.problem

    def judge(network: Choice) -> tuple[tuple[float, float], float] | None:
        if not (fits := problem.fitting(network)):
            _, cycles, area = problem.smallest(network)
            return (WORST, cycles), area / problem.cap - 1
        accuracy = trainings.accuracy(network, cheap)
        return None if accuracy is None else ((1 - accuracy, fits[0][1]), 0.0)

    trials = math.ceil(QUICK_PATIENCE * trainings.budget / problem.cheap) if cheap else _trials(trainings)
    return optimize(problem.network, judge, sampler, trainings.seed, trials)


def _trials(trainings: Trainings) -> int:
    return math.ceil(PATIENCE * trainings.budget)


STRATEGIES: dict[str, Callable[[Trainings, str], list[Design]]] = {
    "accuracy-first": accuracy_first,
    "hardware-first": hardware_first,
    "proxy-guided": proxy_guided,
    "flat joint": flat_joint,
    "nested joint": nested_joint,
}
