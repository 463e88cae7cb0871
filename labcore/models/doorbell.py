"""A small network as an .onnx file, to ask about: it looks for people at a doorbell."""

from __future__ import annotations

from pathlib import Path

CONVOLUTIONS = {"c1": (16, 3, 3, 3), "c2": (32, 16, 3, 3), "c3": (64, 32, 3, 3)}  # channels out, in, height, width
DENSE = {"w": (64, 2)}
SIDE = 128  # pixels of a square picture in three colours


def save_doorbell(folder: str | Path) -> Path:
    """Write doorbell.onnx into the folder: three strided convolutions with a ReLU each, a mean, a matrix.

    The file names its weights and their shapes but does not hold them: a count needs no values.

    >>> from tempfile import TemporaryDirectory
    >>> from labcore.models.load import load_network
    >>> with TemporaryDirectory() as folder:
    ...     network = load_network(str(save_doorbell(folder)), None, "int8")
    >>> network.params == 9 * (3 * 16 + 16 * 32 + 32 * 64) + 64 * 2
    True
    """
    from onnx import TensorProto, helper, save_model

    weights = []
    for name, shape in (CONVOLUTIONS | DENSE).items():
        empty = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        empty.external_data.add(key="location", value="weights.bin")
        weights.append(empty)
    nodes, x = [], "image"
    for name in CONVOLUTIONS:
        sizes = {"strides": [2, 2], "pads": [1] * 4, "kernel_shape": [3, 3]}
        nodes.append(helper.make_node("Conv", [x, name], [f"{name}o"], **sizes))
        nodes.append(helper.make_node("Relu", [f"{name}o"], [f"{name}r"]))
        x = f"{name}r"
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"]))
    nodes.append(helper.make_node("MatMul", ["flat", *DENSE], ["person"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    person = helper.make_tensor_value_info("person", TensorProto.FLOAT, (1, 2))
    body = helper.make_graph(nodes, "doorbell", [image], [person], weights)
    file = Path(folder) / "doorbell.onnx"
    save_model(helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)]), file)
    return file
