"""Which hooks are declared, in files of the user, of a trusted project and of plugins, and which of them may run.

A hook is known by its key (where it is declared) and trusted by a hash of what it says. One that nobody trusts, or that
has changed since, is passed over in silence.
"""

from __future__ import annotations

import json
import os
import re

from standin.not_played import EVENT, HOOK_TYPE, NotPlayed

from . import plugins
from .hook_documents import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .config import Config
    from .lifecycle import Lifecycle
    from .plugins import Plugin

    Json = dict[str, Any]

WITHOUT_SUBJECT = ("UserPromptSubmit", "Stop")
"""Events whose matcher means nothing, not even when it is no regular expression."""
ALIASES = {"spawn_agent": ("spawn_agent", "Agent")}
"""A tool that a matcher may call by another name (measured on 0.169.0)."""

SKIPPED_TYPES = ("prompt", "agent")
"""What every measured release lists a warning for and does not run: nothing is missing where it is not run here."""
_GROUP_KEYS = frozenset({"matcher", "hooks"})
_COMMAND_KEYS = frozenset({"type", "command", "timeout", "async", "statusMessage"})
"""What is played of a hook. A statusMessage is for the eyes of a person alone."""
_WORDS = re.compile(r"[A-Za-z0-9_|]*")


class Hook:
    """One declared command."""

    def __init__(self, source: Source, event: str, place: tuple[int, int], matcher: str | None, entry: Json) -> None:
        self.event = event
        self.source = source
        self.plugin = source.plugin
        self.matcher = matcher
        self.written = str(entry["command"])
        self.command = self.plugin.expanded(self.written) if self.plugin else self.written
        self.timeout: int = entry["timeout"]
        self.message: str | None = entry.get("statusMessage")
        self.asynchronous: bool = entry.get("async") is True
        self.left_out = False
        """Whether it is listed, and never run."""
        self.key = f"{source.key}:{snake(event)}:{place[0]}:{place[1]}"
        self.order = 0
        self.hash = self._hash()
        self.content_hash = source.content_hash
        self.enabled = True
        self.trust = "untrusted"

    def _hash(self) -> str:
        from hashlib import sha256  # noqa: PLC0415 - 3 ms, and only where there is a hook

        entry: Json = {"type": "command", "command": self.written, "timeout": self.timeout, "async": self.asynchronous}
        if self.message is not None:
            entry["statusMessage"] = self.message
        identity: Json = {"event_name": snake(self.event), "hooks": [entry]}
        if self.matcher is not None:
            identity["matcher"] = self.matcher
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + sha256(text.encode("utf-8", "replace")).hexdigest()

    @property
    def run_id(self) -> str:
        """How clients and agents are told of its runs."""
        return f"{snake(self.event).replace('_', '-')}:{self.order}:{self.source.path}"

    @property
    def current_hash(self) -> str:
        """What a client has to write into hooks.state to trust it."""
        return f"{self.hash}/{self.content_hash}" if self.content_hash else self.hash

    def judge(self, state: Json) -> None:
        """See what the user has decided about it."""
        self.enabled = state.get("enabled") is not False
        trusted = state.get("trusted_hash")
        if trusted is not None:
            same = trusted == self.hash and state.get("trusted_content_hash") == self.content_hash
            self.trust = "trusted" if same else "modified"

    @property
    def runs(self) -> bool:
        """Whether it is run when its event comes."""
        return self.enabled and self.trust == "trusted" and not self.left_out

    def matches(self, subject: str) -> bool:
        """Words compare whole; anything else is a regular expression, unanchored. Without a matcher: always."""
        if self.matcher in (None, "", "*"):
            return True
        names = ALIASES.get(subject, (subject,))
        if _WORDS.fullmatch(self.matcher):
            return any(name in self.matcher.split("|") for name in names)
        return any(re.search(self.matcher, name) for name in names)


class Source:
    """One place that declares hooks."""

    def __init__(self, kind: str, path: str, *, key: str | None = None, plugin: Plugin | None = None) -> None:
        self.kind = kind
        self.path = path
        self.key = key or path
        self.plugin = plugin
        self.content_hash: str | None = None


class Listing:
    """All hooks that a working directory has, in the order in which they are declared."""

    def __init__(self, lifecycle: Lifecycle, config: Config, cwd: str) -> None:
        self.hooks: list[Hook] = []
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.not_played: dict[str, NotPlayed] = {}
        """By the name of each plugin: what it declares and this program does not play."""
        self._lifecycle = lifecycle
        self._config = config
        self._known = lifecycle.events.known(lifecycle["known_events"])
        self._firing = lifecycle.events.known(())
        self._reader = Reader(lifecycle, self._known)
        if config.feature("hooks", True):
            self._layer("user", config.home, config.table("hooks"))
            for folder in _project_folders(config, cwd):
                self._layer("project", folder, {})
            self._plugins()
        for order, hook in enumerate(self.hooks):
            hook.order = order
            hook.judge(config.table("hooks", "state", hook.key))

    def _layer(self, kind: str, folder: str, declared: Json) -> None:
        path = os.path.join(folder, "hooks.json")
        events = self._file(path)
        if events:
            self._declarations(Source(kind, path), events)
        inline = {name: groups for name, groups in declared.items() if name != "state"}
        if inline:
            toml = os.path.join(folder, "config.toml")
            if events:
                both = f"loading hooks from both {path} and {toml}"
                self.warnings.append(f"{both}; prefer a single representation for this layer")
            self._declarations(Source(kind, toml), self._checked(toml, {"hooks": inline}))

    def _plugins(self) -> None:
        asked = self._lifecycle["needs_plugin_hooks_feature"]
        if not self._config.feature("plugins", True) or not self._config.feature("plugin_hooks", not asked):
            return
        for plugin in plugins.installed(self._config):
            missing = self.not_played.setdefault(plugin.name, NotPlayed())
            missing.servers(plugin.root, plugins.MANIFEST, plugin.servers)
            inline = self._reader.inline(plugin.declared)
            if inline is not None:
                path = os.path.join(plugin.root, plugins.MANIFEST)
                for number, events in enumerate(inline):
                    self._of_plugin(plugin, f"plugin.json#hooks[{number}]", path, events)
                continue
            named = self._reader.named(plugin.declared)
            for name in named or [plugins.DEFAULT_HOOKS]:
                path = os.path.join(plugin.root, *name.split("/"))
                if os.path.exists(path):
                    self._of_plugin(plugin, name, path, self._file(path))
                elif named:
                    self.warnings.append(f"failed to read plugin hooks config {path}: No such file or directory")

    def _of_plugin(self, plugin: Plugin, name: str, path: str, events: Json) -> None:
        source = Source("plugin", path, key=f"{plugin.id}:{name}", plugin=plugin)
        if events and self._lifecycle["trust_covers_content"]:
            source.content_hash = plugin.content_hash()
        self._declarations(source, events)

    def _file(self, path: str) -> Json:
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            self.warnings.append(f"failed to parse hooks config {path}: {error}")
            return {}
        return self._checked(path, document)

    def _checked(self, path: str, document: Any) -> Json:
        """The events of a document, or none of them where it is not shaped like hooks."""
        try:
            return self._reader.events(document)
        except ValueError as error:
            self.warnings.append(f"failed to parse hooks config {path}: {error}")
            return {}

    def _declarations(self, source: Source, events: Json) -> None:
        for event in self._known:
            for number, group in enumerate(events.get(event) or []):
                matcher = None if event in WITHOUT_SUBJECT else group.get("matcher")
                if matcher is not None and not self._is_usable(matcher, source):
                    continue
                self._note_what_is_not_played(source, event, group)
                for index, entry in enumerate(group.get("hooks") or []):
                    if self._is_command(entry, source):
                        place = (number, index)
                        full = {**entry, "timeout": self._timeout(event, entry.get("timeout"), source)}
                        self._declare(Hook(source, event, place, matcher, full))

    def _note_what_is_not_played(self, source: Source, event: str, group: Json) -> None:
        """Of a plugin's hooks; whoever has hooks of his own in a file of Codex is not tested."""
        if source.plugin is None:
            return
        missing = self.not_played.setdefault(source.plugin.name, NotPlayed())
        file = os.path.relpath(source.path, source.plugin.root)
        entries = [entry for entry in group.get("hooks") or [] if entry.get("type") not in SKIPPED_TYPES]
        if event not in self._firing:
            for _ in entries:
                missing.add(EVENT, event, file)
            return
        missing.keys(group, _GROUP_KEYS, file, event)
        for entry in entries:
            if entry.get("type") != "command":
                missing.add(HOOK_TYPE, str(entry.get("type")), file, event=event)
            else:
                missing.keys(entry, _COMMAND_KEYS, file, event)

    def _declare(self, hook: Hook) -> None:
        self.hooks.append(hook)
        if hook.asynchronous and hook.event in self._lifecycle["async_hooks_waited_for"]:
            self.warnings.append(f"running async {hook.event} hook synchronously in {hook.source.path}")
        else:
            hook.left_out = hook.asynchronous

    def _is_usable(self, matcher: str, source: Source) -> bool:
        try:
            re.compile("" if matcher == "*" else matcher)
        except re.error as error:
            self.warnings.append(f'invalid matcher "{matcher}" in {source.path}: regex parse error: {error}')
            return False
        return True

    def _is_command(self, entry: Json, source: Source) -> bool:
        kind, skipped = entry.get("type"), ""
        if kind != "command":
            skipped = f"skipping {kind} hook in {source.path}: {kind} hooks are not supported yet"
        elif not str(entry.get("command") or "").strip():
            skipped = f"skipping empty hook command in {source.path}"
        elif entry.get("async") is True and not self._lifecycle["async_hooks_are_listed"]:
            skipped = f"skipping async hook in {source.path}: async hooks are not supported yet"
        if skipped:
            self.warnings.append(skipped)
        return not skipped

    def _timeout(self, event: str, declared: int | None, source: Source) -> int:
        if event != "SessionEnd":
            return max(1, self._lifecycle["hook_timeout_seconds"] if declared is None else declared)
        limits = self._lifecycle["session_end_timeout_seconds"]
        seconds = max(1, limits["default"] if declared is None else declared)
        if seconds > limits["most"]:
            self.warnings.append(f"clamping SessionEnd hook timeout to {limits['most']}s in {source.path}")
        return int(min(seconds, limits["most"]))


def _project_folders(config: Config, cwd: str) -> Iterator[str]:
    """The .codex folders from a trusted project's root down to the working directory."""
    folders = [os.path.abspath(cwd)]
    while not os.path.exists(os.path.join(folders[-1], ".git")) and os.path.dirname(folders[-1]) != folders[-1]:
        folders.append(os.path.dirname(folders[-1]))
    root = folders[-1]
    if not os.path.exists(os.path.join(root, ".git")):
        folders, root = folders[:1], folders[0]
    if not config.trusts(root) and not config.trusts(folders[0]):
        return
    for folder in reversed(folders):
        inner = os.path.join(folder, ".codex")
        if os.path.realpath(inner) != os.path.realpath(config.home):
            yield inner


def snake(event: str) -> str:
    """SessionStart -> session_start."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
