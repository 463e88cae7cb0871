"""Writes .onnx files for tests, from the architectures themselves and not from labcore's tables.

Weights are declared as external data in a file that is never written: legal ONNX, as exporters write large networks,
and a ResNet-50 is then some 30 kB instead of 100 MB. labcore reads shapes only, so nothing misses them.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name, *dims, dtype=FLOAT):
    """A weight whose values lie in a file beside the graph, which nobody reads."""
    tensor = TensorProto(name=name, dims=dims, data_type=dtype, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="weights.bin")
    return tensor


def ints(name, *values):
    """A constant vector of whole numbers, such as a shape."""
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def scalar(name, value):
    return numpy_helper.from_array(np.array(value, dtype=np.float32), name)


def value(name, dims, dtype=FLOAT):
    """An input or an output; a str among the dims leaves that size open."""
    return helper.make_tensor_value_info(name, dtype, dims)


def graph(nodes, inputs, outputs, constants=(), opset=17, domains=(), ir_version=8):
    """A model; inputs and outputs are pairs of a name and its dims, which are None where the reader must find them."""
    named, ends = ([value(*pair) for pair in pairs] for pairs in (inputs, outputs))
    body = helper.make_graph(nodes, "g", named, ends, list(constants))
    opsets = [helper.make_opsetid(domain, version) for domain, version in (("", opset), *domains)]
    return helper.make_model(body, opset_imports=opsets, ir_version=ir_version, producer_name="labcore tests")


def write(path, *args, **options):
    save_model(graph(*args, **options), path)
    return path


class ResNet50:
    """ResNet-50 v1.5, node by node as a framework exports it; `folded` as after constant folding of the norms."""

    STAGES = ((64, 256, 3, 1), (128, 512, 4, 2), (256, 1024, 6, 2), (512, 2048, 3, 2))  # width, out, blocks, stride

    def __init__(self, folded=False):
        self.nodes, self.weights, self.folded = [], [], folded

    def node(self, op, inputs, **attributes):
        out = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"n{len(self.nodes)}", **attributes))
        return out

    def vector(self, name, size):
        self.weights.append(weight(name, size))
        return name

    def conv(self, x, channels, filters, kernel, stride):
        name = f"w{len(self.weights)}"
        self.weights.append(weight(name, filters, channels, kernel, kernel))
        pad = (kernel - 1) // 2
        inputs = [x, name, self.vector(f"{name}.b", filters)] if self.folded else [x, name]
        y = self.node("Conv", inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        if self.folded:
            return y
        vectors = [self.vector(f"{name}.{part}", filters) for part in ("scale", "bias", "mean", "var")]
        return self.node("BatchNormalization", [y, *vectors])

    def bottleneck(self, x, channels, width, out, stride):
        y = self.node("Relu", [self.conv(x, channels, width, 1, 1)])
        y = self.node("Relu", [self.conv(y, width, width, 3, stride)])
        y = self.conv(y, width, out, 1, 1)
        shortcut = x if channels == out else self.conv(x, channels, out, 1, stride)
        return self.node("Relu", [self.node("Add", [y, shortcut])])

    def whole(self, batch):
        x = self.node("Relu", [self.conv("images", 3, 64, 7, 2)])
        x = self.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        channels = 64
        for width, out, blocks, stride in self.STAGES:
            for block in range(blocks):
                x = self.bottleneck(x, channels, width, out, stride if block == 0 else 1)
                channels = out
        x = self.node("Flatten", [self.node("GlobalAveragePool", [x])])
        self.weights += [weight("fc", 1000, 2048), weight("fc.b", 1000)]
        x = self.node("Gemm", [x, "fc", "fc.b"], transB=1)
        return self.nodes, [("images", (batch, 3, 224, 224))], [(x, (batch, 1000))], self.weights


def write_resnet50(path, batch=32, folded=False):
    """Write ResNet-50 v1.5; a str as batch leaves it open."""
    return write(path, *ResNet50(folded).whole(batch))


def write_transformer_block(path, batch=2, seq=16, d=64, heads=4, vocab=100):
    """Token embedding and one pre-norm decoder block with biases, as GPT-2 has them, exported eagerly."""
    head = d // heads
    n = []

    def node(op, inputs, outputs=None, **attributes):
        out = outputs or [f"t{len(n)}"]
        n.append(helper.make_node(op, inputs, out, name=f"{op.lower()}{len(n)}", **attributes))
        return out[0] if outputs is None else out

    def linear(x, name, into):
        weights.extend([weight(name, d if name != "down" else 4 * d, into), weight(f"{name}.b", into)])
        return node("Add", [node("MatMul", [x, name]), f"{name}.b"])

    def norm(x, name):
        weights.extend([weight(f"{name}.scale", d), weight(f"{name}.bias", d)])
        return node("LayerNormalization", [x, f"{name}.scale", f"{name}.bias"], axis=-1)

    def split_heads(x, perm):
        return node("Transpose", [node("Reshape", [x, "per_head"])], perm=perm)  # (B, T, H, d_head) to heads first

    weights = [weight("table", vocab, d), ints("thirds", d, d, d), scalar("root", head**0.5)]
    weights += [ints("per_head", batch, seq, heads, head), ints("whole", batch, seq, d)]
    x = node("Gather", ["table", "ids"])
    q, k, v = node("Split", [linear(norm(x, "ln1"), "qkv", 3 * d), "thirds"], ["q", "k", "v"], axis=-1)
    scores = node("MatMul", [split_heads(q, [0, 2, 1, 3]), split_heads(k, [0, 2, 3, 1])])
    attention = node("Softmax", [node("Div", [scores, "root"])], axis=-1)
    mixed = node("Transpose", [node("MatMul", [attention, split_heads(v, [0, 2, 1, 3])])], perm=[0, 2, 1, 3])
    x = node("Add", [x, linear(node("Reshape", [mixed, "whole"]), "proj", d)])
    hidden = node("Gelu", [linear(norm(x, "ln2"), "up", 4 * d)], approximate="tanh")
    y = node("Add", [x, linear(hidden, "down", d)])
    return write(path, n, [("ids", (batch, seq), INT64)], [(y, (batch, seq, d))], weights, opset=20)
