"""The key takeaways and the last self-check (lab 20).

>>> from labcore.claims.ledger import claim
>>> claim("kt-intensity-ranges", BW=4.08e12).computed  # twice the bandwidth, half the ridge point
76.47058823529412
"""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.catalogue.memory import DECADES
from labcore.claims.computation_mapping import convolutions
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import MUCH_GREATER, Answer, Number, Range, Truth, Words
from labcore.cost import achieved_rate
from labcore.fusion.examples import chain
from labcore.fusion.kernel import eager, traffic
from labcore.fusion.plan import plan
from labcore.matrix.engage import engage
from labcore.models.zoo import build
from labcore.ops import conv2d, embedding_bag, layernorm, matmul
from labcore.roofline import attainable, bound, dense_intensity, ridge, utilization
from labcore.scaling import times, widening
from labcore.units import positive_ints

KEY = "Key Takeaways"
TAKEAWAYS, END = "20_can_you_run_it#takeaways", "20_can_you_run_it#self-check"


@computes("kt-roofline", KEY, Truth(words="attention and embeddings memory-bound, high-reuse GEMM and convolution not"),
          "", TAKEAWAYS)  # fmt: skip
def two_kinds_of_work(R_peak=312e12, BW=2.039e12, reuse=256):
    """Attention, decoding or unfused over a prompt, and embeddings lie below an A100's ridge; reuse lifts work over."""
    I_ridge = ridge(R_peak, BW)
    decode = build("llama3-8b", phase="decode", context=1024).layers
    low = [one.op for one in decode if one.name.startswith("attn.") and one.op.kind in ("matmul", "softmax")]
    prompt = build("llama3-8b", seq=1024).layers
    low += [one.op for one in prompt if one.name in ("attn.scores", "attn.softmax", "attn.context")]
    low.append(embedding_bag(bags=1, lookups=80, dim=64))
    high = conv2d(32, reuse, 14, 14, reuse, 3, 3, padding=1), matmul(reuse, 2048, 2048)
    return all(bound(op.I, I_ridge) == "memory" for op in low) and all(bound(op.I, I_ridge) == "compute" for op in high)


@computes("kt-bandwidth-growth", KEY, Words("orders of magnitude", least=100), "x", TAKEAWAYS)
def parted_in_two_decades(
    compute=DECADES["peak"].value, bandwidth=DECADES["DRAM"].value, years=DECADES["years"].value,
):  # fmt: skip
    """Growth of FLOP/s over growth of bandwidth in 20 years, at the rates of the chapter's source for server hardware.

    GPUs alone, which the takeaway names, are a shorter story: in the catalogue's twelve years the ridge rose where
    tensor cores and shorter formats are counted, and fell in FP32.
    """
    return widening(compute, bandwidth) ** (years / 2)


shows(
    "kt-codesign", KEY,
    "Names no set of cases to count. Of its two own, matrix units beat their chip's vector units by more than the next "
    "chip beats its forerunner; 2:4 sparsity, even at its bound, does not.",
    TAKEAWAYS,
)  # fmt: skip


@computes("kt-tensor-cores", KEY, Truth(words="precision, dimensions and batch must all suit"), "", TAKEAWAYS)
def each_condition_is_needed(fmt="fp32", size=500, batch=1):
    """A suitable product reaches an A100's FP16 peak; another format, odd sizes or one input alone each fall short."""
    good = engage("A100", "fp16", 512, 512, 512)
    other, odd = engage("A100", fmt, 512, 512, 512), engage("A100", "fp16", size, size, size)
    full, few = (utilization(A100.peak("fp16"), A100.BW, dense_intensity(B, 2048, 2048)) for B in (256, batch))
    short = other.R_peak < good.R_peak, odd.R_useful < good.R_useful, few < full
    return bool(good.R_useful == A100.peak("fp16") and full == 1 and all(short))


@computes("kt-intensity-ranges", KEY, Number("153"), "FLOP/B", TAKEAWAYS)
def transition(R_peak=312e12, BW=2.04e12):
    """The A100's ridge point, which parts the two regimes."""
    return ridge(R_peak, BW)


@computes("kt-intensity-layernorm", KEY, Range("1", "2"), "FLOP/B", TAKEAWAYS)
def layernorm_once_more(rows=32 * 512, flop_per_element=6):
    """LayerNorm of Napkin Math 1.7 again, now in the summary."""
    return layernorm(rows, 768, flop_per_element=flop_per_element).I


@computes("kt-intensity-convolutions", KEY, Range("50", "200"), "FLOP/B", TAKEAWAYS)
def narrow_and_wide(batch=32):
    """Least and greatest intensity of ResNet-50's convolutions, again said to lie around 50 to 200."""
    found = [layer.op.I for layer in build("resnet50", batch).layers if layer.op.kind == "conv2d"]
    return [min(found), max(found)]


@narrow_and_wide.erratum
def they_straddle_more_widely():
    """They go from {low:.0f} to {high:.0f} FLOP/B; {inside} of {count} lie in the range that Table 13 gives, too.

    That convolutions straddle the ridge point holds: {above} lie above the A100's. Would hold of the {inside} that lie
    in the range.
    """
    found = convolutions(batch=32)
    return {
        "low": found[0], "high": found[-1], "count": len(found), "inside": sum(50 <= I <= 200 for I in found),
        "above": sum(A100.ridge("fp16") < I for I in found),
    }  # fmt: skip


@computes("sc13-q1", "Self-Check set 13 Q1", Answer("A"), "", END)
def a_ceiling_predicts_little(chip_batch=256, lone_batch=1):
    """One peak bounds two networks whose throughput by the roofline differs more than tenfold: it predicts neither."""
    batched = achieved_rate(build("resnet50", chip_batch), A100, "fp16")
    alone = achieved_rate(build("llama3-8b", lone_batch, phase="decode", context=1024), A100, "fp16")
    return bool(max(batched, alone) < A100.peak("fp16") and times(batched, alone) >= MUCH_GREATER)


@computes("sc13-q2", "Self-Check set 13 Q2", Range("2", "3"), "x", END)
def left_on_the_table(steps=3):
    """Bytes that a chain of element-wise steps, three as in Listing 19, moves unfused, over those it moves fused."""
    one = chain(steps)
    return times(traffic(eager(one)), traffic(plan(one)))


@computes("sc13-q3", "Self-Check set 13 Q3", Number("1.5"), "x", END)
def chip_y_over_chip_x(I=1, R_peak=312e12, BW=2.039e12, more_peak=2.0, more_bandwidth=1.5):
    """Throughput of chip Y, with more bandwidth, over that of chip X, with more peak, at 1 FLOP/B."""
    return times(attainable(R_peak, more_bandwidth * BW, I), attainable(more_peak * R_peak, BW, I))


@computes("selfcheck-answer-key-pattern", "Self-Check sets 4-13 (48 questions)", Number("48"), "", END)
def questions_of_ten_sets(choice=29, true_or_false=7, free=10, order=1, gap=1):
    """Questions of sets 4 to 13: of choice, true or false, answered freely, to be ordered, with a gap.

    The first choice is always right and no statement is true, so 36 of them can be answered unread.
    """
    counts = {"choice": choice, "true_or_false": true_or_false, "free": free, "order": order, "gap": gap}
    positive_ints(**counts)
    return sum(counts.values())
