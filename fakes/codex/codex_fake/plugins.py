"""Plugins of local marketplaces: installing one copies it, and only the copy counts from then on.

`MARKET/.agents/plugins/marketplace.json` (or `MARKET/.claude-plugin/marketplace.json`) names plugins by their path from
MARKET. The copy lands in `$CODEX_HOME/plugins/cache/MARKETPLACE/PLUGIN/VERSION`, and config.toml says that it is on.
"""

from __future__ import annotations

import json
import os

from .config import Config, load
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]

MARKETPLACES = ((".agents", "plugins"), (".claude-plugin",))
"""Where in a marketplace its marketplace.json may lie."""
MANIFEST = os.path.join(".codex-plugin", "plugin.json")
DEFAULT_HOOKS = "hooks/hooks.json"
WITHOUT_VERSION = "local"


class Plugin:
    """An installed plugin that is switched on."""

    def __init__(self, home: str, name: str, marketplace: str, root: str) -> None:
        self.name = name
        self.id = f"{name}@{marketplace}"
        self.root = root
        self.data = os.path.join(home, "plugins", "data", f"{name}-{marketplace}")
        manifest = _object(os.path.join(root, MANIFEST))
        self.declared = manifest.get("hooks")
        """What its manifest has under `hooks`: `hook_documents` says what that comes to."""
        self.servers = manifest.get("mcpServers")
        """What it has under `mcpServers`."""

    def expanded(self, text: str) -> str:
        """A command with the plugin's own paths put in."""
        paths = {"PLUGIN_ROOT": self.root, "PLUGIN_DATA": self.data}
        for name, path in paths.items():
            text = text.replace("${" + name + "}", path).replace("${CLAUDE_" + name + "}", path)
        return text

    def content_hash(self) -> str:
        """A hash over all of its files. What Python leaves behind when it runs one does not count."""
        from hashlib import sha256  # noqa: PLC0415 - only where trust covers the content

        whole = sha256()
        for path in _files(self.root):
            if path.endswith(".pyc"):
                continue
            with open(os.path.join(self.root, path), "rb") as file:
                whole.update(f"{path}\0".encode("utf-8", "surrogateescape") + sha256(file.read()).digest())
        return "sha256:" + whole.hexdigest()


def installed(config: Config) -> list[Plugin]:
    """The plugins that config.toml switches on and whose copy is there, by their ids."""
    found = []
    for plugin_id in sorted(config.table("plugins")):
        name, at, marketplace = plugin_id.partition("@")
        root = _newest(os.path.join(config.home, "plugins", "cache", marketplace, name))
        if at and root is not None and config.table("plugins", plugin_id).get("enabled") is True:
            found.append(Plugin(config.home, name, marketplace, root))
    return found


def _newest(folder: str) -> str | None:
    """The version that counts. A link instead of a directory is none."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    paths = [os.path.join(folder, name) for name in sorted(names, key=lambda name: (name == WITHOUT_VERSION, name))]
    return next((path for path in reversed(paths) if os.path.isdir(path) and not os.path.islink(path)), None)


def _files(root: str) -> list[str]:
    found = []
    for folder, _, names in os.walk(root):
        found += [os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/") for name in names]
    return sorted(found)


def _object(path: str) -> Json:
    try:
        with open(path, encoding="utf-8-sig") as file:
            document = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


# -- asked for by a client


def install(params: Json, app: Any) -> Json:
    """`plugin/install`."""
    path, name = _text(params, "marketplacePath"), _text(params, "pluginName")
    if not os.path.isabs(path):
        raise RequestError("Invalid request: AbsolutePathBuf deserialized without a base path")
    marketplace, source, policy = _offered(path, name)
    given = getattr(app, "config", None)
    config = given if isinstance(given, Config) else load()
    version = _object(os.path.join(source, MANIFEST)).get("version")
    place = os.path.join(config.home, "plugins", "cache", marketplace, name)
    _replace(source, os.path.join(place, version if isinstance(version, str) and version else WITHOUT_VERSION))
    document = dict(config.document)
    document["plugins"] = {**config.table("plugins"), f"{name}@{marketplace}": {"enabled": True}}
    config.write(document)
    return {"authPolicy": str(policy.get("authentication") or "ON_INSTALL"), "appsNeedingAuth": []}


def _offered(path: str, name: str) -> tuple[str, str, Json]:
    """The marketplace's name, the folder of one of its plugins, and the policy for it. Raises RequestError."""
    document = _object(path)
    marketplace = str(document.get("name"))
    folder = os.path.dirname(os.path.normpath(path))
    for inner in MARKETPLACES:
        suffix = os.path.join("", *inner)
        if not folder.endswith(os.sep + suffix):
            continue
        for entry in document.get("plugins") or []:
            source = entry.get("source") if isinstance(entry, dict) and entry.get("name") == name else None
            relative = source.get("path") if isinstance(source, dict) else source
            if isinstance(relative, str):
                root = os.path.normpath(os.path.join(folder.removesuffix(suffix), relative))
                if not os.path.isfile(os.path.join(root, MANIFEST)):
                    raise RequestError(f"missing or invalid plugin manifest: {os.path.join(root, MANIFEST)}")
                policy = entry.get("policy")
                return marketplace, root, policy if isinstance(policy, dict) else {}
    raise RequestError(f"plugin `{name}` was not found in marketplace `{marketplace}`")


def _replace(source: str, target: str) -> None:
    """Copy a folder; what was there before goes, and nobody sees half of it."""
    passing = f"{target}.{os.getpid()}"
    _copy(source, passing)
    if os.path.isdir(target):
        _remove(target)
    os.replace(passing, target)


def _copy(source: str, target: str) -> None:
    os.makedirs(target)
    for entry in os.scandir(source):
        inner = os.path.join(target, entry.name)
        if entry.is_dir():
            _copy(entry.path, inner)
        elif entry.is_file():
            with open(entry.path, "rb") as reads, open(inner, "wb") as writes:
                writes.write(reads.read())
            os.chmod(inner, entry.stat().st_mode & 0o777)


def _remove(folder: str) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            _remove(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(folder)


def _text(params: Json, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(f"Invalid request: missing field `{name}`")
    return value


METHODS: dict[str, Callable[[Json, Any], Json]] = {"plugin/install": install}
"""handler(params, app) -> result; raises RequestError. Of `app` only `app.config`, where it has one, is used."""
