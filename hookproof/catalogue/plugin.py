"""Plugin descriptors: how a plugin is recognised, how its jobs are launched, listed and fetched, where its state lives.

A descriptor is a small TOML file. hookproof ships descriptors for the plugins of its stories; any other plugin is
driven by `--descriptor FILE`, without code. `reference[:POLICY]` names the reference implementation beside them.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from hookproof import places
from hookproof.catalogue.reading import CatalogueError, Strict, read

MANIFEST = Path(".claude-plugin") / "plugin.json"
HOOKS = Path("hooks") / "hooks.json"


class Recognise(Strict):
    """What the manifest of such a plugin says."""

    name: str
    author: str | None = None


class Commands(Strict):
    """Shell commands. `{plugin}` is the plugin's directory, `{id}` the job's id."""

    launch: str
    wait: str = ""
    """The flag that makes `launch` wait for the result, where waiting is not what it does without a flag."""
    review: str | None = None
    status: str
    result: str


class Words(Strict):
    """How the plugin's `status` field spells what a job is."""

    active: list[str]
    succeeded: list[str]
    ended: list[str]


class Fields(Strict):
    """How the plugin's rows spell the facts."""

    id: str = "id"
    status: str = "status"
    pid: str = "pid"
    session: str = "sessionId"
    reason: str = "errorMessage"


class State(Strict):
    """Where rows, job files and the address of a shared server are.

    `roots` are globs of directories; `{home}` and `{tmp}` are the run's own. Paths below are relative to a root.
    """

    roots: list[str]
    file: str
    rows: str
    job_file: str
    server_file: str | None = None
    fields: Fields = Fields()
    words: Words


class Policy(Strict):
    """A named wrong (or right) way that a reference plugin can be told to behave."""

    title: str
    overlay: list[str] = []
    """Directories of the plugin that are copied over its top, in this order."""


class Descriptor(Strict):
    """One descriptor file."""

    name: str
    title: str
    kind: Literal["companion", "context"]
    recognise: Recognise
    needs: dict[str, str] = {}
    """Programs that must be on PATH, each with what to do when it is missing."""
    commands: Commands
    started: str
    """A regular expression whose first group is the job's id in what a successful background launch prints."""
    state: State
    policies: dict[str, Policy] = {}
    switches: dict[str, str] = {}
    """Named additions to a policy, POLICY+SWITCH, each with what it does."""
    policy_file: str | None = None
    """The file of the plugin's copy that names the policy."""

    @field_validator("started")
    @classmethod
    def _one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError("expected a regular expression with exactly one group, the job's id")
        return value


class PluginError(Exception):
    """A plugin that cannot be played. One clear sentence."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin to play: where it is, how to drive it, and under which policy."""

    name: str
    root: Path
    descriptor: Descriptor
    policy: str | None
    version: str | None


def descriptors() -> list[Descriptor]:
    """Every descriptor that hookproof ships."""
    return [read(path, Descriptor) for path in sorted(places.DESCRIPTORS.glob("*.toml"))]


def resolve_plugin(spec: str, *, descriptor_file: Path | None = None) -> Plugin:
    """The plugin that `--plugin` names: `reference[:POLICY]`, else a directory (`./reference` is one).

    Raises PluginError with one sentence, or CatalogueError for a descriptor that is wrong.
    """
    name, _, policy = spec.partition(":")
    shipped = {"reference": places.REFERENCE / "companion"}
    # the names come first: in a checkout of hookproof there is a directory of the same name
    if name not in shipped and Path(spec).exists():
        return _from_path(Path(spec), descriptor_file)
    if name not in shipped:
        raise PluginError(f"--plugin {spec}: no such directory, and not one of: {', '.join(shipped)}[:POLICY]")
    reference = _from_path(shipped[name], None)
    policies = reference.descriptor.policies
    policy = policy or "correct"
    if policy.split("+")[0] not in policies:
        near = difflib.get_close_matches(policy, policies, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise PluginError(f"{name} has no policy {policy!r}{hint} (there is: {', '.join(policies)})")
    for switch in policy.split("+")[1:]:
        if switch not in reference.descriptor.switches:
            known = ", ".join(reference.descriptor.switches) or "none"
            raise PluginError(f"{name} has no policy switch {switch!r} (there is: {known})")
    return Plugin(
        name=f"{name}:{policy}",
        root=reference.root,
        descriptor=reference.descriptor,
        policy=policy,
        version=reference.version,
    )


def _from_path(path: Path, descriptor_file: Path | None) -> Plugin:
    root = _plugin_root(path)
    manifest = _read_json(root / MANIFEST)
    if (root / HOOKS).exists():
        _check_hooks(root / HOOKS)
    name, author = manifest.get("name"), manifest.get("author")
    author_name = author.get("name") if isinstance(author, dict) else author
    if descriptor_file is not None:
        descriptor = read(descriptor_file, Descriptor)
    else:
        found = [d for d in descriptors() if _fits(d.recognise, name, author_name)]
        if not found:
            raise PluginError(
                f"{root}: the plugin {name!r} is none that hookproof knows; describe it with --descriptor FILE"
            )
        descriptor = found[0]
    version = manifest.get("version")
    return Plugin(
        name=f"{descriptor.name} {version}" if version else descriptor.name,
        root=root,
        descriptor=descriptor,
        policy=None,
        version=version if isinstance(version, str) else None,
    )


def _fits(wanted: Recognise, name: Any, author: Any) -> bool:
    return wanted.name == name and wanted.author in {None, author}


def _plugin_root(path: Path) -> Path:
    """`path` itself, or the one plugin of the marketplace repository that `path` is."""
    if not path.is_dir():
        raise PluginError(f"{path}: is a file; --plugin takes the plugin's directory")
    if (path / MANIFEST).is_file():
        return path
    inside = sorted(candidate.parent.parent for candidate in path.glob(f"plugins/*/{MANIFEST.as_posix()}"))
    if len(inside) == 1:
        return inside[0]
    if inside:
        raise PluginError(f"{path}: holds several plugins; name one: {', '.join(str(p) for p in inside)}")
    raise PluginError(f"{path}: is no plugin: there is no {MANIFEST.as_posix()} in it or in its plugins/*")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PluginError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PluginError(f"{path}: is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise PluginError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def _check_hooks(path: Path) -> None:
    """A hooks.json that a host would reject is the plugin's fault, told before anything is played."""
    hooks = _read_json(path).get("hooks")
    if not isinstance(hooks, dict):
        raise PluginError(f'{path}: expected an object under "hooks", found {type(hooks).__name__}')
    for event, groups in hooks.items():
        if not isinstance(groups, list):
            raise PluginError(
                f"{path}: hooks.{event}: expected a list of matcher groups, found {type(groups).__name__}"
            )
        for number, group in enumerate(groups, start=1):
            entries = group.get("hooks") if isinstance(group, dict) else None
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise PluginError(f'{path}: hooks.{event}[{number}]: expected an object with a list "hooks"')


__all__ = ["CatalogueError", "Descriptor", "Plugin", "PluginError", "descriptors", "resolve_plugin"]
