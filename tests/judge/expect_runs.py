"""Literal journals for the user's own sentences: one row a verdict, for each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent_records import CHILD, MAIN, asks, cleared, emits, start, thread
from run_records import process

from hookproof.records import Record
from hookproof.records.faults import HostKilled
from hookproof.records.hosts import HostExited, HostStarted, HostStderr, HostThread, User
from hookproof.records.model import ModelAnswer, ModelRequest
from hookproof.records.parts import Effects, FoundFile, LeftFile, Process, ToolResult
from hookproof.records.run import Census, Error, FilesLeft, SweepBegan
from hookproof.records.sent import HookEnded, HookHeld, HookStarted, SessionStarted, ShellEnded, ShellStarted

RULE = "RULE one"
NOT_TESTED, UNKNOWN = ("not tested", "not tested"), ("no evidence", "unknown")
Row = tuple[dict[str, Any], list[Record], str, str]
"""The kind as a scenario writes it, what happened, what was seen, the verdict."""


def begins(session: str = MAIN) -> Record:
    return HostStarted(session=session, session_id=thread(session), pid=7, argv=["host"])


def ends(session: str = MAIN) -> Record:
    return HostExited(session=session, asked=True, pid=7, code=0, signal=None)


def types(text: str = "Hello.", session: str = MAIN) -> Record:
    return User(session=session, text=text)


def nameless(agent: str, *texts: str) -> ModelRequest:
    return replace(asks(agent, *texts), thread=None)


def calls(tool: str = "Bash", command: str = "echo hi", agent: str = MAIN, call: str = "t1") -> Record:
    return ModelAnswer(n=1, agent=agent, text=None, tool_use_id=call, call=tool, input={"command": command}, job=None)


def says(text: str = "Done.", agent: str = MAIN) -> Record:
    return ModelAnswer(n=1, agent=agent, text=text, tool_use_id=None, call=None, input=None, job=None)


def returns(text: str, *, error: bool = False, agent: str = MAIN, call: str = "t1") -> Record:
    return replace(asks(agent), results=[ToolResult(tool_use_id=call, text=text, is_error=error)])


def runs(  # noqa: PLR0913 - each is a field of the records
    event: str,
    *,
    tool: str | None = None,
    call: str | None = None,
    agent: str = MAIN,
    exit_: int | None = 0,
    out: str = "",
    effects: Effects | None = None,
    ended: bool = True,
    ms: int | None = None,
    name: str = "",
    **payload: Any,
) -> list[Record]:
    """A run of a hook for an agent."""
    started, over = start(agent, out, event=event)
    assert isinstance(started, HookStarted)
    assert isinstance(over, HookEnded)
    told = {"tool_name": tool, "tool_use_id": call} if tool is not None else {}
    run = f"{started.run}-{call}-{name}"
    begun = replace(started, run=run, payload={**started.payload, **told, **payload})
    end = replace(over, run=run, exit=exit_, effects=effects, ms=ms, signal=None if exit_ is not None else 9)
    return [begun, end] if ended else [begun]


def killed(records: list[Record]) -> list[Record]:
    """The same, cut by its host."""
    return [replace(each, ended_by="timeout", exit=None) if isinstance(each, HookEnded) else each for each in records]


def found(path: str, text: str | None = None, *, more: int = 0, alive: bool = False, **about: Any) -> list[Record]:
    """What the harness has read when all was over."""
    files = [FoundFile(path=path, text=text, bytes=len(text), **about)] if text is not None else []
    still = [process(9, "worker")] if alive else []
    return [begins(), FilesLeft(files=[LeftFile(path=path, found=files, more=more)], still_runs=still)]


def census(*alive: Process) -> Record:
    return Census(processes=list(alive), state=[])


DENIES = Effects(output="taken", decision="deny", reason="no")
BLOCKS = Effects(output="taken", decision="block", reason="no")
OBJECTS = [record for number in range(5) for record in runs("Stop", effects=BLOCKS, name=str(number))]
DENIED = [calls(), *runs("PreToolUse", tool="Bash", call="t1", effects=DENIES), returns("no", error=True)]
PATH = "{home}/.saved"
BROKEN = Error(where="model server", what="a script ran out")
TWO_TURNS: list[Record] = [begins(), types(), asks(MAIN, RULE), types("/clear"), types("Again.")]

TOLD: list[Row] = [
    ({"told": {"text": RULE}}, [asks(MAIN, f"so: {RULE}.")], "told", "conforms"),
    ({"told": {"pattern": r"RULE \w+"}}, [asks(MAIN, RULE)], "told", "conforms"),
    ({"told": {"text": RULE}}, [asks(MAIN, "hello")], "not told", "violates"),
    ({"told": {"text": RULE}}, [asks(MAIN, inherited=(RULE,))], "not told", "violates"),
    ({"told": {"text": RULE}}, [asks(CHILD, RULE)], *NOT_TESTED),
    ({"told": {"text": RULE, "agent": CHILD}}, [asks(CHILD, RULE, parent=MAIN)], "told", "conforms"),
    ({"told": {"text": RULE, "times": 1}}, [asks(MAIN, RULE)], "told once", "conforms"),
    ({"told": {"text": RULE, "times": 1}}, [asks(MAIN, RULE), asks(MAIN, RULE)], "told twice", "violates"),
    ({"told": {"text": RULE, "times": 1}}, [asks(MAIN, f"{RULE} {RULE}")], "told twice", "violates"),
    ({"told": {"text": RULE, "at_least": 2}}, [asks(MAIN, RULE)], "told once", "violates"),
    ({"told": {"text": RULE, "at_least": 2}}, [asks(MAIN, RULE, RULE)], "told at least twice", "conforms"),
    ({"told": {"text": RULE, "at_most": 2}}, [asks(MAIN, RULE)], "told at most twice", "conforms"),
    ({"told": {"text": RULE, "at_least": 1, "at_most": 2}}, [asks(MAIN, RULE)], "told 1 to 2 times", "conforms"),
    # sessions, by thread
    ({"told": {"text": RULE, "session": 2}}, [asks(MAIN, RULE), cleared(asks(MAIN, RULE))], "told", "conforms"),
    ({"told": {"text": RULE, "session": 2}}, [asks(MAIN, RULE), cleared(asks(MAIN))], "not told", "violates"),
    ({"told": {"text": RULE, "session": 2}}, [asks(MAIN, RULE)], *NOT_TESTED),
    ({"told": {"text": RULE, "session": 2}}, [nameless(MAIN, RULE), cleared(asks(MAIN))], *UNKNOWN),
    # turns, by what was typed; what hookproof types for a step is none
    ({"told": {"text": RULE, "turn": 2}}, [*TWO_TURNS, asks(MAIN, RULE)], "told", "conforms"),
    ({"told": {"text": RULE, "turn": 2}}, [*TWO_TURNS, asks(MAIN)], "not told", "violates"),
    ({"told": {"text": RULE, "turn": 1}}, [*TWO_TURNS, asks(MAIN)], "told", "conforms"),
    ({"told": {"text": RULE, "turn": 2}}, TWO_TURNS, *NOT_TESTED),
    ({"told": {"text": RULE, "turn": 3}}, [*TWO_TURNS, asks(MAIN)], *NOT_TESTED),
    # a hook that might have told it was cut: nobody knows
    ({"told": {"text": RULE}}, [*killed(start(MAIN)), asks(MAIN)], *NOT_TESTED),
    # after an error nothing is certain, but what is too much already
    ({"told": {"text": RULE}}, [BROKEN, asks(MAIN, RULE)], "told", "unknown"),
    ({"told": {"text": RULE, "times": 1}}, [asks(MAIN, RULE, RULE), BROKEN], "told twice", "violates"),
    ({"not_told": {"text": RULE}}, [asks(MAIN, "hello")], "not told", "conforms"),
    ({"not_told": {"text": RULE}}, [asks(MAIN, RULE)], "told once", "violates"),
    ({"not_told": {"text": RULE}}, [asks(MAIN, RULE), BROKEN], "told once", "violates"),
    ({"not_told": {"text": RULE}}, [BROKEN, asks(MAIN, RULE)], "told once", "unknown"),
    ({"not_told": {"text": RULE, "agent": CHILD}}, [asks(MAIN, RULE)], *NOT_TESTED),
    ({"not_told": {"text": RULE, "session": 1}}, [nameless(MAIN)], *UNKNOWN),
]

STOPS = {"event": "Stop"}
CALLED = {"event": "PreToolUse", "tool": "Bash"}
HOOK: list[Row] = [
    ({"hook": STOPS}, [begins(), *runs("Stop")], "ran", "conforms"),
    ({"hook": STOPS}, [begins(), says()], "did not run", "violates"),
    ({"hook": STOPS}, [begins()], *NOT_TESTED),
    ({"hook": {**STOPS, "times": 0}}, [begins(), says()], "did not run", "conforms"),
    ({"hook": {**STOPS, "times": 0}}, [begins()], *NOT_TESTED),
    ({"hook": {**STOPS, "at_most": 2}}, [begins(), *OBJECTS, BROKEN], "ran 5 times", "violates"),
    ({"hook": {**STOPS, "at_most": 2}}, [begins(), *runs("Stop")], "ran at most twice", "conforms"),
    ({"hook": {**STOPS, "at_most": 2}}, [begins(), *runs("Stop"), BROKEN], "ran at most twice", "unknown"),
    ({"hook": {**STOPS, "decision": "block"}}, OBJECTS, "ran with decision block", "conforms"),
    ({"hook": {**STOPS, "decision": "none"}}, OBJECTS, "did not run with decision none", "violates"),
    # a real host: as the hook asked for it
    ({"hook": {**STOPS, "decision": "block"}}, runs("Stop", exit_=2), "ran with decision block", "conforms"),
    (
        {"hook": {**STOPS, "decision": "block"}},
        runs("Stop", out='{"decision": "block"}'),
        "ran with decision block",
        "conforms",
    ),
    ({"hook": {**STOPS, "exit": 0}}, runs("Stop", exit_=1), "did not run with exit status 0", "violates"),
    ({"hook": {**STOPS, "exit": 0}}, killed(runs("Stop")), *NOT_TESTED),
    ({"hook": {**STOPS, "output": RULE}}, runs("Stop", out=f"{RULE}!"), "ran with that output", "conforms"),
    ({"hook": {**STOPS, "output": RULE}}, runs("Stop", out="other"), "did not run with that output", "violates"),
    ({"hook": {**STOPS, "output": RULE, "times": 0}}, runs("Stop"), "did not run with that output", "conforms"),
    ({"hook": {**STOPS, "output": RULE}}, killed(runs("Stop")), *NOT_TESTED),
    ({"hook": {**STOPS, "exit": 0}}, runs("Stop", ended=False), *NOT_TESTED),
    ({"hook": {**STOPS, "exit": 0}}, [*runs("Stop", ended=False), SweepBegan()], *NOT_TESTED),
    (
        {"hook": {**STOPS, "exit": 0}},
        [*runs("Stop"), *killed(runs("Stop", name="2"))],
        "ran with exit status 0",
        "conforms",
    ),
    ({"hook": CALLED}, runs("PreToolUse", tool="Bash"), "ran", "conforms"),
    ({"hook": CALLED}, runs("PreToolUse", tool="Read"), *NOT_TESTED),
    ({"hook": CALLED}, [calls()], "did not run", "violates"),
    ({"hook": CALLED}, [calls("Read")], *NOT_TESTED),
    ({"hook": {"event": "PreToolUse", "tool": "Agent"}}, [calls("Task")], "did not run", "violates"),
    ({"hook": {"event": "PostToolUse", "tool": "Bash"}}, [calls(), returns("hi")], "did not run", "violates"),
    ({"hook": {"event": "PostToolUse", "tool": "Bash"}}, [calls(), returns("x", error=True)], *NOT_TESTED),
    ({"hook": {"event": "PostToolUseFailure"}}, [calls(), returns("x", error=True)], "did not run", "violates"),
    ({"hook": {"event": "SessionStart"}}, [begins()], "did not run", "violates"),
    ({"hook": {"event": "SessionEnd"}}, [begins(), ends()], "did not run", "violates"),
    ({"hook": {"event": "SessionEnd"}}, [begins(), HostKilled(session=MAIN, pids=[7]), ends()], *NOT_TESTED),
    ({"hook": {"event": "UserPromptSubmit"}}, [begins(), types()], "did not run", "violates"),
    ({"hook": {"event": "SubagentStart"}}, [asks(CHILD, parent=MAIN)], "did not run", "violates"),
    ({"hook": {"event": "SubagentStop"}}, [says(agent=CHILD)], "did not run", "violates"),
    ({"hook": {"event": "SubagentStop"}}, [begins(), says()], *NOT_TESTED),
    (
        {"hook": {"event": "PreCompact"}},
        [HostThread(session=MAIN, thread=thread(MAIN), how="compact")],
        "did not run",
        "violates",
    ),
    ({"hook": {"event": "Elicitation"}}, [begins(), says()], *NOT_TESTED),
    (
        {"hook": {**CALLED, "agent": CHILD}},
        [asks(CHILD), *runs("PreToolUse", tool="Bash", agent=CHILD)],
        "ran",
        "conforms",
    ),
    ({"hook": {**CALLED, "agent": CHILD}}, [asks(CHILD), *runs("PreToolUse", tool="Bash")], *NOT_TESTED),
    ({"hook": {**CALLED, "agent": CHILD}}, [nameless(CHILD), *runs("PreToolUse", tool="Bash")], *UNKNOWN),
    ({"hook": {**STOPS, "command": "hook.py"}}, runs("Stop"), "ran", "conforms"),
    ({"hook": {**STOPS, "command": {"pattern": "^other"}}}, [begins(), *runs("Stop")], *NOT_TESTED),
    ({"hook": {**STOPS, "payload": {"a.b": 1}}}, runs("Stop", a={"b": 1}), "ran with that payload", "conforms"),
    (
        {"hook": {**STOPS, "payload": {"a.b": 1}}},
        runs("Stop", a={"b": True}),
        "did not run with that payload",
        "violates",
    ),
    (
        {"hook": {**STOPS, "payload": {"a": {"exists": False}}}},
        runs("Stop", a=None),
        "did not run with that payload",
        "violates",
    ),
    ({"hook": {**STOPS, "payload": {"a": {"exists": False}}}}, runs("Stop"), "ran with that payload", "conforms"),
    (
        {"hook": {**STOPS, "payload": {"a": {"pattern": "^x"}}}},
        runs("Stop", a="xy"),
        "ran with that payload",
        "conforms",
    ),
    (
        {"hook": {**STOPS, "payload": {"a": {"pattern": "^x"}}}},
        runs("Stop", a=1),
        "did not run with that payload",
        "violates",
    ),
]

BASH = {"tool": "Bash"}
TOOL: list[Row] = [
    ({"tool": {**BASH, "ran": True}}, [calls(), returns("hi")], "ran", "conforms"),
    ({"tool": {**BASH, "ran": True}}, DENIED, "did not run", "violates"),
    ({"tool": {**BASH, "ran": False, "denied": True}}, DENIED, "did not run, denied", "conforms"),
    ({"tool": {**BASH, "denied": True}}, [calls(), returns("hi")], "not denied", "violates"),
    # a hook said no, and the host ran it all the same
    (
        {"tool": {**BASH, "denied": True}},
        [
            *DENIED[:-1],
            ShellStarted(session_id="s", agent_id=None, run="r", tool_use_id="t1", background=False, command="x"),
            ShellEnded(run="r", ended_by="itself", exit=0, signal=None, output_file=None),
            returns("hi"),
        ],
        "not denied",
        "violates",
    ),
    # the observer in a real host tells of a shell before the hook has said no
    (
        {"tool": {**BASH, "denied": True}},
        [
            *DENIED[:-1],
            ShellStarted(session_id="s", agent_id=None, run="r", tool_use_id="t1", background=False, command="x"),
            DENIED[-1],
        ],
        "denied",
        "conforms",
    ),
    (
        {"tool": {**BASH, "denied": True}},
        [*DENIED[:-1], *runs("PostToolUse", tool="Bash", call="t1"), returns("hi")],
        "not denied",
        "violates",
    ),
    (
        {"tool": {**BASH, "ran": True}},
        [calls(), returns("<tool_use_error>none such", error=True)],
        "did not run",
        "violates",
    ),
    ({"tool": {**BASH, "ran": True}}, [calls(), returns("exit 1", error=True)], "ran", "conforms"),
    ({"tool": {**BASH, "ran": True}}, [calls()], *UNKNOWN),
    ({"tool": {**BASH, "ran": True}}, [asks(MAIN)], *NOT_TESTED),
    ({"tool": {**BASH, "ran": True, "agent": CHILD}}, [calls(), returns("hi")], *NOT_TESTED),
    ({"tool": {**BASH, "ran": True, "input": "rm -rf"}}, [calls(), returns("hi")], *NOT_TESTED),
    ({"tool": {**BASH, "result": "hi"}}, [calls(), returns("oh, hi")], "result has it", "conforms"),
    ({"tool": {**BASH, "result": {"pattern": "^hi"}}}, [calls(), returns("oh, hi")], "result lacks it", "violates"),
    ({"tool": {**BASH, "result_lacks": "no"}}, DENIED, "result has the other", "violates"),
    ({"tool": {**BASH, "result_lacks": "no"}}, [calls(), returns("hi")], "result lacks the other", "conforms"),
    # of several calls the one that is wrong
    (
        {"tool": {**BASH, "ran": True}},
        [calls(call="t0"), returns("hi", call="t0"), *DENIED, calls(call="t2"), returns("hi", call="t2")],
        "did not run",
        "violates",
    ),
]

FILE: list[Row] = [
    ({"file": {"path": PATH}}, found(PATH, "x"), "there", "conforms"),
    ({"file": {"path": PATH}}, found(PATH), "missing", "violates"),
    ({"file": {"path": PATH}}, found(PATH, alive=True), *UNKNOWN),
    ({"file": {"path": PATH}}, [begins()], *UNKNOWN),
    ({"file": {"path": PATH}}, [], *NOT_TESTED),
    (
        {"file": {"path": "{data}/x"}},
        [begins(), FilesLeft(files=[LeftFile(path="{data}/x", found=[], nowhere="no hook ran")])],
        *NOT_TESTED,
    ),
    ({"file": {"path": PATH, "exists": False}}, found(PATH), "not there", "conforms"),
    ({"file": {"path": PATH, "exists": False}}, found(PATH, "x", alive=True), "there", "violates"),
    ({"file": {"path": PATH, "has": "x"}}, found(PATH, "a x"), "there, has it", "conforms"),
    ({"file": {"path": PATH, "has": ["a", "y"]}}, found(PATH, "a x"), "lacks it", "violates"),
    ({"file": {"path": PATH, "has": "y"}}, found(PATH, "a x", more=2), *UNKNOWN),
    ({"file": {"path": PATH, "has": "y"}}, found(PATH, "a x", alive=True), *UNKNOWN),
    ({"file": {"path": PATH, "has": "y"}}, found(PATH, "", unread="is a directory"), *UNKNOWN),
    ({"file": {"path": PATH, "lacks": "y"}}, found(PATH, "a x"), "there, lacks the other", "conforms"),
    ({"file": {"path": PATH, "lacks": {"pattern": r"\bx"}}}, found(PATH, "a x"), "has it", "violates"),
    ({"file": {"path": PATH, "lacks": "y"}}, found(PATH, "a x", more=1), *UNKNOWN),
    ({"file": {"path": PATH, "lacks": "y"}}, found(PATH, "", unread="is a FIFO"), *UNKNOWN),
    (
        {"file": {"path": PATH, "has": "a", "lacks": "y"}},
        found(PATH, "a x"),
        "there, has it, lacks the other",
        "conforms",
    ),
]

DAEMON = process(9, "node", "daemon.js")
LEFT: list[Row] = [
    ({"left": {}}, [begins(), census()], "nothing left", "conforms"),
    ({"left": {}}, [begins(), census(DAEMON)], "left once", "violates"),
    ({"left": {"command": "daemon", "at_most": 1}}, [begins(), census(DAEMON)], "left at most once", "conforms"),
    ({"left": {"command": {"pattern": "python"}}}, [begins(), census(DAEMON)], "nothing left", "conforms"),
    ({"left": {"times": 1}}, [begins(), census()], "nothing left", "violates"),
    ({"left": {}}, [begins()], *UNKNOWN),
    ({"left": {}}, [census()], *NOT_TESTED),
    # what would have ended it was killed on the scenario's word
    ({"left": {}}, [begins(), HostKilled(session=MAIN, pids=[7]), census(DAEMON)], *NOT_TESTED),
]

QUICK = {"event": "SessionStart", "ms": 500}
HELD = HookHeld(run=f"SessionStart-of-{MAIN}-codex-0-None-", event="SessionStart", session_id="s", agent_id=None, pid=3)
WITHIN: list[Row] = [
    ({"within_ms": QUICK}, runs("SessionStart", ms=400), "in time", "conforms"),
    ({"within_ms": QUICK}, runs("SessionStart", ms=5000), "too long", "violates"),
    # over the limit, but no longer than a bare hook may take here (`PATIENCE`)
    ({"within_ms": QUICK}, runs("SessionStart", ms=900), *NOT_TESTED),
    ({"within_ms": QUICK}, [begins()], *NOT_TESTED),
    ({"within_ms": QUICK}, [*runs("SessionStart", ms=100), HELD], *UNKNOWN),
    ({"within_ms": QUICK}, [*runs("SessionStart", ms=5000), HELD], "too long", "violates"),
    ({"within_ms": QUICK}, runs("SessionStart", ended=False), *UNKNOWN),
]

STAND_IN = SessionStarted(source="codex", session_id="s", agent_id=None, transcript_path=None)
"""A record by which the tests know that a case is to be of a stand-in."""
WARNS = HostStderr(session=MAIN, text="warning: a timeout of 30 s is cut to 3 s")
HOST: list[Row] = [
    ({"host_warned": {"text": "timeout"}}, [begins(), WARNS], "warned", "conforms"),
    ({"host_warned": {"text": "timeout", "never": True}}, [begins(), WARNS], "warned once", "violates"),
    ({"host_warned": {"text": "timeout"}}, [begins()], "did not warn", "violates"),
    ({"host_warned": {"text": "timeout", "never": True}}, [begins()], "did not warn", "conforms"),
    ({"host_warned": {"text": "timeout", "never": True}}, [begins(), STAND_IN], *NOT_TESTED),
    ({"host_warned": {"text": "timeout", "never": True}}, [begins(), STAND_IN, WARNS], "warned once", "violates"),
    ({"host_warned": {"text": "timeout"}}, [], *NOT_TESTED),
    (
        {"host_warned": {"pattern": "invalid .* output"}},
        [begins(), *runs("Stop", effects=Effects(output="refused", words="hook returned invalid stop JSON output"))],
        "warned",
        "conforms",
    ),
    # what a hook prints is not the host's word
    (
        {"host_warned": {"text": "additionalContext"}},
        [begins(), *start(MAIN, emits(RULE))],
        "did not warn",
        "violates",
    ),
]

ROWS = [*TOLD, *HOOK, *TOOL, *FILE, *LEFT, *WITHIN, *HOST]
