"""One computation behind a capability check, and what it costs to have the fast kernel named all over a program.

`layernorm` is what other code calls; `BACK_ENDS` is the one place that names them, fastest first. `SCATTERED` and
`ISOLATED` are the same small program with the kernel named where it is used, and named once; `named` counts.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Callable

import numpy as np

from labcore.measure import kernels
from labcore.measure.operations import numpy_layernorm

SCATTERED = """
def clean(x):
    return fast.layernorm(x)

def block(x, w):
    return x + fast.layernorm(x) @ w

def score(x, w):
    return fast.layernorm(block(clean(x), w)).sum()

def warm_up(x):
    fast.layernorm(x)

def serve(batch, w):
    return [score(x, w) for x in batch]
"""
ISOLATED = """
def layernorm(x):
    return (fast or plain).layernorm(x)
""" + SCATTERED.replace("fast.layernorm", "layernorm")


def numpy_rows(x: np.ndarray) -> np.ndarray:
    """Normalize the rows of x in numpy, which is there everywhere: (rows, cols).

    >>> numpy_rows(np.array([[1, 3]], np.float32)).round(3).tolist()
    [[-1.0, 1.0]]
    """
    y = np.empty_like(x)
    numpy_layernorm(x, y)
    return y


def compiled_rows(x: np.ndarray) -> np.ndarray:
    """The same as one compiled loop for this processor: (rows, cols) of float32.

    >>> compiled_rows(np.array([[1, 3]], np.float32)).round(3).tolist()
    [[-1.0, 1.0]]
    """
    y = np.empty_like(x)
    _compiled()(x, y)
    return y


@functools.cache
def _compiled() -> Callable[[np.ndarray, np.ndarray], None]:
    from numba import njit

    return njit(kernels.ROWS, nogil=True, fastmath={"reassoc"})(kernels.layernorm)


BACK_ENDS = {"numba": compiled_rows, "numpy": numpy_rows}


def available() -> tuple[str, ...]:
    """The back ends whose package is installed here, fastest first.

    >>> available()[-1]
    'numpy'
    """
    return tuple(name for name in BACK_ENDS if importlib.util.find_spec(name))


def layernorm(x: np.ndarray, back_end: str | None = None) -> np.ndarray:
    """Normalize the rows of x by the fastest back end there is, or by the one named: (rows, cols) of float32.

    Raises ValueError with the back ends there are for one that is not.

    >>> layernorm(np.array([[1, 3]], np.float32), "numpy").round(3).tolist()
    [[-1.0, 1.0]]
    """
    there = available()
    if back_end is not None and back_end not in there:
        raise ValueError(f"back end {back_end!r} is not here; there are {', '.join(there)}")
    return BACK_ENDS[back_end or there[0]](x)


def named(source: str, name: str) -> dict[str, int]:
    """How often each function of a program uses a name, functions that do not left out.

    >>> named("def f(x): return fast.exp(x) + fast.log(x)", "fast")
    {'f': 2}
    """
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    uses = {one.name: sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(one)) for one in functions}
    return {function: count for function, count in uses.items() if count}
