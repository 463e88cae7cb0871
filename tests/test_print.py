"""What the page prints, entered a second time by hand: the ledger's prints are held against it."""

import pytest

from labcore.claims.ledger import LEDGER, load
from labcore.claims.printed import Each, Number, Range

# As on the page, but for the dash of a range, here "to", and 10^2, whose digits nobody prints.
PAGE = {
    # two ceilings: footnote 33, Definition 1.5
    "fn33-roofline-origin": "2009",
    "footnote-33-utilization-gap": "2",
    "fn33-half-ceiling-2x-gap": "2",
    "def-1-5-a100-ridge": "153",
    "def-1-5-gemm-1024-intensity": "341.3",
    "def-1-5-relu-intensity": "0.125",
    # Table 12 and Napkin Math 1.3
    "table12-gpu-2017": "100",  # 10^2 FLOP/B
    "table12-gpu-2023": "2",  # the exponent of 10^2
    "nm1-3-v100-ridge": "138.9",
    "nm1-3-a100-ridge": "153",
    "nm1-3-h100-ridge": "295.2",
    "nm1-3-bar-doubled": "2",
    "nm1-3-i200-gain": "1.6",
    "nm1-3-bandwidth-ratio": "1.6",
    "nm1-3-flops-ratio": "3.2",
    "relu-h100-gap": "2,361.8",
    "relu-h100-gap-in-one-precision": "2,361.8",
    # Table 13
    "table13-conv2d-dense": "50 to 200",
    "table13-dense-matmul": "64 to 256",
    "table13-depthwise-conv": "10 to 20",
    "table13-attention-softmax": "2 to 5",
    # Napkin Math 1.4: the transformer layer
    "nm1-4-qkv-flops": "58",
    "nm1-4-qkv-bytes": "104.2",
    "nm1-4-qkv-intensity": "556.4",
    "nm1-4-qkv-displayed-quotient": "556.4",
    "nm1-4-softmax-flops": "302",
    "nm1-4-softmax-bytes": "402.7",
    "nm1-4-softmax-intensity": "0.75",
    # Napkin Math 1.5: the convolution
    "nm1-5-output-elements": "25.7",
    "nm1-5-flops-per-output": "2,304",
    "nm1-5-total-flops": "59.2",
    "nm1-5-input-bytes": "25.7",
    "nm1-5-weight-bytes": "0.6",
    "nm1-5-output-bytes": "51.4",
    "nm1-5-total-bytes": "77.7",
    "nm1-5-intensity": "762.2",
    "nm1-5-displayed-quotient": "762.2",
    "nm1-5-compute-bound": "312",
    # Napkin Math 1.6: the dense layer
    "dense-2048-batch32-flops": "268.4",
    "dense-2048-batch32-input-bytes": "131.1",
    "dense-2048-batch32-weight-bytes": "8.4",
    "dense-2048-batch32-output-bytes": "131.1",
    "dense-2048-batch32-total-bytes": "8.7",
    "dense-2048-batch32-intensity": "31",
    "dense-2048-batch32-attainable": "63.3",
    "dense-2048-batch32-displayed-product": "63.3",
    "dense-2048-batch32-utilization": "20.3",
    # Napkin Math 1.7: LayerNorm
    "nm1-7-elements": "12.6",
    "nm1-7-ops-per-element": "6",
    "nm1-7-flops": "75.5",
    "nm1-7-displayed-flops": "75.5",
    "nm1-7-input-bytes": "25.2",
    "nm1-7-param-bytes": "3.1",
    "nm1-7-output-bytes": "25.2",
    "nm1-7-total-bytes": "50.3",
    "nm1-7-displayed-total": "50.3",
    "nm1-7-intensity": "1.5",
    "nm1-7-gap-to-ridge": "102",
    "nm1-7-attainable": "3.1",
    # Table 14 and Napkin Math 1.8
    "table14-low-ai": "2 to 4",
    "table14-very-low-ai": "10",
    "dense-2048-batch1-eq6-intensity": "1",
    "dense-2048-batch32-eq6-intensity": "31",
    "dense-2048-batch256-eq6-intensity": "204.8",
    # Napkin Math 1.9 and the sentence after it
    "nm1-9-peak-compute": "312",
    "nm1-9-peak-bandwidth": "2.04",
    "nm1-9-ridge": "153",
    "nm1-9-fp32-ridge": "9.6",
    "nm1-9-gpt2-xl-params": "1.5",
    "nm1-9-weights-bytes": "3",
    "nm1-9-flops-per-token": "3",
    "nm1-9-intensity": "1",
    "nm1-9-max-throughput": "2.04",
    "nm1-9-utilization-ceiling": "0.7",
    "recap-0-7-percent": "0.7",
    # Self-Check
    "sc4-q1": "153",
    "sc4-q2": "1, 205",
    "sc4-q5": "190",
}


def plain(text):
    """Without the commas between thousands; those of a list have a space behind them."""
    return ", ".join(part.replace(",", "") for part in text.split(", "))


@pytest.fixture(scope="module")
def numbers():
    """The claims that print numbers."""
    load()
    return {id: claim.printed for id, claim in LEDGER.items() if isinstance(claim.printed, Number | Range | Each)}


@pytest.mark.parametrize("id", PAGE)
def test_a_claim_prints_what_the_page_prints(id, numbers):
    assert plain(numbers[id].text) == plain(PAGE[id])


def test_every_printed_number_was_entered_twice(numbers):
    assert sorted(set(numbers) - set(PAGE)) == []
