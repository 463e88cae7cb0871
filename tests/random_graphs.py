"""Random graphs for the compiler's tests: images, some of everything a pass looks for, weights in float64."""

import numpy as np
from hypothesis import strategies as st

from labcore.compiler.graph import Tensor, graph

SHAPE = (1, 4, 5, 5)
OPS = ("dense", "depthwise", "batch_norm", "relu", "relu6", "gelu_tanh", "add", "mul", "max_pool", "again", "constant")


def _add(draw, op, name, values, steps, constants, rng):
    def weight(word, *shape):
        constants[f"{name}.{word}"] = 0.5 + rng.random(shape) if word == "var" else rng.standard_normal(shape)
        return f"{name}.{word}"

    x = draw(st.sampled_from(values))
    if op in ("dense", "depthwise"):
        groups = 1 if op == "dense" else 4
        words = [weight("w", 4, 4 // groups, 3, 3)] + [weight("bias", 4)] * draw(st.integers(0, 1))
        return ("conv2d", x, *words, {"padding": 1, "groups": groups})
    if op == "batch_norm":
        return (op, x, *(weight(word, 4) for word in ("scale", "shift", "mean", "var")), {})
    if op == "max_pool":
        return (op, x, {"kernel": 3, "padding": 1})
    if op in ("add", "mul"):
        return (op, x, draw(st.sampled_from(values)), {})
    if op == "again" and steps:
        return steps[draw(st.sampled_from(list(steps)))]
    if op == "constant":
        steps[f"{name}.known"] = ("add", weight("a", *SHAPE), weight("b", 4, 1, 1), {})
        return ("add", x, f"{name}.known", {})
    return ("relu" if op == "again" else op, x, {})


@st.composite
def random_graph(draw, least=1, most=9, ops=OPS):
    """A graph on (1, 4, 5, 5) whose last value and perhaps others are wanted."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    values, steps, constants = ["x"], {}, {}
    for i in range(draw(st.integers(least, most))):
        steps[f"v{i}"] = _add(draw, draw(st.sampled_from(ops)), f"v{i}", values, steps, constants, rng)
        values.append(f"v{i}")
    outputs = draw(st.lists(st.sampled_from(values[1:]), max_size=2, unique=True))
    outputs = list(dict.fromkeys([*outputs, values[-1]]))
    return graph({"x": Tensor(SHAPE, "float64")}, steps, constants, outputs)
