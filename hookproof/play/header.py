"""The first record of a journal: what was played, on what. Names in it are for people; no verdict reads them."""

from __future__ import annotations

import platform
import sys
from typing import Any

from hookproof import __version__, processes
from hookproof.play.cases import Case, PlayOptions


def header(case: Case, options: PlayOptions) -> dict[str, Any]:
    """The fields of the `case` record."""
    scenario, plugin = case.scenario, case.plugin
    descriptor = plugin.descriptor
    return {
        "hookproof": __version__,
        "scenario": scenario.id,
        "title": scenario.title,
        "plugin": plugin.name,
        "policy": plugin.policy,
        "lifecycle": case.lifecycle.name,
        "host": {"name": scenario.host, "version": options.host.version},
        "worker": {"name": "codex", "version": "fake" if options.codex is None else str(options.codex)},
        "repeat": case.repeat,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "subreaper": processes.is_subreaper() if sys.platform == "linux" else False,
        "requires": list(scenario.requires),
        "jobs": {
            name: {"answer": job.answer or f"Codex has finished job={name}."} for name, job in scenario.jobs.items()
        },
        "words": descriptor.state.words.model_dump(),
        "fields": descriptor.state.fields.model_dump(),
        "job_file": descriptor.state.job_file,
    }
