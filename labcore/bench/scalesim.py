"""SCALE-Sim 3.0.0 on one product, in a virtual environment of its own (`make peers`)."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path

from labcore.house import ROOT
from labcore.units import Seconds

PYTHON = ROOT / ".venv-scalesim" / "bin" / "python"
WAY_OUT = "SCALE-Sim is not here; `make peers` installs it in a virtual environment of its own"
CONFIG = """[general]
run_name = peer
[architecture_presets]
ArrayHeight : {rows}
ArrayWidth : {cols}
IfmapSramSzkB : 8192
FilterSramSzkB : 8192
OfmapSramSzkB : 8192
IfmapOffset : 0
FilterOffset : 10000000
OfmapOffset : 20000000
Dataflow : {dataflow}
Bandwidth : 10
ReadRequestBuffer : 64
WriteRequestBuffer : 64
[layout]
IfmapCustomLayout : False
IfmapSRAMBankBandwidth : 10
IfmapSRAMBankNum : 10
IfmapSRAMBankPort : 2
FilterCustomLayout : False
FilterSRAMBankBandwidth : 10
FilterSRAMBankNum : 10
FilterSRAMBankPort : 2
[sparsity]
SparsitySupport : false
SparseRep : ellpack_block
OptimizedMapping : false
BlockSize : 8
RandomNumberGeneratorSeed : 40
[run_presets]
InterfaceBandwidth : CALC
UseRamulatorTrace : False
"""


def scalesim_run(M: int, K: int, N: int, rows: int, cols: int, dataflow: str) -> tuple[int, Seconds]:
    """The compute cycles that SCALE-Sim reports for (M, K) @ (K, N), and how long its run took, start included.

    Raises ValueError with its last line where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="labcore-") as name:
        folder = Path(name)
        (folder / "array.cfg").write_text(CONFIG.format(rows=rows, cols=cols, dataflow=dataflow))
        (folder / "product.csv").write_text(f"Layer,M,N,K,\nproduct,{M},{N},{K},\n")
        (folder / "layout.csv").write_text("Layer,\nproduct," + "1," * 16 + "\n")  # read, and not used
        files = ["-c", "array.cfg", "-t", "product.csv", "-l", "layout.csv", "-p", "out"]
        command = [PYTHON, "-m", "scalesim.scale", *files, "-i", "gemm", "-s", "N"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    found = re.search(r"^Compute cycles: (\d+)", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise ValueError(f"SCALE-Sim fails: {(done.stderr.strip().splitlines() or ['it was silent'])[-1]}")
    return int(found[1]), seconds
