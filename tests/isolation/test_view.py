"""The view of files that a program of a run has: every way out of it is tried, from inside, and refused."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ordinary_user import AS_ONE, NUMBER, give, python_of_ordinary_user
from playing_inside import inside, python_with

LOOKER = (Path(__file__).parent / "looker.py").read_text(encoding="utf-8")
SECRET = "a secret of the user"
FILES = (
    *(".claude.json", ".netrc", ".git-credentials", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc"),
    *(".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials"),
    *(".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history"),
)
FOLDERS = (
    *(".ssh", ".gnupg", ".pki", ".password-store", ".local/share/keyrings", ".local/share/kwalletd", ".config"),
    *(".aws", ".azure", ".kube", ".docker", ".mozilla", ".claude", ".codex", ".gemini"),
)
NOT_READ = ("ENOENT", "EACCES", "ENODATA")
SYSTEM = ("/", "/etc", "/usr", "/dev", "/sys", "/proc/1")
MEMORY = 0x48500000
"""The key of a piece of shared memory of this test's own."""

pytestmark = pytest.mark.usefixtures("namespaces")


@dataclass(frozen=True, slots=True)
class Machine:
    """A user's machine: a home, a checkout, and a temporary directory with two cases in it."""

    place: Path
    python: str
    ordinary: bool

    @property
    def home(self) -> Path:
        return self.place / "a höme of"

    @property
    def case(self) -> Path:
        return self.place / "t" / "case"

    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "TMPDIR": str(self.place / "t"), "PATH": os.environ["PATH"]}

    def write(self, name: str, text: str = SECRET) -> Path:
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def give(self) -> None:
        """All of it is the user's own."""
        if self.ordinary:
            give(self.place)

    def run(self, *words: str, programs: tuple[str, ...] = ()) -> dict[str, Any]:
        self.give()
        return inside(
            [self.python, "-I", "-S", *words],
            folder=self.case,
            programs=programs,
            env=self.env(),
            ordinary=self.ordinary,
        )

    def looked(self, **plan: Any) -> dict[str, Any]:
        """What the looker has seen, and that hookproof has gone on."""
        done = self.run("-c", LOOKER, json.dumps(plan))
        assert done["isolation"]["level"] == "full", done["isolation"]["refused"]
        assert done["status"] == 0, done["err"]
        found: dict[str, Any] = json.loads(done["out"])
        return found


@pytest.fixture(params=["this user", "an ordinary user"])
def machine(request: pytest.FixtureRequest, place: Path) -> Machine:
    ordinary = request.param == "an ordinary user"
    python = python_of_ordinary_user() if ordinary else sys.executable
    if python is None:
        pytest.skip("who is no root is an ordinary user already, and so may be nobody else")
    made = Machine(place, python, ordinary)
    for folder in (made.case, made.place / "t" / "other", made.place / "checkout"):
        folder.mkdir(parents=True)
    return made


def planted(machine: Machine) -> list[Path]:
    """A secret for each kind, in its place, behind links, and as what a link in a covered folder leads to."""
    home = str(machine.home.relative_to(machine.place))
    found = [machine.write(f"{home}/{name}") for name in FILES]
    found += [machine.write(f"{home}/{name}/deep/secret") for name in FOLDERS]
    # the folder itself is a link, as whoever keeps such files in a repository has it
    shutil.move(machine.home / ".aws", machine.place / "aws")
    (machine.home / ".aws").symlink_to(machine.place / "aws")
    found += [machine.place / "aws" / "deep" / "secret"]
    shutil.move(machine.home / ".netrc", machine.home / "dotfiles.netrc")
    (machine.home / ".netrc").symlink_to("dotfiles.netrc")
    found += [machine.home / "dotfiles.netrc"]
    # a covered folder has links to what is not below it
    found += [machine.write(f"{home}/dotfiles/gh/hosts.yml"), machine.write("keys/id")]
    (machine.home / ".config" / "gh").symlink_to("../dotfiles/gh")
    (machine.home / ".ssh" / "id").symlink_to(machine.place / "keys" / "id")
    (machine.place / "keys" / "id").chmod(0o600)
    found += [machine.home / ".config" / "gh" / "hosts.yml", machine.home / ".ssh" / "id"]
    # links up to where all else is must not take that away
    (machine.home / ".config" / "up").symlink_to("../..")
    (machine.home / ".config" / "root").symlink_to("/")
    return found


def test_every_way_out_is_tried_and_refused(machine: Machine) -> None:
    mine = machine.write(f"{machine.home.name}/mine")
    secrets = planted(machine)
    other = machine.write("t/other/state")
    home, checkout = str(machine.home), str(machine.place / "checkout")
    covered = [str(machine.home / name) for name in (".config", ".claude.json", ".cargo/credentials")]
    libc = ctypes.CDLL(None)
    memory = libc.shmget(MEMORY, 4096, 0o1666)
    try:
        seen = machine.looked(
            home=home,
            folder=str(machine.case),
            file=str(mine),
            closed=[*SYSTEM, home, checkout],
            secrets=[*map(str, secrets), "/etc/shadow"],
            others=[str(other.parent), str(machine.place / "t" / "other")],
            covered=covered,
            memory=MEMORY,
        )
    finally:
        libc.shmctl(memory, 0, None)
    system = "EROFS" if os.geteuid() == 0 and not machine.ordinary else ("EROFS", "EACCES")
    expected: dict[str, Any] = {
        "status": dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16) | {"NoNewPrivs": "1"},
        "dev": sorted({*("fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr"), *seen["dev"]} & DEVICES),
        **dict.fromkeys([f"write {each}" for each in (home, checkout)], "EROFS"),
        **dict.fromkeys([f"write {each}" for each in SYSTEM[:-1]], system),
        "write /proc/1": ("EROFS", "ENOENT", "EACCES"),
        **dict.fromkeys(("append", "truncate", "chmod", "utime", "unlink", "rename"), "EROFS"),
        "link out": "EXDEV",
        "write a setting": system,
        "write the oom score of 1": system,
        "sysrq": ("EROFS", "EACCES", "ENOENT"),
        "cgroup": ("EROFS", "EACCES", "ENOENT", "EPERM"),
        **dict.fromkeys([f"read {each}" for each in (*secrets, "/etc/shadow")], NOT_READ),
        f"see {other.parent}": "ENOENT",
        **dict.fromkeys([f"umount {each}" for each in (*covered, "/tmp", "/proc")], "EPERM"),
        **dict.fromkeys(MOUNTS, "EPERM"),
        **dict.fromkeys([f"/proc/1/{name}" for name in ("environ", "mem", "maps", "auxv")], "EACCES"),
        **dict.fromkeys([f"/proc/1/{name}" for name in ("root", "cwd", "exe", "ns/net", "ns/mnt")], "EACCES"),
        **dict.fromkeys(("a file of 1 in /proc", "its threads' environ", "its threads' root"), "EACCES"),
        **dict.fromkeys(("ptrace 1", "seize 1", "a file of 1", "setns by pidfd", "setns to its own"), "EPERM"),
        "chroot": "EPERM",
        "limits of 1": "EPERM",
        "its own limits": "did it: None",
        "vsock": "EAFNOSUPPORT",
        "parent of 1": 0,
        "pids": [1, seen["pids"][-1]],
        "shared memory from outside": "ENOENT",
        "shared memory": "did it: True",
        "a key": "ENOSYS",
        "the session's keys": "ENOSYS",
        "case": f"did it: '{machine.case}/written-from-inside'",
        "tmp": seen["tmp"],
        "shm": "did it: '/dev/shm/written-from-inside'",
        "null": "did it: b''",
        "random": "did it: 8",
        "full": "ENOSPC",
        "pty": "did it: b'through'",
        "fd": "did it: True",
        "executable": "did it: 0",
        "own name": "did it: 2",
        "unix socket": "did it: None",
        **{name: "did it: None" for name in seen if name.startswith("signal ")},
    }
    inner = {name: how for name, how in seen.items() if name.startswith("nested")}
    assert_seen({name: how for name, how in seen.items() if name not in inner}, expected)
    assert len([name for name in seen if name.startswith("signal ")]) > 60
    nested = {
        "nested": "did it: 'entered'",
        **dict.fromkeys([f"nested: umount {each}" for each in (*covered, "/tmp", "/proc")], "EINVAL"),
        **dict.fromkeys([f"nested: {name}" for name in MOUNTS], ("EPERM", "EINVAL", "EACCES")),
        **dict.fromkeys(
            [f"nested: read {each}" for each in (*secrets, "/etc/shadow")], ("ENOENT", "EACCES", "ENODATA")
        ),
        "nested: write home": "EROFS",
    }
    # a system may have user namespaces, and none in them
    assert inner in ({"nested": "EPERM"}, {"nested": "ENOSPC"}) or assert_seen(inner, nested)
    assert mine.read_text() == SECRET
    assert [path for path in secrets if path.read_text() != SECRET] == []
    assert not Path("/tmp/written-from-inside").exists()
    assert not Path("/dev/shm/written-from-inside").exists()
    assert libc.shmget(MEMORY + 1, 1, 0o600) < 0


DEVICES = {
    *("fd", "full", "null", "ptmx", "pts", "random", "shm"),
    *("stderr", "stdin", "stdout", "tty", "urandom", "zero"),
}
MOUNTS = (
    *("remount /", "remount home", "attributes of /", "bind / alone", "bind home alone", "copy of home"),
    *("a new /proc", "overlay", "pivot", "disk", "memory"),
)


def assert_seen(seen: dict[str, Any], expected: dict[str, Any]) -> bool:
    """All that was tried came out as it should, where several ends are right as one of these."""
    wrong = {
        name: (seen.get(name, "was not tried"), expected.get(name, "was not expected"))
        for name in {*seen, *expected}
        if not (seen.get(name) == expected.get(name) or _is_one_of(seen.get(name), expected.get(name)))
    }
    assert wrong == {}
    return True


def _is_one_of(seen: object, expected: object) -> bool:
    return isinstance(expected, tuple) and seen in expected


def test_what_one_case_leaves_in_tmp_no_other_sees(machine: Machine) -> None:
    """And each sees of `/tmp`, and of where sandboxes are, its own alone."""
    code = """
import os
from pathlib import Path
seen = [place for place in ("/tmp/left", "/var/tmp/left", "/dev/shm/left") if os.path.lexists(place)]
for place in ("/tmp/left", "/var/tmp/left", "/dev/shm/left"):
    Path(place).write_text("x")
print(seen, os.listdir(os.environ["TMPDIR"]))
"""
    for name in ("case", "other"):
        done = machine.run("-c", code) if name == "case" else _other(machine, code)
        assert done["out"].split() == ["[]", f"['{name}']"], done
    assert not [place for place in ("/tmp/left", "/var/tmp/left", "/dev/shm/left") if Path(place).exists()]


def _other(machine: Machine, code: str) -> dict[str, Any]:
    return inside(
        [machine.python, "-I", "-S", "-c", code],
        folder=machine.place / "t" / "other",
        env=machine.env(),
        ordinary=machine.ordinary,
    )


def test_a_setuid_program_gives_nothing(machine: Machine) -> None:
    id_ = shutil.which("id")
    assert id_ is not None
    program = machine.place / "id"
    machine.give()
    shutil.copy(id_, program)
    program.chmod(0o4755)
    outside = subprocess.run([program, "-u"], capture_output=True, text=True, check=True, **_as(machine)).stdout
    if not machine.ordinary or outside != "0\n":
        pytest.skip("only root can make one, for an ordinary user, on a disk that heeds it")
    done = inside([str(program), "-u"], folder=machine.case, env=machine.env(), ordinary=True)
    assert done["out"] == f"{NUMBER}\n"


def _as(machine: Machine) -> dict[str, Any]:
    return AS_ONE if machine.ordinary else {}


STAND_IN = '#!/bin/sh\necho "$0 $(cat "$(dirname "$(readlink -f "$0")")/data")"\n'
"""A program that needs what lies beside it."""


def program(path: Path, *, link: Path | None = None) -> str:
    """A program with its data beside it, and a link to it; the name that it is started by."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAND_IN)
    path.chmod(0o755)
    (path.parent / "data").write_text("works")
    if link is None:
        return str(path)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(path, link.parent))
    return str(link)


PLACES: dict[str, tuple[str, str | None]] = {
    "beside secrets": (".config/tool/run", None),
    "in a bin": (".config/nvm/versions/node/v20/bin/node", None),
    "a link into modules": (".claude/local/node_modules/@a/code/cli.js", ".claude/local/node_modules/.bin/claude"),
    "a link to a link's": (".claude/local/node_modules/@a/code/cli.js", ".claude/local/claude"),
    "modules right below": (".claude/node_modules/@a/code/cli.js", ".claude/node_modules/.bin/claude"),
    "a link from a cover out": ("lib/tool/run", ".config/tool/run"),
    "a link from elsewhere in": (".codex/versions/1/bin/codex", "bin/codex"),
    "a plugin's": (".claude/plugins/x/bin/tool", None),
}


@pytest.mark.parametrize("kind", PLACES)
def test_a_program_that_is_needed_works_below_a_cover(kind: str, machine: Machine) -> None:
    path, link = PLACES[kind]
    name = program(machine.home / path, link=None if link is None else machine.home / link)
    secrets = planted(machine)
    machine.give()
    code = "import subprocess, sys; print(subprocess.run([sys.argv[1]], capture_output=True, text=True))"
    done = machine.run("-c", code, name, programs=(name,))
    assert f"{name} works" in done["out"], done
    read = """
import contextlib, pathlib, sys
for each in sys.argv[1:]:
    with contextlib.suppress(OSError):
        print(pathlib.Path(each).read_text())
"""
    assert machine.run("-c", read, *map(str, secrets), programs=(name,))["out"] == ""


def test_a_python_below_a_cover_works(machine: Machine) -> None:
    """As where hookproof itself is installed below `~/.config`."""
    machine.give()
    folder = machine.home / ".config" / "venv"
    subprocess.run([machine.python, "-m", "venv", "--without-pip", folder], check=True)
    python = str(folder / "bin" / "python")
    code = "import sys, json; print(sys.prefix)"
    done = machine.run("-c", f"import subprocess; subprocess.run([{python!r}, '-c', {code!r}])", programs=(python,))
    assert done["out"].strip() == str(folder), done


@pytest.mark.parametrize("where", [".config/t", ".claude/t", "t t/ü"])
def test_the_temporary_directory_may_lie_below_a_cover(where: str, machine: Machine) -> None:
    temporary = machine.home / where
    case = temporary / "case"
    case.mkdir(parents=True)
    (temporary / "other").mkdir()
    machine.write(f"{machine.home.name}/.config/secret")
    machine.give()
    code = f"import os; open({str(case / 'written')!r}, 'w').close(); print(os.listdir({str(temporary)!r}))"
    done = inside(
        [machine.python, "-I", "-S", "-c", code],
        folder=case,
        env=machine.env() | {"TMPDIR": str(temporary)},
        ordinary=machine.ordinary,
    )
    assert (done["isolation"]["level"], done["out"]) == ("full", "['case']\n"), done
    assert (case / "written").exists()


HOMES = {"a link": "link to home", "nowhere": "not there", "not absolute": "", "unset": None}


@pytest.mark.parametrize("kind", HOMES)
def test_whatever_the_home_is_the_view_is_had(kind: str, machine: Machine) -> None:
    """And where it is a home at all, its secrets are hidden by all its names."""
    secret = machine.write(f"{machine.home.name}/.config/secret")
    (machine.place / "link to home").symlink_to(machine.home)
    machine.give()
    home = HOMES[kind]
    env = {name: value for name, value in machine.env().items() if name != "HOME"}
    if home is not None:
        env["HOME"] = str(machine.place / home) if home else "home"
    code = f"import pathlib; print(pathlib.Path({str(secret)!r}).read_text())"
    done = inside([machine.python, "-I", "-S", "-c", code], folder=machine.case, env=env, ordinary=machine.ordinary)
    assert done["isolation"]["level"] == "full", done
    assert (done["out"] == "") is (kind == "a link"), done


def test_where_the_home_is_the_root_its_secrets_are_hidden(machine: Machine) -> None:
    """As for a container's user: with a root directory of the test's own."""
    found = hidden_of({"HOME": "/"}, machine, exists={"/.ssh", "/.config"})
    assert {"/.ssh", "/.config"} <= set(found)


def hidden_of(env: dict[str, str], machine: Machine, exists: set[str]) -> list[str]:
    code = (
        "import os\nfrom hookproof.isolation.linux import hidden\nreal = os.path.exists\n"
        f"os.path.exists = lambda path: os.path.normpath(path).replace('//', '/') in {exists!r} or real(path)\n"
        "print('\\n'.join(hidden.hidden()))"
    )
    return python_with(["-c", code], env={**machine.env(), **env}, ordinary=machine.ordinary).stdout.splitlines()


VARIABLES = {"CLAUDE_CONFIG_DIR": "claude-of-work", "KUBECONFIG": "kube.yml", "SSH_AUTH_SOCK": "agent"}


@pytest.mark.parametrize("name", VARIABLES)
def test_what_a_variable_names_is_hidden(name: str, machine: Machine) -> None:
    path = machine.home / VARIABLES[name]
    secret = machine.write(f"{machine.home.name}/{VARIABLES[name]}" + ("/s" if "claude" in str(path) else ""))
    machine.give()
    read = f"import pathlib; print(pathlib.Path({str(secret)!r}).read_text())"
    for value, out in ((str(path), ""), ("/usr", f"{SECRET}\n"), (str(machine.place), f"{SECRET}\n")):
        done = inside(
            [machine.python, "-I", "-S", "-c", read],
            folder=machine.case,
            env=machine.env() | {name: value},
            ordinary=machine.ordinary,
        )
        # what is the system's stays, and what is above a home
        assert (done["isolation"]["level"], done["out"]) == ("full", out), (value, done)
