"""The host of one process: what all agents share, and `at`, which fires the hooks of a moment.

One host per process. It is made from the command line, carries the session, and is closed when the session is over.
"""

from __future__ import annotations

import os
import threading

from .background import Background
from .effects import Effects
from .endings import Endings
from .environment import Environment
from .hooks import Hooks
from .identity import Identity, new_uuid, slug
from .message_queue import MessageQueue
from .model_client import InterruptedByHostError, ModelClient
from .shells import Shells
from .stream import Stream
from .system import temporary_directory
from .tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from standin.wire import Recorder

    from .lifecycle import Lifecycle
    from .options import Options
    from .plugins import AgentType, Plugin


class Host:
    """What all agents of a session share."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        options: Options,
        plugins: list[Plugin],
        recorder: Recorder,
        show: Callable[[str], None] | None = None,
    ) -> None:
        """`show`: where a person reads the answers, at a terminal."""
        self.lifecycle = lifecycle
        self.options = options
        self.plugins = plugins
        for plugin in plugins:
            os.makedirs(plugin.data, exist_ok=True)
            plugin.servers.tell(recorder, plugin.name)
        self.recorder = recorder
        self.project = os.path.realpath(os.getcwd())
        self.home = os.path.expanduser("~")
        self.queue = MessageQueue()
        self.ending = False
        self.crashed = False
        self.until_ending, self._ends_it = os.pipe()
        self.model = options.model or lifecycle["model"]
        self.stream = Stream(lifecycle, options.output_format, show, tells_all_hooks=options.include_hook_events)
        self.environment = Environment(lifecycle, plugins, self.project, self.home)
        self.endings = Endings(reach_group=lifecycle["kill_reaches_group"])
        self.hooks = Hooks(
            lifecycle,
            plugins,
            self.environment,
            recorder,
            self.stream,
            self.project,
            self.endings,
            give_up=self.until_ending,
        )
        self.shells = Shells(self.environment, recorder, self.endings)
        self.tasks = Tasks(self.stream, self.queue.wake)
        self.client = ModelClient(
            os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
            os.environ.get("ANTHROPIC_API_KEY", ""),
            lifecycle["version"],
        )
        self.agent_types: dict[str, AgentType] = {
            name: found for plugin in plugins for name, found in plugin.agents.items()
        }
        session_id = options.resume or options.session_id or new_uuid()
        self.main = self.new_main(session_id)
        self.background = Background(
            lifecycle, recorder, self.tasks, self.shells, self.queue, is_ending=lambda: self.ending
        )
        self.agent_threads: list[threading.Thread] = []

    def new_main(self, session_id: str) -> Identity:
        """The identity of the main agent in a session."""
        return Identity(
            session_id=session_id, root_session_id=session_id, transcript_path=self.transcript_path(session_id)
        )

    # hooks

    def at(self, moment: str, who: Identity, **values: Any) -> Effects:
        """Run the hooks of all events that fire at a moment in the life of `who`: the lifecycle's table says which.

        `values` are what payloads may tell of the moment, beside what they may tell of any.
        """
        known = {
            "permission_mode": "bypassPermissions" if self.options.skip_permissions else "default",
            "background_tasks": self.tasks.for_payload(),
            "session_crons": [],
            **values,
        }
        effects = Effects(self.lifecycle)
        for firing in self.lifecycle.events.at(moment):
            told = who.in_main if firing.whose == "main" else who
            self.hooks.fire(firing, told, {**known, **firing.says}, effects)
        return effects

    def record_environment(self, who: Identity) -> None:
        """Journal what an agent's shells will see, now that its start hooks are done."""
        self.recorder.write(
            "shell.environment",
            session_id=who.session_id,
            agent_id=who.agent_id,
            env=self.environment.of_shell(who),
            env_files=self.environment.env_files(who),
        )

    # paths

    def transcript_path(self, session_id: str, agent_id: str | None = None) -> str:
        """Where an agent's transcript lies."""
        directory = os.path.join(self.home, ".claude", "projects", slug(self.project))
        if agent_id is None:
            return os.path.join(directory, f"{session_id}.jsonl")
        return os.path.join(directory, session_id, "subagents", f"agent-{agent_id}.jsonl")

    def task_directory(self, who: Identity) -> str:
        """Where the outputs of a session's tasks lie."""
        return os.path.join(temporary_directory(), slug(self.project), who.root_session_id, "tasks")

    # the end

    def raise_if_ending(self) -> None:
        """Leave whatever an agent is doing, once the host is ending."""
        if self.ending:
            raise InterruptedByHostError

    def break_off(self) -> None:
        """End every agent's work: no question is asked or waited for any more, no hook, no shell goes on."""
        self.ending = True
        self.client.interrupt()
        self.stop_waiting()
        if self.lifecycle["shells_at_signal"] == "are left alone":
            self.shells.leave_all()
        else:
            self.shells.end_all(self.lifecycle["exit_kill"], "host at session end")
        self.queue.break_off()

    def stop_waiting(self) -> None:
        """Free the reader of stdin, and hooks that are still running."""
        with self.queue.changed:
            if self._ends_it >= 0:
                os.close(self._ends_it)
                self._ends_it = -1
