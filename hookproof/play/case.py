"""One case, played: a scenario with a plugin on a lifecycle becomes one journal.

Life: the private world is built, the recorder and the model server listen, the main session starts and is given its
first user turn; then the scenario's steps run beside the host until both are done. At the end every session is ended,
what still runs is left in peace until it is idle, counted as evidence, and only then swept. Whatever goes wrong in
between is an `error` record, and the end is reached all the same.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import replace
from itertools import chain
from pathlib import Path

from hookproof import processes
from hookproof.catalogue.descriptor import Companion, Context
from hookproof.errors import describe
from hookproof.hosts.registry import HOSTS, WORKER
from hookproof.journal import JOURNAL, Journal
from hookproof.play.calibration import CalibrationDriver
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.companion import CompanionDriver
from hookproof.play.context import ContextDriver
from hookproof.play.driver import Driver
from hookproof.play.header import header
from hookproof.play.hooks import HooksDriver
from hookproof.play.patience import Patience, measured, slowdown
from hookproof.play.run import Run
from hookproof.play.runner import Runner
from hookproof.records.run import End, Error
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.sandbox import Layout


async def play(case: Case, run_dir: Path, options: PlayOptions) -> Path:
    """Play `case`; everything that happened is in the journal, whose path is returned.

    Whatever is raised on the way is an `error` record of it: one bad case is no other's business.
    """
    patience = options.patience or await measured()
    # in proportion to what the machine does besides, or its load would be what such a case judges
    slower = await slowdown() if case.scenario.claude.session_end_budget == "host" else 1.0
    options = replace(options, patience=patience, slowdown=slower)
    with contextlib.closing(Journal(run_dir / JOURNAL)) as journal:
        journal.write(header(case, options))
        try:
            await _play(case, journal, options, patience)
        except Exception as error:
            journal.write(Error(where="harness", what=describe(error)))
    return journal.path


async def _play(case: Case, journal: Journal, options: PlayOptions, patience: Patience) -> None:
    scenario = case.scenario
    layout = Layout(scenario.place, scenario.home, scenario.project, scenario.profile_prints)
    sandbox = sandboxes.build(case.plugin, case.lifecycle, programs=_programs(case, options), layout=layout)
    try:
        with processes.CaseProcesses(sandbox.token, folder=sandbox.root, programs=_needed(case, options)) as group:
            beside = {
                name: sandboxes.beside(sandbox, name, case.plugin, replace(layout, place=session.place))
                for name, session in scenario.sessions.items()
                if session.place is not None
            }
            run = Run.make(case, options, sandbox, journal, group, patience, beside)
            await Runner(run, _driver(run)).play()
        journal.write(End(world_removed=sandbox.remove()))
    finally:
        sandbox.remove()


def _programs(case: Case, options: PlayOptions) -> dict[str, tuple[str, ...]]:
    """What starts each host from PATH: who does jobs is another program than who is played as the host."""
    programs = {host.name: case.program_of(host, options) for host in HOSTS.values()}
    programs[WORKER.name] = options.worker or WORKER.stand_in()
    return {name: program.argv for name, program in programs.items()}


def _needed(case: Case, options: PlayOptions) -> list[str]:
    """Every program that the case may start, with the files that it is given."""
    played = [case.program_of(host, options) for host in HOSTS.values()]
    hosts = chain(*_programs(case, options).values(), *(program.argv for program in played))
    plugins = filter(None, map(shutil.which, case.plugin.descriptor.needs))
    return [word for word in dict.fromkeys([*hosts, *plugins]) if os.path.isabs(word)]  # noqa: PTH117


def _driver(run: Run) -> Driver:
    descriptor, kind = run.case.plugin.descriptor, run.case.scenario.kind
    if isinstance(descriptor, Companion) and kind == "companion":
        return CompanionDriver(run, descriptor)
    if isinstance(descriptor, Context) and kind != "hooks":
        context = ContextDriver(run, descriptor)
        return CalibrationDriver(run, context) if kind == "calibration" else context
    return HooksDriver(run)
