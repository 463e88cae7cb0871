"""Networks against published counts, sizes worked out by hand, and laws that any count obeys."""

import subprocess
import sys
from itertools import pairwise
from math import ceil

import pytest

from labcore.models import language, recommendation
from labcore.models.zoo import MODELS, build, find
from labcore.precision import BYTES_PER_ELEMENT

LANGUAGE = [name for name, entry in MODELS.items() if "phase" in entry.options]
WITH_PHASE = ", ".join(LANGUAGE)
KNOWN = ", ".join(MODELS) + ", and any .onnx file"


def layer(network, name):
    (found,) = [one for one in network.layers if one.name == name]
    return found


def weights_read(network):
    """Bytes of weights: the second operand of every matmul and convolution with parameters."""
    return sum(
        one.count * (one.op.reads.get("w") or one.op.reads["B"])
        for one in network.layers
        if one.op.kind in ("conv2d", "matmul") and (one.params or one.name == "head")
    )


# Published counts -----------------------------------------------------------------------------------------------------

PARAMS = {
    # docs.pytorch.org, torchvision.models.resnet50 and mobilenet_v2: num_params
    "resnet50": 25_557_032,
    "mobilenetv2": 3_504_872,
    # keras-hub, gpt2_presets.py: "params" of the four presets, as Hugging Face's checkpoints count them too
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    # safetensors metadata of meta-llama/Llama-3.1-8B and Llama-3.3-70B, whose sizes are those of Llama 3
    "llama3-8b": 8_030_261_248,
    "llama3-70b": 70_553_706_496,
    # Keras summary of MLPerf Tiny's reference: 24,908 with 1,152 running statistics, which are not trained
    "kws": 24_908 - 1_152,
}


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_are_those_published(name):
    assert build(name).params == PARAMS[name]


# torchvision's tables give GFLOPS of 4.09 and 0.30, where they count a multiply-accumulate as one.
@pytest.mark.parametrize(("name", "giga_macs"), [("resnet50", 4.09), ("mobilenetv2", 0.30)])
def test_macs_are_those_published(name, giga_macs):
    assert round(build(name).macs / 1e9, 2) == giga_macs


def test_dlrm_is_as_large_as_its_checkpoint():
    """mlcommons/inference, recommendation/dlrm: tb00_40M.pt, fp32, takes 90 GB in `du`, which rounds GiB up."""
    assert ceil(build("dlrm").params * 4 / 2**30) == 90


def test_gpt2_counts_by_hand():
    """V d + 1024 d + L (12 d^2 + 13 d) + 2 d: tables, per block 4 d^2 + 8 d^2 with biases and norms, last norm."""
    L, d = 48, 1600
    assert build("gpt2-xl").params == 50257 * d + 1024 * d + L * (12 * d * d + 13 * d) + 2 * d


def test_llama3_counts_by_hand():
    d, ff, kv = 8192, 28672, 8 * 128
    block = d * (d + 2 * kv) + d * d + 3 * d * ff + 2 * d
    assert build("llama3-70b").params == 2 * 128256 * d + 80 * block + d


def test_llama3_widths_follow_the_published_rule():
    """meta-llama/llama3, FeedForward: 1.3 * 2/3 * 4 d, rounded up; Llama 3's table prints 14,336 and 28,672."""
    assert [m.d_ff for m in language.LLAMA3.values()] == [14336, 28672]


def test_dlrm_counts_by_hand():
    widths_bottom, widths_top = (13, 512, 256, 128), (479, 1024, 1024, 512, 256, 1)
    mlp = sum(K * N + N for w in (widths_bottom, widths_top) for K, N in pairwise(w))
    assert len(recommendation.TABLE_ROWS) == 26
    assert build("dlrm").params == sum(recommendation.TABLE_ROWS) * 128 + mlp


# Layers by hand -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layer_name", "macs", "params"),
    [
        ("resnet50", "conv1", 64 * 112 * 112 * 3 * 7 * 7, 64 * 3 * 49 + 2 * 64),
        ("resnet50", "layer2.0.conv1", 128 * 56 * 56 * 256, 128 * 256 + 2 * 128),  # v1.5: no stride here
        ("resnet50", "layer2.0.conv2", 128 * 28 * 28 * 128 * 9, 128 * 128 * 9 + 2 * 128),  # but here
        ("resnet50", "layer4.2.conv3", 2048 * 7 * 7 * 512, 2048 * 512 + 2 * 2048),
        ("resnet50", "fc", 2048 * 1000, 2048 * 1000 + 1000),
        ("mobilenetv2", "block1.depthwise", 32 * 112 * 112 * 9, 32 * 9 + 2 * 32),
        ("mobilenetv2", "block2.expand", 96 * 112 * 112 * 16, 96 * 16 + 2 * 96),
        ("mobilenetv2", "block17.project", 320 * 7 * 7 * 960, 320 * 960 + 2 * 320),
        ("gpt2", "attn.qkv", 512 * 768 * 3 * 768, 768 * 2304 + 2304),
        ("gpt2", "attn.scores", 12 * 512 * 64 * 512, 0),
        ("gpt2", "head", 512 * 768 * 50257, 0),  # the embedding table again
        ("llama3-8b", "attn.qkv", 512 * 4096 * (4096 + 2 * 1024), 4096 * 6144),
        ("llama3-8b", "mlp.gate", 512 * 4096 * 14336, 4096 * 14336),
        ("dlrm", "bottom.fc0", 13 * 512, 13 * 512 + 512),
        ("dlrm", "interaction.dot", 27 * 128 * 27, 0),
        ("dlrm", "top.fc0", (128 + 27 * 26 // 2) * 1024, 479 * 1024 + 1024),
        ("kws", "conv1", 64 * 25 * 5 * 10 * 4, 64 * 40 + 3 * 64),
        ("kws", "block4.pointwise", 64 * 25 * 5 * 64, 64 * 64 + 3 * 64),
        ("kws", "fc", 64 * 12, 64 * 12 + 12),
    ],
)
def test_layers_by_hand(name, layer_name, macs, params):
    found = layer(build(name), layer_name)
    assert (found.op.macs, found.params) == (macs, params)


def test_kws_macs_by_hand():
    """The reference keeps 25 x 5 positions of 64 channels from the first layer to the mean."""
    block = 25 * 5 * 64 * 9 + 25 * 5 * 64 * 64
    assert build("kws").macs == 25 * 5 * 64 * 40 + 4 * block + 64 * 12


def test_resnet_has_a_shortcut_convolution_in_each_stage_only():
    names = [one.name for one in build("resnet50").layers if "downsample" in one.name]
    assert names == [f"layer{stage}.0.downsample" for stage in (1, 2, 3, 4)]
    assert sum(one.op.kind == "conv2d" for one in build("resnet50").layers) == 1 + 3 * 16 + 4
    assert layer(build("resnet50"), "layer4.0.downsample").op.shape["H"] == 14  # it reads the block's input


def test_every_size_fits_the_next_layer():
    """In a chain, what one layer writes the next reads; a shortcut is read and added again."""
    for before, after in pairwise(build("mobilenetv2").layers):
        (written,) = before.op.writes.values()
        assert written in after.op.reads.values(), after.name


@pytest.mark.parametrize(
    ("name", "layer_name", "flop", "elements"),
    [  # batch 2, 10 tokens each
        ("gpt2", "tokens", 0, 20 * 4 + 20 * 768 + 20 * 768),  # an int64 index is four elements of fp16
        ("gpt2", "positions", 20 * 768, 2 * 20 * 768 + 10 * 768),  # both sequences use the same ten rows
        ("gpt2", "attn.norm", 6 * 20 * 768, 2 * 20 * 768 + 2 * 768),
        ("gpt2", "attn.softmax", 3 * 2 * 12 * 10 * 10, 2 * 2 * 12 * 10 * 10),
        ("gpt2", "mlp.gelu", 9 * 20 * 3072, 2 * 20 * 3072),
        ("gpt2", "mlp.add", 20 * 768, 3 * 20 * 768),
        ("llama3-8b", "attn.norm", 4 * 20 * 4096, 2 * 20 * 4096 + 4096),
        ("llama3-8b", "attn.rope", 3 * 20 * 40 * 128, 2 * 20 * 40 * 128 + 10 * 128),  # 32 + 8 heads; cos and sin
        ("llama3-8b", "mlp.swiglu", 5 * 20 * 14336, 3 * 20 * 14336),
    ],
)
def test_layers_without_macs_by_hand(name, layer_name, flop, elements):
    op = layer(build(name, batch=2, seq=10), layer_name).op
    assert (op.flop, op.D_vol) == (flop, 2 * elements)


def test_relu6_is_two_comparisons():
    assert layer(build("mobilenetv2"), "relu6").op.flop == 2 * 32 * 112 * 112
    assert layer(build("resnet50"), "relu").op.flop == 64 * 112 * 112


# Laws -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_work_is_at_least_its_macs(name):
    for one in build(name).layers:
        op = one.op
        assert op.flop == 2 * op.macs if op.kind in ("conv2d", "matmul") else op.macs == 0
        assert op.D_vol > 0
        assert isinstance(op.flop, int)


@pytest.mark.parametrize("name", MODELS)
def test_batch_scales_the_work_and_not_the_weights(name):
    one, many = build(name), build(name, batch=7)
    assert many.macs == 7 * one.macs
    assert many.flop == 7 * one.flop
    assert weights_read(many) == weights_read(one)
    assert many.params == one.params
    assert many.I > one.I


@pytest.mark.parametrize("name", MODELS)
def test_a_layer_reads_the_weights_it_has(name):
    """All its parameters but vectors: a bias, or the scale and bias of a folded norm (beside a bias, in kws)."""
    for one in build(name).layers:
        if one.params and one.op.kind == "matmul":
            assert one.params - one.op.reads["B"] / 2 in (0, one.op.shape["N"])
        if one.op.kind == "conv2d":
            assert one.params - one.op.reads["w"] / 2 == (3 if name == "kws" else 2) * one.op.shape["K"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("precision", BYTES_PER_ELEMENT)
def test_bytes_follow_the_precision(name, precision):
    if name == "dlrm":  # its indices stay int64
        return
    half, other = build(name), build(name, precision=precision)
    assert (other.flop, other.params) == (half.flop, half.params)
    indices = sum(one.op.reads.get("indices", 0) for one in half.layers)
    assert other.D_vol - indices == pytest.approx((half.D_vol - indices) * BYTES_PER_ELEMENT[precision] / 2)


def test_dlrm_reads_rows_and_not_tables():
    table = layer(build("dlrm", batch=64), "table0")
    assert table.op.reads == {"rows": 64 * 128 * 2, "indices": 64 * 8}
    assert table.op.flop == 0
    pooled = recommendation.dlrm(batch=64, lookups=10)
    assert layer(pooled, "table0").op.flop == 64 * 9 * 128  # ten rows are nine additions


def test_dlrm_moves_and_multiplies_what_its_sizes_say():
    """At fp16: 26 rows of 128 and the dense vector are 27 x 128; 27 x 27 products; 128 + 351 enter the top."""
    B, b = 64, 2
    dense = [*pairwise((13, 512, 256, 128)), *pairwise((479, 1024, 1024, 512, 256, 1))]
    tables = 26 * (2 * B * 128 * b + B * 8)  # rows in, sums out, int64 indices
    interaction = {
        "interaction.stack": 2 * B * 27 * 128 * b,
        "interaction.dot": B * (27 * 128 + 27 * 27) * b,
        "interaction.pairs": 2 * B * 479 * b,
    }
    mlp = sum((B * K + K * N + B * N) * b + 2 * B * N * b for K, N in dense)  # products, then an activation
    net = build("dlrm", batch=B)
    assert {name: layer(net, name).op.D_vol for name in interaction} == interaction
    assert net.D_vol == tables + sum(interaction.values()) + mlp
    assert net.macs == B * (sum(K * N for K, N in dense) + 27 * 128 * 27)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_dlrm_looks_up_by_int64_at_any_precision(precision):
    table = layer(build("dlrm", batch=64, precision=precision), "table25")
    assert table.op.D_vol == 2 * 64 * 128 * {"fp32": 4, "fp16": 2, "int8": 1}[precision] + 64 * 8


def test_the_interaction_reads_its_matrix_once():
    """T @ T^T has one operand."""
    assert sum(layer(build("dlrm", batch=3), "interaction.dot").op.reads.values()) == 3 * 27 * 128 * 2


# Language models ------------------------------------------------------------------------------------------------------

ATTENTION = ("attn.scores", "attn.softmax", "attn.context")


@pytest.mark.parametrize("name", LANGUAGE)
def test_prefill_takes_a_mac_a_parameter_and_token(name):
    """Beside attention; GPT-2's head uses the table twice, and Llama's table is only looked up."""
    network = build(name, batch=2, seq=128)
    linear = sum(one.count * one.op.macs for one in network.layers if one.name not in ATTENTION)
    m = (language.GPT2 | language.LLAMA3)[name]
    tables = m.positions * m.d_model if name.startswith("gpt2") else m.vocab * m.d_model
    assert linear == pytest.approx((network.params - tables) * 2 * 128, rel=1e-3)  # rest: biases and norms


@pytest.mark.parametrize("name", LANGUAGE)
@pytest.mark.parametrize("L", [1, 64, 1024])
def test_a_decode_step_is_the_last_row_of_a_prefill(name, L):
    prefill, decode = build(name, batch=3, seq=L), build(name, batch=3, phase="decode", context=L)
    assert [one.name for one in prefill.layers] == [one.name for one in decode.layers]
    for whole, last in zip(prefill.layers, decode.layers, strict=True):
        assert (whole.op.macs, whole.op.flop) == (L * last.op.macs, L * last.op.flop), last.name
        assert (whole.params, whole.count) == (last.params, last.count)
    assert weights_read(prefill) == weights_read(decode)


@pytest.mark.parametrize("name", LANGUAGE)
def test_decode_reads_the_cache_once(name):
    """Each layer's keys by the scores and its values by the context, whatever the number of query heads."""
    step = build(name, batch=4, phase="decode", context=1000)
    cached = sum(one.count * one.op.reads["B"] for one in step.layers if one.name in ("attn.scores", "attn.context"))
    assert cached == language.kv_cache_bytes(name, batch=4, context=1000)


def test_grouped_queries_share_keys_and_values():
    """Llama 3 8B: 32 query heads on 8 key-value heads; the MACs are those of 32 heads, the bytes of 8."""
    scores = layer(build("llama3-8b", phase="decode", context=4096), "attn.scores").op
    assert scores.macs == 32 * 128 * 4096
    assert scores.reads == {"A": 32 * 128 * 2, "B": 8 * 4096 * 128 * 2}
    assert scores.writes == {"C": 32 * 4096 * 2}


def test_the_projection_writes_what_the_cache_grows_by():
    step, network = 1, build("llama3-8b", phase="decode", context=100)
    written = layer(network, "attn.qkv").op.writes["C"] - 4096 * 2  # beside the queries
    grown = language.kv_cache_bytes("llama3-8b", 1, 100) - language.kv_cache_bytes("llama3-8b", 1, 100 - step)
    assert 32 * written == grown


def test_decode_at_batch_one_is_one_flop_a_byte():
    """Napkin Math 1.9: about 2 FLOP and 2 bytes a parameter at fp16."""
    step = build("gpt2-xl", phase="decode", context=1)
    assert pytest.approx(1, abs=0.02) == step.I


def test_the_phase_follows_from_the_option():
    assert build("gpt2").note == build("gpt2", phase="prefill", seq=512).note == "prefill of 512 tokens a sequence"
    decode = "decode of one token a sequence, 512 attended to"
    assert build("gpt2", context=512).note == build("gpt2", phase="decode").note == decode
    assert build("gpt2", phase="decode", context=1).note.startswith("decode")


# The zoo --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_names_are_found_however_they_are_written(name):
    for written in (name, name.upper(), name.replace("-", "_"), name.replace("-", "")):
        assert find(written) == name
    assert build(name).name == name
    assert build(name).source.url
    assert MODELS[name].about


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "resnet51"}, f"model 'resnet51' is not known; did you mean resnet50? There are {KNOWN}"),
        ({"name": "?"}, f"model '?' is not known; there are {KNOWN}"),
        ({"name": "resnet50", "phase": "decode"}, f"resnet50 has no option phase; these have it: {WITH_PHASE}"),
        ({"name": "dlrm", "seq": 8}, f"dlrm has no option seq; these have it: {WITH_PHASE}"),
        ({"name": "gpt2", "seq": 1025}, "seq=1025 is beyond the 1024 positions of gpt2; take 1024 or less"),
        ({"name": "gpt2", "context": 1025}, "context=1025 is beyond the 1024 positions of gpt2; take 1024 or less"),
        ({"name": "gpt2", "seq": 0}, "seq must be a whole number of at least 1, got 0"),
        ({"name": "gpt2", "phase": "train"}, "phase is prefill or decode, got 'train'"),
        (
            {"name": "gpt2", "phase": "prefill", "context": 9},
            "context=9 belongs to decode; the tokens of a prefill are seq",
        ),
        (
            {"name": "gpt2", "phase": "decode", "seq": 9},
            "seq=9 belongs to prefill; the tokens that a decode step attends to are context",
        ),
    ],
)
def test_errors_say_the_way_out(arguments, text):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the whole text is compared)
        build(**arguments)
    assert str(error.value) == text


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch", [0, -1, 1.5, True])
def test_a_batch_is_a_whole_number(name, batch):
    with pytest.raises(ValueError, match=r"^batch must be a whole number of at least 1, got "):
        build(name, batch=batch)


def test_an_unknown_precision_lists_the_known():
    with pytest.raises(ValueError, match=r"^precision 'fp12' is not known; choose from "):
        build("resnet50", precision="fp12")


def test_a_family_takes_its_own_sizes_only():
    with pytest.raises(ValueError, match=r"^'llama3-8b' is none of gpt2, gpt2-medium, gpt2-large, gpt2-xl$"):
        language.gpt2("llama3-8b")


def test_networks_are_built_without_onnx():
    code = "import sys, labcore.models.zoo, labcore.models.onnx_file; print('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
