"""Forged transcripts: what a hook reads of a thread's file is not what the thread believes of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from codex_hosted import HostWorld, call, mark

BASE = ("--json", "--dangerously-bypass-approvals-and-sandbox")
Make = Callable[..., HostWorld]
SCRIPT: dict[str, list[Any]] = {
    "main": [
        call("spawn_agent", message=mark("kid"), agent_type="worker"),
        call("wait_agent", targets=["kid"], timeout_ms=30_000),
        "Done.",
    ],
    "kid": ["One."],
}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(HostWorld(tmp_path, *args, **kwargs))


def run(world: HostWorld, tmp_path: Path, **overrides: Any) -> list[bytes]:
    """Run the script with transcripts that begin otherwise. The first line of each file, oldest thread first."""
    path = tmp_path / "transcripts.json"
    path.write_text(json.dumps(overrides))
    ran = world.exec(*BASE, mark("main"), HOOKPROOF_TRANSCRIPTS=str(path))
    assert ran.status == 0, ran.stderr
    files = sorted(world.home.glob("sessions/*/*/*/rollout-*.jsonl"), key=lambda path: path.name[-41:])
    return [file.read_bytes().split(b"\n", 1)[0] for file in files]


def test_values_are_set_and_dropped_in_the_first_line_alone(make: Make, tmp_path: Path) -> None:
    world = make("0.130", SCRIPT)
    changes = {"agent_name": "issue-planner", "source.subagent.thread_spawn.agent_role": "issue-planner"}
    main, kid = run(world, tmp_path, kid={"set": changes, "drop": ["agent_role", "source.subagent.none.such"]})
    meta = json.loads(kid)["payload"]
    assert (meta["agent_name"], "agent_role" in meta) == ("issue-planner", False)
    assert meta["source"]["subagent"]["thread_spawn"]["agent_role"] == "issue-planner"
    assert "agent_name" not in json.loads(main)["payload"]
    # the thread itself believes otherwise
    assert {record["agent_type"] for record in world.told("subagent.ended")} == {"worker"}
    assert world.model.id_of("kid") == meta["id"]


@pytest.mark.parametrize("version", ["0.130", "0.133", "0.169"])
def test_the_line_can_be_left_out(make: Make, tmp_path: Path, version: str) -> None:
    main, kid = run(make(version, SCRIPT), tmp_path, main={"drop": ["."]})
    assert json.loads(main)["type"] == "event_msg"
    assert json.loads(kid)["type"] == "session_meta"


def test_the_file_can_begin_with_anything(make: Make, tmp_path: Path) -> None:
    world = make("0.130", SCRIPT)
    _, kid = run(world, tmp_path, kid={"instead_hex": "00ff7b", "repeat": 3})
    assert kid.startswith(b"\x00\xff{" * 3 + b'{"timestamp"')
    assert world.fired()[-2:] == [("Stop",), ("Stop",)]


def test_of_a_forked_child_only_its_own_line_is_changed(make: Make, tmp_path: Path) -> None:
    fork = call("spawn_agent", message=mark("kid"), fork_context=True)
    world = make("0.130", {**SCRIPT, "main": [fork, *SCRIPT["main"][1:]]})
    run(world, tmp_path, kid={"set": {"id": "x"}})
    _, (own, inherited) = world.metas()
    assert (own["id"], inherited["id"]) == ("x", world.model.id_of("main"))


def test_a_conversation_whose_file_lies_can_be_taken_up_again(make: Make, tmp_path: Path) -> None:
    world = make("0.130", SCRIPT)
    run(world, tmp_path, main={"drop": ["."]})
    main = world.model.id_of("main")
    again = world.exec(*BASE, "resume", main, "again")
    assert (again.status, again.lines[0]["thread_id"]) == (0, main)


def test_a_reviewer_is_called_review(make: Make, tmp_path: Path) -> None:
    world = make("0.130", {})
    path = tmp_path / "transcripts.json"
    path.write_text(json.dumps({"review": {"set": {"source": {"subagent": {"review": {}}}}}}))
    assert world.exec(*BASE, "review", "--uncommitted", HOOKPROOF_TRANSCRIPTS=str(path)).status == 0
    _, (meta,) = world.metas()
    assert meta["source"] == {"subagent": {"review": {}}}
