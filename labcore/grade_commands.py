"""The commands of `labcore grade`: grade one notebook or a course, and what a teacher does before and after.

`labcore grade FILE` and `labcore grade FOLDER --out grades.db` need no name of a command; the others are lint,
release, feedback, export and override.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from labcore.terminal import AsJson, bar, columns, counted, print_json, show


class DefaultToRun(TyperGroup):
    """A group whose first argument may be a notebook or a folder instead of the name of a command."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Put `run` before arguments that begin with no command's name."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["run", *args] if args else ["--help"])


app = typer.Typer(cls=DefaultToRun, rich_markup_mode="markdown")
Book = Annotated[Path, typer.Argument(metavar="GRADEBOOK", help="A gradebook that `labcore grade` wrote.")]


@app.callback()
def about() -> None:
    """Grade notebooks: your own, or those of a course.

    Example: `labcore grade my/09_roofline.ipynb` checks your own work,
    `labcore grade submissions/ --key exercises/keys/09_roofline.py --out grades.db` grades a course,
    `labcore grade export grades.db --csv` writes its marks.

    All options of the first two: `labcore grade run --help`.
    """


LIMITS = "Seconds and bytes, such as cell=30,total=300,memory=2G or output=1M,disk=64M; processes=0."


@app.command()
def run(
    source: Annotated[Path, typer.Argument(metavar="FILE|FOLDER|ZIP", help="A notebook, or what a course handed in.")],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE|FOLDER", help="An exercise's source, or a folder of them.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="GRADEBOOK", help="Where a course's marks go.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Submissions graded at once; 0: one a core.")] = 0,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="A Dask scheduler, as tcp://host:8786.")] = "",
    only: Annotated[str, typer.Option(metavar="NAME", help="One student, by name or id, or one exercise.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Finish the run that was stopped.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Leave the run that was stopped; begin another.")] = False,
    secret: Annotated[Path | None, typer.Option(metavar="FILE", help="The course's secret, of `release`.")] = None,
    limits: Annotated[str, typer.Option(metavar="LIMITS", help=LIMITS)] = "",
    confinement: Annotated[str, typer.Option(help="auto, bubblewrap, landlock or none.")] = "auto",
    trusted: Annotated[bool, typer.Option("--i-trust-these-submissions", help="Allows --confinement none.")] = False,
    seed: Annotated[str, typer.Option(help="Of the hidden inputs; drawn anew when it is not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Grade one notebook, or a course with --out; exit status 1 when a check failed, 0 for a course.

    Example: `labcore grade submissions.zip --key exercises/keys --out grades.db`
    """
    from labcore.grading.confinement import choose
    from labcore.grading.grade import Setting, grade
    from labcore.grading.limits import parse_limits
    from labcore.grading.release import course_secret

    allowed = parse_limits(limits)
    if out is None and (source.is_dir() or source.suffix == ".zip"):
        raise ValueError(f"{source} is a course's work; say with --out grades.db where the marks go")
    signal.signal(signal.SIGTERM, interrupt)
    if out is None:
        with bar(f"grading {source.name}", None):
            report = grade(source, key, allowed, confinement, trusted)
        print_json(report.as_dict()) if as_json else print(report.text())
        raise typer.Exit(0 if report.passed else 1)
    if secret and not secret.exists():
        raise ValueError(f"there is no secret {secret}; `labcore grade release --students` makes it")
    own = course_secret(secret) if secret else ""
    if resume and anew:
        raise ValueError("--resume goes on with the run that was stopped and --anew leaves it; say one of them")
    setting = Setting(choose(confinement, trusted), allowed, seed)
    options = {"workers": workers, "scheduler": scheduler, "only": only, "resume": resume, "anew": anew, "secret": own}
    course(source, key, out, setting, options, as_json)


def course(source: Path, key: Path | None, out: Path, setting: object, options: dict, as_json: bool) -> None:
    """Grade a course into a gradebook, with progress and a summary by question."""
    from labcore.grading.attention import ROOT, is_root, to_look_at
    from labcore.grading.course import grade_course
    from labcore.grading.gradebook import Gradebook
    from labcore.grading.summary import summary, summary_table
    from labcore.house import checkout

    new, keys = not out.exists(), key or checkout("exercises", "keys")
    with Gradebook.open(out, create=True) as book, counted(f"grading {source.name}") as step:
        try:
            graded = list(grade_course(source, keys, book, setting, **options, step=step))
            marks = book.marks()
        except BaseException as error:
            kept = f"the marks so far are in {out}: go on with --resume" if book.unfinished() else "nothing was graded"
            if new:
                book.discard_unused()
            if isinstance(error, KeyboardInterrupt):
                raise ValueError(f"stopped; {kept}") from None
            raise
    if is_root():
        warn(ROOT)
    summaries = summary(marks)
    if as_json:
        print_json([asdict(one) for one in summaries])
        return
    show(summary_table(summaries, wide=columns() >= 120))
    anew = {(one.handed.key, one.handed.exercise) for one in graded if one.report}
    lines, before = to_look_at(marks, anew)
    said = f"\n{len(anew)} graded, {len(graded) - len(anew)} carried over unchanged"
    print("\n  ".join([f"{said}; to look at:" if lines else said, *lines]))
    if before:
        print("\n  ".join(["still to look at, from before:", *before]))
    print(f"\nmarks are in {out}; `labcore grade export {out} --csv` and `labcore grade feedback {out}` read them")


def warn(words: str) -> None:
    """A line on stderr about what is done all the same."""
    print(f"labcore: warning: {words}", file=sys.stderr)


@app.command()
def lint(
    keys: Annotated[
        list[Path], typer.Argument(metavar="SOURCE|FOLDER...", help="Exercise sources, or folders of them.")
    ],
    seeds: Annotated[int, typer.Option(min=1, help="Seeds to try the hidden inputs with.")] = 5,
    confinement: Annotated[str, typer.Option(help="auto, bubblewrap, landlock or none.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Test the keys themselves: blank 0, key full, every wrong answer caught, nothing that a constant would pass.

    Exit status 1 when a key has an error. Example: `labcore grade lint exercises/keys`
    """
    from labcore.grading.confinement import choose
    from labcore.grading.grade import executor, sources
    from labcore.grading.limits import Limits
    from labcore.grading.lint import lint as lint_key
    from labcore.grading.station import Station

    paths = [path for given in keys for path in sources(given).values()]
    with Station(choose(confinement, trusted=True)) as station, bar("linting", len(paths)) as step:
        reports = []
        for path in paths:
            reports.append(lint_key(path, seeds, executor(station, Limits())))
            step()
    print_json([one.as_dict() for one in reports]) if as_json else print("\n\n".join(one.text() for one in reports))
    raise typer.Exit(0 if all(one.ok for one in reports) else 1)


@app.command()
def release(
    keys: Annotated[Path, typer.Argument(metavar="FOLDER", help="Exercise sources, or one of them.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the notebooks go.")] = Path("release"),
    students: Annotated[Path | None, typer.Option(metavar="FILE", help="Names, one a line or first in a CSV.")] = None,
    secret: Annotated[Path, typer.Option(metavar="FILE", help="The course's secret; made if missing.")] = Path(
        "course.secret"
    ),
) -> None:
    """Make student versions from the keys: for everybody, or for each student with numbers of their own.

    Example: `labcore grade release mine/keys --out release --students students.csv --secret course.secret`
    """
    from labcore.grading import release as releases
    from labcore.grading.grade import sources

    found = sources(keys)
    names = releases.read_students(students) if students else []
    own = releases.course_secret(secret) if names else ""
    with bar("releasing", len(found) * max(1, len(names))) as step:
        written = releases.release(found, out, names, own, step)
    print(f"wrote {len(written)} notebooks to {out}")
    if names:
        print(f"{secret} is the course's secret: keep it; grade with --secret {secret}")


def interrupt(*_: object) -> None:
    """End as Ctrl-C does, so that nothing that was started outlives the command."""
    raise KeyboardInterrupt


CLASS = (
    "The class list: a CSV with columns student and id, or names, one a line. Who handed in nothing gets 0, not an "
    "empty cell, since platforms pass over empty cells and leave such a student ungraded."
)


@app.command()
def export(
    book: Book,
    csv: Annotated[bool, typer.Option("--csv", help="A row for each student (default).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    junit: Annotated[bool, typer.Option("--junit", help="JUnit XML, a test case for each question.")] = False,
    excel: Annotated[bool, typer.Option("--excel", help="CSV with a byte order mark, which Excel wants.")] = False,
    only: Annotated[str, typer.Option(metavar="NAME", help="One exercise, or one student, by name or id.")] = "",
    maximum: Annotated[bool, typer.Option("--maximum", help="A first row with all points that there are.")] = False,
    students: Annotated[Path | None, typer.Option(metavar="FILE", help=CLASS)] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write here instead of to the terminal.")] = None,
) -> None:
    """Write the marks of a gradebook.

    Example: `labcore grade export grades.db --csv --out marks.csv`
    """
    from labcore.grading.attention import unfinished_words
    from labcore.grading.class_list import marks_of, read_class, with_class
    from labcore.grading.export import to_csv, to_json, to_junit
    from labcore.grading.gradebook import Gradebook
    from labcore.house import write_atomically

    if csv + as_json + junit > 1:
        raise ValueError("--csv, --json and --junit exclude each other; choose one")
    if (maximum or students) and (as_json or junit):
        raise ValueError("--maximum and --students are for the table; leave --json and --junit out")
    with Gradebook.open(book, write=False) as opened:
        marks, unfinished = marks_of(opened.marks(), only), unfinished_words(opened)
    if students:
        marks, strangers = with_class(marks, read_class(students))
        if strangers:
            warn(f"in the gradebook, but not in {students}: {', '.join(strangers)}; another spelling makes two rows")
    if unfinished:
        warn(unfinished)
    text = to_json(marks) if as_json else to_junit(marks) if junit else to_csv(marks, excel, maximum)
    if out:
        write_atomically(out, text)
        print(f"wrote {out}")
    else:
        sys.stdout.write(text)


@app.command()
def feedback(
    book: Book,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the pages.")] = Path("feedback"),
) -> None:
    """Write a page of feedback for each student: outcomes, points, their own errors, likely slips; never a solution.

    Example: `labcore grade feedback grades.db --out feedback`
    """
    from labcore.grading.attention import unfinished_words
    from labcore.grading.feedback import write_feedback
    from labcore.grading.gradebook import Gradebook

    with Gradebook.open(book, write=False) as opened:
        written, unfinished = write_feedback(opened.marks(), out), unfinished_words(opened)
    if unfinished:
        warn(unfinished)
    print(f"wrote {len(written)} pages to {out}")


@app.command()
def override(
    book: Book,
    student: Annotated[str, typer.Argument(help="As the gradebook names them, or by the platform's id.")],
    exercise: Annotated[str, typer.Argument(help="As 09_roofline.")],
    question: Annotated[str, typer.Argument(help="As q3.")],
    points: Annotated[float | None, typer.Argument(help="What the question earns instead.")] = None,
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")] = "",
    author: Annotated[str, typer.Option(help="Who decides; your login name by default.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take an override back; the grader's points count.")] = False,
) -> None:
    """Give a question other points than the grader did; the reason is kept, and regrading does not undo it.

    Example: `labcore grade override grades.db alice 09_roofline q3 2 --reason "right, but for a renamed function"`
    """
    import getpass

    from labcore.grading.gradebook import Gradebook

    if remove == (points is not None):
        raise ValueError("an override wants its points, as q3 2; or --remove without points, to take one back")
    by = author or getpass.getuser()
    with Gradebook.open(book) as opened:
        if remove:
            earned = opened.withdraw(student, exercise, question, by, reason or "withdrawn")
            print(f"{student}, {exercise} {question}: the grader's {earned:g} points count again")
        else:
            opened.override(student, exercise, question, points, by, reason)
            print(f"{student}, {exercise} {question}: {points:g} points; {reason}")
