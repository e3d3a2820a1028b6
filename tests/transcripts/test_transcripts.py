"""A transcript becomes a scenario: what was said, by whom, cleaned; and what is wrong with a file is told."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.scenario import Scenario, read_scenario
from hookproof.errors import HookproofError
from hookproof.transcripts.scenario import Made, scenario_of

HOME = "/home/margaret/shop"
LAUNCH = 'node "{plugin}/scripts/companion.mjs" task'
Row = dict[str, Any]


def user(content: Any, **more: Any) -> Row:
    return {"type": "user", "cwd": HOME, "version": "2.1.91", "message": {"role": "user", "content": content}, **more}


def said(*blocks: Row, identity: str = "m", **more: Any) -> Row:
    return {"type": "assistant", "message": {"id": identity, "role": "assistant", "content": list(blocks)}, **more}


def text(words: str) -> Row:
    return {"type": "text", "text": words}


def use(tool: str, **given: Any) -> Row:
    return {"type": "tool_use", "id": "t", "name": tool, "input": given}


def result(words: str, **more: Any) -> Row:
    return user([{"type": "tool_result", "tool_use_id": "t", "content": words}], **more)


def written(path: Path, *rows: Row) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(tmp_path: Path, made: Made) -> Scenario:
    """The scenario, as hookproof itself reads it."""
    path = tmp_path / "made.toml"
    path.write_text(made.text, encoding="utf-8")
    return read_scenario(path)


def steps(scenario: Scenario, agent: str = "main") -> list[Row]:
    return [step.model_dump(exclude_defaults=True) for step in scenario.model[agent]]


def test_what_was_typed_called_and_said(tmp_path: Path) -> None:
    shell = f"cd {HOME} && ls {HOME}/src"
    path = written(
        tmp_path / "s.jsonl",
        user("Have a look."),
        said(text("I look."), identity="1"),
        said(use("Bash", command=shell, description="d"), identity="1"),
        result("a"),
        said(use("Grep", pattern="x"), identity="2"),
        result("a"),
        said(text("I have looked."), identity="3"),
        user(
            "<command-message>tidy</command-message>\n<command-name>/shop:tidy</command-name>\n"
            "<command-args>all</command-args>"
        ),
        user("# Tidy", isMeta=True),
        said(text("Tidied."), identity="4"),
    )
    made = scenario_of(path)
    scenario = read(tmp_path, made)
    assert scenario.user == "Have a look."
    assert steps(scenario) == [
        {"call": "Bash", "command": "cd . && ls src"},
        {"text": "I have looked."},
        {"text": "Tidied."},
    ]
    assert [then.user for then in scenario.then] == ["/shop:tidy all", None]
    assert made.left_out == ["a text of the model beside a tool call", "a call of the tool Grep"]


def test_the_texts_are_cleaned(tmp_path: Path) -> None:
    secret = "sk-ant-" + "a1B2" * 8
    path = written(
        tmp_path / "s.jsonl",
        user(f"I am margaret, margaret@shop.example; use {secret}"),
        said(use("Bash", command="API_KEY=hunter2hunter2 run /home/margaret/bin/x")),
        result("a"),
        said(text("Done.")),
    )
    made = scenario_of(path)
    assert "margaret" not in made.text
    assert secret not in made.text
    assert "hunter2" not in made.text
    assert steps(read(tmp_path, made))[0]["command"] == "API_KEY=<secret> run /home/user/bin/x"
    assert made.left_out == ["2 texts that look like secrets"]


@pytest.mark.parametrize("beside", [True, False], ids=["in a file of its own", "among main's lines"])
def test_an_agent_and_its_background_shell(tmp_path: Path, beside: bool) -> None:
    inside = [
        user("Review it.", isSidechain=True, uuid="a", parentUuid=None),
        said(use("Bash", command="sleep 600", run_in_background=True), isSidechain=True, uuid="b", parentUuid="a"),
        {**result("Command running"), "isSidechain": True, "uuid": "c", "parentUuid": "b"},
        said(text("Started."), isSidechain=True, uuid="d", parentUuid="c"),
    ]
    call = use("Task", subagent_type="codex:codex-rescue", prompt="Review it.", description="d")
    main = [user("Review."), said(call), *([] if beside else inside), result("Started."), said(text("It runs."))]
    path = written(tmp_path / "s.jsonl", *main)
    if beside:
        written(tmp_path / "s" / "subagents" / "agent-1.jsonl", *inside)
    scenario = read(tmp_path, scenario_of(path))
    assert steps(scenario)[0] == {"call": "Agent", "subagent_type": "codex:codex-rescue", "prompt": "Review it."}
    assert steps(scenario, "codex:codex-rescue") == [
        {"call": "Bash", "command": "sleep 600", "run_in_background": True},
        {"text": "Started."},
    ]


@pytest.mark.parametrize("folder", ["plugins/cache/codex/1.0.4", "my plugins/codex"])
def test_a_launch_becomes_a_job(tmp_path: Path, folder: str) -> None:
    root = f"/home/margaret/.claude/{folder}"
    path = written(
        tmp_path / "s.jsonl",
        user("Review."),
        said(use("Bash", command=f'node "{root}/scripts/companion.mjs" task --background "review the diff"')),
        result("started"),
        said(text("It runs.")),
    )
    scenario = read(tmp_path, scenario_of(path, launch=LAUNCH))
    assert scenario.kind == "companion"
    assert steps(scenario)[0]["command"] == '{launch} --background "job=job1 review the diff"'
    assert steps(scenario)[1] == {"after": "job started", "text": "It runs."}
    assert [str(then.do) for then in scenario.then][-3:] == ["release job job1", "look", "end session"]


def test_files_that_the_session_found_are_in_the_project(tmp_path: Path) -> None:
    before = {"filePath": f"{HOME}/a.txt", "originalFile": "one\n"}
    path = written(
        tmp_path / "s.jsonl",
        user("Change it."),
        said(use("Edit", file_path=f"{HOME}/a.txt", old_string="one", new_string="two")),
        result("ok", toolUseResult=before),
        said(use("Write", file_path="/etc/shop.conf", content="x")),
        result("ok", toolUseResult={"type": "create", "filePath": "/etc/shop.conf", "originalFile": None}),
        said(text("Done.")),
    )
    made = scenario_of(path)
    scenario = read(tmp_path, made)
    assert scenario.project == {"a.txt": "one\n"}
    assert [step["file_path"] for step in steps(scenario)[:2]] == ["a.txt", "elsewhere/shop.conf"]


def rollout(kind: str, **payload: Any) -> Row:
    return {"timestamp": "2026-01-01T00:00:00Z", "type": kind, "payload": payload}


def item(role: str, words: str) -> Row:
    return rollout("response_item", type="message", role=role, content=[{"type": "input_text", "text": words}])


def called(name: str, identity: str, output: Any, **given: Any) -> list[Row]:
    call = {"type": "function_call", "name": name, "call_id": identity, "arguments": json.dumps(given)}
    return [
        rollout("response_item", **call),
        rollout("response_item", type="function_call_output", call_id=identity, output=json.dumps(output)),
    ]


def test_a_rollout_of_codex_with_a_child(tmp_path: Path) -> None:
    path = written(
        tmp_path / "rollout-1.jsonl",
        rollout("session_meta", id="root", cwd=HOME, cli_version="0.130.0"),
        item("user", "<environment_context>x</environment_context>"),
        item("user", "Have it built."),
        *called("spawn_agent", "1", {"agent_id": "kid"}, agent_type="builder", message="Build."),
        *called("wait_agent", "2", {}, targets=["kid"]),
        *called("shell", "3", "x", command=["ls"]),
        item("assistant", "Built."),
    )
    written(
        tmp_path / "rollout-2.jsonl",
        rollout("session_meta", id="kid", cwd=HOME),
        item("user", "Build."),
        item("assistant", "I built."),
    )
    (tmp_path / "rollout-3.jsonl").write_text("damaged {")
    made = scenario_of(path)
    scenario = read(tmp_path, made)
    assert steps(scenario) == [
        {"call": "spawn_agent", "name": "builder", "agent_type": "builder", "message": "Build."},
        {"call": "wait_agent", "names": ["builder"]},
        {"text": "Built."},
    ]
    assert steps(scenario, "builder") == [{"text": "I built."}]
    assert made.left_out == ["a call of the tool shell"]


def test_a_transcript_is_cut_and_says_so(tmp_path: Path) -> None:
    path = written(
        tmp_path / "s.jsonl", user("One."), said(text("1.")), user("Two."), said(use("Bash", command="true"))
    )
    with path.open("a") as file:
        file.write('{"type": "user", "mess')
    made = scenario_of(path, from_line=3)
    assert read(tmp_path, made).user == "Two."
    assert made.left_out == ["lines 1 to 2", "the last word of the agent main, before which the transcript ends"]


@pytest.mark.parametrize(
    ("content", "from_line", "why"),
    [
        ("", 1, "is empty; expected a transcript"),
        ("nonsense\n", 1, "s.jsonl:1: is not JSON"),
        ("[1]\n", 1, "s.jsonl:1: expected an object"),
        ('{"type": "summary"}\n', 1, "no line of it is one of a conversation"),
        ('{"type": "summary"}\n', 9, "has 1 lines"),
        (json.dumps(said(text("Hello."))) + "\n", 1, "nothing that a user has typed"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, content: str, from_line: int, why: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(content)
    with pytest.raises(HookproofError, match=why):
        scenario_of(path, from_line=from_line)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HookproofError, match=r"none\.jsonl"):
        scenario_of(tmp_path / "none.jsonl")


def test_odd_letters_survive(tmp_path: Path) -> None:
    words = 'a "quote" \\ back\tslash\x7f é 日本 \u2028 end'
    path = written(tmp_path / "s.jsonl", user(words), said(text(words)))
    made = scenario_of(path)
    assert tomllib.loads(made.text)["user"] == words
