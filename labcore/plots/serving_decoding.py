"""Decoding unevenly: what drafts give by length and by batch, and which experts a batch reads."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes

from labcore.catalogue import H200
from labcore.catalogue.decoding import MIXTURES
from labcore.plots.memory_wall import halves
from labcore.plots.registry import Figure, Table, register
from labcore.plots.serving import LAB
from labcore.plots.style import BLACK, GREY, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.serving.engine import Engine, engine
from labcore.serving.experts import expected_touched
from labcore.serving.mixtures import mixture, weights_read
from labcore.serving.speculative import best_draft_length, speedup
from labcore.serving.speculative_batch import gain, gains

CONDITIONAL = "Essay 002 §Conditional compute"
CHIPS, ALPHA, CONTEXT = 2, 0.8, 512
ALPHAS, DRAFTS = (0.9, 0.8, 0.6), range(17)
CONTEXTS, BATCHES = (512, 4096), (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
DRAFT_UNITS = {"panel": "", "series": "", "x": "", "speedup": "1", "gamma": "", "best": ""}


@cache
def models() -> tuple[Engine, Engine]:
    """The target, Llama 3 70B, and its draft, Llama 3 8B, in FP8 on two H200.

    >>> [one.name for one in models()]
    ['llama3-70b', 'llama3-8b']
    """
    target, draft = (engine(name, H200, CHIPS, "fp8") for name in ("llama3-70b", "llama3-8b"))
    return target, draft


@cache
def drafting() -> Table:
    """Speed-up by draft length for three acceptances, and of the best draft length by batch for two contexts."""
    drawn, c = [], gain(*models(), ALPHA, 1, 1, CONTEXT).c
    for alpha in ALPHAS:
        best = best_draft_length(alpha, c)
        drawn += [("by draft length", f"alpha {alpha}", g, speedup(alpha, g, c), g, "yes" if g == best else "no")
                  for g in DRAFTS]  # fmt: skip
    for context in CONTEXTS:
        fit = [B for B in BATCHES if models()[0].most(context) >= B]
        found = gains(*models(), ALPHA, fit, context)
        drawn += [("by batch", f"context {context}", one.B, one.speedup, one.gamma, "") for one in found]
    return as_table(DRAFT_UNITS, drawn)


def draw_drafting(ax: Axes, table: Table) -> Axes:
    """Left over the draft length, the best ringed; right over the batch, the best length written at each point."""
    left, right = halves(ax)
    for one, panel in ((left, "by draft length"), (right, "by batch")):
        mine = [r for r in rows(table) if r["panel"] == panel]
        for k, name in enumerate(dict.fromkeys(r["series"] for r in mine)):
            its = [r for r in mine if r["series"] == name]
            how = look(k if one is left else k + 3) | {"markersize": 4}
            one.plot(*columns(its, "x", "speedup"), **how, label=name)
            one.plot(*columns([r for r in its if r["best"] == "yes"], "x", "speedup"), linestyle="None", marker="o",
                     markersize=12, markerfacecolor="none", color=BLACK)  # fmt: skip
        one.axhline(1, color=GREY, linestyle="--", linewidth=1)
        one.set_ylim(0.4, 3.0)
        one.set_title(panel, fontsize=9)
    for r in (r for r in mine if r["series"] == f"context {CONTEXT}"):
        right.text(r["x"], 0.8, r["gamma"], ha="center", va="center", fontsize=8.5)
    right.text(1, 0.62, f"best draft length, context {CONTEXT}", ha="left", va="center", fontsize=8.5)
    left.plot([], [], linestyle="None", marker="o", markersize=12, markerfacecolor="none", color=BLACK, label="best")
    left.legend(loc="upper left", ncols=2, columnspacing=1.2)
    right.legend(loc="upper right", title=f"alpha {ALPHA}")
    left.set_xticks(DRAFTS[::4])
    log_axes(right, "x")
    right.set_xticks(BATCHES[::2], BATCHES[::2])
    right.tick_params(labelleft=False)
    left.set_xlabel("tokens of a draft, one sequence")
    right.set_xlabel("sequences in the batch")
    left.set_ylabel("speed-up over plain decoding")
    return ax


def drafting_in_words(table: Table) -> str:
    """The best draft of each acceptance, and what is left of the gain in a large batch."""
    best = ", ".join(f"{r['series']} {r['speedup']:.2f}x with {r['x']}" for r in rows(table) if r["best"] == "yes")
    at = {r["x"]: r["speedup"] for r in rows(table) if r["series"] == f"context {CONTEXT}"}
    batches = ", ".join(f"{at[B]:.2f}x at {B}" for B in (1, 64, 256) if B in at)
    return f"Best drafts for one sequence: {best}; by batch at alpha {ALPHA} and context {CONTEXT}: {batches}."


SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
EXPERT_UNITS = {"model": "", "batch": "", "touched": "", "share": "1", "D_token": "B", "D_dense": "B"}


def experts() -> Table:
    """Distinct experts of a layer and weights read for each token by batch, beside a dense model with equal FLOP."""
    drawn = []
    for name in MIXTURES:
        m = mixture(name)
        for B in SIZES:
            touched = expected_touched(B, m.E, m.k)
            drawn.append((name, B, touched, touched / m.E, weights_read(m, B, 1) / B, m.params_active / B))
    return as_table(EXPERT_UNITS, drawn)


def draw_experts(ax: Axes, table: Table) -> Axes:
    """Left the share of a layer's experts, right bytes of weights a token, a dense model thin."""
    left, right = halves(ax)
    for k, name in enumerate(dict.fromkeys(table["model"])):
        its = [r for r in rows(table) if r["model"] == name]
        how = look(k) | {"markersize": 5}
        left.plot(*columns(its, "batch", "share"), **how, label=f"{name}: {mixture(name).k} of {mixture(name).E}")
        right.plot(*columns(its, "batch", "D_token"), **how, label=name)
        right.plot(
            *columns(its, "batch", "D_dense"), **how | {"linewidth": 0.9, "marker": ""}, label="dense, as many FLOP"
        )
    log_axes(left, "x")
    log_axes(right)
    for one in (left, right):
        one.set_xticks(SIZES[::2], SIZES[::2])
        one.set_xlabel("tokens in the batch")
    left.set_ylim(0, 1.28)
    left.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    left.set_ylabel("experts of a layer that are read")
    scaled(right.yaxis, "weights read for a token", "GB")
    left.legend(loc="upper left")
    right.legend(loc="lower left")
    return ax


def experts_in_words(table: Table) -> str:
    """Experts touched and weights read for a token, over a dense model's, at three batches."""
    said = []
    for name in dict.fromkeys(table["model"]):
        its = {r["batch"]: r for r in rows(table) if r["model"] == name}
        points = ", ".join(f"{its[B]['touched']:.3g} experts and {its[B]['D_token'] / its[B]['D_dense']:.1f}x at {B}"
                           for B in (1, 32, 256))  # fmt: skip
        said.append(f"{name}, bytes over a dense model's: {points}")
    return f"{'; '.join(said)}."


register(Figure(
    id="speculative-speedup", item=CONDITIONAL, title="What drafting ahead gives, by draft length and by batch",
    caption="Llama 3 8B drafts, Llama 3 70B checks, both in FP8 on two H200; alpha is the share of drafted tokens "
    "that are kept, each alike. Left, the law of Leviathan et al. (2023) for one sequence, with a step of the "
    "draft at a fifth of the target's, as computed: long drafts end in tokens that are thrown away. Right, "
    f"the best draft length for each batch at alpha {ALPHA}: one more token to check is free while weights "
    "bind, and once arithmetic does no draft pays. Lines end where the cache is full; the draft's own cache "
    "and the reading of prompts are left out.",
    alt="Two panels of speed-up. On the left three curves over the draft length rise from 1, peak at 7, 4 and 2 "
    "tokens and fall, the lowest below 1. On the right two curves over the batch stay near 1.9 up to a batch "
    "of 16 and fall to 1 by 256, with the best draft length going from 4 to 0.",
    units=DRAFT_UNITS, data=drafting, draw=draw_drafting, says=drafting_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
register(Figure(
    id="experts-touched", item=CONDITIONAL, title="Experts that a batch wakes, and weights read for a token",
    caption="Uniform routing, one byte a weight, whole models with attention and embeddings; caches are left out. "
    "Left, the mean share of a layer's experts that a batch goes to, E (1 - (1 - k/E)^B) of E. Right, the "
    "weights that a pass reads for each of its tokens, beside a dense model with as much arithmetic a token, "
    "drawn thin. One token reads no more than the dense model. Until every expert is read more tokens hardly "
    "share; from there on the lines are parallel, 3.6 times apart for Mixtral and 17.9 for DeepSeek-V3.",
    alt="Two panels over batches of 1 to 1024. On the left two rising curves reach all experts, Mixtral from a "
    "quarter by a batch of 16, DeepSeek from 3 per cent by about 256. On the right weights read for a token "
    "fall; each model starts on the thin line of its dense twin, falls more slowly at first and then runs "
    "parallel above it.",
    units=EXPERT_UNITS, data=experts, draw=draw_experts, says=experts_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
