"""The wire of the Responses API, which Codex speaks: as the host under test by its threads, and as the worker of jobs.

A request of a thread that is no agent's is a companion's job: its answer is held back behind the job's gate.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hookproof.model import openai
from hookproof.model.conversation import Conversation
from hookproof.model.http import Exchange, Request
from hookproof.model.script import Answer
from hookproof.model.threads import Thread, Threads
from hookproof.model.turns import ASIDE, OUT_OF_SCRIPT, SSE, Asker, Reply, Turns, Wire
from hookproof.records.parts import Text


class Responses(Wire):
    """The Responses API of one run."""

    paths = frozenset({"/v1/responses"})

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._threads = Threads()

    def read(self, request: Request, body: Any) -> Reply:
        query, thread = openai.parse(body), Thread.of(request.headers)
        return lambda exchange, number: self._answer(exchange, number, query, thread)

    async def _answer(self, exchange: Exchange, number: int, request: openai.ResponsesRequest, thread: Thread) -> None:
        agent = self._threads.agent(thread, request.agent)
        if request.aside:
            self._turns.aside(Asker(number, agent, thread=thread.id), compacts=True)
            if thread.id in self._turns.conversations:
                self._turns.conversations[thread.id].summed_up(keeps="user")
            await self._send(exchange, number, request, ASIDE)
        elif agent is not None:
            asker = Asker(number, agent, thread=thread.id, parent=thread.parent, subagent=thread.subagent)
            await self._turn(exchange, request, thread, asker)
        else:
            await self._worker(exchange, request, Asker(number, None, thread=thread.id))

    async def _turn(self, exchange: Exchange, request: openai.ResponsesRequest, thread: Thread, asker: Asker) -> None:
        """A request of a thread of the host under test."""
        conversation = self._conversation(request, thread, asker.agent or "")
        answer = await self._turns.next(exchange, asker, conversation, request)
        tool = openai.find_tool(answer.call, request.tools) if answer.call is not None else None
        if answer.call is not None and tool is None:
            self._turns.not_offered(answer.call, asker.agent)
        if not answer.late:
            self._turns.answered(asker, answer, tool.name if tool else None)
        await self._send(exchange, asker.number, request, answer)

    def _conversation(self, request: openai.ResponsesRequest, thread: Thread, agent: str) -> Conversation:
        """The one of a thread: an agent has another after a clear."""
        known, key = self._turns.conversations, thread.id or agent
        if key not in known:
            # a forked child's parent is named by a header, what a client forks by the prompts before its own alone
            above = thread.parent if thread.parent in known else self._threads.latest(request.inherits)
            known[key] = Conversation(known.get(above or "") if request.inherits is not None else None)
        return known[key]

    async def _worker(self, exchange: Exchange, request: openai.ResponsesRequest, asker: Asker) -> None:
        """A request of a companion's job."""
        job, number = request.job, asker.number
        if job is None or not self._turns.has_job(job):
            named = f"names the job {job!r}, which the scenario does not define" if job else "names no job and no agent"
            self._turns.wrong(f"worker request {number} {named}")
            await self._send(exchange, number, request, OUT_OF_SCRIPT)
            return

        async def send(answer: Answer, gate: asyncio.Event) -> None:
            await self._send(exchange, number, request, answer, held=gate)

        await self._turns.answer_job(exchange, asker, job, _last(request.texts), send)

    @staticmethod
    async def _send(
        exchange: Exchange,
        number: int,
        request: openai.ResponsesRequest,
        answer: Answer,
        *,
        held: asyncio.Event | None = None,
    ) -> None:
        if request.stream:
            await exchange.begin(SSE)
            await exchange.send(openai.created(number))
        if held is not None:
            await exchange.hold(held.wait())
        whole = openai.response(number, answer, request.tools)
        if request.stream:
            await exchange.send(openai.completed(whole))
            await exchange.end()
        else:
            await exchange.answer(json.dumps(whole).encode())


def _last(texts: tuple[tuple[str, str], ...]) -> list[Text]:
    """The newest user text, shortened: enough to recognise the job, without the whole diff of a review."""
    users = [text for role, text in texts if role == "user"]
    return [Text(role="user", text=users[-1][:2000])] if users else []
