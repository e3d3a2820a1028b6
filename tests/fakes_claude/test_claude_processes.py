"""The platform modules: both siblings offer the same, and the processes that they start behave.

The Windows sibling runs here too, as far as it can without Windows: it is given a bash.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import psutil
import pytest

if sys.platform == "win32":
    pytest.skip("both siblings are started here, with signals and fifos: POSIX", allow_module_level=True)

from claude_bench import release
from claude_fake import posix, posix_tree, windows

SIBLINGS = [posix, windows]
ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture(autouse=True)
def bash_for_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Windows sibling takes for Git Bash."""
    monkeypatch.setenv("CLAUDE_CODE_GIT_BASH_PATH", "/bin/bash")


def public(owner: object) -> dict[str, object]:
    """The public names of a class."""
    return {name: value for name, value in vars(owner).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", ["Child", "HookProcess", "ShellProcess", "Victims"])
def test_siblings_have_the_same_names(name: str) -> None:
    ours = getattr(posix if name != "Victims" else posix_tree, name)
    theirs = getattr(windows, name)
    assert set(public(ours)) <= {attribute for attribute in dir(theirs) if not attribute.startswith("_")} | {"signal"}
    for attribute, value in {**public(ours), "__init__": ours.__init__}.items():
        if inspect.isfunction(value) and name != "Child":
            there = getattr(theirs, attribute)
            if attribute != "__init__" or name in ("HookProcess", "ShellProcess"):
                assert list(inspect.signature(value).parameters) == list(inspect.signature(there).parameters), attribute


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda module: module.__name__)
def test_a_hook_reads_and_prints(sibling: ModuleType) -> None:
    hook = sibling.HookProcess("cat; echo problem >&2; exit 3", ENVIRONMENT, own_group=False)
    hook.feed(b"payload" * 30_000)
    assert hook.finish(30, streams=True)
    assert (hook.exit, hook.signal, hook.held) == (3, None, False)
    assert hook.out.text() == "payload" * 30_000
    assert hook.err.text() == "problem\n"
    hook.close()


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda module: module.__name__)
def test_a_hook_that_leaves_its_stdout_to_somebody(sibling: ModuleType, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    hook = sibling.HookProcess(f"cat {fifo} & echo printed", ENVIRONMENT, own_group=True)
    hook.feed(b"")
    assert hook.finish(30, streams=False)
    assert hook.held
    assert hook.out.text() == "printed\n"
    assert not hook.finish(0.01, streams=True)
    release(fifo, "later\n")
    assert hook.finish(30, streams=True)
    assert hook.out.text() == "printed\nlater\n"
    hook.close()


def test_waiting_for_a_hook_can_be_given_up(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reads, writes = os.pipe()
    # a shell that begins another program by vfork cannot stop before that has begun, and that is stopped before it can
    hook = posix.HookProcess(f"exec cat {fifo}", ENVIRONMENT, own_group=False)
    hook.feed(b"")
    os.close(writes)
    assert not hook.finish(None, streams=True, give_up=reads)
    victims = hook.victims(group=False, frozen=True)
    # on a busy machine it may still be on its way into the program when the signal comes
    stopped = os.waitid(os.P_PID, hook.pid, os.WSTOPPED | os.WNOWAIT)
    assert stopped is not None
    assert stopped.si_status == signal.SIGSTOP
    victims.send("SIGKILL")
    assert victims.wait(10)
    victims.close()
    assert hook.finish(None, streams=True)
    assert (hook.exit, hook.signal) == (None, 9)
    hook.close()
    os.close(reads)


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda module: module.__name__)
def test_a_shell_writes_into_its_file(sibling: ModuleType, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shell = sibling.ShellProcess('echo "it\'s $A"; echo err >&2; exit 4', ENVIRONMENT, "export A='b c'", str(output))
    shell.let_go()
    assert shell.wait(30)
    assert shell.exit == 4
    assert output.read_text() == "it's b c\nerr\n"


def test_a_shell_does_nothing_before_it_is_let_go(tmp_path: Path) -> None:
    output = tmp_path / "output"
    shell = posix.ShellProcess("echo done", ENVIRONMENT, "", str(output))
    assert not shell.wait(0.05)
    assert output.read_text() == ""
    assert os.getpgid(shell.pid) == shell.pid == os.getsid(shell.pid)
    shell.let_go()
    assert shell.wait(30)
    assert output.read_text() == "done\n"


def test_a_shell_that_gives_birth_without_end_is_ended_whole(tmp_path: Path) -> None:
    output, reached = tmp_path / "output", tmp_path / "reached"
    os.mkfifo(reached)
    token = f"token-{os.getpid()}-{time.monotonic_ns()}"
    breed = f"echo here > {reached}; while :; do (exec -a breeder cat {tmp_path}/none 2>/dev/null; true) & wait; done"
    shell = posix.ShellProcess(breed, {**ENVIRONMENT, "BREED": token}, "", str(output))
    shell.let_go()
    assert reached.read_text() == "here\n"
    victims = shell.victims(group=False, frozen=True)
    victims.send("SIGKILL")
    assert shell.wait(30)
    assert shell.signal == 9
    assert victims.wait(10)
    victims.close()
    assert [process for process in psutil.process_iter() if _has(process, token)] == []


def _has(process: psutil.Process, token: str) -> bool:
    try:
        return bool(process.environ().get("BREED") == token)
    except psutil.Error:
        return False


def test_exports_for_a_shell_that_cannot_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLAUDE_CODE_GIT_BASH_PATH")
    monkeypatch.setenv("COMSPEC", "cmd.exe")
    exports = "export A='it'\"'\"'s'\n# a comment\nB=not exported\n  export C=plain \nexport D=\"x y\""
    assert windows._exported(exports) == {"A": "it's", "C": "plain", "D": "x y"}
    assert windows._command_line("echo hi", {}) == '"cmd.exe" /d /s /c "echo hi"'
    monkeypatch.setenv("TEMP", str(tmp_path))
    assert windows.temporary_directory() == str(tmp_path / "claude")


def test_a_shell_waits_for_its_gate_and_does_the_exports_first() -> None:
    script = posix.shell_script("echo 'x' $A", "export A=1")
    assert script.startswith("read -r -u 3 _; exec 3<&-\nexport A=1\neval ")
    assert posix.quote("it's") == "'it'\"'\"'s'"
