"""A mix of workloads on an architecture: the time of each by what binds it, with what was assumed, in sentences.

Shares are of the FLOP that a service is asked for. A workload of few FLOP can still take most of the time, which is
Amdahl's law: times add up, so the mix runs at the harmonic mean of what its parts attain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from labcore.architectures.demand import Demand, decode, mixture, prefill, single
from labcore.architectures.residence import chips_to_hold, token_time
from labcore.catalogue.architectures import Architecture
from labcore.models.language import DECODERS
from labcore.models.recommendation import BOTTOM_MLP, TABLE_ROWS
from labcore.units import Bytes, Flop, Ratio, Seconds, counted, positive

MODEL, CONTEXT, BATCH = "llama3-8b", 2048, 16
EXPERTS, CHOSEN = 8, 2
IMAGES, CLICKS = 32, 2048  # the batches of convolution and of recommendation
CAUSES = ("compute", "memory", "link", "capacity")


@dataclass(frozen=True)
class Job:
    """A workload as it is served: what one item asks, items a batch, and bytes of an item that cross between chips.

    They cross from each stage of a pipeline to the next; with `exchange` they go from the chips that hold an embedding
    to the chips that work on the item, each of which has an equal share of both. `model` names what decodes.
    """

    demand: Demand
    batch: int
    D_cross: Bytes
    about: str
    exchange: bool = False
    model: str = ""

    def D_link(self, chips: int, items: int) -> Bytes:
        """Bytes that one of so many chips sends for so many items."""
        share = (chips - 1) / chips**2 if self.exchange else float(chips > 1)
        return items * self.D_cross * share


def jobs(model: str = MODEL, batch: int = BATCH, context: int = CONTEXT, precision: str = "fp16") -> dict[str, Job]:
    """The five workloads of a mix, by name; what crosses between chips has 16 bits a number, whatever the precision.

    >>> list(jobs())
    ['prefill', 'decode', 'convolution', 'recommendation', 'MoE']
    """
    step, row = decode(model, context, precision), DECODERS[model].d_model * 2
    experts = mixture(step, model, EXPERTS, CHOSEN)
    moe = f"one token for each of {batch} sequences, {CHOSEN} of {EXPERTS} experts the size of {model}'s MLP"
    return {
        "prefill": Job(prefill(model, context, precision), 1, context * row, f"{model}, a prompt of {context} tokens"),
        "decode": Job(
            step, batch, row, f"{model}, one token for each of {batch} sequences at {context} tokens", model=model
        ),
        "convolution": Job(single("resnet50", precision), IMAGES, 0.0, f"ResNet-50, {IMAGES} images"),
        "recommendation": Job(
            single("dlrm", precision), CLICKS, len(TABLE_ROWS) * BOTTOM_MLP[-1] * 2, f"DLRM, {CLICKS} clicks", True
        ),
        "MoE": Job(experts, batch, row, moe, model=model),
    }


@dataclass(frozen=True)
class Part:
    """One workload on one architecture: the tier its weights live in, chips, the times that compete, and what binds.

    `eta` is the share of all chips' peak; where no tier has room, `binds` is "capacity" and the time infinite.
    """

    tier: str
    chips: int
    T_compute: Seconds
    T_memory: Seconds
    T_link: Seconds
    binds: str
    eta: Ratio

    @property
    def T(self) -> Seconds:
        """Seconds between two batches: the slowest of computing, moving and sending, overlapped."""
        return max(self.T_compute, self.T_memory, self.T_link)


def serve(job: Job, one: Architecture, precision: str | None = None) -> Part:
    """A job on as few chips as hold its weights in the architecture's home tier.

    Items that come one after another keep a pipeline full. A sequence that decodes is at one stage at a time, so a
    batch of them is shared out over the stages, and fills as many at most as it has sequences; where tensor parallelism
    is sooner, it is taken. An architecture whose link is not known works alone; then a farther tier takes what its home
    has no room for.

    >>> from labcore.catalogue.architectures import architecture
    >>> work = jobs()["decode"]
    >>> [(part.chips, round(part.eta, 3)) for part in (serve(work, architecture(name)) for name in ("H100", "LPU v1"))]
    [(1, 0.045), (89, 0.081)]
    """
    demand, precision = job.demand, precision or one.sixteen_bit
    need = demand.held + job.batch * demand.kv
    names = [tier.name for tier in one.tiers]
    for tier in names[names.index(one.home) :]:
        chips = chips_to_hold(one, need, tier)
        if (chips == 1 or one.link) and one.tier(tier).bandwidth:
            ways = [_staged(job, one, precision, tier, chips)]
            if demand.kv and chips > 1:
                ways.append(_sliced(job, one, precision, tier, chips))
            times = min(ways, key=lambda way: max(way.values()))
            eta = job.batch * demand.flop / one.peak(precision) / chips / max(times.values())
            return Part(tier, chips, *times.values(), max(times, key=times.get), eta)
    return Part(one.tiers[-1].name, 0, math.inf, math.inf, math.inf, "capacity", 0.0)


def _staged(job: Job, one: Architecture, precision: str, tier: str, chips: int) -> dict[str, Seconds]:
    """Times of a batch on a pipeline; a decoding sequence is at one stage at a time, so stages share out the batch."""
    demand, turns = job.demand, chips if job.demand.kv else 1  # of a stage, until a sequence is back at the first
    some = -(-job.batch // turns)  # items at a stage together
    return {
        "compute": turns * some * demand.flop / one.peak(precision) / chips,
        "memory": turns * demand.D_vol(some) / one.BW(tier) / chips,
        "link": turns * job.D_link(chips, some) / one.link.value if chips > 1 else 0.0,
    }


def _sliced(job: Job, one: Architecture, precision: str, tier: str, chips: int) -> dict[str, Seconds]:
    """Times of a batch where each chip has a share of every layer, and all-reduces join them.

    They overlap with the rest as all does here, though layers wait for them: `token_time` adds them, for one sequence.
    """
    at = token_time(job.demand, job.model, one, chips, "tensor", job.batch, tier, precision)
    return {"compute": at.T_compute, "memory": at.T_memory, "link": at.T_link}


@dataclass(frozen=True)
class Bottleneck:
    """A mix on one architecture: chip-seconds for `flop` of it, by workload and by cause, and the assumptions."""

    architecture: str
    flop: Flop
    parts: Mapping[str, Part]
    T: Mapping[str, Seconds]
    by_cause: Mapping[str, Seconds]
    assumptions: tuple[str, ...]

    @property
    def T_total(self) -> Seconds:
        """Chip-seconds of the whole mix."""
        return sum(self.T.values())

    @property
    def binds(self) -> str:
        """What takes most of the time."""
        return max(self.by_cause, key=self.by_cause.get)

    def describe(self) -> str:
        """The bottleneck as one sentence."""
        if self.binds == "capacity":
            without = " and ".join(name for name, part in self.parts.items() if part.binds == "capacity")
            return f"{self.architecture} works alone, as no link is known, and has no room for {without}."
        slowest = max(self.T, key=self.T.get)
        share, took = self.by_cause[self.binds] / self.T_total, self.T[slowest] / self.T_total
        return (
            f"{self.architecture}: {self.binds} binds for {share:.0%} of the time; "
            f"{slowest} takes {took:.0%} of it on {counted(self.parts[slowest].chips, 'chip')}."
        )


def bottleneck(
    mix: Mapping[str, float], one: Architecture, flop: Flop = 1e15, model: str = MODEL, batch: int = BATCH,
    context: int = CONTEXT,
) -> Bottleneck:  # fmt: skip
    """Chip-seconds that `flop` of a mix takes on an architecture, by what binds; shares are of FLOP and sum to 1.

    Raises ValueError for a workload that is none of `jobs`, and for shares that do not sum to 1.

    >>> from labcore.catalogue.architectures import architecture
    >>> found = bottleneck({"prefill": 0.9, "decode": 0.1}, architecture("H100"))
    >>> found.binds, found.T["decode"] > found.T["prefill"]  # a tenth of the FLOP, most of the time
    ('memory', True)
    """
    positive(flop=flop)
    work = jobs(model, batch, context)
    if unknown := [name for name in mix if name not in work]:
        raise ValueError(f"a mix has {', '.join(work)}; got {', '.join(map(repr, unknown))}")
    if any(share < 0 for share in mix.values()) or not math.isclose(sum(mix.values()), 1, abs_tol=1e-6):
        raise ValueError(f"shares are 0 or more and sum to 1, got {sum(mix.values()):g}; divide each by their sum")
    shares = {name: share for name, share in mix.items() if share > 0}
    parts = {name: serve(work[name], one) for name in shares}
    T = {
        name: share * flop / (work[name].batch * work[name].demand.flop) * parts[name].T * max(1, parts[name].chips)
        for name, share in shares.items()
    }
    causes = {cause: sum(T[name] for name in T if parts[name].binds == cause) for cause in CAUSES}
    return Bottleneck(one.name, flop, parts, T, causes, assumptions(one, {name: work[name] for name in shares}))


def assumptions(one: Architecture, work: Mapping[str, Job]) -> tuple[str, ...]:
    """What `bottleneck` takes for granted, as sentences: what each workload is, and how the machine is idealised.

    >>> from labcore.catalogue.architectures import architecture
    >>> assumptions(architecture("LPU v1"), {})[-1]
    'Of LPU v1 some figures are claims of its maker: peak fp16, peak int8, SRAM bandwidth, power.'
    """
    said = [f"{name}: {job.about}." for name, job in work.items()]
    said += [
        f"Weights and cache live in {one.home}, on as few {one.name} as have room.",
        "Several chips form a pipeline, or to decode share every layer where that is sooner; a decoding sequence is at "
        "one stage at a time, so a small batch leaves stages of a long pipeline idle.",
        f"Everything is in {one.sixteen_bit}, at the dense peak and the full bandwidth of the maker; nothing is lost.",
        "Computing, moving and sending overlap, so the slowest of them is the time; bytes come from one tier alone.",
        "The experts that a batch chooses are drawn alike; in a pipeline the latency of messages is left out.",
    ]
    unsure = [name for name, fact in one.facts() if not fact.confirmed]
    claimed = [name for name, fact in one.facts() if fact.kind == "claimed"]
    if unsure:
        said.append(f"Of {one.name} the source of some figures could not be read: {', '.join(unsure)}.")
    if claimed:
        said.append(f"Of {one.name} some figures are claims of its maker: {', '.join(claimed)}.")
    return tuple(said)
