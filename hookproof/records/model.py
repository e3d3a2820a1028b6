"""Records of the model server: requests and answers, and the gates that hold jobs back."""

from __future__ import annotations

from dataclasses import field

from hookproof.records.base import Json, Record, kind
from hookproof.records.parts import Text, ToolResult


@kind("model.request")
class ModelRequest(Record):
    """A host asks its model."""

    n: int
    """The number of the request."""
    agent: str | None
    """The agent that asks; null where nothing tells."""
    aside: bool
    """Whether it is no step of anybody's script: a title, a summary."""
    texts: list[Text]
    """What is new to the model."""
    results: list[ToolResult]
    thread: str | None = None
    """The conversation that it belongs to: of Codex the thread, of Claude Code the session, or the agent that a session
    has started. The runs of hooks name the same ids. Null where nothing tells."""
    parent: str | None = None
    """The thread that started this one."""
    subagent: str | None = None
    """What kind of agent that is, as its host says: of Claude Code its type; null for a session's main agent."""
    late: bool = False
    """Whether it came after its agent's last word, and is answered with that again."""
    forgotten: list[str] | None = None
    """What a resumed host had told its model before, and has not kept."""
    compacts: bool = False
    """Whether the answer is a summary, which the host puts in the place of the conversation."""


@kind("model.answer")
class ModelAnswer(Record):
    """The model answers with a text or a tool call."""

    n: int
    agent: str | None
    text: str | None
    tool_use_id: str | None
    call: str | None
    """The tool."""
    input: Json | None
    job: str | None
    """The job that the call launches."""


@kind("model.client_gone")
class ModelClientGone(Record):
    """A host has dropped its request while the answer was held back."""

    n: int
    agent: str


@kind("model.refused")
class ModelRefused(Record):
    """What was asked with the run's key was no request that is served."""

    status: int
    what: str


@kind("gate.reached")
class GateReached(Record):
    """A job's Codex asks its model: the job is at work, and the answer is held back."""

    n: int
    job: str
    thread: str | None = None
    port: int | None = None
    """The other end of the connection."""
    texts: list[Text] = field(default_factory=list)
    """The newest user text, shortened."""


@kind("gate.released")
class GateReleased(Record):
    """The scenario lets a job have its answer."""

    job: str


@kind("gate.answered")
class GateAnswered(Record):
    """A job's Codex has its answer."""

    n: int
    job: str


@kind("gate.abandoned")
class GateAbandoned(Record):
    """A job's Codex has dropped its connection before it had its answer."""

    n: int
    job: str


@kind("model.loop")
class ModelLoop(Record):
    """A hook keeps an agent from stopping, longer than any host allows: the case is broken off here."""

    agent: str
    requests: int
    """How many came after the end of its script."""
    event: str
    """Of the hook."""
    command: str
    run: str
    """The hook's last run."""
