"""The table of events of Codex: every moment is in it, and a row alone makes an event fire that no lifecycle ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from codex_hooks_bench import lifecycle
from codex_hosted import EVENTS, HostWorld, call, mark

from hookproof.catalogue.lifecycle import lifecycle_files, read_lifecycle, resolve

FILES = [path for path in lifecycle_files() if path.parents[1].name == "codex"]

OWN = """
name = "own"
title = "A host that tells of a child's end in its parent's session and in its own"
host = "codex"
extends = "codex-0.169"
alike = "the test's own"
[rows]
[events]
"child's turn ends" = { source = "the test's own", is = [
    { event = "SubagentStop", whose = "root", context = "after the answer", transcript = "parent" },
    { event = "Notification", whose = "own", says = { notification_type = "rested" } },
] }
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_lifecycle_has_every_moment(path: Path) -> None:
    resolved = resolve(read_lifecycle(path))
    assert set(resolved.events) == set(lifecycle.MOMENTS)
    lifecycle.Lifecycle(resolved.name, resolved.rows, resolved.events)


def test_an_event_fires_through_a_row_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    script = {
        "main": [
            call("spawn_agent", message=mark("kid")),
            call("wait_agent", targets=["kid"], timeout_ms=30_000),
            "Done.",
        ],
        "kid": ["Planned."],
    }
    with HostWorld(tmp_path, "0.169", script, own=own, events=(*EVENTS, "Notification")) as world:
        assert world.exec("--json", "--dangerously-bypass-approvals-and-sandbox", mark("main")).status == 0
        main, kid = world.model.id_of("main"), world.model.id_of("kid")
        ended = [
            (record["event"], record["session_id"], record["agent_id"], record["payload"].get("notification_type"))
            for record in world.told("hook.started")
            if record["thread_id"] == kid
        ][-2:]
        assert ended == [("SubagentStop", main, kid, None), ("Notification", kid, None, "rested")]
        (told,) = [record["payload"] for record in world.told("hook.started") if record["event"] == "Notification"]
        # nobody has said what it is told: it is all that is known at the moment
        assert (told["last_assistant_message"], told["hook_event_name"]) == ("Planned.", "Notification")


def test_an_event_for_which_no_hook_runs_is_told_with_what_a_matcher_is_held_against(tmp_path: Path) -> None:
    with HostWorld(tmp_path, "0.169", {"main": ["Done."]}, events=("Stop",)) as world:
        assert world.exec("--json", "--dangerously-bypass-approvals-and-sandbox", mark("main")).status == 0
        main = world.model.id_of("main")
        told = [(each["event"], each["subject"], each["thread_id"]) for each in world.told("event.unheard")]
        assert told == [("SessionStart", "startup", main), ("UserPromptSubmit", "", main)]
