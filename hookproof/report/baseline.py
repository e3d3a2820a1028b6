"""Writing a baseline: what is new is added, what is fixed goes, and all else stays as its maintainers wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hookproof.catalogue.reading import CatalogueError
from hookproof.judge.baseline import Baseline, Known, entries_of, system_of
from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.report.results import Result

_PREFACE = """\
# The violations that hookproof knows of in this plugin, each with its reason. A new one fails a run, and so does an
# entry that no longer holds. `hookproof run --plugin PATH --update-baseline` adds and removes entries; the reasons
# are yours to write.
"""
Cell = tuple[str, str]
"""`scenario:check`, and the lifecycle."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check on one lifecycle, over all repeats and replays."""

    verdicts: frozenset[Verdict]
    new: bool


@dataclass(frozen=True, slots=True)
class Update:
    """The new text of the file, and how many violations went in and out."""

    text: str
    added: int
    removed: int


def outcomes(results: Iterable[Result], replays: Iterable[Result] = ()) -> dict[Cell, Outcome]:
    """What was played, by cell. Replays say whether a violation is a race, and add no violations of their own."""
    verdicts: dict[Cell, set[Verdict]] = {}
    new: set[Cell] = set()
    for each in results:
        for check in each.checks:
            cell = (f"{each.scenario}:{check.id}", each.lifecycle)
            verdicts.setdefault(cell, set()).add(check.verdict)
            if check.baseline is BaselineStatus.NEW:
                new.add(cell)
    for each in replays:
        for check in each.checks:
            cell = (f"{each.scenario}:{check.id}", each.lifecycle)
            if Verdict.VIOLATES in verdicts.get(cell, ()):
                verdicts[cell].add(check.verdict)
    return {cell: Outcome(frozenset(seen), cell in new) for cell, seen in verdicts.items()}


def update(text: str, baseline: Baseline, played: Mapping[Cell, Outcome], platform: str, today: date) -> Update:
    """`text`, the file of `baseline`, brought to what was `played`. What stays keeps every letter.

    Raises CatalogueError when it is no baseline any more.
    """
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - to edit TOML, only for who asks for it

    from hookproof.report.toml_edit import TableList  # noqa: PLC0415

    try:
        tables = TableList(text, "known")
    except (TOMLKitError, RecursionError) as error:
        raise CatalogueError(baseline.path, [f"cannot be edited: {error}"]) from None
    system = system_of(platform)
    entries = entries_of(baseline.path, {"known": tables.read()})
    added = _added(played, entries, system, today)
    removed = 0
    for number, entry in reversed(list(enumerate(entries))):
        kept = _kept(entry, played, system)
        not_kept = [name for name in entry.lifecycles if kept is None or name not in kept.lifecycles]
        removed += len(not_kept)
        if kept is None:
            tables.remove(number)
            continue
        tables.take_values(number, "lifecycles", not_kept)
        if kept.sometimes != entry.sometimes:
            tables.set(number, "sometimes", kept.sometimes)
    whole = tables.text_with(map(_table, added))
    return Update(
        whole if text.strip() else _PREFACE + whole,
        added=sum(len(entry.lifecycles) for entry in added),
        removed=removed,
    )


def _kept(entry: Known, played: Mapping[Cell, Outcome], system: str) -> Known | None:
    """The entry without the lifecycles on which it is fixed; None when none is left."""
    if not entry.applies(system):
        return entry
    seen = {name: played[entry.check, name].verdicts for name in entry.lifecycles if (entry.check, name) in played}
    fixed = {name for name, verdicts in seen.items() if verdicts == {Verdict.CONFORMS} and not entry.sometimes}
    races = any(verdicts >= {Verdict.CONFORMS, Verdict.VIOLATES} for verdicts in seen.values())
    left = [name for name in entry.lifecycles if name not in fixed]
    return entry.model_copy(update={"lifecycles": left, "sometimes": entry.sometimes or races}) if left else None


def _added(played: Mapping[Cell, Outcome], entries: Sequence[Known], system: str, today: date) -> list[Known]:
    """One entry for a check, on all lifecycles where it is new; races apart, and what is known on another system."""
    elsewhere = {(entry.check, name) for entry in entries for name in entry.lifecycles}
    grouped: dict[tuple[str, bool, bool], list[str]] = {}
    for (check, lifecycle), outcome in played.items():
        if outcome.new:
            kind = (check, Verdict.CONFORMS in outcome.verdicts, (check, lifecycle) in elsewhere)
            grouped.setdefault(kind, []).append(lifecycle)
    reason = f"recorded {today.isoformat()} by --update-baseline"
    return [
        Known.model_validate(
            {
                "check": check,
                "lifecycles": names,
                "reason": reason,
                "sometimes": sometimes,
                "platforms": [system] if only_here else [],
            }
        )
        for (check, sometimes, only_here), names in sorted(grouped.items())
    ]


def _table(entry: Known) -> dict[str, object]:
    """What is written of a new entry, the reason last: it is for people to write."""
    row = entry.model_dump(exclude_defaults=True)
    return {**{name: value for name, value in row.items() if name != "reason"}, "reason": entry.reason}
