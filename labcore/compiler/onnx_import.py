"""An .onnx file as a graph with its weights, ready for the passes.

labcore.models.onnx_file reads the file first and says what is wrong with it: no ONNX, open sizes, shapes that
contradict. What then follows from constants and shapes alone, as exporters write it around a Reshape, is computed by
onnx's own evaluator. Each other operator has a row in CONVERT, which writes it in labcore's operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labcore.compiler.graph import Graph, Tensor, graph, rebuilt
from labcore.compiler.onnx_rows import CONVERT, Import
from labcore.models.onnx_file import read
from labcore.models.onnx_shapes import fix_shapes, input_dims

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

ALIASES = {"Identity", "Dropout", "Cast"}  # other names for their input, where all floats are of one width


def import_onnx(path: str | Path, batch: int | None = None, shapes: Mapping[str, Sequence[int]] | None = None) -> Graph:
    """The graph of an .onnx file; needs the onnx package. `batch` and `shapes` fix sizes that the file leaves open.

    Raises ValueError for a file that cannot be read, sizes that are open or contradict, and operators or forms of
    them that have no row here: all are listed, with how to add one.

    >>> import tempfile
    >>> from onnx import parser
    >>> text = '<ir_version: 8, opset_import: ["": 17]> g (float[N, 4] x) => (float[N, 4] y) {y = Relu(x)}'
    >>> with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
    ...     _ = file.write(parser.parse_model(text).SerializeToString())
    ...     file.flush()
    ...     [(node.op, node.shape) for node in import_onnx(file.name, batch=2).nodes]
    [('relu', (2, 4))]
    """
    path = Path(path)
    read(path, batch, shapes)
    model = _with_weights(path)
    inputs, _ = fix_shapes(input_dims(model), batch, shapes or {})
    made, unknown = _started(model, inputs), []
    for node in model.graph.node:
        try:
            _add(made, node)
        except NotImplementedError as reason:
            unknown.append(f"{node.op_type} {node.name or node.output[0]} {reason}".rstrip())
            made.alias |= dict.fromkeys(node.output, "")
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None
    if unknown:
        raise ValueError(f"{path.name}: not imported: {'; '.join(unknown)}. There are {', '.join(sorted(CONVERT))}; "
                         "to add one, give it a row in labcore.compiler.onnx_rows.CONVERT")  # fmt: skip
    outputs = [made.alias.get(value.name, value.name) for value in model.graph.output]
    fed = {name: made.tensors[name] for name in inputs}
    return rebuilt(graph(fed, {}, made.constants, outputs=list(fed)[:1]), made.nodes, outputs=outputs)


def _with_weights(path: Path) -> ModelProto:
    import onnx

    try:
        model = onnx.load(path)
    except (OSError, onnx.checker.ValidationError) as error:
        raise ValueError(f"{path.name}: weights beside the file cannot be read, and a graph that runs needs them "
                         f"({' '.join(str(error).split())}); put them there") from None  # fmt: skip
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def _started(model: ModelProto, inputs: Mapping[str, tuple[int, ...]]) -> Import:
    from onnx import helper, numpy_helper

    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    fed = {n: Tensor(shape, str(helper.tensor_dtype_to_np_dtype(types[n]))) for n, shape in inputs.items()}
    return Import(fed, {w.name: numpy_helper.to_array(w) for w in model.graph.initializer})


def _add(made: Import, node: NodeProto) -> None:
    """Append what one ONNX node does, or find that it is known before the run or another name of its input."""
    from onnx import helper

    inputs = [made.alias.get(name, name) for name in node.input if name]
    if any(name == "" for name in inputs):  # behind one that is unknown: its shape is, too
        made.alias |= dict.fromkeys(node.output, "")
    elif node.op_type == "Shape":
        made.constant(node.output[0], np.array(made.tensors[inputs[0]].shape, np.int64))
    elif all(name in made.constants and made.constants[name].dtype.kind != "f" for name in inputs):
        for name, array in zip(node.output, _evaluated(node, [made.constants[n] for n in inputs]), strict=True):
            made.constant(name, array)
    elif node.op_type in ALIASES:
        made.alias[node.output[0]] = inputs[0]
    elif node.op_type not in CONVERT:
        raise NotImplementedError
    else:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        CONVERT[node.op_type](made, list(node.output), inputs, attributes)


def _evaluated(node: NodeProto, arrays: list[np.ndarray]) -> Sequence[np.ndarray]:
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(node).run(None, dict(zip([n for n in node.input if n], arrays, strict=True)))
