"""The private home of a Codex that is a host: configuration, roles, the plugin installed and its hooks trusted.

Life: made once a run, before the first session. The files are written here; installing and trusting is asked of Codex
itself, through its app-server, in the way that 0.130, 0.133 and 0.169 have in common (measured): a marketplace of our
own, `plugin/install`, `hooks/list`, and the hashes written back with `config/batchWrite`. An untrusted hook would be
skipped without a word.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

from hookproof import files, processes
from hookproof.catalogue.host import CODEX_MANIFEST, HostName
from hookproof.errors import DeadlineMissedError
from hookproof.hosts.codex.rpc import Client
from hookproof.hosts.session import HostError, Setting
from hookproof.records.hosts import HostPrepared
from hookproof.records.parts import Hook
from hookproof.sandbox import inside

MARKETPLACE = "hookproof"

_BUILT_IN = frozenset({"default", "explorer", "worker"})
_SECONDS = 60.0


def write_config(home: Path, base_url: str, project: Path, features: list[str]) -> None:
    """Make a CODEX_HOME that keeps Codex to the scripted model, with these lines under [features]."""
    lines = [
        'model = "gpt-5.2"',
        'model_provider = "scripted"',
        'approval_policy = "never"',
        'sandbox_mode = "danger-full-access"',
        "check_for_update_on_startup = false",
        "[model_providers.scripted]",
        'name = "scripted"',
        f"base_url = {json.dumps(base_url)}",
        'env_key = "OPENAI_API_KEY"',
        'wire_api = "responses"',
        "request_max_retries = 0",
        "stream_max_retries = 0",
        "supports_websockets = false",
        "[analytics]",
        "enabled = false",
        "[features]",
        *features,
        "[agents]",
        # a nested child is offered no tools for agents at the default depth of one
        "max_depth = 4",
        f"[projects.{json.dumps(str(project))}]",
        'trust_level = "trusted"',
    ]
    home.mkdir(parents=True)
    inside.write(home, home / "config.toml", "\n".join(lines) + "\n")


@dataclass(frozen=True, slots=True)
class Home:
    """Makes the home of the sessions of a setting."""

    setting: Setting
    host: HostName

    async def prepare(self, *, roles: set[str]) -> None:
        """Write the files, install the plugin, trust its hooks. Raises HostError, DeadlineMissedError."""
        env = self.setting.env
        home = Path(env["CODEX_HOME"])
        # 0.130 does not run a plugin's hooks without being told to
        features = ["plugin_hooks = true", *(["multi_agent_v2 = true"] if self.setting.codex.agents == "v2" else [])]
        write_config(home, env["OPENAI_BASE_URL"], self.setting.sandbox.project, features)
        (home / "agents").mkdir()
        for role in sorted(roles - _BUILT_IN):
            text = f'name = "{role}"\ndescription = "{role}"\ndeveloper_instructions = "You are {role}."\n'
            inside.write(home, home / "agents" / f"{role}.toml", text)
        name = self._plugin_name()
        try:
            async with asyncio.timeout(_SECONDS):
                await self._install(name, self._marketplace(name))
        except TimeoutError:
            raise DeadlineMissedError("codex app-server to install and trust the plugin", _SECONDS) from None

    def _plugin_name(self) -> str:
        manifest = self.setting.sandbox.plugin / CODEX_MANIFEST
        try:
            name = files.read_json(manifest, inside=self.setting.sandbox.root)["name"]
        except (files.FileError, KeyError, TypeError):
            raise HostError(
                f'{CODEX_MANIFEST.as_posix()}: Codex needs it, with a "name", to install the plugin'
            ) from None
        return str(name)

    def _marketplace(self, name: str) -> Path:
        # the path in it is relative to the directory that holds .agents
        place = self.setting.sandbox.place
        source = {"source": "local", "path": f"./{self.setting.sandbox.plugin.relative_to(place).as_posix()}"}
        policy = {"installation": "AVAILABLE", "authentication": "ON_USE"}
        entry = {"name": name, "source": source, "policy": policy, "category": "Coding"}
        file = place / ".agents" / "plugins" / "marketplace.json"
        content = {"name": MARKETPLACE, "plugins": [entry]}
        inside.write(place, file, json.dumps(content))
        return file

    async def _install(self, name: str, marketplace: Path) -> None:
        child = await processes.spawn(
            [*self.setting.program.argv, "app-server"],
            env=dict(self.setting.env),
            cwd=Path(self.setting.sandbox.project),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            case=self.setting.processes,
        )
        client = Client(child)
        listening = asyncio.create_task(client.listen())
        try:
            await client.initialize()
            await client.ask("plugin/install", {"marketplacePath": str(marketplace), "pluginName": name})
            listed = await client.ask("hooks/list", {"cwds": [str(self.setting.sandbox.project)]})
            try:
                hooks = [hook for place in listed["data"] for hook in place["hooks"]]
                trust = {hook["key"]: {"trusted_hash": hook["currentHash"]} for hook in hooks}
            except (KeyError, TypeError) as error:
                raise HostError(f"codex app-server: hooks/list: its answer has no {error}") from None
            edit = {"keyPath": "hooks.state", "value": trust, "mergeStrategy": "upsert"}
            await client.ask("config/batchWrite", {"edits": [edit], "reloadUserConfig": True})
            trusted = _trusted(await client.ask("hooks/list", {"cwds": [str(self.setting.sandbox.project)]}))
            client.close()
            await asyncio.gather(child.wait(), listening)
        finally:
            listening.cancel()
            child.close()
        shown = [
            Hook(
                key=str(hook["key"]),
                event=str(hook["eventName"]),
                command=str(hook.get("command") or hook.get("handlerType")),
                order=order if isinstance(order := hook.get("displayOrder"), int) else None,
                trusted=trusted.get(str(hook["key"])),
            )
            for hook in hooks
        ]
        self.setting.journal.write(HostPrepared(plugin=name, hooks=shown, host=self.host))


def _trusted(listed: Any) -> dict[str, bool]:
    """By its key, whether Codex says of a hook that it is trusted: what it does not say nobody knows."""
    try:
        hooks = [hook for place in listed["data"] for hook in place["hooks"]]
        return {str(hook["key"]): hook["trustStatus"] == "trusted" for hook in hooks if "trustStatus" in hook}
    except (KeyError, TypeError):
        return {}
