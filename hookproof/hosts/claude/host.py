"""Claude Code as a host: what it is called, reads, needs and speaks, and how a session of it is begun."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hookproof.catalogue.host import MANIFEST, HooksFiles
from hookproof.hosts.host import Host, Platform, SessionEnd

if TYPE_CHECKING:
    from hookproof.catalogue.model_step import AnyStep
    from hookproof.hosts.session import Session, Setting
    from hookproof.model.turns import Turns, Wire

_SCRIPT = "cli.js"
_QUIET = {
    # measured to keep it off the network and away from its own update
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    # needed as root together with --dangerously-skip-permissions
    "IS_SANDBOX": "1",
}
_BUDGET_SINCE = (2, 1, 74)
"""First release with a variable for the budget of SessionEnd hooks: by the changelog; 2.1.72 has none (measured)."""
_UNDECLARED_SPARED = ((2, 1, 92), (2, 1, 268))
"""From the one to before the other it gives a hook without a timeout no more: measured on 2.1.150, 2.1.220, 2.1.267.

2.1.91 and 2.1.329 give it more; what the releases between do was not measured.
"""


class ClaudeHost(Host):
    """Played in print mode, or at a terminal where the scenario asks for that."""

    def programs(self, folder: Path, package: str, platform: Platform) -> Iterator[tuple[str, str | None]]:  # noqa: ARG002
        base = PurePosixPath(package)
        if base.name == self.package.rpartition("/")[2]:
            # before its native programs it is one JavaScript file for Node
            yield str(base / _SCRIPT), "node"
        else:
            yield str(base / f"{self.name}{platform.suffix}"), None

    def variables(self, *, home: Path, tmp: Path, model: str, key: str) -> Mapping[str, str]:  # noqa: ARG002
        return {
            # 2.1.91 puts its task files under /tmp whatever TMPDIR says, unless this is set (measured)
            "CLAUDE_CODE_TMPDIR": str(tmp),
            "ANTHROPIC_BASE_URL": model,
            self.key: key,
            **_QUIET,
        }

    def session_end(self, rows: Mapping[str, Any], version: str | None) -> SessionEnd:
        ms: int = rows["session_end_budget_ms"]
        variable: str | None = rows["session_end_budget_variable"] or None
        if version is None:
            return SessionEnd(ms, ms, variable, rows["session_end_budget_raises"] == "every hook")
        numbers = tuple(map(int, re.findall(r"\d+", version)))
        first, later = _UNDECLARED_SPARED
        return SessionEnd(ms, ms, variable if numbers >= _BUDGET_SINCE else None, not first <= numbers < later)

    @property
    def wire(self) -> Callable[[Turns], Wire]:
        from hookproof.model.messages import Messages  # noqa: PLC0415 - only for a run

        return Messages

    def steps(self, script: Sequence[AnyStep]) -> Sequence[AnyStep]:
        from hookproof.hosts.claude.steps import said  # noqa: PLC0415 - only for a run

        return said(script)

    async def begin(self, setting: Setting) -> Session:
        from hookproof.hosts.claude import interactive, print_mode  # noqa: PLC0415 - only for a run

        if setting.claude.interactive:
            return await interactive.begin(setting)
        return await print_mode.begin(setting)


CLAUDE = ClaudeHost(
    name="claude",
    title="Claude Code",
    option="Claude Code",
    plays=frozenset({"companion", "context", "hooks"}),
    package="@anthropic-ai/claude-code",
    says="claude code",
    contacts=(
        "api.anthropic.com, claude.ai, platform.claude.com; statsig and other measurements; "
        "downloads.claude.ai, storage.googleapis.com and npm's registry for updates; github.com for plugins"
    ),
    # its default file is read besides those that are named (measured)
    hooks=HooksFiles(
        MANIFEST,
        manifest_needed=False,  # measured on 2.1.91 and 2.1.329
        default_beside_named=True,
        only_dotted=False,
        cmd_on_windows=False,
        goes_on_beside=True,
    ),
    key="ANTHROPIC_API_KEY",
    has_clients=False,
    has_terminal=True,
    builtin_agent="Explore",
    qualifies_agents=True,
    child_starts="subagent starts",
    names_agents_in_hooks=True,
)
