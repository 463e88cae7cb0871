"""What a training step takes, split over many chips: computing, summing, sending on, waiting, exchanging gradients.

Ranks that split a tensor are neighbours, replicas come next, stages are farthest apart. First order: the times add up,
nothing is overlapped (`labcore.interconnect.buckets` overlaps), all layers take as long.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache

from labcore.catalogue.facts import Accelerator
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link, transfer_time
from labcore.interconnect.parallelism import gradient_bytes, tensor_all_reduces, tensor_payload
from labcore.interconnect.splits import Job, Split, fitting, least_memory, must_split
from labcore.models.pressure import Pressure
from labcore.models.zoo import build
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Flop, Ratio, Seconds, positive


@dataclass(frozen=True)
class Step:
    """Where the time of a training step goes, s: computing, the bubble, summing activations, sending on, gradients."""

    compute: Seconds
    tensor: Seconds
    sending: Seconds
    bubble: Seconds
    gradients: Seconds

    @property
    def total(self) -> Seconds:
        """All of them, in a row."""
        return sum(asdict(self).values())

    @property
    def binds(self) -> str:
        """The largest part but for computing itself."""
        return max((part for part in asdict(self) if part != "compute"), key=asdict(self).get)


def step_time(
    job: Job, split: Split, chip: Accelerator, inside: Link, across: Link, node: int = 8, eta: Ratio = 0.5
) -> Step:
    """Time of one training step of a split on chips in nodes, each chip with a card of its own; nothing overlapped.

    Computing takes three times the FLOP of the forward pass, at a share `eta` of the peak. A group that spans more
    ranks than a node uses the link across nodes throughout.

    >>> from labcore.catalogue import H100
    >>> from labcore.interconnect.link import link
    >>> links = link("NVLink 4"), link("InfiniBand NDR")
    >>> step_time(Job("llama3-8b", batch=64, seq=4096), Split(64), H100, *links).binds
    'gradients'
    """
    positive(eta=eta)
    m, count, b = job.sizes, job.microbatches(split), bytes_per_element(job.precision)
    reach = {"tensor": split.tensor, "data": split.tensor * split.data, "pipeline": split.chips}
    on = {way: inside if ranks <= node else across for way, ranks in reach.items()}
    forward, params = _sizes(job.model, job.microbatch, job.precision, job.seq)
    each = 3 * forward / (split.tensor * split.pipeline * chip.peak(job.precision) * eta)
    payload = tensor_payload(job.microbatch * job.seq, m.d_model, b)
    sums = tensor_all_reduces(m.n_layers) // split.pipeline
    tensor = sums * all_reduce_time(payload, split.tensor, on["tensor"])
    sending = 2 * _sent(payload, split, on["pipeline"])
    state = gradient_bytes(-(-params // (split.tensor * split.pipeline)), b)
    bubble = (split.pipeline - 1) * (each + tensor + sending)
    gradients = all_reduce_time(state, split.data, on["data"])
    return Step(count * each, count * tensor, count * sending, bubble, gradients)


@cache
def _sizes(model: str, microbatch: int, precision: str, seq: int) -> tuple[Flop, int]:
    """FLOP of the forward pass of a microbatch, and the parameters."""
    network = build(model, microbatch, precision, seq=seq)
    return network.flop, network.params


def _sent(payload: Bytes, split: Split, link: Link) -> Seconds:
    """Time to hand a stage's activations on: each of its chips sends its share of them."""
    return transfer_time(payload / split.tensor, link.BW_one_way, link.L_lat) if split.pipeline > 1 else 0.0


def ranked(
    job: Job, chips: int, chip: Accelerator, inside: Link, across: Link, node: int = 8, eta: Ratio = 0.5
) -> list[tuple[Split, Pressure, Step]]:
    """The splits that fit the chip's memory, soonest step first; ValueError says the least memory that any split needs.

    >>> from labcore.catalogue import H100
    >>> from labcore.interconnect.link import link
    >>> links = link("NVLink 4"), link("InfiniBand NDR")
    >>> ranked(Job("llama3-8b", batch=64, seq=4096), 64, H100, *links)[0][0]
    Split(data=2, tensor=4, pipeline=8)
    """
    must_split(job, chips)
    fit = fitting(job, chips, chip)
    if not fit:
        least, has = (f"{D_vol / 1e9:.1f} GB" for D_vol in (least_memory(job, chips), chip.capacity.value))
        enough = (n for n in (chips << k for k in range(1, 11)) if fitting(job, n, chip))
        cure = f"{n} chips would do" if (n := next(enough, 0)) else "take shorter sequences or a higher ZeRO stage"
        raise ValueError(f"{job.model} over {chips} chips needs {least} a chip, {chip.name} has {has}; {cure}")
    timed = [(split, memory, step_time(job, split, chip, inside, across, node, eta)) for split, memory in fit]
    return sorted(timed, key=lambda row: row[2].total)
