"""Reads a resolved lifecycle for both stand-ins: its table of events, and what is done with its rows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

NOBODY = "nobody"
"""Where the context of a hook lands that reaches no model."""
SUBJECTS = {
    "SessionStart": "source",
    "SessionEnd": "reason",
    "PreCompact": "trigger",
    "PostCompact": "trigger",
    "PreToolUse": "tool_name",
    "PostToolUse": "tool_name",
    "PostToolUseFailure": "tool_name",
    "PermissionRequest": "tool_name",
    "SubagentStart": "agent_type",
    "SubagentStop": "agent_type",
    "Notification": "notification_type",
}
"""Event -> what of its payload a matcher is held against (documented); the other events have nothing of the kind."""
VARIABLE = "HOOKPROOF_LIFECYCLE"
"""The environment variable that names the file."""


class LifecycleError(Exception):
    """A lifecycle that cannot be read. The text says which file and what was expected."""


def missing(name: str, row: str) -> LifecycleError:
    """What is raised for a row that a lifecycle does not have."""
    return LifecycleError(f"lifecycle {name!r} has no row {row!r}")


class Firing:
    """One event that fires at a moment: whose session it carries, and where the context of its hooks lands."""

    __slots__ = ("context", "event", "says", "transcript", "whose")

    def __init__(
        self, event: str, whose: str, context: str = NOBODY, says: Mapping[str, str] | None = None, transcript: str = ""
    ) -> None:
        self.event = event
        self.whose = whose
        self.context = context
        self.says = dict(says or {})
        self.transcript = transcript

    def subject(self, values: Mapping[str, Any]) -> str:
        """What a matcher is held against, of all that the payload could say."""
        return str(values.get(SUBJECTS.get(self.event, "")) or "")


class Events:
    """The table of events of a lifecycle, which a stand-in asks at every moment that it knows."""

    def __init__(
        self,
        name: str,
        table: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        moments: Mapping[str, Sequence[str]],
        whose: Sequence[str],
        transcripts: Sequence[str] = (),
    ) -> None:
        """`moments`: each with where a context can land then. Raises LifecycleError for what no stand-in could do."""
        self._name = name
        try:
            self._at = {moment: [Firing(**cells) for cells in firings] for moment, firings in table.items()}
        except TypeError as error:
            raise LifecycleError(f"lifecycle {name!r}: no table of events: {error}") from None
        for moment, firings in self._at.items():
            if moment not in moments:
                raise LifecycleError(f"lifecycle {name!r}: no moment {moment!r} (there is: {', '.join(moments)})")
            for firing in firings:
                _check(name, moment, "context", firing.context, (*moments[moment], NOBODY))
                _check(name, moment, "whose", firing.whose, whose)
                _check(name, moment, "transcript", firing.transcript, ("", *transcripts))

    def at(self, moment: str) -> list[Firing]:
        """What fires at a moment. Raises LifecycleError where the table does not have it."""
        try:
            return self._at[moment]
        except KeyError:
            raise missing(self._name, moment) from None

    def says(self, moment: str, key: str) -> str | None:
        """What the table has the payloads of a moment say under a key."""
        return next((firing.says[key] for firing in self.at(moment) if key in firing.says), None)

    def known(self, more: Iterable[str]) -> list[str]:
        """The events that a hook may be declared for: `more`, and those that fire."""
        firing = (each.event for firings in self._at.values() for each in firings)
        return list(dict.fromkeys((*more, *firing)))


def _check(name: str, moment: str, cell: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise LifecycleError(f"lifecycle {name!r}: {cell} at {moment!r} says {value!r}, expected one of {allowed}")


def resolved(path: str) -> dict[str, Any]:
    """The document in a resolved lifecycle's file: `name`, `rows`, `events`, perhaps `host`. Raises LifecycleError."""
    import json  # noqa: PLC0415 - a worker without a lifecycle need not pay for it

    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise LifecycleError(f"{path}: cannot read the lifecycle: {error.strerror}") from None
    except ValueError as error:
        raise LifecycleError(f"{path}: not a lifecycle: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("rows"), dict):
        raise LifecycleError(f'{path}: not a lifecycle: expected {{"name": …, "host": …, "rows": {{…}}}}')
    return document


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put values in the place of their `{name}`; any other brace stays."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", str(value))
    return template


def pick(keys: Iterable[str], values: Mapping[str, Any], *, when_known: Iterable[str] = ()) -> dict[str, Any]:
    """The listed keys, in their order. A value that was not given is left out; a None stays but for `when_known`."""
    return {key: values[key] for key in keys if key in values and (values[key] is not None or key not in when_known)}
