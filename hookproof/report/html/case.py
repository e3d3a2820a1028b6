"""One case of the HTML report: what is said of it in words, and the records beneath its picture."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hookproof.catalogue.plugin import is_reference
from hookproof.catalogue.requirement import Requirement
from hookproof.clean import markup as escape
from hookproof.hosts import registry
from hookproof.judge.causes.culprit import Fact
from hookproof.judge.causes.known import meaning
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.records import Record, outward, plain
from hookproof.report.columns import tally
from hookproof.report.html.svg import cut
from hookproof.report.results import Result


@dataclass(slots=True)
class Section:
    """A case as the template shows it."""

    anchor: str
    result: Result
    host: str
    checks: list[tuple[CheckResult, Requirement | None]]
    """Each with its sentence; None: this version of hookproof does not know the requirement."""
    culprit: list[tuple[str, str, Fact]]
    """Each field of it: its name, its value in words, itself."""
    causes: list[tuple[str, str]]
    command: str
    title: str = ""
    body: str = ""
    """The picture and its records: HTML that was escaped piece by piece."""
    moments: set[str] = field(default_factory=set)
    """The requirements whose breaking is marked in the picture."""
    note: str = ""
    open: bool = False
    alike: str = ""
    """The anchor of a case that came out the same, where that one has the picture."""

    @property
    def replays(self) -> str:
        """What came when it was played again, alone."""
        return tally(self.result)

    @property
    def text(self) -> str:
        """What the filter looks in."""
        each = self.result
        ids = [check.id for check in each.checks if check.verdict is not Verdict.CONFORMS]
        parts = [each.scenario, each.plugin, self.host, each.verdict, each.cause or "", *ids]
        marks = ["" if each.expected else "unexpected", "partly played" if each.not_played else ""]
        return " ".join([*parts, *marks]).lower()


def section(number: int, each: Result, requirements: Mapping[str, Requirement], plugins: Mapping[str, str]) -> Section:
    """The words of one case."""
    return Section(
        anchor=f"c{number}",
        result=each,
        host=host(each),
        checks=[(check, requirements.get(check.id)) for check in each.checks],
        culprit=list(_culprit(each)),
        causes=_causes(each),
        command=command(each, plugins),
    )


def _causes(each: Result) -> list[tuple[str, str]]:
    if each.cause is None:
        return []
    return [(each.cause, meaning(each.cause)), *((name, meaning(name, beside=True)) for name in each.also)]


def host(each: Result) -> str:
    """The host and the way it behaves: a lifecycle that a stand-in plays, or a real program."""
    if each.host.version == "fake":
        return each.lifecycle
    jobs = registry.title(each.worker.name)
    worker = f", jobs by {jobs} {each.worker.version}" if each.worker.version not in {"fake", each.host.version} else ""
    return f"{registry.title(each.host.name)} {each.host.version}{worker}"


def command(each: Result, plugins: Mapping[str, str]) -> str:
    """The command line that replays a case. `plugins` says how a plugin that is not the reference was named."""
    argv = ["hookproof", "run", each.scenario, "--plugin"]
    reference = is_reference(each.plugin)
    argv.append(plugins.get(each.plugin, each.plugin if reference else f"PATH/TO/{each.plugin.replace(' ', '-')}"))
    if each.host.version == "fake":
        argv += ["--lifecycle", each.lifecycle]
    else:
        argv += [f"--{each.host.name}", f"npm:{each.host.version}"]
    if each.worker.name != each.host.name and each.worker.version != "fake":
        argv += [f"--{each.worker.name}", f"npm:{each.worker.version}"]
    if each.repeat > 1:
        argv += ["--repeat", str(each.repeat)]
    return shlex.join(argv)


def link(requirement: Requirement) -> str | None:
    """Where one can read its source."""
    known = "issue #345" in requirement.source
    return "https://github.com/openai/codex-plugin-cc/issues/345" if known else None


def _culprit(each: Result) -> Iterator[tuple[str, str, Fact]]:
    if each.culprit is None:
        return
    who = each.culprit
    for name, fact in (("who", who.who), ("whose session", who.session), ("how", who.signal)):
        if fact is not None:
            yield name, str(fact.value), fact
    if who.after_subagent_ms is not None:
        value = f"{who.after_subagent_ms.value:.0f} ms after the subagent’s last word"
        yield "how soon", value, who.after_subagent_ms
    yield from ((fact.name, str(fact.value), fact) for fact in who.facts)


def records_table(records: list[Record], name: str, *, most: int, longest: int) -> Iterator[str]:
    """The raw records, folded. Long ones are cut, and say so."""
    shown = records[:most]
    count = f"the first {most:,} of {len(records):,} records" if len(records) > most else f"{len(records):,} records"
    yield f"<details class=raw><summary>{count} of the journal, as they were written</summary><table><thead><tr>"
    yield "<th>record</th><th>ms</th><th>kind</th><th>the rest</th></tr></thead><tbody>"
    for record in shown:
        rest = {key: value for key, value in plain(record).items() if key not in {"seq", "at", "kind"}}
        text = cut(json.dumps(rest, ensure_ascii=False, separators=(", ", ": "), default=outward), longest)
        seq, at, kind = escape(record.seq), escape(record.at), escape(record.kind)
        yield f'<tr id="{name}r{seq}"><td>{seq}</td><td>{at}</td><td>{kind}</td><td>{escape(text)}</td></tr>'
    yield "</tbody></table></details>"
