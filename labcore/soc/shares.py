"""What masters on one bus may count on: fair shares of bandwidth, and the longest wait under slots or round robin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from labcore.soc.bus import Bus, Master
from labcore.units import BytesPerSecond, Seconds, positive


def fair_shares(demands: Mapping[str, BytesPerSecond], BW: BytesPerSecond) -> dict[str, BytesPerSecond]:
    """Max-min fair: who asks for less than an equal share gets it all, the others share what is left.

    >>> fair_shares({"camera": 1.0, "NPU": 8.0, "GPU": 9.0}, BW=11.0)
    {'camera': 1.0, 'NPU': 5.0, 'GPU': 5.0}
    """
    positive(BW=BW)
    shares, left = {}, BW
    for place, name in enumerate(sorted(demands, key=demands.get)):
        shares[name] = min(demands[name], left / (len(demands) - place))
        left -= shares[name]
    return {name: shares[name] for name in demands}


def slot_bound(master: Master, bus: Bus) -> Seconds:
    """The longest response time under slots whatever the others do: it comes just too late for its first slot.

    The master's slots stand evenly in the round, n of them: each burst waits at most a whole distance.

    >>> slot_bound(Master("NPU", 4096, 1.0), Bus(1024.0, 1024, "slots", ("NPU", "GPU")))  # 4 bursts, every second slot
    9.0
    """
    own = [at for at, name in enumerate(bus.slots) if name == master.name]
    if not own:
        raise ValueError(f"{master.name} has no slot in {bus.slots!r}")
    distances = [(later - at - 1) % len(bus.slots) + 1 for at, later in zip(own, own[1:] + own[:1], strict=True)]
    bursts = math.ceil(master.D_vol / bus.burst)
    rounds, rest = divmod(bursts, len(own))
    worst = max(sum((distances * 2)[at : at + rest]) for at in range(len(own)))
    return (rounds * len(bus.slots) + worst + 1) * bus.burst / bus.BW


def round_robin_bound(master: Master, masters: Sequence[Master], bus: Bus) -> Seconds:
    """The longest response time under round robin of one job alone in its queue: each burst waits for all the others.

    >>> three = [Master(name, 4096, 1.0) for name in ("NPU", "GPU", "CPU")]
    >>> round_robin_bound(three[0], three, Bus(1024.0, 1024))  # 4 bursts of its own, 8 of the others
    12.0
    """
    others = sum(one.weight for one in masters if one.name != master.name)
    turns = math.ceil(math.ceil(master.D_vol / bus.burst) / master.weight)
    return (master.D_vol + turns * others * bus.burst) / bus.BW
