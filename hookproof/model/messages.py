"""The wire of the Messages API, which Claude Code speaks: requests of the host's agents, answered from the script."""

from __future__ import annotations

import json
from typing import Any

from hookproof.model import anthropic
from hookproof.model.conversation import Conversation
from hookproof.model.http import Exchange, Request
from hookproof.model.script import Answer, mark
from hookproof.model.sessions import Origin, SessionThreads
from hookproof.model.turns import ASIDE, SSE, Asker, Reply, Turns, Wire

_SUMMARY = "<analysis>\nNothing is left out.\n</analysis>\n\n<summary>\n{}\n</summary>"
_MESSAGES, _COUNT = "/v1/messages", "/v1/messages/count_tokens"


class Messages(Wire):
    """The Messages API of one run."""

    paths = frozenset({_MESSAGES, _COUNT})

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._threads = SessionThreads(turns.script, turns.journal)

    def read(self, request: Request, body: Any) -> Reply:
        if request.path == _COUNT:
            return self._count
        query, origin = anthropic.parse(body), Origin.of(request.headers, body)
        return lambda exchange, number: self._answer(exchange, number, query, origin)

    async def _count(self, exchange: Exchange, number: int) -> None:  # noqa: ARG002 - counting is no request of a model
        await exchange.answer(b'{"input_tokens": 10}')

    async def _answer(
        self, exchange: Exchange, number: int, request: anthropic.MessagesRequest, origin: Origin
    ) -> None:
        thread = self._threads.thread(origin, request.agent, begins=request.begins)
        asker = Asker(number, request.agent, thread=thread.id, parent=thread.parent, subagent=thread.kind)
        if not request.tools:
            # a title or a summary: answered, and no step of anybody's script
            self._turns.aside(asker)
            await self._send(exchange, request, anthropic.message(ASIDE, request, number))
            return
        # of another thread nothing is known yet: after a clear main is told everything anew
        conversation = self._turns.conversations.setdefault(thread.id or asker.agent or "", Conversation())
        if request.compacts:
            self._turns.aside(asker, compacts=True)
            conversation.summed_up()
            # the marker goes with the history that it stands in, unless the summary keeps it
            summary = Answer(text=_SUMMARY.format(mark("The work goes on.", asker.agent or "")), call=None, after=None)
            await self._send(exchange, request, anthropic.message(summary, request, number))
            return
        answer = await self._turns.next(exchange, asker, conversation, request)
        call = answer.call
        if call is not None and anthropic.tool_name(call.names, request.tools) is None:
            self._turns.not_offered(call, asker.agent)
        whole = anthropic.message(answer, request, number)
        self._turns.answered(asker, answer, whole["content"][0].get("name"))
        await self._send(exchange, request, whole)

    @staticmethod
    async def _send(exchange: Exchange, request: anthropic.MessagesRequest, whole: dict[str, Any]) -> None:
        if not request.stream:
            await exchange.answer(json.dumps(whole).encode())
            return
        await exchange.begin(SSE)
        for event in anthropic.events(whole):
            await exchange.send(event)
        await exchange.end()
