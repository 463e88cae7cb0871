"""ZigZag 3.9.1 on one product and one buffer, in a virtual environment of its own (`make peers`)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from labcore.house import ROOT
from labcore.units import Seconds

PYTHON = ROOT / ".venv-zigzag" / "bin" / "python"
WAY_OUT = "ZigZag is not here; `make peers` installs it in a virtual environment of its own"
LIMIT = 6  # loops that ZigZag merges the prime factors of the sizes into; its own default
BITS = 8  # of a word, here; what counts is words

# One multiplier, one buffer and DRAM; a word in or out of DRAM costs 1 and all else nothing, so energy counts words.
MEMORY = """  {name}:
    size: {bits}
    r_cost: {cost}
    w_cost: {cost}
    area: 0
    latency: 1
    operands: [I1, I2, O]
    ports:
      - name: rw_port_1
        type: read_write
        bandwidth_min: 8
        bandwidth_max: 8
        allocation: ["I1, fh", "I1, tl", "I2, fh", "I2, tl", "O, fh", "O, tl", "O, fl", "O, th"]
    served_dimensions: [D1]
"""
HARDWARE = """name: buffer
memories:
{buffer}{dram}operational_array:
  unit_energy: 0
  unit_area: 1
  dimensions: [D1]
  sizes: [1]
"""
MAPPING = """- name: default
  spatial_mapping: {}
  memory_operand_links: {O: O, W: I2, I: I1}
"""
PRODUCT = """- id: 0
  operator_type: Gemm
  equation: O[m][n]+=I[m][k]*W[k][n]
  dimension_relations: []
  loop_dims: [M, K, N]
  loop_sizes: [{M}, {K}, {N}]
  operand_precision: {{I: 8, W: 8, O: 8, O_final: 8}}
  operand_source: {{I: 0, W: 0}}
"""
SEARCH = """
import json, sys, time
from zigzag.api import get_hardware_performance_zigzag as search
start = time.perf_counter()
words, _, _ = search("product.yaml", "hardware.yaml", "mapping.yaml", opt="energy", dump_folder="out",
                     lpf_limit=int(sys.argv[1]), nb_spatial_mappings_generated=1, loma_show_progress_bar=False)
print(json.dumps([words, time.perf_counter() - start]))
"""


def zigzag_search(M: int, K: int, N: int, buffer_words: int, limit: int = LIMIT) -> tuple[float, Seconds]:
    """The words between DRAM and buffer of the mapping that ZigZag finds for (M, K) @ (K, N), and its time to search.

    Its time is of the search alone, after its start. Raises ValueError with its last line where it fails.
    """
    buffer = MEMORY.format(name="buffer", bits=BITS * buffer_words, cost=0)
    dram = MEMORY.format(name="dram", bits=BITS * 10**10, cost=1)
    with tempfile.TemporaryDirectory(prefix="labcore-") as name:
        folder = Path(name)
        (folder / "hardware.yaml").write_text(HARDWARE.format(buffer=buffer, dram=dram))
        (folder / "mapping.yaml").write_text(MAPPING)
        (folder / "product.yaml").write_text(PRODUCT.format(M=M, K=K, N=N))
        command = [PYTHON, "-c", SEARCH, str(limit)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"ZigZag fails: {(done.stderr.strip().splitlines() or ['it was silent'])[-1]}")
    words, seconds = json.loads(done.stdout.strip().splitlines()[-1])
    return words, seconds
