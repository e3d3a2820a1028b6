"""Tries every way out of a case's view, and tells what came of each: `python -I -S looker.py PLAN`, JSON in and out.

An attempt's word is the name of the error that it ended with, or what it got. Standard library only: it is started by
its text, since the tests are not to be seen from inside.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NEWNS, NEWUSER = 0x20000, 0x10000000
RDONLY, REMOUNT, BIND, DETACH = 0x1, 0x20, 0x1000, 0x2
OPEN_TREE, SETATTR, PIDFD_GETFD = 428, 442, 438
libc = ctypes.CDLL(None, use_errno=True)
seen: dict[str, Any] = {}


def checked(result: int) -> int:
    """What a call of the C library returned, or its error."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def mount(what: str, place: str, kind: str | None, flags: int, options: str = "") -> int:
    """mount(2)."""
    name = None if kind is None else kind.encode()
    return checked(libc.mount(what.encode(), os.fsencode(place), name, flags, options.encode()))


def attempt(name: str, way: Callable[[], object]) -> None:
    """Try one way."""
    try:
        seen[name] = f"did it: {way()!r}"[:200]
    except OSError as error:
        seen[name] = errno.errorcode.get(error.errno or 0, str(error))


def apart(name: str, way: Callable[[], object]) -> None:
    """Try one way in a process of its own, which it changes."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        attempt(name, way)
        os.write(tell, str(seen[name]).encode())
        os._exit(0)
    os.close(tell)
    with open(told, encoding="utf-8") as file:
        seen[name] = file.read()
    os.waitpid(child, 0)


def write(folder: str) -> object:
    """A file that was not there."""
    path = f"{folder}/written-from-inside"
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")
    return path


def read(path: str) -> object:
    """All that is at a path: a file's content, a folder's files."""
    if not os.path.isdir(path):
        return Path(path).read_bytes()
    found = [os.path.join(at, name) for at, _, names in os.walk(path) for name in names]
    if not found:
        raise OSError(errno.ENODATA, "empty")
    return [Path(each).read_bytes() for each in found]


def files(plan: dict[str, Any]) -> None:
    """What is to be read-only, and what is to be hidden."""
    for place in plan["closed"]:
        attempt(f"write {place}", lambda place=place: write(place))  # type: ignore[misc]
    theirs = plan["file"]
    attempt("append", lambda: open(theirs, "a", encoding="utf-8"))  # noqa: SIM115
    attempt("truncate", lambda: os.truncate(theirs, 0))
    attempt("chmod", lambda: os.chmod(theirs, 0o777))
    attempt("utime", lambda: os.utime(theirs))
    attempt("unlink", lambda: os.unlink(theirs))
    attempt("rename", lambda: os.rename(theirs, f"{theirs}2"))
    attempt("link out", lambda: os.link(theirs, f"{plan['folder']}/linked"))
    attempt("write a setting", lambda: Path("/proc/sys/kernel/hostname").write_text("pwned", encoding="utf-8"))
    attempt("write the oom score of 1", lambda: Path("/proc/1/oom_score_adj").write_text("1000", encoding="utf-8"))
    attempt("sysrq", lambda: Path("/proc/sysrq-trigger").write_text("h", encoding="utf-8"))
    attempt("cgroup", lambda: os.mkdir("/sys/fs/cgroup/pwned"))
    for path in plan["secrets"]:
        attempt(f"read {path}", lambda path=path: read(path))  # type: ignore[misc]
    for path in plan["others"]:
        attempt(f"see {path}", lambda path=path: os.lstat(path))  # type: ignore[misc]


def mounts(plan: dict[str, Any], said: str = "") -> None:
    """Taking off what is laid over, or laying it elsewhere. Also tried in a namespace nested in ours: `said` then."""
    for place in plan["covered"]:
        attempt(f"{said}umount {place}", lambda place=place: checked(libc.umount2(os.fsencode(place), DETACH)))  # type: ignore[misc]
    attempt(f"{said}umount /tmp", lambda: checked(libc.umount2(b"/tmp", DETACH)))
    attempt(f"{said}umount /proc", lambda: checked(libc.umount2(b"/proc", DETACH)))
    attempt(f"{said}remount /", lambda: mount("none", "/", None, REMOUNT | BIND))
    attempt(f"{said}remount home", lambda: mount("none", plan["home"], None, REMOUNT | BIND))
    attempt(f"{said}attributes of /", lambda: attributes("/"))
    attempt(f"{said}bind / alone", lambda: mount("/", plan["folder"], None, BIND))
    attempt(f"{said}bind home alone", lambda: mount(plan["home"], plan["folder"], None, BIND))
    attempt(f"{said}copy of home", lambda: checked(libc.syscall(OPEN_TREE, -100, os.fsencode(plan["home"]), 1)))
    attempt(f"{said}a new /proc", lambda: mount("proc", "/proc", "proc", 0))
    lower = f"lowerdir={plan['home']},upperdir={plan['folder']}/up,workdir={plan['folder']}/work"
    for name in ("up", "work"):
        os.makedirs(f"{plan['folder']}/{name}", exist_ok=True)
    attempt(f"{said}overlay", lambda: mount("overlay", plan["folder"], "overlay", 0, lower))
    attempt(f"{said}pivot", lambda: checked(libc.pivot_root(b"/", b"/tmp")))
    attempt(f"{said}disk", lambda: os.mknod(f"{plan['folder']}/disk", stat.S_IFBLK | 0o666, os.makedev(254, 0)))
    attempt(f"{said}memory", lambda: os.mknod(f"{plan['folder']}/mem", stat.S_IFCHR | 0o666, os.makedev(1, 1)))


def attributes(place: str) -> int:
    """mount_setattr(2): no longer read-only, and all below it neither."""
    wanted = (ctypes.c_uint64 * 4)(0, RDONLY, 0, 0)
    return checked(libc.syscall(SETATTR, -100, os.fsencode(place), 0x8000, ctypes.byref(wanted), 32))


def nested(plan: dict[str, Any]) -> object:
    """The same in namespaces of one's own, in which one has every capability; what is still to be read there."""
    uid, gid = os.geteuid(), os.getegid()
    checked(libc.unshare(NEWUSER | NEWNS))
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with contextlib.suppress(PermissionError):  # root may not map itself; its capabilities it has all the same
            Path(f"/proc/self/{name}").write_text(line, encoding="ascii")
    checked(libc.unshare(NEWNS))
    mounts(plan, "nested: ")
    for path in plan["secrets"]:
        attempt(f"nested: read {path}", lambda path=path: read(path))  # type: ignore[misc]
    attempt("nested: write home", lambda: write(plan["home"]))
    return "entered"


def processes() -> None:
    """Hookproof, and what is outside."""
    for name in ("environ", "mem", "maps", "auxv"):
        attempt(f"/proc/1/{name}", lambda name=name: open(f"/proc/1/{name}", "rb").read(1))  # type: ignore[misc]  # noqa: SIM115
    for name in ("root", "cwd", "exe", "ns/net", "ns/mnt"):
        attempt(f"/proc/1/{name}", lambda name=name: os.stat(f"/proc/1/{name}"))  # type: ignore[misc]
    attempt("a file of 1 in /proc", lambda: os.stat("/proc/1/fd/1"))
    for task in os.listdir("/proc/1/task"):
        attempt("its threads' environ", lambda task=task: open(f"/proc/1/task/{task}/environ", "rb").read(1))  # type: ignore[misc]  # noqa: SIM115
        attempt("its threads' root", lambda task=task: os.stat(f"/proc/1/task/{task}/root/tmp"))  # type: ignore[misc]
    attempt("ptrace 1", lambda: checked(libc.ptrace(16, 1, 0, 0)))
    attempt("seize 1", lambda: checked(libc.ptrace(0x4206, 1, 0, 0)))
    handle = os.pidfd_open(1)
    attempt("a file of 1", lambda: checked(libc.syscall(PIDFD_GETFD, handle, 0, 0)))
    attempt("setns by pidfd", lambda: checked(libc.setns(handle, NEWNS)))
    os.close(handle)
    attempt("setns to its own", lambda: checked(libc.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), NEWNS)))
    apart("chroot", lambda: os.chroot("/tmp"))
    attempt("limits of 1", lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)))
    attempt("its own limits", lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
    seen["parent of 1"] = int(Path("/proc/1/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    seen["pids"] = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def not_among_files(plan: dict[str, Any]) -> None:
    """Shared memory and keys, which outlive who made them."""
    attempt("shared memory from outside", lambda: checked(libc.shmget(plan["memory"], 1, 0o600)))
    attempt("shared memory", lambda: checked(libc.shmget(plan["memory"] + 1, 4096, 0o1600)) >= 0)
    if os.uname().machine == "x86_64":
        attempt("a key", lambda: checked(libc.syscall(248, b"user", b"hookproof", b"x", 1, -3)))
        attempt("the session's keys", lambda: checked(libc.syscall(250, 0, -3, 0)))


def signals() -> None:
    """Every signal that there is, sent to hookproof."""
    for number in sorted(signal.valid_signals()):
        attempt(f"signal {number}", lambda number=number: os.kill(1, number))  # type: ignore[misc]


def works(plan: dict[str, Any]) -> None:
    """What a program needs."""
    attempt("case", lambda: write(plan["folder"]))
    attempt("tmp", lambda: (write("/tmp"), sorted(os.listdir("/tmp")))[1])
    attempt("shm", lambda: write("/dev/shm"))
    attempt("null", lambda: (Path("/dev/null").write_text("x", encoding="ascii"), Path("/dev/null").read_bytes())[1])
    attempt("random", lambda: len(os.read(os.open("/dev/urandom", os.O_RDONLY), 8)))
    attempt("full", lambda: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    attempt("pty", pty)
    attempt("fd", lambda: os.path.realpath("/dev/fd").startswith("/proc/"))
    attempt("executable", lambda: os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-I", "-S", "-c", ""]))
    attempt("own name", lambda: Path("/proc/self/comm").write_text("me", encoding="ascii"))
    attempt("unix socket", lambda: socket.socket(socket.AF_UNIX).bind(f"{plan['folder']}/socket"))


def pty() -> bytes:
    """What goes through one of its own."""
    first, second = os.openpty()
    assert os.ttyname(second).startswith("/dev/pts/")
    os.write(second, b"through")
    return os.read(first, 100)


def main(plan: dict[str, Any]) -> None:
    """All that there is to try."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    seen["status"] = {
        name: value for name, _, value in (line.partition(":\t") for line in lines) if name.startswith(("Cap", "NoNew"))
    }
    seen["dev"] = sorted(os.listdir("/dev"))
    files(plan)
    mounts(plan)
    processes()
    not_among_files(plan)
    works(plan)
    signals()
    told, tell = os.pipe()
    if os.fork() == 0:
        seen.clear()
        attempt("nested", lambda: nested(plan))
        os.write(tell, json.dumps(seen).encode())
        os._exit(0)
    os.close(tell)
    with open(told, encoding="utf-8") as file:
        seen.update(json.load(file))
    os.wait()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
