"""Acceptance criteria judged by checks, by a file's text and by the plugin's own tests, with a `uv` that is no uv."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from user_tree import snapshot

from hookproof.catalogue.descriptor import Criterion
from hookproof.issues import criteria, plugin_tests
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.report.results import Program, Result
from hookproof.sandbox import uv

NEEDS = ["pytest"]
FAKE_UV = """#!{python} -IS
import os, sys, pathlib
script = sys.argv[sys.argv.index("--script") + 1]
if script.endswith("dependencies.py"):
    pathlib.Path(os.environ["UV_CACHE_DIR"], "environments-v2").mkdir(parents=True)
    pathlib.Path(os.environ["UV_CACHE_DIR"], "wheel").write_text("")
else:
    assert os.environ["UV_OFFLINE"] == "1" and pathlib.Path(os.environ["UV_CACHE_DIR"], "wheel").exists()
    tests = pathlib.Path(sys.argv[-1]).read_text()
    code = pathlib.Path("plugins/toy/hook.py").read_text()
    if "crash" in tests:
        sys.exit(4)
    good = tests.strip() in code
    print("=== 1 passed in 0.01s ===" if good else "=== 1 failed in 0.01s ===")
    sys.exit(0 if good else 1)
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin in a repository, and a stand-in for uv on PATH that greps instead of testing."""
    if sys.platform == "win32":
        pytest.skip("the stand-in for uv is a shell script")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "uv"
    program.write_text(FAKE_UV.format(python=shlex.quote(sys.executable)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "repository" / "plugins" / "toy"
    root.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (root / "hook.py").write_text("def emit():\n    return 'block'\n\n\nif __name__ == '__main__':\n    emit()\n")
    (root / "AGENTS.md").write_text("# Contract\n\nSubagents inherit\nnothing.\n")
    (root / "test_hook.txt").write_text("return 'block'")
    uv.fill(NEEDS)
    return root


def judged(plugin: Path, *results: Result, **criterion: object) -> tuple[str, str]:
    (row,) = criteria.judge(
        [Criterion.model_validate({"text": "as asked", **criterion})],
        results,
        plugin=plugin,
        lifecycle="codex-0.130",
        needs=NEEDS,
    )
    return row.verdict, row.seen


def result(verdict: str, lifecycle: str = "codex-0.130") -> Result:
    program = Program(name="codex", version="fake")
    check = CheckResult.model_validate(
        {"id": "CTX-02", "verdict": verdict, "accepted": ["block"], "seen": "a block", "detail": ""}
    )
    return Result(
        scenario="context/known-agent",
        plugin="toy",
        lifecycle=lifecycle,
        host=program,
        worker=program,
        repeat=1,
        verdict=Verdict.CONFORMS,
        expected=True,
        signature=None,
        also=[],
        reasons=[],
        culprit=None,
        checks=[check],
        errors=[],
        unexpected=[],
        seconds=0.1,
        journal="journal.jsonl",
        like=lifecycle,
    )


@pytest.mark.parametrize(
    ("outcome", "verdict"), [("conforms", "met"), ("violates", "not met"), ("unknown", "not judged")]
)
def test_a_check_decides(plugin: Path, outcome: str, verdict: str) -> None:
    assert judged(plugin, result(outcome), check="context/known-agent:CTX-02")[0] == verdict


def test_a_check_that_was_not_played_is_not_judged(plugin: Path) -> None:
    verdict, seen = judged(plugin, result("conforms", "codex-0.169"), check="context/known-agent:CTX-02")
    assert (verdict, seen) == ("not judged", "context/known-agent was not played on codex-0.130")


@pytest.mark.parametrize(
    ("criterion", "verdict", "seen"),
    [
        ({"has": [r"Subagents\s+inherit"]}, "met", "AGENTS.md: as asked"),
        ({"has": ["runbook"]}, "not met", "AGENTS.md: what it should say is not in it"),
        ({"lacks": [r"inherit\s+nothing"]}, "not met", "AGENTS.md, line 3: 'inherit nothing' still stands"),
        ({"lacks": ["everything"]}, "met", "AGENTS.md: as asked"),
    ],
)
def test_a_files_text_decides(plugin: Path, criterion: dict[str, object], verdict: str, seen: str) -> None:
    assert judged(plugin, file="AGENTS.md", **criterion) == (verdict, seen)


def test_a_missing_file_is_not_judged(plugin: Path) -> None:
    assert judged(plugin, file="README.md", has=["x"])[0] == "not judged"


def test_the_plugins_own_tests_decide(plugin: Path) -> None:
    tests = "plugins/toy/test_hook.txt"
    assert judged(plugin, tests=tests) == ("met", "1 passed in 0.01s")
    (plugin / "test_hook.txt").write_text("something else")
    assert judged(plugin, tests=tests) == ("not met", "1 failed in 0.01s")


def test_a_mutant_must_make_them_fail(plugin: Path) -> None:
    mutant = {"tests": "plugins/toy/test_hook.txt", "mutant": "hook.py", "before": "if __name__"}
    (plugin / "test_hook.txt").write_text("if __name__ == '__main__'")
    assert judged(plugin, **mutant, insert="x = 1") == ("not met", "1 passed in 0.01s")
    (plugin / "test_hook.txt").write_text("return 'block'\n\n\nif __name__")
    assert judged(plugin, **mutant, insert="x = 1") == ("met", "1 failed in 0.01s")
    assert "block" in (plugin / "hook.py").read_text()
    assert "x = 1" not in (plugin / "hook.py").read_text()


def test_a_mutant_that_does_not_fit_is_not_judged(plugin: Path) -> None:
    verdict, seen = judged(
        plugin, tests="plugins/toy/test_hook.txt", mutant="hook.py", before="no such line", insert="x"
    )
    assert (verdict, seen) == ("not judged", "hook.py: 'no such line' is not in it")


def test_what_leads_out_of_the_repository_is_left_out_and_told(plugin: Path, tmp_path: Path) -> None:
    """It may have nothing to do with the tests; and nothing is written through it."""
    users = tmp_path / "users"
    users.mkdir()
    (users / "notes").write_text("the user's")
    (plugin.parents[1] / "docs").symlink_to(users)
    (plugin.parents[1] / "node_modules").symlink_to(users)
    os.mkfifo(plugin / "fifo")
    before = snapshot(users, plugin.parents[1])
    verdict, seen = judged(plugin, tests="plugins/toy/test_hook.txt")
    assert verdict == "met"
    assert seen == (
        f"1 passed in 0.01s; left out of the copy: docs is a link to {users} that leads out of the repository, "
        "plugins/toy/fifo is a FIFO, which cannot be copied"
    )
    assert snapshot(users, plugin.parents[1]) == before


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("place", ["hook.py", "."], ids=["file", "folder"])
def test_a_mutant_is_never_written_through_a_link(plugin: Path, tmp_path: Path, place: str, inside: bool) -> None:
    repository = plugin.parents[1]
    users = repository / "shared" if inside else tmp_path / "users"
    users.mkdir()
    (plugin / "test_hook.txt").write_text("return 'block'\n\n\nif __name__")
    link = plugin / "inner" if place == "." else plugin / "hook.py"
    (plugin / "hook.py").rename(users / "hook.py")
    if place == ".":
        (plugin / "hook.py").write_text((users / "hook.py").read_text())
    link.symlink_to(users if place == "." else users / "hook.py")
    before = snapshot(repository, users)
    mutant = "inner/hook.py" if place == "." else "hook.py"
    verdict, seen = judged(
        plugin, tests="plugins/toy/test_hook.txt", mutant=mutant, before="if __name__", insert="x = 1"
    )
    if not inside:
        assert (verdict, seen) == ("not judged", f"{mutant}: does not exist")
    else:
        assert verdict == ("not met" if place == "." else "met"), seen
    assert snapshot(repository, users) == before


def test_tests_that_cannot_be_run_are_not_judged(plugin: Path) -> None:
    (plugin / "test_hook.txt").write_text("crash")
    assert judged(plugin, tests="plugins/toy/test_hook.txt")[0] == "not judged"


def test_what_no_machine_can_tell_says_why(plugin: Path) -> None:
    assert judged(plugin, not_judged="a matter of taste") == ("not judged", "a matter of taste")


def test_a_seed_is_filled_once_and_a_missing_uv_is_one_sentence(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert plugin.is_dir()
    assert uv.fill(NEEDS) is False
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(uv.UvError, match="uv is not on PATH: install it"):
        uv.fill(["something-else"])
    with pytest.raises(uv.UvError, match="not installed yet"):
        uv.environment(["something-else"], tmp_path / "own")


def test_what_must_be_installed_for_tests_is_asked_for_only_with_tests() -> None:
    plain = Criterion(text="x", check="a:B")
    assert plugin_tests.dependencies([plain], ["a"]) == []
    assert plugin_tests.dependencies([plain, Criterion(text="x", tests="t")], ["a"]) == ["a", "pytest"]
