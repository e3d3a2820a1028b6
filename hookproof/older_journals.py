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
        return {**values, "format": 1}
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


def of_format_3(values: Values) -> Values:
    """A record of a journal from when each stand-in told in a form of its own what it made of a hook's output."""
    if values["kind"] != "hook.ended":
        return values
    kept = {name: value for name, value in values.items() if name not in {"effects", "not_taken"}}
    told, not_taken = values.get("effects"), values.get("not_taken")
    whole = values.get("ended_by") == "itself" and values.get("exit") == 0
    failed = "refused" if whole else "not read"
    effects: Values | None = None
    if isinstance(told, dict) and "status" in told:
        effects = _of_codex(told, failed)
    elif isinstance(told, list):
        effects = _of_claude(told, failed)
    if effects is not None and not_taken is not None:
        effects |= {"output": "unknown", "words": str(not_taken)}
    return kept if effects is None else {**kept, "effects": effects}


def _of_claude(names: list[Any], failed: str) -> Values:
    """From the names of what a hook had asked for; its texts were not told."""
    asked: Values = {name: "" for name in ("context", "stop") if name in names}
    decision = next((name for name in ("block", "deny") if name in names), None)
    if decision is not None:
        asked["decision"] = decision
    return {"output": failed if "error" in names else "taken", "updates_input": "update" in names, **asked}


def _of_codex(told: Values, failed: str) -> Values:
    status, reason = told["status"], told.get("reason")
    kept: Values = {name: told[name] for name in ("context", "message") if told.get(name) is not None}
    if status == "failed":
        return {"output": failed, "words": reason, **kept}
    if status == "blocked":
        kept |= {"decision": "block", "reason": reason}
    elif status == "stopped":
        kept |= {"stop": reason or ""}
    return {"output": "taken", **kept}


_STEPS: tuple[Upgrade, ...] = (of_format_1, of_format_2, of_format_3)
"""From the format with that number, counted from 1, to the next."""


def _from(number: int) -> Upgrade:
    def upgrade(values: Values) -> Values:
        for step in _STEPS[number - 1 :]:
            values = step(values)
        return values

    return upgrade


UPGRADES: Mapping[int, Upgrade] = {number: _from(number) for number in range(1, len(_STEPS) + 1)}
"""By the number of the format that was read."""
