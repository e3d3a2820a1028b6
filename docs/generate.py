"""Writes what can be derived from the data: docs/reference/*.md and scenarios/scenario.schema.json.

`python docs/generate.py` writes them; with `--check` it writes nothing and fails when any of them is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from hookproof.catalogue.lifecycle import lifecycle_files, read_lifecycle
from hookproof.catalogue.plugin import descriptors
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.judge.expected import read_expected

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
_NOTE = "<!-- written by docs/generate.py from the data; edit that instead -->\n"


def files() -> dict[Path, str]:
    """Every generated file, and what should be in it."""
    scenarios = [read_scenario(path) for path in scenario_files()]
    return {
        REFERENCE / "requirements.md": _requirements(scenarios),
        REFERENCE / "scenarios.md": _scenarios(scenarios),
        REFERENCE / "lifecycles.md": _lifecycles(),
        REFERENCE / "outcomes.md": _outcomes(scenarios),
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
            f"- satisfied by: {' · '.join(row.accepts)}",
            f"- source: {row.source}",
            f"- scenarios: {', '.join(f'`{each}`' for each in used.get(name, [])) or 'none yet'}",
            *([f"- note: {row.note}"] if row.note else []),
            "",
        ]
    return _text(lines)


def _scenarios(scenarios: list[Scenario]) -> str:
    lines = ["# Scenarios", "", _NOTE, "| scenario | what is played | host | requires |", "|---|---|---|---|"]
    for each in scenarios:
        where = f" ({', '.join(each.lifecycles)})" if each.lifecycles else ""
        lines.append(f"| `{each.id}` | {_cell(each.title)} | {each.host}{where} | {', '.join(each.requires)} |")
    return _text(lines)


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
            lines.append(f"| **+{name}** | {', '.join(f'`{row}`' for row in switch.rows)} | {_cell(switch.title)} |")
        lines.append("")
    return _text(lines)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _outcomes(scenarios: list[Scenario]) -> str:
    expected = read_expected()
    lines = ["# What the reference policies violate", "", _NOTE]
    for descriptor in descriptors():
        for policy, about in descriptor.policies.items():
            name = f"{descriptor.name}:{policy}"
            lines += [f"## {name}", "", f"{about.title}.", ""]
            host = "claude" if descriptor.kind == "companion" else "codex"
            found = [path.stem for path in lifecycle_files() if path.parent.parent.name == host]
            for lifecycle in found:
                violated = sorted(expected.violations(name, lifecycle))
                lines.append(f"- on `{lifecycle}`: {', '.join(violated) or 'nothing'}")
            lines.append("")
        for switch, title in descriptor.switches.items():
            for name in (each for each in sorted(expected.policies) if each == f"{descriptor.name}:correct+{switch}"):
                violated = sorted(expected.violations(name, "claude-2.1.91"))
                lines += [f"## {name}", "", f"As correct, but {title}.", ""]
                lines += [f"- on `claude-2.1.91`: {', '.join(violated)}", ""]
    known = {f"{each.id}:{name}" for each in scenarios for name in each.requires}
    lines.append(f"{len(known)} pairs of scenario and check are judged.")
    return _text(lines)


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
