"""From words of the command line to plugins, lifecycles, programs and their isolation.

Shared by the verbs that play.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import Resolved, lifecycle_files, real, resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, PluginError, resolve_plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.commands import UsageError, isolated, outputs
from hookproof.commands.projects import STAND_IN
from hookproof.hosts import registry
from hookproof.isolation import entry, outside
from hookproof.play import PlayOptions
from hookproof.suite.matrix import without_hooks

if TYPE_CHECKING:
    from rich.console import Console

    from hookproof.hosts.host import Host
    from hookproof.hosts.install.releases import Release
    from hookproof.isolation.level import Isolation


def plugin(spec: str, descriptor: Path | None) -> Plugin:
    """The plugin to play, with the programs that it needs present. Raises PluginError."""
    found = resolve_plugin(spec, descriptor_file=descriptor)
    for program, hint in found.descriptor.needs.items():
        if shutil.which(program) is None:
            raise PluginError(f"{program} is not on PATH: {hint}")
    return found


def lifecycles(specs: list[str]) -> list[Resolved]:
    """The lifecycles named; `all` is every one that hookproof ships. Raises UsageError for an unknown one."""
    names = [path.stem for path in lifecycle_files()] if "all" in specs else specs
    try:
        return [resolve_lifecycle(name) for name in names]
    except LookupError as error:
        raise UsageError(f"--lifecycle: {error.args[0]}") from None


@dataclass(frozen=True, slots=True)
class Hosts:
    """What `--lifecycle`, `--claude` and `--codex` come to for one plugin."""

    lifecycles: list[Resolved]
    programs: dict[str, Program]
    """The real hosts, by the names of their lifecycles."""
    worker: Program | None
    """A real Codex for the jobs of a companion."""


def hosts(
    parsed: argparse.Namespace,
    plugin: Plugin,
    default: list[str],
    *,
    kind: str | None = None,
    scenarios: Sequence[Scenario] = (),
    known: Mapping[str, list[Program]] | None = None,
) -> Hosts:
    """The hosts to play a plugin on, of those on which its kind is played and that it has hooks for.

    `kind` is that of the scenarios; None: the plugin's own.

    A real host is played wherever it is named, in the place of its stand-ins; of other hosts the lifecycles that are
    named, and none where none are. `scenarios`, where they are known, are what is to be played. Installs what is
    missing, unless the programs of `--claude` and `--codex` are `known`. Raises UsageError, ReleaseError.
    """
    kind = kind or plugin.descriptor.kind
    asked = [host for host in registry.playing(kind) if getattr(parsed, host.name) != STAND_IN]
    for host in asked:
        why = without_hooks(plugin, host.name, kind) or _in_none(host, kind, scenarios)
        if why is not None:
            raise UsageError(f"--{host.name} {getattr(parsed, host.name)}: {why}")
    stand_ins = _stand_ins(parsed, asked, plugin, kind, default)
    worker = _worker(parsed, known) if kind == "companion" else None
    columns = {
        f"{host.name}@{each.version}": (host.name, each)
        for host in asked
        for each in (known[host.name] if known is not None else programs(host.name, parsed))
    }
    lifecycles = [*(real(name, each.version) for name, each in columns.values()), *stand_ins]
    return Hosts(lifecycles, {column: each for column, (_, each) in columns.items()}, worker)


def _in_none(host: Host, kind: str, scenarios: Sequence[Scenario]) -> str | None:
    """Why a host that was asked for would play nothing of these scenarios; None where it would."""
    if not scenarios or any(host.name in each.hosts for each in scenarios):
        return None
    others = dict.fromkeys(registry.title(name) for each in scenarios for name in each.hosts)
    return f"none of the chosen scenarios of a {kind} plugin is played on {host.title}, but on {' and '.join(others)}"


def _stand_ins(
    parsed: argparse.Namespace, asked: list[Host], plugin: Plugin, kind: str, default: list[str]
) -> list[Resolved]:
    """The lifecycles of the hosts that are not played by the real program."""
    real_ones = {host.name for host in asked}
    if parsed.lifecycle:
        found = lifecycles(parsed.lifecycle)
        for each in found:
            if each.host in real_ones and each.name in parsed.lifecycle:
                spec = getattr(parsed, each.host)
                raise UsageError(f"--lifecycle says what a stand-in does; --{each.host} {spec} plays the host itself")
        return [each for each in found if each.host not in real_ones]
    if asked:
        return []
    found = lifecycles(default)
    unhooked = {host: without_hooks(plugin, host, kind) for host in {each.host for each in found}}
    hooked = [each for each in found if unhooked[each.host] is None]
    if not hooked:
        raise UsageError(f"{plugin.root}: {'; '.join(sorted(filter(None, unhooked.values())))}")
    return hooked


def _worker(parsed: argparse.Namespace, known: Mapping[str, list[Program]] | None) -> Program | None:
    """The real program for the jobs of a companion, when one is asked for."""
    host = registry.WORKER
    if getattr(parsed, host.name) == STAND_IN:
        return None
    found = known[host.name] if known is not None else programs(host.name, parsed)
    if len(found) > 1:
        raise UsageError(f"--{host.name}: the jobs of a companion are done by one {host.title}, not by several")
    return found[0]


def programs(host: HostName, parsed: argparse.Namespace) -> list[Program]:
    """The programs that `--claude` or `--codex` means. Raises ReleaseError; installs what is missing."""
    from hookproof.commands.hosts import bring  # noqa: PLC0415 - npm and its progress, only for a real host
    from hookproof.hosts.install.programs import resolve  # noqa: PLC0415

    def install(host: HostName, version: str) -> Release:
        return outside.call(bring, host, version)

    isolate = not parsed.allow_network and entry.current().open
    return resolve(host, getattr(parsed, host), isolate=isolate, install=install)


def play_options(console: Console, *, real: bool, allow_network: bool, worker: Program | None = None) -> PlayOptions:
    """The options of a run in the isolation that this process has. Raises IsolationError when a real one needs more."""
    from rich.markup import escape  # noqa: PLC0415 - only for what plays

    if not real:
        return options_of(entry.current(), worker)
    entered = entry.for_real_hosts(allow_network=allow_network)
    if entered.warning:
        console.print(f"[yellow]warning[/] {escape(entered.warning)}")
        for line in registry.contacts() if entered.open else ():
            console.print(f"  [dim]{escape(line)}[/]")
    return options_of(entered, worker)


def options_of(entered: Isolation, worker: Program | None = None) -> PlayOptions:
    """The options with which cases are played in this isolation."""
    return PlayOptions(worker=worker, extra_env=entered.environment, isolation=entered)


def play_arguments(parser: argparse.ArgumentParser, *, lifecycle: str) -> None:
    """The options that every playing verb has."""
    parser.add_argument(
        "--plugin",
        metavar="SPEC",
        help="a plugin's directory, or reference[:POLICY], reference-workflow[:POLICY], reference-hooks[:POLICY] "
        "(default: the references)",
    )
    parser.add_argument(
        "--descriptor", type=Path, metavar="FILE", help="file that describes a plugin that hookproof does not know"
    )
    parser.add_argument(
        "--lifecycle",
        action="append",
        metavar="NAME[+SWITCH]",
        help=f"lifecycle of the stand-in host; repeatable, or `all` (default: {lifecycle})",
    )
    for host in registry.HOSTS.values():
        parser.add_argument(
            f"--{host.name}",
            default=STAND_IN,
            metavar="SPEC",
            help=f"{host.option}: fake, a path, or npm:VERSION[,VERSION...] (default: fake)",
        )
    isolated.arguments(parser)
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="directory in which runs are kept (default: the user's cache)"
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="number of cases played at the same time (default: number of processors)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=PlayOptions().seconds,
        metavar="SECONDS",
        help="longest wait for each step of a case (default: %(default)g)",
    )
    outputs.arguments(parser)
