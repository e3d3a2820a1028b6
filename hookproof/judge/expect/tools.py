"""What became of an agent's calls of a tool: whether the host ran it, whether a hook kept it from that, what came back.

The model's next request has the result. That a hook denied a call is seen at the hook's own run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from hookproof.judge.agent_view import AgentView
from hookproof.judge.expect.runs import decision, same_tool
from hookproof.judge.hook_runs import hook_runs
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import Finding
from hookproof.records.expect import ToolCalled
from hookproof.records.model import ModelAnswer, ModelRequest
from hookproof.records.parts import ToolResult
from hookproof.records.sent import ShellEnded, ShellStarted, SubagentStarted

_NOT_RUN = "<tool_use_error>"
"""What hosts write before a result where they could not make a call of it."""
_SHOWN = 200


def called(view: RunView, expected: ToolCalled) -> Finding:
    """What became of the calls: of the first that is not as it should be, else of the last."""
    calls = [
        each
        for each in view.of(ModelAnswer)
        if each.call is not None
        and each.agent == expected.agent
        and same_tool(each.call, expected.tool)
        and (expected.input is None or expected.input.stand_in(_input(each)))
    ]
    if not calls:
        asked = AgentView(view).queried(expected.agent)
        with_ = f" with {expected.input}" if expected.input is not None else ""
        why = f"{expected.agent} never called {expected.tool}{with_}" if asked else f"{expected.agent} was never asked"
        return Finding.not_tested(why, view.end)
    accepted, found = words_for(expected), Finding(None, "")
    for call in calls:
        found = _of_call(view, expected, call)
        if found.outcome != accepted:
            break
    return found


def words_for(expected: ToolCalled) -> str:
    """The outcome that satisfies."""
    return _outcome(
        expected,
        ran=bool(expected.ran),
        denied=bool(expected.denied),
        has=True,
        lacks=True,
    )


def _outcome(expected: ToolCalled, *, ran: bool, denied: bool, has: bool, lacks: bool) -> str:
    said = [
        *([] if expected.ran is None else ["ran" if ran else "did not run"]),
        *([] if expected.denied is None else ["denied" if denied else "not denied"]),
        *([] if expected.result is None else ["result has it" if has else "result lacks it"]),
        *([] if expected.result_lacks is None else ["result lacks the other" if lacks else "result has the other"]),
    ]
    return ", ".join(said)


def _of_call(view: RunView, expected: ToolCalled, call: ModelAnswer) -> Finding:
    what = f"{expected.agent}'s call of {call.call} ({_short(_input(call))})"
    came = next(_results(view, call), None)
    if came is None:
        return Finding(None, f"{what} never came back to its model", call, expected.agent)
    request, result = came
    denied = _denied(view, call)
    ran = not denied and not result.text.lstrip().startswith(_NOT_RUN)
    outcome = _outcome(
        expected,
        ran=ran,
        denied=denied,
        has=expected.result is None or expected.result.stand_in(result.text),
        lacks=expected.result_lacks is None or not expected.result_lacks.stand_in(result.text),
    )
    how = "denied by a hook" if denied else "run" if ran else "not run"
    return Finding(outcome, f"{what} was {how}, and came back with {_short(result.text)!r}", request, expected.agent)


def _results(view: RunView, call: ModelAnswer) -> Iterator[tuple[ModelRequest, ToolResult]]:
    for request in view.of(ModelRequest):
        yield from ((request, each) for each in request.results if each.tool_use_id == call.tool_use_id)


def _denied(view: RunView, call: ModelAnswer) -> bool:
    """Whether a hook denied the call, and nothing of it was seen to run."""
    if call.tool_use_id is None:
        return False
    # of a real host a shell is told of before its hooks have decided: only its end says that it ran
    shells = {each.run for each in view.of(ShellStarted) if each.tool_use_id == call.tool_use_id and each.run}
    if any(each.run in shells for each in view.of(ShellEnded)):
        return False
    if any(each.tool_use_id == call.tool_use_id for each in view.of(SubagentStarted)):
        return False
    runs = [run for run in hook_runs(view) if run.started.payload.get("tool_use_id") == call.tool_use_id]
    if any(run.event == "PostToolUse" for run in runs):
        return False
    return any(run.event == "PreToolUse" and decision(view, run) == "deny" for run in runs)


def _input(call: ModelAnswer) -> str:
    """The values of a call's input, as text: names of keys are no words of it."""
    values = (call.input or {}).values()
    return "\n".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in values)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
