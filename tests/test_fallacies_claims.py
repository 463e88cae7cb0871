"""Claims on fallacies, purchases and takeaways: the numbers inside reasons, and what statements without one say."""

import pytest

from labcore.catalogue import A100, B200, H100, K20X, T4, chip
from labcore.claims import fallacies, procurement
from labcore.claims.ledger import claim, claims_at
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check
from labcore.roofline import utilization


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("fallacy1-softmax-utilization", "are 1.3 and 3.3 %"),  # 4.078 and 10.195 over 3.12
        ("fallacy1-softmax-utilization", "it is 0.5 %"),  # 0.75 * 2.039 / 3.12 = 0.49
        ("pitfall2-sram-energy", "With 0.5 pJ it would be 1280"),
        ("fallacy3-share-vs-efficiency", "takes 53.3 ms, 6.25 % of it exchange and 93.75 % computing"),
        ("fallacy3-share-vs-efficiency", "93.3 % compute and the speed-up is 7.47x"),  # 46.67 / 50, times 8
        ("fallacy3-allreduce-underestimate", "1.75 GB, in 5.83 ms: 7.16x at 89.6 % efficiency"),  # 50 / 55.83
        ("fallacy3-allreduce-underestimate", "Would hold at 525 GB/s"),  # 1.75 GB in 3.33 ms
        ("pitfall4-training-tflops-util", "are 38.5 and 57.7 %, which in one digit are 40 and 60"),
        ("pitfall6-little-latency-gain", "the A100 is 6.4x as fast"),  # 2039 / 320
        ("pitfall6-little-latency-gain", "for 2.5 to 4.3 times the rent"),  # 2.49 / 0.98, 1.49 / 0.35
        ("sc12-q3-cap-and-speedup", "the cap is 5x and 256 GPUs reach 4.92x"),  # 256 / 52
        ("sc12-q3-cap-and-speedup", "they reach 179 to 205x"),
        ("sc12-q3-cap-and-speedup", "takes 53 % of the step"),  # 136 of 256
        ("kt-intensity-convolutions", "from 32 to 973 FLOP/B"),
    ],
)
def test_numbers_inside_reasons_by_hand(id, words):
    assert words in claim(id).reason


def test_the_gain_of_a_decode_step_lies_between_its_launches_and_its_bytes():
    """Bandwidths are 6.37 apart and launches alike, so no network gains more or loses."""
    assert 1 <= procurement._sooner("mobilenetv2") < 1.2 < 5 < procurement._sooner("llama3-8b", "int8") < 2039 / 320
    assert check(Question("llama3-8b", T4, weights="int8")).ok
    assert not check(Question("llama3-8b", T4)).ok


def test_no_case_of_the_section_on_an_accelerator_lies_at_10_to_30_percent():
    cases = [*claim("fallacy1-softmax-utilization").computed, claim("pitfall2-layernorm-1pct").computed]
    cases += [*claim("pitfall4-training-tflops-util").computed, *claim("pitfall4-recsys-util").computed]
    cases.append(100 * utilization(A100.peak("fp16"), A100.BW, claim("pitfall6-batch1-vs-256").computed[0]))
    assert not [share for share in cases if 10 <= share <= 30]
    assert min(cases) < 1
    assert max(cases) > 50


def test_matrix_units_gain_more_than_a_generation_and_2_4_sparsity_less():
    generation = H100.peak("fp16") / A100.peak("fp16")
    assert A100.peak("fp16") / A100.peak("fp32") > generation
    assert generation > 4 / 2  # of four, two are multiplied


def test_in_fp32_alone_the_ridge_fell():
    assert B200.ridge("fp32") < K20X.ridge("fp32") < B200.ridge("fp16")


def test_chips_like_x_and_y_are_sold():
    """The TPU v6e has twice the v5p's peak and little more than half its bandwidth."""
    x, y = chip("TPU v6e"), chip("TPU v5p")
    assert (x.peak("bf16") / y.peak("bf16"), round(y.BW / x.BW, 2)) == (2, 1.69)


def test_one_transfer_is_four_sevenths_of_the_ring():
    ring = 50e-3 * (8 / claim("fallacy3-allreduce-underestimate").computed - 1)
    assert fallacies.one_transfer() / ring == pytest.approx(4 / 7)


def test_every_cell_of_the_lab_has_its_claims():
    cells = ["intro", "checkpoint-1-4", "takeaways", "self-check"]
    cells += [f"{'fallacy' if n % 2 else 'pitfall'}-{n}" for n in range(1, 9)]
    assert [len(claims_at(f"20_can_you_run_it#{cell}")) for cell in cells] == [1, 1, 7, 11, 5, 5, 7, 3, 1, 7, 1, 1]
