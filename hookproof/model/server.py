"""The scripted model on loopback: plays the script to every agent, holds each job's answer, records every request.

Life: started with the run on a port from the kernel, asked by the hosts (Claude Code: Messages, Codex: Responses) and
by the jobs' workers (Responses), stopped at the run's end, when whatever is still held is let go of. What it cannot
place (a request that fits no agent, a script that has run out) is answered with a plain text, so that nothing loops,
and is an `error` record, which makes the verdict unknown.

Every process on the machine reaches the port. Who does not have the run's key is a stranger: told, and nothing else
comes of it. Who has the key may be a hook as well as the host: a request that is none is refused and told, takes no
step of a script and is no error of the run; if it was the host's, the step that waits for it will say so.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import h11

from hookproof import files
from hookproof.journal import Journal
from hookproof.loopback import HOST, LoopbackServer
from hookproof.model import anthropic, openai
from hookproof.model.conversation import Conversation
from hookproof.model.http import ClientGoneError, Exchange, Request
from hookproof.model.script import Answer, Script, ToolCall
from hookproof.model.threads import Thread, Threads
from hookproof.records.model import (
    GateAbandoned,
    GateAnswered,
    GateReached,
    GateReleased,
    ModelAnswer,
    ModelClientGone,
    ModelRefused,
    ModelRequest,
)
from hookproof.records.parts import Text
from hookproof.records.run import Error, Stranger
from hookproof.wire import Sparing

_SSE = "text/event-stream"
_RESPONSES = "/v1/responses"
_OUT_OF_SCRIPT = "Nothing more is scripted here."
_NOTIFIES = "<subagent_notification>"
_ASIDE = Answer(text="A title", call=None, after=None)
LONGEST_BODY = 64 * 1024 * 1024
"""In bytes."""
MOST_STRANGERS = 100
MOST_REFUSED = 200
"""Records of the kind, so that the journal of a run that is flooded stays readable."""

Hold = Callable[[str, str], Awaitable[None]]
"""Waits until an answer may go out: (agent, the step's `after`)."""


class ModelServer:
    """Both wire formats on one port."""

    def __init__(self, script: Script, answers: Mapping[str, str], journal: Journal, hold: Hold, key: str) -> None:
        """`key` is what every request must bring, in the header that its API has for that."""
        self._key = key
        self._stranger = Sparing(lambda what: journal.write(Stranger(what=what)), MOST_STRANGERS)
        self._refused = Sparing(
            lambda what, status: journal.write(ModelRefused(status=status, what=what)), MOST_REFUSED
        )
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
        self._journal.write(GateReleased(job=job))
        self._gates[job].set()

    def resumed(self, agent: str) -> None:
        """The conversation of `agent` goes on in another process of its host, from what that has kept of it."""
        if agent in self._conversations:
            self._conversations[agent].resumed()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer, lambda headers: LONGEST_BODY if self._is_ours(headers) else 0)
        try:
            while (request := await exchange.request()) is not None:
                await self._dispatch(exchange, request)
        except ClientGoneError:
            pass
        except h11.RemoteProtocolError as error:
            # no key can have come with it
            self._stranger(f"the model server was sent what is not HTTP/1.1: {error}")
        except Exception as error:  # whatever it is, it is told here and not by asyncio on the terminal
            self._journal.write(Error(where="model server", what=f"{type(error).__name__}: {error}"))
        finally:
            exchange.close()

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        """Whether a request brings the run's key: Anthropic's way, or as a bearer's."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        brought = (headers.get("x-api-key", ""), bearer)
        return any(hmac.compare_digest(each.encode(), self._key.encode()) for each in brought)

    async def _dispatch(self, exchange: Exchange, request: Request) -> None:
        asked = f"{request.method} {request.path[:200]}"
        if not self._is_ours(request.headers):
            self._stranger(f"a request to the model server without this run's key was refused: {asked}")
            await self._answer_error(exchange, 401, "authentication_error", "this run's key is missing")
            return
        if request.size > len(request.body):
            await self._refuse(exchange, 413, f"{asked}: a body of {request.size} bytes, {LONGEST_BODY} are the most")
            return
        self._requests += 1
        number = self._requests
        if request.method != "POST" or request.path not in {"/v1/messages", "/v1/messages/count_tokens", _RESPONSES}:
            await self._refuse(exchange, 404, f"{asked} is not served")
            return
        try:
            body = files.parse_json(request.body) if request.body else {}
            asks = anthropic.parse(body) if request.path == "/v1/messages" else None
            responds = openai.parse(body) if request.path == _RESPONSES else None
        except (ValueError, RecursionError) as error:
            await self._refuse(exchange, 400, f"{asked}: {error}")
            return
        if asks is not None:
            await self._messages(exchange, number, asks)
        elif responds is not None:
            await self._responses(exchange, number, responds, request.headers)
        else:
            await exchange.answer(b'{"input_tokens": 10}')

    async def _refuse(self, exchange: Exchange, status: int, what: str) -> None:
        self._refused(what, status=status)
        await self._answer_error(exchange, status, "invalid_request_error", what)

    @staticmethod
    async def _answer_error(exchange: Exchange, status: int, kind: str, what: str) -> None:
        error = {"type": "error", "error": {"type": kind, "message": what}}
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
        self._journal.write(ModelRequest(n=number, agent=agent, aside=True, texts=[], results=[], **more))

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
        self._journal.write(ModelRequest(n=number, agent=agent, aside=False, texts=texts, results=results, **more))
        if late:
            return Answer(text=conversation.last_word, call=None, after=None, late=True)
        answer = self._script.next(agent, request.told, results) if agent is not None else None
        if answer is None:
            why = "carries no agent marker" if agent is None else f"of {agent!r} comes after the end of its script"
            self._journal.write(Error(where="model server", what=f"model request {number} {why}"))
            return Answer(text=_OUT_OF_SCRIPT, call=None, after=None)
        conversation.last_word = answer.text
        if answer.after is not None and agent is not None:
            try:
                await exchange.hold(self._hold(agent, answer.after))
            except ClientGoneError:
                self._journal.write(ModelClientGone(n=number, agent=agent))
                raise
        return answer

    def _not_offered(self, call: ToolCall, agent: str | None) -> None:
        what = f"the script calls {call.names[0]}, which the host does not offer to {agent!r}"
        self._journal.write(Error(where="model server", what=what))

    def _answered(self, number: int, agent: str | None, answer: Answer, name: str | None) -> None:
        call = answer.call
        self._journal.write(
            ModelAnswer(
                n=number,
                agent=agent,
                text=answer.text,
                tool_use_id=call.id if call else None,
                call=name,
                input=call.input if call else None,
                job=call.job if call else None,
            )
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
            self._journal.write(Error(where="model server", what=f"worker request {number} {named}"))
            out = Answer(text=_OUT_OF_SCRIPT, call=None, after=None)
            await self._send_response(exchange, number, request, out, held=None)
            return
        self._journal.write(
            GateReached(n=number, job=job, thread=thread, port=exchange.peer_port, texts=_last(request.texts))
        )
        answer = Answer(text=self._answers[job], call=None, after=None)
        try:
            await self._send_response(exchange, number, request, answer, held=self._gates[job])
        except ClientGoneError:
            self._journal.write(GateAbandoned(n=number, job=job))
            raise
        self._journal.write(GateAnswered(n=number, job=job))

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


def refused_requests(journal: Journal) -> list[str]:
    """For whoever has waited in vain: the last request that was none, in a sentence, if there was any."""
    refused = [each for each in journal.of(ModelRefused) if each.status != 404]
    if not refused:
        return []
    more = f"{len(refused)} requests, the last" if len(refused) > 1 else "a request"
    return [f"the model server had refused {more}: {refused[-1].what}"]


def _only_notifies(texts: list[Text]) -> bool:
    """Whether all that is new to the model, its own words aside, is that a child has ended."""
    news = [text.text for text in texts if text.role != "assistant" or _NOTIFIES in text.text]
    return bool(news) and all(_NOTIFIES in text for text in news)


def _last(texts: tuple[tuple[str, str], ...]) -> list[Text]:
    """The newest user text, shortened: enough to recognise the job, without the whole diff of a review."""
    users = [text for role, text in texts if role == "user"]
    return [Text(role="user", text=users[-1][:2000])] if users else []
