"""The command line as users meet it: output, exit status, and one line for bad input."""

import copy
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from math import log

import pytest
from rich.console import Console
from rich.table import Table

from labcore import __version__, cli
from labcore.catalogue import A100, CHIPS
from labcore.house import checkout
from labcore.models.network import Layer, Network
from labcore.models.zoo import build
from labcore.ops import elementwise
from labcore.plots.terminal import MARGIN, text_roofline
from labcore.report import LEAST_ROOFLINE, roofline_summary, roofline_table
from labcore.roofline import place_network
from labcore.terminal import hide_columns
from tests.onnx_graphs import write_resnet50

COMMANDS = ("lab", "build", "figures", "claims", "specs", "roofline", "can-i-run", "grade", "measure", "bench")


PIPE = {"COLUMNS": "200", "NO_COLOR": "1"}


def labcore(*arguments):
    """The command run in this process, where all it imports is imported once: its exit status and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["labcore", *map(str, arguments)])
        for name, value in PIPE.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return subprocess.CompletedProcess(arguments, ended.value.code, out.getvalue(), err.getvalue())


def process(*arguments, cwd=None):
    """The command as a shell runs it."""
    command = [sys.executable, "-m", "labcore.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=os.environ | PIPE, cwd=cwd, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command):
    result = labcore(command, "--help")
    assert result.returncode == 0
    assert f"labcore {command}" in result.stdout
    assert "Example" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["claims", "--colour"], "No such option: --colour"),
        (["claims", "nm1-3-v100"], "no claim 'nm1-3-v100'; did you mean nm1-3-v100-ridge"),
        (["claims", "--verdict", "wrong"], "verdict 'wrong' is not known; choose from reproduces, rounding, erratum"),
        (["specs", "H1000"], "H100"),
        (["figures", "rising"], "no figure 'rising'; did you mean rising-ridge"),
        (["figures", "rising-ridge", "--format", "gif", "--out", "nowhere"], "format 'gif' is not known"),
        (["roofline", "resnet50"], "Missing option '--on'"),
        (["roofline", "resnet51", "--on", "A100"], "resnet50"),
        (["roofline", "resnet50", "--on", "B52"], "B200"),
        (["roofline", "resnet50", "--on", "V100", "--precision", "fp8"], "V100 has no fp8 peak; it has"),
        (["roofline", "resnet50", "--on", "A100", "--batch", "0"], "batch must be a whole number of at least 1, got 0"),
        (["roofline", "resnet50", "--on", "A100", "--batch", "many"], "should be a valid integer"),
        (["roofline", "resnet50", "--on", "A100", "--batch=1.5"], ", got '1.5'; `labcore roofline --help`"),
        (["roofline", "resnet50", "--on", "A100", "--shape", "x=1"], "--shape is for .onnx files"),
        (["roofline", "no/such.onnx", "--on", "A100"], "no/such.onnx"),
        (["roofline", "README.md", "--on", "A100"], "README.md"),
        (["grade", "no.ipynb"], "no.ipynb"),
        (["grade", "README.md"], "README.md"),
        (["lab", "77"], "no lab '77'; choose from 00_start_here"),
        (["lab", "--port", "65536"], "should be less than or equal to 65535, got '65536'"),
        (["build", "77"], "no lab '77'; choose from 00_start_here"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_status_2(arguments, words):
    result = labcore(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("labcore: ")
    assert words in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"], ["specs", "H100", "--json"], ["specs", "H1000"], ["nosuch"]])
def test_a_process_of_its_own_prints_and_ends_as_the_command_does_here(arguments):
    here, there = labcore(*arguments), process(*arguments)
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)


def test_no_arguments_show_the_help():
    result = labcore()
    assert result.returncode == 0
    assert all(command in result.stdout for command in COMMANDS)


def test_the_version_is_that_of_the_package():
    assert process("--version").stdout == f"labcore {__version__}\n"


def test_precisions_are_taken_as_people_write_them():
    small, large = (labcore("roofline", "kws", "--on", "a100", "--precision", p).stdout for p in ("fp16", "FP16"))
    assert small == large != ""


def test_a_network_that_does_not_fit_is_said_not_to():
    # 70.6e9 parameters of 2 B are 141 GB
    assert (
        "DOES NOT FIT: the parameters take 141.1 GB, one T4 holds 16 GB"
        in labcore("roofline", "llama3-70b", "--on", "T4").stdout
    )
    assert "DOES NOT FIT" not in labcore("roofline", "resnet50", "--on", "T4").stdout


def test_a_narrow_terminal_still_reads_what_binds():
    placements = place_network(build("resnet50"), A100, "fp16")
    console = Console(width=80, record=True, file=io.StringIO())
    table = roofline_table(placements, "resnet50 on A100")
    assert hide_columns(table, 80, LEAST_ROOFLINE) == ["attainable", "bytes", "FLOP"]
    console.print(table)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(re.match(r" ?layer1.0.downsample .*conv2d.* memory ", line) for line in lines)


def on_a_terminal(columns, *arguments):
    """What a command prints on a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "labcore.cli", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment) as running:
        os.close(theirs)
        said = b"".join(iter(lambda: read_some(ours), b""))
    os.close(ours)
    assert running.returncode == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode()).replace("\r", "")


def read_some(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


@pytest.mark.skipif(sys.platform != "linux", reason="terminals of other systems end in other ways")
def test_sixty_columns_cut_no_cell_and_say_what_is_hidden():
    said = on_a_terminal(60, "roofline", "resnet50", "--on", "A100").splitlines()
    assert "4 columns hidden, attainable, bytes, FLOP, kind: a wider terminal, a pipe or --json shows all" in said
    drawn = [line for line in said if "┃" in line or "│" in line or " |" in line or "+--" in line]
    assert len(drawn) > 121  # the layers and the picture
    assert max(map(len, drawn)) <= 60
    assert not any("…" in line for line in drawn)


def test_the_last_columns_hidden_are_the_first_to_come_back():
    table = Table("a", "b", "c", show_edge=False)
    for column in table.columns:
        column.no_wrap = True
    table.add_row("1" * 10, "2" * 10, "3" * 10)
    wide = 3 * 10 + 3 * 2 + 2
    for width, hidden in ((wide, []), (wide - 1, ["c"]), (wide - 13, ["c"]), (wide - 14, ["c", "b"])):
        copied = copy.deepcopy(table)
        assert hide_columns(copied, width, ["c", "b"]) == hidden
        assert [one.header for one in copied.columns] == [name for name in "abc" if name not in hidden]


@pytest.mark.parametrize("command", [["specs", "--json"], ["can-i-run", "llama3-70b", "--on", "H100"], ["--help"]])
def test_a_reader_who_leaves_ends_a_command_as_the_shell_has_it(command):
    """128 and SIGPIPE's 13, not the 1 of a NO: the reading end is closed before the command writes."""
    reading, writing = os.pipe()
    os.close(reading)
    run = [sys.executable, "-m", "labcore.cli", *command]
    done = subprocess.run(run, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_chip_that_is_not_there_can_be_added():
    words = "add it as docs/how-to/chip.md shows, or take another: `labcore specs` lists all"
    assert words in labcore("roofline", "resnet50", "--on", "L5").stderr
    assert checkout("docs/how-to/chip.md").is_file()


def test_a_picture_needs_a_folder_and_is_named(tmp_path):
    asked = "roofline", "resnet50", "--on", "A100", "--plot"
    missing = labcore(*asked, tmp_path / "nope" / "x.svg")
    assert missing.returncode == 2
    assert missing.stderr == f"labcore: folder {tmp_path / 'nope'} does not exist; make it, or take another for x.svg\n"
    assert labcore(*asked, tmp_path / "x.svg").stdout.endswith(f"wrote {tmp_path / 'x.svg'}\n")


def test_a_narrow_picture_in_characters_is_no_wider_than_asked():
    points = [(f"kind{i}", 10.0**i, 100.0) for i in range(5)]
    text = text_roofline(points, R_peak=1e5, BW=10.0, width=40)
    assert max(map(len, text.splitlines())) <= 40 + MARGIN
    assert all(f"kind{i}" in text for i in range(5))


def test_claims_json_is_the_contract():
    claims = json.loads(labcore("claims", "--json").stdout)
    keys = ["id", "item", "printed", "computed", "unit", "verdict", "reason", "where"]
    assert all(list(claim) == keys for claim in claims)
    assert {claim["verdict"] for claim in claims} <= {"reproduces", "rounding", "erratum", "cited", "shown"}
    chosen = json.loads(labcore("claims", "--json", "--verdict", "erratum").stdout)
    assert chosen == [claim for claim in claims if claim["verdict"] == "erratum"]


def test_roofline_json_adds_up():
    report = json.loads(labcore("roofline", "resnet50", "--on", "A100", "--batch", 32, "--json").stdout)
    layers = report["layers"]
    assert report["T"] == pytest.approx(sum(layer["T"] for layer in layers))
    assert report["flop"] == sum(layer["count"] * layer["flop"] for layer in layers)
    first = layers[0]  # 7x7 convolution, 3 -> 64 channels, 224 -> 112, batch 32
    assert first["flop"] == 2 * 32 * 64 * 112 * 112 * 3 * 7 * 7
    assert first["D_vol"] == 2 * (32 * 3 * 224 * 224 + 64 * 3 * 7 * 7 + 32 * 64 * 112 * 112)
    assert first["bound"] == "memory"  # 123.7 FLOP/B, left of 312 / 2.039 = 153
    (deep,) = [layer for layer in layers if layer["layer"] == "layer1.0.conv2"]  # 3x3, 64 -> 64 channels, 56
    assert deep["I"] == pytest.approx(64 * 9 / (2 + 64 * 9 / (32 * 56 * 56)))  # 287 FLOP/B
    assert deep["bound"] == "compute"
    for layer in layers:
        moving, computing = layer["D_vol"] / 2.039e12, layer["flop"] / 312e12
        assert layer["bound"] == ("memory" if moving > computing else "compute"), layer["layer"]
        assert layer["T"] == pytest.approx(layer["count"] * max(moving, computing)), layer["layer"]


def test_share_of_peak_is_work_over_time_and_peak():
    report = json.loads(labcore("roofline", "resnet50", "--on", "A100", "--batch", 32, "--json").stdout)
    T = sum(layer["count"] * max(layer["flop"] / 312e12, layer["D_vol"] / 2.039e12) for layer in report["layers"])
    assert report["share_of_peak"] == pytest.approx(report["flop"] / T / 312e12)
    net = build("resnet50", batch=32)
    summary = roofline_summary(net, A100, "fp16", place_network(net, A100, "fp16"))
    assert f", {100 * report['flop'] / T / 312e12:.1f}% of peak;" in summary


def test_the_share_of_a_layer_counts_its_repetitions():
    """Three copies of an operation take three quarters of the time of four."""
    layers = (Layer("many", elementwise(1000), count=3), Layer("one", elementwise(1000)))
    placements = place_network(Network("net", layers, None), A100, "fp16")
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(roofline_table(placements, "net"))
    shares = re.findall(r"^ ?(many x3|one) .* ([\d.]+%)", console.export_text(), re.MULTILINE)
    assert shares == [("many x3", "75.0%"), ("one", "25.0%")]


def test_the_roofline_in_characters_has_its_bend_and_marks_in_place():
    """Peak 100, BW 10: bend at (10, 100). Axes from 0.1 to 100 FLOP/B, 20 columns a decade, and from 200 to 0.5."""
    points = [("low", 0.1, 1.0), ("middle", 1.0, 10.0), ("high", 30.0, 100.0)]
    text = text_roofline(points, R_peak=100.0, BW=10.0, width=61, height=27).splitlines()
    labels, grid = zip(*(line.split("|") for line in text[:27]), strict=True)
    roof = round(26 * log(200 / 100) / log(200 / 0.5))
    assert [labels[i].strip() for i in (0, roof, 26)] == ["200 FLOP/s", "100 FLOP/s", "500 mFLOP/s"]
    assert grid[roof].index("-") in (40, 41)  # the ridge, 10 FLOP/B, at column 40, which may be either line's
    assert grid[roof].count("-") in (19, 20)  # columns 40 to 60, but for the mark
    assert len(grid[roof]) == 61
    assert not any("-" in line for i, line in enumerate(grid) if i != roof)
    bare = [x for x in range(1, 40) if x != 20]  # columns of the slope without a mark
    slope = [next(i for i, line in enumerate(grid) if line[x : x + 1] == "/") for x in bare]
    assert slope == sorted(slope, reverse=True)
    places = {mark: (i, line.index(mark)) for i, line in enumerate(grid) for mark in "abc" if mark in line}
    # 10 FLOP/s is the geometric mean of 200 and 0.5; 1 lies as far above 0.5 as 200 above 100
    assert places == {"a": (26 - roof, 0), "b": (13, 20), "c": (roof, 40 + round(20 * log(3) / log(10)))}
    assert [name in text[-1] for name in ("a low", "b middle", "c high", "ridge 10 FLOP/B")] == [True] * 4


def test_roofline_of_an_onnx_file_is_that_of_the_built_in_network(tmp_path):
    """The file is written from the architecture, not from labcore's table; names of layers may differ."""
    file = tmp_path / "resnet.onnx"
    write_resnet50(file, batch=32)
    options = ["--on", "A100", "--batch", 32, "--json"]
    ours, theirs = (json.loads(labcore("roofline", model, *options).stdout) for model in ("resnet50", file))
    assert len(ours["layers"]) == len(theirs["layers"]) == 53 + 49 + 16 + 2 + 1  # conv, relu, add, pools, dense
    for mine, yours in zip(ours["layers"], theirs["layers"], strict=True):
        assert mine | {"layer": ""} == yours | {"layer": ""}
    for total in ("params", "flop", "D_vol", "I", "T", "share_of_peak"):
        assert ours[total] == pytest.approx(theirs[total]), total
    assert theirs["unknown"] == []


def test_roofline_of_a_decode_step():
    arguments = ["roofline", "gpt2-xl", "--on", "A100", "--phase", "decode", "--context", "128", "--json"]
    report = json.loads(labcore(*arguments).stdout)
    assert 0.5 < report["I"] < 1.1  # two FLOP for each two-byte weight, and the cache besides


def test_roofline_table_has_a_row_a_layer_and_a_picture(tmp_path):
    picture = tmp_path / "resnet50.png"
    result = labcore("roofline", "resnet50", "--on", "A100", "--batch", 32, "--plot", picture)
    assert result.returncode == 0, result.stderr
    assert "ridge 153 FLOP/B" in result.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    report = json.loads(labcore("roofline", "resnet50", "--on", "A100", "--batch", 32, "--json").stdout)
    assert all(
        re.search(rf"^ ?{re.escape(layer['layer'])}\b", result.stdout, re.MULTILINE) for layer in report["layers"]
    )


def test_specs_shows_sources_and_json():
    table = labcore("specs", "H100").stdout
    assert "989" in table
    assert "NVIDIA" in table
    (chip,) = json.loads(labcore("specs", "H100", "--json").stdout)
    assert chip["facts"]["peak fp16"]["value"] == pytest.approx(989e12, rel=1e-3)


def test_specs_knows_every_architecture_and_says_what_is_only_claimed():
    table = labcore("specs", "wse3").stdout
    assert re.search(r"SRAM bandwidth *│ *21 PB/s *│ claimed", table)
    every = {one["name"]: one for one in json.loads(labcore("specs", "--json").stdout)}
    assert len(every) == len(CHIPS) + 9  # of the fifteen of lab 21, six are chips of the catalogue too
    assert every["LPU v1"]["facts"]["SRAM capacity"]["source"]
    listed = labcore("specs").stdout
    assert all(name in listed for name in every)


def test_figures_writes_only_where_it_is_told(tmp_path):
    result = labcore("figures", "rising-ridge", "--out", tmp_path, "--format", "svg,png")
    assert result.returncode == 0, result.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["rising-ridge.csv", "rising-ridge.png", "rising-ridge.svg"]
    stored = checkout("figures", "rising-ridge.svg").read_bytes()
    assert (tmp_path / "rising-ridge.svg").read_bytes() == stored


def test_a_readers_matplotlibrc_changes_no_figure(tmp_path, monkeypatch):
    (tmp_path / "matplotlibrc").write_text("axes.linewidth: 3\nfont.size: 20\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    assert process("figures", "rising-ridge", "--out", tmp_path / "drawn").returncode == 0
    for name in ("rising-ridge.svg", "rising-ridge.csv"):
        assert (tmp_path / "drawn" / name).read_bytes() == checkout("figures", name).read_bytes()


def test_a_stale_figure_is_named(tmp_path):
    for name in ("rising-ridge.svg", "rising-ridge.csv"):
        shutil.copy(checkout("figures", name), tmp_path)
    clean = labcore("figures", "rising-ridge", "--out", tmp_path, "--check")
    assert (clean.returncode, clean.stdout) == (0, "1 figures are fresh\n")
    (tmp_path / "rising-ridge.csv").write_text("year,ridge\n2017,1\n")
    stale = labcore("figures", "rising-ridge", "--out", tmp_path, "--check")
    assert stale.returncode == 1
    assert "rising-ridge.csv" in stale.stdout


def commands_in_the_readme():
    """Each console block of the README: its command, and the lines it promises ('...' leaves lines out)."""
    text = checkout("README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        command, *lines = block.strip().splitlines()
        yield command.removeprefix("$ labcore "), [line for line in lines if line.strip() != "..."]


@pytest.fixture
def reader(tmp_path):
    """A reader's folder with the exercise half done: a MAC counted as one FLOP in q1, q2 right, the rest to do."""
    exercise = json.loads(checkout("exercises", "09_roofline.ipynb").read_text(encoding="utf-8"))
    answers = {
        "q1": "def dense_intensity(B, M, N, b):\n    return B * M * N / (b * (B * M + M * N + B * N))",
        "q2": "def ridge_and_share(R_peak, BW, I):\n    return R_peak / BW, min(1.0, I * BW / R_peak)",
    }
    for cell in exercise["cells"]:
        if answer := answers.get(cell["metadata"].get("answer")):
            cell["source"] = answer
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "09_roofline.ipynb").write_text(json.dumps(exercise))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "lines"), list(commands_in_the_readme()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_readme_shows_what_appears(command, lines, reader):
    shown = [" ".join(line.split()) for line in process(*shlex.split(command), cwd=reader).stdout.splitlines()]
    for line in lines:
        assert " ".join(line.split()) in shown
