"""pytest: who plays the cases of a process, and how far it is isolated.

Where there is an isolation a player does (`suite.player`), so that pytest and what else it runs keep the machine as it
is. It is begun once, by who asks first, lives as long as pytest, and a new one follows one that has died. Where there
is none, this process plays itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hookproof import claims, processes
from hookproof.catalogue.host import Program
from hookproof.commands import select
from hookproof.compiled import compile_programs
from hookproof.isolation import entry
from hookproof.isolation.level import Isolation
from hookproof.play import Case
from hookproof.pytesting import signals
from hookproof.report import isolation as words
from hookproof.report.results import Result
from hookproof.suite.cases import unplayed
from hookproof.suite.judging import Judges
from hookproof.suite.matrix import why_not
from hookproof.suite.player import Player, PlayerError
from hookproof.suite.pool import Pool
from hookproof.suite.preflight import Launches


class Playing:
    """One of these belongs to each process of a pytest run."""

    def __init__(self, option: Any, *, real: bool) -> None:
        """`real` is whether real hosts are played."""
        self._wanted = option.isolation
        self._allow_network = option.allow_network
        self._real = real
        self._isolation: Isolation | None = None
        self._player: Player | None = None
        self._launches = Launches()

    def isolation(self) -> Isolation:
        """What the cases of this process are kept apart by. Raises IsolationError, PlayerError."""
        if self._isolation is None:
            isolation = self._begun()
            if self._real:
                isolation = entry.for_real_hosts(allow_network=self._allow_network, given=isolation)
            self._isolation = isolation
        return self._isolation

    def _begun(self) -> Isolation:
        compile_programs()
        if sys.platform != "linux" or self._wanted == "none":
            entry.begin(self._wanted)  # which changes nothing for this process
            return entry.current()
        player = Player(self._wanted, allow_network=self._allow_network)
        if player.isolation.level == "none":
            player.close()
        else:
            self._player = player
        return player.isolation

    def why_not(self, case: Case) -> str | None:
        """Why the case cannot be played, so isolated as this process has it. Raises IsolationError, PlayerError."""
        descriptor, real = case.plugin.descriptor, case.program is not None
        return why_not(case.scenario, descriptor, case.lifecycle, real=real, isolation=self.isolation())

    def play(self, config: pytest.Config, case: Case, run: Path, judges: Judges, worker: Program | None) -> Result:
        """Play and judge a case. Raises KeyboardInterrupt or pytest's Exit when interrupted, and HookproofError."""
        isolation = self.isolation()
        options = select.options_of(isolation, worker)
        results: list[Result] = []

        def here(pool: Pool) -> None:
            results.append(self._launches.run_case(case, run, options, judges, runner=pool.play))

        def inside(pool: Pool) -> None:
            assert self._player is not None
            results.append(pool.play(self._player.play(case, run, options, judges)))

        if self._player is None:
            processes.become_subreaper()
        try:
            signals.play(config, here if self._player is None else inside)
        except PlayerError as error:
            self.close()
            claims.clear_away()
            return unplayed(case, run, options, judges, str(error))
        return results[0]

    def header(self) -> list[str]:
        """What stands over a run. Raises IsolationError, PlayerError."""
        told = words.of(self.isolation())
        lines = [f"hookproof: isolation {told.head}"]
        if told.not_prevented:
            lines.append(f"  not prevented: {'; '.join(told.not_prevented)}")
        return lines

    def close(self) -> None:
        """End the player, which clears away. Who plays after that begins another."""
        player, self._player, self._isolation = self._player, None, None
        if player is not None:
            player.close()
