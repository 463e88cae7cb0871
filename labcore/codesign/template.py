"""The hardware half of the search: a systolic accelerator whose sizes, dataflow and bits are parameters.

A template multiplies signed weights of `weight_bits` by unsigned activations of `activation_bits`, adds in
`accumulator_bits`, and holds so many words of weights and of activations. A network of fewer bits runs on it, one of
more does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.codesign import networks
from labcore.units import positive_ints

DATAFLOWS = ("os", "ws")  # what the register-transfer array can do; is, input stationary, is ws with operands swapped
BITS = tuple(sorted(networks.BITS))


@dataclass(frozen=True)
class Template:
    """One accelerator: rows x cols PEs, a dataflow, bits of each operand and words of each memory.

    Raises ValueError for sizes that are not positive ints, a dataflow or a precision that no template has, and an
    accumulator narrower than one product.

    >>> Template(4, 8, "ws", weight_bits=4, activation_bits=4).pes
    32
    """

    rows: int
    cols: int
    dataflow: str = "ws"
    weight_bits: int = 8
    activation_bits: int = 8
    accumulator_bits: int = 32
    weight_words: int = 4096
    activation_words: int = 1024

    def __post_init__(self) -> None:
        positive_ints(rows=self.rows, cols=self.cols, accumulator_bits=self.accumulator_bits)
        positive_ints(weight_words=self.weight_words, activation_words=self.activation_words)
        if self.dataflow not in DATAFLOWS:
            raise ValueError(f"a template's dataflow is {' or '.join(DATAFLOWS)}, got {self.dataflow!r}")
        for name in ("weight_bits", "activation_bits"):
            if getattr(self, name) not in BITS:
                raise ValueError(
                    f"{name} is one of {BITS}, got {getattr(self, name)!r}; {_nearest(getattr(self, name))}"
                )
        if self.accumulator_bits < (need := self.weight_bits + self.activation_bits):
            raise ValueError(
                f"accumulator_bits {self.accumulator_bits} holds no product of {need} bits; take {need} or more"
            )

    @property
    def pes(self) -> int:
        """Processing elements, one multiplier and one adder in each."""
        return self.rows * self.cols


def _nearest(bits: object) -> str:
    enough = [b for b in BITS if isinstance(bits, int) and b >= bits]
    return f"take {enough[0]}" if enough else f"round to {max(BITS)} bits"


def supports(template: Template, weight_bits: int, activation_bits: int) -> bool:
    """Whether the template's multipliers take such operands: as many bits as it has, or fewer.

    >>> supports(Template(2, 2, weight_bits=4, activation_bits=4), 8, 4)
    False
    """
    return weight_bits <= template.weight_bits and activation_bits <= template.activation_bits
