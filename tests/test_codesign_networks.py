"""Co-design, the network's half: digits, bundles, integers as specified, gradients, training, table, granularity."""

import hashlib
import itertools
import re
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore import ops
from labcore.codesign import bundles, data, sparsity
from labcore.codesign import table as enumerated
from labcore.codesign.data import digits
from labcore.codesign.integer import (
    IntegerLayer,
    IntegerNetwork,
    input_codes,
    multiplier_and_shift,
    random_network,
    requantize,
)
from labcore.codesign.networks import BITS, WINDOWS, Layer, Network, space, stacks
from labcore.codesign.passes import backward, forward, start
from labcore.codesign.scales import agreement, best_scale, calibrate, to_integer
from labcore.codesign.training import CHEAP, FULL, Recipe, fit, quantize, realize, train
from labcore.im2col import conv2d, im2col
from labcore.sparsity.pruning import kept_norm

QUICK = Recipe(epochs=4, fine_epochs=2, images=200, batch=32)
layers = st.builds(
    lambda C, size, window, stride, N: Layer((C, size, size + 1), (min(window, size),) * 2, stride, N),
    *(st.integers(1, 4), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(1, 5)),
)


@pytest.fixture(scope="module")
def trained():
    return train(Network(("conv2x2", "fc"), 16), seed=0)


# Data


def test_the_file_is_the_one_its_licence_names():
    said = re.search(r"SHA-256 ([0-9a-f]{64})", data.FILE.with_name("digits.LICENSE.txt").read_text())[1]
    assert hashlib.sha256(data.FILE.read_bytes()).hexdigest() == said


def test_parts_hold_every_image_once():
    """Classes as UCI counts those of its test set."""
    parts = [digits(name) for name in data.SIZES]
    assert [len(part.labels) for part in parts] == [1077, 360, 360]
    labels = np.concatenate([part.labels for part in parts])
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    rows = np.concatenate([part.images for part in parts]).reshape(-1, 64)
    whole = np.loadtxt(data.FILE, delimiter=",").astype(np.uint8)[:, :64]
    assert sorted(map(bytes, rows)) == sorted(map(bytes, whole))


def test_data_is_read_only_and_says_what_there_is():
    with pytest.raises(ValueError, match="read-only"):
        digits("test").images[0] = 0
    with pytest.raises(ValueError, match="part 'dev' is not known; there are train, validation, test"):
        digits("dev")
    with pytest.raises(ValueError, match="this part has 360 images, 361 are wanted"):
        digits("test").first(361)


# Networks


@given(layers, st.integers(0, 99))
def test_addresses_are_im2col(layer, seed):
    x = np.random.default_rng(seed).integers(0, 9, (1, *layer.shape_in))
    assert (x.ravel()[layer.addresses()] == im2col(x, *layer.window, stride=layer.stride)).all()


@given(layers)
def test_work_of_a_layer_is_that_of_the_operation(layer):
    op = ops.conv2d(1, *layer.shape_in, layer.N, *layer.window, stride=layer.stride)
    assert layer.macs == op.macs == layer.M * layer.K * layer.N


def test_stacks_by_hand():
    """Sizes follow 3 x 3: n -> n - 2, 2 x 2 by 2: n -> n // 2. Of the 8 stacks of three convolutions 3 end below their
    window: 2-2-3 (2 < 3), 2-3-3 (2 < 3), and none else but those that reach them; fc can end any that fits."""
    sizes = {"conv3x3": lambda n: n - 2 if n >= 3 else 0, "conv2x2": lambda n: n // 2}
    by_hand = []
    for depth in (1, 2, 3):
        for stack in itertools.product(WINDOWS, repeat=depth):
            convs = [*itertools.takewhile(lambda bundle: bundle != "fc", stack)]
            size = 8
            for bundle in convs:
                size = sizes[bundle](size)
            if size >= 1 and set(stack[len(convs) :]) <= {"fc"}:
                by_hand.append(stack)
    assert stacks() == by_hand
    assert len(stacks()) == 3 + 7 + 13
    assert len({net.name for net in space()}) == 23 * 4 * 4


def test_networks_that_cannot_be_say_why():
    with pytest.raises(ValueError, match="bundle 'conv5x5' is not known; there are conv3x3, conv2x2, fc"):
        Network(("conv5x5",), 4)
    with pytest.raises(ValueError, match="bundle 3, conv3x3, gets an image of 2 x 2 and does not fit; put it earlier"):
        Network(("conv2x2", "conv2x2", "conv3x3"), 4)
    with pytest.raises(ValueError, match="bundle 2, conv2x2"):
        Network(("fc", "conv2x2"), 4)
    with pytest.raises(ValueError, match="bits must be one of 8, 4, 3, 2; got 5"):
        Network(("fc",), 4, 5)
    with pytest.raises(ValueError, match="stacks 1 to 3 bundles, got 0"):
        Network((), 4)
    with pytest.raises(ValueError, match="width must be a whole number of at least 1, got 0"):
        Network(("fc",), 0)


# Integers, bit for bit


def by_the_letter(net: IntegerNetwork, pixels: list[int]) -> list[int]:
    """The specification of integer.py read aloud: plain Python integers, one image, logits."""
    top = 2**net.bits - 1
    x = [(pixel * top + 8) >> 4 for pixel in pixels]
    for layer in net.layers:
        (C, H, W), (R, S), (N, P, Q) = layer.shape.shape_in, layer.shape.window, layer.shape.shape_out
        y = [0] * (N * P * Q)
        for n, p, q in np.ndindex(N, P, Q):
            total = int(layer.bias[n])
            for k, (c, r, s) in enumerate(np.ndindex(C, R, S)):
                row, col = p * layer.shape.stride + r, q * layer.shape.stride + s
                total += x[(c * H + row) * W + col] * int(layer.weights[k, n])
                assert -(2**31) <= total < 2**31
            if layer.shift:
                total = min(max((total * layer.multiplier + (1 << layer.shift - 1)) >> layer.shift, 0), top)
            y[(n * P + p) * Q + q] = total
        x = y
    return x


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("stack", [("fc",), ("conv2x2", "conv3x3"), ("conv3x3", "fc")])
def test_integer_network_does_what_the_specification_says(stack, bits):
    net = random_network(list(Network(stack, 4).layers), bits, seed=bits)
    images = digits("test").images[:3]
    logits = net.logits(images)
    assert logits.tolist() == [by_the_letter(net, image.ravel().tolist()) for image in images]
    hidden = net.trace(images)[1]
    assert hidden.min() == 0 < hidden.max()  # neither dead nor trivial


@given(layers, st.sampled_from(BITS), st.integers(0, 99))
def test_sums_are_the_convolution(layer, bits, seed):
    rng = np.random.default_rng(seed)
    most = 2 ** (bits - 1) - 1
    weights = rng.integers(-most, most + 1, (layer.K, layer.N))
    x = rng.integers(0, 2**bits, (2, *layer.shape_in))
    w = weights.T.reshape(layer.N, layer.shape_in[0], *layer.window)
    sums = IntegerLayer(layer, weights, np.zeros(layer.N, int), bits).sums(x.reshape(2, -1))
    assert (sums.swapaxes(1, 2).reshape(2, *layer.shape_out) == conv2d(x, w, layer.stride)).all()


@given(st.integers(1, 9), st.sampled_from(BITS), st.integers(0, 99))
def test_the_proof_against_overflow_is_tight(K, bits, seed):
    """An input that is largest where weights have the bias's sign reaches the bound for one-signed columns."""
    rng = np.random.default_rng(seed)
    weights, bias = rng.integers(0, 2 ** (bits - 1), (K, 1)), rng.integers(0, 50, 1)
    sign = rng.choice([-1, 1])
    layer = IntegerLayer(Layer((K, 1, 1), (1, 1), 1, 1), sign * weights, sign * bias, bits)
    reached = int(layer.sums(np.full((1, K), 2**bits - 1))[0, 0, 0])
    assert abs(reached) == layer.largest_sum
    assert -(2 ** (layer.sum_bits - 1)) <= reached < 2 ** (layer.sum_bits - 1)


@given(st.integers(-(2**31), 2**31), st.integers(1, 2**15 - 1), st.integers(0, 31), st.sampled_from(BITS))
def test_requantization_rounds_half_up(total, multiplier, shift, bits):
    exact = floor(Fraction(total * multiplier, 2**shift) + Fraction(1, 2))
    assert int(requantize(np.array(total), multiplier, shift, bits)) == min(max(exact, 0), 2**bits - 1)


@given(st.floats(2.0**-16, 2.0**13))
def test_a_multiplier_of_15_bits_is_within_a_part_in_32768(scale):
    multiplier, shift = multiplier_and_shift(scale)
    assert 2**14 <= multiplier < 2**15
    assert abs(multiplier / 2**shift - scale) <= scale * 2**-15
    assert 1 <= shift <= 31


@given(st.integers(0, 16), st.sampled_from(BITS))
def test_pixels_take_the_nearest_code(pixel, bits):
    code = int(input_codes(np.array([[pixel]]), bits)[0, 0])
    assert code == floor(Fraction(pixel * (2**bits - 1), 16) + Fraction(1, 2))


def test_the_first_of_equal_logits_wins():
    shape = Layer((1, 8, 8), (8, 8), 1, 3)
    net = IntegerNetwork((IntegerLayer(shape, np.zeros((64, 3), int), np.array([1, 5, 5]), 4),), 4)
    assert net.classes(digits("test").images[:2]).tolist() == [1, 1]


def test_integers_that_do_not_fit_are_refused():
    shape, zeros = Layer((2, 1, 1), (1, 1), 1, 1), np.zeros((2, 1), int)
    with pytest.raises(ValueError, match=r"K=2, N=1 wants weights \(2, 1\) and biases \(1,\), got \(1, 2\)"):
        IntegerLayer(shape, zeros.T, np.zeros(1, int), 4)
    with pytest.raises(ValueError, match="weights of 4 bits are whole numbers from -7 to 7"):
        IntegerLayer(shape, zeros - 8, np.zeros(1, int), 4)
    with pytest.raises(ValueError, match="a sum could reach 2147483648, past int32's 2147483647"):
        IntegerLayer(shape, zeros, np.array([2**31]), 4)
    with pytest.raises(ValueError, match=r"multiplier must be from 1 to 32767 .* got 32768 and 3"):
        IntegerLayer(shape, zeros, np.zeros(1, int), 4, 2**15, 3)
    with pytest.raises(ValueError, match="scale must lie between"):
        multiplier_and_shift(1e6)
    with pytest.raises(ValueError, match="whole numbers from 0 to 16, got float64"):
        input_codes(np.ones((1, 64)), 4)
    with pytest.raises(ValueError, match="whole numbers from 0 to 16"):
        input_codes(np.full((1, 64), 17), 4)
    with pytest.raises(ValueError, match="the last layer is a classifier"):
        IntegerNetwork((IntegerLayer(shape, zeros, np.zeros(1, int), 4, 3, 3),), 4)
    with pytest.raises(ValueError, match="every layer has the network's 8 bits"):
        IntegerNetwork((IntegerLayer(shape, zeros, np.zeros(1, int), 4),), 8)


# Gradients and training


def loss(net, images, labels):
    logits = net.logits(images).astype(float)
    logits -= logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]).mean())


def slope_error(net, gradients, images, labels):
    """The worst relative gap between a gradient and the central difference along it, for every array there is."""
    gaps = []
    for i, pair in enumerate(gradients):
        for kind, g in zip(("weights", "biases"), pair, strict=True):
            values = getattr(net, kind)
            direction = g / np.linalg.norm(g)

            def shifted(step, i=i, kind=kind, values=values, direction=direction):
                moved = tuple(v + step * direction if j == i else v for j, v in enumerate(values))
                return loss(replace(net, **{kind: moved}), images, labels)

            numeric = (shifted(1e-6) - shifted(-1e-6)) / 2e-6
            gaps.append(abs(numeric - np.linalg.norm(g)) / np.linalg.norm(g))
    return max(gaps)


@pytest.mark.parametrize("stack", stacks(), ids="-".join)
def test_gradients_are_the_slopes_of_the_loss(stack):
    part = digits("train").first(20)
    net = start(Network(stack, 3).layers, seed=1)
    net = replace(net, weights=tuple(w.astype(float) for w in net.weights),
                  biases=tuple(b.astype(float) + 0.1 for b in net.biases))  # fmt: skip
    gradients = backward(net, forward(net, part.images), part.labels)
    assert slope_error(net, gradients, part.images, part.labels) < 1e-5
    wrong = [(1.01 * w, b) for w, b in gradients]
    assert slope_error(net, wrong, part.images, part.labels) > 1e-3  # the checker itself


def test_forward_agrees_with_convolutions_of_the_package():
    net = start(Network(("conv3x3", "conv2x2"), 3).layers, seed=0)
    images = digits("test").images[:4]
    x = images / 16
    for layer, w in zip(net.layers, net.weights, strict=True):
        x = conv2d(x, w.T.reshape(layer.N, layer.shape_in[0], *layer.window).astype(float), layer.stride)
        x = np.maximum(x, 0) if layer is not net.layers[-1] else x
    assert np.allclose(net.logits(images), x[..., 0, 0], atol=1e-5)


def test_nothing_flows_back_through_what_saturates():
    """With an activation scale so small that all that is positive lies beyond the top, the first layer gets nothing."""
    part = digits("train").first(10)
    net = calibrate(start(Network(("fc",), 8).layers, seed=0), 4, part.images)
    first, last = backward(net, forward(net, part.images), part.labels)
    assert first[0].any()
    tiny = replace(net, activation_scales=(net.activation_scales[0], 1e-5))
    first, last = backward(tiny, forward(tiny, part.images), part.labels)
    assert not first[0].any()
    assert last[1].any()


def test_training_learns_and_is_its_seed(trained):
    assert trained.accuracy(digits("test")) > 0.93
    quick = train(Network(("fc",), 8), 3, QUICK), train(Network(("fc",), 8), 3, QUICK)
    assert all((a == b).all() for a, b in zip(quick[0].weights, quick[1].weights, strict=True))
    other = train(Network(("fc",), 8), 4, QUICK)
    assert (quick[0].weights[0] != other.weights[0]).any()


@pytest.mark.parametrize("bits", BITS)
def test_quantized_floats_and_integers_agree(trained, bits):
    tuned = quantize(trained, bits, seed=0)
    assert agreement(tuned, digits("test").images) >= 0.99
    net = to_integer(tuned)
    assert set(np.unique(net.layers[0].weights)) <= set(range(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1)))


def test_fine_tuning_is_worth_most_where_bits_are_few(trained):
    """At 8 bits rounding costs nothing to speak of; at 2 it does, and fine-tuning wins some of it back."""
    part = digits("test")
    rounded = {bits: calibrate(trained, bits, digits("train").images[:256]).accuracy(part) for bits in (8, 2)}
    assert abs(rounded[8] - trained.accuracy(part)) < 0.01
    assert quantize(trained, 2, seed=0).accuracy(part) > rounded[2] + 0.05


@given(st.integers(0, 99))
@settings(max_examples=20)
def test_no_candidate_scale_does_better(seed):
    x = np.random.default_rng(seed).normal(size=200)

    def error(scale):
        return float(np.square(np.clip(np.rint(x / scale), -7, 7) * scale - x).sum())

    best = best_scale(x, -7, 7)
    assert all(error(best) <= error(np.abs(x).max() / 7 * share / 40) + 1e-9 for share in range(1, 41))


def test_codes_need_scales():
    with pytest.raises(ValueError, match="these parameters are float; `quantize` gives them codes"):
        to_integer(start(Network(("fc",), 4).layers, seed=0))
    with pytest.raises(ValueError, match="epochs must be a whole number of at least 1, got 0"):
        Recipe(epochs=0)
    with pytest.raises(ValueError, match="this part has 1077 images, 2000 are wanted"):
        realize(Network(("fc",), 4), 0, replace(FULL, images=2000))


# The table


def test_the_table_is_whole():
    rows = enumerated.table()
    assert enumerated.missing(rows, enumerated.jobs()) == []
    assert len(rows) == len(space()) * len(enumerated.SEEDS)
    for row in rows:
        assert all(
            abs(getattr(row, score) * 360 - round(getattr(row, score) * 360)) < 1e-3 for score in enumerated.SCORES
        )


def test_a_row_can_be_trained_again():
    """Other machines sum in other orders, so a row comes back within the spread, not to the digit."""
    again = enumerated.measure(("fc",), 16, seed=1)
    for row in again:
        assert abs(row.validation - enumerated.accuracy(row.network, seed=1)) < 0.04


def test_more_bits_and_longer_training_help_on_average():
    def mean(score, bits):
        return np.mean([getattr(row, score) for row in enumerated.table() if row.bits == bits])

    assert mean("validation", 8) > mean("validation", 3) > mean("validation", 2)
    for bits in BITS:
        assert mean("proxy", bits) < mean("validation", bits)
    assert mean("validation", 2) - mean("rounded", 2) > 0.1 > 0.02 > abs(mean("validation", 8) - mean("rounded", 8))
    assert CHEAP.passes * 9 < FULL.passes


def test_the_table_resumes_where_it_stopped(tmp_path):
    file, told = tmp_path / "accuracy.csv", []
    tiny = Recipe(epochs=1, fine_epochs=1, images=32)
    wanted = [(("fc",), width, 0) for width in (2, 3)]
    done = enumerated.measure(("fc",), 2, 0, tiny, tiny)
    enumerated.write(file, [*done, replace(done[0], width=3)])  # the second was cut short after one row
    rows = enumerated.make(
        file, wanted, 1, lambda *state: told.append(state), partial(enumerated.measure, full=tiny, cheap=tiny)
    )
    assert told == [(1, 1)]
    assert [*enumerated.read(file)] == rows
    assert {row.width: sum(r.width == row.width for r in rows) for row in rows} == {2: 4, 3: 4}
    assert not [*tmp_path.glob("*.part")]


def test_the_table_says_what_it_has(tmp_path):
    with pytest.raises(ValueError, match="score 'train' is not known; the table has proxy, rounded, validation, test"):
        enumerated.accuracy(Network(("fc",), 4), "train")
    with pytest.raises(ValueError, match="fc-w5-b8 is not in the table; its widths are 4, 8, 16, 32"):
        enumerated.accuracy(Network(("fc",), 5))
    with pytest.raises(ValueError, match="seed 9 was not trained; the table has 0, 1, 2"):
        enumerated.accuracy(Network(("fc",), 4), seed=9)
    (tmp_path / "old.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"old.csv has the columns \['a', 'b'\]"):
        [*enumerated.read(tmp_path / "old.csv")]


def test_the_test_images_are_the_harder_ones():
    """What data.py says of its parts, from the table."""
    gap = np.mean([row.validation - row.test for row in enumerated.table()])
    assert round(100 * gap, 1) == 2.4


# Bundles alone


def test_bundles_alone_are_costed_by_hand():
    """conv2x2 with stride 2 and width 8: 16 places x 4 inputs x 8, then 128 inputs x 10."""
    found = {one.network.name: one for one in bundles.alone(bits=4)}
    one = found["conv2x2-w8-b4"]
    assert (one.macs, one.weight_bits) == (16 * 4 * 8 + 128 * 10, 4 * (4 * 8 + 128 * 10))
    assert len(found) == 12
    kept = bundles.selected([*found.values()])
    assert max(found.values(), key=lambda one: one.accuracy) in kept
    assert min(found.values(), key=lambda one: one.macs) in kept


@given(st.lists(st.integers(-5, 5), min_size=3, max_size=12), st.integers(0, 99))
def test_rank_correlation_is_scipys(a, seed):
    from scipy.stats import spearmanr

    b = np.random.default_rng(seed).integers(-3, 4, len(a)).tolist()
    if len({*a}) > 1 and len({*b}) > 1:
        assert bundles.rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
    else:
        with pytest.raises(ValueError, match="that are not constant"):
            bundles.rank_correlation(a, b)


def test_the_proxy_ranks_but_does_not_tell_the_best_apart():
    for seed in enumerated.SEEDS:
        assert bundles.proxy_rank(seed) > 0.6 > bundles.proxy_rank(seed, above=0.97)


# Granularity


@pytest.mark.parametrize("density", sparsity.DENSITIES)
def test_patterns_keep_an_equal_share_and_the_free_one_the_most(density):
    w = np.random.default_rng(0).normal(size=(64, 64))
    masks = {pattern: sparsity.mask(w, pattern, density) for pattern in sparsity.PATTERNS}
    assert {int(mask.sum()) for mask in masks.values()} == {round(64 * 64 * density)}
    norms = {pattern: kept_norm(w, mask) for pattern, mask in masks.items()}
    assert norms["unstructured"] == max(norms.values())
    assert norms["n:m"] > norms["4x1"] > norms["4x4"] > norms["random"]
    groups = masks["n:m"].reshape(64, -1, sparsity.DENSITIES[density][1]).sum(axis=2)
    assert set(np.unique(groups)) == {sparsity.DENSITIES[density][0]}


def test_bytes_by_hand():
    """64 x 64 int8 at half density: 2048 values. Bitmap 4096 bits; 2:4 has 2 bits a value; BSR 2 B for each block and
    each of 16 + 1 pointers."""
    w = np.random.default_rng(0).normal(size=(64, 64))
    for pattern, index in {
        "unstructured": 4096 / 8,
        "n:m": 2048 * 2 / 8,
        "4x1": 2 * (512 + 17),
        "4x4": 2 * (128 + 17),
    }.items():
        pruned = np.where(sparsity.mask(w, pattern, 1 / 2), w, 0)
        assert sparsity.stored_bytes(pruned, pattern, 1 / 2) == (2048, index)


def test_coarse_patterns_lose_more_and_fine_tuning_wins_it_back():
    net = train(sparsity.SUBJECT, seed=0)
    found = {pattern: sparsity.granularity(net, pattern, 1 / 8) for pattern in sparsity.PATTERNS}
    assert found["unstructured"].pruned > found["n:m"].pruned > found["4x1"].pruned > found["random"].pruned
    assert all(one.tuned > one.pruned + 0.1 for one in found.values())
    assert found["unstructured"].tuned > found["random"].tuned
    assert found["4x4"].compression > found["n:m"].compression > found["unstructured"].compression > 1


def test_pruned_weights_stay_at_zero_through_fine_tuning():
    net = sparsity.prune(train(sparsity.SUBJECT, 0, QUICK), "4x4", 1 / 4)
    tuned = fit(net, digits("train").first(200), 3, seed=0)
    assert all(not w[~mask].any() for w, mask in zip(tuned.weights, net.masks, strict=True))
    assert (tuned.weights[0] != net.weights[0]).any()


def test_patterns_say_what_there_is():
    with pytest.raises(ValueError, match="pattern '8x8' is not known; there are unstructured, n:m, 4x1, 4x4, random"):
        sparsity.mask(np.ones((4, 4)), "8x8", 1 / 2)
    with pytest.raises(ValueError, match=r"density must be one of 0.5, 0.25, 0.125, 0.0625, got 0.3"):
        sparsity.mask(np.ones((4, 4)), "4x4", 0.3)
