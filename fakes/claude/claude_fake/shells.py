"""The processes of the Bash tool with their output files; started by `tools_bash`, ended by the host.

A shell is born for one call. The thread that started it waits for it; when it goes to the background, a thread of its
own does. Whoever ends a shell says so first, so that its record tells who did it.
"""

from __future__ import annotations

import os
import threading

from standin.hook_record import STARTED_BY

from .identity import new_task_id, new_uuid
from .system import ShellProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from standin.wire import Recorder

    from .endings import Endings
    from .environment import Environment
    from .identity import Identity
    from .tasks import Task

END_SECONDS = 5.0


class Shell:
    """One command."""

    def __init__(
        self, run: str, owner: Identity, command: str, task_id: str, output_file: str, process: ShellProcess
    ) -> None:
        self.owner = owner
        self.command = command
        self.task_id = task_id
        self.output_file = output_file
        self.process = process
        self.run = run
        self.ended_by = "itself"
        self.ended = threading.Event()
        self.task: Task | None = None
        self.watcher: threading.Thread | None = None

    def output(self) -> str:
        """What it has written so far, without the final line ends."""
        try:
            with open(self.output_file, "rb") as file:
                return file.read().decode("utf-8", "replace").rstrip("\r\n")
        except OSError:
            return ""

    def exit_code(self) -> int:
        """Its exit code as the real host tells it: a shell that a signal ended counts as 1."""
        return 1 if self.process.exit is None else self.process.exit


class Shells:
    """All shells of a host."""

    def __init__(self, environment: Environment, recorder: Recorder, endings: Endings) -> None:
        self._endings = endings
        self._environment = environment
        self._recorder = recorder
        self._lock = threading.Lock()
        self._live: dict[str, Shell] = {}
        self._threads: list[threading.Thread] = []
        self._until_left, self._leaves = os.pipe()

    def start(self, owner: Identity, command: str, tool_use_id: str, directory: str, *, background: bool) -> Shell:
        """Start a command; it is in the journal before it begins."""
        os.makedirs(directory, exist_ok=True)
        task_id = new_task_id("shell")
        output_file = os.path.join(directory, f"{task_id}.output")
        run = new_uuid()
        environment, exports = self._environment.of_shell(owner), self._environment.exports(owner)
        process = ShellProcess(command, {**environment, STARTED_BY: run}, exports, output_file)
        shell = Shell(run, owner, command, task_id, output_file, process)
        with self._lock:
            self._live[shell.run] = shell
        self._recorder.write(
            "shell.started",
            run=shell.run,
            session_id=owner.session_id,
            agent_id=owner.agent_id,
            tool_use_id=tool_use_id,
            background=background,
            command=command,
            pid=process.pid,
            pgid=process.pgid,
            output_file=output_file,
        )
        process.let_go()
        return shell

    def wait(self, shell: Shell, seconds: float | None) -> bool:
        """Wait for the end of a shell that nobody else waits for; record it. False when `seconds` have passed."""
        if not shell.process.wait(seconds, give_up=self._until_left):
            return False
        written = _size(shell.output_file)
        with self._lock:
            self._live.pop(shell.run, None)
        self._recorder.write(
            "shell.ended",
            run=shell.run,
            exit=shell.process.exit,
            signal=shell.process.signal,
            ended_by=shell.ended_by,
            stdout_bytes=written,
            output_file=shell.output_file,
            output_bytes=written,
        )
        shell.ended.set()
        return True

    def watch(self, shell: Shell, when_ended: Callable[[], None]) -> None:
        """Let a thread wait for a shell in the background."""

        def wait() -> None:
            if self.wait(shell, None):
                when_ended()

        shell.watcher = self._thread(wait)

    def of(self, owner: Identity) -> list[Shell]:
        """The living shells of one agent."""
        with self._lock:
            return [shell for shell in self._live.values() if shell.owner is owner]

    def leave(self, shells: list[Shell]) -> None:
        """Leave shells to themselves: nobody ends them, nobody waits for them."""
        with self._lock:
            for shell in shells:
                self._live.pop(shell.run, None)
                if shell.watcher is not None:
                    self._threads.remove(shell.watcher)

    def leave_all(self) -> None:
        """Leave every living shell to itself; whoever waits for one is freed."""
        with self._lock:
            self._live.clear()
        os.close(self._leaves)

    def end(self, shells: list[Shell], signals: list[tuple[str, int]], ended_by: str) -> None:
        """End shells. With a later signal still due it does not wait for them; else they are dead afterwards."""
        for shell in shells:
            shell.ended_by = ended_by
            self._endings.begin(shell.process, signals)
        if all(not after for _, after in signals):
            for shell in shells:
                shell.ended.wait(END_SECONDS)

    def kill(self, shell: Shell, ended_by: str) -> None:
        """End a shell that the caller itself waits for."""
        shell.ended_by = ended_by
        self._endings.begin(shell.process, [("SIGKILL", 0)])

    def end_all(self, signals: list[tuple[str, int]], ended_by: str) -> None:
        """End every living shell."""
        with self._lock:
            living = list(self._live.values())
        self.end(living, signals, ended_by)

    def wait_for_all(self) -> None:
        """Wait until every watcher is done."""
        while True:
            with self._lock:
                if not self._threads:
                    return
                thread = self._threads.pop()
            thread.join()

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, daemon=True)
        with self._lock:
            thread.start()
            self._threads.append(thread)
        return thread


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
