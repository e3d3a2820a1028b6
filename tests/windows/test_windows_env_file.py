"""Claude Code on Windows before 2.1.111 ignored the environment file: the job has no tag and another state root.

JOB-16, and the evidence of signature H4: launched without the hook's environment, the job is where the hook does not
look. Played on the reference, as reported and correct.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("the companion's test bench is one of POSIX", allow_module_level=True)

from companion_world import Open, World, is_running, opened

play = pytest.fixture(opened)


def roots(world: World) -> dict[str, list[Path]]:
    """The state directories there are, by whose they are."""
    places = {"hooks": world.plugin_data, "shells": Path(world.environment["TMPDIR"]), "home": world.home}
    return {name: list(place.rglob("state.json")) for name, place in places.items()}


def test_as_reported_the_hook_looks_elsewhere(play: Open) -> None:
    world = play("as-reported")
    world.hook("SessionStart", "main")
    job_id = world.launch("x", session=None)  # its shell never saw what the hook exported
    turn = world.turn()
    found = roots(world)
    assert [len(found[name]) for name in ("hooks", "shells", "home")] == [0, 1, 0]
    # who asks as the launch did sees it, without a tag; who has the hook's data directory sees nothing at all
    assert world.listed(session=None)[job_id]["status"] == "running"
    assert world.listed(session=None)[job_id].get("sessionId") is None
    assert world.listed(session="main") == {}
    world.hook("SessionEnd", "main")
    # nothing was killed, nothing erased, and nothing is accounted for by the list that the session's hooks see
    assert is_running(turn.pid)
    assert world.listed(session=None)[job_id]["status"] == "running"


def test_correct_has_one_state_for_both(play: Open) -> None:
    world = play("correct")
    world.hook("SessionStart", "main")
    job_id = world.launch("x", session=None)
    world.turn()
    assert world.listed(session=None)[job_id]["status"] == "running"
    assert world.listed(session="main")[job_id]["status"] == "running"
