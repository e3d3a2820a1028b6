"""Background shells of a real host, which does not tell when it ends one: found among the processes, followed to death.

It watches the observer's records. When a Bash call comes back with a task id its shell is running: the process whose
command line names the same job, nearest to the host. Its end becomes the `shell.ended` record that a stand-in writes,
with `inferred` saying that who ended it is a conclusion: from a signal, and from what the host had just ended.
"""

from __future__ import annotations

import glob
import re
from pathlib import Path

from hookproof import files
from hookproof.model.script import job_named
from hookproof.play.run import Run
from hookproof.play.trees import topmost_naming
from hookproof.records import Record
from hookproof.records.run import ProcessDied
from hookproof.records.sent import ShellEnded, ShellStarted, ShellTask, SubagentEnded

_FOOTER = re.compile(rb"\n\[(?:killed|exited with code -?\d+)\]\n\Z")
"""What 2.1.329 itself writes below the output of a shell that is over, soon after its end: that is not the shell's."""
_KILLED = re.compile(rb"^\S*bash: line \d+: +\d+ Killed .*\n?", re.MULTILINE)
"""What bash says of a command that was killed a moment before itself; 2.1.91 kills both, in either order (measured)."""


class ShellTracker:
    """Follows the background shells of one run, from when it is made to the run's sweep."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._journal = run.journal
        self._started: dict[str, ShellStarted] = {}
        self._followed: dict[int, tuple[ShellStarted, ShellTask]] = {}
        run.journal.observe(self._seen)

    def _seen(self, record: Record) -> None:
        if isinstance(record, ShellStarted) and record.pid is None and record.run is not None:
            self._started[record.run] = record
        elif isinstance(record, ShellTask) and record.run in self._started:
            self._journal.after(self._follow(self._started[record.run], record))
        elif isinstance(record, ProcessDied) and record.pid in self._followed:
            self._journal.after(self._ended(*self._followed.pop(record.pid), record))

    async def _follow(self, started: ShellStarted, task: ShellTask) -> None:
        job = job_named(str(started.command))
        shell = topmost_naming(job, self._run.processes.census()) if job is not None else None
        if shell is None or not self._run.deaths.watch(shell.identity):
            self._end(started, task, code=None, signal=None)
            return
        self._followed[shell.identity.pid] = (started, task)

    async def _ended(self, started: ShellStarted, task: ShellTask, death: ProcessDied) -> None:
        self._end(started, task, code=death.code, signal=death.signal)

    def _end(self, started: ShellStarted, task: ShellTask, *, code: int | None, signal: int | None) -> None:
        output = written(self._run.sandbox.tmp, task.task)
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
        ended = [each for each in self._journal.of(SubagentEnded) if each.seq > since and each.agent_id == agent]
        return "host at subagent end" if agent is not None and ended else "host at session end"


def written(tmp: Path, task: str) -> tuple[str | None, int]:
    """The output file of a task below `tmp`, or None, and how many bytes the command in the shell has written."""
    for path in glob.glob(f"{glob.escape(str(tmp))}/**/tasks/{glob.escape(task)}.output", recursive=True):  # noqa: PTH207
        try:
            content = files.read_bytes(Path(path), limit=files.RECORDED, inside=tmp)
        except files.FileError:
            continue
        return path, len(_KILLED.sub(b"", _FOOTER.sub(b"", content)))
    return None, 0
