"""Graphs built step by step, with weights: what the networks of this package are written in.

Weights are drawn with He's variance, so that activations keep their size through the layers. With `seed=None` they
are zeros that take no memory: enough for everything that only asks for shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np

from labcore.compiler.graph import Graph, graph
from labcore.compiler.shapes import Shape


class Draft:
    """A graph under construction: steps and constants so far, and the name of the value that flows to the next.

    >>> draft = Draft({"x": (1, 3, 8, 8)}, seed=1)
    >>> draft.conv("conv1", C=3, K=4, kernel=3)
    'conv1'
    >>> draft.step("relu1", "relu", draft.flows)
    'relu1'
    >>> [(node.name, node.shape) for node in draft.graph().nodes]
    [('conv1', (1, 4, 8, 8)), ('relu1', (1, 4, 8, 8))]
    """

    def __init__(self, inputs: Mapping[str, Shape], seed: int | None) -> None:
        self.inputs, self.flows = dict(inputs), next(iter(inputs))
        self.rng = None if seed is None else np.random.default_rng(seed)
        self.steps: dict[str, tuple] = {}
        self.constants: dict[str, np.ndarray] = {}

    def step(self, name: str, op: str, *inputs: str, **attributes: object) -> str:
        """Append a node, which flows to the next; return its name."""
        self.steps[name] = (op, *inputs, attributes)
        self.flows = name
        return name

    def weight(self, name: str, *shape: int, fan_in: int = 0, around: float = 0.0) -> str:
        """Add a constant: of variance 2 / fan_in (He et al., ICCV 2015), or within 0.1 of `around`."""
        if self.rng is None:
            array = np.broadcast_to(np.float32(around), shape)
        elif fan_in:
            array = self.rng.standard_normal(shape, np.float32) * np.float32(sqrt(2 / fan_in))
        else:
            array = np.float32(around) + self.rng.uniform(-0.1, 0.1, shape).astype(np.float32)
        self.constants[name] = array
        return name

    def conv(self, name: str, C: int, K: int, kernel: int, stride: int = 1, groups: int = 1, x: str = "") -> str:
        """Append a convolution without a bias, its padding keeping the size where the stride is 1."""
        fan_in = C // groups * kernel * kernel
        w = self.weight(f"{name}.weight", K, C // groups, kernel, kernel, fan_in=fan_in)
        return self.step(name, "conv2d", x or self.flows, w, stride=stride, padding=kernel // 2, groups=groups)

    def norm(self, name: str, C: int, scale: float = 1.0) -> str:
        """Append a batch normalization in inference: its statistics are constants."""
        ways = {"scale": scale, "bias": 0.0, "mean": 0.0, "var": 1.0}
        vectors = (self.weight(f"{name}.{part}", C, around=value) for part, value in ways.items())
        return self.step(name, "batch_norm", self.flows, *vectors)

    def linear(self, name: str, K: int, N: int) -> str:
        """Append a product with weights (K, N) and a bias (N,)."""
        w, bias = self.weight(f"{name}.weight", K, N, fan_in=2 * K), self.weight(f"{name}.bias", N)
        return self.step(name, "gemm", self.flows, w, bias)

    def layernorm(self, name: str, d: int) -> str:
        """Append a layer normalization over the last axis."""
        scale, bias = self.weight(f"{name}.scale", d, around=1.0), self.weight(f"{name}.bias", d)
        return self.step(name, "layernorm", self.flows, scale, bias)

    def classify(self, C: int, classes: int, batch: int) -> Graph:
        """Append global pooling and a dense layer; return the graph."""
        self.step("avgpool", "global_avg_pool", self.flows)
        self.step("flatten", "reshape", self.flows, shape=(batch, C))
        self.linear("fc", C, classes)
        return self.graph()

    def graph(self) -> Graph:
        """The graph of all steps."""
        return graph(self.inputs, self.steps, self.constants)
