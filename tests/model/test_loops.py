"""An agent that a hook keeps from stopping is noticed, told in one line, and broken off."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hookproof import journal as journals
from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.journal import Journal
from hookproof.model.loops import MOST, Loops
from hookproof.play import Case, PlayOptions, play
from hookproof.records.model import ModelAnswer, ModelLoop
from hookproof.records.run import Error
from hookproof.records.sent import HookEnded, HookStarted

BLOCK = json.dumps({"decision": "block", "reason": "not yet"})


class Asking:
    """An agent that asks, and hooks that run in between."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.jsonl")
        self.loops = Loops(self.journal)
        self.number = 0

    def hook(self, event: str, stdout: str = "", code: int = 0) -> None:
        run = f"run {len(self.journal.records)}"
        common: Any = {"source": "claude", "by": 1, "run": run, "event": event, "session_id": "s", "agent_id": None}
        more: Any = {"agent_type": None, "plugin": "p", "pid": 2, "pgid": 2, "cwd": "/", "payload": {}, "env": {}}
        self.journal.write(HookStarted(command=f"{event}.sh", **more, **common))
        self.journal.write(HookEnded(exit=code, signal=None, stdout=stdout, stderr="", ended_by="itself", **common))

    def ask(self) -> bool:
        """Ask once more than the script has steps; whether the answer is held back."""
        self.number += 1
        held = self.loops.beyond("main", self.number)
        self.journal.write(
            ModelAnswer(n=self.number, agent="main", text="x", tool_use_id=None, call=None, input=None, job=None)
        )
        return held

    def errors(self) -> list[str]:
        return [error.what for error in self.journal.of(Error)]


def test_a_request_that_no_hook_has_caused_is_an_error_at_once(tmp_path: Path) -> None:
    asking = Asking(tmp_path)
    asking.hook("Stop")  # says nothing
    asking.hook("PostToolUse", BLOCK)  # keeps nobody from stopping
    assert not asking.ask()
    assert asking.errors() == ["model request 1 of 'main' comes after the end of its script"]


@pytest.mark.parametrize(("event", "stdout", "code"), [("Stop", BLOCK, 0), ("SubagentStop", "", 2)])
def test_a_loop_is_one_error_that_names_the_hook(tmp_path: Path, event: str, stdout: str, code: int) -> None:
    asking = Asking(tmp_path)
    for _ in range(MOST - 1):
        asking.hook(event, stdout, code)
        assert not asking.ask()
        assert asking.errors() == []
    asking.hook(event, stdout, code)
    assert asking.ask()
    (what,) = asking.errors()
    assert f"its {event} hook `{event}.sh` does not let it stop" in what
    (loop,) = asking.journal.of(ModelLoop)
    assert (loop.agent, loop.requests, loop.event, loop.command) == ("main", MOST, event, f"{event}.sh")
    asking.loops.close()
    assert len(asking.errors()) == 1


def test_a_hook_that_lets_go_in_the_end_is_one_error_too(tmp_path: Path) -> None:
    asking = Asking(tmp_path)
    for _ in range(3):
        asking.hook("Stop", BLOCK)
        asking.ask()
    asking.loops.close()
    (what,) = asking.errors()
    assert what.startswith("model request 1 of 'main' and 2 more come after the end of its script: its Stop hook")
    assert asking.journal.of(ModelLoop) == []


@pytest.mark.parametrize(("lifecycle", "runs"), [("claude-2.1.91", MOST), ("claude-2.1.329", 9)])
def test_a_case_is_broken_off_at_a_loop_or_ended_by_the_host(tmp_path: Path, lifecycle: str, runs: int) -> None:
    hooks = {"Stop": [{"hooks": [{"type": "command", "command": f"echo '{BLOCK}'"}]}]}
    root = tmp_path / "stops"
    for name, document in (("hooks/hooks.json", {"hooks": hooks}), (".claude-plugin/plugin.json", {"name": "stops"})):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(json.dumps(document))
    scenario = read_scenario(places.SCENARIOS / "calibration" / "claude" / "main.toml")
    plugin = resolve_plugin(str(root), descriptor_file=places.FAKES / "probe" / "descriptor.toml")
    case = Case(scenario, plugin, resolve_lifecycle(lifecycle))
    records = journals.read(asyncio.run(play(case, tmp_path, PlayOptions())))
    assert sum(isinstance(record, HookEnded) for record in records) == runs
    (error,) = (record for record in records if isinstance(record, Error))
    assert "its Stop hook `echo" in error.what
    assert records[-1].kind == "end"
