"""Six trained digits networks in generated hardware: logits, classes and cycles exact.

Each runs in one dataflow as compiled registers, on 64 test images, and in the other as Verilog under Icarus, on four.
"""

from tests import needs_rtl

# isort: split
from functools import cache

import pytest

from labcore.codesign.data import digits
from labcore.codesign.networks import Network
from labcore.codesign.predict import cycles, sized
from labcore.codesign.problem import template
from labcore.codesign.rtl.simulate import simulate
from labcore.codesign.rtl.verilog import run_verilog
from labcore.codesign.template import DATAFLOWS
from labcore.codesign.training import realize

IMAGES = digits("test").images[:64]
TRAINED = [  # fully connected in ws has one patch a layer: a memory of sums of one word, an address of no bits
    (("fc",), 8, 8, (2, 2, "os")), (("fc",), 16, 2, (2, 3, "ws")), (("conv3x3",), 4, 8, (2, 1, "ws")),
    (("conv3x3",), 4, 4, (2, 2, "os")), (("conv2x2",), 8, 4, (2, 2, "ws")), (("conv2x2",), 4, 3, (1, 2, "os")),
]  # fmt: skip
trained = cache(lambda network: realize(network, seed=0))


def holds(run, integers, made, images):
    assert (run.logits == integers.logits(images)).all()
    assert (run.classes == integers.classes(images)).all()
    assert set(run.cycles.tolist()) == {cycles(integers, made)}


@needs_rtl.needs("g++")
@pytest.mark.parametrize(("bundles", "width", "bits", "hardware"), TRAINED)
def test_the_chip_is_the_network_that_was_trained(bundles, width, bits, hardware):
    integers = trained(network := Network(bundles, width, bits))
    made = sized(template(hardware, bits), network)
    holds(simulate(integers, made, IMAGES), integers, made, IMAGES)
    assert integers.accuracy(IMAGES, digits("test").labels[:64]) > (0.5 if bits == 2 else 0.8)  # it is trained


@needs_rtl.needs("iverilog")
@pytest.mark.parametrize(("bundles", "width", "bits", "hardware"), TRAINED)
def test_icarus_runs_its_verilog_in_the_other_dataflow_to_the_same_logits(bundles, width, bits, hardware):
    (rows, cols, taken), integers = hardware, trained(network := Network(bundles, width, bits))
    (other,) = set(DATAFLOWS) - {taken}
    made = sized(template((rows, cols, other), bits), network)
    holds(run_verilog(integers, made, IMAGES[:4]), integers, made, IMAGES[:4])
