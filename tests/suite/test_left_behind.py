"""A plugin whose hook leaves a daemon that has lost its token: the verdict names it, and nothing of it is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.plugin import resolve_plugin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process that adopts orphans: Linux")

SECONDS = 240
DAEMON = """
import os
import sys

def _leave():
    try:
        open(os.path.join(os.environ["HOME"], ".left"), "x").close()
    except FileExistsError:
        return
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            os.chdir("/")
            os.execve("/bin/sleep", ["sleep", "{name}"], {{}})
        os._exit(0)
    os.wait()

_leave()
"""
"""The first hook run in a world leaves a daemon: double fork, a session of its own, an empty environment."""


def leaving_a_daemon(
    folder: Path, name: str, *, of: str = "reference", script: str = "scripts/hook.py", environment: str = "{}"
) -> Path:
    """A copy of a reference whose hook leaves such a daemon; `name` is a word of its command line."""
    plugin = folder / "plugin"
    shutil.copytree(resolve_plugin(of).root, plugin)
    hook = plugin / script
    text = hook.read_text(encoding="utf-8")
    imports = "import os\nimport sys\n"
    assert imports in text
    left = DAEMON.format(name=name).replace("{}", environment)
    hook.write_text(text.replace(imports, left, 1), encoding="utf-8")
    return plugin


def run(plugin: Path, home: Path, *scenarios: str, jobs: int, isolation: str = "full") -> list[dict[str, Any]]:
    """The results of the scenarios."""
    words = ["--plugin", str(plugin), "-j", str(jobs), "--json", "o", "--isolation", isolation]
    done = subprocess.run(
        [sys.executable, "-m", "hookproof", "run", *scenarios, *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "HOOKPROOF_CACHE": str(home / "cache")},
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads((home / "o").read_text(encoding="utf-8"))["results"]
    return results


def alive(name: str) -> list[str]:
    """The processes that have `name` in their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes()
        except OSError:
            continue
        if name.encode() in words.split(b"\0"):
            found.append(f"{file}: {words!r}")
    return found


def test_a_daemon_without_token_violates_and_is_named_and_ended(tmp_path: Path) -> None:
    name = f"{os.getpid()}1.25"
    (result,) = run(leaving_a_daemon(tmp_path, name), tmp_path, "jobs/pattern-a", jobs=1)
    (check,) = [check for check in result["checks"] if check["id"] == "JOB-07"]
    assert (check["verdict"], check["seen"]) == ("violates", "left behind")
    assert f"sleep {name} (without the run's token; no other case was played when it began)" in check["detail"]
    assert alive(name) == []


def test_of_two_cases_at_once_each_is_played_alone_and_says_for_itself(tmp_path: Path) -> None:
    name = f"{os.getpid()}2.25"
    results = run(leaving_a_daemon(tmp_path, name), tmp_path, "jobs/pattern-a", "jobs/exit-while-running", jobs=2)
    for result in results:
        (check,) = [check for check in result["checks"] if check["id"] == "JOB-07"]
        assert check["verdict"] == "violates", check
        assert f"sleep {name} (without the run's token" in check["detail"]
        assert alive(name) == []


def test_what_is_left_once_and_never_again_leaves_both_in_doubt(tmp_path: Path) -> None:
    name = f"{os.getpid()}3.25"
    flag = tmp_path / "left"
    plugin = leaving_a_daemon(tmp_path, name)
    hook = plugin / "scripts" / "hook.py"
    before = 'os.path.join(os.environ["HOME"], ".left")'
    text = hook.read_text(encoding="utf-8")
    assert before in text
    text = text.replace(before, repr(str(flag)))
    # not in the preflight, which is played alone: the homes of runs tell which is the first
    first, imported = tmp_path / "first", "def _leave():\n    try:\n"
    assert imported in text
    not_first = (
        "def _leave():\n    try:\n"
        f"        open({str(first)!r}, 'x').write(os.environ['HOME'])\n    except FileExistsError:\n        pass\n"
        f"    if open({str(first)!r}).read() in {{'', os.environ['HOME']}}:\n        return\n    try:\n"
    )
    hook.write_text(text.replace(imported, not_first, 1), encoding="utf-8")
    results = run(plugin, tmp_path, "jobs/pattern-a", "jobs/exit-while-running", jobs=2, isolation="none")
    assert flag.exists()
    surprises = [result for result in results if not result["expected"]]
    assert surprises
    for result in surprises:
        # unless it began, or ended, beside no other
        assert result["verdict"] in {"unknown", "violates"}
        assert name in json.dumps(result)
        if result["verdict"] == "unknown":
            assert "by none of them when played alone" in " ".join(result["errors"])
            assert "--alone" in result["journal"]
    assert alive(name) == []
    again = subprocess.run(
        [sys.executable, "-m", "hookproof", "recheck", str(Path(results[0]["journal"]).parents[1])],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=tmp_path,
        check=False,
    )
    assert again.returncode == 1, again.stdout
    assert "2 cases" in again.stdout


def test_what_kept_its_environment_is_told_by_the_hook_that_left_it(tmp_path: Path) -> None:
    name = f"{os.getpid()}4.25"
    plugin = leaving_a_daemon(tmp_path, name, environment="os.environ")
    (result,) = run(plugin, tmp_path, "jobs/pattern-d", jobs=1)
    (check,) = [check for check in result["checks"] if check["id"] == "JOB-07"]
    assert (check["verdict"], check["standing"]) == ("violates", True)
    assert f"sleep {name}, started by the SessionStart hook `" in check["detail"]
    assert result["verdict"] == "violates"
    assert alive(name) == []


def test_a_plugin_without_jobs_is_asked_for_what_it_left(tmp_path: Path) -> None:
    name = f"{os.getpid()}5.25"
    script = "hooks/scripts/hook_codex.py"
    plugin = leaving_a_daemon(tmp_path, name, of="reference-workflow", script=script, environment="os.environ")
    results = run(plugin, tmp_path, "context/main-session", jobs=1)
    of_codex = [each for each in results if each["host"]["name"] == "codex"]
    assert of_codex
    for result in of_codex:  # whose hook it is that leaves it
        found = {check["id"]: check["verdict"] for check in result["checks"]}
        assert found.items() >= {"CTX-01": "conforms", "CTX-06": "conforms", "JOB-07": "violates"}.items()
        (check,) = [check for check in result["checks"] if check["id"] == "JOB-07"]
        assert f"sleep {name}, started by the SessionStart hook `" in check["detail"]
    assert alive(name) == []
