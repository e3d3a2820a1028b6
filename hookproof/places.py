"""Where the programs and data of the repository are: beside the package in a checkout, inside it in a wheel.

The one module that knows both places.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent

IN_CHECKOUT = not _INSTALLED.is_dir()
"""Whether the data is the repository's own, which a verb may write."""
FAKES = _ROOT / "fakes"
REFERENCE = _ROOT / "reference"
SCENARIOS = _ROOT / "scenarios"
DESCRIPTORS = _PACKAGE / "catalogue" / "plugins"


def cache_dir() -> Path:
    """The user's cache directory for hookproof: kept runs, and later installed hosts.

    `HOOKPROOF_CACHE` overrides it; else the platform's convention (XDG on Unix, LOCALAPPDATA on Windows).
    """
    override = os.environ.get("HOOKPROOF_CACHE")
    if override:
        return Path(override)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "hookproof"
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "hookproof"


def runs_dir() -> Path:
    """Where runs are kept unless `--runs` says otherwise."""
    return cache_dir() / "runs"
