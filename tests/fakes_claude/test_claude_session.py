"""Sessions and turns: commands, queues, transcripts, a resumed session, a model that fails."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import claude_facts as facts
import pytest
from claude_journal import Journal
from conftest import MakeBench, MakeModel
from scripted_model import call, failure, text

HELLO = "[hookproof:agent=main] hello"
AGENT = {"subagent_type": "codex:codex-rescue", "prompt": "[hookproof:agent=sub] go", "description": "do it"}


@pytest.mark.parametrize("lifecycle", [*facts.MEASURED, "claude-2.1.91-windows"])
def test_clear_ends_the_session_and_begins_another(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    tell = call("Bash", id="t", command='echo "id=$ID"')
    model = make_model(main=[text("one"), tell, text("two")])
    bench = make_bench(model)
    bench.hook_everything()
    bench.hook("SessionStart", 'echo "export ID=$(basename "$(dirname "$CLAUDE_ENV_FILE")")" >> "$CLAUDE_ENV_FILE"')
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    running.say("/clear")
    journal.wait_for("session.started", how="clear")
    running.say("[hookproof:agent=main] again")
    running.turn_ended(2)
    assert running.finish() == 0, running.errors()
    first, second = journal.of("session.started")
    assert first["session_id"] != second["session_id"]
    ends = [(record["session_id"], record["reason"]) for record in journal.of("session.ended")]
    assert ends == [(first["session_id"], "clear"), (second["session_id"], "other")]
    order = ["SessionEnd", "SessionStart", "SessionStart", "UserPromptSubmit"]
    assert journal.events()[journal.events().index("SessionEnd") :][:4] == order
    payloads = [record["payload"] for record in journal.of("hook.started") if record["event"].startswith("Session")]
    assert [p.get("source", p.get("reason")) for p in payloads] == [
        "startup",
        "startup",
        "clear",
        "clear",
        "clear",
        "other",
    ]
    assert not any("hello" in words for words in model.of("main")[1].texts())
    heard = model.of("main")[2].tool_results()["t"]["content"]
    assert heard == ("id=" if lifecycle == "claude-2.1.91-windows" else f"id={second['session_id']}")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_exit_ends_the_session_while_stdin_is_open(
    lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    bench = make_bench(make_model(main=[text("one")]))
    bench.hook_everything()
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    running.say("/exit")
    assert running.wait() == 0
    assert journal.of("session.ended")[0]["reason"] == "prompt_input_exit"
    assert journal.of("hook.started")[-1]["payload"]["reason"] == "prompt_input_exit"


def test_lines_that_queued_up_are_one_turn(make_model: MakeModel, make_bench: MakeBench) -> None:
    gate = threading.Event()
    model = make_model(main=[text("one", gate=gate), text("two")])
    bench = make_bench(model)
    running = bench.start(turn=HELLO)
    model.wait(lambda request: request.agent == "main", "the first request")
    running.say("second")
    running.say("third")
    running.input_was_taken()
    running.end_input()
    gate.set()
    assert running.wait() == 0
    assert running.results() == ["one", "two"]
    assert model.of("main")[1].texts()[-1] == "second\nthird"


def test_a_plugins_command_is_expanded(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[text("one"), text("two")])
    bench = make_bench(model)
    bench.hook("UserPromptSubmit", ":")
    body = 'Do $ARGUMENTS in ${CLAUDE_PLUGIN_ROOT}, first $0 and $1 of $7.\n!`echo says "$ARGUMENTS"; pwd`'
    bench.command("rescue", f'---\ndescription: "d"\nallowed-tools: Bash(node:*), Agent\n---\n\n{body}\n')
    line = "/codex:rescue [hookproof:agent=main] --background now"
    running = bench.start(turn=line)
    running.turn_ended()
    assert running.finish() == 0
    arguments = "[hookproof:agent=main] --background now"
    heading = "<command-message>codex:rescue</command-message>\n<command-name>/codex:rescue</command-name>\n"
    done = f"Do {arguments} in {bench.plugin}, first [hookproof:agent=main] and --background of ."
    assert model.of("main")[0].texts()[-2:] == [
        f"{heading}<command-args>{arguments}</command-args>\n",
        f"{done}\nsays {arguments}\n{bench.project}\n",
    ]
    assert journal.of("hook.started", event="UserPromptSubmit")[0]["payload"]["prompt"] == line
    assert running.lines("system", "init")[0]["slash_commands"] == ["codex:rescue"]


def test_transcripts(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[call("Agent", **AGENT), text("done")], sub=[call("Bash", command="echo x"), text("ok")])
    bench = make_bench(model)
    bench.hook_everything()
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    session = journal.of("session.started")[0]
    path = Path(session["transcript_path"])
    slug = "".join(letter if letter.isalnum() else "-" for letter in str(bench.project))
    assert path == bench.home / ".claude" / "projects" / slug / f"{session['session_id']}.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["type"] for entry in entries] == ["user", "assistant", "user", "assistant"]
    assert [entry["parentUuid"] for entry in entries[1:]] == [entry["uuid"] for entry in entries[:-1]]
    stop = journal.of("hook.started", event="SubagentStop")[0]["payload"]
    child = [json.loads(line) for line in Path(stop["agent_transcript_path"]).read_text().splitlines()]
    assert [entry["type"] for entry in child] == ["user", "assistant", "user", "assistant"]
    assert {entry["agentId"] for entry in child} == {stop["agent_id"]}
    assert child[0]["message"]["content"][-1]["text"] == AGENT["prompt"]


def test_a_session_is_resumed(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[text("one"), text("two")])
    bench = make_bench(model)
    bench.hook_everything()
    identity = "11111111-2222-4333-8444-555555555555"
    first = bench.start("--session-id", identity, turn=HELLO)
    first.turn_ended()
    assert first.finish() == 0
    second = bench.start("--resume", identity, turn="go on")
    second.turn_ended(2)
    assert second.finish() == 0
    assert {record["session_id"] for record in journal.of("session.started")} == {identity}
    assert [record["how"] for record in journal.of("session.started")] == ["startup", "resume"]
    assert [words for words in model.of("main")[1].texts() if "reminder" not in words] == [HELLO, "one", "go on"]


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_session_is_summed_up(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    """The summary stands in the place of the history, and the start hooks say again what is to be known."""
    summary = "<analysis>long</analysis>\n<summary>\nIn short. [hookproof:agent=main]\n</summary>"
    model = make_model(main=[text("one"), text(summary), text("two"), text("three")])
    bench = make_bench(model)
    bench.hook_everything()
    output = '{"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "the rules"}}'
    bench.hook("SessionStart", f"printf '{output}'")
    for event in ("PreCompact", "PostCompact"):
        bench.hook(event, "cat > /dev/null")
    identity = "11111111-2222-4333-8444-555555555555"
    running = bench.start("--session-id", identity, lifecycle=lifecycle, turn=HELLO)
    running.result()
    running.say("/compact")
    assert running.result(2)["result"] == ""
    running.say("go on")
    running.turn_ended(2)
    assert running.finish() == 0
    assert [record["how"] for record in journal.of("session.started")] == ["startup", "compact"]
    fired = [record["event"] for record in journal.of("hook.started")]
    compaction = fired[fired.index("PreCompact") : fired.index("PostCompact") + 1]
    assert compaction == ["PreCompact", "SubagentStop", "SessionStart", "SessionStart", "PostCompact"]
    first, asked, then = (request.texts() for request in model.of("main"))
    assert sum("the rules" in words for words in first) == 1
    assert any("detailed summary of the conversation" in words for words in asked)
    assert HELLO not in then
    assert sum("In short." in words for words in then) == 1
    assert "long" not in then
    assert sum("the rules" in words for words in then) == 1
    assert ("one" in then) is (lifecycle == "claude-2.1.329")
    second = bench.start("--resume", identity, lifecycle=lifecycle, turn="still there?")
    second.turn_ended(3)
    assert second.finish() == 0
    resumed = model.of("main")[3].texts()
    assert HELLO not in resumed
    assert sum("In short." in words for words in resumed) == 1


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("later", ["another", "one"])
def test_what_a_resumed_session_is_told(
    lifecycle: str, later: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal
) -> None:
    """2.1.91 forgets what hooks had told, and its shells obey no file that was written at the resume."""
    tell = call("Bash", id="t", command="echo shells obey $ONE $ANOTHER")
    model = make_model(main=[text("said"), tell, text("done")])
    bench = make_bench(model)
    says = {word: bench.project / word for word in ("one", "another")}
    for word, path in says.items():
        path.write_text(f"export {word.upper()}={word}\n")
    output = '{"hookSpecificOutput": {"hookEventName": "%s", "additionalContext": "%s says %s"}}'
    bench.hook("SessionStart", f'cat {bench.project}/now >> "$CLAUDE_ENV_FILE"')
    bench.hook("SessionStart", f"printf '{output}' SessionStart start $(cut -d= -f2 {bench.project}/now)")
    bench.hook("UserPromptSubmit", f"printf '{output}' UserPromptSubmit prompt anything")
    identity = "11111111-2222-4333-8444-555555555555"
    for word, flag, turns in (("one", "--session-id", 1), (later, "--resume", 2)):
        (bench.project / "now").write_text(says[word].read_text())
        running = bench.start(flag, identity, turn=HELLO, lifecycle=lifecycle)
        running.turn_ended(turns)
        assert running.finish() == 0, running.errors()
    whole = lifecycle == "claude-2.1.329"
    told = "\n".join(model.of("main")[1].texts())
    assert told.count("prompt says anything") == (2 if whole else 1)
    assert told.count(f"start says {later}") == 1
    assert told.count("start says one") == (1 if whole or later == "one" else 0)
    result = json.dumps(model.of("main")[2].tool_results()["t"])
    assert f"shells obey one{' another' if whole and later == 'another' else ''}" in result
    assert ("another" in result) is (whole and later == "another")
    start = journal.of("hook.started", event="SessionStart")[-1]["payload"]
    assert start["source"] == "resume"
    assert ("context_tokens" in start) is whole


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_model_that_refuses(lifecycle: str, make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    model = make_model(main=[failure(400), text("better")])
    bench = make_bench(model)
    bench.hook_everything()
    running = bench.start(lifecycle=lifecycle, turn=HELLO)
    running.turn_ended()
    running.say("again")
    running.turn_ended(2)
    assert running.finish() == 0
    first, second = running.lines("result", "success")
    assert (first["is_error"], first["result"]) == (True, "API Error: 400 scripted failure")
    assert (second["is_error"], second["result"]) == (False, "better")
    assert journal.events()[:3] == ["SessionStart", "UserPromptSubmit", "StopFailure"]
    payload = journal.of("hook.started", event="StopFailure")[0]["payload"]
    assert payload["error"] == ("server_error" if lifecycle == "claude-2.1.329" else "unknown")


def test_a_dead_model_is_an_error_result_and_exit_1(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model()
    bench = make_bench(model)
    model.close()
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 1
    (result,) = running.lines("result", "success")
    assert result["is_error"] is True
    assert result["result"] == "API Error: Unable to connect to API (ECONNREFUSED)"
    assert bench.journal.kinds()[-1] == "session.ended"


def test_two_plugins_each_with_its_own_place(make_model: MakeModel, make_bench: MakeBench, journal: Journal) -> None:
    bench = make_bench(make_model(main=[text("one")]))
    bench.hook("SessionStart", 'echo "export A=1" >> "$CLAUDE_ENV_FILE"')
    other = bench.root / "second"
    (other / "hooks").mkdir(parents=True)
    hooks = {"SessionStart": [{"hooks": [{"type": "command", "command": 'echo "export B=2" >> "$CLAUDE_ENV_FILE"'}]}]}
    (other / "hooks" / "hooks.json").write_text(json.dumps({"hooks": hooks}))
    running = bench.start("--plugin-dir", str(other), turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    started = {record["plugin"]: record["env"] for record in journal.of("hook.started")}
    assert set(started) == {"codex", "second"}
    for name, root in (("codex", bench.plugin), ("second", other)):
        assert started[name]["CLAUDE_PLUGIN_ROOT"] == str(root)
        assert started[name]["CLAUDE_PLUGIN_DATA"] == str(bench.home / f".claude/plugins/data/{name}-inline")
        assert Path(started[name]["CLAUDE_PLUGIN_DATA"]).is_dir()
    files = [Path(path) for path in journal.of("shell.environment")[0]["env_files"]]
    assert [file.name for file in files] == ["sessionstart-hook-0.sh", "sessionstart-hook-1.sh"]
    assert [file.read_text() for file in files] == ["export A=1\n", "export B=2\n"]
