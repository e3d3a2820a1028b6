"""The shell of no session: what stands before a command of the script (`{bare}`) for it to see nothing of the hooks'.

Which variables the plugin's hooks set is seen by comparing: a shell that sources what they left, and one that does not.
So a plugin is not accused for a variable of its own that its descriptor does not name.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence

from hookproof import processes
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.scenario import MAIN
from hookproof.errors import DeadlineMissedError
from hookproof.play.run import Run
from hookproof.records.run import Error, ShellBared
from hookproof.records.sent import ShellEnvironment
from hookproof.sandbox.sandbox import shell_argv

_OF_THE_SHELL = frozenset({"_", "SHLVL", "PWD", "OLDPWD"})


class BareShell:
    """Finds for one run what a command must be kept from."""

    def __init__(self, run: Run, descriptor: Companion) -> None:
        self._run = run
        self._exports = descriptor.exports

    async def prefix(self, agent: str) -> str:
        """What stands before a command in the shell of that agent, from what its hooks have left by now."""
        if self._run.case.lifecycle.rows.get("env_file_exports") == "reach no shell":
            return ""
        before, after = await self._environments(agent)
        names = None if after is None else {name for name in after if after[name] != before.get(name)} - _OF_THE_SHELL
        dropped = sorted({*self._exports, *(names or ())})
        self._tell(agent, dropped, None if names is None else sorted(names - {*self._exports}))
        unset = [f"-u {shlex.quote(name)}" for name in dropped]
        # what was there before the hooks is as it was: a search path that they have made longer
        kept = (name for name in dropped if name in before and name not in self._exports)
        return " ".join(["env", *unset, *(f"{shlex.quote(name)}={shlex.quote(before[name])}" for name in kept)])

    def _tell(self, agent: str, dropped: list[str], unknown: list[str] | None) -> None:
        told = ShellBared(agent=agent, dropped=dropped, unknown=unknown)
        known = [(each.agent, each.dropped, each.unknown) for each in self._run.journal.of(ShellBared)]
        if (agent, dropped, unknown) not in known:
            self._run.journal.write(told)

    async def _environments(self, agent: str) -> tuple[Mapping[str, str], Mapping[str, str] | None]:
        """What the agent's shells see without what the hooks have left, and with it; None where nobody can tell."""
        shells = self._run.journal.of(ShellEnvironment)
        own = [each for each in shells if (each.agent_id is None) == (agent == MAIN)] or shells
        if not own:
            return {}, None
        before, after = await asyncio.gather(self._seen(own[-1], []), self._seen(own[-1], own[-1].env_files))
        return (before, after) if before is not None else ({}, None)

    async def _seen(self, shell: ShellEnvironment, env_files: Sequence[str]) -> Mapping[str, str] | None:
        sandbox = self._run.sandbox
        try:
            finished = await processes.run(
                shell_argv("env -0", list(env_files), sandbox.root),
                env=shell.env,
                cwd=sandbox.project,
                seconds=self._run.options.seconds,
                waiting_for="the variables that the plugin's hooks have left for shells",
                case=self._run.processes,
            )
        except DeadlineMissedError as error:
            # which variables were to be dropped nobody knows: what the command then sees proves nothing
            self._run.journal.write(Error(where="bare shell", what=str(error)))
            return None
        if finished.exit.code != 0:
            return None
        pairs = (each.partition("=") for each in finished.stdout.decode("utf-8", "surrogateescape").split("\0"))
        return {name: value for name, equals, value in pairs if equals}
