"""Finds the programs that `--claude` and `--codex` name: the stand-in, a path, or releases from npm."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from hookproof import claims, interrupts, processes
from hookproof.catalogue.host import HostName, Program
from hookproof.errors import DeadlineMissedError
from hookproof.hosts.install import releases
from hookproof.hosts.install.releases import Release, ReleaseError
from hookproof.hosts.registry import HOSTS
from hookproof.isolation import alone
from hookproof.isolation.entry import ALLOW, IsolationError
from hookproof.sandbox.environment import environment, search_path

Install = Callable[[HostName, str], Release]
"""Brings a release of a host."""

_NPM = "npm:"
_SECONDS = 60.0
_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
_JAVASCRIPT = frozenset({".js", ".cjs", ".mjs"})


def resolve(host: HostName, spec: str, *, isolate: bool = True, install: Install = releases.install) -> list[Program]:
    """The programs that `spec` means: `fake`, a path, or `npm:VERSION[,VERSION…]`, which installs what is missing.

    `install` brings a release, outside of the isolation: npm needs the network. A path's version is asked of the
    program itself, in a private home, and in an isolation of its own unless `isolate` is False. Raises ReleaseError.
    """
    if spec == "fake":
        return [HOSTS[host].stand_in()]
    if spec.startswith(_NPM):
        specs = [word.strip().removeprefix(_NPM) for word in spec.split(",")]
        versions = [releases.check_version(word) for word in specs]
        found = [install(host, version) for version in dict.fromkeys(versions)]
        return [Program(release.argv, release.version) for release in dict.fromkeys(found)]
    path = Path(spec).expanduser().absolute()
    if not path.is_file():
        raise ReleaseError(f"--{host} {spec}: {_no_file(spec, path)}; expected fake, a path, or npm:VERSION[,VERSION…]")
    argv = _argv(host, path)
    return [Program(argv, interrupts.run(_version(host, path, argv, isolate=isolate)))]


def _no_file(spec: str, path: Path) -> str:
    if _VERSION.fullmatch(spec):
        return f"no such file (did you mean npm:{spec}?)"
    return "is a directory" if path.is_dir() else "no such file"


def _argv(host: HostName, path: Path) -> tuple[str, ...]:
    """A JavaScript file, or a link to one as npm makes them, is given to Node: it may not be on the PATH of a run."""
    if path.resolve().suffix not in _JAVASCRIPT:
        return (str(path),)
    node = shutil.which("node")
    if node is None:
        raise ReleaseError(f"--{host} {path}: is JavaScript and needs node, which is not on PATH")
    return (node, str(path))


async def _version(host: HostName, path: Path, argv: tuple[str, ...], *, isolate: bool) -> str:
    specs, more = alone.alone(argv) if isolate else (list(argv), {})
    with claims.make("hp-") as claimed:
        home, token = claimed.root, claimed.token
        env = environment(
            home=home,
            tmp=home,
            path=search_path(home, ["node"]),
            token=token,
            recorder="127.0.0.1:9",
            model="http://127.0.0.1:9",
            hosts=HOSTS.values(),
        )
        try:
            done = await processes.run_swept(
                [*specs, "--version"],
                token=token,
                env=env | more,
                cwd=home,
                seconds=_SECONDS,
                waiting_for=f"{path} --version",
                folder=home,
                programs=argv,
            )
        except OSError as error:
            raise ReleaseError(f"--{host} {path}: cannot be started: {error.strerror}") from None
        except DeadlineMissedError as error:
            raise ReleaseError(f"--{host}: {error}") from None
    version_line = " ".join(done.stdout.decode("utf-8", "replace").split())
    trouble = " ".join(done.stderr.decode("utf-8", "replace").split())
    if isolate and done.exit.code == alone.REFUSED:
        raise IsolationError(f"{trouble}; {ALLOW}")
    if isolate and done.exit.code == alone.NOT_STARTED:
        raise ReleaseError(f"--{host} {path}: cannot be started: {trouble}")
    found = _VERSION.search(version_line)
    if done.exit.code != 0 or found is None:
        raise ReleaseError(
            f"--{host} {path}: `--version` does not say a version: {(version_line or trouble or 'nothing')[:80]}"
        )
    saying = [each for each in HOSTS.values() if each.says in version_line.lower()]
    if saying and HOSTS[host] not in saying:
        raise ReleaseError(f"--{host} {path}: this is {saying[0].title} ({version_line[:80]}), not {HOSTS[host].title}")
    return found.group()
