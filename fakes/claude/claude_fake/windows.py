"""Processes on Windows: the sibling of `posix.py`, with the same names.

Commands run in Git Bash where there is one, as with the real host, and in cmd.exe otherwise. There are no signals and
no sessions: ending anything means `taskkill /T /F`, and no `give_up` can break a wait off.
"""

from __future__ import annotations

import os
import subprocess
import time

from standin.windows import NEW_GROUP, Piped, cmd_line, end_tree, git_bash, wait

READER_CAN_BE_FREED = False


class Child:
    """A started process. Its exit code is kept."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.pgid = process.pid
        self.signal: int | None = None

    def wait(self, seconds: float | None = None, *, give_up: int | None = None) -> bool:  # noqa: ARG002 - see above
        """Wait for the death, at most `seconds`."""
        return wait(self._process, seconds)

    @property
    def exit(self) -> int | None:
        """The exit code, or None while it lives."""
        return self._process.poll()

    def victims(self, *, group: bool, frozen: bool) -> Victims:  # noqa: ARG002 - a tree is all there is
        """The child and its descendants."""
        return Victims(self._process)

    def signal_group(self, name: str) -> None:
        """There are no groups here; `Victims` are ended as a tree."""


class Victims:
    """A process tree that is to be ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def grow(self) -> None:
        """taskkill looks for the tree by itself."""

    def send(self, name: str, *, outside_group: int | None = None) -> None:  # noqa: ARG002 - there is one way
        """End the tree."""
        end_tree(self._process)

    def wait(self, seconds: float) -> bool:
        """Wait until the process at the root is dead, at most `seconds`."""
        return wait(self._process, seconds)

    def close(self) -> None:
        """Let go."""


class HookProcess(Child):
    """A hook's command with a payload to read and two streams to fill."""

    def __init__(self, command: str, environment: dict[str, str], *, own_group: bool) -> None:
        self._pipes = Piped(_command_line(command, environment), environment, own_group=own_group)
        super().__init__(self._pipes.process)
        self.out, self.err = self._pipes.out, self._pipes.err
        self._pipes.read()

    def feed(self, payload: bytes) -> None:
        """What the hook will find on its stdin."""
        self._pipes.feed(payload)

    def finish(self, seconds: float | None, *, streams: bool, give_up: int | None = None) -> bool:  # noqa: ARG002
        """Wait until the hook has ended; with `streams`, until nobody holds its stdout and stderr open any more."""
        deadline = None if seconds is None else time.monotonic() + max(0.0, seconds)

        def left() -> float | None:
            if not streams:
                return 0.1
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        if not self.wait(seconds):
            return False
        self._pipes.join(left)
        return not streams or not self.held

    @property
    def held(self) -> bool:
        """Whether another process still has its stdout or stderr open."""
        return self._pipes.held

    def close(self) -> None:
        """Let go of the streams; a reader that is still at work keeps its own."""


class ShellProcess(Child):
    """A Bash tool command, its output in a file. There is no gate here: it begins at once."""

    def __init__(self, command: str, environment: dict[str, str], exports: str, output: str) -> None:
        variables = dict(environment)
        if git_bash() is None:
            variables.update(_exported(exports))
            line = _command_line(command, variables)
        else:
            line = _command_line(f"{exports}\neval {_quote(command)}" if exports else command, variables)
        with open(output, "ab") as file:
            process = subprocess.Popen(
                line,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                creationflags=NEW_GROUP,
            )
        super().__init__(process)

    def let_go(self) -> None:
        """Nothing was held back."""


def _command_line(command: str, environment: dict[str, str]) -> list[str] | str:
    bash = git_bash()
    if bash is not None:
        return [bash, "-c", command]
    return cmd_line(_expanded(command, environment))


def _expanded(command: str, environment: dict[str, str]) -> str:
    """The command with each `${NAME}` replaced, as bash does; cmd.exe knows none."""
    first, *rest = command.split("${")
    parts = [first]
    for part in rest:
        name, closed, after = part.partition("}")
        parts.append(environment.get(name, "") + after if closed and name.isidentifier() else "${" + part)
    return "".join(parts)


def _exported(exports: str) -> dict[str, str]:
    """The variables of plain `export NAME=value` lines, for the shell that cannot read them itself."""
    found = {}
    for line in exports.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and line.strip().startswith("export "):
            found[name.strip()] = value.strip().replace("'\"'\"'", "'").strip("'\"")
    return found


def _quote(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"


def readable(descriptor: int, wake: int) -> bool:  # noqa: ARG001 - the names of the sibling
    """Always: the read itself blocks, in a thread that dies with the program."""
    return True


def temporary_directory() -> str:
    """Where the host keeps its task outputs."""
    root = os.environ.get("CLAUDE_CODE_TMPDIR") or os.environ.get("TEMP") or os.environ.get("TMP") or "."
    return os.path.join(root, "claude")
