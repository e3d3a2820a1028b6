"""The environment variables of hooks and of shells, as the lifecycle's rows list them.

Both get what the host itself was given, plus what the lifecycle's rows add. A session's environment files belong to
its SessionStart hooks; shells get their content, where the lifecycle says so.
"""

from __future__ import annotations

import os
import sys

from standin.rows import fill

from .identity import slug
from .system import temporary_directory

if sys.platform == "win32":
    from standin.windows import git_bash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import Identity
    from .lifecycle import Lifecycle
    from .plugins import Plugin


class Environment:
    """The variables of one host."""

    def __init__(self, lifecycle: Lifecycle, plugins: list[Plugin], project: str, home: str) -> None:
        self._lifecycle = lifecycle
        self._plugins = plugins
        self._project = project
        self._home = home
        self._given = dict(os.environ)
        self.start_files: dict[str, str] = {}
        """Session -> the id below which its SessionStart hooks leave exports, where that is not its own."""
        self._exports: dict[str, str] = {}
        """Session -> what its environment files said when its first shell began."""

    def of_hook(self, event: str, who: Identity, plugin: Plugin, env_file: str | None) -> dict[str, str]:
        """The environment of one hook run."""
        only = self._lifecycle["hook_variables_only"]
        variables = self._filled(self._lifecycle["hook_variables"], who, plugin, env_file)
        added = {name: value for name, value in variables.items() if event in only.get(name, [event])}
        return {**self._given, **added, **self._of_subagent(who)}

    def of_shell(self, who: Identity) -> dict[str, str]:
        """The environment of a Bash tool shell, before the exports of the session's environment files."""
        found = {**self._given, **self._filled(self._lifecycle["shell_variables"], who), **self._of_subagent(who)}
        if sys.platform == "win32" and "SHELL" in found:
            # measured on Linux, where it names the shell that runs the command; cmd.exe sets none
            found.pop("SHELL")
            found.update({"SHELL": bash} if (bash := git_bash()) else {})
        if self._lifecycle["plugin_bin_on_shell_path"]:
            places = [found.get("PATH", os.defpath), *(os.path.join(plugin.root, "bin") for plugin in self._plugins)]
            found["PATH"] = os.pathsep.join(places)
        return found

    def _of_subagent(self, who: Identity) -> dict[str, str]:
        names = {"parent_id_variable": who.root_session_id, "subagent_marker_variable": "1"}
        if who.agent_id is None:
            return {}
        return {self._lifecycle[row]: value for row, value in names.items() if self._lifecycle[row]}

    def _filled(
        self, row: dict[str, str], who: Identity, plugin: Plugin | None = None, env_file: str | None = None
    ) -> dict[str, str]:
        values = {
            "project": self._project,
            "pid": os.getpid(),
            "program": sys.argv[0],
            "tmp": os.path.dirname(temporary_directory()),
            "session_tmp": os.path.join(temporary_directory(), slug(self._project), who.root_session_id),
            "session_id": who.session_id,
            "root_session_id": who.root_session_id,
            "plugin_root": plugin.root if plugin else "",
            "plugin_data": plugin.data if plugin else "",
            "env_file": env_file or "",
        }
        return {name: fill(value, values) for name, value in row.items()}

    def env_file(self, who: Identity, index: int) -> str:
        """Where the SessionStart hook with this position may leave exports."""
        return os.path.join(self._start_directory(who), f"sessionstart-hook-{index}.sh")

    def make_env_directory(self, who: Identity) -> None:
        """Make the directory of a session's environment files."""
        os.makedirs(self._start_directory(who), exist_ok=True)

    def env_files(self, who: Identity) -> list[str]:
        """The environment files that this agent's shells obey, oldest position first."""
        if self._lifecycle["env_file_exports"] == "reach no shell":
            return []
        directory = self._directory(who.session_id)
        try:
            names = [name for name in os.listdir(directory) if name.startswith("sessionstart-hook-")]
        except OSError:
            return []
        names.sort(key=lambda name: (len(name), name))
        return [os.path.join(directory, name) for name in names]

    def exports(self, who: Identity) -> str:
        """What these files say. It stands in front of the command itself, as with the real host.

        They are read once: what a hook writes after a compaction reaches no shell (measured on 2.1.91 and 2.1.329,
        where a shell had run before).
        """
        if who.session_id not in self._exports:
            texts = []
            for path in self.env_files(who):
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    texts.append(file.read().strip())
            self._exports[who.session_id] = "\n".join(text for text in texts if text)
        return self._exports[who.session_id]

    def _start_directory(self, who: Identity) -> str:
        return self._directory(self.start_files.get(who.session_id, who.session_id))

    def _directory(self, session_id: str) -> str:
        return os.path.join(self._home, ".claude", "session-env", session_id)
