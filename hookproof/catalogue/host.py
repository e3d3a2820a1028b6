"""What every floor may know of a host: its name, the program that plays it, and which hooks files it reads.

Data alone, so that the catalogue, the sandbox and the records can import it. What a host does is in `hosts.host`, and
`hosts.registry` has all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MANIFEST = Path(".claude-plugin") / "plugin.json"
CODEX_MANIFEST = Path(".codex-plugin") / "plugin.json"
"""Where in a plugin its manifest for either host is."""
MANIFESTS = (MANIFEST, CODEX_MANIFEST)
HostName = Literal["claude", "codex"]
"""Its folder here and in `fakes/`, its option on the command line, its name in journals and reports."""


@dataclass(frozen=True, slots=True)
class Program:
    """Which program plays a host."""

    argv: tuple[str, ...]
    version: str

    @property
    def real(self) -> bool:
        """Whether it is the host itself and no stand-in: it does not tell the journal what it does."""
        return self.version != "fake"


@dataclass(frozen=True, slots=True)
class HooksFiles:
    """Which files a host reads a plugin's hooks from, and how it runs what they say. Read by the tap."""

    manifest: Path
    """Where in a plugin its manifest is; that may hold hooks, or name files with hooks."""
    manifest_needed: bool
    """Whether it takes no plugin that has no manifest."""
    default_beside_named: bool
    """Whether hooks/hooks.json is read beside the files that the manifest names, or only where it names none."""
    only_dotted: bool
    """Whether a file that does not begin with `./` is passed over."""
    cmd_on_windows: bool
    """Whether Windows' cmd.exe runs the commands there, and no POSIX shell."""
    goes_on_beside: bool
    """Whether it goes on beside a hook that says `async: true`. Codex runs none such, or waits as for any other."""
