"""This machine, measured: its own roofline, and real operations on it.

`labcore measure` writes a file; `load` reads the reader's own, or the one recorded with the labs where there is none.

>>> from labcore.measure import recorded
>>> machine = recorded().host
>>> machine.R_peak("fp32") > machine.R_peak("fp64") > 0
True
"""

from labcore.measure.files import load, recorded
from labcore.measure.tables import Measured, Roofs

__all__ = ["Measured", "Roofs", "load", "recorded"]
