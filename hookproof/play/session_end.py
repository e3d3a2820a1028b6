"""The budget of SessionEnd hooks in a case: the host's own in a scenario that is about it, else a generous one.

How long a hook takes is the machine's affair where a scenario is about something else. So the host is given a budget
that only a hook without an end outlives, wherever it has a variable for that: half of a step's patience, so that the
host has ended the hook before the step gives up. Where the scenario is about the budget, a machine that is busy with
something else gives it in proportion: as many times the host's own as a bare hook takes longer than it works. What a
plugin declares itself is never changed. Called by `play.run`, which hands the variable to the host's processes, and by
`play.header`, which writes down what is in force.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.hosts.host import Host, SessionEnd
from hookproof.hosts.registry import HOSTS
from hookproof.play.cases import Case, PlayOptions
from hookproof.records.parts import BUSY, SessionEndBudget


def budgets(case: Case, options: PlayOptions) -> dict[str, SessionEndBudget]:
    """That of each host that is played, by its name; none of one whose lifecycle does not say."""
    found: dict[str, SessionEndBudget] = {}
    for host, rows in _played(case, options):
        program = case.program_of(host, options)
        try:
            own = host.session_end(rows, program.version if program.real else None)
        except KeyError:
            continue
        found[host.name] = _in_force(case, own, options)
    return found


def variables(budget: SessionEndBudget | None) -> dict[str, str]:
    """What a host's processes have in their environment for it."""
    return {} if budget is None or budget.raised_by is None else {budget.raised_by: str(budget.ms)}


def _played(case: Case, options: PlayOptions) -> list[tuple[Host, Mapping[str, object]]]:
    """Each host of the scenario, with the rows of its lifecycle; of a real one, of the measured one that is nearest."""
    scenario, lifecycle = case.scenario, case.lifecycle
    main = HOSTS[case.host]
    real = case.program_of(main, options).real
    found = {main.name: resolve_lifecycle(lifecycle.like).rows if real and lifecycle.like else lifecycle.rows}
    for other in scenario.sessions.values():
        if other.host is not None and other.lifecycle is not None:
            found.setdefault(other.host, resolve_lifecycle(other.lifecycle).rows)
    return [(HOSTS[name], rows) for name, rows in found.items()]


def _in_force(case: Case, own: SessionEnd, options: PlayOptions) -> SessionEndBudget:
    generous = round(options.seconds * 1000 / 2)
    if case.scenario.kind == "calibration":
        # it holds a stand-in against the host as it is
        return SessionEndBudget(ms=own.ms, undeclared_ms=own.undeclared_ms)
    if case.scenario.claude.session_end_budget == "host":
        return _in_proportion(own, options.slowdown, generous)
    if own.variable is None or generous <= own.ms:
        return SessionEndBudget(ms=own.ms, undeclared_ms=own.undeclared_ms)
    return _raised(SessionEndBudget(ms=generous, undeclared_ms=own.undeclared_ms), own)


def _in_proportion(own: SessionEnd, slowdown: float, generous: int) -> SessionEndBudget:
    """The host's own, on a machine that is busy so much longer. A step's patience is not outrun by that."""
    # what is recorded is what decides: the judge must not call a machine busy for which nothing was raised
    slowdown = round(slowdown, 1)
    as_it_is = SessionEndBudget(ms=own.ms, undeclared_ms=own.undeclared_ms, slowdown=slowdown, own_ms=own.ms)
    longer = min(own.ms * math.ceil(slowdown), generous)
    if slowdown < BUSY or own.variable is None or longer <= own.ms:
        return as_it_is
    return _raised(replace(as_it_is, ms=longer), own)


def _raised(budget: SessionEndBudget, own: SessionEnd) -> SessionEndBudget:
    undeclared = budget.ms if own.raises_undeclared else own.undeclared_ms
    return replace(budget, undeclared_ms=undeclared, raised_by=own.variable)
