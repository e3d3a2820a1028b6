"""Which runs of hooks a sentence is about, what each decided, and whether there was an occasion for any.

A hook that did not run is the plugin's doing only where its host could have run it: where its event came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView, document
from hookproof.judge.hook_runs import hook_runs, is_answer, judged
from hookproof.judge.run_view import HookRun, RunView
from hookproof.records import Record
from hookproof.records.expect import HookRuns, ToldDecision
from hookproof.records.faults import HostKilled
from hookproof.records.hosts import HostExited, HostStarted, HostThread, User
from hookproof.records.model import ModelAnswer, ModelRequest

_SAME_TOOL = ({"Agent", "Task"}, {"wait_agent", "wait"})
"""Names of one tool in different releases."""
_DENIES = "PreToolUse"


def chosen(view: RunView, wanted: HookRuns) -> list[HookRun]:
    """The runs that a sentence is about, in their order. Raises NoEvidenceError."""
    threads = AgentView(view).threads(wanted.agent) if wanted.agent is not None else []
    return [
        run
        for run in hook_runs(view)
        if run.event == wanted.event
        and (wanted.tool is None or same_tool(run.started.payload.get("tool_name"), wanted.tool))
        and (wanted.agent is None or run.thread in threads)
        and (wanted.command is None or wanted.command.stand_in(run.started.command))
    ]


def same_tool(one: object, other: str) -> bool:
    """Whether two names are of one tool."""
    return one == other or any({one, other} <= names for names in _SAME_TOOL if isinstance(one, str))


def decision(view: RunView, run: HookRun) -> ToldDecision | None:
    """What a hook decided; None where it had not ended.

    Of a stand-in as its host took it. Of a real one as the hook asked for it, where the host has not refused that.
    """
    if run.ended is None:
        return None
    if run.ended.effects is not None:
        return run.ended.effects.decision or "none"
    said = judged(view, run)
    refuses = is_answer(run) or (run.ended.exit == 0 and _asks_for_it(document(run)))
    if not refuses or (said is not None and said.output == "refused"):
        return "none"
    return "deny" if run.event == _DENIES else "block"


def _asks_for_it(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    specific = value.get("hookSpecificOutput")
    asked = specific.get("permissionDecision") if isinstance(specific, dict) else None
    return value.get("decision") == "block" or asked in {"deny", "ask"}


def occasion(view: RunView, wanted: HookRuns) -> Record | None:
    """The first record by which the event came about; None where nothing tells of one."""
    return next(_occasions(view, wanted), None)


def _occasions(view: RunView, wanted: HookRuns) -> Iterator[Record]:
    match wanted.event:
        case "PreToolUse" | "PostToolUse" | "PostToolUseFailure":
            yield from _calls(view, wanted)
        case "SessionStart":
            yield from (each for each in view.of(HostStarted) if wanted.agent in {None, each.session})
        case "SessionEnd":
            killed = {each.session for each in view.of(HostKilled)}
            ended = (each for each in view.of(HostExited) if each.asked and each.session not in killed)
            yield from (each for each in ended if wanted.agent in {None, each.session})
        case "UserPromptSubmit":
            yield from (each for each in view.of(User) if wanted.agent in {None, each.session})
        case "Stop":
            yield from (each for each in _said(view, wanted) if each.agent in view.conversations())
        case "SubagentStart":
            asked = (each for each in view.of(ModelRequest) if not each.aside and _is_child(view, each.agent))
            yield from (each for each in asked if wanted.agent in {None, each.agent})
        case "SubagentStop":
            yield from (each for each in _said(view, wanted) if _is_child(view, each.agent))
        case "PreCompact" | "PostCompact":
            yield from (each for each in view.of(HostThread) if each.how == "compact")


def _calls(view: RunView, wanted: HookRuns) -> Iterator[Record]:
    """Calls of the tool; of what fires when one is over, the results of those that came to it."""
    calls = [
        each
        for each in view.of(ModelAnswer)
        if each.call is not None
        and (wanted.tool is None or same_tool(each.call, wanted.tool))
        and wanted.agent in {None, each.agent}
    ]
    if wanted.event == _DENIES:
        yield from calls
        return
    ids = {each.tool_use_id for each in calls}
    failed = wanted.event == "PostToolUseFailure"
    for request in view.of(ModelRequest):
        if any(result.tool_use_id in ids and result.is_error == failed for result in request.results):
            yield request


def _said(view: RunView, wanted: HookRuns) -> list[ModelAnswer]:
    """The last words of turns."""
    answers = (each for each in view.of(ModelAnswer) if each.text is not None and each.agent is not None)
    return [each for each in answers if wanted.agent in {None, each.agent}]


def _is_child(view: RunView, agent: str | None) -> bool:
    return agent is not None and agent not in {MAIN, *view.conversations()}
