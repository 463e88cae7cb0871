"""Owning: what a machine costs over its life and by the hour, when renting is dearer, when a purchase has paid."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.cost.fleet import mean_power
from labcore.units import Joules, Ratio, Seconds, Watts, positive

KWH: Joules = 3.6e6
HOUR: Seconds = 3600
YEAR: Seconds = 365 * 24 * 3600


def lifetime_cost(price: float, power: Watts, life: Seconds, kwh_price: float, overhead: Ratio = 1.0) -> float:
    """What a machine costs over its life: its price, and its energy with an `overhead` factor for cooling.

    >>> lifetime_cost(price=1000, power=100, life=36_000, kwh_price=0.5)
    1000.5
    """
    positive(life=life, overhead=overhead)
    return price + power * overhead * life / KWH * kwh_price


def break_even(one_time: float, cost_own: float, cost_bought: float) -> float | None:
    """The amount of work from which a chip of one's own is the cheaper way, in units of what one bought machine does.

    `cost_own` is the running cost of as much work on own chips as one bought machine does for `cost_bought`; the
    `one_time` cost of design, masks and software is shared by all of it. None where it never pays.

    >>> break_even(one_time=1000, cost_own=1, cost_bought=11), break_even(1000, 11, 11)
    (100.0, None)
    """
    positive(one_time=one_time, cost_own=cost_own, cost_bought=cost_bought)
    return one_time / (cost_bought - cost_own) if cost_bought > cost_own else None


def payback_time(extra: float, running_old: float, running_new: float) -> Seconds | None:
    """Time until what was paid `extra` at once is saved, by running costs a second; money or grams of carbon alike.

    None where the new way does not run more cheaply.

    >>> payback_time(extra=80, running_old=10, running_new=2), payback_time(80, 2, 2)
    (10.0, None)
    """
    positive(extra=extra, running_old=running_old, running_new=running_new)
    return extra / (running_old - running_new) if running_old > running_new else None


@dataclass(frozen=True)
class Owned:
    """A machine that was bought: its price in USD, its power, how long it serves, what a kilowatt hour costs.

    `overhead` (PUE) multiplies its energy, `upkeep` is what housing, network and staff cost a year as a share of the
    price, `idle` the share of its power that it draws without work. No interest, and nothing for its remains.

    >>> card = Owned(price=1000, power=1000, life=1000 * 3600, kwh_price=1.0)
    >>> card.cost(use=1.0), card.hour(use=1.0), card.hour(use=0.5)
    (2000.0, 2.0, 3.0)
    """

    price: float
    power: Watts
    life: Seconds
    kwh_price: float
    overhead: Ratio = 1.0
    upkeep: Ratio = 0.0
    idle: Ratio = 0.0

    def __post_init__(self) -> None:
        positive(price=self.price, power=self.power, life=self.life, kwh_price=self.kwh_price)
        if not (self.overhead >= 1 and self.upkeep >= 0):
            raise ValueError(f"overhead is 1 or more and upkeep 0 or more; got {self.overhead} and {self.upkeep}")

    def cost(self, use: Ratio) -> float:
        """USD over its life when it works a share `use` of the time."""
        kept = self.price * (1 + self.upkeep * self.life / YEAR)
        return lifetime_cost(kept, mean_power(self.power, use, self.idle), self.life, self.kwh_price, self.overhead)

    def hour(self, use: Ratio) -> float:
        """USD for an hour of work: the cost over its life, shared by the hours that it works."""
        positive(use=use)
        return self.cost(use) / (use * self.life / HOUR)

    def break_even_use(self, rent: float) -> float | None:
        """The share of its life from which owning beats renting at `rent` USD an hour of work.

        Above 1, renting stays the cheaper way however much is to be done. None where the rent does not even pay
        the energy of an hour.

        >>> Owned(price=500, power=1000, life=1000 * 3600, kwh_price=1.0).break_even_use(rent=2.0)
        0.5
        """
        positive(rent=rent)
        fixed, full = self.cost(use=0.0), self.cost(use=1.0)
        saved = rent * self.life / HOUR - (full - fixed)  # by a life full of work that is not rented
        return fixed / saved if saved > 0 else None
