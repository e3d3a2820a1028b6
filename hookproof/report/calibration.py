"""What a person reads of a calibration: facet × scenario at a glance, then every difference in words; and its JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import markup
from rich.console import Console
from rich.table import Table

from hookproof import __version__, clean
from hookproof.calibration.compare import Difference, Judged
from hookproof.calibration.facets import FACETS
from hookproof.isolation.level import Isolation

_LONGEST = 1200


def escape(text: str) -> str:
    """What a host said, as rich prints it."""
    return markup.escape(clean.text(text))


def show(console: Console, real: str, lifecycle: str, scenarios: Sequence[str], judged: Judged) -> None:
    """The table and what is behind it."""
    console.print(_table(scenarios, judged))
    for difference, known in judged.differences:
        if known is None:
            console.print()
            for line in _phrases(difference, real, lifecycle):
                console.print(line, highlight=False, soft_wrap=True)
    excused: dict[str, list[Difference]] = {}
    for difference, known in judged.differences:
        if known is not None:
            excused.setdefault(known.reason, []).append(difference)
    for reason, differences in excused.items():
        console.print(f"\n[dim]excused {len(differences)} ×[/] {escape(reason)}", highlight=False, soft_wrap=True)
    for stale in judged.stale:
        sentence = f"{stale.facet}, {stale.where}: the excuse of {lifecycle} excuses nothing any more: {stale.reason}"
        console.print(f"\n[red]stale[/] {escape(sentence)}", highlight=False, soft_wrap=True)
    total, wrong = len(judged.differences), len(judged.unexplained)
    verdict = "does what" if not wrong else "does not do what"
    console.print(
        f"\nthe stand-in with {lifecycle} {verdict} {real} does: {wrong} difference{'' if wrong == 1 else 's'}, "
        f"{total - wrong} excused, {len(judged.stale)} stale excuse{'' if len(judged.stale) == 1 else 's'}",
        highlight=False,
        soft_wrap=True,
    )


def _table(scenarios: Sequence[str], judged: Judged) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("facet")
    for scenario in scenarios:
        table.add_column(scenario)
    counted: Counter[tuple[str, str, bool]] = Counter()
    for difference, known in judged.differences:
        counted[difference.facet, difference.where.partition(":")[0], known is None] += 1
    for facet in FACETS:
        table.add_row(facet, *(_cell(counted[facet, s, True], counted[facet, s, False]) for s in scenarios))
    return table


def _cell(wrong: int, excused: int) -> str:
    if wrong:
        return f"[red]differs {wrong}[/]"
    return f"[yellow]excused {excused}[/]" if excused else "[green]equal[/]"


def _phrases(difference: Difference, real: str, lifecycle: str) -> list[str]:
    width = max(len(real), len(lifecycle))
    fake, seen = difference.fake, difference.real
    if isinstance(fake, list) and isinstance(seen, list):
        # of two long lists only what one of them alone has
        fake, seen = ([each for each in one if each not in other] for one, other in ((fake, seen), (seen, fake)))
        if not fake and not seen:
            fake, seen = difference.fake, difference.real
    return [
        f"[red]{escape(difference.facet)}[/] {escape(difference.where)}",
        f"  {real:<{width}}  {escape(_shown(seen))}",
        f"  {lifecycle:<{width}}  {escape(_shown(fake))}",
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing of the kind"
    if value == []:
        return "nothing more"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def document(
    host: str, version: str, lifecycle: str, scenarios: Sequence[str], judged: Judged, isolation: Isolation
) -> str:
    """Everything as JSON."""
    whole = {
        "hookproof": __version__,
        "host": host,
        "version": version,
        "lifecycle": lifecycle,
        "isolation": {
            "level": isolation.level,
            "network": isolation.network,
            "refused": isolation.refused,
            "not_prevented": list(isolation.not_prevented),
        },
        "scenarios": list(scenarios),
        "differences": [
            {
                "facet": difference.facet,
                "where": difference.where,
                "fake": difference.fake,
                "real": difference.real,
                "excused": None if known is None else known.reason,
            }
            for difference, known in judged.differences
        ],
        "stale": [{"facet": each.facet, "where": each.where, "reason": each.reason} for each in judged.stale],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
