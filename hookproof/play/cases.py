"""What is played, and how: one cell of the matrix, and the options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.model_step import Bash
from hookproof.catalogue.plugin import Plugin
from hookproof.catalogue.scenario import Scenario
from hookproof.hosts.host import Host
from hookproof.isolation.level import Isolation
from hookproof.play.patience import Patience
from hookproof.records.run import MainLaunch


@dataclass(frozen=True, slots=True)
class Case:
    """What is played: one cell of the matrix."""

    scenario: Scenario
    plugin: Plugin
    lifecycle: Resolved
    repeat: int = 1
    program: Program | None = None
    """The real host that plays it; None is the stand-in with the lifecycle."""
    play: int = 1
    """Which play of it this is: with each, the shell timeouts of the scenario are twice as long."""

    @property
    def timeout_factor(self) -> int:
        """By what each shell timeout of the scenario is multiplied."""
        return int(2 ** (self.play - 1))

    @property
    def longest_timeout(self) -> int | None:
        """The longest shell timeout of this play, in milliseconds; None where the scenario has none."""
        steps = (step for script in self.scenario.model.values() for step in script)
        given = [step.timeout for step in steps if isinstance(step, Bash) and step.timeout is not None]
        return max(given) * self.timeout_factor if given else None

    @property
    def host(self) -> HostName:
        """The host that it is played on: of those that the scenario names the one whose lifecycle it is."""
        return self.lifecycle.host

    def program_of(self, host: Host, options: PlayOptions) -> Program:
        """The program that plays a host: the case's own for that of the main session, else what the options say."""
        own = self.program if host.name == self.host else None
        return own or options.programs.get(host.name) or host.stand_in()


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How it is played. `seconds` is the patience of each step: the longest that anything is waited for."""

    programs: Mapping[HostName, Program] = field(default_factory=dict)
    """What plays hosts instead of their stand-ins, where a case does not say so itself."""
    worker: Program | None = None
    """A real program for the jobs of a companion; None is the stand-in."""
    isolation: Isolation | None = None
    """What keeps it apart from the machine, for the journal; None is what this process has."""
    main_launches: Mapping[tuple[str, str], MainLaunch] = field(default_factory=dict)
    """By the names of plugin and lifecycle: what a launch from the main session has come to there."""
    seconds: float = 60.0
    patience: Patience | None = None
    """For how long what runs must stand still to count as settled; None: it is measured before the first case."""
    slowdown: float = 1.0
    """How many times as long as it works a bare hook took before a case that is about a host's budget."""
    extra_env: Mapping[str, str] = field(default_factory=dict)
    tap: bool = False
    """Whether the plugin's hook commands are wrapped, so that a host that tells nothing of its hooks leaves records."""
