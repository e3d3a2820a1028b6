"""Driving any plugin with hooks: hosts are made ready, and everything else is between host and plugin.

Nothing is known of the plugin but that it has hooks, so nothing of it is asked, and nothing of it is read.
"""

from __future__ import annotations

from collections.abc import Mapping

from hookproof.catalogue.descriptor import Context
from hookproof.play.driver import Driver
from hookproof.play.run import Run
from hookproof.sandbox import uv


class HooksDriver(Driver):
    """The driver of a scenario of kind `hooks`, with a plugin of any kind."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def variables(self) -> Mapping[str, str]:
        return {"builtin": self.run.host.builtin_agent}

    async def wait_before_answer(self, agent: str, after: str) -> None:
        """No step of such a scenario waits for anything."""

    async def prepare(self) -> None:
        run, descriptor = self.run, self.run.case.plugin.descriptor
        if isinstance(descriptor, Context) and descriptor.uv_dependencies:
            run.env.update(uv.environment(descriptor.uv_dependencies, run.sandbox.root / "uv"))
        spawned = {step.agent_type for _, step in run.case.scenario.spawns() if step.agent_type is not None}
        named = self.variables()
        await run.prepare_hosts({named.get(role.strip("{}"), role) for role in spawned})

    async def snapshot(self, step: int) -> None:
        """There is nothing to look at: what hooks do is in the journal already."""

    async def evidence(self) -> None:
        """Nothing beside the census."""

    async def close(self) -> None:
        """Nothing was started."""
