"""Lockdown: what a hostile notebook tries is refused and leaves its target as it was, and a kernel still works.

Each attempt and each need is made in a process of its own, forked by this file run as a script with a JSON of where
things are: locked down, and free for the attempts that any process can make, to show that they would be noticed.
"""

import asyncio
import contextlib
import ctypes
import io
import json
import mmap
import os
import platform
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from labcore.grading import landlock, lockdown, seccomp

fcntl, resource = (pytest.importorskip(name, reason="Windows has no lockdown") for name in ("fcntl", "resource"))
LACKING = lockdown.available()
needs_linux = pytest.mark.skipif(bool(LACKING), reason=LACKING)
MEMORY, FILE_SIZE = 4_000_000_000, 1_000_000
SECRET = "the marks of everybody"
ATTEMPTS, NEEDS, FREE = {}, {}, set()
LIBC = ctypes.CDLL(None, use_errno=True)


def attempt(free=True):
    """Register something that must be refused; `free` says that any process which is not locked down can do it."""

    def register(function):
        ATTEMPTS[function.__name__] = function
        FREE.update([function.__name__] if free else [])
        return function

    return register


def need(function):
    """Register something that must still work; it returns True."""
    NEEDS[function.__name__] = function
    return function


def call(name, *arguments):
    """Make a system call of the filter's table; raises OSError."""
    number = seccomp.CALLS[name][seccomp.MACHINES[platform.machine()][1]]
    if LIBC.syscall(number, *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)) == -1:
        raise OSError(ctypes.get_errno(), name)


# ---- what must be refused ----


@attempt()
def read_a_file(place):
    assert place.secret.read_text() == SECRET


@attempt()
def list_a_folder(place):
    assert list(place.outside.iterdir())


@attempt()
def write_a_file(place):
    place.secret.write_text("1.0")


@attempt()
def make_a_file(place):
    (place.outside / "new").write_text("1.0")


@attempt()
def remove_a_file(place):
    place.secret.unlink()


@attempt()
def cut_a_file(place):
    os.truncate(place.secret, 0)


@attempt()
def cut_a_readable_file(place):
    os.close(os.open(place.shown, os.O_RDONLY | os.O_TRUNC))


@attempt()
def open_a_file_to_do_neither(place):
    os.close(os.open(place.secret, os.O_ACCMODE))  # read and write are then asked of modes, not of Landlock


@attempt(free=False)  # not in Linux before 5.6
def open_a_file_by_flags_in_memory(place):
    call("openat2", -100, bytes(place.shown), bytes(24), 24)


@attempt()
def hold_up_who_opens_a_file(place):
    fcntl.fcntl(os.open(place.shown, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)


@attempt()
def shut_a_folder_to_its_owner(place):
    (place.work / "shut").mkdir(0o300)


@attempt()
def shut_all_folders_to_their_owner(place):
    call("umask", 0o700)


@attempt()
def change_a_mode(place):
    place.secret.chmod(0o777)


@attempt()
def change_the_mode_of_an_open_readable_file(place):
    os.fchmod(os.open(place.shown, os.O_RDONLY), 0o777)


@attempt()
def change_a_time(place):
    os.utime(place.secret, (1, 1))


@attempt()
def change_the_flags_of_a_readable_file(place):
    fcntl.ioctl(os.open(place.shown, os.O_RDONLY), 0x8008_6601, bytes(8))  # FS_IOC_GETFLAGS, sister of SETFLAGS


@attempt()
def write_to_a_readable_file(place):
    place.shown.write_text("1.0")


@attempt()
def link_a_file_in(place):
    os.link(place.secret, place.work / "linked")


@attempt()
def rename_a_file_in(place):
    place.secret.rename(place.work / "renamed")


@attempt()
def make_a_symbolic_link(place):
    (place.work / "symbolic").symlink_to(place.secret)


@attempt()
def make_a_pipe_with_a_name(place):
    os.mkfifo(place.work / "pipe")


@attempt()
def watch_a_folder(place):
    call("inotify_init1", 0)


@attempt()
def connect_to_a_port(place):
    with socket.socket() as one:
        one.connect(("127.0.0.1", place.port))


@attempt()
def connect_to_a_unix_socket(place):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(place.listener)


@attempt()
def connect_to_an_abstract_socket(place):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + place.abstract)


@attempt()
def send_to_a_unix_datagram_socket(place):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.sendto(b"1.0", place.datagrams)


@attempt()
def make_a_udp_socket(place):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


@attempt()
def make_a_netlink_socket(place):
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


@attempt()
def fork(place):
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


@attempt()
def start_a_program(place):
    subprocess.run(["/bin/true"], check=True)


@attempt()
def become_a_program(place):
    os.execv("/bin/true", ["true"])


@attempt()
def become_a_program_in_memory(place):
    os.write(held := os.memfd_create("program"), Path("/bin/true").read_bytes())
    os.execve(held, ["true"], {})


@attempt()
def kill_a_process(place):
    os.kill(place.process, signal.SIGTERM)


@attempt()
def kill_a_thread_of_another(place):
    call("tgkill", place.process, place.process, signal.SIGTERM)


@attempt()
def hold_a_process(place):
    call("pidfd_open", place.process, 0)


@attempt()
def signal_through_a_pipe(place):
    fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, place.process)


@attempt()
def signal_through_an_ioctl(place):
    with socket.socketpair()[0] as one:
        fcntl.ioctl(one, 0x8901, place.process.to_bytes(4, sys.byteorder))  # FIOSETOWN


@attempt()
def limit_another_process(place):
    resource.prlimit(place.process, resource.RLIMIT_NOFILE, (3, 3))


@attempt()
def slow_another_process(place):
    os.setpriority(os.PRIO_PROCESS, place.process, 19)


@attempt()
def read_an_environment(place):
    assert Path(f"/proc/{place.process}/environ").read_bytes()


@attempt(free=False)  # Yama and containers may forbid it to anybody
def read_memory(place):
    with Path(f"/proc/{place.process}/mem").open("rb"):
        pass


@attempt(free=False)
def attach_to_a_process(place):
    call("ptrace", 16, place.process, 0, 0)


@attempt(free=False)
def copy_memory(place):
    call("process_vm_readv", place.process, 0, 0, 0, 0, 0)


@attempt(free=False)
def set_up_a_ring(place):
    call("io_uring_setup", 1, bytes(120))


@attempt(free=False)
def unshare_namespaces(place):
    call("unshare", 0x1000_0000)


@attempt(free=False)
def clone_into_a_namespace(place):
    call("clone", 0x1000_0000 | signal.SIGCHLD, 0, 0, 0, 0)


@attempt(free=False)
def enter_a_namespace(place):
    call("setns", 0, 0)


@attempt(free=False)
def mount_a_file_system(place):
    call("mount", b"none", bytes(place.work), b"tmpfs", 0, 0)


@attempt(free=False)
def use_keys(place):
    call("keyctl", 0, -3, 1)


@attempt()
def share_memory(place):
    call("shmget", 0, 4096, 0o1600)


@attempt()
def leave_the_session(place):
    os.setsid()


@attempt()
def outlive_the_parent(place):
    if LIBC.prctl(1, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


@attempt(free=False)  # as a call, since a free process may read it only as root
def become_root_and_read(place):
    with contextlib.suppress(OSError):
        os.setuid(0)
    assert place.secret.read_text() == SECRET


@attempt(free=False)
def regain_capabilities(place):
    if LIBC.capset(struct.pack("Ii", lockdown.CAPABILITY_VERSION, 0), struct.pack("6I", 1, 1, 0, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "capset")


@attempt()
def raise_a_limit(place):
    resource.setrlimit(resource.RLIMIT_NOFILE, (lockdown.MOST_FILES + 1, lockdown.MOST_FILES + 1))


@attempt(free=False)  # a system may forbid them, or have no such thing
def catch_faults_of_memory(place):
    call("userfaultfd", 1)


@attempt(free=False)
def take_requests_of_all_users(place):
    call("io_setup", 1, bytes(8))


@attempt()
def enlarge_a_pipe(place):
    fcntl.fcntl(os.pipe()[1], 1031, 1 << 17)  # F_SETPIPE_SZ


@attempt()
def open_memory_outside_the_limits(place):
    os.close(os.memfd_create("hog"))


# ---- what must still work ----


@need
def multiply_matrices(place):
    import numpy as np

    return bool((np.eye(64) @ np.full((64, 64), 3.0)).sum() == 64 * 64 * 3)


@need
def start_threads(place):
    said = []
    threads = [threading.Thread(target=said.append, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said) == [0, 1, 2, 3]


@need
def import_late(place):
    import fractions  # noqa: F401
    import statistics

    import labcore.models.speech

    return statistics.mean([1, 3]) == 2 and bool(labcore.models.speech.__doc__)


@need
def draw_a_figure(place):
    import matplotlib.pyplot as plt

    plt.plot([1, 2])
    plt.savefig(picture := io.BytesIO(), format="png")
    return picture.getvalue().startswith(b"\x89PNG")


@need
def keep_a_file(place):
    (place.work / "folder").mkdir()
    (file := place.work / "folder" / "file").write_text("1")
    file.rename(file.with_name("other"))
    with Path(os.devnull).open("w") as nothing:
        nothing.write("1")
    return [one.name for one in file.parent.iterdir()] == ["other"]


@need
def talk_to_itself(place):
    one, other = socket.socketpair()
    one.sendall(b"1")
    return other.recv(1) == b"1" and os.eventfd(1) > 0 and bool(mmap.mmap(-1, 4096))


@need
def run_a_loop(place):
    async def two():
        await asyncio.sleep(0)
        return 2

    return asyncio.run(two()) == 2


@need
def serve_a_client(place):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(10)
        listener.bind(str(place.work / "served"))
        listener.listen()
        with listener.accept()[0] as client:
            client.sendall(b"served")
    return True


@need
def interrupt_itself(place):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        return True


@need
def be_told_that_programs_cannot_start(place):
    try:
        subprocess.run([sys.executable, "-c", "pass"], check=False)
    except PermissionError:
        return True


@need
def meet_the_limit_of_memory(place):
    try:
        bytearray(int(MEMORY))
    except MemoryError:
        return True


@need
def meet_the_limit_of_a_file(place):
    try:
        (place.work / "large").write_bytes(bytes(int(FILE_SIZE) + 1))
    except OSError:
        return (place.work / "large").stat().st_size == FILE_SIZE


# ---- the driver ----


def lock(place):
    """Lock this process down as a grader does, with the version of Landlock that is asked for, if any."""
    if place.abi is not None:
        landlock.abi = lambda: place.abi
    lockdown.lockdown([*lockdown.readable_roots(), place.shown], [place.work], MEMORY, FILE_SIZE)


def came_of(function, place, locked):
    """What a fresh process reports of one function: the repr of its value or the error's class and number."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setsid()
            if locked:
                lock(place)
            said = repr(function(place))
        except BaseException as error:
            said = f"{type(error).__name__} {getattr(error, 'errno', None) or error}"
        os.write(writing, said.encode()[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as report:
        said = report.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return said or f"ended with {status}"


def main(words):
    """Make everything that is asked for and print what came of it."""
    asked = json.loads(words)
    paths = {name: Path(asked[name]) for name in ("outside", "secret", "shown", "work")}
    place = SimpleNamespace(**asked | paths)
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    for name in asked["names"]:
        came = came_of((ATTEMPTS | NEEDS)[name], place, asked["locked"])
        print(json.dumps([name, came]), flush=True)


# ---- the tests ----

# EPERM and EACCES, and EXDEV of links, EMFILE of no limit, ENOTTY, ENOSYS, EOPNOTSUPP
REFUSALS = {"PermissionError 1", "PermissionError 13", "OSError 18", "OSError 25", "OSError 38", "OSError 95"}
ALSO = {"raise_a_limit": "ValueError not allowed to raise maximum limit"}  # the words of Python's resource


@contextlib.contextmanager
def surroundings():
    """What attempts aim at: files, listeners and a process, with what tells whether they were touched."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("outside", "work"):
            (folder / name).mkdir()
        for name in ("outside/secret", "shown"):
            (folder / name).write_text(SECRET)
            (folder / name).chmod(0o600)
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        sockets = {"listener": socket.SOCK_STREAM, "datagrams": socket.SOCK_DGRAM, "abstract": socket.SOCK_STREAM}
        listeners = [port]
        for name, kind in sockets.items():
            listeners.append(stack.enter_context(socket.socket(socket.AF_UNIX, kind)))
            listeners[-1].bind("\0" + str(folder / name) if name == "abstract" else str(folder / name))
            if kind == socket.SOCK_STREAM:
                listeners[-1].listen()
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        stack.callback(process.communicate)
        stack.callback(process.kill)
        yield {
            **{name: str(folder / name) for name in ("outside", "shown", "work")},
            "secret": str(folder / "outside/secret"), "port": port.getsockname()[1], "process": process.pid,
            **{name: str(folder / name) for name in sockets},
        }, lambda: touched(folder, listeners, process)  # fmt: skip


def names(folder):
    """The names in a folder."""
    return [one.name for one in folder.iterdir()]


def state(path):
    """What an attempt could change of a file."""
    now = path.stat()
    return path.read_text(), now.st_mode & 0o777, now.st_nlink, now.st_mtime > 1e6


def touched(folder, listeners, process):
    """The names of everything that is not as it was made."""
    for listener in listeners:
        listener.setblocking(False)
    found = [name for name in ("outside/secret", "shown") if state(folder / name) != (SECRET, 0o600, 1, True)]
    found += ["outside"] if names(folder / "outside") != ["secret"] else []
    for listener in listeners:
        with contextlib.suppress(BlockingIOError):
            listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()[0].close()
            found.append(str(listener.getsockname()))
    found += ["process"] if process.poll() is not None else []
    limits, usual = (resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in (process.pid, 0))
    return found + (["limit"] if limits != usual else []) + (["priority"] if os.getpriority(0, process.pid) else [])


def drive(place, names, locked=True, abi=None):
    """What came of each of the names, as pairs."""
    asked = json.dumps(place | {"names": list(names), "locked": locked, "abi": abi})
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, __file__, asked], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert not done.stderr, done.stderr
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.fixture(scope="module")
def refusals():
    """What came of all attempts under lockdown, and what they touched."""
    with surroundings() as (place, touched):
        return drive(place, ATTEMPTS), touched(), names(Path(place["work"]))


@needs_linux
@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_locked_down_process_cannot(name, refusals):
    assert refusals[0][name] in REFUSALS | {ALSO.get(name)}


@needs_linux
def test_attempts_leave_everything_as_it_was(refusals):
    assert refusals[1:] == ([], [])


@needs_linux
def test_the_first_version_of_landlock_and_seccomp_refuse_all_of_it_too():
    with surroundings() as (place, touched):
        came = drive(place, ATTEMPTS, abi=1)
        assert {name: said for name, said in came.items() if said not in REFUSALS | {ALSO.get(name)}} == {}
        assert (touched(), names(Path(place["work"]))) == ([], [])


@needs_linux
def test_a_free_process_can_make_the_same_attempts():
    last = ["kill_a_process", "kill_a_thread_of_another"]  # of which the first ends the target
    first = ["read_a_file", "rename_a_file_in", "remove_a_file", *last]
    names = [name for name in ATTEMPTS if name in FREE and name not in first]
    with surroundings() as (place, touched):
        came = drive(place, names, locked=False)
        assert {
            "shown",
            "outside/secret",
            "outside",
            "limit",
            "priority",
            place["datagrams"],
            place["listener"],
        } <= set(touched())
    with surroundings() as (place, _):
        came |= drive(place, ["read_a_file", "rename_a_file_in", last[0]], locked=False)
    with surroundings() as (place, _):
        came |= drive(place, ["remove_a_file", last[1]], locked=False)
    ended = {"become_a_program", "become_a_program_in_memory", "leave_the_session"}  # execve leaves nobody to report
    assert {name: said for name, said in came.items() if said != "None" and name not in ended} == {}
    assert came["become_a_program"] == came["become_a_program_in_memory"] == "ended with 0"


@needs_linux
def test_what_a_kernel_needs_works():
    with surroundings() as (place, _):
        served = subprocess.Popen([sys.executable, "-c", CLIENT, str(Path(place["work"], "served"))], stdout=-1)
        came = drive(place, NEEDS)
        assert served.communicate(timeout=10)[0] == b"served"
    assert came == dict.fromkeys(NEEDS, "True")


CLIENT = """
import socket, sys, time
one = socket.socket(socket.AF_UNIX)
for _ in range(1000):
    try:
        one.connect(sys.argv[1])
        break
    except OSError:
        time.sleep(0.02)
print(one.recv(10).decode(), end="")
"""

KERNEL = """
import os, signal, sys
from pathlib import Path
import numpy, matplotlib.pyplot, ipykernel.ipkernel, ipykernel.zmqshell, psutil
from ipykernel.kernelapp import IPKernelApp
from labcore.grading import lockdown
lockdown.lockdown(lockdown.readable_roots(), [Path(sys.argv[1])], 4e9, 1e7)
IPKernelApp.launch_instance(argv=["-f", sys.argv[1] + "/c.json", "--HistoryManager.enabled=False"])
"""


@needs_linux
def test_a_locked_down_kernel_runs_cells():
    from jupyter_client import BlockingKernelClient
    from jupyter_client.connect import write_connection_file

    folder = tempfile.mkdtemp()  # pytest's own are too long for the name of a socket
    (startup := Path(folder, "i/profile_default/startup")).mkdir(parents=True)
    (startup / "README").touch()  # which IPython would copy, with its mode
    write_connection_file(f"{folder}/c.json", transport="ipc", ip=f"{folder}/k")
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "HOME": folder, "IPYTHONDIR": f"{folder}/i"}
    environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    kernel = subprocess.Popen([sys.executable, "-c", KERNEL, folder], env=environment, cwd=folder, stderr=-1, stdout=-1)
    deadline = time.monotonic() + 20
    while len(list(Path(folder).glob("k-*"))) < 5 and kernel.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)  # a client that finds no heartbeat yet takes the kernel for dead
    client = BlockingKernelClient(connection_file=f"{folder}/c.json")
    client.load_connection_file()
    client.hb_channel.time_to_dead = 20  # a busy machine is no dead kernel
    client.start_channels()
    outputs = []
    try:
        client.wait_for_ready(timeout=20)
        code = "import numpy; import matplotlib.pyplot as plt; plt.plot([1]); 1+1"
        reply = client.execute_interactive(code, timeout=20, output_hook=outputs.append)
        assert reply["content"]["status"] == "ok"
        shown = [one["content"]["data"] for one in outputs if "data" in one["content"]]
        assert any(one["text/plain"] == "2" for one in shown)
        assert any("image/png" in one for one in shown)
    finally:
        client.stop_channels()
        kernel.kill()
        kernel.communicate()
        client.context.destroy(linger=0)
        shutil.rmtree(folder)


# ---- the filter ----


def locked_program(code, processes=0):
    """A finished process that locked itself down and then ran some code."""
    lock = f"lockdown.lockdown(lockdown.readable_roots(), [], 4e9, 1e6, {processes})"
    imports = "import ctypes, mmap, os, signal, subprocess, threading\nfrom labcore.grading import lockdown, seccomp\n"
    return subprocess.run(
        [sys.executable, "-c", f"{imports}{code.replace('LOCK', lock)}"], capture_output=True, text=True, check=False
    )


@needs_linux
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other ABIs are those of x86-64")
def test_calls_of_another_abi_kill_the_process():
    x32 = locked_program("LOCK\nctypes.CDLL(None).syscall(0x40000000 | 39)")
    assert x32.returncode == -31  # SIGSYS
    page = (
        "page = mmap.mmap(-1, 4096, prot=7)\npage.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, 20; int 0x80\n"
    )
    run = "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()"
    assert locked_program(f"{page}LOCK\n{run}").returncode in (-31, -11)  # SIGSEGV where the kernel has no such ABI


@needs_linux
def test_calls_unknown_to_the_filter_are_answered_as_if_there_were_none():
    done = locked_program(
        "LOCK\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall(467, -1, 0, 0, 0), ctypes.get_errno())"
    )
    assert done.stdout == "-1 38\n"  # open_tree_attr of Linux 6.15: ENOSYS, where the kernel would say something else


@needs_linux
def test_processes_can_be_allowed_but_not_namespaces():
    done = locked_program("LOCK\nprint(subprocess.run(['/bin/echo', 'ran'], capture_output=True).stdout)", 4)
    assert done.stdout == "b'ran\\n'\n", done.stderr
    number = seccomp.CALLS["clone"][seccomp.MACHINES[platform.machine()][1]]
    call = f"libc.syscall({number}, 0x10000000 | 17, 0, 0, 0, 0)"
    done = locked_program(f"LOCK\nlibc = ctypes.CDLL(None, use_errno=True)\nprint({call}, ctypes.get_errno())", 4)
    assert done.stdout == "-1 1\n"


@needs_linux
def test_a_process_with_threads_is_not_locked_down_by_half():
    done = locked_program("threading.Thread(target=threading.Event().wait, daemon=True).start()\nLOCK")
    assert "lockdown wants one thread, this process has 2; call it right after fork" in done.stderr


@needs_linux
def test_an_abort_stays_an_abort():
    assert locked_program("LOCK\nos.abort()").returncode == -6


HEADERS = {
    0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    1: Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("column", HEADERS)
def test_numbers_of_calls_are_those_of_the_headers(column):
    if not HEADERS[column].is_file():
        pytest.skip(f"{HEADERS[column]} is not installed")
    text = HEADERS[column].read_text(encoding="utf-8")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", text)}
    ours = {name: row[column] for name, row in seccomp.CALLS.items() if row[column] is not None}
    assert {name: number for name, number in ours.items() if numbers.get(name, number) != number} == {}
    absent = set(seccomp.CALLS) - set(ours)
    assert not absent & set(numbers)


def test_every_call_of_the_filter_is_in_its_table():
    named = {name for processes in (False, True) for name, _ in seccomp.blocks(os.getpid(), processes)}
    assert named | set(seccomp.STARTS_PROCESSES) == set(seccomp.CALLS)


ALLOWED, NOT_PERMITTED, DONE_NOTHING, NO_SUCH_CALL = 0x7FFF0000, 0x50001, 0x50000, 0x50026
NOT_A_TERMINAL, NO_SUCH_FAMILY, KILLED = 0x50019, 0x5005F, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # of linux/audit.h
PID = 4321
THREAD = 0x3D0F00  # the flags of pthread_create
NAMESPACES = 0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
RULES = {
    "clone": {(THREAD,): ALLOWED, **{(THREAD | flag,): NOT_PERMITTED for flag in NAMESPACES}, (17,): NOT_PERMITTED,
              (0x4111,): NOT_PERMITTED, (THREAD | 0x8000,): NOT_PERMITTED},  # fork, vfork, CLONE_PARENT
    "clone3": {(0, 88): NO_SUCH_CALL},
    "openat2": {(-100, 0, 0, 24): NO_SUCH_CALL},
    "socket": {(1, 1): ALLOWED, (1, 0x80801): ALLOWED, (1, 2): NO_SUCH_FAMILY, (1, 5): NO_SUCH_FAMILY,
               **{(family, 1): NO_SUCH_FAMILY for family in (2, 10, 16, 17, 38, 40)}},  # IP, netlink, packet, AF_ALG
    "socketpair": {(1, 1): ALLOWED, (1, 2): NO_SUCH_FAMILY},
    "kill": {(PID, 2): ALLOWED, (0, 9): NOT_PERMITTED, (-1, 9): NOT_PERMITTED, (-PID, 9): NOT_PERMITTED,
             (1, 9): NOT_PERMITTED},
    "tgkill": {(PID, PID + 1, 2): ALLOWED, (1, 1, 9): NOT_PERMITTED},
    "tkill": {(PID, 6): ALLOWED, (PID + 1, 6): NOT_PERMITTED},
    "prlimit64": {(0, 7): ALLOWED, (PID, 7): ALLOWED, (1, 7): NOT_PERMITTED},
    **{name: {(0,): ALLOWED, (PID,): ALLOWED, (1,): DONE_NOTHING}
       for name in ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")},
    "setpriority": {(0, 0): ALLOWED, (0, PID): ALLOWED, (0, 1): NOT_PERMITTED, (1, 0): NOT_PERMITTED,
                    (2, 0): NOT_PERMITTED},
    "ioprio_set": {(1, 0): ALLOWED, (1, 1): NOT_PERMITTED, (2, 0): NOT_PERMITTED, (3, 0): NOT_PERMITTED},
    "open": {(0, os.O_RDONLY): ALLOWED, (0, os.O_WRONLY | os.O_CREAT | os.O_TRUNC): ALLOWED, (0, 3): NOT_PERMITTED,
             (0, os.O_TRUNC): NOT_PERMITTED},
    "openat": {(-100, 0, os.O_RDWR | os.O_TRUNC): ALLOWED, (-100, 0, 0o2000000): ALLOWED, (3, 0, 3): NOT_PERMITTED,
               (3, 0, os.O_TRUNC): NOT_PERMITTED, (3, 0, 3 | os.O_TRUNC): NOT_PERMITTED},
    "mkdir": {(0, 0o777): ALLOWED, (0, 0o700): ALLOWED, (0, 0o300): NOT_PERMITTED, (0, 0): NOT_PERMITTED},
    "mkdirat": {(-100, 0, 0o755): ALLOWED, (-100, 0, 0o600): NOT_PERMITTED},
    "umask": {(0o22,): ALLOWED, (0o77,): ALLOWED, (0o100,): NOT_PERMITTED, (0o777,): NOT_PERMITTED},
    "fcntl": {(3, 1): ALLOWED, (3, 4): ALLOWED, (3, 1030): ALLOWED,
              **{(3, command): NOT_PERMITTED for command in (8, 10, 15, 1024, 1031)}},
    "ioctl": {(0, 0x5401): ALLOWED, (0, 0x5421): ALLOWED,
              **{(0, request): NOT_A_TERMINAL for request in (0x5412, 0x541C, 0x8901, 0x8902, 0x40086602, 0x40806685)}},
    "prctl": {(15,): ALLOWED, **{(option,): NOT_PERMITTED for option in (1, 4, 35, 62, 0x59616D61)}},
    "personality": {(0xFFFFFFFF,): ALLOWED, (0x40000,): NOT_PERMITTED},
}  # fmt: skip


def verdict(machine, number, arguments=(), processes=False, pid=PID, arch=None):
    """What the filter answers, by a reading of classic BPF of its own."""
    program = [struct.unpack("HBBI", one) for one in seccomp.instructions(machine, pid, processes)]
    words = [one & 0xFFFF_FFFF_FFFF_FFFF for one in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("<IIQ6Q", number & 0xFFFF_FFFF, arch or AUDIT[machine], 0, *words)
    at = held = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:  # ld [value]
                (held,) = struct.unpack_from("<I", data, value)
            case 0x54:  # and
                held &= value
            case 0x15 | 0x25 | 0x45:  # jeq, jgt, jset
                at += if_true if {0x15: held == value, 0x25: held > value, 0x45: held & value}[code] else if_false
            case 0x06:  # ret
                return value
            case _:
                raise ValueError(f"no instruction {code:#x}")


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_weighs_its_arguments(machine, name):
    number = seccomp.CALLS[name][list(AUDIT).index(machine)]
    wanted = RULES[name] if number is not None else {}
    assert {given: verdict(machine, number, given) for given in wanted} == wanted
    high = {(*given[:-1], given[-1] & 0xFFFF_FFFF | 1 << 32): said for given, said in wanted.items()}
    assert {given: verdict(machine, number, given) for given in high} == high  # the system reads the low word alone


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_every_rule_that_weighs_arguments_is_tried(machine):
    weighed = {name for name, block in seccomp.blocks(PID, False) if len(block) > 1}
    assert weighed == set(RULES) - {"clone3", "openat2"}
    refused = {seccomp.CALLS[name][list(AUDIT).index(machine)] for name in seccomp.DENIED} - {None}
    assert {verdict(machine, number) for number in refused} == {NOT_PERMITTED}


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_knows_its_architecture_and_its_time(machine):
    other = next(arch for name, arch in AUDIT.items() if name != machine)
    assert verdict(machine, 0, arch=other) == verdict(machine, 39, arch=0x40000003) == KILLED  # the other's, of i386
    assert verdict(machine, 0x40000000 | 39) == verdict(machine, -1) == KILLED
    assert [verdict(machine, number) for number in (463, 467, 1000)] == [NO_SUCH_CALL] * 3
    fork, run = (seccomp.CALLS[name][list(AUDIT).index(machine)] for name in ("clone", "execve"))
    assert [verdict(machine, *call, processes=True) for call in ((fork, (17,)), (run,))] == [ALLOWED] * 2
    assert verdict(machine, fork, (17 | 0x10000000,), processes=True) == NOT_PERMITTED


def test_a_leader_of_a_group_may_signal_it():
    group, kill = os.getpgrp(), seccomp.CALLS["kill"][0]
    said = [verdict("x86_64", kill, (target, 9), pid=group) for target in (0, -group, -1, -group - 1)]
    assert said == [ALLOWED, ALLOWED, NOT_PERMITTED, NOT_PERMITTED]


THREADS = """
import resource
if os.getuid() == 0:
    os.setgroups([])
    os.setresuid(54321, 54321, 54321)
threading.stack_size(1 << 16)
lockdown.limit(4e9, 1e6, 0)
end, started = threading.Event(), 0
try:
    while started < 9000:
        threading.Thread(target=end.wait, daemon=True).start()
        started += 1
except RuntimeError:
    pass
print(started)
os._exit(0)
"""


@needs_linux
def test_threads_come_to_an_end_for_everybody_but_root():
    done = locked_program(THREADS)
    assert 64 < int(done.stdout) < 9000, done.stderr


@needs_linux
def test_a_crash_leaves_no_core():
    done = locked_program("LOCK\nimport resource\nprint(ctypes.CDLL(None).prctl(3), resource.getrlimit(4))")
    assert done.stdout == "0 (0, 0)\n"  # PR_GET_DUMPABLE, RLIMIT_CORE: a core may also go through a pipe


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_jumps_stay_inside_the_program_and_it_ends_with_a_verdict(machine):
    steps = [struct.unpack("HBBI", one) for one in seccomp.instructions(machine, os.getpid(), False)]
    for i, (_, if_true, if_false, _) in enumerate(steps):
        assert i + 1 + max(if_true, if_false) < len(steps) + (steps[i][0] == seccomp.RETURN)
    assert steps[-1][0] == seccomp.RETURN


# ---- where it is not to be had ----


@pytest.mark.parametrize(
    ("system", "version", "words"),
    [
        ("Darwin", 0, "macOS has neither Landlock nor seccomp"),
        ("Windows", 0, "Windows has neither Landlock nor seccomp"),
        ("Linux", 0, "Landlock is not in this kernel (Linux 5.13 and later have it, where it is on)"),
    ],
)
def test_lacks_are_said_in_words(monkeypatch, system, version, words):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(landlock, "abi", lambda: version)
    monkeypatch.setattr(seccomp, "available", lambda: "")
    assert lockdown.available() == words
    with pytest.raises(OSError, match=re.escape(words)):
        lockdown.lockdown([], [], 1e9, 1e6)


def test_keys_lie_outside_of_what_a_kernel_may_read():
    roots = lockdown.readable_roots()
    keys = Path(lockdown.__file__).resolve().parents[2] / "exercises" / "keys"
    assert not any(keys.is_relative_to(root) for root in roots)
    assert Path(lockdown.__file__).resolve().parents[1] in roots


if __name__ == "__main__":
    main(sys.argv[1])
