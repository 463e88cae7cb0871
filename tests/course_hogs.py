"""Submissions that crash, hang or use too much; each says what bounds it where nothing confines it."""

from tests.course_key import RIGHT
from tests.course_parts import before, case, flag_sets

SLOW = "import time\nend = time.monotonic() + 60\n"  # every loop ends by itself after a minute
ENDED = "the kernel is the submission's own"


def hog(name, source, *edits, lost="q1", **expected):
    """A first answer that is right, after something that is too much."""
    return case("hogs", name, *edits, q1=f"{source}\n{RIGHT['q1']}", lost=lost, **expected)


def called(name, source, *edits, lost="q1", **expected):
    """A first answer that is too much when it is called."""
    body = "\n".join(f"    {line}" for line in source.splitlines())
    return case("hogs", name, *edits, q1=f"def matmul_macs(M, K, N):\n{body}", lost=lost, **expected)


# These nine run into the time of a cell; each costs the run that long.
HANGS = (
    hog("endless-loop", f"{SLOW}while time.monotonic() < end:\n    pass", flags=("timeout",), bound="60 s"),
    called("endless-call", f"{SLOW}while time.monotonic() < end:\n    pass", flags=("timeout",), bound="60 s a call"),
    hog("sleeps", "import time\ntime.sleep(60)", flags=("timeout",), bound="60 s"),
    hog(
        "catches-everything",
        f"""{SLOW}import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
while time.monotonic() < end:
    try:
        time.sleep(1)
    except BaseException:
        continue""",
        flags=("timeout",),
        bound="60 s, for signals that end politely",
    ),
    hog("backtracking", "import re\nre.match('(a|a)+$', 'a' * 27 + 'b')", flags=("timeout",), bound="some minutes"),
    hog(
        "slow-repr",
        "class Slow:\n    def __repr__(self):\n        import time\n        time.sleep(60)\ndisplay(Slow())",
        flags=("timeout",),
        bound="60 s",
    ),
    case(
        "hogs",
        "helper-hangs",
        before("q2", "import time\ntime.sleep(60)"),
        maybe="q2",
        flags=("timeout",),
        bound="60 s",
        why="the helper cell may be left out alone, or with the question that it stands before",
    ),
    hog(
        "prints-endlessly",
        f"{SLOW}while time.monotonic() < end:\n    print('x' * 80)",
        flags=("output", "timeout", "output timeout"),
        bound="60 s",
        why="either limit may be met first",
    ),
    hog(
        "closes-everything",
        "import os\nos.closerange(3, 256)",
        flags=("died", "timeout"),
        bound=ENDED,
        why="without its sockets the kernel aborts or falls silent",
    ),
)

ENDS = (
    hog("os-exit", "import os\nos._exit(0)", flags=("died",), bound=ENDED),
    called("os-exit-in-call", "import os\nos._exit(3)", flags=("died",), bound=ENDED),
    hog("sys-exit", "import sys\nsys.exit(0)", bound=ENDED, why="an error of the cell; the kernel goes on"),
    called("sys-exit-in-call", "import sys\nsys.exit(0)", bound=ENDED, why="an error of the call"),
    hog("exit", "exit()", flags=("", "died"), lost="", maybe="q1", bound=ENDED, why="exit asks the kernel to end soon"),
    called("quit-in-call", "quit()", flags=("", "died"), bound=ENDED, why="an error of the call, or the kernel's end"),
    hog("kills-itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", flags=("died",), bound=ENDED),
    hog("terminates-itself", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", flags=("died",), bound=ENDED),
    hog("null-pointer", "import ctypes\nctypes.string_at(0)", flags=("died",), bound=ENDED),
    hog("abort", "import os\nos.abort()", flags=("died",), bound=ENDED),
    called(
        "recursion-in-c",
        "nest = ()\nfor _ in range(500_000):\n    nest = (nest,)\nreturn hash(nest)",
        flags=("died",),
        bound=ENDED,
    ),
    case(
        "hogs",
        "three-exits",
        q1="import os\nos._exit(1)",
        q2="import os\nos._exit(1)",
        q3="import os\nos._exit(1)",
        lost="q1 q2 q3",
        flags=("died",),
        bound=ENDED,
    ),
    case(
        "hogs",
        "five-exits",
        q1="import os\nos._exit(1)",
        q2="import os\nos._exit(1)",
        q3="import os\nos._exit(1)",
        q4="import os\nos._exit(1)",
        q5="import os\nos._exit(1)",
        lost="q1 q2 q3 q4 q5",
        flags=("died unfinished",),
        bound=ENDED,
        why="four runs end at four questions; the fifth is not reached",
    ),
    case(
        "hogs",
        "helper-exits",
        before("q2", "import os\nos._exit(1)"),
        maybe="q2",
        flags=("died",),
        bound=ENDED,
        why="the helper cell may be left out alone, or with the question that it stands before",
    ),
)

MEMORY = (
    hog(
        "growing-list",
        "held = []\nfor _ in range(48):\n    held.append(np.zeros(2**26, np.uint8))",
        flags=("", "died"),
        bound="3 GB asked for, none touched",
        why="a MemoryError, or the system ends the kernel",
    ),
    called(
        "growing-list-in-call",
        "held = []\nfor _ in range(48):\n    held.append(b'x' * 2**26)",
        flags=("", "died", "timeout"),
        bound="3 GB while the call runs",
        why="a MemoryError, or the system ends the kernel, or it is slow to hand out so much for each of 11 inputs",
    ),
    hog(
        "numpy-10-gb",
        "huge = np.zeros((1250, 1000, 1000))",
        flags=("", "died"),
        bound="10 GB asked for, none touched",
        why="a MemoryError, or the system ends the kernel",
    ),
    called("huge-integer", "return 1 << 3_000_000", bound="400 kB"),
    called("huge-list", "return [0] * 10**7", bound="80 MB"),
    called(
        "deep-list",
        "nest = []\nfor _ in range(100_000):\n    nest = [nest]\nreturn nest",
        flags=("", "died"),
        bound="10 MB",
        why="freeing a deep list may be too deep for the interpreter",
    ),
    called("list-in-itself", "loop = []\nloop.append(loop)\nreturn loop", bound="one list"),
    called(
        "endless-generator", "import itertools\nreturn itertools.islice(itertools.count(), 10**9)", bound="not read"
    ),
    called("repr-too-deep", "return type('Deep', (), {'__repr__': lambda self: repr(self)})()", bound="1000 frames"),
    hog(
        "repr-too-deep-shown",
        "display(type('Deep', (), {'__repr__': lambda self: repr(self)})())",
        lost="",
        maybe="q1",
        bound="1000 frames",
        why="the shown object fails; whether that ends the cell is IPython's choice",
    ),
)

CUT = "the cell may be cut short or the kernel ended; the question may suffer"
OUTPUT = (
    hog(
        "display-60-mb",  # with 200 MB a busy machine meets the time of the cell first: test_course shows those alone
        "display({'text/plain': 'x' * 60_000_000}, raw=True)",
        lost="",
        maybe="q1",
        flags=("output", "output died", "died", "output timeout"),
        bound="60 MB once",
        why=CUT,
    ),
    hog(
        "prints-50-mb",
        "print('x' * 50_000_000)",
        lost="",
        maybe="q1",
        flags=("output", "output died", "output timeout"),
        bound="50 MB once",
        why=CUT,
    ),
    hog("prints-300-kb", "print('x' * 300_000)", lost="", maybe="q1", flags=("output",), bound="300 kB once", why=CUT),
    hog(
        "stderr-300-kb",
        "import sys\nprint('x' * 300_000, file=sys.stderr)",
        lost="",
        maybe="q1",
        flags=("output",),
        bound="300 kB once",
        why=CUT,
    ),
    hog(
        "error-of-10-mb",
        "raise ValueError('x' * 10_000_000)",
        flags=("", "output"),
        bound="10 MB once",
        why="a long traceback may count as output",
    ),
    hog("stdout-turned-away", "import os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 1)", lost="", bound=ENDED),
    hog(
        "stdout-closed",
        "import sys\nsys.stdout = sys.stderr = None",
        lost="",
        maybe="q1 q2 q3 q4 q5",
        flags=("", "timeout"),
        bound=ENDED,
        why="a kernel without its streams may fail in every cell, or never say that a cell is done",
    ),
)

KEPT = "whether the limit or the system stops it, an error or the kernel's end costs the question"
DISK = (
    hog(
        "one-file-of-300-mb",
        "with open('big', 'wb') as file:\n    for _ in range(300):\n        file.write(b'x' * 10**6)",
        flags=flag_sets("disk", "died"),
        bound="300 MB in its own folder",
        why=KEPT,
    ),
    hog(
        "files-of-10-mb",
        "for i in range(30):\n    with open(f'big{i}', 'wb') as file:\n        file.write(b'x' * 10**7)",
        lost="",
        maybe="q1",
        flags=flag_sets("disk", "died"),
        bound="300 MB in its own folder",
        why=KEPT,
    ),
    hog(
        "many-small-files",
        "for i in range(20_000):\n    open(f'small{i}', 'w').close()",
        lost="",
        maybe="q1",
        flags=flag_sets("disk", "died", "timeout"),
        bound="20,000 empty files in its own folder",
        why="empty files take no room; whether they count is the file system's choice",
    ),
    hog(
        "deep-folders",
        """import os
for _ in range(300):
    os.mkdir("deep")
    os.chdir("deep")""",
        lost="",
        bound="300 folders in its own folder",
    ),
)

FORK = """import os, time
for _ in range(300):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)"""
PROCESSES = (
    hog(
        "fork-storm",
        FORK,
        flags=("",),
        bound="300 children, none has children, 20 s",
        why="no process may be started, so the first fork is an error",
    ),
    hog(
        "fork-caught",
        "try:\n" + "\n".join(f"    {line}" for line in FORK.splitlines()) + "\nexcept OSError:\n    pass",
        lost="",
        flags=("",),
        why="a process that may not be started may count as one too many",
        bound="300 children, none has children, 20 s",
    ),
    hog(
        "thread-storm",
        """import threading, time
threading.stack_size(2**18)
for _ in range(300):
    threading.Thread(target=time.sleep, args=(20,), daemon=True).start()""",
        lost="",
        maybe="q1",
        flags=("",),
        bound="300 threads, 20 s",
        why="threads are bounded, and it goes on without",
    ),
    called(
        "pool-of-processes",
        """from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(4) as pool:
    return list(pool.map(int, [M]))[0] * K * N""",
        flags=("",),
        why="a process that may not be started may count as one too many",
        bound="4 processes while the call runs",
    ),
)

CASES = (*HANGS, *ENDS, *MEMORY, *OUTPUT, *DISK, *PROCESSES)
