"""Reads an .onnx file into a Network: the layers it runs in inference, with their work and traffic.

Only shapes matter, so weights are never loaded: a file whose weights lie beside it is read without them. A batch
normalization that alone follows a convolution is folded into it, as runtimes do; its scale and bias stay parameters
of the layer. Every other operator is a layer of its own, in the order of the file, with the bytes of its operands
at their true sizes (`labcore.models.onnx_ops` says what each costs and which are free).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labcore.models.network import Network
from labcore.models.onnx_shapes import fix_shapes, infer_tensors, input_dims
from labcore.models.onnx_walk import Walk
from labcore.models.onnx_weights import strip_weights
from labcore.precision import bytes_per_element
from labcore.units import positive_ints

if TYPE_CHECKING:
    from onnx import ModelProto


def read(
    path: str | Path,
    batch: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    precision: str | None = None,
) -> Network:
    """Read an .onnx file; needs the onnx package.

    `batch` is the first dimension of every input that leaves it open, `shapes` the sizes of inputs by name.
    Floats take the bytes of `precision`, or of their own type in the file where it is None; integers keep theirs, and
    so do integer weights behind a DequantizeLinear, which are widened on their way into the unit. Parameters are the
    float constants of rank 1 and more and those of few-bit integers. What cannot be counted is named in
    `Network.unknown` and `left_out`. Raises ValueError for a file that is not ONNX, and for sizes that are open or
    contradict.

    >>> import tempfile
    >>> from onnx import parser
    >>> text = '<ir_version: 8, opset_import: ["": 17]> g (float[N, 64] x) => (float[N, 64] y) {y = Relu(x)}'
    >>> with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
    ...     _ = file.write(parser.parse_model(text).SerializeToString())
    ...     file.flush()
    ...     read(file.name, batch=2).flop
    128
    """
    float_bytes = bytes_per_element(precision) if precision else None
    if batch is not None:
        positive_ints(batch=batch)
    path = Path(path)
    model = _load(path)
    open_inputs = input_dims(model)
    try:
        inputs, symbols = fix_shapes(open_inputs, batch, shapes or {})
        constants = strip_weights(model)
        walk = Walk(model, infer_tensors(model, inputs, symbols, float_bytes), constants, inputs)
        for node in model.graph.node:
            walk.visit(node)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    first = next(iter(inputs.values()), ())
    batch = first[0] if first else 1
    made_by = " ".join(filter(None, (model.producer_name, model.producer_version, f"opset {walk.opset}")))
    note = f"read from {path.name} ({made_by})"
    outputs = walk.makers(value.name for value in model.graph.output)
    held = walk.weights
    return Network(
        path.stem, tuple(walk.layers), None, batch, note, tuple(walk.unknown), walk.loose, held.integers,
        held.integer_bytes, held.left_out, walk.fed, outputs,
    )  # fmt: skip


def _load(path: Path) -> ModelProto:
    """Parse a file without its outside weights, its functions written out; raises ValueError in one line."""
    try:
        from onnx import ModelProto, inliner
    except ImportError:
        raise ValueError('reading .onnx files needs the onnx package: pip install "labcore[onnx]"') from None
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe is waited for, a device has no end
        raise ValueError(f"{path} is no file; give the path of an .onnx file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; give the path of an .onnx file") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); give the path of an .onnx file") from None
    try:
        model = ModelProto.FromString(data)
    except Exception:  # protobuf's own class, whatever its version
        raise ValueError(f"{path} is not an ONNX file: its {len(data)} bytes do not parse as one") from None
    if not model.ir_version or not model.graph.node:
        raise ValueError(f"{path} is not an ONNX file: it holds no graph")
    return inliner.inline_local_functions(model) if model.functions else model
