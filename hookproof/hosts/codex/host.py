"""Codex as a host: what it is called, reads, needs and speaks, and how a session of it is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hookproof.catalogue.host import CODEX_MANIFEST, HooksFiles
from hookproof.hosts.host import Host, Platform, SessionEnd

if TYPE_CHECKING:
    from hookproof.hosts.session import Session, Setting
    from hookproof.model.turns import Turns, Wire

_NO_PROXY_ANSWERS = "http://127.0.0.1:9"
"""As HTTPS_PROXY: with plugins on, 0.130 and 0.133 look up a host name for five seconds before they exit (measured)."""


class CodexHost(Host):
    """Played by `codex exec`, or by a client of `codex app-server` where the scenario asks for that."""

    def programs(self, folder: Path, package: str, platform: Platform) -> Iterator[tuple[str, str | None]]:
        base = PurePosixPath(package)
        for vendor in sorted((folder / package / "vendor").glob("*")):
            if platform.fits(vendor.name):
                # up to 0.130 the one, from 0.133 the other (measured)
                for place in ("bin", self.name):
                    yield str(base / "vendor" / vendor.name / place / f"{self.name}{platform.suffix}"), None

    def variables(self, *, home: Path, tmp: Path, model: str, key: str) -> Mapping[str, str]:  # noqa: ARG002
        return {"CODEX_HOME": str(home / ".codex"), "OPENAI_BASE_URL": f"{model}/v1", self.key: key}

    def session_end(self, rows: Mapping[str, Any], version: str | None) -> SessionEnd:  # noqa: ARG002 - nothing raises it
        limits = rows["session_end_timeout_seconds"]
        return SessionEnd(ms=1000 * limits["most"], undeclared_ms=1000 * limits["default"])

    @property
    def hosting(self) -> Mapping[str, str]:
        return {"HTTPS_PROXY": _NO_PROXY_ANSWERS}

    @property
    def wire(self) -> Callable[[Turns], Wire]:
        from hookproof.model.responses import Responses  # noqa: PLC0415 - only for a run

        return Responses

    async def prepare(self, setting: Setting, *, roles: set[str]) -> None:
        from hookproof.hosts.codex.home import Home  # noqa: PLC0415 - only for a run

        await Home(setting, self.name).prepare(roles=roles)

    def prepare_worker(self, setting: Setting) -> None:
        from hookproof.hosts.codex.home import write_config  # noqa: PLC0415 - only for a run

        # without plugins it asks nobody for any
        home, base_url = Path(setting.env["CODEX_HOME"]), setting.env["OPENAI_BASE_URL"]
        write_config(home, base_url, setting.sandbox.project, ["plugins = false"])

    async def begin(self, setting: Setting) -> Session:
        from hookproof.hosts.codex.client import ClientSession  # noqa: PLC0415 - only for a run
        from hookproof.hosts.codex.exec import ExecSession  # noqa: PLC0415

        return ClientSession(setting) if setting.codex.app_server else ExecSession(setting)


CODEX = CodexHost(
    name="codex",
    title="Codex",
    option="Codex, as a host and as the worker of jobs",
    plays=frozenset({"context", "hooks"}),
    package="@openai/codex",
    says="codex",
    contacts=(
        "chatgpt.com, api.openai.com, auth.openai.com; github.com (openai/plugins), api.github.com, "
        "raw.githubusercontent.com; npm's registry for updates"
    ),
    # its default file is read only where none is named (measured)
    hooks=HooksFiles(
        CODEX_MANIFEST,
        manifest_needed=True,
        default_beside_named=False,
        only_dotted=True,
        cmd_on_windows=True,
        goes_on_beside=False,
    ),
    key="OPENAI_API_KEY",
    has_clients=True,
    has_terminal=False,
    builtin_agent="explorer",
    qualifies_agents=False,
    child_starts="child starts",
    names_agents_in_hooks=False,
)
