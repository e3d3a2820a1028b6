"""How Codex reads a document that declares hooks: a hooks file, or what a plugin's manifest has under `hooks`.

Pure. The rules are those of the real program's parser, measured form by form: it takes a list for an object's fields in
their order, it tries the forms of a manifest one after another, and what fits none counts as if it were not written.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Json = dict[str, Any]

HOOKS = "hooks"
"""The field of a document that holds its events."""
REFUSED = "are refused"
"""What the row `hooks_document` says of fields that it does not name, where a document with one is no document."""


class Reader:
    """Reads documents as the release does whose lifecycle has these rows."""

    def __init__(self, rows: Mapping[str, Any], known: Iterable[str]) -> None:
        """`known`: the events of the release. What stands under any other name is not looked at."""
        self._known = frozenset(known)
        self._fields: list[str] = rows["hooks_document"]["fields"]
        self._refuses = rows["hooks_document"]["others"] == REFUSED
        self._types: list[str] = rows["hook_types"]

    def events(self, document: Any) -> Json:
        """The events of a document; a document without any says none. Raises ValueError for what is no document."""
        if isinstance(document, list):
            if len(document) > len(self._fields):
                raise ValueError(f"invalid length {len(document)}, expected {len(self._fields)} fields")
            document = dict(zip(self._fields, document, strict=False))
        fields = _expect(document, dict, "a map")
        for name, value in fields.items():
            if name not in self._fields and self._refuses:
                raise ValueError(f"unknown field `{name}`, expected {' or '.join(f'`{one}`' for one in self._fields)}")
            if name in self._fields and name != HOOKS and value is not None:
                _expect(value, str, "a string")
        events = fields.get(HOOKS, {})
        self._check(events)
        return dict(events)

    def named(self, declared: Any) -> list[str] | None:
        """The hooks files that a manifest names, by their paths from the plugin's root; None where it names none."""
        paths = [declared] if isinstance(declared, str) else declared
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            return None
        inner = [path[2:] for path in paths if path.startswith("./") and ".." not in path.split("/")]
        return inner or None

    def inline(self, declared: Any) -> list[Json] | None:
        """The events of each document that stands in a manifest itself; None where none does.

        A list is tried as the fields of one document before it is taken for a list of documents.
        """
        if not isinstance(declared, dict | list) or not _is_written(declared):
            return None
        try:
            return [self.events(declared)]
        except ValueError:
            pass
        try:
            return [self.events(_expect(one, dict | list, "a document")) for one in _expect(declared, list, "a list")]
        except ValueError:
            return None

    def _check(self, events: Any) -> None:
        """Raise ValueError where these are no events: then nothing of the document counts."""
        for event, groups in _expect(events, dict, "a map").items():
            for group in _expect(groups, list, "a sequence") if event in self._known else ():
                matcher = _expect(group, dict, "a map").get("matcher")
                if matcher is not None:
                    _expect(matcher, str, "a string")
                for entry in _expect(group.get("hooks", []), list, "a sequence"):
                    self._check_entry(_expect(entry, dict, "a map"))

    def _check_entry(self, entry: Json) -> None:
        kind = entry.get("type")
        if "type" not in entry:
            raise ValueError("missing field `type`")
        if kind not in self._types:
            known = ", ".join(f"`{one}`" for one in self._types)
            raise ValueError(f"unknown variant `{kind}`, expected one of {known}")
        if kind != "command":
            return
        timeout = entry.get("timeout")
        if timeout is not None and (type(timeout) is not int or timeout < 0):
            raise ValueError(f"invalid type: {timeout!r}, expected u64")
        if "async" in entry:
            _expect(entry["async"], bool, "a boolean")


def _is_written(declared: dict[str, Any] | list[Any]) -> bool:
    """Whether a manifest's hooks can be documents at all: a list of nothing, or of paths, names files and no hooks."""
    return isinstance(declared, dict) or any(not isinstance(one, str) for one in declared)


def _expect(value: Any, kind: Any, name: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"invalid type: {type(value).__name__}, expected {name}")
    return value
