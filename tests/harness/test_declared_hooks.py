"""What a plugin declares for a host is in the journal, with its matchers; what cannot be read is said."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.lifecycle import Resolved, real, resolve_lifecycle
from hookproof.hosts.registry import HOSTS
from hookproof.journal import Journal
from hookproof.play.declared_hooks import write_declared
from hookproof.records.hosts import HooksDeclared
from hookproof.records.parts import DeclaredHook

RUNS = {"type": "command", "command": "a.py"}


def declared(tmp_path: Path, hooks: Any, lifecycle: Resolved, manifest: Any = None) -> HooksDeclared:
    plugin = tmp_path / "plugin"
    for folder in (".claude-plugin", ".codex-plugin", "hooks"):
        (plugin / folder).mkdir(parents=True)
    text = hooks if isinstance(hooks, str) else json.dumps({"hooks": hooks})
    (plugin / "hooks" / "hooks.json").write_text(text, encoding="utf-8")
    for folder in (".claude-plugin", ".codex-plugin"):
        (plugin / folder / "plugin.json").write_text(json.dumps({"name": "p", **(manifest or {})}), encoding="utf-8")
    journal = Journal(tmp_path / "j.jsonl")
    asyncio.run(write_declared(journal, plugin, [HOSTS[lifecycle.host]], lifecycle, seconds=60.0))
    journal.close()
    (record,) = journal.of(HooksDeclared)
    return record


def test_hooks_are_told_with_their_matchers(tmp_path: Path) -> None:
    hooks = {
        "SessionStart": [{"matcher": "startup", "hooks": [RUNS]}, {"matcher": "*", "hooks": [{**RUNS, "async": True}]}],
        "Stop": [{"hooks": [RUNS, {"type": "prompt", "prompt": "?"}]}],
    }
    record = declared(tmp_path, hooks, resolve_lifecycle("claude-2.1.91"))
    assert record.hooks == [
        DeclaredHook(event="SessionStart", matcher="startup", command="a.py"),
        DeclaredHook(event="SessionStart", matcher=None, command="a.py", asynchronous=True),
        DeclaredHook(event="Stop", matcher=None, command="a.py"),
        DeclaredHook(event="Stop", matcher=None, command=None),
    ]
    assert (record.host, record.unread) == ("claude", None)


@pytest.mark.parametrize(
    ("lifecycle", "event"),
    [
        (resolve_lifecycle("codex-0.130"), "SessionStart"),
        (resolve_lifecycle("codex-0.169"), "SubagentStart"),
        (real("codex", "0.171.0"), "SubagentStart"),
        (real("claude", "2.1.91"), "SubagentStart"),
    ],
    ids=lambda each: each.name if isinstance(each, Resolved) else each,
)
def test_what_fires_at_a_childs_start_is_told_of_stand_ins_and_of_what_a_real_host_is_like(
    tmp_path: Path, lifecycle: Resolved, event: str
) -> None:
    assert declared(tmp_path, {}, lifecycle).child_starts == [event]


@pytest.mark.parametrize(
    "hooks", ["{", '{"hooks": {"Stop": [{"hooks": {"a": 1}}, 7, {"hooks": [7]}], "x": 3}}', '{"hooks": []}', "[]"]
)
def test_what_is_shaped_otherwise_declares_nothing_or_is_said_to_be_unread(tmp_path: Path, hooks: str) -> None:
    record = declared(tmp_path, hooks, resolve_lifecycle("claude-2.1.329"))
    assert record.hooks == []
    assert record.unread is None or "hooks.json" in record.unread


def test_a_manifest_that_declares_none_has_none(tmp_path: Path) -> None:
    lifecycle = resolve_lifecycle("codex-0.169")
    assert declared(tmp_path, {"Stop": [{"hooks": [RUNS]}]}, lifecycle, {"hooks": {}}).hooks == []
