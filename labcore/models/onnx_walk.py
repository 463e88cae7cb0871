"""The walk over an ONNX graph: its layers, what each reads of the others, and what cannot be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from labcore.models.network import Layer
from labcore.models.onnx_node import Node, NotCountedError, Tensor
from labcore.models.onnx_ops import FREE, OPERATORS
from labcore.models.onnx_weights import Constant, Weights
from labcore.ops import Operation

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

STANDARD = ("", "ai.onnx")  # the two names of the standard operators' domain
SAME_BITS = FREE | {"DequantizeLinear", "Transpose"}  # what leaves integer weights in their bits
TRAINED = {"BatchNormalization": 3, "Resize": 1, "Upsample": 1}  # inputs that may be weights; others have no other


class Walk:
    """A walk over the nodes of a graph in their order, gathering layers and what cannot be counted.

    What no layer makes, since it is free or cannot be counted, lies in the bytes of what it was made from.
    """

    def __init__(
        self, model: ModelProto, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant], fed: Iterable[str]
    ) -> None:
        self.weights = Weights(constants)
        self.tensors = dict(tensors)
        self.fed = tuple((name, tensors[name].nbytes) for name in fed if name in tensors)
        self.made_by = {name: (name,) for name, _ in self.fed}  # the layers and fed inputs whose bytes a tensor lies in
        self.opset = max((o.version for o in model.opset_import if o.domain in STANDARD), default=1)
        self.made_of = {name: {name} for name in constants}  # what is known before the run, and from which constants
        self.stored: set[str] = set()  # integer weights, and what is made of them in the same number of bits
        self.folded = _folded_normalizations(model)
        self.behind: set[str] = set()  # tensors that depend on what could not be counted, and may have no size
        self.layers: list[Layer] = []
        self.unknown: list[str] = []
        self.loose = 0  # parameters that only uncounted operators read

    def visit(self, node: NodeProto) -> None:
        """Count one node, or find that it costs nothing, or that it cannot be counted."""
        inputs = [name for name in node.input if name]
        self.weights.meet(node)
        self.made_by.update(dict.fromkeys(node.output, self.makers(inputs)))
        if not self.behind.isdisjoint(inputs):
            self.behind.update(node.output)
        if self._known_before_the_run(node, inputs):
            parts = [] if node.op_type in ("Shape", "Size") else [self.made_of[name] for name in inputs]
            self.made_of.update(dict.fromkeys(node.output, set().union(*parts)))
            self.made_by.update(dict.fromkeys(node.output, ()))
            self._keep_stored(node)
        elif not self._free(node):
            self._count(node, inputs)

    def makers(self, names: Iterable[str]) -> tuple[str, ...]:
        """The layers and fed inputs in whose bytes some tensors lie, each once."""
        return tuple(dict.fromkeys(maker for name in names for maker in self.made_by.get(name, ())))

    def _keep_stored(self, node: NodeProto) -> None:
        """Integer weights stay what they are until the unit that reads them widens them."""
        (name, *_), (made, *_) = node.input or [""], node.output
        kept = name in self.stored or (name in self.weights.constants and self.weights.stored(name))
        if kept and node.op_type in SAME_BITS and made in self.tensors:
            self.stored |= {name, made}
            self.tensors[made] = replace(self.tensors[made], bytes_per_element=self.tensors[name].bytes_per_element)

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
        taken = {layer.name for layer in self.layers} | {name for name, _ in self.fed}
        name = node.name if node.name and node.name not in taken else node.output[0]
        label = f"{node.domain}.{node.op_type} {name}".lstrip(".")
        try:
            op = self._operation(node, label, inputs)
        except NotCountedError as reason:
            self.unknown.append(f"{label} {reason}".rstrip())
            self.behind.update(node.output)
            self.folded.pop(node.output[0], None)
            self.loose += self._claim(node, inputs)
            return
        self.layers.append(Layer(name, op, self._claim(node, inputs), inputs=self.makers(inputs)))
        self.made_by.update(dict.fromkeys(node.output, (name,)))

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
        constants = self.weights.constants
        stored = name in self.stored or (name in constants and self.weights.stored(name))
        return replace(self.tensors[name], constant=name in self.made_of, stored=stored)

    def _claim(self, node: NodeProto, inputs: list[str]) -> int:
        """Parameters of the constants behind the inputs of a node that no layer has yet: shared weights count once."""
        names = inputs[: TRAINED.get(node.op_type)]
        if node.output[0] in self.folded:
            names = [*names, *self.folded[node.output[0]].input[1:3]]
        return self.weights.claim(set().union(*(self.made_of.get(name, ()) for name in names)))


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
