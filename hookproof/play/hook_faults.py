"""What happens to hooks in the field: one is killed at its work, another is run again and again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from hookproof import processes
from hookproof.journal import Record
from hookproof.play import trees
from hookproof.play.ground import Ground
from hookproof.stage.world import shell_argv

_STARTS = 100
_SECONDS = 30.0


class HookFaults:
    """Belongs to one run and its event loop."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._journal = ground.journal
        self._kills_after: list[int] = []
        ground.journal.observe(self._seen)

    def kill_next(self, after_ms: int) -> None:
        """Have the next SessionEnd hook killed, so many milliseconds after its start has been told."""
        self._kills_after.append(after_ms)

    def _seen(self, record: Record) -> None:
        if self._kills_after and (record["kind"], record.get("event")) == ("hook.started", "SessionEnd"):
            after = self._kills_after.pop(0)
            if after == 0:
                # at once: a tapped hook waits for this very record before it begins
                self._kill(record, after)
            else:
                asyncio.get_running_loop().call_later(after / 1000, self._kill, record, after)

    def _kill(self, hook: Record, after: int) -> None:
        identity = processes.identify(int(hook["pid"]))
        over = any(r["kind"] == "hook.ended" and r["run"] == hook["run"] for r in self._journal.records)
        tree = [] if over or identity is None else trees.below(identity.pid, self._ground.group.census())
        killed = [info.identity for info in tree] or ([identity] if identity is not None and not over else [])
        for each in killed:
            processes.kill(each)
        pids = [each.pid for each in killed]
        self._journal.write("fault", what="hook killed", run=hook["run"], after_ms=after, pids=pids, over=over)

    async def repeat_session_start(self) -> None:
        """Run main's SessionStart hooks again, as the host ran them, until that is a hundred starts of the session."""
        runs = [r for r in self._journal.records if r["kind"] == "hook.started" and r["event"] == "SessionStart"]
        for hook in runs:
            file = Path(hook["env"].get("CLAUDE_ENV_FILE", ""))
            before = _lines(file)
            for _ in range(_STARTS - 1):
                await self._run_again(hook)
            self._journal.write(
                "fault",
                what="session started again",
                starts=_STARTS,
                file=file.name,
                first=before,
                lines=_lines(file),
            )

    async def _run_again(self, hook: Record) -> None:
        env = {**self._ground.env, **hook["env"]}
        command = str(hook["command"])
        for name in ("CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA"):
            command = command.replace("${" + name + "}", env.get(name, ""))
        await processes.run(
            shell_argv(command, [], self._ground.world.root),
            env=env,
            cwd=hook["cwd"],
            input=json.dumps({**hook["payload"], "source": "compact"}).encode() + b"\n",
            seconds=_SECONDS,
            waiting_for="a SessionStart hook that is run again",
            case=self._ground.group,
        )


def _lines(file: Path) -> int:
    try:
        return len(file.read_text(encoding="utf-8").splitlines())
    except OSError:
        return 0
