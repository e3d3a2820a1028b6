"""Plugins: from what `--plugin` says to a directory, its descriptor and its policy.

hookproof ships descriptors for the plugins of its stories. What any other plugin starts, or tells agents, is described
by `--descriptor FILE`, without code; its hooks are played without one. `reference[:POLICY]`,
`reference-workflow[:POLICY]` and `reference-hooks[:POLICY]` name the reference implementations.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookproof import clean, files, places
from hookproof.catalogue.descriptor import Companion, Descriptor, Hooks, Recognise, read_descriptor
from hookproof.catalogue.host import CODEX_MANIFEST, MANIFEST
from hookproof.catalogue.tree import Tree, survey
from hookproof.errors import HookproofError

HOOKS = Path("hooks") / "hooks.json"


class PluginError(HookproofError):
    """A plugin that cannot be played. One clear sentence."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin to play: where it is, how to drive it, and under which policy."""

    name: str
    root: Path
    descriptor: Descriptor
    policy: str | None
    version: str | None
    manifest_name: str | None = None
    """What its manifest calls it."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of scenario that apply to it: its own first. A reference plugin is one of its kind alone."""
        own = self.descriptor.kind
        return (own,) if self.policy is not None or own == HOOKS_KIND else (own, HOOKS_KIND)

    @property
    def refuses_launches(self) -> bool:
        """Whether it is a reference plugin under a policy of which it is known that it refuses every launch."""
        known = self.descriptor.refuses if isinstance(self.descriptor, Companion) else []
        return self.policy is not None and not set(known).isdisjoint(self.policy.split("+"))

    @property
    def shares_server(self) -> bool:
        """Whether its jobs share a server that outlives them: its descriptor names the file that tells of one."""
        described = self.descriptor
        if not isinstance(described, Companion) or described.state.server_file is None:
            return False
        return self.policy is None or described.policies[self.policy.split("+")[0]].shared_server


def descriptors() -> list[Descriptor]:
    """Every descriptor that hookproof ships."""
    return [read_descriptor(path) for path in sorted(places.DESCRIPTORS.glob("*.toml"))]


HOOKS_KIND = "hooks"
"""The kind of scenario that any plugin with hooks can be played through."""
REFERENCES = {"companion": "reference", "context": "reference-workflow", HOOKS_KIND: "reference-hooks"}
"""By the kind of plugin, the name of the reference plugin that hookproof ships."""


def is_reference(name: str) -> bool:
    """Whether this is the name of a reference plugin under one of its policies, as results have it."""
    return name.partition(":")[0] in REFERENCES.values()


def resolve_plugin(spec: str, *, descriptor_file: Path | None = None) -> Plugin:
    """The plugin that `--plugin` names: `reference[:POLICY]`, else a directory (`./reference` is one).

    Raises PluginError with one sentence, or CatalogueError for a descriptor that is wrong.
    """
    name, _, policy = spec.partition(":")
    shipped = {
        REFERENCES["companion"]: places.REFERENCE / "companion",
        REFERENCES["context"]: places.REFERENCE / "workflow",
        REFERENCES[HOOKS_KIND]: places.REFERENCE / "hooks",
    }
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
        manifest_name=reference.manifest_name,
    )


def _from_path(path: Path, descriptor_file: Path | None) -> Plugin:
    root = _plugin_root(path)
    tree_of(root)  # before anything in it is read
    # a plugin of Codex alone has that manifest, one that a marketplace lists with `strict: false` has none
    manifests = (root / MANIFEST, root / CODEX_MANIFEST)
    manifest = next((_read_json(each) for each in manifests if each.is_file() or each.is_symlink()), {})
    if (root / HOOKS).exists():
        _check_hooks(root / HOOKS)
    name, author = manifest.get("name") or root.resolve().name, manifest.get("author")
    author_name = author.get("name") if isinstance(author, dict) else author
    if descriptor_file is not None:
        descriptor = read_descriptor(descriptor_file)
    else:
        known = next((each for each in descriptors() if _fits(each.recognise, name, author_name)), None)
        descriptor = known or _undescribed(root, clean.line(str(name)), manifest)
    version = manifest.get("version")
    return Plugin(
        name=clean.line(f"{descriptor.name} {version}" if version else descriptor.name),
        root=root,
        descriptor=descriptor,
        policy=None,
        version=clean.line(version) if isinstance(version, str) else None,
        manifest_name=clean.line(name) if isinstance(name, str) else None,
    )


def _undescribed(root: Path, name: str, manifest: dict[str, Any]) -> Hooks:
    """What is known of a plugin that nobody has described. Raises PluginError for one without hooks."""
    declared = (root / HOOKS).exists() and bool(_read_json(root / HOOKS).get("hooks"))
    if not declared and not manifest.get("hooks"):
        raise PluginError(
            f"{root}: the plugin {name!r} is none that hookproof knows, and declares no hooks; "
            "describe it with --descriptor FILE"
        )
    return Hooks(kind="hooks", name=name, title="a plugin that nobody has described", recognise=Recognise(name=name))


def tree_of(root: Path) -> Tree:
    """What a copy of the plugin in `root` will hold.

    Raises PluginError when it cannot be copied as it is: a link leads out of it, or something in it is no file.
    """
    tree = survey(root)
    if tree.wrong:
        first, more = tree.wrong[0], len(tree.wrong) - 1
        others = f" (and {more} more)" if more else ""
        raise PluginError(f"{root}: {first}{others}; {first.advice}")
    return tree


def _fits(wanted: Recognise, name: Any, author: Any) -> bool:
    return wanted.name == name and wanted.author in (None, author)


def _plugin_root(path: Path) -> Path:
    """`path` itself, or the one plugin of the marketplace repository that `path` is."""
    if not path.is_dir():
        raise PluginError(f"{path}: is a file; --plugin takes the plugin's directory")
    if (path / MANIFEST).is_file() or any(map(os.path.islink, (path / MANIFEST, path / MANIFEST.parent))):
        # where such a link leads is looked at with all the others
        return path
    marks = (MANIFEST, CODEX_MANIFEST, HOOKS)
    if any((path / mark).is_file() for mark in marks):
        return path
    inside = sorted(
        {
            path / each.relative_to(path).parents[-3]
            for mark in marks
            for each in path.glob(f"plugins/*/{mark.as_posix()}")
        }
    )
    if len(inside) == 1:
        return inside[0]
    if inside:
        raise PluginError(f"{path}: holds several plugins; name one: {', '.join(str(p) for p in inside)}")
    names = ", ".join(mark.as_posix() for mark in marks)
    raise PluginError(f"{path}: is no plugin: there is none of {names} in it or in its plugins/*")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = files.read_json(path)
    except files.FileError as error:
        raise PluginError(str(error)) from None
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
