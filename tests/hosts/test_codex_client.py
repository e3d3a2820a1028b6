"""A client of `codex app-server`, against programs that misbehave, and the session that it drives, on the stand-in."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import TypeVar

import pytest

from hookproof import processes
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.codex.rpc import Client
from hookproof.hosts.session import HostError
from hookproof.journal import read
from hookproof.play import Case, PlayOptions, play
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostLine, HostStarted, HostThread
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Error, Step, Swept
from hookproof.report.timeline import build as timeline
from hookproof.suite.judging import Judges

SECONDS = 30.0
ANSWERS = """\
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "method" in asked and "id" in asked:
        reply(asked)
"""
Talk = Callable[[Client], Awaitable[None]]


def converse(tmp_path: Path, program: str, talk: Talk) -> None:
    """Have `talk` with a Python program, whose `reply(asked)` is called with each request."""

    async def run() -> None:
        group = processes.CaseProcesses(secrets.token_hex(16))
        child = await processes.spawn(
            [sys.executable, "-I", "-S", "-c", program],
            env={"PATH": "/usr/bin", "SYSTEMROOT": "C:\\Windows"},
            cwd=tmp_path,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            case=group,
        )
        client = Client(child)
        listening = asyncio.create_task(client.listen())
        try:
            async with asyncio.timeout(SECONDS):
                await talk(client)
                client.close()
                await asyncio.gather(child.wait(), listening)
        finally:
            listening.cancel()
            await group.sweep(seconds=10.0)
            child.close()
            group.close()

    asyncio.run(run())


def answering(reply: str) -> str:
    return f"import json, sys\ndef say(**m): print(json.dumps(m), flush=True)\n{reply}\n{ANSWERS}"


def test_answers_come_to_those_who_asked_in_whatever_order(tmp_path: Path) -> None:
    reply = """
asks = []
def reply(asked):
    asks.append(asked)
    say(method="noise", params={})
    if len(asks) == 2:
        for each in reversed(asks): say(id=each["id"], result={"to": each["method"]})
"""

    async def talk(client: Client) -> None:
        one, two = await asyncio.gather(client.ask("one", {}), client.ask("two", {}))
        assert (one, two) == ({"to": "one"}, {"to": "two"})

    converse(tmp_path, answering(reply), talk)


def test_a_refusal_names_what_was_asked(tmp_path: Path) -> None:
    reply = 'def reply(asked): say(id=asked["id"], error={"code": -1, "message": "no such thread"})'

    async def talk(client: Client) -> None:
        with pytest.raises(HostError, match="codex app-server: thread/fork: no such thread"):
            await client.ask("thread/fork", {})

    converse(tmp_path, answering(reply), talk)


def test_a_server_that_asks_back_is_refused_and_does_not_wait(tmp_path: Path) -> None:
    reply = """
def reply(asked):
    say(id=99, method="item/commandExecution/requestApproval", params={})
    refused = json.loads(sys.stdin.readline())
    say(id=asked["id"], result={"refused": refused["error"]["code"], "id": refused["id"]})
"""

    async def talk(client: Client) -> None:
        assert await client.ask("turn/start", {}) == {"refused": -32601, "id": 99}

    converse(tmp_path, answering(reply), talk)


@pytest.mark.parametrize(
    ("reply", "how"),
    [
        ("def reply(asked): sys.exit()", "went away before it answered initialize"),
        (
            'def reply(asked): print("Segfault", flush=True)',
            r"said b'Segfault.*no message, before it answered initialize",
        ),
        ('def reply(asked): print("[1]", flush=True)', r"said b'\[1\].*no message, before it answered initialize"),
    ],
)
def test_a_server_that_goes_is_not_waited_for(tmp_path: Path, reply: str, how: str) -> None:
    async def talk(client: Client) -> None:
        with pytest.raises(HostError, match=how):
            await client.initialize()
        with pytest.raises(HostError, match="before it answered thread/start"):
            await client.ask("thread/start", {})

    converse(tmp_path, answering(reply), talk)


def scenario(**more: object) -> Scenario:
    plain = {
        "title": "t",
        "source": "s",
        "host": "codex",
        "kind": "context",
        "requires": ["CTX-01"],
        "user": "Begin.",
        "codex": {"app_server": True},
        "model": {"main": [{"text": "One."}, {"text": "Two."}]},
    }
    return Scenario.model_validate({**plain, **more})


def played(folder: Path, wanted: Scenario, program: Program | None = None, seconds: float = 60.0) -> list[Record]:
    case = Case(wanted, resolve_plugin("reference-workflow"), resolve_lifecycle("codex-0.169"))
    options = PlayOptions(programs={} if program is None else {"codex": program}, seconds=seconds)
    return read(asyncio.run(play(case, folder, options)))


R = TypeVar("R", bound=Record)


def of(records: list[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def test_a_session_is_one_process_whatever_becomes_of_its_threads(tmp_path: Path) -> None:
    steps = [
        {"when": "turn reported", "do": "compact session"},
        {"when": "session compacted", "do": "fork session other"},
        {"when": "turn of other reported", "do": "clear session"},
        {"when": "session cleared", "user": "Begin anew."},
    ]
    model = {"main": [{"text": "One."}, {"text": "Two."}], "other": [{"text": "Three."}]}
    sessions = {"other": {"user": "Go on."}}
    records = played(tmp_path, scenario(then=steps, model=model, sessions=sessions))
    assert of(records, Error) == []
    assert len(of(records, HostStarted)) == 1
    opened = [(record.session, record.how) for record in of(records, HostThread)]
    assert opened == [("main", "startup"), ("main", "compact"), ("other", "fork"), ("main", "clear")]
    assert len({record.thread for record in of(records, HostThread)}) == 3
    assert [(r.session, r.code, r.asked) for r in of(records, HostExited)] == [("main", 0, True)]
    assert of(records, Swept)[0].ended == 0
    assert Judges.read().judge(tmp_path / "journal.jsonl").verdict == "conforms"
    picture = timeline.build(records)
    assert [lane.title for lane in picture.lanes if lane.kind == "session"] == ["Main session", "Session other"]
    shown = [row.text.partition(":")[0] for row in picture.rows]
    for row in (
        "main session begins a thread",
        "the history of main session has been summed up",
        "session “other” begins with all that was said in main session",
        "main session is cleared",
    ):
        assert row in shown


def test_what_a_child_reports_is_no_report_of_its_parents_turn(tmp_path: Path) -> None:
    model = {
        "main": [
            {"call": "spawn_agent", "name": "child", "message": "Do it."},
            {"call": "wait_agent"},
            {"text": "Done."},
            {"text": "Again."},
        ],
        "child": [{"text": "It is done."}],
    }
    records = played(tmp_path, scenario(model=model, then=[{"when": "turn reported", "user": "More."}]))
    (step,) = of(records, Step)
    reported = next(record for record in records if record.seq == step.since)
    assert isinstance(reported, HostLine)
    assert not reported.child
    assert [r.text for r in of(records, ModelAnswer) if r.agent == "main"][-2:] == ["Done.", "Again."]
    assert any(record.child for record in of(records, HostLine))


def test_a_host_that_never_ends_a_turn_is_given_up_with_the_words_that_it_did_not_take(tmp_path: Path) -> None:
    # the home is made by the stand-in; only the session's own server, the second to be started, stalls
    text = f"""\
import os, sys
first = not os.path.exists({str(tmp_path / "mark")!r})
open({str(tmp_path / "mark")!r}, "w").close()
if not first:
    import json
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("id"):
            print(json.dumps({{"id": asked["id"], "result": {{"thread": {{"id": "t1"}}}}}}), flush=True)
else:
    program = {str(Path(__file__).parents[2] / "fakes/codex/codex.py")!r}
    sys.argv[0] = program
    sys.path.insert(0, os.path.dirname(program))
    exec(compile(open(program).read(), program, "exec"), {{"__name__": "__main__", "__file__": program}})
"""
    (tmp_path / "stalls.py").write_text(text)
    program = Program((sys.executable, "-I", "-S", str(tmp_path / "stalls.py")), "fake")
    (tmp_path / "run").mkdir()
    records = played(tmp_path / "run", scenario(then=[{"when": "session started", "user": "More."}]), program, 5.0)
    (error,) = of(records, Error)
    assert "session 'main' to take 'More.'" in error.what
    assert of(records, Swept)[0].left == 0


TWO_SESSIONS = {
    "sessions": {"other": {"user": "Go on."}},
    "model": {"main": [{"text": "One."}], "other": [{"text": "Two."}]},
}


@pytest.mark.parametrize("step", [{"user": "More."}, {"do": "fork session other"}])
def test_a_session_that_has_ended_is_named_and_no_key(tmp_path: Path, step: dict[str, str]) -> None:
    then = [{"when": "turn ended", "do": "end session"}, {"when": "session ended", **step}]
    (error,) = of(played(tmp_path, scenario(then=then, **TWO_SESSIONS)), Error)
    assert error.what == "HostError: session 'main' has ended, or has not begun"


def test_a_fork_has_no_end_of_its_own_to_wait_for() -> None:
    then = [{"when": "turn ended", "do": "fork session other"}, {"when": "session other ended", "do": "look"}]
    with pytest.raises(ValueError, match="waits for the end of a fork"):
        scenario(then=then, **TWO_SESSIONS)
