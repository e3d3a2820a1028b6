"""Writing a baseline: what is new is added, what is fixed or tested goes. What stays keeps every letter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hookproof.catalogue import project
from hookproof.catalogue.project import Entry, Known
from hookproof.catalogue.reading import CatalogueError
from hookproof.judge.baseline import Baseline, file_of, system_of
from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.report.results import Result, Untested

_PREFACE = """\
# The violations that hookproof knows of in this plugin, and the requirements that it cannot test, each with its reason.
# A new one fails a run, and so does an entry that no longer holds. `hookproof run --plugin PATH --update-baseline` adds
# and removes entries; the reasons are yours to write.
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
    """The new text of the file, and how many rows went in and out."""

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


def update(
    text: str,
    baseline: Baseline,
    played: Mapping[Cell, Outcome],
    platform: str,
    today: date,
    untested: Iterable[Untested] = (),
) -> Update:
    """`text`, the file of `baseline`, brought to what was `played`. What stays keeps every letter.

    `untested` are the requirements that were tested nowhere, and those that were although the baseline names them.
    Raises CatalogueError when it is no baseline any more.
    """
    system = system_of(platform)
    statuses = {(each.requirement, each.lifecycle): each.baseline for each in untested}
    tested = {cell for cell, status in statuses.items() if status is BaselineStatus.STALE}
    unrecorded = [cell for cell, status in statuses.items() if status is BaselineStatus.NEW]

    def still_untested(entry: Entry) -> Entry | None:
        left = [name for name in entry.lifecycles if not entry.applies(system) or (entry.about, name) not in tested]
        return entry.model_copy(update={"lifecycles": left}) if left else None

    def new_untested(entries: Sequence[Entry]) -> list[Entry]:
        found = [((about, False), lifecycle) for about, lifecycle in unrecorded]
        return _new_entries(project.Untested, "requirement", found, entries, system, today)

    known = _edit(
        text,
        baseline,
        "known",
        lambda entry: _kept(entry, played, system),
        lambda entries: _added(played, entries, system, today),
    )
    done = _edit(known.text, baseline, "untested", still_untested, new_untested)
    return Update(
        done.text if text.strip() else _PREFACE + done.text,
        added=known.added + done.added,
        removed=known.removed + done.removed,
    )


def _edit(
    text: str,
    baseline: Baseline,
    key: Literal["known", "untested"],
    keep: Callable[[Entry], Entry | None],
    add: Callable[[Sequence[Entry]], list[Entry]],
) -> Update:
    """One of the two lists of the file: of each entry what `keep` leaves of it, and what is added."""
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - to edit TOML, only for who asks for it

    from hookproof.report.toml_edit import MixedError, TableList  # noqa: PLC0415

    try:
        tables = TableList(text, key)
    except (TOMLKitError, RecursionError, MixedError) as error:
        raise CatalogueError(baseline.path, [f"cannot be edited: {error}"]) from None
    entries: Sequence[Entry] = getattr(file_of(baseline.path, {key: tables.read()}), key)
    added = add(entries)
    removed = 0
    for number, entry in reversed(list(enumerate(entries))):
        kept = keep(entry)
        not_kept = [name for name in entry.lifecycles if kept is None or name not in kept.lifecycles]
        removed += len(not_kept)
        if kept is None:
            tables.remove(number)
            continue
        tables.take_values(number, "lifecycles", not_kept)
        if kept.sometimes != entry.sometimes:
            tables.set(number, "sometimes", kept.sometimes)
    return Update(tables.text_with(map(_table, added)), sum(len(entry.lifecycles) for entry in added), removed)


def _kept(entry: Entry, played: Mapping[Cell, Outcome], system: str) -> Entry | None:
    """The known violation without the lifecycles on which it is fixed; None when none is left."""
    if not entry.applies(system):
        return entry
    seen = {name: played[entry.about, name].verdicts for name in entry.lifecycles if (entry.about, name) in played}
    fixed = {name for name, verdicts in seen.items() if _fixed(verdicts) and not entry.sometimes}
    races = any(verdicts >= {Verdict.CONFORMS, Verdict.VIOLATES} for verdicts in seen.values())
    left = [name for name in entry.lifecycles if name not in fixed]
    return entry.model_copy(update={"lifecycles": left, "sometimes": entry.sometimes or races}) if left else None


def _fixed(verdicts: frozenset[Verdict]) -> bool:
    """Whether it conforms wherever it was tested at all."""
    return verdicts - {Verdict.NOT_TESTED} == {Verdict.CONFORMS}


def _added(played: Mapping[Cell, Outcome], entries: Sequence[Entry], system: str, today: date) -> list[Entry]:
    """The new violations; races apart."""
    found = [
        ((check, Verdict.CONFORMS in outcome.verdicts), lifecycle)
        for (check, lifecycle), outcome in played.items()
        if outcome.new
    ]
    return _new_entries(Known, "check", found, entries, system, today)


def _new_entries(
    kind: type[Entry],
    about: str,
    found: Iterable[tuple[tuple[str, bool], str]],
    entries: Sequence[Entry],
    system: str,
    today: date,
) -> list[Entry]:
    """One entry for each (name, sometimes), on all its lifecycles; what is known on another system apart."""
    elsewhere = {(entry.about, name) for entry in entries for name in entry.lifecycles}
    grouped: dict[tuple[str, bool, bool], list[str]] = {}
    for (name, sometimes), lifecycle in found:
        grouped.setdefault((name, sometimes, (name, lifecycle) in elsewhere), []).append(lifecycle)
    reason = f"recorded {today.isoformat()} by --update-baseline"
    return [
        kind.model_validate(
            {
                about: name,
                "lifecycles": names,
                "reason": reason,
                "sometimes": sometimes,
                "platforms": [system] if only_here else [],
            }
        )
        for (name, sometimes, only_here), names in sorted(grouped.items())
    ]


def _table(entry: Entry) -> dict[str, object]:
    """What is written of a new entry: what it is about first, and the reason, which is for people to write, last."""
    row = entry.model_dump(exclude_defaults=True)
    about = [name for name in row if name not in Entry.model_fields]
    return {name: row[name] for name in [*about, *(each for each in row if each not in {*about, "reason"}), "reason"]}
