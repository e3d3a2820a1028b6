"""A launch is played anew as soon as anything of it is another, and only then."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fuzz_launches import Launches

from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.play import Case, PlayOptions
from hookproof.report.results import PreflightResult


@pytest.fixture
def case(tmp_path: Path) -> Case:
    root = tmp_path / "plugin"
    shutil.copytree(places.REFERENCE / "companion", root, ignore=shutil.ignore_patterns("__pycache__"))
    scenario = read_scenario(places.SCENARIOS / "jobs" / "pattern-c.toml")
    return Case(scenario=scenario, plugin=resolve_plugin(str(root)), lifecycle=resolve_lifecycle("claude-2.1.91"))


class Played:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *_: Any, **__: Any) -> list[PreflightResult]:
        self.times += 1
        return [PreflightResult(plugin="p", lifecycle="l", outcome="started", detail=f"{self.times}", journal="j")]


def test_the_same_launch_is_played_once(case: Case, tmp_path: Path) -> None:
    played = Played()
    launches = Launches(played)
    first = launches([case], tmp_path, PlayOptions(), workers=1)
    other = replace(case, scenario=read_scenario(places.SCENARIOS / "jobs" / "pattern-a.toml"), repeat=2)
    again = launches([other], tmp_path / "elsewhere", PlayOptions(), workers=1)
    assert played.times == 1
    assert [(each.detail, each.journal) for each in (*first, *again)] == [("1", "j"), ("1", None)]


def test_another_launch_is_played(case: Case, tmp_path: Path) -> None:
    played = Played()
    launches = Launches(played)
    launches([case], tmp_path, PlayOptions(), workers=1)
    launches([replace(case, lifecycle=resolve_lifecycle("claude-2.1.329"))], tmp_path, PlayOptions(), workers=1)
    assert played.times == 2
    launches([case], tmp_path, PlayOptions(seconds=3.5), workers=1)
    assert played.times == 3
    for number, name in enumerate(("hooks/hooks.json", "scripts/companion_lib/jobs.py", "a-new-file"), start=4):
        (case.plugin.root / name).write_bytes(b"spoiled")
        launches([case], tmp_path, PlayOptions(), workers=1)
        assert played.times == number
