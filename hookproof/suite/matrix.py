"""Which cases a run consists of: scenarios by plugins by lifecycles, and what is left out of these, with the reason."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from hookproof.catalogue.descriptor import Companion, Context, Descriptor
from hookproof.catalogue.fault import Fault
from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import Resolved, lifecycle_files, resolve_lifecycle
from hookproof.catalogue.model_step import Bash
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import Requirement, read_requirements
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.registry import HOSTS
from hookproof.isolation import entry
from hookproof.isolation.level import Isolation
from hookproof.play import Case
from hookproof.report.results import Skipped
from hookproof.sandbox import tap


def matrix(
    scenarios: Iterable[Scenario],
    plugins: Iterable[Plugin],
    lifecycles: Iterable[Resolved],
    repeats: int = 1,
    *,
    programs: Mapping[str, Program] | None = None,
    requirements: Mapping[str, Requirement] | None = None,
    isolation: Isolation | None = None,
) -> list[Case]:
    """Every case that makes sense: the scenario is for this kind of plugin and for this host.

    `programs` are the real hosts by the names of their lifecycles; `requirements` are read where they are not given.
    `isolation` is that of who will play them, of this process where it is not given.
    """
    programs = programs or {}
    lifecycles, scenarios = list(lifecycles), list(scenarios)
    known = read_requirements() if requirements is None else requirements
    for scenario in scenarios:
        unknown = [name for name in scenario.requires if name not in known]
        if unknown:
            where = scenario.path or Path(scenario.id)
            raise CatalogueError(where, [f"requires: there is no requirement {name}" for name in unknown])
    return [
        Case(scenario, plugin, lifecycle, repeat, programs.get(lifecycle.name))
        for plugin in plugins
        for scenario in scenarios
        if scenario.kind in plugin.kinds
        for lifecycle in lifecycles
        if lifecycle.host in scenario.hosts
        if without_hooks(plugin, lifecycle.host, scenario.kind) is None
        if why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in programs, isolation=isolation) is None
        for repeat in range(1, repeats + 1)
    ]


def left_out(
    scenarios: Iterable[Scenario],
    plugin: Plugin,
    lifecycles: Iterable[Resolved],
    *,
    programs: Mapping[str, Program] | None = None,
) -> list[Skipped]:
    """What `matrix` leaves out although scenario, plugin and host are of one kind, with the reason."""
    real = programs or {}
    return [
        Skipped(scenario=scenario.id, plugin=plugin.name, lifecycle=lifecycle.name, reason=reason)
        for lifecycle in lifecycles
        for scenario in scenarios
        if scenario.kind in plugin.kinds and lifecycle.host in scenario.hosts
        if (
            reason := without_hooks(plugin, lifecycle.host, scenario.kind)
            or why_not(scenario, plugin.descriptor, lifecycle, real=lifecycle.name in real)
        )
    ]


def without_hooks(plugin: Plugin, host: HostName, kind: str) -> str | None:
    """Why a plugin is not played on a host at all, in scenarios of a kind: it has no hooks for it. None where it has.

    What starts jobs needs none.
    """
    if kind == "companion":
        return None
    why = tap.without_hooks(plugin.root, HOSTS[host])
    return None if why is None else f"the plugin has no hooks for {HOSTS[host].title}: {why}"


def why_not(
    scenario: Scenario,
    descriptor: Descriptor,
    lifecycle: Resolved,
    *,
    real: bool,
    isolation: Isolation | None = None,
) -> str | None:
    """Why the scenario is not played there, or None when it is. `real`: the host is no stand-in.

    `isolation` is that of who would play it, of this process where it is not given.
    """
    about = [name for name in scenario.lifecycles if _host_of(name) in {lifecycle.host, None}]
    if about and lifecycle.like not in about:
        return f"says something only about {', '.join(about)}"
    if (lacking := scenario.lacks(lifecycle.host) or _host_lacks(scenario, lifecycle)) is not None:
        return lacking
    if scenario.transcripts and real:
        return "only a stand-in can be told what to write into a transcript"
    if (lacking := _system_lacks(scenario, lifecycle)) is not None:
        return lacking
    return _descriptor_lacks(scenario, descriptor, entry.current() if isolation is None else isolation)


def _descriptor_lacks(scenario: Scenario, descriptor: Descriptor, isolation: Isolation) -> str | None:
    """What the scenario needs to be told of the plugin; of its hooks nothing."""
    if isinstance(descriptor, Companion) and scenario.kind == "companion":
        reasons = (step.do.why_not(descriptor, isolation) for step in scenario.then if isinstance(step.do, Fault))
        return next((reason for reason in reasons if reason is not None), None)
    if isinstance(descriptor, Context) and scenario.kind != "hooks":
        return _not_described(scenario, descriptor)
    return None


def _host_of(lifecycle: str) -> HostName | None:
    """The host that a lifecycle of this name is of; None for one that there is not."""
    found = (path.parent.parent.name for path in lifecycle_files() if path.stem == lifecycle)
    return next((host.name for name in found for host in HOSTS.values() if host.name == name), None)


def _host_lacks(scenario: Scenario, lifecycle: Resolved) -> str | None:
    """What of the script this version of a host has no means for."""
    rows = lifecycle.rows or resolve_lifecycle(lifecycle.like).rows
    if scenario.children() and rows.get("subagents_may_start_agents") is False:
        return "a subagent of it is to start another, which only main can on this host"
    if scenario.kind == "context" and scenario.agents and rows.get("subagent_session") == "own":
        return "the account that this host is of says nothing of what a session of a subagent's own is told"
    return None


def _not_described(scenario: Scenario, descriptor: Context) -> str | None:
    """What the scenario needs that the plugin's descriptor does not have."""
    words = " ".join(str(step) for script in scenario.model.values() for step in script) + str(scenario.transcripts)
    roles = {agent.role for agent in scenario.agents.values()}
    agents = descriptor.agents
    if agents is None and (roles & {"known", "other"} or "{known}" in words or "{claude}" in words):
        return "needs an agent that the plugin has a template for, and its descriptor names none (agents.known)"
    if (agents is None or agents.other is None) and ("other" in roles or "{other}" in words):
        return "needs a second agent with a template, and the plugin's descriptor names none (agents.other)"
    return None


def _system_lacks(scenario: Scenario, lifecycle: Resolved) -> str | None:
    """What of the scenario this system has no means for, but for its faults."""
    if scenario.claude.adopts_orphans and sys.platform != "linux":
        return "its host adopts orphans, and only Linux lets a program do that"
    if scenario.claude.interactive and sys.platform == "win32":
        return "is played at a terminal, and Windows gives Python no pseudo-terminal"
    if scenario.profile_prints is not None and sys.platform == "win32":
        return "is about the profile of a login shell, and Windows has none"
    if sys.platform == "win32" and _takes_a_posix_shell(scenario, lifecycle):
        return "its commands are written for a POSIX shell"
    return None


def _takes_a_posix_shell(scenario: Scenario, lifecycle: Resolved) -> bool:
    """Whether a command needs a POSIX shell: it is more than a program with arguments, or drops variables."""
    commands = [step.command for steps in scenario.model.values() for step in steps if isinstance(step, Bash)]
    exports = lifecycle.rows.get("env_file_exports") != "reach no shell"
    return any("&" in command or ("{bare}" in command and exports) for command in commands)


def with_policy(plugin: Plugin, policy: str) -> Plugin:
    """A reference plugin under another of its policies. Called by `reproduce` and `run --update-expected`."""
    return replace(plugin, policy=policy, name=f"{plugin.name.partition(':')[0]}:{policy}")
