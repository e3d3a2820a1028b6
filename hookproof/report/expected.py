"""Writes the table of expected outcomes: updates what was played, and keeps everything else as it is.

`hookproof run --update-expected` calls it for the reference plugins; `judge/expected.py` reads what it writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import tomlkit
from tomlkit.items import AoT, Array, Comment, Table, Whitespace

from hookproof.judge.verdict import Verdict
from hookproof.report.results import Result

Cell = tuple[str, str]
"""A reference policy, and the lifecycle that it was played on."""
Outcomes = Mapping[Cell, Mapping[str, bool | None]]
"""Of each cell that was played, by `scenario:check`: is it violated? None: that was not decided."""


@dataclass(frozen=True, slots=True)
class Update:
    """The new text of the file, and how many violations went in and out."""

    text: str
    added: int
    removed: int


def outcomes(results: Iterable[Result]) -> Outcomes:
    """What came of each check, over all repeats and replays: undecided where one was unknown, or they differ."""
    verdicts: dict[Cell, dict[str, set[Verdict]]] = {}
    for each in results:
        checks = verdicts.setdefault((each.plugin, each.lifecycle), {})
        for check in each.checks:
            checks.setdefault(f"{each.scenario}:{check.id}", set()).add(check.verdict)
    return {cell: {key: _decided(seen) for key, seen in checks.items()} for cell, checks in verdicts.items()}


def undecided(played: Outcomes) -> list[str]:
    """Every check that is not recorded, and on which policy and lifecycle."""
    return [
        f"{key} of {policy} on {lifecycle}"
        for (policy, lifecycle), checks in played.items()
        for key, violated in checks.items()
        if violated is None
    ]


def update(text: str, played: Outcomes) -> Update:
    """`text`, the table, brought to what was `played`. What stays keeps every letter.

    Lifecycles of a policy on which the same is violated share an entry. `read_expected` must take the text.
    """
    document = tomlkit.parse(text)
    table = cast(Table, document["policy"])
    new: list[str] = []
    added = removed = 0
    for policy in dict.fromkeys(policy for policy, _ in played):
        cells = {lifecycle: checks for (name, lifecycle), checks in played.items() if name == policy}
        blocks = [_Block.of(each) for each in cast(AoT, table[policy])] if policy in table else []
        before = {name: block.violates for block in blocks for name in block.lifecycles}
        after = {name: _brought(before.get(name, frozenset()), checks) for name, checks in cells.items()}
        added += sum(len(found - before.get(name, frozenset())) for name, found in after.items())
        removed += sum(len(before.get(name, frozenset()) - found) for name, found in after.items())
        grouped = _grouped(blocks, after)
        if blocks:
            _write(cast(AoT, table[policy]), policy, grouped)
        else:
            new += [f"\n{_text(policy, block)}" for block in grouped]
    return Update(tomlkit.dumps(document) + "".join(new), added=added, removed=removed)


@dataclass(slots=True, eq=False)
class _Block:
    """One entry of a policy: the lifecycles on which the same is violated."""

    lifecycles: list[str]
    violates: frozenset[str]
    table: Table | None = None
    """The entry in the file; None for one that is new."""
    was: tuple[Sequence[str], frozenset[str]] = field(default=((), frozenset()))

    @classmethod
    def of(cls, table: Any) -> _Block:
        lifecycles, violates = [str(name) for name in table["lifecycles"]], frozenset(map(str, table["violates"]))
        return cls(lifecycles, violates, table, (tuple(lifecycles), violates))

    @property
    def changed(self) -> bool:
        return (tuple(self.lifecycles), self.violates) != self.was


def _decided(verdicts: set[Verdict]) -> bool | None:
    if verdicts == {Verdict.VIOLATES}:
        return True
    # what is not tested is not violated, and the table holds violations alone
    return False if verdicts <= {Verdict.CONFORMS, Verdict.NOT_TESTED} else None


def _brought(known: frozenset[str], checks: Mapping[str, bool | None]) -> frozenset[str]:
    """What is violated now. What a scenario that was played no longer asks goes, too."""
    scenarios = {key.partition(":")[0] for key in checks}
    kept = {key for key in known if key.partition(":")[0] not in scenarios or checks.get(key, False) is None}
    return frozenset(kept | {key for key, violated in checks.items() if violated})


def _grouped(blocks: list[_Block], after: Mapping[str, frozenset[str]]) -> list[_Block]:
    """The entries as they should be, the old ones in their order; each new one behind the one that it comes from."""
    found: list[_Block] = []
    for block in blocks:
        groups: dict[frozenset[str], list[str]] = {}
        for name in block.lifecycles:
            groups.setdefault(after.get(name, block.violates), []).append(name)
        stays = block.violates if block.violates in groups or not groups else next(iter(groups))
        block.violates, block.lifecycles = stays, groups.pop(stays, [])
        found += [block, *(_Block(names, violates) for violates, names in groups.items())]
    there = {name for block in found for name in block.lifecycles}
    # a lifecycle that the table does not name violates nothing: it is written where no entry is, or one that says so
    empty = not blocks or any(not block.violates for block in blocks)
    found += [_Block([name], each) for name, each in after.items() if name not in there and (each or empty)]
    # an entry that says what another one says joins it: a new one any that is there, an old one an earlier one
    for block in [each for each in found if each.table is None]:
        earlier = found[: found.index(block)]
        _join(block, found, [each for each in found if each.table is not None or each in earlier])
    for block in [each for each in found if each.table is not None]:
        earlier = [each for each in found[: found.index(block)] if each.changed or block.changed]
        _join(block, found, [each for each in earlier if each.table is not None])
    return found


def _join(block: _Block, blocks: list[_Block], others: Sequence[_Block]) -> None:
    """Put the block's lifecycles to the first of the others that says the same, if one does."""
    for other in others:
        if other is not block and other.violates == block.violates:
            other.lifecycles += block.lifecycles
            blocks.remove(block)
            return


def _write(entries: AoT, policy: str, blocks: Sequence[_Block]) -> None:
    """Bring a policy's entries in the document to the blocks."""
    kept = {id(block.table) for block in blocks}
    for number in reversed(range(len(entries))):
        if id(entries[number]) not in kept:
            _remove(entries, number)
    for number, block in enumerate(blocks):
        if block.table is None:
            _insert(entries, number, policy, block)
        else:
            if block.lifecycles != list(block.was[0]):
                _bring(cast(Array, block.table["lifecycles"]), block.lifecycles)
            if block.violates != block.was[1]:
                _bring_violations(block.table, block.violates)


def _bring(array: Array, wanted: Iterable[str]) -> None:
    """Take out of the array what is not wanted, and add what is missing at its end."""
    for text in [each for each in array if each not in wanted]:
        array.remove(text)
    array.extend(each for each in wanted if each not in array)


def _bring_violations(table: Table, wanted: frozenset[str]) -> None:
    """The same in order, so that what is added stands where a reader looks for it."""
    array = cast(Array, table["violates"])
    if not wanted or not array:
        table["violates"] = _parsed(f"violates = {_listed(wanted)}\n")["violates"]
        return
    for text in sorted(wanted - set(array)):
        array.insert(sum(each < text for each in array), text)
    for text in [each for each in array if each not in wanted]:  # last: an array that was empty has lost its lines
        array.remove(text)


def _insert(entries: AoT, number: int, policy: str, block: _Block) -> None:
    """A new entry, behind an old one: what stands between that and the next one stays in front of the next one."""
    table = _parsed(_text(policy, block))["policy"][policy][0]
    before = entries[number - 1].value.body
    table.value.body.extend(_cut_trailing(before))
    before.append((None, Whitespace("\n")))
    entries.insert(number, table)


def _remove(entries: AoT, number: int) -> None:
    """Take an entry out; the comments before it and behind it stay."""
    before = entries[number - 1].value.body
    behind = _cut_trailing(entries[number].value.body)
    between = _cut_trailing(before)
    if any(isinstance(item, Comment) for _, item in between):
        behind = [*between, *behind[1:]]
    before.extend(behind)
    del entries[number]


def _cut_trailing(body: list[Any]) -> list[Any]:
    """Take the empty lines and comments off the end of a table: they belong to what follows."""
    start = len(body)
    while start and isinstance(body[start - 1][1], Whitespace | Comment):
        start -= 1
    cut = body[start:]
    del body[start:]
    return cut


def _text(policy: str, block: _Block) -> str:
    names = ", ".join(json.dumps(name) for name in block.lifecycles)
    return f"[[policy.{json.dumps(policy)}]]\nlifecycles = [{names}]\nviolates = {_listed(block.violates)}\n"


def _listed(violations: Iterable[str]) -> str:
    lines = "".join(f"  {json.dumps(each)},\n" for each in sorted(violations))
    return f"[\n{lines}]" if lines else "[]"


def _parsed(text: str) -> Any:
    return tomlkit.parse(text)
