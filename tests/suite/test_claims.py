"""After a hookproof that was killed the next start clears away, and only after such a one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookproof import claims, cli
from hookproof.locks import try_lock
from hookproof.processes import Identity, identify, is_alive, sweep
from hookproof.removal import remove_tree

SECONDS = 60.0
HARNESS = f"""
import os, pathlib, subprocess, sys
sys.path[:0] = {sys.path!r}
from hookproof.claims import Claims
claims = Claims(pathlib.Path(sys.argv[1]))
claimed = claims.make("hp-", pathlib.Path(sys.argv[2]))
worker = subprocess.Popen(
    [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],
    env=dict(os.environ) | {{"HOOKPROOF_TOKEN": claimed.token}}, stdin=subprocess.PIPE,
    stdout=subprocess.DEVNULL, start_new_session=True,
)
if sys.platform != "win32":
    os.set_inheritable(worker.stdin.fileno(), True)
    holder = subprocess.Popen(["sleep", "3600"], close_fds=False, start_new_session=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              env=dict(os.environ) | {{"HOOKPROOF_TOKEN": claimed.token}})
print(claimed.root, claimed.token, worker.pid, flush=True)
sys.stdin.read()
"""
"""Claims a sandbox, starts a worker that outlives it, and waits for its end."""


class Harness:
    def __init__(self, folder: Path) -> None:
        self.registry = folder / "claims"
        self.process = subprocess.Popen(
            [sys.executable, "-c", HARNESS, str(self.registry), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        root, self.token, pid = self.process.stdout.readline().split()
        self.root = Path(root)
        worker = identify(int(pid))
        assert worker is not None
        self.worker: Identity = worker
        (self.claim,) = (path for path in self.registry.glob("*/*.json") if path.stem == self.token)

    def kill(self) -> None:
        """No clearing away of its own."""
        self.process.kill()
        self.process.communicate()

    def rewrite(self, **changes: Any) -> None:
        said = json.loads(self.claim.read_text(encoding="utf-8"))
        self.claim.write_text(json.dumps(said | changes), encoding="utf-8")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    one = Harness(tmp_path)
    since = json.loads(one.claim.read_text(encoding="utf-8"))["since"]
    yield one
    one.kill()
    assert not sweep(one.token, since=since, seconds=SECONDS).left


def test_what_a_killed_harness_left_is_ended_and_removed_once(harness: Harness) -> None:
    (harness.root / "read-only" / "deep").mkdir(parents=True)
    (harness.root / "read-only").chmod(0o500)
    harness.kill()
    assert is_alive(harness.worker)
    done = claims.sweep(harness.registry)
    assert (done.removed, done.troubles) == ([harness.root], [])
    assert done.ended >= 1
    assert not is_alive(harness.worker)
    assert not harness.root.exists()
    assert list(harness.registry.iterdir()) == []
    assert claims.sweep(harness.registry) == claims.Swept()


def test_living_harnesses_are_not_touched(harness: Harness, tmp_path: Path) -> None:
    other = Harness(tmp_path)
    try:
        assert claims.sweep(harness.registry) == claims.Swept()
        harness.kill()
        assert claims.sweep(harness.registry).removed == [harness.root]
        assert is_alive(other.worker)
        assert other.root.is_dir()
        assert other.claim.is_file()
    finally:
        other.kill()
        claims.sweep(harness.registry)
    assert not other.root.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "[" * 3000,
        '{"root": 7}',
        '{"root": "relative", "token": "00"}',
        "\x1b[2J\n::error::x",
    ],
)
def test_a_claim_that_cannot_be_believed_is_one_warning_and_never_again(harness: Harness, text: str) -> None:
    harness.claim.write_text(text, encoding="utf-8")
    harness.kill()
    (trouble,) = claims.sweep(harness.registry).troubles
    assert str(harness.claim) in trouble
    assert is_alive(harness.worker), "whose it was nobody can tell"
    assert claims.sweep(harness.registry) == claims.Swept()


@pytest.mark.parametrize(
    ("changes", "told", "removed"),
    [
        ({"world": {"machine": "elsewhere", "boot": "another", "pids": "x"}}, "on another machine", False),
        ({"token": "0" * 32}, "does not carry its token", False),
        ({"root": "/"}, "does not carry its token", False),
        ({"since": 1e15}, None, True),
        ({"since": "yesterday"}, "since is no time", False),
    ],
)
def test_only_what_is_certainly_its_own_is_removed(
    harness: Harness, changes: dict[str, Any], told: str | None, removed: bool
) -> None:
    harness.rewrite(**changes)
    harness.kill()
    done = claims.sweep(harness.registry)
    assert harness.root.exists() is not removed
    assert [str(told) in trouble for trouble in done.troubles] == ([] if told is None else [True])


def test_a_claim_of_an_earlier_boot_ends_no_process(harness: Harness) -> None:
    here = json.loads(harness.claim.read_text(encoding="utf-8"))["world"]
    if "boot" not in here:
        pytest.skip("this system does not tell its boots apart")
    harness.rewrite(world={**here, "boot": "an earlier one"})
    harness.kill()
    done = claims.sweep(harness.registry)
    assert (done.removed, done.ended) == ([harness.root], 0)
    assert is_alive(harness.worker)


KILLED_WHILE_MAKING = f"""
import os, pathlib, signal, sys
sys.path[:0] = {sys.path!r}
from hookproof import claims, cli
where, last = int(sys.argv[3]), None
calls = 0
def trace(frame, event, _argument):
    global calls
    if frame.f_code.co_filename == claims.__file__:
        if event == "line":
            calls += 1
            if calls == where:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace if event == "call" else None
here = claims.Claims(pathlib.Path(sys.argv[1]))
sys.settrace(trace)
claimed = here.make("hp-", pathlib.Path(sys.argv[2]))
(claimed.root / "content").mkdir()
claimed.remove()
sys.settrace(None)
print("through", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL to send oneself")
def test_a_kill_at_any_line_of_making_and_removing_leaves_nothing(tmp_path: Path) -> None:
    registry, folder = tmp_path / "claims", tmp_path / "temporary"
    folder.mkdir()
    for line in range(1, 200):
        words = [sys.executable, "-c", KILLED_WHILE_MAKING, str(registry), str(folder), str(line)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode in {0, -9}, done.stderr
        assert claims.sweep(registry).troubles == []
        assert list(folder.iterdir()) == [], f"killed at line {line}"
        assert list(registry.iterdir()) == [], f"killed at line {line}"
        if done.returncode == 0:
            assert done.stdout == "through\n"
            assert line > 10, "the test kills at many lines"
            return
    pytest.fail("the last line was never reached")


def test_a_lock_is_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    lock = try_lock(tmp_path / "x.lock")
    assert lock is not None
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nimport pathlib\nfrom hookproof.locks import try_lock\n"
        f"print(try_lock(pathlib.Path({str(lock.path)!r})) is None)"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "True\n"
    lock.close(remove=True)
    lock.close()
    assert not lock.path.exists()
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_is_kept_is_a_directory_like_any_other(tmp_path: Path) -> None:
    here = claims.Claims(tmp_path / "claims")
    claimed = here.make("draft-", tmp_path)
    (claimed.root / "program").touch()
    claimed.root.rename(tmp_path / "2.1.91")
    claimed.keep(tmp_path / "2.1.91")
    here.close()
    assert claims.sweep(tmp_path / "claims") == claims.Swept()
    assert [path.name for path in (tmp_path / "2.1.91").iterdir()] == ["program"]
    assert list((tmp_path / "claims").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are links")
def test_removing_a_tree_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "link").symlink_to(outside)
    (tmp_path / "tree" / "link").symlink_to(outside)
    assert remove_tree(tmp_path / "tree")
    (tmp_path / "tree").symlink_to(outside)
    assert remove_tree(tmp_path / "tree"), "one that has become a link"
    assert outside.stat().st_mode & 0o777 == 0o500


def test_a_damaged_claim_is_one_warning_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path))
    claim = tmp_path / "claims" / ("0" * 16) / ("1" * 32 + ".json")
    claim.parent.mkdir(parents=True)
    claim.write_text("{torn", encoding="utf-8")
    (tmp_path / "claims" / ("0" * 16 + ".lock")).touch()
    words = ["run", "jobs/pattern-a", "--plugin", "reference"]
    assert cli.main(words) == 0
    assert f"warning {claim}: is not JSON" in capsys.readouterr().out
    assert cli.main(words) == 0
    assert "warning" not in capsys.readouterr().out
