"""How long a pass takes: each layer on its roofline at the shares of the peaks that are reached, then the links.

A kernel takes no less than its launch, since the host prepares the next one while one runs. Layers run one after
another, and nothing overlaps the links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.feasibility.question import Question
from labcore.models.network import Layer
from labcore.roofline import least_time
from labcore.units import Seconds

PARTS = ("bandwidth", "compute", "launch", "link")


@dataclass(frozen=True)
class Duration:
    """Time of one pass, by what bound each layer.

    >>> Duration({"bandwidth": 3.0, "link": 1.0}).binds
    'bandwidth'
    """

    parts: Mapping[str, Seconds]

    @property
    def T(self) -> Seconds:
        """All parts together."""
        return sum(self.parts.values())

    @property
    def binds(self) -> str:
        """The part that takes most."""
        return max(self.parts, key=self.parts.get)


def layer_time(layer: Layer, question: Question) -> tuple[str, Seconds]:
    """What binds a layer on the question's chip ('bandwidth', 'compute', 'launch'), and its time, repetitions included.

    >>> from labcore.catalogue import A100
    >>> from labcore.ops import elementwise
    >>> layer_time(Layer("one", elementwise(1000), count=2), Question("resnet50", A100))  # 2 launches of 5 us
    ('launch', 1e-05)
    """
    chip, given = question.chip, question.assumptions
    R_peak, BW = given.eta_compute * chip.peak(question.precision), given.eta_memory * chip.BW
    T = least_time(layer.op.flop, layer.op.D_vol, R_peak, BW)
    binds = "bandwidth" if layer.op.D_vol / BW >= layer.op.flop / R_peak else "compute"
    return (binds, layer.count * T) if given.T_launch <= T else ("launch", layer.count * given.T_launch)


def duration(layers: tuple[Layer, ...], question: Question, T_link: Seconds = 0.0) -> Duration:
    """Time of one chip's layers in a row, and of the links.

    >>> from labcore.catalogue import A100
    >>> from labcore.models.zoo import build
    >>> duration(build("resnet50").layers, Question("resnet50", A100)).binds
    'launch'
    """
    parts = dict.fromkeys(PARTS, 0.0) | {"link": T_link}
    for layer in layers:
        binds, T = layer_time(layer, question)
        parts[binds] += T
    return Duration(parts)
