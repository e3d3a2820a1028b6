"""Nothing that is fuzzed is played, nothing of the user's is read, and the inputs lie where they can be spoiled."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz_catalogue import moved
from fuzz_launches import Launches

from hookproof.play import patience

INPUTS = Path(__file__).parent / "inputs"


@pytest.fixture(autouse=True, scope="module")
def nothing_is_played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A run of what was read ends at once: what is asked here is whether it is taken. Not so for other suites."""
    home = tmp_path_factory.mktemp("home")

    def play(*_: Any, **__: Any) -> list[Any]:
        return []

    @functools.cache
    def measured() -> Any:
        return asyncio.run(real_measured())

    async def known() -> Any:
        """How fast the machine is has nothing to do with what is fuzzed: measured once, in a loop of its own."""
        return await asyncio.to_thread(measured)

    real_measured = patience.measured
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hookproof.commands.run.run_cases", play)
        patch.setattr("hookproof.commands.run.preflights", Launches())
        patch.setattr("hookproof.commands.run.patience.measured", known)
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        patch.setenv("HOOKPROOF_CACHE", str(home / "cache"))
        for name in ("HOOKPROOF_TRACEBACK", "GITHUB_STEP_SUMMARY", "HOOKPROOF_ANNOTATIONS", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the catalogue with few scenarios, which is the one that is read: to be spoiled, and read fast."""
    with moved(tmp_path_factory.mktemp("moved") / "data") as place:
        yield place


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of these, with journals that are there."""
    folder = tmp_path_factory.mktemp("results")
    report: dict[str, Any] = json.loads((INPUTS / "results.json").read_text(encoding="utf-8"))
    for each in report["results"]:
        (folder / each["scenario"]).mkdir(parents=True)
        each["journal"] = str(shutil.copy(INPUTS / each["journal"], folder / each["scenario"] / "journal.jsonl"))
    return report
