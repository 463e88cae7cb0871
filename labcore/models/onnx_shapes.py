"""The size of every tensor of an ONNX graph: inputs made definite, the rest inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labcore.models.onnx_node import Tensor
from labcore.units import Bytes

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

# Bytes of an element by the name of its type in ONNX; a chosen precision replaces those of the floats.
FLOAT_BYTES = {
    "DOUBLE": 8, "FLOAT": 4, "FLOAT16": 2, "BFLOAT16": 2, "FLOAT8E4M3FN": 1, "FLOAT8E4M3FNUZ": 1, "FLOAT8E5M2": 1,
    "FLOAT8E5M2FNUZ": 1, "FLOAT4E2M1": 0.5,
}  # fmt: skip
OTHER_BYTES = {
    "INT64": 8, "UINT64": 8, "INT32": 4, "UINT32": 4, "INT16": 2, "UINT16": 2, "INT8": 1, "UINT8": 1, "BOOL": 1,
    "INT4": 0.5, "UINT4": 0.5,
}  # fmt: skip

Dims = tuple[int | str, ...] | None  # a str is a size left open, by its symbol or '?'; None is an unknown rank


def fix_shapes(
    inputs: Mapping[str, Dims], batch: int | None, shapes: Mapping[str, Sequence[int]]
) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    """Make every input definite, and say what each symbol came to.

    `shapes` fixes inputs by name; `batch` the first dimension of those that leave it open. A symbol has one size
    in the whole file. Raises ValueError for a size that contradicts the file, or is still open.

    >>> fix_shapes({"x": ("N", 3, 8, 8), "mask": ("N", 8)}, batch=2, shapes={})
    ({'x': (2, 3, 8, 8), 'mask': (2, 8)}, {'N': 2})
    """
    for name in shapes:
        if name not in inputs:
            raise ValueError(f"the file has no input {name!r} to give a shape; it has {', '.join(inputs) or 'none'}")
    asked = dict(inputs) | {name: _agreed(name, inputs[name], tuple(sizes)) for name, sizes in shapes.items()}
    if batch is not None:
        asked = _with_batch(asked, batch)
    symbols = {}
    for name, dims in inputs.items():
        for symbol, size in zip(dims or (), asked[name] or (), strict=dims is not None):
            named = isinstance(symbol, str) and symbol != "?" and isinstance(size, int)
            if named and symbols.setdefault(symbol, size) != size:
                raise ValueError(f"size {symbol!r} of the file cannot be both {symbols[symbol]} and {size}")
    fixed = {name: dims and tuple(symbols.get(d, d) for d in dims) for name, dims in asked.items()}
    for name, dims in fixed.items():
        if dims is None or any(isinstance(d, str) for d in dims):
            raise ValueError(_way_out(name, dims))
    return fixed, symbols


def _agreed(name: str, dims: Dims, sizes: tuple[int, ...]) -> tuple[int, ...]:
    if dims is not None:
        pairs = zip(dims, sizes, strict=False)
        if len(dims) != len(sizes) or any(d != size for d, size in pairs if not isinstance(d, str)):
            raise ValueError(f"input {name!r} is {_words(dims)} in the file, which {_words(sizes)} contradicts")
    return sizes


def _with_batch(inputs: Mapping[str, Dims], batch: int) -> dict[str, Dims]:
    open_ones = {name for name, dims in inputs.items() if dims and isinstance(dims[0], str)}
    name, dims = next(iter(inputs.items()), ("", None))
    if not open_ones and dims and dims[0] != batch:
        raise ValueError(
            f"batch {batch} contradicts the file, whose input {name!r} is fixed at {_words(dims)}; "
            "leave the batch out, or export with an open first dimension"
        )
    return {name: (batch, *dims[1:]) if name in open_ones else dims for name, dims in inputs.items()}


def _way_out(name: str, dims: Dims) -> str:
    """Name the input whose size is open, and the option that fixes it, with likely sizes in the open places."""
    if dims is None:
        return f"input {name!r} has no shape in the file; give one with --shape {name}=1,3,224,224"
    likely = (1, *((224 if len(dims) == 4 else 128,) * (len(dims) - 1)))
    example = ",".join(str(guess if isinstance(d, str) else d) for d, guess in zip(dims, likely, strict=True))
    batch = "--batch N or " if not any(isinstance(d, str) for d in dims[1:]) else ""
    return f"input {name!r} leaves sizes open, {_words(dims)}; fix them with {batch}--shape {name}={example}"


def _words(dims: Dims) -> str:
    return " x ".join(map(str, dims or ())) or "a single number"


def input_dims(model: ModelProto) -> dict[str, Dims]:
    """The inputs that a caller feeds, not the weights that old files list among them, with their sizes."""
    weights = {w.name for w in model.graph.initializer}
    return {v.name: _dims(v) for v in model.graph.input if v.name not in weights}


def _dims(value: ValueInfoProto) -> Dims:
    """Sizes of a value; exporters also write an open one as 0 or -1."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    return tuple(d.dim_value if d.dim_value > 0 else d.dim_param or "?" for d in value.type.tensor_type.shape.dim)


def infer_tensors(
    model: ModelProto,
    inputs: Mapping[str, tuple[int, ...]],
    symbols: Mapping[str, int],
    float_bytes: Bytes | None,
) -> dict[str, Tensor]:
    """Every tensor whose size follows from the inputs', by name; raises ValueError where they do not fit together."""
    from onnx import checker, helper, shape_inference

    graph = model.graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = _dims(value)
        if dims is not None or value.name in inputs:
            sizes = inputs.get(value.name) or tuple(symbols.get(d, d) for d in dims)
            sizes = [None if isinstance(d, str) else d for d in sizes]
            value.CopyFrom(helper.make_tensor_value_info(value.name, value.type.tensor_type.elem_type, sizes))
    try:
        graph = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    except (shape_inference.InferenceError, checker.ValidationError, RuntimeError) as error:
        raise ValueError(f"the graph does not fit together: {' '.join(str(error).split())}") from None
    values = [(v.name, v.type.tensor_type.elem_type, _dims(v)) for v in graph.input]
    values += [(v.name, v.type.tensor_type.elem_type, _dims(v)) for v in (*graph.value_info, *graph.output)]
    values += [(w.name, w.data_type, tuple(w.dims)) for w in graph.initializer]
    return {
        name: Tensor(name, dims, _element_bytes(kind, float_bytes))
        for name, kind, dims in values
        if kind and dims is not None and not any(isinstance(d, str) for d in dims)
    }


def _element_bytes(kind: int, float_bytes: Bytes | None) -> Bytes:
    from onnx import TensorProto

    name = TensorProto.DataType.Name(kind)
    if name in FLOAT_BYTES:
        return FLOAT_BYTES[name] if float_bytes is None else float_bytes
    return OTHER_BYTES.get(name, 0)  # text and complex numbers reach no operator that is counted
