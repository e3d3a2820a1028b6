"""The life of one subagent: its start hooks, its turn, its stop, what becomes of its shells.

A subagent is born with a call of the Agent tool. Where the lifecycle gives it a session of its own, that session
begins after SubagentStart and ends, hooks awaited, before anybody hears of the subagent's end. A subagent in the
background has a thread of its own and may be woken again by a shell that it left running.
"""

from __future__ import annotations

import os
import threading

from .agents import Agent, Turn
from .background import agent_summary, notification
from .conversation import text_block
from .identity import Identity, new_task_id, new_uuid
from .model_client import InterruptedByHostError
from .request_body import TOOLS
from .tasks import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .host import Host
    from .plugins import AgentType

GENERAL_PURPOSE = "You are a general-purpose agent. Do the task that you are given and report what you did."


class Subagent:
    """One subagent."""

    def __init__(
        self,
        launcher: Agent,
        kind: str,
        definition: AgentType | None,
        *,
        prompt: str,
        description: str,
        tool_use_id: str,
        background: bool,
    ) -> None:
        self.host: Host = launcher.host
        self.kind = kind
        self.first_prompt = prompt
        self.background = background
        self.stopped = False
        self._news_lock = threading.Lock()
        host, root = self.host, launcher.who
        agent_id = new_task_id("agent")
        own = host.lifecycle["subagent_session"] == "own"
        session_id = new_uuid() if own else root.root_session_id
        transcript = host.transcript_path(session_id) if own else host.transcript_path(root.root_session_id, agent_id)
        in_main = self.who = Identity(
            session_id=root.root_session_id,
            root_session_id=root.root_session_id,
            transcript_path=host.transcript_path(root.root_session_id),
            agent_id=agent_id,
            agent_type=kind,
        )
        if own:
            self.who = Identity(
                session_id=session_id,
                root_session_id=root.root_session_id,
                transcript_path=transcript,
                agent_id=agent_id,
                agent_type=kind,
                in_main=in_main,
            )
        in_main.prompt_id = self.who.prompt_id = root.prompt_id
        self.output_file = os.path.join(host.task_directory(root), f"{agent_id}.output")
        self.depth = launcher.depth + 1
        self.task = self._task(root, tool_use_id, description)
        self.agent = Agent(
            host,
            self.who,
            launcher.find_tool,
            system=definition.body if definition else GENERAL_PURPOSE,
            tools=self._tools(definition),
            model=self._model(definition),
            task=self.task,
            transcript_path=transcript,
        )
        host.background.subagents[agent_id] = self

    def _task(self, owner: Identity, tool_use_id: str | None, description: str) -> Task:
        return Task(
            "agent",
            owner,
            tool_use_id=tool_use_id,
            description=description,
            output_file=self.output_file,
            task_id=self.who.agent_id,
            agent_type=self.kind,
            prompt=self.first_prompt,
            backgrounded=self.background,
            depth=self.depth,
        )

    def _tools(self, definition: AgentType | None) -> list[str]:
        asked = definition.tools if definition else None
        names = list(TOOLS) if asked is None else [name.partition("(")[0] for name in asked]
        nested = self.host.lifecycle["subagents_may_start_agents"]
        return [name for name in TOOLS if name in names and (nested or name != "Agent")]

    def _model(self, definition: AgentType | None) -> str:
        asked = definition.model if definition else None
        return asked if asked and asked.startswith("claude-") else self.host.model

    def begin(self, prompt: str, *, woken: bool = False) -> None:
        """Start: the journal, the hooks, the prompt. Its task has started already."""
        host = self.host
        host.recorder.write(
            "subagent.started",
            agent_id=self.who.agent_id,
            agent_type=self.kind,
            session_id=self.who.session_id,
            root_session_id=self.who.root_session_id,
            tool_use_id=self.task.tool_use_id,
            background=self.background,
        )
        sentences = host.at("subagent is woken" if woken else "subagent starts", self.who).sentences
        own = host.at("subagent's session starts", self.who, source="startup")
        if own.fired:
            sentences = [*own.sentences, *sentences]
            host.recorder.write(
                "session.started",
                session_id=self.who.session_id,
                agent_id=self.who.agent_id,
                how="startup",
                transcript_path=self.who.transcript_path,
            )
        host.record_environment(self.who)
        self.agent.prompt([text_block(prompt)], sentences)
        if not self.background:
            self.agent.line("user", message={"role": "user", "content": [text_block(prompt)]})

    def run(self) -> Turn:
        """Work until the agent is content, then end: its shells, its session, the journal."""
        try:
            turn = self.agent.turn()
        except InterruptedByHostError:
            self._ended("killed")
            raise
        host = self.host
        host.background.end_of_agent(self.who, self.task)
        if host.at("subagent's session ends", self.who).fired:
            reason = host.lifecycle.events.says("subagent's session ends", "reason")
            host.recorder.write(
                "session.ended", session_id=self.who.session_id, agent_id=self.who.agent_id, reason=reason
            )
        self._ended("completed")
        self.stopped = not self.background
        return turn

    def _ended(self, how: str) -> None:
        self.host.recorder.write(
            "subagent.ended",
            agent_id=self.who.agent_id,
            agent_type=self.kind,
            session_id=self.who.session_id,
            how=how,
        )
        if how == "killed":
            self.host.tasks.ended(self.task, "killed")

    # in the background

    def start_thread(self, news: str | None = None) -> None:
        """Work in a thread; `news` wakes an agent that had stopped."""
        thread = threading.Thread(target=self._in_background, args=(news,), daemon=True)
        thread.start()
        self.host.agent_threads.append(thread)

    def _in_background(self, news: str | None) -> None:
        try:
            if news is not None:
                self.begin(self.host.lifecycle.text("notice_of_turn", notification=news), woken=True)
            turn = self.run()
        except InterruptedByHostError:
            return
        waiting = bool(self.host.shells.of(self.who))
        with self.host.queue.changed:
            self.stopped = True
            self.host.tasks.ended(self.task, "completed")
            self._announce(turn, waiting)
            for late in self.agent.take_news():
                self.notify(late)

    def _announce(self, turn: Turn, waiting: bool) -> None:
        host, task = self.host, self.task
        summary = agent_summary(host.lifecycle, task.description, waiting=waiting)
        text = notification(host.lifecycle, task, "completed", summary, result=turn.text, waiting=waiting)
        on_stream = turn.text if host.lifecycle["agent_notice_summary"] == "the report" else summary
        more = {} if waiting else {"summary_is_report": True}
        host.background.announce(
            task, "completed", text, lambda: host.tasks.notice(task, "completed", task.output_file, on_stream, **more)
        )

    def notify(self, news: str) -> None:
        """News of the agent's own background work: into its turn, or as the start of a new one."""
        with self.host.queue.changed:
            if not self.stopped:
                self.agent.notify(news)
                return
            self.stopped = False
            before = self.task
            self.task = self.agent.task = self._task(before.owner, None, before.description)
            self.task.began = before.began
            self.host.tasks.started(self.task)
        self.start_thread(news)
