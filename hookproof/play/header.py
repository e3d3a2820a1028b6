"""The first record of a journal: what was played, on what. Names in it are for people; no verdict reads them."""

from __future__ import annotations

import platform
import sys
from dataclasses import replace

from hookproof import __version__, machine, processes
from hookproof.catalogue.descriptor import Companion, Context
from hookproof.catalogue.plugin import HOOKS_KIND
from hookproof.catalogue.spelling import status_shape, words_of
from hookproof.hosts.registry import HOSTS, WORKER
from hookproof.isolation import entry
from hookproof.isolation.level import Isolation
from hookproof.play import session_end
from hookproof.play.cases import Case, PlayOptions
from hookproof.records import FORMAT, parts, run
from hookproof.records.parts import CaseAgent, JobAnswer, Program, ShellTimeouts


def header(case: Case, options: PlayOptions) -> run.Case:
    """The `case` record."""
    scenario, plugin = case.scenario, case.plugin
    known = run.Case(
        format=FORMAT,
        hookproof=__version__,
        scenario=scenario.id,
        title=scenario.title,
        plugin=plugin.name,
        policy=plugin.policy,
        lifecycle=case.lifecycle.name,
        like=case.lifecycle.like,
        host=Program(name=case.host, version=case.program_of(HOSTS[case.host], options).version),
        worker=Program(name=WORKER.name, version=(options.worker or WORKER.stand_in()).version),
        isolation=_isolation(options.isolation or entry.current()),
        repeat=case.repeat,
        platform=machine.system(),
        python=platform.python_version(),
        main_launch=options.main_launches.get((plugin.name, case.lifecycle.name)),
        session_end=session_end.budgets(case, options),
        subreaper=processes.is_subreaper() if sys.platform == "linux" else False,
        patience=options.patience.part if options.patience is not None else None,
        requires=list(scenario.requires),
        expect=[each.in_journal for each in scenario.expect],
        about=scenario.kind,
        profile_prints=scenario.profile_prints if sys.platform != "win32" else None,
        shell_timeouts=_shell_timeouts(case),
    )
    if scenario.kind == HOOKS_KIND:
        return known
    if isinstance(plugin.descriptor, Companion):
        return _with_jobs(known, case, plugin.descriptor)
    return _with_agents(known, case, plugin.descriptor) if isinstance(plugin.descriptor, Context) else known


def _shell_timeouts(case: Case) -> ShellTimeouts | None:
    longest = case.longest_timeout
    if longest is None:
        return None
    return ShellTimeouts(play=case.play, factor=case.timeout_factor, longest_ms=longest)


def _isolation(known: Isolation) -> parts.Isolation:
    return parts.Isolation(
        level=known.level,
        network=known.network,
        proof=list(known.proof),
        refused=known.refused,
        not_prevented=list(known.not_prevented),
    )


def _with_jobs(known: run.Case, case: Case, descriptor: Companion) -> run.Case:
    return replace(
        known,
        jobs={name: JobAnswer(answer=answer) for name, answer in case.scenario.answers().items()},
        words=words_of(descriptor.state.words),
        promises=list(descriptor.promises),
        fields=descriptor.state.fields.model_dump(),
        status=status_shape(descriptor),
        state_roots=list(descriptor.state.roots),
        job_file=descriptor.state.job_file or "",
        server_pid=descriptor.state.server_pid,
        shared_server=case.plugin.shares_server,
    )


def _with_agents(known: run.Case, case: Case, descriptor: Context) -> run.Case:
    parents = {step.name: owner for owner, step in case.scenario.spawns()}
    forked = {step.name for _, step in case.scenario.spawns() if step.fork}
    return replace(
        known,
        says=descriptor.says.model_dump(),
        agents={
            name: CaseAgent(role=agent.role, parent=parents.get(name), forked=name in forked)
            for name, agent in case.scenario.agents.items()
        },
        records_agents=bool(descriptor.records),
        ephemeral=case.scenario.codex.ephemeral,
    )
