"""The project that a session works in, and what its `.workflow/config.json` says.

There need not be such a file: `{"enabled": false}` switches the plugin off, `"tracker"` names where the issues are.
"""

from __future__ import annotations

import os
import sys

from .wire import decode

TRACKER = "this repository's issue tracker"


class Config:
    def __init__(self, root: str, tracker: str = TRACKER) -> None:
        self.root = root
        self.tracker = tracker


def config_for(cwd: str) -> Config | None:
    """The configuration of the project around a directory; None if it wants no plugin, or cannot be understood."""
    root = _root(cwd or os.getcwd())
    path = os.path.join(root, ".workflow", "config.json")
    try:
        with open(path, "rb") as file:
            settings = decode(file.read())
    except (OSError, ValueError):
        return Config(root)
    tracker = None if settings is None else settings.get("tracker", TRACKER)
    if settings is None or not isinstance(tracker, str) or len(tracker) > 100:
        print(f"workflow: {path} is no object with a short text as its tracker, so the plugin is off", file=sys.stderr)
        return None
    return Config(root, tracker) if settings.get("enabled", True) is True else None


def _root(cwd: str) -> str:
    """The nearest directory that is a repository or has a configuration, else the directory itself."""
    folder = os.path.abspath(cwd)
    while not any(os.path.exists(os.path.join(folder, mark)) for mark in (".git", ".workflow")):
        if folder == os.path.dirname(folder):
            return os.path.abspath(cwd)
        folder = os.path.dirname(folder)
    return folder
