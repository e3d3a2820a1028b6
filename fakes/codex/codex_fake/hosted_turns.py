"""Turns of a host: what hooks add to a turn, and how agents, their tools and their messages come into it.

The order is measured: the opening, the contexts of the start, the prompt, the contexts of the prompt; each context is a
`developer` message of its own. A start or a prompt that a hook refuses ends the turn without a request.
"""

from __future__ import annotations

from . import notices
from .agent_messages import notify_parent
from .agents_tools import offered
from .identity import marker_in
from .preamble import NEWLY_SPAWNED, developer_message, input_text, opening, role_words, team_words
from .responses import AbandonedError, ModelError
from .transcript_overrides import HostRollout
from .turns import MOST_REQUESTS, Surroundings, Turn, without_id, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from standin.wire import Recorder

    from .grandchild import Grandchild
    from .hooks import Effects
    from .host import Host
    from .identity import HostThread, Identity
    from .wire import Listening

    Json = dict[str, Any]
    Answer = Callable[["HostTurn", Json], str]
    """Answers a call that the model makes in a turn."""


class HostSurroundings(Surroundings):
    """What every turn in a host shares."""

    def __init__(self, wire: Listening, recorder: Recorder, grandchild: Grandchild, host: Host, answer: Answer) -> None:
        super().__init__(wire, recorder, grandchild)
        self.host = host
        self.answer = answer
        self.use(host.config)


class HostTurn(Turn):
    """A turn of a main thread or of an agent."""

    thread: HostThread

    def __init__(self, around: HostSurroundings, thread: HostThread, words: list[Json], options: Json) -> None:
        super().__init__(around, thread, words, options)
        self._at_home(around, thread.identity)
        if not words:
            # an agent's turn may begin with the words of another agent alone
            self._waiting.clear()

    def _at_home(self, around: HostSurroundings, who: Identity) -> None:
        self._hosting = around
        self.host = around.host
        self.who = who
        self._refused = False
        self._stop_active = False

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for the turn's end any more."""
        return self._interrupted

    @property
    def originator(self) -> str:
        """The name of the program that drives this one."""
        return self._around.originator

    @property
    def wire(self) -> Listening:
        """The client that is notified of its steps."""
        return self._around.wire

    def another(self, thread: HostThread, words: list[Json]) -> HostTurn:
        """A turn of another thread, in the same surroundings."""
        return HostTurn(self._hosting, thread, words, {})

    def interrupt(self) -> None:
        """End the turn, also one that waits for an agent."""
        super().interrupt()
        self.host.agents.changes.notify_all()

    # -- hooks

    def transcript(self) -> str | None:
        """The file of the thread, if it has one."""
        return self.thread.transcript()

    def at(self, moment: str, **more: Any) -> Effects:
        """Run the hooks of all events that fire at a moment of this turn."""
        return self.host.at(
            moment,
            self.who,
            transcript=self.transcript(),
            on_run=lambda step, run: self._notify(f"hook/{step}", turnId=self.id, run=run),
            turn_id=self.id,
            cwd=self.thread.cwd,
            model=self.thread.model,
            permission_mode="bypassPermissions",
            **more,
        )

    def add_contexts(self, effects: Effects) -> None:
        """Add the context of hooks to the history."""
        for context in effects.contexts:
            self._remember(developer_message(context))

    def _starts(self) -> bool:
        """The hooks of a session's or an agent's start. Whether the turn may go on."""
        who = self.who
        step, who.start = who.start, None
        if step is None:
            return True
        effects = self.at(f"{who.sort} {step}")
        self.add_contexts(effects)
        return effects.stop is None

    def _prompt(self, words: list[Json]) -> None:
        effects = self.at(f"{self.who.sort} is prompted", prompt=words_of(words))
        if effects.stop is not None or effects.block is not None:
            self._refused = True
            return
        super()._prompt(words)
        self.add_contexts(effects)

    def _stops(self) -> bool:
        """The hooks of the turn's end. Whether they send the agent on."""
        values = {"stop_hook_active": self._stop_active, "last_assistant_message": self._last}
        effects = self.at(f"{self.who.sort}'s turn ends", **values)
        self.add_contexts(effects)
        if effects.block is None or effects.stop is not None:
            return False
        self._stop_active = True
        parts = [input_text(prompt) for prompt in effects.prompts]
        self._remember({"type": "message", "role": "user", "content": parts})
        return True

    # -- the conversation

    def _begin(self) -> None:
        who = self.who
        if who.marker is None and who.kind == "main":
            with self.thread.lock:
                who.marker = marker_in("\n".join(words_of(words) for words in self._waiting))
        if isinstance(self.thread.rollout, HostRollout) and who.kind == "main":
            self.thread.rollout.override = self.host.transcript_overrides.of(who.marker)
        self.host.announce(who, self.transcript())
        who.latest_turn = self.id
        notices.turn_begins(self.host, self._around.wire, self.thread)
        opened_before = bool(self.thread.items)
        super()._begin()
        if opened_before and who.kind == "child" and self.thread.forked_from and not who.begun:
            self._open_again()
        who.begun = True

    def _open_again(self) -> None:
        if self.host.lifecycle["fork_opens_again"]:
            self._remember(*self._opening())
        elif self.who.path is not None and self.host.lifecycle["v2_team_words"]:
            role = role_words(self.who)
            roles = [developer_message(role)] if role else []
            self._remember(developer_message(NEWLY_SPAWNED), *roles, *team_words(self.who))

    def _converse(self) -> None:
        if not self._starts():
            self._leave()
            return
        for _ in range(MOST_REQUESTS):
            for words in self._unheard():
                self._prompt(words)
                if self._refused:
                    self._leave()
                    return
            self._take_messages()
            if self._ask() or self._spoken_to() or self._stops():
                continue
            with self.thread.lock:
                if not self._waiting and not self._pressing():
                    self.thread.turn = None
                    return
        raise ModelError(f"the model was asked {MOST_REQUESTS} times and never came to an end")

    def _leave(self) -> None:
        with self.thread.lock:
            self.thread.turn = None

    def _spoken_to(self) -> bool:
        with self.thread.lock:
            return bool(self._waiting) or self._pressing()

    def _pressing(self) -> bool:
        return any(pressing for _, pressing in self.who.messages)

    def _take_messages(self) -> None:
        with self.thread.lock:
            messages = [item for item, _ in self.who.messages]
            self.who.messages.clear()
        self._remember(*messages)

    def _ask(self) -> bool:
        calls = []
        for event in self._exchange.ask(self._headers(), self._body()):
            item = event.get("item")
            if event.get("type") == "response.created" and self.host.lifecycle["usage_when_answer_begins"]:
                self.notify_usage()
            if event.get("type") == "response.completed":
                self._count((event.get("response") or {}).get("usage"))
                self.notify_usage()
            if event.get("type") != "response.output_item.done" or not isinstance(item, dict):
                continue
            if item.get("type") == "message":
                self._message(item)
            elif item.get("type") == "function_call":
                self._remember(without_id(item))
                calls.append(item)
        for item in calls:
            output = self._hosting.answer(self, item)
            if self._interrupted:
                raise AbandonedError
            self._remember({"type": "function_call_output", "call_id": item.get("call_id"), "output": output})
        return bool(calls)

    def _count(self, usage: Any) -> None:
        if notices.usage_added(self.who, usage):
            self.thread.keep(("event_msg", {"type": "token_count", "info": {"total_token_usage": self.who.usage}}))

    def notify_usage(self, last: Json | None = None) -> None:
        """Show the client what the thread has used; `last` instead of its latest request's."""
        notices.used(self.host.lifecycle, self._around.wire, self.thread, self.id, last)

    def _headers(self) -> dict[str, str]:
        around = self._around
        named = self.who.headers(self.host.lifecycle)
        return {"originator": around.originator, "user-agent": around.user_agent, **named}

    def _body(self) -> Json:
        body = super()._body()
        body["tools"] = offered(self.host.lifecycle, self.who)
        if self.host.lifecycle["prompt_cache_key"] == "root":
            body["prompt_cache_key"] = self.who.root
        else:
            body["prompt_cache_key"] = self.who.thread_id
        if self.host.lifecycle["instructions_place"] == "input":
            body["input"] = [developer_message(body.pop("instructions")), *body["input"]]
        return body

    def _opening(self) -> list[Json]:
        rows, (first, *rest) = self.host.lifecycle, opening(self.thread.cwd)
        role = role_words(self.who)
        if role:
            at = 0 if rows["instructions_with_role"] == "first" else len(first["content"])
            first["content"].insert(at, input_text(role))
        team = team_words(self.who) if rows["v2_team_words"] and self.who.generation == "v2" else []
        return [first, *team, *rest]

    # -- what others see of it

    def show(self, step: str, item: Json) -> None:
        """Show the client a step of an item."""
        self._notify(f"item/{step}", item=item, turnId=self.id)

    def _ended(self, state: str, error: Json | None) -> None:
        if self.who.kind != "child":
            return
        agent = self.host.agents.get(self.thread.id)
        if agent is None:
            return
        if state == "interrupted":
            self.host.agents.set_state(agent, state)
            return
        self._around.recorder.write(
            "subagent.ended", agent_id=self.who.thread_id, agent_type=self.who.agent_type, agent=self.who.marker
        )
        final: Json = {"errored": str(error["message"])} if error else {"completed": self._last}
        notify_parent(self.host.lifecycle, self.who, agent, final)
        with self.thread.lock:
            going_on = self.thread.turn is not None
        if not going_on:
            self.host.agents.set_state(agent, final)
