"""After a harness that was killed the next start clears away, and only after such a one."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookproof.processes import Identity, claim, identify, instant, is_alive, release, sweep, sweep_abandoned

from .programs import LINUX, LIVES, SECONDS, environment, running, said

HARNESS = f"""
import subprocess, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from hookproof.processes import claim
run_dir, token = Path(sys.argv[1]), sys.argv[2]
claim(run_dir, token)
worker = subprocess.Popen(
    [sys.executable, "-I", "-S", "-c", {LIVES!r}], env={environment()!r} | {{"HOOKPROOF_TOKEN": token}},
    stdout=subprocess.PIPE, start_new_session=True,
)
worker.stdout.readline()
print(worker.pid, flush=True)
sys.stdin.read()
"""
"""Claims a run directory, starts a worker, and waits for its end."""


class Harness:
    def __init__(self, runs: Path, name: str) -> None:
        self.token = secrets.token_hex(16)
        self.run_dir = runs / name
        self.run_dir.mkdir(parents=True)
        self.since = instant()
        self.process = subprocess.Popen(
            [sys.executable, "-c", HARNESS, str(self.run_dir), self.token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        worker = identify(int(said(self.process)))
        assert worker is not None
        self.worker: Identity = worker

    def kill(self) -> None:
        """kill -9: no clearing away of its own."""
        self.process.kill()
        self.process.communicate()

    def owner(self) -> dict[str, Any]:
        owner: dict[str, Any] = json.loads((self.run_dir / "owner.json").read_text("utf-8"))
        return owner

    def rewrite(self, **changes: Any) -> None:
        (self.run_dir / "owner.json").write_text(json.dumps(self.owner() | changes), "utf-8")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    one = Harness(tmp_path, "run-1")
    yield one
    one.kill()
    assert not sweep(one.token, since=one.since, seconds=SECONDS).left


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Harness]:
    one = Harness(tmp_path, "run-2")
    yield one
    one.kill()
    assert not sweep(one.token, since=one.since, seconds=SECONDS).left


def test_what_a_killed_harness_left_is_ended_once(tmp_path: Path, harness: Harness) -> None:
    harness.kill()
    assert is_alive(harness.worker)
    (abandoned,) = sweep_abandoned(tmp_path)

    assert abandoned.run_dir == harness.run_dir
    assert abandoned.trouble is None
    assert abandoned.swept is not None
    assert [info.identity for info in abandoned.swept.ended] == [harness.worker]
    assert not is_alive(harness.worker)
    assert sweep_abandoned(tmp_path) == []
    assert harness.run_dir.is_dir()


def test_parallel_harnesses_are_not_touched(tmp_path: Path, harness: Harness, neighbour: Harness) -> None:
    assert sweep_abandoned(tmp_path) == []
    harness.kill()
    assert [abandoned.run_dir for abandoned in sweep_abandoned(tmp_path)] == [harness.run_dir]

    assert is_alive(neighbour.worker)
    assert neighbour.process.poll() is None
    assert (neighbour.run_dir / "owner.json").exists()


def test_an_owner_whose_pid_another_has_now_is_gone(tmp_path: Path, harness: Harness) -> None:
    harness.kill()
    other = identify(os.getpid())
    assert other is not None
    harness.rewrite(pid=other.pid, start=other.start - 1)

    assert [abandoned.run_dir for abandoned in sweep_abandoned(tmp_path)] == [harness.run_dir]
    assert not is_alive(harness.worker)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\\xff",
        '{"pid": 1}',
        '{"pid": 0, "start": 1, "token": "TOKEN", "since": 0, "world": {}}',
        '{"pid": true, "start": 1, "token": "TOKEN", "since": 0, "world": WORLD}',
        '{"pid": 999999999, "start": "1", "token": "TOKEN", "since": 0, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": "", "since": 0, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": 5, "since": 0, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": null, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": NaN, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": 1e99, "world": WORLD}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": 0, "world": []}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": 0, "world": {"machine": 1}}',
        '{"pid": 999999999, "start": 1, "token": "TOKEN", "since": 0}',
    ],
)
def test_an_owner_that_cannot_be_believed_is_reported_and_left_alone(
    tmp_path: Path, token: str, neighbour: Harness, text: str
) -> None:
    neighbour.kill()
    file = tmp_path / "run-1" / "owner.json"
    file.parent.mkdir()
    content = (
        text.replace("TOKEN", token)
        .replace("WORLD", json.dumps(neighbour.owner()["world"]))
        .encode()
        .replace(b"\\xff", b"\xff")
    )
    file.write_bytes(content)
    with running(LIVES, token=token) as process:
        said(process)
        first, second = sweep_abandoned(tmp_path)

        assert first.run_dir == file.parent
        assert first.swept is None
        assert str(file) in str(first.trouble)
        assert file.read_bytes() == content
        assert process.poll() is None
        assert second.run_dir == neighbour.run_dir
        assert not is_alive(neighbour.worker)


def test_an_owner_on_another_machine_is_left_alone(tmp_path: Path, harness: Harness) -> None:
    harness.kill()
    harness.rewrite(world=harness.owner()["world"] | {"machine": "elsewhere", "boot": "another"})
    (abandoned,) = sweep_abandoned(tmp_path)

    assert abandoned.swept is None
    assert "'elsewhere'" in str(abandoned.trouble)
    assert is_alive(harness.worker)


@pytest.mark.skipif(not LINUX, reason="pid namespaces: Linux")
def test_an_owner_in_another_pid_namespace_is_left_alone(tmp_path: Path, harness: Harness) -> None:
    harness.kill()
    harness.rewrite(world=harness.owner()["world"] | {"pids": "pid:[1]"})
    (abandoned,) = sweep_abandoned(tmp_path)

    assert abandoned.swept is None
    assert "pid namespace" in str(abandoned.trouble)
    assert is_alive(harness.worker)


@pytest.mark.skipif(not LINUX, reason="only Linux tells one boot from another")
def test_a_machine_may_be_renamed(tmp_path: Path, harness: Harness) -> None:
    harness.kill()
    harness.rewrite(world=harness.owner()["world"] | {"machine": "renamed-since"})
    (abandoned,) = sweep_abandoned(tmp_path)

    assert abandoned.trouble is None
    assert not is_alive(harness.worker)


@pytest.mark.skipif(not LINUX, reason="starts are relative to the boot only on Linux")
def test_an_owner_of_an_earlier_boot_is_gone_and_so_is_all_it_started(tmp_path: Path, harness: Harness) -> None:
    harness.rewrite(world=harness.owner()["world"] | {"boot": "earlier"}, since=1e12)
    (abandoned,) = sweep_abandoned(tmp_path)

    assert abandoned.swept is not None
    assert abandoned.swept.ended == []
    assert is_alive(harness.worker)
    assert not (harness.run_dir / "owner.json").exists()


def test_a_directory_is_claimed_once_and_released(tmp_path: Path) -> None:
    token = secrets.token_hex(16)
    claim(tmp_path, token)
    with pytest.raises(FileExistsError, match="claimed already"):
        claim(tmp_path, token)
    release(tmp_path)
    release(tmp_path)
    claim(tmp_path, token)

    assert [file.name for file in tmp_path.iterdir()] == ["owner.json"]
    with pytest.raises(ValueError, match="no token"):
        claim(tmp_path, "short")


def test_there_may_be_no_runs_yet(tmp_path: Path) -> None:
    (tmp_path / "unclaimed").mkdir()

    assert sweep_abandoned(tmp_path) == []
    assert sweep_abandoned(tmp_path / "nowhere") == []
