"""Scenario files of the user's own: which files are scenarios, where a project has them, and what their ids are.

Asked by `run`, by `list` and by pytest for every TOML file that it meets, so it reads no more than it must and imports
nothing that reads whole models.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hookproof import files, places
from hookproof.errors import HookproofError

PROJECT_FILE = "hookproof.toml"
"""What a project says of itself, and what its maintainers know of: `catalogue.project` reads it."""
ENDING = ".toml"
_SCHEMA = re.compile(r"\A\ufeff?#:schema \S*scenario\.schema\.json\s*$", re.MULTILINE)
_TRAITS = (
    re.compile(r"^\s*user\s*=", re.MULTILINE),
    re.compile(r"^\s*\[+\s*[\"']?model[\"']?\s*[.\]]", re.MULTILINE),
    re.compile(r"^\s*kind\s*=\s*[\"'](companion|context|hooks|calibration)[\"']", re.MULTILINE),
)
"""What a scenario has. Two are enough, so that one with a mistake in it is told of and not passed over."""
_PASSED_OVER = frozenset({"node_modules", "__pycache__"})
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


class OwnScenarioError(HookproofError):
    """Scenario files that cannot be told apart by their ids."""


def is_scenario(path: Path) -> bool:
    """Whether a file says of itself that it is a scenario, right or wrong. One that cannot be read says nothing."""
    if path.suffix != ENDING or path.name == PROJECT_FILE:
        return False
    try:
        text = files.read_text(path, lossy=True)
    except files.FileError:
        return False
    return bool(_SCHEMA.search(text)) or sum(bool(trait.search(text)) for trait in _TRAITS) > 1


def scenarios_below(folder: Path) -> list[Path]:
    """Every scenario file in a folder and its folders, in the order of their paths."""
    return [path for path in toml_below(folder) if is_scenario(path)]


def toml_below(folder: Path) -> list[Path]:
    """Every TOML file in a folder and its folders; none of a virtual environment or a folder that is hidden."""
    return sorted(_below(folder))


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        inside = Path(at)
        if _VIRTUAL_ENVIRONMENT in names and inside != folder:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _PASSED_OVER]
        yield from (inside / name for name in names if name.endswith(ENDING))


def project_file(place: Path) -> Path | None:
    """The nearest project file in `place` or above it, as far as its repository reaches."""
    for folder in (place.resolve(), *place.resolve().parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
        if (folder / ".git").exists():
            return None
    return None


def repository(place: Path) -> Path | None:
    """The root of the repository that a folder is in."""
    folder = place.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def own_id(path: Path) -> str:
    """The id of a scenario file that is none of hookproof's: its path, without the ending.

    Seen from the nearest project file above it, else from the root of its repository, else from where the command was
    given: wherever it is played from, it has one id.
    """
    full = path.resolve()
    project = project_file(full.parent)
    base = project.parent if project is not None else repository(full.parent)
    if base is None:
        here = Path.cwd()
        base = here if full.is_relative_to(here) else full.parent
    return full.relative_to(base).with_suffix("").as_posix()


def with_ids(paths: list[Path], shipped: set[str]) -> dict[str, Path]:
    """Files by their ids. Raises OwnScenarioError for two of one id, or one that hookproof's own scenario has."""
    found: dict[str, Path] = {}
    for path in dict.fromkeys(each.resolve() for each in paths):
        name = own_id(path)
        if name in shipped:
            raise OwnScenarioError(
                f"{path}: hookproof has a scenario of its own with the id {name!r}; rename the file or its folder"
            )
        if name in found:
            raise OwnScenarioError(f"{path} and {found[name]} have the same id, {name!r}; rename one of them")
        found[name] = path
    return found


def scenario_folders(path: Path, table: dict[str, Any]) -> list[Path]:
    """The folders of scenarios of the project whose file is `path`, there or not; `table` is what that says."""
    named = table.get("scenarios", [])
    listed = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    return [path.parent / str(each) for each in listed]


def of_project(path: Path, table: dict[str, Any]) -> list[Path]:
    """The scenario files in these folders. Raises OwnScenarioError."""
    found: list[Path] = []
    for folder in scenario_folders(path, table):
        if not folder.is_dir():
            raise OwnScenarioError(f"{path}: scenarios: {folder}: there is no such folder")
        found += scenarios_below(folder)
    return found


def is_shipped(path: Path) -> bool:
    """Whether a file is one of hookproof's own scenarios, or below their folder."""
    return path.resolve().is_relative_to(places.SCENARIOS.resolve())
