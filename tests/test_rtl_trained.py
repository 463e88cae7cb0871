"""Trained digits networks in generated hardware: 64 test images each, logits, classes and cycles exact."""

from tests import needs_rtl

# isort: split
import pytest

from labcore.codesign.data import digits
from labcore.codesign.networks import Network
from labcore.codesign.predict import cycles, sized
from labcore.codesign.problem import template
from labcore.codesign.rtl.simulate import simulate
from labcore.codesign.rtl.verilog import run_verilog
from labcore.codesign.training import realise

IMAGES = digits("test").images[:64]
TRAINED = [
    (("fc",), 8, 8, (2, 2, "os")), (("fc",), 16, 2, (1, 2, "ws")), (("conv3x3",), 4, 8, (2, 1, "ws")),
    (("conv3x3",), 4, 4, (2, 2, "os")), (("conv2x2",), 8, 4, (2, 2, "ws")), (("conv2x2",), 4, 2, (1, 2, "os")),
]  # fmt: skip


def holds(run, integers, made):
    assert (run.logits == integers.logits(IMAGES)).all()
    assert (run.classes == integers.classes(IMAGES)).all()
    assert set(run.cycles.tolist()) == {cycles(integers, made)}


@needs_rtl.needs("g++")
@pytest.mark.parametrize(("bundles", "width", "bits", "hardware"), TRAINED)
def test_the_chip_is_the_network_that_was_trained(bundles, width, bits, hardware):
    network, integers = Network(bundles, width, bits), realise(Network(bundles, width, bits), seed=0)
    made = sized(template(hardware, bits), network)
    holds(simulate(integers, made, IMAGES), integers, made)
    assert integers.accuracy(IMAGES, digits("test").labels[:64]) > (0.5 if bits == 2 else 0.8)  # it is trained


@needs_rtl.needs("iverilog")
def test_icarus_reads_the_trained_chip_the_same_way():
    network, integers = Network(("conv2x2",), 4, 4), realise(Network(("conv2x2",), 4, 4), seed=1)
    made = sized(template((2, 2, "ws"), 4), network)
    holds(run_verilog(integers, made, IMAGES), integers, made)
