"""The private world of one run: directories, the project, the plugin's copy, the programs on PATH.

Life: built before anything starts, in a short-named directory of the system's temporary directory (sockets have
short paths), and removed whole at the run's end, after the evidence in it has been read.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hookproof import claims
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.place import Place
from hookproof.catalogue.plugin import Plugin, PluginError, tree_of
from hookproof.catalogue.tree import Tree
from hookproof.sandbox import copying, inside

_PREFIX = "hp-"
_BASH = "/bin/bash"
_NOT_IN_A_NAME = re.compile(r"[^\w ._+@=,()-]", re.ASCII if sys.platform == "win32" else 0)
"""What a shell reads between the double quotes of a descriptor; on Windows also what is not in every code page."""
_LONGEST_NAME = 60
_PLAIN = "plain"
_SPACED = "one two" if sys.platform == "win32" else "one ø two"
"""What the folder of a place is called. cmd.exe reads its scripts in the code page of the machine, which may lack the
letter; one that no file system takes apart into a letter and an accent."""
_UNVERSIONED = "unknown"
"""The folder in an installation of a plugin that tells no version."""
_RESERVED = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})
"""What is no name of a folder on Windows."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where everything of the run is."""

    claimed: claims.Claimed
    root: Path
    token: str
    place: Path
    """The folder of home, project and plugin: its name is what the scenario asks of their place."""
    home: Path
    tmp: Path
    project: Path
    bin: Path
    plugin: Path
    lifecycle: Path

    def shown(self, argv: Iterable[str]) -> list[str]:
        """A command line as the journal tells it: without the name that this run's directory has by chance."""
        return [part.replace(str(self.root), "$RUN") for part in argv]

    def remove(self) -> bool:
        """Remove the whole world. False when something of it is still there (a file in use on Windows)."""
        return self.claimed.remove()


@dataclass(frozen=True, slots=True)
class Layout:
    """What a scenario has in the home and in the project of a session, and where those are."""

    place: Place = field(default_factory=Place)
    home: Mapping[str, str] = field(default_factory=dict)
    project: Mapping[str, str] = field(default_factory=dict)
    profile_prints: str | None = None


def build(
    plugin: Plugin,
    lifecycle: Resolved,
    *,
    programs: Mapping[str, Sequence[str]],
    layout: Layout | None = None,
) -> Sandbox:
    """Make the world for one case. `programs` are the hosts that are found on PATH: name and how each is started.

    It is claimed before it is made, so that the next start removes it if this harness is killed. Raises PluginError for
    a plugin that cannot be copied any more.
    """
    tree = tree_of(plugin.root)  # before anything is made
    claimed = claims.make(_PREFIX)
    try:
        return _built(claimed, plugin, tree, lifecycle, programs, layout or Layout())
    except BaseException:
        claimed.remove()
        raise


def beside(sandbox: Sandbox, name: str, plugin: Plugin, layout: Layout) -> Sandbox:
    """The same for the session `name` of that case, with a home, a project, a plugin and temporary files of its own.

    Raises PluginError for a plugin that cannot be copied any more.
    """
    root = sandbox.root / "beside" / folder_name(name)
    (root / "tmp").mkdir(parents=True)
    return _settled(replace(sandbox, tmp=root / "tmp"), root, plugin, tree_of(plugin.root), layout)


def _built(
    claimed: claims.Claimed,
    plugin: Plugin,
    tree: Tree,
    lifecycle: Resolved,
    programs: Mapping[str, Sequence[str]],
    layout: Layout,
) -> Sandbox:
    root = claimed.root
    sandbox = Sandbox(
        claimed=claimed,
        root=root,
        token=claimed.token,
        place=root,
        home=root,
        tmp=root / "tmp",  # sockets have short paths
        project=root,
        bin=root / "bin",
        plugin=root,
        lifecycle=root / "lifecycle.json",
    )
    for folder in (sandbox.tmp, sandbox.bin):
        folder.mkdir()
    sandbox = _settled(sandbox, root, plugin, tree, layout)
    write_lifecycle(sandbox.lifecycle, lifecycle)
    _programs(sandbox.bin, programs)
    return sandbox


def _settled(sandbox: Sandbox, root: Path, plugin: Plugin, tree: Tree, layout: Layout) -> Sandbox:
    """The sandbox with a place below `root`, and everything that is to be in it."""
    place = root / (_PLAIN if layout.place.plain else _SPACED)
    made = replace(
        sandbox,
        place=place,
        home=place / "home",
        project=place / "project",
        plugin=place / "plugins" / _plugin_folder(plugin, installed=layout.place.installed),
    )
    made.home.mkdir(parents=True)
    made.plugin.parent.mkdir(parents=True)
    _project(made.project)
    _plugin(made.plugin, plugin, tree)
    project = {**plugin.descriptor.project, **layout.project}
    home = {**_profiles(layout.profile_prints), **layout.home}
    for folder, texts in ((made.project, project), (made.home, home)):
        for name, text in texts.items():
            inside.write(folder, folder / name, text)
    return made


def _profiles(line: str | None) -> dict[str, str]:
    """What a login shell of POSIX reads; none on Windows, where there is no such thing."""
    if line is None or sys.platform == "win32":
        return {}
    return dict.fromkeys((".profile", ".bash_profile", ".zprofile"), f"echo {shlex.quote(line)}\n")


def _plugin_folder(plugin: Plugin, *, installed: bool) -> Path:
    """Where in the folder of plugins the copy is."""
    own = plugin.root.resolve().name
    if not installed:
        return Path(folder_name(own))
    return Path("cache") / folder_name(plugin.manifest_name or own) / folder_name(plugin.version or _UNVERSIONED)


def folder_name(own: str) -> str:
    """What the folder of a plugin's copy is called: as the plugin's own is, for a plugin may import itself by it.

    A character that a shell, or a file system of another kind, would not take as it is becomes a `_`.
    """
    name = _NOT_IN_A_NAME.sub("_", own)[:_LONGEST_NAME].strip(" .")
    reserved = name.partition(".")[0].upper() in _RESERVED
    return f"_{name}" if reserved or name.startswith("-") else name or "plugin"


def write_lifecycle(path: Path, lifecycle: Resolved) -> None:
    """What a stand-in host is to do, where it reads it. Also in the middle of a run."""
    inside.write(path.parent, path, lifecycle.model_dump_json())


def _project(project: Path) -> None:
    """A git repository with one uncommitted file: as much as a plugin needs to find its workspace and a diff."""
    git = project / ".git"
    for folder in ("objects/info", "objects/pack", "refs/heads"):
        (git / folder).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (git / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n", encoding="utf-8")
    (project / "notes.md").write_text("Something to review.\n", encoding="utf-8")


def _plugin(copy: Path, plugin: Plugin, tree: Tree) -> None:
    wrong = copying.copy(tree, copy)
    if wrong:
        raise PluginError(f"{plugin.root}: {wrong[0]}; {wrong[0].advice}")
    if plugin.policy is None or plugin.descriptor.policy_file is None:
        return
    policy = plugin.descriptor.policies[plugin.policy.split("+")[0]]
    for overlay in policy.overlay:
        _overlay(copy, inside.place(copy, copy / overlay).relative_to(copy), tree)
    inside.write(copy, copy / plugin.descriptor.policy_file, f"{plugin.policy}\n")


def _overlay(copy: Path, overlay: Path, tree: Tree) -> None:
    """Put the files of one folder of the plugin's copy at the copy's top, with the paths that they have in it."""
    named = [*tree.files, *(path for path, link in tree.links.items() if link.place in tree.files)]
    for path in named:
        if path.is_relative_to(overlay):
            source = copy / path
            inside.write(copy, copy / path.relative_to(overlay), source.read_bytes(), template=source.stat())


def _programs(folder: Path, hosts: Mapping[str, Sequence[str]]) -> None:
    """What is found before anything of this machine: a plugin that starts a host by its name gets that of the run."""
    python = str(Path(sys.executable).resolve())
    _launcher(folder, "python3", [python])
    for name, argv in hosts.items():
        _launcher(folder, name, argv)


def _launcher(folder: Path, name: str, argv: Sequence[str]) -> None:
    """A program NAME in `folder` that runs `argv` with its own arguments after them."""
    if sys.platform == "win32":
        quoted = " ".join(f'"{part}"' for part in argv)
        (folder / f"{name}.cmd").write_text(f"@{quoted} %*\r\n", encoding="utf-8")
        # and the script below: bash does not find a .cmd by its bare name
    elif len(argv) == 1:
        (folder / name).symlink_to(argv[0])
        return
    script = folder / name
    script.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def shell_argv(command: str, env_files: list[str], folder: Path) -> list[str]:
    """How a host's shell would run `command` after sourcing `env_files` (those that exist).

    On Windows without Git's bash the command is left in a script in `folder`, for cmd.exe.
    """
    if sys.platform == "win32":
        from hookproof.sandbox.windows_shell import cmd_argv, git_bash  # noqa: PLC0415 - cannot be imported elsewhere

        bash = git_bash()
        if bash is None:
            return cmd_argv(command, env_files, folder)
    else:
        bash = _BASH
    sources = "".join(f". {shlex.quote(path)} && " for path in env_files if os.path.exists(path))  # noqa: PTH110
    return [bash, "-c", f"{sources}exec {command}"]
