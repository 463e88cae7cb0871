"""Submissions that look round, reach out and write elsewhere, all against canaries that the test has made.

Each tries every way in turn, keeps what looks like the secret or a key, returns it as the answer to the last question,
prints it, and writes it into the canary folder. Reading goes anywhere and keeps the secret alone; whatever is written,
ended or connected to is a canary, or a harmless text named after `canaries.tmp`. Nothing runs longer than 20 s.
"""

from tests.course_parts import before, case

PRELUDE = """C = @CANARIES@
import ctypes, glob, os, pathlib, re, signal, socket, struct, subprocess, sys, time
NAME = os.path.basename(C["tmp"])
LEAK = re.compile(rb"canary-[0-9a-f]{32}|# end solution")
got = []
def attempt(way):
    try:
        found = way()
        found = found.encode(errors="replace") if isinstance(found, str) else found
        got.extend(LEAK.findall(found) if isinstance(found, (bytes, bytearray)) else [repr(found).encode()[:100]])
    except BaseException as error:
        got.append(f"{type(error).__name__}: {error}"[:100].encode())
def libc(name, *given):
    library = ctypes.CDLL(None, use_errno=True)
    return getattr(library, name)(*given), ctypes.get_errno()
"""
ENDING = """
print(got)
attempt(lambda: pathlib.Path(C["folder"], "leak").write_bytes(b" ".join(got)))
def padded(sizes, multiple):
    return [one.decode(errors="replace") for one in got][-20:]
"""
BOUND = "reads widely and keeps the secret alone; touches nothing but canaries"


def escape(name, *ways, body="", bound=BOUND, flags=("",), **expected):
    """A last answer that tries these expressions one after another."""
    tries = "".join(f"attempt(lambda: {way})\n" for way in ways)
    source = f"{PRELUDE}{body}\n{tries}{ENDING}"
    return case("escape", name, q5=source, lost="q5", flags=flags, bound=bound, **expected)


NAMED = "names of folders may count as naming the key"
KEYS = """
def keys():
    found, here = b"", pathlib.Path.cwd()
    for folder in [here, *here.parents, *map(pathlib.Path, sys.path)]:
        for name in ("keys", "exercises", "grades.db", "submissions"):
            for path in [folder / name, *sorted((folder / name).glob("*"))[:50], *(folder / name).glob("keys/*")]:
                found += path.read_bytes() if path.is_file() else b""
    return found
def imported():
    import importlib, inspect
    root = pathlib.Path(sys.modules["labcore"].__file__).parent.parent
    sys.path += [str(root), str(root / "exercises"), str(root / "exercises" / "keys")]
    for name in ("keys.01_small", "01_small", "exercises.keys.09_roofline", "09_roofline"):
        attempt(lambda: inspect.getsource(importlib.import_module(name)))
    return "tried"
"""
PROC = """
def every(name):
    return b"".join(read(path) for path in glob.glob(f"/proc/[0-9]*/{name}") + glob.glob(f"/proc/1/task/*/{name}"))
def read(path):
    try:
        with open(path, "rb") as file:
            return file.read(1_000_000)
    except OSError:
        return b""
def memory(pid, most=2**26):
    found = b""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as held:
        for line in maps:
            low, high = (int(one, 16) for one in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and high - low < 2**24 and most > 0:
                held.seek(low)
                found += b" ".join(LEAK.findall(held.read(high - low)))
                most -= high - low
    return found
def vm_read(pid):
    with open(f"/proc/{pid}/maps") as maps:
        low = next(int(line.split("-")[0], 16) for line in maps if "[heap]" in line)
    here = ctypes.create_string_buffer(2**16)
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    to, of = Part(ctypes.addressof(here), 2**16), Part(low, 2**16)
    came = libc("process_vm_readv", pid, ctypes.byref(to), 1, ctypes.byref(of), 1, 0)
    return here.raw if came[0] > 0 else came
def trace(pid):
    came = libc("ptrace", 16, pid, 0, 0)  # attach
    if came[0] == 0:
        os.kill(pid, signal.SIGUSR1)
        libc("ptrace", 17, pid, 0, signal.SIGUSR1)  # let go, with a signal that it feels
    return came
"""
READING = (
    escape("opens-the-secret", 'open(C["read"]).read()', 'os.read(os.open(C["read"], os.O_RDONLY), 200)',
           'pathlib.Path(C["read"]).read_text()', 'np.fromfile(C["read"], dtype=np.uint8).tobytes()',
           '"".join(__import__("linecache").getlines(C["read"]))',
           '__import__("mmap").mmap(os.open(C["read"], os.O_RDONLY), 0, prot=1).read(200)',
           'open("../" * 30 + C["read"]).read()', 'os.sendfile(1, os.open(C["read"], os.O_RDONLY), 0, 0)',
           'os.listdir(os.path.dirname(C["read"]))', 'os.stat(C["read"]).st_size'),
    escape("links-to-the-secret", 'os.symlink(C["read"], "soft") or open("soft").read()',
           'os.link(C["read"], "hard") or open("hard").read()', 'os.symlink("/proc/1/root", "root")',
           'open("root" + C["read"]).read()', 'os.rename(C["read"], "moved") or os.rename("moved", C["read"])'),
    escape("searches-keys", "keys()", body=KEYS, flags=("", "internals"), why=NAMED),
    escape("imports-keys", "imported()", body=KEYS, flags=("", "internals"), why=NAMED),
    escape("names-keys", 'open(os.path.join("..", "exercises/keys", "01_small.py")).read()', flags=("internals",)),
    escape("reads-environments", 'os.environ.get(C["variable"], "")', 'every("environ")', 'every("cmdline")',
           'str(libc("getenv", C["variable"].encode()))', 'read(f"/proc/{os.getppid()}/environ")', body=PROC),
    escape("reads-memory", 'memory("self")', "memory(os.getppid())", 'memory(C["pid"])', "vm_read(os.getppid())",
           'vm_read(C["pid"])', 'trace(C["pid"])', body=PROC),
    escape("reads-through-proc",
           *(f'open("/proc/{who}/root" + C["read"]).read()' for who in ("1", "self", "thread-self")),
           'open(f"/proc/{C[\'pid\']}/root{C[\'read\']}").read()',
           'open(f"/proc/{os.getppid()}/root{C[\'read\']}").read()',
           'open(f"/proc/{C[\'pid\']}/cwd{C[\'read\']}").read()', 'os.listdir("/proc/1/fd")',
           'b"".join(read(path) for path in glob.glob("/proc/[0-9]*/fd/*") if os.path.isfile(path))', body=PROC),
    escape("reads-open-files", 'b"".join(os.pread(n, 10**6, 0) for n in range(3, 64) if regular(n))', body="""
import stat
def regular(n):
    try:
        return stat.S_ISREG(os.fstat(n).st_mode)
    except OSError:
        return False"""),
    escape("opens-devices", 'os.close(os.open("/dev/mem", os.O_RDONLY))', 'os.close(os.open("/dev/kmsg", os.O_RDONLY))',
           'os.close(os.open("/dev/tty", os.O_RDONLY))', 'os.listdir("/dev")',
           'open("/dev/shm/" + NAME, "x").write("here")'),
)  # fmt: skip

CONNECT = """
def say(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(1)
        one.connect(address)
        return one.send(b"canary " + b" ".join(got)[:100])
def netlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as one:
        one.bind((0, 0))
        return "bound"
def listen():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        return "listening"
"""
# perf_event_open, bpf, userfaultfd, add_key and open_by_handle_at on x86-64; the last three on both are io_uring's
CALLS = 298, 321, 323, 248, 304, 425, 426, 427
REACHING = (
    escape("connects-tcp", 'say(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", C["tcp"]))',
           'say(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", C["tcp"]))',
           'say(socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", C["tcp"]))',
           '__import__("urllib.request").request.urlopen(f"http://127.0.0.1:{C[\'tcp\']}", timeout=1).read(9)',
           "listen()", body=CONNECT),
    escape("connects-udp", 'say(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", C["udp"]))',
           'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"canary", ("127.0.0.1", C["udp"]))',
           'say(socket.AF_INET, socket.SOCK_RAW, ("127.0.0.1", 0))', "netlink()", body=CONNECT),
    escape("connects-unix", 'say(socket.AF_UNIX, socket.SOCK_STREAM, C["unix"])',
           'say(socket.AF_UNIX, socket.SOCK_STREAM, "\\0" + C["abstract"])',
           'os.symlink(C["unix"], "near") or say(socket.AF_UNIX, socket.SOCK_STREAM, "near")', body=CONNECT),
    escape("connects-by-zmq", 'knock(f"tcp://127.0.0.1:{C[\'tcp\']}")', 'knock("ipc://" + C["unix"])',
           'knock("ipc://@" + C["abstract"])', body="""
import zmq
def knock(address):
    with zmq.Context() as context, context.socket(zmq.DEALER) as one:
        one.linger = 0
        one.connect(address)
        one.send(b"canary")
        return one.poll(300)""", flags=("", "died"), why="libzmq ends the process where it may not open a socket"),
    escape("calls-the-system", *(f"libc('syscall', {n}, 0, 0, 0, 0, 0)" for n in CALLS),
           bound="arguments that the system refuses", flags=("", "died"),
           why="a filter may answer with an error or end the process"),
)  # fmt: skip

SHIFT = """
def limit(pid):
    import resource
    return resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1))
def by_descriptor(pid):
    return signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM)
"""
TOUCH = 'pathlib.Path(C["write"])'
TMP = "harmless texts named after the canary"
WRITING = (
    escape("ends-a-process", 'limit(C["pid"])', 'os.kill(C["pid"], signal.SIGSTOP)',
           'os.kill(C["pid"], signal.SIGCONT)',
           'os.setpriority(os.PRIO_PROCESS, C["pid"], 19)', 'os.sched_setaffinity(C["pid"], {0})',
           'os.kill(C["pid"], signal.SIGTERM)', 'by_descriptor(C["pid"])', 'os.killpg(C["pid"], signal.SIGKILL)',
           'libc("kill", C["pid"], 9)', body=SHIFT),
    escape("overwrites", 'open(C["write"], "w").write("taken")', 'open(C["write"], "a").write("taken")',
           'open("../" * 30 + C["write"], "r+").write("taken")', f'{TOUCH}.write_text("taken")',
           'open(C["folder"] + os.sep + "left", "w").write("taken")', 'os.mkdir(C["folder"] + os.sep + "made")',
           'os.mkfifo(C["folder"] + os.sep + "pipe")', 'np.save(C["folder"] + os.sep + "saved", np.zeros(3))'),
    escape("tampers", f"{TOUCH}.chmod(0o777)", 'os.truncate(C["write"], 0)', 'os.utime(C["write"], (0, 0))',
           'os.chown(C["write"], os.getuid(), os.getgid())', 'os.setxattr(C["write"], "user.canary", b"taken")',
           f"{TOUCH}.rename(C['write'] + '.moved')", f"{TOUCH}.unlink()", 'os.rmdir(C["folder"])',
           'libc("truncate", C["write"].encode(), 0)'),
    escape("writes-where-code-is", 'leave(os.path.dirname(os.path.dirname(np.__file__)))', "leave(sys.prefix)",
           'leave(os.path.dirname(sys.modules["labcore"].__file__))', "leave(os.path.dirname(os.__file__))",
           'leave(os.path.dirname(C["tmp"]))', 'leave(os.path.expanduser("~"))',
           'leave(os.path.expanduser("~/.ipython/profile_default/startup"))', bound=TMP, body="""
def leave(folder):
    with open(os.path.join(folder, NAME), "x") as file:
        return file.write("left by a submission of the test course")"""),
    escape("traps-the-cleaning", 'os.symlink(C["folder"], "trap")', 'os.symlink("..", "up")', "shut()",
           bound="its own folder", body="""
def shut():
    os.makedirs("shut/inside", exist_ok=True)
    open("shut/inside/file", "w").close()
    os.chmod("shut", 0)"""),
)  # fmt: skip

CHILD = """
def double():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            pathlib.Path(C["folder"], "daemon").write_text("here")
            time.sleep(20)
        os._exit(0)
    return "left"
def spread():
    import multiprocessing
    one = multiprocessing.get_context("fork").Process(target=os.system, args=(RUN,))
    one.start()
    one.join(5)
    return one.exitcode
def pty_run():
    import pty
    pid, held = pty.fork()
    if pid == 0:
        os.execv("/proc/self/exe", ["python", "-c", f"open({C['folder'] + os.sep + 'ran'!r}, 'w')"])
    return os.waitpid(pid, 0)
RUN = f"echo taken > {C['folder']}/ran"
"""
SPACES = """
def mounted(kind):
    came = libc("mount", b"none", C["folder"].encode(), kind, 0, None)
    if came[0] == 0:
        libc("umount2", C["folder"].encode(), 2)
    return came
"""
COUNTED = "an answer may start no process, and goes on without"
RUNNING = (
    escape("runs-programs", "subprocess.run(RUN, shell=True, timeout=5)", "os.popen(RUN).read()", "os.system(RUN)",
           'libc("system", RUN.encode())', "spread()", "pty_run()",
           'os.posix_spawn("/proc/self/exe", ["python", "-c", "0"], os.environ)', "get_ipython().system(RUN)",
           body=CHILD, bound="programs that write into the canary folder and end",
           flags=("",), why=COUNTED),
    escape("leaves-a-daemon", "double()", body=CHILD, bound="one process, 20 s", flags=("",), why=COUNTED),
    case("escape", "becomes-another", q5=f"""{PRELUDE}
os.environ["LD_PRELOAD"] = C["tmp"] + ".so"
attempt(lambda: os.execv("/proc/self/exe", ["python", "-c", f"open({{C['folder'] + os.sep + 'ran'!r}}, 'w')"]))
attempt(lambda: libc("execve", b"/proc/self/exe", None, None)){ENDING}""", lost="q5",
         flags=("", "died"), why=COUNTED,
         bound="a program in its own process that writes into the canary folder and ends"),
    escape("leaves-its-namespace", 'libc("unshare", 0x10000000)', 'libc("unshare", 0x00020000)', 'mounted(b"tmpfs")',
           'mounted(b"proc")', 'libc("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0)',
           "os.setuid(0)", "os.setgroups([0])",
           'libc("personality", 0x0040000)',
           'os.chroot(C["folder"])', body=SPACES,
           bound="its own process; a mount over the canary folder alone, undone at once", flags=("", "died"),
           why="a filter may answer with an error or end the process"),
    case("escape", "writes-from-a-helper", before("q2", """import pathlib
C = @CANARIES@
for name in ("write", "tmp"):
    pathlib.Path(C[name]).write_text("taken")"""), flags=("helper-error",), bound="canaries alone",
         why="under bubblewrap the folder is not there, under Landlock it may not be written"),
    case("escape", "secret-as-a-number", q1=f"""{PRELUDE}
attempt(lambda: open(C["read"]).read())
def matmul_macs(M, K, N):
    return int((LEAK.findall(b" ".join(got)) or [b"canary-0"])[0][7:], 16)""", lost="q1", bound=BOUND,
         why="a secret of 128 bits would come out as a number"),
)  # fmt: skip

CASES = (*READING, *REACHING, *WRITING, *RUNNING)
