"""Writes what can be derived from the data: docs/reference/*.md and scenarios/scenario.schema.json.

`python docs/generate.py` writes them; with `--check` it writes nothing and fails when any of them is stale.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hookproof import records
from hookproof.catalogue.condition import CONDITIONS
from hookproof.catalogue.fault import Fault
from hookproof.catalogue.lifecycle import Firing, lifecycle_files, read_lifecycle
from hookproof.catalogue.plugin import descriptors
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.catalogue.sentence import Sentence, meaning
from hookproof.catalogue.step import ACTIONS
from hookproof.hosts.registry import playing
from hookproof.judge.expected import read_expected
from hookproof.records import expect, faults, hosts, jobs, model, parts, run, sent
from hookproof.suite.judging import known_checks

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
_NOTE = "<!-- written by docs/generate.py from the data; edit that instead -->\n"


def files() -> dict[Path, str]:
    """Every generated file, and what should be in it."""
    scenarios = [read_scenario(path) for path in scenario_files()]
    return {
        REFERENCE / "requirements.md": _requirements(scenarios),
        REFERENCE / "scenarios.md": _scenarios(scenarios),
        REFERENCE / "steps.md": _steps(scenarios),
        REFERENCE / "lifecycles.md": _lifecycles(),
        REFERENCE / "outcomes.md": _outcomes(),
        REFERENCE / "journal.md": journal(),
        ROOT / "scenarios" / "scenario.schema.json": schema(),
    }


def schema() -> str:
    """The JSON Schema of a scenario file, for editors."""
    whole = Scenario.model_json_schema()
    for reserved in ("id", "path"):
        whole["properties"].pop(reserved, None)
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def _requirements(scenarios: list[Scenario]) -> str:
    used: dict[str, list[str]] = {}
    for scenario in scenarios:
        for name in scenario.requires:
            used.setdefault(name, []).append(scenario.id)
    lines = ["# Requirements", "", _NOTE]
    for name, row in read_requirements().items():
        lines += [
            f"## {name}",
            "",
            f"**{row.keyword}** {row.sentence}",
            "",
            *([f'- SHOULD for a plugin whose descriptor has no `promises = ["{row.promise}"]`'] if row.promise else []),
            *(["- judged in every case, whether its scenario names it or not"] if row.standing else []),
            f"- satisfied by: {' · '.join(row.accepts)}",
            *([f"- not tested without: {' · '.join(row.needs)}"] if row.needs else []),
            *([f"- leans on: {' · '.join(row.leans_on)}"] if row.leans_on else []),
            f"- source: {row.source}",
            *(["- judged in every case"] if row.standing else []),
            *([f"- scenarios: {shown}"] if (shown := ", ".join(f"`{each}`" for each in used.get(name, []))) else []),
            *([f"- note: {row.note}"] if row.note else []),
            "",
        ]
    return _text(lines)


def _scenarios(scenarios: list[Scenario]) -> str:
    lines = ["# Scenarios", "", _NOTE, "| scenario | what is played | host | requires |", "|---|---|---|---|"]
    for each in scenarios:
        where = f" ({', '.join(each.lifecycles)})" if each.lifecycles else ""
        lines.append(f"| `{each.id}` | {_cell(each.title)} | {', '.join(each.hosts)}{where} | {', '.join(each.own)} |")
    return _text(lines)


_STEPS = """
What a `[[then]]` step of a scenario can wait for (`when`) and do. In capitals stands what a name is put in place of, in
brackets what may be left out. An agent is called as its script is (`[[model.NAME]]`), a session as its table
(`[sessions.NAME]`), or `main`.
"""


def _steps(scenarios: list[Scenario]) -> str:
    used: dict[type[Sentence], dict[str, None]] = {}
    for scenario in scenarios:
        for step in scenario.then:
            for said in (step.when, step.do):
                if said is not None:
                    used.setdefault(type(said), {})[f"`{scenario.id}`"] = None
    lines = ["# Steps", "", _NOTE, _STEPS.strip(), ""]
    actions = [each for each in ACTIONS if not issubclass(each, Fault)]
    for title, kinds in (("`when`: what a step waits for", CONDITIONS), ("`do`: what a step does", actions)):
        lines += [f"## {title}", "", "| sentence | |", "|---|---|"]
        lines += [f"| `{each.form}` | {_cell(meaning(each))} |" for each in kinds]
        lines.append("")
    lines += ["## `do`: the faults", "", "| sentence | what is done | takes | scenarios |", "|---|---|---|---|"]
    for each in ACTIONS:
        if issubclass(each, Fault):
            takes = ", ".join(str(need) for need in each.needs)
            lines.append(f"| `{each.form}` | {_cell(meaning(each))} | {takes} | {', '.join(used.get(each, ()))} |")
    return _text(lines)


NOTHING = {"event": "-", "whose": "-", "context": "-"}
"""How a moment is shown at which nothing fires."""


def _lifecycles() -> str:
    lines = ["# Lifecycles", "", _NOTE]
    for path in lifecycle_files():
        lifecycle = read_lifecycle(path)
        extends = f" Extends `{lifecycle.extends}`: {lifecycle.alike}." if lifecycle.extends else ""
        lines += [
            f"## {lifecycle.name}",
            "",
            f"{lifecycle.title}.{extends}",
            "",
            "| row | is | source |",
            "|---|---|---|",
        ]
        for name, row in lifecycle.rows.items():
            lines.append(f"| {name} | `{_cell(_shown(row['is']))}` | {_cell(row['source'])} |")
        for name, switch in lifecycle.switches.items():
            changed = ", ".join(f"`{row}`" for row in (*switch.rows, *switch.events))
            lines.append(f"| **+{name}** | {changed} | {_cell(switch.title)} |")
        lines += ["", "| moment | event | whose session | context | source |", "|---|---|---|---|---|"]
        for moment, row in lifecycle.events.items():
            for firing in map(Firing.model_validate, row["is"] or [NOTHING]):
                cells = (moment, firing.event, firing.whose, firing.context, _cell(row["source"]))
                lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return _text(lines)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _outcomes() -> str:
    expected = read_expected()
    lines = ["# What the reference policies violate", "", _NOTE]
    for descriptor in descriptors():
        for policy, about in descriptor.policies.items():
            name = f"{descriptor.name}:{policy}"
            lines += [f"## {name}", "", f"{about.title}.", ""]
            hosts = {host.name for host in playing(descriptor.kind)}
            found = [path.stem for path in lifecycle_files() if path.parent.parent.name in hosts]
            for lifecycle in found:
                violated = sorted(expected.violations(name, lifecycle))
                # what the table does not name violates nothing; the tests play every policy on every lifecycle
                shown = ", ".join(violated) or ("nothing" if name in expected.policies else "not played")
                lines.append(f"- on `{lifecycle}`: {shown}")
            lines.append("")
        for switch, title in descriptor.switches.items():
            for name in (each for each in sorted(expected.policies) if each == f"{descriptor.name}:correct+{switch}"):
                violated = sorted(expected.violations(name, "claude-2.1.91"))
                lines += [f"## {name}", "", f"As correct, but {title}.", ""]
                lines += [f"- on `claude-2.1.91`: {', '.join(violated)}", ""]
    known = {f"{scenario}:{name}" for scenario, names in known_checks().items() for name in names}
    lines.append(f"{len(known)} pairs of scenario and check are judged.")
    return _text(lines)


_JOURNAL = """
A journal is a file of JSON objects, one a line: what happened in a run, in the order in which it became known. The
first is `case`, whose `format` is the number of this page: {format}. A journal of an older format is read as what it
would be today, one of a newer format is refused.

Every record has `seq` (1, 2, ...), `at` (milliseconds since the case began) and `kind`. A field that is optional is
left out where it says nothing: then it is what the last column says. What other programs tell may have more fields than
these; they are written down as they came.
"""


def journal() -> str:
    """Every kind of record, from the classes of `hookproof.records`."""
    lines = ["# The journal", "", _NOTE, _JOURNAL.format(format=records.FORMAT).strip(), ""]
    for module in (run, hosts, sent, model, jobs, faults):
        (title, *_), classes = (module.__doc__ or "").splitlines(), _classes(module)
        lines += [f"## {title.rstrip('.')}", ""]
        kinds = {kind.__name__: name for name, kind in records.KINDS.items() if kind.__module__ == module.__name__}
        for name, kind in kinds.items():
            lines += [f"### {kind}", "", classes[name].text, "", *_fields(name, kind, classes)]
    for title, module in (("What records hold", parts), ("A scenario's own sentences", expect)):
        lines += [f"## {title}", ""]
        classes = _classes(module)
        held = {name: about for name, about in classes.items() if _part(name) is not None}
        for name, about in held.items():
            lines += [f"### {name}", "", about.text, "", *_fields(name, None, classes)]
    return _text(lines)


def _part(name: str) -> type[records.Part] | None:
    """What records hold, by its name."""
    found = getattr(parts, name, None) or getattr(expect, name, None)
    return found if isinstance(found, type) and issubclass(found, records.Part) else None


@dataclass
class _Class:
    """What the source says of a class and of its fields: docstrings and types, which are gone at run time."""

    text: str
    fields: dict[str, str]
    types: dict[str, str]


def _classes(module: ModuleType) -> dict[str, _Class]:
    found = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            about = _Class(" ".join((ast.get_docstring(node) or "").split()), {}, {})
            for each, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    about.types[each.target.id] = ast.unparse(each.annotation)
                    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                        about.fields[each.target.id] = " ".join(str(after.value.value).split())
            found[node.name] = about
    return found


def _fields(name: str, kind: str | None, classes: dict[str, _Class]) -> list[str]:
    declared = records.KINDS[kind] if kind is not None else _part(name)
    if declared is None:
        return []
    about = classes[name]
    rows = []
    for each in records.shape(declared):
        holds = _type(each.words, about.types.get(each.name, ""))
        left_out = "" if each.required else f"`{json.dumps(each.default)}`"
        rows.append(f"| {each.name} | {holds} | {_cell(about.fields.get(each.name, ''))} | {left_out} |")
    return ["| field | holds | | left out |", "|---|---|---|---|", *rows, ""] if rows else []


def _type(words: str, annotation: str) -> str:
    named = [word for word in re.findall(r"[A-Z]\w+", annotation) if _part(word) is not None]
    return words + "".join(f": [{word}](#{word.lower()})" for word in named)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    check = parser.parse_args().check
    stale = []
    for path, text in files().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{'stale' if check else 'written'}: {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
