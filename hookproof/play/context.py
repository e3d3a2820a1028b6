"""Playing a context plugin: Codex is given its home, roles and the plugin; what the plugin has recorded is read."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookproof import files, processes
from hookproof.catalogue.descriptor import Context
from hookproof.catalogue.scenario import Transcript
from hookproof.hosts.codex.home import NO_PROXY_ANSWERS, Home
from hookproof.journal import Journal
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.runner import Performance
from hookproof.records.jobs import AgentLook, AgentRecords
from hookproof.records.parts import File
from hookproof.sandbox import inside, uv
from hookproof.sandbox.world import World

_LONGEST_RECORD = 200_000
_READING_SECONDS = 30.0


class ContextPlay(Performance):
    """The run of a plugin that tells agents things when they start."""

    def __init__(
        self,
        case: Case,
        descriptor: Context,
        world: World,
        journal: Journal,
        options: PlayOptions,
        group: processes.CaseProcesses,
    ) -> None:
        self._descriptor = descriptor
        super().__init__(case, world, journal, options, group)

    def words(self) -> Mapping[str, str]:
        agents = self._descriptor.agents
        return {"known": agents.known, "other": agents.other, "claude": agents.claude}

    async def prepare(self) -> None:
        if self._descriptor.uv_dependencies:
            self.env |= uv.environment(self._descriptor.uv_dependencies, self.world.root / "uv")
        scenario = self.case.scenario
        if scenario.transcripts:
            self.env["HOOKPROOF_TRANSCRIPTS"] = str(self._forge())
        if scenario.host == "codex" or any(each.host == "codex" for each in scenario.sessions.values()):
            roles = {self._named(step.agent_type) for _, step in scenario.spawns() if step.agent_type is not None}
            self.env["HTTPS_PROXY"] = NO_PROXY_ANSWERS
            await Home(self.codex_setting(self.program("codex"), self.world.lifecycle)).prepare(roles=roles)

    def _forge(self) -> Path:
        """The file in which the stand-in reads how transcripts differ from what it would write."""
        forged = {name: self._forged(each) for name, each in self.case.scenario.transcripts.items()}
        path = self.world.root / "transcripts.json"
        inside.write(self.world.root, path, json.dumps(forged))
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
            for name, word in self.words().items():
                value = value.replace("{" + name + "}", word)
        elif isinstance(value, dict):
            return {key: self._named(each) for key, each in value.items()}
        return value

    async def evidence(self) -> None:
        """What the plugin has recorded of agents, as it stands in its files."""
        self.journal.write(AgentRecords(files=await self._off_loop()))

    def _records(self) -> list[File]:
        folders = {"home": self.world.home, "project": self.world.project}
        found: dict[Path, None] = {}
        for pattern in self._descriptor.records:
            for name, path in folders.items():
                pattern = pattern.replace("{" + name + "}", glob.escape(str(path)))  # noqa: PLW2901
            matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
            found.update(dict.fromkeys(Path(match) for match in matches))
        records = []
        for path in found:
            try:
                text = files.read_text(path, limit=files.STATE, inside=self.world.root, lossy=True)
            except files.FileError as error:
                text = f"({error.reason})"
            records.append(File(path=str(path.relative_to(self.world.root)), text=text[:_LONGEST_RECORD]))
        return records

    async def _off_loop(self) -> list[File]:
        return await files.off_loop(
            self._records, waiting_for="what the plugin has recorded of agents", seconds=_READING_SECONDS
        )

    async def look(self, step: int) -> None:
        self.journal.write(AgentLook(step=step, files=await self._off_loop()))

    async def fetch_result(self, job: str) -> None:
        raise ValueError(f"a context plugin has no job {job!r} to fetch a result of")
