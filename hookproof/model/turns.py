"""Whose turn it is and what is said next: the part of the model server that all APIs share, and what an API is to it.

Life: made with the run's server, asked by its wires for every request that counts. Records each request and each
answer, plays the script to every agent, holds each job's answer behind its gate. What it cannot place (a request that
fits no agent, a script that has run out) is answered with a plain text, so that nothing loops, and is an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hookproof.journal import Journal
from hookproof.model.conversation import Conversation
from hookproof.model.http import ClientLeftError, Exchange, Request
from hookproof.model.loops import Loops
from hookproof.model.script import Answer, Script, ToolCall
from hookproof.records.model import (
    GateAbandoned,
    GateAnswered,
    GateReached,
    GateReleased,
    ModelAnswer,
    ModelClientGone,
    ModelRequest,
)
from hookproof.records.parts import Text
from hookproof.records.run import Error

ASIDE = Answer(text="A title", call=None, after=None)
"""What is said to a request that is no step of anybody's script."""
OUT_OF_SCRIPT = Answer(text="Nothing more is scripted here.", call=None, after=None)
SSE = "text/event-stream"
"""The content type of an answer that is streamed."""
_NOTIFIES = "<subagent_notification>"

Wait = Callable[[str, str], Awaitable[None]]
"""Waits until an answer may go out: (agent, the step's `after`)."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The sender of a request: its number, its agent (None if unknown), and its thread (None where nothing tells)."""

    number: int
    agent: str | None
    thread: str | None = None
    parent: str | None = None
    subagent: str | None = None


class Query(Protocol):
    """What counts in a request, of whichever API."""

    @property
    def texts(self) -> Sequence[tuple[str, str]]:
        """(role, text) of everything that the model can read, in order."""
        ...

    @property
    def results(self) -> Mapping[str, tuple[str, bool]]:
        """Tool result by call id: its text, and whether it is an error."""
        ...

    @property
    def received(self) -> str:
        """Everything that the model can read, as one text."""
        ...


Reply = Callable[[Exchange, int], Awaitable[None]]
"""Answers one request, whose number among all of the run is given."""


class Wire(Protocol):
    """The plug for a model's API, for one run: made with the run's `Turns`. A host names the one that it speaks."""

    paths: Collection[str]
    """What is posted to these is the API's."""

    def read(self, request: Request, body: Any) -> Reply:
        """What answers a request with this body, decoded. Raises ValueError with what was expected instead."""
        ...


class Turns:
    """The conversations and gates of one run."""

    def __init__(
        self,
        script: Script,
        answers: Mapping[str, str],
        journal: Journal,
        wait_before: Wait,
        prepare: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`answers` are what the model says to each job's Codex; `prepare` is awaited before an agent's next step."""
        self.conversations: dict[str, Conversation] = {}
        """By thread, or by agent where nothing tells the thread."""
        self.script = script
        self.journal = journal
        self._latest: dict[str, Conversation] = {}
        """By agent, the conversation in which it has asked last."""
        self._answers = answers
        self._wait_before = wait_before
        self._prepare = prepare
        self._gates = {job: asyncio.Event() for job in answers}
        self._loops = Loops(journal)

    def close(self) -> None:
        """Nobody asks any more: tell of what was not told at once."""
        self._loops.close()

    def release(self, job: str) -> None:
        """Let the job's worker have its answer, now or when it asks."""
        self.journal.write(GateReleased(job=job))
        self._gates[job].set()

    def resumed(self, agent: str) -> None:
        """The conversation of `agent` goes on in another process of its host, from what that has kept of it."""
        if agent in self._latest:
            self._latest[agent].resumed()

    def aside(self, asker: Asker, *, compacts: bool = False) -> None:
        """Record a request that is no step of anybody's script; `compacts`: it has the conversation summed up."""
        self.journal.write(
            ModelRequest(
                n=asker.number,
                agent=asker.agent,
                aside=True,
                texts=[],
                results=[],
                thread=asker.thread,
                compacts=compacts,
            )
        )

    async def next(self, exchange: Exchange, asker: Asker, conversation: Conversation, query: Query) -> Answer:
        """Record what is new in an agent's request, and find its next step, held back for as long as it asks to be."""
        texts, results = conversation.news(query.texts, query.results)
        # a child that ends while its parent's last request is on the way makes Codex ask the parent once more; what is
        # next in the script belongs to the next turn
        late = conversation.last_answer is not None and not results and _only_notifies(texts)
        agent = asker.agent
        if agent is not None:
            self._latest[agent] = conversation
        self.journal.write(
            ModelRequest(
                n=asker.number,
                agent=agent,
                aside=False,
                texts=texts,
                results=results,
                thread=asker.thread,
                parent=asker.parent,
                subagent=asker.subagent,
                late=late,
                forgotten=conversation.forgotten,
            )
        )
        if late:
            return Answer(text=conversation.last_answer, call=None, after=None, late=True)
        if agent is not None and self._prepare is not None:
            await self._prepare(agent)
        answer = self.script.next(agent, query.received, results) if agent is not None else None
        if answer is None:
            again = self.script.again(agent) if agent is not None else None
            if agent is None:
                self.wrong(f"model request {asker.number} carries no agent marker")
            elif self._loops.beyond(agent, asker.number, expected=again is not None):
                # an answer would only make it ask again: it comes to rest here, and is there to be looked at
                await exchange.hold(asyncio.Event().wait())
            return again or OUT_OF_SCRIPT
        conversation.last_answer = answer.text
        if answer.after is not None and agent is not None:
            try:
                await exchange.hold(self._wait_before(agent, answer.after))
            except ClientLeftError:
                self.journal.write(ModelClientGone(n=asker.number, agent=agent))
                raise
        return answer

    def answered(self, asker: Asker, answer: Answer, tool: str | None) -> None:
        """Record an answer; `tool` is what the host calls the tool that it uses."""
        call = answer.call
        self.journal.write(
            ModelAnswer(
                n=asker.number,
                agent=asker.agent,
                text=answer.text,
                tool_use_id=call.id if call else None,
                call=tool,
                input=call.input if call else None,
                job=call.job if call else None,
            )
        )

    def not_offered(self, call: ToolCall, agent: str | None) -> None:
        """The script calls a tool that the host does not have."""
        self.wrong(f"the script calls {call.names[0]}, which the host does not offer to {agent!r}")

    def wrong(self, what: str) -> None:
        """Record that something could not be placed, which makes the verdict unknown."""
        self.journal.write(Error(where="model server", what=what))

    def has_job(self, job: str) -> bool:
        """Whether the scenario defines the job."""
        return job in self._gates

    async def answer_job(
        self,
        exchange: Exchange,
        asker: Asker,
        job: str,
        texts: list[Text],
        send: Callable[[Answer, asyncio.Event], Awaitable[None]],
    ) -> None:
        """Have a job's worker answered with `send`, which is given the answer and the gate that holds it back."""
        number = asker.number
        self.journal.write(GateReached(n=number, job=job, thread=asker.thread, port=exchange.peer_port, texts=texts))
        try:
            await send(Answer(text=self._answers[job], call=None, after=None), self._gates[job])
        except ClientLeftError:
            self.journal.write(GateAbandoned(n=number, job=job))
            raise
        self.journal.write(GateAnswered(n=number, job=job))


def _only_notifies(texts: list[Text]) -> bool:
    """Whether all that is new to the model, its own words aside, is that a child has ended."""
    news = [text.text for text in texts if text.role != "assistant" or _NOTIFIES in text.text]
    return bool(news) and all(_NOTIFIES in text for text in news)
