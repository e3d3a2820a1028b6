"""Releases: whole or not there, whatever happens meanwhile; and npm's failures as sentences."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hookproof.hosts.install import npm as npm_client
from hookproof.hosts.install import packages, releases
from hookproof.hosts.install.releases import ReleaseError

from .conftest import CLAUDE, CODEX, Plan, javascript

INSTALL = "from hookproof.hosts.install import releases; releases.install('claude', '2.1.91')"


def test_an_installation_is_recorded_and_found_again(npm: Plan, cache: Path) -> None:
    calls = npm(javascript("2.1.91"))
    release = releases.install("claude", "2.1.91")
    program = cache / "claude" / "2.1.91" / CLAUDE / "cli.js"
    assert (release.version, release.integrity, release.needs) == ("2.1.91", "sha512-main", "node")
    assert release.argv == (shutil.which("node"), str(program))
    assert releases.installed() == [release]
    assert releases.install("claude", "2.1.91") == release
    assert len(calls.read_text().splitlines()) == 1, "what is there is not installed again"
    record = json.loads((release.folder / releases.RECORD).read_text())
    assert record["packages"] == {"@anthropic-ai/claude-code": {"version": "2.1.91", "integrity": "sha512-main"}}
    assert [path.name for path in (cache / "claude").iterdir()] == ["2.1.91"]
    assert not (release.folder / "owner.json").exists()


def test_npm_is_called_for_a_private_place_without_scripts_and_with_the_users_settings(
    npm: Plan, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_REGISTRY", "the user's own")
    calls = npm(javascript("2.1.91"))
    releases.install("claude", "2.1.91")
    call = json.loads(calls.read_text())
    assert call["argv"][0] == "install"
    assert {"--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--no-global"} <= set(call["argv"])
    assert call["argv"][-1] == "@anthropic-ai/claude-code@2.1.91"
    prefix = Path(call["argv"][call["argv"].index("--prefix") + 1])
    assert prefix.parent == cache / "claude"
    assert call["cwd"] == str(prefix)
    assert call["registry"] == "the user's own"


def test_a_tag_becomes_the_version_that_npm_brought(npm: Plan, cache: Path) -> None:
    npm(javascript("2.1.329"))
    assert releases.install("claude", "latest").folder == cache / "claude" / "2.1.329"
    npm(javascript("2.1.91"))
    releases.install("claude", "2.1.91")
    assert [release.version for release in releases.installed()] == ["2.1.91", "2.1.329"]


@pytest.mark.parametrize("damage", ["no record", "half a record", "no program", "half a program"])
def test_what_is_not_whole_is_not_installed_and_is_replaced(npm: Plan, cache: Path, damage: str) -> None:
    npm(javascript("2.1.91"))
    whole = releases.install("claude", "2.1.91")
    file = whole.folder / (releases.RECORD if "record" in damage else f"{CLAUDE}/cli.js")
    if damage.startswith("no"):
        file.unlink()
    else:
        file.write_text(file.read_text()[:7])
    assert releases.installed() == []
    assert releases.install("claude", "2.1.91").argv == whole.argv
    assert [path.name for path in (cache / "claude").iterdir()] == ["2.1.91"]


def test_of_two_installations_at_once_the_first_wins(npm: Plan, cache: Path) -> None:
    npm(javascript("2.1.91", "sha512-first"), "first")
    then = os.environ["FAKE_NPM"]
    npm({**javascript("2.1.91", "sha512-second"), "meanwhile": INSTALL, "then": then})
    assert releases.install("claude", "2.1.91").integrity == "sha512-first"
    assert [path.name for path in (cache / "claude").iterdir()] == ["2.1.91"]


def test_a_killed_installation_is_cleared_away_by_the_next(npm: Plan, cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(60)
        npm({**javascript("2.1.91"), "wait": gate.getsockname()[1]})
        installer = subprocess.Popen([sys.executable, "-c", INSTALL])
        connection, _ = gate.accept()
        with connection:
            connection.settimeout(60)
            assert connection.recv(64) == b"working\n"
            installer.kill()
            installer.wait(60)
            assert releases.installed() == []
            npm(javascript("2.1.91"))
            releases.install("claude", "2.1.91")
            with contextlib.suppress(ConnectionResetError):  # Windows' words for it
                assert connection.recv(64) == b"", "the npm that was left is gone"
    assert [path.name for path in (cache / "claude").iterdir()] == ["2.1.91"]


def test_removing(npm: Plan, cache: Path) -> None:
    npm(javascript("2.1.91"))
    releases.install("claude", "2.1.91")
    with pytest.raises(ReleaseError, match=r"claude@2\.1\.90 is not installed \(there is: 2\.1\.91\)"):
        releases.remove("claude", "2.1.90")
    releases.remove("claude", "2.1.91")
    assert releases.installed() == []
    assert list((cache / "claude").iterdir()) == []


@pytest.mark.parametrize("version", ["", "../x", "2.1", "file:x", "https://x/y.tgz", "1.2.3 --global", "@x/y"])
def test_what_is_no_version_never_reaches_npm(npm: Plan, cache: Path, version: str) -> None:
    calls = npm(javascript("2.1.91"))
    with pytest.raises(ReleaseError, match="is no version"):
        releases.install("claude", version)
    assert not calls.exists()
    assert not cache.exists()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ETARGET", "there is no version 2.1.91 of @anthropic-ai/claude-code (`npm view"),
        ("E404", "npm's registry has no @anthropic-ai/claude-code@2.1.91, or does not show it to you"),
        ("E401", "npm's registry refuses to give @anthropic-ai/claude-code (E401)"),
        ("ENOTFOUND", "npm cannot reach its registry (ENOTFOUND)"),
        ("EAI_AGAIN", "npm cannot reach its registry (EAI_AGAIN)"),
        ("ETIMEDOUT", "npm cannot reach its registry (ETIMEDOUT)"),
        ("ERR_SOCKET_TIMEOUT", "npm cannot reach its registry (ERR_SOCKET_TIMEOUT)"),
        ("SELF_SIGNED_CERT_IN_CHAIN", "npm does not trust the certificate"),
        ("ENOSPC", "no space is left for @anthropic-ai/claude-code@2.1.91"),
        ("EACCES", "npm may not write where it must (EACCES): in short"),
        ("EINTEGRITY", "what npm received is not what the registry promised"),
        ("ENOTCACHED", "npm is configured to stay offline"),
        ("EWHATEVER", "npm could not install @anthropic-ai/claude-code@2.1.91 (EWHATEVER): in short"),
    ],
)
@pytest.mark.parametrize("told", ["json", "log"])
def test_npms_failures_are_one_sentence(npm: Plan, cache: Path, code: str, expected: str, told: str) -> None:
    log = f"npm error code {code}\nnpm error in short\nnpm error A complete log\n"
    npm({"exit": 1, "error": {"code": code, "summary": "in\nshort"}} if told == "json" else {"exit": 1, "stderr": log})
    with pytest.raises(ReleaseError, match=f"^{re.escape(expected)}") as caught:
        releases.install("claude", "2.1.91")
    assert "\n" not in str(caught.value)
    assert list((cache / "claude").iterdir()) == []


def test_files_that_npm_could_not_write_are_a_failure_although_npm_is_content(npm: Plan, cache: Path) -> None:
    npm({**javascript("2.1.91"), "stderr": "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write\n"})
    with pytest.raises(ReleaseError, match="no space is left"):
        releases.install("claude", "2.1.91")
    assert list((cache / "claude").iterdir()) == []


def test_an_old_npm_a_missing_npm_and_a_missing_node_are_told(
    npm: Plan, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm({"files": {f"{CLAUDE}/cli.js": "x"}})
    with pytest.raises(ReleaseError, match="npm 7 or newer is needed"):
        releases.install("claude", "2.1.91")
    npm(javascript("2.1.91"))
    releases.install("claude", "2.1.91")
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(ReleaseError, match="npm is not on PATH"):
        releases.install("codex", "0.130.0")
    with pytest.raises(ReleaseError, match=r"Claude Code 2\.1\.91 is JavaScript and needs node, which is not on PATH"):
        releases.install("claude", "2.1.91")
    assert [release.argv[0] for release in releases.installed()] == ["node"]


def test_a_hanging_npm_is_ended_at_its_deadline(npm: Plan, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:
        npm({**javascript("2.1.91"), "wait": gate.getsockname()[1]})
        monkeypatch.setattr(npm_client, "SECONDS", 0.2)
        with pytest.raises(ReleaseError, match=r"npm to install @anthropic-ai/claude-code@2\.1\.91"):
            releases.install("claude", "2.1.91")
    assert list((cache / "claude").iterdir()) == []


def test_a_program_that_npm_left_out_is_asked_for_by_name(
    npm: Plan, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_here", lambda: ("linux", "x64"))
    own = f"{CODEX}-linux-x64"
    spec = "npm:@openai/codex@0.169.0-linux-x64"
    main = {"version": "0.169.0", "integrity": "m", "optionalDependencies": {"@openai/codex-linux-x64": spec}}
    program = f"{own}/vendor/x86_64-unknown-linux-musl/bin/codex"
    also: dict[str, Any] = {
        "packages": {own: {"version": "0.169.0-linux-x64", "integrity": "p"}},
        "files": {program: "x"},
    }
    calls = npm({"packages": {CODEX: main}, "files": {f"{CODEX}/bin/codex.js": "x"}, "also": also})
    release = releases.install("codex", "0.169.0")
    assert (release.argv, release.integrity, release.needs) == ((str(release.folder / program),), "p", None)
    last = json.loads(calls.read_text().splitlines()[-1])
    assert last["argv"][-2:] == ["@openai/codex@0.169.0", f"@openai/codex-linux-x64@{spec}"]
    assert cache in release.folder.parents
