"""What several manners need: state files, the recorder's line, the model server, ancestors, processes that stay."""

from __future__ import annotations

import glob
import json
import os
import sys


def tell(outside: str, what: str, text: bytes = b"") -> bytes:
    """Say something to the test, whose directory `outside` is. Its answer."""
    if sys.platform == "win32":
        path = os.path.join(outside, what)
        if what == "first" and _is_preflight(os.path.join(outside, "preflight"), text):
            return b"no"
        try:
            with open(path, "xb" if what == "first" else "ab") as file:
                file.write(text)
        except FileExistsError:
            return b"no"
        return b"yes"
    import socket

    with socket.socket(socket.AF_UNIX) as ear:
        ear.connect(os.path.join(outside, "ear"))
        ear.sendall(what.encode() + b"\n" + text)
        ear.shutdown(socket.SHUT_WR)
        return ear.recv(16)


def _is_preflight(path: str, home: bytes) -> bool:
    """Whether this is the home of the preflight, which is no case: the first that is ever told."""
    try:
        with open(path, "xb") as file:
            file.write(home)
    except FileExistsError:
        with open(path, "rb") as file:
            return file.read() == home
    return True


def sleeper(mark: str) -> list[str]:
    """A program that sleeps for hours, and is known by its last word."""
    return [sys.executable, "-I", "-S", "-c", "import sys, time; time.sleep(float(sys.argv[1]))", mark]


def state_files() -> list[str]:
    """The job lists of the plugin in this sandbox; one that is made up where there is none."""
    home, temporary = os.environ["HOME"], os.environ["TMPDIR"]
    roots = [
        os.path.join(home, ".codex-companion", "state"),
        os.path.join(temporary, "codex-companion", "state"),
        os.path.join(home, ".claude", "plugins", "data"),
    ]
    found = [path for root in roots for path in glob.glob(os.path.join(root, "**", "state.json"), recursive=True)]
    if found:
        return found
    made_up = os.path.join(temporary, "codex-companion", "state", "made-up")
    os.makedirs(made_up, exist_ok=True)
    return [os.path.join(made_up, "state.json")]


def write_state(text: str) -> None:
    """Every job list says this from now on."""
    for path in state_files():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def cleared_state_files() -> list[str]:
    """The places of the job lists, with nothing there any more."""
    paths = state_files()
    for path in paths:
        if os.path.lexists(path):
            os.unlink(path)
    return paths


class Recorder:
    """A line to hookproof's recorder, opened with the run's own token as a stand-in opens it."""

    def __init__(self) -> None:
        import socket

        host, port = os.environ["HOOKPROOF_RECORDER"].split(":")
        self._line = socket.create_connection((host, int(port)), timeout=5).makefile("rwb")
        self.say(json.dumps({"token": os.environ["HOOKPROOF_TOKEN"], "source": "forger", "pid": os.getpid()}).encode())

    def say(self, line: bytes) -> bool:
        """One record; whether it was taken. What is refused is no error of ours."""
        try:
            self._line.write(line + b"\n")
            self._line.flush()
            return self._line.readline() == b"\n"
        except (OSError, ValueError):
            return False

    def tell(self, **record: object) -> bool:
        """One record that is JSON at least."""
        return self.say(json.dumps(record).encode())


def ask_model(path: str, body: bytes) -> None:
    """A request to the model server, as anybody who shares the loopback can send it."""
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + path, data=body, headers={"content-type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=2).read(10)
    except (OSError, urllib.error.HTTPError, ValueError):
        return


def ancestors() -> list[int]:
    """The process ids above this one, nearest first."""
    found, pid = [], os.getpid()
    while pid > 1:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            pid = int(file.read().rpartition(")")[2].split()[1])
        if pid:  # else it is above what is seen here
            found.append(pid)
    return found


def command_of(pid: int) -> str:
    """What a process was started as."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode("utf-8", "replace")


def harness_of(outside: str) -> int:
    """The hookproof that plays this test, and no other: the run's directory stands in its command line."""
    base = os.path.dirname(outside)
    return next(pid for pid in ancestors() if " hookproof run " in command_of(pid) and base in command_of(pid))


def double_fork(*, keep_pipes: bool) -> bool:
    """Whether this is the grandchild: in a session of its own, an orphan as soon as the hook is over."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    if not keep_pipes:
        os.closerange(0, 64)
    return True
