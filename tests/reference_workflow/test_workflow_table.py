"""What each policy gets wrong, on each measured Codex: exactly these rows and no other. A miniature: one row."""

from __future__ import annotations

from pathlib import Path

import pytest
from context_rows import Rows
from workflow_world import MINIATURES, VERSIONS, World, policy

UNHEARD = {"CTX-02", "CTX-03", "CTX-08", "CTX-11", "CTX-12", "CTX-13", "CTX-18"}  # nobody listens to the child's start
BELIEVED = {"CTX-04", "CTX-05", "CTX-11", "CTX-13", "CTX-16"}  # the payload alone says who the child is
VIOLATED = {
    ("before-146", "0.130.0"): {"CTX-02", "CTX-04", "CTX-09", "CTX-11", "CTX-13", "CTX-16", "CTX-18"},
    ("before-146", "0.133.0"): {*UNHEARD, "CTX-16"},
    ("before-146", "0.169.0"): {*UNHEARD, "CTX-16"},
    ("fix-146", "0.130.0"): {"CTX-04", "CTX-09", "CTX-14", "CTX-15", "CTX-16"},
    ("fix-146", "0.133.0"): {*UNHEARD, "CTX-16"},
    ("fix-146", "0.169.0"): {*UNHEARD, "CTX-16"},
    ("native-subagent-start", "0.130.0"): {*UNHEARD, *BELIEVED, "CTX-07", "CTX-09", "CTX-10"} - {"CTX-12"},
    ("native-subagent-start", "0.133.0"): BELIEVED,
    ("native-subagent-start", "0.169.0"): BELIEVED,
    ("correct", "0.130.0"): set(),
    ("correct", "0.133.0"): set(),
    ("correct", "0.169.0"): set(),
}

MINIATURE_OF = {
    "shortened_policy": "CTX-01",
    "block_for_everyone": "CTX-03",
    "parent_of_itself": "CTX-05",
    "log_line_first": "CTX-06",
    "last_line_decides": "CTX-08",
    "every_agent_is_spawned": "CTX-10",
    "root_as_parent": "CTX-11",
    "silent_after_clear": "CTX-15",
    "reads_it_all": "CTX-16",
    "long_block": "CTX-17",
    "codex_says_more": "CTX-18",
}
NO_OCCASION = {("every_agent_is_spawned", version) for version in ("0.133.0", "0.169.0")}  # no start event of a review


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rules", policy.POLICIES)
def test_a_policy_violates_exactly_its_rows(tmp_path: Path, rules: str, version: str) -> None:
    assert Rows(World(tmp_path, rules, version)).violated() == VIOLATED[rules, version]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MINIATURE_OF)
def test_a_miniature_violates_exactly_its_row(tmp_path: Path, name: str, version: str) -> None:
    world = World(tmp_path, "correct", version)
    world.install(name)
    expected = set() if (name, version) in NO_OCCASION else {MINIATURE_OF[name]}
    assert Rows(world).violated() == expected


def test_every_row_is_violated_by_a_policy_or_a_miniature() -> None:
    rows = {name.upper().replace("_", "-") for name in dir(Rows) if name.startswith("ctx_")}
    assert rows == {f"CTX-{number:02d}" for number in range(1, 19)}
    assert rows == {row for violated in VIOLATED.values() for row in violated} | set(MINIATURE_OF.values())
    assert set(MINIATURE_OF) == {path.stem for path in MINIATURES.glob("*.py")}
