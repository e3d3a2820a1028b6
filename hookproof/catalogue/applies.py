"""Whether a scenario says anything about a plugin on a host, and if not, why not."""

from __future__ import annotations

import sys

from hookproof.catalogue import deeds
from hookproof.catalogue.descriptor import Companion, Descriptor
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.scenario import Scenario
from hookproof.catalogue.steps import Bash


def why_not(scenario: Scenario, descriptor: Descriptor, lifecycle: Resolved, *, real: bool) -> str | None:
    """Why the scenario is not played there, or None when it is. `real`: the host is no stand-in."""
    if scenario.lifecycles and lifecycle.like not in scenario.lifecycles:
        return f"says something only about {', '.join(scenario.lifecycles)}"
    if scenario.transcripts and real:
        return "only a stand-in can be told what to write into a transcript"
    if scenario.claude.interactive and sys.platform == "win32":
        return "is played at a terminal, and Windows gives Python no pseudo-terminal"
    if sys.platform == "win32" and _takes_a_posix_shell(scenario, lifecycle):
        return "its commands are written for a POSIX shell"
    if isinstance(descriptor, Companion):
        reasons = (deeds.why_not(step.do or "", descriptor) for step in scenario.then)
        return next((reason for reason in reasons if reason is not None), None)
    return None


def _takes_a_posix_shell(scenario: Scenario, lifecycle: Resolved) -> bool:
    """Whether a command is more than a program and its words, or drops variables (where there are any to drop)."""
    commands = [step.command for steps in scenario.model.values() for step in steps if isinstance(step, Bash)]
    exports = lifecycle.rows.get("env_file_exports") != "reach no shell"
    return any("&" in command or ("{bare}" in command and exports) for command in commands)
