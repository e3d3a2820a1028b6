"""`codex exec` of a Codex that is nobody's host: a companion's job, held until the model answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_world import DEADLINE, PROGRAM, World

from hookproof.catalogue.lifecycle import resolve_lifecycle

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        (world.project / ".git").mkdir()
        yield world


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, says: str | None = None, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM), "exec", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**world.environment, **environment},
            cwd=world.project,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(says or "")
        process.stdin.close()
        process.stdin = None
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_a_job_is_held_and_then_tells_its_answer(world: World, start: Start) -> None:
    process = start("--json", "-o", "last.txt", "review it [job=review]")
    asked = world.model.asked_about("review it [job=review]")
    assert process.poll() is None
    asked.item({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "All fine."}]})
    asked.event("response.completed", response={"id": "r", "usage": {"input_tokens": 12, "output_tokens": 3}})
    asked.chunk(b"")
    printed, _ = process.communicate(timeout=DEADLINE)
    lines: list[dict[str, Any]] = [json.loads(line) for line in printed.splitlines()]
    assert process.returncode == 0
    assert [line["type"] for line in lines] == ["thread.started", "turn.started", "item.completed", "turn.completed"]
    assert lines[2]["item"]["text"] == "All fine."
    assert (lines[3]["usage"]["input_tokens"], lines[3]["usage"]["output_tokens"]) == (12, 3)
    assert (world.project / "last.txt").read_text() == "All fine."
    assert [record["state"] for record in world.journal.records if record.get("kind") == "codex.turn"] == [
        "started",
        "completed",
    ]
    (rollout,) = world.rollouts()
    assert rollout[0]["payload"]["id"] == lines[0]["thread_id"]


def test_a_prompt_may_come_on_stdin_and_the_answer_alone_goes_to_stdout(world: World, start: Start) -> None:
    process = start("-", says="do it [job=a]\n")
    world.model.asked_about("do it [job=a]").say("Done.")
    assert process.communicate(timeout=DEADLINE)[0] == "Done.\n"


def test_a_model_that_refuses_is_an_exit_status(world: World, start: Start) -> None:
    process = start("--json", "x")
    world.model.asked().refuse(500, "no")
    printed, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert json.loads(printed.splitlines()[-1])["type"] == "turn.failed"


def test_an_earlier_conversation_goes_on(world: World, start: Start) -> None:
    first = start("one")
    world.model.asked_about("one").say("first")
    first.communicate(timeout=DEADLINE)
    again = start("resume", "--last", "two")
    world.model.asked_about("two").say("second")
    assert again.communicate(timeout=DEADLINE)[0] == "second\n"
    assert len(world.rollouts()) == 1
    unknown = start("resume", "no-such-thread", "two")
    assert "no rollout found for thread id no-such-thread" in unknown.communicate(timeout=DEADLINE)[1]
    assert unknown.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the sender of a signal")
def test_who_ends_it_is_recorded_and_the_model_is_let_go(world: World, start: Start) -> None:
    process = start("x")
    asked = world.model.asked()
    asked.begin()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(DEADLINE) == -signal.SIGTERM
    asked.wait_gone()
    assert world.journal.wait("codex.signal")["sender_pid"] == os.getpid()


def test_beside_a_host_that_is_no_codex_it_is_a_worker(world: World, start: Start, tmp_path: Path) -> None:
    path = tmp_path / "claude.json"
    path.write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    process = start("x", HOOKPROOF_LIFECYCLE=str(path))
    world.model.asked_about("x").say("Done.")
    assert process.communicate(timeout=DEADLINE)[0] == "Done.\n"


def test_outside_of_a_repository_it_does_nothing_unless_it_is_told_to(world: World, start: Start) -> None:
    (world.project / ".git").rmdir()
    process = start("x")
    assert "Not inside a trusted directory" in process.communicate(timeout=DEADLINE)[1]
    assert process.returncode == 1
    process = start("--skip-git-repo-check", "x")
    world.model.asked_about("x").say("Done.")
    assert process.communicate(timeout=DEADLINE)[0] == "Done.\n"
