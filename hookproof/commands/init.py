"""`hookproof init`: the project file and a first scenario for the plugin of a repository. It asks and plays nothing."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.descriptor import Companion, Context
from hookproof.catalogue.host import MANIFEST, HostName
from hookproof.catalogue.own_scenarios import PROJECT_FILE, repository
from hookproof.catalogue.plugin import HOOKS_KIND, PluginError, is_reference, resolve_plugin
from hookproof.catalogue.project import find_project
from hookproof.commands import UsageError, outputs
from hookproof.hosts.registry import HOSTS
from hookproof.sandbox import inside, tap
from hookproof.transcripts.scenario import scenario_of

FOLDER = Path("tests") / "hookproof"
_MARKETPLACE = Path(".claude-plugin") / "marketplace.json"
_PLAIN = ("SessionStart", "UserPromptSubmit", "Stop", "SessionEnd")
"""The events of a conversation of one turn, in the order in which one is chosen."""
_TOOL_EVENTS = ("PreToolUse", "PostToolUse")
_EVERY = frozenset({None, "", "*"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `init`."""
    parser.add_argument(
        "plugin",
        nargs="?",
        type=Path,
        metavar="PLUGIN",
        help="the plugin's directory (default: the one of this directory, or of its marketplace)",
    )
    parser.add_argument(
        "--from-transcript",
        type=Path,
        metavar="FILE",
        help="a scenario made from a host's own transcript of a conversation, instead of a first one",
    )
    parser.add_argument(
        "--from-line", type=int, metavar="N", help="the line of the transcript to begin with (default: its first)"
    )


def execute(parsed: argparse.Namespace) -> int:
    """Write the files, and say what comes next. Raises UsageError, PluginError, TranscriptError, FileError."""
    here = Path.cwd()
    root = repository(here) or here
    if parsed.from_line is not None and parsed.from_line < 1:
        raise UsageError(f"--from-line {parsed.from_line}: expected the number of a line, 1 or more")
    if parsed.from_transcript is not None:
        return _from_transcript(parsed, here, root)
    if parsed.from_line is not None:
        raise UsageError("--from-line: is about a transcript; expected --from-transcript FILE with it")
    root_files = _Files(root)
    root_files.refuse(root / PROJECT_FILE)
    plugin = _found(parsed.plugin, here)
    folder = root / FOLDER
    project = {"plugin": _seen(plugin, root), "scenarios": FOLDER.as_posix(), "hosts": list(_hosts(plugin))}
    root_files.add(folder / "first.toml", _scenario(_hosts(plugin)))
    root_files.add(root / PROJECT_FILE, _project(project))
    for path in root_files.write():
        print(f"wrote {_seen(path, here)}")
    tests = shlex.quote(_seen(folder, here))
    print(f"\nnext:\n  hookproof run {tests}    # plays the scenario: its sentence holds")
    print(f"  pytest {tests}           # the same as a test; now write a sentence of your own into it")
    return 0


def _from_transcript(parsed: argparse.Namespace, here: Path, root: Path) -> int:
    """Write the scenario that a transcript makes, and the project file where there is none."""
    project, written = find_project(here), _Files(root)
    if project is not None and project.path is not None and project.plugin is not None and parsed.plugin is None:
        spec = project.plugin if is_reference(project.plugin) else str(project.place(project.plugin))
        described = None if project.descriptor is None else project.place(project.descriptor)
        folder = project.place(project.scenarios[0]) if project.scenarios else project.path.parent / FOLDER
    else:
        plugin = _found(parsed.plugin, here)
        spec, described, folder = str(plugin), None, root / FOLDER
        table = {"plugin": _seen(plugin, root), "scenarios": FOLDER.as_posix(), "hosts": list(_hosts(plugin))}
        written.add(root / PROJECT_FILE, _project(table))
    descriptor = resolve_plugin(spec, descriptor_file=described).descriptor
    made = scenario_of(
        parsed.from_transcript,
        from_line=parsed.from_line or 1,
        launch=descriptor.commands.launch if isinstance(descriptor, Companion) else None,
        describes_context=isinstance(descriptor, Context),
    )
    names = itertools.chain(["conversation"], (f"conversation-{number}" for number in itertools.count(2)))
    file = next(path for name in names if not os.path.lexists(path := folder / f"{name}.toml"))
    written.add(file, made.text)
    for path in written.write():
        print(f"wrote {_seen(path, here)}")
    for each in made.left_out:
        print(f"left out: {each}")
    scenario = shlex.quote(_seen(file, here))
    print(f"\nnext:\n  hookproof run {scenario}    # plays the conversation again")
    print(f"  $EDITOR {scenario}          # cut it to what matters, and write a sentence of your own into it")
    return 0


@dataclass
class _Files:
    """What is to be written, all or nothing."""

    root: Path
    texts: dict[Path, str] = field(default_factory=dict)

    def refuse(self, path: Path) -> None:
        if os.path.lexists(path):
            raise UsageError(f"{path}: is there already, and init writes over nothing")

    def add(self, path: Path, text: str) -> None:
        self.refuse(path)
        self.texts[path] = text

    def write(self) -> list[Path]:
        for path in self.texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            outputs.attempt(path)
        for path, text in self.texts.items():
            outputs.write(path, text)
        return list(self.texts)


def _seen(path: Path, place: Path) -> str:
    return Path(os.path.relpath(path, place)).as_posix()


def _found(named: Path | None, here: Path) -> Path:
    """The plugin's directory. Raises UsageError."""
    if named is not None:
        if not named.is_dir():
            raise UsageError(f"{named}: there is no such directory; expected that of a plugin")
        candidates = [named, *_listed(named)]
    else:
        candidates = [
            here,
            *_listed(here),
            *(path.parent.parent for path in sorted(here.glob(f"plugins/*/{MANIFEST}"))),
        ]
    found = list(dict.fromkeys(each.resolve() for each in candidates if _is_plugin(each)))
    if len(found) == 1 or (found and found[0] == (named or here).resolve()):
        return found[0]
    if found:
        names = ", ".join(_seen(each, here) for each in found)
        raise UsageError(f"there are several plugins; name one: hookproof init PLUGIN, which is one of: {names}")
    manifests = " or ".join(host.hooks.manifest.as_posix() for host in HOSTS.values())
    raise UsageError(
        f"{named or here}: no plugin was found: a directory with {manifests}, or a {_MARKETPLACE.as_posix()} that "
        "names one"
    )


def _is_plugin(folder: Path) -> bool:
    return any((folder / host.hooks.manifest).is_file() for host in HOSTS.values())


def _listed(folder: Path) -> list[Path]:
    """The directories of the plugins that a marketplace in `folder` names. Raises FileError."""
    if not (folder / _MARKETPLACE).is_file():
        return []
    table = files.read_json(folder / _MARKETPLACE)
    entries = table.get("plugins") if isinstance(table, dict) else None
    sources = [each.get("source") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return [folder / each for each in sources if isinstance(each, str) and files.is_inside(folder / each, folder)]


def _hosts(plugin: Path) -> dict[HostName, dict[str, list[str | None]]]:
    """The hosts that the plugin has hooks for: the events of each, with their matchers. Raises UsageError."""
    found = {name: _events(plugin, name) for name, host in HOSTS.items() if tap.without_hooks(plugin, host) is None}
    if not found:
        why = "; ".join(str(tap.without_hooks(plugin, host)) for host in HOSTS.values())
        raise UsageError(f"{plugin}: has no hooks to be tested: {why}")
    return found


def _events(plugin: Path, name: HostName) -> dict[str, list[str | None]]:
    host = HOSTS[name]
    found: dict[str, list[str | None]] = {}
    try:
        path, manifest = tap.manifest_of(plugin, host)
        for _, (_, events) in tap.declared_files(plugin, host.hooks, path, manifest):
            for event, groups in events.items() if isinstance(events, dict) else ():
                found.setdefault(str(event), []).extend(_matchers(groups))
    except (tap.TapError, inside.OutsideError) as error:
        raise PluginError(str(error)) from None
    return found


def _matchers(groups: Any) -> list[str | None]:
    entries = [each for each in groups if isinstance(each, dict)] if isinstance(groups, list) else []
    return [str(each["matcher"]) if each.get("matcher") is not None else None for each in entries if each.get("hooks")]


def _heard(event: str, hosts: Mapping[HostName, dict[str, list[str | None]]], word: str) -> bool:
    """Whether each host runs a hook of the plugin at the event: its matcher fits everything, or is this word."""
    return all(
        any(each in _EVERY or word in str(each).split("|") for each in events.get(event, ()))
        for events in hosts.values()
    )


def _project(table: Mapping[str, object]) -> str:
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in table.items()]
    return "\n".join(["# What hookproof plays here: docs/projects.md", *lines, ""])


def _scenario(hosts: Mapping[HostName, dict[str, list[str | None]]]) -> str:
    """A conversation of one turn, with a sentence that holds of any plugin whose hook runs at all."""
    event = next((each for each in _PLAIN if _heard(each, hosts, "startup")), None)
    tool = next((each for each in _TOOL_EVENTS if event is None and _heard(each, hosts, "Bash")), None)
    call = '[[model.main]]\ncall = "Bash"\ncommand = "echo hello"\n' if tool else ""
    chosen = event or tool
    if chosen is not None:
        of_tool = ', tool = "Bash"' if tool else ""
        sentence = f'id = "hook-runs"\nmust = "The {chosen} hook runs."\nhook = {{ event = "{chosen}"{of_tool} }}\n'
    else:
        sentence = 'id = "nothing-left"\nmust = "Nothing of the plugin runs when all sessions are over."\nleft = {}\n'
    return f"""\
title = "A session of one turn"
source = "hookproof init"
kind = "{HOOKS_KIND}"
hosts = {json.dumps(list(hosts))}
user = "Hello."

{call}[[model.main]]
text = "Hello."

# Your own sentences: what your plugin must do. docs/expect.md has every kind.
[[expect]]
{sentence}"""
