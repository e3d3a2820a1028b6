"""One run of a case: all that its parts work with. Made by `play.case` for the runner, the drivers and the faults.

Life: made once the sandbox is there and processes can be started; the environment is filled in by the runner when the
recorder and the model server listen, and is complete when the driver has prepared the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hookproof.catalogue.descriptor import State
from hookproof.catalogue.host import Program
from hookproof.catalogue.scenario import MAIN
from hookproof.hosts.host import Host
from hookproof.hosts.registry import HOSTS
from hookproof.hosts.session import Setting
from hookproof.journal import Journal
from hookproof.play import session_end
from hookproof.play.cases import Case, PlayOptions
from hookproof.play.patience import Patience
from hookproof.play.rest import Rest
from hookproof.processes import CaseProcesses, Death, DeathWatch
from hookproof.records.parts import StateRoot
from hookproof.records.run import ProcessDied
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import state_at_rest


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that the parts of one run share."""

    case: Case
    options: PlayOptions
    sandbox: Sandbox
    journal: Journal
    """Whoever does something at a record says so with `journal.after`."""
    processes: CaseProcesses
    """Every process of the run is started for it."""
    deaths: DeathWatch
    """Writes `process.died` for each process that it is told to watch."""
    rest: Rest
    """Knows when everything has settled."""
    env: dict[str, str]
    """The environment of every process of the run."""
    beside: Mapping[str, Sandbox] = field(default_factory=dict)
    """By its session, where each is that is not at main's place."""
    env_beside: dict[str, dict[str, str]] = field(default_factory=dict)
    """By its session, what is otherwise there in the environment."""

    @classmethod
    def make(
        cls,
        case: Case,
        options: PlayOptions,
        sandbox: Sandbox,
        journal: Journal,
        group: CaseProcesses,
        patience: Patience,
        beside: Mapping[str, Sandbox] | None = None,
    ) -> Run:
        """The run of a case on the event loop that runs now."""

        def died(death: Death) -> None:
            exit_ = death.exit
            journal.write(
                ProcessDied(
                    pid=death.identity.pid,
                    start=death.identity.start,
                    code=exit_.code if exit_ else None,
                    signal=exit_.signal if exit_ else None,
                    observed=exit_.observed if exit_ else False,
                )
            )

        deaths = DeathWatch(asyncio.get_running_loop(), died)
        rest = Rest(journal, group, patience, options.seconds)
        return cls(case, options, sandbox, journal, group, deaths, rest, env={}, beside=beside or {})

    async def state(self, state: State) -> list[StateRoot]:
        """What the plugin's state files say, once nobody is in the middle of writing them."""
        return await state_at_rest(
            self.sandbox, state, self.journal, partial(self.rest.moves, jobs=False), seconds=self.options.seconds
        )

    @property
    def hosts(self) -> list[Host]:
        """The hosts that the scenario is played on, the main session's first."""
        scenario = self.case.scenario
        others = (each.host for each in scenario.sessions.values() if each.host)
        return [HOSTS[name] for name in dict.fromkeys([self.case.host, *others])]

    @property
    def host(self) -> Host:
        """The host of the main session."""
        return HOSTS[self.case.host]

    async def prepare_hosts(self, roles: set[str]) -> None:
        """Make every host ready, in each home; `roles` are agents that are started. Called by drivers."""
        for host in self.hosts:
            self.env.update(host.hosting)
        for host in self.hosts:
            for session in (MAIN, *self.beside):
                await host.prepare(self.setting(session, host), roles=roles)

    def program(self, host: Host) -> Program:
        """The program that plays a host."""
        return self.case.program_of(host, self.options)

    def setting(self, session: str, host: Host, *, lifecycle: Path | None = None, resume: str | None = None) -> Setting:
        """What a session of a host is begun with. `lifecycle` is where its stand-in reads what it is to do."""
        scenario = self.case.scenario
        budget = session_end.variables(session_end.budgets(self.case, self.options).get(host.name))
        env = self.env | self.env_beside.get(session, {}) | budget
        return Setting(
            name=session,
            program=self.program(host),
            sandbox=self.beside.get(session, self.sandbox),
            journal=self.journal,
            env=env | {"HOOKPROOF_LIFECYCLE": str(lifecycle or self.sandbox.lifecycle)},
            processes=self.processes,
            seconds=self.options.seconds,
            settled=self.rest.settled,
            claude=scenario.claude,
            codex=scenario.codex,
            resume=resume,
        )
