"""The command line as a user meets it: exit statuses, and errors that say what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import cli

WINDOWS = {name: os.environ[name] for name in ("SystemRoot", "TEMP") if name in os.environ}


def hookproof(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hookproof", *words], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["run", "no-such-thing"], 2, "no scenario fits 'no-such-thing'"),
        (["run", "patern-c"], 2, "did you mean 'jobs/pattern-c'"),
        (["run", "--lifecycle", "claude-2.1.9"], 2, "did you mean 'claude-2.1.91'"),
        (["run", "--plugin", "nowhere"], 2, "--plugin nowhere: no such directory"),
        (["run", "--plugin", "reference:nope"], 2, "has no policy 'nope'"),
        (["run", "--repeat", "0"], 2, "--repeat 0: expected a number from 1"),
        (["run", "--repeat", "9" * 30], 2, "expected a number from 1 to 100000"),
        (["run", "--patience", "0"], 2, "--patience 0: expected seconds, more than 0"),
        (["run", "--patience", "nan"], 2, "--patience nan: expected seconds"),
        (["explain", "JOB-003"], 2, "did you mean JOB-03"),
        (["recheck", "nowhere"], 2, "nowhere: does not exist"),
        (["run", "--plugin", "reference:correct+bogus"], 2, "has no policy switch 'bogus'"),
        (["run", "-j", "-3"], 2, "-j -3: expected a number"),
        (["run", "--json", "nowhere/x.json"], 2, f"nowhere{os.sep}x.json: cannot be written"),
        (["run", "--runs", __file__], 2, f"--runs {__file__}: is a file"),
        (["reproduce", "346"], 2, "invalid choice: '346'"),
        (["dance"], 2, "invalid choice: 'dance'"),
    ],
)
def test_a_wrong_command_line_is_explained(words: list[str], status: int, message: str) -> None:
    done = hookproof(*words)
    assert (done.returncode, message in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "cp1252"])
def test_a_code_page_that_lacks_a_sign_is_no_error(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hookproof", "explain", "JOB-03"],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"JOB-03" in done.stdout


def test_missing_node_is_one_clear_sentence(tmp_path: Path) -> None:
    manifest = tmp_path / "codex" / ".claude-plugin" / "plugin.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"name": "codex", "author": {"name": "OpenAI"}}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hookproof", "run", "--plugin", str(manifest.parent.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**WINDOWS, "PATH": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("hookproof: node is not on PATH: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("what", [[], ["--requirements"], ["--lifecycles"], ["--plugins"]])
def test_list_shows_what_there_is(what: list[str]) -> None:
    done = hookproof("list", *what)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 3


@pytest.mark.parametrize(
    "wanted", ["JOB-03", "jobs/pattern-c", "pattern-c", "claude-2.1.91", "fix-2-retag", "H7", "tear state"]
)
def test_explain_has_an_answer(wanted: str) -> None:
    done = hookproof("explain", wanted)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 1


def test_explain_says_what_a_requirement_presupposes() -> None:
    assert (
        "\n  not tested without: a launch · the other session's hook ran whole\n"
        in hookproof("explain", "JOB-05").stdout
    )
    assert "not tested without" not in hookproof("explain", "CTX-16").stdout


@pytest.mark.parametrize("wanted", ["cancel job review", "cancel job", "cancel job [JOB]"])
def test_a_sentence_of_a_step_is_explained_as_it_is_written_and_as_it_is_listed(wanted: str) -> None:
    said = hookproof("explain", wanted).stdout.splitlines()
    assert said[0] == wanted
    assert said[2:] == [
        "  a step's `do`: cancel job [JOB]",
        "  takes: the descriptor's commands.cancel",
        "  scenarios: jobs/cancel-queued, jobs/cancel, jobs/foreign-pid-cancelled, jobs/reused-pid-cancelled",
    ]


def test_help_and_list_do_not_import_the_harness() -> None:
    heavy = ["pydantic", "rich", "psutil", "asyncio", "h11", "subprocess"]
    check = f"import sys; print([name for name in {heavy!r} if name in sys.modules])"
    for words in (["--version"], ["list"]):
        code = f"from hookproof.cli import main\ntry: main({words!r})\nexcept SystemExit: pass\n{check}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "[]"


def test_without_a_verb_the_help_is_shown() -> None:
    done = hookproof()
    assert done.returncode == 2
    assert "reproduce 345" in done.stdout


def test_the_schema_is_json_schema() -> None:
    from jsonschema import Draft202012Validator

    done = hookproof("--schema")
    Draft202012Validator.check_schema(json.loads(done.stdout))


def test_our_own_failure_is_told_as_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from hookproof.commands import doctor

    def broken(_parsed: object) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(doctor, "execute", broken)
    assert cli.main(["doctor"]) == 3
    said = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: by zero" in said
    assert "Traceback" not in said
