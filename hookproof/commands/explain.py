"""`hookproof explain`: what one scenario, requirement, lifecycle, policy or signature means, with its source."""

from __future__ import annotations

import argparse
import difflib

from hookproof import clean
from hookproof.catalogue.lifecycle import Lifecycle, Switch, lifecycle_files, read_lifecycle
from hookproof.catalogue.plugin import descriptors
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.commands import UsageError
from hookproof.judge.causes.signature import EVIDENCE, HYPOTHESES


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `explain`."""
    parser.add_argument("id", metavar="ID", help="for example JOB-03, jobs/pattern-c, claude-2.1.91, fix-2-retag, H7")


def execute(parsed: argparse.Namespace) -> int:
    """Print the explanation. Raises UsageError when nothing is called so."""
    wanted: str = parsed.id
    explanations = {**_requirements(), **_scenarios(), **_lifecycles(), **_policies(), **_signatures()}
    found = next(
        (explanations[name] for name in (wanted, f"jobs/{wanted}", f"context/{wanted}") if name in explanations), None
    )
    if found is None:
        near = difflib.get_close_matches(wanted, explanations, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"nothing here is called {wanted!r}{hint}")
    print(clean.text(f"{wanted}\n{found}"))
    return 0


def _requirements() -> dict[str, str]:
    used: dict[str, list[str]] = {}
    for path in scenario_files():
        scenario = read_scenario(path)
        for name in scenario.requires:
            used.setdefault(name, []).append(scenario.id)
    return {
        name: "\n".join(
            [
                f"  {row.keyword}: {row.sentence}",
                f"  satisfied by: {' · '.join(row.accepts)}",
                f"  source: {row.source}",
                f"  scenarios: {', '.join(used.get(name, ['none']))}",
            ]
        )
        for name, row in read_requirements().items()
    }


def _scenarios() -> dict[str, str]:
    found = {}
    for path in scenario_files():
        scenario = read_scenario(path)
        about = [f"  {scenario.about}"] if scenario.about else []
        lines = [f"  {scenario.title}", *about, f"  source: {scenario.source}"]
        found[scenario.id] = "\n".join([*lines, f"  requires: {', '.join(scenario.requires)}", f"  file: {path}"])
    return found


def _lifecycles() -> dict[str, str]:
    found = {}
    for path in lifecycle_files():
        lifecycle = read_lifecycle(path)
        rows = _rows(lifecycle)
        extends = [f"  extends {lifecycle.extends} ({lifecycle.alike})"] if lifecycle.extends else []
        found[lifecycle.name] = "\n".join([f"  {lifecycle.title}", *extends, *rows])
        for name, switch in lifecycle.switches.items():
            found[f"{lifecycle.name}+{name}"] = "\n".join([f"  {switch.title}", *_rows(switch)])
    return found


def _rows(of: Lifecycle | Switch) -> list[str]:
    """Every row with its source; of the events, what fires at each moment."""
    rows = [f"  {name} = {row['is']!r}\n      {row['source']}" for name, row in of.rows.items()]
    for moment, row in of.events.items():
        fires = ", ".join(" ".join(f"{name}={value!r}" for name, value in each.items()) for each in row["is"])
        rows.append(f"  at {moment!r}: {fires or 'nothing'}\n      {row['source']}")
    return rows


def _signatures() -> dict[str, str]:
    return {name: f"  {meaning}\n  leaves behind: {EVIDENCE[name]}" for name, meaning in HYPOTHESES.items()}


def _policies() -> dict[str, str]:
    return {
        name: f"  {policy.title}\n  of the plugin: {descriptor.name}"
        for descriptor in descriptors()
        for name, policy in descriptor.policies.items()
    }
