"""Search for a network and its accelerator together: the problem, trainings that are counted, and the samplers.

A network and a piece of hardware are tuples of choices, each named by the problem. What a pair costs is predicted and
free; what a network's accuracy is takes a training, and trainings are what a search has a budget of. A network that
was trained is remembered, so every strategy pays once for each network, and a cheap training (fewer images, fewer
epochs) costs its share of a full one. Both objectives, error and cycles, are to be made small; area stays under a cap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from labcore.units import Ratio, positive, positive_ints

if TYPE_CHECKING:
    from types import ModuleType

Choice = tuple[object, ...]
SAMPLERS = ("nsga2", "tpe", "random")


class Design(NamedTuple):
    """A network on an accelerator: error as the search saw it, cycles an image, area in cells."""

    network: Choice
    hardware: Choice
    error: float
    cycles: float
    area: float


@dataclass(frozen=True)
class Problem:
    """What is searched.

    `network` and `hardware` name the choices. `train(network, seed, cheap)` returns an accuracy, `cost(network,
    hardware)` the cycles and the area of the pair, or None where that hardware cannot run it. A cheap training costs
    `cheap` of a full one. `alone` are the choices of hardware that is decided before any network is known, where they
    differ: such hardware needs operands as wide as any network's. Raises ValueError where a choice is empty, or a cap
    or price is not above 0.
    """

    network: Mapping[str, Choice]
    hardware: Mapping[str, Choice]
    train: Callable[[Choice, int, bool], float]
    cost: Callable[[Choice, Choice], tuple[float, float] | None]
    cap: float
    cheap: Ratio = 0.1
    alone: Mapping[str, Choice] | None = None

    def __post_init__(self) -> None:
        positive(cap=self.cap, cheap=self.cheap)
        for name, values in {**self.network, **self.hardware}.items():
            if not values:
                raise ValueError(f"the choice {name!r} has no values; give it one or leave it out")

    def networks(self) -> Iterator[Choice]:
        """Every network there is to choose."""
        return product(*self.network.values())

    def accelerators(self) -> Iterator[Choice]:
        """Every piece of hardware there is to choose."""
        return product(*self.hardware.values())

    def fitting(self, network: Choice) -> list[tuple[Choice, float, float]]:
        """(hardware, cycles, area) of all hardware under the cap that runs the network, the fastest first."""
        costs = ((hardware, self.cost(network, hardware)) for hardware in self.accelerators())
        fits = [(hardware, *cost) for hardware, cost in costs if cost and cost[1] <= self.cap]
        return sorted(fits, key=lambda one: (one[1], one[2]))

    def smallest(self, network: Choice) -> tuple[Choice, float, float]:
        """(hardware, cycles, area) of the smallest hardware that runs the network, whatever the cap.

        Raises ValueError where none does.
        """
        costs = ((hardware, self.cost(network, hardware)) for hardware in self.accelerators())
        if not (runs := [(hardware, *cost) for hardware, cost in costs if cost]):
            raise ValueError(
                f"no hardware of the problem runs the network {network}; widen its precision or leave it out"
            )
        return min(runs, key=lambda one: one[2])


@dataclass
class Trainings:
    """A budget of full trainings, and what was trained from it: accuracies by network, full and cheap."""

    problem: Problem
    budget: float
    seed: int = 0
    full: dict[Choice, float] = field(default_factory=dict)
    proxies: dict[Choice, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positive(budget=self.budget)

    @property
    def spent(self) -> float:
        """Full trainings, and cheap ones by their price."""
        return len(self.full) + self.problem.cheap * len(self.proxies)

    def accuracy(self, network: Choice, cheap: bool = False) -> float | None:
        """Accuracy of a network, trained unless it is remembered; None where the budget does not pay for it."""
        memory, price = (self.proxies, self.problem.cheap) if cheap else (self.full, 1)
        if network not in memory:
            if self.spent + price > self.budget + 1e-9:
                return None
            memory[network] = self.problem.train(network, self.seed, cheap)
        return memory[network]

    def designs(self) -> list[Design]:
        """Every fully trained network on all hardware under the cap: what all these trainings know."""
        return [
            Design(network, hardware, 1 - accuracy, cycles, area)
            for network, accuracy in self.full.items()
            for hardware, cycles, area in self.problem.fitting(network)
        ]


@cache
def optuna() -> ModuleType:
    """Optuna, silenced; ValueError in one line where it is not installed.

    >>> optuna().logging.get_verbosity() == optuna().logging.ERROR
    True
    """
    try:
        import optuna as module
    except ModuleNotFoundError:
        raise ValueError(
            "searching needs Optuna: pip install 'labcore[codesign]'; the table of all pairs works without it"
        ) from None
    module.logging.set_verbosity(module.logging.ERROR)
    return module


def sampler(name: str, seed: int = 0):  # -> optuna.samplers.BaseSampler
    """Optuna's sampler of that name: NSGA-II in generations of 16, TPE after 16 random trials, or random.

    >>> type(sampler("tpe", seed=1)).__name__
    'TPESampler'
    """
    if name not in SAMPLERS:
        raise ValueError(f"no sampler {name!r}; there are {', '.join(SAMPLERS)}")
    samplers = optuna().samplers
    if name == "nsga2":
        return samplers.NSGAIISampler(population_size=16, seed=seed)
    return samplers.TPESampler(n_startup_trials=16, seed=seed) if name == "tpe" else samplers.RandomSampler(seed=seed)


def ask(trial, choices: Mapping[str, Choice]) -> Choice:
    """One value of each choice, suggested by an Optuna trial as an index: numbers in their order, the rest without one.

    >>> ask(optuna().trial.FixedTrial({"width": 1, "dataflow": 0}), {"width": (8, 16), "dataflow": ("os", "ws")})
    (16, 'os')
    """
    return tuple(values[_index(trial, name, values)] for name, values in choices.items())


def _index(trial, name: str, values: Choice) -> int:
    if all(isinstance(value, int | float) for value in values):  # TPE models what has an order
        return trial.suggest_int(name, 0, len(values) - 1)
    return trial.suggest_categorical(name, range(len(values)))


def optimize(
    choices: Mapping[str, Choice],
    judge: Callable[[Choice], tuple[tuple[float, ...], float] | None],
    name: str,
    seed: int,
    trials: int,
    objectives: int = 2,
) -> int:
    """Ask and tell: let a sampler pick from the choices until `judge` returns None; returns the trials it took.

    `judge` returns the objectives and by how much the pick breaks the cap (0 or less where it keeps it).

    >>> seen = []
    >>> optimize({"x": (1, 2, 3)}, lambda p: seen.append(p) or ((p[0],), 0.0), "tpe", seed=0, trials=8, objectives=1)
    8
    >>> len(seen)
    8
    """
    positive_ints(trials=trials)
    study = optuna().create_study(directions=["minimize"] * objectives, sampler=sampler(name, seed))
    for done in range(trials):
        trial = study.ask()
        if (judged := judge(ask(trial, choices))) is None:
            return done
        values, over = judged
        trial.set_constraint("cap", over)
        study.tell(trial, values)
    return trials
