"""The baseline: what a plugin's maintainers know of, each with its reason, in their `hookproof.toml`.

`[[known]]` are violations, `[[untested]]` requirements that no case tests. It is exact in both directions, as the table
of the reference policies is: what it does not name is new, and an entry whose check was judged on its lifecycle and
conforms, or whose requirement was tested after all, is stale. Both fail. An entry that was not played says nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.own_scenarios import PROJECT_FILE, project_file, repository
from hookproof.catalogue.project import REAL, Entry, Known, Project, Untested
from hookproof.catalogue.reading import CatalogueError, read_table, validate
from hookproof.judge.judge import Judgement
from hookproof.judge.verdict import BaselineStatus, CheckResult, Surprise, Verdict


@dataclass(frozen=True, slots=True)
class Baseline:
    """A file of what is known, or the place of one that is still to be written."""

    path: Path
    entries: tuple[Known, ...] = ()
    untested: tuple[Untested, ...] = ()

    def known(self, lifecycle: str, system: str) -> dict[str, Known]:
        """`scenario:check` -> its entry, on a lifecycle and an operating system."""
        return {each.check: each for each in self.entries if lifecycle in each.lifecycles and each.applies(system)}

    def known_untested(self, lifecycle: str, system: str) -> dict[str, Untested]:
        """Requirement -> its entry, on a lifecycle and an operating system."""
        found = (each for each in self.untested if lifecycle in each.lifecycles and each.applies(system))
        return {each.requirement: each for each in found}


def system_of(platform: str) -> str:
    """The operating system in what `platform.platform()` said."""
    name = platform.partition("-")[0].lower()
    # Wine says that it is not Windows, and is what a Windows entry is about all the same
    return {"darwin": "macos", "wine": "windows"}.get(name, name)


def find(plugin: Path) -> Path | None:
    """The nearest `hookproof.toml` from the plugin's directory upwards, as far as its repository reaches.

    One that only says what is to be played, and has no entries, is no baseline.
    """
    path = project_file(plugin)
    return path if path is not None and file_of(path, read_table(path)).is_baseline else None


def baseline_path(plugin: Path) -> Path:
    """Where a baseline is, or belongs: the root of the plugin's repository, else the plugin's own directory."""
    return project_file(plugin) or (repository(plugin) or plugin.resolve()) / PROJECT_FILE


def read_baseline(path: Path, scenarios: Mapping[str, Collection[str]]) -> Baseline:
    """The baseline in `path`; `scenarios` holds the checks that each requires.

    Raises CatalogueError with every mistake and its place: an entry without a reason, a name that does not exist,
    something that is named twice for a lifecycle.
    """
    found = file_of(path, read_table(path))
    told: list[str] = []
    lists: list[tuple[str, Sequence[Entry]]] = [("known", found.known), ("untested", found.untested)]
    for key, entries in lists:
        mistakes = list(_all_mistakes(key, entries, scenarios))
        lines = _lines_of(path, key, len(entries)) if mistakes else []
        told += [f"{lines[at]}{key}[{at + 1}] ({entries[at].about}): {mistake}" for at, mistake in mistakes]
    if told:
        raise CatalogueError(path, told)
    return Baseline(path, tuple(found.known), tuple(found.untested))


def file_of(path: Path, table: dict[str, Any]) -> Project:
    """The entries in the table that `path` holds. Raises CatalogueError for what is no entry."""
    return validate(path, table, Project)


def held_against(
    judgement: Judgement, scenario: str, known: Mapping[str, Known], where: str
) -> tuple[Judgement, list[Surprise]]:
    """The judgement with the baseline status of each check, and what was not expected.

    `known` are the entries for the lifecycle that was played, `where` names it and the file for the reader.
    """
    checks: list[CheckResult] = []
    unexpected: list[Surprise] = []
    for each in judgement.checks:
        entry = known.get(f"{scenario}:{each.id}")
        status = _status(each, entry, binding=each.binding)
        reason = entry.reason if entry is not None and status is not None else None
        check = each.model_copy(update={"baseline": status, "reason": reason})
        checks.append(check)
        if check.verdict is Verdict.UNKNOWN:
            unexpected.append(Surprise.unknown(scenario, check))
        elif status is BaselineStatus.NEW:
            unexpected.append(Surprise.violation(scenario, check))
        elif status is BaselineStatus.STALE:
            detail = f"{scenario}:{check.id} is satisfied ({check.seen}), but is a known violation {where}: remove it"
            unexpected.append(Surprise(check=check.id, kind="stale", sentence=detail))
    return replace(judgement, checks=tuple(checks)), unexpected


def _status(check: CheckResult, entry: Known | None, *, binding: bool) -> BaselineStatus | None:
    if check.verdict is Verdict.VIOLATES:
        if entry is not None:
            return BaselineStatus.KNOWN
        # a violated SHOULD only warns
        return BaselineStatus.NEW if binding else None
    if check.verdict is Verdict.CONFORMS and entry is not None and not entry.sometimes:
        return BaselineStatus.STALE
    return None


def _all_mistakes(
    key: str, entries: Sequence[Entry], scenarios: Mapping[str, Collection[str]]
) -> Iterator[tuple[int, str]]:
    """Every mistake in a list of entries, with the place of its entry."""
    named: dict[tuple[str, str, str], int] = {}
    for at, entry in enumerate(entries):
        for mistake in _mistakes(entry, scenarios):
            yield at, mistake
        for cell in _cells(entry):
            if named.setdefault(cell, at) != at:
                yield at, f"{cell[1]} is named in {key}[{named[cell] + 1}] already"
                break


def _cells(entry: Entry) -> list[tuple[str, str, str]]:
    systems = entry.platforms or ("linux", "windows", "macos")
    return [(entry.about, lifecycle, system) for lifecycle in entry.lifecycles for system in systems]


def _mistakes(entry: Entry, scenarios: Mapping[str, Collection[str]]) -> list[str]:
    found = []
    if not entry.reason.strip():
        found.append('has no reason; write why it is left as it is: reason = "..."')
    if isinstance(entry, Known):
        scenario, _, check = entry.check.partition(":")
        if scenario not in scenarios:
            found.append(f"there is no scenario {scenario!r}{_near(scenario, scenarios)}")
        elif check not in scenarios[scenario]:
            found.append(f"{scenario} does not check {check!r} (it checks: {', '.join(scenarios[scenario])})")
    else:
        checked = {check for checks in scenarios.values() for check in checks}
        if entry.about not in checked:
            found.append(f"no scenario checks {entry.about!r}{_near(entry.about, sorted(checked))}")
    for name in entry.lifecycles:
        try:
            if not REAL.fullmatch(name):
                resolve_lifecycle(name)
        except LookupError as error:
            found.append(str(error.args[0]))
    return found


def _near(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _lines_of(path: Path, key: str, entries: int) -> list[str]:
    try:
        return _lines(files.read_text(path), key)
    except ValueError:  # a newer TOML, which Python reads and tomlkit does not
        return [""] * entries


def _lines(text: str, key: str) -> list[str]:
    """`line N: ` for each entry: of its header, or of its brace."""
    import tomlkit  # noqa: PLC0415 - it remembers how a text was written, which only a mistake must tell
    from tomlkit.items import Table  # noqa: PLC0415

    at, lines = 0, []
    for entry in tomlkit.parse(text)[key]:
        content = entry.as_string()
        at = text.index(content, at)
        # what a table holds begins in the line after its header
        lines.append(f"line {text.count(chr(10), 0, at) + (not isinstance(entry, Table))}: ")
        at += len(content)
    return lines
