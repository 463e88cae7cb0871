"""Every assumption behind a verdict, in words, with the source of its number."""

from __future__ import annotations

from labcore.catalogue.links import LAUNCH
from labcore.feasibility.assumptions import ETA_COMPUTE, ETA_MEMORY, RESERVE, link_between
from labcore.feasibility.prices import SAYS, prices, said
from labcore.feasibility.verdict import MONEY, Verdict
from labcore.units import counted, format_si


def unpriced(verdict: Verdict) -> list[str]:
    """What nobody has said of the chip, of 'price' and 'rent'."""
    return [kind for kind in MONEY if kind not in prices(verdict.question.chip)]


def assumed(verdict: Verdict) -> list[str]:
    """Every assumption behind a verdict, one sentence each, with the source of its number."""
    q, given = verdict.question, verdict.question.assumptions

    def source(fact: object, value: float) -> str:
        return str(fact.source) if value == fact.value else "as asked"

    lines = [
        f"{given.reserve:.0%} of the memory is kept back ({source(RESERVE, given.reserve)})",
        f"a layer reaches {given.eta_compute:.0%} of the dense peak ({source(ETA_COMPUTE, given.eta_compute)}) and "
        f"{given.eta_memory:.0%} of the bandwidth ({source(ETA_MEMORY, given.eta_memory)}), whichever is slower",
        f"no kernel takes less than {format_si(given.T_launch, 's')} to launch ({source(LAUNCH, given.T_launch)})",
        "activations and cache are in the precision asked for, weights too unless they are stored in fewer bits or as "
        "integers of the file, whose scales and widening are free here; whether the model stays accurate must be "
        "measured",
        "the power is the chip's rated power all the time, so that energy is at most this; host and cooling are extra",
        *_money(verdict),
        "activations are the most that is live at one layer by the graph's edges, each value in bytes of its own until "
        "its last reader; a runtime that fuses or writes in place holds less",
        "cheapest: first no new hardware (fewer chips, a smaller batch, fewer bits, a context of an eighth at least; "
        "where none of these does, fewer chips or fewer bits with one other), then by price, then by energy a query; "
        "pairs with new hardware are tried where nothing else does",
    ]
    if verdict.context:
        lines.append(
            f"attention is fused; prompts of {verdict.context} tokens are read one at a time, so the last of a batch "
            f"waits for all; a query writes {counted(q.answer, 'token')}, each charged as the last, when the cache "
            "holds prompt and answer; the target is that of one decode step"
        )
    if q.chips > 1:
        lines.append(_joined(verdict))
    return lines


def _money(verdict: Verdict) -> list[str]:
    """Where each price comes from, at which end of its range it counts, and what nobody has said."""
    q = verdict.question
    known = [
        f"one {q.chip.name} costs {said(one)} {SAYS[kind]}, server and staff are extra, the higher end counts "
        f"({one[1].source})"
        for kind, one in prices(q.chip).items()
    ]
    return known + [f"no {kind} is known of {q.chip.name}, so none is counted" for kind in unpriced(verdict)]


def _joined(verdict: Verdict) -> str:
    q = verdict.question
    if not verdict.context:
        return "the chips share the batch, and each holds the whole model, embedding tables included"
    link = link_between(q.chip, q.chips)
    rate = f"{format_si(link.BW_one_way, 'B/s')} one way and {format_si(link.L_lat, 's')} a message"
    return f"tensor parallelism over {link.name}, {rate}; two all-reduces a block, nothing overlaps them"
