"""The loop of one agent: ask the model, run the tools it calls, stop when it is content and no stop hook objects.

The main agent lives as long as its session, a subagent as long as its task. The loop is the same; they differ in what
their hooks are called and in who sees their lines.
"""

from __future__ import annotations

import threading

from .conversation import Conversation, reminder, text_block
from .model_client import ModelError
from .request_body import body
from .tools import ON_FILES, ToolUse
from .transcript import Transcript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .host import Host
    from .identity import Identity
    from .tasks import Task
    from .tools import Worked
    from .tools_files import Known

    Work = Callable[["Agent", dict[str, Any], str], Worked]
    """What a tool does: (agent, input, tool use id) -> what came of it. Raises ToolFailure."""


class Turn:
    """How a turn ended."""

    def __init__(self, text: str, *, terminal_reason: str = "completed", stop_reason: str | None = "end_turn") -> None:
        self.text = text
        self.terminal_reason = terminal_reason
        self.stop_reason = stop_reason
        self.is_error = False
        self.status: int | None = None


class Agent:
    """One agent."""

    def __init__(
        self,
        host: Host,
        who: Identity,
        find_tool: Callable[[str], Work],
        *,
        system: str,
        tools: list[str],
        model: str,
        task: Task | None = None,
        transcript_path: str | None = None,
    ) -> None:
        self.depth = task.depth if task is not None else 0
        self.host = host
        self.who = who
        self.find_tool = find_tool
        self.system = system
        self.tools = tools
        self.model = model
        self.task = task
        self.conversation = Conversation(host.lifecycle["context_place"])
        self.transcript = Transcript(
            transcript_path or who.transcript_path, who, host.project, host.lifecycle["version"]
        )
        self.requests = 0
        self.tools_used: list[str] = []
        self.files: dict[str, Known] = {}
        """By path, the files that it has read or written."""
        self.seen = task is None or not task.backgrounded or host.lifecycle["background_agents_on_stream"]
        self._news: list[str] = []
        self._news_lock = threading.Lock()

    # what the model is told

    def prompt(self, blocks: list[dict[str, Any]], sentences: list[str]) -> None:
        """Begin a turn with a user message."""
        self._grow(lambda: self.conversation.prompt(blocks, sentences))

    def replace(self, summary: str, *, keeps_last_answer: bool) -> None:
        """A summary takes the place of the conversation, but for the model's last words, where those are kept."""
        answers = [message for message in self.conversation.messages if message["role"] == "assistant"]
        self.conversation = Conversation(self.host.lifecycle["context_place"])
        self.transcript.add_boundary()
        self._grow(lambda: self.conversation.prompt([text_block(summary)], []))
        if keeps_last_answer and answers:
            self._grow(lambda: self.conversation.answer(answers[-1]["content"]))

    def _grow(self, add: Any) -> None:
        before = len(self.conversation.messages)
        add()
        whole = self.host.lifecycle["resumed_history"] == "whole"
        for message in self.conversation.messages[before:]:
            kept = message if whole else self.conversation.without_context(message)
            self.transcript.add(message["role"], kept)

    def notify(self, text: str) -> None:
        """News that reaches the model with its next tool results, or makes it go on."""
        with self._news_lock:
            self._news.append(text)

    def take_news(self) -> list[str]:
        """The news that the model has not received yet; takes it."""
        with self._news_lock:
            news, self._news = self._news, []
        return news

    # the loop

    def turn(self) -> Turn:
        """Ask until the model is content; the turn's end is in the journal."""
        turn = self._turn()
        self.host.recorder.write(
            "turn.ended", session_id=self.who.session_id, agent_id=self.who.agent_id, text=turn.text
        )
        return turn

    def _turn(self) -> Turn:
        objections = 0
        while True:
            try:
                answer = self._ask()
            except ModelError as error:
                return self._failed(error)
            uses = [block for block in answer["content"] if block["type"] == "tool_use"]
            if uses:
                if self._use(uses):
                    return Turn("", terminal_reason="hook_stopped", stop_reason="tool_use")
                continue
            texts = [block["text"] for block in answer["content"] if block["type"] == "text"]
            text = texts[-1] if texts else ""
            if news := self.take_news():
                self.prompt([text_block(self.host.lifecycle.text("notice_of_turn", notification=n)) for n in news], [])
                continue
            ended = self._stop(text, objections)
            if ended is not None:
                return ended
            objections += 1

    def _ask(self) -> dict[str, Any]:
        self.host.raise_if_ending()
        lifecycle = self.host.lifecycle
        question = body(
            lifecycle,
            self.who,
            model=self.model,
            system=self.system,
            tools=self.tools,
            messages=self.conversation.messages,
        )
        name, agent_id = lifecycle["agent_header"], self.who.agent_id
        headers = {name: agent_id} if name and agent_id else {}
        answer = self.host.client.ask(question, self.who.root_session_id, headers)
        self.requests += 1
        if self.task is not None:
            used = answer.get("usage", {})
            self.task.tokens = int(used.get("input_tokens", 0)) + int(used.get("output_tokens", 0))
        self._grow(lambda: self.conversation.answer(answer["content"]))
        for block in answer["content"]:
            if block["type"] == "tool_use":
                self.tools_used.append(block["name"])
            if block["type"] == "tool_use" and self.task is not None:
                self.task.tool_uses += 1
                doing = block["input"].get("description") or block["input"].get("command") or block["name"]
                self.host.tasks.progress(self.task, str(doing), block["name"])
            if self.task is None or self.task.backgrounded or block["type"] == "tool_use":
                # what a foreground agent says is told by its end alone (measured on 2.1.91 and 2.1.329)
                self.line("assistant", message={**answer, "content": [block], "stop_reason": None})
        return answer

    def _failed(self, error: ModelError) -> Turn:
        turn = Turn(f"API Error: {error}", terminal_reason="api_error", stop_reason="stop_sequence")
        turn.is_error = True
        turn.status = error.status
        message = {"role": "assistant", "model": "<synthetic>", "content": [text_block(turn.text)]}
        self.line("assistant", message=message)
        if self.task is None:
            kind = self.host.lifecycle["stop_failure_error"]
            self.host.at("turn fails", self.who, error=kind, last_assistant_message=turn.text)
        return turn

    def _use(self, blocks: list[dict[str, Any]]) -> bool:
        """Use the tools, all at once. Whether a hook stopped the turn."""
        uses = [ToolUse(self, block) for block in blocks]
        threads = [threading.Thread(target=use.go, daemon=True) for use in uses[1:]]
        for thread in threads:
            thread.start()
        uses[0].go()
        for thread in threads:
            thread.join()
        self.host.raise_if_ending()
        sentences = [sentence for use in uses for sentence in use.sentences]
        results = [use.result for use in uses]
        if self.task is None:
            sentences += self.host.hooks.beside.take_told()
        sentences += _take_in(self, results)
        self._grow(lambda: self.conversation.results(results, sentences))
        return any(use.stopped for use in uses)

    def _stop(self, text: str, objections: int) -> Turn | None:
        """Run the stop hooks, which have objected so often in this turn. None when the agent has to go on."""
        effects = self.host.at(
            "subagent's turn ends" if self.task is not None else "turn ends",
            self.who,
            stop_hook_active=objections > 0,
            agent_transcript_path=self.transcript.path,
            last_assistant_message=text,
        )
        lifecycle = self.host.lifecycle
        if effects.refusal is not None:
            feedback = lifecycle.text("stop_feedback", reason=effects.refusal.reason)
            told = lifecycle["stop_block_is_told_twice"] and not effects.refusal.by_exit
            self.prompt([text_block(feedback)], [effects.blocking_sentence()] if told else [])
            self.line("user", message={"role": "user", "content": [text_block(feedback)]}, isSynthetic=True)
        if effects.stop is not None:
            return Turn("", terminal_reason="stop_hook_prevented")
        if effects.refusal is None:
            if not effects.sentences:
                return Turn(text)
            self.prompt([reminder(sentence) for sentence in effects.sentences], [])
        return self._end_put_to_it(objections) if 0 < lifecycle["stop_objections"] <= objections else None

    def _end_put_to_it(self, objections: int) -> Turn:
        """The end of a turn that hooks would not let end: the host has had enough of their objections."""
        text = self.host.lifecycle.text("stop_objections_over", times=objections + 1)
        self.line("system/informational", content=text, level="warning")
        return Turn("", terminal_reason="")

    def work(self, name: str, tool_input: dict[str, Any], tool_use_id: str) -> Worked:
        """Do the work of a tool that this agent has called. Raises ToolFailure."""
        return self.find_tool(name)(self, tool_input, tool_use_id)

    def look_at(self, name: str, tool_input: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """A call before any hook hears of it: its input, completed, and why the call is refused as it stands."""
        if name not in ON_FILES:
            return tool_input, None
        from .tools_files import complete, refusal  # noqa: PLC0415 - most sessions touch no file

        return complete(name, tool_input), refusal(self, name, tool_input)

    def line(self, kind: str, **values: Any) -> None:
        """Print a line of this agent, if its lines are printed."""
        if not self.seen:
            return
        inside = {}
        if self.task is not None:
            inside = {
                "agent_id": self.who.agent_id,
                "subagent_type": self.who.agent_type,
                "task_description": self.task.description,
            }
        parent = self.task.tool_use_id if self.task is not None else None
        self.host.stream.line(kind, self.who, parent_tool_use_id=parent, **inside, **values)


def _take_in(agent: Agent, results: list[dict[str, Any]]) -> list[str]:
    """What has come while the agent was at work: news of tasks, lines that the user typed. Once a round of tools.

    The sentences that follow the tool results; what belongs inside a result is put there. What a lifecycle does not
    take in here waits for a turn of its own.
    """
    host, lifecycle = agent.host, agent.host.lifecycle
    sentences: list[str] = []
    if lifecycle["notice_in_midturn"] == "after the tool results":
        sentences += [lifecycle.text("notice_in_midturn", notification=news) for news in agent.take_news()]
        for notice in host.queue.take_notices() if agent.task is None else ():
            told = lifecycle.text("notice_in_midturn", notification=notice.text)
            heard = _through_hooks("notice in mid-turn", agent, notice.text, told)
            host.background.note(notice.task, notice.status, to_model=bool(heard))
            sentences += heard
    where = lifecycle["user_line_in_midturn"]
    if agent.task is None and where != "waits for the next turn":
        for typed in host.queue.take_typed():
            told = lifecycle.text("user_line_in_midturn", text=typed.text)
            heard = _through_hooks("line in mid-turn", agent, typed.text, told)
            if heard and where == "in the tool result" and isinstance(results[-1]["content"], str):
                results[-1]["content"] += f"\n\n<system-reminder>\n{heard.pop(0)}\n</system-reminder>"
            sentences += heard
    return sentences


def _through_hooks(moment: str, agent: Agent, text: str, told: str) -> list[str]:
    """The text for the model, and the context that hooks of the moment add; nothing where they refuse the text."""
    effects = agent.host.at(moment, agent.who, prompt=text)
    return [] if effects.refusal is not None else [told, *effects.sentences]
