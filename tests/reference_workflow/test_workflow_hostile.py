"""CTX-16: whatever a transcript holds, the hook ends well with one JSON document or with silence.

What can be promised about the main policy: it is said only where a SessionStart's payload names no agent and the first
line of the transcript says that it is this very thread's and a main session's, and nothing in it speaks of an agent. So
a child never gets it as long as the event, the payload or any one slot of its line says that it is one. A line that
says in every respect that its thread is a main session is believed.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workflow_world import Json, Run, World, hook_codex, wire

MAIN = "You are the main session"
THREAD = "01a1fd66-3018-7223-8e88-d804ecd0eac8"
AGENT_SLOTS = ("agent_name", "agent_role", "agent_nickname", "agent_path", "agent_id", "parent_thread_id")
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("subagent")
    | st.just(THREAD),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["issue-planner", "../agents/issue-planner", "worker", "\ud800", "", "a\0b", "x" * 5000])
spawns = st.fixed_dictionaries(
    {},
    optional={
        "parent_thread_id": st.just("root") | anything,
        "agent_role": names | anything,
        "agent_nickname": names | anything,
    },
)
subagents = st.fixed_dictionaries({}, optional={"thread_spawn": spawns | anything, "agent_name": names | anything})
sources = st.just("exec") | st.fixed_dictionaries({"subagent": subagents | st.just("review") | anything}) | anything
metas = st.fixed_dictionaries(
    {"id": st.just(THREAD) | anything, "source": sources},
    optional={
        "thread_source": st.sampled_from(["user", "subagent"]) | anything,
        **dict.fromkeys(AGENT_SLOTS, names | anything),
    },
)
lines = st.fixed_dictionaries({"type": st.just("session_meta") | anything, "payload": metas | anything})


def twice(line: Json) -> bytes:
    """The line with its payload said twice, the second time as a main session's."""
    main = {"id": THREAD, "source": "exec"}
    return f'{json.dumps(line)[:-1]}, "payload": {json.dumps(main)}}}'.encode()


transcripts = st.one_of(
    lines.map(lambda line: json.dumps(line).encode()),
    lines.map(twice),
    st.tuples(lines, st.integers(0, 400)).map(lambda cut: json.dumps(cut[0]).encode()[: cut[1]]),
    st.tuples(st.binary(max_size=4), lines).map(lambda parts: parts[0] + json.dumps(parts[1]).encode()),
    lines.map(lambda line: json.dumps(line).encode("utf-16")),
    st.binary(max_size=200),
    st.integers(1, 200_000).map(lambda depth: b"[" * depth),
    st.integers(1, 60_000).map(lambda depth: b'{"type":"session_meta","payload":' * depth + b"{}" + b"}" * depth),
    st.integers(4000, 40_000).map(lambda digits: b'{"type":"session_meta","payload":{"id":' + b"9" * digits + b"}}"),
)
events = st.fixed_dictionaries(
    {
        "hook_event_name": st.sampled_from(["SessionStart", "SubagentStart"]),
        "session_id": st.just(THREAD),
        "source": st.sampled_from(["startup", "resume", "clear"]),
    },
    optional={"agent_id": st.just(THREAD), "agent_type": names, "parent_thread_id": st.just("root")},
)


def run_in_process(transcript: bytes, event: Json) -> Run:
    """One run of the hook's own main, with its stdin, stdout and stderr, in a world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rollout.jsonl")
        path.write_bytes(transcript)
        raw = json.dumps({**event, "transcript_path": str(path), "cwd": folder}).encode()
        stdin, out, err = io.TextIOWrapper(io.BytesIO(raw)), io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, PLUGIN_DATA=str(Path(folder, "data"))),
            patch.multiple(sys, stdin=stdin, stdout=out, stderr=err),
        ):
            exit_status = wire.serve(hook_codex.answer)
        return Run(out.getvalue(), err.getvalue(), exit_status)


def says_main_session(transcript: bytes) -> bool:
    """Whether the first line says so; asked of the bytes in another way than the plugin asks."""
    line = json.loads(transcript.split(b"\n")[0])
    meta = line["payload"]
    is_plain = (
        isinstance(meta["source"], str) and meta["source"] != "subagent" and meta.get("thread_source") != "subagent"
    )
    return meta["id"] == THREAD and is_plain and all(meta.get(slot) is None for slot in AGENT_SLOTS)


@patiently
@given(transcript=transcripts, event=events, rest=st.sampled_from([b"", b"\n", b'\n{"type":"session_meta"}\n\xff']))
def test_any_transcript_ends_in_json_or_silence(transcript: bytes, event: Json, rest: bytes) -> None:
    run = run_in_process(transcript + rest, event)
    assert (run.exit_status, run.stderr) == (0, "")
    assert run.is_json_or_empty
    if MAIN in run.stdout:
        assert event["hook_event_name"] == "SessionStart"
        assert not event.keys() & {"agent_id", "agent_type", "parent_thread_id"}
        assert says_main_session(transcript + rest)


MARKS: list[Json] = [
    {"thread_source": "subagent"},
    {"source": "subagent"},
    {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "root"}}}},
    {"source": {"subagent": "review"}},
    {"source": {"subagent": None}},
    *({slot: "issue-planner"} for slot in AGENT_SLOTS),
]


@patiently
@given(mark=st.sampled_from(MARKS), others=st.dictionaries(st.sampled_from(AGENT_SLOTS), names | anything, max_size=3))
def test_a_child_of_which_any_slot_says_so_never_gets_the_main_policy(mark: Json, others: Json) -> None:
    meta = {"id": THREAD, "source": "exec", **others, **mark}
    line = json.dumps({"type": "session_meta", "payload": meta}).encode()
    event = {"hook_event_name": "SessionStart", "session_id": THREAD, "source": "startup"}
    assert MAIN not in run_in_process(line, event).stdout


@patiently
@given(raw=st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_a_payload_that_is_none_is_met_with_silence(raw: bytes) -> None:
    out = io.StringIO()
    with patch.multiple(sys, stdin=io.TextIOWrapper(io.BytesIO(raw)), stdout=out):
        assert (wire.serve(hook_codex.answer), out.getvalue()) == (0, "")


def test_the_same_world_tells_a_main_session(tmp_path: Path) -> None:
    """What the properties above deny to others is there to be had."""
    assert MAIN in World(tmp_path).main().context


# As processes: what is about size, files and time.


@pytest.mark.parametrize(
    "head",
    [b"", b'{"type":"session_meta","payload":{"id":"thread","source":"exec","x":"'],
    ids=["zeros", "endless line"],
)
def test_a_hundred_megabytes_without_a_line_end(tmp_path: Path, head: bytes) -> None:
    world = World(tmp_path)
    transcript = tmp_path / "huge.jsonl"
    transcript.write_bytes(head)
    os.truncate(transcript, 100_000_000)
    assert world.fire("SessionStart", "thread", transcript, source="startup").is_silent


def test_what_follows_the_first_line_does_not_matter(tmp_path: Path) -> None:
    world = World(tmp_path)
    transcript = world.rollout(world.child_meta("child", "root", "issue-planner", "Zed"))
    assert transcript
    with transcript.open("ab") as file:
        file.write(b"\xff" * 1000 + b"[" * 100_000)
    os.truncate(transcript, 100_000_000)
    assert "You plan one issue" in world.fire("SessionStart", "child", transcript, source="startup").context


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "dangling", "nothing"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path)
    transcript = tmp_path / "odd"
    if kind == "fifo":
        os.mkfifo(transcript)
    elif kind == "directory":
        transcript.mkdir()
    elif kind in ("device", "dangling"):
        transcript.symlink_to("/dev/zero" if kind == "device" else tmp_path / "gone")
    assert world.fire("SessionStart", "thread", transcript, source="startup").is_silent


@pytest.mark.parametrize("path", [5, ["x"], {"a": 1}, "", "a\0b", "\ud800", None])
def test_a_transcript_path_that_is_none(tmp_path: Path, path: Any) -> None:
    world = World(tmp_path)
    payload = {"hook_event_name": "SessionStart", "session_id": "t", "source": "startup", "cwd": str(world.project)}
    assert world.hook({**payload, "transcript_path": path}).is_silent


def test_a_forked_child_without_its_own_line_is_not_taken_for_its_parent(tmp_path: Path) -> None:
    """What is left at the head of its rollout is its parent's line, a main session's."""
    world = World(tmp_path)
    parents = json.dumps({"type": "session_meta", "payload": {"id": "root", "source": "exec"}}).encode()
    assert world.child("child", parent="root", raw=parents + b"\n").is_silent
    assert MAIN in World(tmp_path / "before", "before-146").child("child", parent="root", raw=parents + b"\n").context


@pytest.mark.parametrize("key", ["agent_id", "agent_type", "parent_thread_id"])
def test_a_payload_that_names_an_agent_is_no_main_sessions(tmp_path: Path, key: str) -> None:
    for rules in ("before-146", "fix-146", "native-subagent-start", "correct"):
        world = World(tmp_path / rules, rules)
        payload = {"hook_event_name": "SessionStart", "session_id": "t", "source": "startup", "cwd": str(world.project)}
        assert world.hook({**payload, "transcript_path": None, key: "child"}).is_silent
