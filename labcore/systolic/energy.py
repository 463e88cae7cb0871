"""Energy of a product from its counted accesses, and how often each word that enters is used."""

from __future__ import annotations

from labcore.systolic.run import Run
from labcore.units import Joules, Ratio, positive


def energy_per_mac(accesses: float, E_access: Joules, E_mac: Joules) -> Joules:
    """Energy of one MAC with so many memory accesses to its name: accesses * E_access + E_mac.

    A vector unit that keeps nothing makes 4 (three loads, one store); an array makes the accesses at its edge over
    its MACs, as counted by a `Run`. Raises ValueError for energies that are not positive.

    >>> round(1e12 * energy_per_mac(4, E_access=640e-12, E_mac=1e-12))  # pJ
    2561
    """
    positive(E_access=E_access, E_mac=E_mac)
    if not accesses >= 0:
        raise ValueError(f"accesses must be 0 or more to a MAC, got {accesses!r}")
    return accesses * E_access + E_mac


def reuse(run: Run) -> dict[str, Ratio]:
    """MACs that each word of A, B and C serves for one crossing of the array's edge.

    >>> import numpy as np
    >>> from labcore.systolic import gemm
    >>> reuse(gemm(np.ones((128, 512)), np.ones((512, 128)), rows=128, cols=128))
    {'A': 128.0, 'B': 128.0, 'C': 512.0}
    """
    return {name: run.macs / words for name, words in {**run.reads, **run.writes}.items()}
