"""Miniatures of plugins whose hooks fail, are cut, or print what their host refuses, played on the stand-ins.

Each is the right reference with one more hook: everything else about it is fine, and all that is wrong is the hook.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hookproof import journal as journals
from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.play import Case, PlayOptions, play
from hookproof.records.run import Case as CaseRecord
from hookproof.report.results import Result
from hookproof.suite.judging import Judges

CONTEXT = ("context/main-session", "reference/workflow", "hooks/hooks.codex.json", "codex-0.169")
JOBS = ("jobs/pattern-a", "reference/companion", "hooks/hooks.json", "claude-2.1.91")
ECHO = "python3 -I -S -c 'import sys; sys.stdout.write(sys.stdin.read())'"
NUMBER = """python3 -I -S -c 'print("{\\"systemMessage\\": 3}")'"""
HANGS = "python3 -I -S -c 'import time; time.sleep(600)'"


def played(
    folder: Path, where: tuple[str, str, str, str], declare: Any, *, lifecycle: str | None = None, tap: bool = False
) -> Result:
    """The result of a case of the reference, whose hooks `declare` has changed."""
    scenario, source, file, usual = where
    copy = folder / "plugin"
    shutil.copytree(places.REFERENCE.parent / source, copy)
    document = json.loads((copy / file).read_text())
    declare(document["hooks"])
    (copy / file).write_text(json.dumps(document))
    whole = Case(
        read_scenario(places.SCENARIOS / f"{scenario}.toml"),
        resolve_plugin(str(copy)),
        resolve_lifecycle(lifecycle or usual),
    )
    journal = asyncio.run(play(whole, folder, PlayOptions(seconds=60.0, tap=tap)))
    return Judges.read().judge(journal)


def hook(event: str, command: str, **more: Any) -> Any:
    """Declares one more hook."""

    def declare(hooks: dict[str, Any]) -> None:
        hooks.setdefault(event, []).append({"hooks": [{"type": "command", "command": command, **more}]})

    return declare


def checks(result: Result) -> dict[str, tuple[str, str]]:
    assert not result.errors
    return {each.id: (each.verdict, each.detail) for each in result.checks}


def _patience(folder: Path) -> float:
    """How long a settled run had stood still in the case that was played there, in milliseconds."""
    (path,) = folder.rglob("journal.jsonl")
    case = journals.read(path)[0]
    assert isinstance(case, CaseRecord)
    return case.patience.ms if case.patience is not None else 0.0


@pytest.mark.parametrize("where", [CONTEXT, JOBS], ids=["codex", "claude"])
@pytest.mark.parametrize("tap", [False, True], ids=["as it is", "tapped"])
def test_a_right_plugin_conforms_and_the_tap_is_not_counted(
    where: tuple[str, str, str, str], tap: bool, tmp_path: Path
) -> None:
    result = played(tmp_path, where, lambda _: None, tap=tap)
    found = checks(result)
    assert (result.verdict, found["HOOK-01"][0], found["HOOK-02"][0]) == ("conforms", "conforms", "conforms")


@pytest.mark.parametrize("where", [CONTEXT, JOBS], ids=["codex", "claude"])
def test_a_hook_that_fails_is_red_though_all_else_is_well(where: tuple[str, str, str, str], tmp_path: Path) -> None:
    result = played(tmp_path, where, hook("UserPromptSubmit", "echo 'Error: Bun not found' >&2; exit 1"))
    found = checks(result)
    assert {name for name, (verdict, _) in found.items() if verdict == "violates"} == {"HOOK-01"}
    assert result.verdict == "violates"
    assert "exited 1: 'Error: Bun not found'" in found["HOOK-01"][1]


def test_a_hook_that_is_not_there_is_red(tmp_path: Path) -> None:
    found = checks(played(tmp_path, CONTEXT, hook("UserPromptSubmit", "no-such-program")))
    verdict, detail = found["HOOK-01"]
    assert (verdict, "exited 127" in detail) == ("violates", True)


def test_a_hook_that_echoes_its_input_is_red_where_the_host_refuses_it(tmp_path: Path) -> None:
    found = checks(played(tmp_path, CONTEXT, hook("UserPromptSubmit", ECHO)))
    verdict, detail = found["HOOK-02"]
    assert verdict == "violates"
    assert "the host says: hook returned invalid user prompt submit JSON output" in detail
    assert found["HOOK-01"][0] == "conforms"


def test_a_hook_that_echoes_its_input_is_taken_where_the_host_passes_over_what_it_does_not_know(tmp_path: Path) -> None:
    """Measured on Claude Code 2.1.91 and 2.1.329: the outcome of such a hook is `success`."""
    assert checks(played(tmp_path, JOBS, hook("UserPromptSubmit", ECHO)))["HOOK-02"][0] == "conforms"


def test_what_claude_code_refuses_is_red_there(tmp_path: Path) -> None:
    verdict, detail = checks(played(tmp_path, JOBS, hook("UserPromptSubmit", NUMBER)))["HOOK-02"]
    assert (verdict, "the host says: systemMessage has the wrong type" in detail) == ("violates", True)


def test_a_context_that_a_hook_did_not_tell_in_its_time_is_not_tested_and_the_cut_is_red(tmp_path: Path) -> None:
    def sleeps(hooks: dict[str, Any]) -> None:
        hooks["SessionStart"] = [{"hooks": [{"type": "command", "command": HANGS, "timeout": 1}]}]

    result = played(tmp_path, CONTEXT, sleeps)
    found = checks(result)
    verdict, detail = found["CTX-01"]
    assert verdict == "not tested"
    assert "was cut short by its host" in detail
    assert "at its timeout of 1 s" in detail
    assert "at its timeout of 1 s" in found["HOOK-01"][1]
    # on a machine on which a bare hook may take that long, nobody says whose failure it was
    assert found["HOOK-01"][0] == ("not tested" if _patience(tmp_path) > 1000 else "violates")
    assert (result.verdict == "violates") is (found["HOOK-01"][0] == "violates")


def test_a_context_that_a_failing_hook_did_not_tell_is_red_and_says_why(tmp_path: Path) -> None:
    def fails(hooks: dict[str, Any]) -> None:
        hooks["SessionStart"] = [{"hooks": [{"type": "command", "command": "echo 'no uv' >&2; exit 3"}]}]

    verdict, detail = checks(played(tmp_path, CONTEXT, fails))["CTX-01"]
    assert (verdict, "exited 3: 'no uv'" in detail) == ("violates", True)


def test_a_context_at_the_top_of_the_document_is_red_with_the_words_of_the_host(tmp_path: Path) -> None:
    command = """python3 -I -S -c 'print("{\\"additionalContext\\": \\"x\\"}")'"""

    def at_the_top(hooks: dict[str, Any]) -> None:
        hooks["SessionStart"] = [{"hooks": [{"type": "command", "command": command}]}]

    found = checks(played(tmp_path, CONTEXT, at_the_top))
    assert (found["CTX-01"][0], found["HOOK-02"][0]) == ("violates", "violates")
    assert "hook returned invalid session start JSON output" in found["CTX-01"][1]


def test_hooks_that_the_host_has_dropped_are_not_tested_and_the_record_says_why(tmp_path: Path) -> None:
    result = played(tmp_path, JOBS, hook("MessageDisplay", "echo"))
    verdict, detail = checks(result)["HOOK-01"]
    assert verdict == "not tested"
    assert detail.startswith("claude-2.1.91 does not know MessageDisplay and drops all hooks")
