"""The statements that compute one node: what the generated program consists of."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from labcore.compiler.graph import Graph, Node, Tensor
from labcore.compiler.loops import expression, loop
from labcore.compiler.operators import operator
from labcore.windows import pads, per_axis

VECTORISED = ("tanh", "sigmoid", "silu", "gelu_tanh")  # numpy takes many exp and tanh at a time, a plain loop one
TAKEN = ("np", "math", "F", "arena", "constants", "columns", "bind", "run", "njit", "place")


@dataclass
class Writer:
    """What is written so far: loops by their text, arrays that are made once, and the statements of the run."""

    graph: Graph
    fast: bool  # with compiled loops, else numpy alone
    loops: dict[str, str] = field(default_factory=dict)
    work: dict[tuple, str] = field(default_factory=dict)  # (kind, shape, padding) to the name of an array
    names: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def name(self, value: str) -> str:
        """The Python name of a value."""
        if value not in self.names:
            word = re.sub(r"\W", "_", value)
            word = f"v_{word}" if word[:1].isdigit() or keyword.iskeyword(word) or word in TAKEN else word
            while word in self.names.values():
                word += "_"
            self.names[value] = word
        return self.names[value]

    def array(self, kind: str, shape: tuple[int, ...], dtype: str, *key: object) -> str:
        """The name of an array that is made once, shared by all that ask alike."""
        return self.work.setdefault((kind, shape, dtype, *key), f"{kind}_{len(self.work)}")

    def write(self, node: Node) -> None:
        """The statements of one node."""
        parts, head = node.parts, node.parts[0]
        self.lines.append(f"# {' + '.join(part.op for part in parts)} -> {node.shape}")
        if operator(head.op).kind == "elementwise":
            self._chain(node.name, parts)
        else:
            write = getattr(self, f"_{head.op}", self._plain)
            write(head, self.name(node.name), [self.name(word) for word in head.inputs])
            if rest := self._rest(head, parts[1:]):
                self._chain(node.name, rest, head.name)

    def _rest(self, head: Node, parts: Sequence[Node]) -> list[Node]:
        """The epilogue: the bias of a barrier as an addition, then what was fused behind it."""
        if head.op not in ("conv2d", "gemm") or len(head.inputs) < 3:
            return list(parts)
        biased = Node(f"{head.name} with bias", "add", (head.name, f"{head.inputs[2]} as bias"), head.tensor)
        swap = {head.name: biased.name}
        return [biased, *(replace(one, inputs=tuple(swap.get(w, w) for w in one.inputs)) for one in parts)]

    def _chain(self, target: str, parts: Sequence[Node], start: str = "") -> None:
        words = {word for part in parts for word in part.inputs}
        biases = {word: word.removesuffix(" as bias") for word in words if word.endswith(" as bias")}
        deep = len(parts[0].shape) == 4  # channels stand before height and width
        tensors = dict(self.graph.tensors)
        for word, bias in biases.items():
            tensors[word] = Tensor((*tensors[bias].shape, 1, 1) if deep else tensors[bias].shape)
        if start:
            tensors[start] = parts[0].tensor
        names = {word: self.name(biases.get(word, word)) for word in words if word in tensors}
        names |= {start: self.name(target)} if start else {}
        if not self.fast or any(part.op in VECTORISED for part in parts):
            shown = names | {word: f"{names[word]}[:, None, None]" for word in biases if deep}
            self.lines.append(f"np.copyto({self.name(target)}, {expression(parts, shown)})")
            return
        made = loop(parts, tensors, "KERNEL", start)
        kernel = self.loops.setdefault(made.text, f"kernel_{len(self.loops)}")
        arrays = [self.name(target), *(names[word] for word in made.operands)]
        calls = (f"{one}.reshape({shape})" for one, shape in zip(arrays, made.shapes, strict=True))
        self.lines.append(f"{kernel}({', '.join(calls)})")

    def _plain(self, head: Node, y: str, words: list[str]) -> None:
        given = ", ".join([*words, *(f"{key}={value!r}" for key, value in head.attributes.items())])
        self.lines.append(f"np.copyto({y}, REFERENCE[{head.op!r}]({given}))")

    def _conv2d(self, head: Node, y: str, words: list[str]) -> None:
        a = head.attributes
        x, w = words[:2]
        stride, padding, groups = a["stride"], a["padding"], a["groups"]
        if not self.fast:
            self.lines.append(f"np.copyto({y}, conv2d({x}, {w}, {stride!r}, {padding!r}, groups={groups}))")
            return
        (N, C, H, W), (K, Cg, R, S) = (self.graph.tensors[word].shape for word in head.inputs[:2])
        if (R, S, groups) == (1, 1, 1) and head.shape[2:] == (H, W):
            self.lines.append(f"conv_1x1({x}, {w}, {y})")
            return
        (top, bottom), (left, right) = pads(padding)
        if top or bottom or left or right:
            shape = (N, C, H + top + bottom, W + left + right)
            x = f"pad_into({self.array('padded', shape, head.tensor.dtype, padding)}, {x}, {padding!r})"
        if groups == C == K and groups > 1:
            self.lines.append(f"depthwise({x}, {w}, {y}, {', '.join(map(str, per_axis('stride', stride)))})")
            return
        columns = self.array("columns", (Cg * R * S, head.shape[2] * head.shape[3]), head.tensor.dtype)
        way = "conv_columns" if groups == 1 else "conv_grouped"
        self.lines.append(f"{way}({x}, {w}, {y}, {columns}, {stride!r})")

    def _gemm(self, head: Node, y: str, words: list[str]) -> None:
        K, N = self.graph.tensors[head.inputs[1]].shape
        self.lines.append(f"np.matmul({words[0]}.reshape(-1, {K}), {words[1]}, out={y}.reshape(-1, {N}))")

    def _matmul(self, head: Node, y: str, words: list[str]) -> None:
        self.lines.append(f"np.matmul({words[0]}, {words[1]}, out={y})")
        if head.attributes["scale"] != 1:
            self.lines.append(f"np.multiply({y}, {head.attributes['scale']!r}, out={y})")

    def _transpose(self, head: Node, y: str, words: list[str]) -> None:
        self.lines.append(f"np.copyto({y}, {words[0]}.transpose({head.attributes['perm']!r}))")

    def _reshape(self, head: Node, y: str, words: list[str]) -> None:
        self.lines.append(f"{y} = {words[0]}.reshape({head.shape!r})")

    def _slice(self, head: Node, y: str, words: list[str]) -> None:
        a, rank = head.attributes, len(head.shape)
        axis = a["axis"] % rank
        cut = ", ".join(f"{a['start']}:{a['stop']}" if i == axis else ":" for i in range(rank))
        self.lines.append(f"np.copyto({y}, {words[0]}[{cut}])")

    def _concat(self, head: Node, y: str, words: list[str]) -> None:
        self.lines.append(f"np.concatenate([{', '.join(words)}], {head.attributes['axis']}, out={y})")
