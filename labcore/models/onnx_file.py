"""Reads an .onnx file into a Network: the layers it runs in inference, with their work and traffic.

Only shapes matter, so weights are never loaded: a file whose weights lie beside it is read without them. A batch
normalization that alone follows a convolution is folded into it, as runtimes do; its scale and bias stay parameters
of the layer. Every other operator is a layer of its own, in the order of the file, with the bytes of its operands
at their true sizes (`labcore.models.onnx_ops` says what each costs and which are free).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from labcore.models.network import Layer, Network
from labcore.models.onnx_ops import FREE, OPERATORS, Node, NotCountedError, Tensor
from labcore.models.onnx_shapes import fix_shapes, infer_tensors, input_dims, strip_weights
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.units import positive_ints

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

STANDARD = ("", "ai.onnx")  # the two names of the standard operators' domain


def read(
    path: str | Path,
    batch: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    precision: str | None = None,
) -> Network:
    """Read an .onnx file; needs the onnx package.

    `batch` is the first dimension of every input that leaves it open, `shapes` the sizes of inputs by name.
    Floats take the bytes of `precision`, or of their own type in the file where it is None; integers keep theirs.
    Parameters are the float constants of rank 1 and more that a counted layer reads. What cannot be counted is
    named in `Network.unknown`. Raises ValueError for a file that is not ONNX, or sizes that are open or contradict.

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
        params = strip_weights(model)
        walk = _Walk(model, infer_tensors(model, inputs, symbols, float_bytes), params)
        for node in model.graph.node:
            walk.visit(node)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    first = next(iter(inputs.values()), ())
    made_by = " ".join(filter(None, (model.producer_name, model.producer_version, f"opset {walk.opset}")))
    note = f"read from {path.name} ({made_by})"
    return Network(path.stem, tuple(walk.layers), None, first[0] if first else 1, note, tuple(walk.unknown))


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


class _Walk:
    """A walk over the nodes of a graph in their order, gathering layers and what cannot be counted."""

    def __init__(self, model: ModelProto, tensors: Mapping[str, Tensor], params: Mapping[str, int]) -> None:
        self.tensors, self.params = tensors, params
        self.opset = max((o.version for o in model.opset_import if o.domain in STANDARD), default=1)
        self.made_of = {name: {name} for name in params}  # what is known before the run, and from which constants
        self.claimed: set[str] = set()  # constants whose parameters a layer has: shared weights count once
        self.folded = _folded_normalizations(model)
        self.behind: set[str] = set()  # tensors that depend on what could not be counted, and may have no size
        self.layers: list[Layer] = []
        self.unknown: list[str] = []

    def visit(self, node: NodeProto) -> None:
        """Count one node, or find that it costs nothing, or that it cannot be counted."""
        inputs = [name for name in node.input if name]
        if not self.behind.isdisjoint(inputs):
            self.behind.update(node.output)
        if self._known_before_the_run(node, inputs):
            parts = [] if node.op_type in ("Shape", "Size") else [self.made_of[name] for name in inputs]
            self.made_of.update(dict.fromkeys(node.output, set().union(*parts)))
        elif not self._free(node):
            self._count(node, inputs)

    def _known_before_the_run(self, node: NodeProto, inputs: list[str]) -> bool:
        """Whether a standard operator without a body works on constants and shapes only."""
        from onnx import defs

        if node.op_type in ("Shape", "Size", "Constant"):
            return True
        standard = node.domain in STANDARD and defs.has(node.op_type) and not node.op_type.startswith("Random")
        whole = standard and not any(attribute.HasField("g") for attribute in node.attribute)
        return whole and bool(inputs) and all(name in self.made_of for name in inputs)

    def _free(self, node: NodeProto) -> bool:
        if node.op_type == "BatchNormalization" and node.input[0] in self.folded:
            return True
        return node.op_type in FREE and node.domain in STANDARD

    def _count(self, node: NodeProto, inputs: list[str]) -> None:
        """Append the layer of a node, or name it among the unknown."""
        name = node.name or node.output[0]
        label = f"{node.domain}.{node.op_type} {name}".lstrip(".")
        try:
            op = self._operation(node, label, inputs)
        except NotCountedError as reason:
            self.unknown.append(f"{label} {reason}".rstrip())
            self.behind.update(node.output)
            self.folded.pop(node.output[0], None)
            return
        weights = inputs[:3] if node.op_type == "BatchNormalization" else inputs  # not its running statistics
        if node.output[0] in self.folded:
            weights = [*weights, *self.folded[node.output[0]].input[1:3]]
        self.layers.append(Layer(name, op, self._claim(weights)))

    def _operation(self, node: NodeProto, label: str, inputs: list[str]) -> Operation:
        from onnx import helper

        if node.domain not in STANDARD or node.op_type not in OPERATORS:
            raise NotCountedError
        missing = [name for name in (*inputs, node.output[0]) if name not in self.tensors]
        if missing and node.output[0] in self.behind:
            raise NotCountedError("(sized by one of these)")
        if missing:
            raise ValueError(f"{label}: the size of {missing[0]!r} does not follow from the inputs; export fixed sizes")
        operands = tuple(self._tensor(name) if name else None for name in node.input)
        results = tuple(self._tensor(name) for name in node.output if name in self.tensors)
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        return OPERATORS[node.op_type](Node(node.op_type, label, operands, results, attributes, self.opset))

    def _tensor(self, name: str) -> Tensor:
        return replace(self.tensors[name], constant=name in self.made_of)

    def _claim(self, names: Iterable[str]) -> int:
        """Parameters of the constants behind some inputs that no layer has yet."""
        new = set().union(*(self.made_of.get(name, ()) for name in names)) - self.claimed
        self.claimed |= new
        return sum(self.params[name] for name in new)


def _folded_normalizations(model: ModelProto) -> dict[str, NodeProto]:
    """The batch normalizations that alone follow a convolution, by the name of the tensor between the two."""
    uses = Counter(name for node in model.graph.node for name in node.input)
    uses.update(value.name for value in model.graph.output)
    convolved = {node.output[0] for node in model.graph.node if node.op_type == "Conv"}
    return {
        node.input[0]: node
        for node in model.graph.node
        if node.op_type == "BatchNormalization"
        and node.input[0] in convolved
        and uses[node.input[0]] == 1
        and not any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute)
    }
