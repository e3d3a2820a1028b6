"""Whose session a subagent belongs to: session ids of hooks, environments of shells, the switches."""

from __future__ import annotations

import sys

import claude_facts as facts
import pytest
from claude_patterns import bash, play_pattern_c, rescue
from conftest import MakeBench, MakeModel
from scripted_model import call, text

from hookproof.catalogue.lifecycle import resolve_lifecycle


@pytest.mark.parametrize("lifecycle", facts.SESSIONS)
def test_pattern_c_whose_session_each_hook_carries(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[rescue(run_in_background=False), text("m")], sub=[bash("echo x"), text("s")])
    bench = make_bench(model)
    bench.hook_everything()
    journal = play_pattern_c(bench, lifecycle)
    (root,) = [record["session_id"] for record in journal.of("session.started", agent_id=None)]
    (sub,) = journal.of("subagent.started")
    own = lifecycle == "as-reported-345"
    assert (sub["session_id"] != root) is own
    assert sub["root_session_id"] == root
    for record in journal.of("hook.started", agent_id=sub["agent_id"]):
        in_main = record["event"] in ("SubagentStart", "SubagentStop")
        assert record["session_id"] == (root if in_main else sub["session_id"])
        assert record["payload"]["session_id"] == record["session_id"]
    for record in journal.of("hook.started", agent_id=None):
        assert record["session_id"] == root
    stop = journal.of("hook.started", event="SubagentStop")[0]["payload"]
    assert stop["transcript_path"].endswith(f"/{root}.jsonl")
    assert stop["agent_transcript_path"] == (
        journal.of("hook.started", event="SessionEnd")[0]["payload"]["transcript_path"]
        if own
        else stop["transcript_path"].replace(".jsonl", f"/subagents/agent-{sub['agent_id']}.jsonl")
    )


def test_as_reported_the_subagents_session_end_returns_before_its_agent_call(
    make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[rescue(run_in_background=False), text("m")], sub=[bash("echo x"), text("s")])
    bench = make_bench(model)
    bench.hook_everything()
    journal = play_pattern_c(bench, "as-reported-345")
    sub = journal.of("subagent.started")[0]["session_id"]
    order = [
        journal.position("hook.ended", event="SubagentStop"),
        journal.position("hook.ended", event="SessionEnd", session_id=sub),
        journal.position("session.ended", session_id=sub),
        journal.position("subagent.ended"),
        journal.items.index(journal.of("hook.started", event="PostToolUse", agent_id=None)[0]),
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("lifecycle", facts.LIFECYCLES)
def test_exports_of_the_start_hook_reach_the_shells_of_its_session(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    tell = 'echo "session=$CODEX_COMPANION_SESSION_ID"'
    model = make_model(
        main=[call("Bash", id="m", command=tell), rescue(run_in_background=False), text("m")],
        sub=[bash(tell), text("s")],
    )
    bench = make_bench(model)
    read = 'sed \'s/.*"session_id":"\\([^"]*\\).*/export CODEX_COMPANION_SESSION_ID=\\1/\''
    bench.hook("SessionStart", f'{read} >> "$CLAUDE_ENV_FILE"')
    journal = play_pattern_c(bench, lifecycle)
    root = journal.of("session.started", agent_id=None)[0]["session_id"]
    sub = journal.of("subagent.started")[0]["session_id"]
    heard_by_main = model.of("main")[1].tool_results()["m"]["content"]
    heard_by_sub = model.of("sub")[1].tool_results()["toolu_sub1"]["content"]
    ignored = lifecycle == "claude-2.1.91-windows"
    assert heard_by_main == ("session=" if ignored else f"session={root}")
    assert heard_by_sub == ("session=" if ignored else f"session={sub}")
    for record in journal.of("shell.environment"):
        assert len(record["env_files"]) == (0 if ignored else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="env, sort and tr: POSIX")
@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_environment_of_a_shell(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(
        main=[rescue(run_in_background=False), text("m")], sub=[bash("env -0 | sort -z | tr '\\0' '\\n'"), text("s")]
    )
    bench = make_bench(model)
    journal = play_pattern_c(bench, lifecycle)
    main, sub = (record["env"] for record in journal.of("shell.environment"))
    assert main == sub
    rows = resolve_lifecycle(lifecycle).rows["shell_variables"]
    expected = {name for name in rows if name.startswith("CLAUDE")}
    assert {name for name in sub if name.startswith("CLAUDE")} == expected
    seen = dict(
        line.partition("=")[::2] for line in model.of("sub")[1].tool_results()["toolu_sub1"]["content"].split("\n")
    )
    assert {name for name in seen if name.startswith("CLAUDE")} == expected
    assert seen["PATH"].endswith(f":{bench.plugin}/bin") is (lifecycle == "claude-2.1.91")


@pytest.mark.parametrize(
    ("switch", "name"), [("parent-id", "CLAUDE_PARENT_SESSION_ID"), ("subagent-marker", "CLAUDE_CODE_SUBAGENT")]
)
def test_switches_show_a_variable_inside_the_subagent_alone(
    switch: str, name: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(
        main=[call("Bash", id="m", command=f"echo ${name}"), rescue(), text("m")],
        sub=[bash(f"echo ${name}"), text("s")],
    )
    bench = make_bench(model)
    bench.hook_everything()
    journal = play_pattern_c(bench, f"as-reported-345+{switch}")
    root = journal.of("session.started", agent_id=None)[0]["session_id"]
    value = root if switch == "parent-id" else "1"
    assert model.of("main")[1].tool_results()["m"]["content"] == "(Bash completed with no output)"
    assert model.of("sub")[1].tool_results()["toolu_sub1"]["content"] == value
    for record in journal.of("hook.started"):
        assert record["env"].get(name) == (value if record["agent_id"] else None)
