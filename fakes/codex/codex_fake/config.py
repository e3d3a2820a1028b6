"""$CODEX_HOME: where it is, what its config.toml and agents/*.toml say, and how a client changes config.toml.

Only what matters to a host is given a meaning here (the model's place, trust, features, roles); the rest is kept as it
is when the file is written again. Comments are lost in that, as no test needs them.
"""

from __future__ import annotations

import os
import tomllib

from .toml_text import dumps
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]

BUILT_IN_ROLES = ("default", "explorer", "worker")


class ConfigError(Exception):
    """A config that cannot be read. The text says which file and why."""


class Config:
    """config.toml and agents/*.toml. What is read once stays, until `reload`."""

    home: str
    document: Json
    base_url: str | None
    """Where the model is: the provider's base_url, else OPENAI_BASE_URL."""
    key: str | None
    """The provider's key: what the variable that `env_key` names holds, else OPENAI_API_KEY."""
    provider: str
    model: str | None
    agents: dict[str, Json]
    """name -> {"description", "developer_instructions", …} of each role that is not built in."""
    roles: list[str]
    """Every agent_type there is."""
    revision: int

    def __init__(self, home: str) -> None:
        self.home = home
        self.revision = 0
        self.reload()

    @property
    def path(self) -> str:
        """The file itself."""
        return os.path.join(self.home, "config.toml")

    def reload(self) -> None:
        """Read it again. Raises ConfigError."""
        document = _read(self.path)
        provider = document.get("model_provider")
        self.provider = provider if isinstance(provider, str) else "openai"
        described = _table(_table(document, "model_providers"), self.provider)
        variable = described.get("env_key")
        self.base_url = _text(described.get("base_url")) or os.environ.get("OPENAI_BASE_URL")
        named = os.environ.get(variable) if isinstance(variable, str) else None
        self.key = named or os.environ.get("OPENAI_API_KEY")
        self.model = _text(document.get("model"))
        self.document = document
        self.agents = _agents(self.home, document)
        self.roles = list(dict.fromkeys([*BUILT_IN_ROLES, *self.agents]))
        self.revision += 1

    def table(self, *names: str) -> Json:
        """A table of the document, empty where there is none."""
        found = self.document
        for name in names:
            found = _table(found, name)
        return found

    def feature(self, name: str, otherwise: bool) -> bool:
        """Whether [features] says so."""
        value = self.table("features").get(name, otherwise)
        return value if isinstance(value, bool) else otherwise

    def trusts(self, folder: str) -> bool:
        """Whether the user trusts a project."""
        projects = self.table("projects")
        names = (folder, os.path.realpath(folder))
        return any(_table(projects, name).get("trust_level") == "trusted" for name in names)

    def override(self, settings: list[tuple[str, str]]) -> None:
        """Set values otherwise for one command line (`-c key=value`), in their order; the file stays as it is."""
        for key, written in settings:
            value = _value(written)
            *way, last = key.split(".")
            table = self.document
            for name in way:
                if not isinstance(table.get(name), dict):
                    table[name] = {}
                table = table[name]
            table[last] = value
            if key == "model" and isinstance(value, str):
                self.model = value

    def write(self, document: Json) -> None:
        """Make the file say this, and read it."""
        os.makedirs(self.home, exist_ok=True)
        passing = f"{self.path}.{os.getpid()}"
        with open(passing, "w", encoding="utf-8", newline="\n") as file:
            file.write(dumps(document))
        os.replace(passing, self.path)
        self.reload()


def codex_home() -> str:
    """Where Codex keeps everything."""
    return os.environ.get("CODEX_HOME") or os.path.join(os.path.expanduser("~"), ".codex")


def load() -> Config:
    """The config of $CODEX_HOME. A missing file is an empty one. Raises ConfigError for one that is not TOML."""
    return Config(os.path.abspath(codex_home()))


def _value(written: str) -> Any:
    """A setting's value. What is no TOML value is a string, as Codex takes it."""
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written.strip("\"'")


def _read(path: str) -> Json:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _agents(home: str, document: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    folder = os.path.join(home, "agents")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(".toml"):
            role = _read(os.path.join(folder, name))
            found[_text(role.get("name")) or name.removesuffix(".toml")] = role
    for name, role in _table(document, "agents").items():
        if isinstance(role, dict):
            found.setdefault(name, role)
    return found


def _table(document: Json, name: str) -> Json:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


# -- asked for by a client


def _config_of(app: Any) -> Config:
    """The dispatcher's own config, so that what is written is known to it at once; else one for this request."""
    config = getattr(app, "config", None)
    return config if isinstance(config, Config) else load()


def read(_: Json, app: Any) -> Json:
    """`config/read`."""
    document = {name: value for name, value in _config_of(app).document.items() if name != "hooks"}
    return {"config": document, "origins": {}, "layers": None}


def batch_write(params: Json, app: Any) -> Json:
    """`config/batchWrite`: all edits or none."""
    edits = params.get("edits")
    if edits is None:
        raise RequestError("Invalid request: missing field `edits`")
    if not isinstance(edits, list) or not all(isinstance(edit, dict) for edit in edits):
        raise RequestError("Invalid request: `edits`: expected a sequence of objects")
    config = _config_of(app)
    document = config.document
    for edit in edits:
        document = _edited(document, edit)
    config.write(document)
    return {"status": "ok", "version": _version(document), "filePath": config.path, "overriddenMetadata": None}


def value_write(params: Json, app: Any) -> Json:
    """`config/value/write`: one edit."""
    return batch_write({"edits": [params]}, app)


def _edited(document: Json, edit: Json) -> Json:
    path, strategy = edit.get("keyPath"), edit.get("mergeStrategy")
    if not isinstance(path, str) or not path:
        raise RequestError("Invalid request: missing field `keyPath`")
    if strategy not in ("replace", "upsert"):
        raise RequestError(f"Invalid request: unknown variant `{strategy}`, expected `replace` or `upsert`")
    if "value" not in edit:
        raise RequestError("Invalid request: missing field `value`")
    return _put(document, path.split("."), edit["value"], merge=strategy == "upsert")


def _put(table: Json, names: list[str], value: Any, *, merge: bool) -> Json:
    name, below = names[0], names[1:]
    changed = dict(table)
    if below:
        changed[name] = _put(_table(table, name), below, value, merge=merge)
    elif value is None:
        changed.pop(name, None)
    else:
        changed[name] = _merged(table.get(name), value) if merge else _stored(value)
    return changed


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return _stored(new)
    merged = dict(old)
    for name, value in new.items():
        if value is not None:
            merged[name] = _merged(old.get(name), value)
    return _stored(merged)


def _stored(value: Any) -> Any:
    """As it stands in the file: without nulls, and a trusted hash of two parts as the two keys that it is kept in."""
    if isinstance(value, list):
        return [_stored(item) for item in value if item is not None]
    if not isinstance(value, dict):
        return value
    kept = {name: _stored(item) for name, item in value.items() if item is not None}
    first, slash, second = str(kept.get("trusted_hash", "")).partition("/")
    if slash:
        kept.update(trusted_hash=first, trusted_content_hash=second)
    return kept


def _version(document: Json) -> str:
    import hashlib  # noqa: PLC0415 - only a client that writes asks for it

    return "sha256:" + hashlib.sha256(dumps(document).encode()).hexdigest()


METHODS: dict[str, Callable[[Json, Any], Json]] = {
    "config/read": read,
    "config/batchWrite": batch_write,
    "config/value/write": value_write,
}
"""handler(params, app) -> result; raises RequestError. Of `app` only `app.config`, where it has one, is used."""
