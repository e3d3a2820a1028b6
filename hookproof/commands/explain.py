"""`hookproof explain`: what a scenario, requirement, lifecycle, policy, cause or a step's sentence means."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from pathlib import Path

from hookproof import clean, files
from hookproof.catalogue.condition import CONDITIONS
from hookproof.catalogue.fault import Fault
from hookproof.catalogue.lifecycle import Lifecycle, Switch, lifecycle_files, read_lifecycle
from hookproof.catalogue.own_scenarios import ENDING, is_shipped, of_project, project_file, with_ids
from hookproof.catalogue.plugin import descriptors
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files, scenario_id
from hookproof.catalogue.sentence import Sentence, kind_of, meaning
from hookproof.catalogue.step import ACTIONS
from hookproof.commands import UsageError
from hookproof.judge.causes.known import described
from hookproof.judge.expect.judged import accepted


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `explain`."""
    parser.add_argument(
        "id",
        metavar="ID",
        help="what to explain, for example JOB-03, jobs/pattern-c, claude-2.1.91, fix-2-retag, H7, 'tear state'",
    )


def execute(parsed: argparse.Namespace) -> int:
    """Print the explanation. Raises UsageError when nothing is called so."""
    wanted: str = parsed.id
    own = _own(wanted)
    scenarios = _scenarios(own)
    explanations = {
        **_requirements(),
        **_expectations(own),
        **scenarios,
        **_lifecycles(),
        **_policies(),
        **_causes(),
        **_steps(),
    }
    step = kind_of(wanted, _SENTENCES)
    ending = (name for name in scenarios if name.endswith(f"/{wanted}"))
    file = scenario_id(Path(wanted)) if wanted.endswith(ENDING) else ""
    names = (wanted, *ending, file, step.form if step is not None else "")
    found = next((explanations[name] for name in names if name in explanations), None)
    if found is None:
        near = difflib.get_close_matches(wanted, explanations, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"nothing here is called {wanted!r}{hint}")
    print(clean.text(f"{wanted}\n{found}"))
    return 0


_SENTENCES: tuple[type[Sentence], ...] = (*CONDITIONS, *ACTIONS)


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
                *(
                    [f'  a SHOULD of a plugin that does not promise it: promises = ["{row.promise}"]']
                    if row.promise
                    else []
                ),
                *(["  judged in every case"] if row.standing else []),
                f"  satisfied by: {' · '.join(row.accepts)}",
                *([f"  not tested without: {' · '.join(row.needs)}"] if row.needs else []),
                *([f"  leans on: {' · '.join(row.leans_on)}"] if row.leans_on else []),
                f"  source: {row.source}",
                f"  scenarios: {'asked in every case' if row.standing else ', '.join(used.get(name, ['none']))}",
            ]
        )
        for name, row in read_requirements().items()
    }


def _expectations(own: Iterable[Path]) -> dict[str, str]:
    """The scenarios' own sentences. Several scenarios may call one by the same id."""
    found: dict[str, list[str]] = {}
    for scenario in map(read_scenario, [*scenario_files(), *own]):
        for each in (row.in_journal for row in scenario.expect):
            found.setdefault(each.id, []).extend(
                [
                    f"  {each.keyword}: {each.sentence}",
                    f"  satisfied by: {accepted(each.expects)}",
                    f"  a sentence of the scenario {scenario.id}: {scenario.path}",
                ]
            )
    return {name: "\n".join(lines) for name, lines in found.items()}


def _own(wanted: str) -> list[Path]:
    """The scenarios of the project that this is called in, and one that is asked for as a file."""
    project = project_file(Path.cwd())
    found = of_project(project, files.read_toml(project)) if project is not None else []
    asked = Path(wanted)
    if wanted.endswith(ENDING) and asked.is_file() and not is_shipped(asked):
        found.append(asked)
    return list(with_ids(found, {scenario_id(path) for path in scenario_files()}).values())


def _scenarios(own: Iterable[Path]) -> dict[str, str]:
    found = {}
    for path in [*scenario_files(), *own]:
        scenario = read_scenario(path)
        about = [f"  {scenario.about}"] if scenario.about else []
        lines = [f"  {scenario.title}", *about, f"  source: {scenario.source}"]
        found[scenario.id] = "\n".join([*lines, f"  requires: {', '.join(scenario.own)}", f"  file: {path}"])
    return found


def _steps() -> dict[str, str]:
    used: dict[type[Sentence], dict[str, None]] = {}
    for scenario in map(read_scenario, scenario_files()):
        for step in scenario.then:
            for said in (step.when, step.do):
                if said is not None:
                    used.setdefault(type(said), {})[scenario.id] = None
    return {
        each.form: "\n".join(
            [
                f"  {meaning(each)}",
                f"  a step's `{'when' if each in CONDITIONS else 'do'}`: {each.form}",
                *(f"  takes: {need}" for need in (each.needs if issubclass(each, Fault) else ())),
                f"  scenarios: {', '.join(used.get(each, ['none']))}",
            ]
        )
        for each in _SENTENCES
    }


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


def _causes() -> dict[str, str]:
    return {name: "\n".join(f"  {line}" for line in lines) for name, lines in described().items()}


def _policies() -> dict[str, str]:
    return {
        name: f"  {policy.title}\n  of the plugin: {descriptor.name}"
        for descriptor in descriptors()
        for name, policy in descriptor.policies.items()
    }
