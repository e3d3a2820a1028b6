"""The behaviour of a host, read as data: what the harness hands over as JSON, and what both stand-ins do with rows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

VARIABLE = "HOOKPROOF_LIFECYCLE"
"""The environment variable that names the file."""


class LifecycleError(Exception):
    """A lifecycle that cannot be read. The text says which file and what was expected."""


def missing(name: str, row: str) -> LifecycleError:
    """What is raised for a row that a lifecycle does not have."""
    return LifecycleError(f"lifecycle {name!r} has no row {row!r}")


def resolved(path: str) -> dict[str, Any]:
    """The document in a resolved lifecycle's file: a `name`, perhaps a `host`, `rows`. Raises LifecycleError."""
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
