"""Which splits of a language model over many chips there are, data x tensor x pipeline, and what a chip then holds.

First order: every stage has as many layers, embeddings count with them; activations divide by both model splits (which
takes sequence parallelism, Korthikanti et al. 2022), and the first stage of a 1F1B pipeline holds those of as many
microbatches as there are stages; attention is fused.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache

from labcore.catalogue.facts import Accelerator
from labcore.models.language import DECODERS, Decoder
from labcore.models.pressure import Pressure, of_model, training_bytes
from labcore.models.zoo import build
from labcore.units import Bytes, divisors, positive_ints

ZERO = {0: (), 1: ("optimizer",), 2: ("optimizer", "gradients"), 3: ("optimizer", "gradients", "weights")}


@dataclass(frozen=True)
class Split:
    """Replicas, chips that split each layer, and stages.

    >>> Split(data=4, tensor=8, pipeline=2).chips
    64
    """

    data: int = 1
    tensor: int = 1
    pipeline: int = 1

    def __post_init__(self) -> None:
        positive_ints(**asdict(self))

    @property
    def chips(self) -> int:
        """Chips in all."""
        return self.data * self.tensor * self.pipeline


@dataclass(frozen=True)
class Job:
    """One training step: a batch of sequences, cut into microbatches of so many, at one precision, with one ZeRO stage.

    ZeRO spreads over the replicas 1: the optimizer's state, 2: the gradients too, 3: the weights too.
    """

    model: str
    batch: int
    seq: int
    microbatch: int = 1
    precision: str = "bf16"
    zero: int = 1

    def __post_init__(self) -> None:
        positive_ints(batch=self.batch, seq=self.seq, microbatch=self.microbatch)
        if self.model not in DECODERS:
            raise ValueError(f"a model to split is one of {', '.join(DECODERS)}; got {self.model!r}")
        if self.zero not in ZERO:
            raise ValueError(f"ZeRO has the stages {', '.join(map(str, ZERO))}; got {self.zero!r}")
        self.microbatches(Split())

    @property
    def sizes(self) -> Decoder:
        """Layers, heads and widths of the model."""
        return DECODERS[self.model]

    def microbatches(self, split: Split) -> int:
        """Microbatches that each replica works through; raises ValueError where the batch does not divide so."""
        each = split.data * self.microbatch
        if self.batch % each:
            near = max(each, round(self.batch / each) * each)
            raise ValueError(
                f"a batch of {self.batch} does not divide into {split.data} x {self.microbatch}; take {near}"
            )
        return self.batch // each


def splits(job: Job, chips: int) -> list[Split]:
    """Every split over exactly so many chips: tensor divides the key-value heads, pipeline the layers, data the batch.

    Empty where none does; `must_split` raises ValueError then.

    >>> splits(Job("gpt2", batch=2, seq=128), chips=2)
    [Split(data=1, tensor=1, pipeline=2), Split(data=1, tensor=2, pipeline=1), Split(data=2, tensor=1, pipeline=1)]
    """
    positive_ints(chips=chips)
    m, found = job.sizes, []
    for tensor in divisors(m.n_kv_heads):
        for pipeline in divisors(m.n_layers):
            data, rest = divmod(chips, tensor * pipeline)
            if not rest and data and job.batch % (data * job.microbatch) == 0:
                found.append(Split(data, tensor, pipeline))
    return sorted(found, key=lambda split: (split.data, split.tensor))


def must_split(job: Job, chips: int) -> list[Split]:
    """The splits over so many chips; ValueError, with the nearest number of chips that has one, where there is none.

    >>> must_split(Job("gpt2", batch=2, seq=128), chips=1)
    [Split(data=1, tensor=1, pipeline=1)]
    """
    if found := splits(job, chips):
        return found
    near = min((n for n in range(1, 2 * chips + 1) if splits(job, n)), key=lambda n: abs(n - chips))
    raise ValueError(f"no split over {chips} chips divides the heads, layers and batch of {job.model}; {near} chips do")


def chip_memory(job: Job, split: Split) -> Pressure:
    """Bytes that the fullest chip of a split holds.

    >>> job = Job("llama3-8b", batch=64, seq=4096, zero=0)
    >>> whole, halved = (chip_memory(job, Split(64, tensor)) for tensor in (1, 2))
    >>> whole.optimizer == 2 * halved.optimizer == 12 * 8_030_261_248
    True
    """
    model_ways = split.tensor * split.pipeline
    one, params = _on_one_chip(job)
    state = training_bytes(params, job.precision)
    state = {part: -(-D_vol // model_ways) for part, D_vol in state.items()}
    state |= {part: -(-state[part] // split.data) for part in ZERO[job.zero]}
    held = min(split.pipeline, job.microbatches(split))
    return Pressure(activations=-(-one.activations * held // model_ways), **state)


@cache
def _on_one_chip(job: Job) -> tuple[Pressure, int]:
    """What one microbatch keeps where nothing is split, and the parameters."""
    one = of_model(job.model, job.microbatch, job.seq, job.precision, training=True, fused_attention=True)
    return one, build(job.model).params


def fitting(job: Job, chips: int, chip: Accelerator) -> list[tuple[Split, Pressure]]:
    """The splits over so many chips that fit the chip's memory, with what the fullest of them holds.

    >>> from labcore.catalogue import H100
    >>> [split.tensor * split.pipeline for split, _ in fitting(Job("llama3-70b", batch=16, seq=4096), 16, H100)]
    []
    """
    held = [(split, chip_memory(job, split)) for split in splits(job, chips)]
    return [(split, memory) for split, memory in held if memory.total <= chip.capacity.value]


def least_memory(job: Job, chips: int) -> Bytes:
    """Bytes of the fullest chip in the split that needs least; ValueError where no split divides the model.

    >>> least_memory(Job("gpt2", batch=2, seq=128), chips=2) < 2e9
    True
    """
    return min(chip_memory(job, split).total for split in must_split(job, chips))
