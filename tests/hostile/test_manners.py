"""Plugins with bad manners, played: the verdict is right or says why not, nobody else is touched, nothing is left.

What each manner does and how its run must end stands in `hostile_table.py`; the manners themselves are in `manners/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_drive import LIMIT, best_level, play
from hostile_ground import Ground, ground
from hostile_judge import faults, lacks
from hostile_table import TABLE, Manner, markdown

from hookproof.isolation.level import LEVELS, Level

PLAYED = [
    *(pytest.param(manner, None, id=manner.name) for manner in TABLE),
    *(pytest.param(manner, level, id=f"{manner.name}-{level}") for manner in TABLE for level in manner.differs),
]
"""Each at the best level that this system has; and where something else is right, at the others."""


@pytest.fixture
def here() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.mark.timeout(2 * LIMIT)
@pytest.mark.parametrize(("manner", "wanted"), PLAYED)
def test_a_plugin_with_bad_manners(manner: Manner, wanted: Level | None, here: Ground) -> None:
    missing = lacks(manner)
    if missing is not None:
        pytest.skip(f"needs {missing}")
    level = wanted or best_level()
    if LEVELS.index(level) < LEVELS.index(best_level()) or (wanted is not None and level == best_level()):
        pytest.skip(f"the best level of isolation that this system has is {best_level()}")
    ended = play(manner, here, level)
    found = faults(manner, level, ended, here)
    assert not found, "\n".join([*found, f"exit {ended.exit}", ended.out[-2000:], ended.err[-2000:]])


def test_every_manner_has_its_row_and_its_file() -> None:
    files = {path.stem for path in (Path(__file__).parent / "manners").glob("*.py")}
    assert files == {manner.module for manner in TABLE} | {"manner_entry", "manner_help"}
    assert len({manner.name for manner in TABLE}) == len(TABLE) == 57
    assert not [manner.name for manner in TABLE if manner.windows and "linux" in manner.needs]
    for level in LEVELS:
        assert markdown(level).count("\n") == len(TABLE) + 2
    assert "| open |" not in markdown("full")
    assert "gone" not in markdown("full")
