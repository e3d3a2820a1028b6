"""Patterns A to D of issue #345 on every lifecycle: events, payloads, notifications, what becomes of a shell."""

from __future__ import annotations

import threading
from pathlib import Path

import claude_facts as facts
import pytest
from claude_bench import release
from claude_journal import Journal
from claude_patterns import TYPE, bash, play_pattern_c, rescue, who
from conftest import MakeBench, MakeModel
from scripted_model import call, text

from hookproof.catalogue.lifecycle import resolve_lifecycle

RESUMED = (
    "seconds_since_last_response",
    "context_tokens",
    "prompt_cache_likely_expired",
    "estimated_cache_write_usd",
)


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_pattern_a(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[call("Bash", id="toolu_main1", command="echo started", description="codex"), text("ok")])
    bench = make_bench(model)
    bench.hook_everything()
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] hello")
    running.turn_ended()
    assert running.finish() == 0, running.errors()
    assert journal.hellos == [{"token": bench.token, "source": "claude", "pid": running.process.pid}]
    assert running.results() == ["ok"]
    assert model.of("main")[1].tool_results()["toolu_main1"] == {
        "tool_use_id": "toolu_main1",
        "type": "tool_result",
        "content": "started",
        "is_error": False,
    }
    (post,) = journal.of("hook.started", event="PostToolUse")
    assert post["payload"]["tool_response"] == {
        "stdout": "started",
        "stderr": "",
        "interrupted": False,
        "isImage": False,
        "noOutputExpected": False,
    }


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_payloads_and_environments_are_those_of_the_rows(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(
        main=[rescue(run_in_background=False), text("main finished")], sub=[bash("echo launched"), text("sub finished")]
    )
    bench = make_bench(model)
    bench.hook_everything()
    journal = play_pattern_c(bench, lifecycle)
    rows = resolve_lifecycle(lifecycle).rows
    started = journal.of("hook.started")
    for record in started:
        keys, only = rows["payload_keys"][record["event"]], rows["hook_variables_only"]
        unknown = {key for key in keys if key not in record["payload"]}
        assert list(record["payload"]) == [key for key in keys if key not in unknown]
        # what is left out is known of subagents alone, or once there is a prompt, or when a session is resumed
        assert unknown <= {"agent_id", "agent_type", "prompt_id", *RESUMED}
        given = {name for name in record["env"] if name.startswith("CLAUDE")}
        expected = {name for name in rows["hook_variables"] if record["event"] in only.get(name, [record["event"]])}
        assert given == {name for name in expected if name.startswith("CLAUDE")}
    assert {who(record) for record in started} == {"main", "sub"}
    assert len({record["event"] for record in started}) == 8


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_pattern_b(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    started = threading.Event()
    model = make_model(
        main=[rescue(run_in_background=True), text("main finished"), text("told")],
        sub=[bash("echo result"), text("subagent finished", gate=started)],
    )
    bench = make_bench(model)
    bench.hook_everything()
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] hello")
    running.turn_ended()
    started.set()
    running.turn_ended(2)
    assert running.finish() == 0, running.errors()
    (sub,) = journal.of("subagent.started")
    assert sub["background"] is True
    assert journal.of("subagent.ended")[0]["how"] == "completed"
    (post,) = [r for r in journal.of("hook.started", event="PostToolUse") if r["agent_id"] is None]
    response = post["payload"]["tool_response"]
    new = lifecycle == "claude-2.1.329"
    assert (response["isAsync"], response["status"], response["agentId"]) == (True, "async_launched", sub["agent_id"])
    assert journal.items.index(post) < journal.position("subagent.ended")
    prompt = journal.of("hook.started", event="UserPromptSubmit")[1]["payload"]["prompt"]
    lines = prompt.split("\n")
    assert lines[:3] == [
        "<task-notification>",
        f"<task-id>{sub['agent_id']}</task-id>",
        "<tool-use-id>toolu_main1</tool-use-id>",
    ]
    assert "<status>completed</status>" in lines
    assert "<result>subagent finished</result>" in lines
    word = "finished" if new else "completed"
    assert f'<summary>Agent "do it" {word}</summary>' in lines
    told = model.of("main")[2]
    assert any(prompt in words for words in told.texts())
    (notification,) = journal.of("notification")
    assert (notification["to_model"], notification["task_type"]) == (True, "local_agent")
    output = Path(response["outputFile"])
    assert output.parts[-1] == f"{sub['agent_id']}.output"
    assert "subagent finished" in output.read_text()
    # 2.1.91 holds the result line back while a background agent runs
    assert running.results() == (["main finished", "told"] if new else ["told"])


@pytest.mark.parametrize("lifecycle", facts.SESSIONS)
def test_pattern_d_the_host_kills_a_subagents_background_shell(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    model = make_model(
        main=[rescue(run_in_background=False), text("main finished")],
        sub=[bash("cat fifo", run_in_background=True), text("subagent finished")],
    )
    bench = make_bench(model)
    bench.hook_everything()
    bench.fifo("fifo")
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] hello")
    running.turn_ended()
    shell = journal.wait_for("shell.ended")
    assert running.finish() == 0, running.errors()
    new = lifecycle == "claude-2.1.329"
    assert (shell["signal"], shell["ended_by"]) == (15 if new else 9, "host at subagent end")
    assert shell["output_bytes"] == 0
    assert journal.items.index(shell) > journal.position("hook.ended", event="SubagentStop")
    if not new:
        assert journal.items.index(shell) < journal.position("subagent.ended")
    notices = running.lines("system", "task_notification")
    assert [line["status"] for line in notices] == (["stopped", "completed"] if new else ["completed"])
    killed = [line["patch"]["status"] for line in running.lines("system", "task_updated")]
    assert killed == (["killed", "completed"] if new else [])
    assert [record["to_model"] for record in journal.of("notification")] == ([False] if new else [])
    assert not any("<task-notification>" in words for request in model.requests for words in request.texts())
    stop = journal.of("hook.started", event="SubagentStop")[0]["payload"]
    if new:
        assert [task["type"] for task in stop["background_tasks"]] == ["shell"]


def test_a_kept_shell_wakes_its_background_agent_again(
    make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    launched = threading.Event()
    model = make_model(
        main=[rescue(), text("launched"), text("told once"), text("told twice")],
        sub=[bash("cat fifo", run_in_background=True), text("waiting", gate=launched), text("resumed")],
    )
    bench = make_bench(model)
    bench.hook_everything()
    fifo = bench.fifo("fifo")
    running = bench.start(lifecycle="claude-2.1.329", turn="[hookproof:agent=main] hello")
    running.turn_ended()
    launched.set()
    running.turn_ended(2)
    assert journal.of("shell.ended") == []
    release(fifo, "the result\n")
    running.turn_ended(3)
    assert running.finish() == 0, running.errors()
    assert [turn["text"] for turn in journal.of("turn.ended", agent_id=None)] == ["launched", "told once", "told twice"]
    assert journal.events(agent_id=journal.of("subagent.started")[0]["agent_id"]).count("SubagentStart") == 2
    assert any("completed (exit code 0)" in words for words in model.of("sub")[2].texts())
    prompts = [record["payload"]["prompt"] for record in journal.of("hook.started", event="UserPromptSubmit")]
    assert "is waiting on its own background work" in prompts[1]
    assert 'Agent "do it" finished' in prompts[2]
    assert "<tool-use-id>" not in prompts[2]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_the_stream_of_pattern_c(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[rescue(run_in_background=False), text("m")], sub=[bash("echo x"), text("sub finished")])
    bench = make_bench(model)
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] hello")
    running.turn_ended()
    assert running.finish() == 0
    new = lifecycle == "claude-2.1.329"
    kinds = [line["subtype"] for line in running.stream.items if line["type"] == "system"]
    updated = ["task_updated"] if new else []
    assert kinds == ["init", "task_started", "task_progress", *updated, "task_notification"]
    (init,) = running.lines("system", "init")
    assert init["tools"][0] == "Task"
    assert init["agents"][-1] == TYPE
    assert init["plugins"] == [{"name": "codex", "path": str(bench.plugin), "source": "codex@inline"}]
    (started,) = running.lines("system", "task_started")
    assert list(started) == (facts.TASK_STARTED_329 if new else facts.TASK_STARTED_91)
    (progress,) = running.lines("system", "task_progress")
    assert (progress["description"], progress["last_tool_name"]) == ("Running codex", "Bash")
    (notice,) = running.lines("system", "task_notification")
    assert notice["summary"] == ("sub finished" if new else "do it")
    assert bool(notice["output_file"]) is new
    inside = [line for line in running.stream.items if line.get("parent_tool_use_id") == "toolu_main1"]
    # its last words come with its end alone (measured)
    assert [line["type"] for line in inside] == ["user", "assistant", "user"]
    told = model.of("main")[1].tool_results()["toolu_main1"]
    (agent_id,) = [record["agent_id"] for record in bench.journal.of("subagent.started")]
    words = [block["text"] for block in told["content"]]
    assert "is_error" not in told
    if new:
        assert len(words) == 1
        assert words[0].startswith(
            "  <tools-used-before-summary>Bash</tools-used-before-summary>\n  \n[Subagent hand-back]"
        )
        assert f"\n  sub finished\nagentId: {agent_id} (use SendMessage" in words[0]
    else:
        assert words[0] == "sub finished"
        assert words[1].startswith(
            f"agentId: {agent_id} (use SendMessage with to: '{agent_id}' to continue this agent)\n"
        )
    (result,) = [line for line in running.lines("user") if "tool_use_result" in line]
    assert list(result["tool_use_result"]) == resolve_lifecycle(lifecycle).rows["agent_completed_keys"]
