"""`hookproof hosts`: real hosts in a private cache, never globally."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from hookproof.catalogue.host import HostName
from hookproof.commands import UsageError
from hookproof.hosts.install import releases
from hookproof.hosts.install.releases import InstallProgress, Release, ReleaseError
from hookproof.hosts.registry import HOSTS


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `hosts`."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    install = what.add_parser("install", help="install releases from npm", description="Install releases from npm.")
    install.add_argument(
        "specs", nargs="+", metavar="NAME@VERSION", help="a release, for example claude@2.1.91 or codex@latest"
    )
    list_ = what.add_parser("list", help="list the installed releases", description="List the installed releases.")
    list_.add_argument("--json", action="store_true", help="print the list as JSON")
    remove = what.add_parser("remove", help="remove releases", description="Remove releases.")
    remove.add_argument("specs", nargs="+", metavar="NAME@VERSION", help="a release, as `hosts list` shows it")


def execute(parsed: argparse.Namespace) -> int:
    """Exit status 1 when anything could not be brought or removed; the others still are."""
    if parsed.what == "list":
        return _list(as_json=parsed.json)
    specs = [_spec(text) for text in parsed.specs]
    action = _install if parsed.what == "install" else releases.remove
    return max(_carry_out(action, host, version) for host, version in specs)


class PlainInstallProgress(InstallProgress):
    """Plain lines on stderr, for pipes and logs."""

    def show(self, text: str) -> None:
        """One line."""
        print(text, file=sys.stderr)


class LiveInstallProgress(InstallProgress):
    """Lines, and one that moves while npm works.

    It moves when it is told to, without a thread: the process that downloads may have forked the one that plays.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def show(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def busy(self, text: str) -> None:
        """Move on."""
        self._spinner.update(text=Text(text))
        if self._live is None:
            self._live = Live(self._spinner, console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.refresh()

    def done(self) -> None:
        """Remove the moving line from the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def progress() -> InstallProgress:
    """For people: on a terminal something that moves, plain lines elsewhere. On stderr, results have stdout."""
    return LiveInstallProgress(Console(stderr=True)) if sys.stderr.isatty() else PlainInstallProgress()


def bring(host: HostName, version: str) -> Release:
    """Install a release unless it is there, and show how. Raises ReleaseError."""
    return releases.install(host, version, progress())


def _spec(text: str) -> tuple[HostName, str]:
    name, _, version = text.partition("@")
    for host in HOSTS:
        if name == host and version:
            try:
                return host, releases.check_version(version)
            except ReleaseError as error:
                raise UsageError(str(error)) from None
    raise UsageError(f"{text!r}: expected NAME@VERSION, such as claude@2.1.91 or codex@0.130.0")


def _carry_out(action: Callable[[HostName, str], None], host: HostName, version: str) -> int:
    try:
        action(host, version)
    except ReleaseError as error:
        print(f"hookproof: {error}", file=sys.stderr)
        return 1
    return 0


def _install(host: HostName, version: str) -> None:
    release = bring(host, version)
    print(f"{release.host}@{release.version} is in {release.folder}")


def _list(*, as_json: bool) -> int:
    found = releases.installed()
    if as_json:
        print(json.dumps([_shown(release) for release in found], indent=2))
        return 0
    if not found:
        print("nothing is installed (`hookproof hosts install claude@2.1.91` brings one)")
    width = max((len(f"{release.host}@{release.version}") for release in found), default=0)
    for release in found:
        needs = f", needs {release.needs}" if release.needs else ""
        name = f"{release.host}@{release.version}"
        print(f"{name:<{width}}  {release.installed[:10]}  {release.folder}{needs}")
    return 0


def _shown(release: Release) -> dict[str, object]:
    return {
        "host": release.host,
        "version": release.version,
        "argv": list(release.argv),
        "integrity": release.integrity,
        "needs": release.needs,
        "folder": str(release.folder),
        "installed": release.installed,
    }
