"""What a plugin declares and a stand-in does not play, gathered while the plugin is read, told once to the journal.

A real host does something for it; here nothing happens. What the real host does not play either is none of it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from .wire import Recorder

HOOK_TYPE, HOOK_KEY, EVENT, MCP_SERVER = "hook type", "hook key", "event", "MCP server"
"""The kinds of such things, as the journal calls them."""
MCP_FILE = ".mcp.json"
"""Where a plugin of either host may declare MCP servers, besides its manifest."""


class NotPlayed:
    """What one plugin declares and the stand-in does not play: each thing once, with how often it is declared."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str | None, str], int] = {}

    def add(self, what: str, name: str, file: str, *, event: str | None = None) -> None:
        """One such thing. `file` is where it is declared, by its path in the plugin, with slashes."""
        key = (what, name, event, file.replace("\\", "/"))
        self._found[key] = self._found.get(key, 0) + 1

    def keys(self, declared: Mapping[str, Any], played: Collection[str], file: str, event: str) -> None:
        """The keys of a hook, or of a group of hooks, that are not among those that are played.

        One that is null or false asks for nothing.
        """
        for key, value in declared.items():
            if key not in played and value is not None and value is not False:
                self.add(HOOK_KEY, key, file, event=event)

    def servers(self, root: str, manifest: str, declared: Any) -> None:
        """The MCP servers of the plugin in `root`: of its .mcp.json, and what its manifest has under `mcpServers`.

        A manifest has the servers themselves, the path of a file with them, or a list of those. What cannot be read
        declares none.
        """
        parts = declared if isinstance(declared, list) else [declared]
        files = dict.fromkeys([MCP_FILE, *(os.path.normpath(part) for part in parts if isinstance(part, str))])
        documents = [(manifest, part) for part in parts] + [(file, _json(os.path.join(root, file))) for file in files]
        for file, document in documents:
            inner = document.get("mcpServers", document) if isinstance(document, dict) else None
            for name, server in inner.items() if isinstance(inner, dict) else ():
                if isinstance(server, dict):
                    self.add(MCP_SERVER, name, file)

    def tell(self, recorder: Recorder, plugin: str) -> None:
        """Write a record for each."""
        for (what, name, event, file), times in self._found.items():
            recorder.write(
                "plugin.not_played", plugin=plugin, what=what, name=name, event=event, file=file, times=times
            )


def _json(path: str) -> Any:
    """The document in a file; None where there is none."""
    import json  # noqa: PLC0415 - for programs that have imported it already

    try:
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
