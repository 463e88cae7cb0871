"""A process that has everything imported and forks: warm workers that grade, warm kernels that run answers.

`python -m labcore.grading.zygote SOCKET` listens and forks once for each connection; the child reads the request, so
the parent never holds a key, an answer or a secret that a later kernel could find in its memory. It ends when
its standard input is closed or whoever started it has gone; everything it started ends with it, and the folder in
which its socket lies is removed.

A worker's connection carries a pickled job in and the pickled result out. A kernel's connection carries an
`Order` in and words about the kernel out; when the connection closes, the kernel and all it started are killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labcore.grading import grammars  # noqa: F401 (for its effect)
from labcore.grading.confinement import Sandbox, confine, remove
from labcore.grading.limits import Limits

PRELOADED = (
    "numpy", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "ipykernel.kernelapp", "ipykernel.ipkernel",
    "ipykernel.zmqshell", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.oinspect", "IPython.extensions.storemagic", "encodings.idna", "encodings.latin_1", "pytest",
    "nbval.plugin", "nbclient", "tornado.platform.asyncio", "tornado.queues", "labcore.grading.nbval_plugin",
    "labcore.grading.provisioner", "labcore.grading.worker", "labcore.grading.exercise", "labcore.grading.check",
    "labcore.catalogue", "labcore.ops", "labcore.roofline",
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Order:
    """What kernel to start: its folder, where its connection file lies, how it is confined and how much it may use."""

    folder: Path
    connection_file: Path
    level: str
    limits: Limits


def connect(address: str) -> socket.socket:
    """A connection to the zygote; the first one after its start waits until it has imported everything."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def send(connection: socket.socket, value: object) -> None:
    """Send one pickled value with its length before it."""
    body = pickle.dumps(value)
    connection.sendall(struct.pack("!Q", len(body)) + body)


def receive(connection: socket.socket) -> object:
    """Receive one value; raises EOFError where the other side has gone."""
    return pickle.loads(exactly(connection, struct.unpack("!Q", exactly(connection, 8))[0]))


def exactly(connection: socket.socket, size: int) -> bytes:
    """That many bytes from a connection."""
    parts = bytearray()
    while len(parts) < size:
        if not (part := connection.recv(min(size - len(parts), 1 << 20))):
            raise EOFError("the other side has gone")
        parts += part
    return bytes(parts)


def main(address: str) -> None:
    """Serve until standard input closes or the parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that what a watcher leaves when it is killed comes here
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"{address}~")
        listener.listen(128)
        Path(f"{address}~").rename(address)  # whoever sees the name can connect
        with ending_with_supervisor(Path(address).parent):
            preload()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the system
        poller = select.poll()
        ends = {sys.stdin.fileno(), os.pidfd_open(os.getppid())}
        for file in (listener.fileno(), *ends):
            poller.register(file, select.POLLIN)
        while ends.isdisjoint(dict(poller.poll())):
            with contextlib.suppress(OSError):  # no memory, no process to be had: whoever asked sees it close
                serve(listener)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # so that each can be waited for
    kill_descendants()
    remove(Path(address).parent)


def serve(listener: socket.socket) -> None:
    """Fork a child for the next connection; raises OSError where there is none or no process for it."""
    connection, _ = listener.accept()
    with connection:
        parent = os.getpid()
        if os.fork() == 0:
            die_with(parent)
            listener.close()
            become_child(connection)


@contextlib.contextmanager
def ending_with_supervisor(folder: Path) -> Iterator[None]:
    """End this process, and remove its folder, when whoever started it ends meanwhile or has ended before."""
    parent = os.getppid()

    def end(*_: object) -> None:
        remove(folder)
        os._exit(1)

    def parent_died(*_: object) -> None:
        if os.getppid() != parent:  # not where a thread has ended that the parent has others beside
            end()

    before = signal.signal(signal.SIGUSR1, parent_died)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)
    if select.select([sys.stdin], [], [], 0)[0]:  # closed: it had ended before this process asked for its parent
        end()
    yield
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0)
    signal.signal(signal.SIGUSR1, before)


def preload() -> None:
    """Import what workers and kernels need, once."""
    import importlib

    for name in PRELOADED:
        importlib.import_module(name)
    import matplotlib

    matplotlib.rcdefaults()
    gc.collect()
    gc.freeze()  # so that a child's collector does not touch, and so copy, every page


def become_child(connection: socket.socket) -> None:
    """Serve one request in this fresh process, then end it."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        request = receive(connection)
        if isinstance(request, Order):
            watch_over(request, connection)
        else:
            send(connection, os.getpid())
            send(connection, run(request))
        status = 0
    except (EOFError, ConnectionError):
        pass  # whoever asked has gone
    except BaseException as error:
        with contextlib.suppress(OSError):
            send(connection, error)
    finally:
        os._exit(status)


def run(job: object) -> object:
    """What a job gives, or the ValueError that it raises."""
    try:
        return job()
    except (ValueError, ChildProcessError) as error:
        return error


def watch_over(order: Order, connection: socket.socket) -> None:
    """Start a kernel and stay beside it until it ends or the connection closes; nothing that it started survives."""
    zygote = os.pidfd_open(os.getppid())
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, 0)  # the end of the zygote is seen by its descriptor, with time to clean up
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.setsid()
    sandbox = Sandbox(order.folder, order.limits.disk) if order.level == "bubblewrap" else None
    try:
        kernel = fork_kernel(order, sandbox)
        send(connection, kernel)
        ended = os.pidfd_open(kernel)
        select.select([ended, connection, zygote], [], [])
        with contextlib.suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL)
        _, status = os.waitpid(kernel, 0)
        with contextlib.suppress(OSError):
            send(connection, os.waitstatus_to_exitcode(status))
            with (order.folder / "failed").open("rb") as file:
                words = file.read(300).decode(errors="replace")
            if words:
                os.write(2, f"kernel: {words!r}\n".encode())
    finally:
        if sandbox:
            sandbox.close()
        kill_descendants()
        remove(order.folder)


def fork_kernel(order: Order, sandbox: Sandbox | None) -> int:
    """The process id of the kernel, or of the process that waits for it outside of its namespaces."""
    ready, told = os.pipe()
    parent, outer = os.getpid(), os.fork()
    if outer:
        os.close(told)
        with os.fdopen(ready) as words:
            if failure := words.read():  # closed without a word when the kernel is locked in
                raise OSError(failure)
        return outer
    try:
        die_with(parent)
        if sandbox:
            sandbox.enter()
            if (inner := os.fork()) != 0:
                os.close(told)
                os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 0xFF)
            die_with(0)  # whose parent is outside of its namespace
        os.setsid()
        shed(keep=told)
        confine(order.level, order.folder, order.limits.memory, order.limits.disk, order.limits.processes)
    except BaseException as error:
        os.write(told, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(told)
    try:
        become_kernel(order.connection_file)
    except BaseException as error:
        (order.folder / "failed").write_text(f"{type(error).__name__}: {error}"[:300], encoding="utf-8")
    os._exit(0)


def die_with(parent: int) -> None:
    """Have the system kill this process when its parent ends; end it where that has happened."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def shed(keep: int) -> None:
    """Close every file but one, and leave no environment of the grader's behind."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, keep)
    os.closerange(keep + 1, 4096)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")}
    os.environ.clear()
    os.environ.update(kept | {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"})


def become_kernel(connection_file: Path) -> None:
    """Run an IPython kernel in this process until it ends."""
    from ipykernel.kernelapp import IPKernelApp

    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = ["-f", str(connection_file), "--HistoryManager.enabled=False", "--log-level=50"]
    os.environ |= {"HOME": str(Path.cwd()), "IPYTHONDIR": str(Path.cwd() / "ipython")}
    IPKernelApp.launch_instance(argv=arguments)


def kill_descendants() -> None:
    """Kill every process below this one; orphans come to it, since it has declared itself their reaper."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        for _ in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)


if __name__ == "__main__":
    from labcore.grading.zygote import main as begin  # under its own name, so that its Order is the one sent here

    begin(sys.argv[1])
