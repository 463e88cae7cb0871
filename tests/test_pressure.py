"""Memory pressure: bytes by hand, what grows how, conservation, and texts of errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.models.language import kv_cache_bytes
from labcore.models.pressure import MOMENTS, mlp, of_model, of_network, score_bytes, training_bytes
from labcore.models.zoo import build

MODELS = ("mlp", "resnet50", "gpt2", "llama3-8b", "dlrm", "kws")


# ---- state of the optimizer (Rajbhandari et al., 2020)


def test_zero_s_example_by_hand():
    """The paper's section 3.1: 16 bytes a parameter, so GPT-2 of 1.5 G parameters needs at least 24 GB."""
    state = training_bytes(1_500_000_000, "fp16", "adam")
    assert state == {"weights": 3e9, "gradients": 3e9, "optimizer": 18e9}
    assert sum(state.values()) == 24e9


@pytest.mark.parametrize(
    ("precision", "optimizer", "bytes_each"),
    [
        ("fp16", "adam", 2 + 2 + 4 + 4 + 4),
        ("bf16", "adam", 16),
        ("fp32", "adam", 4 + 4 + 4 + 4),  # no second copy
        ("fp16", "momentum", 2 + 2 + 4 + 4),
        ("fp32", "sgd", 4 + 4),
    ],
)
def test_bytes_of_a_parameter(precision, optimizer, bytes_each):
    assert sum(training_bytes(1, precision, optimizer).values()) == bytes_each


def test_who_cannot_be_trained_is_told():
    with pytest.raises(ValueError, match="training is counted in fp32, tf32, fp16, bf16, got 'int8'"):
        training_bytes(1, "int8")
    with pytest.raises(ValueError, match="optimizer is one of adam, momentum, sgd, got 'lion'"):
        training_bytes(1, optimizer="lion")


# ---- scores and cache


@given(st.integers(1, 4096), st.integers(1, 64), st.integers(1, 8))
def test_scores_are_square_and_the_cache_is_linear(S, heads, batch):
    assert score_bytes(2 * S, heads, batch) == 4 * score_bytes(S, heads, batch)
    assert kv_cache_bytes("gpt2", batch, 2 * S) == 2 * kv_cache_bytes("gpt2", batch, S)


def test_a_decoded_token_writes_one_row():
    assert score_bytes(1000, new=1) == 1000 * 2


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_sizes_are_whole_and_positive(wrong):
    with pytest.raises(ValueError, match="S must be a whole number of at least 1"):
        score_bytes(wrong, new=1)
    with pytest.raises(ValueError, match="params must be a whole number"):
        training_bytes(wrong)


# ---- networks


def test_a_perceptron_by_hand():
    """Widths 3, 5, 2 at batch 4: 3 * 5 + 5 + 5 * 2 + 2 parameters; outputs 4 x 5, twice, and 4 x 2, twice."""
    small = of_network(mlp((3, 5, 2), batch=4, precision="fp32"), "fp32", training=True)
    assert small.weights == 4 * (3 * 5 + 5 + 5 * 2 + 2)
    assert small.activations == 4 * (2 * 4 * 5 + 2 * 4 * 2)
    live = of_network(mlp((3, 5, 2), batch=4, precision="fp32"), "fp32")
    assert live.activations == 4 * (4 * 5 + 4 * 5)  # before and after the first ReLU


def test_a_gpt2_block_keeps_36_bytes_an_element_of_the_width():
    """fp16: norms 2 + 2, qkv 6, context 2, proj 2, adds 2 + 2, up 8, GELU 8, down 2. Backward needs 32 of them."""
    T, d = 64, 768
    found = of_model("gpt2", batch=1, context=T, training=True)
    outside = 2 * (T * d + T * d + T * d) + 2 * T * 50257  # tokens, positions, last norm; logits
    assert found.activations == 12 * 36 * T * d + outside
    assert found.scores == 12 * 2 * 12 * T * T  # layers x bytes x heads x square: the softmax's output


@pytest.mark.parametrize("model", MODELS)
def test_training_takes_more_than_inference(model):
    asked, trained = of_model(model, batch=4), of_model(model, batch=4, training=True)
    assert trained.total > asked.total
    assert trained.weights == asked.weights
    assert trained.kv_cache == 0
    assert asked.gradients == asked.optimizer == 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("training", [False, True])
def test_the_parts_are_the_whole_and_activations_go_with_the_batch(model, training):
    one, many = (of_model(model, batch=batch, training=training) for batch in (1, 8))
    assert sum(one.parts.values()) == one.total
    assert many.activations == 8 * one.activations
    assert many.kv_cache == 8 * one.kv_cache
    assert many.weights == one.weights


def test_fused_attention_saves_the_scores_and_nothing_else():
    eager, fused = (of_model("gpt2", batch=2, training=True, fused_attention=f) for f in (False, True))
    assert eager.scores > 0 == fused.scores
    assert eager.total - fused.total == eager.scores


def test_weights_are_the_parameters_at_the_precision():
    for model in ("resnet50", "dlrm", "llama3-8b"):
        assert of_model(model, precision="int8").weights == build(model).params
        assert of_model(model, precision="fp32").weights == 4 * build(model).params


def test_what_binds():
    assert of_model("dlrm").largest == "weights"  # 24 G parameters of tables, a few rows of which are read
    assert of_model("resnet50", batch=32).largest == "activations"
    assert of_model("llama3-8b", batch=64, context=8192).largest == "kv_cache"
    assert of_model("mlp", training=True).largest == "optimizer"


def test_a_perceptron_has_two_widths():
    with pytest.raises(ValueError, match="an input and an output width"):
        mlp((4,))
    with pytest.raises(ValueError, match="width_1 must be a whole number"):
        mlp((4, 0))


def test_every_optimizer_is_counted():
    """More moments take more bytes, and exactly an fp32 number each."""
    for optimizer, moments in MOMENTS.items():
        assert training_bytes(10, "fp32", optimizer)["optimizer"] == 40 * moments
