"""The draft of a lifecycle that nobody has measured: what was seen is in it, and what was not says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from calibrated_runs import HELPER, ROOT, facets, hook, prompt, told

from hookproof.calibration.draft import draft
from hookproof.calibration.facets import Facets, Hook
from hookproof.catalogue.lifecycle import Lifecycle, lifecycle_files, read_lifecycle
from hookproof.records.run import Error


def read(tmp_path: Path, text: str) -> Lifecycle:
    path = tmp_path / "draft.toml"
    path.write_text(text, encoding="utf-8")
    return read_lifecycle(path)


def nearest(name: str) -> Lifecycle:
    return read_lifecycle(next(path for path in lifecycle_files() if path.stem == name))


def drafted(tmp_path: Path, *runs: Facets, name: str = "claude-2.1.329", version: str = "2.2.0") -> Lifecycle:
    text = draft(nearest(name), version, [], runs)
    assert text is not None
    return read(tmp_path, text)


@pytest.mark.parametrize("path", lifecycle_files(), ids=lambda path: path.stem)
def test_every_lifecycle_can_be_written_and_read_back(tmp_path: Path, path: Path) -> None:
    known = read_lifecycle(path)
    text = draft(known, "99.1", [], [facets(hook("Stop"))])
    assert text is not None
    found = read(tmp_path, text)
    assert (found.name, found.host) == (f"{known.host}-99.1", known.host)
    assert set(found.rows) == set(known.rows)
    told_of = [row for row in found.rows.values() if not row["source"].startswith("measured by calibrate on 99.1")]
    assert all(row["source"].startswith(f"as in {known.name} (not measured on 99.1): ") for row in told_of)


def test_what_was_not_seen_is_kept(tmp_path: Path) -> None:
    found, known = drafted(tmp_path, facets(hook("Stop"))), nearest("claude-2.1.329")
    assert found.rows["version"]["is"] == "2.2.0"
    assert found.rows["bash_timeout"]["is"] == known.rows["bash_timeout"]["is"]
    assert found.rows["texts"]["is"] == known.rows["texts"]["is"]


def test_what_was_seen_and_is_alike_is_a_source_alone(tmp_path: Path) -> None:
    known = nearest("claude-2.1.329")
    run = facets(hook("Stop", own=True))
    text = draft(known, "2.2.0", [], [run])
    assert text is not None
    assert 'hook_group = {source = "measured by calibrate on 2.2.0"}\n' in text
    assert 'version = {is = "2.2.0", source = "measured by calibrate on 2.2.0"}\n' in text
    assert "bash_timeout" not in text
    found = read(tmp_path, text)
    assert found.rows["hook_group"] == {"is": "own", "source": "measured by calibrate on 2.2.0"}
    assert (found.extends, found.switches, found.differences) == ("claude-2.1.329", {}, [])


def test_a_draft_from_a_lifecycle_that_inherits_names_every_file_on_the_way(tmp_path: Path) -> None:
    rows = drafted(tmp_path, facets(hook("Stop")), name="codex-0.169", version="0.200.0").rows
    assert rows["agent_max_depth"]["source"].startswith(
        "as in codex-0.169 (not measured on 0.200.0): as in codex-0.133 (measured on 0.169.0 too): as in codex-0.130 "
    )


def test_payload_keys_are_those_that_were_seen(tmp_path: Path) -> None:
    stop = hook("Stop", last_assistant_message="x", novelty=1)
    keys = drafted(tmp_path, facets(stop)).rows["payload_keys"]["is"]
    assert keys["Stop"] == [
        "session_id",
        "transcript_path",
        "cwd",
        "hook_event_name",
        "last_assistant_message",
        "novelty",
    ]
    assert keys["SubagentStop"] == nearest("claude-2.1.329").rows["payload_keys"]["is"]["SubagentStop"]


def test_a_childs_keys_stay_where_no_child_was_seen(tmp_path: Path) -> None:
    of_main = drafted(tmp_path, facets(hook("PreToolUse", tool_name="Bash"))).rows["payload_keys"]["is"]["PreToolUse"]
    assert {"agent_id", "agent_type"} <= set(of_main)
    both = facets(hook("PreToolUse", tool_name="Bash"), hook("SubagentStop"), hook("SubagentStop", agent=HELPER))
    assert "agent_id" in drafted(tmp_path, both).rows["payload_keys"]["is"]["SubagentStop"]


def test_variables_of_hooks_and_shells_are_those_that_were_seen(tmp_path: Path) -> None:
    run = facets(
        hook("SessionStart", env=("CLAUDE_ENV_FILE", "CLAUDE_NEW")),
        hook("Stop", env=("CLAUDE_NEW",)),
        told(prompt(), results=("PROBE-NAMES CLAUDECODE CLAUDE_NEWER HOME",)),
    )
    rows = drafted(tmp_path, run).rows
    variables = rows["hook_variables"]["is"]
    assert variables["CLAUDE_NEW"] == "?"
    assert "CLAUDE_PID" not in variables
    assert rows["hook_variables_only"]["is"] == {"CLAUDE_ENV_FILE": ["SessionStart"]}
    shell = rows["shell_variables"]["is"]
    assert (shell["CLAUDECODE"], shell["CLAUDE_NEWER"]) == ("1", "?")
    assert "HOME" not in shell


def test_groups_and_places_are_those_that_were_seen(tmp_path: Path) -> None:
    one = facets(hook("Stop"), told(("user", "PROBE Stop"), prompt()))
    other = facets(hook("Stop", own=True), told(("system", "PROBE Stop"), prompt()))
    found = [drafted(tmp_path, run).rows for run in (one, other)]
    assert [rows["hook_group"]["is"] for rows in found] == ["host", "own"]
    assert [rows["context_place"]["is"] for rows in found] == ["reminder", "system message"]


@pytest.mark.parametrize(("name", "reason"), [("claude-2.1.329", "other"), ("as-reported-345", "other")])
def test_a_session_of_a_subagent_is_what_was_seen_of_its_hooks(tmp_path: Path, name: str, reason: str) -> None:
    start = hook("SessionStart", agent=HELPER, source="startup")
    found = drafted(tmp_path, facets(start), name=name).events
    fires = [{"event": "SessionStart", "whose": "agent", "context": "first prompt"}]
    assert (found["subagent's session starts"]["is"], found["subagent's session ends"]["is"]) == (fires, [])
    end = hook("SessionEnd", agent=HELPER, reason=reason)
    ends = drafted(tmp_path, facets(end), name=name).events["subagent's session ends"]
    assert ends["is"] == [{"event": "SessionEnd", "whose": "agent", "says": {"reason": reason}}]
    assert ends["source"] == "measured by calibrate on 2.2.0"


def _of_a_child(seen: Hook) -> Hook:
    """A helper's hook run as calibration names that of a Codex child."""
    return replace(seen, agent="child", session="<main>" if seen.session == "<main>" else "<child>")


@pytest.mark.parametrize("known", ["codex-0.130", "codex-0.133", "codex-0.169"])
@pytest.mark.parametrize("played", ["codex-0.130", "codex-0.133", "codex-0.169"])
def test_what_fires_for_a_child_of_codex_is_what_was_seen(tmp_path: Path, known: str, played: str) -> None:
    """A run of one version, drafted from another one's rows: the events are those of the version that was played."""
    right = nearest(played).events
    child = "11111111-2222-4222-8222-333333333333"
    hooks = []
    for moment in ("child starts", "child is prompted", "child's turn ends"):
        (fires,) = right[moment]["is"]
        session = child if fires["whose"] == "own" else ROOT
        hooks.append(hook(fires["event"], agent=HELPER, session_id=session))
    run = facets(*hooks, *([hook("SessionEnd", reason="other")] if right["thread ends"]["is"] else []))
    run = replace(run, hooks=tuple(_of_a_child(each) if each.agent == "helper" else each for each in run.hooks))
    found = drafted(tmp_path, run, name=known, version="0.200.0").events
    for moment in ("child starts", "child is prompted", "child's turn ends", "thread ends"):
        assert found[moment]["is"] == right[moment]["is"], moment
    assert found["v2 child starts"]["is"] == nearest(known).events["v2 child starts"]["is"]


def test_what_nobody_saw_is_no_row() -> None:
    text = draft(nearest("claude-2.1.91"), "2.1.72", [], [facets()])
    assert text is not None
    for name in ("hook_variables", "shell_variables", "subagent's session", "context_place", "hook_group"):
        assert name not in text


def test_a_run_in_which_something_went_wrong_gives_no_draft() -> None:
    failed = facets(hook("Stop", own=True), Error(where="play", what="it was too late"))
    assert draft(nearest("claude-2.1.91"), "2.1.72", [], [failed]) is None


def test_an_event_that_the_release_does_not_know(tmp_path: Path) -> None:
    text = draft(nearest("claude-2.1.329"), "2.1.72", ["StopFailure"], [facets(hook("Stop"))])
    assert text is not None
    rows = read(tmp_path, text).rows
    assert "StopFailure" not in rows["known_events"]["is"]
    assert "Stop" in rows["known_events"]["is"]
    assert rows["unknown_event"]["is"] == "drops the plugin's hooks"
