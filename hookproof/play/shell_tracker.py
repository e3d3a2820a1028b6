"""Background shells of a real host, which does not tell when it ends one: found among the processes, followed to death.

It watches the observer's records. When a Bash call comes back with a task id its shell is running: the process whose
command line names the same job, nearest to the host. Its end becomes the `shell.ended` record that a stand-in writes,
with `inferred` saying that who ended it is a conclusion: from a signal, and from what the host had just ended.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable
from pathlib import Path

from hookproof import files, processes
from hookproof.journal import Journal
from hookproof.model.script import job_named
from hookproof.play.followers import Followers
from hookproof.play.trees import topmost_naming
from hookproof.records import Record
from hookproof.records.run import ProcessDied
from hookproof.records.told import ShellEnded, ShellStarted, ShellTask, SubagentEnded
from hookproof.sandbox.world import World

_FOOTER = re.compile(rb"\n\[(?:killed|exited with code -?\d+)\]\n\Z")
"""What 2.1.329 itself writes below the output of a shell that is over, soon after its end: that is not the shell's."""
_KILLED = re.compile(rb"^\S*bash: line \d+: +\d+ Killed .*\n?", re.MULTILINE)
"""What bash says of a command that was killed a moment before itself; 2.1.91 kills both, in either order (measured)."""


class Shells:
    """Belongs to one run and its event loop."""

    def __init__(
        self,
        journal: Journal,
        world: World,
        group: processes.CaseProcesses,
        watch: Callable[[processes.Identity], bool],
    ) -> None:
        self._journal = journal
        self._world = world
        self._group = group
        self._watch = watch
        self._started: dict[str, ShellStarted] = {}
        self._followed: dict[int, tuple[ShellStarted, ShellTask]] = {}
        self._followers = Followers(journal)
        journal.observe(self._seen)

    async def close(self) -> None:
        """Stop following."""
        await self._followers.close()

    def _seen(self, record: Record) -> None:
        if isinstance(record, ShellStarted) and record.pid is None and record.run is not None:
            self._started[record.run] = record
        elif isinstance(record, ShellTask) and record.run in self._started:
            self._followers.later(self._follow(self._started[record.run], record))
        elif isinstance(record, ProcessDied) and record.pid in self._followed:
            self._followers.later(self._ended(*self._followed.pop(record.pid), record))

    async def _follow(self, started: ShellStarted, task: ShellTask) -> None:
        job = job_named(str(started.command))
        shell = topmost_naming(job, self._group.census()) if job is not None else None
        if shell is None or not self._watch(shell.identity):
            self._end(started, task, code=None, signal=None)
            return
        self._followed[shell.identity.pid] = (started, task)

    async def _ended(self, started: ShellStarted, task: ShellTask, death: ProcessDied) -> None:
        self._end(started, task, code=death.code, signal=death.signal)

    def _end(self, started: ShellStarted, task: ShellTask, *, code: int | None, signal: int | None) -> None:
        output = written(self._world.tmp, task.task)
        self._journal.write(
            ShellEnded(
                run=started.run,
                exit=code,
                signal=signal,
                # a shell whose command was killed a moment before itself reports that, as 128 and the signal
                ended_by=self._by(started, killed=signal is not None or (code or 0) > 128),
                inferred=True,
                output_file=output[0],
                output_bytes=output[1],
            )
        )

    def _by(self, started: ShellStarted, *, killed: bool) -> str:
        if not killed:
            return "itself"
        agent, since = started.agent_id, started.seq
        over = [each for each in self._journal.of(SubagentEnded) if each.seq > since and each.agent_id == agent]
        return "host at subagent end" if agent is not None and over else "host at session end"


def written(tmp: Path, task: str) -> tuple[str | None, int]:
    """The output file of a task below `tmp`, or None, and how many bytes the command in the shell has written."""
    for path in glob.glob(f"{glob.escape(str(tmp))}/**/tasks/{glob.escape(task)}.output", recursive=True):  # noqa: PTH207
        try:
            content = files.read_bytes(Path(path), limit=files.RECORDED, inside=tmp)
        except files.FileError:
            continue
        return path, len(_KILLED.sub(b"", _FOOTER.sub(b"", content)))
    return None, 0
