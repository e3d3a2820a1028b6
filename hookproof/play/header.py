"""The first record of a journal: what was played, on what. Names in it are for people; no verdict reads them."""

from __future__ import annotations

import platform
import sys
from typing import Any

from hookproof import __version__, machine, processes
from hookproof.catalogue.descriptor import Companion, Context
from hookproof.play.cases import Case, PlayOptions


def header(case: Case, options: PlayOptions) -> dict[str, Any]:
    """The fields of the `case` record."""
    scenario, plugin = case.scenario, case.plugin
    return {
        "hookproof": __version__,
        "scenario": scenario.id,
        "title": scenario.title,
        "plugin": plugin.name,
        "policy": plugin.policy,
        "lifecycle": case.lifecycle.name,
        "like": case.lifecycle.like,
        "host": {"name": scenario.host, "version": (case.program or options.host(scenario.host)).version},
        "worker": {"name": "codex", "version": "fake" if options.worker is None else options.worker.version},
        "isolation": options.isolation,
        "repeat": case.repeat,
        "platform": machine.system(),
        "python": platform.python_version(),
        "subreaper": processes.is_subreaper() if sys.platform == "linux" else False,
        "requires": list(scenario.requires),
        "about": scenario.kind,
        **(_jobs(case, plugin.descriptor) if isinstance(plugin.descriptor, Companion) else {}),
        **(_agents(case, plugin.descriptor) if isinstance(plugin.descriptor, Context) else {}),
    }


def _jobs(case: Case, descriptor: Companion) -> dict[str, Any]:
    jobs = case.scenario.jobs
    return {
        "jobs": {name: {"answer": job.answer or f"Codex has finished job={name}."} for name, job in jobs.items()},
        "words": descriptor.state.words.model_dump(),
        "fields": descriptor.state.fields.model_dump(),
        "job_file": descriptor.state.job_file,
        "server_pid": descriptor.state.server_pid,
    }


def _agents(case: Case, descriptor: Context) -> dict[str, Any]:
    parents = {step.name: owner for owner, step in case.scenario.spawns()}
    forked = {step.name for _, step in case.scenario.spawns() if step.fork}
    return {
        "says": descriptor.says.model_dump(),
        "agents": {
            name: {"role": agent.role, "parent": parents.get(name), "forked": name in forked}
            for name, agent in case.scenario.agents.items()
        },
        "ephemeral": case.scenario.codex.ephemeral,
    }
