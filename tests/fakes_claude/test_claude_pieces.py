"""The small pieces of the stand-in by themselves: matchers, frontmatter, plugins, options, streams of the model."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from claude_fake.conversation import Conversation, text_block
from claude_fake.frontmatter import split, words
from claude_fake.hooks import matches
from claude_fake.identity import new_task_id, new_uuid, slug
from claude_fake.lifecycle import MOMENTS, WHOSE, Lifecycle
from claude_fake.message_queue import MessageQueue, UserTurn
from claude_fake.model_client import InterruptedByHostError, ModelError, assemble
from claude_fake.options import UsageError, is_uuid, parse
from claude_fake.plugins import Plugin, PluginError, loaded
from claude_fake.tasks import new_run_id
from hypothesis import given
from hypothesis import strategies as st
from standin.rows import Events

from hookproof.catalogue.lifecycle import resolve_lifecycle


@pytest.mark.parametrize(
    ("matcher", "subject", "event", "expected"),
    [
        ("", "Bash", "PreToolUse", True),
        ("*", "Bash", "PreToolUse", True),
        (".*", "Bash", "PreToolUse", True),
        ("Bash", "Bash", "PreToolUse", True),
        ("Ba", "Bash", "PreToolUse", False),
        ("bash", "Bash", "PreToolUse", False),
        ("Bash|Agent", "Agent", "PreToolUse", True),
        ("Bash|", "Bash", "PreToolUse", True),
        ("Edit|Write", "Bash", "PreToolUse", False),
        ("B.*h", "Bash", "PreToolUse", True),
        ("B.s", "Bash", "PreToolUse", True),
        ("^Bash$", "Bash", "PreToolUse", True),
        ("^as", "Bash", "PreToolUse", False),
        ("Task", "Agent", "PreToolUse", True),
        ("Task", "Bash", "PreToolUse", False),
        ("[", "Bash", "PreToolUse", False),
        ("startup", "startup", "SessionStart", True),
        ("resume|clear", "startup", "SessionStart", False),
        ("other", "other", "SessionEnd", True),
        ("codex:codex-rescue", "codex:codex-rescue", "SubagentStart", True),
        ("codex-rescue", "codex:codex-rescue", "SubagentStop", True),
        ("worker", "probe:worker", "SubagentStop", False),
        ("probe:.*", "probe:worker", "SubagentStop", True),
        ("never", "", "Stop", True),
        ("never", "", "UserPromptSubmit", True),
    ],
)
def test_matchers(matcher: str, subject: str, event: str, expected: bool) -> None:
    assert matches(matcher, event, subject) is expected


def test_frontmatter() -> None:
    listed = "skills:\n  - one\n  - two"
    text = f'---\nname: a\ndescription: \'it: says "so"\'\ntools: [Bash, "Read"]\n{listed}\n---\n\nBody\n---\nmore'
    fields, body = split(text)
    assert fields == {
        "name": "a",
        "description": 'it: says "so"',
        "tools": ["Bash", "Read"],
        "skills": ["one", "two"],
    }
    assert body == "\nBody\n---\nmore"
    assert split("no fields\n---\n") == ({}, "no fields\n---\n")
    assert split("---\nnever: closed\n") == ({}, "---\nnever: closed\n")
    assert words("Bash, Read(src/**)") == ["Bash", "Read(src/**)"]
    assert words(None) is None
    assert words("") is None


@given(st.text())
def test_frontmatter_takes_any_text(text: str) -> None:
    fields, body = split(text)
    assert body.endswith(split(body)[1][-3:])
    assert fields == {} or text.startswith(("---", "\ufeff---"))


def rows(name: str) -> Lifecycle:
    """A lifecycle as the program reads it."""
    resolved = resolve_lifecycle(name)
    return Lifecycle(name, resolved.rows, Events(name, resolved.events, moments=MOMENTS, whose=WHOSE))


ROWS = rows("claude-2.1.91")


def plugin_with(directory: Path, hooks: object) -> Path:
    """A plugin directory with this hooks.json."""
    (directory / "hooks").mkdir(parents=True)
    written = hooks if isinstance(hooks, str) else json.dumps(hooks)
    (directory / "hooks" / "hooks.json").write_text(written)
    return directory


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ('{"hooks": ', "not JSON"),
        ("[]", "expected a JSON object, found list"),
        ({"hooks": []}, "hooks: expected an object, found list"),
        ({"hooks": {"Stop": {}}}, "hooks.Stop: expected a list, found dict"),
        ({"hooks": {"Stop": ["x"]}}, "hooks.Stop[]: expected an object, found str"),
        ({"hooks": {"Stop": [{"matcher": ""}]}}, "hooks.Stop[].hooks: expected a list, found NoneType"),
        ({"hooks": {"Stop": [{"hooks": ["x"]}]}}, "hooks.Stop[].hooks[]: expected an object, found str"),
    ],
)
def test_a_malformed_hooks_file_is_one_clear_sentence(hooks: object, said: str, tmp_path: Path) -> None:
    root = plugin_with(tmp_path / "p", hooks)
    with pytest.raises(PluginError) as raised:
        Plugin(str(root), str(tmp_path), ROWS)
    assert said in str(raised.value)
    assert str(root / "hooks" / "hooks.json") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_plugin_directory(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no such plugin directory"):
        Plugin(str(tmp_path / "nothing"), str(tmp_path), ROWS)


def test_what_a_manifest_adds(tmp_path: Path) -> None:
    root = plugin_with(tmp_path / "p", {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "one"}]}]}})
    (root / ".claude-plugin").mkdir()
    (root / "more.json").write_text(
        json.dumps({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "two"}]}]}})
    )
    (root / "others").mkdir()
    (root / "others" / "own.md").write_text("no frontmatter")
    manifest = {"name": "mine", "hooks": "./more.json", "agents": ["./others/own.md"]}
    (root / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    plugin = Plugin(str(root), "/home/of", ROWS)
    assert [hook.command for hook in plugin.hooks["Stop"]] == ["one", "two"]
    assert list(plugin.agents) == ["mine:own"]
    assert Path(plugin.data) == Path("/home/of/.claude/plugins/data/mine-inline")


def events(word: str) -> dict[str, object]:
    """Events whose one hook is called `word`."""
    return {"SessionStart": [{"hooks": [{"type": "command", "command": word}]}]}


ABSENT, GONE = object(), None
OTHER, THIRD = "./hooks/other.json", "./hooks/third.json"
FORMS: dict[str, tuple[object, list[str] | None, list[str] | None]] = {
    # what a manifest has under `hooks`; which hooks there are on 2.1.91 and on 2.1.329 (None: no such plugin)
    "absent": (ABSENT, ["hooks"], ["hooks"]),
    "null": (None, GONE, GONE),
    "false": (False, GONE, GONE),
    "true": (True, GONE, GONE),
    "a number": (3, GONE, GONE),
    "a path": (OTHER, ["hooks", "other"], ["hooks", "other"]),
    "the default's path": ("./hooks/hooks.json", ["hooks"], ["hooks"]),
    "a path without ./": ("hooks/other.json", GONE, GONE),
    "no path": ("", GONE, GONE),
    "a path to nothing": ("./hooks/gone.json", ["hooks"], ["hooks"]),
    "a path to a folder": ("./hooks", GONE, GONE),
    "a path that leads out": ("../x.json", GONE, GONE),
    "paths": ([OTHER, THIRD], ["hooks", "other", "third"], ["hooks", "other", "third"]),
    "a path twice": ([OTHER, OTHER], ["hooks", "other"], ["hooks", "other"]),
    "paths, one to nothing": (["./hooks/gone.json", OTHER], ["hooks", "other"], ["hooks", "other"]),
    "paths, one without ./": ([OTHER, "hooks/third.json"], GONE, GONE),
    "an empty list": ([], ["hooks"], ["hooks"]),
    "numbers": ([3], GONE, GONE),
    "a path and a number": ([OTHER, 3], GONE, GONE),
    "an empty object": ({}, ["hooks"], ["hooks"]),
    "events": (events("inline"), ["hooks", "inline"], ["hooks", "inline"]),
    "events below hooks": ({"hooks": events("inline")}, GONE, ["hooks"]),
    "no events below hooks": ({"hooks": {}}, GONE, ["hooks"]),
    "an event nobody knows": ({"Nonsense": []}, GONE, ["hooks"]),
    "an event of a number": ({"SessionStart": 3}, GONE, ["hooks"]),
    "a description": ({"description": "d"}, GONE, ["hooks"]),
    "a list of an empty object": ([{}], ["hooks"], ["hooks"]),
    "a list of events": ([events("one"), events("two")], ["hooks", "one", "two"], ["hooks", "one", "two"]),
    "a list of events below hooks": ([{"hooks": events("one")}], GONE, ["hooks"]),
    "a path and events": ([OTHER, events("one")], ["hooks", "other", "one"], ["hooks", "other", "one"]),
    "a path and events below hooks": ([OTHER, {"hooks": events("one")}], GONE, ["hooks", "other"]),
}


@pytest.mark.parametrize("version", ["2.1.91", "2.1.329"])
@pytest.mark.parametrize("form", FORMS)
def test_a_manifest_says_where_hooks_are(tmp_path: Path, form: str, version: str) -> None:
    """Each was played on both real releases, with a plugin that has three hooks files and a command."""
    declared, old, new = FORMS[form]
    root = plugin_with(tmp_path / "p", {"hooks": events("hooks")})
    for name in ("other", "third"):
        (root / "hooks" / f"{name}.json").write_text(json.dumps({"hooks": events(name)}))
    (root / ".claude-plugin").mkdir()
    manifest = {"name": "forms"} if declared is ABSENT else {"name": "forms", "hooks": declared}
    (root / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    found, others = loaded([str(root)], str(tmp_path), rows(f"claude-{version}"))
    commands = [hook.command for plugin in found for hook in plugin.hooks["SessionStart"]]
    assert (commands if found else None) == (new if version == "2.1.329" else old)
    assert [each.plugin for each in others] == ([] if found else ["forms"])
    assert all(each.unfit.startswith("hooks: ") for each in others)


def test_options() -> None:
    options = parse(["-p", "--plugin-dir", "a", "--plugin-dir=b", "--model", "m", "hello"])
    assert (options.plugin_dirs, options.model, options.prompt) == (["a", "b"], "m", "hello")
    assert parse(["-p", "--", "--not-an-option"]).prompt == "--not-an-option"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "--no-such-option"], "error: unknown option '--no-such-option'"),
        (["-p", "-x"], "error: unknown option '-x'"),
        (["-p", "--verbose=yes"], "error: unknown option '--verbose=yes'"),
        (["-p", "--model"], "error: option '--model' argument missing"),
        (["-p", "--output-format", "xml"], "argument 'xml' is invalid"),
        (["-p", "--output-format", "stream-json"], "requires --verbose"),
        (["-p", "--input-format", "stream-json"], "requires output-format=stream-json"),
        (["-p", "--session-id", "abc"], "Error: Invalid session ID. Must be a valid UUID."),
        (["-p", "one", "two"], "too many arguments"),
    ],
)
def test_command_lines_that_are_refused(arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(arguments)
    assert said in str(raised.value)


def test_ids() -> None:
    assert is_uuid(new_uuid())
    assert new_uuid()[14] == "4"
    assert (len(new_task_id("agent")), new_task_id("agent")[0]) == (17, "a")
    assert (len(new_task_id("shell")), new_task_id("shell")[0]) == (9, "b")
    assert new_run_id()[0] == "0"
    assert slug("/a.b/Cé_1") == "-a-b-C--1"


def sse(*events: Mapping[str, object]) -> list[bytes]:
    """The lines of a stream of server-sent events."""
    return [line for event in events for line in (b"event: x", b"data: " + json.dumps(event).encode(), b"")]


START = {
    "type": "message_start",
    "message": {"id": "m", "role": "assistant", "content": [], "usage": {"input_tokens": 3}},
}


def test_a_streamed_message_is_put_together() -> None:
    message = assemble(
        sse(
            START,
            {"type": "ping"},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "tool_use", "id": "t", "name": "B", "input": {}},
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hel"}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a"'}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ": 1}"}},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        )
    )
    assert message["content"] == [
        {"type": "text", "text": "hello"},
        {"type": "tool_use", "id": "t", "name": "B", "input": {"a": 1}},
    ]
    assert message["usage"] == {"input_tokens": 3, "output_tokens": 5}
    assert message["stop_reason"] == "tool_use"


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    with pytest.raises(OSError, match="before message_stop"):
        assemble(sse(START))
    with pytest.raises(ModelError, match="overloaded"):
        assemble(sse(START, {"type": "error", "error": {"message": "overloaded"}}))


def test_where_sentences_land() -> None:
    block = text_block("prompt")
    reminders = Conversation("reminder")
    reminders.prompt([block], ["A"])
    reminders.results([block], ["B"])
    wrapped = [text_block(f"<system-reminder>\n{word}\n</system-reminder>") for word in "AB"]
    assert reminders.messages == [
        {"role": "user", "content": [wrapped[0], block]},
        {"role": "user", "content": [block, wrapped[1]]},
    ]
    system = Conversation("system message")
    system.prompt([block], ["A", "B"])
    system.results([block], [])
    assert system.messages == [
        {"role": "user", "content": [block]},
        {"role": "system", "content": [text_block("A\n\nB")]},
        {"role": "user", "content": [block]},
    ]


def test_the_queue_is_over_when_nothing_is_awaited_any_more() -> None:
    queue, awaited = MessageQueue(), threading.Event()
    queue.close()
    taken: list[object] = []
    taker = threading.Thread(target=lambda: taken.append(queue.take(lambda: not awaited.is_set(), lambda: False, 0)))
    taker.start()
    assert taken == []
    awaited.set()
    queue.wake()
    taker.join(10)
    assert taken == [None]


def test_a_broken_off_queue_gives_nothing_more() -> None:
    queue = MessageQueue()
    queue.put(UserTurn("never"))
    queue.break_off()
    with pytest.raises(InterruptedByHostError):
        queue.take(lambda: False, lambda: False, 0)


def test_commands_are_not_joined_with_other_lines() -> None:
    queue = MessageQueue()
    for line in ("a", "b", "/clear", "c"):
        queue.put(UserTurn(line))
    queue.close()
    taken = []
    while item := queue.take(lambda: False, lambda: False, 0):
        assert isinstance(item, UserTurn)
        taken.append(item.text)
    assert taken == ["a\nb", "/clear", "c"]
