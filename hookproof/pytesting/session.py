"""pytest: what a session has of hookproof, in each process: options, plugins, real hosts, who plays, journals."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from hookproof.commands import UsageError
from hookproof.errors import HookproofError
from hookproof.play import Case
from hookproof.pytesting.alone import in_turn
from hookproof.pytesting.hosts import RealHosts
from hookproof.pytesting.keeping import Kept
from hookproof.pytesting.options import read
from hookproof.pytesting.playing import Playing
from hookproof.pytesting.shared import Shared, complaints
from hookproof.report.results import Result


class Ours:
    """One of these belongs to each process of a pytest session that has met a scenario. Raises HookproofError."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._options = read(config)
        self.real = RealHosts.prepare(config, self._options)
        self._programs = self.real.programs if self.real is not None else None
        self.shared = Shared(self._options, self._programs)
        self.shared.check()
        self._others: dict[str, Shared] = {}
        self.playing = Playing(self._options, real=self.real is not None)
        self.kept = Kept(config, self._options.runs)

    def prepare(self) -> None:
        """Begin the isolation before anything is collected, where it was asked for. Raises pytest.UsageError."""
        if self.real is None and self._options.isolation is None:
            return
        try:
            self.playing.isolation()
        except HookproofError as error:
            raise pytest.UsageError(str(error)) from None

    def send(self, workerinput: dict[str, Any]) -> None:
        """What a worker of xdist has to know. It plays, and this process does not."""
        self.playing.close()
        self.kept.send(workerinput)
        if self.real is not None:
            self.real.send(workerinput)

    def header(self) -> list[str]:
        """What stands over a run. Raises pytest.UsageError."""
        try:
            return [
                *self.playing.header(),
                *(self.real.header(self.playing.isolation()) if self.real is not None else []),
            ]
        except HookproofError as error:
            raise pytest.UsageError(str(error)) from None

    def with_plugin(self, plugin: str) -> Shared:
        """The same for another plugin than the session's. Raises HookproofError."""
        if plugin not in self._others:
            options = copy(self._options)
            options.plugin, options.baseline = plugin, None
            made = Shared(options, self._programs)
            made.check()
            self._others[plugin] = made
        return self._others[plugin]

    def play(self, case: Case, shared: Shared) -> Result:
        """Play and judge a case. Raises KeyboardInterrupt or pytest's Exit when interrupted, and HookproofError."""
        kind = case.scenario.kind
        judges, worker = shared.judges(kind), shared.hosts(kind).worker
        with in_turn(self._config, alone=case.scenario.plays_alone):
            return self.playing.play(self._config, case, self.kept.folder(), judges, worker)

    def why_not(self, case: Case) -> str | None:
        """Why a case cannot be played as this process is isolated. Raises HookproofError."""
        return self.playing.why_not(case)

    def complaints(self, written: Sequence[str]) -> list[str]:
        """What fails a session besides its items."""
        return complaints(self.shared, written)

    def close(self) -> None:
        """Nothing is played or kept any more."""
        self.playing.close()
        self.kept.close()


def scenario_at(name: str, *, near: Path, config: pytest.Config) -> Path:
    """The file of a scenario that a test names: beside the test, from the root, or by an id. Raises UsageError."""
    from hookproof.commands.chosen import scenarios_named  # noqa: PLC0415 - only for who names one

    for folder in (near, config.rootpath):
        if (folder / name).is_file():
            return folder / name
    if name.endswith(".toml"):
        raise UsageError(f"there is no scenario {name!r} in {near} or in {config.rootpath}")
    found = scenarios_named([name])
    if len(found) > 1:
        raise UsageError(f"{name!r} fits {len(found)} scenarios; expected one")
    assert found[0].path is not None
    return found[0].path
