"""The project file as the command line takes it: what an option does not say, the file says.

Asked by `run` and by pytest, with the options as they were given.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hookproof.catalogue.plugin import is_reference
from hookproof.catalogue.project import Project, find_project
from hookproof.hosts.registry import HOSTS

STAND_IN = "fake"
"""What `--claude` and `--codex` say for the stand-in."""


def configure(parsed: argparse.Namespace | Any, place: Path | None = None) -> Project | None:
    """Fill in what the options leave open from the nearest project file in `place` or above it, which is returned.

    The baseline of a plugin that the file names is that file, wherever the plugin is. Raises CatalogueError.
    """
    project = find_project(place or Path.cwd())
    if project is None:
        return None
    if parsed.plugin is None and project.plugin is not None:
        reference = is_reference(project.plugin)
        parsed.plugin = project.plugin if reference else str(project.place(project.plugin))
        if not reference and project.is_baseline and getattr(parsed, "baseline", None) is None:
            parsed.baseline = project.path
    if parsed.descriptor is None and project.descriptor is not None:
        parsed.descriptor = project.place(project.descriptor)
    if not parsed.lifecycle and all(getattr(parsed, host) == STAND_IN for host in HOSTS):
        parsed.lifecycle = project.lifecycles or None
        for host, spec in project.real.items():
            setattr(parsed, host, spec)
    return project
