"""The tap, installed: the hook commands of a plugin's copy are wrapped, so that a real host's hook runs are journaled.

What the tap does is in fakes/tap. Here the hooks files of the copy are rewritten before the host reads them; only the
commands change, for matchers, timeouts and everything else belong to what is tested. And here the end of a hook run is
written that its tap could not write, because the host had killed it.
"""

from __future__ import annotations

import glob
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hookproof import files, places, processes
from hookproof.catalogue.host import MANIFESTS, HooksFiles
from hookproof.catalogue.plugin import HOOKS
from hookproof.journal import Journal
from hookproof.records import Record
from hookproof.records.run import ProcessDied, SweepBegan
from hookproof.records.sent import HookEnded, HookHeld, HookStarted
from hookproof.sandbox import inside

_PROGRAM = places.FAKES / "tap" / "tap.py"
_OTHERWISE = frozenset({"args", "shell"})
"""With these a hook is not a line for the host's own shell, and cannot be wrapped as one."""
_A_SHELL_LIKE_IT = "bash"
"""A `shell` of a hook that reads what the tap is started with as the host's own does, where that is a POSIX shell."""


class TapError(Exception):
    """Hooks that cannot be tapped. One sentence."""


class Tapped(Protocol):
    """The host whose hooks are tapped."""

    @property
    def name(self) -> str:
        """By which the commands that it finds are told from another's."""
        ...

    @property
    def hooks(self) -> HooksFiles:
        """Which files it reads."""
        ...


@dataclass(frozen=True, slots=True)
class TappedHook:
    """One entry of a hooks file whose command is wrapped."""

    file: Path
    event: str
    command: str
    index: int
    """The command's place in COMMANDS.json. Equal commands share it: a host may run them once."""
    always: bool
    """Whether it runs whenever its event fires, whatever the event is about."""


def install(plugin_copy: Path, host: Tapped, python: str) -> list[TappedHook]:
    """Wrap the commands that `host` finds in the plugin's copy; `python` runs the tap.

    The commands as they were are written beside the copy, not into it. Hooks that several hosts read are wrapped
    once, for whichever comes first, and serve all. Links are followed as far as they stay in the copy. Raises TapError.
    """
    try:
        return _install(plugin_copy, host, python)
    except inside.OutsideError as error:
        raise TapError(str(error)) from None


def _install(plugin_copy: Path, host: Tapped, python: str) -> list[TappedHook]:
    manifest_path, manifest = manifest_of(plugin_copy, host)
    commands_path = _commands_path(plugin_copy, host.name)
    if commands_path.exists():
        raise TapError(f"{plugin_copy}: its {host.name} hooks are tapped already")
    wrap = _Wrap(
        plugin_copy,
        commands_path,
        python,
        for_cmd=sys.platform == "win32" and host.hooks.cmd_on_windows,
        goes_on_beside=host.hooks.goes_on_beside,
    )
    tapped: list[TappedHook] = []
    read = declared_files(plugin_copy, host.hooks, manifest_path, manifest)
    for path, events in read:
        tapped += wrap.document(path, *events)
    _wrap_default(wrap, plugin_copy, {path for path, _ in read})
    name = manifest.get("name") or plugin_copy.name
    beside = {commands_path: {"host": host.name, "plugin": name, **wrap.told()}}
    for other in wrap.shared:
        beside[other] = {**_object(other), "host": None}
    for path, content in beside.items():
        inside.write(plugin_copy.parent, path, json.dumps(content, indent=2))
    return tapped


def manifest_of(root: Path, host: Tapped) -> tuple[Path, dict[str, Any]]:
    """Where the manifest that a host reads is, and what it says; nothing where it is not there. Raises TapError."""
    path = inside.place(root, root / host.hooks.manifest)
    return path, _object(path) if path.is_file() else {}


def _wrap_default(wrap: _Wrap, plugin_copy: Path, read: set[Path]) -> None:
    """Wrap what stands in hooks/hooks.json although the manifest names something else.

    Which forms of a manifest count as none differs from release to release of Codex (measured): a hook that a host
    takes from there after all leaves its records as well. What cannot be wrapped there is no trouble until it is read.
    """
    default = plugin_copy / HOOKS
    if default in read or not default.is_file():
        return
    try:
        path = inside.place(plugin_copy, default)
        document = _object(path)
        if path not in read:
            wrap.document(path, document, document.get("hooks", {}))
    except TapError:
        return


def without_hooks(root: Path, host: Tapped) -> str | None:
    """Why a host finds no hooks of the plugin in `root`; None where it finds some. Asked before anything is played.

    Files that are wrong in some way are hooks all the same: what is wrong is told when they are to be run.
    """
    manifest_path = root / host.hooks.manifest
    where = host.hooks.manifest.as_posix()
    try:
        others = [root / each for each in MANIFESTS if each != host.hooks.manifest]
        is_of_another = host.hooks.manifest_needed or any(each.is_file() for each in others)
        if not inside.place(root, manifest_path).is_file() and is_of_another:
            return f"there is no {where} in it"
        for path, (_, events) in declared_files(root, host.hooks, *manifest_of(root, host)):
            if any(_entries(path, events)):
                return None
    except (TapError, inside.OutsideError):
        return None
    return f"{where} declares none, and names no file that does"


def written(wrapped: str) -> str | None:
    """The command as it is written in the plugin, of one as the host has it; None for one that is not tapped."""
    try:
        words = shlex.split(wrapped)
        at = words.index(str(_PROGRAM)) + 1
        commands = files.read_json(Path(words[at]))["commands"]
        return str(commands[int(words[at + 1])])
    except (ValueError, IndexError, KeyError, TypeError, files.FileError):
        return None


def _commands_path(plugin_copy: Path, host: str) -> Path:
    return plugin_copy.parent / f"{plugin_copy.name}.tap-{host}.json"


def declared_files(
    root: Path, reads: HooksFiles, manifest_path: Path, manifest: dict[str, Any]
) -> list[tuple[Path, tuple[dict[str, Any], Any]]]:
    """The files that declare hooks: (path, (its document, the events in it)). A file that is not there is passed over,
    as hosts do. Raises TapError, OutsideError.
    """
    declared = manifest.get("hooks")
    entries = declared if isinstance(declared, list) else [declared]
    named = [entry for entry in entries if isinstance(entry, str) and (entry.startswith("./") or not reads.only_dotted)]
    inline = [entry for entry in entries if isinstance(entry, dict)]
    files = dict.fromkeys(path for name in named if (path := _inside(root, manifest_path, name)).is_file())
    default = root / HOOKS
    if default.is_file() and (reads.default_beside_named or not (named or inline)):
        files.setdefault(inside.place(root, default))
    found = [(manifest_path, (manifest, events.get("hooks", events))) for events in inline]
    for path in files:
        document = _object(path)
        found.append((path, (document, document.get("hooks", {}))))
    return found


def _inside(root: Path, manifest_path: Path, name: str) -> Path:
    try:
        path = inside.place(root, root / name)
    except inside.OutsideError:
        raise TapError(f"{manifest_path}: hooks: {name!r} lies outside the plugin") from None
    return path


class _Wrap:
    """Wraps commands, each text once, and remembers how they were."""

    def __init__(
        self, plugin_copy: Path, commands_path: Path, python: str, *, for_cmd: bool, goes_on_beside: bool
    ) -> None:
        self.commands: list[str] = []
        self._timeouts: list[dict[str, list[Any]]] = []
        """Of each command, by event: the timeouts that its entries declare, in seconds."""
        self._asynchronous: list[dict[str, list[bool]]] = []
        """The same: whether the host goes on beside it."""
        self._goes_on_beside = goes_on_beside
        self.shared: set[Path] = set()
        """Where the commands are that were wrapped for another host, and are read by this one as well."""
        self._start = [python, "-I", "-S", str(_PROGRAM)]
        self._plugin_copy = plugin_copy
        self._commands_path = commands_path
        self._for_cmd = for_cmd
        others = plugin_copy.parent.glob(_commands_path(Path(glob.escape(plugin_copy.name)), "*").name)
        self._known = {path: _object(path)["commands"] for path in sorted(others)}

    def document(self, path: Path, document: dict[str, Any], events: Any) -> list[TappedHook]:
        """Wrap every command of one hooks file and write it back."""
        found = []
        for event, entry, always in _entries(path, events):
            command = entry["command"]
            before = self._wrapped_before(command)
            if before is not None:
                other, index = before
                self.shared.add(other)
                found.append(TappedHook(path, event, self._known[other][index], index, always))
                continue
            if command not in self.commands:
                self.commands.append(command)
                self._timeouts.append({})
                self._asynchronous.append({})
            index = self.commands.index(command)
            self._timeouts[index].setdefault(event, []).append(entry.get("timeout"))
            beside = self._goes_on_beside and entry.get("async") is True
            self._asynchronous[index].setdefault(event, []).append(beside)
            entry["command"] = self._line(index, command)
            found.append(TappedHook(path, event, command, index, always))
        inside.write(self._plugin_copy, path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return found

    def told(self) -> dict[str, Any]:
        """What its tap needs to know of each command: the text, and by event what all entries agree on."""
        return {
            "commands": self.commands,
            "timeouts": [_agreed(each) for each in self._timeouts],
            "asynchronous": [_agreed(each) for each in self._asynchronous],
        }

    def _line(self, index: int, command: str) -> str:
        argv = [*self._start, str(self._commands_path), str(index)]
        if self._for_cmd:
            # for cmd.exe, which can tell neither its name nor a whole command in one word
            return " ".join(f'"{word}"' for word in argv)
        # `exec`: the host's child is the tap. "$0" is the host's shell, told by itself. The command goes along as a
        # word so that what the host puts in for ${...} is put in here, too
        start = "" if sys.platform == "win32" else "exec "
        return f'{start}{shlex.join(argv)} "$0" {shlex.quote(command)}'

    def _wrapped_before(self, command: str) -> tuple[Path, int] | None:
        """Where an installation for another host has put the command, and at which index, if one has wrapped it."""
        for other in self._known:
            if str(other) in command:
                argv = shlex.split(command)
                return other, int(argv[argv.index(str(other)) + 1])
        return None


def _agreed(told: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """By event what all entries of a command say there; nothing where they differ."""
    return {event: each[0] for event, each in told.items() if all(other == each[0] for other in each)}


def _entries(path: Path, events: Any) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """The command hooks of a file, with their events, and whether they have no matcher."""
    for event, groups in _expected(path, "hooks", events, dict).items():
        for number, group in enumerate(_expected(path, f"hooks.{event}", groups, list)):
            where = f"hooks.{event}[{number}]"
            entries = _expected(path, where, group, dict).get("hooks", [])
            for entry in _expected(path, f"{where}.hooks", entries, list):
                command = _expected(path, f"{where}.hooks", entry, dict).get("command")
                if entry.get("type") != "command" or not isinstance(command, str) or not command.strip():
                    continue
                others = _OTHERWISE if sys.platform == "win32" or entry.get("shell") != _A_SHELL_LIKE_IT else {"args"}
                for key in sorted(others & set(entry)):
                    raise TapError(f"{path}: {where}: a hook with {key!r} is not run by the host's shell as it stands")
                yield event, entry, group.get("matcher") in (None, "", "*")


def _expected(path: Path, where: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        name = "a list" if kind is list else "an object"
        raise TapError(f"{path}: {where}: expected {name}, found {type(value).__name__}")
    return value


def _object(path: Path) -> dict[str, Any]:
    try:
        value = files.read_json(path)
    except files.FileError as error:
        raise TapError(str(error)) from None
    return dict(_expected(path, "the whole", value, dict))


class Unfinished:
    """Writes the `hook.ended` of a run whose tap was killed, from the tap's death.

    A tap that is killed with SIGKILL can tell nothing more; the hook dies with it. Its last word is in the journal
    before it ends by itself (each record is acknowledged), so a death without one is the host's doing, unless the
    harness itself is sweeping.
    """

    def __init__(self, journal: Journal, watch: Callable[[processes.Identity], bool]) -> None:
        self._journal = journal
        self._watch = watch
        self._open: dict[str, tuple[int, HookStarted]] = {}
        journal.observe(self._seen)

    def _seen(self, record: Record) -> None:
        if isinstance(record, HookStarted):
            self._follow(record.by or 0, record)
        elif isinstance(record, HookHeld) and record.run in self._open:
            self._follow(record.pid, self._open[record.run][1])
        elif isinstance(record, HookEnded):
            self._open.pop(record.run, None)
        elif isinstance(record, SweepBegan):
            self._open.clear()
        elif isinstance(record, ProcessDied):
            for run, (pid, _) in self._open.items():
                if pid == record.pid:
                    self._journal.after(self._end(run, record.signal))

    def _follow(self, pid: int, started: HookStarted) -> None:
        self._open[started.run] = (pid, started)
        identity = processes.identify(pid)
        if identity is None or not self._watch(identity):
            self._journal.after(self._end(started.run, None))

    async def _end(self, run: str, signal: int | None) -> None:
        if run not in self._open:
            return
        _, started = self._open[run]
        self._journal.write(
            HookEnded(
                source=started.source,
                by=started.by,
                run=run,
                event=started.event,
                session_id=started.session_id,
                agent_id=started.agent_id,
                exit=None,
                signal=signal,
                stdout="",
                stderr="",
                ended_by="host",
                inferred="its tap died without a word",
            )
        )
