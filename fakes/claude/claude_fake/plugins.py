"""Reads a plugin's directory: its hooks, its agents, its commands.

Plugins are read once, when the host starts. A plugin that cannot be read ends the host with one clear sentence. One
that the real host would not load is left out, as silently as there.
"""

from __future__ import annotations

import json
import os

from standin.not_played import EVENT, HOOK_TYPE, NotPlayed

from .frontmatter import split, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .lifecycle import Lifecycle


DEFAULT_HOOKS = os.path.join("hooks", "hooks.json")
_SHOWN = 120
_GROUP_KEYS = frozenset({"matcher", "hooks"})
_COMMAND_KEYS = frozenset({"type", "command", "timeout", "async", "statusMessage"})
"""What is played of a hook. A statusMessage is for the eyes of a person at a terminal alone."""
MANIFEST = os.path.join(".claude-plugin", "plugin.json")


class PluginError(Exception):
    """A plugin that cannot be read. The text says which file, what was found, what was expected."""


class MisfitHookError(Exception):
    """A hook that this release of the host does not understand. The text says what of it; the place is not in it."""


class NotLoadedError(Exception):
    """A plugin that this release of the host does not load at all, and says nothing of."""

    def __init__(self, plugin: str, unfit: str) -> None:
        """`unfit` is what stands in its manifest that this release does not take."""
        super().__init__(plugin, unfit)
        self.plugin = plugin
        self.unfit = unfit


class Hook:
    """One command of hooks.json."""

    def __init__(
        self, plugin: Plugin, matcher: str, command: str, timeout: float | None, *, asynchronous: bool = False
    ) -> None:
        """`asynchronous`: nobody waits for it."""
        self.asynchronous = asynchronous
        self.plugin = plugin
        self.matcher = matcher
        self.command = command
        self.timeout = timeout


class AgentType:
    """One agents/*.md."""

    def __init__(self, name: str, fields: dict[str, str | list[str]], body: str) -> None:
        self.name = name
        self.description = str(fields.get("description", ""))
        self.tools = words(fields.get("tools"))
        self.model = str(fields.get("model", "")) or None
        self.body = body


class Plugin:
    """One loaded plugin."""

    def __init__(self, root: str, home: str, rows: Lifecycle) -> None:
        """Raises PluginError, NotLoadedError."""
        self.root = os.path.abspath(root)
        if not os.path.isdir(self.root):
            raise PluginError(f"{root}: no such plugin directory")
        manifest = self._json(MANIFEST, missing={})
        self.name = str(manifest.get("name") or os.path.basename(self.root))
        self.not_played = NotPlayed()
        self.servers = NotPlayed()
        """Its MCP servers. They are the plugin's even where its hooks are dropped."""
        self.servers.servers(self.root, MANIFEST, manifest.get("mcpServers"))
        self.events: list[str] = []
        """The events under which it declares anything."""
        self.hooks_misfit: str | None = None
        """Why a host that understands all hooks of a plugin or none takes none of this one's."""
        self.data = os.path.join(home, ".claude", "plugins", "data", f"{self.name}-inline")
        self.hooks = self._hooks(manifest, rows)
        self.agents = dict(self._agents(manifest))
        self.commands = dict(self._commands(manifest))

    def expanded(self, text: str) -> str:
        """`text` with the plugin's own paths put in."""
        return text.replace("${CLAUDE_PLUGIN_ROOT}", self.root).replace("${CLAUDE_PLUGIN_DATA}", self.data)

    def _path(self, relative: str) -> str:
        return os.path.join(self.root, *relative.split("/"))

    def _json(self, relative: str, *, missing: Any = None) -> Any:
        path = self._path(relative)
        if missing is not None and not os.path.exists(path):
            return missing
        try:
            with open(path, encoding="utf-8-sig") as file:
                document = json.load(file)
        except OSError as error:
            raise PluginError(f"{path}: cannot read it: {error.strerror}") from None
        except ValueError as error:
            raise PluginError(f"{path}: not JSON: {error}") from None
        if not isinstance(document, dict):
            raise PluginError(f"{path}: expected a JSON object, found {type(document).__name__}")
        return document

    def _hooks(self, manifest: dict[str, Any], rows: Lifecycle) -> dict[str, list[Hook]]:
        documents: list[tuple[str, Any]] = [(DEFAULT_HOOKS, self._json(DEFAULT_HOOKS, missing={}))]
        for part in _parts(self.name, manifest, rows):
            if isinstance(part, dict):
                documents.append((MANIFEST, {"hooks": part}))
            elif os.path.exists(self._path(part)) and all(os.path.normpath(part) != where for where, _ in documents):
                documents.append((os.path.normpath(part), self._json(part)))
        found: dict[str, list[Hook]] = {}
        for where, document in documents:
            for event, hook in self._declarations(where, document.get("hooks", {}), rows):
                found.setdefault(event, []).append(hook)
        return found

    def _declarations(self, file: str, events: Any, rows: Lifecycle) -> Iterator[tuple[str, Hook]]:
        path = self._path(file)
        known, firing = rows.events.known(rows["known_events"]), rows.events.known(())
        for event, groups in _object(path, "hooks", events).items():
            self.events += [event] if event not in self.events else []
            for group in _list(path, f"hooks.{event}", groups):
                matcher = _object(path, f"hooks.{event}[]", group).get("matcher", "")
                if event in firing:
                    self.not_played.keys(group, _GROUP_KEYS, file, event)
                for entry in _list(path, f"hooks.{event}[].hooks", group.get("hooks")):
                    fields = _object(path, f"hooks.{event}[].hooks[]", entry)
                    try:
                        hook = self._declared(str(matcher or ""), fields, rows)
                    except MisfitHookError as misfit:
                        if event in known and self.hooks_misfit is None:
                            self.hooks_misfit = f"{file}: hooks.{event}[].hooks[]: {misfit}"
                        continue
                    if event in firing:
                        self._note_what_is_not_played(fields, file, event, hook)
                    elif event in known:
                        self.not_played.add(EVENT, event, file)
                    if hook is not None:
                        yield event, hook

    def _note_what_is_not_played(self, fields: dict[str, Any], file: str, event: str, hook: Hook | None) -> None:
        if hook is None:
            self.not_played.add(HOOK_TYPE, fields["type"], file, event=event)
        else:
            self.not_played.keys(fields, _COMMAND_KEYS, file, event)

    def _declared(self, matcher: str, fields: dict[str, Any], rows: Lifecycle) -> Hook | None:
        """The hook that an entry declares; None for one that is no command. Raises MisfitHookError."""
        kind, command, timeout = fields.get("type"), fields.get("command"), fields.get("timeout")
        if kind not in rows["hook_types"]:
            raise MisfitHookError(f'"type" is {kind!r}, which it does not know')
        if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0):
            raise MisfitHookError(f'"timeout" is {timeout!r}, and no number of seconds')
        if kind != "command":
            return None
        if not isinstance(command, str):
            raise MisfitHookError(f'"command" is {command!r}, and no command')
        return Hook(self, matcher, command, timeout, asynchronous=fields.get("async") is True)

    def _agents(self, manifest: dict[str, Any]) -> Iterator[tuple[str, AgentType]]:
        for path, text in self._texts("agents", manifest.get("agents")):
            fields, body = split(text)
            name = f"{self.name}:{fields.get('name') or os.path.basename(path).removesuffix('.md')}"
            yield name, AgentType(name, fields, self.expanded(body.strip()))

    def _commands(self, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for path, text in self._texts("commands", manifest.get("commands")):
            yield f"{self.name}:{os.path.basename(path).removesuffix('.md')}", self.expanded(split(text)[1])

    def _texts(self, folder: str, declared: Any) -> Iterator[tuple[str, str]]:
        more = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
        for place in [folder, *(str(entry) for entry in more)]:
            path = os.path.join(self.root, place)
            names = sorted(os.listdir(path)) if os.path.isdir(path) else []
            files = [os.path.join(path, name) for name in names] if names else [path]
            for file in files:
                if file.endswith(".md"):
                    try:
                        with open(file, encoding="utf-8") as handle:
                            yield file, handle.read()
                    except (OSError, ValueError) as error:
                        raise PluginError(f"{file}: cannot read it: {error}") from None


def loaded(roots: list[str], home: str, rows: Lifecycle) -> tuple[list[Plugin], list[NotLoadedError]]:
    """The plugins that the host loads, and why it does not load the others. Raises PluginError."""
    found, others = [], []
    for root in roots:
        try:
            found.append(Plugin(root, home, rows))
        except NotLoadedError as error:
            others.append(error)
    return found, others


def _parts(name: str, manifest: dict[str, Any], rows: Lifecycle) -> list[str | dict[str, Any]]:
    """What a manifest has under `hooks`: paths of hooks files, and events. Raises NotLoadedError for anything else.

    All forms were measured on 2.1.91 and 2.1.329, with three hooks files of which each says its own name.
    """
    if "hooks" not in manifest:
        return []
    declared = manifest["hooks"]
    parts: list[str | dict[str, Any]] = []
    for part in declared if isinstance(declared, list) else [declared]:
        if isinstance(part, dict):
            parts.append(_known_events(name, part, rows))
        elif isinstance(part, str) and part.startswith("./") and part.endswith(".json") and ".." not in part.split("/"):
            parts.append(part)
        else:
            raise NotLoadedError(name, f"hooks: {_shown(part)}")
    return parts


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _known_events(name: str, events: dict[str, Any], rows: Lifecycle) -> dict[str, Any]:
    """Events that stand in a manifest. Raises NotLoadedError where a release takes them whole or not at all."""
    known = rows.events.known(rows["known_events"])
    fit = {event: groups for event, groups in events.items() if event in known and isinstance(groups, list)}
    if len(fit) < len(events) and rows["manifest_event_misfit"] == "drops the plugin":
        raise NotLoadedError(name, f"hooks: {', '.join(_shown(event) for event in events if event not in fit)}")
    return fit


def _object(path: str, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PluginError(f"{path}: {where}: expected an object, found {type(value).__name__}")
    return value


def _list(path: str, where: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise PluginError(f"{path}: {where}: expected a list, found {type(value).__name__}")
    return value
