"""seccomp: a process gives up system calls that a notebook has no use for and an attacker has (Linux, x86-64, ARM64).

A filter allows what it does not name. It names calls that start processes, reach other processes or the network,
change what Landlock does not govern (modes, owners, times), or enlarge the kernel's attack surface. Numbers beyond
those known when this was written answer that there is no such call. The filter is classic BPF, as seccomp(2) has it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator, Sequence

PR_SET_NO_NEW_PRIVS, SET_MODE_FILTER, GET_ACTION_AVAIL, TSYNC = 38, 1, 2, 1
ALLOW, KILL, ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
LOAD, EQUAL, GREATER, SET, AND, RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06  # BPF instructions on 32-bit words
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; an argument is two words, the low one first
MACHINES = {"x86_64": (0xC000_003E, 0, 317), "aarch64": (0xC000_00B7, 1, 277)}  # audit arch, column below, seccomp
NEWEST = 462  # mseal, Linux 6.10

# name: (number on x86-64, number on ARM64); None where the architecture has no such call
CALLS = {
    "fork": (57, None), "vfork": (58, None), "clone": (56, 220), "clone3": (435, 435), "execve": (59, 221),
    "execveat": (322, 281), "connect": (42, 203), "socket": (41, 198), "socketpair": (53, 199),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "prlimit64": (302, 261),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "migrate_pages": (256, 238), "move_pages": (279, 239), "fcntl": (72, 25), "ioctl": (16, 29), "prctl": (157, 167),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsmount": (432, 432), "fsconfig": (431, 431), "fspick": (433, 433), "mount_setattr": (442, 442),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semtimedop": (220, 192), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "personality": (135, 92), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "create_module": (174, None), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "syslog": (103, 116), "vhangup": (153, 58), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "uselib": (134, None), "ustat": (136, None), "sysfs": (139, None), "_sysctl": (156, None),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "truncate": (76, 45), "chmod": (90, None),
    "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "mknod": (133, None), "mknodat": (259, 33), "symlink": (88, None), "symlinkat": (266, 36),
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "mkdir": (83, None), "mkdirat": (258, 34),
    "umask": (95, 166), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27), "io_setup": (206, 0), "io_submit": (209, 2), "setsid": (112, 157),
    "setpgid": (109, 154),
}  # fmt: skip

STARTS_PROCESSES = ("fork", "vfork", "execve", "execveat")
DENIED = (
    # other processes: their memory, their files, their pages
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp", "pidfd_open",
    "pidfd_getfd", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "migrate_pages", "move_pages",
    # leaving the session and the group by which a whole kernel is killed, or joining the group of others
    "setsid", "setpgid",
    # the network and sockets of other programs; io_uring would do both, and files, behind the filter's back
    "connect", "io_uring_setup", "io_uring_enter", "io_uring_register",
    # namespaces and mounts
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount",
    "fsconfig", "fspick", "mount_setattr",
    # memory shared with others or counted to nobody, and requests that all users of the machine draw from one pool
    "shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd", "msgrcv", "msgctl",
    "mq_open", "mq_unlink", "memfd_create", "memfd_secret", "userfaultfd", "io_setup", "io_submit",
    # what Landlock does not govern: modes, owners, times and attributes of files, truncation before version 3, and
    # watching folders, which tells the names of files in them; links that a grader outside would follow
    "truncate", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    "mknod", "mknodat", "symlink", "symlinkat", "open_by_handle_at", "name_to_handle_at", "fanotify_init",
    "fanotify_mark", "inotify_init", "inotify_init1", "inotify_add_watch",
    # the system itself
    "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "init_module", "finit_module", "delete_module",
    "create_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "iopl", "ioperm",
    "modify_ldt", "syslog", "vhangup", "lookup_dcookie", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl",
)  # fmt: skip

THREAD, BEYOND = 0x0001_0000, 0x7E02_8080  # flags of clone; beyond: every CLONE_NEW and CLONE_PARENT
AF_UNIX, SOCK_STREAM, SOCKET_TYPE = 1, 1, 0xF
# F_SETOWN, F_SETSIG and F_SETOWN_EX signal others through a file, F_SETLEASE holds them up, F_SETPIPE_SZ takes memory
FCNTLS = (8, 10, 15, 1024, 1031)
ACCESS, CUTS, OWNER = 0o3, 0o1000, 0o700  # O_ACCMODE, O_TRUNC, the owner's rights to a folder
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. Others signal through a file (FIOSETOWN, SIOCSPGRP), type
# into a terminal (TIOCSTI, TIOCLINUX) or change a file open for reading (FS_IOC_SETFLAGS, FS_IOC_ENABLE_VERITY).
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM, PR_SET_PTRACER, PR_SCHED_CORE (which takes another process)
PRCTLS = (1, 4, 35, 0x5961_6D61, 62)
NOTHING = 0  # an "error" that says the call went well, though nothing was done
QUERY = 0xFFFF_FFFF  # personality(2) that only asks


def available() -> str:
    """Why the filter cannot be used here, in words; empty where it can."""
    if platform.system() != "Linux":
        return f"{platform.system()} has no seccomp"
    if platform.machine() not in MACHINES or struct.calcsize("P") != 8:
        return f"no seccomp filter is written for {platform.machine()} in {8 * struct.calcsize('P')} bits"
    number, action = MACHINES[platform.machine()][2], struct.pack("I", KILL)
    return "seccomp filters are not available" if ctypes.CDLL(None).syscall(number, GET_ACTION_AVAIL, 0, action) else ""


def install(allow_processes: bool = False) -> None:
    """Install the filter for every thread of this process and all it starts, for good.

    With `allow_processes` the process may start others, which it and they cannot signal. Raises OSError where the
    kernel refuses.
    """
    _, _, number = MACHINES[platform.machine()]
    program = b"".join(instructions(platform.machine(), os.getpid(), allow_processes))
    body = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(body))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(number, SET_MODE_FILTER, TSYNC, header):
        error = ctypes.get_errno()  # 0 where a thread has a filter of its own, which the call then names
        raise OSError(error, f"seccomp: {os.strerror(error) if error else 'a thread has another filter'}")


def instructions(machine: str, pid: int, processes: bool) -> Iterator[bytes]:
    """The filter's instructions, eight bytes each."""
    arch, column, _ = MACHINES[machine]
    yield from (step(LOAD, ARCH), step(EQUAL, arch, 1, 0), step(RETURN, KILL))
    yield from (step(LOAD, NUMBER), step(GREATER, 0x3FFF_FFFF, 0, 1), step(RETURN, KILL))  # the x32 calls of x86-64
    yield from (step(GREATER, NEWEST, 0, 1), refuse(errno.ENOSYS))
    for name, block in blocks(pid, processes):
        if (number := CALLS[name][column]) is not None:
            yield step(EQUAL, number, 0, len(block))
            yield from block
    yield step(RETURN, ALLOW)


def blocks(pid: int, processes: bool) -> Iterator[tuple[str, list[bytes]]]:
    """What is done on each call that the filter names, ending with a verdict whatever the arguments are."""
    for name in (*DENIED, *(() if processes else STARTS_PROCESSES)):
        yield name, [refuse(errno.EPERM)]
    for name in ("clone3", "openat2"):  # their flags lie in memory; libraries then use clone and openat
        yield name, [refuse(errno.ENOSYS)]
    thread = [] if processes else [step(SET, THREAD, 1, 0), refuse(errno.EPERM)]
    yield "clone", [argument(0), step(SET, BEYOND, 0, 1), refuse(errno.EPERM), *thread, step(RETURN, ALLOW)]
    for name in ("socket", "socketpair"):  # libzmq aborts on other errors than this one
        stream = [argument(1), step(AND, SOCKET_TYPE), *only([SOCK_STREAM], errno.EOPNOTSUPP)]
        yield name, [argument(0), step(EQUAL, AF_UNIX, 1, 0), refuse(errno.EOPNOTSUPP), *stream]
    own = [0, pid]
    group = [0, -pid & 0xFFFF_FFFF] if os.getpgrp() == pid else []  # the group of others is not its to signal
    yield "kill", [argument(0), *only([pid, *group], errno.EPERM)]
    for name in ("tgkill", "tkill"):  # raise and abort
        yield name, [argument(0), *only([pid], errno.EPERM)]
    yield "prlimit64", [argument(0), *only(own, errno.EPERM)]
    for name in ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"):
        yield name, [argument(0), *only(own, NOTHING)]  # libzmq asks this for its threads, and aborts on a no
    for name, process in (("setpriority", 0), ("ioprio_set", 1)):
        who = [argument(1), *only(own, errno.EPERM)]
        yield name, [argument(0), step(EQUAL, process, 1, 0), refuse(errno.EPERM), *who]
    for name, index in (("open", 1), ("openat", 2)):  # to do neither, or to cut what one reads, may pass Landlock
        yield name, [argument(index), step(AND, ACCESS | CUTS), *none_of([ACCESS, ACCESS | CUTS, CUTS])]
    for name, index in (("mkdir", 1), ("mkdirat", 2)):  # a folder shut to its owner is neither measured nor removed
        yield name, [argument(index), step(AND, OWNER), *only([OWNER], errno.EPERM)]
    yield "umask", [argument(0), step(AND, OWNER), *only([0], errno.EPERM)]
    yield "fcntl", [argument(1), *none_of(FCNTLS)]
    yield "ioctl", [argument(1), *only(IOCTLS, errno.ENOTTY)]
    yield "prctl", [argument(0), *none_of(PRCTLS)]
    yield "personality", [argument(0), *only([QUERY], errno.EPERM)]


def only(values: Sequence[int], error: int) -> list[bytes]:
    """Allow the call when the loaded word is one of the values, else refuse."""
    tests = [step(EQUAL, value, len(values) - i, 0) for i, value in enumerate(values)]
    return [*tests, refuse(error), step(RETURN, ALLOW)]


def none_of(values: Sequence[int]) -> list[bytes]:
    """Refuse the call when the loaded word is one of the values, else allow it."""
    tests = [step(EQUAL, value, len(values) - i, 0) for i, value in enumerate(values)]
    return [*tests, step(RETURN, ALLOW), refuse(errno.EPERM)]


def argument(index: int) -> bytes:
    """Load the low word of an argument, which is all that the kernel reads of a number like a pid or a flag."""
    return step(LOAD, ARGUMENTS + 8 * index)


def refuse(error: int) -> bytes:
    """Answer the call with an error."""
    return step(RETURN, ERRNO | error)


def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction: what to do, with what, and how many instructions to pass over then."""
    return struct.pack("HBBI", code, if_true, if_false, value)
