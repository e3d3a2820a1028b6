"""The behaviour of Codex as a host, read as data: `HOOKPROOF_LIFECYCLE` names a resolved JSON file.

Without one, or with one of another host, this Codex is only a worker: no hooks, no config, and nothing of this is read.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "HOOKPROOF_LIFECYCLE"
WHEN_KNOWN = ("agent_id", "agent_type")
"""Keys of a payload that only some agents have. Any other key that a row lists stays, if only as null."""


class LifecycleError(Exception):
    """A lifecycle that cannot be read. The text says which file and what was expected."""


class Lifecycle(dict[str, "Any"]):
    """The rows of one behaviour."""

    def __init__(self, name: str, rows: dict[str, Any]) -> None:
        super().__init__(rows)
        self.name = name

    def __missing__(self, row: str) -> Any:
        raise LifecycleError(f"lifecycle {self.name!r} has no row {row!r}")

    def payload(self, event: str, values: dict[str, Any]) -> dict[str, Any]:
        """The keys that hooks of `event` read, in their order. A value that was not given is left out, None stays.

        `agent_id` and `agent_type` that are None are left out as well: main has none.
        """
        keys = self["payload_keys"].get(event, [])
        known = {**values, "hook_event_name": event}
        return {key: known[key] for key in keys if key in known and (known[key] is not None or key not in WHEN_KNOWN)}


def fill(template: str, values: dict[str, str]) -> str:
    """Put values in the place of their `{name}`; any other brace stays."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


def load() -> Lifecycle | None:
    """The run's lifecycle, or None where this Codex is only a worker. Raises LifecycleError."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    import json  # noqa: PLC0415 - a worker without a lifecycle need not pay for it

    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise LifecycleError(f"{path}: cannot read the lifecycle: {error.strerror}") from None
    except ValueError as error:
        raise LifecycleError(f"{path}: not a lifecycle: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("rows"), dict):
        raise LifecycleError(f'{path}: expected {{"name": ..., "host": ..., "rows": {{...}}}}')
    if document.get("host") != "codex":
        return None
    return Lifecycle(str(document.get("name")), document["rows"])
