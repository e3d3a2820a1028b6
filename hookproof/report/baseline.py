"""Writing a baseline: what is new is added, what is fixed goes, and all else stays as its maintainers wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from hookproof.judge.baseline import Baseline, Known, system_of
from hookproof.report.results import Result

_HEADER = re.compile(r"^[ \t]*\[\[\s*known\s*\]\]", re.MULTILINE)
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

    verdicts: frozenset[str]
    new: bool


@dataclass(frozen=True, slots=True)
class Update:
    """The new text of the file, and how many violations went in and out."""

    text: str
    added: int
    removed: int


def outcomes(results: Iterable[Result], replays: Iterable[Result] = ()) -> dict[Cell, Outcome]:
    """What was played, by cell. Replays say whether a violation is a race, and add no violations of their own."""
    verdicts: dict[Cell, set[str]] = {}
    new: set[Cell] = set()
    for each in results:
        for check in each.checks:
            cell = (f"{each.scenario}:{check.id}", each.lifecycle)
            verdicts.setdefault(cell, set()).add(check.verdict)
            if check.baseline == "new":
                new.add(cell)
    for each in replays:
        for check in each.checks:
            cell = (f"{each.scenario}:{check.id}", each.lifecycle)
            if "violates" in verdicts.get(cell, ()):
                verdicts[cell].add(check.verdict)
    return {cell: Outcome(frozenset(seen), cell in new) for cell, seen in verdicts.items()}


def update(text: str, baseline: Baseline, played: Mapping[Cell, Outcome], platform: str, today: date) -> Update:
    """`text`, the file of `baseline`, brought to what was `played`. Entries that stay keep every letter."""
    system = system_of(platform)
    kept = [_kept(entry, played, system) for entry in baseline.entries]
    removed = sum(
        len(old.lifecycles) - (len(new.lifecycles) if new else 0)
        for old, new in zip(baseline.entries, kept, strict=True)
    )
    added = _added(played, baseline, system, today)
    preface, blocks = _blocks(text)
    if len(blocks) != len(kept):  # written in another manner than ours: only the entries can be kept
        preface, blocks = _PREFACE + "\n", [_block(entry) for entry in baseline.entries]
    parts = [
        block if new == old else _changed(block, new)
        for block, old, new in zip(blocks, baseline.entries, kept, strict=True)
        if new is not None
    ]
    parts = [preface if text.strip() else _PREFACE + "\n", *parts]
    whole = "".join(part if part.endswith("\n") or not part else f"{part}\n" for part in parts).rstrip("\n") + "\n"
    return Update(
        whole + "".join(f"\n{_block(entry)}" for entry in added),
        added=sum(len(entry.lifecycles) for entry in added),
        removed=removed,
    )


def _kept(entry: Known, played: Mapping[Cell, Outcome], system: str) -> Known | None:
    """The entry without the lifecycles on which it is fixed; None when none is left."""
    if not entry.applies(system):
        return entry
    seen = {name: played[entry.check, name].verdicts for name in entry.lifecycles if (entry.check, name) in played}
    fixed = {name for name, verdicts in seen.items() if verdicts == {"conforms"} and not entry.sometimes}
    races = any(verdicts >= {"conforms", "violates"} for verdicts in seen.values())
    left = [name for name in entry.lifecycles if name not in fixed]
    return entry.model_copy(update={"lifecycles": left, "sometimes": entry.sometimes or races}) if left else None


def _added(played: Mapping[Cell, Outcome], baseline: Baseline, system: str, today: date) -> list[Known]:
    """One entry for a check, on all lifecycles where it is new; races apart, and what is known on another system."""
    elsewhere = {(entry.check, name) for entry in baseline.entries for name in entry.lifecycles}
    grouped: dict[tuple[str, bool, bool], list[str]] = {}
    for (check, lifecycle), outcome in played.items():
        if outcome.new:
            kind = (check, "conforms" in outcome.verdicts, (check, lifecycle) in elsewhere)
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


def _blocks(text: str) -> tuple[str, list[str]]:
    """What stands before the first entry, and each entry's text with the comments right before it."""
    starts = [_with_comments(text, found.start()) for found in _HEADER.finditer(text)]
    if not starts:
        return text if text.strip() else "", []
    # what opens the file belongs to the file when an empty line follows it
    ends = [*starts[1:], len(text)]
    return text[: starts[0]], [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _with_comments(text: str, start: int) -> int:
    """The start of the comment lines that stand directly before `start`."""
    while start:
        before = text.rfind("\n", 0, start - 1) + 1
        if not text[before:start].lstrip().startswith("#"):
            break
        start = before
    return start


def _changed(block: str, entry: Known | None) -> str:
    """The comments of a block, and its entry anew."""
    if entry is None:
        return ""
    header = _HEADER.search(block)
    return (block[: header.start()] if header else "") + _block(entry) + "\n"


def _block(entry: Known) -> str:
    lines = ["[[known]]", f"check = {_quoted(entry.check)}", f"lifecycles = {_listed(entry.lifecycles)}"]
    if entry.platforms:
        lines.append(f"platforms = {_listed(entry.platforms)}")
    if entry.sometimes:
        lines.append("sometimes = true")
    return "\n".join([*lines, f"reason = {_quoted(entry.reason)}", ""])


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(name) for name in names)}]"


def _quoted(text: str) -> str:
    # a JSON string is a basic string of TOML, but for DEL, which TOML wants escaped
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
