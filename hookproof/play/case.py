"""One case, played: a scenario with a plugin on a lifecycle becomes one journal.

Life: the private world is built, the recorder and the model server listen, the main session starts and is given its
first user turn; then the scenario's steps run beside the host until both are done. At the end every session is ended,
what still runs is left in peace until it is idle, counted as evidence, and only then swept. Whatever goes wrong in
between is an `error` record, and the end is reached all the same.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from hookproof import processes
from hookproof.catalogue.descriptor import Companion, Context
from hookproof.errors import describe
from hookproof.journal import JOURNAL, Journal
from hookproof.play.calibration import CalibrationPlay
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.companion import CompanionPlay
from hookproof.play.context import ContextPlay
from hookproof.play.header import header
from hookproof.play.runner import Performance
from hookproof.records.run import End, Error
from hookproof.sandbox import world as worlds


async def play(case: Case, run_dir: Path, options: PlayOptions) -> Path:
    """Play `case`; everything that happened is in the journal, whose path is returned.

    Whatever is raised on the way is an `error` record of it: one bad case is no other's business.
    """
    with contextlib.closing(Journal(run_dir / JOURNAL)) as journal:
        journal.write(header(case, options))
        try:
            await _play(case, journal, options)
        except Exception as error:
            journal.write(Error(where="harness", what=describe(error)))
    return journal.path


async def _play(case: Case, journal: Journal, options: PlayOptions) -> None:
    claude = case.program if case.program is not None and case.scenario.host == "claude" else options.claude
    world = worlds.build(
        case.plugin,
        case.lifecycle,
        codex=options.worker.argv if options.worker is not None else None,
        claude=claude.argv,
    )
    try:
        with processes.CaseProcesses(world.token, folder=world.root) as group:
            await _performance(case, world, journal, options, group).run()
        journal.write(End(world_removed=world.remove()))
    finally:
        world.remove()


def _performance(
    case: Case, world: worlds.World, journal: Journal, options: PlayOptions, group: processes.CaseProcesses
) -> Performance:
    descriptor = case.plugin.descriptor
    if case.scenario.kind == "calibration" and isinstance(descriptor, Context):
        return CalibrationPlay(case, descriptor, world, journal, options, group)
    if isinstance(descriptor, Companion):
        return CompanionPlay(case, descriptor, world, journal, options, group)
    return ContextPlay(case, descriptor, world, journal, options, group)
