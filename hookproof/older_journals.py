"""Journals of older formats, read as what they would be today: one step a format, each to the newest.

Called by `journal.read` for each line, before it becomes a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hookproof.isolation.level import not_prevented

Values = dict[str, Any]
Upgrade = Callable[[Values], Values]

_FAULTS = {
    "worker ended": "fault.worker_killed",
    "codex ended": "fault.codex_killed",
    "shell ended": "fault.shell_killed",
    "server frozen": "fault.server_frozen",
    "server thawed": "fault.server_thawed",
    "foreign pid planted": "fault.pid_planted",
    "state torn": "fault.state_torn",
    "list filled": "fault.list_filled",
    "row aged": "fault.row_aged",
    "workspace deleted": "fault.workspace_deleted",
    "worker woken": "fault.worker_woken",
    "hook killed": "fault.hook_killed",
    "session started again": "fault.session_restarted",
}
"""In format 1 a fault was one kind, told apart by a sentence."""


def unchanged(values: Values) -> Values:
    """A record of today's format."""
    return values


def of_format_1(values: Values) -> Values:
    """A record of a journal without a number.

    Faults were one kind, a look at agents was one at jobs, and of a calibration's jobs only the names were told.
    """
    kind = values["kind"]
    if kind == "case":
        return of_format_2({**values, "format": 1})
    if kind == "look" and "files" in values:
        return {**values, "kind": "agent.look"}
    if kind == "job.started" and "processes" not in values:
        return {"row": None, "worker": None, "processes": [], **values}
    if kind == "job.ended" and "how" not in values:
        return {"how": "", "worker": None, **values}
    fault = _FAULTS.get(str(values.get("what"))) if kind == "fault" else None
    if fault is None:
        return values
    return {name: value for name, value in values.items() if name != "what"} | {"kind": fault}


def of_format_2(values: Values) -> Values:
    """A record of a journal from when there were no levels: real hosts were kept off the network, and that was all."""
    told = values.get("isolation") if values["kind"] == "case" else None
    if not isinstance(told, dict) or "network" in told:
        return values
    network = told.get("kind", "none")
    known = {"level": "none", "not_prevented": list(not_prevented("none", network)), "network": network}
    return {**values, "isolation": {**known, **{name: value for name, value in told.items() if name != "kind"}}}


UPGRADES: Mapping[int, Upgrade] = {1: of_format_1, 2: of_format_2}
"""By the number of the format that was read."""
