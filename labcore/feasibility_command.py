"""The command `labcore can-i-run`: does a model fit on a chip and meet its limits, what binds, the cheapest cure."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from labcore.terminal import AsJson, print_json, show
from labcore.units import PREFIXES


def can_i_run(
    model: Annotated[str, typer.Argument(help="A built-in network (llama3-70b, resnet50, ...) or an .onnx file.")],
    on: Annotated[str, typer.Option(metavar="CHIP", help="A chip of `labcore specs`.")],
    chips: Annotated[int, typer.Option(help="Chips of that kind that share the work.")] = 1,
    batch: Annotated[int | None, typer.Option(help="Inputs of a pass, or sequences decoded together.")] = None,
    context: Annotated[int | None, typer.Option(help="Tokens of the prompt, for language models (512).")] = None,
    precision: Annotated[str, typer.Option(help="One the chip has; half precision by default.")] = "",
    weights: Annotated[str, typer.Option(help="Smaller format that weights are stored in: int8, fp8, int4, fp4.")] = "",
    target_latency: Annotated[
        float | None, typer.Option(metavar="MS", help="Of one pass, or of one token decoded.")
    ] = None,
    target_first: Annotated[
        float | None, typer.Option(metavar="MS", help="Until the last of the batch has its first token.")
    ] = None,
    answer: Annotated[int | None, typer.Option(help="Tokens that a query writes (256).")] = None,
    shape: Annotated[list[str] | None, typer.Option(help="input=1,3,224,224 for an .onnx with free sizes.")] = None,
    max_power: Annotated[float | None, typer.Option(metavar="W", help="Of all chips together.")] = None,
    max_energy: Annotated[float | None, typer.Option(metavar="J", help="Of one query.")] = None,
    max_price: Annotated[float | None, typer.Option(metavar="USD", help="To buy all chips.")] = None,
    max_rent: Annotated[float | None, typer.Option(metavar="USD", help="An hour of all chips.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Without the assumptions.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a model runs on a chip within its limits: what binds, by what margin, the cheapest change that does.

    Exit status 0 if it does, 1 if it does not.

    Example: `labcore can-i-run llama3-70b --on H100 --chips 4 --context 8192 --target-latency 30`
    """
    from labcore import report
    from labcore.catalogue import chip as find_chip
    from labcore.feasibility.cures import closest, cures
    from labcore.feasibility.question import Question
    from labcore.feasibility.verdict import check

    chip = find_chip(on)
    for option, ms in (("--target-latency", target_latency), ("--target-first", target_first)):
        if ms is not None and not 0 < ms < math.inf:
            raise ValueError(f"{option} must be finite and above 0, got {ms:g} ms; leave it out for no limit")
    times = (None if ms is None else ms * PREFIXES["m"] for ms in (target_latency, target_first))
    precision = precision.lower() or report.default_precision(chip)
    limits = (*times, max_power, max_energy)
    money = {"max_price": max_price, "max_rent": max_rent}
    written = 256 if answer is None else answer
    question = Question(
        model, chip, chips, batch, context, precision, weights.lower() or None, *limits, written, **money,
        shapes=tuple(shape or ()),
    )  # fmt: skip
    verdict = check(question)
    if answer is not None and verdict.context is None:
        raise ValueError(f"{model} writes no tokens; leave --answer out")
    found = [] if verdict.ok else cures(question)
    nearest = None if verdict.ok or found else closest(question)
    if as_json:
        print_json(report.feasibility_object(verdict, found, nearest))
    else:
        print(report.asked(verdict))
        show(report.feasibility_table(verdict), hide=("most of it", "limit"))
        print(f"\n{report.feasibility_summary(verdict, found, nearest, brief)}")
    raise typer.Exit(int(not verdict.ok))
