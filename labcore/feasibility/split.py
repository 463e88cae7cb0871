"""One chip's part of a pass over several: tensor parallelism for language models, the batch dealt out for others.

Tensor parallelism (Shoeybi et al., Megatron-LM, 2019): the matmuls into a block's heads and its MLP are split by
column, those out of them by row, so that a block needs two all-reduces of (tokens, d_model); what lies between them is
split by head, norms and additions are done by every chip. Embedding and output head are split by vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import replace

from labcore.feasibility.question import Question
from labcore.feasibility.workload import FUSED, Workload, workload
from labcore.interconnect.collectives import fastest
from labcore.interconnect.link import Link, transfer_time
from labcore.models.load import with_batch
from labcore.models.network import Layer, Network
from labcore.units import Bytes, Seconds, divisors

COLUMN = ("attn.qkv", "mlp.gate", "mlp.up", "head")
ROW = ("attn.proj", "mlp.down")
INSIDE = ("attn.rope", FUSED, "mlp.gelu", "mlp.swiglu")
WHOLE = dict.fromkeys(COLUMN, "A") | dict.fromkeys(ROW, "C") | dict.fromkeys(INSIDE, "")  # the operand not split
MOST_CHIPS = 64  # that are tried or named


def per_chip(question: Question) -> Workload:
    """The workload of one of the chips; ValueError where the chips do not divide the heads or the batch.

    >>> from labcore.catalogue import H100
    >>> parts = [per_chip(Question("llama3-8b", H100, chips=n)).phases["decode"].params for n in (1, 8)]
    >>> 7.9 < parts[0] / parts[1] < 8  # the norms are on every chip
    True
    """
    q, n = question, question.chips
    whole = workload(q.model, q.batch, q.context, q.precision, q.weights, q.answer, q.shapes)
    if n == 1:
        return whole
    if (whole.kv_heads or whole.batch) % n:
        what = f"the {whole.kv_heads} key-value heads" if whole.kv_heads else f"a batch of {whole.batch}"
        legal = ", ".join(map(str, chip_counts(whole.kv_heads or whole.batch)))
        raise ValueError(f"{n} chips do not divide {what} of {q.model}; take as many chips as one of {legal}")
    if not whole.kv_heads:
        each = whole.batch // n
        shapes = with_batch(q.shapes, whole.batch, each)
        return workload(q.model, each, q.context, q.precision, q.weights, shapes=shapes)
    phases = {phase: shard(network, n) for phase, network in whole.phases.items()}
    return replace(whole, phases=phases, kv_cache=whole.kv_cache / n)


def chip_counts(n: int) -> list[int]:
    """Chips that n can be dealt out to evenly, least first, `MOST_CHIPS` at most.

    >>> chip_counts(12)
    [1, 2, 3, 4, 6, 12]
    """
    return [count for count in divisors(n) if count <= MOST_CHIPS]


def shard(network: Network, chips: int) -> Network:
    """One chip's part of a decoder's pass by tensor parallelism; a vocabulary that does not divide is rounded up.

    >>> from labcore.feasibility.workload import workload
    >>> decode = workload("gpt2").phases["decode"]
    >>> shard(decode, 1) == decode, shard(decode, 2).flop < decode.flop
    (True, True)
    """
    return replace(network, layers=tuple(_part(layer, chips) for layer in network.layers))


def _part(layer: Layer, n: int) -> Layer:
    if n == 1 or layer.name not in (*WHOLE, "tokens"):
        return layer
    params = -(-layer.params // n)
    if layer.name == "tokens":  # rows of the vocabulary; what is looked up stays as it is
        return replace(layer, params=params)

    def part(operands: dict[str, Bytes]) -> dict[str, Bytes]:
        return {name: D_vol if name == WHOLE[layer.name] else D_vol / n for name, D_vol in operands.items()}

    op = layer.op
    op = replace(op, flop=-(-op.flop // n), macs=-(-op.macs // n), reads=part(op.reads), writes=part(op.writes))
    return replace(layer, op=op, params=params)


def link_time(network: Network, chips: int, link: Link) -> Seconds:
    """Time on the links of one sharded pass, every all-reduce by the way that is fastest at its size.

    One follows each row-split matmul and the embedding; the logits are gathered.

    >>> from labcore.feasibility.workload import workload
    >>> decode = workload("gpt2").phases["decode"]  # 12 blocks: 2 * 12 + 1 all-reduces of 768 * 2 B, and the logits
    >>> round(link_time(shard(decode, 2), 2, Link("slow", BW_one_way=1e30, L_lat=1.0)))
    26
    """
    if chips == 1:
        return 0.0
    T = 0.0
    for layer in network.layers:
        D_vol = sum(layer.op.writes.values())
        if layer.name in (*ROW, "tokens"):
            T += layer.count * fastest(math.ceil(D_vol), chips, link)[1]
        elif layer.name == "head":
            T += transfer_time((chips - 1) * D_vol, link.BW_one_way, link.L_lat)
    return T
