"""A network by name or by file: the one door that the command line and the labs use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labcore.models.network import Network
from labcore.models.zoo import build


def load_network(
    model: str, batch: int | None, precision: str, shapes: Sequence[str] = (), **options: object
) -> Network:
    """Build a network of the zoo, or read an .onnx file where `model` ends in .onnx or is a path.

    `shapes` are texts like 'input=1,3,224,224' for inputs whose sizes the file leaves open; `options` are those
    of the zoo (phase, seq, context). Raises ValueError where the two do not go together.

    >>> load_network("resnet50", 32, "fp16").batch
    32
    """
    options = {name: value for name, value in options.items() if value is not None}
    if not (model.endswith(".onnx") or Path(model).exists() or "/" in model):
        if shapes:
            raise ValueError(f"--shape is for .onnx files; {model} is built in and takes --batch")
        return build(model, batch=1 if batch is None else batch, precision=precision, **options)
    if options:
        raise ValueError(f"{', '.join(options)} goes with built-in language models; the file's own shapes decide here")
    from labcore.models.onnx_file import read

    return read(model, batch=batch, shapes=parse_shapes(shapes), precision=precision)


def with_batch(texts: Sequence[str], old: int, new: int) -> tuple[str, ...]:
    """The shapes with a first size of `new` where it was `old`.

    >>> with_batch(["tokens=8,128", "table=3,8"], old=8, new=2)
    ('tokens=2,128', 'table=3,8')
    """
    sized = {name: (new, *sizes[1:]) if sizes[0] == old else sizes for name, sizes in parse_shapes(texts).items()}
    return tuple(f"{name}={','.join(map(str, sizes))}" for name, sizes in sized.items())


def parse_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Read 'name=1,3,224,224' texts into a mapping.

    >>> parse_shapes(["input=1,3,224,224"])
    {'input': (1, 3, 224, 224)}
    """
    shapes = {}
    for text in texts:
        name, _, sizes = text.partition("=")
        try:
            shapes[name] = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            shapes[name] = ()
        if not name or not shapes[name] or min(shapes[name]) < 1:
            raise ValueError(f"a shape is written input=1,3,224,224 with sizes of at least 1; got {text!r}")
    return shapes
