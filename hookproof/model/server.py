"""The scripted model on loopback: plays the script to every agent, holds each job's answer, records every request.

Life: started with the run on a port from the kernel, asked by the hosts (Claude Code: Messages, Codex: Responses) and
by the jobs' workers (Responses), stopped at the run's end, when whatever is still held is let go of. What it cannot
place (a request that fits no agent, a script that has run out) is answered with a plain text, so that nothing loops,
and is an `error` record, which makes the verdict unknown.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import h11

from hookproof.journal import Journal
from hookproof.loopback import HOST, LoopbackServer
from hookproof.model import anthropic, openai
from hookproof.model.conversation import Conversation
from hookproof.model.http import ClientGoneError, Exchange, Request
from hookproof.model.script import Answer, Script, ToolCall
from hookproof.model.threads import Thread, Threads

_SSE = "text/event-stream"
_OUT_OF_SCRIPT = "Nothing more is scripted here."
_NOTIFIES = "<subagent_notification>"
_ASIDE = Answer(text="A title", call=None, after=None)

Hold = Callable[[str, str], Awaitable[None]]
"""Waits until an answer may go out: (agent, the step's `after`)."""


class ModelServer:
    """Both wire formats on one port."""

    def __init__(self, script: Script, answers: Mapping[str, str], journal: Journal, hold: Hold) -> None:
        self._script = script
        self._answers = answers
        self._journal = journal
        self._hold = hold
        self._gates = {job: asyncio.Event() for job in answers}
        self._conversations: dict[str, Conversation] = {}
        self._threads = Threads()
        self._requests = 0
        self._loopback = LoopbackServer(self._connection)

    async def start(self) -> str:
        """Listen on loopback. Returns the base address, without a path."""
        return f"http://{HOST}:{await self._loopback.start()}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._loopback.stop()

    def release(self, job: str) -> None:
        """Let the job's worker have its answer, now or when it asks."""
        self._journal.write("gate.released", job=job)
        self._gates[job].set()

    def resumed(self, agent: str) -> None:
        """The conversation of `agent` goes on in another process of its host, from what that has kept of it."""
        if agent in self._conversations:
            self._conversations[agent].resumed()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer)
        try:
            while (request := await exchange.request()) is not None:
                await self._dispatch(exchange, request)
        except ClientGoneError:
            pass
        except h11.RemoteProtocolError as error:
            self._journal.write("error", where="model server", what=f"a client sent what is not HTTP/1.1: {error}")
        finally:
            exchange.close()

    async def _dispatch(self, exchange: Exchange, request: Request) -> None:
        self._requests += 1
        number = self._requests
        try:
            body = json.loads(request.body) if request.body else {}
            if request.method == "POST" and request.path == "/v1/messages":
                await self._messages(exchange, number, anthropic.parse(body))
            elif request.method == "POST" and request.path == "/v1/messages/count_tokens":
                await exchange.answer(b'{"input_tokens": 10}')
            elif request.method == "POST" and request.path == "/v1/responses":
                await self._responses(exchange, number, openai.parse(body), request.headers)
            else:
                await self._refuse(exchange, 404, f"{request.method} {request.path} is not served")
        except (ValueError, RecursionError) as error:
            await self._refuse(exchange, 400, f"{request.method} {request.path}: {error}")

    async def _refuse(self, exchange: Exchange, status: int, what: str) -> None:
        self._journal.write("model.refused", status=status, what=what)
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": what}}
        await exchange.answer(json.dumps(error).encode(), status=status)

    async def _messages(self, exchange: Exchange, number: int, request: anthropic.MessagesRequest) -> None:
        if not request.tools:
            # a title or a summary: answered, and no step of anybody's script
            self._aside(number, request.agent)
            await self._send(exchange, request, anthropic.message(_ASIDE, request, number))
            return
        agent = request.agent
        conversation = self._conversations.setdefault(agent or "", Conversation())
        answer = await self._next(exchange, number, agent, conversation, request)
        call = answer.call
        if call is not None and anthropic.tool_name(call.names, request.tools) is None:
            self._not_offered(call, agent)
        whole = anthropic.message(answer, request, number)
        self._answered(number, agent, answer, whole["content"][0].get("name"))
        await self._send(exchange, request, whole)

    def _aside(self, number: int, agent: str | None, **more: Any) -> None:
        self._journal.write("model.request", n=number, agent=agent, aside=True, texts=[], results=[], **more)

    async def _next(
        self,
        exchange: Exchange,
        number: int,
        agent: str | None,
        conversation: Conversation,
        request: anthropic.MessagesRequest | openai.ResponsesRequest,
        **more: Any,
    ) -> Answer:
        """Record what is new in an agent's request, and find its next step, held back for as long as it asks to be."""
        texts, results = conversation.news(request.texts, request.results)
        # a child that ends while its parent's last request is on the way makes Codex ask the parent once more; what is
        # next in the script belongs to the next turn
        late = conversation.last_word is not None and not results and _only_notifies(texts)
        more |= {"late": True} if late else {}
        if conversation.forgotten is not None:
            more["forgotten"] = conversation.forgotten
        self._journal.write("model.request", n=number, agent=agent, aside=False, texts=texts, results=results, **more)
        if late:
            return Answer(text=conversation.last_word, call=None, after=None, late=True)
        answer = self._script.next(agent, request.told, results) if agent is not None else None
        if answer is None:
            why = "carries no agent marker" if agent is None else f"of {agent!r} comes after the end of its script"
            self._journal.write("error", where="model server", what=f"model request {number} {why}")
            return Answer(text=_OUT_OF_SCRIPT, call=None, after=None)
        conversation.last_word = answer.text
        if answer.after is not None and agent is not None:
            try:
                await exchange.hold(self._hold(agent, answer.after))
            except ClientGoneError:
                self._journal.write("model.client_gone", n=number, agent=agent)
                raise
        return answer

    def _not_offered(self, call: ToolCall, agent: str | None) -> None:
        what = f"the script calls {call.names[0]}, which the host does not offer to {agent!r}"
        self._journal.write("error", where="model server", what=what)

    def _answered(self, number: int, agent: str | None, answer: Answer, name: str | None) -> None:
        call = answer.call
        self._journal.write(
            "model.answer",
            n=number,
            agent=agent,
            text=answer.text,
            tool_use_id=call.id if call else None,
            call=name,
            input=call.input if call else None,
            job=call.job if call else None,
        )

    @staticmethod
    async def _send(exchange: Exchange, request: anthropic.MessagesRequest, whole: dict[str, Any]) -> None:
        if not request.stream:
            await exchange.answer(json.dumps(whole).encode())
            return
        await exchange.begin(_SSE)
        for event in anthropic.events(whole):
            await exchange.send(event)
        await exchange.end()

    async def _responses(
        self, exchange: Exchange, number: int, request: openai.ResponsesRequest, headers: dict[str, str]
    ) -> None:
        thread = Thread.of(headers)
        agent = self._threads.agent(thread, request.agent)
        if request.aside:
            self._aside(number, agent, thread=thread.id)
            if thread.id in self._conversations:
                self._conversations[thread.id].summed_up()
            await self._send_response(exchange, number, request, _ASIDE, held=None)
        elif agent is not None:
            await self._codex_turn(exchange, number, request, thread, agent)
        else:
            await self._worker(exchange, number, request, thread.id)

    async def _codex_turn(
        self, exchange: Exchange, number: int, request: openai.ResponsesRequest, thread: Thread, agent: str
    ) -> None:
        """A request of a thread of the host under test."""
        conversation = self._conversation(request, thread, agent)
        more = {"thread": thread.id, "parent": thread.parent, "subagent": thread.subagent}
        answer = await self._next(exchange, number, agent, conversation, request, **more)
        tool = openai.find_tool(answer.call, request.tools) if answer.call is not None else None
        if answer.call is not None and tool is None:
            self._not_offered(answer.call, agent)
        if not answer.late:
            self._answered(number, agent, answer, tool.name if tool else None)
        await self._send_response(exchange, number, request, answer, held=None)

    def _conversation(self, request: openai.ResponsesRequest, thread: Thread, agent: str) -> Conversation:
        """The one of a thread: an agent has another after a clear."""
        key = thread.id or agent
        if key not in self._conversations:
            # a forked child's parent is named by a header, what a client forks by the prompts before its own alone
            above = thread.parent if thread.parent in self._conversations else self._threads.latest(request.inherits)
            parent = self._conversations.get(above or "") if request.inherits is not None else None
            self._conversations[key] = Conversation(parent)
        return self._conversations[key]

    async def _worker(
        self, exchange: Exchange, number: int, request: openai.ResponsesRequest, thread: str | None
    ) -> None:
        """A request of a companion's job: its answer is the job, held back behind the job's gate."""
        job = request.job
        if job is None or job not in self._gates:
            named = f"names the job {job!r}, which the scenario does not define" if job else "names no job and no agent"
            self._journal.write("error", where="model server", what=f"worker request {number} {named}")
            out = Answer(text=_OUT_OF_SCRIPT, call=None, after=None)
            await self._send_response(exchange, number, request, out, held=None)
            return
        self._journal.write(
            "gate.reached", n=number, job=job, thread=thread, port=exchange.peer_port, texts=_last(request.texts)
        )
        answer = Answer(text=self._answers[job], call=None, after=None)
        try:
            await self._send_response(exchange, number, request, answer, held=self._gates[job])
        except ClientGoneError:
            self._journal.write("gate.abandoned", n=number, job=job)
            raise
        self._journal.write("gate.answered", n=number, job=job)

    async def _send_response(
        self,
        exchange: Exchange,
        number: int,
        request: openai.ResponsesRequest,
        answer: Answer,
        *,
        held: asyncio.Event | None,
    ) -> None:
        if request.stream:
            await exchange.begin(_SSE)
            await exchange.send(openai.created(number))
        if held is not None:
            await exchange.hold(held.wait())
        whole = openai.response(number, answer, request.tools)
        if request.stream:
            await exchange.send(openai.completed(whole))
            await exchange.end()
        else:
            await exchange.answer(json.dumps(whole).encode())


def _only_notifies(texts: list[dict[str, Any]]) -> bool:
    """Whether all that is new to the model, its own words aside, is that a child has ended."""
    news = [text["text"] for text in texts if text["role"] != "assistant" or _NOTIFIES in text["text"]]
    return bool(news) and all(_NOTIFIES in text for text in news)


def _last(texts: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """The newest user text, shortened: enough to recognise the job, without the whole diff of a review."""
    users = [text for role, text in texts if role == "user"]
    return [{"role": "user", "text": users[-1][:2000]}] if users else []
