"""Hooks running: at the same time, in their surroundings, to their end, with every run in the journal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_hooks_bench import VERSIONS, Bench, Meeting, opened

Opened = tuple[Bench, Meeting]
everywhere = pytest.mark.parametrize("bench", VERSIONS, indirect=True)
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups, /bin/bash and pipes of POSIX")


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    version, *switches = getattr(request, "param", "0.169").split("+")
    with opened(tmp_path, monkeypatch, version, *switches) as both:
        yield both


@everywhere
def test_all_hooks_run_at_once_and_speak_in_the_order_of_their_declaration(bench: Opened) -> None:
    world, meeting = bench
    world.declare(SessionStart=['meet(); context("one")', 'context("two")', 'meet(); print("three")'])
    world.trust()
    done: list[Any] = []
    import threading

    firing = threading.Thread(target=lambda: done.append(world.fire("SessionStart")), daemon=True)
    firing.start()
    both = [meeting.arrival(), meeting.arrival()]  # neither goes on before both have come
    for connection in both:
        connection.sendall(b"\n")
        connection.close()
    firing.join(30)
    assert done[0].contexts == ["one", "two", "three"]


@everywhere
def test_a_run_is_in_the_journal_with_all_that_it_saw_and_said(bench: Opened) -> None:
    world, _ = bench
    world.declare(SessionStart=['print(os.getcwd()); print("words", file=sys.stderr); print(os.getpid())'])
    world.trust()
    engine = world.engine()
    who = {"thread_id": "t", "session_id": "s", "agent_id": "a"}
    payload = world.rows.payload("SessionStart", {"session_id": "s", "source": "startup"})
    effects = engine.fire("SessionStart", "startup", payload, agent_type="worker", **who)
    (started,), (ended,) = world.told("hook.started"), world.told("hook.ended")
    assert {name: started[name] for name in who} == {name: ended[name] for name in who} == who
    assert started["run"] == ended["run"]
    assert (started["event"], started["agent_type"], started["plugin"]) == ("SessionStart", "worker", None)
    assert started["payload"] == payload
    assert started["cwd"] == str(world.project)
    assert started["env"]["CODEX_HOME"] == str(world.home)
    assert not any(name.startswith(("PLUGIN", "CLAUDE")) for name in started["env"])
    # on Windows cmd.exe is between the host and what it was asked to start
    pid = started["pid"] if sys.platform != "win32" else ended["stdout"].split()[-1]
    said = f"{world.project.resolve()}{os.linesep}{pid}"
    assert (ended["exit"], ended["signal"], ended["ended_by"], ended["stderr"].strip()) == (0, None, "itself", "words")
    assert [ended["stdout"].strip()] == effects.contexts == [said]
    assert ended["effects"] == {"output": "taken", "context": said}


def test_a_hook_reads_its_payload_and_nothing_else(bench: Opened) -> None:
    world, _ = bench
    world.declare(UserPromptSubmit=["context(json.dumps(payload))"])
    world.trust()
    effects = world.fire("UserPromptSubmit", "", prompt='é "quoted"\n' * 20_000)
    heard = json.loads(world.told("hook.ended")[0]["effects"]["context"])
    assert heard == {"hook_event_name": "UserPromptSubmit", "prompt": 'é "quoted"\n' * 20_000}
    assert len(effects.contexts) == 1


def test_a_payload_has_the_keys_of_its_version_in_their_order(bench: Opened) -> None:
    world, _ = bench
    values = {"model": "m", "cwd": "/", "agent_id": None, "session_id": "s", "transcript_path": None, "more": 1}
    told = world.rows.payload("UserPromptSubmit", values)
    assert list(told) == ["session_id", "transcript_path", "cwd", "hook_event_name", "model"]
    assert (told["transcript_path"], told["hook_event_name"]) == (None, "UserPromptSubmit")
    told = world.rows.payload("UserPromptSubmit", {**values, "agent_id": "a", "agent_type": "t"})
    assert list(told)[1:3] == ["agent_id", "agent_type"]


@on_posix
@everywhere
def test_only_later_versions_give_a_hook_a_session_of_its_own(bench: Opened) -> None:
    world, _ = bench
    world.declare(SessionStart=["print(os.getpgid(0) == os.getsid(0) == os.getpid())"])
    world.trust()
    own = world.rows.name == "codex-0.169"
    assert world.fire("SessionStart").contexts == [str(own)]
    (started,) = world.told("hook.started")
    assert (started["pgid"] == started["pid"]) is own


@on_posix
def test_a_command_runs_in_bash_in_the_threads_own_directory(bench: Opened, tmp_path: Path) -> None:
    world, _ = bench
    there = tmp_path / "it's elsewhere"
    (there / ".git").mkdir(parents=True)
    world.declare(
        SessionStart=[{"hooks": [{"type": "command", "command": 'cat > /dev/null; echo "${BASH##*/}:$PWD"'}]}]
    )
    world.trust()
    effects = world.engine(there).fire("SessionStart", "startup", {}, thread_id="t", session_id="s")
    assert effects.contexts == [f"bash:{there}"]
    assert world.told("hook.started")[0]["cwd"] == str(there)


@everywhere
def test_a_hook_that_takes_too_long_is_killed_and_says_nothing(bench: Opened) -> None:
    world, meeting = bench
    world.declare(SessionStart=['context("lost"); meet()', 'context("kept")'])
    world.trust()
    assert world.fire("SessionStart", seconds=2).contexts == ["kept"]
    with meeting.arrival() as hook:
        assert hook.recv(1) == b""  # it is dead
    (ended,) = [record for record in world.told("hook.ended") if record["ended_by"] == "timeout"]
    assert ended["exit"] is None
    assert ended["effects"]["output"] == "not read"
    assert ended["limit"] == 2
    assert ended["effects"]["words"] == "hook timed out after 2s"
    if sys.platform != "win32":
        assert ended["signal"] == 9


@on_posix
@everywhere
def test_what_a_killed_hook_has_started_dies_with_its_group_on_later_versions(bench: Opened) -> None:
    world, meeting = bench
    world.declare(SessionStart=["grandchild(); meet()"])
    world.trust()
    world.fire("SessionStart", seconds=2)
    hook, grandchild = meeting.arrivals("hook", "gran")
    with hook, grandchild:
        assert hook.recv(1) == b""
        if world.rows.name != "codex-0.169":
            grandchild.sendall(b"!")
            assert grandchild.recv(1) == b"!"
        assert grandchild.recv(1) == b""


@on_posix
@everywhere
def test_a_grandchild_that_holds_stdout_fails_the_run(bench: Opened) -> None:
    world, meeting = bench
    world.declare(SessionStart=['grandchild(start_new_session=True); context("lost")'])
    world.trust()
    assert world.fire("SessionStart", seconds=2).contexts == []
    with meeting.arrival() as grandchild:
        grandchild.sendall(b"!")
        assert grandchild.recv(1) == b"!"  # out of the group's reach it lives
    (ended,) = world.told("hook.ended")
    assert (ended["exit"], ended["ended_by"]) == (0, "itself")
    assert ended["effects"]["words"] == "hook timed out after 2s"
    (held,) = world.told("hook.held")
    assert (held["run"], held["pid"]) == (ended["run"], os.getpid())


@on_posix
@pytest.mark.parametrize(
    ("bench", "works"),
    [("0.130", True), ("0.130+stdin-epipe", False), ("0.133+stdin-epipe", False)],
    indirect=["bench"],
)
def test_a_hook_that_ignores_its_stdin_fails_by_the_switch_alone(bench: Opened, *, works: bool) -> None:
    world, _ = bench
    said = ["echo ignored", "head -c 1 > /dev/null; echo tasted", "cat > /dev/null; echo read"]
    world.declare(SessionStart=[{"hooks": [{"type": "command", "command": command} for command in said]}])
    world.trust()
    assert world.fire("SessionStart").contexts == ["ignored", "tasted", "read"][0 if works else 1 :]
    reasons = {record["effects"].get("words") for record in world.told("hook.ended")}
    assert reasons == ({None} if works else {None, "failed to write hook stdin: Broken pipe (os error 32)"})


def test_a_context_that_is_too_long_is_cut_and_kept_in_a_file(bench: Opened, tmp_path: Path) -> None:
    world, _ = bench
    world.declare(SessionStart=['context("é" * 9000)', 'context("short")'])
    world.trust()
    effects = world.fire("SessionStart")
    (spilled,) = (tmp_path / "tmp" / "hook_outputs" / "the-thread").iterdir()
    assert spilled.read_text(encoding="utf-8") == "é" * 9000
    assert effects.contexts[0].endswith(f"\n\nFull hook output saved to: {spilled}")
    assert len(effects.contexts[0].encode()) < 10_200
    assert effects.contexts[1] == "short"
    assert world.told("hook.ended")[0]["effects"]["context"] in ("é" * 9000, "short")


def test_what_several_hooks_ask_for_is_taken_together(bench: Opened) -> None:
    world, _ = bench
    blocks = 'print(json.dumps({"decision": "block", "reason": "R%s <&>"}))'
    world.declare(Stop=[blocks % 1, blocks % 2, "print(json.dumps({'continue': False, 'stopReason': 'enough'}))"])
    world.trust()
    effects = world.fire("Stop", "")
    place = world.home / "hooks.json"
    assert (effects.block, effects.stop) == ("R1 <&>", "enough")
    assert effects.prompts == [
        f'<hook_prompt hook_run_id="stop:{order}:{place}">R{order + 1} &lt;&amp;&gt;</hook_prompt>' for order in (0, 1)
    ]


@on_posix
def test_without_a_lifecycle_nothing_runs(bench: Opened) -> None:
    world, _ = bench
    world.declare(SessionStart=['context("no")'])
    world.trust()
    world.rows = None
    assert world.fire("SessionStart").contexts == []
    assert world.records == []
