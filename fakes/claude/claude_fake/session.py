"""The session of the main agent, from its first hook to its last.

A session begins with SessionStart, plays one turn after another (what the user typed, what background tasks have to
tell), and ends with SessionEnd when the input is over and nothing runs that the host waits for. `/clear` ends it and
begins another one in the same process.
"""

from __future__ import annotations

import json
import sys
import time

from .agents import Agent, Turn
from .conversation import text_block
from .identity import new_uuid
from .lifecycle import UNLESS_KNOWN
from .message_queue import Broken, Notice, UserTurn
from .model_client import InterruptedByHostError, ModelError
from .payloads import usage
from .request_body import TOOLS
from .transcript import last_written, messages_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .agents import Work
    from .effects import Effects
    from .host import Host
    from .terminal import Terminal

MAIN_PROMPT = "You are the main agent of a session. Use the tools that you have, and tell the user what became of it."
THREAD_SECONDS = 10.0
CHARACTERS_PER_TOKEN = 4
CACHED_SECONDS = 300
"""The documented life of a prompt cache."""
CACHE_WRITE_USD = 6.25e-6
"""Per token: 15 tokens are told as 0.0001 (measured on 2.1.329)."""


class Session:
    """The main agent and its turns."""

    def __init__(self, host: Host, find_tool: Callable[[str], Work], terminal: Terminal | None = None) -> None:
        self.host = host
        self._find_tool = find_tool
        self._terminal = terminal
        self.agent = self._new_agent()
        self._waiting_sentences: list[str] = []
        self._exit = 0
        self._over = False

    def _new_agent(self) -> Agent:
        host = self.host
        return Agent(host, host.main, self._find_tool, system=MAIN_PROMPT, tools=list(TOOLS), model=host.model)

    def run(self) -> int:
        """Live. The exit code of the program."""
        host = self.host
        if host.options.resume:
            self._resume()
        else:
            self._start("session starts", "startup")
        try:
            while not self._over:
                grace = host.lifecycle["kept_shells_end_after_ms"] / 1000
                if self._terminal is not None:
                    self._terminal.rest(host.queue)
                item = host.queue.take(host.background.is_awaited, lambda: bool(host.background.kept()), grace)
                if item is None:
                    break
                if self._terminal is not None:
                    self._terminal.begin()
                self._take(item)
        except InterruptedByHostError:
            pass
        self._finish()
        return self._exit

    # beginning and end

    def _resume(self) -> None:
        """Go on with a session that has ended: its id, its transcript, its history."""
        host, path = self.host, self.host.main.transcript_path
        since, history = last_written(path), messages_of(path)
        self.agent.conversation.messages += history
        if host.lifecycle["resume_env_file"] == "of another session":
            host.environment.start_files[host.main.session_id] = new_uuid()
        tokens = len(json.dumps(history)) // CHARACTERS_PER_TOKEN
        effects = self._start(
            "session resumes",
            "resume",
            seconds_since_last_response=int(since),
            context_tokens=tokens,
            prompt_cache_likely_expired=since > CACHED_SECONDS,
            estimated_cache_write_usd=round(tokens * CACHE_WRITE_USD, 4),
        )
        known = [block["text"] for message in history for block in message["content"] if "text" in block]
        again = [text for text in effects.landing(UNLESS_KNOWN) if any(text in each for each in known)]
        self._waiting_sentences = [text for text in self._waiting_sentences if text not in again]

    def _start(self, moment: str, source: str, **more: Any) -> Effects:
        """Tell of a session that begins or goes on, and keep what its hooks say for the next prompt."""
        host, who = self.host, self.host.main
        host.recorder.write(
            "session.started",
            session_id=who.session_id,
            agent_id=None,
            how=source,
            transcript_path=who.transcript_path,
        )
        effects = host.at(moment, who, source=source, model=host.model, **more)
        self._waiting_sentences = effects.sentences
        if host.lifecycle["start_block_is_told"] and effects.refusal is not None and not effects.refusal.by_exit:
            self._waiting_sentences.append(effects.blocking_sentence())
        host.record_environment(who)
        return effects

    def _finish(self) -> None:
        host = self.host
        interrupted = host.ending
        if not interrupted and not self._over:
            host.background.end_kept()
        host.ending = True
        host.client.interrupt()
        for thread in host.agent_threads:
            thread.join(THREAD_SECONDS)
        if self._over:
            host.shells.end_all(host.lifecycle["exit_kill"], "host at session end")
        host.shells.wait_for_all()
        host.hooks.beside.end_all()
        host.endings.wait_for_all()
        self._end("session ends by /exit" if self._over else "session ends")
        host.endings.wait_for_all()
        host.stream.close()

    def _end(self, moment: str) -> None:
        host, who = self.host, self.host.main
        host.at(moment, who)
        reason = host.lifecycle.events.says(moment, "reason")
        host.recorder.write("session.ended", session_id=who.session_id, agent_id=None, reason=reason)

    # turns

    def _take(self, item: UserTurn | Notice | Broken) -> None:
        if isinstance(item, Broken):
            sys.stderr.write(item.reason + "\n")
            self._exit = 1
            self.host.break_off()
            raise InterruptedByHostError
        if isinstance(item, Notice):
            self._notice(item)
            return
        self.host.main.prompt_id = new_uuid()
        if item.text.startswith("/") and item.text[1:2].strip():
            self._command(item.text)
        else:
            self._turn(item.text, [text_block(item.text)])

    def _notice(self, notice: Notice) -> None:
        if notice.announce is not None:
            notice.announce()
        self.host.main.prompt_id = new_uuid()
        text = self.host.lifecycle.text("notice_of_turn", notification=notice.text)
        origin = {"kind": "task-notification", "producer": "session-task", "runId": notice.task.run_id}
        self._turn(notice.text, [text_block(text)], notice, origin=origin)

    def _command(self, line: str) -> None:
        from .commands import expand, split  # noqa: PLC0415 - few sessions use a command

        name, arguments = split(line)
        if name == "clear" and self.host.lifecycle["slash_clear"] == "clears":
            self._clear()
        elif name == "compact" and self.host.lifecycle["slash_compact"] == "compacts":
            self._compact()
        elif name == "exit" and self.host.lifecycle["slash_exit"] == "exits":
            self._over = True
        else:
            bodies = {known: body for plugin in self.host.plugins for known, body in plugin.commands.items()}
            if name in bodies:
                host = self.host
                self._turn(line, expand(name, arguments, bodies[name], host.environment, host.main))
            elif self.host.lifecycle["unknown_command"] == "refused":
                self._init()
                self._result(Turn(self.host.lifecycle.text("unknown_command", name=name), stop_reason=None), 0.0, 0)
            else:
                self._turn(line, [text_block(line)])

    def _clear(self) -> None:
        host = self.host
        began = time.monotonic()
        self._end("session ends by /clear")
        before, host.main = host.main, host.new_main(new_uuid())
        host.stream.line("conversation_reset", before, new_conversation_id=new_uuid(), trigger="clear")
        self.agent = self._new_agent()
        if self._terminal is not None and host.lifecycle["typed_at_start_hooks"] == "is lost":
            with self._terminal.deaf():
                self._start("session starts after /clear", "clear")
        else:
            self._start("session starts after /clear", "clear")
        self._init()
        self._result(Turn("", stop_reason=None), began, 0, local_command="clear")

    def _compact(self) -> None:
        from . import compaction  # noqa: PLC0415 - few sessions are summed up

        began = time.monotonic()
        try:
            answer = compaction.summary(self.host, self.agent)
        except ModelError as error:
            self._init()
            self._result(Turn(f"Error during compaction: {error}", stop_reason=None), began, 0)
            return
        self._start("session is compacted", "compact")
        compaction.go_on(self.host, self.agent, answer, self._init)
        self._result(Turn("", stop_reason=None), began, 0)

    def _turn(self, prompt: str, blocks: list[dict[str, Any]], notice: Notice | None = None, **more: Any) -> None:
        host, began = self.host, time.monotonic()
        effects = host.at("prompt", host.main, prompt=prompt)
        self._init()
        refusal = effects.refusal
        let_through = refusal is None and effects.stop is None
        if notice is not None:
            host.background.note(notice.task, notice.status, to_model=let_through)
        if not let_through:
            row = "prompt_blocked" if refusal is not None else "prompt_stopped"
            reason = refusal.reason if refusal is not None else effects.stop
            if refusal is None:
                self.agent.prompt([*blocks, text_block(f"Operation stopped by hook: {reason}")], effects.sentences)
            text = host.lifecycle.text(row, reason=reason, prompt=prompt)
            host.stream.line("system/informational", host.main, content=text, level="warning")
            self._result(Turn(text, stop_reason=None, terminal_reason=""), began, 0)
            host.recorder.write("turn.ended", session_id=host.main.session_id, agent_id=None, text=text)
            return
        sentences = [*self._waiting_sentences, *host.hooks.beside.take_told(), *effects.sentences]
        self._waiting_sentences = []
        if not self.agent.conversation.messages:
            sentences.append(time.strftime("# currentDate\nToday's date is %Y-%m-%d."))
        self.agent.prompt(blocks, sentences)
        asked = self.agent.requests
        turn = self.agent.turn()
        self._exit = 1 if turn.is_error else 0
        self._result(turn, began, self.agent.requests - asked, **more)

    # lines

    def _init(self) -> None:
        """Print what the session has and can do."""
        host, options = self.host, self.host.options
        commands = [name for plugin in host.plugins for name in plugin.commands]
        plugins = [{"name": p.name, "path": p.root, "source": f"{p.name}@inline"} for p in host.plugins]
        host.stream.line(
            "system/init",
            host.main,
            cwd=host.project,
            tools=host.lifecycle["tool_list"],
            mcp_servers=[],
            model=host.model,
            permissionMode="bypassPermissions" if options.skip_permissions else "default",
            slash_commands=commands,
            apiKeySource="ANTHROPIC_API_KEY",
            claude_code_version=host.lifecycle["version"],
            output_style="default",
            agents=[*host.lifecycle["builtin_agents"], *host.agent_types],
            skills=[],
            plugins=plugins,
            fast_mode_state="off",
        )

    def _result(self, turn: Turn, began: float, requests: int, **more: Any) -> None:
        """Print how a turn, or a command, has come out."""
        host = self.host
        agents = any(task.kind == "agent" for task in host.tasks.running())
        if agents and host.lifecycle["result_line"] == "waits for background agents":
            return
        milliseconds = int((time.monotonic() - began) * 1000) if began else 0
        host.stream.result(
            host.main,
            subtype="success",
            is_error=turn.is_error,
            duration_ms=milliseconds,
            duration_api_ms=milliseconds,
            num_turns=requests,
            result=turn.text,
            stop_reason=turn.stop_reason,
            total_cost_usd=0,
            usage=usage(10 * requests, 5 * requests),
            modelUsage={},
            permission_denials=[],
            fast_mode_state="off",
            api_error_status=turn.status,
            **({"terminal_reason": turn.terminal_reason} if turn.terminal_reason else {}),
            **more,
        )
