"""Fixtures for the tests of the stand-in of claude."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAKES = HERE.parents[1] / "fakes"
sys.path[:0] = [str(HERE), str(FAKES / "claude"), str(FAKES / "shared")]

from claude_bench import Bench, Journal  # noqa: E402 - found by the line above
from scripted_model import ScriptedModel, Step  # noqa: E402

MakeModel = Callable[..., ScriptedModel]
MakeBench = Callable[..., Bench]


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A recorder of its own."""
    journal = Journal()
    yield journal
    journal.close()


@pytest.fixture
def make_model() -> Iterator[MakeModel]:
    """Makes a scripted model; closed afterwards."""
    made: list[ScriptedModel] = []

    def make(**script: list[Step]) -> ScriptedModel:
        made.append(ScriptedModel(**script))
        return made[-1]

    yield make
    for model in made:
        model.close()


@pytest.fixture
def make_bench(tmp_path: Path, journal: Journal) -> Iterator[MakeBench]:
    """Makes the bench of a model. Afterwards nothing of it may be left alive, unless the test has ended it itself."""
    made: list[Bench] = []

    def make(model: ScriptedModel) -> Bench:
        made.append(Bench(tmp_path, journal, model.url))
        return made[-1]

    yield make
    for bench in made:
        left = bench.end_strays()
        assert left == [], f"the program left processes behind: {left}"
