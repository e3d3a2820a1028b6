"""Driving a context plugin: hosts are made ready with roles and the plugin; what the plugin has recorded is read."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.descriptor import Context
from hookproof.catalogue.scenario import Transcript
from hookproof.play.driver import Driver
from hookproof.play.run import Run
from hookproof.records.jobs import AgentRecords, AgentSnapshot
from hookproof.records.parts import File
from hookproof.sandbox import inside, uv

_LONGEST_RECORD = 200_000


class ContextDriver(Driver):
    """The driver of a context plugin: one that gives agents context when they start."""

    def __init__(self, run: Run, descriptor: Context) -> None:
        self.run = run
        self._descriptor = descriptor

    def variables(self) -> Mapping[str, str]:
        host, describe = self.run.host, self._descriptor.called
        found = {**describe(qualified=host.qualifies_agents), "builtin": host.builtin_agent}
        # {claude} is for the session of a scenario that has a host of its own
        qualified = describe(qualified=True)
        return {**found, "claude": qualified["known"]} if qualified else found

    async def wait_before_answer(self, agent: str, after: str) -> None:
        """No step of such a scenario waits for anything."""

    async def prepare(self) -> None:
        run = self.run
        if self._descriptor.uv_dependencies:
            run.env.update(uv.environment(self._descriptor.uv_dependencies, run.sandbox.root / "uv"))
        scenario = run.case.scenario
        if scenario.transcripts:
            run.env["HOOKPROOF_TRANSCRIPTS"] = str(self._forge())
        await run.prepare_hosts(
            {self._named(step.agent_type) for _, step in scenario.spawns() if step.agent_type is not None}
        )

    def _forge(self) -> Path:
        """The file in which the stand-in reads how transcripts differ from what it would write."""
        forged = {name: self._forged(each) for name, each in self.run.case.scenario.transcripts.items()}
        path = self.run.sandbox.root / "transcripts.json"
        inside.write(self.run.sandbox.root, path, json.dumps(forged))
        return path

    def _forged(self, transcript: Transcript) -> dict[str, Any]:
        values = {path: self._named(value) for path, value in transcript.set.items()}
        forged = {"set": values, "drop": transcript.drop, "repeat": transcript.repeat}
        if transcript.instead is not None:
            forged["instead_hex"] = transcript.instead.encode("latin-1", "replace").hex()
        return forged

    def _named(self, value: Any) -> Any:
        """A value with the plugin's agents in the place of their placeholders, at any depth."""
        if isinstance(value, str):
            for name, word in self.variables().items():
                value = value.replace("{" + name + "}", word)
        elif isinstance(value, dict):
            return {key: self._named(each) for key, each in value.items()}
        return value

    async def close(self) -> None:
        """Nothing was started."""

    async def evidence(self) -> None:
        """What the plugin has recorded of agents, as it stands in its files."""
        self.run.journal.write(AgentRecords(files=await self._off_loop()))

    def _records(self) -> list[File]:
        folders = {"home": self.run.sandbox.home, "project": self.run.sandbox.project}
        found: dict[Path, None] = {}
        for pattern in self._descriptor.records:
            for name, path in folders.items():
                pattern = pattern.replace("{" + name + "}", glob.escape(str(path)))  # noqa: PLW2901
            matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
            found.update(dict.fromkeys(Path(match) for match in matches))
        records = []
        for path in found:
            try:
                text = files.read_text(path, limit=files.STATE, inside=self.run.sandbox.root, lossy=True)
            except files.FileError as error:
                text = f"({error.reason})"
            records.append(File(path=str(path.relative_to(self.run.sandbox.root)), text=text[:_LONGEST_RECORD]))
        return records

    async def _off_loop(self) -> list[File]:
        return await files.off_loop(
            self._records, waiting_for="what the plugin has recorded of agents", seconds=self.run.options.seconds
        )

    async def snapshot(self, step: int) -> None:
        self.run.journal.write(AgentSnapshot(step=step, files=await self._off_loop()))
