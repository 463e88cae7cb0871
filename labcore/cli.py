"""The command `labcore`: labs, figures, claims, chips, rooflines, grading.

Results go to stdout, progress to stderr, and under --json only JSON goes to stdout. Bad input of any kind ends with
exit status 2 and one line on stderr that names the way out; LABCORE_DEBUG=1 shows the traceback instead. Ctrl-C ends
with 130, as the shell has it.
Each command imports what it needs when it runs, so that `labcore --help` answers at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from labcore import feasibility_command, grade_commands, site_command
from labcore.grading import grammars  # noqa: F401 (for its effect)
from labcore.terminal import AsJson, bar, columns, print_json, progress, show

JUPYTERLAB = "from labcore.grading import grammars; from jupyterlab.labapp import main; main()"  # in half the time
INTERRUPTED = 130  # the shell's: 128 and the number of SIGINT
CLOSED = 141  # 128 and the number of SIGPIPE: the reader left, as `| head` does
app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Labs on hardware acceleration: work through them, grade exercises, regenerate the book's figures.",
)
app.add_typer(grade_commands.app, name="grade")
app.command("can-i-run")(feasibility_command.can_i_run)
app.command("site")(site_command.site)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Labs on hardware acceleration: work through them, grade exercises, regenerate the book's figures."""
    if version:
        import labcore

        print(f"labcore {labcore.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; every foreseeable failure is one line and exit status 2."""
    arguments = sys.argv[1:] or ["--help"]
    if os.environ.get("LABCORE_DEBUG"):
        sys.exit(app(arguments, prog_name="labcore"))
    try:
        status = app(arguments, prog_name="labcore", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        status = CLOSED
    except typer.TyperException as error:
        words = error.format_message().rstrip(".") + given(error, arguments)
        status = fail(f"{words}; `{error_command(error)} --help` shows an example")
    except (ValueError, OSError, ImportError) as error:
        status = fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except SystemExit:  # typer's way out where nobody reads on
        status = CLOSED
    if status == CLOSED:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written goes nowhere
    if status == INTERRUPTED:  # typer makes this number of Ctrl-C
        fail("stopped; what was written before is kept")
    sys.exit(status if isinstance(status, int) else 0)


def fail(message: str) -> int:
    """Say on stderr what was wrong, in one line, and return exit status 2."""
    print(f"labcore: {' '.join(message.split())}", file=sys.stderr)
    return 2


def given(error: Exception, arguments: list[str]) -> str:
    """What came for the option that an error is about, since the message itself does not say."""
    for option in getattr(getattr(error, "param", None), "opts", ()):
        for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
            name, equals, value = argument.partition("=")
            if name == option:
                return f", got {value if equals else following!r}"
    return ""


def error_command(error: Exception) -> str:
    """The command whose help applies to a usage error."""
    context = getattr(error, "ctx", None)
    return context.command_path if context else "labcore"


@app.command()
def lab(
    name: Annotated[str, typer.Argument(help="Number or name of a lab: 09, roofline.")] = "00",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the server on this machine.")] = 8888,
) -> None:
    """Open JupyterLab on a lab; exercises are copied to my/ first, where your work is yours.

    Example: `labcore lab roofline`
    """
    from labcore.book import find_lab
    from labcore.grading.exercise import copy_exercises
    from labcore.house import ROOT, my_folder

    notebook = find_lab(name).notebook
    for copied in copy_exercises(my_folder()):
        print(f"copied exercise to {copied.relative_to(ROOT)}")
    address = f"/lab/tree/{notebook.relative_to(ROOT).as_posix()}"
    options = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url={address}", f"--ServerApp.port={port}"]
    options += [f"--LabApp.app_settings_dir={lab_settings()}", "--LabApp.news_url=None"]
    options.append("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
    options += [] if browser else ["--no-browser"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    raise typer.Exit(subprocess.call([sys.executable, "-c", JUPYTERLAB, *options]))


def lab_settings() -> Path:
    """JupyterLab settings of the labs: no question about news, which would also ask another host."""
    return Path(__file__).parent / "lab_settings"


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Labs to build; all when none is named.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name what is stale (exit status 1).")] = False,
) -> None:
    """Build notebooks and exercises from their sources, and the documents of docs/ from the ledger.

    Example: `labcore build 09`
    """
    from labcore import book
    from labcore.grading.exercise import build_exercises
    from labcore.house import ROOT, checkout, my_folder, write_atomically

    chosen = [book.find_lab(name) for name in names] if names else book.labs()
    fresh: dict[Path, str] = {}
    failed = 0
    for lab, text in progress(book.build_all(chosen), "building labs", len(chosen)):
        if isinstance(text, book.BookError):
            failed = fail(str(text))
        else:
            fresh[lab.notebook] = text
    sources = sorted(checkout("exercises", "keys").glob("[0-9][0-9]_*.py"))
    wanted = [one for one in sources if not names or any(lab.source.stem == one.stem for lab in chosen)]
    with ThreadPoolExecutor(2) as side_by_side:  # as the labs are
        for built in side_by_side.map(build_exercises, wanted):
            fresh |= built
    if not names:
        readme = checkout("README.md")
        fresh[readme] = book.with_index(readme.read_text(encoding="utf-8"))
        fresh |= book.docs()
    stale = [line for path, text in fresh.items() for line in staleness(path, text)]
    if check:
        print("\n".join(stale) or f"{len(fresh)} built files are fresh")
        raise typer.Exit(failed or int(bool(stale)))
    for path, text in fresh.items():
        if path.parent.name == "notebooks" and path.exists() and book.was_edited(path):
            kept = book.keep_copy(path, my_folder())
            print(f"{path.name} was worked in; your copy is kept as {kept.relative_to(ROOT)}")
        write_atomically(path, text)
    print(f"built {len(fresh)} files; {len(stale) or 'none'} changed")
    raise typer.Exit(failed)


def staleness(path: Path, text: str) -> list[str]:
    """One line for each way in which a stored file differs from its fresh build."""
    from labcore.book import differences
    from labcore.house import ROOT

    name = path.relative_to(ROOT)
    if not path.exists():
        return [f"{name}: not built yet; run `labcore build`"]
    stored = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return [] if stored == text else [f"{name}: stale; run `labcore build`"]
    return [f"{name}: {what}; run `labcore build`" for what in differences(stored, text)]


@app.command()
def figures(
    ids: Annotated[list[str] | None, typer.Argument(help="Figures to draw; all when none is named.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to (default: figures/).")] = None,
    format: Annotated[str, typer.Option(help="Any of svg, png, pdf, with commas.")] = "svg",
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name what is stale (exit status 1).")] = False,
) -> None:
    """Regenerate figures, each with the plotted data as ID.csv; in figures/ the gallery's index too.

    Example: `labcore figures rising-ridge --out /tmp/figures --format svg,png`
    """
    from labcore.house import checkout, write_atomically
    from labcore.plots import gallery, registry

    chosen = [registry.find(id).id for id in ids] if ids else list(registry.figures())
    folder = out or checkout("figures")
    index = gallery_index() if gallery.is_own_folder(folder) else {}
    if check:
        stale = gallery.stale_figures(chosen, folder)
        stale += [problem for path, text in index.items() if (problem := gallery.difference(path, text.encode))]
        print("\n".join(stale) or f"{len(chosen)} figures are fresh")
        raise typer.Exit(int(bool(stale)))
    formats = [part.strip() for part in format.split(",") if part.strip()]
    with bar("drawing figures", len(chosen)) as step:
        written = gallery.build_figures(chosen, folder, formats, step)
    for path, text in index.items():
        write_atomically(path, text)
        written.append(path)
    print(f"wrote {len(written)} files to {folder}")


def gallery_index() -> dict[Path, str]:
    """The index of the checkout's figures/, built anew, by its path."""
    from labcore import book
    from labcore.house import checkout
    from labcore.plots.gallery import INDEX
    from labcore.report import figure_index

    return {checkout("figures", INDEX): figure_index.page(book.cells())}


@app.command()
def claims(
    ids: Annotated[list[str] | None, typer.Argument(help="Claims to settle; all when none is named.")] = None,
    verdict: Annotated[str, typer.Option(help="Only claims with this verdict.")] = "",
    consistency: Annotated[bool, typer.Option("--consistency", help="Compare what is stated more than once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ledger: every statement of the book as printed, as computed, with its verdict and reason.

    Example: `labcore claims --verdict erratum`, or `labcore claims --consistency` for quantities with several places
    """
    if consistency:
        show_consistency(ids or [], verdict, as_json)
        return
    from labcore import report
    from labcore.claims.ledger import VERDICTS
    from labcore.claims.ledger import claims as settle
    from labcore.claims.settled import SettledTable, summary

    if verdict and verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r} is not known; choose from {', '.join(VERDICTS)}")
    settled = SettledTable(one for one in settle(*(ids or [])) if verdict in ("", one.verdict))
    if as_json:
        print_json([one.as_dict() for one in settled])
        return
    if columns() >= 120:
        show(report.claims_table(settled))
    else:
        print("\n\n".join(map(repr, settled)))
    print(f"\n{summary(settled)}")


def show_consistency(ids: list[str], verdict: str, as_json: bool) -> None:
    """The quantities that stand in more than one place; of those that ids carry, where ids are given."""
    from labcore import report
    from labcore.claims.ledger import find
    from labcore.claims.quantities import quantities

    if verdict:
        raise ValueError("--consistency compares places and takes no --verdict; leave one of them out")
    wanted = {find(id).id for id in ids}
    chosen = [one for one in quantities() if not ids or wanted & {*one.errata, *(p.claim for p in one.places)}]
    if as_json:
        print_json([one.as_dict() for one in chosen])
        return
    show(report.consistency_table(chosen))
    print(f"\n{report.consistency_summary(chosen)}")


@app.command()
def specs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CHIP]...", help="Chips; all when none is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the hardware catalogue; with a chip's name, every number with its source.

    Example: `labcore specs H100 "TPU v4" WSE-3`
    """
    from labcore import report
    from labcore.catalogue import CHIPS
    from labcore.catalogue.architectures import beyond, described

    chosen = [described(name) for name in names] if names else [*CHIPS, *beyond()]
    if as_json:
        print_json([report.specs_object(one) for one in chosen])
    elif names:
        for one in chosen:
            show(report.facts_table(one))
    else:
        show(report.specs_table(CHIPS), hide=report.LEAST_SPECS)
        print(f"\nOther kinds, with memories of their own (lab 21): {', '.join(one.name for one in beyond())}.")
        print("Dense peaks. `labcore specs CHIP` shows every number with its source.")


@app.command()
def roofline(
    model: Annotated[str, typer.Argument(help="A built-in network (resnet50, gpt2-xl, ...) or an .onnx file.")],
    on: Annotated[str, typer.Option(metavar="CHIP", help="A chip of `labcore specs`.")],
    precision: Annotated[str, typer.Option(help="One the chip has; half precision by default.")] = "",
    batch: Annotated[int | None, typer.Option(help="Inputs per pass (1 for built-in networks).")] = None,
    phase: Annotated[str | None, typer.Option(help="prefill or decode, for language models.")] = None,
    seq: Annotated[int | None, typer.Option(help="Tokens of the prompt in prefill.")] = None,
    context: Annotated[int | None, typer.Option(help="Tokens attended to in decode, the new one included.")] = None,
    shape: Annotated[list[str] | None, typer.Option(help="input=1,3,224,224 for an .onnx with free sizes.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw to FILE: .svg, .png or .pdf.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put every layer of a network on a chip's roofline: work, traffic, intensity, what binds, least time.

    Example: `labcore roofline resnet50 --on A100 --batch 32`
    """
    from labcore import report
    from labcore.catalogue import chip as find_chip
    from labcore.models.load import load_network
    from labcore.plots.terminal import MARGIN, text_roofline
    from labcore.roofline import place_network

    chip = find_chip(on)
    precision = precision.lower() or report.default_precision(chip)
    R_peak = chip.peak(precision)
    options = {"phase": phase, "seq": seq, "context": context}
    network = load_network(model, batch, precision, shape or [], **options)
    if not network.flop:
        unknown = f"; unknown operators: {', '.join(network.unknown)}" if network.unknown else ""
        raise ValueError(f"{model} holds no operation that can be counted{unknown}")
    placements = place_network(network, chip, precision)
    if plot:
        from labcore.plots.network import save_network_roofline

        save_network_roofline(network, chip, precision, plot)
    if as_json:
        print_json(report.roofline_object(network, chip, precision, placements))
        return
    show(report.roofline_table(placements, f"{network.name} on {chip.name}"), hide=report.LEAST_ROOFLINE)
    points = [(p.layer.op.kind, p.I, p.R_attain) for p in placements]
    print(f"\n{text_roofline(points, R_peak, chip.BW, min(72, columns() - MARGIN))}\n")
    print(report.roofline_summary(network, chip, precision, placements))
    if plot:
        print(f"wrote {plot}")


@app.command()
def measure(
    json: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write here; - is stdout.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Some seconds: the shape, not the last digit.")] = False,
) -> None:
    """Measure this machine's own roofline, in less than two minutes; the labs then use it (my/measured.json).

    Example: `labcore measure --json m.json`
    """
    from labcore import report
    from labcore.measure import files
    from labcore.measure.session import measure

    path = None if json == "-" else files.destination(json, quick)
    measured = measure(quick, lambda steps: progress(steps, "measuring", len(steps)))
    if json == "-":
        print(files.as_text(measured), end="")
        return
    if path:
        files.write(path, measured)
    for table in report.measured_tables(measured):
        show(table)
        print()
    print("\n".join([*(f"warning: {words}" for words in measured.warnings), files.way_on(path)]))


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Parts of names of measurements; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the project's own speed, each figure beside its limit or peer (`make peers` installs the peer).

    Example: `labcore bench roofline --json`
    """
    from labcore.bench.measurements import chosen
    from labcore.bench.rows import bench_table

    measures = chosen(names or [])
    rows = [measure() for measure in progress(measures, "measuring", len(measures))]
    if as_json:
        print_json(rows)
    else:
        show(bench_table(rows))


if __name__ == "__main__":
    main()
