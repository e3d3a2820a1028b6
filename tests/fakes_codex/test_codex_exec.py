"""`codex exec`: one turn with the hooks of its session, what is printed of it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from codex_hosted import HostWorld, mark, texts

VERSIONS = ("0.130", "0.133", "0.169")
BASE = ("--dangerously-bypass-approvals-and-sandbox",)
Make = Callable[..., HostWorld]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(HostWorld(tmp_path, *args, **kwargs))


def ended(version: str) -> list[tuple[Any, ...]]:
    return [("SessionEnd",)] if version == "0.169" else []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_begins_with_its_first_turn_and_ends_with_the_process(make: Make, version: str) -> None:
    world = make(version, {"main": ["Done."]})
    ran = world.exec("--json", *BASE, mark("main"))
    assert ran.status == 0, ran.stderr
    assert world.fired() == [("SessionStart",), ("UserPromptSubmit",), ("Stop",), *ended(version)]
    first = world.model.of("main")
    assert texts(first)[-3:] == [
        "developer: <SessionStart startup>",
        f"user: {mark('main')}",
        "developer: <UserPromptSubmit >",
    ]
    thread = world.model.id_of("main")
    sign = "_" if version == "0.130" else "-"
    assert (first.headers[f"session{sign}id"], first.headers[f"thread{sign}id"]) == (thread, thread)
    assert first.headers["authorization"] == "Bearer dummy"
    lines = [line for line in ran.lines if line.get("item", {}).get("type") != "error"]
    assert [line["type"] for line in lines] == ["thread.started", "turn.started", "item.completed", "turn.completed"]
    assert lines[0]["thread_id"] == thread
    assert lines[2]["item"]["text"] == "Done."
    assert (lines[3]["usage"]["input_tokens"], lines[3]["usage"]["output_tokens"]) == (10, 5)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_hook_reads_exactly_what_its_version_tells(make: Make, version: str) -> None:
    world = make(version, {"main": ["Done."]})
    world.exec("--json", *BASE, mark("main"))
    payload = world.told("hook.started")[0]["payload"]
    transcript = next(world.home.glob("sessions/*/*/*/rollout-*.jsonl"))
    assert payload == {
        "session_id": world.model.id_of("main"),
        "transcript_path": str(transcript),
        "cwd": str(world.project.resolve()),
        "hook_event_name": "SessionStart",
        "model": "gpt-5.2",
        "permission_mode": "bypassPermissions",
        "source": "startup",
    }
    assert list(payload) == world.rows["payload_keys"]["SessionStart"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_line_of_a_rollout_has_the_keys_of_its_version(make: Make, version: str) -> None:
    world = make(version, {"main": ["Done."]})
    world.exec("--json", *BASE, mark("main"))
    ((meta,),) = world.metas()
    assert (meta["source"], meta["originator"], meta["cli_version"]) == ("exec", "codex_exec", f"{version}.0")
    assert meta.get("thread_source") == (None if version == "0.130" else "user")
    keys = world.rows["session_meta_keys"]
    assert [key for key in keys if key in meta] == list(meta)
    numbered = [line.get("ordinal") for line in world.rollouts()[0]]
    assert numbered == (list(range(len(numbered))) if version == "0.169" else [None] * len(numbered))


def test_the_journal_hears_of_the_thread(make: Make) -> None:
    world = make("0.130", {"main": ["Done."]})
    world.exec("--json", *BASE, mark("main"))
    (told,) = world.told("thread.started")
    transcript = next(world.home.glob("sessions/*/*/*/rollout-*.jsonl"))
    assert told == {
        "kind": "thread.started",
        "thread_id": world.model.id_of("main"),
        "parent_thread_id": None,
        "agent_role": None,
        "agent_nickname": None,
        "source": "exec",
        "ephemeral": False,
        "rollout": str(transcript),
        "marker": "main",
    }
    kinds = [str(record.get("kind")) for record in world.journal.records]
    assert [kind for kind in kinds if kind.startswith("codex.")] == [
        "codex.started",
        "codex.turn",
        "codex.turn",
        "codex.exit",
    ]


def test_an_ephemeral_conversation_leaves_no_file(make: Make) -> None:
    world = make("0.130", {"main": ["Done."]})
    assert world.exec("--json", "--ephemeral", *BASE, mark("main")).status == 0
    assert world.rollouts() == []
    assert world.fired("transcript_path")[0] == ("SessionStart", None)
    assert world.told("thread.started")[0]["ephemeral"] is True


@pytest.mark.parametrize("version", VERSIONS)
def test_a_resumed_conversation_goes_on_in_a_session_of_its_own_start(make: Make, version: str) -> None:
    world = make(version, {"main": ["One.", "Two.", "Three."]})
    world.exec("--json", *BASE, mark("main"))
    thread = world.model.id_of("main")
    again = world.exec("--json", *BASE, "resume", thread, "again")
    last = world.exec("--json", *BASE, "resume", "--last", "and again")
    assert again.lines[0] == last.lines[0] == {"type": "thread.started", "thread_id": thread}
    assert last.lines[-1]["usage"]["input_tokens"] == 30
    sources = [source for event, source in world.fired("source") if event == "SessionStart"]
    assert sources == ["startup", "resume", "resume"]
    assert texts(world.model.of("main", 2))[-8:] == [
        "assistant: One.",
        "developer: <SessionStart resume>",
        "user: again",
        "developer: <UserPromptSubmit >",
        "assistant: Two.",
        "developer: <SessionStart resume>",
        "user: and again",
        "developer: <UserPromptSubmit >",
    ]
    assert len(world.rollouts()) == 1


def test_words_come_from_stdin_too(make: Make) -> None:
    world = make("0.130", {"main": ["One."], "second": ["Two."]})
    assert world.exec("--json", *BASE, "-", stdin=mark("main") + "\n").status == 0
    assert world.exec("--json", *BASE, mark("second"), stdin="more\n").status == 0
    assert world.fired("prompt")[1] == ("UserPromptSubmit", mark("main"))
    assert f"user: {mark('second')}\n\n<stdin>\nmore\n</stdin>" in texts(world.model.of("second"))


def test_a_text_for_people_ends_with_the_last_message_on_stdout(make: Make, tmp_path: Path) -> None:
    world = make("0.130", {"main": ["Done."]})
    ran = world.exec(*BASE, "-o", str(tmp_path / "last"), mark("main"))
    assert (ran.status, ran.stdout, (tmp_path / "last").read_text()) == (0, "Done.\n", "Done.")
    assert f"session id: {world.model.id_of('main')}" in ran.stderr


def test_a_failed_turn_is_told_and_ends_in_1(make: Make) -> None:
    world = make("0.169", {"main": [500]})
    ran = world.exec("--json", *BASE, mark("main"))
    assert ran.status == 1
    assert [line["type"] for line in ran.lines[-3:]] == ["turn.started", "error", "turn.failed"]
    assert ran.lines[-1]["error"] == {"message": "the model is ill"}
    # a turn that fails does not come to its Stop
    assert world.fired() == [("SessionStart",), ("UserPromptSubmit",), ("SessionEnd",)]


def test_the_command_line_overrides_the_configuration(make: Make, tmp_path: Path) -> None:
    world = make("0.130", {"main": ["Done."]})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ("-C", str(elsewhere), "--skip-git-repo-check", "-m", "gpt-x", "-c", "features.multi_agent=false")
    assert world.exec("--json", *BASE, *options, mark("main")).status == 0
    asked = world.model.of("main")
    assert (asked.body["model"], asked.body["tools"]) == ("gpt-x", [])
    assert world.told("thread.started")[0]["marker"] == "main"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--bogus", "x"), 2, "unexpected argument '--bogus' found"),
        (("one", "two"), 2, "unexpected argument 'two' found"),
        (("-c", "key", "x"), 2, "invalid value 'key'"),
        ((), 1, "No prompt provided via stdin."),
        (("resume", "0196fd5c-ff75-7f92-938c-69e27199b3ee", "x"), 1, "no rollout found for thread id 0196fd5c"),
        (("-C", "..", "x"), 1, "--skip-git-repo-check was not specified"),
    ],
)
def test_what_cannot_be_run_is_refused(make: Make, arguments: tuple[str, ...], status: int, said: str) -> None:
    ran = make("0.130", {}).exec(*arguments)
    assert ran.status == status
    assert said in ran.stderr
