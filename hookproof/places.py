"""Where the programs and data of the repository are: beside the package in a checkout, inside it in a wheel.

The one module that knows both places.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_INSTALLED = PACKAGE / "_data"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent

IN_CHECKOUT = not _INSTALLED.is_dir()
"""Whether the data is the repository's own, which a verb may write."""
FAKES = _ROOT / "fakes"
REFERENCE = _ROOT / "reference"
SCENARIOS = _ROOT / "scenarios"
DATA = (FAKES, REFERENCE, SCENARIOS)
DESCRIPTORS = PACKAGE / "catalogue" / "plugins"


def cache_dir() -> Path:
    """The user's cache directory for hookproof: kept runs, and later installed hosts.

    `HOOKPROOF_CACHE` overrides it; else it is where the platform has such things: `~/.cache/hookproof` or below
    XDG_CACHE_HOME, `~/Library/Caches/hookproof` on macOS, `%LOCALAPPDATA%\\hookproof` on Windows.
    """
    override = os.environ.get("HOOKPROOF_CACHE")
    if override:
        return Path(override)
    import platformdirs  # noqa: PLC0415 - only for who keeps something

    # by itself it puts an author before the name on Windows, and "Cache" behind it
    return platformdirs.user_cache_path("hookproof", appauthor=False, opinion=False)


def runs_dir() -> Path:
    """Where runs are kept unless `--runs` says otherwise."""
    return cache_dir() / "runs"
