"""pytest: which files are collected as scenarios, and how they are called.

Asked for every TOML file, so it is light.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from hookproof import files, places
from hookproof.catalogue.own_scenarios import is_scenario, is_shipped, project_file, scenario_folders


def is_collected(path: Path) -> bool:
    """Whether a TOML file is a scenario that is played: of hookproof's own, or any that a user has written."""
    if not is_shipped(path):
        return is_scenario(path)
    # at the top are tables and the preflight; calibration needs a real host: its scenarios are no tests of a plugin
    inside = path.resolve().relative_to(places.SCENARIOS.resolve()).parts
    return len(inside) > 1 and inside[0] != "calibration"


def node_id(config: pytest.Config, path: Path) -> str | None:
    """A short id of an installed scenario, the same wherever it is installed; None: pytest's own, from the root."""
    if not is_shipped(path) or (places.IN_CHECKOUT and path.is_relative_to(config.rootpath)):
        return None
    return f"hookproof/{path.resolve().relative_to(places.SCENARIOS.resolve()).as_posix()}"


def is_node_of_ours(config: pytest.Config, node: str) -> bool:
    """Whether an id of an item is of a scenario: told where nothing but the id is known."""
    name = node.partition("::")[0]
    return name.endswith(".toml") and (name.startswith("hookproof/") or is_collected(config.rootpath / Path(name)))


def names_scenarios(config: pytest.Config) -> bool:
    """Whether a place that this run collects is a scenario, or one that scenarios are known to be in."""
    folders = [places.SCENARIOS.resolve()]
    project = project_file(config.invocation_params.dir) or project_file(config.rootpath)
    if project is not None:
        with contextlib.suppress(files.FileError):  # whoever collects tells it
            folders += [folder.resolve() for folder in scenario_folders(project, files.read_toml(project))]
    here = config.invocation_params.dir
    named = [(here / each.partition("::")[0].partition("[")[0]).resolve() for each in config.args]
    near = any(each.is_relative_to(folder) or folder.is_relative_to(each) for each in named for folder in folders)
    return near or any(each.suffix == ".toml" and is_scenario(each) for each in named)
