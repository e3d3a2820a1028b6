"""The scripted model over real sockets: both wire formats, gates, and clients that go away."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hookproof.catalogue.model_step import Agent, AnyStep, Bash, Say
from hookproof.journal import Journal
from hookproof.model import server as server_module
from hookproof.model.conversation import Conversation
from hookproof.model.http import Exchange, Request
from hookproof.model.messages import Messages
from hookproof.model.responses import Responses
from hookproof.model.script import Script, mark
from hookproof.model.server import MOST_STRANGERS, ModelServer, refused_requests
from hookproof.model.turns import Asker, Reply, Turns, Wire
from hookproof.records.model import (
    GateAbandoned,
    GateAnswered,
    GateReached,
    ModelAnswer,
    ModelClientGone,
    ModelRefused,
    ModelRequest,
)
from hookproof.records.parts import ToolResult
from hookproof.records.run import Error, Stranger

TOOLS = [{"name": "Bash"}, {"name": "Task"}]
SECONDS = 10.0
KEY = "this-run"


class Client:
    """One raw HTTP/1.1 connection per request, so that a test can walk away in the middle."""

    def __init__(self, base: str) -> None:
        self.port = int(base.rpartition(":")[2])

    async def send(
        self, path: str, body: Any, method: str = "POST", headers: Mapping[str, str] | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        more = {"host": "x", "content-length": str(len(data)), "connection": "close", "x-api-key": KEY}
        more |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        await writer.drain()
        return reader, writer

    async def ask(
        self, path: str, body: Any, method: str = "POST", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        reader, writer = await self.send(path, body, method, headers)
        async with asyncio.timeout(SECONDS):
            whole = (await reader.read()).decode()
        writer.close()
        head, _, rest = whole.partition("\r\n\r\n")
        return int(head.split()[1]), rest


Test = Callable[[Client, ModelServer, Journal], Awaitable[None]]


def play(tmp_path: Path, steps: dict[str, list[AnyStep]], test: Test, hold: Any = None) -> Journal:
    async def no_hold(agent: str, after: str) -> None:
        raise AssertionError(f"{agent} was held for {after}")

    async def run() -> Journal:
        journal = Journal(tmp_path / "journal.jsonl")
        script = Script(steps, {"launch": "companion task"})
        turns = Turns(script, {"review": "All good.", "other": "Fine."}, journal, hold or no_hold)
        server = ModelServer(turns, [Messages, Responses], journal, KEY)
        base = await server.start()
        try:
            async with asyncio.timeout(SECONDS * 2):
                await test(Client(base), server, journal)
        finally:
            await server.stop()
            journal.close()
        return journal

    return asyncio.run(run())


def messages(*texts: str, agent: str | None = "main", tools: Any = TOOLS, **more: Any) -> dict[str, Any]:
    first = mark("Hello", agent) if agent else "Hello"
    said = [{"role": "user", "content": first}] + [{"role": "user", "content": text} for text in texts]
    return {"model": "m", "messages": said, "tools": tools, **more}


def errors(journal: Journal) -> list[str]:
    return [record.what for record in journal.records if isinstance(record, Error)]


def test_agents_are_told_apart_by_the_first_user_text(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert "to main" in (await client.ask("/v1/messages", messages(agent="main")))[1]
        # main's later history holds the child's marker: only the first text counts
        assert "again" in (await client.ask("/v1/messages", messages(mark("x", "child"), agent="main")))[1]
        assert "to child" in (await client.ask("/v1/messages", messages(agent="child")))[1]

    journal = play(tmp_path, {"main": [Say(text="to main"), Say(text="again")], "child": [Say(text="to child")]}, test)
    assert errors(journal) == []


def test_a_tool_call_uses_the_name_that_the_host_offers(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        answer = json.loads((await client.ask("/v1/messages", messages()))[1])
        assert answer["stop_reason"] == "tool_use"
        assert answer["content"][0]["name"] == "Task"
        assert answer["content"][0]["input"]["prompt"].endswith("[hookproof:agent=a:b#1]")
        answer = json.loads((await client.ask("/v1/messages", messages()))[1])
        assert answer["content"][0]["input"]["command"] == "companion task 'job=review x'"

    steps: list[AnyStep] = [
        Agent(call="Agent", subagent_type="a:b", prompt="go"),
        Bash(call="Bash", command="{launch} 'job=review x'"),
    ]
    journal = play(tmp_path, {"main": steps, "a:b#1": [Say(text="x")]}, test)
    calls = [record for record in journal.records if isinstance(record, ModelAnswer)]
    assert [call.job for call in calls] == [None, "review"]


def test_a_held_command_stands_behind_the_program_that_holds_it() -> None:
    step = Bash(call="Bash", command="{launch} 'job=review x'", run_in_background=True, held=True)
    answer = Script({"main": [step]}, {"launch": "companion task", "hold": "hold.py"}).next("main", "")
    assert answer is not None
    assert answer.call is not None
    assert answer.call.job == "review"
    if sys.platform == "win32":
        assert answer.call.input["command"] == "hold.py job=review && companion task 'job=review x'"
    else:
        words = shlex.split(answer.call.input["command"])
        assert words == ["exec", "hold.py", "job=review", "companion task 'job=review x'"]


def test_several_agents_of_one_type_are_numbered(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        prompts = [json.loads((await client.ask("/v1/messages", messages()))[1]) for _ in range(3)]
        markers = [prompt["content"][0]["input"]["prompt"].rpartition("=")[2] for prompt in prompts]
        assert markers == ["t]", "t#2]", "t]"]

    call = Agent(call="Agent", subagent_type="t", prompt="go")
    play(tmp_path, {"main": [call, call, call], "t": [], "t#2": []}, test)


def test_streamed_events_carry_the_same_answer(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        status, text = await client.ask("/v1/messages", messages(stream=True))
        assert status == 200
        kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
        assert kinds[0] == "message_start"
        assert kinds[-1] == "message_stop"
        assert '"text": "streamed"' in text

    play(tmp_path, {"main": [Say(text="streamed")]}, test)


def test_results_are_found_in_all_messages_and_told_once(tmp_path: Path) -> None:
    result = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "text", "text": "out"}],
        "is_error": True,
    }
    history = [
        {"role": "user", "content": mark("Hello", "main")},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}]},
        {"role": "user", "content": [result]},
        {"role": "system", "content": "a later host appends this"},
    ]

    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        body = {"model": "m", "messages": history, "tools": TOOLS}
        assert "saw out" in (await client.ask("/v1/messages", body))[1]
        await client.ask("/v1/messages", body)

    journal = play(tmp_path, {"main": [Say(text="saw {result}"), Say(text="x")]}, test)
    first, second = (record for record in journal.records if isinstance(record, ModelRequest))
    assert first.results == [ToolResult(tool_use_id="t1", text="out", is_error=True)]
    assert "a later host appends this" in [text.text for text in first.texts]
    assert (second.results, second.texts) == ([], [])


def test_asides_consume_no_step_and_what_fits_nobody_is_an_error_not_a_loop(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert (await client.ask("/v1/messages", messages(tools=[])))[0] == 200
        assert (await client.ask("/v1/messages/count_tokens", {}))[0] == 200
        assert "only" in (await client.ask("/v1/messages", messages()))[1]
        answer = json.loads((await client.ask("/v1/messages", messages()))[1])
        assert answer["stop_reason"] == "end_turn"
        assert (await client.ask("/v1/messages", messages(agent=None)))[0] == 200

    journal = play(tmp_path, {"main": [Say(text="only")]}, test)
    ran_out, nobody = errors(journal)
    assert "after the end of its script" in ran_out
    assert "no agent marker" in nobody


def test_steps_may_depend_on_what_the_model_was_told(tmp_path: Path) -> None:
    steps: list[AnyStep] = [
        Say(text="warned", if_told="never do"),
        Say(text="unwarned", unless_told="never do"),
        Say(text="last"),
    ]

    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert "unwarned" in (await client.ask("/v1/messages", messages("go on")))[1]
        assert "last" in (await client.ask("/v1/messages", messages("never do it")))[1]

    play(tmp_path, {"main": steps}, test)


def test_an_answer_waits_for_its_hold_and_a_client_that_leaves_is_noticed(tmp_path: Path) -> None:
    opened = asyncio.Event()

    async def hold(agent: str, after: str) -> None:
        assert (agent, after) == ("main", "job started")
        await opened.wait()

    async def test(client: Client, _server: ModelServer, journal: Journal) -> None:
        _, writer = await client.send("/v1/messages", messages())
        await journal.wait(lambda r: isinstance(r, ModelRequest), waiting_for="the request", seconds=SECONDS)
        writer.close()
        await journal.wait(lambda r: isinstance(r, ModelClientGone), waiting_for="the leave", seconds=SECONDS)
        opened.set()
        assert "second" in (await client.ask("/v1/messages", messages()))[1]

    play(
        tmp_path,
        {"main": [Say(text="first", after="job started"), Say(text="second", after="job started")]},
        test,
        hold,
    )


def responses(text: str, stream: bool = True) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"model": "gpt", "stream": stream, "input": [{"type": "message", "role": "user", "content": content}]}


@pytest.mark.parametrize("stream", [True, False])
def test_a_job_runs_until_it_is_released(tmp_path: Path, stream: bool) -> None:
    async def test(client: Client, server: ModelServer, journal: Journal) -> None:
        asked = asyncio.create_task(client.ask("/v1/responses", responses("job=review look", stream)))
        await journal.wait(lambda r: isinstance(r, GateReached), waiting_for="the job", seconds=SECONDS)
        assert not asked.done()
        server.turns.release("review")
        status, text = await asked
        assert status == 200
        assert "All good." in text
        await journal.wait(lambda r: isinstance(r, GateAnswered), waiting_for="the answer", seconds=SECONDS)

    play(tmp_path, {"main": []}, test)


def test_a_worker_that_dies_is_noticed_at_once(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, journal: Journal) -> None:
        reader, writer = await client.send("/v1/responses", responses("job=other look"))
        async with asyncio.timeout(SECONDS):
            assert b"200" in await reader.readline()
        writer.transport.abort()
        gone = await journal.wait(lambda r: isinstance(r, GateAbandoned), waiting_for="its death", seconds=SECONDS)
        assert isinstance(gone, GateAbandoned)
        assert gone.job == "other"

    play(tmp_path, {"main": []}, test)


def test_the_newest_prompt_names_the_job(tmp_path: Path) -> None:
    async def test(client: Client, server: ModelServer, _journal: Journal) -> None:
        server.turns.release("other")
        body = responses("job=review first", stream=False)
        body["input"].append({"type": "message", "role": "user", "content": "now job=other"})
        assert "Fine." in (await client.ask("/v1/responses", body))[1]

    play(tmp_path, {"main": []}, test)


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        ("/v1/messages", b"{broken", "POST", 400),
        ("/v1/messages", [], "POST", 400),
        ("/v1/messages", {"messages": ["x"]}, "POST", 400),
        ("/v1/responses", {"no": "input"}, "POST", 400),
        ("/v1/messages", {}, "GET", 404),
        ("/elsewhere", {}, "POST", 404),
        ("/v1/messages", b"[" * 100_000, "POST", 400),
    ],
)
def test_what_is_not_understood_gets_a_clear_refusal(
    tmp_path: Path, path: str, body: Any, method: str, status: int
) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        got, text = await client.ask(path, body, method)
        assert got == status
        assert json.loads(text)["error"]["message"].startswith(f"{method} {path}")

    journal = play(tmp_path, {"main": []}, test)
    assert [record.status for record in journal.records if isinstance(record, ModelRefused)] == [status]


def test_a_job_that_nobody_defined_is_an_error(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert (await client.ask("/v1/responses", responses("job=unheard of")))[0] == 200
        assert (await client.ask("/v1/responses", responses("no name at all")))[0] == 200

    unheard, none = errors(play(tmp_path, {"main": []}, test))
    assert "'unheard'" in unheard
    assert "names no job" in none


def test_stopping_lets_go_of_everything_held(tmp_path: Path) -> None:
    readers: list[asyncio.StreamReader] = []

    async def test(client: Client, _server: ModelServer, journal: Journal) -> None:
        reader, _writer = await client.send("/v1/responses", responses("job=review held"))
        readers.append(reader)
        await journal.wait(lambda r: isinstance(r, GateReached), waiting_for="the job", seconds=SECONDS)

    play(tmp_path, {"main": []}, test)
    assert readers


def test_a_child_that_ends_late_takes_no_step_of_its_parents_next_turn(tmp_path: Path) -> None:
    notice = '<subagent_notification>\n{"agent_path":"t2","status":{"completed":"done"}}\n</subagent_notification>'

    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        said: list[dict[str, Any]] = []
        for expected, news in (
            ("one", [("user", mark("Plan.", "main"))]),
            ("one", [("assistant", "one"), ("user", notice)]),
            ("two", [("assistant", "one"), ("user", mark("More.", "main"))]),
        ):
            said += [{"type": "message", "role": role, "content": text} for role, text in news]
            assert expected in (await client.ask("/v1/responses", {"model": "m", "input": said}))[1]

    journal = play(tmp_path, {"main": [Say(text="one"), Say(text="two")]}, test)
    assert errors(journal) == []
    assert [r.text for r in journal.records if isinstance(r, ModelAnswer)] == ["one", "two"]


def test_the_thread_of_an_agent_that_is_cleared_is_told_everything_anew(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        for thread in ("t1", "t2"):
            said = [("developer", "policy"), ("user", mark(f"Plan in {thread}.", "main"))]
            items = [{"type": "message", "role": role, "content": text} for role, text in said]
            await client.ask("/v1/responses", {"model": "m", "input": items}, headers={"thread-id": thread})

    journal = play(tmp_path, {"main": [Say(text="one"), Say(text="two")]}, test)
    told = [[text.text for text in r.texts] for r in journal.records if isinstance(r, ModelRequest)]
    assert [texts[0] for texts in told] == ["policy", "policy"]
    assert [r.thread for r in journal.records if isinstance(r, ModelRequest)] == ["t1", "t2"]


def strangers(journal: Journal) -> list[str]:
    return [record.what for record in journal.records if isinstance(record, Stranger)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": ""}, 401),
        ({"x-api-key": "another"}, 401),
        ({"x-api-key": "", "authorization": "Bearer another"}, 401),
        ({"x-api-key": "", "authorization": KEY}, 200),
        ({"x-api-key": "", "authorization": f"Bearer {KEY}"}, 200),
    ],
    ids=["none", "another", "another's bearer", "the key alone", "a bearer"],
)
def test_only_who_has_the_runs_key_is_answered_and_takes_a_step(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        got, _ = await client.ask("/v1/messages", messages(), headers=headers)
        assert got == status
        if status == 401:
            assert "the first" in (await client.ask("/v1/messages", messages()))[1]

    journal = play(tmp_path, {"main": [Say(text="the first"), Say(text="the second")]}, test)
    assert errors(journal) == []
    assert len(strangers(journal)) == (status == 401)


def test_strangers_are_told_sparingly_and_their_bodies_not_kept(tmp_path: Path) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        for _ in range(MOST_STRANGERS + 10):
            assert (await client.ask("/v1/responses", b"x" * 100_000, headers={"x-api-key": "no"}))[0] == 401

    journal = play(tmp_path, {"main": []}, test)
    assert len(strangers(journal)) == MOST_STRANGERS
    assert [record.kind for record in journal.records] == ["stranger"] * MOST_STRANGERS


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", b"null"),
        ("/v1/messages", {"messages": 7, "tools": [{}]}),
        ("/v1/messages", {"messages": [], "tools": [{}]}),
        ("/v1/messages", {"messages": [], "tools": {"name": "x"}}),
        ("/v1/messages", {"messages": [{"role": "user"}]}),
        ("/v1/messages", {"messages": [{"role": 7, "content": "x"}]}),
        ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]}),
        ("/v1/messages", b'{"messages": ' + b"[" * 400 + b"]" * 400 + b"}"),
        ("/v1/messages", b"\xff\xfe"),
        ("/v1/responses", b"null"),
        ("/v1/responses", {"input": None}),
        ("/v1/responses", {"input": [7]}),
        ("/v1/responses", {"input": "x", "tools": [7]}),
        ("/v1/responses", {"input": "x", "tools": 7}),
    ],
)
def test_a_request_that_is_none_is_refused_takes_no_step_and_is_no_error(tmp_path: Path, path: str, body: Any) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert (await client.ask(path, body))[0] == 400
        assert "the first" in (await client.ask("/v1/messages", messages()))[1]

    journal = play(tmp_path, {"main": [Say(text="the first")]}, test)
    assert errors(journal) == []
    (refused,) = [record for record in journal.records if isinstance(record, ModelRefused)]
    assert (refused.status, refused.what.startswith(f"POST {path}: ")) == (400, True)
    assert refused_requests(journal) == [f"the model server had refused a request: {refused.what}"]


def test_a_body_that_is_too_long_is_read_dropped_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(client: Client, _server: ModelServer, _journal: Journal) -> None:
        assert (await client.ask("/v1/messages", messages("x" * 2000)))[0] == 413
        assert (await client.ask("/v1/messages", messages()))[0] == 200

    monkeypatch.setattr(server_module, "LONGEST_BODY", 1000)
    journal = play(tmp_path, {"main": [Say(text="the first")]}, test)
    assert errors(journal) == []
    assert "1000 are the most" in refused_requests(journal)[0]


@pytest.mark.parametrize("head", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nhost: x\r\nlong: " + b"x" * 100_000])
def test_what_is_not_http_comes_from_a_stranger(tmp_path: Path, head: bytes) -> None:
    async def test(client: Client, _server: ModelServer, journal: Journal) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(head)
        await journal.wait(lambda r: isinstance(r, Stranger), waiting_for="the stranger", seconds=SECONDS)
        writer.close()

    journal = play(tmp_path, {"main": []}, test)
    assert errors(journal) == []
    assert len(strangers(journal)) == 1


class Shouting(Wire):
    """An API that no host speaks."""

    paths = frozenset({"/shout"})

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def read(self, request: Request, body: Any) -> Reply:  # noqa: ARG002 - the body says it all
        if body.get("agent") is None:
            raise ValueError('expected an "agent"')

        async def reply(exchange: Exchange, number: int) -> None:
            texts = [("user", "Hello")]
            query = SimpleNamespace(texts=texts, results={}, received="Hello")
            answer = await self._turns.next(exchange, Asker(number, body["agent"]), Conversation(), query)
            await exchange.answer((answer.text or "").upper().encode())

        return reply


def test_an_api_is_a_plug(tmp_path: Path) -> None:
    async def run() -> Journal:
        journal = Journal(tmp_path / "journal.jsonl")
        turns = Turns(Script({"main": [Say(text="loud")]}, {}), {}, journal, no_hold)
        server = ModelServer(turns, [Shouting], journal, KEY)
        client = Client(await server.start())
        try:
            async with asyncio.timeout(SECONDS):
                assert await client.ask("/shout", {"agent": "main"}) == (200, "LOUD")
                assert (await client.ask("/shout", {}))[0] == 400
                assert (await client.ask("/v1/messages", messages()))[0] == 404
        finally:
            await server.stop()
            journal.close()
        return journal

    async def no_hold(agent: str, after: str) -> None:
        raise AssertionError(f"{agent} was held for {after}")

    journal = asyncio.run(run())
    assert [each.agent for each in journal.records if isinstance(each, ModelRequest)] == ["main"]
    assert [each.status for each in journal.records if isinstance(each, ModelRefused)] == [400, 404]
