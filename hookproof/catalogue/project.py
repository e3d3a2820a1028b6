"""The project file, `hookproof.toml`: what is played in a user's repository, and what its maintainers know of.

`plugin`, `descriptor`, `scenarios` and `hosts` say what `run` and pytest play when the command line does not;
`[[known]]` and `[[untested]]` are the baseline (`judge.baseline`). All of it may be left out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hookproof.catalogue.descriptor import Inner
from hookproof.catalogue.host import HostName
from hookproof.catalogue.lifecycle import measured, resolve_lifecycle
from hookproof.catalogue.own_scenarios import of_project, project_file
from hookproof.catalogue.plugin import is_reference
from hookproof.catalogue.reading import CatalogueError, Strict, read_table, validate

System = Literal["linux", "windows", "macos"]
REAL = re.compile(r"(claude|codex)@(\S+)")
"""A real host, as columns of a report have it: `claude@2.1.91`."""
_EVERY = "all"


class Entry(Strict):
    """What every entry of a baseline says besides what it is about."""

    lifecycles: Annotated[list[str], Field(min_length=1)]
    """Columns of the report: lifecycles, or real hosts such as `claude@2.1.91`."""
    reason: str = ""
    sometimes: bool = False
    """A race: it may come out well without being stale."""
    platforms: list[System] = []
    """Where it holds; everywhere when empty."""

    @property
    def about(self) -> str:
        """What the entry is about."""
        raise NotImplementedError

    def applies(self, system: str) -> bool:
        """Whether the entry is about this operating system."""
        return not self.platforms or system in self.platforms


class Known(Entry):
    """One `[[known]]` table."""

    check: str
    """`scenario:check`, for example `jobs/pattern-c:JOB-03`."""

    @property
    def about(self) -> str:
        """The check."""
        return self.check


class Untested(Entry):
    """One `[[untested]]` table."""

    requirement: str
    """Its id, for example `JOB-05`: which scenarios would test it is for hookproof to know."""

    @property
    def about(self) -> str:
        """The requirement."""
        return self.requirement


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Project(Strict):
    """The whole file."""

    plugin: str | None = None
    """The plugin's folder, seen from this file; or a reference plugin."""
    descriptor: Inner | None = None
    """The file that describes it, seen from this one, for a plugin that hookproof does not know."""
    scenarios: Annotated[list[Inner], BeforeValidator(_listed)] = []
    """Folders of the project's own scenarios, seen from this file."""
    hosts: Annotated[list[str], BeforeValidator(_listed)] = []
    """What it is played on: `claude` or `codex` (each measured release's stand-in), a lifecycle, `claude@2.1.91`."""
    known: list[Known] = []
    untested: list[Untested] = []

    path: Path | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether it is a gate: it has entries, or it says nothing else, so that nothing else can be meant."""
        return bool(self.known or self.untested) or not (self.plugin or self.descriptor or self.scenarios or self.hosts)

    @property
    def lifecycles(self) -> list[str]:
        """The lifecycles of stand-ins among `hosts`."""
        found: list[str] = []
        for each in self.hosts:
            if each in get_args(HostName):
                found += [name for name in measured() if name.startswith(f"{each}-")]
            elif not REAL.fullmatch(each):
                found.append(each)
        return list(dict.fromkeys(found))

    @property
    def real(self) -> dict[str, str]:
        """The real ones among `hosts`, as the options `--claude` and `--codex` take them."""
        versions: dict[str, list[str]] = {}
        for match in filter(None, map(REAL.fullmatch, self.hosts)):
            versions.setdefault(match[1], []).append(match[2])
        return {host: f"npm:{','.join(each)}" for host, each in versions.items()}

    def place(self, inner: str) -> Path:
        """What the file says as a path, as a path."""
        assert self.path is not None
        return self.path.parent / inner

    def own_scenarios(self) -> list[Path]:
        """The files in its folders of scenarios. Raises OwnScenarioError."""
        assert self.path is not None
        return of_project(self.path, {"scenarios": list(self.scenarios)})

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        for each in value:
            if each in {*get_args(HostName), _EVERY} or REAL.fullmatch(each):
                continue
            try:
                resolve_lifecycle(each)
            except LookupError as error:
                raise ValueError(
                    f"{error.args[0]} (or a host, {' or '.join(get_args(HostName))}; a real one, claude@2.1.91)"
                ) from None
        return value

    @model_validator(mode="after")
    def _plays_a_host_one_way(self) -> Project:
        for host in self.real:
            stand_ins = [each for each in self.hosts if each == host or each.startswith(f"{host}-")]
            if stand_ins:
                raise ValueError(
                    f"hosts: {stand_ins[0]} is a stand-in of a host that is to be the real one ({host}@...): "
                    "expected one or the other"
                )
        return self


def find_project(place: Path) -> Project | None:
    """What the nearest project file in `place` or above it says; None where there is none. Raises CatalogueError."""
    path = project_file(place)
    return None if path is None else read_project(path)


def read_project(path: Path) -> Project:
    """The project file at `path`. Raises CatalogueError with every mistake: what it names must be there."""
    table = read_table(path)
    if "path" in table:
        raise CatalogueError(path, ["path: unknown key"])
    found = validate(path, table, Project).model_copy(update={"path": path})
    mistakes = []
    if found.plugin is not None and not is_reference(found.plugin) and not found.place(found.plugin).exists():
        mistakes.append(f"plugin: {found.plugin!r}: there is no such folder in {path.parent}")
    if found.descriptor is not None and not found.place(found.descriptor).is_file():
        mistakes.append(f"descriptor: {found.descriptor!r}: there is no such file in {path.parent}")
    mistakes += [
        f"scenarios: {each!r}: there is no such folder in {path.parent}"
        for each in found.scenarios
        if not found.place(each).is_dir()
    ]
    if mistakes:
        raise CatalogueError(path, mistakes)
    return found
