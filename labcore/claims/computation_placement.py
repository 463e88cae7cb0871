"""Which unit does what: placement and Table 15, the chapter's lines 1554 to 1570 (lab 10).

>>> from labcore.claims.ledger import claim
>>> claim("placement-h100-core-count").computed
[16896, 528]
"""

from __future__ import annotations

import math

import numpy as np

from labcore.catalogue import A100
from labcore.catalogue import execution as units
from labcore.catalogue.arrays import TPU_V1_SIDE
from labcore.catalogue.execution import of_chip
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import THOUSANDS, Number, Range, Truth, Words
from labcore.energy import access_energy
from labcore.interconnect.schedule import Task, makespan, run
from labcore.loopnest import Level, Nest, conv_problem, matmul_traffic
from labcore.models.zoo import build
from labcore.precision import bytes_per_element
from labcore.roofline import least_time
from labcore.sparsity.lanes import walk
from labcore.sparsity.pruning import free_mask, nm_mask
from labcore.sparsity.samples import weights
from labcore.systolic import DATAFLOWS, coverage, layer_cycles

PLACE = "10_mapping#placement"
TEXT, TABLE = "Text §Computation placement", "Table 15"


@computes("placement-thousands-of-pes", "Text §Placement and allocation",
          Truth(words="bad placement idles thousands of PEs"), "", PLACE)  # fmt: skip
def idle_in_the_second_turn(blocks=133, sms=units.H100_SMS.value, lanes=units.H100_LANES.value):
    """One block of work more than an H100 has multiprocessors takes two turns, in which thousands of lanes idle."""
    return (1 - coverage(blocks, int(sms))) * of_chip(sms, lanes) >= THOUSANDS[0]


@computes("placement-h100-core-count", TEXT, Words(">16,000; >500", least=(16_001, 501)), "", PLACE)
def units_of_an_h100(sms=units.H100_SMS.value, lanes=units.H100_LANES.value, cores=units.H100_TENSOR_CORES.value):
    """FP32 lanes of an H100 (CUDA cores, which is what the page's streaming processors are) and its tensor cores."""
    return [of_chip(sms, lanes), of_chip(sms, cores)]


# The sentence is about enormous numbers, so the word has no upper end here.
@computes("placement-tpu-thousands-macs", TEXT, Words("thousands", least=THOUSANDS[0]), "", PLACE)
def macs_of_an_array(side=TPU_V1_SIDE.value):
    """Multiply-accumulate units of the array in the paper that the sentence cites, a TPU v1: tens of thousands even."""
    return of_chip(side, side)


@cites("placement-cs2-850k-cores", TEXT, Number("850,000"), "", PLACE)
def cores_of_a_wafer():
    """Cores of the wafer in a CS-2, in the round number that is published."""
    return units.WSE2_CORES


@computes("placement-256-image-tiles", TEXT, Words("thousands of cores", *THOUSANDS), "", PLACE)
def tiles_of_an_image(side=256, coarse=8, fine=4):
    """Tiles of 8 x 8 and of 4 x 4 in an image, one for each core.

    The page leaves the tile open; these are the two squares that divide the image evenly and come in thousands.
    """
    image = conv_problem(N=1, C=1, H=side, W=side, K=1, R=1, S=1)
    tiles = ({**image.sizes, "P": cut, "Q": cut} for cut in (coarse, fine))
    return [math.prod(loop.trips for loop in Nest(image, [Level(tile, "NKCPQRS")]).loops(0)) for tile in tiles]


shows("table15-caption", TABLE,
      "Five reasons why it is hard to say which unit does what: uneven work, work that depends on the data, distance "
      "to the data, shared wires, and networks unlike each other.", PLACE)  # fmt: skip


@computes("table15-workload-imbalance", TABLE, Truth(words="uneven shares idle PEs, even ones do not"), "", PLACE)
def uneven_shares_idle(density=0.5, lanes=32, group=16):
    """Lanes in step wait for the slowest on weights pruned anywhere; pruned to 2 of 4, all are done together."""
    uneven, even = free_mask(weights(), density), nm_mask(weights())
    return walk(uneven, lanes, group).utilization < walk(even, lanes, group).utilization == 1


@computes("table15-irregular-computation", TABLE, Truth(words="uneven attention defeats a fixed split"), "", PLACE)
def fixed_split_of_a_causal_mask(tokens=128):
    """Lanes that take one query each idle under a causal mask; without it attention is as even as any product.

    What makes transformers uneven is the mask and sequences of unequal length; of graphs, the degrees of the nodes.
    """
    causal, full = np.tri(tokens), np.ones((tokens, tokens))
    return walk(causal, tokens, tokens).utilization < walk(full, tokens, tokens).utilization == 1


@computes("table15-excessive-data-movement", TABLE, Truth(words="transfers cost time and energy"), "", PLACE)
def near_data_spares_both(n=256, near=32, BW=A100.BW):
    """A product with tiles kept near, against one word of each operand: less time and less energy."""
    far, kept = (bytes_per_element("fp32") * matmul_traffic(n, n, n, (t, t, t)).words for t in (1, near))
    T_far, T_kept = (least_time(2 * n**3, D_vol, A100.peak("fp32"), BW) for D_vol in (far, kept))
    return T_kept < T_far and access_energy("DRAM", kept) < access_energy("DRAM", far)


@computes("table15-limited-interconnect", TABLE, Truth(words="messages that share a link wait"), "", PLACE)
def shared_links_congest(second="a", T=1.0):
    """Two messages over one link take as long as both in a row; over two links, as long as one."""
    return makespan(run([Task("send", 0, "a", T), Task("send", 1, second, T)])) == 2 * T


def fastest_dataflow(model: str, layer: str, phase: str | None = None) -> str:
    """What should stay in a 128 x 128 array for one layer of a network."""
    op = next(one.op for one in build(model, phase=phase).layers if one.name == layer)
    return min(DATAFLOWS, key=lambda name: layer_cycles(op, 128, 128, name))


@computes("table15-model-specific", TABLE, Truth(words="no one placement suits all networks"), "", PLACE)
def dataflows_differ(model="gpt2", layer="attn.qkv", phase="decode"):
    """A convolution of ResNet-50 is fastest with its weights in place, GPT-2's projection of one token is not."""
    return fastest_dataflow("resnet50", "layer1.0.conv2") != fastest_dataflow(model, layer, phase)


shows("placement-latency-10-100x", TEXT,
      "Says how much a good placement can gain, but not on which work nor over which other placement. On units alike "
      "the gain goes from none, where any placement does, to their number, where all work lay on one of them.",
      PLACE, Range("10", "100"), "x")  # fmt: skip
