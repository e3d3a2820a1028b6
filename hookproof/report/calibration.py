"""What a person reads of a calibration: facet × scenario at a glance, then every difference in words; and its JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import markup
from rich.console import Console
from rich.table import Table

from hookproof import __version__, clean
from hookproof.calibration.compare import Difference, Judged, NotMeasured
from hookproof.calibration.facets import FACETS
from hookproof.isolation.level import Isolation

_LONGEST = 1200


def escape(text: str) -> str:
    """What a host said, as rich prints it."""
    return markup.escape(clean.text(text))


@dataclass(frozen=True, slots=True)
class Held:
    """A stand-in that was held against a real host."""

    host: str
    version: str
    """Of the real host."""
    lifecycle: str
    """The stand-in's."""
    scenarios: tuple[str, ...]
    unknown_events: tuple[str, ...]
    """Those that the release does not know, so that the probe did not declare them on either side."""
    judged: Judged

    @property
    def real(self) -> str:
        """How the real host is called."""
        return f"{self.host} {self.version}"


def show(console: Console, held: Held) -> None:
    """The table and what is behind it."""
    judged = held.judged
    console.print(_table(held.scenarios, judged))
    for difference, known in judged.differences:
        if known is None:
            console.print()
            for line in _phrases(difference, held.real, held.lifecycle):
                console.print(line, highlight=False, soft_wrap=True)
    reasons: dict[str, list[Difference]] = {}
    for difference, known in judged.differences:
        if known is not None:
            reasons.setdefault(known.reason, []).append(difference)
    for reason, differences in reasons.items():
        console.print(f"\n[dim]known {len(differences)} ×[/] {escape(reason)}", highlight=False, soft_wrap=True)
    for stale in judged.stale:
        sentence = f"{stale.facet}, {stale.where}: {held.lifecycle} knows of a difference that is none any more"
        console.print(f"\n[red]stale[/] {escape(f'{sentence}: {stale.reason}')}", highlight=False, soft_wrap=True)
    for missed in judged.not_measured:
        console.print(f"\n[yellow]not measured[/] {escape(_missed(missed))}", highlight=False, soft_wrap=True)
    if held.unknown_events:
        names = ", ".join(held.unknown_events)
        sentence = f"{held.real} does not know {names}: a plugin that declares one of them loses all its hooks there"
        console.print(f"\n{escape(sentence)}", highlight=False, soft_wrap=True)
    console.print(f"\n{_summary(held)}", highlight=False, soft_wrap=True)


def _missed(missed: NotMeasured) -> str:
    runs = "no run" if missed.whole else f"{missed.runs} of {missed.of} runs not"
    return f"{missed.scenario}, {runs} on the {missed.side}: {'; '.join(missed.reasons)}"


def _summary(held: Held) -> str:
    """One sentence. What was not measured is neither alike nor different."""
    judged = held.judged
    total, wrong, unmeasured = len(judged.differences), len(judged.unexplained), len(judged.unmeasured)
    does = "does not do" if wrong else "does"
    of = f"{unmeasured} of {len(held.scenarios)} scenarios were not"
    extent = f", as far as it was measured ({of})" if unmeasured else ""
    stale = f"{len(judged.stale)} known difference{'' if len(judged.stale) == 1 else 's'} stale"
    counted = f"{wrong} difference{'' if wrong == 1 else 's'}, {total - wrong} known, {stale}"
    if unmeasured == len(held.scenarios):
        return f"nothing was measured, so that nobody knows whether {held.lifecycle} does what {held.real} does"
    return f"the stand-in with {held.lifecycle} {does} what {held.real} does{extent}: {counted}"


def _table(scenarios: Sequence[str], judged: Judged) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("facet")
    for scenario in scenarios:
        table.add_column(scenario)
    counted: Counter[tuple[str, str, bool]] = Counter()
    for difference, known in judged.differences:
        counted[difference.facet, difference.where.partition(":")[0], known is None] += 1
    unmeasured = judged.unmeasured
    for facet in FACETS:
        cells = (
            "[yellow]not measured[/]" if s in unmeasured else _cell(counted[facet, s, True], counted[facet, s, False])
            for s in scenarios
        )
        table.add_row(facet, *cells)
    return table


def _cell(wrong: int, known: int) -> str:
    if wrong:
        return f"[red]differs {wrong}[/]"
    return f"[yellow]known {known}[/]" if known else "[green]equal[/]"


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


def document(held: Held, isolation: Isolation) -> str:
    """Everything as JSON."""
    judged = held.judged
    whole = {
        "hookproof": __version__,
        "host": held.host,
        "version": held.version,
        "lifecycle": held.lifecycle,
        "isolation": {
            "level": isolation.level,
            "network": isolation.network,
            "refused": isolation.refused,
            "not_prevented": list(isolation.not_prevented),
        },
        "scenarios": list(held.scenarios),
        "unknown_events": list(held.unknown_events),
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
        "not_measured": [
            {
                "scenario": each.scenario,
                "side": each.side,
                "runs": each.runs,
                "of": each.of,
                "reasons": list(each.reasons),
            }
            for each in judged.not_measured
        ],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
