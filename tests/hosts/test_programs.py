"""From the words of the command line to programs; a path is asked for its version in a private world."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from hookproof.catalogue.host import HostName
from hookproof.hosts.install import programs
from hookproof.hosts.install.releases import ReleaseError
from hookproof.isolation import alone

from .conftest import Plan, javascript

posix_only = pytest.mark.skipif(os.name == "nt", reason="the programs of these tests are scripts")


@pytest.fixture
def isolates() -> bool:
    """Whether this system can: the tests go without where it cannot."""
    return alone.refused() is None


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable} -IS\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_fake_is_the_stand_in() -> None:
    (claude,), (codex,) = programs.resolve("claude", "fake"), programs.resolve("codex", "fake")
    assert (claude.version, codex.version) == ("fake", "fake")
    assert claude.argv[-1].endswith("claude.py")
    assert codex.argv[-1].endswith("codex.py")


def test_npm_brings_each_version_once(npm: Plan, cache: Path) -> None:
    calls = npm(javascript("2.1.91"))
    (only,) = programs.resolve("claude", "npm:2.1.91,2.1.91")
    assert only.version == "2.1.91"
    assert str(cache) in only.argv[-1]
    assert len(calls.read_text().splitlines()) == 1
    npm(javascript("2.1.329"))
    assert [each.version for each in programs.resolve("claude", "npm:2.1.329, 2.1.91")] == ["2.1.329", "2.1.91"]


@posix_only
def test_a_path_says_its_version_in_a_private_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolates: bool
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-real-key")
    said = tmp_path / "said.json"
    program = script(
        tmp_path / "claude",
        "import json, os, socket, sys\n"
        f"open({str(said)!r}, 'w').write(json.dumps([sys.argv[1:], dict(os.environ), len(socket.if_nameindex())]))\n"
        "print('2.1.91 (Claude Code)')",
    )
    (found,) = programs.resolve("claude", str(program), isolate=isolates)
    assert (found.argv, found.version) == ((str(program),), "2.1.91")
    words, env, interfaces = json.loads(said.read_text())
    assert words == ["--version"]
    assert "a-real-key" not in env.values()
    assert env["HOME"] != os.environ.get("HOME")
    assert not Path(env["HOME"]).exists()
    assert not isolates or sys.platform != "linux" or interfaces == 1


@posix_only
@pytest.mark.parametrize(
    ("host", "text", "expected"),
    [
        ("claude", "print('codex-cli 0.130.0')", "this is Codex (codex-cli 0.130.0), not Claude Code"),
        ("codex", "print('2.1.91 (Claude Code)')", "this is Claude Code (2.1.91 (Claude Code)), not Codex"),
        ("codex", "print('hello')", "`--version` does not say a version: hello"),
        ("codex", "raise SystemExit('no config')", "`--version` does not say a version: no config"),
        ("codex", "", "`--version` does not say a version: nothing"),
    ],
)
def test_a_program_that_is_not_the_host_is_told(
    tmp_path: Path, host: HostName, text: str, expected: str, isolates: bool
) -> None:
    program = script(tmp_path / "program", text)
    with pytest.raises(ReleaseError) as caught:
        programs.resolve(host, str(program), isolate=isolates)
    assert str(caught.value) == f"--{host} {program}: {expected}"


@posix_only
@pytest.mark.parametrize("isolated", [True, False])
def test_a_file_that_cannot_be_started_is_told(tmp_path: Path, isolated: bool, isolates: bool) -> None:
    file = tmp_path / "codex"
    file.write_text("not a program")
    with pytest.raises(ReleaseError, match="cannot be started: Permission denied"):
        programs.resolve("codex", str(file), isolate=isolated and isolates)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("nowhere", r"--codex nowhere: no such file; expected fake, a path, or npm:VERSION\[,VERSION…\]"),
        ("0.130.0", r"no such file \(did you mean npm:0\.130\.0\?\)"),
        (".", "is a directory"),
        ("npm:", "'' is no version"),
        ("npm:0.130.0,", "'' is no version"),
        ("npm:../..", "is no version"),
    ],
)
def test_a_spec_that_means_nothing_is_explained(cache: Path, spec: str, expected: str) -> None:
    with pytest.raises(ReleaseError, match=expected):
        programs.resolve("codex", spec)
    assert not cache.exists()


def test_javascript_is_given_to_node(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(cache))
    (tmp_path / "cli.js").write_text("")
    with pytest.raises(ReleaseError, match="is JavaScript and needs node, which is not on PATH"):
        programs.resolve("claude", str(tmp_path / "cli.js"))


@pytest.mark.skipif(sys.platform != "linux", reason="the helper is Linux's")
def test_the_exit_statuses_of_the_helper_are_agreed() -> None:
    from hookproof.isolation.linux import alone as program

    assert (program.REFUSED, program.NOT_STARTED) == (alone.REFUSED, alone.NOT_STARTED)
